//! The Beamlit formats to documents.

use super::super::beamlit::{
    AuthConfig, LabelRequirement, LabelSelector, Metric, MetricIdentifier, MetricTarget, ModelDeployment, OauthConfig,
    ObjectReference, OffloadingConfig, PolicyDetails, PolicyRefType, PolicyReference, PolicyStatus, RemoteBackend,
    Scheme, ServerlessConfig, ServiceReference, Status, TypedName,
};
use super::super::kind::Kind;
use super::super::spec::{DeploymentSpec, Metadata, PolicySpec};
use super::{document, labels_and_annotations, reference, texts, variables};
use crate::catalog::Axis;
use crate::deployment::Secret;
use crate::document::{Map, Written as Value};

/// A policy whose options stand under `list`; none is everything.
pub(super) fn policy(spec: &PolicySpec, details: &PolicyDetails, list: &str, options: Option<Value>) -> Map {
    let typed_name = |option: &TypedName| Map::default().with("type", &option.kind).with("name", &option.name);
    let other_list = match spec.axis {
        Axis::Location => "flavors",
        Axis::Flavor => "locations",
    };
    let body = Map::default()
        .maybe("displayName", spec.metadata.display_name.as_ref())
        .with("type", spec.axis.as_str())
        .maybe(list, options)
        .unless_empty(other_list, Value::list(&details.other_options, typed_name));
    let status = |status: &PolicyStatus| {
        Map::default()
            .maybe("createdAtOnBeamlit", status.created_at.as_ref())
            .maybe("updatedAtOnBeamlit", status.updated_at.as_ref())
            .maybe("workspace", status.workspace.as_ref())
    };
    document(Kind::BeamlitPolicy, metadata(&spec.metadata, details.namespace.as_ref()), body)
        .maybe("status", details.status.as_ref().map(status))
}

pub(super) fn model_deployment(spec: &DeploymentSpec, original: &ModelDeployment) -> Map {
    let body = Map::default()
        .with("model", spec.workload.as_str())
        .maybe("enabled", original.enabled)
        .with("modelSourceRef", object_reference(&original.model_source_ref))
        .maybe("serviceRef", original.service_ref.as_ref().map(service_reference))
        .maybe("metricServiceRef", original.metric_service_ref.as_ref().map(service_reference))
        .maybe("environment", spec.environment.as_ref().map(reference))
        .unless_empty("policies", Value::list(&original.policies, policy_reference))
        .maybe("serverlessConfig", original.serverless.as_ref().map(serverless))
        .maybe("offloadingConfig", original.offloading.as_ref().map(offloading));
    document(Kind::ModelDeployment, metadata(&spec.metadata, original.namespace.as_ref()), body)
        .maybe("status", original.status.as_ref().map(status))
}

fn metadata(metadata: &Metadata, namespace: Option<&String>) -> Map {
    Map::default()
        .with("name", metadata.name.as_str())
        .maybe("namespace", namespace)
        .and(labels_and_annotations(metadata))
}

fn status(status: &Status) -> Map {
    Map::default()
        .maybe("offloadingStatus", status.offloading_status.as_ref())
        .maybe("servingPort", status.serving_port)
        .maybe("metricPort", status.metric_port)
        .maybe("workspace", status.workspace.as_ref())
        .maybe("createdAtOnBeamlit", status.created_at.as_ref())
        .maybe("updatedAtOnBeamlit", status.updated_at.as_ref())
}

fn object_reference(object: &ObjectReference) -> Map {
    Map::default()
        .maybe("apiVersion", object.api_version.as_ref())
        .maybe("kind", object.kind.as_ref())
        .maybe("namespace", object.namespace.as_ref())
        .maybe("name", object.name.as_ref())
        .maybe("uid", object.uid.as_ref())
        .maybe("resourceVersion", object.resource_version.as_ref())
        .maybe("fieldPath", object.field_path.as_ref())
}

fn service_reference(service: &ServiceReference) -> Map {
    object_reference(&service.object).maybe("targetPort", service.target_port)
}

fn policy_reference(policy: &PolicyReference) -> Map {
    let ref_type = policy.ref_type.map(|ref_type| match ref_type {
        PolicyRefType::Remote => "remotePolicy",
        PolicyRefType::Local => "localPolicy",
    });
    Map::default().maybe("refType", ref_type).and(object_reference(&policy.object))
}

fn serverless(config: &ServerlessConfig) -> Map {
    Map::default()
        .maybe("minNumReplicas", config.min_num_replicas)
        .maybe("maxNumReplicas", config.max_num_replicas)
        .maybe("metric", config.metric.as_ref())
        .maybe("target", config.target.as_ref())
        .maybe("scaleUpMinimum", config.scale_up_minimum)
        .maybe("scaleDownDelay", config.scale_down_delay.as_ref())
        .maybe("stableWindow", config.stable_window.as_ref())
        .maybe("lastPodRetentionPeriod", config.last_pod_retention_period.as_ref())
}

fn offloading(config: &OffloadingConfig) -> Map {
    let behavior = config.behavior.map(|behavior| Map::default().maybe("percentage", behavior.percentage));
    Map::default()
        .maybe("remoteBackend", config.remote_backend.as_ref().map(remote_backend))
        .unless_empty("metrics", Value::list(&config.metrics, metric))
        .maybe("behavior", behavior)
}

fn remote_backend(backend: &RemoteBackend) -> Map {
    let scheme = backend.scheme.map(|scheme| match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    });
    let auth =
        |auth: &AuthConfig| Map::default().with("type", "oauth").maybe("oauthConfig", auth.oauth.as_ref().map(oauth));
    Map::default()
        .maybe("host", backend.host.as_ref())
        .maybe("authConfig", backend.auth_config.as_ref().map(auth))
        .maybe("pathPrefix", backend.path_prefix.as_ref())
        .unless_empty("headersToAdd", variables(&backend.headers_to_add))
        .maybe("scheme", scheme)
}

fn oauth(config: &OauthConfig) -> Map {
    Map::default()
        .maybe("clientId", config.client_id.as_ref())
        .maybe("clientSecret", config.client_secret.as_ref().map(Secret::reveal))
        .maybe("tokenUrl", config.token_url.as_ref())
}

pub(super) fn metric(metric: &Metric) -> Map {
    let (kind, field, source) = match metric {
        Metric::Resource { name, target: goal } => {
            ("Resource", "resource", Map::default().with("name", name).with("target", target(goal)))
        }
        Metric::Pods { metric, target: goal } => {
            ("Pods", "pods", Map::default().with("metric", identifier(metric)).with("target", target(goal)))
        }
        Metric::Object { described_object, metric, target: goal } => {
            let described = Map::default().with("describedObject", object_reference(described_object));
            ("Object", "object", described.with("metric", identifier(metric)).with("target", target(goal)))
        }
        Metric::External { metric, target: goal } => {
            ("External", "external", Map::default().with("metric", identifier(metric)).with("target", target(goal)))
        }
    };
    Map::default().with("type", kind).with(field, source)
}

fn identifier(metric: &MetricIdentifier) -> Map {
    Map::default().with("name", &metric.name).maybe("selector", metric.selector.as_ref().map(selector))
}

fn selector(selector: &LabelSelector) -> Map {
    let requirement = |requirement: &LabelRequirement| {
        Map::default()
            .with("key", &requirement.key)
            .with("operator", &requirement.operator)
            .unless_empty("values", Value::list(&requirement.values, |value| Value::from(value)))
    };
    Map::default()
        .unless_empty("matchLabels", texts(&selector.match_labels))
        .unless_empty("matchExpressions", Value::list(&selector.match_expressions, requirement))
}

fn target(target: &MetricTarget) -> Map {
    Map::default()
        .with("type", target.kind.as_str())
        .maybe("value", target.value.as_ref())
        .maybe("averageValue", target.average_value.as_ref())
        .maybe("averageUtilization", target.average_utilization)
}
