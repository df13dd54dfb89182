//! What the replicas of lifecycles hold of the inventory, kept in step from one state to the next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Workspace;
use crate::catalog::FlavorKind;
use crate::deployment::Workload;
use crate::id::{Id, Name, PairId};
use crate::inventory::{Inventory, Owner, Request, Reservation, ReservationId};
use crate::lifecycle::{Number, Place, Refusal, Site, State};

/// What decided placements take: by deployment, each place with what a replica there takes.
pub(super) type Claims = BTreeMap<Number, Vec<(Place, PairId, Request)>>;

/// Which replicas: of a workload (by the index of its type, and name), a deployment, a place, and the
/// generation that they were started in.
type Key = (usize, Name, Number, Place, u64);

/// Reservations of running replicas.
#[derive(Clone, Debug, Default)]
pub(super) struct Holdings(BTreeMap<Key, Holding>);

#[derive(Clone, Debug)]
struct Holding {
    request: Request,
    replicas: u32,
    id: ReservationId,
}

/// What replicas of one deployment hold at one place, saved with the lifecycle that they belong to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LifeReservation {
    deployment: Number,
    generation: u64,
    place: Place,
    /// What each of them takes.
    request: Request,
    reservation: Reservation,
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

    /// Gives back what a deployment's replicas hold, in an inventory to look ahead in.
    pub(super) fn set_free(&self, inventory: &mut Inventory, workload: &Workload, deployment: Number) {
        let of_this =
            |key: &Key| (key.0, &key.1, key.2) == (workload.resource_type.index(), &workload.name, deployment);
        for (_, holding) in self.0.iter().filter(|(key, _)| of_this(key)) {
            // What is not held there need not be given back.
            let _ = inventory.release(holding.id);
        }
    }

    /// Every reservation: the index of the workload's type, its name, the deployment's number, and the replicas.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Name, Number, ReservationId, u32)> {
        self.0.iter().map(|((kind, name, number, ..), holding)| (*kind, name, *number, holding.id, holding.replicas))
    }

    /// Takes what replicas hold that run already, be their cluster open or not.
    pub(super) fn take(
        &mut self,
        inventory: &mut Inventory,
        workload: &Workload,
        state: &State,
        deployment: Number,
        site: &Site,
        Claim { pair, request }: Claim,
    ) -> Result<(), Refusal> {
        let key = self.key(workload, deployment, &site.place, site.generation);
        let before = self.0.remove(&key);
        let replicas = site.place.replicas.saturating_add(before.as_ref().map_or(0, |holding| holding.replicas));
        if let Some(holding) = before {
            release(inventory, holding.id)?;
        }
        let reserved = inventory.reserve_anyway(pair, &request, replicas);
        let id = reserved.map_err(|error| Refusal::new("I4", error.to_string()).next("make room, or stop them"))?;
        inventory.assign(id, owner(state, deployment));
        self.0.insert(key, Holding { request, replicas, id });
        Ok(())
    }

    /// Restores the saved reservations of a lifecycle's replicas: exactly those that its state requires.
    #[cfg(feature = "manifest")]
    pub(super) fn take_back(
        &mut self,
        inventory: &mut Inventory,
        workload: &Workload,
        state: &State,
        held: &[LifeReservation],
        pair: impl Fn(&Place) -> Option<PairId>,
    ) -> Result<(), (Option<usize>, String)> {
        let mut wanted = self.wanted(workload, state);
        for (at, held) in held.iter().enumerate() {
            let refuse = |message: String| (Some(at), message);
            let LifeReservation { deployment, generation, place, request, reservation } = held;
            let key = self.key(workload, *deployment, place, *generation);
            let replicas = place.replicas;
            if wanted.remove(&key) != Some(replicas) {
                return Err(refuse(format!(
                    "the lifecycle does not have {replicas} replicas of deployment number {} there",
                    deployment.get()
                )));
            }
            let pair = pair(place).ok_or_else(|| refuse("there is no such pool".to_owned()))?;
            if (reservation.cluster(), reservation.pool()) != (&place.cluster, &place.pool) {
                return Err(refuse("the reservation is for another pool".to_owned()));
            }
            if *reservation.owner() != owner(state, *deployment) {
                return Err(refuse(format!("the reservation belongs to {}", reservation.owner())));
            }
            let limited = inventory.fleet().pair(pair).is_some_and(|found| inventory.nodes(found.pool).is_some());
            if limited && !reservation.is_of(request, replicas) {
                return Err(refuse(format!("the reservation does not match what {replicas} replicas take")));
            }
            inventory.restore(reservation).map_err(|error| refuse(error.to_string()))?;
            self.0.insert(key, Holding { request: *request, replicas, id: reservation.id() });
        }
        match wanted.into_iter().next() {
            Some((key, replicas)) => {
                let message =
                    format!("nothing is reserved for {replicas} replicas of deployment number {}", key.2.get());
                Err((None, message))
            }
            None => Ok(()),
        }
    }

    /// How many replicas of a lifecycle run or are about to, by deployment, place and generation.
    fn wanted(&self, workload: &Workload, state: &State) -> BTreeMap<Key, u32> {
        let mut wanted: BTreeMap<Key, u32> = BTreeMap::new();
        for (number, generation, taken) in state.taken() {
            let count = wanted.entry(self.key(workload, number, taken, generation)).or_default();
            *count = count.saturating_add(taken.replicas);
        }
        wanted
    }

    fn key(&self, workload: &Workload, deployment: Number, place: &Place, generation: u64) -> Key {
        let place = Place { replicas: 0, ..place.clone() };
        (workload.resource_type.index(), workload.name.clone(), deployment, place, generation)
    }

    /// Reserves and releases until exactly what the state's replicas take is held.
    pub(super) fn follow(
        &mut self,
        inventory: &mut Inventory,
        workload: &Workload,
        state: &State,
        claims: &Claims,
    ) -> Result<(), Refusal> {
        let wanted = self.wanted(workload, state);
        let of_this = |key: &&Key| (key.0, &key.1) == (workload.resource_type.index(), &workload.name);
        let mut left: Vec<Key> =
            self.0.keys().filter(of_this).filter(|key| !wanted.contains_key(*key)).cloned().collect();
        for (key, replicas) in wanted {
            if let Some(holding) = self.0.get_mut(&key) {
                holding.resize(inventory, replicas)?;
                inventory.assign(holding.id, owner(state, key.2));
            } else if let Some((pair, request)) = claims.get(&key.2).and_then(|claims| claimed(claims, &key.3)) {
                let id = reserve(inventory, pair, &request, replicas)?;
                inventory.assign(id, owner(state, key.2));
                self.0.insert(key, Holding { request, replicas, id });
            } else if let Some(at) = left.iter().position(|old| (old.2, &old.3) == (key.2, &key.3)) {
                // The same replicas under another generation: a patch.
                let old = left.swap_remove(at);
                if let Some(mut holding) = self.0.remove(&old) {
                    holding.resize(inventory, replicas)?;
                    inventory.assign(holding.id, owner(state, key.2));
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
    /// Takes more, or gives back what fewer replicas do not need: those that stay, stay where they are (L14).
    fn resize(&mut self, inventory: &mut Inventory, replicas: u32) -> Result<(), Refusal> {
        let taken = match replicas.checked_sub(self.replicas) {
            Some(0) => Ok(()),
            Some(more) => inventory.extend(self.id, &self.request, more).map_err(|error| error.to_string()),
            None => inventory.shrink(self.id, self.replicas - replicas).map_err(|error| error.to_string()),
        };
        taken.map_err(|error| Refusal::new("I4", error).next("decide anew"))?;
        self.replicas = replicas;
        Ok(())
    }
}

/// The owner of a deployment's replicas (W5).
fn owner(state: &State, deployment: Number) -> Owner {
    Owner::Deployment(format!("{}/{}/{}", state.resource_type(), state.workload(), state.id(deployment)).into())
}

fn reserve(
    inventory: &mut Inventory,
    pair: PairId,
    request: &Request,
    replicas: u32,
) -> Result<ReservationId, Refusal> {
    let reserved = inventory.reserve(pair, request, replicas);
    reserved.map_err(|error| Refusal::new("I4", error.to_string()).next("decide again"))
}

fn release(inventory: &mut Inventory, id: ReservationId) -> Result<(), Refusal> {
    inventory.release(id).map_err(|error| Refusal::new("I4", error.to_string()))
}

/// What is claimed at a place.
fn claimed(claims: &[(Place, PairId, Request)], place: &Place) -> Option<(PairId, Request)> {
    // Of several for one place, the last one counts.
    let found = claims.iter().rev().find(|(claimed, ..)| claimed == place);
    found.map(|(_, pair, request)| (*pair, *request))
}

fn flavor(catalog: &crate::catalog::Catalog, flavor: crate::id::FlavorId) -> String {
    format!("{}:{}", catalog.flavor_kind(flavor).as_str(), catalog.flavor_code(flavor))
}

impl Workspace {
    /// The reservations of the replicas of all lifecycles. Lifecycle commands release them; a host that saves an
    /// inventory with its lifecycles leaves them out, since [`restore_life`](Self::restore_life) takes
    /// them again.
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

    /// What the replicas of a lifecycle hold, to be saved with it.
    #[must_use]
    pub fn held_by_life(&self, workload: &Workload) -> Vec<LifeReservation> {
        let of_this = |key: &Key| (key.0, &key.1) == (workload.resource_type.index(), &workload.name);
        let held = self.lives.holdings.0.iter().filter(|(key, _)| of_this(key));
        let held = held.filter_map(|((_, _, deployment, place, generation), holding)| {
            Some(LifeReservation {
                deployment: *deployment,
                generation: *generation,
                place: Place { replicas: holding.replicas, ..place.clone() },
                request: holding.request,
                reservation: self.inventory.reservation(holding.id)?,
            })
        });
        held.collect()
    }

    /// A pair by names, to be stored.
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
        let kind = [FlavorKind::Cpu, FlavorKind::Gpu].into_iter().find(|known| known.as_str() == kind)?;
        let flavor = self.catalog.flavor(kind, code)?;
        self.inventory.fleet().find_pair(place.cluster.as_str(), place.pool.as_str(), flavor)
    }
}
