//! `explain` in sentences: what restricts it, what is left, and which constraints are not met.

use super::Style;
use super::place::{lower_priorities, reasons, remedies};
use super::table::columns;
use super::words::{count, some};
use crate::catalog::{Axis, Catalog, ChoiceKind, Continent, FlavorKind, Point};
use crate::id::DeploymentId;
use crate::origin::listed;
use crate::policy::{Scope, State};
use crate::report::{ChoiceName, ClusterExplanation, Covered, ExplanationReport, PlacedReport};
use crate::workspace::{Outcome, Workspace};

/// Names listed of a longer list.
const NAMES: usize = 12;
/// Clusters listed among the candidates.
const CLUSTERS: usize = 20;

pub(in crate::cli) fn explain(
    workspace: &Workspace,
    outcome: &Outcome,
    report: &ExplanationReport,
    style: Style,
) -> String {
    let mut text = format!("{}{}\n", title(workspace, outcome.deployment, style), verdict(outcome, report, style));
    let placed = PlacedReport::all(&outcome.decision);
    if !placed.is_empty() {
        let rows = placed.iter().map(|placed| {
            let price = placed
                .price_per_hour
                .map_or("at an unknown price".to_owned(), |price| format!("{price} {} an hour", workspace.currency()));
            [
                format!("{}/{}", placed.cluster, placed.pool),
                placed.flavor.to_string(),
                format!("×{}", placed.replicas),
                price,
            ]
        });
        text.push_str(&format!("\n{}\n{}", style.bold("Would run on"), columns(&[], rows.collect())));
    }
    let is_told = |axis: &Axis| match axis {
        Axis::Location | Axis::Flavor => true,
        // Who has never heard of the others need not read of them.
        _ => outcome.decision.scope().axis(*axis).state() != State::Unrestricted,
    };
    for axis in Axis::ALL.into_iter().filter(is_told) {
        text.push_str(&restrictions(workspace, outcome.decision.scope(), axis, style));
    }
    text.push_str(&obstacles(workspace, report, style));
    let remedies = remedies(&report.remedies, report.more_remedies)
        + &lower_priorities(&report.lower_priority, report.lower_priority_holds);
    if !remedies.is_empty() {
        text.push_str(&format!("\n{}\n{remedies}", style.bold("Remedies")));
    }
    text.push_str(&candidates(outcome, style));
    text
}

/// Every pool of one cluster.
pub(in crate::cli) fn explain_cluster(
    workspace: &Workspace,
    deployment: DeploymentId,
    cluster: &ClusterExplanation,
    style: Style,
) -> String {
    let has_room = cluster.pools.iter().any(|pool| pool.reasons.is_empty());
    let (answer, rest) = match (cluster.allowed, has_room) {
        (true, true) => (style.good("candidate"), ""),
        (true, false) => (style.bad("candidate"), ", but full now"),
        (false, _) => (style.bad("no candidate"), ""),
    };
    let (title, name) = (title(workspace, deployment, style), style.bold(&cluster.cluster));
    let mut text = format!("{title}{answer} on {name}{rest}\n");
    let mut rows = Vec::new();
    for pool in &cluster.pools {
        let mut names = [pool.pool.clone(), pool.flavor.to_string()];
        if pool.reasons.is_empty() {
            let [pool, flavor] = names;
            rows.push([pool, flavor, "candidate".to_owned(), "meets every constraint".to_owned()]);
            continue;
        }
        // The names are only in the first of several rows.
        for reason in &pool.reasons {
            let [pool, flavor] = std::mem::take(&mut names);
            rows.push([pool, flavor, reason.code.clone(), reason.message.clone()]);
        }
    }
    text.push_str(&format!("\n{}\n{}", style.bold("Pools"), columns(&[], rows)));
    if !cluster.admitted_by.is_empty() {
        let rows = cluster.admitted_by.iter().map(|admission| {
            let option = admission.option.as_ref().map_or("everything".to_owned(), ToString::to_string);
            [admission.level.to_string(), admission.policy.clone(), option]
        });
        text.push_str(&format!("\n{}\n{}", style.bold("Admitted by"), columns(&[], rows.collect())));
    }
    text
}

/// `bert/bert-api-v1 (model, environment production): `
fn title(workspace: &Workspace, id: DeploymentId, style: Style) -> String {
    let Some(deployment) = workspace.deployment(id) else { return String::new() };
    let kind = workspace.catalog().resource_type_name(deployment.workload.resource_type);
    let environment = workspace.environment(deployment.environment).map_or("", |found| found.name.as_str());
    format!("{} ({kind}, environment {environment}): ", style.bold(&deployment.address()))
}

fn verdict(outcome: &Outcome, report: &ExplanationReport, style: Style) -> String {
    let candidates = count(report.candidate_count, "candidate");
    match outcome.decision.refusal() {
        None => format!("{}, {candidates}", style.good(report.verdict.as_str())),
        Some(refusal) => {
            let verdict = style.bad(report.verdict.as_str());
            let wanted = count(usize::try_from(refusal.wanted).unwrap_or(usize::MAX), "replica");
            format!("{verdict}, {} of {wanted} fit, {candidates}", refusal.fitting)
        }
    }
}

/// What is left of an axis, and who restricts it.
fn restrictions(workspace: &Workspace, scope: &Scope, axis: Axis, style: Style) -> String {
    let (catalog, of_axis) = (workspace.catalog(), scope.axis(axis));
    let rows = of_axis.restrictions().iter().map(|restriction| {
        let policies = restriction.policies.iter().filter_map(|&id| scope.policies().get(id));
        let mut names: Vec<_> = policies.map(|policy| policy.name().as_str()).collect();
        names.sort_unstable();
        let allows = format!("allows {}", admitted(catalog, axis, |point| restriction.admits(point)));
        [restriction.level.to_string(), names.join(" or "), allows]
    });
    let unmet = scope.unmet().iter().filter(|(unmet, _)| *unmet == axis);
    let unmet = unmet.map(|(axis, level)| {
        [level.to_string(), String::new(), format!("requires a {axis} policy, but there is none")]
    });
    let rows: Vec<_> = rows.chain(unmet).collect();
    let word = match of_axis.state() {
        State::Conflict => style.bad("nothing: the levels exclude each other"),
        State::Unrestricted => "anything".to_owned(),
        State::Restricted => admitted(catalog, axis, |point| of_axis.admits(point)),
    };
    format!("\n{} {word}\n{}", style.bold(&format!("{}:", axis.heading())), columns(&[], rows))
}

/// What of an axis is admitted, in words.
fn admitted(catalog: &Catalog, axis: Axis, admits: impl Fn(Point) -> bool) -> String {
    match axis {
        Axis::Location => {
            let (countries, locations) = Covered::places(catalog, |atom, rest| admits(Point { atom, rest }));
            counted_places(catalog, &countries, &locations)
        }
        Axis::Provider => some(&Covered::names(catalog, ChoiceKind::Provider, admits), NAMES),
        Axis::Capacity => some(&Covered::names(catalog, ChoiceKind::Capacity, admits), NAMES),
        Axis::Attribute => {
            let sets = Covered::attributes(catalog, admits).into_iter().map(|names| listed(&names, "and", NAMES));
            some(&sets.map(|set| if set.is_empty() { "anything".to_owned() } else { set }).collect::<Vec<_>>(), NAMES)
        }
        Axis::Flavor => counted_flavors(catalog, &Covered::flavors(catalog, |atom| admits(Point::known(atom)))),
    }
}

/// `95 countries (all of eu, all of na, jp), and 1 location (aws/sa-east-1)`
fn counted_places(catalog: &Catalog, countries: &[String], locations: &[String]) -> String {
    let of = |continent| {
        let ours = catalog.countries().filter(move |&country| catalog.continent_of(country) == continent);
        ours.map(|country| catalog.country_code(country))
    };
    let has = |code: &str| countries.iter().any(|country| country == code);
    let (whole, partial): (Vec<Continent>, Vec<Continent>) =
        Continent::ALL.into_iter().partition(|&continent| of(continent).all(has));
    let mut rest: Vec<_> = partial.into_iter().flat_map(of).filter(|code| has(code)).map(str::to_owned).collect();
    rest.sort();
    let names: Vec<_> = whole.into_iter().map(|continent| format!("all of {continent}")).chain(rest).collect();
    let countries =
        (!countries.is_empty()).then(|| format!("{} ({})", count(countries.len(), "country"), some(&names, NAMES)));
    let locations =
        (!locations.is_empty()).then(|| format!("{} ({})", count(locations.len(), "location"), some(locations, NAMES)));
    countries.into_iter().chain(locations).collect::<Vec<_>>().join(", and ")
}

/// `any gpu, cpu x86`
fn counted_flavors(catalog: &Catalog, flavors: &[ChoiceName]) -> String {
    let mut names = Vec::new();
    for kind in FlavorKind::ALL {
        let ours: Vec<_> = flavors.iter().filter(|flavor| flavor.is(kind)).map(ToString::to_string).collect();
        let all = catalog.flavors().filter(|&flavor| catalog.flavor_kind(flavor) == kind).count();
        if ours.len() == all {
            names.insert(0, format!("any {kind}"));
        } else {
            names.extend(ours);
        }
    }
    some(&names, NAMES)
}

fn obstacles(workspace: &Workspace, report: &ExplanationReport, style: Style) -> String {
    let clusters = count(workspace.inventory().fleet().clusters().len(), "cluster");
    if report.reasons.is_empty() {
        return format!("\n{}\n", style.bold(&format!("All constraints are met on {clusters}")));
    }
    format!("\n{}\n{}", style.bold(&format!("Unmet constraints ({clusters} in the fleet)")), reasons(&report.reasons))
}

/// By cluster.
fn candidates(outcome: &Outcome, style: Style) -> String {
    let (fleet, candidates) = (outcome.decision.fleet(), outcome.decision.candidates());
    let mut clusters: Vec<(&str, Vec<String>)> = Vec::new();
    for pair in candidates.iter().filter_map(|id| fleet.pair(id)) {
        let (Some(cluster), Some(pool)) = (fleet.cluster(pair.cluster), fleet.pool(pair.pool)) else { continue };
        let place = format!("{} ({})", pool.def.name, fleet.catalog().flavor_code(pair.flavor));
        match clusters.last_mut().filter(|(name, _)| *name == cluster.name.as_str()) {
            Some((_, places)) => places.push(place),
            None => clusters.push((cluster.name.as_str(), vec![place])),
        }
    }
    if clusters.is_empty() {
        return String::new();
    }
    let heading = format!("{} on {}", count(candidates.len(), "candidate"), count(clusters.len(), "cluster"));
    let rows = clusters.iter().take(CLUSTERS).map(|(cluster, places)| [(*cluster).to_owned(), some(places, 4)]);
    let mut text = format!("\n{}\n{}", style.bold(&heading), columns(&[], rows.collect()));
    if clusters.len() > CLUSTERS {
        text.push_str(&format!(
            "  and {}: `place --candidates` lists all\n",
            count(clusters.len() - CLUSTERS, "more cluster")
        ));
    }
    text
}
