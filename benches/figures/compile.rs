//! F3: a scope from two policies of an environment and two of a deployment.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use siting::id::{Id, PairId};

use super::fleet::asked::{Asked, ONE_GPU};
use super::fleet::clusters;

/// Policies of the workspace that do not concern the deployment.
const UNRELATED: [usize; 3] = [0, 100, 10_000];

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("F3/compile");
    for unrelated in UNRELATED {
        let asked = Asked::governed(ONE_GPU, unrelated);
        group.bench_function(BenchmarkId::new("siting", unrelated), |b| {
            b.iter(|| black_box(asked.workspace.scope(asked.deployment)));
        });
    }
    group.finish();

    // Another deployment each time, so that none of their policies is in the cache.
    let mut group = criterion.benchmark_group("F3/compile_in_turn");
    for unrelated in [100, 10_000] {
        let asked = Asked::governed(ONE_GPU, unrelated);
        let mut turn = asked.others.iter().cycle();
        group.bench_function(BenchmarkId::new("siting", unrelated), |b| {
            b.iter(|| black_box(asked.workspace.scope(*turn.next().expect("a cycle has no end"))));
        });
    }
    group.finish();

    // From the policies as they lie in the workspace to the answer for one cluster.
    let inventory = clusters::inventory(clusters::serverless(1_000));
    let mut group = criterion.benchmark_group("F3/first_answer");
    for unrelated in [100, 10_000] {
        let asked = Asked::governed(ONE_GPU, unrelated).on(&inventory);
        group.bench_function(BenchmarkId::new("siting", unrelated), |b| {
            b.iter(|| {
                let scope = asked.workspace.scope(asked.deployment).expect("the deployment");
                let index = asked.workspace.inventory().fleet().index();
                black_box(index.allowed(&scope).contains(PairId::from_index(0)))
            });
        });
    }
    group.finish();
}
