//! Where a deployment's requests go beside its local replicas, under the policies (R6).

use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use siting::id::PairId;
use siting::metrics::Reading;
use siting::quantity::Milli;
use siting::time::Moment;
use siting::traffic::Side;
use siting::workspace::{Local, Offloaded, Workspace as Snapshot};

use crate::capacity::read;
use crate::failure::{Failure, Outcome, json};
use crate::life::{Named, find, named};
use crate::workspace::Workspace;

/// What the routing is and what it remembers; nothing of a deployment that does not offload.
type Told = Option<(String, String)>;

/// Decides where a loaded deployment's requests go.
#[pyfunction]
pub(crate) fn offload_loaded(
    py: Python<'_>,
    workspace: &Workspace,
    deployment: &str,
    now: u64,
    seen: &str,
    state: Option<&str>,
) -> Outcome<Told> {
    let (seen, mut side) = (read::<SeenLocal>(seen)?, remembered(state)?);
    py.detach(|| {
        let workspace = workspace.snapshot();
        let id = workspace.find_deployment(deployment)?;
        let watched = workspace.spec_of(id).and_then(|spec| spec.offloads()).map(|offloads| offloads.metrics.len());
        let readings = seen.readings(watched)?;
        let local = Local { ready: seen.ready, readings: &readings, requests: seen.requests };
        told(&workspace, workspace.offload(id, &mut side, Moment::from_millis(now), &local), &side)
    })
}

/// Decides where a live deployment's requests go.
#[pyfunction]
pub(crate) fn offload_live(
    py: Python<'_>,
    workspace: &Workspace,
    workload: Named,
    deployment: &str,
    now: u64,
    seen: &str,
    state: Option<&str>,
) -> Outcome<Told> {
    let (seen, mut side) = (read::<SeenLocal>(seen)?, remembered(state)?);
    py.detach(|| {
        let workspace = workspace.snapshot();
        let workload = find(&workspace, &workload)?;
        let life = workspace.state_of(&workload)?;
        let number = named(&life, deployment)?;
        let settings = life.deployment(number).map(|record| &record.settings);
        let watched = settings.and_then(|settings| settings.offloading.as_ref()).map(|found| found.metrics.len());
        let readings = seen.readings(watched)?;
        let local = Local { ready: seen.ready, readings: &readings, requests: seen.requests };
        let offloaded = workspace.offload_live(&workload, number, &mut side, Moment::from_millis(now), &local)?;
        told(&workspace, offloaded, &side)
    })
}

fn remembered(state: Option<&str>) -> Outcome<Side> {
    Ok(state.map(read).transpose()?.unwrap_or_default())
}

fn told(workspace: &Snapshot, offloaded: Option<Offloaded>, side: &Side) -> Outcome<Told> {
    let Some(offloaded) = offloaded else { return Ok(None) };
    Ok(Some((places_told(workspace, &offloaded)?, json(side)?)))
}

/// Where requests go, with the places by name.
pub(crate) fn places_told(workspace: &Snapshot, Offloaded { routing, remotes }: &Offloaded) -> Outcome<String> {
    let fleet = workspace.inventory().fleet();
    let place = |pair: &PairId| {
        let (cluster, pool, flavor) = fleet.names(*pair)?;
        Some(json!({"cluster": cluster, "pool": pool, "flavor": flavor}))
    };
    let remotes: Vec<Value> = remotes.iter().filter_map(place).collect();
    let remote = routing.remote.and_then(|_| remotes.first().cloned());
    let routing = json!({
        "local": routing.local,
        "remote": remote,
        "remoteShare": routing.remote.map_or(0, |(_, share)| share),
        "why": routing.why,
        "remotes": remotes,
    });
    json(&routing)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenLocal {
    ready: bool,
    readings: Vec<Option<SeenReading>>,
    requests: Option<u64>,
}

/// Figures in thousandths.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenReading {
    usage: u64,
    requested: u64,
    replicas: u32,
}

impl SeenLocal {
    /// A reading of each metric that is watched, in their order.
    fn readings(&self, watched: Option<usize>) -> Outcome<Vec<Option<Reading>>> {
        if let Some(watched) = watched
            && watched != self.readings.len()
        {
            let message = format!("`readings` has {} entries, and {watched} metrics are watched", self.readings.len());
            let help = "give one for each metric, in their order, and None where nothing was read";
            return Err(Failure::value(message, help));
        }
        let reading = |seen: &SeenReading| Reading {
            usage: Milli::thousandths(seen.usage),
            requested: Milli::thousandths(seen.requested),
            replicas: seen.replicas,
        };
        Ok(self.readings.iter().map(|seen| seen.as_ref().map(reading)).collect())
    }
}
