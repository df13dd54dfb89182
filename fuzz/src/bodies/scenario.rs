//! Scenario files.

use siting::manifest::{Source, read_scenarios};
use siting::simulation::simulate;
use siting::workspace::{LoadOptions, Workspace};

/// Any text is read or refused as a scenario; what is read is simulated, and gives the same report twice.
pub fn scenario(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let source = Source::new("fuzz.yaml", text);
    let reading = read_scenarios(std::slice::from_ref(&source));
    if !reading.problems.is_empty() {
        return;
    }
    let Ok(workspace) = Workspace::from_sources(&[source], LoadOptions::default()) else { return };
    for scenario in &reading.scenarios {
        let one = simulate(&workspace, scenario).map(|(report, _)| report);
        let other = simulate(&workspace, scenario).map(|(report, _)| report);
        assert_eq!(one.ok(), other.ok());
    }
}
