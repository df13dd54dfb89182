//! Reports with a field changed or left out.

use serde_json::{Value, json};

/// Every place of a value that holds no list and no record, and that of each list and record.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                paths(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(number, value)| paths(value, &format!("{at}/{number}"), found));
        }
        _ => {}
    }
    if !at.is_empty() {
        found.push(at.to_owned());
    }
}

/// Another value.
fn tampered(value: &Value) -> Value {
    match value {
        Value::Null => json!("x"),
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) => json!(number.as_u64().map_or(1, |number| number + 1)),
        Value::String(text) => match text.strip_suffix(|last: char| last != '0') {
            Some(shorter) if !shorter.is_empty() => json!(shorter),
            _ => json!(format!("{text}1")),
        },
        Value::Array(list) if list.is_empty() => json!(["x"]),
        Value::Array(list) => json!(list[1..]),
        Value::Object(_) => json!({}),
    }
}

/// Every value with one field tampered with, and with one left out.
pub(crate) fn all_tampered(value: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    paths(value, "", &mut found);
    let mut all = Vec::new();
    for path in found {
        let mut changed = value.clone();
        let field = changed.pointer_mut(&path).unwrap();
        let other = tampered(field);
        if *field != other {
            *field = other;
            all.push((format!("{path} changed"), changed));
        }
        let (above, key) = path.rsplit_once('/').unwrap();
        let mut without = value.clone();
        if let Some(Value::Object(fields)) = without.pointer_mut(above) {
            fields.remove(&key.replace("~1", "/").replace("~0", "~"));
            all.push((format!("{path} left out"), without));
        }
    }
    all
}
