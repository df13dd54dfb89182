//! Typed ids and names: what everything behind the door is addressed by.
//!
//! An id is a dense `u32` into one table; its type says which. A [`Name`] is text that has already
//! been checked, so that nothing behind it has to ask again.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// An index into one table. Implemented by the id types of this crate only.
pub trait Id: Copy + Ord + std::hash::Hash + fmt::Debug {
    /// The id of the entry at `index`.
    fn from_index(index: usize) -> Self;
    /// The entry's index.
    fn index(self) -> usize;
}

/// Declares id types: a `u32` each, no more.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(u32);

        impl Id for $name {
            fn from_index(index: usize) -> Self {
                // Invariant `tables-fit-u32`: every table is bounded far below 2^32 entries.
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

ids! {
    /// A country of the catalog (C2).
    CountryId;
    /// A known location of the catalog (C7).
    LocationId;
    /// A provider.
    ProviderId;
    /// A set of attributes of a catalog; 0 is that of none.
    AttributeSetId;
    /// A named set of countries (C4).
    GroupId;
    /// A hardware code: a family, a variant, or a code of no family (C5).
    FlavorId;
    /// A workload type: `model`, `function`, `agent`, or one that the workspace registers.
    ResourceTypeId;
    /// One indivisible point of an axis: a known location, the rest of a country, a flavor (P7).
    Atom;
    /// A cluster of an inventory; ids ascend with names, by bytes.
    ClusterId;
    /// A pool of an inventory; ids ascend with cluster, then pool name.
    PoolId;
    /// A (pool, flavor) pair: where a replica can run, and on what. Ids ascend with cluster, pool,
    /// flavor kind and code (the ties of D5).
    PairId;
    /// Pairs of one flavor on nodes of one shape, of an inventory.
    KindId;
    /// Clusters that no policy can tell apart but by their pools, of an inventory.
    PlaceId;
    /// A class of pairs that no policy tells apart, among those of one answer.
    ClassId;
    /// A set of kinds that clusters have, of an inventory.
    KindSetId;
    /// A pair among the offers of its kind, of an inventory; ids ascend with the price.
    OfferId;
}

/// The set of none.
impl Default for AttributeSetId {
    fn default() -> Self {
        Self(0)
    }
}

/// Declares handles: ids of a table that changes, each with the stamp under which its entry was made.
macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            index: u32,
            stamp: u32,
        }

        impl Id for $name {
            /// Of no table: only a table gives ids that it knows.
            fn from_index(index: usize) -> Self {
                // Invariant `tables-fit-u32`, as above.
                Self { index: u32::try_from(index).unwrap_or(u32::MAX), stamp: 0 }
            }
            fn index(self) -> usize {
                self.index as usize
            }
        }

        impl Handle for $name {
            fn stamped(index: usize, stamp: u32) -> Self {
                Self { stamp, ..Self::from_index(index) }
            }
            fn stamp(self) -> u32 {
                self.stamp
            }
        }

        impl fmt::Debug for $name {
            // Stamps differ from run to run.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.index).finish()
            }
        }
    )+};
}

handles! {
    /// A policy of a workspace. It means the same policy as long as that is there, in the workspace that gave it or a
    /// clone of it; anywhere else, and afterwards, it is unknown (W1).
    PolicyId;
    /// An environment of a workspace; known as long as a [`PolicyId`] is.
    EnvironmentId;
    /// A deployment of a workspace; known as long as a [`PolicyId`] is.
    DeploymentId;
}

/// An id that carries the stamp of its entry.
pub(crate) trait Handle: Id {
    /// The id of the entry at `index`, made under a stamp.
    fn stamped(index: usize, stamp: u32) -> Self;
    /// The stamp.
    fn stamp(self) -> u32;
}

/// A stamp that no table has yet. After 2^32 of them they repeat.
fn fresh_stamp() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    // 0 is the stamp of ids that are of no table.
    LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1)
}

/// Entries under ids that are never used again (W1).
///
/// Invariants:
/// 1. `slots-stay`: an entry keeps its slot; that of a removed one stays empty;
/// 2. `stamps-tell`: entries that were made in different tables, or in different clones of one, have different
///    stamps, so no id of one is known to the other.
#[derive(Debug)]
pub(crate) struct Table<I, T> {
    slots: Vec<(u32, Option<T>)>,
    stamp: u32,
    ids: std::marker::PhantomData<fn() -> I>,
}

impl<I: Handle, T> Table<I, T> {
    /// Of no entries.
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new(), stamp: fresh_stamp(), ids: std::marker::PhantomData }
    }

    /// As many slots as this one has, all of them empty.
    pub(crate) fn emptied<U>(&self) -> Table<I, U> {
        let slots = self.slots.iter().map(|(stamp, _)| (*stamp, None)).collect();
        Table { slots, stamp: fresh_stamp(), ids: std::marker::PhantomData }
    }

    /// Adds an entry in a slot of its own.
    pub(crate) fn push(&mut self, entry: T) -> I {
        self.slots.push((self.stamp, Some(entry)));
        I::stamped(self.slots.len() - 1, self.stamp)
    }

    fn slot(&self, id: I) -> Option<&(u32, Option<T>)> {
        self.slots.get(id.index()).filter(|(stamp, _)| *stamp == id.stamp())
    }

    /// The entry of an id.
    pub(crate) fn get(&self, id: I) -> Option<&T> {
        self.slot(id)?.1.as_ref()
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, id: I) -> Option<&mut T> {
        self.slot(id)?;
        self.slots.get_mut(id.index())?.1.as_mut()
    }

    /// Puts an entry in the slot of an id; whether there is such a slot.
    pub(crate) fn put(&mut self, id: I, entry: T) -> bool {
        let known = self.slot(id).is_some();
        if let Some(slot) = self.slots.get_mut(id.index()).filter(|_| known) {
            slot.1 = Some(entry);
        }
        known
    }

    /// All entries with their ids, in the order in which they were made.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, (stamp, entry))| Some((I::stamped(index, *stamp), entry.as_ref()?)))
    }
}

/// What is added to a clone is not known to the other (`stamps-tell`).
impl<I, T: Clone> Clone for Table<I, T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), stamp: fresh_stamp(), ids: self.ids }
    }
}

/// A checked name: 1–253 printable characters without outer spaces.
///
/// ```
/// use siting::id::Name;
/// let name: Name = "bert-api-v1".parse()?;
/// assert_eq!(name.as_str(), "bert-api-v1");
/// assert!(" padded ".parse::<Name>().is_err());
/// # Ok::<(), siting::id::InvalidName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The most characters a name can have.
    pub const MAX_CHARS: usize = 253;

    /// Checks `text`.
    ///
    /// # Errors
    /// [`InvalidName`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty() {
            return Err(InvalidName::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(InvalidName::TooLong);
        }
        if text.trim() != text {
            return Err(InvalidName::OuterSpace);
        }
        if text.chars().any(|c| c.is_control() || is_invisible(c) || is_unseen_in_names(c)) {
            return Err(InvalidName::NotPrintable);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        #[cfg(test)]
        counted::one();
        &self.0
    }
}

/// How often names were read and sets were compared on this thread: how work grows is told by that, not by seconds.
#[cfg(test)]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    pub(crate) fn one() {
        COUNT.with(|count| count.set(count.get() + 1));
    }

    /// What a piece of work comes to.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> u64 {
        let before = COUNT.with(Cell::get);
        std::hint::black_box(work());
        COUNT.with(Cell::get) - before
    }
}

/// Characters that print as nothing or change the direction of what follows: two names that look
/// alike must be alike. Unicode's format characters (Cf) and tags, line and paragraph separators, and letters
/// that fill a place without a mark.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// What else is not seen in a name, though text may hold it: what Unicode says to ignore by default beside the above
/// (`Default_Ignorable_Code_Point` of Unicode 17, variation selectors among them), a blank that is no space, and what
/// has no meaning of its own: private use, noncharacters, and the sign for what could not be read.
fn is_unseen_in_names(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2800}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{fffd}'..='\u{ffff}'
            | '\u{e0080}'..='\u{e0fff}'
            | '\u{f0000}'..='\u{10ffff}'
    ) || u32::from(c) & 0xfffe == 0xfffe
}

/// Why a text is not a [`Name`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// It has no characters.
    #[error("a name has at least one character")]
    Empty,
    /// It has more than [`Name::MAX_CHARS`] characters.
    #[error("a name has at most {} characters", Name::MAX_CHARS)]
    TooLong,
    /// It begins or ends with white space.
    #[error("a name does not begin or end with a space")]
    OuterSpace,
    /// It holds a control or invisible character.
    #[error("a name holds printable characters only")]
    NotPrintable,
}

impl FromStr for Name {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W1: an id means its entry and nothing else, in its table and nowhere else.
    #[test]
    fn w1_an_id_is_known_where_it_was_given_as_long_as_its_entry_is_there() {
        let mut table: Table<PolicyId, &str> = Table::new();
        let (a, b) = (table.push("a"), table.push("b"));
        let mut other: Table<PolicyId, &str> = Table::new();
        let foreign = other.push("x");
        assert_eq!((table.get(a), table.get(b), table.get(foreign)), (Some(&"a"), Some(&"b"), None));
        let mut next = table.emptied();
        assert!(next.put(b, "b") && !next.put(foreign, "x"));
        let (mut clone, mut table) = (next.clone(), next);
        let (here, there) = (table.push("here"), clone.push("there"));
        assert_eq!((table.get(a), table.get(here), table.get(there)), (None, Some(&"here"), None));
        assert_eq!((clone.get(b), clone.get(here), clone.get(there)), (Some(&"b"), None, Some(&"there")));
        assert_eq!(table.get(PolicyId::from_index(1)), None);
        assert_eq!(table.iter().collect::<Vec<_>>(), [(b, &"b"), (here, &"here")]);
    }

    #[test]
    fn names_are_printable_and_unpadded() {
        for good in ["a", "Größe 7", "eu/west", "漢字"] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        assert_eq!(Name::new(""), Err(InvalidName::Empty));
        assert_eq!(Name::new(" a"), Err(InvalidName::OuterSpace));
        assert_eq!(Name::new("a\tb"), Err(InvalidName::NotPrintable));
        for invisible in ['\u{200b}', '\u{ad}', '\u{61c}', '\u{e0041}', '\u{fff9}', '\u{3164}', '\u{85}'] {
            assert_eq!(Name::new(&format!("a{invisible}b")), Err(InvalidName::NotPrintable), "{invisible:?}");
        }
        for unseen in ['\u{fe0f}', '\u{34f}', '\u{17b4}', '\u{180b}', '\u{e0100}', '\u{2800}', '\u{ffff}', '\u{e000}'] {
            assert_eq!(Name::new(&format!("a{unseen}")), Err(InvalidName::NotPrintable), "{unseen:?}");
        }
        assert!(Name::new(&"é".repeat(253)).is_ok());
        assert_eq!(Name::new(&"é".repeat(254)), Err(InvalidName::TooLong));
    }
}
