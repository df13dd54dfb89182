//! Decisions: one, and many.

use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use siting::placement::{Remedies, RemedyBound};
use siting::report::{
    ChoiceName, ClusterExplanation, DecisionReport, ExplanationReport, Include, PlacedReport, Remedied,
};
use siting::workspace::{Outcome as Decided, Workspace};

use crate::columns;
use crate::failure::{Failure, Outcome, json};

/// A decision, and the workspace as it was when it was made. Its report is written when someone asks.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Decision {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) decided: Arc<Decided>,
    /// All decisions that were made in their order, and the place of this one among them.
    among: Option<(Arc<[Arc<Decided>]>, usize)>,
    report: OnceLock<String>,
}

impl Decision {
    pub(crate) fn new(workspace: Arc<Workspace>, decided: Arc<Decided>) -> Self {
        Self { workspace, decided, among: None, report: OnceLock::new() }
    }

    /// What would have to change for it to be placed, after those that were decided before it.
    fn remedies(&self) -> Outcome<Remedies> {
        if self.decided.decision.is_placed() {
            return Ok(Remedies::default());
        }
        let bound = RemedyBound::default();
        Ok(match &self.among {
            Some((all, at)) => {
                let before = all.iter().take(*at).map(|outcome| &**outcome);
                self.workspace.remedies_after(before, &self.decided, bound)
            }
            None => self.workspace.remedies(self.decided.deployment, bound)?,
        })
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

    /// How it is named, and where its replicas run: what can be told without explaining it. Nothing where it is about
    /// another workspace's deployment, which its report says.
    fn brief(&self) -> Option<Brief> {
        let (workspace, decision) = (&self.workspace, &self.decided.decision);
        let deployment = workspace.deployment(self.decided.deployment)?;
        let environment = workspace.environment(deployment.environment)?;
        let kind = workspace.catalog().resource_type_name(deployment.workload.resource_type);
        let names = [kind, deployment.workload.name.as_str(), deployment.name.as_str(), environment.name.as_str()];
        Some((names.map(str::to_owned), PlacedReport::all_admitted(decision).into_iter().map(placed).collect()))
    }

    /// The constraints that stand in the way, by code; none where all replicas have a place.
    fn codes(&self) -> Vec<&'static str> {
        let reasons = self.decided.decision.refusal().into_iter().flat_map(|refusal| &refusal.reasons);
        reasons.map(|reason| reason.code.as_str()).collect()
    }

    fn candidate_count(&self) -> usize {
        self.decided.decision.candidates().len()
    }

    /// The entry that `siting place -o json --candidates --admitted-by` has for it.
    fn report(&self, py: Python<'_>) -> Outcome<String> {
        if let Some(report) = self.report.get() {
            return Ok(report.clone());
        }
        let report = py.detach(|| {
            let include = Include::EVERYTHING.remedies(Remedied::No);
            let mut report = DecisionReport::new(&self.workspace, &self.decided, include)?;
            report.remedy(self.workspace.catalog(), &self.remedies()?);
            json(&report)
        })?;
        Ok(self.report.get_or_init(|| report).clone())
    }

    /// What `siting explain -o json` says of it.
    #[pyo3(signature = (cluster=None))]
    fn explanation(&self, py: Python<'_>, cluster: Option<&str>) -> Outcome<String> {
        py.detach(|| {
            let (workspace, decided) = (&self.workspace, &self.decided);
            let cluster = cluster.map(|name| ClusterExplanation::new(workspace, decided.deployment, name));
            let include = Include::EVERYTHING.remedies(Remedied::No);
            let mut report = ExplanationReport::new(workspace, decided, cluster.transpose()?, include)?;
            report.remedy(workspace.catalog(), &self.remedies()?);
            json(&report)
        })
    }

    fn currency(&self) -> &str {
        self.workspace.currency()
    }
}

/// A deployment's workload type, workload, name and environment, and its placements.
type Brief = ([String; 4], Vec<Placed>);
/// Cluster, pool, hardware, replicas, price, and the policies that admit it.
type Placed = (String, String, Choice, u32, Option<String>, Vec<(String, &'static str, Option<Choice>)>);
/// Type and name.
type Choice = (String, String);

fn placed(report: PlacedReport) -> Placed {
    let choice = |name: ChoiceName| (name.r#type, name.name);
    let admitted = report.admitted_by.unwrap_or_default().into_iter();
    let admitted = admitted.map(|found| (found.policy, found.level.as_str(), found.option.map(choice)));
    let price = report.price_per_hour.map(|price| price.to_string());
    (report.cluster, report.pool, choice(report.flavor), report.replicas, price, admitted.collect())
}

/// Decisions of one snapshot, in the order in which they were made.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Decisions {
    workspace: Arc<Workspace>,
    decided: Arc<[Arc<Decided>]>,
    /// Whether each was decided after those before it.
    in_order: bool,
}

impl Decisions {
    pub(crate) fn new(workspace: Arc<Workspace>, decided: Vec<Decided>, in_order: bool) -> Self {
        Self { workspace, decided: decided.into_iter().map(Arc::new).collect(), in_order }
    }
}

#[pymethods]
impl Decisions {
    fn __len__(&self) -> usize {
        self.decided.len()
    }

    fn get(&self, index: usize) -> PyResult<Decision> {
        let decided = self.decided.get(index).ok_or_else(|| PyIndexError::new_err("there is no such decision"))?;
        let among = self.in_order.then(|| (Arc::clone(&self.decided), index));
        Ok(Decision { among, ..Decision::new(Arc::clone(&self.workspace), Arc::clone(decided)) })
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
