//! Decisions: one, and many.

use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use siting::report::{ClusterExplanation, DecisionReport, ExplanationReport, Include};
use siting::workspace::{Outcome as Decided, Workspace};

use crate::columns;
use crate::failure::{Failure, Outcome, json};

/// A decision, and the workspace as it was when it was made. Its report is written when someone asks.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Decision {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) decided: Arc<Decided>,
    report: OnceLock<String>,
}

impl Decision {
    pub(crate) fn new(workspace: Arc<Workspace>, decided: Arc<Decided>) -> Self {
        Self { workspace, decided, report: OnceLock::new() }
    }
}

#[pymethods]
impl Decision {
    fn verdict(&self) -> &'static str {
        self.decided.decision.verdict().as_str()
    }

    fn is_placed(&self) -> bool {
        self.decided.decision.is_placed()
    }

    fn candidate_count(&self) -> usize {
        self.decided.decision.candidates().len()
    }

    /// The entry that `siting place -o json --candidates --admitted-by` has for it.
    fn report(&self, py: Python<'_>) -> Outcome<String> {
        if let Some(report) = self.report.get() {
            return Ok(report.clone());
        }
        let report = py.detach(|| json(&DecisionReport::new(&self.workspace, &self.decided, Include::EVERYTHING)?))?;
        Ok(self.report.get_or_init(|| report).clone())
    }

    /// What `siting explain -o json` says of it.
    #[pyo3(signature = (cluster=None))]
    fn explanation(&self, py: Python<'_>, cluster: Option<&str>) -> Outcome<String> {
        py.detach(|| {
            let (workspace, decided) = (&self.workspace, &self.decided);
            let cluster = cluster.map(|name| ClusterExplanation::new(workspace, decided.deployment, name));
            json(&ExplanationReport::new(workspace, decided, cluster.transpose()?, Include::EVERYTHING)?)
        })
    }

    fn currency(&self) -> &str {
        self.workspace.currency()
    }
}

/// Decisions of one snapshot, in the order in which they were made.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Decisions {
    workspace: Arc<Workspace>,
    decided: Vec<Arc<Decided>>,
}

impl Decisions {
    pub(crate) fn new(workspace: Arc<Workspace>, decided: Vec<Decided>) -> Self {
        Self { workspace, decided: decided.into_iter().map(Arc::new).collect() }
    }
}

#[pymethods]
impl Decisions {
    fn __len__(&self) -> usize {
        self.decided.len()
    }

    fn get(&self, index: usize) -> PyResult<Decision> {
        let decided = self.decided.get(index).ok_or_else(|| PyIndexError::new_err("there is no such decision"))?;
        Ok(Decision::new(Arc::clone(&self.workspace), Arc::clone(decided)))
    }

    /// The names of the clusters, in the order of the bits of the columns that hold masks.
    fn clusters(&self) -> Vec<String> {
        columns::cluster_names(self.workspace.inventory().fleet())
    }

    /// As an Arrow stream of one batch.
    fn arrow_stream<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyCapsule>> {
        let batch = py.detach(|| columns::decisions(&self.workspace, &self.decided))?;
        columns::stream(py, batch)
    }
}

impl From<arrow_schema::ArrowError> for Failure {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Value {
            code: "arrow",
            message: error.to_string(),
            help: "decide fewer deployments at once, or read the decisions one by one",
        }
    }
}
