//! No two files import each other, but a parent module and its children.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::{code, files, root};

/// The pairs that still do. A pair that is mended leaves this list, and none is added.
const KNOWN: &[(&str, &str)] = &[
    ("document::fields", "document::item"),
    ("inventory::cluster", "inventory::request"),
    ("inventory::fleet", "inventory::index"),
    ("rollout::plan", "rollout::run"),
];

/// The files of `src`: each by the path of its module, with its code.
struct Files(BTreeMap<String, String>);

impl Files {
    fn read() -> Self {
        let src = root().join("src");
        let mut all = BTreeMap::new();
        for file in files(&src, "rs") {
            let inside = file.strip_prefix(&src).expect("a file of src").with_extension("");
            let mut module: Vec<_> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            if module != ["lib"] && module.first().is_some_and(|first| first != "bin") {
                all.insert(module.join("::"), code(&fs::read_to_string(&file).expect("text")));
            }
        }
        Self(all)
    }

    /// The file that an item comes from: the longest module that the path begins with, and behind a `pub use`
    /// of that module the file that this leads to.
    fn home(&self, path: &str, depth: usize) -> Option<&str> {
        let mut module = path;
        while !self.0.contains_key(module) {
            module = module.rsplit_once("::")?.0;
        }
        let (known, code) = self.0.get_key_value(module)?;
        let item = path.strip_prefix(module)?.trim_start_matches("::").split("::").next().unwrap_or_default();
        let exported = paths(code, known, true)
            .into_iter()
            .find(|export| !item.is_empty() && depth < 4 && export.rsplit("::").next() == Some(item) && export != path);
        exported.and_then(|export| self.home(&export, depth + 1)).or(Some(known))
    }

    /// The files that a file imports.
    fn imports(&self, module: &str) -> BTreeSet<&str> {
        let code = self.0.get(module).map(String::as_str).unwrap_or_default();
        let found = paths(code, module, false);
        found.iter().filter_map(|path| self.home(path, 0)).filter(|home| *home != module).collect()
    }
}

/// The paths that a module's code names from the root of the crate on, or only those that it exports by
/// `pub use`. Lists in braces are taken apart.
fn paths(code: &str, module: &str, exports: bool) -> Vec<String> {
    let mut found = Vec::new();
    let starts =
        if exports { &["pub use ", "pub(crate) use ", "pub(super) use "][..] } else { &["crate::", "super::"] };
    for start in starts {
        for (at, _) in code.match_indices(start) {
            let bounded = !code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
            if bounded {
                let from = if exports { at + start.len() } else { at };
                expand(&code[from..], "", &mut found);
            }
        }
    }
    found.iter().filter_map(|path| absolute(path, module)).collect()
}

/// Adds the paths of a text's beginning, `a::{b, c::D}` as `a::b` and `a::c::D`; where it ends.
fn expand(text: &str, before: &str, found: &mut Vec<String>) -> usize {
    let end = text.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).unwrap_or(text.len());
    let path = format!("{before}{}", &text[..end]);
    if !text[end..].starts_with('{') {
        found.push(path.trim_end_matches("::").to_owned());
        return end;
    }
    let mut at = end + 1;
    while let Some(next) = text[at..].chars().next() {
        match next {
            '}' => return at + 1,
            c if c.is_alphanumeric() || c == '_' => {
                at += expand(&text[at..], &path, found);
                // A new name does not change where it comes from.
                if text[at..].starts_with(" as ") {
                    at += 4 + text[at + 4..].find([',', '}']).unwrap_or(0);
                }
            }
            c => at += c.len_utf8(),
        }
    }
    at
}

/// A path from the root of the crate: without `crate`, and with the module that `super` and `self` stand for.
fn absolute(path: &str, module: &str) -> Option<String> {
    if let Some(path) = path.strip_prefix("crate::") {
        return Some(path.replace("::self", ""));
    }
    let mut base: Vec<&str> = module.split("::").collect();
    let mut rest = path;
    while let Some(after) = rest.strip_prefix("super") {
        base.pop()?;
        rest = after.trim_start_matches("::");
    }
    rest = rest.strip_prefix("self::").unwrap_or(rest);
    base.extend(rest.split("::").filter(|part| !part.is_empty() && *part != "self"));
    Some(base.join("::"))
}

#[test]
fn no_two_files_import_each_other() {
    let files = Files::read();
    let imports: BTreeMap<&str, BTreeSet<&str>> =
        files.0.keys().map(|module| (module.as_str(), files.imports(module))).collect();
    let mut found = BTreeSet::new();
    for (one, others) in &imports {
        for other in others.iter().filter(|other| one < *other && imports[**other].contains(one)) {
            // A parent declares its child, and tells others of it.
            if !other.starts_with(&format!("{one}::")) {
                found.insert((*one, *other));
            }
        }
    }
    let known: BTreeSet<_> = KNOWN.iter().copied().collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "these import each other: {new:#?}");
    let mended: Vec<_> = known.difference(&found).collect();
    assert!(mended.is_empty(), "these are mended, or moved: take them off the list: {mended:#?}");
}

#[test]
fn paths_are_taken_apart() {
    let text = "use crate::a::{b::C, d as E, self}; fn f() { super::g::h() } pub use i::J; use my_crate::x;";
    assert_eq!(paths(text, "m::n", false), ["a::b::C", "a::d", "a", "m::g::h"]);
    assert_eq!(paths(text, "m::n", true), ["m::n::i::J"]);
    assert_eq!(absolute("super::super::x", "a::b::c").as_deref(), Some("a::x"));
}
