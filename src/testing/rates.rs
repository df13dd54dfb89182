//! Draws of metrics, and of what scaling and traffic make of them.

use std::time::Duration;

use super::choices::{Choices, Draw};
use super::series::Series;
use super::values::{name, span, valid, words};
use crate::metrics::{Gauge, Metric, MetricSpec, Quantile, Reading, Resource, Source, Summary, Target, Window};
use crate::quantity::Milli;
use crate::scaling::behaviour::{Amount, Behaviour, Limit, Rules, Select};
use crate::scaling::hpa::{Phase, Replica, Sample, Tolerance};
use crate::scaling::{self, Bounds};
use crate::time::Moment;
use crate::traffic::{
    self, Backend, BackendId, Checks, FailedRequests, Health, Offloading, Remote, RemoteId, SiteId, Split, VersionId,
};

words! {
    Quantile: P95 P50 P99;
    traffic::Algorithm: RoundRobin LeastConnections IpHash ConsistentHash;
    Select: Max Min Disabled;
}

fn figure(choices: &mut Choices<'_>, most: u64) -> Milli {
    Milli::thousandths(choices.up_to(most))
}

impl Draw for Gauge {
    fn draw(choices: &mut Choices<'_>) -> Self {
        choices.one_of(Self::Cpu, [Self::Memory, Self::Gpu, Self::Concurrency, Self::Custom(name("queue"))])
    }
}

impl Draw for Metric {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            0 => Self::ErrorRate,
            1 => Self::RequestRate,
            2 => Self::Latency(Quantile::draw(choices)),
            _ => Self::Gauge(Gauge::draw(choices)),
        }
    }
}

impl Draw for Resource {
    fn draw(choices: &mut Choices<'_>) -> Self {
        choices.one_of(Self::Cpu, [Self::Memory, Self::Gpu, Self::Other(name("disk"))])
    }
}

impl Draw for Source {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            0 => Self::Resource(Resource::draw(choices)),
            1 => Self::Pods(name("requests")),
            2 => Self::Object(name("gateway")),
            _ => Self::External(name("queue")),
        }
    }
}

impl Draw for Target {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::Utilization(choices.between(1, 200)),
            1 => Self::AverageValue(Milli::thousandths(choices.up_to(1_000_000).max(1))),
            _ => Self::Value(Milli::thousandths(choices.up_to(1_000_000).max(1))),
        }
    }
}

impl Draw for MetricSpec {
    /// A source with a target that says something about it.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (source, mut target) = (Source::draw(choices), Target::draw(choices));
        if Self::new(source.clone(), target).is_err() {
            target = Target::AverageValue(Milli::thousandths(choices.up_to(1_000_000).max(1)));
        }
        valid(choices, |_| Self::new(source.clone(), target).ok())
    }
}

impl Draw for Reading {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { usage: figure(choices, 1 << 40), requested: figure(choices, 1 << 40), replicas: choices.below(100) }
    }
}

impl Draw for Bounds {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let min = choices.below(5);
        let max = min.max(1) + choices.below(50);
        valid(choices, |_| Self::new(min, max))
    }
}

impl Draw for Tolerance {
    fn draw(choices: &mut Choices<'_>) -> Self {
        choices.one_of(Self::default(), [Self { down: 0, up: 0 }, Self { down: 200, up: 50 }])
    }
}

impl Draw for Amount {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::Replicas(choices.between(1, 10)),
            1 => Self::Percent(choices.between(1, 200)),
            _ => Self::WholeShare(choices.between(1, 100)),
        }
    }
}

impl Draw for Limit {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { amount: Amount::draw(choices), period: Duration::from_secs(u64::from(choices.between(1, 1800))) }
    }
}

impl Draw for Rules {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            window: span(choices, 3_600_000),
            select: Select::draw(choices),
            limits: choices.several(0, 3, Limit::draw),
        }
    }
}

impl Draw for Behaviour {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { up: Rules::draw(choices), down: Rules::draw(choices) }
    }
}

impl Draw for scaling::kpa::Settings {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| {
            Self::new(f64::from(choices.between(1, 1000)), u8::try_from(choices.between(1, 100)).ok()?).ok()
        })
    }
}

impl Draw for Health {
    /// The health of a backend that passed and failed a few checks.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (mut health, checks) = (Self::default(), Checks::default());
        for passed in choices.several(0, 6, |choices| !choices.chance(50)) {
            health.checked(passed, &checks);
        }
        health
    }
}

impl Draw for Checks {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            unhealthy_after: choices.between(1, 5),
            healthy_after: choices.between(1, 5),
            requests: choices.maybe(50, FailedRequests::draw),
        }
    }
}

impl Draw for FailedRequests {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let percent = u8::try_from(choices.between(1, 100)).unwrap_or(100);
        Self { percent, at_least: choices.between(1, 30), timeout: span(choices, 60_000) }
    }
}

impl Draw for BackendId {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self(choices.below(20))
    }
}

impl Draw for SiteId {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self(choices.below(3))
    }
}

impl Draw for VersionId {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self(choices.below(3))
    }
}

impl Draw for RemoteId {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self(choices.below(5))
    }
}

impl Draw for Backend {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let id = BackendId::draw(choices);
        Self {
            version: VersionId::draw(choices),
            weight: choices.one_of(1, [2, 5, 0, 100]),
            ready: !choices.chance(15),
            allowed: !choices.chance(10),
            draining: choices.chance(10),
            max_connections: choices.maybe(20, |choices| choices.between(1, 10)),
            connections: choices.below(12),
            health: Health::draw(choices),
            site: choices.maybe(60, SiteId::draw),
            ..Self::new(id, format!("10.0.0.{}", id.0), 8080)
        }
    }
}

impl Draw for Split {
    /// Shares of two versions.
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| {
            let share = u8::try_from(choices.between(1, 100)).ok()?;
            Self::new(vec![(VersionId(0), share), (VersionId(1), 100 - share)]).ok()
        })
    }
}

impl Draw for Offloading {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| {
            let percentage = u8::try_from(choices.below(101)).ok()?;
            let drawn = Self::new(percentage, span(choices, 600_000))?;
            if choices.chance(30) {
                drawn.releasing_below(u16::try_from(choices.below(1001)).ok()?)
            } else {
                Some(drawn)
            }
        })
    }
}

impl Draw for Remote {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { id: RemoteId::draw(choices), healthy: !choices.chance(25), allowed: !choices.chance(25) }
    }
}

impl Draw for Summary {
    /// What a drawn window says at its end.
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| {
            let mut window = Window::new(Duration::from_secs(60), 60).ok()?;
            let end = Series::draw(choices).feed(&mut window);
            Some(window.summary(end))
        })
    }
}

impl Draw for scaling::zero::Settings {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            enabled: !choices.chance(20),
            stable_window: span(choices, 600_000),
            grace: span(choices, 60_000),
            retention: span(choices, 600_000),
            activation: span(choices, 600_000),
        }
    }
}

words! { Phase: Running Pending Failed Succeeded; }

impl Draw for Sample {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            value: figure(choices, 1 << 20),
            at: Moment::from_millis(choices.up_to(1 << 32)),
            window: span(choices, 60_000),
        }
    }
}

impl Draw for Replica {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let since = Moment::from_millis(choices.up_to(1 << 32));
        Self {
            phase: Phase::draw(choices),
            stopping: choices.chance(10),
            ready: choices.maybe(80, |choices| (!choices.chance(20), since)),
            ..Self::running(
                since,
                choices.maybe(80, |choices| figure(choices, 1 << 20)),
                choices.maybe(80, Sample::draw),
            )
        }
    }
}
