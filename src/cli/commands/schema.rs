//! `siting schema`

use crate::catalog::nearest;
use crate::cli::ExitStatus;
use crate::cli::args::{self, Output};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::manifest::{self, Kind};
use crate::report;

/// Prints the schema itself: it is not a report. The table format prints it as JSON.
pub(in crate::cli) fn schema(session: &mut Session, args: &args::Schema) -> Result<ExitStatus, Failure> {
    let kind = args.kind.as_deref();
    let schema = if args.reports {
        let unknown = || unknown("report", kind.unwrap_or_default(), report::kinds().collect());
        report::schema(kind).ok_or_else(unknown)?
    } else {
        let unknown = |name| unknown("manifest", name, Kind::ALL.map(Kind::as_str).to_vec());
        manifest::schema(kind.map(|name| Kind::parse(name).ok_or_else(|| unknown(name))).transpose()?)
    };
    if session.output == Output::Table {
        session.output = Output::Json;
    }
    session.answer(&schema, |_, _| String::new())?;
    Ok(ExitStatus::YES)
}

fn unknown(what: &str, name: &str, known: Vec<&str>) -> Failure {
    let message = format!("no kind of {what} is called `{name}`");
    match nearest(name, known.iter().copied()) {
        near if near.is_empty() => Failure::invalid(message, format!("the kinds are {}", known.join(", "))),
        near => Failure::unknown(message, &near),
    }
}
