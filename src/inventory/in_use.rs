//! The offers on whose nodes something is in use, so kept that the next one is found without a look at all between.

use std::ops::Range;

use crate::bitset::BitSet;
use crate::id::{Id, OfferId};

/// Some offers of a fleet, and the blocks of them of which some, or all, are among them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OffersInUse {
    offers: BitSet<OfferId>,
    /// By block: whether one of its offers is in use, and whether all are.
    ///
    /// Invariant `blocks-sum-up`: they say what the offers say.
    some: BitSet<Block>,
    all: BitSet<Block>,
}

/// So many offers share a block: what is left to look at of a million is two thousand bits.
const BLOCK: usize = 512;

/// Neighbouring offers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Block(usize);

impl Id for Block {
    fn from_index(index: usize) -> Self {
        Self(index)
    }

    fn index(self) -> usize {
        self.0
    }
}

impl Block {
    fn of(index: usize) -> Self {
        Self(index / BLOCK)
    }

    fn offers(self) -> Range<usize> {
        self.0 * BLOCK..(self.0 + 1) * BLOCK
    }
}

impl OffersInUse {
    /// None of so many offers.
    pub(super) fn none(of: usize) -> Self {
        let blocks = of.div_ceil(BLOCK);
        Self { offers: BitSet::empty(of), some: BitSet::empty(blocks), all: BitSet::empty(blocks) }
    }

    pub(crate) fn contains(&self, offer: OfferId) -> bool {
        self.offers.contains(offer)
    }

    pub(super) fn set(&mut self, offer: OfferId, in_use: bool) {
        if in_use {
            self.offers.insert(offer);
        } else {
            self.offers.remove(offer);
        }
        let block = Block::of(offer.index());
        put(&mut self.some, block, self.offers.first_present(block.offers()).is_some());
        put(&mut self.all, block, self.offers.first_absent(block.offers()).is_none());
    }

    /// The first offer in use in a range. O(blocks of the range / 64).
    pub(crate) fn first_present(&self, range: Range<usize>) -> Option<OfferId> {
        first(range, |part| self.offers.first_present(part), |blocks| self.some.first_present(blocks))
    }

    /// The first offer in a range that is not in use. O(blocks of the range / 64).
    pub(crate) fn first_absent(&self, range: Range<usize>) -> Option<OfferId> {
        first(range, |part| self.offers.first_absent(part), |blocks| self.all.first_absent(blocks))
    }
}

fn put(blocks: &mut BitSet<Block>, block: Block, is_in: bool) {
    if is_in {
        blocks.insert(block);
    } else {
        blocks.remove(block);
    }
}

/// What `offers` finds first in a range: in the block where it begins, or in the next one that `blocks` finds.
fn first(
    range: Range<usize>,
    offers: impl Fn(Range<usize>) -> Option<OfferId>,
    blocks: impl Fn(Range<usize>) -> Option<Block>,
) -> Option<OfferId> {
    let here = Block::of(range.start).offers();
    offers(range.start..here.end.min(range.end)).or_else(|| {
        let rest = here.end..range.end;
        let next = blocks(Block::of(rest.start).index()..rest.end.div_ceil(BLOCK)).filter(|_| !rest.is_empty())?;
        offers(next.offers().start..next.offers().end.min(rest.end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The blocks change where an answer is looked for, and never the answer (I3).
    #[test]
    fn i3_the_next_offer_is_the_one_that_a_look_at_each_finds() {
        let count = 5 * BLOCK + 77;
        let is_in_use = |pattern, n| match pattern {
            "none" => false,
            "all" => true,
            "one block" => n / BLOCK == 2,
            "all but one" => n != 3 * BLOCK + 9,
            _ => n % 700 == 3,
        };
        for pattern in ["none", "all", "one block", "all but one", "here and there"] {
            let mut in_use = OffersInUse::none(count);
            // Set, taken back and set again, to try both ways.
            for round in [true, false, true] {
                (0..count).filter(|&n| is_in_use(pattern, n)).for_each(|n| in_use.set(OfferId::from_index(n), round));
            }
            let bounds =
                [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 9, 3 * BLOCK + 10, count - 1, count];
            for start in bounds {
                for end in bounds.into_iter().filter(|&end| end >= start) {
                    let find =
                        |wanted| (start..end).find(|&n| is_in_use(pattern, n) == wanted).map(OfferId::from_index);
                    assert_eq!(in_use.first_present(start..end), find(true), "{pattern}, {start}..{end}");
                    assert_eq!(in_use.first_absent(start..end), find(false), "{pattern}, {start}..{end}");
                }
            }
        }
    }
}
