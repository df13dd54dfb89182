//! F8, F9, F21: what analyses cost: a diff of two policy sets, a drill of every loss, the remedies of a refusal.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use siting::analysis::{diff, drill};
use siting::catalog::Catalog;
use siting::manifest::Source;
use siting::placement::RemedyBound;
use siting::workspace::{LoadOptions, Workspace};

use super::fleet::asked::{Asked, ONE_GPU, TOO_MUCH};
use super::fleet::clusters::{self, Size};

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("F8/diff");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    let (old, new) = (fleet(10_000, 10_000, "fr"), fleet(10_000, 10_000, "de"));
    group.bench_function(BenchmarkId::new("siting", 10_000), |b| {
        b.iter(|| black_box(diff(&old, &new).deployments.len()));
    });
    group.finish();

    let mut group = criterion.benchmark_group("F9/drill");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    let fleet = fleet(1_000, 1_000, "fr");
    group.bench_function(BenchmarkId::new("siting", 1_000), |b| {
        b.iter(|| black_box(drill(&fleet, &[]).drilled));
    });
    group.finish();

    // Hosts of 4 TiB are nowhere; those of 16 GiB, under policies that leave none, are.
    let catalog = Catalog::builtin();
    let allowed = ["fr", "de", "ie", "us"].map(|code| catalog.country(code).expect("a country"));
    let mut group = criterion.benchmark_group("F21/remedies");
    for count in [1_000, 10_000] {
        let size = Size { pools: count, nodes: count * 2, per_cluster: 1 };
        let inventory = clusters::inventory(clusters::nodes(size));
        let cases = [("siting", TOO_MUCH), ("by_policy", "{cpu: 4, memory: 16Gi, cpuType: arm}")];
        for (name, resources) in cases {
            let asked = Asked::governed(resources, 0).on(&inventory);
            let remedies =
                || asked.workspace.remedies(asked.deployment, RemedyBound::default()).expect("the deployment");
            assert!(!remedies().sets.is_empty(), "{name}: there is a remedy");
            group.bench_function(BenchmarkId::new(name, count), |b| b.iter(|| black_box(remedies())));
        }
        // Clusters there are, but none where the deployment's policies let it be.
        let elsewhere = clusters::nodes(size).into_iter().filter(|cluster| !allowed.contains(&cluster.country));
        let elsewhere = clusters::inventory(elsewhere.collect());
        let asked = Asked::governed(ONE_GPU, 0).on(&elsewhere);
        let remedies = || asked.workspace.remedies(asked.deployment, RemedyBound::default()).expect("the deployment");
        assert!(remedies().more, "there are more than are listed");
        group.bench_function(BenchmarkId::new("by_place", count), |b| b.iter(|| black_box(remedies())));
    }
    group.finish();
}

/// So many deployments under a hundred policies, of which the first ten allow `country`, and so many clusters of ten
/// countries.
fn fleet(deployments: usize, clusters: usize, country: &str) -> Workspace {
    const COUNTRIES: [&str; 10] = ["de", "fr", "us", "jp", "nl", "pl", "it", "es", "ca", "br"];
    let mut text = String::new();
    let mut document = |kind: &str, name: &str, spec: &str| {
        let _ =
            writeln!(text, "---\napiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}");
    };
    for number in 0..100 {
        let own = if number < 10 { country } else { COUNTRIES.get(number % 10).copied().unwrap_or("de") };
        let allowed = format!("{{type: country, name: {own}}}, {{type: country, name: us}}");
        document("Policy", &format!("policy-{number:03}"), &format!("{{type: location, locations: [{allowed}]}}"));
    }
    for number in 0..deployments {
        let policy = number % 100;
        let spec =
            format!("{{model: m-{number:05}, policies: [policy-{policy:03}], resources: {{cpu: 4, memory: 16Gi}}}}");
        document("Deployment", &format!("d-{number:05}"), &spec);
    }
    for number in 0..clusters {
        let country = COUNTRIES.get(number % 10).copied().unwrap_or("de");
        let pool = "{name: p, nodes: 8, cpuFlavor: x86, cpu: 32, memory: 256Gi}";
        let spec = format!("{{provider: p-{:02}, country: {country}, pools: [{pool}]}}", number % 20);
        document("Cluster", &format!("c-{number:05}"), &spec);
    }
    let sources = [Source::new("fleet.yaml", text)];
    Workspace::from_sources(&sources, LoadOptions::default()).expect("sound manifests")
}
