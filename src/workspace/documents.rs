//! The documents of a workspace as they are now: changes are written into them, so that they are what a
//! state is saved as and loaded from (W4).

use std::sync::Arc;

use super::Workspace;
use crate::deployment::Workload;
use crate::id::{DeploymentId, Name};
use crate::manifest::spec::{AttachmentSpec, ClusterSpec, EnvironmentSpec, WorkspaceSpec};
use crate::policy::{Attachment, PolicySet};

impl Workspace {
    /// Writes other policies into the document of an environment, or of the workspace.
    pub(super) fn write_policies(&mut self, environment: Option<&str>, attachments: &[Attachment]) {
        let policies = written(&self.policies, attachments);
        let specs = Arc::make_mut(&mut self.specs);
        match environment {
            None => match &mut specs.workspace {
                Some(spec) => spec.policies = policies,
                None => {
                    let named = Name::new("workspace").ok();
                    specs.workspace = named.map(|name| WorkspaceSpec { policies, ..WorkspaceSpec::new(name) });
                }
            },
            Some(name) => {
                let found = specs.environments.iter().position(|spec| spec.metadata.name.as_str() == name);
                match found.and_then(|at| specs.environments.get_mut(at)) {
                    Some(spec) => spec.policies = policies,
                    // Production and development need no document.
                    None => specs.environments.extend(
                        Name::new(name).ok().map(|name| EnvironmentSpec { policies, ..EnvironmentSpec::new(name) }),
                    ),
                }
            }
        }
    }

    /// Writes other policies into the document of a deployment. A remote policy is kept as well.
    pub(super) fn write_own_policies(&mut self, deployment: DeploymentId) {
        let Some(found) = self.deployment(deployment) else { return };
        let policies = written(&self.policies, &found.attachments);
        let Some(index) = self.index_of_spec(deployment) else { return };
        let specs = Arc::make_mut(&mut self.specs);
        if let Some(spec) = specs.deployments.get_mut(index) {
            let elsewhere: Vec<_> = spec.policies.iter().filter(|attached| attached.remote).cloned().collect();
            spec.policies = policies;
            spec.policies.retain(|own| !elsewhere.iter().any(|remote| *remote.policy == *own.policy));
            spec.policies.extend(elsewhere);
        }
    }

    /// Writes a cluster's health or cordon into its document.
    pub(super) fn write_flag(&mut self, cluster: &str, value: bool, flag: impl Fn(&mut ClusterSpec) -> &mut bool) {
        let place = self.specs.clusters.iter().position(|spec| spec.metadata.name.as_str() == cluster);
        let Some(place) = place else { return };
        if let Some(spec) = Arc::make_mut(&mut self.specs).clusters.get_mut(place) {
            *flag(spec) = value;
        }
    }

    /// Removes the documents of a workload's running replicas: its lifecycle records them from now on.
    pub(super) fn unwrite_running(&mut self, workload: &Workload) {
        let of_this = |address: &str| {
            let ids = self.addresses.find(address);
            ids.iter().any(|&id| self.deployment(id).is_some_and(|found| found.workload == *workload))
        };
        let kept: Vec<_> = self.specs.running.iter().filter(|spec| !of_this(&spec.deployment)).cloned().collect();
        if kept.len() != self.specs.running.len() {
            Arc::make_mut(&mut self.specs).running = kept;
        }
    }
}

fn written(policies: &PolicySet, attachments: &[Attachment]) -> Vec<AttachmentSpec> {
    let written = |attachment: &Attachment| {
        Some(AttachmentSpec::new(policies.get(attachment.policy)?.name().as_str(), attachment.terms()))
    };
    attachments.iter().filter_map(written).collect()
}
