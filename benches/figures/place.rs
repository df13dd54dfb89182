//! F4: the best place of one deployment; F7: many deployments one after the other.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion};

use super::SIZES;
use super::fleet::clusters::{self, Size};
use super::fleet::question::{Question, free_scope, one_gpu};
use super::fleet::{ask, assignment};

pub(crate) fn bench(criterion: &mut Criterion) {
    let bound = Arc::new(Question::among(0).scope());
    let demand = one_gpu();
    // A third as many replicas as nodes run already.
    let fleets = SIZES.map(|nodes| {
        let mut inventory = clusters::inventory(clusters::nodes(Size::of_nodes(nodes)));
        clusters::occupy(&mut inventory, nodes / 3);
        (nodes, inventory)
    });
    for name in ["best", "best_of_all"] {
        let mut group = criterion.benchmark_group(format!("F4/{name}"));
        for (nodes, inventory) in &fleets {
            let scope = &if name == "best" { Arc::clone(&bound) } else { free_scope(inventory) };
            assert!(ask::best(inventory, scope, &demand).is_placed());
            group.bench_function(BenchmarkId::new("siting", nodes), |b| {
                b.iter(|| black_box(ask::best(inventory, scope, &demand)));
            });
        }
        group.finish();
    }

    let workspace = assignment::workspace(200, 200);
    criterion.bench_function("F7/place_all/siting/200", |b| b.iter(|| black_box(workspace.place_all())));
    criterion.bench_function("F7/optimize/siting/200", |b| b.iter(|| black_box(assignment::optimized(&workspace))));
}
