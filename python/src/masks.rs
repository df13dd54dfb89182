//! For every deployment the clusters that its policies allow.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde::{Deserialize, Serialize};
use siting::bitset::BitSet;
use siting::deployment::Deployment;
use siting::id::{ClusterId, Id};
use siting::workspace::Workspace as Snapshot;

use crate::columns::{self, Columns};
use crate::failure::{Failure, Outcome, json};
use crate::kept::{damaged, restored};

/// For every deployment the clusters that its policies allow.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Masks {
    names: Names,
    sets: Vec<Arc<BitSet<ClusterId>>>,
}

/// What rows and bits stand for.
enum Names {
    /// The deployments and clusters of a workspace as it was.
    Of(Arc<Snapshot>),
    /// Those that were written down.
    Kept(Kept),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    clusters: Vec<String>,
    deployments: Vec<String>,
}

impl Masks {
    pub(crate) fn of_workspace(workspace: Arc<Snapshot>) -> Self {
        Self { sets: workspace.allowed_all(), names: Names::Of(workspace) }
    }

    fn width(&self) -> usize {
        match &self.names {
            Names::Of(workspace) => workspace.inventory().fleet().clusters().len(),
            Names::Kept(kept) => kept.clusters.len(),
        }
    }
}

#[pymethods]
impl Masks {
    fn clusters(&self) -> Vec<String> {
        match &self.names {
            Names::Of(workspace) => columns::cluster_names(workspace.inventory().fleet()),
            Names::Kept(kept) => kept.clusters.clone(),
        }
    }

    fn deployments(&self) -> Vec<String> {
        match &self.names {
            Names::Of(workspace) => workspace.deployments().iter().map(Deployment::address).collect(),
            Names::Kept(kept) => kept.deployments.clone(),
        }
    }

    /// The names of the clusters that one deployment is allowed on.
    fn of(&self, address: &str) -> Outcome<Vec<String>> {
        let place = match &self.names {
            Names::Of(workspace) => {
                let id = workspace.find_deployment(address)?;
                workspace.deployment_ids().position(|known| known == id)
            }
            Names::Kept(kept) => Some(kept.find(address)?),
        };
        let clusters = self.clusters();
        let set = place.and_then(|place| self.sets.get(place));
        Ok(set.into_iter().flat_map(|set| set.iter()).filter_map(|id| clusters.get(id.index()).cloned()).collect())
    }

    /// As an Arrow stream of one batch.
    fn arrow_stream<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyCapsule>> {
        let batch = py.detach(|| columns::allowed(&self.deployments(), self.width(), &self.sets))?;
        columns::stream(py, batch)
    }

    /// Every allowed cluster of every deployment, one a row.
    fn pairs(&self, py: Python<'_>) -> Outcome<Columns> {
        py.detach(|| columns::allowed_pairs(&self.deployments(), &self.clusters(), &self.sets))
    }

    /// All that they say, to be kept: the names, and the bits of one row after the other.
    fn written(&self, py: Python<'_>) -> Outcome<(String, Vec<u8>)> {
        py.detach(|| {
            let names = Kept { clusters: self.clusters(), deployments: self.deployments() };
            Ok((json(&names)?, columns::packed(self.width(), self.sets.iter().map(AsRef::as_ref)).as_slice().to_vec()))
        })
    }

    /// Reads what was written down.
    #[staticmethod]
    fn restored(py: Python<'_>, names: &str, bits: Vec<u8>) -> Outcome<Self> {
        py.detach(|| {
            let kept: Kept = restored(names)?;
            let (rows, width) = (kept.deployments.len(), kept.clusters.len());
            let whole = rows.checked_mul(width).is_some_and(|all| all.div_ceil(64) * 8 == bits.len());
            if !whole {
                return Err(damaged("it has not a bit for each deployment and cluster"));
            }
            let bit = |at: usize| bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
            let row = |row: usize| {
                let marked = (0..width).filter(|at| bit(row * width + at)).map(ClusterId::from_index);
                Arc::new(BitSet::from_ids(width, marked))
            };
            Ok(Self { sets: (0..rows).map(row).collect(), names: Names::Kept(kept) })
        })
    }
}

impl Kept {
    /// The row of a deployment, by `workload/name`, or by its name where that is unique.
    fn find(&self, address: &str) -> Outcome<usize> {
        if let Some(found) = self.deployments.iter().position(|known| known == address) {
            return Ok(found);
        }
        let ends = |known: &String| known.rsplit_once('/').is_some_and(|(_, name)| name == address);
        let mut found = self.deployments.iter().enumerate().filter(|(_, known)| ends(known)).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(Failure::Value {
                code: "ambiguous-name",
                message: "several deployments have this name".to_owned(),
                help: "name the workload too, as `workload/name`",
            }),
            _ => Err(Failure::Value {
                code: "unknown-name",
                message: "there is no such deployment here".to_owned(),
                help: "`deployments` lists them",
            }),
        }
    }
}
