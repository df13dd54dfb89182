//! Clusters to documents.

use super::super::kind::Kind;
use super::super::spec::{ClusterSpec, PoolGpuSpec, PoolSpec, PoolsSpec, UsedSpec};
use super::{choice, native, reference};
use crate::document::{Map, Written as Value};
use crate::quantity::{Bandwidth, Bytes, Coordinates, Cpu};

pub(super) fn cluster(spec: &ClusterSpec) -> Map {
    let body = Map::default()
        .with("provider", spec.provider.as_str())
        .maybe("location", spec.location.as_ref().map(reference))
        .maybe("country", spec.country.as_ref().map(reference))
        .maybe("coordinates", spec.coordinates.map(coordinates))
        .maybe("healthy", (!spec.healthy).then_some(false))
        .maybe("cordoned", spec.cordoned.then_some(true));
    let body = match &spec.pools {
        PoolsSpec::Pools(pools) => body.with("pools", Value::list(pools, pool)),
        PoolsSpec::Flavors(flavors) => body.with("flavors", Value::list(flavors, choice)),
    };
    native(Kind::Cluster, &spec.metadata, body)
}

pub(super) fn coordinates(coordinates: Coordinates) -> Value {
    let degrees = |micros: i32| {
        let degrees = f64::from(micros) / 1e6;
        // Serialisers give tiny numbers an exponent, which is no notation of ours.
        if micros != 0 && micros.unsigned_abs() < 1000 { Value::text(degrees) } else { Value::Decimal(degrees) }
    };
    Value::List(vec![degrees(coordinates.latitude()), degrees(coordinates.longitude())])
}

fn pool(spec: &PoolSpec) -> Map {
    Map::default()
        .with("name", spec.name.as_str())
        .with("nodes", spec.nodes.map_or_else(|| "unlimited".into(), Value::from))
        .maybe("cpuFlavor", spec.cpu_flavor.as_ref().map(reference))
        .with("cpu", Value::text(spec.cpu))
        .with("memory", Value::text(spec.memory))
        .maybe("storage", spec.storage.map(Value::text))
        .maybe("bandwidth", spec.bandwidth.map(Value::text))
        .maybe("gpu", spec.gpu.as_ref().map(gpu))
        .maybe("pricePerHour", spec.price_per_hour.map(Value::text))
        .maybe("spot", spec.spot.then_some(true))
        .unless_empty("used", used(&spec.used))
}

fn gpu(spec: &PoolGpuSpec) -> Map {
    Map::default().with("type", reference(&spec.code)).with("count", spec.count)
}

fn used(spec: &UsedSpec) -> Map {
    Map::default()
        .maybe("cpu", (spec.cpu != Cpu::default()).then(|| Value::text(spec.cpu)))
        .maybe("memory", (spec.memory != Bytes::default()).then(|| Value::text(spec.memory)))
        .maybe("storage", (spec.storage != Bytes::default()).then(|| Value::text(spec.storage)))
        .maybe("bandwidth", (spec.bandwidth != Bandwidth::default()).then(|| Value::text(spec.bandwidth)))
        .maybe("gpu", (spec.gpu_thousandths != 0).then(|| gpus(spec.gpu_thousandths)))
}

/// Thousandths of GPUs as a decimal number.
fn gpus(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
