//! One function a command: ask the library, make the report, print it.

mod catalog;
mod check;
mod explain;
mod names;
mod options;
mod place;

pub(super) use catalog::catalog;
pub(super) use check::check;
pub(super) use explain::explain;
pub(super) use options::options;
pub(super) use place::place;
