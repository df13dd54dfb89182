//! Clusters that are lost and come back, and the replicas of lives on them (W9).

use proptest::prelude::*;
use siting::deployment::Workload;
use siting::lifecycle::{Action, Answer, Effect, Endpoint, Number, Observation, PlaceSeen, Record, Status};
use siting::policy::Enforcement;
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

#[derive(Clone, Debug)]
enum Happens {
    Healthy(&'static str, bool),
    Settle,
    Scale(u32),
    Told(bool),
    Reserve(&'static str, u32),
}

fn happens() -> impl Strategy<Value = Happens> {
    let cluster = || prop::sample::select(vec!["berlin", "paris"]);
    prop_oneof![
        3 => (cluster(), any::<bool>()).prop_map(|(cluster, healthy)| Happens::Healthy(cluster, healthy)),
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
                prop_assert!(site.lost_since.is_none() || record.seen_at(site).ready == 0);
            }
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

fn step(workspace: &mut Workspace, x: &Workload, now: Moment, wanted: &mut u32, happens: Happens) {
    match happens {
        Happens::Healthy(cluster, is) => drop(workspace.change(now, healthy(cluster, is)).unwrap()),
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
