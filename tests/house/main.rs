//! The house in order: rooms import only rooms above them, and every rule has a test.
#![expect(clippy::expect_used, reason = "tests may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, lowest first. Rooms of one line import none of each other, but where noted below.
const ROOMS: &[&[&str]] = &[
    &["id", "bitset", "quantity", "time", "origin", "document"],
    &["catalog"],
    &["policy"],
    &["inventory"],
    &["metrics"],
    &["scaling", "traffic", "rollout"],
    &["deployment"],
    &["placement"],
    &["lifecycle"],
    &["manifest"],
    &["workspace"],
    &["analysis"],
    &["simulation"],
    &["testing"],
    &["cli"],
];

/// The floor: these may use one another.
const FLOOR: usize = 0;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|line| line.contains(&room))
}

/// The room a file of `src` belongs to: its folder's name, or its own.
fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).expect("a file of src");
    let first = inside.components().next().expect("a component").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The file's code: without comments, and without what only tests see. That is the item behind each
/// `#[cfg(test)]`: up to the bracket that closes it, or to its semicolon.
fn code(text: &str) -> String {
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut parts = code.split("#[cfg(test)]");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(&part[end_of_item(part)..]);
    }
    kept
}

/// Where the first item of a text ends. Brackets in texts and characters are none.
fn end_of_item(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut signs = text.char_indices();
    while let Some((at, character)) = signs.next() {
        match character {
            '"' => {
                let mut escaped = false;
                for (_, sign) in signs.by_ref() {
                    match sign {
                        '"' if !escaped => break,
                        _ => escaped = sign == '\\' && !escaped,
                    }
                }
            }
            '\'' if signs.as_str().chars().nth(1) == Some('\'') => {
                signs.nth(1);
            }
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && character == '}' {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The rooms that a text imports: what follows `crate::`, alone or in braces.
fn imports(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut found = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let Some(list) = after.strip_prefix('{') else {
            found.insert(word(after));
            continue;
        };
        // Only what stands directly in these braces is a room.
        let (mut depth, mut item) = (0_usize, String::new());
        for character in list.chars() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.insert(word(item.trim()));
                    item.clear();
                }
                _ if depth == 0 => item.push(character),
                _ => {}
            }
        }
        found.insert(word(item.trim()));
    }
    found.remove("");
    found
}

#[test]
fn rooms_import_only_rooms_above_them() {
    let mut seen = BTreeSet::new();
    for file in files(&root().join("src"), "rs") {
        let room = room_of(&file);
        if room == "lib" || room == "bin" {
            continue;
        }
        let own = level(&room).unwrap_or_else(|| panic!("{} belongs to no known room", file.display()));
        seen.insert(room.clone());
        for import in imports(&code(&fs::read_to_string(&file).expect("text"))) {
            let Some(other) = level(&import) else { continue };
            let allowed = import == room || other < own || (other == own && own == FLOOR);
            assert!(allowed, "{}: room `{room}` imports `{import}`, which lies below it", file.display());
        }
    }
    assert_eq!(seen.len(), ROOMS.iter().map(|line| line.len()).sum::<usize>(), "a listed room is missing: {seen:?}");
}

#[test]
fn an_import_that_runs_up_the_house_is_noticed() {
    assert!(imports("use crate::{policy::Scope, cli};").contains("cli"));
    assert!(imports("fn f() -> crate::workspace::Workspace {").contains("workspace"));
    assert!(level("workspace") > level("policy"));
    let nested = imports("use crate::{policy::{Scope, self}, catalog::{a::{b, workspace}, c}, cli};");
    assert_eq!(nested.iter().map(String::as_str).collect::<Vec<_>>(), ["catalog", "cli", "policy"]);
    // Tests may import what they like; what follows them may not.
    let text = "a\n// crate::no\n#[cfg(test)]\nuse crate::cli;\nb\n#[cfg(test)]\nfn f([x]: [u8; 1]) { { crate::cli } }\nuse crate::workspace;\n";
    assert_eq!(imports(&code(text)).into_iter().collect::<Vec<_>>(), ["workspace"]);
}

/// The rules that this crate answers for so far.
fn rules() -> Vec<String> {
    let numbered =
        |letter: char, numbers: &[u32]| numbers.iter().map(move |n| format!("{letter}{n}")).collect::<Vec<_>>();
    [
        numbered('C', &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        numbered('P', &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15]),
        numbered('E', &[1, 2, 3]),
        numbered('I', &[1, 2, 3, 4, 5, 6]),
        numbered('D', &[1, 2, 3, 4, 5, 6, 9, 10]),
        numbered('R', &[1, 2, 3, 4, 5, 6, 7]),
        numbered('L', &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]),
    ]
    .concat()
}

/// Whether a text speaks of a rule: `P1`, and not `P12` or `EP1`; or `p1_` in a test's name; or in a
/// range such as `D1–D6`.
fn cites(text: &str, rule: &str) -> bool {
    let bounded = |at: usize, length: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + length..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(|c| c.is_ascii_digit())
    };
    let lower = rule.to_lowercase();
    text.match_indices(rule).chain(text.match_indices(&lower)).any(|(at, found)| bounded(at, found.len()))
}

#[test]
fn every_rule_is_cited_by_a_test() {
    let this = root().join("tests/house/main.rs");
    let mut texts = Vec::new();
    for file in files(&root().join("tests"), "rs").into_iter().filter(|file| *file != this) {
        texts.push(fs::read_to_string(file).expect("text"));
    }
    for file in files(&root().join("tests/conformance"), "json") {
        texts.push(fs::read_to_string(file).expect("text"));
    }
    for file in files(&root().join("src"), "rs") {
        let text = fs::read_to_string(file).expect("text");
        texts.extend(text.split_once("#[cfg(test)]").map(|(_, tests)| tests.to_owned()));
    }
    let all = texts.join("\n");
    let uncited: Vec<_> = rules().into_iter().filter(|rule| !cites(&all, rule)).collect();
    assert!(uncited.is_empty(), "no test cites {uncited:?}");
}

#[test]
fn citations_are_told_apart() {
    assert!(cites("// P1: names", "P1") && cites("fn p1_targets()", "P1"));
    assert!(!cites("P12", "P1") && !cites("EP1", "P1"));
}
