//! `siting catalog`

use crate::catalog::Catalog;
use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::report::CatalogReport;
use crate::cli::session::Session;

pub(in crate::cli) fn catalog(session: &mut Session, args: &args::Catalog) -> Result<ExitStatus, Failure> {
    let catalog = match args.from.as_slice() {
        [] => Catalog::builtin(),
        paths => session.load(paths)?.workspace.catalog().clone(),
    };
    let report = CatalogReport::new(&catalog, args.section);
    session.answer(&report, render::catalog)?;
    Ok(ExitStatus::YES)
}
