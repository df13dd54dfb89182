//! Names on the command line, to ids.

use crate::catalog::nearest;
use crate::cli::failure::Failure;
use crate::id::{ClusterId, DeploymentId, EnvironmentId, ResourceTypeId};
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

pub(super) fn environment(workspace: &Workspace, name: &str) -> Result<EnvironmentId, Failure> {
    workspace.find_environment(name).ok_or_else(|| {
        let near = nearest(name, workspace.environments().map(|(_, environment)| environment.name.as_str()));
        Failure::unknown(format!("no environment is called `{name}`"), &near)
    })
}

pub(super) fn resource_type(workspace: &Workspace, name: &str) -> Result<ResourceTypeId, Failure> {
    let catalog = workspace.catalog();
    catalog.resource_type(name).ok_or_else(|| {
        let names: Vec<_> = catalog.resource_types().map(|id| catalog.resource_type_name(id)).collect();
        let near = nearest(name, names.iter().copied());
        if near.is_empty() {
            Failure::invalid(format!("no workload type is called `{name}`"), format!("they are {}", names.join(", ")))
        } else {
            Failure::unknown(format!("no workload type is called `{name}`"), &near)
        }
    })
}
