//! The state of one workload: its deployments, who holds which environment, and what is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::deployment::{Number, Record, Tombstone};
use super::role::Role;
use super::slot::Slot;
use crate::id::Name;
use crate::lifecycle::refusal::Refusal;
use crate::policy::Environment;

/// All that is known of one workload's life (L1). A plain value: clone it, compare it, write it down.
///
/// [`apply`](Self::apply) is the only way to change it.
///
/// Invariants:
/// 1. `one-draft`: at most one deployment is the draft, and it holds no slot;
/// 2. `one-holder`: a slot's holder is a live deployment, and holds no other slot (E3);
/// 3. `production-stays`: the production slot, once filled, empties with the workload only (L9);
/// 4. `candidates-live`: a promotion's candidate is live, on its way up or moving, and of one
///    promotion only; while it replaces the holder by a strategy, it may also be active, or be stopped while
///    the holder comes back (L7);
/// 5. `ids-once`: a number is below the counter, and of one deployment or tombstone (L1);
/// 6. `names-once`: no two live deployments share a name, and the draft's is `development` (L1);
/// 7. `one-replica`: the draft has at most one replica (L2).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    pub(in crate::lifecycle) resource_type: String,
    pub(in crate::lifecycle) workload: Name,
    pub(in crate::lifecycle) default_environment: Name,
    pub(in crate::lifecycle) next: u64,
    /// Each is shared with the states before, until it changes.
    pub(in crate::lifecycle) deployments: BTreeMap<Number, Arc<Record>>,
    pub(in crate::lifecycle) slots: BTreeMap<Name, Slot>,
    pub(in crate::lifecycle) tombstones: BTreeMap<Number, Tombstone>,
}

impl State {
    /// A workload without deployments. Those that name no environment are governed by
    /// `default_environment`.
    ///
    /// ```
    /// use siting::lifecycle::{Action, Push, PushKind, State, Status};
    /// use siting::time::Moment;
    ///
    /// let mut state = State::new("model", "bert".parse()?, "production".parse()?);
    /// let push = Action::Push(Push::new(PushKind::Published, "v1"));
    /// state.apply(Moment::default(), &push.into())?;
    /// let bert = state.find("bert-1").and_then(|number| state.deployment(number)).ok_or("no bert")?;
    /// assert_eq!(bert.status, Status::Building);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(resource_type: &str, workload: Name, default_environment: Name) -> Self {
        Self {
            resource_type: resource_type.to_owned(),
            workload,
            default_environment,
            next: 1,
            deployments: BTreeMap::new(),
            slots: BTreeMap::new(),
            tombstones: BTreeMap::new(),
        }
    }

    /// The workload's type.
    #[must_use]
    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// The workload's name.
    #[must_use]
    pub fn workload(&self) -> &Name {
        &self.workload
    }

    /// The live deployments, oldest first.
    pub fn deployments(&self) -> impl Iterator<Item = &Record> {
        self.deployments.values().map(|record| &**record)
    }

    /// A live deployment.
    #[must_use]
    pub fn deployment(&self, number: Number) -> Option<&Record> {
        self.deployments.get(&number).map(|record| &**record)
    }

    /// The draft.
    #[must_use]
    pub fn draft(&self) -> Option<&Record> {
        self.deployments().find(|record| record.draft)
    }

    /// The environments that have, had or await a holder.
    pub fn slots(&self) -> impl Iterator<Item = (&Name, &Slot)> {
        self.slots.iter()
    }

    /// One environment's slot.
    #[must_use]
    pub fn slot(&self, environment: &str) -> Option<&Slot> {
        self.slots.get(environment)
    }

    /// The holder of an environment.
    #[must_use]
    pub fn holder(&self, environment: &str) -> Option<&Record> {
        self.deployment(self.slot(environment)?.holder?)
    }

    /// What is left of deleted deployments.
    pub fn tombstones(&self) -> impl Iterator<Item = (Number, &Tombstone)> {
        self.tombstones.iter().map(|(&number, tombstone)| (number, tombstone))
    }

    /// What is left of a deleted deployment.
    #[must_use]
    pub fn tombstone(&self, number: Number) -> Option<&Tombstone> {
        self.tombstones.get(&number)
    }

    /// The number that the next deployment gets.
    #[must_use]
    pub fn next_number(&self) -> Number {
        Number::new(self.next)
    }

    /// A deployment's id.
    #[must_use]
    pub fn id(&self, number: Number) -> String {
        format!("{}-{number}", self.workload)
    }

    /// The live deployment of a name, else the live or deleted one of an id.
    #[must_use]
    pub fn find(&self, address: &str) -> Option<Number> {
        if let Some(record) = self.deployments.values().find(|record| record.name.as_str() == address) {
            return Some(record.number);
        }
        let number = address.strip_prefix(self.workload.as_str())?.strip_prefix('-')?.parse().ok().map(Number::new)?;
        (self.deployments.contains_key(&number) || self.tombstones.contains_key(&number)).then_some(number)
    }

    /// What a live deployment is to the workload (L1).
    #[must_use]
    pub fn role(&self, number: Number) -> Option<Role> {
        let record = self.deployment(number)?;
        Some(if record.draft {
            Role::Development
        } else if self.slot(Environment::PRODUCTION).and_then(|slot| slot.holder) == Some(number) {
            Role::Production
        } else {
            Role::Published
        })
    }

    /// The environment that a deployment holds.
    #[must_use]
    pub fn held_by(&self, number: Number) -> Option<&Name> {
        self.slots.iter().find(|(_, slot)| slot.holder == Some(number)).map(|(name, _)| name)
    }

    /// The environment that a deployment is a candidate for.
    #[must_use]
    pub fn sought_by(&self, number: Number) -> Option<&Name> {
        let seeks = |slot: &Slot| slot.promotion.as_ref().is_some_and(|promotion| promotion.candidate == number);
        self.slots.iter().find(|(_, slot)| seeks(slot)).map(|(name, _)| name)
    }

    /// The live deployment, or a refusal that says what became of it.
    pub(in crate::lifecycle) fn live(&self, number: Number) -> Result<&Record, Refusal> {
        self.deployment(number).ok_or_else(|| match self.tombstones.get(&number) {
            Some(_) => Refusal::new("L8", format!("`{}` is deleted and never returns", self.id(number)))
                .next("push it as a new deployment"),
            None => Refusal::new("L1", format!("there is no deployment `{}`", self.id(number)))
                .next("name one that is listed"),
        })
    }
}
