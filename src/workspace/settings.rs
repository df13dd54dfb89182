//! Settings of a lifecycle to what decisions are made from, names to ids; and specs to settings.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Workspace;
use super::deployments::too_many;
use super::names::Problems;
use super::preferences::{self, Sites};
use crate::catalog::{ChoiceKind, FlavorKind, Meaning};
use crate::deployment::{Demand, Deployment, GpuNeed, Preferences, Resources, Workload};
use crate::id::{DeploymentId, Name};
use crate::lifecycle::{Push, PushKind, Refusal, Requirements, Settings};
use crate::manifest::spec::DeploymentSpec;
use crate::origin::Origin;
use crate::policy::{Attachment, Scope};

impl Workspace {
    /// What a loaded deployment says, as the settings of a lifecycle. Values of environment variables are
    /// not included.
    #[must_use]
    pub fn settings(&self, deployment: DeploymentId) -> Option<Settings> {
        self.spec_of(deployment).map(DeploymentSpec::settings)
    }

    /// The document that a deployment was read from.
    #[must_use]
    pub fn spec_of(&self, deployment: DeploymentId) -> Option<&DeploymentSpec> {
        self.specs.deployments.get(self.index_of_spec(deployment)?)
    }

    /// The index of the document of a deployment among all.
    pub(super) fn index_of_spec(&self, deployment: DeploymentId) -> Option<usize> {
        let found = self.deployment(deployment)?;
        let resource_type = self.catalog.resource_type_name(found.workload.resource_type);
        self.specs.deployments.iter().position(|spec| {
            spec.metadata.name.value == found.name
                && spec.workload.value == found.workload.name
                && self.catalog.resource_type(&spec.resource_type) == self.catalog.resource_type(resource_type)
        })
    }

    /// The push that begins the lifecycle of a loaded deployment, under its own name and environment.
    #[must_use]
    pub fn push_of(&self, deployment: DeploymentId, kind: PushKind) -> Option<Push> {
        let spec = self.spec_of(deployment)?;
        let name = (kind != PushKind::Draft).then(|| spec.metadata.name.value.clone());
        let own = self.deployment(deployment)?.environment;
        let environment = match &kind {
            PushKind::Promoted { .. } => None,
            PushKind::Draft if spec.environment.is_none() => None,
            PushKind::Draft | PushKind::Published => self.environment(own).map(|found| found.name.clone()),
        };
        Some(Push { kind, name, version: spec.version.clone(), environment, settings: Arc::new(spec.settings()) })
    }

    /// A deployment as decisions want it: what a lifecycle's settings name, under one environment.
    pub(super) fn resolved(
        &self,
        workload: &Workload,
        environment: &Name,
        settings: &Settings,
        replicas: u32,
    ) -> Result<Deployment, Refusal> {
        let (mut attachments, mut unresolved) = (Vec::new(), Vec::new());
        for used in &settings.policies {
            match self.policies.find(&used.name) {
                Some(policy) => attachments.push(Attachment::new(policy, used.terms())),
                None if used.remote => unresolved.extend(Name::new(&used.name).ok()),
                None => return Err(unknown("policy", &used.name)),
            }
        }
        let environment = self.find_environment(environment.as_str()).map_err(|_| {
            Refusal::new("E1", format!("no environment is called `{environment}`")).next("declare it first")
        })?;
        let preferences = self.preferred(settings)?;
        if let Some((message, help)) = too_many(&preferences, replicas.max(settings.replicas_at_start())) {
            return Err(Refusal::new("D5", message).next(help));
        }
        let demand = settings.resources.as_ref().map_or(Ok(Demand::any_flavor()), |needs| self.demanded(needs))?;
        let demand = Demand { max_price: settings.max_price_per_hour, ..demand };
        Ok(Deployment {
            name: workload.name.clone(),
            workload: workload.clone(),
            environment,
            attachments,
            unresolved,
            priority: settings.priority,
            preferences,
            replicas,
            demand,
            origin: Origin::default(),
        })
    }

    fn preferred(&self, settings: &Settings) -> Result<Preferences, Refusal> {
        let Some(preferred) = &settings.placement else { return Ok(Preferences::default()) };
        let (sites, mut problems) =
            (Sites::new(&self.catalog, &self.specs, self.expected.clone()), Problems::default());
        let found = preferences::resolve(&self.catalog, &sites, &preferred.into(), &mut problems);
        match problems.into_vec().first() {
            Some(problem) => Err(Refusal::new("C8", problem.message.clone()).next("use a known name")),
            None => Ok(found),
        }
    }

    fn demanded(&self, needs: &Requirements) -> Result<Demand, Refusal> {
        let host = |name: &String| {
            let found = self.catalog.resolve(ChoiceKind::Cpu, name);
            found.ok_or_else(|| unknown(ChoiceKind::Cpu.as_str(), name))
        };
        let mut gpus = SmallVec::new();
        for need in needs.gpu.iter().filter(|need| need.count > 0) {
            let mut codes = Meaning::new();
            for name in &need.types {
                let found = self.catalog.choices(ChoiceKind::Gpu, name);
                if found.is_empty() || self.catalog.is_slice(FlavorKind::Gpu, name) {
                    return Err(unknown(ChoiceKind::Gpu.as_str(), name));
                }
                codes.extend(found);
            }
            gpus.push(GpuNeed { count: need.count, codes, memory: need.memory, share: need.share, slice: need.slice });
        }
        Ok(Demand::stated(Resources {
            cpu: needs.cpu,
            memory: needs.memory,
            storage: needs.storage.unwrap_or_default(),
            bandwidth: needs.bandwidth.unwrap_or_default(),
            cpu_type: needs.cpu_type.as_ref().map(host).transpose()?,
            gpus,
        }))
    }

    /// The policies in force for a live deployment's settings under an environment.
    ///
    /// # Errors
    /// A [`Refusal`] where its settings or the environment name what is not known.
    pub fn scope_under(&self, workload: &Workload, governor: &Name, settings: &Settings) -> Result<Scope, Refusal> {
        self.governed(workload, std::slice::from_ref(governor), settings, 0).map(|(scope, _)| scope)
    }

    /// The policies in force under all of these environments at once, and the deployment with so many replicas.
    pub(super) fn governed(
        &self,
        workload: &Workload,
        governors: &[Name],
        settings: &Settings,
        replicas: u32,
    ) -> Result<(Scope, Deployment), Refusal> {
        let mut governed: Option<(Scope, Deployment)> = None;
        for governor in governors {
            let deployment = self.resolved(workload, governor, settings, replicas)?;
            let scope = self.scope_of(&deployment);
            governed = Some(match governed {
                Some((all, first)) => (all.both(&scope), first),
                None => (scope, deployment),
            });
        }
        governed.ok_or_else(|| Refusal::new("E2", "no environment governs it"))
    }
}

fn unknown(what: &str, name: &str) -> Refusal {
    Refusal::new("C8", format!("no {what} is called `{name}`")).next("use a known name")
}
