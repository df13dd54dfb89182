//! Words that problems have in common.

use super::nearest::nearest;
use crate::origin::listed;

/// A user's text in backticks, cut where it is too long to be read. What does not print is escaped where the
/// problem is made.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// What to write instead of `text`: the nearest of `names`, or all of them after `otherwise`.
pub(crate) fn suggestion(text: &str, names: &[&str], otherwise: &str) -> String {
    // A long text resembles no name, and comparing it would take long.
    let near = if text.len() <= 100 { nearest(text, names.iter().copied()) } else { Vec::new() };
    if near.is_empty() {
        format!("{otherwise} {}", listed(names, "and", usize::MAX))
    } else {
        format!("did you mean {}?", listed(&near, "or", usize::MAX))
    }
}
