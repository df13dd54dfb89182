//! What a scenario may ask for at most, so that none takes memory or time without end.

use std::time::Duration;

use crate::lifecycle::{Action, Change, Edit, Settings};
use crate::manifest::scenario::{Happening, PushSpec, ScenarioSpec, StepSpec};
use crate::origin::{Origin, Problem, ProblemCode};
use crate::workspace::Workspace;

/// The most replicas that a step may state, as a number or as a bound of scaling.
pub const MOST_REPLICAS: u32 = 10_000;

/// The most ticks of a scripted host from the start to the last step.
pub const MOST_TICKS: u64 = 100_000;

/// The latest moment of a step after the start: ten years.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Everything in which a scenario asks for too much.
pub(super) fn problems(scene: &Workspace, scenario: &ScenarioSpec) -> Vec<Problem> {
    scenario.steps.iter().flat_map(|step| in_step(scene, scenario, step)).collect()
}

fn in_step(scene: &Workspace, scenario: &ScenarioSpec, step: &StepSpec) -> Vec<Problem> {
    let mut found = Vec::new();
    let problem = |origin: &Origin, message: String, help: String| {
        Problem::new(ProblemCode::InvalidValue, origin, message).help(help)
    };
    let at = step.at.unwrap_or_default();
    if at > LONGEST {
        let message = "the step comes too long after the start".to_owned();
        let help = format!("at most {} hours after it", LONGEST.as_secs() / 3600);
        found.push(problem(&step.origin, message, help));
    } else if let Some(host) = scenario.host {
        let tick = host.tick.max(Duration::from_millis(1));
        if at.as_millis() > tick.as_millis() * u128::from(MOST_TICKS) {
            let message = format!("until this step the scripted host ticks more than {MOST_TICKS} times");
            let help = "let less time pass, or raise `tickSeconds` of the host".to_owned();
            found.push(problem(&step.origin, message, help));
        }
    }
    let (replicas, origin) = stated(scene, step);
    if replicas > MOST_REPLICAS {
        let message = format!("{replicas} replicas are too many for a scenario");
        found.push(problem(origin, message, format!("at most {MOST_REPLICAS}")));
    }
    found
}

/// The most replicas that a step states, and where.
fn stated<'a>(scene: &Workspace, step: &'a StepSpec) -> (u32, &'a Origin) {
    let own = match &step.happening {
        Happening::Push(PushSpec { from, push, changes }) => {
            let found = from.as_ref().and_then(|address| scene.find_deployment(address).ok());
            let taken = found.and_then(|found| scene.push_of(found, push.kind.clone()));
            let before = taken.map_or_else(|| push.settings.clone(), |taken| taken.settings);
            let most = most(Edit { changes: changes.clone() }.plan(&before).settings());
            return match from {
                Some(from) if most > MOST_REPLICAS && most == self::most(&before) => (most, &from.origin),
                _ => (most, &step.origin),
            };
        }
        Happening::Do(Action::Push(push)) => most(&push.settings),
        Happening::Do(Action::Scale { replicas, .. } | Action::Autoscale { replicas, .. }) => *replicas,
        Happening::Do(Action::Edit { edit, .. }) => edit.changes.iter().map(changed).max().unwrap_or(0),
        _ => 0,
    };
    (own, &step.origin)
}

fn most(settings: &Settings) -> u32 {
    let bound = settings.scaling.and_then(|scaling| scaling.max_replicas.max(scaling.min_replicas));
    settings.replicas.max(bound).unwrap_or(0)
}

fn changed(change: &Change) -> u32 {
    match change {
        Change::Replicas(replicas) => replicas.unwrap_or(0),
        Change::Scaling(Some(scaling)) => scaling.max_replicas.max(scaling.min_replicas).unwrap_or(0),
        _ => 0,
    }
}
