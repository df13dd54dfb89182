//! `siting test`: tests of policies, as users run them (A4).

use crate::support::{Answer, Folder};

const FLEET: &str = "\
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: europe}
spec:
  type: location
  locations: [{type: group, name: eea}, {type: country, name: ch}]
  except: [{type: country, name: is}]
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: any-gpu}
spec: {type: flavor, flavors: [{type: gpu, name: any}], resourceTypes: [model]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [europe, any-gpu], require: [location]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: staging}
spec: {require: [location]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: ohio}
spec: {provider: onprem, country: us, flavors: [{type: gpu, name: t4}]}
";

fn test(cases: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: PolicyTest\nmetadata: {{name: gdpr}}\nspec:\n  cases:\n{cases}")
}

/// Runs the cases with some more arguments.
fn run(cases: &str, args: &[&str]) -> Answer {
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("gdpr.yaml", &test(cases))]);
    folder.run(&[&["test", "@"], args].concat())
}

/// Holds everything that the fleet's policies say.
const ALL: &str = "
    - name: models stay in Europe
      deployment: bert/v1
      allowed: [{type: country, name: de}, {type: country, name: ch}, {type: cluster, name: paris}]
      denied:
        - {type: country, name: us, by: [{name: europe, level: environment}]}
        - {type: country, name: is}
        - {type: cluster, name: ohio, by: [europe]}
        - {type: cpu, name: any, by: [any-gpu]}
      verdict: placed
    - environment: staging
      resourceType: agent
      verdict: refused
      refusedBy: [policy-required]
";

#[test]
fn a4_cases_that_hold_all_cover_all() {
    let answer = run(ALL, &["--coverage-at-least", "100"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(
        answer.out,
        "gdpr\n  ok models stay in Europe\n  ok case 2: staging\n\n2 cases passed\n\nCoverage 100%: 12 of 12\n"
    );
}

#[test]
fn a4_what_no_case_holds_is_listed_and_can_fail() {
    let cases = "    - environment: production\n      allowed: [{type: country, name: de}]\n";
    let answer = run(cases, &["--coverage-at-least", "50"]);
    assert_eq!(answer.status, 1);
    assert!(answer.out.contains("Coverage 41%: 5 of 12, and 50% is wanted\n"), "{}", answer.out);
    for line in [
        "option country ch of europe",
        "exception country is of europe",
        "attachment of any-gpu to environment production",
        "reason location-not-allowed",
        "reason policy-required",
    ] {
        assert!(answer.out.contains(&format!("  {line}\n")), "{line}: {}", answer.out);
    }
    assert_eq!(run(cases, &["--coverage-at-least", "41"]).status, 0);
    assert_eq!(run(cases, &[]).status, 0);
}

#[test]
fn a4_a_case_that_fails_says_what_is_otherwise_and_why() {
    let cases = "
    - name: everywhere
      deployment: v1
      allowed: [{type: country, name: us}, {type: continent, name: eu}]
      denied: [{type: country, name: ch}, {type: country, name: us, by: [any-gpu]}]
      refusedBy: [location-not-allowed]
";
    let answer = run(cases, &["-o", "json"]);
    assert_eq!(answer.status, 1);
    let case = &answer.json()["tests"][0]["cases"][0];
    assert_eq!((case["passed"].as_bool(), case["line"].as_u64()), (Some(false), Some(7)));
    let failures: Vec<_> = case["failures"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(
        failures,
        [
            "`country us` is not allowed: excluded by `europe` (environment)",
            "`continent eu` is not allowed whole: excluded by `europe` (environment)",
            "`country ch` is allowed",
            "`country us` is denied, but not by `any-gpu`: excluded by `europe` (environment)",
            "it is placed, not refused by `location-not-allowed`",
        ]
    );
}

#[test]
fn a4_ci_systems_read_junit() {
    let cases = "    - name: a < b\n      environment: production\n      allowed: [{type: country, name: us}]\n";
    let answer = run(cases, &["-o", "junit", "--coverage-at-least", "1"]);
    assert_eq!(answer.status, 1);
    let lines: Vec<_> = answer.out.lines().map(str::trim_start).collect();
    assert_eq!(lines[0], "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    assert_eq!(lines[1], "<testsuites name=\"siting\" tests=\"2\" failures=\"2\">");
    assert_eq!(lines[3], "<testcase classname=\"gdpr\" name=\"a &lt; b\" file=\"gdpr.yaml\" line=\"6\">");
    assert!(lines[4].starts_with("<failure message=\"`country us` is not allowed: excluded by"), "{}", lines[4]);
    let other = Folder::of(&[("fleet.yaml", FLEET)]).run(&["place", "@", "-o", "junit"]);
    assert_eq!((other.status, other.out.as_str()), (2, ""));
    assert!(other.err.contains("this command has no output format `junit`"), "{}", other.err);
}

#[test]
fn names_and_fields_of_cases_are_checked_all_at_once() {
    let cases = "
    - deployment: bert/v2
      allowed: [{type: country, name: narnia}, {type: cluster, name: pari}]
    - environment: prodution
      policies: [europ]
      denied: [{type: gpu, name: t5, by: [any-gp]}]
";
    let answer = run(cases, &[]);
    assert_eq!(answer.status, 2);
    for message in [
        "no deployment is called `bert/v2`",
        "no country is called `narnia`",
        "no cluster is called `pari`",
        "no environment is called `prodution`",
        "no policy is called `europ`",
        "no gpu flavor is called `t5`",
        "no policy is called `any-gp`",
    ] {
        assert!(answer.err.contains(message), "{message}: {}", answer.err);
    }
    let cases = "
    - deployment: v1
      environment: production
    - allowed: [{type: country, name: us}]
    - deployment: v1
      policies: [europe]
      refusedBy: [location-not-allow]
    - environment: staging
      verdict: placed
      refusedBy: [{code: policy-required}]
";
    let answer = run(cases, &[]);
    assert_eq!(answer.status, 2);
    for message in [
        "the deployment has an environment already",
        "a case expects nothing",
        "a case says not whom it is about",
        "no reason is called `location-not-allow`",
        "what is placed is not refused",
    ] {
        assert!(answer.err.contains(message), "{message}: {}", answer.err);
    }
    // Who validates sees it, too; who places does not read them.
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("gdpr.yaml", &test(cases))]);
    assert_eq!(folder.run(&["check", "@"]).status, 2);
    assert_eq!(folder.run(&["place", "@"]).status, 0);
}

#[test]
fn a_load_without_policy_tests_says_so() {
    let answer = Folder::of(&[("fleet.yaml", FLEET)]).run(&["test", "@"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("there are no policy tests in these files"), "{}", answer.err);
}
