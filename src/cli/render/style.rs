//! Colours, where they are wanted.

use anstyle::AnsiColor;

/// Whether to colour. No information is given by colour alone.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Style {
    colors: bool,
}

impl Style {
    pub(in crate::cli) fn new(colors: bool) -> Self {
        Self { colors }
    }

    pub(super) fn colors(self) -> bool {
        self.colors
    }

    /// A heading.
    pub(super) fn bold(self, text: &str) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }

    /// A yes.
    pub(super) fn good(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default().bold(), text)
    }

    /// A no.
    pub(super) fn bad(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    fn paint(self, style: anstyle::Style, text: &str) -> String {
        if self.colors { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
