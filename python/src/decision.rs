//! Decisions: one, and many.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use siting::id::Name;
use siting::inventory::ReservationId;
use siting::lifecycle::Place;
use siting::placement::{Remedies, RemedyBound};
use siting::report::{
    ChoiceName, ClusterExplanation, DecisionReport, ExplanationReport, FingerprintsReport, Include, PlacedReport,
    Remedied,
};
use siting::workspace::{LeftByDecisions, Outcome as Decided, Workspace as Snapshot};

use crate::columns::{self, Columns};
use crate::failure::{Failure, Outcome, json};
use crate::kept::{Kept, damaged};
use crate::rows::Row;
use crate::workspace::Workspace;

/// A decision. Its report is written when someone asks.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Decision {
    of: Of,
    report: OnceLock<String>,
    remedies: OnceLock<Remedies>,
}

enum Of {
    /// One that was made here.
    Made {
        /// The workspace as it was.
        workspace: Arc<Snapshot>,
        decided: Arc<Decided>,
        /// All decisions that were made in their order, and the place of this one among them.
        among: Option<(Arc<Among>, usize)>,
    },
    /// One of those that were written down.
    Kept(Arc<Kept>, usize),
}

/// Decisions that were made in their order.
pub(crate) struct Among {
    all: Vec<Arc<Decided>>,
    /// What they left of the fleet, as far as that was asked.
    left: Mutex<LeftByDecisions>,
}

impl Decision {
    pub(crate) fn made(workspace: Arc<Snapshot>, decided: Arc<Decided>, among: Option<(Arc<Among>, usize)>) -> Self {
        Self { of: Of::Made { workspace, decided, among }, report: OnceLock::new(), remedies: OnceLock::new() }
    }

    pub(crate) fn kept(all: Arc<Kept>, at: usize) -> Self {
        Self { of: Of::Kept(all, at), report: OnceLock::new(), remedies: OnceLock::new() }
    }

    /// What would have to change for it to be placed, after those that were decided before it.
    fn remedies(
        &self,
        workspace: &Snapshot,
        decided: &Decided,
        among: Option<&(Arc<Among>, usize)>,
    ) -> Outcome<&Remedies> {
        if let Some(found) = self.remedies.get() {
            return Ok(found);
        }
        let bound = RemedyBound::default();
        let found = match among {
            _ if decided.decision.is_placed() => Remedies::default(),
            Some((among, at)) => {
                // What one thread leaves there is whole.
                let mut left = among.left.lock().unwrap_or_else(PoisonError::into_inner);
                workspace.remedies_among(&mut left, &among.all, *at, bound)
            }
            None => workspace.remedies(decided.deployment, bound)?,
        };
        Ok(self.remedies.get_or_init(|| found))
    }

    fn reported(&self) -> Outcome<DecisionReport> {
        match &self.of {
            Of::Made { workspace, decided, among } => {
                let include = Include::EVERYTHING.remedies(Remedied::No);
                let mut report = DecisionReport::new(workspace, decided, include)?;
                report.remedy(workspace.catalog(), self.remedies(workspace, decided, among.as_ref())?);
                Ok(report)
            }
            Of::Kept(all, at) => all.report(*at),
        }
    }

    fn made_from(&self) -> Outcome<Option<FingerprintsReport>> {
        Ok(match &self.of {
            Of::Made { workspace, .. } => Some(FingerprintsReport::new(workspace)),
            Of::Kept(all, at) => all.explanation(*at)?.fingerprints,
        })
    }

    fn explained(&self, cluster: Option<&str>) -> Outcome<ExplanationReport> {
        match &self.of {
            Of::Made { workspace, decided, among } => {
                let cluster = cluster.map(|name| ClusterExplanation::new(workspace, decided.deployment, name));
                let include = Include::EVERYTHING.remedies(Remedied::No);
                let mut report = ExplanationReport::new(workspace, decided, cluster.transpose()?, include)?;
                report.remedy(workspace.catalog(), self.remedies(workspace, decided, among.as_ref())?);
                Ok(report)
            }
            Of::Kept(all, at) => all.explanation(*at),
        }
    }

    /// Reserves what it placed; by names, if it was kept. Whatever that says of itself is checked.
    pub(crate) fn commit(&self, workspace: &mut Snapshot, deployment: &str) -> Outcome<Vec<ReservationId>> {
        let Of::Kept(all, at) = &self.of else {
            let Of::Made { decided, .. } = &self.of else { return Ok(Vec::new()) };
            return Ok(workspace.commit(deployment, &decided.decision)?);
        };
        let report = all.report(*at)?;
        if report.placements.is_empty() {
            return Err(Failure::conflict("decision-refused", &"the decision is a refusal"));
        }
        let place = |placed: PlacedReport| {
            let PlacedReport { cluster, pool, flavor, replicas, .. } = placed;
            let name = |text: &str| Name::new(text).map_err(damaged);
            let flavor = format!("{}:{}", flavor.r#type, flavor.name).into();
            Ok(Place { cluster: name(&cluster)?, pool: name(&pool)?, flavor, replicas })
        };
        let places = report.placements.into_iter().map(place).collect::<Outcome<Vec<_>>>()?;
        Ok(workspace.commit_places(deployment, &places)?)
    }
}

#[pymethods]
impl Decision {
    fn verdict(&self) -> Outcome<&'static str> {
        Ok(match &self.of {
            Of::Made { decided, .. } => decided.decision.verdict().as_str(),
            Of::Kept(all, at) => all.report(*at)?.verdict.as_str(),
        })
    }

    fn is_placed(&self) -> Outcome<bool> {
        Ok(match &self.of {
            Of::Made { decided, .. } => decided.decision.is_placed(),
            Of::Kept(all, at) => all.report(*at)?.refusal.is_none(),
        })
    }

    /// How it is named, and where its replicas run: what can be told without explaining it.
    fn brief(&self) -> Outcome<Brief> {
        let (names, placements) = match &self.of {
            Of::Made { workspace, decided, .. } => {
                let foreign = || Failure::conflict("foreign", &"the deployment is of another workspace");
                let deployment = workspace.deployment(decided.deployment).ok_or_else(foreign)?;
                let environment = workspace.environment(deployment.environment).ok_or_else(foreign)?;
                let kind = workspace.catalog().resource_type_name(deployment.workload.resource_type);
                let (workload, name) = (deployment.workload.name.as_str(), deployment.name.as_str());
                let names = [kind, workload, name, environment.name.as_str()].map(str::to_owned);
                (names, PlacedReport::all_admitted(&decided.decision))
            }
            Of::Kept(all, at) => {
                let DecisionReport { workload, name, environment, placements, .. } = all.report(*at)?;
                ([workload.r#type, workload.name, name, environment], placements)
            }
        };
        Ok((names, placements.into_iter().map(placed).collect()))
    }

    /// The constraints that stand in the way, by code; none where all replicas have a place.
    fn codes(&self) -> Outcome<Vec<String>> {
        Ok(match &self.of {
            Of::Made { decided, .. } => {
                let reasons = decided.decision.refusal().into_iter().flat_map(|refusal| &refusal.reasons);
                reasons.map(|reason| reason.code.as_str().to_owned()).collect()
            }
            Of::Kept(all, at) => {
                let reasons = all.report(*at)?.refusal.into_iter().flat_map(|refusal| refusal.reasons);
                reasons.map(|reason| reason.code).collect()
            }
        })
    }

    fn candidate_count(&self) -> Outcome<usize> {
        Ok(match &self.of {
            Of::Made { decided, .. } => decided.decision.candidates().len(),
            Of::Kept(all, at) => all.report(*at)?.candidate_count,
        })
    }

    /// The entry that `siting place -o json --candidates --admitted-by` has for it.
    fn report(&self, py: Python<'_>) -> Outcome<String> {
        if let Some(report) = self.report.get() {
            return Ok(report.clone());
        }
        let report = py.detach(|| json(&self.reported()?))?;
        Ok(self.report.get_or_init(|| report).clone())
    }

    /// What `siting explain -o json` says of it.
    #[pyo3(signature = (cluster=None))]
    fn explanation(&self, py: Python<'_>, cluster: Option<&str>) -> Outcome<String> {
        py.detach(|| json(&self.explained(cluster)?))
    }

    /// What it was made from, by fingerprints.
    fn fingerprints(&self, py: Python<'_>) -> Outcome<String> {
        py.detach(|| json(&self.made_from()?))
    }

    /// Its report with what it was made from, to be verified.
    fn claim(&self, py: Python<'_>) -> Outcome<String> {
        py.detach(|| {
            let mut report = self.reported()?;
            report.fingerprints = self.made_from()?;
            json(&report)
        })
    }

    fn currency(&self) -> &str {
        match &self.of {
            Of::Made { workspace, .. } => workspace.currency(),
            Of::Kept(all, _) => all.currency(),
        }
    }

    /// All that it says, to be kept.
    fn written(&self, py: Python<'_>) -> Outcome<String> {
        py.detach(|| {
            let told = (self.reported()?, self.explained(None)?);
            json(&Kept::of(self.currency(), Vec::new(), vec![told])?)
        })
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
    of: AllOf,
}

enum AllOf {
    Made {
        workspace: Arc<Snapshot>,
        among: Arc<Among>,
        /// Whether each was decided after those before it.
        in_order: bool,
    },
    Kept(Arc<Kept>),
}

impl Decisions {
    pub(crate) fn made(workspace: Arc<Snapshot>, decided: Vec<Decided>, in_order: bool) -> Self {
        let all = decided.into_iter().map(Arc::new).collect();
        let among = Arc::new(Among { all, left: Mutex::default() });
        Self { of: AllOf::Made { workspace, among, in_order } }
    }

    pub(crate) fn kept(kept: Kept) -> Self {
        Self { of: AllOf::Kept(Arc::new(kept)) }
    }

    fn at(&self, index: usize) -> Option<Decision> {
        Some(match &self.of {
            AllOf::Made { workspace, among, in_order } => {
                let decided = Arc::clone(among.all.get(index)?);
                Decision::made(Arc::clone(workspace), decided, in_order.then(|| (Arc::clone(among), index)))
            }
            AllOf::Kept(kept) if index < kept.len() => Decision::kept(Arc::clone(kept), index),
            AllOf::Kept(_) => return None,
        })
    }

    fn names(&self) -> Vec<String> {
        match &self.of {
            AllOf::Made { workspace, .. } => columns::cluster_names(workspace.inventory().fleet()),
            AllOf::Kept(kept) => kept.clusters().to_vec(),
        }
    }

    fn rows(&self) -> Outcome<Vec<Row>> {
        match &self.of {
            AllOf::Made { workspace, among, .. } => Row::of_made(workspace, &among.all),
            AllOf::Kept(kept) => Row::of_kept(kept),
        }
    }
}

#[pymethods]
impl Decisions {
    fn __len__(&self) -> usize {
        match &self.of {
            AllOf::Made { among, .. } => among.all.len(),
            AllOf::Kept(kept) => kept.len(),
        }
    }

    fn get(&self, index: usize) -> PyResult<Decision> {
        self.at(index).ok_or_else(|| PyIndexError::new_err("there is no such decision"))
    }

    /// The names of the clusters, in the order of the bits of the columns that hold masks.
    fn clusters(&self) -> Vec<String> {
        self.names()
    }

    /// As an Arrow stream of one batch.
    fn arrow_stream<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyCapsule>> {
        let batch = py.detach(|| columns::decisions(self.names().len(), &self.rows()?))?;
        columns::stream(py, batch)
    }

    /// Every candidate of every decision, one a row.
    fn pairs(&self, py: Python<'_>) -> Outcome<Columns> {
        py.detach(|| {
            columns::candidate_pairs((0..self.__len__()).filter_map(|at| self.at(at)).map(|one| one.reported()))
        })
    }

    /// All that they say, to be kept.
    fn written(&self, py: Python<'_>) -> Outcome<String> {
        py.detach(|| {
            let all = (0..self.__len__()).filter_map(|at| self.at(at));
            let told = all.map(|one| Ok((one.reported()?, one.explained(None)?))).collect::<Outcome<Vec<_>>>()?;
            let currency = match &self.of {
                AllOf::Made { workspace, .. } => workspace.currency(),
                AllOf::Kept(kept) => kept.currency(),
            };
            json(&Kept::of(currency, self.names(), told)?)
        })
    }
}

/// Reserves what a decision about a deployment placed, if that is legal and fits now; the ids of the
/// reservations.
#[pyfunction]
pub(crate) fn commit(
    py: Python<'_>,
    workspace: &Workspace,
    deployment: &str,
    decision: &Decision,
) -> Outcome<Vec<u64>> {
    py.detach(|| {
        workspace.change(|workspace| {
            let made = decision.commit(workspace, deployment)?;
            Ok(made.into_iter().map(ReservationId::get).collect())
        })
    })
}
