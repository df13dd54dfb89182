//! Reports that are about more than policies and places are verified, and refuted in every field that is tampered with (D8).

use serde_json::{Value, json};
use siting::manifest;
use siting::report::{Evidence, VerifyError, verify, verify_with};
use siting::workspace::{LoadOptions, Workspace};

use crate::support::Folder;
use crate::tampering::all_tampered;
use crate::verify::FLEET;

/// A case that passes, one that fails, and what no case holds.
const TESTS: &str = "apiVersion: siting.dev/v1
kind: PolicyTest
metadata: {name: gdpr}
spec:
  cases:
    - {deployment: bert/v1, allowed: [{type: country, name: de}], denied: [{type: country, name: us, by: [germany]}]}
    - {name: nowhere, environment: production, verdict: placed, allowed: [{type: country, name: 'no'}]}
";

const STORIES: &str = "apiVersion: siting.dev/v1
kind: Scenario
metadata: {name: story}
spec:
  model: bert
  fleet: unlimited
  start: 2026-01-05T09:00:00Z
  host: {tickSeconds: 60}
  steps:
    - push: {name: one, version: v1, promote: production}
    - {at: 1m, traffic: {requestsPerSecond: 5}}
    - {at: 3m, wait: true, expect: {status: {one: ACTIVE}}}
    - {at: 4m, delete: one, expect: {status: {one: DELETED}}}
";

const MOVES: &str = "
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1}}, placement: {prefer: [price]}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v2}
spec: {model: bert, resources: {cpu: 1, memory: 1Gi}, placement: {prefer: [price]}}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: ovh, country: fr, pools: [
  {name: a, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 8Gi, gpu: {type: t4, count: 1}, pricePerHour: '3'},
  {name: b, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 8Gi, pricePerHour: '1'}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: lyon}
spec: {provider: ovh, country: fr, pools: [
  {name: a, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 8Gi, gpu: {type: t4, count: 1}, pricePerHour: '1'},
  {name: b, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 8Gi, pricePerHour: '0.9'}]}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: v1-a}
spec: {deployment: bert/v1, cluster: paris, pool: a, replicas: 1}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: v2-a}
spec: {deployment: bert/v2, cluster: paris, pool: b, replicas: 1}
";

fn loaded(folder: &Folder, files: &[&str]) -> (Workspace, Vec<manifest::Source>) {
    let paths: Vec<_> = files.iter().map(|file| folder.0.join(file)).collect();
    let gathered = manifest::gather(&paths);
    (Workspace::from_gathered(&gathered, LoadOptions::default()).unwrap(), gathered.sources)
}

/// What was printed, with files named as they were given: what a folder runs leaves its own path out.
fn in_full(folder: &Folder, printed: &str, files: &[&str]) -> String {
    files.iter().fold(printed.to_owned(), |text, file| {
        text.replace(&format!("\"{file}\""), &format!("\"{}\"", folder.0.join(file).display()))
    })
}

/// What a line of the command line prints is confirmed by the next, and refuted in each field but some.
fn hold(folder: &Folder, line: &[&str], files: &[&str], except: &[&str]) -> Value {
    let paths: Vec<String> = files.iter().map(|file| format!("@/{file}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let claim: Value = {
        let printed = folder.run(&[line, paths.as_slice(), &["-o", "json"]].concat());
        assert!(printed.status < 2, "{line:?}: {printed:?}");
        serde_json::from_str(&in_full(folder, &printed.out, files)).unwrap()
    };
    std::fs::write(folder.0.join("claim.txt"), claim.to_string()).unwrap();
    let answer = folder.run(&[&["verify", "@/claim.txt"], paths.as_slice(), &["-o", "json"]].concat());
    assert_eq!((answer.status, &answer.json()["of"]), (0, &claim["kind"]), "{line:?}: {answer:?}");
    let (workspace, sources) = loaded(folder, files);
    let evidence = Evidence::of(&claim, &sources).unwrap();
    assert_eq!(verify_with(&workspace, &evidence, &claim).unwrap().refuted, [], "{line:?}");
    for (what, changed) in all_tampered(&claim) {
        if except.iter().any(|start| what.starts_with(start)) {
            continue;
        }
        let refuted = verify_with(&workspace, &evidence, &changed).map_or(true, |report| !report.verified);
        assert!(refuted, "{line:?}: {what} is not refuted");
    }
    claim
}

/// D8, A4: a report of policy tests is verified by running them again.
#[test]
fn d8_each_field_of_a_report_of_policy_tests_that_is_tampered_with_is_refuted() {
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("tests.yaml", TESTS), ("none.yaml", "")]);
    let claim = hold(&folder, &["test"], &["fleet.yaml", "tests.yaml"], &[]);
    assert_eq!((&claim["passed"], &claim["tests"][0]["cases"][0]["passed"]), (&json!(false), &json!(true)));
    for list in ["/tests/0/cases/1/failures", "/coverage/uncovered", "/coverage/redundant"] {
        assert!(
            claim.pointer(list).and_then(Value::as_array).is_some_and(|found| !found.is_empty()),
            "{list}: {claim:#}"
        );
    }
    // Without the tests there is nothing to run, and a test that expects something else is another one.
    let answer = folder.run(&["verify", "@/claim.txt", "@/fleet.yaml"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    let missing = "a report of policy tests can be verified only with the policy tests that it is about";
    assert!(answer.err.contains(missing), "{}", answer.err);
    std::fs::write(folder.0.join("tests.yaml"), TESTS.replace("verdict: placed", "verdict: refused")).unwrap();
    assert_eq!(folder.run(&["verify", "@/claim.txt", "@/fleet.yaml", "@/tests.yaml"]).status, 1);
    std::fs::write(folder.0.join("tests.yaml"), TESTS.replace("cases:", "case:")).unwrap();
    let broken = folder.run(&["verify", "@/claim.txt", "@/fleet.yaml", "@/tests.yaml"]);
    assert!(broken.status == 2 && broken.err.contains("tests.yaml:5:3"), "{broken:?}");
}

/// D8: a description is verified as one of the deployment here, or of the one that a scenario leaves.
#[test]
fn d8_each_field_of_a_description_that_is_tampered_with_is_refuted() {
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("stories.yaml", STORIES.split("    - {at: 4m").next().unwrap())]);
    for name in ["v1", "v2"] {
        hold(&folder, &["describe", "-d", name], &["fleet.yaml"], &[]);
    }
    let after = ["describe", "-d", "one", "--after", "story"];
    let claim = hold(&folder, &after, &["fleet.yaml", "stories.yaml"], &[]);
    assert_eq!((&claim["after"], &claim["deployment"]["status"]), (&json!("story"), &json!("ACTIVE")));
    let answer = folder.run(&["verify", "@/claim.txt", "@/fleet.yaml"]);
    assert!(answer.status == 2 && answer.err.contains("only with the scenario `story`"), "{answer:?}");
}

/// D8: a report of scenarios is verified by running them again.
#[test]
fn d8_each_field_of_a_report_of_scenarios_that_is_tampered_with_is_refuted() {
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("stories.yaml", STORIES)]);
    let claim = hold(&folder, &["simulate"], &["fleet.yaml", "stories.yaml"], &[]);
    assert!(claim["scenarios"][0]["series"].is_object(), "{claim:#}");
    let refused = claim["scenarios"][0]["steps"].as_array().unwrap().iter().any(|step| !step["refused"].is_null());
    assert!(refused, "{claim:#}");
    let answer = folder.run(&["verify", "@/claim.txt", "@/fleet.yaml"]);
    assert!(answer.status == 2 && answer.err.contains("only with the scenarios"), "{answer:?}");
}

/// D8: the moves that `place --optimize` lists are verified with the decisions; so is what `check` found, and what runs
/// beyond its policies.
#[test]
fn d8_each_field_of_moves_checks_and_what_runs_beyond_that_is_tampered_with_is_refuted() {
    let beyond = FLEET.replace("cluster: berlin, pool: a, replicas: 1", "cluster: oslo, pool: a, replicas: 1");
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("moves.yaml", MOVES), ("beyond.yaml", &beyond)]);
    // That it was made in another way is no lie where that comes to the same.
    let same = ["/made/alone", "/made/optimize", "/made/partial", "/plan/withinHours changed"];
    let claim = hold(&folder, &["place", "--optimize", "--payback", "5"], &["moves.yaml"], &same);
    for list in ["moves", "tooLate"] {
        assert!(claim["plan"][list].as_array().is_some_and(|moves| moves.len() == 1), "{list}: {claim:#}");
    }
    let claim = hold(&folder, &["check"], &["fleet.yaml"], &[]);
    assert!(claim["findings"].as_array().is_some_and(|found| found.len() > 1), "{claim:#}");
    let claim = hold(&folder, &["certify"], &["beyond.yaml"], &[]);
    assert_eq!(claim["kind"], "BeyondReport");
    // It ran beyond, and does no more.
    assert_eq!(folder.run(&["verify", "@/claim.txt", "@/fleet.yaml"]).status, 1);
}

/// D8: with documents put, tests, descriptions, drills and drains are those of the changed manifests, and verified so.
#[test]
fn d8_tests_descriptions_drills_and_drains_are_made_and_verified_with_documents_put() {
    let put = "{apiVersion: siting.dev/v1, kind: Policy, metadata: {name: germany}, spec: {type: location, locations: \
        [{type: country, name: us}]}}";
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("tests.yaml", TESTS), ("put.yaml", put)]);
    let both = ["@/fleet.yaml", "@/tests.yaml"];
    let lines: [&[&str]; 4] = [
        &["test", both[0], both[1]],
        &["describe", both[0], both[1], "-d", "v1"],
        &["drill", both[0], both[1]],
        &["drain", both[0], both[1], "berlin"],
    ];
    for line in lines {
        let put = folder.run(&[line, &["--what-if", "@/put.yaml", "-o", "json"]].concat());
        assert!(put.status < 2, "{line:?}: {put:?}");
        assert_ne!(put.out, folder.run(&[line, &["-o", "json"]].concat()).out, "{line:?}");
        std::fs::write(folder.0.join("claim.txt"), in_full(&folder, &put.out, &["tests.yaml"])).unwrap();
        let verify = ["verify", "@/claim.txt", both[0], both[1]];
        assert_eq!(folder.run(&[&verify[..], &["--what-if", "@/put.yaml"]].concat()).status, 0, "{line:?}");
        assert_eq!(folder.run(&verify).status, 1, "{line:?}");
    }
}

/// An answer that is kept among the manifests is told from a misspelt one, whatever answer it is.
#[test]
fn answers_among_manifests_are_told_as_such() {
    for kind in siting::report::kinds() {
        let text = format!("{{\"apiVersion\": \"siting.dev/v1\", \"kind\": \"{kind}\"}}");
        let error = text.parse::<Workspace>().unwrap_err();
        let help = error.problems[0].help.as_deref().unwrap_or_default();
        assert!(help.starts_with("this is an answer that was printed"), "{kind}: {help}");
    }
}

/// D8: what claims nothing of manifests is refused by name, with the reason.
#[test]
fn d8_reports_that_claim_nothing_are_refused_by_name() {
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("broken.yaml", "kind: Police")]);
    let placed = folder.run(&["place", "@/fleet.yaml", "-o", "json"]).out;
    std::fs::write(folder.0.join("place.txt"), placed).unwrap();
    let workspace: Workspace = FLEET.parse().unwrap();
    let lines: [(&[&str], &str); 3] = [
        (&["catalog", "groups"], "Catalog"),
        (&["check", "@/broken.yaml"], "ErrorReport"),
        (&["verify", "@/place.txt", "@/fleet.yaml"], "VerificationReport"),
    ];
    for (line, named) in lines {
        let claim = folder.run(&[line, &["-o", "json"]].concat()).json();
        let Err(VerifyError::NoClaim { kind, reason }) = verify(&workspace, &claim) else {
            panic!("{line:?}: {claim}")
        };
        assert_eq!(kind, named);
        std::fs::write(folder.0.join("claim.txt"), claim.to_string()).unwrap();
        let answer = folder.run(&["verify", "@/claim.txt", "@/fleet.yaml"]);
        assert!(answer.status == 2 && answer.err.contains(reason), "{answer:?}");
    }
}
