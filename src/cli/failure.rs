//! Why there is no answer.

use crate::manifest::Source;
use crate::origin::{Origin, Problem, ProblemCode, listed};
use crate::workspace::LookupError;

/// The most names that an error offers.
const LISTED: usize = 10;

/// What is wrong with the input, and the texts it is wrong in.
#[derive(Debug, Default)]
pub(super) struct Failure {
    /// Never empty.
    pub(super) problems: Vec<Problem>,
    pub(super) sources: Vec<Source>,
}

impl Failure {
    /// A name on the command line that is unknown.
    pub(super) fn unknown(message: String, near: &[String]) -> Self {
        let problem = Problem::new(ProblemCode::UnknownName, &Origin::default(), message);
        if near.is_empty() { problem.into() } else { problem.help(did_you_mean(near)).into() }
    }

    /// A value on the command line that is not valid.
    pub(super) fn invalid(message: String, help: String) -> Self {
        Problem::new(ProblemCode::InvalidValue, &Origin::default(), message).help(help).into()
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem], sources: Vec::new() }
    }
}

fn did_you_mean(near: &[String]) -> String {
    format!("did you mean {}?", listed(near, "or", LISTED))
}
