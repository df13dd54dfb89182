//! The formats of the Beamlit controller, with all their fields.
//!
//! A policy of `authorization.beamlit.com/v1alpha1` becomes a [`PolicySpec`](super::spec::PolicySpec)
//! and a model deployment of `deployment.beamlit.com/v1alpha1` a
//! [`DeploymentSpec`](super::spec::DeploymentSpec); what these have no place for is kept here, so that
//! the document can be written back.

use crate::deployment::{Secret, Variables};

/// What a Beamlit policy holds beyond a native one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PolicyDetails {
    /// The namespace of its metadata.
    pub namespace: Option<String>,
    /// The list that does not belong to the policy's type: the format requires `locations` of a
    /// flavor policy too. It has no effect.
    pub other_options: Vec<TypedName>,
    /// What the controller recorded.
    pub status: Option<PolicyStatus>,
}

/// `{type: …, name: …}`, as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypedName {
    /// The type.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// What the controller recorded of a policy.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PolicyStatus {
    /// When it was created remotely.
    pub created_at: Option<String>,
    /// When it was last changed remotely.
    pub updated_at: Option<String>,
    /// The remote workspace.
    pub workspace: Option<String>,
}

/// A `ModelDeployment`. The name, `model`, `environment` and policies as they bind stand in the
/// [`DeploymentSpec`](super::spec::DeploymentSpec) that holds it.
#[derive(Clone, PartialEq, Debug)]
pub struct ModelDeployment {
    /// The namespace of its metadata.
    pub namespace: Option<String>,
    /// Whether it offloads; `None` does.
    pub enabled: Option<bool>,
    /// The local workload.
    pub model_source_ref: ObjectReference,
    /// The service in front of it.
    pub service_ref: Option<ServiceReference>,
    /// The service that gives its metrics.
    pub metric_service_ref: Option<ServiceReference>,
    /// The policies as written, in the order of the spec's.
    pub policies: Vec<PolicyReference>,
    /// How the remote side scales.
    pub serverless: Option<ServerlessConfig>,
    /// When and where requests are offloaded; `None` is never.
    pub offloading: Option<OffloadingConfig>,
    /// What the controller recorded.
    pub status: Option<Status>,
}

/// A reference to a Kubernetes object.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ObjectReference {
    /// Its API version.
    pub api_version: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its unique id.
    pub uid: Option<String>,
    /// Its resource version.
    pub resource_version: Option<String>,
    /// A part of it.
    pub field_path: Option<String>,
}

/// A reference to a service and one of its ports.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceReference {
    /// The service.
    pub object: ObjectReference,
    /// The port.
    pub target_port: Option<u16>,
}

/// A reference to a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyReference {
    /// Where it lives; `None` is remote.
    pub ref_type: Option<PolicyRefType>,
    /// The policy.
    pub object: ObjectReference,
}

impl PolicyReference {
    /// Whether it lives on the remote platform.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.ref_type != Some(PolicyRefType::Local)
    }
}

/// Where a policy lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyRefType {
    /// `remotePolicy`: on the remote platform.
    Remote,
    /// `localPolicy`: among the manifests.
    Local,
}

/// How the remote side scales.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServerlessConfig {
    /// The fewest replicas; `None` is 0.
    pub min_num_replicas: Option<u32>,
    /// The most replicas; `None` is 10.
    pub max_num_replicas: Option<u32>,
    /// What is measured: `cpu`, `memory`, `rps`, `concurrency`.
    pub metric: Option<String>,
    /// The value to hold.
    pub target: Option<String>,
    /// Replicas created when leaving zero, from 2.
    pub scale_up_minimum: Option<u32>,
    /// Time at reduced load before replicas are removed.
    pub scale_down_delay: Option<String>,
    /// The window over which the metric is averaged.
    pub stable_window: Option<String>,
    /// The least life of the last replica after the decision to go to zero.
    pub last_pod_retention_period: Option<String>,
}

/// When and where requests are offloaded.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OffloadingConfig {
    /// Where they go; `None` is the controller's own setting.
    pub remote_backend: Option<RemoteBackend>,
    /// What is watched.
    pub metrics: Vec<Metric>,
    /// What follows.
    pub behavior: Option<OffloadingBehavior>,
}

/// What follows when a metric has reached its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OffloadingBehavior {
    /// The share of requests that is offloaded, from 0 to 100; `None` is 100.
    pub percentage: Option<u8>,
}

/// The remote side.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RemoteBackend {
    /// The host.
    pub host: Option<String>,
    /// How to authenticate there.
    pub auth_config: Option<AuthConfig>,
    /// What is put before the path; `$workspace` and `$model` stand for themselves.
    pub path_prefix: Option<String>,
    /// Headers to add. Their values may be secrets.
    pub headers_to_add: Variables,
    /// The scheme; `None` is `http`.
    pub scheme: Option<Scheme>,
}

/// The scheme of a remote backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

/// How to authenticate at the remote side; there is one type, `oauth`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AuthConfig {
    /// Credentials and where to take them.
    pub oauth: Option<OauthConfig>,
}

/// OAuth 2 client credentials.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OauthConfig {
    /// The client.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Secret>,
    /// Where tokens are given.
    pub token_url: Option<String>,
}

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
    /// A figure of the pods.
    Pods {
        /// Which.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    },
    /// A figure of another object.
    Object {
        /// The object.
        described_object: ObjectReference,
        /// Which.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    },
    /// A figure from outside of the cluster.
    External {
        /// Which.
        metric: MetricIdentifier,
        /// The target.
        target: MetricTarget,
    },
}

/// A metric's name and the labels that select it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricIdentifier {
    /// The name.
    pub name: String,
    /// The labels.
    pub selector: Option<LabelSelector>,
}

/// A Kubernetes label selector.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LabelSelector {
    /// Labels and their values.
    pub match_labels: indexmap::IndexMap<String, String>,
    /// Requirements on labels.
    pub match_expressions: Vec<LabelRequirement>,
}

/// A requirement on one label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LabelRequirement {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values that the operator speaks of.
    pub values: Vec<String>,
}

/// What a metric is compared with. Quantities are kept as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricTarget {
    /// Which of the three holds.
    pub kind: TargetType,
    /// A value.
    pub value: Option<String>,
    /// An average over the pods.
    pub average_value: Option<String>,
    /// An average in percent of what is asked for.
    pub average_utilization: Option<u32>,
}

/// How a metric is compared with its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetType {
    /// By percent of what is asked for.
    Utilization,
    /// By value.
    Value,
    /// By average over the pods.
    AverageValue,
}

impl TargetType {
    /// The type as manifests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utilization => "Utilization",
            Self::Value => "Value",
            Self::AverageValue => "AverageValue",
        }
    }
}

/// What the controller recorded of a model deployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Status {
    /// Whether it is offloading.
    pub offloading_status: Option<String>,
    /// The port of the model.
    pub serving_port: Option<u16>,
    /// The port of its metrics.
    pub metric_port: Option<u16>,
    /// The remote workspace.
    pub workspace: Option<String>,
    /// When it was created remotely.
    pub created_at: Option<String>,
    /// When it was last changed remotely.
    pub updated_at: Option<String>,
}
