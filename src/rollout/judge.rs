//! Whether a new version does well: thresholds, and limits on how often they may be missed.
//!
//! Source of the algorithm: the analysis of Argo Rollouts, where a measurement is successful, failed,
//! inconclusive or an error. Too little traffic is none of these: it waits (R2).

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::judged::Judged;
use crate::document::{Fields, OrUnlimited, Rule, Seconds, Whole, document};
use crate::metrics::{Metric, Summary};
use crate::origin::ProblemCode;
use crate::quantity::Milli;
use crate::time::Moment;

document! {
    /// One metric of the new version, and what it must and must not be.
    ///
    /// With only one of the two conditions, missing it means the other; with both, what is neither is
    /// inconclusive, and failure wins; with none, every figure is a success.
    #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Check "a check" {
        /// The metric: percent of failed requests; milliseconds; requests a second; percent; requests.
        metric: Metric as Judged,
        /// What counts as success.
        success: Option<Threshold>,
        /// What counts as failure.
        failure: Option<Threshold>,
        /// Requests in the window below which a figure says too little.
        min_requests: u64 = 100,
        /// The time between measurements.
        #[key = "intervalSeconds"]
        interval: Duration as Seconds<1> = Duration::from_secs(30),
        /// The time before the first.
        #[key = "initialDelaySeconds"]
        initial_delay: Duration as Seconds<0> = Duration::ZERO,
        /// Measurements after which the check is done; absent, it measures for as long as it is asked.
        count: Option<u32> as Option<Whole<1>>,
        /// Failed measurements that are borne; `unlimited` bears any number.
        failure_limit: Option<u32> as OrUnlimited<0> = Some(0),
        /// Inconclusive measurements that are borne.
        inconclusive_limit: u32 = 0,
        /// Errors in a row that are borne.
        error_limit: u32 = 4,
        /// Successes in a row that are enough; absent asks for none.
        successes: Option<u32> as Option<Whole<1>>,
    }
    check judges(success, failure);
    rule Rule::Some(&["success", "failure"]);
}

/// A check without a threshold judges nothing.
fn judges(success: &Option<Threshold>, failure: &Option<Threshold>, check: &Fields<'_>) -> Option<()> {
    if success.is_none() && failure.is_none() {
        let help = "add `success: {atMost: …}` or `failure: {above: …}`";
        check.problem(ProblemCode::MissingField, "a check without a threshold judges nothing", Some(help));
        return None;
    }
    Some(())
}

impl Check {
    /// A check that fails where a metric is above `most`: every 30 seconds, with 100 requests in the window,
    /// and Argo's limits: no failure, no inconclusive figure, four errors in a row.
    #[must_use]
    pub fn at_most(metric: Metric, most: Milli) -> Self {
        Self {
            metric,
            success: Some(Threshold::AtMost(most)),
            failure: None,
            min_requests: 100,
            interval: Duration::from_secs(30),
            initial_delay: Duration::ZERO,
            count: None,
            failure_limit: Some(0),
            inconclusive_limit: 0,
            error_limit: 4,
            successes: None,
        }
    }

    fn judge(&self, value: Milli) -> Measured {
        let holds = |threshold: &Option<Threshold>| threshold.map(|threshold| threshold.holds(value));
        match (holds(&self.success), holds(&self.failure)) {
            (_, Some(true)) | (Some(false), None) => Measured::Failed,
            (Some(true), _) | (None, _) => Measured::Successful,
            (Some(false), Some(false)) => Measured::Inconclusive,
        }
    }
}

/// In a line: what is not as usual is said.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.metric.fmt(f)?;
        if let Some(success) = self.success {
            write!(f, " {success}")?;
        }
        if let Some(failure) = self.failure {
            write!(f, ", fails {failure}")?;
        }
        let Self { metric, min_requests, interval, initial_delay, count, failure_limit, .. } = self;
        let usual = Self::at_most(metric.clone(), Milli::whole(0));
        let mut say = |differs: bool, words: fmt::Arguments<'_>| if differs { write!(f, ", {words}") } else { Ok(()) };
        let seconds = Duration::as_secs_f64;
        say(*min_requests != usual.min_requests, format_args!("from {min_requests} requests on"))?;
        say(*interval != usual.interval, format_args!("every {}s", seconds(interval)))?;
        say(*initial_delay != usual.initial_delay, format_args!("after {}s", seconds(initial_delay)))?;
        say(count.is_some(), format_args!("{} times", count.unwrap_or_default()))?;
        match failure_limit {
            None => say(true, format_args!("any failures"))?,
            Some(limit) => say(*limit > 0, format_args!("{limit} failures"))?,
        }
        let (inconclusive, errors) = (self.inconclusive_limit, self.error_limit);
        say(inconclusive > 0, format_args!("{inconclusive} inconclusive"))?;
        say(errors != usual.error_limit, format_args!("{errors} errors"))?;
        say(self.successes.is_some(), format_args!("{} successes", self.successes.unwrap_or_default()))
    }
}

/// A condition on a figure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Threshold {
    /// Not above.
    AtMost(Milli),
    /// Below.
    Below(Milli),
    /// Not below.
    AtLeast(Milli),
    /// Above.
    Above(Milli),
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "at most {limit}"),
            Self::Below(limit) => write!(f, "below {limit}"),
            Self::AtLeast(limit) => write!(f, "at least {limit}"),
            Self::Above(limit) => write!(f, "above {limit}"),
        }
    }
}

impl Threshold {
    /// Whether a figure meets it.
    #[must_use]
    pub fn holds(self, value: Milli) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::Below(limit) => value < limit,
            Self::AtLeast(limit) => value >= limit,
            Self::Above(limit) => value > limit,
        }
    }
}

/// One measurement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
enum Measured {
    Successful,
    Failed,
    Inconclusive,
    Error,
    /// There was too little traffic to say anything.
    TooLittle,
}

/// What a check comes to, from the best to the worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is done, and all is well.
    Successful,
    /// It goes on, and is well so far.
    Running,
    /// Nothing was measured yet, or too little traffic.
    Pending,
    /// Too many figures were neither good nor bad.
    Inconclusive,
    /// Too many measurements in a row could not be made.
    Error,
    /// Too many failed.
    Failed,
}

/// What a check has measured so far.
///
/// ```
/// use siting::metrics::{Metric, Summary};
/// use siting::quantity::Milli;
/// use siting::rollout::{Check, Tally, Verdict};
/// use siting::time::Moment;
///
/// let check = Check::at_most(Metric::ErrorRate, Milli::whole(1)); // percent
/// let mut tally = Tally::beginning(Moment::from_millis(0));
/// let quiet = Summary { requests: 99, errors: 0, ..Summary::default() };
/// assert_eq!(tally.measure(&check, Moment::from_millis(0), &quiet), Verdict::Pending); // waits
/// let good = Summary { requests: 500, errors: 5, ..Summary::default() };
/// assert_eq!(tally.measure(&check, Moment::from_millis(30_000), &good), Verdict::Running);
/// let bad = Summary { requests: 500, errors: 6, ..Summary::default() };
/// assert_eq!(tally.measure(&check, Moment::from_millis(60_000), &bad), Verdict::Failed);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    since: Moment,
    measured_at: Option<Moment>,
    last: Option<Measured>,
    /// Measurements that count: all but errors and too little traffic.
    count: u32,
    failed: u32,
    inconclusive: u32,
    errors_in_a_row: u32,
    successes_in_a_row: u32,
}

impl Tally {
    /// Nothing measured yet; the check begins at `now`.
    #[must_use]
    pub fn beginning(now: Moment) -> Self {
        Self {
            since: now,
            measured_at: None,
            last: None,
            count: 0,
            failed: 0,
            inconclusive: 0,
            errors_in_a_row: 0,
            successes_in_a_row: 0,
        }
    }

    /// Measures if it is time to, and says what the check comes to. An error is tried again after ten
    /// seconds, or sooner where the interval is shorter.
    pub fn measure(&mut self, check: &Check, now: Moment, summary: &Summary) -> Verdict {
        let retry = matches!(self.last, Some(Measured::Error));
        let pause = if retry { check.interval.min(Duration::from_secs(10)) } else { check.interval };
        let due = match self.measured_at {
            None => now.since(self.since) >= check.initial_delay,
            Some(at) => now.since(at) >= pause,
        };
        let over = matches!(self.verdict(check), Verdict::Successful | Verdict::Error | Verdict::Failed);
        if due && !over {
            self.note(check, now, summary);
        }
        self.verdict(check)
    }

    fn note(&mut self, check: &Check, now: Moment, summary: &Summary) {
        let measured = if summary.requests < check.min_requests {
            Measured::TooLittle
        } else {
            summary.value(&check.metric).map_or(Measured::Error, |value| check.judge(value))
        };
        self.measured_at = Some(now);
        self.last = Some(measured);
        let (errors, successes) = (self.errors_in_a_row, self.successes_in_a_row);
        (self.errors_in_a_row, self.successes_in_a_row) = (0, 0);
        match measured {
            Measured::TooLittle => self.successes_in_a_row = successes,
            Measured::Error => self.errors_in_a_row = errors + 1,
            Measured::Successful => self.successes_in_a_row = successes + 1,
            Measured::Failed => self.failed += 1,
            Measured::Inconclusive => self.inconclusive += 1,
        }
        let counts = !matches!(measured, Measured::Error | Measured::TooLittle);
        self.count += u32::from(counts);
    }

    /// What the check comes to. Of several limits that are passed, the worst counts.
    #[must_use]
    pub fn verdict(&self, check: &Check) -> Verdict {
        if check.failure_limit.is_some_and(|limit| self.failed > limit) {
            return Verdict::Failed;
        }
        if self.errors_in_a_row > check.error_limit {
            return Verdict::Error;
        }
        if self.inconclusive > check.inconclusive_limit {
            return Verdict::Inconclusive;
        }
        let enough = check.successes.is_some_and(|wanted| self.successes_in_a_row >= wanted);
        let counted = check.count.is_some_and(|count| self.count >= count);
        match (check.successes, self.last) {
            _ if enough => Verdict::Successful,
            (None, _) if counted => Verdict::Successful,
            (Some(_), _) if counted && check.failure_limit.is_some() => Verdict::Inconclusive,
            (Some(_), _) if counted => Verdict::Failed,
            (_, None | Some(Measured::TooLittle)) => Verdict::Pending,
            (_, Some(_)) => Verdict::Running,
        }
    }

    /// Whether the last measurement speaks for the version.
    fn is_good(&self, check: &Check) -> bool {
        match self.verdict(check) {
            Verdict::Successful => true,
            Verdict::Running => check.successes.is_none() && self.last == Some(Measured::Successful),
            _ => false,
        }
    }
}

/// What all checks together let a rollout do. The worst counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Go on.
    Good,
    /// Wait for more.
    Waiting,
    /// Stop until someone decides: this check is inconclusive.
    Undecided(usize),
    /// Go back: this check failed, or could not be made.
    Bad(usize, Verdict),
}

impl Standing {
    /// What the checks' tallies, in their order, come to.
    #[must_use]
    pub fn of(checks: &[Check], tallies: &[Tally]) -> Self {
        let mut worst = Self::Good;
        for (place, (check, tally)) in checks.iter().zip(tallies).enumerate() {
            let standing = match tally.verdict(check) {
                verdict @ (Verdict::Failed | Verdict::Error) => Self::Bad(place, verdict),
                Verdict::Inconclusive => Self::Undecided(place),
                _ if tally.is_good(check) => Self::Good,
                _ => Self::Waiting,
            };
            if standing.severity() > worst.severity() {
                worst = standing;
            }
        }
        worst
    }

    fn severity(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Waiting => 1,
            Self::Undecided(_) => 2,
            Self::Bad(_, Verdict::Failed) => 4,
            Self::Bad(..) => 3,
        }
    }
}
