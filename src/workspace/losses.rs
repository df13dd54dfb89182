//! Replicas on clusters and nodes that are lost, and what follows (W9).

use super::Workspace;
use crate::deployment::Workload;
use crate::lifecycle::{Action, Effect, Number, Place, Record, Refusal, Site};
use crate::policy::OnLoss;
use crate::time::Moment;

/// A live deployment with replicas on clusters or nodes that are lost.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Loss {
    /// Its workload.
    pub workload: Workload,
    /// Its number.
    pub deployment: Number,
    /// Where they are.
    pub places: Vec<Place>,
    /// Since when the first of these clusters or nodes is lost.
    pub since: Moment,
    /// What its environment wants done (`onLoss`), as far as it can be.
    pub relief: Relief,
    /// Whether all of its replicas are started elsewhere at once.
    whole: bool,
}

impl Loss {
    /// What is to be carried out now, as a [change](super::WorkspaceChange::command) or by itself, where the relief is to
    /// [move](Relief::Move): the same as [`settle_losses`](Workspace::settle_losses) does, and an entry of a log where it is
    /// [prepared](Workspace::prepare).
    ///
    /// ```
    /// use siting::time::Moment;
    /// use siting::workspace::{Workspace, WorkspaceChange};
    ///
    /// # fn settle(workspace: &mut Workspace, now: Moment) -> Result<(), Box<dyn std::error::Error>> {
    /// for loss in workspace.losses(now) {
    ///     let Some(action) = loss.action() else { continue };
    ///     let resource_type = workspace.catalog().resource_type_name(loss.workload.resource_type).to_owned();
    ///     let change = WorkspaceChange::new().command(resource_type, loss.workload.name.clone(), action);
    ///     let key = format!("lost-{}-{}", loss.workload.name, loss.since.as_millis());
    ///     if let Some(entry) = workspace.prepare(now, &key, change)? {
    ///         // … the entry is appended to the log …
    ///         workspace.apply(&entry)?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        (self.relief == Relief::Move).then(|| action(self.deployment, self.whole))
    }
}

/// What is done about a loss.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Relief {
    /// Its environment waits until the cluster is back.
    Wait,
    /// The cluster may come back until then.
    Until(Moment),
    /// Others are starting in their place.
    UnderWay,
    /// Others are started elsewhere, as many as fit; of one that starts or is the draft, all of them.
    Move,
    /// They wait for room, or for something else that is under way: it is tried again.
    Retry(Refusal),
}

/// A loss, and the result of its relief.
pub type Relieved = (Loss, Result<Vec<Effect>, Refusal>);

impl Workspace {
    /// Every live deployment with replicas on clusters or nodes that are lost, by workload and number.
    #[must_use]
    pub fn losses(&self, now: Moment) -> Vec<Loss> {
        let (now, mut found) = (self.moment_of(now), Vec::new());
        for (workload, journal) in self.lives() {
            found.extend(journal.state().deployments().filter_map(|record| self.loss(now, workload, record)));
        }
        found
    }

    fn loss(&self, now: Moment, workload: &Workload, record: &Record) -> Option<Loss> {
        let lost = || record.sites.iter().filter(|site| site.is_lost());
        let since = lost().filter_map(Site::lost_at).min()?;
        let places = lost().map(|site| site.place.clone()).collect();
        let relief = self.relief(now, workload, record);
        let whole = self.whole(workload, record);
        Some(Loss { workload: workload.clone(), deployment: record.number, places, since, relief, whole })
    }

    /// Does for every loss what its environment wants: where the grace is over, as many replicas as fit are started
    /// elsewhere. What had no room is asked again the next time, so a host calls this from time to time, and whenever
    /// room appears. What is only waited for comes back as it is.
    ///
    /// ```
    /// use siting::time::Moment;
    /// use siting::Workspace;
    ///
    /// let mut workspace: Workspace = "".parse()?;
    /// assert!(workspace.settle_losses(Moment::default()).is_empty());
    /// # Ok::<(), siting::workspace::LoadError>(())
    /// ```
    pub fn settle_losses(&mut self, now: Moment) -> Vec<Relieved> {
        let mut settled = Vec::new();
        for loss in self.losses(now) {
            // What those before it took may have left no room for it, so it is asked again.
            let record = self.life(&loss.workload).and_then(|life| life.state().deployment(loss.deployment));
            let Some(record) = record else {
                settled.push((loss, Ok(Vec::new())));
                continue;
            };
            let (relief, whole) = (self.relief(now, &loss.workload, record), self.whole(&loss.workload, record));
            let loss = Loss { relief, whole, ..loss };
            let done = match loss.action() {
                Some(action) => self.carry_out(now, &loss.workload, action),
                None => Ok(Vec::new()),
            };
            settled.push((loss, done));
        }
        settled
    }

    /// Whether all of a deployment's replicas are brought elsewhere at once: of one that does not serve yet, and of the draft.
    /// One that starts in a rollout is left to that.
    fn whole(&self, workload: &Workload, record: &Record) -> bool {
        let in_rollout = self.life(workload).is_some_and(|life| life.state().is_in_rollout(record.number));
        record.draft || (record.status.is_starting() && !in_rollout)
    }

    fn relief(&self, now: Moment, workload: &Workload, record: &Record) -> Relief {
        let environment = self.find_environment(record.governor.as_str()).ok().and_then(|id| self.environment(id));
        if environment.is_some_and(|environment| environment.on_loss == OnLoss::Wait) {
            return Relief::Wait;
        }
        if record.displaced() == 0 || record.moving {
            return Relief::UnderWay;
        }
        let grace = environment.map_or(crate::policy::Environment::GRACE, |environment| environment.grace);
        let due = |site: &Site| site.lost_at().map(|since| since.after(grace));
        match record.sites.iter().filter_map(due).min() {
            Some(due) if now < due => Relief::Until(due),
            _ => match self.command(now, workload, action(record.number, self.whole(workload, record))) {
                Ok(_) => Relief::Move,
                Err(refusal) => Relief::Retry(refusal),
            },
        }
    }
}

/// What brings the replicas elsewhere.
fn action(deployment: Number, whole: bool) -> Action {
    if whole { Action::Move(deployment) } else { Action::Replace(deployment) }
}
