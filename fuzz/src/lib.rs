//! What the fuzz targets run. The bodies are also run on stable, over the corpora that are checked in.

pub mod bodies;

#[path = "../../tests/differential/comparison/mod.rs"]
pub mod comparison;
#[path = "../../tests/oracle/mod.rs"]
pub mod oracle;
