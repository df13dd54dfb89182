//! One live deployment, what is left of a deleted one, and their numbers (L1, L8).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::place::Place;
use super::place::replicas;
use super::settings::{Requirements, Settings};
use super::site::Site;
use super::status::Status;
use crate::id::Name;
use crate::time::Moment;

/// The number of a deployment in its workload: the `n` of its id `<workload>-<n>`. Given out by a
/// counter, and never again (L1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// What replicas were started with that are still there, where its settings say something else by now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub started_with: Vec<StartedWith>,
    /// Where its replicas are, the older first.
    pub sites: Vec<Site>,
    /// Sites of this generation that hold no replica any more: late observations of them change nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emptied: Vec<Site>,
    /// Whether those of the present generation are to replace the others once they are ready.
    pub moving: bool,
    /// So many replicas that are starting take the place of lost ones (W9).
    #[serde(default, skip_serializing_if = "is_none")]
    pub replacing: u32,
    /// Replicas to wake with: those of the holder from which it took over in its sleep (L15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wakes_with: Option<u32>,
    /// When a start that is under way counts as failed.
    pub deadline: Option<Moment>,
    /// When it was pushed or copied.
    pub created: Moment,
    /// How long it has taken resources, up to `using_since`.
    pub used: Duration,
    /// Since when it takes resources, if it does.
    pub using_since: Option<Moment>,
}

fn is_none(replicas: &u32) -> bool {
    *replicas == 0
}

/// What each replica of a generation was started with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct StartedWith {
    /// The generation.
    pub generation: u64,
    /// What a replica takes; anything will do, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Requirements>,
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

    /// The settings that the replicas of a generation were started with, as far as that says what they take.
    #[must_use]
    pub fn settings_of(&self, generation: u64) -> Cow<'_, Settings> {
        if let Some(started) = self.started_with.iter().find(|started| started.generation == generation) {
            return Cow::Owned(Settings { resources: started.resources.clone(), ..Settings::clone(&self.settings) });
        }
        let before = self.settings_before.as_ref().filter(|_| generation != self.generation);
        Cow::Borrowed(before.unwrap_or(&self.settings))
    }

    /// Remembers what the replicas that are there were started with, before the settings say something else.
    pub(in crate::lifecycle) fn keep_sizes(&mut self) {
        let sites = &self.sites;
        self.started_with.retain(|started| sites.iter().any(|site| site.generation == started.generation));
        for site in sites {
            if self.started_with.iter().all(|started| started.generation != site.generation) {
                let resources = self.settings.resources.clone();
                self.started_with.push(StartedWith { generation: site.generation, resources });
            }
        }
    }

    /// The places of its replicas, but for those that a move or restart is bringing up.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        self.sites.iter().filter(|site| !self.is_coming(site)).map(|site| site.place.clone()).collect()
    }

    /// The places of those replicas that are not lost.
    #[must_use]
    pub fn standing(&self) -> Vec<Place> {
        let standing = self.sites.iter().filter(|site| !site.is_lost() && !self.is_coming(site));
        standing.map(|site| site.place.clone()).collect()
    }

    /// How many replicas its places hold.
    #[must_use]
    pub fn running(&self) -> u32 {
        replicas(&self.places())
    }

    /// How many replicas it is to have at the moment: those that take the place of others are not counted twice (W9).
    #[must_use]
    pub fn size(&self) -> u32 {
        self.running().saturating_sub(self.replacing)
    }

    /// How long it has taken resources by `now`.
    #[must_use]
    pub fn used_by(&self, now: Moment) -> Duration {
        self.used.saturating_add(self.using_since.map_or(Duration::ZERO, |since| now.since(since)))
    }
}
