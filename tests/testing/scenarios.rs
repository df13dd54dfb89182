//! Drawn scenarios: documents can say each of them, and each is told alike every time.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use siting::deployment::Offloading;
use siting::lifecycle::{Action, Change, Observation, PolicyUse, PromotionStrategy, PushKind, Requirements};
use siting::manifest::scenario::{ExpectSpec, Happening, ScenarioSpec, ShownSpec, StepSpec};
use siting::manifest::spec::{DeploymentSpec, Specs};
use siting::manifest::{Source, read_scenarios, write_json};
use siting::metrics::{self, Target};
use siting::policy::Enforcement;
use siting::rollout;
use siting::simulation::{moment_in_words, simulate};
use siting::testing::{Choices, Draw};
use siting::workspace::{LoadOptions, Workspace};

#[test]
fn scenarios_are_told_twice_alike() {
    let (mut accepted, mut hosted, mut statuses) = (0, 0, BTreeSet::new());
    for seed in 0..400 {
        let choices = &mut Choices::seeded(seed);
        let workspace = Workspace::draw(choices);
        let scenario = Draw::draw(choices);
        let tell = || simulate(&workspace, &scenario).unwrap_or_else(|error| panic!("{seed}: {error}\n{scenario:#?}"));
        let ((report, scene), (again, _)) = (tell(), tell());
        assert_eq!(report, again, "{seed}");
        assert_eq!(report.steps.len(), scenario.steps.len());
        accepted += report.steps.iter().filter(|step| !step.effects.is_empty()).count();
        hosted += usize::from(report.series.is_some_and(|series| !series.is_empty()));
        let records = scene.lives().flat_map(|(_, life)| life.state().deployments());
        statuses.extend(records.map(|record| record.status.as_str()));
    }
    println!("{accepted} steps had effects, {hosted} hosts saw something; {statuses:?}");
    assert!(accepted > 400 && hosted > 100, "{accepted} {hosted}");
    for status in ["BUILDING", "ACTIVE", "INACTIVE", "UPDATING"] {
        assert!(statuses.contains(status), "{status} is never reached: {statuses:?}");
    }
}

#[test]
fn a_version_without_capacity_is_measured_too() {
    // Documents cannot say it, code can.
    let workspace = Workspace::from_specs(Specs::default(), LoadOptions::default()).unwrap();
    let hosted = |seed| ScenarioSpec::draw(&mut Choices::seeded(seed));
    for mut scenario in (0..100).map(hosted).filter(|scenario| scenario.host.is_some() && scenario.unlimited) {
        let version = "v1".to_owned();
        let shown =
            ShownSpec { version, error_rate: None, latency: None, capacity: Some(0), starts: None, custom: Vec::new() };
        scenario.steps[0].happening = Happening::Metrics(shown);
        simulate(&workspace, &scenario).unwrap();
    }
}

#[test]
fn documents_can_say_every_scenario() {
    for seed in 0..1500 {
        let mut drawn = ScenarioSpec::draw(&mut Choices::seeded(seed));
        let text = serde_json::to_string_pretty(&document(&drawn)).unwrap();
        let reading = read_scenarios(&[Source::new("story.json", text.clone())]);
        assert!(reading.problems.is_empty(), "{seed}: {:#?}\n{text}", reading.problems);
        let mut read = reading.scenarios.into_iter().next().unwrap();
        // Fields have no order.
        for step in drawn.steps.iter_mut().chain(&mut read.steps) {
            step.origin = Default::default();
            if let Happening::Do(Action::Edit { edit, .. }) = &mut step.happening {
                edit.changes.sort_by_key(|change| format!("{change:?}"));
            }
            if let Happening::Push(push) = &mut step.happening {
                push.changes.sort_by_key(|change| format!("{change:?}"));
            }
        }
        assert_eq!(read, drawn, "{seed}\n{text}");
    }
}

/// An object of those fields that have a value.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn words(text: impl ToString) -> Value {
    text.to_string().into()
}

fn document(scenario: &ScenarioSpec) -> Value {
    let host = scenario.host.map(|host| {
        let [build, start, tick, patience] =
            [host.build, host.start, host.tick, host.patience].map(|span| span.as_secs());
        json!({"buildSeconds": build, "startSeconds": start, "tickSeconds": tick, "queueSeconds": patience})
    });
    let spec = object([
        ("workload", json!({"type": *scenario.resource_type, "name": scenario.workload.as_str()})),
        ("description", json!(scenario.description)),
        ("start", words(moment_in_words(scenario.start))),
        ("fleet", if scenario.unlimited { "unlimited" } else { "loaded" }.into()),
        ("host", json!(host)),
        ("steps", scenario.steps.iter().map(step).collect()),
    ]);
    let metadata = json!({"name": scenario.metadata.name.as_str()});
    json!({"apiVersion": "siting.dev/v1", "kind": "Scenario", "metadata": metadata, "spec": spec})
}

fn step(step: &StepSpec) -> Value {
    let (word, happens) = happening(&step.happening);
    let at = step.at.map(|at| format!("{}s", at.as_secs()));
    object([("at", json!(at)), (&word, happens), ("expect", expectation(&step.expect))])
}

fn happening(happening: &Happening) -> (String, Value) {
    let named = |name: &Option<siting::id::Name>| json!(name.as_ref().map(|name| name.as_str()));
    let replaced = |word: &Option<siting::policy::OnReplaced>| json!(word);
    let (word, happens) = match happening {
        Happening::Push(spec) => {
            let push = &spec.push;
            let (promote, on_replaced, by) = match &push.kind {
                PushKind::Promoted { environment, on_replaced, by } => {
                    (words(environment), replaced(on_replaced), takeover(by.as_deref()))
                }
                _ => (Value::Null, Value::Null, Value::Null),
            };
            let mut all = object([
                ("draft", (push.kind == PushKind::Draft).into()),
                ("promote", promote),
                ("onReplaced", on_replaced),
                ("by", by),
                ("from", json!(spec.from.as_ref().map(|from| &from.value))),
                ("name", named(&push.name)),
                ("version", json!(push.version)),
                ("environment", named(&push.environment)),
            ]);
            all.as_object_mut().unwrap().extend(settings(&spec.changes));
            ("push", all)
        }
        Happening::Do(action) => return asked(action),
        Happening::Wait => ("wait", true.into()),
        Happening::Traffic { endpoint, per_second, from } => {
            let endpoint = json!(endpoint.to_string());
            let fields = [("endpoint", endpoint), ("requestsPerSecond", json!(per_second)), ("from", json!(from))];
            ("traffic", object(fields))
        }
        Happening::Metrics(shown) => ("metrics", metrics_shown(shown)),
        Happening::Fail { deployment, replicas } => ("fail", json!({"deployment": deployment, "replicas": replicas})),
        Happening::Observe(Observation::TimerFired, deployment) => ("timerFired", words(deployment)),
        Happening::Observe(seen, deployment) => (seen.as_str(), words(deployment)),
        Happening::SetPolicies { environment, policies } => {
            let policies: Vec<_> = policies.iter().map(|policy| attached(&policy.used())).collect();
            ("setPolicies", json!({"environment": environment.value, "policies": policies}))
        }
    };
    (word.to_owned(), happens)
}

fn asked(action: &Action<String>) -> (String, Value) {
    let named = |name: &Option<siting::id::Name>| json!(name.as_ref().map(|name| name.as_str()));
    let replaced = |word: &Option<siting::policy::OnReplaced>| json!(word);
    let (word, happens) = match action {
        Action::Patch { version } => ("patch", object([("version", json!(version))])),
        Action::Promote { deployment, environment, name, on_replaced, force, by } => {
            let (own, on_replaced, by) = (named(name), replaced(on_replaced), takeover(by.as_deref()));
            let (deployment, environment) = (words(deployment), words(environment));
            (
                "promote",
                object([
                    ("deployment", deployment),
                    ("environment", environment),
                    ("name", own),
                    ("onReplaced", on_replaced),
                    ("force", (*force).into()),
                    ("by", by),
                ]),
            )
        }
        Action::Release { from, to, name, on_replaced, by } => (
            "release",
            object([
                ("from", words(from)),
                ("to", words(to)),
                ("name", named(name)),
                ("onReplaced", replaced(on_replaced)),
                ("by", takeover(by.as_deref())),
            ]),
        ),
        Action::UpdateVersion { environment, version, name, on_replaced, by } => (
            "updateVersion",
            object([
                ("environment", words(environment)),
                ("version", words(version)),
                ("name", named(name)),
                ("onReplaced", replaced(on_replaced)),
                ("by", takeover(by.as_deref())),
            ]),
        ),
        Action::RollBack { environment, on_replaced, by } => (
            "rollBack",
            object([
                ("environment", words(environment)),
                ("onReplaced", replaced(on_replaced)),
                ("by", takeover(by.as_deref())),
            ]),
        ),
        Action::Cancel { environment } => ("cancel", words(environment)),
        Action::Pause { environment } => ("pause", words(environment)),
        Action::Resume { environment } => ("resume", words(environment)),
        Action::ForceForward { environment } => ("forceForward", words(environment)),
        Action::Activate(deployment)
        | Action::Deactivate(deployment)
        | Action::Wake(deployment)
        | Action::Idle(deployment)
        | Action::Move(deployment)
        | Action::Delete(deployment) => (action.verb(), words(deployment)),
        Action::Scale { deployment, replicas } => ("scale", json!({"deployment": deployment, "replicas": replicas})),
        Action::Edit { deployment, edit } => {
            let mut all = settings(&edit.changes);
            all.insert("deployment".to_owned(), words(deployment));
            ("edit", all.into())
        }
        Action::Rename { deployment, name } => ("rename", json!({"deployment": deployment, "name": name.as_str()})),
        Action::DeleteWorkload => ("deleteWorkload", true.into()),
        Action::Push(_)
        | Action::Advance { .. }
        | Action::Autoscale { .. }
        | Action::ClusterLost { .. }
        | Action::ClusterBack { .. }
        | Action::NodesGone { .. }
        | Action::Replace(_)
        | Action::Observe { .. }
        | Action::ObservePlace { .. } => {
            panic!("documents do not say {action:?}")
        }
    };
    (word.to_owned(), happens)
}

fn takeover(by: Option<&PromotionStrategy>) -> Value {
    match by {
        None => Value::Null,
        Some(PromotionStrategy::AtOnce) => "at-once".into(),
        Some(PromotionStrategy::By(settings)) => strategy(settings),
    }
}

fn strategy(settings: &rollout::Settings) -> Value {
    written(|spec| spec.strategy = Some(settings.clone()), "strategy")
}

/// A field of a deployment's spec as deployments are written.
fn written(set: impl FnOnce(&mut DeploymentSpec), field: &str) -> Value {
    let mut spec = DeploymentSpec::of_model("a".parse().unwrap(), "a".parse().unwrap());
    set(&mut spec);
    let mut document: Value =
        serde_json::from_str(&write_json(&Specs { deployments: vec![spec], ..Specs::default() })).unwrap();
    match document["spec"][field].take() {
        // Where all is as usual, nothing is written.
        Value::Null => json!({}),
        value => value,
    }
}

fn metrics_shown(shown: &ShownSpec) -> Value {
    let custom: Map<String, Value> =
        shown.custom.iter().map(|(name, value)| (name.as_str().to_owned(), words(value))).collect();
    object([
        ("version", words(&shown.version)),
        ("errorRate", json!(shown.error_rate)),
        ("latency", json!(shown.latency)),
        ("requestsPerReplica", json!(shown.capacity)),
        ("starts", json!(shown.starts)),
        ("custom", if custom.is_empty() { Value::Null } else { custom.into() }),
    ])
}

fn attached(policy: &PolicyUse) -> Value {
    let enforcement = if policy.enforcement == Enforcement::Audit { "audit" } else { "enforce" };
    object([
        ("name", json!(policy.name)),
        ("enforcement", json!(enforcement)),
        ("until", json!(policy.until.map(|until| until.to_string()))),
        ("reason", json!(policy.reason)),
        ("ticket", json!(policy.ticket)),
    ])
}

fn settings(changes: &[Change]) -> Map<String, Value> {
    let mut all = Map::new();
    for change in changes {
        let (field, value) = match change {
            Change::DisplayName(text) => ("displayName", json!(text)),
            Change::Description(text) => ("description", json!(text)),
            Change::Labels(labels) => ("labels", json!(labels)),
            Change::Variables { set, unset } => {
                all.insert("setEnv".to_owned(), json!(set));
                ("unsetEnv", json!(unset))
            }
            Change::Replicas(replicas) => ("replicas", json!(replicas)),
            Change::Scaling(scaling) => ("scaling", written(|spec| spec.scaling = *scaling, "scaling")),
            Change::LoadBalancer(balancer) => {
                ("loadBalancer", written(|spec| spec.load_balancer = balancer.clone(), "loadBalancer"))
            }
            Change::Priority(priority) => ("priority", json!(priority)),
            Change::Placement(placement) => {
                let preferences = placement.as_ref().map(Into::into);
                ("placement", written(|spec| spec.placement = preferences, "placement"))
            }
            Change::Resources(resources) => ("resources", demand(resources.as_ref().unwrap())),
            Change::MaxPricePerHour(most) => {
                ("maxPricePerHour", written(|spec| spec.max_price_per_hour = *most, "maxPricePerHour"))
            }
            Change::Policies(policies) => ("policies", policies.iter().map(attached).collect()),
            Change::Strategy(settings) => ("strategy", strategy(settings.as_ref().unwrap())),
            Change::Offloading(offloading) => ("offloading", offloads(offloading.as_ref().unwrap())),
            Change::Name(name) => ("name", words(name)),
            Change::Workload(name) => ("workload", words(name)),
            Change::Version(version) => ("version", words(version)),
            Change::Environment(name) => ("environment", words(name)),
            Change::Requests(_) => panic!("documents do not say {change:?}"),
        };
        all.insert(field.to_owned(), value);
    }
    all
}

fn demand(resources: &Requirements) -> Value {
    let need = |need: &siting::lifecycle::GpuRequirement| {
        object([
            ("count", need.count.into()),
            (
                "type",
                match need.types.as_slice() {
                    [] => json!(null),
                    [only] => json!(only),
                    several => json!(several),
                },
            ),
            ("memory", json!(need.memory)),
            ("share", json!(need.share)),
            ("slice", json!(need.slice.map(|slice| slice.to_string()))),
        ])
    };
    let gpu = match &resources.gpu[..] {
        [] => Value::Null,
        [only] => need(only),
        several => json!({"anyOf": several.iter().map(need).collect::<Vec<_>>()}),
    };
    object([
        ("cpu", json!(resources.cpu)),
        ("memory", json!(resources.memory)),
        ("storage", json!(resources.storage)),
        ("bandwidth", json!(resources.bandwidth)),
        ("cpuType", json!(resources.cpu_type)),
        ("gpu", gpu),
    ])
}

fn offloads(offloading: &Offloading) -> Value {
    let metric = |spec: &metrics::MetricSpec| {
        let target = match spec.target() {
            Target::Utilization(percent) => json!({"type": "Utilization", "averageUtilization": percent}),
            Target::AverageValue(value) => json!({"type": "AverageValue", "averageValue": value}),
            Target::Value(value) => json!({"type": "Value", "value": value}),
        };
        let named = |name: &str| json!({"metric": {"name": name}, "target": target});
        match spec.source() {
            metrics::Source::Resource(_) => {
                json!({"type": "Resource", "resource": {"name": spec.to_string(), "target": target}})
            }
            metrics::Source::Pods(name) => json!({"type": "Pods", "pods": named(name.as_str())}),
            metrics::Source::Object(name) => {
                let mut object = named(name.as_str());
                object["describedObject"] = json!({"kind": "Service", "name": "gateway"});
                json!({"type": "Object", "object": object})
            }
            metrics::Source::External(name) => json!({"type": "External", "external": named(name.as_str())}),
        }
    };
    let rule = &offloading.rule;
    let mut written = json!({
        "percentage": rule.percentage(),
        "windowSeconds": rule.window.as_secs(),
        "releaseWindowSeconds": rule.release_window.as_secs(),
        "metrics": offloading.metrics.iter().map(metric).collect::<Vec<_>>(),
    });
    if let Some(release) = rule.release() {
        written["releasePercent"] = json!(release / 10);
    }
    written
}

fn expectation(expect: &ExpectSpec) -> Value {
    fn entries<T>(list: &[(String, T)], value: impl Fn(&T) -> Value) -> Value {
        if list.is_empty() {
            return Value::Null;
        }
        list.iter().map(|(key, found)| (key.clone(), value(found))).collect()
    }
    let refused = expect.refused.as_ref().map(|(rule, reason)| match reason {
        None => words(rule),
        Some(reason) => json!({"rule": rule, "reason": reason}),
    });
    object([
        ("refused", json!(refused)),
        ("status", entries(&expect.status, |status| words(status.as_str()))),
        ("roles", entries(&expect.roles, |role| words(role.as_str()))),
        ("governors", entries(&expect.governors, |name| json!(name))),
        ("routes", entries(&expect.routes, |name| json!(name))),
        ("routesFrom", entries(&expect.routes_from, |ways| entries(ways, |name| json!(name)))),
        ("effects", json!(expect.effects)),
        ("places", entries(&expect.places, |places| json!(places))),
        ("violations", json!(expect.violations)),
        ("replicas", entries(&expect.replicas, |replicas| json!(replicas))),
        ("rolledBack", entries(&expect.rolled_back, |words| json!(words))),
        ("lost", json!(expect.lost)),
        ("offloaded", entries(&expect.offloaded, |words| json!(words))),
    ])
}
