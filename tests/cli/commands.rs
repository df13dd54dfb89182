//! The command line as users and programs meet it: what it prints, and what it ends with.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use crate::support::Folder;
use serde_json::{Value, json};
use siting::cli::{ExitStatus, Terminal, run};

const FLEET: &str = r#"
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: us-or-norway}
spec: {type: location, locations: [{type: country, name: us}, {type: country, name: "no"}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: norway}
spec: {type: location, locations: [{type: country, name: "no"}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: virginia}
spec: {type: location, locations: [{type: location, name: aws/us-east-1}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: t4-only}
spec: {type: flavor, flavors: [{type: gpu, name: t4}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [us-or-norway, {name: t4-only, enforcement: audit}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: arctic}
spec: {policies: [norway]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert, replicas: 3, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1, type: t4}}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: llama, policies: [virginia], replicas: 0, resources: {cpu: 1, memory: 1Gi}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v2}
spec: {model: llama, environment: arctic, policies: [virginia]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: use1}
spec:
  provider: aws
  location: us-east-1
  pools:
    - {name: g4dn, nodes: 12, cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: t4, count: 1}, pricePerHour: "0.526"}
    - {name: m5, nodes: unlimited, cpuFlavor: x86, cpu: 4, memory: 16Gi}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
"#;

const BROKEN_CLUSTERS: &str = "
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: nowhere}
spec: {provider: onprem, location: x, flavors: [{type: gpu, name: t4}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: atlantis}
spec: {provider: onprem, country: atl, flavors: [{type: gpu, name: t4}]}
";

fn fleet() -> Folder {
    Folder::of(&[("fleet.yaml", FLEET)])
}

fn keys(value: &Value) -> Vec<&str> {
    // serde_json's own order is by name here, so these say what is there, not in which order.
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn place_reports_what_the_interface_says() {
    let answer = fleet().run(&["place", "@", "-o", "json"]);
    assert_eq!((answer.status, answer.err.as_str()), (1, ""));
    let gpu = json!({"type": "gpu", "name": "t4"});
    let report = answer.json();
    assert_eq!(keys(&report), ["apiVersion", "currency", "deployments", "fingerprints", "kind", "made", "revision"]);
    assert_eq!(
        (&report["apiVersion"], &report["kind"], &report["currency"]),
        (&json!("siting.dev/v1"), &json!("PlacementReport"), &json!("USD"))
    );
    assert_eq!(
        report["deployments"][0],
        json!({
            "name": "v1", "workload": {"type": "model", "name": "bert"}, "environment": "production",
            "verdict": "placed",
            "scope": {
                "locations": {"state": "restricted", "countries": ["no", "us"], "locations": []},
                "flavors": {"state": "unrestricted", "flavors": null},
                "providers": {"state": "unrestricted", "providers": null},
                "capacity": {"state": "unrestricted", "capacity": null},
            },
            "candidateCount": 1,
            "placements": [
                {"cluster": "use1", "pool": "g4dn", "flavor": gpu, "replicas": 3, "pricePerHour": "1.578"},
            ],
            "refusal": null,
            "audit": [{"policy": "t4-only", "level": "environment", "loses": 0, "gains": 0, "verdict": "placed"}],
        })
    );
    let asleep = &report["deployments"][1];
    assert_eq!(
        asleep["scope"]["locations"],
        json!({"state": "restricted", "countries": [], "locations": ["aws/us-east-1"]})
    );
    let cpu = json!({"type": "cpu", "name": "x86"});
    assert_eq!(
        asleep["placements"],
        json!([{"cluster": "use1", "pool": "m5", "flavor": cpu, "replicas": 0, "pricePerHour": null}])
    );
    let refused = &report["deployments"][2];
    assert_eq!(refused["verdict"], "refused");
    assert_eq!(refused["scope"]["locations"], json!({"state": "conflict", "countries": [], "locations": []}));
    assert_eq!((&refused["placements"], &refused["audit"]), (&json!([]), &json!([])));
    let refusal = &refused["refusal"];
    // D7: the least changes, each with whose it is.
    let remedies = refusal["remedies"].as_array().unwrap();
    assert!(remedies.iter().all(|remedy| keys(remedy) == ["changes", "opens", "owner"]), "{remedies:#?}");
    assert!(!remedies.is_empty());
    assert_eq!((&refusal["wanted"], &refusal["fitting"], &refusal["clusters"]), (&json!(1), &json!(0), &json!(2)));
    assert_eq!(
        refusal["reasons"][0],
        json!({
            "code": "policy-conflict",
            "message": "the levels' location policies leave nothing together: `norway` (environment), `virginia` (deployment)",
            "next": "detach or widen a policy of one of these levels",
            "policies": [{"name": "norway", "level": "environment"}, {"name": "virginia", "level": "deployment"}],
            "removedAlone": 2, "leftAfter": 0,
        })
    );
}

#[test]
fn people_get_tables_and_sentences() {
    let folder = fleet();
    for (name, args) in [
        ("place", &["place", "@", "--candidates"][..]),
        ("explain", &["explain", "@", "-d", "bert/v1"]),
        ("explain_refused", &["explain", "@", "-d", "v2"]),
        ("explain_cluster", &["explain", "@", "-d", "llama/v1", "-c", "use1"]),
        ("options", &["options", "@"]),
        ("check", &["check", "@"]),
    ] {
        let answer = folder.run(args);
        assert_eq!(answer.err, "");
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("people_{name}"), answer.out);
        });
    }
}

#[test]
fn fields_stand_in_the_order_of_the_interface() {
    let out = fleet().run(&["place", "@", "-o", "json", "--candidates"]).out;
    let order = [
        "apiVersion",
        "kind",
        "currency",
        "deployments",
        "name",
        "workload",
        "environment",
        "verdict",
        "scope",
        "candidateCount",
        "candidates",
        "placements",
        "refusal",
        "audit",
    ];
    let mut at = 0;
    for field in order {
        at += out[at..].find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("{field} comes too early: {out}"));
    }
}

#[test]
fn candidates_are_listed_when_asked_for() {
    let report = fleet().run(&["place", "@", "-o", "json", "--candidates"]).json();
    let gpu = json!({"type": "gpu", "name": "t4"});
    assert_eq!(report["deployments"][0]["candidates"], json!([{"cluster": "use1", "pool": "g4dn", "flavor": gpu}]));
    assert_eq!(report["deployments"][2]["candidates"], json!([]));
}

#[test]
fn one_deployment_is_decided_alone() {
    let folder = fleet();
    assert_eq!(folder.run(&["place", "@", "-d", "bert/v1"]).status, 0);
    assert_eq!(folder.run(&["place", "@", "-d", "v2"]).status, 1);
    let report = folder.run(&["place", "@", "-d", "model/llama/v1", "-o", "json"]).json();
    assert_eq!(report["deployments"].as_array().unwrap().len(), 1);
    let several = folder.run(&["place", "@", "-d", "v1"]);
    assert_eq!(several.status, 2);
    assert!(several.err.contains("did you mean `model/bert/v1` or `model/llama/v1`?"), "{}", several.err);
}

#[test]
fn independent_decisions_take_nothing_from_each_other() {
    let two = "
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: one}
spec:
  provider: onprem
  country: fr
  pools: [{name: p, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 1Gi}]
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: a}
spec: {model: m, resources: {cpu: 1, memory: 1Gi}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: b}
spec: {model: m, resources: {cpu: 1, memory: 1Gi}}
";
    let folder = Folder::of(&[("two.yaml", two)]);
    let verdicts = |args: &[&str]| {
        let report = folder.run(args).json();
        let all = report["deployments"].as_array().unwrap();
        all.iter().map(|one| one["verdict"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&["place", "@", "-o", "json"]), ["placed", "refused"]);
    assert_eq!(verdicts(&["place", "@", "-o", "json", "--independent"]), ["placed", "placed"]);
    assert_eq!(verdicts(&["place", "@", "-o", "json", "-d", "b"]), ["placed"]);
}

#[test]
fn explain_reports_what_the_interface_says() {
    let folder = fleet();
    let whole = folder.run(&["explain", "@", "-d", "bert/v1", "-o", "json"]);
    assert_eq!(whole.status, 0);
    let report = whole.json();
    let expected =
        ["apiVersion", "candidateCount", "deployment", "fingerprints", "kind", "reasons", "scope", "verdict"];
    assert_eq!(keys(&report), expected);
    assert_eq!((&report["kind"], &report["deployment"]), (&json!("Explanation"), &json!("bert/v1")));
    let codes: Vec<_> = report["reasons"].as_array().unwrap().iter().map(|reason| &reason["code"]).collect();
    assert_eq!(codes, ["location-not-allowed", "no-such-flavor", "does-not-fit-node", "insufficient-capacity"]);

    let here = folder.run(&["explain", "@", "-d", "bert/v1", "-c", "use1", "-o", "json"]);
    assert_eq!(here.status, 0);
    let report = here.json();
    assert_eq!((&report["cluster"], &report["allowed"]), (&json!("use1"), &json!(true)));
    assert_eq!(
        report["admittedBy"],
        json!([{"policy": "us-or-norway", "level": "environment", "option": {"type": "country", "name": "us"}}])
    );
    assert_eq!(report["pools"][1], json!({"pool": "g4dn", "flavor": {"type": "gpu", "name": "t4"}, "reasons": []}));

    let there = folder.run(&["explain", "@", "-d", "bert/v1", "-c", "paris", "-o", "json"]);
    assert_eq!(there.status, 1);
    let report = there.json();
    assert_eq!((&report["allowed"], &report["admittedBy"]), (&json!(false), &json!([])));
    assert_eq!(
        report["pools"][0]["reasons"],
        json!([{
            "code": "location-not-allowed",
            "message": "the place is not allowed by `us-or-norway` (environment)",
            "next": "choose what `siting options` lists, or have one policy of each level allow it",
            "policies": [{"name": "us-or-norway", "level": "environment"}],
        }])
    );
    assert_eq!(folder.run(&["explain", "@", "-d", "v2"]).status, 1);
}

/// D2, D6: an unhealthy or full cluster is not forbidden; the first line says what it is.
#[test]
fn one_cluster_is_a_candidate_or_none() {
    let head = "apiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {name: d}\n\
                spec: {model: m, resources: {cpu: 4, memory: 1Gi}}\n";
    let cluster = |name: &str, state: &str, used: &str| {
        format!(
            "---\napiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {{provider: p, country: de, \
             {state} pools: [{{name: p, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 8Gi {used}}}]}}\n"
        )
    };
    let text = [
        head.to_owned(),
        cluster("free", "", ""),
        cluster("full", "", ", used: {cpu: 1}"),
        cluster("ill", "healthy: false,", ""),
    ];
    let folder = Folder::of(&[("it.yaml", text.concat())]);
    for (name, expected, status) in [
        ("free", "m/d (model, environment production): candidate on free", 0),
        ("full", "m/d (model, environment production): candidate on full, but full now", 0),
        ("ill", "m/d (model, environment production): no candidate on ill", 1),
    ] {
        let answer = folder.run(&["explain", "@", "-d", "d", "-c", name]);
        assert_eq!((answer.out.lines().next(), answer.status), (Some(expected), status), "{answer:?}");
    }
}

/// D6: a description says why nothing runs as `place` does, and programs get a list.
#[test]
fn a_description_lists_what_stands_in_the_way() {
    let folder = fleet();
    let described = folder.run(&["describe", "@", "-d", "v2"]);
    assert!(described.out.contains("Placement, if it were pushed now: refused\n"), "{}", described.out);
    let placed = folder.run(&["place", "@", "-d", "v2"]);
    let lines = |text: &str| -> Vec<Vec<String>> {
        let rows = text.lines().filter(|line| line.contains(" alone, "));
        rows.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let (described, placed) = (lines(&described.out), lines(&placed.out));
    assert!(!placed.is_empty() && placed.iter().all(|line| described.contains(line)), "{described:?}");
    let described = folder.run(&["describe", "@", "-d", "v2", "-o", "json"]).json();
    let reasons = described["deployment"]["placement"]["reasons"].clone();
    let refused = folder.run(&["place", "@", "-d", "v2", "-o", "json"]).json();
    assert_eq!(reasons, refused["deployments"][0]["refusal"]["reasons"]);
}

/// A number of steps behind a space would be a file's name.
#[test]
fn the_steps_of_optimize_stand_behind_an_equals_sign() {
    let answer = fleet().run(&["place", "@", "--optimize", "5"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("write `--optimize=5`"), "{}", answer.err);
}

#[test]
fn options_are_counted() {
    let folder = fleet();
    let answer = folder.run(&["options", "@", "-o", "json", "--given", "gpu:T4"]);
    assert_eq!(answer.status, 0);
    let report = answer.json();
    assert_eq!(
        keys(&report),
        [
            "apiVersion",
            "capacity",
            "environment",
            "fingerprints",
            "flavors",
            "given",
            "kind",
            "locations",
            "providers",
            "reasons",
            "workloadType"
        ]
    );
    assert_eq!(report["kind"], "OptionsReport");
    assert_eq!((&report["environment"], &report["reasons"]), (&json!("production"), &json!([])));
    assert_eq!(
        report["locations"],
        json!([
            {"type": "continent", "name": "na", "clusters": 1},
            {"type": "country", "name": "us", "clusters": 1},
            {"type": "location", "name": "aws/us-east-1", "clusters": 1},
        ])
    );
    assert_eq!(report["flavors"], json!([{"type": "gpu", "name": "t4", "clusters": 1}]));
    assert_eq!(report["capacity"], json!([{"type": "capacity", "name": "on-demand", "clusters": 1}]));
    let table = folder.run(&["options", "@", "-e", "arctic", "-t", "agent"]);
    assert_eq!(
        table.out,
        "For an agent in arctic, nothing is left: no healthy, uncordoned cluster satisfies the policies and the options chosen\n"
    );
    let nothing = folder.run(&["options", "@", "-e", "arctic", "-t", "agent", "-o", "json"]).json();
    assert_eq!((&nothing["environment"], &nothing["workloadType"]), (&json!("arctic"), &json!("agent")));
    let reason = "no healthy, uncordoned cluster satisfies the policies and the options chosen";
    assert_eq!(nothing["reasons"], json!([reason]));
}

#[test]
fn check_ends_with_what_it_found() {
    let folder = fleet();
    let answer = folder.run(&["check", "@", "-o", "json"]);
    assert_eq!(answer.status, 1);
    let report = answer.json();
    assert_eq!(keys(&report), ["apiVersion", "findings", "fingerprints", "kind"]);
    let finding = &report["findings"][0];
    assert_eq!(keys(finding), ["code", "column", "file", "line", "message", "related", "severity", "subject"]);
    assert_eq!(keys(&finding["subject"]), ["kind", "name"]);
    let github = folder.run(&["check", "@", "--format", "github"]);
    assert_eq!(github.status, 1);
    assert!(github.out.lines().all(|line| line.starts_with("::")), "{}", github.out);
    assert!(github.out.contains(" file=fleet.yaml,line="), "{}", github.out);

    let bad = Folder::of(&[("a.yaml", "apiVersion: siting.dev/v1\nkind: Polcy\n")]);
    let github = bad.run(&["check", "@", "--format", "github"]);
    assert_eq!(github.status, 2);
    assert_eq!(
        github.out,
        "::error file=a.yaml,line=2,col=7,endColumn=11,title=unknown-kind::\
         `siting.dev/v1` has no kind `Polcy`%0Ahelp: did you mean `Policy`?\n"
    );
}

#[test]
fn the_catalog_holds_the_additions_of_a_workspace() {
    let workspace = "
apiVersion: siting.dev/v1
kind: Workspace
metadata: {name: acme}
spec:
  groups: {nordics: [se, 'no', dk]}
  locations: [{name: onprem/oslo-1, country: 'no'}]
  flavors: [{type: gpu, name: x900, aliases: [X-900-Turbo], memory: 48Gi}]
";
    let folder = Folder::of(&[("acme.yaml", workspace)]);
    let all = folder.run(&["catalog", "-o", "json", "--from", "@"]).json();
    assert_eq!(
        keys(&all),
        ["apiVersion", "continents", "countries", "flavors", "groups", "kind", "locations", "providers"]
    );
    let has = |list: &str, entry: Value| all[list].as_array().unwrap().contains(&entry);
    assert!(has("continents", json!({"code": "as", "name": "Asia"})));
    assert!(has("groups", json!({"name": "nordics", "countries": ["dk", "no", "se"], "about": null})));
    assert!(has("locations", json!({"name": "onprem/oslo-1", "country": "no"})));
    assert!(has(
        "flavors",
        json!({"type": "gpu", "name": "x900", "displayName": "x900", "vendor": null, "parent": null,
               "memory": "48Gi", "aliases": ["X-900-Turbo"]})
    ));
    let britain = all["countries"].as_array().unwrap().iter().find(|country| country["code"] == "gb").unwrap();
    assert_eq!((&britain["continent"], &britain["aliases"]), (&json!("eu"), &json!(["gbr", "uk"])));

    let one = folder.run(&["catalog", "groups", "-o", "json"]).json();
    assert_eq!(keys(&one), ["apiVersion", "groups", "kind"]);
    assert_eq!(one["groups"].as_array().unwrap().len(), 3);
}

/// C5, C7: a part of the catalog, and a search in it.
#[test]
fn a_part_of_the_catalog_is_listed() {
    let folder = fleet();
    let names = |args: &[&str], list: &str| -> Vec<String> {
        let report = folder.run(&[&["catalog", "-o", "json"], args].concat()).json();
        let entries = report[list].as_array().unwrap_or_else(|| panic!("{args:?}: {report}"));
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    };
    let aws = names(&["locations", "--provider", "Amazon"], "locations");
    assert!(aws.len() > 100 && aws.iter().all(|name| name.starts_with("aws/")));
    let german = names(&["locations", "--provider", "aws", "--country", "deu"], "locations");
    assert!(german.contains(&"aws/eu-central-1".to_owned()) && german.len() < 10, "{german:?}");
    assert_eq!(names(&["flavors", "NVIDIA-H100-80GB-HBM3"], "flavors"), ["h100-80gb-sxm"]);
    assert!(names(&["--vendor", "huawei"], "flavors").contains(&"ascend-910b3".to_owned()));
    // Alone, a word is looked for in every list; it is the beginning of a word, so `ger` is no part of Algeria.
    assert_eq!(names(&["frankfurt"], "locations"), names(&["locations", "frankfurt"], "locations"));
    assert!(names(&["frankfurt"], "locations").contains(&"aws/eu-central-1".to_owned()), "by its display name");
    assert_eq!(names(&["countries", "ger"], "countries"), ["Germany"]);
    for (args, error, help) in [
        (&["catalog", "flavors", "zebra"][..], "nothing is called `zebra`", ""),
        (&["catalog", "h10O"], "nothing is called `h10O`", "did you mean `h100`"),
        (&["catalog", "locatons"], "nothing is called `locatons`", "did you mean `locations`"),
        (&["catalog", "locatons", "x"], "no list is called `locatons`", "did you mean `locations`"),
        (&["catalog", "locations", "--provider", "aw"], "no provider with locations is called `aw`", "`aws`"),
        (&["catalog", "flavors", "--vendor", "nvidai"], "no vendor is called `nvidai`", "did you mean `nvidia`?"),
        (&["catalog", "groups", "--vendor", "nvidia"], "`--vendor` applies to flavors", "siting catalog flavors"),
    ] {
        let answer = folder.run(args);
        assert!(answer.status == 2 && answer.out.is_empty(), "{args:?}: {answer:?}");
        assert!(answer.err.contains(error) && answer.err.contains(help), "{args:?}: {}", answer.err);
    }
    let nothing = folder.run(&["catalog", "locations", "--provider", "aws", "--country", "aq"]);
    assert_eq!((nothing.status, nothing.out.as_str()), (1, "nothing in the catalog is all of that\n"));
    assert_eq!(folder.run(&["catalog", "groups", "--provider", "aws"]).status, 2);
    let unknown = folder.run(&["catalog", "--country", "germany"]);
    assert!(unknown.status == 2 && unknown.err.contains("did you mean `de`?"), "{}", unknown.err);
}

#[test]
fn schemas_are_printed_by_kind() {
    let folder = fleet();
    let policy = folder.run(&["schema", "policy"]);
    assert_eq!((policy.status, policy.err.as_str()), (0, ""));
    assert_eq!(policy.json()["properties"]["kind"]["const"], "Policy");
    assert_eq!(folder.run(&["schema", "Policy", "-o", "json"]).out, policy.out);
    let step = &folder.run(&["schema", "Scenario"]).json()["properties"]["spec"]["properties"]["steps"]["items"];
    assert!(step["properties"]["updateVersion"].is_object() && step["properties"]["ready"].is_object());
    assert_eq!(folder.run(&["schema"]).json()["oneOf"].as_array().unwrap().len(), siting::manifest::Kind::ALL.len());
    for (name, help) in [("Polcy", "did you mean `Policy`?"), ("Pod", "the kinds are Policy, ")] {
        let answer = folder.run(&["schema", name]);
        assert_eq!(answer.status, 2);
        assert!(answer.err.contains(help), "{}", answer.err);
    }
}

#[test]
fn yaml_says_what_json_says() {
    let folder = fleet();
    for args in [
        &["place", "@", "--candidates"][..],
        &["explain", "@", "-d", "v2"],
        &["options", "@"],
        &["check", "@"],
        &["catalog"],
        &["schema"],
        &["place", "@/none.yaml"],
    ] {
        let (json, yaml) =
            (folder.run(&[args, &["-o", "json"]].concat()), folder.run(&[args, &["-o", "yaml"]].concat()));
        assert_eq!(json.status, yaml.status);
        let read: Value = serde_saphyr::from_str(&yaml.out).unwrap_or_else(|error| panic!("{error}: {}", yaml.out));
        assert_eq!(read, json.json(), "{args:?}");
    }
    // `no` would be read as false.
    let yaml = folder.run(&["place", "@", "-d", "bert/v1", "-o", "yaml"]).out;
    assert!(yaml.contains("- \"no\"\n"), "{yaml}");
}

#[test]
fn answers_do_not_depend_on_the_order_of_the_input() {
    let mut documents = Vec::new();
    let tour = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tour");
    for folder in [tour.to_owned(), format!("{tour}/clusters")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                let text = std::fs::read_to_string(path).unwrap();
                documents.extend(text.split("\n---\n").map(str::to_owned));
            }
        }
    }
    assert!(documents.len() > 200);
    let questions: [&[&str]; 6] = [
        &["place", "@", "-o", "json", "--candidates"],
        &["place", "@"],
        &["explain", "@", "-d", "bert-api-v1", "-o", "json"],
        &["explain", "@", "-d", "bert-api-v1", "-c", "aws-us-east-1"],
        &["options", "@", "-o", "json"],
        &["catalog", "-o", "json", "--from", "@"],
    ];
    let mut first = None;
    let mut seed = 7_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for _ in 0..4 {
        for index in (1..documents.len()).rev() {
            documents.swap(index, random(index + 1));
        }
        let mut files = vec![String::new(); 5];
        for document in &documents {
            files[random(5)] += &format!("---\n{document}\n");
        }
        let named: Vec<_> = files.iter().enumerate().map(|(index, text)| (format!("{index}.yaml"), text)).collect();
        let folder = Folder::of(&named.iter().map(|(name, text)| (name.as_str(), text)).collect::<Vec<_>>());
        let answers: Vec<_> = questions.iter().map(|args| folder.run(args).out).collect();
        assert!(answers.iter().all(|answer| answer.len() > 500));
        assert!(*first.get_or_insert_with(|| answers.clone()) == answers, "the order of the input shows");
    }
}

#[test]
fn invalid_clusters_are_quarantined_when_asked() {
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("more.yaml", BROKEN_CLUSTERS)]);
    assert_eq!(folder.run(&["place", "@", "-d", "bert/v1"]).status, 2);
    let answer = folder.run(&["place", "@", "-d", "bert/v1", "--quarantine", "-o", "json"]);
    assert_eq!(answer.status, 0);
    assert_eq!(
        answer.json()["quarantined"],
        json!([{"name": "atlantis", "file": "more.yaml", "line": 9}, {"name": "nowhere", "file": "more.yaml", "line": 4}])
    );
    assert!(answer.err.contains("2 invalid clusters are left out: atlantis, nowhere"), "{}", answer.err);
    let quiet = folder.run(&["place", "@", "-d", "bert/v1", "--quarantine", "-q"]);
    assert_eq!((quiet.status, quiet.err.as_str()), (0, ""));
    let cluster = folder.run(&["explain", "@", "-d", "bert/v1", "-c", "nowhere", "--quarantine", "-q"]);
    assert_eq!(cluster.err, "error[unknown-name]: cluster `nowhere` is invalid and was left out\n");
    let none = fleet().run(&["place", "@", "--quarantine", "-o", "json"]);
    assert_eq!(none.json()["quarantined"], json!([]));
}

#[test]
fn skipped_documents_are_mentioned_unless_quiet() {
    let folder = Folder::of(&[("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: it}\n")]);
    let answer = folder.run(&["place", "@"]);
    assert_eq!((answer.status, answer.out.as_str()), (0, "no deployments\n"));
    assert!(answer.err.contains("skipped"), "{}", answer.err);
    assert_eq!(folder.run(&["place", "@", "-q"]).err, "");
    for command in ["place", "check"] {
        let notices = folder.run(&[command, "@", "-o", "json", "-q"]).json()["notices"].clone();
        assert_eq!(notices[0]["message"], "1 document of another API group was skipped: 1 of `v1`");
        assert_eq!((&notices[0]["file"], &notices[0]["line"]), (&json!("pod.yaml"), &json!(1)));
        assert_eq!(fleet().run(&[command, "@", "-o", "json"]).json()["notices"], json!(null));
    }
}

#[test]
fn unknown_names_are_bad_usage_with_a_suggestion() {
    let folder = fleet();
    for (args, help) in [
        (&["place", "@", "-d", "brt/v1"][..], "did you mean `bert/v1`"),
        (&["explain", "@", "-d", "bert/v1", "-c", "use2"], "did you mean `use1`?"),
        (&["options", "@", "-e", "artic"], "did you mean `arctic`?"),
        (&["options", "@", "-t", "modle"], "did you mean `model`?"),
        (&["options", "@", "-t", "x"], "the workload types are agent, function, model"),
        (&["options", "@", "--given", "gpu:t44"], "did you mean `t4`"),
        (&["options", "@", "--given", "t4"], "write it as `kind:name`"),
        (&["options", "@", "--given", "region:eu"], "the kinds are continent,"),
    ] {
        let answer = folder.run(args);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{args:?}");
        assert!(answer.err.contains(help), "{args:?}: {}", answer.err);
    }
    let report = folder.run(&["place", "@", "-d", "brt/v1", "-o", "json"]).json();
    assert_eq!(
        report["errors"][0],
        json!({"code": "unknown-name", "message": "no deployment is called `brt/v1`",
               "help": "did you mean `bert/v1`?", "file": null, "line": null, "column": null, "related": []})
    );
}

#[test]
fn what_is_not_built_is_unknown() {
    let folder = fleet();
    for args in [
        &["diff", "@"][..],
        &["test", "@"],
        &["verify", "@"],
        &["map", "@"],
        &["place"],
        &["check", "@", "--format", "gitlab"],
        &["catalog", "regions"],
        &["-o", "xml", "place", "@"],
        &[],
    ] {
        let answer = folder.run(args);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{args:?}");
        assert!(!answer.err.is_empty());
    }
    let version = folder.run(&["--version"]);
    assert_eq!((version.status, version.out), (0, format!("siting {}\n", env!("CARGO_PKG_VERSION"))));
    assert_eq!(folder.run(&["help", "place"]).status, 0);
}

/// A stream that fails.
struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_may_go_away() {
    let print = |kind, args: &[&str]| {
        let mut err = Vec::new();
        let status = run(args.iter().copied(), &mut Failing(kind), &mut err, Terminal::default());
        (status, String::from_utf8(err).unwrap())
    };
    for args in [&["siting", "catalog"][..], &["siting", "--help"]] {
        assert_eq!(print(io::ErrorKind::BrokenPipe, args), (ExitStatus::YES, String::new()));
    }
    let (status, err) = print(io::ErrorKind::StorageFull, &["siting", "catalog"]);
    assert_eq!(status, ExitStatus::BAD);
    assert!(err.starts_with("error: the answer cannot be written: "), "{err}");
}

#[test]
fn colours_only_where_they_show() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let terminal = Terminal { out_colors: true, err_colors: true, progress: false };
    let folder = fleet();
    let path = folder.0.to_str().unwrap();
    run(["siting", "place", path], &mut out, &mut err, terminal);
    assert!(String::from_utf8(out).unwrap().contains("\u{1b}["));
    for args in [&["siting", "place", path, "--no-color"][..], &["siting", "place", path, "-o", "json"]] {
        let mut out = Vec::new();
        run(args.iter().copied(), &mut out, &mut err, terminal);
        assert!(!out.contains(&0x1b));
    }
    let plain = folder.run(&["place", "@"]);
    assert!(!plain.out.contains('\u{1b}'));
}

#[test]
fn the_binary_reads_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_siting"))
        .args(["place", "-", "-o", "json", "-d", "bert/v1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(FLEET.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["deployments"][0]["verdict"], "placed");
    assert!(output.stderr.is_empty());
}
