//! JSON Schema (2020-12) of the manifests, for editors and for those who build other readers.
//!
//! It is printed from what the declarations of the records say. Some rules are beyond a schema, such as
//! `minReplicas` not being above `maxReplicas`, so what it accepts may still be refused.

use serde_json::{Map, Value, json};

use super::beamlit::{model_deployment, policy};
use super::kind::Kind;
use super::scenario;
use super::spec::{
    ClusterSpec, DeploymentSpec, EnvironmentSpec, PolicySpec, PolicyTestSpec, RunningSpec, WorkspaceSpec,
};
use crate::document::{Format, Presence, RecordShape, Rule, Shape};
use crate::id::Name;

/// The schema of documents of one kind, or of any kind.
///
/// ```
/// use siting::manifest::{Kind, schema};
/// let policy = schema(Some(Kind::Policy));
/// assert_eq!(policy["properties"]["kind"]["const"], "Policy");
/// assert_eq!(schema(None)["oneOf"].as_array().map(Vec::len), Some(Kind::ALL.len()));
/// ```
#[must_use]
pub fn schema(kind: Option<Kind>) -> Value {
    let mut schema = match kind {
        Some(kind) => document(kind),
        None => {
            let reference = |kind: Kind| json!({"$ref": format!("#/$defs/{kind}")});
            let definitions: Map<String, Value> =
                Kind::ALL.into_iter().map(|kind| (kind.to_string(), document(kind))).collect();
            json!({"title": "a manifest", "oneOf": Kind::ALL.map(reference), "$defs": definitions})
        }
    };
    if let Value::Object(fields) = &mut schema {
        fields.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    }
    schema
}

fn document(kind: Kind) -> Value {
    let printer = Printer { null_is_absent: kind.null_is_absent() };
    printer.record(&match kind {
        Kind::Policy => kind.described_natively(PolicySpec::shape()),
        Kind::Environment => kind.described_natively(EnvironmentSpec::shape()),
        Kind::Workspace => kind.described_natively(WorkspaceSpec::shape()),
        Kind::Deployment => kind.described_natively(DeploymentSpec::shape()),
        Kind::Cluster => kind.described_natively(ClusterSpec::shape()),
        Kind::Placement => kind.described_natively(RunningSpec::shape()),
        Kind::Scenario => kind.described_natively(scenario::shape()),
        Kind::PolicyTest => kind.described_natively(PolicyTestSpec::shape()),
        Kind::BeamlitPolicy => policy::shape(),
        Kind::ModelDeployment => model_deployment::shape(),
    })
}

/// Prints the shape of a value as a schema.
struct Printer {
    /// Whether an optional field may hold nothing.
    null_is_absent: bool,
}

impl Printer {
    fn of(&self, shape: &Shape) -> Value {
        match shape {
            Shape::Boolean => json!({"type": "boolean"}),
            Shape::True => json!({"const": true}),
            Shape::Whole { from, to } if from == to => json!({"const": from}),
            Shape::Whole { from, to } => json!({"type": "integer", "minimum": from, "maximum": to}),
            Shape::Amount { units, above_zero } => amount(units, *above_zero),
            Shape::Text => text(),
            Shape::StrictText => json!({"type": "string"}),
            Shape::Pattern(pattern) => json!({"type": "string", "pattern": pattern}),
            Shape::Name => name(""),
            // With what is read as one, or holds one, where width makes no difference.
            Shape::Unslashed => name(r"/\uff0f\u2100\u2101\u2105\u2106"),
            Shape::Share => {
                let pattern = "^(0+[.]0*[1-9][0-9]*|0*1([.]0+)?)$";
                json!({"type": ["string", "number"], "pattern": pattern, "exclusiveMinimum": 0, "maximum": 1})
            }
            Shape::Moment => {
                json!({"type": "string", "format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]"})
            }
            Shape::Span => json!({"type": "string", "pattern": "[0-9].*[A-Za-z]$"}),
            Shape::Words(words) => match &words[..] {
                [word] => json!({"const": word}),
                words => json!({"enum": words}),
            },
            Shape::Null => json!({"type": "null"}),
            Shape::Any => json!({}),
            Shape::Coordinates => {
                let pattern = "^-?[0-9]+([.][0-9]{1,6})?$";
                let degrees = |most: i32| json!({"type": ["number", "string"], "pattern": pattern, "minimum": -most, "maximum": most});
                json!({"type": "array", "prefixItems": [degrees(90), degrees(180)], "minItems": 2, "maxItems": 2})
            }
            Shape::List { of: item, least: 0 } => json!({"type": "array", "items": self.of(item)}),
            Shape::List { of: item, least } => json!({"type": "array", "items": self.of(item), "minItems": least}),
            Shape::Keyed { keys, of: value } => {
                json!({"type": "object", "propertyNames": {"pattern": keys}, "additionalProperties": self.of(value)})
            }
            Shape::Map { of: value, least: 0 } => json!({"type": "object", "additionalProperties": self.of(value)}),
            Shape::Map { of: value, least } => {
                json!({"type": "object", "minProperties": least, "additionalProperties": self.of(value)})
            }
            Shape::Record(shape) => self.record(shape),
            Shape::Either(shapes) => json!({"anyOf": shapes.iter().map(|shape| self.of(shape)).collect::<Vec<_>>()}),
        }
    }

    /// An object that has these fields and no others.
    fn record(&self, shape: &RecordShape) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (field, shape) in &shape.fields {
            let mut property = self.of(shape);
            if let Value::Object(fields) = &mut property {
                fields.insert("description".to_owned(), field.description().into());
                if let Presence::Default(default) = &field.presence {
                    // Invariant `values-serialise`: a value on its way out is a tree that JSON can write.
                    fields.insert("default".to_owned(), serde_json::to_value(default).unwrap_or_default());
                }
            }
            if matches!(field.presence, Presence::Required) {
                required.push(field.key);
            }
            if !matches!(field.presence, Presence::Required) {
                property = self.optional(property);
            }
            properties.insert(field.key.to_owned(), property);
        }
        let mut schema = json!({
            "title": shape.what,
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        let rules: Vec<_> = shape.rules.iter().map(|rule| self.rule(rule)).collect();
        if let (Value::Object(fields), false) = (&mut schema, rules.is_empty()) {
            fields.insert("allOf".to_owned(), rules.into());
        }
        schema
    }

    fn rule(&self, rule: &Rule) -> Value {
        let each = |keys: &[&str]| keys.iter().map(|key| json!({"required": [key]})).collect::<Vec<_>>();
        let narrowed = |shapes: &[(&'static str, Shape)], needs: &[&str]| -> Map<String, Value> {
            let narrow =
                |key: &str, shape| if needs.contains(&key) { self.of(shape) } else { self.optional(self.of(shape)) };
            shapes.iter().map(|(key, shape)| ((*key).to_owned(), narrow(key, shape))).collect()
        };
        match rule {
            Rule::One(keys) => json!({"oneOf": each(keys)}),
            Rule::Some(keys) => json!({"anyOf": each(keys)}),
            Rule::NotBoth(one, other) => json!({"not": {"required": [one, other]}}),
            Rule::Needs(one, other) => {
                let mut needed = Map::new();
                needed.insert((*one).to_owned(), json!([other]));
                json!({"dependentRequired": needed})
            }
            Rule::With { key, narrowed: shapes } => {
                json!({"if": {"required": [key]}, "then": {"properties": narrowed(shapes, &[])}})
            }
            Rule::Where { key, is, or_absent, needs, lacks, narrowed: shapes } => {
                let mut properties = Map::new();
                // Words that are booleans or numbers are read as such.
                let values: Vec<Value> =
                    is.iter().map(|word| serde_json::from_str(word).unwrap_or_else(|_| (*word).into())).collect();
                properties.insert((*key).to_owned(), json!({"enum": values}));
                let present: &[&str] = if *or_absent { &[] } else { &[key] };
                let lacked: Vec<_> = each(lacks).into_iter().map(|there| json!({"not": there})).collect();
                let mut fields = narrowed(shapes, needs);
                if self.null_is_absent {
                    for key in needs {
                        fields.entry(*key).or_insert_with(|| json!({"not": {"type": "null"}}));
                    }
                }
                let mut then = json!({"required": needs, "properties": fields});
                if let (Value::Object(fields), false) = (&mut then, lacked.is_empty()) {
                    fields.insert("allOf".to_owned(), lacked.into());
                }
                json!({"if": {"properties": properties, "required": present}, "then": then})
            }
        }
    }

    fn optional(&self, schema: Value) -> Value {
        if self.null_is_absent { json!({"anyOf": [schema, {"type": "null"}]}) } else { schema }
    }
}

/// Text, where a number or a boolean counts as its text.
fn text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// A checked name, in a notation that every reader of regular expressions has.
fn name(without: &str) -> Value {
    // What a name does not hold, as far as one unit of UTF-16 says it: not every reader knows more of a character.
    let unprintable = [
        r"\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e",
        r"\u2060-\u206f\u2800\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffd-\uffff",
    ];
    let none = format!("{}{without}", unprintable.concat());
    let pattern = format!(r"^[^\s{none}]([^{none}]*[^\s{none}])?$");
    json!({"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": Name::MAX_CHARS, "pattern": pattern})
}

/// An exact amount: a number with a unit, as a text; without one, as a number, too.
fn amount(units: &[(&str, u128)], above_zero: bool) -> Value {
    let bare = units.iter().any(|(unit, _)| unit.is_empty());
    let named: Vec<_> = units.iter().map(|(unit, _)| *unit).filter(|unit| !unit.is_empty()).collect();
    let number = if above_zero { r"(0*[1-9][0-9]*(\.[0-9]+)?|0+\.0*[1-9][0-9]*)" } else { r"[0-9]+(\.[0-9]+)?" };
    let unit = match (bare, named.is_empty()) {
        (_, true) => String::new(),
        (true, false) => format!("({})?", named.join("|")),
        (false, false) => format!("({})", named.join("|")),
    };
    let pattern = format!("^{number}{unit}$");
    match (bare, above_zero) {
        (false, _) => json!({"type": "string", "pattern": pattern}),
        (true, false) => json!({"type": ["string", "number"], "pattern": pattern, "minimum": 0}),
        (true, true) => json!({"type": ["string", "number"], "pattern": pattern, "exclusiveMinimum": 0}),
    }
}
