//! Documents to be written: trees whose mappings keep their order.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value to be written.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Boolean(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
    List(Vec<Value>),
    Map(Map),
}

/// A mapping, in the order in which it was filled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map(Vec<(String, Value)>);

impl Map {
    /// With a field.
    pub(crate) fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.push((key.into(), value.into()));
        self
    }

    /// With a field, if it is given.
    pub(crate) fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// With a list or mapping, unless it is empty.
    pub(crate) fn unless_empty(self, key: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::List(items) if items.is_empty() => self,
            Value::Map(map) if map.0.is_empty() => self,
            value => self.with(key, value),
        }
    }

    /// With a field in the mapping under a key; unchanged if there is no such mapping.
    pub(crate) fn within(mut self, key: &str, inner: &str, value: impl Into<Value>) -> Result<Self, Self> {
        match self.0.iter_mut().find(|(found, _)| found == key) {
            Some((_, Value::Map(Self(entries)))) => {
                entries.push((inner.to_owned(), value.into()));
                Ok(self)
            }
            _ => Err(self),
        }
    }
}

impl Value {
    /// A text, as it prints.
    pub(crate) fn text(value: impl std::fmt::Display) -> Self {
        Self::Text(value.to_string())
    }

    /// A list, each item encoded by `encode`.
    pub(crate) fn list<T, V: Into<Self>>(items: &[T], encode: impl FnMut(&T) -> V) -> Self {
        Self::List(items.iter().map(encode).map(Into::into).collect())
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// Declares what values are made from.
macro_rules! from {
    ($($type:ty: $value:ident => $made:expr;)+) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )+};
}

from! {
    bool: value => Self::Boolean(value);
    u8: value => Self::Integer(value.into());
    u16: value => Self::Integer(value.into());
    i32: value => Self::Integer(value.into());
    u32: value => Self::Integer(value.into());
    u64: value => Self::Integer(i64::try_from(value).unwrap_or(i64::MAX));
    &str: value => Self::Text(value.to_owned());
    String: value => Self::Text(value);
    &String: value => Self::Text(value.clone());
    Map: value => Self::Map(value);
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Decimal(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => items.serialize(serializer),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
