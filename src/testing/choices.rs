//! Where generated values come from: a sequence of small choices.

/// A sequence of choices that values are drawn from: each a number below a bound, 0 the simplest.
///
/// One description of a value ([`Draw`], or any function of `&mut Choices`) serves every way to make
/// choices: from a seed, from a fuzzer's bytes, from a written list. What is drawn from the same list
/// is the same. A list that is cut, or holds smaller numbers, gives a simpler value that is just as
/// valid; that is how strategies shrink, and how [`every`](super::every) walks through all values.
///
/// ```
/// use siting::testing::Choices;
///
/// let coin = |choices: &mut Choices<'_>| choices.one_of("heads", ["tails"]);
/// assert_eq!(coin(&mut Choices::listed(&[1])), "tails");
/// assert_eq!(coin(&mut Choices::listed(&[])), "heads"); // past its end, a list gives 0
/// let seeded = |seed| coin(&mut Choices::seeded(seed));
/// assert_eq!(seeded(7), seeded(7));
/// ```
pub struct Choices<'a> {
    source: Source<'a>,
    made: Vec<Made>,
    parts: Vec<Part>,
}

enum Source<'a> {
    /// The state of the generator splitmix64.
    Seed(u64),
    /// What is left of a list.
    List(std::slice::Iter<'a, u32>),
    /// Anything that answers with a number below the bound.
    #[cfg(feature = "arbitrary")]
    Asked(Box<dyn FnMut(u32) -> u32 + 'a>),
}

/// The choices of something that can be left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Part {
    /// The first of them.
    pub(super) start: usize,
    /// Just after the last.
    pub(super) end: usize,
    /// Where a 0 has to be put when they are gone, counted before they are: one that says that nothing
    /// is there, or that no more follows. `None` where what follows takes their place.
    pub(super) absence: Option<usize>,
}

/// A choice that was made, and how many there were.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Made {
    pub(super) value: u32,
    pub(super) bound: u32,
}

/// A value that can be drawn from choices: always a valid one, and the simplest where every choice is 0.
///
/// Implemented for all that hosts make or give to this crate, and for most of what it answers: not for errors,
/// and not for borrowed views. With the feature `proptest` each is a
/// `proptest::arbitrary::Arbitrary`, with the feature `arbitrary` an `arbitrary::Arbitrary`.
///
/// ```
/// use siting::id::Name;
/// use siting::testing::{Choices, Draw};
/// assert_eq!(Name::draw(&mut Choices::listed(&[])).as_str(), "a");
/// ```
pub trait Draw: Sized {
    /// The value that the choices make.
    fn draw(choices: &mut Choices<'_>) -> Self;
}

impl<'a> Choices<'a> {
    /// Choices that look random, the same for the same seed on every machine.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::of(Source::Seed(seed))
    }

    /// These choices, and 0 after their end. A number that is not below its bound is taken for the
    /// greatest that is.
    #[must_use]
    pub fn listed(list: &'a [u32]) -> Self {
        Self::of(Source::List(list.iter()))
    }

    /// The choices that a fuzzer's bytes make. When they are used up, every choice is the simplest.
    ///
    /// `Arbitrary` draws with default options; from these choices, anything with options can be drawn with its own.
    ///
    /// ```
    /// use arbitrary::Unstructured;
    /// use siting::lifecycle::{Journal, State};
    /// use siting::testing::{Choices, CommandOptions, FleetShape, WorldOptions, laws};
    ///
    /// /// The body of a fuzz target.
    /// fn target(bytes: &[u8]) {
    ///     let mut bytes = Unstructured::new(bytes);
    ///     let choices = &mut Choices::of_bytes(&mut bytes);
    ///     let edge = WorldOptions { clusters: 2..=4, shape: Some(FleetShape::Edge), ..WorldOptions::default() };
    ///     assert!((2..=4).contains(&edge.draw(choices).clusters.len()));
    ///     let short = CommandOptions { commands: 1..=10, ..CommandOptions::default() };
    ///     let life = short.draw(choices);
    ///     laws::of_lives(|origin: &State| Journal::new(origin.clone()), &life).expect("the laws of lives");
    /// }
    /// target(b"whatever bytes there are");
    /// target(&[]);
    /// ```
    #[cfg(feature = "arbitrary")]
    #[must_use]
    pub fn of_bytes(bytes: &'a mut arbitrary::Unstructured<'_>) -> Self {
        Self::of(Source::Asked(Box::new(|most| bytes.int_in_range(0..=most).unwrap_or(0))))
    }

    fn of(source: Source<'a>) -> Self {
        Self { source, made: Vec::new(), parts: Vec::new() }
    }

    /// The choices made so far; drawing from this list gives the same value again.
    #[must_use]
    pub fn list(&self) -> Vec<u32> {
        self.made.iter().map(|made| made.value).collect()
    }

    /// The choices made, and the parts that can be left out, the inner before the outer.
    pub(super) fn into_made(self) -> (Vec<Made>, Vec<Part>) {
        (self.made, self.parts)
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let most = bound.saturating_sub(1);
        let value = match &mut self.source {
            Source::Seed(state) => below(next(state), bound),
            Source::List(list) => list.next().copied().unwrap_or(0).min(most),
            #[cfg(feature = "arbitrary")]
            Source::Asked(ask) => ask(most).min(most),
        };
        self.made.push(Made { value, bound });
        value
    }

    /// True in `percent` of a hundred cases; false if the choice is
    /// 0. At 0 and at 100 percent no choice is taken.
    pub fn chance(&mut self, percent: u8) -> bool {
        self.odds(u32::from(percent), 100)
    }

    /// The same, with the chance as a fraction: `times` of `of`.
    fn odds(&mut self, times: u32, of: u32) -> bool {
        if times == 0 || times >= of {
            return times > 0;
        }
        let value = match &mut self.source {
            Source::Seed(state) => u32::from(below(next(state), of) < times),
            Source::List(list) => list.next().copied().unwrap_or(0).min(1),
            #[cfg(feature = "arbitrary")]
            Source::Asked(ask) => u32::from(ask(of - 1) >= of - times),
        };
        self.made.push(Made { value, bound: 2 });
        value == 1
    }

    /// A number from `low` to `high`, inclusive; `low` if they are in the wrong order.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// A number up to `most`, inclusive: as often a small one as a great one.
    pub fn up_to(&mut self, most: u64) -> u64 {
        let bits = self.below(u64::BITS - most.leading_zeros() + 1);
        if bits == 0 {
            return 0;
        }
        let low = u64::from(self.below(1 << bits.min(16)));
        let high = if bits > 16 { u64::from(self.below(u32::MAX)) << 16 } else { 0 };
        let higher = if bits > 48 { u64::from(self.below(1 << (bits - 48))) << 48 } else { 0 };
        let mask = u64::MAX >> (u64::BITS - bits);
        ((higher | high | low) & mask).min(most)
    }

    /// The first, or one of the others.
    pub fn one_of<T, const N: usize>(&mut self, first: T, others: [T; N]) -> T {
        match self.index(N + 1).checked_sub(1).and_then(|other| others.into_iter().nth(other)) {
            Some(other) => other,
            None => first,
        }
    }

    /// One of a slice; `None` for an empty one.
    pub fn pick<'s, T>(&mut self, from: &'s [T]) -> Option<&'s T> {
        if from.is_empty() { None } else { from.get(self.index(from.len())) }
    }

    /// A value that is present in `percent` of a hundred cases.
    pub fn maybe<T>(&mut self, percent: u8, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let start = self.made.len();
        let drawn = if self.chance(percent) { Some(draw(self)) } else { None };
        if drawn.is_some() && (1..100).contains(&percent) {
            self.parts.push(Part { start, end: self.made.len(), absence: Some(start) });
        }
        drawn
    }

    /// From `least` to `most` values, each number of them as often as any other, so that the mean is the middle.
    /// Each is announced by a choice of its own, so that any can be left out.
    pub fn several<T>(&mut self, least: u32, most: u32, mut draw: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let (mut drawn, mut parts) = (Vec::new(), Vec::new());
        for count in 0..most.max(least) {
            let start = self.made.len();
            // Of the numbers that are left, this and those beyond it, all but this go on.
            let beyond = most.saturating_sub(count);
            if count >= least && !self.odds(beyond, beyond.saturating_add(1)) {
                break;
            }
            drawn.push(draw(self));
            // One that must be there goes with the choice that announces the next, which takes its place.
            let end = self.made.len() + usize::from(count < least);
            parts.push(Part { start, end, absence: None });
        }
        let full = drawn.len() >= usize::try_from(most).unwrap_or(usize::MAX);
        let (end, optional) = (self.made.len(), most > least);
        // A full list says nowhere that it ends.
        let close = |part: Part| Part { absence: (full && optional).then_some(end), ..part };
        self.parts.extend(parts.into_iter().filter(|part| part.end <= end).map(close));
        drawn
    }

    /// Up to `most` different members of a slice, in its order.
    pub fn some<T: Clone>(&mut self, from: &[T], most: u32) -> Vec<T> {
        let mut chosen: Vec<usize> = self
            .several(0, most, |choices| (!from.is_empty()).then(|| choices.index(from.len())))
            .into_iter()
            .flatten()
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen.into_iter().filter_map(|index| from.get(index).cloned()).collect()
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u32::try_from(length).unwrap_or(u32::MAX))).unwrap_or(0)
    }
}

/// The next number of splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The upper half of the product of a random number and the bound: as good as even for small bounds.
fn below(random: u64, bound: u32) -> u32 {
    u32::try_from(((random >> 32) * u64::from(bound)) >> 32).unwrap_or(0)
}
