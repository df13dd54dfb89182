//! Findings about regions and their child zones (C7).

use std::collections::HashMap;

use super::finding::{Finding, Findings, Severity, Subject};
use crate::catalog::{Axis, Catalog, Choice};
use crate::id::{CountryId, LocationId};
use crate::manifest::spec::{Allowed, ChoiceSpec};
use crate::origin::{Sourced, listed};
use crate::policy::Policy;
use crate::workspace::Workspace;

/// The most names that one finding lists.
const LISTED: usize = 5;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    let catalog = workspace.catalog();
    let mut placeless: HashMap<(&str, CountryId), Vec<&str>> = HashMap::new();
    for cluster in workspace.inventory().fleet().clusters().iter().filter(|cluster| cluster.location.is_none()) {
        placeless.entry((cluster.provider.as_str(), cluster.country)).or_default().push(cluster.name.as_str());
    }
    for spec in &workspace.specs().policies {
        let policies = workspace.policies();
        let policy = policies.find(spec.metadata.name.as_str()).and_then(|id| policies.get(id));
        let Some(policy) = policy.filter(|policy| policy.axis() == Axis::Location) else { continue };
        let allowed: &[_] = match &spec.options {
            Allowed::Listed(options) => options,
            Allowed::Everything => &[],
        };
        for (option, region) in regions(catalog, allowed) {
            if let Some(finding) = zones_left_out(catalog, policy, option, region) {
                findings.push(finding);
            }
        }
        for option in allowed {
            if let Some(finding) = outermost_left_out(workspace, policy, option) {
                findings.push(finding);
            }
        }
        for (option, region) in regions(catalog, &spec.except) {
            let at = (catalog.location_provider(region), catalog.location_country(region));
            let rest = catalog.rest_of(at.1);
            if let Some(clusters) = placeless.get(&at).filter(|_| policy.effect().contains(rest)) {
                findings.push(placeless_left_in(policy, option, clusters));
            }
        }
    }
}

/// The options that name a region.
fn regions<'a>(
    catalog: &Catalog,
    options: &'a [Sourced<ChoiceSpec>],
) -> impl Iterator<Item = (&'a Sourced<ChoiceSpec>, LocationId)> {
    options.iter().filter_map(|option| match catalog.resolve(option.kind, &option.name)? {
        Choice::Location(location) => Some((option, location)),
        _ => None,
    })
}

/// An allowed region whose zones are not.
fn zones_left_out(
    catalog: &Catalog,
    policy: &Policy,
    option: &Sourced<ChoiceSpec>,
    region: LocationId,
) -> Option<Finding> {
    let place = |zone: LocationId| catalog.place(catalog.location_country(zone), Some(zone));
    let zones = catalog.hanging_under(region).iter().filter(|&&zone| !policy.effect().contains(place(zone)));
    let names: Vec<_> = zones.map(|&zone| catalog.location_name(zone)).collect();
    if names.is_empty() {
        return None;
    }
    let message = format!(
        "policy `{}` allows location `{}` but not its child zones: {}",
        policy.name(),
        catalog.location_name(region),
        listed(&names, "and", LISTED)
    );
    let finding = Finding::new("zones-left-out", Severity::Info, Subject::new("Policy", policy.name()), &option.origin);
    Some(
        finding
            .message(message)
            .help("list the zones that you also mean to allow; each is in a different place from its region"),
    )
}

/// Territories that belong to the European Union and have codes of their own, so that its group leaves them out
/// (C4).
const OUTERMOST: [&str; 7] = ["ax", "gf", "gp", "mf", "mq", "re", "yt"];

/// A group of the Union's states, and clusters in territories of the Union that it does not mean.
fn outermost_left_out(workspace: &Workspace, policy: &Policy, option: &Sourced<ChoiceSpec>) -> Option<Finding> {
    let catalog = workspace.catalog();
    let Choice::Group(group) = catalog.resolve(option.kind, &option.name)? else { return None };
    // The workspace's own groups mean what they list.
    catalog.group_about(group)?;
    let left_out = |country: &CountryId| {
        OUTERMOST.contains(&catalog.country_code(*country)) && !policy.effect().contains(catalog.rest_of(*country))
    };
    let clusters = workspace.inventory().fleet().clusters().iter();
    let names: Vec<_> =
        clusters.filter(|cluster| left_out(&cluster.country)).map(|cluster| cluster.name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let message = format!(
        "policy `{}` allows group `{}`, which leaves out the Union's territories with codes of their own; clusters there: {}",
        policy.name(),
        catalog.group_name(group),
        match names.as_slice() {
            [only] => format!("`{only}`"),
            names => format!("stand {}", listed(names, "and", LISTED)),
        }
    );
    let subject = Subject::new("Policy", policy.name());
    let finding = Finding::new("outermost-left-out", Severity::Info, subject, &option.origin);
    Some(finding.message(message).help("allow those countries as well, if that is intended"))
}

/// Clusters that may be in an excepted region, since they state no location.
fn placeless_left_in(policy: &Policy, option: &Sourced<ChoiceSpec>, clusters: &[&str]) -> Finding {
    let message = format!(
        "policy `{}` excepts location `{}`, but of the same provider and country it still allows {}, which state no location",
        policy.name(),
        option.name,
        listed(clusters, "and", LISTED)
    );
    let subject = Subject::new("Policy", policy.name());
    let finding = Finding::new("exception-leaves-clusters", Severity::Warning, subject, &option.origin);
    finding.message(message).help("state the clusters' locations, or except the whole country")
}
