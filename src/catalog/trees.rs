//! Both trees as sets of atoms (C6, P7): for every node, what lies under it.

use std::collections::HashMap;

use super::choice::{Continent, FlavorKind};
use super::{Catalog, entry};
use crate::bitset::BitSet;
use crate::id::{Atom, CountryId, Id, LocationId};

/// The atoms of every node but the single locations, which are one atom each. Derived from a catalog
/// when first asked for, and shared by its clones.
pub(super) struct Trees {
    pub(super) continents: Vec<BitSet<Atom>>,
    pub(super) countries: Vec<BitSet<Atom>>,
    pub(super) groups: Vec<BitSet<Atom>>,
    pub(super) kinds: Vec<BitSet<Atom>>,
    pub(super) flavors: Vec<BitSet<Atom>>,
    /// By region, the zones that hang under it.
    pub(super) hanging: HashMap<LocationId, Vec<LocationId>>,
    /// By country, the providers whose owners answer to its law (P15).
    pub(super) laws: Vec<BitSet<Atom>>,
    /// As above, by group.
    pub(super) group_laws: Vec<BitSet<Atom>>,
    /// Those of which no jurisdiction is known, with the rest of the axis.
    pub(super) lawless: BitSet<Atom>,
    /// By set of attributes, the sets that hold it.
    pub(super) bearing: Vec<BitSet<Atom>>,
    /// Of each flavor, what one device has at least.
    pub(super) memory: Vec<Option<u64>>,
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
            for node in catalog.with_ancestors(flavor) {
                // Invariant `ids-are-ours`: a flavor and those above it are of this catalog.
                if let Some(under) = flavors.get_mut(node.index()) {
                    under.insert(catalog.flavor_atom(flavor));
                }
            }
        }
        let mut hanging: HashMap<LocationId, Vec<LocationId>> = HashMap::new();
        for location in catalog.locations() {
            if let Some(parent) = catalog.location_parent(location) {
                hanging.entry(parent).or_default().push(location);
            }
        }
        let (laws, lawless) = laws(catalog);
        let group_law = |group| {
            let mut all = BitSet::empty(lawless.universe());
            for law in catalog.group_members(group).iter().filter_map(|country| laws.get(country.index())) {
                all.union_with(law);
            }
            all
        };
        Self {
            group_laws: catalog.groups().map(group_law).collect(),
            laws,
            lawless,
            continents: continents.into(),
            groups: groups.collect(),
            kinds: kinds.into(),
            flavors,
            memory: memory(catalog),
            bearing: catalog.bearing(),
            hanging,
            countries,
        }
    }
}

/// By country, the providers whose owners answer to its law; and those of which no law is known, with the rest.
fn laws(catalog: &Catalog) -> (Vec<BitSet<Atom>>, BitSet<Atom>) {
    let providers = catalog.provider_universe();
    let mut laws = vec![BitSet::empty(providers); catalog.countries().len()];
    let mut lawless = BitSet::empty(providers);
    for atom in (0..providers).map(Atom::from_index) {
        match catalog.law_of(atom).and_then(|country| laws.get_mut(country.index())) {
            Some(law) => law.insert(atom),
            None => lawless.insert(atom),
        };
    }
    (laws, lawless)
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

/// The least memory of what each flavor may be (C6): of itself, where it states one, and of all under it. One
/// that states none and has nothing under it is of the memory stated above it.
fn memory(catalog: &Catalog) -> Vec<Option<u64>> {
    let mut least: Vec<Option<Option<u64>>> = vec![None; catalog.flavor_universe()];
    let mut has_nodes = vec![false; catalog.flavor_universe()];
    for parent in catalog.flavors().filter_map(|flavor| catalog.flavor_parent(flavor)) {
        if let Some(has) = has_nodes.get_mut(parent.index()) {
            *has = true;
        }
    }
    for flavor in catalog.flavors() {
        let stated = catalog.with_ancestors(flavor).find_map(|node| catalog.stated_memory(node));
        let is_inner = has_nodes.get(flavor.index()).copied().unwrap_or_default();
        if is_inner && catalog.stated_memory(flavor).is_none() {
            continue;
        }
        for node in catalog.with_ancestors(flavor) {
            if let Some(least) = least.get_mut(node.index()) {
                *least = Some(match *least {
                    None => stated,
                    // What is not known of one is not known of the node above.
                    Some(before) => before.zip(stated).map(|(before, stated)| before.min(stated)),
                });
            }
        }
    }
    least.into_iter().map(Option::flatten).collect()
}
