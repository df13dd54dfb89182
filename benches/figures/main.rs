//! How long things take, by the ids of the project's targets: `cargo bench --bench figures -- F4`.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark may fail loudly")]

#[path = "../fleet/mod.rs"]
mod fleet;

mod allowed;
mod analyses;
mod build;
mod change;
mod compile;
mod load;
mod place;
mod refuse;
mod reserve;

use std::time::Duration;

use criterion::Criterion;

/// Sizes for growth.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn main() {
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(40)
        .configure_from_args();
    compile::bench(&mut criterion);
    allowed::bench(&mut criterion);
    place::bench(&mut criterion);
    refuse::bench(&mut criterion);
    reserve::bench(&mut criterion);
    load::bench(&mut criterion);
    build::bench(&mut criterion);
    change::bench(&mut criterion);
    analyses::bench(&mut criterion);
    criterion.final_summary();
}
