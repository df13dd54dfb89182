//! Names to ids, or a problem that quotes the name and offers the nearest (C8).

use std::collections::HashSet;

use crate::catalog::{Catalog, Choice, ChoiceKind, nearest};
use crate::id::{CountryId, ResourceTypeId};
use crate::manifest::spec::{AttachmentSpec, ChoiceSpec};
use crate::origin::{Problem, ProblemCode, Sourced};
use crate::policy::{Attachment, PolicySet};

/// `; did you mean …?`, or nothing.
pub(super) fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", either(near)) }
}

/// `` `a`, `b` `` and so on.
pub(super) fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn either(near: &[String]) -> String {
    near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

/// A problem about a name that resolves to nothing.
pub(super) fn unknown(what: &str, name: &Sourced<String>, near: &[String]) -> Problem {
    let problem = Problem::new(ProblemCode::UnknownName, &name.origin, format!("no {what} is called `{}`", name.value));
    if near.is_empty() { problem } else { problem.help(format!("did you mean {}?", either(near))) }
}

/// What a policy entry names.
pub(super) fn choice(catalog: &Catalog, spec: &Sourced<ChoiceSpec>, problems: &mut Vec<Problem>) -> Option<Choice> {
    let found = catalog.resolve(spec.kind, &spec.name);
    if found.is_none() {
        problems.push(unknown_choice(catalog, spec.kind, &spec.with(spec.name.clone())));
    }
    found
}

/// A place or a piece of hardware named by a bare word.
pub(super) fn bare(
    catalog: &Catalog,
    kind: ChoiceKind,
    name: &Sourced<String>,
    problems: &mut Vec<Problem>,
) -> Option<Choice> {
    let found = catalog.resolve(kind, name);
    if found.is_none() {
        problems.push(unknown_choice(catalog, kind, name));
    }
    found
}

/// A country's code.
pub(super) fn country(catalog: &Catalog, code: &Sourced<String>, problems: &mut Vec<Problem>) -> Option<CountryId> {
    let found = catalog.country(code);
    if found.is_none() {
        problems.push(unknown_choice(catalog, ChoiceKind::Country, code));
    }
    found
}

fn unknown_choice(catalog: &Catalog, kind: ChoiceKind, name: &Sourced<String>) -> Problem {
    let what = match kind {
        ChoiceKind::Cpu => "cpu flavor",
        ChoiceKind::Gpu => "gpu flavor",
        place => place.as_str(),
    };
    unknown(what, name, &catalog.nearest(kind, name))
}

/// A workload type.
pub(super) fn resource_type(
    catalog: &Catalog,
    name: &Sourced<String>,
    problems: &mut Vec<Problem>,
) -> Option<ResourceTypeId> {
    let found = catalog.resource_type(name);
    if found.is_none() {
        let known: Vec<_> = catalog.resource_types().map(|id| catalog.resource_type_name(id)).collect();
        let near = nearest(name, known.iter().copied());
        let problem = unknown("workload type", name, &near);
        let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        problems.push(if near.is_empty() { problem.help(format!("the workload types are {known}")) } else { problem });
    }
    found
}

/// Documents that exist and are unsound. What is wrong with them is reported where they stand, so
/// a reference to one is no further problem.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsound {
    pub(super) policies: HashSet<String>,
    pub(super) environments: HashSet<String>,
}

/// The policies attached at one level. Missing remote ones are the caller's to collect.
pub(super) fn attachments(
    policies: &PolicySet,
    unsound: &Unsound,
    specs: &[AttachmentSpec],
    problems: &mut Vec<Problem>,
) -> Vec<Attachment> {
    let mut found = Vec::with_capacity(specs.len());
    for spec in specs {
        match policies.find(&spec.policy) {
            Some(policy) => found.push(Attachment { policy, enforcement: spec.enforcement }),
            None if spec.remote || unsound.policies.contains(&*spec.policy) => {}
            None => {
                let names: Vec<_> = policies.iter().map(|(_, policy)| policy.name().as_str()).collect();
                problems.push(unknown("policy", &spec.policy, &nearest(&spec.policy, names)));
            }
        }
    }
    found
}
