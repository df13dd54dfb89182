//! Values that are never shown (L11): those of environment variables, of headers, and client
//! secrets. They are masked in the text itself, since a text that cannot be read may hold them too.

use std::borrow::Cow;
use std::ops::Range;

/// The fields whose values are secrets.
const FIELDS: [&str; 3] = ["env", "headersToAdd", "clientSecret"];

/// The text with every secret value as asterisks, as many as it had characters; so all places stay
/// right. Names of variables and headers are left, and whatever is in doubt is masked.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let mut hidden = Vec::new();
    hide_all(text, keys(text), &mut hidden);
    // The value that an alias repeats is at its anchor.
    let mut names = Vec::new();
    for range in &hidden {
        names.extend(text.get(range.clone()).and_then(|value| value.strip_prefix('*')).map(|name| format!("&{name}")));
    }
    if !names.is_empty() {
        names.sort();
        names.dedup();
        hide_all(text, anchors(text, &names), &mut hidden);
    }
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    hidden.sort_by_key(|range| range.start);
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for range in hidden {
        shown.push_str(text.get(at..range.start).unwrap_or_default());
        let value = text.get(range.start.max(at)..range.end).unwrap_or_default();
        shown.extend(value.chars().map(|c| if matches!(c, '\n' | '\r') { c } else { '*' }));
        at = at.max(range.end);
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(shown)
}

/// A field whose value is secret.
struct Key {
    /// The columns before it, in bytes.
    column: usize,
    /// Where its value begins, or the space before it.
    value: usize,
    /// Whether it stands in a mapping in braces, as far as its line tells.
    flow: bool,
}

/// Every key that has a secret, also where it is misspelt: what was meant is secret all the same.
fn keys(text: &str) -> Vec<Key> {
    let mut found = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let before = text.get(..colon).unwrap_or_default().trim_end();
        let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '\''));
        let word = before.get(..before.len() - quote.map_or(0, char::len_utf8)).unwrap_or_default();
        let start = word
            .rfind(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'))
            .map_or(0, |at| at + word.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
        let name = word.get(start..).unwrap_or_default();
        if !is_secret(name) {
            continue;
        }
        let opened = text.get(..start).unwrap_or_default();
        let start = match quote {
            Some(quote) if opened.ends_with(quote) => start - quote.len_utf8(),
            Some(_) => continue,
            None => start,
        };
        let free = text.get(..start).unwrap_or_default().chars().next_back();
        if free.is_none_or(|c| c.is_whitespace() || matches!(c, '{' | ',' | '?' | '\u{feff}')) {
            found.push(key(text, start, colon + 1));
        }
    }
    found
}

/// Whether a key is one of the [`FIELDS`], or comes near to one.
fn is_secret(name: &str) -> bool {
    // No key that comes near is longer or shorter by more than its letters that may differ.
    (2..=15).contains(&name.len())
        && FIELDS.iter().any(|field| {
            name.eq_ignore_ascii_case(field) || {
                let (name, field) = (name.to_lowercase(), field.to_lowercase());
                strsim::osa_distance(&name, &field) <= 1.max(field.len() / 4)
            }
        })
}

/// Every anchor of one of these names, as a key of the value that follows it.
fn anchors(text: &str, names: &[String]) -> Vec<Key> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('&') {
        let rest = text.get(at..).unwrap_or_default();
        let name = rest.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}')).next();
        let name = name.unwrap_or_default();
        if names.binary_search_by(|known| known.as_str().cmp(name)).is_ok() {
            let line = line_start(text, at).unwrap_or(at);
            let indent = text.get(line..at).unwrap_or_default();
            let column = indent.len() - indent.trim_start().len();
            found.push(Key { column, ..key(text, at, at + name.len()) });
        }
    }
    found
}

fn key(text: &str, start: usize, value: usize) -> Key {
    let line = line_start(text, start);
    let before = text.get(line.unwrap_or_default()..start).unwrap_or_default();
    let count = |sign: char| before.matches(sign).count();
    let flow = line.is_none() || count('{') + count('[') > count('}') + count(']');
    Key { column: before.len(), value, flow }
}

/// Where the line of a place begins; nothing if that is far away, which is how machines write JSON.
fn line_start(text: &str, at: usize) -> Option<usize> {
    const FAR: usize = 4096;
    let mut from = at.saturating_sub(FAR);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    match text.get(from..at)?.rfind(['\n', '\r']) {
        Some(end) => Some(from + end + 1),
        None => (from == 0).then_some(0),
    }
}

/// Notes which bytes are secret of the keys' values. Keys inside a value are covered by it.
fn hide_all(text: &str, mut keys: Vec<Key>, hidden: &mut Vec<Range<usize>>) {
    keys.sort_by_key(|key| key.value);
    let mut done = 0;
    for key in &keys {
        if key.value >= done {
            done = hide(text, key, hidden);
        }
    }
}

/// Notes which bytes are secret of a key's value, and says where it ends.
fn hide(text: &str, key: &Key, hidden: &mut Vec<Range<usize>>) -> usize {
    let rest = text.get(key.value..).unwrap_or_default();
    let start = key.value + (rest.len() - rest.trim_start().len());
    let mut value = text.get(start..).unwrap_or_default();
    // Tags and anchors come before a value.
    while let Some(word) = value.strip_prefix(['!', '&']) {
        let end = word.find(char::is_whitespace).unwrap_or(word.len());
        value = word.get(end..).unwrap_or_default().trim_start();
    }
    let start = text.len() - value.len();
    let same_line = !text.get(key.value..start).unwrap_or_default().contains(['\n', '\r']);
    match value.chars().next() {
        None => start,
        Some('{' | '[') => hide_flow(text, start, hidden),
        Some(quote @ ('"' | '\'')) if same_line || key.flow => {
            let end = end_of_quoted(text, start, quote);
            hidden.push(start..end);
            end
        }
        Some(_) if same_line && key.flow => {
            let end = value.find([',', '}', ']', '\n', '\r']).unwrap_or(value.len());
            let end = start + value.get(..end).unwrap_or_default().trim_end().len();
            hidden.push(start..end);
            end
        }
        Some(_) => hide_block(text, key, hidden),
    }
}

/// The position after the closing quote.
fn end_of_quoted(text: &str, start: usize, quote: char) -> usize {
    let mut escaped = false;
    let inside = text.get(start + 1..).unwrap_or_default();
    for (at, character) in inside.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if character == quote => return start + 1 + at + 1,
            _ => {}
        }
    }
    text.len()
}

/// All values in braces or brackets; keys of mappings are left.
fn hide_flow(text: &str, start: usize, hidden: &mut Vec<Range<usize>>) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            ',' | ':' => {}
            _ if character.is_whitespace() => {}
            _ => {
                let end = match character {
                    '"' | '\'' => end_of_quoted(text, at, character),
                    _ => end_of_plain(text, at),
                };
                let after = text.get(end..).unwrap_or_default().trim_start();
                if !after.starts_with(':') || depth > 1 {
                    hidden.push(at..end);
                }
                at = end;
                continue;
            }
        }
        at += character.len_utf8();
    }
    at
}

/// The end of a text without quotes, in braces: at a sign of the mapping, or at the end of the line.
fn end_of_plain(text: &str, start: usize) -> usize {
    let value = text.get(start..).unwrap_or_default();
    let mut signs = value.char_indices().peekable();
    while let Some((at, character)) = signs.next() {
        let next = signs.peek().map(|&(_, next)| next);
        let colon =
            character == ':' && next.is_none_or(|c| c.is_whitespace() || matches!(c, ',' | '}' | ']' | '{' | '['));
        if colon || matches!(character, ',' | '{' | '}' | '[' | ']' | '\n' | '\r') {
            return start + value.get(..at).unwrap_or_default().trim_end().len().max(1);
        }
    }
    text.len()
}

/// The rest of the key's line, and all lines further in than it.
fn hide_block(text: &str, key: &Key, hidden: &mut Vec<Range<usize>>) -> usize {
    let mut entries = None;
    let mut at = key.value;
    for line in text.get(key.value..).unwrap_or_default().split_inclusive('\n') {
        let content = line.trim();
        let from = at + (line.len() - line.trim_start().len());
        let (column, begin) = (line.len() - line.trim_start().len(), at);
        at += line.len();
        if content.is_empty() {
            continue;
        }
        if begin == key.value {
            // The rest of the key's line; a comment there is not a value.
            if !content.starts_with('#') {
                hidden.push(from..from + content.len());
                entries = Some(usize::MAX);
            }
            continue;
        }
        let item = column == key.column && content.starts_with("- ");
        if column <= key.column && !item {
            return begin;
        }
        let first = *entries.get_or_insert(column);
        // On the first level the key is a name; further in, and without one, all is value.
        let name = if column == first { content.find(": ").map(|colon| colon + 2) } else { None };
        let whole = column != first || !content.ends_with(':');
        if name.is_some() || whole {
            hidden.push(from + name.unwrap_or(0)..from + content.len());
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every secret of these texts is called so.
    fn shown(text: &str) -> String {
        let shown = masked(text).into_owned();
        assert_eq!(shown.chars().count(), text.chars().count());
        assert!(!shown.contains("hunter"), "{shown}");
        shown
    }

    #[test]
    fn l11_values_in_braces_are_masked() {
        assert_eq!(
            shown("spec: {env: {A: hunter2, \"B\": [hunter3, 'hunter 4']}, model: m}"),
            "spec: {env: {A: *******, \"B\": [*******, **********]}, model: m}"
        );
        assert_eq!(
            shown("{\"env\":{\"A\":\"hunter\\\"2\"},\"model\":\"m\"}"),
            "{\"env\":{\"A\":***********},\"model\":\"m\"}"
        );
        assert_eq!(shown("{clientSecret: hunter2, tokenUrl: u}"), "{clientSecret: *******, tokenUrl: u}");
        assert_eq!(shown("\"headersToAdd\":\n{\n\"A\": \"hunter2\"\n}"), "\"headersToAdd\":\n{\n\"A\": *********\n}");
        assert_eq!(shown("env: {A: {B: hunter2"), "env: {A: {*: *******");
        assert_eq!(shown("env: {A: http://hunter:1}"), "env: {A: ***************}");
    }

    #[test]
    fn l11_values_on_lines_of_their_own_are_masked() {
        assert_eq!(
            shown("spec:\n  env: # of it\n    A: hunter2\n\n    B: |\n      hunter: 3\n  model: m\n"),
            "spec:\n  env: # of it\n    A: *******\n\n    B: *\n      *********\n  model: m\n"
        );
        assert_eq!(
            shown("env:\n- name: hunter2\n  value: hunter3\nmodel: m"),
            "env:\n- name: *******\n  **************\nmodel: m"
        );
        assert_eq!(
            shown("clientSecret: hunter2, {3}\n  hunter\ntokenUrl: u"),
            "clientSecret: ************\n  ******\ntokenUrl: u"
        );
        assert_eq!(shown("env: hunter2"), "env: *******");
        assert_eq!(shown("clientSecret:\n  hunter2\nx: y"), "clientSecret:\n  *******\nx: y");
    }

    /// What was misspelt is shown, as what is wrong, and its value is meant to be secret.
    #[test]
    fn l11_values_of_misspelt_keys_are_masked() {
        assert_eq!(shown("spec: {evn: {A: hunter2}}"), "spec: {evn: {A: *******}}");
        assert_eq!(shown("Env:\n  A: hunter2\n"), "Env:\n  A: *******\n");
        assert_eq!(shown("{\"clientsecret\": \"hunter2\"}"), "{\"clientsecret\": *********}");
        assert_eq!(shown("headerToAdd: {A: hunter2}"), "headerToAdd: {A: *******}");
    }

    #[test]
    fn l11_what_an_alias_repeats_is_masked() {
        assert_eq!(shown("x: &a {K: hunter2}\nenv: *a\n"), "x: &a {K: *******}\nenv: **\n");
        assert_eq!(shown("x: &a hunter2\nspec: {env: {K: *a}}\n"), "x: &a *******\nspec: {env: {K: **}}\n");
    }

    #[test]
    fn other_words_are_left() {
        let text = "environment: production\nname: env\nenvironments: {a: b}\nmyenv: x\n";
        assert_eq!(masked(text), text);
        assert_eq!(masked("env: {}\nspec: {env: {}}"), "env: {}\nspec: {env: {}}");
    }
}
