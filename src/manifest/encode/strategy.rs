//! Strategies, checks and offloading to documents. Spans are whole seconds there; a part of one counts
//! as one.

use std::time::Duration;

use super::super::spec::OffloadingSpec;
use super::beamlit::metric as hpa_metric;
use crate::document::{Map, Written as Value};
use crate::metrics::{Gauge, Metric};
use crate::quantity::Milli;
use crate::rollout::{BlueGreen, Canary, Check, Rolling, Settings, Span, Step, Strategy, Threshold, Traffic};

pub(super) fn strategy(settings: &Settings) -> Map {
    let word = Map::default().with("type", settings.strategy.as_str());
    let options = match &settings.strategy {
        Strategy::Rolling(options) => word.and(rolling(options)),
        Strategy::BlueGreen(BlueGreen { bake, rollback_window }) => {
            let usual = BlueGreen::default();
            word.maybe("bakeSeconds", unless_usual(*bake, usual.bake))
                .maybe("rollbackWindowSeconds", unless_usual(*rollback_window, usual.rollback_window))
        }
        Strategy::Canary(options) => word.and(canary(options)),
    };
    options
        .maybe("progressDeadlineSeconds", unless_usual(settings.deadline, Settings::DEADLINE))
        .maybe("whenIdle", (!settings.when_idle.is_usual()).then(|| settings.when_idle.as_str()))
        .unless_empty("checks", Value::list(&settings.checks, check))
}

fn rolling(rolling: &Rolling) -> Map {
    let usual = Rolling::default();
    let span = |span: Span, usual: Span| {
        (span != usual).then(|| match span {
            Span::Count(count) => Value::from(count),
            Span::Percent(_) => Value::text(span),
        })
    };
    Map::default()
        .maybe("maxSurge", span(rolling.surge, usual.surge))
        .maybe("maxUnavailable", span(rolling.unavailable, usual.unavailable))
}

fn canary(canary: &Canary) -> Map {
    let usual = Canary::default();
    let steps = (canary.steps() != usual.steps()).then(|| Value::list(canary.steps(), step));
    let map = Map::default().maybe("steps", steps);
    match &canary.traffic {
        Traffic::Routed { fewest } => map.maybe("minReplicas", *fewest),
        Traffic::ByReplicas(options) => map.with("trafficRouted", false).and(rolling(options)),
    }
}

fn step(step: &Step) -> Map {
    let usual = Step::of(step.weight);
    Map::default()
        .with("weight", step.weight)
        .maybe("soakSeconds", unless_usual(step.soak, usual.soak))
        .maybe("minRequests", (step.requests != usual.requests).then_some(step.requests))
}

fn check(check: &Check) -> Map {
    let metric = match &check.metric {
        Metric::Gauge(Gauge::Custom(name)) => Map::default().with("custom", name.as_str()).into(),
        metric => Value::text(metric),
    };
    let usual = Check::at_most(check.metric.clone(), Milli::whole(0));
    let limit = match check.failure_limit {
        None => Some("unlimited".into()),
        limit if limit == usual.failure_limit => None,
        Some(limit) => Some(Value::from(limit)),
    };
    let unusual = |number: u32, usual: u32| (number != usual).then_some(number);
    Map::default()
        .with("metric", metric)
        .maybe("success", check.success.map(threshold))
        .maybe("failure", check.failure.map(threshold))
        .maybe("minRequests", (check.min_requests != usual.min_requests).then_some(check.min_requests))
        .maybe("intervalSeconds", unless_usual(check.interval, usual.interval))
        .maybe("initialDelaySeconds", unless_usual(check.initial_delay, usual.initial_delay))
        .maybe("count", check.count)
        .maybe("failureLimit", limit)
        .maybe("inconclusiveLimit", unusual(check.inconclusive_limit, usual.inconclusive_limit))
        .maybe("errorLimit", unusual(check.error_limit, usual.error_limit))
        .maybe("successes", check.successes)
}

fn threshold(threshold: Threshold) -> Map {
    let (name, limit) = match threshold {
        Threshold::AtMost(limit) => ("atMost", limit),
        Threshold::Below(limit) => ("below", limit),
        Threshold::AtLeast(limit) => ("atLeast", limit),
        Threshold::Above(limit) => ("above", limit),
    };
    Map::default().with(name, Value::text(limit))
}

pub(super) fn offloading(spec: &OffloadingSpec) -> Map {
    let rule = &spec.rule;
    Map::default()
        .with("percentage", rule.percentage())
        .unless_empty("metrics", Value::list(&spec.metrics, hpa_metric))
        .maybe("windowSeconds", unless_usual(rule.window, OffloadingSpec::WINDOW))
        .maybe("releaseWindowSeconds", unless_usual(rule.release_window, rule.window))
        .maybe("releasePercent", rule.release().map(|release| release.div_ceil(10)))
}

fn unless_usual(span: Duration, usual: Duration) -> Option<u64> {
    (span != usual).then(|| span.as_secs() + u64::from(span.subsec_nanos() > 0))
}
