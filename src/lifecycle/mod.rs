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
//! A promotion switches at once when its candidate is active, or replaces the holder step by step, by a
//! strategy of [`rollout`](crate::rollout): then it holds the rollout's state, and goes on by what the host
//! sees of both sides ([`Sight`]).
//!
//! Answers for the rules L1–L12 and E3, for the moves of L13, for what R1–R3 ask of a promotion, and for R4.

mod adoption;
mod apply;
mod autoscaling;
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
mod replacement;
mod replacing;
mod role;
mod routing;
mod running;
mod settings;
mod state;
mod status;
mod step;
mod tables;
mod takeover;

pub use adoption::Adopted;
pub use autoscaling::Load;
pub use command::{Action, Command, Observation, Push, PushKind};
pub use edit::{Change, Class, Edit, EditPlan, Field, PlannedChange};
pub use effect::{Effect, Endpoint, Notice, Weight};
pub use form::{Form, Lacking};
pub use journal::{Around, Entry, Journal, Snapshot, UnknownSchema};
pub use placing::{Place, Placed, PlacementRequest};
pub use preferred::{Favoured, Preferred, Preferring};
pub use refusal::Refusal;
pub use replacement::{Replacement, Rollback, Sight, Takeover};
pub use role::{CAPABILITIES, Capability, CapabilityRow, Role};
pub use routing::{Answer, Callee, Cause, Share};
pub use settings::{GpuRequirement, PolicyUse, RequestScaling, Requirements, Settings};
pub use state::{Number, Promotion, Record, Site, Slot, State, Tombstone};
pub use status::{Event, Status, TRANSITIONS, Transition};
pub use step::START_DEADLINE;
pub use tables::{capability_table, field_table, status_diagram, transition_table};
