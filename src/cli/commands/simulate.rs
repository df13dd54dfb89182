//! `siting simulate`

use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::{Loaded, Session};
use crate::manifest;
use crate::manifest::scenario::ScenarioSpec;
use crate::report::SimulationReport;
use crate::simulation::simulate as run;

pub(in crate::cli) fn simulate(session: &mut Session, args: &args::Simulate) -> Result<ExitStatus, Failure> {
    let loaded = session.load(&args.load.paths)?;
    let scenarios = scenarios(&loaded)?;
    if scenarios.is_empty() {
        let help = "define one with `kind: Scenario`".to_owned();
        return Err(Failure::invalid("these files contain no scenarios".to_owned(), help));
    }
    let mut reports = Vec::with_capacity(scenarios.len());
    for scenario in &scenarios {
        let ran = run(&loaded.workspace, scenario);
        let (report, _) = ran.map_err(|error| Failure { problems: error.problems, sources: Vec::new() })?;
        reports.push(report);
    }
    let passed = reports.iter().all(|report| report.passed);
    let report = SimulationReport::new(&loaded.workspace, &reports);
    session.answer(&report, |_, style| render::simulation(&reports, style))?;
    Ok(ExitStatus::of(passed))
}

/// The scenarios of what was loaded.
pub(super) fn scenarios(loaded: &Loaded) -> Result<Vec<ScenarioSpec>, Failure> {
    let reading = manifest::read_scenarios(&loaded.sources);
    if reading.problems.is_empty() {
        return Ok(reading.scenarios);
    }
    Err(Failure { problems: reading.problems, sources: loaded.sources.clone() })
}
