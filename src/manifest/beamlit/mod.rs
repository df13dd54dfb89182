//! The formats of the Beamlit controller, with all their fields.
//!
//! A policy of `authorization.beamlit.com/v1alpha1` becomes a [`PolicySpec`](super::spec::PolicySpec)
//! and a model deployment of `deployment.beamlit.com/v1alpha1` a
//! [`DeploymentSpec`](super::spec::DeploymentSpec); what these have no place for is kept here, so that
//! the document can be written back.

#[cfg(feature = "manifest")]
mod documents;
mod metric;

#[cfg(feature = "manifest")]
pub(super) use documents::{model_deployment, policy};
pub use metric::{LabelRequirement, LabelSelector, Metric, MetricIdentifier, MetricTarget, TargetType};

use crate::deployment::{Secret, Variables};
use crate::document::{
    Field, FieldShape, Fields, Format, Map, Record, RecordShape, Rule, Shape, Whole, document, words,
};
use crate::origin::ProblemCode;

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

document! {
    /// `{type: …, name: …}`, as written.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct TypedName "an option" {
        /// The type.
        #[key = "type"]
        kind: String,
        /// The name.
        name: String,
    }
}

document! {
    /// What the controller recorded of a policy.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct PolicyStatus "a Beamlit policy's status" {
        /// When it was created remotely.
        #[key = "createdAtOnBeamlit"]
        created_at: Option<String>,
        /// When it was last changed remotely.
        #[key = "updatedAtOnBeamlit"]
        updated_at: Option<String>,
        /// The remote workspace.
        workspace: Option<String>,
    }
}

/// A `ModelDeployment`. The name, `model`, `environment` and the binding policies are in the
/// [`DeploymentSpec`](super::spec::DeploymentSpec) that holds it.
#[derive(Clone, PartialEq, Debug)]
pub struct ModelDeployment {
    /// The namespace of its metadata.
    pub namespace: Option<String>,
    /// Whether it offloads; `None` means true.
    pub enabled: Option<bool>,
    /// The local workload.
    pub model_source_ref: ObjectReference,
    /// The service in front of it.
    pub service_ref: Option<ServiceReference>,
    /// The service that exposes its metrics.
    pub metric_service_ref: Option<ServiceReference>,
    /// The policies as written, in the order of the spec's.
    pub policies: Vec<PolicyReference>,
    /// How the remote side scales.
    pub serverless: Option<ServerlessConfig>,
    /// When and where requests are offloaded; `None` means never.
    pub offloading: Option<OffloadingConfig>,
    /// What the controller recorded.
    pub status: Option<Status>,
}

document! {
    /// A reference to a Kubernetes object.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct ObjectReference "an object reference" {
        /// Its API version.
        api_version: Option<String>,
        /// Its kind.
        kind: Option<String>,
        /// Its namespace.
        namespace: Option<String>,
        /// Its name.
        name: Option<String>,
        /// Its unique id.
        uid: Option<String>,
        /// Its resource version.
        resource_version: Option<String>,
        /// The path of a field within it.
        field_path: Option<String>,
    }
}

document! {
    /// A reference to a service and one of its ports.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct ServiceReference "a service reference" {
        /// The service.
        object: ObjectReference as Inline,
        /// The port.
        target_port: Option<u16>,
    }
}

document! {
    /// A reference to a policy.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct PolicyReference "a policy reference" {
        /// Where it lives; remote if absent.
        ref_type: Option<PolicyRefType>,
        /// The policy.
        object: ObjectReference as Inline,
    }
}

impl PolicyReference {
    /// Whether it lives on the remote platform.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.ref_type != Some(PolicyRefType::Local)
    }
}

words! {
    /// Where a policy lives.
    pub enum PolicyRefType {
        /// On the remote platform.
        Remote = "remotePolicy",
        /// Among the manifests.
        Local = "localPolicy",
    }
}

document! {
    /// How the remote side scales.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct ServerlessConfig "a serverless configuration" {
        /// The fewest replicas; 0 if absent.
        min_num_replicas: Option<u32> as Option<Whole<0, { i32::MAX as i64 }>>,
        /// The most replicas; 10 if absent.
        max_num_replicas: Option<u32> as Option<Whole<0, { i32::MAX as i64 }>>,
        /// What is measured: `cpu`, `memory`, `rps`, `concurrency`.
        metric: Option<String>,
        /// The target value.
        target: Option<String>,
        /// The minimum number of replicas created when scaling up from zero, from 2.
        scale_up_minimum: Option<u32> as Option<Whole<2, { i32::MAX as i64 }>>,
        /// Time at reduced load before replicas are removed.
        scale_down_delay: Option<String>,
        /// The window over which the metric is averaged.
        stable_window: Option<String>,
        /// How long at least the last replica is kept after the decision to scale to zero.
        last_pod_retention_period: Option<String>,
    }
}

document! {
    /// When and where requests are offloaded.
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct OffloadingConfig "an offloading configuration" {
        /// Where they go; the controller's own setting if absent.
        remote_backend: Option<RemoteBackend>,
        /// The metrics that are watched.
        metrics: Vec<Metric> = Vec::new(),
        /// What happens when a metric has reached its target.
        behavior: Option<OffloadingBehavior>,
    }
}

document! {
    /// What happens when a metric has reached its target.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct OffloadingBehavior "an offloading behavior" {
        /// The share of requests that is offloaded, from 0 to 100; 100 if absent.
        percentage: Option<u8> as Option<Whole<0, 100>>,
    }
}

document! {
    /// The remote side.
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct RemoteBackend "a remote backend" {
        /// The host.
        host: Option<String>,
        /// How to authenticate there.
        auth_config: Option<AuthConfig>,
        /// The prefix of the path; `$workspace` and `$model` in it stand for the workspace and the model.
        path_prefix: Option<String>,
        /// Headers to add. Their values may be secrets.
        headers_to_add: Variables = Variables::new(),
        /// The scheme; `http` if absent.
        scheme: Option<Scheme>,
    }
}

words! {
    /// The scheme of a remote backend.
    pub enum Scheme {
        /// Unencrypted.
        Http = "http",
        /// Encrypted.
        Https = "https",
    }
}

document! {
    /// How to authenticate at the remote side; there is one type, `oauth`.
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct AuthConfig "an authentication configuration" {
        /// Client credentials and the URL that issues tokens.
        oauth: Option<OauthConfig> as OauthOnly,
    }
    rule Rule::Some(&["type", "oauthConfig"]);
}

document! {
    /// OAuth 2 client credentials.
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct OauthConfig "an OAuth configuration" {
        /// The client id.
        client_id: Option<String>,
        /// Its secret.
        client_secret: Option<Secret>,
        /// The URL that issues tokens.
        token_url: Option<String>,
    }
}

document! {
    /// What the controller recorded of a model deployment.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct Status "a model deployment's status" {
        /// Whether it is offloading.
        offloading_status: Option<String>,
        /// The port of the model.
        serving_port: Option<u16>,
        /// The port of its metrics.
        metric_port: Option<u16>,
        /// The remote workspace.
        workspace: Option<String>,
        /// When it was created remotely.
        #[key = "createdAtOnBeamlit"]
        created_at: Option<String>,
        /// When it was last changed remotely.
        #[key = "updatedAtOnBeamlit"]
        updated_at: Option<String>,
    }
}

/// A reference whose fields are inlined among others.
struct Inline;

impl Field<ObjectReference> for Inline {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<ObjectReference> {
        ObjectReference::take_fields(fields)
    }

    fn put(value: &ObjectReference, _: &'static str, map: Map) -> Map {
        value.put_fields(map)
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        ObjectReference::describe_fields(record);
    }
}

/// The one type of authentication: stated by `type`, or by the configuration that it has.
struct OauthOnly;

impl Field<Option<OauthConfig>> for OauthOnly {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<Option<OauthConfig>> {
        let kind = fields.optional("type").map(|item| item.one_of(&[("oauth", ())]));
        let oauth = fields.optional("oauthConfig").map(OauthConfig::read);
        if kind.is_none() && oauth.is_none() {
            fields.problem(
                ProblemCode::MissingField,
                "an authentication configuration needs `type`",
                Some("write `type: oauth`"),
            );
            return None;
        }
        oauth.map_or(Some(None), |read| read.map(Some))
    }

    fn put(value: &Option<OauthConfig>, _: &'static str, map: Map) -> Map {
        map.with("type", "oauth").maybe("oauthConfig", value.as_ref().map(OauthConfig::write))
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        record.add(FieldShape::new("type", &["The type."]), Shape::Words(vec!["oauth"]));
        record.add(
            FieldShape::new("oauthConfig", &["Client credentials and the URL that issues tokens."]),
            OauthConfig::shape(),
        );
    }
}
