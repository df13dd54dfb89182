//! A state with its history: every accepted command, snapshots, replay.

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
    origin: State,
    state: State,
    entries: Vec<Entry>,
}

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
        Self { origin: state.clone(), state, entries: Vec::new() }
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was accepted, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Carries out a command, and logs it unless it changes nothing; see [`State::apply`].
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed, and nothing is logged.
    pub fn apply(&mut self, at: Moment, command: Command) -> Result<Vec<Effect>, Refusal> {
        let ignored = self.state.ignores(&command.action);
        let effects = self.state.apply(at, &command)?;
        if !ignored {
            self.entries.push(Entry { at, command });
        }
        Ok(effects)
    }

    /// The state that the log leads to; equal to the present one.
    ///
    /// # Errors
    /// The [`Refusal`] of an entry that was tampered with.
    pub fn replay(&self) -> Result<State, Refusal> {
        let mut state = self.origin.clone();
        for entry in &self.entries {
            state.apply(entry.at, &entry.command)?;
        }
        Ok(state)
    }

    /// Every entry, with the states before and after it.
    pub fn states(&self) -> impl Iterator<Item = (&Entry, Around)> {
        let mut state = self.origin.clone();
        self.entries.iter().map_while(move |entry| {
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
            origin: self.origin.clone(),
            state: self.state.clone(),
            entries: self.entries.clone(),
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
        Ok(Self { origin, state, entries })
    }
}
