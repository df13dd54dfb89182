//! Whatever `-o json` prints is a public report: it is read back equal, and valid under its JSON Schema.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::OnceLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use siting::report::{
    self, BeyondReport, CatalogReport, CertificateReport, CheckReport, DescriptionReport, DiffReport, DrainReport,
    DrillReport, ErrorReport, ExplanationReport, OptionsReport, PlacementReport, PolicyTestsReport, SimulationReport,
    VerificationReport,
};

use crate::json_schema::problems;
use crate::support::Folder;

/// Holds a report that was printed to its type and its schema; its kind.
pub(crate) fn hold(printed: &str) -> String {
    static SCHEMAS: OnceLock<BTreeMap<&'static str, Value>> = OnceLock::new();
    let value: Value = serde_json::from_str(printed).unwrap();
    let kind = value["kind"].as_str().unwrap_or_else(|| panic!("no kind: {printed}")).to_owned();
    let made = || report::kinds().filter_map(|kind| Some((kind, report::schema(Some(kind))?))).collect();
    let schema = SCHEMAS.get_or_init(made).get(kind.as_str()).unwrap_or_else(|| panic!("what is a {kind}?"));
    let problems = problems(schema, &value);
    assert!(problems.is_empty(), "{kind} is not valid under its schema: {problems:?}\n{printed}");
    match kind.as_str() {
        "BeyondReport" => read_back::<BeyondReport>(printed),
        "Certificate" => read_back::<CertificateReport>(printed),
        "VerificationReport" => read_back::<VerificationReport>(printed),
        "Catalog" => read_back::<CatalogReport>(printed),
        "CheckReport" => read_back::<CheckReport>(printed),
        "Description" => read_back::<DescriptionReport>(printed),
        "DiffReport" => read_back::<DiffReport>(printed),
        "DrainReport" => read_back::<DrainReport>(printed),
        "DrillReport" => read_back::<DrillReport>(printed),
        "ErrorReport" => read_back::<ErrorReport>(printed),
        "Explanation" => read_back::<ExplanationReport>(printed),
        "OptionsReport" => read_back::<OptionsReport>(printed),
        "PlacementReport" => read_back::<PlacementReport>(printed),
        "PolicyTestsReport" => read_back::<PolicyTestsReport>(printed),
        _ => read_back::<SimulationReport>(printed),
    }
    kind
}

fn read_back<R: Serialize + DeserializeOwned + PartialEq + Debug>(printed: &str) {
    let report: R = serde_json::from_str(printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
    let again = serde_json::to_string_pretty(&report).unwrap() + "\n";
    assert_eq!(again, printed);
    assert_eq!(serde_json::from_str::<R>(&again).unwrap(), report);
}

/// What commands answer about the tour.
fn answers() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (tour, stories) = (root.join("docs/tour"), root.join("docs/tour/scenarios"));
    let (tour, stories) = (tour.to_str().unwrap(), stories.to_str().unwrap());
    let folder = Folder::of(&[("broken.yaml", "apiVersion: siting.dev/v1\nkind: Polices\n")]);
    // Replicas that run in France by a policy that allows Norway.
    let beyond = "apiVersion: siting.dev/v1\nkind: Policy\nmetadata: {name: norway}\nspec: {type: location, locations: \
        [{type: country, name: 'no'}]}\n---\napiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {name: v1}\nspec: \
        {model: bert, policies: [norway]}\n---\napiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {name: paris}\nspec: \
        {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}\n---\napiVersion: siting.dev/v1\nkind: \
        Placement\nmetadata: {name: a}\nspec: {deployment: bert/v1, cluster: paris, pool: gpu-t4, replicas: 1}\n";
    let second = Folder::of(&[("fleet.yaml", beyond.to_owned())]);
    std::fs::write(second.0.join("claim.json"), second.run(&["place", "@/fleet.yaml", "-o", "json"]).out).unwrap();
    let (beyond, claim) = (second.0.join("fleet.yaml"), second.0.join("claim.json"));
    let (beyond, claim) = (beyond.to_str().unwrap(), claim.to_str().unwrap());
    let lines: [&[&str]; 20] = [
        &["certify", tour],
        &["certify", beyond],
        &["verify", claim, beyond],
        &["place", tour],
        &["place", tour, "--candidates", "--partial"],
        &["place", tour, "--independent", "--quarantine"],
        &["explain", tour, "-d", "bert-api-v1"],
        &["explain", tour, "-d", "voice-lagos"],
        &["explain", tour, "-d", "bert-api-v1", "-c", "azure-westeurope"],
        &["options", tour, "-e", "production", "-t", "agent", "--given", "country:de"],
        &["check", tour],
        &["describe", tour, "-d", "bert-api-v1"],
        &["catalog"],
        &["catalog", "groups", "--from", tour],
        &["simulate", tour, stories],
        &["test", tour],
        &["drill", tour],
        &["drain", tour, "onprem-oslo-1"],
        &["diff", tour, stories],
        &["place", "@"],
    ];
    lines.iter().map(|line| folder.run(&[line, &["-o", "json"][..]].concat()).out).collect()
}

#[test]
fn what_is_printed_of_the_tour_is_read_back_and_valid() {
    let mut kinds: Vec<_> = answers().iter().map(|printed| hold(printed)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, report::kinds().collect::<Vec<_>>(), "the tour has something of every kind");
}

#[test]
fn one_schema_is_for_all_reports() {
    let any = report::schema(None).unwrap();
    for printed in answers() {
        let report: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(problems(&any, &report), Vec::<String>::new(), "{printed}");
    }
    let other = json!({"apiVersion": "siting.dev/v1", "kind": "Other", "errors": []});
    assert_ne!(problems(&any, &other), Vec::<String>::new());
}

#[test]
fn a_schema_refuses_what_no_report_says() {
    let spoil = |kind: &str, pointer: &str, value: Value| {
        let printed = answers().into_iter().find(|printed| printed.contains(&format!("\"kind\": \"{kind}\""))).unwrap();
        let mut report: Value = serde_json::from_str(&printed).unwrap();
        *report.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}: {printed}")) = value;
        let schema = report::schema(Some(kind)).unwrap();
        assert_ne!(problems(&schema, &report), Vec::<String>::new(), "{kind}{pointer}");
    };
    spoil("PlacementReport", "/kind", json!("CheckReport"));
    spoil("PlacementReport", "/apiVersion", json!("siting.dev/v2"));
    spoil("PlacementReport", "/deployments/0/verdict", json!("perhaps"));
    spoil("PlacementReport", "/deployments/0/candidateCount", json!(-1));
    spoil("PlacementReport", "/deployments/0/scope/locations/state", json!(null));
    spoil("CheckReport", "/findings/0/severity", json!("bad"));
    spoil("Catalog", "/countries/0/code", json!(7));
    spoil("Description", "/deployment/status", json!("WELL"));
    spoil("SimulationReport", "/scenarios/0/steps/0/at", json!("now"));
    // A report of one kind is not read as another.
    let text = serde_json::to_string(&ErrorReport::new(&[])).unwrap();
    assert!(serde_json::from_str::<CheckReport>(&text.replace("errors", "findings")).is_err());
}

#[test]
fn the_command_line_prints_the_schema() {
    let folder = Folder::of::<&str>(&[]);
    let all = folder.run(&["schema", "--reports"]);
    assert_eq!((all.status, Some(all.json())), (0, report::schema(None)));
    let one = folder.run(&["schema", "--reports", "Explanation"]);
    assert_eq!(Some(one.json()), report::schema(Some("Explanation")));
    let wrong = folder.run(&["schema", "--reports", "Explanations"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.err.contains("no kind of report is called `Explanations`"), "{}", wrong.err);
    assert!(wrong.err.contains("did you mean `Explanation`?"), "{}", wrong.err);
}
