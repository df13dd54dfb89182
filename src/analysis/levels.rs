//! Findings about what one level attaches, and about environments.

use std::collections::HashSet;
use std::sync::Arc;

use super::finding::{Finding, Severity, Subject};
use crate::bitset::BitSet;
use crate::catalog::{Axis, FlavorKind};
use crate::id::{Atom, PolicyId, ResourceTypeId};
use crate::manifest::spec::AttachmentSpec;
use crate::origin::Origin;
use crate::policy::{Bundle, Enforcement, Level, Policy, Scope, State, Targets};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Vec<Finding>) {
    let specs = workspace.specs();
    if let Some(spec) = &specs.workspace {
        let subject = Subject::new("Workspace", &spec.metadata.name.value);
        let site = Site { subject, written: &spec.policies, origin: &spec.metadata.name.origin };
        check_level(workspace, &site, workspace.bundle(), findings);
    }
    for (_, environment) in workspace.environments() {
        let spec = specs.environments.iter().find(|spec| spec.metadata.name.value == environment.name);
        let written = spec.map_or(&[] as &[_], |spec| &spec.policies);
        let subject = Subject::new("Environment", &environment.name);
        let site = Site { subject, written, origin: &environment.origin };
        check_level(workspace, &site, environment.bundle(), findings);
        unsatisfiable(workspace, &site, environment.bundle(), findings);
    }
}

/// One level's attachments, as they were written.
pub(super) struct Site<'a> {
    pub(super) subject: Subject,
    pub(super) written: &'a [AttachmentSpec],
    pub(super) origin: &'a Origin,
}

impl Site<'_> {
    /// Where a policy is attached; of several places, the last.
    pub(super) fn attachment(&self, policy: &Policy) -> &Origin {
        let found = self.written.iter().rev().find(|spec| spec.policy.as_str() == policy.name().as_str());
        found.map_or(self.origin, |spec| &spec.policy.origin)
    }

    pub(super) fn finding(&self, code: &'static str, severity: Severity, origin: &Origin, message: String) -> Finding {
        Finding::new(code, severity, self.subject.clone(), origin).message(message)
    }
}

/// What holds for the attachments of any level.
pub(super) fn check_level(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Vec<Finding>) {
    repeated(workspace, site, bundle, findings);
    mixed_kinds(workspace, site, bundle, findings);
    redundant(workspace, site, bundle, findings);
}

fn repeated(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Vec<Finding>) {
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

/// The enforced policies of an axis, each once, in the order attached.
fn enforced<'w>(workspace: &'w Workspace, bundle: Bundle<'_>, axis: Axis) -> Vec<(PolicyId, &'w Policy)> {
    let mut policies: Vec<(PolicyId, &Policy)> = Vec::new();
    for attachment in bundle.attachments.iter().filter(|a| a.enforcement == Enforcement::Enforce) {
        let known = policies.iter().any(|(id, _)| *id == attachment.policy);
        let policy = workspace.policies().get(attachment.policy).filter(|policy| policy.axis() == axis);
        if let Some(policy) = policy.filter(|_| !known) {
            policies.push((attachment.policy, policy));
        }
    }
    policies
}

/// Cpu and gpu policies side by side: there is one flavor axis, so each widens the other (P8).
fn mixed_kinds(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Vec<Finding>) {
    let catalog = workspace.catalog();
    let only = |policy: &Policy| {
        let mut kinds = policy.effect().iter().map(|atom| catalog.flavor_kind(catalog.flavor_of(atom)));
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    };
    let policies = enforced(workspace, bundle, Axis::Flavor);
    let of_kind =
        |kind: FlavorKind| policies.iter().map(|(_, policy)| *policy).filter(move |policy| only(policy) == Some(kind));
    let pair = of_kind(FlavorKind::Cpu)
        .flat_map(|cpu| of_kind(FlavorKind::Gpu).map(move |gpu| (cpu, gpu)))
        .find(|(cpu, gpu)| overlap(cpu.targets(), gpu.targets()));
    if let Some((cpu, gpu)) = pair {
        let message = format!(
            "cpu policy `{}` and gpu policy `{}` stand side by side: a workload may run on either",
            cpu.name(),
            gpu.name()
        );
        let origin = site.attachment(gpu).max(site.attachment(cpu));
        findings.push(
            site.finding("mixed-kinds", Severity::Warning, origin, message)
                .help("give them different `resourceTypes`, or list all flavors in one policy if that is meant"),
        );
    }
}

fn overlap(a: &Targets, b: &Targets) -> bool {
    match (a, b) {
        (Targets::All, _) | (_, Targets::All) => true,
        (Targets::Only(types), other) => types.iter().any(|&id| other.include(id)),
    }
}

/// Policies that add nothing to the others of their level.
fn redundant(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Vec<Finding>) {
    for axis in Axis::ALL {
        let mut policies = enforced(workspace, bundle, axis);
        // From the last on, so that of two equal ones the later is named, and only once.
        for index in (0..policies.len()).rev() {
            let Some(&(_, policy)) = policies.get(index) else { continue };
            let mut others: BitSet<Atom> = BitSet::empty(policy.effect().universe());
            let mut names = Vec::new();
            for (_, other) in policies.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, entry)| entry) {
                if covers(other.targets(), policy.targets()) && !other.effect().is_disjoint(policy.effect()) {
                    others.union_with(other.effect());
                    names.push(format!("`{}`", other.name()));
                }
            }
            if !names.is_empty() && policy.effect().is_subset(&others) {
                let message = format!("policy `{}` adds nothing to {}", policy.name(), names.join(" and "));
                findings.push(site.finding("policy-redundant", Severity::Warning, site.attachment(policy), message));
                policies.remove(index);
            }
        }
    }
}

/// Whether every type that `narrow` includes is included by `wide`.
fn covers(wide: &Targets, narrow: &Targets) -> bool {
    match (wide, narrow) {
        (Targets::All, _) => true,
        (Targets::Only(_), Targets::All) => false,
        (wide, Targets::Only(types)) => types.iter().all(|&id| wide.include(id)),
    }
}

/// An environment in which no workload of any type could ever run.
fn unsatisfiable(workspace: &Workspace, site: &Site<'_>, bundle: Bundle<'_>, findings: &mut Vec<Finding>) {
    let fleet = workspace.inventory().fleet();
    let scope = |resource_type: ResourceTypeId| {
        Scope::compile(workspace.policies(), [workspace.bundle(), bundle, Bundle::default()], resource_type)
    };
    let scopes: Vec<Scope> = workspace.catalog().resource_types().map(scope).collect();
    let name = &site.subject.name;
    if scopes.iter().all(Scope::refuses_everything) {
        let why = scopes.first().map_or_else(String::new, why);
        let message = format!("nothing can ever run in environment `{name}`: {why}");
        findings.push(site.finding("environment-unsatisfiable", Severity::Error, site.origin, message));
        return;
    }
    let possible = |scope: &Scope| !scope.refuses_everything() && !fleet.index().allowed(scope).is_empty();
    if !fleet.clusters().is_empty() && !scopes.iter().any(possible) {
        let message = format!("no cluster satisfies environment `{name}`: its policies allow none of those there are");
        findings.push(site.finding("environment-unsatisfiable", Severity::Warning, site.origin, message));
    }
}

fn why(scope: &Scope) -> String {
    let conflicts = scope.conflicts().map(|axis| {
        let restrictions = scope.axis(axis).restrictions();
        let names = restrictions.iter().flat_map(|restriction| {
            let policies = restriction.policies.iter().filter_map(|&id| scope.policies().get(id));
            policies.map(|policy| format!("`{}` ({})", policy.name(), restriction.level))
        });
        format!("its {axis} policies leave nothing together: {}", names.collect::<Vec<_>>().join(", "))
    });
    let unmet = scope
        .unmet()
        .iter()
        .map(|(axis, level)| format!("the {level} requires a {axis} policy, and none is in force there or above"));
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
