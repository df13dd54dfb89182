//! Specs back to text that reads equal.

use super::frame::documents;
use super::spec::Specs;
use super::tree::is_unprintable;
use crate::document::Written as Value;

/// Writes all specs as YAML documents. What could not be read is not written.
///
/// ```
/// use siting::id::Name;
/// use siting::manifest::{read_str, spec::{DeploymentSpec, Specs}, write_yaml};
///
/// let deployment = DeploymentSpec::of_model(Name::new("bert-v1")?, Name::new("no")?);
/// let specs = Specs { deployments: vec![deployment], ..Specs::default() };
/// let text = write_yaml(&specs);
/// assert!(text.ends_with("model: 'no'\n") || text.ends_with("model: \"no\"\n"));
/// assert_eq!(read_str("bert.yaml", &text).specs, specs);
/// # Ok::<(), siting::id::InvalidName>(())
/// ```
#[must_use]
pub fn write_yaml(specs: &Specs) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    // Invariant `values-serialise`: a tree of texts, numbers, lists and mappings with text keys has
    // no value that YAML or JSON cannot write.
    serde_saphyr::to_string_multiple_with_options(&documents(specs), options).unwrap_or_default()
}

/// Writes all specs as JSON: one document as an object, several as a list of objects.
///
/// ```
/// use siting::manifest::{read_str, spec::Specs, write_json};
/// let text = r#"{"apiVersion": "siting.dev/v1", "kind": "Environment", "metadata": {"name": "staging"}, "spec": {}}"#;
/// let specs = read_str("staging.json", text).specs;
/// assert_eq!(read_str("staging.json", &write_json(&specs)).specs, specs);
/// ```
#[must_use]
pub fn write_json(specs: &Specs) -> String {
    let mut documents = documents(specs);
    let whole = if documents.len() == 1 { documents.pop() } else { None };
    // Invariant `values-serialise`, as above.
    let mut text = serde_json::to_string_pretty(&whole.unwrap_or(Value::List(documents))).unwrap_or_default();
    text.push('\n');
    escape_unprintable(text)
}

/// JSON that YAML reads too: what JSON allows in a string, and YAML does not, is escaped. All of it is in
/// strings, since nothing else of a document is from outside.
fn escape_unprintable(json: String) -> String {
    if !json.contains(is_unprintable) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_unprintable(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}
