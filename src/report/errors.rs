//! What is wrong with a load, and where.

use serde::{Deserialize, Serialize};

use super::header::{ApiVersion, kind};
use crate::origin::{Origin, Problem, Related};
use crate::workspace::Workspace;

/// A load that failed, or a question that could not be asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorReport {
    api_version: ApiVersion,
    kind: kind::ErrorReport,
    /// Everything that is wrong.
    pub errors: Vec<ProblemReport>,
}

/// One thing that is wrong, and where.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProblemReport {
    /// Its kind, in kebab case, as [`ProblemCode`](crate::origin::ProblemCode) has it.
    pub code: String,
    /// What is wrong: lower case, no final period, names in backticks.
    pub message: String,
    /// How to correct it.
    pub help: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
    /// Related places.
    pub related: Vec<RelatedReport>,
}

/// A place related to a problem or a finding.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RelatedReport {
    /// What is there.
    pub message: String,
    /// The file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
}

/// An invalid cluster, or an invalid pool of a sound one, that a load with quarantine left out (I6).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct QuarantinedReport {
    /// The cluster's name.
    pub name: String,
    /// The pool, where it alone was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
}

impl ErrorReport {
    /// Of these problems.
    #[must_use]
    pub fn new(problems: &[Problem]) -> Self {
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            errors: problems.iter().map(ProblemReport::from).collect(),
        }
    }
}

impl ProblemReport {
    /// Notices about the input, such as documents of other API groups that were skipped.
    #[must_use]
    pub fn notices(workspace: &Workspace) -> Vec<Self> {
        workspace.specs().notices.iter().map(Self::from).collect()
    }
}

impl From<&Problem> for ProblemReport {
    fn from(problem: &Problem) -> Self {
        let (file, line, column) = place(&problem.origin);
        Self {
            code: problem.code.as_str().to_owned(),
            message: problem.message.clone(),
            help: problem.help.clone(),
            file,
            line,
            column,
            related: RelatedReport::all(&problem.related),
        }
    }
}

impl RelatedReport {
    pub(super) fn all(related: &[Related]) -> Vec<Self> {
        let one = |related: &Related| {
            let (file, line, column) = place(&related.origin);
            Self { message: related.message.clone(), file, line, column }
        };
        related.iter().map(one).collect()
    }
}

impl QuarantinedReport {
    /// The clusters that were left out, by name, file and line.
    pub(super) fn all(workspace: &Workspace) -> Vec<Self> {
        let left_out = workspace.quarantined().iter().map(|cluster| {
            let (file, line, _) = place(&cluster.origin);
            let pool = cluster.pool.as_ref().map(|pool| pool.as_str().to_owned());
            Self { name: cluster.name.clone(), pool, file, line }
        });
        let mut left_out: Vec<_> = left_out.collect();
        left_out.sort();
        left_out
    }
}

/// File, line and column, as far as they are known.
pub(super) fn place(origin: &Origin) -> (Option<String>, Option<u32>, Option<u32>) {
    let known = |number: u32| (number > 0).then_some(number);
    (origin.file.as_deref().map(str::to_owned), known(origin.line), known(origin.column))
}
