//! A line of somebody's manifest, made fit to be shown: cropped, and without what would garble a
//! terminal.

use std::ops::Range;

/// Lines up to this many characters are shown whole.
const WHOLE: usize = 160;
/// What is shown of longer ones before and after the place.
const BEFORE: usize = 60;
const AFTER: usize = 60;
/// What of a long place is underlined.
const UNDERLINED: usize = 60;

/// What is shown of a line.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Excerpt {
    pub(super) text: String,
    /// The place, in bytes of the text.
    pub(super) span: Range<usize>,
    /// Whether the text begins where the line does, so that columns can be counted in it.
    pub(super) from_start: bool,
}

/// What to show of a line for a place of `length` characters at `column`, from 1.
pub(super) fn excerpt(line: &str, column: u32, length: u32) -> Excerpt {
    let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let start = number(column).saturating_sub(1);
    // Only what is shown is looked at: a line can be a file of many megabytes.
    let whole = line.chars().nth(WHOLE).is_none();
    let length = if whole { number(length) } else { number(length).min(UNDERLINED) };
    let from = if whole { 0 } else { start.saturating_sub(BEFORE) };
    let until = if whole { WHOLE } else { start + length + AFTER };
    let mut text = String::new();
    if from > 0 {
        text.push_str("...");
    }
    let mut span = None;
    let mut end = 0;
    let mut rest = line.chars().enumerate().skip(from);
    for (index, character) in rest.by_ref().take(until - from) {
        if index >= start && span.is_none() {
            span = Some(text.len());
        }
        text.push(visible(character));
        if index < start + length.max(1) {
            end = text.len();
        }
    }
    let start = span.unwrap_or(text.len());
    let span = start..end.max(start);
    if rest.next().is_some() {
        text.push_str("...");
    }
    Excerpt { text, span, from_start: from == 0 }
}

/// A text on one line, without control characters.
pub(in crate::cli) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_whitespace() { ' ' } else { visible(character) }).collect()
}

/// The character, or a sign for one that would garble a terminal or turn the direction of what
/// follows. A tab is left: whoever lays out the line knows its width.
fn visible(character: char) -> char {
    match character {
        '\t' => character,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => '\u{fffd}',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, column: u32, length: u32) -> (String, String) {
        let excerpt = excerpt(line, column, length);
        (excerpt.text.clone(), excerpt.text[excerpt.span].to_owned())
    }

    #[test]
    fn short_lines_are_whole() {
        assert_eq!(shown("name: größer", 7, 6), ("name: größer".into(), "größer".into()));
        assert_eq!(shown("name: x", 8, 1), ("name: x".into(), String::new()));
        assert_eq!(shown("", 1, 1), (String::new(), String::new()));
        assert_eq!(shown("a\u{1b}[31mb", 2, 1), ("a␛[31mb".into(), "␛".into()));
    }

    #[test]
    fn long_lines_are_cropped_around_the_place() {
        let line = "x".repeat(5_000_000) + "here" + &"y".repeat(5_000_000);
        let (text, place) = shown(&line, 5_000_001, 4);
        assert_eq!(place, "here");
        assert_eq!(text, format!("...{}here{}...", "x".repeat(60), "y".repeat(60)));
        assert_eq!(shown(&line, 1, 9_000_000).1.len(), UNDERLINED);
    }
}
