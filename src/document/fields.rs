//! Reading objects field by field: fields that are asked for are known, and any other is a problem.
//!
//! Every getter returns `None` if something is wrong, and reports it; so a decoder
//! asks for all its fields first and gives up afterwards, and one document's problems come together.

use std::sync::Arc;

use smallvec::SmallVec;

use super::item::Item;
use super::node::{Entry, Node, Place, Value};
use super::report::Report;
use super::wording::{quoted, suggestion};
use crate::origin::{Origin, Problem, ProblemCode};

/// The file that is being read, and where its problems are reported.
#[derive(Clone, Copy)]
pub(crate) struct Context<'d> {
    pub(crate) file: &'d Arc<str>,
    pub(crate) report: &'d Report,
    /// Whether a null field counts as absent, as in Kubernetes. Elsewhere
    /// it does not: an emptied restriction must not become no restriction.
    pub(crate) null_is_absent: bool,
    /// The document that is being read, once it is.
    pub(crate) document: Option<&'d Node<'d>>,
}

/// An object whose fields are taken one by one.
pub(crate) struct Fields<'d> {
    /// What it is called in problems: `a pool`.
    what: &'static str,
    entries: &'d [Entry<'d>],
    place: Place,
    known: SmallVec<[&'static str; 24]>,
    context: Context<'d>,
}

impl<'d> Fields<'d> {
    /// The entries of what problems call `what`.
    pub(crate) fn new(what: &'static str, entries: &'d [Entry<'d>], place: Place, context: Context<'d>) -> Self {
        Self { what, entries, place, known: SmallVec::new(), context }
    }

    /// The field, unless it is absent. A null field is left for its reader to refuse, except
    /// where null counts as absent.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<Item<'d>> {
        self.accept(name);
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        let absent = self.context.null_is_absent && entry.value.is_null();
        (!absent).then_some(Item { node: &entry.value, label: name, element: false, context: self.context })
    }

    /// The field, unless it is absent or null.
    pub(crate) fn nullable(&mut self, name: &'static str) -> Option<Item<'d>> {
        self.optional(name).filter(|item| !item.node.is_null())
    }

    /// The field, which must be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Option<Item<'d>> {
        let item = self.nullable(name);
        if item.is_none() {
            self.missing(name);
        }
        item
    }

    /// The word that a field holds, if it is one; for fields whose meaning depends on it.
    pub(crate) fn word(&self, name: &str) -> Option<&'d str> {
        match &self.entries.iter().find(|entry| entry.key == name)?.value {
            Node { value: Value::Scalar { text, .. }, .. } => Some(text),
            _ => None,
        }
    }

    /// A field of the document that this is a part of, unless it is absent or null.
    pub(crate) fn of_document(&self, label: &'static str) -> Option<Item<'d>> {
        let node = self.context.document?.get(label).filter(|node| !node.is_null())?;
        Some(Item { node, label, element: false, context: self.context })
    }

    /// Whether the field is there, by whatever value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == name && !(self.context.null_is_absent && entry.value.is_null()))
    }

    /// Accepts a field without reading it.
    pub(crate) fn accept(&mut self, name: &'static str) {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
    }

    /// Reports that `name` is missing.
    pub(crate) fn missing(&self, name: &str) {
        let help = format!("add `{name}: …`");
        self.problem(ProblemCode::MissingField, format!("{} needs `{name}`", self.what), Some(&help));
    }

    /// Reports what is wrong with the object as a whole.
    pub(crate) fn problem(&self, code: ProblemCode, message: impl Into<String>, help: Option<&str>) {
        let mut problem = Problem::new(code, &self.origin(), message);
        problem.help = help.map(str::to_owned);
        self.context.report.add(problem);
    }

    /// Reports what is wrong with a field, or with the object where the field is absent. Returns `None`, so
    /// that a check of fields can return it.
    pub(crate) fn refuse(
        &self,
        name: &str,
        code: ProblemCode,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<()> {
        let entry = self.entries.iter().find(|entry| entry.key == name);
        let place = entry.map_or(self.place, |entry| entry.value.place);
        self.context.report.add(Problem::new(code, &place.of(self.context.file), message).help(help));
        None
    }

    /// Reports `problem`.
    pub(crate) fn report(&self, problem: Problem) {
        self.context.report.add(problem);
    }

    /// Where the object begins.
    pub(crate) fn origin(&self) -> Origin {
        self.place.of(self.context.file)
    }

    /// Reports every field that was not asked for.
    pub(crate) fn finish(self) {
        for entry in self.entries {
            if !self.known.contains(&&*entry.key) {
                self.unknown(entry);
            }
        }
    }

    fn unknown(&self, entry: &Entry<'d>) {
        // There may be very many, and finding the nearest name is slow.
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
