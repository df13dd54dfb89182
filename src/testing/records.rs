//! What lifecycles are made of and produce: records, effects, snapshots, answers to calls.

use std::collections::HashSet;
use std::mem::discriminant;
use std::sync::Arc;

use super::choices::{Choices, Draw};
use super::lives::CommandSequence;
use super::loaded;
use super::values::{environment, fresh, name, span, text, valid, words};
use crate::lifecycle::{
    Adopted, Answer, Around, CAPABILITIES, Callee, Capability, CapabilityRow, Cause, Class, Command, Edit, EditPlan,
    Effect, Endpoint, Entry, Event, Field, Form, Journal, Lacking, Notice, Number, Place, PlacementRequest,
    PlannedChange, Purpose, Record, Role, Rollback, Seen, Settings, Share, Site, Snapshot, State, Status, TRANSITIONS,
    Tombstone, Transition, Weight,
};
use crate::rollout::WhenIdle;
use crate::time::Moment;

words! {
    Role: Published Production Development;
    Capability: CallById CallByWorkload LiveReload ScaleToZero FullAutoscaling ZeroDowntimeUpdates Deactivate Delete
        Rename;
    Event: Built Loading Ready Failed Moved MoveFailed Drained Unhealthy Healthy Push Patch Restart ColdRestart Rollout
        RolloutOver Idle Replaced Wake Deactivate Activate Delete;
    Purpose: Place Replace Shrink;
    Lacking: Version Replicas Sight Changes Name;
    Cause: Deactivated Deleted NeverThere NotProduction NoHolder;
}

/// Draws of rows of a table.
macro_rules! rows {
    ($($name:ty: $table:expr;)+) => {$(
        impl Draw for $name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                valid(choices, |choices| choices.pick($table).copied())
            }
        }
    )+};
}

rows! {
    Status: &Status::ALL;
    Field: Field::ALL;
    CapabilityRow: &CAPABILITIES;
    Transition: TRANSITIONS;
}

impl Draw for Class {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Field::draw(choices).class()
    }
}

impl Draw for Adopted {
    /// A deployment that runs already; an empty lifecycle accepts it.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            name: name(choices.one_of("blue", ["green", "é"])),
            version: choices.maybe(60, text),
            governor: environment(choices),
            holds: choices.chance(50),
            settings: Arc::new(Settings::draw(choices)),
            places: choices.several(1, 3, Place::draw),
        }
    }
}

impl Draw for Snapshot {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Journal::draw(choices).snapshot()
    }
}

impl Draw for Entry {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { at: Moment::draw(choices), command: Command::draw(choices) }
    }
}

loaded::parts! { Journal::draw =>
    Around: |journal| journal.states().last().map(|(_, around)| around);
}

loaded::parts! { State::draw =>
    Record: |state| state.deployments().last().cloned();
}

impl Draw for Effect {
    /// Something that a sequence of commands entails; some share calls, as few sequences have it.
    fn draw(choices: &mut Choices<'_>) -> Self {
        if choices.chance(5) {
            let (old, new) = parts(choices);
            let weight = |number, percent| Weight { deployment: Number::new(number), percent };
            let endpoint = Endpoint::Environment(environment(choices));
            return Self::Split { endpoint, shares: vec![weight(1, old), weight(2, new)] };
        }
        valid(choices, |choices| {
            let CommandSequence { mut origin, commands } = CommandSequence::draw(choices);
            let effects = commands.into_iter().filter_map(|(now, command)| origin.apply(now, &command).ok());
            // The last of each kind, so that the rare are drawn as well.
            let mut effects: Vec<_> = effects.flatten().collect();
            let mut seen = HashSet::new();
            effects.reverse();
            effects.retain(|effect| seen.insert(discriminant(effect)));
            choices.pick(&effects).cloned()
        })
    }
}

impl Draw for Notice {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (environment, deployment) = (environment(choices), Number::draw(choices));
        match choices.below(10) {
            0 => Self::PromotionStarted { environment, candidate: deployment },
            1 => Self::Promoted { environment, holder: deployment, previous: choices.maybe(50, Number::draw) },
            2 => Self::PromotionEnded { environment, candidate: deployment, reason: text(choices) },
            3 => Self::RolloutPaused { environment, reason: text(choices) },
            4 => Self::RolloutWaits { deployment, reason: text(choices) },
            5 => Self::RollingBack { environment, candidate: deployment, reason: text(choices) },
            6 => Self::Failed { deployment },
            7 => Self::RolloutIdle { environment, candidate: deployment, when_idle: WhenIdle::draw(choices) },
            8 => {
                let replicas = choices.below(9);
                let holders = replicas + choices.between(1, 9);
                Self::FewerReplicas { environment, candidate: deployment, replicas, holders }
            }
            _ => Self::Deleted { deployment, name: fresh(choices) },
        }
    }
}

impl Draw for Weight {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { deployment: Number::draw(choices), percent: percent(choices) }
    }
}

/// A part of the calls that is not none.
fn percent(choices: &mut Choices<'_>) -> u8 {
    u8::try_from(choices.between(1, 100)).unwrap_or(1)
}

/// Two parts of the calls that are all of them together.
fn parts(choices: &mut Choices<'_>) -> (u8, u8) {
    let one = percent(choices).min(99);
    (one, 100 - one)
}

impl Draw for Form {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let deployment = Number::draw(choices);
        match choices.below(6) {
            0 => Self::Scale { deployment },
            1 => Self::Edit { deployment },
            2 => Self::Rename { deployment },
            3 => Self::Autoscale { deployment },
            4 => Self::Advance { candidate: deployment },
            _ => Self::UpdateVersion { environment: environment(choices) },
        }
    }
}

impl Draw for PlacementRequest {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            deployment: Number::draw(choices),
            governors: choices.several(1, 2, environment),
            replicas: choices.between(1, 5),
            settings: Arc::new(Settings::draw(choices)),
            keep: choices.several(0, 2, Place::draw),
            beside: choices.several(0, 2, Place::draw),
            purpose: Purpose::draw(choices),
        }
    }
}

impl Draw for EditPlan {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Edit::draw(choices).plan(&Settings::draw(choices))
    }
}

impl Draw for PlannedChange {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let field = Field::draw(choices);
        Self { field, class: field.class(), before: text(choices), after: text(choices) }
    }
}

impl Draw for Rollback {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { candidate: Number::draw(choices), reason: text(choices), at: Moment::draw(choices) }
    }
}

impl Draw for Seen {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let sequence = choices.maybe(70, |choices| choices.between(1, 9).into());
        Self { sequence, ready: choices.below(4), lost: choices.below(3), failed: choices.below(2) }
    }
}

impl Draw for Site {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let place = Place::draw(choices);
        let seen = choices.maybe(30, |choices| Seen::draw(choices).of(place.replicas));
        let lost_since = choices.maybe(10, Moment::draw);
        let gone_since = choices.maybe(5, Moment::draw);
        Self { place, generation: choices.between(1, 5).into(), seen, lost_since, gone_since }
    }
}

impl Draw for Tombstone {
    /// One that was deleted after it was made, and used in between.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (created, used) = (Moment::from_millis(choices.up_to(1 << 40)), span(choices, 3_600_000));
        let deleted = created.after(used).after(span(choices, 3_600_000));
        Self { name: fresh(choices), version: choices.maybe(60, text), created, deleted, used }
    }
}

impl Draw for Answer {
    /// The answer to a request in a drawn lifecycle; some are split, which few lifecycles have.
    fn draw(choices: &mut Choices<'_>) -> Self {
        if choices.chance(10) {
            let (old, new) = parts(choices);
            let mut share = |percent| Share { percent, ..Share::draw(choices) };
            return Self::Split(vec![share(old), share(new)]);
        }
        // Of whom callers are cut from, policies say.
        if choices.chance(5) {
            return Self::NotForCaller(Callee::draw(choices));
        }
        State::draw(choices).route(&Endpoint::draw(choices))
    }
}

impl Draw for Callee {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            deployment: Number::draw(choices),
            name: fresh(choices),
            version: choices.maybe(60, text),
            status: Status::draw(choices),
        }
    }
}

impl Draw for Share {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { callee: Callee::draw(choices), percent: percent(choices) }
    }
}
