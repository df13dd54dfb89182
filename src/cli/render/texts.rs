//! The lines that problems speak of.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::manifest::Source;

/// Texts by name, split into lines when somebody asks.
pub(in crate::cli) struct Texts<'a> {
    by_name: HashMap<&'a str, Text<'a>>,
}

struct Text<'a> {
    text: &'a str,
    lines: OnceCell<Vec<&'a str>>,
}

impl<'a> Texts<'a> {
    pub(in crate::cli) fn new(sources: &'a [Source]) -> Self {
        let text = |source: &'a Source| (&*source.name, Text { text: &source.text, lines: OnceCell::new() });
        Self { by_name: sources.iter().map(text).collect() }
    }

    /// A line, from 1, without its end.
    pub(super) fn line(&self, file: &str, line: u32) -> Option<&'a str> {
        let text = self.by_name.get(file)?;
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        text.lines.get_or_init(|| lines(text.text)).get(index).copied()
    }
}

/// Lines end as YAML has it: with a line feed, a carriage return, or both.
fn lines(text: &str) -> Vec<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        lines.extend(line.strip_suffix('\r').unwrap_or(line).split('\r'));
    }
    lines
}
