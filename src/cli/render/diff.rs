//! `diff` as a table, and as Markdown for a pull request.

use super::table::table;
use super::words::{count, some};
use super::{Style, markdown};
use crate::report::{CandidateReport, CauseReport, ComparedReport, DeploymentDiffReport, DiffReport, MustMoveReport};

/// The most candidates that one line lists.
const LISTED: usize = 5;

pub(in crate::cli) fn diff(report: &DiffReport, style: Style) -> String {
    if report.is_empty() {
        return format!("{}\n", style.good("nothing differs in meaning"));
    }
    let mut text = String::new();
    let rows: Vec<[String; 3]> = verdicts(report).collect();
    if !rows.is_empty() {
        text.push_str(&format!("{}\n", table(["what", "name", "verdict"], &[], rows)));
    }
    if !report.widened.is_empty() {
        let lines: String = report.widened.iter().map(|line| format!("  {line}\n")).collect();
        text.push_str(&format!("{}\n{lines}\n", style.bad("Allows more, or binds less")));
    }
    for found in &report.deployments {
        text.push_str(&of_deployment(found, style));
    }
    for found in &report.moves {
        text.push_str(&format!("{} {}\n", style.bad("must move"), must_move(found)));
    }
    for (what, list) in [("added", &report.added), ("removed", &report.removed)] {
        text.extend(list.iter().map(|address| format!("{address} {what}\n")));
    }
    text.push_str(&format!("\n{}\n", summary(report)));
    text
}

/// What became of policies, levels and environments.
fn verdicts(report: &DiffReport) -> impl Iterator<Item = [String; 3]> {
    let row = |what: &str, found: &ComparedReport| {
        [what.to_owned(), found.name.clone().unwrap_or_default(), found.verdict.clone()]
    };
    let level =
        |found: &ComparedReport| format!("{} by itself", found.level.map_or("workspace", |level| level.as_str()));
    (report.policies.iter().map(move |found| row("policy", found)))
        .chain(report.levels.iter().map(move |found| row(&level(found), found)))
        .chain(report.environments.iter().map(move |found| row("environment in force", found)))
}

fn of_deployment(found: &DeploymentDiffReport, style: Style) -> String {
    let DeploymentDiffReport { deployment, verdict, before, after, .. } = found;
    let all = if found.loses_all { format!(", {}", style.bad("loses all places")) } else { String::new() };
    let mut text =
        format!("{} {verdict}: {} before, {after} now{all}\n", style.bold(deployment), count(*before, "candidate"));
    text.extend(found.losses.iter().map(|cause| format!("  - {}\n", because(cause))));
    text.extend(found.gains.iter().map(|cause| format!("  + {}\n", because(cause))));
    text
}

/// `3 candidates (paris/a gpu t4, …): policy `europe` changed`
fn because(cause: &CauseReport) -> String {
    let candidates = candidates(&cause.candidates);
    format!("{} ({candidates}): {}", count(cause.candidates.len(), "candidate"), cause.changes.join("; "))
}

fn candidates(list: &[CandidateReport]) -> String {
    let one = |found: &CandidateReport| format!("{}/{} {}", found.cluster, found.pool, found.flavor);
    some(&list.iter().map(one).collect::<Vec<_>>(), LISTED)
}

fn must_move(found: &MustMoveReport) -> String {
    let MustMoveReport { deployment, from, replicas, to, .. } = found;
    let to: Vec<_> = to.iter().map(|to| format!("{} ×{}", to.cluster, to.replicas)).collect();
    let to =
        if to.is_empty() { "nowhere to go".to_owned() } else { format!("all replicas would be on {}", to.join(", ")) };
    format!("{deployment}: {} on {}; {to}", count(*replicas as usize, "replica"), from.cluster)
}

fn summary(report: &DiffReport) -> String {
    let number = |test: fn(&&DeploymentDiffReport) -> bool| report.deployments.iter().filter(test).count();
    let lost = number(|found| found.loses_all);
    let less = number(|found| !found.losses.is_empty()) - lost;
    let more = number(|found| !found.gains.is_empty());
    let moving: usize = report.moves.iter().map(|found| found.replicas as usize).sum();
    format!(
        "deployments that lose all places: {lost}, lose some: {less}, gain: {more}; running replicas that must move: {moving}"
    )
}

/// For a pull request.
pub(in crate::cli) fn diff_markdown(report: &DiffReport) -> String {
    if report.is_empty() {
        return "### Siting: nothing differs in meaning\n".to_owned();
    }
    let mut text = format!("### Siting: {}\n", summary(report));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push_str(&format!("\n**{title}**\n\n{}\n", lines.join("\n")));
        }
    };
    section(
        "Allows more, or binds less",
        report.widened.iter().map(|line| format!("- {}", markdown::text(line))).collect(),
    );
    let mut rows: Vec<String> =
        verdicts(report).map(|[what, name, verdict]| format!("| {what} | {} | {verdict} |", named(&name))).collect();
    if !rows.is_empty() {
        rows.splice(0..0, ["| what | name | verdict |".to_owned(), "| --- | --- | --- |".to_owned()]);
    }
    section("By meaning", rows);
    let mut rows = Vec::new();
    for found in &report.deployments {
        let each = |sign: &str, causes: &[CauseReport]| {
            causes.iter().map(|cause| format!("{sign} {}", markdown::cell(&because(cause)))).collect::<Vec<_>>()
        };
        let causes = [each("−", &found.losses), each("+", &found.gains)].concat().join("<br>");
        let all = if found.loses_all { " **loses all places**" } else { "" };
        let (name, verdict) = (named(&found.deployment), &found.verdict);
        rows.push(format!("| {name} | {verdict}{all} | {} | {} | {} |", found.before, found.after, causes));
    }
    if !rows.is_empty() {
        let head = "| deployment | verdict | before | now | because |".to_owned();
        rows.splice(0..0, [head, "| --- | --- | ---: | ---: | --- |".to_owned()]);
    }
    section("Deployments", rows);
    section("Must move", report.moves.iter().map(|found| format!("- {}", markdown::text(&must_move(found)))).collect());
    section("Added", report.added.iter().map(|address| format!("- {}", markdown::code(address))).collect());
    section("Removed", report.removed.iter().map(|address| format!("- {}", markdown::code(address))).collect());
    text
}

/// A name in a cell of a table, if there is one.
fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { markdown::code(name).replace('|', "\\|") }
}
