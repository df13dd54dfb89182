//! The first form of a state: clusters stood beside their documents with their health and cordons.

use serde::Deserialize;
use serde_json::Value;

use super::{LifeState, Revisions, StateError, WorkspaceState};
use crate::id::Name;
use crate::inventory::{Reservation, ReservationId};

pub(super) const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct State {
    #[serde(rename = "version")]
    _version: u32,
    documents: Vec<Value>,
    quarantine: bool,
    clusters: Vec<Cluster>,
    reservations: Vec<Reservation>,
    running: Vec<ReservationId>,
    next_reservation: ReservationId,
    lives: Vec<LifeState>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cluster {
    name: Name,
    healthy: bool,
    cordoned: bool,
}

impl State {
    /// The same in the form of now: health and cordons are written into the documents.
    pub(super) fn into_current(self) -> Result<WorkspaceState, StateError> {
        let mut documents = self.documents;
        for (at, cluster) in self.clusters.iter().enumerate() {
            let is_meant = |document: &&mut Value| {
                document.get("kind").and_then(Value::as_str) == Some("Cluster")
                    && document.pointer("/metadata/name").and_then(Value::as_str) == Some(cluster.name.as_str())
            };
            let document = documents.iter_mut().find(is_meant);
            let spec = document.and_then(|document| document.get_mut("spec")).and_then(Value::as_object_mut);
            let Some(spec) = spec else {
                let message = format!("no cluster is called `{}`", cluster.name);
                return Err(StateError::at(format!("clusters[{at}]"), message));
            };
            spec.insert("healthy".to_owned(), cluster.healthy.into());
            spec.insert("cordoned".to_owned(), cluster.cordoned.into());
        }
        Ok(WorkspaceState {
            version: WorkspaceState::VERSION,
            revisions: Revisions::default(),
            documents,
            quarantine: self.quarantine,
            broken_clusters: Vec::new(),
            without_development: false,
            closed_nodes: Vec::new(),
            reservations: self.reservations,
            running: self.running,
            next_reservation: self.next_reservation,
            lives: self.lives,
        })
    }
}
