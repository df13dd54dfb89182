//! Findings about what is stated and never looked at, or never comes to an end.

use std::collections::HashSet;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::catalog::{Axis, Catalog, ChoiceKind};
use crate::id::Name;
use crate::manifest::beamlit::ModelDeployment;
use crate::manifest::spec::{
    ClusterSpec, DeploymentSpec, EnvironmentSpec, GpuSpec, PoolsSpec, ResourcesSpec, WorkspaceSpec,
};
use crate::origin::{Origin, Sourced};
use crate::policy::{Environment, OnLoss};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    if let Some(spec) = &workspace.specs().workspace {
        expected_demands(workspace, spec, findings);
        repeated_in_workspace(spec, findings);
        known_already(spec, findings);
    }
    let above: &[_] = workspace.specs().workspace.as_ref().map_or(&[], |spec| &spec.require);
    for spec in &workspace.specs().environments {
        environment(spec, above, findings);
    }
    for spec in &workspace.specs().policies {
        let subject = Subject::new("Policy", &spec.metadata.name.value);
        let types = spec.resource_types.iter().flatten().map(|name| (name.to_string(), &name.origin));
        repeated(&subject, "resourceTypes", types, findings);
    }
    for spec in &workspace.specs().clusters {
        borne_twice(spec, findings);
    }
    for spec in &workspace.specs().deployments {
        if let Some(beamlit) = &spec.beamlit {
            translated(spec, beamlit, findings);
        }
        if spec.offloads().is_some_and(|offloading| offloading.rule.releases_by_requests()) {
            let address = format!("{}/{}", spec.workload.value, spec.metadata.name.value);
            let message = format!(
                "deployment `{address}` offloads all of its requests, which leaves nothing local to measure: they come \
                 back only when the host reports that there are fewer requests"
            );
            let subject = Subject::new("Deployment", &address);
            let origin = &spec.metadata.name.origin;
            let found = Finding::new("offloading-without-release", Severity::Warning, subject, origin);
            findings.push(found.message(message).help("state `releasePercent`, or a `percentage` below 100"));
        }
    }
}

fn without_effect(severity: Severity, subject: &Subject, origin: &Origin, message: String, help: &str) -> Finding {
    Finding::new("setting-without-effect", severity, subject.clone(), origin).message(message).help(help)
}

/// Names that a list has twice: the second adds nothing.
fn repeated<'s>(
    subject: &Subject,
    list: &str,
    names: impl Iterator<Item = (String, &'s Origin)>,
    findings: &mut Findings,
) {
    let mut seen = HashSet::new();
    for (name, origin) in names {
        if !seen.insert(name.clone()) {
            findings.push_with("setting-without-effect", subject, || {
                let message = format!("`{list}` lists `{name}` more than once");
                without_effect(Severity::Warning, subject, origin, message, "keep the first")
            });
        }
    }
}

/// Attributes that a cluster lists twice, and those of a pool that its cluster bears already (P15).
fn borne_twice(spec: &ClusterSpec, findings: &mut Findings) {
    let subject = Subject::new("Cluster", &spec.metadata.name.value);
    let named = |name: &Sourced<Name>| name.value.to_string();
    let own: Vec<_> = spec.attributes.iter().map(|name| (named(name), &name.origin)).collect();
    repeated(&subject, "attributes", own.iter().cloned(), findings);
    let PoolsSpec::Pools(pools) = &spec.pools else { return };
    for pool in pools {
        let listed = pool.attributes.iter().map(|name| (named(name), &name.origin));
        repeated(&subject, &format!("pools.{}.attributes", pool.name.value), listed, findings);
        for name in pool.attributes.iter().filter(|name| spec.attributes.iter().any(|own| own.value == name.value)) {
            findings.push_with("setting-without-effect", &subject, || {
                let message = format!("pool `{}` bears `{}` with its whole cluster", pool.name.value, name.value);
                without_effect(Severity::Info, &subject, &name.origin, message, "leave it out of one of them")
            });
        }
    }
}

/// The axes that a level requires, for [`repeated`].
fn required(require: &[Sourced<Axis>]) -> impl Iterator<Item = (String, &Origin)> {
    require.iter().map(|axis| (axis.value.to_string(), &axis.origin))
}

fn repeated_in_workspace(spec: &WorkspaceSpec, findings: &mut Findings) {
    let subject = Subject::new("Workspace", &spec.metadata.name.value);
    repeated(&subject, "require", required(&spec.require), findings);
    for group in &spec.groups {
        let countries = group.countries.iter().map(|country| (country.to_string(), &country.origin));
        repeated(&subject, &format!("groups.{}", group.name.value), countries, findings);
    }
}

/// Locations and hardware that the built-in catalog has, just as the workspace says them (C5, C7).
fn known_already(spec: &WorkspaceSpec, findings: &mut Findings) {
    let subject = Subject::new("Workspace", &spec.metadata.name.value);
    let catalog = Catalog::builtin();
    let is_known = |kind: ChoiceKind, name: &str| !catalog.choices(kind, name).is_empty();
    let mut push = |kind: ChoiceKind, name: &str, origin: &Origin| {
        findings.push_with("setting-without-effect", &subject, || {
            let message = format!("{kind} `{name}` is built in, and nothing is added to it");
            without_effect(Severity::Info, &subject, origin, message, "leave it out")
        });
    };
    for location in &spec.locations {
        if location.parent.is_none() && is_known(ChoiceKind::Location, &location.name) {
            push(ChoiceKind::Location, &location.name, &location.name.origin);
        }
    }
    for flavor in &spec.flavors {
        let kind = ChoiceKind::from(flavor.kind);
        if is_known(kind, flavor.name.as_str()) && flavor.aliases.iter().all(|alias| is_known(kind, alias.as_str())) {
            push(kind, flavor.name.as_str(), &flavor.name.origin);
        }
    }
}

/// What an environment says beside what decides already (P13, W9).
fn environment(spec: &EnvironmentSpec, above: &[Sourced<Axis>], findings: &mut Findings) {
    let name = &spec.metadata.name;
    let subject = Subject::new("Environment", &name.value);
    if spec.on_loss == OnLoss::Wait && spec.grace_seconds != Environment::GRACE {
        let message = format!("`graceSeconds` of environment `{}` decides nothing: what is lost waits", name.value);
        let help = "leave it out, or write `onLoss: move`";
        findings.push(without_effect(Severity::Warning, &subject, &name.origin, message, help));
    }
    repeated(&subject, "require", required(&spec.require), findings);
    for axis in spec.require.iter().filter(|axis| above.iter().any(|above| above.value == axis.value)) {
        findings.push_with("setting-without-effect", &subject, || {
            let message = format!("environment `{}` requires `{}`, as the workspace does", name.value, axis.value);
            without_effect(Severity::Info, &subject, &axis.origin, message, "leave it out of one of them")
        });
    }
}

/// Expected demands that no packing leaves room for (D5).
fn expected_demands(workspace: &Workspace, spec: &WorkspaceSpec, findings: &mut Findings) {
    let finding = |origin: &Origin, message: &str, help: &str| {
        let subject = Subject::new("Workspace", &spec.metadata.name.value);
        Finding::new("expected-demand-unused", Severity::Warning, subject, origin).message(message).help(help)
    };
    let is_packed_for = workspace.deployments().iter().any(|deployment| deployment.preferences.packs_for_a_mix());
    if let Some(first) = spec.expected_demands.first().filter(|_| !is_packed_for) {
        let message = "demands are expected, but no deployment's packing takes them into account";
        findings.push(finding(&first.origin, message, "add `packing` to a deployment's `placement.prefer`"));
    }
    for demand in spec.expected_demands.iter().filter(|demand| !needs_gpus(&demand.value.resources)) {
        let message = "an expected demand without GPUs has no effect: packing leaves room on GPUs only";
        findings.push(finding(&demand.origin, message, "give it a `gpu`, or leave it out"));
    }
}

fn needs_gpus(resources: &ResourcesSpec) -> bool {
    match &resources.gpu {
        None => false,
        Some(GpuSpec::One(need)) => need.count > 0,
        Some(GpuSpec::AnyOf(needs)) => needs.iter().any(|need| need.count > 0),
    }
}

/// Metrics and settings of a Beamlit document that have no meaning here.
fn translated(spec: &DeploymentSpec, beamlit: &ModelDeployment, findings: &mut Findings) {
    let address = format!("{}/{}", spec.workload.value, spec.metadata.name.value);
    let mut push = |code, message: String, help: Option<String>| {
        let subject = Subject::new("Deployment", &address);
        let finding = Finding::new(code, Severity::Warning, subject, &spec.metadata.name.origin).message(message);
        findings.push(Finding { help, ..finding });
    };
    for error in beamlit.offloads().into_iter().flat_map(|(_, unsaid)| unsaid) {
        let message = format!("deployment `{address}` does not offload by one of its metrics: {error}");
        push("metric-without-effect", message, Some(error.help()));
    }
    if beamlit.serverless.is_none() {
        return;
    }
    match beamlit.autoscaler() {
        Ok(reading) => {
            for unsaid in reading.unsaid {
                let message = format!("deployment `{address}`: {unsaid}");
                push("setting-without-effect", message, None);
            }
        }
        Err(error) => {
            let message = format!("deployment `{address}` does not scale its remote side: {error}");
            push("setting-without-effect", message, None);
        }
    }
}
