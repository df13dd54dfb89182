//! A small validator for JSON Schema: the keywords that the schemas of reports use, and no others.

use serde_json::{Map, Value};

/// Keywords that describe and do not constrain.
const NOTES: [&str; 6] = ["$schema", "$defs", "title", "description", "format", "default"];

/// Where a value is not valid under a schema, and why; nothing where it is valid.
///
/// # Panics
/// For a keyword that is not known here: then nothing would hold the value against it.
pub(crate) fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else {
        if schema != &Value::Bool(true) {
            found.push(format!("{at}: nothing is valid here"));
        }
        return;
    };
    let valid = |schema: &Value| {
        let mut inside = Vec::new();
        check(root, schema, value, at, &mut inside);
        inside.is_empty()
    };
    for (keyword, wanted) in keywords {
        let holds = match keyword.as_str() {
            "$ref" => {
                let pointer = wanted.as_str().and_then(|text| text.strip_prefix('#')).unwrap();
                let definition = root.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
                check(root, definition, value, at, found);
                true
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|name| is(value, name.as_str().unwrap())),
                name => is(value, name.as_str().unwrap()),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "anyOf" => wanted.as_array().unwrap().iter().any(valid),
            "oneOf" => wanted.as_array().unwrap().iter().filter(|schema| valid(schema)).count() == 1,
            "allOf" => wanted.as_array().unwrap().iter().all(valid),
            "required" => value.as_object().is_none_or(|fields| {
                wanted.as_array().unwrap().iter().all(|name| fields.contains_key(name.as_str().unwrap()))
            }),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}/{index}"), found);
                }
                true
            }
            "properties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = wanted.get(name) {
                        check(root, schema, field, &format!("{at}/{name}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                others(keywords, value).for_each(|(name, field)| {
                    check(root, wanted, field, &format!("{at}/{name}"), found);
                });
                true
            }
            note => {
                assert!(NOTES.contains(&note), "the keyword `{note}` is not known here");
                true
            }
        };
        if !holds {
            found.push(format!("{at}: {value} fails {keyword} {wanted}"));
        }
    }
}

/// The fields of a value that `properties` does not name.
fn others<'a>(keywords: &'a Map<String, Value>, value: &'a Value) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let named = |name: &String| keywords.get("properties").is_some_and(|named| named.get(name).is_some());
    value.as_object().into_iter().flatten().filter(move |(name, _)| !named(name))
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("{other} is no type"),
    }
}
