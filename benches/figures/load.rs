//! F14: policies and deployments in YAML, loaded and checked.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use siting::analysis::check;
use siting::workspace::{LoadOptions, Workspace};

use super::fleet::text;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("F14/load_and_check");
    group.sample_size(10).measurement_time(Duration::from_secs(6));
    for count in [1_000, 5_000, 10_000] {
        let sources = text::workspace(count);
        let load = || Workspace::from_sources(&sources, LoadOptions::default());
        if let Err(error) = load() {
            panic!("{error}");
        }
        group.bench_function(BenchmarkId::new("siting", count), |b| {
            b.iter(|| black_box(load().map(|workspace| check(&workspace).len())));
        });
    }
    group.finish();
}
