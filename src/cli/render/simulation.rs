//! `simulate` as a list: each scenario, and where it differs from what was expected.

use super::Style;
use super::chart::chart;
use super::words::count;
use crate::simulation::{ScenarioReport, StepReport};

pub(in crate::cli) fn simulation(scenarios: &[ScenarioReport], style: Style) -> String {
    let mut text = String::new();
    for scenario in scenarios {
        let verdict = if scenario.passed { style.good("passed") } else { style.bad("failed") };
        text.push_str(&format!("{verdict}  {}, {}\n", scenario.name, count(scenario.steps.len(), "step")));
        let failed = scenario.steps.iter().enumerate().filter(|(_, step)| !step.differences.is_empty());
        failed.for_each(|(index, step)| text.push_str(&difference(index + 1, step, style)));
        if let Some(series) = scenario.series.as_ref().filter(|series| !series.is_empty()) {
            text.push_str(&format!("\n{}{}\n", chart(series, style), requests(scenario)));
        }
    }
    let failed = scenarios.iter().filter(|scenario| !scenario.passed).count();
    let passed = format!("{} passed", scenarios.len() - failed);
    let summary = match failed {
        0 => style.good(&passed),
        _ => format!("{passed}, {}", style.bad(&format!("{failed} failed"))),
    };
    text + &format!("\n{summary}\n")
}

/// What became of the requests, in a line.
fn requests(scenario: &ScenarioReport) -> String {
    let sent = scenario.requests.iter().map(|requests| match requests.failed {
        0 => format!("{} to {}", requests.sent, requests.deployment),
        failed => format!("{} to {} ({failed} failed)", requests.sent, requests.deployment),
    });
    let sent: Vec<_> = sent.collect();
    if sent.is_empty() { String::new() } else { format!("  requests: {}; {} lost\n", sent.join(", "), scenario.lost) }
}

fn difference(number: usize, step: &StepReport, style: Style) -> String {
    let mut text = format!("  step {number} ({}), {}\n", step.origin, style.bold(&step.what));
    for difference in &step.differences {
        let shown = |words: &str| if words.is_empty() { "nothing".to_owned() } else { words.to_owned() };
        text.push_str(&format!(
            "    {}\n      expected  {}\n      found     {}\n",
            difference.subject,
            style.good(&shown(&difference.expected)),
            style.bad(&shown(&difference.found)),
        ));
    }
    text
}
