//! How a record is written in text: trees in which every value has its place, values to be written, and the
//! reading of objects field by field, with all problems at once.
//!
//! A record is declared once, by `document!`: its struct, reader, writer and description are made of one
//! declaration. The central traits are [`Format`], how a value is written in text, and [`Field`], how in an
//! object.
//!
//! The text itself is parsed and printed in [`manifest`](crate::manifest).

mod declare;
mod fields;
mod format;
mod item;
mod nearest;
mod node;
mod report;
mod scalar;
mod shape;
mod value;
mod wording;

pub(crate) use declare::{camel, camel_length, document, reads_words, words};
pub(crate) use fields::{Context, Fields};
pub(crate) use format::{
    Elsewhere, Every, Field, Format, Lenient, Nonempty, OrUnlimited, Record, Reference, Seconds, Span, Whole,
    describe_or, put_unless, take_or,
};
pub(crate) use item::Item;
pub use nearest::nearest;
pub(crate) use nearest::{NearestNames, ranked};
pub(crate) use node::{Entry, Node, Place, Value};
pub(crate) use report::Report;
pub(crate) use scalar::is_number;
pub(crate) use shape::{FieldShape, Presence, RecordShape, Rule, Shape};
pub(crate) use value::{Map, Value as Written};
pub(crate) use wording::{quoted, suggestion};
