//! Every rule that is cited stands in `docs/rules.md`, and every rule there is cited by a test.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::{files, parted, root};

/// What looks like a rule and is none: hardware, quantiles, types, paper sizes.
const OTHERS: &[&str] = &["A10", "A16", "A30", "A40", "I32", "L20", "L40", "P40", "P50", "P95", "P99"];

/// The rules of the page, and whether each is built.
fn rules() -> BTreeMap<String, bool> {
    let page = fs::read_to_string(root().join("docs/rules.md")).expect("the page of rules");
    let mut built = true;
    let mut rules = BTreeMap::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            built = heading != "Not built yet";
        }
        if let Some((rule, _)) = line.strip_prefix("- **").and_then(|line| line.split_once("**")) {
            assert!(rules.insert(rule.to_owned(), built).is_none(), "docs/rules.md states {rule} twice");
        }
    }
    rules
}

/// The rules that a text cites: a letter of the page and a number, bounded on both sides. Of a range such as
/// `D1–D6`, both ends.
fn citations(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let rule = |word: &&str| {
        let (letter, number) = word.split_at_checked(1).unwrap_or_default();
        "CPEIDAWLR".contains(letter)
            && !letter.is_empty()
            && (1..=2).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && !OTHERS.contains(word)
    };
    words.filter(rule).collect()
}

#[test]
fn every_cited_rule_stands_on_the_page_as_built() {
    let rules = rules();
    let mut wrong = Vec::new();
    for file in files(&root().join("src"), "rs") {
        let text = fs::read_to_string(&file).expect("text");
        // Names of hardware look like rules where they are not comments: there, only texts that are nothing
        // but a rule are citations.
        let comments = text.lines().filter_map(|line| line.split_once("//").map(|(_, comment)| comment));
        let quoted = text.split('"').skip(1).step_by(2).filter(|quoted| quoted.len() < 4);
        let quoted = quoted.filter(|_| !file.to_string_lossy().contains("catalog"));
        for rule in comments.chain(quoted).flat_map(citations) {
            match rules.get(rule) {
                Some(true) => {}
                Some(false) => wrong.push(format!("{}: {rule}, which the page lists as not built", file.display())),
                None => wrong.push(format!("{}: {rule}, which the page does not state", file.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "docs/rules.md and what is cited differ:\n{}", wrong.join("\n"));
}

/// Whether a test speaks of a rule: `P1`, and not `P12` or `EP1`; or `p1_` in a test's name; or in a
/// range such as `D1–D6`.
fn cites(text: &str, rule: &str) -> bool {
    let bounded = |at: usize, length: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + length..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(|c| c.is_ascii_digit())
    };
    let lower = rule.to_lowercase();
    text.match_indices(rule).chain(text.match_indices(&lower)).any(|(at, found)| bounded(at, found.len()))
}

#[test]
fn every_built_rule_is_cited_by_a_test() {
    let this = root().join("tests/house/rules.rs");
    let mut texts = Vec::new();
    for file in files(&root().join("tests"), "rs").into_iter().filter(|file| *file != this) {
        texts.push(fs::read_to_string(file).expect("text"));
    }
    for file in files(&root().join("tests/conformance"), "json") {
        let case: Value = serde_json::from_str(&fs::read_to_string(file).expect("text")).expect("a case");
        texts.push(case["rules"].to_string());
    }
    for file in files(&root().join("src"), "rs") {
        let text = fs::read_to_string(file).expect("text");
        texts.push(parted(&text).1);
        // `parted` leaves comments out; a test's own stand behind the attribute.
        texts.extend(text.rsplit_once("#[cfg(test)]\nmod tests {").map(|(_, tests)| tests.to_owned()));
    }
    let all = texts.join("\n");
    let built = rules().into_iter().filter(|(_, built)| *built);
    let uncited: Vec<_> = built.map(|(rule, _)| rule).filter(|rule| !cites(&all, rule)).collect();
    assert!(uncited.is_empty(), "no test cites {uncited:?}");
}

#[test]
fn citations_are_told_apart() {
    assert!(cites("// P1: names", "P1") && cites("fn p1_targets()", "P1"));
    assert!(!cites("P12", "P1") && !cites("EP1", "P1"));
}

#[test]
fn citations_are_found() {
    assert_eq!(citations("/// (P3–P8, D10): an L4 is cited, an A100, P95 and L4S are not"), ["P3", "P8", "D10", "L4"]);
}
