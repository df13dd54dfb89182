//! Findings about what is stated and never looked at, or never comes to an end.

use super::finding::{Finding, Findings, Severity, Subject};
use crate::manifest::beamlit::ModelDeployment;
use crate::manifest::spec::{DeploymentSpec, GpuSpec, ResourcesSpec, WorkspaceSpec};
use crate::origin::Origin;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    if let Some(spec) = &workspace.specs().workspace {
        expected_demands(workspace, spec, findings);
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
