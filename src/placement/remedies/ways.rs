//! The ways past what is against a place and a kind of hardware.

use std::collections::{BTreeMap, BTreeSet};

use super::governing::Gate;
use super::step::{Field, Step};
use super::suppose::Case;
use crate::bitset::BitSet;
use crate::deployment::Needs;
use crate::id::{Atom, Id, KindId, PlaceId};
use crate::inventory::{GpuRequest, Kind};
use crate::placement::condition::Condition;
use crate::placement::lower;

/// Steps, ascending and each once.
pub(super) type Set = Vec<Step>;

/// All sets of steps after which policies and demand are past one place and kind. A step is of places or of kinds, so
/// each set is one past a place and one past a kind that is there; they are put together size by size, as far as they
/// are wanted.
pub(super) struct Ways {
    most: usize,
    /// Past some kind: the sets, each with the places where such a kind is open.
    of_kinds: Vec<(Set, BitSet<PlaceId>)>,
    /// Past some place: the sets, each with these places; found where places that nothing is against are not enough.
    of_places: Option<Vec<(Set, BitSet<PlaceId>)>>,
}

impl Ways {
    /// Of at most so many steps. O(kinds × the ways of each).
    pub(super) fn new(case: &Case<'_>, most: usize) -> Self {
        let index = case.fleet().index();
        let mut of_kinds: BTreeMap<Set, BitSet<PlaceId>> = BTreeMap::new();
        for (number, kind) in index.kinds().iter().enumerate() {
            let Some(places) = case.classes.places_of(KindId::from_index(number)).filter(|places| !places.is_empty())
            else {
                continue;
            };
            for set in past_kind(case, number, kind, most) {
                let new = || BitSet::empty(places.universe());
                of_kinds.entry(set).or_insert_with(new).union_with(places);
            }
        }
        Self { most, of_kinds: of_kinds.into_iter().collect(), of_places: None }
    }

    /// Those of so many steps, without those that hold a set which is `found` already.
    pub(super) fn of_size(&mut self, case: &Case<'_>, size: usize, found: impl Fn(&Set) -> bool) -> BTreeSet<Set> {
        self.of_kinds.retain(|(set, _)| !found(set));
        let mut all = BTreeSet::new();
        let Some(least) = self.of_kinds.iter().map(|(set, _)| set.len()).min().filter(|least| *least <= size) else {
            return all;
        };
        let admitted;
        let of_places = if size == least {
            // No step is left for places.
            admitted = [(Vec::new(), case.gates.after(case.fleet(), &[]).places)];
            admitted.as_slice()
        } else {
            let most = self.most - least;
            self.of_places.get_or_insert_with(|| past_places(case, most)).retain(|(set, _)| !found(set));
            self.of_places.as_deref().unwrap_or_default()
        };
        for (past_kind, there) in &self.of_kinds {
            let rest = size.checked_sub(past_kind.len());
            let of_rest = of_places.iter().filter(|(past_place, _)| Some(past_place.len()) == rest);
            for (past_place, _) in of_rest.filter(|(_, places)| !places.is_disjoint(there)) {
                let way = union(past_place, past_kind);
                if !found(&way) {
                    all.insert(way);
                }
            }
        }
        all
    }
}

/// All that both sets hold.
pub(super) fn union(one: &Set, other: &Set) -> Set {
    let mut all = one.clone();
    all.extend(other.iter().filter(|step| !one.contains(step)));
    all.sort_unstable();
    all
}

/// The ways past the gates that exclude some place, each with these places. O(places × the ways of each).
fn past_places(case: &Case<'_>, most: usize) -> Vec<(Set, BitSet<PlaceId>)> {
    let places = case.fleet().index().places();
    let mut all: BTreeMap<Set, BitSet<PlaceId>> = BTreeMap::new();
    for (number, place) in places.iter().enumerate() {
        let excluding = case.gates.excluding(&place.points, |admitted| admitted.has_place(number));
        for set in past_gates(case, excluding, most) {
            all.entry(set).or_insert_with(|| BitSet::empty(places.len())).insert(PlaceId::from_index(number));
        }
    }
    all.into_iter().collect()
}

/// The ways past gates, each of which excludes an atom; the empty one, where there is none.
fn past_gates<'a>(case: &Case<'_>, excluding: impl Iterator<Item = (&'a Gate, Atom)>, most: usize) -> Vec<Set> {
    excluding.fold(vec![Vec::new()], |ways, (gate, atom)| each_with(&ways, &past_gate(case, gate, atom), most))
}

/// The ways past one gate: without its policies, or with one more option of one of them.
fn past_gate(case: &Case<'_>, gate: &Gate, atom: Atom) -> Vec<Set> {
    let mut detached: Set =
        gate.policies.iter().map(|policy| Step::Detach(gate.level, gate.environment, *policy)).collect();
    detached.sort_unstable();
    detached.dedup();
    let mut ways = vec![detached];
    let present = case.fleet().index().present(gate.axis);
    for option in case.fleet().catalog().named_at(gate.axis, atom, present) {
        let admitting = gate.standing.iter().filter(|policy| case.gates.may_admit(**policy, atom));
        ways.extend(admitting.map(|policy| vec![Step::Add(*policy, option)]));
    }
    ways
}

/// Every union of one of some sets and one of others that is not too large.
fn each_with(some: &[Set], others: &[Set], most: usize) -> Vec<Set> {
    let unions = some.iter().flat_map(|one| others.iter().map(move |other| union(one, other)));
    let mut kept: Vec<Set> = unions.filter(|set| set.len() <= most).collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// The ways past what is against a kind, under any alternative of the demand.
fn past_kind(case: &Case<'_>, number: usize, kind: &Kind, most: usize) -> Vec<Set> {
    let alternatives = 0..case.ask.demand.alternatives();
    let past_demand: Vec<Set> =
        alternatives.flat_map(|alternative| past_demand(case, kind, alternative, most)).collect();
    if past_demand.is_empty() {
        return past_demand;
    }
    let excluding = case.gates.excluding(&kind.points, |admitted| admitted.has_kind(number));
    each_with(&past_gates(case, excluding, most), &past_demand, most)
}

/// The ways past what a demand asks of hardware and of the size of a node, under one alternative; none where no step
/// helps, as where another kind of hardware is demanded.
fn past_demand(case: &Case<'_>, kind: &Kind, alternative: usize, most: usize) -> Vec<Set> {
    let (catalog, demand) = (case.fleet().catalog(), case.ask.demand);
    let has = lower::of_hardware(&kind.hardware);
    let mut ways: Vec<Set> = vec![Vec::new()];
    if demand.needs == Needs::AnyFlavor && !lower::admits(catalog, demand, alternative, has, kind.flavor) {
        return Vec::new();
    }
    for (condition, unknown) in lower::unmet(catalog, demand, alternative, has, kind.flavor) {
        let past: Vec<Set> = match condition {
            Condition::Kind | Condition::Slice => return Vec::new(),
            // What a place costs is no matter of its kind; the bound may be dropped wherever that helps.
            Condition::Price => continue,
            Condition::Type => vec![vec![Step::Drop(Field::GpuType(alternative))]],
            Condition::Memory if unknown => vec![vec![Step::Drop(Field::GpuMemory(alternative))]],
            Condition::Memory => {
                vec![vec![Step::Drop(Field::GpuMemory(alternative))], vec![Step::Lower(Field::GpuMemory(alternative))]]
            }
            Condition::CpuType => vec![vec![Step::Drop(Field::CpuType)]],
        };
        ways = each_with(&ways, &past, most);
    }
    let Some(too_large) = too_large(case, kind, alternative) else { return Vec::new() };
    for field in too_large {
        ways = each_with(&ways, &[vec![Step::Lower(field)]], most);
    }
    ways
}

/// The quantities of which one replica wants more than an idle node has; `None` where no less would do.
fn too_large(case: &Case<'_>, kind: &Kind, alternative: usize) -> Option<Vec<Field>> {
    let Some(shape) = &kind.hardware.shape else { return Some(Vec::new()) };
    let flavor = case.fleet().catalog().flavor_kind(kind.flavor);
    let request = lower::request_under(case.ask.demand, alternative, flavor);
    if shape.replicas == Some(0) {
        return None;
    }
    let mut fields = Vec::new();
    if request.cpu > shape.cpu {
        (shape.cpu.get() > 0).then(|| fields.push(Field::Cpu))?;
    }
    if request.memory > shape.memory {
        (shape.memory.get() > 0).then(|| fields.push(Field::Memory))?;
    }
    if shape.storage.is_some_and(|has| request.storage > has) {
        fields.push(Field::Storage);
    }
    if shape.bandwidth.is_some_and(|has| request.bandwidth > has) {
        fields.push(Field::Bandwidth);
    }
    if request.gpu.thousandths() > shape.gpu_thousandths() {
        match request.gpu {
            GpuRequest::Whole(_) if shape.gpu_thousandths() > 0 => fields.push(Field::GpuCount(alternative)),
            _ => return None,
        }
    }
    Some(fields)
}
