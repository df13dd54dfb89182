//! F1, F2: where a deployment may run.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion};

use super::SIZES;
use super::fleet::ask;
use super::fleet::clusters::{self, Size};
use super::fleet::question::{Question, one_gpu};

pub(crate) fn bench(criterion: &mut Criterion) {
    let scope = Question::among(0).scope();

    let fleets = SIZES.map(|size| (size, clusters::inventory(clusters::serverless(size))));
    let mut group = criterion.benchmark_group("F1/allowed_set");
    for (size, inventory) in &fleets {
        let bound = ask::bind(inventory, &scope);
        assert_eq!(ask::allowed(&bound), ask::mask(inventory, &scope), "bound or not, the answer is the same");
        group.bench_function(BenchmarkId::new("siting", size), |b| b.iter(|| black_box(ask::allowed(&bound))));
    }
    group.finish();
    let mut group = criterion.benchmark_group("F1/bind");
    for (size, inventory) in &fleets {
        group.bench_function(BenchmarkId::new("siting", size), |b| b.iter(|| black_box(ask::bind(inventory, &scope))));
    }
    group.finish();
    drop(fleets);

    let scope = Arc::new(scope);
    let demand = one_gpu();
    for pools in [10_000, 1_000_000] {
        // A thousand clusters hold ten pools each, or a thousand: 3,526 classes, or 3,906. The answers follow
        // those, so fleets that also differ in their places would say nothing about pools.
        let size = Size { pools, nodes: pools, per_cluster: pools / 1000 };
        let inventory = clusters::inventory(clusters::nodes(size));
        let bound = ask::bind(&inventory, &scope);
        assert_eq!(ask::how_many(&inventory, &scope), ask::mask(&inventory, &scope).len());
        row(criterion, "any", pools, || ask::any(&inventory, &scope));
        row(criterion, "how_many", pools, || ask::how_many(&inventory, &scope));
        row(criterion, "cheapest", pools, || ask::best(&inventory, &scope, &demand));
        row(criterion, "mask", pools, || ask::allowed(&bound));
    }
}

fn row<T>(criterion: &mut Criterion, name: &str, pools: usize, work: impl Fn() -> T) {
    criterion.bench_function(&format!("F2/{name}/siting/{pools}"), |b| b.iter(|| black_box(work())));
}
