//! `siting options`

use crate::analysis::{self, Question};
use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::session::Session;
use crate::placement::Reason;
use crate::report::OptionsReport;

pub(in crate::cli) fn options(session: &mut Session, args: &args::Options) -> Result<ExitStatus, Failure> {
    let workspace = session.load(&args.load.paths)?.workspace;
    let given: Vec<_> = args.given.iter().map(String::as_str).collect();
    let question = Question::named(&workspace, args.environment.as_deref(), args.resource_type.as_deref(), &given)?;
    let Question { environment, resource_type, given } = &question;
    let (environment, resource_type) = (*environment, *resource_type);
    let found = analysis::options(&workspace, environment, resource_type, given);
    let report = OptionsReport::new(&workspace, &found, session.include());
    let environment = workspace.environment(environment).map_or("", |environment| environment.name.as_str());
    let because = if !found.reasons.is_empty() {
        found.reasons.iter().map(Reason::message).collect::<Vec<_>>().join("; ")
    } else if workspace.inventory().fleet().clusters().is_empty() {
        "no clusters were loaded".to_owned()
    } else {
        "no healthy, uncordoned cluster satisfies the policies and the choices made".to_owned()
    };
    let resource_type = workspace.catalog().resource_type_name(resource_type);
    let question = render::Asked { environment, resource_type, because: &because };
    session.answer(&report, |report, style| render::options(report, &question, style))?;
    Ok(ExitStatus::YES)
}
