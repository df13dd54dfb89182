//! What the workspace adds to the catalog (C4, C5, C7).

use super::names::{self, Problems};
use crate::catalog::{
    AddFlavorError, AddGroupError, AddLocationError, AddResourceTypeError, Catalog, ChoiceKind, FlavorKind,
};
use crate::manifest::spec::{FlavorSpec, GroupSpec, LocationSpec, WorkspaceSpec};
use crate::origin::{Origin, Problem, ProblemCode, listed};

/// Adds all of them, as far as they are sound.
pub(super) fn add(catalog: &mut Catalog, spec: &WorkspaceSpec, problems: &mut Problems) {
    for name in &spec.resource_types {
        if let Err(error) = catalog.add_resource_type(name.as_str()) {
            let code = match error {
                AddResourceTypeError::Known(_) => ProblemCode::Duplicate,
                _ => ProblemCode::InvalidValue,
            };
            let problem = about(code, &name.origin, name.as_str(), &error);
            problems.push(match error {
                AddResourceTypeError::Known(_) => problem.help("leave it out; it need not be registered again"),
                _ => problem,
            });
        }
    }
    for location in &spec.locations {
        add_location(catalog, location, problems);
    }
    for group in &spec.groups {
        add_group(catalog, group, problems);
    }
    for flavor in &spec.flavors {
        add_flavor(catalog, flavor, problems);
    }
}

fn add_location(catalog: &mut Catalog, spec: &LocationSpec, problems: &mut Problems) {
    let Some(country) = names::country(catalog, &spec.country, problems) else { return };
    match catalog.add_location(&spec.name, country) {
        Ok(_) => {}
        Err(AddLocationError::Disagrees { known }) => {
            let (code, full) = (catalog.country_code(known), catalog.country_name(known));
            let message = format!("`{}` is not in `{}`", spec.name.value, spec.country.value);
            let problem = Problem::new(ProblemCode::FalseCountry, &spec.country.origin, message);
            problems.push(problem.help(format!("it is in `{code}` ({full}); correct the country")));
        }
        Err(error) => problems.push(about(ProblemCode::InvalidValue, &spec.name.origin, &spec.name, &error)),
    }
}

fn add_group(catalog: &mut Catalog, spec: &GroupSpec, problems: &mut Problems) {
    let members = spec.countries.iter().filter_map(|code| names::country(catalog, code, problems));
    let members: Vec<_> = members.collect();
    if let Err(error) = catalog.add_group(spec.name.as_str(), members) {
        let code = match error {
            AddGroupError::Known(_) => ProblemCode::Duplicate,
            _ => ProblemCode::InvalidValue,
        };
        let problem = about(code, &spec.name.origin, spec.name.as_str(), &error);
        problems.push(match error {
            AddGroupError::Known(_) => problem.help("give it another name, or leave it out if that one is meant"),
            _ => problem,
        });
    }
}

fn add_flavor(catalog: &mut Catalog, spec: &FlavorSpec, problems: &mut Problems) {
    let kind = match spec.kind {
        FlavorKind::Cpu => ChoiceKind::Cpu,
        FlavorKind::Gpu => ChoiceKind::Gpu,
    };
    let family = match &spec.family {
        None => None,
        Some(name) => match names::bare(catalog, kind, name, problems) {
            Some(crate::catalog::Choice::Flavor(family)) => Some(family),
            Some(_) => {
                let problem = Problem::new(ProblemCode::InvalidValue, &name.origin, "`any` is not a family");
                problems.push(problem.help(families(catalog)));
                return;
            }
            None => return,
        },
    };
    let aliases: Vec<_> = spec.aliases.iter().map(|alias| alias.as_str()).collect();
    let memory = spec.memory.map(crate::quantity::Bytes::get);
    if let Err(error) = catalog.add_flavor(spec.kind, spec.name.as_str(), family, &aliases, memory) {
        // The word at fault is the code, one of the aliases, or the family.
        let written = |text: &str| {
            let alias = spec.aliases.iter().find(|alias| alias.as_str() == text);
            alias.map_or(&spec.name.origin, |alias| &alias.origin).clone()
        };
        problems.push(match &error {
            AddFlavorError::Known { text, by } => {
                let known = catalog.flavor_code(*by);
                Problem::new(ProblemCode::Duplicate, &written(text), error.to_string()).help(format!(
                    "it is read as the {} flavor `{known}`; leave it out if that is meant, else take another word",
                    spec.kind.as_str()
                ))
            }
            AddFlavorError::NotAFamily(_) => {
                let origin = spec.family.as_ref().map_or(&spec.name.origin, |family| &family.origin);
                Problem::new(ProblemCode::InvalidValue, origin, error.to_string()).help(families(catalog))
            }
            AddFlavorError::Malformed { text } => {
                Problem::new(ProblemCode::InvalidValue, &written(text), error.to_string())
                    .help("take a name with a letter or a digit; `any` means every flavor of a kind")
            }
        });
    }
}

fn families(catalog: &Catalog) -> String {
    let families = catalog.flavors().filter(|&flavor| catalog.is_family(flavor));
    let names: Vec<_> = families.map(|flavor| catalog.flavor_code(flavor).to_owned()).collect();
    format!("the families are {}", listed(&names, "and", names::LISTED))
}

fn about(code: ProblemCode, origin: &Origin, name: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(code, origin, format!("`{name}`: {error}"))
}
