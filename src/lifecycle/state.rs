//! The state of one workload: its deployments, who holds which environment, and what is gone.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::placing::{Place, replicas};
use super::refusal::Refusal;
use super::replacement::{Replacement, Rollback};
use super::role::Role;
use super::settings::Settings;
use super::status::Status;
use crate::id::Name;
use crate::policy::{Environment, OnReplaced};
use crate::rollout;
use crate::time::Moment;

/// The number of a deployment in its workload: the `n` of its id `<workload>-<n>`. Given out by a
/// counter, and never again (L1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(u64);

impl Number {
    /// The deployment of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
    pub(super) resource_type: String,
    pub(super) workload: Name,
    pub(super) default_environment: Name,
    pub(super) next: u64,
    /// Each is shared with the states before, until it changes.
    pub(super) deployments: BTreeMap<Number, Arc<Record>>,
    pub(super) slots: BTreeMap<Name, Slot>,
    pub(super) tombstones: BTreeMap<Number, Tombstone>,
}

/// One live deployment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// Its number.
    pub number: Number,
    /// Its name.
    pub name: Name,
    /// The version that it runs.
    pub version: Option<String>,
    /// Whether it is the draft.
    pub draft: bool,
    /// The environment whose policies bind it (E2).
    pub governor: Name,
    /// What it is at.
    pub status: Status,
    /// How often it was started, stopped or patched: what observations are told apart by.
    pub generation: u64,
    /// Its settings.
    pub settings: Arc<Settings>,
    /// What a restart that is under way goes back to if it fails.
    pub settings_before: Option<Arc<Settings>>,
    /// Where its replicas are, the older first.
    pub sites: Vec<Site>,
    /// Whether those of the present generation are to replace the others once they are ready.
    pub moving: bool,
    /// When a start that is under way counts as failed.
    pub deadline: Option<Moment>,
    /// When it was pushed or copied.
    pub created: Moment,
    /// How long it has taken resources, up to `using_since`.
    pub used: Duration,
    /// Since when it takes resources, if it does.
    pub using_since: Option<Moment>,
}

/// Replicas at a place, and the generation that started them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Site {
    /// Where, and how many.
    pub place: Place,
    /// The generation that they were started in.
    pub generation: u64,
}

/// Who holds an environment, who did before, and who is to (E3).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Slot {
    /// The holder: the environment's endpoint leads to it.
    pub holder: Option<Number>,
    /// The holder before, while it is live.
    pub previous: Option<Number>,
    /// The promotion under way.
    pub promotion: Option<Promotion>,
    /// The last promotion by a strategy, if it went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<Rollback>,
}

/// A promotion under way (L7).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Promotion {
    /// Who is to hold the environment.
    pub candidate: Number,
    /// Whether it was made for this: it is stopped if nothing comes of it.
    pub copy: bool,
    /// What becomes of the present holder.
    pub on_replaced: OnReplaced,
    /// When it began.
    pub since: Moment,
    /// How it is to replace the holder; at once, where absent (L7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Box<rollout::Settings>>,
    /// How far that is, once it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Box<Replacement>>,
}

/// What is left of a deleted deployment, for bills and for those who still call it (L8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tombstone {
    /// Its name at the end.
    pub name: Name,
    /// The version that it ran.
    pub version: Option<String>,
    /// When it was pushed or copied.
    pub created: Moment,
    /// When it was deleted.
    pub deleted: Moment,
    /// How long it took resources in between.
    pub used: Duration,
}

impl Record {
    /// How many replicas it has, those included that are being started or stopped.
    #[must_use]
    pub fn replicas(&self) -> u32 {
        self.sites.iter().map(|site| site.place.replicas).fold(0, u32::saturating_add)
    }

    /// The places of its replicas, but for those that a move or restart is bringing up.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let coming = self.moving.then_some(self.generation);
        let places = self.sites.iter().filter(|site| Some(site.generation) != coming).map(|site| site.place.clone());
        places.collect()
    }

    /// How many replicas its places hold.
    #[must_use]
    pub fn running(&self) -> u32 {
        replicas(&self.places())
    }

    /// How long it has taken resources by `now`.
    #[must_use]
    pub fn used_by(&self, now: Moment) -> Duration {
        self.used.saturating_add(self.using_since.map_or(Duration::ZERO, |since| now.since(since)))
    }
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
        Number(self.next)
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
        let number = address.strip_prefix(self.workload.as_str())?.strip_prefix('-')?.parse().ok().map(Number)?;
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
    pub(super) fn live(&self, number: Number) -> Result<&Record, Refusal> {
        self.deployment(number).ok_or_else(|| match self.tombstones.get(&number) {
            Some(_) => Refusal::new("L8", format!("`{}` is deleted and never returns", self.id(number)))
                .next("push it as a new deployment"),
            None => Refusal::new("L1", format!("there is no deployment `{}`", self.id(number)))
                .next("name one that is listed"),
        })
    }
}
