//! Draws of names, quantities, moments and the words of the rules.

use std::time::Duration;

use super::choices::{Choices, Draw};
use crate::bitset::BitSet;
use crate::catalog::{Axis, Capacity, ChoiceKind, Continent, FlavorKind};
use crate::id::{self, Id, Name};
use crate::origin::{Origin, Problem, ProblemCode, Related, Sourced};
use crate::policy::{Enforcement, Level, OnLoss, OnReplaced, OnViolation};
use crate::quantity::{Bandwidth, Bytes, Coordinates, Cpu, GpuShare, Gpus, Milli, Money, Percent};
use crate::time::Moment;

/// Texts as people write them, and some that a careless reader takes for something else.
const TEXTS: [&str; 24] = [
    "",
    " ",
    "no",
    "on",
    "null",
    "~",
    "true",
    "0.526",
    "1e3",
    "007",
    "- a",
    "a: b",
    "a #b",
    "{}",
    "'",
    "\"",
    "\\",
    "a\nb",
    "\t",
    "---",
    "*a",
    "é漢🙂",
    "2024-01-01",
    "a\n\n  b\n",
];

/// Names that are easily mishandled: other orders than that of bytes, words of YAML, parts of other names.
const NAMES: [&str; 16] =
    ["b", "c", "B", "a-b", "a b", "a.b", "a10", "a9", "é", "日本", "𝒜", "_", "no", "null", "007", "production"];

/// The name of a text; `a` for a text that can be none.
pub(super) fn name(text: &str) -> Name {
    let mut text = text;
    loop {
        match Name::new(text) {
            Ok(name) => return name,
            Err(_) => text = "a",
        }
    }
}

const ENVIRONMENTS: [&str; 4] = ["production", "staging", "development", "pilot"];

/// One of the environments that drawn lifecycles use.
pub(super) fn environment(choices: &mut Choices<'_>) -> Name {
    name(choices.pick(&ENVIRONMENTS).copied().unwrap_or("production"))
}

/// A name for a deployment, now and then one that is taken or reserved.
pub(super) fn fresh(choices: &mut Choices<'_>) -> Name {
    name(choices.one_of("blue", ["green", "development", "bert-1", "é"]))
}

/// Any text.
pub(super) fn text(choices: &mut Choices<'_>) -> String {
    match choices.below(4) {
        0 => letters(choices),
        1 => choices
            .several(0, 12, |choices| char::from_u32(choices.below(0x11_0000)).unwrap_or('a'))
            .into_iter()
            .collect(),
        _ => choices.pick(&TEXTS).copied().unwrap_or_default().to_owned(),
    }
}

fn letters(choices: &mut Choices<'_>) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-";
    choices
        .several(1, 12, |choices| choices.pick(LETTERS).map_or('a', |&letter| char::from(letter)))
        .into_iter()
        .collect()
}

/// A span of whole milliseconds, up to `most_millis`.
pub(super) fn span(choices: &mut Choices<'_>, most_millis: u64) -> Duration {
    Duration::from_millis(choices.up_to(most_millis))
}

impl Draw for Name {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            0 => name("a"),
            1 => name(choices.pick(&NAMES).copied().unwrap_or("b")),
            2 => name(&letters(choices)),
            _ => name(text(choices).trim()),
        }
    }
}

impl<T: Draw> Draw for Sourced<T> {
    fn draw(choices: &mut Choices<'_>) -> Self {
        T::draw(choices).into()
    }
}

impl Draw for Origin {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::default(),
            1 => Self::of_file("fleet.yaml"),
            _ => {
                let mut count = || choices.between(1, 200);
                Self { file: Some("fleet.yaml".into()), line: count(), column: count(), length: count() }
            }
        }
    }
}

/// Draws of quantities: any number of steps, small ones as often as great ones.
macro_rules! quantities {
    ($($name:ident::$make:ident;)+) => {$(
        impl Draw for $name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                Self::$make(choices.up_to(u64::MAX))
            }
        }
    )+};
}

quantities! {
    Cpu::milli_cores;
    Bytes::new;
    Bandwidth::bits_per_second;
    Money::micros;
    Gpus::thousandths;
    Milli::thousandths;
    Moment::from_millis;
}

impl Draw for GpuShare {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| {
            let usual = choices.one_of(Self::WHOLE, [500, 250, 100, 333, 999, 1]);
            Self::from_thousandths(if choices.chance(20) { choices.between(1, Self::WHOLE) } else { usual })
        })
    }
}

impl Draw for Percent {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| Self::new(u8::try_from(choices.between(1, 100)).ok()?))
    }
}

impl Draw for Coordinates {
    fn draw(choices: &mut Choices<'_>) -> Self {
        const DEGREE: u32 = 1_000_000;
        let mut within = |degrees: u32| {
            let size = i32::try_from(choices.up_to(u64::from(degrees * DEGREE))).unwrap_or(0);
            if choices.chance(50) { -size } else { size }
        };
        let (latitude, longitude) = (within(90), within(180));
        valid(choices, |_| Self::from_micro_degrees(latitude, longitude))
    }
}

impl<I: Id> Draw for BitSet<I> {
    /// Over a universe that is empty, held inline, at a word's edge, or spilled to the heap.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let universe = choices.one_of(1, [0, 2, 63, 64, 65, 128, 256, 257, 900]);
        let mut set = if choices.chance(20) { Self::full(universe) } else { Self::empty(universe) };
        let universe = u32::try_from(universe).unwrap_or(0);
        for index in choices.several(0, universe.min(40), |choices| choices.below(universe)) {
            let id = I::from_index(usize::try_from(index).unwrap_or(0));
            if !set.insert(id) {
                set.remove(id);
            }
        }
        set
    }
}

/// Draws ids: small ones, as tables begin at 0.
macro_rules! ids {
    ($($name:ident),+) => {$(
        impl Draw for id::$name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                Self::from_index(usize::try_from(choices.below(100)).unwrap_or(0))
            }
        }
    )+};
}

ids!(Atom, ClusterId, CountryId, DeploymentId, EnvironmentId, FlavorId, GroupId, KindId, LocationId, OfferId);
ids!(ClassId, KindSetId, PairId, PlaceId, PolicyId, PoolId, ProviderId, ResourceTypeId, AttributeSetId);

/// Draws of words: each as likely as another, the first the simplest.
macro_rules! words {
    ($($name:ty: $first:ident $($other:ident)*;)+) => {$(
        impl Draw for $name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                // The match fails to compile if a variant is missing.
                let _ = |word: &Self| match word {
                    Self::$first $(| Self::$other)* => (),
                };
                choices.one_of(Self::$first, [$(Self::$other),*])
            }
        }
    )+};
}
pub(super) use words;

impl Draw for Axis {
    fn draw(choices: &mut Choices<'_>) -> Self {
        // Most policies are about places and hardware.
        let [first, second, others @ ..] = Self::ALL;
        if choices.chance(20) { choices.one_of(second, others) } else { choices.one_of(first, [second]) }
    }
}

words! {
    ChoiceKind: Country Continent Location Group Cpu Gpu Provider Jurisdiction Capacity Attribute;
    Continent: Na Eu As Af An Oc Sa;
    FlavorKind: Cpu Gpu;
    Capacity: OnDemand Spot Reserved;
    Enforcement: Enforce Audit;
    Level: Environment Deployment Workspace;
    OnViolation: MoveOrReport MoveOrStop Report;
    OnLoss: Move Wait;
    OnReplaced: Keep ScaleToZero Deactivate;
    ProblemCode: InvalidValue UnreadableFile InvalidUtf8 InvalidSyntax LimitExceeded MissingField UnknownField
        UnknownKind UnknownVersion WrongType OutOfRange Duplicate EmptyList UnknownName MissingCountry FalseCountry AllowsNothing
        OverUsed InUse PolicyConflict Refused;
}

impl Draw for Related {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { message: text(choices), origin: Origin::draw(choices) }
    }
}

impl Draw for Problem {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let problem = Self::new(ProblemCode::draw(choices), &Origin::draw(choices), text(choices));
        Self { help: choices.maybe(60, text), related: choices.several(0, 2, Related::draw), ..problem }
    }
}

/// Draws until something valid is drawn, which is at once: the draw keeps to the range of what it makes.
pub(super) fn valid<T>(choices: &mut Choices<'_>, mut draw: impl FnMut(&mut Choices<'_>) -> Option<T>) -> T {
    loop {
        if let Some(drawn) = draw(choices) {
            return drawn;
        }
    }
}

impl Draw for Duration {
    fn draw(choices: &mut Choices<'_>) -> Self {
        span(choices, 3_600_000)
    }
}
