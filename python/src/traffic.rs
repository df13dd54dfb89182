//! Where a request goes: balancers, sessions, offloading (R5–R7).

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::json;
use siting::time::Moment;
use siting::traffic::{
    self, Algorithm, Backend, BackendId, Bound, Caller, Checks, Country, Destination, FailedRequests, InvalidBackends,
    Load, LocalSide, NoRoute, Offloading, Remote, RemoteId, Side, SiteId, Split, VersionId,
};

use crate::callers;
use crate::capacity::read;
use crate::failure::{Failure, Outcome, json};
use crate::kept::restored;
use crate::scaling::one_of;

/// What a request says of itself.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Request {
    address: Option<IpAddr>,
    key: Vec<u8>,
    tried: Vec<BackendId>,
    version: Option<VersionId>,
    country: Option<Country>,
}

#[pymethods]
impl Request {
    #[new]
    fn new(
        address: Option<&str>,
        key: Vec<u8>,
        tried: Vec<u32>,
        version: Option<u32>,
        country: Option<&str>,
    ) -> Outcome<Self> {
        let parsed = |text: &str| {
            text.parse().map_err(|_| Failure::value(format!("`{text}` is no IP address"), "write it as `192.0.2.1`"))
        };
        let (tried, version) = (tried.into_iter().map(BackendId).collect(), version.map(VersionId));
        let country = country.map(callers::code).transpose()?;
        Ok(Self { address: address.map(parsed).transpose()?, key, tried, version, country })
    }
}

impl Request {
    fn caller(&self) -> Caller<'_> {
        let Self { address, version, country, .. } = *self;
        Caller { address, key: &self.key, tried: &self.tried, version, country }
    }
}

/// Chooses one of a deployment's backends; may be asked from many threads.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Balancer {
    shared: Mutex<traffic::Balancer>,
}

impl Balancer {
    fn lock(&self) -> MutexGuard<'_, traffic::Balancer> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Balancer {
    #[staticmethod]
    fn of(algorithm: &str, backends: &str, checks: &str) -> Outcome<Self> {
        let algorithm = match algorithm {
            "round-robin" => Algorithm::RoundRobin,
            "least-connections" => Algorithm::LeastConnections,
            "ip-hash" => Algorithm::IpHash,
            "consistent-hash" => Algorithm::ConsistentHash,
            other => {
                return Err(one_of("algorithm", other, "round-robin, least-connections, ip-hash or consistent-hash"));
            }
        };
        let SeenChecks { unhealthy_after, healthy_after, fail_percent, fail_requests, fail_timeout } = read(checks)?;
        if fail_percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
            return Err(Failure::value("`fail_percent` is from 1 to 100", "leave it out, and requests do not count"));
        }
        let timeout = Duration::from_millis(fail_timeout);
        let requests = fail_percent.map(|percent| FailedRequests { percent, at_least: fail_requests, timeout });
        let checks = Checks { unhealthy_after, healthy_after, requests };
        let balancer = traffic::Balancer::with_checks(algorithm, self::backends(backends)?, checks)?;
        Ok(Self { shared: Mutex::new(balancer) })
    }

    /// Other backends; those that stay keep their health and connections.
    fn replace(&self, backends: &str) -> Outcome<()> {
        let backends = self::backends(backends)?;
        Ok(self.lock().replace(backends)?)
    }

    /// Requests are answered only where these masks admit the caller, from now on.
    fn bind(&self, masks: &str) -> Outcome<()> {
        let masks = callers::masks(masks)?;
        self.lock().bind(masks);
        Ok(())
    }

    /// Readiness and the like of one backend; false if there is none.
    fn update(&self, id: u32, ready: Option<bool>, allowed: Option<bool>, draining: Option<bool>) -> bool {
        self.lock().update(BackendId(id), |backend| {
            backend.ready = ready.unwrap_or(backend.ready);
            backend.allowed = allowed.unwrap_or(backend.allowed);
            backend.draining = draining.unwrap_or(backend.draining);
        })
    }

    fn checked(&self, id: u32, passed: bool) {
        self.lock().checked(BackendId(id), passed);
    }

    fn pick(&self, now: u64, request: &Request) -> Outcome<u32> {
        Ok(self.lock().pick(Moment::from_millis(now), &request.caller())?.0)
    }

    fn finished(&self, now: u64, id: u32, failed: bool) {
        self.lock().finished(Moment::from_millis(now), BackendId(id), failed);
    }

    /// All that it holds, to be kept.
    fn written(&self) -> Outcome<String> {
        json(&self.lock().clone())
    }

    /// Reads what was written down.
    #[staticmethod]
    fn restored(written: &str) -> Outcome<Self> {
        Ok(Self { shared: Mutex::new(restored(written)?) })
    }

    /// Open connections by id.
    fn connections(&self) -> Vec<(u32, u32)> {
        self.lock().backends().iter().map(|one| (one.id.0, one.connections)).collect()
    }
}

/// Clients that stay with their backend.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Sessions {
    shared: Mutex<traffic::Sessions>,
}

#[pymethods]
impl Sessions {
    #[staticmethod]
    fn of(lifetime_millis: u64) -> Self {
        Self { shared: Mutex::new(traffic::Sessions::new(Duration::from_millis(lifetime_millis))) }
    }

    fn __len__(&self) -> usize {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn expire(&self, now: u64) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).expire(Moment::from_millis(now));
    }

    /// All that they hold, to be kept.
    fn written(&self, py: Python<'_>) -> Outcome<String> {
        py.detach(|| json(&self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }

    /// Reads what was written down.
    #[staticmethod]
    fn restored(py: Python<'_>, written: &str) -> Outcome<Self> {
        py.detach(|| Ok(Self { shared: Mutex::new(restored(written)?) }))
    }

    /// Chooses a client's backend: its own, while that can be had and its version has a share.
    fn pick(
        &self,
        balancer: &Balancer,
        split: Vec<(u32, u8)>,
        now: u64,
        client: &str,
        request: &Request,
        random: u64,
    ) -> Outcome<(u32, &'static str)> {
        let split = Split::new(split.into_iter().map(|(version, percent)| (VersionId(version), percent)).collect())
            .map_err(|error| Failure::value(error.to_string(), "let the shares sum to 100"))?;
        let mut sessions = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let mut balancer = balancer.lock();
        let (id, bound) =
            sessions.pick(&mut balancer, &split, Moment::from_millis(now), client, &request.caller(), random)?;
        let bound = match bound {
            Bound::New => "new",
            Bound::Kept => "kept",
            Bound::Anew => "anew",
        };
        Ok((id.0, bound))
    }
}

/// Decides how much goes to the remote side; the routing, and the state to come back with.
#[pyfunction]
pub(crate) fn offload(state: Option<&str>, now: u64, seen: &str) -> Outcome<(String, String)> {
    let mut side: Side = state.map(read).transpose()?.unwrap_or_default();
    let SeenSide { percentage, window, release_window, release_below, loads, relieved, local_ready, requests, remotes } =
        read(seen)?;
    let percentages = || Failure::value("a percentage is from 0 to 100, and a release from 0 to 1000", "lower it");
    let mut offloading = Offloading::new(percentage, Duration::from_millis(window))
        .and_then(|offloading| match release_below {
            Some(stated) => offloading.releasing_below(stated),
            None => Some(offloading),
        })
        .ok_or_else(percentages)?;
    offloading.release_window = Duration::from_millis(release_window);
    let remotes = remotes.into_iter().map(|(id, healthy, allowed)| Remote { id: RemoteId(id), healthy, allowed });
    let remotes: Vec<_> = remotes.collect();
    if !relieved.is_empty() && relieved.len() != loads.len() {
        return Err(Failure::value("`relieved` speaks of each load", "give as many of both"));
    }
    let relieved = relieved.into_iter().chain(std::iter::repeat(true));
    let loads: Vec<_> = loads.into_iter().zip(relieved).map(|(part, relieved)| Load { part, relieved }).collect();
    let local = LocalSide { ready: local_ready, loads: &loads, requests };
    let routing = side.step(&offloading, Moment::from_millis(now), &local, &remotes);
    let remote = routing.remote.map(|(RemoteId(id), percentage)| (id, percentage));
    let told = json!({
        "local": routing.local,
        "remote": remote.map(|(id, _)| id),
        "remoteShare": remote.map_or(0, |(_, share)| share),
        "why": routing.why,
    });
    Ok((json(&told)?, json(&side)?))
}

/// Where one request goes by such a routing: `None` is nowhere, -1 local, else the remote side.
#[pyfunction]
pub(crate) fn destination(local: u8, remote: Option<(u32, u8)>, random: u64) -> Option<i64> {
    let remote = remote.map(|(id, share)| (RemoteId(id), share));
    let routing = traffic::Routing { local, remote, why: traffic::Why::Calm };
    routing.choose(random).map(|destination| match destination {
        Destination::Local => -1,
        Destination::Remote(RemoteId(id)) => id.into(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenChecks {
    unhealthy_after: u32,
    healthy_after: u32,
    fail_percent: Option<u8>,
    fail_requests: u32,
    fail_timeout: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenBackend {
    id: u32,
    address: String,
    port: u16,
    version: u32,
    weight: u32,
    ready: bool,
    allowed: bool,
    draining: bool,
    max_connections: Option<u32>,
    site: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenSide {
    percentage: u8,
    window: u64,
    release_window: u64,
    release_below: Option<u16>,
    loads: Vec<Option<u64>>,
    relieved: Vec<bool>,
    local_ready: bool,
    requests: Option<u64>,
    remotes: Vec<(u32, bool, bool)>,
}

fn backends(text: &str) -> Outcome<Vec<Backend>> {
    let seen: Vec<SeenBackend> = read(text)?;
    let backend = |one: SeenBackend| Backend {
        version: VersionId(one.version),
        weight: one.weight,
        ready: one.ready,
        allowed: one.allowed,
        draining: one.draining,
        max_connections: one.max_connections,
        site: one.site.map(SiteId),
        ..Backend::new(BackendId(one.id), one.address, one.port)
    };
    Ok(seen.into_iter().map(backend).collect())
}

impl From<InvalidBackends> for Failure {
    fn from(error: InvalidBackends) -> Self {
        let help = match error {
            InvalidBackends::Twice { .. } => "give each backend a number of its own",
            _ => "lower all weights in proportion",
        };
        Self::value(error.to_string(), help)
    }
}

impl From<NoRoute> for Failure {
    fn from(error: NoRoute) -> Self {
        let cause = json(&error.cause()).unwrap_or_default();
        Self::NoRoute { cause: cause.trim_matches('"').to_owned(), message: error.to_string() }
    }
}
