//! What is free on the nodes of one pool.
//!
//! Neighbouring nodes that are alike are kept as one run: a pool of a billion idle nodes takes no
//! more memory than one, and replicas that fill many nodes fill them at one go. Runs stand on
//! shelves by what is free on their nodes, least first, so the best node is found without a look at
//! the others.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::cluster::{Shape, Used};
use super::request::{GpuRequest, Request};
use crate::quantity::{Bandwidth, Bytes, GpuShare};

/// The nodes of one pool.
///
/// Invariants:
/// 1. `runs-cover`: every node from 0 to the last belongs to exactly one run;
/// 2. `neighbours-differ`: two runs that meet are not alike, so equal pools are equal values;
/// 3. `shelved`: each run's first number stands on the shelf of what is free on its nodes, and no
///    shelf is empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nodes {
    /// By the number of each run's first node.
    runs: BTreeMap<u32, Run>,
    /// The runs' first numbers, by what is free.
    shelves: BTreeMap<Node, BTreeSet<u32>>,
}

/// Neighbouring nodes on which the same is free.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Run {
    count: u32,
    node: Node,
}

/// What is free on one node. A resource the shape leaves unstated has no end.
///
/// Its order is that of D5: thousandths of GPUs, then milli-cores, then bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Node {
    /// Free thousandths of all GPUs together.
    gpu_thousandths: u64,
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

/// What replicas took of neighbouring nodes, of each the same, to be given back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Taken {
    first: u32,
    count: u32,
    part: Part,
    /// Replicas on all of the nodes.
    pub(super) replicas: u32,
}

/// What is taken of one node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Part {
    cpu: u64,
    memory: u64,
    storage: u64,
    bandwidth: u64,
    /// Thousandths of each GPU.
    gpus: SmallVec<[u16; 8]>,
}

/// What is free of a resource that the shape leaves unstated.
const NO_LIMIT: u64 = u64::MAX;

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
            gpu_thousandths: shape.gpu_thousandths(),
            cpu: shape.cpu.get(),
            memory: shape.memory.get(),
            storage: limit(shape.storage.map(Bytes::get)),
            bandwidth: limit(shape.bandwidth.map(Bandwidth::get)),
            gpus: SmallVec::from_elem(WHOLE, usize::from(shape.gpus)),
        };
        let mut nodes = Self { runs: BTreeMap::new(), shelves: BTreeMap::new() };
        if count > 0 {
            nodes.insert(0, Run { count, node: idle });
        }
        nodes.fill("cpu", used.cpu.get(), shape.cpu.get(), |node, part| node.cpu -= part)?;
        nodes.fill("memory", used.memory.get(), shape.memory.get(), |node, part| node.memory -= part)?;
        if let Some(limit) = shape.storage {
            nodes.fill("storage", used.storage.get(), limit.get(), |node, part| node.storage -= part)?;
        }
        if let Some(limit) = shape.bandwidth {
            nodes.fill("bandwidth", used.bandwidth.get(), limit.get(), |node, part| node.bandwidth -= part)?;
        }
        nodes.fill("gpu", used.gpu_thousandths, shape.gpu_thousandths(), Node::use_gpus)?;
        Ok(nodes)
    }

    /// Takes `used` of a resource of which each node has `each`: whole nodes first, then a part.
    fn fill(
        &mut self,
        name: &'static str,
        used: u64,
        each: u64,
        take: impl Fn(&mut Node, u64),
    ) -> Result<(), &'static str> {
        if used == 0 {
            return Ok(());
        }
        let full = used.checked_div(each).and_then(|full| u32::try_from(full).ok()).ok_or(name)?;
        let rest = used % each;
        let count = self.count();
        if full > count || (full == count && rest > 0) {
            return Err(name);
        }
        self.change(0, full, |node| take(node, each));
        if rest > 0 {
            self.change(full, 1, |node| take(node, rest));
        }
        Ok(())
    }

    /// How many nodes there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.runs.last_key_value().map_or(0, |(first, run)| first + run.count)
    }

    /// Whether nothing is in use on any of them, which are of this shape.
    #[must_use]
    pub fn is_idle(&self, shape: &Shape) -> bool {
        let idle = |node: &Node| {
            node.gpu_thousandths == shape.gpu_thousandths()
                && node.cpu == shape.cpu.get()
                && node.memory == shape.memory.get()
                && node.storage == limit(shape.storage.map(Bytes::get))
                && node.bandwidth == limit(shape.bandwidth.map(Bandwidth::get))
        };
        self.shelves.len() == 1 && self.shelves.keys().all(idle)
    }

    /// What one replica leaves on an idle node of this shape, if there is room for it.
    #[must_use]
    pub fn left_on_idle(shape: &Shape, request: &Request) -> Remainder {
        Remainder {
            gpu_thousandths: shape.gpu_thousandths().saturating_sub(request.gpu.thousandths()),
            cpu: shape.cpu.get().saturating_sub(request.cpu.get()),
            memory: shape.memory.get().saturating_sub(request.memory.get()),
        }
    }

    /// The node on which the request leaves least, and what it leaves; of equals, the lowest
    /// number (D5). `None` where no node has room.
    ///
    /// O(log n), and the shelves that have enough of the first resource and too little of another.
    #[must_use]
    pub fn best(&self, request: &Request) -> Option<(u32, Remainder)> {
        let least = Node {
            gpu_thousandths: request.gpu.thousandths(),
            cpu: request.cpu.get(),
            memory: 0,
            storage: 0,
            bandwidth: 0,
            gpus: SmallVec::new(),
        };
        let mut roomy = self.shelves.range(least..).filter(|(node, _)| node.room(request) > 0);
        let (first, numbers) = roomy.next()?;
        let remainder = first.remainder(request);
        // Shelves that differ only in what D5 does not compare leave the same.
        let equals = roomy.take_while(|(node, _)| node.remainder(request) == remainder);
        let lowest = equals.filter_map(|(_, numbers)| numbers.first()).chain(numbers.first()).min();
        lowest.map(|&number| (number, remainder))
    }

    /// Whether a node has room for the request: mostly O(log n), as that with most free is tried first.
    #[must_use]
    pub fn has_room(&self, request: &Request) -> bool {
        self.shelves.last_key_value().is_some_and(|(node, _)| node.room(request) > 0) || self.best(request).is_some()
    }

    /// How many replicas of the request one node has room for.
    #[must_use]
    pub fn room_on(&self, number: u32, request: &Request) -> u64 {
        self.run_of(number).map_or(0, |(_, run)| run.node.room(request))
    }

    /// Takes room for up to `wanted` replicas, beginning with the [`best`](Self::best) node: on its
    /// run of nodes, as many as they hold. `None` where there is no room.
    ///
    /// A node stays the best until it is full, since what replicas leave on it only shrinks; then
    /// the next of its run, which left as much before, is. So this is what taking one replica after
    /// the other comes to.
    pub(super) fn take(&mut self, request: &Request, wanted: u32) -> Option<Taken> {
        self.take_from(u32::MAX, request, wanted)
    }

    /// As [`take`](Self::take), from at most so many nodes.
    fn take_from(&mut self, nodes: u32, request: &Request, wanted: u32) -> Option<Taken> {
        let (first, _) = self.best(request)?;
        let run = self.runs.get(&first)?;
        let (count, each) = run.stretch(nodes, request, wanted);
        let part = run.node.part(request, each)?;
        self.change(first, count, |node| node.subtract(&part));
        Some(Taken { first, count, part, replicas: count * each })
    }

    /// How many replicas [`occupy`](Self::occupy) would place.
    #[must_use]
    pub fn would_occupy(&self, nodes: u32, request: &Request, wanted: u32) -> u32 {
        let run = self.best(request).and_then(|(first, _)| self.runs.get(&first));
        run.map_or(0, |run| {
            let (count, each) = run.stretch(nodes, request, wanted);
            count * each
        })
    }

    /// As if up to `wanted` replicas ran on the best node and on at most so many `nodes` like it;
    /// how many do. Nothing is remembered that could give them back: this is for looking ahead on a
    /// copy.
    pub fn occupy(&mut self, nodes: u32, request: &Request, wanted: u32) -> u32 {
        self.take_from(nodes, request, wanted).map_or(0, |taken| taken.replicas)
    }

    /// Takes exactly what was taken before, from the same nodes; whether all of it is free.
    pub(super) fn take_again(&mut self, taken: &Taken) -> bool {
        let Some(end) = taken.first.checked_add(taken.count).filter(|end| *end <= self.count()) else { return false };
        let mut at = taken.first;
        while at < end {
            let Some((first, run)) = self.run_of(at).filter(|(_, run)| run.node.has(&taken.part)) else { return false };
            at = first + run.count;
        }
        self.change(taken.first, taken.count, |node| node.subtract(&taken.part));
        true
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&mut self, taken: &Taken) {
        self.change(taken.first, taken.count, |node| node.add(&taken.part));
    }

    /// The run that a node belongs to, with the number of its first node.
    fn run_of(&self, number: u32) -> Option<(u32, &Run)> {
        let (&first, run) = self.runs.range(..=number).next_back()?;
        (number - first < run.count).then_some((first, run))
    }

    /// Changes `count` nodes from `first` on, alike nodes at one go.
    fn change(&mut self, first: u32, count: u32, change: impl Fn(&mut Node)) {
        if count == 0 {
            return;
        }
        let end = first.saturating_add(count);
        self.split(first);
        self.split(end);
        let touched: SmallVec<[u32; 4]> = self.runs.range(first..end).map(|(&start, _)| start).collect();
        for &start in &touched {
            if let Some(mut run) = self.remove(start) {
                change(&mut run.node);
                self.insert(start, run);
            }
        }
        for start in touched.into_iter().chain([end]) {
            self.join(start);
        }
    }

    /// Makes a run begin at `number`, if there is such a node.
    fn split(&mut self, number: u32) {
        let Some((first, _)) = self.run_of(number).filter(|(first, _)| *first < number) else { return };
        if let Some(run) = self.remove(first) {
            let before = number - first;
            self.insert(number, Run { count: run.count - before, node: run.node.clone() });
            self.insert(first, Run { count: before, node: run.node });
        }
    }

    /// Joins the run that begins at `start` to the one before it, if they are alike.
    fn join(&mut self, start: u32) {
        let Some(run) = self.runs.get(&start) else { return };
        let Some((&first, before)) = self.runs.range(..start).next_back() else { return };
        if before.node != run.node {
            return;
        }
        if let (Some(run), Some(before)) = (self.remove(start), self.remove(first)) {
            self.insert(first, Run { count: before.count + run.count, node: run.node });
        }
    }

    fn insert(&mut self, first: u32, run: Run) {
        self.shelves.entry(run.node.clone()).or_default().insert(first);
        self.runs.insert(first, run);
    }

    fn remove(&mut self, first: u32) -> Option<Run> {
        let run = self.runs.remove(&first)?;
        if let Some(shelf) = self.shelves.get_mut(&run.node) {
            shelf.remove(&first);
            if shelf.is_empty() {
                self.shelves.remove(&run.node);
            }
        }
        Some(run)
    }
}

impl Run {
    /// On how many of its nodes (at most `nodes`) how many replicas each go, if `wanted` do in all
    /// and there is room for one: as many full nodes as there are, or one that is not full.
    fn stretch(&self, nodes: u32, request: &Request, wanted: u32) -> (u32, u32) {
        let room = u32::try_from(self.node.room(request)).unwrap_or(u32::MAX).max(1);
        match wanted / room {
            0 => (1, wanted),
            full => (full.min(nodes).min(self.count), room),
        }
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
        Remainder {
            gpu_thousandths: self.gpu_thousandths.saturating_sub(request.gpu.thousandths()),
            cpu: self.cpu.saturating_sub(request.cpu.get()),
            memory: self.memory.saturating_sub(request.memory.get()),
        }
    }

    /// What `replicas` take: whole GPUs lowest numbers first, each share from the fullest GPU that
    /// has room (D5).
    fn part(&self, request: &Request, replicas: u32) -> Option<Part> {
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
            gpus,
        })
    }

    /// Takes thousandths of GPUs, one GPU after the other.
    fn use_gpus(&mut self, mut used: u64) {
        self.gpu_thousandths -= used;
        for gpu in &mut self.gpus {
            let part = u16::try_from(used).unwrap_or(WHOLE).min(WHOLE);
            *gpu -= part;
            used -= u64::from(part);
        }
    }

    /// Whether all of a part is free.
    fn has(&self, part: &Part) -> bool {
        let gpus =
            self.gpus.len() == part.gpus.len() && self.gpus.iter().zip(&part.gpus).all(|(free, part)| free >= part);
        let rest = [
            (self.cpu, part.cpu),
            (self.memory, part.memory),
            (self.storage, part.storage),
            (self.bandwidth, part.bandwidth),
        ];
        gpus && rest.iter().all(|(free, part)| free >= part)
    }

    fn subtract(&mut self, part: &Part) {
        self.cpu -= part.cpu;
        self.memory -= part.memory;
        self.storage = without(self.storage, part.storage);
        self.bandwidth = without(self.bandwidth, part.bandwidth);
        for (free, taken) in self.gpus.iter_mut().zip(&part.gpus) {
            *free -= taken;
            self.gpu_thousandths -= u64::from(*taken);
        }
    }

    fn add(&mut self, part: &Part) {
        self.cpu += part.cpu;
        self.memory += part.memory;
        self.storage = with(self.storage, part.storage);
        self.bandwidth = with(self.bandwidth, part.bandwidth);
        for (free, taken) in self.gpus.iter_mut().zip(&part.gpus) {
            *free += taken;
            self.gpu_thousandths += u64::from(*taken);
        }
    }
}

/// What is free of a resource on an idle node.
fn limit(stated: Option<u64>) -> u64 {
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
const _: () = assert!(GpuShare::WHOLE == WHOLE as u32);
