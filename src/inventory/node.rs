//! What is free on one node, and what replicas take of it.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::cluster::Shape;
use super::request::{GpuRequest, Request};
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare};

/// What is free on one node. A resource the shape leaves unstated has no end.
///
/// Its order is that of D5: thousandths of GPUs, then milli-cores, then bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Node {
    /// Free thousandths of all GPUs together.
    pub(super) gpu_thousandths: u64,
    pub(super) cpu: u64,
    pub(super) memory: u64,
    pub(super) storage: u64,
    pub(super) bandwidth: u64,
    /// How many more replicas may run on it.
    pub(super) replicas: u64,
    /// Free thousandths of each GPU.
    pub(super) gpus: SmallVec<[u16; 8]>,
}

/// What a placement leaves on its node, compared part by part: thousandths of GPUs, then
/// milli-cores, then bytes of memory (D5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Remainder {
    /// Thousandths of GPUs.
    pub gpu_thousandths: u64,
    /// Milli-cores.
    pub cpu: u64,
    /// Bytes of memory.
    pub memory: u64,
}

/// What is taken of one node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    cpu: u64,
    memory: u64,
    storage: u64,
    bandwidth: u64,
    #[serde(default, skip_serializing_if = "is_none")]
    replicas: u64,
    /// Thousandths of each GPU.
    gpus: SmallVec<[u16; 8]>,
}

impl Part {
    /// What each of so many replicas takes, if this is what they take of one node.
    pub(super) fn request(&self, replicas: u32) -> Request {
        let each = |all: u64| all / u64::from(replicas.max(1));
        let thousandths = each(self.gpus.iter().map(|&gpu| u64::from(gpu)).sum());
        let whole = u64::from(GpuShare::WHOLE);
        let share = u32::try_from(thousandths).ok().and_then(GpuShare::from_thousandths);
        let gpu = match share {
            _ if thousandths == 0 => GpuRequest::None,
            Some(share) if thousandths < whole => GpuRequest::Share(share),
            _ => GpuRequest::Whole(u32::try_from(thousandths / whole).unwrap_or(u32::MAX)),
        };
        Request {
            cpu: Cpu::milli_cores(each(self.cpu)),
            memory: Bytes::new(each(self.memory)),
            storage: Bytes::new(each(self.storage)),
            bandwidth: Bandwidth::bits_per_second(each(self.bandwidth)),
            gpu,
        }
    }
}

/// Whether nothing is taken, which states of earlier versions do not say.
fn is_none(taken: &u64) -> bool {
    *taken == 0
}

/// What several replicas take together, on whatever nodes.
#[cfg(feature = "manifest")]
#[derive(PartialEq, Eq, Default)]
pub(super) struct Total {
    cpu: u128,
    memory: u128,
    storage: u128,
    bandwidth: u128,
    gpu_thousandths: u128,
}

#[cfg(feature = "manifest")]
impl Total {
    /// What so many replicas take that each take as much as a request says.
    pub(super) fn of(request: &Request, replicas: u32) -> Self {
        let times = |each: u64| u128::from(each) * u128::from(replicas);
        Self {
            cpu: times(request.cpu.get()),
            memory: times(request.memory.get()),
            storage: times(request.storage.get()),
            bandwidth: times(request.bandwidth.get()),
            gpu_thousandths: times(request.gpu.thousandths()),
        }
    }

    /// Adds a part of each of `count` nodes.
    pub(super) fn add(&mut self, part: &Part, count: u32) {
        let count = u128::from(count);
        self.cpu += u128::from(part.cpu) * count;
        self.memory += u128::from(part.memory) * count;
        self.storage += u128::from(part.storage) * count;
        self.bandwidth += u128::from(part.bandwidth) * count;
        self.gpu_thousandths += part.gpus.iter().map(|&gpu| u128::from(gpu)).sum::<u128>() * count;
    }
}

impl Part {
    /// What `fewer` of the `of` replicas that took it give back, and what the others keep.
    pub(super) fn split(&self, of: u32, fewer: u32) -> (Self, Self) {
        let (of, fewer) = (u64::from(of.max(1)), u64::from(fewer));
        let share = |taken: u64| taken / of * fewer;
        let thousandths: u64 = self.gpus.iter().map(|taken| u64::from(*taken)).sum();
        // Replicas take whole GPUs, or equal shares of them: so what is taken of each GPU is divided evenly.
        let mut left = share(thousandths);
        let given = |taken: &u16| {
            let given = u16::try_from(left).unwrap_or(u16::MAX).min(*taken);
            left -= u64::from(given);
            given
        };
        let gpus: SmallVec<[u16; 8]> = self.gpus.iter().map(given).collect();
        let kept = self.gpus.iter().zip(&gpus).map(|(taken, given)| taken - given).collect();
        let (cpu, memory) = (share(self.cpu), share(self.memory));
        let (storage, bandwidth, replicas) = (share(self.storage), share(self.bandwidth), share(self.replicas));
        let kept = Self {
            cpu: self.cpu - cpu,
            memory: self.memory - memory,
            storage: self.storage - storage,
            bandwidth: self.bandwidth - bandwidth,
            gpus: kept,
            replicas: self.replicas - replicas,
        };
        (Self { cpu, memory, storage, bandwidth, gpus, replicas }, kept)
    }
}

/// What is free of a resource that the shape leaves unstated.
const NO_LIMIT: u64 = u64::MAX;

impl Node {
    /// A whole GPU, in thousandths.
    pub const WHOLE: u16 = 1000;

    /// An idle node of a shape.
    pub(crate) fn idle(shape: &Shape) -> Self {
        Self {
            gpu_thousandths: shape.gpu_thousandths(),
            cpu: shape.cpu.get(),
            memory: shape.memory.get(),
            storage: limit(shape.storage.map(Bytes::get)),
            bandwidth: limit(shape.bandwidth.map(Bandwidth::get)),
            replicas: limit(shape.replicas.map(u64::from)),
            gpus: SmallVec::from_elem(Self::WHOLE, usize::from(shape.gpus)),
        }
    }

    /// The first in order of all nodes on which the request may fit.
    pub(super) fn least(request: &Request) -> Self {
        Self {
            gpu_thousandths: request.gpu.thousandths(),
            cpu: request.cpu.get(),
            memory: 0,
            storage: 0,
            bandwidth: 0,
            replicas: 0,
            gpus: SmallVec::new(),
        }
    }

    /// Free thousandths of all GPUs together.
    #[must_use]
    pub fn gpu_thousandths(&self) -> u64 {
        self.gpu_thousandths
    }

    /// Free thousandths of each GPU.
    #[must_use]
    pub fn gpus(&self) -> &[u16] {
        &self.gpus
    }

    /// How often a request's cpu, memory, storage and bandwidth are free together, and a replica may run, at most
    /// `most` times; its GPUs are not looked at.
    #[must_use]
    pub fn times_beside_gpus(&self, request: &Request, most: u64) -> u64 {
        let resources = [
            (self.cpu, request.cpu.get()),
            (self.memory, request.memory.get()),
            (self.storage, request.storage.get()),
            (self.bandwidth, request.bandwidth.get()),
            (self.replicas, 1),
        ];
        // Divisions are slow, and mostly everything fits.
        let least = |times: u64, (free, each): (u64, u64)| {
            if each.saturating_mul(times) <= free { times } else { free / each }
        };
        resources.into_iter().fold(most, least)
    }

    /// What is left after one replica; `None` where it has no room.
    #[must_use]
    pub fn after(&self, request: &Request) -> Option<Self> {
        let part = if self.holds(request) { self.part(request, 1)? } else { return None };
        let mut after = self.clone();
        after.subtract(&part);
        Some(after)
    }

    /// Whether one replica fits: as [`room`](Self::room), without a division, since every search asks it of
    /// many nodes.
    pub(super) fn holds(&self, request: &Request) -> bool {
        let gpus = match request.gpu {
            GpuRequest::None => true,
            GpuRequest::Whole(count) => {
                self.gpus.iter().filter(|&&free| free == Self::WHOLE).count() as u64 >= u64::from(count)
            }
            GpuRequest::Share(share) => self.gpus.iter().any(|&free| u32::from(free) >= share.thousandths()),
        };
        gpus && self.times_beside_gpus(request, 1) == 1
    }

    /// How many replicas of the request fit, together.
    pub(super) fn room(&self, request: &Request) -> u64 {
        let times = |free: u64, each: u64| free.checked_div(each).unwrap_or(u64::MAX);
        let gpus = match request.gpu {
            GpuRequest::None => u64::MAX,
            GpuRequest::Whole(count) => {
                times(self.gpus.iter().filter(|&&free| free == Self::WHOLE).count() as u64, count.into())
            }
            GpuRequest::Share(share) => {
                self.gpus.iter().map(|&free| u64::from(u32::from(free) / share.thousandths())).sum()
            }
        };
        times(self.cpu, request.cpu.get())
            .min(times(self.memory, request.memory.get()))
            .min(times(self.storage, request.storage.get()))
            .min(times(self.bandwidth, request.bandwidth.get()))
            .min(self.replicas)
            .min(gpus)
    }

    /// The least free share of any resource that a node of this shape has, in so many parts, rounded down.
    pub(super) fn free_parts(&self, shape: &Shape, parts: u64) -> u64 {
        let resources = [
            (self.cpu, shape.cpu.get()),
            (self.memory, shape.memory.get()),
            (self.storage, shape.storage.map_or(0, Bytes::get)),
            (self.bandwidth, shape.bandwidth.map_or(0, Bandwidth::get)),
            (self.gpu_thousandths, shape.gpu_thousandths()),
        ];
        let share = |(free, whole): (u64, u64)| {
            let part = (u128::from(free) * u128::from(parts)).checked_div(u128::from(whole));
            part.map_or(parts, |part| u64::try_from(part).unwrap_or(parts))
        };
        resources.into_iter().map(share).fold(parts, u64::min)
    }

    /// What one replica leaves. Call only where there is room for it.
    #[must_use]
    pub fn remainder(&self, request: &Request) -> Remainder {
        Remainder {
            gpu_thousandths: self.gpu_thousandths.saturating_sub(request.gpu.thousandths()),
            cpu: self.cpu.saturating_sub(request.cpu.get()),
            memory: self.memory.saturating_sub(request.memory.get()),
        }
    }

    /// What `replicas` take: whole GPUs lowest numbers first, each share from the fullest GPU that
    /// has room (D5).
    pub(super) fn part(&self, request: &Request, replicas: u32) -> Option<Part> {
        let times = |each: u64| each.checked_mul(u64::from(replicas));
        let mut gpus = SmallVec::from_elem(0_u16, self.gpus.len());
        match request.gpu {
            GpuRequest::None => {}
            GpuRequest::Whole(count) => {
                let wanted = usize::try_from(u64::from(count) * u64::from(replicas)).ok()?;
                let free = gpus.iter_mut().zip(&self.gpus).filter(|(_, free)| **free == Self::WHOLE);
                free.take(wanted).for_each(|(taken, _)| *taken = Self::WHOLE);
            }
            GpuRequest::Share(share) => {
                let share = u16::try_from(share.thousandths()).ok()?;
                let mut wanted = replicas;
                while wanted > 0 {
                    let left = gpus.iter_mut().zip(&self.gpus).map(|(taken, free)| (free - *taken, taken));
                    let (left, fullest) = left.filter(|(left, _)| *left >= share).min_by_key(|(left, _)| *left)?;
                    // It stays the fullest until it has no more room.
                    let most = u16::try_from(wanted).unwrap_or(u16::MAX).min(left / share);
                    *fullest += most * share;
                    wanted -= u32::from(most);
                }
            }
        }
        Some(Part {
            cpu: times(request.cpu.get())?,
            memory: times(request.memory.get())?,
            storage: times(request.storage.get())?,
            bandwidth: times(request.bandwidth.get())?,
            replicas: u64::from(replicas),
            gpus,
        })
    }

    /// Takes thousandths of GPUs, one GPU after the other.
    pub(super) fn use_gpus(&mut self, mut used: u64) {
        self.gpu_thousandths -= used;
        for gpu in &mut self.gpus {
            let part = u16::try_from(used).unwrap_or(Self::WHOLE).min(Self::WHOLE);
            *gpu -= part;
            used -= u64::from(part);
        }
    }

    /// Whether all of a part is free.
    pub(super) fn has(&self, part: &Part) -> bool {
        let gpus =
            self.gpus.len() == part.gpus.len() && self.gpus.iter().zip(&part.gpus).all(|(free, part)| free >= part);
        let rest = [
            (self.cpu, part.cpu),
            (self.memory, part.memory),
            (self.storage, part.storage),
            (self.bandwidth, part.bandwidth),
            (self.replicas, part.replicas),
        ];
        gpus && rest.iter().all(|(free, part)| free >= part)
    }

    pub(super) fn subtract(&mut self, part: &Part) {
        self.cpu -= part.cpu;
        self.memory -= part.memory;
        self.storage = without(self.storage, part.storage);
        self.bandwidth = without(self.bandwidth, part.bandwidth);
        self.replicas = without(self.replicas, part.replicas);
        for (free, taken) in self.gpus.iter_mut().zip(&part.gpus) {
            *free -= taken;
            self.gpu_thousandths -= u64::from(*taken);
        }
    }

    pub(super) fn add(&mut self, part: &Part) {
        self.cpu += part.cpu;
        self.memory += part.memory;
        self.storage = with(self.storage, part.storage);
        self.bandwidth = with(self.bandwidth, part.bandwidth);
        self.replicas = with(self.replicas, part.replicas);
        for (free, taken) in self.gpus.iter_mut().zip(&part.gpus) {
            *free += taken;
            self.gpu_thousandths += u64::from(*taken);
        }
    }
}

/// What is free of a resource on an idle node.
pub(super) fn limit(stated: Option<u64>) -> u64 {
    stated.map_or(NO_LIMIT, |limit| limit.min(NO_LIMIT - 1))
}

/// What is left of a resource; one without end stays so.
fn without(free: u64, taken: u64) -> u64 {
    if free == NO_LIMIT { free } else { free - taken }
}

/// What is free of a resource after some is given back; one without end stays so.
fn with(free: u64, given: u64) -> u64 {
    if free == NO_LIMIT { free } else { free + given }
}

/// A share is at most a whole GPU.
const _: () = assert!(GpuShare::WHOLE == Node::WHOLE as u32);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Cpu;

    /// Whether there is room is asked in two ways, which must agree (I1).
    #[test]
    fn i1_a_node_holds_a_request_exactly_where_it_has_room_for_one() {
        let shape = Shape {
            cpu: Cpu::milli_cores(4),
            memory: Bytes::new(4),
            storage: Some(Bytes::new(4)),
            bandwidth: None,
            gpus: 2,
            replicas: Some(3),
        };
        let share = |thousandths| GpuRequest::Share(GpuShare::from_thousandths(thousandths).expect("a share"));
        let gpus = [
            GpuRequest::None,
            GpuRequest::Whole(1),
            GpuRequest::Whole(2),
            GpuRequest::Whole(3),
            share(400),
            share(700),
        ];
        let requests = gpus.into_iter().flat_map(|gpu| {
            (0..64_u64).map(move |n| Request {
                cpu: Cpu::milli_cores(n % 4 * 2),
                memory: Bytes::new(n / 4 % 4 * 2),
                storage: Bytes::new(n / 16 * 2),
                bandwidth: Bandwidth::default(),
                gpu,
            })
        });
        let requests: Vec<_> = requests.collect();
        for taken in &requests {
            let Some(node) = Node::idle(&shape).after(taken) else { continue };
            for request in &requests {
                assert_eq!(node.holds(request), node.room(request) > 0, "{request:?} on {node:?}");
            }
        }
    }
}
