//! Findings about names that differ only in case or width (C8).

use std::collections::HashMap;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::catalog::folded;
use crate::id::Name;
use crate::origin::Sourced;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    let specs = workspace.specs();
    alike("Policy", specs.policies.iter().map(|spec| &spec.metadata.name), findings);
    alike("Environment", specs.environments.iter().map(|spec| &spec.metadata.name), findings);
    alike("Cluster", specs.clusters.iter().map(|spec| &spec.metadata.name), findings);
    let of_workspace = specs.workspace.iter().flat_map(|spec| &spec.resource_types);
    alike("Workspace", of_workspace, findings);
    // Deployments are told apart within their workload.
    let mut of_workloads: HashMap<(&str, &str), Vec<&Sourced<Name>>> = HashMap::new();
    for spec in &specs.deployments {
        let workload = (&**spec.resource_type, spec.workload.as_str());
        of_workloads.entry(workload).or_default().push(&spec.metadata.name);
    }
    for names in of_workloads.into_values() {
        alike("Deployment", names.into_iter(), findings);
    }
}

/// One finding for each name that looks like an earlier one.
fn alike<'a>(kind: &'static str, names: impl Iterator<Item = &'a Sourced<Name>>, findings: &mut Findings) {
    let mut first: HashMap<String, &Sourced<Name>> = HashMap::new();
    for name in names {
        let known = first.entry(folded(name.as_str()).into_owned()).or_insert(name);
        if known.as_str() != name.as_str() {
            let message = format!("`{}` differs from `{}` only in case or width", name.value, known.value);
            let finding =
                Finding::new("names-alike", Severity::Warning, Subject::new(kind, name.as_str()), &name.origin);
            findings.push(finding.message(message).help("give one of them a name that reads differently"));
        }
    }
}
