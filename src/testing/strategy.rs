//! Drawn values as strategies of proptest: they shrink by their choices.

use std::fmt;

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::choices::{Choices, Draw, Part};

/// A strategy for whatever a function draws.
///
/// A failing value shrinks by its choices: parts of the list are cut out, set to 0, lowered, as long as
/// the test goes on failing. Whatever the function makes of them is valid, so no step is lost on
/// values that could not be, and what belongs together shrinks together.
///
/// ```
/// use proptest::prelude::*;
/// use siting::testing::{Choices, drawn};
///
/// let pair = drawn(|choices: &mut Choices<'_>| {
///     let high = choices.between(1, 100);
///     (choices.below(high), high)
/// });
/// proptest!(|((low, high) in pair)| prop_assert!(low < high));
/// ```
pub fn drawn<T: fmt::Debug, F: Fn(&mut Choices<'_>) -> T + Clone>(draw: F) -> Drawn<F> {
    Drawn { draw }
}

/// What [`drawn`] returns.
#[derive(Clone)]
pub struct Drawn<F> {
    draw: F,
}

/// The strategy of a type that can be drawn.
pub type DrawnType<T> = Drawn<fn(&mut Choices<'_>) -> T>;

impl<T: Draw + fmt::Debug> Default for DrawnType<T> {
    fn default() -> Self {
        drawn(T::draw)
    }
}

impl<F> fmt::Debug for Drawn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drawn").finish_non_exhaustive()
    }
}

impl<T: fmt::Debug, F: Fn(&mut Choices<'_>) -> T + Clone> Strategy for Drawn<F> {
    type Tree = DrawnTree<F>;
    type Value = T;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = proptest::num::u64::ANY.new_tree(runner)?.current();
        let best = Written::by(&self.draw, Choices::seeded(seed));
        Ok(DrawnTree { draw: self.draw.clone(), search: Search::new(&best), best, trial: None })
    }
}

/// The choices that a value was drawn from, and what of it can be left out.
#[derive(Clone)]
struct Written {
    list: Vec<u32>,
    parts: Vec<Part>,
}

impl Written {
    fn by<T>(draw: impl Fn(&mut Choices<'_>) -> T, mut choices: Choices<'_>) -> Self {
        draw(&mut choices);
        let (made, parts) = choices.into_made();
        Self { list: made.into_iter().map(|made| made.value).collect(), parts }
    }
}

/// A drawn value on its way to a simpler one.
#[derive(Clone)]
pub struct DrawnTree<F> {
    draw: F,
    /// The simplest choices known to fail.
    best: Written,
    /// Simpler ones that are being tried.
    trial: Option<Written>,
    search: Search,
}

impl<F> fmt::Debug for DrawnTree<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DrawnTree").field("choices", &self.tried().list).finish_non_exhaustive()
    }
}

impl<T: fmt::Debug, F: Fn(&mut Choices<'_>) -> T> ValueTree for DrawnTree<F> {
    type Value = T;

    fn current(&self) -> T {
        (self.draw)(&mut Choices::listed(&self.tried().list))
    }

    fn simplify(&mut self) -> bool {
        if let Some(better) = self.trial.take() {
            self.best = better;
            self.search.succeeded();
        }
        self.try_next()
    }

    fn complicate(&mut self) -> bool {
        self.trial = None;
        self.try_next()
    }
}

impl<F> DrawnTree<F> {
    fn tried(&self) -> &Written {
        self.trial.as_ref().unwrap_or(&self.best)
    }

    /// Goes on to the next choices that are simpler; whether there are any.
    fn try_next<T>(&mut self) -> bool
    where
        F: Fn(&mut Choices<'_>) -> T,
    {
        while let Some(candidate) = self.search.next(&self.best) {
            // What is really asked for may be more or less than the candidate holds.
            let made = Written::by(&self.draw, Choices::listed(&candidate));
            if (made.list.len(), &made.list) < (self.best.list.len(), &self.best.list) {
                self.trial = Some(made);
                return true;
            }
        }
        false
    }
}

/// The walk through simpler lists: in every way from the end to the beginning, again and again until
/// none helps.
#[derive(Clone, Copy, Debug)]
struct Search {
    way: Way,
    /// Just after the part or the choice to be changed next.
    end: usize,
    /// Whether anything helped since the walk last began.
    helped: bool,
}

/// How a list is made simpler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// A part is left out.
    LeaveOut,
    /// This many choices are cut.
    Cut(usize),
    /// A choice is 0, and this many after it are cut: it may have announced them.
    Clear(usize),
    /// A choice is half of what it was.
    Halve,
    /// A choice is one less.
    Lower,
}

impl Search {
    fn new(best: &Written) -> Self {
        Self { way: Way::LeaveOut, end: best.parts.len(), helped: false }
    }

    /// The last list was a success: where numbers are lowered, the same one can be lowered more.
    fn succeeded(&mut self) {
        self.helped = true;
        if matches!(self.way, Way::Halve | Way::Lower) {
            self.end += 1;
        }
    }

    fn next(&mut self, best: &Written) -> Option<Vec<u32>> {
        loop {
            let length = if self.way == Way::LeaveOut { best.parts.len() } else { best.list.len() };
            self.end = self.end.min(length);
            let Some(at) = self.end.checked_sub(1) else {
                self.turn(best)?;
                continue;
            };
            self.end = at;
            let list = self.way.change(best, at);
            if list.as_ref().is_some_and(|list| *list != best.list) {
                return list;
            }
        }
    }

    /// Begins the next walk from the end; `None` where nothing has helped since the first.
    fn turn(&mut self, best: &Written) -> Option<()> {
        self.way = match self.way {
            Way::LeaveOut => Way::Cut(4),
            Way::Cut(1) => Way::Clear(0),
            Way::Cut(count) => Way::Cut(count / 2),
            Way::Clear(3) => Way::Halve,
            Way::Clear(count) => Way::Clear(count + 1),
            Way::Halve => Way::Lower,
            Way::Lower if self.helped => {
                *self = Self::new(best);
                return Some(());
            }
            Way::Lower => return None,
        };
        self.end = best.list.len();
        Some(())
    }
}

impl Way {
    /// The list changed at a part or a choice; `None` where this way leads nowhere.
    fn change(self, best: &Written, at: usize) -> Option<Vec<u32>> {
        let mut list = best.list.clone();
        match self {
            Self::LeaveOut => {
                let part = best.parts.get(at)?;
                list.clear();
                for (at, choice) in best.list.iter().map(Some).chain([None]).enumerate() {
                    list.extend((part.absence == Some(at)).then_some(0));
                    list.extend(choice.filter(|_| !(part.start..part.end).contains(&at)));
                }
            }
            Self::Cut(count) => {
                list.drain(at..(at + count).min(best.list.len()));
            }
            Self::Clear(count) => {
                let choice = list.get_mut(at).filter(|choice| **choice > 0)?;
                *choice = 0;
                list.drain(at + 1..(at + 1 + count).min(best.list.len()));
            }
            Self::Halve => *list.get_mut(at)? /= 2,
            Self::Lower => {
                let choice = list.get_mut(at)?;
                *choice = choice.saturating_sub(1);
            }
        }
        Some(list)
    }
}
