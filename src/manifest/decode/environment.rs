//! Environments and the workspace: what holds for many deployments (E1, P13).

use super::super::spec::{
    EnvironmentSpec, ExpectedDemandSpec, FlavorSpec, GroupSpec, LocationSpec, Metadata, WorkspaceSpec,
};
use super::resources::resources;
use super::shared::{attachments, native, require};
use crate::catalog::FlavorKind;
use crate::document::{Fields, Item};
use crate::id::Name;
use crate::origin::{ProblemCode, Sourced};
use crate::policy::{OnReplaced, OnViolation};

/// Reads an environment.
pub(in super::super) fn environment(document: Item<'_>) -> Option<EnvironmentSpec> {
    native(document, "an environment's spec", environment_spec)
}

fn environment_spec(metadata: Metadata, mut fields: Fields<'_>) -> Option<EnvironmentSpec> {
    let on_violation = [
        ("move-or-report", OnViolation::MoveOrReport),
        ("move-or-stop", OnViolation::MoveOrStop),
        ("report", OnViolation::Report),
    ];
    let on_replaced = [
        ("keep", OnReplaced::Keep),
        ("scale-to-zero", OnReplaced::ScaleToZero),
        ("deactivate", OnReplaced::Deactivate),
    ];
    let spec = EnvironmentSpec {
        metadata,
        policies: attachments(&mut fields),
        require: require(&mut fields),
        on_violation: fields.optional("onViolation").and_then(|item| item.one_of(&on_violation)).unwrap_or_default(),
        on_replaced: fields.optional("onReplaced").and_then(|item| item.one_of(&on_replaced)),
    };
    fields.finish();
    Some(spec)
}

/// Reads the workspace.
pub(in super::super) fn workspace(document: Item<'_>) -> Option<WorkspaceSpec> {
    native(document, "a workspace's spec", workspace_spec)
}

fn workspace_spec(metadata: Metadata, mut fields: Fields<'_>) -> Option<WorkspaceSpec> {
    let spec = WorkspaceSpec {
        metadata,
        policies: attachments(&mut fields),
        require: require(&mut fields),
        default_environment: fields.optional("defaultEnvironment").and_then(Item::reference),
        currency: fields.optional("currency").and_then(currency),
        resource_types: fields.optional("resourceTypes").and_then(|list| list.list(Item::name)).unwrap_or_default(),
        groups: fields.optional("groups").and_then(groups).unwrap_or_default(),
        locations: fields.optional("locations").and_then(|list| list.list(location)).unwrap_or_default(),
        flavors: fields.optional("flavors").and_then(|list| list.list(flavor)).unwrap_or_default(),
        expected_demands: fields
            .optional("expectedDemands")
            .and_then(|list| list.nonempty(expected))
            .unwrap_or_default(),
    };
    fields.finish();
    Some(spec)
}

fn expected(item: Item<'_>) -> Option<Sourced<ExpectedDemandSpec>> {
    let mut fields = item.object("an expected demand")?;
    let weight = fields.required("weight").and_then(|item| item.whole(1..=1_000_000));
    let resources = fields.required("resources").and_then(resources);
    fields.finish();
    Some(item.sourced(ExpectedDemandSpec { weight: weight?, resources: resources? }))
}

fn currency(item: Item<'_>) -> Option<String> {
    let text = item.text()?;
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(text.to_owned());
    }
    item.problem(
        ProblemCode::InvalidValue,
        "a currency is three capital letters",
        "write an ISO 4217 code, such as `USD`",
    );
    None
}

fn groups(item: Item<'_>) -> Option<Vec<GroupSpec>> {
    let group = |(key, members): (Sourced<&str>, Item<'_>)| {
        let name = Name::new(key.value);
        if let Err(error) = &name {
            members.problem(ProblemCode::InvalidValue, "a group's key must be a name", error.to_string());
        }
        let countries = members.nonempty(Item::reference)?;
        Some(GroupSpec { name: key.with(name.ok()?), countries })
    };
    Some(item.entries()?.filter_map(group).collect())
}

fn location(item: Item<'_>) -> Option<LocationSpec> {
    let mut fields = item.object("a location")?;
    let name = fields.required("name").and_then(|item| {
        let name = item.reference()?;
        let parts = name.split_once('/').is_some_and(|(provider, region)| !provider.is_empty() && !region.is_empty());
        if !parts {
            let message = "a location's name is a provider and a region";
            item.problem(ProblemCode::InvalidValue, message, "write it as `provider/region`, such as `onprem/oslo-1`");
        }
        parts.then_some(name)
    });
    let country = fields.required("country").and_then(Item::reference);
    fields.finish();
    Some(LocationSpec { name: name?, country: country? })
}

fn flavor(item: Item<'_>) -> Option<FlavorSpec> {
    let mut fields = item.object("a flavor")?;
    let kind = fields.required("type").and_then(|item| item.one_of(&FlavorKind::ALL.map(|kind| (kind.as_str(), kind))));
    let name = fields.required("name").and_then(Item::name);
    let family = fields.nullable("family");
    let parent = fields.nullable("parent");
    if let (Some(_), Some(parent)) = (family, parent) {
        let message = "`family` and `parent` are two words for the node above";
        parent.problem(ProblemCode::InvalidValue, message, "keep `parent`");
    }
    let parent = parent.or(family).and_then(Item::reference);
    let aliases = fields.optional("aliases").and_then(|list| list.list(Item::name)).unwrap_or_default();
    let memory = fields.optional("memory").and_then(Item::quantity);
    fields.finish();
    Some(FlavorSpec { kind: kind?, name: name?, parent, aliases, memory })
}
