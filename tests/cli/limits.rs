//! The guide's table of limits: each bound is tried at it and just beyond it, by the program itself, in a process that
//! has little memory.
#![cfg(unix)]

use std::fs;
use std::process::Command;

use crate::support::{Answer, Folder};

/// The rows of the table, and what tries each.
const ROWS: [(&str, &str); 19] = [
    ("one file", "files"),
    // So many take minutes where calls of the system are slow; `manifest/source.rs` tries their count.
    ("directories of one load", "source.rs"),
    ("nesting of lists, and of mappings", "nesting"),
    ("values in one document", "values"),
    ("what YAML aliases may copy in one document", "aliases"),
    ("characters of a name", "names"),
    ("GPUs of one node", "hardware"),
    ("nodes of a pool; replicas", "hardware"),
    ("problems listed of one load; of one cluster", "problems"),
    ("findings listed of one code; of one code about one document", "findings"),
    // A load that large takes gigabytes of text; `workspace/clusters.rs` tries its count.
    ("clusters, and pools of all of them, of one load", "clusters.rs"),
    ("attributes of a workspace; different sets of them that are borne or asked for", "core/attributes.rs"),
    ("replicas of a deployment that states `spread`, also in a life", "spread"),
    ("replicas that a step of a scenario states; the last step after the start", "scenarios"),
    ("ticks of a scenario's host until the last step", "ticks"),
    ("weight of a backend; of all of a balancer", "rates/limits.rs"),
    ("weights on a hash ring that count as stated; beyond, all are brought down in proportion", "rates/limits.rs"),
    ("sticky sessions of one `Sessions`, and their keys; further clients are answered without", "rates/limits.rs"),
    ("slots of a window of metrics; gauges of a slot; a latency", "rates/limits.rs"),
];

#[test]
fn every_row_of_the_guide_is_tried() {
    let guide = include_str!("../../docs/guide.md");
    let table = guide.split("## Limits on input").nth(1).unwrap();
    let lines = table.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
    let rows: Vec<_> =
        lines.take_while(|line| line.starts_with('|')).map(|line| line.split('|').nth(1).unwrap().trim()).collect();
    assert_eq!(rows, ROWS.map(|(row, _)| row));
}

/// Runs `siting` with so many MiB of memory.
fn within(mebibytes: u32, folder: &Folder, args: &[&str]) -> Answer {
    let here = folder.0.to_str().unwrap();
    let limited = format!("ulimit -v {}; exec \"$0\" \"$@\"", mebibytes << 10);
    let mut command = Command::new("sh");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_siting")]);
    let output = command.args(args.iter().map(|arg| arg.replace('@', here))).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    // A process that was killed has no status.
    let status = u8::try_from(output.status.code().unwrap_or(255)).unwrap();
    Answer { status, out: text(output.stdout), err: text(output.stderr) }
}

/// What `siting check` says of a text, and whether that is well.
fn checked(text: &str) -> (u8, String) {
    let folder = Folder::of(&[("a.yaml", text)]);
    let answer = within(1024, &folder, &["check", "@"]);
    (answer.status, answer.out + &answer.err)
}

/// A text at the bound is taken; the one beyond is refused in these words.
fn bound(at: &str, beyond: &str, refusal: &str) {
    let (status, said) = checked(at);
    assert!(status < 2 && !said.contains(refusal), "at the bound: {status}, {}", head(&said));
    let (status, said) = checked(beyond);
    assert!(status == 2 && said.contains(refusal), "beyond: {status}, {}", head(&said));
}

fn head(text: &str) -> String {
    text.chars().take(2000).collect()
}

fn document(kind: &str, name: &str, spec: &str) -> String {
    format!("---\napiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

/// Of nothing but blank lines: they take little more than their own size.
#[test]
fn files() {
    let folder = Folder::of(&[("a.yaml", vec![b'\n'; 64 << 20])]);
    let answer = within(256, &folder, &["check", "@"]);
    assert_eq!(answer.status, 0, "{}", head(&answer.err));
    fs::write(folder.0.join("a.yaml"), vec![b'\n'; (64 << 20) + 1]).unwrap();
    let answer = within(256, &folder, &["check", "@"]);
    assert!(answer.status == 2 && answer.err.contains("is larger than 64 MiB"), "{}", head(&answer.err));
}

#[test]
fn nesting() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let nested = |depth: usize| checked(&format!("{}x{}", open.repeat(depth), close.repeat(depth))).1;
        assert!(!nested(64).contains("limit-exceeded"));
        assert!(nested(65).contains("values are nested more than 64 levels deep"));
    }
}

#[test]
fn values() {
    // The list counts as well as its elements, of which each is no document.
    let wide = |count: usize| checked(&format!("[{}]", "0,".repeat(count))).1;
    assert!(!wide(1_999_999).contains("a document has more than 2000000 values"));
    assert!(wide(2_000_000).contains("a document has more than 2000000 values"));
}

#[test]
fn aliases() {
    // What is anchored counts once, and once for each alias; a text as its bytes and 64.
    let copied = |length: usize| {
        let again: String = (0..15).map(|number| format!(", b{number}: *a")).collect();
        format!(
            "apiVersion: siting.dev/v1\nkind: Environment\nmetadata: {{name: e, annotations: {{a: &a {}{again}}}}}\nspec: {{}}\n",
            "x".repeat(length)
        )
    };
    bound(&copied((1 << 20) - 64), &copied((1 << 20) - 63), "aliases expand to more than 16 MiB");
}

#[test]
fn names() {
    let named = |length: usize| document("Environment", &"é".repeat(length), "");
    bound(&named(253), &named(254), "`name` cannot be");
}

#[test]
fn hardware() {
    let pool = |nodes: u64, gpus: u32| {
        let pool = format!("{{name: a, nodes: {nodes}, cpu: 1, memory: 1Gi, gpu: {{type: t4, count: {gpus}}}}}");
        document("Cluster", "c", &format!("provider: p, country: us, pools: [{pool}]"))
    };
    bound(&pool(4_294_967_295, 1024), &pool(4_294_967_295, 1025), "`count` cannot be `1025`");
    bound(&pool(4_294_967_295, 1024), &pool(4_294_967_296, 1024), "`nodes` cannot be `4294967296`");
    let deployment = |replicas: u64| document("Deployment", "d", &format!("model: m, replicas: {replicas}"));
    bound(&deployment(4_294_967_295), &deployment(4_294_967_296), "`replicas` cannot be `4294967296`");
    let folder = Folder::of(&[
        ("d.yaml", deployment(4_294_967_295)),
        ("c.yaml", document("Cluster", "c", "provider: p, country: us, flavors: [{type: gpu, name: t4}]")),
    ]);
    let answer = within(1024, &folder, &["place", "@"]);
    assert!(answer.status == 0 && answer.out.contains("4294967295"), "{answer:?}");
}

#[test]
fn problems() {
    let unknown = |count: usize| -> String { (0..count).map(|number| format!("x{number}: 1, ")).collect() };
    let environment = |count: usize| checked(&document("Environment", "e", &unknown(count))).1;
    assert!(environment(1000).contains("1000 errors") && !environment(1000).contains("not listed"));
    assert!(environment(1001).contains("1 more problems are not listed"));
    let cluster = |count: usize| {
        let spec = format!("provider: p, country: us, flavors: [{{type: gpu, name: t4}}], {}", unknown(count));
        checked(&document("Cluster", "c", &spec)).1
    };
    assert!(cluster(100).contains("100 errors") && !cluster(100).contains("not listed"));
    assert!(cluster(101).contains("1 more problems are not listed"));
}

#[test]
fn findings() {
    let policy = |name: usize, options: usize| {
        let options = "{type: country, name: us}, ".repeat(options);
        document("Policy", &format!("p{name}"), &format!("type: location, locations: [{options}]"))
    };
    let unused = |count: usize| checked(&(0..count).map(|name| policy(name, 1)).collect::<String>()).1;
    assert!(!unused(1000).contains("more like it"));
    assert!(unused(1001).contains("and 1 more like it"));
    let covered = |count: usize| checked(&policy(0, count + 1)).1;
    assert!(!covered(10).contains("more like it"));
    assert!(covered(11).contains("and 1 more like it about this policy"));
}

/// Each is placed by itself.
#[test]
fn spread() {
    let folder = |replicas: u32| {
        let spec = format!("model: m, replicas: {replicas}, placement: {{spread: {{by: location}}}}");
        let cluster = document("Cluster", "c", "provider: p, country: us, flavors: [{type: gpu, name: t4}]");
        Folder::of(&[("a.yaml", document("Deployment", "d", &spec) + &cluster)])
    };
    let answer = within(1024, &folder(1_000_000), &["place", "@"]);
    assert!(answer.status == 0 && answer.out.contains("1000000"), "{answer:?}");
    let answer = within(1024, &folder(1_000_001), &["place", "@"]);
    assert!(answer.status == 2 && answer.err.contains("1000000"), "{answer:?}");
}

fn simulated(spec: &str) -> (u8, String) {
    let folder = Folder::of(&[("a.yaml", document("Scenario", "s", &format!("model: m, fleet: unlimited, {spec}")))]);
    let answer = within(1024, &folder, &["simulate", "@"]);
    (answer.status, answer.out + &answer.err)
}

#[test]
fn scenarios() {
    let replicas = |count: u32| simulated(&format!("steps: [{{push: {{name: one, version: v1, replicas: {count}}}}}]"));
    assert_eq!(replicas(10_000).0, 0, "{}", head(&replicas(10_000).1));
    assert!(replicas(10_001).1.contains("10001 replicas are too many for a scenario"));
    let steps = |moment: &str| {
        simulated(&format!("steps: [{{push: {{name: one, version: v1}}}}, {{at: {moment}, wait: true}}]"))
    };
    assert_eq!(steps("87600h").0, 0, "{}", head(&steps("87600h").1));
    assert!(steps("87601h").1.contains("the step comes too long after the start"));
}

#[test]
fn ticks() {
    let host = |seconds: u32| {
        let steps = format!("[{{push: {{name: one, version: v1}}}}, {{at: {seconds}s, wait: true}}]");
        simulated(&format!("host: {{tickSeconds: 1}}, steps: {steps}"))
    };
    assert_eq!(host(100_000).0, 0, "{}", head(&host(100_000).1));
    assert!(host(100_001).1.contains("ticks more than 100000 times"));
}

/// No text makes the program die, whatever it asks for: what is refused, is refused by an error with a place.
#[test]
fn what_asks_for_more_memory_than_there_is_is_refused_with_a_place() {
    for (spec, place) in [
        ("steps: [{push: {name: one, version: v1, replicas: 4294967295}}]", "a.yaml:5:"),
        ("host: {}, steps: [{push: {name: one, version: v1}}, {at: 999999999h, wait: true}]", "a.yaml:5:"),
        ("steps: [{push: {name: one, version: v1, scaling: {minReplicas: 1, maxReplicas: 4294967295}}}]", "a.yaml:5:"),
    ] {
        let (status, said) = simulated(spec);
        assert!(status == 2 && said.contains(place), "{status}, {said}");
    }
}
