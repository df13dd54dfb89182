//! What is free on the nodes of one pool.
//!
//! Neighbouring nodes that are alike are kept as one run: a pool of a billion idle nodes takes no
//! more memory than one, and replicas that fill many nodes fill them at one go. Runs stand on
//! shelves by what is free on their nodes, least first, so the best node is found without a look at
//! the others. Nodes keep their numbers: one that is gone is closed, and stands on no shelf until it
//! is there again (I1).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::cluster::{NodeUse, Shape, Used};
#[cfg(feature = "manifest")]
use super::node::Total;
use super::node::{Node, Part, Remainder, limit};
use super::request::Request;
use crate::quantity::{Bandwidth, Bytes};

/// The nodes of one pool.
///
/// Invariants:
/// 1. `runs-cover`: every node from 0 to the last belongs to exactly one run;
/// 2. `neighbours-differ`: two runs that meet are not alike, so equal pools are equal values;
/// 3. `shelved`: each open run's first number stands on the shelf of what is free on its nodes, and no
///    shelf is empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nodes {
    /// By the number of each run's first node.
    pub(super) runs: BTreeMap<u32, Run>,
    /// How many nodes are closed.
    pub(super) closed: u32,
    /// The runs' first numbers, by what is free. A shelf and its runs share what says so.
    shelves: BTreeMap<Arc<Node>, BTreeSet<u32>>,
}

/// Neighbouring nodes on which the same is free.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Run {
    pub(super) count: u32,
    pub(super) node: Arc<Node>,
    /// Whether the nodes are there.
    pub(super) open: bool,
}

/// What replicas took of neighbouring nodes, of each the same, to be given back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Taken {
    pub(super) first: u32,
    pub(super) count: u32,
    part: Part,
    /// Replicas on all of the nodes.
    pub(super) replicas: u32,
}

#[cfg(feature = "manifest")]
impl Taken {
    /// Adds what is taken of all of the nodes.
    pub(super) fn add_to(&self, total: &mut Total) {
        total.add(&self.part, self.count);
    }
}

impl Taken {
    /// What each replica takes.
    pub(super) fn request(&self) -> Request {
        self.part.request(self.replicas / self.count.max(1))
    }

    /// Whether as many replicas hold room on each of its nodes, and at least one does.
    pub(super) fn is_even(&self) -> bool {
        self.replicas > 0 && self.replicas.checked_rem(self.count) == Some(0)
    }

    /// What it holds of some of its nodes.
    pub(super) fn of_nodes(&self, first: u32, count: u32) -> Self {
        let each = self.replicas.checked_div(self.count).unwrap_or_default();
        Self { first, count, replicas: count.saturating_mul(each), ..self.clone() }
    }

    /// What `fewer` of its replicas give back, those of the last nodes first, and what the others keep.
    pub(super) fn split(self, fewer: u32) -> (Vec<Self>, Vec<Self>) {
        let each = self.replicas / self.count.max(1);
        let whole = fewer.checked_div(each).unwrap_or(0).min(self.count);
        let rest = fewer.min(self.replicas) - whole * each;
        let split = u32::from(rest > 0);
        let untouched = self.count - whole - split;
        let (mut given, mut kept) = (Vec::new(), Vec::new());
        if untouched > 0 {
            kept.push(Self { count: untouched, replicas: untouched * each, ..self.clone() });
        }
        if split > 0 {
            let (part, left) = self.part.split(each, rest);
            let node = |part: Part, replicas: u32| Self { first: self.first + untouched, count: 1, part, replicas };
            given.push(node(part, rest));
            kept.push(node(left, each - rest));
        }
        if whole > 0 {
            let first = self.first + untouched + split;
            given.push(Self { first, count: whole, replicas: whole * each, ..self });
        }
        (given, kept)
    }
}

impl Nodes {
    /// `count` nodes of a shape, of which `used` is in use: each resource fills nodes from the
    /// first on, by itself; or `per_node` lists what is in use node by node (I1).
    ///
    /// # Errors
    /// The name of a resource of which more is in use than there is; `nodes`, where more are listed.
    pub fn new(shape: &Shape, count: u32, used: &Used, per_node: &[NodeUse]) -> Result<Self, &'static str> {
        let mut nodes = Self { runs: BTreeMap::new(), closed: 0, shelves: BTreeMap::new() };
        nodes.append(shape, count);
        nodes.fill(0..count, shape, used)?;
        for (number, of_node) in (0_u32..).zip(per_node) {
            if number >= count {
                return Err("nodes");
            }
            nodes.fill(number..number + 1, shape, &of_node.used)?;
            if let Some(most) = shape.replicas {
                let replicas = u64::from(of_node.replicas);
                nodes.fill_with("replicas", number..number + 1, replicas, most.into(), |node, part| {
                    node.replicas -= part;
                })?;
            }
        }
        Ok(nodes)
    }

    /// Takes what is used of some nodes, each resource by itself.
    fn fill(&mut self, nodes: Range<u32>, shape: &Shape, used: &Used) -> Result<(), &'static str> {
        let mut fill =
            |name, used, each, take: fn(&mut Node, u64)| self.fill_with(name, nodes.clone(), used, each, take);
        fill("cpu", used.cpu.get(), shape.cpu.get(), |node, part| node.cpu -= part)?;
        fill("memory", used.memory.get(), shape.memory.get(), |node, part| node.memory -= part)?;
        if let Some(limit) = shape.storage {
            fill("storage", used.storage.get(), limit.get(), |node, part| node.storage -= part)?;
        }
        if let Some(limit) = shape.bandwidth {
            fill("bandwidth", used.bandwidth.get(), limit.get(), |node, part| node.bandwidth -= part)?;
        }
        fill("gpu", used.gpu_thousandths, shape.gpu_thousandths(), Node::use_gpus)
    }

    /// Takes `used` of a resource of which each node has `each`: whole nodes first, then a part.
    fn fill_with(
        &mut self,
        name: &'static str,
        nodes: Range<u32>,
        used: u64,
        each: u64,
        take: impl Fn(&mut Node, u64),
    ) -> Result<(), &'static str> {
        if used == 0 {
            return Ok(());
        }
        let full = used.checked_div(each).and_then(|full| u32::try_from(full).ok()).ok_or(name)?;
        let rest = used % each;
        let count = nodes.end.saturating_sub(nodes.start);
        if full > count || (full == count && rest > 0) {
            return Err(name);
        }
        self.change(nodes.start, full, |node| take(node, each));
        if rest > 0 {
            self.change(nodes.start + full, 1, |node| take(node, rest));
        }
        Ok(())
    }

    /// The nodes that differ in what is free on them.
    pub(crate) fn different(&self) -> impl Iterator<Item = &Node> {
        self.shelves.keys().map(|node| &**node)
    }

    /// How many nodes there are; closed ones are not.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.numbers() - self.closed
    }

    /// How many numbers nodes have, those of closed ones among them.
    pub(super) fn numbers(&self) -> u32 {
        self.runs.last_key_value().map_or(0, |(first, run)| first + run.count)
    }

    /// Whether there are nodes, of this shape, and nothing is in use on any of them.
    #[must_use]
    pub fn is_idle(&self, shape: &Shape) -> bool {
        let idle = |node: &Node| {
            node.gpu_thousandths == shape.gpu_thousandths()
                && node.cpu == shape.cpu.get()
                && node.memory == shape.memory.get()
                && node.storage == limit(shape.storage.map(Bytes::get))
                && node.bandwidth == limit(shape.bandwidth.map(Bandwidth::get))
                && node.replicas == limit(shape.replicas.map(u64::from))
        };
        self.closed == 0 && self.shelves.len() == 1 && self.shelves.keys().all(|node| idle(node))
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
        self.find(request).map(|(number, remainder, _)| (number, remainder))
    }

    /// What is free on the [`best`](Self::best) node.
    #[must_use]
    pub fn best_node(&self, request: &Request) -> Option<&Node> {
        self.find(request).map(|(_, _, node)| node)
    }

    fn find(&self, request: &Request) -> Option<(u32, Remainder, &Node)> {
        let mut roomy = self.shelves.range::<Node, _>(Node::least(request)..).filter(|(node, _)| node.holds(request));
        let (node, numbers) = roomy.next()?;
        let remainder = node.remainder(request);
        // Shelves that differ only in what D5 does not compare leave the same.
        let equals = roomy.take_while(|(node, _)| node.remainder(request) == remainder);
        let lowest = equals.filter_map(|(node, numbers)| Some((numbers.first()?, node)));
        let lowest = lowest.chain(numbers.first().map(|first| (first, node))).min_by_key(|(number, _)| *number);
        lowest.map(|(&number, node)| (number, remainder, &**node))
    }

    /// Whether a node has room for the request: mostly O(log n), as that with most free is tried first.
    #[must_use]
    pub fn has_room(&self, request: &Request) -> bool {
        self.shelves.last_key_value().is_some_and(|(node, _)| node.holds(request)) || self.best(request).is_some()
    }

    /// What is free on all nodes, which are of this shape, in so many parts of a node, rounded down: of each
    /// node the least free share of any resource. O(runs).
    #[must_use]
    pub fn free_parts(&self, shape: &Shape, parts: u64) -> u64 {
        let free = |run: &Run| run.node.free_parts(shape, parts).saturating_mul(u64::from(run.count));
        self.runs.values().filter(|run| run.open).map(free).fold(0, u64::saturating_add)
    }

    /// How many replicas of the request one node has room for.
    #[must_use]
    pub fn room_on(&self, number: u32, request: &Request) -> u64 {
        self.run_of(number).filter(|(_, run)| run.open).map_or(0, |(_, run)| run.node.room(request))
    }

    /// How many replicas of the request all nodes have room for, at most so many. O(runs).
    #[must_use]
    pub fn room(&self, request: &Request, most: u32) -> u32 {
        let room = |run: &Run| run.node.room(request).saturating_mul(u64::from(run.count));
        let all = self.runs.values().filter(|run| run.open).map(room).fold(0, u64::saturating_add);
        u32::try_from(all).unwrap_or(u32::MAX).min(most)
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
        let Some(end) = taken.first.checked_add(taken.count).filter(|end| *end <= self.numbers()) else { return false };
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
    pub(super) fn run_of(&self, number: u32) -> Option<(u32, &Run)> {
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
        let changed: SmallVec<[u32; 4]> = self.runs.range(first..end).map(|(&start, _)| start).collect();
        for &start in &changed {
            if let Some(mut run) = self.remove(start) {
                change(Arc::make_mut(&mut run.node));
                self.insert(start, run);
            }
        }
        for start in changed.into_iter().chain([end]) {
            self.join(start);
        }
    }

    /// Makes a run begin at `number`, if there is such a node.
    pub(super) fn split(&mut self, number: u32) {
        let Some((first, _)) = self.run_of(number).filter(|(first, _)| *first < number) else { return };
        if let Some(run) = self.runs.get_mut(&first) {
            let before = number - first;
            let rest = Run { count: run.count - before, ..run.clone() };
            run.count = before;
            self.insert(number, rest);
        }
    }

    /// Joins the run that begins at `start` to the one before it, if they are alike.
    pub(super) fn join(&mut self, start: u32) {
        let Some(run) = self.runs.get(&start) else { return };
        let Some((&first, before)) = self.runs.range(..start).next_back() else { return };
        if before.node != run.node || before.open != run.open {
            return;
        }
        if let Some(run) = self.remove(start)
            && let Some(before) = self.runs.get_mut(&first)
        {
            before.count += run.count;
        }
    }

    pub(super) fn insert(&mut self, first: u32, mut run: Run) {
        if run.open {
            let shelf = self.shelves.entry(run.node);
            run.node = Arc::clone(shelf.key());
            shelf.or_default().insert(first);
        }
        self.runs.insert(first, run);
    }

    pub(super) fn remove(&mut self, first: u32) -> Option<Run> {
        let run = self.runs.remove(&first)?;
        if let Some(shelf) = self.shelves.get_mut(&run.node).filter(|_| run.open) {
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
