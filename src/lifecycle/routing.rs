//! What a call gets: a deployment, a word to wake it first, or nothing and why (L2, L8).

use std::collections::BTreeSet;

use serde::Serialize;

use super::effect::{Effect, Endpoint};
use super::role::{Capability, Role};
use super::state::{Number, Record, State};
use super::status::Status;
use crate::id::Name;
use crate::policy::Environment;

/// What a call gets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Answer {
    /// It is answered.
    Routed(Callee),
    /// It would be answered after a wake.
    WakeFirst(Callee),
    /// It is there, and has no ready replica at the moment.
    NotReady(Callee),
    /// 404, and why.
    NotFound(Cause),
}

/// The deployment that a call leads to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Callee {
    /// The deployment.
    pub deployment: Number,
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: Option<String>,
    /// What it is at.
    pub status: Status,
}

/// Why nothing is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// It is deactivated.
    Deactivated,
    /// It is deleted.
    Deleted,
    /// It was never there.
    NeverThere,
    /// The workload has no production deployment.
    NotProduction,
    /// Nothing holds the environment.
    NoHolder,
}

impl Cause {
    /// The cause's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
            Self::NeverThere => "never-there",
            Self::NotProduction => "not-production",
            Self::NoHolder => "no-holder",
        }
    }
}

impl State {
    /// What a call of an endpoint gets.
    ///
    /// ```
    /// use siting::lifecycle::{Answer, Cause, Endpoint, State};
    /// let state = State::new("model", "bert".parse()?, "production".parse()?);
    /// assert_eq!(state.route(&Endpoint::Workload), Answer::NotFound(Cause::NotProduction));
    /// # Ok::<(), siting::id::InvalidName>(())
    /// ```
    #[must_use]
    pub fn route(&self, endpoint: &Endpoint) -> Answer {
        self.called(endpoint).map_or_else(Answer::NotFound, answer)
    }

    /// The deployment that answers the calls of an endpoint, if any does.
    ///
    /// ```
    /// use siting::lifecycle::{Endpoint, State};
    /// let state = State::new("model", "bert".parse()?, "production".parse()?);
    /// assert_eq!(state.leads_to(&Endpoint::Workload), None);
    /// # Ok::<(), siting::id::InvalidName>(())
    /// ```
    #[must_use]
    pub fn leads_to(&self, endpoint: &Endpoint) -> Option<Number> {
        self.called(endpoint).ok().filter(|record| record.status.serves()).map(|record| record.number)
    }

    /// The deployment that an endpoint belongs to, whether it answers or not.
    fn called(&self, endpoint: &Endpoint) -> Result<&Record, Cause> {
        match endpoint {
            Endpoint::Workload => {
                // Only a production deployment is called by the workload's id (L2).
                let holder = self.holder(Environment::PRODUCTION);
                let callable = holder.filter(|_| Role::Production.may(Capability::CallByWorkload));
                let gone = self.deployments.is_empty() && !self.tombstones.is_empty();
                callable.ok_or(if gone { Cause::Deleted } else { Cause::NotProduction })
            }
            Endpoint::Draft => self.draft().ok_or(Cause::NeverThere),
            Endpoint::Environment(name) => self.holder(name.as_str()).ok_or(Cause::NoHolder),
            Endpoint::Deployment(number) => self
                .deployment(*number)
                .ok_or_else(|| if self.tombstone(*number).is_some() { Cause::Deleted } else { Cause::NeverThere }),
        }
    }

    /// Every endpoint that leads, or could lead, somewhere.
    #[must_use]
    pub fn endpoints(&self) -> BTreeSet<Endpoint> {
        let environments = self.slots.keys().cloned().map(Endpoint::Environment);
        let deployments = self.deployments.keys().copied().map(Endpoint::Deployment);
        [Endpoint::Workload, Endpoint::Draft].into_iter().chain(environments).chain(deployments).collect()
    }
}

fn answer(record: &Record) -> Answer {
    let callee = Callee {
        deployment: record.number,
        name: record.name.clone(),
        version: record.version.clone(),
        status: record.status,
    };
    match record.status {
        Status::ScaledToZero => Answer::WakeFirst(callee),
        status if status.serves() => Answer::Routed(callee),
        status if status.is_deactivated() => Answer::NotFound(Cause::Deactivated),
        Status::Deleted => Answer::NotFound(Cause::Deleted),
        _ => Answer::NotReady(callee),
    }
}

/// The routes that differ between two states: first those that end, then those that lead elsewhere.
pub(super) fn changes(before: &State, after: &State) -> Vec<Effect> {
    let mut endpoints = before.endpoints();
    endpoints.extend(after.endpoints());
    let (mut ended, mut led) = (Vec::new(), Vec::new());
    for endpoint in endpoints {
        match (before.leads_to(&endpoint), after.leads_to(&endpoint)) {
            (was, is) if was == is => {}
            (_, Some(deployment)) => led.push(Effect::Route { endpoint, deployment }),
            (_, None) => ended.push(Effect::Unroute { endpoint }),
        }
    }
    ended.extend(led);
    ended
}
