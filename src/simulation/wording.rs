//! Steps and effects in words, as reports and expectations have them.

use crate::id::Name;
use crate::lifecycle::{Action, Effect, Endpoint, Notice, Number, Observation, Place, Push, PushKind, State};
use crate::manifest::scenario::{EndpointSpec, Happening, PushSpec};
use crate::origin::printable;
use crate::rollout::WhenIdle;
use crate::time::Moment;

/// An effect in a few words: `start bert-2 at paris ×1`. Deployments go by their names while they have
/// any.
///
/// ```
/// use siting::lifecycle::{Effect, Endpoint, State};
/// use siting::simulation::effect_in_words;
///
/// let state = State::new("model", "bert".parse()?, "production".parse()?);
/// let effect = Effect::Unroute { endpoint: Endpoint::Environment("production".parse()?) };
/// assert_eq!(effect_in_words(&state, &effect), "unroute environment/production");
/// # Ok::<(), siting::id::InvalidName>(())
/// ```
#[must_use]
pub fn effect(state: &State, effect: &Effect) -> String {
    let name = |number: &Number| named(state, *number);
    match effect {
        Effect::Route { endpoint, deployment } => format!("route {} to {}", way(state, endpoint), name(deployment)),
        Effect::Split { endpoint, shares } => {
            let shares = shares.iter().map(|share| format!("{} {}%", name(&share.deployment), share.percent));
            format!("split {}: {}", way(state, endpoint), shares.collect::<Vec<_>>().join(", "))
        }
        Effect::Unroute { endpoint } => format!("unroute {}", way(state, endpoint)),
        Effect::Build { deployment, .. } => format!("build {}", name(deployment)),
        Effect::StopBuild { deployment } => format!("stop building {}", name(deployment)),
        Effect::Start { deployment, places, .. } => format!("start {} at {}", name(deployment), at(places)),
        Effect::Stop { deployment, places, .. } => format!("stop {} at {}", name(deployment), at(places)),
        Effect::Patch { deployment, .. } => format!("patch {}", name(deployment)),
        Effect::Configure { deployment, fields } => {
            let fields: Vec<_> = fields.iter().map(|field| field.as_str()).collect();
            format!("configure {}: {}", name(deployment), fields.join(", "))
        }
        Effect::Timer { deployment, .. } => format!("timer for {}", name(deployment)),
        Effect::Notify(notice) => format!("notify: {}", news(state, notice)),
    }
}

/// What is told, in a few words.
pub(super) fn news(state: &State, notice: &Notice) -> String {
    let name = |number: &Number| named(state, *number);
    match notice {
        Notice::PromotionStarted { environment, candidate } => {
            format!("{} is being promoted to {environment}", name(candidate))
        }
        Notice::Promoted { environment, holder, previous: None } => format!("{} holds {environment}", name(holder)),
        Notice::Promoted { environment, holder, previous: Some(previous) } => {
            format!("{} holds {environment} in the place of {}", name(holder), name(previous))
        }
        Notice::PromotionEnded { environment, candidate, reason } => {
            format!("{} is not promoted to {environment}: {reason}", name(candidate))
        }
        Notice::RolloutPaused { environment, reason } => format!("the rollout in {environment} is paused: {reason}"),
        Notice::RolloutWaits { deployment, reason } => format!("{} waits for room: {reason}", name(deployment)),
        Notice::RolloutIdle { environment, candidate, when_idle } => {
            let then = match when_idle {
                WhenIdle::Wait => "it waits for some",
                WhenIdle::Proceed => "it goes on without",
            };
            format!("no request in {environment} to judge {} by: {then}", name(candidate))
        }
        Notice::FewerReplicas { environment, candidate, replicas, holders } => {
            format!("{} will have {replicas} replicas in {environment}, where now are {holders}", name(candidate))
        }
        Notice::RollingBack { environment, candidate, reason } => {
            format!("{} is rolled back in {environment}: {reason}", name(candidate))
        }
        Notice::Failed { deployment } => format!("{} failed", name(deployment)),
        Notice::Deleted { name, .. } => format!("{name} is deleted"),
    }
}

/// A deployment's name, or its id where it has none any more.
pub(super) fn named(state: &State, number: Number) -> String {
    match state.deployment(number) {
        Some(record) => record.name.to_string(),
        None => state.tombstone(number).map_or_else(|| state.id(number), |tombstone| tombstone.name.to_string()),
    }
}

pub(super) fn way(state: &State, endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Workload => "workload".to_owned(),
        Endpoint::Draft => "draft".to_owned(),
        Endpoint::Environment(name) => format!("environment/{name}"),
        Endpoint::Deployment(number) => format!("deployment/{}", named(state, *number)),
    }
}

fn at(places: &[Place]) -> String {
    let words: Vec<_> = places.iter().map(|place| format!("{} ×{}", place.cluster, place.replicas)).collect();
    words.join(", ")
}

/// A moment as a date and time, in UTC.
///
/// ```
/// use siting::simulation::moment_in_words;
/// use siting::time::Moment;
/// assert_eq!(moment_in_words(Moment::from_millis(0)), "1970-01-01T00:00:00Z");
/// ```
#[must_use]
pub fn moment(moment: Moment) -> String {
    let millis = i64::try_from(moment.as_millis()).ok();
    let stamp = millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    stamp.map_or_else(|| format!("{} ms", moment.as_millis()), |stamp| stamp.to_string())
}

/// What happens, in a few words. They may quote a scenario's own.
pub(super) fn happening(happening: &Happening) -> String {
    printable(&told(happening)).into_owned()
}

fn told(happening: &Happening) -> String {
    match happening {
        Happening::Push(PushSpec { from, push, .. }) => pushed(push, from.as_ref().map(|from| &*from.value)),
        Happening::Do(action) => asked(action),
        Happening::Wait => "wait".to_owned(),
        Happening::Traffic { endpoint, per_second, from } => {
            let called = match endpoint {
                EndpointSpec::Environment(name) => name.to_string(),
                other => other.to_string(),
            };
            let from = from.as_ref().map_or_else(String::new, |country| format!(" from {country}"));
            format!("{called} gets {per_second} requests a second{from}")
        }
        Happening::Metrics(shown) => format!("version {} shows other metrics", shown.version),
        Happening::Fail { deployment, replicas } => format!("{replicas} replicas of {deployment} fail"),
        Happening::Observe(observation, deployment) => seen(*observation, deployment),
        Happening::SetPolicies { environment, policies } => {
            let names: Vec<_> = policies.iter().map(|spec| spec.policy.as_str()).collect();
            format!("{} is governed by [{}]", environment.value, names.join(", "))
        }
    }
}

/// What is asked, in a few words.
fn asked(action: &Action<String>) -> String {
    match action {
        Action::Push(push) => pushed(push, None),
        Action::Patch { .. } => "patch the draft".to_owned(),
        Action::Promote { deployment, environment, .. } => format!("promote {deployment} to {environment}"),
        Action::Advance { candidate, .. } => format!("advance the rollout of {candidate}"),
        Action::Activate(deployment)
        | Action::Deactivate(deployment)
        | Action::Wake(deployment)
        | Action::Idle(deployment)
        | Action::Move(deployment)
        | Action::Replace(deployment)
        | Action::Delete(deployment) => format!("{} {deployment}", action.verb()),
        Action::Scale { deployment, replicas } | Action::Autoscale { deployment, replicas } => {
            format!("scale {deployment} to {replicas}")
        }
        Action::Edit { deployment, .. } => format!("edit {deployment}"),
        Action::Rename { deployment, name } => format!("rename {deployment} to {name}"),
        Action::DeleteWorkload => "delete the workload".to_owned(),
        Action::Observe { deployment, observation, .. } => seen(*observation, deployment),
        Action::ObservePlace { deployment, seen, .. } => format!("{deployment}: {seen}"),
        Action::ClusterLost { cluster } => format!("cluster {cluster} is lost"),
        Action::ClusterBack { cluster } => format!("cluster {cluster} is back"),
        Action::NodesGone { deployment, place, .. } => {
            format!("{} replicas of {deployment} on {} have lost their nodes", place.replicas, place.cluster)
        }
        other => other.on_environment().unwrap_or_else(|| other.verb().to_owned()),
    }
}

/// A version that is pushed: by its own name, or that of the deployment which it takes after.
fn pushed(push: &Push, from: Option<&str>) -> String {
    let unnamed = if push.kind == PushKind::Draft { "the draft" } else { "a deployment" };
    let what = push.name.as_ref().map(Name::as_str).or(from).unwrap_or(unnamed);
    let version = push.version.as_ref().map(|version| format!(" ({version})")).unwrap_or_default();
    let to = match &push.kind {
        PushKind::Promoted { environment, .. } => format!(", to be promoted to {environment}"),
        PushKind::Draft | PushKind::Published => String::new(),
    };
    format!("push {what}{version}{to}")
}

fn seen(observation: Observation, deployment: &str) -> String {
    format!("{deployment} is {}", observation.as_str())
}
