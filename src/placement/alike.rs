//! Clusters that no constraint can tell apart, counted together (D6).

use smallvec::SmallVec;

use super::constraint::{Code, Failures};
use super::feasible::Feasible;
use super::shortage::Shortage;
use crate::id::{ClusterId, Id, PlaceId};
use crate::inventory::{ClusterClass, Index};

/// What every pair of a cluster fails whatever its place: a bit for each of [`OF_CLUSTER`](Self::OF_CLUSTER).
#[derive(Clone, Copy)]
pub(super) struct State(u8);

impl State {
    const OF_CLUSTER: [Code; 5] = {
        let [unhealthy, cordoned, stale] = Feasible::OF_STATE;
        [unhealthy, cordoned, stale, Code::TogetherImpossible, Code::SpreadImpossible]
    };

    /// Nothing.
    const NONE: Self = Self(0);

    /// How many there can be.
    const COUNT: usize = 1 << Self::OF_CLUSTER.len();

    /// That of one of the 64 clusters of a word.
    #[inline]
    pub(super) fn of([unhealthy, cordoned, stale]: [u64; 3], bit: usize) -> Self {
        let is_in = |set: u64| (set >> bit & 1) as u8;
        Self(is_in(unhealthy) | is_in(cordoned) << 1 | is_in(stale) << 2)
    }

    /// What a cluster fails of the bounds of all replicas taken together.
    pub(super) fn add_shortage(&mut self, shortage: Shortage<'_>, cluster: ClusterId) {
        self.0 |= u8::from(shortage.together.is_some_and(|one| !one.has(cluster))) << 3;
        self.0 |= u8::from(shortage.spread.is_some_and(|domains| !domains.takes_one_more(cluster))) << 4;
    }

    pub(super) fn failures(self) -> Failures {
        let mut failures = Failures::default();
        let all = Self::OF_CLUSTER.into_iter().enumerate();
        all.for_each(|(bit, code)| failures.add(code, self.0 >> bit & 1 == 1));
        failures
    }
}

/// How many clusters are alike: in one state, at places that fail the same, with the same set of kinds. All are in no
/// state until they are looked at.
///
/// A fleet has few places that fail differently, and clusters are in few states.
pub(super) struct Alike {
    kind_sets: usize,
    /// By place: where the counts of its way to fail begin, among those of a state.
    of_place: Vec<usize>,
    /// What places fail.
    ways: SmallVec<[Failures; 8]>,
    /// By state: where its counts begin, if it has been met.
    of_state: [Option<usize>; State::COUNT],
    /// The states that have been met, in the order of their first.
    states: SmallVec<[State; 8]>,
    /// By state, way and set of kinds.
    clusters: Vec<u32>,
}

impl Alike {
    /// All clusters of an index, the places of which fail by themselves what is given.
    pub(super) fn new(places: impl Iterator<Item = Failures>, index: &Index) -> Self {
        let (mut ways, kind_sets) = (SmallVec::new(), index.kind_sets().len());
        let of_place = places.map(|failures| position(&mut ways, failures) * kind_sets).collect();
        let (of_state, states) = ([None; State::COUNT], SmallVec::new());
        let mut alike = Self { kind_sets, of_place, ways, of_state, states, clusters: Vec::new() };
        alike.meet(State::NONE);
        for class in index.cluster_classes() {
            let at = alike.of_class(class);
            if let Some(clusters) = alike.clusters.get_mut(at) {
                *clusters += class.clusters;
            }
        }
        alike
    }

    /// What a place fails.
    pub(super) fn of_place(&self, place: PlaceId) -> Failures {
        let begin = self.of_place.get(place.index()).copied().unwrap_or_default();
        self.ways.get(begin / self.kind_sets.max(1)).copied().unwrap_or_default()
    }

    /// Where the counts of a class are, among those of a state.
    #[inline]
    fn of_class(&self, class: &ClusterClass) -> usize {
        self.of_place.get(class.place.index()).copied().unwrap_or_default() + class.kind_set.index()
    }

    /// Leaves out a cluster of a class, which is counted by itself.
    #[inline]
    pub(super) fn take(&mut self, class: &ClusterClass) {
        let at = self.of_class(class);
        // The first state that was met is none.
        if let Some(clusters) = self.clusters.get_mut(at) {
            *clusters -= 1;
        }
    }

    /// Puts a cluster of a class into a state.
    #[inline]
    pub(super) fn put(&mut self, state: State, class: &ClusterClass) {
        self.take(class);
        let begin = match self.of_state.get(usize::from(state.0)) {
            Some(&Some(begin)) => begin,
            _ => self.meet(state),
        };
        let at = begin + self.of_class(class);
        if let Some(clusters) = self.clusters.get_mut(at) {
            *clusters += 1;
        }
    }

    #[cold]
    fn meet(&mut self, state: State) -> usize {
        let begin = self.clusters.len();
        self.clusters.resize(begin + self.ways.len() * self.kind_sets, 0);
        self.states.push(state);
        if let Some(of_state) = self.of_state.get_mut(usize::from(state.0)) {
            *of_state = Some(begin);
        }
        begin
    }

    /// What fails all pairs of a cluster, and how many such clusters there are of each set of kinds.
    pub(super) fn patterns(&self) -> impl Iterator<Item = (Failures, &[u32])> {
        let both = self.states.iter().flat_map(|state| self.ways.iter().map(|way| state.failures().and(*way)));
        both.zip(self.clusters.chunks(self.kind_sets.max(1)))
    }
}

/// Where something stands in a short list, to which it is added if it does not.
#[inline]
fn position(list: &mut SmallVec<[Failures; 8]>, failures: Failures) -> usize {
    list.iter().position(|found| *found == failures).unwrap_or_else(|| {
        list.push(failures);
        list.len() - 1
    })
}
