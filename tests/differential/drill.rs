//! Drills against deleting clusters and deciding by the oracle; plans of drains carried out step by step (A3).

use std::collections::BTreeSet;

use siting::analysis::{Loss, drain, drill, plan_moves};
use siting::id::{ClusterId, DeploymentId, Id};
use siting::placement;
use siting::workspace::{PlaceOptions, Workspace};

use crate::comparison;
use crate::oracle::judge;
use crate::oracle::random::world;
use crate::oracle::world::{Deployment, Placement, Running, World};

const WORLDS: u64 = 1_500;

fn loaded(world: &World) -> Workspace {
    comparison::loaded(world).expect("a valid world")
}

fn address(deployment: &Deployment) -> String {
    format!("{}/{}/{}", deployment.workload_type, deployment.workload, deployment.name)
}

/// How many replicas of a deployment fit, alone, without some clusters.
fn fits(world: &World, deployment: &Deployment, lost: &BTreeSet<&str>) -> u32 {
    let mut left = world.clone();
    left.clusters.retain(|cluster| !lost.contains(cluster.name.as_str()));
    left.running.retain(|running| !lost.contains(running.cluster.as_str()));
    // A location that only a lost cluster brought is still known to policies.
    for cluster in world.clusters.iter().filter(|cluster| lost.contains(cluster.name.as_str())) {
        left.locations.extend(cluster.location.clone().map(|location| (location, cluster.country.clone())));
    }
    let decided = judge::decide(&left, deployment, &judge::Fleet::new(&left), true);
    decided.refusal.map_or(deployment.replicas.max(1), |refusal| refusal.fitting)
}

fn compare_drill(seed: u64) -> [usize; 2] {
    let world = world(seed, 6);
    let workspace = loaded(&world);
    let found = drill(&workspace, &[]);
    let fleet = workspace.inventory().fleet();
    let losses = Loss::all(&workspace);
    let names = |loss: &Loss| -> BTreeSet<&str> {
        loss.clusters(&workspace).iter().filter_map(|id| Some(fleet.cluster(id)?.name.as_str())).collect()
    };
    let (mut affected, mut least) = (0, 0);
    for deployment in &world.deployments {
        let id = workspace.find_deployment(&address(deployment)).expect("a deployment");
        let before = fits(&world, deployment, &BTreeSet::new());
        for loss in &losses {
            let after = fits(&world, deployment, &names(loss));
            let result = found.losses.iter().find(|result| result.lost == [loss.clone()]);
            let ours = result.and_then(|result| result.affected.iter().find(|affected| affected.deployment == id));
            // A spread may let more fit without a domain that holds it back: nothing is lost then.
            let said = ours.map_or((before, before), |ours| (ours.before, ours.after));
            let expected = (before, after.min(before));
            let (name, loss) = (address(deployment), loss.text(&workspace));
            assert_eq!(said, expected, "seed {seed}: {name} without {loss}\n{world:#?}");
            affected += usize::from(after < before);
        }
        // Sets of one or two losses by deleting, too: of one world in four, since there are many pairs.
        if !seed.is_multiple_of(4) {
            continue;
        }
        let ours: Vec<&Vec<Loss>> =
            found.least.iter().filter(|least| least.deployment == id).flat_map(|least| &least.sets).collect();
        let union = |set: &[Loss]| -> BTreeSet<&str> { set.iter().flat_map(&names).collect() };
        let down = |set: &[Loss]| before > 0 && fits(&world, deployment, &union(set)) == 0;
        let mut sets: Vec<Vec<Loss>> = losses.iter().map(|loss| vec![loss.clone()]).collect();
        for (at, one) in losses.iter().enumerate() {
            sets.extend(losses.iter().skip(at + 1).map(|other| vec![one.clone(), other.clone()]));
        }
        for set in sets {
            let listed = ours.contains(&&set);
            let part = set.len() > 1 && set.iter().any(|loss| down(std::slice::from_ref(loss)));
            if !down(&set) || part {
                assert!(!listed, "seed {seed}: {set:?} is no least set\n{world:#?}");
                continue;
            }
            let own = union(&set);
            let smaller = |other: &&Vec<Loss>| other.len() <= set.len() && union(other).is_subset(&own);
            assert!(ours.iter().any(smaller), "seed {seed}: {set:?} is missing\n{world:#?}");
            let strictly = |other: &&Vec<Loss>| smaller(other) && union(other).len() < own.len();
            assert!(!listed || !ours.iter().any(strictly), "seed {seed}: {set:?} could be smaller");
        }
        least += ours.len();
    }
    [affected, least]
}

fn compare_drain(seed: u64) -> [usize; 2] {
    let world = world(seed, 6);
    let workspace = loaded(&world);
    let fleet = workspace.inventory().fleet();
    let (mut moved, mut stuck) = (0, 0);
    for cluster in (0..fleet.clusters().len()).map(ClusterId::from_index) {
        let name = fleet.cluster(cluster).expect("a cluster").name.as_str();
        let plan = drain(&workspace, name).expect("a cluster of the fleet");
        let mut closed = world.clone();
        closed.clusters.iter_mut().filter(|found| found.name == name).for_each(|found| found.cordoned = true);
        let of = |id: DeploymentId| {
            let found = workspace.deployment(id).expect("a deployment");
            let resource_type = workspace.catalog().resource_type_name(found.workload.resource_type);
            let full = format!("{resource_type}/{}", found.address());
            closed.deployments.iter().find(|deployment| address(deployment) == full).expect("a deployment of the world")
        };
        // Each step is legal, and has room while all that runs goes on.
        let mut inventory = workspace.inventory().clone();
        for step in &plan.moves {
            let (to_cluster, to_pool, code) = fleet.names(step.to).expect("a pair");
            let target = (to_cluster.as_str(), to_pool.as_str(), code);
            let legal = judge::candidates(&closed, of(step.deployment));
            let legal = legal.iter().any(|found| (&*found.cluster, &*found.pool, &*found.code) == target);
            assert!(legal, "seed {seed}: {step:?} is not legal\n{world:#?}");
            let demand = &workspace.deployment(step.deployment).expect("a deployment").demand;
            let request = placement::request(fleet, demand, step.to);
            inventory.reserve(step.to, &request, step.replicas).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            moved += 1;
        }
        // All that runs there moves or is said to stay.
        let runs: u32 = world.running.iter().filter(|found| found.cluster == name).map(|found| found.replicas).sum();
        let moves: u32 = plan.moves.iter().map(|step| step.replicas).sum();
        let stays: u32 = plan.blocked.iter().map(|found| found.replicas).sum();
        assert_eq!(moves + stays, runs, "seed {seed}: {name}\n{world:#?}");
        stuck += plan.blocked.len();
        // What stays has no place: not even one more replica of it has, with all moves made.
        for blocked in &plan.blocked {
            assert!(!blocked.reasons.is_empty(), "seed {seed}");
            let deployment = of(blocked.deployment);
            // Documents do not say which flavor of a pool replicas run on, or under which alternative.
            let is_plain = deployment.placement.spread.is_none()
                && deployment.placement.together.is_none()
                && deployment
                    .resources
                    .as_ref()
                    .is_some_and(|found| found.gpu.as_ref().is_none_or(|gpu| gpu.alternatives.len() == 1));
            if !is_plain {
                continue;
            }
            let mut after = closed.clone();
            after.running.extend(plan.moves.iter().enumerate().map(|(at, step)| {
                let (cluster, pool, _) = fleet.names(step.to).expect("a pair");
                let of = of(step.deployment);
                Running {
                    name: format!("zz-moved-{at}"),
                    deployment: format!("{}/{}", of.workload, of.name),
                    cluster: cluster.as_str().to_owned(),
                    pool: pool.as_str().to_owned(),
                    replicas: step.replicas,
                }
            }));
            // It asks on the terms of the one it stands for (P16).
            let owner = format!("deployment {}", deployment.name);
            let ends: Vec<_> = after.ends.iter().filter(|(whose, ..)| *whose == owner).cloned().collect();
            after
                .ends
                .extend(ends.into_iter().map(|(_, policy, until)| ("deployment probe".to_owned(), policy, until)));
            let probe = Deployment {
                name: "probe".to_owned(),
                replicas: 1,
                placement: Placement::default(),
                ..deployment.clone()
            };
            let decided = judge::decide(&after, &probe, &judge::Fleet::new(&after), false);
            assert_eq!(decided.verdict, "refused", "seed {seed}: {blocked:?} on {name}\n{world:#?}");
        }
    }
    [moved, stuck]
}

/// The moves of a plan, carried out one after the other; how many there are, and how many have no room.
fn compare_plan(seed: u64) -> [usize; 2] {
    let world = world(seed, 6);
    let workspace = loaded(&world);
    let decided = workspace.place_all_as(PlaceOptions { optimize: 2_000, ..PlaceOptions::default() });
    let plan = plan_moves(&workspace, &decided, None);
    let mut inventory = workspace.inventory().clone();
    let mut left: Vec<u32> = workspace.running().iter().map(|own| own.replicas).collect();
    for step in &plan.moves {
        let placed = decided.iter().find(|found| found.deployment == step.deployment).expect("a decision");
        assert!(
            placed.decision.placements().iter().any(|placement| placement.pair == step.to),
            "seed {seed}: {step:?}"
        );
        inventory.reserve(step.to, &step.needs, step.replicas).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        // Of several documents about the same place, one after the other gives its replicas.
        let mut leaving = step.replicas;
        for (own, left) in workspace.running().iter().zip(&mut left) {
            if own.deployment == step.deployment && own.pair == step.from {
                let fewer = leaving.min(*left);
                inventory.shrink(own.reservation, fewer).expect("it runs");
                (leaving, *left) = (leaving - fewer, *left - fewer);
            }
        }
        assert_eq!(leaving, 0, "seed {seed}: {step:?}\n{world:#?}");
    }
    // What is blocked has no room for a single one, with all moves made.
    for step in &plan.blocked {
        assert!(inventory.reserve(step.to, &step.needs, 1).is_err(), "seed {seed}: {step:?}\n{world:#?}");
    }
    [plan.moves.len(), plan.blocked.len()]
}

fn both(compare: fn(u64) -> [usize; 2]) -> [usize; 2] {
    let part = |odd: u64| {
        let seen = (0..WORLDS).filter(|seed| seed % 2 == odd).map(compare);
        seen.fold([0, 0], |[a, b], [c, d]| [a + c, b + d])
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| part(1));
        let [a, b] = part(0);
        let [c, d] = other.join().expect("the other half");
        [a + c, b + d]
    })
}

#[test]
fn a3_a_drill_is_deleting_and_deciding() {
    let [affected, least] = both(compare_drill);
    assert!(affected > 500 && least > 50, "{affected} affected, {least} least sets");
    println!("{WORLDS} worlds: {affected} losses that matter, {least} least sets");
}

#[test]
fn a3_each_step_of_a_drain_is_legal_and_has_room() {
    let [moved, stuck] = both(compare_drain);
    assert!(moved > 100 && stuck > 50, "{moved} moves, {stuck} stay");
    println!("{WORLDS} worlds: {moved} moves, {stuck} stay");
}

#[test]
fn a3_each_move_of_a_plan_has_room_in_its_order() {
    let [moved, stuck] = both(compare_plan);
    assert!(moved > 100, "{moved} moves, {stuck} without room");
    println!("{WORLDS} worlds: {moved} moves, {stuck} without room");
}
