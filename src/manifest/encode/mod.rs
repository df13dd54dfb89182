//! Specs to documents: the decoders' counterpart.

mod beamlit;
mod cluster;
mod deployment;
mod placement;
mod strategy;

use indexmap::IndexMap;

use super::kind::Kind;
use super::spec::{
    Allowed, AttachmentSpec, ChoiceSpec, Dialect, EnvironmentSpec, ExpectedDemandSpec, FlavorSpec, Metadata,
    PolicySpec, Specs, WorkspaceSpec,
};
use crate::catalog::Axis;
use crate::deployment::Variables;
use crate::document::{Map, Written as Value};
use crate::origin::Sourced;
use crate::policy::{Enforcement, OnReplaced, OnViolation};

/// All documents, the workspace first.
pub(super) fn documents(specs: &Specs) -> Vec<Value> {
    let workspace = specs.workspace.iter().map(workspace);
    let policies = specs.policies.iter().map(policy);
    let environments = specs.environments.iter().map(environment);
    let deployments = specs.deployments.iter().map(deployment::deployment);
    let clusters = specs.clusters.iter().map(cluster::cluster);
    let running = specs.running.iter().map(placement::running);
    let first = workspace.chain(policies).chain(environments);
    first.chain(deployments).chain(clusters).chain(running).map(Value::Map).collect()
}

fn document(kind: Kind, metadata: Map, spec: Map) -> Map {
    Map::default()
        .with("apiVersion", kind.api_version())
        .with("kind", kind.kind())
        .with("metadata", metadata)
        .with("spec", spec)
}

fn native(kind: Kind, metadata: &Metadata, spec: Map) -> Map {
    let frame = Map::default()
        .with("name", metadata.name.as_str())
        .maybe("displayName", metadata.display_name.as_ref())
        .and(labels_and_annotations(metadata));
    document(kind, frame, spec)
}

fn labels_and_annotations(metadata: &Metadata) -> Map {
    Map::default()
        .unless_empty("labels", texts(&metadata.labels))
        .unless_empty("annotations", texts(&metadata.annotations))
}

fn policy(spec: &PolicySpec) -> Map {
    let list = match spec.axis {
        Axis::Location => "locations",
        Axis::Flavor => "flavors",
    };
    let options = match &spec.options {
        Allowed::Listed(options) => Some(Value::list(options, choice)),
        Allowed::Everything => None,
    };
    if let Dialect::Beamlit(details) = &spec.dialect {
        return beamlit::policy(spec, details, list, options);
    }
    let body = Map::default()
        .with("type", spec.axis.as_str())
        .maybe(list, options)
        .unless_empty("except", Value::list(&spec.except, choice))
        .maybe("resourceTypes", spec.resource_types.as_ref().map(|types| Value::list(types, reference)))
        .maybe("description", spec.description.as_ref());
    native(Kind::Policy, &spec.metadata, body)
}

fn environment(spec: &EnvironmentSpec) -> Map {
    let on_violation = match spec.on_violation {
        OnViolation::MoveOrReport => None,
        OnViolation::MoveOrStop => Some("move-or-stop"),
        OnViolation::Report => Some("report"),
    };
    let on_replaced = spec.on_replaced.map(|on_replaced| match on_replaced {
        OnReplaced::Keep => "keep",
        OnReplaced::ScaleToZero => "scale-to-zero",
        OnReplaced::Deactivate => "deactivate",
    });
    let body =
        attached(&spec.policies, &spec.require).maybe("onViolation", on_violation).maybe("onReplaced", on_replaced);
    native(Kind::Environment, &spec.metadata, body)
}

fn workspace(spec: &WorkspaceSpec) -> Map {
    let groups: Map =
        spec.groups.iter().map(|group| (group.name.to_string(), Value::list(&group.countries, reference))).collect();
    let location = |location: &super::spec::LocationSpec| {
        Map::default().with("name", location.name.as_str()).with("country", location.country.as_str())
    };
    let body = attached(&spec.policies, &spec.require)
        .maybe("defaultEnvironment", spec.default_environment.as_ref().map(reference))
        .maybe("currency", spec.currency.as_ref())
        .unless_empty("resourceTypes", Value::list(&spec.resource_types, |name| name.as_str().to_owned()))
        .unless_empty("groups", groups)
        .unless_empty("locations", Value::list(&spec.locations, location))
        .unless_empty("flavors", Value::list(&spec.flavors, flavor))
        .unless_empty("expectedDemands", Value::list(&spec.expected_demands, expected));
    native(Kind::Workspace, &spec.metadata, body)
}

fn expected(spec: &Sourced<ExpectedDemandSpec>) -> Map {
    Map::default().with("weight", spec.weight).with("resources", deployment::resources(&spec.resources))
}

fn flavor(spec: &FlavorSpec) -> Map {
    Map::default()
        .with("type", spec.kind.as_str())
        .with("name", spec.name.as_str())
        .maybe("parent", spec.parent.as_ref().map(reference))
        .unless_empty("aliases", Value::list(&spec.aliases, |name| name.as_str().to_owned()))
        .maybe("memory", spec.memory.map(Value::text))
}

/// The fields by which policies are attached.
fn attached(policies: &[AttachmentSpec], require: &[Sourced<Axis>]) -> Map {
    Map::default()
        .unless_empty("policies", Value::list(policies, attachment))
        .unless_empty("require", Value::list(require, |axis| axis.as_str()))
}

fn attachment(spec: &AttachmentSpec) -> Value {
    match spec.enforcement {
        Enforcement::Enforce => reference(&spec.policy),
        Enforcement::Audit => Map::default().with("name", spec.policy.as_str()).with("enforcement", "audit").into(),
    }
}

fn choice(choice: &Sourced<ChoiceSpec>) -> Map {
    Map::default().with("type", choice.kind.as_str()).with("name", &choice.name)
}

fn reference(name: &Sourced<String>) -> Value {
    name.as_str().into()
}

fn texts(texts: &IndexMap<String, String>) -> Map {
    texts.iter().map(|(key, text)| (key.clone(), text.into())).collect()
}

/// Variables with their values: a manifest written back keeps what it held.
fn variables(variables: &Variables) -> Map {
    variables.iter().map(|(name, value)| (name.clone(), value.reveal().into())).collect()
}
