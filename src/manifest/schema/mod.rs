//! JSON Schema (2020-12) of the manifests, for editors and for those who build other readers.
//!
//! It is written by hand, beside the decoders, and a test holds the two together: every object has
//! the fields that its decoder asks for. Some rules are beyond a schema, such as `minReplicas` not
//! being above `maxReplicas`, so what it accepts may still be refused.

mod beamlit;
mod native;
mod scenario;
mod strategy;

use serde_json::{Map, Value, json};

use super::kind::Kind;

/// The schema of documents of one kind, or of any kind.
///
/// ```
/// use siting::manifest::{Kind, schema};
/// let policy = schema(Some(Kind::Policy));
/// assert_eq!(policy["properties"]["kind"]["const"], "Policy");
/// assert_eq!(schema(None)["oneOf"].as_array().map(Vec::len), Some(Kind::ALL.len()));
/// ```
#[must_use]
pub fn schema(kind: Option<Kind>) -> Value {
    let mut schema = match kind {
        Some(kind) => document(kind),
        None => {
            let reference = |kind: Kind| json!({"$ref": format!("#/$defs/{kind}")});
            let definitions: Map<String, Value> =
                Kind::ALL.into_iter().map(|kind| (kind.to_string(), document(kind))).collect();
            json!({"title": "a manifest", "oneOf": Kind::ALL.map(reference), "$defs": definitions})
        }
    };
    if let Value::Object(fields) = &mut schema {
        fields.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    }
    schema
}

fn document(kind: Kind) -> Value {
    let spec = match kind {
        Kind::Policy => native::policy(),
        Kind::Environment => native::environment(),
        Kind::Workspace => native::workspace(),
        Kind::Deployment => native::deployment(),
        Kind::Cluster => native::cluster(),
        Kind::Placement => native::running(),
        Kind::Scenario => scenario::scenario(),
        Kind::BeamlitPolicy => return beamlit::document(kind, beamlit::policy(), beamlit::policy_status()),
        Kind::ModelDeployment => {
            return beamlit::document(kind, beamlit::model_deployment(), beamlit::deployment_status());
        }
    };
    object(
        "a document",
        &["apiVersion", "kind", "metadata", "spec"],
        json!({
            "apiVersion": {"const": kind.api_version()},
            "kind": {"const": kind.kind()},
            "metadata": object("native metadata", &["name"], json!({
                "name": name(),
                "displayName": text("A name for people"),
                "labels": texts("Labels"),
                "annotations": texts("Annotations"),
            })),
            "spec": spec,
        }),
    )
}

/// An object that has these fields and no others.
fn object(title: &str, required: &[&str], properties: Value) -> Value {
    json!({"title": title, "type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn texts(description: &str) -> Value {
    json!({"type": "object", "additionalProperties": {"type": "string"}, "description": description})
}

fn name() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 253, "description": "1 to 253 printable characters without outer spaces"})
}

/// The name of something that is described elsewhere.
fn reference(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 253, "description": description})
}

fn boolean(description: &str) -> Value {
    json!({"type": "boolean", "description": description})
}

fn whole(from: i64, to: i64, description: &str) -> Value {
    json!({"type": "integer", "minimum": from, "maximum": to, "description": description})
}

/// Text or number: quantities are read from either, exactly as written.
fn quantity(description: &str) -> Value {
    json!({"type": ["string", "number"], "description": description})
}

fn words(words: &[&str], description: &str) -> Value {
    json!({"enum": words, "description": description})
}

/// Exactly one of these fields.
fn one_of(schema: &mut Value, names: &[&str]) {
    if let Value::Object(fields) = schema {
        let each: Vec<_> = names.iter().map(|name| json!({"required": [name]})).collect();
        fields.insert("oneOf".to_owned(), each.into());
    }
}

fn list(items: Value, description: &str) -> Value {
    json!({"type": "array", "items": items, "description": description})
}

fn nonempty(items: Value, description: &str) -> Value {
    json!({"type": "array", "items": items, "minItems": 1, "description": description})
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::document::KNOWN;
    use crate::manifest::{Source, read_scenarios, read_str};

    /// The fields of every titled object below `schema`.
    fn objects<'a>(schema: &'a Value, found: &mut BTreeMap<&'a str, BTreeSet<&'a str>>) {
        match schema {
            Value::Object(fields) => {
                if let (Some(Value::String(title)), Some(Value::Object(properties))) =
                    (fields.get("title"), fields.get("properties"))
                {
                    found.entry(title).or_default().extend(properties.keys().map(String::as_str));
                }
                fields.values().for_each(|value| objects(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| objects(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_object_has_the_fields_that_its_decoder_asks_for() {
        KNOWN.take();
        let reading = read_str("everything.yaml", EVERYTHING);
        assert_eq!((reading.problems, reading.specs.broken_clusters), (Vec::new(), Vec::new()));
        assert_eq!(read_scenarios(&[Source::new("everything.yaml", EVERYTHING)]).problems, Vec::new());
        let schema = schema(None);
        let mut described = BTreeMap::new();
        objects(&schema, &mut described);
        assert_eq!(described, KNOWN.take());
    }

    /// Every object there is, at least once.
    const EVERYTHING: &str = r#"
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: p}
spec: {type: location, locations: [{type: country, name: no}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: e}
spec: {policies: [{name: p}]}
---
apiVersion: siting.dev/v1
kind: Workspace
metadata: {name: w}
spec:
  locations: [{name: onprem/oslo, country: no}]
  flavors: [{type: gpu, name: x900}]
  expectedDemands: [{weight: 1, resources: {cpu: 1, memory: 1Gi}}]
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: d}
spec:
  workload: {type: model, name: m}
  resources: {cpu: 1, memory: 1Gi, gpu: {anyOf: [{count: 1}]}}
  scaling: {minReplicas: 0, maxReplicas: 1}
  loadBalancer: {algorithm: ip-hash, healthCheck: {path: /, intervalSeconds: 1}}
  strategy: {type: canary, steps: [{weight: 5}], checks: [{metric: {custom: tokens}, success: {atLeast: 1}}]}
  offloading: {percentage: 50, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 90}}}]}
  placement: {prefer: [{near: {country: no}}, {favourites: [{cluster: c}]}], spread: {by: country}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: rolling}
spec: {model: m, strategy: {type: rolling}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: blue-green}
spec: {model: m, strategy: {type: blue-green}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: by-replicas}
spec: {model: m, strategy: {type: canary, trafficRouted: false}}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: c}
spec: {provider: aws, pools: [{name: p, nodes: 1, cpu: 1, memory: 1Gi, gpu: {type: t4, count: 1}, used: {}}]}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: r}
spec: {deployment: m/d, cluster: c, pool: p, replicas: 1}
---
apiVersion: siting.dev/v1
kind: Scenario
metadata: {name: s}
spec:
  model: m
  host: {}
  steps:
    - traffic: {requestsPerSecond: 1}
    - metrics: {version: v}
    - fail: {deployment: d, replicas: 1}
    - {push: {from: m/d}, expect: {refused: {rule: L1}}}
    - patch: {}
    - promote: {deployment: d, environment: e}
    - release: {from: e, to: f}
    - updateVersion: {environment: e, version: v}
    - rollBack: {environment: e}
    - scale: {deployment: d, replicas: 1}
    - edit: {deployment: d, priority: 1}
    - rename: {deployment: d, name: n}
    - setPolicies: {environment: e, policies: []}
---
apiVersion: authorization.beamlit.com/v1alpha1
kind: Policy
metadata: {name: b}
spec: {type: flavor}
status: {}
---
apiVersion: deployment.beamlit.com/v1alpha1
kind: ModelDeployment
metadata: {name: b}
spec:
  model: m
  modelSourceRef: {}
  serviceRef: {}
  policies: [{name: p}]
  serverlessConfig: {}
  offloadingConfig:
    remoteBackend: {authConfig: {oauthConfig: {}}}
    behavior: {}
    metrics:
      - {type: Resource, resource: {name: cpu, target: {type: Value, value: 1}}}
      - {type: Pods, pods: {metric: {name: m, selector: {matchExpressions: [{key: a, operator: In}]}}, target: {type: Value, value: 1}}}
      - {type: Object, object: {describedObject: {}, metric: {name: m}, target: {type: Value, value: 1}}}
      - {type: External, external: {metric: {name: m}, target: {type: Value, value: 1}}}
status: {}
"#;
}
