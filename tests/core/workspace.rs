//! What a workspace refuses, and what it answers whatever the order of its input.

use std::sync::Arc;

use siting::analysis::{self, Severity};
use siting::catalog::{Axis, Catalog, Choice, ChoiceKind, Point};
use siting::id::Id;
use siting::inventory::Pair;
use siting::lifecycle::{Action, PushKind};
use siting::manifest::Source;
use siting::placement::{Placement, Verdict};
use siting::policy::{Attachment, Bundle, Enforcement, Options, Policy, PolicySet, Scope, State, Targets};
use siting::time::Moment;
use siting::workspace::{
    AttachError, LoadError, LoadOptions, LookupError, PolicyChange, RemoveEnvironmentError, Workspace,
};

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
         detach one of them first, or attach a policy that leaves something allowed"
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
    assert_eq!(
        refused(&mut workspace, "prod"),
        RemoveEnvironmentError::Unknown(workspace.find_environment("prod").unwrap_err())
    );
    assert_eq!(
        refused(&mut workspace, "staging").to_string(),
        "`staging` still governs `m/two`; move or delete them first"
    );
    workspace.remove_environment("old").unwrap();
    assert!(workspace.find_environment("old").is_err());
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

/// I5, D4: what is rounded to the same price costs the same, and the name decides.
#[test]
fn d5_prices_that_round_to_the_same_are_the_same() {
    let pool = |cluster: &str, cpu: &str, price: &str| {
        let pool = format!("name: p, nodes: 1, cpuFlavor: {cpu}, cpu: 4, memory: 64Gi, pricePerHour: \"{price}\"");
        document("Cluster", cluster, &format!("provider: p, country: fr, pools: [{{{pool}}}]"))
    };
    // A quarter of a node costs 0.250001 in each, since prices are rounded up to millionths.
    let fleet = [pool("a", "x86", "1.000002"), pool("b", "arm64", "1.000001"), pool("c", "x86", "1.000001")];
    let quarter = document("Deployment", "d", "model: m, resources: {cpu: 1, memory: 1Gi}");
    let workspace = workspace(&[&fleet[..], &[quarter]].concat());
    let outcome = workspace.place_all().remove(0);
    let [placement] = outcome.decision.placements() else { panic!("one place") };
    assert_eq!(placement.price_per_hour.unwrap().get(), 250_001);
    assert_eq!(cluster_of(&workspace, placement), "a");
    // The same once the cheapest of all is full.
    let cheapest = pool("z", "x86", "0.5");
    let five = document("Deployment", "d", "model: m, replicas: 5, resources: {cpu: 1, memory: 1Gi}");
    let workspace = self::workspace(&[&fleet[..], &[cheapest, five]].concat());
    let outcome = workspace.place_all().remove(0);
    let places = outcome.decision.placements().iter();
    let mut places: Vec<_> = places.map(|placed| (cluster_of(&workspace, placed), placed.replicas)).collect();
    places.sort_unstable();
    assert_eq!(places, [("a", 1), ("z", 4)]);
}

fn cluster_of<'w>(workspace: &'w Workspace, placement: &Placement) -> &'w str {
    workspace.inventory().fleet().names(placement.pair).unwrap().0.as_str()
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
        let all = [Axis::Location, Axis::Flavor].map(|axis| report.values.get(axis));
        let all = all.into_iter().flatten().map(named);
        all.collect::<Vec<_>>()
    };
    let europe = ["continent eu 1", "country fr 1", "group eea 1", "group eu27 1", "group gdpr-adequate 1"];
    assert_eq!(ask("production", &[]), [&europe[..], &["cpu x86 1", "gpu t4 1"]].concat());
    let us = catalog.resolve(ChoiceKind::Country, "us").unwrap();
    assert_eq!(ask("staging", &[us]), ["continent na 1", "country us 1", "cpu x86 1", "gpu t4 1"]);
    assert_eq!(ask("production", &[us]), [""; 0]);
}

/// What a value would leave is what is asked with it chosen.
#[test]
fn d10_what_each_further_choice_leaves_is_what_is_asked_with_it() {
    let workspace = workspace(&small());
    let staging = workspace.find_environment("staging").unwrap();
    let model = workspace.catalog().resource_type("model").unwrap();
    let all = analysis::options(&workspace, staging, model, &[]);
    let mut narrowed = 0;
    for option in all.values.iter().flat_map(|(_, values)| values) {
        let then = analysis::options(&workspace, staging, model, &[option.choice]);
        for (axis, values) in then.values.iter() {
            assert_eq!(*option.leaves.get(axis), values.len(), "{option:?}");
            narrowed += usize::from(values.len() < all.values.get(axis).len());
        }
    }
    assert!(narrowed > 0);
}

#[test]
fn d10_closed_clusters_the_workspace_and_several_choices_count() {
    let mut documents = small();
    documents.push(document("Workspace", "w", "policies: [not-asia]"));
    documents.push(document(
        "Policy",
        "not-asia",
        "type: location, locations: [{type: continent, name: eu}, {type: continent, name: na}]",
    ));
    documents.extend([cluster("tokyo", "jp"), cluster("lyon", "fr")]);
    let closed = |field: &str| format!("provider: p, country: se, {field}, flavors: [{{type: gpu, name: l4}}]");
    documents.push(document("Cluster", "sick", &closed("healthy: false")));
    documents.push(document("Cluster", "shut", &closed("cordoned: true")));
    let workspace = workspace(&documents);
    let catalog = workspace.catalog();
    let staging = workspace.find_environment("staging").unwrap();
    let ask = |given: &[(ChoiceKind, &str)]| {
        let given: Vec<_> = given.iter().map(|(kind, name)| catalog.resolve(*kind, name).unwrap()).collect();
        let report = analysis::options(&workspace, staging, catalog.resource_type("model").unwrap(), &given);
        let countries =
            report.values.get(Axis::Location).iter().filter(|option| matches!(option.choice, Choice::Country(_)));
        let named =
            |option: &analysis::OptionCount| format!("{} {}", catalog.choice_name(option.choice), option.clusters);
        let flavors = report.values.get(Axis::Flavor).iter().map(named).collect::<Vec<_>>();
        (countries.map(named).collect::<Vec<_>>(), flavors)
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    // Japan is outside the workspace's policy; Sweden has closed clusters only.
    assert_eq!(ask(&[]), (words(&["fr 2", "us 1"]), words(&["x86 3", "t4 3"])));
    let (us, japan) = ((ChoiceKind::Country, "us"), (ChoiceKind::Country, "jp"));
    assert_eq!(ask(&[us, japan]), (words(&["us 1"]), words(&["x86 1", "t4 1"])));
    assert_eq!(ask(&[us, (ChoiceKind::Gpu, "any")]), (words(&["us 1"]), words(&["t4 1"])));
}

/// Counts that are as large as can be written neither overflow nor take for ever.
#[test]
fn i4_huge_counts_are_decided_or_refused() {
    let with = |spec: &str| vec![document("Deployment", "d", spec), cluster("paris", "fr"), cluster("ohio", "us")];
    let mut documents = with("model: m, replicas: 4294967295");
    for name in ["one", "two"] {
        let spec = "deployment: m/d, cluster: paris, pool: cpu-x86, replicas: 4294967295";
        documents.push(document("Placement", name, spec));
    }
    let workspace = workspace(&documents);
    let placements = workspace.place_all()[0].decision.placements().to_vec();
    assert_eq!(placements.iter().map(|placement| placement.replicas).collect::<Vec<_>>(), [u32::MAX]);
    let spread = |replicas: u32| {
        let spec = format!("model: m, replicas: {replicas}, placement: {{spread: {{by: country, maxSkew: 1}}}}");
        load(&with(&spec), LoadOptions::default())
    };
    let error = spread(1_000_001).unwrap_err();
    assert_eq!(error.problems[0].code.as_str(), "out-of-range");
    assert_eq!(error.problems[0].help.as_deref(), Some("ask for 1000000 or fewer, or leave `spread` out"));
    let placed = spread(1_000_000).unwrap().place_all()[0].decision.placements().to_vec();
    assert_eq!(placed.iter().map(|placement| placement.replicas).collect::<Vec<_>>(), [500_000, 500_000]);
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
        let attachments = [Attachment::new(policies.insert(policy).unwrap(), Enforcement::Enforce)];
        let bundle = Bundle { attachments: &attachments, require: &[] };
        Scope::compile(&Arc::new(policies), [bundle, Bundle::default(), Bundle::default()], model, None)
    };
    let rest_of_france = scope(Options::listed([france], [paris]));
    let only_paris = scope(Options::listed([paris], []));
    // C7: the catalog grows, and the scopes stay as they are.
    let later = catalog.add_location("onprem/lyon", country).unwrap();
    let point = Point { atom: catalog.place(country, Some(later)), rest: catalog.rest_of(country) };
    assert!(point.atom.index() >= rest_of_france.axis(Axis::Location).allowed().universe());
    assert!(rest_of_france.axis(Axis::Location).admits(point));
    assert!(!only_paris.axis(Axis::Location).admits(point));
}

#[test]
fn p4_p5_types_intersect_and_an_unrestricted_axis_stays_so() {
    let mut documents = small();
    documents.push(document("Deployment", "both", "model: m, environment: production, policies: [t4]"));
    let workspace = workspace(&documents);
    let states = |address: &str| {
        let scope = workspace.scope(workspace.find_deployment(address).unwrap()).unwrap();
        [Axis::Location, Axis::Flavor].map(|axis| scope.axis(axis).state())
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
    assert!(matches!(workspace.find_deployment("one"), Err(LookupError::Ambiguous { full, .. }) if full.len() == 3));
    assert!(workspace.find_deployment("m/one").is_ok());
    assert!(matches!(workspace.find_deployment("other/one"), Err(LookupError::Ambiguous { .. })));
    assert!(workspace.find_deployment("agent/other/one").is_ok());
    let error = workspace.find_deployment("m/onn").unwrap_err();
    assert_eq!(error.to_string(), "no deployment is called `m/onn`; did you mean `m/one`?");
}

/// C7, C8, R2: slips that make a document that is valid and means something else.
#[test]
fn check_finds_slips_that_load() {
    let cluster = |provider: &str| {
        document("Cluster", "c", &format!("provider: {provider}, country: de, flavors: [{{type: cpu, name: x86}}]"))
    };
    let deployment = document(
        "Deployment",
        "d",
        "model: m, placement: {prefer: [{favourites: [{provider: ovh}, {provider: hetzner}, {location: aws/eu-west-1}]}]}, \
         strategy: {type: rolling, checks: [{metric: error-rate, success: {atMost: 500}}]}",
    );
    let found = |provider: &str| -> Vec<String> {
        let workspace = workspace(&[deployment.clone(), cluster(provider)]);
        let found = analysis::check(&workspace).into_iter().filter(|finding| finding.severity == Severity::Warning);
        found.map(|finding| format!("{}: {}", finding.code, finding.message)).collect()
    };
    let common = [
        "check-without-effect: `error-rate` is compared with at most 500, and is never above 100 percent",
        "no-cluster-behind: deployment `m/d` prefers the provider `ovh`, but no cluster is there",
        "no-cluster-behind: deployment `m/d` prefers the location `aws/eu-west-1`, but no cluster is there",
    ];
    assert_eq!(found("hetzner"), common);
    let slip = found("amazn");
    assert!(slip.contains(&"names-alike: the provider `amazn` is not known, and `amazon` is".to_owned()), "{slip:?}");
    assert!(!found("acme").iter().any(|message| message.starts_with("names-alike")));
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

/// Every problem of a load that fails, as `line code message (help)`.
fn refused(documents: &[String], options: LoadOptions) -> Vec<String> {
    let shown = |problem: &siting::origin::Problem| {
        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{} {} {}{help}", problem.origin.line, problem.code, problem.message)
    };
    load(documents, options).unwrap_err().problems.iter().map(shown).collect()
}

fn quarantine() -> LoadOptions {
    LoadOptions { quarantine: true }
}

/// A cluster at a location, in a country.
fn standing(name: &str, location: &str, country: &str, more: &str) -> String {
    let spec = format!(
        "provider: onprem, location: {location}, country: {country}, flavors: [{{type: cpu, name: x86}}]{more}"
    );
    document("Cluster", name, &spec)
}

#[test]
fn i6_a_broken_cluster_takes_nobody_with_it() {
    // It cannot be read; what it says of its location is known all the same.
    let documents = [
        location_policy("oslo", "location", "onprem/oslo-2"),
        standing("broken", "oslo-2", "no", ", healthy: yes"),
        document("Cluster", "sound", "provider: onprem, location: oslo-2, flavors: [{type: cpu, name: x86}]"),
        document(
            "Deployment",
            "d",
            "model: m, policies: [oslo], placement: {prefer: [{favourites: [{cluster: broken, weight: 1}]}]}",
        ),
    ];
    let workspace = load(&documents, quarantine()).unwrap();
    assert_eq!(workspace.quarantined().len(), 1);
    let outcome = workspace.place(workspace.find_deployment("d").unwrap()).unwrap();
    assert!(outcome.decision.is_placed());
    let problems = refused(&documents, LoadOptions::default());
    assert_eq!(problems, ["9 wrong-type `healthy` must be `true` or `false`, not `yes` (write `true`)"]);
    // A disputed location is still a location.
    let disputed = [
        location_policy("y", "location", "onprem/y"),
        standing("a", "y", "us", ", healthy: yes"),
        standing("b", "y", "de", ""),
        standing("c", "z", "de", ""),
    ];
    let workspace = load(&disputed, quarantine()).unwrap();
    let left_out: Vec<_> = workspace.quarantined().iter().map(|it| (it.name.as_str(), it.problems.len())).collect();
    assert_eq!(left_out, [("a", 2), ("b", 1)]);
}

#[test]
fn i6_twins_are_settled_whatever_door_they_come_through() {
    let texts = [
        standing("a", "y", "us", ""),
        standing("a", "y", "us", ", cordoned: maybe"),
        standing("b", "x", "us", ""),
        standing("b", "x", "de", ""),
        standing("c", "w", "de", ""),
    ];
    let told = |workspace: &Workspace| -> Vec<(String, Vec<String>)> {
        let left_out = workspace.quarantined().iter();
        left_out.map(|it| (it.name.clone(), it.problems.iter().map(|it| it.message.clone()).collect())).collect()
    };
    let read = load(&texts, quarantine()).unwrap();
    let names: Vec<_> = read.quarantined().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a", "a", "b", "b"]);
    let all = told(&read);
    assert!(
        all.iter().all(|(name, problems)| problems.contains(&format!("cluster `{name}` is defined twice"))),
        "{all:?}"
    );
    assert!(all[2].1.contains(&"clusters disagree on the country of `onprem/x`: `de` and `us`".to_owned()), "{all:?}");
    // From code it is the same.
    let built = Workspace::from_specs(read.specs().clone(), quarantine()).unwrap();
    assert_eq!(told(&built), all);
    // Very many of one name cost little, and say little.
    let many: Vec<_> = (0..100_000).map(|_| standing("one", "y", "us", "")).collect();
    let error = load(&many, LoadOptions::default()).unwrap_err();
    assert_eq!(error.problems.len(), 1001);
    assert_eq!(error.problems[0].message, "cluster `one` is defined 100000 times");
    assert_eq!(error.problems[1000].message, "99000 more problems are not listed");
    assert!(error.problems.iter().all(|problem| problem.related.len() <= 1));
}

#[test]
fn c8_very_many_problems_are_counted() {
    let mut documents: Vec<_> = (0..5000).map(|n| location_policy(&format!("policy-{n}"), "country", "us")).collect();
    documents.extend(
        (0..5000).map(|n| document("Deployment", &format!("d{n}"), &format!("model: m, policies: [polici-{n}]"))),
    );
    let error = load(&documents, LoadOptions::default()).unwrap_err();
    assert_eq!(error.problems.len(), 1001);
    // Each unknown name of a load comes with a suggestion.
    assert!(error.problems[..1000].iter().all(|problem| problem.help.is_some()));
    assert_eq!(error.problems[1000].message, "4000 more problems are not listed");
    // A list of names is bounded.
    let mut documents: Vec<_> = (0..2000).map(|n| document("Environment", &format!("env-{n}"), "")).collect();
    documents.push(document("Deployment", "d", "model: m, environment: zzz"));
    let problems = refused(&documents, LoadOptions::default());
    assert!(problems[0].contains("`env-7` and 1992 more; declare") && problems[0].len() < 300, "{problems:?}");
}

#[test]
fn c7_a_region_does_not_name_its_provider_again() {
    let text = document("Cluster", "c", "provider: aws, location: AWS/us-east-1, flavors: [{type: cpu, name: x86}]");
    let problems = refused(&[text], LoadOptions::default());
    assert_eq!(
        problems,
        ["4 invalid-value the location `AWS/us-east-1` repeats the provider (write `location: us-east-1`)"]
    );
}

#[test]
fn d1_specs_from_code_hold_no_empty_lists() {
    use siting::manifest::spec::{Allowed, GpuNeedSpec, GpuSpec, PoolsSpec};
    let sound = load(
        &[
            location_policy("us", "country", "us"),
            cluster("c", "us"),
            document("Deployment", "d", "model: m, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1}}"),
        ],
        LoadOptions::default(),
    );
    let sound = sound.unwrap().specs().clone();
    let code = |change: &dyn Fn(&mut siting::manifest::spec::Specs)| {
        let mut specs = sound.clone();
        change(&mut specs);
        let error = Workspace::from_specs(specs, LoadOptions::default()).unwrap_err();
        error.problems.iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>()
    };
    let any_of = |needs: Vec<GpuNeedSpec>| {
        code(&move |specs| specs.deployments[0].resources.as_mut().unwrap().gpu = Some(GpuSpec::AnyOf(needs.clone())))
    };
    assert_eq!(any_of(Vec::new()), ["empty-list"]);
    assert_eq!(
        any_of(vec![GpuNeedSpec { count: 0, types: Vec::new(), memory: None, share: None, slice: None }]),
        ["out-of-range"]
    );
    assert_eq!(code(&|specs| specs.policies[0].resource_types = Some(Vec::new())), ["empty-list"]);
    assert_eq!(code(&|specs| specs.policies[0].options = Allowed::Listed(Vec::new())), ["empty-list"]);
    assert_eq!(code(&|specs| specs.clusters[0].pools = PoolsSpec::Flavors(Vec::new())), ["empty-list"]);
}

#[test]
fn i1_specs_from_code_hold_no_gpus_that_a_node_cannot_have() {
    use siting::manifest::spec::PoolsSpec;
    let spec = "provider: p, country: us, pools: [{name: a, nodes: 1, cpu: 1, memory: 1Gi, gpu: {type: t4, count: 1}}]";
    let sound = load(&[document("Cluster", "c", spec)], LoadOptions::default()).unwrap().specs().clone();
    let with = |count: u32| {
        let mut specs = sound.clone();
        let PoolsSpec::Pools(pools) = &mut specs.clusters[0].pools else { panic!("a full form") };
        pools[0].gpu.as_mut().unwrap().count = count;
        Workspace::from_specs(specs, LoadOptions::default())
    };
    assert!(with(1).is_ok() && with(1024).is_ok());
    for count in [0, 1025, 65_536 + 1] {
        assert_eq!(with(count).unwrap_err().problems[0].code.as_str(), "out-of-range", "{count}");
    }
}

/// The findings of a check as `line code subject: message`.
fn findings(documents: &[String], codes: &[&str]) -> Vec<String> {
    let findings = analysis::check(&workspace(documents)).into_iter().filter(|it| codes.contains(&it.code));
    findings.map(|it| format!("{} {} {}: {}", it.origin.line, it.code, it.subject.name, it.message)).collect()
}

/// C4, C7: what a region, its exception or the Union's group leaves is said.
#[test]
fn c7_what_an_option_leaves_is_found() {
    let x86 = "flavors: [{type: cpu, name: x86}]";
    let policy = |name: &str, spec: &str| document("Policy", name, &format!("type: location, {spec}"));
    let documents = [
        policy("denmark", "locations: [{type: location, name: aws/eu-north-1}]"),
        policy("but", "locations: [{type: country, name: us}], except: [{type: location, name: aws/us-east-1}]"),
        policy("union", "locations: [{type: group, name: eu27}]"),
        document("Cluster", "somewhere", &format!("provider: amazon, country: us, {x86}")),
        document("Cluster", "elsewhere", &format!("provider: gcp, country: us, {x86}")),
        document("Cluster", "reunion", &format!("provider: onprem, country: re, {x86}")),
    ];
    let codes = ["zones-left-out", "exception-leaves-clusters", "outermost-left-out"];
    assert_eq!(
        findings(&documents, &codes),
        [
            "4 zones-left-out denmark: policy `denmark` allows location `aws/eu-north-1` but not its child zones: \
             `aws/eu-north-1-cph-1` and `aws/eu-north-1-hel-1`",
            "9 exception-leaves-clusters but: policy `but` excepts location `aws/us-east-1`, but of the same provider and \
             country it still allows `somewhere`, which state no location",
            "14 outermost-left-out union: policy `union` allows group `eu27`, which leaves out the Union's territories \
             with codes of their own; clusters there: `reunion`",
        ]
    );
}

/// C8: names that differ only in case or width.
#[test]
fn c8_names_that_look_alike_are_found() {
    let documents = [
        location_policy("eu", "country", "fr"),
        location_policy("EU", "country", "de"),
        document("Environment", "stage", ""),
        document("Environment", "ｓｔａｇｅ", ""),
        document("Deployment", "v1", "model: a"),
        document("Deployment", "V1", "model: b"),
    ];
    assert_eq!(
        findings(&documents, &["names-alike"]),
        [
            "8 names-alike EU: `EU` differs from `eu` only in case or width",
            "18 names-alike ｓｔａｇｅ: `ｓｔａｇｅ` differs from `stage` only in case or width",
        ]
    );
}

/// C8: so are letters of another alphabet, letters that only case folding tells, pools and workloads.
#[test]
fn c8_names_of_look_alike_letters_pools_and_workloads_are_found() {
    let pools = "provider: onprem, country: fr, pools: [{name: rack, nodes: 1, cpu: 1, memory: 1Gi, cpuFlavor: x86}, {name: Rack, nodes: 1, cpu: 1, memory: 1Gi, cpuFlavor: x86}]";
    let documents = [
        // The first letter of the second is Cyrillic.
        location_policy("eu", "country", "fr"),
        location_policy("\u{435}u", "country", "de"),
        location_policy("a1", "country", "de"),
        location_policy("al", "country", "de"),
        document("Environment", "straße", ""),
        document("Environment", "STRASSE", ""),
        document("Cluster", "c", pools),
        document("Deployment", "v1", "model: bert"),
        document("Deployment", "v1", "model: Bert"),
    ];
    assert_eq!(
        findings(&documents, &["names-alike"]),
        [
            "8 names-alike \u{435}u: `\u{435}u` has letters that look like those of `eu`",
            "28 names-alike STRASSE: `STRASSE` differs from `straße` only in case or width",
            "34 names-alike Rack: `Rack` differs from `rack` only in case or width",
            "44 names-alike Bert: `Bert` differs from `bert` only in case or width",
        ]
    );
}

/// C7: a provider that nobody knows and that reads like a known one, short or in another alphabet.
#[test]
fn c7_providers_that_read_like_known_ones_are_found() {
    let found = |provider: &str, location: &str| {
        let spec =
            format!("provider: {provider}, location: {location}, country: us, flavors: [{{type: gpu, name: t4}}]");
        let found = findings(&[document("Cluster", "c", &spec)], &["names-alike"]);
        found.into_iter().map(|finding| finding.rsplit("and ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // `а` is Cyrillic.
    assert_eq!(found("\u{430}ws", "us-east-1"), ["`aws` is"]);
    assert_eq!(found("\u{430}ws", "somewhere"), ["`aws` is"]);
    assert_eq!(found("awz", "us-east-1"), ["`aws` is"]);
    assert_eq!(found("awz", "somewhere"), [""; 0]);
}

#[test]
fn d5_expected_demands_that_nothing_packs_for_are_found() {
    let demand = |gpu: &str| format!("{{weight: 1, resources: {{cpu: 1, memory: 1Gi{gpu}}}}}");
    let documents = |gpu: &str, prefer: &str| {
        let expected = format!("expectedDemands: [{}]", demand(gpu));
        let deployment = format!("model: m, resources: {{cpu: 1, memory: 1Gi}}, placement: {{prefer: [{prefer}]}}");
        vec![document("Workspace", "w", &expected), document("Deployment", "d", &deployment)]
    };
    let found = |gpu, prefer| findings(&documents(gpu, prefer), &["expected-demand-unused"]);
    assert_eq!(found(", gpu: {count: 1}", "packing"), Vec::<String>::new());
    assert_eq!(
        found(", gpu: {count: 1}", "price"),
        ["4 expected-demand-unused w: demands are expected, but no deployment's packing takes them into account"]
    );
    assert_eq!(
        found("", "packing"),
        ["4 expected-demand-unused w: an expected demand without GPUs has no effect: packing leaves room on GPUs only"]
    );
}

#[test]
fn r6_what_a_beamlit_document_says_in_vain_is_found() {
    let found = |spec: &str| {
        let text = format!(
            "apiVersion: deployment.beamlit.com/v1alpha1\nkind: ModelDeployment\nmetadata: {{name: d}}\n\
             spec: {{model: m, modelSourceRef: {{kind: Deployment, name: m}}, {spec}}}\n"
        );
        findings(&[text], &["metric-without-effect", "setting-without-effect"])
    };
    let metric = |target: &str| {
        found(&format!(
            "offloadingConfig: {{metrics: [{{type: Resource, resource: {{name: cpu, target: {target}}}}}]}}"
        ))
    };
    assert_eq!(metric("{type: Utilization, averageUtilization: 90}"), Vec::<String>::new());
    let [metric] = &metric("{type: Value, value: 1}")[..] else { panic!("one finding") };
    assert!(metric.starts_with("3 metric-without-effect m/d: "), "{metric}");
    let [setting] = &found("serverlessConfig: {metric: cpu, target: \"60\", stableWindow: 60s}")[..] else {
        panic!("one finding")
    };
    assert!(setting.starts_with("3 setting-without-effect m/d: ") && setting.contains("stableWindow"), "{setting}");
    assert_eq!(found("serverlessConfig: {minNumReplicas: 1}"), Vec::<String>::new());
}

#[test]
fn p5_environments_are_held_against_the_workspace() {
    let documents = |policies: &str, targets: &str| {
        vec![
            location_policy("europe", "continent", "eu"),
            location_policy("africa", "continent", "af"),
            document("Policy", "kenya", &format!("type: location, locations: [{{type: country, name: ke}}]{targets}")),
            location_policy("world", "continent", "eu, ")
                .replace("eu, ", "eu")
                .replace("]", ", {type: continent, name: as}]"),
            document("Workspace", "w", "policies: [europe]"),
            document("Environment", "staging", &format!("policies: [{policies}]")),
        ]
    };
    let found = |policies, targets| findings(&documents(policies, targets), &["policy-shadowed", "policy-redundant"]);
    assert_eq!(
        found("world, kenya", ""),
        [
            "29 policy-redundant staging: the environment's location policies do not narrow what the workspace allows",
            "29 policy-shadowed staging: policy `kenya` allows nothing that the workspace allows, so it has no effect",
        ]
    );
    // What conflicts altogether is unsatisfiable, and said so once.
    assert_eq!(found("africa", ""), Vec::<String>::new());
}

#[test]
fn p8_a_policy_of_both_kinds_widens_one_of_a_single_kind() {
    let both = |targets: &str| {
        document(
            "Policy",
            "both",
            &format!("type: flavor, flavors: [{{type: cpu, name: x86}}, {{type: gpu, name: any}}]{targets}"),
        )
    };
    let found = |policies: &[String], attached: &str| {
        let mut documents = policies.to_vec();
        documents.push(document("Environment", "staging", &format!("policies: [{attached}]")));
        findings(&documents, &["mixed-kinds"])
    };
    let t4 = flavor_policy("t4", "gpu", "t4");
    assert_eq!(
        found(&[t4.clone(), both("")], "t4, both"),
        ["14 mixed-kinds staging: policy `both` widens gpu policy `t4`: a workload may run on cpu or gpu"]
    );
    assert_eq!(found(&[both("")], "both"), Vec::<String>::new());
    let t4_for_models = t4.replace("spec: {", "spec: {resourceTypes: [model], ");
    assert_eq!(found(&[t4_for_models, both(", resourceTypes: [agent]")], "t4, both"), Vec::<String>::new());
}

#[test]
fn c8_hardware_that_no_cluster_has_is_said_where_it_is_asked_for() {
    let deployment = "model: m, resources: {cpu: 1, memory: 1Gi, cpuType: arm, gpu: {anyOf: [{count: 1, type: t4}, {count: 1, type: h200}]}}";
    let found = findings(&[cluster("c", "us"), document("Deployment", "d", deployment)], &["no-cluster-behind"]);
    assert_eq!(
        found,
        [
            "9 no-cluster-behind m/d: deployment `m/d` asks for cpu `arm`, but no cluster has it",
            "9 no-cluster-behind m/d: deployment `m/d` asks for gpu `h200`, but no cluster has it",
        ]
    );
}

#[test]
fn i1_used_that_limits_nothing_is_a_finding() {
    let pool = |more: &str| {
        document(
            "Cluster",
            "c",
            &format!("provider: p, country: us, pools: [{{name: a, cpuFlavor: x86, cpu: 4, memory: 8Gi, {more}}}]"),
        )
    };
    let found = |more: &str| findings(&[pool(more)], &["used-without-effect"]);
    assert_eq!(found("nodes: 1, used: {cpu: 1, memory: 1Gi}"), Vec::<String>::new());
    assert_eq!(
        found("nodes: unlimited, used: {cpu: 1, memory: 1Gi}"),
        ["4 used-without-effect c: the `cpu` and `memory` in use on pool `a` has no effect: its nodes are unlimited"]
    );
    assert_eq!(
        found("nodes: 1, used: {storage: 1Gi}"),
        [
            "4 used-without-effect c: the `storage` in use on pool `a` has no effect: its nodes do not state how much they have"
        ]
    );
    for nodes in ["1", "unlimited"] {
        let problems = refused(&[pool(&format!("nodes: {nodes}, used: {{gpu: 1}}"))], LoadOptions::default());
        assert!(problems[0].contains("over-used GPUs are in use on pool `a`, which has none"), "{problems:?}");
    }
}

#[test]
fn p13_an_undeclared_environment_is_the_workspaces_doing() {
    let found = findings(
        &[document("Workspace", "w", "require: [location]"), document("Deployment", "d", "model: m")],
        &["environment-unsatisfiable"],
    );
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|finding| finding.starts_with("4 ")), "{found:?}");
}

#[test]
fn p1_very_many_policies_at_one_level_are_checked_quickly() {
    let policy = |n: usize| {
        document(
            "Policy",
            &format!("p{n}"),
            &format!("type: location, locations: [{{type: continent, name: {}}}]", ["eu", "na", "as"][n % 3]),
        )
    };
    let mut documents: Vec<_> = (0..10_000).map(policy).collect();
    let names: Vec<_> = (0..10_000).map(|n| format!("p{n}")).collect();
    documents.push(document("Environment", "staging", &format!("policies: [{}]", names.join(", "))));
    let workspace = workspace(&documents);
    let findings = analysis::check(&workspace);
    let redundant: Vec<_> = findings.iter().filter(|it| it.code == "policy-redundant").collect();
    assert_eq!(redundant.len(), 11);
    assert_eq!(redundant[0].message, "policy `p3` adds nothing to `p0`");
    assert_eq!(redundant[10].message, "and 9987 more like it about this environment");
    assert!(findings.iter().all(|finding| finding.message.len() < 200));
}

#[test]
fn d5_expected_demands_are_held_to_what_packing_can_reckon_with() {
    let expecting = |demands: &str| {
        let workspace = document("Workspace", "w", &format!("expectedDemands: [{demands}]"));
        load(&[workspace], LoadOptions::default()).map(drop).map_err(|error| error.to_string())
    };
    let one = "{weight: 1, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1, type: t4}}}";
    assert_eq!(expecting(one), Ok(()));
    let said = |demands: &str, message: &str| {
        let error = expecting(demands).unwrap_err();
        assert!(error.contains(message), "{error}");
    };
    said("", "test.yaml:4:25: `expectedDemands` is empty");
    said("{weight: 0, resources: {cpu: 1, memory: 1Gi}}", "test.yaml:4:35");
    said("{weight: 1, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1, type: t5}}}", "`t5`");
    let two = "{weight: 1, resources: {cpu: 1, memory: 1Gi, gpu: {anyOf: [{count: 1}, {count: 2}]}}}";
    said(&format!("{one}, {two}"), "expected demand 1 has alternatives");
    let many = "million: {weight: 1000000, resources: {cpu: 1, memory: 1Gi}}".replace("million: ", "");
    said(&vec![many.as_str(); 4295].join(", "), "come to more than 4294967295");
    let packed = document("Deployment", "one", "model: m, replicas: 1000001, placement: {prefer: [packing]}");
    let root = document("Workspace", "w", &format!("expectedDemands: [{one}]"));
    let error = load(&[packed.clone(), root], LoadOptions::default()).map(drop).unwrap_err().to_string();
    assert!(error.contains("too many to be placed one by one, as `packing` requires"), "{error}");
    assert!(load(&[packed], LoadOptions::default()).is_ok(), "without a mix, alike nodes are filled at one go");
}

#[test]
fn d9_the_allowed_sets_of_all_are_those_of_each() {
    let mut documents = small();
    documents.push(document("Deployment", "two", "model: m, environment: staging, policies: [us, t4]"));
    documents.push(document("Deployment", "three", "model: m, environment: production, policies: [us]"));
    documents.push(document("Deployment", "four", "model: m, environment: production"));
    let workspace = workspace(&documents);
    let fleet = workspace.inventory().fleet();
    let all = workspace.allowed_all();
    for (id, set) in workspace.deployment_ids().zip(&all) {
        let scope = workspace.scope(id).unwrap();
        // Pair by pair, without the index: both axes admit it.
        let is_allowed = |pair: &Pair| {
            let flavor = Point::known(fleet.catalog().flavor_atom(pair.flavor));
            !scope.refuses_everything()
                && scope.axis(Axis::Location).admits(fleet.cluster(pair.cluster).unwrap().place)
                && scope.axis(Axis::Flavor).admits(flavor)
        };
        let pairs: Vec<_> = fleet.pair_ids().filter(|(_, pair)| is_allowed(pair)).collect();
        let ids: Vec<_> = pairs.iter().map(|(id, _)| *id).collect();
        assert_eq!(workspace.allowed_pairs(id).unwrap().iter().collect::<Vec<_>>(), ids);
        assert_eq!(workspace.count_allowed(id), Ok(ids.len()));
        assert_eq!(workspace.is_allowed_anywhere(id), Ok(!ids.is_empty()));
        let clusters: Vec<_> =
            pairs.iter().map(|(_, pair)| fleet.cluster(pair.cluster).unwrap().name.to_string()).collect();
        let named: Vec<_> = set.iter().map(|id| fleet.cluster(id).unwrap().name.to_string()).collect();
        assert!(clusters.iter().all(|name| named.contains(name)) && named.iter().all(|name| clusters.contains(name)));
        // The first time it is made, the second time it was kept.
        assert_eq!(workspace.allowed(id).as_ref(), Ok(set));
        assert_eq!(workspace.allowed(id).as_ref(), Ok(set));
    }
    let named = |address| {
        let set = &all[workspace.find_deployment(address).unwrap().index()];
        set.iter().map(|id| fleet.cluster(id).unwrap().name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(named("m/one"), ["paris"]);
    assert_eq!(named("m/two"), ["ohio"]);
    assert_eq!(named("m/three"), Vec::<String>::new());
}

#[test]
fn d9_an_allowed_set_that_was_kept_follows_every_change() {
    let mut workspace = workspace(&small());
    let one = workspace.find_deployment("m/one").unwrap();
    let named = |workspace: &Workspace| {
        let fleet = workspace.inventory().fleet();
        let clusters = workspace.allowed(one).unwrap();
        clusters.iter().map(|id| fleet.cluster(id).unwrap().name.to_string()).collect::<Vec<_>>()
    };
    let before = workspace.clone();
    assert_eq!(named(&workspace), ["paris"]);
    let change = |policies: &[&str]| PolicyChange {
        environment: Some("production".to_owned()),
        policies: policies.iter().map(|name| ((*name).to_owned(), Enforcement::Enforce.into())).collect(),
    };
    workspace.change_policies(&change(&["us"])).unwrap();
    assert_ne!(named(&workspace), ["paris"], "its environment's policies are others now");
    assert_eq!(named(&before), ["paris"], "the snapshot has kept its own");
}

/// However often a mistake is made, what is said of it is short.
#[test]
fn findings_are_bounded_and_grouped() {
    let sizes = |documents: &[String]| {
        let found = analysis::check(&workspace(documents));
        let size: usize = found.iter().map(|it| it.message.len() + it.help.as_ref().map_or(0, String::len)).sum();
        let counted = found.into_iter().map(|it| it.message).filter(|message| message.contains("more like it"));
        (size, counted.collect::<Vec<_>>())
    };
    let list = |option: &str, count: usize| vec![option; count].join(", ");
    let policy = |name: &str, spec: &str| document("Policy", name, spec);
    let us = "{type: country, name: us}";
    let options = |count| [policy("p", &format!("type: location, locations: [{}]", list(us, count)))];
    let (size, counted) = sizes(&options(100_000));
    assert!(size < 5_000, "{size}");
    assert_eq!(counted, ["and 99989 more like it about this policy"]);
    assert_eq!(sizes(&options(11)).1, [""; 0]);
    let audited = list("{name: p, enforcement: audit}", 100_000);
    let environment = document("Environment", "production", &format!("policies: [{audited}]"));
    let (size, counted) = sizes(&[options(1)[0].clone(), environment]);
    assert!(size < 5_000, "{size}");
    assert_eq!(counted, ["and 99989 more like it about this environment"]);
    let twice = format!("type: location, locations: [{}]", list(us, 40));
    let many: Vec<_> = (0..4000).map(|number| policy(&format!("p{number}"), &twice)).collect();
    let (size, counted) = sizes(&many);
    assert!(size < 250_000, "{size}");
    // Each of them is unused, and repeats an option 39 times.
    assert!(counted.contains(&"and 3000 more like it".to_owned()), "{counted:?}");
    assert!(counted.contains(&"and 39000 more like it".to_owned()), "{counted:?}");
}

/// D5: what is placed one by one is bounded in lives as in documents. What is refused changes nothing.
#[test]
fn d5_replicas_that_are_spread_in_a_life_are_bounded() {
    let mut documents = small();
    documents.push(document("Deployment", "wide", "model: m, placement: {spread: {by: location}}"));
    let mut workspace = workspace(&documents);
    let wide = workspace.find_deployment("wide").unwrap();
    let m = workspace.workload("model", &"m".parse().unwrap()).unwrap();
    let of = |workspace: &Workspace, replicas| {
        let mut push = workspace.push_of(wide, PushKind::Published).unwrap();
        Arc::make_mut(&mut push.settings).replicas = Some(replicas);
        Action::Push(push)
    };
    let state = |workspace: &Workspace| serde_json::to_string(&workspace.state()).unwrap();
    let before = state(&workspace);
    let more = of(&workspace, 1_000_001);
    let refusal = workspace.carry_out(Moment::default(), &m, more).unwrap_err();
    assert_eq!(refusal.rule, "D5");
    assert!(refusal.reason.contains("1000001 replicas are too many to be placed one by one, as `spread` requires"));
    assert_eq!(state(&workspace), before);
    let most = of(&workspace, 1_000_000);
    workspace.carry_out(Moment::default(), &m, most).unwrap();
}
