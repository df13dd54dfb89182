//! What policies admit of a fleet's places and kinds of hardware, as things are and after some steps.

use std::cell::RefCell;
use std::collections::HashMap;

use super::governing::{Gate, Local};
use super::step::Step;
use crate::bitset::BitSet;
use crate::catalog::{Axis, Choice};
use crate::id::{Atom, Id, KindId, PlaceId, PolicyId};
use crate::inventory::{Fleet, Points};

/// Places and kinds that something admits; what does not stand on an axis is admitted on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Admitted {
    pub(super) places: BitSet<PlaceId>,
    pub(super) kinds: BitSet<KindId>,
}

/// All gates of a question, each with what it admits as things are.
pub(super) struct Gates {
    all: Vec<(Gate, Admitted)>,
    /// By policy: what its exceptions take out, whatever it allows beside.
    excepted: HashMap<PolicyId, BitSet<Atom>>,
    /// What a policy admits by one more option, as far as that was asked.
    added: RefCell<HashMap<(PolicyId, Choice), Admitted>>,
}

impl Gates {
    /// O(gates × (policies × atoms / 64 + places + kinds)).
    pub(super) fn of(local: &Local<'_>, fleet: &Fleet) -> Self {
        let catalog = fleet.catalog();
        let mut excepted = HashMap::new();
        let mut admitted = |gate: &Gate| {
            let mut allowed = BitSet::empty(catalog.universe(gate.axis));
            for &id in &gate.standing {
                let Some(policy) = local.policy(id) else { continue };
                allowed.union_with(policy.effect());
                excepted.entry(id).or_insert_with(|| {
                    let mut excepted = BitSet::empty(catalog.universe(gate.axis));
                    policy.options().except.iter().for_each(|choice| excepted.union_with(&catalog.excepted(*choice)));
                    excepted
                });
            }
            Admitted::of(fleet, gate.axis, &allowed)
        };
        let all = local.gates().into_iter().map(|gate| {
            let admitted = admitted(&gate);
            (gate, admitted)
        });
        Self { all: all.collect(), excepted, added: RefCell::default() }
    }

    /// What is admitted after some steps, which take the policies of a gate together or not at all.
    pub(super) fn after(&self, fleet: &Fleet, steps: &[Step]) -> Admitted {
        let mut all = Admitted::all(fleet);
        for (gate, admitted) in &self.all {
            if admitted.is_all() || gate.is_detached(steps) {
                continue;
            }
            let mut of_gate = admitted.clone();
            for step in steps {
                if let Step::Add(policy, option) = step
                    && gate.standing.contains(policy)
                {
                    of_gate.add(&self.with_option(fleet, *policy, *option));
                }
            }
            all.places.intersect_with(&of_gate.places);
            all.kinds.intersect_with(&of_gate.kinds);
        }
        all
    }

    /// The gates that exclude what stands at some points, each with the atom that it excludes; `is_in` says whether what
    /// a gate admits has it.
    pub(super) fn excluding<'a>(
        &'a self,
        points: &'a Points,
        is_in: impl Fn(&Admitted) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a Gate, Atom)> {
        let excluding = self.all.iter().filter(move |(_, admitted)| !is_in(admitted));
        excluding.filter_map(|(gate, _)| Some((gate, points.get(gate.axis).as_ref()?.atom)))
    }

    /// Whether a policy can be told to admit an atom; not where an exception takes it out.
    pub(super) fn may_admit(&self, policy: PolicyId, atom: Atom) -> bool {
        self.excepted.get(&policy).is_none_or(|excepted| !excepted.contains(atom))
    }

    fn with_option(&self, fleet: &Fleet, policy: PolicyId, option: Choice) -> Admitted {
        let mut added = self.added.borrow_mut();
        let new = || {
            let mut atoms = fleet.catalog().atoms(option);
            self.excepted.get(&policy).into_iter().for_each(|excepted| atoms.subtract(excepted));
            Admitted::of(fleet, option.axis(), &atoms)
        };
        added.entry((policy, option)).or_insert_with(new).clone()
    }
}

impl Gate {
    fn is_detached(&self, steps: &[Step]) -> bool {
        let detached = |policy: &PolicyId| steps.contains(&Step::Detach(self.level, self.environment, *policy));
        self.policies.iter().all(detached)
    }
}

impl Admitted {
    fn all(fleet: &Fleet) -> Self {
        let index = fleet.index();
        Self { places: BitSet::full(index.places().len()), kinds: BitSet::full(index.kinds().len()) }
    }

    fn of(fleet: &Fleet, axis: Axis, allowed: &BitSet<Atom>) -> Self {
        let is_in = |points: &Points| points.get(axis).is_none_or(|point| allowed.contains(point.atom));
        Self {
            places: BitSet::of_items(fleet.index().places(), |place| is_in(&place.points)),
            kinds: BitSet::of_items(fleet.index().kinds(), |kind| is_in(&kind.points)),
        }
    }

    fn is_all(&self) -> bool {
        self.places.is_full() && self.kinds.is_full()
    }

    fn add(&mut self, other: &Self) {
        self.places.union_with(&other.places);
        self.kinds.union_with(&other.kinds);
    }

    pub(super) fn has_place(&self, number: usize) -> bool {
        self.places.contains(PlaceId::from_index(number))
    }

    pub(super) fn has_kind(&self, number: usize) -> bool {
        self.kinds.contains(KindId::from_index(number))
    }
}
