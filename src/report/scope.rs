//! What the policies in force leave, in the catalog's words (P7).

use serde::{Deserialize, Serialize};

use super::names::ChoiceName;
use crate::bitset::BitSet;
use crate::catalog::{Axis, Catalog, Choice, ChoiceKind, Point};
use crate::id::{Atom, CountryId, Id};
use crate::policy::{AxisScope, Scope, State};

/// What the policies in force leave, axis by axis.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ScopeReport {
    /// The allowed places.
    pub locations: LocationScope,
    /// On what.
    pub flavors: FlavorScope,
    /// Run by whom.
    #[serde(default = "ProviderScope::unrestricted")]
    pub providers: ProviderScope,
    /// Bought in which way.
    #[serde(default = "CapacityScope::unrestricted")]
    pub capacity: CapacityScope,
    /// Bearing what.
    #[serde(default = "AttributeScope::unrestricted", skip_serializing_if = "AttributeScope::is_unrestricted")]
    pub attributes: AttributeScope,
}

/// The places that are allowed. An unrestricted axis has no lists; one in conflict has empty ones.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LocationScope {
    /// Unrestricted, restricted or in conflict.
    pub state: State,
    /// Countries that are allowed whole, by code.
    pub countries: Option<Vec<String>>,
    /// Known locations that are allowed outside of those.
    pub locations: Option<Vec<String>>,
}

/// The hardware that is allowed. An unrestricted axis has no list; one in conflict has an empty one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FlavorScope {
    /// Unrestricted, restricted or in conflict.
    pub state: State,
    /// Every code that is allowed, families included.
    pub flavors: Option<Vec<ChoiceName>>,
}

/// What is left of the providers. An unrestricted axis has no list; one in conflict has an empty one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProviderScope {
    /// What the policies do to it.
    pub state: State,
    /// The known providers that are allowed, by name.
    pub providers: Option<Vec<String>>,
}

impl ProviderScope {
    /// Of a report that was written before there was the axis.
    fn unrestricted() -> Self {
        Self { state: State::Unrestricted, providers: None }
    }
}

/// What is left of the ways of buying nodes. An unrestricted axis has no list; one in conflict has an empty one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CapacityScope {
    /// What the policies do to it.
    pub state: State,
    /// The ways that are allowed, by name.
    pub capacity: Option<Vec<String>>,
}

impl CapacityScope {
    /// Of a report that was written before there was the axis.
    fn unrestricted() -> Self {
        Self { state: State::Unrestricted, capacity: None }
    }
}

/// What must be borne. An unrestricted axis has no list; one in conflict has an empty one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AttributeScope {
    /// What the policies do to it.
    pub state: State,
    /// The least sets of attributes that are allowed, each sorted: a pool must bear all of one of them.
    pub attributes: Option<Vec<Vec<String>>>,
}

impl AttributeScope {
    /// Of a report that was written before there was the axis, or where nothing restricts it.
    fn unrestricted() -> Self {
        Self { state: State::Unrestricted, attributes: None }
    }

    fn is_unrestricted(&self) -> bool {
        self.state == State::Unrestricted
    }
}

impl ScopeReport {
    /// Of a scope, with the names of the catalog that it was compiled against.
    #[must_use]
    pub fn new(catalog: &Catalog, scope: &Scope) -> Self {
        let (places, hardware) = (scope.axis(Axis::Location), scope.axis(Axis::Flavor));
        let listed = |axis: &AxisScope| axis.state() != State::Unrestricted;
        let (countries, locations) =
            listed(places).then(|| Covered::places(catalog, |atom, rest| places.admits(Point { atom, rest }))).unzip();
        let flavors = listed(hardware).then(|| Covered::flavors(catalog, |atom| hardware.admits(Point::known(atom))));
        let (run_by, bought) = (scope.axis(Axis::Provider), scope.axis(Axis::Capacity));
        let names =
            |axis: &AxisScope, kind| listed(axis).then(|| Covered::names(catalog, kind, |point| axis.admits(point)));
        let (providers, capacity) = (names(run_by, ChoiceKind::Provider), names(bought, ChoiceKind::Capacity));
        let borne = scope.axis(Axis::Attribute);
        let attributes = listed(borne).then(|| Covered::attributes(catalog, |point| borne.admits(point)));
        Self {
            attributes: AttributeScope { state: borne.state(), attributes },
            providers: ProviderScope { state: run_by.state(), providers },
            capacity: CapacityScope { state: bought.state(), capacity },
            locations: LocationScope { state: places.state(), countries, locations },
            flavors: FlavorScope { state: hardware.state(), flavors },
        }
    }
}

/// What a set of atoms covers.
pub(crate) struct Covered;

impl Covered {
    /// The countries that are in it whole, and the known locations in it outside of those; by name.
    pub(crate) fn places(catalog: &Catalog, admits: impl Fn(Atom, Atom) -> bool) -> (Vec<String>, Vec<String>) {
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

    /// The names of the nodes of a kind that are in it whole.
    pub(crate) fn names(catalog: &Catalog, kind: ChoiceKind, admits: impl Fn(Point) -> bool) -> Vec<String> {
        let whole = |choice: &Choice| catalog.atoms(*choice).iter().all(|atom| admits(Point::known(atom)));
        let of_kind = catalog.choices_on(kind.axis()).into_iter().filter(|choice| catalog.choice_kind(*choice) == kind);
        let admitted = of_kind.filter(whole);
        sorted(admitted.map(|choice| catalog.choice_name(choice).to_owned()))
    }

    /// The least sets of attributes in it, each by name.
    pub(crate) fn attributes(catalog: &Catalog, admits: impl Fn(Point) -> bool) -> Vec<Vec<String>> {
        let universe = catalog.universe(Axis::Attribute);
        let atoms = (0..universe).map(Atom::from_index).filter(|atom| admits(Point::known(*atom)));
        let least = catalog.least_sets(&BitSet::from_ids(universe, atoms)).into_iter();
        sorted(least.map(|set| catalog.attribute_set_name(set).split('+').map(str::to_owned).collect()))
    }

    /// The flavors in it, by kind and code.
    pub(crate) fn flavors(catalog: &Catalog, admits: impl Fn(Atom) -> bool) -> Vec<ChoiceName> {
        let allowed = catalog.flavors().filter(|&flavor| admits(catalog.flavor_atom(flavor)));
        sorted(allowed.map(|flavor| ChoiceName::of_flavor(catalog, flavor)))
    }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}
