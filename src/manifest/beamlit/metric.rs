//! Metrics of the Kubernetes horizontal pod autoscaler, as offloading lists them.

use indexmap::IndexMap;

use super::ObjectReference;
use crate::document::{
    FieldShape, Fields, Format, Item, Map, RecordShape, Rule, Shape, Whole, Written, document, words,
};
use crate::origin::ProblemCode;

/// A metric of the Kubernetes horizontal pod autoscaler, version 2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Metric {
    /// A resource of all containers.
    Resource {
        /// `cpu`, `memory` and the like.
        name: String,
        /// The target.
        target: MetricTarget,
    },
    /// A metric of the pods.
    Pods {
        /// The metric.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    },
    /// A metric of another object.
    Object {
        /// The object.
        described_object: ObjectReference,
        /// The metric.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    },
    /// A metric from outside the cluster.
    External {
        /// The metric.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    },
}

document! {
    /// A metric's name and the labels that select it.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct MetricIdentifier "a metric's identifier" {
        /// The name.
        name: String,
        /// The labels.
        selector: Option<LabelSelector>,
    }
}

document! {
    /// A Kubernetes label selector.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct LabelSelector "a label selector" {
        /// Labels and their values.
        match_labels: IndexMap<String, String> = IndexMap::new(),
        /// Requirements on labels.
        match_expressions: Vec<LabelRequirement> = Vec::new(),
    }
}

document! {
    /// A requirement on one label.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct LabelRequirement "a label requirement" {
        /// The label.
        key: String,
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        operator: String as Operator,
        /// The values that the operator applies to.
        values: Vec<String> = Vec::new(),
    }
}

document! {
    /// What a metric is compared with. Quantities are kept as written.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct MetricTarget "a metric's target" {
        /// Which of the three holds.
        #[key = "type"]
        kind: TargetType,
        /// A value.
        value: Option<String>,
        /// An average over the pods.
        average_value: Option<String>,
        /// An average in percent of the requested amount.
        average_utilization: Option<u32> as Option<Whole<1, { i32::MAX as i64 }>>,
    }
    check states_its_target(kind, value, average_value, average_utilization);
    rule target_of(&["Utilization"], "averageUtilization");
    rule target_of(&["Value"], "value");
    rule target_of(&["AverageValue"], "averageValue");
}

words! {
    /// How a metric is compared with its target.
    pub enum TargetType {
        /// By percent of what is asked for.
        Utilization = "Utilization",
        /// By value.
        Value = "Value",
        /// By average over the pods.
        AverageValue = "AverageValue",
    }
}

fn target_of(is: &[&'static str], needs: &'static str) -> Rule {
    Rule::Where {
        key: "type",
        is: is.to_vec(),
        or_absent: false,
        needs: vec![needs],
        lacks: Vec::new(),
        narrowed: Vec::new(),
    }
}

fn states_its_target(
    kind: &TargetType,
    value: &Option<String>,
    average_value: &Option<String>,
    average_utilization: &Option<u32>,
    target: &Fields<'_>,
) -> Option<()> {
    let (field, stated) = match kind {
        TargetType::Utilization => ("averageUtilization", average_utilization.is_some()),
        TargetType::Value => ("value", value.is_some()),
        TargetType::AverageValue => ("averageValue", average_value.is_some()),
    };
    if !stated {
        target.missing(field);
    }
    stated.then_some(())
}

/// How a label is compared.
struct Operator;

impl Operator {
    const ALL: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];
}

impl Format<String> for Operator {
    fn read(item: Item<'_>) -> Option<String> {
        item.one_of(&Self::ALL.map(|word| (word, word))).map(str::to_owned)
    }

    fn write(value: &String) -> Written {
        value.into()
    }

    fn shape() -> Shape {
        Shape::Words(Self::ALL.to_vec())
    }
}

document! {
    /// What a metric of type `Resource` holds.
    struct OfResource "a resource metric" {
        /// `cpu`, `memory` and the like.
        name: String,
        /// The target.
        target: MetricTarget,
    }
}

document! {
    /// What a metric of type `Pods` holds.
    struct OfPods "a pods metric" {
        /// The metric.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    }
}

document! {
    /// What a metric of type `Object` holds.
    struct OfObject "an object metric" {
        /// The object.
        described_object: ObjectReference,
        /// The metric.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    }
}

document! {
    /// What a metric of type `External` holds.
    struct OfExternal "an external metric" {
        /// The metric.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    }
}

type Read = for<'d> fn(Item<'d>) -> Option<Metric>;

/// The types of metric, the field that belongs to each, and how it is read.
const TYPES: [(&str, &str, Read); 4] = [
    ("Resource", "resource", |item| {
        OfResource::read(item).map(|OfResource { name, target }| Metric::Resource { name, target })
    }),
    ("Pods", "pods", |item| OfPods::read(item).map(|OfPods { metric, target }| Metric::Pods { metric, target })),
    ("Object", "object", |item| {
        let OfObject { described_object, metric, target } = OfObject::read(item)?;
        Some(Metric::Object { described_object, metric, target })
    }),
    ("External", "external", |item| {
        OfExternal::read(item).map(|OfExternal { metric, target }| Metric::External { metric, target })
    }),
];

/// Its `type`, and the one field that belongs to it.
impl Format<Metric> for Metric {
    fn read(item: Item<'_>) -> Option<Metric> {
        let mut fields = item.object("a metric")?;
        let words = TYPES.map(|(word, field, _)| (word, field));
        let wanted = fields.required("type").and_then(|item| item.one_of(&words));
        let sources = TYPES.map(|(_, field, read)| (field, read, fields.optional(field)));
        let mut metric = None;
        if let Some(wanted) = wanted {
            for (field, read, source) in sources {
                match source {
                    Some(source) if field == wanted => metric = read(source),
                    Some(source) => {
                        let message = format!("`{field}` does not belong to this type of metric");
                        source.problem(ProblemCode::UnknownField, message, format!("write `{wanted}`"));
                    }
                    None if field == wanted => fields.missing(field),
                    None => {}
                }
            }
        }
        fields.finish();
        metric
    }

    fn write(value: &Metric) -> Written {
        let (kind, field, source) = match value.clone() {
            Metric::Resource { name, target } => {
                ("Resource", "resource", OfResource::write(&OfResource { name, target }))
            }
            Metric::Pods { metric, target } => ("Pods", "pods", OfPods::write(&OfPods { metric, target })),
            Metric::Object { described_object, metric, target } => {
                ("Object", "object", OfObject::write(&OfObject { described_object, metric, target }))
            }
            Metric::External { metric, target } => {
                ("External", "external", OfExternal::write(&OfExternal { metric, target }))
            }
        };
        Map::default().with("type", kind).with(field, source).into()
    }

    fn shape() -> Shape {
        let mut metric = RecordShape::new("a metric");
        let words = TYPES.map(|(word, ..)| word).to_vec();
        metric.add(
            FieldShape::new("type", &["The type of the metric, which tells which of the other fields it has."])
                .required(),
            Shape::Words(words),
        );
        metric.add(FieldShape::new("resource", &["A resource of all containers."]), OfResource::shape());
        metric.add(FieldShape::new("pods", &["A metric of the pods."]), OfPods::shape());
        metric.add(FieldShape::new("object", &["A metric of another object."]), OfObject::shape());
        metric.add(FieldShape::new("external", &["A metric from outside the cluster."]), OfExternal::shape());
        metric.rules.push(source_of(&["Resource"], "resource", &["pods", "object", "external"]));
        metric.rules.push(source_of(&["Pods"], "pods", &["resource", "object", "external"]));
        metric.rules.push(source_of(&["Object"], "object", &["resource", "pods", "external"]));
        metric.rules.push(source_of(&["External"], "external", &["resource", "pods", "object"]));
        Shape::Record(metric)
    }
}

fn source_of(is: &[&'static str], needs: &'static str, lacks: &[&'static str]) -> Rule {
    Rule::Where {
        key: "type",
        is: is.to_vec(),
        or_absent: false,
        needs: vec![needs],
        lacks: lacks.to_vec(),
        narrowed: Vec::new(),
    }
}
