//! What is in use: reservations, commits, health (I3, I4).

use pyo3::prelude::*;
use serde::Deserialize;
use siting::catalog::{Choice, ChoiceKind};
use siting::id::Name;
use siting::inventory::{GpuRequest, Request, Reservation, ReservationId};
use siting::lifecycle::Place;
use siting::quantity::{Bandwidth, Bytes, Cpu, GpuShare};
use siting::workspace::Workspace as Snapshot;

use crate::failure::{Failure, Outcome, json};
use crate::workspace::Workspace;

/// Replicas on a place, and what each takes, by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    cluster: String,
    pool: Name,
    flavor: String,
    replicas: u32,
    cpu: Cpu,
    memory: Bytes,
    #[serde(default)]
    storage: Bytes,
    #[serde(default)]
    bandwidth: Bandwidth,
    #[serde(default)]
    gpus: u32,
    #[serde(default)]
    share: Option<GpuShare>,
}

impl Claim {
    fn request(&self) -> Request {
        let gpu = match (self.share, self.gpus) {
            (Some(share), _) => GpuRequest::Share(share),
            (None, 0) => GpuRequest::None,
            (None, count) => GpuRequest::Whole(count),
        };
        let Self { cpu, memory, storage, bandwidth, .. } = *self;
        Request { cpu, memory, storage, bandwidth, gpu }
    }

    /// Where, as the workspace writes it.
    fn place(&self, workspace: &Snapshot) -> Outcome<Place> {
        let fleet = workspace.inventory().fleet();
        workspace.find_cluster(&self.cluster)?;
        let kind = self.flavor.split_once(':').and_then(|(kind, code)| Some((ChoiceKind::parse(kind)?, code)));
        let flavor = kind.and_then(|(kind, code)| match workspace.catalog().resolve(kind, code)? {
            Choice::Flavor(flavor) => Some(flavor),
            _ => None,
        });
        let found = flavor.and_then(|flavor| {
            fleet.find_pair(&self.cluster, self.pool.as_str(), flavor)?;
            let catalog = workspace.catalog();
            let flavor = format!("{}:{}", catalog.flavor_kind(flavor).as_str(), catalog.flavor_code(flavor));
            let (cluster, pool) = (Name::new(&self.cluster).ok()?, self.pool.clone());
            Some(Place { cluster, pool, flavor: flavor.into(), replicas: self.replicas })
        });
        found.ok_or_else(|| {
            let Self { cluster, pool, flavor, .. } = self;
            let message = format!("cluster `{cluster}` has no pool `{pool}` that runs `{flavor}`");
            Failure::Value { code: "unknown-name", message, help: "name a pool and a flavor of it, such as `gpu:t4`" }
        })
    }
}

/// Reserves all of several claims, or none; the ids of the reservations.
#[pyfunction]
pub(crate) fn reserve(py: Python<'_>, workspace: &Workspace, claims: &str) -> Outcome<Vec<u64>> {
    let claims: Vec<Claim> = read(claims)?;
    py.detach(|| {
        workspace.change(|workspace| {
            let wanted = claims.iter().filter(|claim| claim.replicas > 0).map(|claim| {
                let request = claim.request();
                Ok((claim.place(workspace)?, request))
            });
            let wanted = wanted.collect::<Outcome<Vec<_>>>()?;
            let made = workspace.reserve(&wanted).map_err(|(_, cause)| cause)?;
            Ok(made.into_iter().map(ReservationId::get).collect())
        })
    })
}

/// Gives back what a reservation holds.
#[pyfunction]
pub(crate) fn release(py: Python<'_>, workspace: &Workspace, id: u64) -> Outcome<()> {
    py.detach(|| workspace.change(|workspace| Ok(workspace.release(ReservationId::new(id))?)))
}

/// All reservations as values.
#[pyfunction]
pub(crate) fn reservations(py: Python<'_>, workspace: &Workspace) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let inventory = workspace.inventory();
        json(&inventory.reservations().filter_map(|id| inventory.reservation(id)).collect::<Vec<_>>())
    })
}

/// Holds again what a reservation held.
#[pyfunction]
pub(crate) fn restore(py: Python<'_>, workspace: &Workspace, reservation: &str) -> Outcome<()> {
    let reservation: Reservation = read(reservation)?;
    py.detach(|| workspace.change(|workspace| Ok(workspace.take_back(&reservation)?)))
}

/// Records a cluster's health, and whether it is closed to new work.
#[pyfunction]
pub(crate) fn set_cluster(
    py: Python<'_>,
    workspace: &Workspace,
    name: &str,
    healthy: Option<bool>,
    cordoned: Option<bool>,
) -> Outcome<()> {
    py.detach(|| {
        workspace.change(|workspace| {
            if let Some(healthy) = healthy {
                workspace.set_healthy(name, healthy)?;
            }
            Ok(cordoned.map_or(Ok(()), |cordoned| workspace.set_cordoned(name, cordoned))?)
        })
    })
}

/// Every cluster's health, and whether it is closed to new work, in the order of their names.
#[pyfunction]
pub(crate) fn closed(py: Python<'_>, workspace: &Workspace) -> Vec<(String, bool, bool)> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let inventory = workspace.inventory();
        let clusters = inventory.fleet().clusters().iter().enumerate();
        let states = clusters.map(|(index, cluster)| {
            let id = siting::id::Id::from_index(index);
            (cluster.name.to_string(), inventory.healthy().contains(id), inventory.cordoned().contains(id))
        });
        states.collect()
    })
}

/// Reads what the Python side wrote, or what a user kept.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Outcome<T> {
    serde_json::from_str(text).map_err(|error| {
        // Where in the text is of no use to who never saw it.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        Failure::value(message, "give it as it is documented, or as it was written")
    })
}
