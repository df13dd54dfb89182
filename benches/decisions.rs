//! F13, F19: a lifecycle transition, an autoscale decision, and a load balancer's pick among a hundred, alone and under a
//! caller's mask.
//!
//! `cargo bench --bench decisions`; targets: 1 µs for a transition and a decision, 100 ns for a pick, 150 ns for a mask and
//! a pick under it.
#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use siting::catalog::Catalog;
use siting::lifecycle::{Action, Command, Observation, Place, Placed, PlacementRequest, Push, PushKind, State, Status};
use siting::metrics::{MetricSpec, Resource, Source, Target};
use siting::quantity::Milli;
use siting::rollout::{self, Canary, Group, Rollout, Strategy};
use siting::scaling::hpa::{Figures, Replica, Sample};
use siting::scaling::{self, Autoscaler, Bounds, Observed, kpa};
use siting::time::Moment;
use siting::traffic::{Algorithm, Backend, BackendId, Balancer, Caller, Country, Mask, Masks, SiteId};

/// A holder of production that falls ill and recovers: half of it is one transition.
fn transition(criterion: &mut Criterion) {
    let now = Moment::from_millis(0);
    let mut state = State::new("model", "bert".parse().unwrap(), "production".parse().unwrap());
    let act = |state: &mut State, action: Action| {
        let place = |replicas| Place {
            cluster: "paris".parse().unwrap(),
            pool: "a".parse().unwrap(),
            flavor: "gpu:t4".into(),
            replicas,
        };
        let grant = |request: &PlacementRequest| Placed {
            deployment: request.deployment,
            places: vec![place(request.replicas)],
            refusal: None,
            next: None,
        };
        let placements = state.placements_needed(now, &action).iter().map(grant).collect();
        state.apply(now, &Command { action, placements }).unwrap()
    };
    let promoted = PushKind::Promoted { environment: "production".parse().unwrap(), on_replaced: None, by: None };
    act(&mut state, Action::Push(Push::new(promoted, "v1")));
    let deployment = state.find("bert-1").unwrap();
    let see = |state: &mut State, observation| {
        let generation = state.deployment(deployment).unwrap().generation;
        act(state, Action::Observe { deployment, generation, observation })
    };
    see(&mut state, Observation::Built);
    see(&mut state, Observation::Ready);
    assert_eq!(state.deployment(deployment).unwrap().status, Status::Active);
    let generation = state.deployment(deployment).unwrap().generation;
    let seen = [Observation::Unhealthy, Observation::Healthy];
    let commands: [Command; 2] = seen.map(|observation| Action::Observe { deployment, generation, observation }.into());
    criterion.bench_function("F13/two_transitions/bert", |bencher| {
        bencher.iter(|| {
            for command in &commands {
                black_box(state.apply(now, black_box(command)).unwrap());
            }
        });
    });
}

fn autoscale(criterion: &mut Criterion) {
    let now = Moment::from_millis(3_600_000);
    let sample = Sample { value: Milli::thousandths(600), at: now, window: Duration::from_secs(30) };
    let replica = Replica::running(Moment::from_millis(0), Some(Milli::whole(1)), Some(sample));
    let replicas = vec![replica; 10];
    let spec = MetricSpec::new(Source::Resource(Resource::Cpu), Target::Utilization(50)).unwrap();
    let autoscaler = Autoscaler::by_metrics(Bounds::new(1, 100).unwrap(), vec![spec]);
    let figures = [Ok(Figures::PerReplica { replicas: &replicas, strays: &[] })];
    let observed = Observed { current: 10, ready: 10, figures: &figures, ..Observed::default() };
    // A decision every 15 seconds: the windows are as full as they get.
    let mut state = scaling::State::default();
    let mut clock = now.as_millis();
    criterion.bench_function("F13/autoscale/metrics/10", |bencher| {
        bencher.iter(|| {
            clock += 15_000;
            black_box(autoscaler.decide(&mut state, Moment::from_millis(clock), black_box(&observed)))
        });
    });
    let autoscaler = Autoscaler::by_requests(Bounds::new(0, 100).unwrap(), kpa::Settings::new(10.0, 70).unwrap());
    let seen = kpa::Seen { ready: 10, stable: 70.0, panic: 75.0, reachable: true };
    let observed = Observed { current: 10, ready: 10, requests: Some(seen), ..Observed::default() };
    criterion.bench_function("F13/autoscale/requests/10", |bencher| {
        bencher.iter(|| {
            clock += 2_000;
            black_box(autoscaler.decide(&mut state, Moment::from_millis(clock), black_box(&observed)))
        });
    });
}

fn pick(criterion: &mut Criterion) {
    let algorithms = [
        ("round-robin", Algorithm::RoundRobin),
        ("least-connections", Algorithm::LeastConnections),
        ("ip-hash", Algorithm::IpHash),
        ("consistent-hash", Algorithm::ConsistentHash),
    ];
    for (name, algorithm) in algorithms {
        let backend = |id: u32| {
            let weight = 1 + id % 3;
            Backend { weight, ..Backend::new(BackendId(id), format!("10.0.0.{id}"), 443) }
        };
        let mut balancer = Balancer::new(algorithm, (0..100).map(backend).collect()).unwrap();
        let mut request = 0_u32;
        criterion.bench_function(&format!("F13/pick/{name}/100"), |bencher| {
            bencher.iter(|| {
                request = request.wrapping_add(1);
                let key = request.to_be_bytes();
                let caller = Caller { address: Some(IpAddr::from(key)), key: &key, ..Caller::default() };
                black_box(balancer.pick(Moment::from_millis(0), &caller))
            });
        });
    }
}

/// The mask of a caller, and a pick under it: callers of every country in turn, a quarter of whom ten sites of forty answer,
/// a quarter twenty, a quarter all but one, and the rest anywhere.
fn pick_within(criterion: &mut Criterion) {
    let algorithms = [
        ("round-robin", Algorithm::RoundRobin),
        ("least-connections", Algorithm::LeastConnections),
        ("ip-hash", Algorithm::IpHash),
        ("consistent-hash", Algorithm::ConsistentHash),
    ];
    let codes = Catalog::builtin();
    let codes: Vec<Country> =
        codes.countries().filter_map(|country| codes.country_code(country).parse().ok()).collect();
    let mask = |kind: usize| match kind {
        0 => Mask::only((0..10).map(SiteId)),
        1 => Mask::only((10..30).map(SiteId)),
        2 => Mask::only((1..40).map(SiteId)),
        _ => Mask::everywhere(),
    };
    let bound = codes.iter().enumerate();
    let masks = bound.fold(Masks::new(mask(0)), |masks, (at, code)| masks.with(mask(at % 4), [*code]));
    for (name, algorithm) in algorithms {
        let backend = |id: u32| {
            let (weight, site) = (1 + id % 3, Some(SiteId(id % 40)));
            Backend { weight, site, ..Backend::new(BackendId(id), format!("10.0.0.{id}"), 443) }
        };
        let mut balancer = Balancer::new(algorithm, (0..100).map(backend).collect()).unwrap();
        balancer.bind(masks.clone());
        let mut request = 0_u32;
        criterion.bench_function(&format!("F19/pick/{name}/100"), |bencher| {
            bencher.iter(|| {
                request = request.wrapping_add(1);
                let key = request.to_be_bytes();
                let country = codes.get(request as usize % codes.len()).copied();
                let caller = Caller { address: Some(IpAddr::from(key)), key: &key, country, ..Caller::default() };
                black_box(balancer.pick(Moment::from_millis(0), &caller))
            });
        });
    }
}

fn rollout(criterion: &mut Criterion) {
    let mut rollout = Rollout::new(Strategy::Canary(Canary::default()), Vec::new(), Moment::from_millis(0));
    let (old, new) = (Group { replicas: 10, available: 10 }, Group { replicas: 1, available: 1 });
    let seen = rollout::Observation { desired: 10, most: 10, old, new, summary: None, requests: 10 };
    rollout.step(Moment::from_millis(0), &seen);
    criterion.bench_function("F13/rollout/canary", |bencher| {
        bencher.iter(|| black_box(rollout.step(Moment::from_millis(1000), black_box(&seen))));
    });
}

criterion_group!(benches, transition, autoscale, pick, pick_within, rollout);
criterion_main!(benches);
