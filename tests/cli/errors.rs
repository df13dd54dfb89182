//! What users see when their manifests are wrong: one snapshot for each family of mistakes.

use crate::support::Folder;

/// Checks manifests that must not load, and shows what is said of them.
fn shown(files: &[(&str, &str)]) -> String {
    said(&Folder::of(files))
}

fn said(folder: &Folder) -> String {
    let answer = folder.run(&["check", "@"]);
    assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{answer:?}");
    // Programs get as many errors as people.
    let report = folder.run(&["check", "@", "-o", "json"]);
    assert_eq!((report.status, &report.err), (2, &answer.err));
    let report = report.json();
    assert_eq!(report["kind"], "ErrorReport");
    let errors = report["errors"].as_array().unwrap();
    for error in errors {
        assert!(answer.err.contains(&format!("error[{}]: ", error["code"].as_str().unwrap())), "{error}");
    }
    assert_eq!(errors.len(), answer.err.lines().filter(|line| line.starts_with("error[")).count());
    // No secret of these tests is ever shown (L11).
    for secret in ["hunter", "90210", "12345"] {
        assert!(!answer.err.contains(secret) && !report.to_string().contains(secret), "{}", answer.err);
    }
    answer.err
}

/// A document of a kind with this spec.
fn document(kind: &str, spec: &str) -> String {
    format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: it}}\nspec: {spec}\n")
}

fn of(kind: &str, spec: &str) -> String {
    shown(&[("it.yaml", &document(kind, spec))])
}

/// A snapshot for each case.
macro_rules! errors {
    ($($name:ident: $shown:expr;)+) => {$(
        #[test]
        fn $name() {
            let shown = $shown;
            insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
                insta::assert_snapshot!(stringify!($name), shown);
            });
        }
    )+};
}

errors! {
    unknown_field: of("Deployment", "{model: bert, polices: [eu]}");
    unknown_policy: shown(&[("a.yaml", "\
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: europe-only}
spec: {type: location, locations: [{type: continent, name: eu}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: staging}
spec: {policies: [europ-only]}
")]);
    unknown_environment: of("Deployment", "{model: bert, environment: prodution}");
    unknown_country: of("Policy", "{type: location, locations: [{type: country, name: germny}]}");
    unknown_location: of("Policy", "{type: location, locations: [{type: location, name: aws/us-esat-1}]}");
    unknown_flavor: of("Policy", "{type: flavor, flavors: [{type: gpu, name: h1000}]}");
    unknown_resource_type: of("Deployment", "{workload: {type: modle, name: bert}}");
    unknown_favourite: shown(&[
        ("clusters.yaml", &cluster("use1-prod-a", 1)),
        ("it.yaml", &document("Deployment", "
  model: bert
  placement:
    prefer: [price, {favourites: [{cluster: use1-prod-b, weight: 10}, {location: aws/us-esat-1}, {provider: awz}]}]")),
    ]);
    unknown_running: shown(&[
        ("clusters.yaml", &cluster("use1-prod-a", 1)),
        ("deployments.yaml", &document("Deployment", "{model: bert}")),
        ("running.yaml", &document("Placement", "{deployment: brt/it, cluster: use1-prod-b, pool: m5, replicas: 2}")),
    ]);
    unknown_default_environment: of("Workspace", "{defaultEnvironment: live}");
    wrong_type: of("Deployment", "{model: bert, policies: europe, env: {PORT: 8080}}");
    secret_values: shown(&[
        ("block.yaml", "\
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: it}
spec:
  model: bert
  env:
    TOKEN: 90210
    KEY:
      - hunter2
    TOKEN: hunter3
"),
        ("flow.yaml", &document("Deployment", "{model: bert, env: {TOKEN: [hunter2], B: 12345}, replicas: many}")),
        ("remote.yaml", "\
apiVersion: deployment.beamlit.com/v1alpha1
kind: ModelDeployment
metadata: {name: it}
spec:
  model: bert
  modelSourceRef: {}
  offloadingConfig:
    remoteBackend:
      authConfig: {type: oauth, oauthConfig: {clientId: me, clientSecret: [hunter2]}}
      headersToAdd: {Authorization: 90210}
"),
        ("unreadable.yaml", "apiVersion: siting.dev/v1\nkind: Deployment\nspec: {env: {TOKEN: hunter2, KEY: \"hunter3}\n"),
    ]);
    duplicate_name: shown(&[
        ("a.yaml", &document("Policy", "{type: location, locations: [{type: continent, name: eu}]}")),
        ("b.yaml", &document("Policy", "{type: location, locations: [{type: continent, name: na}]}")),
    ]);
    duplicate_cluster: shown(&[
        ("a.yaml", &document("Cluster", "{provider: aws, country: us, flavors: [{type: cpu, name: x86}]}")),
        ("b.yaml", &document("Cluster", "{provider: gcp, country: fr, flavors: [{type: cpu, name: arm}]}")),
    ]);
    duplicate_key: of("Deployment", "\n  model: bert\n  replicas: 2\n  model: llama");
    empty_list: of("Policy", "{type: location, locations: []}");
    policy_allows_nothing:
        of("Policy", "{type: location, locations: [{type: country, name: de}], except: [{type: continent, name: eu}]}");
    missing_country: of("Cluster", "{provider: onprem, location: oslo-1, flavors: [{type: cpu, name: x86}]}");
    false_country:
        of("Cluster", "{provider: aws, location: us-east-1, country: fr, flavors: [{type: cpu, name: x86}]}");
    numbers_out_of_range: shown(&[("it.yaml", &document("Deployment", "
  model: bert
  replicas: -1
  priority: 1e400
  resources: {cpu: 4, memory: 16Gib}
  scaling: {minReplicas: 3, maxReplicas: 2, targetCpuUtilization: 101}"))]);
    over_used_pool: of("Cluster", "
  provider: onprem
  country: no
  pools: [{name: big, nodes: 2, cpuFlavor: x86, cpu: 4, memory: 16Gi, used: {cpu: 9, memory: 16Gi}}]");
    over_used_by_what_runs: shown(&[
        ("clusters.yaml", &cluster("use1-prod-a", 3)),
        ("deployments.yaml", &document("Deployment", "{model: bert, resources: {cpu: 3, memory: 1Gi}}")),
        ("running.yaml", &document("Placement", "{deployment: bert/it, cluster: use1-prod-a, pool: m5, replicas: 4}")),
    ]);
    wrong_preferences: of("Deployment", "
  model: bert
  placement:
    prefer:
      - cheapest
      - near: {country: fr, coordinates: [48.85, 2.35]}
      - price
      - price
    spread: {by: rack}");
    unknown_kind: of("Polcy", "{}");
    unknown_version: shown(&[("it.yaml", "apiVersion: siting.dev/v2\nkind: Policy\nmetadata: {name: it}\n")]);
    near_miss_of_our_group: shown(&[("it.yaml", "apiVersion: sitting.dev/v1\nkind: Policy\nmetadata: {name: it}\n")]);
    missing_api_version: shown(&[("it.yaml", "kind: Policy\nmetadata: {name: it}\n")]);
    invalid_yaml: shown(&[("it.yaml", "apiVersion: siting.dev/v1\nkind: Policy\nmetadata: {name: it\nspec: {}\n")]);
    invalid_json: shown(&[("it.json", "{\"apiVersion\": \"siting.dev/v1\", \"kind\": \"Policy\",, }")]);
    invalid_utf8: said(&Folder::of(&[("it.yaml", b"apiVersion: siting.dev/v1\nkind: \xff\xfe\n")]));
    deep_nesting: shown(&[("it.yaml", &("[".repeat(2000) + &"]".repeat(2000)))]);
    alias_bomb: shown(&[("it.yaml", &bomb())]);
    one_long_line: shown(&[("it.json", &long_line())]);
    garbled_text: of("Deployment", "{model: bert, \"po\\e[31mlices\": [], 'x\u{202e}y': 1}");
    several_at_once: shown(&[
        ("clusters.yaml", &document("Cluster", "{provider: aws, location: nowhere, flavors: [{type: gpu, name: t5}]}")),
        ("deployments.yaml", &document("Deployment", "{model: bert, environment: live, replicas: many}")),
        ("policies.yaml", &document("Policy", "{type: place, locations: [{type: country, name: xx}]}")),
    ]);
}

/// A cluster with a pool `m5` of so many nodes.
fn cluster(name: &str, nodes: u32) -> String {
    let pool = format!("{{name: m5, nodes: {nodes}, cpuFlavor: x86, cpu: 4, memory: 16Gi}}");
    let spec = format!("{{provider: aws, location: us-east-1, pools: [{pool}]}}");
    document("Cluster", &spec).replace("name: it", &format!("name: {name}"))
}

/// Nine levels of nine aliases each.
fn bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    text
}

/// Ten megabytes on one line, with a mistake in their midst.
fn long_line() -> String {
    let policy = |name: &str, country: &str| {
        format!(
            r#"{{"apiVersion": "siting.dev/v1", "kind": "Policy", "metadata": {{"name": "{name}"}}, "spec": {{"type": "location", "locations": [{{"type": "country", "name": "{country}"}}]}}}}"#
        )
    };
    let sound = |from: usize| (from..from + 30_000).map(|index| policy(&format!("p{index}"), "de"));
    let all: Vec<_> = sound(0).chain([policy("bad", "dee")]).chain(sound(30_000)).collect();
    format!("[{}]", all.join(", "))
}

#[test]
fn unreadable_files_are_named() {
    let folder = Folder::of(&[("it.yaml", "")]);
    let answer = folder.run(&["place", "@/it.yaml", "@/no/such.yaml"]);
    assert_eq!(answer.status, 2);
    assert_eq!(
        answer.err,
        "error[unreadable-file]: `no/such.yaml` cannot be read: it does not exist\n--> no/such.yaml\n"
    );
}

/// What was given on the command line is shown as one line of what can be shown.
#[test]
fn arguments_are_fit_to_be_shown() {
    let answer = Folder::of::<String>(&[]).run(&["place", "x", "--bo\u{202e}gus\u{1b}[2J\n\u{7}"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("--bo"), "{}", answer.err);
    let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    assert!(!answer.err.contains(raw) && !answer.err.contains("gus\n"), "{}", answer.err.escape_debug());
}
