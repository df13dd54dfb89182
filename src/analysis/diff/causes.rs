//! Which change a gain or a loss comes from.
//!
//! A pair that is a candidate on one side only fails something on the other. What differs there is named: a policy that
//! was attached, detached, enforced or rewritten at the level that excludes; a requirement; the deployment's
//! environment or demand; the cluster; the catalog.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use super::{DeploymentDiff, Diff, full_address};
use crate::analysis::governed::{Governance, Subject};
use crate::catalog::{Axis, Catalog, Choice, Point};
use crate::id::{ClusterId, DeploymentId, Id, PairId};
use crate::inventory::Fleet;
use crate::manifest::spec::ClusterSpec;
use crate::placement::{Code, Limited, PairExplanation};
use crate::policy::{Enforcement, Environment, Level, Policy, Restriction, Scope};
use crate::workspace::Workspace;

/// One thing that changed from the old workspace to the new.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Change {
    /// The document of a policy says something else.
    Policy(String),
    /// A policy was attached, and is enforced.
    Attached(String, Level, Option<String>),
    /// A policy was detached.
    Detached(String, Level, Option<String>),
    /// A policy that was only watched is enforced.
    Enforced(String, Level, Option<String>),
    /// A policy that was enforced is only watched.
    Watched(String, Level, Option<String>),
    /// A type of policy is required.
    Required(String, Level, Option<String>),
    /// A type of policy is not required any more.
    NotRequired(String, Level, Option<String>),
    /// The deployment is governed by another environment.
    Governor(String),
    /// The deployment demands something else.
    Demand(String),
    /// The deployment names a policy that is not known, or is known now.
    Unresolved(String),
    /// There is a cluster that was not there.
    ClusterAdded(String),
    /// A cluster is gone.
    ClusterRemoved(String),
    /// A cluster is another: its place, its state or its pools.
    Cluster(String),
    /// Clusters may be observed longer ago, or less long, than before (I8).
    MaxAge,
    /// The environment or the workspace limits what is paid, and did not, or no more: places of unknown price (E4).
    PriceLimit,
    /// A group has other members.
    Group(String),
    /// The catalog knows an option otherwise.
    Catalog(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |level: &Level, owner: &Option<String>| match owner {
            Some(owner) => format!("{level} `{owner}`"),
            None => format!("the {level}"),
        };
        match self {
            Self::Policy(policy) => write!(f, "policy `{policy}` changed"),
            Self::Attached(policy, level, owner) => write!(f, "policy `{policy}` attached to {}", at(level, owner)),
            Self::Detached(policy, level, owner) => write!(f, "policy `{policy}` detached from {}", at(level, owner)),
            Self::Enforced(policy, level, owner) => write!(f, "policy `{policy}` enforced for {}", at(level, owner)),
            Self::Watched(policy, level, owner) => write!(f, "policy `{policy}` only watched for {}", at(level, owner)),
            Self::Required(axis, level, owner) => write!(f, "{axis} policy required by {}", at(level, owner)),
            Self::NotRequired(axis, level, owner) => {
                write!(f, "{axis} policy no longer required by {}", at(level, owner))
            }
            Self::Governor(deployment) => write!(f, "environment of `{deployment}` changed"),
            Self::Demand(deployment) => write!(f, "demand of `{deployment}` changed"),
            Self::Unresolved(policy) => write!(f, "remote policy `{policy}` became known or unknown"),
            Self::ClusterAdded(cluster) => write!(f, "cluster `{cluster}` added"),
            Self::ClusterRemoved(cluster) => write!(f, "cluster `{cluster}` removed"),
            Self::Cluster(cluster) => write!(f, "cluster `{cluster}` changed"),
            Self::PriceLimit => f.write_str("a limit of price came or went"),
            Self::MaxAge => f.write_str("`maxAge` of the workspace changed"),
            Self::Group(group) => write!(f, "group `{group}` changed"),
            Self::Catalog(name) => write!(f, "catalog entry `{name}` changed"),
        }
    }
}

/// What changed the candidates of a deployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Causes {
    /// Candidates gained, by what did it.
    pub gains: Vec<Cause>,
    /// Candidates lost, by what did it.
    pub losses: Vec<Cause>,
}

/// Some changes, and the candidates that they gained or lost.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Cause {
    /// The changes, sorted; never empty. Each took part.
    pub changes: Vec<Change>,
    /// Pairs of the new fleet for gains, of the old one for losses; ascending.
    pub pairs: Vec<PairId>,
}

/// What differs between two workspaces, document by document.
#[derive(Debug)]
pub(super) struct Facts {
    policies: HashSet<String>,
    groups: HashSet<String>,
}

impl Facts {
    pub(super) fn new(old: &Workspace, new: &Workspace) -> Self {
        let before: HashMap<_, _> =
            old.specs().policies.iter().map(|spec| (spec.metadata.name.as_str(), spec)).collect();
        let changed = new.specs().policies.iter().filter(|spec| before.get(spec.metadata.name.as_str()) != Some(spec));
        let policies = changed.map(|spec| spec.metadata.name.as_str().to_owned()).collect();
        let members = |workspace: &Workspace| -> BTreeMap<String, Vec<&'static str>> {
            let catalog = workspace.catalog();
            let codes =
                |group| catalog.group_members(group).iter().map(|country| catalog.country_code(country)).collect();
            catalog.groups().map(|group| (catalog.group_name(group).to_owned(), codes(group))).collect()
        };
        let (was, is) = (members(old), members(new));
        let groups = is.into_iter().filter(|(name, members)| was.get(name) != Some(members)).map(|(name, _)| name);
        Self { policies, groups: groups.collect() }
    }
}

/// One side of a comparison.
struct Side<'a> {
    workspace: &'a Workspace,
    deployment: DeploymentId,
    scope: Scope,
    explained: HashMap<ClusterId, Vec<PairExplanation>>,
}

impl<'a> Side<'a> {
    fn new(workspace: &'a Workspace, deployment: DeploymentId) -> Option<Self> {
        let scope = Governance::of(workspace).scope(&Subject::deployment(workspace, deployment)?);
        Some(Self { workspace, deployment, scope, explained: HashMap::new() })
    }

    fn fleet(&self) -> &'a Fleet {
        self.workspace.inventory().fleet()
    }

    fn cluster(&self, pair: PairId) -> Option<ClusterId> {
        Some(self.fleet().pair(pair)?.cluster)
    }

    /// The document of a cluster.
    fn spec(&self, cluster: &str) -> Option<&'a ClusterSpec> {
        self.workspace.specs().clusters.iter().find(|spec| spec.metadata.name.as_str() == cluster)
    }

    fn point(&self, pair: PairId, axis: Axis) -> Option<Point> {
        *self.fleet().index().class_of(pair)?.points.get(axis)
    }

    fn restriction(&self, axis: Axis, level: Level) -> Option<&Restriction> {
        self.scope.axis(axis).restrictions().iter().find(|restriction| restriction.level == level)
    }

    /// The environment's name.
    fn governor(&self) -> &'a str {
        let found = self.workspace.deployment(self.deployment).map(|found| found.environment);
        found.and_then(|id| self.workspace.environment(id)).map_or("", |environment| environment.name.as_str())
    }

    /// Whether a policy of this name is attached at a level.
    fn attached(&self, level: Level, policy: &str) -> Option<Enforcement> {
        let id = self.workspace.policies().find(policy)?;
        let found = self.workspace.deployment(self.deployment)?;
        let environment = self.workspace.environment(found.environment).map(Environment::bundle).unwrap_or_default();
        let attachments = match level {
            Level::Workspace => self.workspace.bundle().attachments,
            Level::Environment => environment.attachments,
            Level::Deployment => &found.attachments,
        };
        let how = attachments.iter().filter(|attachment| attachment.policy == id).map(|found| found.enforcement);
        // Of one that is attached twice, what binds counts.
        how.min()
    }

    fn requires(&self, level: Level, axis: Axis) -> bool {
        let environment =
            self.workspace.deployment(self.deployment).and_then(|found| self.workspace.environment(found.environment));
        match level {
            Level::Workspace => self.workspace.bundle().require.contains(&axis),
            Level::Environment => environment.is_some_and(|environment| environment.require.contains(&axis)),
            Level::Deployment => false,
        }
    }

    /// Whether a pair fails anything but policies, the state of its cluster, and room.
    fn does_not_fit(&mut self, pair: PairId) -> bool {
        let Some(cluster) = self.cluster(pair) else { return false };
        let (workspace, deployment) = (self.workspace, self.deployment);
        let explained = self
            .explained
            .entry(cluster)
            .or_insert_with(|| workspace.explain_cluster_at(deployment, cluster).unwrap_or_default());
        let of_pair = explained.iter().find(|explained| explained.pair == pair);
        let alternatives = workspace.deployment(deployment).map_or(1, |found| found.demand.alternatives());
        of_pair.is_some_and(|found| {
            let own = found.reasons.iter().filter(|reason| {
                let elsewhere = matches!(
                    reason.code,
                    Code::PolicyUnresolved
                        | Code::PolicyRequired
                        | Code::PolicyConflict
                        | Code::Unhealthy
                        | Code::Cordoned
                        | Code::Stale
                        | Code::NotAllowed(_)
                        | Code::InsufficientCapacity
                        | Code::OverLimit
                        | Code::TogetherImpossible
                        | Code::SpreadImpossible
                        | Code::NoClusters
                );
                !elsewhere
            });
            // It does not fit if it fails something under each alternative; a reason without any is of them all.
            let mut failed = BTreeSet::new();
            own.clone().any(|reason| reason.alternatives.is_empty()) || {
                own.for_each(|reason| failed.extend(reason.alternatives.iter().copied()));
                failed.len() == alternatives
            }
        })
    }
}

impl Diff<'_> {
    /// What changed the candidates of a deployment. O(gains + losses), each a matter of its levels and policies.
    #[must_use]
    pub fn causes(&self, of: &DeploymentDiff) -> Causes {
        let (Some(old), Some(new)) = (Side::new(self.old, of.old), Side::new(self.new, of.new)) else {
            return Causes::default();
        };
        let facts = self.facts.get_or_init(|| Facts::new(self.old, self.new));
        let mut blame = Blame { facts, sides: [old, new] };
        let gathered = |pairs: &mut dyn Iterator<Item = (BTreeSet<Change>, PairId)>| {
            let mut causes: BTreeMap<Vec<Change>, Vec<PairId>> = BTreeMap::new();
            pairs.for_each(|(changes, pair)| causes.entry(changes.into_iter().collect()).or_default().push(pair));
            causes.into_iter().map(|(changes, pairs)| Cause { changes, pairs }).collect::<Vec<_>>()
        };
        let gains = gathered(
            &mut of.delta.gains.iter().map(|pair| (blame.changes(NEW, pair, OLD, self.pairs.before(pair)), pair)),
        );
        let losses = gathered(
            &mut of.delta.losses.iter().map(|pair| (blame.changes(OLD, pair, NEW, self.pairs.now(pair)), pair)),
        );
        Causes { gains, losses }
    }
}

const OLD: usize = 0;
const NEW: usize = 1;

struct Blame<'a> {
    facts: &'a Facts,
    /// The old and the new.
    sides: [Side<'a>; 2],
}

impl<'a> Blame<'a> {
    #[expect(clippy::indexing_slicing, reason = "there are two sides, and they are asked for by the names above")]
    fn side(&self, at: usize) -> &Side<'a> {
        &self.sides[at]
    }

    /// What changed between a side that has a pair among its candidates and one that has not.
    fn changes(&mut self, has: usize, pair: PairId, lacks: usize, other: Option<PairId>) -> BTreeSet<Change> {
        let mut changes = BTreeSet::new();
        let cluster = self.side(has).fleet().names(pair).map_or("", |(cluster, ..)| cluster.as_str()).to_owned();
        let Some(other) = other else {
            let known = self.side(lacks).fleet().find_cluster(&cluster).is_some();
            changes.insert(match (known, lacks) {
                (true, _) => Change::Cluster(cluster),
                (false, NEW) => Change::ClusterRemoved(cluster),
                (false, _) => Change::ClusterAdded(cluster),
            });
            return changes;
        };
        let lacking = &self.side(lacks).scope;
        changes.extend(lacking.unresolved().iter().map(|name| Change::Unresolved(name.as_str().to_owned())));
        for &(axis, level) in lacking.unmet() {
            self.unmet(axis, level, has, lacks, &mut changes);
        }
        for axis in lacking.conflicts() {
            Level::ALL.into_iter().for_each(|level| self.at_level(axis, level, has, lacks, None, &mut changes));
        }
        for axis in Axis::ALL {
            let points = self.side(has).point(pair, axis).zip(self.side(lacks).point(other, axis));
            let Some((had, lacked)) = points else { continue };
            let excluding = lacking.axis(axis).restrictions().iter().filter(|found| !found.admits(lacked));
            for level in excluding.map(|restriction| restriction.level) {
                if self.moved(axis, (has, had), (lacks, lacked)) {
                    changes.insert(Change::Cluster(cluster.clone()));
                } else {
                    self.at_level(axis, level, has, lacks, Some((had, lacked)), &mut changes);
                }
            }
        }
        let open = |side: &Side<'_>, pair| {
            side.cluster(pair).is_some_and(|cluster| side.workspace.inventory().takers().contain(cluster))
        };
        if !open(self.side(lacks), other) {
            changes.insert(if self.is_max_age(&cluster) { Change::MaxAge } else { Change::Cluster(cluster.clone()) });
        }
        let fits = self.sides.get_mut(lacks).is_none_or(|side| !side.does_not_fit(other));
        if !fits || changes.is_empty() {
            self.hardware(&cluster, &mut changes);
        }
        changes
    }

    /// Whether it is for the workspace's `maxAge` alone that a cluster is open on one side only.
    fn is_max_age(&self, cluster: &str) -> bool {
        let max_age = |side: &Side<'_>| side.workspace.specs().workspace.as_ref().and_then(|spec| spec.max_age);
        let [old, new] = &self.sides;
        max_age(old) != max_age(new) && old.spec(cluster) == new.spec(cluster)
    }

    /// Whether a cluster or pool stands elsewhere than before: each point is read with the catalog of its own side.
    fn moved(&self, axis: Axis, (has, had): (usize, Point), (lacks, lacked): (usize, Point)) -> bool {
        let catalog = |at| self.side(at).workspace.catalog();
        named(catalog(has), axis, had) != named(catalog(lacks), axis, lacked)
    }

    /// A required policy is missing: it is required now, or what met the requirement is gone.
    fn unmet(&self, axis: Axis, level: Level, has: usize, lacks: usize, changes: &mut BTreeSet<Change>) {
        if level == Level::Environment && self.governors_differ() {
            changes.insert(self.governor());
            return;
        }
        if !self.side(has).requires(level, axis) {
            let (named, owner) = (axis.as_str().to_owned(), self.owner(level));
            changes.insert(match lacks {
                NEW => Change::Required(named, level, owner),
                _ => Change::NotRequired(named, level, owner),
            });
            return;
        }
        for above in Level::ALL.into_iter().filter(|above| *above <= level) {
            for policy in self.policies(has, axis, above) {
                changes.extend(self.presence(policy.name().as_str(), above));
            }
        }
    }

    /// What differs among the policies of a level, of which the lacking side's exclude a point, or all leave nothing.
    fn at_level(
        &self,
        axis: Axis,
        level: Level,
        has: usize,
        lacks: usize,
        points: Option<(Point, Point)>,
        changes: &mut BTreeSet<Change>,
    ) {
        let (having, lacking) = (self.side(has).restriction(axis, level), self.side(lacks).restriction(axis, level));
        let Some(lacking) = lacking else { return };
        if level == Level::Environment && self.governors_differ() {
            changes.insert(self.governor());
            return;
        }
        if having.is_none() {
            for policy in self.policies(lacks, axis, level) {
                changes.extend(self.presence(policy.name().as_str(), level));
            }
            return;
        }
        for policy in self.policies(has, axis, level) {
            let name = policy.name().as_str();
            if points.is_some_and(|(had, _)| !admits(policy, had)) {
                continue;
            }
            let there = lacking.policies.iter().filter_map(|&id| self.side(lacks).scope.policies().get(id));
            let same = there.into_iter().find(|found| found.name().as_str() == name);
            match (same, points) {
                (None, _) => changes.extend(self.presence(name, level)),
                (Some(same), Some((_, lacked))) if !admits(same, lacked) => {
                    self.effect(policy, lacks, lacked, axis, changes)
                }
                (Some(_), None) if self.facts.policies.contains(name) => {
                    changes.insert(Change::Policy(name.to_owned()));
                }
                _ => {}
            }
        }
    }

    /// The same policy means something else.
    fn effect(&self, policy: &Policy, lacks: usize, lacked: Point, axis: Axis, changes: &mut BTreeSet<Change>) {
        let name = policy.name().as_str();
        if self.facts.policies.contains(name) {
            changes.insert(Change::Policy(name.to_owned()));
            return;
        }
        let before = changes.len();
        for side in &self.sides {
            let catalog = side.workspace.catalog();
            let Some(policy) = side.workspace.policies().find(name).and_then(|id| side.workspace.policies().get(id))
            else {
                continue;
            };
            let options = policy.options().allowed.iter().chain(&policy.options().except);
            changes.extend(options.filter_map(|choice| match choice {
                Choice::Group(group) | Choice::LawOfGroup(group)
                    if self.facts.groups.contains(catalog.group_name(*group)) =>
                {
                    Some(Change::Group(catalog.group_name(*group).to_owned()))
                }
                _ => None,
            }));
        }
        if changes.len() == before {
            let catalog = self.side(lacks).workspace.catalog();
            changes.insert(Change::Catalog(named(catalog, axis, lacked)));
        }
    }

    /// What became of a policy at a level.
    fn presence(&self, policy: &str, level: Level) -> Option<Change> {
        let [was, is] = [OLD, NEW].map(|at| self.side(at).attached(level, policy));
        if level == Level::Environment && self.governors_differ() {
            return Some(self.governor());
        }
        let (named, owner) = (policy.to_owned(), self.owner(level));
        match (was, is) {
            (None | Some(Enforcement::Audit), Some(Enforcement::Enforce)) if was.is_none() => {
                Some(Change::Attached(named, level, owner))
            }
            (Some(Enforcement::Audit), Some(Enforcement::Enforce)) => Some(Change::Enforced(named, level, owner)),
            (Some(Enforcement::Enforce), Some(Enforcement::Audit)) => Some(Change::Watched(named, level, owner)),
            (Some(Enforcement::Enforce), None) => Some(Change::Detached(named, level, owner)),
            _ => self.facts.policies.contains(policy).then_some(Change::Policy(named)),
        }
    }

    /// The demand, the cluster's hardware, or what the catalog says of it.
    fn hardware(&self, cluster: &str, changes: &mut BTreeSet<Change>) {
        let demand = |side: &Side<'a>| side.workspace.deployment(side.deployment).map(|found| &found.demand);
        let [old, new] = &self.sides;
        let before = changes.len();
        let is_priced = |side: &Side<'_>| {
            let found = side.workspace.deployment(side.deployment);
            let limits = found.map(|found| side.workspace.limits_in(found.environment)).unwrap_or_default();
            limits.iter().any(|limit| limit.of == Limited::Price)
        };
        if is_priced(old) != is_priced(new) {
            changes.insert(if self.governors_differ() { self.governor() } else { Change::PriceLimit });
        }
        if demand(old) != demand(new) {
            changes.insert(Change::Demand(full_address(new.workspace, new.deployment).unwrap_or_default()));
        }
        if old.spec(cluster) != new.spec(cluster) {
            changes.insert(Change::Cluster(cluster.to_owned()));
        }
        if changes.len() == before {
            changes.insert(Change::Catalog(cluster.to_owned()));
        }
    }

    fn policies(&self, at: usize, axis: Axis, level: Level) -> impl Iterator<Item = &Policy> {
        let side = self.side(at);
        let ids = side.restriction(axis, level).into_iter().flat_map(|restriction| restriction.policies.iter());
        ids.filter_map(|&id| side.scope.policies().get(id))
    }

    fn governors_differ(&self) -> bool {
        self.side(OLD).governor() != self.side(NEW).governor()
    }

    fn governor(&self) -> Change {
        let new = self.side(NEW);
        Change::Governor(full_address(new.workspace, new.deployment).unwrap_or_default())
    }

    fn owner(&self, level: Level) -> Option<String> {
        let new = self.side(NEW);
        match level {
            Level::Workspace => None,
            Level::Environment => Some(new.governor().to_owned()),
            Level::Deployment => full_address(new.workspace, new.deployment),
        }
    }
}

/// Whether a policy admits a point by itself (P7).
fn admits(policy: &Policy, point: Point) -> bool {
    let effect = policy.effect();
    effect.contains(if point.atom.index() < effect.universe() { point.atom } else { point.rest })
}

/// What stands at a point, by name.
fn named(catalog: &Catalog, axis: Axis, at: Point) -> String {
    match axis {
        Axis::Location => match catalog.location_of(at.atom) {
            Some(location) => catalog.location_name(location).to_owned(),
            None => catalog.country_code(catalog.country_of(at.atom)).to_owned(),
        },
        Axis::Flavor => catalog.flavor_code(catalog.flavor_of(at.atom)).to_owned(),
        Axis::Provider => catalog.provider_of(at.atom).unwrap_or("other providers").to_owned(),
        Axis::Capacity => catalog.capacity_of(at.atom).to_string(),
        Axis::Attribute => match catalog.attribute_set_name(catalog.attributes_of(at.atom)) {
            "" => "no attributes".to_owned(),
            names => names.to_owned(),
        },
    }
}
