//! A workspace written down, and read back the same.

use std::borrow::Cow;

use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use siting::manifest::spec::{Metadata, Specs};
use siting::report::{
    DescriptionReport, DiffReport, DrainReport, DrillReport, ExplanationReport, OptionsReport, PolicyTestsReport,
};
use siting::workspace::{Workspace as Snapshot, WorkspaceState};

use crate::failure::Outcome;
use crate::kept::damaged;
use crate::workspace::Workspace;

/// Writes a workspace down.
#[pyfunction]
pub(crate) fn write_down(py: Python<'_>, workspace: &Workspace) -> String {
    py.detach(|| workspace.snapshot().state().to_json())
}

/// Reads what was written down.
#[pyfunction]
pub(crate) fn read_back(py: Python<'_>, written: &str) -> Outcome<Workspace> {
    py.detach(|| Ok(Snapshot::restore(WorkspaceState::from_json(written)?)?.into()))
}

/// All of a workspace as bytes.
#[pyfunction]
pub(crate) fn write_bytes(py: Python<'_>, workspace: &Workspace) -> Cow<'static, [u8]> {
    Cow::Owned(py.detach(|| workspace.snapshot().state().to_bytes()))
}

/// Reads what was written as bytes.
#[pyfunction]
pub(crate) fn read_bytes(py: Python<'_>, written: &[u8]) -> Outcome<Workspace> {
    py.detach(|| Ok(Snapshot::restore(WorkspaceState::from_bytes(written)?)?.into()))
}

/// A record of a report as the report that it was read from.
pub(crate) fn report(workspace: &Snapshot, mut record: Value) -> Outcome<Value> {
    fn same<T: DeserializeOwned + Serialize>(record: Value) -> Outcome<Value> {
        serde_json::from_value::<T>(record).and_then(serde_json::to_value).map_err(damaged)
    }
    match record.get("kind").and_then(Value::as_str) {
        Some("DiffReport") => same::<DiffReport>(record),
        Some("DrillReport") => same::<DrillReport>(record),
        Some("DrainReport") => same::<DrainReport>(record),
        Some("OptionsReport") => same::<OptionsReport>(record),
        Some("PolicyTestsReport") => same::<PolicyTestsReport>(record),
        Some("Description") => {
            // A record of a description does not say what it was made from.
            if let Some(fields) = record.as_object_mut() {
                fields.retain(|name, _| !matches!(name.as_str(), "apiVersion" | "kind"));
            }
            let described = serde_json::from_value(record).map_err(damaged)?;
            serde_json::to_value(DescriptionReport::new(workspace, described)).map_err(damaged)
        }
        _ => {
            let mut report: ExplanationReport = serde_json::from_value(record).map_err(damaged)?;
            if report.cluster.is_none() {
                // A record has empty lists for what is not said.
                (report.pools, report.admitted_by) = (None, None);
            }
            serde_json::to_value(report).map_err(damaged)
        }
    }
}

/// The documents of one name, as they are now: policies, environments, deployments and clusters.
pub(crate) fn named(workspace: &Snapshot, name: &str) -> Specs {
    let all = workspace.specs();
    let called = |metadata: &Metadata| metadata.name.as_str() == name;
    Specs {
        policies: all.policies.iter().filter(|spec| called(&spec.metadata)).cloned().collect(),
        environments: all.environments.iter().filter(|spec| called(&spec.metadata)).cloned().collect(),
        deployments: all.deployments.iter().filter(|spec| called(&spec.metadata)).cloned().collect(),
        clusters: all.clusters.iter().filter(|spec| called(&spec.metadata)).cloned().collect(),
        ..Specs::default()
    }
}
