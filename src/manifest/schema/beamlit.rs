//! The Beamlit formats.

use serde_json::{Value, json};

use super::super::kind::Kind;
use super::native::option;
use super::{boolean, list, name, nonempty, object, quantity, reference, text, texts, whole, words};

const I32: i64 = i32::MAX as i64;
const U16: i64 = u16::MAX as i64;

pub(super) fn document(kind: Kind, spec: Value, status: Value) -> Value {
    let any = |description: &str| json!({"description": description});
    object(
        "a Beamlit document",
        &["apiVersion", "kind", "metadata", "spec"],
        json!({
            "apiVersion": {"const": kind.api_version()},
            "kind": {"const": kind.kind()},
            "metadata": object("Kubernetes metadata", &["name"], json!({
                "name": name(),
                "namespace": text("The namespace"),
                "labels": texts("Labels"),
                "annotations": texts("Annotations"),
                "uid": any("Added by Kubernetes"),
                "resourceVersion": any("Added by Kubernetes"),
                "creationTimestamp": any("Added by Kubernetes"),
                "deletionTimestamp": any("Added by Kubernetes"),
                "deletionGracePeriodSeconds": any("Added by Kubernetes"),
                "generation": any("Added by Kubernetes"),
                "managedFields": any("Added by Kubernetes"),
                "ownerReferences": any("Added by Kubernetes"),
                "finalizers": any("Added by Kubernetes"),
                "selfLink": any("Added by Kubernetes"),
            })),
            "spec": spec,
            "status": status,
        }),
    )
}

pub(super) fn policy() -> Value {
    let place = option(&["continent", "country", "location", "group"]);
    object(
        "a Beamlit policy's spec",
        &["type"],
        json!({
            "displayName": text("A name for people"),
            "type": words(&["location", "flavor", "gpu", "cpu"], "What it restricts"),
            "locations": list(place, "The places that a location policy allows; without effect in a flavor policy"),
            "flavors": nonempty(option(&["cpu", "gpu"]), "The hardware that a flavor policy allows; absent is all"),
        }),
    )
}

pub(super) fn policy_status() -> Value {
    object(
        "a Beamlit policy's status",
        &[],
        json!({
            "createdAtOnBeamlit": text("When it was created remotely"),
            "updatedAtOnBeamlit": text("When it was last changed remotely"),
            "workspace": text("The remote workspace"),
        }),
    )
}

pub(super) fn model_deployment() -> Value {
    let port = whole(0, U16, "The port");
    object(
        "a model deployment's spec",
        &["model", "modelSourceRef"],
        json!({
            "model": reference("The model on the remote platform"),
            "enabled": boolean("Whether it offloads; it does by default"),
            "modelSourceRef": object("an object reference", &[], object_reference(json!({}))),
            "serviceRef": object("a service reference", &[], object_reference(json!({"targetPort": port.clone()}))),
            "metricServiceRef": object("a service reference", &[], object_reference(json!({"targetPort": port}))),
            "environment": reference("The environment; `production` by default"),
            "policies": list(policy_reference(), "The policies that bind the remote side"),
            "serverlessConfig": serverless(),
            "offloadingConfig": offloading(),
        }),
    )
}

pub(super) fn deployment_status() -> Value {
    object(
        "a model deployment's status",
        &[],
        json!({
            "offloadingStatus": {"description": "Whether it is offloading"},
            "servingPort": whole(0, U16, "The port of the model"),
            "metricPort": whole(0, U16, "The port of its metrics"),
            "workspace": text("The remote workspace"),
            "createdAtOnBeamlit": text("When it was created remotely"),
            "updatedAtOnBeamlit": text("When it was last changed remotely"),
        }),
    )
}

/// The fields of a reference to a Kubernetes object, beside others.
fn object_reference(mut others: Value) -> Value {
    let fields = [
        ("apiVersion", "Its API version"),
        ("kind", "Its kind"),
        ("namespace", "Its namespace"),
        ("name", "Its name"),
        ("uid", "Its unique id"),
        ("resourceVersion", "Its resource version"),
        ("fieldPath", "A part of it"),
    ];
    if let Value::Object(others) = &mut others {
        others.extend(fields.map(|(field, description)| (field.to_owned(), text(description))));
    }
    others
}

fn policy_reference() -> Value {
    let ref_type = words(&["remotePolicy", "localPolicy"], "Where it lives; remote by default");
    object("a policy reference", &["name"], object_reference(json!({"refType": ref_type})))
}

fn serverless() -> Value {
    object(
        "a serverless configuration",
        &[],
        json!({
            "minNumReplicas": whole(0, I32, "The fewest replicas; 0 by default"),
            "maxNumReplicas": whole(0, I32, "The most replicas; 10 by default"),
            "metric": text("What is measured: `cpu`, `memory`, `rps` or `concurrency`"),
            "target": quantity("The value to hold"),
            "scaleUpMinimum": whole(2, I32, "Replicas created when leaving zero"),
            "scaleDownDelay": text("Time at reduced load before replicas are removed"),
            "stableWindow": text("The window over which the metric is averaged"),
            "lastPodRetentionPeriod": text("The least life of the last replica after the decision to go to zero"),
        }),
    )
}

fn offloading() -> Value {
    let oauth = object(
        "an OAuth configuration",
        &[],
        json!({
            "clientId": text("The client"),
            "clientSecret": text("Its secret"),
            "tokenUrl": text("Where tokens are given"),
        }),
    );
    let auth = object(
        "an authentication",
        &[],
        json!({
            "type": words(&["oauth"], "The type"),
            "oauthConfig": oauth,
        }),
    );
    let backend = object(
        "a remote backend",
        &[],
        json!({
            "host": text("The host"),
            "authConfig": auth,
            "pathPrefix": text("What is put before the path; `$workspace` and `$model` stand for themselves"),
            "headersToAdd": texts("Headers to add"),
            "scheme": words(&["http", "https"], "The scheme; `http` by default"),
        }),
    );
    let behavior = object(
        "an offloading behavior",
        &[],
        json!({
            "percentage": whole(0, 100, "The share of requests that is offloaded; 100 by default"),
        }),
    );
    object(
        "an offloading configuration",
        &[],
        json!({
            "remoteBackend": backend,
            "metrics": list(metric(), "What is watched"),
            "behavior": behavior,
        }),
    )
}

pub(super) fn metric() -> Value {
    object(
        "a metric",
        &["type"],
        json!({
            "type": words(&["Resource", "Pods", "Object", "External"], "Which of the others it has"),
            "resource": object("a resource metric", &["name", "target"], json!({
                "name": text("`cpu`, `memory` and the like"),
                "target": target(),
            })),
            "pods": object("a pods metric", &["metric", "target"], json!({"metric": identifier(), "target": target()})),
            "object": object("an object metric", &["describedObject", "metric", "target"], json!({
                "describedObject": object("an object reference", &[], object_reference(json!({}))),
                "metric": identifier(),
                "target": target(),
            })),
            "external": object("an external metric", &["metric", "target"], json!({"metric": identifier(), "target": target()})),
        }),
    )
}

fn identifier() -> Value {
    let requirement = object(
        "a label requirement",
        &["key", "operator"],
        json!({
            "key": text("The label"),
            "operator": words(&["In", "NotIn", "Exists", "DoesNotExist"], "How the label is compared"),
            "values": list(text("A value"), "The values that the operator speaks of"),
        }),
    );
    let selector = object(
        "a label selector",
        &[],
        json!({
            "matchLabels": texts("Labels and their values"),
            "matchExpressions": list(requirement, "Requirements on labels"),
        }),
    );
    object("a metric's identifier", &["name"], json!({"name": text("The name"), "selector": selector}))
}

fn target() -> Value {
    object(
        "a metric's target",
        &["type"],
        json!({
            "type": words(&["Utilization", "Value", "AverageValue"], "Which of the others holds"),
            "value": quantity("A value"),
            "averageValue": quantity("An average over the pods"),
            "averageUtilization": whole(1, I32, "An average in percent of what is asked for"),
        }),
    )
}
