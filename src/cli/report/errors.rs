//! Reports of what is wrong, and where.

use serde::Serialize;

use super::API_VERSION;
use crate::origin::{Origin, Problem, Related};
use crate::workspace::Workspace;

/// A load that failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ErrorReport {
    api_version: &'static str,
    kind: &'static str,
    errors: Vec<ErrorEntry>,
}

/// One thing that is wrong, or deserves a word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct ErrorEntry {
    code: &'static str,
    message: String,
    help: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    related: Vec<Place>,
}

/// Another place that belongs to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct Place {
    message: String,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
}

/// A cluster that was left out (I6).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(in crate::cli) struct Quarantine {
    name: String,
    file: Option<String>,
    line: Option<u32>,
}

impl ErrorReport {
    pub(in crate::cli) fn new(problems: &[Problem]) -> Self {
        Self { api_version: API_VERSION, kind: "ErrorReport", errors: problems.iter().map(ErrorEntry::new).collect() }
    }
}

impl ErrorEntry {
    fn new(problem: &Problem) -> Self {
        let (file, line, column) = place(&problem.origin);
        Self {
            code: problem.code.as_str(),
            message: problem.message.clone(),
            help: problem.help.clone(),
            file,
            line,
            column,
            related: Place::all(&problem.related),
        }
    }

    /// What was read and deserves a word, such as documents of others that were skipped.
    pub(in crate::cli) fn notices(workspace: &Workspace) -> Vec<Self> {
        workspace.specs().notices.iter().map(Self::new).collect()
    }
}

impl Place {
    pub(in crate::cli) fn all(related: &[Related]) -> Vec<Self> {
        let one = |related: &Related| {
            let (file, line, column) = place(&related.origin);
            Self { message: related.message.clone(), file, line, column }
        };
        related.iter().map(one).collect()
    }
}

/// The clusters that were left out, by name, file and line.
pub(in crate::cli) fn quarantined(workspace: &Workspace) -> Vec<Quarantine> {
    let left_out = workspace.quarantined().iter().map(|cluster| {
        let (file, line, _) = place(&cluster.origin);
        Quarantine { name: cluster.name.clone(), file, line }
    });
    let mut left_out: Vec<_> = left_out.collect();
    left_out.sort();
    left_out
}

/// File, line and column, as far as they are known.
pub(in crate::cli) fn place(origin: &Origin) -> (Option<String>, Option<u32>, Option<u32>) {
    let known = |number: u32| (number > 0).then_some(number);
    (origin.file.as_deref().map(str::to_owned), known(origin.line), known(origin.column))
}
