//! Documents to specs, one file for each kind or two.
//!
//! A decoder returns nothing where a required part is absent or unreadable, and has then reported it.

mod beamlit;
mod cluster;
mod deployment;
mod environment;
mod hpa;
mod offloading;
mod placement;
mod policy;
mod resources;
mod scenario;
mod scripted;
mod shared;
mod strategy;

pub(super) use beamlit::{model_deployment, policy as beamlit_policy};
pub(super) use cluster::cluster;
pub(super) use deployment::deployment;
pub(super) use environment::{environment, workspace};
pub(super) use placement::running;
pub(super) use policy::policy;
pub(super) use scenario::scenario;
#[cfg(feature = "schema")]
pub(super) use scenario::seen;
