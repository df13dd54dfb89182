//! How bad findings are to this workspace, and what documents allow with a reason.
//!
//! A workspace sets severities (`severities: {policy-unused: error}`, or `off`). A document allows findings about
//! itself by the annotation `siting.dev/allow`: codes, then why.

use std::collections::{HashMap, HashSet};

use super::codes::FINDING_CODES;
use super::finding::{Finding, Severity, Subject};
use crate::catalog::nearest;
use crate::manifest::spec::{FindingSeverity, Metadata};
use crate::origin::Origin;
use crate::workspace::Workspace;

/// The annotation by which a document allows findings about itself.
pub const ALLOW: &str = "siting.dev/allow";

/// What was found, and what was silenced.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Checked {
    /// The findings, by file, line and column.
    pub findings: Vec<Finding>,
    /// Findings that a document allows, each with the reason that it gives.
    pub silenced: Vec<Silenced>,
}

/// A finding that a document allows.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Silenced {
    /// The finding.
    pub finding: Finding,
    /// Why it is allowed.
    pub reason: String,
}

/// What a document allows.
struct Allowance {
    subject: Subject,
    code: String,
    reason: String,
    origin: Origin,
    used: bool,
}

/// Sorts out what documents allow, and gives the rest the severities that the workspace sets.
pub(super) fn apply(workspace: &Workspace, found: Vec<Finding>) -> Checked {
    let mut own = Vec::new();
    let mut allowances = allowances(workspace, &mut own);
    let mut places: HashMap<(Subject, String), usize> = HashMap::new();
    for (at, allowance) in allowances.iter().enumerate() {
        places.insert((allowance.subject.clone(), allowance.code.clone()), at);
    }
    let mut checked = Checked::default();
    for finding in found {
        let key = (of_kind(finding.subject.kind, &finding.subject.name), finding.code.to_owned());
        match places.get(&key).and_then(|&at| allowances.get_mut(at)) {
            Some(allowance) => {
                allowance.used = true;
                checked.silenced.push(Silenced { finding, reason: allowance.reason.clone() });
            }
            None => checked.findings.push(finding),
        }
    }
    for allowance in allowances.into_iter().filter(|allowance| !allowance.used) {
        let Allowance { subject, code, origin, .. } = allowance;
        own.push(if FINDING_CODES.contains(&code.as_str()) {
            Finding::new("allow-without-effect", Severity::Warning, subject, &origin)
                .message(format!("it allows `{code}`, and there is no such finding about it"))
                .help(format!("remove it from `{ALLOW}`"))
        } else {
            Finding::new("allow-unknown", Severity::Warning, subject, &origin)
                .message(format!("it allows `{code}`, and no finding is called so"))
                .help(meant(&code))
        });
    }
    let severities = severities(workspace, &mut own);
    checked.findings.extend(own);
    checked.findings.retain_mut(|finding| match severities.get(finding.code) {
        None => true,
        Some(FindingSeverity::Off) => false,
        Some(FindingSeverity::Error) => set(finding, Severity::Error),
        Some(FindingSeverity::Warning) => set(finding, Severity::Warning),
        Some(FindingSeverity::Info) => set(finding, Severity::Info),
    });
    // Where equal, as they were found: one that counts others stands behind them.
    checked.findings.sort_by(|a, b| a.origin.cmp(&b.origin));
    checked
}

fn set(finding: &mut Finding, severity: Severity) -> bool {
    finding.severity = severity;
    true
}

/// A subject as annotations are looked up by: Beamlit's documents as the native ones, the one workspace without a name.
fn of_kind(kind: &str, name: &str) -> Subject {
    let kind = match kind {
        "ModelDeployment" => "Deployment",
        "Workspace" => return Subject::new("Workspace", ""),
        "Policy" => "Policy",
        "Environment" => "Environment",
        "Cluster" => "Cluster",
        "Placement" => "Placement",
        _ => "Deployment",
    };
    Subject::new(kind, name)
}

/// What documents allow. What cannot be read of it is a finding.
fn allowances(workspace: &Workspace, findings: &mut Vec<Finding>) -> Vec<Allowance> {
    let specs = workspace.specs();
    let mut found = Vec::new();
    let mut read = |kind: &'static str, name: String, metadata: &Metadata| {
        let Some(text) = metadata.annotations.get(ALLOW) else { return };
        let (subject, origin) = (of_kind(kind, &name), &metadata.name.origin);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let word = line.split_whitespace().find(|word| *word == "because").map(|word| word.as_ptr().addr());
            let at = word.map(|word| word - line.as_ptr().addr());
            let (codes, reason) = at.and_then(|at| line.split_at_checked(at)).unwrap_or((line, ""));
            let reason = reason.trim_start_matches("because");
            let (codes, reason) = (codes.trim().trim_end_matches(','), reason.trim());
            if reason.is_empty() {
                let finding = Finding::new("allow-without-reason", Severity::Warning, subject.clone(), origin);
                let help = "write `policy-unused, because …`, each on a line of its own";
                findings.push(finding.message(format!("it allows `{codes}` without a reason")).help(help));
                continue;
            }
            for code in codes.split(',').map(str::trim).filter(|code| !code.is_empty()) {
                found.push(Allowance {
                    subject: subject.clone(),
                    code: code.to_owned(),
                    reason: reason.to_owned(),
                    origin: origin.clone(),
                    used: false,
                });
            }
        }
    };
    if let Some(spec) = &specs.workspace {
        read("Workspace", String::new(), &spec.metadata);
    }
    for spec in &specs.policies {
        read("Policy", spec.metadata.name.to_string(), &spec.metadata);
    }
    for spec in &specs.environments {
        read("Environment", spec.metadata.name.to_string(), &spec.metadata);
    }
    for spec in &specs.deployments {
        let name = format!("{}/{}", spec.workload.value, spec.metadata.name.value);
        read("Deployment", name, &spec.metadata);
    }
    for spec in &specs.clusters {
        read("Cluster", spec.metadata.name.to_string(), &spec.metadata);
    }
    for spec in &specs.running {
        read("Placement", spec.metadata.name.to_string(), &spec.metadata);
    }
    let mut seen = HashSet::new();
    found.retain(|allowance| seen.insert((allowance.subject.clone(), allowance.code.clone())));
    found
}

/// The severities that the workspace sets. A code that no finding has is an error.
fn severities<'w>(workspace: &'w Workspace, findings: &mut Vec<Finding>) -> HashMap<&'w str, FindingSeverity> {
    let Some(spec) = &workspace.specs().workspace else { return HashMap::new() };
    for (code, _) in spec.severities.iter().filter(|(code, _)| !FINDING_CODES.contains(&code.as_str())) {
        let subject = Subject::new("Workspace", &spec.metadata.name.value);
        let finding = Finding::new("severity-unknown", Severity::Error, subject, &code.origin);
        findings.push(finding.message(format!("no finding is called `{}`", code.value)).help(meant(code)));
    }
    spec.severities.iter().map(|(code, severity)| (code.as_str(), *severity)).collect()
}

/// The codes that come near.
fn meant(code: &str) -> String {
    match nearest(code, FINDING_CODES) {
        near if near.is_empty() => "the guide lists the codes of findings".to_owned(),
        near => format!("did you mean `{}`?", near.join("` or `")),
    }
}
