//! Metrics of the horizontal pod autoscaler, lowered to what is compared: quantities parsed, and only the
//! pairs of source and target that have a meaning. Selectors and described objects stay in the document,
//! for the host that reads the metrics.

use std::time::Duration;

use super::beamlit::{Metric, ModelDeployment, OffloadingConfig, TargetType};
use super::spec::{DeploymentSpec, OffloadingSpec};
use crate::deployment::Offloading;
use crate::id::{InvalidName, Name};
use crate::metrics::{InvalidSpec, MetricSpec, Resource, Source, Target};
use crate::quantity::{InvalidQuantity, Milli};
use crate::scaling::settings::{Beamlit, InvalidSetting, Reading};
use crate::traffic;

/// A metric that cannot be compared with its target.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMetric {
    /// Its name is not a valid name.
    #[error("`{0}` is not a valid metric name")]
    Name(String, InvalidName),
    /// Its target is not a quantity.
    #[error(transparent)]
    Quantity(#[from] InvalidQuantity),
    /// Its target has no meaning for it.
    #[error("the target of metric `{0}` is not valid: {1}")]
    Target(String, InvalidSpec),
    /// Its target states a value that its type ignores.
    #[error("the target of metric `{0}` is of type `{1}` but also states a value of another type")]
    TwoTargets(String, &'static str),
}

impl InvalidMetric {
    /// How to correct it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Name(_, error) => error.to_string(),
            Self::Quantity(error) => error.help().to_owned(),
            Self::Target(_, InvalidSpec::OtherTarget) => {
                "a resource has `Utilization` or `AverageValue`, pods have `AverageValue`, an object or an external \
                 metric has `Value` or `AverageValue`"
                    .to_owned()
            }
            Self::Target(..) => "write a target above 0".to_owned(),
            Self::TwoTargets(..) => "keep only the value of that type".to_owned(),
        }
    }
}

impl Metric {
    /// What is read, and what it is compared with.
    ///
    /// ```
    /// use siting::manifest::beamlit::{Metric, MetricTarget, TargetType};
    /// let (value, average_value) = (None, None);
    /// let target = MetricTarget { kind: TargetType::Utilization, value, average_value, average_utilization: Some(90)
    /// };
    /// let cpu = Metric::Resource { name: "cpu".to_owned(), target };
    /// assert_eq!(cpu.spec()?.to_string(), "cpu");
    /// # Ok::<(), siting::manifest::InvalidMetric>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidMetric`] if it cannot be compared with its target.
    pub fn spec(&self) -> Result<MetricSpec, InvalidMetric> {
        let (name, target) = match self {
            Self::Resource { name, target } => (name, target),
            Self::Pods { metric, target } | Self::External { metric, target } | Self::Object { metric, target, .. } => {
                (&metric.name, target)
            }
        };
        let named = || Name::new(name).map_err(|error| InvalidMetric::Name(name.clone(), error));
        let source = match self {
            Self::Resource { .. } => Source::Resource(match name.as_str() {
                "cpu" => Resource::Cpu,
                "memory" => Resource::Memory,
                "gpu" | "nvidia.com/gpu" => Resource::Gpu,
                _ => Resource::Other(named()?),
            }),
            Self::Pods { .. } => Source::Pods(named()?),
            Self::Object { .. } => Source::Object(named()?),
            Self::External { .. } => Source::External(named()?),
        };
        let stated = [target.average_utilization.is_some(), target.value.is_some(), target.average_value.is_some()];
        if stated.iter().filter(|stated| **stated).count() > 1 {
            return Err(InvalidMetric::TwoTargets(name.clone(), target.kind.as_str()));
        }
        let quantity = |text: &Option<String>| text.as_deref().unwrap_or_default().parse::<Milli>();
        let target = match target.kind {
            TargetType::Utilization => Target::Utilization(target.average_utilization.unwrap_or_default()),
            TargetType::Value => Target::Value(quantity(&target.value)?),
            TargetType::AverageValue => Target::AverageValue(quantity(&target.average_value)?),
        };
        MetricSpec::new(source, target).map_err(|error| InvalidMetric::Target(name.clone(), error))
    }
}

impl OffloadingSpec {
    /// How long a metric must have reached its target, by default.
    pub const WINDOW: Duration = Duration::from_secs(60);

    /// The same settings without metrics that cannot be compared, which no text can hold.
    #[must_use]
    pub fn offloading(&self) -> Offloading {
        Offloading { rule: self.rule, metrics: self.metrics.iter().filter_map(|metric| metric.spec().ok()).collect() }
    }
}

impl ModelDeployment {
    /// The window of the Beamlit controller, which its documents cannot change.
    pub const WINDOW: Duration = Duration::from_secs(5);

    /// When it offloads; `None` where it does not, or is not enabled. Metrics that have no meaning come
    /// along with the reason: they never reach a target.
    #[must_use]
    pub fn offloads(&self) -> Option<(Offloading, Vec<InvalidMetric>)> {
        let OffloadingConfig { metrics, behavior, .. } =
            self.offloading.as_ref().filter(|_| self.enabled != Some(false))?;
        let percentage = behavior.and_then(|behavior| behavior.percentage).unwrap_or(100);
        let rule = traffic::Offloading::new(percentage, Self::WINDOW)?;
        let (mut said, mut unsaid) = (Vec::new(), Vec::new());
        for metric in metrics {
            match metric.spec() {
                Ok(spec) => said.push(spec),
                Err(error) => unsaid.push(error),
            }
        }
        Some((Offloading { rule, metrics: said }, unsaid))
    }
}

impl ModelDeployment {
    /// The autoscaler of its remote side, and which of its settings cannot be expressed; the format's defaults where
    /// it has no `serverlessConfig`.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a value outside of its range or not of its form.
    pub fn autoscaler(&self) -> Result<Reading, InvalidSetting> {
        let config = self.serverless.clone().unwrap_or_default();
        Beamlit {
            min_num_replicas: config.min_num_replicas,
            max_num_replicas: config.max_num_replicas,
            metric: config.metric.as_deref(),
            target: config.target.as_deref(),
            scale_up_minimum: config.scale_up_minimum,
            scale_down_delay: config.scale_down_delay.as_deref(),
            stable_window: config.stable_window.as_deref(),
            last_pod_retention_period: config.last_pod_retention_period.as_deref(),
        }
        .read()
    }
}

impl DeploymentSpec {
    /// When its requests go to a remote side, whichever format states it.
    #[must_use]
    pub fn offloads(&self) -> Option<Offloading> {
        let beamlit = self.beamlit.as_ref().and_then(|beamlit| beamlit.offloads()).map(|(offloading, _)| offloading);
        self.offloading.as_ref().map(OffloadingSpec::offloading).or(beamlit)
    }
}
