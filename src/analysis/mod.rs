//! Questions about a workspace: lints, and which options remain.
//!
//! [`check`] finds what is legal and probably not meant; [`options`] tells, before anything is
//! deployed, which places and hardware remain; [`describe()`] tells all there is about one deployment;
//! [`test_policies`] runs tests of policies; [`diff()`] compares two workspaces by meaning;
//! [`drill()`] and [`drain()`] tell what losses would do, and how to empty a cluster; [`plan_moves`] orders the moves to
//! what was decided.
//!
//! Answers for the rules C4, C7, C8, I1, P1, P8, P9, P18 (as findings), D10, A1, A3 and A4.

mod answered;
mod callers;
mod checks;
mod clusters;
mod codes;
mod deployments;
mod describe;
mod diff;
mod drain;
mod drill;
mod ends;
mod finding;
mod governed;
#[cfg(test)]
mod growth;
mod jurisdictions;
mod levels;
mod lookalikes;
mod options;
mod places;
mod plan;
mod policies;
mod policy_at;
mod policy_tests;
mod rooms;
mod settings;
mod silence;
mod unused;

pub use answered::CallerDescription;
pub use describe::{
    AxisDescription, Description, EndpointDescription, HistoryEntry, Obstacle, PlacementDescription, WorkloadName,
    describe, describe_live,
};
pub use diff::{
    Cause, Causes, Change, Compared, Delta, DeploymentDiff, Diff, Fate, Loosened, LoosenedThing, Meaning, MustMove,
    diff,
};
pub use drain::{Blocked, Drain, DrainMove, drain};
pub use drill::{Affected, Drill, LeastLosses, Loss, LossResult, drill};
pub use finding::{Finding, Severity, Subject};
pub use options::{OptionCount, Question, Remaining, options};
pub use plan::{MovePlan, PlannedMove, plan_moves};
pub use policy_at::PolicyAt;
pub use policy_tests::{CaseResult, Coverage, PolicyTestResult, PolicyTestResults, Tested, test_policies};

pub use codes::FINDING_CODES;
pub use silence::{ALLOW, Checked, Silenced};

use crate::workspace::Workspace;
use finding::Findings;

/// All findings about a workspace, by file, line and column. Of very many with the same code, a few
/// are listed, and one more counts the others: at most ten of a code about one document, a thousand of a code.
///
/// Its cost follows what policies allow, environments and deployments times workload types and their
/// policies, and clusters: no pairs of policies, and no policies times clusters.
///
/// ```
/// # #[cfg(feature = "manifest")] {
/// use siting::analysis::check;
/// use siting::manifest::Source;
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let text = "
/// apiVersion: siting.dev/v1
/// kind: Policy
/// metadata: {name: gdpr}
/// spec: {type: location, locations: [{type: continent, name: eu}]}
/// ";
/// let workspace = Workspace::from_sources(&[Source::new("policies.yaml", text)], LoadOptions::default())?;
/// let codes: Vec<_> = check(&workspace).iter().map(|finding| finding.code).collect();
/// assert_eq!(codes, ["no-clusters", "policy-unused", "continent-for-union"]);
/// # }
/// # Ok::<(), siting::workspace::LoadError>(())
/// ```
/// What documents allow by the annotation [`ALLOW`] is left out, and severities are as the workspace sets them; see
/// [`check_all`].
#[must_use]
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    check_all(workspace).findings
}

/// As [`check`], with the findings that documents allow, and why.
#[must_use]
pub fn check_all(workspace: &Workspace) -> Checked {
    let mut findings = Findings::default();
    policies::check(workspace, &mut findings);
    levels::check(workspace, &mut findings);
    deployments::check(workspace, &mut findings);
    clusters::check(workspace, &mut findings);
    checks::check(workspace, &mut findings);
    settings::check(workspace, &mut findings);
    ends::check(workspace, &mut findings);
    callers::check(workspace, &mut findings);
    unused::check(workspace, &mut findings);
    places::check(workspace, &mut findings);
    jurisdictions::check(workspace, &mut findings);
    lookalikes::check(workspace, &mut findings);
    silence::apply(workspace, findings.into_sorted())
}
