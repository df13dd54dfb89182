//! Diffs against two full evaluations by the oracle (A1).

use std::collections::{BTreeMap, BTreeSet};

use siting::analysis::{Change, Diff, Meaning, diff};
use siting::id::PairId;
use siting::inventory::Fleet;
use siting::policy::Level;
use siting::workspace::Workspace;

use crate::comparison;
use crate::oracle::judge;
use crate::oracle::random::world;
use crate::oracle::world::{Axis, Deployment, World};

const WORLDS: u64 = 2_000;

/// Another world, a few changes away.
fn changed(world: &World, seed: u64) -> World {
    let mut state = seed ^ 0x5851_f42d_4c95_7f2d;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound.max(1)
    };
    let mut after = world.clone();
    for _ in 0..=below(3) {
        let policy = world.policies.get(below(world.policies.len())).map(|policy| policy.name.clone());
        match (below(11), policy) {
            (0, Some(policy)) => {
                let level = after.environments.len();
                if let Some(environment) = after.environments.get_mut(below(level)) {
                    environment.level.attachments.push((policy, true));
                }
            }
            (1, Some(policy)) => {
                after.environments.iter_mut().for_each(|e| e.level.attachments.retain(|(name, _)| *name != policy));
            }
            (2, Some(policy)) => {
                let all = after.deployments.len();
                let own = &mut after.deployments[below(all)].attachments;
                own.retain(|(name, _)| *name != policy);
                own.push((policy, below(2) == 0));
            }
            (3, _) => {
                let all = after.deployments.len();
                after.deployments[below(all)].attachments.clear();
            }
            (4, _) => after.workspace.attachments.clear(),
            (5, Some(policy)) => after.workspace.attachments.push((policy, true)),
            (6, Some(_)) => {
                let all = after.policies.len();
                let policy = &mut after.policies[below(all)];
                if policy.options.len() > 1 {
                    policy.options.pop();
                } else {
                    policy.except.clear();
                }
            }
            (7, _) => {
                let all = after.deployments.len();
                after.deployments[below(all)].environment = Some("staging".to_owned());
            }
            (8, _) => {
                let all = after.deployments.len();
                after.deployments[below(all)].resources = None;
            }
            (9, _) if !after.clusters.is_empty() => {
                let all = after.clusters.len();
                let cluster = &mut after.clusters[below(all)];
                cluster.healthy = !cluster.healthy;
            }
            (_, _) if !after.groups.is_empty() => {
                after.groups[0].1 = vec!["de".to_owned(), "us".to_owned()];
            }
            _ => {
                let axis = Axis::ALL[below(Axis::ALL.len())];
                if after.workspace.require.pop().is_none() {
                    after.workspace.require.push(axis);
                }
            }
        }
    }
    after
}

fn loaded(world: &World) -> Option<Workspace> {
    comparison::loaded(world).ok()
}

fn named(fleet: &Fleet, pair: PairId) -> judge::Candidate {
    let (cluster, pool, code) = fleet.names(pair).expect("a pair of the fleet");
    let flavor = fleet.pair(pair).expect("a pair").flavor;
    judge::Candidate {
        cluster: cluster.as_str().to_owned(),
        pool: pool.as_str().to_owned(),
        kind: fleet.catalog().flavor_kind(flavor).as_str().to_owned(),
        code: code.to_owned(),
    }
}

/// How what the policies allow compares at the moment and at each later end (A1): equal if it always is, narrowed if it
/// never is more, widened if it never is less.
fn meaning(before: (&World, &Deployment), after: (&World, &Deployment)) -> Meaning {
    let later = before.0.ends.iter().chain(&after.0.ends).map(|(_, _, end)| *end);
    // Where no moment is stated, all has ended already (P16).
    let later: BTreeSet<u64> = later.filter(|end| before.0.at.is_some_and(|at| *end > at)).collect();
    let at = |end: u64| {
        let [was, is] = [before.0, after.0].map(|world| World { at: Some(end), ..world.clone() });
        meaning_at((&was, before.1), (&is, after.1))
    };
    let all: Vec<Meaning> = later.into_iter().map(at).chain([meaning_at(before, after)]).collect();
    let some = |one: Meaning| all.iter().any(|found| [one, Meaning::Incomparable].contains(found));
    match (some(Meaning::Narrowed), some(Meaning::Widened)) {
        (false, false) => Meaning::Equal,
        (true, false) => Meaning::Narrowed,
        (false, true) => Meaning::Widened,
        (true, true) => Meaning::Incomparable,
    }
}

/// How it compares at one moment: products over the axes, of which an unrestricted one is larger than any other.
fn meaning_at(before: (&World, &Deployment), after: (&World, &Deployment)) -> Meaning {
    let (was, is) = (judge::left_by_policies(before.0, before.1), judge::left_by_policies(after.0, after.1));
    match (was.is_empty(), is.is_empty()) {
        (true, true) => return Meaning::Equal,
        (true, false) => return Meaning::Widened,
        (false, true) => return Meaning::Narrowed,
        (false, false) => {}
    }
    let free = |(world, deployment): (&World, &Deployment)| {
        let scope = judge::decide(world, deployment, &judge::Fleet::new(world), false).scope;
        Axis::ALL.map(|axis| scope.of(axis) == "unrestricted")
    };
    // The oracle names atoms by their kind, but for places.
    let axis_of = |name: &str| match name.split_once(' ') {
        Some(("cpu" | "gpu", _)) => Axis::Flavor,
        Some(("provider", _)) => Axis::Provider,
        Some(("capacity", _)) => Axis::Capacity,
        Some(("bears", _)) => Axis::Attribute,
        _ => Axis::Location,
    };
    let on = |left: &BTreeSet<String>, axis: Axis| -> BTreeSet<String> {
        left.iter().filter(|name| axis_of(name) == axis).cloned().collect()
    };
    let (mut smaller, mut larger) = (false, false);
    for (at, axis) in Axis::ALL.into_iter().enumerate() {
        let (was, is) = (on(&was, axis), on(&is, axis));
        let (free_before, free_after) = (free(before)[at], free(after)[at]);
        smaller |= if free_before || free_after { free_before && !free_after } else { !was.is_subset(&is) };
        larger |= if free_before || free_after { free_after && !free_before } else { !is.is_subset(&was) };
    }
    match (smaller, larger) {
        (false, false) => Meaning::Equal,
        (true, false) => Meaning::Narrowed,
        (false, true) => Meaning::Widened,
        (true, true) => Meaning::Incomparable,
    }
}

/// Whether a change that is named did happen.
fn happened(change: &Change, old: &World, new: &World) -> bool {
    let at = |world: &World, level: Level, owner: &Option<String>| -> Vec<(String, bool)> {
        let owner = owner.as_deref().unwrap_or_default();
        match level {
            Level::Workspace => world.workspace.attachments.clone(),
            Level::Environment => {
                let found = world.environments.iter().find(|environment| environment.name == owner);
                found.map(|environment| environment.level.attachments.clone()).unwrap_or_default()
            }
            Level::Deployment => {
                let full = |d: &&Deployment| format!("{}/{}/{}", d.workload_type, d.workload, d.name) == owner;
                world.deployments.iter().find(full).map(|d| d.attachments.clone()).unwrap_or_default()
            }
        }
    };
    let enforced =
        |world, policy: &String, level, owner| at(world, level, owner).iter().any(|(name, on)| name == policy && *on);
    let watched =
        |world, policy: &String, level, owner| at(world, level, owner).iter().any(|(name, on)| name == policy && !on);
    match change {
        Change::Policy(name) => {
            let find = |world: &World| world.policies.iter().find(|policy| policy.name == *name).cloned();
            find(old) != find(new)
        }
        Change::Attached(policy, level, owner) => {
            !enforced(old, policy, *level, owner) && enforced(new, policy, *level, owner)
        }
        Change::Detached(policy, level, owner) => {
            enforced(old, policy, *level, owner) && !enforced(new, policy, *level, owner)
        }
        Change::Enforced(policy, level, owner) => {
            watched(old, policy, *level, owner) && enforced(new, policy, *level, owner)
        }
        Change::Watched(policy, level, owner) => {
            enforced(old, policy, *level, owner) && watched(new, policy, *level, owner)
        }
        Change::Group(_) => old.groups != new.groups,
        Change::Cluster(_) => old.clusters != new.clusters,
        Change::Required(..) | Change::NotRequired(..) => {
            old.workspace != new.workspace || old.environments != new.environments
        }
        Change::Governor(_) | Change::Demand(_) => old.deployments != new.deployments,
        Change::PriceLimit => old.limits != new.limits,
        _ => false,
    }
}

fn compare(seed: u64) -> Option<BTreeMap<&'static str, usize>> {
    let old_world = world(seed, 6);
    let new_world = changed(&old_world, seed);
    let (old, new) = (loaded(&old_world)?, loaded(&new_world)?);
    let found: Diff<'_> = diff(&old, &new);
    let mut seen = BTreeMap::new();
    for before in &old_world.deployments {
        let same = |d: &&Deployment| {
            (&d.workload_type, &d.workload, &d.name) == (&before.workload_type, &before.workload, &before.name)
        };
        let after = new_world.deployments.iter().find(same).expect("no deployment is renamed");
        let (was, is) = (judge::candidates(&old_world, before), judge::candidates(&new_world, after));
        let expected = meaning((&old_world, before), (&new_world, after));
        let address = format!("{}/{}/{}", before.workload_type, before.workload, before.name);
        let id = old.find_deployment(&address).expect("a deployment");
        let ours = found.deployments.iter().find(|ours| ours.old == id);
        let Some(ours) = ours else {
            assert_eq!(
                (&was, expected),
                (&is, Meaning::Equal),
                "seed {seed}: {address}\n{old_world:#?}\n{new_world:#?}"
            );
            continue;
        };
        assert_eq!(ours.meaning, expected, "seed {seed}: {address}\n{old_world:#?}\n{new_world:#?}");
        let gains: BTreeSet<_> = ours.delta.gains.iter().map(|pair| named(new.inventory().fleet(), pair)).collect();
        let losses: BTreeSet<_> = ours.delta.losses.iter().map(|pair| named(old.inventory().fleet(), pair)).collect();
        assert_eq!(gains, is.difference(&was).cloned().collect(), "seed {seed}: {address}");
        assert_eq!(losses, was.difference(&is).cloned().collect(), "seed {seed}: {address}");
        assert_eq!((ours.loses_all(), ours.delta.before), (!was.is_empty() && is.is_empty(), was.len()), "seed {seed}");
        let causes = found.causes(ours);
        let caused: usize = causes.gains.iter().chain(&causes.losses).map(|cause| cause.pairs.len()).sum();
        assert_eq!(caused, gains.len() + losses.len(), "seed {seed}: {causes:?}");
        for change in causes.gains.iter().chain(&causes.losses).flat_map(|cause| &cause.changes) {
            assert!(
                happened(change, &old_world, &new_world),
                "seed {seed}: {change:?}\n{old_world:#?}\n{new_world:#?}"
            );
        }
        for cause in causes.gains.iter().chain(&causes.losses) {
            assert!(!cause.changes.is_empty(), "seed {seed}: {address}");
        }
        *seen.entry(expected.as_str()).or_insert(0) += 1;
        *seen.entry("gains and losses").or_insert(0) += caused;
    }
    Some(seen)
}

#[test]
fn a1_diffs_are_two_evaluations() {
    let part = |odd: u64| {
        let mut all: BTreeMap<&'static str, usize> = BTreeMap::new();
        for seen in (0..WORLDS).filter(|seed| seed % 2 == odd).filter_map(compare) {
            seen.into_iter().for_each(|(what, count)| *all.entry(what).or_default() += count);
        }
        all
    };
    let mut all = std::thread::scope(|scope| {
        let other = scope.spawn(|| part(1));
        let mut all = part(0);
        let other = other.join().expect("the other half");
        other.into_iter().for_each(|(what, count)| *all.entry(what).or_default() += count);
        all
    });
    println!("{all:?}");
    all.retain(|_, count| *count > 20);
    assert_eq!(all.len(), 5, "each verdict is seen: {all:?}");
}
