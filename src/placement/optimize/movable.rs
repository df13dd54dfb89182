//! Placed deployments whose replicas may move, and where to.

use super::auction::{Assigned, Bidder, NODE, Site};
use crate::deployment::Preference;
use crate::inventory::{Inventory, Request, ReservationId};
use crate::placement::ask::Ask;
use crate::placement::decision::{Decision, Placement};
use crate::placement::feasible::Feasible;

/// A placed deployment whose replicas may move.
#[derive(Debug)]
pub struct Movable<'d> {
    decision: &'d mut Decision,
    reservations: &'d [ReservationId],
    /// Where it may be and where it is, until it bids.
    bid: (Bidder, Vec<Assigned>),
    /// What a replica takes, by the number that its sites have.
    requests: Vec<Request>,
}

impl<'d> Movable<'d> {
    /// The replicas of a decision that the inventory holds under `reservations`; `None` for one that
    /// is not to be moved: with places of unknown price, with more to its ranking than the price, or
    /// already running somewhere and not preferring the price to that (D5). O(sites × log sites).
    pub fn new(
        inventory: &Inventory,
        decision: &'d mut Decision,
        ask: &Ask<'_>,
        reservations: &'d [ReservationId],
    ) -> Option<Self> {
        let stays = !ask.current.is_empty() && ask.preferences.prefer.is_empty();
        let by_price = ask.preferences.prefer.iter().all(|preference| *preference == Preference::Price);
        if !by_price || !ask.preferences.is_plain() || !ask.limits.is_empty() || stays || reservations.is_empty() {
            return None;
        }
        let (sites, requests) = sites(inventory, decision, ask);
        let at = |placement: &Placement| sites.iter().position(|site| site.pair == placement.pair);
        let group = |placement| Some(Assigned { site: at(placement)?, replicas: placement.replicas });
        let assigned: Option<Vec<_>> = decision.placements().iter().map(group).collect();
        let assigned = assigned?;
        let replicas = assigned.iter().map(|group| group.replicas).fold(0, u32::saturating_add);
        Some(Self { decision, reservations, bid: (Bidder { replicas, sites }, assigned), requests })
    }

    /// Who it is in an auction, and what it holds before.
    pub(super) fn bid(&mut self) -> (Bidder, Vec<Assigned>) {
        std::mem::take(&mut self.bid)
    }

    /// What its replicas hold now.
    pub(super) fn reservations(&self) -> &[ReservationId] {
        self.reservations
    }

    /// What a replica takes of a site.
    pub(super) fn request(&self, site: &Site) -> Option<&Request> {
        self.requests.get(site.request)
    }

    /// Writes where its replicas are assigned now into the decision.
    pub(super) fn settle(self, bidder: &Bidder, assigned: &[Assigned]) {
        let placement = |group: &Assigned| {
            let site = bidder.sites.get(group.site)?;
            let price_per_hour = site.price.checked_mul(u64::from(group.replicas));
            let request = *self.request(site)?;
            Some(Placement { pair: site.pair, replicas: group.replicas, price_per_hour, request })
        };
        let placements = assigned.iter().filter_map(placement).collect();
        self.decision.replace_placements(placements);
    }
}

/// The priced candidates of a decision under the alternative it took, cheapest first, then by id, and what a
/// replica takes of them.
fn sites(inventory: &Inventory, decision: &Decision, ask: &Ask<'_>) -> (Vec<Site>, Vec<Request>) {
    let feasible =
        Feasible::new(inventory.fleet(), inventory.takers(), decision.scope(), ask.demand).within(ask.limits);
    let index = inventory.fleet().index();
    let (mut sites, mut requests) = (Vec::new(), Vec::new());
    for kind in index.kinds().iter().filter(|_| !feasible.scope().refuses_everything()) {
        let Some(request) = feasible.fits(kind, decision.alternative()) else { continue };
        let Some(share) = kind.hardware.limited_shape().and_then(|shape| request.largest_share(shape)) else {
            continue;
        };
        // Of replicas that do not divide a node, so many as fit one divide it among them.
        let part = NODE.checked_div(share.times()).unwrap_or(0).max(1);
        let open = index.offers(kind).filter(|(_, offer)| feasible.is_open(offer.cluster, offer.place));
        sites.extend(open.filter_map(|(_, offer)| {
            let price = share.of(offer.node_price?);
            ask.demand.max_price.is_none_or(|most| price <= most).then_some(Site {
                price,
                part,
                pair: offer.pair,
                pool: offer.pool,
                request: requests.len(),
            })
        }));
        requests.push(request);
    }
    // Offers of a kind ascend by price, so there is not much to sort.
    sites.sort_by_key(|site| (site.price, site.pair));
    (sites, requests)
}
