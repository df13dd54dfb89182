//! Numeric cases of other implementations' own tests, for the arithmetic of rollouts (R1, R3).

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use siting::rollout::canary::{self, Aborted, Routed, Scale, Sides, Weight};
use siting::rollout::{Group, Slack, Span, rolling};

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn own() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/rollout.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A file of the folder of further cases beside the project; `None`, with a word, where it is absent.
fn beside(file: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors").join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: {} is absent", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// Runs every case of a list, and fails with all that fail.
fn all(cases: &Value, run: impl Fn(&Value) -> Result<(), String>) {
    let cases = cases.as_array().unwrap();
    let run = |case: &Value| run(case).err().map(|why| format!("{case}: {why}"));
    let failures: Vec<String> = cases.iter().filter_map(run).collect();
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
    println!("{} cases", cases.len());
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{found:?}, and not {wanted:?}")) }
}

/// The values of an object in the order of the names, as a list.
fn listed(cases: &Value, names: &[&str]) -> Value {
    let list = |case: &Value| names.iter().map(|name| case[*name].clone()).collect::<Value>();
    cases.as_array().unwrap().iter().map(list).collect()
}

/// A number, a percentage in text, or nothing at all; `None` where it is none of them.
fn span(value: &Value) -> Option<Span> {
    match value {
        Value::Null => Some(Span::Count(0)),
        Value::String(text) => text.parse().ok(),
        count => Some(Span::Count(number(count))),
    }
}

#[test]
fn r1_spans_are_kubernetes_fenceposts() {
    let run = |case: &Value| {
        let spans = span(&case["surge"]).zip(span(&case["unavailable"]));
        let found = spans.map(|(surge, unavailable)| {
            let slack = Slack::of(surge, unavailable, number(&case["replicas"]));
            json!([slack.surge, slack.unavailable])
        });
        same(&found.unwrap_or_default(), &case["then"])
    };
    all(&own()["spans"], run);
    let Some(cases) = beside("rolling.json") else { return };
    let convert = |case: &Value| {
        let then =
            if case["error"] == true { Value::Null } else { json!([case["want_surge"], case["want_unavailable"]]) };
        json!({"surge": case["max_surge"], "unavailable": case["max_unavailable"], "replicas": case["replicas"], "then": then})
    };
    all(&cases["fenceposts"].as_array().unwrap().iter().map(convert).collect(), run);
}

#[test]
fn r1_rolling_is_kubernetes_arithmetic() {
    let grow = |case: &Value| {
        let [desired, surge, old, new, wanted] = [0, 1, 2, 3, 4].map(|place| number(&case[place]));
        same(rolling::grown(desired, surge, old + new, new), wanted)
    };
    let shrink = |case: &Value| {
        let [desired, unavailable, old, old_up, new, new_up, wanted] =
            [0, 1, 2, 3, 4, 5, 6].map(|at| number(&case[at]));
        let old = [Group { replicas: old, available: old_up }];
        let new = Group { replicas: new, available: new_up };
        same(rolling::shrunk(desired, Slack { surge: 0, unavailable }, &old, new), vec![wanted])
    };
    let unhealthy = |case: &Value| {
        let [old, available, most, removed] = [0, 1, 2, 3].map(|place| number(&case[place]));
        same(rolling::without_unhealthy(&[Group { replicas: old, available }], most), vec![old - removed])
    };
    let healthy = |case: &Value| {
        let [desired, unavailable, available, old] = [0, 1, 2, 3].map(|place| number(&case[place]));
        let wanted = case[4].as_u64().map_or(old, |_| number(&case[4]));
        same(rolling::without_spare(desired, Slack { surge: 0, unavailable }, available, &[old]), vec![wanted])
    };
    let back =
        |case: &Value| same(Value::Bool(rolling::is_quick_return(number(&case[0]), number(&case[1]))), case[2].clone());
    let own = own();
    all(&own["grow"], grow);
    all(&own["shrink"], shrink);
    all(&own["unhealthy"], unhealthy);
    all(&own["healthy"], healthy);
    all(&own["back"], back);
    let Some(cases) = beside("rolling.json") else { return };
    all(&listed(&cases["new_side"], &["replicas", "max_surge", "old", "new", "want_new"]), grow);
    let names = ["replicas", "max_unavailable_effective", "old", "old_available", "new", "new_available", "want_old"];
    all(&listed(&cases["old_side"], &names), shrink);
    all(&listed(&cases["cleanup_unhealthy"], &["old", "old_available", "max_cleanup", "want_removed"]), unhealthy);
    let names = ["replicas", "max_unavailable_effective", "available_total", "old", "want_old"];
    all(&listed(&cases["scale_down_old"], &names), healthy);
    all(&listed(&cases["rollback_window"], &["revisions_between", "window", "want"]), back);
}

#[test]
fn r1_splits_are_those_of_argo() {
    let run = |case: &Value| {
        let [replicas, weight, most, surge, new, old] = [0, 1, 2, 3, 4, 5].map(|place| number(&case[place]));
        let found = canary::nearest_split(replicas, Weight { weight, most }, surge > 0);
        same((found.new, found.old), (new, old))
    };
    all(&own()["splits"], run);
    let Some(cases) = beside("canary_weight_split.json") else { return };
    all(&listed(&cases["cases"], &["replicas", "weight", "max_weight", "max_surge", "canary", "stable"]), run);
}

#[test]
fn r1_counts_are_those_of_argo() {
    all(&own()["counts"], counted);
    let Some(cases) = beside("canary_replica_counts.json") else { return };
    let convert = |case: &Value| {
        json!({
            "name": case["id"], "replicas": case["replicas"], "weight": case["weight"],
            "old": [case["stable_spec"], case["stable_available"]],
            "new": [case["canary_spec"], case["canary_available"]],
            "surge": case["max_surge"], "unavailable": case["max_unavailable"],
            "forced": case["promote_full"], "aborted": case["abort"], "routed": case["traffic_routing"],
            "older": case["older"], "scale": case["set_canary_scale"],
            "abort_delay": case["abort_scale_down_delay"], "fewest": case["min_pods"],
            "then": [case["want_stable"], case["want_canary"]],
        })
    };
    all(&cases["cases"].as_array().unwrap().iter().map(convert).collect(), counted);
}

fn group(value: &Value) -> Group {
    Group { replicas: number(&value[0]), available: number(&value[1]) }
}

fn counted(case: &Value) -> Result<(), String> {
    let desired = number(&case["replicas"]);
    let forced = case["forced"] == true;
    let weight = if forced { 100 } else { number(&case["weight"]) };
    let aborted = case["aborted"] == true && !forced;
    let (old, new) = (group(&case["old"]), group(&case["new"]));
    let optional = |value: &Value| value.as_u64().map(|_| number(value));
    let found = if case["routed"] == true {
        let scale = Some(&case["scale"]).filter(|scale| scale["match_traffic_weight"] == false && !forced);
        let scale = scale.and_then(|scale| {
            optional(&scale["replicas"]).map(Scale::Replicas).or(optional(&scale["weight"]).map(Scale::Weight))
        });
        let aborted =
            aborted.then_some(Aborted { delay_seconds: optional(&case["abort_delay"]), steps: &[], sides: None });
        let routed = Routed { scale, fewest: optional(&case["fewest"]), shrinks_with: None, aborted };
        canary::routed(desired, Weight { weight, most: 100 }, &routed)
    } else {
        let weight = Weight { weight: if aborted { 0 } else { weight }, most: 100 };
        let slack = Slack::of(span(&case["surge"]).unwrap(), span(&case["unavailable"]).unwrap(), desired);
        let older = case["older"].as_array().map_or(0, |older| number(&older[0]));
        canary::by_replicas(desired, weight, slack, Sides { old: Some(old), new: Some(new), older })
    };
    same((found.old, found.new), (number(&case["then"][0]), number(&case["then"][1])))
}

#[test]
fn r1_an_old_side_that_shrinks_with_its_traffic_is_argos() {
    all(&own()["shrinking"], |case| {
        let new = number(&case["new"]);
        let (old, new) = (group(&case["old"]), Group { replicas: new, available: new });
        let mut steps = vec![number(&case["weight"])];
        steps.extend(case["steps"].as_array().unwrap().iter().map(number));
        let sides = (old.replicas > 0 && new.replicas > 0).then_some((old, new));
        let aborted = Aborted { delay_seconds: None, steps: &steps, sides };
        let routed = Routed {
            scale: None,
            fewest: None,
            shrinks_with: Some(number(&case["actual"])),
            aborted: (case["aborted"] == true).then_some(aborted),
        };
        let found = canary::routed(number(&case["replicas"]), Weight { weight: steps[0], most: 100 }, &routed);
        same((found.old, found.new), (number(&case["then"][0]), number(&case["then"][1])))
    });
}

#[test]
fn a_canary_without_an_old_side_takes_everything() {
    let new = Some(Group { replicas: 9, available: 9 });
    let slack = Slack { surge: 0, unavailable: 1 };
    let found = canary::by_replicas(10, Weight::percent(10), slack, Sides { old: None, new, older: 0 });
    assert_eq!((found.new, found.old), (10, 0));
}
