//! Policy and placement: *may this workload run there, where best, why not.*
//!
//! Policies say which places and which hardware are allowed. They are attached at three levels: the
//! workspace, an environment, a deployment. Policies of one type at one level add up; levels, and
//! types, narrow each other. What they leave is matched against the clusters, and a [`Decision`] is the
//! result: placements for all replicas, or a [`Refusal`] that lists the unmet constraints. The library
//! decides; its host carries out the decisions.
//!
//! # A first decision
//!
//! ```
//! # #[cfg(feature = "manifest")] {
//! use siting::Workspace;
//!
//! let workspace: Workspace = r#"
//! apiVersion: siting.dev/v1
//! kind: Policy
//! metadata: {name: us-only}
//! spec: {type: location, locations: [{type: country, name: us}]}
//! ---
//! apiVersion: siting.dev/v1
//! kind: Environment
//! metadata: {name: production}
//! spec: {policies: [us-only]}
//! ---
//! apiVersion: siting.dev/v1
//! kind: Deployment
//! metadata: {name: bert-api-v1}
//! spec: {model: bert, replicas: 2}
//! ---
//! apiVersion: siting.dev/v1
//! kind: Cluster
//! metadata: {name: paris}
//! spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
//! "#.parse()?;
//! let decision = workspace.place("bert-api-v1")?.decision;
//!
//! assert_eq!(decision.placed().count(), 0);
//! let refusal = decision.refusal().ok_or("placed")?;
//! assert_eq!(refusal.reasons[0].message(), "the place is not allowed by `us-only` (environment)");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to begin
//!
//! - With manifests: `Workspace::load` reads files, `Workspace::from_sources` texts. Then
//!   [`Workspace::place`] decides, and [`Workspace::explain`] says why not elsewhere.
//! - With data of your own: build [`specs`](manifest::spec::Specs) and call
//!   [`Workspace::from_specs`](workspace::Workspace::from_specs).
//! - With nothing but the core: a [`Scope`](policy::Scope) compiled from policies, an
//!   [`Inventory`](inventory::Inventory), and [`placement::decide`].
//!
//! The [`guide`], `docs/guide.md` in the package, has a cookbook, the reference of manifests and command
//! line, and the reasons for the design.
//!
//! # Modules
//!
//! Each module imports only those above it in this table.
//!
//! | module | holds |
//! | --- | --- |
//! | [`id`] [`bitset`] [`quantity`] [`time`] [`origin`] `document` | typed ids and names; sets as bits; exact
//! quantities and money; moments; where a value was written; how a record is written in text |
//! | [`catalog`] | continents, countries, groups, locations, flavors: names and aliases to ids |
//! | [`policy`] | policies, attachments, environments; [`Scope`](policy::Scope), what those in force leave |
//! | [`inventory`] | clusters and pools, the index that policies meet, free capacity, reservations |
//! | [`metrics`] | metric specs, sliding windows of observations, comparison with targets |
//! | [`scaling`] [`traffic`] [`rollout`] | autoscaling; load balancing and offloading; update strategies and their
//! judgement |
//! | [`deployment`] | what a user asks for: workload, demand, preferences, settings |
//! | [`placement`] | scope × inventory × demand → [`Decision`] |
//! | [`lifecycle`] | a workload's deployments, slots and commands, as a pure state machine |
//! | [`manifest`] | text to typed specs and back |
//! | [`workspace`] | the main entry point: all names resolved at once, decisions about deployments |
//! | [`analysis`] | questions about a workspace: lints, and which options remain |
//! | `simulation` | scenarios on a scripted clock |
//! | [`report`] | the answers as values, read and written by serde, with their JSON Schema |
//! | `testing` | values, worlds and laws for the tests of code that builds on this crate |
//! | `cli` | the command line as a function |
//!
//! # Features
//!
//! Each only adds; none changes what is decided.
//!
//! - `manifest` (default): YAML and JSON. Without it the spec types are still there, to be built in
//!   code.
//! - `schema`: JSON Schema of the manifests and of the reports.
//! - `cli`: the command line, as `siting::cli::run` and as the binary `siting`.
//! - `proptest`, `arbitrary`: the module `testing`, with strategies or for fuzzers' bytes.
//!
//! # Promises
//!
//! - A decision never goes beyond what the policies allow: candidates come from the scope, and later steps
//!   only remove some of them.
//! - Equal inputs give equal decisions, whatever the order of the input. Nothing asks for the time, a
//!   random number or the network, and nothing that decides is floating point.
//! - A decision is a value, never an error. Errors are for bad input; a load reports all of them together.
//! - No `unsafe`.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod analysis;
pub mod bitset;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod deployment;
#[cfg_attr(
    not(feature = "schema"),
    expect(dead_code, unused_imports, reason = "nothing reads or describes documents then")
)]
mod document;
pub mod id;
pub mod inventory;
pub mod lifecycle;
pub mod manifest;
pub mod metrics;
pub mod origin;
pub mod placement;
pub mod policy;
pub mod quantity;
pub mod report;
pub mod rollout;
pub mod scaling;
#[cfg(feature = "manifest")]
pub mod simulation;
#[cfg(any(feature = "proptest", feature = "arbitrary"))]
pub mod testing;
pub mod time;
pub mod traffic;
pub mod workspace;

// What most hosts need. Everything else is in the modules.
#[cfg(feature = "manifest")]
pub use manifest::Source;
pub use placement::{Decision, PlacedReplicas, Reason, Refusal, Verdict};
pub use policy::Policy;
pub use workspace::{LoadError, LoadOptions, LookupError, Outcome, Workspace};

// Crates whose types are used in public fields.
pub use {indexmap, smallvec};

/// The examples of the README, as tests.
#[cfg(all(doctest, feature = "manifest"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guide, from `docs/guide.md`; its links to other pages are for readers of the repository.
#[cfg(all(doc, feature = "manifest"))]
#[doc = include_str!("../docs/guide.md")]
pub mod guide {}
