//! The engine: every state within bounds is visited, breadth first, on all cores.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use siting::lifecycle::{Action, State};

use super::actions::{Bounds, Outcome, actions, outcomes};
use super::claims::{Broken, Routes, routes, sound, step};
use super::faults::Fault;
use super::key::{Grain, Key, key};
use crate::support::name;

/// What is walked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) bounds: Bounds,
    pub(crate) grain: Grain,
    pub(crate) fault: Option<Fault>,
}

/// What was found: states of different keys, steps between them, and how far the last one is from the
/// first.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    pub(crate) depth: usize,
}

/// States walked between two looks at what is known.
const BATCH: usize = 4096;

/// The state before anything.
pub(crate) fn start() -> State {
    State::new("model", name("m"), name("production"))
}

/// What some states lead to.
#[derive(Default)]
struct Share {
    new: Vec<(Key, State)>,
    steps: usize,
}

impl Walk {
    /// Walks all states; the first claim that fails ends it.
    pub(crate) fn run(self) -> Result<Found, String> {
        let first = start();
        let mut seen = HashSet::from([key(&first, self.grain)]);
        let (mut edge, mut found) = (vec![first], Found::default());
        while !edge.is_empty() && self.bounds.steps.is_none_or(|most| found.depth < most) {
            found.depth += 1;
            let mut next = Vec::new();
            for batch in edge.chunks(BATCH) {
                for share in self.on_all_cores(batch, &seen) {
                    let share = share?;
                    found.steps += share.steps;
                    next.extend(share.new.into_iter().filter(|(key, _)| seen.insert(*key)).map(|(_, state)| state));
                }
            }
            edge = next;
            if std::env::var_os("SITING_PROGRESS").is_some() {
                eprintln!("{} states, {} at the edge", seen.len(), edge.len());
            }
        }
        found.states = seen.len();
        Ok(found)
    }

    fn on_all_cores(self, states: &[State], seen: &HashSet<Key>) -> Vec<Result<Share, String>> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        std::thread::scope(|scope| {
            let parts = states.chunks(states.len().div_ceil(cores));
            let shares: Vec<_> = parts.map(|part| scope.spawn(move || self.part(part, seen))).collect();
            shares.into_iter().map(|share| share.join().unwrap()).collect()
        })
    }

    fn part(self, states: &[State], seen: &HashSet<Key>) -> Result<Share, String> {
        let (mut share, mut own) = (Share::default(), HashSet::new());
        for state in states {
            self.successors(state, &mut |outcome| {
                share.steps += 1;
                let key = key(&outcome.after, self.grain);
                if !seen.contains(&key) && own.insert(key) {
                    share.new.push((key, outcome.after));
                }
            })?;
        }
        Ok(share)
    }

    /// Gives every state that a state leads to, having held the step against what is claimed of steps.
    fn successors(self, state: &State, each: &mut impl FnMut(Outcome)) -> Result<(), String> {
        let (led, mut scratch) = (routes(state), state.clone());
        for action in actions(state, self.bounds) {
            self.try_one(state, &led, &mut scratch, &action, each)
                .map_err(|broken| format!("{broken}\nafter {action:?}\nfrom {state:#?}"))?;
        }
        Ok(())
    }

    fn try_one(
        self,
        state: &State,
        led: &Routes,
        scratch: &mut State,
        action: &Action,
        each: &mut impl FnMut(Outcome),
    ) -> Result<(), Broken> {
        let mut held = Ok(());
        let mut hold = |outcome: Outcome| {
            let outcome = match self.fault {
                Some(fault) => fault.instead_of(state, led, action, outcome),
                None => outcome,
            };
            // A key is taken of sound states only: of others it might not tell all.
            held = held.and_then(|()| sound(&outcome.after)).and_then(|leads| {
                step(state, led, action, &outcome, &leads)?;
                each(outcome);
                Ok(())
            });
        };
        let carried_out = outcomes(state, scratch, action, &mut hold);
        if let (false, Some(fault)) = (carried_out, self.fault)
            && let Some(outcome) = fault.instead_of_refusal(state, led, action)
        {
            hold(outcome);
        }
        held
    }

    /// Walks all states, and of those met again by another way every sixteenth once more: the number of
    /// those, or two states of one key of which one leads where the other does not.
    pub(crate) fn compare_futures(self) -> Result<usize, String> {
        let mut futures: HashMap<Key, BTreeSet<Key>> = HashMap::new();
        let (mut waiting, mut met, mut compared) = (VecDeque::from([start()]), 0_usize, 0);
        let mut known = HashSet::new();
        while let Some(state) = waiting.pop_front() {
            let (mut future, mut after) = (BTreeSet::new(), Vec::new());
            self.successors(&state, &mut |outcome| {
                let key = key(&outcome.after, self.grain);
                future.insert(key);
                met += 1;
                if known.insert(key) || met.is_multiple_of(16) {
                    after.push(outcome.after);
                }
            })?;
            match futures.entry(key(&state, self.grain)) {
                Entry::Vacant(place) => {
                    place.insert(future);
                    waiting.extend(after);
                }
                Entry::Occupied(other) if *other.get() == future => compared += 1,
                Entry::Occupied(_) => return Err(format!("another of its key leads elsewhere than {state:#?}")),
            }
        }
        Ok(compared)
    }
}
