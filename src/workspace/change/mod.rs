//! Changes of a workspace as values: anything that can be loaded can be put and removed later (W2).
//!
//! A [`WorkspaceChange`] is one or many steps. It is accepted whole or refused whole, with all that is wrong with it,
//! and it can be previewed.

mod carry;
mod documents;
mod impact;
mod in_place;
mod in_use;
#[cfg(feature = "manifest")]
mod text;

use std::collections::BTreeSet;
use std::fmt;

pub use impact::{DeploymentImpact, Impact, Preview};
#[cfg(feature = "manifest")]
pub(super) use text::written;

use super::names::Unsound;
use super::{LoadError, Workspace};
use crate::deployment::Workload;
use crate::id::Name;
use crate::inventory::{Displaced, Request, ReservationId, ReserveError};
use crate::lifecycle::{Action, Command, Effect, Place, Refusal};
use crate::manifest::Kind;
use crate::manifest::spec::Specs;
use crate::origin::Problem;
use crate::policy::{Enforcement, Terms};
use crate::time::Moment;

/// What is to change in a workspace: steps that are accepted together, or refused together.
///
/// The steps are taken in their order. Those that concern documents are written down first and looked at together: before
/// the next step that takes or gives back room, or is a command, and at the end. So a document may refer to one that a
/// later step puts, and be removed before what refers to it. What is attached, detached or set must be there by then.
///
/// ```
/// use siting::manifest::Kind;
/// use siting::manifest::spec::{DeploymentSpec, Specs};
/// use siting::policy::Enforcement;
/// use siting::time::Moment;
/// use siting::workspace::{AttachmentPoint, LoadOptions, Workspace, WorkspaceChange};
///
/// let mut workspace = Workspace::from_specs(Specs::default(), LoadOptions::default())?;
/// let deployment = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
/// let specs = Specs { deployments: vec![deployment], ..Specs::default() };
/// workspace.change(Moment::default(), WorkspaceChange::new().put(specs))?;
/// assert_eq!(workspace.deployments().len(), 1);
///
/// // A step that cannot be refuses them all.
/// let both = WorkspaceChange::new()
///     .remove(Kind::Deployment, "bert/bert-api-v1")
///     .attach(AttachmentPoint::Environment("production".to_owned()), "eu-only", Enforcement::Enforce);
/// let refused = workspace.change(Moment::default(), both).unwrap_err();
/// assert_eq!(refused.problems[0].message, "no policy is called `eu-only`");
/// assert_eq!(workspace.deployments().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
#[cfg_attr(feature = "manifest", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "manifest", serde(rename_all = "camelCase", deny_unknown_fields))]
pub struct WorkspaceChange {
    steps: Vec<ChangeStep>,
    /// Whether it may be much later than the last one (W8).
    #[cfg_attr(feature = "manifest", serde(default, skip_serializing_if = "std::ops::Not::not"))]
    allow_jump: bool,
}

/// One step of a change.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "manifest", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "manifest", serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields))]
#[non_exhaustive]
pub enum ChangeStep {
    /// Documents, each in the place of the whole document of its kind and name, or as a new one.
    Put(Box<Documents>),
    /// A document that is no more.
    Remove {
        /// Its kind.
        kind: Kind,
        /// Its name; of a deployment, its address.
        name: String,
    },
    /// A policy that is attached; one that is attached already changes its terms.
    Attach {
        /// Where.
        at: AttachmentPoint,
        /// The policy's name.
        policy: String,
        /// Whether it binds.
        enforcement: Enforcement,
        /// From when on it allows nothing (P16).
        #[cfg_attr(feature = "manifest", serde(default, skip_serializing_if = "Option::is_none"))]
        until: Option<Moment>,
        /// Why it is attached.
        #[cfg_attr(feature = "manifest", serde(default, skip_serializing_if = "Option::is_none"))]
        reason: Option<String>,
        /// The ticket that stands for that.
        #[cfg_attr(feature = "manifest", serde(default, skip_serializing_if = "Option::is_none"))]
        ticket: Option<String>,
    },
    /// A policy that is attached no more.
    Detach {
        /// Where.
        at: AttachmentPoint,
        /// The policy's name.
        policy: String,
    },
    /// How many nodes a pool has (I1). Fewer close those that are `gone`, then the highest; more open the lowest closed
    /// ones first.
    SetNodes {
        /// The cluster.
        cluster: String,
        /// The pool.
        pool: String,
        /// How many.
        nodes: u32,
        /// The numbers of nodes that are gone.
        #[cfg_attr(feature = "manifest", serde(default, skip_serializing_if = "Vec::is_empty"))]
        gone: Vec<u32>,
    },
    /// A cluster's health (I3).
    SetHealthy {
        /// The cluster.
        cluster: String,
        /// Whether it can run anything.
        healthy: bool,
    },
    /// A cluster's cordon (I3).
    SetCordoned {
        /// The cluster.
        cluster: String,
        /// Whether it is closed to new work.
        cordoned: bool,
    },
    /// Room for replicas of a deployment, where every constraint holds (W6).
    Commit {
        /// The deployment's address.
        deployment: String,
        /// Where.
        places: Vec<Place>,
    },
    /// Room for what is no deployment's: where, and what each replica takes.
    Reserve(#[cfg_attr(feature = "manifest", serde(with = "text::claims"))] Vec<(Place, Request)>),
    /// Room of the host's own that is given back.
    Release(ReservationId),
    /// Of each life's log, all but the last entries are forgotten: a replay begins with the state that they led to.
    Compact {
        /// How many entries of each are kept.
        keep: u32,
    },
    /// A command of a workload's life (L12).
    Command {
        /// The workload's type.
        resource_type: String,
        /// The workload's name.
        workload: Name,
        /// What to do.
        action: Box<Action>,
    },
    /// A command of a workload's life with all that was decided for it, as entries of a log hold it. Each decision is
    /// checked as any claim is (W6).
    Decided {
        /// The workload's type.
        resource_type: String,
        /// The workload's name.
        workload: Name,
        /// What to do, and where.
        command: Box<Command>,
    },
}

impl ChangeStep {
    /// Whether it is no document's, and changes nothing where it is refused.
    fn is_atomic(&self) -> bool {
        matches!(
            self,
            Self::Commit { .. } | Self::Reserve(_) | Self::Release(_) | Self::Command { .. } | Self::Decided { .. }
        )
    }

    /// What it changes, in words.
    fn subjects(&self) -> Vec<String> {
        let named = |what: &str, name: &str| vec![format!("{what} `{name}`")];
        match self {
            Self::Put(documents) => documents.subjects(),
            Self::Remove { kind, name } => named(documents::noun(*kind), name),
            Self::Attach { at, .. } | Self::Detach { at, .. } => vec![at.to_string()],
            Self::SetNodes { cluster, .. } | Self::SetHealthy { cluster, .. } | Self::SetCordoned { cluster, .. } => {
                named("cluster", cluster)
            }
            Self::Commit { deployment, .. } => named("deployment", deployment),
            Self::Reserve(claims) => {
                claims.iter().flat_map(|(place, _)| named("cluster", place.cluster.as_str())).collect()
            }
            Self::Release(id) => vec![format!("reservation {id}")],
            Self::Compact { .. } => vec!["the logs of lives".to_owned()],
            Self::Command { resource_type, workload, .. } | Self::Decided { resource_type, workload, .. } => {
                named(resource_type, workload.as_str())
            }
        }
    }
}

/// Where a policy is attached, by name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "manifest", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "manifest", serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum AttachmentPoint {
    /// The workspace.
    Workspace,
    /// The environment of this name.
    Environment(String),
    /// The deployment of this address.
    Deployment(String),
}

impl fmt::Display for AttachmentPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace => f.write_str("the workspace"),
            Self::Environment(name) => write!(f, "environment `{name}`"),
            Self::Deployment(address) => write!(f, "deployment `{address}`"),
        }
    }
}

/// Documents to be put, with what was wrong with the texts that they were read from.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Documents {
    pub(super) specs: Specs,
    problems: Vec<Problem>,
    left_out: usize,
    unsound: Unsound,
}

impl From<Specs> for Documents {
    /// Of what code built. What no text can say of it, such as a grace of thousands of years, is told when they are put: it
    /// could not be read from what is kept (W4). O(documents).
    fn from(specs: Specs) -> Self {
        #[cfg(feature = "manifest")]
        let problems = text::beyond_text(&specs);
        #[cfg(not(feature = "manifest"))]
        let problems = Vec::new();
        Self { problems, ..Self::already_read(specs) }
    }
}

impl Documents {
    /// Of what has been read from text, and so can be read from it again: it is not tried.
    #[must_use]
    pub fn already_read(specs: Specs) -> Self {
        Self { specs, ..Self::default() }
    }
}

#[cfg(feature = "manifest")]
impl From<crate::manifest::Reading> for Documents {
    /// What was wrong with the texts is told when they are put, together with all else.
    fn from(reading: crate::manifest::Reading) -> Self {
        let not_put = reading.not_put();
        let crate::manifest::Reading { mut specs, mut problems, left_out, unread, .. } = reading;
        specs.notices.extend(not_put);
        if left_out > 0 {
            // The one that counts the others: what is left out is counted anew.
            problems.pop();
        }
        Self { specs, problems, left_out, unsound: super::load::unsound(unread) }
    }
}

impl WorkspaceChange {
    /// Of no steps yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And one more step.
    #[must_use]
    pub fn then(mut self, step: ChangeStep) -> Self {
        self.steps.push(step);
        self
    }

    /// And these documents.
    #[must_use]
    pub fn put(self, documents: impl Into<Documents>) -> Self {
        self.then(ChangeStep::Put(Box::new(documents.into())))
    }

    /// And without a document: of a policy, environment, cluster, placement or the workspace by name, of a deployment by
    /// address.
    #[must_use]
    pub fn remove(self, kind: Kind, name: impl Into<String>) -> Self {
        self.then(ChangeStep::Remove { kind, name: name.into() })
    }

    /// And with a policy attached: enforced or audited, until a moment, for a reason.
    #[must_use]
    pub fn attach(self, at: AttachmentPoint, policy: impl Into<String>, terms: impl Into<Terms>) -> Self {
        let Terms { enforcement, until, reason, ticket } = terms.into();
        self.then(ChangeStep::Attach { at, policy: policy.into(), enforcement, until, reason, ticket })
    }

    /// And with a policy detached.
    #[must_use]
    pub fn detach(self, at: AttachmentPoint, policy: impl Into<String>) -> Self {
        self.then(ChangeStep::Detach { at, policy: policy.into() })
    }

    /// And with so many nodes in a pool.
    #[must_use]
    pub fn set_nodes(self, cluster: impl Into<String>, pool: impl Into<String>, nodes: u32) -> Self {
        let (cluster, pool) = (cluster.into(), pool.into());
        self.then(ChangeStep::SetNodes { cluster, pool, nodes, gone: Vec::new() })
    }

    /// And with a command of a life carried out.
    #[must_use]
    pub fn command(self, resource_type: impl Into<String>, workload: Name, action: Action) -> Self {
        let resource_type = resource_type.into();
        self.then(ChangeStep::Command { resource_type, workload, action: Box::new(action) })
    }

    /// And with all but the last entries of each life's log forgotten.
    #[must_use]
    pub fn compact(self, keep: u32) -> Self {
        self.then(ChangeStep::Compact { keep })
    }

    /// And however much later it is than the last one: a change that is more than a day later is refused else (W8).
    #[must_use]
    pub fn allow_jump(mut self) -> Self {
        self.allow_jump = true;
        self
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[ChangeStep] {
        &self.steps
    }

    pub(super) fn jumps(&self) -> bool {
        self.allow_jump
    }

    /// What it changes, in words, each named once.
    pub(super) fn subjects(&self) -> Vec<String> {
        let all: BTreeSet<_> = self.steps.iter().flat_map(ChangeStep::subjects).collect();
        all.into_iter().collect()
    }
}

/// What an accepted change came to.
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct Changed {
    /// Whether anything is other than it was. What changes nothing is no revision.
    pub changed: bool,
    /// The revision that it came to be; the one before, of what changed nothing or is only asked about.
    pub revision: u64,
    /// Replicas that ran on nodes which are gone.
    pub displaced: Vec<Displaced>,
    /// The reservations that were made, step by step.
    pub reservations: Vec<ReservationId>,
    /// What the host has to do for the lives of workloads, command by command: with the revision, the place in this list is
    /// the number of an effect (W7).
    pub effects: Vec<(Workload, Effect)>,
    /// What was read and deserves a word: documents of other API groups that were skipped.
    pub notices: Vec<Problem>,
}

/// A change that is refused, with all that is wrong with it; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", super::summary(.problems))]
#[non_exhaustive]
pub struct ChangeError {
    /// The problems, as a load has them; never empty.
    pub problems: Vec<Problem>,
}

impl ChangeError {
    fn new(problems: Vec<Problem>, left_out: usize) -> Self {
        Self { problems: LoadError::new(problems, left_out).problems }
    }

    /// Of one thing that is no document's.
    pub(super) fn refused(message: impl Into<String>, help: &str) -> Self {
        Self { problems: vec![carry::refused(message.into()).help(help)] }
    }
}

impl From<LoadError> for ChangeError {
    fn from(error: LoadError) -> Self {
        Self { problems: error.problems }
    }
}

impl From<ChangeError> for LoadError {
    fn from(error: ChangeError) -> Self {
        Self { problems: error.problems }
    }
}

/// What to do instead of reserving what cannot be had.
fn instead_of(error: &ReserveError) -> &'static str {
    match error {
        ReserveError::UnknownPair => "name a pool of a cluster, and a flavor that it has",
        ReserveError::Closed => "choose another cluster, or open it first",
        ReserveError::NoRoom { .. } => "ask for less, or make room",
        ReserveError::OverLimit => "reserve less, release what is held, or raise the limit",
        ReserveError::NoNumber => "restore a state whose numbers are not used up",
    }
}

/// The workspace while a change is carried out, step by step.
struct Changing<'a> {
    workspace: &'a mut Workspace,
    /// What steps have written into the documents since they were last resolved.
    written: Option<Written>,
    /// Attachments to deployments, of which no conflict may come (P10).
    attached: Vec<String>,
    done: Changed,
    /// The steps so far, with what was decided for them.
    decided: WorkspaceChange,
}

/// Documents that are other than the workspace has them.
#[derive(Default)]
struct Written {
    specs: Specs,
    problems: Vec<Problem>,
    left_out: usize,
    unsound: Unsound,
    restated: crate::inventory::Restated,
    /// Names that the change takes out, by what they are of.
    removed: BTreeSet<(&'static str, String)>,
    without_development: bool,
    changed: bool,
}

impl Workspace {
    /// Carries a change out, at a moment that is never before the last one.
    ///
    /// O(documents + reservations + lives). One policy that is put or attached to an environment, and the number of a
    /// pool's nodes, are changed in place: O(documents of the kind), little each, and for nodes that go the reservations.
    ///
    /// # Errors
    /// [`ChangeError`] with all that is wrong; nothing has changed then.
    pub fn change(&mut self, now: Moment, change: WorkspaceChange) -> Result<Changed, ChangeError> {
        let (at, subjects) = (self.moment(now, &change)?, change.subjects());
        let mut changed = self.carried_out(at, change)?;
        if changed.changed {
            self.accept(Some(at), None, subjects);
        }
        changed.revision = self.revisions.number;
        Ok(changed)
    }

    /// Carries a change out, which is no revision yet.
    pub(super) fn carried_out(&mut self, at: Moment, change: WorkspaceChange) -> Result<Changed, ChangeError> {
        if let Some(changed) = self.in_place(at, &change) {
            return Ok(changed);
        }
        if let Some(step) = change.steps.first().filter(|step| change.steps.len() == 1 && step.is_atomic()) {
            return self.step_in_place(at, step.clone());
        }
        let (after, changed, _) = self.changed(at, change)?;
        if changed.changed {
            let revisions = std::mem::take(&mut self.revisions);
            *self = Self { revisions, ..after };
        }
        Ok(changed)
    }

    /// A step that leaves all as it was where it is refused.
    fn step_in_place(&mut self, at: Moment, step: ChangeStep) -> Result<Changed, ChangeError> {
        // What the step notes of revisions counts for nothing.
        let without = self.revisions.without_recent();
        let (revisions, asked_at) = (std::mem::replace(&mut self.revisions, without), self.asked_at);
        self.set_asked_at(Some(at));
        let mut changing = Changing::of(self);
        let taken = changing.step(at, step, String::new());
        let done = changing.done;
        self.revisions = revisions;
        self.set_asked_at(asked_at);
        taken.map(|()| done)
    }

    /// Puts documents: each in the place of the whole document of its kind and name, or as a new one.
    ///
    /// ```
    /// use siting::manifest::read_str;
    /// use siting::time::Moment;
    /// use siting::Workspace;
    ///
    /// let mut workspace: Workspace = "".parse()?;
    /// let policy = "
    /// apiVersion: siting.dev/v1
    /// kind: Policy
    /// metadata: {name: us-only}
    /// spec: {type: location, locations: [{type: country, name: us}]}
    /// ";
    /// assert!(workspace.put(Moment::default(), read_str("policy.yaml", policy))?.changed);
    /// assert!(!workspace.put(Moment::default(), read_str("policy.yaml", policy))?.changed);
    /// let wrong = read_str("policy.yaml", &policy.replace("name: us}", "name: usx}"));
    /// let refused = workspace.put(Moment::default(), wrong).unwrap_err();
    /// assert_eq!(refused.to_string(), "policy.yaml:5:58: no country is called `usx`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub fn put(&mut self, now: Moment, documents: impl Into<Documents>) -> Result<Changed, ChangeError> {
        self.change(now, WorkspaceChange::new().put(documents))
    }

    /// Removes a document to which nothing refers.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub fn remove(&mut self, now: Moment, kind: Kind, name: &str) -> Result<Changed, ChangeError> {
        self.change(now, WorkspaceChange::new().remove(kind, name))
    }

    /// The workspace as it would be after a change; this one stays as it is (D10).
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub fn what_if(&self, now: Moment, change: WorkspaceChange) -> Result<Self, ChangeError> {
        let mut after = self.clone();
        after.change(now, change)?;
        Ok(after)
    }

    /// The workspace after a change, what that came to, and the change with all that was decided for it. Its revisions
    /// are nobody's.
    pub(super) fn changed(
        &self,
        at: Moment,
        change: WorkspaceChange,
    ) -> Result<(Self, Changed, WorkspaceChange), ChangeError> {
        // The revisions are those of before: what steps note of them counts for nothing.
        let mut workspace = Self { revisions: self.revisions.without_recent(), ..self.clone() };
        if let Some(done) = workspace.in_place(at, &change) {
            return Ok((workspace, Changed { revision: self.revisions.number, ..done }, change));
        }
        workspace.set_asked_at(Some(at));
        let mut changing = Changing::of(&mut workspace);
        changing.decided.allow_jump = change.allow_jump;
        let several = change.steps.len() > 1;
        for (number, step) in (1_usize..).zip(change.steps) {
            changing.step(at, step, if several { format!("step {number}: ") } else { String::new() })?;
        }
        changing.resolve(at)?;
        let Changing { done, decided, .. } = changing;
        workspace.set_asked_at(self.asked_at);
        Ok((workspace, done, decided))
    }
}

impl<'a> Changing<'a> {
    fn of(workspace: &'a mut Workspace) -> Self {
        let done = Changed { revision: workspace.revisions.number, ..Changed::default() };
        Self { workspace, written: None, attached: Vec::new(), done, decided: WorkspaceChange::default() }
    }

    /// `which` it is stands before what is wrong with it.
    fn step(&mut self, now: Moment, step: ChangeStep, which: String) -> Result<(), ChangeError> {
        let step = match self.write(step) {
            None => return Ok(()),
            Some(step) => step,
        };
        // What is carried out is carried out on what the steps before it came to.
        self.resolve(now)?;
        let workspace = &mut *self.workspace;
        let refused = |message: String, help: &str| ChangeError::refused(format!("{which}{message}"), help);
        let step = match step {
            ChangeStep::Commit { deployment, places } => {
                let made = workspace.commit_places(&deployment, &places);
                let made = made.map_err(|error| {
                    refused(format!("deployment `{deployment}`: {error}"), "decide anew: the workspace has moved on")
                })?;
                self.done.changed |= !made.is_empty();
                self.done.reservations.extend(made);
                ChangeStep::Commit { deployment, places }
            }
            ChangeStep::Reserve(claims) => {
                let made = workspace.reserve(&claims);
                let made = made.map_err(|(at, error)| {
                    let of = |(place, _): &(Place, Request)| {
                        format!("pool `{}` of cluster `{}`: ", place.pool, place.cluster)
                    };
                    let at = claims.get(at).map(of).unwrap_or_default();
                    refused(format!("{at}{error}"), instead_of(&error))
                })?;
                self.done.changed |= !made.is_empty();
                self.done.reservations.extend(made);
                ChangeStep::Reserve(claims)
            }
            ChangeStep::Release(id) => {
                let help = "release what the host has reserved, once";
                workspace.release(id).map_err(|error| refused(error.to_string(), help))?;
                self.done.changed = true;
                ChangeStep::Release(id)
            }
            ChangeStep::Compact { keep } => {
                let gone = workspace.compact(usize::try_from(keep).unwrap_or(usize::MAX)).map_err(|refusal| {
                    refused(refusal.to_string(), "restore a state whose logs lead to what it says of its lives")
                })?;
                self.done.changed |= gone > 0;
                ChangeStep::Compact { keep }
            }
            ChangeStep::Command { resource_type, workload, action } => {
                self.command(resource_type, workload, &which, |workspace, life| {
                    workspace.carry_out_decided(now, life, *action)
                })?
            }
            ChangeStep::Decided { resource_type, workload, command } => {
                self.command(resource_type, workload, &which, |workspace, life| {
                    workspace.carry_out_checked(now, life, *command)
                })?
            }
            // All others are written into the documents.
            other => other,
        };
        self.decided.steps.push(step);
        Ok(())
    }

    /// Carries a command of a life out; the step with what was decided for it.
    fn command(
        &mut self,
        resource_type: String,
        workload: Name,
        which: &str,
        carry_out: impl FnOnce(&mut Workspace, &Workload) -> Result<(Command, Vec<Effect>), Refusal>,
    ) -> Result<ChangeStep, ChangeError> {
        let life = self.workspace.find_workload(&resource_type, workload.as_str());
        let life = life.map_err(|error| ChangeError { problems: vec![error.into()] })?;
        let entries = |workspace: &Workspace| workspace.life(&life).map(|life| life.entries().len());
        let before = entries(self.workspace);
        let (command, effects) = carry_out(self.workspace, &life).map_err(|refusal| {
            let Refusal { rule, reason, next } = refusal;
            let problem = carry::refused(format!("{which}{resource_type} `{workload}`: {reason} ({rule})"));
            ChangeError { problems: vec![next.into_iter().fold(problem, Problem::help)] }
        })?;
        self.done.changed |= entries(self.workspace) != before;
        self.done.effects.extend(effects.into_iter().map(|effect| (life.clone(), effect)));
        Ok(ChangeStep::Decided { resource_type, workload, command: Box::new(command) })
    }

    /// Resolves the documents that were written, if any were.
    fn resolve(&mut self, now: Moment) -> Result<(), ChangeError> {
        let Some(written) = self.written.take() else { return Ok(()) };
        let attached = std::mem::take(&mut self.attached);
        if !written.changed && written.problems.is_empty() {
            return Ok(());
        }
        let (after, displaced) = self.workspace.carried(written, &attached)?;
        let turned = self.workspace.inventory.turned(&after.inventory);
        let nodes_go_or_come = self.workspace.inventory.closed_nodes() != after.inventory.closed_nodes();
        *self.workspace = after;
        for (cluster, healthy) in turned {
            self.done.effects.extend(self.workspace.tell_of_cluster(now, &cluster, !healthy));
        }
        if nodes_go_or_come {
            self.done.effects.extend(self.workspace.tell_of_nodes(now, None));
        }
        self.done.changed = true;
        self.done.displaced.extend(displaced);
        Ok(())
    }
}
