//! `siting schema`

use crate::catalog::nearest;
use crate::cli::ExitStatus;
use crate::cli::args::{self, Output};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::manifest::{self, Kind};

/// Prints the schema itself: it is no report of ours. People get it as JSON.
pub(in crate::cli) fn schema(session: &mut Session, args: &args::Schema) -> Result<ExitStatus, Failure> {
    let kind = args.kind.as_deref().map(kind).transpose()?;
    if session.output == Output::Table {
        session.output = Output::Json;
    }
    session.answer(&manifest::schema(kind), |_, _| String::new())?;
    Ok(ExitStatus::YES)
}

fn kind(name: &str) -> Result<Kind, Failure> {
    Kind::parse(name).ok_or_else(|| {
        let names = Kind::ALL.map(Kind::as_str);
        let message = format!("no kind of manifest is called `{name}`");
        match nearest(name, names) {
            near if near.is_empty() => Failure::invalid(message, format!("the kinds are {}", names.join(", "))),
            near => Failure::unknown(message, &near),
        }
    })
}
