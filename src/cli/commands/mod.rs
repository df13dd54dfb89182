//! One function a command: ask the library, make the report, print it.

mod catalog;
mod check;
mod describe;
mod diff;
mod drill;
mod explain;
mod options;
mod place;
mod schema;
mod simulate;
mod test;
mod verify;

pub(super) use catalog::catalog;
pub(super) use check::check;
pub(super) use describe::describe;
pub(super) use diff::diff;
pub(super) use drill::{drain, drill};
pub(super) use explain::explain;
pub(super) use options::options;
pub(super) use place::place;
pub(super) use schema::schema;
pub(super) use simulate::simulate;
pub(super) use test::test;
pub(super) use verify::{certify, verify};
