//! Deployments (L11).

use std::time::Duration;

use super::policy::Attached;
use super::{AttachmentSpec, Metadata, OfDocument, PreferencesSpec, ResourcesSpec};
use crate::deployment::{LoadBalancer, Scaling, Variables};
use crate::document::{
    Elsewhere, Every, Field, FieldShape, Fields, Format, Item, Lenient, Map, RecordShape, Reference, Rule, Seconds,
    Shape, Whole, Written, document,
};
use crate::id::Name;
use crate::manifest::beamlit::{Metric, ModelDeployment};
use crate::origin::{Problem, ProblemCode, Sourced};
use crate::quantity::Money;
use crate::rollout;
use crate::traffic;

document! {
    /// A deployment: one version of a workload with its settings.
    #[derive(Clone, PartialEq, Debug)]
    pub struct DeploymentSpec "a deployment's spec" {
        /// Its name and labels; the name is unique among the workload's deployments.
        metadata: Metadata as OfDocument,
        /// The workload's type: `model`, `function`, `agent` or a registered one.
        resource_type: Sourced<String> as WorkloadType,
        /// The workload's name.
        workload: Sourced<Name> as WorkloadName,
        /// The version.
        version: Option<String> as Option<Lenient<String>>,
        /// The environment that governs it; the workspace's default if absent (E2).
        environment: Option<Sourced<String>> as Option<Sourced<Reference>>,
        /// Policies of its own.
        policies: Vec<AttachmentSpec> as Lenient<Vec<Attached>> = Vec::new(),
        /// Deployments of higher priority are decided first.
        priority: i32 as Lenient<i32> = 0,
        /// Replicas wanted if scaling is off; 1 if absent.
        replicas: Option<u32> as Option<Lenient<u32>>,
        /// What one replica takes; any flavor will do if absent (D1).
        resources: Option<ResourcesSpec>,
        /// The most that one replica may cost an hour; a place of unknown price is none under it (D1).
        max_price_per_hour: Option<Money>,
        /// How it scales with its load.
        scaling: Option<Scaling> as Option<Lenient<Scaling>>,
        /// How its requests are balanced over its replicas.
        load_balancer: Option<LoadBalancer> as Option<Lenient<LoadBalancer>>,
        /// The strategy by which it replaces another, and the checks by which it is judged.
        strategy: Option<rollout::Settings>,
        /// When its requests go to a remote side; a Beamlit document states this in its own fields.
        offloading: Option<OffloadingSpec> as Option<Lenient<OffloadingSpec>>,
        /// Which of the candidates it prefers.
        placement: Option<PreferencesSpec>,
        /// Environment variables.
        env: Variables as Lenient<Variables> = Variables::new(),
        /// What it is for.
        description: Option<String> as Option<Lenient<String>>,
        /// The Beamlit document it was read from, with all its fields.
        beamlit: Option<Box<ModelDeployment>> as Elsewhere,
    }
    check is_addressable(metadata);
    rule Rule::One(vec!["model", "workload"]);
}

/// Deployments are addressed `workload/name` (L1), so their names cannot contain `/`.
fn is_addressable(metadata: &Metadata, fields: &Fields<'_>) -> Option<()> {
    let Sourced { value: name, origin } = &metadata.name;
    if !name.as_str().contains('/') {
        return Some(());
    }
    let problem = Problem::new(ProblemCode::InvalidValue, origin, "a deployment's name cannot contain `/`");
    fields.report(problem.help("remove the `/`; the workload has a field of its own"));
    None
}

impl DeploymentSpec {
    /// A deployment of a model with defaults for everything else.
    #[must_use]
    pub fn of_model(name: Name, model: Name) -> Self {
        Self {
            metadata: Metadata::named(name),
            resource_type: "model".to_owned().into(),
            workload: model.into(),
            version: None,
            environment: None,
            policies: Vec::new(),
            priority: 0,
            replicas: None,
            resources: None,
            max_price_per_hour: None,
            scaling: None,
            load_balancer: None,
            strategy: None,
            offloading: None,
            env: Variables::new(),
            placement: None,
            description: None,
            beamlit: None,
        }
    }

    /// What distinguishes it from all others of a workspace: the workload's type and name, and its own.
    ///
    /// ```
    /// use siting::manifest::spec::DeploymentSpec;
    /// let spec = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
    /// assert_eq!(spec.address(), "model/bert/bert-api-v1");
    /// # Ok::<(), siting::id::InvalidName>(())
    /// ```
    #[must_use]
    pub fn address(&self) -> String {
        let (workload, name) = (self.workload.as_str(), self.metadata.name.as_str());
        format!("{}/{workload}/{name}", self.resource_type.as_str())
    }

    /// How many replicas are wanted: the lower bound of enabled scaling, else `replicas`, else 1.
    #[must_use]
    pub fn wanted_replicas(&self) -> u32 {
        match self.scaling {
            Some(Scaling { enabled: true, min_replicas: Some(min), .. }) => min,
            _ => self.replicas.unwrap_or(1),
        }
    }
}

/// The type in `model: bert`, or in `workload: {type: model, name: bert}`.
pub(in crate::manifest) struct WorkloadType;

impl Field<Sourced<String>> for WorkloadType {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<Sourced<String>> {
        let (model, workload) = (fields.optional("model"), fields.optional("workload"));
        let read = workload.map(|item| {
            let mut workload = item.object("a workload")?;
            let resource_type = workload.required("type").and_then(Item::reference);
            workload.accept("name");
            workload.finish();
            resource_type
        });
        match (model, read) {
            (Some(model), None) => Some(model.sourced("model".to_owned())),
            (None, Some(read)) => read,
            (Some(_), Some(_)) => {
                let help = "`model: x` is short for `workload: {type: model, name: x}`";
                let message = "a deployment has `model` or `workload`, not both";
                fields.refuse("workload", ProblemCode::InvalidValue, message, help);
                None
            }
            (None, None) => {
                let help = "write `model: x`, or `workload: {type: function, name: x}`";
                let message = "a deployment's spec needs `model` or `workload`";
                fields.problem(ProblemCode::MissingField, message, Some(help));
                None
            }
        }
    }

    fn put(value: &Sourced<String>, _: &'static str, map: Map) -> Map {
        match value.as_str() {
            "model" => map,
            resource_type => map.with("workload", Map::default().with("type", resource_type)),
        }
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        let mut workload = RecordShape::new("a workload");
        let resource_type = FieldShape::new("type", &["`model`, `function`, `agent`, or a type of the workspace."]);
        workload.add(resource_type.required(), Shape::Name);
        workload.add(FieldShape::new("name", &["Its name."]).required(), Shape::Name);
        record.add(FieldShape::new("workload", &["The workload."]), Shape::Record(workload));
    }
}

/// The name in either of the two.
pub(in crate::manifest) struct WorkloadName;

impl Field<Sourced<Name>> for WorkloadName {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<Sourced<Name>> {
        let model = fields.optional("model").map(Item::name);
        let workload = fields.optional("workload").filter(|item| item.is_object());
        let workload = workload.map(|item| item.object("a workload")?.required("name").and_then(Item::name));
        model.or(workload).flatten()
    }

    fn put(value: &Sourced<Name>, _: &'static str, map: Map) -> Map {
        map.within("workload", "name", value.as_str()).unwrap_or_else(|map| map.with("model", value.as_str()))
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        record.add(FieldShape::new("model", &["The model; short for a workload of type `model`."]), Shape::Name);
    }
}

/// When requests go to a remote side (R6).
#[derive(Clone, PartialEq, Debug)]
pub struct OffloadingSpec {
    /// How many requests, and after how long offloading begins and ends.
    pub rule: traffic::Offloading,
    /// The metrics that are watched, as written.
    pub metrics: Vec<Metric>,
}

document! {
    /// Offloading as a document states it.
    struct Stated "offloading" {
        /// Percent of the requests that go to the remote side.
        percentage: u8 as Whole<0, 100>,
        /// The metrics that are watched; one that has reached its target is enough.
        metrics: Vec<Metric> as Every<Comparable> = Vec::new(),
        /// Seconds for which the target must have been reached.
        window_seconds: Duration as Seconds<0> = OffloadingSpec::WINDOW,
        /// Seconds for which all must be below it before requests return; `windowSeconds` if absent.
        release_window_seconds: Option<Duration> as Option<Seconds<0>>,
        /// Percent of the target below which requests return; if absent, it follows from `percentage`.
        release_percent: Option<u16> as Option<Whole<1, 100>>,
    }
}

impl Format<OffloadingSpec> for OffloadingSpec {
    fn read(item: Item<'_>) -> Option<OffloadingSpec> {
        let stated = Stated::read(item)?;
        let rule = traffic::Offloading::new(stated.percentage, stated.window_seconds)?
            .releasing_after(stated.release_window_seconds.unwrap_or(stated.window_seconds));
        let rule = match stated.release_percent {
            Some(percent) => rule.releasing_below(percent * 10)?,
            None => rule,
        };
        Some(OffloadingSpec { rule, metrics: stated.metrics })
    }

    fn write(value: &OffloadingSpec) -> Written {
        let rule = &value.rule;
        let stated = Stated {
            percentage: rule.percentage(),
            metrics: value.metrics.clone(),
            window_seconds: rule.window,
            release_window_seconds: (rule.release_window != rule.window).then_some(rule.release_window),
            release_percent: rule.release().map(|release| release.div_ceil(10)),
        };
        Stated::write(&stated)
    }

    fn shape() -> Shape {
        Stated::shape()
    }
}

/// A metric that can be compared with its target.
struct Comparable;

impl Format<Metric> for Comparable {
    fn read(item: Item<'_>) -> Option<Metric> {
        let metric = Metric::read(item)?;
        match metric.spec() {
            Ok(_) => Some(metric),
            Err(error) => {
                item.problem(ProblemCode::InvalidValue, error.to_string(), error.help());
                None
            }
        }
    }

    fn write(value: &Metric) -> Written {
        Metric::write(value)
    }

    fn shape() -> Shape {
        Metric::shape()
    }
}
