//! What the README lists is what there is.

use std::collections::BTreeSet;
use std::fs;

use crate::root;

/// The names of a table of `Cargo.toml`: of the dependencies, those that are not optional.
fn dependencies() -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let (_, table) = manifest.split_once("\n[dependencies]\n").expect("the dependencies");
    let table = table.split("\n[").next().unwrap_or_default();
    let needed = table.lines().filter(|line| !line.contains("optional = true"));
    needed.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_dependencies_without_features_are_those_of_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, list) = readme.split_once("depends on ").expect("the list of dependencies");
    let (list, _) = list.split_once('.').expect("the end of the list");
    let listed: BTreeSet<String> = list.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(listed, dependencies());
}
