//! Which policies admit a place, and by which options (P17).

use super::decision::Decision;
use crate::catalog::{Axis, Choice};
use crate::id::{Id, Name, PairId};
use crate::inventory::Fleet;
use crate::policy::{Level, Scope};

/// An option of a policy in force that admits a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admission {
    /// Where the policy is attached.
    pub level: Level,
    /// What it restricts.
    pub axis: Axis,
    /// Its name.
    pub policy: Name,
    /// The option; `None` for a policy that allows everything without listing it (P9).
    pub option: Option<Choice>,
}

/// The attachments and options that admit a pair, by level, axis, policy and option as they are written; empty for
/// an id of another fleet. An axis that a level does not restrict admits without a word.
#[must_use]
pub fn admitted_by(fleet: &Fleet, scope: &Scope, pair: PairId) -> Vec<Admission> {
    let Some(class) = fleet.index().class_of(pair) else { return Vec::new() };
    let catalog = fleet.catalog();
    let mut admissions = Vec::new();
    for (axis, point) in class.points.iter() {
        // An atom that the policies' catalog did not know yet counts as the rest of its country (P7).
        let universe = scope.policies().universe(axis);
        let Some(atom) = point.map(|point| if point.atom.index() < universe { point.atom } else { point.rest }) else {
            continue;
        };
        for restriction in scope.axis(axis).restrictions() {
            let in_force = restriction.policies.iter().filter(|&&id| scope.ended_at(restriction.level, id).is_none());
            let policies = in_force.filter_map(|&id| scope.policies().get(id));
            for policy in policies.filter(|policy| policy.effect().contains(atom)) {
                let listed = policy.admitting(catalog, atom);
                let options = if listed.is_empty() { vec![None] } else { listed.into_iter().map(Some).collect() };
                let admission = |option| {
                    let policy = policy.name().clone();
                    Admission { level: restriction.level, axis, policy, option }
                };
                admissions.extend(options.into_iter().map(admission));
            }
        }
    }
    admissions.sort_by(|a, b| (a.level, a.axis, &a.policy).cmp(&(b.level, b.axis, &b.policy)));
    admissions
}

impl Decision {
    /// The attachments and options that admit a place it decided on, level by level (P17).
    #[must_use]
    pub fn admitted_by(&self, pair: PairId) -> Vec<Admission> {
        admitted_by(self.fleet(), self.scope(), pair)
    }
}
