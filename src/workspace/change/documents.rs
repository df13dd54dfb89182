//! Steps of a change, written into the documents.

use std::collections::{HashMap, HashSet};

use super::{AttachmentPoint, ChangeStep, Changing, Documents, Written};
use crate::catalog::nearest;
use crate::id::Name;
use crate::manifest::Kind;
use crate::manifest::spec::{
    AttachmentSpec, ClusterSpec, DeploymentSpec, EnvironmentSpec, Metadata, PoolsSpec, Specs, WorkspaceSpec,
};
use crate::origin::{Origin, Problem, ProblemCode, listed};
use crate::policy::{Enforcement, Environment, Terms};

use super::super::names;

impl Changing<'_> {
    /// Writes a step into the documents; gives it back where it does not concern them.
    pub(super) fn write(&mut self, step: ChangeStep) -> Option<ChangeStep> {
        if matches!(
            step,
            ChangeStep::Commit { .. }
                | ChangeStep::Reserve(_)
                | ChangeStep::Release(_)
                | ChangeStep::Compact { .. }
                | ChangeStep::Command { .. }
                | ChangeStep::Decided { .. }
        ) {
            return Some(step);
        }
        self.decided.steps.push(step.clone());
        let workspace = &*self.workspace;
        let written = self.written.get_or_insert_with(|| Written {
            specs: workspace.specs.as_ref().clone(),
            without_development: workspace.find_environment(Environment::DEVELOPMENT).is_err(),
            ..Written::default()
        });
        match step {
            ChangeStep::Put(documents) => {
                self.done.notices.extend(documents.specs.notices.iter().cloned());
                written.put(*documents);
            }
            ChangeStep::Remove { kind, name } => written.remove(kind, &name),
            ChangeStep::Attach { at, policy, enforcement, until, reason, ticket } => {
                let terms = Terms { enforcement, until, reason, ticket };
                written.attach(&at, &policy, terms);
                if let (AttachmentPoint::Deployment(address), Enforcement::Enforce) = (at, enforcement)
                    && let Ok(place) = deployment(&written.specs, &address)
                {
                    // By its full address: others may come that share the short one.
                    self.attached.extend(written.specs.deployments.get(place).map(full_address));
                }
            }
            ChangeStep::Detach { at, policy } => written.detach(&at, &policy),
            ChangeStep::SetNodes { cluster, pool, nodes, gone } => written.set_nodes(&cluster, &pool, nodes, gone),
            ChangeStep::SetHealthy { cluster, healthy } => {
                written.set_flag(&cluster, healthy, |spec| &mut spec.healthy);
            }
            ChangeStep::SetCordoned { cluster, cordoned } => {
                written.set_flag(&cluster, cordoned, |spec| &mut spec.cordoned);
            }
            other => return Some(other),
        }
        None
    }
}

impl Documents {
    /// What they are, in words.
    pub(super) fn subjects(&self) -> Vec<String> {
        let specs = &self.specs;
        let named = |what: &str, metadata: &Metadata| format!("{what} `{}`", metadata.name.value);
        let workspace = specs.workspace.iter().map(|spec| named("workspace", &spec.metadata));
        let policies = specs.policies.iter().map(|spec| named("policy", &spec.metadata));
        let environments = specs.environments.iter().map(|spec| named("environment", &spec.metadata));
        let deployments = specs.deployments.iter().map(|spec| format!("deployment `{}`", short_address(spec)));
        let clusters = specs.clusters.iter().map(|spec| named("cluster", &spec.metadata));
        let running = specs.running.iter().map(|spec| named("placement", &spec.metadata));
        workspace.chain(policies).chain(environments).chain(deployments).chain(clusters).chain(running).collect()
    }
}

/// An attachment point, found among the documents.
enum Point {
    Workspace,
    Environment(usize),
    Deployment(usize),
}

/// What a document is found by.
trait Document: PartialEq {
    fn metadata(&self) -> &Metadata;

    fn is_of(&self, other: &Self) -> bool {
        self.metadata().name == other.metadata().name
    }

    /// A text that is the same for documents of which one [`is_of`](Self::is_of) the other.
    fn key(&self) -> String {
        self.metadata().name.to_string()
    }
}

macro_rules! documents {
    ($($spec:ty),+) => {$(
        impl Document for $spec {
            fn metadata(&self) -> &Metadata {
                &self.metadata
            }
        }
    )+};
}

documents!(crate::manifest::spec::PolicySpec, EnvironmentSpec, ClusterSpec, crate::manifest::spec::RunningSpec);

impl Document for DeploymentSpec {
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn is_of(&self, other: &Self) -> bool {
        self.metadata.name == other.metadata.name
            && self.workload == other.workload
            && self.resource_type == other.resource_type
    }

    fn key(&self) -> String {
        full_address(self)
    }
}

/// Puts documents in the places of those that they replace, or at the end; those that differ from what was there.
/// Two that are put as one stay two, for the load's own word on that.
fn put<D: Document + Clone>(all: &mut Vec<D>, new: Vec<D>) -> Vec<D> {
    // So many are worth an index of all.
    let many = new.len() > 16;
    let (mut changed, mut taken) = (Vec::new(), HashSet::new());
    let index: HashMap<String, usize> = match many {
        true => all.iter().enumerate().rev().map(|(place, known)| (known.key(), place)).collect(),
        false => HashMap::new(),
    };
    for document in new {
        let place = match many {
            true => index.get(&document.key()).copied(),
            false => all.iter().position(|known| known.is_of(&document)),
        };
        match place.filter(|place| taken.insert(*place)).and_then(|place| all.get_mut(place)) {
            Some(known) if *known == document => {}
            Some(known) => {
                changed.push(document.clone());
                *known = document;
            }
            None => {
                changed.push(document.clone());
                taken.insert(all.len());
                all.push(document);
            }
        }
    }
    changed
}

impl Written {
    fn put(&mut self, documents: Documents) {
        let Documents { specs, problems, left_out, unsound } = documents;
        self.problems.extend(problems);
        self.left_out += left_out;
        self.unsound.policies.extend(unsound.policies);
        self.unsound.environments.extend(unsound.environments);
        self.specs.notices.extend(specs.notices);
        for broken in specs.broken_clusters {
            self.problems.extend(broken.problems);
        }
        if let Some(workspace) = specs.workspace.filter(|new| self.specs.workspace.as_ref() != Some(new)) {
            self.specs.workspace = Some(workspace);
            self.changed = true;
        }
        if specs.environments.iter().any(|spec| spec.metadata.name.as_str() == Environment::DEVELOPMENT) {
            self.changed |= self.without_development;
            self.without_development = false;
        }
        self.changed |= !put(&mut self.specs.policies, specs.policies).is_empty();
        self.changed |= !put(&mut self.specs.environments, specs.environments).is_empty();
        self.changed |= !put(&mut self.specs.deployments, specs.deployments).is_empty();
        self.changed |= !put(&mut self.specs.running, specs.running).is_empty();
        let clusters = put(&mut self.specs.clusters, specs.clusters);
        self.changed |= !clusters.is_empty();
        for cluster in clusters {
            let name = cluster.metadata.name.value;
            self.specs.broken_clusters.retain(|broken| broken.name.as_deref() != Some(name.as_str()));
            self.restated.described.insert(name.clone());
            self.restated.clusters.insert(name);
        }
    }

    fn remove(&mut self, kind: Kind, name: &str) {
        let specs = &mut self.specs;
        let known: Vec<String> = match kind {
            Kind::Policy | Kind::BeamlitPolicy => names_of(&specs.policies),
            Kind::Environment => names_of(&specs.environments),
            Kind::Workspace => specs.workspace.iter().map(|spec| spec.metadata.name.to_string()).collect(),
            Kind::Deployment | Kind::ModelDeployment => specs.deployments.iter().map(short_address).collect(),
            Kind::Cluster => {
                let broken = specs.broken_clusters.iter().filter_map(|broken| broken.name.clone());
                names_of(&specs.clusters).into_iter().chain(broken).collect()
            }
            Kind::Placement => names_of(&specs.running),
            Kind::Scenario | Kind::PolicyTest => {
                let message = format!("a {} is no document of a workspace", noun(kind));
                self.problem(ProblemCode::InvalidValue, message, "remove documents of the other kinds");
                return;
            }
        };
        let found = match kind {
            Kind::Policy | Kind::BeamlitPolicy => take_out(&mut specs.policies, name),
            Kind::Environment => return self.remove_environment(name, &known),
            Kind::Workspace => specs.workspace.take_if(|spec| spec.metadata.name.as_str() == name).is_some(),
            Kind::Deployment | Kind::ModelDeployment => match deployment(specs, name) {
                Ok(at) => {
                    // By its full address, whatever it was called.
                    let address = full_address(&specs.deployments.remove(at));
                    self.changed = true;
                    self.removed.insert((noun(kind), address));
                    return;
                }
                Err(problem) => return self.problems.push(problem),
            },
            Kind::Cluster => {
                let broken = specs.broken_clusters.len();
                specs.broken_clusters.retain(|broken| broken.name.as_deref() != Some(name));
                let whole = take_out(&mut specs.clusters, name);
                whole || specs.broken_clusters.len() < broken
            }
            Kind::Placement => take_out(&mut specs.running, name),
            Kind::Scenario | Kind::PolicyTest => false,
        };
        let what = noun(kind);
        if found {
            self.changed = true;
            self.removed.insert((what, name.to_owned()));
        } else {
            self.unknown(what, name, &known);
        }
    }

    fn remove_environment(&mut self, name: &str, known: &[String]) {
        let written = take_out(&mut self.specs.environments, name);
        match name {
            Environment::PRODUCTION => {
                let help = "put it without policies instead";
                self.problem(ProblemCode::InUse, "`production` cannot be removed", help);
            }
            Environment::DEVELOPMENT if !self.without_development => {
                self.without_development = true;
                self.changed = true;
                self.removed.insert(("environment", name.to_owned()));
            }
            _ if written => {
                self.changed = true;
                self.removed.insert(("environment", name.to_owned()));
            }
            _ => self.unknown("environment", name, known),
        }
    }

    /// Where the list of policies of a point stands, if there is such a point.
    fn point(&mut self, at: &AttachmentPoint) -> Option<Point> {
        match at {
            AttachmentPoint::Workspace => Some(Point::Workspace),
            AttachmentPoint::Environment(name) => {
                let specs = &mut self.specs;
                if let Some(place) = specs.environments.iter().position(|spec| spec.metadata.name.as_str() == name) {
                    return Some(Point::Environment(place));
                }
                let builtin = *name == Environment::PRODUCTION
                    || (*name == Environment::DEVELOPMENT && !self.without_development);
                if let Some(name) = Name::new(name).ok().filter(|_| builtin) {
                    // Production and development need no document.
                    specs.environments.push(EnvironmentSpec::new(name));
                    return Some(Point::Environment(specs.environments.len() - 1));
                }
                let builtin = [Environment::PRODUCTION, Environment::DEVELOPMENT].map(str::to_owned);
                let known = [names_of(&specs.environments), builtin.to_vec()].concat();
                self.unknown("environment", name, &known);
                None
            }
            AttachmentPoint::Deployment(address) => match deployment(&self.specs, address) {
                Ok(place) => Some(Point::Deployment(place)),
                Err(problem) => {
                    self.problems.push(problem);
                    None
                }
            },
        }
    }

    /// The list of policies attached at a point, if there is such a point.
    fn attached(&mut self, at: &AttachmentPoint) -> Option<&mut Vec<AttachmentSpec>> {
        let point = self.point(at)?;
        let specs = &mut self.specs;
        match point {
            Point::Workspace => {
                let named = || Name::new("workspace").ok().map(WorkspaceSpec::new);
                specs.workspace = specs.workspace.take().or_else(named);
                specs.workspace.as_mut().map(|spec| &mut spec.policies)
            }
            Point::Environment(place) => specs.environments.get_mut(place).map(|spec| &mut spec.policies),
            Point::Deployment(place) => specs.deployments.get_mut(place).map(|spec| &mut spec.policies),
        }
    }

    fn attach(&mut self, at: &AttachmentPoint, policy: &str, terms: Terms) {
        if !self.specs.policies.iter().any(|spec| spec.metadata.name.as_str() == policy) {
            let known = names_of(&self.specs.policies);
            if !self.unsound.policies.contains(policy) {
                self.unknown("policy", policy, &known);
            }
        }
        let Some(attached) = self.attached(at) else { return };
        let local = |attached: &&mut AttachmentSpec| *attached.policy == *policy;
        match attached.iter_mut().find(local) {
            Some(known) if known.terms() == terms => {}
            Some(known) => {
                let (policy, remote) = (known.policy.clone(), known.remote);
                *known = AttachmentSpec { policy, remote, ..AttachmentSpec::new("", terms) };
                self.changed = true;
            }
            None => {
                attached.push(AttachmentSpec::new(policy, terms));
                self.changed = true;
            }
        }
    }

    fn detach(&mut self, at: &AttachmentPoint, policy: &str) {
        let Some(attached) = self.attached(at) else { return };
        let before = attached.len();
        attached.retain(|attached| *attached.policy != *policy);
        if attached.len() < before {
            self.changed = true;
        } else {
            let known: Vec<_> = attached.iter().map(|attached| attached.policy.value.clone()).collect();
            let help = match known.as_slice() {
                [] => "no policy is".to_owned(),
                known => format!("attached are {}", listed(known, "and", names::LISTED)),
            };
            let message = format!("policy `{policy}` is not attached to {at}");
            self.problem(ProblemCode::UnknownName, message, help);
        }
    }

    /// The document of a cluster, if there is one.
    fn cluster(&mut self, name: &str) -> Option<&mut ClusterSpec> {
        let place = self.specs.clusters.iter().position(|spec| spec.metadata.name.as_str() == name);
        if place.is_none() {
            let known = names_of(&self.specs.clusters);
            self.unknown("cluster", name, &known);
        }
        self.specs.clusters.get_mut(place?)
    }

    fn set_nodes(&mut self, cluster: &str, pool: &str, nodes: u32, gone: Vec<u32>) {
        let Some(spec) = self.cluster(cluster) else { return };
        let name = spec.metadata.name.value.clone();
        let not_counted = || format!("the nodes of pool `{pool}` of cluster `{cluster}` are not counted");
        let PoolsSpec::Pools(pools) = &mut spec.pools else {
            return self.problem(ProblemCode::InvalidValue, not_counted(), "put the cluster with `pools` first");
        };
        let Some(found) = pools.iter_mut().find(|found| found.name.as_str() == pool) else {
            let near = nearest(pool, pools.iter().map(|pool| pool.name.as_str()));
            let problem = names::unknown("pool", &pool.to_owned().into(), &near);
            return self.problems.push(problem);
        };
        let Some(before) = found.nodes else {
            return self.problem(ProblemCode::InvalidValue, not_counted(), "put the cluster with a number first");
        };
        let pool = found.name.value.clone();
        if before != nodes || !gone.is_empty() {
            found.nodes = Some(nodes);
            self.changed = true;
            self.restated.gone.entry((name, pool)).or_default().extend(gone);
        }
    }

    fn set_flag(&mut self, cluster: &str, value: bool, flag: impl Fn(&mut ClusterSpec) -> &mut bool) {
        let Some(spec) = self.cluster(cluster) else { return };
        let (name, held) = (spec.metadata.name.value.clone(), flag(spec));
        if *held != value {
            *held = value;
            self.changed = true;
            self.restated.clusters.insert(name);
        }
    }

    fn problem(&mut self, code: ProblemCode, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(code, &Origin::default(), message).help(help));
    }

    fn unknown(&mut self, what: &str, name: &str, known: &[String]) {
        let near = nearest(name, known.iter().map(String::as_str));
        self.problems.push(names::unknown(what, &name.to_owned().into(), &near));
    }
}

/// What documents of a kind are called in sentences.
pub(super) fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Policy | Kind::BeamlitPolicy => "policy",
        Kind::Environment => "environment",
        Kind::Workspace => "workspace",
        Kind::Deployment | Kind::ModelDeployment => "deployment",
        Kind::Cluster => "cluster",
        Kind::Placement => "placement",
        Kind::Scenario => "scenario",
        Kind::PolicyTest => "policy test",
    }
}

fn names_of(documents: &[impl Document]) -> Vec<String> {
    documents.iter().map(|document| document.metadata().name.to_string()).collect()
}

/// Takes out the documents of a name; whether there were any.
fn take_out(documents: &mut Vec<impl Document>, name: &str) -> bool {
    let before = documents.len();
    documents.retain(|document| document.metadata().name.as_str() != name);
    documents.len() < before
}

pub(super) fn short_address(spec: &DeploymentSpec) -> String {
    format!("{}/{}", spec.workload.value, spec.metadata.name.value)
}

/// `type/workload/name`.
fn full_address(spec: &DeploymentSpec) -> String {
    format!("{}/{}", spec.resource_type.value, short_address(spec))
}

/// Where the deployment of an address stands: `name`, `workload/name` or `type/workload/name` (L1).
fn deployment(specs: &Specs, address: &str) -> Result<usize, Problem> {
    let is_meant = |spec: &DeploymentSpec| {
        spec.metadata.name.as_str() == address || short_address(spec) == address || full_address(spec) == address
    };
    let mut meant = specs.deployments.iter().enumerate().filter(|(_, spec)| is_meant(spec));
    match (meant.next(), meant.next()) {
        (Some((place, _)), None) => Ok(place),
        (None, _) => {
            let known: Vec<_> = specs.deployments.iter().map(short_address).collect();
            let near = nearest(address, known.iter().map(String::as_str));
            Err(names::unknown("deployment", &address.to_owned().into(), &near))
        }
        (Some((_, first)), Some((_, second))) => {
            let message = format!("several deployments are called `{address}`");
            let all: Vec<_> =
                [first, second].into_iter().chain(meant.map(|(_, spec)| spec)).map(full_address).collect();
            let problem = Problem::new(ProblemCode::InvalidValue, &Origin::default(), message);
            Err(problem.help(format!("write {}", listed(&all, "or", names::LISTED))))
        }
    }
}
