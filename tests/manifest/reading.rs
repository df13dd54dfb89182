//! Manifests as users write them: what they mean, and what is said of those that are wrong.

use siting::catalog::{Axis, ChoiceKind};
use siting::deployment::{Algorithm, Domain, Spread};
use siting::manifest::spec::{Allowed, Dialect, GpuSpec, NearSpec, PoolsSpec, PreferenceSpec, SiteKind, Specs};
use siting::manifest::{Kind, Reading, Source, read, read_str};
use siting::quantity::{Bandwidth, Bytes, Coordinates, Cpu, Money};
use siting::rollout::{BlueGreen, Settings, Strategy};

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
fn a_policy_names_options_by_their_codes() {
    let specs = specs(&document(
        "Policy",
        "{type: location, locations: [{type: country, name: NO}, {type: group, name: eea}], except: [{type: country, name: is}], resourceTypes: [model], description: 007}",
    ));
    let policy = &specs.policies[0];
    let Allowed::Listed(options) = &policy.options else { panic!("not everything") };
    assert_eq!((policy.axis, options[0].kind, options[0].name.as_str()), (Axis::Location, ChoiceKind::Country, "no"));
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
    assert_eq!(deployment.strategy, Some(Settings::of(Strategy::BlueGreen(BlueGreen::default()))));
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
            "3:11 missing-field metadata needs `name` (add `name: …`)",
            "3:12 unknown-field metadata has no field `nam` (did you mean `name` or `displayName`?)",
            "6:3 unknown-field a deployment's spec has no field `modle` (did you mean `model`?)",
            "7:13 out-of-range `replicas` cannot be `-1` (write a whole number from 0 to 4294967295)",
            "8:13 invalid-value `priority` must be a whole number, not `1e400` (write it with digits only, such as `12`)",
            "9:31 invalid-value `16Gib` is not an amount of memory or storage: `Gib` is no unit of it (write `16Gi`)",
            "9:51 invalid-value no GPUs are asked for, but they are described (leave out `type`, `memory` and `share`, or ask for at least one)",
            "10:22 wrong-type `enabled` must be `true` or `false`, not `yes` (write `true`)",
            "11:13 wrong-type `policies` must be a list, not a string (write `[one, two]`, or each entry on a line of its own after `- `)",
            "12:12 wrong-type `A` must be a string, not a number (put quotes around it)",
            "12:18 wrong-type `B` must be a string, not a boolean (put quotes around it)",
        ]
    );
}

#[test]
fn the_manifests_of_the_controller_page_mean_what_they_say() {
    let specs = specs(CONTROLLER_PAGE);
    let deployment = &specs.deployments[0];
    let beamlit = deployment.beamlit.as_ref().unwrap();
    assert_eq!(deployment.workload.as_str(), "my-model-on-Beamlit");
    assert_eq!((deployment.wanted_replicas(), deployment.resources.is_none()), (0, true));
    let policies: Vec<_> = deployment.policies.iter().map(|policy| (policy.policy.as_str(), policy.remote)).collect();
    assert_eq!(policies, [("my-policy", false), ("my-policy-on-beamlit", true)]);
    assert_eq!(beamlit.service_ref.as_ref().unwrap().target_port, Some(8080));
    let offloading = beamlit.offloading.as_ref().unwrap();
    assert_eq!((offloading.behavior.unwrap().percentage, offloading.metrics.len()), (Some(50), 1));
    let Allowed::Listed(options) = &specs.policies[0].options else { panic!("listed") };
    assert_eq!((options[0].name.as_str(), options[1].name.as_str()), ("us", "na"));
    assert!(matches!(specs.policies[0].dialect, Dialect::Beamlit(_)));
}

const CONTROLLER_PAGE: &str = r#"
apiVersion: deployment.beamlit.com/v1alpha1
kind: ModelDeployment
metadata:
  name: my-model
spec:
  model: my-model-on-Beamlit
  environment: production
  modelSourceRef:
    apiVersion: apps/v1
    kind: Deployment
    name: my-model
    namespace: default
  serviceRef:
    name: my-model
    namespace: default
    targetPort: 8080
  policies:
    - refType: localPolicy
      name: my-policy
    - refType: remotePolicy
      name: my-policy-on-beamlit
  offloadingConfig:
    behavior:
      percentage: 50
    metrics:
      - type: Resource
        resource:
          name: cpu
          target:
            type: Utilization
            averageUtilization: 90
---
apiVersion: authorization.beamlit.com/v1alpha1
kind: Policy
metadata:
  name: my-policy
spec:
  type: location
  locations:
    - type: country
      name: "us"
    - type: continent
      name: "na"
"#;

#[test]
fn p9_only_beamlits_format_reads_an_unset_flavor_list_as_everything() {
    let beamlit = "apiVersion: authorization.beamlit.com/v1alpha1\nkind: Policy\nmetadata: {name: p, namespace: default, uid: x}\nspec: {type: flavor, locations: []}\n";
    assert_eq!(specs(beamlit).policies[0].options, Allowed::Everything);
    assert_eq!(
        problems(&document("Policy", "{type: flavor}")),
        ["4:7 missing-field a policy's spec needs `flavors` (add `flavors: …`)"]
    );
    assert_eq!(
        problems(&document("Policy", "{type: flavor, flavors: [], resourceTypes: []}")),
        [
            "4:31 empty-list `flavors` is empty (list at least one)",
            "4:50 empty-list `resourceTypes` is empty (list at least one)",
        ]
    );
}

#[test]
fn p1_options_belong_to_the_type() {
    assert_eq!(
        problems(&document("Policy", "{type: gpu, flavors: [{type: cpu, name: x86}], locations: []}")),
        [
            "4:36 invalid-value a cpu does not belong in this list (write `type: flavor` for a policy that lists both kinds)",
            "4:65 unknown-field a policy of the type `flavor` has no `locations` (list its options under `flavors`, and the others in a policy of their own)",
        ]
    );
    let gpu = specs(&document("Policy", "{type: gpu, flavors: [{type: gpu, name: any}]}"));
    assert_eq!(gpu.policies[0].axis, Axis::Flavor);
}

#[test]
fn d1_demands_that_contradict_themselves_are_refused() {
    let demand = |gpu: &str| {
        problems(&document("Deployment", &format!("{{model: m, resources: {{cpu: 1, memory: 1Gi, gpu: {gpu}}}}}")))
    };
    assert_eq!(demand("{type: t4}"), ["4:56 missing-field a gpu demand needs `count` (add `count: …`)"]);
    assert_eq!(demand("{count: 2, share: 0.5}").len(), 1);
    assert_eq!(demand("{count: 0}"), Vec::<String>::new());
    assert_eq!(demand("{anyOf: []}").len(), 1);
    assert_eq!(
        demand("{anyOf: [{count: 0}]}"),
        ["4:73 out-of-range `count` cannot be `0` (write a whole number from 1 to 4294967295)"]
    );
    assert_eq!(
        demand("{anyOf: [{count: 1}], count: 1}"),
        [
            "4:64 invalid-value `anyOf` cannot be combined with other fields (move the other fields into its alternatives)"
        ]
    );
}

#[test]
fn settings_are_complete_and_in_range() {
    let faults = |spec: &str| problems(&document("Deployment", &format!("{{model: m, {spec}}}")));
    assert_eq!(
        faults("scaling: {minReplicas: 3, maxReplicas: 2}"),
        ["4:57 out-of-range `maxReplicas` is 2, below `minReplicas` (write 3 or more)"]
    );
    assert_eq!(
        faults("scaling: {minReplicas: 3}"),
        ["4:27 missing-field enabled scaling needs `maxReplicas` (add `maxReplicas: …`, or write `enabled: false`)"]
    );
    assert_eq!(faults("scaling: {enabled: false}"), Vec::<String>::new());
    assert_eq!(
        faults("scaling: {enabled: false, targetGpuUtilization: 0}"),
        ["4:66 out-of-range `targetGpuUtilization` cannot be `0` (write a whole number from 1 to 100)"]
    );
    assert_eq!(faults("loadBalancer: {algorithm: ip_hash}").len(), 2);
    assert_eq!(faults("loadBalancer: {algorithm: ip-hash, healthCheck: {path: health, intervalSeconds: 0}}").len(), 2);
    assert_eq!(faults("workload: {type: model, name: n}").len(), 1);
    assert_eq!(
        faults("placement: {}, offloading: {}"),
        ["4:45 missing-field offloading needs `percentage` (add `percentage: …`)"]
    );
    assert_eq!(faults("strategy: {type: rolling, surge: 2}").len(), 1);
    assert_eq!(
        faults("replicas: '3'"),
        ["4:28 wrong-type `replicas` must be a number, not a string (remove the quotes)"]
    );
    assert_eq!(faults("replicas: 010").len(), 1);
    assert_eq!(faults("replicas: 99999999999999999999").len(), 1);
}

#[test]
fn d5_preferences_keep_their_order() {
    let specs = specs(&document(
        "Deployment",
        "{model: m, placement: {prefer: [packing, {near: {country: FR}}, {near: {coordinates: [48.85, -2.35]}}, {favourites: [{cluster: a, weight: 10}, {location: aws/us-east-1}, {provider: gcp, weight: 1000}]}, price], spread: {by: location, maxSkew: 1}}}",
    ));
    let placement = specs.deployments[0].placement.as_ref().unwrap();
    let [packing, near_country, near_point, favourites, price] = &placement.prefer[..] else { panic!("five") };
    assert_eq!((packing, price), (&PreferenceSpec::Packing, &PreferenceSpec::Price));
    let PreferenceSpec::Near(NearSpec::Country(country)) = near_country else { panic!("a country") };
    assert_eq!((country.as_str(), country.origin.line, country.origin.column), ("fr", 4, 65));
    let point = Coordinates::from_micro_degrees(48_850_000, -2_350_000).unwrap();
    assert_eq!(*near_point, PreferenceSpec::Near(NearSpec::Coordinates(point)));
    let PreferenceSpec::Favourites(favourites) = favourites else { panic!("favourites") };
    let favourites: Vec<_> =
        favourites.iter().map(|favourite| (favourite.kind, favourite.name.as_str(), favourite.weight)).collect();
    assert_eq!(
        favourites,
        [(SiteKind::Cluster, "a", 10), (SiteKind::Location, "aws/us-east-1", 1), (SiteKind::Provider, "gcp", 1000)]
    );
    assert_eq!(placement.spread, Some(Spread::new(Domain::Location).within(1)));
}

#[test]
fn d5_preferences_may_be_few() {
    let placement = |placement: &str| {
        let specs = specs(&document("Deployment", &format!("{{model: m, placement: {placement}}}")));
        specs.deployments[0].placement.clone().map(|placement| (placement.prefer.len(), placement.spread))
    };
    let spread = Spread::new(Domain::Continent);
    assert_eq!(placement("{}"), Some((0, None)));
    assert_eq!(placement("{prefer: []}"), Some((0, None)));
    assert_eq!(placement("{spread: {by: continent}}"), Some((0, Some(spread))));
    assert_eq!(placement("{prefer: [{near: {country: fr}}, {near: {country: de}}]}"), Some((2, None)));
}

#[test]
fn d5_preferences_say_what_is_wrong_with_them() {
    let faults =
        |prefer: &str| problems(&document("Deployment", &format!("{{model: m, placement: {{prefer: {prefer}}}}}")));
    assert_eq!(
        faults("price"),
        [
            "4:38 wrong-type `prefer` must be a list, not a string (write `[one, two]`, or each entry on a line of its own after `- `)"
        ]
    );
    assert_eq!(
        faults("[prise, cheap, near, [], null]"),
        [
            "4:39 invalid-value a preference cannot be `prise` (did you mean `price`?)",
            "4:46 invalid-value a preference cannot be `cheap` (it must be one of `price`, `packing`, `near` and `favourites`)",
            "4:53 invalid-value a preference cannot be `near` (say what to be near, such as `near: {country: fr}`)",
            "4:59 wrong-type an entry of `prefer` must be a string, not a list (write a single string, in quotes if needed)",
            "4:63 wrong-type an entry of `prefer` has no value (remove it, or write a string)",
        ]
    );
    assert_eq!(
        faults("[price, {near: {country: fr}}, price, {near: {country: fr}}]"),
        [
            "4:69 invalid-value `prefer` lists the same `price` twice (keep the first)",
            "4:76 invalid-value `prefer` lists the same `near` twice (keep the first)",
        ]
    );
    let one_each = "write one of them in each entry; `price` and `packing` are written as plain words";
    assert_eq!(
        faults("[{near: {country: fr}, favourites: [{cluster: a}]}, {}]"),
        [
            format!("4:73 invalid-value a preference must have exactly one of `near` and `favourites` ({one_each})"),
            format!("4:90 missing-field a preference needs `near` or `favourites` ({one_each})"),
        ]
    );
    assert_eq!(
        faults("[{near: {}}, {near: {country: fr, coordinates: [1, 200]}}]"),
        [
            "4:46 missing-field a proximity preference needs `country` or `coordinates` (write `{country: fr}` or `{coordinates: [48.85, 2.35]}`)",
            "4:85 out-of-range `coordinates` is out of range (latitude is from -90 to 90, longitude from -180 to 180)",
            "4:85 invalid-value a proximity preference must have exactly one of `country` and `coordinates` (write `{country: fr}` or `{coordinates: [48.85, 2.35]}`)",
        ]
    );
    let own_entry = "give each place an entry of its own";
    assert_eq!(
        faults("[{favourites: []}, {favourites: [{cluster: a, provider: b, weight: 0}, {weight: 1001, region: c}]}]"),
        [
            "4:52 empty-list `favourites` is empty (list at least one)".to_owned(),
            format!("4:94 invalid-value a favourite must have exactly one of `cluster`, `location` and `provider` ({own_entry})"),
            "4:105 out-of-range `weight` cannot be `0` (write a whole number from 1 to 1000)".to_owned(),
            format!("4:109 missing-field a favourite needs `cluster`, `location` or `provider` ({own_entry})"),
            "4:118 out-of-range `weight` cannot be `1001` (write a whole number from 1 to 1000)".to_owned(),
            "4:124 unknown-field a favourite has no field `region` (its fields are `cluster`, `location`, `provider` and `weight`)".to_owned(),
        ]
    );
    let spread =
        |spread: &str| problems(&document("Deployment", &format!("{{model: m, placement: {{spread: {spread}}}}}")));
    assert_eq!(
        spread("{by: rack, maxSkew: 0}"),
        [
            "4:43 invalid-value `by` cannot be `rack` (it must be one of `cluster`, `location`, `zone`, `country`, `continent` and `provider`)",
            "4:58 out-of-range `maxSkew` cannot be `0` (write a whole number from 1 to 4294967295)",
        ]
    );
    assert_eq!(spread("{maxSkew: 1}"), ["4:38 missing-field spread needs `by` (add `by: …`)"]);
}

#[test]
fn i4_placements_are_read_whole_or_not() {
    let specs = specs(&document("Placement", "{deployment: bert/v1, cluster: use1, pool: g4dn, replicas: 4294967295}"));
    let running = &specs.running[0];
    assert_eq!((running.metadata.name.as_str(), running.replicas), ("it", u32::MAX));
    assert_eq!((running.deployment.as_str(), running.deployment.origin.column), ("bert/v1", 20));
    assert_eq!((running.cluster.as_str(), running.cluster.origin.column), ("use1", 38));
    assert_eq!((running.pool.as_str(), running.pool.origin.column), ("g4dn", 50));
    assert_eq!(
        problems(&document("Placement", "{deployment: bert/v1, replicas: 0, node: 3}")),
        [
            "4:7 missing-field a placement's spec needs `cluster` (add `cluster: …`)",
            "4:7 missing-field a placement's spec needs `pool` (add `pool: …`)",
            "4:39 out-of-range `replicas` cannot be `0` (write a whole number from 1 to 4294967295)",
            "4:42 unknown-field a placement's spec has no field `node` (its fields are `deployment`, `cluster`, `pool` and `replicas`)",
        ]
    );
    let one = document("Placement", "{deployment: bert/v1, cluster: use1, pool: g4dn, replicas: 1}");
    assert_eq!(
        problems(&[one.clone(), one].join("---\n")),
        ["8:18 duplicate placement `it` is defined twice (keep one, or give each its own name)"]
    );
}

#[test]
fn i6_broken_clusters_are_kept_apart() {
    let text = [
        document("Cluster", "{provider: aws, flavors: []}"),
        document("Cluster", "{provider: aws, flavors: [{type: gpu, name: t4}]}"),
        document("Cluster", "{provider: a/b, pools: [{name: p, nodes: -1, cpu: 0, memory: 16}], healthy: yes}")
            .replace("name: it", "name: other"),
        document("Cluster", "{provider: aws}").replace("name: it", "name: third"),
        document("Cluster", "{provider: aws, flavors: [{type: gpu, name: t4}]}").replace("name: it", "name: good"),
    ];
    let reading = read_str("x.yaml", &text.join("---\n"));
    assert!(reading.problems.is_empty());
    // Twins are for the workspace to settle.
    assert_eq!(reading.specs.clusters.len(), 2);
    let broken: Vec<_> = reading
        .specs
        .broken_clusters
        .iter()
        .map(|broken| (broken.name.as_deref().unwrap(), broken.problems.len()))
        .collect();
    // Of what is broken it stays known where it stands, as far as that can be read.
    let it = &reading.specs.broken_clusters[0];
    assert_eq!((it.provider.as_deref(), it.location.as_deref(), it.country.as_deref()), (Some("aws"), None, None));
    assert_eq!(broken, [("it", 1), ("other", 6), ("third", 1)]);
}

#[test]
fn headings_are_ours_or_not() {
    let heading = |version: &str, kind: &str| problems(&format!("apiVersion: {version}\nkind: {kind}\n"));
    assert_eq!(
        heading("siting.dev/v2", "Policy"),
        ["1:13 unknown-version unknown version `siting.dev/v2` (write `siting.dev/v1`)"]
    );
    assert_eq!(
        heading("sitting.dev/v1", "Policy"),
        ["1:13 unknown-version unknown API group `sitting.dev` (did you mean `siting.dev/v1`?)"]
    );
    assert_eq!(
        heading("siting.dev", "Policy"),
        ["1:13 unknown-version unknown version `siting.dev` (write `siting.dev/v1`)"]
    );
    assert_eq!(heading("siting.dev/v1", "Placements").len(), 1);
    assert_eq!(heading("siting.dev/v1", "Placement").len(), 2, "its metadata and its spec are missing");
    assert_eq!(heading("deployment.beamlit.com/v1alpha1", "ToolDeployment").len(), 1);
    assert_eq!(heading("siting.dev/v1", "Scenario"), Vec::<String>::new());
    assert_eq!(heading("siting.dev/v1", "PolicyTest"), Vec::<String>::new());
    assert_eq!(
        problems("spec: {}\n"),
        [
            "1:1 missing-field the document that begins with `spec` needs `apiVersion` (begin it with `apiVersion: siting.dev/v1` and its `kind`)",
            "1:1 missing-field the document that begins with `spec` needs `kind` (begin it with `apiVersion: siting.dev/v1` and its `kind`)",
        ]
    );
    assert_eq!(
        problems("just text\n"),
        [
            "1:1 wrong-type a document must be a mapping, not a string (write `{key: value}`, or each `key: value` on an indented line of its own)"
        ]
    );
    assert_eq!(problems("---\n---\n# nothing\n---\nnull\n"), Vec::<String>::new());
}

#[test]
fn documents_of_others_are_skipped_with_one_word() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nspec: {a: 1}\n---\napiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Service\n";
    let found = specs(text);
    assert_eq!(found.notices.len(), 1);
    assert_eq!(found.notices[0].message, "3 documents of other API groups were skipped: 1 of `apps`, 2 of `v1`");
    let many: String = (0..7).map(|n| format!("apiVersion: g{n}.example/v1\nkind: Thing\n---\n")).collect();
    assert!(specs(&many).notices[0].message.ends_with("1 of `g4.example`, 2 of 2 more groups"));
}

/// A document of ours under another group would go unread, and its policies with it.
#[test]
fn kinds_of_ours_under_other_groups_are_errors() {
    for kind in ["Policy", "Environment", "Workspace", "Deployment", "Cluster", "Placement", "Scenario", "PolicyTest"] {
        for version in ["policy.example.com/v1", "v1", "siting.example/v1", "apps.example/v1"] {
            let told = problems(&format!("apiVersion: {version}\nkind: {kind}\n"));
            assert_eq!(
                told,
                [format!(
                    "2:7 unknown-kind `{version}` is not known to have a kind `{kind}` (write `apiVersion: siting.dev/v1`, or keep documents of other tools elsewhere)"
                )]
            );
        }
    }
    for (version, kind) in [
        ("apps/v1", "Deployment"),
        ("kyverno.io/v1", "Policy"),
        ("cluster.x-k8s.io/v1beta1", "Cluster"),
        ("cluster.open-cluster-management.io/v1beta1", "Placement"),
    ] {
        assert_eq!(specs(&format!("apiVersion: {version}\nkind: {kind}\n")).notices.len(), 1, "{kind}");
    }
}

/// A Kubernetes `List` is read as its items, however deep it stands, with the places of what is wrong.
#[test]
fn lists_are_read_as_their_items() {
    let environment = |name: &str| {
        format!(
            "{{apiVersion: siting.dev/v1, kind: Environment, metadata: {{name: {name}}}, spec: {{require: [location]}}}}"
        )
    };
    let list =
        |items: &str| format!("{{apiVersion: v1, kind: List, metadata: {{resourceVersion: ''}}, items: [{items}]}}");
    let inner = list(&format!("{}, {}", environment("b"), environment("c")));
    let read = specs(&format!("{}\n", list(&format!("{}, {inner}", environment("a")))));
    let names: Vec<_> = read.environments.iter().map(|spec| spec.metadata.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(specs(&list("")).environments.len(), 0);
    assert_eq!(
        problems("apiVersion: v1\nkind: List\nitems:\n- apiVersion: siting.dev/v1\n  kind: Polcy\n- 3\n"),
        [
            "5:9 unknown-kind `siting.dev/v1` has no kind `Polcy` (did you mean `Policy`?)",
            "6:3 wrong-type a document must be a mapping, not a number (write `{key: value}`, or each `key: value` on an indented line of its own)"
        ]
    );
    for (text, said) in [
        ("apiVersion: v1\nkind: List\n", "needs `items`"),
        ("apiVersion: v1\nkind: List\nitems: {}\n", "must be a list"),
        ("apiVersion: v1\nkind: List\nitem: []\nitems: []\n", "no field `item`"),
    ] {
        assert!(problems(text).iter().any(|problem| problem.contains(said)), "{:?}", problems(text));
    }
}

#[test]
fn two_of_one_name_are_told_of_both_places() {
    let beamlit = CONTROLLER_PAGE.split("---\n").nth(1).unwrap();
    let native =
        document("Policy", "{type: gpu, flavors: [{type: gpu, name: t4}]}").replace("name: it", "name: my-policy");
    let reading = read_str("x.yaml", &format!("{beamlit}---\n{native}"));
    assert_eq!(
        shown(&reading),
        ["15:18 duplicate policy `my-policy` is defined twice (keep one, or give each its own name)"]
    );
    assert_eq!(reading.problems[0].related[0].origin.line, 4);
    assert_eq!(reading.specs.policies.len(), 1);

    let deployment = |workload: &str| document("Deployment", &format!("{{model: {workload}}}"));
    assert_eq!(problems(&[deployment("a"), deployment("b")].join("---\n")).len(), 0);
    assert_eq!(
        problems(&[deployment("a"), deployment("a")].join("---\n")),
        ["8:18 duplicate deployment `a/it` is defined twice (keep one, or give each its own name)"]
    );
    let workspace = document("Workspace", "{}");
    assert_eq!(problems(&[workspace.clone(), workspace].join("---\n")).len(), 1);
}

#[test]
fn what_could_not_be_read_is_still_known_by_name() {
    let reading = read_str("x.yaml", &document("Policy", "{type: location}"));
    assert_eq!(reading.unread, [(Kind::Policy, "it".to_owned())]);
}

#[test]
fn one_syntax_error_hides_nothing_else() {
    let broken = "a: [1, 2\n---\n";
    let good = document("Environment", "{}");
    let reading = read(&[
        Source::new(
            "a.yaml",
            format!(
                "{}---\n{broken}{}",
                document("Environment", "{polices: []}"),
                good.replace("name: it", "name: after")
            ),
        ),
        Source::new("b.yaml", good.replace("name: it", "name: b")),
        Source::new("c.yaml", "x:\n\ty: 1\n"),
    ]);
    let places: Vec<_> =
        reading.problems.iter().map(|problem| (problem.origin.to_string(), problem.code.as_str())).collect();
    assert_eq!(
        places,
        [
            ("a.yaml:4:8".to_owned(), "unknown-field"),
            ("a.yaml:6:4".to_owned(), "invalid-syntax"),
            ("c.yaml:2:2".to_owned(), "invalid-syntax")
        ]
    );
    assert_eq!(reading.specs.environments.len(), 3);
}

#[test]
fn duplicate_keys_name_both_places() {
    let reading = read_str("x.yaml", &document("Policy", "{type: gpu, flavors: [{type: gpu, name: t4}], type: cpu}"));
    assert_eq!(shown(&reading), ["4:53 duplicate the key `type` appears twice (keep one of them)"]);
    assert_eq!(reading.problems[0].related[0].origin.column, 8);
}

#[test]
fn places_count_characters_in_every_notation() {
    let place = |text: &str| {
        read_str("x", text)
            .problems
            .iter()
            .map(|it| (it.origin.line, it.origin.column, it.origin.length))
            .collect::<Vec<_>>()
    };
    let yaml = document("Environment", "{onViolation: 'grün', möve: 1}");
    assert_eq!(place(&yaml), [(4, 21, 6), (4, 29, 4)]);
    assert_eq!(place(&yaml.replace('\n', "\r\n")), [(4, 21, 6), (4, 29, 4)]);
    assert_eq!(place(&format!("\u{feff}{yaml}")), [(4, 21, 6), (4, 29, 4)]);
    let json = "{\"apiVersion\": \"siting.dev/v1\", \"kind\": \"Environment\",\n\t\"metadata\": {\"name\": \"\\u00e9\\ud83d\\ude00\"},\n\t\"spec\": {\"wrong\": [null]}}";
    assert_eq!(place(json), [(3, 11, 7)]);
    let list = format!("[{json},\n{json}]");
    assert_eq!(place(&list).len(), 3, "two unknown fields and one duplicate name");
}

#[test]
fn what_holds_nothing_is_not_absent() {
    // An emptied restriction would turn into none (P1, P13, I3).
    let list = |field: &str| format!("`{field}` has no value (remove it, or list at least one)");
    for (kind, field, rest) in [
        ("Policy", "resourceTypes", "type: location, locations: [{type: country, name: us}]"),
        ("Policy", "except", "type: location, locations: [{type: country, name: us}]"),
        ("Environment", "policies", ""),
        ("Environment", "require", ""),
        ("Workspace", "require", ""),
        ("Deployment", "policies", "model: m"),
    ] {
        let found = problems(&document(kind, &format!("{{{field}: , {rest}}}")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with(&format!("empty-list {}", list(field))), "{found:?}");
    }
    for (kind, field, wanted, rest) in [
        ("Cluster", "healthy", "`true` or `false`", "provider: p, country: us, flavors: [{type: cpu, name: x86}]"),
        ("Cluster", "cordoned", "`true` or `false`", "provider: p, country: us, flavors: [{type: cpu, name: x86}]"),
        ("Deployment", "environment", "a string", "model: m"),
        ("Deployment", "resources", "a mapping", "model: m"),
        ("Deployment", "replicas", "a whole number", "model: m"),
        ("Environment", "policies: [{name: a, enforcement", "a string", "}]"),
    ] {
        let close = if rest == "}]" { "}]" } else { "" };
        let rest = if close.is_empty() { format!(", {rest}") } else { String::new() };
        let found = problems(&document(kind, &format!("{{{field}: null{close}{rest}}}")));
        let name = field.rsplit(' ').next().unwrap_or_default();
        let said = format!("wrong-type `{name}` has no value (remove it, or write {wanted})");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with(&said), "{found:?}");
    }
    let family = "{flavors: [{type: gpu, name: x900, family: null}]}";
    assert_eq!(problems(&document("Workspace", family)), Vec::<String>::new());
    // Kubernetes leaves nulls behind, and means nothing by them.
    let beamlit = "apiVersion: authorization.beamlit.com/v1alpha1\nkind: Policy\nmetadata: {name: f, labels: }\nspec: {type: flavor, flavors: , locations: null}\nstatus:\n";
    assert_eq!(problems(beamlit), Vec::<String>::new());
}

#[test]
fn l11_secrets_are_not_quoted() {
    for spec in [
        "{model: m, env: 12345}",
        "{model: m, env: [12345]}",
        "{model: m, env: {A: 12345, B: [12345], A: 12345, C: {D: 12345}}}",
    ] {
        let found = problems(&document("Deployment", spec));
        assert!(!found.is_empty() && found.iter().all(|problem| !problem.contains("12345")), "{found:?}");
    }
}
