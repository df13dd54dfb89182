//! Where a value was written, and what is wrong with it.
//!
//! An [`Origin`] is a place in a text; a [`Sourced`] value remembers its own; a [`Problem`] is one
//! thing that is wrong, where, and what would be right. Rendering them is someone else's job.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::is_invisible;

/// A place in a text: file, line and column (both from 1, in characters), and how many characters
/// it spans. A value that was built in code has [`Origin::default`], which has no file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The file as the user named it; `<stdin>` for standard input.
    pub file: Option<Arc<str>>,
    /// Line, from 1; 0 where only the file is known.
    pub line: u32,
    /// Column in characters, from 1; 0 where only the file is known.
    pub column: u32,
    /// Characters spanned on that line, for underlining.
    pub length: u32,
}

impl Origin {
    /// The file as a whole.
    #[must_use]
    pub fn of_file(file: &str) -> Self {
        Self { file: Some(printable(file).into()), ..Self::default() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            None => f.write_str("(built in code)"),
            Some(file) if self.line == 0 => f.write_str(file),
            Some(file) => write!(f, "{file}:{}:{}", self.line, self.column),
        }
    }
}

/// A value and where it was written. Equal when the values are, wherever they stand.
#[derive(Clone, Default)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value at a place.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// Another value at the same place.
    pub fn with<U>(&self, value: U) -> Sourced<U> {
        Sourced { value, origin: self.origin.clone() }
    }
}

impl<T> From<T> for Sourced<T> {
    fn from(value: T) -> Self {
        Self { value, origin: Origin::default() }
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Sourced<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Sourced<T> {}

impl<T: Hash> Hash for Sourced<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for Sourced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: Serialize> Serialize for Sourced<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// What kind of thing is wrong. Printed in kebab case; stable for programs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum ProblemCode {
    /// A file or folder cannot be read.
    UnreadableFile,
    /// A file is not UTF-8.
    InvalidUtf8,
    /// The text is not YAML or JSON.
    InvalidSyntax,
    /// A bound on hostile input was reached: size, nesting, aliases.
    LimitExceeded,
    /// A required field is absent.
    MissingField,
    /// A field that the document's kind does not have.
    UnknownField,
    /// A kind that this library does not know.
    UnknownKind,
    /// A version of an API group that this library does not know.
    UnknownVersion,
    /// A list where text belongs, and the like.
    WrongType,
    /// The right type, but not a value it can have.
    InvalidValue,
    /// A number outside its range.
    OutOfRange,
    /// A key or name that stands twice.
    Duplicate,
    /// A list that must not be empty.
    EmptyList,
    /// A reference that resolves to nothing (C8).
    UnknownName,
    /// A cluster in a location that nobody knows, without a country (C7).
    MissingCountry,
    /// Two sources disagree on a location's country (C7).
    FalseCountry,
    /// A policy that allows nothing of the catalog (P9).
    AllowsNothing,
    /// More in use than a pool holds (I1).
    OverUsed,
    /// Something that is still referred to, or held, cannot go (W2).
    InUse,
    /// Policies that leave nothing of an axis (P10).
    PolicyConflict,
    /// A step of a change that cannot be carried out (W2).
    Refused,
}

impl ProblemCode {
    /// Every code.
    pub const ALL: [Self; 21] = [
        Self::UnreadableFile,
        Self::InvalidUtf8,
        Self::InvalidSyntax,
        Self::LimitExceeded,
        Self::MissingField,
        Self::UnknownField,
        Self::UnknownKind,
        Self::UnknownVersion,
        Self::WrongType,
        Self::InvalidValue,
        Self::OutOfRange,
        Self::Duplicate,
        Self::EmptyList,
        Self::UnknownName,
        Self::MissingCountry,
        Self::FalseCountry,
        Self::AllowsNothing,
        Self::OverUsed,
        Self::InUse,
        Self::PolicyConflict,
        Self::Refused,
    ];

    /// The code as programs read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnreadableFile => "unreadable-file",
            Self::InvalidUtf8 => "invalid-utf8",
            Self::InvalidSyntax => "invalid-syntax",
            Self::LimitExceeded => "limit-exceeded",
            Self::MissingField => "missing-field",
            Self::UnknownField => "unknown-field",
            Self::UnknownKind => "unknown-kind",
            Self::UnknownVersion => "unknown-version",
            Self::WrongType => "wrong-type",
            Self::InvalidValue => "invalid-value",
            Self::OutOfRange => "out-of-range",
            Self::Duplicate => "duplicate",
            Self::EmptyList => "empty-list",
            Self::UnknownName => "unknown-name",
            Self::MissingCountry => "missing-country",
            Self::FalseCountry => "false-country",
            Self::AllowsNothing => "allows-nothing",
            Self::OverUsed => "over-used",
            Self::InUse => "in-use",
            Self::PolicyConflict => "policy-conflict",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ProblemCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Self::ALL.into_iter().find(|code| code.as_str() == text);
        known.ok_or_else(|| serde::de::Error::custom(format!("no problem has the code `{text}`")))
    }
}

/// Another place that belongs to a problem, and how.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// What stands there, such as `first written here`.
    pub message: String,
    /// Where.
    pub origin: Origin,
}

/// One thing that is wrong: what, where, and what would be right.
///
/// Messages are in lower case, without a final period, with the user's words in backticks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
#[error("{origin}: {message}")]
pub struct Problem {
    /// The kind of problem.
    pub code: ProblemCode,
    /// What is wrong.
    pub message: String,
    /// What would be right, where that can be said.
    pub help: Option<String>,
    /// Where it stands.
    pub origin: Origin,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

impl Problem {
    /// A problem without help or related places.
    pub fn new(code: ProblemCode, origin: &Origin, message: impl Into<String>) -> Self {
        let message = printed(message.into());
        Self { code, message, help: None, origin: origin.clone(), related: Vec::new() }
    }

    /// The last of very many.
    pub(crate) fn left_out(count: usize, origin: &Origin) -> Self {
        Self::new(ProblemCode::LimitExceeded, origin, format!("{count} more problems are not listed"))
            .help("correct those above; the others are listed then")
    }

    /// With a word on what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(printed(help.into()));
        self
    }

    /// With another place that belongs to it.
    #[must_use]
    pub fn related(mut self, origin: &Origin, message: impl Into<String>) -> Self {
        self.related.push(Related { message: printed(message.into()), origin: origin.clone() });
        self
    }
}

/// A text in which nothing garbles a terminal, breaks a line or turns the direction of what follows: such
/// characters are written as `\\n` or `\\u{202e}`. Whatever leaves the crate as a sentence or a name goes through here.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let garbles = |character: char| character.is_control() || is_invisible(character);
    if !text.contains(garbles) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if garbles(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

fn printed(text: String) -> String {
    match printable(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    }
}

/// `` `a`, `b` and `c` ``; of more than `most` names the first ones, and how many there are besides.
pub(crate) fn listed(names: &[impl AsRef<str>], joint: &str, most: usize) -> String {
    let mut words: Vec<_> = names.iter().take(most).map(|name| format!("`{}`", name.as_ref())).collect();
    let (joint, left) = (if names.len() > most { "and" } else { joint }, names.len().saturating_sub(most));
    if left > 0 {
        words.push(format!("{left} more"));
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {joint} {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_and_places_hold_nothing_that_does_not_print() {
        let origin = Origin::of_file("a\nb\u{202e}.yaml");
        assert_eq!(origin.file.as_deref(), Some("a\\nb\\u{202e}.yaml"));
        let problem = Problem::new(ProblemCode::InvalidValue, &origin, "`\u{1b}[31m`")
            .help("\r\u{2028}é")
            .related(&origin, "\u{7f}");
        assert_eq!(problem.to_string(), "a\\nb\\u{202e}.yaml: `\\u{1b}[31m`");
        assert_eq!(problem.help.as_deref(), Some("\\r\\u{2028}é"));
        assert_eq!(problem.related[0].message, "\\u{7f}");
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed(&["a"], "or", 10), "`a`");
        assert_eq!(listed(&["a", "b", "c"], "or", 10), "`a`, `b` or `c`");
        assert_eq!(listed(&["a", "b", "c", "d"], "or", 2), "`a`, `b` and 2 more");
        assert_eq!(listed(&[] as &[&str], "or", 2), "");
    }
}
