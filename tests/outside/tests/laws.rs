//! The platform is held to the laws, on worlds that siting draws; faults planted in it are found.

use outside::{Fault, Platform};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use siting::manifest::spec::{DeploymentSpec, Specs};
use siting::testing::laws::{self, Answer, Decider, Spot};
use siting::testing::{WorldOptions, worlds};

/// The platform as siting's laws ask it; it does not explain itself.
struct Asked(Platform);

impl Decider for Asked {
    fn decide(&self, world: &Specs, deployment: &DeploymentSpec) -> Answer {
        // Variants of a world load as it does; an answer to what does not would hide that.
        let (placed, workspace) = self.0.place(world, &deployment.address()).expect("a world that loads");
        let spot = |pair| Spot::of(workspace.inventory().fleet(), pair).expect("a pair of this fleet");
        Answer {
            candidates: placed.allowed.iter().map(spot).collect(),
            placements: placed.running.iter().map(|&(pair, replicas)| (spot(pair), replicas)).collect(),
            exclusions: None,
        }
    }
}

/// What the laws say of a platform; of a broken one, the law and the least world that shows it.
fn judged(fault: Option<Fault>) -> Result<(), (String, Specs)> {
    let platform = Asked(Platform { fault });
    // Shrinking stops after four times as many tries as there are cases, unless it is told when to.
    let config = Config { cases: 200, max_shrink_iters: 10_000, failure_persistence: None, ..Config::default() };
    // The same worlds in each run, so that it fails for what was changed.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&worlds(WorldOptions::default()), |world| {
        let kept = laws::of_policies(&platform, &world).and_then(|()| laws::leaves_nothing_out(&platform, &world));
        kept.map_err(|broken| TestCaseError::fail(broken.to_string()))
    });
    result.map_err(|error| match error {
        TestError::Fail(why, world) => (why.to_string(), world),
        TestError::Abort(why) => panic!("{why}"),
    })
}

#[test]
fn a_sound_platform_keeps_the_laws() {
    assert_eq!(judged(None), Ok(()));
}

#[test]
fn a_cache_that_forgets_policies_is_found() {
    let (why, world) = judged(Some(Fault::CachedByEnvironment)).expect_err("the fault breaks a law");
    println!("{why}\n{world:#?}");
    // One policy of the deployment's own, and a cluster that it excludes.
    assert_eq!((world.policies.len(), world.clusters.len(), world.deployments.len()), (1, 1, 1));
    assert_eq!(world.deployments[0].policies.len(), 1);
}

#[test]
fn a_failover_that_leaves_the_allowed_set_is_found() {
    let (why, world) = judged(Some(Fault::FailoverAnywhere)).expect_err("the fault breaks a law");
    println!("{why}\n{world:#?}");
    assert!(why.contains("replicas are put where they are not allowed"), "{why}");
    assert_eq!((world.clusters.len(), world.deployments.len()), (1, 1));
}
