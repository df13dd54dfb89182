//! The language-neutral cases of `tests/conformance/`, each a text and what must come of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use siting::cli::{self, ExitStatus, Terminal};

use crate::reports::hold;

#[test]
fn every_case_comes_to_what_it_states() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let scratch = std::env::temp_dir().join(format!("siting-conformance-{}", std::process::id()));
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    cases.sort();
    assert!(cases.len() > 100, "the cases are missing");
    let failures: Vec<String> = cases.iter().filter_map(|path| run(path, &scratch).err()).collect();
    fs::remove_dir_all(&scratch).unwrap();
    println!("{} cases", cases.len());
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Runs one case; what is wrong, if anything.
fn run(path: &Path, scratch: &Path) -> Result<(), String> {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    known_keys(&case).map_err(|why| format!("{name}: {why}"))?;
    let lines: Vec<&str> = case["manifests"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let folder = scratch.join(&name);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("case.yaml");
    fs::write(&file, lines.join("\n")).unwrap();
    let mut args = vec!["siting", "place", file.to_str().unwrap(), "-o", "json", "--candidates"];
    for (option, flag) in [("independent", "--independent"), ("quarantine", "--quarantine")] {
        if case["options"][option] == true {
            args.push(flag);
        }
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = cli::run(args, &mut out, &mut err, Terminal::default());
    hold(std::str::from_utf8(&out).unwrap());
    let report: Value = serde_json::from_slice(&out).map_err(|error| format!("{name}: no JSON: {error}"))?;
    compare(&case["expect"], &report, status).map_err(|why| format!("{name}: {why}"))
}

/// A key that is not of the form of a case: it would be read by nobody, and its case would prove nothing.
fn known_keys(case: &Value) -> Result<(), String> {
    let within = |value: &Value, at: &str, known: &[&str]| match value.as_object() {
        Some(object) => match object.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(format!("{at} has no key `{key}`; it has {}", known.join(", "))),
            None => Ok(()),
        },
        None => Err(format!("{at} must be an object")),
    };
    within(case, "a case", &["name", "rules", "manifests", "options", "expect"])?;
    if let Some(options) = case.get("options") {
        within(options, "`options`", &["independent", "quarantine"])?;
    }
    let expect = &case["expect"];
    within(expect, "`expect`", &["deployments", "quarantined", "errors"])?;
    if expect.get("errors").is_some() && expect.as_object().is_some_and(|expect| expect.len() > 1) {
        return Err("a load that fails decides nothing: `errors` stands alone in `expect`".to_owned());
    }
    for error in expect["errors"].as_array().into_iter().flatten() {
        within(error, "an error", &["code", "line", "column", "contains"])?;
    }
    Ok(())
}

#[test]
fn a_case_with_an_unknown_key_is_refused() {
    let told = |case: Value| known_keys(&case).unwrap_err();
    let whole = |expect: Value| json!({"name": "", "rules": [], "manifests": [], "expect": expect});
    assert!(told(json!({"nmae": ""})).contains("`nmae`"));
    assert!(told(json!({"options": {"quarantined": true}, "expect": {}})).contains("`quarantined`"));
    assert!(told(whole(json!({"deployment": {}}))).contains("`deployment`"));
    assert!(told(whole(json!({"errors": [], "deployments": {}}))).contains("alone"));
    assert!(told(whole(json!({"errors": [{"colum": 3}]}))).contains("`colum`"));
}

fn compare(expect: &Value, report: &Value, status: ExitStatus) -> Result<(), String> {
    if let Some(errors) = expect.get("errors") {
        let found = report.get("errors").ok_or("the load should fail, and does not")?;
        if status != ExitStatus::BAD {
            return Err(format!("a failed load ends with 2, and not {}", status.0));
        }
        return same_errors(errors.as_array().unwrap(), found.as_array().unwrap());
    }
    let found = report.get("deployments").ok_or_else(|| format!("the load fails: {report:#}"))?;
    for (address, expected) in expect["deployments"].as_object().into_iter().flatten() {
        let named = |entry: &&Value| {
            format!("{}/{}", entry["workload"]["name"].as_str().unwrap(), entry["name"].as_str().unwrap()) == *address
        };
        let entry = found.as_array().unwrap().iter().find(named).ok_or(format!("no `{address}` in the report"))?;
        within(expected, entry, address)?;
    }
    match expect.get("quarantined") {
        Some(expected) => within(expected, &report["quarantined"], "quarantined"),
        None => Ok(()),
    }
}

fn same_errors(expected: &[Value], found: &[Value]) -> Result<(), String> {
    if expected.len() != found.len() {
        return Err(format!("{} errors expected, {} found: {found:#?}", expected.len(), found.len()));
    }
    for (number, (expected, found)) in expected.iter().zip(found).enumerate() {
        for (key, value) in expected.as_object().unwrap() {
            let agrees = match key.as_str() {
                "contains" => found["message"].as_str().unwrap().contains(value.as_str().unwrap()),
                key => found[key] == *value,
            };
            if !agrees {
                return Err(format!("error {number}: `{key}` should be {value} in {found:#}"));
            }
        }
    }
    Ok(())
}

/// Whether all that is stated is there: objects by the keys stated, arrays element by element.
fn within(expected: &Value, found: &Value, at: &str) -> Result<(), String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected.iter().try_for_each(|(key, value)| {
            let found = found.get(key).ok_or_else(|| format!("{at}.{key} is missing"))?;
            within(value, found, &format!("{at}.{key}"))
        }),
        (Value::Array(expected), Value::Array(list)) if expected.len() == list.len() => {
            let mut pairs = expected.iter().zip(list).enumerate();
            pairs.try_for_each(|(index, (expected, found))| within(expected, found, &format!("{at}[{index}]")))
        }
        _ if expected == found => Ok(()),
        _ => Err(format!("{at} should be {expected}, and is {found}")),
    }
}
