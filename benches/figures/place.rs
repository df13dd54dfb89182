//! F4: the best place of one deployment; F7: many deployments one after the other.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};

use super::SIZES;
use super::fleet::asked::{Asked, ONE_GPU};
use super::fleet::clusters::{self, Size};
use super::fleet::{ask, assignment};

pub(crate) fn bench(criterion: &mut Criterion) {
    // A third as many replicas as nodes run already.
    let fleets = SIZES.map(|nodes| {
        let mut inventory = clusters::inventory(clusters::nodes(Size::of_nodes(nodes)));
        clusters::occupy(&mut inventory, nodes / 3);
        (nodes, inventory)
    });
    for name in ["best", "best_of_all"] {
        let mut group = criterion.benchmark_group(format!("F4/{name}"));
        for (nodes, inventory) in &fleets {
            let asked = if name == "best" { Asked::governed(ONE_GPU, 0) } else { Asked::free(ONE_GPU) }.on(inventory);
            assert!(ask::place(&asked).decision.is_placed());
            group.bench_function(BenchmarkId::new("siting", nodes), |b| b.iter(|| black_box(ask::place(&asked))));
        }
        group.finish();
    }

    let workspace = assignment::workspace(200, 200);
    criterion.bench_function("F7/place_all/siting/200", |b| b.iter(|| black_box(workspace.place_all())));
    criterion.bench_function("F7/optimize/siting/200", |b| b.iter(|| black_box(assignment::optimized(&workspace))));
}
