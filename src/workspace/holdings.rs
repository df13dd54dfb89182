//! What the replicas of lifecycles hold of the inventory, kept in step from one state to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Workspace;
use crate::catalog::{Catalog, FlavorKind};
use crate::deployment::Workload;
use crate::id::{Id, Name, PairId};
use crate::inventory::{Fleet, Inventory, Owner, Request, Reservation, ReservationId};
use crate::lifecycle::{Number, Place, Refusal, Site, State};

/// What decided placements take: by deployment, each place with what a replica there takes.
pub(super) type Claims = BTreeMap<Number, Vec<(Place, PairId, Request)>>;

/// Which life: by the index of its workload's type, and name.
type Life = (usize, Name);

/// Which replicas of a life: of a deployment, at a place, and the generation that they were started in.
type Key = (Number, Place, u64);

/// What the replicas of one life hold.
type Held = BTreeMap<Key, Holding>;

/// Reservations of running replicas, by life. A clone shares those of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Holdings(BTreeMap<Life, Arc<Held>>);

/// What a life held, to be put back.
pub(super) struct Before {
    held: Option<Arc<Held>>,
    reservations: Vec<Reservation>,
    next: ReservationId,
}

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
        let held = self.0.remove(&life(workload)).unwrap_or_default();
        held.values().try_for_each(|holding| release(inventory, holding.id))
    }

    /// What a life holds, to be [put back](Self::put_back) where something is refused halfway.
    pub(super) fn before(&self, inventory: &Inventory, workload: &Workload) -> Before {
        let held = self.0.get(&life(workload)).cloned();
        let reservations = held.iter().flat_map(|held| held.values());
        let reservations = reservations.filter_map(|holding| inventory.reservation(holding.id)).collect();
        Before { held, reservations, next: inventory.next_reservation() }
    }

    /// A life holds again what it held, on the same nodes; nobody has seen what it was given meanwhile.
    pub(super) fn put_back(&mut self, inventory: &mut Inventory, workload: &Workload, before: Before) {
        for holding in self.0.remove(&life(workload)).iter().flat_map(|held| held.values()) {
            // What is not held need not be given back.
            let _ = inventory.release(holding.id);
        }
        for reservation in &before.reservations {
            let _ = inventory.release(reservation.id());
        }
        for reservation in &before.reservations {
            // Invariant `others-hold-as-before`: nobody else has taken anything, so its nodes are free.
            let _ = inventory.restore(reservation);
        }
        inventory.count_on_from(before.next);
        self.0.extend(before.held.map(|held| (life(workload), held)));
    }

    /// Gives back what a deployment's replicas hold, in an inventory to look ahead in.
    pub(super) fn set_free(&self, inventory: &mut Inventory, workload: &Workload, deployment: Number) {
        let held = self.0.get(&life(workload)).into_iter().flat_map(|held| held.iter());
        for (_, holding) in held.filter(|(key, _)| key.0 == deployment) {
            // What is not held there need not be given back.
            let _ = inventory.release(holding.id);
        }
    }

    /// Every reservation: the index of the workload's type, its name, the deployment's number, and the replicas.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Name, Number, ReservationId, u32)> {
        self.0.iter().flat_map(|((kind, name), held)| {
            held.iter().map(move |((number, ..), holding)| (*kind, name, *number, holding.id, holding.replicas))
        })
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
        let key = key(deployment, &site.place, site.generation);
        let held = Arc::make_mut(self.0.entry(life(workload)).or_default());
        let before = held.remove(&key);
        let replicas = site.place.replicas.saturating_add(before.as_ref().map_or(0, |holding| holding.replicas));
        if let Some(holding) = before {
            release(inventory, holding.id)?;
        }
        let reserved = inventory.reserve_anyway(pair, &request, replicas);
        let id = reserved.map_err(|error| Refusal::new("I4", error.to_string()).next("make room, or stop them"))?;
        inventory.assign(id, owner(state, deployment));
        held.insert(key, Holding { request, replicas, id });
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
        let (mut wanted, mut back) = (wanted(state), Held::new());
        for (at, held) in held.iter().enumerate() {
            let refuse = |message: String| (Some(at), message);
            let LifeReservation { deployment, generation, place, request, reservation } = held;
            let key = key(*deployment, place, *generation);
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
            back.insert(key, Holding { request: *request, replicas, id: reservation.id() });
        }
        if !back.is_empty() {
            self.0.insert(life(workload), Arc::new(back));
        }
        match wanted.into_iter().next() {
            Some((key, replicas)) => {
                let message =
                    format!("nothing is reserved for {replicas} replicas of deployment number {}", key.0.get());
                Err((None, message))
            }
            None => Ok(()),
        }
    }

    /// The reservation of replicas at a place, started in a generation.
    pub(super) fn find(
        &self,
        workload: &Workload,
        number: Number,
        place: &Place,
        generation: u64,
    ) -> Option<ReservationId> {
        let held = self.0.get(&life(workload))?;
        held.get(&key(number, place, generation)).map(|holding| holding.id)
    }

    /// Reserves and releases until exactly what the state's replicas take is held.
    pub(super) fn follow(
        &mut self,
        inventory: &mut Inventory,
        workload: &Workload,
        state: &State,
        claims: &Claims,
    ) -> Result<(), Refusal> {
        let (wanted, gone) = (wanted(state), gone(state));
        let gone = |key: &Key| gone.get(key).copied().unwrap_or_default();
        let life = life(workload);
        let held = Arc::make_mut(self.0.entry(life.clone()).or_default());
        let mut left: Vec<Key> = held.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
        for (key, replicas) in wanted {
            if let Some(holding) = held.get_mut(&key) {
                holding.resize(inventory, replicas, gone(&key))?;
                inventory.assign(holding.id, owner(state, key.0));
            } else if let Some((pair, request)) = claims.get(&key.0).and_then(|claims| claimed(claims, &key.1)) {
                let id = reserve(inventory, pair, &request, replicas)?;
                inventory.assign(id, owner(state, key.0));
                held.insert(key, Holding { request, replicas, id });
            } else if let Some(at) = left.iter().position(|old| (old.0, &old.1) == (key.0, &key.1)) {
                // The same replicas under another generation: a patch.
                let old = left.swap_remove(at);
                if let Some(mut holding) = held.remove(&old) {
                    holding.resize(inventory, replicas, gone(&key))?;
                    inventory.assign(holding.id, owner(state, key.0));
                    held.insert(key, holding);
                }
            }
        }
        for key in left {
            if let Some(holding) = held.remove(&key) {
                release(inventory, holding.id)?;
            }
        }
        if held.is_empty() {
            self.0.remove(&life);
        }
        Ok(())
    }
}

fn life(workload: &Workload) -> Life {
    (workload.resource_type.index(), workload.name.clone())
}

fn key(deployment: Number, place: &Place, generation: u64) -> Key {
    (deployment, Place { replicas: 0, ..place.clone() }, generation)
}

/// How many replicas of a lifecycle run or are about to, by deployment, place and generation.
fn wanted(state: &State) -> BTreeMap<Key, u32> {
    let mut wanted: BTreeMap<Key, u32> = BTreeMap::new();
    for (number, generation, taken) in state.taken() {
        let count = wanted.entry(key(number, taken, generation)).or_default();
        *count = count.saturating_add(taken.replicas);
    }
    wanted
}

/// How many of them are known to be on nodes that are gone.
fn gone(state: &State) -> BTreeMap<Key, u32> {
    let mut gone: BTreeMap<Key, u32> = BTreeMap::new();
    for record in state.deployments() {
        for site in record.sites.iter().filter(|site| site.gone_since.is_some()) {
            let count = gone.entry(key(record.number, &site.place, site.generation)).or_default();
            *count = count.saturating_add(site.place.replicas);
        }
    }
    gone
}

impl Holding {
    /// Takes more, or gives back what fewer replicas do not need: those that stay, stay where they are (L14), `gone` of
    /// them on nodes that are gone.
    fn resize(&mut self, inventory: &mut Inventory, replicas: u32, gone: u32) -> Result<(), Refusal> {
        let taken = match replicas.checked_sub(self.replicas) {
            Some(0) => Ok(()),
            Some(more) => inventory.extend(self.id, &self.request, more).map_err(|error| error.to_string()),
            None => {
                let closed = inventory.pool_of(self.id).map(|pool| inventory.gone_nodes(pool)).unwrap_or_default();
                let of_gone = inventory.replicas_on(self.id, &closed).saturating_sub(gone);
                let shrunk = inventory.shrink_among(self.id, self.replicas - replicas, of_gone);
                shrunk.map_err(|error| error.to_string())
            }
        };
        taken.map_err(|error| Refusal::new("I4", error).next("decide anew"))?;
        self.replicas = replicas;
        Ok(())
    }
}

/// The owner of a deployment's replicas (W5).
fn owner(state: &State, deployment: Number) -> Owner {
    Owner::Deployment(owner_text(state, deployment).into())
}

/// The same as text.
pub(super) fn owner_text(state: &State, deployment: Number) -> String {
    format!("{}/{}/{}", state.resource_type(), state.workload(), state.id(deployment))
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

fn flavor(catalog: &Catalog, flavor: crate::id::FlavorId) -> String {
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
        self.lives.holdings.0.values().flat_map(|held| held.values()).map(|holding| holding.id)
    }

    /// What the replicas of a lifecycle hold, to be saved with it.
    #[must_use]
    pub fn held_by_life(&self, workload: &Workload) -> Vec<LifeReservation> {
        let held = self.lives.holdings.0.get(&life(workload)).into_iter().flat_map(|held| held.iter());
        let held = held.filter_map(|((deployment, place, generation), holding)| {
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
    pub(crate) fn pair(&self, place: &Place) -> Option<PairId> {
        pair_at(&self.catalog, self.inventory.fleet(), place)
    }
}

/// The pair of a fleet that a place names, if it is there.
pub(super) fn pair_at(catalog: &Catalog, fleet: &Fleet, place: &Place) -> Option<PairId> {
    let (kind, code) = place.flavor.split_once(':')?;
    let kind = [FlavorKind::Cpu, FlavorKind::Gpu].into_iter().find(|known| known.as_str() == kind)?;
    fleet.find_pair(place.cluster.as_str(), place.pool.as_str(), catalog.flavor(kind, code)?)
}
