//! Both trees as sets of atoms (C6, P7): for every node, what lies under it.

use super::choice::{Continent, FlavorKind};
use super::{Catalog, entry};
use crate::bitset::BitSet;
use crate::id::{Atom, CountryId, Id};

/// The atoms of every node but the single locations, which are one atom each. Derived from a catalog
/// when first asked for, and shared by its clones.
pub(super) struct Trees {
    pub(super) continents: Vec<BitSet<Atom>>,
    pub(super) countries: Vec<BitSet<Atom>>,
    pub(super) groups: Vec<BitSet<Atom>>,
    pub(super) kinds: Vec<BitSet<Atom>>,
    pub(super) flavors: Vec<BitSet<Atom>>,
}

impl Trees {
    /// O(nodes × atoms / 64).
    pub(super) fn of(catalog: &Catalog) -> Self {
        let countries = countries(catalog);
        let places = catalog.location_universe();
        let join = |members: &mut dyn Iterator<Item = CountryId>| {
            let mut all = BitSet::empty(places);
            for country in members {
                all.union_with(entry(&countries, country.index()));
            }
            all
        };
        let continents = Continent::ALL.map(|continent| {
            join(&mut catalog.countries().filter(|&country| catalog.continent_of(country) == continent))
        });
        let groups = catalog.groups().map(|group| join(&mut catalog.group_members(group).iter()));
        let hardware = catalog.flavor_universe();
        let kinds = FlavorKind::ALL.map(|kind| {
            let of_kind = catalog.flavors().filter(|&flavor| catalog.flavor_kind(flavor) == kind);
            BitSet::from_ids(hardware, of_kind.map(|flavor| catalog.flavor_atom(flavor)))
        });
        let mut flavors = vec![BitSet::empty(hardware); hardware];
        for flavor in catalog.flavors() {
            for node in catalog.flavor_family(flavor).into_iter().chain([flavor]) {
                // Invariant `ids-are-ours`: a flavor and its family are of this catalog.
                if let Some(under) = flavors.get_mut(node.index()) {
                    under.insert(catalog.flavor_atom(flavor));
                }
            }
        }
        Self { continents: continents.into(), groups: groups.collect(), kinds: kinds.into(), flavors, countries }
    }
}

/// The rest of each country with the known locations in it.
fn countries(catalog: &Catalog) -> Vec<BitSet<Atom>> {
    let mut countries: Vec<_> = catalog
        .countries()
        .map(|country| BitSet::from_ids(catalog.location_universe(), [catalog.rest_of(country)]))
        .collect();
    for location in catalog.locations() {
        let country = catalog.location_country(location);
        // Invariant `ids-are-ours`: a location's country is in the table.
        if let Some(under) = countries.get_mut(country.index()) {
            under.insert(catalog.place(country, Some(location)));
        }
    }
    countries
}
