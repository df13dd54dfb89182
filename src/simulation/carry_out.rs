//! What happens in a step, carried out.

use std::sync::Arc;

use super::expectations;
use super::scripted_host::Host;
use crate::deployment::Workload;
use crate::lifecycle::{Action, Edit, Effect, Number, Push, Refusal};
use crate::manifest::scenario::{EndpointSpec, Happening, PushSpec};
use crate::manifest::spec::AttachmentSpec;
use crate::time::Moment;
use crate::workspace::{PolicyChange, Workspace};

/// Carries out on a workspace what happens in a step: for hosts that take commands as text, with
/// deployments named by name or id.
///
/// Where policies change, only what runs of this workload is moved or stopped:
/// [`settle_violations`](Workspace::settle_violations) does it for all, and says whose the effects are.
///
/// ```
/// use siting::lifecycle::Action;
/// use siting::manifest::scenario::{EndpointSpec, Happening};
/// use siting::manifest::spec::Specs;
/// use siting::simulation::carry_out;
/// use siting::time::Moment;
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let mut workspace = Workspace::from_specs(Specs::default(), LoadOptions::default())?;
/// let bert = workspace.workload("model", &"bert".parse()?).ok_or("no such type")?;
/// let wake = Happening::Do(Action::Wake("v1".to_owned()));
/// let refusal = carry_out(&mut workspace, &bert, Moment::default(), &wake).unwrap_err();
/// assert_eq!(refusal.to_string(), "there is no deployment `v1` (L1)");
///
/// let traffic = Happening::Traffic { endpoint: EndpointSpec::Workload, per_second: 100, from: None };
/// let refusal = carry_out(&mut workspace, &bert, Moment::default(), &traffic).unwrap_err();
/// assert_eq!(refusal.rule, "L12");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The [`Refusal`] of the command; nothing has changed then, but for policies that were set. What only a
/// scripted host can bring about is refused too.
pub fn carry_out(
    scene: &mut Workspace,
    workload: &Workload,
    now: Moment,
    happening: &Happening,
) -> Result<Vec<Effect>, Refusal> {
    if let Happening::Traffic { .. } | Happening::Metrics(_) | Happening::Fail { .. } = happening {
        let message = "`traffic`, `metrics` and `fail` need a scripted host, which scenarios have";
        return Err(Refusal::new("L12", message).next("say what was seen, as an observation"));
    }
    happen(scene, None, workload, now, happening)
}

/// The same, before a host that may be scripted, and however much time has passed: a scenario says when its steps are.
pub(super) fn step(
    scene: &mut Workspace,
    host: Option<&mut Host>,
    workload: &Workload,
    now: Moment,
    happening: &Happening,
) -> Result<Vec<Effect>, Refusal> {
    scene.jump_to(now);
    happen(scene, host, workload, now, happening)
}

fn happen(
    scene: &mut Workspace,
    host: Option<&mut Host>,
    workload: &Workload,
    now: Moment,
    happening: &Happening,
) -> Result<Vec<Effect>, Refusal> {
    if let Happening::SetPolicies { environment, policies } = happening {
        return set_policies(scene, workload, now, environment, policies);
    }
    if let Some(host) = host {
        match happening {
            Happening::Traffic { endpoint, per_second, from } => {
                if let EndpointSpec::Environment(name) = endpoint {
                    scene.find_environment(name.as_str()).map_err(unknown_name)?;
                }
                let found = expectations::endpoint(&scene.state_of(workload)?, endpoint);
                let unknown = || Refusal::new("L1", format!("there is no `{endpoint}`"));
                let country = from.as_deref().and_then(|code| scene.catalog().country(code));
                host.expect_traffic(found.ok_or_else(unknown)?, country, *per_second);
            }
            Happening::Metrics(shown) => host.show(shown)?,
            Happening::Fail { deployment, replicas } => {
                let state = scene.state_of(workload)?;
                let unknown = || Refusal::new("L1", format!("there is no deployment `{deployment}`"));
                host.fail(&state, state.find(deployment).ok_or_else(unknown)?, *replicas);
            }
            _ => {}
        }
    }
    let Some(action) = action(scene, workload, happening)? else { return Ok(Vec::new()) };
    scene.carry_out(now, workload, action)
}

/// The command that a step is, with its deployments looked up by name or id; `None` of a step that is none. A host that
/// takes commands in the words of scenarios puts it into a change.
///
/// ```
/// use siting::lifecycle::{Action, Push, PushKind};
/// use siting::manifest::scenario::Happening;
/// use siting::simulation::action;
/// use siting::time::Moment;
/// use siting::workspace::WorkspaceChange;
/// use siting::Workspace;
///
/// let mut workspace: Workspace = "".parse()?;
/// let push = Action::Push(Push::new(PushKind::Published, "v1"));
/// workspace.change(Moment::default(), WorkspaceChange::new().command("model", "bert".parse()?, push))?;
/// let bert = workspace.find_workload("model", "bert")?;
/// let step = Happening::Do(Action::Deactivate("bert-1".to_owned()));
/// let action = action(&workspace, &bert, &step)?.ok_or("it is a command")?;
/// let stop = WorkspaceChange::new().command("model", bert.name, action);
/// assert!(workspace.change(Moment::default(), stop)?.changed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Refusal`] of a deployment that is not there.
pub fn action(scene: &Workspace, workload: &Workload, happening: &Happening) -> Result<Option<Action>, Refusal> {
    let state = scene.life(workload).map(|life| life.state());
    let number = |address: &str| -> Result<Number, Refusal> {
        let found = state.and_then(|state| state.find(address));
        found.ok_or_else(|| Refusal::new("L1", format!("there is no deployment `{address}`")))
    };
    Ok(match happening {
        Happening::Push(spec) => Some(Action::Push(push(scene, spec)?)),
        Happening::Do(action) => Some(action.clone().try_map(|address| number(&address))?),
        Happening::Observe(observation, address) => {
            let deployment = number(address)?;
            let record = state.and_then(|state| state.deployment(deployment));
            let generation = record.map_or(0, |record| record.generation);
            Some(Action::Observe { deployment, generation, observation: *observation })
        }
        Happening::Wait
        | Happening::Traffic { .. }
        | Happening::Metrics(_)
        | Happening::Fail { .. }
        | Happening::SetPolicies { .. } => None,
    })
}

/// What a step pushes: its own words first, then those of the deployment that it takes after.
fn push(scene: &Workspace, spec: &PushSpec) -> Result<Push, Refusal> {
    let mut push = spec.push.clone();
    if let Some(address) = &spec.from {
        let found = scene.find_deployment(address).map_err(unknown_name)?;
        if let Some(from) = scene.push_of(found, push.kind.clone()) {
            push.name = push.name.or(from.name);
            push.version = push.version.or(from.version);
            push.environment = push.environment.or(from.environment);
            push.settings = from.settings;
        }
    }
    let plan = Edit { changes: spec.changes.clone() }.plan(&push.settings);
    push.settings = Arc::new(plan.settings().clone());
    Ok(push)
}

fn unknown_name(error: impl ToString) -> Refusal {
    Refusal::new("C8", error.to_string())
}

/// Other policies, and what follows for what runs of the workload (L13). The effects are its own: what follows for
/// others, whose deployments have the same numbers, is for whoever asks for it.
fn set_policies(
    scene: &mut Workspace,
    workload: &Workload,
    now: Moment,
    environment: &str,
    policies: &[AttachmentSpec],
) -> Result<Vec<Effect>, Refusal> {
    let policies = policies.iter().map(|spec| (spec.policy.value.clone(), spec.terms())).collect();
    let change = PolicyChange { environment: Some(environment.to_owned()), policies };
    scene.change_policies(&change).map_err(unknown_name)?;
    let settled = scene.settle_violations_of(now, workload).into_iter().map(|(_, done)| done);
    Ok(settled.collect::<Result<Vec<_>, _>>()?.concat())
}
