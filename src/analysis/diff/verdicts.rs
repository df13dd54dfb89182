//! What became of policies, levels and environments, and what binds less.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::meaning::{Catalogs, Meaning};
use super::{Compared, Fate, Loosened, LoosenedThing, full_address};
use crate::analysis::governed::Subject;
use crate::catalog::Axis;
use crate::id::{CountryId, DeploymentId, Id, Name, ResourceTypeId};
use crate::placement::Limit;
use crate::policy::{Attachment, Bundle, CallerCuts, Enforcement, Environment, Level, Limits, Scope};
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

/// A deployment's workload type and its own policies, on both sides.
type Own<'a> = ([ResourceTypeId; 2], &'a [Attachment], &'a [Attachment]);

/// How what levels impose compares, over all workload types and callers, at the moment and at each later end of an
/// attachment: between two ends nothing changes by time (A1).
fn compare(
    [old, new]: [&Workspace; 2],
    catalogs: &Catalogs,
    before: [Bundle<'_>; 3],
    after: [Bundle<'_>; 3],
    types: &[[ResourceTypeId; 2]],
) -> Meaning {
    let ends = before.iter().chain(&after).flat_map(|bundle| bundle.attachments).filter_map(|attached| attached.until);
    let (was_at, is_at) = (old.now(), new.now());
    // Where no moment is given, all of them have ended (P16).
    let later: BTreeSet<Moment> = ends.filter(|until| was_at.max(is_at).is_some_and(|at| *until > at)).collect();
    let moments = std::iter::once((was_at, is_at)).chain(later.iter().map(|until| (Some(*until), Some(*until))));
    Meaning::all(moments.flat_map(|(was_at, is_at)| {
        types.iter().flat_map(move |&[was, is]| {
            let cut_before = CallerCuts::compile(old.catalog(), old.policies(), before, was, was_at);
            let cut_after = CallerCuts::compile(new.catalog(), new.policies(), after, is, is_at);
            let before = Scope::compile(old.policies(), before, was, was_at);
            let after = Scope::compile(new.policies(), after, is, is_at);
            by_caller(old, &cut_before, &cut_after).into_iter().map(move |caller| match caller {
                None => catalogs.compare(&before, &after),
                Some(caller) => {
                    let before = before.clone().both(cut_before.of(caller));
                    catalogs.compare(&before, &after.clone().both(cut_after.of(caller)))
                }
            })
        })
    }))
}

/// How what governs a deployment compares, all its levels together.
pub(super) fn of_deployment(
    [old, new]: [&Workspace; 2],
    catalogs: &Catalogs,
    [before, after]: [Subject<'_>; 2],
) -> Meaning {
    let types = [[before.resource_type, after.resource_type]];
    compare([old, new], catalogs, all_levels(old, before), all_levels(new, after), &types)
}

/// What the three levels impose on a deployment.
fn all_levels<'a>(workspace: &'a Workspace, subject: Subject<'a>) -> [Bundle<'a>; 3] {
    let environment = workspace.environment(subject.environment).map(Environment::bundle).unwrap_or_default();
    [workspace.bundle(), environment, own_bundle(subject.own)]
}

/// Who is asked about: the deployments, and where requests are bound, one caller of each sort that both sides tell apart
/// (P18), and the unknown ones.
fn by_caller(old: &Workspace, before: &CallerCuts, after: &CallerCuts) -> Vec<Option<Option<CountryId>>> {
    let mut asked = vec![None];
    if !(before.is_empty() && after.is_empty()) {
        let mut sorts = HashSet::new();
        let sort = |country| (Arc::as_ptr(before.of(country)), Arc::as_ptr(after.of(country)));
        let mut callers: Vec<_> = old.catalog().countries().map(Some).collect();
        callers.retain(|&country| sorts.insert(sort(country)));
        asked.extend(callers.into_iter().chain([None]).map(Some));
    }
    asked
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
pub(super) fn levels(
    old: &Workspace,
    new: &Workspace,
    both: &[(DeploymentId, DeploymentId)],
    catalogs: &Catalogs,
) -> Vec<Compared> {
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
    // Deployments with the same policies of their own on both sides are compared once.
    let mut known: HashMap<Own<'_>, Meaning> = HashMap::new();
    let mut of_deployments = Vec::new();
    for &(was, is) in both {
        let Some((before, after)) = old.deployment(was).zip(new.deployment(is)) else { continue };
        let types = [before.workload.resource_type, after.workload.resource_type];
        let (before, after) = (before.attachments.as_slice(), after.attachments.as_slice());
        let meaning = known.entry((types, before, after)).or_insert_with(|| {
            compare([old, new], catalogs, alone(own_bundle(before)), alone(own_bundle(after)), &[types])
        });
        if *meaning != Meaning::Equal {
            let (name, fate) = (full_address(new, is), Fate::Compared(*meaning));
            of_deployments.push(Compared { level: Some(Level::Deployment), name, fate });
        }
    }
    of_deployments.sort();
    found.extend(of_deployments);
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
pub(super) fn loosened(old: &Workspace, new: &Workspace, both: &[(DeploymentId, DeploymentId)]) -> Vec<Loosened> {
    let mut found = Vec::new();
    let mut compare = |level: Level, owner: &dyn Fn() -> Option<String>, before: Bundle<'_>, after: Bundle<'_>| {
        let is_audited = |attachment: &Attachment| attachment.enforcement == Enforcement::Audit;
        if !after.attachments.iter().any(is_audited) && before.require.is_empty() {
            return;
        }
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
        found.extend(what.map(|what| Loosened { level, owner: owner(), what }));
    };
    compare(Level::Workspace, &|| None, old.bundle(), new.bundle());
    let after = environments_of(new);
    for (_, environment) in old.environments() {
        let name = environment.name.as_str();
        let Some(is) = after.get(name) else { continue };
        compare(Level::Environment, &|| Some(name.to_owned()), Environment::bundle(environment), *is);
    }
    let now: HashMap<DeploymentId, DeploymentId> = both.iter().copied().collect();
    for id in old.deployment_ids() {
        let is = now.get(&id).and_then(|id| new.deployment(*id));
        let Some((was, is)) = old.deployment(id).zip(is) else { continue };
        let (was, is) = (own_bundle(&was.attachments), own_bundle(&is.attachments));
        compare(Level::Deployment, &|| full_address(old, id), was, is);
    }
    found.extend(loosened_limits(old, new));
    found
}

/// The limits that let more be held, or are gone (E4).
fn loosened_limits(old: &Workspace, new: &Workspace) -> Vec<Loosened> {
    let stated = |workspace: &Workspace, limits: &Limits, environment: Option<&Name>| {
        Limit::stated(workspace.catalog(), limits, environment)
    };
    let of = |level: Level, (before, after): (Vec<Limit>, Vec<Limit>)| {
        let loosened = before.into_iter().filter_map(move |limit| {
            let now = after.iter().find(|now| now.name == limit.name).map(|now| now.most);
            let owner = limit.environment.as_ref().map(ToString::to_string);
            let is = now.map(|most| limit.of.written(most));
            let what = LoosenedThing::Limit { was: limit.of.written(limit.most), is, name: limit.name };
            now.is_none_or(|now| now > limit.most).then_some(Loosened { level, owner, what })
        });
        loosened.collect::<Vec<_>>()
    };
    let root = (stated(old, old.limits(), None), stated(new, new.limits(), None));
    let mut found = of(Level::Workspace, root);
    for (_, was) in old.environments() {
        let now = new.environments().find(|(_, is)| is.name == was.name);
        if let Some((_, is)) = now {
            let (was, is) = (stated(old, &was.limits, Some(&was.name)), stated(new, &is.limits, Some(&is.name)));
            found.extend(of(Level::Environment, (was, is)));
        }
    }
    found
}
