//! What several kinds have in common: the frame of a document, attachments, axes.

use indexmap::IndexMap;

use super::super::spec::{AttachmentSpec, ChoiceSpec, Metadata};
use crate::catalog::{Axis, ChoiceKind};
use crate::document::{Fields, Item};
use crate::id::Name;
use crate::origin::{ProblemCode, Sourced};
use crate::policy::Enforcement;
use crate::quantity::Coordinates;

/// The frame of a native document: its metadata, and its spec to be read by `read`.
pub(super) fn native<'d, T>(
    document: Item<'d>,
    what: &'static str,
    read: impl FnOnce(Metadata, Fields<'d>) -> Option<T>,
) -> Option<T> {
    let mut fields = document.object("a document")?;
    fields.accept("apiVersion");
    fields.accept("kind");
    let metadata = fields.required("metadata").and_then(metadata);
    let spec = fields.required("spec");
    fields.finish();
    let spec = spec.and_then(|spec| spec.object(what));
    match metadata {
        Some(metadata) => read(metadata, spec?),
        None => {
            // The spec is read even so, for its problems to come along.
            read(Metadata::named(Name::new("unnamed").ok()?), spec?);
            None
        }
    }
}

fn metadata(item: Item<'_>) -> Option<Metadata> {
    let mut fields = item.object("native metadata")?;
    let name = fields.required("name").and_then(Item::name);
    let display_name = fields.optional("displayName").and_then(Item::string);
    let (labels, annotations) = labels_and_annotations(&mut fields);
    fields.finish();
    Some(Metadata { name: name?, display_name, labels, annotations })
}

/// The two mappings of text that every kind of metadata has.
pub(super) fn labels_and_annotations(fields: &mut Fields<'_>) -> (IndexMap<String, String>, IndexMap<String, String>) {
    let labels = fields.optional("labels").and_then(Item::texts).unwrap_or_default();
    let annotations = fields.optional("annotations").and_then(Item::texts).unwrap_or_default();
    (labels, annotations)
}

/// `policies`: names, or names with an enforcement.
pub(super) fn attachments(fields: &mut Fields<'_>) -> Vec<AttachmentSpec> {
    fields.optional("policies").and_then(|list| list.list(attachment)).unwrap_or_default()
}

fn attachment(item: Item<'_>) -> Option<AttachmentSpec> {
    if !item.is_object() {
        return Some(AttachmentSpec { policy: item.reference()?, enforcement: Enforcement::Enforce, remote: false });
    }
    let mut fields = item.object("an attachment")?;
    let policy = fields.required("name").and_then(Item::reference);
    let words = [("enforce", Enforcement::Enforce), ("audit", Enforcement::Audit)];
    let enforcement = fields.optional("enforcement").and_then(|item| item.one_of(&words)).unwrap_or_default();
    fields.finish();
    Some(AttachmentSpec { policy: policy?, enforcement, remote: false })
}

/// `require`: axes that must be restricted.
pub(super) fn require(fields: &mut Fields<'_>) -> Vec<Sourced<Axis>> {
    let axis = |item: Item<'_>| Some(item.sourced(item.one_of(&Axis::ALL.map(|axis| (axis.as_str(), axis)))?));
    fields.optional("require").and_then(|list| list.list(axis)).unwrap_or_default()
}

/// `{type: …, name: …}` of one of `kinds`.
pub(super) fn choice(item: Item<'_>, kinds: &[ChoiceKind]) -> Option<Sourced<ChoiceSpec>> {
    let mut fields = item.object("an option")?;
    let words: Vec<_> = kinds.iter().map(|&kind| (kind.as_str(), kind)).collect();
    let kind = fields.required("type").and_then(|item| item.one_of(&words));
    let name = fields.required("name").and_then(Item::reference);
    fields.finish();
    // The name is what may not resolve, so it is where the option is said to stand.
    let Sourced { value: name, origin } = name?;
    Some(Sourced::new(ChoiceSpec { kind: kind?, name }, origin))
}

/// `[latitude, longitude]` in degrees.
pub(super) fn coordinates(item: Item<'_>) -> Option<Coordinates> {
    let degrees = item.list(|item| {
        let micros = Coordinates::micro_degrees(item.text()?);
        if micros.is_none() {
            let message = "a coordinate is a decimal number of degrees";
            item.problem(ProblemCode::InvalidValue, message, "write at most six decimals, such as `-77.4`");
        }
        Some(micros)
    })?;
    let [latitude, longitude] = degrees[..] else {
        let message = format!("`coordinates` holds two numbers, not {}", degrees.len());
        item.problem(ProblemCode::InvalidValue, message, "write `[latitude, longitude]`");
        return None;
    };
    let coordinates = Coordinates::from_micro_degrees(latitude?, longitude?);
    if coordinates.is_none() {
        let help = "latitude is from -90 to 90, longitude from -180 to 180";
        item.problem(ProblemCode::OutOfRange, "`coordinates` lies outside of the globe", help);
    }
    coordinates
}

/// The kinds of option on `axis`.
pub(super) fn kinds_on(axis: Axis) -> Vec<ChoiceKind> {
    ChoiceKind::ALL.into_iter().filter(|kind| kind.axis() == axis).collect()
}

/// What an optional field came to: nothing only where it was written and could not be read, so that
/// the unreadable never passes for the absent.
pub(super) fn given<T>(field: Option<Option<T>>) -> Option<Option<T>> {
    match field {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}
