//! F3: a scope from two policies of an environment and two of a deployment.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use siting::catalog::Axis;

use super::fleet::clusters;
use super::fleet::question::Question;

/// Policies of the workspace that are attached nowhere.
const UNRELATED: [usize; 3] = [0, 100, 10_000];

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("F3/compile");
    for unrelated in UNRELATED {
        let question = Question::among(unrelated);
        group.bench_function(BenchmarkId::new("siting", unrelated), |b| b.iter(|| black_box(question.scope())));
    }
    group.finish();

    // Other policies each time, so that none of them is in the cache.
    let mut group = criterion.benchmark_group("F3/compile_in_turn");
    for unrelated in [100, 10_000] {
        let question = Question::among(unrelated);
        let quadruples = question.quadruples();
        let mut turn = quadruples.iter().cycle();
        group.bench_function(BenchmarkId::new("siting", unrelated), |b| {
            b.iter(|| {
                let [a, b, c, d] = *turn.next().expect("a cycle has no end");
                black_box(question.compile(&[a, b], &[c, d]))
            });
        });
    }
    group.finish();

    // From the policies as they lie in the workspace to the answer for one cluster.
    let fleet = clusters::inventory(clusters::serverless(1_000));
    let class = fleet.fleet().index().classes().first().expect("a class").clone();
    let mut group = criterion.benchmark_group("F3/first_answer");
    for unrelated in [100, 10_000] {
        let question = Question::among(unrelated);
        group.bench_function(BenchmarkId::new("siting", unrelated), |b| {
            b.iter(|| {
                let scope = question.scope();
                Axis::ALL.into_iter().all(|axis| {
                    let (atom, rest) = black_box(&class).point(axis);
                    scope.axis(axis).admits(atom, rest)
                })
            });
        });
    }
    group.finish();
}
