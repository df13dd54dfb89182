//! A state with its history: every accepted command, snapshots, replay.

use std::iter::FlatMap;
use std::slice;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::lifecycle::commands::Command;
use crate::lifecycle::effects::Effect;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::State;
use crate::time::Moment;

/// A state and how it came about. The log keeps the placements that commands carried, so a replay
/// asks nobody (L12); it holds no value of any environment variable.
///
/// ```
/// use siting::lifecycle::{Action, Journal, Push, PushKind, State};
/// use siting::time::Moment;
///
/// let mut journal = Journal::new(State::new("model", "bert".parse()?, "production".parse()?));
/// journal.apply(Moment::from_millis(5), Action::Push(Push::new(PushKind::Draft, "v1")).into())?;
/// assert_eq!(journal.entries().len(), 1);
/// assert_eq!(Journal::restore(journal.snapshot())?.state(), journal.state());
/// assert_eq!(&journal.replay()?, journal.state());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Journal {
    origin: Arc<State>,
    state: State,
    /// The log in chunks, all but the last of which are full: clones share them, so one costs little however long it is.
    chunks: Vec<Arc<Vec<Entry>>>,
}

type OfChunk = for<'a> fn(&'a Arc<Vec<Entry>>) -> slice::Iter<'a, Entry>;

/// So many entries are shared, or copied, at one go.
const CHUNK: usize = 64;

/// The entries of a log, oldest first.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    entries: FlatMap<slice::Iter<'a, Arc<Vec<Entry>>>, slice::Iter<'a, Entry>, OfChunk>,
    left: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = &'a Entry;

    fn next(&mut self) -> Option<&'a Entry> {
        let next = self.entries.next()?;
        self.left -= 1;
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Entries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let last = self.entries.next_back()?;
        self.left -= 1;
        Some(last)
    }
}

impl ExactSizeIterator for Entries<'_> {}

/// An accepted command and its time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// When.
    pub at: Moment,
    /// What, with its placements.
    pub command: Command,
}

/// The states around an entry.
#[derive(Clone, PartialEq, Debug)]
pub struct Around {
    /// Before it.
    pub before: State,
    /// After it.
    pub after: State,
}

/// A journal as it is written down.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Snapshot {
    /// The version of this very schema.
    pub schema_version: u32,
    /// The state that the log began with.
    pub origin: State,
    /// The state now.
    pub state: State,
    /// The log.
    pub entries: Vec<Entry>,
}

/// A snapshot of a schema that this version does not know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the snapshot's schema version is {found}; this version reads {}", Snapshot::SCHEMA_VERSION)]
pub struct UnknownSchema {
    /// The version it names.
    pub found: u32,
}

impl Snapshot {
    /// The schema that is written, and the only one that is read.
    pub const SCHEMA_VERSION: u32 = 2;
}

impl Journal {
    /// Begins with a state.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self { origin: Arc::new(state.clone()), state, chunks: Vec::new() }
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was accepted, oldest first. Those that were [forgotten](Self::forget) are not among them.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        let of_chunk: OfChunk = |chunk| chunk.iter();
        let left = full + self.chunks.last().map_or(0, |last| last.len());
        Entries { entries: self.chunks.iter().flat_map(of_chunk), left }
    }

    fn push(&mut self, entry: Entry) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(entry),
            _ => self.chunks.push(Arc::new(vec![entry])),
        }
    }

    fn with(origin: Arc<State>, state: State, entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut journal = Self { origin, state, chunks: Vec::new() };
        entries.into_iter().for_each(|entry| journal.push(entry));
        journal
    }

    /// Forgets all but the last `keep` entries: a replay begins with the state that the others led to. How many were
    /// forgotten. O(those that are).
    ///
    /// ```
    /// use siting::lifecycle::{Action, Journal, Push, PushKind, State};
    /// use siting::time::Moment;
    ///
    /// let mut journal = Journal::new(State::new("model", "bert".parse()?, "production".parse()?));
    /// for at in 0..3 {
    ///     journal.apply(Moment::from_millis(at), Action::Push(Push::new(PushKind::Published, "v1")).into())?;
    /// }
    /// assert_eq!(journal.forget(1)?, 2);
    /// assert_eq!(journal.entries().len(), 1);
    /// assert_eq!(&journal.replay()?, journal.state());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The [`Refusal`] of an entry that was tampered with; nothing is forgotten then.
    pub fn forget(&mut self, keep: usize) -> Result<usize, Refusal> {
        let gone = self.entries().len().saturating_sub(keep);
        if gone == 0 {
            return Ok(0);
        }
        let mut origin = State::clone(&self.origin);
        let mut entries = self.entries();
        for entry in entries.by_ref().take(gone) {
            origin.apply(entry.at, &entry.command)?;
        }
        *self = Self::with(Arc::new(origin), self.state.clone(), entries.cloned());
        Ok(gone)
    }

    /// Carries out a command, and logs it unless it changes nothing; see [`State::apply`].
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed, and nothing is logged.
    pub fn apply(&mut self, at: Moment, command: Command) -> Result<Vec<Effect>, Refusal> {
        let ignored = self.state.ignores(&command.action);
        let effects = self.state.apply(at, &command)?;
        if !ignored {
            self.push(Entry { at, command });
        }
        Ok(effects)
    }

    /// The state that the log leads to; equal to the present one.
    ///
    /// # Errors
    /// The [`Refusal`] of an entry that was tampered with.
    pub fn replay(&self) -> Result<State, Refusal> {
        let mut state = State::clone(&self.origin);
        for entry in self.entries() {
            state.apply(entry.at, &entry.command)?;
        }
        Ok(state)
    }

    /// Every entry, with the states before and after it.
    pub fn states(&self) -> impl Iterator<Item = (&Entry, Around)> {
        let mut state = State::clone(&self.origin);
        self.entries().map_while(move |entry| {
            let before = state.clone();
            state.apply(entry.at, &entry.command).ok()?;
            Some((entry, Around { before, after: state.clone() }))
        })
    }

    /// All of it, to be written down.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            schema_version: Snapshot::SCHEMA_VERSION,
            origin: State::clone(&self.origin),
            state: self.state.clone(),
            entries: self.entries().cloned().collect(),
        }
    }

    /// What was written down.
    ///
    /// # Errors
    /// [`UnknownSchema`] if another version of the schema wrote it.
    pub fn restore(snapshot: Snapshot) -> Result<Self, UnknownSchema> {
        let Snapshot { schema_version, origin, state, entries } = snapshot;
        if schema_version != Snapshot::SCHEMA_VERSION {
            return Err(UnknownSchema { found: schema_version });
        }
        Ok(Self::with(Arc::new(origin), state, entries))
    }
}
