//! Strategies, checks and offloading.

use serde_json::{Value, json};

use super::beamlit::metric as hpa_metric;
use super::native::U32;
use super::{boolean, list, nonempty, object, one_of, quantity, reference, whole, words};
use crate::rollout::WhenIdle;

pub(super) fn strategy() -> Value {
    let one = |title: &str, word: &str, options: Value| {
        let mut properties = json!({
            "type": {"const": word},
            "progressDeadlineSeconds": whole(1, U32, "How long nothing may move before it goes back; 600 by default"),
            "whenIdle": words(&WhenIdle::NAMED.map(|(word, _)| word), "What follows where no request comes to judge it by; `wait` by default"),
            "checks": list(check(), "What the new version is judged by; a failed one rolls back"),
        });
        if let (Value::Object(all), Value::Object(options)) = (&mut properties, options) {
            all.extend(options);
        }
        object(title, &["type"], properties)
    };
    let rolling = json!({
        "maxSurge": span("Replicas beyond the wanted number; `25%` by default"),
        "maxUnavailable": span("Replicas that may be unavailable; `25%` by default"),
    });
    let blue_green = json!({
        "bakeSeconds": whole(0, U32, "How long all new replicas must have been ready before the switch; 0 by default"),
        "rollbackWindowSeconds": whole(0, U32, "How long the old version is kept after it; 30 by default"),
    });
    let mut canary = json!({
        "steps": nonempty(step(), "Ascending weights; 10, 25 and 50 by default, and everything after the last"),
        "trafficRouted": boolean("Whether a router makes the weight, which is the default, or the number of replicas"),
        "minReplicas": whole(1, U32, "The fewest new replicas, where a router makes the weight"),
    });
    if let (Value::Object(canary), Value::Object(rolling)) = (&mut canary, rolling.clone()) {
        canary.extend(rolling);
    }
    json!({
        "description": "How a new version replaces the old",
        "oneOf": [
            one("a rolling strategy", "rolling", rolling),
            one("a blue-green strategy", "blue-green", blue_green),
            one("a canary strategy", "canary", canary),
        ],
    })
}

fn span(description: &str) -> Value {
    let percent = json!({"type": "string", "pattern": "^[0-9]+%$"});
    json!({"anyOf": [whole(0, U32, "A count"), percent], "description": description})
}

fn step() -> Value {
    object(
        "a canary step",
        &["weight"],
        json!({
            "weight": whole(1, 100, "Percent of the traffic"),
            "soakSeconds": whole(0, U32, "How long it lasts at least; 300 by default"),
            "minRequests": whole(0, i64::MAX, "Requests that must have been answered in it; 100 by default"),
        }),
    )
}

fn check() -> Value {
    const METRICS: [&str; 9] = [
        "error-rate",
        "latency-p50",
        "latency-p95",
        "latency-p99",
        "request-rate",
        "cpu",
        "memory",
        "gpu",
        "concurrency",
    ];
    let custom = object("a custom metric", &["custom"], json!({"custom": reference("A figure of your own")}));
    let word = words(&METRICS, "Percent of failed requests; milliseconds; requests a second; percent; requests");
    let limits = json!({
        "atMost": quantity("Not above"),
        "below": quantity("Below"),
        "atLeast": quantity("Not below"),
        "above": quantity("Above"),
    });
    let mut threshold = object("a threshold", &[], limits);
    one_of(&mut threshold, &["atMost", "below", "atLeast", "above"]);
    let limit = json!({"anyOf": [whole(0, U32, "How many"), {"const": "unlimited"}], "description": "Failed measurements that are borne; 0 by default"});
    let mut schema = object(
        "a check",
        &["metric"],
        json!({
            "metric": {"anyOf": [word, custom]},
            "success": threshold,
            "failure": threshold,
            "minRequests": whole(0, i64::MAX, "Requests in the window below which a figure says too little; 100 by default"),
            "intervalSeconds": whole(1, U32, "Seconds between measurements; 30 by default"),
            "initialDelaySeconds": whole(0, U32, "Seconds before the first; 0 by default"),
            "count": whole(1, U32, "Measurements after which it is done"),
            "failureLimit": limit,
            "inconclusiveLimit": whole(0, U32, "Inconclusive measurements that are borne; 0 by default"),
            "errorLimit": whole(0, U32, "Errors in a row that are borne; 4 by default"),
            "successes": whole(1, U32, "Successes in a row that are enough"),
        }),
    );
    if let Value::Object(fields) = &mut schema {
        fields.insert("anyOf".to_owned(), json!([{"required": ["success"]}, {"required": ["failure"]}]));
    }
    schema
}

pub(super) fn offloading() -> Value {
    object(
        "offloading",
        &["percentage"],
        json!({
            "percentage": whole(0, 100, "Percent of the requests that go to the remote side"),
            "metrics": list(hpa_metric(), "What is watched; any one that has reached its target is enough"),
            "windowSeconds": whole(0, U32, "How long it must have been reached; 60 by default"),
            "releaseWindowSeconds": whole(0, U32, "How long all must be below it to go back; as `windowSeconds` by default"),
            "releasePercent": whole(1, 100, "Percent of the target below which it goes back; by default it follows from the percentage"),
        }),
    )
}
