//! Where a request goes: pure decisions over plain state.
//!
//! A [`Balancer`] chooses one of a deployment's backends by an [`Algorithm`]; [`Sessions`] keep a client
//! with its backend; a [`Split`] shares requests between versions; [`Offloading`] sends some of them, or
//! all, to a remote side. [`Masks`] say where callers may be answered, by the country that they come from. Time and
//! random numbers are arguments.
//!
//! Invariant `usable-only`: a backend is chosen only while it is ready, healthy, allowed, not draining
//! and not at its limit of connections. Where there is none, there is no route, with the cause; nothing
//! is ever tried in spite of that (R7).
//!
//! Invariant `within-mask`: a backend is chosen only where the caller's mask admits its place (P18); a caller who does not
//! say where it calls from is bound by the mask of unknown callers.
//!
//! Answers for the rules R5–R7, and for the routing part of R3 and P18.

mod backend;
mod balancer;
mod hashing;
mod health;
mod kept;
mod masks;
mod offloading;
mod sessions;
mod split;
mod turns;

pub use backend::{Backend, BackendId, Cause, NoRoute, VersionId};
pub use balancer::{Algorithm, Balancer, Caller, InvalidBackends};
pub use hashing::Ring;
pub use health::{Checks, FailedRequests, Health};
pub use masks::{Country, InvalidCountry, Mask, Masks, SiteId};
pub use offloading::{Destination, Load, LocalSide, Offloading, Remote, RemoteId, Routing, Side, Why};
pub use sessions::{Bound, Sessions, TooManySessions};
pub use split::{InvalidSplit, Split};
