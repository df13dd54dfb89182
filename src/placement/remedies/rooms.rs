//! Whether there is room for all replicas after some steps, as far as the room of each class of pairs tells it: what a
//! class has room for is looked at once, and sets of steps only differ in which classes they admit.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::room_of_kinds::{fitting, request};
use super::step::{Field, Step};
use super::suppose::{Case, Values};
use crate::bitset::BitSet;
use crate::catalog::FlavorKind;
use crate::deployment::Demand;
use crate::id::{Id, KindId, PairId, PlaceId};
use crate::inventory::Class;
use crate::placement::Ask;
use crate::placement::price::replica_price;

/// What was looked at, by what steps make of the demand.
#[derive(Default)]
pub(super) struct Rooms(RefCell<HashMap<OfDemand, Rc<Demanded>>>);

/// The fields that are dropped, and what quantities of one replica are lowered to.
type OfDemand = (Vec<Field>, Values);

/// Room for one demand.
struct Demanded {
    demand: Demand,
    /// By alternative: the kinds that one replica fits on.
    kinds: Vec<BitSet<KindId>>,
    /// By alternative, place and class of the place: for how many replicas there is room, as far as that was asked.
    known: RefCell<HashMap<(usize, PlaceId, usize), u32>>,
}

impl Case<'_> {
    /// Whether so many replicas, at most those asked for, have a place after some steps; `None` where only placing them
    /// tells. It does not ask whether something that is required is in force.
    ///
    /// O(classes of the places that are admitted), and for what is asked of a demand the first time O(pairs of these
    /// classes), up to the first that have room for all.
    pub(super) fn has_room(&self, steps: &[Step], values: &Values, wanted: u32) -> Option<bool> {
        let (fleet, index) = (self.fleet(), self.fleet().index());
        let admitted = self.gates.after(fleet, steps);
        let demanded = self.demanded(steps, values);
        let is_enough = self.asks_no_more(steps);
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
                    let of_class = || self.room_of_class(&demanded, alternative, fitting, class);
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

    /// Whether room for each is all that is asked of the replicas after some steps.
    fn asks_no_more(&self, steps: &[Step]) -> bool {
        // Whatever is added to a question may bound what fits.
        let Ask { demand: _, replicas: _, preferences: _, current: _, beside: _, limits, partial: _ } = self.ask;
        limits.is_empty() && self.preferences(steps).is_plain()
    }

    /// For how many replicas, at most those asked for, there is room on open clusters of a class.
    fn room_of_class(&self, demanded: &Demanded, alternative: usize, fitting: &BitSet<KindId>, class: &Class) -> u32 {
        let (fleet, index, takers) = (self.fleet(), self.fleet().index(), self.inventory.takers());
        let wanted = self.ask.wanted();
        let room = |id: &PairId| {
            let kind = index.kind_of(*id).filter(|kind| fitting.contains(*kind))?;
            let pair = fleet.pair(*id).filter(|pair| takers.contain(pair.cluster))?;
            let request = request(fleet, &demanded.demand, alternative, index.kinds().get(kind.index())?);
            if let Some(most) = demanded.demand.max_price {
                let price = fleet.pool(pair.pool).and_then(|pool| replica_price(pool, &request))?;
                (price <= most).then_some(())?;
            }
            Some(self.inventory.nodes(pair.pool).map_or(wanted, |nodes| nodes.room(&request, wanted)))
        };
        let mut all = 0_u32;
        for room in class.members.iter().filter_map(room) {
            all = all.saturating_add(room).min(wanted);
            if all == wanted {
                break;
            }
        }
        all
    }

    fn demanded(&self, steps: &[Step], values: &Values) -> Rc<Demanded> {
        let dropped = steps.iter().filter_map(|step| match step {
            Step::Drop(field) => Some(*field),
            _ => None,
        });
        let of_replica = values.iter().copied().filter(|(field, _)| *field != Field::Replicas);
        let key: OfDemand = (dropped.collect(), of_replica.collect());
        let new = || {
            let demand = self.demand(steps, values);
            let kinds = fitting(self.fleet(), &demand);
            Rc::new(Demanded { demand, kinds, known: RefCell::default() })
        };
        Rc::clone(self.rooms.0.borrow_mut().entry(key).or_insert_with(new))
    }
}
