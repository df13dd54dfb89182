//! A set of ids over a fixed universe, as bits.
//!
//! The central type is [`BitSet`]. Its invariants:
//!
//! 1. `words-cover`: there are exactly as many words as the universe needs;
//! 2. `tail-clear`: bits at or past the universe's size are zero, so counting and comparing words
//!    is counting and comparing sets;
//! 3. `same-universe`: sets are combined only with sets over the same universe. Mixing universes is
//!    a mistake in the program, not in its input, and asserts.
//!
//! Up to [`INLINE_WORDS`] × 64 elements live inside the value, without an allocation.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use smallvec::SmallVec;

use crate::id::Id;

/// Words kept inside the value: 256 elements, which holds every flavor and every country.
pub const INLINE_WORDS: usize = 4;

const BITS: usize = u64::BITS as usize;

/// A subset of `I`'s first `universe` ids.
///
/// All operations that combine two sets take time in proportion to the universe's words, O(n / 64).
///
/// ```
/// use siting::bitset::BitSet;
/// use siting::id::{FlavorId, Id};
///
/// let id = FlavorId::from_index;
/// let a: BitSet<FlavorId> = BitSet::from_ids(100, [id(1), id(70)]);
/// let b = BitSet::from_ids(100, [id(70), id(99)]);
/// assert_eq!(a.intersection(&b).iter().collect::<Vec<_>>(), [id(70)]);
/// assert_eq!(a.union(&b).len(), 3);
/// assert_eq!(a.complement().len(), 98);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BitSet<I> {
    universe: usize,
    words: SmallVec<[u64; INLINE_WORDS]>,
    ids: PhantomData<I>,
}

impl<I: Id> BitSet<I> {
    /// No element of a universe of this size.
    #[must_use]
    pub fn empty(universe: usize) -> Self {
        Self { universe, words: SmallVec::from_elem(0, universe.div_ceil(BITS)), ids: PhantomData }
    }

    /// Every element of a universe of this size.
    #[must_use]
    pub fn full(universe: usize) -> Self {
        let mut set =
            Self { universe, words: SmallVec::from_elem(u64::MAX, universe.div_ceil(BITS)), ids: PhantomData };
        set.clear_tail();
        set
    }

    /// These elements. Ids at or past the universe's size assert, as [`insert`](Self::insert) does.
    #[must_use]
    pub fn from_ids(universe: usize, ids: impl IntoIterator<Item = I>) -> Self {
        let mut set = Self::empty(universe);
        for id in ids {
            set.insert(id);
        }
        set
    }

    /// The ids of the items that pass a test, where the universe is these items in their order. O(n).
    #[must_use]
    pub fn of_items<T>(items: &[T], test: impl Fn(&T) -> bool) -> Self {
        let word = |chunk: &[T]| chunk.iter().rev().fold(0, |word, item| word << 1 | u64::from(test(item)));
        Self { universe: items.len(), words: items.chunks(BITS).map(word).collect(), ids: PhantomData }
    }

    /// How many ids the universe has.
    #[must_use]
    pub fn universe(&self) -> usize {
        self.universe
    }

    /// How many elements the set has. O(n / 64).
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many elements it shares with another set, which may be over another universe. O(n / 64).
    #[must_use]
    pub fn count_common(&self, other: &Self) -> usize {
        self.words.iter().zip(&other.words).map(|(a, b)| (a & b).count_ones() as usize).sum()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Whether it has all of its universe.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() == self.universe
    }

    /// Whether `id` is an element. An id outside the universe is not. O(1).
    #[must_use]
    #[inline]
    pub fn contains(&self, id: I) -> bool {
        let index = id.index();
        self.words.get(index / BITS).is_some_and(|word| word >> (index % BITS) & 1 == 1)
    }

    /// Adds `id`; whether it was new. O(1).
    ///
    /// Asserts that `id` is of the universe.
    pub fn insert(&mut self, id: I) -> bool {
        let index = id.index();
        assert!(index < self.universe, "id {index} is outside the universe of {}", self.universe);
        let mask = 1 << (index % BITS);
        // Invariant `words-cover`: the index is below the universe, so its word exists.
        match self.words.get_mut(index / BITS) {
            Some(word) => {
                let new = *word & mask == 0;
                *word |= mask;
                new
            }
            None => false,
        }
    }

    /// Takes `id` out; whether it was in. O(1).
    pub fn remove(&mut self, id: I) -> bool {
        let index = id.index();
        let mask = 1 << (index % BITS);
        match self.words.get_mut(index / BITS) {
            Some(word) => {
                let old = *word & mask != 0;
                *word &= !mask;
                old
            }
            None => false,
        }
    }

    /// Adds all of `other`. Asserts one universe, as all combinations do.
    pub fn union_with(&mut self, other: &Self) {
        self.combine(other, |a, b| a | b);
    }

    /// Keeps what is also in `other`.
    pub fn intersect_with(&mut self, other: &Self) {
        self.combine(other, |a, b| a & b);
    }

    /// Takes out what is in `other`.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, |a, b| a & !b);
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.union_with(other);
        set
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.intersect_with(other);
        set
    }

    /// What is in this one only.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.subtract(other);
        set
    }

    /// What is not in it.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut set = self.clone();
        for word in &mut set.words {
            *word = !*word;
        }
        set.clear_tail();
        set
    }

    /// Whether all of it is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.assert_universe(other);
        self.words.iter().zip(&other.words).all(|(a, b)| a & !b == 0)
    }

    /// Whether it shares no element with `other`.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.assert_universe(other);
        self.words.iter().zip(&other.words).all(|(a, b)| a & b == 0)
    }

    /// The lowest element in a range of indices. O(n / 64).
    #[must_use]
    pub fn first_present(&self, range: Range<usize>) -> Option<I> {
        self.first(range, |word| word)
    }

    /// The lowest id in a range of indices, and of the universe, that is not an element. O(n / 64).
    #[must_use]
    pub fn first_absent(&self, range: Range<usize>) -> Option<I> {
        self.first(range, |word| !word)
    }

    fn first(&self, range: Range<usize>, seen: impl Fn(u64) -> u64) -> Option<I> {
        let end = range.end.min(self.universe);
        let mut number = range.start / BITS;
        // Bits below the start count as not seen.
        let mut word = seen(*self.words.get(number)?) & (u64::MAX << (range.start % BITS));
        while word == 0 {
            number += 1;
            if number * BITS >= end {
                return None;
            }
            word = seen(*self.words.get(number)?);
        }
        let index = number * BITS + word.trailing_zeros() as usize;
        (index < end).then(|| I::from_index(index))
    }

    /// The elements, ascending.
    pub fn iter(&self) -> impl Iterator<Item = I> + '_ {
        self.words.iter().enumerate().flat_map(|(number, &word)| {
            let rest = std::iter::successors((word != 0).then_some(word), |&word| {
                let rest = word & (word - 1);
                (rest != 0).then_some(rest)
            });
            rest.map(move |word| I::from_index(number * BITS + word.trailing_zeros() as usize))
        })
    }

    /// The set as bits, for those who hand it on: the element of index `i` is bit `i % 64` of word
    /// `i / 64`; bits past the universe are zero.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        self.assert_universe(other);
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a = with(*a, *b);
        }
    }

    fn assert_universe(&self, other: &Self) {
        #[cfg(test)]
        crate::id::counted::one();
        assert_eq!(self.universe, other.universe, "sets over different universes");
    }

    fn clear_tail(&mut self) {
        let used = self.universe % BITS;
        if used != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << used) - 1;
        }
    }
}

impl<I: Id> fmt::Debug for BitSet<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Id::index)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::id::Atom;

    /// A universe that is empty, inline, at a word's edge or spilled; and two sets over it.
    fn two_sets() -> impl Strategy<Value = (usize, BTreeSet<usize>, BTreeSet<usize>)> {
        prop_oneof![Just(1), Just(63), Just(64), Just(65), Just(256), Just(257), 1usize..900].prop_flat_map(
            |universe| {
                let set = prop::collection::btree_set(0..universe, 0..=universe.min(40));
                (Just(universe), set.clone(), set)
            },
        )
    }

    fn bits(universe: usize, set: &BTreeSet<usize>) -> BitSet<Atom> {
        BitSet::from_ids(universe, set.iter().map(|&index| Atom::from_index(index)))
    }

    proptest! {
        #[test]
        fn operations_agree_with_ordered_sets((universe, a, b) in two_sets()) {
            let (x, y) = (bits(universe, &a), bits(universe, &b));
            prop_assert_eq!(x.union(&y), bits(universe, &a.union(&b).copied().collect()));
            prop_assert_eq!(x.intersection(&y), bits(universe, &a.intersection(&b).copied().collect()));
            prop_assert_eq!(x.difference(&y), bits(universe, &a.difference(&b).copied().collect()));
            prop_assert_eq!(x.complement(), bits(universe, &(0..universe).filter(|i| !a.contains(i)).collect()));
            prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
            prop_assert_eq!(x.is_disjoint(&y), a.is_disjoint(&b));
            prop_assert_eq!(x.len(), a.len());
            prop_assert_eq!(x.count_common(&y), a.intersection(&b).count());
            prop_assert_eq!(x.is_full(), a.len() == universe);
            prop_assert!(x.iter().map(Id::index).eq(a.iter().copied()));
            prop_assert!((0..universe).all(|i| (x.words()[i / 64] >> (i % 64) & 1 == 1) == a.contains(&i)));
            prop_assert!((0..universe + 70).all(|i| x.contains(Atom::from_index(i)) == a.contains(&i)));
        }

        #[test]
        fn removing_what_was_inserted_restores((universe, a, b) in two_sets()) {
            let mut set = bits(universe, &a);
            let new: Vec<_> = b.iter().map(|&i| Atom::from_index(i)).filter(|&i| set.insert(i)).collect();
            for id in new {
                prop_assert!(set.remove(id));
            }
            prop_assert_eq!(set, bits(universe, &a));
        }
    }

    proptest! {
        #[test]
        fn the_first_of_a_range_is_found((universe, a, _) in two_sets(), start in 0usize..1000, len in 0usize..1000) {
            let (set, range) = (bits(universe, &a), start..start + len);
            let present = range.clone().find(|index| a.contains(index));
            let absent = range.clone().find(|index| *index < universe && !a.contains(index));
            prop_assert_eq!(set.first_present(range.clone()).map(Id::index), present);
            prop_assert_eq!(set.first_absent(range).map(Id::index), absent);
        }

        #[test]
        fn items_that_pass_a_test_are_elements((universe, a, _) in two_sets()) {
            let items: Vec<bool> = (0..universe).map(|index| a.contains(&index)).collect();
            prop_assert_eq!(BitSet::<Atom>::of_items(&items, |item| *item), bits(universe, &a));
        }
    }

    #[test]
    fn the_empty_universe_is_both_empty_and_full() {
        let set = BitSet::<Atom>::full(0);
        assert!(set.is_empty() && set.is_full() && set.complement().is_empty());
    }

    #[test]
    #[should_panic(expected = "different universes")]
    fn universes_are_checked() {
        let _ = BitSet::<Atom>::empty(10).union(&BitSet::empty(11));
    }

    #[test]
    #[should_panic(expected = "outside the universe")]
    fn ids_are_checked() {
        BitSet::empty(10).insert(Atom::from_index(10));
    }
}
