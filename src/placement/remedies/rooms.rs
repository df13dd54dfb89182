//! Whether there is room for all replicas after some steps, as far as the room of each class of pairs tells it: what a
//! class has room for is looked at once, and sets of steps only differ in which classes they admit.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::gates::Admitted;
use super::room_of_kinds::{fitting, request};
use super::step::Field;
use crate::bitset::BitSet;
use crate::catalog::FlavorKind;
use crate::deployment::Demand;
use crate::id::{Id, KindId, PairId, PlaceId};
use crate::inventory::{Class, Inventory};
use crate::placement::price::replica_price;

/// What was looked at, by what steps make of the demand.
pub(super) struct Rooms<'a> {
    inventory: &'a Inventory,
    /// How many replicas are asked for; never more.
    wanted: u32,
    known: RefCell<HashMap<OfDemand, Rc<Demanded>>>,
}

/// The fields that are dropped, and what quantities of one replica are lowered to.
pub(super) type OfDemand = (Vec<Field>, Vec<(Field, u64)>);

/// Room for one demand.
struct Demanded {
    demand: Demand,
    /// By alternative: the kinds that one replica fits on.
    kinds: Vec<BitSet<KindId>>,
    /// By alternative, place and class of the place: for how many replicas there is room, as far as that was asked.
    known: RefCell<HashMap<(usize, PlaceId, usize), u32>>,
}

impl<'a> Rooms<'a> {
    pub(super) fn new(inventory: &'a Inventory, wanted: u32) -> Self {
        Self { inventory, wanted, known: RefCell::default() }
    }

    /// Whether so many replicas of a demand, at most those asked for, have a place on what is admitted; `None` where only
    /// placing them tells. Room for each is all that is asked of them only where `is_enough`.
    ///
    /// O(classes of the places that are admitted), and for what is asked of a demand the first time O(pairs of these
    /// classes), up to the first that have room for all.
    pub(super) fn are_enough(
        &self,
        admitted: &Admitted,
        of: OfDemand,
        demand: impl FnOnce() -> Demand,
        wanted: u32,
        is_enough: bool,
    ) -> Option<bool> {
        let (fleet, index) = (self.inventory.fleet(), self.inventory.fleet().index());
        let demanded = self.demanded(of, demand);
        let mut may_be_enough = false;
        for (alternative, fitting) in demanded.kinds.iter().enumerate() {
            // A pool has at most one flavor of each kind, so the room of classes of one kind adds up.
            let mut room = [0_u32; FlavorKind::ALL.len()];
            for id in admitted.places.iter() {
                let Some(place) = index.place(id) else { continue };
                for (number, class) in index.classes_of(place).iter().enumerate() {
                    let Some(first) = class.members.first() else { continue };
                    if !index.kind_of(*first).is_some_and(|kind| admitted.kinds.contains(kind)) {
                        continue;
                    }
                    let of_class = || self.room_of_class(&demanded.demand, alternative, fitting, class);
                    let of_class =
                        *demanded.known.borrow_mut().entry((alternative, id, number)).or_insert_with(of_class);
                    let kind = fleet.pair(*first).map(|pair| fleet.catalog().flavor_kind(pair.flavor));
                    let of_kind = kind.and_then(|kind| room.get_mut(kind as usize));
                    of_kind.into_iter().for_each(|room| *room = room.saturating_add(of_class));
                }
                if is_enough && room.iter().any(|room| *room >= wanted) {
                    return Some(true);
                }
            }
            may_be_enough |= room.into_iter().fold(0, u32::saturating_add) >= wanted;
        }
        if may_be_enough { None } else { Some(false) }
    }

    /// For how many replicas, at most those asked for, there is room on open clusters of a class.
    fn room_of_class(&self, demand: &Demand, alternative: usize, fitting: &BitSet<KindId>, class: &Class) -> u32 {
        let (fleet, index, takers) = (self.inventory.fleet(), self.inventory.fleet().index(), self.inventory.takers());
        let room = |id: &PairId| {
            let kind = index.kind_of(*id).filter(|kind| fitting.contains(*kind))?;
            let pair = fleet.pair(*id).filter(|pair| takers.contain(pair.cluster))?;
            let request = request(fleet, demand, alternative, index.kinds().get(kind.index())?);
            if let Some(most) = demand.max_price {
                let price = fleet.pool(pair.pool).and_then(|pool| replica_price(pool, &request))?;
                (price <= most).then_some(())?;
            }
            Some(self.inventory.nodes(pair.pool).map_or(self.wanted, |nodes| nodes.room(&request, self.wanted)))
        };
        let mut all = 0_u32;
        for room in class.members.iter().filter_map(room) {
            all = all.saturating_add(room).min(self.wanted);
            if all == self.wanted {
                break;
            }
        }
        all
    }

    fn demanded(&self, of: OfDemand, demand: impl FnOnce() -> Demand) -> Rc<Demanded> {
        let new = || {
            let demand = demand();
            let kinds = fitting(self.inventory.fleet(), &demand);
            Rc::new(Demanded { demand, kinds, known: RefCell::default() })
        };
        Rc::clone(self.known.borrow_mut().entry(of).or_insert_with(new))
    }
}
