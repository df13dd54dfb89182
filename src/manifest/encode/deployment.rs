//! Native deployments to documents.

use super::super::kind::Kind;
use super::super::spec::{DeploymentSpec, GpuNeedSpec, GpuSpec, ResourcesSpec};
use super::placement::preferences;
use super::{attachment, beamlit, native, reference, strategy, variables};
use crate::deployment::{Algorithm, LoadBalancer, Scaling};
use crate::document::{Map, Written as Value};
use crate::quantity::Percent;

pub(super) fn deployment(spec: &DeploymentSpec) -> Map {
    if let Some(original) = &spec.beamlit {
        return beamlit::model_deployment(spec, original);
    }
    let body = match spec.resource_type.as_str() {
        "model" => Map::default().with("model", spec.workload.as_str()),
        resource_type => {
            let workload = Map::default().with("type", resource_type).with("name", spec.workload.as_str());
            Map::default().with("workload", workload)
        }
    };
    let body = body
        .maybe("version", spec.version.as_ref())
        .maybe("environment", spec.environment.as_ref().map(reference))
        .unless_empty("policies", Value::list(&spec.policies, attachment))
        .maybe("priority", (spec.priority != 0).then_some(spec.priority))
        .maybe("replicas", spec.replicas)
        .maybe("resources", spec.resources.as_ref().map(resources))
        .maybe("scaling", spec.scaling.as_ref().map(scaling))
        .maybe("loadBalancer", spec.load_balancer.as_ref().map(load_balancer))
        .maybe("strategy", spec.strategy.as_ref().map(strategy::strategy))
        .maybe("offloading", spec.offloading.as_ref().map(strategy::offloading))
        .maybe("placement", spec.placement.as_ref().map(preferences))
        .unless_empty("env", variables(&spec.env))
        .maybe("description", spec.description.as_ref());
    native(Kind::Deployment, &spec.metadata, body)
}

pub(super) fn resources(spec: &ResourcesSpec) -> Map {
    let gpu = |gpu: &GpuSpec| match gpu {
        GpuSpec::One(need) => gpu_need(need),
        GpuSpec::AnyOf(needs) => Map::default().with("anyOf", Value::list(needs, gpu_need)),
    };
    Map::default()
        .with("cpu", Value::text(spec.cpu))
        .with("memory", Value::text(spec.memory))
        .maybe("storage", spec.storage.map(Value::text))
        .maybe("bandwidth", spec.bandwidth.map(Value::text))
        .maybe("cpuType", spec.cpu_type.as_ref().map(reference))
        .maybe("gpu", spec.gpu.as_ref().map(gpu))
}

fn gpu_need(spec: &GpuNeedSpec) -> Map {
    Map::default()
        .with("count", spec.count)
        .maybe("type", spec.code.as_ref().map(reference))
        .maybe("memory", spec.memory.map(Value::text))
        .maybe("share", spec.share.map(Value::text))
}

fn scaling(scaling: &Scaling) -> Map {
    let percent = |percent: Option<Percent>| percent.map(Percent::get);
    Map::default()
        .with("enabled", scaling.enabled)
        .maybe("minReplicas", scaling.min_replicas)
        .maybe("maxReplicas", scaling.max_replicas)
        .maybe("targetCpuUtilization", percent(scaling.target_cpu_utilization))
        .maybe("targetMemoryUtilization", percent(scaling.target_memory_utilization))
        .maybe("targetGpuUtilization", percent(scaling.target_gpu_utilization))
}

fn load_balancer(balancer: &LoadBalancer) -> Map {
    let algorithm = |algorithm| match algorithm {
        Algorithm::RoundRobin => "round-robin",
        Algorithm::LeastConnections => "least-connections",
        Algorithm::IpHash => "ip-hash",
        Algorithm::ConsistentHash => "consistent-hash",
    };
    let check = balancer.health_check.as_ref();
    let check =
        check.map(|check| Map::default().with("path", &check.path).with("intervalSeconds", check.interval_seconds));
    Map::default()
        .with("enabled", balancer.enabled)
        .maybe("algorithm", balancer.algorithm.map(algorithm))
        .maybe("healthCheck", check)
        .maybe("stickySessions", balancer.sticky_sessions.then_some(true))
}
