//! The decisions of the rules (P, E, I, D), written to be checked by eye rather than to be fast.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::limits;
use super::world::{
    ATTRIBUTES, Axis, Cluster, Country, Deployment, Domain, FavouriteKind, Flavor, GEOGRAPHY, GpuNeed, Limited, Near,
    Opt, Policy, Pool, Pools, Preference, Resources, Running, Spread, Used, World,
};

/// What is decided about one deployment (D3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `placed`, `partial` or `refused`.
    pub verdict: &'static str,
    /// Sorted.
    pub candidates: Vec<Candidate>,
    /// In the order of their first replica.
    pub placements: Vec<Placement>,
    pub refusal: Option<Refusal>,
    pub scope: Scope,
    /// By level, then name.
    pub audit: Vec<Audit>,
}

/// A (cluster, pool, flavor) of D2; its order is that of the names by bytes (D5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    pub cluster: String,
    pub pool: String,
    pub kind: String,
    pub code: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    pub candidate: Candidate,
    pub replicas: u32,
    /// Micro-units per hour for all the replicas; `None` if unknown (I5).
    pub price: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub wanted: u32,
    pub fitting: u32,
    pub clusters: usize,
    /// In the order of D6.
    pub reasons: Vec<Reason>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: &'static str,
    /// Name and level, by level, then name.
    pub policies: Vec<(String, &'static str)>,
    pub removed_alone: usize,
    pub left_after: usize,
}

/// The state of each axis (P7): `unrestricted`, `restricted` or `conflict`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub location: &'static str,
    pub flavor: &'static str,
    pub provider: &'static str,
    pub capacity: &'static str,
    pub attribute: &'static str,
}

impl Scope {
    /// What is left of an axis.
    pub fn of(&self, axis: Axis) -> &'static str {
        match axis {
            Axis::Location => self.location,
            Axis::Flavor => self.flavor,
            Axis::Provider => self.provider,
            Axis::Capacity => self.capacity,
            Axis::Attribute => self.attribute,
        }
    }
}

/// What enforcing one audit attachment would change (P12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    pub policy: String,
    pub level: &'static str,
    pub loses: usize,
    pub gains: usize,
    pub verdict: &'static str,
}

/// What is free, by cluster and pool, in the order of the world's lists.
#[derive(Clone, Debug)]
pub struct Fleet {
    rooms: Vec<Vec<Room>>,
    /// What the running replicas of deployments not yet decided take (I4).
    held: Vec<Held>,
    /// What is held of each limit of the world (E4).
    spent: Vec<u64>,
}

/// Decides one deployment on the fleet as it stands; `partial` if some replicas are better than none (D3).
pub fn decide(world: &World, deployment: &Deployment, fleet: &Fleet, partial: bool) -> Verdict {
    settle(world, deployment, fleet, partial).0
}

/// The candidates of a deployment, which depend on nothing that runs.
pub fn candidates(world: &World, deployment: &Deployment) -> BTreeSet<Candidate> {
    Case::new(world, deployment, &Fleet::idle(world), None).candidates()
}

/// Decides all deployments in order of priority (higher first), workload type, workload and name, each taking its
/// capacity from those after it.
pub fn decide_all(world: &World, partial: bool) -> Vec<(String, Verdict)> {
    let mut order: Vec<&Deployment> = world.deployments.iter().collect();
    order.sort_by_key(|d| (Reverse(d.priority), &d.workload_type, &d.workload, &d.name));
    let mut fleet = Fleet::new(world);
    let mut verdicts = Vec::new();
    for deployment in order {
        let (verdict, after) = settle(world, deployment, &fleet, partial);
        fleet = after;
        verdicts.push((deployment.name.clone(), verdict));
    }
    verdicts
}

/// Whether a policy's exceptions leave something of the catalog (P9).
pub fn leaves_something(world: &World, policy: &Policy) -> bool {
    atoms(world, policy.axis).iter().any(|atom| allows(world, policy, atom))
}

/// Whether everything that runs has a (pool, flavor) to run on, and room there (I4).
pub fn running_fits(world: &World) -> bool {
    load(world).is_some()
}

/// The decision with its audit, and the fleet after it.
fn settle(world: &World, deployment: &Deployment, fleet: &Fleet, partial: bool) -> (Verdict, Fleet) {
    let decision = judge(world, deployment, fleet, partial, None);
    let mut audited = Vec::new();
    for (number, (level, attachments)) in levels(world, deployment).into_iter().enumerate() {
        let names: BTreeSet<&str> =
            attachments.iter().filter(|(_, enforced)| !enforced).map(|(name, _)| name.as_str()).collect();
        // P16: an audited one ends without a trace.
        for name in names.into_iter().filter(|name| !has_ended(world, deployment, level, name)) {
            // P6: out of scope is as if absent. P18: one that binds requests is nothing to decisions.
            if !in_scope(policy(world, name), deployment) || policy(world, name).callers.is_some() {
                continue;
            }
            let enforced = judge(world, deployment, fleet, partial, Some((number, name)));
            audited.push(Audit {
                policy: name.to_owned(),
                level,
                loses: decision.candidates.difference(&enforced.candidates).count(),
                gains: enforced.candidates.difference(&decision.candidates).count(),
                verdict: word(&enforced),
            });
        }
    }
    let verdict = Verdict {
        verdict: word(&decision),
        candidates: decision.candidates.into_iter().collect(),
        placements: decision.placements,
        refusal: decision.refusal,
        scope: decision.scope,
        audit: audited,
    };
    (verdict, decision.after)
}

fn word(decision: &Decision) -> &'static str {
    match (&decision.refusal, decision.placements.is_empty()) {
        (None, _) => "placed",
        (Some(_), false) => "partial",
        (Some(_), true) => "refused",
    }
}

// --- Policies -------------------------------------------------------------------------------------------------------

/// One indivisible option of an axis (P7, C6).
pub(super) enum Atom<'a> {
    /// A known location, or with `None` the rest of a country.
    Place { location: Option<&'a str>, country: &'static Country },
    /// A variant, or a family's hardware of which no more is known.
    Hardware(&'static Flavor),
    /// A provider, and the country whose law its owner answers to (P15).
    Provider { name: &'a str, law: Option<&'static str> },
    /// A way in which nodes are bought (P15).
    Capacity(&'a str),
    /// All the attributes that something bears (P15).
    Bears(BTreeSet<&'a str>),
}

/// How a pool's nodes are bought, where it says nothing (P15).
const ON_DEMAND: &str = "on-demand";

/// A provider as it is known: of one that a cluster brings no law is (P15).
fn run_by(name: &str) -> Atom<'_> {
    let law = GEOGRAPHY.providers.iter().find(|(known, _)| *known == name).and_then(|(_, law)| *law);
    Atom::Provider { name, law }
}

/// Everything there is on an axis (P7): the rest of each country and every known location (C7), or every flavor.
fn atoms(world: &World, axis: Axis) -> Vec<Atom<'_>> {
    match axis {
        Axis::Location => {
            let rests = GEOGRAPHY.countries.iter().map(|country| Atom::Place { location: None, country });
            let built_in = GEOGRAPHY.locations.iter().map(|(name, country)| (*name, *country));
            let own = world.locations.iter().map(|(name, country)| (name.as_str(), country.as_str()));
            let brought = world.clusters.iter().filter_map(|c| Some((c.location.as_deref()?, c.country.as_str())));
            let known = built_in
                .chain(own)
                .chain(brought)
                .map(|(name, country)| Atom::Place { location: Some(name), country: GEOGRAPHY.country(country) });
            rests.chain(known).collect()
        }
        Axis::Flavor => GEOGRAPHY.flavors.iter().map(Atom::Hardware).collect(),
        Axis::Provider => {
            let brought = world.clusters.iter().map(|cluster| cluster.provider.as_str());
            GEOGRAPHY.providers.iter().map(|(name, _)| *name).chain(brought).map(run_by).collect()
        }
        Axis::Capacity => [ON_DEMAND, "spot", "reserved"].map(Atom::Capacity).into(),
        // Every set of them can be borne, so two levels that ask for different ones leave something.
        Axis::Attribute => {
            let chosen = |number: usize| ATTRIBUTES.iter().enumerate().filter(move |(at, _)| number >> at & 1 == 1);
            (0..1 << ATTRIBUTES.len())
                .map(|number| Atom::Bears(chosen(number).map(|(_, name)| *name).collect()))
                .collect()
        }
    }
}

/// Whether a policy's option means the atom or a node over it (C1, C6).
pub(super) fn covers(world: &World, option: &Opt, atom: &Atom) -> bool {
    let name = option.name.as_str();
    match atom {
        Atom::Place { location, country } => match option.kind.as_str() {
            "continent" => country.continent == name,
            "country" => country.code == name,
            "location" => *location == Some(name),
            "group" => {
                country.groups.contains(&name)
                    || world
                        .groups
                        .iter()
                        .any(|(group, members)| group == name && members.iter().any(|m| m == country.code))
            }
            _ => false,
        },
        Atom::Hardware(flavor) => {
            flavor.kind == option.kind && (name == "any" || flavor.code == name || flavor.above.contains(&name))
        }
        Atom::Provider { name: provider, law } => match option.kind.as_str() {
            "provider" => *provider == name,
            "jurisdiction" => law.is_some_and(|law| is_law(world, name, law)),
            _ => false,
        },
        Atom::Capacity(capacity) => option.kind == "capacity" && *capacity == name,
        Atom::Bears(borne) => option.kind == "attribute" && name.split('+').all(|one| borne.contains(one)),
    }
}

/// Whether a country is that of a jurisdiction, or one of its group (P15).
fn is_law(world: &World, jurisdiction: &str, country: &str) -> bool {
    let own = world.groups.iter().find(|(group, _)| group == jurisdiction);
    country == jurisdiction
        || GEOGRAPHY.country(country).groups.contains(&jurisdiction)
        || own.is_some_and(|(_, members)| members.iter().any(|member| member == country))
}

/// C6, C7: an exception of hardware also takes out what is known only by a node above it, one of a region the
/// zones that hang under it.
fn takes_out(world: &World, option: &Opt, atom: &Atom) -> bool {
    covers(world, option, atom)
        || match atom {
            Atom::Place { location, .. } => {
                option.kind == "location" && location.is_some_and(|name| GEOGRAPHY.hangs_under(name, &option.name))
            }
            Atom::Hardware(flavor) => {
                option.name != "any"
                    && flavor.kind == option.kind
                    && GEOGRAPHY.flavor(&option.kind, &option.name).above.contains(&flavor.code)
            }
            // P15: one of no jurisdiction counts as of every one.
            Atom::Provider { law, .. } => option.kind == "jurisdiction" && law.is_none(),
            Atom::Capacity(_) | Atom::Bears(_) => false,
        }
}

/// P1, P2: a policy allows its options without its exceptions.
pub(super) fn allows(world: &World, policy: &Policy, atom: &Atom) -> bool {
    policy.options.iter().any(|option| covers(world, option, atom))
        && !policy.except.iter().any(|option| takes_out(world, option, atom))
}

pub(super) fn policy<'a>(world: &'a World, name: &str) -> &'a Policy {
    world.policies.iter().find(|policy| policy.name == name).expect("an attached policy exists")
}

/// P1: without targets a policy applies to every type.
pub(super) fn in_scope(policy: &Policy, deployment: &Deployment) -> bool {
    policy.targets.as_ref().is_none_or(|targets| targets.contains(&deployment.workload_type))
}

const WORKSPACE: usize = 0;
const ENVIRONMENT: usize = 1;
const DEPLOYMENT: usize = 2;

/// The name of the environment that governs a deployment (E2).
fn governor(deployment: &Deployment) -> &str {
    deployment.environment.as_deref().unwrap_or("production")
}

/// The attachments of the three levels (P5).
pub(super) fn levels<'a>(world: &'a World, deployment: &'a Deployment) -> [(&'static str, &'a [(String, bool)]); 3] {
    let environment = world.environments.iter().find(|environment| environment.name == governor(deployment));
    let attachments = environment.map_or(&[][..], |environment| &environment.level.attachments);
    [("workspace", &world.workspace.attachments), ("environment", attachments), ("deployment", &deployment.attachments)]
}

/// P16: whether what one level says of a policy has ended, from the stated moment on.
pub(super) fn has_ended(world: &World, deployment: &Deployment, level: &str, policy: &str) -> bool {
    let owner = match level {
        "workspace" => "workspace".to_owned(),
        "environment" => format!("environment {}", governor(deployment)),
        _ => format!("deployment {}", deployment.name),
    };
    let ends = world.ends.iter().find(|(whose, of, _)| *whose == owner && of == policy);
    ends.is_some_and(|(.., until)| world.at.is_none_or(|at| at >= *until))
}

/// The policies of one level that are in force: enforced and in scope (P6, P12), sorted by name. Those that have ended
/// are among them, and allow nothing (P16).
pub(super) struct InForce<'a> {
    level: &'static str,
    policies: Vec<&'a Policy>,
    ended: BTreeSet<&'a str>,
}

/// The policies in force at each level, `also` (a level and a policy) counting as enforced.
pub(super) fn in_force<'a>(
    world: &'a World,
    deployment: &'a Deployment,
    also: Option<(usize, &str)>,
) -> Vec<InForce<'a>> {
    let mut all = Vec::new();
    for (number, (level, attachments)) in levels(world, deployment).into_iter().enumerate() {
        let names: BTreeSet<&str> = attachments
            .iter()
            .filter(|(name, enforced)| *enforced || also == Some((number, name.as_str())))
            .map(|(name, _)| name.as_str())
            .collect();
        let policies = names.into_iter().map(|name| policy(world, name));
        // P18: a policy that states callers binds requests, and does not count for `require`.
        let policies: Vec<&Policy> =
            policies.filter(|policy| in_scope(policy, deployment) && policy.callers.is_none()).collect();
        let names = policies.iter().map(|policy| policy.name.as_str());
        let ended = names.filter(|name| has_ended(world, deployment, level, name)).collect();
        all.push(InForce { level, policies, ended });
    }
    all
}

impl InForce<'_> {
    fn restricts(&self, axis: Axis) -> bool {
        self.policies.iter().any(|policy| policy.axis == axis)
    }

    /// P3, P6: the union of the level's policies of the axis; without any, everything.
    fn admits(&self, world: &World, axis: Axis, atom: &Atom) -> bool {
        let admits = |policy: &&Policy| {
            policy.axis == axis && !self.ended.contains(policy.name.as_str()) && allows(world, policy, atom)
        };
        !self.restricts(axis) || self.policies.iter().any(admits)
    }

    fn names(&self, axis: Axis) -> Vec<(String, &'static str)> {
        let of_axis = self.policies.iter().filter(|policy| policy.axis == axis);
        of_axis.map(|policy| (policy.name.clone(), self.level)).collect()
    }
}

/// P5: an atom is allowed if every level admits it.
pub(super) fn allowed(world: &World, in_force: &[InForce], axis: Axis, atom: &Atom) -> bool {
    in_force.iter().all(|level| level.admits(world, axis, atom))
}

/// P7.
pub(super) fn state(world: &World, in_force: &[InForce], axis: Axis) -> &'static str {
    if !in_force.iter().any(|level| level.restricts(axis)) {
        "unrestricted"
    } else if atoms(world, axis).iter().any(|atom| allowed(world, in_force, axis, atom)) {
        "restricted"
    } else {
        "conflict"
    }
}

/// P13: every required axis has a policy in force at the level that requires it or above.
pub(super) fn requirements_hold(world: &World, deployment: &Deployment, in_force: &[InForce]) -> bool {
    let environment = world.environments.iter().find(|environment| environment.name == governor(deployment));
    let by_workspace = world.workspace.require.iter().map(|axis| (WORKSPACE, *axis));
    let by_environment =
        environment.iter().flat_map(|environment| &environment.level.require).map(|axis| (ENVIRONMENT, *axis));
    by_workspace.chain(by_environment).all(|(level, axis)| in_force[..=level].iter().any(|l| l.restricts(axis)))
}

// --- Demand and capacity --------------------------------------------------------------------------------------------

/// What one replica takes from a node (D1).
pub(super) struct Request {
    pub(super) cpu_milli: u64,
    pub(super) memory: u64,
    storage: u64,
    bandwidth: u64,
    /// Whole GPUs, unless a share is asked for.
    gpus: usize,
    /// Thousandths of one GPU.
    share: Option<u64>,
}

/// The request under one alternative of the demand. Without `resources`: nothing, but one whole GPU if on a gpu flavor.
fn request(resources: Option<&Resources>, need: Option<&GpuNeed>, kind: &str) -> Request {
    match resources {
        None => {
            let gpus = if kind == "gpu" { 1 } else { 0 };
            Request { cpu_milli: 0, memory: 0, storage: 0, bandwidth: 0, gpus, share: None }
        }
        Some(resources) => Request {
            cpu_milli: resources.cpu_milli,
            memory: resources.memory,
            storage: resources.storage.unwrap_or(0),
            bandwidth: resources.bandwidth.unwrap_or(0),
            gpus: need.map_or(0, |need| need.count as usize),
            // A share of 1 is one whole GPU.
            share: need.and_then(|need| need.share_milli).filter(|share| *share < 1000).map(u64::from),
        },
    }
}

impl Request {
    pub(super) fn gpu_milli(&self) -> u64 {
        self.share.unwrap_or(1000 * self.gpus as u64)
    }
}

/// What is free on a node; a resource that the pool leaves unstated limits nothing (I1).
#[derive(Clone, Debug)]
struct Node {
    cpu_milli: u64,
    memory: u64,
    storage: Option<u64>,
    bandwidth: Option<u64>,
    /// Free thousandths of each GPU.
    gpus: Vec<u64>,
    /// How many more replicas may run on it.
    replicas: Option<u64>,
}

/// What a replica took from a node.
#[derive(Clone, Debug)]
struct Taken {
    cpu_milli: u64,
    memory: u64,
    storage: u64,
    bandwidth: u64,
    /// Thousandths of each GPU.
    gpus: Vec<u64>,
}

/// What a replica that runs has taken: whose it is, and where.
#[derive(Clone, Debug)]
struct Held {
    /// `workload/name`.
    deployment: String,
    cluster: usize,
    pool: usize,
    node: usize,
    /// `None` where nothing is counted.
    taken: Option<Taken>,
    /// What it holds of each limit of the world.
    of_limits: Vec<u64>,
}

/// What is left of a node, in the order in which D5 compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    Node { gpu_milli: u64, cpu_milli: u64, memory: u64 },
    Unlimited,
}

impl Node {
    fn empty(pool: &Pool) -> Self {
        Node {
            cpu_milli: pool.cpu_milli,
            memory: pool.memory,
            storage: pool.storage,
            bandwidth: pool.bandwidth,
            gpus: vec![1000; pool.gpu.as_ref().map_or(0, |(_, count)| *count as usize)],
            replicas: pool.replicas,
        }
    }

    /// Takes as much of what is used as there is on the node.
    fn fill(&mut self, used: &mut Used) {
        fill(&mut self.cpu_milli, &mut used.cpu_milli);
        fill(&mut self.memory, &mut used.memory);
        self.storage.iter_mut().for_each(|free| fill(free, &mut used.storage));
        self.bandwidth.iter_mut().for_each(|free| fill(free, &mut used.bandwidth));
        self.gpus.iter_mut().for_each(|free| fill(free, &mut used.gpu_milli));
    }

    fn holds(&self, request: &Request) -> bool {
        request.cpu_milli <= self.cpu_milli
            && request.memory <= self.memory
            && self.storage.is_none_or(|free| request.storage <= free)
            && self.bandwidth.is_none_or(|free| request.bandwidth <= free)
            && self.replicas.is_none_or(|more| more >= 1)
            && match request.share {
                Some(share) => self.gpus.iter().any(|free| share <= *free),
                None => request.gpus <= self.gpus.iter().filter(|free| **free == 1000).count(),
            }
    }

    /// Takes a replica's part, which is returned.
    fn take(&mut self, request: &Request) -> Taken {
        let before = self.gpus.clone();
        self.cpu_milli -= request.cpu_milli;
        self.memory -= request.memory;
        self.storage = self.storage.map(|free| free - request.storage);
        self.bandwidth = self.bandwidth.map(|free| free - request.bandwidth);
        self.replicas = self.replicas.map(|more| more - 1);
        match request.share {
            // D5: a share takes the fullest GPU with room.
            Some(share) => {
                let fullest = self.gpus.iter_mut().filter(|free| share <= **free).min_by_key(|free| **free);
                *fullest.expect("a GPU with room") -= share;
            }
            None => self.gpus.iter_mut().filter(|free| **free == 1000).take(request.gpus).for_each(|free| *free = 0),
        }
        Taken {
            cpu_milli: request.cpu_milli,
            memory: request.memory,
            storage: request.storage,
            bandwidth: request.bandwidth,
            gpus: before.iter().zip(&self.gpus).map(|(before, after)| before - after).collect(),
        }
    }

    fn give_back(&mut self, taken: &Taken) {
        self.cpu_milli += taken.cpu_milli;
        self.memory += taken.memory;
        self.storage = self.storage.map(|free| free + taken.storage);
        self.bandwidth = self.bandwidth.map(|free| free + taken.bandwidth);
        self.replicas = self.replicas.map(|more| more + 1);
        self.gpus.iter_mut().zip(&taken.gpus).for_each(|(free, taken)| *free += taken);
    }

    fn left_after(&self, request: &Request) -> Left {
        Left::Node {
            gpu_milli: self.gpus.iter().sum::<u64>() - request.gpu_milli(),
            cpu_milli: self.cpu_milli - request.cpu_milli,
            memory: self.memory - request.memory,
        }
    }
}

/// The free capacity of a pool.
#[derive(Clone, Debug)]
enum Room {
    /// The short form: whatever is asked for fits (I1).
    Shapeless,
    /// Any number of nodes, each as empty as this one.
    Unlimited(Node),
    Nodes(Vec<Node>),
}

impl Room {
    fn new(pool: &Pool) -> Self {
        let Some(nodes) = pool.nodes else { return Room::Unlimited(Node::empty(pool)) };
        let mut nodes: Vec<Node> = (0..nodes).map(|_| Node::empty(pool)).collect();
        // I1: `used` fills nodes from the first on, each resource by itself.
        let mut used = pool.used.clone();
        for node in &mut nodes {
            node.fill(&mut used);
        }
        // I1: or what is in use is listed node by node.
        for (node, (used, replicas)) in nodes.iter_mut().zip(&pool.used_per_node) {
            node.fill(&mut used.clone());
            node.replicas = node.replicas.map(|more| more - replicas);
        }
        Room::Nodes(nodes)
    }

    /// Room for one replica (D6).
    fn holds(&self, request: &Request) -> bool {
        match self {
            Room::Shapeless => true,
            Room::Unlimited(node) => node.holds(request),
            Room::Nodes(nodes) => nodes.iter().any(|node| node.holds(request)),
        }
    }

    /// The node that a replica would take, with what it leaves there: the least, then the lowest number (D5).
    fn best(&self, request: &Request) -> Option<(Left, usize)> {
        match self {
            Room::Nodes(nodes) => (0..nodes.len())
                .filter(|number| nodes[*number].holds(request))
                .map(|number| (nodes[number].left_after(request), number))
                .min(),
            endless => endless.holds(request).then_some((Left::Unlimited, 0)),
        }
    }

    fn take(&mut self, request: &Request, number: usize) -> Option<Taken> {
        match self {
            Room::Nodes(nodes) => Some(nodes[number].take(request)),
            Room::Shapeless | Room::Unlimited(_) => None,
        }
    }
}

fn fill(free: &mut u64, used: &mut u64) {
    let taken = (*free).min(*used);
    *free -= taken;
    *used -= taken;
}

impl Fleet {
    /// The fleet as the world's clusters state it, with what runs.
    pub fn new(world: &World) -> Self {
        load(world).expect("what runs has room")
    }

    /// The fleet as the world's clusters state it, as if nothing ran.
    fn idle(world: &World) -> Self {
        let rooms = |cluster: &Cluster| match &cluster.pools {
            Pools::Short(flavors) => flavors.iter().map(|_| Room::Shapeless).collect(),
            Pools::Full(pools) => pools.iter().map(Room::new).collect(),
        };
        Fleet {
            rooms: world.clusters.iter().map(rooms).collect(),
            held: Vec::new(),
            spent: vec![0; world.limits.len()],
        }
    }

    /// The fleet without what a deployment's own running replicas take (I4).
    fn without(&self, deployment: &Deployment) -> Fleet {
        let mut fleet = self.clone();
        let own;
        (own, fleet.held) = fleet.held.into_iter().partition(|held| held.deployment == address(deployment));
        for held in own {
            if let (Room::Nodes(nodes), Some(taken)) = (&mut fleet.rooms[held.cluster][held.pool], &held.taken) {
                nodes[held.node].give_back(taken);
            }
            fleet.spent.iter_mut().zip(&held.of_limits).for_each(|(spent, own)| *spent -= own);
        }
        fleet
    }
}

/// How documents name a deployment (L1).
fn address(deployment: &Deployment) -> String {
    format!("{}/{}", deployment.workload, deployment.name)
}

/// The fleet with what runs, in the order of the documents' names (I4); `None` if something has no room.
fn load(world: &World) -> Option<Fleet> {
    let mut fleet = Fleet::idle(world);
    let pairs = pairs(world);
    let mut documents: Vec<&Running> = world.running.iter().collect();
    documents.sort_by_key(|running| &running.name);
    for running in documents {
        let deployment = world.deployments.iter().find(|deployment| address(deployment) == running.deployment)?;
        let pair = &pairs[runs_as(world, &pairs, deployment, running)?];
        let governor = governor(deployment);
        let resources = deployment.resources.as_ref();
        // What it takes is what it demanded there: the first alternative that the place meets and its node holds, if
        // any; else the first that it meets.
        let alternatives = alternatives(deployment);
        let meets = |need: &&Option<&GpuNeed>| pair.is_demanded(resources, **need);
        let holds = |need: &&Option<&GpuNeed>| {
            let request = request(resources, **need, pair.flavor.kind);
            pair.shape.is_none_or(|pool| Node::empty(pool).holds(&request))
        };
        let met = alternatives.iter().find(|need| meets(need) && holds(need));
        let met = met.or_else(|| alternatives.iter().find(meets)).unwrap_or(&alternatives[0]);
        let request = request(resources, *met, pair.flavor.kind);
        for _ in 0..running.replicas {
            let room = &mut fleet.rooms[pair.cluster][pair.pool];
            let (_, node) = room.best(&request)?;
            let taken = room.take(&request, node);
            let (deployment, cluster, pool) = (running.deployment.clone(), pair.cluster, pair.pool);
            let of_limits = of_limits(world, governor, pair, &request);
            fleet.spent.iter_mut().zip(&of_limits).for_each(|(spent, own)| *spent += own);
            fleet.held.push(Held { deployment, cluster, pool, node, taken, of_limits });
        }
    }
    Some(fleet)
}

/// What a replica of a deployment of this environment holds of each limit of the world (E4).
fn of_limits(world: &World, governor: &str, pair: &Pair, request: &Request) -> Vec<u64> {
    let mut all = vec![0; world.limits.len()];
    for (number, limit) in limits::in_force(world, governor) {
        all[number] = limits::of_replica(limit, pair, request);
    }
    all
}

/// The number of the (pool, flavor) that running replicas use: the gpu flavor if a GPU is demanded; else the cpu flavor
/// if there is one, else the gpu flavor. Where any flavor will do, one that the policies allow comes before others.
fn runs_as(world: &World, pairs: &[Pair], deployment: &Deployment, running: &Running) -> Option<usize> {
    let of_kind = |kind: &str| {
        pairs.iter().position(|pair| {
            (&pair.name.cluster, &pair.name.pool) == (&running.cluster, &running.pool) && pair.flavor.kind == kind
        })
    };
    if demands_gpu(alternatives(deployment)[0]) {
        return of_kind("gpu");
    }
    let (cpu, gpu) = (of_kind("cpu"), of_kind("gpu"));
    let in_force = in_force(world, deployment, None);
    let may = |pair: &Pair| Axis::ALL.into_iter().all(|axis| allowed(world, &in_force, axis, pair.on(axis)));
    match (cpu, gpu) {
        (Some(cpu), Some(gpu)) if deployment.resources.is_none() && may(&pairs[gpu]) && !may(&pairs[cpu]) => Some(gpu),
        _ => cpu.or(gpu),
    }
}

/// The alternatives of the GPU demand; a single `None` if there is no GPU demand (D1).
fn alternatives(deployment: &Deployment) -> Vec<Option<&GpuNeed>> {
    let gpu = deployment.resources.as_ref().and_then(|resources| resources.gpu.as_ref());
    gpu.map_or(vec![None], |gpu| gpu.alternatives.iter().map(Some).collect())
}

fn demands_gpu(need: Option<&GpuNeed>) -> bool {
    need.is_some_and(|need| need.count > 0)
}

/// A (pool, flavor) of a cluster, which the constraints judge (D6).
pub(super) struct Pair<'a> {
    cluster: usize,
    pool: usize,
    pub(super) name: Candidate,
    data: &'a Cluster,
    place: Atom<'a>,
    pub(super) flavor: &'static Flavor,
    hardware: Atom<'a>,
    run_by: Atom<'a>,
    capacity: Atom<'a>,
    bears: Atom<'a>,
    /// `None` in the short form.
    pub(super) shape: Option<&'a Pool>,
}

/// How a pool's nodes are bought (P15).
fn bought(pool: Option<&Pool>) -> &str {
    pool.map(|pool| pool.capacity.as_str()).filter(|capacity| !capacity.is_empty()).unwrap_or(ON_DEMAND)
}

/// P15: a pool bears its cluster's attributes and its own.
fn borne<'a>(cluster: &'a Cluster, pool: Option<&'a Pool>) -> BTreeSet<&'a str> {
    let own = pool.into_iter().flat_map(|pool| &pool.attributes);
    cluster.attributes.iter().chain(own).map(String::as_str).collect()
}

/// Every (pool, flavor) of every cluster; a pool of both kinds gives two (D1).
pub(super) fn pairs(world: &World) -> Vec<Pair<'_>> {
    let mut all = Vec::new();
    for (number, data) in world.clusters.iter().enumerate() {
        let mut push = |pool: usize, pool_name: String, kind: &str, code: &str, shape| {
            let flavor = GEOGRAPHY.flavor(kind, code);
            all.push(Pair {
                cluster: number,
                pool,
                name: Candidate { cluster: data.name.clone(), pool: pool_name, kind: kind.into(), code: code.into() },
                data,
                place: Atom::Place { location: data.location.as_deref(), country: GEOGRAPHY.country(&data.country) },
                flavor,
                hardware: Atom::Hardware(flavor),
                run_by: run_by(&data.provider),
                capacity: Atom::Capacity(bought(shape)),
                bears: Atom::Bears(borne(data, shape)),
                shape,
            });
        };
        match &data.pools {
            Pools::Short(flavors) => {
                for (pool, (kind, code)) in flavors.iter().enumerate() {
                    push(pool, format!("{kind}-{code}"), kind, code, None);
                }
            }
            Pools::Full(pools) => {
                for (pool, shape) in pools.iter().enumerate() {
                    if let Some(code) = &shape.cpu_flavor {
                        push(pool, shape.name.clone(), "cpu", code, Some(shape));
                    }
                    if let Some((code, _)) = &shape.gpu {
                        push(pool, shape.name.clone(), "gpu", code, Some(shape));
                    }
                }
            }
        }
    }
    all
}

/// I7: a slice's memory is its fraction of the device's, or its profile's GiB.
pub(super) fn slice_memory(slice: &str, device: Option<u64>) -> Option<u64> {
    match slice.split_once('/') {
        Some((parts, of)) => Some(device? * parts.parse::<u64>().expect("a number") / of.parse::<u64>().expect("one")),
        None => {
            let size = slice.split_once("g.").expect("a profile").1.trim_end_matches("gb");
            Some(size.parse::<u64>().expect("a number") << 30)
        }
    }
}

impl<'a> Pair<'a> {
    /// Where it stands on an axis.
    pub(super) fn on(&self, axis: Axis) -> &Atom<'a> {
        match axis {
            Axis::Location => &self.place,
            Axis::Flavor => &self.hardware,
            Axis::Provider => &self.run_by,
            Axis::Capacity => &self.capacity,
            Axis::Attribute => &self.bears,
        }
    }

    /// The cpu flavor of the host; a pool of the short form serves its own kind only.
    fn host_cpu(&self) -> Option<&str> {
        match self.shape {
            Some(pool) => pool.cpu_flavor.as_deref(),
            None => (self.flavor.kind == "cpu").then_some(self.flavor.code),
        }
    }

    fn has_gpus(&self) -> bool {
        match self.shape {
            Some(pool) => pool.gpu.is_some(),
            None => self.flavor.kind == "gpu",
        }
    }

    /// The kind, GPU type, GPU memory and cpu type that are demanded (D1, `no-such-flavor` of D6).
    fn is_demanded(&self, resources: Option<&Resources>, need: Option<&GpuNeed>) -> bool {
        let flavor = self.flavor;
        let slice = self.shape.and_then(|pool| pool.slice.as_deref()).filter(|_| flavor.kind == "gpu");
        // I7: a demand without resources is not served by slices.
        let Some(resources) = resources else { return slice.is_none() };
        let memory = match slice {
            None => flavor.memory,
            Some(slice) => slice_memory(slice, flavor.memory),
        };
        // I7: only a demand that asks for slices is served by one.
        let right = |need: &GpuNeed| match (need.slice.as_deref(), slice) {
            (None, None) => true,
            (Some(wanted), Some(slice)) => wanted == "any" || wanted == slice,
            _ => false,
        };
        let gpu = match need.filter(|need| need.count > 0) {
            None => flavor.kind == "cpu",
            Some(need) => {
                flavor.kind == "gpu"
                    && (need.types.is_empty()
                        || need.types.iter().any(|typ| typ == flavor.code || flavor.above.contains(&typ.as_str())))
                    && right(need)
                    && need.memory.is_none_or(|wanted| memory.is_some_and(|memory| wanted <= memory))
            }
        };
        gpu && resources.cpu_type.as_deref().is_none_or(|wanted| self.host_cpu() == Some(wanted))
    }

    /// Whether an empty node holds a replica.
    pub(super) fn fits(&self, request: &Request) -> bool {
        self.shape.is_none_or(|pool| Node::empty(pool).holds(request))
    }

    /// I5: the price of a replica.
    pub(super) fn price(&self, request: &Request) -> Option<u64> {
        let pool = self.shape?;
        pool.nodes?;
        let price = pool.price_micro?;
        let shares = [
            (request.cpu_milli, pool.cpu_milli),
            (request.memory, pool.memory),
            (request.storage, pool.storage.unwrap_or(0)),
            (request.bandwidth, pool.bandwidth.unwrap_or(0)),
            (request.gpu_milli(), 1000 * pool.gpu.as_ref().map_or(0, |(_, count)| u64::from(*count))),
        ];
        let part =
            |(wanted, whole): (u64, u64)| (u128::from(price) * u128::from(wanted)).div_ceil(u128::from(whole)) as u64;
        shares.into_iter().filter(|(_, whole)| *whole > 0).map(part).max()
    }
}

// --- Preferences ----------------------------------------------------------------------------------------------------

/// A part of a candidate's rank (D5). Ranks within a decision have the same parts in the same order; smaller is better.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Replicas already placed in the candidate's domain.
    Placed(u32),
    Favour(Reverse<u32>),
    /// 0 in the country, 1 on its continent, 2 elsewhere.
    Abroad(u32),
    Kilometres(OrLast),
    NotCurrent(bool),
    NeedlessGpus(bool),
    Price(OrLast),
    Left(Left),
    Name(Candidate),
}

/// A number; one that is unknown comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum OrLast {
    Known(u64),
    Unknown,
}

impl From<Option<u64>> for OrLast {
    fn from(number: Option<u64>) -> Self {
        number.map_or(OrLast::Unknown, OrLast::Known)
    }
}

impl Preference {
    /// The rank's part for a candidate, a replica of which has this price and leaves this much on its node.
    fn part(&self, cluster: &Cluster, price: Option<u64>, left: Left) -> Part {
        match self {
            Preference::Price => Part::Price(price.into()),
            Preference::Packing => Part::Left(left),
            Preference::Near(Near::Country(country)) => {
                let continent = |code: &str| GEOGRAPHY.country(code).continent;
                Part::Abroad(if cluster.country == *country {
                    0
                } else if continent(&cluster.country) == continent(country) {
                    1
                } else {
                    2
                })
            }
            Preference::Near(Near::Coordinates { lat, lon }) => {
                Part::Kilometres(cluster.coordinates.map(|there| whole_kilometres((*lat, *lon), there)).into())
            }
            Preference::Favourites(entries) => {
                let matches = |(kind, name, _): &&(FavouriteKind, String, u32)| match kind {
                    FavouriteKind::Cluster => cluster.name == *name,
                    FavouriteKind::Location => cluster.location.as_ref() == Some(name),
                    FavouriteKind::Provider => cluster.provider == *name,
                };
                let weights = entries.iter().filter(matches).map(|(_, _, weight)| *weight);
                Part::Favour(Reverse(weights.max().unwrap_or(0)))
            }
        }
    }
}

/// The distance of two places along the great circle, rounded to the nearest kilometre.
pub fn whole_kilometres(here: (i32, i32), there: (i32, i32)) -> u64 {
    format!("{:.0}", kilometres(here, there)).parse().expect("a whole number")
}

/// The haversine formula on a sphere of the earth's mean radius; places are latitude and longitude in millionths of a
/// degree.
pub fn kilometres(here: (i32, i32), there: (i32, i32)) -> f64 {
    let radians = |micro_degrees: i32| (f64::from(micro_degrees) / 1e6).to_radians();
    let (north, south) = (radians(here.0), radians(there.0));
    let half_north = (north - south) / 2.0;
    let half_east = (radians(here.1) - radians(there.1)) / 2.0;
    let haversine = half_north.sin().powi(2) + north.cos() * south.cos() * half_east.sin().powi(2);
    2.0 * 6371.0088 * haversine.sqrt().min(1.0).asin()
}

/// The domain of a spread that a cluster belongs to; a cluster without location, to the rest of its country.
fn domain(cluster: &Cluster, spread: Spread) -> Option<String> {
    let location = cluster.location.as_ref().unwrap_or(&cluster.country);
    Some(match spread.by {
        Domain::Cluster => cluster.name.clone(),
        Domain::Location => location.clone(),
        // A zone is (location, zone); what has none is in no zone, and for a preference beside the others that have none.
        Domain::Zone if spread.max_skew.is_none() => format!("{location} {}", cluster.zone.as_deref().unwrap_or("")),
        Domain::Zone => format!("{location} {}", cluster.zone.as_ref()?),
        Domain::Country => cluster.country.clone(),
        Domain::Continent => GEOGRAPHY.country(&cluster.country).continent.to_owned(),
        Domain::Provider => cluster.provider.clone(),
    })
}

/// The replicas placed so far in each domain that has a candidate.
type Counts = BTreeMap<String, u32>;

/// Whether one more replica in a domain keeps the skew: afterwards its count is at most so much over the least count of
/// the domains that have a candidate.
fn keeps_skew(counts: &Counts, domain: &str, max_skew: u32) -> bool {
    let after = counts.get(domain).copied().unwrap_or(0) + 1;
    let least = counts.iter().map(|(other, count)| if other == domain { after } else { *count }).min();
    after - least.unwrap_or(0).min(after) <= max_skew
}

// --- Decisions ------------------------------------------------------------------------------------------------------

/// The constraints in the order of D6.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Constraint {
    PolicyUnresolved,
    PolicyRequired,
    PolicyConflict,
    Unhealthy,
    Cordoned,
    Stale,
    LocationNotAllowed,
    FlavorNotAllowed,
    ProviderNotAllowed,
    CapacityNotAllowed,
    AttributeNotAllowed,
    NoSuchFlavor,
    DoesNotFitNode,
    TooExpensive,
    InsufficientCapacity,
    OverLimit,
    TogetherImpossible,
    SpreadImpossible,
}

const CONSTRAINTS: [Constraint; 18] = [
    Constraint::PolicyUnresolved,
    Constraint::PolicyRequired,
    Constraint::PolicyConflict,
    Constraint::Unhealthy,
    Constraint::Cordoned,
    Constraint::Stale,
    Constraint::LocationNotAllowed,
    Constraint::FlavorNotAllowed,
    Constraint::ProviderNotAllowed,
    Constraint::CapacityNotAllowed,
    Constraint::AttributeNotAllowed,
    Constraint::NoSuchFlavor,
    Constraint::DoesNotFitNode,
    Constraint::TooExpensive,
    Constraint::InsufficientCapacity,
    Constraint::OverLimit,
    Constraint::TogetherImpossible,
    Constraint::SpreadImpossible,
];

impl Constraint {
    fn code(self) -> &'static str {
        match self {
            Constraint::PolicyUnresolved => "policy-unresolved",
            Constraint::PolicyRequired => "policy-required",
            Constraint::PolicyConflict => "policy-conflict",
            Constraint::Unhealthy => "unhealthy",
            Constraint::Cordoned => "cordoned",
            Constraint::Stale => "stale",
            Constraint::LocationNotAllowed => "location-not-allowed",
            Constraint::FlavorNotAllowed => "flavor-not-allowed",
            Constraint::ProviderNotAllowed => "provider-not-allowed",
            Constraint::CapacityNotAllowed => "capacity-not-allowed",
            Constraint::AttributeNotAllowed => "attribute-not-allowed",
            Constraint::NoSuchFlavor => "no-such-flavor",
            Constraint::DoesNotFitNode => "does-not-fit-node",
            Constraint::TooExpensive => "too-expensive",
            Constraint::InsufficientCapacity => "insufficient-capacity",
            Constraint::OverLimit => "over-limit",
            Constraint::TogetherImpossible => "together-impossible",
            Constraint::SpreadImpossible => "spread-impossible",
        }
    }

    /// The first three fail everything, whatever the fleet.
    fn is_general(self) -> bool {
        matches!(self, Constraint::PolicyUnresolved | Constraint::PolicyRequired | Constraint::PolicyConflict)
    }

    /// This constraint and all before it.
    fn and_before(self) -> &'static [Constraint] {
        &CONSTRAINTS[..=self as usize]
    }
}

/// A decision without its audit.
struct Decision {
    candidates: BTreeSet<Candidate>,
    placements: Vec<Placement>,
    refusal: Option<Refusal>,
    scope: Scope,
    after: Fleet,
}

/// Every bound that is stated.
const ALL: Bounds = Bounds { spread: true, together: true, limits: true };

/// One deployment before the fleet, with the policies in force.
struct Case<'a> {
    world: &'a World,
    deployment: &'a Deployment,
    /// As it stands.
    fleet: &'a Fleet,
    /// Without what the deployment itself runs; the decision is made on this one (I4).
    freed: Fleet,
    in_force: Vec<InForce<'a>>,
    required: bool,
    scope: Scope,
    pairs: Vec<Pair<'a>>,
    /// How many replicas of the deployment run on each of the pairs now.
    running: Vec<u32>,
    alternatives: Vec<Option<&'a GpuNeed>>,
    /// Zero replicas are decided as for one (D1).
    wanted: u32,
    /// The replicas in each domain where the allotment stopped.
    stopped: Counts,
    /// The one domain of those that were to stand together.
    chosen: Option<String>,
    /// Whether it is why fewer fit that they are to stand together: what is no reason takes nothing away.
    apart: bool,
    /// The fleet where the allotment stopped because of the spread.
    full: Option<Fleet>,
}

/// Replicas as they were allotted under one alternative.
struct Allotment {
    placements: Vec<Placement>,
    counts: Counts,
    /// The one domain, where they are to stand together.
    chosen: Option<String>,
    after: Fleet,
}

/// What of the bounds of all replicas is asked for.
#[derive(Clone, Copy)]
struct Bounds {
    spread: bool,
    together: bool,
    limits: bool,
}

impl Allotment {
    fn fitting(&self) -> u32 {
        self.placements.iter().map(|placement| placement.replicas).sum()
    }
}

fn judge(
    world: &World,
    deployment: &Deployment,
    fleet: &Fleet,
    partial: bool,
    also: Option<(usize, &str)>,
) -> Decision {
    Case::new(world, deployment, fleet, also).decide(partial)
}

/// I8: whether a cluster was observed too long before the decision's moment.
fn is_stale(world: &World, cluster: &Cluster) -> bool {
    let (Some(most), Some(observed)) = (world.max_age, cluster.observed_at) else { return false };
    world.at.is_none_or(|at| at > observed && at - observed > most)
}

impl<'a> Case<'a> {
    fn new(world: &'a World, deployment: &'a Deployment, fleet: &'a Fleet, also: Option<(usize, &str)>) -> Self {
        let in_force = in_force(world, deployment, also);
        let pairs = pairs(world);
        let mut running = vec![0; pairs.len()];
        for document in world.running.iter().filter(|running| running.deployment == address(deployment)) {
            running[runs_as(world, &pairs, deployment, document).expect("a place to run")] += document.replicas;
        }
        Case {
            world,
            deployment,
            fleet,
            freed: fleet.without(deployment),
            required: requirements_hold(world, deployment, &in_force),
            scope: Scope {
                location: state(world, &in_force, Axis::Location),
                flavor: state(world, &in_force, Axis::Flavor),
                provider: state(world, &in_force, Axis::Provider),
                capacity: state(world, &in_force, Axis::Capacity),
                attribute: state(world, &in_force, Axis::Attribute),
            },
            in_force,
            pairs,
            running,
            alternatives: alternatives(deployment),
            wanted: deployment.replicas.max(1),
            stopped: Counts::new(),
            chosen: None,
            apart: false,
            full: None,
        }
    }
}

impl Case<'_> {
    /// D2, D6: a candidate passes all up to its price under one single alternative.
    fn candidates(&self) -> BTreeSet<Candidate> {
        let up_to_price = Constraint::TooExpensive.and_before();
        self.pairs.iter().filter(|pair| self.pair_passes_all(up_to_price, pair)).map(|p| p.name.clone()).collect()
    }

    fn decide(mut self, partial: bool) -> Decision {
        let candidates = self.candidates();
        let mut most: Option<Allotment> = None;
        for need in &self.alternatives {
            let mut allotment = self.allot(*need, ALL);
            // D1: the first alternative under which all replicas fit is taken for all of them.
            if allotment.fitting() == self.wanted {
                // D1: of zero replicas the place is shown, and nothing is reserved.
                if self.deployment.replicas == 0 {
                    let shown = &mut allotment.placements[0];
                    shown.replicas = 0;
                    shown.price = shown.price.map(|_| 0);
                    allotment.after = self.freed;
                }
                let Allotment { placements, after, .. } = allotment;
                return Decision { candidates, placements, refusal: None, scope: self.scope, after };
            }
            if most.as_ref().is_none_or(|most| most.fitting() < allotment.fitting()) {
                most = Some(allotment);
            }
        }
        let most = most.expect("an alternative");
        let fitting = most.fitting();
        let without = |bounds: Bounds| {
            self.alternatives.iter().map(|need| self.allot(*need, bounds).fitting()).max().expect("an alternative")
        };
        let is_limited = limits::in_force(self.world, governor(self.deployment)).next().is_some();
        let stated = [self.max_skew().is_some(), self.deployment.placement.together.is_some(), is_limited];
        let free = without(Bounds { spread: false, together: false, limits: false });
        // Those without which more would fit; if none is by itself, all that are stated.
        let alone =
            [Bounds { spread: false, ..ALL }, Bounds { together: false, ..ALL }, Bounds { limits: false, ..ALL }];
        let mut why = [0, 1, 2].map(|one| stated[one] && without(alone[one]) > fitting);
        if free > fitting && !why.contains(&true) {
            why = stated;
        }
        self.stopped = most.counts;
        self.chosen = most.chosen;
        self.apart = why[1];
        // D6: capacity fails where spreading ended because a domain was full.
        self.full = (why[0] || why[1]).then(|| most.after.clone());
        let refusal = Refusal {
            wanted: self.wanted,
            fitting,
            clusters: self.world.clusters.len(),
            reasons: self.reasons(!candidates.is_empty() && free < self.wanted, why),
        };
        // D3; a refusal leaves running what runs.
        let (placements, after) =
            if partial && fitting > 0 { (most.placements, most.after) } else { (Vec::new(), self.fleet.clone()) };
        Decision { candidates, placements, refusal: Some(refusal), scope: self.scope, after }
    }

    /// The skew that must be kept, if spread is a constraint.
    fn max_skew(&self) -> Option<u32> {
        self.deployment.placement.spread?.max_skew
    }

    /// The domain of a (pool, flavor), if there is a spread.
    fn domain(&self, pair: &Pair) -> Option<String> {
        domain(pair.data, self.deployment.placement.spread?)
    }

    /// Whether a bound is one of those in force.
    fn skew_of(&self, bounds: Bounds) -> Option<u32> {
        self.max_skew().filter(|_| bounds.spread)
    }

    /// D5: with `together`, the domain ranked by its best candidate in which all fit; else that in which the most do.
    fn allot(&self, need: Option<&GpuNeed>, bounds: Bounds) -> Allotment {
        let up_to_price = Constraint::TooExpensive.and_before();
        let open: Vec<(&Pair, u32)> = (self.pairs.iter().zip(self.running.iter().copied()))
            .filter(|(pair, _)| up_to_price.iter().all(|c| self.passes(*c, pair, need)))
            .collect();
        let Some(by) = self.deployment.placement.together.filter(|_| bounds.together) else {
            return self.allot_among(&open, need, bounds);
        };
        let in_domain = |pair: &Pair| domain(pair.data, Spread { by, max_skew: Some(1), min_domains: None });
        let mut domains: Vec<(Vec<Part>, String)> = Vec::new();
        for (pair, running) in &open {
            let request = request(self.deployment.resources.as_ref(), need, pair.flavor.kind);
            let room = self.freed.rooms[pair.cluster][pair.pool].best(&request);
            let room = room.filter(|_| self.is_within_limits(&self.freed, pair, &request, bounds));
            if let (Some((left, _)), Some(name)) = (room, in_domain(pair)) {
                let rank = self.rank(pair, need, 0 < *running, pair.price(&request), left, None);
                domains.push((rank, name));
            }
        }
        domains.sort();
        let mut best: Option<Allotment> = None;
        for (_, name) in domains {
            let members: Vec<(&Pair, u32)> =
                open.iter().filter(|(pair, _)| in_domain(pair).as_ref() == Some(&name)).copied().collect();
            let found = Allotment { chosen: Some(name), ..self.allot_among(&members, need, bounds) };
            if best.as_ref().is_none_or(|best| best.fitting() < found.fitting()) {
                best = Some(found);
            }
        }
        best.unwrap_or_else(|| self.allot_among(&[], need, bounds))
    }

    /// Of so many replicas wanted, as many as can be placed under all bounds: for each number, from all downwards, they
    /// go one at a time to the best-ranked candidate after which the bounds can still be met (D5).
    fn allot_among(&self, open: &[(&Pair, u32)], need: Option<&GpuNeed>, bounds: Bounds) -> Allotment {
        let least = self.deployment.placement.spread.and_then(|spread| spread.min_domains);
        if least.is_none() || self.skew_of(bounds).is_none() {
            // What is placed does not depend on how many are wanted.
            return self.allot_some(open, need, bounds, self.wanted);
        }
        let mut goals = (0..=self.wanted).rev().map(|goal| (goal, self.allot_some(open, need, bounds, goal)));
        goals.find(|(goal, found)| found.fitting() == *goal).expect("nothing can always be placed").1
    }

    /// Replicas go one at a time to the best-ranked candidate that has room, keeps the skew and leaves enough replicas
    /// for the domains that have to hold one, until so many are placed or there is none.
    fn allot_some(&self, open: &[(&Pair, u32)], need: Option<&GpuNeed>, bounds: Bounds, goal: u32) -> Allotment {
        let resources = self.deployment.resources.as_ref();
        let max_skew = self.skew_of(bounds);
        let of_all: Counts = open.iter().filter_map(|(pair, _)| self.domain(pair)).map(|name| (name, 0)).collect();
        let mut counts = of_all;
        let mut after = self.freed.clone();
        let mut placements: Vec<Placement> = Vec::new();
        // D5: at least so many domains hold one.
        let least = self.deployment.placement.spread.and_then(|it| it.min_domains.filter(|_| max_skew.is_some()));
        let least = least.map_or(0, |least| least.min(goal)) as usize;
        for number in 0..goal {
            let used = |counts: &Counts| counts.values().filter(|count| **count > 0).count();
            // Domains without a replica that could still hold one.
            let fresh: BTreeSet<String> = open
                .iter()
                .filter(|(pair, _)| {
                    let request = request(resources, need, pair.flavor.kind);
                    after.rooms[pair.cluster][pair.pool].holds(&request)
                        && self.is_within_limits(&after, pair, &request, bounds)
                })
                .filter_map(|(pair, _)| self.domain(pair))
                .filter(|name| counts[name] == 0)
                .collect();
            let reaches = |name: &String| {
                let new = usize::from(counts[name] == 0);
                let (then, more) = (used(&counts) + new, fresh.len() - new.min(usize::from(fresh.contains(name))));
                let left = (goal - number - 1) as usize;
                then + left.min(more) >= least
            };
            let best = open
                .iter()
                .filter(|(pair, _)| {
                    // D5: what has no zone is no candidate for a constraint by zone.
                    max_skew.is_none_or(|k| {
                        self.domain(pair).is_some_and(|name| keeps_skew(&counts, &name, k) && reaches(&name))
                    })
                })
                .filter_map(|(pair, running)| {
                    let request = request(resources, need, pair.flavor.kind);
                    let (left, node) = after.rooms[pair.cluster][pair.pool].best(&request)?;
                    if !self.is_within_limits(&after, pair, &request, bounds) {
                        return None;
                    }
                    let here = placements.iter().find(|placement| placement.candidate == pair.name);
                    let current = here.map_or(0, |placement| placement.replicas) < *running;
                    let price = pair.price(&request);
                    let counts = Some(&counts).filter(|_| bounds.spread);
                    Some((self.rank(pair, need, current, price, left, counts), *pair, node, price))
                })
                .min_by(|one, other| one.0.cmp(&other.0));
            let Some((_, pair, node, price)) = best else { break };
            let taken = request(resources, need, pair.flavor.kind);
            after.rooms[pair.cluster][pair.pool].take(&taken, node);
            let own = of_limits(self.world, governor(self.deployment), pair, &taken);
            after.spent.iter_mut().zip(&own).for_each(|(spent, own)| *spent += own);
            if let Some(domain) = self.domain(pair) {
                *counts.get_mut(&domain).expect("a candidate's domain") += 1;
            }
            match placements.iter_mut().find(|placement| placement.candidate == pair.name) {
                Some(placement) => {
                    placement.replicas += 1;
                    placement.price = placement.price.zip(price).map(|(sum, one)| sum + one);
                }
                None => placements.push(Placement { candidate: pair.name.clone(), replicas: 1, price }),
            }
        }
        Allotment { placements, counts, chosen: None, after }
    }

    /// E4: whether one more replica on a (pool, flavor) passes none of the limits that it counts for.
    fn is_within_limits(&self, fleet: &Fleet, pair: &Pair, request: &Request, bounds: Bounds) -> bool {
        let mut all = limits::in_force(self.world, governor(self.deployment));
        !bounds.limits
            || all.all(|(number, limit)| match limits::of_replica(limit, pair, request) {
                // What takes nothing of it passes nothing, be it passed already or not.
                0 => true,
                own => fleet.spent[number] + own <= limit.most,
            })
    }

    /// The rank of a candidate for the next replica (D5).
    fn rank(
        &self,
        pair: &Pair,
        need: Option<&GpuNeed>,
        current: bool,
        price: Option<u64>,
        left: Left,
        counts: Option<&Counts>,
    ) -> Vec<Part> {
        let mut rank = Vec::new();
        let placement = &self.deployment.placement;
        // Spread without `max_skew` is a preference, before all others.
        if let (Some(counts), true) = (counts, placement.spread.is_some_and(|spread| spread.max_skew.is_none())) {
            rank.push(Part::Placed(counts[&self.domain(pair).expect("a domain")]));
        }
        rank.extend(placement.prefer.iter().map(|preference| preference.part(pair.data, price, left)));
        // I4: with no preference stated, the current place is kept.
        if placement.prefer.is_empty() {
            rank.push(Part::NotCurrent(!current));
        }
        rank.push(Part::NeedlessGpus(!demands_gpu(need) && pair.has_gpus()));
        rank.push(Part::Price(price.into()));
        rank.push(Part::Left(left));
        rank.push(Part::Name(pair.name.clone()));
        rank
    }

    /// Whether a constraint that is the same for every (pool, flavor) holds.
    fn holds_generally(&self, constraint: Constraint) -> bool {
        match constraint {
            Constraint::PolicyUnresolved => self.deployment.remote_missing.is_empty(),
            Constraint::PolicyRequired => self.required,
            Constraint::PolicyConflict => Axis::ALL.into_iter().all(|axis| self.scope.of(axis) != "conflict"),
            _ => true,
        }
    }

    /// Whether a (pool, flavor) passes one constraint under one alternative, whatever else it fails (D6).
    fn passes(&self, constraint: Constraint, pair: &Pair, need: Option<&GpuNeed>) -> bool {
        let resources = self.deployment.resources.as_ref();
        match constraint {
            Constraint::PolicyUnresolved | Constraint::PolicyRequired | Constraint::PolicyConflict => {
                self.holds_generally(constraint)
            }
            Constraint::Unhealthy => pair.data.healthy,
            Constraint::Cordoned => !pair.data.cordoned,
            Constraint::Stale => !is_stale(self.world, pair.data),
            Constraint::LocationNotAllowed => allowed(self.world, &self.in_force, Axis::Location, &pair.place),
            Constraint::FlavorNotAllowed => allowed(self.world, &self.in_force, Axis::Flavor, &pair.hardware),
            Constraint::ProviderNotAllowed => allowed(self.world, &self.in_force, Axis::Provider, &pair.run_by),
            Constraint::CapacityNotAllowed => allowed(self.world, &self.in_force, Axis::Capacity, &pair.capacity),
            Constraint::AttributeNotAllowed => allowed(self.world, &self.in_force, Axis::Attribute, &pair.bears),
            Constraint::NoSuchFlavor => pair.is_demanded(resources, need),
            // The next two by quantities alone, whatever the flavor.
            Constraint::DoesNotFitNode => {
                pair.shape.is_none_or(|pool| Node::empty(pool).holds(&request(resources, need, pair.flavor.kind)))
            }
            // D1: what is unknown is not within a bound; what fits no node has no price.
            // E4: no more is it under a limit of price.
            Constraint::TooExpensive => {
                let mut limits = limits::in_force(self.world, governor(self.deployment));
                let is_limited = limits.any(|(_, limit)| limit.of == Limited::Price);
                let most = self.deployment.max_price_micro.or(is_limited.then_some(u64::MAX));
                most.is_none_or(|most| {
                    let request = request(resources, need, pair.flavor.kind);
                    let fits = pair.shape.is_some_and(|pool| Node::empty(pool).holds(&request));
                    fits && pair.price(&request).is_some_and(|price| price <= most)
                })
            }
            Constraint::InsufficientCapacity => self.full.as_ref().unwrap_or(&self.freed).rooms[pair.cluster]
                [pair.pool]
                .holds(&request(resources, need, pair.flavor.kind)),
            // With room for one replica it passes.
            Constraint::OverLimit => {
                let request = request(resources, need, pair.flavor.kind);
                self.is_within_limits(&self.freed, pair, &request, ALL)
            }
            // As it was where the allotment stopped.
            Constraint::SpreadImpossible => match (self.max_skew(), self.domain(pair)) {
                (Some(max_skew), domain) => domain.is_some_and(|name| {
                    let held = |name: &String| self.stopped.get(name).copied().unwrap_or(0);
                    let all = self.stopped.values().sum::<u32>() + 1;
                    let least = self.deployment.placement.spread.and_then(|it| it.min_domains).unwrap_or(0).min(all);
                    let used = self.stopped.values().filter(|count| **count > 0).count() as u32;
                    keeps_skew(&self.stopped, &name, max_skew) && (held(&name) == 0 || used >= least)
                }),
                (None, _) => true,
            },
            Constraint::TogetherImpossible => match self.deployment.placement.together.filter(|_| self.apart) {
                Some(by) => {
                    let name = domain(pair.data, Spread { by, max_skew: Some(1), min_domains: None });
                    name.is_some() && name == self.chosen
                }
                None => true,
            },
        }
    }

    /// D1: a (pool, flavor) passes a constraint if it does under some alternative.
    fn pair_passes(&self, constraint: Constraint, pair: &Pair) -> bool {
        self.pair_passes_all(&[constraint], pair)
    }

    /// It passes a set of constraints if it passes all of them under one alternative.
    fn pair_passes_all(&self, constraints: &[Constraint], pair: &Pair) -> bool {
        self.alternatives.iter().any(|need| constraints.iter().all(|c| self.passes(*c, pair, *need)))
    }

    /// Whether a constraint is where no alternative carries a (pool, flavor) any further. It may pass under an
    /// alternative that failed before; a refusal must explain itself (D3) in this case too.
    fn stops(&self, constraint: Constraint, pair: &Pair) -> bool {
        let up_to = constraint.and_before();
        let before = &up_to[..up_to.len() - 1];
        self.pair_passes_all(before, pair) && !self.pair_passes_all(up_to, pair)
    }

    /// The number of clusters that survive a set of constraints (D6).
    fn survivors(&self, constraints: &[Constraint]) -> usize {
        let alive = self.pairs.iter().filter(|pair| self.pair_passes_all(constraints, pair)).map(|pair| pair.cluster);
        alive.collect::<BTreeSet<usize>>().len()
    }

    /// The reasons of a refusal (D6): whether room is why fewer fit than are wanted, and whether the spread is, or that
    /// they are to stand together,
    /// or the limits.
    fn reasons(&self, room_is_why: bool, [spread_is_why, together_is_why, limits_are_why]: [bool; 3]) -> Vec<Reason> {
        let clusters = self.world.clusters.len();
        let mut reasons = Vec::new();
        for constraint in CONSTRAINTS {
            let fails = if constraint.is_general() {
                !self.holds_generally(constraint)
            } else if constraint == Constraint::SpreadImpossible {
                spread_is_why
            } else if constraint == Constraint::TogetherImpossible {
                together_is_why
            } else {
                self.pairs.iter().any(|pair| !self.pair_passes(constraint, pair) || self.stops(constraint, pair))
            };
            let of_all = match constraint {
                Constraint::InsufficientCapacity => room_is_why,
                Constraint::OverLimit => limits_are_why,
                _ => false,
            };
            if fails || of_all {
                reasons.push(Reason {
                    code: constraint.code(),
                    policies: self.culprits(constraint),
                    removed_alone: clusters - self.survivors(&[constraint]),
                    left_after: self.survivors(constraint.and_before()),
                });
            }
        }
        if clusters == 0 {
            reasons.push(Reason { code: "no-clusters", policies: Vec::new(), removed_alone: 0, left_after: 0 });
        }
        reasons
    }

    /// The policies that a reason names, by level, then name.
    fn culprits(&self, constraint: Constraint) -> Vec<(String, &'static str)> {
        match constraint {
            Constraint::PolicyUnresolved => {
                let missing: BTreeSet<&String> = self.deployment.remote_missing.iter().collect();
                missing
                    .into_iter()
                    .map(|name| (name.clone(), levels(self.world, self.deployment)[DEPLOYMENT].0))
                    .collect()
            }
            // P7: the culprits of each level.
            Constraint::PolicyConflict => {
                let conflicting = |policy: &&Policy| self.scope.of(policy.axis) == "conflict";
                let name = |level: &InForce| -> Vec<_> {
                    level.policies.iter().copied().filter(conflicting).map(|p| (p.name.clone(), level.level)).collect()
                };
                self.in_force.iter().flat_map(name).collect()
            }
            Constraint::LocationNotAllowed => self.excluding(Axis::Location, |pair| &pair.place),
            Constraint::FlavorNotAllowed => self.excluding(Axis::Flavor, |pair| &pair.hardware),
            Constraint::ProviderNotAllowed => self.excluding(Axis::Provider, |pair| &pair.run_by),
            Constraint::CapacityNotAllowed => self.excluding(Axis::Capacity, |pair| &pair.capacity),
            Constraint::AttributeNotAllowed => self.excluding(Axis::Attribute, |pair| &pair.bears),
            _ => Vec::new(),
        }
    }

    /// Every policy of an axis at each level that excludes some (pool, flavor).
    fn excluding(
        &self,
        axis: Axis,
        atom: impl for<'p> Fn(&'p Pair<'_>) -> &'p Atom<'p>,
    ) -> Vec<(String, &'static str)> {
        let excludes = |level: &&InForce| self.pairs.iter().any(|pair| !level.admits(self.world, axis, atom(pair)));
        self.in_force.iter().filter(excludes).flat_map(|level| level.names(axis)).collect()
    }
}

// --- What policies leave, whatever clusters there are ------------------------------------------------------------------

/// The atoms that the policies in force leave to a deployment, by name; nothing where they refuse everything.
pub fn left_by_policies(world: &World, deployment: &Deployment) -> BTreeSet<String> {
    let in_force = in_force(world, deployment, None);
    let of_axis = |axis: Axis| -> BTreeSet<String> {
        let left = atoms(world, axis).into_iter().filter(|atom| allowed(world, &in_force, axis, atom));
        left.map(|atom| atom_name(&atom)).collect()
    };
    let left = Axis::ALL.map(of_axis);
    let refused = !deployment.remote_missing.is_empty()
        || !requirements_hold(world, deployment, &in_force)
        || left.iter().any(BTreeSet::is_empty);
    if refused { BTreeSet::new() } else { left.into_iter().flatten().collect() }
}

/// The atoms that an option means, by name.
pub fn meant(world: &World, axis: Axis, option: &Opt) -> BTreeSet<String> {
    let meant = atoms(world, axis).into_iter().filter(|atom| covers(world, option, atom));
    meant.map(|atom| atom_name(&atom)).collect()
}

/// Whether policies leave a (pool, flavor) of a cluster.
pub fn leaves_cluster(world: &World, left: &BTreeSet<String>, cluster: &str) -> bool {
    pairs(world).iter().any(|pair| {
        let atoms = [&pair.place, &pair.hardware, &pair.run_by, &pair.capacity, &pair.bears];
        pair.data.name == cluster && atoms.into_iter().all(|atom| left.contains(&atom_name(atom)))
    })
}

fn atom_name(atom: &Atom) -> String {
    match atom {
        Atom::Place { location: Some(name), .. } => (*name).to_owned(),
        Atom::Place { location: None, country } => format!("the rest of {}", country.code),
        Atom::Hardware(flavor) => format!("{} {}", flavor.kind, flavor.code),
        Atom::Provider { name, .. } => format!("provider {name}"),
        Atom::Capacity(name) => format!("capacity {name}"),
        Atom::Bears(names) => format!("bears {names:?}"),
    }
}
