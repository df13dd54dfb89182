//! Clusters that are lost and come back, and the replicas of lives on them (W9).

use proptest::prelude::*;
use serde_json::Value;
use siting::deployment::Workload;
use siting::lifecycle::{
    Action, Answer, Effect, Endpoint, Number, Observation, PlaceSeen, PromotionStrategy, Record, Sight, Status,
};
use siting::policy::Enforcement;
use siting::rollout;
use siting::time::Moment;
use siting::workspace::{AttachmentPoint, ChangeStep, LogEntry, Relief, Workspace, WorkspaceChange};

use super::support::{
    self, CLUSTERS, cluster, command, cores, document, life, moment, observe, place, put, reserve, restored, text,
};

const ONE: Number = Number::new(1);
const GRACE: u64 = 300_000;

fn fleet(more: &str) -> Workspace {
    format!("{CLUSTERS}{more}").parse().unwrap()
}

fn healthy(cluster: &str, healthy: bool) -> WorkspaceChange {
    WorkspaceChange::new().then(ChangeStep::SetHealthy { cluster: cluster.into(), healthy })
}

fn record<'a>(workspace: &'a Workspace, life: &Workload) -> &'a Record {
    workspace.life(life).unwrap().state().deployment(ONE).unwrap()
}

/// Replicas by cluster, and how many of them are ready.
fn replicas(workspace: &Workspace, life: &Workload) -> Vec<(String, u32, u32)> {
    let record = record(workspace, life);
    let of = |site: &siting::lifecycle::Site| {
        (site.place.cluster.to_string(), site.place.replicas, record.seen_at(site).ready)
    };
    record.sites.iter().map(of).collect()
}

/// Where a model's replicas are, of six cores each, so that one fits on a node: three in berlin, and so many in paris.
fn running(workspace: &mut Workspace, in_paris: u32) -> Workload {
    let x = support::run(workspace, moment(0), "x", 6, 3);
    if in_paris > 0 {
        scale(workspace, &x, 3 + in_paris);
        workspace.change(moment(0), observe("x", 2, Observation::Ready)).unwrap();
    }
    let mut expected = vec![("berlin".to_owned(), 3, 3)];
    expected.extend((in_paris > 0).then(|| ("paris".to_owned(), in_paris, in_paris)));
    assert_eq!(replicas(workspace, &x), expected);
    x
}

fn scale(workspace: &mut Workspace, life: &Workload, replicas: u32) {
    let now = workspace.last_moment().unwrap();
    workspace.carry_out(now, life, Action::Scale { deployment: ONE, replicas }).unwrap();
}

/// What is held on a cluster, in cores.
fn held(workspace: &Workspace, on: &str) -> u64 {
    let inventory = workspace.inventory();
    let of = |id| serde_json::to_value(inventory.reservation(id).unwrap()).unwrap();
    let on_it = inventory.reservations().map(of).filter(|held| held["cluster"] == on);
    let cpu = |taken: &serde_json::Value| taken["count"].as_u64().unwrap() * taken["part"]["cpu"].as_u64().unwrap();
    on_it.map(|held| held["taken"].as_array().unwrap().iter().map(cpu).sum::<u64>() / 1000).sum()
}

fn reliefs(workspace: &Workspace, now: u64) -> Vec<Relief> {
    workspace.losses(moment(now)).into_iter().map(|loss| loss.relief).collect()
}

#[track_caller]
fn comes_back(workspace: &Workspace) {
    assert_eq!(restored(workspace).state(), workspace.state());
    for (_, journal) in workspace.lives() {
        assert_eq!(&journal.replay().unwrap(), journal.state());
    }
}

/// W9: replicas on a cluster that is lost are not ready and get no route; what was known of them counts again when it is
/// back. A cordon changes nothing of what runs.
#[test]
fn w9_replicas_on_a_lost_cluster_are_not_ready() {
    let mut workspace = fleet("");
    let x = running(&mut workspace, 0);
    let before = text(&workspace);
    let answer = |workspace: &Workspace| workspace.life(&x).unwrap().state().route(&Endpoint::Deployment(ONE));
    assert!(matches!(answer(&workspace), Answer::Routed { .. }));
    let cordon = WorkspaceChange::new().then(ChangeStep::SetCordoned { cluster: "berlin".into(), cordoned: true });
    assert_eq!(workspace.clone().change(moment(10), cordon).unwrap().effects, []);
    let lost = workspace.change(moment(10), healthy("berlin", false)).unwrap();
    assert!(lost.effects.iter().any(|(_, effect)| matches!(effect, Effect::Unroute { .. })), "{:?}", lost.effects);
    assert_eq!(record(&workspace, &x).status, Status::Unhealthy);
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 3, 0)]);
    assert!(!matches!(answer(&workspace), Answer::Routed { .. }));
    // The host's own word on them changes nothing while it is lost.
    let _ = workspace.change(moment(11), observe("x", 2, Observation::Ready));
    let _ = workspace.change(moment(11), observe("x", 2, Observation::Healthy));
    assert_eq!((record(&workspace, &x).status, record(&workspace, &x).ready()), (Status::Unhealthy, 0));
    comes_back(&workspace);
    let back = workspace.change(moment(20), healthy("berlin", true)).unwrap();
    assert!(back.effects.iter().any(|(_, effect)| matches!(effect, Effect::Route { .. })), "{:?}", back.effects);
    assert_eq!((record(&workspace, &x).status, record(&workspace, &x).ready()), (Status::Active, 3));
    assert_eq!(held(&workspace, "berlin"), 18);
    assert_ne!(text(&workspace), before);
    comes_back(&workspace);
    // So it is with calls that are no change.
    let lost = workspace.set_healthy("berlin", false).unwrap();
    assert!(lost.iter().any(|(_, effect)| matches!(effect, Effect::Unroute { .. })));
    assert_eq!(record(&workspace, &x).ready(), 0);
}

/// W9: after the grace as many as fit are started elsewhere; the rest waits, and is started when room appears. The lost
/// ones stop once the others are ready.
#[test]
fn w9_what_is_displaced_moves_as_much_as_fits() {
    let mut workspace = fleet("");
    let host = workspace.reserve(&[(place("paris", 2), cores(6))]).unwrap()[0];
    let x = running(&mut workspace, 0);
    workspace.change(moment(1000), healthy("berlin", false)).unwrap();
    let due = moment(1000 + GRACE);
    assert_eq!(reliefs(&workspace, 2000), [Relief::Until(due)]);
    let early = workspace.settle_losses(moment(2000));
    assert!(matches!(&early[..], [(loss, Ok(effects))] if loss.places == [place("berlin", 3)] && effects.is_empty()));
    assert_eq!(reliefs(&workspace, 1000 + GRACE), [Relief::Move]);
    let settled = workspace.settle_losses(due);
    let [(_, Ok(effects))] = &settled[..] else { panic!("{settled:?}") };
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Start { places, .. } if *places == [place("paris", 1)]))
    );
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 3, 0), ("paris".to_owned(), 1, 0)]);
    assert_eq!(held(&workspace, "paris"), 12 + 6);
    comes_back(&workspace);
    // Two wait for room.
    assert!(matches!(&reliefs(&workspace, 1000 + GRACE)[..], [Relief::Retry(_)]));
    workspace.change(due, observe("x", 2, Observation::Ready)).unwrap();
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 2, 0), ("paris".to_owned(), 1, 1)]);
    assert_eq!(record(&workspace, &x).status, Status::Active);
    assert_eq!(held(&workspace, "berlin"), 12);
    comes_back(&workspace);
    workspace.release(host).unwrap();
    assert_eq!(reliefs(&workspace, 1000 + GRACE), [Relief::Move]);
    assert!(workspace.settle_losses(due)[0].1.is_ok());
    assert_eq!(reliefs(&workspace, 1000 + GRACE), [Relief::UnderWay]);
    workspace.change(due, observe("x", 2, Observation::Ready)).unwrap();
    assert_eq!(replicas(&workspace, &x), [("paris".to_owned(), 3, 3)]);
    assert_eq!((held(&workspace, "berlin"), held(&workspace, "paris")), (0, 18));
    assert!(workspace.losses(due).is_empty());
    comes_back(&workspace);
    // Later the cluster is back, and nothing follows.
    assert_eq!(workspace.change(due, healthy("berlin", true)).unwrap().effects, []);
}

/// W9: what comes back before others are ready in its place stays, and these stop.
#[test]
fn w9_what_comes_back_in_time_stays() {
    let mut workspace = fleet("");
    let x = running(&mut workspace, 1);
    workspace.change(moment(1000), healthy("berlin", false)).unwrap();
    assert_eq!(record(&workspace, &x).ready(), 1);
    let due = moment(1000 + GRACE);
    assert!(workspace.settle_losses(due)[0].1.is_ok());
    assert_eq!(held(&workspace, "paris"), 18, "two fit beside the one");
    // One of the two is ready, and one of the lost ones goes for it.
    let mut seen = PlaceSeen {
        cluster: "paris".parse().unwrap(),
        pool: "p".parse().unwrap(),
        flavor: "cpu:x86".into(),
        sequence: 1,
        ready: 2,
        lost: 0,
        failed: 0,
    };
    workspace.carry_out(due, &x, Action::ObservePlace { deployment: ONE, generation: 2, seen: seen.clone() }).unwrap();
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 2, 0), ("paris".to_owned(), 3, 2)]);
    let back = workspace.change(due, healthy("berlin", true)).unwrap();
    assert!(
        back.effects
            .iter()
            .any(|(_, effect)| matches!(effect, Effect::Stop { places, .. } if *places == [place("paris", 1)]))
    );
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 2, 2), ("paris".to_owned(), 2, 2)]);
    assert_eq!((held(&workspace, "berlin"), held(&workspace, "paris")), (12, 12));
    comes_back(&workspace);
    // What is still said of the one that stopped comes too late.
    seen.sequence = 2;
    seen.ready = 3;
    let _ = workspace.carry_out(due, &x, Action::ObservePlace { deployment: ONE, generation: 2, seen });
    assert_eq!(record(&workspace, &x).running(), 4);
}

/// W9: others that fail replace nothing, and it is tried again.
#[test]
fn w9_what_fails_replaces_nothing() {
    let mut workspace = fleet("");
    let x = running(&mut workspace, 1);
    workspace.change(moment(0), healthy("berlin", false)).unwrap();
    let due = moment(GRACE);
    assert!(workspace.settle_losses(due)[0].1.is_ok());
    workspace.change(due, observe("x", 2, Observation::Failed)).unwrap();
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 3, 0), ("paris".to_owned(), 1, 1)]);
    assert_eq!(reliefs(&workspace, GRACE), [Relief::Move]);
    comes_back(&workspace);
}

/// W9: the environment says for how long, and whether at all; what is illegal there moves by L13 without grace.
#[test]
fn w9_the_environment_says_what_follows() {
    let wait = document("Environment", "production", "{onLoss: wait}");
    let soon = document("Environment", "production", "{graceSeconds: 10}");
    for (environment, now, relief) in [
        (&wait, 10 * GRACE, Relief::Wait),
        (&soon, 9_999, Relief::Until(moment(10_000))),
        (&soon, 10_000, Relief::Move),
    ] {
        let mut workspace = fleet(environment);
        running(&mut workspace, 0);
        workspace.change(moment(0), healthy("berlin", false)).unwrap();
        assert_eq!(reliefs(&workspace, now), [relief]);
    }
    let mut workspace = fleet(&document("Environment", "production", "{policies: [only-de]}"));
    let x = running(&mut workspace, 0);
    workspace.change(moment(0), healthy("berlin", false)).unwrap();
    assert!(matches!(&reliefs(&workspace, GRACE)[..], [Relief::Retry(_)]), "paris is not allowed");
    let at = || AttachmentPoint::Environment("production".to_owned());
    let change = WorkspaceChange::new().detach(at(), "only-de").attach(at(), "only-fr", Enforcement::Enforce);
    workspace.change(moment(1), change).unwrap();
    assert!(workspace.settle_violations(moment(1))[0].1.is_ok(), "L13");
    assert!(record(&workspace, &x).moving);
    assert_eq!(reliefs(&workspace, GRACE), [Relief::UnderWay]);
    comes_back(&workspace);
}

/// W9: sizes go on changing meanwhile: what goes is lost first, what comes is elsewhere.
#[test]
fn w9_scaling_goes_on_with_the_rest() {
    let mut workspace = fleet("");
    let x = running(&mut workspace, 1);
    workspace.change(moment(0), healthy("berlin", false)).unwrap();
    scale(&mut workspace, &x, 3);
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 2, 0), ("paris".to_owned(), 1, 1)]);
    scale(&mut workspace, &x, 4);
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 2, 0), ("paris".to_owned(), 2, 1)]);
    comes_back(&workspace);
}

/// W3, W9: a loss is an entry as any change is, and comes to the same elsewhere.
#[test]
fn w9_a_loss_is_shared() {
    let mut here = fleet("");
    let x = running(&mut here, 1);
    let mut there = restored(&here);
    for (key, now, change) in [
        ("lost", 1000, healthy("berlin", false)),
        ("replace", 1000 + GRACE, command("x", Action::Replace(ONE))),
        ("room", 1000 + GRACE, reserve("berlin", 1).set_nodes("paris", "p", 4)),
        ("back", 1000 + GRACE, healthy("berlin", true)),
    ] {
        let prepared = here.prepare(moment(now), key, change);
        let Ok(Some(entry)) = prepared else {
            assert_eq!(key, "room", "a lost cluster takes nothing new: {prepared:?}");
            continue;
        };
        here.apply(&entry).unwrap();
        there.apply(&LogEntry::from_json(&entry.to_json()).unwrap()).unwrap();
        assert_eq!(text(&here), text(&there));
        comes_back(&there);
    }
    // A cluster that is put as unhealthy is lost as well.
    let put = put(&cluster("berlin", "de", 3, 10).replace("provider:", "healthy: false, provider:"));
    here.change(moment(1000 + GRACE), put).unwrap();
    assert_eq!((record(&here, &x).running(), record(&here, &x).ready()), (4, 1));
}

fn nodes(cluster: &str, nodes: u32) -> WorkspaceChange {
    WorkspaceChange::new().set_nodes(cluster, "p", nodes)
}

/// W9, I1: replicas on nodes that are gone are lost, node by node: they are not ready, are listed, others start elsewhere
/// after the grace, and only what those held is given back.
#[test]
fn w9_nodes_that_are_gone_are_relieved_as_lost_clusters_are() {
    let mut workspace = fleet("");
    let x = running(&mut workspace, 0);
    let changed = workspace.change(moment(1000), nodes("berlin", 2)).unwrap();
    assert_eq!(changed.displaced.iter().map(|it| it.replicas).collect::<Vec<_>>(), [1]);
    let lost = || [("berlin".to_owned(), 2, 2), ("berlin".to_owned(), 1, 0)];
    assert_eq!(replicas(&workspace, &x), lost());
    assert_eq!(record(&workspace, &x).status, Status::Active);
    comes_back(&workspace);
    let losses = workspace.losses(moment(2000));
    assert_eq!((&losses[0].places[..], losses[0].since), (&[place("berlin", 1)][..], moment(1000)));
    assert_eq!(reliefs(&workspace, 2000), [Relief::Until(moment(1000 + GRACE))]);
    // What the host sees of the place is of those that are there.
    let seen = PlaceSeen {
        cluster: "berlin".parse().unwrap(),
        pool: "p".parse().unwrap(),
        flavor: "cpu:x86".into(),
        sequence: 1,
        ready: 2,
        lost: 1,
        failed: 0,
    };
    workspace.carry_out(moment(2000), &x, Action::ObservePlace { deployment: ONE, generation: 2, seen }).unwrap();
    assert_eq!(replicas(&workspace, &x), lost());
    let due = moment(1000 + GRACE);
    let settled = workspace.settle_losses(due);
    let [(_, Ok(effects))] = &settled[..] else { panic!("{settled:?}") };
    let starts = |effect: &Effect| matches!(effect, Effect::Start { places, .. } if *places == [place("paris", 1)]);
    assert!(effects.iter().any(starts), "{effects:?}");
    assert_eq!(reliefs(&workspace, 1000 + GRACE), [Relief::UnderWay]);
    comes_back(&workspace);
    let done = workspace.change(due, observe("x", 2, Observation::Ready)).unwrap();
    let stops = |effect: &Effect| matches!(effect, Effect::Stop { places, .. } if *places == [place("berlin", 1)]);
    assert!(done.effects.iter().any(|(_, effect)| stops(effect)), "{:?}", done.effects);
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 2, 2), ("paris".to_owned(), 1, 1)]);
    assert!(workspace.losses(due).is_empty());
    comes_back(&workspace);
    // Nothing is held on the node that went; what stands, stands where it was.
    let back = workspace.change(due, nodes("berlin", 3)).unwrap();
    assert_eq!((back.effects, held(&workspace, "berlin")), (vec![], 12));
    assert!(workspace.clone().reserve(&[(place("berlin", 1), cores(10))]).is_ok());
    assert!(workspace.clone().reserve(&[(place("berlin", 2), cores(10))]).is_err());
}

/// W9: nodes that are back in time bring their replicas back, and those that were starting in their place stop.
#[test]
fn w9_nodes_that_come_back_in_time_bring_their_replicas() {
    let mut workspace = fleet("");
    let x = running(&mut workspace, 0);
    workspace.change(moment(1000), nodes("berlin", 1)).unwrap();
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 1, 1), ("berlin".to_owned(), 2, 0)]);
    let due = moment(1000 + GRACE);
    assert!(workspace.settle_losses(due)[0].1.is_ok());
    assert_eq!(held(&workspace, "paris"), 12);
    // One of both nodes is back: one of those that start is not needed.
    workspace.change(due, nodes("berlin", 2)).unwrap();
    let expected = [("berlin".to_owned(), 2, 2), ("berlin".to_owned(), 1, 0), ("paris".to_owned(), 1, 0)];
    assert_eq!(replicas(&workspace, &x), expected);
    assert_eq!(held(&workspace, "paris"), 6);
    comes_back(&workspace);
    workspace.change(due, nodes("berlin", 3)).unwrap();
    assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 3, 3)]);
    assert_eq!((held(&workspace, "berlin"), held(&workspace, "paris")), (18, 0));
    assert!(workspace.losses(due).is_empty());
    comes_back(&workspace);
    // All of them at once; a cluster that is lost meanwhile and comes back brings back none of them.
    let gone = workspace.change(due, nodes("berlin", 0)).unwrap();
    assert!(gone.effects.iter().any(|(_, effect)| matches!(effect, Effect::Unroute { .. })), "{:?}", gone.effects);
    assert_eq!(record(&workspace, &x).status, Status::Unhealthy);
    for well in [false, true] {
        workspace.change(due, healthy("berlin", well)).unwrap();
        assert_eq!(replicas(&workspace, &x), [("berlin".to_owned(), 3, 0)]);
        comes_back(&workspace);
    }
    workspace.change(due, nodes("berlin", 3)).unwrap();
    assert_eq!((record(&workspace, &x).status, record(&workspace, &x).ready()), (Status::Active, 3));
    comes_back(&workspace);
}

/// W9: what starts on a node that goes is started elsewhere as a whole, and a document that says fewer nodes is as good as
/// their number.
#[test]
fn w9_what_starts_on_a_node_that_goes_starts_elsewhere() {
    let mut workspace = fleet("");
    workspace.change(moment(0), support::push("x", 6, 3)).unwrap();
    workspace.change(moment(0), observe("x", 1, Observation::Built)).unwrap();
    let x = life(&workspace, "x");
    workspace.change(moment(1000), put(&cluster("berlin", "de", 2, 10))).unwrap();
    let due = moment(1000 + GRACE);
    let [loss] = &workspace.losses(due)[..] else { panic!("one is lost") };
    assert_eq!(loss.action(), Some(Action::Move(ONE)));
    assert!(workspace.settle_losses(due)[0].1.is_ok());
    let all: u32 = replicas(&workspace, &x).iter().map(|(_, count, _)| count).sum();
    assert_eq!((all, replicas(&workspace, &x)[0].0.as_str()), (3, "paris"));
    assert!(workspace.losses(due).is_empty());
    comes_back(&workspace);
}

/// Prepares here, and applies here and there by what is written.
#[track_caller]
fn both(here: &mut Workspace, there: &mut Workspace, now: Moment, key: &str, change: WorkspaceChange) {
    let entry = here.prepare(now, key, change).unwrap().unwrap();
    here.apply(&entry).unwrap();
    there.apply(&LogEntry::from_json(&entry.to_json()).unwrap()).unwrap();
    assert_eq!(text(here), text(there));
    comes_back(there);
}

/// W3, W9, L13: what settles losses and violations is taken as entries of a log, and comes to what settling at once would.
#[test]
fn w9_losses_and_violations_are_settled_through_the_log() {
    let mut here = fleet("");
    let x = running(&mut here, 0);
    let mut there = restored(&here);
    let due = moment(1000 + GRACE);
    both(&mut here, &mut there, moment(1000), "nodes", nodes("berlin", 2));
    assert_eq!(here.losses(moment(2000))[0].action(), None, "it may come back");
    let action = here.losses(due)[0].action().unwrap();
    assert_eq!(action, Action::Replace(ONE));
    let mut at_once = here.clone();
    assert!(at_once.settle_losses(due)[0].1.is_ok());
    both(&mut here, &mut there, due, "replace", command("x", action));
    assert_eq!(here.life(&x), at_once.life(&x));
    both(&mut here, &mut there, due, "ready", observe("x", 2, Observation::Ready));
    assert!(here.losses(due).is_empty());
    let at = AttachmentPoint::Environment("production".to_owned());
    both(&mut here, &mut there, due, "attach", WorkspaceChange::new().attach(at, "only-fr", Enforcement::Enforce));
    let violations = here.violations(due);
    let action = violations[0].action();
    let mut at_once = here.clone();
    let settled = at_once.settle_violations(due);
    // Two more do not fit in France beside the one that moves.
    assert_eq!((action, settled[0].0.action()), (None, None));
    both(&mut here, &mut there, due, "room", nodes("paris", 4));
    let action = here.violations(due)[0].action().unwrap();
    assert_eq!(action, Action::Move(ONE));
    let mut at_once = here.clone();
    assert!(at_once.settle_violations(due)[0].1.is_ok());
    both(&mut here, &mut there, due, "move", command("x", action));
    assert_eq!(here.life(&x), at_once.life(&x));
    both(&mut here, &mut there, due, "moved", observe("x", 3, Observation::Ready));
    assert_eq!(replicas(&here, &x), [("paris".to_owned(), 3, 3)]);
    assert!(here.violations(due).is_empty());
}

/// W9, L14, L15: in a rollout others take the place of the holder's lost replicas: they are not counted beside these, the
/// rollout goes on, and one of them that does not start takes nothing down.
#[test]
fn w9_a_loss_in_a_rollout_is_relieved() {
    let mut workspace = fleet("");
    let x = running(&mut workspace, 0);
    let production = || "production".parse().unwrap();
    let now = moment(1000);
    workspace.carry_out(now, &x, Action::promote(ONE, production())).unwrap();
    let settings = rollout::Settings::of(rollout::Strategy::BlueGreen(rollout::BlueGreen::default()));
    let by = Some(Box::new(PromotionStrategy::By(settings)));
    let (name, on_replaced) = (None, None);
    let update = Action::UpdateVersion { environment: production(), version: "v2".to_owned(), name, on_replaced, by };
    workspace.change(now, WorkspaceChange::new().set_nodes("paris", "p", 9)).unwrap();
    workspace.carry_out(now, &x, update).unwrap();
    let two = Number::new(2);
    let tell = |workspace: &mut Workspace, deployment, observation| {
        let generation = workspace.life(&x).unwrap().state().deployment(deployment).unwrap().generation;
        workspace.carry_out(moment(1000 + GRACE), &x, Action::Observe { deployment, generation, observation }).unwrap()
    };
    tell(&mut workspace, two, Observation::Built);
    tell(&mut workspace, two, Observation::Ready);
    assert!(workspace.life(&x).unwrap().state().is_in_rollout(ONE));
    let now = moment(1000 + GRACE);
    workspace.change(now, nodes("berlin", 2)).unwrap();
    let due = moment(1000 + 2 * GRACE);
    let losses = workspace.losses(due);
    assert_eq!((losses.len(), losses[0].action()), (1, Some(Action::Replace(ONE))), "{losses:?}");
    assert!(workspace.settle_losses(due)[0].1.is_ok());
    let holder = |workspace: &Workspace| {
        let record = record(workspace, &x);
        (record.size(), record.ready(), record.replacing)
    };
    assert_eq!(holder(&workspace), (3, 2, 1));
    comes_back(&workspace);
    // The rollout goes on meanwhile, and stops none of them.
    let sight = Box::new(Sight { old: 2, new: 3, requests: 0, ..Sight::default() });
    let effects = workspace.carry_out(due, &x, Action::Advance { candidate: two, sight }).unwrap();
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Stop { deployment: ONE, .. })), "{effects:?}");
    assert_eq!(holder(&workspace), (3, 2, 1));
    // It does not start: the others answer on, and it is tried again.
    let mut failed = workspace.clone();
    tell(&mut failed, ONE, Observation::Failed);
    assert_eq!(holder(&failed), (3, 2, 0));
    assert_eq!(failed.losses(due)[0].action(), Some(Action::Replace(ONE)));
    comes_back(&failed);
    let sight = Box::new(Sight { old: 3, new: 3, requests: 0, ..Sight::default() });
    workspace.carry_out(due, &x, Action::Advance { candidate: two, sight }).unwrap();
    assert_eq!(holder(&workspace), (3, 3, 0));
    assert!(workspace.losses(due).is_empty());
    comes_back(&workspace);
}

#[derive(Clone, Debug)]
enum Happens {
    Healthy(&'static str, bool),
    Nodes(&'static str, u32),
    Settle,
    Scale(u32),
    Told(bool),
    Reserve(&'static str, u32),
}

fn happens() -> impl Strategy<Value = Happens> {
    let cluster = || prop::sample::select(vec!["berlin", "paris"]);
    prop_oneof![
        3 => (cluster(), any::<bool>()).prop_map(|(cluster, healthy)| Happens::Healthy(cluster, healthy)),
        2 => (cluster(), 0..5_u32).prop_map(|(cluster, nodes)| Happens::Nodes(cluster, nodes)),
        3 => Just(Happens::Settle),
        2 => (1..7_u32).prop_map(Happens::Scale),
        4 => prop::bool::weighted(0.8).prop_map(Happens::Told),
        1 => (cluster(), 1..8_u32).prop_map(|(cluster, cpu)| Happens::Reserve(cluster, cpu)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    /// W9: whatever is lost and comes back, in whatever order: nothing on a lost cluster is ready, what replaces is beside
    /// the number that is wanted, what is kept comes back, and a replay comes to the same. When all is back and has
    /// answered, there are as many as are wanted.
    #[test]
    fn w9_losses_keep_the_number(all in prop::collection::vec(happens(), 1..30)) {
        let mut workspace = fleet("");
        let x = support::run(&mut workspace, moment(0), "x", 6, 3);
        let (mut now, mut wanted) = (moment(0), 3);
        for happens in all {
            now = moment(now.as_millis() + GRACE);
            step(&mut workspace, &x, now, &mut wanted, happens);
            let Some(record) = workspace.life(&x).unwrap().state().deployment(ONE) else { break };
            let lost = |cluster: &str| {
                let inventory = workspace.inventory();
                !inventory.healthy().contains(inventory.fleet().find_cluster(cluster).unwrap())
            };
            for site in &record.sites {
                prop_assert_eq!(site.lost_since.is_some(), lost(site.place.cluster.as_str()));
                prop_assert!(!site.is_lost() || record.seen_at(site).ready == 0);
            }
            prop_assert_eq!(known_gone(record), on_gone_nodes(&workspace));
            if matches!(record.status, Status::Active | Status::Unhealthy) {
                prop_assert!(record.replacing <= record.starting());
                // Growth that fails is given up.
                wanted = wanted.min(record.size());
                prop_assert_eq!(record.size(), wanted);
            }
            comes_back(&workspace);
        }
    }
}

/// How many replicas a deployment knows to be on nodes that are gone.
fn known_gone(record: &Record) -> u64 {
    record.sites.iter().filter(|site| site.gone_since.is_some()).map(|site| u64::from(site.place.replicas)).sum()
}

/// How many replicas of lives hold room on nodes that are gone, by what is kept.
fn on_gone_nodes(workspace: &Workspace) -> u64 {
    let kept: Value = serde_json::from_str(&text(workspace)).unwrap();
    let number = |value: &Value| value.as_u64().unwrap();
    let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut sum = 0;
    for held in all(&kept["lives"]).iter().flat_map(|life| all(&life["held"])) {
        let held = &held["reservation"];
        let closed = all(&kept["closedNodes"]).into_iter().filter(|closed| closed["cluster"] == held["cluster"]);
        let closed: Vec<_> = closed.flat_map(|closed| all(&closed["nodes"])).collect();
        for taken in all(&held["taken"]) {
            let (first, count) = (number(&taken["first"]), number(&taken["count"]));
            let is_gone =
                |node: &u64| closed.iter().any(|it| (number(&it[0])..number(&it[0]) + number(&it[1])).contains(node));
            let nodes = u64::try_from((first..first + count).filter(is_gone).count()).unwrap();
            sum += nodes * number(&taken["replicas"]) / count;
        }
    }
    sum
}

fn step(workspace: &mut Workspace, x: &Workload, now: Moment, wanted: &mut u32, happens: Happens) {
    match happens {
        Happens::Healthy(cluster, is) => drop(workspace.change(now, healthy(cluster, is)).unwrap()),
        Happens::Nodes(cluster, count) => drop(workspace.change(now, nodes(cluster, count)).unwrap()),
        Happens::Settle => drop(workspace.settle_losses(now)),
        Happens::Scale(replicas) => {
            if workspace.carry_out(now, x, Action::Scale { deployment: ONE, replicas }).is_ok() {
                let record = record(workspace, x);
                *wanted = record.size();
            }
        }
        Happens::Told(well) => {
            let generation = record(workspace, x).generation;
            let observation = if well { Observation::Ready } else { Observation::Failed };
            let seen = Action::Observe { deployment: ONE, generation, observation };
            let _ = workspace.carry_out(now, x, seen);
        }
        Happens::Reserve(cluster, cpu) => drop(workspace.change(now, reserve(cluster, cpu))),
    }
    let _ = life(workspace, "x");
}
