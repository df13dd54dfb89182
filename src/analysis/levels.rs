//! Findings about what one level attaches, and about environments.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::bitset::BitSet;
use crate::catalog::{Axis, FlavorKind};
use crate::id::{Atom, Id, ResourceTypeId};
use crate::manifest::spec::{AttachmentSpec, DeploymentSpec, EnvironmentSpec, Specs};
use crate::origin::{Origin, listed};
use crate::policy::{Bundle, Enforcement, Level, Policy, Scope, State, Targets};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    let specs = workspace.specs();
    if let Some(spec) = &specs.workspace {
        let subject = Subject::new("Workspace", &spec.metadata.name.value);
        let site = Site::new(subject, &spec.policies, &spec.metadata.name.origin);
        check_level(workspace, &site, workspace.bundle(), findings);
    }
    let declared: HashMap<&str, &EnvironmentSpec> =
        specs.environments.iter().map(|spec| (spec.metadata.name.as_str(), spec)).collect();
    for (_, environment) in workspace.environments() {
        let spec = declared.get(environment.name.as_str());
        let written = spec.map_or(&[] as &[_], |spec| &spec.policies);
        let subject = Subject::new("Environment", &environment.name);
        // A problem of an environment that is not declared comes from the workspace.
        let origin = if spec.is_some() { &environment.origin } else { imposed(specs).unwrap_or(&environment.origin) };
        let site = Site::new(subject, written, origin);
        check_level(workspace, &site, environment.bundle(), findings);
        let scopes = scopes(workspace, environment.bundle());
        if !unsatisfiable(workspace, &site, &scopes, findings) {
            against_workspace(workspace, &site, environment.bundle(), &scopes, findings);
        }
    }
}

/// Where the workspace restricts all environments.
fn imposed(specs: &Specs) -> Option<&Origin> {
    let workspace = specs.workspace.as_ref()?;
    let require = workspace.require.first().map(|axis| &axis.origin);
    let policy = || workspace.policies.first().map(|attachment| &attachment.policy.origin);
    require.or_else(policy)
}

/// What remains in an environment for each workload type.
fn scopes(workspace: &Workspace, bundle: Bundle<'_>) -> Vec<(ResourceTypeId, Arc<Scope>)> {
    let levels = [workspace.bundle(), bundle, Bundle::default()];
    let scope = |id| (id, Arc::new(Scope::compile(workspace.policies(), levels, id, workspace.now())));
    workspace.catalog().resource_types().map(scope).collect()
}

/// One level's attachments, as they were written.
pub(super) struct Site<'a> {
    pub(super) subject: Subject,
    pub(super) origin: &'a Origin,
    written: &'a [AttachmentSpec],
    places: OnceCell<HashMap<&'a str, &'a Origin>>,
}

impl<'a> Site<'a> {
    pub(super) fn new(subject: Subject, written: &'a [AttachmentSpec], origin: &'a Origin) -> Self {
        Self { subject, origin, written, places: OnceCell::new() }
    }

    pub(super) fn of_deployment(spec: &'a DeploymentSpec) -> Self {
        let name = &spec.metadata.name;
        Self::new(
            Subject::new("Deployment", format!("{}/{}", spec.workload.value, name.value)),
            &spec.policies,
            &name.origin,
        )
    }

    /// Where a policy is attached; of several places, the last.
    pub(super) fn attachment(&self, policy: &Policy) -> &'a Origin {
        let places =
            self.places.get_or_init(|| self.written.iter().map(|it| (it.policy.as_str(), &it.policy.origin)).collect());
        places.get(policy.name().as_str()).copied().unwrap_or(self.origin)
    }

    pub(super) fn finding(&self, code: &'static str, severity: Severity, origin: &Origin, message: String) -> Finding {
        Finding::new(code, severity, self.subject.clone(), origin).message(message)
    }
}

/// What holds for the attachments of any level.
pub(super) fn check_level(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Findings) {
    repeated(workspace, site, bundle, findings);
    mixed_kinds(workspace, site, bundle, findings);
    redundant(workspace, site, bundle, findings);
    undone(workspace, site, bundle, findings);
}

fn repeated(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Findings) {
    let mut seen = HashSet::new();
    for attachment in bundle.attachments {
        if !seen.insert(attachment.policy)
            && let Some(policy) = workspace.policies().get(attachment.policy)
        {
            let message = format!("policy `{}` is attached more than once", policy.name());
            findings.push(site.finding("attachment-repeated", Severity::Warning, site.attachment(policy), message));
        }
    }
}

/// The enforced policies of an axis that bind deployments and have not ended, each once, in the order attached.
fn enforced<'w>(workspace: &'w Workspace, bundle: Bundle<'_>, axis: Axis) -> Vec<&'w Policy> {
    let mut seen = HashSet::new();
    let now = workspace.now();
    let enforced = bundle.attachments.iter().filter(|a| a.enforcement == Enforcement::Enforce && !a.has_ended(now));
    let policies = enforced.filter(|a| seen.insert(a.policy)).filter_map(|a| workspace.policies().get(a.policy));
    policies.filter(|policy| policy.axis() == axis && policy.callers().is_none()).collect()
}

/// A policy of one kind next to one that allows the other kind: there is one flavor axis, so the
/// second widens the first (P8).
fn mixed_kinds(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Findings) {
    let catalog = workspace.catalog();
    // What policies allow and for whom, and the first of each sort.
    let mut sorts: Vec<(bool, bool, &Policy)> = Vec::new();
    for policy in enforced(workspace, bundle, Axis::Flavor) {
        let has = |kind| policy.effect().iter().any(|atom| catalog.flavor_kind(catalog.flavor_of(atom)) == kind);
        let (cpu, gpu) = (has(FlavorKind::Cpu), has(FlavorKind::Gpu));
        if !sorts.iter().any(|&(c, g, known)| (c, g) == (cpu, gpu) && known.targets() == policy.targets()) {
            sorts.push((cpu, gpu, policy));
        }
    }
    let widens = |a: &(bool, bool, &Policy), b: &(bool, bool, &Policy)| {
        let single = a.0 != a.1;
        let other = if a.0 { b.1 } else { b.0 };
        single && other && overlap(a.2.targets(), b.2.targets())
    };
    // Two of a single kind first: that is the plainer case.
    let mut pairs: Vec<_> = sorts.iter().flat_map(|a| sorts.iter().map(move |b| (a, b))).collect();
    pairs.retain(|(a, b)| widens(a, b));
    let Some((a, b)) = pairs.into_iter().min_by_key(|(a, b)| (b.0 && b.1, !a.0)) else { return };
    let kind = |sort: &(bool, bool, &Policy)| if sort.0 { "cpu" } else { "gpu" };
    let (narrow, wide) = (a.2.name(), b.2.name());
    let message = if b.0 && b.1 {
        format!("policy `{wide}` widens {} policy `{narrow}`: a workload may run on cpu or gpu", kind(a))
    } else {
        format!(
            "{} policy `{narrow}` and {} policy `{wide}` are attached at one level: a workload may run on either",
            kind(a),
            kind(b)
        )
    };
    let origin = site.attachment(a.2).max(site.attachment(b.2));
    findings.push(
        site.finding("mixed-kinds", Severity::Warning, origin, message)
            .help("give them different `resourceTypes`, or list all flavors in one policy if that is intended"),
    );
}

fn overlap(a: &Targets, b: &Targets) -> bool {
    match (a, b) {
        (Targets::All, _) | (_, Targets::All) => true,
        (Targets::Only(types), other) => types.iter().any(|&id| other.include(id)),
    }
}

/// Policies that add nothing to the others of their level. Each option counts those that allow it,
/// so the cost follows the options allowed, not the pairs of policies.
fn redundant(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Findings) {
    for axis in Axis::ALL {
        let policies = enforced(workspace, bundle, axis);
        let mut targets: Vec<&Targets> = Vec::new();
        let mut group_of = Vec::with_capacity(policies.len());
        for policy in &policies {
            let known = targets.iter().position(|known| *known == policy.targets());
            group_of.push(known.unwrap_or(targets.len()));
            if known.is_none() {
                targets.push(policy.targets());
            }
        }
        // For policies of each target, how many of those that reach as far allow an option.
        let mut counts = vec![vec![0_u32; workspace.catalog().universe(axis)]; targets.len()];
        for policy in &policies {
            count(&mut counts, &targets, policy, |count| *count += 1);
        }
        let mut kept: Vec<_> = policies.iter().map(Some).collect();
        let mut redundant = Vec::new();
        // From the last on, so that of two equal ones the later is named, and only once.
        for (index, (policy, &group)) in policies.iter().zip(&group_of).enumerate().rev() {
            let Some(found) = counts.get(group) else { continue };
            // The policy itself is one of them.
            if !policy.effect().iter().all(|atom| found.get(atom.index()).is_some_and(|&count| count > 1)) {
                continue;
            }
            if let Some(kept) = kept.get_mut(index) {
                *kept = None;
            }
            count(&mut counts, &targets, policy, |count| *count -= 1);
            let names = allowing(policy.effect(), policy.targets(), kept.iter().flatten().copied().copied())
                .unwrap_or_default();
            let message = format!("policy `{}` adds nothing to {}", policy.name(), listed(&names, "and", NAMED));
            redundant.push(site.finding("policy-redundant", Severity::Warning, site.attachment(policy), message));
        }
        redundant.into_iter().rev().for_each(|finding| findings.push(finding));
    }
}

/// The most policies that one finding names.
const NAMED: usize = 5;

/// Changes the counts of all options that a policy allows, for every target that it reaches.
fn count(counts: &mut [Vec<u32>], targets: &[&Targets], policy: &Policy, change: fn(&mut u32)) {
    for (counts, targets) in counts.iter_mut().zip(targets) {
        if covers(policy.targets(), targets) {
            for atom in policy.effect().iter() {
                counts.get_mut(atom.index()).map(change);
            }
        }
    }
}

/// Exceptions of which all that they take out is allowed again by other policies of the level (P1, P3).
fn undone(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Findings) {
    let catalog = workspace.catalog();
    for axis in Axis::ALL {
        let policies = enforced(workspace, bundle, axis);
        for policy in &policies {
            let mut own = BitSet::empty(catalog.universe(axis));
            if policy.options().everything {
                own = own.complement();
            }
            policy.options().allowed.iter().for_each(|&choice| catalog.add_atoms(choice, &mut own));
            for &choice in &policy.options().except {
                // What it takes out of its own policy; where that is nothing, the policy's own findings say so.
                let taken = catalog.excepted(choice).intersection(&own);
                if taken.is_empty() {
                    continue;
                }
                let others = policies.iter().filter(|other| other.name() != policy.name());
                let names = allowing(&taken, policy.targets(), others.copied());
                if let Some(names) = names {
                    let (kind, code) = (catalog.choice_kind(choice), catalog.choice_name(choice));
                    let message = format!(
                        "the exception of {kind} `{code}` of policy `{}` has no effect in {} `{}`: {} {} it",
                        policy.name(),
                        site.subject.kind.to_lowercase(),
                        site.subject.name,
                        listed(&names, "and", NAMED),
                        if names.len() == 1 { "allows" } else { "allow" },
                    );
                    let finding = site.finding("exception-undone", Severity::Warning, site.attachment(policy), message);
                    findings.push(finding.help(
                        "policies of one level add up; except it in each of them, or attach them at different levels",
                    ));
                }
            }
        }
    }
}

/// The policies that together allow all of these options to the same workload types; `None` where they do not.
fn allowing<'w>(
    options: &BitSet<Atom>,
    targets: &Targets,
    policies: impl Iterator<Item = &'w Policy>,
) -> Option<Vec<&'w str>> {
    let mut left = options.clone();
    let mut names = Vec::new();
    for policy in policies {
        if left.is_empty() {
            break;
        }
        if covers(policy.targets(), targets) && !policy.effect().is_disjoint(&left) {
            left.subtract(policy.effect());
            names.push(policy.name().as_str());
        }
    }
    left.is_empty().then_some(names)
}

/// Whether every type that `narrow` includes is included by `wide`.
fn covers(wide: &Targets, narrow: &Targets) -> bool {
    match (wide, narrow) {
        (Targets::All, _) => true,
        (Targets::Only(_), Targets::All) => false,
        (wide, Targets::Only(types)) => types.iter().all(|&id| wide.include(id)),
    }
}

/// An environment in which no workload of any type could ever run; whether it is one.
fn unsatisfiable(
    workspace: &Workspace,
    site: &Site<'_>,
    scopes: &[(ResourceTypeId, Arc<Scope>)],
    findings: &mut Findings,
) -> bool {
    let fleet = workspace.inventory().fleet();
    let name = &site.subject.name;
    if scopes.iter().all(|(_, scope)| scope.refuses_everything()) {
        let why = scopes.first().map_or_else(String::new, |(_, scope)| why(scope));
        let message = format!("nothing can ever run in environment `{name}`: {why}");
        findings.push(site.finding("environment-unsatisfiable", Severity::Error, site.origin, message));
        return true;
    }
    let possible = |(_, scope): &(_, Arc<Scope>)| fleet.index().allowed(scope).is_any();
    if !fleet.clusters().is_empty() && !scopes.iter().any(possible) {
        let message = format!("no cluster satisfies environment `{name}`: its policies allow none of the clusters");
        findings.push(site.finding("environment-unsatisfiable", Severity::Warning, site.origin, message));
    }
    false
}

/// Policies of an environment that the workspace's leave without effect, for whatever workload type.
fn against_workspace(
    workspace: &Workspace,
    site: &Site<'_>,
    bundle: Bundle<'_>,
    scopes: &[(ResourceTypeId, Arc<Scope>)],
    findings: &mut Findings,
) {
    for axis in Axis::ALL {
        let left: Vec<_> =
            scopes.iter().map(|(id, scope)| (*id, scope, above(scope, axis, Level::Environment))).collect();
        for policy in enforced(workspace, bundle, axis) {
            let mut reached = left.iter().filter(|(id, ..)| policy.targets().include(*id)).peekable();
            let shadows = |above: &BitSet<Atom>| policy.effect().is_disjoint(above);
            if reached.peek().is_some() && reached.all(|(.., above)| above.as_ref().is_some_and(shadows)) {
                findings.push(shadowed(site, policy, "the workspace allows"));
            }
        }
        let own = |scope: &Arc<Scope>| {
            scope.axis(axis).restrictions().iter().find(|it| it.level == Level::Environment).cloned()
        };
        let mut restricted = left.iter().filter_map(|(_, scope, above)| Some((own(scope)?, above))).peekable();
        let first =
            restricted.peek().and_then(|(own, _)| own.policies.iter().find_map(|&id| workspace.policies().get(id)));
        let Some(first) = first else { continue };
        if restricted.all(|(own, above)| above.as_ref().is_some_and(|above| above.is_subset(&own.allowed))) {
            let message = format!("the environment's {axis} policies do not narrow what the workspace allows");
            findings.push(site.finding("policy-redundant", Severity::Info, site.attachment(first), message));
        }
    }
}

/// A policy that allows nothing of what the levels above it leave.
pub(super) fn shadowed(site: &Site<'_>, policy: &Policy, who_leaves: &str) -> Finding {
    let message = format!("policy `{}` allows nothing that {who_leaves}, so it has no effect", policy.name());
    site.finding("policy-shadowed", Severity::Warning, site.attachment(policy), message)
}

fn why(scope: &Scope) -> String {
    let conflicts = scope.conflicts().map(|axis| {
        let restrictions = scope.axis(axis).restrictions();
        let names = restrictions.iter().flat_map(|restriction| {
            let policies = restriction.policies.iter().filter_map(|&id| scope.policies().get(id));
            policies.map(|policy| format!("`{}` ({})", policy.name(), restriction.level))
        });
        let mut names: Vec<_> = names.collect();
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        format!("its {axis} policies together allow nothing: {}", names.join(", "))
    });
    let unmet = scope
        .unmet()
        .iter()
        .map(|(axis, level)| format!("the {level} requires a {axis} policy, but none is in force there or above"));
    conflicts.chain(unmet).collect::<Vec<_>>().join("; ")
}

/// What the levels above one leave of an axis; `None` where they do not restrict it, or where the
/// axis is in conflict and there is nothing to compare with.
pub(super) fn above(scope: &Arc<Scope>, axis: Axis, level: Level) -> Option<BitSet<Atom>> {
    let higher = scope.axis(axis).restrictions().iter().filter(|restriction| restriction.level < level);
    let mut sets = higher.map(|restriction| restriction.allowed.clone());
    let first = sets.next()?;
    Some(sets.fold(first, |all, set| all.intersection(&set))).filter(|_| scope.axis(axis).state() != State::Conflict)
}
