//! What can stand in a text, as data: JSON Schema and the classes of Python are printed from it.

use super::value::Value;

/// What can stand somewhere.
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
    /// A text that no reader takes for anything else.
    StrictText,
    /// A text that matches this regular expression, in the notation of JSON Schema.
    Pattern(&'static str),
    /// A checked name.
    Name,
    /// A checked name without `/`.
    Unslashed,
    /// One of these words.
    Words(Vec<&'static str>),
    /// `null`, which stands for the absent.
    Null,
    /// Anything.
    Any,
    /// A list of at least so many entries.
    List { of: Box<Shape>, least: usize },
    /// Latitude and longitude in degrees.
    Coordinates,
    /// An object with any keys.
    Map { of: Box<Shape> },
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

/// Whether a field must be there.
#[derive(Clone, Debug)]
pub(crate) enum Presence {
    Required,
    Optional,
    /// It may be absent, and means this then.
    Default(Value),
}

/// What holds between the fields of an object.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// Exactly one of these is there.
    One(Vec<&'static str>),
    /// One of these is there at least.
    Some(&'static [&'static str]),
    /// These two are not there together.
    NotBoth(&'static str, &'static str),
    /// Where the first is there, the second is, too.
    Needs(&'static str, &'static str),
    /// Where this one is there, others can hold less than elsewhere.
    With { key: &'static str, narrowed: Vec<(&'static str, Shape)> },
    /// Where `key` has one of these values, or is absent if that is said, some fields are needed and others
    /// must not be there.
    Where {
        key: &'static str,
        is: &'static [&'static str],
        or_absent: bool,
        needs: Vec<&'static str>,
        lacks: &'static [&'static str],
        /// Fields that can hold less than elsewhere.
        narrowed: Vec<(&'static str, Shape)>,
    },
}

impl Rule {
    /// What is switched on needs these fields; `enabled` is true where absent.
    pub(crate) fn enabled_needs(needs: &[&'static str]) -> Self {
        let (is, needs) = (&["true"], needs.to_vec());
        Self::Where { key: "enabled", is, or_absent: true, needs, lacks: &[], narrowed: Vec::new() }
    }
}

impl RecordShape {
    /// An object without fields yet.
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, fields: Vec::new(), rules: Vec::new() }
    }

    /// Lets a field that it has hold less.
    pub(crate) fn narrow(&mut self, key: &str, shape: Shape) {
        if let Some((_, found)) = self.fields.iter_mut().find(|(field, _)| field.key == key) {
            *found = shape;
        }
    }

    /// Lets a field that it has be required, and hold less.
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
