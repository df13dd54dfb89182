//! The scripted host of scenarios: what became of every request, and the chart (R1–R4, R6, R7).

use crate::support::Folder;
use serde_json::Value;
use siting::cli::{ExitStatus, Terminal, run};

const TOUR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tour/scenarios");
const FLEETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fleets");

fn siting(args: &[&str], colors: bool) -> (ExitStatus, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = std::iter::once("siting").chain(args.iter().copied());
    let terminal = Terminal { out_colors: colors, ..Terminal::default() };
    let status = run(args, &mut out, &mut err, terminal);
    (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// What came of the stories of updates.
fn updates() -> Vec<Value> {
    let paths = ["updates", "bad-canary"].map(|name| format!("{TOUR}/{name}.yaml"));
    let (_, out, _) = siting(&["simulate", &paths[0], &paths[1], "-o", "json"], false);
    let report: Value = serde_json::from_str(&out).unwrap();
    report["scenarios"].as_array().unwrap().clone()
}

#[test]
fn d9_what_grows_rolls_or_is_offloaded_stays_where_it_may_run() {
    let (status, out, err) = siting(&["simulate", FLEETS], false);
    assert_eq!((status, err.as_str()), (ExitStatus::YES, ""), "{out}");
}

/// No request is lost in any rollout, whether the version is good or bad; and of a bad version exactly that
/// part of its share failed that it lets fail.
#[test]
fn r2_no_request_is_lost_but_those_that_the_failing_share_got() {
    let all = updates();
    assert_eq!(all.len(), 7);
    for scenario in &all {
        let name = scenario["name"].as_str().unwrap();
        assert_eq!((&scenario["passed"], &scenario["lost"]), (&true.into(), &0.into()), "{name}");
        let of = |deployment: &str, what: &str| {
            let requests = scenario["requests"].as_array().unwrap();
            let found = requests.iter().find(|requests| requests["deployment"] == deployment);
            found.map_or(0, |found| found[what].as_u64().unwrap())
        };
        // A hundred a second, from the first minute to the end.
        let until = scenario["series"]["until"].as_u64().unwrap();
        assert_eq!(of("one", "sent") + of("two", "sent"), (until - 60_000) / 10, "{name}: every request was served");
        assert_eq!(of("one", "failed"), 0, "{name}");
        let failed = match name {
            // 40 % of all that it got.
            "rolling-update-of-a-bad-version" => of("two", "sent") * 40 / 100,
            // A fifth of a quarter of the calls, from its tenth minute until it was seen.
            "canary-update-of-a-bad-version" => {
                let seen = scenario["series"]["notes"].as_array().unwrap().iter();
                let seen = seen.filter(|note| note["what"].as_str().unwrap().contains("rolled back"));
                (seen.map(|note| note["at"].as_u64().unwrap()).next().unwrap() - 600_000) / 10 / 4 / 5
            }
            _ => 0,
        };
        assert_eq!(of("two", "failed"), failed, "{name}");
    }
}

#[test]
fn r3_shares_of_the_calls_sum_to_a_hundred_at_every_moment() {
    for scenario in updates() {
        let lines = scenario["series"]["deployments"].as_array().unwrap();
        let at = |line: &Value, moment: u64| {
            let points = line["points"].as_array().unwrap().clone();
            points.into_iter().rev().find(|point| point["at"].as_u64().unwrap() <= moment)
        };
        let moments = lines.iter().flat_map(|line| line["points"].as_array().unwrap());
        for moment in moments.map(|point| point["at"].as_u64().unwrap()).filter(|moment| *moment >= 50_000) {
            let points: Vec<_> = lines.iter().filter_map(|line| at(line, moment)).collect();
            let sum: u64 = points.iter().map(|point| point["percent"].as_u64().unwrap()).sum();
            assert_eq!(sum, 100, "{}, {moment}: {points:?}", scenario["name"]);
            let unready = points.iter().any(|point| point["percent"] != 0 && point["ready"] == 0);
            assert!(!unready, "{}, {moment}: {points:?}", scenario["name"]);
        }
    }
}

#[test]
fn the_chart_shows_replicas_and_shares_over_time() {
    let path = format!("{TOUR}/updates.yaml");
    let (_, plain, _) = siting(&["simulate", &path], false);
    insta::assert_snapshot!("chart", plain);
    assert!(!plain.contains('\u{1b}'), "coloured only on a terminal");
    let (_, coloured, _) = siting(&["simulate", &path], true);
    assert!(coloured.contains('\u{1b}'));
}

#[test]
fn what_needs_a_host_says_so() {
    let text = "
apiVersion: siting.dev/v1
kind: Scenario
metadata: {name: hostless}
spec:
  model: bert
  fleet: unlimited
  steps:
    - traffic: {requestsPerSecond: 5}
    - {at: 1m, metrics: {version: v1, errorRate: much}}
    - {at: 1m, fail: {deployment: one, replicas: 0}}
";
    let answer = Folder::of(&[("story.yaml", text)]).run(&["simulate", "@", "-o", "json"]);
    assert_eq!(answer.status, 2);
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    assert_eq!((errors.len(), &errors[0]["message"]), (3, &"this step needs a scripted host".into()));
    assert_eq!((&errors[0]["line"], &errors[0]["help"]), (&9.into(), &"add `host: {}` to the scenario's spec".into()));
}
