//! `place` as a table: where everything runs, then why the rest does not.

use super::Style;
use super::table::{columns, table};
use super::words::count;
use crate::analysis::{Obstacle, PolicyAt};
use crate::placement::{Code, Verdict};
use crate::policy::Level;
use crate::quantity::Money;
use crate::report::{
    CandidateReport, DecisionReport, HeldRoomReport, OccupantReport, PlacementReport, PlannedMoveReport, ReasonReport,
    RefusalReport, RemedyReport,
};

/// Places of one deployment that are shown in its row.
const PLACES: usize = 4;
/// Remedies of one refusal that are shown.
const REMEDIES: usize = 3;

pub(in crate::cli) fn place(report: &PlacementReport, style: Style) -> String {
    if report.deployments.is_empty() {
        return "no deployments\n".to_owned();
    }
    let price = format!("{}/h", report.currency);
    let rows = report.deployments.iter().flat_map(rows).collect();
    let table = table(["deployment", "environment", "verdict", "where", &price], &[4], rows);
    let mut text = painted(&table, style);
    for deployment in &report.deployments {
        if let Some(refusal) = &deployment.refusal {
            text.push_str(&format!("\n{}\n", heading(deployment, refusal, style)));
            text.push_str(&telling(&refusal.reasons));
            text.push_str(&next(&refusal.reasons));
            text.push_str(&remedies(&refusal.remedies, refusal.more_remedies));
            text.push_str(&lower_priorities(&refusal.lower_priority, refusal.lower_priority_holds));
        }
    }
    text.push_str(&plan(report, style));
    text.push_str(&audits(report, style));
    text.push_str(&candidates(report, style));
    text.push_str(&admissions(report, style));
    text.push_str(&format!("\n{}\n", summary(report, style)));
    text
}

/// The moves to what was decided, where they were asked for.
fn plan(report: &PlacementReport, style: Style) -> String {
    let Some(plan) = &report.plan else { return String::new() };
    let place = |found: &CandidateReport| format!("{}/{} {}", found.cluster, found.pool, found.flavor);
    let money = |price: Option<Money>| price.map_or_else(|| "-".to_owned(), |price| price.to_string());
    let mut text = String::new();
    let parts = [
        ("Moves, in their order", &plan.moves),
        ("Without room while all else runs", &plan.blocked),
        ("Pay back too late", &plan.too_late),
    ];
    for (title, moves) in parts.into_iter().filter(|(_, moves)| !moves.is_empty()) {
        let row = |(found, step): (&PlannedMoveReport, usize)| {
            let payback = match found.payback_hours {
                Some(hours) => format!("{hours} h"),
                None if found.may_stay => "-".to_owned(),
                None => "must leave".to_owned(),
            };
            let names = [step.to_string(), found.deployment.clone(), found.replicas.to_string()];
            let [step, deployment, replicas] = names;
            let (before, after) = (money(found.price_before), money(found.price_after));
            [step, deployment, replicas, place(&found.from), place(&found.to), before, after, payback]
        };
        let rows = moves.iter().zip(1..).map(row).collect();
        let heads = ["step", "deployment", "replicas", "from", "to", "cost/h", "then", "pays back in"];
        text.push_str(&format!("\n{}\n\n{}", style.bold(title), table(heads, &[0, 2, 5, 6, 7], rows)));
    }
    if text.is_empty() { "\nNothing moves: what runs is where it should be.\n".to_owned() } else { text }
}

/// Which policies admit each place, where that was asked for.
fn admissions(report: &PlacementReport, style: Style) -> String {
    let mut text = String::new();
    for deployment in &report.deployments {
        for placed in &deployment.placements {
            let Some(admitted_by) = &placed.admitted_by else { continue };
            let place = format!("{} on {}/{}", deployment.address(), placed.cluster, placed.pool);
            let rows = admitted_by.iter().map(|admission| {
                let option = admission.option.as_ref().map_or("everything".to_owned(), ToString::to_string);
                [admission.level.to_string(), admission.policy.clone(), option]
            });
            let rows: Vec<_> = rows.collect();
            let heading = if rows.is_empty() { "is restricted by no policy" } else { "is admitted by" };
            text.push_str(&format!("\n{} {heading}\n{}", style.bold(&place), columns(&[], rows)));
        }
    }
    text
}

/// The table with its verdicts in colour. They are found below their heading, since a table counts
/// every character of a cell, those of colours too.
fn painted(table: &str, style: Style) -> String {
    let heading = "VERDICT";
    let Some(column) = table.lines().next().and_then(|first| first.find(heading)) else { return table.to_owned() };
    let line = |line: &str| {
        let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let (before, rest) = line.split_at(at);
        let verdict = rest.split(' ').next().unwrap_or_default();
        let painted = match verdict {
            "placed" => style.good(verdict),
            "refused" | "partial" => style.bad(verdict),
            _ => verdict.to_owned(),
        };
        format!("{before}{painted}{}\n", rest.get(verdict.len()..).unwrap_or_default())
    };
    table.lines().map(line).collect()
}

/// One row for a deployment, and one for each further place of it.
fn rows(deployment: &DecisionReport) -> Vec<[String; 5]> {
    let placed = &deployment.placements;
    let mut places: Vec<_> = placed
        .iter()
        .take(PLACES)
        .map(|placed| {
            let replicas = match placed.replicas {
                0 => "(scaled to zero)".to_owned(),
                replicas => format!("×{replicas}"),
            };
            format!("{}/{}  {} {replicas}", placed.cluster, placed.pool, placed.flavor)
        })
        .collect();
    if placed.len() > PLACES {
        let rest = placed.iter().skip(PLACES);
        let replicas: u64 = rest.clone().map(|placed| u64::from(placed.replicas)).sum();
        places.push(format!("and {} with ×{replicas}", count(rest.count(), "more place")));
    }
    let price = price(deployment);
    let mut places = places.into_iter();
    let first = [
        deployment.address(),
        deployment.environment.clone(),
        deployment.verdict.to_string(),
        places.next().unwrap_or_else(|| "-".to_owned()),
        price,
    ];
    let further = places.map(|place| [String::new(), String::new(), String::new(), place, String::new()]);
    std::iter::once(first).chain(further).collect()
}

/// Of all places; unknown if one of them is.
fn price(deployment: &DecisionReport) -> String {
    if deployment.placements.is_empty() {
        return "-".to_owned();
    }
    let sum = deployment
        .placements
        .iter()
        .try_fold(0u64, |sum, placed| placed.price_per_hour.and_then(|price| sum.checked_add(price.get())));
    sum.map_or_else(|| "unknown".to_owned(), |micros| Money::micros(micros).to_string())
}

fn heading(deployment: &DecisionReport, refusal: &RefusalReport, style: Style) -> String {
    let address = style.bold(&deployment.address());
    let refused = style.bad(deployment.verdict.as_str());
    let wanted = count(usize::try_from(refusal.wanted).unwrap_or(usize::MAX), "replica");
    let candidates = match deployment.candidate_count {
        0 => String::new(),
        number => format!(" on {}", count(number, "candidate")),
    };
    let fitting = match refusal.fitting {
        0 => "none fits".to_owned(),
        1 => "1 fits".to_owned(),
        number => format!("{number} fit"),
    };
    format!(
        "{address} is {refused}: {wanted} wanted, {fitting}{candidates}; {} in the fleet",
        count(refusal.clusters, "cluster")
    )
}

/// The reasons, without those that do not matter: where the policies refuse everything, no cluster
/// can help.
fn telling(all: &[ReasonReport]) -> String {
    let fails_everything = |reason: &&ReasonReport| Code::parse(&reason.code).is_some_and(Code::fails_everything);
    let decisive = all.iter().take_while(fails_everything).count();
    let (Some(shown), Some(rest)) = (all.get(..decisive), all.get(decisive..)) else { return reasons(all) };
    if shown.is_empty() || rest.is_empty() {
        return reasons(all);
    }
    let (further, verb) = if rest.len() == 1 { ("constraint", "excludes") } else { ("constraints", "exclude") };
    format!(
        "{}  the policies alone refuse it; `explain` lists {} more {further} that {verb} some clusters\n",
        reasons(shown),
        rest.len()
    )
}

/// What to do about the constraint after which nothing is left; about the last, where something is.
fn next(all: &[ReasonReport]) -> String {
    let decisive = all.iter().find(|reason| reason.left_after == 0).or(all.last());
    decisive.map_or_else(String::new, |reason| format!("  next ({}): {}\n", reason.code, reason.next))
}

/// What would make it placeable, and whose change that is.
pub(super) fn remedies(remedies: &[RemedyReport], more: bool) -> String {
    let mut text = String::new();
    let shown = remedies.len().min(REMEDIES);
    if shown > 0 {
        text.push_str("  it is placed if you\n");
    }
    let row = |remedy: &RemedyReport| {
        let changes: Vec<_> = remedy.changes.iter().map(|change| change.message.as_str()).collect();
        let owner = match remedy.owner {
            Level::Deployment => String::new(),
            level => format!("not the deployment's to change, but the {level}'s"),
        };
        let opens = match remedy.opens {
            0 => String::new(),
            clusters => format!("opens {}", count(clusters, "cluster")),
        };
        [format!("  {}", changes.join(", and ")), opens, owner]
    };
    text.push_str(&columns(&[], remedies.iter().take(shown).map(row).collect()));
    if shown == 0 && more {
        text.push_str("  no change of up to three that would place it was found, of those that were tried\n");
    } else if remedies.len() > shown || more {
        text.push_str("    and more, of which `-o json` lists ten\n");
    }
    text
}

/// What lower priorities hold of the room: the fewest replicas that would make it, or how far all of them would.
pub(super) fn lower_priorities(fewest: &[OccupantReport], held: Option<HeldRoomReport>) -> String {
    let mut text = String::new();
    if fewest.is_empty() {
        if let Some(HeldRoomReport { replicas, room }) = held {
            let here = count(usize::try_from(replicas).unwrap_or(usize::MAX), "replica");
            text.push_str(&format!("  lower priorities have {here} where it may run; without them, "));
            text.push_str(&match room {
                0 => "no more would fit\n".to_owned(),
                room => format!("{room} more would fit\n"),
            });
        }
    } else {
        text.push_str("  lower priorities hold the room; it would fit without\n");
        let row = |held: &OccupantReport| {
            let replicas = usize::try_from(held.replicas).unwrap_or(usize::MAX);
            let at = format!("on {}/{}", held.cluster, held.pool);
            [
                format!("  {} of {}", count(replicas, "replica"), held.deployment),
                at,
                format!("priority {}", held.priority),
            ]
        };
        text.push_str(&columns(&[], fewest.iter().map(row).collect()));
    }
    text
}

/// Each constraint with what it takes away, in their order.
pub(super) fn reasons(reasons: &[ReasonReport]) -> String {
    let row = |reason: &ReasonReport| {
        let counts = (reason.removed_alone, reason.left_after);
        line(&reason.code, &reason.message, &reason.policies, counts)
    };
    columns(&[], reasons.iter().map(row).collect())
}

/// The same of a description.
pub(super) fn obstacles(obstacles: &[Obstacle]) -> String {
    let row = |reason: &Obstacle| {
        let counts = (reason.removed_alone, reason.left_after);
        line(&reason.code, &reason.message, &reason.policies, counts)
    };
    columns(&[], obstacles.iter().map(row).collect())
}

fn line(code: &str, message: &str, policies: &[PolicyAt], (alone, left): (usize, usize)) -> [String; 4] {
    [code.to_owned(), format!("removes {alone} alone,"), format!("leaves {left}"), words(code, message, policies)]
}

/// The code of a refusal by policies says everything except which policies refuse.
fn words(code: &str, message: &str, policies: &[PolicyAt]) -> String {
    if !matches!(Code::parse(code), Some(Code::NotAllowed(_))) {
        return message.to_owned();
    }
    let at = |level: Level| {
        let policies = policies.iter().filter(|policy| policy.level == level);
        let names: Vec<_> = policies.map(|policy| policy.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("{} ({level})", names.join(", ")))
    };
    Level::ALL.into_iter().filter_map(at).collect::<Vec<_>>().join(", ")
}

/// What audited policies would change if they were enforced; those that change nothing are not listed.
fn audits(report: &PlacementReport, style: Style) -> String {
    let mut rows = Vec::new();
    for deployment in &report.deployments {
        for audit in &deployment.audit {
            let changed = audit.loses + audit.gains > 0 || audit.verdict != deployment.verdict;
            if !changed {
                continue;
            }
            let still = if audit.verdict == deployment.verdict { "still" } else { "then" };
            rows.push([
                format!("{} ({})", audit.policy, audit.level),
                deployment.address(),
                format!("loses {} of {}", audit.loses, count(deployment.candidate_count, "candidate")),
                if audit.gains == 0 { String::new() } else { format!("gains {}", audit.gains) },
                format!("{still} {}", audit.verdict),
            ]);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    rows.sort();
    format!("\n{}\n{}", style.bold("If audited policies were enforced"), columns(&[], rows))
}

fn candidates(report: &PlacementReport, style: Style) -> String {
    let mut text = String::new();
    for deployment in &report.deployments {
        let Some(candidates) = &deployment.candidates else { continue };
        let heading = format!("{} of {}", count(candidates.len(), "candidate"), deployment.address());
        text.push_str(&format!("\n{}\n", style.bold(&heading)));
        let rows = candidates.iter().map(|pair| [pair.cluster.clone(), pair.pool.clone(), pair.flavor.to_string()]);
        text.push_str(&columns(&[], rows.collect()));
    }
    text
}

fn summary(report: &PlacementReport, style: Style) -> String {
    let number =
        |verdict: Verdict| report.deployments.iter().filter(|deployment| deployment.verdict == verdict).count();
    let mut words = vec![format!("{} placed", number(Verdict::Placed))];
    for verdict in [Verdict::Partial, Verdict::Refused] {
        if number(verdict) > 0 {
            words.push(style.bad(&format!("{} {verdict}", number(verdict))));
        }
    }
    let all = words.join(", ");
    if words.len() == 1 { style.good(&all) } else { all }
}
