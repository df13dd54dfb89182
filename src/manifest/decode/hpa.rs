//! Metrics of the Kubernetes horizontal pod autoscaler, as offloading lists them.

use super::super::beamlit::{LabelRequirement, LabelSelector, Metric, MetricIdentifier, MetricTarget, TargetType};
use super::beamlit::object_reference;
use crate::document::{Fields, Item};
use crate::origin::ProblemCode;

/// Reads a metric: its `type`, and the one field that belongs to it.
pub(super) fn metric(item: Item<'_>) -> Option<Metric> {
    type Read = fn(Fields<'_>) -> Option<Metric>;
    let types: [(&str, (&str, &str, Read)); 4] = [
        ("Resource", ("resource", "a resource metric", resource)),
        ("Pods", ("pods", "a pods metric", pods)),
        ("Object", ("object", "an object metric", object)),
        ("External", ("external", "an external metric", external)),
    ];
    let mut fields = item.object("a metric")?;
    let chosen = fields.required("type").and_then(|item| item.one_of(&types));
    let sources = types.map(|(_, (field, what, read))| (field, what, read, fields.optional(field)));
    let mut metric = None;
    if let Some((wanted, ..)) = chosen {
        for (field, what, read, source) in sources {
            match source {
                Some(source) if field == wanted => metric = source.object(what).and_then(read),
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

fn resource(mut fields: Fields<'_>) -> Option<Metric> {
    let name = fields.required("name").and_then(Item::string);
    let target = fields.required("target").and_then(target);
    fields.finish();
    Some(Metric::Resource { name: name?, target: target? })
}

fn pods(mut fields: Fields<'_>) -> Option<Metric> {
    let metric = fields.required("metric").and_then(identifier);
    let target = fields.required("target").and_then(target);
    fields.finish();
    Some(Metric::Pods { metric: metric?, target: target? })
}

fn object(mut fields: Fields<'_>) -> Option<Metric> {
    let described_object = fields.required("describedObject").and_then(|item| {
        let mut fields = item.object("an object reference")?;
        let reference = object_reference(&mut fields);
        fields.finish();
        Some(reference)
    });
    let metric = fields.required("metric").and_then(identifier);
    let target = fields.required("target").and_then(target);
    fields.finish();
    Some(Metric::Object { described_object: described_object?, metric: metric?, target: target? })
}

fn external(mut fields: Fields<'_>) -> Option<Metric> {
    let metric = fields.required("metric").and_then(identifier);
    let target = fields.required("target").and_then(target);
    fields.finish();
    Some(Metric::External { metric: metric?, target: target? })
}

fn identifier(item: Item<'_>) -> Option<MetricIdentifier> {
    let mut fields = item.object("a metric's identifier")?;
    let name = fields.required("name").and_then(Item::string);
    let selector = fields.optional("selector").and_then(selector);
    fields.finish();
    Some(MetricIdentifier { name: name?, selector })
}

fn selector(item: Item<'_>) -> Option<LabelSelector> {
    let mut fields = item.object("a label selector")?;
    let match_labels = fields.optional("matchLabels").and_then(Item::texts).unwrap_or_default();
    let match_expressions = fields.optional("matchExpressions").and_then(|list| list.list(requirement));
    fields.finish();
    Some(LabelSelector { match_labels, match_expressions: match_expressions.unwrap_or_default() })
}

fn requirement(item: Item<'_>) -> Option<LabelRequirement> {
    let operators = [("In", "In"), ("NotIn", "NotIn"), ("Exists", "Exists"), ("DoesNotExist", "DoesNotExist")];
    let mut fields = item.object("a label requirement")?;
    let key = fields.required("key").and_then(Item::string);
    let operator = fields.required("operator").and_then(|item| item.one_of(&operators));
    let values = fields.optional("values").and_then(|list| list.list(Item::string)).unwrap_or_default();
    fields.finish();
    Some(LabelRequirement { key: key?, operator: operator?.to_owned(), values })
}

fn target(item: Item<'_>) -> Option<MetricTarget> {
    let types =
        [TargetType::Utilization, TargetType::Value, TargetType::AverageValue].map(|target| (target.as_str(), target));
    let mut fields = item.object("a metric's target")?;
    let kind = fields.required("type").and_then(|item| item.one_of(&types));
    let value = fields.optional("value").and_then(Item::string);
    let average_value = fields.optional("averageValue").and_then(Item::string);
    let average_utilization =
        fields.optional("averageUtilization").and_then(|item| item.whole(1..=i64::from(i32::MAX)));
    let (kind, stated) = (kind?, [average_utilization.is_some(), value.is_some(), average_value.is_some()]);
    let (field, there) = match kind {
        TargetType::Utilization => ("averageUtilization", stated[0]),
        TargetType::Value => ("value", stated[1]),
        TargetType::AverageValue => ("averageValue", stated[2]),
    };
    if !there {
        fields.missing(field);
    }
    fields.finish();
    there.then_some(MetricTarget { kind, value, average_value, average_utilization })
}
