//! F15, F16, F20: what a change of a large workspace costs, beside loading it anew; keeping it; entries of a log.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use siting::manifest::{Source, read_str};
use siting::policy::Enforcement;
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

    let mut group = criterion.benchmark_group("F16");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    let text = workspace.state().to_json();
    group.bench_function("snapshot/siting", |b| b.iter(|| black_box(workspace.state().to_json().len())));
    group.bench_function("restore/siting", |b| {
        b.iter(|| black_box(WorkspaceState::from_json(&text).and_then(Workspace::restore).is_ok()));
    });
    group.finish();

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
