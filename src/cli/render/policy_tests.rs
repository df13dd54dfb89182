//! `test` as a list of cases and of what they do not cover.

use super::Style;
use super::words::count;
use crate::origin::printable;
use crate::report::{CaseReport, CoverageReport, PolicyTestsReport, TestedReport};

pub(in crate::cli) fn policy_tests(report: &PolicyTestsReport, least: Option<u32>, style: Style) -> String {
    let mut text = String::new();
    for test in &report.tests {
        text.push_str(&format!("{}\n", style.bold(&test.name)));
        for case in &test.cases {
            text.push_str(&of_case(case, style));
        }
        text.push('\n');
    }
    let cases = || report.tests.iter().flat_map(|test| &test.cases);
    let failed = cases().filter(|case| !case.passed).count();
    let passed = format!("{} passed", count(cases().count() - failed, "case"));
    let summary = if failed > 0 { format!("{passed}, {}", style.bad(&format!("{failed} failed"))) } else { passed };
    text.push_str(&format!("{summary}\n\n{}", coverage(&report.coverage, least, style)));
    text
}

fn of_case(case: &CaseReport, style: Style) -> String {
    let name = printable(&case.name);
    if case.passed {
        return format!("  {} {name}\n", style.good("ok"));
    }
    let place = case
        .file
        .as_ref()
        .map(|file| format!(" ({file}:{}:{})", case.line.unwrap_or_default(), case.column.unwrap_or_default()));
    let failures: String = case.failures.iter().map(|failure| format!("       {failure}\n")).collect();
    format!("  {} {}{}\n{failures}", style.bad("FAILED"), name, place.unwrap_or_default())
}

fn coverage(coverage: &CoverageReport, least: Option<u32>, style: Style) -> String {
    let CoverageReport { covered, counted, percent, .. } = coverage;
    let short = least.filter(|least| percent < least);
    let wanted = short.map(|least| style.bad(&format!(", and {least}% is wanted"))).unwrap_or_default();
    let mut text = format!("{} {percent}%: {covered} of {counted}{wanted}\n", style.bold("Coverage"));
    let mut list = |title: &str, entries: &[TestedReport]| {
        if !entries.is_empty() {
            text.push_str(&format!("\n{title}\n"));
            text.extend(entries.iter().map(|entry| format!("  {}\n", words(entry))));
        }
    };
    list("No case would fail without", &coverage.uncovered);
    list("Redundant, and not counted", &coverage.redundant);
    text
}

/// `option country de of europe`
fn words(entry: &TestedReport) -> String {
    let place = || match (entry.level, &entry.owner) {
        (Some(level), Some(owner)) => format!("{level} {owner}"),
        (Some(level), None) => level.to_string(),
        (None, _) => String::new(),
    };
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    match entry.kind.as_str() {
        "option" | "exception" => format!("{} {} of {}", entry.kind, text(&entry.option), text(&entry.policy)),
        "level" => format!("all policies of {}", place()),
        "attachment" => format!("attachment of {} to {}", text(&entry.policy), place()),
        "reason" => format!("reason {}", text(&entry.code)),
        kind => format!("{kind} {}", text(&entry.policy)),
    }
}
