//! Findings about checks of a strategy that decide nothing, or could never pass (R2).

use std::ops::RangeInclusive;

use super::finding::{Findings, Severity};
use super::levels::Site;
use crate::manifest::spec::DeploymentSpec;
use crate::metrics::Metric;
use crate::quantity::Milli;
use crate::rollout::{Check, Settings, Strategy, Threshold, Traffic, WhenIdle};
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    for spec in &workspace.specs().deployments {
        let Some(settings) = &spec.strategy else { continue };
        let site = Site::of_deployment(spec);
        let mut push = |code, message: String, help: &str| {
            findings.push(site.finding(code, Severity::Warning, site.origin, message).help(help));
        };
        for check in &settings.checks {
            for (message, help) in vain(check) {
                push("check-without-effect", message, help);
            }
        }
        if let Some((message, help)) = vain_strategy(spec, settings) {
            push("setting-without-effect", message, help);
        }
    }
}

/// What of a check decides nothing, each with what would be right.
fn vain(check: &Check) -> Vec<(String, &'static str)> {
    let metric = &check.metric;
    let mut found = Vec::new();
    let mut read = [None, None];
    for (threshold, read) in [check.success, check.failure].into_iter().zip(&mut read) {
        let Some(threshold) = threshold else { continue };
        let (met, limit) = (figures(metric, threshold), limit(threshold));
        if *metric == Metric::ErrorRate && limit > Milli::whole(100) {
            let message = format!("`{metric}` is compared with {threshold}, and is never above 100 percent");
            found.push((message, "write a percentage from 0 to 100"));
        } else if met == all(metric) {
            let message = format!("`{metric}` is always {threshold}, so this condition decides nothing");
            found.push((message, "write a limit that a figure can miss"));
        } else if met.is_empty() {
            let message = format!("`{metric}` is never {threshold}, so this condition decides nothing");
            found.push((message, "write a limit that a figure can meet"));
        }
        *read = Some(met);
    }
    let [success, failure] = read;
    let told_apart = match (&success, &failure) {
        (Some(success), Some(failure)) => {
            if !success.is_empty() && failure.start() <= success.start() && success.end() <= failure.end() {
                let message = format!("every success of the check of `{metric}` counts as a failure, which wins");
                found.push((message, "let `success` hold where `failure` does not"));
            }
            !covers(success, failure, &all(metric))
        }
        _ => false,
    };
    if check.inconclusive_limit > 0 && !told_apart {
        let message = format!(
            "`inconclusiveLimit` of the check of `{metric}` decides nothing: each figure is a success or a failure"
        );
        found.push((message, "state both `success` and `failure`, with figures between them"));
    }
    let bears_all = |count: u32| check.failure_limit.is_none_or(|limit| limit >= count);
    match (check.count, check.successes) {
        (Some(count), Some(successes)) if successes > count => {
            let message = format!(
                "the check of `{metric}` can never pass: {successes} successes are asked of {count} measurements"
            );
            found.push((message, "ask for no more `successes` than `count`"));
        }
        (Some(count), None) if bears_all(count) && (!told_apart || check.inconclusive_limit >= count) => {
            let message = format!(
                "the check of `{metric}` passes whatever is measured: it bears as many failures as it measures"
            );
            found.push((message, "let `failureLimit` be below `count`"));
        }
        _ => {}
    }
    found
}

/// Every figure that a metric can have, in thousandths.
fn all(metric: &Metric) -> RangeInclusive<u64> {
    let most = if *metric == Metric::ErrorRate { Milli::whole(100).get() } else { u64::MAX };
    0..=most
}

fn limit(threshold: Threshold) -> Milli {
    let (Threshold::AtMost(limit) | Threshold::Below(limit) | Threshold::AtLeast(limit) | Threshold::Above(limit)) =
        threshold;
    limit
}

/// The figures that meet a threshold, in thousandths.
fn figures(metric: &Metric, threshold: Threshold) -> RangeInclusive<u64> {
    let most = *all(metric).end();
    // Its end lies before its start.
    let none = RangeInclusive::new(1, 0);
    match threshold {
        Threshold::AtMost(limit) => 0..=limit.get().min(most),
        Threshold::Below(limit) => limit.get().checked_sub(1).map_or(none, |last| 0..=last.min(most)),
        Threshold::AtLeast(limit) => limit.get()..=most,
        Threshold::Above(limit) => limit.get().checked_add(1).map_or(none, |first| first..=most),
    }
}

/// Whether each figure is in one of the two.
fn covers(one: &RangeInclusive<u64>, other: &RangeInclusive<u64>, all: &RangeInclusive<u64>) -> bool {
    let meet = |low: &RangeInclusive<u64>, high: &RangeInclusive<u64>| {
        !low.is_empty()
            && low.start() == all.start()
            && (low.end() == all.end()
                || (!high.is_empty() && high.end() == all.end() && *high.start() <= low.end().saturating_add(1)))
    };
    meet(one, other) || meet(other, one)
}

/// What of a strategy decides nothing (R1, L17).
fn vain_strategy(spec: &DeploymentSpec, settings: &Settings) -> Option<(String, &'static str)> {
    let address = format!("{}/{}", spec.workload.value, spec.metadata.name.value);
    let steps = match &settings.strategy {
        Strategy::Canary(canary) => canary.steps(),
        Strategy::Rolling(_) | Strategy::BlueGreen(_) => &[],
    };
    let asks = !settings.checks.is_empty() || steps.iter().any(|step| step.requests > 0);
    if settings.when_idle == WhenIdle::Proceed && !asks {
        let message = format!(
            "`whenIdle` of deployment `{address}` decides nothing: its strategy has no checks and no step that waits for \
             requests"
        );
        return Some((message, "add `checks`, or leave `whenIdle` out"));
    }
    match &settings.strategy {
        Strategy::Canary(canary) if canary.traffic == (Traffic::Routed { fewest: Some(1) }) => {
            let message = format!(
                "`minReplicas: 1` of the strategy of deployment `{address}` decides nothing: what has a share of the \
                 traffic has a replica"
            );
            Some((message, "state 2 or more, or leave it out"))
        }
        _ => None,
    }
}
