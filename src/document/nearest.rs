//! Which known names lie nearest to an unknown one (C8).

use std::cmp::Reverse;

/// How many names are offered at most.
const OFFERED: usize = 3;

/// The up to three names nearest to `text`, best first: equal but for case, then by how many
/// characters must change (one, where the text is but a name's beginning), then those that hold the
/// text or are held by it. A name with nothing in common is not offered. O(names × their length).
///
/// ```
/// # use siting::catalog::nearest;
/// assert_eq!(nearest("polices", ["policies", "require", "police"]), ["police", "policies"]);
/// assert_eq!(nearest("east", ["us-east-1", "us-west-1"]), ["us-east-1"]);
/// assert!(nearest("zebra", ["policies", "require"]).is_empty());
/// ```
#[must_use]
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    ranked(text, names.into_iter().map(|name| (name, name))).into_iter().map(str::to_owned).collect()
}

/// As [`nearest`], for names that stand for something: what the nearest stand for, each once.
pub(crate) fn ranked<'a, T: Copy + Ord>(text: &str, names: impl IntoIterator<Item = (&'a str, T)>) -> Vec<T> {
    let text = text.to_lowercase();
    let length = text.chars().count();
    let mut near: Vec<_> = names
        .into_iter()
        .filter_map(|(name, item)| {
            let name = name.to_lowercase();
            let common = text.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
            let distance = strsim::osa_distance(&text, &name);
            let rank = if length > 2 && name.starts_with(&text) {
                distance.min(1)
            } else if distance <= (length / 3).max(1) {
                distance
            } else if length > 2 && (name.contains(&text) || (name.len() > 2 && text.contains(&name))) {
                FAR + distance
            } else {
                return None;
            };
            Some((rank, Reverse(common), name, item))
        })
        .collect();
    near.sort();
    let mut items = Vec::with_capacity(OFFERED);
    for (_, _, _, item) in near {
        if items.len() < OFFERED && !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

/// More than any distance between names: what only holds the text comes after what resembles it.
const FAR: usize = 1 << 20;
