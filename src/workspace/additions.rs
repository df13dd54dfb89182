//! What the workspace adds to the catalog (C4, C5, C7).

use super::names::{self, Problems};
use crate::catalog::{
    AddAttributeError, AddFlavorError, AddGroupError, AddLocationError, AddProviderError, AddResourceTypeError,
    Catalog, Choice, ChoiceKind, folded,
};
use crate::id::FlavorId;
use crate::manifest::spec::{FlavorSpec, GroupSpec, LocationSpec, ProviderSpec, WorkspaceSpec};
use crate::origin::{Origin, Problem, ProblemCode};
use crate::quantity::Bytes;

/// Adds all of them, as far as they are sound. Workload types that were known before keep their ids, and those of
/// the ones that are gone are not used again (W1).
pub(super) fn add(
    catalog: &mut Catalog,
    before: Option<&Catalog>,
    spec: Option<&WorkspaceSpec>,
    problems: &mut Problems,
) {
    let stated = spec.map(|spec| spec.resource_types.as_slice()).unwrap_or_default();
    let mut kept = Vec::new();
    for known in before.into_iter().flat_map(Catalog::added_resource_types) {
        let again = stated.iter().position(|name| name.as_str() == known);
        match again.filter(|_| catalog.add_resource_type(known).is_ok()) {
            Some(at) => kept.push(at),
            None => catalog.retire_resource_type(),
        }
    }
    let Some(spec) = spec else { return };
    for (_, name) in stated.iter().enumerate().filter(|(at, _)| !kept.contains(at)) {
        if let Err(error) = catalog.add_resource_type(name.as_str()) {
            let code = match error {
                AddResourceTypeError::Known(_) => ProblemCode::Duplicate,
                _ => ProblemCode::InvalidValue,
            };
            let problem = about(code, &name.origin, name.as_str(), &error);
            problems.push(match error {
                AddResourceTypeError::Known(_) => problem.help("leave it out; it need not be registered again"),
                AddResourceTypeError::LooksLike(known) => {
                    problem.help(format!("write `{}`, or choose another name", catalog.resource_type_name(known)))
                }
                _ => problem,
            });
        }
    }
    for name in &spec.attributes {
        if let Err(error) = catalog.add_attribute(name.as_str()) {
            let (code, help) = match error {
                AddAttributeError::Known => (ProblemCode::Duplicate, "declare it once"),
                AddAttributeError::TooMany => (ProblemCode::LimitExceeded, "leave some of them out"),
                _ => (ProblemCode::InvalidValue, "choose another name"),
            };
            problems.push(about(code, &name.origin, name.as_str(), &error).help(help));
        }
    }
    for provider in &spec.providers {
        add_provider(catalog, provider, problems);
    }
    // What hangs under another comes after it, in whatever order they are written.
    let (hanging, others): (Vec<_>, Vec<_>) = spec.locations.iter().partition(|location| location.parent.is_some());
    for location in others.into_iter().chain(hanging) {
        add_location(catalog, location, problems);
    }
    for group in &spec.groups {
        add_group(catalog, group, problems);
    }
    for flavor in &spec.flavors {
        add_flavor(catalog, flavor, problems);
    }
}

fn add_provider(catalog: &mut Catalog, spec: &ProviderSpec, problems: &mut Problems) {
    let aliases: Vec<_> = spec.aliases.iter().map(|alias| alias.as_str()).collect();
    let law = match &spec.jurisdiction {
        None => None,
        Some(code) => match names::country(catalog, code, problems) {
            Some(country) => Some(country),
            None => return,
        },
    };
    // What the built-in table leaves open can be declared.
    let known = catalog.provider_id(spec.name.as_str()).filter(|_| aliases.is_empty());
    if let (Some(known), Some(country), Some(code)) = (known, law, &spec.jurisdiction) {
        if !catalog.declare_jurisdiction(known, country) {
            let name = catalog.provider_name(known);
            let is = catalog.jurisdiction(name).map_or("", |law| catalog.country_code(law));
            let message = format!("`{name}` does not answer to the law of `{}`", code.value);
            let problem = Problem::new(ProblemCode::FalseCountry, &code.origin, message);
            problems.push(problem.help(format!("its owner answers to `{is}`; leave it out, or take another name")));
        }
        return;
    }
    if let Err(error) = catalog.add_provider(spec.name.as_str(), &aliases, law) {
        let (AddProviderError::Malformed { text } | AddProviderError::Known { text }) = &error;
        let alias = spec.aliases.iter().find(|alias| alias.as_str() == text);
        let origin = alias.map_or(&spec.name.origin, |alias| &alias.origin);
        problems.push(match &error {
            AddProviderError::Malformed { .. } => Problem::new(ProblemCode::InvalidValue, origin, error.to_string()),
            AddProviderError::Known { text } => {
                let known = catalog.provider(text);
                Problem::new(ProblemCode::Duplicate, origin, error.to_string())
                    .help(format!("it is read as `{known}`; leave it out if that is meant, else take another name"))
            }
        });
    }
}

fn add_location(catalog: &mut Catalog, spec: &LocationSpec, problems: &mut Problems) {
    let Some(country) = names::country(catalog, &spec.country, problems) else { return };
    let parent = match &spec.parent {
        None => None,
        Some(name) => match names::bare(catalog, ChoiceKind::Location, name, problems) {
            Some(Choice::Location(parent)) => Some((name, parent)),
            _ => return,
        },
    };
    if let Some((name, parent)) = parent
        && catalog.location_parent(parent).is_some()
    {
        let message = format!("`{}` hangs under a region itself", name.value);
        let problem = Problem::new(ProblemCode::InvalidValue, &name.origin, message);
        problems.push(problem.help("name the region"));
        return;
    }
    match catalog.add_location_under(&spec.name, country, parent.map(|(_, parent)| parent)) {
        Ok(_) => {}
        Err(error @ AddLocationError::HangsElsewhere) => {
            let origin = parent.map_or(&spec.name.origin, |(name, _)| &name.origin);
            let problem = about(ProblemCode::InvalidValue, origin, &spec.name, &error);
            problems.push(problem.help("leave `parent` out, or take another name for another place"));
        }
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
    let parent = match &spec.parent {
        None => None,
        Some(name) => match names::bare(catalog, spec.kind.into(), name, problems) {
            Some(Choice::Flavor(parent)) => Some(parent),
            Some(_) => {
                let problem = Problem::new(ProblemCode::InvalidValue, &name.origin, "`any` cannot be a parent");
                problems.push(problem.help("name a family or a variant, or leave `parent` out"));
                return;
            }
            None => return,
        },
    };
    let aliases: Vec<_> = spec.aliases.iter().map(|alias| alias.as_str()).collect();
    let memory = spec.memory.map(Bytes::get);
    let code = spec.name.as_str();
    let known = catalog.flavor(spec.kind, code).filter(|&known| catalog.flavor_code(known) == folded(code));
    let added = match known {
        Some(known) => teach(catalog, known, parent, &aliases, spec, problems),
        None => catalog.add_flavor(spec.kind, code, parent, &aliases, memory).map(|_| ()),
    };
    if let Err(error) = added {
        // The word at fault is the code, one of the aliases, or the node above.
        let written = |text: &str| {
            let alias = spec.aliases.iter().find(|alias| alias.as_str() == text);
            alias.map_or(&spec.name.origin, |alias| &alias.origin).clone()
        };
        problems.push(match &error {
            AddFlavorError::Known { text, by } => {
                let known = catalog.flavor_code(*by);
                Problem::new(ProblemCode::Duplicate, &written(text), error.to_string()).help(format!(
                    "it already means the {} flavor `{known}`; leave it out if you mean that, else choose another name",
                    spec.kind.as_str()
                ))
            }
            AddFlavorError::NotAParent(_) => {
                let origin = spec.parent.as_ref().map_or(&spec.name.origin, |parent| &parent.origin);
                Problem::new(ProblemCode::InvalidValue, origin, error.to_string())
                    .help("name a family or a variant; a form cannot be a parent")
            }
            AddFlavorError::Malformed { text } => {
                Problem::new(ProblemCode::InvalidValue, &written(text), error.to_string())
                    .help("choose a name with a letter or a digit; `any` means every flavor of a kind")
            }
        });
    }
}

/// Further names of a known flavor (C5); nothing else of it can be changed.
fn teach(
    catalog: &mut Catalog,
    known: FlavorId,
    parent: Option<FlavorId>,
    aliases: &[&str],
    spec: &FlavorSpec,
    problems: &mut Problems,
) -> Result<(), AddFlavorError> {
    let code = catalog.flavor_code(known).to_owned();
    let moved = parent.is_some() && parent != catalog.flavor_parent(known);
    let resized = spec.memory.is_some_and(|memory| catalog.flavor_memory(known) != Some(memory.get()));
    if moved || resized || aliases.is_empty() {
        let what = match (moved, resized) {
            (true, _) => "cannot move to another place in the tree",
            (_, true) => "cannot be given another memory size",
            _ => "need not be added again",
        };
        let message = format!("`{code}` is known and {what}");
        let problem = Problem::new(ProblemCode::Duplicate, &spec.name.origin, message);
        problems.push(problem.help("give it only `aliases`, or choose another name for another device"));
        return Ok(());
    }
    catalog.add_aliases(known, aliases)
}

fn about(code: ProblemCode, origin: &Origin, name: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(code, origin, format!("`{name}`: {error}"))
}
