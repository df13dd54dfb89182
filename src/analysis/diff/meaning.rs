//! Scopes of two catalogs compared as sets.

use std::fmt;

use crate::bitset::BitSet;
use crate::catalog::{Axis, Capacity, Catalog, FlavorKind, PerAxis};
use crate::id::{Atom, AttributeSetId, CountryId, FlavorId, Id};
use crate::policy::{Scope, State};

/// How what is allowed now compares with what was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Meaning {
    /// The same.
    Equal,
    /// Less.
    Narrowed,
    /// More.
    Widened,
    /// Some more and some less.
    Incomparable,
}

impl Meaning {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Equal, Self::Narrowed, Self::Widened, Self::Incomparable];

    /// The word that reports have for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Narrowed => "narrowed",
            Self::Widened => "widened",
            Self::Incomparable => "incomparable",
        }
    }

    /// Of whether the old is within the new, and the new within the old.
    fn of(old_within: bool, new_within: bool) -> Self {
        match (old_within, new_within) {
            (true, true) => Self::Equal,
            (true, false) => Self::Widened,
            (false, true) => Self::Narrowed,
            (false, false) => Self::Incomparable,
        }
    }

    /// Of several: none smaller is widened, none larger narrowed.
    pub(super) fn all(meanings: impl IntoIterator<Item = Self>) -> Self {
        let (mut old_within, mut new_within) = (true, true);
        for meaning in meanings {
            old_within &= matches!(meaning, Self::Equal | Self::Widened);
            new_within &= matches!(meaning, Self::Equal | Self::Narrowed);
        }
        Self::of(old_within, new_within)
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Two catalogs, and what each makes of all that either knows.
#[derive(Debug)]
pub(super) struct Catalogs {
    /// For each axis, what each side makes of the points of both; `None` where both know the same.
    joined: PerAxis<Option<Vec<[Standing; 2]>>>,
}

/// What a side makes of a point.
#[derive(Clone, Debug)]
enum Standing {
    /// It has the point, or one that stands for it.
    At(Atom),
    /// It has nothing but the kind: all of it must be allowed.
    Whole(BitSet<Atom>),
    /// One of these must be allowed.
    Some(BitSet<Atom>),
}

impl Standing {
    fn is_in(&self, allowed: &BitSet<Atom>) -> bool {
        match self {
            Self::At(atom) => allowed.contains(*atom),
            Self::Whole(atoms) => atoms.is_subset(allowed),
            Self::Some(atoms) => !atoms.is_disjoint(allowed),
        }
    }
}

impl Catalogs {
    pub(super) fn new(old: &Catalog, new: &Catalog) -> Self {
        let same = |axis: Axis| {
            std::ptr::eq(old, new)
                || old.universe(axis) == new.universe(axis)
                    && (0..old.universe(axis))
                        .map(Atom::from_index)
                        .all(|atom| point(old, axis, atom) == point(new, axis, atom))
        };
        let joined = PerAxis::from_fn(|axis| (!same(axis)).then(|| join(axis, old, new)));
        Self { joined }
    }

    /// How what a new scope allows compares with what an old one did. Scopes are products over the axes: where one axis
    /// is empty, or a policy is required and missing, nothing is allowed; and what nothing restricts is larger than
    /// any restriction.
    pub(super) fn compare(&self, old: &Scope, new: &Scope) -> Meaning {
        match (old.refuses_everything(), new.refuses_everything()) {
            (true, true) => return Meaning::Equal,
            (true, false) => return Meaning::Widened,
            (false, true) => return Meaning::Narrowed,
            (false, false) => {}
        }
        Meaning::all(Axis::ALL.map(|axis| self.compare_on(axis, old, new)))
    }

    fn compare_on(&self, axis: Axis, old: &Scope, new: &Scope) -> Meaning {
        let (old, new) = (old.axis(axis), new.axis(axis));
        match (old.state() == State::Unrestricted, new.state() == State::Unrestricted) {
            (true, true) => return Meaning::Equal,
            (true, false) => return Meaning::Narrowed,
            (false, true) => return Meaning::Widened,
            (false, false) => {}
        }
        let (old, new) = (old.allowed(), new.allowed());
        match self.joined.get(axis) {
            None => Meaning::of(old.is_subset(new), new.is_subset(old)),
            Some(points) => {
                let mut within = (true, true);
                for [before, after] in points {
                    let (was, is) = (before.is_in(old), after.is_in(new));
                    within = (within.0 && (!was || is), within.1 && (!is || was));
                }
                Meaning::of(within.0, within.1)
            }
        }
    }
}

/// All points that either catalog knows, and what each makes of them.
fn join(axis: Axis, old: &Catalog, new: &Catalog) -> Vec<[Standing; 2]> {
    let of_new = (0..new.universe(axis)).map(Atom::from_index);
    let mut points: Vec<_> = of_new.map(|atom| [standing(axis, old, new, atom), Standing::At(atom)]).collect();
    let of_old = (0..old.universe(axis)).map(Atom::from_index);
    let gone = of_old.filter(|&atom| find(axis, new, old, atom).is_none());
    points.extend(gone.map(|atom| [Standing::At(atom), standing(axis, new, old, atom)]));
    points
}

/// What a catalog makes of an atom of another: the one of its name; else the rest of its country or of the providers,
/// the lowest node above it that is known, or all of its kind.
fn standing(axis: Axis, of: &Catalog, other: &Catalog, atom: Atom) -> Standing {
    if let Some(found) = find(axis, of, other, atom) {
        return Standing::At(found);
    }
    match point(other, axis, atom) {
        Point::Place(_, country) => Standing::At(of.rest_of(country)),
        Point::Hardware(kind, _) => {
            let mut above = other.flavor_parent(other.flavor_of(atom));
            while let Some(flavor) = above {
                if let Some(found) = flavor_named(of, kind, other.flavor_code(flavor)) {
                    return Standing::At(of.flavor_atom(found));
                }
                above = other.flavor_parent(flavor);
            }
            Standing::Whole(of.atoms(crate::catalog::Choice::AnyFlavor(kind)))
        }
        Point::RunBy(_) => Standing::At(of.rest_of_providers()),
        // Every catalog knows all of them.
        Point::Bought(capacity) => Standing::At(of.capacity_atom(capacity)),
        // What it knows of the set: allowed if something that it holds is.
        Point::Bears(names) => {
            let universe = of.universe(Axis::Attribute);
            let held = |atom: &Atom| {
                let own = of.attribute_set_name(of.attributes_of(*atom));
                own.split('+').all(|name| name.is_empty() || names.split('+').any(|other| other == name))
            };
            Standing::Some(BitSet::from_ids(universe, (0..universe).map(Atom::from_index).filter(held)))
        }
    }
}

/// The atom of the same name.
fn find(axis: Axis, of: &Catalog, other: &Catalog, atom: Atom) -> Option<Atom> {
    match point(other, axis, atom) {
        Point::Place(None, country) => Some(of.rest_of(country)),
        Point::Place(Some(name), _) => {
            let location = of.location(name)?;
            Some(of.place(of.location_country(location), Some(location)))
        }
        Point::Hardware(kind, code) => flavor_named(of, kind, code).map(|flavor| of.flavor_atom(flavor)),
        Point::RunBy(None) => Some(of.rest_of_providers()),
        Point::RunBy(Some(name)) => of.provider_id(name).map(|provider| of.provider_atom(provider)),
        Point::Bought(capacity) => Some(of.capacity_atom(capacity)),
        Point::Bears("") => Some(of.attributes_atom(AttributeSetId::default())),
        Point::Bears(names) => of.attribute_set(names).map(|set| of.attributes_atom(set)),
    }
}

fn flavor_named(of: &Catalog, kind: FlavorKind, code: &str) -> Option<FlavorId> {
    of.flavors().find(|&flavor| of.flavor_kind(flavor) == kind && of.flavor_code(flavor) == code)
}

/// What an atom is, by name.
#[derive(PartialEq)]
enum Point<'a> {
    Place(Option<&'a str>, CountryId),
    Hardware(FlavorKind, &'a str),
    RunBy(Option<&'a str>),
    Bought(Capacity),
    Bears(&'a str),
}

fn point(catalog: &Catalog, axis: Axis, atom: Atom) -> Point<'_> {
    match axis {
        Axis::Location => {
            let name = catalog.location_of(atom).map(|location| catalog.location_name(location));
            Point::Place(name, catalog.country_of(atom))
        }
        Axis::Flavor => {
            let flavor = catalog.flavor_of(atom);
            Point::Hardware(catalog.flavor_kind(flavor), catalog.flavor_code(flavor))
        }
        Axis::Provider => Point::RunBy(catalog.provider_of(atom)),
        Axis::Capacity => Point::Bought(catalog.capacity_of(atom)),
        Axis::Attribute => Point::Bears(catalog.attribute_set_name(catalog.attributes_of(atom))),
    }
}
