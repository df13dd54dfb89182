//! The worked examples of the source documents (P14), each a test named after its document.

use std::collections::BTreeSet;

use siting::manifest::Source;
use siting::placement::Code;
use siting::workspace::{LoadOptions, Outcome, Workspace};

/// Every country that the examples speak of or leave out, with a T4, an A100 and a plain processor.
const COUNTRIES: [&str; 8] = ["us", "ca", "mx", "fr", "gb", "in", "jp", "br"];

/// The examples' policies, under both documents' names.
const POLICIES: &str = "
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: A}
spec: {type: location, locations: [{type: country, name: us}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: B}
spec: {type: location, locations: [{type: continent, name: na}, {type: continent, name: eu}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: C}
spec: {type: flavor, flavors: [{type: gpu, name: t4}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: Asia only}
spec: {type: location, locations: [{type: continent, name: as}]}
";

fn fleet() -> String {
    let cluster = |country: &&str| {
        format!(
            "---\napiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: in-{country}}}\nspec:\n  provider: p\n  \
             country: \"{country}\"\n  flavors: [{{type: cpu, name: x86}}, {{type: gpu, name: t4}}, {{type: gpu, name: a100}}]\n"
        )
    };
    COUNTRIES.iter().map(cluster).collect()
}

/// The candidates of one model under an environment's policies and its own, as `country flavor`.
fn candidates(environment: &str, own: &str) -> BTreeSet<String> {
    let text = format!(
        "{POLICIES}---\napiVersion: siting.dev/v1\nkind: Environment\nmetadata: {{name: development}}\nspec: {{policies: [{environment}]}}\n\
         ---\napiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {{name: d}}\n\
         spec: {{model: m, environment: development, policies: [{own}]}}\n{}",
        fleet()
    );
    let outcome = place(&text, "m/d");
    let fleet = outcome.decision.fleet();
    let named = outcome.decision.candidates().iter().map(|pair| {
        let pair = fleet.pair(pair).unwrap();
        let country = fleet.catalog().country_code(fleet.cluster(pair.cluster).unwrap().country);
        format!("{country} {}", fleet.catalog().flavor_code(pair.flavor))
    });
    named.collect()
}

fn place(text: &str, address: &str) -> Outcome {
    let workspace = Workspace::from_sources(&[Source::new("seed.yaml", text)], LoadOptions::default()).unwrap();
    workspace.place(workspace.find_deployment(address).unwrap()).unwrap()
}

fn expected(countries: &[&str], flavors: &[&str]) -> BTreeSet<String> {
    countries.iter().flat_map(|country| flavors.iter().map(move |flavor| format!("{country} {flavor}"))).collect()
}

const ANY: &[&str] = &["x86", "t4", "a100"];
const NORTH_AMERICA_OR_EUROPE: &[&str] = &["us", "ca", "mx", "fr", "gb"];

#[test]
fn p14_seed_000_us_or_asia_and_t4() {
    assert_eq!(candidates("A, Asia only, C", ""), expected(&["us", "in", "jp"], &["t4"]));
}

#[test]
fn p14_seed_001_same_environment_a_and_b() {
    assert_eq!(candidates("A, B", ""), expected(NORTH_AMERICA_OR_EUROPE, ANY));
}

#[test]
fn p14_seed_001_same_environment_b_and_c() {
    assert_eq!(candidates("B, C", ""), expected(NORTH_AMERICA_OR_EUROPE, &["t4"]));
}

#[test]
fn p14_seed_001_same_environment_a_and_c() {
    assert_eq!(candidates("A, C", ""), expected(&["us"], &["t4"]));
}

#[test]
fn p14_seed_001_same_environment_a_and_b_and_c() {
    assert_eq!(candidates("A, B, C", ""), expected(NORTH_AMERICA_OR_EUROPE, &["t4"]));
}

#[test]
fn p14_seed_001_environment_a_and_deployment_b() {
    assert_eq!(candidates("A", "B"), expected(&["us"], ANY));
}

#[test]
fn p14_seed_001_environment_b_and_deployment_a() {
    assert_eq!(candidates("B", "A"), expected(&["us"], ANY));
}

#[test]
fn p14_seed_001_environment_b_and_deployment_c() {
    assert_eq!(candidates("B", "C"), expected(NORTH_AMERICA_OR_EUROPE, &["t4"]));
}

#[test]
fn p14_seed_001_environment_a_and_deployment_b_and_c() {
    assert_eq!(candidates("A", "B, C"), expected(&["us"], &["t4"]));
}

/// Without any policy, everything is allowed (seed 000; P6).
#[test]
fn p6_no_policies_no_restrictions() {
    assert_eq!(candidates("", ""), expected(&COUNTRIES, ANY));
}

/// The three manifests of the controller page, and what their comment says they mean.
const SEED_003: &str = include_str!("seed-003.yaml");

#[test]
fn p14_seed_003_a_missing_remote_policy_is_unresolved() {
    let outcome = place(&format!("{SEED_003}{}", fleet()), "my-model-on-Beamlit/my-model");
    let refusal = outcome.decision.refusal().expect("a refusal");
    assert_eq!(refusal.reasons[0].code, Code::PolicyUnresolved);
    assert_eq!(refusal.reasons[0].policies[0].policy.as_str(), "my-policy-on-beamlit");
}

#[test]
fn p14_seed_003_with_the_remote_policy_loaded_the_scope_is_north_america() {
    let remote = "
---
apiVersion: authorization.beamlit.com/v1alpha1
kind: Policy
metadata: {name: my-policy-on-beamlit}
spec: {type: flavor, locations: [], flavors: [{type: gpu, name: t4}]}
";
    let outcome = place(&format!("{SEED_003}{remote}{}", fleet()), "my-model-on-Beamlit/my-model");
    assert!(outcome.decision.is_placed());
    let fleet = outcome.decision.fleet();
    let countries = outcome.decision.candidates().iter().map(|pair| {
        let pair = fleet.pair(pair).unwrap();
        assert_eq!(fleet.catalog().flavor_code(pair.flavor), "t4");
        fleet.catalog().country_code(fleet.cluster(pair.cluster).unwrap().country)
    });
    // `us` lies in `na`, so the union of the two is `na`.
    assert_eq!(countries.collect::<BTreeSet<_>>(), BTreeSet::from(["ca", "mx", "us"]));
    // The replicas are the remote side's `minNumReplicas`, which is 0 by default: it would wake here.
    assert_eq!(outcome.decision.placements()[0].replicas, 0);
}

/// Where the shared copy of the page is at hand, ours must say the same.
#[test]
fn seed_003_is_the_page() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/seed-003-manifests.yaml");
    match std::fs::read_to_string(shared) {
        Err(_) => println!("skipped: the shared reference is not here"),
        Ok(text) => {
            let read = |text: &str| siting::manifest::read_str("seed.yaml", text).specs;
            assert_eq!(read(SEED_003), read(&text));
        }
    }
}
