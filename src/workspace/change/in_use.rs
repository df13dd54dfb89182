//! What a change takes out and something else still needs: who that is, and what to do about it (W2).

use std::collections::BTreeSet;

use super::documents::short_address;
use crate::catalog::{Catalog, ChoiceKind};
use crate::manifest::spec::{AttachmentSpec, DeploymentSpec, PreferenceSpec, SiteKind, Specs};
use crate::origin::{Origin, Problem, ProblemCode, Sourced};

/// A reference to what is no more.
struct Use {
    origin: Origin,
    /// What the reference would be told of as unknown.
    unknown: String,
    message: String,
    help: &'static str,
}

/// Says of each name that is unknown since this very change takes it out, who uses it. Problems of other kinds stay as
/// they are. O(documents) for each that is taken out.
pub(super) fn explain(
    problems: &mut [Problem],
    specs: &Specs,
    removed: &BTreeSet<(&'static str, String)>,
    before: &Catalog,
) {
    if !problems.iter().any(|problem| problem.code == ProblemCode::UnknownName) {
        return;
    }
    let mut uses: Vec<Use> = removed.iter().flat_map(|(what, name)| uses(specs, what, name)).collect();
    for problem in problems.iter_mut().filter(|problem| problem.code == ProblemCode::UnknownName) {
        let of = |used: &Use| used.origin == problem.origin && used.unknown == problem.message;
        if let Some(at) = uses.iter().position(of) {
            // Each is told once, also where nobody knows where it was written.
            let used = uses.remove(at);
            *problem = Problem::new(ProblemCode::InUse, &used.origin, used.message).help(used.help);
        } else if let Some((what, name)) = known_before(before, &problem.message) {
            let message = format!("{what} `{name}` is in use here, and the change takes it out of the workspace");
            let help = "change what names it in the same change, or keep it";
            *problem = Problem::new(ProblemCode::InUse, &problem.origin, message).help(help);
        }
    }
}

/// Who refers to a document that is taken out.
fn uses(specs: &Specs, what: &str, name: &str) -> Vec<Use> {
    let at = |reference: &Sourced<String>, message: String, help| Use {
        origin: reference.origin.clone(),
        unknown: format!("no {what} is called `{}`", reference.value),
        message,
        help,
    };
    let is_meant = |reference: &Sourced<String>| reference.as_str() == name;
    match what {
        "policy" => {
            let used = |(who, attached): (String, &AttachmentSpec)| {
                let message = format!("policy `{name}` is attached to {who}");
                at(&attached.policy, message, "detach it there in the same change, or keep it")
            };
            attachments(specs).filter(|(_, attached)| is_meant(&attached.policy)).map(used).collect()
        }
        "environment" => {
            let root = specs.workspace.as_ref().and_then(|root| root.default_environment.as_ref());
            let default = root.filter(|reference| is_meant(reference)).map(|reference| {
                let message = format!("environment `{name}` is the default of the workspace");
                at(reference, message, "choose another default in the same change, or keep it")
            });
            let governed = specs.deployments.iter().filter_map(|spec| {
                let reference = spec.environment.as_ref().filter(|reference| is_meant(reference))?;
                let message = format!("environment `{name}` governs deployment `{}`", short_address(spec));
                Some(at(reference, message, "remove the deployment, or put it elsewhere, in the same change"))
            });
            default.into_iter().chain(governed).collect()
        }
        "cluster" => {
            let running = specs.running.iter().filter(|spec| is_meant(&spec.cluster)).map(|spec| {
                let message = format!("placement `{}` is on cluster `{name}`", spec.metadata.name.value);
                at(&spec.cluster, message, "remove the placement in the same change, or keep the cluster")
            });
            let preferred = specs.deployments.iter().flat_map(|spec| {
                let named = favourites(spec).filter(move |reference| is_meant(reference));
                named.map(move |reference| {
                    let message = format!("deployment `{}` prefers cluster `{name}`", short_address(spec));
                    at(reference, message, "put the deployment without it in the same change, or keep the cluster")
                })
            });
            running.chain(preferred).collect()
        }
        "deployment" => {
            let of_this = |reference: &Sourced<String>| {
                let suffix = name.strip_suffix(reference.as_str());
                suffix.is_some_and(|before| before.is_empty() || before.ends_with('/'))
            };
            let running = specs.running.iter().filter(|spec| of_this(&spec.deployment)).map(|spec| {
                let short = name.split_once('/').map_or(name, |(_, short)| short);
                let message = format!("placement `{}` has replicas of deployment `{short}`", spec.metadata.name.value);
                at(&spec.deployment, message, "remove the placement in the same change, or keep the deployment")
            });
            running.collect()
        }
        _ => Vec::new(),
    }
}

/// Every local policy that is attached, and to whom.
fn attachments(specs: &Specs) -> impl Iterator<Item = (String, &AttachmentSpec)> {
    let root = specs.workspace.iter().flat_map(|spec| &spec.policies).map(|own| ("the workspace".to_owned(), own));
    let environments = specs
        .environments
        .iter()
        .flat_map(|spec| spec.policies.iter().map(|own| (format!("environment `{}`", spec.metadata.name.value), own)));
    let deployments = specs.deployments.iter().flat_map(|spec| {
        let local = spec.policies.iter().filter(|own| !own.remote);
        local.map(|own| (format!("deployment `{}`", short_address(spec)), own))
    });
    root.chain(environments).chain(deployments)
}

/// The clusters that a deployment prefers.
fn favourites(spec: &DeploymentSpec) -> impl Iterator<Item = &Sourced<String>> {
    let all = spec.placement.iter().flat_map(|placement| &placement.prefer);
    let all = all.flat_map(|preference| match preference {
        PreferenceSpec::Favourites(all) => all.as_slice(),
        _ => &[],
    });
    all.filter(|favourite| favourite.kind == SiteKind::Cluster).map(|favourite| &favourite.name)
}

/// What a problem calls unknown, where it was known before: groups, places, hardware and types that the workspace added.
fn known_before<'a>(before: &Catalog, message: &'a str) -> Option<(&'a str, &'a str)> {
    let (what, name) = message.strip_prefix("no ")?.strip_suffix('`')?.split_once(" is called `")?;
    let kind = match what {
        "cpu flavor" => Some(ChoiceKind::Cpu),
        "gpu flavor" => Some(ChoiceKind::Gpu),
        "workload type" => return before.resource_type(name).map(|_| (what, name)),
        place => ChoiceKind::ALL.into_iter().find(|kind| kind.as_str() == place),
    };
    (!before.choices(kind?, name).is_empty()).then_some((what, name))
}
