//! How an environment's slot changes hands: at once, or step by step by a strategy (L3–L7, R1).

mod promote;
mod rollout;
mod sides;
mod sizes;
mod strategy;

pub(super) use promote::{How, Made};
