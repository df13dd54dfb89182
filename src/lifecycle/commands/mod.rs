//! What may be asked of a workload, and how each command is carried out.
//!
//! A command runs as a [`Step`]: a state on its way to the next. The files beside this one add the moves of
//! one kind of command each.

mod action;
mod adopt;
mod apply;
mod edit;
mod edit_plan;
mod forms;
mod loss;
mod observation;
mod observe;
mod push;
mod relocate;
mod rename_and_delete;
mod scale;
mod settings;
mod start_and_stop;
mod step;

pub use action::{Action, Command, Push, PushKind};
pub use adopt::Adopted;
pub use edit_plan::{Change, Class, Edit, EditPlan, Field, PlannedChange};
pub use forms::{Form, Lacking};
pub use observation::{Observation, PlaceSeen};
pub use step::START_DEADLINE;
pub(super) use step::{Newcomer, Step, next_step};
