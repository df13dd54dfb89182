//! What one replica takes of one node.

use serde::{Deserialize, Serialize};

use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare, Money};

use super::cluster::Shape;

/// What one replica takes of one node, whatever flavor it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Cpu.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Bytes,
    /// Storage.
    pub storage: Bytes,
    /// Bandwidth.
    pub bandwidth: Bandwidth,
    /// GPUs.
    pub gpu: GpuRequest,
}

/// The GPUs one replica takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GpuRequest {
    /// None.
    #[default]
    None,
    /// This many whole ones.
    Whole(u32),
    /// A share of one.
    Share(GpuShare),
}

impl GpuRequest {
    /// Thousandths of GPUs taken.
    #[must_use]
    pub fn thousandths(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Whole(count) => u64::from(count) * u64::from(GpuShare::WHOLE),
            Self::Share(share) => u64::from(share.thousandths()),
        }
    }
}

impl Request {
    /// The most of each resource that either takes, beside this one's GPUs.
    pub(crate) fn most_beside_gpus(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
            storage: self.storage.max(other.storage),
            bandwidth: self.bandwidth.max(other.bandwidth),
            gpu: self.gpu,
        }
    }

    /// Whether an empty node of this shape holds it.
    #[must_use]
    pub fn fits(&self, shape: &Shape) -> bool {
        self.cpu <= shape.cpu
            && self.memory <= shape.memory
            && shape.storage.is_none_or(|limit| self.storage <= limit)
            && shape.bandwidth.is_none_or(|limit| self.bandwidth <= limit)
            && shape.replicas.is_none_or(|most| most >= 1)
            && self.gpu.thousandths() <= shape.gpu_thousandths()
    }

    /// What a replica costs on a node of this shape and price (I5): the node's price times the
    /// largest share of any one resource, rounded up to a millionth. A resource that the node does
    /// not state limits nothing and costs nothing.
    ///
    /// `None` where the replica does not fit such a node.
    #[must_use]
    pub fn price(&self, shape: &Shape, node_price: Money) -> Option<Money> {
        Some(self.largest_share(shape)?.of(node_price))
    }

    /// The largest share that a replica takes of any one resource of a node of this shape; `None` where
    /// it does not fit one.
    #[must_use]
    pub fn largest_share(&self, shape: &Shape) -> Option<Share> {
        let resources = [
            (self.cpu.get(), Some(shape.cpu.get())),
            (self.memory.get(), Some(shape.memory.get())),
            (self.storage.get(), shape.storage.map(Bytes::get)),
            (self.bandwidth.get(), shape.bandwidth.map(Bandwidth::get)),
            (self.gpu.thousandths(), Some(shape.gpu_thousandths())),
        ];
        let mut largest = Share { taken: 0, whole: 1 };
        for (taken, whole) in resources {
            let Some(whole) = whole.filter(|_| taken > 0) else { continue };
            if taken > whole {
                return None;
            }
            let share = Share { taken, whole };
            if share.exceeds(&largest) {
                largest = share;
            }
        }
        Some(largest)
    }
}

/// A part of a whole, at most all of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Share {
    taken: u64,
    /// Above 0.
    whole: u64,
}

impl Share {
    /// This share of a price, rounded up to a millionth. A larger share never gives less.
    #[must_use]
    pub fn of(self, price: Money) -> Money {
        let part = (u128::from(price.get()) * u128::from(self.taken)).div_ceil(u128::from(self.whole));
        // A part is at most the whole, so it always fits.
        Money::micros(u64::try_from(part).unwrap_or(price.get()))
    }

    /// How many such shares a whole holds; without end where nothing is taken.
    #[must_use]
    pub fn times(self) -> u64 {
        self.whole.checked_div(self.taken).unwrap_or(u64::MAX)
    }

    fn exceeds(&self, other: &Self) -> bool {
        u128::from(self.taken) * u128::from(other.whole) > u128::from(other.taken) * u128::from(self.whole)
    }
}
