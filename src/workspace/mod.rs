//! The main entry point: specs in, decisions out.
//!
//! A [`Workspace`] holds the policies, environments, deployments and clusters of one organisation
//! with all names resolved. It is built from specs in one go: every problem of a load is found
//! and reported together. Later changes go through methods that refuse what the
//! rules refuse, and then change nothing.
//!
//! Running workloads are tracked as well: a workload's lifecycle is a state machine, and the workspace decides the
//! placements that its commands need, carries them out, and says what a change of policies makes illegal.
//!
//! Answers for the rules C7, C8, P9, P10, P12, P16, P18, E1, E2, I6, I8, with the lifecycle for L12 and L13, and for what
//! R4 and R6 ask of placements.

mod additions;
mod adoption;
mod allowed;
mod attach;
mod callers;
mod capacity;
mod change;
mod clusters;
mod decide;
mod deployments;
mod documents;
mod environments;
#[cfg(feature = "manifest")]
mod fingerprints;
mod holdings;
mod limits;
mod lives;
#[cfg(feature = "manifest")]
mod load;
#[cfg(feature = "manifest")]
mod log;
mod lookup;
mod losses;
mod moments;
mod names;
mod offload;
#[cfg(feature = "manifest")]
mod packed;
mod policies;
mod preferences;
mod recent;
mod remedies;
mod resolve;
mod revisions;
mod running;
mod scaling;
mod settings;
#[cfg(feature = "manifest")]
mod state;
mod violations;

use std::sync::Arc;

pub use attach::{AttachError, RemoveEnvironmentError};
pub use capacity::{ReleaseError, TakeBackError};
pub use change::{
    AttachmentPoint, ChangeError, ChangeStep, Changed, DeploymentImpact, Documents, Impact, Preview, WorkspaceChange,
};
pub use clusters::Quarantined;
pub use decide::{AuditOutcome, Outcome, PlaceOptions};
#[cfg(feature = "manifest")]
pub use fingerprints::Fingerprints;
#[cfg(feature = "manifest")]
pub(crate) use fingerprints::of_text;
pub use holdings::LifeReservation;
#[cfg(feature = "manifest")]
pub use log::{Applied, EntryError, InvalidEntry, LogEntry};
pub use lookup::{LookupError, Reference};
pub use losses::{Loss, Relief, Relieved};
pub use moments::NextChange;
pub use offload::{Local, Offloaded};
pub use remedies::LeftByDecisions;
pub use running::Running;
#[cfg(feature = "manifest")]
pub use state::{StateError, WorkspaceState};
pub use violations::{PolicyChange, Remedy, RunningViolation, Settled, Violation};

use self::allowed::AllowedSets;
use self::clusters::LeftOut;
use self::deployments::Deployments;
use self::environments::Environments;
use self::lives::Lives;
use self::lookup::Addresses;
use self::names::Unsound;
use self::resolve::{Kept, Resolved, same};
use self::revisions::Revisions;
use crate::catalog::{Axis, Catalog};
use crate::deployment::{Deployment, Mix};
use crate::id::{DeploymentId, EnvironmentId};
use crate::inventory::Inventory;
use crate::manifest::spec::Specs;
use crate::origin::Problem;
use crate::policy::{Attachment, Bundle, Environment, Limits, PolicySet};
use crate::time::Moment;

/// One organisation's policies, environments, deployments and clusters.
///
/// A clone shares what does not change, so it is a cheap snapshot.
#[derive(Clone, Debug)]
pub struct Workspace {
    catalog: Arc<Catalog>,
    currency: String,
    policies: Arc<PolicySet>,
    attachments: Vec<Attachment>,
    require: Vec<Axis>,
    limits: Limits,
    environments: Environments,
    default_environment: EnvironmentId,
    /// In the order in which they are decided: priority, workload type, workload, name.
    deployments: Arc<Deployments>,
    addresses: Arc<Addresses>,
    inventory: Inventory,
    running: Vec<Running>,
    /// Whether invalid clusters are left out (I6).
    quarantine: bool,
    quarantined: Vec<Quarantined>,
    /// The demands for which packing leaves room (D5).
    expected: Option<Arc<Mix>>,
    specs: Arc<Specs>,
    lives: Lives,
    revisions: Revisions,
    allowed_sets: AllowedSets,
    #[cfg(feature = "manifest")]
    fingerprints: fingerprints::KeptFingerprints,
    /// The moment that questions are about, where they do not go by the last change.
    asked_at: Option<Moment>,
}

/// How a load treats what is invalid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LoadOptions {
    /// Leave invalid clusters out instead of failing; they are listed (I6).
    pub quarantine: bool,
}

/// Everything that is wrong with a load, by file, line and column.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", summary(.problems))]
pub struct LoadError {
    /// The problems; never empty. At most a thousand are listed; a last one counts the rest.
    pub problems: Vec<Problem>,
}

impl LoadError {
    /// In the order of the files, where `left_out` more were found that are not among them.
    pub(crate) fn new(mut problems: Vec<Problem>, mut left_out: usize) -> Self {
        const LISTED: usize = 1000;
        problems.sort_by(|a, b| a.origin.cmp(&b.origin));
        left_out += problems.len().saturating_sub(LISTED);
        problems.truncate(LISTED);
        if left_out > 0 {
            let origin = problems.last().map(|last| last.origin.clone()).unwrap_or_default();
            problems.push(Problem::left_out(left_out, &origin));
        }
        Self { problems }
    }
}

fn summary(problems: &[Problem]) -> String {
    match problems {
        [] => "the load failed".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

impl Workspace {
    /// Resolves all names of the specs, compiles the policies and indexes the clusters.
    ///
    /// ```
    /// use siting::manifest::spec::{DeploymentSpec, Specs};
    /// use siting::workspace::{LoadOptions, Workspace};
    ///
    /// let deployment = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
    /// let specs = Specs { deployments: vec![deployment], ..Specs::default() };
    /// let workspace = Workspace::from_specs(specs, LoadOptions::default())?;
    /// assert_eq!(workspace.deployments().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`LoadError`] with every problem found.
    pub fn from_specs(specs: Specs, options: LoadOptions) -> Result<Self, LoadError> {
        Self::resolve(specs, Unsound::default(), options).map_err(|problems| LoadError::new(problems, 0))
    }

    /// As [`from_specs`](Self::from_specs), where some documents have been found unsound already.
    fn resolve(specs: Specs, unsound: Unsound, options: LoadOptions) -> Result<Self, Vec<Problem>> {
        Self::resolve_after(specs, unsound, options, &Kept::default())
    }

    /// The same, after what is kept.
    fn resolve_after(
        specs: Specs,
        unsound: Unsound,
        options: LoadOptions,
        kept: &Kept<'_>,
    ) -> Result<Self, Vec<Problem>> {
        let (mut resolved, mut problems) = Resolved::of(&specs, unsound, options, kept);
        let clusters = std::mem::take(&mut resolved.clusters);
        let inventory = Inventory::with_closed_nodes(&resolved.catalog, clusters, &kept.closed_nodes);
        let inventory = inventory.map_err(|invalid| vec![same(&invalid)])?;
        let unsound = std::mem::take(&mut resolved.unsound);
        let mut workspace = Self::of(specs, resolved, options, inventory);
        running::reserve(&mut workspace, &unsound, &mut problems);
        let problems = problems.into_vec();
        if problems.is_empty() { Ok(workspace) } else { Err(problems) }
    }

    /// Of documents that are resolved, over an inventory. What runs is not known yet, and nothing lives.
    fn of(specs: Specs, resolved: Resolved, options: LoadOptions, inventory: Inventory) -> Self {
        let root = specs.workspace.as_ref();
        let mut inventory = inventory;
        inventory.set_max_age(root.and_then(|spec| spec.max_age));
        Self {
            currency: root.and_then(|spec| spec.currency.clone()).unwrap_or_else(|| "USD".to_owned()),
            require: root.map_or_else(Vec::new, |spec| spec.require.iter().map(|axis| axis.value).collect()),
            addresses: Arc::new(Addresses::of(&resolved.catalog, &resolved.deployments)),
            catalog: Arc::new(resolved.catalog),
            policies: resolved.policies,
            attachments: resolved.attachments,
            limits: resolved.limits,
            environments: resolved.environments,
            default_environment: resolved.default_environment,
            deployments: Arc::new(resolved.deployments),
            inventory,
            running: Vec::new(),
            quarantine: options.quarantine,
            quarantined: resolved.quarantined,
            expected: resolved.expected,
            specs: Arc::new(specs),
            lives: Lives::default(),
            revisions: Revisions::default(),
            allowed_sets: AllowedSets::default(),
            #[cfg(feature = "manifest")]
            fingerprints: fingerprints::KeptFingerprints::default(),
            asked_at: None,
        }
    }

    /// The known names.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The one currency of all prices (I5), as ISO 4217 has it.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// All policies.
    #[must_use]
    pub fn policies(&self) -> &Arc<PolicySet> {
        &self.policies
    }

    /// What the workspace itself imposes.
    #[must_use]
    pub fn bundle(&self) -> Bundle<'_> {
        Bundle { attachments: &self.attachments, require: &self.require }
    }

    /// What all deployments may hold together at most (E4).
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// All environments with their ids.
    pub fn environments(&self) -> impl Iterator<Item = (EnvironmentId, &Environment)> {
        self.environments.table.iter()
    }

    /// An environment; `None` for one that was removed, or an id of another workspace.
    #[must_use]
    pub fn environment(&self, id: EnvironmentId) -> Option<&Environment> {
        self.environments.table.get(id)
    }

    /// The environment of deployments that name none (E2).
    #[must_use]
    pub fn default_environment(&self) -> EnvironmentId {
        self.default_environment
    }

    /// All deployments in the order in which they are decided: higher priority first, then by
    /// workload type, workload and name.
    #[must_use]
    pub fn deployments(&self) -> &[Deployment] {
        &self.deployments.in_order
    }

    /// A deployment; `None` for one that was removed, or an id of another workspace.
    #[must_use]
    pub fn deployment(&self, id: DeploymentId) -> Option<&Deployment> {
        self.deployments.get(id)
    }

    /// All deployment ids, in the order of [`deployments`](Self::deployments).
    pub fn deployment_ids(&self) -> impl ExactSizeIterator<Item = DeploymentId> + use<> {
        self.deployments.ids.clone().into_iter()
    }

    /// The clusters and what is free on them.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// What runs now, by the names of the documents that say so (I4).
    #[must_use]
    pub fn running(&self) -> &[Running] {
        &self.running
    }

    /// The clusters that a quarantining load left out (I6), by name.
    #[must_use]
    pub fn quarantined(&self) -> &[Quarantined] {
        &self.quarantined
    }

    /// What the workspace was built from, as it was written.
    #[must_use]
    pub fn specs(&self) -> &Specs {
        &self.specs
    }
}
