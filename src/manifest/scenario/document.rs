//! Scenarios from documents.

use super::steps::{HAPPENINGS, observed, seen};
use super::{ExpectSpec, Happening, HostSpec, ScenarioSpec, StepSpec};
use crate::document::{Field, Format, Item, take_or};
#[cfg(feature = "schema")]
use crate::document::{FieldShape, RecordShape, Rule, Shape};
use crate::lifecycle::Observation;
use crate::manifest::frame;
use crate::manifest::spec::{Metadata, WorkloadName, WorkloadType};
use crate::origin::ProblemCode;
use crate::time::Moment;

const WHAT: &str = "a scenario's spec";

/// Reads a scenario.
pub(in crate::manifest) fn scenario(document: Item<'_>) -> Option<ScenarioSpec> {
    frame::read(document, |spec| {
        let mut fields = spec.object(WHAT)?;
        let metadata = fields.of_document("metadata").and_then(Metadata::read);
        let resource_type = WorkloadType::take(&mut fields, "workload");
        let workload = WorkloadName::take(&mut fields, "workload");
        let description = <Option<String> as Field<Option<String>>>::take(&mut fields, "description");
        let start = fields.optional("start").map_or(Some(Moment::default()), Moment::read);
        let fleet = fields.optional("fleet");
        let unlimited = fleet.map_or(Some(false), |item| item.one_of(&[("loaded", false), ("unlimited", true)]));
        let hosted = fields.optional("host").is_some();
        let host = <Option<HostSpec> as Field<Option<HostSpec>>>::take(&mut fields, "host");
        let mut before = std::time::Duration::ZERO;
        let steps = fields.required("steps").and_then(|list| list.nonempty(|item| step(item, hosted, &mut before)));
        fields.finish();
        Some(ScenarioSpec {
            metadata: metadata?,
            description: description?,
            resource_type: resource_type?,
            workload: workload?,
            start: start?,
            unlimited: unlimited?,
            host: host?,
            steps: steps?,
        })
    })
}

/// Describes what [`scenario`] reads below `spec`.
#[cfg(feature = "schema")]
pub(in crate::manifest) fn shape() -> Shape {
    let mut spec = RecordShape::new(WHAT);
    WorkloadType::describe(FieldShape::new("workload", &[]), &mut spec);
    WorkloadName::describe(FieldShape::new("workload", &[]), &mut spec);
    spec.add(FieldShape::new("description", &["What the scenario shows."]), Shape::Text);
    spec.add(FieldShape::new("start", &["When it begins; the start of 1970 if absent."]), Shape::Moment);
    const FLEET: &[&str] = &["The loaded clusters and policies, or one cluster of unlimited capacity and no policies."];
    spec.add(FieldShape::new("fleet", FLEET).or("loaded".into()), Shape::Words(vec!["loaded", "unlimited"]));
    const HOST: &[&str] =
        &["The scripted host that builds, starts, serves and reports; without one, the steps must report all of that."];
    spec.add(FieldShape::new("host", HOST), HostSpec::shape());
    let steps = FieldShape::new("steps", &["The steps, in order."]).required();
    spec.add(steps, Shape::List { of: Box::new(Shape::Record(step_shape())), least: 1 });
    spec.rules.push(Rule::One(vec!["model", "workload"]));
    Shape::Record(spec)
}

fn span(item: Item<'_>) -> Option<std::time::Duration> {
    let text = item.text()?;
    let span = text.parse::<jiff::SignedDuration>().ok().and_then(|found| found.try_into().ok());
    if span.is_none() {
        let help = "write it as `90s`, `5m` or `1h 30m`";
        item.problem(ProblemCode::InvalidValue, "a duration must have a number and a unit", help);
    }
    span
}

/// A span since the start that is no shorter than that of the last step.
fn later(item: Item<'_>, before: &mut std::time::Duration) -> Option<std::time::Duration> {
    let at = span(item)?;
    if at < *before {
        let written = |span: std::time::Duration| jiff::SignedDuration::try_from(span).map(|span| format!("{span:#}"));
        let last = written(*before).unwrap_or_default();
        let message = format!("time runs backwards: the last step was at `{last}`");
        let help = "put the steps in their order; `at` counts from the start, not from the last step";
        item.problem(ProblemCode::OutOfRange, message, help);
        return None;
    }
    *before = at;
    Some(at)
}

const STEP: &str = "a step";

/// One thing happens, and something may be expected of it; not `before` the last step.
fn step(item: Item<'_>, hosted: bool, before: &mut std::time::Duration) -> Option<StepSpec> {
    let mut fields = item.object(STEP)?;
    let at = fields.optional("at").map_or(Some(None), |item| later(item, before).map(Some));
    let expect = take_or::<ExpectSpec, ExpectSpec>(&mut fields, "expect", ExpectSpec::default);
    let mut found = Vec::new();
    for happens in HAPPENINGS {
        found.extend(fields.optional(happens.word).map(happens.read));
    }
    for observation in Observation::ALL {
        found.extend(fields.optional(seen(observation)).map(|item| observed(observation, item)));
    }
    if found.len() != 1 {
        let message = if found.is_empty() { "this step does nothing" } else { "this step does more than one thing" };
        let help = "write one command or observation, such as `push`, `promote`, `built`, `ready`";
        fields.problem(ProblemCode::InvalidValue, message, Some(help));
    }
    fields.finish();
    let [happening] = <[_; 1]>::try_from(found).ok()?;
    let happening = happening?;
    let scripted = matches!(happening, Happening::Traffic { .. } | Happening::Metrics(_) | Happening::Fail { .. });
    if scripted && !hosted {
        let help = "add `host: {}` to the scenario's spec";
        item.problem(ProblemCode::InvalidValue, "this step needs a scripted host", help);
        return None;
    }
    let (at, expect) = (at?, expect?);
    if !hosted && (expect.lost.is_some() || !expect.offloaded.is_empty()) {
        let message = "`lost` and `offloaded` are what a scripted host counts and does, and there is none";
        item.problem(ProblemCode::InvalidValue, message, "add `host: {}` to the scenario's spec");
        return None;
    }
    Some(StepSpec { at, happening, expect, origin: item.origin() })
}

#[cfg(feature = "schema")]
fn step_shape() -> RecordShape {
    let mut step = RecordShape::new(STEP);
    const AT: &[&str] = &["Time since the start, such as `90s` or `1h 30m`; that of the previous step if absent."];
    step.add(FieldShape::new("at", AT), Shape::Span);
    step.add(FieldShape::new("expect", &["What is expected afterwards."]), ExpectSpec::shape());
    let mut words = Vec::new();
    for happens in HAPPENINGS {
        step.add(FieldShape::new(happens.word, happens.doc), (happens.shape)());
        words.push(happens.word);
    }
    for observation in Observation::ALL {
        step.add(FieldShape::new(seen(observation), &["The observed deployment, by name or id."]), Shape::Text);
        words.push(seen(observation));
    }
    step.rules.push(Rule::One(words));
    step
}
