//! Reading one value as the type that its field requires.

use std::ops::RangeInclusive;
use std::str::FromStr;

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::fields::{Context, Fields};
use super::node::{Node, Value};
use super::scalar::{is_boolean, is_number};
use super::wording::{quoted, suggestion};
use crate::id::Name;
use crate::origin::{Origin, Problem, ProblemCode, Sourced};
use crate::quantity::InvalidQuantity;

/// A value and the name of the field, or list, that holds it.
#[derive(Clone, Copy)]
pub(crate) struct Item<'d> {
    pub(crate) node: &'d Node<'d>,
    pub(crate) label: &'d str,
    /// Whether it must be one of several in a list of that name.
    pub(crate) element: bool,
    pub(crate) context: Context<'d>,
}

/// The type that a field requires.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Mapping,
    List,
    Text,
    Number,
    Boolean,
}

impl Wanted {
    fn what(self) -> &'static str {
        match self {
            Self::Mapping => "a mapping",
            Self::List => "a list",
            Self::Text => "a string",
            Self::Number => "a whole number",
            Self::Boolean => "`true` or `false`",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Mapping => "write `{key: value}`, or each `key: value` on an indented line of its own",
            Self::List => "write `[one, two]`, or each entry on a line of its own after `- `",
            Self::Text => "write a single string, in quotes if needed",
            Self::Number => "write it with digits only, such as `12`",
            Self::Boolean => "write `true` or `false`",
        }
    }
}

impl<'d> Item<'d> {
    /// A document as a whole.
    pub(crate) fn document(node: &'d Node<'d>, context: Context<'d>) -> Self {
        Self { node, label: "", element: false, context: Context { document: Some(node), ..context } }
    }

    /// The first key of a mapping.
    pub(crate) fn first_key(self) -> Option<&'d str> {
        match &self.node.value {
            Value::Map(entries) => entries.first().map(|entry| &*entry.key),
            _ => None,
        }
    }

    /// A name in a document, even if the rest cannot be read.
    pub(crate) fn name_within(self, part: &str, field: &str) -> Option<String> {
        Item { node: self.node.get(part)?, ..self }.named(field)
    }

    /// A name in a mapping, even if the rest cannot be read.
    pub(crate) fn named(self, field: &str) -> Option<String> {
        let name = self.node.get(field)?;
        match &name.value {
            Value::Scalar { text, .. } if !name.is_null() && Name::new(text).is_ok() => Some(text.to_string()),
            _ => None,
        }
    }

    /// Where it is in the source.
    pub(crate) fn origin(self) -> Origin {
        self.node.place.of(self.context.file)
    }

    /// Its value, with its origin.
    pub(crate) fn sourced<T>(self, value: T) -> Sourced<T> {
        Sourced::new(value, self.origin())
    }

    /// The value as an object; `what` is what it is called in problems.
    pub(crate) fn object(self, what: &'static str) -> Option<Fields<'d>> {
        let Value::Map(entries) = &self.node.value else {
            self.wrong_type(Wanted::Mapping);
            return None;
        };
        Some(Fields::new(what, entries, self.node.place, self.context))
    }

    /// Whether it is an object, for fields that also accept something else.
    pub(crate) fn is_object(self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    /// Whether it is a text or a number, and no list or mapping.
    pub(crate) fn scalar(self) -> Option<&'d str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => Some(text),
            _ => None,
        }
    }

    /// Reports that a mapping belongs here, as `help` says, where one value stands alone.
    pub(crate) fn not_a_mapping(self, help: impl Into<String>) {
        let found = match self.scalar() {
            Some(text) if is_number(text) => "a number",
            _ => "a string",
        };
        self.problem(ProblemCode::WrongType, format!("{} must be a mapping, not {found}", self.called()), help);
    }

    /// Whether it is exactly this word.
    pub(crate) fn is(self, word: &str) -> bool {
        matches!(&self.node.value, Value::Scalar { text, .. } if text == word)
    }

    /// Whether it is a list.
    pub(crate) fn is_list(self) -> bool {
        matches!(&self.node.value, Value::List(_))
    }

    /// The elements of a list, each read by `read`. Those that cannot be read are left out.
    pub(crate) fn list<T>(self, read: impl FnMut(Item<'d>) -> Option<T>) -> Option<Vec<T>> {
        let Value::List(nodes) = &self.node.value else {
            self.wrong_type(Wanted::List);
            return None;
        };
        Some(nodes.iter().map(|node| Self { node, element: true, ..self }).filter_map(read).collect())
    }

    /// As [`list`](Self::list), which must not be empty; `None` if no element can be read.
    pub(crate) fn nonempty<T>(self, read: impl FnMut(Item<'d>) -> Option<T>) -> Option<Vec<T>> {
        if matches!(&self.node.value, Value::List(nodes) if nodes.is_empty()) {
            self.problem(ProblemCode::EmptyList, format!("{} is empty", self.called()), "list at least one");
            return None;
        }
        self.list(read).filter(|items| !items.is_empty())
    }

    /// The keys and values of a mapping that is open to any key.
    pub(crate) fn entries(self) -> Option<impl Iterator<Item = (Sourced<&'d str>, Item<'d>)>> {
        let Value::Map(entries) = &self.node.value else {
            self.wrong_type(Wanted::Mapping);
            return None;
        };
        Some(entries.iter().map(move |entry| {
            let key = Sourced::new(&*entry.key, entry.place.of(self.context.file));
            (key, Item { node: &entry.value, label: &entry.key, element: false, context: self.context })
        }))
    }

    /// A mapping of text to text. As in Kubernetes, `3` and `true` are not strings there.
    pub(crate) fn texts(self) -> Option<IndexMap<String, String>> {
        let read = |(key, item): (Sourced<&str>, Item<'d>)| Some((key.value.to_owned(), item.strict_text()?));
        Some(self.entries()?.filter_map(read).collect())
    }

    /// Text, with or without quotes; what looks like a number is kept as written.
    pub(crate) fn text(self) -> Option<&'d str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => Some(text),
            _ => {
                self.wrong_type(Wanted::Text);
                None
            }
        }
    }

    /// Text that no reader takes for a number or a boolean.
    fn strict_text(self) -> Option<String> {
        let text = self.text()?;
        match &self.node.value {
            Value::Scalar { plain: true, .. } if is_number(text) || is_boolean(text) => {
                // Not quoted in the message: the text may be a secret.
                let message = format!(
                    "{} must be a string, not a {}",
                    self.called(),
                    if is_number(text) { "number" } else { "boolean" }
                );
                self.problem(ProblemCode::WrongType, message, "put quotes around it");
                None
            }
            _ => Some(text.to_owned()),
        }
    }

    /// Text as it is.
    pub(crate) fn string(self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// A checked name.
    pub(crate) fn name(self) -> Option<Sourced<Name>> {
        let text = self.text()?;
        match Name::new(text) {
            Ok(name) => Some(self.sourced(name)),
            Err(error) => {
                let message = format!("{} cannot be {}", self.called(), quoted(text));
                self.problem(ProblemCode::InvalidValue, message, error.to_string());
                None
            }
        }
    }

    /// A reference: text that could be a name.
    pub(crate) fn reference(self) -> Option<Sourced<String>> {
        self.name().map(|name| name.with(name.as_str().to_owned()))
    }

    /// `true` or `false`, strictly.
    pub(crate) fn boolean(self) -> Option<bool> {
        match &self.node.value {
            Value::Scalar { text, plain: true } if text == "true" => return Some(true),
            Value::Scalar { text, plain: true } if text == "false" => return Some(false),
            Value::Scalar { text, .. } if !self.node.is_null() => {
                let meant = match text.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "true" | "y" => "write `true`",
                    "no" | "off" | "false" | "n" => "write `false`",
                    _ => "write `true` or `false`",
                };
                self.problem(
                    ProblemCode::WrongType,
                    format!("{} must be `true` or `false`, not {}", self.called(), quoted(text)),
                    meant,
                );
            }
            _ => self.wrong_type(Wanted::Boolean),
        }
        None
    }

    /// A whole number within `range`.
    pub(crate) fn whole<N: TryFrom<i64>>(self, range: RangeInclusive<i64>) -> Option<N> {
        let text = match &self.node.value {
            Value::Scalar { text, plain: true } if is_number(text) => text,
            Value::Scalar { text, plain: false } if is_number(text) => {
                self.problem(
                    ProblemCode::WrongType,
                    format!("{} must be a number, not a string", self.called()),
                    "remove the quotes",
                );
                return None;
            }
            Value::Scalar { text, .. } if percentage(text).is_some() => {
                let help = format!("write `{}`, without `%`", percentage(text).unwrap_or_default());
                self.problem(
                    ProblemCode::WrongType,
                    format!("{} must be a whole number, not a string", self.called()),
                    help,
                );
                return None;
            }
            _ => {
                self.wrong_type(Wanted::Number);
                return None;
            }
        };
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) || (digits.len() > 1 && digits.starts_with('0')) {
            let message = format!("{} must be a whole number, not {}", self.called(), quoted(text));
            self.problem(ProblemCode::InvalidValue, message, "write it with digits only, such as `12`");
            return None;
        }
        let number = text
            .parse::<i64>()
            .ok()
            .filter(|number| range.contains(number))
            .and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            let message = format!("{} cannot be {}", self.called(), quoted(text));
            self.problem(ProblemCode::OutOfRange, message, between(&range));
        }
        number
    }

    /// A quantity, read from its text as written.
    pub(crate) fn quantity<Q: FromStr<Err = InvalidQuantity>>(self) -> Option<Q> {
        let text = self.text()?;
        text.parse().inspect_err(|error: &InvalidQuantity| self.refuse_quantity(text, error)).ok()
    }

    fn refuse_quantity(self, text: &str, error: &InvalidQuantity) {
        let code = if text.starts_with('-') { ProblemCode::OutOfRange } else { ProblemCode::InvalidValue };
        self.problem(code, error.to_string(), error.help());
    }

    /// One of a few words.
    pub(crate) fn one_of<T: Copy>(self, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|&(_, value)| value);
        if found.is_none() {
            let names: SmallVec<[&str; 8]> = words.iter().map(|&(word, _)| word).collect();
            let message = format!("{} cannot be {}", self.called(), quoted(text));
            self.problem(ProblemCode::InvalidValue, message, suggestion(text, &names, "it must be one of"));
        }
        found
    }

    /// What it is called in problems.
    pub(super) fn called(self) -> String {
        if self.label.is_empty() && !self.element {
            return "a document".to_owned();
        }
        if self.element { format!("an entry of {}", quoted(self.label)) } else { quoted(self.label) }
    }

    /// Reports `problem`.
    pub(crate) fn report(self, problem: Problem) {
        self.context.report.add(problem);
    }

    /// Reports a value of the wrong type. The value is not quoted: it may be a secret.
    pub(crate) fn wrong_type(self, wanted: Wanted) {
        let (what, help) = (wanted.what(), wanted.help());
        if self.node.is_null() {
            let code = if wanted == Wanted::List { ProblemCode::EmptyList } else { ProblemCode::WrongType };
            let help = if wanted == Wanted::List { "list at least one".to_owned() } else { format!("write {what}") };
            return self.problem(code, format!("{} has no value", self.called()), format!("remove it, or {help}"));
        }
        let found = match &self.node.value {
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Scalar { text, plain: true } if is_number(text) => "a number",
            Value::Scalar { text, plain: true } if is_boolean(text) => "a boolean",
            Value::Scalar { .. } => "a string",
        };
        self.problem(ProblemCode::WrongType, format!("{} must be {what}, not {found}", self.called()), help);
    }

    /// Reports what is wrong with the value.
    pub(crate) fn problem(self, code: ProblemCode, message: impl Into<String>, help: impl Into<String>) {
        self.context.report.add(Problem::new(code, &self.origin(), message).help(help));
    }
}

/// The number before a percent sign.
fn percentage(text: &str) -> Option<&str> {
    let number = text.strip_suffix('%').or_else(|| text.strip_suffix("percent"))?.trim_end();
    is_number(number).then_some(number)
}

fn between(range: &RangeInclusive<i64>) -> String {
    format!("write a whole number from {} to {}", range.start(), range.end())
}
