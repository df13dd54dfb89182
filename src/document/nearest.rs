//! Which known names lie nearest to an unknown one (C8).

use std::cmp::Reverse;

/// How many names are offered at most.
const OFFERED: usize = 3;

/// The up to three names nearest to `text`, best first: those with the same first word before others; then
/// equal but for case, then by how many characters must change (one, where the text is but a name's
/// beginning), then those that hold the text, are held by it, or begin as it does. A name with nothing in common is not offered. O(names × their length).
///
/// ```
/// # use siting::catalog::nearest;
/// assert_eq!(nearest("polices", ["policies", "require", "police"]), ["police", "policies"]);
/// assert_eq!(nearest("policy", ["name", "policies"]), ["policies"]);
/// assert_eq!(nearest("east", ["us-east-1", "us-west-1"]), ["us-east-1"]);
/// assert!(nearest("zebra", ["policies", "require"]).is_empty());
/// ```
#[must_use]
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    ranked(text, names.into_iter().map(|name| (name, name))).into_iter().map(str::to_owned).collect()
}

/// As [`nearest`], for names with a value each: the values of the nearest, each once.
pub(crate) fn ranked<'a, T: Copy + Ord>(text: &str, names: impl IntoIterator<Item = (&'a str, T)>) -> Vec<T> {
    let text = text.to_lowercase();
    let length = text.chars().count();
    let head = first_word(&text);
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
            } else if length > 2 && (name.contains(&text) || (name.len() > 2 && text.contains(&name)))
                || common > 3 && common * 4 >= length * 3
            {
                FAR + distance
            } else {
                return None;
            };
            // A name that shares the first word ranks before one that shares the last.
            let other_head = first_word(&name) != head;
            Some((other_head, rank, Reverse(common), name, item))
        })
        .collect();
    near.sort();
    let mut items = Vec::with_capacity(OFFERED);
    for (.., item) in near {
        if items.len() < OFFERED && !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

/// The part before the first separator.
fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// An index of names for many lookups. Of a large number, only those are compared that sort close to the text
/// in the order of their beginnings or of their ends: a single mistake leaves the rest intact on one side of it.
pub(crate) struct NearestNames<T> {
    by_beginning: Vec<(String, T)>,
    /// Backwards, with the place among the others.
    by_end: Vec<(String, usize)>,
}

impl<T: Copy + Ord> NearestNames<T> {
    /// O(n log n).
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut by_beginning: Vec<_> = names.into_iter().map(|(name, item)| (name.to_lowercase(), item)).collect();
        by_beginning.sort();
        let places = by_beginning.iter().enumerate();
        let mut by_end: Vec<_> = places.map(|(place, (name, _))| (name.chars().rev().collect(), place)).collect();
        by_end.sort();
        Self { by_beginning, by_end }
    }

    /// The values of the nearest names. O(log n), whatever their number.
    pub(crate) fn find(&self, text: &str) -> Vec<T> {
        if self.by_beginning.len() <= 2 * BESIDE {
            return ranked(text, self.by_beginning.iter().map(|(name, item)| (name.as_str(), *item)));
        }
        let text = text.to_lowercase();
        let backwards: String = text.chars().rev().collect();
        let around = |place: usize, all: usize| place.saturating_sub(BESIDE)..place.saturating_add(BESIDE).min(all);
        let place = self.by_beginning.partition_point(|(name, _)| *name < text);
        let alike = self.by_beginning.get(around(place, self.by_beginning.len())).unwrap_or_default().iter();
        let place = self.by_end.partition_point(|(name, _)| *name < backwards);
        let ends = self.by_end.get(around(place, self.by_end.len())).unwrap_or_default().iter();
        let ends = ends.filter_map(|&(_, place)| self.by_beginning.get(place));
        ranked(&text, alike.chain(ends).map(|(name, item)| (name.as_str(), *item)))
    }
}

/// How many names on either side are compared.
const BESIDE: usize = 48;

/// More than any distance between names: a name that only contains the text ranks after similar ones.
const FAR: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c8_what_shares_the_head_comes_first() {
        let names = ["p100", "v100-16gb", "zebra"];
        assert_eq!(nearest("p100-16gb", names), ["p100", "v100-16gb"]);
    }

    /// C8: of very many names, few are compared, and the right ones.
    #[test]
    fn c8_the_nearest_of_very_many_is_found() {
        let names: Vec<String> = (0..20_000).map(|number| format!("policy-{number:05}-of-team")).collect();
        let index = NearestNames::new(names.iter().map(|name| (name.as_str(), name.as_str())));
        for text in ["policy-12345-of-taem", "plicy-12345-of-team", "policy-12345-fo-team", "policy-1234-of-team"] {
            let near = index.find(text);
            assert!(near.first().is_some_and(|near| near.contains("1234")), "{text}: {near:?}");
        }
        assert_eq!(index.find("zebra"), [] as [&str; 0]);
    }
}
