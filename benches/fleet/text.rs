//! Manifests.

use std::fmt::Write as _;

use siting::catalog::Catalog;
use siting::manifest::Source;

use super::random::Random;

/// `count` policies and as many deployments that use them, twenty environments and a hundred
/// clusters, in two files of YAML.
pub(crate) fn workspace(count: usize) -> Vec<Source> {
    let catalog = Catalog::builtin();
    let countries: Vec<_> = catalog.countries().map(|country| catalog.country_code(country)).collect();
    let mut random = Random::new(5);
    let mut policies = String::new();
    for number in 0..count {
        let (kind, entries) = if number.is_multiple_of(2) {
            let codes: Vec<_> = (0..3).filter_map(|_| random.pick(&countries).copied()).collect();
            let entries = codes.iter().map(|code| format!("{{type: country, name: \"{code}\"}}"));
            ("location", entries.collect::<Vec<_>>().join(", "))
        } else {
            ("flavor", "{type: gpu, name: t4}, {type: gpu, name: a100}, {type: cpu, name: x86}".to_owned())
        };
        let list = if kind == "location" { "locations" } else { "flavors" };
        document(&mut policies, "Policy", &format!("policy-{number:05}"));
        let _ = writeln!(policies, "  type: {kind}\n  {list}: [{entries}]");
    }
    let mut rest = String::new();
    for number in 0..20 {
        document(&mut rest, "Environment", &format!("env-{number:02}"));
        let _ = writeln!(rest, "  policies: []");
    }
    for number in 0..100 {
        document(&mut rest, "Cluster", &format!("cluster-{number:03}"));
        let country = countries.get(number * 2).copied().unwrap_or("fr");
        let _ = writeln!(
            rest,
            "  provider: onprem\n  country: \"{country}\"\n  pools:\n  - name: main\n    nodes: 8\n    \
             cpuFlavor: x86\n    cpu: 64\n    memory: 256Gi\n    gpu: {{type: t4, count: 4}}\n    pricePerHour: 2.5"
        );
    }
    for number in 0..count {
        document(&mut rest, "Deployment", &format!("deployment-{number:05}"));
        let _ = writeln!(
            rest,
            "  model: model-{number:05}\n  environment: env-{:02}\n  policies: [policy-{:05}, policy-{:05}]\n  \
             priority: {}\n  replicas: 2\n  resources: {{cpu: 4, memory: 16Gi, gpu: {{type: t4, count: 1}}}}",
            number % 20,
            random.below(count),
            random.below(count),
            number % 10,
        );
    }
    vec![Source::new("policies.yaml", policies), Source::new("rest.yaml", rest)]
}

fn document(text: &mut String, kind: &str, name: &str) {
    let _ = writeln!(text, "---\napiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:");
}
