//! The second pass: it saves, it stays within what is allowed and what is free, and it is repeatable.
#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use proptest::prelude::*;

use siting::manifest::Source;
use siting::placement::commit;
use siting::workspace::{LoadOptions, Outcome, PlaceOptions, Workspace};

const OPTIMIZED: PlaceOptions = PlaceOptions { partial: false, optimize: 100_000 };

/// Deployments of so many cores and replicas, and pools of so many cores a node, nodes and price; every
/// second deployment may run in Europe only.
fn workspace(deployments: &[(u32, u32)], pools: &[(u32, u32, u32)]) -> Workspace {
    let mut text = "apiVersion: siting.dev/v1\nkind: Policy\nmetadata: {name: europe}\n\
                    spec: {type: location, locations: [{type: continent, name: eu}]}\n"
        .to_owned();
    for (number, (cpu, replicas)) in deployments.iter().enumerate() {
        let policies = if number % 2 == 0 { "" } else { "europe" };
        text += &format!(
            "---\napiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {{name: d{number}}}\nspec:\n  model: m\n  \
             replicas: {replicas}\n  policies: [{policies}]\n  resources: {{cpu: {cpu}, memory: 1Gi}}\n"
        );
    }
    for (number, (cpu, nodes, price)) in pools.iter().enumerate() {
        let country = ["fr", "us"].into_iter().nth(number % 2).unwrap();
        text += &format!(
            "---\napiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: c{number}}}\nspec:\n  provider: p\n  \
             country: {country}\n  pools: [{{name: p, nodes: {nodes}, cpuFlavor: x86, cpu: {cpu}, memory: 512Gi, \
             pricePerHour: \"{price}\"}}]\n"
        );
    }
    Workspace::from_sources(&[Source::new("random.yaml", text)], LoadOptions::default()).unwrap()
}

fn cost(outcomes: &[Outcome]) -> u64 {
    let placements = outcomes.iter().flat_map(|outcome| outcome.decision.placements());
    placements.map(|placement| placement.price_per_hour.unwrap().get()).sum()
}

/// One place is cheap and small; what comes first takes it, though what comes after would save more.
#[test]
fn a_replica_makes_room_where_that_saves_more() {
    // On c0 a core costs 1, on c2 it costs 2: d0 (any place) takes c0 and leaves d1, which may run in
    // Europe only, to c4, where a core costs 10. Better: d1 on c0, d0 on c2.
    let workspace = workspace(&[(2, 1), (2, 1)], &[(2, 1, 2), (2, 1, 90), (2, 1, 20), (2, 1, 4)]);
    let first = workspace.place_all();
    let second = workspace.place_all_as(OPTIMIZED);
    // d0 on c0 at 2 and d1 on c2 at 20, against d0 on c3 at 4 and d1 on c0 at 2.
    assert_eq!((cost(&first), cost(&second)), (22_000_000, 6_000_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn d9_it_saves_within_what_is_allowed_and_free(
        deployments in prop::collection::vec((1_u32..8, 1_u32..4), 1..12),
        pools in prop::collection::vec((1_u32..16, 1_u32..4, 1_u32..50), 1..10),
    ) {
        let workspace = workspace(&deployments, &pools);
        let first = workspace.place_all();
        let second = workspace.place_all_as(OPTIMIZED);
        prop_assert!(cost(&second) <= cost(&first));
        let mut inventory = workspace.inventory().clone();
        for (before, after) in first.iter().zip(&second) {
            prop_assert_eq!(before.decision.verdict(), after.decision.verdict());
            let replicas = |outcome: &Outcome| outcome.decision.placements().iter().map(|p| p.replicas).sum::<u32>();
            prop_assert_eq!(replicas(before), replicas(after));
            prop_assert!(after.decision.placements().iter().all(|p| after.decision.candidates().contains(p.pair)));
        }
        // All of it fits the fleet as it was, whatever the order.
        for outcome in second.iter().filter(|outcome| outcome.decision.is_placed()) {
            prop_assert!(commit(&mut inventory, &outcome.decision).is_ok());
        }
        let again = workspace.place_all_as(OPTIMIZED);
        prop_assert!(second.iter().zip(&again).all(|(a, b)| a.decision.placements() == b.decision.placements()));
    }
}
