//! What one replica takes of one node.

use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare, Money};

use super::cluster::Shape;

/// What one replica takes of one node, whatever flavor it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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
    /// Whether an empty node of this shape holds it.
    #[must_use]
    pub fn fits(&self, shape: &Shape) -> bool {
        self.cpu <= shape.cpu
            && self.memory <= shape.memory
            && shape.storage.is_none_or(|limit| self.storage <= limit)
            && shape.bandwidth.is_none_or(|limit| self.bandwidth <= limit)
            && self.gpu.thousandths() <= shape.gpu_thousandths()
    }

    /// What a replica costs on a node of this shape and price (I5): the node's price times the
    /// largest share of any one resource, rounded up to a millionth. A resource that the node does
    /// not state limits nothing and costs nothing.
    ///
    /// `None` where the replica does not fit such a node.
    #[must_use]
    pub fn price(&self, shape: &Shape, node_price: Money) -> Option<Money> {
        let shares = [
            (self.cpu.get(), Some(shape.cpu.get())),
            (self.memory.get(), Some(shape.memory.get())),
            (self.storage.get(), shape.storage.map(Bytes::get)),
            (self.bandwidth.get(), shape.bandwidth.map(Bandwidth::get)),
            (self.gpu.thousandths(), Some(shape.gpu_thousandths())),
        ];
        // The node's price times a share, rounded up; rounding keeps the order of shares.
        let parts = shares.into_iter().map(|(taken, whole)| match (taken, whole) {
            (0, _) | (_, None) => Some(0),
            (taken, Some(whole)) if taken <= whole => {
                Some((u128::from(node_price.get()) * u128::from(taken)).div_ceil(u128::from(whole)))
            }
            _ => None,
        });
        let largest = parts.collect::<Option<Vec<u128>>>()?.into_iter().max()?;
        u64::try_from(largest).ok().map(Money::micros)
    }
}
