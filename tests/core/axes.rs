//! Providers, jurisdictions and ways of buying nodes, as policies speak of them (P15).

use siting::analysis;
use siting::catalog::{Catalog, ChoiceKind};
use siting::manifest::Source;
use siting::workspace::{LoadError, LoadOptions, Workspace};

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn load(documents: &[String]) -> Result<Workspace, LoadError> {
    Workspace::from_sources(&[Source::new("fleet.yaml", documents.join("---\n"))], LoadOptions::default())
}

fn cluster(provider: &str) -> String {
    document("Cluster", "c", &format!("provider: {provider}, country: fr, flavors: [{{type: gpu, name: h100}}]"))
}

/// The codes and messages of what `check` finds.
fn found(documents: &[String], code: &str) -> Vec<String> {
    let findings = analysis::check(&load(documents).unwrap()).into_iter();
    findings.filter(|finding| finding.code == code).map(|finding| finding.message).collect()
}

/// The first problem of a load, with what would be right.
fn problem(documents: &[String]) -> (String, String) {
    let problem = load(documents).unwrap_err().problems.remove(0);
    (problem.message, problem.help.unwrap())
}

/// P15: what a provider has in a country where another company runs it is that company's, whatever says so: the region,
/// a zone of it, or the country alone.
#[test]
fn p15_what_another_company_runs_is_no_providers_own() {
    let scoped = |cluster: &str| {
        let documents = [
            document("Policy", "law", "type: provider, providers: [{type: jurisdiction, name: us}]"),
            document("Environment", "production", "policies: [law]"),
            document("Deployment", "d", "model: m"),
            document("Cluster", "c", &format!("{cluster}, flavors: [{{type: gpu, name: t4}}]")),
        ];
        let workspace = load(&documents).unwrap();
        let id = workspace.find_deployment("m/d").unwrap();
        workspace.place(id).unwrap().decision.is_placed()
    };
    for china in ["aws, country: cn", "aws, location: cn-north-1", "amazon, country: CHN", "azure, country: cn"] {
        assert!(!scoped(&format!("provider: {china}")), "{china}");
    }
    for own in ["aws, country: us", "azure, country: fr", "gcp, country: fr", "azure, country: de", "gcp, country: cn"]
    {
        assert!(scoped(&format!("provider: {own}")), "{own}");
    }
}

/// P1, P15, C6: an exception takes out more than what lies under its option: of a jurisdiction the providers of which
/// none is known, of hardware what is known only by a node above.
#[test]
fn p1_an_exception_that_takes_out_what_is_not_known_is_not_undone() {
    let policies = |kind: &str, but: &str, other: &str| {
        [
            document("Policy", "but", &format!("type: {kind}, {but}")),
            document("Policy", "other", &format!("type: {kind}, {other}")),
            document("Environment", "production", "policies: [but, other]"),
            cluster("acme"),
        ]
    };
    let laws = policies(
        "provider",
        "providers: [{type: provider, name: aws}, {type: provider, name: acme}, {type: provider, name: ovh}], except: [{type: jurisdiction, name: us}]",
        "providers: [{type: provider, name: aws}]",
    );
    assert_eq!(found(&laws, "exception-undone"), [""; 0]);
    let hardware = policies(
        "flavor",
        "flavors: [{type: gpu, name: h100}], except: [{type: gpu, name: h100-nvl}]",
        "flavors: [{type: gpu, name: h100-nvl}]",
    );
    assert_eq!(found(&hardware, "exception-undone"), [""; 0]);
    let undone = policies(
        "provider",
        "providers: [{type: jurisdiction, name: eu27}], except: [{type: provider, name: ovh}]",
        "providers: [{type: provider, name: ovh}]",
    );
    assert_eq!(found(&undone, "exception-undone").len(), 1);
}

#[test]
fn p15_providers_of_no_known_jurisdiction_are_found_where_policies_speak_of_one() {
    let policy = document("Policy", "p", "type: provider, providers: [{type: jurisdiction, name: eu27}]");
    let said = "policy `p` speaks of a jurisdiction, and none is known of provider `acme`";
    assert_eq!(found(&[policy.clone(), cluster("acme")], "jurisdiction-unknown"), [said]);
    assert_eq!(found(&[policy.clone(), cluster("ovh")], "jurisdiction-unknown"), [""; 0]);
    let declared = document("Workspace", "w", "providers: [{name: Acme, jurisdiction: FRA}]");
    let all = [policy, declared, cluster("acme")];
    assert_eq!(found(&all, "jurisdiction-unknown"), [""; 0]);
    // What is declared is known, however it is spelt.
    assert_eq!(found(&all, "names-alike"), [""; 0]);
    let plain = document("Policy", "q", "type: provider, providers: [{type: provider, name: ovh}]");
    assert_eq!(found(&[plain, cluster("acme")], "jurisdiction-unknown"), [""; 0]);
}

#[test]
fn p15_a_jurisdiction_that_is_known_cannot_be_declared_otherwise() {
    let declared = |spec: &str| [document("Workspace", "w", &format!("providers: [{spec}]"))];
    let (message, help) = problem(&declared("{name: gcp, jurisdiction: de}"));
    assert_eq!(message, "`gcp` does not answer to the law of `de`");
    assert_eq!(help, "its owner answers to `us`; leave it out, or take another name");
    assert!(load(&declared("{name: gcp, jurisdiction: USA}")).is_ok());
    // The built-in table leaves that of Exoscale open.
    let policy = document("Policy", "p", "type: provider, providers: [{type: jurisdiction, name: at}]");
    let environment = document("Environment", "production", "policies: [p]");
    let deployment = document("Deployment", "d", "model: m");
    let [workspace] = declared("{name: exoscale, jurisdiction: at}");
    let loaded = load(&[workspace, policy, environment, deployment, cluster("exoscale")]).unwrap();
    assert!(loaded.place("d").unwrap().decision.is_placed());
}

/// P9: of a jurisdiction that no known provider answers to, nothing is allowed.
#[test]
fn p9_a_jurisdiction_without_providers_allows_nothing() {
    let (message, help) =
        problem(&[document("Policy", "p", "type: provider, providers: [{type: jurisdiction, name: pa}]")]);
    assert_eq!(message, "policy `p`: nothing that it allows is known");
    assert_eq!(help, "no known provider answers to that law; declare one under the workspace's `providers`");
}

/// A4: of nothing, all is allowed and all is denied, so that no case could fail.
#[test]
fn a4_a_case_about_a_jurisdiction_without_providers_is_refused() {
    let workspace = load(&[document("Deployment", "d", "model: m")]).unwrap();
    let test = document("PolicyTest", "t", "cases: [{deployment: d, denied: [{type: jurisdiction, name: pa}]}]");
    let tests = siting::manifest::read_policy_tests(&[Source::new("t.yaml", test)]);
    let error = analysis::test_policies(&workspace, &tests.tests).unwrap_err();
    assert_eq!(error.problems[0].message, "no known provider answers to the law of `pa`");
}

/// C8.
#[test]
fn c8_suggestions_for_providers_can_stand_where_they_are_offered() {
    let catalog = Catalog::builtin();
    let near = |kind, text| catalog.nearest(kind, text);
    assert_eq!(near(ChoiceKind::Jurisdiction, "eu"), ["eu27", "eea"]);
    assert_eq!(near(ChoiceKind::Jurisdiction, "Germany"), ["de"]);
    assert_eq!(near(ChoiceKind::Provider, "amazn"), ["aws"]);
    assert_eq!(near(ChoiceKind::Provider, "any"), [""; 0]);
    assert_eq!(near(ChoiceKind::Capacity, "spott"), ["spot"]);
    let all = catalog.why_unknown(ChoiceKind::Capacity, "preemptible").unwrap();
    assert_eq!(all, "the ways of buying nodes are `on-demand`, `reserved` and `spot`");
}
