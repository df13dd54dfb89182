//! Autoscaling decisions: settings, state and what was seen cross as JSON (R4).

use std::time::Duration;

use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::json;
use siting::id::Name;
use siting::metrics::{MetricSpec, Resource, Source, Target};
use siting::quantity::Milli;
use siting::scaling::behaviour::{Amount, Behaviour, Limit, Rules, Select};
use siting::scaling::hpa::{Figures, Initialisation, NoFigure, Phase, Replica, Sample, Tolerance};
use siting::scaling::settings::{Baseten, Beamlit, Reading};
use siting::scaling::{self, Bounds, Observed, State, kpa, zero};
use siting::time::Moment;

use crate::capacity::read;
use crate::failure::{Failure, Outcome, json};

/// An autoscaler: settings that say how many replicas follow from what is seen.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Autoscaler {
    autoscaler: scaling::Autoscaler,
    unsaid: Vec<(String, String)>,
}

#[pymethods]
impl Autoscaler {
    #[staticmethod]
    fn of(settings: &str) -> Outcome<Self> {
        Ok(Self { autoscaler: read::<Settings>(settings)?.autoscaler()?, unsaid: Vec::new() })
    }

    /// Settings as Baseten names them.
    #[staticmethod]
    fn baseten(settings: &str) -> Outcome<Self> {
        let BasetenSettings {
            min_replica,
            max_replica,
            autoscaling_window,
            scale_down_delay,
            concurrency_target,
            target_utilization_percentage,
            target_in_flight_tokens,
            max_scale_down_rate,
        } = read(settings)?;
        let settings = Baseten {
            min_replica,
            max_replica,
            autoscaling_window,
            scale_down_delay,
            concurrency_target,
            target_utilization_percentage,
            target_in_flight_tokens,
            max_scale_down_rate,
        };
        foreign(settings.read())
    }

    /// A `serverlessConfig` as Beamlit names its fields.
    #[staticmethod]
    fn beamlit(settings: &str) -> Outcome<Self> {
        let found: BeamlitSettings = read(settings)?;
        let settings = Beamlit {
            min_num_replicas: found.min_num_replicas,
            max_num_replicas: found.max_num_replicas,
            metric: found.metric.as_deref(),
            target: found.target.as_deref(),
            scale_up_minimum: found.scale_up_minimum,
            scale_down_delay: found.scale_down_delay.as_deref(),
            stable_window: found.stable_window.as_deref(),
            last_pod_retention_period: found.last_pod_retention_period.as_deref(),
        };
        foreign(settings.read())
    }

    /// The settings of another platform that it cannot say, and why.
    fn unsaid(&self) -> Vec<(String, String)> {
        self.unsaid.clone()
    }

    fn bounds(&self) -> (u32, u32) {
        (self.autoscaler.bounds.min(), self.autoscaler.bounds.max())
    }

    /// The state to begin with where replicas run already.
    #[staticmethod]
    fn beginning(now: u64, replicas: u32) -> Outcome<String> {
        json(&State::beginning(Moment::from_millis(now), replicas))
    }

    /// Decides how many replicas are wanted; the decision, and the state to come back with.
    fn decide(&self, state: Option<&str>, now: u64, seen: &str) -> Outcome<(String, String)> {
        let mut state: State = state.map(read).transpose()?.unwrap_or_default();
        let seen: Seen = read(seen)?;
        let figures = seen.figures.iter().map(Figure::sorted).collect::<Outcome<Vec<_>>>()?;
        let figures: Vec<_> = figures.iter().map(Sorted::figures).collect();
        let observed = Observed {
            current: seen.current,
            ready: seen.ready,
            figures: &figures,
            requests: seen.requests.map(SeenRequests::seen),
            waiting: seen.waiting,
            buffered_since: seen.buffered_since.map(Moment::from_millis),
        };
        let decision = self.autoscaler.decide(&mut state, Moment::from_millis(now), &observed);
        let silent = decision.silent.iter().map(|(place, why)| json!({"metric": place, "reason": why.to_string()}));
        let told = json!({
            "replicas": decision.replicas,
            "proposed": decision.proposed,
            "stabilised": decision.stabilised,
            "held": decision.held,
            "lastReplica": decision.last_replica,
            "silent": silent.collect::<Vec<_>>(),
        });
        Ok((json(&told)?, json(&state)?))
    }
}

fn foreign(reading: Result<Reading, scaling::settings::InvalidSetting>) -> Outcome<Autoscaler> {
    let invalid =
        |error: scaling::settings::InvalidSetting| Failure::value(error.to_string(), "give it as that platform does");
    let Reading { autoscaler, unsaid } = reading.map_err(invalid)?;
    let unsaid = unsaid.iter().map(|one| (one.setting.to_owned(), one.reason.to_owned()));
    Ok(Autoscaler { autoscaler, unsaid: unsaid.collect() })
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct BasetenSettings {
    min_replica: Option<u32>,
    max_replica: Option<u32>,
    autoscaling_window: Option<u32>,
    scale_down_delay: Option<u32>,
    concurrency_target: Option<u32>,
    target_utilization_percentage: Option<u32>,
    target_in_flight_tokens: Option<u32>,
    max_scale_down_rate: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct BeamlitSettings {
    min_num_replicas: Option<u32>,
    max_num_replicas: Option<u32>,
    metric: Option<String>,
    target: Option<String>,
    scale_up_minimum: Option<u32>,
    scale_down_delay: Option<String>,
    stable_window: Option<String>,
    last_pod_retention_period: Option<String>,
}

/// Spans are milliseconds, figures thousandths.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    min_replicas: u32,
    max_replicas: u32,
    #[serde(default)]
    metrics: Vec<Spec>,
    /// Per mille below and above.
    tolerance: Option<(u16, u16)>,
    /// After a start: how long cpu is suspect, and readiness.
    initialisation: Option<(u64, u64)>,
    requests: Option<Requests>,
    up: Option<Direction>,
    down: Option<Direction>,
    zero: Option<Zero>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    source: String,
    name: String,
    target: String,
    value: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requests {
    target: f64,
    capacity: f64,
    max_up: Option<f64>,
    max_down: Option<f64>,
    panic_threshold: Option<f64>,
    stable_window: Option<u64>,
    panic_window_percent: Option<u8>,
    activation_scale: Option<u32>,
    scale_down_delay: Option<u64>,
    burst: Option<f64>,
    always_buffered: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Direction {
    window: u64,
    select: String,
    limits: Vec<(String, u32, u64)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Zero {
    enabled: bool,
    stable_window: u64,
    grace: u64,
    retention: u64,
    activation: u64,
}

impl Settings {
    fn autoscaler(self) -> Outcome<scaling::Autoscaler> {
        let (min, max) = (self.min_replicas, self.max_replicas);
        let bounds = Bounds::new(min, max).ok_or_else(|| {
            Failure::value(format!("at least {min} replicas are wanted and at most {max}"), "let min be at most max")
        })?;
        let metrics = self.metrics.iter().map(Spec::spec).collect::<Outcome<Vec<_>>>()?;
        let mut autoscaler = match self.requests {
            Some(requests) => {
                scaling::Autoscaler { metrics, ..scaling::Autoscaler::by_requests(bounds, requests.settings()?) }
            }
            None => scaling::Autoscaler::by_metrics(bounds, metrics),
        };
        if let Some((down, up)) = self.tolerance {
            autoscaler.tolerance = Tolerance { down, up };
        }
        if let Some((cpu, readiness)) = self.initialisation {
            autoscaler.initialisation = Initialisation { cpu: millis(cpu), readiness: millis(readiness) };
        }
        let Behaviour { up, down } = autoscaler.behaviour;
        autoscaler.behaviour = Behaviour {
            up: self.up.map_or(Ok(up), Direction::rules)?,
            down: self.down.map_or(Ok(down), Direction::rules)?,
        };
        if let Some(Zero { enabled, stable_window, grace, retention, activation }) = self.zero {
            autoscaler.zero = zero::Settings {
                enabled,
                stable_window: millis(stable_window),
                grace: millis(grace),
                retention: millis(retention),
                activation: millis(activation),
            };
        }
        Ok(autoscaler)
    }
}

impl Spec {
    pub(crate) fn spec(&self) -> Outcome<MetricSpec> {
        let name = || Name::new(&self.name).map_err(|error| Failure::value(error.to_string(), "give it a name"));
        let source = match (self.source.as_str(), self.name.as_str()) {
            ("resource", "cpu") => Source::Resource(Resource::Cpu),
            ("resource", "memory") => Source::Resource(Resource::Memory),
            ("resource", "gpu") => Source::Resource(Resource::Gpu),
            ("resource", _) => Source::Resource(Resource::Other(name()?)),
            ("pods", _) => Source::Pods(name()?),
            ("object", _) => Source::Object(name()?),
            ("external", _) => Source::External(name()?),
            (other, _) => return Err(one_of("source", other, "resource, pods, object or external")),
        };
        let target = match self.target.as_str() {
            "utilization" => Target::Utilization(u32::try_from(self.value / 1000).unwrap_or(u32::MAX)),
            "average-value" => Target::AverageValue(Milli::thousandths(self.value)),
            "value" => Target::Value(Milli::thousandths(self.value)),
            other => return Err(one_of("target", other, "utilization, average-value or value")),
        };
        MetricSpec::new(source, target)
            .map_err(|error| Failure::value(error.to_string(), "give a positive target of a type that fits"))
    }
}

impl Requests {
    fn settings(self) -> Outcome<kpa::Settings> {
        let mut settings = kpa::Settings::holding(self.target, self.capacity)
            .map_err(|error| Failure::value(error.to_string(), "give positive numbers"))?;
        settings.max_up = self.max_up.unwrap_or(settings.max_up);
        settings.max_down = self.max_down.unwrap_or(settings.max_down);
        settings.panic_threshold = self.panic_threshold.unwrap_or(settings.panic_threshold);
        settings.stable_window = self.stable_window.map_or(settings.stable_window, millis);
        settings.panic_window_percent = self.panic_window_percent.unwrap_or(settings.panic_window_percent);
        settings.activation_scale = self.activation_scale.unwrap_or(settings.activation_scale);
        settings.scale_down_delay = self.scale_down_delay.map_or(settings.scale_down_delay, millis);
        settings.burst = if self.always_buffered { None } else { self.burst.or(settings.burst) };
        Ok(settings)
    }
}

impl Direction {
    fn rules(self) -> Outcome<Rules> {
        let select = match self.select.as_str() {
            "max" => Select::Max,
            "min" => Select::Min,
            "disabled" => Select::Disabled,
            other => return Err(one_of("select", other, "max, min or disabled")),
        };
        let limits = self.limits.into_iter().map(|(kind, amount, period)| {
            let amount = match kind.as_str() {
                "replicas" => Amount::Replicas(amount),
                "percent" => Amount::Percent(amount),
                "whole-share" => Amount::WholeShare(amount),
                other => return Err(one_of("limit", other, "replicas, percent or whole-share")),
            };
            Ok(Limit { amount, period: millis(period) })
        });
        Ok(Rules { window: millis(self.window), select, limits: limits.collect::<Outcome<_>>()? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    current: u32,
    ready: u32,
    figures: Vec<Figure>,
    requests: Option<SeenRequests>,
    waiting: bool,
    buffered_since: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenRequests {
    ready: u32,
    stable: f64,
    panic: f64,
    reachable: bool,
}

impl SeenRequests {
    fn seen(self) -> kpa::Seen {
        let Self { ready, stable, panic, reachable } = self;
        kpa::Seen { ready, stable, panic, reachable }
    }
}

/// What was read for one metric: of each replica, or a total.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    replicas: Vec<SeenReplica>,
    values: Option<Vec<u64>>,
    #[serde(default)]
    failed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenReplica {
    phase: String,
    stopping: bool,
    started: Option<u64>,
    ready: Option<(bool, u64)>,
    requested: Option<u64>,
    /// The figure, when it was taken, and over which time.
    sample: Option<(u64, u64, u64)>,
}

/// A figure with its replicas in order, to be lent.
struct Sorted {
    replicas: Vec<Replica>,
    values: Option<Vec<Milli>>,
    failed: bool,
}

impl Figure {
    fn sorted(&self) -> Outcome<Sorted> {
        let replicas = self.replicas.iter().map(SeenReplica::replica).collect::<Outcome<_>>()?;
        let values = self.values.as_ref().map(|values| values.iter().copied().map(Milli::thousandths).collect());
        Ok(Sorted { replicas, values, failed: self.failed })
    }
}

impl Sorted {
    fn figures(&self) -> Result<Figures<'_>, NoFigure> {
        let replicas = self.replicas.as_slice();
        match &self.values {
            _ if self.failed => Err(NoFigure::NoSamples),
            None => Ok(Figures::PerReplica { replicas, strays: &[] }),
            Some(values) => Ok(Figures::Total { values, replicas }),
        }
    }
}

impl SeenReplica {
    fn replica(&self) -> Outcome<Replica> {
        let phase = match self.phase.as_str() {
            "pending" => Phase::Pending,
            "running" => Phase::Running,
            "failed" => Phase::Failed,
            "succeeded" => Phase::Succeeded,
            other => return Err(one_of("phase", other, "pending, running, failed or succeeded")),
        };
        Ok(Replica {
            phase,
            stopping: self.stopping,
            started: self.started.map(Moment::from_millis),
            ready: self.ready.map(|(ready, since)| (ready, Moment::from_millis(since))),
            requested: self.requested.map(Milli::thousandths),
            sample: self.sample.map(|(value, at, window)| Sample {
                value: Milli::thousandths(value),
                at: Moment::from_millis(at),
                window: millis(window),
            }),
        })
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn one_of(field: &str, found: &str, known: &str) -> Failure {
    Failure::value(format!("`{field}` cannot be `{found}`: it is {known}"), "use one of them")
}
