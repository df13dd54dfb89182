//! Deployments, resolved and put in the order in which they are decided.

use std::collections::HashMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::environments::{self, Environments};
use super::names::{self, Problems, Unsound};
use super::preferences::{self, Sites};
use crate::catalog::{Catalog, ChoiceKind};
use crate::deployment::{Demand, Deployment, GpuNeed, InvalidMix, Mix, Preferences, Resources, Workload};
use crate::id::{DeploymentId, EnvironmentId, Name, Table};
use crate::manifest::spec::{DeploymentSpec, GpuNeedSpec, GpuSpec, ResourcesSpec, Specs};
use crate::origin::{Origin, Problem, ProblemCode};
use crate::policy::{Environment, PolicySet};

/// Replicas of one deployment that can be spread, or packed for a mix, at most: each is placed by itself.
const MOST_ONE_BY_ONE: u32 = 1_000_000;

/// What deployments refer to.
pub(super) struct Scene<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) policies: &'a PolicySet,
    pub(super) unsound: &'a Unsound,
    pub(super) environments: &'a Environments,
    pub(super) default_environment: EnvironmentId,
    pub(super) sites: &'a Sites<'a>,
}

/// Deployments in the order in which they are decided, under ids that do not follow it (W1).
#[derive(Clone, Debug)]
pub(super) struct Deployments {
    pub(super) in_order: Vec<Deployment>,
    /// Beside each, its id.
    pub(super) ids: Vec<DeploymentId>,
    /// Where each stands in that order.
    positions: Table<DeploymentId, usize>,
}

impl Deployments {
    /// Those that were there before keep their ids. Workload types are compared by id: one keeps its own too.
    pub(super) fn after(before: Option<&Self>, in_order: Vec<Deployment>) -> Self {
        let mut known: HashMap<(&Workload, &Name), DeploymentId> = HashMap::new();
        if let Some(before) = before {
            let each = before.in_order.iter().zip(&before.ids);
            known.extend(each.map(|(found, id)| ((&found.workload, &found.name), *id)));
        }
        let mut positions = before.map_or_else(Table::new, |before| before.positions.emptied());
        let id = |(at, deployment): (usize, &Deployment)| match known.get(&(&deployment.workload, &deployment.name)) {
            Some(id) if positions.put(*id, at) => *id,
            _ => positions.push(at),
        };
        let ids = in_order.iter().enumerate().map(id).collect();
        Self { in_order, ids, positions }
    }

    pub(super) fn get(&self, id: DeploymentId) -> Option<&Deployment> {
        self.in_order.get(*self.positions.get(id)?)
    }

    pub(super) fn get_mut(&mut self, id: DeploymentId) -> Option<&mut Deployment> {
        self.in_order.get_mut(*self.positions.get(id)?)
    }

    /// All with their ids, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (DeploymentId, &Deployment)> {
        self.ids.iter().copied().zip(&self.in_order)
    }
}

/// All deployments that are sound, by priority, workload type, workload and name; and the names of the others.
pub(super) fn resolve(
    scene: &Scene<'_>,
    specs: &[DeploymentSpec],
    problems: &mut Problems,
) -> (Vec<Deployment>, Vec<String>) {
    let mut refused = Vec::new();
    let mut deployments = Vec::with_capacity(specs.len());
    let mut seen: HashMap<(&str, &str, &str), &Origin> = HashMap::new();
    for spec in specs {
        let name = &spec.metadata.name;
        let key = (spec.resource_type.as_str(), spec.workload.as_str(), name.as_str());
        if let Some(first) = seen.insert(key, &name.origin) {
            let message = format!("two deployments of `{}` are called `{}`", spec.workload.value, name.value);
            let problem = Problem::new(ProblemCode::Duplicate, &name.origin, message);
            problems.push(problem.related(first, "the first is here"));
        }
        match deployment(scene, spec, problems) {
            Some(sound) => deployments.push(sound),
            None => refused.push(name.as_str().to_owned()),
        }
    }
    let type_name = |deployment: &Deployment| scene.catalog.resource_type_name(deployment.workload.resource_type);
    deployments.sort_by(|a: &Deployment, b| {
        (b.priority.cmp(&a.priority))
            .then_with(|| type_name(a).cmp(type_name(b)))
            .then_with(|| a.workload.name.cmp(&b.workload.name))
            .then_with(|| a.name.cmp(&b.name))
    });
    (deployments, refused)
}

fn deployment(scene: &Scene<'_>, spec: &DeploymentSpec, problems: &mut Problems) -> Option<Deployment> {
    let resource_type = names::resource_type(scene.catalog, &spec.resource_type, problems);
    let environment = match &spec.environment {
        // The Beamlit format has a default of its own.
        None if spec.beamlit.is_some() => scene.environments.find(Environment::PRODUCTION),
        None => Some(scene.default_environment),
        Some(name) => environments::find(scene.environments, scene.unsound, name, problems),
    };
    let attachments = names::attachments(scene.policies, scene.unsound, &spec.policies, problems);
    let remote = spec.policies.iter().filter(|policy| policy.remote);
    let missing = remote.filter(|remote| scene.policies.find(&remote.policy).is_none());
    let unresolved = missing.filter_map(|remote| Name::new(&remote.policy).ok()).collect();
    let demand = match &spec.resources {
        None => Some(Demand::any_flavor()),
        Some(stated) => resources(scene.catalog, stated, &spec.metadata.name.origin, problems).map(Demand::stated),
    };
    let replicas = spec.wanted_replicas();
    let preferences = spec
        .placement
        .as_ref()
        .map_or_else(Preferences::default, |spec| preferences::resolve(scene.catalog, scene.sites, spec, problems));
    if let Some((message, help)) = too_many(&preferences, replicas) {
        problems.push(Problem::new(ProblemCode::OutOfRange, &spec.metadata.name.origin, message).help(help));
    }
    Some(Deployment {
        name: spec.metadata.name.value.clone(),
        workload: Workload { resource_type: resource_type?, name: spec.workload.value.clone() },
        environment: environment?,
        attachments,
        unresolved,
        priority: spec.priority,
        replicas,
        demand: Demand { max_price: spec.max_price_per_hour, ..demand? },
        preferences,
        origin: spec.metadata.name.origin.clone(),
    })
}

/// That a preference has so many replicas placed one by one, and what would be right; nothing if that is well.
pub(super) fn too_many(preferences: &Preferences, replicas: u32) -> Option<(String, String)> {
    let spread = preferences.spread.map(|_| "spread");
    let field = spread.or_else(|| preferences.packs_for_a_mix().then_some("packing"))?;
    (replicas > MOST_ONE_BY_ONE).then(|| {
        let message = format!("{replicas} replicas are too many to be placed one by one, as `{field}` requires");
        (message, format!("ask for {MOST_ONE_BY_ONE} or fewer, or leave `{field}` out"))
    })
}

/// The demands that the workspace expects, if they are sound.
pub(super) fn expected(catalog: &Catalog, specs: &Specs, problems: &mut Problems) -> Option<Arc<Mix>> {
    let specs = &specs.workspace.as_ref()?.expected_demands;
    let first = specs.first()?;
    let demands: Vec<_> = specs
        .iter()
        .filter_map(|spec| Some((resources(catalog, &spec.resources, &spec.origin, problems)?, spec.weight)))
        .collect();
    if demands.len() < specs.len() {
        return None;
    }
    let at = |error: &InvalidMix| match error {
        InvalidMix::Alternatives(at) => specs.get(*at).unwrap_or(first).origin.clone(),
        _ => first.origin.clone(),
    };
    let mix = Mix::new(demands);
    if let Err(error) = &mix {
        problems.push(Problem::new(ProblemCode::InvalidValue, &at(error), error.to_string()));
    }
    mix.ok().map(Arc::new)
}

fn resources(catalog: &Catalog, spec: &ResourcesSpec, origin: &Origin, problems: &mut Problems) -> Option<Resources> {
    let before = problems.len();
    let cpu_type = spec.cpu_type.as_ref().and_then(|name| names::bare(catalog, ChoiceKind::Cpu, name, problems));
    let needs: &[GpuNeedSpec] = match &spec.gpu {
        None => &[],
        Some(GpuSpec::One(need)) => std::slice::from_ref(need),
        Some(GpuSpec::AnyOf(needs)) => needs,
    };
    if let Some(GpuSpec::AnyOf(needs)) = &spec.gpu
        && let Some(problem) = unsound_alternatives(needs, origin)
    {
        problems.push(problem);
    }
    let mut gpus = SmallVec::new();
    for need in needs.iter().filter(|need| need.count > 0) {
        let codes = need.types.iter().flat_map(|name| names::demanded(catalog, name, problems)).collect();
        gpus.push(GpuNeed { count: need.count, codes, memory: need.memory, share: need.share, slice: need.slice });
    }
    let resources = Resources {
        cpu: spec.cpu,
        memory: spec.memory,
        storage: spec.storage.unwrap_or_default(),
        bandwidth: spec.bandwidth.unwrap_or_default(),
        cpu_type,
        gpus,
    };
    (problems.len() == before).then_some(resources)
}

/// Specs that were built in code can hold what no text can (D1).
fn unsound_alternatives(needs: &[GpuNeedSpec], origin: &Origin) -> Option<Problem> {
    if needs.is_empty() {
        let problem = Problem::new(ProblemCode::EmptyList, origin, "`anyOf` is empty");
        return Some(problem.help("list at least one"));
    }
    let none = needs.iter().find(|need| need.count == 0)?;
    let origin = none.types.first().map_or(origin, |code| &code.origin);
    let problem = Problem::new(ProblemCode::OutOfRange, origin, "an alternative of `anyOf` asks for no GPUs");
    Some(problem.help("ask for at least one in each"))
}
