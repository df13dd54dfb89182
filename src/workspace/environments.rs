//! Environments: the two that exist from the start, and those that are declared (E1).

use indexmap::IndexMap;

use super::names::{self, Problems, Unsound};
use crate::catalog::folded;
use crate::id::{EnvironmentId, Id, Name};
use crate::manifest::spec::Specs;
use crate::origin::{Problem, ProblemCode, listed};
use crate::policy::{Environment, PolicySet};

/// All environments by name.
pub(super) fn resolve(
    policies: &PolicySet,
    unsound: &Unsound,
    specs: &Specs,
    problems: &mut Problems,
) -> IndexMap<Name, Environment> {
    let mut environments = IndexMap::new();
    for builtin in [Environment::PRODUCTION, Environment::DEVELOPMENT] {
        if let Ok(name) = Name::new(builtin) {
            environments.insert(name.clone(), Environment::without_policies(name));
        }
    }
    for spec in &specs.environments {
        let name = &spec.metadata.name;
        let builtin = [Environment::PRODUCTION, Environment::DEVELOPMENT].into_iter();
        let looks_like = builtin.filter(|known| *known != name.as_str()).find(|known| folded(name.as_str()) == *known);
        if let Some(known) = looks_like {
            let message =
                format!("`{}` differs from the built-in environment `{known}` only in case or width", name.value);
            problems.push(
                Problem::new(ProblemCode::InvalidValue, &name.origin, message)
                    .help(format!("write `{known}`, or choose another name")),
            );
        }
        let environment = Environment {
            name: name.value.clone(),
            attachments: names::attachments(policies, unsound, &spec.policies, problems),
            require: spec.require.iter().map(|axis| axis.value).collect(),
            on_violation: spec.on_violation,
            on_replaced: spec.on_replaced,
            origin: name.origin.clone(),
            declared: true,
        };
        if let Some(first) = environments.insert(name.value.clone(), environment).filter(|first| first.declared) {
            let message = format!("two environments are called `{}`", name.value);
            let problem = Problem::new(ProblemCode::Duplicate, &name.origin, message);
            problems.push(problem.related(&first.origin, "the first is here"));
        }
    }
    environments
}

/// The environment of deployments that name none (E2).
pub(super) fn default(
    environments: &IndexMap<Name, Environment>,
    unsound: &Unsound,
    specs: &Specs,
    problems: &mut Problems,
) -> EnvironmentId {
    // Production is the first of all, by construction.
    let production = EnvironmentId::from_index(0);
    let Some(name) = specs.workspace.as_ref().and_then(|spec| spec.default_environment.as_ref()) else {
        return production;
    };
    find(environments, unsound, name, problems).unwrap_or(production)
}

/// The environment of this name, or a problem.
pub(super) fn find(
    environments: &IndexMap<Name, Environment>,
    unsound: &Unsound,
    name: &crate::origin::Sourced<String>,
    problems: &mut Problems,
) -> Option<EnvironmentId> {
    let found = environments.get_index_of(name.as_str()).map(EnvironmentId::from_index);
    if found.is_none() && !unsound.environments.contains(name.as_str()) {
        let known: Vec<_> = environments.keys().map(Name::as_str).collect();
        let near = problems.nearest("environment", name, || known.iter().copied());
        let problem = names::unknown("environment", name, &near);
        let known = listed(&known, "and", names::LISTED);
        let help = format!("the environments are {known}; declare others with `kind: Environment`");
        problems.push(if near.is_empty() { problem.help(help) } else { problem });
    }
    found
}
