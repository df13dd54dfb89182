//! The stories of the source documents, step by step, and the rules L1–L12 and E3 one by one.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Life, edit, name, place, refused, scaling};
use siting::lifecycle::{
    Action, CAPABILITIES, Capability, Change, Command, Effect, Endpoint, Form, Journal, Number, Observation, Placed,
    PromotionStrategy, Push, PushKind, Requirements, Role, Settings, Snapshot, Status,
};
use siting::policy::OnReplaced;
use siting::rollout::{self, Canary};
use siting::time::Moment;

const PRODUCTION: &str = "production";
const DEVELOPMENT: &str = "development";

/// Seed 000: version A in production, B in development; B is released; C replaces B in development.
#[test]
fn l4_the_release_story_of_seed_000() {
    let mut life = Life::new();
    life.push(Life::promoted(PRODUCTION), Some("a"), "A");
    life.up("a");
    life.push(Life::promoted(DEVELOPMENT), Some("b"), "B");
    life.up("b");
    assert_eq!((life.environment(PRODUCTION), life.environment(DEVELOPMENT)), ("A".into(), "B".into()));
    assert_eq!((life.called("a"), life.called("b")), ("A".into(), "B".into()));

    life.act(Action::release(name(DEVELOPMENT), name(PRODUCTION))).unwrap();
    assert_eq!(life.environment(PRODUCTION), "A", "until the copy is active, A runs");
    life.up("bert-3");
    life.see("a", Observation::Drained).unwrap();
    assert_eq!((life.environment(PRODUCTION), life.environment(DEVELOPMENT)), ("B".into(), "B".into()));
    assert_eq!(life.called("a"), "404: deactivated", "version A can no longer be called");
    assert_eq!((life.status("a"), life.called("b")), (Status::Inactive, "B".into()));

    life.push(Life::promoted(DEVELOPMENT), Some("c"), "C");
    life.up("c");
    assert_eq!((life.environment(PRODUCTION), life.environment(DEVELOPMENT)), ("B".into(), "C".into()));
}

/// Seed 002: promoting the draft copies it; standard settings where nothing stood before.
#[test]
fn l3_promoting_the_draft_where_production_is_empty() {
    let mut life = Life::new();
    let draft = life.push(PushKind::Draft, None, "v1");
    life.up(DEVELOPMENT);
    let before = life.state().draft().unwrap().clone();
    life.act(Action::promote(draft, name(PRODUCTION))).unwrap();
    let copy = life.number("bert-2");
    assert_eq!(life.status("bert-2"), Status::Deploying);
    assert_eq!(life.role("bert-2"), Role::Published, "it is not yet the production deployment");
    assert_eq!(life.environment(PRODUCTION), "404: no-holder");
    life.up("bert-2");
    assert_eq!((life.role("bert-2"), life.call(&Endpoint::Workload)), (Role::Production, "v1".into()));
    assert_eq!(life.state().draft(), Some(&before), "the draft stays as it was");
    let settings = &life.state().deployment(copy).unwrap().settings;
    assert_eq!(settings.scaling, Some(scaling(0, 1)));
    let requests = settings.requests;
    assert_eq!((requests.window_seconds, requests.scale_down_delay_seconds, requests.concurrency_target), (60, 900, 1));
    assert_eq!(requests.target_utilization.get(), 70);
}

/// Seed 002: with a production deployment, the copy takes its autoscaling; the former one is kept.
#[test]
fn l3_l5_promoting_the_draft_over_a_production_deployment() {
    let mut life = Life::new();
    let settings = Settings { scaling: Some(scaling(2, 10)), ..Settings::default() };
    let push = Push { settings: Arc::new(settings), ..Push::new(Life::promoted(PRODUCTION), "v1") };
    life.act(Action::Push(push)).unwrap();
    life.up("bert-1");
    let draft = life.push(PushKind::Draft, None, "v2");
    life.up(DEVELOPMENT);
    life.act(Action::promote(draft, name(PRODUCTION))).unwrap();
    life.up("bert-3");
    let holder = life.state().holder(PRODUCTION).unwrap();
    assert_eq!((holder.number, holder.settings.scaling, holder.replicas()), (Number::new(3), Some(scaling(2, 10)), 2));
    assert_eq!((life.status("bert-1"), life.role("bert-1")), (Status::Active, Role::Published));
    assert_eq!(life.called("bert-1"), "v1", "the former one keeps its id and activity");
}

/// Seed 002: a published deployment keeps id and settings, and stays scaled to zero.
#[test]
fn l3_l6_promoting_a_published_deployment() {
    let mut life = Life::new();
    life.push(Life::promoted(PRODUCTION), Some("old"), "v1");
    life.up("old");
    let other = life.push(PushKind::Published, Some("other"), "v2");
    refused(life.act(Action::promote(other, name(PRODUCTION))), "L6", "wait until it is active");
    life.up("other");
    life.act(Action::Idle(other)).unwrap();
    life.act(Action::promote(other, name(PRODUCTION))).unwrap();
    assert_eq!((life.status("other"), life.role("other")), (Status::ScaledToZero, Role::Production));
    assert_eq!(life.call(&Endpoint::Workload), "wake first");
    assert_eq!(life.called("old"), "v1");
    life.act(Action::Deactivate(life.number("old"))).unwrap();
    life.see("old", Observation::Drained).unwrap();
    refused(life.act(Action::roll_back(name(PRODUCTION))), "L6", "activate it first");
    life.act(Action::Activate(life.number("old"))).unwrap();
    life.up("old");
    life.act(Action::roll_back(name(PRODUCTION))).unwrap();
    assert_eq!((life.role("old"), life.call(&Endpoint::Workload)), (Role::Production, "v1".into()));
}

#[test]
fn l6_one_that_wakes_is_promoted_once_it_is_awake() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    life.act(Action::Idle(one)).unwrap();
    life.act(Action::Wake(one)).unwrap();
    let effects = life.act(Action::promote(one, name("staging"))).unwrap();
    let restarts = |effect: &Effect| matches!(effect, Effect::Start { .. } | Effect::Stop { .. });
    assert!(!effects.iter().any(restarts), "it may stay where it comes up: {effects:?}");
    assert_eq!(life.environment("staging"), "404: no-holder");
    assert_eq!(life.state().deployment(one).unwrap().governor.as_str(), PRODUCTION, "its governor, until the switch");
    life.see("bert-1", Observation::Ready).unwrap();
    assert_eq!(life.environment("staging"), "v1");
    assert_eq!(life.state().deployment(one).unwrap().governor.as_str(), "staging");
}

#[test]
fn l6_an_unhealthy_one_is_promoted_by_force_only() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    life.see("bert-1", Observation::Unhealthy).unwrap();
    refused(life.act(Action::promote(one, name(PRODUCTION))), "L6", "or force it");
    let force = Action::Promote {
        deployment: one,
        environment: name(PRODUCTION),
        name: None,
        on_replaced: None,
        force: true,
        by: None,
    };
    life.act(force).unwrap();
    assert_eq!(life.environment(PRODUCTION), "not ready: UNHEALTHY");
    life.see("bert-1", Observation::Healthy).unwrap();
    assert_eq!(life.environment(PRODUCTION), "v1");
}

#[test]
fn l2_the_capability_table_of_seed_002() {
    let rows: Vec<_> =
        CAPABILITIES.iter().map(|row| (row.capability, [row.development, row.production, row.published])).collect();
    assert_eq!(
        rows,
        [
            (Capability::CallById, [true, true, true]),
            (Capability::CallByWorkload, [false, true, false]),
            (Capability::LiveReload, [true, false, false]),
            (Capability::ScaleToZero, [true, true, true]),
            (Capability::FullAutoscaling, [false, true, true]),
            (Capability::ZeroDowntimeUpdates, [false, true, true]),
            (Capability::Deactivate, [true, true, true]),
            (Capability::Delete, [true, false, true]),
            (Capability::Rename, [false, true, true]),
        ]
    );
}

/// Every cell of the table, by trying it.
#[test]
fn l2_the_table_is_what_the_commands_do() {
    let mut life = Life::new();
    let draft = life.push(PushKind::Draft, None, "d");
    life.up(DEVELOPMENT);
    let production = life.push(Life::promoted(PRODUCTION), Some("prod"), "p");
    life.up("prod");
    let published = life.push(PushKind::Published, Some("other"), "o");
    life.up("other");
    let deployments = [(Role::Development, draft), (Role::Production, production), (Role::Published, published)];
    for (role, number) in deployments {
        let state = life.state();
        let legal = |action: Action| state.check(life.moment(), &action).is_ok();
        let bounds = edit(number, Change::Scaling(Some(scaling(1, 3))));
        let memory = Requirements { memory: "2Gi".parse().unwrap(), ..Requirements::default() };
        let restart = edit(number, Change::Resources(Some(memory)));
        let mut after = state.clone();
        after.apply(life.moment(), &crate::support::granted(state, life.moment(), restart)).unwrap();
        let called = |endpoint| matches!(state.route(&endpoint), siting::lifecycle::Answer::Routed(callee) if callee.deployment == number);
        let tried = [
            (Capability::CallById, called(Endpoint::Deployment(number))),
            (Capability::CallByWorkload, called(Endpoint::Workload)),
            (Capability::ScaleToZero, legal(Action::Idle(number))),
            (Capability::FullAutoscaling, legal(bounds)),
            (Capability::ZeroDowntimeUpdates, after.deployment(number).unwrap().status.serves()),
            (Capability::Deactivate, legal(Action::Deactivate(number))),
            (Capability::Delete, legal(Action::Delete(number))),
            (Capability::Rename, legal(Action::Rename { deployment: number, name: name("new") })),
        ];
        for (capability, found) in tried {
            assert_eq!(role.may(capability), found, "{role}: {}", capability.as_str());
        }
    }
    assert!(life.act(Action::Patch { version: None }).is_ok(), "live reload is the draft's");
    assert_eq!(life.status(DEVELOPMENT), Status::Updating);
    assert_eq!(life.called(DEVELOPMENT), "d");
}

#[test]
fn l1_ids_and_names() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.push(PushKind::Draft, None, "v2");
    assert_eq!((one.get(), life.number("bert-2")), (1, life.number(DEVELOPMENT)));
    let push = |called: &str| Action::Push(Push { name: Some(name(called)), ..Push::new(PushKind::Published, "v3") });
    refused(life.act(push("bert-1")), "L1", "is called `bert-1` already");
    refused(life.act(push("a/b")), "L1", "holds a `/`");
    refused(life.act(push(DEVELOPMENT)), "L1", "the draft's name");
    life.act(Action::Delete(one)).unwrap();
    life.act(push("bert-1")).unwrap();
    assert_eq!(life.number("bert-1"), Number::new(3), "the name is free again, the id is not");
    refused(life.act(Action::Activate(one)), "L8", "deleted and never returns");
}

#[test]
fn l1_pushing_over_the_draft_builds_it_anew() {
    let mut life = Life::new();
    let draft = life.push(PushKind::Draft, None, "v1");
    life.up(DEVELOPMENT);
    let effects = life.act(Action::Push(Push::new(PushKind::Draft, "v2"))).unwrap();
    assert!(matches!(
        effects[..],
        [
            Effect::Unroute { .. },
            Effect::Unroute { .. },
            Effect::Stop { .. },
            Effect::Build { .. },
            Effect::Timer { .. }
        ]
    ));
    assert_eq!((life.number(DEVELOPMENT), life.status(DEVELOPMENT)), (draft, Status::Building));
    let greedy = Settings { replicas: Some(3), ..Settings::default() };
    let push = Push { settings: Arc::new(greedy), ..Push::new(PushKind::Draft, "v3") };
    refused(life.act(Action::Push(push)), "L2", "at most one replica");
}

#[test]
fn e2_governors() {
    let mut life = Life::new();
    life.push(PushKind::Draft, None, "v1");
    life.push(PushKind::Published, None, "v1");
    life.push(Life::promoted("staging"), None, "v1");
    let governors: Vec<_> = life.state().deployments().map(|record| record.governor.to_string()).collect();
    assert_eq!(governors, ["development", "production", "staging"]);
}

/// E3: promotion makes the target the governor; who is displaced stays governed as before.
#[test]
fn e3_one_holder_and_its_governor() {
    let mut life = Life::new();
    life.push(Life::promoted("staging"), Some("a"), "A");
    life.up("a");
    let b = life.push(PushKind::Published, Some("b"), "B");
    life.up("b");
    life.act(Action::promote(b, name("staging"))).unwrap();
    let governor =
        |life: &Life, address: &str| life.state().deployment(life.number(address)).unwrap().governor.to_string();
    assert_eq!((governor(&life, "a"), governor(&life, "b")), ("staging".into(), "staging".into()));
    assert_eq!(life.state().held_by(b), Some(&name("staging")));
    assert_eq!(life.state().held_by(life.number("a")), None);
    // The holder of one slot is copied to another.
    life.act(Action::promote(b, name(PRODUCTION))).unwrap();
    life.up("bert-3");
    assert_eq!((life.environment("staging"), life.environment(PRODUCTION)), ("B".into(), "B".into()));
}

#[test]
fn l5_what_becomes_of_the_previous_holder() {
    for (choice, status) in [
        (OnReplaced::Keep, Status::Active),
        (OnReplaced::ScaleToZero, Status::ScaledToZero),
        (OnReplaced::Deactivate, Status::Deactivating),
    ] {
        let mut life = Life::new();
        life.push(Life::promoted(PRODUCTION), Some("a"), "A");
        life.up("a");
        let kind = PushKind::Promoted { environment: name(PRODUCTION), on_replaced: Some(choice), by: None };
        life.push(kind, Some("b"), "B");
        life.up("b");
        assert_eq!((life.status("a"), life.environment(PRODUCTION)), (status, "B".into()));
    }
}

#[test]
fn l7_one_promotion_at_a_time_and_a_failed_one_leaves_the_holder() {
    let mut life = Life::new();
    life.push(Life::promoted(PRODUCTION), Some("a"), "A");
    let early = Action::Push(Push::new(Life::promoted(PRODUCTION), "B"));
    refused(life.act(early.clone()), "L7", "cancel it first");
    life.up("a");
    life.act(early).unwrap();
    life.see("bert-2", Observation::Built).unwrap();
    life.see("bert-2", Observation::Failed).unwrap();
    assert_eq!((life.status("bert-2"), life.environment(PRODUCTION)), (Status::DeployFailed, "A".into()));
    life.act(Action::update_version(name(PRODUCTION), "C")).unwrap();
    life.act(Action::Cancel { environment: name(PRODUCTION) }).unwrap();
    refused(life.act(Action::Cancel { environment: name(PRODUCTION) }), "L8", "nothing is being promoted");
    assert_eq!(life.status("bert-3"), Status::BuildStopped, "L17: what was started for it stops");
    assert_eq!(life.environment(PRODUCTION), "A");
}

#[test]
fn l7_a_cancelled_copy_is_stopped() {
    let mut life = Life::new();
    life.push(Life::promoted("staging"), Some("a"), "A");
    life.up("a");
    life.act(Action::release(name("staging"), name(PRODUCTION))).unwrap();
    life.act(Action::Cancel { environment: name(PRODUCTION) }).unwrap();
    assert_eq!((life.status("bert-2"), life.environment("staging")), (Status::Deactivating, "A".into()));
}

/// Seed 004: a new version with the holder's settings, the old one stopped when it has taken over.
#[test]
fn l4_updating_a_version_and_rolling_back() {
    let mut life = Life::new();
    let settings = Settings {
        scaling: Some(scaling(2, 4)),
        strategy: Some(rollout::Settings::of(rollout::Strategy::Canary(Canary::default()))),
        ..Settings::default()
    };
    let at_once = || Some(Box::new(PromotionStrategy::AtOnce));
    let kind = PushKind::Promoted { environment: name(PRODUCTION), on_replaced: None, by: at_once() };
    let push = Push { settings: Arc::new(settings), ..Push::new(kind, "v1") };
    life.act(Action::Push(push)).unwrap();
    life.up("bert-1");
    refused(life.act(Action::update_version(name(PRODUCTION), "v1")), "L8", "already");
    let update = Action::UpdateVersion {
        environment: name(PRODUCTION),
        version: "v2".to_owned(),
        name: None,
        on_replaced: None,
        by: at_once(),
    };
    life.act(update).unwrap();
    assert_eq!(life.environment(PRODUCTION), "v1");
    life.up("bert-2");
    assert_eq!((life.environment(PRODUCTION), life.status("bert-1")), ("v2".into(), Status::Deactivating));
    assert_eq!(life.state().holder(PRODUCTION).unwrap().settings.scaling, Some(scaling(2, 4)));
    refused(life.act(Action::update_version(name("staging"), "v2")), "L4", "no deployment holds");
}

#[test]
fn l8_stop_and_start_again() {
    let mut life = Life::new();
    let one = life.push(Life::promoted(PRODUCTION), None, "v1");
    life.act(Action::Deactivate(one)).unwrap();
    assert_eq!(life.status("bert-1"), Status::BuildStopped, "one that is building can be stopped, too");
    assert!(life.state().slot(PRODUCTION).is_none(), "which ends its promotion");
    let effects = life.act(Action::Activate(one)).unwrap();
    assert!(
        matches!(effects[..], [Effect::Build { .. }, Effect::Timer { .. }]),
        "and is built again before it starts: {effects:?}"
    );
    life.up("bert-1");
    life.act(Action::promote(one, name(PRODUCTION))).unwrap();
    let effects = life.act(Action::Deactivate(one)).unwrap();
    assert!(matches!(effects.first(), Some(Effect::Unroute { .. })), "unrouted before it is stopped");
    assert!(matches!(effects.last(), Some(Effect::Stop { .. })));
    refused(life.act(Action::Deactivate(one)), "L8", "DEACTIVATING");
    assert_eq!(life.called("bert-1"), "404: deactivated");
    life.see("bert-1", Observation::Drained).unwrap();
    assert_eq!((life.status("bert-1"), life.role("bert-1")), (Status::Inactive, Role::Production));
    life.act(Action::Activate(one)).unwrap();
    life.up("bert-1");
    assert_eq!(life.environment(PRODUCTION), "v1");
    refused(life.act(Action::Activate(one)), "L8", "no `activate` follows");
}

#[test]
fn l8_late_observations_change_nothing_and_are_not_logged() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.see("bert-1", Observation::Built).unwrap();
    let (before, logged) = (life.state().clone(), life.journal.entries().len());
    let late = |observation| Action::Observe { deployment: one, generation: 1, observation };
    assert_eq!(life.act(late(Observation::Failed)), Ok(Vec::new()));
    assert_eq!(life.see("bert-1", Observation::Drained), Ok(Vec::new()));
    assert_eq!((life.state(), life.journal.entries().len()), (&before, logged));
    life.see("bert-1", Observation::Ready).unwrap();
    let (before, logged) = (life.state().clone(), life.journal.entries().len());
    assert_eq!(life.see("bert-1", Observation::TimerFired), Ok(Vec::new()), "no deadline is set");
    assert_eq!((life.state(), life.journal.entries().len()), (&before, logged));
    let early = Action::Observe { deployment: one, generation: 9, observation: Observation::Ready };
    refused(life.act(early), "L8", "no generation 9");
    life.act(Action::Delete(one)).unwrap();
    let logged = life.journal.entries().len();
    assert_eq!(life.act(late(Observation::Ready)), Ok(Vec::new()));
    assert_eq!(life.journal.entries().len(), logged);
}

#[test]
fn l8_what_was_stopped_has_nothing_more_to_say() {
    for stop in [Action::Idle, Action::Deactivate] {
        let mut life = Life::new();
        let one = life.push(PushKind::Published, None, "v1");
        life.up("bert-1");
        let generation = life.state().deployment(one).unwrap().generation;
        life.act(stop(one)).unwrap();
        let (before, logged) = (life.state().clone(), life.journal.entries().len());
        for observation in [Observation::Ready, Observation::Failed, Observation::Unhealthy] {
            assert_eq!(life.act(Action::Observe { deployment: one, generation, observation }), Ok(Vec::new()));
        }
        assert_eq!((life.state(), life.journal.entries().len()), (&before, logged));
    }
}

#[test]
fn l8_scaling_one_that_sleeps_wakes_it_or_lets_it_sleep() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    life.act(Action::Scale { deployment: one, replicas: 2 }).unwrap();
    life.act(Action::Idle(one)).unwrap();
    // It sleeps with two replicas wanted; then with none, then with three.
    life.act(Action::Scale { deployment: one, replicas: 0 }).unwrap();
    assert_eq!(life.status("bert-1"), Status::ScaledToZero);
    refused(life.act(Action::Scale { deployment: one, replicas: 0 }), "L8", "has 0 replicas already");
    life.act(Action::Scale { deployment: one, replicas: 3 }).unwrap();
    assert_eq!(life.status("bert-1"), Status::WakingUp);
    life.up("bert-1");
    assert_eq!(life.state().deployment(one).unwrap().replicas(), 3);
    let draft = life.push(PushKind::Draft, None, "v2");
    life.up(DEVELOPMENT);
    life.act(Action::Idle(draft)).unwrap();
    refused(life.act(Action::Scale { deployment: draft, replicas: 2 }), "L2", "at most one replica");
    life.act(Action::Scale { deployment: draft, replicas: 1 }).unwrap();
    assert_eq!(life.status(DEVELOPMENT), Status::WakingUp);
}

/// L8: replicas that join others stand with them, and in another place by themselves.
#[test]
fn l8_more_replicas_join_those_of_their_place() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    for (replicas, more, then) in [
        (3, place("oslo", 2), vec![place("paris", 1), place("oslo", 2)]),
        (4, place("paris", 1), vec![place("paris", 2), place("oslo", 2)]),
        (5, place("oslo", 1), vec![place("paris", 2), place("oslo", 3)]),
    ] {
        let placements = vec![Placed::at(one, vec![more])];
        let command = Command { action: Action::Scale { deployment: one, replicas }, placements };
        life.now += 1000;
        life.journal.apply(life.moment(), command).unwrap();
        assert_eq!(life.state().deployment(one).unwrap().places(), then);
    }
}

#[test]
fn l8_a_tombstone_tells_the_span_of_use() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, Some("a"), "v1"); // at 1 s
    life.up("a"); // built at 2 s, ready at 3 s
    life.act(Action::Idle(one)).unwrap(); // at 4 s: 3 s in use
    life.now = 60_000;
    life.act(Action::Wake(one)).unwrap(); // at 61 s
    life.up("a"); // at 62 s
    life.act(Action::Delete(one)).unwrap(); // at 63 s: 2 s more
    let tombstone = life.state().tombstone(one).unwrap();
    assert_eq!((tombstone.used, tombstone.deleted), (Duration::from_secs(5), Moment::from_millis(63_000)));
    assert_eq!(life.call(&Endpoint::Deployment(one)), "404: deleted");
    assert_eq!(life.call(&Endpoint::Deployment(Number::new(7))), "404: never-there");
}

#[test]
fn l8_a_build_that_nobody_waits_for_is_stopped() {
    let mut life = Life::new();
    let draft = life.push(PushKind::Draft, None, "v1");
    let stop = |deployment| Effect::StopBuild { deployment };
    let effects = life.act(Action::Push(Push::new(PushKind::Draft, "v2"))).unwrap();
    assert!(effects.contains(&stop(draft)), "{effects:?}");
    let other = life.push(PushKind::Published, None, "v1");
    assert!(life.act(Action::Delete(other)).unwrap().contains(&stop(other)));
    assert!(life.act(Action::DeleteWorkload).unwrap().contains(&stop(draft)));
}

#[test]
fn l8_deactivating_one_that_restarts_takes_the_edit_back() {
    let mut life = Life::new();
    life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    let number = life.number("bert-1");
    let before = life.state().deployment(number).unwrap().settings.clone();
    let resources = Requirements { cpu: "2".parse().unwrap(), ..Requirements::default() };
    life.act(edit(number, Change::Resources(Some(resources)))).unwrap();
    assert_eq!(life.status("bert-1"), Status::Updating);
    life.act(Action::Deactivate(number)).unwrap();
    let record = life.state().deployment(number).unwrap();
    assert_eq!((record.status, &record.settings, &record.settings_before), (Status::Deactivating, &before, &None));
}

#[test]
fn l5_a_replaced_holder_that_restarts_or_comes_up_sleeps_as_asked() {
    for restarts in [true, false] {
        let mut life = Life::new();
        let first = life.push(Life::promoted(PRODUCTION), None, "v1");
        life.up("bert-1");
        let second = life.push(PushKind::Published, None, "v2");
        life.up("bert-2");
        if restarts {
            let resources = Requirements { cpu: "2".parse().unwrap(), ..Requirements::default() };
            life.act(edit(first, Change::Resources(Some(resources)))).unwrap();
        } else {
            life.act(Action::Idle(first)).unwrap();
            life.act(Action::Wake(first)).unwrap();
        }
        let promote = Action::Promote {
            deployment: second,
            environment: name(PRODUCTION),
            name: None,
            on_replaced: Some(OnReplaced::ScaleToZero),
            force: false,
            by: None,
        };
        let effects = life.act(promote).unwrap();
        let record = life.state().deployment(first).unwrap();
        assert_eq!((record.status, record.settings.resources.is_some()), (Status::ScaledToZero, restarts));
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Stop { deployment, .. } if *deployment == first)));
    }
}

#[test]
fn l9_who_cannot_be_deleted_and_what_a_deletion_takes() {
    let mut life = Life::new();
    let one = life.push(Life::promoted(PRODUCTION), None, "v1");
    refused(life.act(Action::Delete(one)), "L9", "candidate of a promotion");
    life.up("bert-1");
    refused(life.act(Action::Delete(one)), "L9", "promote another deployment");
    life.act(Action::release(name(PRODUCTION), name("staging"))).unwrap();
    life.up("bert-2");
    let taken = life.state().preview(life.moment(), &Action::Delete(life.number("bert-2")).into()).unwrap();
    let unrouted = taken.iter().filter(|effect| matches!(effect, Effect::Unroute { .. })).count();
    assert_eq!(unrouted, 2, "its own endpoint and staging's");
    life.act(Action::Delete(life.number("bert-2"))).unwrap();
    assert_eq!(life.environment("staging"), "404: no-holder");
    life.act(Action::DeleteWorkload).unwrap();
    assert_eq!(life.state().deployments().count(), 0);
    assert_eq!(life.call(&Endpoint::Workload), "404: deleted");
    assert_eq!(life.push(PushKind::Published, None, "v9"), Number::new(3), "ids go on");
}

/// L2, L8: the workload's own id is gone only once nothing of it is left.
#[test]
fn l9_one_deletion_leaves_the_workload() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.push(PushKind::Published, None, "v2");
    life.act(Action::Delete(one)).unwrap();
    assert_eq!(life.call(&Endpoint::Workload), "404: not-production");
}

#[test]
fn l10_pushing_straight_to_production() {
    let mut life = Life::new();
    life.push(Life::promoted(PRODUCTION), None, "v1");
    assert_eq!(life.call(&Endpoint::Workload), "404: not-production");
    life.up("bert-1");
    assert_eq!(life.call(&Endpoint::Workload), "v1");
}

#[test]
fn l12_what_is_legal_is_listed_complete_or_as_a_form() {
    let mut life = Life::new();
    let forms = |life: &Life| life.state().legal_forms(life.moment()).iter().map(Form::verb).collect::<Vec<_>>();
    let draft = life.push(PushKind::Draft, None, "v1");
    assert_eq!(forms(&life), ["edit"], "L2: a draft keeps its name");
    life.up("development");
    assert_eq!(forms(&life), ["scale", "autoscale", "edit"], "R4: a draft sleeps when nobody asks for it");
    life.push(Life::promoted("production"), None, "v2");
    assert_eq!(forms(&life), ["scale", "autoscale", "edit", "edit", "rename"]);
    life.up("bert-2");
    assert_eq!(forms(&life), ["updateVersion", "scale", "autoscale", "edit", "scale", "edit", "rename"]);
    life.act(edit(life.number("bert-2"), Change::Scaling(Some(scaling(1, 2))))).unwrap();
    let by_itself = ["updateVersion", "scale", "autoscale", "edit", "autoscale", "edit", "rename"];
    assert_eq!(forms(&life), by_itself, "R4: it scales by itself");
    life.act(Action::update_version(name("production"), "v3")).unwrap();
    assert!(!forms(&life).contains(&"updateVersion"), "L7: one at a time");
    let complete = life.state().legal_commands(life.moment());
    assert!(complete.contains(&Action::Deactivate(draft)));
    assert!(complete.contains(&Action::release(name("production"), name("development"))));
    assert!(
        complete.iter().all(
            |action| !["updateVersion", "advance", "scale", "autoscale", "edit", "rename"].contains(&action.verb())
        )
    );
}

#[test]
fn l12_a_command_without_its_placement_is_refused() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    let built = Action::Observe { deployment: one, generation: 1, observation: Observation::Built };
    let mut state = life.state().clone();
    refused(state.apply(Moment::default(), &built.clone().into()), "L12", "no placement");
    let refusal = Placed::refused(one, "nowhere is allowed");
    let command = Command { action: built.clone(), placements: vec![refusal] };
    refused(state.apply(Moment::default(), &command), "L12", "nowhere is allowed");
    let many = Placed::at(one, vec![place("paris", 7)]);
    refused(state.apply(Moment::default(), &Command { action: built, placements: vec![many] }), "L12", "no placement");
    assert_eq!(&state, life.state());
}

#[test]
fn l12_a_place_without_replicas_is_none() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    let action = Action::Observe { deployment: one, generation: 1, observation: Observation::Built };
    let places = vec![place("oslo", 0), place("paris", 1)];
    let placements = vec![Placed::at(one, places)];
    life.journal.apply(Moment::from_millis(9_000), Command { action, placements }).unwrap();
    assert_eq!(life.state().deployment(one).unwrap().places(), [place("paris", 1)]);
}

#[test]
fn l12_a_start_has_a_deadline() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    let effects = life.see("bert-1", Observation::Built).unwrap();
    let at = effects.iter().find_map(|effect| match effect {
        Effect::Timer { at, .. } => Some(*at),
        _ => None,
    });
    life.see("bert-1", Observation::Loading).unwrap();
    refused(life.see("bert-1", Observation::TimerFired), "L12", "the deadline lies ahead");
    life.now = at.unwrap().as_millis();
    life.see("bert-1", Observation::TimerFired).unwrap();
    assert_eq!(life.state().deployment(one).unwrap().status, Status::DeployFailed);
}

/// L3, L13: moved replicas stay where they are until the new ones answer.
#[test]
fn l13_a_move_never_leaves_a_gap() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    let elsewhere = Placed { deployment: one, places: vec![place("oslo", 1)], refusal: None, next: None };
    let command = Command { action: Action::Move(one), placements: vec![elsewhere] };
    life.journal.apply(Moment::from_millis(9_000), command.clone()).unwrap();
    assert_eq!((life.called("bert-1"), life.state().deployment(one).unwrap().replicas()), ("v1".into(), 2));
    refused(life.act(Action::promote(one, name(PRODUCTION))), "L6", "is being moved");
    let moved = life.state().deployment(one).unwrap().generation;
    life.see("bert-1", Observation::Failed).unwrap();
    assert_eq!(life.state().deployment(one).unwrap().places(), [place("paris", 1)], "it stays where it was");
    let late = Action::Observe { deployment: one, generation: moved, observation: Observation::Ready };
    assert_eq!(life.act(late), Ok(Vec::new()), "nobody waits for the move any more");
    life.journal.apply(Moment::from_millis(10_000), command).unwrap();
    life.see("bert-1", Observation::Ready).unwrap();
    assert_eq!(life.state().deployment(one).unwrap().places(), [place("oslo", 1)]);
    refused(life.act(Action::Move(one)), "L13", "is where it may be");
}

/// L3: under another environment's policies it moves first, and is the holder then.
#[test]
fn l3_a_promotion_that_has_to_move_waits_for_it() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    let promote = Action::promote(one, name("staging"));
    let [request] = &life.state().placements_needed(life.moment(), &promote)[..] else { panic!("one request") };
    let governors: Vec<_> = request.governors.iter().map(|name| name.as_str()).collect();
    assert_eq!((governors, &request.keep[..]), (vec![PRODUCTION, "staging"], &[place("paris", 1)][..]));
    let elsewhere = Placed { deployment: one, places: vec![place("oslo", 1)], refusal: None, next: None };
    let command = Command { action: promote, placements: vec![elsewhere] };
    life.journal.apply(Moment::from_millis(9_000), command).unwrap();
    assert_eq!((life.environment("staging"), life.called("bert-1")), ("404: no-holder".into(), "v1".into()));
    life.see("bert-1", Observation::Ready).unwrap();
    assert_eq!(life.environment("staging"), "v1");
    assert_eq!(life.state().deployment(one).unwrap().places(), [place("oslo", 1)]);
}

#[test]
fn history_is_replayed_and_restored() {
    let mut life = Life::new();
    life.push(PushKind::Draft, None, "v1");
    life.up(DEVELOPMENT);
    life.act(Action::promote(life.number(DEVELOPMENT), name(PRODUCTION))).unwrap();
    life.up("bert-2");
    life.act(Action::Delete(life.number(DEVELOPMENT))).unwrap();
    assert_eq!(&life.journal.replay().unwrap(), life.state());
    let text = serde_json::to_string(&life.journal.snapshot()).unwrap();
    let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(Journal::restore(snapshot.clone()).as_ref(), Ok(&life.journal));
    let unknown = Journal::restore(Snapshot { schema_version: 7, ..snapshot }).unwrap_err();
    assert_eq!(unknown.to_string(), "the snapshot's schema version is 7; this version reads 2");
}

/// L17: a build has a deadline as a start has, and its end stops it.
#[test]
fn l17_a_build_that_does_not_end_fails_at_its_deadline() {
    let mut life = Life::new();
    let one = life.push(Life::promoted(PRODUCTION), None, "v1");
    let deadline = life.state().deployment(one).unwrap().deadline.expect("a build has a deadline");
    refused(life.see("bert-1", Observation::TimerFired), "L12", "the deadline lies ahead");
    life.now = deadline.as_millis();
    let effects = life.see("bert-1", Observation::TimerFired).unwrap();
    assert!(effects.contains(&Effect::StopBuild { deployment: one }), "{effects:?}");
    assert_eq!((life.status("bert-1"), life.state().slot(PRODUCTION)), (Status::BuildFailed, None));
    assert_eq!(life.state().deployment(one).unwrap().deadline, None);
    // One that ends in time leaves no deadline of the build behind.
    life.act(Action::Activate(one)).unwrap();
    life.see("bert-1", Observation::Built).unwrap();
    let start = life.state().deployment(one).unwrap().deadline.expect("a start has a deadline");
    assert!(start > deadline);
}
