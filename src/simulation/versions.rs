//! The versions that a scenario knows: those that run at the start, and those that its steps push.

use std::collections::BTreeSet;

use crate::deployment::Workload;
use crate::lifecycle::Action;
use crate::manifest::scenario::{Happening, PushSpec, ScenarioSpec};
use crate::workspace::Workspace;

/// All of them. A version may show metrics before it is pushed.
pub(super) fn of(scene: &Workspace, workload: &Workload, scenario: &ScenarioSpec) -> BTreeSet<String> {
    let live = scene.life(workload).into_iter().flat_map(|life| life.state().deployments());
    let running = live.filter_map(|record| record.version.clone());
    let pushed = scenario.steps.iter().filter_map(|step| match &step.happening {
        Happening::Push(PushSpec { from, push, .. }) => push.version.clone().or_else(|| {
            let from = scene.find_deployment(from.as_ref()?.as_str()).ok()?;
            scene.push_of(from, push.kind.clone())?.version
        }),
        Happening::Do(Action::UpdateVersion { version, .. }) => Some(version.clone()),
        Happening::Do(Action::Patch { version }) => version.clone(),
        Happening::Do(Action::Push(push)) => push.version.clone(),
        _ => None,
    });
    running.chain(pushed).collect()
}
