//! What a call gets: a deployment, a word to wake it first, or nothing and why (L2, L8).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::id::Name;
use crate::lifecycle::effects::{Effect, Endpoint, Weight};
use crate::lifecycle::state::{Capability, Number, Place, Record, Role, State, Status};
use crate::policy::Environment;
use crate::traffic::{Split, VersionId};

/// What a call gets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Answer {
    /// It is answered.
    Routed(Callee),
    /// It is answered by one of several, while one replaces the other (R1).
    Split(Vec<Share>),
    /// It would be answered after a wake.
    WakeFirst(Callee),
    /// It is there, and has no ready replica at the moment.
    NotReady(Callee),
    /// It has ready replicas, and the caller may be answered at none of them (P18).
    NotForCaller(Callee),
    /// 404, and why.
    NotFound(Cause),
}

/// The deployment that a call leads to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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

/// A deployment's part of the calls.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Share {
    /// The deployment.
    pub callee: Callee,
    /// Percent of the calls, from 1; those of all sum to 100.
    pub percent: u8,
}

impl Answer {
    /// The deployments that answer, and each one's percentage of the calls: they sum to 100, or there are
    /// none.
    #[must_use]
    pub fn shares(&self) -> Vec<Weight> {
        let weight = |callee: &Callee, percent| Weight { deployment: callee.deployment, percent };
        match self {
            Self::Routed(callee) => vec![weight(callee, 100)],
            Self::Split(shares) => shares.iter().map(|share| weight(&share.callee, share.percent)).collect(),
            Self::WakeFirst(_) | Self::NotReady(_) | Self::NotForCaller(_) | Self::NotFound(_) => Vec::new(),
        }
    }

    /// The same as a [`Split`] between versions that go by their deployments' numbers: sessions keep their
    /// clients to them. `None` where nobody answers.
    #[must_use]
    pub fn split(&self) -> Option<Split> {
        let part = |weight: Weight| Some((VersionId(u32::try_from(weight.deployment.get()).ok()?), weight.percent));
        Split::new(self.shares().into_iter().map(part).collect::<Option<Vec<_>>>()?).ok()
    }
}

/// Why nothing is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
        let shared = replaced_in(endpoint).and_then(|environment| self.shared(environment));
        shared.unwrap_or_else(|| self.called(endpoint).map_or_else(Answer::NotFound, answer))
    }

    /// The same for a call that may be answered at some places only, as `admits` says it (P18): a deployment without a
    /// ready replica at one of them gets nothing, and the others share its part.
    #[must_use]
    pub fn route_within(&self, endpoint: &Endpoint, mut admits: impl FnMut(&Record, &Place) -> bool) -> Answer {
        let mut answers = |callee: &Callee| {
            self.deployment(callee.deployment).is_some_and(|record| {
                let here = record.sites.iter().filter(|site| !record.is_coming(site));
                here.filter(|site| record.seen_at(site).ready > 0).any(|site| admits(record, &site.place))
            })
        };
        match self.route(endpoint) {
            Answer::Routed(callee) if !answers(&callee) => Answer::NotForCaller(callee),
            Answer::Split(shares) => {
                let (mut left, mut cut): (Vec<_>, Vec<_>) =
                    shares.into_iter().partition(|share| answers(&share.callee));
                match (left.len(), cut.len()) {
                    (0, 1..) => Answer::NotForCaller(cut.swap_remove(0).callee),
                    (1, _) => Answer::Routed(left.swap_remove(0).callee),
                    _ => Answer::Split(whole(left)),
                }
            }
            answer => answer,
        }
    }

    /// The one deployment that answers the calls of an endpoint, if one does.
    ///
    /// ```
    /// use siting::lifecycle::{Endpoint, State};
    /// let state = State::new("model", "bert".parse()?, "production".parse()?);
    /// assert_eq!(state.leads_to(&Endpoint::Workload), None);
    /// # Ok::<(), siting::id::InvalidName>(())
    /// ```
    #[must_use]
    pub fn leads_to(&self, endpoint: &Endpoint) -> Option<Number> {
        match self.weights(endpoint)[..] {
            [Weight { deployment, .. }] => Some(deployment),
            _ => None,
        }
    }

    /// Who answers the calls of an endpoint, and which part of them: as [`route`](Self::route) has it.
    pub(in crate::lifecycle) fn weights(&self, endpoint: &Endpoint) -> SmallVec<[Weight; 2]> {
        match replaced_in(endpoint).and_then(|environment| self.shares(environment)) {
            Some(shares) => shares.into_iter().map(|(deployment, percent)| Weight { deployment, percent }).collect(),
            None => {
                let called = self.called(endpoint).ok().filter(|record| answers(record));
                called.map(|record| Weight { deployment: record.number, percent: 100 }).into_iter().collect()
            }
        }
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

    /// What an environment answers while its holder is replaced.
    fn shared(&self, environment: &str) -> Option<Answer> {
        let shares = self.shares(environment)?;
        let share = |(number, percent)| Some(Share { callee: callee(self.deployment(number)?), percent });
        let mut shares: Vec<_> = shares.into_iter().filter_map(share).collect();
        match (shares.pop(), shares.is_empty()) {
            (None, _) => {
                let holder = self.holder(environment);
                let candidate = || self.deployment(self.slot(environment)?.promotion.as_ref()?.candidate);
                holder.or_else(candidate).map(|record| match record.status {
                    Status::ScaledToZero => Answer::WakeFirst(callee(record)),
                    _ => Answer::NotReady(callee(record)),
                })
            }
            (Some(only), true) => Some(Answer::Routed(only.callee)),
            (Some(last), false) => {
                shares.push(last);
                Some(Answer::Split(shares))
            }
        }
    }

    /// Every endpoint that leads, or could lead, somewhere.
    #[must_use]
    pub fn endpoints(&self) -> BTreeSet<Endpoint> {
        let environments = self.slots.keys().cloned().map(Endpoint::Environment);
        let deployments = self.deployments.keys().copied().map(Endpoint::Deployment);
        [Endpoint::Workload, Endpoint::Draft].into_iter().chain(environments).chain(deployments).collect()
    }

    /// What an endpoint of the workload is called: `workload`, `draft`, `environment/…`, `deployment/…` with an id.
    #[must_use]
    pub fn endpoint_name(&self, endpoint: &Endpoint) -> String {
        match endpoint {
            Endpoint::Workload => "workload".to_owned(),
            Endpoint::Draft => "draft".to_owned(),
            Endpoint::Environment(name) => format!("environment/{name}"),
            Endpoint::Deployment(number) => format!("deployment/{}", self.id(*number)),
        }
    }
}

/// The environment whose holder an endpoint belongs to, and may be being replaced.
fn replaced_in(endpoint: &Endpoint) -> Option<&str> {
    match endpoint {
        Endpoint::Workload => Some(Environment::PRODUCTION),
        Endpoint::Environment(name) => Some(name.as_str()),
        Endpoint::Draft | Endpoint::Deployment(_) => None,
    }
}

/// Whether a deployment answers calls: it serves, and has a ready replica (R3).
fn answers(record: &Record) -> bool {
    record.status.serves() && record.ready() > 0
}

/// The same shares, in proportion, so that they sum to 100; what rounding leaves goes to the first.
fn whole(mut shares: Vec<Share>) -> Vec<Share> {
    let total: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
    for share in &mut shares {
        let part = (u32::from(share.percent) * 100).checked_div(total).unwrap_or(0);
        share.percent = u8::try_from(part).unwrap_or(100);
    }
    let sum: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
    if let Some(first) = shares.first_mut() {
        first.percent = first.percent.saturating_add(u8::try_from(100_u32.saturating_sub(sum)).unwrap_or(0));
    }
    shares
}

fn callee(record: &Record) -> Callee {
    Callee {
        deployment: record.number,
        name: record.name.clone(),
        version: record.version.clone(),
        status: record.status,
    }
}

fn answer(record: &Record) -> Answer {
    let callee = callee(record);
    match record.status {
        Status::ScaledToZero => Answer::WakeFirst(callee),
        _ if answers(record) => Answer::Routed(callee),
        status if status.is_deactivated() => Answer::NotFound(Cause::Deactivated),
        Status::Deleted => Answer::NotFound(Cause::Deleted),
        _ => Answer::NotReady(callee),
    }
}

/// The routes that differ between two states: first those that end, then those that lead elsewhere.
pub(in crate::lifecycle) fn changes(before: &State, after: &State) -> Vec<Effect> {
    let mut endpoints = before.endpoints();
    endpoints.extend(after.endpoints());
    let (mut ended, mut led) = (Vec::new(), Vec::new());
    for endpoint in endpoints {
        let shares = after.weights(&endpoint);
        if shares == before.weights(&endpoint) {
            continue;
        }
        match shares[..] {
            [] => ended.push(Effect::Unroute { endpoint }),
            [Weight { deployment, .. }] => led.push(Effect::Route { endpoint, deployment }),
            _ => led.push(Effect::Split { endpoint, shares: shares.into_vec() }),
        }
    }
    ended.extend(led);
    ended
}
