//! Document trees in which every value knows where it was written.
//!
//! Scalars stay text: whether `1.5`, `NO` or `007` is a number, a boolean or a word is for the field
//! that holds it to decide.

use std::borrow::Cow;
use std::sync::Arc;

use crate::origin::Origin;

/// A place in a file, as an [`Origin`] without the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) length: u32,
}

impl Place {
    /// This place in `file`.
    pub(crate) fn of(self, file: &Arc<str>) -> Origin {
        Origin { file: Some(file.clone()), line: self.line, column: self.column, length: self.length }
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node<'t> {
    pub(crate) place: Place,
    pub(crate) value: Value<'t>,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value<'t> {
    /// Text; `plain` if it was written without quotes, so that it may be a number, a boolean or null.
    Scalar { text: Cow<'t, str>, plain: bool },
    /// A list.
    List(Vec<Node<'t>>),
    /// A mapping; no key appears twice.
    Map(Vec<Entry<'t>>),
}

/// A key of a mapping, its place, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Cow<'t, str>,
    pub(crate) place: Place,
    pub(crate) value: Node<'t>,
}

impl<'t> Node<'t> {
    /// Whether nothing was written, or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The value of a mapping's key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// A copy in which a key of a mapping has another value.
    pub(crate) fn with(&self, key: &str, value: Self) -> Option<Self> {
        let Value::Map(entries) = &self.value else { return None };
        let mut entries = entries.clone();
        entries.iter_mut().find(|entry| entry.key == key)?.value = value;
        Some(Node { place: self.place, value: Value::Map(entries) })
    }

    /// Roughly the bytes that a copy takes.
    pub(crate) fn weight(&self) -> usize {
        const NODE: usize = 64;
        match &self.value {
            Value::Scalar { text, .. } => NODE + text.len(),
            Value::List(items) => NODE + items.iter().map(Node::weight).sum::<usize>(),
            Value::Map(entries) => {
                NODE + entries.iter().map(|entry| NODE + entry.key.len() + entry.value.weight()).sum::<usize>()
            }
        }
    }
}
