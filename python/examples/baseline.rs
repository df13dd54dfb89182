//! What a decision and a batch take in Rust alone, for `benches/f12.py`: reads a manifest, prints the
//! nanoseconds of each as JSON.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::time::Instant;

use siting::workspace::{LoadOptions, PlaceOptions, Workspace};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("a manifest");
    let address = arguments.next().expect("a deployment's address");
    let workspace = Workspace::load(&[path], LoadOptions::default()).expect("a sound manifest");
    let (place, place_at_best) = time(|| {
        let id = workspace.find_deployment(black_box(&address)).expect("a deployment");
        drop(black_box(workspace.place_as(id, PlaceOptions::default())));
    });
    let (allowed, _) = time(|| drop(black_box(workspace.allowed_all())));
    println!("{{\"place\": {place}, \"place_at_best\": {place_at_best}, \"allowed\": {allowed}}}");
}

/// Nanoseconds a call: the median of samples of some ten milliseconds each, and the least of them.
fn time(mut call: impl FnMut()) -> (u128, u128) {
    let start = Instant::now();
    let mut calls = 0_u32;
    while start.elapsed().as_millis() < 100 {
        call();
        calls += 1;
    }
    let a_sample = (calls / 10).max(1);
    let mut samples: Vec<u128> = (0..31)
        .map(|_| {
            let start = Instant::now();
            (0..a_sample).for_each(|_| call());
            start.elapsed().as_nanos() / u128::from(a_sample)
        })
        .collect();
    samples.sort_unstable();
    (samples.get(15).copied().expect("samples"), samples.first().copied().expect("samples"))
}
