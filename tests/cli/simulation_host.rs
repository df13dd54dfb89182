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

/// What only a scripted host counts and does cannot be expected where there is none.
#[test]
fn what_a_host_counts_needs_one() {
    for expect in ["lost: 0", "offloaded: {production: \"no\"}"] {
        let steps = format!("    - {{wait: true, expect: {{{expect}}}}}\n");
        let run =
            |host: &str| Folder::of(&[("story.yaml", &story(host, &steps))]).run(&["simulate", "@", "-o", "json"]);
        let errors = run("start: 2026-01-05T09:00:00Z").json()["errors"].as_array().unwrap().clone();
        let message = "`lost` and `offloaded` are what a scripted host counts and does, and there is none";
        assert_eq!((errors.len(), &errors[0]["message"]), (1, &message.into()), "{expect}");
        assert_eq!(errors[0]["help"], "add `host: {}` to the scenario's spec");
        assert_eq!(run("host: {}").status, 0, "{expect}");
    }
}

/// "Nothing moved before the progress deadline" holds a "no", and is none.
#[test]
fn r2_what_was_rolled_back_is_not_taken_for_what_was_not() {
    let steps = |wanted: &str| {
        format!(
            "    - push: {{name: one, version: v1, promote: production}}
    - {{at: 2m, metrics: {{version: v2, starts: false}}, expect: {{rolledBack: {{production: \"no\"}}}}}}
    - {{at: 2m, updateVersion: {{environment: production, version: v2}}}}
    - {{at: 2h, wait: true, expect: {{rolledBack: {{production: \"{wanted}\"}}}}}}
"
        )
    };
    assert_eq!(told(&steps("deadline"))["passed"], true);
    let differences = told(&steps("no"))["steps"][3]["differences"].clone();
    assert_eq!(differences[0]["expected"], "no", "{differences}");
    assert_eq!(differences[0]["found"], "nothing moved before the progress deadline");
}

/// What came of a story of these steps, before a scripted host.
fn told(steps: &str) -> Value {
    let answer = Folder::of(&[("story.yaml", &story("host: {}", steps))]).run(&["simulate", "@", "-o", "json"]);
    assert!(answer.status < 2, "{}", answer.err);
    answer.json()["scenarios"][0].clone()
}

fn story(host: &str, steps: &str) -> String {
    let heading = "apiVersion: siting.dev/v1\nkind: Scenario\nmetadata: {name: story}";
    format!("{heading}\nspec:\n  model: bert\n  fleet: unlimited\n  {host}\n  steps:\n{steps}")
}

fn of(scenario: &Value, deployment: &str) -> (u64, u64, u64) {
    let all = scenario["requests"].as_array().unwrap();
    let found = all.iter().find(|requests| requests["deployment"] == deployment).unwrap();
    let of = |what: &str| found[what].as_u64().unwrap();
    (of("sent"), of("failed"), of("timedOut"))
}

/// Two replicas answer 200 requests a second of 300. The queue grows by 100 a second, and is as long as the
/// time limit of a minute after three: then every answered request has waited for one, and 100 a second are lost.
#[test]
fn r4_what_is_beyond_the_capacity_of_the_replicas_waits_and_is_lost() {
    let scenario = told(
        "    - push: {name: one, version: v1, promote: production, replicas: 2}
    - {at: 1m, traffic: {requestsPerSecond: 300}}
    - {at: 3m, wait: true, expect: {lost: 0}}
    - {at: 11m, traffic: {requestsPerSecond: 0}}
    - {at: 13m, wait: true}
",
    );
    assert_eq!(scenario["passed"], true);
    let (sent, failed, timed_out) = of(&scenario, "one");
    assert_eq!((sent, failed), (600 * 300, 0));
    // Answered are 200 a second for ten minutes, and what then waits in the last minute.
    assert_eq!(sent - timed_out, 600 * 200 + 60 * 200);
    assert_eq!(scenario["lost"].as_u64(), Some(timed_out));
}

#[test]
fn l1_drafts_and_deployments_are_called_by_their_own_endpoints() {
    let scenario = told(
        "    - push: {draft: true, version: v1}
    - push: {name: one, version: v2}
    - {at: 1m, traffic: {endpoint: draft, requestsPerSecond: 10}}
    - {at: 1m, traffic: {endpoint: deployment/one, requestsPerSecond: 20}}
    - {at: 1m, traffic: {endpoint: workload, requestsPerSecond: 5}}
    - {at: 2m, wait: true}
    - {at: 2m, traffic: {endpoint: deployment/two, requestsPerSecond: 1}, expect: {refused: L1}}
",
    );
    assert_eq!(scenario["passed"], true, "{scenario}");
    assert_eq!((of(&scenario, "development").0, of(&scenario, "one").0), (600, 1200));
    assert_eq!(scenario["lost"], 300, "nobody holds production");
}

#[test]
fn l14_replicas_of_a_version_that_does_not_start_stay_broken() {
    let scenario = told(
        "    - push: {name: one, version: v1, promote: production, replicas: 2}
    - {at: 2m, metrics: {version: v1, starts: false}}
    - {at: 2m, fail: {deployment: one, replicas: 1}}
    - {at: 5m, wait: true, expect: {status: {one: ACTIVE}}}
    - {at: 5m, fail: {deployment: one, replicas: 2}}
    - {at: 7m, wait: true, expect: {status: {one: UNHEALTHY}, routes: {environment/production: not-ready}}}
    - {at: 7m, metrics: {version: v1, starts: true}}
    - {at: 9m, wait: true, expect: {status: {one: UNHEALTHY}}}
",
    );
    assert_eq!(scenario["passed"], true, "{scenario}");
    let points = scenario["series"]["deployments"][0]["points"].as_array().unwrap();
    let ready: Vec<_> = points.iter().map(|point| point["ready"].as_u64().unwrap()).collect();
    assert_eq!(ready, [0, 0, 2, 1, 0], "built, started, ready, one broken, all broken");
}

/// L11: a deployment that is renamed keeps its line in the chart, under its new name.
#[test]
fn l11_the_chart_has_one_line_of_what_was_renamed() {
    let scenario = told(
        "    - push: {name: one, version: v1, promote: production}
    - {at: 2m, rename: {deployment: one, name: first}}
    - {at: 3m, wait: true}
",
    );
    assert_eq!(scenario["passed"], true, "{scenario}");
    let lines = scenario["series"]["deployments"].as_array().unwrap();
    assert_eq!(lines.iter().map(|line| line["name"].as_str().unwrap()).collect::<Vec<_>>(), ["first"]);
}

/// R4, L16: what scales by itself shows no number that was stated before.
#[test]
fn r4_a_number_that_counts_no_more_is_not_described() {
    let steps = "    - push: {name: one, version: v1, promote: production, replicas: 3}
    - {at: 2m, edit: {deployment: one, scaling: {minReplicas: 1, maxReplicas: 9}}}
    - {at: 3m, wait: true}
";
    let folder = Folder::of(&[("story.yaml", &story("host: {}", steps))]);
    let described = folder.run(&["describe", "@", "-d", "one", "--after", "story", "-o", "json"]);
    assert_eq!(described.status, 0, "{}", described.err);
    let deployment = described.json()["deployment"].clone();
    assert_eq!(deployment["currentReplicas"], 3);
    assert_eq!(deployment["settings"]["scaling"]["maxReplicas"], 9);
    assert_eq!(deployment["settings"]["replicas"], Value::Null);
}

/// L14: replicas that were added are told to be ready, place by place, so that the deadline of their start is met.
#[test]
fn l14_replicas_that_were_added_stay_after_the_deadline_of_their_start() {
    let scenario = told(
        "    - push: {name: one, version: v1, promote: production, replicas: 1}
    - {at: 2m, scale: {deployment: one, replicas: 3}}
    - {at: 3h, wait: true, expect: {status: {one: ACTIVE}}}
    - {at: 3h, metrics: {version: v1, starts: false}}
    - {at: 3h, scale: {deployment: one, replicas: 5}}
    - {at: 5h, wait: true, expect: {status: {one: ACTIVE}}}
",
    );
    assert_eq!(scenario["passed"], true, "{scenario}");
    let points = scenario["series"]["deployments"][0]["points"].as_array().unwrap();
    let number = |point: &Value, what: &str| point[what].as_u64().unwrap();
    let last_before = |hour: u64| points.iter().rfind(|point| number(point, "at") < hour * 3_600_000).unwrap();
    let after_two_hours = last_before(3);
    assert_eq!((number(after_two_hours, "replicas"), number(after_two_hours, "ready")), (3, 3));
    // Two of five never start: after an hour they are given up, and the others go on.
    let (starting, end) = (last_before(4), last_before(6));
    assert_eq!((number(starting, "replicas"), number(starting, "ready")), (5, 3));
    assert_eq!((number(end, "replicas"), number(end, "ready")), (3, 3));
}

/// R6: where all requests are offloaded nothing local is left to measure, so they come back once all of them are
/// below 90 % of those when it began: 190 a second, so at 171 they stay, and at 170 they come back.
#[test]
fn r6_what_is_offloaded_whole_comes_back_with_fewer_requests() {
    let fleet = "
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: local}
spec: {provider: onprem, location: dc1, country: us, pools: [{name: p, nodes: 2, cpuFlavor: x86, cpu: 8, memory: 32Gi, pricePerHour: \"0.1\"}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: remote-us}
spec: {provider: aws, location: us-east-1, flavors: [{type: cpu, name: x86}]}
---
apiVersion: siting.dev/v1
kind: Scenario
metadata: {name: whole}
spec:
  model: m
  host: {}
  steps:
    - push: {name: one, version: v1, promote: production, replicas: 2, resources: {cpu: 8, memory: 16Gi}, offloading: {percentage: 100, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 90}}}]}}
    - {at: 1m, traffic: {requestsPerSecond: 190}}
    - {at: 3m, wait: true, expect: {offloaded: {production: remote-us 100%}}}
    - {at: 1h, traffic: {requestsPerSecond: 171}, expect: {offloaded: {production: remote-us 100%}}}
    - {at: 2h, traffic: {requestsPerSecond: 170}, expect: {offloaded: {production: remote-us 100%}}}
    - {at: 2h 5m, wait: true, expect: {offloaded: {production: \"no\"}, lost: 0}}
";
    let answer = Folder::of(&[("story.yaml", fleet)]).run(&["simulate", "@", "-o", "json"]);
    assert_eq!(answer.status, 0, "{}{}", answer.out, answer.err);
}

/// L17: a version that is never built does not hold the way for ever: after an hour its build has failed.
#[test]
fn l17_a_build_that_does_not_end_has_failed_after_its_deadline() {
    let answer = Folder::of(&[(
        "story.yaml",
        &story(
            "host: {buildSeconds: 7200}",
            "    - push: {name: one, version: v1, promote: production}
    - {at: 59m, wait: true, expect: {status: {one: BUILDING}}}
    - {at: 61m, wait: true, expect: {status: {one: BUILD_FAILED}}}
    - {at: 61m, push: {name: two, version: v2, promote: production}}
",
        ),
    )])
    .run(&["simulate", "@", "-o", "json"]);
    assert_eq!(answer.status, 0, "{}{}", answer.out, answer.err);
}

/// The bounds of the guide's table: what is at them runs, what is beyond is an error with its place.
#[test]
fn a_scenario_asks_for_no_more_than_its_limits() {
    let run = |host: &str, steps: &str| {
        Folder::of(&[("story.yaml", &story(host, steps))]).run(&["simulate", "@", "-o", "json"])
    };
    let replicas = |most: u32| format!("    - push: {{name: one, version: v1, replicas: {most}}}\n");
    let bounds = |most: u32| {
        format!("    - push: {{name: one, version: v1, scaling: {{minReplicas: 1, maxReplicas: {most}}}}}\n")
    };
    let scaled = |most: u32| format!("{}    - {{scale: {{deployment: one, replicas: {most}}}}}\n", replicas(1));
    let until = |hours: u32| format!("    - {{at: {hours}h, wait: true}}\n");
    let seconds = |seconds: u32| format!("    - {{at: {seconds}s, wait: true}}\n");
    let (hosted, slow) = ("host: {}", "host: {tickSeconds: 3600}");
    let cases = [
        (hosted, replicas(10_000), replicas(10_001), 9, "at most 10000"),
        (hosted, bounds(10_000), bounds(10_001), 9, "at most 10000"),
        ("description: without a host", scaled(10_000), scaled(10_001), 10, "at most 10000"),
        (slow, until(87_600), until(87_601), 9, "at most 87600 hours after it"),
        (hosted, seconds(500_000), seconds(500_001), 9, "let less time pass, or raise `tickSeconds` of the host"),
    ];
    for (host, within, beyond, line, help) in cases {
        let answer = run(host, &within);
        assert!(answer.status < 2, "{within}: {}", answer.err);
        let answer = run(host, &beyond);
        assert_eq!(answer.status, 2, "{beyond}");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        assert_eq!((errors.len(), &errors[0]["help"], &errors[0]["line"]), (1, &help.into(), &line.into()), "{beyond}");
    }
}
