//! `siting options`

use super::names;
use crate::analysis;
use crate::catalog::{Catalog, Choice, ChoiceKind};
use crate::cli::ExitStatus;
use crate::cli::args;
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::report::OptionsReport;
use crate::cli::session::Session;
use crate::placement::Reason;
use crate::workspace::Workspace;

/// The workload type whose options are asked for where none is named.
const DEFAULT_TYPE: &str = "model";

pub(in crate::cli) fn options(session: &mut Session, args: &args::Options) -> Result<ExitStatus, Failure> {
    let workspace = session.load(&args.load.paths)?.workspace;
    let environment = match &args.environment {
        Some(name) => names::environment(&workspace, name)?,
        None => workspace.default_environment(),
    };
    let resource_type = names::resource_type(&workspace, args.resource_type.as_deref().unwrap_or(DEFAULT_TYPE))?;
    let given: Vec<_> = args.given.iter().map(|text| given(&workspace, text)).collect::<Result<_, _>>()?;
    let found = analysis::options(&workspace, environment, resource_type, &given);
    let report = OptionsReport::new(&workspace, &found, session.quarantine);
    let environment = workspace.environment(environment).map_or("", |environment| environment.name.as_str());
    let because = if !found.reasons.is_empty() {
        found.reasons.iter().map(Reason::message).collect::<Vec<_>>().join("; ")
    } else if workspace.inventory().fleet().clusters().is_empty() {
        "no clusters were loaded".to_owned()
    } else {
        "no healthy, uncordoned cluster satisfies the policies and the choices made".to_owned()
    };
    let resource_type = workspace.catalog().resource_type_name(resource_type);
    let question = render::Question { environment, resource_type, because: &because };
    session.answer(&report, |report, style| render::options(report, &question, style))?;
    Ok(ExitStatus::YES)
}

/// `gpu:t4`, `location:aws/us-east-1`
fn given(workspace: &Workspace, text: &str) -> Result<Choice, Failure> {
    let catalog = workspace.catalog();
    let kinds = || ChoiceKind::ALL.map(ChoiceKind::as_str).join(", ");
    let Some((kind, name)) = text.split_once(':') else {
        let help = format!("write it as `kind:name`, such as `gpu:t4`; the kinds are {}", kinds());
        return Err(Failure::invalid(format!("`{text}` is no choice"), help));
    };
    let Some(kind) = ChoiceKind::parse(kind) else {
        return Err(Failure::invalid(format!("`{kind}` is no kind of choice"), format!("the kinds are {}", kinds())));
    };
    catalog.resolve(kind, name).ok_or_else(|| unknown(catalog, kind, name))
}

fn unknown(catalog: &Catalog, kind: ChoiceKind, name: &str) -> Failure {
    let noun = if kind.flavor_kind().is_some() { format!("{kind} flavor") } else { kind.to_string() };
    Failure::unknown(format!("no {noun} is called `{name}`"), &catalog.nearest(kind, name))
}
