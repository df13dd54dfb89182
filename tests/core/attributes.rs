//! Attributes, as clusters and pools bear them and policies ask for them (P15), beyond what small worlds show.

use siting::analysis;
use siting::catalog::{Axis, Catalog};
use siting::manifest::{Source, read_str};
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{AttachmentPoint, LoadError, LoadOptions, Workspace, WorkspaceChange};

const NOW: Moment = Moment::from_millis(0);

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn load(documents: &[String]) -> Result<Workspace, LoadError> {
    Workspace::from_sources(&[Source::new("fleet.yaml", documents.join("---\n"))], LoadOptions::default())
}

/// A workspace that declares `a0`, `a1` and so on, and a deployment that any pool can take.
fn declaring(count: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|number| format!("a{number}")).collect();
    vec![
        document("Workspace", "w", &format!("attributes: [{}]", names.join(", "))),
        document("Deployment", "v1", "model: m, policies: [], resources: {cpu: 1, memory: 1Gi}"),
    ]
}

fn pool(name: &str, borne: &str) -> String {
    format!("{{name: {name}, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 8Gi, attributes: [{borne}]}}")
}

fn cluster(name: &str, borne: &str) -> String {
    document("Cluster", name, &format!("provider: p, country: us, pools: [{}]", pool("a", borne)))
}

fn asking(name: &str, options: &str) -> String {
    document("Policy", name, &format!("type: attribute, attributes: [{options}]"))
}

fn put(workspace: &mut Workspace, document: &str) {
    workspace.put(NOW, read_str("more.yaml", document)).unwrap();
}

/// P15, W2: what many attributes are declared for is told apart whenever it comes; nothing that was known before stands
/// in for it.
#[test]
fn p15_sets_that_come_later_are_known_for_what_they_are() {
    let mut documents = declaring(12);
    documents.push(document("Environment", "production", "policies: [first]"));
    documents.push(asking("first", "{type: attribute, name: a0}"));
    documents.push(cluster("plain", "a1"));
    let mut workspace = load(&documents).unwrap();
    assert_eq!(workspace.allowed("v1").unwrap().len(), 0);
    let borne = "a0, a3, a5, a7, a11";
    put(&mut workspace, &cluster("later", borne));
    assert_eq!(workspace.allowed("v1").unwrap().len(), 1);
    // A second level that asks for another leaves what bears both; what bears one alone is left by neither.
    put(&mut workspace, &asking("second", "{allOf: [a5, a11]}"));
    let at = AttachmentPoint::Deployment("m/v1".into());
    workspace.change(NOW, WorkspaceChange::new().attach(at, "second", Enforcement::Enforce)).unwrap();
    assert!(!workspace.scope("v1").unwrap().refuses_everything());
    assert_eq!(workspace.allowed("v1").unwrap().len(), 1);
    // The same, loaded.
    documents[1] = document("Deployment", "v1", "model: m, policies: [second], resources: {cpu: 1, memory: 1Gi}");
    documents.extend([asking("second", "{allOf: [a5, a11]}"), cluster("later", borne)]);
    let loaded = load(&documents).unwrap();
    assert_eq!(loaded.allowed("v1").unwrap().len(), 1);
    let places = |of: &Workspace| of.place("v1").unwrap().decision;
    assert_eq!(places(&workspace).placements(), places(&loaded).placements());
}

/// P15, C8: each attribute of a list stands by itself; what stands there is known, or an error.
#[test]
fn p15_a_list_names_each_attribute_by_itself() {
    let mut documents = declaring(3);
    documents.push(cluster("c", "a0+a1"));
    let problem = load(&documents).unwrap_err().problems.remove(0);
    assert_eq!(problem.message, "`a0+a1` is no attribute: each is listed by itself");
    assert_eq!(problem.help.as_deref(), Some("write `[a0, a1]`"));
}

/// P15, D10: what remains is told attribute by attribute, not by all that can be made of them.
#[test]
fn p15_options_are_told_one_by_one() {
    let mut documents = declaring(6);
    documents.push(cluster("c", "a0, a1, a2, a3, a4"));
    let workspace = load(&documents).unwrap();
    let asked = analysis::Question::named(&workspace, None, None, &[]).unwrap();
    let remaining = analysis::options(&workspace, asked.environment, asked.resource_type, &asked.given);
    let names: Vec<&str> =
        remaining.values.get(Axis::Attribute).iter().map(|one| workspace.catalog().choice_name(one.choice)).collect();
    assert_eq!(names, ["a0", "a1", "a2", "a3", "a4"]);
}

/// P15: as many attributes, and as many different sets of them, as the guide says, and one more.
#[test]
fn p15_attributes_and_their_sets_are_bounded() {
    assert!(load(&declaring(Catalog::MOST_ATTRIBUTES)).is_ok());
    let problem = load(&declaring(Catalog::MOST_ATTRIBUTES + 1)).unwrap_err().problems.remove(0);
    assert_eq!(problem.message, "`a64`: a workspace declares at most 64 attributes");

    // Those of one attribute each, and those of the first six, are known of twelve to begin with.
    let bearing = |sets: usize| {
        let names = |bits: usize| {
            let all = (0..12).filter(|at| bits >> at & 1 == 1).map(|at| format!("a{at}"));
            all.collect::<Vec<_>>().join(", ")
        };
        let pools: Vec<String> =
            (0..sets).map(|number| pool(&format!("p{number}"), &names((number + 1) << 1))).collect();
        let cluster = document("Cluster", "c", &format!("provider: p, country: us, pools: [{}]", pools.join(", ")));
        load(&[declaring(12), vec![cluster]].concat())
    };
    assert!(bearing(1900).is_ok());
    let problem = bearing(2047).unwrap_err().problems.remove(0);
    assert_eq!(problem.message, "clusters and pools bear more than 2048 different sets of attributes");
    assert_eq!(problem.help.as_deref(), Some("let more of them bear the same, or declare fewer attributes"));
}
