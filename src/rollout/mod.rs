//! How a new version takes over from the old: pure state machines, decoupled from the lifecycle.
//!
//! A [`Rollout`] follows a [`Strategy`]: at each [`step`](Rollout::step) the host says what it sees, and
//! gets the [`Action`]s to take. The new version is judged by [`Check`]s; when it fails, the rollout goes
//! back by itself. The arithmetic of replicas stands alone in [`rolling`] and [`canary`].
//!
//! Invariants, while the host's replicas behave: `never-too-few`: at least desired − max unavailable
//! replicas are available; `never-too-many`: at most [`Strategy::peak`] replicas are asked for;
//! `never-unready`: no traffic goes to a version without a ready replica (R3).
//!
//! Answers for the rules R1–R3.

pub mod canary;
mod judge;
mod judged;
mod plan;
pub mod rolling;
mod run;
mod settings;
mod span;
mod state;
mod strategy;

pub use judge::{Check, Standing, Tally, Threshold, Verdict};
pub use run::Rollout;
pub use settings::{Settings, WhenIdle};
pub use span::{InvalidSpan, Slack, Span};
pub use state::{Action, Observation, Outcome, Pause, Phase, Reason, Refusal};
pub use strategy::{BlueGreen, Canary, InvalidSteps, Peak, Rolling, Step, Strategy, Traffic};

use serde::{Deserialize, Serialize};

/// The replicas of one version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Replicas asked for.
    pub replicas: u32,
    /// Replicas ready, for as long as they must be to count.
    pub available: u32,
}
