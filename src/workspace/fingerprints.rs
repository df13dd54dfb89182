//! What decisions are made from, told apart by fingerprints (D8).

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Workspace;
use super::revisions::{Mixed, fingerprint, fingerprint_of_catalog};
use crate::catalog::Catalog;
use crate::manifest::spec::Specs;
use crate::manifest::write_json;

/// What decisions are made from, by fingerprints: as long as all three are the same, every decision is. They tell
/// accidents apart; they are no defence against who looks for two that are alike.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Fingerprints {
    /// Of the workspace's settings, policies, environments and deployments, but for values of variables.
    pub policies: String,
    /// Of all names of places and hardware, and of what they mean.
    pub catalog: String,
    /// Of the clusters, what runs on them, and what is reserved.
    pub inventory: String,
}

/// What documents make of fingerprints, as long as they are the same. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptFingerprints(Arc<Mutex<Option<Kept>>>);

#[derive(Clone, Debug)]
struct Kept {
    /// Whose they are: an address is given to no other documents while this is kept.
    specs: Weak<Specs>,
    names: Weak<Catalog>,
    policies: String,
    catalog: String,
    /// Of clusters and of what runs, before what is reserved is added.
    inventory: Mixed,
}

impl Workspace {
    /// The fingerprints of what decisions are made from now. They do not depend on the order of documents, nor on
    /// comments or spellings. O(documents + reservations); what documents make of it is kept until they change.
    ///
    /// ```
    /// use siting::Workspace;
    ///
    /// let fleet = "
    /// apiVersion: siting.dev/v1
    /// kind: Cluster
    /// metadata: {name: paris}
    /// spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
    /// ";
    /// let one: Workspace = fleet.parse()?;
    /// let other: Workspace = fleet.replace("country: fr", "country: FRA").parse()?;
    /// assert_eq!(one.fingerprints(), other.fingerprints());
    /// let cordoned: Workspace = fleet.replace("country: fr", "country: fr, cordoned: true").parse()?;
    /// assert_ne!(one.fingerprints().inventory, cordoned.fingerprints().inventory);
    /// assert_eq!(one.fingerprints().catalog, cordoned.fingerprints().catalog);
    /// # Ok::<(), siting::workspace::LoadError>(())
    /// ```
    #[must_use]
    pub fn fingerprints(&self) -> Fingerprints {
        let kept = self.documents_mixed();
        let reserved = self.inventory.reservations().filter_map(|id| self.inventory.reservation(id));
        let reserved = reserved.map(|held| serde_json::to_string(&held).unwrap_or_default());
        let reserved: Vec<String> = reserved.collect();
        let inventory = kept.inventory.and(reserved.join("\n").as_bytes());
        Fingerprints { policies: kept.policies, catalog: kept.catalog, inventory: inventory.to_string() }
    }

    fn documents_mixed(&self) -> Kept {
        // Nothing is left half done under the lock.
        let mut known = self.fingerprints.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_these = |kept: &&Kept| {
            kept.specs.as_ptr() == Arc::as_ptr(&self.specs) && kept.names.as_ptr() == Arc::as_ptr(&self.catalog)
        };
        if let Some(kept) = known.as_ref().filter(of_these) {
            return kept.clone();
        }
        let specs = &*self.specs;
        let mut policies = Specs {
            workspace: specs.workspace.clone(),
            policies: specs.policies.clone(),
            environments: specs.environments.clone(),
            deployments: specs.deployments.clone(),
            ..Specs::default()
        };
        policies.policies.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
        policies.environments.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
        // Values of variables are nobody's to see, and decide nothing (L11).
        policies.deployments.iter_mut().for_each(|deployment| deployment.env.clear());
        let mut inventory =
            Specs { clusters: specs.clusters.clone(), running: specs.running.clone(), ..Specs::default() };
        inventory.clusters.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
        inventory.running.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
        let mut deployments: Vec<String> = std::mem::take(&mut policies.deployments)
            .into_iter()
            .map(|deployment| write_json(&Specs { deployments: vec![deployment], ..Specs::default() }))
            .collect();
        deployments.sort_unstable();
        let mixed = |text: &str| Mixed::default().and(text.as_bytes());
        let kept = Kept {
            specs: Arc::downgrade(&self.specs),
            names: Arc::downgrade(&self.catalog),
            policies: mixed(&write_json(&policies)).and(deployments.concat().as_bytes()).to_string(),
            catalog: fingerprint_of_catalog(&self.catalog),
            inventory: mixed(&write_json(&inventory)),
        };
        *known = Some(kept.clone());
        kept
    }
}

/// The fingerprint of a text: 128 bits of FNV-1a, in hexadecimal.
pub(crate) fn of_text(text: &str) -> String {
    fingerprint(text.as_bytes())
}
