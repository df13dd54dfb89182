//! All of a workspace as a value: saved and restored, it is the same workspace (W4).
//!
//! Nothing is decided or placed again: each reservation comes back under its number, on its nodes, with its owner,
//! and each life with the very replicas that it had. Of environment variables only the names are kept (L11).

mod v1;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::change::written;
use super::holdings::{LifeReservation, pair_at};
use super::names::Unsound;
use super::packed;
use super::resolve::{Kept, Resolved};
use super::revisions::Revisions;
use super::{LoadError, LoadOptions, Workspace, running};
use crate::deployment::Workload;
use crate::id::Name;
use crate::inventory::{ClosedNodes, ClosedPool, Inventory, Owner, Reservation, ReservationId};
use crate::lifecycle::{Journal, Place, Record, Snapshot};
use crate::manifest::spec::{BrokenCluster, DeploymentSpec};
use crate::manifest::{self, Source};
use crate::policy::Environment;

/// A workspace as it is written down: its documents as they stand now, in an order of their own, what is reserved on
/// which nodes and by whom, which nodes are gone, the lives of its workloads, and its revision with the keys of the last
/// changes.
///
/// ```
/// use siting::manifest::Source;
/// use siting::workspace::{LoadOptions, Workspace, WorkspaceState};
///
/// let fleet = Source::new("fleet.yaml", r#"
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {name: paris}
/// spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
/// "#);
/// let workspace = Workspace::from_sources(&[fleet], LoadOptions::default())?;
/// let text = workspace.state().to_json();
/// let again = Workspace::restore(WorkspaceState::from_json(&text)?)?;
/// assert_eq!(again.state(), workspace.state());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspaceState {
    version: u32,
    revisions: Revisions,
    /// As manifests have them, by kind and name. Whatever could not be read is not among them.
    documents: Vec<Value>,
    /// Whether invalid clusters are left out (I6).
    quarantine: bool,
    /// Clusters that could not be read, and were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    broken_clusters: Vec<BrokenCluster>,
    /// Whether the built-in environment `development` was removed (E1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    without_development: bool,
    /// Nodes that are gone (I1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    closed_nodes: Vec<ClosedPool>,
    /// The host's own.
    reservations: Vec<Reservation>,
    /// The reservations of the replicas that documents say run, in the order of these documents.
    running: Vec<ReservationId>,
    next_reservation: ReservationId,
    lives: Vec<LifeState>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LifeState {
    resource_type: String,
    workload: Name,
    journal: Snapshot,
    held: Vec<LifeReservation>,
}

/// A state that cannot be restored.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// A version of this library that is newer wrote it.
    #[error("the state has version {found}; this version of siting reads up to version {}", WorkspaceState::VERSION)]
    Newer {
        /// The version it names.
        found: u32,
    },
    /// It does not have the form of a state.
    #[error("this is not a workspace state: {message}")]
    Malformed {
        /// What is wrong, with line and column.
        message: String,
    },
    /// Its documents do not load.
    #[error("the documents of the state do not load: {0}")]
    Documents(#[from] LoadError),
    /// It contradicts itself.
    #[error("{path}: {message}")]
    Contradiction {
        /// Where, such as `lives[0].held[2]`.
        path: String,
        /// What is wrong there.
        message: String,
    },
}

impl StateError {
    pub(super) fn at(path: impl Into<String>, message: impl ToString) -> Self {
        Self::Contradiction { path: path.into(), message: message.to_string() }
    }
}

/// The version that a text names, whatever else it holds: a newer form may have fields that this one does not know.
pub(super) fn version_of(text: &str) -> Result<u32, StateError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    match serde_json::from_str(text).map_err(malformed)? {
        Versioned { version: 0 } => Err(no_version_0()),
        Versioned { version } => Ok(version),
    }
}

pub(super) fn malformed(error: serde_json::Error) -> StateError {
    StateError::Malformed { message: error.to_string() }
}

fn no_version_0() -> StateError {
    StateError::Malformed { message: "there is no version 0".to_owned() }
}

impl WorkspaceState {
    /// The version of the form that is written. Every version up to it is read.
    pub const VERSION: u32 = 2;

    /// As text, to be stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Invariant `values-serialise`: nothing in it has keys that are not texts, or numbers that JSON cannot write.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`StateError::Newer`] or [`StateError::Malformed`].
    pub fn from_json(text: &str) -> Result<Self, StateError> {
        let version = version_of(text)?;
        Self::known(version)?;
        if version == v1::VERSION {
            return serde_json::from_str::<v1::State>(text).map_err(malformed)?.into_current();
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// As bytes, to be stored: the same as the [text](Self::to_json), in a fraction of its size and time. The form
    /// stands in `docs/guide.md`; it has a version and a check sum of its own.
    ///
    /// ```
    /// use siting::workspace::{Workspace, WorkspaceState};
    ///
    /// let workspace: Workspace = "".parse()?;
    /// let bytes = workspace.state().to_bytes();
    /// let again = Workspace::restore(WorkspaceState::from_bytes(&bytes)?)?;
    /// assert_eq!(again.state(), workspace.state());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Invariant `values-serialise`: nothing in it has numbers of more than 64 bits.
        packed::write(Self::VERSION, self).unwrap_or_default()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`StateError::Newer`] or [`StateError::Malformed`], which says at which byte.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let state: Self = packed::read(bytes, Self::VERSION).map_err(|refused| match refused {
            packed::Refused::Newer { found } => StateError::Newer { found },
            packed::Refused::Unfit(unfit) => StateError::Malformed { message: unfit.to_string() },
        })?;
        Self::known(state.version)?;
        Ok(state)
    }

    fn known(version: u32) -> Result<(), StateError> {
        match version {
            0 => Err(no_version_0()),
            1..=Self::VERSION => Ok(()),
            found => Err(StateError::Newer { found }),
        }
    }
}

impl Workspace {
    /// All of it as a value, to be stored; see [`restore`](Self::restore). O(documents + reservations + lives).
    #[must_use]
    pub fn state(&self) -> WorkspaceState {
        let inventory = &self.inventory;
        let own = inventory.reservations().filter(|&id| inventory.owner(id).is_some_and(Owner::is_the_hosts));
        let lives = self.lives().map(|(workload, journal)| LifeState {
            resource_type: self.catalog.resource_type_name(workload.resource_type).to_owned(),
            workload: workload.name.clone(),
            journal: journal.snapshot(),
            held: self.held_by_life(workload),
        });
        WorkspaceState {
            version: WorkspaceState::VERSION,
            revisions: self.revisions.clone(),
            documents: self.documents(),
            quarantine: self.quarantine,
            broken_clusters: self.specs.broken_clusters.clone(),
            without_development: self.find_environment(Environment::DEVELOPMENT).is_err(),
            closed_nodes: inventory.closed_nodes().written(),
            reservations: own.filter_map(|id| inventory.reservation(id)).collect(),
            running: self.running.iter().map(|running| running.reservation).collect(),
            next_reservation: inventory.next_reservation(),
            lives: lives.collect(),
        }
    }

    /// The workspace that a state was made of.
    ///
    /// # Errors
    /// [`StateError`]: of a state that a newer version wrote, whose documents do not load, or that contradicts
    /// itself, with the place.
    pub fn restore(state: WorkspaceState) -> Result<Self, StateError> {
        WorkspaceState::known(state.version)?;
        let mut workspace = Self::restore_documents(&state)?;
        for (at, reservation) in state.reservations.iter().enumerate() {
            workspace.hold_again(reservation).map_err(|error| StateError::at(format!("reservations[{at}]"), error))?;
        }
        for (at, life) in state.lives.into_iter().enumerate() {
            let path = format!("lives[{at}]");
            let workload = workspace.workload(&life.resource_type, &life.workload).ok_or_else(|| {
                StateError::at(format!("{path}.resourceType"), format!("no type is called `{}`", life.resource_type))
            })?;
            if workspace.life(&workload).is_some() {
                return Err(StateError::at(path, "the workload already has a lifecycle"));
            }
            let journal =
                Journal::restore(life.journal).map_err(|error| StateError::at(format!("{path}.journal"), error))?;
            workspace.restore_held_life(&path, &workload, journal, &life.held)?;
        }
        if state.next_reservation < workspace.inventory.next_reservation() {
            return Err(StateError::at("nextReservation", "a reservation already has this number or a later one"));
        }
        if state.next_reservation.is_beyond_reach() {
            return Err(StateError::at("nextReservation", "no state has come that far"));
        }
        workspace.inventory.skip_to(state.next_reservation);
        workspace.check_placements()?;
        if !state.revisions.is_sound() {
            return Err(StateError::at("revisions", "more is remembered than has happened, or a key stands twice"));
        }
        workspace.revisions = state.revisions;
        Ok(workspace)
    }

    /// The documents, one by one, without the values of environment variables.
    fn documents(&self) -> Vec<Value> {
        let mut specs = self.specs().clone();
        specs.policies.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
        specs.environments.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
        specs.clusters.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
        specs.running.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
        specs.deployments.sort_by(|a, b| {
            let key = |spec: &DeploymentSpec| (spec.workload.value.clone(), spec.metadata.name.value.clone());
            a.resource_type.value.cmp(&b.resource_type.value).then_with(|| key(a).cmp(&key(b)))
        });
        written(&specs)
    }

    /// The workspace of a state's documents, on which nothing is held yet.
    fn restore_documents(state: &WorkspaceState) -> Result<Self, StateError> {
        let text = serde_json::to_string(&state.documents).unwrap_or_default();
        let manifest::Reading { mut specs, problems, left_out, .. } = manifest::read(&[Source::new("state", text)]);
        if !problems.is_empty() {
            return Err(LoadError::new(problems, left_out).into());
        }
        if let Some(broken) = specs.broken_clusters.first() {
            // Those that cannot be read are no documents of a state.
            return Err(LoadError::new(broken.problems.clone(), 0).into());
        }
        specs.broken_clusters.clone_from(&state.broken_clusters);
        let closed_nodes = ClosedNodes::read(&state.closed_nodes)
            .map_err(|(at, message)| StateError::at(format!("closedNodes[{at}]"), message))?;
        let options = LoadOptions { quarantine: state.quarantine };
        let kept = Kept { before: None, without_development: state.without_development, closed_nodes };
        let (mut resolved, mut problems) = Resolved::of(&specs, Unsound::default(), options, &kept);
        let clusters = std::mem::take(&mut resolved.clusters);
        for (at, closed) in state.closed_nodes.iter().enumerate() {
            let pools = clusters.iter().filter(|def| def.name == closed.cluster).flat_map(|def| &def.pools);
            if !pools.clone().any(|pool| pool.name == closed.pool && pool.nodes.is_some()) {
                let message = format!("cluster `{}` has no such pool with a number of nodes", closed.cluster);
                return Err(StateError::at(format!("closedNodes[{at}]"), message));
            }
        }
        let inventory = Inventory::with_closed_nodes(&resolved.catalog, clusters, &kept.closed_nodes)
            .map_err(|invalid| StateError::at("closedNodes", invalid))?;
        let unsound = std::mem::take(&mut resolved.unsound);
        let mut workspace = Self::of(specs, resolved, options, inventory);
        let claims = running::claims(&workspace, &unsound, &mut problems);
        let problems = problems.into_vec();
        if !problems.is_empty() {
            return Err(LoadError::new(problems, 0).into());
        }
        if state.running.len() != claims.len() {
            let message = format!("{} reservations for {} documents", state.running.len(), claims.len());
            return Err(StateError::at("running", message));
        }
        workspace.running = claims.into_iter().zip(&state.running).map(|(claim, &id)| claim.held_by(id)).collect();
        Ok(workspace)
    }

    /// Whether what the placements hold is held where they say, and once each. What the host has released is held no
    /// more.
    fn check_placements(&self) -> Result<(), StateError> {
        let mut seen = BTreeSet::new();
        for (at, running) in self.running.iter().enumerate() {
            let (path, id) = (|| format!("running[{at}]"), running.reservation);
            if !seen.insert(id) {
                return Err(StateError::at(path(), format!("reservation {id} is named twice")));
            }
            if id >= self.inventory.next_reservation() {
                return Err(StateError::at(path(), format!("reservation {id} was never made")));
            }
            if let Some(held) = self.inventory.reservation(id) {
                if !held.owner().is_the_hosts() {
                    return Err(StateError::at(path(), format!("reservation {id} belongs to {}", held.owner())));
                }
                let fleet = self.inventory.fleet();
                let there = fleet
                    .names(running.pair)
                    .is_some_and(|(cluster, pool, _)| (cluster, pool) == (held.cluster(), held.pool()));
                let counted = self.inventory.find_pool(held.cluster(), held.pool());
                let counted = counted.is_some_and(|pool| self.inventory.nodes(pool).is_some());
                if counted && held.replicas() != u64::from(running.replicas) {
                    let (found, said) = (held.replicas(), running.replicas);
                    let message = format!("reservation {id} is for {found} replicas, and the document says {said}");
                    return Err(StateError::at(path(), message));
                }
                if !there {
                    return Err(StateError::at(path(), format!("reservation {id} is for another pool")));
                }
            }
        }
        Ok(())
    }

    /// Restores a saved lifecycle where there is none yet, with the very reservations that its replicas had.
    fn restore_held_life(
        &mut self,
        path: &str,
        workload: &Workload,
        journal: Journal,
        held: &[LifeReservation],
    ) -> Result<(), StateError> {
        let state = journal.state();
        let own = self.unborn(workload).map_err(|error| StateError::at(path, error))?;
        if (state.resource_type(), state.workload()) != (own.resource_type(), own.workload()) {
            let message = format!("this is the lifecycle of {} `{}`", state.resource_type(), state.workload());
            return Err(StateError::at(format!("{path}.journal.state"), message));
        }
        if let Some(message) = state.contradiction() {
            return Err(StateError::at(format!("{path}.journal.state"), message));
        }
        let governed = |record: &&Record| self.find_environment(record.governor.as_str()).is_err();
        if let Some(record) = state.deployments().find(governed) {
            let (name, governor) = (&record.name, &record.governor);
            let message = format!("deployment `{name}` is governed by `{governor}`, and no environment is called that");
            return Err(StateError::at(format!("{path}.journal.state"), message));
        }
        let (catalog, fleet) = (Arc::clone(&self.catalog), Arc::clone(self.inventory.fleet()));
        let pair = |place: &Place| pair_at(&catalog, &fleet, place);
        let taken = self.lives.holdings.take_back(&mut self.inventory, workload, state, held, pair);
        // What was restored so far goes with the workspace.
        taken.map_err(|(at, message)| match at {
            Some(at) => StateError::at(format!("{path}.held[{at}]"), message),
            None => StateError::at(format!("{path}.held"), message),
        })?;
        self.lives.journals.insert(workload.clone(), journal);
        Ok(())
    }
}
