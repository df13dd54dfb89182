//! Edits, field by field (L11).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::support::{Life, edit, name, place, refused, scaling};
use siting::deployment::{Algorithm, Domain, HealthCheck, LoadBalancer, Offloading, Scaling, Spread};
use siting::lifecycle::{
    Action, Change, Class, Command, Edit, Effect, Favoured, Field, GpuRequirement, Observation, Placed, PolicyUse,
    Preferred, Preferring, Push, PushKind, RequestScaling, Requirements, Settings, Status,
};
use siting::policy::{Enforcement, Terms};
use siting::rollout::{self, BlueGreen, Strategy};
use siting::time::Moment;

const PRODUCTION: &str = "production";

#[test]
fn l11_the_plan_of_an_edit() {
    let settings = Settings { variables: BTreeSet::from(["OLD".to_owned(), "KEY".to_owned()]), ..Settings::default() };
    let edit = Edit {
        changes: vec![
            Change::Description(Some("sentiment".to_owned())),
            Change::Variables { set: BTreeSet::from(["KEY".to_owned()]), unset: BTreeSet::from(["OLD".to_owned()]) },
            Change::Resources(Some(Requirements {
                cpu: "4".parse().unwrap(),
                memory: "1Gi".parse().unwrap(),
                ..Requirements::default()
            })),
            Change::Name(name("new")),
        ],
    };
    let plan = edit.plan(&settings);
    let found: Vec<_> = plan.changes.iter().map(|change| (change.field, change.class, &*change.after)).collect();
    assert_eq!(
        found,
        [
            (Field::Description, Class::Live, "sentiment"),
            (Field::Variables, Class::Live, "KEY set, OLD removed"),
            (Field::Cpu, Class::Restart, "4"),
            (Field::Memory, Class::Restart, "1Gi"),
            (Field::Name, Class::Refused("rename it"), "new"),
        ]
    );
    assert!(plan.restarts());
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    refused(life.act(Action::Edit { deployment: one, edit }), "L11", "rename it");
}

#[test]
fn l11_a_restart_keeps_answering_and_goes_back_if_it_fails() {
    let mut life = Life::new();
    let one = life.push(Life::promoted(PRODUCTION), None, "v1");
    life.up("bert-1");
    let memory = |text: &str| {
        let requirements = Requirements { memory: text.parse().unwrap(), ..Requirements::default() };
        edit(one, Change::Resources(Some(requirements)))
    };
    life.act(memory("2Gi")).unwrap();
    assert_eq!((life.status("bert-1"), life.environment(PRODUCTION)), (Status::Updating, "v1".into()));
    life.see("bert-1", Observation::Failed).unwrap();
    assert_eq!((life.status("bert-1"), life.environment(PRODUCTION)), (Status::Active, "v1".into()));
    assert_eq!(life.state().deployment(one).unwrap().settings.resources, None);
    life.act(memory("4Gi")).unwrap();
    let effects = life.see("bert-1", Observation::Ready).unwrap();
    assert!(matches!(effects[..], [Effect::Stop { .. }]), "the old replicas stop last: {effects:?}");
    assert_eq!(life.state().deployment(one).unwrap().replicas(), 1);
}

#[test]
fn l11_replicas_follow_an_edit_of_the_bounds() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    let running = |life: &Life| life.state().deployment(one).unwrap().replicas();
    life.act(Action::Scale { deployment: one, replicas: 4 }).unwrap();
    assert_eq!(running(&life), 4);
    life.act(edit(one, Change::Scaling(Some(scaling(1, 2))))).unwrap();
    assert_eq!(running(&life), 2);
    let wider = edit(one, Change::Scaling(Some(scaling(1, 3))));
    assert_eq!(life.state().placements_needed(life.moment(), &wider), [], "two are within these bounds as well");
    refused(life.act(Action::Scale { deployment: one, replicas: 3 }), "R4", "minReplicas and maxReplicas");
    refused(life.act(edit(one, Change::Replicas(Some(3)))), "R4", "minReplicas and maxReplicas");
    refused(life.act(edit(one, Change::Scaling(Some(scaling(3, 2))))), "L11", "more than");
    life.act(edit(one, Change::Scaling(None))).unwrap();
    assert_eq!(running(&life), 2, "L16: switching scaling off keeps the present number");
    life.act(edit(one, Change::Scaling(Some(scaling(1, 3))))).unwrap();
    let off = Edit { changes: vec![Change::Scaling(None), Change::Replicas(Some(4))] };
    life.act(Action::Edit { deployment: one, edit: off }).unwrap();
    assert_eq!(running(&life), 4, "unless the edit states one");
    life.act(Action::Scale { deployment: one, replicas: 0 }).unwrap();
    assert_eq!(life.status("bert-1"), Status::ScaledToZero);
}

/// Other policies are decided at once; other preferences count from the next decision on.
#[test]
fn l11_an_edit_of_policies_decides_anew() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    let spread = Spread::new(Domain::Country);
    let preferred = Preferred { spread: Some(spread), ..Preferred::default() };
    let prefers = edit(one, Change::Placement(Some(preferred)));
    assert_eq!(life.state().placements_needed(life.moment(), &prefers), []);
    let policy = PolicyUse::new("norway", Enforcement::Enforce);
    let action = edit(one, Change::Policies(vec![policy]));
    let [request] = &life.state().placements_needed(life.moment(), &action)[..] else { panic!("one request") };
    assert_eq!(request.keep, [place("paris", 1)]);
    let elsewhere = Placed { deployment: one, places: vec![place("oslo", 1)], refusal: None, next: None };
    life.now += 1000;
    life.journal.apply(life.moment(), Command { action, placements: vec![elsewhere] }).unwrap();
    life.see("bert-1", Observation::Ready).unwrap();
    assert_eq!(life.state().deployment(one).unwrap().places(), [place("oslo", 1)]);
}

#[test]
fn l11_an_edit_of_something_else_leaves_the_replicas() {
    let mut life = Life::new();
    let settings = Arc::new(Settings { replicas: Some(0), ..Settings::default() });
    life.act(Action::Push(Push { settings, ..Push::new(PushKind::Published, "v1") })).unwrap();
    life.up("bert-1");
    // One replica was started for it to become ready, and stays until somebody says otherwise.
    let number = life.number("bert-1");
    life.act(edit(number, Change::Priority(5))).unwrap();
    assert_eq!((life.status("bert-1"), life.state().deployment(number).unwrap().replicas()), (Status::Active, 1));
    // As many come up anew where that changes the resources; none, where the number changes to none.
    let cpu =
        |cores: &str| Change::Resources(Some(Requirements { cpu: cores.parse().unwrap(), ..Requirements::default() }));
    life.act(edit(number, cpu("2"))).unwrap();
    life.see("bert-1", Observation::Ready).unwrap();
    assert_eq!((life.status("bert-1"), life.state().deployment(number).unwrap().replicas()), (Status::Active, 1));
    life.act(Action::Scale { deployment: number, replicas: 2 }).unwrap();
    let both = Edit { changes: vec![cpu("3"), Change::Replicas(Some(0))] };
    life.act(Action::Edit { deployment: number, edit: both }).unwrap();
    assert_eq!(life.status("bert-1"), Status::ScaledToZero);
}

/// What a plan shows of a change to settings that say nothing: field, and what it is to be.
fn shown(change: Change) -> Vec<(Field, String)> {
    shown_beside(&Settings::default(), change).into_iter().map(|(field, _, after)| (field, after)).collect()
}

fn shown_beside(settings: &Settings, change: Change) -> Vec<(Field, String, String)> {
    let plan = Edit { changes: vec![change] }.plan(settings);
    plan.changes.into_iter().map(|change| (change.field, change.before, change.after)).collect()
}

#[test]
fn l11_a_plan_shows_every_field_before_and_after() {
    let one = |field, after: &str| vec![(field, after.to_owned())];
    let labels = BTreeMap::from([("tier".to_owned(), "gold".to_owned()), ("team".to_owned(), "nlp".to_owned())]);
    assert_eq!(shown(Change::DisplayName(Some("Bert".to_owned()))), one(Field::DisplayName, "Bert"));
    assert_eq!(shown(Change::Labels(labels)), one(Field::Labels, "team=nlp, tier=gold"));
    assert_eq!(shown(Change::Replicas(Some(3))), one(Field::Replicas, "3"));
    assert_eq!(
        shown_beside(&Settings::default(), Change::Priority(7)),
        [(Field::Priority, "0".to_owned(), "7".to_owned())]
    );
    let percent = |percent| siting::quantity::Percent::new(percent);
    let scaling = Scaling {
        enabled: false,
        min_replicas: Some(1),
        max_replicas: Some(4),
        target_cpu_utilization: percent(50),
        target_memory_utilization: percent(60),
        target_gpu_utilization: percent(70),
    };
    assert_eq!(
        shown(Change::Scaling(Some(scaling))),
        [
            (Field::Scaling, "off".to_owned()),
            (Field::MinReplicas, "1".to_owned()),
            (Field::MaxReplicas, "4".to_owned()),
            (Field::Thresholds, "cpu 50%, memory 60%, gpu 70%".to_owned()),
        ]
    );
    // Baseten's defaults, and knobs that say otherwise.
    let requests = RequestScaling { window_seconds: 30, concurrency_target: 8, ..RequestScaling::default() };
    assert_eq!(
        shown_beside(&Settings::default(), Change::Requests(requests)),
        [(
            Field::Requests,
            "1 in flight at 70%, over 60s, down after 900s".to_owned(),
            "8 in flight at 70%, over 30s, down after 900s".to_owned()
        )]
    );
}

#[test]
fn l11_a_plan_shows_how_requests_reach_it() {
    let balancer = |algorithm, sticky_sessions, enabled| {
        let health_check = Some(HealthCheck { path: "/up".to_owned(), interval_seconds: 5 });
        shown(Change::LoadBalancer(Some(LoadBalancer { enabled, algorithm, health_check, sticky_sessions })))
    };
    let both =
        |text: &str| vec![(Field::LoadBalancer, text.to_owned()), (Field::HealthCheck, "/up every 5s".to_owned())];
    assert_eq!(balancer(Some(Algorithm::RoundRobin), false, true), both("on, round-robin"));
    assert_eq!(balancer(Some(Algorithm::LeastConnections), true, true), both("on, least-connections, sticky sessions"));
    assert_eq!(balancer(Some(Algorithm::IpHash), false, false), both("off, ip-hash"));
    assert_eq!(balancer(Some(Algorithm::ConsistentHash), false, true), both("on, consistent-hash"));
    assert_eq!(balancer(None, false, false), both("off"));
    let rule = siting::traffic::Offloading::new(50, std::time::Duration::from_secs(30)).unwrap();
    let offloading = Offloading { rule, metrics: Vec::new() };
    assert_eq!(shown(Change::Offloading(Some(offloading))), [(Field::Offloading, "50% after 30s".to_owned())]);
    let strategy = rollout::Settings::of(Strategy::BlueGreen(BlueGreen::default()));
    let text = strategy.to_string();
    assert_eq!(shown(Change::Strategy(Some(strategy))), [(Field::Strategy, text)]);
}

#[test]
fn l11_a_plan_shows_what_a_replica_takes_and_what_it_prefers() {
    let gpu = vec![
        GpuRequirement { count: 2, types: vec!["h100".to_owned()], memory: None, share: None, slice: None },
        GpuRequirement { count: 1, types: Vec::new(), memory: "24Gi".parse().ok(), share: None, slice: None },
        GpuRequirement {
            count: 1,
            types: vec!["t4".to_owned()],
            memory: None,
            share: "0.25".parse().ok(),
            slice: None,
        },
    ];
    let resources = Requirements {
        cpu: "4".parse().unwrap(),
        memory: "1Gi".parse().unwrap(),
        storage: "10Gi".parse().ok(),
        bandwidth: "100Mbps".parse().ok(),
        cpu_type: Some("x86".to_owned()),
        gpu,
    };
    let found = shown(Change::Resources(Some(resources)));
    let fields: Vec<_> = found.iter().map(|(field, text)| (*field, &**text)).collect();
    assert_eq!(
        fields,
        [
            (Field::Cpu, "4"),
            (Field::Memory, "1Gi"),
            (Field::CpuType, "x86"),
            (Field::Gpu, "2 × h100 or 1 × any of 24Gi or 1 × t4 share 0.25"),
            (Field::Storage, "10Gi"),
            (Field::Bandwidth, "100Mbps"),
        ]
    );
    let preferred = |weight, max_skew| {
        let favourites = vec![Favoured::Cluster("paris".to_owned(), weight), Favoured::Provider("own".to_owned(), 1)];
        let point = Preferring::NearPoint(48_500_000, 2_250_000);
        let prefer = vec![
            Preferring::Price,
            Preferring::NearCountry("fr".to_owned()),
            point,
            Preferring::Favourites(favourites),
        ];
        Preferred { prefer, spread: Some(Spread { max_skew, ..Spread::new(Domain::Cluster) }), together: None }
    };
    let text = "price, near fr, near 48.5, 2.25, cluster paris by 3 or provider own by 1, spread by cluster";
    let before = preferred(3, None);
    assert_eq!(shown(Change::Placement(Some(before.clone()))), [(Field::Placement, text.to_owned())]);
    // A weight alone is a change, and so is a skew.
    let settings = Settings { placement: Some(before), ..Settings::default() };
    for other in [preferred(4, None), preferred(3, std::num::NonZeroU32::new(1))] {
        assert_eq!(shown_beside(&settings, Change::Placement(Some(other))).len(), 1);
    }
}

#[test]
fn l11_a_plan_shows_policies_and_how_they_bind() {
    let policy = |enforcement: Enforcement, remote| PolicyUse { remote, ..PolicyUse::new("eu", enforcement) };
    let text = |enforcement, remote| {
        let changes = shown(Change::Policies(vec![policy(enforcement, remote)]));
        changes.into_iter().map(|(_, text)| text).collect::<String>()
    };
    assert_eq!(text(Enforcement::Enforce, false), "eu");
    assert_eq!(text(Enforcement::Enforce, true), "eu (remote)");
    assert_eq!(text(Enforcement::Audit, false), "eu (audit)");
    assert_eq!(text(Enforcement::Audit, true), "eu (audit, remote)");
    let terms = Terms::from(Enforcement::Enforce).until(Moment::from_millis(0)).reason("trial").ticket("OPS-1");
    let changes = shown(Change::Policies(vec![PolicyUse::new("eu", terms)]));
    assert_eq!(changes[0].1, "eu (until 1970-01-01T00:00:00Z, trial, OPS-1)", "P16");
}
