//! F7: what 200 deployments on 200 clusters cost by siting, beside the optimum of HiGHS.
//!
//! Writes the exact problem as a mixed integer program and hands it to HiGHS by `optimum.py`, where
//! the Python of `SITING_PYTHON` (else `python3`) has `highspy`; says so where it has not.
#![expect(clippy::expect_used, reason = "a benchmark may fail loudly")]
#![expect(clippy::cast_precision_loss, reason = "figures to read")]

#[path = "../../../fleet/mod.rs"]
mod fleet;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use fleet::assignment;
use fleet::values::{record, target};
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
    let Some((optimum, seconds)) = optimum(&workspace) else {
        println!("HiGHS: not here (`pip install highspy`); no comparison");
        return ExitCode::SUCCESS;
    };
    println!("HiGHS: {} an hour, in {:.0} ms", dollars(optimum), seconds * 1e3);
    record(&format!("F7/optimum/highs/{SIZE}"), seconds * 1e9, "ns");
    for (name, cost) in [("siting", cost), ("siting-optimize", optimized)] {
        // Prices are rounded up by a millionth a replica at most; the optimum counts them alike.
        assert!(cost >= optimum, "nothing is cheaper than the optimum");
        let dearer = (cost as f64 / optimum as f64 - 1.0) * 100.0;
        println!("{name}: {dearer:.3} % dearer than the optimum");
        record(&format!("F7/dearer/{name}/{SIZE}"), dearer, "percent");
    }
    ExitCode::SUCCESS
}

/// The cheapest cost in millionths, and the seconds it took to find.
fn optimum(workspace: &Workspace) -> Option<(u64, f64)> {
    let program = target().join("optimum.lp");
    fs::write(&program, assignment::program(workspace)).expect("the target folder can be written");
    let script = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR")?).join("optimum.py");
    let python = std::env::var_os("SITING_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python).arg(script).arg(&program).output().ok()?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
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
