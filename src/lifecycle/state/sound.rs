//! Whether a state that was written elsewhere can be one of a life.

use std::collections::HashSet;
use std::sync::Arc;

use super::deployment::{Number, Record};
use super::slot::Slot;
use super::workload::State;

/// The most deployments and replacements of replicas that are counted: no life comes near it, and what counts on
/// from there does not overflow.
const MOST: u64 = u64::MAX / 2;

impl State {
    /// What contradicts itself in a state that was read, where something does: numbers that are used twice or were never
    /// given, names that are used twice, and slots of deployments that are not there (L1, E3). O(deployments + slots).
    #[must_use]
    pub fn contradiction(&self) -> Option<String> {
        if self.next > MOST {
            return Some(format!("the next deployment cannot have the number {}", self.next));
        }
        let mut names = HashSet::new();
        if let Some(twice) = self.deployments().find(|record| !names.insert(record.name.as_str())) {
            return Some(format!("two deployments are called `{}`", twice.name));
        }
        let of_record = |(&number, record): (&Number, &Arc<Record>)| -> Option<String> {
            if number != record.number {
                return Some(format!("deployment {number} is said to have the number {}", record.number));
            }
            if record.generation > MOST {
                return Some(format!(
                    "deployment {number} cannot have replaced its replicas {} times",
                    record.generation
                ));
            }
            self.was_given(number)
        };
        let of_slot = |(environment, slot): (&_, &Slot)| -> Option<String> {
            let candidate = slot.promotion.as_ref().map(|promotion| promotion.candidate);
            let all = slot.holder.into_iter().chain(candidate);
            let gone = all.into_iter().find(|number| !self.deployments.contains_key(number));
            gone.map(|number| format!("environment `{environment}` has deployment {number}, which is not there"))
        };
        let deleted = self.tombstones.keys().find_map(|&number| match self.deployments.contains_key(&number) {
            true => Some(format!("deployment {number} is live and deleted")),
            false => self.was_given(number),
        });
        let live = self.deployments.iter().find_map(of_record);
        live.or(deleted).or_else(|| self.slots.iter().find_map(of_slot))
    }

    fn was_given(&self, number: Number) -> Option<String> {
        let message = || format!("deployment {number} has a number that was never given: the next is {}", self.next);
        (number.get() >= self.next).then(message)
    }
}
