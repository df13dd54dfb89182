//! Numbers and lists in words.

/// `1 cluster`, `3 clusters`, `2 countries`.
pub(super) fn count(number: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if number == 1 => format!("1 {noun}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {noun}s"),
    }
}

/// The first few of a list, and how many more there are.
pub(super) fn some(items: &[String], most: usize) -> String {
    let shown: Vec<_> = items.iter().take(most).map(String::as_str).collect();
    let rest = items.len() - shown.len();
    let shown = shown.join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

/// `a model`, `an agent`.
pub(super) fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}
