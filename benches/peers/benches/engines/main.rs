//! The same question to every engine: one deployment, under two policies of its environment and two
//! of its own, against N clusters. Every answer is compared with siting's before a clock starts.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark may fail loudly")]

#[path = "../../../fleet/mod.rs"]
mod fleet;

mod casbin;
mod cedar;
mod cel;
mod place;
mod plain;
mod rego;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};

use fleet::ask;
use fleet::asked::{Asked, ONE_GPU};
use fleet::clusters;
use place::Place;
use siting::id::{ClusterId, Id};

/// An engine with the four policies and the clusters prepared as far as it can.
trait Engine {
    /// Whether the deployment may run on the cluster of this number.
    fn allows(&mut self, cluster: usize) -> bool;
}

/// An engine with the policies of a workspace loaded, most of which concern other deployments, and
/// nothing made ready for this one.
trait Loaded {
    /// Whether the deployment may run on the one cluster there is.
    fn first_answer(&mut self) -> bool;
}

fn main() {
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
        .configure_from_args();
    for clusters in [100, 10_000] {
        allowed_set(&mut criterion, clusters);
    }
    for unrelated in [100, 10_000] {
        first_answer(&mut criterion, unrelated);
    }
    criterion.final_summary();
}

/// F1.
fn allowed_set(criterion: &mut Criterion, count: usize) {
    let inventory = clusters::inventory(clusters::serverless(count));
    let asked = Asked::governed(ONE_GPU, 0).on(&inventory);
    let ours = ask::allowed(&asked);
    assert!(!ours.is_empty() && !ours.is_full(), "the question tells clusters apart");
    let places = place::places(&inventory);

    let mut group = criterion.benchmark_group("F1/allowed_set");
    if count < 1_000 {
        // The larger sizes are among the library's own figures.
        group.bench_function(BenchmarkId::new("siting", count), |b| b.iter(|| black_box(ask::allowed(&asked))));
    }
    let mut measure = |name: &str, engine: &mut dyn Engine| {
        for number in 0..count {
            let (theirs, ours) = (engine.allows(number), ours.contains(ClusterId::from_index(number)));
            assert_eq!(theirs, ours, "{name} and siting differ on {:?}", places.get(number));
        }
        let mut answers = vec![false; count];
        group.bench_function(BenchmarkId::new(name, count), |b| {
            b.iter(|| {
                for (number, answer) in answers.iter_mut().enumerate() {
                    *answer = engine.allows(number);
                }
                black_box(&answers);
            });
        });
    };
    measure("plain", &mut plain::Plain::new(&places));
    measure("cel", &mut cel::Cel::new(&places));
    measure("regorus", &mut rego::Rego::new(&places));
    measure("casbin", &mut casbin::Casbin::new(&places));
    measure("cedar", &mut cedar::Cedar::new(&places));
    group.finish();
}

/// F3.
fn first_answer(criterion: &mut Criterion, unrelated: usize) {
    let inventory = clusters::inventory(clusters::serverless(1_000));
    let ours = ask::allowed(&Asked::governed(ONE_GPU, 0).on(&inventory));
    let places = place::places(&inventory);
    let mut group = criterion.benchmark_group("F3/first_answer");
    // One cluster where it may run, one where it may not.
    let mut measure = |name: &str, load: &dyn Fn(&Place, usize) -> Box<dyn Loaded>| {
        for wanted in [false, true] {
            let number = (0..places.len()).find(|&number| ours.contains(ClusterId::from_index(number)) == wanted);
            let place = places.get(number.expect("one of each")).expect("a cluster");
            let mut engine = load(place, unrelated);
            assert_eq!(engine.first_answer(), wanted, "{name} and siting differ on {place:?}");
            if wanted {
                let id = BenchmarkId::new(name, unrelated);
                group.bench_function(id, |b| b.iter(|| black_box(engine.first_answer())));
            }
        }
    };
    measure("cel", &|place, unrelated| Box::new(cel::Compiling::new(place, unrelated)));
    measure("regorus", &|place, unrelated| Box::new(rego::Many::new(place, unrelated)));
    measure("casbin", &|place, unrelated| Box::new(casbin::Many::new(place, unrelated)));
    measure("cedar", &|place, unrelated| Box::new(cedar::Many::new(place, unrelated)));
    group.finish();
}
