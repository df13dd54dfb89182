//! Reports and certificates are verified, and refuted in every field that is tampered with (D8, A5).

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use siting::Workspace;
use siting::report::{CertificateReport, DecisionReport, Include, VerifyError, verify, verify_diff};
use siting::workspace::PlaceOptions;

use crate::support::Folder;
use crate::tampering::all_tampered;

pub(crate) const FLEET: &str = "
apiVersion: siting.dev/v1
kind: Workspace
metadata: {name: acme}
spec:
  policies: [known-law]
  groups: {nordics: [se, no]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: known-law}
spec: {type: provider, providers: [{type: jurisdiction, name: eu27}, {type: jurisdiction, name: us}, {type: provider, name: onprem}], except: [{type: provider, name: gcp}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: europe}
spec: {type: location, locations: [{type: continent, name: eu}, {type: location, name: aws/us-east-1}], except: [{type: group, name: nordics}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: germany}
spec: {type: location, locations: [{type: country, name: de}], resourceTypes: [model]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: small-gpus}
spec: {type: flavor, flavors: [{type: gpu, name: t4}, {type: cpu, name: any}], except: [{type: gpu, name: a100-80gb}]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: lasting}
spec: {type: capacity, capacity: [{type: capacity, name: on-demand}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [europe, small-gpus, {name: lasting, enforcement: audit}], require: [location]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert, policies: [germany], replicas: 2, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1}}}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v2}
spec: {model: bert, policies: [germany], replicas: 9, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1, memory: 80Gi}}}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: v1-a}
spec: {deployment: bert/v1, cluster: berlin, pool: a, replicas: 1}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: berlin}
spec: {provider: hetzner, country: de, pools: [{name: a, nodes: 3, cpuFlavor: x86, cpu: 4, memory: 8Gi, gpu: {type: t4, count: 1}, pricePerHour: \"0.5\"}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: oslo}
spec: {provider: onprem, country: 'no', pools: [{name: a, nodes: 3, cpuFlavor: arm, cpu: 4, memory: 8Gi, gpu: {type: a100-80gb-sxm, count: 1}}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: virginia}
spec: {provider: aws, location: us-east-1, flavors: [{type: gpu, name: t4}, {type: gpu, name: a100}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: chicago}
spec: {provider: aws, location: us-east-1-chi-2, flavors: [{type: gpu, name: t4}]}
";

fn refutes(workspace: &Workspace, claim: &Value) -> bool {
    verify(workspace, claim).map_or(true, |report| !report.verified)
}

/// D8: what reports print is verified as it is, and refuted with any field changed or left out.
#[test]
fn d8_each_field_of_a_report_that_is_tampered_with_is_refuted() {
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let text = std::fs::read_to_string(folder.0.join("fleet.yaml")).unwrap();
    let workspace: Workspace = text.parse().unwrap();
    let lines: [&[&str]; 11] = [
        &["place", "@/fleet.yaml", "--candidates", "--admitted-by"],
        &["place", "@/fleet.yaml", "--partial"],
        &["place", "@/fleet.yaml", "--independent"],
        &["explain", "@/fleet.yaml", "-d", "v2"],
        &["explain", "@/fleet.yaml", "-d", "v1", "-c", "virginia"],
        &["check", "@/fleet.yaml"],
        &["drill", "@/fleet.yaml"],
        &["drill", "@/fleet.yaml", "--lose", "country:de", "--lose", "cluster:oslo"],
        &["drain", "@/fleet.yaml", "berlin"],
        &["options", "@/fleet.yaml"],
        &["options", "@/fleet.yaml", "-t", "function", "--given", "gpu:t4", "--given", "country:de", "--further"],
    ];
    let mut tried = 0;
    for line in lines {
        let printed = folder.run(&[line, &["-o", "json"]].concat());
        // The folder's own path is left out of what is printed here.
        let whole = folder.0.join("fleet.yaml");
        let text = printed.out.replace("\"fleet.yaml\"", &format!("\"{}\"", whole.display()));
        std::fs::write(folder.0.join("claim.json"), text).unwrap();
        let answer = folder.run(&["verify", "@/claim.json", "@/fleet.yaml", "-o", "json"]);
        assert_eq!(answer.status, 0, "{line:?}: {answer:?}");
        let claim = printed.json();
        // Documents that come from a text and not from a file are somewhere else.
        if line[0] != "check" {
            assert_eq!(verify(&workspace, &claim).unwrap().refuted, [], "{line:?}");
            // That it was made in another way is no lie where that comes to the same.
            let is_same = |what: &str| what.starts_with("/made/optimize") || what.starts_with("/made/partial");
            for (what, changed) in all_tampered(&claim).into_iter().filter(|(what, _)| !is_same(what)) {
                assert!(refutes(&workspace, &changed), "{line:?}: {what} is not refuted");
                tried += 1;
            }
        }
        // A decision by itself, too.
        if let Some(decision) = claim["deployments"].get(1).filter(|_| line.contains(&"--admitted-by")) {
            assert_eq!(verify(&workspace, decision).unwrap().refuted, []);
            // Alone, it does not say what was asked for beside the answer.
            let is_less = |what: &str| what.ends_with("candidates left out") || what.ends_with("admittedBy left out");
            for (what, changed) in all_tampered(decision).into_iter().filter(|(what, _)| !is_less(what)) {
                assert!(refutes(&workspace, &changed), "a decision: {what} is not refuted");
            }
        }
    }
    assert!(tried > 900, "{tried}");
}

/// D8, A1: a diff is verified against both of its sides, and refuted with any field changed or left out, be it made of two
/// directories or of documents that are put.
#[test]
fn d8_each_field_of_a_diff_that_is_tampered_with_is_refuted() {
    let wider = "{type: country, name: de}, {type: country, name: at}], resourceTypes: [model]";
    let changed = FLEET
        .replace("{type: country, name: de}], resourceTypes: [model]", wider)
        .replace("{name: lasting, enforcement: audit}", "lasting")
        .replace("policies: [europe, small-gpus,", "policies: [small-gpus,")
        .replace("nordics: [se, no]", "nordics: [se, no, dk, de]")
        .replace("require: [location]", "require: [flavor]")
        .replace("name: v2}\nspec: {model: bert, policies: [germany], replicas: 9", "name: v3}\nspec: {model: bert");
    let back = FLEET.replace("{type: gpu, name: t4}, {type: cpu, name: any}]", "{type: gpu, name: a100}]");
    let put: Vec<&str> = back.split("---\n").filter(|document| document.contains("name: small-gpus}\n")).collect();
    let folder = Folder::of(&[
        ("old.yaml", FLEET.to_owned()),
        ("new.yaml", changed.clone()),
        ("put.yaml", format!("apiVersion: siting.dev/v1{}", put[0].split_once("v1").unwrap().1)),
    ]);
    let (old, new): (Workspace, Workspace) = (FLEET.parse().unwrap(), changed.parse().unwrap());
    let sides: [&[&str]; 2] = [&["@/old.yaml", "@/new.yaml"], &["@/old.yaml", "--what-if", "@/put.yaml"]];
    for made_of in sides {
        let printed = folder.run(&[&["diff"], made_of, &["-o", "json"]].concat());
        let claim = printed.json();
        assert!(claim["deployments"].as_array().is_some_and(|found| !found.is_empty()), "{made_of:?}: {}", printed.out);
        std::fs::write(folder.0.join("claim.json"), &printed.out).unwrap();
        let answer = folder.run(&[&["verify", "@/claim.json"], made_of, &["-o", "json"]].concat());
        assert_eq!((answer.status, &answer.json()["of"]), (0, &json!("DiffReport")), "{made_of:?}: {answer:?}");
    }
    let swapped = folder.run(&["verify", "@/claim.json", "@/old.yaml", "@/new.yaml", "-o", "json"]);
    assert_eq!((swapped.status, &swapped.json()["changed"][0]), (1, &json!("new.policies")), "{swapped:?}");
    let claim = folder.run(&["diff", "@/old.yaml", "@/new.yaml", "-o", "json"]).json();
    for list in ["policies", "levels", "environments", "loosened", "widened", "deployments", "added", "removed"] {
        assert!(claim[list].as_array().is_some_and(|found| !found.is_empty()), "nothing in {list}: {claim:#}");
    }
    assert_eq!(verify_diff(&old, &new, &claim).unwrap().refuted, []);
    let all = all_tampered(&claim);
    assert!(all.len() > 80, "{}", all.len());
    for (what, changed) in all {
        let refuted = verify_diff(&old, &new, &changed).map_or(true, |report| !report.verified);
        assert!(refuted, "{what} is not refuted");
    }
    // A diff has two sides, and nothing else has.
    assert!(matches!(verify(&new, &claim), Err(VerifyError::OneSide)));
    let drilled = folder.run(&["drill", "@/old.yaml", "-o", "json"]);
    assert!(matches!(verify_diff(&old, &new, &drilled.json()), Err(VerifyError::TwoSides(_))));
    std::fs::write(folder.0.join("drill.json"), &drilled.out).unwrap();
    let answer = folder.run(&["verify", "@/drill.json", "--git", "HEAD", "@/old.yaml"]);
    assert!(answer.status == 2 && answer.err.contains("`--git` is for diffs"), "{answer:?}");
}

/// D8, D10: a report that was made with documents put is verified with the same put.
#[test]
fn d8_what_is_asked_with_documents_put_is_verified_with_them() {
    let put = "{apiVersion: siting.dev/v1, kind: Deployment, metadata: {name: v1}, spec: {model: bert, replicas: 1}}";
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("put.yaml", put)]);
    let printed = folder.run(&["place", "@/fleet.yaml", "--what-if", "@/put.yaml", "-o", "json"]);
    std::fs::write(folder.0.join("claim.json"), &printed.out).unwrap();
    assert_eq!(folder.run(&["verify", "@/claim.json", "@/fleet.yaml", "--what-if", "@/put.yaml"]).status, 0);
    assert_eq!(folder.run(&["verify", "@/claim.json", "@/fleet.yaml"]).status, 1);
}

/// D8: what changed since is told by name, and a decision of other policies, places or capacity does not hold.
#[test]
fn d8_a_report_of_another_world_is_refuted_and_says_what_changed() {
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let printed = folder.run(&["place", "@/fleet.yaml", "-o", "json"]);
    let claim = printed.json();
    let changed = |from: &str, to: &str| {
        assert_eq!(FLEET.matches(from).count(), 1, "{from}");
        let workspace: Workspace = FLEET.replace(from, to).parse().unwrap();
        let report = verify(&workspace, &claim).unwrap();
        assert!(!report.verified);
        report.changed
    };
    assert_eq!(
        changed("{type: country, name: de}], resourceTypes: [model]", "{type: country, name: de}]"),
        ["policies"]
    );
    assert_eq!(changed("nodes: 3, cpuFlavor: x86", "nodes: 4, cpuFlavor: x86"), ["inventory"]);
    assert_eq!(changed("nordics: [se, no]", "nordics: [se, no, dk]"), ["policies", "catalog"]);
    assert_eq!(changed("pool: a, replicas: 1", "pool: a, replicas: 2"), ["inventory"]);
}

/// What cannot be verified is an error that says what can.
#[test]
fn d8_what_is_no_report_is_bad_input() {
    let folder = Folder::of(&[("fleet.yaml", FLEET), ("list.json", "[1, 2]"), ("text.json", "no JSON")]);
    let listed = folder.run(&["catalog", "groups", "-o", "json"]).out;
    std::fs::write(folder.0.join("catalog.json"), listed).unwrap();
    for (claim, said) in [
        ("list.json", "cannot be read as a decision"),
        ("text.json", "is no JSON"),
        ("catalog.json", "a `Catalog` cannot be verified"),
        ("none.json", "cannot be read"),
    ] {
        let answer = folder.run(&["verify", &format!("@/{claim}"), "@/fleet.yaml"]);
        assert_eq!(answer.status, 2, "{claim}: {answer:?}");
        assert!(answer.err.contains(said), "{claim}: {}", answer.err);
    }
}

/// A5: a certificate is verified against the manifests, and refuted with any field changed or left out, be it sealed
/// anew.
#[test]
fn a5_each_field_of_a_certificate_that_is_tampered_with_is_refuted_by_verify() {
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let workspace: Workspace = FLEET.parse().unwrap();
    let printed = folder.run(&["certify", "@/fleet.yaml", "-o", "json"]);
    assert_eq!(printed.status, 0, "{printed:?}");
    std::fs::write(folder.0.join("certificate.json"), &printed.out).unwrap();
    assert_eq!(folder.run(&["verify", "@/certificate.json", "@/fleet.yaml"]).status, 0);
    for (what, mut changed) in all_tampered(&printed.json()) {
        assert!(refutes(&workspace, &changed), "{what} is not refuted");
        if let Ok(mut report) = serde_json::from_value::<CertificateReport>(changed.clone())
            && what != "/seal changed"
        {
            report.seal = report.sealed();
            changed = serde_json::to_value(&report).unwrap();
            let same = changed == printed.json();
            assert!(same || refutes(&workspace, &changed), "{what} is not refuted once it is sealed anew");
        }
    }
}

/// A5: replicas that run where they may not are named, and nothing is certified.
#[test]
fn a5_nothing_is_certified_of_replicas_that_run_beyond() {
    let beyond = FLEET.replace("cluster: berlin, pool: a, replicas: 1", "cluster: oslo, pool: a, replicas: 1");
    let folder = Folder::of(&[("fleet.yaml", beyond)]);
    let answer = folder.run(&["certify", "@"]);
    assert_eq!(answer.status, 1);
    assert!(answer.out.contains("model/bert/v1") && answer.out.contains("oslo/a"), "{}", answer.out);
    let report = folder.run(&["certify", "@", "-o", "json"]).json();
    assert_eq!(report["beyond"]["model/bert/v1"][0]["cluster"], "oslo");
}

const CHECKER: &str = "docs/check_certificate.py";

/// Runs the independent checker; `None` where there is no Python.
fn python(args: &[&str]) -> Option<(i32, String)> {
    match Command::new("python3").args(args).output() {
        Ok(output) => Some((output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())),
        Err(error) => {
            println!("skipped, since there is no python3: {error}");
            None
        }
    }
}

/// Holds what the independent checker says of a certificate: confirmed, or refuted.
pub(crate) fn checked(folder: &Folder, certificate: &str, confirmed: bool) {
    let file = folder.0.join("to-be-checked.json");
    std::fs::write(&file, certificate).unwrap();
    let checker = Path::new(env!("CARGO_MANIFEST_DIR")).join(CHECKER);
    if let Some((status, said)) = python(&[checker.to_str().unwrap(), file.to_str().unwrap()]) {
        assert_eq!(status == 0, confirmed, "{said}");
    }
}

/// A5: a checker that shares no code with the solver confirms what is certified of the tour and of this fleet.
#[test]
fn a5_the_independent_checker_confirms_what_is_certified() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let tour = root.join("docs/tour");
    for path in ["@/fleet.yaml", tour.to_str().unwrap()] {
        let printed = folder.run(&["certify", path]);
        assert_eq!(printed.status, 0, "{path}: {printed:?}");
        let file = folder.0.join("certificate.json");
        std::fs::write(&file, &printed.out).unwrap();
        let Some((status, said)) = python(&[root.join(CHECKER).to_str().unwrap(), file.to_str().unwrap()]) else {
            return;
        };
        assert_eq!(status, 0, "{path}: {said}");
        assert!(said.starts_with("confirmed: "), "{said}");
    }
}

/// A5: the checker refutes every certificate of which a field was changed or left out, and, sealed anew, everything that
/// makes a deployment reach more or less than the policies say.
#[test]
fn a5_the_independent_checker_refutes_what_is_tampered_with() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::of(&[("fleet.yaml", FLEET)]);
    let certificate = folder.run(&["certify", "@"]).json();
    let mut certificates: Vec<(String, Value)> = all_tampered(&certificate);
    let broken = certificates.len();
    assert!(broken > 200, "{broken}");
    // Sealed anew, so that only what it says refutes it.
    let mut sealed = |what: &str, change: &dyn Fn(&mut Value)| {
        let mut changed = certificate.clone();
        change(&mut changed);
        assert_ne!(changed, certificate, "{what}");
        let mut report: CertificateReport = serde_json::from_value(changed).unwrap();
        report.seal = report.sealed();
        certificates.push((what.to_owned(), serde_json::to_value(&report).unwrap()));
    };
    let policy = |certificate: &mut Value, name: &str, change: &dyn Fn(&mut Value)| {
        let all = certificate["policies"].as_array_mut().unwrap();
        change(all.iter_mut().find(|policy| policy["name"] == name).unwrap());
    };
    for at in 0..certificate["places"].as_array().unwrap().len() {
        sealed(&format!("place {at} reached or not"), &|changed| {
            let reaches = changed["deployments"][0]["reaches"].as_array_mut().unwrap();
            let count = reaches.len();
            reaches.retain(|known| *known != at);
            if reaches.len() == count {
                reaches.push(at.into());
            }
        });
    }
    sealed("a policy that allows more", &|changed| {
        policy(changed, "germany", &|policy| policy["options"] = json!([{"type": "continent", "name": "na"}]));
    });
    sealed("a policy for other types", &|changed| {
        policy(changed, "germany", &|policy| policy["resourceTypes"] = json!(["agent"]));
    });
    sealed("a policy without its exception", &|changed| {
        policy(changed, "small-gpus", &|policy| policy["everything"] = json!(true));
        policy(changed, "small-gpus", &|policy| policy["except"] = json!([{"type": "gpu", "name": "t4"}]));
    });
    sealed("an attachment", &|changed| {
        changed["environments"]["production"]["policies"] = json!(["germany", "small-gpus", "nobody"])
    });
    sealed("a requirement", &|changed| changed["workspace"]["require"] = json!(["capacity"]));
    sealed("a jurisdiction", &|changed| {
        drop(changed["facts"]["jurisdictions"].as_object_mut().unwrap().remove("hetzner"))
    });
    sealed("a country", &|changed| changed["places"][0]["country"] = json!("fr"));
    sealed("a replica", &|changed| changed["deployments"][1]["runs"] = json!([{"place": 3, "replicas": 1}]));
    let file = folder.0.join("certificates.json");
    std::fs::write(&file, serde_json::to_string(&certificates).unwrap()).unwrap();
    // One process for all of them.
    let driver = "import importlib.util, json, sys\n\
        spec = importlib.util.spec_from_file_location('checker', sys.argv[1])\n\
        checker = importlib.util.module_from_spec(spec)\n\
        spec.loader.exec_module(checker)\n\
        for what, certificate in json.load(open(sys.argv[2], encoding='utf-8')):\n\
        \x20   try:\n\
        \x20       refuted = checker.Checker(certificate).check()\n\
        \x20   except (KeyError, TypeError, AttributeError, ValueError):\n\
        \x20       refuted = True\n\
        \x20   if not refuted:\n\
        \x20       print(what)\n";
    let Some((status, said)) = python(&["-c", driver, root.join(CHECKER).to_str().unwrap(), file.to_str().unwrap()])
    else {
        return;
    };
    assert_eq!((status, said.as_str()), (0, ""), "not refuted");
}

/// D8: a decision that was made in its order among all holds by itself, also where one before it was placed in part.
#[test]
fn d8_a_decision_after_one_in_part_holds_by_itself() {
    let deployment = |name: &str, cpu: u32, more: &str| {
        format!(
            "---\napiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n\
             spec: {{model: m, resources: {{cpu: {cpu}, memory: 1Gi}}, {more}}}\n"
        )
    };
    let pool = |name: &str, cpu: u32| {
        format!("{{name: {name}, nodes: 1, cpuFlavor: x86, cpu: {cpu}, memory: 64Gi, pricePerHour: \"{cpu}\"}}")
    };
    // The first takes `large` where it may be placed in part, and nothing where it may not. A core costs the same on
    // both; so the second goes to the smaller node of what is free.
    let workspace: Workspace = format!(
        "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: c}}\n\
         spec: {{provider: p, country: de, pools: [{}, {}]}}\n{}{}",
        pool("small", 3),
        pool("large", 8),
        deployment("first", 3, "replicas: 4, priority: 1"),
        deployment("second", 2, "replicas: 1")
    )
    .parse()
    .unwrap();
    let placed = |partial: bool| {
        let outcomes = workspace.place_all_as(PlaceOptions { partial, ..PlaceOptions::default() });
        let report = DecisionReport::new(&workspace, &outcomes[1], Include::NOTHING).unwrap();
        serde_json::to_value(report.by_itself(&workspace)).unwrap()
    };
    assert_ne!(placed(true), placed(false));
    for claim in [placed(true), placed(false)] {
        assert_eq!(verify(&workspace, &claim).unwrap().refuted, []);
    }
}
