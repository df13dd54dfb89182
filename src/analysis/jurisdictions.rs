//! Findings about jurisdictions and the providers of which none is known (P15).

use std::collections::BTreeSet;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::catalog::Choice;
use crate::manifest::spec::{Allowed, ChoiceSpec};
use crate::origin::{Sourced, listed};
use crate::workspace::Workspace;

/// The most providers that one finding lists.
const LISTED: usize = 5;

/// Policies that speak of a jurisdiction, where clusters have providers of no known one: such a provider is allowed by
/// none, and an exception takes it out, which no refusal tells apart from a provider of another law.
pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    let catalog = workspace.catalog();
    let providers = workspace.inventory().fleet().clusters().iter().map(|cluster| cluster.provider.as_str());
    let lawless: BTreeSet<&str> = providers.filter(|provider| catalog.jurisdiction(provider).is_none()).collect();
    if lawless.is_empty() {
        return;
    }
    let of_law = |option: &&Sourced<ChoiceSpec>| {
        matches!(catalog.resolve(option.kind, &option.name), Some(Choice::LawOf(_) | Choice::LawOfGroup(_)))
    };
    for spec in &workspace.specs().policies {
        let allowed: &[_] = match &spec.options {
            Allowed::Listed(options) => options,
            Allowed::Everything => &[],
        };
        let Some(option) = allowed.iter().chain(&spec.except).find(of_law) else { continue };
        let names: Vec<&str> = lawless.iter().copied().collect();
        let message = format!(
            "policy `{}` speaks of a jurisdiction, and none is known of {} {}",
            spec.metadata.name.value,
            if names.len() == 1 { "provider" } else { "providers" },
            listed(&names, "and", LISTED),
        );
        let subject = Subject::new("Policy", spec.metadata.name.as_str());
        let finding = Finding::new("jurisdiction-unknown", Severity::Warning, subject, &option.origin);
        findings.push(
            finding
                .message(message)
                .help("declare it in the workspace, such as `providers: [{name: own, jurisdiction: fr}]`"),
        );
    }
}
