//! One function a command: ask the library, make the report, print it.

mod catalog;
mod explain;
mod names;
mod place;

pub(super) use catalog::catalog;
pub(super) use explain::explain;
pub(super) use place::place;
