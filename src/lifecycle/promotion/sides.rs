//! Both sides of a rollout: who takes part, and how requests are shared (R1, R3).

use crate::id::Name;
use crate::lifecycle::state::{Number, Place, Record, RolloutState, Slot, State, Status};
use crate::rollout::Group;

/// The sides of a replacement as they stand.
pub(in crate::lifecycle) struct Sides {
    /// The holder, if it can serve or come back.
    pub(in crate::lifecycle) old: Option<Number>,
    pub(in crate::lifecycle) candidate: Number,
    pub(in crate::lifecycle) groups: (Group, Group),
}

impl State {
    /// The environment in which a deployment is being replaced, or replaces another.
    pub(in crate::lifecycle) fn rollout_of(&self, number: Number) -> Option<&Name> {
        let takes_part = |slot: &Slot| match &slot.promotion {
            Some(promotion) if promotion.rollout.is_some() => {
                promotion.candidate == number || slot.holder == Some(number)
            }
            _ => false,
        };
        self.slots.iter().find(|(_, slot)| takes_part(slot)).map(|(environment, _)| environment)
    }

    /// Whether a deployment is being replaced step by step, or replaces another so.
    #[must_use]
    pub fn is_in_rollout(&self, number: Number) -> bool {
        self.rollout_of(number).is_some()
    }

    /// The replacement that a deployment is the candidate of.
    #[must_use]
    pub fn rollout_by(&self, candidate: Number) -> Option<&RolloutState> {
        let environment = self.sought_by(candidate)?;
        self.slot(environment.as_str())?.promotion.as_ref()?.rollout.as_deref()
    }

    /// Both sides of an environment's replacement, as far as they take part.
    pub(in crate::lifecycle) fn sides(&self, slot: &Slot) -> Option<Sides> {
        let promotion = slot.promotion.as_ref()?;
        let rollout = promotion.rollout.as_ref()?;
        let holder = slot.holder.and_then(|holder| self.deployment(holder));
        let holder = holder.filter(|record| takes_part(record.status));
        let candidate = self.deployment(promotion.candidate).filter(|record| takes_part(record.status));
        let group = |replicas: u32, ready: u32| Group { replicas, available: ready.min(replicas) };
        // What takes the place of lost replicas is not counted beside them (W9). What is known place by place counts; else the host's sums as well.
        let ready = |record: &Record, told| match () {
            () if record.is_seen_by_place() => record.ready(),
            // What was told was of replicas that may have stopped since.
            () => record.ready().min(told),
        };
        let old = holder.map_or_else(Group::default, |record| group(record.size(), ready(record, rollout.seen.0)));
        let allowed = |record: &Record| ready(record, rollout.seen.1).min(record.ready_but_at(&rollout.forbidden));
        let new = candidate.map_or_else(Group::default, |record| group(rollout.part, allowed(record)));
        let groups = (old, new);
        Some(Sides { old: holder.map(|record| record.number), candidate: promotion.candidate, groups })
    }

    /// How an environment's requests are shared while its holder is replaced: percentages that sum to 100,
    /// or none where nobody is ready (R3). `None` where nothing is being replaced.
    pub(in crate::lifecycle) fn shares(&self, environment: &str) -> Option<Vec<(Number, u8)>> {
        let slot = self.slot(environment)?;
        let progress = &slot.promotion.as_ref()?.rollout.as_ref()?.progress;
        let weight = progress.weight();
        let Sides { old, candidate, groups } = self.sides(slot)?;
        let old = old.filter(|_| groups.0.available > 0);
        let new = Some(candidate).filter(|_| groups.1.available > 0);
        // Where the holder sleeps and is to have a part, requests wake it first.
        let sleeps = |record: &Record| matches!(record.status, Status::ScaledToZero | Status::WakingUp);
        if progress.leaves_a_part() && old.is_none() && self.holder(environment).is_some_and(sleeps) {
            return Some(Vec::new());
        }
        let shares = match (old, new) {
            (Some(old), Some(new)) => vec![(old, 100 - weight.min(100)), (new, weight.min(100))],
            (Some(only), None) | (None, Some(only)) => vec![(only, 100)],
            (None, None) => Vec::new(),
        };
        Some(shares.into_iter().filter(|(_, percent)| *percent > 0).collect())
    }

    /// All places that deployments take, each with its deployment and generation: those of their replicas,
    /// and the room that is held for a candidate.
    pub(crate) fn taken(&self) -> impl Iterator<Item = (Number, u64, &Place)> {
        let sites = self
            .deployments()
            .flat_map(|record| record.sites.iter().map(move |site| (record.number, site.generation, &site.place)));
        let held = self.slots.values().filter_map(|slot| slot.promotion.as_ref()).flat_map(|promotion| {
            let generation = self.deployment(promotion.candidate).map_or(0, |record| record.generation);
            let spare = promotion.rollout.iter().flat_map(|rollout| &rollout.spare);
            spare.map(move |place| (promotion.candidate, generation, place))
        });
        sites.chain(held)
    }
}

/// Whether a deployment of this status has, or may get, replicas that answer.
pub(in crate::lifecycle) fn takes_part(status: Status) -> bool {
    status.is_starting() || status.serves() || status == Status::Unhealthy
}
