//! Scenarios: what may happen in a step, and what may be expected of it.

use serde_json::{Map, Value, json};

use super::native::{self, U32};
use super::strategy::strategy;
use super::{boolean, list, name, nonempty, object, one_of, quantity, reference, text, texts, whole, words};
use crate::lifecycle::{Observation, Role, Status};
use crate::manifest::decode::seen;

/// The settings that a push or an edit has in common with a deployment's spec.
const SETTINGS: [&str; 10] = [
    "description",
    "priority",
    "placement",
    "replicas",
    "scaling",
    "loadBalancer",
    "resources",
    "strategy",
    "offloading",
    "policies",
];

pub(super) fn scenario() -> Value {
    let mut schema = object(
        "a scenario's spec",
        &["steps"],
        json!({
            "model": of_deployment("model"),
            "workload": of_deployment("workload"),
            "description": text("What it tells"),
            "start": {"type": "string", "format": "date-time", "description": "When it begins; 1970 by default"},
            "fleet": words(&["loaded", "unlimited"], "The clusters and policies that are loaded, which is the default, or one cluster without end and no policies"),
            "host": host(),
            "steps": nonempty(step(), "What happens"),
        }),
    );
    one_of(&mut schema, &["model", "workload"]);
    schema
}

/// A step: one thing happens, and something may be expected of it.
fn step() -> Value {
    let happenings = happenings();
    let each: Vec<_> = happenings.keys().map(|word| json!({"required": [word]})).collect();
    let mut properties = json!({
        "at": {"type": "string", "description": "How long after the start, such as `90s` or `1h 30m`; as the step before, if absent"},
        "expect": expectation(),
    });
    if let Value::Object(fields) = &mut properties {
        fields.extend(happenings);
    }
    let mut schema = object("a step", &[], properties);
    if let Value::Object(fields) = &mut schema {
        fields.insert("oneOf".to_owned(), each.into());
    }
    schema
}

fn happenings() -> Map<String, Value> {
    let on_replaced = || words(&["keep", "scale-to-zero", "deactivate"], "What becomes of the replaced holder");
    let (deployment, environment) = (|| reference("A deployment, by name or id"), || reference("An environment"));
    let one = |what: &str| reference(&format!("The deployment that is {what}, by name or id"));
    let roll_back = object(
        "a roll back",
        &["environment"],
        json!({"environment": environment(), "onReplaced": on_replaced(), "by": by()}),
    );
    let mut found = json!({
        "push": with_settings("a push", &[], json!({
            "draft": boolean("Whether it is the draft; false by default"),
            "from": reference("A loaded deployment whose settings it takes"),
            "promote": reference("The environment that it is promoted to once it is active"),
            "onReplaced": on_replaced(),
            "by": by(),
            "name": name(),
            "version": text("The version"),
            "environment": reference("The environment that governs it"),
        })),
        "patch": object("a patch", &[], json!({"version": text("The draft's version from now on")})),
        "promote": object("a promotion", &["deployment", "environment"], json!({
            "deployment": deployment(),
            "environment": environment(),
            "name": name(),
            "onReplaced": on_replaced(),
            "by": by(),
            "force": boolean("Whether to promote an unhealthy one; false by default"),
        })),
        "release": object("a release", &["from", "to"], json!({
            "from": environment(),
            "to": environment(),
            "name": name(),
            "onReplaced": on_replaced(),
            "by": by(),
        })),
        "updateVersion": object("an update", &["environment", "version"], json!({
            "environment": environment(),
            "version": text("The new version"),
            "name": name(),
            "onReplaced": on_replaced(),
            "by": by(),
        })),
        "rollBack": {"anyOf": [environment(), roll_back]},
        "cancel": reference("The environment that something is being promoted to"),
        "pause": reference("The environment whose rollout stands still from now on"),
        "resume": reference("The environment whose rollout goes on"),
        "forceForward": reference("The environment whose rollout passes over soak, steps and judgement"),
        "wait": {"const": true, "description": "Nothing but time passes"},
        "traffic": object("traffic", &["requestsPerSecond"], json!({
            "environment": reference("The environment that is called; `production` by default"),
            "endpoint": text("What is called instead: `workload`, `draft`, `environment/…` or `deployment/…`"),
            "requestsPerSecond": whole(0, 1_000_000, "How many requests a second it gets from here on"),
        })),
        "metrics": metrics(),
        "fail": object("failing replicas", &["deployment", "replicas"], json!({
            "deployment": deployment(),
            "replicas": whole(1, U32, "How many break, and are ready again after the time of a start, if the version becomes ready"),
        })),
        "activate": one("started"),
        "deactivate": one("stopped"),
        "wake": one("brought back from zero"),
        "idle": one("scaled to zero"),
        "move": one("moved to where it may run"),
        "delete": one("deleted"),
        "scale": object("scaling a deployment", &["deployment", "replicas"], json!({
            "deployment": deployment(),
            "replicas": whole(0, U32, "How many"),
        })),
        "edit": with_settings("an edit", &["deployment"], json!({
            "deployment": deployment(),
            "name": name(),
            "workload": name(),
            "version": text("Refused: a version does not change"),
            "environment": environment(),
        })),
        "rename": object("a renaming", &["deployment", "name"], json!({"deployment": deployment(), "name": name()})),
        "deleteWorkload": {"const": true, "description": "The workload is deleted"},
        "setPolicies": object("a change of policies", &["environment"], json!({
            "environment": environment(),
            "policies": of_deployment("policies"),
        })),
    });
    if let Value::Object(fields) = &mut found {
        fields.extend(Observation::ALL.map(|observation| (seen(observation).to_owned(), one("seen so"))));
    }
    match found {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// An object of these fields, and of settings.
fn with_settings(title: &str, required: &[&str], mut properties: Value) -> Value {
    if let Value::Object(fields) = &mut properties {
        fields.extend(SETTINGS.map(|name| (name.to_owned(), of_deployment(name))));
        fields.insert("displayName".to_owned(), text("A name for people"));
        fields.insert("labels".to_owned(), texts("Labels"));
        fields.insert("setEnv".to_owned(), list(text("A name"), "Environment variables that are set, by name"));
        fields.insert("unsetEnv".to_owned(), list(text("A name"), "Environment variables that are removed"));
    }
    object(title, required, properties)
}

/// A field as a deployment's spec has it.
fn of_deployment(field: &str) -> Value {
    native::deployment().pointer(&format!("/properties/{field}")).cloned().unwrap_or_default()
}

/// How a candidate takes over: as a deployment's `strategy` says it, or all at once.
fn by() -> Value {
    json!({"anyOf": [{"const": "at-once"}, strategy()]})
}

fn host() -> Value {
    object(
        "a scripted host",
        &[],
        json!({
            "buildSeconds": whole(0, U32, "How long a build takes; 30 by default"),
            "startSeconds": whole(0, U32, "How long it takes until a replica is ready; 20 by default"),
            "tickSeconds": whole(1, U32, "How often it serves, scales and reports; 5 by default"),
            "queueSeconds": whole(0, U32, "How long a request waits for a replica before it is lost; 60 by default"),
        }),
    )
}

fn metrics() -> Value {
    let figures = json!({"type": "object", "additionalProperties": quantity("A figure"), "description": "Figures of its own, by name"});
    object(
        "metrics",
        &["version"],
        json!({
            "version": text("The version that shows them from here on"),
            "errorRate": quantity("Percent of its requests that fail; 0 at first"),
            "latency": quantity("Milliseconds until a request is answered; 100 at first"),
            "requestsPerReplica": whole(1, U32, "Requests a second that a replica answers at most, with all its cpu; 100 at first"),
            "starts": boolean("Whether its replicas become ready; true at first"),
            "custom": figures,
        }),
    )
}

fn expectation() -> Value {
    let by_deployment = |value: Value, description: &str| json!({"type": "object", "additionalProperties": value, "description": description});
    let refusal = object(
        "an expected refusal",
        &["rule"],
        json!({"rule": text("The rule, such as `L6`"), "reason": text("Words of the reason")}),
    );
    let statuses = Status::ALL.map(Status::as_str);
    let roles = Role::ALL.map(Role::as_str);
    let replicas = by_deployment(whole(0, U32, "Replicas"), "Replicas by cluster");
    object(
        "an expectation",
        &[],
        json!({
            "refused": {"anyOf": [text("The rule that refuses it"), refusal]},
            "status": by_deployment(words(&statuses, "A status"), "Statuses by deployment"),
            "roles": by_deployment(words(&roles, "A role"), "Roles by deployment"),
            "governors": by_deployment(reference("An environment"), "Governors by deployment"),
            "routes": by_deployment(text("A deployment, or what is said instead"), "What calls get, by `workload`, `draft`, `environment/…` or `deployment/…`"),
            "effects": list(text("An effect, as reports have it"), "All effects, in order"),
            "places": by_deployment(replicas, "Replicas by cluster, by deployment"),
            "violations": list(reference("A deployment"), "The deployments with replicas where they may not run"),
            "replicas": by_deployment(whole(0, U32, "Replicas"), "Replicas that are asked for, by deployment"),
            "rolledBack": by_deployment(text("Words of the reason, or `no`"), "Why the last rollout went back, by environment"),
            "lost": whole(0, i64::MAX, "Requests since the start that had no route or waited for too long, at most"),
            "offloaded": by_deployment(text("As `oslo 30%`, or `no`"), "Where requests are offloaded to, by environment"),
        }),
    )
}
