//! What can go wrong, and what the API says of it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use siting::lifecycle::Refusal;
use siting::origin::{Origin, Problem, ProblemCode};
use siting::report::ErrorReport;
use siting::workspace::{ChangeError, EntryError, InvalidEntry, LoadError, LookupError, StateError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("the store: {0}")]
    Store(#[from] sqlx::Error),
    /// A state in the store that cannot be restored.
    #[error("the store: {0}")]
    State(#[from] StateError),
    /// A text in the store that is no entry.
    #[error("the store: {0}")]
    Log(#[from] InvalidEntry),
    /// An entry that cannot be prepared, rebased or applied.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A change that is refused.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A command that names what is not there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A name that stands for nothing.
    #[error(transparent)]
    Unknown(#[from] LookupError),
    /// What was sent cannot be read.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Input(Vec<Problem>),
}

impl Error {
    pub fn input(message: impl Into<String>) -> Self {
        Self::Input(vec![Problem::new(ProblemCode::InvalidValue, &Origin::default(), message)])
    }

    /// What is wrong with the request; `None` where it is not the request.
    fn problems(self) -> Option<(StatusCode, Vec<Problem>)> {
        let conflict = |message: String| Problem::new(ProblemCode::Refused, &Origin::default(), message);
        Some(match self {
            Self::Store(_) | Self::State(_) | Self::Log(_) => return None,
            Self::Change(ChangeError { problems, .. })
            | Self::Entry(EntryError::Refused(ChangeError { problems, .. })) => {
                let in_the_way = |problem: &Problem| matches!(problem.code, ProblemCode::Refused | ProblemCode::InUse);
                let all = problems.iter().all(in_the_way);
                (if all { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY }, problems)
            }
            Self::Entry(error) => (StatusCode::CONFLICT, vec![conflict(error.to_string())]),
            Self::Refused(refusal) => (StatusCode::CONFLICT, vec![conflict(refusal.to_string())]),
            Self::Unknown(unknown) => (StatusCode::NOT_FOUND, vec![unknown.into()]),
            Self::Input(problems) => (StatusCode::UNPROCESSABLE_ENTITY, problems),
        })
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Input(error.problems)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let told = self.to_string();
        match self.problems() {
            Some((status, problems)) => (status, Json(ErrorReport::new(&problems))).into_response(),
            None => {
                eprintln!("{told}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
