//! Lives of workloads: commands in the words of scenarios, observations, what calls get, stories (L).

use std::path::PathBuf;

use pyo3::prelude::*;
use serde_json::{Value, json};
use siting::analysis;
use siting::catalog::{Choice, ChoiceKind};
use siting::deployment::Workload;
use siting::lifecycle::{
    Action, Effect, Journal, Load, Number, Observation, PlaceSeen, Record, Refusal, Sight, State, Weight,
};
use siting::manifest;
use siting::manifest::scenario::Happening;
use siting::report::SimulationReport;
use siting::scaling;
use siting::simulation::{self, effect_in_words, simulate};
use siting::time::Moment;
use siting::workspace::{LoadOptions, Workspace as Snapshot};

use crate::capacity::read;
use crate::failure::{Failure, Outcome, json};
use crate::metrics::Window;
use crate::workspace::{Workspace, gathered};

/// A workload, as the Python side names it.
pub(crate) type Named = (String, String);

/// Carries out a step's command; what the host is to do.
#[pyfunction]
pub(crate) fn carry_out(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    now: u64,
    step: &str,
) -> Outcome<String> {
    py.detach(|| workspace.change(|workspace| told(workspace, &workload, now, step)))
}

/// The same without doing it.
#[pyfunction]
pub(crate) fn preview(py: Python<'_>, workspace: &Workspace, workload: Named, now: u64, step: &str) -> Outcome<String> {
    py.detach(|| told(&mut Snapshot::clone(&workspace.snapshot()), &workload, now, step))
}

/// Takes note of what a host saw of a deployment, of the generation that an effect named.
#[pyfunction]
pub(crate) fn observe(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    now: u64,
    seen: (String, Option<u64>, String),
) -> Outcome<String> {
    let (deployment, generation, word) = seen;
    py.detach(|| {
        workspace.change(|workspace| {
            let workload = find(workspace, &workload)?;
            let action = observed(workspace, &workload, &deployment, generation, &word)?;
            let effects = workspace.carry_out(Moment::from_millis(now), &workload, action)?;
            effects_told(workspace, &workload, &effects)
        })
    })
}

/// Takes note of how a deployment's replicas are at one place: written as the journal writes it.
#[pyfunction]
pub(crate) fn observe_place(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    now: u64,
    deployment: &str,
    generation: Option<u64>,
    seen: &str,
) -> Outcome<String> {
    let seen: PlaceSeen = read(seen)?;
    py.detach(|| {
        workspace.change(|workspace| {
            let workload = find(workspace, &workload)?;
            let action = seen_at_place(workspace, &workload, deployment, generation, seen)?;
            let effects = workspace.carry_out(Moment::from_millis(now), &workload, action)?;
            effects_told(workspace, &workload, &effects)
        })
    })
}

/// Takes note of what a host sees of a candidate that takes over from a holder, and goes on with it.
#[pyfunction]
pub(crate) fn advance(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    now: u64,
    candidate: &str,
    seen: (u32, u32, u64, Option<String>),
    window: Option<&Window>,
) -> Outcome<String> {
    let (old, new, requests, no_room) = seen;
    let summary = window.map(|window| window.summary_of(now));
    let sight = Box::new(Sight { old, new, requests, summary, no_room, ..Sight::default() });
    py.detach(|| {
        workspace.change(|workspace| {
            let workload = find(workspace, &workload)?;
            let candidate = named(&workspace.state_of(&workload)?, candidate)?;
            let action = Action::Advance { candidate, sight };
            let effects = workspace.carry_out(Moment::from_millis(now), &workload, action)?;
            effects_told(workspace, &workload, &effects)
        })
    })
}

/// Scales a deployment as its load wants, by what is seen at a moment; what the host is to do, and what the autoscaler remembers.
#[pyfunction]
pub(crate) fn autoscale(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    deployment: &str,
    seen: (u64, u32, bool, Option<u64>),
    window: &Window,
    state: Option<&str>,
) -> Outcome<(String, String)> {
    let mut memory: scaling::State = state.map(read).transpose()?.unwrap_or_default();
    let (now, ready, waiting, buffered_since) = seen;
    let window = window.snapshot();
    let load = Load { ready, window: &window, waiting, buffered_since: buffered_since.map(Moment::from_millis) };
    py.detach(|| {
        workspace.change(|workspace| {
            let workload = find(workspace, &workload)?;
            let deployment = named(&workspace.state_of(&workload)?, deployment)?;
            let effects = workspace.autoscale(Moment::from_millis(now), &workload, deployment, &mut memory, &load)?;
            Ok((effects_told(workspace, &workload, &effects)?, json(&memory)?))
        })
    })
}

/// Begins a life with what is known to run; the ids of its deployments.
#[pyfunction]
pub(crate) fn adopt_life(py: Python<'_>, workspace: &Workspace, workload: Named, now: u64) -> Outcome<Vec<String>> {
    py.detach(|| {
        workspace.change(|workspace| {
            let workload = find(workspace, &workload)?;
            let numbers = workspace.adopt_life(Moment::from_millis(now), &workload)?;
            let state = workspace.state_of(&workload)?;
            Ok(numbers.into_iter().map(|number| state.id(number)).collect())
        })
    })
}

/// The actions that the rules allow now, and the forms of those that lack an argument.
#[pyfunction]
pub(crate) fn legal_commands(py: Python<'_>, workspace: &Workspace, workload: Named, now: u64) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let state = workspace.state_of(&find(&workspace, &workload)?)?;
        let now = Moment::from_millis(now);
        let forms = state.legal_forms(now);
        let forms = forms.iter().map(|form| json!({"form": form, "lacks": form.lacks()}));
        json(&json!({"actions": state.legal_commands(now), "forms": forms.collect::<Vec<_>>()}))
    })
}

/// What calls of every endpoint get.
#[pyfunction]
pub(crate) fn routes(py: Python<'_>, workspace: &Workspace, workload: Named) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let state = workspace.state_of(&find(&workspace, &workload)?)?;
        let routes = state.endpoints().into_iter().map(|endpoint| {
            let answer = state.route(&endpoint);
            json!({"endpoint": state.endpoint_name(&endpoint), "answer": answer})
        });
        json(&routes.collect::<Vec<_>>())
    })
}

/// What should be of each workload that has a life.
#[pyfunction]
pub(crate) fn desired(py: Python<'_>, workspace: &Workspace) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let all = workspace.desired().map(|(workload, desired)| {
            let state = workspace.state_of(workload)?;
            let deployments = desired.deployments.iter().map(|deployment| {
                json!({
                    "id": state.id(deployment.deployment), "name": deployment.name, "version": deployment.version,
                    "generation": deployment.generation, "build": deployment.build, "places": deployment.places,
                    "awaits": deployment.awaits.map(Observation::as_str), "deadline": deployment.deadline,
                })
            });
            let routes = desired.routes.iter().map(|route| {
                let share = |share: &Weight| json!({"id": state.id(share.deployment), "percent": share.percent});
                let shares: Vec<_> = route.shares.iter().map(share).collect();
                json!({"endpoint": state.endpoint_name(&route.endpoint), "shares": shares})
            });
            let of = workspace.catalog().resource_type_name(workload.resource_type);
            Ok(json!({
                "workload": {"type": of, "name": workload.name},
                "deployments": deployments.collect::<Vec<_>>(), "routes": routes.collect::<Vec<_>>(),
            }))
        });
        json(&all.collect::<Outcome<Vec<_>>>()?)
    })
}

/// The live deployments of a workload, by number.
#[pyfunction]
pub(crate) fn deployments(py: Python<'_>, workspace: &Workspace, workload: Named) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let state = workspace.state_of(&find(&workspace, &workload)?)?;
        json(&state.deployments().map(|record| live(&state, record)).collect::<Vec<_>>())
    })
}

fn live(state: &State, record: &Record) -> Value {
    json!({
        "id": state.id(record.number),
        "name": record.name,
        "version": record.version,
        "status": record.status,
        "role": state.role(record.number),
        "environment": record.governor,
        "holds": state.held_by(record.number),
        "generation": record.generation,
        "replicas": record.replicas(),
        "ready": record.ready(),
        "places": record.sites.iter().map(|site| &site.place).collect::<Vec<_>>(),
        "createdAt": record.created,
    })
}

/// Every detail of one live deployment.
#[pyfunction]
pub(crate) fn describe_live(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    deployment: &str,
) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let workload = find(&workspace, &workload)?;
        let found = workspace.life(&workload).and_then(|life| life.state().find(deployment));
        let described = found.and_then(|number| analysis::describe_live(&workspace, &workload, number));
        json(&described.ok_or_else(|| Refusal::new("L1", format!("there is no deployment `{deployment}`")))?)
    })
}

/// A life as it is written down; nothing for one that has not begun.
#[pyfunction]
pub(crate) fn life(py: Python<'_>, workspace: &Workspace, workload: Named) -> Outcome<Option<String>> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let workload = find(&workspace, &workload)?;
        workspace.life(&workload).map(|life| json(&life.snapshot())).transpose()
    })
}

/// All workloads that have a life.
#[pyfunction]
pub(crate) fn lives(workspace: &Workspace) -> Vec<Named> {
    let workspace = workspace.snapshot();
    let type_name = |workload: &Workload| workspace.catalog().resource_type_name(workload.resource_type).to_owned();
    workspace.lives().map(|(workload, _)| (type_name(workload), workload.name.to_string())).collect()
}

/// Puts a life that was written down in the place of the present one.
#[pyfunction]
pub(crate) fn restore_life(py: Python<'_>, workspace: &Workspace, workload: Named, written: &str) -> Outcome<()> {
    let journal = Journal::restore(read(written)?)
        .map_err(|unknown| Failure::value(unknown.to_string(), "restore what this version wrote"))?;
    py.detach(|| {
        workspace.change(|workspace| {
            let workload = find(workspace, &workload)?;
            Ok(workspace.restore_life(&workload, journal)?)
        })
    })
}

/// Runs the scenarios of files and texts, on the workspace that those describe, or on a given one.
#[pyfunction]
pub(crate) fn run_scenarios(
    py: Python<'_>,
    workspace: Option<&Workspace>,
    paths: Vec<PathBuf>,
    texts: Vec<(String, String)>,
) -> Outcome<String> {
    py.detach(|| {
        let gathered = gathered(&paths, texts);
        let scene = match workspace {
            Some(workspace) => workspace.snapshot(),
            None => Snapshot::from_gathered(&gathered, LoadOptions::default())?.into(),
        };
        if !gathered.problems.is_empty() {
            return Err(Failure::Load(gathered.problems));
        }
        let reading = manifest::read_scenarios(&gathered.sources);
        if !reading.problems.is_empty() {
            return Err(Failure::Load(reading.problems));
        }
        let ran = reading.scenarios.iter().map(|scenario| Ok(simulate(&scene, scenario)?.0));
        json(&SimulationReport::new(&scene, &ran.collect::<Outcome<Vec<_>>>()?).scenarios)
    })
}

pub(crate) fn find(workspace: &Snapshot, (resource_type, name): &Named) -> Outcome<Workload> {
    Ok(workspace.find_workload(resource_type, name)?)
}

/// What a host saw of a deployment, of a generation or the present one.
pub(crate) fn observed(
    workspace: &Snapshot,
    workload: &Workload,
    deployment: &str,
    generation: Option<u64>,
    word: &str,
) -> Outcome<Action> {
    let observation = Observation::ALL.into_iter().find(|known| known.as_str() == word).ok_or_else(|| {
        let known = Observation::ALL.map(Observation::as_str).join(", ");
        Failure::value(format!("`{word}` is no observation: they are {known}"), "use one of them")
    })?;
    let state = workspace.state_of(workload)?;
    let deployment = observable(&state, deployment)?;
    let generation = generation.unwrap_or_else(|| latest(&state, deployment));
    Ok(Action::Observe { deployment, generation, observation })
}

/// How a host saw a deployment's replicas at one place.
pub(crate) fn seen_at_place(
    workspace: &Snapshot,
    workload: &Workload,
    deployment: &str,
    generation: Option<u64>,
    mut seen: PlaceSeen,
) -> Outcome<Action> {
    let state = workspace.state_of(workload)?;
    let deployment = observable(&state, deployment)?;
    let generation = generation.unwrap_or_else(|| latest(&state, deployment));
    let runs = state.deployment(deployment).map(|record| &record.sites);
    if !runs.is_some_and(|sites| sites.iter().any(|site| site.place.flavor == seen.flavor)) {
        seen.flavor = flavor(workspace, &seen.flavor)?.into();
    }
    Ok(Action::ObservePlace { deployment, generation, seen })
}

/// The command that a step says.
pub(crate) fn command(workspace: &Snapshot, of: &Named, workload: &Workload, step: &str) -> Outcome<Action> {
    let action = simulation::action(workspace, workload, &happening(of, step)?)?;
    action.ok_or_else(|| {
        let message = "policies are no command of one workload";
        Failure::value(message, "put the environment, or attach and detach policies")
    })
}

/// A deployment by name or id. A deleted one is no longer found by name; what is said of it is accepted (L8).
fn observable(state: &State, deployment: &str) -> Result<Number, Refusal> {
    named(state, deployment).or_else(|unknown| numbered(state, deployment).ok_or(unknown))
}

/// A live deployment by name or id.
pub(crate) fn named(state: &State, deployment: &str) -> Result<Number, Refusal> {
    state
        .find(deployment)
        .ok_or_else(|| Refusal::new("L1", format!("there is no deployment `{deployment}`")).next("name one, or its id"))
}

/// A flavor by its code: what is misspelt is at no place, and would be taken for news of one that is gone.
fn flavor(workspace: &Snapshot, text: &str) -> Outcome<String> {
    let catalog = workspace.catalog();
    let (kind, code) = text.split_once(':').unwrap_or(("", text));
    match ChoiceKind::parse(kind).and_then(|kind| catalog.resolve(kind, code)) {
        Some(Choice::Flavor(found)) => {
            Ok(format!("{}:{}", catalog.flavor_kind(found).as_str(), catalog.flavor_code(found)))
        }
        _ => Err(Failure::Value {
            code: "unknown-name",
            message: format!("`{text}` is no flavor"),
            help: "write the flavor of one of the deployment's places, such as `gpu:t4`",
        }),
    }
}

/// The present generation of a deployment; of one that is gone, any is too old.
fn latest(state: &State, deployment: Number) -> u64 {
    state.deployment(deployment).map_or(0, |record| record.generation)
}

/// The number in an id, `<workload>-<n>`.
fn numbered(state: &State, id: &str) -> Option<Number> {
    let number = id.strip_prefix(state.workload().as_str())?.strip_prefix('-')?;
    number.parse().ok().map(Number::new)
}

fn told(workspace: &mut Snapshot, workload: &Named, now: u64, step: &str) -> Outcome<String> {
    let happening = happening(workload, step)?;
    let workload = find(workspace, workload)?;
    let effects = simulation::carry_out(workspace, &workload, Moment::from_millis(now), &happening)?;
    effects_told(workspace, &workload, &effects)
}

fn effects_told(workspace: &Snapshot, workload: &Workload, effects: &[Effect]) -> Outcome<String> {
    let state = workspace.state_of(workload)?;
    let told = effects.iter().map(|effect| json!({"text": effect_in_words(&state, effect), "effect": effect}));
    json(&told.collect::<Vec<_>>())
}

/// What a step says, in the words of scenarios: their reader checks it.
fn happening((resource_type, name): &Named, step: &str) -> Outcome<Happening> {
    manifest::read_step(resource_type, name, step).map_err(|problems| match problems.into_iter().next() {
        Some(problem) => problem.into(),
        None => Failure::value("nothing happens in this step", "name a command"),
    })
}
