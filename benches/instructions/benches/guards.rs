//! Instructions that the figures F1–F5 take, each below a limit: what creeps up fails here, on a loaded
//! machine as on a quiet one. The limits are what was counted, and a tenth. Where a new compiler counts
//! differently, count anew, and say so where the limits change.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark may fail loudly")]

#[path = "../../fleet/mod.rs"]
mod fleet;

use std::hint::black_box;

use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use siting::id::PairId;
use siting::inventory::{Inventory, Request, ReservationId};

use fleet::asked::{Asked, ONE_GPU};
use fleet::clusters::{self, Size};
use fleet::question::Question;
use fleet::random::Random;
use fleet::{ask, openb};

/// At most so many instructions.
fn limit(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

/// So often is each asked: once, the allocator's tidying up after what was made before would be most of it.
const TIMES: usize = 100;

/// Asks a question of what was made before the count began, and gives that back so that it is not dropped
/// within it.
fn ask_of<T, R>(made: T, question: impl Fn(&T) -> R) -> T {
    for _ in 0..TIMES {
        black_box(question(black_box(&made)));
    }
    made
}

fn serverless(clusters: usize) -> Asked {
    Asked::governed(ONE_GPU, 0).on(&clusters::inventory(clusters::serverless(clusters)))
}

#[library_benchmark(config = limit(161_000))]
#[bench::clusters_10_000(args = (10_000), setup = serverless)]
fn f1_allowed_set(asked: Asked) -> Asked {
    ask_of(asked, ask::allowed)
}

#[library_benchmark(config = limit(31_100_000))]
#[bench::clusters_10_000(args = (10_000), setup = serverless)]
fn f1_mask(asked: Asked) -> Asked {
    ask_of(asked, ask::mask)
}

fn pools(pools: usize) -> Asked {
    let inventory = clusters::inventory(clusters::nodes(Size { pools, nodes: pools, per_cluster: 100 }));
    Asked::governed(ONE_GPU, 0).on(&inventory)
}

// The count may not follow the pools: both have one limit.
#[library_benchmark(config = limit(3_700_000))]
#[bench::pools_10_000(args = (10_000), setup = pools)]
#[bench::pools_100_000(args = (100_000), setup = pools)]
fn f2_cheapest(asked: Asked) -> Asked {
    ask_of(asked, ask::place)
}

#[library_benchmark(config = limit(299_000))]
#[bench::unrelated_0(args = (0), setup = Question::among)]
#[bench::unrelated_10_000(args = (10_000), setup = Question::among)]
fn f3_compile(question: Question) -> Question {
    ask_of(question, Question::scope)
}

fn nodes(nodes: usize) -> Inventory {
    let mut inventory = clusters::inventory(clusters::nodes(Size::of_nodes(nodes)));
    clusters::occupy(&mut inventory, nodes / 3);
    inventory
}

fn under_policies(count: usize) -> Asked {
    Asked::governed(ONE_GPU, 0).on(&nodes(count))
}

fn without_policies(count: usize) -> Asked {
    Asked::free(ONE_GPU).on(&nodes(count))
}

#[library_benchmark(config = limit(3_290_000))]
#[bench::nodes_10_000(args = (10_000), setup = under_policies)]
fn f4_best(asked: Asked) -> Asked {
    ask_of(asked, ask::place)
}

#[library_benchmark(config = limit(6_400_000))]
#[bench::nodes_10_000(args = (10_000), setup = without_policies)]
fn f4_best_of_all(asked: Asked) -> Asked {
    ask_of(asked, ask::place)
}

type Running = (Inventory, Vec<(ReservationId, PairId, Request)>);

/// A cluster like that of the trace, which is not needed here, with two thousand replicas on it.
fn running(replicas: usize) -> Running {
    let mut inventory = openb::synthetic().inventory;
    let pairs = clusters::gpu_pairs(&inventory);
    let mut random = Random::new(6);
    let mut running = Vec::with_capacity(replicas);
    while running.len() < replicas {
        let pair = *random.pick(&pairs).expect("gpu pools");
        let request = clusters::request(&mut random);
        if let Ok(id) = inventory.reserve(pair, &request, 1) {
            running.push((id, pair, request));
        }
    }
    (inventory, running)
}

// All of two thousand released and reserved again.
#[library_benchmark(config = limit(25_100_000))]
#[bench::replicas_2_000(args = (2_000), setup = running)]
fn f5_reserve_release((mut inventory, mut running): Running) -> Running {
    for (id, pair, request) in &mut running {
        inventory.release(*id).expect("it runs");
        *id = inventory.reserve(*pair, request, 1).expect("its room is free");
    }
    (inventory, running)
}

library_benchmark_group!(
    name = guards,
    benchmarks = [f1_allowed_set, f1_mask, f2_cheapest, f3_compile, f4_best, f4_best_of_all, f5_reserve_release]
);

main!(library_benchmark_groups = guards);
