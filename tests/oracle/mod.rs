//! An independent oracle: the rules of policies and placement written a second time, from their text alone, over plain
//! sets and strings (D9). It shares nothing with the library; what both decide is compared.

pub mod enumerate;
pub mod judge;
pub mod random;
pub mod world;

mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::judge::{Candidate, Fleet, Reason, Verdict, decide, decide_all, leaves_something};
    use super::world::{
        Axis, Cluster, Deployment, Environment, Gpu, GpuNeed, Level, Opt, Policy, Pool, Pools, Resources, Used, World,
    };
    use super::{enumerate, random};

    const GIB: u64 = 1 << 30;

    fn policy(name: &str, axis: Axis, options: &[(&str, &str)]) -> Policy {
        let options =
            options.iter().map(|(kind, name)| Opt { kind: (*kind).to_owned(), name: (*name).to_owned() }).collect();
        Policy { name: name.to_owned(), axis, options, except: Vec::new(), targets: None }
    }

    fn cluster(name: &str, country: &str, pools: Pools) -> Cluster {
        Cluster {
            name: name.to_owned(),
            provider: "onprem".to_owned(),
            country: country.to_owned(),
            location: None,
            healthy: true,
            cordoned: false,
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
        let verdict = decide(world, &world.deployments[0], &Fleet::new(world));
        assert_eq!(decide_all(world)[0].1, verdict);
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
        let need = |count, share_milli| GpuNeed { count, share_milli, ..GpuNeed::default() };
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
        let placed: Vec<_> = decide_all(&world)
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
            [
                ("Cheap", 2, Some(100_002)),
                ("cheap", 2, Some(100_002)),
                ("dear", 2, Some(300_000)),
                ("endless", 2, None)
            ]
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

    /// The random worlds are valid and reach every verdict, reason and state.
    #[test]
    fn random_worlds_reach_everything() {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for seed in 0..2000 {
            let world = random::world(seed, 6);
            assert_eq!(world, random::world(seed, 6));
            assert!(world.policies.iter().all(|policy| leaves_something(&world, policy)));
            for (_, verdict) in decide_all(&world) {
                *seen.entry(verdict.verdict).or_default() += 1;
                for state in [verdict.scope.location, verdict.scope.flavor] {
                    *seen.entry(state).or_default() += 1;
                }
                for reason in verdict.refusal.iter().flat_map(|refusal| &refusal.reasons) {
                    *seen.entry(reason.code).or_default() += 1;
                }
                for audit in &verdict.audit {
                    if audit.loses > 0 {
                        *seen.entry("audit loses").or_default() += 1;
                    }
                    if audit.gains > 0 {
                        *seen.entry("audit gains").or_default() += 1;
                    }
                }
            }
        }
        let expected = [
            "audit gains",
            "audit loses",
            "conflict",
            "cordoned",
            "does-not-fit-node",
            "flavor-not-allowed",
            "insufficient-capacity",
            "location-not-allowed",
            "no-clusters",
            "no-such-flavor",
            "placed",
            "policy-conflict",
            "policy-required",
            "policy-unresolved",
            "refused",
            "restricted",
            "unhealthy",
            "unrestricted",
        ];
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), expected);
        assert!(seen.values().all(|count| *count >= 20), "{seen:?}");
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
}
