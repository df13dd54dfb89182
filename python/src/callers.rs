//! Where requests are answered, by the country that they come from (P18).

use pyo3::prelude::*;
use serde_json::json;
use siting::catalog::{Choice, ChoiceKind};
use siting::id::{CountryId, Id, PairId};
use siting::lifecycle::Place;
use siting::traffic::{Country, Masks, Remote, RemoteId, Routing, SiteId, Why};
use siting::workspace::{Offloaded, Workspace as Snapshot};

use crate::capacity::read;
use crate::failure::{Failure, Outcome, json};
use crate::life::{Named, find, named};
use crate::offload::places_told;
use crate::workspace::Workspace;

/// Places by the host's numbers: cluster, pool, flavor.
type Sites = Vec<(u32, String, String, String)>;

/// A routing that holds for all: the local part, the remote one, and why.
type ForAll<'a> = (u8, u8, &'a str);

/// The clusters on which a deployment's requests from a country may be answered.
#[pyfunction]
pub(crate) fn answerable(
    py: Python<'_>,
    workspace: &Workspace,
    deployment: &str,
    caller: Option<&str>,
) -> Outcome<Vec<String>> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let found = workspace.answerable(deployment, country(&workspace, caller)?)?;
        let clusters = workspace.inventory().fleet().clusters();
        let names = found.iter().filter_map(|id| clusters.get(id.index()));
        Ok(names.map(|cluster| cluster.name.as_str().to_owned()).collect())
    })
}

/// The masks of all callers of a loaded deployment.
#[pyfunction]
pub(crate) fn caller_masks(py: Python<'_>, workspace: &Workspace, deployment: &str, sites: Sites) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let known = known(&workspace, sites)?;
        json(&workspace.caller_masks(deployment, known.into_iter().map(|(site, pair, _)| (site, pair)))?)
    })
}

/// The masks of all callers of a live deployment.
#[pyfunction]
pub(crate) fn caller_masks_live(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    deployment: &str,
    sites: Sites,
) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let workload = find(&workspace, &workload)?;
        let number = named(&workspace.state_of(&workload)?, deployment)?;
        let known = known(&workspace, sites)?;
        let sites = known.iter().map(|(site, _, place)| (*site, place));
        json(&workspace.caller_masks_live(&workload, number, sites)?)
    })
}

/// What calls of every endpoint get that come from a country.
#[pyfunction]
pub(crate) fn routes_from(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    caller: Option<&str>,
) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let (workload, caller) = (find(&workspace, &workload)?, country(&workspace, caller)?);
        let state = workspace.state_of(&workload)?;
        let mut routes = Vec::new();
        for endpoint in state.endpoints() {
            let answer = workspace.route(&workload, &endpoint, caller)?;
            routes.push(json!({"endpoint": state.endpoint_name(&endpoint), "answer": answer}));
        }
        json(&routes)
    })
}

/// What was decided for all requests of a loaded deployment, for those from a country.
#[pyfunction]
pub(crate) fn offload_for(
    py: Python<'_>,
    workspace: &Workspace,
    deployment: &str,
    for_all: ForAll<'_>,
    caller: Option<&str>,
    local: bool,
) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let all = Offloaded { routing: routing(for_all)?, remotes: Vec::new() };
        let caller = country(&workspace, caller)?;
        places_told(&workspace, &workspace.offload_for(deployment, &all, caller, local)?)
    })
}

/// The same of a live deployment.
#[pyfunction]
pub(crate) fn offload_live_for(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    deployment: &str,
    for_all: ForAll<'_>,
    caller: Option<&str>,
) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let workload = find(&workspace, &workload)?;
        let number = named(&workspace.state_of(&workload)?, deployment)?;
        let all = Offloaded { routing: routing(for_all)?, remotes: Vec::new() };
        let caller = country(&workspace, caller)?;
        places_told(&workspace, &workspace.offload_live_for(&workload, number, &all, caller)?)
    })
}

/// A routing for all, for callers whom a mask binds: the local part, the remote side and its part, and why.
#[pyfunction]
pub(crate) fn routing_for(
    for_all: ForAll<'_>,
    remote: Option<u32>,
    here: bool,
    remotes: Vec<(u32, bool, bool)>,
) -> Outcome<String> {
    let all = routing(for_all)?;
    let all = Routing { remote: all.remote.map(|(_, part)| (RemoteId(remote.unwrap_or(0)), part)), ..all };
    let remotes = remotes.into_iter().map(|(id, healthy, allowed)| Remote { id: RemoteId(id), healthy, allowed });
    let found = all.for_caller(here, &remotes.collect::<Vec<_>>());
    json(&json!({
        "local": found.local,
        "remote": found.remote.map(|(RemoteId(id), _)| id),
        "remoteShare": found.remote.map_or(0, |(_, part)| part),
        "why": found.why,
    }))
}

/// Whether a text is the code of a country, which the call then is about.
#[pyfunction]
pub(crate) fn country_code(text: &str) -> Outcome<String> {
    Ok(code(text)?.to_string())
}

/// The code of the country that a request comes from.
pub(crate) fn code(text: &str) -> Outcome<Country> {
    text.parse().map_err(|_| {
        let message = format!("`{text}` is no code of a country");
        Failure::value(message, "write its two letters, as `de`; leave it out where nobody knows it")
    })
}

/// Masks that were told.
pub(crate) fn masks(text: &str) -> Outcome<Masks> {
    read(text)
}

/// The country of a caller by any of its names; none where nobody knows it.
fn country(workspace: &Snapshot, caller: Option<&str>) -> Outcome<Option<CountryId>> {
    let Some(name) = caller else { return Ok(None) };
    match workspace.find_choice(&format!("{}:{name}", ChoiceKind::Country))? {
        Choice::Country(country) => Ok(Some(country)),
        _ => Ok(None),
    }
}

/// The places of these names.
fn known(workspace: &Snapshot, sites: Sites) -> Outcome<Vec<(SiteId, PairId, Place)>> {
    let (catalog, fleet) = (workspace.catalog(), workspace.inventory().fleet());
    let one = |(site, cluster, pool, flavor): (u32, String, String, String)| {
        let (kind, code) = flavor.split_once(':').unwrap_or(("", &flavor));
        let found = match ChoiceKind::parse(kind).and_then(|kind| catalog.resolve(kind, code)) {
            Some(Choice::Flavor(found)) => Some(found),
            _ => None,
        };
        let pair = found.and_then(|found| fleet.find_pair(&cluster, &pool, found));
        let place = found.zip(pair).and_then(|(found, pair)| {
            let flavor = format!("{}:{}", catalog.flavor_kind(found).as_str(), catalog.flavor_code(found));
            let (cluster, pool) = (cluster.parse().ok()?, pool.parse().ok()?);
            Some((SiteId(site), pair, Place { cluster, pool, flavor: flavor.into(), replicas: 1 }))
        });
        place.ok_or_else(|| Failure::Value {
            code: "unknown-name",
            message: format!("there is no place `{cluster}`, `{pool}`, `{flavor}`"),
            help: "name a cluster, a pool of it, and a flavor of that, such as `gpu:t4`",
        })
    };
    sites.into_iter().map(one).collect()
}

fn routing((local, remote, why): ForAll<'_>) -> Outcome<Routing> {
    let why: Why = read(&json(&why)?)?;
    Ok(Routing { local, remote: (remote > 0).then_some((RemoteId(0), remote)), why })
}
