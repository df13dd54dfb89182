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
//! Answers for the rules L1–L12, L14 and E3, for the moves of L13, for what R1–R3 ask of a promotion, and for R4.

mod autoscaling;
mod commands;
mod desired;
mod effects;
mod journal;
mod placements;
mod promotion;
mod refusal;
mod routes;
mod state;
mod tables;

pub use autoscaling::Load;
pub use commands::{
    Action, Adopted, Change, Class, Command, Edit, EditPlan, Field, Form, Lacking, Observation, PlaceSeen,
    PlannedChange, Push, PushKind, START_DEADLINE,
};
pub use desired::{Desired, DesiredDeployment, DesiredRoute};
pub use effects::{Effect, Endpoint, Notice, Weight};
pub use journal::{Around, Entries, Entry, Journal, Snapshot, UnknownSchema};
pub use placements::{Placed, PlacementRequest, Purpose};
pub use refusal::Refusal;
pub use routes::{Answer, Callee, Cause, Share};
pub use state::{
    CAPABILITIES, Capability, CapabilityRow, Event, Favoured, GpuRequirement, Number, Place, PolicyUse, Preferred,
    Preferring, Promotion, PromotionStrategy, Record, RequestScaling, Requirements, Role, Rollback, RolloutState, Seen,
    Settings, Sight, Site, Slot, StartedWith, State, Status, TRANSITIONS, Tombstone, Transition,
};
pub use tables::{capability_table, field_table, status_diagram, transition_table};
