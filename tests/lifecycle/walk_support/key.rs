//! What tells one state from another.
//!
//! A key leaves out what is a mere name or what no later step asks about. Each omission has its reason,
//! and a test of its own holds that states of equal keys have equal futures:
//!
//! * *Times, generations, versions, settings.* Timers fire when they may, observations are of the
//!   present generation, an update is always to another version, an edit always to other resources.
//! * *Numbers and names.* A number is a name: exchanging two of them throughout a state exchanges them
//!   in all that follows, and no rule compares two. So a deployment is described by what it is and what
//!   slots make of it, and a state is the set of these descriptions, in whatever order.
//! * *The counter and tombstones.* The counter only gives names, and a tombstone only refuses what
//!   speaks of the dead. So ids need no bound: every state of four ids, or of any number, is met.
//! * *Where replicas are.* A host may grant the places there are, or others; which, is tried both ways.
//!
//! * *Numbers of observations.* A host gives each a higher one.
//!
//! A [whole](Grain::Whole) key leaves out only names, versions, numbers and generations.
//!
//! A [coarse](Grain::Coarse) key leaves out two things more:
//!
//! * *Governors.* They say whom a placement is asked for, and every answer is tried anyway. The
//!   holder's is its environment, which is claimed in each state.
//! * *Previous holders.* One can be rolled back to; it can as well be promoted, which is the same step.

use std::hash::{Hash, Hasher};

use siting::lifecycle::{Number, Promotion, Record, Seen, Site, Slot, State, Status};
use siting::policy::OnReplaced;

use super::ENVIRONMENTS;

/// How much a key tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Grain {
    /// What decides what can follow.
    Coarse,
    /// Governors and previous holders as well.
    Fine,
    /// Everything but names, versions, numbers and generations: for walks in which strategies, sizes and places matter.
    Whole,
}

/// A state's deployments, each as bits, in order: the draft and three more at most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key([u64; 4]);

/// Fields of few values, packed one beside the other.
#[derive(Default)]
struct Bits {
    bits: u32,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: usize, width: u32) {
        let value = u32::try_from(value).ok().filter(|value| *value < 1 << width).expect("a value of this width");
        assert!(self.used + width <= u32::BITS, "the fields fit");
        self.bits |= value << self.used;
        self.used += width;
    }
}

/// The key of a state with three published deployments at most.
pub(crate) fn key(state: &State, grain: Grain) -> Key {
    let described =
        |record| if grain == Grain::Whole { whole(state, record) } else { describe(state, record, grain).into() };
    let mut described: Vec<u64> = state.deployments().map(described).collect();
    described.sort_unstable();
    let mut key = [0; 4];
    key[..described.len()].copy_from_slice(&described);
    Key(key)
}

/// All that a deployment is, and what the slots make of it. There are two moments only, now and later, so that times
/// need no bound. Every field is named here, so that a new one has to be thought about.
fn whole(state: &State, record: &Record) -> u64 {
    let Record {
        number,
        name: _,
        version: _,   // An update is always to another one.
        replacing: _, // No cluster of the walk is lost.
        draft,
        governor: _,
        status,
        generation,
        settings,
        settings_before,
        started_with: _, // Nothing here asks what a replica takes.
        sites,
        emptied: _, // Each observation has a higher number, or that of a site that is there.
        moving,
        wakes_with,
        deadline,
        created: _,
        used: _,
        using_since: _,
    } = record;
    let mut hasher = Mixer::default();
    let mut places: Vec<_> = sites
        .iter()
        .map(|site| {
            let told = site.seen.map(|seen| seen.sequence.is_some());
            let seen = Seen { sequence: None, ..record.seen_at(site) };
            (*moving && site.generation == *generation, &site.place, seen, told)
        })
        .collect();
    places.sort_unstable();
    places.hash(&mut hasher);
    (draft, *status as u8, moving, wakes_with, deadline, settings_before.is_some()).hash(&mut hasher);
    (settings.replicas, settings.resources.is_some()).hash(&mut hasher);
    for environment in ENVIRONMENTS {
        let Some(slot) = state.slot(environment) else { continue };
        let is = |held: Option<Number>| held == Some(*number);
        (is(slot.holder), is(slot.previous)).hash(&mut hasher);
        if let Some(promotion) = slot.promotion.as_ref().filter(|promotion| promotion.candidate == *number) {
            let Promotion { candidate: _, copy, inherits, grows, on_replaced, since, strategy, rollout } = promotion;
            (copy, inherits, grows, *on_replaced as u8, since, strategy, rollout).hash(&mut hasher);
        }
    }
    hasher.finish() | 1
}

/// A fast hash of a few words: a walk takes it of every state that it meets.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        // The finish of splitmix64, in which each bit depends on all.
        let mut mixed = self.0;
        for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
            mixed = (mixed ^ (mixed >> shift)).wrapping_mul(factor);
        }
        mixed ^ (mixed >> 31)
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

/// What a deployment is, and what the slots make of it; never 0. Every field is named here, so that a
/// new one has to be thought about.
fn describe(state: &State, record: &Record, grain: Grain) -> u32 {
    let Record {
        number,
        name: _,
        version: _,
        draft,
        governor,
        status,
        generation,
        settings: _,
        settings_before,
        started_with: _, // Nothing here asks what a replica takes.
        replacing: _,    // No cluster of the walk is lost.
        sites,
        emptied: _, // Only an observation with an old number asks about them, and each here has a new one.
        moving,
        wakes_with: _, // Every deployment of the walk has one replica.
        deadline: _,   // That there is one is claimed to follow from the status and the move.
        created: _,
        used: _,
        using_since: _, // That it is set is claimed to follow from the status.
    } = record;
    let mut bits = Bits::default();
    bits.push(1, 1);
    bits.push((*draft).into(), 1);
    bits.push(Status::ALL.iter().position(|known| known == status).expect("a status"), 4);
    bits.push((*moving).into(), 1);
    bits.push(settings_before.is_some().into(), 1);
    let coming = |site: &&Site| site.generation == *generation;
    bits.push(sites.iter().filter(coming).count(), 2);
    bits.push(sites.len() - sites.iter().filter(coming).count(), 2);
    bits.push((record.ready() > 0).into(), 1);
    bits.push((record.starting() > 0).into(), 1);
    // Of those that a move brings up, and of the others.
    for brought_up in [true, false] {
        let lost = |site: &&Site| (*moving && coming(site)) == brought_up && record.seen_at(site).lost > 0;
        bits.push(sites.iter().filter(lost).count().min(1), 1);
    }
    for environment in ENVIRONMENTS {
        slot(state.slot(environment), *number, grain, &mut bits);
    }
    if grain == Grain::Fine {
        let known = ["production", "staging", "development"];
        bits.push(known.iter().position(|known| *known == governor.as_str()).expect("an environment"), 2);
    }
    bits.bits
}

fn slot(slot: Option<&Slot>, number: Number, grain: Grain, bits: &mut Bits) {
    let none = Slot::default();
    // Nothing here takes over by a strategy, so nothing is left of one either.
    let Slot { holder, previous, promotion, rolled_back: _ } = slot.unwrap_or(&none);
    bits.push((*holder == Some(number)).into(), 1);
    if grain == Grain::Fine {
        bits.push((*previous == Some(number)).into(), 1);
    }
    let sought = match promotion {
        // Sizes are not edited here, and every deployment has one replica, so none inherits or grows.
        Some(Promotion { candidate, copy, on_replaced, .. }) if *candidate == number => {
            let then = match on_replaced {
                OnReplaced::Keep => 1,
                OnReplaced::ScaleToZero => 2,
                OnReplaced::Deactivate => 3,
            };
            then + if *copy { 4 } else { 0 }
        }
        _ => 0,
    };
    bits.push(sought, 3);
}
