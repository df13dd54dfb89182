//! The arithmetic of the Kubernetes horizontal pod autoscaler, version 2.
//!
//! Source of the algorithm: `pkg/controller/podautoscaler/replica_calculator.go` of Kubernetes.
//! Figures are integers in thousandths, and every quotient is compared exactly, where the original
//! passes through floating point (see `docs/differences.md`).

pub use super::replica::{Initialisation, Phase, Replica, Sample, Standing};

use super::{MOST, quotient_up};
use crate::metrics::{MetricSpec, Resource, Source, Target};
use crate::quantity::Milli;
use crate::time::Moment;

/// How far the load may be off its target without a change: per mille of the target, both ends
/// included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tolerance {
    /// How far below.
    pub down: u16,
    /// How far above.
    pub up: u16,
}

impl Default for Tolerance {
    /// A tenth, both ways.
    fn default() -> Self {
        Self { down: 100, up: 100 }
    }
}

/// What was read for one metric.
#[derive(Clone, Copy, Debug)]
pub enum Figures<'a> {
    /// A figure of each replica, and figures of such as are not (or no longer) known.
    PerReplica {
        /// The known replicas.
        replicas: &'a [Replica],
        /// Figures without a known replica: they count as samples, and not towards a utilisation.
        strays: &'a [Milli],
    },
    /// Figures of one object or from outside, which are summed up; and the replicas, for their number.
    Total {
        /// The figures.
        values: &'a [Milli],
        /// The known replicas.
        replicas: &'a [Replica],
    },
}

/// How many replicas a metric wants, and what was measured for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// The number of replicas, not bounded yet.
    pub replicas: u32,
    /// A utilisation in percent; an average or value in thousandths.
    pub measured: u64,
}

/// Why a metric says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoFigure {
    /// There are no replicas to measure.
    #[error("there are no replicas to measure")]
    NoReplicas,
    /// None of the replicas that count gave a figure.
    #[error("no replica that counts gave a figure")]
    NoSamples,
    /// None of the figures belongs to a known replica.
    #[error("no figure belongs to a known replica")]
    NoneMatched,
    /// A replica does not say what it asks for, so that there is no utilisation.
    #[error("a replica does not say what it asks for")]
    NoRequest,
    /// The figures are of another kind than the metric.
    #[error("the figures are of another kind than the metric")]
    OtherFigures,
}

/// How many replicas one metric wants, with `current` asked for at present.
///
/// # Errors
/// [`NoFigure`] where there is nothing to go by.
///
/// ```
/// use std::time::Duration;
/// use siting::metrics::{MetricSpec, Resource, Source, Target};
/// use siting::quantity::Milli;
/// use siting::scaling::hpa::{self, Figures, Initialisation, Replica, Sample, Tolerance};
/// use siting::time::Moment;
///
/// let cpu = MetricSpec::new(Source::Resource(Resource::Cpu), Target::Utilization(50))?;
/// let (start, now) = (Moment::from_millis(0), Moment::from_millis(3_600_000));
/// let sample = |value| Sample { value: Milli::thousandths(value), at: now, window: Duration::from_secs(60) };
/// let replicas = [900, 700].map(|used| Replica::running(start, Some(Milli::whole(1)), Some(sample(used))));
/// let figures = Figures::PerReplica { replicas: &replicas, strays: &[] };
/// let proposal = hpa::propose(&cpu, 2, figures, now, Tolerance::default(), &Initialisation::default()).unwrap();
/// assert_eq!((proposal.replicas, proposal.measured), (4, 80)); // 80 % of two, at 50 %: 3.2
/// # Ok::<(), siting::metrics::InvalidSpec>(())
/// ```
pub fn propose(
    spec: &MetricSpec,
    current: u32,
    figures: Figures<'_>,
    now: Moment,
    tolerance: Tolerance,
    initialisation: &Initialisation,
) -> Result<Proposal, NoFigure> {
    match (figures, spec.is_per_replica()) {
        (Figures::PerReplica { replicas, strays }, true) => {
            if replicas.is_empty() {
                return Err(NoFigure::NoReplicas);
            }
            let cpu = matches!(spec.source(), Source::Resource(Resource::Cpu));
            let standing = |replica: &Replica| replica.standing(cpu, now, initialisation);
            per_replica(spec.target(), current, replicas, strays, standing, tolerance)
        }
        (Figures::Total { values, replicas }, false) => total(spec.target(), current, values, replicas, tolerance),
        _ => Err(NoFigure::OtherFigures),
    }
}

/// What is used and asked for, over some replicas.
#[derive(Clone, Copy, Default)]
struct Sums {
    usage: u128,
    requested: u128,
    /// Samples, of which those without a known replica are a part.
    samples: u32,
}

impl Sums {
    fn plus(self, usage: u128, requested: u128, samples: u32) -> Self {
        Self { usage: self.usage + usage, requested: self.requested + requested, samples: self.samples + samples }
    }

    /// What is measured, in whole percent or thousandths, rounded down as upstream.
    fn measured(self, target: Target) -> Option<u128> {
        match target {
            Target::Utilization(_) => (self.usage * 100).checked_div(self.requested),
            Target::AverageValue(_) | Target::Value(_) => self.usage.checked_div(u128::from(self.samples)),
        }
    }
}

/// A load: a measured figure over its target.
#[derive(Clone, Copy)]
struct Load {
    measured: u128,
    target: u128,
}

impl Load {
    fn is_over(self) -> bool {
        self.measured > self.target
    }

    fn is_under(self) -> bool {
        self.measured < self.target
    }

    fn is_within(self, tolerance: Tolerance) -> bool {
        let load = self.measured * 1000;
        let (down, up) = (u128::from(tolerance.down.min(1000)), u128::from(tolerance.up));
        (1000 - down) * self.target <= load && load <= (1000 + up) * self.target
    }

    /// This load times `replicas`, rounded up.
    fn times(self, replicas: u32) -> u32 {
        quotient_up(self.measured * u128::from(replicas), self.target).unwrap_or(MOST)
    }
}

fn per_replica(
    target: Target,
    current: u32,
    replicas: &[Replica],
    strays: &[Milli],
    standing: impl Fn(&Replica) -> Standing,
    tolerance: Tolerance,
) -> Result<Proposal, NoFigure> {
    let utilisation = matches!(target, Target::Utilization(_));
    let goal = match target {
        Target::Utilization(percent) => u128::from(percent),
        Target::AverageValue(value) | Target::Value(value) => u128::from(value.get()),
    };
    let (mut sums, mut missing, mut unready) = (Sums::default(), Sums::default(), Sums::default());
    let mut ready = 0;
    for replica in replicas {
        let requested = replica.requested.map_or(0, |requested| u128::from(requested.get()));
        match (standing(replica), replica.sample) {
            (Standing::Ready, Some(sample)) => {
                sums = sums.plus(u128::from(sample.value.get()), requested, 1);
                ready += 1;
            }
            (Standing::Missing | Standing::Ready, _) => missing = missing.plus(0, requested, 1),
            (Standing::Unready, _) => unready = unready.plus(0, requested, 1),
            (Standing::Ignored, _) => {}
        }
    }
    let strange: u128 = strays.iter().map(|stray| u128::from(stray.get())).sum();
    let strange = if utilisation { 0 } else { strange };
    sums = sums.plus(strange, 0, u32::try_from(strays.len()).unwrap_or(u32::MAX));
    if sums.samples == 0 {
        return Err(NoFigure::NoSamples);
    }
    if utilisation && replicas.iter().any(|replica| replica.requested.is_none()) {
        return Err(NoFigure::NoRequest);
    }
    let measured = sums.measured(target).ok_or(NoFigure::NoneMatched)?;
    let load = Load { measured, target: goal };
    let proposal = |replicas| Proposal { replicas, measured: u64::try_from(measured).unwrap_or(u64::MAX) };

    let grows_with_unready = unready.samples > 0 && load.is_over();
    if !grows_with_unready && missing.samples == 0 {
        return Ok(proposal(if load.is_within(tolerance) { current } else { load.times(ready) }));
    }
    if load.is_under() {
        // Those that gave no figure are taken to be as busy as can be expected.
        let busy = if utilisation { full_use(replicas, &standing, goal) } else { goal * u128::from(missing.samples) };
        sums = sums.plus(busy, missing.requested, missing.samples);
    } else if load.is_over() {
        sums = sums.plus(0, missing.requested, missing.samples);
    }
    if grows_with_unready {
        sums = sums.plus(0, unready.requested, unready.samples);
    }
    let refilled = Load { measured: sums.measured(target).ok_or(NoFigure::NoneMatched)?, target: goal };
    let turned = (load.is_under() && refilled.is_over()) || (load.is_over() && refilled.is_under());
    let replicas = refilled.times(sums.samples);
    let against = (refilled.is_under() && replicas > current) || (refilled.is_over() && replicas < current);
    let keep = refilled.is_within(tolerance) || turned || against;
    Ok(proposal(if keep { current } else { replicas }))
}

/// The use of the replicas without a figure if each used all it asks for, or the target where that is
/// more.
fn full_use(replicas: &[Replica], standing: impl Fn(&Replica) -> Standing, target: u128) -> u128 {
    let missing = replicas.iter().filter(|replica| standing(replica) == Standing::Missing);
    let requested = missing.filter_map(|replica| replica.requested);
    requested.map(|requested| u128::from(requested.get()) * target.max(100) / 100).sum()
}

/// The average over replicas, rounded up; `None` over none.
fn quotient_of(sum: u128, replicas: u32) -> Option<u128> {
    (replicas > 0).then(|| sum.div_ceil(u128::from(replicas)))
}

fn total(
    target: Target,
    current: u32,
    values: &[Milli],
    replicas: &[Replica],
    tolerance: Tolerance,
) -> Result<Proposal, NoFigure> {
    if values.is_empty() {
        return Err(NoFigure::NoSamples);
    }
    let sum: u128 = values.iter().map(|value| u128::from(value.get())).sum();
    let narrow = |value: u128| u64::try_from(value).unwrap_or(u64::MAX).min(i64::MAX.unsigned_abs());
    match target {
        Target::AverageValue(value) => {
            let goal = u128::from(value.get());
            // Of no replicas there is no average: the load is beyond every tolerance.
            let load = Load { measured: sum, target: goal * u128::from(current) };
            let wanted =
                if current > 0 && load.is_within(tolerance) { current } else { quotient_up(sum, goal).unwrap_or(MOST) };
            Ok(Proposal { replicas: wanted, measured: quotient_of(sum, current).map_or(0, narrow) })
        }
        Target::Value(value) => {
            let load = Load { measured: sum, target: u128::from(value.get()) };
            let wanted = if current == 0 {
                load.times(1)
            } else if load.is_within(tolerance) {
                current
            } else if replicas.is_empty() {
                return Err(NoFigure::NoReplicas);
            } else {
                let ready = replicas.iter().filter(|replica| replica.serves()).count();
                load.times(u32::try_from(ready).unwrap_or(u32::MAX))
            };
            Ok(Proposal { replicas: wanted, measured: narrow(sum) })
        }
        Target::Utilization(_) => Err(NoFigure::OtherFigures),
    }
}
