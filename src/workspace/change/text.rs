//! A change as text, such as an entry of a log holds it: documents as manifests have them, all else by names.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{AttachmentPoint, ChangeStep, Documents, WorkspaceChange};
use crate::deployment::Secret;
use crate::id::Name;
use crate::inventory::{Request, ReservationId};
use crate::lifecycle::{Action, Command, Place};
use crate::manifest::spec::Specs;
use crate::manifest::{self, Kind, Source};
use crate::policy::Enforcement;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    steps: Vec<Step>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    allow_jump: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Step {
    Put(Vec<Value>),
    Remove {
        kind: String,
        name: String,
    },
    Attach {
        at: Point,
        policy: String,
        enforcement: Enforcement,
    },
    Detach {
        at: Point,
        policy: String,
    },
    SetNodes {
        cluster: String,
        pool: String,
        nodes: u32,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<u32>,
    },
    SetHealthy {
        cluster: String,
        healthy: bool,
    },
    SetCordoned {
        cluster: String,
        cordoned: bool,
    },
    Commit {
        deployment: String,
        places: Vec<Place>,
    },
    Reserve(Vec<Claim>),
    Release(ReservationId),
    Command {
        resource_type: String,
        workload: Name,
        action: Box<Action>,
    },
    Decided {
        resource_type: String,
        workload: Name,
        command: Box<Command>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Claim {
    place: Place,
    request: Request,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Point {
    Workspace,
    Environment(String),
    Deployment(String),
}

impl Serialize for WorkspaceChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let steps = self.steps.iter().cloned().map(Step::from).collect();
        Change { steps, allow_jump: self.allow_jump }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for WorkspaceChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Change { steps, allow_jump } = Change::deserialize(deserializer)?;
        let steps = steps.into_iter().map(ChangeStep::try_from).collect::<Result<_, _>>();
        Ok(Self { steps: steps.map_err(serde::de::Error::custom)?, allow_jump })
    }
}

/// Documents one by one, without the values of environment variables (L11).
pub(in crate::workspace) fn written(specs: &Specs) -> Vec<Value> {
    let mut specs = specs.clone();
    for spec in &mut specs.deployments {
        spec.env.values_mut().for_each(|value| *value = Secret::new(""));
    }
    match serde_json::from_str(&manifest::write_json(&specs)) {
        Ok(Value::Array(documents)) => documents,
        Ok(one) => vec![one],
        // Invariant `values-serialise`: what is written is JSON.
        Err(_) => Vec::new(),
    }
}

impl From<ChangeStep> for Step {
    fn from(step: ChangeStep) -> Self {
        match step {
            ChangeStep::Put(documents) => Self::Put(written(&documents.specs)),
            ChangeStep::Remove { kind, name } => Self::Remove { kind: kind.as_str().to_owned(), name },
            ChangeStep::Attach { at, policy, enforcement } => Self::Attach { at: at.into(), policy, enforcement },
            ChangeStep::Detach { at, policy } => Self::Detach { at: at.into(), policy },
            ChangeStep::SetNodes { cluster, pool, nodes, gone } => Self::SetNodes { cluster, pool, nodes, gone },
            ChangeStep::SetHealthy { cluster, healthy } => Self::SetHealthy { cluster, healthy },
            ChangeStep::SetCordoned { cluster, cordoned } => Self::SetCordoned { cluster, cordoned },
            ChangeStep::Commit { deployment, places } => Self::Commit { deployment, places },
            ChangeStep::Reserve(claims) => {
                Self::Reserve(claims.into_iter().map(|(place, request)| Claim { place, request }).collect())
            }
            ChangeStep::Release(id) => Self::Release(id),
            ChangeStep::Command { resource_type, workload, action } => {
                Self::Command { resource_type, workload, action }
            }
            ChangeStep::Decided { resource_type, workload, command } => {
                Self::Decided { resource_type, workload, command }
            }
        }
    }
}

impl TryFrom<Step> for ChangeStep {
    type Error = String;

    fn try_from(step: Step) -> Result<Self, String> {
        Ok(match step {
            Step::Put(documents) => {
                let text = serde_json::to_string(&documents).map_err(|error| error.to_string())?;
                Self::Put(Box::new(Documents::from(manifest::read(&[Source::new("<change>", text)]))))
            }
            Step::Remove { kind, name } => {
                let known = Kind::parse(&kind).ok_or_else(|| format!("no kind of document is called `{kind}`"))?;
                Self::Remove { kind: known, name }
            }
            Step::Attach { at, policy, enforcement } => Self::Attach { at: at.into(), policy, enforcement },
            Step::Detach { at, policy } => Self::Detach { at: at.into(), policy },
            Step::SetNodes { cluster, pool, nodes, gone } => Self::SetNodes { cluster, pool, nodes, gone },
            Step::SetHealthy { cluster, healthy } => Self::SetHealthy { cluster, healthy },
            Step::SetCordoned { cluster, cordoned } => Self::SetCordoned { cluster, cordoned },
            Step::Commit { deployment, places } => Self::Commit { deployment, places },
            Step::Reserve(claims) => {
                Self::Reserve(claims.into_iter().map(|Claim { place, request }| (place, request)).collect())
            }
            Step::Release(id) => Self::Release(id),
            Step::Command { resource_type, workload, action } => Self::Command { resource_type, workload, action },
            Step::Decided { resource_type, workload, command } => Self::Decided { resource_type, workload, command },
        })
    }
}

impl From<AttachmentPoint> for Point {
    fn from(at: AttachmentPoint) -> Self {
        match at {
            AttachmentPoint::Workspace => Self::Workspace,
            AttachmentPoint::Environment(name) => Self::Environment(name),
            AttachmentPoint::Deployment(address) => Self::Deployment(address),
        }
    }
}

impl From<Point> for AttachmentPoint {
    fn from(at: Point) -> Self {
        match at {
            Point::Workspace => Self::Workspace,
            Point::Environment(name) => Self::Environment(name),
            Point::Deployment(address) => Self::Deployment(address),
        }
    }
}
