//! What the replicas of lives hold of the inventory, followed from one state to the next.

use std::collections::BTreeMap;

use super::Workspace;
use crate::catalog::{Choice, ChoiceKind, FlavorKind};
use crate::deployment::Workload;
use crate::id::{Id, Name, PairId};
use crate::inventory::{Inventory, Request, ReservationId};
use crate::lifecycle::{Number, Place, Refusal, Site, State};
use crate::placement::Decision;

/// Which replicas: of a workload (by the index of its type, and name), a deployment, a place, and the
/// generation that they were started in.
type Key = (usize, Name, Number, Place, u64);

/// Reservations of running replicas.
#[derive(Clone, Debug, Default)]
pub(super) struct Holdings(BTreeMap<Key, Holding>);

#[derive(Clone, Debug)]
struct Holding {
    pair: PairId,
    request: Request,
    replicas: u32,
    id: ReservationId,
}

/// What one replica takes of a pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) pair: PairId,
    pub(super) request: Request,
}

impl Holdings {
    /// Gives back all that a workload's replicas hold.
    pub(super) fn forget(&mut self, inventory: &mut Inventory, workload: &Workload) -> Result<(), Refusal> {
        let of_this = |key: &Key| (key.0, &key.1) == (workload.resource_type.index(), &workload.name);
        let keys: Vec<Key> = self.0.keys().filter(|key| of_this(key)).cloned().collect();
        keys.iter().filter_map(|key| self.0.remove(key)).try_for_each(|holding| release(inventory, holding.id))
    }

    /// Takes what replicas hold that run already, be their cluster open or not.
    pub(super) fn take(
        &mut self,
        inventory: &mut Inventory,
        workload: &Workload,
        deployment: Number,
        site: &Site,
        Claim { pair, request }: Claim,
    ) -> Result<(), Refusal> {
        let place = Place { replicas: 0, ..site.place.clone() };
        let key = (workload.resource_type.index(), workload.name.clone(), deployment, place, site.generation);
        let before = self.0.remove(&key);
        let replicas = site.place.replicas.saturating_add(before.as_ref().map_or(0, |holding| holding.replicas));
        if let Some(holding) = before {
            release(inventory, holding.id)?;
        }
        let reserved = inventory.reserve_anyway(pair, &request, replicas);
        let id = reserved.map_err(|error| Refusal::new("I4", error.to_string()).next("make room, or stop them"))?;
        self.0.insert(key, Holding { pair, request, replicas, id });
        Ok(())
    }

    /// Reserves and releases until exactly what the state's replicas take is held.
    pub(super) fn follow(
        &mut self,
        inventory: &mut Inventory,
        workload: &Workload,
        state: &State,
        decisions: &BTreeMap<Number, Decision>,
    ) -> Result<(), Refusal> {
        let owner = (workload.resource_type.index(), workload.name.clone());
        let mut wanted: BTreeMap<Key, u32> = BTreeMap::new();
        for (number, generation, taken) in state.taken() {
            let place = Place { replicas: 0, ..taken.clone() };
            *wanted.entry((owner.0, owner.1.clone(), number, place, generation)).or_default() += taken.replicas;
        }
        let of_this = |key: &&Key| (key.0, &key.1) == (owner.0, &owner.1);
        let mut left: Vec<Key> =
            self.0.keys().filter(of_this).filter(|key| !wanted.contains_key(*key)).cloned().collect();
        for (key, replicas) in wanted {
            if let Some(holding) = self.0.get_mut(&key) {
                holding.resize(inventory, replicas)?;
            } else if let Some((pair, request)) = decisions.get(&key.2).and_then(|decision| decided(decision, &key.3)) {
                let id = reserve(inventory, pair, &request, replicas)?;
                self.0.insert(key, Holding { pair, request, replicas, id });
            } else if let Some(at) = left.iter().position(|old| (old.2, &old.3) == (key.2, &key.3)) {
                // The same replicas under another generation: a patch.
                let old = left.swap_remove(at);
                if let Some(mut holding) = self.0.remove(&old) {
                    holding.resize(inventory, replicas)?;
                    self.0.insert(key, holding);
                }
            }
        }
        for key in left {
            if let Some(holding) = self.0.remove(&key) {
                release(inventory, holding.id)?;
            }
        }
        Ok(())
    }
}

impl Holding {
    fn resize(&mut self, inventory: &mut Inventory, replicas: u32) -> Result<(), Refusal> {
        if replicas != self.replicas {
            release(inventory, self.id)?;
            self.id = reserve(inventory, self.pair, &self.request, replicas)?;
            self.replicas = replicas;
        }
        Ok(())
    }
}

fn reserve(
    inventory: &mut Inventory,
    pair: PairId,
    request: &Request,
    replicas: u32,
) -> Result<ReservationId, Refusal> {
    let reserved = inventory.reserve(pair, request, replicas);
    reserved.map_err(|error| Refusal::new("I4", error.to_string()).next("decide anew"))
}

fn release(inventory: &mut Inventory, id: ReservationId) -> Result<(), Refusal> {
    inventory.release(id).map_err(|error| Refusal::new("I4", error.to_string()))
}

/// What a decision takes at a place.
fn decided(decision: &Decision, place: &Place) -> Option<(PairId, Request)> {
    let fleet = decision.fleet();
    let at = |id: PairId| {
        let pair = fleet.pair(id)?;
        let flavor = flavor(fleet.catalog(), pair.flavor);
        let same = fleet.cluster(pair.cluster)?.name == place.cluster
            && fleet.pool(pair.pool)?.def.name == place.pool
            && flavor == *place.flavor;
        same.then_some(id)
    };
    decision.placements().iter().find_map(|placement| Some((at(placement.pair)?, placement.request)))
}

fn flavor(catalog: &crate::catalog::Catalog, flavor: crate::id::FlavorId) -> String {
    format!("{}:{}", catalog.flavor_kind(flavor).as_str(), catalog.flavor_code(flavor))
}

impl Workspace {
    /// The reservations behind the replicas of all lives. Their commands give them back; who writes an
    /// inventory down beside its lives leaves them out, as [`restore_life`](Self::restore_life) takes
    /// them anew.
    ///
    /// ```
    /// use siting::manifest::spec::Specs;
    /// use siting::workspace::{LoadOptions, Workspace};
    ///
    /// let workspace = Workspace::from_specs(Specs::default(), LoadOptions::default())?;
    /// assert_eq!(workspace.reserved_by_lives().count(), 0);
    /// # Ok::<(), siting::workspace::LoadError>(())
    /// ```
    pub fn reserved_by_lives(&self) -> impl Iterator<Item = ReservationId> + '_ {
        self.lives.holdings.0.values().map(|holding| holding.id)
    }

    /// A pair by name, for those who keep it.
    pub(super) fn place_of(&self, id: PairId, replicas: u32) -> Option<Place> {
        let fleet = self.inventory.fleet();
        let pair = fleet.pair(id)?;
        Some(Place {
            cluster: fleet.cluster(pair.cluster)?.name.clone(),
            pool: fleet.pool(pair.pool)?.def.name.clone(),
            flavor: flavor(&self.catalog, pair.flavor).into(),
            replicas,
        })
    }

    /// The pair that a place names, if it is still there.
    pub(super) fn pair(&self, place: &Place) -> Option<PairId> {
        let (kind, code) = place.flavor.split_once(':')?;
        let kind = if kind == FlavorKind::Cpu.as_str() { ChoiceKind::Cpu } else { ChoiceKind::Gpu };
        let Choice::Flavor(flavor) = self.catalog.resolve(kind, code)? else { return None };
        self.inventory.fleet().find_pair(place.cluster.as_str(), place.pool.as_str(), flavor)
    }
}
