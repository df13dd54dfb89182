//! `siting explain`

use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::Session;
use crate::report::{ClusterExplanation, ExplanationReport, Remedied};

pub(in crate::cli) fn explain(session: &mut Session, args: &args::Explain) -> Result<ExitStatus, Failure> {
    let workspace = session.load_and_put(&args.load.load.paths, &args.load.what_if)?.workspace;
    let outcome = workspace.place(&args.deployment)?;
    let deployment = outcome.deployment;
    let cluster = args.cluster.as_ref().map(|name| ClusterExplanation::new(&workspace, deployment, name));
    let cluster = cluster.transpose()?;
    let report =
        ExplanationReport::new(&workspace, &outcome, cluster.clone(), session.include().remedies(Remedied::Alone))?;
    session.answer(&report, |report, style| match &cluster {
        Some(cluster) => render::explain_cluster(&workspace, deployment, cluster, style),
        None => render::explain(&workspace, &outcome, report, style),
    })?;
    let allowed = cluster.is_none_or(|cluster| cluster.allowed);
    Ok(ExitStatus::of(outcome.decision.is_placed() && allowed))
}
