//! What a workspace refuses, and what it answers whatever the order of its input.
#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::sync::Arc;

use siting::analysis::{self, Severity};
use siting::catalog::{Axis, Catalog, Choice, ChoiceKind};
use siting::id::Id;
use siting::manifest::Source;
use siting::placement::Verdict;
use siting::policy::{Attachment, Bundle, Enforcement, Options, Policy, PolicySet, Scope, State, Targets};
use siting::workspace::{AddressError, AttachError, LoadError, LoadOptions, RemoveEnvironmentError, Workspace};

/// Documents in a few words each; `kind name spec`.
fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn load(documents: &[String], options: LoadOptions) -> Result<Workspace, LoadError> {
    Workspace::from_sources(&[Source::new("test.yaml", documents.join("---\n"))], options)
}

fn workspace(documents: &[String]) -> Workspace {
    load(documents, LoadOptions::default()).unwrap()
}

fn location_policy(name: &str, kind: &str, place: &str) -> String {
    document("Policy", name, &format!("type: location, locations: [{{type: {kind}, name: \"{place}\"}}]"))
}

fn flavor_policy(name: &str, kind: &str, code: &str) -> String {
    document("Policy", name, &format!("type: flavor, flavors: [{{type: {kind}, name: {code}}}]"))
}

fn cluster(name: &str, country: &str) -> String {
    let spec =
        format!("provider: p, country: \"{country}\", flavors: [{{type: cpu, name: x86}}, {{type: gpu, name: t4}}]");
    document("Cluster", name, &spec)
}

fn small() -> Vec<String> {
    vec![
        location_policy("europe", "continent", "eu"),
        location_policy("us", "country", "us"),
        flavor_policy("t4", "gpu", "t4"),
        document("Environment", "production", "policies: [europe]"),
        document("Environment", "staging", "policies: []"),
        document("Deployment", "one", "model: m, environment: production"),
        cluster("paris", "fr"),
        cluster("ohio", "us"),
    ]
}

#[test]
fn p10_a_policy_that_would_leave_nothing_is_not_attached() {
    let mut workspace = workspace(&small());
    let one = workspace.find_deployment("m/one").unwrap();
    let id = |workspace: &Workspace, name| workspace.policies().find(name).unwrap();
    let us = id(&workspace, "us");
    let before = workspace.deployment(one).cloned();
    let error = workspace.attach(one, us, Enforcement::Enforce).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the levels' location policies leave nothing together: `europe` (environment), `us` (deployment); \
         detach one of them first, or attach one that leaves something"
    );
    assert!(matches!(error, AttachError::Conflict(_)));
    assert_eq!(workspace.deployment(one).cloned(), before);
    // Watching it is another matter (P12), and so is one that leaves something.
    workspace.attach(one, us, Enforcement::Audit).unwrap();
    assert_eq!(workspace.deployment(one).unwrap().attachments.len(), 1);
    workspace.attach(one, us, Enforcement::Audit).unwrap();
    assert_eq!(workspace.deployment(one).unwrap().attachments.len(), 1);
    let t4 = id(&workspace, "t4");
    workspace.attach(one, t4, Enforcement::Enforce).unwrap();
    let outcome = workspace.place(one).unwrap();
    assert_eq!(outcome.decision.candidates().len(), 1);
    assert_eq!((outcome.audit[0].loses, outcome.audit[0].gains, outcome.audit[0].verdict), (1, 0, Verdict::Refused));
}

#[test]
fn p10_stored_data_that_conflicts_evaluates_to_nothing_explained() {
    let mut documents = small();
    documents.push(document("Deployment", "edited", "model: m, environment: production, policies: [us]"));
    let workspace = workspace(&documents);
    let outcome = workspace.place(workspace.find_deployment("edited").unwrap()).unwrap();
    assert!(outcome.decision.candidates().is_empty());
    let reason = &outcome.decision.refusal().unwrap().reasons[0];
    assert_eq!(reason.code.as_str(), "policy-conflict");
    let culprits: Vec<_> = reason.policies.iter().map(|c| (c.level.as_str(), c.policy.as_str())).collect();
    assert_eq!(culprits, [("environment", "europe"), ("deployment", "us")]);
}

#[test]
fn e1_production_and_what_governs_deployments_stay() {
    let mut documents = small();
    documents.push(document("Deployment", "two", "model: m, environment: staging"));
    documents.push(document("Environment", "old", ""));
    documents.push(document("Deployment", "three", "model: m, environment: development"));
    let mut workspace = workspace(&documents);
    let refused = |workspace: &mut Workspace, name: &str| workspace.remove_environment(name).unwrap_err();
    assert_eq!(refused(&mut workspace, "production"), RemoveEnvironmentError::Production);
    assert_eq!(refused(&mut workspace, "prod"), RemoveEnvironmentError::Unknown("prod".to_owned()));
    assert_eq!(
        refused(&mut workspace, "staging").to_string(),
        "`staging` still governs `m/two`; move or delete them first"
    );
    workspace.remove_environment("old").unwrap();
    assert!(workspace.find_environment("old").is_none());
    // Those that remain still govern what they governed, and no id means another environment now.
    documents.push(document("Environment", "another", ""));
    let mut again = self::workspace(&documents);
    let (old, another) = (again.find_environment("old").unwrap(), again.find_environment("another").unwrap());
    again.remove_environment("old").unwrap();
    assert!(again.environment(old).is_none());
    assert_eq!(again.environment(another).unwrap().name.as_str(), "another");
    let three = workspace.deployment(workspace.find_deployment("three").unwrap()).unwrap();
    assert_eq!(workspace.environment(three.environment).unwrap().name.as_str(), "development");
}

#[test]
fn e2_a_deployment_that_names_no_environment_is_in_the_default() {
    let place = |default: &str| {
        let spec = format!("defaultEnvironment: {default}");
        let documents = [document("Workspace", "w", &spec), document("Deployment", "d", "model: m")];
        let workspace = workspace(&documents);
        let environment = workspace.deployments()[0].environment;
        workspace.environment(environment).unwrap().name.to_string()
    };
    assert_eq!(place("development"), "development");
    let workspace = workspace(&[document("Deployment", "d", "model: m")]);
    let environment = workspace.environment(workspace.deployments()[0].environment).unwrap();
    assert_eq!(environment.name.as_str(), "production");
    // The Beamlit format states its own default, whatever the workspace's.
    let beamlit = "apiVersion: deployment.beamlit.com/v1alpha1\nkind: ModelDeployment\nmetadata: {name: d}\n\
                   spec: {model: m, modelSourceRef: {apiVersion: apps/v1, kind: Deployment, name: d, namespace: n}}\n";
    let with_default = document("Workspace", "w", "defaultEnvironment: development");
    let beamlit = self::workspace(&[with_default, beamlit.to_owned()]);
    let environment = beamlit.environment(beamlit.deployments()[0].environment).unwrap();
    assert_eq!(environment.name.as_str(), "production");
}

#[test]
fn i6_invalid_clusters_fail_a_load_or_are_quarantined() {
    let mut documents = small();
    let bad = |name: &str, spec: &str| document("Cluster", name, spec);
    documents.push(bad("nowhere", "provider: p, flavors: [{type: cpu, name: x86}]"));
    documents.push(cluster("paris", "de"));
    documents.push(bad("disputed-1", "provider: q, location: r, country: fr, flavors: [{type: cpu, name: x86}]"));
    documents.push(bad("disputed-2", "provider: q, location: r, country: de, flavors: [{type: cpu, name: x86}]"));
    documents.push(bad("misread", "provider: q, country: fr, flavours: []"));
    let error = load(&documents, LoadOptions::default()).unwrap_err();
    assert!(error.problems.len() >= 6, "{error:#?}");
    let workspace = load(&documents, LoadOptions { quarantine: true }).unwrap();
    let left_out: Vec<_> = workspace.quarantined().iter().map(|cluster| cluster.name.as_str()).collect();
    // Of those that share a name, and of those that disagree, all.
    assert_eq!(left_out, ["disputed-1", "disputed-2", "misread", "nowhere", "paris", "paris"]);
    assert!(workspace.quarantined().iter().all(|cluster| !cluster.problems.is_empty()));
    let clusters = workspace.inventory().fleet().clusters();
    assert_eq!(clusters.iter().map(|cluster| cluster.name.as_str()).collect::<Vec<_>>(), ["ohio"]);
    // Invalid policies, environments and deployments always fail a load.
    documents.push(location_policy("typo", "country", "fra nce"));
    assert!(load(&documents, LoadOptions { quarantine: true }).is_err());
}

#[test]
fn d4_the_order_of_the_input_changes_nothing() {
    let mut documents = small();
    for (number, country) in ["de", "ca", "jp", "br"].into_iter().enumerate() {
        documents.push(cluster(&format!("c{number}"), country));
        documents.push(document("Deployment", &format!("d{number}"), &format!("model: m{}, replicas: 2", number % 2)));
    }
    let told = |documents: &[String]| {
        let workspace = workspace(documents);
        let told = workspace.place_all().into_iter().map(|outcome| {
            let address = workspace.deployment(outcome.deployment).unwrap().address();
            (address, outcome.decision.placements().to_vec(), outcome.decision.candidates().clone())
        });
        told.collect::<Vec<_>>()
    };
    let expected = told(&documents);
    for rotation in 1..documents.len() {
        documents.rotate_left(1);
        if rotation % 3 == 0 {
            documents.reverse();
        }
        assert_eq!(told(&documents), expected);
    }
}

#[test]
fn d10_options_that_remain() {
    let workspace = workspace(&small());
    let catalog = workspace.catalog();
    let model = catalog.resource_type("model").unwrap();
    let ask = |environment: &str, given: &[Choice]| {
        let id = workspace.find_environment(environment).unwrap();
        let report = analysis::options(&workspace, id, model, given);
        let named = |option: &analysis::OptionCount| {
            format!("{} {} {}", catalog.choice_kind(option.choice), catalog.choice_name(option.choice), option.clusters)
        };
        let all = report.locations.iter().chain(&report.flavors).map(named);
        all.collect::<Vec<_>>()
    };
    let europe = ["continent eu 1", "country fr 1", "group eea 1", "group eu27 1", "group gdpr-adequate 1"];
    assert_eq!(ask("production", &[]), [&europe[..], &["cpu x86 1", "gpu t4 1"]].concat());
    let us = catalog.resolve(ChoiceKind::Country, "us").unwrap();
    assert_eq!(ask("staging", &[us]), ["continent na 1", "country us 1", "cpu x86 1", "gpu t4 1"]);
    assert_eq!(ask("production", &[us]), [""; 0]);
}

#[test]
fn p7_a_location_brought_later_counts_as_the_rest_of_its_country() {
    let mut catalog = Catalog::builtin();
    let model = catalog.resource_type("model").unwrap();
    let country = catalog.country("fr").unwrap();
    let choice = |kind, name| catalog.resolve(kind, name).unwrap();
    let france = choice(ChoiceKind::Country, "fr");
    let paris = choice(ChoiceKind::Location, "aws/eu-west-3");
    let scope = |options: Options| {
        let mut policies = PolicySet::new(&catalog);
        let policy = Policy::new(&catalog, "p".parse().unwrap(), Axis::Location, options, Targets::All).unwrap();
        let attachments = [Attachment { policy: policies.insert(policy).unwrap(), enforcement: Enforcement::Enforce }];
        let bundle = Bundle { attachments: &attachments, require: &[] };
        Scope::compile(&Arc::new(policies), [bundle, Bundle::default(), Bundle::default()], model)
    };
    let rest_of_france = scope(Options::listed([france], [paris]));
    let only_paris = scope(Options::listed([paris], []));
    // C7: the catalog grows, and the scopes stay as they are.
    let later = catalog.add_location("onprem/lyon", country).unwrap();
    let (place, rest) = (catalog.place(country, Some(later)), catalog.rest_of(country));
    assert!(place.index() >= rest_of_france.axis(Axis::Location).allowed().universe());
    assert!(rest_of_france.axis(Axis::Location).admits(place, rest));
    assert!(!only_paris.axis(Axis::Location).admits(place, rest));
}

#[test]
fn p4_p5_types_intersect_and_an_unrestricted_axis_stays_so() {
    let mut documents = small();
    documents.push(document("Deployment", "both", "model: m, environment: production, policies: [t4]"));
    let workspace = workspace(&documents);
    let states = |address: &str| {
        let scope = workspace.scope(workspace.find_deployment(address).unwrap()).unwrap();
        Axis::ALL.map(|axis| scope.axis(axis).state())
    };
    assert_eq!(states("one"), [State::Restricted, State::Unrestricted]);
    assert_eq!(states("both"), [State::Restricted, State::Restricted]);
}

#[test]
fn addresses_are_unique_or_refused() {
    let mut documents = small();
    documents.push(document("Deployment", "one", "model: other"));
    documents.push(document("Deployment", "one", "workload: {type: agent, name: other}"));
    let workspace = workspace(&documents);
    assert!(matches!(workspace.find_deployment("one"), Err(AddressError::Ambiguous { full, .. }) if full.len() == 3));
    assert!(workspace.find_deployment("m/one").is_ok());
    assert!(matches!(workspace.find_deployment("other/one"), Err(AddressError::Ambiguous { .. })));
    assert!(workspace.find_deployment("agent/other/one").is_ok());
    let error = workspace.find_deployment("m/onn").unwrap_err();
    assert_eq!(error.to_string(), "no deployment is called `m/onn`; did you mean `m/one`?");
}

/// One world in which each finding has its cause, and a clean one in which nothing is found.
#[test]
fn check_finds_what_is_legal_and_probably_not_meant() {
    let mut documents = small();
    documents.extend([
        document("Policy", "gdpr", "type: location, locations: [{type: continent, name: eu}]"),
        document("Policy", "twice", "type: location, locations: [{type: continent, name: eu}, {type: country, name: fr}], except: [{type: country, name: us}]"),
        location_policy("asia", "continent", "as"),
        flavor_policy("x86", "cpu", "x86"),
        document("Policy", "agents", "type: flavor, flavors: [{type: cpu, name: x86}], resourceTypes: [agent]"),
        document("Environment", "mixed", "policies: [t4, x86]"),
        document("Environment", "double", "policies: [europe, gdpr, europe]"),
        document("Environment", "far", "policies: [asia]"),
        document("Environment", "strict", "require: [flavor]"),
        document("Deployment", "shadow", "model: m, environment: production, policies: [twice, us, agents]"),
        document("Deployment", "edited", "model: m, environment: production, policies: [us]"),
        document("Deployment", "loose", "model: m, environment: strict"),
    ]);
    let workspace = workspace(&documents);
    let findings = analysis::check(&workspace);
    let found: Vec<_> =
        findings.iter().map(|finding| (finding.code, finding.severity, finding.subject.name.as_str())).collect();
    use Severity::{Error, Info, Warning};
    for expected in [
        ("continent-for-union", Warning, "gdpr"),
        ("option-covered", Info, "twice"),
        ("exception-without-effect", Warning, "twice"),
        ("no-cluster-behind", Warning, "asia"),
        ("mixed-kinds", Warning, "mixed"),
        ("attachment-repeated", Warning, "double"),
        ("policy-redundant", Warning, "double"),
        ("environment-unsatisfiable", Warning, "far"),
        ("environment-unsatisfiable", Error, "strict"),
        ("policy-shadowed", Warning, "m/shadow"),
        ("policy-out-of-scope", Warning, "m/shadow"),
        ("policy-redundant", Info, "m/shadow"),
        ("policy-conflict", Error, "m/edited"),
        ("policy-required", Error, "m/loose"),
    ] {
        assert!(found.contains(&expected), "{expected:?} is missing in {found:#?}");
    }
    assert!(findings.iter().all(|finding| finding.origin.line > 0), "every finding has its place");
    let clean: Vec<_> =
        analysis::check(&workspace_without_findings()).into_iter().map(|finding| finding.code).collect();
    assert_eq!(clean, [""; 0]);
}

fn workspace_without_findings() -> Workspace {
    workspace(&[
        location_policy("europe", "continent", "eu"),
        document("Environment", "production", "policies: [europe]"),
        document("Deployment", "d", "model: m"),
        cluster("paris", "fr"),
    ])
}
