//! Replicas onto candidates, one at a time, best first (D5).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::ask::Ask;
use super::cheapest_first::CheapestFirst;
use super::feasible::{Feasible, Question};
use super::limits::Budget;
use super::one_domain::OneDomain;
use super::price::replica_price;
use super::rank::{PreferenceValue, Rank, RankInput, UnknownLast};
use super::spread::Domains;
use crate::id::{PairId, PoolId};
use crate::inventory::{Inventory, Nodes, Pair, Pool, Request};
use crate::policy::Scope;
use crate::quantity::Money;

/// Where the replicas go, in the order of each candidate's first replica, and how many fitted.
#[derive(Clone, Debug, Default)]
pub(super) struct Allotment {
    pub(super) parts: IndexMap<PairId, Part>,
    pub(super) fitting: u32,
    /// The replicas on pools of which both flavors take some, in the order of placing: which node is the best for
    /// one flavor depends on what the other took before.
    pub(super) sequence: Vec<(PairId, u32)>,
    /// The alternative of the demand under which they fit.
    pub(super) alternative: usize,
    /// What each domain holds in the end, where replicas are to be spread.
    pub(super) domains: Option<Domains>,
    /// The one domain in which all stand, where they are to stand together.
    pub(super) one_domain: Option<OneDomain>,
    /// The pools as they are in the end, as far as they have changed; where replicas are to be spread, or to stand
    /// together.
    pub(super) ended: HashMap<PoolId, Nodes>,
}

/// The replicas of one candidate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Part {
    pub(super) replicas: u32,
    /// What one replica costs.
    pub(super) price: Option<Money>,
    pub(super) request: Request,
}

/// Places up to the wanted replicas on the candidates; all where there is room and the spread lets
/// them.
///
/// The best candidate stays the best until its node is full, since what a replica leaves there
/// only shrinks, and so do the nodes that are like it; they are filled at one go. The work follows
/// the runs of nodes that are alike, not the replicas: O((candidates + runs filled) × log candidates),
/// where by price only those candidates count that may be the best. Spreading goes replica by replica.
///
/// On all candidates, or only `among` some; whether these stand together is not asked.
pub(super) fn allot_among(question: &Question<'_>, alternative: usize, among: Option<Vec<PairId>>) -> Allotment {
    let mut goal = question.ask.wanted();
    if question.limits().is_empty() || question.spread().is_none_or(|spread| spread.min_domains.is_none()) {
        return allot_up_to(question, alternative, among, &mut goal);
    }
    // What one domain takes of a limit is missing in those that have to hold a replica, too: then fewer are placed.
    let candidates: Vec<_> = among.unwrap_or_else(|| question.feasible.candidates(alternative).collect());
    let requests = candidates
        .iter()
        .filter_map(|&id| Some((id, question.feasible.request(alternative, question.fleet().pair(id)?))));
    goal = goal.min(Budget::new(question.limits()).most(question.fleet(), requests));
    loop {
        let found = allot_up_to(question, alternative, Some(candidates.clone()), &mut goal);
        if found.fitting >= goal {
            return found;
        }
        goal -= 1;
    }
}

/// The same of at most so many replicas, which become fewer where the domains that have to hold one have no room.
fn allot_up_to(question: &Question<'_>, alternative: usize, among: Option<Vec<PairId>>, goal: &mut u32) -> Allotment {
    let mut wanted = *goal;
    let mut state = Allotting {
        question,
        alternative,
        changed: HashMap::new(),
        budget: Budget::new(question.limits()),
        done: Allotment { alternative, ..Allotment::default() },
    };
    let (mut cheapest_first, first) = if among.is_none() && CheapestFirst::is_by_price(question) {
        // Replicas stay where they run before anything else is looked at.
        let current = question.ask.current.iter().map(|(pair, _)| *pair);
        let current = current.filter(|&id| question.feasible.is_candidate(id, alternative));
        (Some(CheapestFirst::new(question, alternative)), current.collect::<Vec<_>>())
    } else {
        let candidates: Vec<_> = among.unwrap_or_else(|| question.feasible.candidates(alternative).collect());
        if let Some(spread) = question.spread() {
            let mut domains = Domains::new(question, &candidates, spread);
            if spread.min_domains.is_some() {
                let roomy = state.roomy(&domains, &candidates);
                wanted = domains.set_out(wanted, |domain| roomy.contains(&domain));
            }
            state.done.domains = Some(domains);
        }
        (None, candidates)
    };
    *goal = wanted;
    let mut heap: BinaryHeap<Reverse<Entry>> =
        first.into_iter().filter_map(|id| state.entry(id)).map(Reverse).collect();
    // Candidates whose domain must wait for the others.
    let mut waiting: Vec<Entry> = Vec::new();
    while state.done.fitting < wanted {
        if let Some(cheapest_first) = &mut cheapest_first {
            while let Some(id) = cheapest_first.next(heap.peek().map(|Reverse(best)| &best.rank)) {
                heap.extend(state.entry(id).map(Reverse));
            }
        }
        let Some(Reverse(entry)) = heap.pop() else { break };
        if entry.version != state.version(entry.site.pool) {
            // Another flavor of the pool took room since; a fresh entry is in the heap.
            continue;
        }
        if state.done.domains.as_ref().is_some_and(|domains| !domains.admits(entry.site.cluster)) {
            waiting.push(entry);
            continue;
        }
        // What is left of a limit only shrinks: where it is too little, it stays so.
        let Some(now) = state.entry(entry.rank.pair) else { continue };
        if now.rank > entry.rank {
            // Its domain has filled up since.
            heap.push(Reverse(now));
            continue;
        }
        let rivals = state.on_pool(&entry);
        let raised = state.place(&entry, rivals.len(), wanted);
        if raised {
            heap.extend(waiting.drain(..).filter_map(|entry| state.entry(entry.rank.pair)).map(Reverse));
        }
        heap.extend(rivals.into_iter().filter_map(|id| state.entry(id)).map(Reverse));
    }
    if !state.done.sequence.is_empty() {
        let pools = state.done.parts.keys().filter_map(|&id| Some(question.fleet().pair(id)?.pool));
        let mut seen = HashSet::new();
        let shared: HashSet<PoolId> = pools.filter(|&pool| !seen.insert(pool)).collect();
        let is_shared = |id: PairId| question.fleet().pair(id).is_some_and(|pair| shared.contains(&pair.pool));
        state.done.sequence.retain(|&(id, _)| is_shared(id));
    }
    if !question.ask.preferences.is_plain() {
        state.done.ended = state.changed.into_iter().map(|(pool, changed)| (pool, changed.nodes)).collect();
    }
    state.done
}

/// How the candidates with room rank for the first replica under one alternative of the demand, the best
/// first: why one was taken and not another, part by part (D5).
///
/// O(places + kinds + allowed pairs × log).
///
/// ```
/// use siting::placement::{Ask, PreferenceValue, ranking};
/// # use siting::manifest::Source;
/// # use siting::workspace::{LoadOptions, Workspace};
/// # let text = "apiVersion: siting.dev/v1
/// # kind: Cluster
/// # metadata: {name: stockholm}
/// # spec:
/// #   provider: own
/// #   country: se
/// #   pools:
/// #   - {name: dear, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 8Gi, pricePerHour: 2}
/// #   - {name: cheap, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 8Gi, pricePerHour: 1}
/// # ---
/// # apiVersion: siting.dev/v1
/// # kind: Deployment
/// # metadata: {name: v1}
/// # spec: {model: bert, resources: {cpu: 2, memory: 1Gi}, placement: {prefer: [price]}}
/// # ";
/// # let workspace = Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default())?;
/// # let id = workspace.find_deployment("bert/v1")?;
/// # let (deployment, scope) = (workspace.deployment(id).unwrap(), workspace.scope(id).unwrap());
/// let ask = Ask::new(&deployment.demand, 1).preferring(&deployment.preferences);
/// let ranks = ranking(workspace.inventory(), &scope, &ask, 0);
/// let pools = ranks.iter().filter_map(|rank| workspace.inventory().fleet().names(rank.pair));
/// assert_eq!(pools.map(|(_, pool, _)| pool.as_str()).collect::<Vec<_>>(), ["cheap", "dear"]);
/// assert!(matches!(ranks[0].stated[0], PreferenceValue::Price(price) if price.known().unwrap().get() == 500_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn ranking(inventory: &Inventory, scope: &Scope, ask: &Ask<'_>, alternative: usize) -> Vec<Rank> {
    let feasible = Feasible::new(inventory.fleet(), inventory.takers(), scope, ask.demand).within(ask.limits);
    ranked(&Question::new(inventory, &feasible, *ask), alternative)
}

/// The same of a question.
pub(super) fn ranked(question: &Question<'_>, alternative: usize) -> Vec<Rank> {
    // No domain holds anything before the first replica, so spreading has no say yet.
    let done = Allotment { alternative, ..Allotment::default() };
    let budget = Budget::new(question.limits());
    let state = Allotting { question, alternative, changed: HashMap::new(), budget, done };
    let candidates = question.feasible.candidates(alternative);
    let mut ranks: Vec<_> = candidates.filter_map(|id| state.entry(id)).map(|entry| entry.rank).collect();
    ranks.sort();
    ranks
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

/// What has been placed, and the pools as they would be after it.
struct Allotting<'a> {
    question: &'a Question<'a>,
    alternative: usize,
    changed: HashMap<PoolId, Changed>,
    budget: Budget<'a>,
    done: Allotment,
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

    /// How good a candidate is now; `None` where it has no room, or too little is left of a limit.
    fn entry(&self, id: PairId) -> Option<Entry> {
        let (fleet, preferences) = (self.question.fleet(), self.question.ask.preferences);
        let &site = fleet.pair(id)?;
        let (pool, cluster) = (fleet.pool(site.pool)?, fleet.cluster(site.cluster)?);
        let request = self.question.feasible.request(self.alternative, &site);
        if self.budget.room(fleet, id, &request, 1) == 0 {
            return None;
        }
        let (node, left) = match self.nodes(site.pool) {
            Some(nodes) => nodes.best_node(&request).map(|node| (Some(node), Some(node.remainder(&request))))?,
            None => (None, None),
        };
        let (price, left) = (replica_price(pool, &request).into(), left.into());
        let seen = RankInput { cluster, pool, request, node, price, left };
        let like = |preference| PreferenceValue::of(preference, fleet.catalog(), &seen);
        let rank = Rank {
            held_in_domain: self.held_in_domain(&site),
            stated: preferences.prefer.iter().map(like).collect(),
            moves: preferences.prefer.is_empty() && self.keepable(id) == 0,
            spends_gpus: pool.has_gpus() && !self.question.ask.demand.wants_gpu(),
            price,
            left,
            pair: id,
        };
        Some(Entry { rank, site, version: self.version(site.pool), request })
    }

    /// The domains in which a candidate has room for a replica.
    fn roomy(&self, domains: &Domains, candidates: &[PairId]) -> HashSet<usize> {
        let fleet = self.question.fleet();
        let pairs = candidates.iter().filter_map(|&id| Some((id, fleet.pair(id)?)));
        let has_room = |(id, pair): &(PairId, &Pair)| {
            let request = self.question.feasible.request(self.alternative, pair);
            self.question.room(pair, &request, 1) > 0 && self.budget.room(fleet, *id, &request, 1) > 0
        };
        pairs.filter(has_room).filter_map(|(_, pair)| domains.domain(pair.cluster)).collect()
    }

    /// Replicas that the candidate's domain holds, where spreading is but preferred.
    fn held_in_domain(&self, site: &Pair) -> u32 {
        let preferred = self.done.domains.as_ref().filter(|domains| !domains.is_constraint());
        preferred.map_or(0, |domains| domains.held(site.cluster))
    }

    /// How many more replicas would stay where replicas run now, if they were put on this candidate.
    fn keepable(&self, id: PairId) -> u32 {
        let current = self.question.ask.current.iter().filter(|(pair, _)| *pair == id).map(|(_, replicas)| *replicas);
        let placed = self.done.parts.get(&id).map_or(0, |part| part.replicas);
        current.fold(0, u32::saturating_add).saturating_sub(placed)
    }

    /// Places replicas on the entry's best node and on nodes like it, as many as can be placed
    /// before another candidate may be better; whether waiting domains may go on.
    fn place(&mut self, entry: &Entry, rivals: usize, wanted: u32) -> bool {
        let id = entry.rank.pair;
        let left = wanted - self.done.fitting;
        // Where two flavors compete for the same nodes, the other may be better on a node that is
        // full for this one.
        let nodes = if rivals > 1 { 1 } else { u32::MAX };
        let keeps = self.question.ask.preferences.prefer.is_empty() && !entry.rank.moves;
        let most = match &self.done.domains {
            Some(_) => 1,
            // What is stranded does not only shrink while a node fills up.
            None if self.question.ask.preferences.packs_for_a_mix() => 1,
            None if keeps => self.keepable(id).min(left),
            None => left,
        };
        let fleet = self.question.fleet();
        let most = self.budget.room(fleet, id, &entry.request, most);
        let placed = self.fill(entry, nodes, most, most == left && wanted == self.question.ask.wanted());
        self.budget.take(fleet, id, &entry.request, placed);
        if placed > 0 {
            let new = || Part { replicas: 0, price: entry.rank.price.known(), request: entry.request };
            self.done.parts.entry(id).or_insert_with(new).replicas += placed;
            self.done.fitting += placed;
            if rivals > 1 {
                match self.done.sequence.last_mut() {
                    Some((last, replicas)) if *last == id => *replicas += placed,
                    _ => self.done.sequence.push((id, placed)),
                }
            }
        }
        self.done.domains.as_mut().is_some_and(|domains| placed > 0 && domains.add(entry.site.cluster))
    }

    /// Puts as many of `wanted` replicas on the entry's best node, and on so many like it, as they
    /// hold. The `last` replicas need no copy of the nodes that shows what they leave.
    fn fill(&mut self, entry: &Entry, nodes: u32, wanted: u32, last: bool) -> u32 {
        if entry.rank.left == UnknownLast::Unknown {
            return wanted;
        }
        let pool = entry.site.pool;
        if last {
            let placed = self.nodes(pool).map_or(0, |free| free.would_occupy(nodes, &entry.request, wanted));
            if placed == wanted {
                return placed;
            }
        }
        let Some(mut changed) = self.changed.remove(&pool).or_else(|| self.unchanged(pool)) else { return 0 };
        let placed = changed.nodes.occupy(nodes, &entry.request, wanted);
        changed.version += 1;
        self.changed.insert(pool, changed);
        placed
    }

    fn unchanged(&self, pool: PoolId) -> Option<Changed> {
        self.question.inventory.nodes(pool).map(|nodes| Changed { nodes: nodes.clone(), version: 0 })
    }

    /// The candidates on an entry's pool.
    fn on_pool(&self, entry: &Entry) -> SmallVec<[PairId; 2]> {
        let pairs = self.question.fleet().pool(entry.site.pool).into_iter().flat_map(Pool::pairs);
        pairs.filter(|&id| self.question.feasible.is_candidate(id, self.alternative)).collect()
    }
}
