//! Why a command is refused.

use std::fmt;

use serde::Serialize;

/// A command that the rules refuse; nothing has changed (L2, L12).
///
/// ```
/// use siting::lifecycle::{Action, State};
/// use siting::time::Moment;
///
/// let mut state = State::new("model", "bert".parse()?, "production".parse()?);
/// let refusal = state.apply(Moment::default(), &Action::roll_back("production".parse()?).into()).unwrap_err();
/// assert_eq!(refusal.rule, "L4");
/// assert_eq!(refusal.to_string(), "environment `production` has no previous holder (L4); promote a deployment to it");
/// # Ok::<(), siting::id::InvalidName>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
pub struct Refusal {
    /// The rule that refuses it, such as `L6`.
    pub rule: &'static str,
    /// Why: lower case, no final period.
    pub reason: String,
    /// The next legal step, where there is one.
    pub next: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.rule)?;
        match &self.next {
            Some(next) => write!(f, "; {next}"),
            None => Ok(()),
        }
    }
}

impl Refusal {
    /// A refusal by a rule.
    #[must_use]
    pub fn new(rule: &'static str, reason: impl Into<String>) -> Self {
        Self { rule, reason: reason.into(), next: None }
    }

    /// With the next legal step.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}
