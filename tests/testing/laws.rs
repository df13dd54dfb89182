//! The testing room is tested itself: what it draws is valid and reaches everything, failures shrink to
//! the least, laws hold of this crate and are broken by faults that are planted.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use siting::catalog::{Axis, Catalog};
use siting::lifecycle::{Action, Command, Journal, PlacementRequest, Purpose, State};
use siting::manifest::spec::{Allowed, DeploymentSpec, PolicySpec, PoolsSpec, Specs};
use siting::manifest::{read_str, write_yaml};
use siting::placement::Code;
use siting::policy::Level;
use siting::testing::laws::{self, Answer, Broken, Citation, Decider, Life, Siting};
use siting::testing::{
    Choices, CommandOptions, CommandSequence, Course, Draw, FleetShape, Series, SeriesOptions, WorldOptions,
    command_sequences, draw_deployment, draw_inventory, draw_policies, every, every_world, worlds,
};
use siting::time::Moment;
use siting::workspace::{LoadOptions, Outcome, Workspace};

const SHAPES: [FleetShape; 4] = [FleetShape::OneCloud, FleetShape::ManyClouds, FleetShape::Edge, FleetShape::AirGapped];

fn drawn(options: &WorldOptions, seeds: std::ops::Range<u64>) -> impl Iterator<Item = Specs> {
    seeds.map(|seed| options.draw(&mut Choices::seeded(seed)))
}

fn loaded(world: &Specs) -> Workspace {
    Workspace::from_specs(world.clone(), LoadOptions::default()).unwrap_or_else(|error| panic!("{error}\n{world:#?}"))
}

/// Whether some deployment, decided alone, is refused.
fn refuses(world: &Specs) -> bool {
    let workspace = loaded(world);
    workspace.deployment_ids().any(|id| !workspace.place(id).unwrap().decision.is_placed())
}

#[test]
fn worlds_of_every_shape_and_size_are_valid() {
    for shape in SHAPES {
        for options in [WorldOptions::tiny(), WorldOptions::default()] {
            let options = WorldOptions { shape: Some(shape), ..options };
            for world in drawn(&options, 0..300) {
                loaded(&world);
                for (found, asked) in
                    [(world.clusters.len(), &options.clusters), (world.deployments.len(), &options.deployments)]
                {
                    assert!(asked.contains(&found.try_into().unwrap()), "{found} {asked:?}");
                }
            }
        }
    }
    for world in drawn(&WorldOptions::platform(), 0..5) {
        assert!(world.clusters.len() >= 50 && world.deployments.len() >= 10);
        loaded(&world);
    }
}

#[test]
fn the_share_of_refusals_is_what_was_asked_for() {
    let refused = |percent| {
        let options = WorldOptions { refusals: percent, ..WorldOptions::default() };
        drawn(&options, 0..400).filter(refuses).count()
    };
    assert_eq!(refused(0), 0);
    assert_eq!(refused(100), 400);
    assert!((160..=240).contains(&refused(50)), "{}", refused(50));
}

#[test]
fn worlds_keep_to_every_size_asked_for() {
    let sizes = [(0..=0, 0..=0, 0..=2), (1..=1, 0..=1, 1..=1), (2..=4, 2..=2, 1..=3), (0..=9, 3..=6, 4..=4)];
    for (at, (clusters, policies, deployments)) in sizes.into_iter().enumerate() {
        for refusals in [0, 50, 100] {
            let options = WorldOptions { refusals, ..WorldOptions::default() };
            let asked = [clusters.clone(), policies.clone(), deployments.clone()];
            let [clusters, policies, deployments] = asked.clone();
            let options = WorldOptions { clusters, policies, deployments, ..options };
            for (seed, world) in drawn(&options, 0..150).enumerate() {
                let found = [world.clusters.len(), world.policies.len(), world.deployments.len()];
                let kept = asked.iter().zip(found).all(|(asked, found)| asked.contains(&found.try_into().unwrap()));
                assert!(kept, "{at} {refusals} {seed}: {found:?} of {asked:?}");
            }
        }
    }
}

#[test]
fn something_runs_wherever_something_is_placed() {
    for (refusals, running) in [(0, 100), (50, 100), (50, 0)] {
        let options = WorldOptions { refusals, running, ..WorldOptions::default() };
        for (seed, world) in drawn(&options, 0..300).enumerate() {
            let workspace = loaded(&world);
            let placed = |outcome: &Outcome| workspace.places(&outcome.decision).iter().any(|place| place.replicas > 0);
            let can = running > 0 && workspace.place_all().iter().any(placed);
            assert_eq!(!world.running.is_empty(), can, "{refusals} {running} {seed}: {world:#?}");
            assert!(!(refusals == 0 && refuses(&world)), "{seed}: what runs refuses something");
        }
    }
}

#[test]
fn policies_go_on_to_bind_where_nothing_is_refused() {
    let options = WorldOptions { refusals: 0, ..WorldOptions::default() };
    let (mut levels, mut any) = (BTreeMap::new(), 0_u32);
    for world in drawn(&options, 0..600) {
        let workspace = loaded(&world);
        let mut binding = BTreeSet::new();
        for scope in workspace.deployment_ids().map(|id| workspace.scope(id).unwrap()) {
            for axis in Axis::ALL {
                binding.extend(scope.axis(axis).restrictions().iter().map(|restriction| restriction.level));
            }
        }
        any += u32::from(!binding.is_empty());
        for level in binding {
            *levels.entry(level).or_insert(0_u32) += 1;
        }
    }
    println!("{any} of 600 worlds have policies that bind: {levels:?}");
    // In half of all worlds at least, and in a tenth at each level.
    assert!(any >= 300, "{any}");
    for level in [Level::Workspace, Level::Environment, Level::Deployment] {
        assert!(levels.get(&level).is_some_and(|count| *count >= 60), "{levels:?}");
    }
}

#[test]
fn every_number_of_several_is_as_likely_as_any_other() {
    for (least, most) in [(0, 1), (0, 10), (5, 10), (1, 1000)] {
        let length = |seed| Choices::seeded(seed).several(least, most, |_| ()).len();
        let total: usize = (0..4_000).map(length).sum();
        let mean = f64::from(u32::try_from(total).unwrap()) / 4_000.0;
        // Five standard errors of an even distribution.
        let (middle, range) = (f64::from(least + most) / 2.0, f64::from(most - least) + 1.0);
        let error = ((range * range - 1.0) / 12.0 / 4_000.0).sqrt();
        assert!((mean - middle).abs() < 5.0 * error, "{least}..={most}: {mean}");
    }
}

#[test]
fn worlds_reach_every_code_verdict_and_state() {
    let mut codes: BTreeMap<&str, u32> = BTreeMap::new();
    let options = WorldOptions { refusals: 60, ..WorldOptions::default() };
    let empty = WorldOptions { clusters: 0..=0, ..WorldOptions::default() };
    for world in drawn(&options, 0..3000).chain(drawn(&empty, 0..50)) {
        let workspace = loaded(&world);
        for outcome in workspace.place_all() {
            let reasons = outcome.decision.refusal().into_iter().flat_map(|refusal| &refusal.reasons);
            for code in reasons.map(|reason| reason.code.as_str()).chain([outcome.decision.verdict().as_str()]) {
                *codes.entry(code).or_default() += 1;
            }
        }
    }
    let all = [
        Code::PolicyUnresolved,
        Code::PolicyRequired,
        Code::PolicyConflict,
        Code::Unhealthy,
        Code::Cordoned,
        Code::NotAllowed(Axis::Location),
        Code::NotAllowed(Axis::Flavor),
        Code::NoSuchFlavor,
        Code::DoesNotFitNode,
        Code::InsufficientCapacity,
        Code::SpreadImpossible,
        Code::NoClusters,
    ];
    let missing: Vec<_> = all.into_iter().map(Code::as_str).filter(|code| !codes.contains_key(code)).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}; seen: {codes:?}");
}

#[test]
fn worlds_are_written_and_read_back() {
    for world in drawn(&WorldOptions::default(), 0..1000) {
        let text = write_yaml(&world);
        let reading = read_str("world.yaml", &text);
        assert_eq!((&reading.problems, &reading.specs), (&Vec::new(), &world), "{text}");
    }
}

#[test]
fn shapes_differ_as_they_say() {
    let fleet = |shape| {
        let options = WorldOptions { shape: Some(shape), ..WorldOptions::default() };
        drawn(&options, 0..100).flat_map(|world| world.clusters).collect::<Vec<_>>()
    };
    let providers = |shape| fleet(shape).iter().map(|cluster| cluster.provider.to_string()).collect::<BTreeSet<_>>();
    assert!(providers(FleetShape::OneCloud).len() > 3);
    let of_one = WorldOptions { shape: Some(FleetShape::OneCloud), ..WorldOptions::default() };
    for world in drawn(&of_one, 0..100) {
        let found: BTreeSet<_> = world.clusters.iter().map(|cluster| cluster.provider.as_str()).collect();
        assert_eq!(found.len(), 1, "{found:?}");
    }
    assert!(providers(FleetShape::ManyClouds).len() > 3);
    assert_eq!(providers(FleetShape::Edge), BTreeSet::from(["edge".to_owned()]));
    let unlimited = |cluster: &siting::manifest::spec::ClusterSpec| match &cluster.pools {
        PoolsSpec::Flavors(_) => true,
        PoolsSpec::Pools(pools) => pools.iter().any(|pool| pool.nodes.is_none() || pool.price_per_hour.is_some()),
    };
    assert!(!fleet(FleetShape::AirGapped).iter().any(unlimited));
}

#[test]
fn great_gpus_come_with_great_nodes() {
    let options = WorldOptions { shape: Some(FleetShape::ManyClouds), ..WorldOptions::default() };
    let pools = drawn(&options, 0..300).flat_map(|world| world.clusters).flat_map(|cluster| match cluster.pools {
        PoolsSpec::Pools(pools) => pools,
        PoolsSpec::Flavors(_) => Vec::new(),
    });
    let mut seen = 0;
    for pool in pools {
        let Some(gpu) = pool.gpu.filter(|gpu| gpu.code.starts_with("h100")) else { continue };
        seen += 1;
        // Nobody sells one for less than two dollars an hour, or with fewer than sixteen cores.
        let price = pool.price_per_hour.map(|price| price.get());
        let least = 2_000_000 * u64::from(gpu.count);
        assert!(pool.cpu.get() >= 16_000 && price.is_none_or(|price| price >= least), "{gpu:?} {price:?}");
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn what_is_drawn_for_a_catalog_or_a_workspace_fits_it() {
    for seed in 0..300 {
        let choices = &mut Choices::seeded(seed);
        let world = Specs::draw(choices);
        let workspace = loaded(&world);
        let inventory = draw_inventory(choices, workspace.catalog(), SHAPES[0], 8);
        assert_eq!(inventory.fleet().catalog().locations().len(), workspace.catalog().locations().len());
        let mut more = world.clone();
        more.deployments.push(draw_deployment(choices, &workspace));
        loaded(&more);
        let policies: Vec<PolicySpec> = draw_policies(choices, &Catalog::builtin(), 5);
        loaded(&Specs { policies, ..Specs::default() });
    }
}

#[test]
fn deployments_of_a_workspace_suit_its_fleet() {
    let options = WorldOptions { refusals: 0, running: 0, ..WorldOptions::default() };
    let mut placed = 0;
    for (seed, mut world) in drawn(&options, 0..300).enumerate() {
        // As if somebody had deleted the one before it.
        world.deployments.retain(|deployment| deployment.metadata.name.as_str() != "d1");
        let workspace = loaded(&world);
        let drawn = draw_deployment(&mut Choices::seeded(seed.try_into().unwrap()), &workspace);
        assert_eq!(drawn.metadata.name.as_str(), "d1");
        world.deployments = vec![drawn];
        placed += usize::from(!refuses(&world));
    }
    println!("{placed} of 300 are placed");
    assert!(placed >= 100, "{placed}");
}

#[test]
fn bytes_draw_valid_worlds_too() {
    let mut text = Vec::new();
    for seed in 0..200_u64 {
        text.extend((seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes());
        loaded(&Specs::arbitrary(&mut Unstructured::new(&text)).unwrap());
    }
    let simplest = Specs::arbitrary(&mut Unstructured::new(&[])).unwrap();
    assert_eq!(simplest, Specs::draw(&mut Choices::listed(&[])));
}

/// Runs a property that fails with a generator of this number, and returns the world it shrinks to with the
/// number of tries.
fn shrunk(number: u8, property: impl Fn(&Specs) -> bool) -> (Specs, u32) {
    let config = Config { cases: 3_000, failure_persistence: None, ..Config::default() };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[number; 32]);
    let mut runner = TestRunner::new_with_rng(config, random);
    let (tries, failing) = (Cell::new(0_u32), Cell::new(false));
    let result = runner.run(&worlds(WorldOptions::default()), |world| {
        let holds = property(&world);
        failing.set(failing.get() || !holds);
        tries.set(tries.get() + u32::from(failing.get()));
        if holds { Ok(()) } else { Err(TestCaseError::fail("planted")) }
    });
    match result {
        Err(TestError::Fail(_, world)) => (world, tries.get()),
        other => panic!("the planted fault is not found: {other:?}"),
    }
}

/// Shrinks ten times; how often to the sizes asked for, which are clusters, policies and deployments. Never to
/// more than one cluster and one policy beyond them, and within 1,500 tries.
fn minimal(sizes: (usize, usize, usize), property: impl Fn(&Specs) -> bool) -> usize {
    let hits = (0..10).filter(|&number| {
        let (world, tries) = shrunk(number, &property);
        let found = (world.clusters.len(), world.policies.len(), world.deployments.len());
        println!("{number}: {found:?} after {tries} tries");
        assert!(found.0 <= sizes.0 + 1 && found.1 <= sizes.1 + 1 && found.2 <= sizes.2, "{found:?} {world:#?}");
        assert!(world.running.is_empty() && tries < 1500, "{tries}");
        found.0 <= sizes.0 && found.1 <= sizes.1
    });
    hits.count()
}

#[test]
fn a_planted_fault_shrinks_to_a_minimal_world() {
    // A platform that forgets what is excepted: one policy with an exception is needed, and one cluster that
    // it is about.
    let forgetting = Forgets(|world: &mut Specs| world.policies.iter_mut().for_each(|policy| policy.except.clear()));
    assert!(minimal((1, 1, 1), |world| laws::stays_inside(&forgetting, world).is_ok()) >= 7);
    // One that lets policies of different levels add up needs two of them.
    assert!(minimal((1, 2, 1), |world| laws::stays_inside(&Forgets(join_levels), world).is_ok()) >= 5);
}

/// Attaches the environments' policies to the deployments instead: union for intersection.
fn join_levels(world: &mut Specs) {
    for environment in &mut world.environments {
        let moved = std::mem::take(&mut environment.policies);
        let name = environment.metadata.name.as_str().to_owned();
        for deployment in &mut world.deployments {
            if deployment.environment.as_ref().map_or("production", |found| found.as_str()) == name {
                deployment.policies.extend(moved.clone());
            }
        }
    }
}

/// A platform that sees another world than there is.
struct Forgets<F>(F);

impl<F: Fn(&mut Specs)> Decider for Forgets<F> {
    fn decide(&self, world: &Specs, deployment: &DeploymentSpec) -> Answer {
        let mut seen = world.clone();
        (self.0)(&mut seen);
        let found = seen.deployments.iter().find(|found| found.metadata.name == deployment.metadata.name).unwrap();
        Siting.decide(&seen, found)
    }
}

/// A platform that says something else than it should.
struct Says<F>(F);

impl<F: Fn(&Specs, &mut Answer)> Decider for Says<F> {
    fn decide(&self, world: &Specs, deployment: &DeploymentSpec) -> Answer {
        let mut answer = Siting.decide(world, deployment);
        (self.0)(world, &mut answer);
        answer
    }
}

#[test]
fn laws_of_policies_hold_of_this_crate() {
    for shape in SHAPES {
        let options = WorldOptions { shape: Some(shape), ..WorldOptions::default() };
        for (seed, world) in drawn(&options, 0..150).enumerate() {
            laws::of_policies(&Siting, &world)
                .unwrap_or_else(|broken| panic!("{shape:?} {seed}: {broken}\n{world:#?}"));
        }
    }
}

type Law<D> = fn(&D, &Specs) -> Result<(), Broken>;

/// Whether some world breaks a law for a decider.
fn breaks<D: Decider>(decider: &D, law: Law<D>) -> bool {
    drawn(&WorldOptions::default(), 0..3000).any(|world| law(decider, &world).is_err())
}

#[test]
fn faults_of_platforms_break_laws() {
    let joining = Forgets(join_levels);
    assert!(breaks(&joining, laws::stays_inside) && breaks(&joining, laws::never_widens));
    // Targets are not looked at.
    let all_types = |world: &mut Specs| world.policies.iter_mut().for_each(|policy| policy.resource_types = None);
    assert!(breaks(&Forgets(all_types), laws::targets_isolate));
    // Callers are not looked at.
    let no_callers = |world: &mut Specs| world.policies.iter_mut().for_each(|policy| policy.callers = None);
    assert!(breaks(&Forgets(no_callers), laws::callers_bind_no_deployment));
    // Exceptions are options.
    let adding = Forgets(|world: &mut Specs| {
        for policy in &mut world.policies {
            let Allowed::Listed(options) = &mut policy.options else { continue };
            options.append(&mut policy.except);
        }
    });
    assert!(breaks(&adding, laws::stays_inside));
    // The first option of a policy is all it allows.
    let first = Forgets(|world: &mut Specs| {
        for policy in &mut world.policies {
            let Allowed::Listed(options) = &mut policy.options else { continue };
            options.truncate(1);
            policy.except.clear();
        }
    });
    assert!(breaks(&first, laws::order_and_duplicates_do_not_matter) && breaks(&first, laws::is_monotone));
    // Answers depend on what was asked before.
    let asked = Cell::new(0);
    let moody = Says(|_: &Specs, answer: &mut Answer| {
        asked.set(asked.get() + 1);
        if asked.get() % 2 == 0 {
            answer.candidates.pop_first();
        }
    });
    assert!(breaks(&moody, laws::is_deterministic));
}

#[test]
fn who_says_nothing_leaves_something_out() {
    let silent = Says(|_: &Specs, answer: &mut Answer| *answer = Answer::default());
    assert!(drawn(&WorldOptions::default(), 0..100).all(|world| laws::of_policies(&silent, &world).is_ok()));
    assert!(breaks(&silent, laws::leaves_nothing_out));
    assert!(!breaks(&Siting, laws::leaves_nothing_out));
}

#[test]
fn faults_of_explanations_break_laws() {
    // All policies are blamed, wherever they are attached.
    let blaming = Says(|world: &Specs, answer: &mut Answer| {
        for cited in cited(answer) {
            *cited = world.policies.iter().map(|policy| citation(policy, Level::Workspace)).collect();
        }
    });
    assert!(breaks(&blaming, laws::explanations_are_sound));
    // Whatever excludes one spot is blamed for all of them.
    let lumping = Says(|_: &Specs, answer: &mut Answer| {
        let all: BTreeSet<_> = cited(answer).flat_map(|cited| cited.clone()).collect();
        cited(answer).for_each(|cited| cited.clone_from(&all));
    });
    assert!(breaks(&lumping, laws::explanations_are_sound));
    // Policies are blamed for a spot that they admit.
    let slandering = Says(|_: &Specs, answer: &mut Answer| {
        let all: BTreeSet<_> = cited(answer).flat_map(|cited| cited.clone()).collect();
        let admitted = answer.candidates.first().cloned().filter(|_| !all.is_empty());
        answer.exclusions.iter_mut().for_each(|exclusions| exclusions.extend(admitted.clone().zip(Some(all.clone()))));
    });
    assert!(breaks(&slandering, laws::explanations_are_sound));
    // One culprit is named where there are several.
    let sparing = Says(|_: &Specs, answer: &mut Answer| {
        for cited in cited(answer) {
            let first = cited.pop_first();
            *cited = first.into_iter().collect();
        }
    });
    assert!(breaks(&sparing, laws::explanations_are_complete));
    // Nothing is said.
    let silent = Says(|_: &Specs, answer: &mut Answer| answer.exclusions.iter_mut().for_each(BTreeMap::clear));
    assert!(breaks(&silent, laws::explanations_are_complete));
}

fn cited(answer: &mut Answer) -> impl Iterator<Item = &mut BTreeSet<Citation>> {
    answer.exclusions.iter_mut().flat_map(BTreeMap::values_mut)
}

fn citation(policy: &PolicySpec, level: Level) -> Citation {
    Citation { level, policy: policy.metadata.name.to_string() }
}

#[test]
fn every_world_up_to_a_size_keeps_the_laws() {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
    let part = |thread: usize| {
        let worlds = every_world(2, 1).step_by(14).chain(every_world(1, 2).step_by(22));
        let kept = worlds.skip(thread).step_by(threads).map(|world| {
            laws::of_policies(&Siting, &world).unwrap_or_else(|broken| panic!("{broken}\n{world:#?}"));
        });
        kept.count()
    };
    let seen: usize = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        parts.into_iter().map(|part| part.join().expect("every law is kept")).sum()
    });
    // 1 + 18 + 18² fleets and 1 + 60 sets of policies; 1 + 18 fleets and 1 + 60 + 60² sets.
    let all = (1 + 18 + 18 * 18) * 61_usize;
    assert_eq!(every_world(2, 1).count(), all);
    assert_eq!(every_world(1, 2).count(), 19 * (1 + 60 + 60 * 60));
    assert_eq!(seen, all.div_ceil(14) + (19 * (1 + 60 + 60 * 60_usize)).div_ceil(22));
}

#[test]
fn drawn_inventories_have_any_number_of_clusters() {
    let mut counts = [0; 6];
    for seed in 0..600 {
        let choices = &mut Choices::seeded(seed);
        let shape = FleetShape::draw(choices);
        counts[draw_inventory(choices, &Catalog::builtin(), shape, 5).fleet().clusters().len()] += 1;
    }
    // Each of 0 to 5 is as likely, so about a hundred; five standard deviations are 46.
    assert!(counts.iter().all(|count| (54..=146).contains(count)), "{counts:?}");
}

/// None of the laws is empty on them: what breaks it anywhere, breaks it there.
#[test]
fn small_worlds_show_faults() {
    let first = Forgets(|world: &mut Specs| {
        for policy in &mut world.policies {
            let Allowed::Listed(options) = &mut policy.options else { continue };
            options.truncate(1);
        }
    });
    assert!(every_world(1, 1).any(|world| laws::is_monotone(&first, &world).is_err()));
    let joining = Forgets(join_levels);
    assert!(every_world(1, 2).any(|world| laws::never_widens(&joining, &world).is_err()));
    let sparing = Says(|_: &Specs, answer: &mut Answer| cited(answer).for_each(|cited| drop(cited.pop_last())));
    assert!(every_world(1, 1).any(|world| laws::explanations_are_sound(&sparing, &world).is_err()));
    let all_types = |world: &mut Specs| world.policies.iter_mut().for_each(|policy| policy.resource_types = None);
    assert!(every_world(1, 1).any(|world| laws::targets_isolate(&Forgets(all_types), &world).is_err()));
}

#[test]
fn every_list_of_choices_is_drawn_once() {
    let draw = |choices: &mut Choices<'_>| {
        let flags = choices.several(0, 2, |choices| choices.below(2));
        (flags, choices.chance(50))
    };
    let all: Vec<_> = every(draw).collect();
    // No flag, one of two, two of four; each twice.
    assert_eq!(all.len(), (1 + 2 + 4) * 2);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn laws_of_lives_hold_of_this_crate(sequence in command_sequences(CommandOptions::default())) {
        laws::of_lives(|origin: &State| Journal::new(origin.clone()), &sequence)?;
    }

    #[test]
    fn legal_commands_are_accepted(
        sequence in command_sequences(
            CommandOptions { illegal: 0, unplaced: 0, misplaced: 0, ..CommandOptions::default() }
        )
    ) {
        let mut journal = Journal::new(sequence.origin);
        for (now, command) in sequence.commands {
            let shown = format!("{command:?}");
            let refusal = journal.apply(now, command).err();
            prop_assert!(refusal.is_none(), "{:?} of {}", refusal, shown);
        }
    }

    #[test]
    fn the_same_list_of_choices_draws_the_same(seed: u64) {
        let mut choices = Choices::seeded(seed);
        let world = Specs::draw(&mut choices);
        let list = choices.list();
        prop_assert_eq!(world, Specs::draw(&mut Choices::listed(&list)));
    }

    #[test]
    fn numbers_stay_in_their_ranges(seed: u64, low in 0_u32..50, high in 50_u32..100, most: u64) {
        let mut choices = Choices::seeded(seed);
        prop_assert!((low..=high).contains(&choices.between(low, high)));
        prop_assert!(choices.up_to(most) <= most);
        prop_assert!(choices.below(high) < high);
    }
}

/// A platform that forgets a refused command's changes, but not that it was asked.
struct Counting(Journal, u32);

impl Life for Counting {
    fn apply(&mut self, now: Moment, command: &Command) -> bool {
        self.1 += 1;
        self.0.apply(now, command.clone()).is_ok()
    }

    fn state(&self) -> String {
        format!("{:?} {}", self.0.state(), self.1)
    }
}

#[test]
fn laws_of_lives_are_broken_by_a_fault() {
    let begin = |origin: &State| Counting(Journal::new(origin.clone()), 0);
    let broken = (0..100).filter_map(|seed| {
        let sequence = CommandOptions::default().draw(&mut Choices::seeded(seed));
        laws::of_lives(begin, &sequence).err()
    });
    assert!(broken.count() > 50);
}

/// A platform that refuses everything, and one that forgets the rules of deletions.
enum Willing {
    Never,
    ToDelete(Box<Journal>),
}

impl Life for Willing {
    fn apply(&mut self, now: Moment, command: &Command) -> bool {
        match self {
            Self::Never => false,
            Self::ToDelete(journal) => {
                matches!(command.action, Action::Delete(_)) || journal.apply(now, command.clone()).is_ok()
            }
        }
    }

    fn state(&self) -> String {
        match self {
            Self::Never => String::new(),
            Self::ToDelete(journal) => format!("{journal:?}"),
        }
    }
}

#[test]
fn platforms_accept_what_the_rules_accept() {
    let (mut never, mut to_delete) = (0, 0);
    for seed in 0..100 {
        let sequence = CommandOptions::default().draw(&mut Choices::seeded(seed));
        laws::decides_like_the_rules(|origin: &State| Journal::new(origin.clone()), &sequence).unwrap();
        laws::of_lives(|_: &State| Willing::Never, &sequence).unwrap();
        never += u32::from(laws::decides_like_the_rules(|_: &State| Willing::Never, &sequence).is_err());
        let begin = |origin: &State| Willing::ToDelete(Box::new(Journal::new(origin.clone())));
        to_delete += u32::from(laws::decides_like_the_rules(begin, &sequence).is_err());
    }
    // Lives begin with a push that is accepted, but for illegal ones; some have a deletion that is not.
    assert!(never > 90 && to_delete > 0, "{never} {to_delete}");
}

#[test]
fn sequences_reach_every_verb() {
    let mut accepted: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..2000 {
        let sequence = CommandOptions::default().draw(&mut Choices::seeded(seed));
        let mut journal = Journal::new(sequence.origin);
        for (now, command) in sequence.commands {
            let verb = command.action.verb();
            *accepted.entry(verb).or_default() += u32::from(journal.apply(now, command).is_ok());
        }
    }
    println!("{accepted:?}");
    let verbs = "push patch promote release updateVersion rollBack cancel pause resume forceForward advance activate \
                 deactivate wake idle scale autoscale edit rename move delete deleteWorkload observe";
    for verb in verbs.split_whitespace() {
        assert!(accepted.get(verb).is_some_and(|count| *count >= 50), "{verb} is hardly ever accepted: {accepted:?}");
    }
}

/// Whether a command carries the placement that it needs: the first of this deployment is taken (L12). What shrinks
/// needs none, and takes no place that it does not have (L14).
fn is_placed(request: &PlacementRequest, command: &Command) -> bool {
    let found = command.placements.iter().find(|placed| placed.deployment == request.deployment);
    if request.purpose == Purpose::Shrink {
        let keeps = |place| request.keep.contains(place);
        return found.is_none_or(|placed| placed.refusal.is_none() && placed.places.iter().all(keeps));
    }
    found.is_some_and(|placed| {
        let replicas: u32 = placed.places.iter().map(|place| place.replicas).sum();
        placed.refusal.is_none() && replicas == request.replicas
    })
}

#[test]
fn wrong_placements_are_refused() {
    // Only placements are wrong: nothing else is refused.
    let options = CommandOptions { illegal: 0, unplaced: 0, misplaced: 100, ..CommandOptions::default() };
    let (mut refused, mut surplus) = (0, 0);
    for seed in 0..300 {
        let sequence = options.draw(&mut Choices::seeded(seed));
        laws::of_lives(|origin: &State| Journal::new(origin.clone()), &sequence).unwrap();
        let mut state = sequence.origin;
        for (now, command) in sequence.commands {
            let needed = state.placements_needed(now, &command.action);
            let result = state.apply(now, &command);
            assert!(result.as_ref().err().is_none_or(|refusal| refusal.rule == "L12"), "{result:?}: {command:?}");
            // Of several, the answer to one may leave another out.
            if let [request] = &needed[..] {
                assert_eq!(result.is_ok(), is_placed(request, &command), "{command:?}");
                refused += u32::from(result.is_err());
                surplus += u32::from(result.is_ok());
            }
        }
    }
    // Three wrong placements of four are refused.
    println!("{refused} refused, {surplus} surplus");
    assert!(refused > 300 && surplus > 100, "{refused} {surplus}");
}

#[test]
fn lives_begin_where_it_is_asked_for() {
    let begun = |percent| {
        let options = CommandOptions { adopted: percent, ..CommandOptions::default() };
        let origins = (0..300).map(|seed| options.draw(&mut Choices::seeded(seed)).origin);
        origins.filter(|origin| origin.deployments().next().is_some()).count()
    };
    assert_eq!((begun(0), begun(100)), (0, 300));
}

#[test]
fn strategies_of_types_take_options() {
    let mut runner = TestRunner::deterministic();
    let none = CommandOptions { commands: 3..=3, adopted: 0, ..CommandOptions::default() };
    let silent = SeriesOptions { measurements: 7..=7, course: Some(Course::Silent), ..SeriesOptions::default() };
    for _ in 0..100 {
        let world = any_with::<Specs>(WorldOptions::tiny()).new_tree(&mut runner).unwrap().current();
        assert_eq!((world.clusters.len(), world.deployments.len()), (1, 1));
        let life = any_with::<CommandSequence>(none.clone()).new_tree(&mut runner).unwrap().current();
        assert_eq!((life.commands.len(), life.origin.deployments().count()), (3, 0));
        let series = any_with::<Series>(silent.clone()).new_tree(&mut runner).unwrap().current();
        assert_eq!(series.measured.len(), 7);
    }
}
