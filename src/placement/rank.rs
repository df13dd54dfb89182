//! Which candidate is best for the next replica (D5).

use crate::id::PairId;
use crate::inventory::Remainder;
use crate::quantity::Money;

/// How good a candidate is for the next replica; smaller is better. The parts are compared in
/// their order, and the last of them differs between any two candidates, so the order is total
/// (D4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rank {
    /// Whether a pool with GPUs would hold a replica that demands none.
    pub spends_gpus: bool,
    /// What a replica costs; the unknown comes last.
    pub price: UnknownLast<Money>,
    /// What the replica leaves on its node; the unlimited comes last.
    pub left: UnknownLast<Remainder>,
    /// Cluster, pool, flavor kind and code, by bytes: ids ascend with them.
    pub pair: PairId,
}

/// A value that may be unknown, which compares as more than any known one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum UnknownLast<T> {
    /// Known.
    Known(T),
    /// Unknown or without end.
    Unknown,
}

impl<T> UnknownLast<T> {
    /// The value, where known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl<T> From<Option<T>> for UnknownLast<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Self::Known)
    }
}
