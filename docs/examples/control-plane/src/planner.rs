//! A workspace that follows the store, and the one way to change it.

use std::time::{SystemTime, UNIX_EPOCH};

use siting::time::Moment;
use siting::workspace::{
    Applied, Changed, EntryError, LoadOptions, LogEntry, Workspace, WorkspaceChange, WorkspaceState,
};
use tokio::sync::Mutex;

use crate::error::Error;
use crate::store::Store;

/// What time it is.
pub type Clock = Box<dyn Fn() -> Moment + Send + Sync>;

/// This machine's clock.
pub fn system_clock() -> Clock {
    Box::new(|| {
        let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment::from_millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
    })
}

pub struct Planner {
    store: Store,
    clock: Clock,
    workspace: Mutex<Workspace>,
    /// Revisions between two snapshots: a planner that starts reads at most so many entries.
    snapshot_every: u64,
}

impl Planner {
    /// A planner that begins with what the store has.
    pub async fn start(store: Store, clock: Clock, snapshot_every: u64) -> Result<Self, Error> {
        let workspace = match store.newest_snapshot().await? {
            Some(kept) => Workspace::restore(WorkspaceState::from_json(&kept)?)?,
            None => Workspace::from_sources(&[], LoadOptions::default())?,
        };
        let planner = Self { store, clock, workspace: Mutex::new(workspace), snapshot_every };
        planner.current().await?;
        Ok(planner)
    }

    pub fn now(&self) -> Moment {
        (self.clock)()
    }

    /// The workspace as the store has it by now, for questions. A clone is cheap.
    pub async fn current(&self) -> Result<Workspace, Error> {
        let mut workspace = self.workspace.lock().await;
        self.catch_up(&mut workspace).await?;
        Ok(workspace.clone())
    }

    /// Makes a change once, however often it is asked for under a key; `None` where there is nothing to do. What is
    /// wanted is said of the workspace as it is by then, since names may have come to mean other deployments.
    ///
    /// If the caller goes away in the middle, the entry is in the store or is not: the next call catches up.
    pub async fn change(
        &self,
        key: &str,
        wanted: impl Fn(&Workspace) -> Result<WorkspaceChange, Error>,
    ) -> Result<Option<Changed>, Error> {
        let mut workspace = self.workspace.lock().await;
        self.catch_up(&mut workspace).await?;
        let mut next = self.prepare(&workspace, key, &wanted)?;
        while let Some(entry) = next {
            if self.store.append(number(entry.revision() + 1), &entry.to_json()).await? {
                let Applied::Now(changed) = workspace.apply(&entry)? else { return Ok(None) };
                if workspace.revision().is_multiple_of(self.snapshot_every) {
                    self.store.keep(number(workspace.revision()), &workspace.state().to_json()).await?;
                }
                return Ok(Some(changed));
            }
            self.catch_up(&mut workspace).await?;
            next = match workspace.rebase(&entry) {
                Ok(rebased) => Some(rebased),
                // What was decided does not hold any more: it is decided anew, or refused for good.
                Err(EntryError::Refused(_)) => self.prepare(&workspace, key, &wanted)?,
                Err(EntryError::AlreadyApplied { .. } | EntryError::Nothing) => None,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(None)
    }

    fn prepare(
        &self,
        workspace: &Workspace,
        key: &str,
        wanted: impl Fn(&Workspace) -> Result<WorkspaceChange, Error>,
    ) -> Result<Option<LogEntry>, Error> {
        // This machine's clock is right, also after a quiet weekend. Leave `allow_jump` out where clocks may be wrong.
        let change = wanted(workspace)?.allow_jump();
        match workspace.prepare(self.now(), key, change) {
            Err(EntryError::AlreadyApplied { .. }) => Ok(None),
            prepared => Ok(prepared?),
        }
    }

    async fn catch_up(&self, workspace: &mut Workspace) -> Result<(), Error> {
        for entry in self.store.after(number(workspace.revision())).await? {
            workspace.apply(&LogEntry::from_json(&entry)?)?;
        }
        Ok(())
    }
}

/// A revision as databases have numbers.
fn number(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}
