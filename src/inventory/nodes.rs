//! What is free on the nodes of one pool.
//!
//! Nodes that nothing runs on are alike, so only the others are written down: a pool of a million
//! idle nodes takes no memory.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::cluster::{Shape, Used};
use super::request::{GpuRequest, Request};
use crate::quantity::{Bandwidth, Bytes, GpuShare};

/// The nodes of one pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nodes {
    idle: Node,
    count: u32,
    /// The nodes that differ from an idle one. Invariant `idle-unwritten`: no entry equals `idle`.
    busy: BTreeMap<u32, Node>,
}

/// What is free on one node. A resource the shape leaves unstated has no end.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Node {
    cpu: u64,
    memory: u64,
    storage: u64,
    bandwidth: u64,
    /// Free thousandths of each GPU.
    gpus: SmallVec<[u16; 8]>,
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

/// What replicas took of one node, to be given back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Taken {
    node: u32,
    cpu: u64,
    memory: u64,
    storage: u64,
    bandwidth: u64,
    /// Thousandths of each GPU.
    gpus: SmallVec<[u16; 8]>,
}

/// A whole GPU, in thousandths.
const WHOLE: u16 = 1000;

impl Nodes {
    /// `count` nodes of a shape, of which `used` is in use: each resource fills nodes from the
    /// first on, by itself (I1).
    ///
    /// # Errors
    /// The name of a resource of which more is in use than there is.
    pub fn new(shape: &Shape, count: u32, used: &Used) -> Result<Self, &'static str> {
        let idle = Node {
            cpu: shape.cpu.get(),
            memory: shape.memory.get(),
            storage: shape.storage.map_or(u64::MAX, Bytes::get),
            bandwidth: shape.bandwidth.map_or(u64::MAX, Bandwidth::get),
            gpus: SmallVec::from_elem(WHOLE, usize::from(shape.gpus)),
        };
        let mut nodes = Self { idle, count, busy: BTreeMap::new() };
        nodes.fill("cpu", used.cpu.get(), shape.cpu.get(), |node| &mut node.cpu)?;
        nodes.fill("memory", used.memory.get(), shape.memory.get(), |node| &mut node.memory)?;
        if let Some(limit) = shape.storage {
            nodes.fill("storage", used.storage.get(), limit.get(), |node| &mut node.storage)?;
        }
        if let Some(limit) = shape.bandwidth {
            nodes.fill("bandwidth", used.bandwidth.get(), limit.get(), |node| &mut node.bandwidth)?;
        }
        nodes.fill_gpus(used.gpu_thousandths)?;
        nodes.busy.retain(|_, node| *node != nodes.idle);
        Ok(nodes)
    }

    fn fill(
        &mut self,
        name: &'static str,
        mut used: u64,
        each: u64,
        of: impl Fn(&mut Node) -> &mut u64,
    ) -> Result<(), &'static str> {
        for number in 0..self.count {
            if used == 0 || each == 0 {
                break;
            }
            let part = used.min(each);
            *of(self.node_mut(number)) -= part;
            used -= part;
        }
        if used == 0 { Ok(()) } else { Err(name) }
    }

    fn fill_gpus(&mut self, mut used: u64) -> Result<(), &'static str> {
        for number in 0..self.count {
            if used == 0 || self.idle.gpus.is_empty() {
                break;
            }
            for gpu in &mut self.node_mut(number).gpus {
                let part = u16::try_from(used).unwrap_or(WHOLE).min(WHOLE);
                *gpu -= part;
                used -= u64::from(part);
            }
        }
        if used == 0 { Ok(()) } else { Err("gpu") }
    }

    /// The node on which the request leaves least, and what it leaves; of equals, the lowest
    /// number (D5). `None` where no node has room. O(nodes that something runs on).
    #[must_use]
    pub fn best(&self, request: &Request) -> Option<(u32, Remainder)> {
        let busy = self.busy.iter().filter(|(_, node)| node.room(request) > 0);
        let best = busy.map(|(&number, node)| (node.remainder(request), number)).min();
        let idle = self.first_idle().filter(|_| self.idle.room(request) > 0);
        let idle = idle.map(|number| (self.idle.remainder(request), number));
        best.into_iter().chain(idle).min().map(|(remainder, number)| (number, remainder))
    }

    /// How many replicas of the request one node has room for.
    #[must_use]
    pub fn room_on(&self, number: u32, request: &Request) -> u64 {
        self.busy.get(&number).unwrap_or(&self.idle).room(request)
    }

    /// Takes `replicas` of the request from one node, which must have room for them; `None` (and
    /// nothing taken) where it has not.
    pub(super) fn take(&mut self, number: u32, request: &Request, replicas: u32) -> Option<Taken> {
        if number >= self.count || self.room_on(number, request) < u64::from(replicas) {
            return None;
        }
        let taken = self.busy.get(&number).unwrap_or(&self.idle).part(request, replicas, number)?;
        self.node_mut(number).subtract(&taken);
        self.forget_idle(number);
        Some(taken)
    }

    /// As if `replicas` of the request ran on one node; whether it had room for them. Nothing is
    /// remembered that could give them back: this is for looking ahead on a copy.
    pub fn occupy(&mut self, number: u32, request: &Request, replicas: u32) -> bool {
        self.take(number, request, replicas).is_some()
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&mut self, taken: &Taken) {
        let number = taken.node;
        self.node_mut(number).add(taken);
        self.forget_idle(number);
    }

    fn node_mut(&mut self, number: u32) -> &mut Node {
        self.busy.entry(number).or_insert_with(|| self.idle.clone())
    }

    fn forget_idle(&mut self, number: u32) {
        if self.busy.get(&number) == Some(&self.idle) {
            self.busy.remove(&number);
        }
    }

    /// The lowest number that is not written down, if there is one.
    fn first_idle(&self) -> Option<u32> {
        let gap = (0..self.count).zip(self.busy.keys()).find(|(number, busy)| number != *busy);
        let behind = || u32::try_from(self.busy.len()).ok();
        gap.map(|(number, _)| number).or_else(behind).filter(|&number| number < self.count)
    }
}

impl Node {
    /// How many replicas of the request fit, together.
    fn room(&self, request: &Request) -> u64 {
        let times = |free: u64, each: u64| free.checked_div(each).unwrap_or(u64::MAX);
        let gpus = match request.gpu {
            GpuRequest::None => u64::MAX,
            GpuRequest::Whole(count) => {
                times(self.gpus.iter().filter(|&&free| free == WHOLE).count() as u64, count.into())
            }
            GpuRequest::Share(share) => {
                self.gpus.iter().map(|&free| u64::from(u32::from(free) / share.thousandths())).sum()
            }
        };
        times(self.cpu, request.cpu.get())
            .min(times(self.memory, request.memory.get()))
            .min(times(self.storage, request.storage.get()))
            .min(times(self.bandwidth, request.bandwidth.get()))
            .min(gpus)
    }

    /// What one replica leaves. Call only where there is room for it.
    fn remainder(&self, request: &Request) -> Remainder {
        let gpus: u64 = self.gpus.iter().map(|&free| u64::from(free)).sum();
        Remainder {
            gpu_thousandths: gpus.saturating_sub(request.gpu.thousandths()),
            cpu: self.cpu.saturating_sub(request.cpu.get()),
            memory: self.memory.saturating_sub(request.memory.get()),
        }
    }

    /// What `replicas` take: whole GPUs lowest numbers first, each share from the fullest GPU that
    /// has room (D5).
    fn part(&self, request: &Request, replicas: u32, node: u32) -> Option<Taken> {
        let times = |each: u64| each.checked_mul(u64::from(replicas));
        let mut gpus = SmallVec::from_elem(0_u16, self.gpus.len());
        match request.gpu {
            GpuRequest::None => {}
            GpuRequest::Whole(count) => {
                let wanted = usize::try_from(u64::from(count) * u64::from(replicas)).ok()?;
                let free = gpus.iter_mut().zip(&self.gpus).filter(|(_, free)| **free == WHOLE);
                free.take(wanted).for_each(|(taken, _)| *taken = WHOLE);
            }
            GpuRequest::Share(share) => {
                let share = u16::try_from(share.thousandths()).ok()?;
                for _ in 0..replicas {
                    let left = gpus.iter_mut().zip(&self.gpus).map(|(taken, free)| (free - *taken, taken));
                    let (_, fullest) = left.filter(|(left, _)| *left >= share).min_by_key(|(left, _)| *left)?;
                    *fullest += share;
                }
            }
        }
        Some(Taken {
            node,
            cpu: times(request.cpu.get())?,
            memory: times(request.memory.get())?,
            storage: times(request.storage.get())?,
            bandwidth: times(request.bandwidth.get())?,
            gpus,
        })
    }

    fn subtract(&mut self, taken: &Taken) {
        self.cpu -= taken.cpu;
        self.memory -= taken.memory;
        self.storage = without(self.storage, taken.storage);
        self.bandwidth = without(self.bandwidth, taken.bandwidth);
        for (free, part) in self.gpus.iter_mut().zip(&taken.gpus) {
            *free -= part;
        }
    }

    fn add(&mut self, taken: &Taken) {
        self.cpu += taken.cpu;
        self.memory += taken.memory;
        self.storage = self.storage.saturating_add(taken.storage);
        self.bandwidth = self.bandwidth.saturating_add(taken.bandwidth);
        for (free, part) in self.gpus.iter_mut().zip(&taken.gpus) {
            *free += part;
        }
    }
}

/// What is left of a resource; one without end stays so.
fn without(free: u64, taken: u64) -> u64 {
    if free == u64::MAX { free } else { free - taken }
}

/// A share is at most a whole GPU.
const _: () = assert!(GpuShare::WHOLE == WHOLE as u32);
