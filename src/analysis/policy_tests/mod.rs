//! Tests of policies, and how much of the policies they hold (A4).
//!
//! A case says what the policies must allow, deny and refuse. What is *covered* is found by taking things out: a policy,
//! an option, an exception, an attachment, all attachments of one level. A thing is covered if some case that passes
//! would fail without it. What could be taken out without changing what is allowed to anyone is redundant, and is not
//! counted.

mod cases;
mod coverage;
mod resolve;

use crate::id::Name;
use crate::manifest::spec::PolicyTestSpec;
use crate::origin::Origin;
use crate::policy::Level;
use crate::workspace::{LoadError, Workspace};

/// What tests of policies came to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PolicyTestResults {
    /// Each test, in the order given.
    pub tests: Vec<PolicyTestResult>,
    /// How much of the policies the cases hold.
    pub coverage: Coverage,
}

impl PolicyTestResults {
    /// Whether every case passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.tests.iter().flat_map(|test| &test.cases).all(CaseResult::passed)
    }
}

/// What one test came to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PolicyTestResult {
    /// The test's name.
    pub name: Name,
    /// Where it was written.
    pub origin: Origin,
    /// Its cases, in their order.
    pub cases: Vec<CaseResult>,
}

/// What one case came to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CaseResult {
    /// Its name, or its number and whom it is about.
    pub name: String,
    /// Where it was written.
    pub origin: Origin,
    /// What is not as expected, a sentence each; empty where it passed.
    pub failures: Vec<String>,
}

impl CaseResult {
    /// Whether all is as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// How much of the policies cases hold (A4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Coverage {
    /// How many things are counted: all but what is redundant.
    pub counted: usize,
    /// What no case holds, in the order of the kinds, then by name.
    pub uncovered: Vec<Tested>,
    /// What could be taken out without changing what is allowed to anyone, in the same order.
    pub redundant: Vec<Tested>,
}

impl Coverage {
    /// How many things cases hold.
    #[must_use]
    pub fn covered(&self) -> usize {
        self.counted - self.uncovered.len()
    }

    /// Of a hundred, rounded down; 100 where nothing is counted.
    #[must_use]
    pub fn percent(&self) -> u32 {
        let percent = (self.covered() * 100).checked_div(self.counted).unwrap_or(100);
        u32::try_from(percent).unwrap_or(100)
    }
}

/// What cases can hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Tested {
    /// A policy, wherever it is attached.
    Policy {
        /// Its name.
        policy: String,
    },
    /// An option of a policy.
    Option {
        /// The policy.
        policy: String,
        /// The option, such as `country de`.
        option: String,
    },
    /// An exception of a policy.
    Exception {
        /// The policy.
        policy: String,
        /// The exception.
        option: String,
    },
    /// All that is attached at one place.
    Level {
        /// The level.
        level: Level,
        /// The environment's name or the deployment's address; `None` for the workspace.
        owner: Option<String>,
    },
    /// One policy at one place.
    Attachment {
        /// The policy.
        policy: String,
        /// The level.
        level: Level,
        /// The environment's name or the deployment's address; `None` for the workspace.
        owner: Option<String>,
    },
    /// A reason for which policies refuse or exclude.
    Reason {
        /// Its code.
        code: String,
    },
}

/// Runs tests of policies against a workspace, and measures what they cover (A4).
///
/// Cases about a deployment are decided as [`Workspace::place`] does: alone, on the fleet as loaded. Others are decided
/// for one replica that runs on any hardware.
///
/// O((deployments + environments × types + cases) × things to take out), each a matter of a microsecond where only
/// policies are asked, else of a decision.
///
/// ```
/// # #[cfg(feature = "manifest")] {
/// use siting::analysis::test_policies;
/// use siting::manifest::{Source, read_policy_tests};
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let source = Source::new("policies.yaml", "
/// apiVersion: siting.dev/v1
/// kind: Policy
/// metadata: {name: europe}
/// spec: {type: location, locations: [{type: group, name: eea}, {type: country, name: ch}]}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Environment
/// metadata: {name: production}
/// spec: {policies: [europe]}
/// ---
/// apiVersion: siting.dev/v1
/// kind: PolicyTest
/// metadata: {name: gdpr}
/// spec:
///   cases:
///     - environment: production
///       allowed: [{type: country, name: de}]
///       denied: [{type: country, name: us, by: [europe]}]
/// ");
/// let sources = [source];
/// let workspace = Workspace::from_sources(&sources, LoadOptions::default())?;
/// let results = test_policies(&workspace, &read_policy_tests(&sources).tests)?;
/// assert!(results.passed());
/// // Nothing says that Switzerland must be allowed.
/// assert_eq!(results.coverage.uncovered.len(), 1);
/// # }
/// # Ok::<(), siting::workspace::LoadError>(())
/// ```
///
/// # Errors
/// [`LoadError`] with every name of the tests that is not known.
pub fn test_policies(workspace: &Workspace, tests: &[PolicyTestSpec]) -> Result<PolicyTestResults, LoadError> {
    let resolved = resolve::tests(workspace, tests)?;
    let run = cases::Run::new(workspace);
    let results: Vec<PolicyTestResult> = resolved
        .iter()
        .map(|test| PolicyTestResult {
            name: test.name.clone(),
            origin: test.origin.clone(),
            cases: test.cases.iter().map(|case| run.result(case)).collect(),
        })
        .collect();
    let passing = resolved.iter().zip(&results).flat_map(|(test, result)| {
        test.cases.iter().zip(&result.cases).filter(|(_, result)| result.passed()).map(|(case, _)| case)
    });
    let coverage = coverage::measure(workspace, &run, &passing.collect::<Vec<_>>());
    Ok(PolicyTestResults { tests: results, coverage })
}
