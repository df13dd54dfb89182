//! Findings about names that differ only in case or width (C8).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::finding::{Finding, Findings, Severity, Subject};
use crate::catalog::{Catalog, folded};
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
    misspelt_providers(workspace, findings);
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

/// Providers that are known to nobody and one letter away from a known one (C7): each is a provider of its own, without
/// the regions that are known of the other.
fn misspelt_providers(workspace: &Workspace, findings: &mut Findings) {
    // Not those that clusters bring: each of them is known by its cluster alone.
    let built_in = Catalog::builtin();
    let built_in = built_in.providers().flat_map(|one| [vec![one.name], one.aliases].concat());
    let own = workspace.specs().workspace.iter().flat_map(|spec| &spec.providers);
    let own = own.flat_map(|one| one.aliases.iter().chain([&one.name])).map(|name| folded(name.as_str()));
    let own: Vec<_> = own.collect();
    let known: BTreeSet<&str> = built_in.chain(own.iter().map(|name| &**name)).collect();
    let mut seen = HashSet::new();
    for spec in &workspace.specs().clusters {
        let provider = folded(spec.provider.as_str());
        if known.contains(&*provider) || !seen.insert(provider.clone()) {
            continue;
        }
        // Short names are one letter apart by chance.
        let is_near = |name: &&&str| name.len() > 3 && strsim::osa_distance(name, &provider) == 1;
        if let Some(near) = known.iter().find(is_near) {
            let message = format!("the provider `{}` is not known, and `{near}` is", spec.provider.value);
            let subject = Subject::new("Cluster", spec.metadata.name.as_str());
            let finding = Finding::new("names-alike", Severity::Warning, subject, &spec.provider.origin);
            findings.push(finding.message(message).help(format!("write `{near}` if it is meant")));
        }
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
