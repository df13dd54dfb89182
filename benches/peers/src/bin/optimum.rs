//! F7: what 200 deployments on 200 clusters cost by siting, beside the optimum of HiGHS.
//!
//! Writes the exact problem as a mixed integer program and hands it to HiGHS by `optimum.py`, where
//! the Python of `SITING_PYTHON` (else `python3`) has `highspy`; fails where it has not.
#![expect(clippy::expect_used, reason = "a benchmark may fail loudly")]
#![expect(clippy::cast_precision_loss, reason = "figures to read")]

#[path = "../../../fleet/mod.rs"]
mod fleet;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use fleet::assignment;
use fleet::values::{forget, record, target};
use siting::workspace::Workspace;

const SIZE: usize = 200;

fn main() -> ExitCode {
    let workspace = assignment::workspace(SIZE, SIZE);
    let greedy = workspace.place_all();
    let (cost, without) = assignment::cost(&greedy);
    assert_eq!(without, 0, "every deployment finds a place, so that costs compare");
    println!("siting, place_all: {} an hour, in {:.2} ms", dollars(cost), milliseconds(|| workspace.place_all()));
    let (optimized, _) = assignment::cost(&assignment::optimized(&workspace));
    println!(
        "siting, optimized: {} an hour, in {:.2} ms",
        dollars(optimized),
        milliseconds(|| assignment::optimized(&workspace))
    );
    // What an earlier run measured is not this run's.
    for id in [format!("F7/optimum/highs/{SIZE}"), dearer_id("siting"), dearer_id("siting-optimize")] {
        forget(&id);
    }
    let (optimum, seconds) = match optimum(&workspace) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("F7 IS NOT MEASURED: HiGHS gives no optimum: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("HiGHS: {} an hour, in {:.0} ms", dollars(optimum), seconds * 1e3);
    record(&format!("F7/optimum/highs/{SIZE}"), seconds * 1e9, "ns");
    for (name, cost) in [("siting", cost), ("siting-optimize", optimized)] {
        // Prices are rounded up by a millionth a replica at most; the optimum counts them alike.
        assert!(cost >= optimum, "nothing is cheaper than the optimum");
        let dearer = (cost as f64 / optimum as f64 - 1.0) * 100.0;
        println!("{name}: {dearer:.3} % dearer than the optimum");
        record(&dearer_id(name), dearer, "percent");
    }
    ExitCode::SUCCESS
}

fn dearer_id(name: &str) -> String {
    format!("F7/dearer/{name}/{SIZE}")
}

/// The cheapest cost in millionths, and the seconds it took to find.
fn optimum(workspace: &Workspace) -> Result<(u64, f64), String> {
    let (program, answer) = (target().join("optimum.lp"), target().join("optimum.txt"));
    fs::write(&program, assignment::program(workspace)).map_err(|error| format!("{}: {error}", program.display()))?;
    if answer.exists() {
        fs::remove_file(&answer).map_err(|error| format!("{}: {error}", answer.display()))?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("optimum.py");
    let python = std::env::var_os("SITING_PYTHON").unwrap_or_else(|| "python3".into());
    let run = Command::new(&python).arg(script).arg(&program).arg(&answer).output();
    let output = run.map_err(|error| format!("{}: {error}", python.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let text = fs::read_to_string(&answer).map_err(|error| format!("{}: {error}", answer.display()))?;
    let numbers = text.split_once(' ').and_then(|(cost, seconds)| {
        Some((cost.parse().ok()?, seconds.trim().parse().ok()?))
    });
    numbers.ok_or_else(|| format!("{} holds no cost and seconds: {text:?}", answer.display()))
}

/// The shortest of some tries.
fn milliseconds<T>(work: impl Fn() -> T) -> f64 {
    let tries = (0..20).map(|_| {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed().as_secs_f64() * 1e3
    });
    tries.fold(f64::INFINITY, f64::min)
}

fn dollars(micros: u64) -> String {
    format!("{:.2}", micros as f64 / 1e6)
}
