//! How a new version takes over: strategies, checks, and the run of a rollout (R1–R3).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use siting::lifecycle::Refusal as Refused;
use siting::quantity::Milli;
use siting::rollout::{
    self, Action, BlueGreen, Canary, Check, Group, Observation, Refusal, Rolling, Span, Step, Strategy, Threshold,
    Traffic, WhenIdle,
};
use siting::time::Moment;

use crate::capacity::read;
use crate::failure::{Failure, Outcome, json};
use crate::metrics::{Window, metric};
use crate::scaling::one_of;

/// A rollout under way; told from one thread or another, one thing at a time.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Rollout {
    shared: Mutex<rollout::Rollout>,
}

impl Rollout {
    fn lock(&self) -> MutexGuard<'_, rollout::Rollout> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Rollout {
    #[staticmethod]
    fn of(strategy: &str, checks: &str, now: u64, deadline: Option<u64>, when_idle: &str) -> Outcome<Self> {
        let strategy = read::<StatedStrategy>(strategy)?.strategy()?;
        let checks: Vec<StatedCheck> = read(checks)?;
        let checks = checks.into_iter().map(StatedCheck::check).collect::<Outcome<_>>()?;
        let usual = rollout::Settings::of(strategy);
        let deadline = deadline.map_or(usual.deadline, Duration::from_millis);
        let known = [WhenIdle::Wait, WhenIdle::Proceed].into_iter().find(|known| known.as_str() == when_idle);
        let when_idle = known.ok_or_else(|| one_of("when_idle", when_idle, "wait or proceed"))?;
        let settings = rollout::Settings { checks, deadline, when_idle, ..usual };
        let rollout = rollout::Rollout::of(settings, Moment::from_millis(now));
        Ok(Self { shared: Mutex::new(rollout) })
    }

    /// One that was written down.
    #[staticmethod]
    fn restored(written: &str) -> Outcome<Self> {
        Ok(Self { shared: Mutex::new(read(written)?) })
    }

    fn written(&self) -> Outcome<String> {
        json(&*self.lock())
    }

    /// What the host is to do, given what it sees: replicas asked for and available on either side.
    fn step(
        &self,
        now: u64,
        desired: u32,
        old: (u32, u32),
        new: (u32, u32),
        window: Option<&Window>,
        requests: u64,
    ) -> Outcome<String> {
        let summary = window.map(|window| window.summary_of(now));
        let group = |(replicas, available)| Group { replicas, available };
        let (old, new) = (group(old), group(new));
        let seen = Observation { desired, most: u32::MAX, old, new, summary: summary.as_ref(), requests };
        let actions = self.lock().step(Moment::from_millis(now), &seen);
        json(&actions.iter().map(told).collect::<Outcome<Vec<_>>>()?)
    }

    fn pause(&self) -> Outcome<()> {
        self.lock().pause().map_err(refused)
    }

    fn resume(&self, now: u64) -> Outcome<()> {
        self.lock().resume(Moment::from_millis(now)).map_err(refused)
    }

    fn cancel(&self, now: u64) -> Outcome<()> {
        self.lock().cancel(Moment::from_millis(now)).map_err(refused)
    }

    fn roll_back(&self, now: u64) -> Outcome<()> {
        self.lock().roll_back(Moment::from_millis(now)).map_err(refused)
    }

    fn force_forward(&self, now: u64) -> Outcome<()> {
        self.lock().force_forward(Moment::from_millis(now)).map_err(refused)
    }

    /// Where it is: its phase, why it is paused, the percent of traffic that the new version has.
    fn standing(&self) -> Outcome<String> {
        let rollout = self.lock();
        json(&json!({"phase": rollout.phase(), "paused": rollout.paused(), "weight": rollout.weight()}))
    }
}

/// The most replicas that a strategy asks for, and the fewest that stay available.
#[pyfunction]
pub(crate) fn rollout_bounds(strategy: &str, desired: u32) -> Outcome<(u32, u32)> {
    let strategy = read::<StatedStrategy>(strategy)?.strategy()?;
    Ok((strategy.peak(desired).replicas, strategy.fewest(desired)))
}

fn told(action: &Action) -> Outcome<Value> {
    let (kind, value) = match action {
        Action::ScaleOld(replicas) => ("scale-old", json!(replicas)),
        Action::ScaleNew(replicas) => ("scale-new", json!(replicas)),
        Action::Route(weight) => ("route", json!(weight)),
        Action::Paused(pause) => ("paused", json!(pause)),
        Action::Idle(when_idle) => ("idle", json!(when_idle)),
        Action::Reverting(reason) => ("reverting", json!(reason)),
        Action::Done(outcome) => ("done", json!(outcome)),
    };
    Ok(json!({"kind": kind, "value": value}))
}

fn refused(refusal: Refusal) -> Failure {
    Refused::new("R1", refusal.to_string()).into()
}

/// Spans of time are milliseconds; those of replicas counts or percentages.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
enum StatedStrategy {
    Rolling(StatedRolling),
    BlueGreen { bake: u64, rollback_window: u64 },
    Canary { steps: Vec<(u8, u64, u64)>, by_replicas: Option<StatedRolling>, fewest: Option<u32> },
}

#[derive(Deserialize)]
struct StatedRolling {
    max_surge: Value,
    max_unavailable: Value,
}

impl StatedStrategy {
    fn strategy(self) -> Outcome<Strategy> {
        Ok(match self {
            Self::Rolling(rolling) => Strategy::Rolling(rolling.rolling()?),
            Self::BlueGreen { bake, rollback_window } => Strategy::BlueGreen(BlueGreen {
                bake: Duration::from_millis(bake),
                rollback_window: Duration::from_millis(rollback_window),
            }),
            Self::Canary { steps, by_replicas, fewest } => {
                let traffic = match by_replicas {
                    Some(rolling) => Traffic::ByReplicas(rolling.rolling()?),
                    None => Traffic::Routed { fewest },
                };
                let step = |(weight, soak, requests)| Step { weight, soak: Duration::from_millis(soak), requests };
                let canary = Canary::new(steps.into_iter().map(step).collect(), traffic);
                let invalid = |error: rollout::InvalidSteps| {
                    Failure::value(error.to_string(), "let weights ascend, from 1 to 100")
                };
                Strategy::Canary(canary.map_err(invalid)?)
            }
        })
    }
}

impl StatedRolling {
    fn rolling(self) -> Outcome<Rolling> {
        Ok(Rolling { surge: replicas(&self.max_surge)?, unavailable: replicas(&self.max_unavailable)? })
    }
}

fn replicas(stated: &Value) -> Outcome<Span> {
    let invalid = || {
        Failure::value(
            format!("`{stated}` is no number of replicas"),
            "write a count such as `2`, or a text such as `25%`",
        )
    };
    match stated {
        Value::String(text) => text.parse().map_err(|_| invalid()),
        number => number.as_u64().and_then(|count| u32::try_from(count).ok()).map(Span::Count).ok_or_else(invalid),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedCheck {
    metric: String,
    success: Option<(String, u64)>,
    failure: Option<(String, u64)>,
    min_requests: u64,
    interval: u64,
    initial_delay: u64,
    count: Option<u32>,
    failure_limit: Option<u32>,
    inconclusive_limit: u32,
    error_limit: u32,
    successes: Option<u32>,
}

impl StatedCheck {
    fn check(self) -> Outcome<Check> {
        if self.success.is_none() && self.failure.is_none() {
            let message = format!("the check of `{}` says neither what is good nor what is bad", self.metric);
            return Err(Failure::value(message, "state `success` or `failure`"));
        }
        Ok(Check {
            metric: metric(&self.metric)?,
            success: self.success.map(threshold).transpose()?,
            failure: self.failure.map(threshold).transpose()?,
            min_requests: self.min_requests,
            interval: Duration::from_millis(self.interval),
            initial_delay: Duration::from_millis(self.initial_delay),
            count: self.count,
            failure_limit: self.failure_limit,
            inconclusive_limit: self.inconclusive_limit,
            error_limit: self.error_limit,
            successes: self.successes,
        })
    }
}

fn threshold((kind, value): (String, u64)) -> Outcome<Threshold> {
    let value = Milli::thousandths(value);
    Ok(match kind.as_str() {
        "at-most" => Threshold::AtMost(value),
        "below" => Threshold::Below(value),
        "at-least" => Threshold::AtLeast(value),
        "above" => Threshold::Above(value),
        other => return Err(one_of("threshold", other, "at-most, below, at-least or above")),
    })
}
