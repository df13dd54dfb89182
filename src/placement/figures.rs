//! The figures of a reason (D6): what is short, which condition on hardware is not met, what each alternative
//! alone would place. They are reckoned when someone reads them, from what the decision was made on.

use std::sync::Arc;

use smallvec::SmallVec;

use super::asked::Asked;
use super::condition::Condition;
use super::constraint::Code;
use super::limits::{Limit, Limited};
use super::lower;
use super::price::replica_price;
use crate::deployment::Demand;
use crate::id::{PairId, PoolId};
use crate::inventory::{Amounts, Kind, Node, Nodes, Request, Resource};

/// What a reason is about, in figures.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Figures {
    /// The resources of which one replica wants more than any node has, or has left; where none is so everywhere,
    /// those of which some node has too little.
    pub short: Vec<Short>,
    /// The conditions on hardware that are not met.
    pub unmet: Vec<Unmet>,
    /// Where there are several alternatives: how many replicas each alone would place. They are never mixed.
    pub places: Vec<u32>,
    /// The limits that one more replica would pass everywhere it may run, or of which least is left: what is held of
    /// each, and by whom.
    pub limits: Vec<Limit>,
}

/// A resource of which there is too little.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Short {
    /// The alternative of the demand, from 1, where it has several.
    pub alternative: Option<usize>,
    /// The resource.
    pub resource: Resource,
    /// What one replica wants, in the resource's unit.
    pub wanted: u64,
    /// The most that there is on one node.
    pub most: u64,
}

/// A condition on hardware that is not met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmet {
    /// The alternative of the demand, from 1, where it has several.
    pub alternative: Option<usize>,
    /// Which.
    pub condition: Condition,
    /// What is demanded.
    pub wanted: String,
    /// Whether it is only not known to be met.
    pub unknown: bool,
}

/// What figures are reckoned from: what the decision was made on.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) asked: Arc<Asked>,
    /// One pair that is asked about, or all.
    pub(super) pair: Option<PairId>,
    /// What is free on the pools that have no room for a replica, under some alternative.
    pub(super) full: Vec<(PoolId, Arc<Nodes>)>,
    /// How many replicas each alternative alone would place.
    pub(super) places: Vec<u32>,
}

impl Source {
    /// The figures of a code, under these alternatives; under all where there is none.
    pub(super) fn figures(&self, code: Code, under: &[usize]) -> Figures {
        let alternatives = self.asked.demand.alternatives();
        let mut figures = Figures::default();
        for alternative in 0..alternatives {
            let number = (alternatives > 1).then_some(alternative + 1);
            if self.pair.is_some() && !under.is_empty() && !under.contains(&(alternative + 1)) {
                continue;
            }
            match code {
                Code::NoSuchFlavor => self.unmet(alternative, number, &mut figures.unmet),
                Code::DoesNotFitNode => figures.short.extend(self.too_large(alternative, number)),
                Code::TooExpensive => self.too_expensive(alternative, number, &mut figures),
                Code::InsufficientCapacity => figures.short.extend(self.no_room(alternative, number)),
                _ => {}
            }
        }
        if code == Code::OverLimit {
            figures.limits = self.spent();
        }
        if code == Code::InsufficientCapacity && alternatives > 1 {
            figures.places.clone_from(&self.places);
        }
        figures
    }

    /// The kinds in question: that of the pair, or all with an offer that policies, health and cordons leave.
    fn kinds(&self) -> Vec<&Kind> {
        let index = self.asked.fleet.index();
        if let Some(pair) = self.pair {
            return index
                .kind_of(pair)
                .and_then(|kind| index.kinds().get(crate::id::Id::index(kind)))
                .into_iter()
                .collect();
        }
        let feasible = self.asked.feasible();
        let is_left = |kind: &&Kind| {
            feasible.of_points(&kind.points).is_none()
                && index.offers(kind).any(|(_, offer)| feasible.is_open(offer.cluster, offer.place))
        };
        let left: Vec<_> = index.kinds().iter().filter(is_left).collect();
        if left.is_empty() { index.kinds().iter().collect() } else { left }
    }

    /// The conditions that some kind does not meet, each once.
    fn unmet(&self, alternative: usize, number: Option<usize>, found: &mut Vec<Unmet>) {
        let (catalog, demand) = (self.asked.fleet.catalog(), &self.asked.demand);
        let first = found.len();
        for kind in self.kinds() {
            for (condition, unknown) in
                lower::unmet(catalog, demand, alternative, lower::of_hardware(&kind.hardware), kind.flavor)
            {
                let known = found.iter_mut().skip(first).find(|unmet| unmet.condition == condition);
                match known {
                    // Of several, it is only unknown where it is so of all.
                    Some(unmet) => unmet.unknown &= unknown,
                    None => {
                        let wanted = lower::wanted(catalog, demand, alternative, condition);
                        found.push(Unmet { alternative: number, condition, wanted, unknown });
                    }
                }
            }
        }
        if let Some(found) = found.get_mut(first..) {
            found.sort_by_key(|unmet| unmet.condition);
        }
    }

    /// What an idle node has too little of, of the kinds that are demanded.
    fn too_large(&self, alternative: usize, number: Option<usize>) -> Vec<Short> {
        let (catalog, demand) = (self.asked.fleet.catalog(), &self.asked.demand);
        let is_demanded =
            |kind: &&Kind| lower::admits(catalog, demand, alternative, lower::of_hardware(&kind.hardware), kind.flavor);
        let (mut demanded, others): (Vec<_>, Vec<_>) = self.kinds().into_iter().partition(is_demanded);
        if demanded.is_empty() {
            demanded = others;
        }
        let request = |kind: &Kind| lower::request_under(demand, alternative, catalog.flavor_kind(kind.flavor));
        let tight = demanded.iter().filter(|kind| !kind.hardware.holds(&request(kind)));
        let nodes = tight.filter_map(|kind| Some((request(kind), Node::idle(kind.hardware.shape.as_ref()?))));
        short(number, nodes.map(|(request, node)| Amounts::both(&request, &node)))
    }

    /// What a replica costs where it costs the least, beside the most that it may cost; or that nobody knows.
    fn too_expensive(&self, alternative: usize, number: Option<usize>, figures: &mut Figures) {
        let (catalog, demand, index) = (self.asked.fleet.catalog(), &self.asked.demand, self.asked.fleet.index());
        let Some(most) = demand.max_price else {
            // Under a limit of price what is not known is too much.
            let limit = self.asked.limits.iter().find(|limit| limit.of == Limited::Price);
            figures.unmet.extend(limit.map(|limit| Unmet {
                alternative: number,
                condition: Condition::Price,
                wanted: format!("{} in all", limit.of.written(limit.most)),
                unknown: true,
            }));
            return;
        };
        let is_demanded =
            |kind: &&Kind| lower::admits(catalog, demand, alternative, lower::of_hardware(&kind.hardware), kind.flavor);
        let (mut demanded, others): (Vec<_>, Vec<_>) = self.kinds().into_iter().partition(is_demanded);
        if demanded.is_empty() {
            demanded = others;
        }
        let costs = demanded.into_iter().flat_map(|kind| {
            let request = lower::request_under(demand, alternative, catalog.flavor_kind(kind.flavor));
            let offers = index.offers(kind).map(|(_, offer)| offer);
            let offers = offers.filter(|offer| self.pair.is_none_or(|pair| pair == offer.pair));
            offers.filter_map(move |offer| replica_price(self.asked.fleet.pool(offer.pool)?, &request))
        });
        match costs.min() {
            Some(least) => figures.short.push(Short {
                alternative: number,
                resource: Resource::Price,
                wanted: least.get(),
                most: most.get(),
            }),
            None => {
                let wanted = lower::wanted(catalog, demand, alternative, Condition::Price);
                figures.unmet.push(Unmet { alternative: number, condition: Condition::Price, wanted, unknown: true });
            }
        }
    }

    /// The limits that leave no room for one more replica somewhere; all, where each leaves some for one.
    fn spent(&self) -> Vec<Limit> {
        let (catalog, index) = (self.asked.fleet.catalog(), self.asked.fleet.index());
        let passes = |limit: &&Limit| {
            self.kinds().into_iter().any(|kind| {
                (0..self.asked.demand.alternatives()).any(|alternative| {
                    let flavor = catalog.flavor_kind(kind.flavor);
                    let request = lower::request_under(&self.asked.demand, alternative, flavor);
                    let mut offers =
                        index.offers(kind).filter(|(_, offer)| self.pair.is_none_or(|pair| pair == offer.pair));
                    offers.any(|(_, offer)| {
                        let each = limit.of.of_replica(&self.asked.fleet, offer.pair, &request);
                        each.is_some_and(|each| each > limit.left())
                    })
                })
            })
        };
        let spent: Vec<Limit> = self.asked.limits.iter().filter(passes).cloned().collect();
        if spent.is_empty() { self.asked.limits.clone() } else { spent }
    }

    /// What the nodes in use have too little of left.
    fn no_room(&self, alternative: usize, number: Option<usize>) -> Vec<Short> {
        let demand = &self.asked.demand;
        let mut amounts = Vec::new();
        for (pool, nodes) in &self.full {
            let Some(request) = self.request(*pool, demand, alternative) else { continue };
            if nodes.has_room(&request) {
                continue;
            }
            if nodes.count() == 0 {
                amounts.push(Amounts::no_node());
            }
            amounts.extend(nodes.different().map(|node| Amounts::both(&request, node)));
        }
        short(number, amounts.into_iter())
    }

    /// What a replica takes on a pool, of a pair in question that an idle node would hold.
    fn request(&self, pool: PoolId, demand: &Demand, alternative: usize) -> Option<Request> {
        let (fleet, feasible) = (&self.asked.fleet, self.asked.feasible());
        let pairs = fleet.pool(pool)?.pairs().filter(|&id| self.pair.is_none_or(|pair| pair == id));
        let fits = |id: PairId| {
            let fit = feasible.of_pair(id, alternative)?;
            let fits = match self.pair {
                Some(_) => !fit.failures.contains(Code::DoesNotFitNode),
                None => fit.failures.is_none(),
            };
            let kind = fleet.catalog().flavor_kind(fleet.pair(id)?.flavor);
            fits.then(|| lower::request_under(demand, alternative, kind))
        };
        pairs.into_iter().find_map(fits)
    }
}

/// The resources that are short, of what is wanted and what there is on each node.
fn short(alternative: Option<usize>, nodes: impl Iterator<Item = Amounts>) -> Vec<Short> {
    let mut most: SmallVec<[Short; 8]> = SmallVec::new();
    let mut somewhere: SmallVec<[Resource; 8]> = SmallVec::new();
    for amounts in nodes {
        for (resource, wanted, has) in amounts.iter() {
            match most.iter_mut().find(|short| short.resource == resource) {
                Some(short) => {
                    short.wanted = short.wanted.max(wanted);
                    short.most = short.most.max(has);
                }
                None => most.push(Short { alternative, resource, wanted, most: has }),
            }
            if wanted > has && !somewhere.contains(&resource) {
                somewhere.push(resource);
            }
        }
    }
    let everywhere: Vec<_> = most.iter().filter(|short| short.wanted > short.most).copied().collect();
    if everywhere.is_empty() {
        most.into_iter().filter(|short| somewhere.contains(&short.resource)).collect()
    } else {
        everywhere
    }
}

impl Figures {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.short.is_empty() && self.unmet.is_empty() && self.places.is_empty() && self.limits.is_empty()
    }

    /// The figures in words, to stand behind what the code says by itself.
    pub(super) fn in_words(&self, left: bool, numbered: bool) -> Vec<String> {
        let under = |alternative: Option<usize>| {
            alternative.filter(|_| numbered).map(|number| format!("alternative {number}: ")).unwrap_or_default()
        };
        let short = self.short.iter().map(|short| {
            let (resource, wanted) = (short.resource, short.resource.written(short.wanted));
            let most = resource.written(short.most);
            let (under, left) = (under(short.alternative), if left { "left " } else { "" });
            match resource {
                Resource::Nodes => format!("{under}a pool has no node"),
                Resource::Price if short.most >= short.wanted => {
                    format!("{under}price at most {most} wanted, which some places exceed")
                }
                Resource::Price => format!("{under}price at most {most} wanted, {wanted} at the least"),
                _ if short.most >= short.wanted => {
                    format!("{under}{} {wanted} wanted, which some nodes do not have {left}", resource.as_str())
                }
                _ => format!("{under}{} {wanted} wanted, at most {most} {left}on a node", resource.as_str()),
            }
            .trim_end()
            .to_owned()
        });
        let unmet = self.unmet.iter().map(|unmet| {
            let unknown = match (unmet.unknown, unmet.condition) {
                (false, _) => "",
                (true, Condition::Price) => ", and what a replica costs is not known",
                (true, _) => ", and what the flavor has is not known",
            };
            format!("{}{} {} wanted{unknown}", under(unmet.alternative), unmet.condition.in_words(), unmet.wanted)
        });
        let mut words: Vec<String> = unmet.chain(short).collect();
        words.extend(self.limits.iter().map(Limit::in_words));
        if !self.places.is_empty() {
            let places: Vec<_> = self.places.iter().map(u32::to_string).collect();
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            let listed = crate::origin::listed(&places, "and", usize::MAX);
            words.push(format!("alternatives are not mixed, and alone they would place {}", listed.replace('`', "")));
        }
        words
    }
}
