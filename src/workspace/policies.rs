//! Policies, resolved and compiled (P1, P9, P18).

use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::names::{self, Problems, Unsound};
use crate::catalog::{Axis, Catalog};
use crate::manifest::spec::{Allowed, PolicySpec};
use crate::origin::{Problem, ProblemCode};
use crate::policy::{InvalidPolicy, Options, Policy, PolicySet, Targets};

/// Makes known the sets of attributes that policies ask for, and what they ask for together.
pub(super) fn bring_attribute_sets(catalog: &mut Catalog, specs: &[PolicySpec], problems: &mut Problems) {
    let mut asked = BTreeSet::new();
    for spec in specs.iter().filter(|spec| spec.axis == Axis::Attribute) {
        let Allowed::Listed(options) = &spec.options else { continue };
        for option in options {
            let names = || option.name.split('+');
            match catalog.bring_attributes(names()) {
                Some(set) => {
                    asked.insert(set);
                }
                // Names that are not declared are told with the policy.
                None if names().any(|name| catalog.attributes_named([name]).is_none()) => {}
                None => {
                    let most = Catalog::MOST_ATTRIBUTE_SETS;
                    let message =
                        format!("clusters bear and policies ask for more than {most} different sets of attributes");
                    let problem = Problem::new(ProblemCode::LimitExceeded, &option.origin, message);
                    problems.push(problem.help("ask for fewer sets, or let clusters bear fewer"));
                }
            }
        }
    }
    if !asked.is_empty() {
        catalog.bring_unions(&asked);
    }
}

/// All policies that are sound, under the ids that they had before; the names of the others are put with the unsound.
pub(super) fn resolve(
    catalog: &Catalog,
    before: Option<&PolicySet>,
    specs: &[PolicySpec],
    unsound: &mut Unsound,
    problems: &mut Problems,
) -> PolicySet {
    let mut policies = PolicySet::after(before, catalog);
    for spec in specs {
        let name = &spec.metadata.name;
        if let Some(first) = policies.set.find(name.as_str()).and_then(|id| policies.set.get(id)) {
            let message = format!("two policies are called `{}`", name.value);
            let problem = Problem::new(ProblemCode::Duplicate, &name.origin, message);
            problems.push(problem.related(first.origin(), "the first is here"));
            continue;
        }
        let known = policy(catalog, spec, problems).and_then(|policy| policies.insert(policy).ok());
        if known.is_none() {
            unsound.policies.insert(name.as_str().to_owned());
        }
    }
    policies.set
}

/// A policy, compiled; nothing, and problems, where it is unsound.
pub(super) fn policy(catalog: &Catalog, spec: &PolicySpec, problems: &mut Problems) -> Option<Policy> {
    let before = problems.len();
    let name = &spec.metadata.name;
    // Specs that were built in code can hold what no text can (P1, P9).
    for (list, empty) in [
        ("options", matches!(&spec.options, Allowed::Listed(options) if options.is_empty())),
        ("resource types", spec.resource_types.as_ref().is_some_and(Vec::is_empty)),
        ("callers", spec.callers.as_ref().is_some_and(Vec::is_empty)),
    ] {
        if empty {
            let message = format!("the list of {list} of policy `{}` is empty", name.value);
            problems.push(Problem::new(ProblemCode::EmptyList, &name.origin, message).help("list at least one"));
        }
    }
    let mut choices =
        |specs: &[_]| -> Vec<_> { specs.iter().flat_map(|spec| names::choices(catalog, spec, problems)).collect() };
    let options = match &spec.options {
        Allowed::Everything => Options { everything: true, allowed: Vec::new(), except: choices(&spec.except) },
        Allowed::Listed(allowed) => {
            Options { everything: false, allowed: choices(allowed), except: choices(&spec.except) }
        }
    };
    let callers = spec.callers.as_deref().map(&mut choices);
    let targets = match &spec.resource_types {
        None => Targets::All,
        Some(types) => {
            let ids = types.iter().filter_map(|name| names::resource_type(catalog, name, problems));
            Targets::Only(ids.collect::<SmallVec<[_; 4]>>())
        }
    };
    if problems.len() > before {
        return None;
    }
    let policy = Policy::new(catalog, name.value.clone(), spec.axis, options, targets);
    let policy = policy.and_then(|policy| match callers {
        Some(callers) => policy.binding_callers(catalog, callers),
        None => Ok(policy),
    });
    match policy {
        Ok(policy) => Some(policy.at(name.origin.clone())),
        Err(error) => {
            let (code, help) = match error {
                InvalidPolicy::AllowsNothing => {
                    (ProblemCode::AllowsNothing, "list at least one option that the exceptions do not remove entirely")
                }
                InvalidPolicy::NothingKnown => (
                    ProblemCode::AllowsNothing,
                    "no known provider answers to that law; declare one under the workspace's `providers`",
                ),
                InvalidPolicy::NotCallers => {
                    (ProblemCode::InvalidValue, "write continents, countries and groups under `callers`")
                }
                InvalidPolicy::OtherAxis | InvalidPolicy::OtherCatalog => {
                    (ProblemCode::InvalidValue, "list options of the policy's own type")
                }
            };
            problems.push(Problem::new(code, &name.origin, format!("policy `{}`: {error}", name.value)).help(help));
            None
        }
    }
}
