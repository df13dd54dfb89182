//! How deployments are addressed from outside (L1).

use std::collections::HashMap;

use smallvec::{SmallVec, smallvec};

use super::{Workspace, names};
use crate::catalog::{Catalog, nearest};
use crate::deployment::Deployment;
use crate::id::{DeploymentId, Id};

impl Workspace {
    /// The deployment of an address: `name` where that is unique, `workload/name`, or
    /// `type/workload/name`. O(1).
    ///
    /// # Errors
    /// [`AddressError`] if there is none, or several.
    pub fn find_deployment(&self, address: &str) -> Result<DeploymentId, AddressError> {
        match self.addresses.find(address) {
            [id] => Ok(*id),
            [] => {
                let names: Vec<_> =
                    self.deployments.iter().flat_map(|d| [d.name.as_str().to_owned(), d.address()]).collect();
                let near = nearest(address, names.iter().map(String::as_str));
                Err(AddressError::Unknown { address: address.to_owned(), near })
            }
            several => {
                let full = several.iter().filter_map(|&id| Some(full_address(&self.catalog, self.deployment(id)?)));
                Err(AddressError::Ambiguous { address: address.to_owned(), full: full.collect() })
            }
        }
    }
}

/// Every way in which deployments can be addressed.
#[derive(Debug, Default)]
pub(super) struct Addresses(HashMap<String, SmallVec<[DeploymentId; 1]>>);

impl Addresses {
    pub(super) fn of(catalog: &Catalog, deployments: &[Deployment]) -> Self {
        let mut found: HashMap<String, SmallVec<[DeploymentId; 1]>> = HashMap::with_capacity(deployments.len() * 3);
        for (index, deployment) in deployments.iter().enumerate() {
            let (name, short) = (deployment.name.as_str().to_owned(), deployment.address());
            for address in [name, short, full_address(catalog, deployment)] {
                let id = DeploymentId::from_index(index);
                found.entry(address).and_modify(|ids| ids.push(id)).or_insert_with(|| smallvec![id]);
            }
        }
        Self(found)
    }

    /// The deployments of this address, in the order in which they are decided.
    pub(super) fn find(&self, address: &str) -> &[DeploymentId] {
        self.0.get(address).map(SmallVec::as_slice).unwrap_or_default()
    }
}

fn full_address(catalog: &Catalog, deployment: &Deployment) -> String {
    format!("{}/{}", catalog.resource_type_name(deployment.workload.resource_type), deployment.address())
}

/// No one deployment is addressed so.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// None is.
    #[error("no deployment is called `{address}`{}", names::did_you_mean(.near))]
    Unknown {
        /// What was asked for.
        address: String,
        /// The nearest names there are.
        near: Vec<String>,
    },
    /// Several are.
    #[error("several deployments are called `{address}`: {}", crate::origin::listed(.full, "and", names::LISTED))]
    Ambiguous {
        /// What was asked for.
        address: String,
        /// Their full addresses.
        full: Vec<String>,
    },
}
