//! A document's `apiVersion` and `kind`: whether it is ours to read.

use super::kind::Kind;
use crate::document::{Fields, Item, quoted, suggestion};
use crate::origin::ProblemCode;

/// What a document's first two fields say.
pub(super) enum Heading {
    /// It is of this kind.
    Ours(Kind),
    /// It is ours, and for another reader.
    ForOthers,
    /// It is of another API group, written here as `apps/v1 Deployment`.
    Foreign(String),
}

/// The native kind that another reader wants: tests of policies.
const FOR_OTHERS: &str = "PolicyTest";

/// Reads the heading; nothing if it is unreadable or unknown, which is then reported.
pub(super) fn heading(document: Item<'_>) -> Option<Heading> {
    let mut fields = document.object("a document")?;
    let version = fields.nullable("apiVersion");
    let kind = fields.nullable("kind");
    for (field, name) in [(version, "apiVersion"), (kind, "kind")] {
        if field.is_none() {
            missing(&fields, document, name);
        }
    }
    let (version_item, kind_item) = (version?, kind?);
    let (version, kind) = (version_item.text(), kind_item.text());
    let (version, kind) = (version?, kind?);
    let group = version.split_once('/').map_or(version, |(group, _)| group);
    let ours: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| group_of(*kind) == group).collect();
    let Some(first) = ours.first() else {
        return foreign(version_item, version, group, kind);
    };
    if first.api_version() != version {
        let message = format!("unknown version {}", quoted(version));
        version_item.problem(ProblemCode::UnknownVersion, message, format!("write `{}`", first.api_version()));
        return None;
    }
    if let Some(found) = ours.iter().find(|ours| ours.kind() == kind) {
        return Some(Heading::Ours(*found));
    }
    if *first == Kind::Policy && kind == FOR_OTHERS {
        return Some(Heading::ForOthers);
    }
    let names: Vec<&str> = ours.iter().map(|kind| kind.kind()).collect();
    let message = format!("`{version}` has no kind {}", quoted(kind));
    kind_item.problem(ProblemCode::UnknownKind, message, suggestion(kind, &names, "its kinds are"));
    None
}

fn group_of(kind: Kind) -> &'static str {
    kind.api_version().split_once('/').map_or("", |(group, _)| group)
}

fn missing(fields: &Fields<'_>, document: Item<'_>, name: &str) {
    let message = match document.first_key() {
        Some(key) => format!("the document that begins with {} needs `{name}`", quoted(key)),
        None => format!("an empty document needs `{name}`"),
    };
    let help = "begin it with `apiVersion: siting.dev/v1` and its `kind`";
    fields.problem(ProblemCode::MissingField, message, Some(help));
}

/// A document of another group, unless the group is ours but for a slip.
fn foreign(item: Item<'_>, version: &str, group: &str, kind: &str) -> Option<Heading> {
    const SLIP: usize = 2;
    let meant = Kind::ALL.into_iter().find(|ours| {
        let own = group_of(*ours);
        group.len() <= own.len() * 2 && strsim::osa_distance(&group.to_lowercase(), own) <= SLIP
    });
    if let Some(meant) = meant {
        let message = format!("unknown API group {}", quoted(group));
        item.problem(ProblemCode::UnknownVersion, message, format!("did you mean `{}`?", meant.api_version()));
        return None;
    }
    let shown = |text: &str| quoted(text).trim_matches('`').to_owned();
    Some(Heading::Foreign(format!("{} {}", shown(version), shown(kind))))
}
