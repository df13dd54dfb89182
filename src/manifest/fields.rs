//! Reading objects field by field: what is asked for is known, what is left over is a problem.
//!
//! Every getter returns nothing where something is wrong, and has then reported it; so a decoder
//! asks for all its fields first and gives up afterwards, and one document's problems come together.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

use indexmap::IndexMap;
use smallvec::SmallVec;

use super::report::Report;
use super::tree::{Entry, Node, Place, Value, quoted};
use crate::catalog::nearest;
use crate::id::Name;
use crate::origin::{Origin, Problem, ProblemCode, Sourced};
use crate::quantity::InvalidQuantity;

/// Whose document is being read, and where its problems go.
#[derive(Clone, Copy)]
pub(super) struct Context<'d> {
    pub(super) file: &'d Arc<str>,
    pub(super) report: &'d Report,
}

/// An object whose fields are taken one by one.
pub(super) struct Fields<'d> {
    /// What it is, as problems speak of it: `a pool`.
    what: &'static str,
    entries: &'d [Entry<'d>],
    place: Place,
    known: SmallVec<[&'static str; 24]>,
    context: Context<'d>,
}

impl<'d> Fields<'d> {
    /// The field, unless it is absent or null.
    pub(super) fn optional(&mut self, name: &'static str) -> Option<Item<'d>> {
        self.known.push(name);
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        (!entry.value.is_null()).then_some(Item {
            node: &entry.value,
            label: name,
            element: false,
            context: self.context,
        })
    }

    /// The field, which must be there.
    pub(super) fn required(&mut self, name: &'static str) -> Option<Item<'d>> {
        let item = self.optional(name);
        if item.is_none() {
            self.missing(name);
        }
        item
    }

    /// Accepts a field without reading it.
    pub(super) fn accept(&mut self, name: &'static str) {
        self.known.push(name);
    }

    /// Reports that `name` is missing.
    pub(super) fn missing(&self, name: &str) {
        self.problem(ProblemCode::MissingField, format!("{} needs `{name}`", self.what), None);
    }

    /// Reports what is wrong with the object as a whole.
    pub(super) fn problem(&self, code: ProblemCode, message: impl Into<String>, help: Option<&str>) {
        let mut problem = Problem::new(code, &self.origin(), message);
        problem.help = help.map(str::to_owned);
        self.context.report.add(problem);
    }

    /// Reports `problem`.
    pub(super) fn report(&self, problem: Problem) {
        self.context.report.add(problem);
    }

    /// Where the object begins.
    pub(super) fn origin(&self) -> Origin {
        self.place.of(self.context.file)
    }

    /// Reports every field that nobody asked for.
    pub(super) fn finish(self) {
        #[cfg(test)]
        super::report::know(self.what, &self.known);
        for entry in self.entries {
            if !self.known.contains(&&*entry.key) {
                self.unknown(entry);
            }
        }
    }

    fn unknown(&self, entry: &Entry<'d>) {
        // There may be very many, and the nearest name takes a while to find.
        self.context.report.add_with(|| {
            let message = format!("{} has no field {}", self.what, quoted(&entry.key));
            Problem::new(ProblemCode::UnknownField, &entry.place.of(self.context.file), message).help(suggestion(
                &entry.key,
                &self.known,
                "its fields are",
            ))
        });
    }
}

/// A value and the name of the field, or list, that holds it.
#[derive(Clone, Copy)]
pub(super) struct Item<'d> {
    node: &'d Node<'d>,
    label: &'d str,
    /// Whether it is one of several in a list of that name.
    element: bool,
    context: Context<'d>,
}

impl<'d> Item<'d> {
    /// A document as a whole.
    pub(super) fn document(node: &'d Node<'d>, context: Context<'d>) -> Self {
        Self { node, label: "", element: false, context }
    }

    /// The first key of a mapping.
    pub(super) fn first_key(self) -> Option<&'d str> {
        match &self.node.value {
            Value::Map(entries) => entries.first().map(|entry| &*entry.key),
            _ => None,
        }
    }

    /// The name that a document gives itself, wherever else it fails.
    pub(super) fn metadata_name(self) -> Option<String> {
        let name = self.node.get("metadata")?.get("name")?;
        match &name.value {
            Value::Scalar { text, .. } if Name::new(text).is_ok() => Some(text.to_string()),
            _ => None,
        }
    }

    /// Where it stands.
    pub(super) fn origin(self) -> Origin {
        self.node.place.of(self.context.file)
    }

    /// Its value, with its origin.
    pub(super) fn sourced<T>(self, value: T) -> Sourced<T> {
        Sourced::new(value, self.origin())
    }

    /// The value as an object; `what` is how problems speak of it.
    pub(super) fn object(self, what: &'static str) -> Option<Fields<'d>> {
        let Value::Map(entries) = &self.node.value else {
            self.wrong_type("a mapping");
            return None;
        };
        Some(Fields { what, entries, place: self.node.place, known: SmallVec::new(), context: self.context })
    }

    /// Whether it is an object, where something else may stand as well.
    pub(super) fn is_object(self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    /// Whether it is exactly this word.
    pub(super) fn is(self, word: &str) -> bool {
        matches!(&self.node.value, Value::Scalar { text, .. } if text == word)
    }

    /// The elements of a list, each read by `read`. Those that cannot be read are left out.
    pub(super) fn list<T>(self, read: impl FnMut(Item<'d>) -> Option<T>) -> Option<Vec<T>> {
        let Value::List(nodes) = &self.node.value else {
            self.wrong_type("a list");
            return None;
        };
        Some(nodes.iter().map(|node| Self { node, element: true, ..self }).filter_map(read).collect())
    }

    /// As [`list`](Self::list), which must hold something; nothing if all of it is unreadable.
    pub(super) fn nonempty<T>(self, read: impl FnMut(Item<'d>) -> Option<T>) -> Option<Vec<T>> {
        if matches!(&self.node.value, Value::List(nodes) if nodes.is_empty()) {
            self.problem(ProblemCode::EmptyList, format!("{} is empty", self.called()), "list at least one");
            return None;
        }
        self.list(read).filter(|items| !items.is_empty())
    }

    /// The keys and values of a mapping that is open to any key.
    pub(super) fn entries(self) -> Option<impl Iterator<Item = (Sourced<&'d str>, Item<'d>)>> {
        let Value::Map(entries) = &self.node.value else {
            self.wrong_type("a mapping");
            return None;
        };
        Some(entries.iter().map(move |entry| {
            let key = Sourced::new(&*entry.key, entry.place.of(self.context.file));
            (key, Item { node: &entry.value, label: &entry.key, element: false, context: self.context })
        }))
    }

    /// A mapping of text to text. As everywhere in the field, `3` and `true` are not text there.
    pub(super) fn texts(self) -> Option<IndexMap<String, String>> {
        let read = |(key, item): (Sourced<&str>, Item<'d>)| Some((key.value.to_owned(), item.strict_text()?));
        Some(self.entries()?.filter_map(read).collect())
    }

    /// Text, with or without quotes; what looks like a number is kept as written.
    pub(super) fn text(self) -> Option<&'d str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => Some(text),
            _ => {
                self.wrong_type("a text");
                None
            }
        }
    }

    /// Text that no reader takes for anything else.
    fn strict_text(self) -> Option<String> {
        let text = self.text()?;
        match &self.node.value {
            Value::Scalar { plain: true, .. } if is_number(text) || is_boolean(text) => {
                // Not quoted in the message: the text may be a secret.
                let message = format!(
                    "{} must be a text, not a {}",
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
    pub(super) fn string(self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// A checked name.
    pub(super) fn name(self) -> Option<Sourced<Name>> {
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
    pub(super) fn reference(self) -> Option<Sourced<String>> {
        self.name().map(|name| name.with(name.as_str().to_owned()))
    }

    /// `true` or `false`, strictly.
    pub(super) fn boolean(self) -> Option<bool> {
        match &self.node.value {
            Value::Scalar { text, plain: true } if text == "true" => return Some(true),
            Value::Scalar { text, plain: true } if text == "false" => return Some(false),
            Value::Scalar { text, .. } => {
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
            _ => self.wrong_type("`true` or `false`"),
        }
        None
    }

    /// A whole number within `range`.
    pub(super) fn whole<N: TryFrom<i64>>(self, range: RangeInclusive<i64>) -> Option<N> {
        let text = match &self.node.value {
            Value::Scalar { text, plain: true } if is_number(text) => text,
            Value::Scalar { text, plain: false } if is_number(text) => {
                self.problem(
                    ProblemCode::WrongType,
                    format!("{} must be a number, not a text", self.called()),
                    "remove the quotes",
                );
                return None;
            }
            _ => {
                self.wrong_type("a whole number");
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
    pub(super) fn quantity<Q: FromStr<Err = InvalidQuantity>>(self) -> Option<Q> {
        let text = self.text()?;
        text.parse().inspect_err(|error: &InvalidQuantity| self.refuse_quantity(text, error)).ok()
    }

    fn refuse_quantity(self, text: &str, error: &InvalidQuantity) {
        let code = if text.starts_with('-') { ProblemCode::OutOfRange } else { ProblemCode::InvalidValue };
        self.problem(code, error.to_string(), error.help());
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(self, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|&(_, value)| value);
        if found.is_none() {
            let names: SmallVec<[&str; 8]> = words.iter().map(|&(word, _)| word).collect();
            let message = format!("{} cannot be {}", self.called(), quoted(text));
            self.problem(ProblemCode::InvalidValue, message, suggestion(text, &names, "it is one of"));
        }
        found
    }

    /// How problems speak of it.
    fn called(self) -> String {
        if self.label.is_empty() && !self.element {
            return "a document".to_owned();
        }
        if self.element { format!("an entry of {}", quoted(self.label)) } else { quoted(self.label) }
    }

    /// Reports `problem`.
    pub(super) fn report(self, problem: Problem) {
        self.context.report.add(problem);
    }

    /// Reports that something else belongs here.
    pub(super) fn wrong_type(self, wanted: &str) {
        let found = match &self.node.value {
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
            Value::Scalar { .. } if self.node.is_null() => "nothing".to_owned(),
            Value::Scalar { text, plain: true } if is_number(text) => format!("the number {}", quoted(text)),
            Value::Scalar { text, plain: true } if is_boolean(text) => format!("the boolean {}", quoted(text)),
            Value::Scalar { .. } => "a text".to_owned(),
        };
        let message = format!("{} must be {wanted}, not {found}", self.called());
        self.context.report.add(Problem::new(ProblemCode::WrongType, &self.origin(), message));
    }

    /// Reports what is wrong with the value.
    pub(super) fn problem(self, code: ProblemCode, message: impl Into<String>, help: impl Into<String>) {
        self.context.report.add(Problem::new(code, &self.origin(), message).help(help));
    }
}

/// What to write instead of `text`: the nearest of `names`, or all of them after `otherwise`.
pub(super) fn suggestion(text: &str, names: &[&str], otherwise: &str) -> String {
    // A long text resembles no name, and comparing it would take long.
    let near = if text.len() <= 100 { nearest(text, names.iter().copied()) } else { Vec::new() };
    if near.is_empty() {
        format!("{otherwise} {}", listed(names, "and"))
    } else {
        format!("did you mean {}?", listed(&near, "or"))
    }
}

/// `` `a`, `b` and `c` ``.
fn listed(names: &[impl AsRef<str>], joint: &str) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {joint} {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn between(range: &RangeInclusive<i64>) -> String {
    format!("write a whole number from {} to {}", range.start(), range.end())
}

/// Whether YAML or JSON would take a plain text for a number.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |digits: &str, good: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|byte| good(&byte));
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit);
    }
    if let Some(digits) = unsigned.strip_prefix("0o") {
        return all(digits, u8::is_ascii_digit);
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) =
        unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits_or_nothing = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_fine =
        exponent.is_none_or(|exponent| all(exponent.strip_prefix(['-', '+']).unwrap_or(exponent), u8::is_ascii_digit));
    digits_or_nothing(whole)
        && digits_or_nothing(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent_is_fine
}

/// Whether YAML would take a plain text for a boolean.
fn is_boolean(text: &str) -> bool {
    matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_words() {
        for number in
            ["0", "-1", "+3", "1.5", ".5", "5.", "1e400", "1E-3", "0x1f", "0o17", ".inf", "-.INF", ".nan", "007"]
        {
            assert!(is_number(number), "{number}");
        }
        for word in ["", ".", "-", "1.2.3", "16Gi", "e3", "1e", "v1", "0x", "NO", "1_000", "inf", "2024-01-01"] {
            assert!(!is_number(word), "{word}");
        }
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed(&["a"], "or"), "`a`");
        assert_eq!(listed(&["a", "b", "c"], "or"), "`a`, `b` or `c`");
    }
}
