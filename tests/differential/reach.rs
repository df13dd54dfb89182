//! A workspace that is reached by changes: documents of another world first, then whatever happens, then what a world says,
//! piece by piece. It must decide as one that was loaded.

use std::collections::BTreeSet;

use siting::manifest::Kind;
use siting::manifest::spec::{DeploymentSpec, EnvironmentSpec, Metadata, PoolsSpec, Specs};
use siting::policy::{Enforcement, Environment};
use siting::time::Moment;
use siting::workspace::{AttachmentPoint, ChangeStep, Documents, LoadOptions, Workspace, WorkspaceChange};

/// The moment of all changes.
pub const NOW: Moment = Moment::from_millis(0);

/// Numbers that follow from a seed: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("small")
    }

    fn one_of<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

/// The workspace of `to`, reached by changes from that of `from`, through some documents of `by`. How many changes were
/// accepted, and how many refused.
pub fn reach(from: Specs, by: &Specs, to: &Specs, seed: u64, what: &str) -> (Workspace, [usize; 2]) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let loaded = Workspace::from_specs(from, LoadOptions::default());
    let mut workspace = loaded.unwrap_or_else(|error| panic!("{what}: does not load: {error}"));
    let mut told = [0, 0];
    let mut try_out = |workspace: &mut Workspace, change: WorkspaceChange| {
        let accepted = workspace.change(NOW, change).is_ok();
        told[usize::from(!accepted)] += 1;
        accepted
    };
    let others = pieces(by);
    for _ in 0..8 {
        let change = match random.below(3) {
            0 => random.one_of(&others).map(|step| WorkspaceChange::new().then(step.clone())),
            _ => happens(&mut random, &workspace),
        };
        if let Some(change) = change {
            try_out(&mut workspace, change);
        }
    }
    // What runs holds the nodes in the order in which it came: all of it anew, at once, as a load does.
    let mut stop = WorkspaceChange::new();
    for spec in &workspace.specs().running {
        stop = stop.remove(Kind::Placement, spec.metadata.name.as_str());
    }
    assert!(workspace.change(NOW, stop).is_ok(), "{what}");
    let runs = Specs { running: to.running.clone(), ..Specs::default() };
    let mut pending = pieces(&Specs { running: Vec::new(), ..to.clone() });
    pending.extend(surplus(workspace.specs(), to));
    // One by one in any order, as far as each can be without the others; then the rest as one.
    for _ in 0..2 {
        for _ in 0..pending.len() {
            let step = pending.swap_remove(random.below(pending.len()));
            if !try_out(&mut workspace, WorkspaceChange::new().then(step.clone())) {
                pending.push(step);
            }
        }
    }
    let rest = pending.into_iter().fold(WorkspaceChange::new(), WorkspaceChange::then);
    workspace.change(NOW, rest).unwrap_or_else(|error| panic!("{what}: {error}\n{:#?}", error.problems));
    workspace
        .change(NOW, WorkspaceChange::new().put(Documents::already_read(runs)))
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    (workspace, told)
}

/// Each document by itself.
fn pieces(specs: &Specs) -> Vec<ChangeStep> {
    // Worlds say more than documents do, such as a `maxAge` of nothing.
    let put = |specs: Specs| ChangeStep::Put(Box::new(Documents::already_read(specs)));
    let none = Specs::default;
    let root = specs.workspace.iter().map(|spec| put(Specs { workspace: Some(spec.clone()), ..none() }));
    let policies = specs.policies.iter().map(|spec| put(Specs { policies: vec![spec.clone()], ..none() }));
    let environments = specs.environments.iter().map(|spec| put(Specs { environments: vec![spec.clone()], ..none() }));
    let deployments = specs.deployments.iter().map(|spec| put(Specs { deployments: vec![spec.clone()], ..none() }));
    let clusters = specs.clusters.iter().map(|spec| put(Specs { clusters: vec![spec.clone()], ..none() }));
    let running = specs.running.iter().map(|spec| put(Specs { running: vec![spec.clone()], ..none() }));
    root.chain(policies).chain(environments).chain(deployments).chain(clusters).chain(running).collect()
}

/// What takes out all that is there and not wanted.
fn surplus(there: &Specs, wanted: &Specs) -> Vec<ChangeStep> {
    let mut steps = Vec::new();
    let mut remove = |kind, name: &str| steps.push(ChangeStep::Remove { kind, name: name.to_owned() });
    let names = |all: &mut dyn Iterator<Item = &Metadata>| -> BTreeSet<String> {
        all.map(|metadata| metadata.name.to_string()).collect()
    };
    let policies = names(&mut wanted.policies.iter().map(|spec| &spec.metadata));
    let environments = names(&mut wanted.environments.iter().map(|spec| &spec.metadata));
    let clusters = names(&mut wanted.clusters.iter().map(|spec| &spec.metadata));
    let deployments: BTreeSet<_> = wanted.deployments.iter().map(address).collect();
    for spec in there.policies.iter().filter(|spec| !policies.contains(spec.metadata.name.as_str())) {
        remove(Kind::Policy, spec.metadata.name.as_str());
    }
    for spec in there.clusters.iter().filter(|spec| !clusters.contains(spec.metadata.name.as_str())) {
        remove(Kind::Cluster, spec.metadata.name.as_str());
    }
    for spec in there.deployments.iter().filter(|spec| !deployments.contains(&address(spec))) {
        remove(Kind::Deployment, &address(spec));
    }
    if let (Some(spec), None) = (&there.workspace, &wanted.workspace) {
        remove(Kind::Workspace, spec.metadata.name.as_str());
    }
    let built_in = [Environment::PRODUCTION, Environment::DEVELOPMENT];
    for spec in there.environments.iter().filter(|spec| !environments.contains(spec.metadata.name.as_str())) {
        let name = &spec.metadata.name;
        if built_in.contains(&name.as_str()) {
            // These are there without a document.
            let empty = EnvironmentSpec::new(name.value.clone());
            steps.push(ChangeStep::Put(Box::new(Specs { environments: vec![empty], ..Specs::default() }.into())));
        } else {
            steps.push(ChangeStep::Remove { kind: Kind::Environment, name: name.to_string() });
        }
    }
    steps
}

/// `type/workload/name`.
fn address(spec: &DeploymentSpec) -> String {
    format!("{}/{}/{}", spec.resource_type.value, spec.workload.value, spec.metadata.name.value)
}

/// Something that happens to what is there; it may be refused.
fn happens(random: &mut Random, workspace: &Workspace) -> Option<WorkspaceChange> {
    let (specs, change) = (workspace.specs(), WorkspaceChange::new());
    let point = |random: &mut Random| match random.below(3) {
        0 => Some(AttachmentPoint::Workspace),
        1 => {
            let found = random.one_of(&specs.environments).map(|spec| spec.metadata.name.to_string());
            Some(AttachmentPoint::Environment(found.unwrap_or_else(|| Environment::PRODUCTION.to_owned())))
        }
        _ => random.one_of(&specs.deployments).map(|spec| AttachmentPoint::Deployment(address(spec))),
    };
    let policy = random.one_of(&specs.policies).map(|spec| spec.metadata.name.to_string());
    let cluster = random.one_of(&specs.clusters);
    let name = cluster.map(|spec| spec.metadata.name.to_string());
    Some(match random.below(6) {
        0 => {
            let enforcement = if random.below(2) == 0 { Enforcement::Enforce } else { Enforcement::Audit };
            change.attach(point(random)?, policy?, enforcement)
        }
        1 => change.detach(point(random)?, policy?),
        2 => change.then(ChangeStep::SetCordoned { cluster: name?, cordoned: random.below(2) == 0 }),
        3 => change.then(ChangeStep::SetHealthy { cluster: name?, healthy: random.below(2) == 0 }),
        4 => {
            let PoolsSpec::Pools(pools) = &cluster?.pools else { return None };
            let nodes = u32::try_from(random.below(6)).expect("few");
            change.set_nodes(name?, random.one_of(pools)?.name.as_str(), nodes)
        }
        _ => match random.below(3) {
            0 => change.remove(Kind::Policy, policy?),
            1 => change.remove(Kind::Cluster, name?),
            _ => change.remove(Kind::Deployment, address(random.one_of(&specs.deployments)?)),
        },
    })
}
