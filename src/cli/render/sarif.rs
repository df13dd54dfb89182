//! Findings as SARIF 2.1.0, which code scanners and editors read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::analysis::{Checked, Finding, Severity};
use crate::origin::{Origin, Problem, Related};

/// Findings, and those that documents allow as suppressed ones.
pub(in crate::cli) fn findings(checked: &Checked) -> String {
    let found = checked.findings.iter().map(|finding| (finding, None));
    let silenced = checked.silenced.iter().map(|silenced| (&silenced.finding, Some(&silenced.reason)));
    let result = |(finding, reason): (&Finding, Option<&String>)| {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        };
        let mut result = result(finding.code, level, &finding.message, finding.help.as_deref(), &finding.origin);
        add(&mut result, "relatedLocations", related(&finding.related));
        if let Some(reason) = reason {
            add(&mut result, "suppressions", vec![json!({"kind": "inSource", "justification": reason})]);
        }
        result
    };
    log(found.chain(silenced).map(result).collect())
}

/// Why a load failed.
pub(in crate::cli) fn problems(problems: &[Problem]) -> String {
    let result = |problem: &Problem| {
        let mut result =
            result(problem.code.as_str(), "error", &problem.message, problem.help.as_deref(), &problem.origin);
        add(&mut result, "relatedLocations", related(&problem.related));
        result
    };
    log(problems.iter().map(result).collect())
}

fn log(results: Vec<Value>) -> String {
    let codes: BTreeSet<&str> = results.iter().filter_map(|result| result.get("ruleId")?.as_str()).collect();
    let rules: Vec<Value> = codes.into_iter().map(|code| json!({"id": code})).collect();
    let driver = json!({"name": "siting", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules});
    let run = json!({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results});
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    });
    // A tree of texts and numbers can always be written.
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn result(code: &str, level: &str, message: &str, help: Option<&str>, origin: &Origin) -> Value {
    let help = help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let mut result = json!({"ruleId": code, "level": level, "message": {"text": format!("{message}{help}")}});
    add(&mut result, "locations", location(origin, None).into_iter().collect());
    result
}

fn add(result: &mut Value, key: &str, list: Vec<Value>) {
    if let (Value::Object(fields), false) = (result, list.is_empty()) {
        fields.insert(key.to_owned(), list.into());
    }
}

fn related(related: &[Related]) -> Vec<Value> {
    related.iter().filter_map(|related| location(&related.origin, Some(&related.message))).collect()
}

/// Where something stands; nothing for what stands in no file.
fn location(origin: &Origin, message: Option<&str>) -> Option<Value> {
    let file = origin.file.as_ref()?;
    let mut physical = json!({"artifactLocation": {"uri": uri(file)}});
    if let (Value::Object(fields), true) = (&mut physical, origin.line > 0) {
        let end = u64::from(origin.column) + u64::from(origin.length.max(1));
        let region = json!({"startLine": origin.line, "startColumn": origin.column, "endColumn": end});
        fields.insert("region".to_owned(), region);
    }
    let mut location = json!({"physicalLocation": physical});
    if let (Value::Object(fields), Some(message)) = (&mut location, message) {
        fields.insert("message".to_owned(), json!({"text": message}));
    }
    Some(location)
}

/// A path as a relative reference, or an absolute one as a URI.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("a b/ü:1.yaml"), "a%20b/%C3%BC%3A1.yaml");
        assert_eq!(uri("/fleet/a.yaml"), "file:///fleet/a.yaml");
        assert_eq!(uri("./fleet/a.yaml"), "fleet/a.yaml");
    }
}
