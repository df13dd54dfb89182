//! Autoscaling and offloading joined with lives and placements (R4, R6, L2, D9).
#![cfg(feature = "manifest")]

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Life, name};
use siting::deployment::{Scaling, Workload};
use siting::lifecycle::{
    Action, Change, Edit, Effect, Load, Number, Observation, PromotionStrategy, Push, PushKind, RequestScaling,
    Settings, Sight, Status,
};
use siting::manifest::{Source, read_str};
use siting::metrics::{Gauge, Reading, Window};
use siting::quantity::{Milli, Percent};
use siting::rollout::{BlueGreen, Strategy};
use siting::scaling::State;
use siting::time::Moment;
use siting::traffic::{RemoteId, Side, Why};
use siting::workspace::{LoadOptions, Local, Workspace, WorkspaceChange};

fn bounds(min: u32, max: u32) -> Scaling {
    Scaling { enabled: true, min_replicas: Some(min), max_replicas: Some(max), ..Scaling::default() }
}

/// One that is active with these settings.
fn active(kind: PushKind, settings: Settings) -> Life {
    let mut life = Life::new();
    life.act(Action::Push(Push { settings: Arc::new(settings), ..Push::new(kind, "v1") })).unwrap();
    let id = life.state().deployments().next().unwrap().name.to_string();
    life.up(&id);
    life
}

/// A window of a minute in which a gauge showed the same all the time until `until`.
fn window(gauge: &Gauge, value: u64, until: u64) -> Window {
    let mut window = Window::new(Duration::from_secs(60), 60).unwrap();
    (until.saturating_sub(60)..until).for_each(|second| {
        window.gauge(Moment::from_millis(second * 1000), gauge, Milli::whole(value)).unwrap();
    });
    window
}

fn load(window: &Window, ready: u32) -> Load<'_> {
    Load { ready, window, waiting: false, buffered_since: None }
}

const FIRST: Number = Number::new(1);

fn wanted(life: &Life, memory: &mut State, second: u64, load: &Load<'_>) -> Option<u32> {
    match life.state().autoscale(Moment::from_millis(second * 1000), FIRST, memory, load)? {
        Action::Autoscale { replicas, .. } => Some(replicas),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn r4_requests_in_flight_scale_by_baseten_s_knobs() {
    let mut life = active(PushKind::Published, Settings { scaling: Some(bounds(1, 8)), ..Settings::default() });
    let busy = window(&Gauge::Concurrency, 3, 100);
    let mut memory = State::default();
    // Three in flight, of which a replica holds 70 % of one: 3 / 0.7 = 4.3.
    assert_eq!(wanted(&life, &mut memory, 100, &load(&busy, 1)), Some(5));
    life.act(Action::Autoscale { deployment: FIRST, replicas: 5 }).unwrap();
    assert_eq!(life.state().deployment(FIRST).unwrap().running(), 5);
    let calm = window(&Gauge::Concurrency, 0, 200);
    assert_eq!(wanted(&life, &mut memory, 200, &load(&calm, 5)), None, "surplus replicas stay for the delay, 900 s");
    let flood = window(&Gauge::Concurrency, 100, 300);
    assert_eq!(wanted(&life, &mut State::default(), 300, &load(&flood, 5)), Some(8), "never above the bounds");
}

#[test]
fn r4_utilisations_scale_by_kubernetes_arithmetic() {
    let scaling = Scaling { target_cpu_utilization: Percent::new(45), ..bounds(2, 10) };
    let life = active(PushKind::Published, Settings { scaling: Some(scaling), ..Settings::default() });
    let cpu = |percent| window(&Gauge::Cpu, percent, 1000);
    // 2 × 90 / 45.
    assert_eq!(wanted(&life, &mut State::default(), 1000, &load(&cpu(90), 2)), Some(4));
    // 47 is within a tenth of 45.
    assert_eq!(wanted(&life, &mut State::default(), 1000, &load(&cpu(47), 2)), None);
    // One of two is not ready: with nothing of it, 90 % of one are 45 % of two.
    assert_eq!(wanted(&life, &mut State::default(), 1000, &load(&cpu(90), 1)), None);
    let memory = window(&Gauge::Memory, 90, 1000);
    assert_eq!(wanted(&life, &mut State::default(), 1000, &load(&memory, 2)), None, "nobody watches the memory");
    // On the way down those that are not ready do not count: two that are, at half of 50, come to one. Were they
    // taken for ready ones without a figure, each would count as at its target, and three would be left.
    let scaling = Scaling { target_cpu_utilization: Percent::new(50), ..bounds(1, 10) };
    let mut life = active(PushKind::Published, Settings { scaling: Some(scaling), ..Settings::default() });
    life.act(Action::Autoscale { deployment: FIRST, replicas: 4 }).unwrap();
    // The four that it began with stay for the delay.
    assert_eq!(wanted(&life, &mut State::default(), 1000, &load(&cpu(25), 2)), None);
    let mut memory = State::default();
    assert_eq!(wanted(&life, &mut memory, 10, &load(&window(&Gauge::Cpu, 25, 10), 2)), None);
    assert_eq!(wanted(&life, &mut memory, 1000, &load(&cpu(25), 2)), Some(1));
}

#[test]
fn r4_to_zero_with_grace_and_back_when_a_request_waits() {
    let mut life = active(PushKind::Published, Settings { scaling: Some(bounds(0, 4)), ..Settings::default() });
    let mut memory = State::default();
    let busy = window(&Gauge::Concurrency, 1, 60);
    let _ = wanted(&life, &mut memory, 60, &load(&busy, 1));
    let mut slept = None;
    for second in (70..2000).step_by(10) {
        let calm = window(&Gauge::Concurrency, 0, second);
        let buffered_since = Some(Moment::from_millis(60_000));
        let seen = Load { buffered_since, ..load(&calm, 1) };
        if let Some(replicas) = wanted(&life, &mut memory, second, &seen) {
            life.act(Action::Autoscale { deployment: FIRST, replicas }).unwrap();
            if replicas == 0 {
                slept = Some(second);
                break;
            }
        }
    }
    // Not before the scale-down delay of 900 s, and then the grace of 30 s.
    let slept = slept.unwrap();
    assert!((960..=1100).contains(&slept), "{slept}");
    assert_eq!(life.called("bert-1"), "wake first");
    let calm = window(&Gauge::Concurrency, 0, 2000);
    assert_eq!(wanted(&life, &mut memory, 2000, &load(&calm, 0)), None);
    let waiting = Load { waiting: true, ..load(&calm, 0) };
    assert_eq!(wanted(&life, &mut memory, 2001, &waiting), Some(1));
    life.act(Action::Autoscale { deployment: FIRST, replicas: 1 }).unwrap();
    assert_eq!(life.status("bert-1"), Status::WakingUp);
    assert_eq!(wanted(&life, &mut memory, 2002, &waiting), None, "it is on its way up");
}

/// Every knob of request scaling is what the autoscaler goes by, under its own name there.
#[test]
fn r4_requests_are_scaled_by_the_knobs_that_are_set() {
    let requests = RequestScaling {
        window_seconds: 30,
        scale_down_delay_seconds: 120,
        concurrency_target: 8,
        target_utilization: Percent::new(50).unwrap(),
    };
    let settings = Settings { scaling: Some(bounds(2, 7)), requests, ..Settings::default() };
    let life = active(PushKind::Published, settings);
    let scaler = life.state().deployment(FIRST).unwrap().autoscaler().unwrap();
    assert_eq!((scaler.bounds.min(), scaler.bounds.max()), (2, 7));
    let by = scaler.requests.unwrap();
    assert_eq!(
        (by.target(), by.stable_window, by.scale_down_delay),
        (4.0, Duration::from_secs(30), Duration::from_secs(120))
    );
}

#[test]
fn l2_a_draft_has_one_replica_at_most() {
    let life = active(PushKind::Draft, Settings::default());
    let flood = window(&Gauge::Concurrency, 100, 100);
    assert_eq!(wanted(&life, &mut State::default(), 100, &load(&flood, 1)), None);
    let mut life = life;
    let refused = life.act(Action::Autoscale { deployment: FIRST, replicas: 2 }).unwrap_err();
    assert_eq!((refused.rule, refused.reason.as_str()), ("R4", "`bert-1` has from 0 to 1 replicas, not 2"));
}

#[test]
fn r4_by_hand_where_it_is_off_and_by_load_where_it_is_on() {
    let mut life = active(PushKind::Published, Settings { scaling: Some(bounds(2, 4)), ..Settings::default() });
    let by_hand = Action::Scale { deployment: FIRST, replicas: 3 };
    assert_eq!(life.act(by_hand.clone()).unwrap_err().next.unwrap(), "edit its bounds, minReplicas and maxReplicas");
    assert_eq!(life.act(Action::Autoscale { deployment: FIRST, replicas: 1 }).unwrap_err().rule, "R4");
    let off = Edit { changes: vec![Change::Scaling(None)] };
    life.act(Action::Edit { deployment: FIRST, edit: off }).unwrap();
    let by_load = life.act(Action::Autoscale { deployment: FIRST, replicas: 3 }).unwrap_err();
    assert_eq!(by_load.to_string(), "`bert-1` does not scale by itself (R4); turn its scaling on, or scale it by hand");
    life.act(by_hand).unwrap();
}

/// L15: autoscaling of either side goes on, and neither is scaled down before the promotion is over.
#[test]
fn l15_either_side_of_a_rollout_follows_its_load_upwards() {
    let settings = Settings { scaling: Some(bounds(1, 8)), ..Settings::default() };
    let mut life = active(Life::promoted("production"), settings);
    let strategy = Strategy::BlueGreen(BlueGreen { bake: Duration::from_secs(600), ..BlueGreen::default() });
    let by = Some(Box::new(PromotionStrategy::By(siting::rollout::Settings::of(strategy))));
    let (environment, version) = (name("production"), "v2".to_owned());
    life.act(Action::UpdateVersion { environment, version, name: None, on_replaced: None, by }).unwrap();
    life.see("bert-2", Observation::Built).unwrap();
    let sight = Box::new(Sight { old: 1, new: 1, ..Sight::default() });
    life.act(Action::Advance { candidate: Number::new(2), sight }).unwrap();
    let flood = window(&Gauge::Concurrency, 100, 100);
    for number in [FIRST, Number::new(2)] {
        let now = Moment::from_millis(100_000);
        let wanted = life.state().autoscale(now, number, &mut State::default(), &load(&flood, 1));
        assert_eq!(wanted, Some(Action::Autoscale { deployment: number, replicas: 8 }));
        life.act(Action::Autoscale { deployment: number, replicas: 3 }).unwrap();
        assert_eq!(life.state().deployment(number).unwrap().running(), 3);
        let idle = window(&Gauge::Concurrency, 0, 100);
        assert_eq!(life.state().autoscale(now, number, &mut State::default(), &load(&idle, 3)), None);
        let fewer = life.act(Action::Autoscale { deployment: number, replicas: 1 }).unwrap_err();
        assert_eq!((fewer.rule, fewer.next.as_deref()), ("L15", Some("wait until the promotion is over")));
    }
}

const FLEET: &str = "
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: europe}
spec: {type: location, locations: [{type: continent, name: eu}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [europe]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: bert-1}
spec:
  model: bert
  resources: {cpu: 1, memory: 1Gi}
  scaling: {minReplicas: 1, maxReplicas: 9}
  offloading:
    percentage: 30
    metrics: [{type: External, external: {metric: {name: queue}, target: {type: Value, value: 100}}}]
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, pools: [{name: a, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 8Gi, pricePerHour: 1}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: rome}
spec: {provider: onprem, country: it, pools: [{name: a, nodes: 1, cpuFlavor: x86, cpu: 2, memory: 8Gi, pricePerHour: 5}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: oslo}
spec: {provider: onprem, country: no, pools: [{name: a, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 8Gi, pricePerHour: 2}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: texas}
spec: {provider: onprem, country: us, pools: [{name: a, nodes: 9, cpuFlavor: x86, cpu: 64, memory: 99Gi, pricePerHour: 0.01}]}
";

/// The fleet, with `bert-1` live on one replica in Paris.
fn fleet() -> (Workspace, Workload) {
    let source = Source { name: "fleet.yaml".into(), text: FLEET.to_owned() };
    let mut workspace = Workspace::from_sources(&[source], LoadOptions::default()).unwrap();
    let bert = workspace.workload("model", &name("bert")).unwrap();
    let loaded = workspace.find_deployment("bert-1").unwrap();
    let push = workspace.push_of(loaded, PushKind::promoted(name("production"))).unwrap();
    let now = Moment::from_millis(1000);
    workspace.carry_out(now, &bert, Action::Push(push)).unwrap();
    for observation in [Observation::Built, Observation::Ready] {
        let generation = workspace.life(&bert).unwrap().state().deployment(FIRST).unwrap().generation;
        workspace.carry_out(now, &bert, Action::Observe { deployment: FIRST, generation, observation }).unwrap();
    }
    (workspace, bert)
}

#[test]
fn d9_what_the_load_wants_is_placed_where_it_may_run_as_far_as_there_is_room() {
    let (mut workspace, bert) = fleet();
    let busy = window(&Gauge::Concurrency, 4, 100);
    let mut memory = State::default();
    let now = Moment::from_millis(100_000);
    let effects = workspace.autoscale(now, &bert, FIRST, &mut memory, &load(&busy, 1)).unwrap();
    let clusters: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Start { places, .. } => {
                Some(places.iter().map(|place| (place.cluster.to_string(), place.replicas)))
            }
            _ => None,
        })
        .flatten()
        .collect();
    // 4 / 0.7 = 5.7: five more; Paris has room for three, Oslo for one, Rome for one. Texas is cheapest.
    assert_eq!(clusters, [("paris".to_owned(), 3), ("oslo".to_owned(), 1), ("rome".to_owned(), 1)]);
    let flood = window(&Gauge::Concurrency, 40, 200);
    let before = workspace.life(&bert).unwrap().state().clone();
    // 40 / 0.7 are wanted, and Europe has room for one more: it is as large as it can be, and then says why not larger.
    workspace.autoscale(Moment::from_millis(200_000), &bert, FIRST, &mut memory, &load(&flood, 6)).unwrap();
    let after = workspace.life(&bert).unwrap().state().clone();
    let sizes = [&before, &after].map(|state| state.deployment(FIRST).unwrap().running());
    assert_eq!(sizes, [6, 7]);
    let flood = window(&Gauge::Concurrency, 40, 300);
    let refused = workspace.autoscale(Moment::from_millis(300_000), &bert, FIRST, &mut memory, &load(&flood, 7));
    let refused = refused.unwrap_err();
    assert_eq!(refused.rule, "L12");
    assert!(refused.reason.contains("cannot be placed"), "{refused}");
    assert_eq!(*workspace.life(&bert).unwrap().state(), after);
}

/// E4, R4: an autoscaler grows as far as a limit leaves room, and then the limit that holds it back is named.
#[test]
fn e4_what_the_load_wants_grows_to_the_limit() {
    let (mut workspace, bert) = fleet();
    let text = "apiVersion: siting.dev/v1\nkind: Environment\nmetadata: {name: production}\n\
                spec: {policies: [europe], limits: {cpu: 3}}\n";
    let now = Moment::from_millis(100_000);
    workspace.change(now, WorkspaceChange::new().put(read_str("limits.yaml", text))).unwrap();
    let mut memory = State::default();
    // 4 / 0.7 are wanted: six of one core each, of which three are within the limit.
    let busy = window(&Gauge::Concurrency, 4, 100);
    workspace.autoscale(now, &bert, FIRST, &mut memory, &load(&busy, 1)).unwrap();
    let running = |workspace: &Workspace| workspace.life(&bert).unwrap().state().deployment(FIRST).unwrap().running();
    assert_eq!(running(&workspace), 3);
    let busy = window(&Gauge::Concurrency, 4, 200);
    let refused = workspace.autoscale(Moment::from_millis(200_000), &bert, FIRST, &mut memory, &load(&busy, 3));
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("environment `production` limits cpu to 3, and 3 is held: 3 by `bert/bert-1`"), "{said}");
    assert_eq!(running(&workspace), 3);
}

#[test]
fn r6_requests_are_offloaded_to_the_best_place_that_the_policies_allow() {
    let (mut workspace, bert) = fleet();
    let cluster = |workspace: &Workspace, name: &str| workspace.inventory().fleet().find_cluster(name).unwrap();
    let id = |workspace: &Workspace, name: &str| {
        RemoteId(u32::try_from(siting::id::Id::index(cluster(workspace, name))).unwrap())
    };
    let mut side = Side::default();
    let mut ask = |workspace: &Workspace, second: u64, queue: u64, ready: bool| {
        let reading = Reading { usage: Milli::whole(queue), ..Reading::default() };
        let local = Local { ready, readings: &[Some(reading)], requests: None };
        let now = Moment::from_millis(second * 1000);
        workspace.offload_live(&bert, FIRST, &mut side, now, &local).unwrap().unwrap()
    };
    assert_eq!(ask(&workspace, 0, 99, true).routing.why, Why::Calm);
    assert_eq!(ask(&workspace, 10, 100, true).routing.local, 100, "just reached");
    let offloaded = ask(&workspace, 70, 100, true);
    // A replica costs 2 in Oslo and half of 5 in Rome (I5); it runs in Paris itself; Texas is cheapest,
    // and forbidden.
    assert_eq!((offloaded.routing.local, offloaded.routing.remote), (70, Some((id(&workspace, "oslo"), 30))));
    assert_eq!(offloaded.remotes.len(), 2);
    workspace.set_healthy("oslo", false).unwrap();
    assert_eq!(ask(&workspace, 71, 100, true).routing.remote, Some((id(&workspace, "rome"), 30)));
    assert_eq!(
        ask(&workspace, 72, 0, false).routing.remote,
        Some((id(&workspace, "rome"), 100)),
        "nobody is ready here"
    );
    workspace.set_healthy("rome", false).unwrap();
    assert_eq!(ask(&workspace, 73, 100, true).routing.why, Why::LoadedWithoutRemote, "never to Texas");
    assert_eq!(ask(&workspace, 74, 100, false).routing.why, Why::NoRoute);
}

#[test]
fn r4_a_serverless_configuration_is_read_as_names_for_the_same() {
    let text = "apiVersion: deployment.beamlit.com/v1alpha1
kind: ModelDeployment
metadata: {name: b}
spec:
  model: m
  modelSourceRef: {kind: Deployment, name: m}
  serverlessConfig: {minNumReplicas: 1, metric: cpu, target: \"60\", stableWindow: 60s}
";
    let reading = read_str("b.yaml", text);
    let scaler = reading.specs.deployments[0].beamlit.as_ref().unwrap().autoscaler().unwrap();
    assert_eq!((scaler.autoscaler.bounds.min(), scaler.autoscaler.bounds.max()), (1, 10));
    assert_eq!((scaler.autoscaler.metrics.len(), scaler.unsaid[0].setting), (1, "stableWindow"));
}
