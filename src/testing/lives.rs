//! Lifecycles of workloads: commands that could be given, and whole sequences of them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::choices::{Choices, Draw};
use super::next_action::next_action;
use super::values::{environment, fresh, name, span, text, words};
use crate::lifecycle::{
    Action, Adopted, Command, Edit, Endpoint, Journal, Number, Observation, Place, PlaceSeen, Placed, PlacementRequest,
    PromotionStrategy, Push, PushKind, Settings, Sight, State,
};
use crate::metrics::Summary;
use crate::policy::OnReplaced;
use crate::rollout;
use crate::time::Moment;

const CLUSTERS: [&str; 3] = ["paris", "oslo", "rome"];

/// How long sequences of commands are, where they begin, and how much of them is refused.
///
/// ```
/// use siting::lifecycle::Journal;
/// use siting::testing::{Choices, CommandOptions};
///
/// let options = CommandOptions { illegal: 0, unplaced: 0, misplaced: 0, ..CommandOptions::default() };
/// let sequence = options.draw(&mut Choices::seeded(1));
/// let mut journal = Journal::new(sequence.origin);
/// for (now, command) in sequence.commands {
///     journal.apply(now, command)?; // none is refused
/// }
/// # Ok::<(), siting::lifecycle::Refusal>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommandOptions {
    /// How many commands.
    pub commands: RangeInclusive<u32>,
    /// Of a hundred commands, how many are drawn without regard to the state; most of these are refused.
    pub illegal: u8,
    /// Of a hundred placements that a command needs, how many are refused.
    pub unplaced: u8,
    /// Of a hundred placements that a command needs, how many are wrong: missing, of another deployment, of
    /// another number of replicas, or there twice. Except for the last, where nothing is wrong with the first of the
    /// two, the command is refused (L12).
    pub misplaced: u8,
    /// Of a hundred sequences, how many begin with a deployment that ran before.
    pub adopted: u8,
}

impl Default for CommandOptions {
    /// Up to 40 commands; one in five may be illegal, one in twenty placements is refused, and three in a
    /// hundred are wrong. One lifecycle in ten begins with a deployment that ran before.
    fn default() -> Self {
        Self { commands: 1..=40, illegal: 20, unplaced: 5, misplaced: 3, adopted: 10 }
    }
}

/// The lifecycle of a workload: where it begins, and what is asked for, in ascending order of time.
#[derive(Clone, PartialEq, Debug)]
pub struct CommandSequence {
    /// The state before the first command.
    pub origin: State,
    /// What is asked for when.
    pub commands: Vec<(Moment, Command)>,
}

impl CommandOptions {
    /// A sequence in which each command meets the state that those before it have led to.
    #[must_use]
    pub fn draw(&self, choices: &mut Choices<'_>) -> CommandSequence {
        let mut origin = State::new("model", name("bert"), name("production"));
        if let Some(adopted) = choices.maybe(self.adopted, Adopted::draw) {
            // One that is refused leaves the state as it is.
            let _ = origin.adopt(Moment::default(), adopted);
        }
        let (mut state, mut now) = (origin.clone(), Moment::default());
        let commands = choices.several(*self.commands.start(), *self.commands.end(), |choices| {
            now = now.after(span(choices, 3_600_000));
            let command = self.command(choices, &state, now);
            // A refused one leaves the state as it is.
            let _ = state.apply(now, &command);
            (now, command)
        });
        CommandSequence { origin, commands }
    }

    /// A command for a state: mostly a legal one, with the placements it needs, or nearly these.
    #[must_use]
    pub fn command(&self, choices: &mut Choices<'_>, state: &State, now: Moment) -> Command {
        let illegal = choices.chance(self.illegal);
        let action = if illegal { drawn(choices, state) } else { next_action(choices, state, now) };
        let requests = state.placements_needed(now, &action);
        let placements = requests.iter().flat_map(|request| {
            let placed = self.placed(choices, &action, request);
            if choices.chance(self.misplaced) { misplaced(choices, placed) } else { vec![placed] }
        });
        let placements = placements.collect();
        Command { action, placements }
    }

    fn placed(&self, choices: &mut Choices<'_>, action: &Action, request: &PlacementRequest) -> Placed {
        let deployment = request.deployment;
        if choices.chance(self.unplaced) {
            return Placed::refused(deployment, "there is no room");
        }
        if matches!(action, Action::Move(_)) {
            // To where nothing of it is, else it would not move.
            let pool = name(if request.keep.iter().any(|place| place.pool.as_str() == "a") { "b" } else { "a" });
            let places = vec![Place { pool, ..place(choices, request.replicas) }];
            return Placed::at(deployment, places);
        }
        if !request.keep.is_empty() {
            return Placed::at(deployment, request.keep.clone());
        }
        let first = choices.between(u32::from(request.replicas > 0), request.replicas);
        let mut places: Vec<_> = [first, request.replicas - first].map(|replicas| place(choices, replicas)).into();
        places.retain(|place| place.replicas > 0);
        Placed::at(deployment, places)
    }
}

/// What a host makes of a placement that confuses something.
fn misplaced(choices: &mut Choices<'_>, placed: Placed) -> Vec<Placed> {
    match choices.below(4) {
        0 => Vec::new(),
        1 => vec![Placed { deployment: Number::new(placed.deployment.get().saturating_add(1)), ..placed }],
        2 => {
            let more = place(choices, 1);
            vec![Placed { places: placed.places.iter().cloned().chain([more]).collect(), ..placed }]
        }
        _ => vec![placed.clone(), placed],
    }
}

/// Any action on what there is, and a little beyond.
fn drawn(choices: &mut Choices<'_>, state: &State) -> Action {
    let known = u32::try_from(state.next_number().get()).unwrap_or(u32::MAX);
    let deployment = Number::new(u64::from(choices.between(1, known)));
    action(choices, deployment, state.deployment(deployment).map_or(0, |record| record.generation))
}

fn action(choices: &mut Choices<'_>, deployment: Number, generation: u64) -> Action {
    let on_replaced = choices.maybe(30, OnReplaced::draw);
    let by = choices.maybe(30, PromotionStrategy::draw).map(Box::new);
    match choices.below(28) {
        0 => Action::Push(Push::draw(choices)),
        1 => Action::Patch { version: choices.maybe(50, text) },
        2 => {
            let (environment, name) = (environment(choices), choices.maybe(20, fresh));
            Action::Promote { deployment, environment, name, on_replaced, force: choices.chance(30), by }
        }
        3 => {
            let (from, to, name) = (environment(choices), environment(choices), choices.maybe(20, fresh));
            Action::Release { from, to, name, on_replaced, by }
        }
        4 => {
            let (environment, name) = (environment(choices), choices.maybe(20, fresh));
            Action::UpdateVersion { environment, version: text(choices), name, on_replaced, by }
        }
        5 => Action::RollBack { environment: environment(choices), on_replaced, by },
        6 => Action::Cancel { environment: environment(choices) },
        7 => Action::Activate(deployment),
        8 => Action::Deactivate(deployment),
        9 => Action::Wake(deployment),
        10 => Action::Idle(deployment),
        11 => Action::Scale { deployment, replicas: choices.below(6) },
        12 => Action::Edit { deployment, edit: Edit::draw(choices) },
        13 => Action::Rename { deployment, name: fresh(choices) },
        14 => Action::Move(deployment),
        15 => Action::Delete(deployment),
        16 => Action::Observe {
            deployment,
            generation: generation.saturating_add(u64::from(choices.below(3))).saturating_sub(1),
            observation: Observation::draw(choices),
        },
        17 => Action::Pause { environment: environment(choices) },
        18 => Action::Resume { environment: environment(choices) },
        19 => Action::ForceForward { environment: environment(choices) },
        20 => Action::Advance { candidate: deployment, sight: Box::new(Sight::draw(choices)) },
        21 => Action::Autoscale { deployment, replicas: choices.below(6) },
        22 => Action::ObservePlace {
            deployment,
            generation: generation.saturating_add(u64::from(choices.below(3))).saturating_sub(1),
            seen: PlaceSeen::draw(choices),
        },
        23 => Action::ClusterLost { cluster: place(choices, 1).cluster },
        24 => Action::ClusterBack { cluster: place(choices, 1).cluster },
        25 => Action::Replace(deployment),
        26 => {
            let replicas = choices.below(4);
            Action::NodesGone { deployment, generation, place: place(choices, replicas) }
        }
        _ => Action::DeleteWorkload,
    }
}

fn place(choices: &mut Choices<'_>, replicas: u32) -> Place {
    let cluster = name(choices.pick(&CLUSTERS).copied().unwrap_or("paris"));
    Place { cluster, pool: name("a"), flavor: choices.one_of("gpu:t4", ["cpu:x86"]).into(), replicas }
}

words! {
    Observation: Ready Built Loading Failed Drained Unhealthy Healthy TimerFired;
}

impl Draw for Number {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::new(u64::from(choices.between(1, 5)))
    }
}

impl Draw for Action {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let deployment = Number::draw(choices);
        action(choices, deployment, 1)
    }
}

impl Draw for Command {
    /// A command that carries no placements: for an action that needs none.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Action::draw(choices).into()
    }
}

impl Draw for CommandSequence {
    fn draw(choices: &mut Choices<'_>) -> Self {
        CommandOptions::default().draw(choices)
    }
}

impl Draw for PushKind {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::Published,
            1 => Self::Draft,
            _ => Self::Promoted {
                environment: environment(choices),
                on_replaced: choices.maybe(30, OnReplaced::draw),
                by: choices.maybe(30, PromotionStrategy::draw).map(Box::new),
            },
        }
    }
}

impl Draw for PromotionStrategy {
    fn draw(choices: &mut Choices<'_>) -> Self {
        if choices.chance(30) { Self::AtOnce } else { Self::By(rollout::Settings::draw(choices)) }
    }
}

impl Draw for Sight {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            old: choices.below(6),
            new: choices.below(6),
            requests: choices.up_to(10_000),
            summary: choices.maybe(30, Summary::draw),
            forbidden: Vec::new(),
            no_room: choices.maybe(10, |_| "there is no room".to_owned()),
        }
    }
}

impl Draw for Push {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let push = Self::new(PushKind::draw(choices), "v1");
        let (called, environment) = (choices.maybe(20, fresh), choices.maybe(20, environment));
        Self { name: called, environment, settings: Arc::new(Settings::draw(choices)), ..push }
    }
}

impl Draw for Place {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let replicas = choices.between(1, 5);
        place(choices, replicas)
    }
}

impl Draw for PlaceSeen {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let Place { cluster, pool, flavor, replicas } = Place::draw(choices);
        let ready = choices.between(0, replicas);
        let lost = choices.between(0, replicas - ready);
        let failed = choices.between(0, replicas - ready - lost);
        Self { cluster, pool, flavor, sequence: choices.up_to(20), ready, lost, failed }
    }
}

impl Draw for Placed {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let deployment = Number::draw(choices);
        if choices.chance(10) {
            let next = choices.chance(50).then(|| "lower `replicas` from 3 to 2".to_owned());
            return Self { next, ..Self::refused(deployment, "there is no room") };
        }
        Self::at(deployment, choices.several(1, 3, Place::draw))
    }
}

impl Draw for State {
    /// What a sequence of commands leads to.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let CommandSequence { mut origin, commands } = CommandSequence::draw(choices);
        for (now, command) in commands {
            let _ = origin.apply(now, &command);
        }
        origin
    }
}

impl Draw for Journal {
    /// The history that a sequence of commands leaves.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let CommandSequence { origin, commands } = CommandSequence::draw(choices);
        let mut journal = Self::new(origin);
        for (now, command) in commands {
            let _ = journal.apply(now, command);
        }
        journal
    }
}

impl Draw for Endpoint {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            0 => Self::Workload,
            1 => Self::Draft,
            2 => Self::Environment(environment(choices)),
            _ => Self::Deployment(Number::draw(choices)),
        }
    }
}
