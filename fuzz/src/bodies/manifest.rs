//! Text of manifests.

use arbitrary::{Arbitrary, Unstructured};
use siting::analysis;
use siting::manifest::spec::Specs;
use siting::manifest::{Source, read, read_str, write_json, write_yaml};
use siting::origin::Problem;
use siting::workspace::{LoadOptions, Workspace};

/// Any text is read or refused: problems stand where the text is, and what loads is decided, the same way
/// twice. What is read without problems is written and read back equal.
pub fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let source = Source::new("fuzz.yaml", text);
    let reading = read(std::slice::from_ref(&source));
    reading.problems.iter().for_each(|problem| is_well_put(problem, text));
    // What is wrong with a cluster is kept with it, for a load that quarantines; that is not written.
    if reading.problems.is_empty() && reading.specs.broken_clusters.is_empty() {
        reads_back(&without_notices(reading.specs));
    }
    for quarantine in [false, true] {
        match Workspace::from_sources(std::slice::from_ref(&source), LoadOptions { quarantine }) {
            Ok(workspace) => decides(&workspace),
            Err(error) => {
                assert!(!error.problems.is_empty());
                error.problems.iter().for_each(|problem| is_well_put(problem, text));
            }
        }
    }
}

/// Whatever specs there are, written and read they are equal.
pub fn round_trip(bytes: &[u8]) {
    let Ok(specs) = Specs::arbitrary(&mut Unstructured::new(bytes)) else { return };
    reads_back(&specs);
}

fn reads_back(specs: &Specs) {
    for text in [write_yaml(specs), write_json(specs)] {
        let again = read_str("written.yaml", &text);
        assert_eq!(again.problems, [], "{text}");
        assert_eq!(again.specs, *specs, "{text}");
    }
}

fn without_notices(specs: Specs) -> Specs {
    Specs { notices: Vec::new(), ..specs }
}

/// A problem is a short sentence about a place in the text.
fn is_well_put(problem: &Problem, text: &str) {
    let lines = text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    let origin = &problem.origin;
    assert!(!problem.message.is_empty() && problem.message.len() < 5000, "{problem:?}");
    assert!(origin.line as usize <= lines, "{problem:?} of {lines} lines");
    assert!(origin.column as usize <= text.chars().count() + 1, "{problem:?}");
    assert!(!problem.to_string().ends_with('.'), "{problem}");
}

fn decides(workspace: &Workspace) {
    let outcomes = workspace.place_all();
    for (one, other) in outcomes.iter().zip(&workspace.place_all()) {
        assert_eq!(one.decision.placements(), other.decision.placements());
        assert_eq!(one.decision.refusal(), other.decision.refusal());
        for placement in one.decision.placements() {
            assert!(one.decision.candidates().contains(placement.pair), "a placement is a candidate");
        }
    }
    let _ = analysis::check(workspace);
}
