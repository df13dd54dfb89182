//! The ways past what is against a place and a kind of hardware.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::RemedyBound;
use super::governing::Gate;
use super::step::{Field, Group, Step};
use super::suppose::Case;
use crate::deployment::Needs;
use crate::id::{Atom, ClusterId, Id, KindSetId, PlaceId};
use crate::inventory::{GpuRequest, Index, Kind, Points};
use crate::placement::condition::Condition;
use crate::placement::lower;

/// Steps, ascending and each once.
pub(super) type Set = Vec<Step>;

/// By size: all sets of steps after which policies and demand are past one place and kind.
pub(super) struct Ways {
    pub(super) of_size: [BTreeSet<Set>; RemedyBound::MOST_STEPS + 1],
}

/// The open clusters, gathered; each by itself under a bound of price. O(clusters).
pub(super) fn groups(case: &Case<'_>) -> Vec<Group> {
    let index = case.fleet().index();
    let bounded = case.ask.demand.max_price.is_some();
    let mut counts: BTreeMap<(PlaceId, KindSetId, Option<ClusterId>), usize> = BTreeMap::new();
    for (number, (place, kinds)) in index.clusters().iter().enumerate() {
        let id = ClusterId::from_index(number);
        if case.inventory.takers().contain(id) {
            *counts.entry((*place, *kinds, bounded.then_some(id))).or_default() += 1;
        }
    }
    let group = |((place, kinds, alone), clusters)| Group { place, kinds, clusters, alone };
    counts.into_iter().map(group).collect()
}

impl Ways {
    /// O(places + kinds + places × kinds that are present, times the ways of each).
    pub(super) fn of(case: &Case<'_>, groups: &[Group], most: usize) -> Self {
        let index = case.fleet().index();
        let gates = case.local.gates();
        let of_places: Vec<Vec<Set>> =
            index.places().iter().map(|place| past_gates(case, &gates, &place.points, most)).collect();
        let of_kinds: Vec<Vec<Set>> = index.kinds().iter().map(|kind| past_kind(case, &gates, kind, most)).collect();
        let mut of_size: [BTreeSet<Set>; RemedyBound::MOST_STEPS + 1] = Default::default();
        for (place, kind) in present(index, groups) {
            let (Some(place), Some(kind)) = (of_places.get(place), of_kinds.get(kind)) else { continue };
            for one in place {
                for other in kind.iter().filter(|other| one.len() + other.len() <= most) {
                    let way = union(one, other);
                    if let Some(of_size) = of_size.get_mut(way.len()) {
                        of_size.insert(way);
                    }
                }
            }
        }
        Self { of_size }
    }
}

/// Which kinds are present at which places.
fn present(index: &Index, groups: &[Group]) -> HashSet<(usize, usize)> {
    let kinds = |set: KindSetId| index.kind_sets().get(set.index()).map_or(&[][..], |kinds| kinds);
    let of = |group: &Group| {
        let place = group.place.index();
        kinds(group.kinds).iter().map(move |kind| (place, kind.index()))
    };
    groups.iter().flat_map(of).collect()
}

/// All that both sets hold.
pub(super) fn union(one: &Set, other: &Set) -> Set {
    let mut all = one.clone();
    all.extend(other.iter().filter(|step| !one.contains(step)));
    all.sort_unstable();
    all
}

/// The ways past the gates that exclude what stands at some points; the empty one, where none does.
fn past_gates(case: &Case<'_>, gates: &[Gate], points: &Points, most: usize) -> Vec<Set> {
    let mut ways: Vec<Set> = vec![Vec::new()];
    for gate in gates {
        let Some(point) = points.get(gate.axis) else { continue };
        if !case.local.admits(gate, point.atom) {
            ways = each_with(&ways, &past_gate(case, gate, point.atom), most);
        }
    }
    ways
}

/// The ways past one gate: without its policies, or with one more option of one of them.
fn past_gate(case: &Case<'_>, gate: &Gate, atom: Atom) -> Vec<Set> {
    let mut detached: Set =
        gate.policies.iter().map(|policy| Step::Detach(gate.level, gate.environment, *policy)).collect();
    detached.sort_unstable();
    let mut ways = vec![detached];
    let present = case.fleet().index().present(gate.axis);
    for option in case.local.named_at(gate.axis, atom, present) {
        let admitting = gate.standing.iter().filter(|policy| case.local.would_admit(**policy, option, atom));
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
fn past_kind(case: &Case<'_>, gates: &[Gate], kind: &Kind, most: usize) -> Vec<Set> {
    let past_gates = past_gates(case, gates, &kind.points, most);
    let alternatives = 0..case.ask.demand.alternatives();
    let past_demand = alternatives.flat_map(|alternative| past_demand(case, kind, alternative, most));
    let mut ways = each_with(&past_gates, &past_demand.collect::<Vec<_>>(), most);
    ways.sort_by_key(Vec::len);
    ways
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
