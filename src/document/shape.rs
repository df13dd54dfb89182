//! What can be written in a text, as data: JSON Schema and the classes of Python are printed from it.

use super::value::Value;

/// What can be written in one place.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// `true` or `false`.
    Boolean,
    /// `true`.
    True,
    /// A date and time with its offset.
    Moment,
    /// A length of time, as a number and a unit.
    Span,
    /// A whole number.
    Whole { from: i64, to: i64 },
    /// An exact amount, as a number or a text.
    Amount { units: &'static [(&'static str, u128)], above_zero: bool },
    /// A number above 0 and up to 1, or the text of one.
    Share,
    /// Any text; a number or a boolean counts as its text.
    Text,
    /// A text that no reader takes for a number or a boolean.
    StrictText,
    /// A text that matches this regular expression, in the notation of JSON Schema.
    Pattern(&'static str),
    /// A checked name.
    Name,
    /// A checked name without `/`.
    Unslashed,
    /// One of these words.
    Words(Vec<&'static str>),
    /// `null`, which means absent.
    Null,
    /// Anything.
    Any,
    /// A list of at least `least` entries.
    List { of: Box<Shape>, least: usize },
    /// Latitude and longitude in degrees.
    Coordinates,
    /// An object with any keys, at least `least`.
    Map { of: Box<Shape>, least: usize },
    /// An object with keys of a pattern.
    Keyed { keys: &'static str, of: Box<Shape> },
    /// An object of declared fields.
    Record(RecordShape),
    /// One of several.
    Either(Vec<Shape>),
}

/// An object of declared fields.
#[derive(Clone, Debug)]
pub(crate) struct RecordShape {
    /// What problems call it.
    pub(crate) what: &'static str,
    pub(crate) fields: Vec<(FieldShape, Shape)>,
    pub(crate) rules: Vec<Rule>,
}

/// A field of an object.
#[derive(Clone, Debug)]
pub(crate) struct FieldShape {
    pub(crate) key: &'static str,
    /// The lines of its doc comment.
    pub(crate) doc: &'static [&'static str],
    pub(crate) presence: Presence,
}

/// Whether a field must be present.
#[derive(Clone, Debug)]
pub(crate) enum Presence {
    Required,
    Optional,
    /// It may be absent, and then has this value.
    Default(Value),
}

/// What holds between the fields of an object.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// Exactly one of these is present.
    One(Vec<&'static str>),
    /// At least one of these is present.
    Some(&'static [&'static str]),
    /// These two are not both present.
    NotBoth(&'static str, &'static str),
    /// If the first is present, so is the second.
    Needs(&'static str, &'static str),
    /// If this one is present, others have a narrower shape.
    With { key: &'static str, narrowed: Vec<(&'static str, Shape)> },
    /// If `key` has one of these values, or is absent and `or_absent` is set, some fields are required and others
    /// must be absent.
    Where {
        key: &'static str,
        is: Vec<&'static str>,
        or_absent: bool,
        needs: Vec<&'static str>,
        lacks: Vec<&'static str>,
        /// Fields that can hold less than elsewhere.
        narrowed: Vec<(&'static str, Shape)>,
    },
}

impl Rule {
    /// What is switched on needs these fields; `enabled` is true where absent.
    pub(crate) fn enabled_needs(needs: &[&'static str]) -> Self {
        let (is, needs) = (vec!["true"], needs.to_vec());
        Self::Where { key: "enabled", is, or_absent: true, needs, lacks: Vec::new(), narrowed: Vec::new() }
    }
}

impl RecordShape {
    /// An object without fields yet.
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, fields: Vec::new(), rules: Vec::new() }
    }

    /// Narrows the shape of an existing field.
    pub(crate) fn narrow(&mut self, key: &str, shape: Shape) {
        if let Some((_, found)) = self.fields.iter_mut().find(|(field, _)| field.key == key) {
            *found = shape;
        }
    }

    /// Makes an existing field required, and narrows its shape.
    pub(crate) fn require(&mut self, key: &str, shape: Shape) {
        self.narrow(key, shape);
        if let Some((field, _)) = self.fields.iter_mut().find(|(field, _)| field.key == key) {
            field.presence = Presence::Required;
        }
    }

    /// Adds a field.
    pub(crate) fn add(&mut self, field: FieldShape, shape: Shape) {
        self.fields.push((field, shape));
    }
}

impl FieldShape {
    /// A field that may be absent.
    pub(crate) fn new(key: &'static str, doc: &'static [&'static str]) -> Self {
        Self { key, doc, presence: Presence::Optional }
    }

    /// The same, which must be there.
    pub(crate) fn required(self) -> Self {
        Self { presence: Presence::Required, ..self }
    }

    /// The same, with a default.
    pub(crate) fn or(self, default: Value) -> Self {
        Self { presence: Presence::Default(default), ..self }
    }

    /// Its doc comment in one line, without links and without a final full stop.
    pub(crate) fn description(&self) -> String {
        let text: Vec<_> = self.doc.iter().map(|line| line.trim()).collect();
        let mut text = text.join(" ");
        // `[`this`]` and `[`this`](there)` are links.
        while let Some((before, rest)) = text.split_once("[`") {
            let Some((name, after)) = rest.split_once("`]") else { break };
            let after = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
                Some((_, after)) => after,
                None => after,
            };
            text = format!("{before}`{name}`{after}");
        }
        text.trim_end_matches('.').to_owned()
    }
}
