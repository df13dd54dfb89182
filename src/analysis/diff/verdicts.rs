//! What became of policies, levels and environments, and what binds less.

use std::collections::{BTreeMap, BTreeSet};

use super::meaning::{Catalogs, Meaning};
use super::{Compared, Fate, Loosened, LoosenedThing, full_address};
use crate::catalog::Axis;
use crate::id::{Id, ResourceTypeId};
use crate::policy::{Attachment, Bundle, Enforcement, Environment, Level, Scope};
use crate::time::Moment;
use crate::workspace::Workspace;

/// Every workload type that either side knows, by its id in each. A type that one does not know is none of its policies'
/// targets.
fn resource_types(old: &Workspace, new: &Workspace) -> Vec<[ResourceTypeId; 2]> {
    let names = |workspace: &Workspace| -> Vec<String> {
        let catalog = workspace.catalog();
        catalog.resource_types().map(|id| catalog.resource_type_name(id).to_owned()).collect()
    };
    let nobody = ResourceTypeId::from_index(usize::MAX);
    let all: BTreeSet<String> = names(old).into_iter().chain(names(new)).collect();
    let id = |workspace: &Workspace, name: &str| workspace.catalog().resource_type(name).unwrap_or(nobody);
    all.iter().map(|name| [id(old, name), id(new, name)]).collect()
}

/// How what levels impose compares, over all workload types, at the moment and at each later end of an attachment: between
/// two ends nothing changes by time (A1).
fn compare(
    [old, new]: [&Workspace; 2],
    catalogs: &Catalogs,
    before: [Bundle<'_>; 3],
    after: [Bundle<'_>; 3],
    types: &[[ResourceTypeId; 2]],
) -> Meaning {
    let ends = before.iter().chain(&after).flat_map(|bundle| bundle.attachments).filter_map(|attached| attached.until);
    let (was_at, is_at) = (old.now(), new.now());
    let later: BTreeSet<Moment> = ends.filter(|until| Some(*until) > was_at.max(is_at)).collect();
    let moments = std::iter::once((was_at, is_at)).chain(later.iter().map(|until| (Some(*until), Some(*until))));
    Meaning::all(moments.flat_map(|(was_at, is_at)| {
        types.iter().map(move |&[was, is]| {
            let before = Scope::compile(old.policies(), before, was, was_at);
            let after = Scope::compile(new.policies(), after, is, is_at);
            catalogs.compare(&before, &after)
        })
    }))
}

/// Every policy whose document or meaning differs, by name.
pub(super) fn policies(old: &Workspace, new: &Workspace, catalogs: &Catalogs) -> Vec<Compared> {
    let types = resource_types(old, new);
    let specs = |workspace: &Workspace| -> BTreeMap<String, usize> {
        let specs = workspace.specs().policies.iter().enumerate();
        specs.map(|(at, spec)| (spec.metadata.name.as_str().to_owned(), at)).collect()
    };
    let (written_before, written_now) = (specs(old), specs(new));
    let rewritten = |name: &str| {
        let spec = |workspace: &Workspace, at: Option<&usize>| Some(workspace.specs().policies.get(*at?)?.clone());
        spec(old, written_before.get(name)) != spec(new, written_now.get(name))
    };
    let names = old.policies().iter().chain(new.policies().iter()).map(|(_, policy)| policy.name().as_str().to_owned());
    let names: BTreeSet<String> = names.collect();
    let fate = |name: &str| match (old.policies().find(name), new.policies().find(name)) {
        (None, Some(_)) => Some(Fate::Added),
        (Some(_), None) => Some(Fate::Removed),
        (Some(was), Some(is)) => {
            let attached = |policy| [Attachment::new(policy, Enforcement::Enforce)];
            let (was, is) = (attached(was), attached(is));
            let meaning = compare([old, new], catalogs, alone(own_bundle(&was)), alone(own_bundle(&is)), &types);
            (meaning != Meaning::Equal || rewritten(name)).then_some(Fate::Compared(meaning))
        }
        (None, None) => None,
    };
    names
        .iter()
        .filter_map(|name| Some(Compared { level: None, name: Some(name.clone()), fate: fate(name)? }))
        .collect()
}

/// What one level imposes, by itself.
fn alone(bundle: Bundle<'_>) -> [Bundle<'_>; 3] {
    [bundle, Bundle::default(), Bundle::default()]
}

fn own_bundle(attachments: &[Attachment]) -> Bundle<'_> {
    Bundle { attachments, require: &[] }
}

/// Environments by name, with what they impose.
fn environments_of(workspace: &Workspace) -> BTreeMap<&str, Bundle<'_>> {
    workspace.environments().map(|(_, environment)| (environment.name.as_str(), environment.bundle())).collect()
}

/// What each level by itself imposes, where it differs.
pub(super) fn levels(old: &Workspace, new: &Workspace, catalogs: &Catalogs) -> Vec<Compared> {
    let types = resource_types(old, new);
    let meaning = |before, after| {
        let meaning = compare([old, new], catalogs, alone(before), alone(after), &types);
        (meaning != Meaning::Equal).then_some(Fate::Compared(meaning))
    };
    let mut found = Vec::new();
    found.extend(meaning(old.bundle(), new.bundle()).map(|fate| Compared {
        level: Some(Level::Workspace),
        name: None,
        fate,
    }));
    let (before, after) = (environments_of(old), environments_of(new));
    for (name, bundle) in &after {
        let Some(was) = before.get(name) else { continue };
        let name = Some((*name).to_owned());
        found.extend(meaning(*was, *bundle).map(|fate| Compared { level: Some(Level::Environment), name, fate }));
    }
    let own = |workspace: &'_ Workspace| -> BTreeMap<String, Vec<Attachment>> {
        let all = workspace
            .deployment_ids()
            .filter_map(|id| Some((full_address(workspace, id)?, workspace.deployment(id)?.attachments.clone())));
        all.filter(|(_, attachments)| !attachments.is_empty()).collect()
    };
    let (before, after) = (own(old), own(new));
    let addresses: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for address in addresses {
        let (Ok(was), Ok(is)) = (old.find_deployment(address), new.find_deployment(address)) else { continue };
        let type_of = |workspace: &Workspace, id| workspace.deployment(id).map(|found| found.workload.resource_type);
        let Some(types) = type_of(old, was).zip(type_of(new, is)) else { continue };
        let bundle = |own: &'_ BTreeMap<String, Vec<Attachment>>| own.get(address).cloned().unwrap_or_default();
        let (was, is) = (bundle(&before), bundle(&after));
        let (was, is) = (alone(own_bundle(&was)), alone(own_bundle(&is)));
        let meaning = compare([old, new], catalogs, was, is, &[[types.0, types.1]]);
        if meaning != Meaning::Equal {
            let fate = Fate::Compared(meaning);
            found.push(Compared { level: Some(Level::Deployment), name: Some(address.clone()), fate });
        }
    }
    found
}

/// What is in force in each environment, the workspace's policies among it, where it differs.
pub(super) fn environments(old: &Workspace, new: &Workspace, catalogs: &Catalogs) -> Vec<Compared> {
    let types = resource_types(old, new);
    let (before, after) = (environments_of(old), environments_of(new));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let fate = |name: &str| match (before.get(name), after.get(name)) {
        (None, Some(_)) => Some(Fate::Added),
        (Some(_), None) => Some(Fate::Removed),
        (Some(was), Some(is)) => {
            let (was, is) = ([old.bundle(), *was, Bundle::default()], [new.bundle(), *is, Bundle::default()]);
            let meaning = compare([old, new], catalogs, was, is, &types);
            (meaning != Meaning::Equal).then_some(Fate::Compared(meaning))
        }
        (None, None) => None,
    };
    let compared =
        |name: &str| Some(Compared { level: Some(Level::Environment), name: Some(name.to_owned()), fate: fate(name)? });
    names.into_iter().filter_map(compared).collect()
}

/// What binds less: attachments that were enforced and are watched, types of policy that were required and are not.
pub(super) fn loosened(old: &Workspace, new: &Workspace) -> Vec<Loosened> {
    let mut found = Vec::new();
    let mut compare = |level: Level, owner: Option<String>, before: Bundle<'_>, after: Bundle<'_>| {
        let enforced = |workspace: &Workspace, bundle: Bundle<'_>, how: Enforcement| -> BTreeSet<String> {
            let attached = bundle.attachments.iter().filter(|attachment| attachment.enforcement == how);
            let named = attached.filter_map(|attachment| workspace.policies().get(attachment.policy));
            named.map(|policy| policy.name().as_str().to_owned()).collect()
        };
        let (was, is) = (enforced(old, before, Enforcement::Enforce), enforced(new, after, Enforcement::Audit));
        let still = enforced(new, after, Enforcement::Enforce);
        let watched = was.into_iter().filter(|name| is.contains(name) && !still.contains(name));
        let given_up = |axis: &&Axis| !after.require.contains(axis);
        let given_up = before.require.iter().filter(given_up).map(|axis| axis.as_str().to_owned());
        let what = watched.map(LoosenedThing::Enforcement).chain(given_up.map(LoosenedThing::Requirement));
        found.extend(what.map(|what| Loosened { level, owner: owner.clone(), what }));
    };
    compare(Level::Workspace, None, old.bundle(), new.bundle());
    let after = environments_of(new);
    for (_, environment) in old.environments() {
        let name = environment.name.as_str();
        let Some(is) = after.get(name) else { continue };
        compare(Level::Environment, Some(name.to_owned()), Environment::bundle(environment), *is);
    }
    for id in old.deployment_ids() {
        let Some((address, was)) = full_address(old, id).zip(old.deployment(id)) else { continue };
        let Some(is) = new.find_deployment(&address).ok().and_then(|id| new.deployment(id)) else { continue };
        compare(Level::Deployment, Some(address), own_bundle(&was.attachments), own_bundle(&is.attachments));
    }
    found
}
