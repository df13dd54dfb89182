//! What the fuzz targets run. The bodies are also run on stable, over the corpora that are checked in.

pub mod bodies;

#[path = "../../tests/differential_support/mod.rs"]
pub mod differential_support;
#[path = "../../tests/oracle/mod.rs"]
pub mod oracle;
