//! Findings about what ends with time: attachments (P16), and what is known of clusters (I8).

use std::collections::HashMap;
use std::time::Duration;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::catalog::Axis;
use crate::manifest::spec::{AttachmentSpec, ClusterSpec};
use crate::policy::{Attachment, Enforcement, Policy};
use crate::time::Moment;
use crate::workspace::Workspace;

/// So long before its end, an attachment is told of.
const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    let specs = workspace.specs();
    if let Some(spec) = &specs.workspace {
        let subject = Subject::new("Workspace", &spec.metadata.name.value);
        attachments(workspace, &subject, &spec.policies, workspace.bundle().attachments, findings);
    }
    for spec in &specs.environments {
        let name = &spec.metadata.name.value;
        let found = workspace.find_environment(name.as_str()).ok().and_then(|id| workspace.environment(id));
        let attached = found.map(|environment| environment.attachments.as_slice()).unwrap_or_default();
        attachments(workspace, &Subject::new("Environment", name), &spec.policies, attached, findings);
    }
    for id in workspace.deployment_ids() {
        let Some(found) =
            workspace.deployment(id).filter(|found| found.attachments.iter().any(|it| it.until.is_some()))
        else {
            continue;
        };
        let written = workspace.spec_of(id).map(|spec| spec.policies.as_slice()).unwrap_or_default();
        let subject = Subject::new("Deployment", found.address());
        attachments(workspace, &subject, written, &found.attachments, findings);
    }
    clusters(workspace, findings);
}

/// Attachments of one level that have ended, or will soon.
fn attachments(
    workspace: &Workspace,
    subject: &Subject,
    written: &[AttachmentSpec],
    attached: &[Attachment],
    findings: &mut Findings,
) {
    let now = workspace.now();
    for spec in written.iter().filter(|spec| !spec.remote) {
        let Some(until) = spec.until else { continue };
        let name = &spec.policy;
        let whose = format!("{} `{}`", subject.kind.to_lowercase(), subject.name);
        let about = |code| Finding::new(code, Severity::Warning, subject.clone(), &name.origin);
        let ended = spec.terms().have_ended(now);
        let finding = match now {
            _ if !ended && now.is_some_and(|now| until.since(now) > SOON) => continue,
            None => {
                let message = format!("policy `{}` ends at {until} at {whose}, and no moment is given", name.value);
                about("attachment-ended").message(message).help("ask at a moment: what has an end counts as ended else")
            }
            Some(_) if !ended => {
                let message = format!("policy `{}` ends at {until} at {whose}", name.value);
                let help = "extend `until`, or have another policy of the level allow what is still needed";
                about("attachment-ends-soon").message(message).help(help)
            }
            Some(_) if spec.enforcement == Enforcement::Audit => {
                let message = format!("policy `{}` ended at {until} at {whose}: it is watched no more", name.value);
                about("attachment-ended").message(message).help("detach it, or extend `until`")
            }
            Some(_) => {
                let message = format!("policy `{}` ended at {until} at {whose}: it allows nothing since", name.value);
                about("attachment-ended").message(message).help(after(workspace, spec, attached, &whose, now))
            }
        };
        findings.push(finding);
    }
}

/// What to do about an attachment that has ended: without it, its level may be unrestricted (P16).
fn after(
    workspace: &Workspace,
    spec: &AttachmentSpec,
    attached: &[Attachment],
    whose: &str,
    now: Option<Moment>,
) -> String {
    let policies = workspace.policies();
    let Some((id, policy)) = policies.find(&spec.policy).and_then(|id| Some((id, policies.get(id)?))) else {
        return String::new();
    };
    if policy.callers().is_some() {
        return "extend `until`, or detach it: till then, callers that it names and unknown ones may be answered nowhere"
            .to_owned();
    }
    let axis: Axis = policy.axis();
    let others = attached.iter().filter(|other| other.enforcement == Enforcement::Enforce && other.policy != id);
    let restricts = |found: &Policy| found.axis() == axis && found.callers().is_none();
    let mut others = others.filter(|other| policies.get(other.policy).is_some_and(restricts));
    let same = attached.iter().any(|same| same.policy == id && !same.has_ended(now));
    if same || others.next().is_some() {
        "detach it, or extend `until`".to_owned()
    } else {
        format!(
            "extend `until`, or attach another {axis} policy before you detach it: without it, nothing restricts the {axis} at {whose}"
        )
    }
}

/// Clusters of which it is not said when they were observed, where that matters, or it is and does not.
fn clusters(workspace: &Workspace, findings: &mut Findings) {
    let specs = workspace.specs();
    let most = specs.workspace.as_ref().and_then(|spec| spec.max_age);
    let known: HashMap<&str, &ClusterSpec> =
        specs.clusters.iter().map(|spec| (spec.metadata.name.as_str(), spec)).collect();
    for cluster in workspace.inventory().fleet().clusters() {
        let Some(spec) = known.get(cluster.name.as_str()) else { continue };
        let subject = Subject::new("Cluster", &cluster.name);
        let about = |code| Finding::new(code, Severity::Warning, subject, &spec.metadata.name.origin);
        let finding = match (most, spec.observed_at) {
            (Some(_), None) => about("never-stale")
                .message(format!("cluster `{}` does not say when it was observed, so it is never stale", cluster.name))
                .help("state `observedAt`, which `maxAge` of the workspace is counted from"),
            (None, Some(_)) => about("observed-without-effect")
                .message(format!("`observedAt` of cluster `{}` has no effect: no `maxAge` is stated", cluster.name))
                .help("state `maxAge` in the workspace, or leave `observedAt` out"),
            _ => continue,
        };
        findings.push(finding);
    }
}
