//! Environments and the workspace: what holds for many deployments (E1, P13), and what is added to the catalog.

use std::time::Duration;

use super::cluster::Provider;
use super::known::Country;
use super::policy::Attached;
use super::{AttachmentSpec, LimitsSpec, Metadata, OfDocument, ResourcesSpec};
use crate::catalog::{Axis, FlavorKind};
use crate::document::{
    Field, FieldShape, Fields, Format, Item, Lenient, Map, Nonempty, RecordShape, Reference, Rule, Seconds, Shape,
    Span, Whole, Written, document, words,
};
use crate::id::Name;
use crate::origin::{ProblemCode, Sourced};
use crate::policy::{Environment, OnLoss, OnReplaced, OnViolation};
use crate::quantity::Bytes;

document! {
    /// An environment (E1).
    #[derive(Clone, PartialEq, Debug)]
    pub struct EnvironmentSpec "an environment's spec" {
        /// Its name and labels.
        metadata: Metadata as OfDocument,
        /// The policies attached to it.
        policies: Vec<AttachmentSpec> as Lenient<Vec<Attached>> = Vec::new(),
        /// The policy types that must be in force here or above; else nothing is placed (P13).
        require: Vec<Sourced<Axis>> as Lenient<Vec<Sourced<Axis>>> = Vec::new(),
        /// What its deployments may hold together at most (E4).
        limits: Option<LimitsSpec>,
        /// What happens when a policy change makes running replicas illegal.
        on_violation: OnViolation as Lenient<OnViolation> = OnViolation::MoveOrReport,
        /// What happens to replicas on a cluster that is lost (W9).
        on_loss: OnLoss as Lenient<OnLoss> = OnLoss::Move,
        /// Seconds for which a lost cluster may come back before replicas are started elsewhere.
        grace_seconds: Duration as Seconds<0> = Environment::GRACE,
        /// What happens to a replaced holder; each command's own default if absent.
        on_replaced: Option<OnReplaced> as Option<Lenient<OnReplaced>>,
    }
}

impl EnvironmentSpec {
    /// An environment without policies and requirements.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self {
            metadata: Metadata::named(name),
            policies: Vec::new(),
            require: Vec::new(),
            limits: None,
            on_violation: OnViolation::default(),
            on_loss: OnLoss::default(),
            grace_seconds: Environment::GRACE,
            on_replaced: None,
        }
    }
}

document! {
    /// The workspace: what holds for all environments, and what it adds to the catalog.
    #[derive(Clone, PartialEq, Debug)]
    pub struct WorkspaceSpec "a workspace's spec" {
        /// Its name and labels.
        metadata: Metadata as OfDocument,
        /// The policies attached to it.
        policies: Vec<AttachmentSpec> as Lenient<Vec<Attached>> = Vec::new(),
        /// The policy types that must be in force; else nothing is placed (P13).
        require: Vec<Sourced<Axis>> as Lenient<Vec<Sourced<Axis>>> = Vec::new(),
        /// What all deployments may hold together at most (E4).
        limits: Option<LimitsSpec>,
        /// The environment of deployments that name none; `production` if absent (E2).
        default_environment: Option<Sourced<String>> as Option<Lenient<Sourced<Reference>>>,
        /// The one currency of all prices, as an ISO 4217 code; `USD` if absent (I5).
        currency: Option<String> as Option<Lenient<Currency>>,
        /// Workload types in addition to `model`, `function` and `agent`.
        resource_types: Vec<Sourced<Name>> as Lenient<Vec<Sourced<Name>>> = Vec::new(),
        /// Named sets of countries (C4).
        groups: Vec<GroupSpec> as Lenient<Groups> = Vec::new(),
        /// Providers beside the built-in ones, with their other names (C7) and jurisdictions (P15).
        providers: Vec<ProviderSpec> as Lenient<Vec<ProviderSpec>> = Vec::new(),
        /// What clusters and pools may bear, for policies to ask for (P15).
        attributes: Vec<Sourced<Name>> as Lenient<Vec<Sourced<Name>>> = Vec::new(),
        /// Locations beside the built-in ones (C7).
        locations: Vec<LocationSpec> as Lenient<Vec<LocationSpec>> = Vec::new(),
        /// Hardware in addition to the built-in codes (C5).
        flavors: Vec<FlavorSpec> as Lenient<Vec<FlavorSpec>> = Vec::new(),
        /// Demands for which packing leaves room (D5).
        expected_demands: Vec<Sourced<ExpectedDemandSpec>> as Lenient<Nonempty<Sourced<ExpectedDemandSpec>>> = Vec::new(),
        /// How old what was observed of a cluster may be, as in `10m`; older, it takes nothing new (I8).
        max_age: Option<Duration> as Option<Span>,
        /// How bad findings of the check command are, by code; `off` leaves them out.
        severities: Vec<(Sourced<String>, FindingSeverity)> as Lenient<Severities> = Vec::new(),
    }
}

impl WorkspaceSpec {
    /// A workspace without policies, requirements or additions.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self {
            metadata: Metadata::named(name),
            policies: Vec::new(),
            require: Vec::new(),
            limits: None,
            default_environment: None,
            currency: None,
            resource_types: Vec::new(),
            groups: Vec::new(),
            providers: Vec::new(),
            attributes: Vec::new(),
            locations: Vec::new(),
            flavors: Vec::new(),
            expected_demands: Vec::new(),
            max_age: None,
            severities: Vec::new(),
        }
    }
}

document! {
    /// A demand that the fleet is expected to meet.
    #[derive(Clone, PartialEq, Debug)]
    pub struct ExpectedDemandSpec "an expected demand" {
        /// How often it is expected, relative to the others; from 1.
        weight: u32 as Whole<1, 1_000_000>,
        /// What one replica takes.
        resources: ResourcesSpec,
    }
}

/// A named set of countries.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupSpec {
    /// Its name.
    pub name: Sourced<Name>,
    /// Its members' codes; never empty.
    pub countries: Vec<Sourced<String>>,
}

document! {
    /// A provider of the workspace's own, or the jurisdiction of a built-in one of which none is known.
    #[derive(Clone, PartialEq, Debug)]
    pub struct ProviderSpec "a provider" {
        /// Its name; holds no `/`.
        name: Sourced<Name> as Sourced<Provider>,
        /// Other names by which clusters and locations may call it.
        aliases: Vec<Sourced<Name>> as Vec<Sourced<Provider>> = Vec::new(),
        /// The country whose law its owner answers to (P15).
        jurisdiction: Option<Sourced<String>> as Option<Sourced<Country>>,
    }
}

document! {
    /// A location of the workspace's own.
    #[derive(Clone, PartialEq, Debug)]
    pub struct LocationSpec "a location" {
        /// `provider/region`.
        name: Sourced<String> as Sourced<ProviderAndRegion>,
        /// The country it lies in.
        country: Sourced<String> as Sourced<Country>,
        /// The region that it hangs under, where it is a zone that lies elsewhere: `provider/region`. Excepting the
        /// region takes it out as well.
        parent: Option<Sourced<String>> as Option<Sourced<ProviderAndRegion>>,
    }
}

document! {
    /// A hardware code of the workspace's own.
    #[derive(Clone, PartialEq, Debug)]
    pub struct FlavorSpec "a flavor" {
        /// The kind: cpu or gpu.
        #[key = "type"]
        kind: FlavorKind,
        /// The code.
        name: Sourced<Name>,
        /// The hardware above it in the tree: a family or a variant (C6).
        parent: Option<Sourced<String>> as Parent,
        /// Other names that it is known by.
        aliases: Vec<Sourced<Name>> as Lenient<Vec<Sourced<Name>>> = Vec::new(),
        /// Memory of one device, such as `48Gi`.
        memory: Option<Bytes> as Option<Lenient<Bytes>>,
    }
    rule Rule::NotBoth("parent", "family");
}

words! {
    /// How bad a workspace says that a finding is.
    pub enum FindingSeverity {
        /// Something can never work.
        Error = "error",
        /// Something is probably not meant.
        Warning = "warning",
        /// Good to know.
        Info = "info",
        /// Not worth a word.
        Off = "off",
    }
}

/// Severities by the code of findings.
struct Severities;

impl Format<Vec<(Sourced<String>, FindingSeverity)>> for Severities {
    fn read(item: Item<'_>) -> Option<Vec<(Sourced<String>, FindingSeverity)>> {
        let one = |(code, item): (Sourced<&str>, Item<'_>)| {
            let code = code.with(code.value.to_owned());
            Some((code, FindingSeverity::read(item)?))
        };
        Some(item.entries()?.filter_map(one).collect())
    }

    fn write(value: &Vec<(Sourced<String>, FindingSeverity)>) -> Written {
        let one = |(code, severity): &(Sourced<String>, FindingSeverity)| {
            (code.value.clone(), FindingSeverity::write(severity))
        };
        Written::Map(value.iter().map(one).collect())
    }

    fn shape() -> Shape {
        Shape::Map { of: Box::new(FindingSeverity::shape()), least: 0 }
    }
}

/// Three capital letters.
struct Currency;

impl Format<String> for Currency {
    fn read(item: Item<'_>) -> Option<String> {
        let text = item.text()?;
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Some(text.to_owned());
        }
        let help = "write an ISO 4217 code, such as `USD`";
        item.problem(ProblemCode::InvalidValue, "a currency must be three capital letters", help);
        None
    }

    fn write(value: &String) -> Written {
        value.into()
    }

    fn shape() -> Shape {
        Shape::Pattern("^[A-Z]{3}$")
    }
}

/// Members by the group's name.
struct Groups;

impl Format<Vec<GroupSpec>> for Groups {
    fn read(item: Item<'_>) -> Option<Vec<GroupSpec>> {
        let group = |(key, members): (Sourced<&str>, Item<'_>)| {
            let name = Name::new(key.value);
            if let Err(error) = &name {
                members.problem(ProblemCode::InvalidValue, "a group's key must be a name", error.to_string());
            }
            let countries = <Nonempty<Sourced<Country>>>::read(members)?;
            Some(GroupSpec { name: key.with(name.ok()?), countries })
        };
        Some(item.entries()?.filter_map(group).collect())
    }

    fn write(value: &Vec<GroupSpec>) -> Written {
        let members = |group: &GroupSpec| Written::list(&group.countries, <Sourced<Country>>::write);
        Written::Map(value.iter().map(|group| (group.name.to_string(), members(group))).collect())
    }

    fn shape() -> Shape {
        Shape::Map { of: Box::new(<Nonempty<Sourced<Country>> as Format<Vec<Sourced<String>>>>::shape()), least: 0 }
    }
}

/// A location's full name.
struct ProviderAndRegion;

impl Format<String> for ProviderAndRegion {
    fn read(item: Item<'_>) -> Option<String> {
        let name = item.reference()?.value;
        let parts = name.split_once('/').is_some_and(|(provider, region)| !provider.is_empty() && !region.is_empty());
        if !parts {
            let help = "write it like `onprem/oslo-1`";
            item.problem(ProblemCode::InvalidValue, "a location's name must be `provider/region`", help);
        }
        parts.then_some(name)
    }

    fn write(value: &String) -> Written {
        value.into()
    }

    fn shape() -> Shape {
        Shape::Pattern("^[^/]+/.+$")
    }
}

/// The node above a flavor: `parent`, or `family`, which is another word for it. Either may be null.
struct Parent;

impl Field<Option<Sourced<String>>> for Parent {
    fn take(fields: &mut Fields<'_>, key: &'static str) -> Option<Option<Sourced<String>>> {
        let (family, parent) = (fields.nullable("family"), fields.nullable(key));
        if let (Some(_), Some(parent)) = (family, parent) {
            let message = "`family` and `parent` mean the same";
            parent.problem(ProblemCode::InvalidValue, message, "keep `parent`");
        }
        // As `Lenient`: references to the flavor still resolve.
        Some(parent.or(family).and_then(Item::reference))
    }

    fn put(value: &Option<Sourced<String>>, key: &'static str, map: Map) -> Map {
        map.maybe(key, value.as_ref().map(|name| name.as_str()))
    }

    fn describe(field: FieldShape, record: &mut RecordShape) {
        let name = || Shape::Either(vec![Shape::Name, Shape::Null]);
        record.add(field, name());
        record.add(FieldShape::new("family", &["The same as `parent`."]), name());
    }
}
