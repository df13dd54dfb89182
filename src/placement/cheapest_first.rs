//! Candidates in the order in which they may be wanted, none sooner than needed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::feasible::{Feasible, Question};
use super::rank::{Rank, UnknownLast};
use crate::deployment::Preference;
use crate::id::{Id, OfferId, PairId};
use crate::inventory::{Index, Kind, Nodes, Offer, OffersInUse, Remainder, Request, Share};
use crate::quantity::Money;

/// The candidates of one alternative that have not been looked at, where the ranking begins with the
/// price.
///
/// Each kind's offers are a list of ascending price (invariant `cheapest-first` of the index), so only their
/// heads are compared: [`next`](Self::next) gives a candidate only where it may rank before the best that
/// is known. An idle offer's rank is known without a look at its nodes, so of a thousand idle ones whose
/// nodes cost the same only the first is given; those in use are given all, as what is free on them differs.
pub(super) struct CheapestFirst<'a> {
    feasible: &'a Feasible<'a>,
    in_use: &'a OffersInUse,
    order: Order,
    heads: BinaryHeap<Reverse<Head>>,
}

/// How far the ranking is what offers are sorted by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Nothing is preferred: GPUs are spared, then it is by price, and by all that follows.
    Default,
    /// By price, and by all that follows.
    Price,
    /// By price, then by something else that is preferred.
    PriceFirst,
}

/// The next offer of a kind, idle or in use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    bound: Bound,
    at: OfferId,
    /// Where its kind ends.
    end: OfferId,
    idle: bool,
    share: Option<Share>,
    /// Where nodes begin to cost more, of idle offers that may be the best.
    run: Option<Run>,
}

/// Neighbouring offers whose nodes cost the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    end: OfferId,
    /// Whether a replica costs more with all that follow. By rounding, or where it takes nothing, it may
    /// not; then one of a lower name may follow.
    strict: bool,
}

/// What an offer's rank is, or exceeds, as far as offers are ordered by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bound {
    /// Whether GPUs would be spent, where sparing them comes before the price.
    spends_gpus: bool,
    price: UnknownLast<Money>,
    /// Whether they would be, where it comes after.
    spends_gpus_then: bool,
    left: UnknownLast<Remainder>,
    pair: Option<PairId>,
}

impl<'a> CheapestFirst<'a> {
    /// Whether candidates can be had one by one: where they are ranked by price, or by nothing stated, and
    /// there are too many to look at all of them.
    ///
    /// Of `n` candidates among `p` pairs, about one offer in `p / n` is one. Below the square root of `p`,
    /// listing the candidates is less work than to skip the others.
    pub(super) fn is_by_price(question: &Question<'_>) -> bool {
        let preferences = question.ask.preferences;
        let by_price = matches!(preferences.prefer.first(), None | Some(Preference::Price));
        let candidates = question.feasible.estimate();
        by_price && preferences.is_plain() && candidates.saturating_mul(candidates) > question.fleet().pairs().len()
    }

    pub(super) fn new(question: &Question<'a>, alternative: usize) -> Self {
        let order = match question.ask.preferences.prefer.as_slice() {
            [] => Order::Default,
            [_] => Order::Price,
            _ => Order::PriceFirst,
        };
        let (feasible, in_use) = (question.feasible, question.inventory.in_use());
        let mut cheapest_first = Self { feasible, in_use, order, heads: BinaryHeap::new() };
        if !feasible.scope().refuses_everything() {
            let mut heads = Vec::with_capacity(64);
            for kind in feasible.fleet().index().kinds() {
                if let Some(request) = feasible.fits(kind, alternative) {
                    cheapest_first.add_heads(kind, &request, &mut heads);
                }
            }
            cheapest_first.heads = heads.into();
        }
        cheapest_first
    }

    /// The first idle and the first used offer of a kind.
    fn add_heads(&self, kind: &Kind, request: &Request, heads: &mut Vec<Reverse<Head>>) {
        let shape = kind.hardware.limited_shape();
        let spends_gpus = kind.hardware.gpus && !self.feasible.demand().wants_gpu();
        let share = shape.and_then(|shape| request.largest_share(shape));
        let (first, end) = kind.range();
        for idle in [true, false] {
            let Some((at, offer)) =
                next(self.in_use, first, end, idle).and_then(|at| Some((at, self.feasible.fleet().index().offer(at)?)))
            else {
                continue;
            };
            let on_idle = |shape| Nodes::left_on_idle(shape, request);
            let bound = Bound {
                spends_gpus: spends_gpus && self.order == Order::Default,
                price: price(share, offer),
                spends_gpus_then: spends_gpus && self.order == Order::Price,
                left: if idle && self.order != Order::PriceFirst { shape.map(on_idle).into() } else { NOTHING },
                pair: None,
            };
            heads.push(Reverse(Head { bound, at, end, idle, share, run: None }));
        }
    }

    /// A candidate that may rank before `best`, if there is one; with no `best`, any.
    pub(super) fn next(&mut self, best: Option<&Rank>) -> Option<PairId> {
        let best = best.map(|best| Bound::of(best, self.order));
        let index = self.feasible.fleet().index();
        loop {
            let mut top = self.heads.peek_mut()?;
            let Reverse(head) = *top;
            if best.is_some_and(|best| best.is_none_or(|best| head.bound > best)) {
                return None;
            }
            let most = self.feasible.demand().max_price;
            if most.is_some_and(|most| head.bound.price > UnknownLast::Known(most))
                || self.feasible.asks_for_price() && head.bound.price == UnknownLast::Unknown
            {
                // All that follow of its kind cost as much or more.
                PeekMut::pop(top);
                continue;
            }
            if head.idle && head.run.is_none() && self.order != Order::PriceFirst {
                // Not before it is the first: most never are.
                *top = Reverse(head.in_run(index)?);
                continue;
            }
            match head.after(self.in_use, index, self.feasible) {
                Some(after) => *top = Reverse(after),
                None => drop(PeekMut::pop(top)),
            }
            let offer = index.offer(head.at)?;
            if self.feasible.is_open(offer.cluster, offer.place) {
                return Some(offer.pair);
            }
        }
    }
}

impl Head {
    /// The same, with its bound as narrow as the run that it is in allows.
    fn in_run(mut self, index: &Index) -> Option<Self> {
        let offer = index.offer(self.at)?;
        let (at, end) = (self.at.index(), self.end.index());
        let costs_more =
            |at: usize| index.offer(OfferId::from_index(at)).is_some_and(|other| other.node_price != offer.node_price);
        // The run's end, by halves.
        let (mut low, mut high) = (at, end);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if costs_more(middle) { high = middle } else { low = middle }
        }
        let next = index.offer(OfferId::from_index(high)).filter(|_| high < end);
        let strict = next.is_none_or(|next| price(self.share, next) > self.bound.price);
        self.run = Some(Run { end: OfferId::from_index(high), strict });
        self.bound.pair = strict.then_some(offer.pair);
        Some(self)
    }

    /// The next open offer of its kind that is idle or in use as this one is.
    fn after(mut self, in_use: &OffersInUse, index: &Index, feasible: &Feasible<'_>) -> Option<Self> {
        loop {
            self.at = next(in_use, OfferId::from_index(self.at.index() + 1), self.end, self.idle)?;
            let offer = index.offer(self.at)?;
            if feasible.is_open(offer.cluster, offer.place) {
                self.rebound(offer);
                return Some(self);
            }
        }
    }

    fn rebound(&mut self, offer: &Offer) {
        self.bound.price = price(self.share, offer);
        self.run = self.run.filter(|run| self.at < run.end);
        self.bound.pair = self.run.filter(|run| run.strict).map(|_| offer.pair);
    }
}

impl Bound {
    /// A rank, as far as offers are ordered by it; `None` for what none of them is ranked before: places of
    /// today do not move, and those are known from the start.
    fn of(rank: &Rank, order: Order) -> Option<Self> {
        let (price, left, pair) = (rank.price, rank.left, Some(rank.pair));
        match order {
            Order::Default if !rank.moves => None,
            Order::Default => Some(Self { spends_gpus: rank.spends_gpus, price, spends_gpus_then: false, left, pair }),
            Order::Price => Some(Self { spends_gpus: false, price, spends_gpus_then: rank.spends_gpus, left, pair }),
            Order::PriceFirst => {
                Some(Self { spends_gpus: false, price, spends_gpus_then: false, left: NOTHING, pair: None })
            }
        }
    }
}

/// What a replica costs with an offer.
fn price(share: Option<Share>, offer: &Offer) -> UnknownLast<Money> {
    share.and_then(|share| offer.node_price.map(|node| share.of(node))).into()
}

/// The first offer from `first` on, and before `end`, that is idle or in use.
fn next(in_use: &OffersInUse, first: OfferId, end: OfferId, idle: bool) -> Option<OfferId> {
    let range = first.index()..end.index();
    if idle { in_use.first_absent(range) } else { in_use.first_present(range) }
}

/// Less than anything that can be left.
const NOTHING: UnknownLast<Remainder> = UnknownLast::Known(Remainder { gpu_thousandths: 0, cpu: 0, memory: 0 });
