//! Strategies and the checks by which a new version is judged (R1, R2).

use std::time::Duration;

use crate::document::{Fields, Item, is_number};
use crate::metrics::{Gauge, Metric, Quantile};
use crate::origin::ProblemCode;
use crate::quantity::Milli;
use crate::rollout::{BlueGreen, Canary, Check, Rolling, Settings, Span, Step, Strategy, Threshold, Traffic, WhenIdle};

const U32: i64 = u32::MAX as i64;

/// Reads a strategy: its type, and the options that belong to it.
pub(super) fn strategy(item: Item<'_>) -> Option<Settings> {
    type Read = fn(&mut Fields<'_>) -> Option<Strategy>;
    let types: [(&str, (&str, Read)); 3] = [
        ("rolling", ("a rolling strategy", rolling_strategy)),
        ("blue-green", ("a blue-green strategy", blue_green)),
        ("canary", ("a canary strategy", canary)),
    ];
    let (what, read) = item.object("a strategy")?.required("type").and_then(|item| item.one_of(&types))?;
    let mut fields = item.object(what)?;
    fields.accept("type");
    let strategy = read(&mut fields);
    let deadline = fields.optional("progressDeadlineSeconds").map(|item| seconds(item, 1));
    let when_idle = fields.optional("whenIdle").map(|item| item.one_of(&WhenIdle::NAMED));
    let checks = fields.optional("checks").map(|list| list.list(|item| Some(check(item))));
    fields.finish();
    let checks = checks.unwrap_or(Some(Vec::new()))?.into_iter().collect::<Option<Vec<_>>>();
    let deadline = deadline.unwrap_or(Some(Settings::DEADLINE))?;
    let when_idle = when_idle.unwrap_or(Some(WhenIdle::default()))?;
    Some(Settings { strategy: strategy?, checks: checks?, deadline, when_idle })
}

fn rolling_strategy(fields: &mut Fields<'_>) -> Option<Strategy> {
    rolling(fields).map(Strategy::Rolling)
}

/// `maxSurge` and `maxUnavailable`, of which one must let something move.
fn rolling(fields: &mut Fields<'_>) -> Option<Rolling> {
    let usual = Rolling::default();
    let surge = fields.optional("maxSurge").map(|item| span(item, u32::MAX));
    let unavailable = fields.optional("maxUnavailable");
    let found = Rolling {
        surge: surge.unwrap_or(Some(usual.surge))?,
        unavailable: unavailable.map(|item| span(item, 100)).unwrap_or(Some(usual.unavailable))?,
    };
    let nothing = |span: Span| matches!(span, Span::Count(0) | Span::Percent(0));
    if nothing(found.surge) && nothing(found.unavailable) {
        let help = "let one of them be above 0";
        let message = "`maxSurge` and `maxUnavailable` are both 0, so that no replica could ever be replaced";
        match unavailable {
            Some(item) => item.problem(ProblemCode::OutOfRange, message, help),
            None => fields.problem(ProblemCode::OutOfRange, message, Some(help)),
        }
        return None;
    }
    Some(found)
}

/// A count, or a text such as `25%` of at most `most` percent.
fn span(item: Item<'_>, most: u32) -> Option<Span> {
    let text = item.text()?;
    if is_number(text) {
        return item.whole(0..=U32).map(Span::Count);
    }
    let help = "write a count such as `1`, or a percentage such as `25%`";
    match text.parse() {
        Ok(Span::Percent(percent)) if percent > most => {
            let message = format!("`{percent}%` is more than all replicas");
            item.problem(ProblemCode::OutOfRange, message, "write at most `100%`");
            None
        }
        Ok(span) => Some(span),
        Err(_) => {
            item.problem(ProblemCode::InvalidValue, "this is neither a count nor a percentage", help);
            None
        }
    }
}

fn blue_green(fields: &mut Fields<'_>) -> Option<Strategy> {
    let usual = BlueGreen::default();
    let bake = fields.optional("bakeSeconds").map(|item| seconds(item, 0));
    let window = fields.optional("rollbackWindowSeconds").map(|item| seconds(item, 0));
    let rollback_window = window.unwrap_or(Some(usual.rollback_window))?;
    Some(Strategy::BlueGreen(BlueGreen { bake: bake.unwrap_or(Some(usual.bake))?, rollback_window }))
}

/// The fields of both ways to make a weight are known; those of the other way are refused.
fn canary(fields: &mut Fields<'_>) -> Option<Strategy> {
    let routed = fields.optional("trafficRouted").map_or(Some(true), Item::boolean);
    let by_replicas = ["maxSurge", "maxUnavailable"].map(|name| (name, fields.optional(name)));
    let fewest = fields.optional("minReplicas");
    let traffic = match routed {
        Some(true) => {
            for (name, item) in by_replicas {
                foreign(item, name, "it belongs to `trafficRouted: false`, where replicas make the weight");
            }
            let fewest = fewest.map(|item| item.whole(1..=U32));
            fewest.map_or(Some(None), |fewest| fewest.map(Some)).map(|fewest| Traffic::Routed { fewest })
        }
        Some(false) => {
            foreign(fewest, "minReplicas", "it belongs to `trafficRouted: true`, where a router makes the weight");
            rolling(fields).map(Traffic::ByReplicas)
        }
        None => None,
    };
    let mut before = 0;
    let steps = fields.optional("steps").map(|list| list.nonempty(|item| Some(step(item, &mut before))));
    let steps = match steps {
        None => Canary::default().steps().to_vec(),
        Some(steps) => steps?.into_iter().collect::<Option<Vec<_>>>()?,
    };
    Canary::new(steps, traffic?).ok().map(Strategy::Canary)
}

fn foreign(item: Option<Item<'_>>, name: &str, help: &str) {
    if let Some(item) = item {
        let message = format!("`{name}` does not belong to this canary");
        item.problem(ProblemCode::UnknownField, message, help);
    }
}

/// A step whose weight is above the one `before` it.
fn step(item: Item<'_>, before: &mut u8) -> Option<Step> {
    let mut fields = item.object("a canary step")?;
    let weight = fields.required("weight").and_then(|item| {
        let weight = item.whole(1..=100)?;
        if weight <= *before {
            let message = format!("`weight` is {weight}, not above the {before} of the step before");
            item.problem(ProblemCode::OutOfRange, message, "let the weights ascend");
            return None;
        }
        *before = weight;
        Some(weight)
    });
    let soak = fields.optional("soakSeconds").map(|item| seconds(item, 0));
    let requests = fields.optional("minRequests").map(|item| item.whole(0..=i64::MAX));
    fields.finish();
    let usual = Step::of(weight?);
    Some(Step { soak: soak.unwrap_or(Some(usual.soak))?, requests: requests.unwrap_or(Some(usual.requests))?, ..usual })
}

fn check(item: Item<'_>) -> Option<Check> {
    let mut fields = item.object("a check")?;
    let metric = fields.required("metric").map(metric);
    let (success, failure) = (fields.optional("success"), fields.optional("failure"));
    let stated = success.is_some() || failure.is_some();
    if !stated {
        let help = "add `success: {atMost: …}` or `failure: {above: …}`";
        fields.problem(ProblemCode::MissingField, "a check without a threshold judges nothing", Some(help));
    }
    let (success, failure) = (success.map(threshold), failure.map(threshold));
    let count = |fields: &mut Fields<'_>, name, least| fields.optional(name).map(|item| item.whole::<u32>(least..=U32));
    let usual = Check::at_most(Metric::ErrorRate, Milli::whole(0));
    let min_requests = fields.optional("minRequests").map(|item| item.whole(0..=i64::MAX));
    let interval = fields.optional("intervalSeconds").map(|item| seconds(item, 1));
    let initial_delay = fields.optional("initialDelaySeconds").map(|item| seconds(item, 0));
    let measurements = count(&mut fields, "count", 1);
    let unlimited = |item: Item<'_>| if item.is("unlimited") { Some(None) } else { item.whole(0..=U32).map(Some) };
    let failure_limit = fields.optional("failureLimit").map(unlimited);
    let inconclusive_limit = count(&mut fields, "inconclusiveLimit", 0);
    let error_limit = count(&mut fields, "errorLimit", 0);
    let successes = count(&mut fields, "successes", 1);
    fields.finish();
    let optional = |field: Option<Option<u32>>| field.map_or(Some(None), |read| read.map(Some));
    stated.then_some(())?;
    Some(Check {
        metric: metric??,
        success: success.map_or(Some(None), |read| read.map(Some))?,
        failure: failure.map_or(Some(None), |read| read.map(Some))?,
        min_requests: min_requests.unwrap_or(Some(usual.min_requests))?,
        interval: interval.unwrap_or(Some(usual.interval))?,
        initial_delay: initial_delay.unwrap_or(Some(usual.initial_delay))?,
        count: optional(measurements)?,
        failure_limit: failure_limit.unwrap_or(Some(usual.failure_limit))?,
        inconclusive_limit: inconclusive_limit.unwrap_or(Some(usual.inconclusive_limit))?,
        error_limit: error_limit.unwrap_or(Some(usual.error_limit))?,
        successes: optional(successes)?,
    })
}

/// A metric by its word, or `{custom: name}`.
pub(super) fn metric(item: Item<'_>) -> Option<Metric> {
    if item.is_object() {
        let mut fields = item.object("a custom metric")?;
        let name = fields.required("custom").and_then(Item::name);
        fields.finish();
        return Some(Metric::Gauge(Gauge::Custom(name?.value)));
    }
    let gauge = [Gauge::Cpu, Gauge::Memory, Gauge::Gpu, Gauge::Concurrency];
    let words = [
        ("error-rate", 0),
        ("latency-p50", 1),
        ("latency-p95", 2),
        ("latency-p99", 3),
        ("request-rate", 4),
        ("cpu", 5),
        ("memory", 6),
        ("gpu", 7),
        ("concurrency", 8),
    ];
    let metrics = [Metric::ErrorRate]
        .into_iter()
        .chain(Quantile::ALL.map(Metric::Latency))
        .chain([Metric::RequestRate])
        .chain(gauge.map(Metric::Gauge));
    let place: usize = item.one_of(&words)?;
    metrics.into_iter().nth(place)
}

fn threshold(item: Item<'_>) -> Option<Threshold> {
    type Make = fn(Milli) -> Threshold;
    let ways: [(&str, Make); 4] = [
        ("atMost", Threshold::AtMost),
        ("below", Threshold::Below),
        ("atLeast", Threshold::AtLeast),
        ("above", Threshold::Above),
    ];
    let mut fields = item.object("a threshold")?;
    let read = ways.map(|(name, make)| fields.optional(name).map(|item| item.quantity::<Milli>().map(make)));
    let stated = read.iter().flatten().count();
    if stated != 1 {
        let message = if stated == 0 { "a threshold needs a limit" } else { "a threshold has one limit" };
        let help = "write one of `atMost`, `below`, `atLeast`, `above`";
        fields.problem(ProblemCode::InvalidValue, message, Some(help));
    }
    fields.finish();
    let mut read = read.into_iter().flatten();
    match (read.next(), read.next()) {
        (Some(threshold), None) => threshold,
        _ => None,
    }
}

/// Whole seconds, from `least` on.
pub(super) fn seconds(item: Item<'_>, least: i64) -> Option<Duration> {
    item.whole::<u32>(least..=U32).map(|seconds| Duration::from_secs(seconds.into()))
}
