//! A workspace written down: its documents as they would be stored now, and what is in use.

use std::collections::HashSet;

use pyo3::prelude::*;
use serde::{Deserialize, Serialize};
use siting::id::Name;
use siting::inventory::{Reservation, ReservationId};
use siting::lifecycle::{Journal, Snapshot as Written};
use siting::manifest::spec::{AttachmentSpec, EnvironmentSpec, Metadata, Specs, WorkspaceSpec};
use siting::manifest::{self, Source};
use siting::policy::Attachment;
use siting::workspace::{LoadOptions, Workspace as Snapshot};

use crate::capacity::read;
use crate::failure::{Failure, Outcome, json};
use crate::workspace::Workspace;

/// All of a workspace; what is loaded from it decides alike.
#[derive(Serialize, Deserialize)]
struct Record {
    manifests: String,
    quarantine: bool,
    reservations: Vec<Reservation>,
    /// Clusters, whether they are healthy, whether they are cordoned.
    clusters: Vec<(String, bool, bool)>,
    /// Type, name, journal.
    lives: Vec<(String, String, Written)>,
}

/// Writes a workspace down.
#[pyfunction]
pub(crate) fn write_down(py: Python<'_>, workspace: &Workspace) -> Outcome<String> {
    let clusters = crate::capacity::closed(py, workspace);
    py.detach(|| {
        let workspace = workspace.snapshot();
        let inventory = workspace.inventory();
        // What lives hold is taken again when they are restored.
        let of_lives: HashSet<ReservationId> = workspace.reserved_by_lives().collect();
        let own = inventory.reservations().filter(|id| !of_lives.contains(id));
        let lives = workspace.lives().map(|(workload, journal)| {
            let type_name = workspace.catalog().resource_type_name(workload.resource_type);
            (type_name.to_owned(), workload.name.to_string(), journal.snapshot())
        });
        json(&Record {
            manifests: manifest::write_json(&present(&workspace, Specs::clone(workspace.specs()))),
            quarantine: !workspace.quarantined().is_empty(),
            reservations: own.filter_map(|id| inventory.reservation(id)).collect(),
            clusters,
            lives: lives.collect(),
        })
    })
}

/// Reads what was written down.
#[pyfunction]
pub(crate) fn read_back(py: Python<'_>, written: &str) -> Outcome<Workspace> {
    let record: Record = read(written)?;
    py.detach(|| {
        let sources = [Source::new("<written>", record.manifests)];
        let mut workspace = Snapshot::from_sources(&sources, LoadOptions { quarantine: record.quarantine })?;
        hold(&mut workspace, &record.reservations)?;
        for (name, healthy, cordoned) in &record.clusters {
            if let Some(id) = workspace.inventory().fleet().find_cluster(name) {
                workspace.inventory_mut().set_healthy(id, *healthy);
                workspace.inventory_mut().set_cordoned(id, *cordoned);
            }
        }
        for (resource_type, name, journal) in record.lives {
            let invalid = |error: String| Failure::value(error, "read back what this version wrote");
            let name = Name::new(&name).map_err(|error| invalid(error.to_string()))?;
            let journal = Journal::restore(journal).map_err(|error| invalid(error.to_string()))?;
            if let Some(workload) = workspace.workload(&resource_type, &name) {
                workspace.restore_life(&workload, journal)?;
            }
        }
        Ok(workspace.into())
    })
}

/// Holds these reservations and no others: those that the load made for what runs may be gone since.
fn hold(workspace: &mut Snapshot, reservations: &[Reservation]) -> Outcome<()> {
    let inventory = workspace.inventory_mut();
    let made: Vec<ReservationId> = inventory.reservations().collect();
    let kept = |id: &ReservationId| reservations.iter().any(|kept| kept.id() == *id);
    for id in made.iter().filter(|id| !kept(id)) {
        inventory.release(*id)?;
    }
    for reservation in reservations.iter().filter(|kept| !made.contains(&kept.id())) {
        inventory.restore(reservation)?;
    }
    Ok(())
}

/// The documents of one name, as they are now: policies, environments, deployments and clusters.
pub(crate) fn named(workspace: &Snapshot, name: &str) -> Specs {
    let all = workspace.specs();
    let called = |metadata: &Metadata| metadata.name.as_str() == name;
    let specs = Specs {
        policies: all.policies.iter().filter(|spec| called(&spec.metadata)).cloned().collect(),
        environments: all.environments.iter().filter(|spec| called(&spec.metadata)).cloned().collect(),
        deployments: all.deployments.iter().filter(|spec| called(&spec.metadata)).cloned().collect(),
        clusters: all.clusters.iter().filter(|spec| called(&spec.metadata)).cloned().collect(),
        ..Specs::default()
    };
    present(workspace, specs)
}

/// Documents with the policies that are attached by now and without environments that were removed.
pub(crate) fn present(workspace: &Snapshot, mut specs: Specs) -> Specs {
    let name = |policy| workspace.policies().get(policy).map(|policy| policy.name().to_string());
    let written = |attachment: &Attachment| {
        let policy = name(attachment.policy)?.into();
        Some(AttachmentSpec { policy, enforcement: attachment.enforcement, remote: false })
    };
    let all = |attachments: &[Attachment]| attachments.iter().filter_map(written).collect::<Vec<_>>();
    let root = all(workspace.bundle().attachments);
    match &mut specs.workspace {
        Some(spec) => update(&mut spec.policies, root),
        None if root.is_empty() => {}
        None => specs.workspace = root_of(root),
    }
    // What runs of a workload that lives is known by its life.
    let lives = |address: &str| {
        let deployment = workspace.find_deployment(address).ok().and_then(|id| workspace.deployment(id));
        deployment.is_some_and(|deployment| workspace.life(&deployment.workload).is_some())
    };
    specs.running.retain(|running| !lives(&running.deployment));
    specs.environments.retain(|spec| workspace.find_environment(spec.metadata.name.as_str()).is_ok());
    for (_, environment) in workspace.environments() {
        let attached = all(&environment.attachments);
        match specs.environments.iter_mut().find(|spec| spec.metadata.name.value == environment.name) {
            Some(spec) => update(&mut spec.policies, attached),
            None if attached.is_empty() => {}
            None => specs.environments.extend(environment_of(&environment.name, attached)),
        }
    }
    for spec in &mut specs.deployments {
        let id = workspace.find_deployment(&format!(
            "{}/{}/{}",
            spec.resource_type.value, spec.workload.value, spec.metadata.name.value
        ));
        let found = id.ok().and_then(|id| workspace.deployment(id));
        let Some(deployment) = found else { continue };
        let mut attached = all(&deployment.attachments);
        // A policy that lives elsewhere is named all the same.
        let elsewhere = spec.policies.iter().filter(|attached| attached.remote).cloned();
        attached.retain(|one| !spec.policies.iter().any(|old| old.remote && *old.policy == *one.policy));
        attached.extend(elsewhere);
        update(&mut spec.policies, attached);
    }
    specs
}

/// Other attachments; what stays the same keeps where it was written.
fn update(specs: &mut Vec<AttachmentSpec>, attached: Vec<AttachmentSpec>) {
    let same = specs.len() == attached.len() && specs.iter().all(|spec| attached.contains(spec));
    if !same {
        *specs = attached;
    }
}

/// A workspace's document with nothing but policies.
fn root_of(policies: Vec<AttachmentSpec>) -> Option<WorkspaceSpec> {
    let root = read_one("Workspace", "workspace").workspace?;
    Some(WorkspaceSpec { policies, ..root })
}

/// An environment's document with nothing but policies.
fn environment_of(name: &Name, policies: Vec<AttachmentSpec>) -> Option<EnvironmentSpec> {
    let environment = read_one("Environment", name.as_str()).environments.pop()?;
    Some(EnvironmentSpec { policies, ..environment })
}

/// The shortest document of a kind: what is not said is as usual.
fn read_one(kind: &str, name: &str) -> Specs {
    let document = serde_json::json!({
        "apiVersion": "siting.dev/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {},
    });
    manifest::read_str(kind, &document.to_string()).specs
}
