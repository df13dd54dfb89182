//! What a deployment says of how it would like to take over.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::judge::Check;
use super::strategy::Strategy;

/// A strategy, what the new version is judged by on the way, and how long it may stand still.
///
/// ```
/// use std::time::Duration;
/// use siting::rollout::{Canary, Settings, Strategy};
///
/// let settings = Settings::of(Strategy::Canary(Canary::default()));
/// assert_eq!((settings.checks.len(), settings.deadline), (0, Duration::from_secs(600)));
/// assert_eq!(settings.to_string(), "canary 10%, 25%, 50%");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// How the new version takes over.
    pub strategy: Strategy,
    /// What it is judged by; without any, by nothing but its replicas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// How long nothing may move before it goes back.
    pub deadline: Duration,
    /// What follows where no request comes to judge it by.
    #[serde(default, skip_serializing_if = "WhenIdle::is_usual")]
    pub when_idle: WhenIdle,
}

/// What a rollout does where no request comes to judge the new version by (L17).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenIdle {
    /// It waits until requests come, or until it is forced or cancelled.
    #[default]
    Wait,
    /// It goes on, once the time to judge has passed.
    Proceed,
}

impl WhenIdle {
    /// Each with its name, as read and written.
    pub const NAMED: [(&'static str, Self); 2] = [("wait", Self::Wait), ("proceed", Self::Proceed)];

    /// Its name, as read and written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Proceed => "proceed",
        }
    }

    /// Whether it is what holds where nothing is stated.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Settings {
    /// The progress deadline where none is given, as in Kubernetes: ten minutes.
    pub const DEADLINE: Duration = Duration::from_secs(600);

    /// A strategy without checks and with the usual deadline.
    #[must_use]
    pub fn of(strategy: Strategy) -> Self {
        Self { strategy, checks: Vec::new(), deadline: Self::DEADLINE, when_idle: WhenIdle::Wait }
    }
}

/// In a line, every check with it: what an edit changes must show.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.strategy.fmt(f)?;
        if self.deadline != Self::DEADLINE {
            write!(f, ", deadline {}s", self.deadline.as_secs_f64())?;
        }
        if !self.when_idle.is_usual() {
            write!(f, ", when idle {}", self.when_idle.as_str())?;
        }
        self.checks.iter().try_for_each(|check| write!(f, "; {check}"))
    }
}
