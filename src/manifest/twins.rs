//! Documents of one kind and name: one problem for each such name, however many there are.

use std::hash::Hash;

use indexmap::IndexMap;

use super::report::Report;
use super::spec::{BrokenCluster, Metadata, Specs};
use crate::id::Name;
use crate::origin::{Origin, Problem, ProblemCode};

/// Reports names that several documents share, and keeps the first of each; of clusters, none (I6).
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
    break_twin_clusters(specs);
}

/// Where the first and the second of one name stand, and how many there are.
struct Shared {
    first: Origin,
    second: Option<Origin>,
    count: usize,
}

impl Shared {
    /// The names of `all`, each with its places.
    fn count<K: Hash + Eq>(all: impl Iterator<Item = (K, Origin)>) -> IndexMap<K, Self> {
        let mut names: IndexMap<K, Self> = IndexMap::new();
        for (key, origin) in all {
            match names.get_mut(&key) {
                Some(shared) => {
                    shared.second.get_or_insert(origin);
                    shared.count += 1;
                }
                None => {
                    names.insert(key, Self { first: origin, second: None, count: 1 });
                }
            }
        }
        names
    }

    /// The problem at `origin` with what is called `what`, related to another place of the name.
    fn problem(&self, what: &str, origin: &Origin) -> Problem {
        let times = if self.count == 2 { "twice".to_owned() } else { format!("{} times", self.count) };
        let other = match &self.second {
            Some(second) if *origin == self.first => (second, "described again here"),
            _ => (&self.first, "first described here"),
        };
        Problem::new(ProblemCode::Duplicate, origin, format!("{what} is described {times}"))
            .help("keep one, or give each its own name")
            .related(other.0, other.1)
    }
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
        if let Some(second) = &shared.second {
            report.add(shared.problem(&show(name), second));
        }
    }
    let mut seen = std::collections::HashSet::with_capacity(names.len());
    specs.retain(|spec| seen.insert(key(spec).0));
}

/// Of clusters that share a name all are broken, those included that are broken anyway.
fn break_twin_clusters(specs: &mut Specs) {
    let whole = specs.clusters.iter().map(|spec| (spec.metadata.name.to_string(), spec.metadata.name.origin.clone()));
    let broken = specs.broken_clusters.iter().filter_map(|broken| Some((broken.name.clone()?, broken.origin.clone())));
    let mut names = Shared::count(whole.chain(broken));
    names.retain(|_, shared| shared.count > 1);
    if names.is_empty() {
        return;
    }
    for broken in &mut specs.broken_clusters {
        if let Some((name, shared)) = broken.name.as_ref().and_then(|name| names.get_key_value(name)) {
            broken.problems.push(shared.problem(&format!("cluster `{name}`"), &broken.origin));
        }
    }
    for spec in std::mem::take(&mut specs.clusters) {
        let Metadata { name, .. } = &spec.metadata;
        match names.get(name.as_str()) {
            None => specs.clusters.push(spec),
            Some(shared) => specs.broken_clusters.push(BrokenCluster {
                name: Some(name.to_string()),
                origin: name.origin.clone(),
                problems: vec![shared.problem(&format!("cluster `{}`", name.value), &name.origin)],
            }),
        }
    }
}
