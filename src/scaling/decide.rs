//! From proposals to a number of replicas.

use serde::{Deserialize, Serialize};

use super::behaviour::{self, Behaviour, Changes, Held, Proposals};
use super::hpa::{self, Figures, Initialisation, NoFigure, Tolerance};
use super::zero::{self, Activity};
use super::{Bounds, kpa};
use crate::metrics::MetricSpec;
use crate::time::Moment;

/// How a deployment follows its load: the metrics, and the rules for the number they propose.
///
/// A decision goes: each metric proposes; the largest proposal is taken; what was proposed before
/// steadies it; rate limits and bounds hold it; the last replica goes by the way to zero, and comes
/// back when a request waits.
///
/// ```
/// use siting::scaling::{Autoscaler, Bounds, Observed, State, kpa};
/// use siting::time::Moment;
///
/// let concurrency = kpa::Settings::new(1.0, 70)?;
/// let autoscaler = Autoscaler::by_requests(Bounds::new(0, 10).unwrap(), concurrency);
/// let (mut state, now) = (State::default(), Moment::from_millis(0));
/// let seen = kpa::Seen { ready: 1, stable: 3.0, panic: 3.0, reachable: true };
/// let observed = Observed { current: 1, ready: 1, requests: Some(seen), ..Observed::default() };
/// let decision = autoscaler.decide(&mut state, now, &observed);
/// assert_eq!(decision.replicas, 5); // 3 / 0.7
/// # Ok::<(), siting::scaling::kpa::InvalidSettings>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Autoscaler {
    /// The fewest and the most replicas.
    pub bounds: Bounds,
    /// Metrics held against targets by the arithmetic of [`hpa`].
    pub metrics: Vec<MetricSpec>,
    /// How far a metric may be off its target.
    pub tolerance: Tolerance,
    /// When the figures of a starting replica count.
    pub initialisation: Initialisation,
    /// Concurrency or requests a second, held by the arithmetic of [`kpa`].
    pub requests: Option<kpa::Settings>,
    /// How fast the number may change.
    pub behaviour: Behaviour,
    /// How the last replica goes.
    pub zero: zero::Settings,
}

/// What an autoscaler remembers from one decision to the next; the host keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Recent proposals.
    pub proposals: Proposals,
    /// Recent growth.
    pub ups: Changes,
    /// Recent shrinking.
    pub downs: Changes,
    /// What the arithmetic for requests remembers.
    pub requests: kpa::State,
    /// Where the deployment is on the way to zero.
    pub activity: Activity,
}

impl Default for State {
    fn default() -> Self {
        Self {
            proposals: Proposals::default(),
            ups: Changes::default(),
            downs: Changes::default(),
            requests: kpa::State::default(),
            activity: Activity::Asleep,
        }
    }
}

impl State {
    /// The state to begin with where `replicas` run already, of which the autoscaler knows no history: they
    /// leave only after the delay, as if they had just been proposed.
    ///
    /// ```
    /// use siting::scaling::State;
    /// use siting::time::Moment;
    /// let state = State::beginning(Moment::from_millis(0), 3);
    /// assert_eq!(state.proposals.kept(), [(3, Moment::from_millis(0))]);
    /// ```
    #[must_use]
    pub fn beginning(now: Moment, replicas: u32) -> Self {
        Self {
            proposals: Proposals::of(vec![(replicas, now)]),
            requests: kpa::State::beginning(now, replicas),
            activity: if replicas > 0 { Activity::Active(now) } else { Activity::Asleep },
            ..Self::default()
        }
    }
}

/// What is seen of a deployment at a moment.
#[derive(Clone, Copy, Default, Debug)]
pub struct Observed<'a> {
    /// Replicas asked for at present.
    pub current: u32,
    /// Replicas ready.
    pub ready: u32,
    /// What was read for each metric, in their order; a missing entry is a metric that failed.
    pub figures: &'a [Result<Figures<'a>, NoFigure>],
    /// Concurrency or requests a second; `None` where nothing was measured.
    pub requests: Option<kpa::Seen>,
    /// Whether a request waits for a replica.
    pub waiting: bool,
    /// Since when the buffer that catches requests is in the path; `None` where it is not.
    pub buffered_since: Option<Moment>,
}

/// A number of replicas, and how it came about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The number to ask for.
    pub replicas: u32,
    /// The largest proposal; `None` where the metrics said nothing and the number stays.
    pub proposed: Option<u32>,
    /// What the recent proposals made of it.
    pub stabilised: u32,
    /// What held it back.
    pub held: Held,
    /// What keeps the last replica, where nothing is wanted of it.
    pub last_replica: Option<zero::LastReplica>,
    /// The metrics that said nothing, by their place; the one for requests stands last.
    pub silent: Vec<(usize, NoProposal)>,
}

/// Why a metric made no proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoProposal {
    /// There is no figure.
    #[error(transparent)]
    NoFigure(#[from] NoFigure),
    /// Nothing was measured of the requests.
    #[error("nothing was measured of the requests")]
    NoRequests,
    /// At zero replicas a figure of replicas says nothing.
    #[error("at zero replicas a figure of replicas says nothing")]
    AtZero,
}

impl Autoscaler {
    /// One that holds utilisations and other metrics, by Kubernetes' rules and defaults.
    #[must_use]
    pub fn by_metrics(bounds: Bounds, metrics: Vec<MetricSpec>) -> Self {
        Self {
            bounds,
            metrics,
            tolerance: Tolerance::default(),
            initialisation: Initialisation::default(),
            requests: None,
            behaviour: Behaviour::default(),
            zero: zero::Settings::default(),
        }
    }

    /// One that holds concurrency or requests a second, by Knative's rules and defaults.
    #[must_use]
    pub fn by_requests(bounds: Bounds, requests: kpa::Settings) -> Self {
        let zero = zero::Settings { stable_window: requests.stable_window, ..zero::Settings::default() };
        Self {
            requests: Some(requests),
            behaviour: Behaviour::immediate(),
            zero,
            ..Self::by_metrics(bounds, Vec::new())
        }
    }

    /// The number of replicas from `now` on. Changes `state` as if the number were taken.
    pub fn decide(&self, state: &mut State, now: Moment, observed: &Observed<'_>) -> Decision {
        let current = observed.current;
        // The number that it begins with is part of its history (as in Kubernetes), and so is what a start or
        // a wake brought since it was at zero.
        if state.proposals.is_empty() || (current > 0 && state.activity == Activity::Asleep) {
            state.proposals.set(now, current);
            state.requests.set(now, current);
        }
        let mut silent = Vec::new();
        let proposed = self.largest(state, now, observed, &mut silent);
        let mut stabilised = current;
        if let Some(proposed) = proposed {
            stabilised = state.proposals.stabilise(now, current, proposed, &self.behaviour);
        }
        let limits =
            |desired| behaviour::limit(now, current, desired, self.bounds, &self.behaviour, &state.ups, &state.downs);
        let (limited, held) = limits(stabilised);
        // A number outside of the bounds is brought back at once, whichever way it moved.
        let bounded = self.bounds.clamp(limited);
        let replicas = if self.bounds.max() > 0 { self.last_replica(state, now, bounded, observed) } else { bounded };
        let kept = bounded == 0 && replicas > 0 && !observed.waiting;
        let last_replica = kept.then(|| zero::kept_by(&self.zero, state.activity, now, observed.buffered_since));
        let held = match held {
            Held::DesiredWithinRange if limited < self.bounds.min() => Held::TooFewReplicas,
            Held::DesiredWithinRange if limited > self.bounds.max() => Held::TooManyReplicas,
            held => held,
        };
        if replicas > current {
            state.ups.store(now, replicas - current, &self.behaviour.up);
        } else if replicas < current {
            state.downs.store(now, current - replicas, &self.behaviour.down);
        }
        Decision { replicas, proposed, stabilised, held, last_replica, silent }
    }

    /// The largest proposal. Where a metric failed, the others may only make the number grow.
    fn largest(
        &self,
        state: &mut State,
        now: Moment,
        observed: &Observed<'_>,
        silent: &mut Vec<(usize, NoProposal)>,
    ) -> Option<u32> {
        let current = observed.current;
        let mut largest: Option<u32> = None;
        let mut failed = false;
        for (place, spec) in self.metrics.iter().enumerate() {
            let figures = observed.figures.get(place).copied().unwrap_or(Err(NoFigure::NoSamples));
            let proposal = figures
                .and_then(|figures| hpa::propose(spec, current, figures, now, self.tolerance, &self.initialisation));
            match proposal {
                _ if current == 0 && spec.is_per_replica() => silent.push((place, NoProposal::AtZero)),
                Ok(proposal) => largest = largest.max(Some(proposal.replicas)),
                Err(why) => {
                    failed = true;
                    silent.push((place, why.into()));
                }
            }
        }
        if let Some(settings) = &self.requests {
            match observed.requests.and_then(|seen| kpa::tick(settings, &mut state.requests, now, &seen)) {
                Some(wanted) => largest = largest.max(Some(wanted.replicas)),
                None => {
                    failed = true;
                    silent.push((self.metrics.len(), NoProposal::NoRequests));
                }
            }
        }
        largest.filter(|&largest| !failed || largest >= current)
    }

    /// Lets the last replica go and come.
    fn last_replica(&self, state: &mut State, now: Moment, wanted: u32, observed: &Observed<'_>) -> u32 {
        let seen =
            zero::Seen { current: observed.current, ready: observed.ready, buffered_since: observed.buffered_since };
        let wakes = observed.waiting && wanted == 0;
        let first = self.requests.map_or(1, |requests| requests.activation_scale).max(1);
        let wanted = if wakes { self.bounds.clamp(first) } else { wanted };
        let stepped = zero::step(&self.zero, &mut state.activity, now, wanted, &seen);
        // Only the way to zero may go below the rate limits' answer, and never below the bounds.
        self.bounds.clamp(stepped)
    }
}
