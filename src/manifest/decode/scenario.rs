//! Scenarios and their steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::scenario::{ExpectSpec, Happening, PushSpec, ScenarioSpec, StepSpec};
use super::super::spec::{AttachmentSpec, Metadata, ResourcesSpec};
use super::deployment::{load_balancer, scaling, workload};
use super::offloading::offloading;
use super::placement::preferences;
use super::resources::resources;
use super::scripted::{fail, host, metrics, traffic};
use super::shared::{attachments, given, native};
use super::strategy::strategy;
use crate::document::{Fields, Item};
use crate::id::Name;
use crate::lifecycle::{Action, Change, Edit, Observation, PromotionStrategy, Push, PushKind, Role, Status};
use crate::origin::{ProblemCode, Sourced};
use crate::policy::OnReplaced;
use crate::time::Moment;

/// Reads a scenario.
pub(in super::super) fn scenario(document: Item<'_>) -> Option<ScenarioSpec> {
    native(document, "a scenario's spec", spec)
}

fn spec(metadata: Metadata, mut fields: Fields<'_>) -> Option<ScenarioSpec> {
    let workload = workload(&mut fields);
    let description = fields.optional("description").and_then(Item::string);
    let start = fields.optional("start").map(moment);
    let unlimited = fields.optional("fleet").map(|item| item.one_of(&[("loaded", false), ("unlimited", true)]));
    let host = fields.optional("host").map(host);
    let hosted = host.is_some();
    let steps = fields.required("steps").and_then(|list| list.nonempty(|item| step(item, hosted)));
    fields.finish();
    let (resource_type, workload) = workload?;
    Some(ScenarioSpec {
        metadata,
        description,
        resource_type,
        workload,
        start: start.unwrap_or(Some(Moment::default()))?,
        unlimited: unlimited.unwrap_or(Some(false))?,
        host: given(host)?,
        steps: steps?,
    })
}

fn moment(item: Item<'_>) -> Option<Moment> {
    let text = item.text()?;
    let millis = text.parse::<jiff::Timestamp>().ok().and_then(|found| u64::try_from(found.as_millisecond()).ok());
    if millis.is_none() {
        let message = "a moment has a date, a time and an offset";
        item.problem(ProblemCode::InvalidValue, message, "write it as `2026-01-31T12:00:00Z`, from 1970 on");
    }
    millis.map(Moment::from_millis)
}

fn span(item: Item<'_>) -> Option<Duration> {
    let text = item.text()?;
    let span = text.parse::<jiff::SignedDuration>().ok().and_then(|found| Duration::try_from(found).ok());
    if span.is_none() {
        item.problem(
            ProblemCode::InvalidValue,
            "a span has a number and a unit",
            "write it as `90s`, `5m` or `1h 30m`",
        );
    }
    span
}

fn step(item: Item<'_>, hosted: bool) -> Option<StepSpec> {
    let origin = item.origin();
    let mut fields = item.object("a step")?;
    let at = fields.optional("at").map(span);
    let expect = fields.optional("expect").map(expect);
    let mut found = Vec::new();
    for (word, read) in HAPPENINGS {
        found.extend(fields.optional(word).map(|item| read(item)));
    }
    for observation in Observation::ALL {
        let item = fields.optional(seen(observation));
        found.extend(item.map(|item| item.string().map(|address| Happening::Observe(observation, address))));
    }
    if found.len() != 1 {
        let message =
            if found.is_empty() { "nothing happens in this step" } else { "more than one thing happens in this step" };
        let help = "write one command or observation, such as `push`, `promote`, `built`, `ready`";
        fields.problem(ProblemCode::InvalidValue, message, Some(help));
        fields.finish();
        return None;
    }
    fields.finish();
    let happening = found.pop().flatten()?;
    let scripted = matches!(happening, Happening::Traffic { .. } | Happening::Metrics(_) | Happening::Fail { .. });
    if scripted && !hosted {
        let help = "add `host: {}` to the scenario's spec";
        item.problem(ProblemCode::InvalidValue, "this step needs a scripted host", help);
        return None;
    }
    let at = at.map_or(Some(None), |at| at.map(Some))?;
    Some(StepSpec { at, happening, expect: expect.unwrap_or(Some(ExpectSpec::default()))?, origin })
}

/// An observation as a field.
pub(in super::super) fn seen(observation: Observation) -> &'static str {
    match observation {
        Observation::TimerFired => "timerFired",
        other => other.as_str(),
    }
}

type Read = for<'d> fn(Item<'d>) -> Option<Happening>;

const HAPPENINGS: [(&str, Read); 25] = [
    ("push", push),
    ("patch", patch),
    ("promote", promote),
    ("release", release),
    ("updateVersion", update_version),
    ("rollBack", roll_back),
    ("cancel", |item| on_slot(item, |environment| Action::Cancel { environment })),
    ("pause", |item| on_slot(item, |environment| Action::Pause { environment })),
    ("resume", |item| on_slot(item, |environment| Action::Resume { environment })),
    ("forceForward", |item| on_slot(item, |environment| Action::ForceForward { environment })),
    ("activate", |item| on_one(item, Action::Activate)),
    ("deactivate", |item| on_one(item, Action::Deactivate)),
    ("wake", |item| on_one(item, Action::Wake)),
    ("idle", |item| on_one(item, Action::Idle)),
    ("move", |item| on_one(item, Action::Move)),
    ("delete", |item| on_one(item, Action::Delete)),
    ("scale", scale),
    ("edit", edit),
    ("rename", rename),
    ("deleteWorkload", |item| item.boolean().and_then(|yes| yes.then_some(Happening::Do(Action::DeleteWorkload)))),
    ("setPolicies", set_policies),
    ("wait", |item| item.boolean().and_then(|yes| yes.then_some(Happening::Wait))),
    ("traffic", traffic),
    ("metrics", metrics),
    ("fail", fail),
];

/// What is asked of an environment, and needs no more.
fn on_slot(item: Item<'_>, action: fn(Name) -> Action<String>) -> Option<Happening> {
    Some(Happening::Do(action(item.name()?.value)))
}

/// What is asked of a deployment, and needs no more.
fn on_one(item: Item<'_>, action: fn(String) -> Action<String>) -> Option<Happening> {
    Some(Happening::Do(action(item.string()?)))
}

fn push(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("a push")?;
    let draft = fields.optional("draft").map_or(Some(false), Item::boolean);
    let by = by(&mut fields);
    let (promote, on_replaced) = (name(&mut fields, "promote"), on_replaced(&mut fields));
    let from = fields.optional("from").and_then(Item::reference);
    let own_name = name(&mut fields, "name");
    let version = fields.optional("version").and_then(Item::string);
    let (environment, changes) = (name(&mut fields, "environment"), settings(&mut fields));
    if draft == Some(true) && promote.is_some() {
        let help = "push it published, or promote the draft once it is active";
        fields.problem(ProblemCode::InvalidValue, "a draft is not promoted by its push", Some(help));
    }
    if promote.is_none() && (on_replaced.is_some() || matches!(by, Some(Some(_)))) {
        let help = "name the environment with `promote`, or leave `onReplaced` and `by` out";
        fields.problem(ProblemCode::InvalidValue, "nothing is replaced where nothing is promoted", Some(help));
    }
    fields.finish();
    let kind = match promote {
        _ if draft? => PushKind::Draft,
        Some(environment) => PushKind::Promoted { environment, on_replaced, by: by? },
        None => PushKind::Published,
    };
    let push = Push { kind, name: own_name, version, environment, settings: Arc::default() };
    Some(Happening::Push(PushSpec { from, push, changes }))
}

fn patch(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("a patch")?;
    let version = fields.optional("version").and_then(Item::string);
    fields.finish();
    Some(Happening::Do(Action::Patch { version }))
}

fn promote(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("a promotion")?;
    let deployment = fields.required("deployment").and_then(Item::string);
    let environment = fields.required("environment").and_then(Item::name);
    let (name, on_replaced) = (name(&mut fields, "name"), on_replaced(&mut fields));
    let force = fields.optional("force").map_or(Some(false), Item::boolean);
    let by = by(&mut fields);
    fields.finish();
    let (deployment, environment) = (deployment?, environment?.value);
    Some(Happening::Do(Action::Promote { deployment, environment, name, on_replaced, force: force?, by: by? }))
}

fn release(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("a release")?;
    let from = fields.required("from").and_then(Item::name);
    let to = fields.required("to").and_then(Item::name);
    let by = by(&mut fields);
    let (name, on_replaced) = (name(&mut fields, "name"), on_replaced(&mut fields));
    fields.finish();
    Some(Happening::Do(Action::Release { from: from?.value, to: to?.value, name, on_replaced, by: by? }))
}

fn update_version(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("an update")?;
    let environment = fields.required("environment").and_then(Item::name);
    let version = fields.required("version").and_then(Item::string);
    let by = by(&mut fields);
    let (name, on_replaced) = (name(&mut fields, "name"), on_replaced(&mut fields));
    fields.finish();
    let (environment, version) = (environment?.value, version?);
    Some(Happening::Do(Action::UpdateVersion { environment, version, name, on_replaced, by: by? }))
}

fn roll_back(item: Item<'_>) -> Option<Happening> {
    if !item.is_object() {
        return on_slot(item, |environment| Action::RollBack { environment, on_replaced: None, by: None });
    }
    let mut fields = item.object("a roll back")?;
    let environment = fields.required("environment").and_then(Item::name);
    let (on_replaced, by) = (on_replaced(&mut fields), by(&mut fields));
    fields.finish();
    Some(Happening::Do(Action::RollBack { environment: environment?.value, on_replaced, by: by? }))
}

fn scale(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("scaling a deployment")?;
    let deployment = fields.required("deployment").and_then(Item::string);
    let replicas = fields.required("replicas").and_then(|item| item.whole(0..=i64::from(u32::MAX)));
    fields.finish();
    Some(Happening::Do(Action::Scale { deployment: deployment?, replicas: replicas? }))
}

fn edit(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("an edit")?;
    let deployment = fields.required("deployment").and_then(Item::string);
    let mut changes = settings(&mut fields);
    changes.extend(name(&mut fields, "name").map(Change::Name));
    changes.extend(name(&mut fields, "workload").map(Change::Workload));
    changes.extend(fields.optional("version").and_then(Item::string).map(Change::Version));
    changes.extend(name(&mut fields, "environment").map(Change::Environment));
    fields.finish();
    Some(Happening::Do(Action::Edit { deployment: deployment?, edit: Edit { changes } }))
}

/// Settings, as a deployment's spec has them; of environment variables only the names.
fn settings(fields: &mut Fields<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let text = |fields: &mut Fields<'_>, name| fields.optional(name).and_then(Item::string);
    changes.extend(text(fields, "displayName").map(|text| Change::DisplayName(Some(text))));
    changes.extend(text(fields, "description").map(|text| Change::Description(Some(text))));
    let labels = fields.optional("labels").and_then(Item::texts);
    changes.extend(labels.map(|labels| Change::Labels(labels.into_iter().collect())));
    let variables = |item: Option<Item<'_>>| item.and_then(|list| list.list(Item::string)).unwrap_or_default();
    let (set, unset) = (variables(fields.optional("setEnv")), variables(fields.optional("unsetEnv")));
    if !set.is_empty() || !unset.is_empty() {
        changes.push(Change::Variables { set: set.into_iter().collect(), unset: unset.into_iter().collect() });
    }
    let priority = fields.optional("priority");
    let priority = priority.and_then(|item| item.whole(i64::from(i32::MIN)..=i64::from(i32::MAX)));
    changes.extend(priority.map(Change::Priority));
    let placement = fields.optional("placement").and_then(preferences);
    changes.extend(placement.map(|found| Change::Placement(Some(found.preferred()))));
    let replicas = fields.optional("replicas").and_then(|item| item.whole(0..=i64::from(u32::MAX)));
    changes.extend(replicas.map(|replicas| Change::Replicas(Some(replicas))));
    changes.extend(fields.optional("scaling").and_then(scaling).map(|found| Change::Scaling(Some(found))));
    let balancer = fields.optional("loadBalancer").and_then(load_balancer);
    changes.extend(balancer.map(|found| Change::LoadBalancer(Some(found))));
    let resources = fields.optional("resources").and_then(resources);
    changes.extend(resources.as_ref().map(ResourcesSpec::requirements).map(|found| Change::Resources(Some(found))));
    changes.extend(fields.optional("strategy").and_then(strategy).map(|found| Change::Strategy(Some(found))));
    let offloading = fields.optional("offloading").and_then(offloading);
    changes.extend(offloading.map(|found| Change::Offloading(Some(found.offloading()))));
    if fields.optional("policies").is_some() {
        let policies = attachments(fields).iter().map(AttachmentSpec::used).collect();
        changes.push(Change::Policies(policies));
    }
    changes
}

fn rename(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("a renaming")?;
    let deployment = fields.required("deployment").and_then(Item::string);
    let name = fields.required("name").and_then(Item::name);
    fields.finish();
    Some(Happening::Do(Action::Rename { deployment: deployment?, name: name?.value }))
}

fn set_policies(item: Item<'_>) -> Option<Happening> {
    let mut fields = item.object("a change of policies")?;
    let environment = fields.required("environment").and_then(Item::reference);
    let policies = attachments(&mut fields);
    fields.finish();
    Some(Happening::SetPolicies { environment: environment?, policies })
}

fn name(fields: &mut Fields<'_>, field: &'static str) -> Option<Name> {
    fields.optional(field).and_then(Item::name).map(|name| name.value)
}

/// `by`: a strategy as deployments have it, or `at-once`.
fn by(fields: &mut Fields<'_>) -> Option<Option<Box<PromotionStrategy>>> {
    let Some(item) = fields.optional("by") else { return Some(None) };
    if item.is_object() {
        return strategy(item).map(|settings| Some(Box::new(PromotionStrategy::By(settings))));
    }
    item.one_of(&[("at-once", ())]).map(|()| Some(Box::new(PromotionStrategy::AtOnce)))
}

fn on_replaced(fields: &mut Fields<'_>) -> Option<OnReplaced> {
    let words = [
        ("keep", OnReplaced::Keep),
        ("scale-to-zero", OnReplaced::ScaleToZero),
        ("deactivate", OnReplaced::Deactivate),
    ];
    fields.optional("onReplaced").and_then(|item| item.one_of(&words))
}

fn expect(item: Item<'_>) -> Option<ExpectSpec> {
    let mut fields = item.object("an expectation")?;
    let refused = fields.optional("refused").map(refused);
    let statuses = Status::ALL.map(|status| (status.as_str(), status));
    let roles = Role::ALL.map(|role| (role.as_str(), role));
    let found = ExpectSpec {
        refused: refused.map_or(Some(None), |refused| refused.map(Some))?,
        status: entries(fields.optional("status"), |item| item.one_of(&statuses)),
        roles: entries(fields.optional("roles"), |item| item.one_of(&roles)),
        governors: entries(fields.optional("governors"), Item::string),
        routes: entries(fields.optional("routes"), Item::string),
        effects: fields.optional("effects").and_then(|list| list.list(Item::string)),
        places: entries(fields.optional("places"), |item| Some(replicas(item))),
        violations: fields.optional("violations").and_then(|list| list.list(Item::string)),
        replicas: entries(fields.optional("replicas"), |item| item.whole(0..=i64::from(u32::MAX))),
        rolled_back: entries(fields.optional("rolledBack"), Item::string),
        lost: fields.optional("lost").and_then(|item| item.whole(0..=i64::MAX)),
        offloaded: entries(fields.optional("offloaded"), Item::string),
    };
    fields.finish();
    Some(found)
}

fn refused(item: Item<'_>) -> Option<(String, Option<String>)> {
    if !item.is_object() {
        return Some((item.string()?, None));
    }
    let mut fields = item.object("an expected refusal")?;
    let rule = fields.required("rule").and_then(Item::string);
    let reason = fields.optional("reason").and_then(Item::string);
    fields.finish();
    Some((rule?, reason))
}

fn replicas(item: Item<'_>) -> BTreeMap<String, u32> {
    entries(Some(item), |item| item.whole(0..=i64::from(u32::MAX))).into_iter().collect()
}

fn entries<'d, T>(item: Option<Item<'d>>, read: impl Fn(Item<'d>) -> Option<T>) -> Vec<(String, T)> {
    let entries = item.and_then(Item::entries).into_iter().flatten();
    entries.filter_map(|(key, item): (Sourced<&str>, Item<'d>)| Some((key.value.to_owned(), read(item)?))).collect()
}
