//! Changes of policies while things run: attaching, impact, violations (P10, P11, L13).

use pyo3::prelude::*;
use serde_json::{Value, json};
use siting::policy::{Enforcement, Terms};
use siting::time::{InvalidMoment, Moment};
use siting::workspace::{PolicyChange, Remedy, RunningViolation, Violation, Workspace as Snapshot};

use crate::failure::{Failure, Outcome, json};
use crate::workspace::Workspace;

/// A policy by name, whether it is only audited, when it ends, why it is there, and for which ticket.
type Named = (String, bool, Option<String>, Option<String>, Option<String>);

/// Attaches a policy to a deployment, if the levels' policies leave something then.
#[pyfunction]
pub(crate) fn attach(py: Python<'_>, workspace: &Workspace, deployment: &str, policy: Named) -> Outcome<()> {
    py.detach(|| {
        workspace.change(|workspace| {
            let (policy, terms) = terms(policy)?;
            Ok(workspace.attach(deployment, policy.as_str(), terms)?)
        })
    })
}

/// Removes an environment that governs nothing.
#[pyfunction]
pub(crate) fn remove_environment(py: Python<'_>, workspace: &Workspace, name: &str) -> Outcome<()> {
    py.detach(|| workspace.change(|workspace| Ok(workspace.remove_environment(name)?)))
}

/// Attaches other policies to an environment, or to the workspace.
#[pyfunction]
pub(crate) fn change_policies(
    py: Python<'_>,
    workspace: &Workspace,
    environment: Option<&str>,
    policies: Vec<Named>,
) -> Outcome<()> {
    py.detach(|| workspace.change(|workspace| Ok(workspace.change_policies(&change(environment, policies)?)?)))
}

/// What such a change would make illegal, and what would follow.
#[pyfunction]
pub(crate) fn impact(
    py: Python<'_>,
    workspace: &Workspace,
    now: u64,
    environment: Option<&str>,
    policies: Vec<Named>,
) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        let change = change(environment, policies)?;
        let mut after = Snapshot::clone(&workspace);
        after.change_policies(&change)?;
        told(&after, &after.violations(Moment::from_millis(now)))
    })
}

/// Replicas that run where the policies do not let them.
#[pyfunction]
pub(crate) fn violations(py: Python<'_>, workspace: &Workspace, now: u64) -> Outcome<String> {
    py.detach(|| {
        let workspace = workspace.snapshot();
        told(&workspace, &workspace.violations(Moment::from_millis(now)))
    })
}

/// Does about every violation what its environment wants done; the violations as they were.
#[pyfunction]
pub(crate) fn settle_violations(py: Python<'_>, workspace: &Workspace, now: u64) -> Outcome<String> {
    py.detach(|| {
        workspace.change(|workspace| {
            let settled = workspace.settle_violations(Moment::from_millis(now));
            let entries = settled.iter().map(|(violation, done)| {
                let mut entry = entry(workspace, violation);
                let fields = match done {
                    Ok(effects) => ("effects", json!(effects)),
                    Err(refusal) => ("refused", json!(refusal.to_string())),
                };
                if let Some(object) = entry.as_object_mut() {
                    object.insert(fields.0.to_owned(), fields.1);
                }
                entry
            });
            json(&entries.chain(running(workspace)).collect::<Vec<_>>())
        })
    })
}

/// A policy's name, and on what terms it is attached.
fn terms((name, audit, until, reason, ticket): Named) -> Outcome<(String, Terms)> {
    let mut terms = Terms::from(if audit { Enforcement::Audit } else { Enforcement::Enforce });
    (terms.until, terms.reason, terms.ticket) = (moment(until)?, reason, ticket);
    Ok((name, terms))
}

/// When an attachment ends, as it is written.
pub(crate) fn moment(text: Option<String>) -> Outcome<Option<Moment>> {
    let read = |text: String| {
        text.parse().map_err(|error: InvalidMoment| {
            Failure::value(format!("`until` cannot be `{text}`: {error}"), "write it as `2027-03-31T00:00:00Z`")
        })
    };
    text.map(read).transpose()
}

fn change(environment: Option<&str>, policies: Vec<Named>) -> Outcome<PolicyChange> {
    let policies = policies.into_iter().map(terms).collect::<Outcome<_>>()?;
    Ok(PolicyChange { environment: environment.map(str::to_owned), policies })
}

fn told(workspace: &Snapshot, violations: &[Violation]) -> Outcome<String> {
    json(&all(workspace, violations))
}

/// Those of lives, and of what runs by documents.
pub(crate) fn all(workspace: &Snapshot, violations: &[Violation]) -> Vec<Value> {
    let of_lives = violations.iter().map(|violation| entry(workspace, violation));
    of_lives.chain(running(workspace)).collect()
}

/// What runs by documents of kind `Placement`, and no life knows of: the host's to move.
fn running(workspace: &Snapshot) -> Vec<Value> {
    let entry = |violation: RunningViolation| {
        let deployment = workspace.deployment(violation.deployment)?;
        Some(json!({
            "workload": {
                "type": workspace.catalog().resource_type_name(deployment.workload.resource_type),
                "name": deployment.workload.name,
            },
            "deployment": deployment.name,
            "places": violation.places,
            "remedy": "report",
            "reason": "no life has adopted it",
        }))
    };
    workspace.running_violations().into_iter().filter_map(entry).collect()
}

fn entry(workspace: &Snapshot, violation: &Violation) -> Value {
    let (remedy, reason) = match &violation.remedy {
        Remedy::Move => ("move", None),
        Remedy::Stop => ("stop", None),
        Remedy::Report { reason } => ("report", reason.as_ref().map(ToString::to_string)),
    };
    let record = workspace.life(&violation.workload).and_then(|life| life.state().deployment(violation.deployment));
    json!({
        "workload": {
            "type": workspace.catalog().resource_type_name(violation.workload.resource_type),
            "name": violation.workload.name,
        },
        "deployment": record.map(|record| &record.name),
        "places": violation.places,
        "remedy": remedy,
        "reason": reason,
    })
}
