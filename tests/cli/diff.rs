//! `siting diff`, as users run it (A1).

use std::path::Path;
use std::process::Command;

use crate::support::{Answer, Folder};

const OLD: &str = "\
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: europe}
spec: {type: location, locations: [{type: continent, name: eu}]}
---
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: production}
spec: {policies: [europe]}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: v1}
spec: {model: bert}
---
apiVersion: siting.dev/v1
kind: Deployment
metadata: {name: swiss}
spec: {model: bert, policies: [switzerland]}
---
apiVersion: siting.dev/v1
kind: Policy
metadata: {name: switzerland}
spec: {type: location, locations: [{type: country, name: ch}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, pools: [{name: a, nodes: 2, gpu: {type: t4, count: 1}, cpu: 8, memory: 32Gi}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: zurich}
spec: {provider: onprem, country: ch, pools: [{name: a, nodes: 2, gpu: {type: t4, count: 1}, cpu: 8, memory: 32Gi}]}
---
apiVersion: siting.dev/v1
kind: Placement
metadata: {name: v1-a}
spec: {deployment: bert/v1, cluster: zurich, pool: a, replicas: 1}
";

fn run(new: &str, args: &[&str]) -> Answer {
    let folder = Folder::of(&[("old.yaml", OLD), ("new.yaml", new)]);
    folder.run(&[&["diff", "@/old.yaml", "@/new.yaml"], args].concat())
}

/// Whether a line stands in the answer, however wide its columns are.
fn says(answer: &Answer, line: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    answer.out.lines().any(|found| words(found) == words(line))
}

#[test]
fn a1_a_narrower_policy_says_who_loses_what_and_where_to() {
    let narrowed = OLD.replace("type: continent, name: eu", "type: country, name: fr");
    let answer = run(&narrowed, &[]);
    assert_eq!(answer.status, 1, "a deployment loses all its places");
    for line in [
        "policy                     europe      narrowed",
        "environment by itself      production  narrowed",
        "environment in force       production  narrowed",
        "bert/swiss narrowed: 1 candidate before, 0 now, loses all places",
        "bert/v1 narrowed: 2 candidates before, 1 now",
        "  - 1 candidate (zurich/a gpu t4): policy `europe` changed",
        "must move bert/v1: 1 replica on zurich; all replicas would be on paris ×1",
        "deployments that lose all places: 1, lose some: 1, gain: 0; running replicas that must move: 1",
    ] {
        assert!(says(&answer, line), "{line}\n{}", answer.out);
    }
    // Nothing is widened.
    assert_eq!(run(&narrowed, &["--forbid", "widened"]).status, 0);
}

#[test]
fn a1_widening_can_be_forbidden_by_name() {
    let widened = OLD.replace("type: continent, name: eu", "type: continent, name: eu}, {type: continent, name: as");
    assert_eq!(run(&widened, &[]).status, 0);
    let answer = run(&widened, &["--forbid", "widened", "-o", "json"]);
    assert_eq!(answer.status, 1);
    let report = answer.json();
    assert_eq!(
        report["widened"],
        serde_json::json!(["environment `production` is widened", "deployment `model/bert/v1` is widened"])
    );
    assert!(answer.err.contains("forbidden: environment `production` is widened"), "{}", answer.err);
    // What is only watched binds less.
    let watched = OLD.replace("policies: [europe]", "policies: [{name: europe, enforcement: audit}]");
    let answer = run(&watched, &["--forbid", "widened"]);
    assert_eq!(answer.status, 1);
    assert!(answer.out.contains("policy `europe` of environment `production` is only watched"), "{}", answer.out);
    // Another spelling is no change at all.
    let same = OLD.replace("name: ch}]", "name: CHE}]");
    let answer = run(&same, &["--forbid", "widened"]);
    assert_eq!((answer.status, answer.out.as_str()), (0, "nothing differs in meaning\n"));
    assert_eq!(run(OLD, &[]).out, "nothing differs in meaning\n");
}

#[test]
fn a1_catalogs_are_compared_as_any_change() {
    let old = OLD.replace("type: continent, name: eu", "type: group, name: home")
        + "---
apiVersion: siting.dev/v1
kind: Workspace
metadata: {name: acme}
spec: {groups: {home: [fr, ch]}}
";
    let new = old.replace("[fr, ch]", "[fr]");
    let folder = Folder::of(&[("old.yaml", old), ("new.yaml", new)]);
    let answer = folder.run(&["diff", "@/old.yaml", "@/new.yaml"]);
    assert!(says(&answer, "policy                     europe      narrowed"), "{}", answer.out);
    assert!(answer.out.contains("(zurich/a gpu t4): group `home` changed\n"), "{}", answer.out);
}

#[test]
fn a1_pull_requests_get_markdown() {
    let narrowed = OLD.replace("type: continent, name: eu", "type: country, name: fr");
    let answer = run(&narrowed, &["-o", "markdown"]);
    for line in [
        "### Siting: deployments that lose all places: 1, lose some: 1, gain: 0; running replicas that must move: 1",
        "| policy | `europe` | narrowed |",
        "| `bert/v1` | narrowed | 2 | 1 | − 1 candidate (zurich/a gpu t4): policy `europe` changed |",
        "- bert/v1: 1 replica on zurich; all replicas would be on paris ×1",
    ] {
        assert!(says(&answer, line), "{line}\n{}", answer.out);
    }
    assert_eq!(run(OLD, &["-o", "markdown"]).out, "### Siting: nothing differs in meaning\n");
    assert_eq!(Folder::of(&[("a.yaml", OLD)]).run(&["check", "@", "-o", "markdown"]).status, 2);
}

fn git(folder: &Path, args: &[&str]) -> bool {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    Command::new("git").arg("-C").arg(folder).args(identity).args(args).output().is_ok_and(|ran| ran.status.success())
}

#[test]
fn a1_revisions_are_read_without_touching_the_working_copy() {
    let folder = Folder::of(&[("readme.txt", "no manifest")]);
    if !git(&folder.0, &["init", "-q", "-b", "trunk"]) {
        println!("skipped: git cannot be run");
        return;
    }
    let fleet = folder.0.join("fleet");
    std::fs::create_dir_all(fleet.join(".hidden")).unwrap();
    std::fs::write(fleet.join(".hidden/broken.yaml"), "kind: Nonsense\n").unwrap();
    let write = |text: &str| std::fs::write(fleet.join("all.yaml"), text).unwrap();
    let commit = |message: &str| assert!(git(&folder.0, &["add", "-A"]) && git(&folder.0, &["commit", "-qm", message]));
    write(OLD);
    commit("old");
    write(&OLD.replace("type: continent, name: eu", "type: country, name: fr"));
    commit("narrower");
    write(&OLD.replace("type: continent, name: eu", "type: continent, name: na"));
    let of = |args: &[&str]| folder.run(&[&["diff", "--git"], args, &["@/fleet"]].concat());
    let two = of(&["HEAD~1", "trunk"]);
    assert_eq!(two.status, 1);
    assert!(says(&two, "policy                     europe      narrowed"), "{two:?}");
    assert_eq!(of(&["trunk~1", "HEAD~1"]).out, "nothing differs in meaning\n");
    // With one revision, the files as they are.
    assert!(says(&of(&["HEAD"]), "policy europe incomparable"), "{:?}", of(&["HEAD"]));
    let unknown = of(&["HEAD~7"]);
    assert_eq!(unknown.status, 2);
    assert!(unknown.err.contains("git knows no revision `HEAD~7`"), "{}", unknown.err);
    let absent = folder.run(&["diff", "--git", "HEAD~1", "HEAD", "@/elsewhere"]);
    assert!(absent.err.contains("is in revision `HEAD~1`"), "{}", absent.err);
    // An error says in which revision its text stands.
    write("kind: Polcy\n");
    commit("broken");
    let broken = of(&["HEAD~1", "HEAD"]);
    assert_eq!(broken.status, 2);
    assert!(broken.err.contains("HEAD:fleet/all.yaml"), "{}", broken.err);
}

/// A1: what a link or a repository within would bring is not missing without a word: a guard that stands behind one
/// cannot be removed unseen.
#[cfg(unix)]
#[test]
fn a1_links_in_revisions_are_refused_unless_they_lead_to_no_manifest() {
    use std::os::unix::fs::symlink;
    let folder = Folder::of(&[("readme.txt", "no manifest")]);
    if !git(&folder.0, &["init", "-q", "-b", "trunk"]) {
        println!("skipped: git cannot be run");
        return;
    }
    let [fleet, shared] = ["fleet", "shared"].map(|name| folder.0.join(name));
    std::fs::create_dir_all(&fleet).unwrap();
    std::fs::create_dir_all(&shared).unwrap();
    std::fs::write(shared.join("policy.yaml"), OLD).unwrap();
    std::fs::write(fleet.join("all.yaml"), OLD).unwrap();
    symlink("../readme.txt", fleet.join("readme")).unwrap();
    let commit = |message: &str| assert!(git(&folder.0, &["add", "-A"]) && git(&folder.0, &["commit", "-qm", message]));
    let diff = || folder.run(&["diff", "--git", "HEAD", "HEAD", "@/fleet"]);
    commit("a link to a file that is no manifest");
    assert_eq!(diff().out, "nothing differs in meaning\n", "{:?}", diff());
    for (target, name) in [("../shared/policy.yaml", "more.yaml"), ("../shared", "more")] {
        symlink(target, fleet.join(name)).unwrap();
        commit("a link");
        let refused = diff();
        assert_eq!(refused.status, 2, "{refused:?}");
        let said = format!("fleet/{name}` is a link, which is not followed in a revision");
        assert!(refused.err.contains(&said), "{}", refused.err);
        std::fs::remove_file(fleet.join(name)).unwrap();
        commit("no link");
    }
}

#[test]
fn a_diff_is_of_two_paths() {
    let folder = Folder::of(&[("old.yaml", OLD)]);
    assert!(folder.run(&["diff", "@/old.yaml"]).err.contains("a diff is of two paths, and there are 1"));
    assert!(folder.run(&["diff", "-", "-"]).err.contains("standard input can be read once"));
    assert!(folder.run(&["diff", "--git", "HEAD"]).err.contains("which paths?"));
}

/// A cluster that stands, is run or is bought otherwise is the cause itself, whatever its side's catalog knows.
#[test]
fn a1_a_cluster_that_moves_is_the_cause() {
    let cause = |policy: &str, before: &str, after: &str, more: &str| {
        let text = |cluster: &str| {
            let documents = [
                ("Policy", "p", policy),
                ("Environment", "production", "policies: [p]"),
                ("Deployment", "d", "model: m"),
                ("Cluster", "c", cluster),
            ];
            let one = |(kind, name, spec): &(&str, &str, &str)| {
                format!("apiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
            };
            documents.iter().map(one).collect::<Vec<_>>().join("---\n")
        };
        let folder = Folder::of(&[("old.yaml", &text(before)), ("new.yaml", &(text(after) + more))]);
        let answer = folder.run(&["diff", "@/old.yaml", "@/new.yaml", "-o", "json"]);
        assert!(answer.status < 2, "{}", answer.err);
        answer.json()["deployments"][0]["losses"][0]["changes"].clone()
    };
    let pool = |capacity: &str| {
        format!(
            "provider: ovh, country: fr, pools: [{{name: p, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 1Gi, capacity: {capacity}}}]"
        )
    };
    // The new side knows two locations more.
    let bari = "---\napiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {name: d}\nspec: {provider: acme, country: it, location: bari, flavors: [{type: cpu, name: x86}]}\n";
    let moved = cause(
        "type: location, locations: [{type: country, name: fr}]",
        "provider: acme, country: fr, flavors: [{type: cpu, name: x86}]",
        "provider: acme, country: it, location: rome, flavors: [{type: cpu, name: x86}]",
        bari,
    );
    let sold = cause(
        "type: provider, providers: [{type: jurisdiction, name: eu27}]",
        "provider: ovh, country: fr, flavors: [{type: cpu, name: x86}]",
        "provider: aws, country: fr, flavors: [{type: cpu, name: x86}]",
        "",
    );
    let spot =
        cause("type: capacity, capacity: [{type: capacity, name: on-demand}]", &pool("on-demand"), &pool("spot"), "");
    for changes in [moved, sold, spot] {
        assert_eq!(changes, serde_json::json!(["cluster `c` changed"]));
    }
}
