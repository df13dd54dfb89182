//! `siting check`: severities that the workspace sets, findings that documents allow, SARIF.

use serde_json::{Value, json};

use crate::support::{Answer, Folder};

fn fleet(annotation: &str, severities: &str) -> Folder {
    let text = format!(
        "apiVersion: siting.dev/v1
kind: Workspace
metadata: {{name: acme}}
spec: {{{severities}}}
---
apiVersion: siting.dev/v1
kind: Policy
metadata:
  name: unused
  annotations: {{{annotation}}}
spec: {{type: location, locations: [{{type: country, name: fr}}, {{type: country, name: fr}}]}}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {{name: paris}}
spec: {{provider: onprem, country: fr, flavors: [{{type: gpu, name: t4}}]}}
"
    );
    Folder::of(&[("a b.yaml", text)])
}

fn check(annotation: &str, severities: &str) -> Answer {
    fleet(annotation, severities).run(&["check", "@", "-o", "json"])
}

/// Code and severity of each finding.
fn found(answer: &Answer) -> Vec<(String, String)> {
    let report = answer.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings.map(|finding| (text(&finding["code"]), text(&finding["severity"]))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(code, severity)| ((*code).to_owned(), (*severity).to_owned())).collect()
}

/// What a `Placement` allows is read as of any other document: without effect, it is told.
#[test]
fn what_a_placement_allows_without_effect_is_told() {
    let text = "apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: d}
spec: {model: m}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, pools: [{name: a, nodes: 1, cpu: 1, memory: 1Gi, cpuFlavor: x86}]}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: runs, annotations: {siting.dev/allow: 'policy-unused, because old'}}
spec: {deployment: m/d, cluster: paris, pool: a, replicas: 1}
";
    let answer = Folder::of(&[("a.yaml", text.to_owned())]).run(&["check", "@", "-o", "json"]);
    assert_eq!(found(&answer), pairs(&[("allow-without-effect", "warning")]), "{}", answer.err);
}

#[test]
fn a_reason_begins_with_the_word() {
    let without = check("siting.dev/allow: policy-unusedbecause", "");
    assert!(found(&without).contains(&("allow-without-reason".to_owned(), "warning".to_owned())));
}

#[test]
fn a_workspace_says_how_bad_findings_are() {
    let plain = check("", "");
    assert_eq!((plain.status, found(&plain)), (0, pairs(&[("policy-unused", "info"), ("option-covered", "info")])));
    let worse = check("", "severities: {policy-unused: error, option-covered: off}");
    assert_eq!((worse.status, found(&worse)), (1, pairs(&[("policy-unused", "error")])));
    let unknown = check("", "severities: {policy-unusd: error}");
    assert_eq!(found(&unknown)[0], ("severity-unknown".to_owned(), "error".to_owned()));
    assert_eq!(unknown.json()["findings"][0]["help"], "did you mean `policy-unused` or `policy-unresolved`?");
    let bad = check("", "severities: {policy-unused: fatal}");
    assert_eq!(bad.status, 2);
    assert!(bad.err.contains("`policy-unused` cannot be `fatal`"), "{}", bad.err);
}

#[test]
fn a_document_allows_findings_with_a_reason() {
    let allow = "siting.dev/allow: 'policy-unused, option-covered, because auditors ask for it'";
    let answer = check(allow, "severities: {policy-unused: error}");
    assert_eq!((answer.status, found(&answer)), (0, Vec::new()));
    let silenced = &answer.json()["silenced"];
    assert_eq!(silenced.as_array().unwrap().len(), 2);
    assert_eq!(silenced[0]["reason"], "auditors ask for it");
    let table = fleet(allow, "").run(&["check", "@"]);
    assert_eq!(table.out, "no findings\n2 findings silenced with a reason\n");
    // Without a reason, of no known code, or of nothing that is found: that is a finding itself.
    for (text, code) in [
        ("policy-unused", "allow-without-reason"),
        ("policy-unusd, because", "allow-without-reason"),
        ("policy-unusd, because of this", "allow-unknown"),
        ("mixed-kinds, because of this", "allow-without-effect"),
    ] {
        let answer = check(&format!("siting.dev/allow: '{text}'"), "");
        assert_eq!(answer.status, 1, "{text}");
        let codes: Vec<String> = found(&answer).into_iter().map(|(code, _)| code).collect();
        assert!(codes.contains(&code.to_owned()) && codes.contains(&"policy-unused".to_owned()), "{text}: {codes:?}");
    }
}

#[test]
fn code_scanners_read_sarif() {
    let allow = "siting.dev/allow: 'option-covered, because auditors ask for it'";
    let answer = fleet(allow, "severities: {policy-unused: warning}").run(&["check", "@", "--format", "sarif"]);
    assert_eq!(answer.status, 1);
    let log = answer.json();
    let run = &log["runs"][0];
    assert_eq!((log["version"].as_str(), run["tool"]["driver"]["name"].as_str()), (Some("2.1.0"), Some("siting")));
    assert_eq!(run["tool"]["driver"]["rules"], json!([{"id": "option-covered"}, {"id": "policy-unused"}]));
    let results = run["results"].as_array().unwrap();
    let levels: Vec<_> = results.iter().map(|result| (&result["ruleId"], &result["level"])).collect();
    assert_eq!(levels, [(&json!("policy-unused"), &json!("warning")), (&json!("option-covered"), &json!("note"))]);
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("a%20b.yaml"), "{place}");
    assert_eq!(place["region"], json!({"startLine": 9, "startColumn": 9, "endColumn": 15}));
    assert_eq!(results[1]["suppressions"], json!([{"kind": "inSource", "justification": "auditors ask for it"}]));
    // A load that fails is told in the same form.
    let broken = Folder::of(&[("a.yaml", "kind: Nonsense\n")]).run(&["check", "@", "--format", "sarif"]);
    assert_eq!(broken.status, 2);
    assert_eq!(broken.json()["runs"][0]["results"][0]["level"], "error");
}

/// Every code that an analysis gives a finding is one whose severity can be set, and that can be allowed.
#[test]
fn every_code_is_listed() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/analysis");
    let mut seen = 0;
    for entry in std::fs::read_dir(root).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for part in text.split("Severity::").filter_map(|before| before.trim_end().strip_suffix("\",")) {
            let code = part.rsplit('"').next().unwrap_or_default();
            assert!(
                siting::analysis::FINDING_CODES.contains(&code),
                "{code} of {} is not listed",
                entry.path().display()
            );
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}
