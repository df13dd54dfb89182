//! The native kinds.

use serde_json::{Value, json};

use super::strategy::{offloading, strategy};
use super::{boolean, list, name, nonempty, object, one_of, quantity, reference, text, texts, whole, words};

const PLACES: [&str; 4] = ["continent", "country", "location", "group"];
const HARDWARE: [&str; 2] = ["cpu", "gpu"];
pub(super) const U32: i64 = u32::MAX as i64;

pub(super) fn policy() -> Value {
    let mut schema = object(
        "a policy's spec",
        &["type"],
        json!({
            "type": words(&["location", "flavor", "gpu", "cpu"], "What it restricts; `gpu` and `cpu` are flavor policies of that kind alone"),
            "locations": nonempty(option(&PLACES), "The places that a location policy allows"),
            "flavors": nonempty(option(&HARDWARE), "The hardware that a flavor policy allows"),
            "except": list(json!({"anyOf": [option(&PLACES), option(&HARDWARE)]}), "Options that are taken out of those allowed"),
            "resourceTypes": nonempty(reference("`model`, `function`, `agent`, or a type of the workspace"), "The workload types it applies to; absent is every type"),
            "description": text("What it is for"),
        }),
    );
    if let Value::Object(fields) = &mut schema {
        let location = json!({"properties": {"type": {"const": "location"}}});
        fields.insert("if".to_owned(), location);
        fields.insert("then".to_owned(), json!({"required": ["locations"], "not": {"required": ["flavors"]}}));
        fields.insert("else".to_owned(), json!({"required": ["flavors"], "not": {"required": ["locations"]}}));
    }
    schema
}

pub(super) fn option(kinds: &[&str]) -> Value {
    object(
        "an option",
        &["type", "name"],
        json!({
            "type": words(kinds, "The kind of place or hardware"),
            "name": reference("A code, name or alias; `any` is the whole kind of hardware"),
        }),
    )
}

fn attachments() -> Value {
    let audited = object(
        "an attachment",
        &["name"],
        json!({
            "name": reference("A policy"),
            "enforcement": words(&["enforce", "audit"], "Whether it binds, which is the default, or is only watched"),
        }),
    );
    list(json!({"anyOf": [reference("A policy, enforced"), audited]}), "The policies attached here")
}

fn require() -> Value {
    list(
        words(&["location", "flavor"], "What must be restricted"),
        "The types of policy without which nothing is placed",
    )
}

pub(super) fn environment() -> Value {
    object(
        "an environment's spec",
        &[],
        json!({
            "policies": attachments(),
            "require": require(),
            "onViolation": words(&["move-or-report", "move-or-stop", "report"], "What follows when a policy change makes running replicas illegal; `move-or-report` by default"),
            "onReplaced": words(&["keep", "scale-to-zero", "deactivate"], "What becomes of a replaced holder; absent is each command's own default"),
        }),
    )
}

pub(super) fn workspace() -> Value {
    let location = object(
        "a location",
        &["name", "country"],
        json!({
            "name": {"type": "string", "pattern": "^[^/]+/.+$", "description": "`provider/region`"},
            "country": reference("The country it lies in"),
        }),
    );
    let flavor = object(
        "a flavor",
        &["type", "name"],
        json!({
            "type": words(&HARDWARE, "The kind"),
            "name": name(),
            "parent": {"type": ["string", "null"], "description": "The family or variant that it stands under"},
            "family": {"type": ["string", "null"], "description": "The same as `parent`"},
            "aliases": list(name(), "Other names it is read by"),
            "memory": quantity("Memory of one device, such as `48Gi`"),
        }),
    );
    let members = nonempty(reference("A country"), "Its members");
    let expected = object(
        "an expected demand",
        &["weight", "resources"],
        json!({
            "weight": whole(1, 1_000_000, "How often it is asked for beside the others"),
            "resources": resources(),
        }),
    );
    object(
        "a workspace's spec",
        &[],
        json!({
            "policies": attachments(),
            "require": require(),
            "defaultEnvironment": reference("The environment of deployments that name none; `production` by default"),
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "The currency of all prices; `USD` by default"},
            "resourceTypes": list(name(), "Workload types beside `model`, `function` and `agent`"),
            "groups": {"type": "object", "additionalProperties": members, "description": "Named sets of countries"},
            "locations": list(location, "Locations beside the built-in ones"),
            "flavors": list(flavor, "Hardware beside the built-in codes"),
            "expectedDemands": nonempty(expected, "Demands for which packing leaves room"),
        }),
    )
}

pub(super) fn deployment() -> Value {
    let workload = object(
        "a workload",
        &["type", "name"],
        json!({
            "type": reference("`model`, `function`, `agent`, or a type of the workspace"),
            "name": name(),
        }),
    );
    let mut schema = object(
        "a deployment's spec",
        &[],
        json!({
            "model": reference("The model; short for a workload of type `model`"),
            "workload": workload,
            "version": text("The version"),
            "environment": reference("The environment that governs it; the workspace's default if absent"),
            "policies": attachments(),
            "priority": whole(i64::from(i32::MIN), i64::from(i32::MAX), "Higher is decided first; 0 by default"),
            "replicas": whole(0, U32, "Replicas wanted where scaling is off; 1 by default"),
            "resources": resources(),
            "scaling": scaling(),
            "loadBalancer": load_balancer(),
            "strategy": strategy(),
            "offloading": offloading(),
            "placement": preferences(),
            "env": texts("Environment variables"),
            "description": text("What it is for"),
        }),
    );
    one_of(&mut schema, &["model", "workload"]);
    schema
}

fn preferences() -> Value {
    let mut near = object(
        "near",
        &[],
        json!({
            "country": reference("In the country first, then on its continent"),
            "coordinates": coordinates(),
        }),
    );
    one_of(&mut near, &["country", "coordinates"]);
    let mut favourite = object(
        "a favourite",
        &[],
        json!({
            "cluster": reference("A cluster"),
            "location": reference("A known location, `provider/region`"),
            "provider": reference("All that a provider runs"),
            "weight": whole(1, 1000, "How much; 1 by default"),
        }),
    );
    one_of(&mut favourite, &["cluster", "location", "provider"]);
    let mut preference = object(
        "a preference",
        &[],
        json!({
            "near": near,
            "favourites": nonempty(favourite, "The highest weight that matches counts"),
        }),
    );
    one_of(&mut preference, &["near", "favourites"]);
    let word = words(&["price", "packing"], "The lowest price of a replica, or the least left on its node");
    let spread = object(
        "spread",
        &["by"],
        json!({
            "by": words(&["cluster", "location", "country", "continent", "provider"], "Over what"),
            "maxSkew": whole(1, U32, "The most by which two of them may differ, in replicas; absent, spreading is but preferred"),
        }),
    );
    object(
        "a deployment's placement",
        &[],
        json!({
            "prefer": list(json!({"anyOf": [word, preference]}), "What is preferred, compared in this order"),
            "spread": spread,
        }),
    )
}

fn coordinates() -> Value {
    json!({"type": "array", "items": {"type": ["number", "string"]}, "minItems": 2, "maxItems": 2, "description": "Latitude and longitude in degrees"})
}

pub(super) fn running() -> Value {
    object(
        "a placement's spec",
        &["deployment", "cluster", "pool", "replicas"],
        json!({
            "deployment": reference("The deployment, `workload/name`"),
            "cluster": reference("The cluster"),
            "pool": reference("The pool"),
            "replicas": whole(1, U32, "How many run there"),
        }),
    )
}

fn resources() -> Value {
    let need = |least: i64| {
        json!({
            "count": whole(least, U32, "How many; 0 is no GPU"),
            "type": reference("Family or variant"),
            "memory": quantity("The least memory of one GPU"),
            "share": quantity("A share of one GPU, such as `0.25`; `count` is 1 then"),
        })
    };
    let mut demand = need(0);
    if let Value::Object(fields) = &mut demand {
        let alternative = object("a gpu alternative", &["count"], need(1));
        fields.insert("anyOf".to_owned(), nonempty(alternative, "The first under which all replicas fit is taken"));
    }
    let mut gpu = object("a gpu demand", &[], demand);
    if let Value::Object(fields) = &mut gpu {
        fields
            .insert("oneOf".to_owned(), json!([{"required": ["count"]}, {"required": ["anyOf"], "maxProperties": 1}]));
    }
    object(
        "resources",
        &["cpu", "memory"],
        json!({
            "cpu": quantity("Cores, such as `4`, `1.5` or `500m`"),
            "memory": quantity("Memory with a unit, such as `16Gi`"),
            "storage": quantity("Storage with a unit, such as `200Gi`"),
            "bandwidth": quantity("Network bandwidth, such as `1Gbps`"),
            "cpuType": reference("The host's cpu flavor, also of GPU work"),
            "gpu": gpu,
        }),
    )
}

fn scaling() -> Value {
    object(
        "scaling",
        &[],
        json!({
            "enabled": boolean("Whether replicas follow the load; they do by default"),
            "minReplicas": whole(0, U32, "The fewest replicas"),
            "maxReplicas": whole(0, U32, "The most replicas"),
            "targetCpuUtilization": whole(1, 100, "Percent of cpu to hold"),
            "targetMemoryUtilization": whole(1, 100, "Percent of memory to hold"),
            "targetGpuUtilization": whole(1, 100, "Percent of GPUs to hold"),
        }),
    )
}

fn load_balancer() -> Value {
    let check = object(
        "a health check",
        &["path", "intervalSeconds"],
        json!({
            "path": {"type": "string", "pattern": "^/", "description": "The path that is asked for"},
            "intervalSeconds": whole(1, U32, "Seconds between probes"),
        }),
    );
    object(
        "a load balancer",
        &[],
        json!({
            "enabled": boolean("Whether requests are balanced; they are by default"),
            "algorithm": words(&["round-robin", "least-connections", "ip-hash", "consistent-hash"], "The rule by which a replica is chosen"),
            "healthCheck": check,
            "stickySessions": boolean("Whether a client stays with its replica"),
        }),
    )
}

pub(super) fn cluster() -> Value {
    let mut schema = object(
        "a cluster's spec",
        &["provider"],
        json!({
            "provider": {"type": "string", "pattern": "^[^/]+$", "description": "Who runs it"},
            "location": reference("The region, without the provider"),
            "country": reference("The country; may be absent where the location is known"),
            "coordinates": coordinates(),
            "healthy": boolean("Whether it can run anything; true by default"),
            "cordoned": boolean("Whether it is closed to new work; false by default"),
            "pools": nonempty(pool(), "Its nodes"),
            "flavors": nonempty(option(&HARDWARE), "What it serves without limit"),
        }),
    );
    one_of(&mut schema, &["pools", "flavors"]);
    schema
}

fn pool() -> Value {
    let gpu = object(
        "a pool's gpu",
        &["type", "count"],
        json!({
            "type": reference("Family or variant"),
            "count": whole(1, 1024, "How many on one node"),
        }),
    );
    let used = object(
        "a pool's used",
        &[],
        json!({
            "cpu": quantity("Cores"),
            "memory": quantity("Memory with a unit"),
            "storage": quantity("Storage with a unit"),
            "bandwidth": quantity("Network bandwidth"),
            "gpu": quantity("GPUs, such as `2` or `0.25`"),
        }),
    );
    let mut schema = object(
        "a pool",
        &["name", "nodes", "cpu", "memory"],
        json!({
            "name": name(),
            "nodes": {"anyOf": [whole(1, U32, "How many"), {"const": "unlimited"}], "description": "How many nodes"},
            "cpuFlavor": reference("The cpu flavor"),
            "cpu": quantity("Cores of one node"),
            "memory": quantity("Memory of one node, with a unit"),
            "storage": quantity("Storage of one node; absent limits nothing"),
            "bandwidth": quantity("Bandwidth of one node; absent limits nothing"),
            "gpu": gpu,
            "pricePerHour": quantity("Price of a node for an hour, such as `\"0.526\"`"),
            "spot": boolean("Whether nodes can be taken back at any time"),
            "used": used,
        }),
    );
    if let Value::Object(fields) = &mut schema {
        fields.insert("anyOf".to_owned(), json!([{"required": ["cpuFlavor"]}, {"required": ["gpu"]}]));
    }
    schema
}
