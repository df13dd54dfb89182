//! How many replicas a deployment's load wants, as a command (R4).

use std::time::Duration;

use crate::deployment::Scaling;
use crate::id::Name;
use crate::lifecycle::commands::Action;
use crate::lifecycle::state::{Number, Record, RequestScaling, Settings, State, Status};
use crate::metrics::{Gauge, Metric, MetricSpec, Resource, Source, Summary, Target, Window};
use crate::quantity::{Milli, Percent};
use crate::scaling::hpa::{Figures, NoFigure, Phase, Replica, Sample};
use crate::scaling::settings::Baseten;
use crate::scaling::{self, Autoscaler, Bounds, Observed, kpa};
use crate::time::Moment;

/// How far back utilisations are looked at: as often as Kubernetes looks.
const SYNC: Duration = Duration::from_secs(15);

/// What a host measured of a deployment.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// Its ready replicas.
    pub ready: u32,
    /// What its replicas reported: utilisations and concurrency, as [`Gauge`]s. It should span the
    /// autoscaler's window. A sudden rise of requests is read from its last tenth, and utilisations from its
    /// last 15 seconds.
    pub window: &'a Window,
    /// Whether a request waits for a replica.
    pub waiting: bool,
    /// Since when the buffer that catches requests is in the path; `None` where it is not.
    pub buffered_since: Option<Moment>,
}

impl Settings {
    /// What scales a deployment with these settings; `None` where nothing does.
    ///
    /// Utilisations to hold are scaled by the arithmetic of Kubernetes, and requests in flight by Knative's,
    /// as Baseten's settings name it. The latter rules where no utilisation is stated or where its settings
    /// are not the usual ones; of several proposals the largest wins.
    ///
    /// ```
    /// use siting::deployment::Scaling;
    /// use siting::lifecycle::Settings;
    /// use siting::quantity::Percent;
    ///
    /// let scaling = Scaling { enabled: true, min_replicas: Some(0), max_replicas: Some(8), ..Scaling::default() };
    /// let settings = Settings { scaling: Some(scaling), ..Settings::default() };
    /// assert!(settings.autoscaler().is_some_and(|scaler| scaler.requests.is_some() && scaler.metrics.is_empty()));
    /// let scaling = Scaling { target_cpu_utilization: Percent::new(70), ..scaling };
    /// let settings = Settings { scaling: Some(scaling), ..Settings::default() };
    /// assert!(settings.autoscaler().is_some_and(|scaler| scaler.requests.is_none() && scaler.metrics.len() == 1));
    /// assert!(Settings::default().autoscaler().is_none());
    /// ```
    #[must_use]
    pub fn autoscaler(&self) -> Option<Autoscaler> {
        let scaling = self.scaling.filter(|scaling| scaling.enabled)?;
        let bounds = Bounds::new(scaling.min_replicas?, scaling.max_replicas?)?;
        Some(self.scaler(bounds, &scaling))
    }

    fn scaler(&self, bounds: Bounds, scaling: &Scaling) -> Autoscaler {
        let utilisation = |resource: Resource, percent: Option<Percent>| {
            MetricSpec::new(Source::Resource(resource), Target::Utilization(percent?.get().into())).ok()
        };
        let metrics = [
            utilisation(Resource::Cpu, scaling.target_cpu_utilization),
            utilisation(Resource::Memory, scaling.target_memory_utilization),
            utilisation(Resource::Gpu, scaling.target_gpu_utilization),
        ];
        let metrics: Vec<_> = metrics.into_iter().flatten().collect();
        let RequestScaling { window_seconds, scale_down_delay_seconds, concurrency_target, target_utilization } =
            self.requests;
        let baseten = Baseten {
            min_replica: Some(bounds.min()),
            max_replica: Some(bounds.max()),
            autoscaling_window: Some(window_seconds),
            scale_down_delay: Some(scale_down_delay_seconds),
            concurrency_target: Some(concurrency_target),
            target_utilization_percentage: Some(target_utilization.get().into()),
            ..Baseten::default()
        };
        let by_requests = baseten.read().ok().map(|reading| reading.autoscaler);
        match by_requests {
            Some(scaler) if metrics.is_empty() => scaler,
            Some(scaler) if self.requests != RequestScaling::default() => {
                Autoscaler { requests: scaler.requests, ..Autoscaler::by_metrics(bounds, metrics) }
            }
            _ => Autoscaler::by_metrics(bounds, metrics),
        }
    }
}

impl State {
    /// The command that brings a deployment to the replicas that its load wants; `None` where the number
    /// stays, where nothing scales it, or where it is on its way up or down. What takes part in a rollout is not
    /// scaled down, and where replicas make its weights, the holder is scaled for both sides.
    /// Changes `memory` as if the command were carried out.
    #[must_use]
    pub fn autoscale(
        &self,
        now: Moment,
        deployment: Number,
        memory: &mut scaling::State,
        load: &Load<'_>,
    ) -> Option<Action> {
        let record = self.deployment(deployment)?;
        let scaler = record.autoscaler()?;
        let asleep = record.status == Status::ScaledToZero;
        let rollout = self.rollout_scaled(record);
        let runs = matches!(record.status, Status::Active | Status::Unhealthy)
            || (rollout.is_some() && record.status == Status::Updating);
        if record.moving || !(asleep || runs) {
            return None;
        }
        let current = self.scaled_from(deployment)?;
        let both =
            rollout.and_then(|environment| self.slot(environment.as_str())?.promotion.as_ref()?.rollout.as_deref());
        let both = both.filter(|rollout| rollout.is_by_replicas());
        let ready = both.map_or(load.ready, |rollout| rollout.seen.0.saturating_add(rollout.seen.1.min(rollout.part)));
        let load = &Load { ready, ..*load };
        let summary = load.window.summary(now);
        let figures = Readings::of(&scaler, &load.window.recent(now, SYNC), load, current, now);
        let observed = Observed {
            current,
            ready: load.ready,
            figures: &figures.figures(),
            requests: seen(&scaler, &summary, load, now),
            waiting: load.waiting,
            buffered_since: load.buffered_since,
        };
        let replicas = scaler.decide(memory, now, &observed).replicas;
        // During a rollout nobody is scaled down (L15).
        let changes = if rollout.is_some() { replicas > current } else { replicas != current };
        changes.then_some(Action::Autoscale { deployment, replicas })
    }

    /// The number that an autoscaler goes on from. Where replicas make the weights of a rollout, both sides share one
    /// number and one load.
    pub(crate) fn scaled_from(&self, deployment: Number) -> Option<u32> {
        let record = self.deployment(deployment)?;
        match self.rollout_scaled(record) {
            Some(environment) => self.scaled_in_rollout(environment, deployment),
            None => Some(record.size()),
        }
    }

    /// The environment of the rollout that an awake deployment takes part in.
    fn rollout_scaled(&self, record: &Record) -> Option<&Name> {
        self.rollout_of(record.number).filter(|_| record.status != Status::ScaledToZero)
    }
}

impl Record {
    /// What scales it: the draft has none or one replica, whatever its settings say (L2).
    #[must_use]
    pub fn autoscaler(&self) -> Option<Autoscaler> {
        if self.draft {
            return Some(self.settings.scaler(Bounds::DRAFT, &self.settings.scaling.unwrap_or_default()));
        }
        self.settings.autoscaler()
    }
}

/// Requests in flight over the whole window and over its last part.
fn seen(scaler: &Autoscaler, summary: &Summary, load: &Load<'_>, now: Moment) -> Option<kpa::Seen> {
    let settings = scaler.requests.as_ref()?;
    let total = |summary: &Summary| summary.total_concurrency().map(in_flight);
    let stable = total(summary)?;
    let panic = total(&load.window.recent(now, settings.panic_window())).unwrap_or(stable);
    Some(kpa::Seen { ready: load.ready, stable, panic, reachable: true })
}

/// Thousandths as a number; beyond 2^32 of them nobody counts requests.
fn in_flight(figure: Milli) -> f64 {
    f64::from(u32::try_from(figure.get()).unwrap_or(u32::MAX)) / 1000.0
}

/// What each metric's replicas report: the mean, by each that is ready; nothing, by those to come.
struct Readings(Vec<Result<Vec<Replica>, NoFigure>>);

impl Readings {
    fn of(scaler: &Autoscaler, summary: &Summary, load: &Load<'_>, current: u32, now: Moment) -> Self {
        let over = summary.over.unwrap_or(Duration::ZERO);
        let read = |spec: &MetricSpec| {
            let gauge = match spec.source() {
                Source::Resource(Resource::Cpu) => Gauge::Cpu,
                Source::Resource(Resource::Memory) => Gauge::Memory,
                _ => Gauge::Gpu,
            };
            let value = summary.value(&Metric::Gauge(gauge)).ok_or(NoFigure::NoSamples)?;
            let sample = Sample { value, at: now, window: over };
            // Ready for long: which of them has just started is not known of a mean.
            let ready = Replica::running(Moment::default(), Some(Milli::whole(100)), Some(sample));
            let pending = Replica { phase: Phase::Pending, sample: None, ..ready.clone() };
            let counted = |replica: Replica, count: u32| std::iter::repeat_n(replica, count as usize);
            let running = load.ready.min(current);
            Ok(counted(ready, running).chain(counted(pending, current - running)).collect())
        };
        Self(scaler.metrics.iter().map(read).collect())
    }

    fn figures(&self) -> Vec<Result<Figures<'_>, NoFigure>> {
        let figures = |replicas| Figures::PerReplica { replicas, strays: &[] };
        self.0.iter().map(|read| read.as_ref().map(|replicas| figures(&replicas[..])).map_err(|why| *why)).collect()
    }
}
