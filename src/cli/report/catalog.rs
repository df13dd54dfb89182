//! The report of `catalog`.

use serde::Serialize;

use super::API_VERSION;
use crate::catalog::{Catalog, Continent};
use crate::cli::args::Section;
use crate::quantity::Bytes;

/// The lists asked for, each by name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct CatalogReport {
    api_version: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) continents: Option<Vec<ContinentEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) countries: Option<Vec<CountryEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) groups: Option<Vec<GroupEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) locations: Option<Vec<LocationEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) flavors: Option<Vec<FlavorEntry>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(in crate::cli) struct ContinentEntry {
    pub(in crate::cli) code: &'static str,
    pub(in crate::cli) name: &'static str,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(in crate::cli) struct CountryEntry {
    pub(in crate::cli) code: &'static str,
    pub(in crate::cli) name: &'static str,
    pub(in crate::cli) continent: &'static str,
    pub(in crate::cli) aliases: Vec<&'static str>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(in crate::cli) struct GroupEntry {
    pub(in crate::cli) name: String,
    pub(in crate::cli) countries: Vec<&'static str>,
    /// None for a group of the workspace's own.
    pub(in crate::cli) about: Option<&'static str>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(in crate::cli) struct LocationEntry {
    pub(in crate::cli) name: String,
    pub(in crate::cli) country: &'static str,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct FlavorEntry {
    pub(in crate::cli) r#type: &'static str,
    pub(in crate::cli) name: String,
    pub(in crate::cli) display_name: String,
    pub(in crate::cli) vendor: Option<&'static str>,
    pub(in crate::cli) parent: Option<String>,
    pub(in crate::cli) memory: Option<Bytes>,
    pub(in crate::cli) aliases: Vec<String>,
}

impl CatalogReport {
    /// One section, or all of them.
    pub(in crate::cli) fn new(catalog: &Catalog, section: Option<Section>) -> Self {
        let wanted = |this| section.is_none_or(|section| section == this);
        Self {
            api_version: API_VERSION,
            kind: "Catalog",
            continents: wanted(Section::Continents).then(continents),
            countries: wanted(Section::Countries).then(|| countries(catalog)),
            groups: wanted(Section::Groups).then(|| groups(catalog)),
            locations: wanted(Section::Locations).then(|| locations(catalog)),
            flavors: wanted(Section::Flavors).then(|| flavors(catalog)),
        }
    }
}

fn continents() -> Vec<ContinentEntry> {
    sorted(
        Continent::ALL.into_iter().map(|continent| ContinentEntry { code: continent.code(), name: continent.name() }),
    )
}

fn countries(catalog: &Catalog) -> Vec<CountryEntry> {
    let entry = |country| {
        let code = catalog.country_code(country);
        // C2: the one alias that is no alpha-3 code.
        let uk = (code == "gb").then_some("uk");
        CountryEntry {
            code,
            name: catalog.country_name(country),
            continent: catalog.continent_of(country).code(),
            aliases: std::iter::once(catalog.alpha3(country)).chain(uk).collect(),
        }
    };
    sorted(catalog.countries().map(entry))
}

fn groups(catalog: &Catalog) -> Vec<GroupEntry> {
    let entry = |group| GroupEntry {
        name: catalog.group_name(group).to_owned(),
        countries: sorted(catalog.group_members(group).iter().map(|country| catalog.country_code(country))),
        about: catalog.group_about(group),
    };
    sorted(catalog.groups().map(entry))
}

fn locations(catalog: &Catalog) -> Vec<LocationEntry> {
    let entry = |location| LocationEntry {
        name: catalog.location_name(location).to_owned(),
        country: catalog.country_code(catalog.location_country(location)),
    };
    sorted(catalog.locations().map(entry))
}

fn flavors(catalog: &Catalog) -> Vec<FlavorEntry> {
    let entry = |flavor| FlavorEntry {
        r#type: catalog.flavor_kind(flavor).as_str(),
        name: catalog.flavor_code(flavor).to_owned(),
        display_name: catalog.flavor_display_name(flavor).to_owned(),
        vendor: catalog.flavor_vendor(flavor),
        parent: catalog.flavor_parent(flavor).map(|parent| catalog.flavor_code(parent).to_owned()),
        memory: catalog.flavor_memory(flavor).map(Bytes::new),
        aliases: catalog.flavor_aliases(flavor).map(str::to_owned).collect(),
    };
    sorted(catalog.flavors().map(entry))
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}
