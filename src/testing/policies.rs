//! Policies over a catalog, and their attachments.

use std::time::Duration;

use super::choices::{Choices, Draw};
use super::selection::{FleetShape, Selection};
use super::values::{name, text};
use crate::bitset::BitSet;
use crate::catalog::{Axis, Catalog, Choice, ChoiceKind};
use crate::id::Atom;
use crate::manifest::spec::{
    Allowed, AttachmentSpec, ChoiceSpec, Dialect, EnvironmentSpec, LimitsSpec, Metadata, PolicySpec,
};
use crate::origin::Sourced;
use crate::policy::{Enforcement, OnLoss, OnReplaced, OnViolation, Terms};
use crate::quantity::{Bytes, Cpu, Gpus, Money};

/// Policies of what a world favours, with different names.
pub(super) fn policies(choices: &mut Choices<'_>, selection: &Selection<'_>, least: u32, most: u32) -> Vec<PolicySpec> {
    let mut number = 0_u32;
    choices.several(least, most, |choices| {
        number += 1;
        policy(choices, selection, number)
    })
}

fn policy(choices: &mut Choices<'_>, selection: &Selection<'_>, number: u32) -> PolicySpec {
    let axis = match Axis::draw(choices) {
        // Where none is declared, none can be asked for.
        Axis::Attribute if selection.catalog.attributes().next().is_none() => Axis::Location,
        axis => axis,
    };
    let options = options(choices, selection, axis, 1, 4);
    let mut except = if axis != Axis::Attribute && choices.chance(25) {
        self::options(choices, selection, axis, 1, 2)
    } else {
        Vec::new()
    };
    // P9: exceptions that leave nothing are an error.
    let (options_of, taken) = (Catalog::atoms, Catalog::excepted);
    if atoms(selection.catalog, axis, &options, options_of).is_subset(&atoms(selection.catalog, axis, &except, taken)) {
        except.clear();
    }
    let types: Vec<_> = selection.catalog.resource_types().map(|id| selection.catalog.resource_type_name(id)).collect();
    let targets = if choices.chance(20) { choices.some(&types, 2) } else { Vec::new() };
    PolicySpec {
        metadata: Metadata::named(name(&format!("p{number}"))),
        axis,
        options: Allowed::Listed(options),
        except,
        resource_types: (!targets.is_empty()).then(|| targets.into_iter().map(|name| name.to_owned().into()).collect()),
        description: choices.maybe(5, text),
        callers: callers(choices),
        dialect: Dialect::Native,
    }
}

/// Where requests come from: mostly nowhere, so that a policy binds deployments (P18).
fn callers(choices: &mut Choices<'_>) -> Option<Vec<Sourced<ChoiceSpec>>> {
    let one = |choices: &mut Choices<'_>| {
        let (kind, name) = choices.one_of(
            (ChoiceKind::Group, "eea"),
            [(ChoiceKind::Country, "us"), (ChoiceKind::Continent, "as"), (ChoiceKind::Country, "de")],
        );
        ChoiceSpec::new(kind, name).into()
    };
    choices.maybe(8, |choices| choices.several(1, 2, one))
}

fn options(
    choices: &mut Choices<'_>,
    selection: &Selection<'_>,
    axis: Axis,
    least: u32,
    most: u32,
) -> Vec<Sourced<ChoiceSpec>> {
    choices
        .several(least, most, |choices| selection.option(choices, axis))
        .into_iter()
        .flatten()
        .map(Into::into)
        .collect()
}

/// The atoms of all that is listed, `of` each node.
fn atoms(
    catalog: &Catalog,
    axis: Axis,
    listed: &[Sourced<ChoiceSpec>],
    of: impl Fn(&Catalog, Choice) -> BitSet<Atom>,
) -> BitSet<Atom> {
    let mut set = BitSet::empty(catalog.universe(axis));
    for choice in listed.iter().flat_map(|option| catalog.choices(option.kind, &option.name)) {
        set.union_with(&of(catalog, choice));
    }
    set
}

/// Up to `most` attachments of the policies, most of them enforced (P12).
pub(super) fn attachments(choices: &mut Choices<'_>, policies: &[PolicySpec], most: u32) -> Vec<AttachmentSpec> {
    let count = u32::try_from(policies.len()).unwrap_or(u32::MAX);
    // Each is drawn whole, twice or not, so that a policy that goes leaves the choices that follow as they are.
    let mut drawn = choices.several(0, most, |choices| (choices.below(count), enforcement(choices)));
    drawn.sort_by_key(|(index, _)| *index);
    drawn.dedup_by_key(|(index, _)| *index);
    let attach = |(index, enforcement)| {
        let policy = policies.get(usize::try_from(index).ok()?)?;
        // An end is for whoever asks at a moment: where none is known, whatever ends has ended (P16).
        Some(attachment(policy.metadata.name.as_str(), enforcement))
    };
    drawn.into_iter().filter_map(attach).collect()
}

fn enforcement(choices: &mut Choices<'_>) -> Enforcement {
    if choices.chance(15) { Enforcement::Audit } else { Enforcement::Enforce }
}

pub(super) fn attachment(policy: &str, enforcement: Enforcement) -> AttachmentSpec {
    AttachmentSpec::new(policy, enforcement)
}

/// An environment with policies of these.
pub(super) fn environment(choices: &mut Choices<'_>, called: &str, policies: &[PolicySpec]) -> EnvironmentSpec {
    EnvironmentSpec {
        metadata: Metadata::named(name(called)),
        policies: attachments(choices, policies, 3),
        require: required(choices),
        limits: choices.maybe(15, LimitsSpec::draw),
        on_violation: OnViolation::draw(choices),
        on_loss: OnLoss::draw(choices),
        grace_seconds: Duration::from_secs(choices.below(600).into()),
        on_replaced: choices.maybe(20, OnReplaced::draw),
    }
}

impl Draw for LimitsSpec {
    /// Limits of some of what can be limited: from less than one replica takes to more than most worlds hold.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let most = |choices: &mut Choices<'_>| u64::from(choices.one_of(1_u32, [0, 2, 4, 16, 64]));
        let gpus = |choices: &mut Choices<'_>| {
            let code = choices.one_of("t4", ["l4", "a100", "a100-80gb"]);
            (code.to_owned().into(), Gpus::thousandths(most(choices) * 500))
        };
        let mut drawn = Self {
            gpu: choices.maybe(40, |choices| Gpus::thousandths(most(choices) * 1000)),
            gpus: choices.maybe(25, gpus).into_iter().collect(),
            cpu: Some(Cpu::milli_cores(most(choices) * 1500)).filter(|_| choices.chance(50)),
            memory: choices.maybe(30, |choices| Bytes::new(most(choices) << 31)),
            price_per_hour: choices.maybe(25, |choices| Money::micros(most(choices) * 1_500_000)),
        };
        if drawn == Self::default() {
            drawn.gpu = Some(Gpus::thousandths(64_000));
        }
        drawn
    }
}

/// The axes that a level requires (P13): mostly none.
pub(super) fn required(choices: &mut Choices<'_>) -> Vec<Sourced<Axis>> {
    choices.maybe(6, Axis::draw).into_iter().map(Into::into).collect()
}

impl Draw for PolicySpec {
    /// A policy over the built-in catalog.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let catalog = Catalog::builtin();
        let shape = FleetShape::draw(choices);
        let selection = Selection::draw(choices, &catalog, shape);
        policy(choices, &selection, 1)
    }
}

impl Draw for EnvironmentSpec {
    /// An environment without policies, since none are known here.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let called = choices.one_of("production", ["development", "staging", "pilot"]);
        environment(choices, called, &[])
    }
}

impl Draw for AttachmentSpec {
    /// An attachment of a remote policy, so that it need not be known here.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { remote: true, ..Self::new(choices.one_of("p1", ["p2", "p3"]), Terms::draw(choices)) }
    }
}
