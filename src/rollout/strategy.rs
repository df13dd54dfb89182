//! The strategies, and what they need at most.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::span::Share;
use super::{Slack, Span};
use crate::document::{Fields, Seconds, Whole, document};
use crate::origin::ProblemCode;

/// How a new version takes over (R1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Replica by replica.
    Rolling(Rolling),
    /// All at once, beside the old.
    BlueGreen(BlueGreen),
    /// A growing share of the traffic.
    Canary(Canary),
}

document! {
    /// Replica by replica, by Kubernetes' arithmetic.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
    pub struct Rolling "a rolling strategy" {
        /// Replicas beyond the wanted number.
        #[key = "maxSurge"]
        surge: Span as Share<{ u32::MAX }> = Rolling::default().surge,
        /// Replicas that may be unavailable.
        #[key = "maxUnavailable"]
        unavailable: Span as Share<100> = Rolling::default().unavailable,
    }
    check moves(surge, unavailable);
}

/// One of the two must let something move.
fn moves(surge: &Span, unavailable: &Span, fields: &Fields<'_>) -> Option<()> {
    let nothing = |span: &Span| matches!(span, Span::Count(0) | Span::Percent(0));
    if nothing(surge) && nothing(unavailable) {
        let message = "`maxSurge` and `maxUnavailable` are both 0, so that no replica could ever be replaced";
        return fields.refuse("maxUnavailable", ProblemCode::OutOfRange, message, "let one of them be above 0");
    }
    Some(())
}

impl Default for Rolling {
    /// A quarter each.
    fn default() -> Self {
        Self { surge: Span::Percent(25), unavailable: Span::Percent(25) }
    }
}

document! {
    /// The new version is started in full, bakes, and gets all the traffic at once; the old one is kept for a
    /// while, to go back to.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct BlueGreen "a blue-green strategy" {
        /// How long all replicas must have been ready before the switch.
        #[key = "bakeSeconds"]
        bake: Duration as Seconds<0> = BlueGreen::default().bake,
        /// How long the old version is kept after it.
        #[key = "rollbackWindowSeconds"]
        rollback_window: Duration as Seconds<0> = BlueGreen::default().rollback_window,
    }
}

impl Default for BlueGreen {
    /// Switches as soon as all are ready; keeps the old version for 30 seconds, as Argo Rollouts does.
    fn default() -> Self {
        Self { bake: Duration::ZERO, rollback_window: Duration::from_secs(30) }
    }
}

/// The new version gets a share of the traffic, which grows by steps.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "AnyCanary")]
pub struct Canary {
    steps: Vec<Step>,
    /// What makes the weight.
    pub traffic: Traffic,
}

/// What makes a canary's weight.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Traffic {
    /// The number of replicas of either side: the nearest split.
    ByReplicas(Rolling),
    /// A router: the weight is exact, and the old side stays in full.
    Routed {
        /// The fewest replicas of the new side, while it has any.
        fewest: Option<u32>,
    },
}

document! {
    /// A step of a canary.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
    pub struct Step "a canary step" {
        /// The percentage of the traffic, from 1 to 100.
        weight: u8 as Whole<1, 100>,
        /// How long it lasts at least.
        #[key = "soakSeconds"]
        soak: Duration as Seconds<0> = Step::of(1).soak,
        /// How many requests the new version must have answered in it at least.
        #[key = "minRequests"]
        requests: u64 = Step::of(1).requests,
    }
}

impl Step {
    /// A step of this weight with the default soak of 300 s and 100 requests.
    #[must_use]
    pub fn of(weight: u8) -> Self {
        Self { weight, soak: Duration::from_secs(300), requests: 100 }
    }
}

/// The steps of a canary do not lead up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the weights of the steps must ascend, from 1 to 100")]
pub struct InvalidSteps;

impl Canary {
    /// These steps, and then everything.
    ///
    /// # Errors
    /// [`InvalidSteps`] unless the weights ascend and are from 1 to 100.
    pub fn new(steps: Vec<Step>, traffic: Traffic) -> Result<Self, InvalidSteps> {
        let ascends = steps.iter().zip(steps.iter().skip(1)).all(|(one, next)| one.weight < next.weight);
        let within = steps.iter().all(|step| (1..=100).contains(&step.weight));
        if ascends && within { Ok(Self { steps, traffic }) } else { Err(InvalidSteps) }
    }

    /// The steps, by ascending weight.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

/// A canary that was written down, before its steps are checked.
#[derive(Deserialize)]
struct AnyCanary {
    steps: Vec<Step>,
    traffic: Traffic,
}

impl TryFrom<AnyCanary> for Canary {
    type Error = InvalidSteps;
    fn try_from(canary: AnyCanary) -> Result<Self, InvalidSteps> {
        Self::new(canary.steps, canary.traffic)
    }
}

impl Default for Canary {
    /// 10, 25 and 50 %, by a router.
    fn default() -> Self {
        Self { steps: [10, 25, 50].map(Step::of).into(), traffic: Traffic::Routed { fewest: None } }
    }
}

/// What a rollout needs at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peak {
    /// Replicas of both versions together.
    pub replicas: u32,
    /// Of these, beyond the wanted number.
    pub beyond: u32,
}

impl Strategy {
    /// The most replicas that a rollout of `desired` will ever ask for, both versions together: known
    /// before it starts.
    ///
    /// ```
    /// use siting::rollout::{BlueGreen, Rolling, Strategy};
    /// assert_eq!(Strategy::Rolling(Rolling::default()).peak(10).replicas, 13);
    /// assert_eq!(Strategy::BlueGreen(BlueGreen::default()).peak(10).beyond, 10);
    /// ```
    #[must_use]
    pub fn peak(&self, desired: u32) -> Peak {
        let beyond = match self {
            Self::Rolling(rolling) => rolling.slack(desired).surge,
            Self::Canary(Canary { traffic: Traffic::ByReplicas(rolling), .. }) => rolling.slack(desired).surge,
            Self::BlueGreen(_) | Self::Canary(_) => desired,
        };
        Peak { replicas: desired.saturating_add(beyond), beyond }
    }

    /// Replicas of the new version that must find room beside `old` ones before any of these goes: what
    /// to ask for before a rollout of `desired` starts.
    ///
    /// ```
    /// use siting::rollout::{BlueGreen, Rolling, Strategy};
    /// assert_eq!(Strategy::Rolling(Rolling::default()).beside(10, 10), 3);
    /// assert_eq!(Strategy::BlueGreen(BlueGreen::default()).beside(10, 10), 10);
    /// ```
    #[must_use]
    pub fn beside(&self, desired: u32, old: u32) -> u32 {
        match self {
            Self::BlueGreen(_) | Self::Canary(Canary { traffic: Traffic::Routed { .. }, .. }) => desired,
            Self::Rolling(_) | Self::Canary(_) => self.peak(desired).replicas.saturating_sub(old).min(desired),
        }
    }

    /// The strategy's name, as manifests have it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Rolling(_) => "rolling",
            Self::BlueGreen(_) => "blue-green",
            Self::Canary(_) => "canary",
        }
    }

    /// The fewest available replicas, both versions together, that a rollout of `desired` leaves.
    #[must_use]
    pub fn fewest(&self, desired: u32) -> u32 {
        match self {
            Self::Rolling(rolling) => rolling.slack(desired).fewest(desired),
            Self::Canary(Canary { traffic: Traffic::ByReplicas(rolling), .. }) => {
                rolling.slack(desired).fewest(desired)
            }
            Self::BlueGreen(_) | Self::Canary(_) => desired,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::Rolling(rolling) => write!(f, " {rolling}"),
            Self::BlueGreen(BlueGreen { bake, rollback_window }) => {
                write!(f, ", bake {}s, rollback window {}s", bake.as_secs_f64(), rollback_window.as_secs_f64())
            }
            Self::Canary(canary) => {
                for (place, step) in canary.steps.iter().enumerate() {
                    write!(f, "{} {}%", if place == 0 { "" } else { "," }, step.weight)?;
                    let usual = Step::of(step.weight);
                    if (step.soak, step.requests) != (usual.soak, usual.requests) {
                        write!(f, " for {}s and {} requests", step.soak.as_secs_f64(), step.requests)?;
                    }
                }
                match canary.traffic {
                    Traffic::Routed { fewest: None } => Ok(()),
                    Traffic::Routed { fewest: Some(fewest) } => write!(f, ", {fewest} replicas at least"),
                    Traffic::ByReplicas(rolling) => write!(f, ", by replicas {rolling}"),
                }
            }
        }
    }
}

impl fmt::Display for Rolling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{} -{}", self.surge, self.unavailable)
    }
}

impl Rolling {
    /// The slack for `desired` replicas.
    #[must_use]
    pub fn slack(&self, desired: u32) -> Slack {
        Slack::of(self.surge, self.unavailable, desired)
    }
}
