//! Text to typed specs and back: YAML and JSON manifests, the Beamlit formats, JSON Schema.
//!
//! The central type is [`Specs`](spec::Specs): all documents of a load, in which names are still
//! names and every value knows where it was written. [`read`] makes them from texts and reports
//! everything that is wrong at once, each with its place and a correction; [`write_yaml`] and
//! [`write_json`] make texts of them that read back equal.
//!
//! It answers for what manifests look like, and for the rules of single documents: P1 and P9 where
//! they speak of lists that must not be empty, I1's shapes, I2 (quantities are read from text as
//! written), D1's demands, and the places that C8 asks for.
//!
//! ```
//! # #[cfg(feature = "manifest")] {
//! let reading = siting::manifest::read_str("bert.yaml", "
//! apiVersion: siting.dev/v1
//! kind: Deployment
//! metadata: {name: bert-api-v1}
//! spec: {model: bert, replicas: -1, polices: []}
//! ");
//! let problems: Vec<String> = reading.problems.iter().map(ToString::to_string).collect();
//! assert_eq!(problems, [
//!     "bert.yaml:5:31: `replicas` cannot be `-1`",
//!     "bert.yaml:5:35: a deployment's spec has no field `polices`",
//! ]);
//! # }
//! ```

pub mod beamlit;
mod kind;
mod life;
mod metric;
pub(crate) mod same;
pub mod scenario;
pub mod spec;

#[cfg(feature = "manifest")]
mod frame;
#[cfg(feature = "manifest")]
mod heading;
#[cfg(feature = "manifest")]
mod read;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "manifest")]
mod source;
#[cfg(feature = "manifest")]
mod tree;
#[cfg(feature = "manifest")]
mod twins;
#[cfg(feature = "manifest")]
mod write;

pub use kind::Kind;
pub use metric::InvalidMetric;
#[cfg(feature = "manifest")]
pub use read::{
    PolicyTestReading, Reading, ScenarioReading, read, read_policy_tests, read_scenarios, read_step, read_str,
};
#[cfg(feature = "schema")]
pub use schema::schema;
#[cfg(feature = "manifest")]
pub use source::{Gathered, Source, gather};
#[cfg(feature = "manifest")]
pub use write::{write_json, write_yaml};
