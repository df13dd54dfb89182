//! Every detail of one deployment: what was asked for, its status, where it runs, and its history.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::answered::{CallerDescription, by_caller};
use super::policy_at::PolicyAt;
use crate::deployment::Workload;
use crate::id::{DeploymentId, Id, Name};
use crate::lifecycle::{
    Action, Answer, Endpoint, Field, Journal, Number, Place, Record, RequestScaling, Role, Settings, State, Status,
};
use crate::placement::{Reason, culprits_of};
use crate::policy::{self, Scope};
use crate::time::Moment;
use crate::workspace::{LookupError, Outcome, Reference, Workspace};

/// Every detail of one deployment, for a panel or a page. Environment variables are there by name only.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its id; none before it is pushed.
    pub id: Option<String>,
    /// Its workload.
    pub workload: WorkloadName,
    /// Its version.
    pub version: Option<String>,
    /// The environment that governs it.
    pub environment: String,
    /// Its status; none before it is pushed.
    pub status: Option<Status>,
    /// Its role in its workload; none before it is pushed.
    pub role: Option<Role>,
    /// How many replicas run.
    pub current_replicas: u32,
    /// Resources, scaling, load balancer and the rest, as they were set.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    pub settings: Settings,
    /// Its endpoints, and what a request to each gets.
    pub endpoints: Vec<EndpointDescription>,
    /// What the policies in force leave, by type.
    pub scope: Vec<AxisDescription>,
    /// Where its requests are answered, by caller; empty where no policy binds any (P18).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<CallerDescription>,
    /// Where its replicas run; before it is pushed, where they would.
    pub placement: PlacementDescription,
    /// What happened to it, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// A workload by name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkloadName {
    /// Its type.
    pub r#type: String,
    /// Its name.
    pub name: String,
}

/// An endpoint, and what a request to it gets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EndpointDescription {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What a request gets.
    pub answer: Answer,
}

/// What the policies leave of one type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AxisDescription {
    /// The type of policy.
    pub r#type: String,
    /// Unrestricted, restricted or in conflict.
    pub state: policy::State,
    /// The policies that restrict it, by level.
    pub policies: Vec<PolicyAt>,
}

/// Where replicas run, or why they do not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlacementDescription {
    /// Where, and how many.
    pub places: Vec<Place>,
    /// Why they do not, or not all of them; empty where they do.
    pub reasons: Vec<Obstacle>,
}

/// A constraint that keeps replicas from running, and how many clusters it takes away (D6).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Obstacle {
    /// The constraint's name in kebab case, as [`Code`](crate::placement::Code) has it.
    pub code: String,
    /// The same in words: lower case, no final period.
    pub message: String,
    /// What can be done about it.
    #[serde(default)]
    pub next: String,
    /// The policies that exclude; empty where the constraint is not about policies.
    pub policies: Vec<PolicyAt>,
    /// Clusters that it alone would leave without a place.
    pub removed_alone: usize,
    /// Clusters that still have a place after it and all before it.
    pub left_after: usize,
}

impl From<&Reason> for Obstacle {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code.as_str().to_owned(),
            message: reason.message(),
            next: reason.next(),
            policies: reason.policies.iter().map(PolicyAt::from).collect(),
            removed_alone: reason.counts.removed_alone,
            left_after: reason.counts.left_after,
        }
    }
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryEntry {
    /// When.
    pub at: Moment,
    /// What happened, in a word or two.
    pub what: String,
    /// Its status afterwards.
    pub status: Status,
    /// The placements that were decided for it.
    pub places: Vec<Place>,
}

/// Describes a deployment that is loaded. If one of its name is live, its present state is described; else what
/// it is meant to be, and where it would run.
///
/// ```
/// use siting::analysis::describe;
/// use siting::manifest::spec::{DeploymentSpec, Specs};
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let spec = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
/// let specs = Specs { deployments: vec![spec], ..Specs::default() };
/// let workspace = Workspace::from_specs(specs, LoadOptions::default())?;
/// let bert = describe(&workspace, "bert-api-v1")?;
/// assert_eq!((bert.environment.as_str(), bert.status), ("production", None));
/// assert_eq!(bert.placement.reasons[0].code, "no-clusters");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`LookupError`] for a deployment that the workspace does not have.
pub fn describe(workspace: &Workspace, deployment: impl Reference<DeploymentId>) -> Result<Description, LookupError> {
    let outcome = workspace.place(deployment)?;
    let id = outcome.deployment;
    let described = described(workspace, &outcome);
    described.ok_or(LookupError::Foreign { kind: "deployment", index: id.index() })
}

fn described(workspace: &Workspace, outcome: &Outcome) -> Option<Description> {
    let deployment = outcome.deployment;
    let found = workspace.deployment(deployment)?;
    if let Some(journal) = workspace.life(&found.workload)
        && let Some(live) = journal.state().deployments().find(|record| record.name == found.name)
    {
        return describe_live(workspace, &found.workload, live.number);
    }
    let environment = workspace.environment(found.environment)?.name.as_str().to_owned();
    let reasons = outcome.decision.refusal().map(|refusal| refusal.reasons.iter().map(Obstacle::from).collect());
    let running = workspace.running().iter().filter(|running| running.deployment == deployment);
    Some(Description {
        name: found.name.as_str().to_owned(),
        id: None,
        workload: WorkloadName::new(workspace, &found.workload),
        version: workspace.spec_of(deployment)?.version.clone(),
        environment,
        status: None,
        role: None,
        current_replicas: running.map(|running| running.replicas).fold(0, u32::saturating_add),
        settings: in_force(workspace.settings(deployment)?),
        endpoints: Vec::new(),
        scope: axes(outcome.decision.scope()),
        callers: by_caller(workspace, outcome.decision.scope(), &workspace.caller_cuts(deployment).ok()?),
        placement: PlacementDescription {
            places: workspace.places(&outcome.decision),
            reasons: reasons.unwrap_or_default(),
        },
        history: Vec::new(),
    })
}

/// Describes a live deployment. `None` for a workload without a lifecycle, or a number that is not live.
#[must_use]
pub fn describe_live(workspace: &Workspace, workload: &Workload, number: Number) -> Option<Description> {
    let journal = workspace.life(workload)?;
    let (state, record) = (journal.state(), journal.state().deployment(number)?);
    let scope = workspace.scope_under(workload, &record.governor, &record.settings).ok();
    Some(Description {
        name: record.name.as_str().to_owned(),
        id: Some(state.id(number)),
        workload: WorkloadName::new(workspace, workload),
        version: record.version.clone(),
        environment: record.governor.as_str().to_owned(),
        status: Some(record.status),
        role: state.role(number),
        current_replicas: record.replicas(),
        settings: in_force(Settings::clone(&record.settings)),
        endpoints: endpoints(state, record),
        scope: scope.as_ref().map(axes).unwrap_or_default(),
        callers: scope
            .zip(workspace.caller_cuts_live(workload, number).ok())
            .map_or_else(Vec::new, |(scope, cuts)| by_caller(workspace, &scope, &cuts)),
        placement: PlacementDescription {
            places: record.sites.iter().map(|site| site.place.clone()).collect(),
            reasons: Vec::new(),
        },
        history: history(journal, number),
    })
}

/// What scales by itself has the number that its load wants: one that was stated before says nothing.
fn in_force(settings: Settings) -> Settings {
    let replicas = settings.replicas.filter(|_| !settings.scales());
    Settings { replicas, ..settings }
}

impl Description {
    /// The settings in the groups that people know them by: basic information, resources, scaling, load
    /// balancer.
    #[must_use]
    pub fn sections(&self) -> IndexMap<&'static str, Vec<(&'static str, String)>> {
        let titles = ["Basic information", "Resources", "Scaling", "Load balancer"];
        let mut sections: IndexMap<&'static str, Vec<(&'static str, String)>> =
            titles.into_iter().map(|title| (title, Vec::new())).collect();
        // Where nobody spoke of scaling, its defaults would only raise questions.
        let is_unstated = self.settings.scaling.is_none() && self.settings.requests == RequestScaling::default();
        let shown = self.settings.described().filter(|(field, _)| !(is_unstated && *field == Field::Requests));
        for (field, text) in shown {
            sections.entry(section(field)).or_default().push((field.as_str(), text));
        }
        sections
    }
}

fn section(field: Field) -> &'static str {
    match field {
        Field::DisplayName
        | Field::Description
        | Field::Labels
        | Field::Variables
        | Field::Priority
        | Field::Placement
        | Field::MaxPricePerHour
        | Field::Policies
        | Field::Strategy
        | Field::Name
        | Field::Workload
        | Field::Version
        | Field::Environment => "Basic information",
        Field::Cpu | Field::Memory | Field::CpuType | Field::Gpu | Field::Storage | Field::Bandwidth => "Resources",
        Field::Replicas
        | Field::Scaling
        | Field::MinReplicas
        | Field::MaxReplicas
        | Field::Thresholds
        | Field::Requests => "Scaling",
        Field::LoadBalancer | Field::HealthCheck | Field::Offloading => "Load balancer",
    }
}

impl WorkloadName {
    pub(crate) fn new(workspace: &Workspace, workload: &Workload) -> Self {
        let r#type = workspace.catalog().resource_type_name(workload.resource_type).to_owned();
        Self { r#type, name: workload.name.as_str().to_owned() }
    }
}

/// The endpoints that lead to a deployment, or would if it were ready.
fn endpoints(state: &State, record: &Record) -> Vec<EndpointDescription> {
    let mut endpoints = vec![Endpoint::Deployment(record.number)];
    if record.draft {
        endpoints.push(Endpoint::Draft);
    }
    endpoints.extend(state.held_by(record.number).cloned().map(Endpoint::Environment));
    if state.role(record.number) == Some(Role::Production) {
        endpoints.push(Endpoint::Workload);
    }
    let described = endpoints.into_iter().map(|endpoint| {
        let answer = state.route(&endpoint);
        EndpointDescription { endpoint, answer }
    });
    described.collect()
}

fn axes(scope: &Scope) -> Vec<AxisDescription> {
    let described = crate::catalog::Axis::ALL.into_iter().map(|axis| {
        let found = scope.axis(axis);
        let policies = found.restrictions().iter().flat_map(|restriction| {
            culprits_of(scope, restriction).into_iter().map(|culprit| PolicyAt::from(&culprit))
        });
        AxisDescription { r#type: axis.as_str().to_owned(), state: found.state(), policies: policies.collect() }
    });
    described.collect()
}

/// What of the log changed this very deployment.
fn history(journal: &Journal, number: Number) -> Vec<HistoryEntry> {
    let mut found = Vec::new();
    for (entry, state) in journal.states() {
        let Some(record) = state.after.deployment(number) else { continue };
        let held = |state: &State| state.held_by(number).cloned();
        let same = state.before.deployment(number) == Some(record) && held(&state.before) == held(&state.after);
        if same {
            continue;
        }
        let placed = entry.command.placements.iter().find(|placed| placed.deployment == number);
        found.push(HistoryEntry {
            at: entry.at,
            what: words(&entry.command.action),
            status: record.status,
            places: placed.map(|placed| placed.places.clone()).unwrap_or_default(),
        });
    }
    found
}

fn words(action: &Action) -> String {
    let to = |environment: &Name| format!("{} to {environment}", action.verb());
    match action {
        Action::Observe { observation, .. } => observation.as_str().to_owned(),
        Action::ObservePlace { seen, .. } => seen.to_string(),
        Action::Promote { environment, .. } => to(environment),
        Action::Autoscale { replicas, .. } => format!("scale by load to {replicas}"),
        Action::Scale { replicas, .. } => format!("scale to {replicas}"),
        Action::Rename { name, .. } => format!("rename to {name}"),
        other => other.on_environment().unwrap_or_else(|| other.verb().to_owned()),
    }
}
