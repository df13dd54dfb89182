//! Native policies (P1, P9).

use super::super::spec::{Allowed, ChoiceSpec, Dialect, Metadata, PolicySpec};
use super::shared::{choice, given, kinds_on, native};
use crate::catalog::{Axis, ChoiceKind};
use crate::document::{Fields, Item};
use crate::origin::{ProblemCode, Sourced};

/// Reads a policy.
pub(in super::super) fn policy(document: Item<'_>) -> Option<PolicySpec> {
    native(document, "a policy's spec", spec)
}

fn spec(metadata: Metadata, mut fields: Fields<'_>) -> Option<PolicySpec> {
    let kinds = fields.required("type").and_then(policy_type);
    let locations = fields.optional("locations");
    let flavors = fields.optional("flavors");
    let except = fields.optional("except");
    let resource_types = fields.optional("resourceTypes").map(|list| list.nonempty(Item::reference));
    let description = fields.optional("description").and_then(Item::string);

    let (axis, kinds) = kinds.unzip();
    let options = options(&fields, axis, kinds.as_deref(), locations, flavors);
    let except = except.and_then(|list| list.list(|item| choice(item, kinds.as_deref().unwrap_or(&ChoiceKind::ALL))));
    fields.finish();
    Some(PolicySpec {
        metadata,
        axis: axis?,
        options: Allowed::Listed(options?),
        except: except.unwrap_or_default(),
        resource_types: given(resource_types)?,
        description,
        dialect: Dialect::Native,
    })
}

/// The axis of a policy's type, and the kinds of its entries.
pub(super) fn policy_type(item: Item<'_>) -> Option<(Axis, Vec<ChoiceKind>)> {
    let axis = |axis: Axis| (axis, None);
    let kind = |kind: ChoiceKind| (kind.axis(), Some(kind));
    let (axis, kind) = item.one_of(&[
        ("location", axis(Axis::Location)),
        ("flavor", axis(Axis::Flavor)),
        ("gpu", kind(ChoiceKind::Gpu)),
        ("cpu", kind(ChoiceKind::Cpu)),
    ])?;
    Some((axis, kind.map_or_else(|| kinds_on(axis), |kind| vec![kind])))
}

/// The list that belongs to the policy's type; the other one must not be there.
fn options<'d>(
    fields: &Fields<'d>,
    axis: Option<Axis>,
    kinds: Option<&[ChoiceKind]>,
    locations: Option<Item<'d>>,
    flavors: Option<Item<'d>>,
) -> Option<Vec<Sourced<ChoiceSpec>>> {
    let (own, (other, other_name)) = match axis {
        Some(Axis::Location) => ((locations, "locations"), (flavors, "flavors")),
        Some(Axis::Flavor) => ((flavors, "flavors"), (locations, "locations")),
        None => {
            // The type is unreadable, which is reported; the lists may be too.
            locations.and_then(|list| list.list(|item| choice(item, &kinds_on(Axis::Location))));
            flavors.and_then(|list| list.list(|item| choice(item, &kinds_on(Axis::Flavor))));
            return None;
        }
    };
    let (own, own_name) = own;
    if let (Some(other), Some(axis)) = (other, axis) {
        let message = format!("a {axis} policy has no `{other_name}`");
        other.problem(
            ProblemCode::UnknownField,
            message,
            format!("list its options under `{own_name}`, and the others in a policy of their own"),
        );
    }
    match own {
        Some(list) => list.nonempty(|item| choice(item, kinds.unwrap_or_default())),
        None => {
            fields.missing(own_name);
            None
        }
    }
}
