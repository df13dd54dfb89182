//! The workspace: loading, deciding, asking. What changes it swaps a shared snapshot, so readers on
//! other threads never wait for more than the swap.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use siting::analysis::{Loss, Question, check_all, drain, drill, options, test_policies};
use siting::catalog::{self, Catalog};
use siting::manifest::{self, Gathered, Kind, Source};
use siting::report::{
    CatalogReport, CertificateReport, CheckReport, DiffReport, DrainReport, DrillReport, ErrorReport, Evidence,
    Include, MovePlanReport, OptionsReport, PolicyTestsReport, ProblemReport, verify_diff, verify_with,
};
use siting::time::Moment;
use siting::workspace::{LoadOptions, PlaceOptions, Workspace as Snapshot};

use crate::columns::{self, Columns};
use crate::decision::{Decision, Decisions};
use crate::failure::{Failure, Outcome, json};
use crate::kept::restored;
use crate::masks::Masks;
use crate::written;

/// One organisation's policies, environments, deployments and clusters.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Workspace {
    shared: Mutex<Arc<Snapshot>>,
}

impl Workspace {
    /// The workspace as it is now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the workspace. A copy is made only where someone still looks at the present one.
    ///
    /// Never called with the interpreter held: it may wait for another change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Snapshot) -> Outcome<T>) -> Outcome<T> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut shared))
    }
}

impl From<Snapshot> for Workspace {
    fn from(workspace: Snapshot) -> Self {
        Self { shared: Mutex::new(Arc::new(workspace)) }
    }
}

#[pymethods]
impl Workspace {
    /// Reads files and directories, and texts by name.
    #[staticmethod]
    fn load(py: Python<'_>, paths: Vec<PathBuf>, texts: Vec<(String, String)>, quarantine: bool) -> Outcome<Self> {
        py.detach(|| {
            let gathered = gathered(&paths, texts);
            Ok(Snapshot::from_gathered(&gathered, LoadOptions { quarantine })?.into())
        })
    }

    /// The workspace as questions at a moment see it.
    fn at(&self, moment: u64) -> Self {
        self.snapshot().at(Moment::from_millis(moment)).into()
    }

    /// What ends next by time alone, and when.
    fn next_change(&self, now: u64) -> Option<(String, Vec<String>)> {
        let next = self.snapshot().next_change(Moment::from_millis(now))?;
        Some((next.at.to_string(), next.what))
    }

    /// A workspace of its own that shares what does not change.
    fn copy(&self) -> Self {
        Self { shared: Mutex::new(self.snapshot()) }
    }

    fn place(&self, py: Python<'_>, address: &str, partial: bool) -> Outcome<Decision> {
        py.detach(|| {
            let workspace = self.snapshot();
            let decided = workspace.place_as(address, PlaceOptions { partial, optimize: 0 })?;
            Ok(Decision::made(workspace, Arc::new(decided), None))
        })
    }

    /// Decides some deployments, each as if it were the only one, on one snapshot.
    fn place_each(&self, py: Python<'_>, addresses: Vec<String>, partial: bool) -> Outcome<Decisions> {
        py.detach(|| {
            let (workspace, options) = (self.snapshot(), PlaceOptions { partial, optimize: 0 });
            // Every address is looked at before the first is decided.
            let ids = addresses.iter().map(|address| workspace.find_deployment(address));
            let ids = ids.collect::<Result<Vec<_>, _>>()?;
            let decided = ids.into_iter().map(|id| workspace.place_as(id, options)).collect::<Result<_, _>>()?;
            Ok(Decisions::made(workspace, decided, false))
        })
    }

    fn place_all(&self, py: Python<'_>, partial: bool, optimize: u64, independent: bool) -> Decisions {
        py.detach(|| {
            let (workspace, options) = (self.snapshot(), PlaceOptions { partial, optimize });
            let decided =
                if independent { workspace.place_independently(options) } else { workspace.place_all_as(options) };
            Decisions::made(workspace, decided, !independent)
        })
    }

    fn allowed(&self, py: Python<'_>) -> Masks {
        py.detach(|| Masks::of_workspace(self.snapshot()))
    }

    fn options(
        &self,
        py: Python<'_>,
        environment: Option<&str>,
        workload_type: Option<&str>,
        given: Vec<String>,
    ) -> Outcome<String> {
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        py.detach(|| {
            let workspace = self.snapshot();
            let question = Question::named(&workspace, environment, workload_type, &given)?;
            let remaining = options(&workspace, question.environment, question.resource_type, &question.given);
            json(&OptionsReport::new(&workspace, &question, &remaining, Include::EVERYTHING))
        })
    }

    fn plan_moves(&self, py: Python<'_>, optimize: u64, within_hours: Option<u64>) -> Outcome<String> {
        py.detach(|| {
            let workspace = self.snapshot();
            let decided = workspace.place_all_as(PlaceOptions { optimize, ..PlaceOptions::default() });
            json(&MovePlanReport::new(&workspace, &decided, within_hours))
        })
    }

    fn check(&self, py: Python<'_>) -> Outcome<String> {
        py.detach(|| {
            let workspace = self.snapshot();
            json(&CheckReport::new(&workspace, &check_all(&workspace), Include::EVERYTHING))
        })
    }

    /// What losing these at once would do, or each single thing.
    fn drill(&self, py: Python<'_>, lose: Vec<String>) -> Outcome<String> {
        py.detach(|| {
            let workspace = self.snapshot();
            let lost = lose.iter().map(|text| Loss::named(&workspace, text)).collect::<Result<Vec<_>, _>>()?;
            json(&DrillReport::new(&workspace, &drill(&workspace, &lost)))
        })
    }

    /// Whether a report, a decision or a certificate holds here; a diff, between an old workspace and this one. A record is
    /// first written as the report it was read from. Policy tests and scenarios are those of files and texts.
    fn verify(
        &self,
        py: Python<'_>,
        claim: &str,
        old: Option<&Workspace>,
        record: bool,
        paths: Vec<PathBuf>,
        texts: Vec<(String, String)>,
    ) -> Outcome<String> {
        py.detach(|| {
            let malformed = |message: String| Failure::Value {
                code: "invalid-value",
                message,
                help: "give a decision, an explanation, a description, a diff with `old`, a drill, a drain, options, a \
                       report of policy tests with their files, or the JSON of these, of a check or of a certificate",
            };
            let claim: serde_json::Value =
                serde_json::from_str(claim).map_err(|error| malformed(format!("it is no JSON: {error}")))?;
            let workspace = self.snapshot();
            let claim = if record { written::report(&workspace, claim)? } else { claim };
            let gathered = gathered(&paths, texts);
            let evidence = match Evidence::of(&claim, &gathered.sources) {
                Ok(evidence) if gathered.problems.is_empty() => evidence,
                other => {
                    let problems = gathered.problems.into_iter().chain(other.err().into_iter().flatten());
                    return Err(Failure::Load(problems.collect()));
                }
            };
            let verified = match old {
                Some(old) => verify_diff(&old.snapshot(), &workspace, &claim),
                None => verify_with(&workspace, &evidence, &claim),
            };
            json(&verified.map_err(|error| malformed(error.to_string()))?)
        })
    }

    /// A certificate that no deployment reaches beyond its policies, or what runs beyond.
    fn certify(&self, py: Python<'_>) -> Outcome<String> {
        py.detach(|| match CertificateReport::new(&self.snapshot()) {
            Ok(certificate) => json(&certificate),
            Err(beyond) => json(&beyond),
        })
    }

    /// How to empty a cluster.
    fn drain(&self, py: Python<'_>, cluster: &str) -> Outcome<String> {
        py.detach(|| {
            let workspace = self.snapshot();
            json(&DrainReport::new(&workspace, &drain(&workspace, cluster)?))
        })
    }

    /// Runs the policy tests of files and texts.
    fn test(&self, py: Python<'_>, paths: Vec<PathBuf>, texts: Vec<(String, String)>) -> Outcome<String> {
        py.detach(|| {
            let gathered = gathered(&paths, texts);
            let reading = manifest::read_policy_tests(&gathered.sources);
            let problems: Vec<_> = gathered.problems.into_iter().chain(reading.problems).collect();
            if !problems.is_empty() {
                return Err(Failure::Load(problems));
            }
            let workspace = self.snapshot();
            json(&PolicyTestsReport::new(&workspace, &test_policies(&workspace, &reading.tests)?))
        })
    }

    fn catalog(&self, py: Python<'_>) -> Outcome<String> {
        py.detach(|| json(&CatalogReport::new(self.snapshot().catalog(), None)))
    }

    fn describe(&self, py: Python<'_>, address: &str) -> Outcome<String> {
        py.detach(|| {
            let workspace = self.snapshot();
            json(&siting::analysis::describe(&workspace, address)?)
        })
    }

    /// All its documents, as JSON manifests.
    fn documents(&self, py: Python<'_>) -> String {
        py.detach(|| manifest::write_json(self.snapshot().specs()))
    }

    /// Its documents of one name, and perhaps a few more, as JSON manifests.
    fn named(&self, py: Python<'_>, name: &str) -> String {
        py.detach(|| manifest::write_json(&written::named(&self.snapshot(), name)))
    }

    fn currency(&self) -> String {
        self.snapshot().currency().to_owned()
    }

    fn deployments(&self) -> Vec<String> {
        self.snapshot().deployments().iter().map(siting::deployment::Deployment::address).collect()
    }

    fn environments(&self) -> Vec<String> {
        self.snapshot().environments().map(|(_, environment)| environment.name.to_string()).collect()
    }

    fn policies(&self) -> Vec<String> {
        self.snapshot().policies().iter().map(|(_, policy)| policy.name().to_string()).collect()
    }

    fn clusters(&self) -> Vec<String> {
        columns::cluster_names(self.snapshot().inventory().fleet())
    }

    /// What was read and deserves a word.
    fn notices(&self) -> Outcome<String> {
        json(&ProblemReport::notices(&self.snapshot()))
    }

    fn quarantined(&self) -> Outcome<String> {
        let workspace = self.snapshot();
        let left_out: Vec<_> = workspace.quarantined().iter().flat_map(|cluster| cluster.problems.clone()).collect();
        let names: Vec<_> = workspace.quarantined().iter().map(|cluster| cluster.name.clone()).collect();
        json(&serde_json::json!({"names": names, "errors": ErrorReport::new(&left_out).errors}))
    }
}

/// What differs between two workspaces.
#[pyfunction]
pub(crate) fn diff(py: Python<'_>, old: &Workspace, new: &Workspace) -> Outcome<String> {
    py.detach(|| {
        let (old, new) = (old.snapshot(), new.snapshot());
        json(&DiffReport::new(&siting::analysis::diff(&old, &new)))
    })
}

/// Every candidate that a deployment gained or lost, of a report of what differs.
#[pyfunction]
pub(crate) fn differences(py: Python<'_>, report: &str) -> Outcome<Columns> {
    py.detach(|| columns::differences(&restored(report)?))
}

/// The built-in catalog.
#[pyfunction]
pub(crate) fn builtin_catalog(py: Python<'_>) -> Outcome<String> {
    py.detach(|| json(&CatalogReport::new(&Catalog::builtin(), None)))
}

/// The names that come near a text, the nearest first.
#[pyfunction]
pub(crate) fn nearest(text: &str, names: Vec<String>) -> Vec<String> {
    // A long text resembles no name, and comparing it would take long.
    if text.len() > 100 { Vec::new() } else { catalog::nearest(text, names.iter().map(String::as_str)) }
}

/// The JSON Schema of one kind of manifest, or of all.
#[pyfunction]
pub(crate) fn schema(kind: Option<&str>) -> Outcome<String> {
    let kind = kind.map(|name| {
        let names = || Kind::ALL.map(Kind::as_str).join(", ");
        Kind::parse(name).ok_or_else(|| {
            Failure::value(format!("no kind of manifest is called `{name}`: they are {}", names()), "use one of them")
        })
    });
    json(&manifest::schema(kind.transpose()?))
}

/// Reads one document and writes it back as it would be stored; fails as a load would.
#[pyfunction]
pub(crate) fn normalise(name: &str, text: &str) -> Outcome<String> {
    let reading = manifest::read_str(name, text);
    let of_clusters = reading.specs.broken_clusters.iter().flat_map(|cluster| cluster.problems.iter().cloned());
    let problems: Vec<_> = reading.problems.iter().cloned().chain(of_clusters).collect();
    if problems.is_empty() { Ok(manifest::write_json(&reading.specs)) } else { Err(Failure::Load(problems)) }
}

/// Texts from files, directories and memory.
pub(crate) fn gathered(paths: &[PathBuf], texts: Vec<(String, String)>) -> Gathered {
    let mut gathered = manifest::gather(paths);
    gathered.sources.extend(texts.into_iter().map(|(name, text)| Source::new(&name, text)));
    gathered
}
