//! `siting explain`

use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::report::{ClusterExplanation, ExplanationReport};
use crate::cli::session::Session;

pub(in crate::cli) fn explain(session: &mut Session, args: &args::Explain) -> Result<ExitStatus, Failure> {
    let workspace = session.load(&args.load.paths)?.workspace;
    let outcome = workspace.place(&args.deployment)?;
    let deployment = outcome.deployment;
    let cluster = args.cluster.as_ref().map(|name| workspace.find_cluster(name)).transpose()?;
    let cluster = cluster.and_then(|id| ClusterExplanation::new(&workspace, deployment, id));
    let report = ExplanationReport::new(&workspace, &outcome, cluster.as_ref(), session.quarantine);
    // The id comes from this very workspace, so there is a report.
    let Some(report) = report else { return Ok(ExitStatus::BAD) };
    session.answer(&report, |report, style| match &cluster {
        Some(cluster) => render::explain_cluster(&workspace, deployment, cluster, style),
        None => render::explain(&workspace, &outcome, report, style),
    })?;
    let allowed = cluster.is_none_or(|cluster| cluster.allowed);
    Ok(ExitStatus::of(outcome.decision.is_placed() && allowed))
}
