//! `siting drill` and `siting drain`

use crate::analysis::{self, Loss};
use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::Session;
use crate::report::{DrainReport, DrillReport};

pub(in crate::cli) fn drill(session: &mut Session, args: &args::Drill) -> Result<ExitStatus, Failure> {
    let workspace = session.load_and_put(&args.load.load.paths, &args.load.what_if)?.workspace;
    let lost = args.lose.iter().map(|text| Loss::named(&workspace, text)).collect::<Result<Vec<_>, _>>()?;
    let report = DrillReport::new(&workspace, &analysis::drill(&workspace, &lost));
    session.answer(&report, render::drill)?;
    Ok(ExitStatus::of(report.losses.is_empty() && report.down.is_empty()))
}

pub(in crate::cli) fn drain(session: &mut Session, args: &args::Drain) -> Result<ExitStatus, Failure> {
    let Some((cluster, paths)) = args.paths.split_last().filter(|(_, paths)| !paths.is_empty()) else {
        let help = "write `siting drain PATH… CLUSTER`".to_owned();
        return Err(Failure::invalid("which cluster?".to_owned(), help));
    };
    let workspace = session.load_and_put(paths, &args.what_if)?.workspace;
    let plan = analysis::drain(&workspace, &*cluster.to_string_lossy())?;
    let report = DrainReport::new(&workspace, &plan);
    session.answer(&report, render::drain)?;
    Ok(ExitStatus::of(report.blocked.is_empty()))
}
