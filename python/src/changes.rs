//! Changes of a workspace as values: put, remove, preview, what if, and entries of a shared log (W2, W3).

use std::path::PathBuf;

use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use siting::inventory::Owner;
use siting::lifecycle::{Action, PlaceSeen, Sight};
use siting::manifest::{self, Kind, Reading};
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{
    Applied, AttachmentPoint, ChangeStep, Changed, DeploymentImpact, Documents, EntryError, LogEntry,
    Workspace as Snapshot, WorkspaceChange,
};

use crate::capacity::read;
use crate::failure::{Failure, Outcome, json};
use crate::life::{self, Named};
use crate::metrics::Window;
use crate::policies;
use crate::workspace::{Workspace, gathered};

/// A change as the Python half writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    steps: Vec<Step>,
    #[serde(default)]
    allow_jump: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Step {
    Put {
        paths: Vec<PathBuf>,
        texts: Vec<(String, String)>,
    },
    Remove {
        kind: String,
        name: String,
    },
    Attach {
        at: Point,
        policy: String,
        audit: bool,
        #[serde(default)]
        until: Option<String>,
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        ticket: Option<String>,
    },
    Detach {
        at: Point,
        policy: String,
    },
    SetNodes {
        cluster: String,
        pool: String,
        nodes: u32,
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
    Compact {
        keep: u32,
    },
    Life {
        workload: Named,
        asked: Asked,
    },
}

/// What is asked of a life, or seen of it, by the names of its deployments.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Asked {
    /// A command, as a step of a scenario has it.
    Command(String),
    Observe {
        deployment: String,
        generation: Option<u64>,
        seen: String,
    },
    ObservePlace {
        deployment: String,
        generation: Option<u64>,
        seen: PlaceSeen,
    },
    Advance {
        candidate: String,
        sight: Box<Sight>,
    },
    /// Others take the place of its lost replicas.
    Replace(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Point {
    Workspace,
    Environment(String),
    Deployment(String),
}

impl Change {
    fn into_change(self, workspace: &Snapshot, now: Moment) -> Outcome<WorkspaceChange> {
        let mut change = WorkspaceChange::new();
        if self.allow_jump {
            change = change.allow_jump();
        }
        for step in self.steps {
            let step = match step {
                Step::Life { workload, asked } if change.steps().is_empty() => asked.into_step(workspace, &workload)?,
                // Names mean what they mean once the steps before it are done.
                Step::Life { workload, asked } => {
                    asked.into_step(&workspace.what_if(now, change.clone())?, &workload)?
                }
                step => step.into_step()?,
            };
            change = change.then(step);
        }
        Ok(change)
    }
}

impl Step {
    fn into_step(self) -> Outcome<ChangeStep> {
        Ok(match self {
            Self::Put { paths, texts } => {
                let gathered = gathered(&paths, texts);
                let mut reading: Reading = manifest::read(&gathered.sources);
                reading.problems.extend(gathered.problems);
                ChangeStep::Put(Box::new(Documents::from(reading)))
            }
            Self::Remove { kind, name } => {
                let known = Kind::parse(&kind).ok_or_else(|| {
                    Failure::value(format!("no kind of document is called `{kind}`"), "name a kind, such as `Policy`")
                })?;
                ChangeStep::Remove { kind: known, name }
            }
            Self::Attach { at, policy, audit, until, reason, ticket } => {
                let enforcement = if audit { Enforcement::Audit } else { Enforcement::Enforce };
                let until = crate::policies::moment(until)?;
                ChangeStep::Attach { at: at.into(), policy, enforcement, until, reason, ticket }
            }
            Self::Detach { at, policy } => ChangeStep::Detach { at: at.into(), policy },
            Self::SetNodes { cluster, pool, nodes, gone } => ChangeStep::SetNodes { cluster, pool, nodes, gone },
            Self::SetHealthy { cluster, healthy } => ChangeStep::SetHealthy { cluster, healthy },
            Self::SetCordoned { cluster, cordoned } => ChangeStep::SetCordoned { cluster, cordoned },
            Self::Compact { keep } => ChangeStep::Compact { keep },
            Self::Life { workload: (_, name), .. } => {
                return Err(Failure::value(format!("what is asked of `{name}` is asked of a workspace"), "name one"));
            }
        })
    }
}

impl Asked {
    fn into_step(self, workspace: &Snapshot, named: &Named) -> Outcome<ChangeStep> {
        let workload = life::find(workspace, named)?;
        let action = match self {
            Self::Command(step) => life::command(workspace, named, &workload, &step)?,
            Self::Observe { deployment, generation, seen } => {
                life::observed(workspace, &workload, &deployment, generation, &seen)?
            }
            Self::ObservePlace { deployment, generation, seen } => {
                life::seen_at_place(workspace, &workload, &deployment, generation, seen)?
            }
            Self::Advance { candidate, sight } => {
                let candidate = life::named(&workspace.state_of(&workload)?, &candidate)?;
                Action::Advance { candidate, sight }
            }
            Self::Replace(deployment) => Action::Replace(life::named(&workspace.state_of(&workload)?, &deployment)?),
        };
        let resource_type = named.0.clone();
        Ok(ChangeStep::Command { resource_type, workload: workload.name, action: Box::new(action) })
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

impl From<EntryError> for Failure {
    fn from(error: EntryError) -> Self {
        let code = match error {
            EntryError::Refused(refused) => return Self::Load(refused.problems),
            EntryError::Key => return Self::value(error.to_string(), "give it a key of its own"),
            EntryError::KeyUsed { .. } => "key-used",
            EntryError::Tables { .. } => "other-tables",
            EntryError::Forgotten { .. } => "forgotten",
            EntryError::Ahead { .. } => "ahead",
            EntryError::AlreadyApplied { .. } => "already-applied",
            EntryError::Nothing => "nothing-to-do",
            EntryError::Newer { .. } => "newer-version",
            _ => "behind",
        };
        Self::conflict(code, &error)
    }
}

/// The moment given, else that of the last change.
fn moment(workspace: &Snapshot, now: Option<u64>) -> Moment {
    now.map(Moment::from_millis).or(workspace.last_moment()).unwrap_or_default()
}

/// Carries a change out; what it came to.
#[pyfunction]
pub(crate) fn change(py: Python<'_>, workspace: &Workspace, now: Option<u64>, change: &str) -> Outcome<String> {
    let change = read::<Change>(change)?;
    py.detach(|| {
        workspace.change(|workspace| {
            let now = moment(workspace, now);
            let change = change.into_change(workspace, now)?;
            json(&changed(&workspace.change(now, change)?))
        })
    })
}

/// What a change would come to.
#[pyfunction]
pub(crate) fn preview_change(py: Python<'_>, workspace: &Workspace, now: Option<u64>, change: &str) -> Outcome<String> {
    let change = read::<Change>(change)?;
    py.detach(|| {
        let workspace = workspace.snapshot();
        let now = moment(&workspace, now);
        let change = change.into_change(&workspace, now)?;
        let preview = workspace.preview(now, change.clone())?;
        let affected = |affected: &DeploymentImpact| {
            let DeploymentImpact { deployment, live, before, after, loses, gains, .. } = affected;
            json!({"deployment": deployment, "live": live, "before": before, "after": after, "loses": loses, "gains": gains})
        };
        let after = workspace.what_if(now, change)?;
        let mut told = changed(&preview.changed);
        if let Some(told) = told.as_object_mut() {
            told.insert("impact".to_owned(), preview.impact.deployments.iter().map(affected).collect());
            told.insert("violations".to_owned(), policies::all(&after, &preview.violations).into());
        }
        json(&told)
    })
}

/// The workspace as it would be.
#[pyfunction]
pub(crate) fn what_if(py: Python<'_>, workspace: &Workspace, now: Option<u64>, change: &str) -> Outcome<Workspace> {
    let change = read::<Change>(change)?;
    py.detach(|| {
        let workspace = workspace.snapshot();
        let now = moment(&workspace, now);
        let change = change.into_change(&workspace, now)?;
        Ok(workspace.what_if(now, change)?.into())
    })
}

/// An entry for a change, as text; nothing where it changes nothing.
#[pyfunction]
pub(crate) fn prepare(
    py: Python<'_>,
    workspace: &Workspace,
    now: Option<u64>,
    key: &str,
    change: &str,
) -> Outcome<Option<String>> {
    let change = read::<Change>(change)?;
    py.detach(|| {
        let workspace = workspace.snapshot();
        let now = moment(&workspace, now);
        let change = change.into_change(&workspace, now)?;
        let entry = workspace.prepare(now, key, change)?;
        Ok(entry.map(|entry| entry.to_json()))
    })
}

/// Carries an entry out; nothing where it has been applied before.
#[pyfunction]
pub(crate) fn apply_entry(py: Python<'_>, workspace: &Workspace, entry: &str) -> Outcome<Option<String>> {
    let entry = LogEntry::from_json(entry)?;
    py.detach(|| {
        workspace.change(|workspace| match workspace.apply(&entry)? {
            Applied::Now(done) => json(&changed(&done)).map(Some),
            _ => Ok(None),
        })
    })
}

/// The same entry, to follow the present revision.
#[pyfunction]
pub(crate) fn rebase_entry(py: Python<'_>, workspace: &Workspace, entry: &str) -> Outcome<String> {
    let entry = LogEntry::from_json(entry)?;
    py.detach(|| Ok(workspace.snapshot().rebase(&entry)?.to_json()))
}

/// What a window saw, as a change holds it that goes on with a rollout.
#[pyfunction]
pub(crate) fn seen_in(window: &Window, now: u64) -> Outcome<String> {
    json(&window.summary_of(now))
}

/// Says that more than a day has passed since the last change; whether so much had.
#[pyfunction]
pub(crate) fn jump_to(py: Python<'_>, workspace: &Workspace, now: u64) -> Outcome<bool> {
    py.detach(|| workspace.change(|workspace| Ok(workspace.jump_to(Moment::from_millis(now)))))
}

/// How many changes have been accepted.
#[pyfunction]
pub(crate) fn revision(workspace: &Workspace) -> u64 {
    workspace.snapshot().revision()
}

fn changed(changed: &Changed) -> Value {
    let displaced = changed.displaced.iter().map(|displaced| {
        let owner = match &displaced.owner {
            Owner::Deployment(address) => Some(address),
            Owner::Host | Owner::Committed(_) => None,
        };
        json!({
            "cluster": displaced.cluster, "pool": displaced.pool, "owner": owner,
            "reservation": displaced.reservation, "replicas": displaced.replicas,
        })
    });
    let effects = changed.effects.iter().map(|(workload, effect)| json!({"workload": workload.name, "effect": effect}));
    json!({
        "changed": changed.changed, "revision": changed.revision, "displaced": displaced.collect::<Vec<_>>(),
        "effects": effects.collect::<Vec<_>>(),
    })
}
