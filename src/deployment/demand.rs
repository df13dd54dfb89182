//! What one replica takes (D1).

use smallvec::SmallVec;

use crate::catalog::{Choice, Meaning};
use crate::inventory::{GpuRequest, Request, SliceNeed};
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare, Money};

/// What one replica takes, and the most that it may cost.
///
/// ```
/// use siting::deployment::Demand;
///
/// let demand = Demand::any_flavor().within("2.50".parse()?);
/// assert_eq!(demand.max_price.map(|price| price.to_string()).as_deref(), Some("2.5"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Demand {
    /// What it takes.
    pub needs: Needs,
    /// The most that one replica may cost an hour. A place of unknown price is no candidate under it.
    pub max_price: Option<Money>,
}

/// What one replica takes: of any flavor, or stated resources.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Needs {
    /// No resources stated: any flavor will do. It takes no cpu or memory, and one whole GPU if it
    /// runs on a gpu flavor.
    #[default]
    AnyFlavor,
    /// These.
    Stated(Resources),
}

/// Stated resources of one replica.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Resources {
    /// Cpu.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Bytes,
    /// Storage; 0 where not stated.
    pub storage: Bytes,
    /// Network bandwidth; 0 where not stated.
    pub bandwidth: Bandwidth,
    /// The cpu flavor of the machine, also for GPU workloads.
    pub cpu_type: Option<Choice>,
    /// The alternatives of a gpu demand, in order; none is a demand for a cpu flavor.
    pub gpus: SmallVec<[GpuNeed; 1]>,
}

/// One alternative of a gpu demand.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct GpuNeed {
    /// How many, from 1.
    pub count: u32,
    /// The hardware of which any one will do, as nodes of the tree; if empty, any hardware will do.
    pub codes: Meaning,
    /// The minimum memory of one GPU.
    pub memory: Option<Bytes>,
    /// A share of one GPU; the count is 1 then.
    pub share: Option<GpuShare>,
    /// The slices of devices that it asks for instead of whole GPUs (I7).
    pub slice: Option<SliceNeed>,
}

impl Resources {
    /// What one replica takes of one node under one of the alternatives, whatever the flavor; a share of a
    /// whole GPU is a whole GPU.
    #[must_use]
    pub fn request(&self, alternative: usize) -> Request {
        let gpu = self.gpus.get(alternative).map_or(GpuRequest::None, |need| match need.share {
            Some(share) if share.thousandths() < GpuShare::WHOLE => GpuRequest::Share(share),
            Some(_) | None => GpuRequest::Whole(need.count),
        });
        Request { cpu: self.cpu, memory: self.memory, storage: self.storage, bandwidth: self.bandwidth, gpu }
    }
}

impl Needs {
    fn resources(&self) -> Option<&Resources> {
        match self {
            Self::AnyFlavor => None,
            Self::Stated(resources) => Some(resources),
        }
    }
}

impl Demand {
    /// No resources stated: any flavor will do, at any price.
    #[must_use]
    pub const fn any_flavor() -> Self {
        Self { needs: Needs::AnyFlavor, max_price: None }
    }

    /// These resources, at any price.
    #[must_use]
    pub const fn stated(resources: Resources) -> Self {
        Self { needs: Needs::Stated(resources), max_price: None }
    }

    /// The same, where a replica costs no more than this an hour.
    #[must_use]
    pub fn within(self, max_price: Money) -> Self {
        Self { max_price: Some(max_price), ..self }
    }

    /// The resources, where some are stated.
    #[must_use]
    pub fn resources(&self) -> Option<&Resources> {
        self.needs.resources()
    }

    /// How many alternatives there are to satisfy it, from 1.
    #[must_use]
    pub fn alternatives(&self) -> usize {
        self.resources().map_or(1, |resources| resources.gpus.len().max(1))
    }

    /// The gpu need of an alternative; `None` where no GPU is demanded.
    #[must_use]
    pub fn gpu(&self, alternative: usize) -> Option<&GpuNeed> {
        self.resources().and_then(|resources| resources.gpus.get(alternative))
    }

    /// Whether a GPU is demanded.
    #[must_use]
    pub fn wants_gpu(&self) -> bool {
        self.gpu(0).is_some()
    }
}
