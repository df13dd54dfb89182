//! The report of `check`.

use serde::Serialize;

use super::API_VERSION;
use super::errors::{ErrorEntry, Place, Quarantine, place, quarantined};
use crate::analysis::Finding;
use crate::workspace::Workspace;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct CheckReport {
    api_version: &'static str,
    kind: &'static str,
    findings: Vec<FindingEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantined: Option<Vec<Quarantine>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<ErrorEntry>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct FindingEntry {
    code: &'static str,
    severity: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    subject: SubjectEntry,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    related: Vec<Place>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct SubjectEntry {
    kind: &'static str,
    name: String,
}

impl CheckReport {
    pub(in crate::cli) fn new(workspace: &Workspace, findings: &[Finding], quarantine: bool) -> Self {
        let entry = |finding: &Finding| {
            let (file, line, column) = place(&finding.origin);
            FindingEntry {
                code: finding.code,
                severity: finding.severity.as_str(),
                message: finding.message.clone(),
                help: finding.help.clone(),
                subject: SubjectEntry { kind: finding.subject.kind, name: finding.subject.name.clone() },
                file,
                line,
                column,
                related: Place::all(&finding.related),
            }
        };
        Self {
            api_version: API_VERSION,
            kind: "CheckReport",
            findings: findings.iter().map(entry).collect(),
            quarantined: quarantine.then(|| quarantined(workspace)),
            notices: ErrorEntry::notices(workspace),
        }
    }
}
