//! Manifests as users write them: what they mean, and what is said of those that are wrong.

use siting::catalog::{Axis, ChoiceKind};
use siting::deployment::{Algorithm, Strategy};
use siting::manifest::spec::{Allowed, Dialect, GpuSpec, PoolsSpec, Specs};
use siting::manifest::{Kind, Reading, Source, read, read_str};
use siting::quantity::{Bandwidth, Bytes, Cpu, Money};

/// The specs of a text without a fault.
fn specs(text: &str) -> Specs {
    let reading = read_str("x.yaml", text);
    assert_eq!(shown(&reading), Vec::<String>::new());
    reading.specs
}

/// Every problem as `line:column code message (help)`, those of clusters after the others.
fn shown(reading: &Reading) -> Vec<String> {
    let broken = reading.specs.broken_clusters.iter().flat_map(|cluster| &cluster.problems);
    let show = |problem: &siting::origin::Problem| {
        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}:{} {} {}{help}", problem.origin.line, problem.origin.column, problem.code, problem.message)
    };
    reading.problems.iter().chain(broken).map(show).collect()
}

fn problems(text: &str) -> Vec<String> {
    shown(&read_str("x.yaml", text))
}

/// A native document of one line of spec.
fn document(kind: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: it}}\nspec: {spec}\n")
}

#[test]
fn a_policy_keeps_names_as_written() {
    let specs = specs(&document(
        "Policy",
        "{type: location, locations: [{type: country, name: NO}, {type: group, name: eea}], except: [{type: country, name: is}], resourceTypes: [model], description: 007}",
    ));
    let policy = &specs.policies[0];
    let Allowed::Listed(options) = &policy.options else { panic!("not everything") };
    assert_eq!((policy.axis, options[0].kind, options[0].name.as_str()), (Axis::Location, ChoiceKind::Country, "NO"));
    assert_eq!((options[0].origin.line, options[0].origin.column, options[0].origin.length), (4, 58, 2));
    assert_eq!(policy.except[0].name, "is");
    assert_eq!(policy.resource_types.as_ref().map(Vec::len), Some(1));
    assert_eq!(policy.description.as_deref(), Some("007"));
}

#[test]
fn a_deployment_holds_all_its_settings() {
    let specs = specs(
        r"
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: bert-api-v1, displayName: BERT Sentiment API, labels: {team: nlp}, annotations: {}}
spec:
  model: bert
  version: v2.1.0
  environment: production
  policies: [europe-but, {name: t4-only, enforcement: audit}]
  priority: -5
  replicas: 3
  resources: {cpu: 1.5, memory: 16Gi, storage: 200Gi, bandwidth: 1Gbps, cpuType: x86, gpu: {anyOf: [{type: h100, count: 1}, {type: a100-80gb, count: 2}]}}
  scaling: {minReplicas: 2, maxReplicas: 10, targetCpuUtilization: 70}
  loadBalancer: {algorithm: round-robin, healthCheck: {path: /health, intervalSeconds: 30}}
  strategy: {type: blue-green}
  env: {KEY: 'true'}
",
    );
    let deployment = &specs.deployments[0];
    assert_eq!((deployment.resource_type.as_str(), deployment.workload.as_str()), ("model", "bert"));
    assert_eq!((deployment.priority, deployment.wanted_replicas()), (-5, 2));
    let resources = deployment.resources.as_ref().unwrap();
    assert_eq!(
        (resources.cpu, resources.bandwidth),
        (Cpu::milli_cores(1500), Some(Bandwidth::bits_per_second(1_000_000_000)))
    );
    assert!(matches!(&resources.gpu, Some(GpuSpec::AnyOf(needs)) if needs.len() == 2 && needs[1].count == 2));
    assert_eq!(deployment.load_balancer.as_ref().unwrap().algorithm, Some(Algorithm::RoundRobin));
    assert_eq!(deployment.strategy, Some(Strategy::BlueGreen));
    assert_eq!(deployment.env["KEY"].reveal(), "true");
}

#[test]
fn a_cluster_keeps_prices_exact() {
    let specs = specs(&document(
        "Cluster",
        "{provider: aws, location: us-east-1, coordinates: [38.9, -77.4], pools: [{name: g4dn, nodes: 12, cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: t4, count: 1}, pricePerHour: 0.526, used: {cpu: 8, memory: 32Gi, gpu: 2.25}}, {name: more, nodes: unlimited, cpuFlavor: arm, cpu: 4, memory: 16G, pricePerHour: \"0.1\"}]}",
    ));
    let PoolsSpec::Pools(pools) = &specs.clusters[0].pools else { panic!("pools") };
    assert_eq!(pools[0].price_per_hour, Some(Money::micros(526_000)));
    assert_eq!((pools[0].nodes, pools[1].nodes, pools[0].used.gpu_thousandths), (Some(12), None, 2250));
    assert_eq!(pools[1].memory, Bytes::new(16_000_000_000));
    assert_eq!(specs.clusters[0].coordinates.map(|it| it.longitude()), Some(-77_400_000));
}

#[test]
fn many_faults_of_one_document_come_together() {
    let text = "\
apiVersion: siting.dev/v1
kind: Deployment
metadata: {nam: it}
spec:
  model: bert
  modle: bert
  replicas: -1
  priority: 1e400
  resources: {cpu: 4, memory: 16Gib, gpu: {count: 0, type: t4}}
  scaling: {enabled: yes, minReplicas: 3}
  policies: europe
  env: {A: 3, B: true, C: ok}
";
    assert_eq!(
        problems(text),
        [
            "3:11 missing-field native metadata needs `name`",
            "3:12 unknown-field native metadata has no field `nam` (did you mean `name` or `displayName`?)",
            "6:3 unknown-field a deployment's spec has no field `modle` (did you mean `model`?)",
            "7:13 out-of-range `replicas` cannot be `-1` (write a whole number from 0 to 4294967295)",
            "8:13 invalid-value `priority` must be a whole number, not `1e400` (write it with digits only, such as `12`)",
            "9:31 invalid-value `16Gib` is not an amount of memory: `Gib` is no unit of it (write `16Gi`)",
            "9:51 invalid-value no GPUs are asked for, but they are described (leave out `type`, `memory` and `share`, or ask for at least one)",
            "10:22 wrong-type `enabled` must be `true` or `false`, not `yes` (write `true`)",
            "11:13 wrong-type `policies` must be a list, not a text",
            "12:12 wrong-type `A` must be a text, not a number (put quotes around it)",
            "12:18 wrong-type `B` must be a text, not a boolean (put quotes around it)",
        ]
    );
}
