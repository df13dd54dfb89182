//! Faults planted in what the machine answers: each must break a claim.

use serde_json::Value;
use siting::lifecycle::{Action, Effect, Push, PushKind, State, Status};

use super::actions::Outcome;
use super::claims::Routes;

/// A fault that is planted in what the machine answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The candidate of a promotion can be deleted.
    CandidateDeleted,
    /// A second draft is pushed beside the first.
    TwoDrafts,
    /// An inactive deployment takes a slot.
    InactivePromoted,
    /// Routes of a replaced holder are not led elsewhere.
    ReplacedStillRouted,
    /// A deletion gives the number back.
    IdUsedAgain,
    /// The holder gives up its replicas before the candidate's are ready.
    HolderLeavesEarly,
    /// Replicas that did not start take down those that are ready.
    FailedStopsReady,
    /// An observation counts again.
    OldObservationCounts,
    /// A candidate takes over where it may not be.
    ForbiddenTakesOver,
    /// A start has no deadline.
    StartWithoutDeadline,
}

impl Fault {
    /// What the faulty machine makes of an action that is refused.
    pub(crate) fn instead_of_refusal(self, state: &State, led: &Routes, action: &Action) -> Option<Outcome> {
        let mut effects = Vec::new();
        let after = match (self, action) {
            (Self::CandidateDeleted, Action::Delete(number)) if state.sought_by(*number).is_some() => {
                let ways = led.iter().filter(|(_, to)| to == number).map(|(way, _)| way.clone());
                effects.extend(ways.map(|endpoint| Effect::Unroute { endpoint }));
                tampered(state, |json| {
                    json["deployments"].as_object_mut().unwrap().remove(&number.to_string());
                })
            }
            (Self::OldObservationCounts, Action::ObservePlace { deployment, .. }) if state.ignores(action) => {
                state.deployment(*deployment)?;
                tampered(state, |json| {
                    json["deployments"][deployment.to_string()]["sites"][0]["seen"]["ready"] = 0.into();
                    json["deployments"][deployment.to_string()]["sites"][0]["seen"]["lost"] = 1.into();
                })
            }
            (Self::InactivePromoted, Action::Promote { deployment, environment, .. })
                if state.held_by(*deployment).is_none()
                    && state
                        .deployment(*deployment)
                        .is_some_and(|record| record.status == Status::Inactive && !record.draft) =>
            {
                tampered(state, |json| {
                    let slot = serde_json::json!({"holder": deployment, "previous": null, "promotion": null});
                    json["slots"][environment.as_str()] = slot;
                    json["deployments"][deployment.to_string()]["governor"] = environment.as_str().into();
                })
            }
            _ => return None,
        };
        Some(Outcome { effects, after })
    }

    /// What the faulty machine makes of an action that is carried out.
    pub(crate) fn instead_of(self, state: &State, led: &Routes, action: &Action, outcome: Outcome) -> Outcome {
        let Outcome { effects, after } = outcome;
        match (self, action) {
            (Self::TwoDrafts, Action::Push(Push { kind: PushKind::Draft, .. })) if state.draft().is_some() => {
                let twin = tampered(state, |json| {
                    let number = state.next_number().get();
                    let mut twin = serde_json::to_value(state.draft().unwrap()).unwrap();
                    twin["number"] = number.into();
                    json["deployments"][number.to_string()] = twin;
                    json["next"] = (number + 1).into();
                });
                Outcome { effects: Vec::new(), after: twin }
            }
            (Self::ReplacedStillRouted, _) => {
                let replaces = |effect: &Effect| match effect {
                    Effect::Route { endpoint, .. } => led.iter().any(|(known, _)| known == endpoint),
                    _ => false,
                };
                Outcome { effects: effects.into_iter().filter(|effect| !replaces(effect)).collect(), after }
            }
            (Self::IdUsedAgain, Action::Delete(number)) => {
                let after = tampered(&after, |json| json["next"] = number.get().into());
                Outcome { effects, after }
            }
            (Self::HolderLeavesEarly, Action::Advance { candidate, .. }) => {
                let holder = state.sought_by(*candidate).and_then(|sought| after.holder(sought.as_str()));
                match holder.filter(|holder| !holder.sites.is_empty() && after.rollout_by(*candidate).is_some()) {
                    None => Outcome { effects, after },
                    Some(holder) => {
                        let number = holder.number.to_string();
                        let after =
                            tampered(&after, |json| json["deployments"][&number]["sites"] = Value::Array(Vec::new()));
                        Outcome { effects: crate::walk_support::claims::routed(led, &after), after }
                    }
                }
            }
            (Self::FailedStopsReady, Action::ObservePlace { deployment, seen, .. })
                if seen.failed > 0
                    && seen.ready > 0
                    && after.deployment(*deployment).is_some_and(|record| record.ready() > 0) =>
            {
                let after = tampered(&after, |json| {
                    for site in json["deployments"][deployment.to_string()]["sites"].as_array_mut().unwrap() {
                        site["seen"] = serde_json::json!({"sequence": seen.sequence, "lost": 1});
                    }
                    json["deployments"][deployment.to_string()]["status"] = "UNHEALTHY".into();
                });
                Outcome { effects: crate::walk_support::claims::routed(led, &after), after }
            }
            (Self::ForbiddenTakesOver, Action::Advance { candidate, sight })
                if !sight.forbidden.is_empty()
                    && state
                        .deployment(*candidate)
                        .is_some_and(|record| record.status == Status::Active && record.ready() > 0) =>
            {
                let old = state.slot("production").and_then(|slot| slot.holder);
                let after = tampered(state, |json| {
                    json["slots"]["production"]["holder"] = serde_json::json!(candidate);
                    json["slots"]["production"]["promotion"] = Value::Null;
                    if let Some(old) = old {
                        json["deployments"][old.to_string()]["status"] = "ACTIVE".into();
                    }
                });
                Outcome { effects: crate::walk_support::claims::routed(led, &after), after }
            }
            (Self::StartWithoutDeadline, Action::Scale { deployment, .. }) => {
                let after =
                    tampered(&after, |json| json["deployments"][deployment.to_string()]["deadline"] = Value::Null);
                Outcome { effects, after }
            }
            _ => Outcome { effects, after },
        }
    }
}

/// A state with something changed in it that no command changes.
pub(crate) fn tampered(state: &State, change: impl FnOnce(&mut Value)) -> State {
    let mut json = serde_json::to_value(state).unwrap();
    change(&mut json);
    serde_json::from_value(json).unwrap()
}
