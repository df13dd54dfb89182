//! Figures that are not times: bytes, percent, ratios. They lie beside the times, for the report.

use std::path::PathBuf;

/// Where builds go.
pub(crate) fn target() -> PathBuf {
    let package = || PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| package().join("target"), PathBuf::from)
}

/// Keeps a figure under its id.
pub(crate) fn record(id: &str, value: f64, unit: &str) {
    let folder = target().join("bench-values");
    let file = folder.join(format!("{}.json", id.replace('/', "_")));
    let text = format!("{{\"id\": \"{id}\", \"value\": {value}, \"unit\": \"{unit}\"}}\n");
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, text));
    if let Err(error) = written {
        eprintln!("{}: {error}", file.display());
    }
}
