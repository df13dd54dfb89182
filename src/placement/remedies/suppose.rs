//! A question asked anew with some steps taken.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use super::classes::Classes;
use super::gates::Gates;
use super::governing::{Governing, Local};
use super::room_of_kinds::most_of;
use super::rooms::Rooms;
use super::step::{Field, Step};
use crate::deployment::{Demand, GpuNeed, Needs, Preferences, Resources, Spread};
use crate::inventory::{Fleet, Inventory};
use crate::placement::decision::fitting;
use crate::placement::{Ask, lower};
use crate::policy::Scope;
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare};

/// A refused question, and what governs it.
pub(super) struct Case<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) local: Local<'a>,
    pub(super) ask: Ask<'a>,
    /// What policies admit of the fleet.
    pub(super) gates: Gates,
    /// What is open of it.
    pub(super) classes: Classes,
    /// What of it has room, as far as that was asked.
    rooms: Rooms<'a>,
    /// How often it has been asked with something supposed.
    asked: Cell<u32>,
}

/// What lowered quantities are lowered to, in base steps.
pub(super) type Values = Vec<(Field, u64)>;

impl<'a> Case<'a> {
    pub(super) fn new(inventory: &'a Inventory, governing: &Governing<'a>, ask: &Ask<'a>) -> Self {
        let local = Local::new(governing, inventory.fleet().catalog());
        let (gates, classes) = (Gates::of(&local, inventory.fleet()), Classes::of(inventory));
        let rooms = Rooms::new(inventory, ask.wanted());
        Self { inventory, local, ask: *ask, gates, classes, rooms, asked: Cell::new(0) }
    }

    pub(super) fn fleet(&self) -> &'a Fleet {
        self.inventory.fleet()
    }

    pub(super) fn asked(&self) -> u32 {
        self.asked.get()
    }

    pub(super) fn fits_as_it_is(&self) -> bool {
        self.asked.set(self.asked.get().saturating_add(1));
        let scope = Arc::new(self.local.scope(&[]));
        self.fitting(&scope, &[], &Vec::new()) == self.ask.wanted()
    }

    /// Whether a type of policy is required and not in force (P13). No step mends that: none attaches a policy.
    pub(super) fn misses_a_requirement(&self) -> bool {
        !self.local.scope(&[]).unmet().is_empty()
    }

    /// What a quantity is now, in base steps; `None` where the demand does not state it, or it can be no less.
    pub(super) fn stated(&self, field: Field) -> Option<u64> {
        if field == Field::Replicas {
            return Some(u64::from(self.ask.replicas)).filter(|replicas| *replicas > 1);
        }
        let resources = self.ask.demand.resources()?;
        let gpu = |alternative: usize| resources.gpus.get(alternative);
        let whole = |need: &&GpuNeed| need.share.is_none_or(|share| share.thousandths() == GpuShare::WHOLE);
        match field {
            Field::Cpu => Some(resources.cpu.get()),
            Field::Memory => Some(resources.memory.get()),
            Field::Storage => Some(resources.storage.get()),
            Field::Bandwidth => Some(resources.bandwidth.get()),
            Field::GpuCount(alternative) => gpu(alternative).filter(whole).map(|need| u64::from(need.count)),
            Field::GpuShare(alternative) => {
                gpu(alternative).and_then(|need| need.share).map(|share| u64::from(share.thousandths()))
            }
            Field::GpuMemory(alternative) => gpu(alternative).and_then(|need| need.memory).map(Bytes::get),
            _ => None,
        }
        .filter(|stated| *stated > least(field))
    }

    /// The steps that may help wherever there is not enough room, or what there is costs too much: quantities that could
    /// be less, and bounds that could go.
    pub(super) fn optional(&self) -> Vec<Step> {
        let alternatives = 0..self.ask.demand.alternatives();
        let of_gpus = alternatives.flat_map(|alternative| [Field::GpuCount(alternative), Field::GpuShare(alternative)]);
        let fields = [Field::Replicas, Field::Cpu, Field::Memory, Field::Storage, Field::Bandwidth];
        let lowered = fields.into_iter().chain(of_gpus).filter(|field| self.stated(*field).is_some());
        let preferences = self.ask.preferences;
        let spread = |stated: fn(&Spread) -> bool| preferences.spread.as_ref().is_some_and(stated);
        let bounds = [
            (Field::MaxPrice, self.ask.demand.max_price.is_some()),
            (Field::MaxSkew, spread(|spread| spread.max_skew.is_some())),
            (Field::MinDomains, spread(|spread| spread.min_domains.is_some())),
            (Field::Together, preferences.together.is_some()),
        ];
        let dropped = bounds.into_iter().filter(|(_, stated)| *stated).map(|(field, _)| Step::Drop(field));
        let mut steps: Vec<Step> = lowered.map(Step::Lower).chain(dropped).collect();
        steps.sort_unstable();
        steps
    }

    /// Whether all replicas have a place after these steps, and what quantities are lowered to then: each to the most
    /// that fits, those after it as low as they can be.
    ///
    /// Where nothing is asked of all replicas taken together, less of a quantity never fits worse. So what is more than
    /// any open node has is not tried, and where that much fits nothing else is.
    pub(super) fn solve(&self, steps: &[Step]) -> Option<Values> {
        let lowered = steps.iter().filter_map(|step| match step {
            Step::Lower(field) => Some(*field),
            _ => None,
        });
        let mut values: Values = lowered.map(|field| (field, least(field))).collect();
        let scope = OnceCell::new();
        if !self.places_all(&scope, steps, &values) {
            return None;
        }
        for at in 0..values.len() {
            let Some(&(field, mut fits)) = values.get(at) else { continue };
            let mut too_much = self.stated(field)?;
            if self.ask.preferences.is_plain() {
                let admitted = self.gates.after(self.fleet(), steps);
                let is_open = |kind| {
                    let places = self.classes.places_of(kind);
                    admitted.kinds.contains(kind) && places.is_some_and(|places| !places.is_disjoint(&admitted.places))
                };
                let most = most_of(self.fleet(), field, &self.demand(steps, &values), is_open);
                if most < too_much {
                    set(&mut values, at, most);
                    if most > fits && self.places_all(&scope, steps, &values) {
                        continue;
                    }
                    too_much = most.max(fits + 1);
                }
            }
            while too_much - fits > 1 {
                let middle = fits + (too_much - fits) / 2;
                set(&mut values, at, middle);
                if self.places_all(&scope, steps, &values) {
                    fits = middle;
                } else {
                    too_much = middle;
                }
            }
            set(&mut values, at, fits);
        }
        Some(values)
    }

    /// Whether all replicas have a place. Where classes of pairs do not tell, they are placed.
    fn places_all(&self, scope: &OnceCell<Arc<Scope>>, steps: &[Step], values: &Values) -> bool {
        let wanted = match values.iter().find(|(field, _)| *field == Field::Replicas) {
            Some((_, replicas)) => u32::try_from(*replicas).unwrap_or(u32::MAX),
            None => self.ask.wanted(),
        };
        let scope = || scope.get_or_init(|| Arc::new(self.local.scope(steps)));
        // Without its policy, a type that is required refuses everything (P13).
        let is_refused = || steps.iter().any(|step| matches!(step, Step::Detach(..))) && scope().refuses_everything();
        let told = self.has_room(steps, values, wanted).map(|has_room| has_room && !is_refused());
        let placed = || self.fitting(scope(), steps, values) == wanted;
        debug_assert!(told.is_none_or(|told| told == placed()), "classes-tell: {steps:?} {values:?}");
        self.asked.set(self.asked.get().saturating_add(1));
        told.unwrap_or_else(placed)
    }

    /// Whether so many replicas have a place, as far as the room of classes tells; it does not ask whether something that
    /// is required is in force.
    fn has_room(&self, steps: &[Step], values: &Values, wanted: u32) -> Option<bool> {
        // Whatever is added to a question may bound what fits, and has to be thought of here.
        let Ask { demand: _, replicas: _, preferences: _, current: _, beside: _, limits, partial: _ } = self.ask;
        let dropped = steps.iter().filter_map(|step| match step {
            Step::Drop(field) => Some(*field),
            _ => None,
        });
        let of_replica = values.iter().copied().filter(|(field, _)| *field != Field::Replicas);
        let of = (dropped.collect(), of_replica.collect());
        let admitted = self.gates.after(self.fleet(), steps);
        let is_enough = limits.is_empty() && self.preferences(steps).is_plain();
        self.rooms.are_enough(&admitted, of, || self.demand(steps, values), wanted, is_enough)
    }

    /// How many replicas have a place.
    fn fitting(&self, scope: &Arc<Scope>, steps: &[Step], values: &Values) -> u32 {
        let demand = self.demand(steps, values);
        let preferences = self.preferences(steps);
        let replicas = values.iter().find(|(field, _)| *field == Field::Replicas);
        let replicas = replicas.map_or(self.ask.replicas, |(_, value)| u32::try_from(*value).unwrap_or(u32::MAX));
        let ask = Ask { demand: &demand, replicas, preferences: &preferences, ..self.ask };
        fitting(self.inventory, scope, &ask)
    }

    fn preferences(&self, steps: &[Step]) -> Preferences {
        let mut preferences = self.ask.preferences.clone();
        let drops = |field| steps.contains(&Step::Drop(field));
        if let Some(spread) = &mut preferences.spread {
            if drops(Field::MaxSkew) {
                // Without a skew it is but preferred, and nothing else of it binds.
                (spread.max_skew, spread.min_domains) = (None, None);
            }
            if drops(Field::MinDomains) {
                spread.min_domains = None;
            }
        }
        preferences.together = preferences.together.filter(|_| !drops(Field::Together));
        preferences
    }

    /// What is demanded after some steps.
    pub(super) fn demand(&self, steps: &[Step], values: &Values) -> Demand {
        let mut demand = self.ask.demand.clone();
        if steps.contains(&Step::Drop(Field::MaxPrice)) {
            demand.max_price = None;
        }
        let Needs::Stated(resources) = &mut demand.needs else { return demand };
        for step in steps {
            match step {
                Step::Drop(Field::CpuType) => resources.cpu_type = None,
                Step::Drop(Field::GpuType(alternative)) => change(resources, *alternative, |need| need.codes.clear()),
                Step::Drop(Field::GpuMemory(alternative)) => change(resources, *alternative, |need| need.memory = None),
                _ => {}
            }
        }
        for (field, value) in values {
            let few = u32::try_from(*value).unwrap_or(u32::MAX);
            match field {
                Field::Cpu => resources.cpu = Cpu::milli_cores(*value),
                Field::Memory => resources.memory = Bytes::new(*value),
                Field::Storage => resources.storage = Bytes::new(*value),
                Field::Bandwidth => resources.bandwidth = Bandwidth::bits_per_second(*value),
                Field::GpuCount(alternative) => change(resources, *alternative, |need| need.count = few),
                Field::GpuShare(alternative) => {
                    change(resources, *alternative, |need| need.share = GpuShare::from_thousandths(few));
                }
                Field::GpuMemory(alternative) => {
                    change(resources, *alternative, |need| need.memory = Some(Bytes::new(*value)));
                }
                _ => {}
            }
        }
        demand
    }

    /// What one replica takes of a pair's pool, by alternative, where it is a candidate as things are.
    pub(super) fn request(&self, alternative: usize, pair: &crate::inventory::Pair) -> crate::inventory::Request {
        let kind = self.fleet().catalog().flavor_kind(pair.flavor);
        lower::request_under(self.ask.demand, alternative, kind)
    }
}

fn change(resources: &mut Resources, alternative: usize, change: impl FnOnce(&mut GpuNeed)) {
    if let Some(need) = resources.gpus.get_mut(alternative) {
        change(need);
    }
}

fn set(values: &mut Values, at: usize, value: u64) {
    if let Some((_, old)) = values.get_mut(at) {
        *old = value;
    }
}

/// The least that a quantity can be lowered to: a replica takes some cpu and memory, but needs no storage.
fn least(field: Field) -> u64 {
    match field {
        Field::Storage | Field::Bandwidth => 0,
        _ => 1,
    }
}

/// A value of a quantity, as manifests write it.
pub(super) fn written(field: Field, value: u64) -> String {
    match field {
        Field::Cpu => Cpu::milli_cores(value).to_string(),
        Field::Memory | Field::Storage | Field::GpuMemory(_) => Bytes::new(value).to_string(),
        Field::Bandwidth => Bandwidth::bits_per_second(value).to_string(),
        Field::GpuShare(_) => crate::inventory::Resource::Gpu.written(value),
        _ => value.to_string(),
    }
}
