//! Documents that hold every field, written back, spoiled, and held against their JSON Schema.

#![cfg(feature = "schema")]

use std::fmt::Write as _;

use serde_json::{Value, json};
use siting::manifest::{Kind, Source, read, read_scenarios, schema, write_yaml};

const EVERYTHING: &str = include_str!("everything.yaml");

/// What no schema of ours says: how two numbers compare, which texts of another format are names, and which steps
/// need a host.
const BEYOND: [&str; 3] =
    ["/scaling/minReplicas = 7", "/offloading/metrics/0/resource/name = \"\"", "/spec/host left out"];

/// The documents, as trees.
fn documents() -> Vec<Value> {
    EVERYTHING.split("\n---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect()
}

/// What is wrong with a document by itself: message and help of each problem.
fn problems(document: &Value) -> Vec<String> {
    let source = [Source::new("spoiled.json", document.to_string())];
    let (reading, scenarios) = (read(&source), read_scenarios(&source));
    let broken = reading.specs.broken_clusters.into_iter().flat_map(|broken| broken.problems);
    let all = reading.problems.into_iter().chain(broken).chain(scenarios.problems);
    all.map(|problem| format!("{} ({})", problem.message, problem.help.unwrap_or_default())).collect()
}

fn kind_of(document: &Value) -> Kind {
    let version = document["apiVersion"].as_str().unwrap();
    let of = |kind: &Kind| kind.api_version() == version && kind.kind() == document["kind"];
    Kind::ALL.into_iter().find(of).unwrap()
}

/// The places of all values below one, as JSON pointers.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| places(value, &format!("{here}/{}", key.replace('/', "~1")), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, value)| places(value, &format!("{here}/{place}"), found));
        }
        _ => {}
    }
}

/// Every document with one fault, and where it is.
fn spoiled() -> Vec<(String, Value)> {
    let others =
        [json!(null), json!(true), json!(7), json!(-1), json!(1.5), json!("word"), json!(""), json!([]), json!({})];
    let mut found = Vec::new();
    for document in documents() {
        let name = format!("{} {}", kind_of(&document), document["metadata"]["name"].as_str().unwrap());
        let mut all = Vec::new();
        places(&document, "", &mut all);
        // Without its kind a document is nobody's.
        for place in all.iter().filter(|place| !matches!(&***place, "" | "/kind" | "/apiVersion")) {
            for other in &others {
                let mut changed = document.clone();
                *changed.pointer_mut(place).unwrap() = other.clone();
                found.push((format!("{name} {place} = {other}"), changed));
            }
            let (parent, key) = place.rsplit_once('/').unwrap();
            let mut without = document.clone();
            if let Some(Value::Object(fields)) = without.pointer_mut(parent) {
                fields.remove(&key.replace("~1", "/"));
                found.push((format!("{name} {place} left out"), without));
            }
            let mut more = document.clone();
            if let Some(Value::Object(fields)) = more.pointer_mut(place) {
                fields.insert("zzz".to_owned(), json!(1));
                found.push((format!("{name} {place}/zzz"), more));
            }
        }
    }
    found
}

#[test]
fn everything_is_accepted_by_readers_and_by_schemas() {
    for document in documents() {
        assert_eq!(problems(&document), Vec::<String>::new(), "{document:#}");
        let schema = jsonschema::validator_for(&schema(Some(kind_of(&document)))).unwrap();
        let errors: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{document:#}");
    }
}

#[test]
fn readers_and_schemas_accept_the_same() {
    let schemas = Kind::ALL.map(|kind| (kind, jsonschema::validator_for(&schema(Some(kind))).unwrap()));
    let mut differ = String::new();
    for (what, document) in spoiled() {
        let (_, schema) = schemas.iter().find(|(kind, _)| *kind == kind_of(&document)).unwrap();
        let (problems, valid) = (problems(&document), schema.is_valid(&document));
        let beyond = BEYOND.iter().any(|beyond| what.ends_with(beyond));
        if problems.is_empty() != valid && !beyond {
            let said = if valid { problems.join("; ") } else { "accepted".to_owned() };
            writeln!(differ, "{what}: {said}").unwrap();
        }
    }
    assert_eq!(differ, "", "the schema says otherwise");
}

#[test]
fn everything_written_back_is_as_it_was() {
    let specs = read(&[Source::new("everything.yaml", EVERYTHING)]).specs;
    let written = write_yaml(&specs);
    assert_eq!(read(&[Source::new("written.yaml", &*written)]).specs, specs);
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("everything_written_back", written);
    });
}

#[test]
fn what_is_said_of_a_fault_is_as_it_was() {
    let mut said = String::new();
    // One fault of each place: what else is said of it is pinned family by family with the command line.
    for (what, document) in spoiled().into_iter().filter(|(what, _)| what.ends_with("= {}") || what.ends_with("zzz")) {
        writeln!(said, "{what}\n    {}", problems(&document).join("\n    ")).unwrap();
    }
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("said_of_faults", said);
    });
}

#[test]
fn schemas_are_as_they_were() {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        for kind in Kind::ALL {
            insta::assert_snapshot!(format!("schema_of_{kind}"), format!("{:#}", schema(Some(kind))));
        }
    });
}
