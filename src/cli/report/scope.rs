//! What the policies in force leave, in the catalog's words (P7).

use serde::Serialize;

use super::ChoiceReport;
use crate::bitset::BitSet;
use crate::catalog::{Axis, Catalog, Point};
use crate::id::{Atom, CountryId};
use crate::policy::{AxisScope, Scope, State};

/// Both axes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct ScopeReport {
    pub(in crate::cli) locations: LocationScope,
    pub(in crate::cli) flavors: FlavorScope,
}

/// Unrestricted axes have no lists; those in conflict have empty ones.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct LocationScope {
    pub(in crate::cli) state: &'static str,
    /// Countries allowed whole.
    pub(in crate::cli) countries: Option<Vec<String>>,
    /// Known locations allowed outside of them.
    pub(in crate::cli) locations: Option<Vec<String>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct FlavorScope {
    pub(in crate::cli) state: &'static str,
    pub(in crate::cli) flavors: Option<Vec<ChoiceReport>>,
}

impl ScopeReport {
    pub(in crate::cli) fn new(catalog: &Catalog, scope: &Scope) -> Self {
        let (places, hardware) = (scope.axis(Axis::Location), scope.axis(Axis::Flavor));
        let listed = |axis: &AxisScope| axis.state() != State::Unrestricted;
        let (countries, locations) =
            listed(places).then(|| Covered::places(catalog, |atom, rest| places.admits(Point { atom, rest }))).unzip();
        let flavors = listed(hardware).then(|| Covered::flavors(catalog, |atom| hardware.admits(Point::known(atom))));
        Self {
            locations: LocationScope { state: places.state().as_str(), countries, locations },
            flavors: FlavorScope { state: hardware.state().as_str(), flavors },
        }
    }
}

/// What a set of atoms covers.
pub(in crate::cli) struct Covered;

impl Covered {
    /// The countries that are in it whole, and the known locations in it outside of those; by name.
    pub(in crate::cli) fn places(catalog: &Catalog, admits: impl Fn(Atom, Atom) -> bool) -> (Vec<String>, Vec<String>) {
        let admitted =
            |country: CountryId, location| admits(catalog.place(country, location), catalog.rest_of(country));
        let countries = catalog.countries();
        let universe = countries.len();
        let mut whole = BitSet::from_ids(universe, countries.filter(|&country| admitted(country, None)));
        let known = || catalog.locations().map(|location| (catalog.location_country(location), location));
        let mut allowed = Vec::new();
        for (country, location) in known() {
            if admitted(country, Some(location)) {
                allowed.push((country, location));
            } else {
                whole.remove(country);
            }
        }
        let codes = whole.iter().map(|country| catalog.country_code(country).to_owned());
        let outside = allowed.into_iter().filter(|(country, _)| !whole.contains(*country));
        let outside = outside.map(|(_, location)| catalog.location_name(location).to_owned());
        (sorted(codes), sorted(outside))
    }

    /// The flavors in it, by kind and code.
    pub(in crate::cli) fn flavors(catalog: &Catalog, admits: impl Fn(Atom) -> bool) -> Vec<ChoiceReport> {
        let allowed = catalog.flavors().filter(|&flavor| admits(catalog.flavor_atom(flavor)));
        sorted(allowed.map(|flavor| ChoiceReport::of_flavor(catalog, flavor)))
    }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}
