//! Findings about clusters: those that were left out, and what they say to no effect.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::finding::{Finding, Findings, Severity, Subject};
use crate::id::LocationId;
use crate::manifest::spec::{ClusterSpec, PoolSpec, PoolsSpec, UsedSpec};
use crate::origin::listed;
use crate::quantity::Coordinates;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    for cluster in workspace.quarantined() {
        for problem in &cluster.problems {
            let subject = Subject::new("Cluster", &cluster.name);
            let mut finding = Finding::new("cluster-quarantined", Severity::Warning, subject, &problem.origin);
            finding.message = match &cluster.pool {
                Some(pool) => format!("pool `{pool}` of cluster `{}` is left out: {}", cluster.name, problem.message),
                None => format!("cluster `{}` is left out: {}", cluster.name, problem.message),
            };
            finding.help.clone_from(&problem.help);
            finding.related.clone_from(&problem.related);
            findings.push(finding);
        }
    }
    runs_where_unknown(workspace, findings);
    let left_out = workspace.quarantined().iter().filter(|left_out| left_out.pool.is_none());
    let left_out: HashSet<_> = left_out.map(|cluster| cluster.name.as_str()).collect();
    for spec in workspace.specs().clusters.iter().filter(|spec| !left_out.contains(spec.metadata.name.as_str())) {
        let PoolsSpec::Pools(pools) = &spec.pools else { continue };
        for pool in pools {
            let cluster = spec.metadata.name.as_str();
            used_without_effect(cluster, pool, findings);
            unlimited_without_effect(cluster, pool, findings);
        }
    }
    far_apart(workspace, findings);
}

/// Replicas that run on what was left out: nobody can say whether they may, and they take no room (I6).
fn runs_where_unknown(workspace: &Workspace, findings: &mut Findings) {
    for spec in workspace.running_on_left_out() {
        let (cluster, pool) = (&spec.cluster.value, &spec.pool.value);
        let subject = Subject::new("Deployment", spec.deployment.as_str());
        findings.push_with("runs-where-unknown", &subject.clone(), || {
            let (noun, verb) = if spec.replicas == 1 { ("replica", "runs") } else { ("replicas", "run") };
            let (replicas, deployment) = (spec.replicas, &spec.deployment.value);
            let message = format!(
                "{replicas} {noun} of deployment `{deployment}` {verb} on `{cluster}`/`{pool}`, which is left out: \
                 whether they may is not judged"
            );
            let finding = Finding::new("runs-where-unknown", Severity::Warning, subject, &spec.cluster.origin);
            finding.message(message).help("correct the cluster, or move the replicas")
        });
    }
}

/// The most kilometres that clusters of one location are apart: the data centres of a region stand within a few hundred
/// of each other, and what is often written wrong (a sign, or both numbers the wrong way round) is thousands away.
const APART: u32 = 500;

/// Clusters of one location that say they stand far from each other: at least one of them has false coordinates, and
/// nearness (D5) goes by them.
fn far_apart(workspace: &Workspace, findings: &mut Findings) {
    let fleet = workspace.inventory().fleet();
    let mut first: HashMap<LocationId, (&str, Coordinates)> = HashMap::new();
    let mut farthest: BTreeMap<LocationId, (u32, &str)> = BTreeMap::new();
    for cluster in fleet.clusters() {
        let (Some(location), Some(here)) = (cluster.location, cluster.coordinates) else { continue };
        let &mut (_, there) = first.entry(location).or_insert((cluster.name.as_str(), here));
        let distance = there.kilometres_to(here);
        if distance > APART && farthest.get(&location).is_none_or(|&(known, _)| known < distance) {
            farthest.insert(location, (distance, cluster.name.as_str()));
        }
    }
    if farthest.is_empty() {
        return;
    }
    let specs: HashMap<&str, &ClusterSpec> =
        workspace.specs().clusters.iter().map(|spec| (spec.metadata.name.as_str(), spec)).collect();
    for (location, (distance, name)) in farthest {
        let (Some(&(other, _)), Some(spec)) = (first.get(&location), specs.get(name)) else { continue };
        let location = workspace.catalog().location_name(location);
        let subject = Subject::new("Cluster", name);
        let finding = Finding::new("coordinates-contradict", Severity::Warning, subject, &spec.metadata.name.origin)
            .message(format!(
                "clusters `{other}` and `{name}` are both in `{location}`, and by their coordinates {distance} km apart"
            ));
        findings.push(finding.help(
            "correct the coordinates of one: latitude first, then longitude, in degrees, south and west negative",
        ));
    }
}

/// What is in use of what is not limited: nothing follows from it (I1).
fn used_without_effect(cluster: &str, pool: &PoolSpec, findings: &mut Findings) {
    let nodes = pool.used_per_node.iter().map(|of| (&of.used, of.replicas, &of.origin));
    let all: Vec<_> = std::iter::once((&pool.used.value, 0, &pool.used.origin)).chain(nodes).collect();
    let unlimited = pool.nodes.is_none();
    let uses = |used: fn(&UsedSpec) -> bool| all.iter().any(|(found, ..)| used(found));
    let stated = [
        ("cpu", uses(|used| used.cpu.get() > 0), true),
        ("memory", uses(|used| used.memory.get() > 0), true),
        ("storage", uses(|used| used.storage.get() > 0), pool.storage.is_some()),
        ("bandwidth", uses(|used| used.bandwidth.get() > 0), pool.bandwidth.is_some()),
        ("gpu", uses(|used| used.gpu_thousandths > 0), true),
        ("replicas", all.iter().any(|(_, replicas, _)| *replicas > 0), pool.replicas_per_node.is_some()),
    ];
    let lost = stated.iter().filter(|(_, used, limited)| *used && (unlimited || !limited));
    let lost: Vec<_> = lost.map(|(name, ..)| *name).collect();
    let Some((_, _, origin)) = all.iter().find(|(used, replicas, _)| *replicas > 0 || **used != UsedSpec::default())
    else {
        return;
    };
    if lost.is_empty() {
        return;
    }
    let (why, help) = if unlimited {
        ("its nodes are unlimited", "state how many nodes there are, or remove it from `used`")
    } else if lost == ["replicas"] {
        ("its nodes do not state how many they may have", "state `replicasPerNode`, or remove it from `usedPerNode`")
    } else {
        ("its nodes do not state how much they have", "state what one node has of it, or remove it from `used`")
    };
    let lost = listed(&lost, "and", usize::MAX);
    let message = format!("the {lost} in use on pool `{}` has no effect: {why}", pool.name.value);
    let subject = Subject::new("Cluster", cluster);
    findings.push(Finding::new("used-without-effect", Severity::Warning, subject, origin).message(message).help(help));
}

/// What is stated of a node of which there are as many as are asked for: a replica on it has no known price (I5), and
/// room for it is never wanting (I1).
fn unlimited_without_effect(cluster: &str, pool: &PoolSpec, findings: &mut Findings) {
    if pool.nodes.is_some() {
        return;
    }
    let stated =
        [("pricePerHour", pool.price_per_hour.is_some()), ("replicasPerNode", pool.replicas_per_node.is_some())];
    let stated: Vec<_> = stated.into_iter().filter_map(|(key, stated)| stated.then_some(key)).collect();
    if stated.is_empty() {
        return;
    }
    let verb = if stated.len() == 1 { "decides" } else { "decide" };
    let keys = listed(&stated, "and", usize::MAX);
    let message = format!("{keys} of pool `{}` {verb} nothing: its nodes are unlimited", pool.name.value);
    let subject = Subject::new("Cluster", cluster);
    let finding = Finding::new("setting-without-effect", Severity::Warning, subject, &pool.name.origin);
    findings.push(finding.message(message).help("state how many nodes there are, or leave it out"));
}
