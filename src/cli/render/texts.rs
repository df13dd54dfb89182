//! The lines that problems speak of.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

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

/// A text without its secrets, and where its lines are.
struct Lines<'a> {
    text: Cow<'a, str>,
    lines: Vec<Range<usize>>,
}

impl<'a> Texts<'a> {
    pub(in crate::cli) fn new(sources: &'a [Source]) -> Self {
        let text = |source: &'a Source| (&*source.name, Text { text: &source.text, lines: OnceCell::new() });
        Self { by_name: sources.iter().map(text).collect() }
    }

    /// A line, from 1, without its end and without secrets (L11).
    pub(super) fn line(&self, file: &str, line: u32) -> Option<&str> {
        let text = self.by_name.get(file)?;
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let lines = text.lines.get_or_init(|| lines(text.text));
        lines.text.get(lines.lines.get(index)?.clone())
    }
}

/// Lines end as YAML has it: with a line feed, a carriage return, or both.
fn lines(text: &str) -> Lines<'_> {
    let text = masked(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        for part in line.strip_suffix('\r').unwrap_or(line).split('\r') {
            lines.push(at..at + part.len());
            at += part.len() + 1;
        }
        at = lines.last().map_or(at, |last: &Range<usize>| last.end) + 1 + usize::from(line.ends_with('\r'));
    }
    Lines { text, lines }
}
