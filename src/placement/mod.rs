//! Scope × inventory × demand → [`Decision`]: where replicas run, or why they cannot.
//!
//! [`decide`] is the one way to a decision. It starts from the pairs that the policies allow and
//! only takes away from them, so nothing it places is outside the allowed set (D9). A refusal is a
//! data structure; sentences are made only when someone asks to read them.
//!
//! Answers for the rules D1–D7 and D9.

mod admitted;
mod alike;
mod allot;
mod ask;
mod asked;
mod cheapest_first;
mod commit;
mod condition;
mod constraint;
mod counts;
mod decision;
mod explain;
mod feasible;
mod figures;
mod limits;
mod lower;
mod next;
mod one_domain;
mod optimize;
mod packing;
mod placed;
mod price;
mod rank;
mod reason;
mod remedies;
mod shortage;
mod spread;
mod together;

pub use admitted::{Admission, admitted_by};
pub use allot::ranking;
pub use ask::Ask;
pub use commit::{CommitError, commit, located};
pub(crate) use commit::{checked, commit_own};
pub use condition::Condition;
pub use constraint::Code;
pub use counts::Counts;
pub use decision::{Decision, Placement, Refusal, Verdict, decide};
pub(crate) use explain::rooms;
pub use explain::{PairExplanation, candidates, explain, explain_cluster};
pub use figures::{Figures, Short, Unmet};
pub use limits::{Limit, Limited};
pub use lower::request;
pub use optimize::{Movable, optimize};
pub use placed::PlacedReplicas;
pub(crate) use price::price;
pub use rank::{PreferenceValue, Rank, UnknownLast};
pub use reason::{Culprit, Reason, culprits_of, policy_reasons};
pub use remedies::{DemandField, HeldRoom, Occupant, Remedies, RemedyBound, RemedyChange, RemedySet};
pub(crate) use remedies::{Governing, Holder, remedies};
