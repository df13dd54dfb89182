//! Reports as tables and sentences, for people.

mod catalog;
mod chart;
mod check;
mod description;
pub(super) mod diagnostics;
mod diff;
mod drill;
mod explain;
pub(super) mod github;
pub(super) mod junit;
mod options;
mod place;
mod policy_tests;
pub(super) mod sarif;
mod secrets;
mod simulation;
mod snippet;
mod style;
mod table;
mod texts;
mod verification;
mod words;

pub(super) use catalog::catalog;
pub(super) use check::check;
pub(super) use description::description;
pub(super) use diff::{diff, diff_markdown};
pub(super) use drill::{drain, drill};
pub(super) use explain::{explain, explain_cluster};
pub(super) use options::options;
pub(super) use place::place;
pub(super) use policy_tests::policy_tests;
pub(super) use simulation::simulation;
pub(super) use style::Style;
pub(super) use texts::Texts;
pub(super) use verification::{beyond, verification};
