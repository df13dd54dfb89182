//! F1, F2: where a deployment may run.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use siting::policy::Enforcement;

use super::SIZES;
use super::fleet::ask;
use super::fleet::asked::{Asked, ONE_GPU};
use super::fleet::clusters::{self, Size};

pub(crate) fn bench(criterion: &mut Criterion) {
    let fleets = SIZES.map(|size| {
        let inventory = clusters::inventory(clusters::serverless(size));
        (size, Asked::governed(ONE_GPU, 0).on(&inventory))
    });
    let mut group = criterion.benchmark_group("F1/allowed_set");
    for (size, asked) in &fleets {
        group.bench_function(BenchmarkId::new("siting", size), |b| b.iter(|| black_box(ask::allowed(asked))));
    }
    group.finish();
    let mut group = criterion.benchmark_group("F1/allowed_set_changed");
    for (size, asked) in fleets {
        let policy = asked.workspace.policies().find("any-hardware").expect("a policy");
        let Asked { mut workspace, deployment, .. } = asked;
        let mut enforcement = Enforcement::Enforce;
        group.bench_function(BenchmarkId::new("siting", size), |b| {
            b.iter(|| {
                // It is bound and watched in turn, so that the set is another each time.
                enforcement =
                    if enforcement == Enforcement::Enforce { Enforcement::Audit } else { Enforcement::Enforce };
                workspace.attach(deployment, policy, enforcement).expect("no conflict");
                black_box(workspace.allowed(deployment))
            });
        });
    }
    group.finish();

    for pools in [10_000, 1_000_000] {
        // A thousand clusters hold ten pools each, or a thousand: the answers follow classes, so fleets that also
        // differ in their places would say nothing about pools.
        let size = Size { pools, nodes: pools, per_cluster: pools / 1000 };
        let asked = Asked::governed(ONE_GPU, 0).on(&clusters::inventory(clusters::nodes(size)));
        assert_eq!(ask::how_many(&asked), ask::mask(&asked).len());
        row(criterion, "any", pools, || ask::any(&asked));
        row(criterion, "how_many", pools, || ask::how_many(&asked));
        row(criterion, "cheapest", pools, || ask::place(&asked));
        row(criterion, "mask", pools, || ask::mask(&asked));
    }
}

fn row<T>(criterion: &mut Criterion, name: &str, pools: usize, work: impl Fn() -> T) {
    criterion.bench_function(&format!("F2/{name}/siting/{pools}"), |b| b.iter(|| black_box(work())));
}
