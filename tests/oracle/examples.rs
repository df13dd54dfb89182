//! The oracle by itself: the worked examples of the rules, and what its random worlds reach.

use std::collections::{BTreeMap, BTreeSet};

use crate::oracle::judge::{
    Candidate, Fleet, Reason, Verdict, decide, decide_all, kilometres, leaves_something, running_fits, whole_kilometres,
};
use crate::oracle::world::{
    Axis, Cluster, Deployment, Domain, Environment, FavouriteKind, Gpu, GpuNeed, Level, Near, Opt, Placement, Policy,
    Pool, Pools, Preference, Resources, Running, Spread, Used, World,
};
use crate::oracle::{callers, enumerate, random};

const GIB: u64 = 1 << 30;

fn policy(name: &str, axis: Axis, options: &[(&str, &str)]) -> Policy {
    let options =
        options.iter().map(|(kind, name)| Opt { kind: (*kind).to_owned(), name: (*name).to_owned() }).collect();
    Policy { name: name.to_owned(), axis, options, except: Vec::new(), targets: None, callers: None }
}

fn cluster(name: &str, country: &str, pools: Pools) -> Cluster {
    Cluster {
        name: name.to_owned(),
        provider: "onprem".to_owned(),
        country: country.to_owned(),
        location: None,
        zone: None,
        coordinates: None,
        healthy: true,
        cordoned: false,
        observed_at: None,
        attributes: Vec::new(),
        pools,
    }
}

fn short(flavors: &[(&str, &str)]) -> Pools {
    Pools::Short(flavors.iter().map(|(kind, code)| ((*kind).to_owned(), (*code).to_owned())).collect())
}

/// A cluster with x86, T4 and L4 in each of the countries.
fn everywhere(countries: &[&str]) -> Vec<Cluster> {
    let pools = short(&[("cpu", "x86"), ("gpu", "t4"), ("gpu", "l4")]);
    countries.iter().map(|country| cluster(country, country, pools.clone())).collect()
}

fn enforced(names: &[&str]) -> Vec<(String, bool)> {
    names.iter().map(|name| ((*name).to_owned(), true)).collect()
}

fn deployment(replicas: u32, resources: Option<Resources>) -> Deployment {
    Deployment {
        name: "d".to_owned(),
        workload_type: "model".to_owned(),
        workload: "m".to_owned(),
        replicas,
        resources,
        ..Deployment::default()
    }
}

fn only(world: &World) -> Verdict {
    let verdict = decide(world, &world.deployments[0], &Fleet::new(world), false);
    assert_eq!(decide_all(world, false)[0].1, verdict);
    verdict
}

/// The countries and the codes of a decision's candidates, which must be all their combinations.
fn product(candidates: &[Candidate]) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let countries: BTreeSet<&str> = candidates.iter().map(|c| c.cluster.as_str()).collect();
    let codes: BTreeSet<&str> = candidates.iter().map(|c| c.code.as_str()).collect();
    assert_eq!(candidates.len(), countries.len() * codes.len());
    (countries, codes)
}

fn codes(reasons: &[Reason]) -> Vec<(&str, usize, usize)> {
    reasons.iter().map(|reason| (reason.code, reason.removed_alone, reason.left_after)).collect()
}

/// P14: the three-policy example of seed 000.
#[test]
fn three_policies_at_one_environment() {
    let world = World {
        environments: vec![Environment {
            name: "development".to_owned(),
            level: Level { attachments: enforced(&["US only", "Asia only", "T4 only"]), require: Vec::new() },
        }],
        policies: vec![
            policy("US only", Axis::Location, &[("country", "us")]),
            policy("Asia only", Axis::Location, &[("continent", "as")]),
            policy("T4 only", Axis::Flavor, &[("gpu", "t4")]),
        ],
        deployments: vec![Deployment { environment: Some("development".to_owned()), ..deployment(1, None) }],
        clusters: everywhere(&["us", "ca", "br", "de", "jp", "in"]),
        ..World::default()
    };
    let verdict = only(&world);
    assert_eq!(product(&verdict.candidates), (BTreeSet::from(["in", "jp", "us"]), BTreeSet::from(["t4"])));
    assert_eq!((verdict.scope.location, verdict.scope.flavor), ("restricted", "restricted"));
    // Production stays as it was created: without restrictions.
    let free = World { deployments: vec![deployment(1, None)], ..world };
    let verdict = only(&free);
    assert_eq!(verdict.candidates.len(), 6 * 3);
    assert_eq!((verdict.scope.location, verdict.scope.flavor), ("unrestricted", "unrestricted"));
}

/// P14: the eight examples of seed 001.
#[test]
fn policies_at_an_environment_and_a_deployment() {
    let anything = ["l4", "t4", "x86"];
    let america_and_europe = ["ca", "de", "fr", "us"];
    let examples: [[&[&str]; 4]; 8] = [
        [&["A", "B"], &[], &america_and_europe, &anything],
        [&["B", "C"], &[], &america_and_europe, &["t4"]],
        [&["A", "C"], &[], &["us"], &["t4"]],
        [&["A", "B", "C"], &[], &america_and_europe, &["t4"]],
        [&["A"], &["B"], &["us"], &anything],
        [&["B"], &["A"], &["us"], &anything],
        [&["B"], &["C"], &america_and_europe, &["t4"]],
        [&["A"], &["B", "C"], &["us"], &["t4"]],
    ];
    for [environment, own, countries, flavors] in examples {
        let world = World {
            environments: vec![Environment {
                name: "production".to_owned(),
                level: Level { attachments: enforced(environment), require: Vec::new() },
            }],
            policies: vec![
                policy("A", Axis::Location, &[("country", "us")]),
                policy("B", Axis::Location, &[("continent", "na"), ("continent", "eu")]),
                policy("C", Axis::Flavor, &[("gpu", "t4")]),
            ],
            deployments: vec![Deployment { attachments: enforced(own), ..deployment(1, None) }],
            clusters: everywhere(&["us", "ca", "br", "de", "fr", "jp"]),
            ..World::default()
        };
        let expected = (countries.iter().copied().collect(), flavors.iter().copied().collect());
        assert_eq!(product(&only(&world).candidates), expected, "{environment:?} {own:?}");
    }
}

/// P7: taking out every known location of a country leaves its rest; only the whole of it is a conflict.
#[test]
fn conflicts_are_judged_on_the_whole_axis() {
    let mut world = World {
        workspace: Level { attachments: enforced(&["known"]), require: Vec::new() },
        policies: vec![
            Policy {
                except: policy("", Axis::Location, &[("location", "aws/ap-northeast-1")]).options,
                ..policy("known", Axis::Location, &[("country", "jp")])
            },
            policy("region", Axis::Location, &[("location", "aws/ap-northeast-1")]),
            policy("both", Axis::Location, &[("location", "aws/ap-northeast-1"), ("country", "jp")]),
        ],
        deployments: vec![Deployment { attachments: enforced(&["both"]), ..deployment(1, None) }],
        clusters: everywhere(&["jp"]),
        ..World::default()
    };
    assert_eq!(only(&world).scope.location, "restricted");
    assert_eq!(only(&world).verdict, "placed");
    world.deployments[0].attachments = enforced(&["region"]);
    let verdict = only(&world);
    assert_eq!((verdict.scope.location, verdict.candidates.len()), ("conflict", 0));
    let refusal = verdict.refusal.expect("a refusal");
    assert_eq!(codes(&refusal.reasons), [("policy-conflict", 1, 0), ("location-not-allowed", 1, 0)]);
    let culprits = [("known".to_owned(), "workspace"), ("region".to_owned(), "deployment")];
    assert_eq!(refusal.reasons[0].policies, culprits);
    // The workspace's level allows the rest of Japan, where the cluster stands.
    assert_eq!(refusal.reasons[1].policies, culprits[1..]);
}

/// D6: what each constraint removes alone, and what is left after it and all before it.
#[test]
fn a_refusal_counts_clusters() {
    let x86 = short(&[("cpu", "x86")]);
    let mut sick = cluster("sick", "us", x86.clone());
    sick.healthy = false;
    let tight = Pool {
        name: "tight".to_owned(),
        nodes: Some(1),
        cpu_flavor: Some("x86".to_owned()),
        cpu_milli: 4000,
        memory: 8 * GIB,
        used: Used { cpu_milli: 3500, ..Used::default() },
        ..Pool::default()
    };
    let world = World {
        workspace: Level { attachments: enforced(&["us"]), require: Vec::new() },
        policies: vec![policy("us", Axis::Location, &[("country", "us")])],
        deployments: vec![deployment(2, Some(Resources { cpu_milli: 1000, memory: GIB, ..Resources::default() }))],
        clusters: vec![
            sick,
            cluster("abroad", "fr", x86),
            cluster("gpus", "us", short(&[("gpu", "t4")])),
            cluster("full", "us", Pools::Full(vec![tight])),
        ],
        ..World::default()
    };
    let verdict = only(&world);
    assert_eq!(verdict.candidates.iter().map(|c| c.cluster.as_str()).collect::<Vec<_>>(), ["full"]);
    let refusal = verdict.refusal.expect("a refusal");
    assert_eq!((refusal.wanted, refusal.fitting, refusal.clusters), (2, 0, 4));
    assert_eq!(
        codes(&refusal.reasons),
        [
            ("unhealthy", 1, 3),
            ("location-not-allowed", 1, 2),
            ("no-such-flavor", 1, 1),
            ("insufficient-capacity", 1, 0)
        ]
    );
}

/// D1, D5, I1, I5: shares take the fullest GPU with room, and are paid by their largest part of a node.
#[test]
fn shares_fill_gpus() {
    let pool = Pool {
        name: "g".to_owned(),
        nodes: Some(2),
        cpu_flavor: Some("x86".to_owned()),
        cpu_milli: 8000,
        memory: 32 * GIB,
        gpu: Some(("t4".to_owned(), 2)),
        price_micro: Some(1_000_001),
        used: Used { gpu_milli: 1400, ..Used::default() },
        ..Pool::default()
    };
    let demand = |alternatives| {
        let gpu = Some(Gpu { alternatives });
        Some(Resources { cpu_milli: 1000, memory: GIB, gpu, ..Resources::default() })
    };
    // Free thousandths at first: 0 and 600 on the first node, 1000 and 1000 on the second.
    let mut world = World {
        deployments: vec![
            deployment(1, demand(vec![need(1, Some(500))])),
            Deployment { name: "e".to_owned(), ..deployment(2, demand(vec![need(2, None), need(1, Some(1000))])) },
            Deployment { name: "f".to_owned(), ..deployment(1, demand(vec![need(1, Some(101))])) },
            Deployment { name: "g".to_owned(), ..deployment(0, demand(vec![need(1, Some(100))])) },
        ],
        clusters: vec![cluster("c", "us", Pools::Full(vec![pool]))],
        ..World::default()
    };
    let placed: Vec<_> = decide_all(&world, false)
        .into_iter()
        .map(|(_, verdict)| verdict.placements.first().map(|placement| (placement.replicas, placement.price)))
        .collect();
    assert_eq!(placed, [Some((1, Some(250_001))), Some((2, Some(1_000_002))), None, Some((0, Some(0)))]);
    // Three whole GPUs are not free.
    world.deployments.truncate(1);
    world.deployments[0] = deployment(3, demand(vec![need(2, None), need(1, None)]));
    let refusal = only(&world).refusal.expect("a refusal");
    assert_eq!(refusal.fitting, 2);
    // The pair with the cpu fails the kind that is demanded, but the cluster survives by the other one.
    assert_eq!(codes(&refusal.reasons), [("no-such-flavor", 0, 1), ("insufficient-capacity", 0, 1)]);
}

/// D5: pools without GPUs first, then the lowest price, the least left, the name by bytes; the unknown last.
#[test]
fn replicas_go_to_the_best_ranked() {
    let pool = |price, nodes| Pool {
        name: "p".to_owned(),
        nodes,
        cpu_flavor: Some("x86".to_owned()),
        cpu_milli: 2000,
        memory: 4 * GIB,
        price_micro: Some(price),
        ..Pool::default()
    };
    let gpus = Pool { gpu: Some(("t4".to_owned(), 1)), ..pool(10, Some(9)) };
    let world = World {
        deployments: vec![deployment(8, Some(Resources { cpu_milli: 1000, memory: GIB, ..Resources::default() }))],
        clusters: vec![
            cluster("gpus", "us", Pools::Full(vec![gpus])),
            cluster("endless", "us", Pools::Full(vec![pool(1, None)])),
            cluster("dear", "us", Pools::Full(vec![pool(300_000, Some(1))])),
            cluster("cheap", "us", Pools::Full(vec![pool(100_001, Some(1))])),
            cluster("Cheap", "us", Pools::Full(vec![pool(100_001, Some(1))])),
        ],
        ..World::default()
    };
    let placements = only(&world).placements;
    let placed: Vec<_> = placements.iter().map(|p| (p.candidate.cluster.as_str(), p.replicas, p.price)).collect();
    assert_eq!(
        placed,
        [("Cheap", 2, Some(100_002)), ("cheap", 2, Some(100_002)), ("dear", 2, Some(300_000)), ("endless", 2, None)]
    );
}

/// P12, P13: an audit attachment opens no gate, and says what enforcing it would change.
#[test]
fn audits_change_nothing() {
    let mut world = World {
        workspace: Level { attachments: vec![("us".to_owned(), false)], require: vec![Axis::Location] },
        policies: vec![policy("us", Axis::Location, &[("country", "us")])],
        deployments: vec![deployment(1, None)],
        clusters: everywhere(&["us", "ca"]),
        ..World::default()
    };
    let verdict = only(&world);
    assert_eq!(codes(&verdict.refusal.expect("a refusal").reasons), [("policy-required", 2, 0)]);
    let audit = &verdict.audit[0];
    assert_eq!((audit.policy.as_str(), audit.level), ("us", "workspace"));
    assert_eq!((audit.loses, audit.gains, audit.verdict), (0, 3, "placed"));
    world.workspace.require.clear();
    let audit = &only(&world).audit[0];
    assert_eq!((audit.loses, audit.gains, audit.verdict), (3, 0, "placed"));
}

fn need(count: u32, share_milli: Option<u32>) -> GpuNeed {
    GpuNeed { count, share_milli, ..GpuNeed::default() }
}

/// Nodes of 4 cores and 16 GiB with x86; a replica of one core costs a quarter of the price.
fn machine(nodes: u64, price: u64) -> Pool {
    Pool {
        name: "p".to_owned(),
        nodes: Some(nodes),
        cpu_flavor: Some("x86".to_owned()),
        cpu_milli: 4000,
        memory: 16 * GIB,
        price_micro: Some(price),
        ..Pool::default()
    }
}

fn full(pool: Pool) -> Pools {
    Pools::Full(vec![pool])
}

fn cores(count: u64) -> Option<Resources> {
    Some(Resources { cpu_milli: 1000 * count, memory: GIB, ..Resources::default() })
}

fn gpu_demand(alternatives: Vec<GpuNeed>) -> Option<Resources> {
    Some(Resources { gpu: Some(Gpu { alternatives }), ..cores(1).expect("some") })
}

fn named(name: &str, deployment: Deployment) -> Deployment {
    Deployment { name: name.to_owned(), ..deployment }
}

fn runs(name: &str, deployment: &str, cluster: &str, replicas: u32) -> Running {
    Running {
        name: name.to_owned(),
        deployment: format!("m/{deployment}"),
        cluster: cluster.to_owned(),
        pool: "p".to_owned(),
        replicas,
    }
}

fn places(verdict: &Verdict) -> Vec<(&str, u32)> {
    verdict.placements.iter().map(|p| (p.candidate.cluster.as_str(), p.replicas)).collect()
}

/// Each deployment's name, verdict and places, in the order in which they are decided.
fn all(world: &World, partial: bool) -> Vec<String> {
    let line = |(name, verdict): &(String, Verdict)| format!("{name} {} {:?}", verdict.verdict, places(verdict));
    decide_all(world, partial).iter().map(line).collect()
}

/// D5: what is listed counts before the default order, in the order listed.
#[test]
fn preferences_come_before_the_default_order() {
    let (spot_on, far) = ((0, 0), (0, 90_000_000));
    let gpus = Pool { gpu: Some(("t4".to_owned(), 1)), ..machine(1, 100_000) };
    let used = Used { cpu_milli: 2500, ..Used::default() };
    let clusters = vec![
        // A replica costs 25 000 and leaves a GPU.
        Cluster { coordinates: Some(spot_on), ..cluster("gpus", "us", full(gpus)) },
        // 100 000, and half a core is left.
        Cluster { coordinates: Some(far), ..cluster("dear", "fr", full(Pool { used, ..machine(1, 400_000) })) },
        // 75 000, and a core is left.
        Cluster {
            provider: "aws".to_owned(),
            location: Some("aws/eu-central-1".to_owned()),
            ..cluster("small", "de", full(Pool { cpu_milli: 2000, ..machine(1, 150_000) }))
        },
    ];
    let near = |country: &str| Preference::Near(Near::Country(country.to_owned()));
    let at = |lat, lon| Preference::Near(Near::Coordinates { lat, lon });
    let favourites = |cluster, provider, location| {
        Preference::Favourites(vec![
            (FavouriteKind::Cluster, "dear".to_owned(), cluster),
            (FavouriteKind::Provider, "onprem".to_owned(), provider),
            (FavouriteKind::Location, "aws/eu-central-1".to_owned(), location),
        ])
    };
    let examples: [(&[Preference], &str); 16] = [
        (&[], "small"),
        (&[Preference::Price], "gpus"),
        (&[Preference::Packing], "dear"),
        (&[Preference::Packing, Preference::Price], "dear"),
        (&[near("fr")], "dear"),
        (&[near("de")], "small"),
        // Both European ones are on the continent; the cheaper one wins.
        (&[near("ie")], "small"),
        (&[near("ie"), Preference::Packing], "dear"),
        (&[near("ca")], "gpus"),
        (&[near("jp")], "small"),
        (&[at(0, 10_000_000)], "gpus"),
        (&[at(0, 60_000_000)], "dear"),
        // As far from either; unknown is last even where it would be best by default.
        (&[at(0, 45_000_000)], "dear"),
        (&[favourites(7, 5, 6)], "dear"),
        // Weights are not added up.
        (&[favourites(4, 5, 6)], "small"),
        (&[favourites(5, 5, 5)], "small"),
    ];
    for (prefer, expected) in examples {
        let placement = Placement { prefer: prefer.to_vec(), spread: None, together: None };
        let deployments = vec![Deployment { placement, ..deployment(1, cores(1)) }];
        let world = World { deployments, clusters: clusters.clone(), ..World::default() };
        assert_eq!(places(&only(&world)), [(expected, 1)], "{prefer:?}");
    }
}

/// D4: distances are whole kilometres, and those of random worlds beyond dispute.
#[test]
fn distances_are_rounded() {
    // 6371.0088 km times a quarter of the circle is 10007.557 km, half 20015.114 km, a degree 111.195 km.
    assert_eq!(whole_kilometres((0, 0), (0, 90_000_000)), 10_008);
    assert_eq!(whole_kilometres((90_000_000, 0), (0, 123_456_789)), 10_008);
    assert_eq!(whole_kilometres((90_000_000, 5), (-90_000_000, -7_000_000)), 20_015);
    assert_eq!(whole_kilometres((10_000_000, 20_000_000), (11_000_000, 20_000_000)), 111);
    // At 60 degrees north, half of that.
    assert_eq!(whole_kilometres((60_000_000, 20_000_000), (60_000_000, 21_000_000)), 56);
    assert_eq!(whole_kilometres((0, 179_999_999), (0, -179_999_999)), 0);
    // London to Paris.
    assert_eq!(whole_kilometres((51_507_400, -127_800), (48_856_600, 2_352_200)), 344);
    for here in random::PLACES {
        for there in random::PLACES {
            let kilometres = kilometres(*here, *there);
            assert!((kilometres - kilometres.floor() - 0.5).abs() > 0.01, "{here:?} {there:?} {kilometres}");
        }
    }
}

/// D5: without a skew the emptiest domain comes before what is listed; it never refuses.
#[test]
fn spread_is_a_preference_without_a_skew() {
    let placed = |by, prefer: &[Preference], room: u64, replicas| {
        let used = Used { cpu_milli: 4000 - room, ..Used::default() };
        let clusters = vec![
            cluster("a", "fr", full(Pool { used, ..machine(1, 100_000) })),
            cluster("b", "de", full(machine(2, 200_000))),
        ];
        let placement = Placement {
            prefer: prefer.to_vec(),
            spread: Some(Spread { by, max_skew: None, min_domains: None }),
            together: None,
        };
        let deployments = vec![Deployment { placement, ..deployment(replicas, cores(1)) }];
        let verdict = only(&World { deployments, clusters, ..World::default() });
        places(&verdict).into_iter().map(|(name, count)| format!("{name}{count}")).collect::<Vec<_>>()
    };
    assert_eq!(placed(Domain::Cluster, &[], 4000, 3), ["a2", "b1"]);
    assert_eq!(placed(Domain::Location, &[], 4000, 4), ["a2", "b2"]);
    assert_eq!(placed(Domain::Country, &[], 1000, 4), ["a1", "b3"]);
    assert_eq!(placed(Domain::Continent, &[], 4000, 3), ["a3"]);
    assert_eq!(placed(Domain::Provider, &[], 4000, 3), ["a3"]);
    let favourite = Preference::Favourites(vec![(FavouriteKind::Cluster, "b".to_owned(), 1)]);
    assert_eq!(placed(Domain::Cluster, std::slice::from_ref(&favourite), 4000, 3), ["b2", "a1"]);
    assert_eq!(placed(Domain::Continent, &[favourite], 4000, 3), ["b3"]);
}

/// Room for one replica of a core, four and four; a fourth cluster is no candidate and has no say.
fn uneven(by: Domain, max_skew: u32, replicas: u32) -> World {
    let used = Used { cpu_milli: 3000, ..Used::default() };
    let one = Cluster {
        provider: "aws".to_owned(),
        location: Some("aws/us-east-1".to_owned()),
        ..cluster("one", "us", full(Pool { used, ..machine(1, 100_000) }))
    };
    let closed = Cluster { cordoned: true, ..cluster("closed", "fr", full(machine(1, 1000))) };
    let placement = Placement {
        prefer: Vec::new(),
        spread: Some(Spread { by, max_skew: Some(max_skew), min_domains: None }),
        together: None,
    };
    World {
        deployments: vec![Deployment { placement, ..deployment(replicas, cores(1)) }],
        clusters: vec![
            one,
            cluster("two", "us", full(machine(1, 200_000))),
            cluster("three", "ca", full(machine(1, 300_000))),
            closed,
        ],
        ..World::default()
    }
}

/// D5: with a skew no domain gets further ahead of the least one that has a candidate.
#[test]
fn spread_is_a_constraint_with_a_skew() {
    let placed = |by, max_skew, replicas| {
        let verdict = only(&uneven(by, max_skew, replicas));
        places(&verdict).into_iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>()
    };
    assert_eq!(placed(Domain::Cluster, 1, 5), ["one 1", "two 2", "three 2"]);
    assert_eq!(placed(Domain::Cluster, 1, 6), [""; 0]);
    assert_eq!(placed(Domain::Cluster, 2, 7), ["one 1", "two 3", "three 3"]);
    // The two in the United States are a domain each: a known location, and the rest of the country.
    assert_eq!(placed(Domain::Location, 1, 5), ["one 1", "two 2", "three 2"]);
    assert_eq!(placed(Domain::Location, 1, 6), [""; 0]);
    assert_eq!(placed(Domain::Country, 1, 7), ["one 1", "three 3", "two 3"]);
    assert_eq!(placed(Domain::Continent, 1, 7), ["one 1", "two 4", "three 2"]);
    assert_eq!(placed(Domain::Provider, 1, 3), ["one 1", "two 2"]);
    assert_eq!(placed(Domain::Provider, 1, 4), [""; 0]);
}

/// D6: the spread is a reason where more would fit without it, and judged where the allotment stopped.
#[test]
fn a_refusal_names_the_spread() {
    let refusal = only(&uneven(Domain::Cluster, 1, 7)).refusal.expect("a refusal");
    assert_eq!((refusal.wanted, refusal.fitting), (7, 5));
    // It stopped at one, two and two: the first is full, and one more elsewhere would exceed the skew.
    assert_eq!(
        codes(&refusal.reasons),
        [("cordoned", 1, 3), ("insufficient-capacity", 1, 2), ("spread-impossible", 2, 0)]
    );
    assert_eq!(refusal.reasons[2].policies, []);
    // Nine would fit without the spread.
    let refusal = only(&uneven(Domain::Cluster, 1, 10)).refusal.expect("a refusal");
    assert_eq!(
        codes(&refusal.reasons),
        [("cordoned", 1, 3), ("insufficient-capacity", 1, 2), ("spread-impossible", 2, 0)]
    );
    // All that there is room for fits in spite of the spread.
    let refusal = only(&uneven(Domain::Continent, 1, 10)).refusal.expect("a refusal");
    assert_eq!(
        (refusal.fitting, codes(&refusal.reasons)),
        (9, vec![("cordoned", 1, 3), ("insufficient-capacity", 0, 3)])
    );
    // A cluster without room holds back the others.
    let mut world = uneven(Domain::Cluster, 1, 3);
    let Pools::Full(pools) = &mut world.clusters[0].pools else { panic!() };
    pools[0].used.cpu_milli = 3500;
    let refusal = only(&world).refusal.expect("a refusal");
    assert_eq!(refusal.fitting, 2);
    assert_eq!(
        codes(&refusal.reasons),
        [("cordoned", 1, 3), ("insufficient-capacity", 1, 2), ("spread-impossible", 2, 0)]
    );
}

/// D3: some replicas rather than none, when asked for.
#[test]
fn partial_places_what_fits() {
    let mut world = World {
        deployments: vec![deployment(5, cores(1)), named("e", deployment(1, cores(1)))],
        clusters: vec![cluster("c", "us", full(machine(1, 100_000)))],
        ..World::default()
    };
    assert_eq!(all(&world, false), ["d refused []", r#"e placed [("c", 1)]"#]);
    assert_eq!(all(&world, true), [r#"d partial [("c", 4)]"#, "e refused []"]);
    let verdict = &decide_all(&world, true)[0].1;
    assert_eq!(verdict.placements[0].price, Some(100_000));
    let refusal = verdict.refusal.as_ref().expect("a refusal");
    assert_eq!((refusal.wanted, refusal.fitting), (5, 4));
    assert_eq!(codes(&refusal.reasons), [("insufficient-capacity", 0, 1)]);
    // An audit is worded in the same way.
    world.policies = vec![policy("na", Axis::Location, &[("continent", "na")])];
    world.deployments[0].attachments = vec![("na".to_owned(), false)];
    assert_eq!(decide_all(&world, true)[0].1.audit[0].verdict, "partial");
    assert_eq!(decide_all(&world, false)[0].1.audit[0].verdict, "refused");

    let mut world = uneven(Domain::Cluster, 1, 7);
    assert_eq!(all(&world, true), [r#"d partial [("one", 1), ("two", 2), ("three", 2)]"#]);

    // Of alternatives the one under which most fit, and the first of these.
    let need = |typ: &str, count| GpuNeed { types: vec![typ.to_owned()], count, ..GpuNeed::default() };
    let gpus = |code: &str, nodes| {
        let pool = Pool { gpu: Some((code.to_owned(), 2)), ..machine(nodes, 100_000) };
        cluster(code, "us", full(pool))
    };
    world = World { clusters: vec![gpus("t4", 1), gpus("l4", 2)], ..World::default() };
    for (alternatives, expected) in [
        ([need("t4", 1), need("l4", 1)], r#"d partial [("l4", 4)]"#),
        ([need("t4", 1), need("l4", 2)], r#"d partial [("t4", 2)]"#),
        ([need("l4", 2), need("t4", 1)], r#"d partial [("l4", 2)]"#),
    ] {
        world.deployments = vec![deployment(5, gpu_demand(alternatives.to_vec()))];
        assert_eq!(all(&world, true), [expected]);
    }
}

/// I4, D5: what runs stays where it is, as far as it does, unless something else is preferred.
#[test]
fn the_current_place_is_kept() {
    let mut world = World {
        deployments: vec![deployment(2, cores(1)), named("e", deployment(1, cores(4)))],
        clusters: vec![cluster("a", "us", full(machine(1, 100_000))), cluster("b", "fr", full(machine(1, 200_000)))],
        running: vec![runs("r", "d", "b", 2)],
        ..World::default()
    };
    assert_eq!(all(&world, false), [r#"d placed [("b", 2)]"#, r#"e placed [("a", 1)]"#]);
    world.deployments[0].replicas = 1;
    assert_eq!(all(&world, false), [r#"d placed [("b", 1)]"#, r#"e placed [("a", 1)]"#]);
    // The third is new, and goes where it is cheaper.
    world.deployments[0].replicas = 3;
    assert_eq!(all(&world, false), [r#"d placed [("b", 2), ("a", 1)]"#, "e refused []"]);
    // With a preference stated it moves, and what it took is free again.
    world.deployments[0].placement.prefer = vec![Preference::Price];
    assert_eq!(all(&world, false), [r#"d placed [("a", 3)]"#, r#"e placed [("b", 1)]"#]);
    // A spread is not such a preference, but comes first.
    world.deployments[0].placement = Placement {
        prefer: Vec::new(),
        spread: Some(Spread { by: Domain::Country, max_skew: None, min_domains: None }),
        together: None,
    };
    assert_eq!(all(&world, false), [r#"d placed [("b", 2), ("a", 1)]"#, "e refused []"]);
    world.running = vec![runs("r", "d", "b", 4)];
    world.deployments[0].replicas = 4;
    assert_eq!(all(&world, false), [r#"d placed [("b", 2), ("a", 2)]"#, "e refused []"]);
    // No place that is not allowed is kept (D9).
    world.deployments[0].placement.spread = None;
    world.policies = vec![policy("us", Axis::Location, &[("country", "us")])];
    world.deployments[0].attachments = enforced(&["us"]);
    assert_eq!(all(&world, false), [r#"d placed [("a", 4)]"#, r#"e placed [("b", 1)]"#]);
}

/// I4: what runs takes room until its deployment is decided, and goes on doing so if that is refused.
#[test]
fn what_runs_takes_room() {
    let mut world = World {
        deployments: vec![deployment(4, cores(1)), named("e", deployment(1, cores(4)))],
        clusters: vec![cluster("a", "us", full(machine(1, 100_000))), cluster("b", "fr", full(machine(1, 200_000)))],
        running: vec![runs("r", "d", "a", 3), runs("s", "d", "b", 1)],
        ..World::default()
    };
    assert_eq!(all(&world, false), [r#"d placed [("a", 3), ("b", 1)]"#, "e refused []"]);
    // The one decided first finds both taken.
    world.deployments[1].priority = 1;
    let verdict = &decide_all(&world, false)[0];
    assert_eq!(verdict.0, "e");
    let refusal = verdict.1.refusal.as_ref().expect("a refusal");
    assert_eq!(codes(&refusal.reasons), [("insufficient-capacity", 2, 0)]);
    world.deployments[1].priority = 0;
    // Refused, partly placed, scaled to zero.
    world.deployments[0].replicas = 9;
    assert_eq!(all(&world, false), ["d refused []", "e refused []"]);
    assert_eq!(decide_all(&world, false)[0].1.refusal.as_ref().map(|refusal| refusal.fitting), Some(8));
    world.deployments[0].remote_missing = vec!["gone".to_owned()];
    assert_eq!(all(&world, true), ["d refused []", "e refused []"]);
    world.deployments[0].remote_missing.clear();
    world.deployments[0].attachments = enforced(&["fr"]);
    world.policies = vec![policy("fr", Axis::Location, &[("country", "fr")])];
    assert_eq!(all(&world, true), [r#"d partial [("b", 4)]"#, r#"e placed [("a", 1)]"#]);
    world.deployments[0].replicas = 0;
    assert_eq!(all(&world, false), [r#"d placed [("b", 0)]"#, r#"e placed [("a", 1)]"#]);
}

/// I4: running replicas fill nodes after `used`, each the one with the least left, in the order of the documents.
#[test]
fn what_runs_is_packed() {
    let used = Used { cpu_milli: 1000, ..Used::default() };
    let mut world = World {
        deployments: vec![
            named("first", Deployment { priority: 1, ..deployment(1, cores(4)) }),
            deployment(1, cores(3)),
            named("e", deployment(1, cores(2))),
            named("f", deployment(1, cores(1))),
        ],
        clusters: vec![cluster("c", "us", full(Pool { used, ..machine(2, 100_000) }))],
        running: vec![runs("r", "f", "c", 3)],
        ..World::default()
    };
    // Three cores on the first node; the second is free.
    assert_eq!(all(&world, false)[0], r#"first placed [("c", 1)]"#);
    world.running[0].replicas = 4;
    assert_eq!(all(&world, false)[0], "first refused []");
    world.running[0].replicas = 8;
    assert!(!running_fits(&world));
    world.clusters = vec![cluster("c", "us", full(machine(2, 100_000)))];
    world.deployments[0].resources = cores(2);
    // Three, two and one: 3 and 1 on the first node, 2 on the second.
    world.running = vec![runs("Z", "e", "c", 1), runs("A", "d", "c", 1), runs("a", "f", "c", 1)];
    assert_eq!(all(&world, false)[0], r#"first placed [("c", 1)]"#);
    // One, two and three: 1 and 2 on the first, 3 on the second.
    world.running = vec![runs("Z", "e", "c", 1), runs("a", "d", "c", 1), runs("A", "f", "c", 1)];
    assert_eq!(all(&world, false)[0], "first refused []");
}

/// I4, D1: without a demand the cpu flavor is what runs, and the gpu flavor only where there is no other.
#[test]
fn what_runs_has_a_flavor() {
    let gpus = Pool { gpu: Some(("t4".to_owned(), 1)), ..machine(1, 100_000) };
    let mut world = World {
        deployments: vec![
            named("first", Deployment { priority: 1, ..deployment(1, gpu_demand(vec![need(1, None)])) }),
            deployment(1, None),
        ],
        clusters: vec![cluster("cheap", "us", full(machine(1, 1000))), cluster("gpus", "us", full(gpus.clone()))],
        running: vec![runs("r", "d", "gpus", 1)],
        ..World::default()
    };
    let placed = decide_all(&world, false);
    assert_eq!(placed[0].1.verdict, "placed");
    assert_eq!((placed[1].1.placements[0].candidate.cluster.as_str()), "gpus");
    assert_eq!((placed[1].1.placements[0].candidate.kind.as_str()), "cpu");
    world.clusters[1].pools = full(Pool { cpu_flavor: None, ..gpus });
    let placed = decide_all(&world, false);
    assert_eq!(placed[0].1.verdict, "refused");
    assert_eq!((placed[1].1.placements[0].candidate.cluster.as_str()), "gpus");
    assert_eq!((placed[1].1.placements[0].candidate.kind.as_str()), "gpu");
    // A GPU that is demanded runs on no other.
    world.running[0].deployment = "m/first".to_owned();
    assert!(running_fits(&world));
    world.running[0].cluster = "cheap".to_owned();
    assert!(!running_fits(&world));
}

/// I4: what is given back is what was taken, down to the GPU.
#[test]
fn shares_are_given_back() {
    let gpus = Pool { gpu: Some(("t4".to_owned(), 2)), ..machine(1, 100_000) };
    let mut world = World {
        deployments: vec![
            // Sharing takes 500 of the first GPU, and 600 of the second.
            named("d", deployment(0, gpu_demand(vec![need(1, Some(500))]))),
            named("e", deployment(1, gpu_demand(vec![need(1, None)]))),
            named("f", deployment(1, gpu_demand(vec![need(1, Some(600)), need(2, None)]))),
        ],
        clusters: vec![cluster("c", "us", full(gpus))],
        running: vec![runs("1", "d", "c", 1), runs("2", "f", "c", 1)],
        ..World::default()
    };
    assert_eq!(all(&world, false), [r#"d placed [("c", 0)]"#, r#"e placed [("c", 1)]"#, r#"f placed [("c", 1)]"#]);
    // As long as both shares are taken, no whole GPU is free.
    world.deployments[1].priority = 1;
    assert_eq!(all(&world, false)[0], "e refused []");
}

/// How often random worlds show something.
#[derive(Default)]
struct Seen(BTreeMap<&'static str, usize>);

impl Seen {
    fn count(&mut self, what: &'static str, happened: bool) {
        *self.0.entry(what).or_default() += usize::from(happened);
    }
}

/// What the rules about preferences, spread, running replicas and partial placement do in a world.
fn watch(world: &World, partial: bool, seen: &mut Seen) {
    let fleet = Fleet::new(world);
    let idle = World { running: Vec::new(), ..world.clone() };
    seen.count("something runs", !world.running.is_empty());
    seen.count("what runs turns others away", all(world, partial) != all(&idle, partial));
    for deployment in &world.deployments {
        let verdict = decide(world, deployment, &fleet, partial);
        let Placement { prefer, spread, together } = &deployment.placement;
        seen.count("no placement settings", prefer.is_empty() && spread.is_none());
        seen.count("several preferences", prefer.len() > 1);
        for (number, preference) in prefer.iter().enumerate() {
            let mut other = deployment.clone();
            other.placement.prefer.remove(number);
            let matters = decide(world, &other, &fleet, partial).placements != verdict.placements;
            let what = match preference {
                Preference::Price => ["price", "price decides"],
                Preference::Packing => ["packing", "packing decides"],
                Preference::Near(Near::Country(_)) => ["near country", "near country decides"],
                Preference::Near(Near::Coordinates { .. }) => ["near coordinates", "near coordinates decide"],
                Preference::Favourites(_) => ["favourites", "favourites decide"],
            };
            seen.count(what[0], true);
            seen.count(what[1], matters);
        }
        if together.is_some() {
            let mut other = deployment.clone();
            other.placement.together = None;
            seen.count("together decides", decide(world, &other, &fleet, partial) != verdict);
        }
        if deployment.max_price_micro.is_some() {
            let other = Deployment { max_price_micro: None, ..deployment.clone() };
            seen.count("the price decides", decide(world, &other, &fleet, partial) != verdict);
        }
        if let Some(least) = spread.and_then(|spread| spread.min_domains) {
            let mut other = deployment.clone();
            other.placement.spread = spread.map(|spread| Spread { min_domains: None, ..spread });
            let places = decide(world, &other, &fleet, partial).placements;
            seen.count("the least number of domains decides", least > 1 && places != verdict.placements);
        }
        if let Some(spread) = spread {
            let mut other = deployment.clone();
            other.placement.spread = None;
            let matters = decide(world, &other, &fleet, partial) != verdict;
            seen.count(if spread.max_skew.is_some() { "spread constraint" } else { "spread preference" }, true);
            seen.count(
                if spread.max_skew.is_some() { "spread constraint decides" } else { "spread preference decides" },
                matters,
            );
            seen.count(
                match spread.by {
                    Domain::Cluster => "by cluster decides",
                    Domain::Location => "by location decides",
                    Domain::Zone => "by zone decides",
                    Domain::Country => "by country decides",
                    Domain::Continent => "by continent decides",
                    Domain::Provider => "by provider decides",
                },
                matters,
            );
            let wide = spread.max_skew.is_some_and(|skew| skew > 1);
            seen.count("skew over 1 decides", wide && matters);
            seen.count("spread and preferences", !prefer.is_empty());
        }
        let codes: Vec<&str> = verdict.refusal.iter().flat_map(|r| &r.reasons).map(|reason| reason.code).collect();
        let (room, spread) = (codes.contains(&"insufficient-capacity"), codes.contains(&"spread-impossible"));
        seen.count("refused for room and spread", room && spread);
        // D6: spreading ends only where the domain that holds least is full.
        let by_zone = deployment.placement.spread.is_some_and(|spread| spread.by == Domain::Zone);
        let bounded = deployment.placement.together.is_some()
            || deployment.placement.spread.is_some_and(|spread| spread.min_domains.is_some());
        assert!(room || !spread || by_zone || bounded, "{codes:?}");
        let several =
            deployment.resources.as_ref().is_some_and(|r| r.gpu.as_ref().is_some_and(|g| g.alternatives.len() > 1));
        seen.count("partial with alternatives", several && verdict.verdict == "partial");
        seen.count("spread-impossible with alternatives", several && spread);

        let address = format!("{}/{}", deployment.workload, deployment.name);
        let (own, others): (Vec<_>, Vec<_>) =
            world.running.iter().cloned().partition(|running| running.deployment == address);
        if !own.is_empty() {
            let is_candidate = |running: &Running| {
                let here = |c: &Candidate| (&c.cluster, &c.pool) == (&running.cluster, &running.pool);
                verdict.candidates.iter().any(here)
            };
            seen.count("runs on no candidate", !own.iter().all(is_candidate));
            seen.count("runs and is refused", verdict.verdict == "refused");
            seen.count("runs and is partial", verdict.verdict == "partial");
            seen.count("runs and wants none", deployment.replicas == 0);
            seen.count("runs and has alternatives", several);
            let started = World { running: others, ..world.clone() };
            let fresh = decide(&started, deployment, &Fleet::new(&started), partial);
            seen.count("the current place decides", fresh.placements != verdict.placements);
            seen.count(
                "the current place decides under a spread",
                fresh.placements != verdict.placements && deployment.placement.spread.is_some(),
            );
            // As if what it runs were not given back.
            let mut stranger = world.clone();
            stranger.running.iter_mut().for_each(|running| {
                if running.deployment == address {
                    running.deployment = "m/stranger".to_owned();
                }
            });
            stranger.deployments.push(Deployment {
                name: "stranger".to_owned(),
                workload: "m".to_owned(),
                resources: deployment.resources.clone(),
                ..Deployment::default()
            });
            let strange = decide(&stranger, deployment, &Fleet::new(&stranger), partial);
            let fits = |verdict: &Verdict| verdict.refusal.as_ref().map(|refusal| refusal.fitting);
            seen.count("giving back makes room", fits(&strange) != fits(&verdict));
        }
    }
}

/// The random worlds are valid and reach every verdict, reason, state and effect of a rule.
#[test]
fn random_worlds_reach_everything() {
    let mut seen = Seen::default();
    for seed in 0..2000 {
        let world = random::world(seed, 6);
        assert_eq!(world, random::world(seed, 6));
        assert!(world.policies.iter().all(|policy| leaves_something(&world, policy)));
        assert!(running_fits(&world));
        let partial = seed % 2 == 1;
        for (_, verdict) in decide_all(&world, partial) {
            seen.count(verdict.verdict, true);
            for state in Axis::ALL.map(|axis| verdict.scope.of(axis)) {
                seen.count(state, true);
            }
            for reason in verdict.refusal.iter().flat_map(|refusal| &refusal.reasons) {
                seen.count(reason.code, true);
            }
            for audit in &verdict.audit {
                seen.count("audit loses", audit.loses > 0);
                seen.count("audit gains", audit.gains > 0);
                seen.count("audit is partial", audit.verdict == "partial");
            }
        }
        watch(&world, partial, &mut seen);
    }
    for (what, count) in &seen.0 {
        println!("{count:6} {what}");
    }
    let expected = [
        "conflict",
        "cordoned",
        "does-not-fit-node",
        "flavor-not-allowed",
        "insufficient-capacity",
        "location-not-allowed",
        "no-clusters",
        "no-such-flavor",
        "partial",
        "placed",
        "policy-conflict",
        "policy-required",
        "policy-unresolved",
        "refused",
        "restricted",
        "spread-impossible",
        "together-impossible",
        "too-expensive",
        "unhealthy",
        "unrestricted",
    ];
    assert!(expected.iter().all(|what| seen.0.contains_key(what)), "{:?}", seen.0);
    assert!(seen.0.values().all(|count| *count >= 20), "{:?}", seen.0);
}

/// The enumeration is as large as it was meant to be, and decides both ways.
#[test]
fn small_worlds_are_enumerated() {
    let (mut placed, mut refused) = (0, 0);
    for world in enumerate::worlds() {
        match only(&world).verdict {
            "placed" => placed += 1,
            _ => refused += 1,
        }
    }
    assert_eq!(placed + refused, 89_172);
    assert!(placed > 20_000 && refused > 20_000, "{placed} {refused}");
}

/// D6: a domain that is full when spreading ends has no room.
#[test]
fn a_full_domain_has_no_room() {
    let nodes =
        |name: &str, country, nodes| cluster(name, country, full(Pool { cpu_milli: 4000, ..machine(nodes, 100_000) }));
    let world = World {
        clusters: vec![nodes("a", "de", 2), nodes("b", "fr", 9), nodes("c", "us", 9)],
        deployments: vec![Deployment {
            placement: Placement {
                spread: Some(Spread { by: Domain::Cluster, max_skew: Some(1), min_domains: None }),
                ..Placement::default()
            },
            ..deployment(9, cores(4))
        }],
        ..World::default()
    };
    let refusal = only(&world).refusal.expect("a refusal");
    assert_eq!(refusal.fitting, 8);
    // Of a, nothing is left; b and c would exceed the skew.
    assert_eq!(codes(&refusal.reasons), [("insufficient-capacity", 1, 2), ("spread-impossible", 2, 0)]);
}

/// I1, D6: a pool that is scaled to zero is a candidate by the shape of its nodes, and has no room.
#[test]
fn a_pool_scaled_to_zero_has_no_room() {
    let mut world = World {
        clusters: vec![cluster("asleep", "us", full(machine(0, 100_000)))],
        deployments: vec![deployment(1, cores(1))],
        ..World::default()
    };
    let verdict = only(&world);
    assert_eq!((verdict.verdict, verdict.candidates.len()), ("refused", 1));
    let refusal = verdict.refusal.expect("a refusal");
    assert_eq!(codes(&refusal.reasons), [("insufficient-capacity", 1, 0)]);
    // What is more than a node would hold is no candidate there either.
    world.deployments = vec![deployment(1, cores(5))];
    assert_eq!(only(&world).candidates, []);
}

/// I1: what is in use can be listed node by node, and a node may limit its replicas.
#[test]
fn nodes_differ_in_what_is_used() {
    let three_cores = Used { cpu_milli: 3000, ..Used::default() };
    // 3, 0 and 3 of 4 cores are used: one, four and one replica of a core fit.
    let pool = Pool {
        used_per_node: vec![(three_cores.clone(), 0), (Used::default(), 0), (three_cores, 0)],
        ..machine(3, 100_000)
    };
    let mut world = World {
        clusters: vec![cluster("c", "us", full(pool.clone()))],
        deployments: vec![deployment(9, cores(1))],
        ..World::default()
    };
    assert_eq!(all(&world, true), [r#"d partial [("c", 6)]"#]);
    // At most two replicas on each, one of which runs already on the first.
    let mut limited = Pool { replicas: Some(2), ..pool };
    limited.used_per_node[0].1 = 1;
    world.clusters = vec![cluster("c", "us", full(limited.clone()))];
    assert_eq!(all(&world, true), [r#"d partial [("c", 4)]"#]);
    limited.used_per_node[0].1 = 2;
    world.clusters = vec![cluster("c", "us", full(limited))];
    assert_eq!(all(&world, true), [r#"d partial [("c", 3)]"#]);
}

/// D1: any of several types, ranked together, where alternatives would not be mixed.
#[test]
fn types_are_ranked_together() {
    let gpus = |code: &str, price| {
        let pool = Pool { gpu: Some((code.to_owned(), 2)), ..machine(1, price) };
        cluster(code, "us", full(pool))
    };
    let need = GpuNeed { types: vec!["t4".to_owned(), "l4".to_owned()], count: 1, ..GpuNeed::default() };
    let world = World {
        clusters: vec![gpus("t4", 200_000), gpus("l4", 100_000), gpus("v100", 50_000)],
        deployments: vec![deployment(3, gpu_demand(vec![need]))],
        ..World::default()
    };
    assert_eq!(all(&world, false), [r#"d placed [("l4", 2), ("t4", 1)]"#]);
}

/// D5: a zone is (location, zone), and what has none takes nothing where the spread by zone is a constraint.
#[test]
fn replicas_spread_over_zones() {
    let in_zone = |name: &str, zone: Option<&str>| Cluster {
        zone: zone.map(str::to_owned),
        ..cluster(name, "us", full(machine(9, 100_000)))
    };
    let mut world = World {
        clusters: vec![
            in_zone("a", Some("one")),
            in_zone("b", Some("one")),
            in_zone("c", Some("two")),
            in_zone("d", None),
        ],
        deployments: vec![Deployment {
            placement: Placement {
                spread: Some(Spread { by: Domain::Zone, max_skew: Some(1), min_domains: None }),
                ..Placement::default()
            },
            ..deployment(4, cores(1))
        }],
        ..World::default()
    };
    assert_eq!(all(&world, false), [r#"d placed [("a", 2), ("c", 2)]"#]);
    world.clusters.retain(|cluster| cluster.zone.is_none());
    assert_eq!(all(&world, false), ["d refused []"]);
    assert_eq!(codes(&only(&world).refusal.expect("a refusal").reasons), [("spread-impossible", 1, 0)]);
}

/// I7: a slice serves only who asks for one, and has its part of the device's memory.
#[test]
fn slices_serve_who_asks_for_them() {
    let gpus = |name: &str, slice: Option<&str>| {
        let pool = Pool {
            gpu: Some(("a100-40gb".to_owned(), 8)),
            slice: slice.map(str::to_owned),
            cpu_flavor: None,
            ..machine(1, 100_000)
        };
        cluster(name, "us", full(pool))
    };
    let clusters = vec![
        gpus("whole", None),
        gpus("half", Some("1/2")),
        gpus("mig", Some("1g.5gb")),
        gpus("large", Some("3g.20gb")),
    ];
    let candidates = |need: GpuNeed| {
        let need = GpuNeed { count: 1, ..need };
        let deployments = vec![deployment(1, gpu_demand(vec![need]))];
        let world = World { clusters: clusters.clone(), deployments, ..World::default() };
        let mut names: Vec<_> = only(&world).candidates.iter().map(|found| found.cluster.clone()).collect();
        names.sort();
        names
    };
    let slice = |text: &str| GpuNeed { slice: Some(text.to_owned()), ..GpuNeed::default() };
    let least = |gib: u64, need| GpuNeed { memory: Some(gib << 30), ..need };
    assert_eq!(candidates(GpuNeed::default()), ["whole"]);
    assert_eq!(candidates(slice("any")), ["half", "large", "mig"]);
    assert_eq!(candidates(slice("1g.5gb")), ["mig"]);
    assert_eq!(candidates(slice("1/2")), ["half"]);
    assert_eq!(candidates(least(20, slice("any"))), ["half", "large"]);
    assert_eq!(candidates(least(21, slice("any"))), [""; 0]);
    let world = World { clusters, deployments: vec![deployment(1, None)], ..World::default() };
    let names: Vec<_> = only(&world).candidates.iter().map(|found| found.cluster.clone()).collect();
    assert_eq!(names, ["whole"]);
}

fn binding(name: &str, axis: Axis, options: &[(&str, &str)], of: &[(&str, &str)]) -> Policy {
    let callers = of.iter().map(|(kind, name)| Opt { kind: (*kind).to_owned(), name: (*name).to_owned() }).collect();
    Policy { callers: Some(callers), ..policy(name, axis, options) }
}

/// The clusters at which a caller may be answered.
fn answering(world: &World, caller: Option<&str>) -> Vec<String> {
    let found = callers::answerable(world, &world.deployments[0], caller);
    let clusters: BTreeSet<String> = found.into_iter().map(|candidate| candidate.cluster).collect();
    clusters.into_iter().collect()
}

/// P18: Europeans are answered in the EEA only, others anywhere; whoever is unknown may be European.
#[test]
fn callers_are_answered_where_the_policies_that_name_them_allow() {
    let mut world = World {
        environments: vec![Environment {
            name: "production".to_owned(),
            level: Level { attachments: enforced(&["europeans"]), require: Vec::new() },
        }],
        policies: vec![
            binding("europeans", Axis::Location, &[("group", "eea")], &[("group", "eea")]),
            binding("germans", Axis::Location, &[("country", "de")], &[("country", "de")]),
            binding("americans", Axis::Location, &[("country", "us")], &[("country", "us")]),
            policy("no-us", Axis::Location, &[("continent", "eu")]),
        ],
        deployments: vec![deployment(1, None)],
        clusters: everywhere(&["de", "fr", "us"]),
        ..World::default()
    };
    assert_eq!(answering(&world, Some("de")), ["de", "fr"]);
    assert_eq!(answering(&world, Some("jp")), ["de", "fr", "us"]);
    assert_eq!(answering(&world, None), ["de", "fr"]);
    // It binds no deployment, and is not what `require` asks for.
    assert_eq!(product(&only(&world).candidates).0, BTreeSet::from(["de", "fr", "us"]));
    world.environments[0].level.require = vec![Axis::Location];
    assert_eq!(only(&world).verdict, "refused");
    assert!(answering(&world, Some("jp")).is_empty());
    world.environments[0].level.require.clear();
    // P3: at one level they add up; P5: levels cut each other down.
    world.environments[0].level.attachments = enforced(&["europeans", "germans"]);
    assert_eq!(answering(&world, Some("de")), ["de", "fr"]);
    world.environments[0].level.attachments = enforced(&["europeans"]);
    world.deployments[0].attachments = enforced(&["germans"]);
    assert_eq!(answering(&world, Some("de")), ["de"]);
    assert_eq!(answering(&world, Some("fr")), ["de", "fr"]);
    assert_eq!(answering(&world, None), ["de"]);
    // The unknown caller is bound by each by itself, also at one level: nothing is both German and American.
    world.deployments[0].attachments = Vec::new();
    world.environments[0].level.attachments = enforced(&["germans", "americans"]);
    assert_eq!(answering(&world, Some("de")), ["de"]);
    assert_eq!(answering(&world, Some("us")), ["us"]);
    assert_eq!(answering(&world, Some("fr")), ["de", "fr", "us"]);
    assert!(answering(&world, None).is_empty());
    // A level without any for the caller cuts nothing; an audited one cuts nothing.
    world.environments[0].level.attachments = vec![("europeans".to_owned(), false)];
    assert_eq!(answering(&world, Some("de")), ["de", "fr", "us"]);
    // An ended one allows nothing to those it names and to unknown callers.
    world.environments[0].level.attachments = enforced(&["europeans"]);
    world.ends = vec![("environment production".to_owned(), "europeans".to_owned(), 10)];
    world.at = Some(9);
    assert_eq!(answering(&world, Some("de")), ["de", "fr"]);
    world.at = Some(10);
    assert!(answering(&world, Some("de")).is_empty() && answering(&world, None).is_empty());
    assert_eq!(answering(&world, Some("jp")), ["de", "fr", "us"]);
    world.ends.clear();
    // R5: what runs outside of the deployment's scope may answer within the caller's cut.
    world.deployments[0].attachments = enforced(&["no-us"]);
    let running = |caller| {
        let found = callers::answerable_by_what_runs(&world, &world.deployments[0], caller);
        found.into_iter().map(|candidate| candidate.cluster).collect::<BTreeSet<_>>()
    };
    assert_eq!(answering(&world, Some("jp")), ["de", "fr"]);
    assert!(running(Some("jp")).contains("us") && !running(Some("de")).contains("us"));
}
