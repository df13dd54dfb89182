//! F11: an inventory and its index, from clusters whose names are resolved.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion};

use super::SIZES;
use super::fleet::clusters::{self, Size};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("F11/build");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for nodes in SIZES {
        let size = Size { pools: nodes.div_ceil(100), nodes, per_cluster: 4 };
        let defs = clusters::nodes(size);
        group.bench_function(BenchmarkId::new("siting", nodes), |b| {
            b.iter_batched(|| defs.clone(), |defs| black_box(clusters::inventory(defs)), BatchSize::PerIteration);
        });
    }
    group.finish();

    // The hardest fleet of that size: every node a pool of its own.
    let mut group = criterion.benchmark_group("F11/build_single");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for nodes in SIZES {
        let defs = clusters::nodes(Size { pools: nodes, nodes, per_cluster: 4 });
        group.bench_function(BenchmarkId::new("siting", nodes), |b| {
            b.iter_batched(|| defs.clone(), |defs| black_box(clusters::inventory(defs)), BatchSize::PerIteration);
        });
    }
    group.finish();
}
