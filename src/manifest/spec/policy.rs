//! Policies and how they are attached (P1, P9, P12).

use super::known::canonical;
use super::{Metadata, OfDocument};
use crate::catalog::{Axis, Catalog, ChoiceKind, FlavorKind};
use crate::document::{
    Field, FieldShape, Fields, Format, Item, Lenient, Map, Nonempty, RecordShape, Reference, Rule, Shape, Written,
    document,
};
use crate::manifest::beamlit::PolicyDetails;
use crate::origin::{ProblemCode, Sourced};
use crate::policy::{Enforcement, Terms};
use crate::time::Moment;

document! {
    /// A policy (P1).
    #[derive(Clone, PartialEq, Debug)]
    pub struct PolicySpec "a policy's spec" {
        /// Its name and labels.
        metadata: Metadata as OfDocument,
        /// What it restricts; `gpu` and `cpu` are flavor policies of that kind alone.
        #[key = "type"]
        axis: Axis as PolicyType,
        /// What it allows.
        options: Allowed as Options,
        /// Options that are excluded from those allowed.
        except: Vec<Sourced<ChoiceSpec>> as Except,
        /// The workload types that it applies to; every type if absent.
        resource_types: Option<Vec<Sourced<String>>> as Option<Nonempty<Sourced<Reference>>>,
        /// Where the requests come from that it binds: continents, countries, groups. Stated, it says where these may be
        /// answered, and binds no deployments.
        callers: Option<Vec<Sourced<ChoiceSpec>>> as Option<Nonempty<Caller>>,
        /// What it is for.
        description: Option<String> as Option<Lenient<String>>,
        /// Which format it was written in.
        dialect: Dialect as OfNative,
    }
}

/// What a policy allows, before its exceptions.
#[derive(Clone, PartialEq, Debug)]
pub enum Allowed {
    /// These options; never an empty list.
    Listed(Vec<Sourced<ChoiceSpec>>),
    /// Everything: the Beamlit format reads an unset flavor list this way (P9).
    Everything,
}

/// The API group that a policy was written for.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Dialect {
    /// `siting.dev/v1`.
    #[default]
    Native,
    /// `authorization.beamlit.com/v1alpha1`, with what only that holds.
    Beamlit(Box<PolicyDetails>),
}

/// An option as a policy names it: `{type: country, name: us}`. Names that the built-in catalog knows are read as it
/// writes them, so that options which say the same are equal.
///
/// ```
/// use siting::catalog::ChoiceKind;
/// use siting::manifest::spec::ChoiceSpec;
/// assert_eq!(ChoiceSpec::new(ChoiceKind::Country, "USA"), ChoiceSpec::new(ChoiceKind::Country, "us"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ChoiceSpec {
    /// The kind of option.
    pub kind: ChoiceKind,
    /// The code, or `any`; as written where the built-in catalog does not know the name, or takes it for several.
    pub name: String,
}

impl ChoiceSpec {
    /// An option by its code, or by any other name of it.
    #[must_use]
    pub fn new(kind: ChoiceKind, name: impl Into<String>) -> Self {
        Self { kind, name: canonical(kind, name.into()) }
    }
}

/// The types of policy over these axes: the axis each restricts, and the one kind of option it has where it has but
/// one.
fn types(axes: &[Axis]) -> Vec<(&'static str, (Axis, Option<ChoiceKind>))> {
    let of_axis = axes.iter().map(|&axis| (axis.as_str(), (axis, None)));
    let of_kind = FlavorKind::ALL.map(|kind| (kind.as_str(), (Axis::Flavor, Some(kind.into()))));
    of_axis.chain(of_kind).collect()
}

/// The kinds of option on `axis`.
fn kinds_on(axis: Axis) -> Vec<ChoiceKind> {
    ChoiceKind::ALL.into_iter().filter(|kind| kind.axis() == axis).collect()
}

/// The axis of a policy's type, and the kinds of its options; nothing if the type is unreadable.
pub(in crate::manifest) fn policy_type(fields: &Fields<'_>) -> Option<(Axis, Vec<ChoiceKind>)> {
    let word = fields.word("type")?;
    let (_, (axis, kind)) = types(&Axis::ALL).into_iter().find(|(found, _)| *found == word)?;
    Some((axis, kinds_of(axis, kind)))
}

fn kinds_of(axis: Axis, only: Option<ChoiceKind>) -> Vec<ChoiceKind> {
    only.map_or_else(|| kinds_on(axis), |kind| vec![kind])
}

/// The word of a policy's type, of the first `AXES` axes.
pub(in crate::manifest) struct PolicyType<const AXES: usize = { Axis::ALL.len() }>;

impl<const AXES: usize> Format<Axis> for PolicyType<AXES> {
    fn read(item: Item<'_>) -> Option<Axis> {
        item.one_of(&types(first(AXES))).map(|(axis, _)| axis)
    }

    fn write(value: &Axis) -> Written {
        value.as_str().into()
    }

    fn shape() -> Shape {
        Shape::Words(types(first(AXES)).into_iter().map(|(word, _)| word).collect())
    }
}

fn first(count: usize) -> &'static [Axis] {
    Axis::ALL.get(..count).unwrap_or(&Axis::ALL)
}

/// What holds in a policy of each type over these axes: its list is of its own axis, with options of its own kinds, and
/// must be there where it is `needed`; lists of the axes that it `lacks` must not.
pub(in crate::manifest) fn by_type(
    axes: &[Axis],
    needed: impl Fn(Axis) -> bool,
    lacks: impl Fn(Axis) -> Vec<Axis>,
) -> impl Iterator<Item = Rule> {
    types(axes).into_iter().map(move |(word, (axis, kind))| {
        let kinds = kinds_of(axis, kind);
        let options = |least| Shape::List { of: Box::new(choice_shape(&kinds)), least };
        let mut narrowed = vec![(axis.list(), options(1))];
        narrowed.extend(has_exceptions(axis).then(|| ("except", options(0))));
        let without = (!has_exceptions(axis)).then_some("except");
        Rule::Where {
            key: "type",
            is: vec![word],
            or_absent: false,
            needs: needed(axis).then(|| axis.list()).into_iter().collect(),
            lacks: lacks(axis).into_iter().map(Axis::list).chain(without).collect(),
            narrowed,
        }
    })
}

/// The list that belongs to the policy's type; the other one must not be there.
struct Options;

impl Field<Allowed> for Options {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<Allowed> {
        let lists = Axis::ALL.map(|axis| (axis, fields.optional(axis.list())));
        let Some((own, kinds)) = policy_type(fields) else {
            // The type is unreadable, which is reported; the lists may be too.
            for (axis, list) in lists {
                list.and_then(|list| list.list(|item| choice(item, &kinds_on(axis))));
            }
            return None;
        };
        let mut options = None;
        for (axis, list) in lists {
            match list {
                Some(list) if axis == own => options = list.nonempty(|item| choice(item, &kinds)),
                Some(list) => {
                    let message = format!("a policy of the type `{own}` has no `{}`", axis.list());
                    let own = own.list();
                    let help = format!("list its options under `{own}`, and the others in a policy of their own");
                    list.problem(ProblemCode::UnknownField, message, help);
                }
                None if axis == own => fields.missing(own.list()),
                None => {}
            }
        }
        options.map(Allowed::Listed)
    }

    fn put(value: &Allowed, _: &'static str, map: Map) -> Map {
        let Allowed::Listed(options) = value else { return map };
        let axis = options.first().map(|option| option.kind.axis());
        map.maybe(axis.map_or("", Axis::list), axis.map(|_| Written::list(options, write_choice)))
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        for axis in Axis::ALL {
            let options = Shape::List { of: Box::new(choice_shape(&kinds_on(axis))), least: 1 };
            record.add(FieldShape::new(axis.list(), axis.allowed_doc()), options);
        }
        let others = |own| Axis::ALL.into_iter().filter(|&axis| axis != own).collect();
        record.rules.extend(by_type(&Axis::ALL, |_| true, others));
    }
}

/// Whether policies of a type have exceptions. What bears an attribute need not lack another (P15).
fn has_exceptions(axis: Axis) -> bool {
    axis != Axis::Attribute
}

/// Options of the policy's own kinds, or none.
struct Except;

impl Field<Vec<Sourced<ChoiceSpec>>> for Except {
    fn take(fields: &mut Fields<'_>, key: &'static str) -> Option<Vec<Sourced<ChoiceSpec>>> {
        let Some(list) = fields.optional(key) else { return Some(Vec::new()) };
        if let Some((axis, _)) = policy_type(fields).filter(|(axis, _)| !has_exceptions(*axis)) {
            let help = "list what must be borne; what bears more is allowed, too";
            list.problem(ProblemCode::UnknownField, format!("an {axis} policy has no `except`"), help);
            return Some(Vec::new());
        }
        let kinds = policy_type(fields).map_or_else(|| ChoiceKind::ALL.to_vec(), |(_, kinds)| kinds);
        // As `Lenient`.
        Some(list.list(|item| choice(item, &kinds)).unwrap_or_default())
    }

    fn put(value: &Vec<Sourced<ChoiceSpec>>, key: &'static str, map: Map) -> Map {
        map.unless_empty(key, Written::list(value, write_choice))
    }

    fn describe(field: FieldShape, record: &mut RecordShape) {
        record.add(field, Shape::List { of: Box::new(choice_shape(&ChoiceKind::ALL)), least: 0 });
    }
}

/// `{type: …, name: …}` of one of `kinds`.
pub(in crate::manifest) fn choice(item: Item<'_>, kinds: &[ChoiceKind]) -> Option<Sourced<ChoiceSpec>> {
    if let Some(name) = item.scalar() {
        item.not_a_mapping(written_out(name, kinds));
        return None;
    }
    let mut fields = item.object("an option")?;
    if kinds.contains(&ChoiceKind::Attribute)
        && let Some(all) = fields.optional("allOf")
    {
        return all_of(item, all, fields);
    }
    let kind = fields.required("type").and_then(|item| option_kind(item, kinds));
    let name = fields.required("name").and_then(Item::reference);
    fields.finish();
    // The name is what may not resolve, so it is where the option is said to stand.
    let Sourced { value: name, origin } = name?;
    Some(Sourced::new(ChoiceSpec::new(kind?, name), origin))
}

/// `{allOf: [c5, confidential]}`: what bears them all.
fn all_of(item: Item<'_>, all: Item<'_>, mut fields: Fields<'_>) -> Option<Sourced<ChoiceSpec>> {
    let kind = fields.optional("type").map(|item| option_kind(item, &[ChoiceKind::Attribute]));
    let name = fields.optional("name");
    fields.finish();
    if let Some(name) = name {
        name.problem(ProblemCode::InvalidValue, "`name` and `allOf` are two ways to say it", "keep `allOf`");
        return None;
    }
    let mut names = all.nonempty(Item::reference)?;
    names.sort_by(|a, b| a.value.cmp(&b.value));
    names.dedup_by(|a, b| a.value == b.value);
    if let Some(Sourced { value, .. }) = names.iter().find(|name| name.value.contains('+')) {
        let message = format!("no attribute can be called {}", crate::document::quoted(value));
        all.problem(ProblemCode::InvalidValue, message, "list each attribute by itself");
        return None;
    }
    let joined = names.into_iter().map(|name| name.value).collect::<Vec<_>>().join("+");
    kind.unwrap_or(Some(ChoiceKind::Attribute))?;
    Some(item.sourced(ChoiceSpec::new(ChoiceKind::Attribute, joined)))
}

/// The kind of an option, which is one of `kinds`.
fn option_kind(item: Item<'_>, kinds: &[ChoiceKind]) -> Option<ChoiceKind> {
    let other = item.scalar().and_then(ChoiceKind::parse).filter(|kind| !kinds.contains(kind));
    if let (Some(other), Some(own)) = (other, kinds.first()) {
        let message = format!("a {other} does not belong in this list");
        let help = if kinds == CALLERS {
            "callers are known by their country: write a continent, a country or a group".to_owned()
        } else if other.axis() == own.axis() {
            format!("write `type: {}` for a policy that lists both kinds", own.axis())
        } else {
            format!("list it in a policy of `type: {}`", other.axis())
        };
        item.problem(ProblemCode::InvalidValue, message, help);
        return None;
    }
    let words: Vec<_> = kinds.iter().map(|&kind| (kind.as_str(), kind)).collect();
    item.one_of(&words)
}

/// How an option is written of which only the name stands there: every one of `kinds` that it is a known name of.
fn written_out(name: &str, kinds: &[ChoiceKind]) -> String {
    let catalog = Catalog::builtin();
    let known: Vec<_> = kinds.iter().filter(|&&kind| !catalog.choices(kind, name).is_empty()).collect();
    let options = if known.is_empty() { kinds.iter().collect() } else { known };
    let written: Vec<_> = options.iter().map(|kind| format!("`{{type: {kind}, name: {name}}}`")).collect();
    format!("write {}", written.join(" or "))
}

pub(in crate::manifest) fn write_choice(choice: &Sourced<ChoiceSpec>) -> Map {
    if choice.kind == ChoiceKind::Attribute && choice.name.contains('+') {
        let all: Vec<&str> = choice.name.split('+').collect();
        return Map::default().with("allOf", Written::list(&all, |name| Written::from(*name)));
    }
    Map::default().with("type", choice.kind.as_str()).with("name", &choice.name)
}

fn choice_shape(kinds: &[ChoiceKind]) -> Shape {
    let mut option = RecordShape::new("an option");
    let words = kinds.iter().map(|kind| kind.as_str()).collect();
    option.add(FieldShape::new("type", &["The kind of option."]).required(), Shape::Words(words));
    let name =
        FieldShape::new("name", &["A code, name or alias; of `cpu` and `gpu`, `any` means all hardware of the kind."]);
    option.add(name.required(), Shape::Name);
    if !kinds.contains(&ChoiceKind::Attribute) {
        return Shape::Record(option);
    }
    let mut all = RecordShape::new("an option");
    all.add(FieldShape::new("type", &["The kind of option."]), Shape::Words(vec![ChoiceKind::Attribute.as_str()]));
    let names = Shape::List { of: Box::new(Shape::Name), least: 1 };
    all.add(FieldShape::new("allOf", &["Attributes all of which must be borne."]).required(), names);
    Shape::Either(vec![Shape::Record(option), Shape::Record(all)])
}

/// The kinds of option that say where requests come from.
const CALLERS: [ChoiceKind; 3] = [ChoiceKind::Continent, ChoiceKind::Country, ChoiceKind::Group];

/// Where requests come from, as `{type: country, name: de}`.
struct Caller;

impl Format<Sourced<ChoiceSpec>> for Caller {
    fn read(item: Item<'_>) -> Option<Sourced<ChoiceSpec>> {
        choice(item, &CALLERS)
    }

    fn write(value: &Sourced<ChoiceSpec>) -> Written {
        write_choice(value).into()
    }

    fn shape() -> Shape {
        choice_shape(&CALLERS)
    }
}

/// Hardware, as `{type: gpu, name: t4}`.
pub(super) struct Hardware;

impl Format<Sourced<ChoiceSpec>> for Hardware {
    fn read(item: Item<'_>) -> Option<Sourced<ChoiceSpec>> {
        choice(item, &kinds_on(Axis::Flavor))
    }

    fn write(value: &Sourced<ChoiceSpec>) -> Written {
        write_choice(value).into()
    }

    fn shape() -> Shape {
        choice_shape(&kinds_on(Axis::Flavor))
    }
}

/// The dialect of what native readers read.
struct OfNative;

impl Field<Dialect> for OfNative {
    fn take(_: &mut Fields<'_>, _: &'static str) -> Option<Dialect> {
        Some(Dialect::Native)
    }

    fn put(_: &Dialect, _: &'static str, map: Map) -> Map {
        map
    }

    fn describe(_: FieldShape, _: &mut RecordShape) {}
}

document! {
    /// A policy attached at some level (P12).
    #[derive(Clone, PartialEq, Debug)]
    pub struct AttachmentSpec "an attachment" {
        /// The policy's name.
        #[key = "name"]
        policy: Sourced<String> as Sourced<Reference>,
        /// Whether it is enforced or only audited.
        enforcement: Enforcement as Lenient<Enforcement> = Enforcement::Enforce,
        /// The moment from which on it allows nothing; its level stays restricted (P16).
        until: Option<Moment>,
        /// Why it is attached; explanations repeat it.
        reason: Option<String>,
        /// The ticket that stands for that; explanations repeat it.
        ticket: Option<String>,
        /// A policy that lives on a remote platform: a missing one refuses the deployment
        /// (`policy-unresolved`) instead of failing the load.
        remote: bool as NotRemote,
    }
}

impl AttachmentSpec {
    /// A policy that is enforced, without an end.
    #[must_use]
    pub fn enforced(policy: impl Into<String>) -> Self {
        Self::new(policy, Enforcement::Enforce)
    }

    /// A policy on these terms.
    #[must_use]
    pub fn new(policy: impl Into<String>, terms: impl Into<Terms>) -> Self {
        let Terms { enforcement, until, reason, ticket } = terms.into();
        Self { policy: policy.into().into(), enforcement, until, reason, ticket, remote: false }
    }

    /// Whether it is enforced, until when, and why.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let mut terms = Terms::from(self.enforcement);
        (terms.until, terms.reason, terms.ticket) = (self.until, self.reason.clone(), self.ticket.clone());
        terms
    }
}

/// No native document names a remote policy.
struct NotRemote;

impl Field<bool> for NotRemote {
    fn take(_: &mut Fields<'_>, _: &'static str) -> Option<bool> {
        Some(false)
    }

    fn put(_: &bool, _: &'static str, map: Map) -> Map {
        map
    }

    fn describe(_: FieldShape, _: &mut RecordShape) {}
}

/// An attachment by its name alone, or with its enforcement.
pub(in crate::manifest) struct Attached;

impl Format<AttachmentSpec> for Attached {
    fn read(item: Item<'_>) -> Option<AttachmentSpec> {
        if item.is_object() {
            return AttachmentSpec::read(item);
        }
        Some(AttachmentSpec { policy: item.reference()?, ..AttachmentSpec::enforced("") })
    }

    fn write(value: &AttachmentSpec) -> Written {
        if value.terms() == Terms::default() { value.policy.as_str().into() } else { AttachmentSpec::write(value) }
    }

    fn shape() -> Shape {
        Shape::Either(vec![Shape::Name, AttachmentSpec::shape()])
    }
}
