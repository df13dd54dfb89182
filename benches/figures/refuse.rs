//! F10: a refusal with all its codes and counts.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use siting::id::{ClusterId, Id};
use siting::inventory::Inventory;

use super::fleet::ask;
use super::fleet::asked::{Asked, TOO_MUCH};
use super::fleet::clusters::{self, Size};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("F10/refusal");
    for count in [1_000, 10_000, 100_000] {
        let asked = Asked::governed(TOO_MUCH, 0).on(&fleet(count));
        let outcome = ask::place(&asked);
        let codes = outcome.decision.refusal().map_or(0, |refusal| refusal.reasons.len());
        assert_eq!(codes, 7, "each constraint that a pair can fail, some pair fails");
        group.bench_function(BenchmarkId::new("siting", count), |b| b.iter(|| black_box(ask::place(&asked))));
    }
    group.finish();
}

/// One pool to a cluster; every tenth cluster is unhealthy, every eleventh cordoned.
fn fleet(count: usize) -> Inventory {
    let mut inventory = clusters::inventory(clusters::nodes(Size { pools: count, nodes: count * 2, per_cluster: 1 }));
    for number in (0..count).step_by(10) {
        inventory.set_healthy(ClusterId::from_index(number), false);
    }
    for number in (0..count).step_by(11) {
        inventory.set_cordoned(ClusterId::from_index(number), true);
    }
    clusters::occupy(&mut inventory, count / 2);
    inventory
}
