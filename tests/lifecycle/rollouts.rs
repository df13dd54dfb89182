//! Strategies as part of a promotion (R1–R3, L1, L5–L8, L12): a host that behaves, good and bad versions,
//! every command, and what is held of the fleet meanwhile.

use std::sync::Arc;

use crate::support::host::{
    Host, PRODUCTION, blue_green, by_replicas, canary, every, judged, rolling, routed, seconds,
};
use crate::support::{Life, name};
use proptest::prelude::*;
use siting::lifecycle::{
    Action, Answer, Change, Command, Edit, Effect, Endpoint, Notice, Number, Observation, PlacementRequest,
    PromotionStrategy, Push, PushKind, Settings, Sight, Status,
};
use siting::policy::OnReplaced;
use siting::rollout::{self, Rolling, Span, Strategy as By, Traffic};
use siting::traffic::{Algorithm, Backend, BackendId, Balancer, Caller, Sessions, VersionId};

#[test]
fn r1_a_good_version_takes_over_and_nobody_notices() {
    for settings in every() {
        let strategy = settings.strategy.clone();
        let mut host = Host::new(10);
        host.update(judged(settings), None);
        assert_eq!((host.life.status("a"), host.life.status("b")), (Status::Updating, Status::Deploying), "{strategy}");
        host.wait(10);
        assert_eq!(host.life.status("b"), Status::Deploying, "{strategy}: nothing of it is ready yet");
        host.wait(30);
        assert_eq!(host.life.status("b"), Status::Active, "{strategy}: its first replicas answer");
        let b = host.life.number("b");
        let started = |host: &Host| host.life.state().deployment(b).unwrap().generation;
        let before = started(&host);
        host.wait(400);
        assert_eq!(started(&host), before, "{strategy}: the others join those");
        assert_eq!((host.holder().as_str(), host.life.status("b")), ("b", Status::Active), "{strategy}");
        assert_eq!(host.life.status("a"), Status::Inactive, "L5: an update deactivates what it replaced");
        assert_eq!((host.lost, host.replicas[&host.life.number("a")].len()), (0, 0), "{strategy}");
        assert_eq!(host.ready(host.life.number("b")), 10, "{strategy}");
        assert!(host.fewest >= strategy.fewest(10) as usize, "{strategy}: {}", host.fewest);
        assert!(host.most <= strategy.peak(10).replicas as usize, "{strategy}: {}", host.most);
        assert_eq!(host.life.journal.replay().unwrap(), *host.life.state());
    }
}

/// R2: and no request is lost but those that the failing share got.
#[test]
fn r2_a_bad_version_is_rolled_back() {
    for settings in every() {
        let strategy = settings.strategy.clone();
        let mut host = Host::new(10);
        host.errors = 30;
        host.update(judged(settings), None);
        host.wait(300);
        assert_eq!((host.holder().as_str(), host.life.status("a")), ("a", Status::Active), "{strategy}");
        assert_eq!(host.life.status("b"), Status::Inactive, "{strategy}");
        assert_eq!((host.lost, host.ready(host.life.number("a"))), (0, 10), "{strategy}");
        assert!(host.fewest >= strategy.fewest(10) as usize, "{strategy}: {}", host.fewest);
        let rolled_back = host.life.state().slot(PRODUCTION).unwrap().rolled_back.clone().unwrap();
        assert_eq!(rolled_back.reason, "check 1 failed: error-rate at most 1, from 20 requests on, every 4s");
        assert_eq!(rolled_back.candidate, host.life.number("b"));
        assert!(host.notices.iter().any(|notice| matches!(notice, Notice::RollingBack { .. })));
        assert_eq!(host.life.environment(PRODUCTION), "A");
        assert_eq!(host.life.journal.replay().unwrap(), *host.life.state());
    }
}

#[test]
fn r1_a_version_that_never_comes_up_goes_back_at_the_deadline() {
    for settings in every() {
        let strategy = settings.strategy.clone();
        let mut host = Host::new(10);
        host.stuck = vec![Number::new(2)];
        host.update(rollout::Settings { deadline: seconds(60), ..settings }, None);
        host.wait(200);
        assert_eq!((host.holder().as_str(), host.life.status("b")), ("a", Status::Inactive), "{strategy}");
        let slot = host.life.state().slot(PRODUCTION).unwrap().clone();
        assert_eq!(slot.rolled_back.unwrap().reason, "nothing moved before the progress deadline");
        assert_eq!((host.lost, host.ready(host.life.number("a"))), (0, 10), "{strategy}");
    }
}

#[test]
fn r3_weights_are_routes_and_sessions_stay_with_their_version() {
    let mut host = Host::new(10);
    host.update(routed(), None);
    assert_eq!(host.life.environment(PRODUCTION), "A", "no traffic before a replica is ready");
    host.wait(24);
    assert_eq!(host.life.environment(PRODUCTION), "A 90%, B 10%");
    assert_eq!(host.life.call(&Endpoint::Workload), "A 90%, B 10%", "L2: production is called by the workload, too");
    assert_eq!((host.life.called("a"), host.life.called("b")), ("A".into(), "B".into()), "each by its own id");

    let answer = host.life.state().route(&Endpoint::Workload);
    let split = answer.split().unwrap();
    let backend = |number: u32| Backend { version: VersionId(number), ..Backend::new(BackendId(number), "::1", 80) };
    let mut balancer = Balancer::new(Algorithm::RoundRobin, vec![backend(1), backend(2)]).unwrap();
    let mut sessions = Sessions::new(seconds(600));
    let mut ask = |random| sessions.pick(&mut balancer, &split, host.life.moment(), "ann", &Caller::default(), random);
    assert_eq!(ask(95).unwrap().0, BackendId(2), "the last tenth is the new version's");
    assert!((0..90).all(|random| ask(random).unwrap().0 == BackendId(2)), "R5: and there it stays");

    host.wait(400);
    assert_eq!(host.life.environment(PRODUCTION), "B");
}

#[test]
fn r1_a_rollout_stands_still_goes_on_and_is_forced() {
    let mut host = Host::new(4);
    let here = || name(PRODUCTION);
    let refused = host.pause().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "nobody is being replaced in `production` (R1); promote a deployment to it by a strategy"
    );
    host.update(routed(), None);
    host.wait(24);
    host.pause().unwrap();
    assert_eq!(host.pause().unwrap_err().to_string(), "the rollout is paused already (R1); resume it");
    host.wait(300);
    assert_eq!(host.life.environment(PRODUCTION), "A 90%, B 10%", "it stands still");
    host.act(Action::Resume { environment: here() }).unwrap();
    let goes_on = host.act(Action::Resume { environment: here() }).unwrap_err();
    assert_eq!(goes_on.to_string(), "the rollout is not paused (R1); pause it, or let it go on");
    host.wait(10);
    assert_eq!(host.life.environment(PRODUCTION), "A 90%, B 10%", "two ready replicas are not there for a half yet");
    host.act(Action::ForceForward { environment: here() }).unwrap();
    host.wait(60);
    assert_eq!((host.holder().as_str(), host.lost), ("b", 0));
}

#[test]
fn r1_cancel_and_roll_back_lead_back_and_the_traffic_first() {
    for (by_hand, reason) in [(false, "it was cancelled"), (true, "it was rolled back by hand")] {
        for settings in every() {
            let strategy = settings.strategy.clone();
            let mut host = Host::new(10);
            host.update(settings, None);
            host.wait(30);
            let environment = name(PRODUCTION);
            let keep = Some(OnReplaced::Keep);
            let kept = Action::RollBack { environment: environment.clone(), on_replaced: keep, by: None };
            assert_eq!(host.act(kept).unwrap_err().rule, "L4", "{strategy}: nobody is replaced, so nobody is kept");
            let back = if by_hand { Action::roll_back(environment) } else { Action::Cancel { environment } };
            host.act(back.clone()).unwrap();
            if matches!(strategy, By::BlueGreen(_) | By::Canary(_))
                && !matches!(strategy, By::Canary(ref canary) if canary.traffic != Traffic::Routed { fewest: None })
            {
                assert_eq!(host.life.environment(PRODUCTION), "A", "{strategy}");
            }
            if host.candidate().is_some() {
                assert_eq!(host.act(back).unwrap_err().rule, "R1", "{strategy}: it goes back already");
            }
            host.wait(100);
            assert_eq!((host.holder().as_str(), host.life.status("a")), ("a", Status::Active), "{strategy}");
            assert_eq!((host.life.status("b"), host.lost), (Status::Inactive, 0), "{strategy}");
            let slot = host.life.state().slot(PRODUCTION).unwrap();
            assert_eq!((slot.promotion.as_ref(), slot.rolled_back.as_ref().unwrap().reason.as_str()), (None, reason));
            assert_eq!(host.ready(host.life.number("a")), 10, "{strategy}");
        }
    }
}

/// L5: what becomes of the replaced one is a word of the promotion, for blue-green after its window.
#[test]
fn l5_what_was_replaced_is_kept_put_to_sleep_or_stopped() {
    for (settings, choice, status) in [
        (blue_green(0, 30), OnReplaced::Keep, Status::Active),
        (blue_green(0, 30), OnReplaced::ScaleToZero, Status::ScaledToZero),
        (routed(), OnReplaced::Keep, Status::Active),
        // It gave its replicas up one by one.
        (rolling(), OnReplaced::Keep, Status::ScaledToZero),
        (rolling(), OnReplaced::Deactivate, Status::Inactive),
    ] {
        let mut host = Host::new(4);
        host.update(settings.clone(), Some(choice));
        host.wait(24);
        if let By::BlueGreen(_) = settings.strategy {
            assert_eq!((host.life.environment(PRODUCTION), host.holder().as_str()), ("B".into(), "a"), "the window");
            assert_eq!(host.life.status("a"), Status::Updating);
        }
        host.wait(300);
        assert_eq!((host.holder().as_str(), host.life.status("a")), ("b", status), "{}", settings.strategy);
        assert_eq!(host.life.state().deployment(host.life.number("b")).unwrap().governor, name(PRODUCTION));
    }
}

#[test]
fn l7_the_command_s_strategy_then_the_candidate_s_then_rolling_for_another_version() {
    let strategy = |host: &Host| {
        let slot = host.life.state().slot(PRODUCTION).unwrap();
        slot.promotion.as_ref().and_then(|found| found.strategy.as_ref()).map(|found| found.strategy.as_str())
    };
    let update = |by: Option<PromotionStrategy>| Action::UpdateVersion {
        environment: name(PRODUCTION),
        version: "B".to_owned(),
        name: None,
        on_replaced: None,
        by: by.map(Box::new),
    };
    assert_eq!(PromotionStrategy::AtOnce.to_string(), "at once");
    let mut host = Host::new(2);
    host.act(update(None)).unwrap();
    assert_eq!(strategy(&host), Some("rolling"));
    let mut host = Host::new(2);
    host.act(update(Some(PromotionStrategy::AtOnce))).unwrap();
    assert_eq!(strategy(&host), None);
    let own = Change::Strategy(Some(blue_green(0, 5)));
    let mut host = Host::new(2);
    let edit = Action::Edit { deployment: host.life.number("a"), edit: Edit { changes: vec![own.clone()] } };
    host.act(edit.clone()).unwrap();
    host.act(update(None)).unwrap();
    assert_eq!(strategy(&host), Some("blue-green"), "its settings come from the holder");
    let change = Action::Edit { deployment: Number::new(2), edit: Edit { changes: vec![Change::Strategy(None)] } };
    assert_eq!(host.act(change).unwrap_err().rule, "L11", "not during a promotion");
    let mut host = Host::new(2);
    host.act(edit).unwrap();
    host.act(update(Some(PromotionStrategy::By(routed())))).unwrap();
    assert_eq!(strategy(&host), Some("canary"));
    // A promotion of one without a strategy switches at once.
    let mut host = Host::new(2);
    host.life.push(PushKind::Published, Some("c"), "C");
    host.see("c", Observation::Built);
    host.wait(30);
    host.see("c", Observation::Ready);
    host.act(Action::promote(host.life.number("c"), name(PRODUCTION))).unwrap();
    assert_eq!(host.holder(), "a", "L15: first it gets as many replicas as the holder has");
    host.see("c", Observation::Ready);
    assert_eq!((host.holder().as_str(), host.life.state().holder(PRODUCTION).unwrap().running()), ("c", 2));
}

/// R2: what goes back leaves the holder serving. One replica of it runs though its settings want none: it was started
/// to become ready, and nobody said otherwise since.
#[test]
fn r2_going_back_stops_no_holder_that_serves() {
    let mut life = Life::new();
    let settings = Arc::new(Settings { replicas: Some(0), ..Settings::default() });
    life.act(Action::Push(Push { settings, ..Push::new(PushKind::promoted(name(PRODUCTION)), "v1") })).unwrap();
    life.up("bert-1");
    life.act(Action::update_version(name(PRODUCTION), "v2")).unwrap();
    life.see("bert-2", Observation::Built).unwrap();
    life.act(Action::roll_back(name(PRODUCTION))).unwrap();
    assert_eq!((life.environment(PRODUCTION), life.status("bert-1")), ("v1".to_owned(), Status::Updating));
    for _ in 0..2 {
        let sight = Sight { old: 1, ..Sight::default() };
        life.act(Action::Advance { candidate: life.number("bert-2"), sight: Box::new(sight) }).unwrap();
    }
    let holder = life.state().holder(PRODUCTION).unwrap();
    assert_eq!((holder.name.as_str(), holder.status, holder.running()), ("bert-1", Status::Active, 1));
}

/// L5, R1: a holder that broke and is started again while it is replaced has nothing left to come up with.
#[test]
fn r1_a_rollout_ends_over_a_holder_that_comes_up_again() {
    let mut life = Life::new();
    let first = life.push(Life::promoted(PRODUCTION), None, "v1");
    life.up("bert-1");
    let keep = Action::UpdateVersion {
        environment: name(PRODUCTION),
        version: "v2".to_owned(),
        name: None,
        on_replaced: Some(OnReplaced::Keep),
        by: None,
    };
    life.act(keep).unwrap();
    life.see("bert-2", Observation::Built).unwrap();
    life.see("bert-1", Observation::Failed).unwrap();
    life.act(Action::Activate(first)).unwrap();
    let candidate = life.number("bert-2");
    for _ in 0..3 {
        life.act(Action::Advance { candidate, sight: Box::new(Sight { new: 1, ..Sight::default() }) }).unwrap();
    }
    assert_eq!(life.environment(PRODUCTION), "v2");
    assert_eq!((life.status("bert-1"), life.state().deployment(first).unwrap().replicas()), (Status::ScaledToZero, 0));
}

/// L3: a published deployment that moves under a strategy keeps its replicas, its status and, until the
/// switch, its governor.
#[test]
fn l3_one_that_moves_keeps_what_it_has() {
    for (errors, holder) in [(0, "c"), (50, "a")] {
        for settings in every() {
            let strategy = settings.strategy.clone();
            let mut host = Host::new(4);
            let settings_of_c = Settings { replicas: Some(3), ..Settings::default() };
            let push = Push {
                settings: Arc::new(settings_of_c),
                name: Some(name("c")),
                environment: Some(name("staging")),
                ..Push::new(PushKind::Published, "C")
            };
            host.act(Action::Push(push)).unwrap();
            host.see("c", Observation::Built);
            host.wait(30);
            host.see("c", Observation::Ready);
            host.errors = errors;
            let number = host.life.number("c");
            host.act(Action::Promote {
                deployment: number,
                environment: name(PRODUCTION),
                name: None,
                on_replaced: None,
                force: false,
                by: Some(Box::new(PromotionStrategy::By(judged(settings)))),
            })
            .unwrap();
            let record = |host: &Host| host.life.state().deployment(number).unwrap().clone();
            assert_eq!((record(&host).governor, record(&host).status), (name("staging"), Status::Active));
            let mut fewest = u32::MAX;
            for _ in 0..400 {
                host.wait(1);
                fewest = fewest.min(host.ready(number));
            }
            let governor = if errors == 0 { PRODUCTION } else { "staging" };
            assert_eq!((host.holder().as_str(), record(&host).governor), (holder, name(governor)), "{strategy}");
            // R3: where replicas make the weight, those beyond the first part stop before it is routed.
            let part = if strategy == by_replicas().strategy { 1 } else { 3 };
            assert_eq!((record(&host).status, fewest, host.lost), (Status::Active, part, 0), "{strategy}");
            assert_eq!(host.ready(number), 3, "{strategy}: L15, the stated number holds in the end");
            assert_eq!(host.life.called("c"), "C");
        }
    }
}

#[test]
fn l6_what_is_asleep_wakes_to_take_over_by_a_strategy() {
    let mut host = Host::new(4);
    host.life.push(PushKind::Published, Some("c"), "C");
    host.see("c", Observation::Built);
    host.wait(30);
    host.see("c", Observation::Ready);
    let number = host.life.number("c");
    host.act(Action::Idle(number)).unwrap();
    let promote = Action::Promote {
        deployment: number,
        environment: name(PRODUCTION),
        name: None,
        on_replaced: None,
        force: false,
        by: Some(Box::new(PromotionStrategy::By(blue_green(0, 10)))),
    };
    host.act(promote).unwrap();
    assert_eq!((host.life.status("c"), host.holder().as_str()), (Status::WakingUp, "a"));
    host.wait(30);
    host.see("c", Observation::Ready);
    host.wait(60);
    assert_eq!((host.life.status("c"), host.holder().as_str()), (Status::Active, "c"));
    assert_eq!(host.ready(number), 4, "L15: with as many as the holder had");
}

#[test]
fn l6_nobody_else_changes_the_replicas_of_either_side() {
    let mut host = Host::new(4);
    host.update(routed(), None);
    host.wait(30);
    let (a, b) = (host.life.number("a"), host.life.number("b"));
    let memory = Change::Resources(Some(siting::lifecycle::Requirements::default()));
    for number in [a, b] {
        let restart = Action::Edit { deployment: number, edit: Edit { changes: vec![memory.clone()] } };
        let (sleep, elsewhere) =
            (Action::Scale { deployment: number, replicas: 0 }, Action::promote(number, name("staging")));
        for action in [restart, sleep, Action::Move(number), Action::Idle(number), elsewhere] {
            let before = serde_json::to_string(host.life.state()).unwrap();
            let refusal = host.act(action.clone()).unwrap_err();
            assert!(["L6", "L8"].contains(&refusal.rule) && refusal.next.is_some(), "{action:?}: {refusal}");
            assert_eq!(serde_json::to_string(host.life.state()).unwrap(), before);
        }
    }
    assert_eq!(host.act(Action::Delete(b)).unwrap_err().rule, "L9");
    // How many it wants in the end is still a word of its settings.
    host.act(Action::Scale { deployment: b, replicas: 6 }).unwrap();
    host.wait(400);
    assert_eq!((host.holder().as_str(), host.ready(b)), ("b", 6));
}

#[test]
fn l8_stopping_either_side_cancels_in_the_same_transition() {
    let mut host = Host::new(4);
    host.update(routed(), None);
    host.wait(30);
    host.act(Action::Deactivate(host.life.number("b"))).unwrap();
    assert_eq!((host.life.status("a"), host.life.status("b")), (Status::Active, Status::Deactivating));
    assert_eq!((host.candidate(), host.life.environment(PRODUCTION)), (None, "A".into()));

    let mut host = Host::new(4);
    host.update(routed(), None);
    host.wait(30);
    host.act(Action::Deactivate(host.life.number("a"))).unwrap();
    assert_eq!((host.life.status("a"), host.life.status("b")), (Status::Deactivating, Status::Deactivating));
    assert_eq!((host.candidate(), host.life.environment(PRODUCTION)), (None, "404: deactivated".into()));
}

/// A rolling update that is half through when its candidate breaks: the requests go to what is left, and the
/// rest comes back.
#[test]
fn r2_a_candidate_that_breaks_halfway_gives_back_what_it_took() {
    for stop in [false, true] {
        let mut host = Host::new(10);
        host.update(rolling(), None);
        host.wait(30);
        assert!(host.ready(host.life.number("a")) < 10, "some are replaced already");
        match stop {
            true => drop(host.act(Action::Deactivate(host.life.number("b"))).unwrap()),
            false => host.see("b", Observation::Failed),
        }
        assert_eq!((host.life.environment(PRODUCTION), host.life.status("a")), ("A".into(), Status::Updating));
        let forced = host.act(Action::ForceForward { environment: name(PRODUCTION) }).unwrap_err();
        assert_eq!((forced.rule, forced.next.as_deref()), ("R1", Some("wait until the holder is back")));
        host.wait(60);
        assert_eq!((host.life.status("a"), host.ready(host.life.number("a"))), (Status::Active, 10));
        let status = if stop { Status::Inactive } else { Status::Failed };
        assert_eq!((host.life.status("b"), host.candidate(), host.lost), (status, None, 0));
    }
}

#[test]
fn r3_a_rollout_goes_on_without_a_holder_that_failed() {
    for settings in every() {
        let strategy = settings.strategy.clone();
        let mut host = Host::new(4);
        host.update(settings, None);
        host.wait(26);
        host.see("a", Observation::Failed);
        assert_eq!(host.life.environment(PRODUCTION), "B", "{strategy}: all of it goes where somebody is ready");
        host.wait(300);
        assert_eq!((host.holder().as_str(), host.life.status("a")), ("b", Status::Failed), "{strategy}");
        assert_eq!((host.ready(host.life.number("b")), host.lost), (4, 0), "{strategy}");
    }
}

/// L12, D9: room for the most that will run is asked for before anything starts; without it, nothing starts.
#[test]
fn l12_the_peak_is_asked_for_before_the_first_replica() {
    for (settings, beside) in [(rolling(), 3), (blue_green(0, 0), 10), (routed(), 10), (by_replicas(), 3)] {
        let mut host = Host::new(10);
        let update = Action::UpdateVersion {
            environment: name(PRODUCTION),
            version: "B".to_owned(),
            name: Some(name("b")),
            on_replaced: None,
            by: Some(Box::new(PromotionStrategy::By(settings))),
        };
        host.act(update).unwrap();
        let built = Action::Observe { deployment: Number::new(2), generation: 1, observation: Observation::Built };
        let now = host.life.moment();
        let asked = host.life.state().placements_needed(now, &built);
        let wanted = |request: &PlacementRequest| (request.deployment, request.replicas);
        assert_eq!(wanted(&asked[0]), (Number::new(2), beside));
        let refused = asked.iter().map(|request| siting::lifecycle::Placed::refused(request.deployment, "no room"));
        let command = Command { action: built.clone(), placements: refused.collect() };
        let before = serde_json::to_string(host.life.state()).unwrap();
        assert_eq!(host.life.journal.apply(now, command).unwrap_err().rule, "L12");
        assert_eq!(serde_json::to_string(host.life.state()).unwrap(), before);
        host.act(built).unwrap();
        assert_eq!(host.life.status("b"), Status::Deploying);
    }
}

/// Who has all his replicas does not wait for room.
#[test]
fn l12_a_full_fleet_stops_nobody_who_needs_no_more() {
    let mut host = Host::new(4);
    host.update(blue_green(300, 0), None);
    host.wait(60);
    let b = host.life.number("b");
    assert_eq!(host.ready(b), 4);
    let sight = Sight { no_room: Some("the pool is full".to_owned()), ..host.sight(b) };
    assert_eq!(host.act(Action::Advance { candidate: b, sight: Box::new(sight) }), Ok(Vec::new()));
}

/// What has no room waits, says so once, and goes back when it waited for too long.
#[test]
fn l12_a_rollout_without_room_waits() {
    let mut host = Host::new(10);
    host.update(rollout::Settings { deadline: seconds(100), ..rolling() }, None);
    host.wait(10);
    let b = host.life.number("b");
    let waits = |notice: &Notice| match notice {
        Notice::RolloutWaits { deployment, .. } => Some(*deployment),
        _ => None,
    };
    for _ in 0..120 {
        host.life.now += 1000;
        let Some(candidate) = host.candidate() else { break };
        let sight = Sight { no_room: Some("the pool is full".to_owned()), ..host.sight(candidate) };
        host.act(Action::Advance { candidate, sight: Box::new(sight) }).unwrap();
        host.serve();
    }
    assert_eq!(host.notices.iter().filter_map(waits).collect::<Vec<_>>(), [b], "the holder has all it needs");
    host.wait(200);
    assert_eq!((host.holder().as_str(), host.ready(host.life.number("a")), host.lost), ("a", 10, 0));
}

#[test]
fn l8_what_is_seen_of_a_rollout_that_is_over_changes_nothing() {
    let mut host = Host::new(2);
    host.update(blue_green(0, 0), None);
    host.wait(60);
    assert_eq!(host.holder(), "b");
    let entries = host.life.journal.entries().len();
    let late = Action::Advance { candidate: host.life.number("b"), sight: Box::new(Sight::default()) };
    assert_eq!(host.act(late), Ok(Vec::new()));
    assert_eq!(host.life.journal.entries().len(), entries);
    let never = Action::Advance { candidate: Number::new(99), sight: Box::new(Sight::default()) };
    assert_eq!(host.act(never).unwrap_err().rule, "L1");
}

#[test]
fn r7_nobody_ready_is_no_route() {
    let mut host = Host::new(2);
    host.update(routed(), None);
    host.wait(30);
    let candidate = host.candidate().unwrap();
    host.act(Action::Advance { candidate, sight: Box::new(Sight::default()) }).unwrap();
    let answer = host.life.state().route(&Endpoint::Environment(name(PRODUCTION)));
    assert!(matches!(answer, Answer::NotReady(_)), "{answer:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the numbers, while the host behaves: availability, peak, no lost request, no traffic without
    /// a ready replica (in `serve`), and the same state by replay.
    #[test]
    fn r3_any_rollout_keeps_its_promises(
        replicas in 1..12_u32,
        surge in prop_oneof![(1..4_u32).prop_map(Span::Count), (1..=100_u32).prop_map(Span::Percent)],
        unavailable in prop_oneof![(0..3_u32).prop_map(Span::Count), (0..=50_u32).prop_map(Span::Percent)],
        which in 0..4_usize,
        delay in 0..30_u64,
        errors in prop_oneof![Just(0_u64), 0..40_u64],
        interrupt in (0..80_u64, 0..6_u8),
    ) {
        let options = Rolling { surge, unavailable };
        let settings = match which {
            0 => rollout::Settings::of(By::Rolling(options)),
            1 => blue_green(delay, 2 * delay),
            2 => routed(),
            _ => canary(Traffic::ByReplicas(options)),
        };
        let strategy = settings.strategy.clone();
        let mut host = Host::new(replicas);
        (host.delay, host.errors) = (delay, errors);
        host.update(judged(settings), None);
        host.wait(interrupt.0);
        let environment = name(PRODUCTION);
        let _ = match interrupt.1 {
            0 => host.pause(),
            1 => host.act(Action::Cancel { environment }),
            2 => host.act(Action::ForceForward { environment }),
            3 => host.act(Action::roll_back(environment)),
            _ => Ok(Vec::new()),
        };
        host.wait(200);
        let _ = host.act(Action::Resume { environment: name(PRODUCTION) });
        host.wait(1200);
        prop_assert!(host.candidate().is_none(), "it is over: {:?}", host.life.state().slot(PRODUCTION));
        // Where all may be unavailable, there may be moments without anybody.
        prop_assert!(host.lost == 0 || strategy.fewest(replicas) == 0, "{} lost", host.lost);
        prop_assert!(host.fewest >= strategy.fewest(replicas) as usize, "{}: {}", strategy, host.fewest);
        prop_assert!(host.most <= strategy.peak(replicas).replicas as usize, "{}: {}", strategy, host.most);
        let holder = host.life.state().holder(PRODUCTION).unwrap();
        prop_assert_eq!((holder.status, holder.running()), (Status::Active, replicas));
        prop_assert_eq!(&host.life.journal.replay().unwrap(), host.life.state());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// L15: whatever number a candidate has of its own, by every strategy and at once: the environment never serves
    /// with fewer ready replicas than the holder had, less what may be unavailable; each side has its part of them
    /// before it is led that part of the requests; and in the end the candidate stands in for the whole holder.
    #[test]
    fn l15_a_candidate_of_any_size_keeps_the_size_of_the_environment(
        replicas in 1..12_u32,
        own in 1..12_u32,
        which in 0..5_usize,
        errors in prop_oneof![Just(0_u64), 20..40_u64],
    ) {
        let settings = every().get(which).cloned();
        let fewest = settings.as_ref().map_or(replicas, |settings| settings.strategy.fewest(replicas));
        let by = settings.clone().map_or(PromotionStrategy::AtOnce, |settings| PromotionStrategy::By(judged(settings)));
        let mut host = Host::new(replicas);
        let scaling = crate::support::scaling(own, 20);
        let push = Push {
            settings: Arc::new(Settings { scaling: Some(scaling), ..Settings::default() }),
            name: Some(name("c")),
            ..Push::new(PushKind::Published, "C")
        };
        host.act(Action::Push(push)).unwrap();
        host.see("c", Observation::Built);
        host.wait(30);
        host.see("c", Observation::Ready);
        host.errors = errors;
        let (a, c) = (host.life.number("a"), host.life.number("c"));
        let by = Some(Box::new(by));
        let promote = Action::Promote {
            deployment: c,
            environment: name(PRODUCTION),
            name: None,
            on_replaced: Some(OnReplaced::Keep),
            force: false,
            by,
        };
        host.act(promote).unwrap();
        for _ in 0..400 {
            host.wait(1);
            let record = host.life.state().deployment(c).unwrap();
            if record.moving && host.ready(c) >= record.replicas() {
                host.see("c", Observation::Ready);
            }
            let shares = host.life.state().route(&Endpoint::Environment(name(PRODUCTION))).shares();
            let over = host.life.state().slot(PRODUCTION).unwrap().promotion.is_none();
            let serving: u32 = shares.iter().map(|share| host.ready(share.deployment)).sum();
            prop_assert!(over || serving >= fewest, "{} of {} serve: {:?}", serving, replicas, shares);
            if let Some(share) = shares.iter().find(|share| share.deployment == c)
                && !over
                && host.ready(a) > 0
                && (which == 1 || which == 2)
            {
                // Where replica counts make the split, it follows them.
                let part = u32::from(share.percent) * replicas / 100;
                prop_assert!(host.ready(c) >= part.min(fewest), "{}% of {}: {}", share.percent, replicas, host.ready(c));
            }
        }
        prop_assert_eq!(host.lost, 0);
        let taken_over = errors == 0 || which == 4;
        prop_assert_eq!(host.holder(), if taken_over { "c" } else { "a" }.to_owned());
        let holder = if taken_over { c } else { a };
        prop_assert!(host.ready(holder) >= replicas, "{} of {}", host.ready(holder), replicas);
        prop_assert_eq!(&host.life.journal.replay().unwrap(), host.life.state());
    }
}

/// L15: a candidate that ran before, and goes back since the holder is stopped, has the replicas again that failed
/// meanwhile; where there is no room for them, that is said.
#[test]
fn l15_a_candidate_that_goes_back_has_what_it_had_or_says_what_it_lacks() {
    for room in [true, false] {
        let mut host = Host::new(2);
        let b = host.life.push(PushKind::Published, Some("b"), "B");
        host.act(Action::Edit { deployment: b, edit: Edit { changes: vec![Change::Replicas(Some(4))] } }).unwrap();
        host.see("b", Observation::Built);
        host.see("b", Observation::Ready);
        let by = Some(Box::new(PromotionStrategy::By(blue_green(600, 600))));
        let (environment, force) = (name(PRODUCTION), false);
        host.act(Action::Promote { deployment: b, environment, name: None, on_replaced: None, force, by }).unwrap();
        let (generation, place) = {
            let record = host.life.state().deployment(b).unwrap();
            (record.generation, record.places()[0].clone())
        };
        let siting::lifecycle::Place { cluster, pool, flavor, .. } = place;
        let seen = siting::lifecycle::PlaceSeen { cluster, pool, flavor, sequence: 1, ready: 1, lost: 0, failed: 3 };
        host.act(Action::ObservePlace { deployment: b, generation, seen }).unwrap();
        assert_eq!(host.life.state().deployment(b).unwrap().running(), 1);
        let stop = Action::Deactivate(host.life.number("a"));
        let mut command = crate::support::granted(host.life.state(), host.life.moment(), stop);
        assert_eq!(command.placements.len(), 1, "{command:?}");
        if !room {
            command.placements[0].places.clear();
            command.placements[0].refusal = Some("there is not enough room".to_owned());
        }
        let effects = host.life.journal.apply(host.life.moment(), command).unwrap();
        let record = host.life.state().deployment(b).unwrap();
        assert_eq!((record.status, record.running()), (Status::Active, if room { 4 } else { 1 }));
        let told = effects.iter().find_map(|effect| match effect {
            Effect::Notify(Notice::RolloutWaits { deployment, reason }) => Some((*deployment, reason.as_str())),
            _ => None,
        });
        assert_eq!(told, (!room).then_some((b, "it has 1 of 4 replicas: there is not enough room")));
    }
}
