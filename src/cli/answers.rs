//! The command line's answers for those who hold a workspace already: each function makes the report
//! that a command prints as JSON, with the fields and orders that are a face of the program.
//!
//! ```
//! use siting::cli::answers;
//! use siting::manifest::spec::{DeploymentSpec, Specs};
//! use siting::workspace::{LoadOptions, Workspace};
//!
//! let deployment = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
//! let specs = Specs { deployments: vec![deployment], ..Specs::default() };
//! let workspace = Workspace::from_specs(specs, LoadOptions::default())?;
//!
//! let report = serde_json::to_value(answers::placement(&workspace, &workspace.place_all()))?;
//! assert_eq!(report["deployments"][0]["verdict"], "refused");
//! let report = serde_json::to_value(answers::options(&workspace, None, Some("agent"), &["gpu:t4"])?)?;
//! assert_eq!(report["locations"], serde_json::json!([]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::Serialize;

use super::report::{
    CatalogReport, CheckReport, ClusterExplanation, DeploymentReport, ErrorEntry, ErrorReport, ExplanationReport,
    OptionsReport, PlacementReport,
};
use crate::analysis::{self, Question};
use crate::catalog::Catalog;
use crate::origin::Problem;
use crate::workspace::{Outcome, Workspace};

/// What `place --candidates` reports of decisions made by this workspace.
pub fn placement(workspace: &Workspace, outcomes: &[Outcome]) -> impl Serialize + use<> {
    PlacementReport::new(workspace, outcomes, true, true)
}

/// The entry of one decision among those of [`placement`]; `None` for one of another workspace.
pub fn decision(workspace: &Workspace, outcome: &Outcome) -> Option<impl Serialize + use<>> {
    DeploymentReport::new(workspace, outcome, true)
}

/// What `explain` reports of a decision, with `cluster` about that one. `None` for a decision of another
/// workspace.
///
/// # Errors
/// A [`Problem`] where no cluster is called so.
pub fn explanation(
    workspace: &Workspace,
    outcome: &Outcome,
    cluster: Option<&str>,
) -> Result<Option<impl Serialize + use<>>, Problem> {
    let cluster = cluster.map(|name| workspace.find_cluster(name)).transpose()?;
    let cluster = cluster.and_then(|id| ClusterExplanation::new(workspace, outcome.deployment, id));
    Ok(ExplanationReport::new(workspace, outcome, cluster.as_ref(), true))
}

/// What `options` reports for an environment (by default the workspace's own) and a workload type (by
/// default `model`), after choices such as `gpu:t4`.
///
/// # Errors
/// A [`Problem`] where a name is not known.
pub fn options(
    workspace: &Workspace,
    environment: Option<&str>,
    resource_type: Option<&str>,
    given: &[&str],
) -> Result<impl Serialize + use<>, Problem> {
    let Question { environment, resource_type, given } = Question::named(workspace, environment, resource_type, given)?;
    let found = analysis::options(workspace, environment, resource_type, &given);
    Ok(OptionsReport::new(workspace, &found, true))
}

/// What `check` reports.
pub fn check(workspace: &Workspace) -> impl Serialize + use<> {
    CheckReport::new(workspace, &analysis::check(workspace), true)
}

/// What `catalog` reports: every list.
pub fn catalog(catalog: &Catalog) -> impl Serialize + use<> {
    CatalogReport::new(catalog, None)
}

/// What was read and deserves a word: how many documents of others were skipped.
pub fn notices(workspace: &Workspace) -> impl Serialize + use<> {
    ErrorEntry::notices(workspace)
}

/// What any command reports of a load that fails.
pub fn errors(problems: &[Problem]) -> impl Serialize + use<> {
    ErrorReport::new(problems)
}
