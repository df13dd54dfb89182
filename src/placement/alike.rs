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

/// How many clusters of each class are in which state. All are in none until they are looked at.
pub(super) struct Alike {
    /// By state: where its counts begin, if it has been met.
    of_state: [Option<usize>; State::COUNT],
    /// The states that have been met, in the order of their first.
    states: SmallVec<[State; 8]>,
    /// By state and class.
    clusters: Vec<u32>,
    classes: usize,
}

impl Alike {
    pub(super) fn new(index: &Index) -> Self {
        let clusters: Vec<_> = index.cluster_classes().iter().map(|class| class.clusters).collect();
        let (mut of_state, states) = ([None; State::COUNT], SmallVec::from_slice(&[State::NONE]));
        if let Some(first) = of_state.first_mut() {
            *first = Some(0);
        }
        Self { of_state, states, classes: clusters.len(), clusters }
    }

    /// One less of a class is in no state.
    #[inline]
    pub(super) fn take(&mut self, class: u32) {
        if let Some(clusters) = self.clusters.get_mut(class as usize) {
            *clusters -= 1;
        }
    }

    /// One more of a class is in a state.
    #[inline]
    pub(super) fn add(&mut self, state: State, class: u32) {
        let begin = match self.of_state.get(usize::from(state.0)) {
            Some(&Some(begin)) => begin,
            _ => self.meet(state),
        };
        if let Some(clusters) = self.clusters.get_mut(begin + class as usize) {
            *clusters += 1;
        }
    }

    #[cold]
    fn meet(&mut self, state: State) -> usize {
        let begin = self.clusters.len();
        self.clusters.resize(begin + self.classes, 0);
        self.states.push(state);
        if let Some(of_state) = self.of_state.get_mut(usize::from(state.0)) {
            *of_state = Some(begin);
        }
        begin
    }

    /// Each state that has been met, and how many clusters of each class are in it.
    pub(super) fn states(&self) -> impl Iterator<Item = (State, &[u32])> {
        self.states.iter().copied().zip(self.clusters.chunks(self.classes.max(1)))
    }
}

/// What fails by its place alone: a fleet has few places that fail differently, so that classes are counted together.
pub(super) struct Ways {
    kind_sets: usize,
    /// By place: which of the ways to fail is its own.
    of_place: Vec<usize>,
    ways: SmallVec<[Failures; 8]>,
    /// By way and set of kinds: the clusters of one state.
    clusters: Vec<u32>,
}

impl Ways {
    /// Of places that fail by themselves what is given.
    pub(super) fn new(places: impl Iterator<Item = Failures>, index: &Index) -> Self {
        let (mut ways, kind_sets) = (SmallVec::new(), index.kind_sets().len());
        let of_place = places.map(|failures| position(&mut ways, failures)).collect();
        let clusters = vec![0; ways.len() * kind_sets];
        Self { kind_sets, of_place, ways, clusters }
    }

    pub(super) fn of_place(&self, place: PlaceId) -> Failures {
        let way = self.of_place.get(place.index()).and_then(|&way| self.ways.get(way));
        way.copied().unwrap_or_default()
    }

    /// The counts of classes by way and set of kinds.
    pub(super) fn gathered(
        &mut self,
        classes: &[ClusterClass],
        counts: &[u32],
    ) -> impl Iterator<Item = (Failures, &[u32])> {
        self.clusters.fill(0);
        for (class, count) in classes.iter().zip(counts) {
            let way = self.of_place.get(class.place.index()).copied().unwrap_or_default();
            if let Some(clusters) = self.clusters.get_mut(way * self.kind_sets + class.kind_set.index()) {
                *clusters += count;
            }
        }
        self.ways.iter().copied().zip(self.clusters.chunks(self.kind_sets.max(1)))
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
