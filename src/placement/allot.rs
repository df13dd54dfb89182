//! Replicas onto candidates, one at a time, best first (D5).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::feasible::Question;
use super::rank::{Rank, UnknownLast};
use crate::bitset::BitSet;
use crate::id::{Id, PairId, PoolId};
use crate::inventory::{Nodes, Pair, Pool, Request};
use crate::quantity::Money;

/// Where the replicas go, in the order of each candidate's first replica, and how many fitted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Allotment {
    pub(super) parts: IndexMap<PairId, Part>,
    pub(super) fitting: u32,
}

/// The replicas of one candidate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Part {
    pub(super) replicas: u32,
    /// What one replica costs.
    pub(super) price: Option<Money>,
    pub(super) request: Request,
}

/// Places up to `wanted` replicas on the candidates; all where there is room.
///
/// The best candidate stays the best until its node is full, since what a replica leaves there
/// only shrinks, and so do the nodes that are like it; they are filled at one go. The work follows
/// the runs of nodes that are alike, not the replicas: O((candidates + runs filled) × log candidates)
/// beside the look at each pool's runs.
pub(super) fn allot(
    question: &Question<'_>,
    candidates: &BitSet<PairId>,
    alternative: usize,
    wanted: u32,
) -> Allotment {
    let mut state = Allotting { question, alternative, changed: HashMap::new() };
    let mut heap: BinaryHeap<Reverse<Entry>> =
        candidates.iter().filter_map(|id| state.entry(id)).map(Reverse).collect();
    let mut allotment = Allotment::default();
    while allotment.fitting < wanted {
        let Some(Reverse(entry)) = heap.pop() else { break };
        let pool = entry.site.pool;
        if entry.version != state.version(pool) {
            // Another flavor of the pool took room since; a fresh entry is in the heap.
            continue;
        }
        let rivals = state.on_pool(candidates, pool);
        // Where two flavors compete for the same nodes, the other may be better on a node that is
        // full for this one.
        let nodes = if rivals.len() > 1 { 1 } else { u32::MAX };
        let placed = state.fill(&entry, nodes, wanted - allotment.fitting);
        if placed == 0 {
            continue;
        }
        let new = || Part { replicas: 0, price: entry.rank.price.known(), request: entry.request };
        allotment.parts.entry(entry.rank.pair).or_insert_with(new).replicas += placed;
        allotment.fitting += placed;
        heap.extend(rivals.into_iter().filter_map(|id| state.entry(id)).map(Reverse));
    }
    allotment
}

/// A candidate in the heap, as good as it was when its pool had that version.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    rank: Rank,
    site: Pair,
    version: u32,
    request: Request,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The pools as they would be after the replicas placed so far.
struct Allotting<'a> {
    question: &'a Question<'a>,
    alternative: usize,
    changed: HashMap<PoolId, Changed>,
}

struct Changed {
    nodes: Nodes,
    version: u32,
}

impl Allotting<'_> {
    fn nodes(&self, pool: PoolId) -> Option<&Nodes> {
        self.changed.get(&pool).map(|changed| &changed.nodes).or_else(|| self.question.inventory.nodes(pool))
    }

    fn version(&self, pool: PoolId) -> u32 {
        self.changed.get(&pool).map_or(0, |changed| changed.version)
    }

    /// How good a candidate is now; `None` where it has no room.
    fn entry(&self, id: PairId) -> Option<Entry> {
        let &site = self.question.fleet().pair(id)?;
        let pool = self.question.fleet().pool(site.pool)?;
        let request = self.question.request(self.alternative, &site);
        let left = match self.nodes(site.pool) {
            Some(nodes) => Some(nodes.best(&request)?.1),
            None => None,
        };
        let rank = Rank {
            spends_gpus: pool.has_gpus() && !self.question.demand.wants_gpu(),
            price: replica_price(pool, &request).into(),
            left: left.into(),
            pair: id,
        };
        Some(Entry { rank, site, version: self.version(site.pool), request })
    }

    /// Puts as many of `wanted` replicas on the entry's best node, and on so many like it, as they hold.
    fn fill(&mut self, entry: &Entry, nodes: u32, wanted: u32) -> u32 {
        if entry.rank.left == UnknownLast::Unknown {
            return wanted;
        }
        let pool = entry.site.pool;
        // The last replicas need no copy that shows what they leave.
        let placed = self.nodes(pool).map_or(0, |free| free.would_occupy(nodes, &entry.request, wanted));
        if placed == wanted {
            return placed;
        }
        let Some(mut changed) = self.changed.remove(&pool).or_else(|| self.untouched(pool)) else { return 0 };
        let placed = changed.nodes.occupy(nodes, &entry.request, wanted);
        changed.version += 1;
        self.changed.insert(pool, changed);
        placed
    }

    fn untouched(&self, pool: PoolId) -> Option<Changed> {
        self.question.inventory.nodes(pool).map(|nodes| Changed { nodes: nodes.clone(), version: 0 })
    }

    /// The candidates on a pool.
    fn on_pool(&self, candidates: &BitSet<PairId>, pool: PoolId) -> SmallVec<[PairId; 2]> {
        let fleet = self.question.fleet();
        let cluster = fleet.pool(pool).and_then(|pool| fleet.cluster(pool.cluster));
        let pairs = cluster.map(|cluster| cluster.pairs.clone()).unwrap_or_default();
        let ids = pairs.map(PairId::from_index).filter(|&id| candidates.contains(id));
        ids.filter(|&id| fleet.pair(id).is_some_and(|pair| pair.pool == pool)).collect()
    }
}

/// What a replica costs on a pool (I5); `None` where nodes are unlimited or unpriced.
fn replica_price(pool: &Pool, request: &Request) -> Option<Money> {
    pool.def.nodes?;
    request.price(pool.def.shape.as_ref()?, pool.def.price?)
}
