//! The documents of the Beamlit formats, and how they are lowered to native specs.

use indexmap::IndexMap;

use super::{
    ModelDeployment, ObjectReference, OffloadingConfig, PolicyDetails, PolicyReference, PolicyStatus, ServerlessConfig,
    ServiceReference, Status, TypedName,
};
use crate::catalog::Axis;
use crate::document::{
    Field, FieldShape, Fields, Format, Item, Lenient, Map, Record, RecordShape, Reference, Shape, Written, document,
};
use crate::id::Name;
use crate::manifest::kind::Kind;
use crate::manifest::spec::{
    Allowed, AttachmentSpec, DeploymentSpec, Dialect, Metadata, PolicySpec, PolicyType, by_type, choice, policy_type,
    write_choice,
};
use crate::origin::Sourced;

/// A policy of `authorization.beamlit.com/v1alpha1`.
pub(in crate::manifest) mod policy {
    use super::*;

    /// Reads it.
    pub(in crate::manifest) fn read(document: Item<'_>) -> Option<PolicySpec> {
        let Frame { metadata, spec, status } = frame(document)?;
        let status = status.and_then(PolicyStatus::read);
        let body = Body::read(spec?)?;
        let KubernetesMetadata { name, namespace, labels, annotations, .. } = metadata?;
        let (options, other_options) = body.options;
        let details = PolicyDetails { namespace, other_options, status };
        Some(PolicySpec {
            metadata: Metadata { name, display_name: body.display_name, labels, annotations },
            axis: body.axis,
            options,
            except: Vec::new(),
            resource_types: None,
            callers: None,
            description: None,
            dialect: Dialect::Beamlit(Box::new(details)),
        })
    }

    /// Writes it back.
    pub(in crate::manifest) fn write(spec: &PolicySpec, details: &PolicyDetails) -> Map {
        let body = Body {
            display_name: spec.metadata.display_name.clone(),
            axis: spec.axis,
            options: (spec.options.clone(), details.other_options.clone()),
        };
        document(Kind::BeamlitPolicy, &spec.metadata, details.namespace.clone(), Body::write(&body))
            .maybe("status", details.status.as_ref().map(PolicyStatus::write))
    }

    /// Describes it.
    #[cfg(feature = "schema")]
    pub(in crate::manifest) fn shape() -> RecordShape {
        described(Kind::BeamlitPolicy, Body::shape(), PolicyStatus::shape())
    }
}

/// A model deployment of `deployment.beamlit.com/v1alpha1`. What it decides concerns the remote side: replicas
/// as the serverless configuration has them, and no resources.
pub(in crate::manifest) mod model_deployment {
    use super::*;

    /// Reads it.
    pub(in crate::manifest) fn read(document: Item<'_>) -> Option<DeploymentSpec> {
        let Frame { metadata, spec, status } = frame(document)?;
        let status = status.and_then(Status::read);
        let body = Deployed::read(spec?)?;
        let KubernetesMetadata { name, namespace, labels, annotations, .. } = metadata?;
        let replicas = body.serverless_config.as_ref().and_then(|serverless| serverless.min_num_replicas).unwrap_or(0);
        let attach = |(policy, reference): &(Sourced<String>, PolicyReference)| AttachmentSpec {
            policy: policy.clone(),
            remote: reference.is_remote(),
            ..AttachmentSpec::enforced("")
        };
        let beamlit = ModelDeployment {
            namespace,
            enabled: body.enabled,
            model_source_ref: body.model_source_ref,
            service_ref: body.service_ref,
            metric_service_ref: body.metric_service_ref,
            policies: body.policies.iter().map(|(_, reference)| reference.clone()).collect(),
            serverless: body.serverless_config,
            offloading: body.offloading_config,
            status,
        };
        let native = DeploymentSpec::of_model(name.value.clone(), body.model.value.clone());
        Some(DeploymentSpec {
            metadata: Metadata { name, display_name: None, labels, annotations },
            resource_type: body.model.with("model".to_owned()),
            workload: body.model,
            environment: body.environment,
            policies: body.policies.iter().map(attach).collect(),
            replicas: Some(replicas),
            beamlit: Some(Box::new(beamlit)),
            ..native
        })
    }

    /// Writes it back.
    pub(in crate::manifest) fn write(spec: &DeploymentSpec, original: &ModelDeployment) -> Map {
        let name = |policy: &PolicyReference| policy.object.name.clone().unwrap_or_default().into();
        let body = Deployed {
            model: spec.workload.clone(),
            enabled: original.enabled,
            model_source_ref: original.model_source_ref.clone(),
            service_ref: original.service_ref.clone(),
            metric_service_ref: original.metric_service_ref.clone(),
            environment: spec.environment.clone(),
            policies: original.policies.iter().map(|policy| (name(policy), policy.clone())).collect(),
            serverless_config: original.serverless.clone(),
            offloading_config: original.offloading.clone(),
        };
        document(Kind::ModelDeployment, &spec.metadata, original.namespace.clone(), Deployed::write(&body))
            .maybe("status", original.status.as_ref().map(Status::write))
    }

    /// Describes it.
    #[cfg(feature = "schema")]
    pub(in crate::manifest) fn shape() -> RecordShape {
        described(Kind::ModelDeployment, Deployed::shape(), Status::shape())
    }
}

document! {
    /// The spec of a policy.
    struct Body "a Beamlit policy's spec" {
        /// A display name.
        display_name: Option<String>,
        /// What it restricts.
        #[key = "type"]
        axis: Axis as PolicyType<2>,
        /// The list of its own type, and the other one.
        options: (Allowed, Vec<TypedName>) as BothLists,
    }
}

/// The list of the policy's type binds; an unset list of flavors is all flavors (P9). The format requires
/// `locations` of a flavor policy, too: the list of the other type has no effect.
struct BothLists;

impl BothLists {
    /// The axes that the format knows.
    const AXES: [Axis; 2] = [Axis::Location, Axis::Flavor];
}

impl Field<(Allowed, Vec<TypedName>)> for BothLists {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<(Allowed, Vec<TypedName>)> {
        let lists = Self::AXES.map(|axis| (axis, fields.optional(axis.list())));
        let (own, kinds) = policy_type(fields)?;
        let (mut allowed, mut others) = (None, Some(Vec::new()));
        for (axis, list) in lists {
            match list {
                Some(list) if axis == own => {
                    allowed = list.nonempty(|item| choice(item, &kinds)).map(Allowed::Listed);
                }
                None if axis == own && own == Axis::Flavor => allowed = Some(Allowed::Everything),
                None if axis == own => fields.missing(own.list()),
                Some(list) => others = <Vec<TypedName>>::read(list),
                None => {}
            }
        }
        Some((allowed?, others?))
    }

    fn put(value: &(Allowed, Vec<TypedName>), _: &'static str, map: Map) -> Map {
        let (allowed, others) = value;
        let (own, other) = match allowed {
            Allowed::Everything => (Axis::Flavor, Axis::Location),
            Allowed::Listed(options) => match options.first().map(|option| option.kind.axis()) {
                Some(Axis::Flavor) => (Axis::Flavor, Axis::Location),
                _ => (Axis::Location, Axis::Flavor),
            },
        };
        let options = match allowed {
            Allowed::Listed(options) => Some(Written::list(options, write_choice)),
            Allowed::Everything => None,
        };
        map.maybe(own.list(), options).unless_empty(other.list(), <Vec<TypedName>>::write(others))
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        let list = || <Vec<TypedName> as Format<Vec<TypedName>>>::shape();
        const PLACES: &[&str] = &["The places that a location policy allows; without effect in a flavor policy."];
        record.add(FieldShape::new("locations", PLACES), list());
        const HARDWARE: &[&str] = &["The hardware that a flavor policy allows; absent is all."];
        record.add(FieldShape::new("flavors", HARDWARE), list());
        // An unset list of flavors is all of them.
        record.rules.extend(by_type(&Self::AXES, |axis| axis != Axis::Flavor, |_| Vec::new()));
    }
}

document! {
    /// The spec of a model deployment.
    struct Deployed "a model deployment's spec" {
        /// The model on the remote platform.
        model: Sourced<Name>,
        /// Whether it offloads; true if absent.
        enabled: Option<bool> as Option<Lenient<bool>>,
        /// The local workload.
        model_source_ref: ObjectReference as ModelSource,
        /// The service in front of it.
        service_ref: Option<ServiceReference> as Option<Lenient<ServiceReference>>,
        /// The service that exposes its metrics.
        metric_service_ref: Option<ServiceReference> as Option<Lenient<ServiceReference>>,
        /// The environment; `production` if absent.
        environment: Option<Sourced<String>> as Option<Sourced<Reference>>,
        /// The policies that bind the remote side.
        policies: Vec<(Sourced<String>, PolicyReference)> as Lenient<Vec<NamedPolicy>> = Vec::new(),
        /// How the remote side scales.
        serverless_config: Option<ServerlessConfig> as Option<Lenient<ServerlessConfig>>,
        /// When and where requests are offloaded; never if absent.
        offloading_config: Option<OffloadingConfig> as Option<Lenient<OffloadingConfig>>,
    }
}

/// A reference to a workload of Kubernetes.
struct ModelSource;

impl ModelSource {
    const KINDS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];
}

impl Format<ObjectReference> for ModelSource {
    fn read(item: Item<'_>) -> Option<ObjectReference> {
        let kind = item.object(ObjectReference::WHAT)?.optional("kind");
        let known = kind.is_none_or(|item| item.one_of(&Self::KINDS.map(|kind| (kind, ()))).is_some());
        ObjectReference::read(item).filter(|_| known)
    }

    fn write(value: &ObjectReference) -> Written {
        ObjectReference::write(value)
    }

    fn shape() -> Shape {
        let mut reference = RecordShape::new(ObjectReference::WHAT);
        ObjectReference::describe_fields(&mut reference);
        reference.narrow("kind", Shape::Words(Self::KINDS.to_vec()));
        Shape::Record(reference)
    }
}

/// A reference to a policy, and the name that it must have.
struct NamedPolicy;

impl Format<(Sourced<String>, PolicyReference)> for NamedPolicy {
    fn read(item: Item<'_>) -> Option<(Sourced<String>, PolicyReference)> {
        let mut fields = item.object(PolicyReference::WHAT)?;
        let name = fields.required("name").and_then(Item::reference);
        let reference = PolicyReference::take_fields(&mut fields);
        fields.finish();
        Some((name?, reference?))
    }

    fn write((_, reference): &(Sourced<String>, PolicyReference)) -> Written {
        PolicyReference::write(reference)
    }

    fn shape() -> Shape {
        let mut reference = RecordShape::new(PolicyReference::WHAT);
        PolicyReference::describe_fields(&mut reference);
        reference.require("name", Shape::Name);
        Shape::Record(reference)
    }
}

document! {
    /// Metadata as Kubernetes writes it; what its controllers add is accepted and not kept.
    struct KubernetesMetadata "Kubernetes metadata" {
        /// The name.
        name: Sourced<Name>,
        /// The namespace.
        namespace: Option<String> as Option<Lenient<String>>,
        /// Labels.
        labels: IndexMap<String, String> as Lenient<IndexMap<String, String>> = IndexMap::new(),
        /// Annotations.
        annotations: IndexMap<String, String> as Lenient<IndexMap<String, String>> = IndexMap::new(),
        /// What is not kept.
        added: () as AddedByKubernetes,
    }
}

struct AddedByKubernetes;

impl AddedByKubernetes {
    const FIELDS: [&str; 10] = [
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
}

impl Field<()> for AddedByKubernetes {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<()> {
        Self::FIELDS.into_iter().for_each(|field| fields.accept(field));
        Some(())
    }

    fn put((): &(), _: &'static str, map: Map) -> Map {
        map
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        for field in Self::FIELDS {
            record.add(FieldShape::new(field, &["Added by Kubernetes."]), Shape::Any);
        }
    }
}

/// The frame of a Kubernetes object.
struct Frame<'d> {
    metadata: Option<KubernetesMetadata>,
    spec: Option<Item<'d>>,
    status: Option<Item<'d>>,
}

const FRAME: &str = "a Beamlit document";

fn frame(document: Item<'_>) -> Option<Frame<'_>> {
    let mut fields = document.object(FRAME)?;
    fields.accept("apiVersion");
    fields.accept("kind");
    let metadata = fields.required("metadata").and_then(KubernetesMetadata::read);
    let (spec, status) = (fields.required("spec"), fields.optional("status"));
    fields.finish();
    Some(Frame { metadata, spec, status })
}

fn document(kind: Kind, metadata: &Metadata, namespace: Option<String>, spec: Written) -> Map {
    let Metadata { name, labels, annotations, .. } = metadata.clone();
    let metadata = KubernetesMetadata { name, namespace, labels, annotations, added: () };
    kind.document(KubernetesMetadata::write(&metadata), spec)
}

#[cfg(feature = "schema")]
fn described(kind: Kind, spec: Shape, status: Shape) -> RecordShape {
    let mut document = kind.described(FRAME, KubernetesMetadata::shape(), spec);
    document.add(FieldShape::new("status", &["What the controller recorded."]), status);
    document
}
