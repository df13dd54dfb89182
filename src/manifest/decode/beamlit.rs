//! The Beamlit formats, and how they are lowered to native specs.

use super::super::beamlit::{
    AuthConfig, ModelDeployment, OauthConfig, ObjectReference, OffloadingBehavior, OffloadingConfig, PolicyDetails,
    PolicyRefType, PolicyReference, PolicyStatus, RemoteBackend, Scheme, ServerlessConfig, ServiceReference, Status,
    TypedName,
};
use super::super::spec::{Allowed, AttachmentSpec, DeploymentSpec, Dialect, Metadata, PolicySpec};
use super::deployment::variables;
use super::hpa::metric;
use super::policy::policy_type;
use super::shared::{choice, given, labels_and_annotations};
use crate::catalog::Axis;
use crate::deployment::Secret;
use crate::document::{Fields, Item};
use crate::id::Name;
use crate::origin::{ProblemCode, Sourced};
use crate::policy::Enforcement;

/// Reads a policy of `authorization.beamlit.com/v1alpha1`.
pub(in super::super) fn policy(document: Item<'_>) -> Option<PolicySpec> {
    let Frame { metadata, namespace, spec, status } = frame(document)?;
    let status = status.and_then(policy_status);
    let mut fields = spec?.object("a Beamlit policy's spec")?;
    let display_name = fields.optional("displayName").and_then(Item::string);
    let kinds = fields.required("type").and_then(policy_type);
    let locations = fields.optional("locations");
    let flavors = fields.optional("flavors");
    let (options, other_options) = match &kinds {
        Some((Axis::Location, kinds)) => {
            let options = match locations {
                Some(list) => list.nonempty(|item| choice(item, kinds)).map(Allowed::Listed),
                None => {
                    fields.missing("locations");
                    None
                }
            };
            (options, flavors)
        }
        Some((Axis::Flavor, kinds)) => {
            // Here an unset list of flavors is all flavors (P9).
            let everything = Some(Allowed::Everything);
            let listed = |list: Item<'_>| list.nonempty(|item| choice(item, kinds)).map(Allowed::Listed);
            (flavors.map_or(everything, listed), locations)
        }
        None => (None, None),
    };
    fields.finish();
    let other_options = other_options.and_then(|list| list.list(typed_name)).unwrap_or_default();
    let details = PolicyDetails { namespace, other_options, status };
    Some(PolicySpec {
        metadata: Metadata { display_name, ..metadata? },
        axis: kinds?.0,
        options: options?,
        except: Vec::new(),
        resource_types: None,
        description: None,
        dialect: Dialect::Beamlit(Box::new(details)),
    })
}

fn policy_status(item: Item<'_>) -> Option<PolicyStatus> {
    let mut fields = item.object("a Beamlit policy's status")?;
    let status = PolicyStatus {
        created_at: fields.optional("createdAtOnBeamlit").and_then(Item::string),
        updated_at: fields.optional("updatedAtOnBeamlit").and_then(Item::string),
        workspace: fields.optional("workspace").and_then(Item::string),
    };
    fields.finish();
    Some(status)
}

fn typed_name(item: Item<'_>) -> Option<TypedName> {
    let mut fields = item.object("an option")?;
    let kind = fields.required("type").and_then(Item::string);
    let name = fields.required("name").and_then(Item::string);
    fields.finish();
    Some(TypedName { kind: kind?, name: name? })
}

/// Reads a model deployment. What it decides concerns the remote side: replicas as the serverless
/// configuration has them, and no resources.
pub(in super::super) fn model_deployment(document: Item<'_>) -> Option<DeploymentSpec> {
    let Frame { metadata, namespace, spec, status } = frame(document)?;
    let status = status.and_then(deployment_status);
    let mut fields = spec?.object("a model deployment's spec")?;
    let model = fields.required("model").and_then(|item| Some((item.sourced("model".to_owned()), item.name()?)));
    let environment = fields.optional("environment").map(Item::reference);
    let enabled = fields.optional("enabled").and_then(Item::boolean);
    let model_source_ref = fields.required("modelSourceRef").and_then(model_source);
    let service_ref = fields.optional("serviceRef").and_then(service_reference);
    let metric_service_ref = fields.optional("metricServiceRef").and_then(service_reference);
    let policies = fields.optional("policies").and_then(|list| list.list(policy_reference)).unwrap_or_default();
    let serverless = fields.optional("serverlessConfig").and_then(serverless);
    let offloading = fields.optional("offloadingConfig").and_then(offloading);
    fields.finish();
    let (resource_type, workload) = model?;
    let (attachments, policies) = policies.into_iter().unzip();
    let replicas = serverless.as_ref().and_then(|serverless| serverless.min_num_replicas).unwrap_or(0);
    let beamlit = ModelDeployment {
        namespace,
        enabled,
        model_source_ref: model_source_ref?,
        service_ref,
        metric_service_ref,
        policies,
        serverless,
        offloading,
        status,
    };
    let native = DeploymentSpec::of_model(metadata.as_ref()?.name.value.clone(), workload.value.clone());
    Some(DeploymentSpec {
        metadata: metadata?,
        resource_type,
        workload,
        environment: given(environment)?,
        policies: attachments,
        replicas: Some(replicas),
        beamlit: Some(Box::new(beamlit)),
        ..native
    })
}

fn deployment_status(item: Item<'_>) -> Option<Status> {
    let mut fields = item.object("a model deployment's status")?;
    let status = Status {
        offloading_status: fields.optional("offloadingStatus").and_then(Item::string),
        serving_port: fields.optional("servingPort").and_then(port),
        metric_port: fields.optional("metricPort").and_then(port),
        workspace: fields.optional("workspace").and_then(Item::string),
        created_at: fields.optional("createdAtOnBeamlit").and_then(Item::string),
        updated_at: fields.optional("updatedAtOnBeamlit").and_then(Item::string),
    };
    fields.finish();
    Some(status)
}

/// The frame of a Kubernetes object.
struct Frame<'d> {
    metadata: Option<Metadata>,
    namespace: Option<String>,
    spec: Option<Item<'d>>,
    status: Option<Item<'d>>,
}

fn frame(document: Item<'_>) -> Option<Frame<'_>> {
    let mut fields = document.object("a Beamlit document")?;
    fields.accept("apiVersion");
    fields.accept("kind");
    let (metadata, namespace) = fields.required("metadata").and_then(metadata).unzip();
    let (spec, status) = (fields.required("spec"), fields.optional("status"));
    fields.finish();
    Some(Frame { metadata, namespace: namespace.flatten(), spec, status })
}

/// Metadata as Kubernetes writes it; what its controllers add is accepted and not kept.
fn metadata(item: Item<'_>) -> Option<(Metadata, Option<String>)> {
    let mut fields = item.object("Kubernetes metadata")?;
    let name = fields.required("name").and_then(Item::name);
    let namespace = fields.optional("namespace").and_then(Item::string);
    let (labels, annotations) = labels_and_annotations(&mut fields);
    for added in ADDED_BY_KUBERNETES {
        fields.accept(added);
    }
    fields.finish();
    Some((Metadata { name: name?, display_name: None, labels, annotations }, namespace))
}

const ADDED_BY_KUBERNETES: [&str; 10] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "ownerReferences",
    "finalizers",
    "selfLink",
];

fn model_source(item: Item<'_>) -> Option<ObjectReference> {
    const KINDS: [(&str, ()); 4] = [("Deployment", ()), ("StatefulSet", ()), ("DaemonSet", ()), ("ReplicaSet", ())];
    let mut fields = item.object("an object reference")?;
    if let Some(kind) = fields.optional("kind") {
        kind.one_of(&KINDS);
    }
    let reference = object_reference(&mut fields);
    fields.finish();
    Some(reference)
}

/// The fields of a reference, wherever they are inlined.
pub(super) fn object_reference(fields: &mut Fields<'_>) -> ObjectReference {
    ObjectReference {
        api_version: fields.optional("apiVersion").and_then(Item::string),
        kind: fields.optional("kind").and_then(Item::string),
        namespace: fields.optional("namespace").and_then(Item::string),
        name: fields.optional("name").and_then(Item::string),
        uid: fields.optional("uid").and_then(Item::string),
        resource_version: fields.optional("resourceVersion").and_then(Item::string),
        field_path: fields.optional("fieldPath").and_then(Item::string),
    }
}

fn service_reference(item: Item<'_>) -> Option<ServiceReference> {
    let mut fields = item.object("a service reference")?;
    let object = object_reference(&mut fields);
    let target_port = fields.optional("targetPort").and_then(port);
    fields.finish();
    Some(ServiceReference { object, target_port })
}

fn port(item: Item<'_>) -> Option<u16> {
    item.whole(0..=i64::from(u16::MAX))
}

fn policy_reference(item: Item<'_>) -> Option<(AttachmentSpec, PolicyReference)> {
    let types = [("remotePolicy", PolicyRefType::Remote), ("localPolicy", PolicyRefType::Local)];
    let mut fields = item.object("a policy reference")?;
    let ref_type = fields.optional("refType").map(|item| item.one_of(&types));
    let name: Option<Sourced<Name>> = fields.required("name").and_then(Item::name);
    let object = object_reference(&mut fields);
    fields.finish();
    let (name, ref_type) = (name?, given(ref_type)?);
    let reference = PolicyReference { ref_type, object };
    let policy = name.with(name.to_string());
    Some((AttachmentSpec { policy, enforcement: Enforcement::Enforce, remote: reference.is_remote() }, reference))
}

fn serverless(item: Item<'_>) -> Option<ServerlessConfig> {
    let replicas = |from: i64| move |item: Item<'_>| item.whole(from..=i64::from(i32::MAX));
    let mut fields = item.object("a serverless configuration")?;
    let config = ServerlessConfig {
        min_num_replicas: fields.optional("minNumReplicas").and_then(replicas(0)),
        max_num_replicas: fields.optional("maxNumReplicas").and_then(replicas(0)),
        metric: fields.optional("metric").and_then(Item::string),
        target: fields.optional("target").and_then(Item::string),
        scale_up_minimum: fields.optional("scaleUpMinimum").and_then(replicas(2)),
        scale_down_delay: fields.optional("scaleDownDelay").and_then(Item::string),
        stable_window: fields.optional("stableWindow").and_then(Item::string),
        last_pod_retention_period: fields.optional("lastPodRetentionPeriod").and_then(Item::string),
    };
    fields.finish();
    Some(config)
}

fn offloading(item: Item<'_>) -> Option<OffloadingConfig> {
    let mut fields = item.object("an offloading configuration")?;
    let config = OffloadingConfig {
        remote_backend: fields.optional("remoteBackend").and_then(remote_backend),
        metrics: fields.optional("metrics").and_then(|list| list.list(metric)).unwrap_or_default(),
        behavior: fields.optional("behavior").and_then(behavior),
    };
    fields.finish();
    Some(config)
}

fn behavior(item: Item<'_>) -> Option<OffloadingBehavior> {
    let mut fields = item.object("an offloading behavior")?;
    let percentage = fields.optional("percentage").and_then(|item| item.whole(0..=100));
    fields.finish();
    Some(OffloadingBehavior { percentage })
}

fn remote_backend(item: Item<'_>) -> Option<RemoteBackend> {
    let mut fields = item.object("a remote backend")?;
    let backend = RemoteBackend {
        host: fields.optional("host").and_then(Item::string),
        auth_config: fields.optional("authConfig").and_then(auth_config),
        path_prefix: fields.optional("pathPrefix").and_then(Item::string),
        headers_to_add: fields.optional("headersToAdd").and_then(variables).unwrap_or_default(),
        scheme: fields
            .optional("scheme")
            .and_then(|item| item.one_of(&[("http", Scheme::Http), ("https", Scheme::Https)])),
    };
    fields.finish();
    Some(backend)
}

fn auth_config(item: Item<'_>) -> Option<AuthConfig> {
    let mut fields = item.object("an authentication")?;
    let has_type = fields.optional("type").map(|item| item.one_of(&[("oauth", ())]));
    let oauth = fields.optional("oauthConfig").and_then(oauth_config);
    if has_type.is_none() && oauth.is_none() {
        fields.problem(ProblemCode::MissingField, "an authentication needs `type`", Some("write `type: oauth`"));
    }
    fields.finish();
    Some(AuthConfig { oauth })
}

fn oauth_config(item: Item<'_>) -> Option<OauthConfig> {
    let mut fields = item.object("an OAuth configuration")?;
    let config = OauthConfig {
        client_id: fields.optional("clientId").and_then(Item::string),
        client_secret: fields.optional("clientSecret").and_then(Item::string).map(Secret::new),
        token_url: fields.optional("tokenUrl").and_then(Item::string),
    };
    fields.finish();
    Some(config)
}
