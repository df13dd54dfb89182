//! Other platforms' settings, read as names for an [`Autoscaler`].
//!
//! A setting that an autoscaler cannot say is no error: it is reported, and the rest is read.

use std::time::Duration;

use super::behaviour::{Amount, Behaviour, Limit, Rules, Select};
use super::{Autoscaler, Bounds, kpa, zero};
use crate::metrics::{MetricSpec, Resource, Source, Target};

/// Settings as they were read, and what of them could not be said.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// What they come to.
    pub autoscaler: Autoscaler,
    /// What was left out.
    pub unsaid: Vec<Unsaid>,
}

/// A setting that an autoscaler cannot say.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{setting}` cannot be said: {reason}")]
pub struct Unsaid {
    /// The setting's name on its own platform.
    pub setting: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// A setting outside of its range, or not of its form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{setting}` is `{value}`: {expected}")]
pub struct InvalidSetting {
    setting: &'static str,
    value: String,
    expected: &'static str,
}

impl InvalidSetting {
    /// The setting's name on its own platform.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        self.setting
    }
}

/// Autoscaling settings as Baseten names them; `None` is its default.
///
/// ```
/// use std::time::Duration;
/// use siting::scaling::settings::Baseten;
///
/// let reading = Baseten { concurrency_target: Some(8), target_in_flight_tokens: Some(4096), ..Baseten::default() }.read()?;
/// let requests = reading.autoscaler.requests.unwrap();
/// assert_eq!(requests.target(), 5.6); // eight, of which 70 %
/// assert_eq!(requests.scale_down_delay, Duration::from_secs(900));
/// assert_eq!(reading.unsaid[0].setting, "target_in_flight_tokens");
/// # Ok::<(), siting::scaling::settings::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Baseten {
    /// The fewest replicas; 0.
    pub min_replica: Option<u32>,
    /// The most; 1.
    pub max_replica: Option<u32>,
    /// The averaging window, from 10 to 3600 s; 60.
    pub autoscaling_window: Option<u32>,
    /// How long surplus replicas stay, up to 3600 s; 900.
    pub scale_down_delay: Option<u32>,
    /// Requests that a replica answers at one time; 1.
    pub concurrency_target: Option<u32>,
    /// The percent of that to hold; 70.
    pub target_utilization_percentage: Option<u32>,
    /// Tokens in flight; cannot be said.
    pub target_in_flight_tokens: Option<u32>,
    /// Percent of the replicas that may go within a window, from 1 to 50; no limit.
    pub max_scale_down_rate: Option<u32>,
}

impl Baseten {
    /// Reads them.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a value outside of its range.
    pub fn read(&self) -> Result<Reading, InvalidSetting> {
        let window = ranged("autoscaling_window", self.autoscaling_window, 60, 10, 3600, "from 10 to 3600 seconds")?;
        let delay = ranged("scale_down_delay", self.scale_down_delay, 900, 0, 3600, "up to 3600 seconds")?;
        let at_once = ranged("concurrency_target", self.concurrency_target, 1, 1, u32::MAX, "at least 1")?;
        let held = self.target_utilization_percentage;
        let held = ranged("target_utilization_percentage", held, 70, 1, 100, "from 1 to 100")?;
        let most = ranged("max_replica", self.max_replica, 1, 1, u32::MAX, "at least 1")?;
        let fewest = self.min_replica.unwrap_or(0);
        let invalid = |setting, value: u32, expected| InvalidSetting { setting, value: value.to_string(), expected };
        let bounds = Bounds::new(fewest, most)
            .ok_or_else(|| invalid("min_replica", fewest, "it must not be above `max_replica`"))?;
        let mut requests = kpa::Settings::new(f64::from(at_once), u8::try_from(held).unwrap_or(100))
            .map_err(|_| invalid("concurrency_target", at_once, "it must be positive"))?;
        let window = Duration::from_secs(window.into());
        requests.stable_window = window;
        requests.scale_down_delay = Duration::from_secs(delay.into());
        let mut autoscaler = Autoscaler::by_requests(bounds, requests);
        if let Some(rate) = self.max_scale_down_rate {
            let rate = ranged("max_scale_down_rate", Some(rate), rate, 1, 50, "from 1 to 50")?;
            let limit = Limit { amount: Amount::WholeShare(rate), period: window };
            let down = Rules { window: Duration::ZERO, select: Select::Max, limits: vec![limit] };
            autoscaler.behaviour = Behaviour { down, ..autoscaler.behaviour };
        }
        let tokens = Unsaid { setting: "target_in_flight_tokens", reason: "tokens in flight are not measured" };
        let unsaid = self.target_in_flight_tokens.map(|_| tokens).into_iter().collect();
        Ok(Reading { autoscaler, unsaid })
    }
}

/// A `serverlessConfig` as Beamlit names its fields; `None` is its default.
///
/// ```
/// use siting::scaling::settings::Beamlit;
///
/// let reading = Beamlit { metric: Some("rps"), target: Some("50"), ..Beamlit::default() }.read()?;
/// assert_eq!(reading.autoscaler.bounds.max(), 10);
/// assert_eq!(reading.autoscaler.requests.unwrap().target(), 50.0);
/// # Ok::<(), siting::scaling::settings::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Beamlit<'a> {
    /// `minNumReplicas`: the fewest; 0.
    pub min_num_replicas: Option<u32>,
    /// `maxNumReplicas`: the most; 10.
    pub max_num_replicas: Option<u32>,
    /// `metric`: `cpu`, `memory`, `rps` or `concurrency`, the default.
    pub metric: Option<&'a str>,
    /// `target`: percent for `cpu` and `memory`; the figure of a replica for the others. Unset it is 70 for
    /// `cpu` and `memory`, and Knative's 200 and 100 at 70 % for `rps` and `concurrency`.
    pub target: Option<&'a str>,
    /// `scaleUpMinimum`: replicas when leaving zero, from 2.
    pub scale_up_minimum: Option<u32>,
    /// `scaleDownDelay`: up to an hour.
    pub scale_down_delay: Option<&'a str>,
    /// `stableWindow`: from 6 seconds to an hour.
    pub stable_window: Option<&'a str>,
    /// `lastPodRetentionPeriod`.
    pub last_pod_retention_period: Option<&'a str>,
}

impl Beamlit<'_> {
    /// Reads them.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a value outside of its range or not of its form.
    pub fn read(&self) -> Result<Reading, InvalidSetting> {
        let invalid = |setting, value: String, expected| InvalidSetting { setting, value, expected };
        let fewest = self.min_num_replicas.unwrap_or(0);
        let bounds = Bounds::new(fewest, self.max_num_replicas.unwrap_or(10))
            .ok_or_else(|| invalid("minNumReplicas", fewest.to_string(), "it must not be above `maxNumReplicas`"))?;
        let delay = duration("scaleDownDelay", self.scale_down_delay, 0, 3600)?;
        let window = duration("stableWindow", self.stable_window, 6, 3600)?;
        let retention = duration("lastPodRetentionPeriod", self.last_pod_retention_period, 0, u64::MAX)?;
        let from_zero = self
            .scale_up_minimum
            .map(|minimum| ranged("scaleUpMinimum", Some(minimum), minimum, 2, u32::MAX, "at least 2"));
        let from_zero = from_zero.transpose()?;
        let metric = self.metric.unwrap_or("concurrency");
        let mut unsaid = Vec::new();
        let mut autoscaler = match metric {
            "cpu" | "memory" => {
                let percent = self.target.map_or(Ok(70), |target| {
                    let percent: Option<u32> = target.parse().ok().filter(|percent| *percent > 0);
                    percent.ok_or_else(|| invalid("target", target.to_owned(), "a whole percentage above 0"))
                })?;
                let resource = if metric == "cpu" { Resource::Cpu } else { Resource::Memory };
                let spec = MetricSpec::new(Source::Resource(resource), Target::Utilization(percent));
                let spec = spec.map_err(|_| invalid("target", percent.to_string(), "a whole percentage above 0"))?;
                let mut autoscaler = Autoscaler::by_metrics(bounds, vec![spec]);
                if let Some(delay) = delay {
                    autoscaler.behaviour.down.window = delay;
                }
                if window.is_some() {
                    unsaid.push(Unsaid { setting: "stableWindow", reason: "the host averages what it measures" });
                }
                if from_zero.is_some() {
                    let reason = "at zero replicas a figure of replicas says nothing";
                    unsaid.push(Unsaid { setting: "scaleUpMinimum", reason });
                }
                autoscaler
            }
            "rps" | "concurrency" => {
                let by_default = if metric == "rps" { (140.0, 200.0) } else { (70.0, 100.0) };
                let (held, capacity) = self.target.map_or(Ok(by_default), |target| {
                    let figure: Option<f64> = target.parse().ok().filter(|figure| *figure >= 0.01);
                    let figure = figure.filter(|figure| figure.is_finite());
                    figure
                        .map(|figure| (figure, figure))
                        .ok_or_else(|| invalid("target", target.to_owned(), "a number from 0.01"))
                })?;
                let mut requests = kpa::Settings::holding(held, capacity)
                    .map_err(|_| invalid("target", held.to_string(), "a number from 0.01"))?;
                requests.activation_scale = from_zero.unwrap_or(1);
                requests.scale_down_delay = delay.unwrap_or_default();
                requests.stable_window = window.unwrap_or(requests.stable_window);
                Autoscaler::by_requests(bounds, requests)
            }
            other => {
                let expected = "it must be `cpu`, `memory`, `rps` or `concurrency`";
                return Err(invalid("metric", other.to_owned(), expected));
            }
        };
        autoscaler.zero = zero::Settings { retention: retention.unwrap_or_default(), ..autoscaler.zero };
        Ok(Reading { autoscaler, unsaid })
    }
}

fn ranged(
    setting: &'static str,
    value: Option<u32>,
    default: u32,
    min: u32,
    max: u32,
    expected: &'static str,
) -> Result<u32, InvalidSetting> {
    let value = value.unwrap_or(default);
    let within = (min..=max).contains(&value);
    within.then_some(value).ok_or_else(|| InvalidSetting { setting, value: value.to_string(), expected })
}

/// A span as Go writes it (`90s`, `1m30s`, `0`), in whole seconds from `min` to `max`.
fn duration(setting: &'static str, text: Option<&str>, min: u64, max: u64) -> Result<Option<Duration>, InvalidSetting> {
    let Some(text) = text else { return Ok(None) };
    let seconds = seconds(text).filter(|seconds| (min..=max).contains(seconds));
    let expected = "it must be whole seconds within its range, such as `90s` or `1m30s`";
    let invalid = || InvalidSetting { setting, value: text.to_owned(), expected };
    seconds.map(|seconds| Some(Duration::from_secs(seconds))).ok_or_else(invalid)
}

fn seconds(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let unit = after.chars().next()?;
        let each = match unit {
            'h' => 3600,
            'm' if !after.starts_with("ms") => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(each)?)?;
        rest = after.get(unit.len_utf8()..)?;
    }
    (!text.is_empty()).then_some(total)
}
