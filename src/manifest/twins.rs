//! Documents of one kind and name: one problem for each such name, however many there are.

use std::hash::Hash;

use super::same::Shared;
use super::spec::{Metadata, Specs};
use crate::document::Report;
use crate::id::Name;
use crate::origin::Origin;

/// Reports names that several documents share, and keeps the first of each. Of clusters
/// all that share a name are invalid (I6), so they are kept for the workspace to report.
pub(super) fn settle(specs: &mut Specs, report: &Report) {
    first_of_each(&mut specs.policies, |spec| named(&spec.metadata), |name| format!("policy `{name}`"), report);
    first_of_each(
        &mut specs.environments,
        |spec| named(&spec.metadata),
        |name| format!("environment `{name}`"),
        report,
    );
    first_of_each(
        &mut specs.deployments,
        |spec| {
            let (name, origin) = named(&spec.metadata);
            ((spec.resource_type.value.clone(), spec.workload.value.clone(), name), origin)
        },
        |(_, workload, name)| format!("deployment `{workload}/{name}`"),
        report,
    );
    first_of_each(&mut specs.running, |spec| named(&spec.metadata), |name| format!("placement `{name}`"), report);
}

fn named(metadata: &Metadata) -> (Name, Origin) {
    (metadata.name.value.clone(), metadata.name.origin.clone())
}

fn first_of_each<T, K: Hash + Eq>(
    specs: &mut Vec<T>,
    key: impl Fn(&T) -> (K, Origin),
    show: impl Fn(&K) -> String,
    report: &Report,
) {
    let names = Shared::count(specs.iter().map(&key));
    if names.len() == specs.len() {
        return;
    }
    for (name, shared) in &names {
        if let Some(problem) = shared.second.as_ref().and_then(|second| shared.problem(&show(name), second)) {
            report.add(problem);
        }
    }
    let mut seen = std::collections::HashSet::with_capacity(names.len());
    specs.retain(|spec| seen.insert(key(spec).0));
}
