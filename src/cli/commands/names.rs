//! Names from outside, to ids.

use crate::catalog::{Choice, ChoiceKind, nearest};
use crate::cli::failure::{invalid, unknown};
use crate::deployment::Workload;
use crate::id::{ClusterId, DeploymentId, EnvironmentId, Name, PolicyId, ResourceTypeId};
use crate::origin::Problem;
use crate::workspace::{AddressError, Workspace};

pub(in crate::cli) fn deployment(workspace: &Workspace, address: &str) -> Result<DeploymentId, Problem> {
    workspace.find_deployment(address).map_err(|error| match error {
        AddressError::Unknown { address, near } => unknown(format!("no deployment is called `{address}`"), &near),
        AddressError::Ambiguous { address, full } => {
            unknown(format!("several deployments are called `{address}`"), &full)
        }
    })
}

pub(in crate::cli) fn cluster(workspace: &Workspace, name: &str) -> Result<ClusterId, Problem> {
    let fleet = workspace.inventory().fleet();
    if let Some(found) = fleet.find_cluster(name) {
        return Ok(found);
    }
    if workspace.quarantined().iter().any(|cluster| cluster.name == name) {
        return Err(unknown(format!("cluster `{name}` is invalid and was left out"), &[]));
    }
    let near = nearest(name, fleet.clusters().iter().map(|cluster| cluster.name.as_str()));
    Err(unknown(format!("no cluster is called `{name}`"), &near))
}

pub(in crate::cli) fn environment(workspace: &Workspace, name: &str) -> Result<EnvironmentId, Problem> {
    workspace.find_environment(name).ok_or_else(|| {
        let near = nearest(name, workspace.environments().map(|(_, environment)| environment.name.as_str()));
        unknown(format!("no environment is called `{name}`"), &near)
    })
}

pub(in crate::cli) fn policy(workspace: &Workspace, name: &str) -> Result<PolicyId, Problem> {
    workspace.policies().find(name).ok_or_else(|| {
        let near = nearest(name, workspace.policies().iter().map(|(_, policy)| policy.name().as_str()));
        unknown(format!("no policy is called `{name}`"), &near)
    })
}

pub(in crate::cli) fn workload(
    workspace: &Workspace,
    resource_type_name: &str,
    name: &str,
) -> Result<Workload, Problem> {
    let resource_type = resource_type(workspace, resource_type_name)?;
    let name = Name::new(name).map_err(|error| {
        invalid(error.to_string(), "a name is 1 to 253 printable characters without outer spaces".to_owned())
    })?;
    Ok(Workload { resource_type, name })
}

pub(in crate::cli) fn resource_type(workspace: &Workspace, name: &str) -> Result<ResourceTypeId, Problem> {
    let catalog = workspace.catalog();
    catalog.resource_type(name).ok_or_else(|| {
        let names: Vec<_> = catalog.resource_types().map(|id| catalog.resource_type_name(id)).collect();
        let near = nearest(name, names.iter().copied());
        if near.is_empty() {
            invalid(format!("no workload type is called `{name}`"), format!("they are {}", names.join(", ")))
        } else {
            unknown(format!("no workload type is called `{name}`"), &near)
        }
    })
}

/// The environment and workload type that are meant where none is named: the workspace's default, and
/// models.
pub(in crate::cli) fn asked(
    workspace: &Workspace,
    environment: Option<&str>,
    resource_type_name: Option<&str>,
) -> Result<(EnvironmentId, ResourceTypeId), Problem> {
    let default = workspace.default_environment();
    let environment = environment.map_or(Ok(default), |name| self::environment(workspace, name))?;
    Ok((environment, resource_type(workspace, resource_type_name.unwrap_or("model"))?))
}

/// `gpu:t4`, `location:aws/us-east-1`
pub(in crate::cli) fn choice(workspace: &Workspace, text: &str) -> Result<Choice, Problem> {
    let catalog = workspace.catalog();
    let kinds = || ChoiceKind::ALL.map(ChoiceKind::as_str).join(", ");
    let Some((kind, name)) = text.split_once(':') else {
        let help = format!("write it as `kind:name`, such as `gpu:t4`; the kinds are {}", kinds());
        return Err(invalid(format!("`{text}` is no choice"), help));
    };
    let Some(kind) = ChoiceKind::parse(kind) else {
        return Err(invalid(format!("`{kind}` is no kind of choice"), format!("the kinds are {}", kinds())));
    };
    let noun = if kind.flavor_kind().is_some() { format!("{kind} flavor") } else { kind.to_string() };
    let resolved = catalog.resolve(kind, name);
    resolved.ok_or_else(|| unknown(format!("no {noun} is called `{name}`"), &catalog.nearest(kind, name)))
}
