//! Environments: the two that exist from the start, and those that are declared (E1).

use std::collections::HashMap;

use indexmap::IndexMap;

use super::names::{self, Problems, Unsound};
use crate::catalog::{Catalog, folded};
use crate::id::{EnvironmentId, Id, Name, Table};
use crate::manifest::spec::Specs;
use crate::origin::{Problem, ProblemCode, listed};
use crate::policy::{Environment, PolicySet};

/// All environments, by id and by name.
#[derive(Clone, Debug)]
pub(super) struct Environments {
    pub(super) table: Table<EnvironmentId, Environment>,
    by_name: HashMap<Name, EnvironmentId>,
}

impl Environments {
    /// Those of a name that was known before get their ids again (W1).
    fn after(before: Option<&Self>, all: IndexMap<Name, Environment>) -> Self {
        let mut table = before.map_or_else(Table::new, |before| before.table.emptied());
        let mut by_name = HashMap::with_capacity(all.len());
        for (name, environment) in all {
            let known = before.and_then(|before| before.find(name.as_str()));
            let id = match known {
                Some(id) if table.put(id, environment.clone()) => id,
                _ => table.push(environment),
            };
            by_name.insert(name, id);
        }
        Self { table, by_name }
    }

    /// The environment of this name.
    pub(super) fn find(&self, name: &str) -> Option<EnvironmentId> {
        self.by_name.get(name).copied()
    }
}

/// Which environments exist without a document.
#[derive(Clone, Copy)]
pub(super) struct Builtin {
    /// Whether `development` has been removed.
    pub(super) without_development: bool,
}

/// All environments.
pub(super) fn resolve(
    before: Option<&Environments>,
    builtin: Builtin,
    catalog: &Catalog,
    policies: &PolicySet,
    unsound: &Unsound,
    specs: &Specs,
    problems: &mut Problems,
) -> Environments {
    let mut environments = IndexMap::new();
    for name in [Environment::PRODUCTION, Environment::DEVELOPMENT] {
        if builtin.without_development && name == Environment::DEVELOPMENT {
            continue;
        }
        if let Ok(name) = Name::new(name) {
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
            limits: super::limits::resolve(catalog, spec.limits.as_ref(), problems),
            on_violation: spec.on_violation,
            on_loss: spec.on_loss,
            grace: spec.grace_seconds,
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
    Environments::after(before, environments)
}

/// The environment of deployments that name none (E2).
pub(super) fn default(
    environments: &Environments,
    unsound: &Unsound,
    specs: &Specs,
    problems: &mut Problems,
) -> EnvironmentId {
    // Production is among them by construction.
    let production = environments.find(Environment::PRODUCTION).unwrap_or_else(|| EnvironmentId::from_index(0));
    let Some(name) = specs.workspace.as_ref().and_then(|spec| spec.default_environment.as_ref()) else {
        return production;
    };
    find(environments, unsound, name, problems).unwrap_or(production)
}

/// The environment of this name, or a problem.
pub(super) fn find(
    environments: &Environments,
    unsound: &Unsound,
    name: &crate::origin::Sourced<String>,
    problems: &mut Problems,
) -> Option<EnvironmentId> {
    let found = environments.find(name.as_str());
    if found.is_none() && !unsound.environments.contains(name.as_str()) {
        let known: Vec<_> = environments.table.iter().map(|(_, found)| found.name.as_str()).collect();
        let near = problems.nearest("environment", name, || known.iter().copied());
        let problem = names::unknown("environment", name, &near);
        let known = listed(&known, "and", names::LISTED);
        let help = format!("the environments are {known}; declare others with `kind: Environment`");
        problems.push(if near.is_empty() { problem.help(help) } else { problem });
    }
    found
}
