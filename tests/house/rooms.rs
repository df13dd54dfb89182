//! Rooms import only rooms above them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{code, files, root};

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
    &["report"],
    &["testing"],
    &["cli"],
];

/// The floor: these may use one another.
const FLOOR: usize = 0;

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|line| line.contains(&room))
}

/// The room a file of `src` belongs to: its folder's name, or its own.
fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).expect("a file of src");
    let first = inside.components().next().expect("a component").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
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
