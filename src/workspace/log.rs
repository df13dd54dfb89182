//! A history that several hosts share: changes are prepared as entries of a log, and applied wherever it is read (W3).
//!
//! A host prepares an entry, appends it to its store if the head is the revision that the entry expects, and applies
//! it. Whoever reads the log applies the same entries, and has the same workspace, byte for byte.

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::change::{ChangeError, Changed, WorkspaceChange};
use super::revisions::{Named, fingerprint, tables};
use crate::time::Moment;

/// A change with all that was decided for it, to be written down and applied elsewhere.
///
/// ```
/// use siting::manifest::{Kind, read_str};
/// use siting::time::Moment;
/// use siting::workspace::{Applied, LogEntry, Workspace, WorkspaceChange};
///
/// let mut here: Workspace = "".parse()?;
/// let mut there = here.clone();
/// let staging = "apiVersion: siting.dev/v1\nkind: Environment\nmetadata: {name: staging}\nspec: {}\n";
/// let change = WorkspaceChange::new().put(read_str("staging.yaml", staging));
/// let entry = here.prepare(Moment::from_millis(5), "put-staging", change)?.ok_or("it changes something")?;
/// let text = entry.to_json();
/// // … the text is appended to a store, if its head is `entry.revision()` …
/// here.apply(&entry)?;
/// there.apply(&LogEntry::from_json(&text)?)?;
/// assert_eq!(here.state().to_json(), there.state().to_json());
/// assert!(matches!(there.apply(&entry)?, Applied::Known { revision: 1 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogEntry {
    version: u32,
    /// The built-in tables under which it was decided, by their fingerprint.
    tables: String,
    /// The revision that it follows.
    revision: u64,
    at: Moment,
    key: String,
    /// What was asked for, by its fingerprint: the change as it was before anything was decided for it.
    asked: String,
    change: WorkspaceChange,
}

/// What came of an entry.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Applied {
    /// It was carried out.
    Now(Changed),
    /// It has been applied before, as this revision; nothing has changed.
    Known {
        /// The revision that it came to be.
        revision: u64,
    },
}

/// An entry that cannot be prepared or applied; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Its key is empty or too long.
    #[error("an idempotency key has 1 to {} characters", LogEntry::MOST_KEY)]
    Key,
    /// Another change has been accepted under its key.
    #[error("the key `{key}` is that of another change, which is revision {revision}")]
    KeyUsed {
        /// The key.
        key: String,
        /// The revision of the other change.
        revision: u64,
    },
    /// It follows an earlier revision: others came first.
    #[error("the entry follows revision {expected}, and the workspace is at {found}; rebase it{}", named(.moved))]
    Behind {
        /// The revision that it follows.
        expected: u64,
        /// The revision of the workspace.
        found: u64,
        /// What has moved since, as far as it is remembered.
        moved: Vec<String>,
    },
    /// It follows a later revision: the workspace has to catch up.
    #[error("the entry follows revision {expected}, and the workspace is at {found}; apply the entries between first")]
    Ahead {
        /// The revision that it follows.
        expected: u64,
        /// The revision of the workspace.
        found: u64,
    },
    /// It is older than all whose keys are kept.
    #[error("the entry follows revision {expected}, and what was before {oldest} is not remembered")]
    Forgotten {
        /// The revision that it follows.
        expected: u64,
        /// The first revision that is remembered.
        oldest: u64,
    },
    /// It was decided under other built-in tables.
    #[error(
        "the entry was decided under the built-in tables {found}, and these are {own}; use the same version of siting"
    )]
    Tables {
        /// Those of the entry.
        found: String,
        /// Those of this version.
        own: String,
    },
    /// It has been applied already.
    #[error("what the key `{key}` names has been done: it is revision {revision}")]
    AlreadyApplied {
        /// The key.
        key: String,
        /// The revision that it came to be.
        revision: u64,
    },
    /// It changes nothing any more: what it wants is so already.
    #[error("the entry changes nothing")]
    Nothing,
    /// A version of this library that is newer wrote it.
    #[error("the entry has version {found}; this version of siting reads up to version {}", LogEntry::VERSION)]
    Newer {
        /// The version it names.
        found: u32,
    },
    /// It cannot be carried out at this moment.
    #[error(transparent)]
    Refused(#[from] ChangeError),
}

/// A text that is no entry of a log.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEntry {
    /// A newer version wrote it.
    #[error("the entry is of version {found}, and at most {} is known here; use a newer siting", LogEntry::VERSION)]
    Newer {
        /// The version of its form.
        found: u32,
    },
    /// It is not as entries are written.
    #[error("not an entry of a log: {message}")]
    Malformed {
        /// What is wrong, with line and column.
        message: String,
    },
}

fn named(subjects: &[String]) -> String {
    let first: Vec<_> = subjects.iter().take(10).map(String::as_str).collect();
    match (first.as_slice(), subjects.len().saturating_sub(first.len())) {
        ([], _) => String::new(),
        (first, 0) => format!(": {} moved", first.join(", ")),
        (first, more) => format!(": {} and {more} more moved", first.join(", ")),
    }
}

impl LogEntry {
    /// The version of the form that is written. Every version up to it is read.
    pub const VERSION: u32 = 1;
    /// The most characters of an idempotency key.
    pub const MOST_KEY: usize = 200;

    /// The revision that it follows: it can be appended where that is the head.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Its moment.
    #[must_use]
    pub fn at(&self) -> Moment {
        self.at
    }

    /// Its idempotency key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The change, with what was decided for it.
    #[must_use]
    pub fn change(&self) -> &WorkspaceChange {
        &self.change
    }

    /// As text, to be stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Invariant `values-serialise`: nothing in it has keys that are no texts, or numbers that JSON cannot write.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`InvalidEntry`].
    pub fn from_json(text: &str) -> Result<Self, InvalidEntry> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let malformed = |error: serde_json::Error| InvalidEntry::Malformed { message: error.to_string() };
        let Versioned { version } = serde_json::from_str(text).map_err(malformed)?;
        match version {
            0 => Err(InvalidEntry::Malformed { message: "there is no version 0".to_owned() }),
            1..=Self::VERSION => serde_json::from_str(text).map_err(malformed),
            found => Err(InvalidEntry::Newer { found }),
        }
    }

    /// What tells it from every other entry under its key. The revision that it follows is none of it: a rebased
    /// entry is the same one.
    fn content(&self) -> String {
        of_change(&self.change)
    }
}

/// The fingerprint of a change as it is written.
fn of_change(change: &WorkspaceChange) -> String {
    fingerprint(serde_json::to_string(change).unwrap_or_default().as_bytes())
}

fn check_key(key: &str) -> Result<(), EntryError> {
    if key.is_empty() || key.chars().count() > LogEntry::MOST_KEY { Err(EntryError::Key) } else { Ok(()) }
}

impl Workspace {
    /// An entry for a change: decided now, on this workspace, which stays as it is. `None` where it would change
    /// nothing. A key names what is wanted: the same entry is applied once, however often it is sent, and nothing else is
    /// prepared under it.
    ///
    /// # Errors
    /// [`EntryError`]: [`AlreadyApplied`](EntryError::AlreadyApplied) where this very change has been accepted under the
    /// key, [`KeyUsed`](EntryError::KeyUsed) where another has.
    pub fn prepare(&self, now: Moment, key: &str, change: WorkspaceChange) -> Result<Option<LogEntry>, EntryError> {
        check_key(key)?;
        let asked = of_change(&change);
        if let Some(known) = self.revisions.known(key) {
            let (key, revision) = (key.to_owned(), known.revision);
            let same = known.asked == Some(&asked) || known.content == asked;
            return Err(match same {
                true => EntryError::AlreadyApplied { key, revision },
                false => EntryError::KeyUsed { key, revision },
            });
        }
        let at = self.moment(now, &change)?;
        let (_, changed, decided) = self.changed(at, change)?;
        let entry = LogEntry {
            version: LogEntry::VERSION,
            tables: tables(),
            revision: self.revision(),
            at,
            key: key.to_owned(),
            asked,
            change: decided,
        };
        Ok(changed.changed.then_some(entry))
    }

    /// Carries an entry out. Each decision in it is checked at its moment as any claim is (W6); nothing is solved. An
    /// entry that was applied before changes nothing.
    ///
    /// # Errors
    /// [`EntryError`]; nothing has changed then.
    pub fn apply(&mut self, entry: &LogEntry) -> Result<Applied, EntryError> {
        let content = entry.content();
        if let Some(revision) = self.known_entry(entry, &content)? {
            return Ok(Applied::Known { revision });
        }
        self.follows(entry.revision)?;
        let at = self.moment(entry.at, &entry.change)?;
        let mut changed = self.carried_out(at, entry.change.clone())?;
        if !changed.changed {
            return Err(EntryError::Nothing);
        }
        let (key, asked) = (entry.key.clone(), entry.asked.clone());
        self.accept(Some(at), Some(Named { key, content, asked: Some(asked) }), entry.change.subjects());
        changed.revision = self.revision();
        Ok(Applied::Now(changed))
    }

    /// The same entry, to follow the present revision: with its key and decisions, if each passes here and now.
    ///
    /// # Errors
    /// [`EntryError`] that says which does not; whoever wants the change decides anew then.
    pub fn rebase(&self, entry: &LogEntry) -> Result<LogEntry, EntryError> {
        if let Some(revision) = self.known_entry(entry, &entry.content())? {
            return Err(EntryError::AlreadyApplied { key: entry.key.clone(), revision });
        }
        match self.follows(entry.revision) {
            Ok(()) | Err(EntryError::Behind { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut rebased = LogEntry { revision: self.revision(), ..entry.clone() };
        rebased.at = self.moment(entry.at, &entry.change)?;
        let (_, changed, _) = self.changed(rebased.at, entry.change.clone())?;
        if changed.changed { Ok(rebased) } else { Err(EntryError::Nothing) }
    }

    /// The revision that an entry came to be here, if it did.
    fn known_entry(&self, entry: &LogEntry, content: &str) -> Result<Option<u64>, EntryError> {
        if entry.version > LogEntry::VERSION {
            return Err(EntryError::Newer { found: entry.version });
        }
        let own = tables();
        if entry.tables != own {
            return Err(EntryError::Tables { found: entry.tables.clone(), own });
        }
        check_key(&entry.key)?;
        match self.revisions.known(&entry.key) {
            Some(known) if known.content == content => Ok(Some(known.revision)),
            Some(known) => Err(EntryError::KeyUsed { key: entry.key.clone(), revision: known.revision }),
            None => Ok(None),
        }
    }

    /// Whether an entry that follows a revision can come next.
    fn follows(&self, expected: u64) -> Result<(), EntryError> {
        let (found, oldest) = (self.revision(), self.revisions.oldest());
        if expected == found {
            Ok(())
        } else if expected > found {
            Err(EntryError::Ahead { expected, found })
        } else if expected < oldest {
            Err(EntryError::Forgotten { expected, oldest })
        } else {
            Err(EntryError::Behind { expected, found, moved: self.revisions.moved_since(expected) })
        }
    }
}
