//! Knative's arithmetic for concurrency and requests a second: a stable and a panic window.
//!
//! Source of the algorithm: `pkg/autoscaler/scaling/autoscaler.go` of Knative Serving. Its figures
//! are floating point, and so are these; only `+ - × ÷`, rounding and comparison are used, which give
//! the same on every platform.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// The settings of one autoscaler, checked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// The figure to hold for each replica: concurrency, or requests a second.
    target: f64,
    /// What a replica can take at most; the target is a part of it.
    capacity: f64,
    /// The most that the number may grow in one decision, as a factor.
    pub max_up: f64,
    /// The most that it may shrink, as a divisor.
    pub max_down: f64,
    /// The wanted number over the ready one from which the short window rules, as a factor.
    pub panic_threshold: f64,
    /// The window over which the stable figure is averaged.
    pub stable_window: Duration,
    /// The window over which the panic figure is averaged, in percent of the stable one.
    pub panic_window_percent: u8,
    /// Where anything is wanted at all, at least so many; 1 says nothing.
    pub activation_scale: u32,
    /// How long a smaller number must be wanted before it is taken.
    pub scale_down_delay: Duration,
    /// Requests that a burst may bring beyond the capacity; `None` keeps the buffer in the path always.
    pub burst: Option<f64>,
}

impl Settings {
    /// Knative's defaults: windows of 60 s and 6 s, panic at 200 %, growth by 1000, shrinking by 2, a
    /// burst of 211 requests. `capacity` is what a replica takes at most, and `utilisation` the percent
    /// of it to hold: 100 and 70 there. The target is at least 0.01.
    ///
    /// # Errors
    /// [`InvalidSettings`] if the capacity is no positive number or the utilisation not from 1 to 100.
    ///
    /// ```
    /// use siting::scaling::kpa::Settings;
    /// let settings = Settings::new(10.0, 70)?;
    /// assert_eq!(settings.target(), 7.0);
    /// assert!(Settings::new(f64::NAN, 70).is_err());
    /// # Ok::<(), siting::scaling::kpa::InvalidSettings>(())
    /// ```
    pub fn new(capacity: f64, utilisation: u8) -> Result<Self, InvalidSettings> {
        if !(1..=100).contains(&utilisation) {
            return Err(InvalidSettings);
        }
        Self::holding(capacity * f64::from(utilisation) / 100.0, capacity)
    }

    /// The same defaults for a stated target: a replica takes `capacity` at most, and `target` of it is
    /// to be held.
    ///
    /// # Errors
    /// [`InvalidSettings`] if either is no positive number.
    pub fn holding(target: f64, capacity: f64) -> Result<Self, InvalidSettings> {
        let positive = |number: f64| number.is_finite() && number > 0.0;
        if !(positive(target) && positive(capacity)) {
            return Err(InvalidSettings);
        }
        Ok(Self {
            target: target.max(0.01),
            capacity,
            max_up: 1000.0,
            max_down: 2.0,
            panic_threshold: 2.0,
            stable_window: Duration::from_secs(60),
            panic_window_percent: 10,
            activation_scale: 1,
            scale_down_delay: Duration::ZERO,
            burst: Some(211.0),
        })
    }

    /// The figure to hold for each replica.
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// The window over which the panic figure is averaged; at least a second.
    #[must_use]
    pub fn panic_window(&self) -> Duration {
        (self.stable_window * u32::from(self.panic_window_percent) / 100).max(Duration::from_secs(1))
    }

    /// Whether every number has a meaning: rates above 1 (shrinking), at least 1 (growing), finite.
    fn is_sound(&self) -> bool {
        let rates = [self.max_up, self.max_down, self.panic_threshold];
        rates.iter().all(|rate| rate.is_finite() && *rate >= 1.0)
    }
}

/// The target of a KPA has no meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a target must be a positive number, and a utilisation from 1 to 100 percent")]
pub struct InvalidSettings;

/// What the autoscaler remembers.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// When the panic threshold was last passed; `None` outside of a panic.
    pub panic_since: Option<Moment>,
    /// The most that was wanted during the panic.
    pub panic_most: u32,
    /// Wants younger than the delay, oldest first; each larger than those after it.
    wants: Vec<(Moment, u32)>,
}

impl State {
    /// The state to begin with, with `ready` replicas: above one it begins in panic, so that a host
    /// that forgot the past does not shrink before it has seen enough.
    #[must_use]
    pub fn beginning(now: Moment, ready: u32) -> Self {
        Self { panic_since: (ready > 1).then_some(now), panic_most: ready, wants: vec![(now, ready)] }
    }

    /// Notes a number that was set by somebody else, by a start or a wake: it leaves only after the delay.
    pub(super) fn set(&mut self, now: Moment, replicas: u32) {
        self.wants.retain(|&(_, wanted)| wanted > replicas);
        self.wants.push((now, replicas));
    }
}

/// What is seen at a moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Seen {
    /// Replicas ready.
    pub ready: u32,
    /// The figure of all replicas together, averaged over the stable window.
    pub stable: f64,
    /// The same over the panic window.
    pub panic: f64,
    /// Whether requests can still reach this deployment; one that is being replaced may shrink at once.
    pub reachable: bool,
}

/// What follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The number of replicas, not bounded yet.
    pub replicas: u32,
    /// How many requests of a burst could still be taken; below zero, the buffer must stay in the path.
    pub excess_burst: i64,
}

/// One decision. `None` where there is nothing to go by, which changes nothing.
///
/// ```
/// use siting::scaling::kpa::{self, Seen, Settings, State};
/// use siting::time::Moment;
///
/// let settings = Settings::new(10.0, 100)?;
/// let mut state = State::default();
/// let seen = Seen { ready: 1, stable: 50.0, panic: 100.0, reachable: true };
/// let wanted = kpa::tick(&settings, &mut state, Moment::from_millis(0), &seen).unwrap();
/// assert_eq!(wanted.replicas, 10); // ten times the target in the short window: panic
/// assert!(state.panic_since.is_some());
/// # Ok::<(), siting::scaling::kpa::InvalidSettings>(())
/// ```
pub fn tick(settings: &Settings, state: &mut State, now: Moment, seen: &Seen) -> Option<Wanted> {
    let measured = |figure: f64| figure.is_finite() && figure >= 0.0;
    if !(settings.is_sound() && measured(seen.stable) && measured(seen.panic)) {
        return None;
    }
    let ready = f64::from(seen.ready.max(1));
    let most = (settings.max_up * ready).ceil();
    let fewest = if seen.reachable { (ready / settings.max_down).floor() } else { 0.0 };
    let for_stable = (seen.stable / settings.target).ceil();
    let for_panic = (seen.panic / settings.target).ceil();
    let bounded = |wanted: f64| {
        let number = whole(wanted.max(fewest).min(most));
        if wanted > 0.0 { number.max(settings.activation_scale) } else { number }
    };
    let (stable, panic) = (bounded(for_stable), bounded(for_panic));

    if for_panic / ready >= settings.panic_threshold {
        state.panic_since = Some(now);
    } else if state.panic_since.is_some_and(|since| ended(since, settings.stable_window, now)) {
        state.panic_since = None;
        state.panic_most = 0;
    }
    let mut replicas = stable;
    if state.panic_since.is_some() {
        state.panic_most = state.panic_most.max(stable).max(panic);
        replicas = state.panic_most;
    }
    if seen.reachable && !settings.scale_down_delay.is_zero() {
        replicas = delayed(&mut state.wants, now, replicas, settings.scale_down_delay);
    }
    let excess_burst = match settings.burst {
        None => -1,
        Some(burst) if burst > 0.0 => signed((f64::from(seen.ready) * settings.capacity - burst - seen.panic).floor()),
        Some(_) => 0,
    };
    Some(Wanted { replicas, excess_burst })
}

/// Whether more than `window` has passed.
fn ended(since: Moment, window: Duration, now: Moment) -> bool {
    since.checked_add(window).is_some_and(|end| end < now)
}

/// The most that was wanted less than `delay` ago.
fn delayed(wants: &mut Vec<(Moment, u32)>, now: Moment, wanted: u32, delay: Duration) -> u32 {
    wants.retain(|&(at, value)| value > wanted && now.since(at) < delay);
    wants.push((now, wanted));
    wants.first().map_or(wanted, |&(_, most)| most)
}

/// A whole number that is not negative, as far as it can be counted.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(number: f64) -> u32 {
    number as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn signed(number: f64) -> i64 {
    number as i64
}
