//! The clusters there are, what is free on them, and the index that policies meet.
//!
//! The central type is [`Inventory`]: a shared, immutable [`Fleet`] and the little that changes:
//! health, cordons, age, what is free, reservations. Cloning one is cheap and makes a snapshot.
//!
//! Answers for the rules I1–I5, I8.

mod allowed;
mod amounts;
mod changes;
mod cluster;
mod fleet;
mod freshness;
mod gone;
mod in_use;
mod index;
mod kind;
mod node;
mod node_numbers;
mod nodes;
mod observed;
mod owner;
mod points;
mod request;
mod reservation;
mod slice;
mod state;
mod succession;

pub use allowed::Allowed;
pub(crate) use amounts::Amounts;
pub use amounts::Resource;
pub use changes::RemoveClusterError;
pub use cluster::{Cluster, ClusterDef, Gpus, NodeUse, Pool, PoolDef, Shape, Used};
pub use fleet::{Fleet, InvalidFleet, Pair};
pub use freshness::Takers;
pub(crate) use in_use::OffersInUse;
pub use index::{Class, ClusterClass, Index, Place};
pub use kind::{Hardware, Kind, Offer};
pub use node::{Node, Remainder};
pub(crate) use node_numbers::ClosedNodes;
#[cfg(feature = "manifest")]
pub(crate) use node_numbers::ClosedPool;
pub use nodes::Nodes;
pub use owner::Owner;
pub use points::Points;
pub(crate) use points::is_of_clusters;
pub use request::{GpuRequest, Request, Share};
pub use reservation::{Reservation, RestoreError};
pub use slice::{Devices, InvalidSlice, Slice, SliceNeed};
pub use state::{Inventory, ReservationId, ReserveError, UnknownReservation};
pub use succession::Displaced;
pub(crate) use succession::{Homeless, Restated};
