//! How the code itself is kept: what imports what, which rules are cited, and what the README lists.
#![expect(clippy::expect_used, reason = "tests may fail loudly")]

mod circles;
mod fields;
mod readme;
mod rooms;
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

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

/// The file's code: without comments, and without what only tests see. That is the item behind each
/// `#[cfg(test)]`: up to the bracket that closes it, or to its semicolon.
fn code(text: &str) -> String {
    parted(text).0
}

/// The file's code, and what only tests see.
fn parted(text: &str) -> (String, String) {
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let (mut kept, mut tests) = (String::new(), String::new());
    for (number, part) in code.split("#[cfg(test)]").enumerate() {
        let end = if number == 0 { 0 } else { end_of_item(part) };
        tests.push_str(&part[..end]);
        kept.push_str(&part[end..]);
    }
    (kept, tests)
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
