//! Replicas on clusters that are lost, and what follows (W9).

use super::Workspace;
use crate::deployment::Workload;
use crate::lifecycle::{Action, Effect, Number, Place, Record, Refusal, Site};
use crate::policy::OnLoss;
use crate::time::Moment;

/// A live deployment with replicas on clusters that are lost.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Loss {
    /// Its workload.
    pub workload: Workload,
    /// Its number.
    pub deployment: Number,
    /// Where they are.
    pub places: Vec<Place>,
    /// Since when the first of these clusters is lost.
    pub since: Moment,
    /// What its environment wants done (`onLoss`), as far as it can be.
    pub relief: Relief,
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
    /// Every live deployment with replicas on clusters that are lost, by workload and number.
    #[must_use]
    pub fn losses(&self, now: Moment) -> Vec<Loss> {
        let (now, mut found) = (self.moment_of(now), Vec::new());
        for (workload, journal) in self.lives() {
            found.extend(journal.state().deployments().filter_map(|record| self.loss(now, workload, record)));
        }
        found
    }

    fn loss(&self, now: Moment, workload: &Workload, record: &Record) -> Option<Loss> {
        let lost = || record.sites.iter().filter(|site| site.lost_since.is_some());
        let since = lost().filter_map(|site| site.lost_since).min()?;
        let places = lost().map(|site| site.place.clone()).collect();
        let relief = self.relief(now, workload, record);
        Some(Loss { workload: workload.clone(), deployment: record.number, places, since, relief })
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
            let asked = record.map(|record| (self.relief(now, &loss.workload, record), action(record)));
            let (relief, done) = match asked {
                Some((Relief::Move, action)) => (Relief::Move, self.carry_out(now, &loss.workload, action)),
                Some((relief, _)) => (relief, Ok(Vec::new())),
                None => (loss.relief.clone(), Ok(Vec::new())),
            };
            settled.push((Loss { relief, ..loss }, done));
        }
        settled
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
        let due = |site: &Site| site.lost_since.map(|since| since.after(grace));
        match record.sites.iter().filter_map(due).min() {
            Some(due) if now < due => Relief::Until(due),
            _ => match self.command(now, workload, action(record)) {
                Ok(_) => Relief::Move,
                Err(refusal) => Relief::Retry(refusal),
            },
        }
    }
}

/// What brings the replicas elsewhere: of one that does not serve yet, and of the draft, all at once.
fn action(record: &Record) -> Action {
    if record.draft || record.status.is_starting() {
        Action::Move(record.number)
    } else {
        Action::Replace(record.number)
    }
}
