//! Answers as if further documents were put (D10, W2).

use crate::support::Folder;
use serde_json::json;

const FLEET: &str = "apiVersion: siting.dev/v1
kind: Policy
metadata: {name: only-de}
spec: {type: location, locations: [{type: country, name: de}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [only-de]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: berlin}
spec: {provider: onprem, country: de, flavors: [{type: gpu, name: t4}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
";
const FRENCH: &str = "apiVersion: siting.dev/v1
kind: Policy
metadata: {name: only-de}
spec: {type: location, locations: [{type: country, name: fr}]}
";
const SPANISH: &str = "apiVersion: siting.dev/v1
kind: Policy
metadata: {name: only-de}
spec: {type: location, locations: [{type: country, name: es}]}
";
const MORE: &str = "apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v2}
spec: {model: bert}
---
apiVersion: other.dev/v1
kind: Thing
";
const WRONG: &str = "apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v3}
spec: {model: bert, polices: [], policies: [only-da]}
";

fn folder() -> Folder {
    Folder::of(&[
        ("fleet.yaml", FLEET),
        ("french.yaml", FRENCH),
        ("spanish.yaml", SPANISH),
        ("more.yaml", MORE),
        ("wrong.yaml", WRONG),
    ])
}

/// D10: each question is answered over what would be, and the files stay what they are.
#[test]
fn d10_documents_are_put_before_the_answer() {
    let folder = folder();
    let placed = |args: &[&str]| {
        let report = folder.run(&[&["place", "@/fleet.yaml", "-o", "json"], args].concat()).json();
        let all = report["deployments"].as_array().unwrap().iter();
        all.map(|one| json!([one["name"], one["placements"][0]["cluster"]])).collect::<Vec<_>>()
    };
    assert_eq!(placed(&[]), [json!(["v1", "berlin"])]);
    assert_eq!(placed(&["--what-if", "@/french.yaml"]), [json!(["v1", "paris"])]);
    let both = ["--what-if", "@/french.yaml", "--what-if", "@/more.yaml"];
    assert_eq!(placed(&both), [json!(["v1", "paris"]), json!(["v2", "paris"])]);
    let explain = ["explain", "@/fleet.yaml", "-d", "bert/v2", "-c", "paris", "-o", "json", "--what-if", "@/more.yaml"];
    let answer = folder.run(&explain);
    assert_eq!((answer.status, answer.json()["allowed"].clone()), (1, json!(false)));
    assert!(answer.err.contains("1 document of another API group was skipped"), "{}", answer.err);
    let options = folder.run(&["options", "@/fleet.yaml", "--what-if", "@/french.yaml", "-o", "json"]).json();
    let places = options["locations"].as_array().unwrap().iter().filter(|it| it["type"] == "country");
    assert_eq!(places.map(|it| it["name"].clone()).collect::<Vec<_>>(), ["fr"]);
    // What nobody could run anywhere is found in what would be, and only there.
    let found = |args: &[&str]| {
        let report = folder.run(&[&["check", "@/fleet.yaml", "-o", "json"], args].concat()).json();
        let all = report["findings"].as_array().unwrap().iter();
        all.map(|it| it["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let spanish = found(&["--what-if", "@/spanish.yaml"]);
    assert!(spanish.iter().any(|message| message.contains("`es`")), "{spanish:?}");
    assert!(found(&[]).iter().all(|message| !message.contains("`es`")));
}

/// W2: what cannot be put is bad input, with all its problems and their places.
#[test]
fn w2_what_cannot_be_put_is_bad_input() {
    let answer = folder().run(&["place", "@/fleet.yaml", "--what-if", "@/wrong.yaml", "-o", "json"]);
    assert_eq!(answer.status, 2);
    let errors = answer.json()["errors"].clone();
    let found: Vec<_> =
        errors.as_array().unwrap().iter().map(|it| (it["message"].clone(), it["file"].clone())).collect();
    assert_eq!(
        found,
        [
            (json!("a deployment's spec has no field `polices`"), json!("wrong.yaml")),
            (json!("no policy is called `only-da`"), json!("wrong.yaml")),
        ]
    );
    let missing = folder().run(&["check", "@/fleet.yaml", "--what-if", "@/none.yaml"]);
    assert_eq!(missing.status, 2);
    assert!(missing.err.contains("none.yaml"), "{}", missing.err);
}

/// W2: standard input is read once; who names it twice is told, and nothing is decided on half of it.
#[test]
fn w2_standard_input_stands_in_one_place() {
    let answer = folder().run(&["place", "-", "--what-if", "-"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("standard input is read once"), "{}", answer.err);
}

/// W2: what is no part of a workspace is not put, and who puts it is told.
#[test]
fn w2_policy_tests_are_not_put() {
    let test = "apiVersion: siting.dev/v1\nkind: PolicyTest\nmetadata: {name: t}\nspec: {cases: [{denied: [{type: country, name: us}]}]}\n";
    let (fleet, test) = (folder(), Folder::of(&[("t.yaml", test.to_owned())]));
    let path = test.0.join("t.yaml").display().to_string();
    let answer = fleet.run(&["place", "@/fleet.yaml", "--what-if", &path]);
    assert!(answer.err.contains("a `PolicyTest` is no part of a workspace, so it is not put"), "{}", answer.err);
}

/// A2: the impact of a change is the diff of what it would make of the present.
#[test]
fn a2_a_diff_with_documents_put_is_the_impact_of_a_change() {
    let folder = folder();
    let impact = folder.run(&["diff", "@/fleet.yaml", "--what-if", "@/french.yaml", "-o", "json"]);
    let found = impact.json();
    assert_eq!(found["deployments"][0]["deployment"], "bert/v1", "{found}");
    assert!(folder.run(&["diff", "@/fleet.yaml", "--what-if", "@/fleet.yaml"]).out.contains("nothing differs"));
    let more = folder.run(&["diff", "@/fleet.yaml", "--what-if", "@/more.yaml", "-o", "json"]).json();
    assert!(more["added"].as_array().unwrap().contains(&json!("model/bert/v2")), "{more}");
}
