//! The demands that are expected, for packing that leaves room for them (D5).

use super::demand::Resources;
use crate::inventory::{GpuRequest, Request};

/// Demands that a fleet is expected to meet, each with its weight: how often it is expected relative to the
/// others. Only those that need GPUs count.
///
/// ```
/// use siting::catalog::Meaning;
/// use siting::deployment::{GpuNeed, Mix, Resources};
/// use siting::quantity::{Bytes, Cpu};
///
/// let gpus = |count| Resources {
///     cpu: Cpu::milli_cores(4000),
///     memory: Bytes::new(16 << 30),
///     gpus: [GpuNeed { count, ..GpuNeed::default() }].into_iter().collect(),
///     ..Resources::default()
/// };
/// let mix = Mix::new([(gpus(1), 9), (gpus(8), 1)])?;
/// assert_eq!(mix.by_gpus().len(), 2);
/// # Ok::<(), siting::deployment::InvalidMix>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mix {
    by_gpus: Vec<OfGpus>,
    names_hardware: bool,
}

/// The expected demands that take the same GPUs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfGpus {
    /// The GPUs that one replica takes.
    pub gpu: GpuRequest,
    /// Their weights together.
    pub weight: u64,
    /// The most that any of them takes of each resource.
    pub most: Request,
    /// The demands.
    pub demands: Vec<Expected>,
}

/// One expected demand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// What it states.
    pub resources: Resources,
    /// What one replica takes.
    pub request: Request,
    /// How often it is expected, relative to the others.
    pub weight: u32,
}

/// Why demands make no mix.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMix {
    /// Nothing is expected.
    #[error("the expected demands have no weight; give at least one a weight above 0")]
    Weightless,
    /// The sum of the weights is too large.
    #[error("the weights of the expected demands come to more than {}", u32::MAX)]
    TooHeavy,
    /// The demand at this place, from 0, can be satisfied in several ways.
    #[error("expected demand {0} has alternatives; list each of them as a demand with its own weight")]
    Alternatives(usize),
}

impl Mix {
    /// A mix of these demands with these weights. The weights of equal demands add up.
    ///
    /// # Errors
    /// [`InvalidMix`].
    pub fn new(demands: impl IntoIterator<Item = (Resources, u32)>) -> Result<Self, InvalidMix> {
        let mut mix = Self { by_gpus: Vec::new(), names_hardware: false };
        let mut total: u32 = 0;
        for (place, (resources, weight)) in demands.into_iter().enumerate() {
            total = total.checked_add(weight).ok_or(InvalidMix::TooHeavy)?;
            if resources.gpus.len() > 1 {
                return Err(InvalidMix::Alternatives(place));
            }
            if weight > 0 {
                mix.add(resources, weight);
            }
        }
        if total == 0 { Err(InvalidMix::Weightless) } else { Ok(mix) }
    }

    /// The demands that need GPUs, by the GPUs that they take.
    #[must_use]
    pub fn by_gpus(&self) -> &[OfGpus] {
        &self.by_gpus
    }

    /// Whether some demand names a flavor, a GPU's memory, a slice or a cpu type, so that not every pool will do.
    #[must_use]
    pub fn names_hardware(&self) -> bool {
        self.names_hardware
    }

    fn add(&mut self, resources: Resources, weight: u32) {
        let Some(need) = resources.gpus.first() else { return };
        self.names_hardware |= !need.codes.is_empty() || need.memory.is_some();
        self.names_hardware |= need.slice.is_some() || resources.cpu_type.is_some();
        let request = resources.request(0);
        let at = self.by_gpus.iter().position(|of| of.gpu == request.gpu).unwrap_or_else(|| {
            self.by_gpus.push(OfGpus { gpu: request.gpu, weight: 0, most: request, demands: Vec::new() });
            self.by_gpus.len() - 1
        });
        let Some(of) = self.by_gpus.get_mut(at) else { return };
        of.weight += u64::from(weight);
        of.most = of.most.most_beside_gpus(request);
        match of.demands.iter_mut().find(|expected| expected.resources == resources) {
            Some(expected) => expected.weight += weight,
            None => of.demands.push(Expected { resources, request, weight }),
        }
    }
}
