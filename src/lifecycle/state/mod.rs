//! What is known of a workload's life: deployments, their statuses and settings, and who holds what.

mod deployment;
mod place;
mod preferences;
mod readiness;
mod role;
mod rollout;
mod settings;
mod site;
mod slot;
mod sound;
mod status;
mod workload;

pub use deployment::{Number, Record, StartedWith, Tombstone};
pub use place::Place;
pub(super) use place::{replicas, same, split};
pub use preferences::{Favoured, Preferred, Preferring};
pub use role::{CAPABILITIES, Capability, CapabilityRow, Role};
pub use rollout::{PromotionStrategy, Rollback, RolloutState, Sight};
pub use settings::{GpuRequirement, PolicyUse, RequestScaling, Requirements, Settings};
pub use site::{Seen, Site};
pub use slot::{Promotion, Slot};
pub use status::{Event, Status, TRANSITIONS, Transition};
pub use workload::State;
