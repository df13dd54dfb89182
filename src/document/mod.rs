//! How a record stands in text: trees in which everything has its place, values on their way out, and the
//! reading of objects field by field, with all problems at once.
//!
//! The text itself is parsed and printed in [`manifest`](crate::manifest).

mod fields;
mod item;
mod nearest;
mod node;
mod report;
mod scalar;
mod value;
mod wording;

pub(crate) use fields::{Context, Fields};
pub(crate) use item::Item;
pub use nearest::nearest;
pub(crate) use nearest::{NearestNames, ranked};
pub(crate) use node::{Entry, Node, Place, Value};
#[cfg(test)]
pub(crate) use report::KNOWN;
pub(crate) use report::Report;
pub(crate) use scalar::is_number;
pub(crate) use value::{Map, Value as Written};
pub(crate) use wording::{quoted, suggestion};
