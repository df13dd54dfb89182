//! F15, F16, F20: what a change of a large workspace costs, beside loading it anew; keeping it; entries of a log.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use siting::inventory::{GpuRequest, Request};
use siting::lifecycle::{Action, Number, Observation, Place, Push, PushKind};
use siting::manifest::{Source, read_str};
use siting::policy::Enforcement;
use siting::quantity::{Bytes, Cpu};
use siting::time::Moment;
use siting::workspace::{AttachmentPoint, LoadOptions, Workspace, WorkspaceChange, WorkspaceState};

const CLUSTERS: usize = 5_000;
const DEPLOYMENTS: usize = 10_000;
const POLICIES: usize = 1_000;
const NOW: Moment = Moment::from_millis(0);

pub(crate) fn bench(criterion: &mut Criterion) {
    let sources = [Source::new("fleet.yaml", documents())];
    let load = || Workspace::from_sources(&sources, LoadOptions::default());
    let Ok(workspace) = load() else { panic!("the documents do not load") };
    let mut group = criterion.benchmark_group("F15");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.bench_function("load_anew/siting", |b| b.iter(|| black_box(load().is_ok())));

    let policy = |country: &str| {
        let spec = format!("{{type: location, locations: [{{type: country, name: \"{country}\"}}]}}");
        WorkspaceChange::new().put(read_str("policy.yaml", &document("Policy", "policy-0500", &spec)))
    };
    let production = || AttachmentPoint::Environment("production".to_owned());
    let attach = |enforcement| WorkspaceChange::new().attach(production(), "policy-0500", enforcement);
    let nodes = |count| WorkspaceChange::new().set_nodes("cluster-2500", "p", count);
    let cluster = |cpu: u32| WorkspaceChange::new().put(read_str("cluster.yaml", &a_cluster(2_500, cpu)));
    // There and back, so that each change changes something.
    let pairs = [
        ("put_policy", policy("fr"), policy("de")),
        ("attach", attach(Enforcement::Enforce), attach(Enforcement::Audit)),
        ("node_count", nodes(7), nodes(9)),
        ("put_cluster", cluster(16), cluster(32)),
    ];
    for (name, there, back) in pairs {
        let mut changing = workspace.clone();
        changing = changing.what_if(NOW, WorkspaceChange::new()).expect("nothing");
        let mut turn = false;
        group.bench_function(format!("{name}/siting"), |b| {
            b.iter_batched(
                || {
                    turn = !turn;
                    if turn { there.clone() } else { back.clone() }
                },
                |change| black_box(changing.change(NOW, change).expect("legal").changed),
                BatchSize::PerIteration,
            );
        });
    }
    group.bench_function("impact_of_policy/siting", |b| {
        b.iter(|| black_box(workspace.preview(NOW, policy("fr")).expect("legal").impact.deployments.len()));
    });
    group.finish();

    keeping(criterion);

    let mut group = criterion.benchmark_group("F20");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    let entry = workspace.prepare(NOW, "key", policy("fr")).expect("legal").expect("a change");
    group.bench_function("prepare/siting", |b| {
        b.iter(|| black_box(workspace.prepare(NOW, "key", policy("fr")).is_ok()));
    });
    group.bench_function("apply/siting", |b| {
        b.iter_batched(
            || workspace.clone(),
            |mut workspace| black_box(workspace.apply(&entry).is_ok()),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// F16: 1,000,000 nodes, 100,000 reservations, 10,000 lives with a replica each.
fn keeping(criterion: &mut Criterion) {
    const OWN: u32 = 90_000;
    let workspace = kept(OWN);
    let mut group = criterion.benchmark_group("F16");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    let (text, bytes) = (workspace.state().to_json(), workspace.state().to_bytes());
    group.bench_function("snapshot/siting", |b| b.iter(|| black_box(workspace.state().to_bytes().len())));
    group.bench_function("restore/siting", |b| {
        b.iter(|| black_box(WorkspaceState::from_bytes(&bytes).and_then(Workspace::restore).is_ok()));
    });
    group.bench_function("snapshot/json", |b| b.iter(|| black_box(workspace.state().to_json().len())));
    group.bench_function("restore/json", |b| {
        b.iter(|| black_box(WorkspaceState::from_json(&text).and_then(Workspace::restore).is_ok()));
    });
    group.finish();
    let each = |all: usize, without: usize| all.saturating_sub(without) as f64 / f64::from(OWN);
    let none = kept(0).state();
    println!(
        "F16: a reservation takes {:.1} bytes, {:.1} as text; all {} bytes, {} as text",
        each(bytes.len(), none.to_bytes().len()),
        each(text.len(), none.to_json().len()),
        bytes.len(),
        text.len(),
    );
}

fn kept(own: u32) -> Workspace {
    const LIVES: usize = 10_000;
    let mut text = String::new();
    for number in 0..1_000 {
        let pool = "{name: p, nodes: 1000, cpuFlavor: x86, cpu: 32, memory: 256Gi, gpu: {type: t4, count: 4}}";
        let spec = format!("{{provider: onprem, country: de, pools: [{pool}]}}");
        text.push_str(&document("Cluster", &format!("cluster-{number:04}"), &spec));
    }
    let mut workspace: Workspace = text.parse().expect("sound");
    let place = |number: u32| Place {
        cluster: format!("cluster-{:04}", number % 1_000).parse().expect("a name"),
        pool: "p".parse().expect("a name"),
        flavor: "gpu:t4".into(),
        replicas: 1,
    };
    let request = |number: u32| Request {
        cpu: Cpu::milli_cores(1_000 + u64::from(number % 7) * 500),
        memory: Bytes::new((1 + u64::from(number % 5)) << 30),
        gpu: GpuRequest::Whole(1),
        ..Request::default()
    };
    let claims: Vec<_> = (0..own).map(|number| (place(number), request(number))).collect();
    workspace.reserve(&claims).expect("there is room");
    let spec = "{model: x, resources: {cpu: 2, memory: 4Gi}}";
    let settings = read_str("d", &document("Deployment", "x", spec)).specs.deployments.remove(0).settings();
    let push = Action::Push(Push { settings: settings.into(), ..Push::new(PushKind::Published, "v1") });
    for number in 0..LIVES {
        let name = format!("model-{number:05}").parse().expect("a name");
        let life = workspace.workload("model", &name).expect("a type");
        workspace.carry_out(NOW, &life, push.clone()).expect("legal");
        for (generation, observation) in [(1, Observation::Built), (2, Observation::Ready)] {
            let seen = Action::Observe { deployment: Number::new(1), generation, observation };
            workspace.carry_out(NOW, &life, seen).expect("legal");
        }
    }
    workspace
}

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("---\napiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn a_cluster(number: usize, cpu: u32) -> String {
    let country = ["de", "fr", "us", "jp"].get(number % 4).copied().unwrap_or("de");
    let pool = format!("{{name: p, nodes: 8, cpuFlavor: x86, cpu: {cpu}, memory: 256Gi, gpu: {{type: t4, count: 4}}}}");
    let spec = format!("{{provider: onprem, country: {country}, pools: [{pool}]}}");
    document("Cluster", &format!("cluster-{number:04}"), &spec)
}

fn documents() -> String {
    let mut text = document("Environment", "production", "{policies: [policy-0001]}");
    for number in 0..POLICIES {
        let country = ["de", "fr", "us", "jp"].get(number % 4).copied().unwrap_or("de");
        let spec = format!(
            "{{type: location, locations: [{{type: country, name: {country}}}, {{type: continent, name: eu}}]}}"
        );
        text.push_str(&document("Policy", &format!("policy-{number:04}"), &spec));
    }
    for number in 0..DEPLOYMENTS {
        let _ = write!(
            text,
            "{}",
            document(
                "Deployment",
                &format!("deployment-{number:05}"),
                &format!(
                    "{{model: model-{number:05}, policies: [policy-{:04}], resources: {{cpu: 4, memory: 16Gi}}}}",
                    number % POLICIES
                ),
            )
        );
    }
    for number in 0..CLUSTERS {
        text.push_str(&a_cluster(number, 32));
    }
    text
}
