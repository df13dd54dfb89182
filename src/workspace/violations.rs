//! Running replicas that a change of policies makes illegal, and what follows (L13, P11).

use std::collections::BTreeMap;

use super::attach::writable;
use super::{AttachError, Running, Workspace};
use crate::deployment::Workload;
use crate::id::{DeploymentId, Name};
use crate::lifecycle::{Action, Effect, Number, Place, Record, Refusal, Status};
use crate::policy::{Attachment, OnViolation, Terms};
use crate::time::Moment;

/// Other policies for an environment, or for the workspace itself. All by name (W1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyChange {
    /// The environment; `None` is the workspace.
    pub environment: Option<String>,
    /// What is attached there from now on, and on what terms.
    pub policies: Vec<(String, Terms)>,
}

/// A live deployment with replicas where they may not run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Its workload.
    pub workload: Workload,
    /// Its number.
    pub deployment: Number,
    /// Where they may not run.
    pub places: Vec<Place>,
    /// What its environment wants done.
    pub remedy: Remedy,
}

impl Violation {
    /// What is to be carried out, as a [change](super::WorkspaceChange::command) or by itself, where its remedy is to move or
    /// to stop: the same as [`settle_violations`](Workspace::settle_violations) does, and an entry of a log where it is
    /// [prepared](Workspace::prepare).
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        match self.remedy {
            Remedy::Move => Some(Action::Move(self.deployment)),
            Remedy::Stop => Some(Action::Deactivate(self.deployment)),
            Remedy::Report { .. } => None,
        }
    }
}

/// What is done about a violation (L13).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// Its replicas move to where they may run.
    Move,
    /// It is stopped, after its routes are removed.
    Stop,
    /// It stays, and is listed until it is gone.
    Report {
        /// Why it is not moved, where it would have been.
        reason: Option<Refusal>,
    },
}

/// A violation, and the result of its remedy.
pub type Settled = (Violation, Result<Vec<Effect>, Refusal>);

/// Replicas of a loaded deployment that run where its policies do not let them: documents of kind `Placement` say so,
/// and no lifecycle has them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunningViolation {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Where they may not run.
    pub places: Vec<Place>,
}

impl Workspace {
    /// Attaches other policies to an environment or the workspace. Running replicas are not affected: ask for
    /// [`violations`](Self::violations), or [`settle`](Self::settle_violations) them.
    ///
    /// # Errors
    /// [`AttachError`]: of an environment or a policy that is not known, or an end that cannot be written; nothing has
    /// changed then. What conflicts is not refused.
    pub fn change_policies(&mut self, change: &PolicyChange) -> Result<(), AttachError> {
        let environment = match &change.environment {
            Some(name) => Some(self.find_environment(name)?),
            None => None,
        };
        let attachment = |(name, terms): &(String, Terms)| {
            writable(terms)?;
            Ok(Attachment::new(self.find_policy(name)?, terms.clone()))
        };
        let attachments = change.policies.iter().map(attachment).collect::<Result<Vec<_>, AttachError>>()?;
        let now = match environment {
            None => Some(&self.attachments),
            Some(id) => self.environment(id).map(|environment| &environment.attachments),
        };
        if now == Some(&attachments) {
            return Ok(());
        }
        self.write_policies(change.environment.as_deref(), &attachments);
        let subject = change
            .environment
            .as_ref()
            .map_or_else(|| "the workspace".to_owned(), |name| format!("environment `{name}`"));
        self.accepted(None, subject);
        let attached = match environment {
            None => Some(&mut self.attachments),
            Some(id) => {
                let found = self.environments.table.get_mut(id);
                found.map(|environment| &mut environment.attachments)
            }
        };
        if let Some(attached) = attached {
            *attached = attachments;
        }
        Ok(())
    }

    /// What a change of policies would make illegal, and what would follow (P11). Nothing changes.
    ///
    /// # Errors
    /// As [`change_policies`](Self::change_policies).
    pub fn impact(&self, now: Moment, change: &PolicyChange) -> Result<Vec<Violation>, AttachError> {
        let mut after = self.clone();
        after.change_policies(change)?;
        Ok(after.violations(now))
    }

    /// Every live deployment with replicas where the policies do not let them run, by workload and
    /// number. Those that are stopping count until they are gone.
    #[must_use]
    pub fn violations(&self, now: Moment) -> Vec<Violation> {
        let now = self.moment_of(now);
        let seen = self.seen_at(now);
        seen.lives().flat_map(|(workload, _)| seen.violations_of(now, workload)).collect()
    }

    /// The same for one workload, whose life need not have begun.
    #[must_use]
    pub fn violations_of(&self, now: Moment, workload: &Workload) -> Vec<Violation> {
        let now = self.moment_of(now);
        let seen = self.seen_at(now);
        let records = self.life(workload).into_iter().flat_map(|life| life.state().deployments());
        let violation = |record: &Record| {
            let places = seen.illegal(workload, std::slice::from_ref(&record.governor), record);
            (!places.is_empty()).then(|| Violation {
                workload: workload.clone(),
                deployment: record.number,
                places,
                remedy: seen.remedy(now, workload, record),
            })
        };
        records.filter_map(violation).collect()
    }

    /// Every loaded deployment with replicas that run where its policies do not let them, in the order loaded. They
    /// can only be moved by the host: a lifecycle has them once it has [adopted](Self::adopt_life) them.
    #[must_use]
    pub fn running_violations(&self) -> Vec<RunningViolation> {
        let mut running: BTreeMap<DeploymentId, Vec<&Running>> = BTreeMap::new();
        for own in self.running.iter().filter(|own| own.replicas > 0) {
            running.entry(own.deployment).or_default().push(own);
        }
        let illegal = |(deployment, own): (DeploymentId, Vec<&Running>)| {
            let scope = self.scope(deployment).ok().filter(|scope| !scope.refuses_everything());
            let allowed = scope.as_ref().map(|scope| self.inventory.fleet().index().allowed(scope));
            let stays = |own: &&Running| allowed.as_ref().is_some_and(|allowed| allowed.contains(own.pair));
            let gone = own.into_iter().filter(|own| !stays(own));
            let places: Vec<_> = gone.filter_map(|own| self.place_of(own.pair, own.replicas)).collect();
            (!places.is_empty()).then_some(RunningViolation { deployment, places })
        };
        running.into_iter().filter_map(illegal).collect()
    }

    /// Applies the remedy of its environment to every violation: moves, which are legal at every step,
    /// and stops. What is only reported comes back as it is.
    ///
    /// Afterwards [`violations`](Self::violations) lists what is still there: what was reported, what is
    /// stopping, and what moves until its new replicas are ready.
    pub fn settle_violations(&mut self, now: Moment) -> Vec<Settled> {
        let violations = self.violations(now);
        self.remedied(now, violations)
    }

    /// The same for one workload: its effects speak of deployments by number, and are of use only beside its name.
    pub fn settle_violations_of(&mut self, now: Moment, workload: &Workload) -> Vec<Settled> {
        let violations = self.violations_of(now, workload);
        self.remedied(now, violations)
    }

    fn remedied(&mut self, now: Moment, violations: Vec<Violation>) -> Vec<Settled> {
        let mut settled = Vec::new();
        for violation in violations {
            // What those before it took may have left no room for it, so it is asked again.
            let workload = &violation.workload;
            let record = self.life(workload).and_then(|life| life.state().deployment(violation.deployment));
            let asked = record.map(|record| self.remedy(now, workload, record));
            let remedy = asked.unwrap_or_else(|| violation.remedy.clone());
            let violation = Violation { remedy, ..violation };
            let done = match violation.action() {
                Some(action) => self.carry_out(now, &violation.workload, action),
                None => Ok(Vec::new()),
            };
            settled.push((violation, done));
        }
        settled
    }

    /// The places of a deployment's replicas that its governors' policies forbid.
    pub(super) fn illegal(&self, workload: &Workload, governors: &[Name], record: &Record) -> Vec<Place> {
        let sites = record.sites.iter().map(|site| site.place.clone());
        let Ok((scope, _)) = self.governed(workload, governors, &record.settings, 0) else {
            // Its environment or policies are no more, so nothing allows it.
            return sites.collect();
        };
        let allowed = self.inventory.fleet().index().allowed(&scope);
        sites.filter(|place| !self.pair(place).is_some_and(|pair| allowed.contains(pair))).collect()
    }

    fn remedy(&self, now: Moment, workload: &Workload, record: &Record) -> Remedy {
        if record.status == Status::Deactivating || record.moving {
            return Remedy::Report { reason: None };
        }
        let environment = self.find_environment(record.governor.as_str()).ok().and_then(|id| self.environment(id));
        let wanted = environment.map(|environment| environment.on_violation).unwrap_or_default();
        if wanted == OnViolation::Report {
            return Remedy::Report { reason: None };
        }
        match self.command(now, workload, Action::Move(record.number)) {
            Ok(_) => Remedy::Move,
            Err(_) if wanted == OnViolation::MoveOrStop => Remedy::Stop,
            Err(refusal) => Remedy::Report { reason: Some(refusal) },
        }
    }
}
