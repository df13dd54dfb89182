//! Findings about names that read alike: they differ only in case or width, or in letters that look the same (C8).

use std::collections::{BTreeSet, HashMap, HashSet};

use unicode_security::skeleton;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::catalog::{Catalog, folded};
use crate::id::Name;
use crate::manifest::spec::PoolsSpec;
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
    for spec in &specs.clusters {
        if let PoolsSpec::Pools(pools) = &spec.pools {
            alike("Cluster", pools.iter().map(|pool| &pool.name), findings);
        }
    }
    // Workloads are told apart within their type, deployments within their workload.
    let mut of_types: HashMap<&str, Vec<&Sourced<Name>>> = HashMap::new();
    let mut of_workloads: HashMap<(&str, &str), Vec<&Sourced<Name>>> = HashMap::new();
    for spec in &specs.deployments {
        of_types.entry(&spec.resource_type).or_default().push(&spec.workload);
        let workload = (&**spec.resource_type, spec.workload.as_str());
        of_workloads.entry(workload).or_default().push(&spec.metadata.name);
    }
    for names in of_types.into_values().chain(of_workloads.into_values()) {
        alike("Deployment", names.into_iter(), findings);
    }
}

/// Providers that are known to nobody and read like a known one (C7): each is a provider of its own, without the
/// regions that are known of the other.
fn misspelt_providers(workspace: &Workspace, findings: &mut Findings) {
    // Not those that clusters bring: each of them is known by its cluster alone.
    let catalog = Catalog::builtin();
    let built_in = catalog.providers().flat_map(|one| [vec![one.name], one.aliases].concat());
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
        let looks = looks(&provider);
        let is_near = |name: &&&str| {
            looks == self::looks(name)
                || strsim::osa_distance(name, &provider) == 1
                    // Short names are one letter apart by chance, but hardly with a region of the other.
                    && (name.len() > 3 || spec.location.as_ref().is_some_and(|location| has_region(&catalog, name, location)))
        };
        if let Some(near) = known.iter().find(is_near) {
            let message = format!("the provider `{}` is not known, and `{near}` is", spec.provider.value);
            let subject = Subject::new("Cluster", spec.metadata.name.as_str());
            let finding = Finding::new("names-alike", Severity::Warning, subject, &spec.provider.origin);
            findings.push(finding.message(message).help(format!("write `{near}` if it is meant")));
        }
    }
}

fn has_region(catalog: &Catalog, provider: &str, location: &str) -> bool {
    catalog.location(&format!("{provider}/{location}")).is_some()
}

/// A name as it looks: letters that are drawn alike are one, whatever alphabet they are of (UTS 39, its skeletons).
fn looks(name: &str) -> String {
    skeleton(name).collect()
}

/// One finding for each name that reads like an earlier one.
fn alike<'a>(kind: &'static str, names: impl Iterator<Item = &'a Sourced<Name>>, findings: &mut Findings) {
    let mut first: HashMap<String, &Sourced<Name>> = HashMap::new();
    // By their looks: those of ASCII alone, where `1` and `l` are told apart, only beside others.
    let mut seen: HashMap<String, &Sourced<Name>> = HashMap::new();
    let mut told = |name: &Sourced<Name>, message: String| {
        let finding = Finding::new("names-alike", Severity::Warning, Subject::new(kind, name.as_str()), &name.origin);
        findings.push(finding.message(message).help("give one of them a name that reads differently"));
    };
    let names: Vec<_> = names.collect();
    let foreign = names.iter().any(|name| !name.as_str().is_ascii());
    for name in names {
        let folded = folded(name.as_str());
        let look = foreign.then(|| looks(&folded));
        let known = *first.entry(folded.into_owned()).or_insert(name);
        if known.as_str() != name.as_str() {
            told(name, format!("`{}` differs from `{}` only in case or width", name.value, known.value));
            continue;
        }
        let Some(look) = look else { continue };
        let known = *seen.entry(look).or_insert(name);
        if known.as_str() != name.as_str() && !(known.as_str().is_ascii() && name.as_str().is_ascii()) {
            told(name, format!("`{}` has letters that look like those of `{}`", name.value, known.value));
        }
    }
}
