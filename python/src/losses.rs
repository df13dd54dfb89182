//! Replicas on clusters and nodes that are lost, and what follows (W9).

use pyo3::prelude::*;
use serde_json::{Value, json};
use siting::time::Moment;
use siting::workspace::{Loss, Relief, Workspace as Snapshot};

use crate::failure::{Outcome, json};
use crate::workspace::Workspace;

/// Live deployments with replicas on clusters or nodes that are lost.
#[pyfunction]
pub(crate) fn losses(py: Python<'_>, workspace: &Workspace, now: u64) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let losses = workspace.losses(Moment::from_millis(now));
        json(&losses.iter().map(|loss| entry(&workspace, loss)).collect::<Vec<_>>())
    })
}

/// Does for every loss what its environment wants; the losses as they were.
#[pyfunction]
pub(crate) fn settle_losses(py: Python<'_>, workspace: &Workspace, now: u64) -> Outcome<String> {
    py.detach(|| {
        workspace.change(|workspace| {
            let settled = workspace.settle_losses(Moment::from_millis(now));
            let entries = settled.iter().map(|(loss, done)| {
                let mut entry = entry(workspace, loss);
                let (field, value) = match done {
                    Ok(effects) => ("effects", json!(effects)),
                    Err(refusal) => ("refused", json!(refusal.to_string())),
                };
                if let Some(object) = entry.as_object_mut() {
                    object.insert(field.to_owned(), value);
                }
                entry
            });
            json(&entries.collect::<Vec<_>>())
        })
    })
}

fn entry(workspace: &Snapshot, loss: &Loss) -> Value {
    let (relief, until, reason) = match &loss.relief {
        Relief::Wait => ("wait", None, None),
        Relief::Until(until) => ("until", Some(until.as_millis()), None),
        Relief::UnderWay => ("under-way", None, None),
        Relief::Move => ("move", None, None),
        Relief::Retry(refusal) => ("retry", None, Some(refusal.to_string())),
        _ => ("other", None, None),
    };
    let record = workspace.life(&loss.workload).and_then(|life| life.state().deployment(loss.deployment));
    json!({
        "workload": {
            "type": workspace.catalog().resource_type_name(loss.workload.resource_type),
            "name": loss.workload.name,
        },
        "deployment": record.map(|record| &record.name),
        "places": loss.places,
        "since": loss.since.as_millis(),
        "relief": relief,
        "until": until,
        "reason": reason,
        "action": loss.action().map(|action| action.verb()),
    })
}
