//! `drill` and `drain` as tables.

use super::Style;
use super::place::reasons;
use super::table::table;
use super::words::{count, some};
use crate::report::{AffectedReport, DrainReport, DrillReport};

/// The most sets of losses that one line lists.
const LISTED: usize = 4;

pub(in crate::cli) fn drill(report: &DrillReport, style: Style) -> String {
    let mut text = String::new();
    let mut rows = Vec::new();
    for loss in &report.losses {
        let (lost, clusters) = (loss.lost.join(" and "), loss.clusters.to_string());
        let row =
            |found: &AffectedReport, fits: String| [lost.clone(), clusters.clone(), found.deployment.clone(), fits];
        rows.extend(loss.impossible.iter().map(|found| row(found, "impossible".to_owned())));
        rows.extend(loss.partial.iter().map(|found| row(found, format!("{} of {} fit", found.after, found.wanted))));
    }
    if !rows.is_empty() {
        text.push_str(&format!("{}\n", table(["lost", "clusters", "deployment", "then"], &[1], rows)));
    }
    if !report.least.is_empty() {
        text.push_str(&format!("{}\n", style.bold("Least losses that take a deployment down")));
        for least in &report.least {
            let sets: Vec<_> = least.sets.iter().map(|set| set.join(" and ")).collect();
            text.push_str(&format!("  {}: {}\n", least.deployment, some(&sets, LISTED)));
        }
        text.push('\n');
    }
    text.extend(report.down.iter().map(|address| format!("{address} {}\n", style.bad("fits nowhere as it is"))));
    let touching = match report.losses.len() {
        1 => "1 of them touches".to_owned(),
        many => format!("{many} of them touch"),
    };
    text + &format!("{} drilled, {touching} a deployment\n", report.drilled)
}

pub(in crate::cli) fn drain(report: &DrainReport, style: Style) -> String {
    let mut text = String::new();
    let rows: Vec<_> = report
        .moves
        .iter()
        .zip(1..)
        .map(|(found, step)| {
            let place =
                |found: &crate::report::CandidateReport| format!("{}/{} {}", found.cluster, found.pool, found.flavor);
            [
                format!("{step}"),
                found.deployment.clone(),
                found.replicas.to_string(),
                place(&found.from),
                place(&found.to),
            ]
        })
        .collect();
    if !rows.is_empty() {
        text.push_str(&format!("{}\n", table(["step", "deployment", "replicas", "from", "to"], &[0, 2], rows)));
    }
    for found in &report.blocked {
        let replicas = count(found.replicas as usize, "replica");
        let head = format!(
            "{} {}: {replicas} on {}/{}",
            style.bad("stays"),
            found.deployment,
            found.from.cluster,
            found.from.pool
        );
        text.push_str(&format!("{head}\n"));
        text.push_str(&reasons(&found.reasons));
    }
    let end = match (report.moves.is_empty(), report.blocked.is_empty()) {
        (true, true) => format!("nothing runs on {}", report.cluster),
        (_, true) => format!("{} emptied by {}", report.cluster, count(report.moves.len(), "move")),
        (_, false) => format!("{} cannot be emptied", report.cluster),
    };
    text + &end + "\n"
}
