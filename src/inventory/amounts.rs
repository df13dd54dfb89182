//! What one replica wants beside what one node has, resource by resource.

use super::node::Node;
use super::request::{GpuRequest, Request};
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare, Money};

/// What a node can run out of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Resource {
    /// Cpu, in milli-cores.
    Cpu,
    /// Memory, in bytes.
    Memory,
    /// Storage, in bytes.
    Storage,
    /// Bandwidth, in bits per second.
    Bandwidth,
    /// Whole GPUs, or the free part of one where a share is wanted; in thousandths.
    Gpu,
    /// Replicas that may run on one node.
    Replicas,
    /// Nodes: a pool that is scaled to zero has none.
    Nodes,
    /// What a replica costs an hour, in millionths: no node runs out of it, but a demand may bound it (D1).
    Price,
}

impl Resource {
    /// The resource as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Storage => "storage",
            Self::Bandwidth => "bandwidth",
            Self::Gpu => "gpu",
            Self::Replicas => "replicas",
            Self::Nodes => "nodes",
            Self::Price => "price",
        }
    }

    /// An amount of it, as manifests write it: `1500m`, `16Gi`.
    #[must_use]
    pub fn written(self, amount: u64) -> String {
        match self {
            Self::Cpu => Cpu::milli_cores(amount).to_string(),
            Self::Memory | Self::Storage => Bytes::new(amount).to_string(),
            Self::Bandwidth => Bandwidth::bits_per_second(amount).to_string(),
            Self::Gpu => {
                let whole = u64::from(GpuShare::WHOLE);
                let text = format!("{}.{:03}", amount / whole, amount % whole);
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Self::Replicas | Self::Nodes => amount.to_string(),
            Self::Price => Money::micros(amount).to_string(),
        }
    }
}

/// What one replica wants of each resource, and what there is of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amounts([(Resource, u64, u64); 6]);

impl Amounts {
    /// What a request wants, and what is free on a node.
    pub(crate) fn both(request: &Request, node: &Node) -> Self {
        let whole = u64::from(Node::WHOLE);
        let gpus = match request.gpu {
            GpuRequest::None => node.gpu_thousandths,
            GpuRequest::Whole(_) => node.gpus.iter().filter(|&&free| free == Node::WHOLE).count() as u64 * whole,
            GpuRequest::Share(_) => node.gpus.iter().copied().max().unwrap_or(0).into(),
        };
        Self([
            (Resource::Cpu, request.cpu.get(), node.cpu),
            (Resource::Memory, request.memory.get(), node.memory),
            (Resource::Storage, request.storage.get(), node.storage),
            (Resource::Bandwidth, request.bandwidth.get(), node.bandwidth),
            (Resource::Gpu, request.gpu.thousandths(), gpus),
            (Resource::Replicas, 1, node.replicas),
        ])
    }

    /// Where there is no node.
    pub(crate) fn no_node() -> Self {
        Self([(Resource::Nodes, 1, 0); 6])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Resource, u64, u64)> {
        self.0.into_iter()
    }
}
