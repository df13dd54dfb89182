//! What is accepted and decides nothing is named by a check.

use siting::analysis;
use siting::manifest::Source;
use siting::workspace::{LoadOptions, Workspace};

const LIMITED: &str = "provider: p, country: us, pools: [{name: a, nodes: 2, cpuFlavor: x86, cpu: 4, memory: 8Gi}]";

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn load(documents: &[String]) -> Result<Workspace, String> {
    let sources = [Source::new("test.yaml", documents.join("---\n"))];
    Workspace::from_sources(&sources, LoadOptions::default()).map_err(|error| error.to_string())
}

/// What is said to be without effect, as `severity subject: message`.
fn found(documents: &[String]) -> Vec<String> {
    let findings =
        analysis::check(&load(documents).unwrap()).into_iter().filter(|it| it.code.ends_with("without-effect"));
    findings.map(|it| format!("{} {}: {}", it.severity, it.subject.name, it.message)).collect()
}

/// What is said of a deployment on clusters with these specs, without its name.
fn of_deployment(spec: &str, clusters: &[&str]) -> Vec<String> {
    let named = clusters.iter().enumerate().map(|(at, spec)| document("Cluster", &format!("c{at}"), spec));
    let documents: Vec<_> = named.chain([document("Deployment", "d", &format!("model: m, {spec}"))]).collect();
    found(&documents).into_iter().map(|said| said.replace("m/d: deployment `m/d`: ", "")).collect()
}

#[track_caller]
fn nothing_is_said(spec: &str) {
    assert_eq!(of_deployment(spec, &[LIMITED]), [""; 0], "{spec}");
}

/// R4, L16: scaling that is off, the number of what scales by itself, and targets of what has but one number.
#[test]
fn r4_scaling_that_decides_nothing_is_found() {
    let said = |spec: &str| of_deployment(spec, &[LIMITED]);
    nothing_is_said("scaling: {minReplicas: 1, maxReplicas: 3, targetCpuUtilization: 70}");
    nothing_is_said("replicas: 3, scaling: {enabled: false}");
    nothing_is_said("scaling: {minReplicas: 3, maxReplicas: 3}");
    assert_eq!(
        said("scaling: {enabled: false, maxReplicas: 3, targetCpuUtilization: 70}"),
        ["info `maxReplicas` and `targetCpuUtilization` decide nothing: scaling is off"]
    );
    assert_eq!(
        said("replicas: 3, scaling: {minReplicas: 1, maxReplicas: 3}"),
        ["info `replicas` decides nothing: scaling is on, and begins with `minReplicas`"]
    );
    assert_eq!(
        said("scaling: {minReplicas: 3, maxReplicas: 3, targetCpuUtilization: 70, targetMemoryUtilization: 80}"),
        [
            "warning `targetCpuUtilization` and `targetMemoryUtilization` decide nothing: `minReplicas` and `maxReplicas` \
             are the same"
        ]
    );
    let gpu = "scaling: {minReplicas: 1, maxReplicas: 3, targetGpuUtilization: 70}, resources: {cpu: 1, memory: 1Gi";
    assert_eq!(
        said(&format!("{gpu}}}")),
        ["warning nothing is measured for `targetGpuUtilization`: it demands no GPU"]
    );
    nothing_is_said(&format!("{gpu}, gpu: {{count: 1}}}}"));
}

/// R4: what may have no replica at all never answers.
#[test]
fn r4_scaling_to_at_most_nothing_is_refused() {
    let deployment = |scaling: &str| load(&[document("Deployment", "d", &format!("model: m, scaling: {{{scaling}}}"))]);
    let error = deployment("minReplicas: 0, maxReplicas: 0").unwrap_err();
    assert!(error.contains("`maxReplicas` is 0, so that nothing ever answers"), "{error}");
    assert!(deployment("enabled: false, maxReplicas: 0").is_ok());
    assert!(deployment("minReplicas: 0, maxReplicas: 1").is_ok());
}

/// R5: a load balancer that is off.
#[test]
fn r5_what_a_load_balancer_says_that_is_off_is_found() {
    nothing_is_said("loadBalancer: {enabled: false}");
    nothing_is_said(
        "loadBalancer: {algorithm: ip-hash, healthCheck: {path: /, intervalSeconds: 5}, stickySessions: true}",
    );
    let off = "loadBalancer: {enabled: false, algorithm: ip-hash, healthCheck: {path: /, intervalSeconds: 5}, stickySessions: true}";
    assert_eq!(
        of_deployment(off, &[LIMITED]),
        ["info `algorithm`, `healthCheck` and `stickySessions` decide nothing: the load balancer is off"]
    );
}

/// R6: when to offload, where nothing is watched or nothing would leave.
#[test]
fn r6_offloading_that_decides_nothing_is_found() {
    let said = |spec: &str| of_deployment(&format!("offloading: {{{spec}}}"), &[LIMITED]);
    let cpu = |name: &str| {
        let target = "target: {type: Utilization, averageUtilization: 90}";
        format!("metrics: [{{type: Resource, resource: {{name: {name}, {target}}}}}]")
    };
    let only = "so that requests go elsewhere only when no local replica is ready";
    nothing_is_said("offloading: {percentage: 0}");
    nothing_is_said(&format!("offloading: {{percentage: 50, windowSeconds: 5, {}}}", cpu("cpu")));
    assert_eq!(
        said("percentage: 50, windowSeconds: 5, releasePercent: 50"),
        [format!(
            "warning `percentage`, `windowSeconds` and `releasePercent` decide nothing: no metric is watched, {only}"
        )]
    );
    assert_eq!(
        said(&format!("percentage: 0, releaseWindowSeconds: 5, {}", cpu("cpu"))),
        [format!("warning `metrics` and `releaseWindowSeconds` decide nothing: the percentage is 0, {only}")]
    );
    let demand = format!("resources: {{cpu: 1, memory: 1Gi}}, offloading: {{percentage: 50, {}}}", cpu("gpu"));
    assert_eq!(
        of_deployment(&demand, &[LIMITED]),
        ["warning nothing is measured for the offloading metric `gpu`: it demands no GPU"]
    );
}

/// R1, L17: what a strategy says for the case that it waits, and does not; and the replica that there is anyway.
#[test]
fn r1_strategies_that_say_something_in_vain_are_found() {
    let said = |spec: &str| of_deployment(&format!("strategy: {{{spec}}}"), &[LIMITED]);
    let check = "checks: [{metric: error-rate, success: {atMost: 1}}]";
    nothing_is_said("strategy: {type: canary, whenIdle: proceed, minReplicas: 2}");
    nothing_is_said(&format!("strategy: {{type: rolling, whenIdle: proceed, {check}}}"));
    nothing_is_said(&format!(
        "strategy: {{type: canary, whenIdle: proceed, steps: [{{weight: 50, minRequests: 0}}], {check}}}"
    ));
    let idle = "warning m/d: `whenIdle` of deployment `m/d` decides nothing: its strategy has no checks and no step that \
                waits for requests";
    assert_eq!(said("type: blue-green, whenIdle: proceed"), [idle]);
    assert_eq!(said("type: canary, whenIdle: proceed, steps: [{weight: 50, minRequests: 0}]"), [idle]);
    assert_eq!(
        said("type: canary, minReplicas: 1"),
        ["warning m/d: `minReplicas: 1` of the strategy of deployment `m/d` decides nothing: what has a share of the \
          traffic has a replica"]
    );
}

/// R2: checks that no figure fails, or that none can pass.
#[test]
fn r2_checks_that_decide_nothing_are_found() {
    let said = |check: &str| {
        let said = of_deployment(&format!("strategy: {{type: rolling, checks: [{{{check}}}]}}"), &[LIMITED]);
        said.into_iter().map(|said| said.replace("warning m/d: ", "")).collect::<Vec<_>>()
    };
    for sound in [
        "metric: error-rate, success: {atMost: 1}",
        "metric: error-rate, success: {below: 100}",
        "metric: latency-p95, success: {atMost: 200}, failure: {above: 500}, inconclusiveLimit: 2",
        "metric: latency-p95, success: {atMost: 200}, count: 3, failureLimit: 2",
        "metric: latency-p95, success: {atMost: 200}, count: 3, failureLimit: unlimited, successes: 3",
        "metric: latency-p95, success: {atMost: 200}, failure: {above: 500}, count: 3, failureLimit: 3",
    ] {
        assert_eq!(said(sound), [""; 0], "{sound}");
    }
    let always = "so this condition decides nothing";
    assert_eq!(
        said("metric: error-rate, success: {atMost: 100}"),
        [format!("`error-rate` is always at most 100, {always}")]
    );
    assert_eq!(
        said("metric: error-rate, failure: {above: 100}"),
        [format!("`error-rate` is never above 100, {always}")]
    );
    assert_eq!(said("metric: cpu, success: {atLeast: 0}"), [format!("`cpu` is always at least 0, {always}")]);
    assert_eq!(said("metric: latency-p50, failure: {below: 0}"), [format!("`latency-p50` is never below 0, {always}")]);
    assert_eq!(
        said("metric: latency-p95, success: {atMost: 200}, failure: {atMost: 500}"),
        ["every success of the check of `latency-p95` counts as a failure, which wins"]
    );
    let inconclusive =
        "`inconclusiveLimit` of the check of `latency-p95` decides nothing: each figure is a success or a failure";
    assert_eq!(said("metric: latency-p95, success: {atMost: 200}, inconclusiveLimit: 2"), [inconclusive]);
    assert_eq!(
        said("metric: latency-p95, success: {atMost: 200}, failure: {above: 200}, inconclusiveLimit: 2"),
        [inconclusive]
    );
    assert_eq!(
        said("metric: latency-p95, success: {atMost: 200}, count: 3, successes: 4"),
        ["the check of `latency-p95` can never pass: 4 successes are asked of 3 measurements"]
    );
    for failures in ["3", "unlimited"] {
        assert_eq!(
            said(&format!("metric: latency-p95, success: {{atMost: 200}}, count: 3, failureLimit: {failures}")),
            ["the check of `latency-p95` passes whatever is measured: it bears as many failures as it measures"]
        );
    }
}

/// D1, D5: what nothing on the loaded clusters can be told apart by is worth a note.
#[test]
fn d5_preferences_that_no_cluster_answers_are_found() {
    let everything = "resources: {cpu: 1, memory: 1Gi, storage: 1Gi, bandwidth: 1Gbps}, replicas: 3, \
                      placement: {prefer: [price, packing, {near: {coordinates: [1, 2]}}], spread: {by: country}}";
    let of_nodes = "info `storage` and `bandwidth` decide nothing: no pool says how much of it a node has, which limits \
                    nothing";
    assert_eq!(
        of_deployment(everything, &["provider: p, country: us, flavors: [{type: cpu, name: x86}]"]),
        [
            "info `near` decides nothing: no cluster has coordinates",
            "info `packing` decides nothing: the nodes of every pool are unlimited",
            "info `price` decides nothing: no pool with a number of nodes has a price",
            "info `spread` decides nothing: all clusters stand in one country",
            of_nodes,
        ]
    );
    let pool = "cpuFlavor: x86, cpu: 4, memory: 8Gi, storage: 1Ti, bandwidth: 1Gbps, pricePerHour: 1";
    let limited = format!("provider: p, country: us, coordinates: [1, 2], pools: [{{name: a, nodes: 2, {pool}}}]");
    assert_eq!(of_deployment(everything, &[&limited, &limited.replace("us", "ca")]), [""; 0]);
    // Without clusters, nothing is known of them.
    assert_eq!(of_deployment(everything, &[]), [""; 0]);
}

/// D5: domains of which there is one, and what a constraint leaves out.
#[test]
fn d5_a_spread_over_one_domain_is_found() {
    let said = |by: &str, clusters: &[&str]| {
        of_deployment(&format!("replicas: 3, placement: {{spread: {{by: {by}}}}}"), clusters).len()
    };
    let at = |more: &str| format!("{more}, flavors: [{{type: cpu, name: x86}}]");
    let east = at("provider: aws, location: us-east-1, zone: us-east-1a");
    let other_zone = at("provider: aws, location: us-east-1, zone: us-east-1b");
    let west = at("provider: aws, location: us-west-2");
    let canada = at("provider: p, country: ca");
    for by in ["cluster", "zone", "location", "country", "continent", "provider"] {
        assert_eq!(said(by, &[&east]), 1, "{by}");
    }
    for (by, two) in [("cluster", &east), ("zone", &other_zone), ("location", &west), ("country", &canada)] {
        assert_eq!(said(by, &[&east, two]), 0, "{by}");
    }
    assert_eq!(said("provider", &[&east, &canada]), 0);
    assert_eq!((said("country", &[&east, &west]), said("continent", &[&east, &canada])), (1, 1));
    assert_eq!(said("zone, maxSkew: 1", &[&west]), 0, "what has no zone takes no replica");
    // One replica is spread over nothing.
    let alone = of_deployment("placement: {spread: {by: country}}", &[&east, &canada]);
    assert_eq!(alone, ["warning m/d: the spread of deployment `m/d` decides nothing: it has no more than one replica"]);
}

/// I1, I5: what is stated of nodes of which there are as many as are asked for, and of what nodes do not limit.
#[test]
fn i1_what_pools_say_in_vain_is_found() {
    let said = |more: &str| {
        let pool = format!("{{name: a, cpuFlavor: x86, cpu: 4, memory: 8Gi, {more}}}");
        found(&[document("Cluster", "c", &format!("provider: p, country: us, pools: [{pool}]"))])
    };
    assert_eq!(said("nodes: 2, pricePerHour: 1, replicasPerNode: 5, usedPerNode: [{replicas: 2}]"), [""; 0]);
    assert_eq!(
        said("nodes: unlimited, pricePerHour: 1, replicasPerNode: 5"),
        ["warning c: `pricePerHour` and `replicasPerNode` of pool `a` decide nothing: its nodes are unlimited"]
    );
    assert_eq!(
        said("nodes: 2, usedPerNode: [{cpu: 1}, {replicas: 2}]"),
        ["warning c: the `replicas` in use on pool `a` has no effect: its nodes do not state how many they may have"]
    );
    assert_eq!(
        said("nodes: 2, usedPerNode: [{cpu: 1}, {storage: 2Gi}]"),
        ["warning c: the `storage` in use on pool `a` has no effect: its nodes do not state how much they have"]
    );
}

/// P15: attributes that are listed twice, or that a pool bears with its cluster anyway.
#[test]
fn p15_attributes_that_are_borne_twice_are_found() {
    let said = |cluster: &str, pool: &str| {
        let workspace = document("Workspace", "w", "attributes: [c5, hipaa]");
        let pool = format!("{{name: a, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 8Gi, attributes: {pool}}}");
        let spec = format!("provider: p, country: us, attributes: {cluster}, pools: [{pool}]");
        found(&[workspace, document("Cluster", "c", &spec)])
    };
    assert_eq!(said("[c5]", "[hipaa]"), [""; 0]);
    assert_eq!(said("[c5, c5]", "[]"), ["warning c: `attributes` lists `c5` more than once"]);
    assert_eq!(said("[]", "[c5, c5]"), ["warning c: `pools.a.attributes` lists `c5` more than once"]);
    assert_eq!(said("[c5]", "[c5]"), ["info c: pool `a` bears `c5` with its whole cluster"]);
}

/// W9, P13: what an environment says beside what decides already.
#[test]
fn w9_environments_that_say_something_in_vain_are_found() {
    let said = |workspace: &str, spec: &str| {
        let policy = document("Policy", "us", "type: location, locations: [{type: country, name: us}]");
        let all = document("Workspace", "w", &format!("policies: [us], {workspace}"));
        found(&[policy, all, document("Environment", "e", spec)])
    };
    assert_eq!(said("require: []", "onLoss: move, graceSeconds: 10, require: [location]"), [""; 0]);
    assert_eq!(
        said("require: []", "onLoss: wait, graceSeconds: 10"),
        ["warning e: `graceSeconds` of environment `e` decides nothing: what is lost waits"]
    );
    assert_eq!(
        said("require: []", "require: [location, location]"),
        ["warning e: `require` lists `location` more than once"]
    );
    assert_eq!(
        said("require: [location]", "require: [location]"),
        ["info e: environment `e` requires `location`, as the workspace does"]
    );
}

/// P1, C4, C5, C7: what a list has twice, and what the built-in catalog has already.
#[test]
fn c4_what_is_listed_twice_or_known_already_is_found() {
    let workspace = |spec: &str| found(&[document("Workspace", "w", spec)]);
    let new = "groups: {nordics: [se, no]}, locations: [{name: onprem/oslo, country: no}], \
               flavors: [{type: gpu, name: t4, aliases: [Tesla-T4-OLD]}]";
    assert_eq!(workspace(new), [""; 0]);
    assert_eq!(
        workspace("groups: {nordics: [se, no, SWE]}"),
        ["warning w: `groups.nordics` lists `se` more than once"]
    );
    assert_eq!(
        workspace("locations: [{name: aws/us-east-1, country: us}]"),
        ["info w: location `aws/us-east-1` is built in, and nothing is added to it"]
    );
    assert_eq!(
        workspace("flavors: [{type: gpu, name: t4, aliases: [Tesla-T4]}]"),
        ["info w: gpu `t4` is built in, and nothing is added to it"]
    );
    let policy = "type: location, locations: [{type: country, name: us}], resourceTypes: [model, agent, model]";
    assert_eq!(found(&[document("Policy", "p", policy)]), ["warning p: `resourceTypes` lists `model` more than once"]);
}
