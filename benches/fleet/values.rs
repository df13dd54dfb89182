//! Figures that are not times: bytes, percent, ratios. They lie beside the times, for the report.

use std::path::PathBuf;

/// Where builds go.
pub(crate) fn target() -> PathBuf {
    let package = || PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| package().join("target"), PathBuf::from)
}

/// Where a figure is kept.
fn file_of(id: &str) -> PathBuf {
    target().join("bench-values").join(format!("{}.json", id.replace('/', "_")))
}

/// Forgets what an earlier run kept under an id.
#[allow(dead_code, reason = "one of the benchmarks that share this file needs it")]
pub(crate) fn forget(id: &str) {
    let file = file_of(id);
    if file.exists()
        && let Err(error) = std::fs::remove_file(&file)
    {
        eprintln!("{}: {error}", file.display());
    }
}

/// Keeps a figure under its id.
pub(crate) fn record(id: &str, value: f64, unit: &str) {
    let (folder, file) = (target().join("bench-values"), file_of(id));
    let text = format!("{{\"id\": \"{id}\", \"value\": {value}, \"unit\": \"{unit}\"}}\n");
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, text));
    if let Err(error) = written {
        eprintln!("{}: {error}", file.display());
    }
}
