//! The replicas that a scripted host runs: where they are, and when each is ready.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::Name;
use crate::lifecycle::{Number, Place, PlaceSeen, Record, Site};
use crate::time::Moment;

/// Replicas by deployment and place.
#[derive(Default)]
pub(super) struct Replicas {
    running: BTreeMap<Number, BTreeMap<Spot, Spell>>,
    /// When an image is built.
    built: BTreeMap<Number, Moment>,
    /// The number of the last observation.
    sequence: u64,
}

/// Where replicas run, and the generation that they were started in.
type Spot = (u64, Name, Name, Arc<str>);

/// Replicas by the moment at which they are ready, which may be never; those that broke apart from the others.
type Spell = BTreeMap<(Moment, bool), u32>;

const NEVER: Moment = Moment::from_millis(u64::MAX);

impl Replicas {
    pub(super) fn build(&mut self, number: Number, at: Moment) {
        self.built.insert(number, at);
    }

    pub(super) fn is_built(&self, number: Number, now: Moment) -> bool {
        self.built.get(&number).is_some_and(|at| *at <= now)
    }

    /// Starts replicas, ready at that moment, or never.
    pub(super) fn start(&mut self, number: Number, generation: u64, places: &[Place], ready: Option<Moment>) {
        let own = self.running.entry(number).or_default();
        for place in places {
            let there = own.entry(spot(generation, place)).or_default();
            let count = there.entry((ready.unwrap_or(NEVER), false)).or_default();
            *count = count.saturating_add(place.replicas);
        }
    }

    /// Stops replicas that were started in a generation; of a place, those that would be ready last go first.
    pub(super) fn stop(&mut self, number: Number, generation: u64, places: &[Place]) {
        let Some(own) = self.running.get_mut(&number) else { return };
        for place in places {
            let Some(there) = own.get_mut(&spot(generation, place)) else { continue };
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

    /// All replicas are of another generation, and ready at that moment, after a patch, or never.
    pub(super) fn patch(&mut self, number: Number, generation: u64, ready: Option<Moment>) {
        let own = self.running.entry(number).or_default();
        for ((_, cluster, pool, flavor), there) in std::mem::take(own) {
            let all = there.values().fold(0, |all: u32, count| all.saturating_add(*count));
            let patched = own.entry((generation, cluster, pool, flavor)).or_default();
            let count = patched.entry((ready.unwrap_or(NEVER), false)).or_default();
            *count = count.saturating_add(all);
        }
    }

    /// So many replicas break, first those that have been ready for longest. They are ready again at that
    /// moment, or never.
    pub(super) fn fail(&mut self, number: Number, count: u32, ready: Option<Moment>) {
        let own = self.running.entry(number).or_default();
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
            let again = there.entry((ready.unwrap_or(NEVER), true)).or_default();
            *again = again.saturating_add(broken);
            there.retain(|_, count| *count > 0);
        }
    }

    pub(super) fn ready(&self, number: Number, now: Moment) -> u32 {
        let places = self.running.get(&number).into_iter().flat_map(BTreeMap::values);
        places.map(|there| ready_of(there, now)).fold(0, u32::saturating_add)
    }

    /// What is to be told of the places of a deployment: of each, where it is not known yet (L14).
    pub(super) fn news(&mut self, record: &Record, now: Moment) -> Vec<(u64, PlaceSeen)> {
        let own = self.running.get(&record.number);
        let mut news = Vec::new();
        for site in &record.sites {
            let there = own.and_then(|own| own.get(&spot(site.generation, &site.place)));
            let (ready, lost) = there.map_or((0, 0), |there| (ready_of(there, now), broken_of(there, now)));
            let known = record.seen_at(site);
            if (ready, lost) != (known.ready, known.lost) {
                self.sequence += 1;
                news.push((site.generation, seen(site, self.sequence, ready, lost)));
            }
        }
        news
    }
}

fn seen(site: &Site, sequence: u64, ready: u32, lost: u32) -> PlaceSeen {
    let Place { cluster, pool, flavor, .. } = site.place.clone();
    PlaceSeen { cluster, pool, flavor, sequence, ready, lost, failed: 0 }
}

fn ready_of(there: &Spell, now: Moment) -> u32 {
    there.iter().filter(|((at, _), _)| *at <= now).map(|(_, count)| *count).fold(0, u32::saturating_add)
}

fn broken_of(there: &Spell, now: Moment) -> u32 {
    let broken = there.iter().filter(|((at, broken), _)| *at > now && *broken);
    broken.map(|(_, count)| *count).fold(0, u32::saturating_add)
}

fn spot(generation: u64, place: &Place) -> Spot {
    (generation, place.cluster.clone(), place.pool.clone(), Arc::clone(&place.flavor))
}
