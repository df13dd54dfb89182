//! Draws of the Beamlit controller's formats.

use super::choices::{Choices, Draw};
use super::values::{text, words};
use crate::deployment::Secret;
use crate::manifest::beamlit::{
    AuthConfig, LabelRequirement, LabelSelector, Metric, MetricIdentifier, MetricTarget, ModelDeployment, OauthConfig,
    ObjectReference, OffloadingBehavior, OffloadingConfig, PolicyDetails, PolicyRefType, PolicyReference, PolicyStatus,
    RemoteBackend, Scheme, ServerlessConfig, ServiceReference, Status, TargetType, TypedName,
};
use crate::manifest::spec::{AttachmentSpec, DeploymentSpec};

/// A deployment as the controller has it, with the same name and place: what it decides concerns the
/// remote side. It refers to these policies, and to others that live on the remote platform.
pub(super) fn deployment(choices: &mut Choices<'_>, native: &DeploymentSpec, policies: &[String]) -> DeploymentSpec {
    let local = choices.some(policies, 2).into_iter().map(|name| (name, PolicyRefType::Local));
    let remote = choices.some(policies, 1).into_iter().map(|name| (name, PolicyRefType::Remote));
    let references = local.chain(remote).map(|(name, ref_type)| reference(&name, ref_type)).collect();
    referring(ModelDeployment { policies: references, ..ModelDeployment::draw(choices) }, native)
}

/// A deployment that refers to a policy that is not known here, and so is refused.
pub(super) fn unresolved(native: &DeploymentSpec) -> DeploymentSpec {
    let original = ModelDeployment {
        namespace: None,
        enabled: None,
        model_source_ref: ObjectReference::default(),
        service_ref: None,
        metric_service_ref: None,
        policies: vec![reference("elsewhere", PolicyRefType::Remote)],
        serverless: None,
        offloading: None,
        status: None,
    };
    referring(original, native)
}

fn reference(name: &str, ref_type: PolicyRefType) -> PolicyReference {
    let object = ObjectReference { name: Some(name.to_owned()), ..ObjectReference::default() };
    PolicyReference { ref_type: Some(ref_type), object }
}

fn referring(original: ModelDeployment, native: &DeploymentSpec) -> DeploymentSpec {
    let attachment = |reference: &PolicyReference| AttachmentSpec {
        remote: reference.is_remote(),
        ..AttachmentSpec::enforced(reference.object.name.clone().unwrap_or_default())
    };
    let (name, workload) = (native.metadata.name.value.clone(), native.workload.value.clone());
    DeploymentSpec {
        environment: native.environment.clone(),
        policies: original.policies.iter().map(attachment).collect(),
        replicas: Some(original.serverless.as_ref().and_then(|config| config.min_num_replicas).unwrap_or(0)),
        beamlit: Some(Box::new(original)),
        ..DeploymentSpec::of_model(name, workload)
    }
}

fn port(choices: &mut Choices<'_>) -> u16 {
    choices.one_of(8080, [80, 443, 0, u16::MAX])
}

words! {
    PolicyRefType: Local Remote;
    Scheme: Https Http;
    TargetType: Utilization Value AverageValue;
}

impl Draw for ModelDeployment {
    /// Without references to policies.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            namespace: choices.maybe(30, text),
            enabled: choices.maybe(30, |choices| choices.chance(50)),
            model_source_ref: ObjectReference::draw(choices),
            service_ref: choices.maybe(30, ServiceReference::draw),
            metric_service_ref: choices.maybe(20, ServiceReference::draw),
            policies: Vec::new(),
            serverless: choices.maybe(50, ServerlessConfig::draw),
            offloading: choices.maybe(50, OffloadingConfig::draw),
            status: choices.maybe(20, Status::draw),
        }
    }
}

impl Draw for ObjectReference {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            kind: choices.maybe(60, |choices| choices.one_of("Deployment", ["StatefulSet", "DaemonSet"]).to_owned()),
            namespace: choices.maybe(20, text),
            name: choices.maybe(60, text),
            ..Self::default()
        }
    }
}

impl Draw for ServiceReference {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { object: ObjectReference::draw(choices), target_port: choices.maybe(60, port) }
    }
}

impl Draw for PolicyReference {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let ref_type = PolicyRefType::draw(choices);
        reference(choices.one_of("p1", ["p2", "p3"]), ref_type)
    }
}

impl Draw for ServerlessConfig {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            min_num_replicas: choices.maybe(60, |choices| choices.below(4)),
            max_num_replicas: choices.maybe(60, |choices| choices.between(4, 9)),
            metric: choices.maybe(30, |choices| choices.one_of("concurrency", ["rps", "cpu"]).to_owned()),
            target: choices.maybe(30, |choices| choices.one_of("10", ["70"]).to_owned()),
            scale_up_minimum: choices.maybe(20, |choices| choices.between(2, 5)),
            scale_down_delay: choices.maybe(20, |choices| choices.one_of("15m", ["30s"]).to_owned()),
            stable_window: choices.maybe(20, |choices| choices.one_of("60s", ["6s"]).to_owned()),
            last_pod_retention_period: choices.maybe(20, |choices| choices.one_of("1m", ["0s"]).to_owned()),
        }
    }
}

impl Draw for OffloadingConfig {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            remote_backend: choices.maybe(40, RemoteBackend::draw),
            metrics: choices.several(0, 3, Metric::draw),
            behavior: choices.maybe(50, OffloadingBehavior::draw),
        }
    }
}

impl Draw for OffloadingBehavior {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { percentage: choices.maybe(80, |choices| u8::try_from(choices.below(101)).unwrap_or(0)) }
    }
}

impl Draw for RemoteBackend {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            host: choices.maybe(60, |choices| choices.one_of("run.example.com", ["10.0.0.1:8080"]).to_owned()),
            auth_config: choices.maybe(40, AuthConfig::draw),
            path_prefix: choices.maybe(30, |choices| choices.one_of("/v1", ["/a b"]).to_owned()),
            headers_to_add: choices
                .maybe(30, |choices| ("X-Key".to_owned(), Secret::draw(choices)))
                .into_iter()
                .collect(),
            scheme: choices.maybe(40, Scheme::draw),
        }
    }
}

impl Draw for AuthConfig {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { oauth: choices.maybe(70, OauthConfig::draw) }
    }
}

impl Draw for OauthConfig {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            client_id: choices.maybe(60, text),
            client_secret: choices.maybe(60, Secret::draw),
            token_url: choices.maybe(60, text),
        }
    }
}

impl Draw for Metric {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (kind, target, metric) = (choices.below(4), MetricTarget::draw(choices), MetricIdentifier::draw(choices));
        match kind {
            0 => Self::Resource { name: choices.one_of("cpu", ["memory", "gpu"]).to_owned(), target },
            1 => Self::Pods { metric, target },
            2 => Self::Object { described_object: ObjectReference::draw(choices), metric, target },
            _ => Self::External { metric, target },
        }
    }
}

impl Draw for MetricIdentifier {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let name = choices.one_of("requests", ["queue"]).to_owned();
        Self { name, selector: choices.maybe(20, LabelSelector::draw) }
    }
}

impl Draw for LabelSelector {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            match_labels: choices.maybe(50, |choices| ("app".to_owned(), text(choices))).into_iter().collect(),
            match_expressions: choices.several(0, 2, LabelRequirement::draw),
        }
    }
}

impl Draw for LabelRequirement {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            key: choices.one_of("tier", ["app"]).to_owned(),
            operator: choices.one_of("In", ["NotIn", "Exists", "DoesNotExist"]).to_owned(),
            values: choices.several(0, 2, text),
        }
    }
}

impl Draw for MetricTarget {
    /// A target with the figure of its type.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let kind = TargetType::draw(choices);
        let figure = choices.one_of("10", ["500m", "2Gi"]).to_owned();
        let (value, average_value) = match kind {
            TargetType::Utilization => (None, None),
            TargetType::Value => (Some(figure), None),
            TargetType::AverageValue => (None, Some(figure)),
        };
        let average_utilization = (kind == TargetType::Utilization).then(|| choices.between(1, 200));
        Self { kind, value, average_value, average_utilization }
    }
}

impl Draw for Status {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            offloading_status: choices.maybe(50, text),
            serving_port: choices.maybe(50, port),
            metric_port: choices.maybe(50, port),
            workspace: choices.maybe(50, text),
            created_at: choices.maybe(30, text),
            updated_at: choices.maybe(30, text),
        }
    }
}

impl Draw for TypedName {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { kind: choices.one_of("gpu", ["country"]).to_owned(), name: text(choices) }
    }
}

impl Draw for PolicyStatus {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            created_at: choices.maybe(50, text),
            updated_at: choices.maybe(50, text),
            workspace: choices.maybe(50, text),
        }
    }
}

impl Draw for PolicyDetails {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            namespace: choices.maybe(50, text),
            other_options: choices.several(0, 2, TypedName::draw),
            status: choices.maybe(30, PolicyStatus::draw),
        }
    }
}
