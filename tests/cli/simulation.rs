//! The stories of the tour and of `tests/scenarios`, run as users run them; and what users see of a
//! story that goes another way (L1–L13, P10, P11).

use crate::support::Folder;
use serde_json::{Value, json};
use siting::cli::{ExitStatus, Terminal, run};
use siting::id::Name;
use siting::lifecycle::{Action, Effect, Observation, Push, PushKind, Status};
use siting::manifest::Source;
use siting::manifest::scenario::Happening;
use siting::manifest::spec::AttachmentSpec;
use siting::policy::Enforcement;
use siting::simulation::carry_out;
use siting::time::Moment;
use siting::workspace::{LoadOptions, PolicyChange, Remedy, Workspace};

fn siting(args: &[&str]) -> (ExitStatus, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = std::iter::once("siting").chain(args.iter().copied());
    let status = run(args, &mut out, &mut err, Terminal::default());
    (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

const TOUR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tour/scenarios");
const PLACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");

#[test]
fn the_stories_of_the_tour_go_as_they_are_told() {
    let (status, out, err) = siting(&["simulate", TOUR]);
    assert_eq!((status, err.as_str()), (ExitStatus::YES, ""), "{out}");
    assert_eq!(out.matches("passed  ").count(), 18, "{out}");
}

#[test]
fn l13_l18_the_stories_about_places_go_as_they_are_told() {
    let (status, out, err) = siting(&["simulate", PLACES]);
    assert_eq!((status, err.as_str()), (ExitStatus::YES, ""), "{out}");
}

#[test]
fn scenarios_are_skipped_where_they_are_not_wanted() {
    let (_, alone, _) = siting(&["place", TOUR]);
    assert_eq!(alone, "no deployments\n");
}

#[test]
fn only_a_check_minds_a_scenario_that_cannot_be_read() {
    let story = "apiVersion: siting.dev/v1
kind: Scenario
metadata: {name: slips}
spec:
  model: bert
  steps:
    - push: {name: one, versoin: v1}
    - {push: {onReplaced: keep}, built: one}
    - {ready: one, expect: {status: {one: UP}}}
";
    let mut statuses = Status::ALL.map(|status| format!("`{status}`")).to_vec();
    let last = statuses.split_off(Status::ALL.len() - 2).join(" and ");
    statuses.push(last);
    let folder = Folder::of(&[("story.yaml", story), ("broken.yaml", "apiVersion: siting.dev/v1\nkind: Polcy\n")]);
    let answer = folder.run(&["check", "@", "-o", "json"]);
    let errors: Vec<_> = answer.json()["errors"].as_array().unwrap().iter().map(place_and_help).collect();
    assert_eq!(
        errors,
        [
            ("broken.yaml 2:7".to_owned(), "did you mean `Policy`?".to_owned()),
            ("story.yaml 7:25".to_owned(), "did you mean `version`?".to_owned()),
            (
                "story.yaml 8:7".to_owned(),
                "write one command or observation, such as `push`, `promote`, `built`, `ready`".to_owned(),
            ),
            (
                "story.yaml 8:14".to_owned(),
                "name the environment with `promote`, or leave `onReplaced` and `by` out".to_owned()
            ),
            ("story.yaml 9:43".to_owned(), format!("it must be one of {}", statuses.join(", "))),
        ]
    );
    let github = Folder::of(&[("story.yaml", story)]).run(&["check", "@", "--format", "github"]);
    assert_eq!((github.status, github.out.lines().count()), (2, 4), "{}", github.out);
    let placed = Folder::of(&[("story.yaml", story)]).run(&["place", "@"]);
    assert_eq!((placed.status, placed.err.as_str()), (0, ""));
}

fn place_and_help(error: &Value) -> (String, String) {
    let file = error["file"].as_str().unwrap().rsplit('/').next().unwrap();
    (format!("{file} {}:{}", error["line"], error["column"]), error["help"].as_str().unwrap_or_default().to_owned())
}

const WRONG: &str = "
apiVersion: siting.dev/v1
kind: Scenario
metadata: {name: wrong}
spec:
  model: bert
  fleet: unlimited
  steps:
    - push: {name: one, version: v1}
    - {at: 5m, wake: one}
    - at: 6m
      built: one
      expect: {status: {one: ACTIVE}, routes: {deployment/one: one}, refused: L8}
";

#[test]
fn a_story_that_goes_another_way_is_told_readably() {
    let folder = Folder::of(&[("wrong.yaml", WRONG)]);
    let answer = folder.run(&["simulate", "@"]);
    assert_eq!(answer.status, 1);
    assert_eq!(
        answer.out,
        "failed  wrong, 3 steps
  step 2 (wrong.yaml:10:7), wake one
    outcome
      expected  accepted
      found     refused: `bert-1` is BUILDING: no `wake` follows (L8); wait until it is active
  step 3 (wrong.yaml:11:7), one is built
    outcome
      expected  refused by L8
      found     accepted
    status of one
      expected  ACTIVE
      found     DEPLOYING
    what deployment/one leads to
      expected  one
      found     not-ready

0 passed, 1 failed
"
    );
    let report = folder.run(&["simulate", "@", "-o", "json"]).json();
    assert_eq!((&report["kind"], &report["scenarios"][0]["passed"]), (&json!("SimulationReport"), &json!(false)));
    assert_eq!(report["scenarios"][0]["steps"][1]["refused"]["rule"], "L8");
    assert_eq!(report["scenarios"][0]["steps"][2]["at"], 360_000);
}

#[test]
fn what_is_wrong_with_a_scenario_is_said_with_its_place() {
    let text = WRONG.replace("wake: one", "wakeup: one").replace("ACTIVE", "ACTIV");
    let answer = Folder::of(&[("wrong.yaml", text)]).run(&["simulate", "@", "-o", "json"]);
    assert_eq!(answer.status, 2);
    let messages: Vec<_> =
        answer.json()["errors"].as_array().unwrap().iter().map(|error| error["message"].clone()).collect();
    assert!(messages.contains(&json!("a step has no field `wakeup`")), "{messages:?}");
    assert!(messages.contains(&json!("`one` cannot be `ACTIV`")), "{messages:?}");
    let none = Folder::of(&[("empty.yaml", "")]).run(&["simulate", "@"]);
    assert_eq!(none.status, 2);
}

#[test]
fn describe_shows_the_details_panel() {
    let deployment = "
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: bert-api-v1, displayName: BERT Sentiment API}
spec:
  model: model-001
  version: v2.1.0
  resources: {cpu: 4, memory: 16Gi, storage: 200Gi, bandwidth: 1Gbps, gpu: {count: 2, type: a100}}
  scaling: {minReplicas: 2, maxReplicas: 10, targetCpuUtilization: 70, targetMemoryUtilization: 80}
  loadBalancer: {algorithm: round-robin, healthCheck: {path: /health, intervalSeconds: 30}, stickySessions: true}
  strategy: {type: rolling}
  env: {TOKEN: hunter2}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: a100}]}
---
apiVersion: siting.dev/v1
kind: Scenario
metadata: {name: first}
spec:
  model: model-001
  start: 2026-01-05T09:00:00Z
  steps: [{push: {from: bert-api-v1, promote: production}}, {at: 1m, built: bert-api-v1}, {at: 2m, ready: bert-api-v1}]
";
    let folder = Folder::of(&[("bert.yaml", deployment)]);
    let before = folder.run(&["describe", "@", "-d", "bert-api-v1"]);
    let after = folder.run(&["describe", "@", "-d", "bert-api-v1", "--after", "first"]);
    assert_eq!((before.status, after.status), (0, 0), "{before:?} {after:?}");
    insta::assert_snapshot!("describe_before", before.out);
    insta::assert_snapshot!("describe_after", after.out);
    let json = folder.run(&["describe", "@", "-d", "bert-api-v1", "--after", "first", "-o", "json"]);
    assert_eq!(json.json()["deployment"]["status"], "ACTIVE");
    assert_eq!(json.json()["deployment"]["settings"]["variables"], json!(["TOKEN"]));
    assert!(![before.out, after.out, json.out].iter().any(|text| text.contains("hunter2")), "secrets stay unseen");
}

/// P11, L13: what a change would do is told beforehand, and nothing changes by asking.
#[test]
fn p11_the_impact_of_other_policies_on_what_runs() {
    let text = std::fs::read_to_string(format!("{PLACES}/places.yaml")).unwrap();
    let mut workspace = Workspace::from_sources(&[Source::new("places.yaml", text)], LoadOptions::default()).unwrap();
    let bert = workspace.workload("model", &"bert".parse::<Name>().unwrap()).unwrap();
    let mut now = Moment::default();
    let mut act = |workspace: &mut Workspace, action| {
        now = now.after(std::time::Duration::from_secs(1));
        workspace.carry_out(now, &bert, action).unwrap()
    };
    let staging: Name = "staging".parse().unwrap();
    let push = Push { environment: Some(staging), ..Push::new(PushKind::Published, "v1") };
    act(&mut workspace, Action::Push(push));
    let number = workspace.life(&bert).unwrap().state().find("bert-1").unwrap();
    let observe = |generation, observation| Action::Observe { deployment: number, generation, observation };
    act(&mut workspace, observe(1, Observation::Built));
    act(&mut workspace, observe(2, Observation::Ready));
    let change = |policy: &str| PolicyChange {
        environment: Some("staging".to_owned()),
        policies: vec![(policy.to_owned(), Enforcement::Enforce.into())],
    };
    let now = Moment::from_millis(9_000);
    let impact = workspace.impact(now, &change("norway")).unwrap();
    assert_eq!((impact.len(), &impact[0].remedy), (1, &Remedy::Move));
    assert_eq!(workspace.impact(now, &change("africa")).unwrap()[0].remedy, Remedy::Stop);
    assert!(workspace.impact(now, &change("europe")).unwrap().is_empty());
    let unknown = workspace.impact(now, &change("norwai")).unwrap_err();
    assert_eq!(unknown.to_string(), "no policy is called `norwai`; did you mean `norway`?", "W1");
    assert!(workspace.violations(now).is_empty(), "nothing has changed");
    let refused = workspace.clone().remove_environment("staging").unwrap_err();
    assert!(refused.to_string().contains("`bert/bert-1`"), "E1 holds for what is live, too: {refused}");
}

/// L13: where policies change in the words of a scenario, only what runs of its workload is moved, and the effects are
/// its own: deployments of others have the same numbers.
#[test]
fn l13_other_policies_move_only_what_the_effects_speak_of() {
    let text = std::fs::read_to_string(format!("{PLACES}/places.yaml")).unwrap();
    let mut workspace = Workspace::from_sources(&[Source::new("places.yaml", text)], LoadOptions::default()).unwrap();
    let workloads = ["bert", "other"].map(|name| workspace.workload("model", &name.parse::<Name>().unwrap()).unwrap());
    let now = Moment::from_millis(1000);
    for workload in &workloads {
        let staging = Some("staging".parse().unwrap());
        let push = Push { environment: staging, ..Push::new(PushKind::Published, "v1") };
        workspace.carry_out(now, workload, Action::Push(push)).unwrap();
        for (generation, observation) in [(1, Observation::Built), (2, Observation::Ready)] {
            let deployment = siting::lifecycle::Number::new(1);
            let observe = Action::Observe { deployment, generation, observation };
            workspace.carry_out(now, workload, observe).unwrap();
        }
    }
    let nordic = AttachmentSpec::enforced("nordic");
    let happening = Happening::SetPolicies { environment: "staging".to_owned().into(), policies: vec![nordic] };
    let effects = carry_out(&mut workspace, &workloads[0], now, &happening).unwrap();
    let starts = effects.iter().filter(|effect| matches!(effect, Effect::Start { .. })).count();
    assert_eq!(starts, 1, "{effects:?}");
    let [of_bert, of_other] = workloads.each_ref().map(|workload| workspace.violations_of(now, workload));
    assert_eq!(
        (of_bert[0].remedy.clone(), of_other[0].remedy.clone()),
        (Remedy::Report { reason: None }, Remedy::Move)
    );
    let settled = workspace.settle_violations_of(now, &workloads[1]);
    assert!(settled.iter().all(|(violation, done)| violation.workload == workloads[1] && done.is_ok()));
    assert_eq!(settled.len(), 1);
}
