//! Values, worlds and laws for tests of code that builds on this crate (features `proptest`, `arbitrary`).
//!
//! The central type is [`Choices`]: a list of small choices that values are drawn from. Whatever is
//! drawn is valid, and one description serves every kind of test:
//!
//! - `any::<PolicySpec>()`, `any_with::<Specs>(options)` or [`drawn`] with proptest, where failures shrink by
//!   their choices;
//! - `Unstructured::arbitrary::<Specs>()` in fuzz targets, or `Choices::of_bytes` for what has options;
//! - [`Choices::seeded`] where a seed is all there is;
//! - [`every`], which walks through all values there are.
//!
//! [`worlds`](WorldOptions) are whole fleets with policies and deployments that know of each other, in
//! several shapes. [`laws`] are what must hold of any platform that decides about them: implement
//! [`Decider`](laws::Decider) for your own platform, and have each law checked on as many worlds as you
//! like.
//!
//! ```
//! # #[cfg(feature = "proptest")] {
//! use proptest::prelude::*;
//! use siting::testing::laws::{self, Siting};
//! use siting::testing::{WorldOptions, worlds};
//!
//! // Shrinking stops after four times as many tries as there are cases, unless it is told when to: too soon
//! // where there are few.
//! let config = ProptestConfig { cases: 8, max_shrink_iters: 10_000, ..ProptestConfig::default() };
//! proptest!(config, |(world in worlds(WorldOptions::default()))| {
//!     laws::of_policies(&Siting, &world)?;
//! });
//! # }
//! ```
//!
//! Tests what the rules imply; implements none of them.

mod answers;
mod beamlit;
mod choices;
mod demands;
mod deployments;
mod documents;
mod enumerate;
mod fleets;
mod implemented;
mod inventories;
pub mod laws;
mod lives;
mod loaded;
mod next_action;
mod outcomes;
mod policies;
mod rates;
mod records;
mod rollouts;
mod routes;
mod scalers;
mod scenarios;
mod selection;
mod series;
mod settings;
#[cfg(feature = "proptest")]
mod strategies;
#[cfg(feature = "proptest")]
mod strategy;
mod values;
mod worlds;

pub use choices::{Choices, Draw};
pub use enumerate::{every, every_world};
pub use lives::{CommandOptions, CommandSequence};
pub use selection::FleetShape;
pub use series::{Course, Measured, Series, SeriesOptions};
#[cfg(feature = "proptest")]
pub use strategies::{command_sequences, deployment_for, inventory_for, metric_series, policies_for, worlds};
#[cfg(feature = "proptest")]
pub use strategy::{Drawn, DrawnTree, DrawnType, drawn};
pub use worlds::{WorldOptions, draw_deployment, draw_inventory, draw_policies};
