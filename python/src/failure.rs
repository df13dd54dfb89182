//! What goes wrong, as the exceptions of `siting._errors`.

use pyo3::prelude::*;
use serde::Serialize;
use serde_json::json;
use siting::inventory::ReserveError;
use siting::lifecycle::Refusal;
use siting::origin::Problem;
use siting::placement::CommitError;
use siting::report::ErrorReport;
use siting::workspace::{
    AttachError, ChangeError, InvalidEntry, LoadError, LookupError, ReleaseError, RemoveEnvironmentError, StateError,
    TakeBackError,
};

/// Why there is no answer. Becomes an exception where it leaves the module, so that calls can fail
/// while they do not hold the interpreter.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A load that fails, with everything that is wrong.
    Load(Vec<Problem>),
    /// A value or a name that is wrong.
    Invalid(Problem),
    /// A command that the rules refuse.
    Refused(Refusal),
    /// A change that does not fit what is there.
    Conflict { code: &'static str, message: String },
    /// A request that leads nowhere (R7).
    NoRoute { cause: String, message: String },
    /// A value that cannot be what it was given for.
    Value { code: &'static str, message: String, help: &'static str },
    /// The interpreter's own.
    Python(PyErr),
}

pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn value(message: impl Into<String>, help: &'static str) -> Self {
        Self::Value { code: "invalid-value", message: message.into(), help }
    }

    /// The same as a sentence, where no exception can be raised.
    pub(crate) fn told(&self) -> String {
        let all = |problems: &[Problem]| problems.iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("; ");
        match self {
            Self::Load(problems) => all(problems),
            Self::Invalid(problem) => all(std::slice::from_ref(problem)),
            Self::Refused(refusal) => refusal.to_string(),
            Self::Conflict { message, .. } | Self::NoRoute { message, .. } | Self::Value { message, .. } => {
                message.clone()
            }
            Self::Python(error) => error.to_string(),
        }
    }

    pub(crate) fn conflict(code: &'static str, cause: &impl ToString) -> Self {
        Self::Conflict { code, message: cause.to_string() }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        let problem = |problem: &Problem| json(&ErrorReport::new(std::slice::from_ref(problem)));
        let (maker, told) = match failure {
            Failure::Load(problems) => ("load_failed", json(&ErrorReport::new(&problems))),
            Failure::Invalid(invalid) => ("invalid", problem(&invalid)),
            Failure::Refused(refusal) => ("refused", json(&refusal)),
            Failure::Conflict { code, message } => ("conflict", json(&json!({"code": code, "message": message}))),
            Failure::NoRoute { cause, message } => ("no_route", json(&json!({"code": cause, "message": message}))),
            Failure::Value { code, message, help } => {
                let entry = json!({"code": code, "message": message, "help": help});
                ("invalid", json(&json!({"errors": [entry]})))
            }
            Failure::Python(error) => return error,
        };
        Python::attach(|py| {
            let made = told.map_err(Self::from).and_then(|told| {
                let errors = py.import("siting._errors")?;
                errors.getattr(maker)?.call1((told,))
            });
            made.map_or_else(|error| error, Self::from_value)
        })
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::Load(error.problems)
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        Self::Load(error.problems)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Invalid(problem)
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        let code = match error {
            CommitError::Refused => "decision-refused",
            CommitError::Changed { .. } => "fleet-changed",
            CommitError::Taken { .. } => "capacity-taken",
            CommitError::UnknownDeployment(_) => "unknown-name",
            CommitError::OverLimit { .. } => "over-limit",
            _ => "no-longer-allowed",
        };
        Self::conflict(code, &error)
    }
}

impl From<ReserveError> for Failure {
    fn from(error: ReserveError) -> Self {
        let code = match error {
            ReserveError::NoNumber => "no-number-left",
            ReserveError::OverLimit => "over-limit",
            _ => "capacity-taken",
        };
        Self::conflict(code, &error)
    }
}

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        let code = match error {
            ReleaseError::Owned { .. } => "not-yours",
            _ => "unknown-reservation",
        };
        Self::conflict(code, &error)
    }
}

impl From<TakeBackError> for Failure {
    fn from(error: TakeBackError) -> Self {
        let code = match error {
            TakeBackError::Owned { .. } => "not-yours",
            TakeBackError::OverLimit(_) => "over-limit",
            _ => "not-restored",
        };
        Self::conflict(code, &error)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Documents(error) => error.into(),
            error => Self::value(error.to_string(), "restore a state as it was written"),
        }
    }
}

impl From<InvalidEntry> for Failure {
    fn from(error: InvalidEntry) -> Self {
        Self::value(error.to_string(), "give an entry as `prepare` or `rebase` returned it")
    }
}

impl From<AttachError> for Failure {
    fn from(error: AttachError) -> Self {
        if let AttachError::Unknown(unknown) = error {
            return unknown.into();
        }
        if let AttachError::Unwritten(unwritten) = error {
            return Self::value(unwritten, "leave `until` out, or state a moment of a year up to 9999");
        }
        Self::conflict("policy-conflict", &error)
    }
}

impl From<RemoveEnvironmentError> for Failure {
    fn from(error: RemoveEnvironmentError) -> Self {
        if let RemoveEnvironmentError::Unknown(unknown) = error {
            return unknown.into();
        }
        Self::conflict("environment-in-use", &error)
    }
}

/// A value as the text that the Python side reads.
pub(crate) fn json(value: &impl Serialize) -> Outcome<String> {
    serde_json::to_string(value)
        .map_err(|error| Failure::value(error.to_string(), "this is a bug in siting; please report it"))
}
