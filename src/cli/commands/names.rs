//! Names on the command line, to ids.

use crate::catalog::nearest;
use crate::cli::failure::Failure;
use crate::id::{ClusterId, DeploymentId};
use crate::workspace::{AddressError, Workspace};

pub(super) fn deployment(workspace: &Workspace, address: &str) -> Result<DeploymentId, Failure> {
    workspace.find_deployment(address).map_err(|error| match error {
        AddressError::Unknown { address, near } => {
            Failure::unknown(format!("no deployment is called `{address}`"), &near)
        }
        AddressError::Ambiguous { address, full } => {
            Failure::unknown(format!("several deployments are called `{address}`"), &full)
        }
    })
}

pub(super) fn cluster(workspace: &Workspace, name: &str) -> Result<ClusterId, Failure> {
    let fleet = workspace.inventory().fleet();
    if let Some(found) = fleet.find_cluster(name) {
        return Ok(found);
    }
    if workspace.quarantined().iter().any(|cluster| cluster.name == name) {
        return Err(Failure::unknown(format!("cluster `{name}` is invalid and was left out"), &[]));
    }
    let near = nearest(name, fleet.clusters().iter().map(|cluster| cluster.name.as_str()));
    Err(Failure::unknown(format!("no cluster is called `{name}`"), &near))
}
