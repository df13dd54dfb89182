//! The table at the end of a run: each target, what was measured, and what others take.
//!
//! Reads what criterion keeps (`target/criterion/**/new`) and the figures that are not times
//! (`target/bench-values`), prints a table and writes `target/bench-report.json`. Figures that
//! nothing has measured are listed after it.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// One line of the table.
struct Row {
    /// The target's id.
    id: &'static str,
    /// What is measured.
    what: &'static str,
    /// The benchmark that measures it.
    figure: &'static str,
    target: Target,
}

/// What is wanted of a figure.
enum Target {
    /// At most so many of its unit: nanoseconds for times.
    AtMost(f64),
    /// At least so many.
    AtLeast(f64),
    /// So many a second at least; the figure is a time.
    Rate(f64),
    /// At most so many times this other figure.
    Growth(f64, &'static str),
    /// So many times faster than this other figure.
    Faster(f64, &'static str),
    /// Nothing: it is shown beside the others.
    Shown,
    /// Nothing, beside this other figure.
    Beside(&'static str),
}

use Target::{AtLeast, AtMost, Beside, Faster, Growth, Rate, Shown};

const US: f64 = 1e3;
const MS: f64 = 1e6;

const fn row(id: &'static str, what: &'static str, figure: &'static str, target: Target) -> Row {
    Row { id, what, figure, target }
}

const ROWS: &[Row] = &[
    row("F1", "allowed set, 10,000 clusters", "F1/allowed_set/siting/10000", AtMost(0.3 * US)),
    row("F1", "  against cedar-policy", "F1/allowed_set/siting/10000", Faster(5e4, "F1/allowed_set/cedar/10000")),
    row("F1", "  against cel", "F1/allowed_set/siting/10000", Faster(1e4, "F1/allowed_set/cel/10000")),
    row("F1", "  against regorus", "F1/allowed_set/siting/10000", Beside("F1/allowed_set/regorus/10000")),
    row("F1", "  against casbin", "F1/allowed_set/siting/10000", Beside("F1/allowed_set/casbin/10000")),
    row("F1", "  against plain Rust", "F1/allowed_set/siting/10000", Beside("F1/allowed_set/plain/10000")),
    row("F1", "binding to a snapshot, 10,000", "F1/bind/siting/10000", AtMost(50.0 * US)),
    row("F1", "  against cedar-policy", "F1/bind/siting/10000", Beside("F1/allowed_set/cedar/10000")),
    row("F1", "  against cel", "F1/bind/siting/10000", Beside("F1/allowed_set/cel/10000")),
    row("F1", "  against regorus", "F1/bind/siting/10000", Beside("F1/allowed_set/regorus/10000")),
    row("F1", "  against casbin", "F1/bind/siting/10000", Beside("F1/allowed_set/casbin/10000")),
    row("F1", "  against plain Rust", "F1/bind/siting/10000", Beside("F1/allowed_set/plain/10000")),
    row("F1", "allowed set, 100 clusters", "F1/allowed_set/siting/100", Beside("F1/allowed_set/cedar/100")),
    row("F1", "allowed set, 1,000", "F1/allowed_set/siting/1000", Shown),
    row("F1", "allowed set, 100,000", "F1/allowed_set/siting/100000", Shown),
    row("F1", "allowed set, 1,000,000", "F1/allowed_set/siting/1000000", Shown),
    row("F1", "binding, 1,000", "F1/bind/siting/1000", Shown),
    row("F1", "binding, 100,000", "F1/bind/siting/100000", Shown),
    row("F1", "binding, 1,000,000", "F1/bind/siting/1000000", Shown),
    row("F2", "is there any, 1,000,000 pools", "F2/any/siting/1000000", Growth(2.0, "F2/any/siting/10000")),
    row("F2", "how many, 1,000,000 pools", "F2/how_many/siting/1000000", Growth(2.0, "F2/how_many/siting/10000")),
    row("F2", "best by price, 1,000,000 pools", "F2/cheapest/siting/1000000", Growth(2.0, "F2/cheapest/siting/10000")),
    row("F2", "full mask, 1,000,000 pools", "F2/mask/siting/1000000", Growth(100.0, "F2/mask/siting/10000")),
    row("F3", "compile 2 + 2 policies", "F3/compile/siting/0", AtMost(1.0 * US)),
    row("F3", "  other policies each time", "F3/compile_in_turn/siting/10000", AtMost(1.0 * US)),
    row("F3", "  among 10,000 unrelated", "F3/compile/siting/10000", Growth(1.1, "F3/compile/siting/0")),
    row(
        "F3",
        "first answer among 10,000, cedar",
        "F3/first_answer/siting/10000",
        Beside("F3/first_answer/cedar/10000"),
    ),
    row(
        "F3",
        "first answer among 10,000, casbin",
        "F3/first_answer/siting/10000",
        Beside("F3/first_answer/casbin/10000"),
    ),
    row("F3", "first answer among 10,000, cel", "F3/first_answer/siting/10000", Beside("F3/first_answer/cel/10000")),
    row(
        "F3",
        "first answer among 10,000, regorus",
        "F3/first_answer/siting/10000",
        Beside("F3/first_answer/regorus/10000"),
    ),
    row("F3", "first answer among 100, cedar", "F3/first_answer/siting/100", Beside("F3/first_answer/cedar/100")),
    row("F4", "best place, 100,000 nodes", "F4/best/siting/100000", AtMost(5.0 * US)),
    row("F4", "  against 1,000 nodes", "F4/best/siting/100000", Growth(2.0, "F4/best/siting/1000")),
    row("F4", "best place without policies, 100,000 nodes", "F4/best_of_all/siting/100000", AtMost(5.0 * US)),
    row("F4", "  against 1,000 nodes", "F4/best_of_all/siting/100000", Growth(2.0, "F4/best_of_all/siting/1000")),
    row("F4", "best place, 10,000 nodes", "F4/best/siting/10000", Shown),
    row("F4", "best place, 1,000,000 nodes", "F4/best/siting/1000000", Shown),
    row("F5", "reserve and release, openb", "F5/reserve_release/siting/1523", Rate(5e5)),
    row(
        "F6",
        "openb at 130 %, default",
        "F6/allocation_at_130/siting-default/openb",
        Beside("F6/allocation_at_130/published/openb"),
    ),
    row("F6", "openb placements a second, default", "F6/placements/siting-default/openb", AtLeast(1e5)),
    row("F6", "openb at 130 %, packing for the mix", "F6/allocation_at_130/siting-packing-mix/openb", AtLeast(95.39)),
    row("F6", "openb placements a second, packing for the mix", "F6/placements/siting-packing-mix/openb", AtLeast(1e5)),
    row("F6", "openb at 130 %, packing", "F6/allocation_at_130/siting-packing/openb", Shown),
    row("F6", "openb placements a second, packing", "F6/placements/siting-packing/openb", Shown),
    row("F6", "openb at 130 %, our FGD", "F6/allocation_at_130/paper-fgd/openb", Shown),
    row("F6", "openb at 130 %, our FGD, rounded", "F6/allocation_at_130/paper-fgd-rounded/openb", Shown),
    row("F7", "200 × 200, optimized: dearer than HiGHS", "F7/dearer/siting-optimize/200", AtMost(1.0)),
    row("F7", "  in", "F7/optimize/siting/200", AtMost(5.0 * MS)),
    row("F7", "200 × 200, place_all: dearer than HiGHS", "F7/dearer/siting/200", Shown),
    row("F7", "  in", "F7/place_all/siting/200", Beside("F7/optimum/highs/200")),
    row("F8", "diff of two policy sets", "F8/diff/siting/10000", AtMost(50.0 * MS)),
    row("F9", "drill of every loss", "F9/drill/siting/1000", AtMost(100.0 * MS)),
    row("F10", "refusal with all codes, 10,000 clusters", "F10/refusal/siting/10000", AtMost(50.0 * US)),
    row("F10", "refusal, 100,000 clusters", "F10/refusal/siting/100000", Shown),
    row("F11", "index build, 1,000,000 nodes", "F11/build/siting/1000000", AtMost(500.0 * MS)),
    row("F11", "  every node a pool of its own", "F11/build_single/siting/1000000", Shown),
    row("F11", "bytes a node, idle", "F11/bytes_a_node/siting/idle", AtMost(100.0)),
    row("F11", "bytes a node, a third in use", "F11/bytes_a_node/siting/in_use", Shown),
    row("F11", "  every node a pool of its own", "F11/bytes_a_node/siting/single", Shown),
    row("F11", "index build, 1,000 nodes", "F11/build/siting/1000", Shown),
    row("F11", "index build, 10,000 nodes", "F11/build/siting/10000", Shown),
    row("F11", "index build, 100,000 nodes", "F11/build/siting/100000", Shown),
    row("F12", "one decision from Python: over Rust", "F12/overhead/siting/10", AtMost(1.5 * US)),
    row("F12", "  on 1,000 clusters", "F12/overhead/siting/1000", AtMost(1.5 * US)),
    row(
        "F12",
        "one decision from Python, 1,000 clusters",
        "F12/decision/siting/1000",
        Beside("F12/decision/rust/1000"),
    ),
    row(
        "F12",
        "1,000 × 1,000 as bitmasks, against a loop",
        "F12/batch/siting/1000",
        Faster(100.0, "F12/batch/loop/1000"),
    ),
    row("F12", "  against cedarpy", "F12/batch/siting/1000", Beside("F12/batch/cedarpy/1000")),
    row("F12", "  against Rust alone", "F12/batch/siting/1000", Beside("F12/batch/rust/1000")),
    row("F13", "two lifecycle transitions", "F13/two_transitions/bert", AtMost(2.0 * US)),
    row("F13", "autoscale decision by metrics", "F13/autoscale/metrics/10", AtMost(1.0 * US)),
    row("F13", "autoscale decision by requests", "F13/autoscale/requests/10", AtMost(1.0 * US)),
    row("F13", "pick among 100, round-robin", "F13/pick/round-robin/100", AtMost(100.0)),
    row("F13", "pick among 100, least connections", "F13/pick/least-connections/100", AtMost(100.0)),
    row("F13", "pick among 100, ip hash", "F13/pick/ip-hash/100", AtMost(100.0)),
    row("F13", "pick among 100, consistent hash", "F13/pick/consistent-hash/100", AtMost(100.0)),
    row("F19", "mask and pick among 100, round-robin", "F19/pick/round-robin/100", AtMost(150.0)),
    row("F19", "mask and pick among 100, least connections", "F19/pick/least-connections/100", AtMost(150.0)),
    row("F19", "mask and pick among 100, ip hash", "F19/pick/ip-hash/100", AtMost(150.0)),
    row("F19", "mask and pick among 100, consistent hash", "F19/pick/consistent-hash/100", AtMost(150.0)),
    row("F13", "a step of a canary", "F13/rollout/canary", Shown),
    row("F14", "load and check 10,000 documents of YAML", "F14/load_and_check/siting/5000", AtMost(1e9)),
    row("F14", "  10,000 policies and 10,000 deployments", "F14/load_and_check/siting/10000", Shown),
    row("F21", "remedies of a refusal, 10,000 clusters", "F21/remedies/siting/10000", AtMost(1.0 * MS)),
    row("F21", "  that other hardware would not need", "F21/remedies/by_policy/10000", Shown),
];

/// A measured figure.
#[derive(Clone)]
struct Figure {
    value: f64,
    /// Nanoseconds where it is a time.
    unit: String,
}

fn main() {
    let targets = targets();
    let mut figures = BTreeMap::new();
    for target in &targets {
        times(&target.join("criterion"), &mut figures);
        values(&target.join("bench-values"), &mut figures);
    }
    let rows: Vec<Value> = ROWS.iter().map(|row| line(row, &figures)).collect();
    table(&rows);
    let others = figures.iter().map(|(id, figure)| (id.clone(), json!({"value": figure.value, "unit": figure.unit})));
    let report = json!({"rows": rows, "figures": others.collect::<serde_json::Map<_, _>>()});
    if let Some(first) = targets.first() {
        let file = first.join("bench-report.json");
        match fs::write(&file, format!("{report:#}\n")) {
            Ok(()) => println!("\n{}", file.display()),
            Err(error) => println!("\n{}: {error}", file.display()),
        }
    }
    let missing = missing(&figures);
    if !missing.is_empty() {
        eprintln!("\n{} FIGURES ARE MISSING, so the table says nothing of them:", missing.len());
        for figure in missing {
            eprintln!("  {figure}");
        }
    }
}

/// The figures that the table speaks of, and nothing has measured.
fn missing(figures: &BTreeMap<String, Figure>) -> BTreeSet<&'static str> {
    let asked = ROWS.iter().flat_map(|row| {
        let peer = match row.target {
            Growth(_, peer) | Faster(_, peer) | Beside(peer) => Some(peer),
            AtMost(_) | AtLeast(_) | Rate(_) | Shown => None,
        };
        [Some(row.figure), peer]
    });
    asked.flatten().filter(|figure| !figures.contains_key(*figure)).collect()
}

/// Where builds go: of the library's package and of this one.
fn targets() -> Vec<PathBuf> {
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
        return vec![target.into()];
    }
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    vec![package.join("../../target"), package.join("target")]
}

/// Medians, by id.
fn times(folder: &Path, figures: &mut BTreeMap<String, Figure>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|name| name == "new") {
            let id = read(&path.join("benchmark.json")).and_then(|it| it["full_id"].as_str().map(str::to_owned));
            let median = read(&path.join("estimates.json")).and_then(|it| it["median"]["point_estimate"].as_f64());
            if let (Some(id), Some(value)) = (id, median) {
                figures.insert(id, Figure { value, unit: "ns".to_owned() });
            }
        } else if path.is_dir() {
            times(&path, figures);
        }
    }
}

/// Figures that are not times.
fn values(folder: &Path, figures: &mut BTreeMap<String, Figure>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Some(found) = read(&entry.path()) else { continue };
        if let (Some(id), Some(value), Some(unit)) =
            (found["id"].as_str(), found["value"].as_f64(), found["unit"].as_str())
        {
            figures.insert(id.to_owned(), Figure { value, unit: unit.to_owned() });
        }
    }
}

fn read(file: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
}

fn line(row: &Row, figures: &BTreeMap<String, Figure>) -> Value {
    let figure = figures.get(row.figure);
    let other = |id: &str| figures.get(id).cloned();
    let value = figure.map(|figure| figure.value);
    let unit = figure.map_or_else(|| unit_of(row.figure), |figure| figure.unit.as_str());
    // Of the peer to ours: how many times faster we are.
    let ratio = |peer: &Option<Figure>| Some(peer.as_ref()?.value / value?);
    let (target, peer, ratio, met) = match row.target {
        AtMost(limit) => (format!("≤ {}", shown(limit, unit)), None, None, value.map(|value| value <= limit)),
        AtLeast(limit) => (format!("≥ {}", shown(limit, unit)), None, None, value.map(|value| value >= limit)),
        Rate(limit) => (format!("≥ {limit:.0} a second"), None, None, value.map(|value| 1e9 / value >= limit)),
        Growth(limit, id) => {
            let peer = other(id);
            let grown = ratio(&peer).map(|ratio| 1.0 / ratio);
            (format!("≤ {limit} × its peer"), peer.map(|peer| (id, peer)), grown, grown.map(|grown| grown <= limit))
        }
        Faster(limit, id) => {
            let peer = other(id);
            let faster = ratio(&peer);
            (format!("≥ {limit:.0} × faster"), peer.map(|peer| (id, peer)), faster, faster.map(|it| it >= limit))
        }
        Shown => (String::new(), None, None, None),
        Beside(id) => {
            let peer = other(id);
            let faster = ratio(&peer);
            (String::new(), peer.map(|peer| (id, peer)), faster, None)
        }
    };
    json!({
        "id": row.id,
        "what": row.what,
        "figure": row.figure,
        "median": value,
        "unit": unit,
        "shown": figure.map_or_else(|| "—".to_owned(), |figure| shown(figure.value, &figure.unit)),
        "target": target,
        "peer": peer.as_ref().map(|(id, _)| *id),
        "peerMedian": peer.as_ref().map(|(_, peer)| peer.value),
        "peerShown": peer.as_ref().map(|(_, peer)| shown(peer.value, &peer.unit)),
        "ratio": ratio,
        "met": met,
    })
}

/// The unit of a figure that was not measured.
fn unit_of(figure: &str) -> &'static str {
    match figure.split('/').nth(1) {
        Some("dearer" | "allocation_at_130") => "percent",
        Some("placements") => "a second",
        Some("bytes_a_node") => "bytes",
        _ => "ns",
    }
}

fn shown(value: f64, unit: &str) -> String {
    match unit {
        "ns" if value < 1e3 => format!("{value:.0} ns"),
        "ns" if value < 1e6 => format!("{:.2} µs", value / 1e3),
        "ns" if value < 1e9 => format!("{:.2} ms", value / 1e6),
        "ns" => format!("{:.2} s", value / 1e9),
        "percent" => format!("{value:.2} %"),
        "a second" => format!("{value:.0} a second"),
        unit => format!("{value:.1} {unit}"),
    }
}

fn table(rows: &[Value]) {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    println!(
        "{:<4} {:<44} {:>16} {:>22} {:>12} {:<32} {:>10}  met",
        "id", "what", "median", "target", "peer", "", "ratio"
    );
    for row in rows {
        let ratio = row["ratio"].as_f64().map_or_else(String::new, |ratio| match ratio {
            ratio if ratio < 10.0 => format!("{ratio:.2}"),
            ratio => format!("{ratio:.0}"),
        });
        let met = match row["met"].as_bool() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        println!(
            "{:<4} {:<44} {:>16} {:>22} {:>12} {:<32} {:>10}  {met}",
            text(row, "id"),
            text(row, "what"),
            text(row, "shown"),
            text(row, "target"),
            text(row, "peerShown"),
            text(row, "peer"),
            ratio,
        );
    }
}
