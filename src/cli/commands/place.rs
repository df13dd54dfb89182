//! `siting place`

use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::cli::render;
use crate::cli::session::Session;
use crate::report::{PlacementReport, Remedied};
use crate::workspace::PlaceOptions;

pub(in crate::cli) fn place(session: &mut Session, args: &args::Place) -> Result<ExitStatus, Failure> {
    apart_from_optimize(args)?;
    let workspace = session.load_and_put(&args.load.load.paths, &args.load.what_if)?.workspace;
    let options = PlaceOptions { partial: args.partial, optimize: args.optimize.unwrap_or(0) };
    let outcomes = match &args.deployment {
        Some(address) => vec![workspace.place_as(address, options)?],
        None if args.independent => workspace.place_independently(options),
        None => {
            let progress = Progress::new(session.progress, workspace.deployments().len());
            workspace.place_all_watched(options, |decided| progress.reached(decided))
        }
    };
    let alone = args.independent || args.deployment.is_some();
    let remedies = if alone { Remedied::Alone } else { Remedied::InOrder };
    let include = session.include().candidates(args.candidates).admitted_by(args.admitted_by).remedies(remedies);
    let report = PlacementReport::new(&workspace, &outcomes, include)?.made(options, alone);
    let report = if args.optimize.is_some() && !workspace.running().is_empty() {
        report.planned(&workspace, &outcomes, args.payback)
    } else {
        report
    };
    session.answer(&report, render::place)?;
    Ok(ExitStatus::of(report.all_placed()))
}

/// `--optimize 5` would read a file `5`: a number of steps stands behind `=`, since the option may stand alone.
fn apart_from_optimize(args: &args::Place) -> Result<(), Failure> {
    let is_number = |path: &&std::path::PathBuf| path.to_str().is_some_and(|text| text.parse::<u64>().is_ok());
    let stray = args.load.load.paths.iter().find(is_number).filter(|path| args.optimize.is_some() && !path.exists());
    let Some(steps) = stray.map(|path| path.display()) else { return Ok(()) };
    let message = format!("there is no file `{steps}`, and the steps of `--optimize` stand behind `=`");
    Err(Failure::invalid(message, format!("write `--optimize={steps}`")))
}
