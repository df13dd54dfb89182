//! One function a command: ask the library, make the report, print it.

mod catalog;
mod check;
mod explain;
mod names;
mod options;
mod place;
mod schema;

pub(super) use catalog::catalog;
pub(super) use check::check;
pub(super) use explain::explain;
pub(super) use options::options;
pub(super) use place::place;
pub(super) use schema::schema;
