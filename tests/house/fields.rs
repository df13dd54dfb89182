//! Every field that manifests accept stands in `docs/assurance.md`, with what it does and a test that holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::{files, root};

/// Formats of others, of which all fields are kept.
const OTHERS: [&str; 2] = ["BeamlitPolicy", "ModelDeployment"];

/// The heading of the table of commands.
const COMMANDS: &str = "### Commands beside those of scenarios";

/// The fields below a schema, as `spec.pools[].gpu.count`.
fn fields(schema: &Value, root: &Value, path: &str, within: &[&str], found: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        if !within.contains(&name) {
            let named = root.pointer(name.trim_start_matches('#')).expect("a schema by its name");
            fields(named, root, path, &[within, &[name]].concat(), found);
        }
        return;
    }
    for either in ["anyOf", "oneOf", "allOf"] {
        for schema in schema[either].as_array().into_iter().flatten() {
            fields(schema, root, path, within, found);
        }
    }
    if schema["items"].is_object() {
        fields(&schema["items"], root, &format!("{path}[]"), within, found);
    }
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        fields(schema, root, &path, within, found);
        found.insert(path);
    }
}

/// The fields of each kind of document, by the snapshots of the schemas.
fn kinds() -> BTreeMap<String, BTreeSet<String>> {
    let mut kinds = BTreeMap::new();
    for file in files(&root().join("tests/manifest/snapshots"), "snap") {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let Some(kind) = name.strip_prefix("schema_of_").filter(|kind| !OTHERS.contains(kind)) else { continue };
        let text = fs::read_to_string(&file).expect("text");
        let schema = text.splitn(3, "---").nth(2).expect("what was pinned");
        let schema: Value = serde_json::from_str(schema).expect("a schema");
        let mut found = BTreeSet::new();
        fields(&schema, &schema, "", &[], &mut found);
        kinds.insert(kind.to_owned(), found);
    }
    kinds
}

/// The words in backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A row of the tables: the kind, the fields and the tests.
struct Row {
    kind: String,
    fields: Vec<String>,
    tests: Vec<String>,
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string(root().join("docs/assurance.md")).expect("the page");
    let (mut kind, mut rows) = (None, Vec::new());
    for line in page.lines() {
        if line.starts_with('#') {
            let commands = (line == COMMANDS).then_some(line);
            kind = line.strip_prefix("### Fields of ").or(commands).map(str::to_owned);
        } else if let (Some(kind), true) = (&kind, line.starts_with("| `")) {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").collect();
            let [fields, _, tests] = <[&str; 3]>::try_from(cells).expect("a field, what it does, and tests");
            rows.push(Row { kind: kind.clone(), fields: quoted(fields), tests: quoted(tests) });
        }
    }
    rows
}

/// Whether a written field is this one: `a.*` is `a` and all that is below it.
fn means(written: &str, field: &str) -> bool {
    match written.strip_suffix(".*") {
        Some(above) => field.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])),
        None => written == field,
    }
}

#[test]
fn every_field_of_a_manifest_says_what_it_does() {
    let (kinds, rows) = (kinds(), rows());
    assert!(kinds.len() >= 8, "{:?}", kinds.keys());
    let mut wrong = Vec::new();
    for (kind, fields) in &kinds {
        for field in fields {
            let of_kind = rows.iter().filter(|row| row.kind == *kind);
            let count = of_kind.flat_map(|row| &row.fields).filter(|written| means(written, field)).count();
            // What only holds others says nothing of its own.
            let holds = ["spec"].contains(&field.as_str());
            if count != 1 && !(count == 0 && holds) {
                wrong.push(format!("{kind} {field} stands in {count} rows"));
            }
        }
    }
    for row in rows.iter().filter(|row| row.kind != COMMANDS) {
        let fields = kinds.get(&row.kind).expect("a kind that there is");
        let unknown = row.fields.iter().filter(|written| !fields.iter().any(|field| means(written, field)));
        wrong.extend(unknown.map(|written| format!("{} has no {written}", row.kind)));
    }
    assert!(wrong.is_empty(), "docs/assurance.md and the schemas differ:\n{}", wrong.join("\n"));
}

#[test]
fn every_command_is_a_step_or_says_what_it_does() {
    let code = fs::read_to_string(root().join("src/lifecycle/commands/action.rs")).expect("text");
    let (_, verbs) = code.split_once("fn verb(&self)").expect("the words of commands");
    let (verbs, _) = verbs.split_once("\n    }\n").expect("its end");
    let verbs: BTreeSet<_> = verbs.split('"').skip(1).step_by(2).collect();
    let (kinds, rows) = (kinds(), rows());
    let told: Vec<_> = rows.iter().filter(|row| row.kind == COMMANDS).flat_map(|row| &row.fields).collect();
    let steps = kinds.get("Scenario").expect("scenarios");
    let is_step = |verb: &str| steps.contains(&format!("spec.steps[].{verb}"));
    let wrong: Vec<_> = verbs.iter().filter(|verb| is_step(verb) == told.iter().any(|told| told == *verb)).collect();
    assert!(verbs.len() > 20 && wrong.is_empty(), "told twice or not at all: {wrong:?} of {verbs:?}");
}

#[test]
fn every_test_of_a_field_is_there() {
    let mut tests: BTreeSet<String> = BTreeSet::new();
    for file in files(&root().join("tests"), "rs") {
        let text = fs::read_to_string(file).expect("text");
        let begun = text.split("fn ").skip(1).filter_map(|rest| rest.split_once(['(', '<']));
        tests.extend(begun.map(|(name, _)| name.to_owned()));
    }
    for file in files(&root().join("tests/conformance"), "json") {
        tests.insert(file.file_stem().expect("a name").to_string_lossy().into_owned());
    }
    let rows = rows();
    let bare: Vec<_> = rows.iter().filter(|row| row.tests.is_empty()).map(|row| &row.fields).collect();
    assert!(bare.is_empty(), "no test is named for {bare:?}");
    let missing: BTreeSet<_> = rows.iter().flat_map(|row| &row.tests).filter(|test| !tests.contains(*test)).collect();
    assert!(missing.is_empty(), "docs/assurance.md names tests that are not there: {missing:?}");
}

#[test]
fn fields_are_meant_by_what_is_above_them() {
    assert!(means("spec.a.*", "spec.a") && means("spec.a.*", "spec.a.b") && means("spec.a.*", "spec.a[].b"));
    assert!(!means("spec.a.*", "spec.ab") && !means("spec.a", "spec.a.b"));
}
