//! One thing that deserves a second look.

use serde::Serialize;

use crate::origin::{Origin, Related};

/// One thing that deserves a second look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Its kind, in kebab case; stable for programs.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found: lower case, no final period, names in backticks.
    pub message: String,
    /// What could be done about it.
    pub help: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// Where it stands.
    pub origin: Origin,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

/// How bad a finding is, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something can never work.
    Error,
    /// Something is probably not meant.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// The severity's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A document that a finding is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Subject {
    /// The document's kind.
    pub kind: &'static str,
    /// Its name; a deployment's as `workload/name`.
    pub name: String,
}

impl Subject {
    pub(super) fn new(kind: &'static str, name: impl ToString) -> Self {
        Self { kind, name: name.to_string() }
    }
}

impl Finding {
    pub(super) fn new(code: &'static str, severity: Severity, subject: Subject, origin: &Origin) -> Self {
        let origin = origin.clone();
        Self { code, severity, message: String::new(), help: None, subject, origin, related: Vec::new() }
    }

    pub(super) fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
