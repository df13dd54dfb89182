//! The choice of a backend.

use std::collections::HashSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::backend::{Backend, BackendId, Cause, NoRoute, VersionId};
use super::hashing::{IpHash, Ring};
use super::health::Checks;
use super::masks::{Country, Masks};
use super::split::Split;
use super::turns::{Left, Turn, Turns};
use crate::time::Moment;

/// The rule by which a backend is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Each in turn, by weight, evenly mixed: nginx's smooth weighted round robin.
    RoundRobin,
    /// The one with the fewest open connections for its weight; of equals, in turn (nginx).
    LeastConnections,
    /// By the caller's address (nginx): the same backend while the set stays the same.
    IpHash,
    /// By the caller's key, on a [`Ring`]: few callers move when the set changes.
    ConsistentHash,
}

/// Who asks, as far as the choice depends on it.
#[derive(Clone, Copy, Default, Debug)]
pub struct Caller<'a> {
    /// The address, for [`Algorithm::IpHash`]; without one, each in turn.
    pub address: Option<IpAddr>,
    /// The key, for [`Algorithm::ConsistentHash`].
    pub key: &'a [u8],
    /// Backends that have failed this very request.
    pub tried: &'a [BackendId],
    /// The version that is to answer, where a split has chosen one.
    pub version: Option<VersionId>,
    /// The country that it calls from, for the [`Masks`]; a caller of whom it is not known is bound by the mask of unknown
    /// callers.
    pub country: Option<Country>,
}

/// A deployment's backends and the turn they are in.
///
/// Source of the algorithms: `ngx_http_upstream_round_robin`, `…_least_conn`, `…_ip_hash` and `…_hash`
/// of nginx.
///
/// ```
/// use siting::time::Moment;
/// use siting::traffic::{Algorithm, Backend, BackendId, Balancer, Caller};
///
/// let backend = |id, weight| Backend { weight, ..Backend::new(BackendId(id), "10.0.0.1", 80) };
/// let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![backend(0, 5), backend(1, 1), backend(2, 1)])?;
/// let now = Moment::from_millis(0);
/// let turns: Vec<u32> = (0..7).map(|_| balancer.pick(now, &Caller::default()).unwrap().0).collect();
/// assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0]);
/// # Ok::<(), siting::traffic::InvalidBackends>(())
/// ```
///
/// Its serialised form can be kept, and goes on elsewhere as this one would; what contradicts itself is not read back.
#[derive(Clone, Debug)]
pub struct Balancer {
    pub(super) algorithm: Algorithm,
    pub(super) checks: Checks,
    pub(super) backends: Vec<Backend>,
    /// One for each backend: its turn, kept while it cannot be chosen.
    pub(super) turns: Vec<Turn>,
    /// Those that can be chosen, in the order of the backends (invariant `usable-only`).
    usable: Turns,
    /// Until when `usable` holds as it is; `None` where it has to be made anew.
    holds_until: Option<Moment>,
    ring: Ring,
    pub(super) masks: Masks,
    /// What each mask leaves of `usable`, where it was asked for since that was made.
    left: Vec<Option<Left>>,
}

impl Balancer {
    /// The greatest weight of a backend.
    pub const MOST_WEIGHT: u32 = 1_000_000;

    /// The greatest sum of the weights of all backends.
    pub const MOST_WEIGHTS: u64 = 500_000_000;

    /// A balancer over `backends`, with the default [`Checks`].
    ///
    /// # Errors
    /// [`InvalidBackends`] if two have one number, a weight is above [`Balancer::MOST_WEIGHT`], or their sum above
    /// [`Balancer::MOST_WEIGHTS`].
    pub fn new(algorithm: Algorithm, backends: Vec<Backend>) -> Result<Self, InvalidBackends> {
        Self::with_checks(algorithm, backends, Checks::default())
    }

    /// The same with thresholds of health.
    ///
    /// # Errors
    /// As [`Balancer::new`].
    pub fn with_checks(algorithm: Algorithm, backends: Vec<Backend>, checks: Checks) -> Result<Self, InvalidBackends> {
        check(&backends)?;
        let mut balancer = Self {
            algorithm,
            checks,
            backends,
            turns: Vec::new(),
            usable: Turns::default(),
            holds_until: None,
            ring: Ring::default(),
            masks: Masks::none(),
            left: Vec::new(),
        };
        balancer.arrange();
        Ok(balancer)
    }

    /// The backends.
    #[must_use]
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// Replaces the set of backends. One that stays, by its number, keeps its health and connections;
    /// the turn begins anew.
    ///
    /// # Errors
    /// As [`Balancer::new`]; nothing has changed then.
    pub fn replace(&mut self, mut backends: Vec<Backend>) -> Result<(), InvalidBackends> {
        check(&backends)?;
        for backend in &mut backends {
            if let Some(old) = self.backends.iter().find(|old| old.id == backend.id) {
                backend.health = old.health;
                backend.connections = old.connections;
            }
        }
        self.backends = backends;
        self.arrange();
        Ok(())
    }

    /// From now on, requests are answered only where these masks admit the caller (P18). Whoever compiles them from
    /// policies gives them again when those change, or when backends stand at new places.
    pub fn bind(&mut self, masks: Masks) {
        self.masks = masks;
        self.left.clear();
    }

    /// The masks that bind requests.
    #[must_use]
    pub fn masks(&self) -> &Masks {
        &self.masks
    }

    /// Changes what is known of a backend: readiness, permission, draining, checks. False where there is
    /// none of this number. Its number, address and weight stay as they are; for those, [`Self::replace`].
    pub fn update(&mut self, id: BackendId, change: impl FnOnce(&mut Backend)) -> bool {
        let Some(backend) = self.backends.iter_mut().find(|backend| backend.id == id) else { return false };
        let fixed = (backend.id, backend.address.clone(), backend.port, backend.weight);
        change(backend);
        (backend.id, backend.address, backend.port, backend.weight) = fixed;
        self.holds_until = None;
        true
    }

    /// Notes the result of a check of a backend's health.
    pub fn checked(&mut self, id: BackendId, passed: bool) {
        let checks = self.checks;
        self.update(id, |backend| {
            backend.health.checked(passed, &checks);
        });
    }

    /// Chooses a backend and opens a connection to it.
    ///
    /// # Errors
    /// [`NoRoute`], with the causes, where none may be sent this request.
    pub fn pick(&mut self, now: Moment, caller: &Caller<'_>) -> Result<BackendId, NoRoute> {
        self.refresh(now);
        let place = self.masks.place(caller.country);
        self.look_through(place);
        let Self { algorithm, backends, usable, ring, turns, masks, left, .. } = self;
        let left = left.get(place).and_then(Option::as_ref);
        let of_mask = |at: &usize| left.is_none_or(|left| left.has(*at));
        let at = if usable.is_empty() || left.is_some_and(|left| !left.is_any()) {
            None
        } else if caller.tried.is_empty() && caller.version.is_none() {
            let next = |usable: &mut Turns| match left {
                Some(left) => usable.next_in(left),
                None => usable.next(),
            };
            match (algorithm, caller.address) {
                (Algorithm::RoundRobin, _) | (Algorithm::IpHash, None) => next(usable),
                (Algorithm::LeastConnections, _) => match left {
                    Some(left) => usable.idlest_in(left),
                    None => usable.idlest(),
                },
                (Algorithm::IpHash, Some(address)) => {
                    let found = by_address(turns, address, |place| usable.find(place).filter(of_mask));
                    found.or_else(|| next(usable))
                }
                (Algorithm::ConsistentHash, _) => by_key(ring, caller.key, |place| usable.find(place).filter(of_mask)),
            }
        } else {
            let mask = masks.at(place);
            let admits = |place: u32| {
                backends.get(place as usize).is_some_and(|backend| {
                    caller.version.is_none_or(|version| version == backend.version)
                        && !caller.tried.contains(&backend.id)
                        && mask.admits(backend.site)
                })
            };
            let find = |place: u32| usable.find(place).filter(|_| admits(place));
            let none = !usable.iter().any(|turn| admits(turn.place));
            match (algorithm, caller.address) {
                _ if none => None,
                (Algorithm::RoundRobin, _) | (Algorithm::IpHash, None) => usable.next_of(|_, turn| admits(turn.place)),
                (Algorithm::LeastConnections, _) => usable.idlest_of(|_, turn| admits(turn.place)),
                (Algorithm::IpHash, Some(address)) => {
                    by_address(turns, address, find).or_else(|| usable.next_of(|_, turn| admits(turn.place)))
                }
                (Algorithm::ConsistentHash, _) => by_key(ring, caller.key, find),
            }
        };
        at.and_then(|at| self.opened(now, at)).ok_or_else(|| {
            self.none_of(now, caller.country, |version| caller.version.is_none_or(|asked| asked == version))
        })
    }

    /// Says what the mask at a place leaves of the usable, where that is not known.
    fn look_through(&mut self, place: usize) {
        let mask = self.masks.at(place);
        if mask.is_everywhere() || self.left.get(place).is_some_and(Option::is_some) {
            return;
        }
        self.left.resize(self.masks.len(), None);
        let backends = &self.backends;
        let admits = |place: u32| backends.get(place as usize).is_some_and(|backend| mask.admits(backend.site));
        if let Some(left) = self.left.get_mut(place) {
            *left = Some(self.usable.left(admits));
        }
    }

    /// Why there is no route to any version that `asked` lets pass.
    fn none_of(&self, now: Moment, country: Option<Country>, asked: impl Fn(VersionId) -> bool) -> NoRoute {
        let mask = self.masks.of(country);
        // One that was tried and failed this request is as good as unhealthy.
        let cause = |backend: &Backend| backend.unusable_for(mask, now, &self.checks).unwrap_or(Cause::Unhealthy);
        NoRoute::of(self.backends.iter().filter(|backend| asked(backend.version)).map(cause))
    }

    /// Why there is no route for a caller to any version with a share.
    pub(super) fn no_route(&self, now: Moment, country: Option<Country>, split: &Split) -> NoRoute {
        self.none_of(now, country, |version| split.share(version) > 0)
    }

    /// Opens a connection to this very backend, where it may be sent a request from a country.
    pub fn reopen(&mut self, now: Moment, id: BackendId, country: Option<Country>) -> bool {
        self.refresh(now);
        let place = self.backends.iter().position(|backend| backend.id == id);
        let admitted = place.filter(|&place| {
            self.backends.get(place).is_some_and(|backend| self.masks.of(country).admits(backend.site))
        });
        let at = admitted.and_then(|place| self.usable.find(u32::try_from(place).ok()?));
        at.and_then(|at| self.opened(now, at)).is_some()
    }

    /// Whether a backend of this version may be sent a caller's request, other than those it has tried.
    #[must_use]
    pub fn serves(&self, now: Moment, version: VersionId, caller: &Caller<'_>) -> bool {
        let mask = self.masks.of(caller.country);
        let mut of_version = self.backends.iter().filter(|backend| backend.version == version);
        of_version.any(|backend| {
            !caller.tried.contains(&backend.id) && backend.unusable_for(mask, now, &self.checks).is_none()
        })
    }

    /// The version that a backend runs.
    #[must_use]
    pub fn version_of(&self, id: BackendId) -> Option<VersionId> {
        self.backends.iter().find(|backend| backend.id == id).map(|backend| backend.version)
    }

    /// Notes that the backend that stands at `at` among the usable was chosen.
    fn opened(&mut self, now: Moment, at: usize) -> Option<BackendId> {
        let backend = self.backends.get_mut(self.usable.place(at)? as usize)?;
        backend.connections = backend.connections.saturating_add(1);
        self.usable.connect(at, backend.connections);
        backend.health.chosen(now, &self.checks);
        let full = backend.max_connections.is_some_and(|most| backend.connections >= most);
        if full || !backend.health.is_good(now, &self.checks) {
            self.holds_until = None;
        }
        Some(backend.id)
    }

    /// Closes a connection to a backend, and notes whether its request failed.
    pub fn finished(&mut self, now: Moment, id: BackendId, failed: bool) {
        let Some(place) = self.backends.iter().position(|backend| backend.id == id) else { return };
        let at = u32::try_from(place).ok().and_then(|place| self.usable.find(place));
        let (Some(backend), Some(turn)) = (self.backends.get_mut(place), self.turns.get_mut(place)) else { return };
        let was_good = backend.health.is_good(now, &self.checks);
        backend.connections = backend.connections.saturating_sub(1);
        if let Some(at) = at {
            self.usable.connect(at, backend.connections);
        }
        if failed {
            backend.health.failed(now);
            let counted = self.checks.requests.map_or(0, |rule| rule.at_least);
            let loss = turn.weight.checked_div(i32::try_from(counted).unwrap_or(i32::MAX)).unwrap_or(0);
            match at {
                Some(at) => self.usable.weaken(at, loss),
                None => turn.effective = (turn.effective - loss).max(0),
            }
        } else {
            backend.health.succeeded();
        }
        if backend.max_connections.is_some() || was_good != backend.health.is_good(now, &self.checks) {
            self.holds_until = None;
        }
    }

    /// Begins all turns anew and draws the ring.
    fn arrange(&mut self) {
        let turn = |(place, backend): (usize, &Backend)| {
            // Invariant `weights-fit`: all together are within their type (`check`).
            let weight = i32::try_from(backend.weight).unwrap_or(i32::MAX);
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            Turn { place, weight, effective: weight, current: 0, connections: backend.connections }
        };
        self.turns = self.backends.iter().enumerate().map(turn).collect();
        self.usable = Turns::default();
        self.left.clear();
        self.holds_until = None;
        if self.algorithm == Algorithm::ConsistentHash {
            self.ring = Ring::new(self.backends.iter().map(|one| (one.address.as_str(), one.port, one.weight)));
        }
    }

    /// Brings what the usable keep of their turns back to all turns.
    pub(super) fn settle(&mut self) {
        self.usable.settle();
        for turn in self.usable.iter() {
            if let Some(kept) = self.turns.get_mut(turn.place as usize) {
                *kept = turn;
            }
        }
    }

    /// Brings `usable` up to date. What can be chosen stays so with time; what was taken out comes back.
    fn refresh(&mut self, now: Moment) {
        if self.holds_until.is_some_and(|until| now <= until) {
            return;
        }
        self.settle();
        let mut until = Moment::from_millis(u64::MAX);
        let mut usable = Vec::with_capacity(self.turns.len());
        for (turn, backend) in self.turns.iter_mut().zip(&self.backends) {
            turn.connections = backend.connections;
            if backend.unusable(now, &self.checks).is_none() {
                usable.push(*turn);
            } else if let Some(back) = backend.health.returns_after(&self.checks).filter(|back| *back >= now) {
                until = until.min(back);
            }
        }
        self.usable = Turns::new(usable.into_iter());
        self.left.clear();
        self.holds_until = Some(until);
    }
}

/// Backends that a balancer does not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBackends {
    /// One weighs too much.
    #[error("backend {} has a weight of {weight}, and at most {} is allowed", .backend.0, Balancer::MOST_WEIGHT)]
    TooHeavy {
        /// The first such backend.
        backend: BackendId,
        /// Its weight.
        weight: u32,
    },
    /// Two have one number, by which a host tells them apart.
    #[error("there are two backends {}", .backend.0)]
    Twice {
        /// Their number.
        backend: BackendId,
    },
    /// All together weigh too much.
    #[error("the weights of all backends sum to {total}, and at most {} is allowed", Balancer::MOST_WEIGHTS)]
    TooHeavyTogether {
        /// The sum of their weights.
        total: u64,
    },
}

fn check(backends: &[Backend]) -> Result<(), InvalidBackends> {
    let mut known = HashSet::with_capacity(backends.len());
    if let Some(twice) = backends.iter().find(|one| !known.insert(one.id)) {
        return Err(InvalidBackends::Twice { backend: twice.id });
    }
    if let Some(heavy) = backends.iter().find(|one| one.weight > Balancer::MOST_WEIGHT) {
        return Err(InvalidBackends::TooHeavy { backend: heavy.id, weight: heavy.weight });
    }
    let total = backends.iter().map(|one| u64::from(one.weight)).sum();
    if total > Balancer::MOST_WEIGHTS { Err(InvalidBackends::TooHeavyTogether { total }) } else { Ok(()) }
}

/// The backend by nginx's hash of an address, walked along the weights of all backends; where `find` does
/// not find it among the usable, the hash goes on, up to twenty times more.
fn by_address(turns: &[Turn], address: IpAddr, find: impl Fn(u32) -> Option<usize>) -> Option<usize> {
    let total: u32 = turns.iter().map(|turn| turn.weight.unsigned_abs()).sum();
    let mut hash = IpHash::new(address);
    (0..21).find_map(|_| {
        let mut rest = hash.next().checked_rem(total)?;
        let walked = turns.iter().find(|turn| {
            let weight = turn.weight.unsigned_abs();
            let found = rest < weight;
            rest = rest.wrapping_sub(weight);
            found
        });
        walked.and_then(|turn| find(turn.place))
    })
}

/// The first backend along the ring that `find` finds among the usable.
fn by_key(ring: &Ring, key: &[u8], find: impl Fn(u32) -> Option<usize>) -> Option<usize> {
    ring.from(key).find_map(|place| find(u32::try_from(place).ok()?))
}
