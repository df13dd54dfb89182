//! What deployments may hold together (E4): in decisions, commits, lives, rollouts and the host's own reservations.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;
use siting::analysis::diff;
use siting::deployment::Workload;
use siting::inventory::ReserveError;
use siting::lifecycle::{Action, Effect, Notice, Number, Observation, PromotionStrategy, PushKind, Sight};
use siting::placement::{CommitError, RemedyBound, RemedySet};
use siting::rollout;
use siting::workspace::{ChangeStep, PlaceOptions, Workspace, WorkspaceChange};

use super::support::{
    CLUSTERS, changes, command, document, life, moment, observe, place, push, pushed, put, reserve, restored, run, text,
};

const ONE: Number = Number::new(1);
const TWO: Number = Number::new(2);

fn fleet(more: &[String]) -> Workspace {
    format!("{CLUSTERS}{}", more.concat()).parse().unwrap()
}

fn environment(name: &str, limits: &str) -> String {
    document("Environment", name, &format!("{{limits: {limits}}}"))
}

fn root(limits: &str) -> String {
    document("Workspace", "root", &format!("{{limits: {limits}}}"))
}

/// A deployment whose replicas take three cores each.
fn deployment(name: &str, more: &str) -> String {
    document("Deployment", name, &format!("{{model: m, resources: {{cpu: 3, memory: 1Gi}}, {more}}}"))
}

/// What is said of each deployment, in their order: how many replicas are placed, and the codes in the way.
fn decided(workspace: &Workspace, partial: bool) -> Vec<(String, u32, Vec<&'static str>)> {
    let outcomes = workspace.place_all_as(PlaceOptions { partial, optimize: 0 });
    let said = outcomes.iter().map(|outcome| {
        let name = workspace.deployment(outcome.deployment).unwrap().name.to_string();
        let placed = outcome.decision.placements().iter().map(|placement| placement.replicas).sum();
        let reasons = outcome.decision.refusal().into_iter().flat_map(|refusal| &refusal.reasons);
        (name, placed, reasons.map(|reason| reason.code.as_str()).collect())
    });
    said.collect()
}

/// E4: what deployments of an environment hold together stays within its limits, and what all hold within the
/// workspace's; each takes its part in turn.
#[test]
fn e4_deployments_hold_no_more_together_than_is_allowed() {
    let documents = [
        root("{cpu: 12}"),
        environment("staging", "{cpu: 6}"),
        deployment("a", "environment: staging, replicas: 1, priority: 3"),
        deployment("b", "environment: staging, replicas: 2, priority: 2"),
        deployment("c", "replicas: 4, priority: 1"),
    ];
    let workspace = fleet(&documents);
    let over = || vec!["over-limit"];
    assert_eq!(decided(&workspace, false), [("a".into(), 1, vec![]), ("b".into(), 0, over()), ("c".into(), 0, over())]);
    assert_eq!(decided(&workspace, true), [("a".into(), 1, vec![]), ("b".into(), 1, over()), ("c".into(), 2, over())]);
}

/// E4: a refusal says the limit, what is held, and by whom.
#[test]
fn e4_a_refusal_says_the_limit_what_is_held_and_by_whom() {
    let running = document("Placement", "p", "{deployment: m/a, cluster: paris, pool: p, replicas: 2}");
    let documents = [
        environment("production", "{cpu: 10}"),
        deployment("a", "replicas: 2"),
        deployment("b", "replicas: 2"),
        running,
    ];
    let workspace = fleet(&documents);
    let decision = workspace.place("b").unwrap().decision;
    let refusal = decision.refusal().unwrap();
    assert_eq!((refusal.wanted, refusal.fitting), (2, 1));
    let reason = &refusal.reasons[0];
    assert_eq!(
        reason.message(),
        "it would pass a limit: environment `production` limits cpu to 10, and 6 is held: 6 by `m/a`"
    );
    assert_eq!((reason.counts.removed_alone, reason.counts.left_after), (0, 2));
    // What it runs itself is free for it.
    assert!(workspace.place("a").unwrap().decision.is_placed());
}

/// E4: a type limit counts what is under it and pools that are known only by a node above it, nothing beside; a slice
/// counts by its part of the device's memory (I7).
#[test]
fn e4_a_type_limit_counts_what_is_under_it_and_what_may_be() {
    let gpus = |name: &str, gpu: &str| {
        let pools = format!("[{{name: p, nodes: 4, cpuFlavor: x86, cpu: 8, memory: 64Gi, gpu: {gpu}}}]");
        document("Cluster", name, &format!("{{provider: own, country: de, pools: {pools}}}"))
    };
    let demand = |gpu: &str| {
        let resources = format!("{{cpu: 1, memory: 1Gi, gpu: {gpu}}}");
        document("Deployment", "d", &format!("{{model: m, replicas: 4, resources: {resources}}}"))
    };
    let fits = |limits: &str, pool: &str, need: &str| {
        let text = [environment("production", limits), gpus("c", pool), demand(need)].concat();
        let workspace: Workspace = text.parse().unwrap();
        let decision = workspace.place("d").unwrap().decision;
        decision.refusal().map_or(4, |refusal| refusal.fitting)
    };
    let one = "{count: 1}";
    assert_eq!(fits("{gpus: {a100: 3}}", "{type: a100-80gb, count: 1}", one), 3);
    assert_eq!(fits("{gpus: {a100-80gb: 2}}", "{type: a100, count: 1}", one), 2);
    assert_eq!(fits("{gpus: {a100-40gb: 2}}", "{type: a100-80gb, count: 1}", one), 4);
    assert_eq!(fits("{gpu: 3, gpus: {t4: 0}}", "{type: a100, count: 1}", one), 3);
    assert_eq!(fits("{gpu: \"0.5\"}", "{type: a100, count: 1}", "{count: 1, share: 0.25}"), 2);
    let slices = "{type: a100-40gb, count: 4, slice: 1g.5gb}";
    assert_eq!(fits("{gpu: \"0.375\"}", slices, "{count: 1, slice: any}"), 3);
}

/// E4: under a limit of price what a place costs must be known, and counts.
#[test]
fn e4_under_a_limit_of_price_every_price_is_known() {
    let priced = |name: &str, price: &str| {
        let pools = format!("[{{name: p, nodes: 4, cpuFlavor: x86, cpu: 3, memory: 64Gi{price}}}]");
        document("Cluster", name, &format!("{{provider: own, country: de, pools: {pools}}}"))
    };
    let decided = |documents: &[String]| {
        let workspace: Workspace = documents.concat().parse().unwrap();
        let decision = workspace.place("d").unwrap().decision;
        let codes =
            decision.refusal().map(|refusal| refusal.reasons.iter().map(|it| it.code.as_str()).collect::<Vec<_>>());
        (codes.unwrap_or_default(), decision.placements().iter().map(|it| it.replicas).sum::<u32>())
    };
    let limit = environment("production", "{pricePerHour: \"4.5\"}");
    let (known, unknown) = (priced("a", ", pricePerHour: 2"), priced("b", ""));
    assert_eq!(decided(&[limit.clone(), unknown.clone(), deployment("d", "replicas: 1")]), (vec!["too-expensive"], 0));
    let of = |replicas: u32| deployment("d", &format!("replicas: {replicas}"));
    assert_eq!(decided(&[limit.clone(), known.clone(), unknown.clone(), of(2)]), (vec![], 2));
    assert_eq!(decided(&[limit, known, unknown, of(3)]), (vec!["too-expensive", "over-limit"], 0));
}

/// E4, D5: where a limit takes what the domains would need that have to hold a replica, fewer are placed.
#[test]
fn e4_a_limit_leaves_what_other_domains_have_to_hold() {
    let spread = "replicas: 3, placement: {spread: {by: country, maxSkew: 2, minDomains: 2}}";
    let workspace = fleet(&[environment("production", "{cpu: 6}"), deployment("d", spread)]);
    let options = PlaceOptions { partial: true, optimize: 0 };
    let decision = workspace.place_as("d", options).unwrap().decision;
    assert_eq!(decision.placements().iter().map(|placement| placement.replicas).collect::<Vec<_>>(), [1, 1]);
}

/// W6, E4: a commit that would pass a limit is refused and changes nothing; what is committed counts for the environment
/// of its deployment, what the host reserves otherwise for the workspace only, and both until they are released.
#[test]
fn w6_a_commit_passes_no_limit() {
    let documents =
        [root("{cpu: 20}"), environment("production", "{cpu: 9}"), deployment("a", "replicas: 2"), deployment("b", "")];
    let mut workspace = fleet(&documents);
    let before = text(&workspace);
    let (a, b) = ([place("berlin", 2)], [place("paris", 1)]);
    let made = workspace.commit_places("a", &a).unwrap();
    let error = workspace.commit_places("a", &a).unwrap_err();
    assert!(matches!(&error, CommitError::OverLimit { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "it would pass a limit: environment `production` limits cpu to 9, and 6 is held: 6 by `m/a`"
    );
    // 14 cores are left of the workspace's, and three of the environment's.
    workspace.change(moment(0), reserve("berlin", 4)).unwrap();
    workspace.commit_places("b", &b).unwrap();
    let held: Vec<_> = workspace.limits_held().iter().map(|limit| (limit.most, limit.held)).collect();
    assert_eq!(held, [(20_000, 13_000), (9_000, 9_000)]);
    let kept = text(&workspace);
    let refused = workspace.change(moment(0), reserve("paris", 8)).unwrap_err();
    assert!(refused.to_string().contains("limit"), "{refused}");
    assert!(matches!(
        workspace.reserve(&[(place("paris", 1), super::support::cores(8))]),
        Err((0, ReserveError::OverLimit))
    ));
    assert_eq!(text(&workspace), kept);
    // It is kept, restored, and given back.
    let mut workspace = restored(&workspace);
    assert_eq!(workspace.limits_held().iter().map(|limit| limit.held).collect::<Vec<_>>(), [13_000, 9_000]);
    let reservation = workspace.inventory().reservation(made[0]).unwrap();
    workspace.release(made[0]).unwrap();
    assert_eq!(workspace.limits_held().iter().map(|limit| limit.held).collect::<Vec<_>>(), [7_000, 3_000]);
    workspace.commit_places("a", &[place("berlin", 1)]).unwrap();
    assert!(workspace.take_back(&reservation).is_err());
    assert_ne!(before, text(&workspace));
}

/// E4: what the host holds on nodes that are not counted is counted all the same.
#[test]
fn e4_what_is_held_without_end_counts() {
    let cloud = document("Cluster", "cloud", "{provider: own, country: de, flavors: [{type: cpu, name: x86}]}");
    let documents = [
        environment("production", "{cpu: 9}"),
        cloud,
        document("Deployment", "a", "{model: m, replicas: 2, resources: {cpu: 3, memory: 1Gi}}"),
    ];
    let mut workspace: Workspace = documents.concat().parse().unwrap();
    let decision = workspace.place("a").unwrap().decision;
    let made = workspace.commit("a", &decision).unwrap();
    assert_eq!(restored(&workspace).limits_held()[0].held, 6_000);
    // A change of the cluster leaves it so.
    workspace
        .change(
            moment(0),
            put(&document("Cluster", "cloud", "{provider: own, country: fr, flavors: [{type: cpu, name: x86}]}")),
        )
        .unwrap();
    assert_eq!(workspace.limits_held()[0].held, 6_000);
    workspace.release(made[0]).unwrap();
    assert_eq!(workspace.limits_held()[0].held, 0);
}

/// E4: a start and a growth that would pass a limit are refused and named; lowering a limit stops nothing.
#[test]
fn e4_lives_grow_within_limits_and_lowering_one_stops_nothing() {
    let mut workspace = fleet(&[environment("production", "{cpu: 12}")]);
    let x = run(&mut workspace, moment(0), "x", 3, 2);
    let scale = |replicas| Action::Scale { deployment: ONE, replicas };
    workspace.carry_out(moment(1), &x, scale(4)).unwrap();
    let before = text(&workspace);
    let refused = workspace.carry_out(moment(2), &x, scale(5)).unwrap_err().to_string();
    assert!(refused.contains("environment `production` limits cpu to 12, and 12 is held: 12 by `x/x-1`"), "{refused}");
    workspace.change(moment(2), push("y", 1, 1)).unwrap();
    let refused = workspace.change(moment(2), observe("y", 1, Observation::Built)).unwrap_err().to_string();
    assert!(refused.contains("it would pass a limit"), "{refused}");
    assert_ne!(before, text(&workspace));
    // Lowering stops nothing: shrinking is legal, growing is not.
    workspace.change(moment(3), put(&environment("production", "{cpu: 3}"))).unwrap();
    assert_eq!(workspace.life(&x).unwrap().state().deployment(ONE).unwrap().running(), 4);
    workspace.carry_out(moment(4), &x, scale(3)).unwrap();
    workspace.carry_out(moment(5), &x, scale(4)).unwrap_err();
    workspace.change(moment(6), put(&environment("production", "{cpu: 15}"))).unwrap();
    workspace.carry_out(moment(7), &x, scale(4)).unwrap();
    workspace.change(moment(8), observe("y", 1, Observation::Built)).unwrap();
}

/// E4: during a promotion what a deployment holds counts for the target as well, and a promotion that would pass its limit
/// is refused.
#[test]
fn e4_a_promotion_counts_for_its_target() {
    let documents =
        |most: u32| [environment("staging", "{cpu: 6}"), environment("production", &format!("{{cpu: {most}}}"))];
    for (most, fits) in [(6, true), (5, false)] {
        let mut workspace = fleet(&documents(most));
        let Action::Push(mut pushed) = pushed(PushKind::Published, 3, 2) else { unreachable!() };
        pushed.environment = Some("staging".parse().unwrap());
        workspace.change(moment(0), command("x", Action::Push(pushed))).unwrap();
        for (generation, observation) in [(1, Observation::Built), (2, Observation::Ready)] {
            workspace.change(moment(0), observe("x", generation, observation)).unwrap();
        }
        let before = text(&workspace);
        let strategy = rollout::Strategy::BlueGreen(rollout::BlueGreen::default());
        let promote = promote(ONE, "production", Some(strategy));
        let promoted = workspace.change(moment(1), command("x", promote));
        assert_eq!(promoted.is_ok(), fits, "{promoted:?}");
        if fits {
            let held: BTreeMap<_, _> = held(&workspace);
            assert_eq!((held["staging"], held["production"]), (6_000, 6_000));
        } else {
            assert_eq!(text(&workspace), before);
        }
    }
}

fn promote(deployment: Number, environment: &str, strategy: Option<rollout::Strategy>) -> Action {
    let by = strategy.map(|strategy| Box::new(PromotionStrategy::By(rollout::Settings::of(strategy))));
    Action::Promote {
        deployment,
        environment: environment.parse().unwrap(),
        name: None,
        on_replaced: None,
        force: true,
        by,
    }
}

/// E4: a rollout that a limit blocks does not begin, and the limit is named; it begins once there is room, and is over at
/// its deadline where there is none.
#[test]
fn e4_a_surge_waits_for_its_limit() {
    let started = |most: u32| {
        let mut workspace = fleet(&[environment("production", &format!("{{cpu: {most}}}"))]);
        let x = run(&mut workspace, moment(0), "x", 3, 2);
        workspace.carry_out(moment(1), &x, promote(ONE, "production", None)).unwrap();
        let update = Action::UpdateVersion {
            environment: "production".parse().unwrap(),
            version: "v2".to_owned(),
            name: None,
            on_replaced: None,
            by: Some(Box::new(PromotionStrategy::By(rollout::Settings::of(rollout::Strategy::BlueGreen(
                rollout::BlueGreen::default(),
            ))))),
        };
        workspace.carry_out(moment(2), &x, update).unwrap();
        let built = Action::Observe { deployment: TWO, generation: 1, observation: Observation::Built };
        let effects = workspace.carry_out(moment(3), &x, built);
        (workspace, x, effects)
    };
    // Two replicas of each side take twelve cores.
    let (_, _, effects) = started(12);
    assert!(effects.unwrap().iter().any(|effect| matches!(effect, Effect::Start { .. })));
    let (mut workspace, x, effects) = started(9);
    let running = |workspace: &Workspace, x: &Workload| {
        let state = workspace.life(x).unwrap().state();
        [ONE, TWO].map(|number| state.deployment(number).map_or(0, |record| record.running()))
    };
    let told = match effects {
        Ok(effects) => waits(&effects),
        Err(refusal) => Some(refusal.to_string()),
    };
    let told = told.expect("something waits");
    assert!(told.contains("environment `production` limits cpu to 9"), "{told}");
    assert_eq!(running(&workspace, &x)[0], 2);
    // Nobody makes room until the deadline: it is over, and the holder is as it was.
    let mut late = workspace.clone();
    let deadline = late.life(&x).unwrap().state().deployment(TWO).unwrap().deadline.unwrap();
    let timer = Action::Observe { deployment: TWO, generation: 1, observation: Observation::TimerFired };
    late.carry_out(deadline, &x, timer).unwrap();
    assert_eq!(running(&late, &x), [2, 0]);
    let slot = late.life(&x).unwrap().state().slot("production").unwrap();
    assert_eq!((slot.holder, slot.promotion.is_none()), (Some(ONE), true));
    // There is more of it: what was refused is asked again.
    workspace.change(moment(4), put(&environment("production", "{cpu: 12}"))).unwrap();
    let built = Action::Observe { deployment: TWO, generation: 1, observation: Observation::Built };
    workspace.carry_out(moment(5), &x, built).unwrap();
    assert_eq!(running(&workspace, &x), [2, 2]);
}

fn waits(effects: &[Effect]) -> Option<String> {
    effects.iter().find_map(|effect| match effect {
        Effect::Notify(Notice::RolloutWaits { reason, .. }) => Some(reason.clone()),
        _ => None,
    })
}

/// What is held of cpu by whom it counts for, from what is kept of reservations and lives alone.
fn held(workspace: &Workspace) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::from(["workspace", "production", "staging"].map(|of| (of.to_owned(), 0)));
    for id in workspace.inventory().reservations() {
        let held = serde_json::to_value(workspace.inventory().reservation(id).unwrap()).unwrap();
        let taken = held["taken"].as_array().unwrap().iter();
        let cpu: u64 = taken.map(|it| it["count"].as_u64().unwrap() * it["part"]["cpu"].as_u64().unwrap()).sum();
        let mut counts_for = vec!["workspace".to_owned()];
        match &held["owner"] {
            Value::String(owner) => {
                let [_, name, id] = owner.split('/').collect::<Vec<_>>().try_into().unwrap();
                let number = Number::new(id.rsplit('-').next().unwrap().parse().unwrap());
                let state = workspace.life(&life(workspace, name)).unwrap().state();
                let governor = state.deployment(number).unwrap().governor.to_string();
                let targets =
                    state.slots().filter(|(_, slot)| slot.promotion.as_ref().is_some_and(|it| it.candidate == number));
                counts_for.push(governor.clone());
                counts_for.extend(targets.map(|(name, _)| name.to_string()).filter(|name| *name != governor));
            }
            Value::Object(_) => counts_for.push("production".to_owned()),
            _ => {}
        }
        for of in counts_for {
            *all.entry(of).or_default() += cpu;
        }
    }
    all
}

/// The limits of cpu in force, by whose they are.
fn limits(workspace: &Workspace) -> BTreeMap<String, u64> {
    let of = |limit: &siting::placement::Limit| {
        (limit.environment.as_ref().map_or("workspace".to_owned(), ToString::to_string), limit.most)
    };
    workspace.limits_held().iter().map(of).collect()
}

/// What happens to a workspace beside the changes of others.
#[derive(Clone, Debug)]
enum Happens {
    Change(Box<WorkspaceChange>),
    /// The host tells what is awaited.
    Told(&'static str, Number, bool),
    /// It looks at a rollout.
    Advance(&'static str, Number),
    Healthy(&'static str, bool),
    Settle,
}

fn happens() -> impl Strategy<Value = Happens> {
    let name = || prop::sample::select(vec!["x", "y"]);
    let number = || (1..5_u64).prop_map(Number::new);
    let to = || prop::sample::select(vec!["production", "staging"]);
    let change = |change: WorkspaceChange| Happens::Change(Box::new(change));
    let strategy = |which: u32| match which {
        0 => Some(rollout::Strategy::Rolling(rollout::Rolling::default())),
        1 => Some(rollout::Strategy::BlueGreen(rollout::BlueGreen::default())),
        _ => None,
    };
    prop_oneof![
        6 => changes().prop_map(change),
        8 => (name(), number(), prop::bool::weighted(0.9)).prop_map(|(name, number, well)| Happens::Told(name, number, well)),
        2 => (to(), 0..30_u32).prop_map(move |(name, most)| change(put(&environment(name, &format!("{{cpu: {most}}}"))))),
        1 => (10..50_u32).prop_map(move |most| change(put(&root(&format!("{{cpu: {most}}}"))))),
        2 => (prop::sample::select(vec!["berlin", "paris"]), 1..4_u32).prop_map(move |(cluster, replicas)| {
            let commit = ChangeStep::Commit { deployment: "m/d".to_owned(), places: vec![place(cluster, replicas)] };
            change(WorkspaceChange::new().then(commit))
        }),
        4 => (name(), number(), to(), 0..3_u32)
            .prop_map(move |(name, number, to, which)| change(command(name, promote(number, to, strategy(which))))),
        2 => (name(), number(), 1..6_u32).prop_map(move |(name, deployment, replicas)| {
            change(command(name, Action::Scale { deployment, replicas }))
        }),
        1 => (name(), number()).prop_map(move |(name, number)| change(command(name, Action::Move(number)))),
        1 => (name(), number()).prop_map(move |(name, number)| change(command(name, Action::Activate(number)))),
        6 => (name(), number()).prop_map(|(name, number)| Happens::Advance(name, number)),
        1 => (prop::sample::select(vec!["berlin", "paris"]), any::<bool>())
            .prop_map(|(cluster, healthy)| Happens::Healthy(cluster, healthy)),
        1 => Just(Happens::Settle),
    ]
}

fn carry_out(workspace: &mut Workspace, now: u64, happens: Happens) {
    let now = moment(now * 100_000);
    match happens {
        Happens::Change(change) => drop(workspace.change(now, *change)),
        Happens::Told(name, number, well) => {
            let life = life(workspace, name);
            let Some(desired) = workspace.life(&life).map(|journal| journal.state().desired()) else { return };
            let Some(of) = desired.deployments.iter().find(|of| of.deployment == number) else { return };
            let Some(observation) = (if well { of.awaits } else { Some(Observation::Failed) }) else { return };
            let action = Action::Observe { deployment: number, generation: of.generation, observation };
            drop(workspace.carry_out(now, &life, action));
        }
        Happens::Advance(name, candidate) => {
            let life = life(workspace, name);
            let Some(state) = workspace.life(&life).map(|journal| journal.state()) else { return };
            let running = |number| state.deployment(number).map_or(0, |record| record.running());
            let holder = state.sought_by(candidate).and_then(|sought| state.holder(sought.as_str()));
            let old = holder.map_or(0, |holder| running(holder.number));
            let sight = Box::new(Sight { old, new: running(candidate), requests: 1000, ..Sight::default() });
            drop(workspace.carry_out(now, &life, Action::Advance { candidate, sight }));
        }
        Happens::Healthy(cluster, healthy) => drop(workspace.set_healthy(cluster, healthy)),
        Happens::Settle => drop(workspace.settle_losses(now)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// E4: no interleaving of starts, growth, promotions, rollouts, moves, losses, commits, reservations and changed limits
    /// ever has more held than a limit allows, or than was held before it was lowered.
    #[test]
    fn e4_no_interleaving_passes_a_limit(all in prop::collection::vec(happens(), 1..60)) {
        let mut workspace = fleet(&[
            root("{cpu: 40}"),
            environment("production", "{cpu: 20}"),
            environment("staging", "{cpu: 12}"),
            deployment("d", "replicas: 3"),
        ]);
        let mut before = held(&workspace);
        for (now, happens) in (1..).zip(all) {
            carry_out(&mut workspace, now, happens.clone());
            let after = held(&workspace);
            for (whose, most) in limits(&workspace) {
                let (was, is) = (before[&whose], after[&whose]);
                prop_assert!(is <= most.max(was), "{}: {} of {}, {} before, by {:?}", whose, is, most, was, happens);
            }
            // What the workspace says is held is just that.
            for limit in workspace.limits_held() {
                let whose = limit.environment.as_ref().map_or("workspace".to_owned(), ToString::to_string);
                prop_assert_eq!(limit.held, after[&whose], "{}", whose);
                prop_assert_eq!(limit.by.iter().map(|(_, held)| held).sum::<u64>(), limit.held);
            }
            before = after;
        }
        prop_assert_eq!(held(&restored(&workspace)), before);
    }
}

/// A1, E4: a limit that is raised, or taken away, is loosened, and one that is lowered or new is not.
#[test]
fn a1_a_raised_limit_is_loosened() {
    let world = |own: &str, all: &str| {
        fleet(&[environment("production", own), if all.is_empty() { String::new() } else { root(all) }])
    };
    let old = world("{cpu: 6, gpus: {t4: 2}}", "{memory: 1Gi}");
    let new = world("{cpu: 7, gpu: 1}", "");
    let loosened = [
        "the workspace limits memory no more, which was 1Gi",
        "environment `production` limits cpu to 7 and not to 6",
        "environment `production` limits gpus.t4 no more, which was 2",
    ];
    assert_eq!(diff(&old, &new).widened(), loosened);
    assert_eq!(diff(&new, &old).widened(), ["environment `production` limits gpu no more, which was 1"]);
    assert_eq!(diff(&old, &world("{cpu: 5, gpus: {t4: 2}}", "{memory: 1Gi}")).widened(), [""; 0]);
}

/// D7, E4: what a limit refuses is placed by asking for less, as much as the limit leaves.
#[test]
fn d7_a_limit_is_met_by_asking_for_less() {
    let documents = [environment("production", "{cpu: 7}"), deployment("a", "replicas: 3")];
    let workspace = fleet(&documents);
    let remedies = workspace.remedies("m/a", RemedyBound::default()).unwrap();
    let words = |set: &RemedySet| set.changes.iter().map(|it| it.in_words(workspace.catalog())).collect::<Vec<_>>();
    let told: Vec<_> = remedies.sets.iter().map(words).collect();
    // Two replicas of three cores are within seven; three are of two cores each.
    assert!(told.contains(&vec!["lower `replicas` from 3 to 2".to_owned()]), "{told:?}");
    assert!(told.contains(&vec!["lower `resources.cpu` from 3 to 2333m".to_owned()]), "{told:?}");
}

/// E4, C8: limits that limit nothing, and numbers that no GPUs are counted in, are told where they stand.
#[test]
fn e4_limits_that_say_nothing_are_errors() {
    let said = |limits: &str| {
        let error = format!("{CLUSTERS}{}", environment("production", limits)).parse::<Workspace>().unwrap_err();
        let problem = error.problems.into_iter().next().unwrap();
        assert!(problem.origin.line > 0, "{limits}");
        (problem.message, problem.help.unwrap())
    };
    let told = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    assert_eq!(
        said("{}"),
        told(
            "`limits` limits nothing",
            "write `gpu`, `gpus`, `cpu`, `memory` or `pricePerHour`, or leave `limits` out"
        )
    );
    assert_eq!(said("{cpu: 1, gpus: {}}"), told("`gpus` limits no type", "write `{h100: 16}`, or leave it out"));
    assert_eq!(
        said("{gpu: 16Gi}"),
        told("`16Gi` is not a number of GPUs: `Gi` is no unit of it", "write `4`, `0.5` or `500m`")
    );
    assert_eq!(said("{gpus: {t4: -1}}").0, "`-1` is not a number of GPUs: it is negative");
}
