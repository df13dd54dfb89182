//! What `check` answers.

use serde::{Deserialize, Serialize};

use super::FingerprintsReport;
use super::errors::{ProblemReport, QuarantinedReport, RelatedReport, place};
use super::fingerprints::moment;
use super::header::{ApiVersion, Include, kind};
use crate::analysis::{Checked, Finding, Severity, Silenced};
use crate::workspace::{NextChange, Workspace};

/// All findings about a workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CheckReport {
    api_version: ApiVersion,
    kind: kind::CheckReport,
    /// The moment of the check, where it was asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What was checked (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// The findings, by file, line and column.
    pub findings: Vec<FindingReport>,
    /// What ends next by time alone, so that answers may be others from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_change: Option<NextChangeReport>,
    /// Findings that documents allow, each with the reason that is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silenced: Vec<SilencedReport>,
    /// The clusters that a load with quarantine left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<Vec<QuarantinedReport>>,
    /// Notices about the input, such as documents of other API groups that were skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<ProblemReport>,
}

/// What ends next by time alone.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NextChangeReport {
    /// From when on answers may be others.
    pub at: String,
    /// What ends then: attachments, and clusters of which what is known becomes too old.
    pub what: Vec<String>,
}

impl From<NextChange> for NextChangeReport {
    fn from(next: NextChange) -> Self {
        Self { at: next.at.to_string(), what: next.what }
    }
}

/// Something legal that is probably unintended.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FindingReport {
    /// Its kind, in kebab case.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found: lower case, no final period, names in backticks.
    pub message: String,
    /// What could be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The document that it is about.
    pub subject: SubjectReport,
    /// The file.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
    /// Related places.
    pub related: Vec<RelatedReport>,
}

/// A finding that a document allows.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SilencedReport {
    /// The finding.
    pub finding: FindingReport,
    /// Why it is allowed.
    pub reason: String,
}

/// A document that a finding is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SubjectReport {
    /// Its kind.
    pub kind: String,
    /// Its name; a deployment's as `workload/name`.
    pub name: String,
}

impl CheckReport {
    /// Of what was found in this workspace.
    #[must_use]
    pub fn new(workspace: &Workspace, checked: &Checked, include: Include) -> Self {
        let silenced = |silenced: &Silenced| SilencedReport {
            finding: (&silenced.finding).into(),
            reason: silenced.reason.clone(),
        };
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::of(workspace),
            findings: checked.findings.iter().map(FindingReport::from).collect(),
            next_change: workspace.now().and_then(|now| workspace.next_change(now)).map(Into::into),
            silenced: checked.silenced.iter().map(silenced).collect(),
            quarantined: include.quarantined.then(|| QuarantinedReport::all(workspace)),
            notices: ProblemReport::notices(workspace),
        }
    }
}

impl From<&Finding> for FindingReport {
    fn from(finding: &Finding) -> Self {
        let (file, line, column) = place(&finding.origin);
        let subject = SubjectReport { kind: finding.subject.kind.to_owned(), name: finding.subject.name.clone() };
        Self {
            code: finding.code.to_owned(),
            severity: finding.severity,
            message: finding.message.clone(),
            help: finding.help.clone(),
            subject,
            file,
            line,
            column,
            related: RelatedReport::all(&finding.related),
        }
    }
}
