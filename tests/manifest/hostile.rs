//! Text and files made to hurt: they are refused with a place, soon, and hide nothing else.

use std::fs;
use std::path::PathBuf;

use siting::manifest::{Reading, gather, read_str};

/// Reads a text that is made to take for ever, to fill the memory or to overflow the stack; that this
/// returns is the first thing tested.
fn hostile(text: &str) -> Reading {
    read_str("x.yaml", text)
}

fn codes(reading: &Reading) -> Vec<&'static str> {
    reading.problems.iter().map(|problem| problem.code.as_str()).collect()
}

#[test]
fn nesting_is_bounded() {
    for unit in ["[", "{a: ", "- ", "? ", "[{a: [", "- - a:\n"] {
        let reading = hostile(&unit.repeat(10_000_000 / unit.len()));
        assert!(
            matches!(codes(&reading)[..], ["limit-exceeded" | "invalid-syntax"]),
            "{unit}: {:?}",
            reading.problems.first()
        );
    }
    let deeper: String = (0..3000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(codes(&hostile(&deeper)), ["limit-exceeded"]);
}

/// The bounds of docs/guide.md, each tried at it and just beyond.
#[test]
fn bounds_are_where_the_guide_has_them() {
    let nested = |depth: usize| hostile(&format!("{}x{}", "[".repeat(depth), "]".repeat(depth)));
    assert!(!codes(&nested(64)).contains(&"limit-exceeded"));
    assert_eq!(codes(&nested(65)), ["limit-exceeded"]);
    // A list counts as well as its elements, each of which is no document.
    let wide = |count: usize| hostile(&format!("[{}]", "0,".repeat(count))).problems.len();
    assert_eq!((wide(1_999_999), wide(2_000_000)), (1001, 1));
    let named = |length: usize| {
        let name = "é".repeat(length);
        hostile(&format!("apiVersion: siting.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nspec: {{}}\n"))
    };
    assert_eq!(codes(&named(253)), [""; 0]);
    assert_eq!(codes(&named(254)), ["invalid-value"]);
    let pool = |nodes: u64, gpus: u32| {
        let reading = hostile(&format!(
            "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: c}}\nspec: {{provider: p, country: us, pools: [{{name: a, nodes: {nodes}, cpu: 1, memory: 1Gi, gpu: {{type: t4, count: {gpus}}}}}]}}\n"
        ));
        // What is wrong with a cluster is kept with it (I6).
        reading
            .specs
            .broken_clusters
            .iter()
            .flat_map(|broken| &broken.problems)
            .map(|p| p.code.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(pool(4_294_967_295, 1024), [""; 0]);
    assert_eq!(pool(4_294_967_296, 1024), ["out-of-range"]);
    assert_eq!(pool(1, 1025), ["out-of-range"]);
}

#[test]
fn files_are_bounded() {
    let path = directory("large");
    let at_most: u64 = 64 << 20;
    for (name, size) in [("within.yaml", at_most), ("beyond.yaml", at_most + 1)] {
        // A file without blocks, which reads as zeros.
        fs::File::create(path.join(name)).unwrap().set_len(size).unwrap();
    }
    let gathered = gather(&[&path]);
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(gathered.sources.iter().map(|source| source.text.len()).collect::<Vec<_>>(), [64 << 20]);
    assert_eq!(gathered.problems.len(), 1);
    assert_eq!(gathered.problems[0].code.as_str(), "limit-exceeded");
    assert!(gathered.problems[0].message.ends_with("beyond.yaml` is larger than 64 MiB"));
}

/// However many links lead to a directory, it is read once: of this tree there are 2^25 ways to the bottom.
#[cfg(unix)]
#[test]
fn directories_are_read_once_whatever_the_links() {
    let root = directory("links");
    let mut below = root.join("bottom");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("policy.yaml"), "").unwrap();
    for level in 0..25 {
        let here = root.join(format!("level-{level}"));
        fs::create_dir(&here).unwrap();
        for name in ["a", "b"] {
            std::os::unix::fs::symlink(&below, here.join(name)).unwrap();
        }
        below = here;
    }
    let gathered = gather(&[&below]);
    let twice = gather(&[&below, &root.join("bottom")]);
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(gathered.sources.len(), 1);
    assert_eq!(gathered.problems, []);
    assert_eq!(twice, gathered);
}

/// As deep as a path can be.
#[test]
fn nested_directories_are_read_to_the_bottom() {
    let root = directory("nested");
    let mut path = root.clone();
    (0..1500).for_each(|_| path.push("d"));
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("a.yaml"), "").unwrap();
    let gathered = gather(&[&root]);
    fs::remove_dir_all(&root).unwrap();
    assert_eq!((gathered.sources.len(), gathered.problems.len()), (1, 0));
}

/// A file may be called anything, and none of it gets to a terminal.
#[cfg(unix)]
#[test]
fn names_of_files_hold_nothing_that_does_not_print() {
    let root = directory("garbled");
    fs::write(root.join("a\nb\u{1b}[31m\u{202e}.yaml"), "kind: 3\n").unwrap();
    let gathered = gather(&[&root]);
    let problems = siting::manifest::read(&gathered.sources).problems;
    fs::remove_dir_all(&root).unwrap();
    assert!(gathered.sources[0].name.ends_with("/a\\nb\\u{1b}[31m\\u{202e}.yaml"));
    assert_eq!(problems[0].origin.file.as_deref(), Some(&*gathered.sources[0].name));
}

#[test]
fn problems_of_one_cluster_are_bounded() {
    let many: String = (0..2000).map(|number| format!("  x{number}: 1\n")).collect();
    let text = format!("apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: c}}\nspec:\n{many}");
    let broken = &hostile(&text).specs.broken_clusters[0];
    assert!(broken.problems.len() <= 101, "{}", broken.problems.len());
}

#[test]
fn aliases_are_bounded() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, of) in ('b'..='z').zip('a'..) {
        bomb += &format!("{name}: &{name} [*{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}]\n");
    }
    assert_eq!(codes(&hostile(&bomb)), ["limit-exceeded"]);
    let wide = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(100_000));
    assert_eq!(codes(&hostile(&wide)), ["limit-exceeded"]);
    assert_eq!(codes(&hostile("a: &a [*a]\n")), ["invalid-syntax"]);
    assert_eq!(codes(&hostile("a: *nowhere\n")), ["invalid-syntax"]);
}

#[test]
fn aliases_and_tags_that_make_sense_are_read() {
    let reading = hostile(
        "apiVersion: siting.dev/v1\nkind: Policy\nmetadata: {name: &name p, labels: {a: *name, b: !!str 3}}\nspec: {type: gpu, flavors: [{type: gpu, name: t4}]}\n",
    );
    assert_eq!(reading.problems, []);
    assert_eq!(reading.specs.policies[0].metadata.labels["a"], "p");
    assert_eq!(codes(&hostile("apiVersion: !python/object x\n")), ["invalid-syntax"]);
}

#[test]
fn problems_are_bounded() {
    let many: String = (0..200_000).map(|number| format!("  x{number}: 1\n")).collect();
    let reading =
        hostile(&format!("apiVersion: siting.dev/v1\nkind: Environment\nmetadata: {{name: e}}\nspec:\n{many}"));
    assert_eq!(reading.problems.len(), 1001);
    assert_eq!(reading.problems[1000].message, "199000 more problems are not listed");
    let twice: String = (0..200_000).map(|_| "x: 1\n").collect();
    assert_eq!(hostile(&twice).problems.len(), 1001);
    let wide = format!("apiVersion: siting.dev/v1\nkind: {}\n", "k".repeat(5_000_000));
    assert!(hostile(&wide).problems[0].message.len() < 200);
}

#[test]
fn many_of_one_name_are_one_problem() {
    let policy = "apiVersion: siting.dev/v1\nkind: Policy\nmetadata: {name: p}\nspec: {type: gpu, flavors: [{type: gpu, name: t4}]}\n---\n";
    let reading = hostile(&policy.repeat(100_000));
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].message, "policy `p` is defined 100000 times");
    let cluster = "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {provider: p, flavors: [{type: gpu, name: t4}]}\n---\n";
    let reading = hostile(&cluster.repeat(100_000));
    // Of clusters none is better than its twins, which is for the workspace to settle (I6).
    assert_eq!((reading.problems.len(), reading.specs.clusters.len()), (0, 100_000));
}

/// YAML lets few characters stand in no text; JSON, which is read as YAML, more of them.
#[test]
fn characters_that_no_text_can_hold_are_refused_with_what_can() {
    for (character, escape) in [('\u{7f}', "\\u007f"), ('\u{9c}', "\\u009c"), ('\u{ffff}', "\\uffff")] {
        let document = |name: &str| {
            format!(
                "{{\"apiVersion\": \"siting.dev/v1\", \"kind\": \"Environment\", \"metadata\": {{\"name\": \"a\", \"displayName\": \"{name}\"}}, \"spec\": {{}}}}"
            )
        };
        let reading = hostile(&document(&format!("a{character}")));
        let [problem] = &reading.problems[..] else { panic!("one problem: {:?}", reading.problems) };
        assert_eq!(problem.code.as_str(), "invalid-syntax");
        let help = problem.help.clone().unwrap();
        assert!(help.ends_with(&format!("write it as `{escape}`")), "{help}");
        let escaped = hostile(&document(&format!("a{escape}")));
        assert_eq!(escaped.problems, []);
        assert_eq!(escaped.specs.environments[0].metadata.display_name, Some(format!("a{character}")));
    }
}

#[test]
fn keys_that_are_no_text_are_refused() {
    assert!(codes(&hostile("? [a, b]\n: c\n")).contains(&"wrong-type"));
    assert!(codes(&hostile("{{}: 1}\n")).contains(&"wrong-type"));
}

/// A directory of this test's own.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("siting-manifest-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(path.join("below")).unwrap();
    path
}

#[test]
fn directories_are_read_in_order() {
    let path = directory("order");
    for file in ["b.yaml", "a.yml", "below/c.json", "notes.txt", ".hidden.yaml"] {
        fs::write(path.join(file), "").unwrap();
    }
    let gathered = gather(&[path.clone(), path.join("b.yaml"), path.join("notes.txt")]);
    let names: Vec<_> =
        gathered.sources.iter().map(|source| source.name.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["a.yml", "b.yaml", "c.json", "notes.txt"]);
    assert_eq!(gathered.problems, []);
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn what_cannot_be_read_is_said() {
    let path = directory("bad");
    fs::write(path.join("a.yaml"), b"kind: x\nna\xc3\xa9me: \xff\n").unwrap();
    let gathered = gather(&[path.join("a.yaml"), path.join("absent.yaml")]);
    let shown: Vec<_> = gathered
        .problems
        .iter()
        .map(|problem| (problem.code.as_str(), problem.origin.line, problem.origin.column))
        .collect();
    assert_eq!(shown, [("invalid-utf8", 2, 8), ("unreadable-file", 0, 0)]);
    fs::remove_dir_all(path).unwrap();
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_back_are_said() {
    use std::os::unix::fs::symlink;
    let path = directory("links");
    symlink(path.join("nowhere"), path.join("broken.yaml")).unwrap();
    symlink(&path, path.join("below/loop")).unwrap();
    fs::write(path.join("z.yaml"), "").unwrap();
    let gathered = gather(&[&path]);
    assert_eq!(gathered.problems.len(), 2);
    assert_eq!(gathered.sources.len(), 1);
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn a_directory_that_was_named_holds_manifests() {
    let folder = std::env::temp_dir().join(format!("siting-empty-{}", std::process::id()));
    fs::create_dir_all(folder.join("inner")).unwrap();
    fs::write(folder.join("README.md"), "# nothing").unwrap();
    let gathered = gather(&[&folder]);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(gathered.problems.len(), 1);
    assert!(gathered.problems[0].message.ends_with("contains no manifests"), "{:?}", gathered.problems);
}
