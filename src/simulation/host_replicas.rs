//! The replicas that a scripted host runs: when each is ready.

use std::collections::BTreeMap;

use crate::lifecycle::Number;
use crate::time::Moment;

/// Replicas by deployment.
#[derive(Default)]
pub(super) struct Replicas {
    /// When each is ready, ascending; never, at the end of time.
    ready: BTreeMap<Number, Vec<Moment>>,
    /// When an image is built.
    built: BTreeMap<Number, Moment>,
}

const NEVER: Moment = Moment::from_millis(u64::MAX);

impl Replicas {
    pub(super) fn build(&mut self, number: Number, at: Moment) {
        self.built.insert(number, at);
    }

    pub(super) fn is_built(&self, number: Number, now: Moment) -> bool {
        self.built.get(&number).is_some_and(|at| *at <= now)
    }

    /// So many more, ready at that moment, or never.
    pub(super) fn start(&mut self, number: Number, count: u32, ready: Option<Moment>) {
        let own = self.ready.entry(number).or_default();
        own.extend(std::iter::repeat_n(ready.unwrap_or(NEVER), count as usize));
        own.sort_unstable();
    }

    /// So many fewer; those that would be ready last go first.
    pub(super) fn stop(&mut self, number: Number, count: u32) {
        if let Some(own) = self.ready.get_mut(&number) {
            own.truncate(own.len().saturating_sub(count as usize));
        }
    }

    /// All of them are ready, at once, after a patch.
    pub(super) fn patch(&mut self, number: Number, ready: Moment) {
        self.ready.entry(number).or_default().iter_mut().for_each(|at| *at = ready);
    }

    /// So many of those that are ready break, and are ready again at that moment.
    pub(super) fn fail(&mut self, number: Number, count: u32, ready: Moment) {
        let own = self.ready.entry(number).or_default();
        own.iter_mut().take(count as usize).for_each(|at| *at = ready);
        own.sort_unstable();
    }

    pub(super) fn ready(&self, number: Number, now: Moment) -> u32 {
        let ready = self.ready.get(&number).map_or(0, |own| own.partition_point(|at| *at <= now));
        u32::try_from(ready).unwrap_or(u32::MAX)
    }

    /// Whether it has replicas, all of them ready.
    pub(super) fn all_ready(&self, number: Number, now: Moment) -> bool {
        self.ready.get(&number).is_some_and(|own| own.last().is_some_and(|last| *last <= now))
    }
}
