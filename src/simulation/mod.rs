//! Scenarios, run on a scripted clock: what happens to a workload step by step, held against what was
//! expected.
//!
//! [`simulate`] runs one [`ScenarioSpec`] on a copy of a workspace and returns a [`ScenarioReport`], in
//! which every step says what came of it and where that differs from what was expected.
//!
//! Answers for the stories of L1–L13, told as data.

mod carry_out;
mod expectations;
mod host_replicas;
mod limits;
mod queue;
mod scripted_host;
mod series;
mod version_metrics;
mod versions;
mod wording;

use serde::{Deserialize, Serialize};

use self::scripted_host::Host;

use crate::deployment::Workload;
use crate::id::Name;
use crate::lifecycle::{Effect, Refusal, State};
use crate::manifest::scenario::{ScenarioSpec, StepSpec};
use crate::manifest::spec::{ClusterSpec, Metadata, PoolsSpec, Specs};
use crate::origin::{Origin, Problem, ProblemCode};
use crate::time::Moment;
use crate::workspace::{LoadError, LoadOptions, Workspace};

pub use carry_out::{action, carry_out};
pub use limits::{LONGEST, MOST_REPLICAS, MOST_TICKS};
pub use series::{Line, Note, Point, Series};
pub use wording::{effect as effect_in_words, moment as moment_in_words};

/// What came of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// Whether everything was as expected.
    pub passed: bool,
    /// What came of each step.
    pub steps: Vec<StepReport>,
    /// What a scripted host saw over time.
    pub series: Option<Series>,
    /// Requests by deployment, where a scripted host sent any.
    pub requests: Vec<Requests>,
    /// Requests that had no route, or waited for a replica for too long.
    pub lost: u64,
}

/// What became of the requests to a deployment.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// The deployment.
    pub deployment: String,
    /// Those that it was sent.
    pub sent: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Those of them that waited for a replica for too long: they are lost.
    pub timed_out: u64,
}

/// What came of a step.
#[derive(Clone, PartialEq, Debug)]
pub struct StepReport {
    /// When, in milliseconds after the start.
    pub at: u64,
    /// What happened, in words.
    pub what: String,
    /// All effects, in words.
    pub effects: Vec<String>,
    /// Why it was refused.
    pub refused: Option<Refusal>,
    /// Where it differs from what was expected.
    pub differences: Vec<Difference>,
    /// Where it stands.
    pub origin: Origin,
}

/// Something that is not as expected.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// What: `status of a`.
    pub subject: String,
    /// What it was to be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// Runs a scenario on a copy of `workspace`: its policies, environments and clusters are the scene. The
/// workspace as it is in the end comes along, for who wants to look around.
///
/// ```
/// use siting::manifest::{Source, read_scenarios};
/// use siting::manifest::spec::Specs;
/// use siting::simulation::simulate;
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let story = Source::new("story.yaml", "
/// apiVersion: siting.dev/v1
/// kind: Scenario
/// metadata: {name: first-push}
/// spec:
///   model: bert
///   fleet: unlimited
///   steps:
///     - push: {name: one, version: v1}
///     - built: one
///     - ready: one
///       expect: {status: {one: UNHEALTHY}}
/// ");
/// let workspace = Workspace::from_specs(Specs::default(), LoadOptions::default())?;
/// let (report, _) = simulate(&workspace, &read_scenarios(&[story]).scenarios[0])?;
/// assert!(!report.passed);
/// assert_eq!(report.steps[2].differences[0].found, "ACTIVE");
/// # Ok::<(), siting::workspace::LoadError>(())
/// ```
///
/// # Errors
/// [`LoadError`], where the scene that the scenario asks for cannot be set, or where it asks for more than
/// [`MOST_REPLICAS`], [`MOST_TICKS`] or [`LONGEST`].
pub fn simulate(workspace: &Workspace, scenario: &ScenarioSpec) -> Result<(ScenarioReport, Workspace), LoadError> {
    let mut scene = if scenario.unlimited { unlimited(workspace)? } else { workspace.clone() };
    let Some(workload) = scene.workload(&scenario.resource_type, &scenario.workload) else {
        let message = format!("no workload type is called `{}`", scenario.resource_type.value);
        return Err(broken(&scenario.resource_type.origin, message));
    };
    let problems = limits::problems(&scene, scenario);
    if !problems.is_empty() {
        return Err(LoadError { problems });
    }
    let (mut now, mut steps) = (scenario.start, Vec::with_capacity(scenario.steps.len()));
    let mut host = scenario.host.map(|spec| {
        let versions = versions::of(&scene, &workload, scenario);
        Host::new(spec, workload.clone(), scenario.start, versions)
    });
    for step in &scenario.steps {
        now = step.at.map_or(now, |at| scenario.start.after(at));
        if let Some(host) = &mut host {
            host.run(&mut scene, now);
        }
        // A scenario has a clock of its own, whatever moment the workspace was asked about before.
        scene.set_asked_at(Some(now));
        let happened = carry_out::step(&mut scene, host.as_mut(), &workload, now, &step.happening);
        if let (Some(host), Ok(effects)) = (&mut host, &happened) {
            host.take(&scene, now, effects);
        }
        let state = scene.state_of(&workload).map_err(|refusal| broken(&step.origin, refusal.to_string()))?;
        let seen =
            Seen { scene: &scene, workload: &workload, state: &state, host: host.as_ref(), now, start: scenario.start };
        steps.push(report(step, &seen, happened));
    }
    let state = scene.state_of(&workload).map_err(|refusal| broken(&Origin::default(), refusal.to_string()))?;
    let report = ScenarioReport {
        name: scenario.metadata.name.as_str().to_owned(),
        passed: steps.iter().all(|step| step.differences.is_empty()),
        steps,
        requests: host.iter().flat_map(|host| host.requests(&state)).collect(),
        lost: host.as_ref().map_or(0, Host::lost),
        series: host.map(|host| host.series),
    };
    Ok((report, scene))
}

/// What there is to hold an expectation against.
struct Seen<'a> {
    scene: &'a Workspace,
    workload: &'a Workload,
    state: &'a State,
    host: Option<&'a Host>,
    now: Moment,
    start: Moment,
}

fn report(step: &StepSpec, seen: &Seen<'_>, happened: Result<Vec<Effect>, Refusal>) -> StepReport {
    let (effects, refused) = match happened {
        Ok(effects) => (effects.iter().map(|effect| wording::effect(seen.state, effect)).collect(), None),
        Err(refusal) => (Vec::new(), Some(refusal)),
    };
    let at = u64::try_from(seen.now.since(seen.start).as_millis()).unwrap_or(u64::MAX);
    let what = wording::happening(&step.happening);
    let origin = step.origin.clone();
    let mut report = StepReport { at, what, effects, refused, differences: Vec::new(), origin };
    report.differences = expectations::differences(&step.expect, &report, seen);
    report
}

fn broken(origin: &Origin, message: String) -> LoadError {
    LoadError { problems: vec![Problem::new(ProblemCode::UnknownName, origin, message)] }
}

/// The same workspace without policies, on one cluster that has everything without end. The others
/// are cordoned: what names them or what they bring still finds it.
fn unlimited(workspace: &Workspace) -> Result<Workspace, LoadError> {
    let mut specs = Specs::clone(workspace.specs());
    for environment in &mut specs.environments {
        environment.policies.clear();
        environment.require.clear();
    }
    if let Some(root) = &mut specs.workspace {
        root.policies.clear();
        root.require.clear();
    }
    let catalog = workspace.catalog();
    let flavor = |id| {
        let kind = catalog.choice_kind(crate::catalog::Choice::Flavor(id));
        crate::manifest::spec::ChoiceSpec { kind, name: catalog.flavor_code(id).to_owned() }.into()
    };
    let name = |text: &str| Name::new(text).map_err(|error| broken(&Origin::default(), error.to_string()));
    for cluster in &mut specs.clusters {
        cluster.cordoned = true;
    }
    let is_taken = |name: &String| specs.clusters.iter().any(|cluster| cluster.metadata.name.as_str() == name);
    let mut names = std::iter::successors(Some("anywhere".to_owned()), |taken| Some(format!("{taken} else")));
    let anywhere = names.find(|name| !is_taken(name)).unwrap_or_default();
    specs.clusters.push(ClusterSpec {
        metadata: Metadata::named(name(&anywhere)?),
        provider: name("anyone")?.into(),
        location: None,
        country: Some("us".to_owned().into()),
        zone: None,
        coordinates: None,
        healthy: true,
        observed_at: None,
        cordoned: false,
        attributes: Vec::new(),
        pools: PoolsSpec::Flavors(catalog.flavors().map(flavor).collect()),
    });
    Workspace::from_specs(specs, LoadOptions { quarantine: true })
}
