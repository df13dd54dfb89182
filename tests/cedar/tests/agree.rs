//! The solver and Cedar have the same candidates for every deployment of random worlds: `SITING_CEDAR_WORLDS` of
//! them, 2,000 unless told.

use std::collections::BTreeSet;

use siting::catalog::Catalog;
use siting::inventory::Fleet;
use siting::manifest::spec::Specs;
use siting::testing::{Choices, Draw};
use siting::workspace::{LoadOptions, Workspace};

#[path = "../../differential/reach.rs"]
mod reach;

type Pair = (String, String, &'static str, String);

#[test]
fn cedar_has_the_same_candidates() {
    let asked = std::env::var("SITING_CEDAR_WORLDS").ok();
    let worlds: u64 = asked.map_or(2_000, |worlds| worlds.parse().expect("a number"));
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get()) as u64;
    let compared: [u64; 3] = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || (0..worlds).filter(|seed| seed % threads == thread).map(compare).collect::<Vec<_>>()))
            .collect();
        let counts = parts.into_iter().flat_map(|part| part.join().expect("no mismatch"));
        counts.fold([0; 3], |sum, count| [sum[0] + count[0], sum[1] + count[1], sum[2] + count[2]])
    });
    let [deployments, allowed, excluded] = compared;
    println!("{worlds} worlds, {deployments} deployments compared: {allowed} pairs are candidates, {excluded} are not");
    assert!(allowed > 0 && excluded > 0);
}

/// W2: so it is of workspaces that were reached by changes, from other worlds and by detours: a tenth as many.
#[test]
fn cedar_has_the_same_candidates_after_changes() {
    let asked = std::env::var("SITING_CEDAR_WORLDS").ok();
    let worlds: u64 = asked.map_or(2_000, |worlds| worlds.parse().expect("a number")) / 10;
    let mut counts = [0; 3];
    for seed in 0..worlds {
        let (from, by, world) = (draw(seed + 1_000_003), draw(seed + 2_000_003), draw(seed));
        let (workspace, _) = reach::reach(from, &by, &world, seed, &format!("seed {seed}"));
        let of_one = agree(&world, &workspace, seed);
        counts = [0, 1, 2].map(|at| counts[at] + of_one[at]);
    }
    let [deployments, allowed, excluded] = counts;
    println!("{worlds} worlds reached, {deployments} deployments compared: {allowed} pairs are candidates, {excluded} are not");
    assert!(allowed > 0 && excluded > 0);
}

/// A world without limits of price: what Cedar is told says nothing of prices (D1, E4).
fn draw(seed: u64) -> Specs {
    let mut world = Specs::draw(&mut Choices::seeded(seed));
    let of_environments = world.environments.iter_mut().map(|environment| &mut environment.limits);
    let all = of_environments.chain(world.workspace.iter_mut().map(|root| &mut root.limits));
    all.flatten().for_each(|limits| limits.price_per_hour = None);
    world.deployments.iter_mut().for_each(|deployment| deployment.max_price_per_hour = None);
    world
}

/// Compares one world; how many deployments, candidates and others it has.
fn compare(seed: u64) -> [u64; 3] {
    let world = draw(seed);
    let workspace = Workspace::from_specs(world.clone(), LoadOptions::default()).expect("a valid world");
    agree(&world, &workspace, seed)
}

fn agree(world: &Specs, workspace: &Workspace, seed: u64) -> [u64; 3] {
    let mut counts = [0; 3];
    for deployment in &world.deployments {
        let (kind, workload) = (deployment.resource_type.as_str(), deployment.workload.as_str());
        let address = format!("{kind}/{workload}/{}", deployment.metadata.name.as_str());
        let id = workspace.find_deployment(&address).expect("a deployment");
        let decision = workspace.place(id).expect("a decision").decision;
        let fleet: &Fleet = decision.fleet();
        let ours: BTreeSet<Pair> = decision.candidates().iter().map(|pair| named(fleet, pair)).collect();
        let theirs = siting_cedar::candidates(world, workspace.catalog(), deployment);
        let theirs: BTreeSet<Pair> = theirs.into_iter().map(|at| (at.cluster, at.pool, at.kind, at.code)).collect();
        assert_eq!(ours, theirs, "seed {seed}: siting (left) and Cedar (right) differ on {address} in\n{world:#?}");
        counts[0] += 1;
        counts[1] += ours.len() as u64;
        counts[2] += (fleet.pairs().len() - ours.len()) as u64;
    }
    counts
}

fn named(fleet: &Fleet, pair: siting::id::PairId) -> Pair {
    let catalog: &Catalog = fleet.catalog();
    let pair = fleet.pair(pair).expect("a pair");
    (
        fleet.cluster(pair.cluster).expect("a cluster").name.to_string(),
        fleet.pool(pair.pool).expect("a pool").def.name.to_string(),
        catalog.flavor_kind(pair.flavor).as_str(),
        catalog.flavor_code(pair.flavor).to_owned(),
    )
}
