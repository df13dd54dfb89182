//! `siting options`

use crate::analysis::{self, Question};
use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::Session;
use crate::report::OptionsReport;

pub(in crate::cli) fn options(session: &mut Session, args: &args::Options) -> Result<ExitStatus, Failure> {
    let workspace = session.load_and_put(&args.load.load.paths, &args.load.what_if)?.workspace;
    let given: Vec<_> = args.given.iter().map(String::as_str).collect();
    let question = Question::named(&workspace, args.environment.as_deref(), args.resource_type.as_deref(), &given)?;
    let found = analysis::options(&workspace, question.environment, question.resource_type, &question.given);
    let report = OptionsReport::new(&workspace, &question, &found, session.include().further(args.further));
    session.answer(&report, render::options)?;
    Ok(ExitStatus::YES)
}
