//! A workload's life: drafts, promotion, release, activation, edits, as a pure state machine.
//!
//! The central type is [`State`]: all that is known of one workload. [`State::apply`] takes the time
//! and a [`Command`] and returns [`Effect`]s for the host to bring about, or a [`Refusal`] that says
//! which rule refuses it and what would be legal next. It reads no clock and asks nobody: where
//! replicas run is decided elsewhere and carried by the command ([`State::placements_needed`]). A
//! [`Journal`] is a state with its history.
//!
//! What may follow what is data: [`CAPABILITIES`] by role, [`TRANSITIONS`] by status, [`Field`]s by
//! what their edit entails. The documentation prints the tables that the code asks.
//!
//! Promotions switch at once when their candidate is active. A strategy among the settings is kept,
//! and no command takes one.
//!
//! Answers for the rules L1–L12 and E3, and for the moves of L13.

mod adoption;
mod apply;
mod changing;
mod command;
mod edit;
mod effect;
mod form;
mod journal;
mod placing;
mod preferred;
mod promotion;
mod refusal;
mod role;
mod routing;
mod running;
mod settings;
mod state;
mod status;
mod step;
mod tables;

pub use adoption::Adopted;
pub use command::{Action, Command, Observation, Push, PushKind};
pub use edit::{Change, Class, Edit, EditPlan, Field, PlannedChange};
pub use effect::{Effect, Endpoint, Notice};
pub use form::{Form, Lacking};
pub use journal::{Around, Entry, Journal, Snapshot, UnknownSchema};
pub use placing::{Place, Placed, PlacementRequest};
pub use preferred::{Favoured, Preferred, Preferring};
pub use refusal::Refusal;
pub use role::{CAPABILITIES, Capability, CapabilityRow, Role};
pub use routing::{Answer, Callee, Cause};
pub use settings::{GpuRequirement, PolicyUse, RequestScaling, Requirements, Settings};
pub use state::{Number, Promotion, Record, Site, Slot, State, Tombstone};
pub use status::{Event, Status, TRANSITIONS, Transition};
pub use step::START_DEADLINE;
pub use tables::{capability_table, field_table, status_diagram, transition_table};
