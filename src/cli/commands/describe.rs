//! `siting describe`

use super::simulate;
use crate::analysis::{self, Description};
use crate::catalog::nearest;
use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::{Loaded, Session};
use crate::report::DescriptionReport;
use crate::workspace::Workspace;

pub(in crate::cli) fn describe(session: &mut Session, args: &args::Describe) -> Result<ExitStatus, Failure> {
    let loaded = session.load_and_put(&args.load.load.paths, &args.load.what_if)?;
    let deployment = match &args.after {
        None => analysis::describe(&loaded.workspace, &args.deployment)?,
        Some(name) => live(&after(&loaded, name)?, &args.deployment)?,
    };
    let report = DescriptionReport::new(&loaded.workspace, deployment);
    let report = match &args.after {
        Some(name) => report.after(name),
        None => report,
    };
    session.answer(&report, |report, style| render::description(&report.deployment, style))?;
    Ok(ExitStatus::YES)
}

/// The workspace as a scenario leaves it.
fn after(loaded: &Loaded, name: &str) -> Result<Workspace, Failure> {
    let scenarios = simulate::scenarios(loaded)?;
    let Some(scenario) = scenarios.iter().find(|scenario| scenario.metadata.name.as_str() == name) else {
        let near = nearest(name, scenarios.iter().map(|scenario| scenario.metadata.name.as_str()));
        return Err(Failure::unknown(format!("no scenario is called `{name}`"), &near));
    };
    let ran = crate::simulation::simulate(&loaded.workspace, scenario);
    ran.map(|(_, scene)| scene).map_err(|error| Failure { problems: error.problems, sources: Vec::new() })
}

/// A live deployment by its name or id, with or without its workload's name before it.
fn live(workspace: &Workspace, address: &str) -> Result<Description, Failure> {
    let mut names = Vec::new();
    for (workload, journal) in workspace.lives() {
        let prefix = format!("{}/", workload.name);
        let own = address.strip_prefix(&prefix).unwrap_or(address);
        let found = journal.state().find(own).and_then(|number| analysis::describe_live(workspace, workload, number));
        if let Some(description) = found {
            return Ok(description);
        }
        names.extend(journal.state().deployments().map(|record| record.name.to_string()));
    }
    let near = nearest(address, names.iter().map(String::as_str));
    Err(Failure::unknown(format!("no live deployment is called `{address}`"), &near))
}
