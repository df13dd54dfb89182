//! The replicas that a scripted host runs: where they are, and when each is ready.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::Name;
use crate::lifecycle::{Number, Place};
use crate::time::Moment;

/// Replicas by deployment and place.
#[derive(Default)]
pub(super) struct Replicas {
    /// Replicas by the moment at which they are ready; never, at the end of time.
    ready: BTreeMap<Number, BTreeMap<Spot, BTreeMap<Moment, u32>>>,
    /// When an image is built.
    built: BTreeMap<Number, Moment>,
}

/// Where replicas run.
type Spot = (Name, Name, Arc<str>);

const NEVER: Moment = Moment::from_millis(u64::MAX);

impl Replicas {
    pub(super) fn build(&mut self, number: Number, at: Moment) {
        self.built.insert(number, at);
    }

    pub(super) fn is_built(&self, number: Number, now: Moment) -> bool {
        self.built.get(&number).is_some_and(|at| *at <= now)
    }

    /// Starts replicas, ready at that moment, or never.
    pub(super) fn start(&mut self, number: Number, places: &[Place], ready: Option<Moment>) {
        let own = self.ready.entry(number).or_default();
        for place in places {
            let count = own.entry(spot(place)).or_default().entry(ready.unwrap_or(NEVER)).or_default();
            *count = count.saturating_add(place.replicas);
        }
    }

    /// Stops replicas; of a place, those that would be ready last go first.
    pub(super) fn stop(&mut self, number: Number, places: &[Place]) {
        let Some(own) = self.ready.get_mut(&number) else { return };
        for place in places {
            let Some(there) = own.get_mut(&spot(place)) else { continue };
            let mut left = place.replicas;
            for count in there.values_mut().rev() {
                let stopped = left.min(*count);
                *count -= stopped;
                left -= stopped;
            }
            there.retain(|_, count| *count > 0);
        }
        own.retain(|_, there| !there.is_empty());
    }

    /// All replicas are ready at that moment, after a patch, or never.
    pub(super) fn patch(&mut self, number: Number, ready: Option<Moment>) {
        for there in self.ready.entry(number).or_default().values_mut() {
            let all = there.values().fold(0, |all: u32, count| all.saturating_add(*count));
            *there = BTreeMap::from([(ready.unwrap_or(NEVER), all)]);
        }
    }

    /// So many replicas break, first those that have been ready for longest. They are ready again at that
    /// moment, or never.
    pub(super) fn fail(&mut self, number: Number, count: u32, ready: Option<Moment>) {
        let own = self.ready.entry(number).or_default();
        let mut oldest: Vec<_> =
            own.iter().flat_map(|(spot, there)| there.keys().map(move |at| (*at, spot.clone()))).collect();
        oldest.sort();
        let mut left = count;
        for (at, spot) in oldest {
            let Some(there) = own.get_mut(&spot) else { continue };
            let Some(found) = there.get_mut(&at) else { continue };
            let broken = left.min(*found);
            *found -= broken;
            left -= broken;
            let again = there.entry(ready.unwrap_or(NEVER)).or_default();
            *again = again.saturating_add(broken);
            there.retain(|_, count| *count > 0);
        }
    }

    pub(super) fn ready(&self, number: Number, now: Moment) -> u32 {
        let places = self.ready.get(&number).into_iter().flat_map(BTreeMap::values);
        let ready = places.flat_map(|there| there.range(..=now).map(|(_, count)| *count));
        ready.fold(0, u32::saturating_add)
    }

    /// Whether it has replicas, all of them ready.
    pub(super) fn all_ready(&self, number: Number, now: Moment) -> bool {
        let mut moments =
            self.ready.get(&number).into_iter().flat_map(BTreeMap::values).flat_map(BTreeMap::keys).peekable();
        moments.peek().is_some() && moments.all(|at| *at <= now)
    }
}

fn spot(place: &Place) -> Spot {
    (place.cluster.clone(), place.pool.clone(), Arc::clone(&place.flavor))
}
