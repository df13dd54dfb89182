//! The lines that problems speak of.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use super::secrets::masked;
use crate::manifest::Source;

/// Texts by name, split into lines when somebody asks.
pub(in crate::cli) struct Texts<'a> {
    by_name: HashMap<&'a str, Text<'a>>,
}

struct Text<'a> {
    text: &'a str,
    lines: OnceCell<Lines<'a>>,
}

/// A text without its secrets, and where every [`STRIDE`]th of its lines begins: of a text of nothing but line ends
/// the places of all would take many times its own size.
struct Lines<'a> {
    text: Cow<'a, str>,
    starts: Vec<usize>,
}

const STRIDE: usize = 1024;

impl<'a> Texts<'a> {
    pub(in crate::cli) fn new(sources: &'a [Source]) -> Self {
        let text = |source: &'a Source| (&*source.name, Text { text: &source.text, lines: OnceCell::new() });
        Self { by_name: sources.iter().map(text).collect() }
    }

    /// A line, from 1, without its end and without secrets (L11).
    pub(super) fn line(&self, file: &str, line: u32) -> Option<&str> {
        let text = self.by_name.get(file)?;
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let Lines { text, starts } = text.lines.get_or_init(|| lines(text.text));
        let mut rest = text.get(*starts.get(index / STRIDE)?..)?;
        for _ in 0..index % STRIDE {
            rest = behind(rest).1?;
        }
        Some(behind(rest).0)
    }
}

/// The first line, and what follows it. Lines end as YAML has it: with a line feed, a carriage return, or both.
fn behind(text: &str) -> (&str, Option<&str>) {
    let Some((line, rest)) = text.split_once(['\n', '\r']) else { return (text, None) };
    let both = text.get(line.len()..).is_some_and(|end| end.starts_with("\r\n"));
    (line, Some(if both { rest.strip_prefix('\n').unwrap_or(rest) } else { rest }))
}

fn lines(text: &str) -> Lines<'_> {
    let text = masked(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut starts = Vec::new();
    let (mut rest, mut number) = (Some(&*text), 0_usize);
    while let Some(line) = rest {
        if number.is_multiple_of(STRIDE) {
            starts.push(text.len() - line.len());
        }
        rest = behind(line).1;
        number += 1;
    }
    Lines { text, starts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_yaml_has_it() {
        let sources = [Source::new("x", "a\nb\r\nc\rd\n\n\r\ne")];
        let texts = Texts::new(&sources);
        let found: Vec<_> = (0..=9).map(|line| texts.line("x", line)).collect();
        let lines = ["a", "b", "c", "d", "", "", "e"].map(Some);
        assert_eq!(found, [[None].as_slice(), &lines, &[None, None]].concat());
    }

    #[test]
    fn many_lines_take_little_room() {
        let sources = [Source::new("x", "\n".repeat(1_000_000) + "last")];
        let texts = Texts::new(&sources);
        assert_eq!(texts.line("x", 1_000_001), Some("last"));
        assert_eq!(texts.line("x", 1_000_000), Some(""));
        assert_eq!(texts.line("x", 1_000_002), None);
        let lines = texts.by_name["x"].lines.get().map(|lines| lines.starts.len());
        assert_eq!(lines, Some(1_000_001_usize.div_ceil(STRIDE)));
    }
}
