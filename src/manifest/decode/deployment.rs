//! Native deployments and their settings.

use super::super::spec::{DeploymentSpec, Metadata};
use super::offloading::offloading;
use super::placement::preferences;
use super::resources::resources;
use super::shared::{attachments, given, native};
use super::strategy::strategy;
use crate::deployment::{Algorithm, HealthCheck, LoadBalancer, Scaling, Secret, Variables};
use crate::document::{Fields, Item};
use crate::id::Name;
use crate::origin::{Problem, ProblemCode, Sourced};
use crate::quantity::Percent;

/// Reads a deployment.
pub(in super::super) fn deployment(document: Item<'_>) -> Option<DeploymentSpec> {
    native(document, "a deployment's spec", spec)
}

fn spec(metadata: Metadata, mut fields: Fields<'_>) -> Option<DeploymentSpec> {
    let workload = workload(&mut fields);
    let version = fields.optional("version").and_then(Item::string);
    let environment = fields.optional("environment").map(Item::reference);
    let policies = attachments(&mut fields);
    let priority = fields.optional("priority").and_then(|item| item.whole(i64::from(i32::MIN)..=i64::from(i32::MAX)));
    let replicas = fields.optional("replicas").and_then(|item| item.whole(0..=i64::from(u32::MAX)));
    let resources = fields.optional("resources").map(resources);
    let scaling = fields.optional("scaling").and_then(scaling);
    let load_balancer = fields.optional("loadBalancer").and_then(load_balancer);
    let strategy = fields.optional("strategy").map(strategy);
    let offloading = fields.optional("offloading").map(offloading);
    let placement = fields.optional("placement").map(preferences);
    let env = fields.optional("env").and_then(variables).unwrap_or_default();
    let description = fields.optional("description").and_then(Item::string);
    let named = addressable(&fields, &metadata);
    fields.finish();
    named?;
    let (resource_type, workload) = workload?;
    Some(DeploymentSpec {
        metadata,
        resource_type,
        workload,
        version,
        environment: given(environment)?,
        policies,
        priority: priority.unwrap_or(0),
        replicas,
        resources: given(resources)?,
        scaling,
        load_balancer,
        strategy: given(strategy)?,
        offloading: given(offloading)?,
        env,
        placement: given(placement)?,
        description,
        beamlit: None,
    })
}

/// Deployments are addressed `workload/name` (L1), so their names hold no `/`.
fn addressable(fields: &Fields<'_>, metadata: &Metadata) -> Option<()> {
    let Sourced { value: name, origin } = &metadata.name;
    if !name.as_str().contains('/') {
        return Some(());
    }
    let problem = Problem::new(ProblemCode::InvalidValue, origin, "a deployment's name holds no `/`");
    fields.report(problem.help("remove the `/`; the workload has a field of its own"));
    None
}

/// `model: bert`, or `workload: {type: model, name: bert}`.
pub(super) fn workload(fields: &mut Fields<'_>) -> Option<(Sourced<String>, Sourced<Name>)> {
    let model = fields.optional("model");
    let workload = fields.optional("workload");
    let read_model = model.map(|item| Some((item.sourced("model".to_owned()), item.name()?)));
    let read_workload = workload.map(|item| {
        let mut fields = item.object("a workload")?;
        let resource_type = fields.required("type").and_then(Item::reference);
        let name = fields.required("name").and_then(Item::name);
        fields.finish();
        Some((resource_type?, name?))
    });
    match (read_model, read_workload) {
        (Some(read), None) | (None, Some(read)) => read,
        (Some(_), Some(_)) => {
            if let Some(workload) = workload {
                let help = "`model: x` is short for `workload: {type: model, name: x}`";
                workload.problem(ProblemCode::InvalidValue, "a deployment has `model` or `workload`, not both", help);
            }
            None
        }
        (None, None) => {
            let help = "write `model: x`, or `workload: {type: function, name: x}`";
            fields.problem(ProblemCode::MissingField, "a deployment's spec needs `model` or `workload`", Some(help));
            None
        }
    }
}

pub(super) fn scaling(item: Item<'_>) -> Option<Scaling> {
    let mut fields = item.object("scaling")?;
    let enabled = fields.optional("enabled").map_or(Some(true), Item::boolean);
    let replicas = |item: Item<'_>| item.whole(0..=i64::from(u32::MAX));
    let (min, max) = (fields.optional("minReplicas"), fields.optional("maxReplicas"));
    let scaling = Scaling {
        enabled: enabled == Some(true),
        min_replicas: min.and_then(replicas),
        max_replicas: max.and_then(replicas),
        target_cpu_utilization: fields.optional("targetCpuUtilization").and_then(percent),
        target_memory_utilization: fields.optional("targetMemoryUtilization").and_then(percent),
        target_gpu_utilization: fields.optional("targetGpuUtilization").and_then(percent),
    };
    for (bound, name) in [(min, "minReplicas"), (max, "maxReplicas")] {
        if enabled == Some(true) && bound.is_none() {
            let help = format!("add `{name}: …`, or write `enabled: false`");
            fields.problem(ProblemCode::MissingField, format!("enabled scaling needs `{name}`"), Some(&help));
        }
    }
    if let (Some(from), Some(to), Some(max)) = (scaling.min_replicas, scaling.max_replicas, max)
        && from > to
        && scaling.enabled
    {
        max.problem(
            ProblemCode::OutOfRange,
            format!("`maxReplicas` is {to}, below `minReplicas`"),
            format!("write {from} or more"),
        );
    }
    fields.finish();
    enabled.map(|_| scaling)
}

fn percent(item: Item<'_>) -> Option<Percent> {
    item.whole(1..=100).and_then(Percent::new)
}

pub(super) fn load_balancer(item: Item<'_>) -> Option<LoadBalancer> {
    let algorithms = [
        ("round-robin", Algorithm::RoundRobin),
        ("least-connections", Algorithm::LeastConnections),
        ("ip-hash", Algorithm::IpHash),
        ("consistent-hash", Algorithm::ConsistentHash),
    ];
    let mut fields = item.object("a load balancer")?;
    let enabled = fields.optional("enabled").map_or(Some(true), Item::boolean);
    let (algorithm, check) = (fields.optional("algorithm"), fields.optional("healthCheck"));
    for (field, name) in [(algorithm, "algorithm"), (check, "healthCheck")] {
        if enabled == Some(true) && field.is_none() {
            let example = if name == "algorithm" { "round-robin" } else { "{path: /health, intervalSeconds: 30}" };
            let help = format!("add it, such as `{name}: {example}`, or write `enabled: false`");
            fields.problem(ProblemCode::MissingField, format!("an enabled load balancer needs `{name}`"), Some(&help));
        }
    }
    let sticky_sessions = fields.optional("stickySessions").and_then(Item::boolean).unwrap_or(false);
    let (algorithm, health_check) = (algorithm.and_then(|item| item.one_of(&algorithms)), check.and_then(health_check));
    fields.finish();
    Some(LoadBalancer { enabled: enabled?, algorithm, health_check, sticky_sessions })
}

fn health_check(item: Item<'_>) -> Option<HealthCheck> {
    let mut fields = item.object("a health check")?;
    let path = fields.required("path").and_then(|item| {
        let path = item.string()?;
        let absolute = path.starts_with('/');
        if !absolute {
            item.problem(
                ProblemCode::InvalidValue,
                "the path of a health check begins with `/`",
                "write it as `/health`",
            );
        }
        absolute.then_some(path)
    });
    let interval = fields.required("intervalSeconds").and_then(|item| item.whole(1..=i64::from(u32::MAX)));
    fields.finish();
    Some(HealthCheck { path: path?, interval_seconds: interval? })
}

/// Environment variables, or headers: texts that are never shown.
pub(super) fn variables(item: Item<'_>) -> Option<Variables> {
    Some(item.texts()?.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
}
