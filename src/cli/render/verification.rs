//! `verify` in sentences, and why nothing is certified.

use super::Style;
use super::table::columns;
use super::words::count;
use crate::report::{BeyondReport, VerificationReport};

/// Fields that are shown of many.
const SHOWN: usize = 20;
/// Characters shown of one value.
const LONGEST: usize = 60;

pub(in crate::cli) fn verification(report: &VerificationReport, style: Style) -> String {
    if report.verified {
        return format!("{} is {}: every field holds for these manifests\n", report.of, style.good("confirmed"));
    }
    let mut text = format!(
        "{} is {}: {} not hold for these manifests\n",
        report.of,
        style.bad("refuted"),
        match report.refuted.len() {
            1 => "1 field does".to_owned(),
            many => format!("{} do", count(many, "field")),
        }
    );
    if !report.changed.is_empty() {
        text.push_str(&format!("it was made from other {}\n", report.changed.join(" and ")));
    }
    let rows = report.refuted.iter().take(SHOWN).map(|field| {
        let path = if field.path.is_empty() { "all of it".to_owned() } else { field.path.clone() };
        [format!("  {path}"), format!("claimed {}", short(&field.claimed)), format!("found {}", short(&field.found))]
    });
    text.push_str(&columns(&[], rows.collect()));
    if report.refuted.len() > SHOWN {
        text.push_str(&format!("  and {}\n", count(report.refuted.len() - SHOWN, "more field")));
    }
    text
}

/// The beginning of a long value.
fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}…")
}

pub(in crate::cli) fn beyond(report: &BeyondReport, style: Style) -> String {
    let mut text =
        format!("nothing is {}: replicas run where their policies do not let them\n", style.bad("certified"));
    let rows = report.beyond.iter().flat_map(|(deployment, places)| {
        places.iter().map(move |place| {
            [format!("  {deployment}"), format!("{}/{}", place.cluster, place.pool), format!("×{}", place.replicas)]
        })
    });
    text.push_str(&columns(&[], rows.collect()));
    text
}
