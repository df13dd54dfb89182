//! What `catalog` answers.

use serde::{Deserialize, Serialize};

use super::header::{ApiVersion, kind};
use crate::catalog::{Catalog, Continent, Provider};
use crate::quantity::Bytes;

/// One of the catalog's lists.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Section {
    /// The continents.
    Continents,
    /// The countries of ISO 3166-1.
    Countries,
    /// The named sets of countries.
    Groups,
    /// Who runs clusters.
    Providers,
    /// The regions and zones of providers.
    Locations,
    /// The hardware.
    Flavors,
}

/// The known names of places and hardware: the lists asked for, each by name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CatalogReport {
    api_version: ApiVersion,
    kind: kind::Catalog,
    /// The continents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continents: Option<Vec<ContinentEntry>>,
    /// The countries of ISO 3166-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub countries: Option<Vec<CountryEntry>>,
    /// The named sets of countries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupEntry>>,
    /// Who runs clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<ProviderEntry>>,
    /// The regions and zones of providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locations: Option<Vec<LocationEntry>>,
    /// The hardware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavors: Option<Vec<FlavorEntry>>,
}

/// A continent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ContinentEntry {
    /// Its two-letter code.
    pub code: String,
    /// Its English name.
    pub name: String,
}

/// A country.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CountryEntry {
    /// Its ISO 3166-1 alpha-2 code, in lower case.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// The code of its continent.
    pub continent: String,
    /// Other codes that it is known by.
    pub aliases: Vec<String>,
}

/// A named set of countries.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct GroupEntry {
    /// Its name.
    pub name: String,
    /// The codes of its countries.
    pub countries: Vec<String>,
    /// What it is; `None` for a group of the workspace's own.
    pub about: Option<String>,
}

/// Who runs clusters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProviderEntry {
    /// The name that is written.
    pub name: String,
    /// Other names that it is read by.
    pub aliases: Vec<String>,
    /// Who owns it; `None` for one of the workspace's own.
    pub owner: Option<String>,
    /// The code of the country whose law the owner answers to, where that is known.
    pub jurisdiction: Option<String>,
}

/// A region or zone of a provider.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LocationEntry {
    /// Its name, such as `aws/us-east-1`.
    pub name: String,
    /// The code of its country.
    pub country: String,
    /// The region that it hangs under, where it is a zone that lies elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// Hardware: a family or a variant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FlavorEntry {
    /// `gpu` or `cpu`.
    pub r#type: String,
    /// Its code.
    pub name: String,
    /// Its display name.
    pub display_name: String,
    /// Its vendor.
    pub vendor: Option<String>,
    /// The code of the hardware right above it in the tree; `None` at the top.
    pub parent: Option<String>,
    /// The memory of one device.
    pub memory: Option<Bytes>,
    /// Other names that it is known by.
    pub aliases: Vec<String>,
}

impl CatalogReport {
    /// One section, or all of them.
    #[must_use]
    pub fn new(catalog: &Catalog, section: Option<Section>) -> Self {
        let wanted = |this| section.is_none_or(|section| section == this);
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            continents: wanted(Section::Continents).then(continents),
            countries: wanted(Section::Countries).then(|| countries(catalog)),
            groups: wanted(Section::Groups).then(|| groups(catalog)),
            providers: wanted(Section::Providers).then(|| providers(catalog)),
            locations: wanted(Section::Locations).then(|| locations(catalog)),
            flavors: wanted(Section::Flavors).then(|| flavors(catalog)),
        }
    }
}

fn continents() -> Vec<ContinentEntry> {
    sorted(
        Continent::ALL
            .into_iter()
            .map(|continent| ContinentEntry { code: continent.code().to_owned(), name: continent.name().to_owned() }),
    )
}

fn countries(catalog: &Catalog) -> Vec<CountryEntry> {
    let entry = |country| {
        let code = catalog.country_code(country);
        // C2: the one alias that is not an alpha-3 code.
        let uk = (code == "gb").then_some("uk");
        CountryEntry {
            code: code.to_owned(),
            name: catalog.country_name(country).to_owned(),
            continent: catalog.continent_of(country).code().to_owned(),
            aliases: std::iter::once(catalog.alpha3(country)).chain(uk).map(str::to_owned).collect(),
        }
    };
    sorted(catalog.countries().map(entry))
}

fn groups(catalog: &Catalog) -> Vec<GroupEntry> {
    let entry = |group| GroupEntry {
        name: catalog.group_name(group).to_owned(),
        countries: sorted(catalog.group_members(group).iter().map(|country| catalog.country_code(country).to_owned())),
        about: catalog.group_about(group).map(str::to_owned),
    };
    sorted(catalog.groups().map(entry))
}

fn providers(catalog: &Catalog) -> Vec<ProviderEntry> {
    let entry = |provider: Provider<'_>| ProviderEntry {
        name: provider.name.to_owned(),
        aliases: provider.aliases.iter().map(|&alias| alias.to_owned()).collect(),
        owner: provider.owner.map(str::to_owned),
        jurisdiction: provider.jurisdiction.map(|country| catalog.country_code(country).to_owned()),
    };
    sorted(catalog.providers().map(entry))
}

fn locations(catalog: &Catalog) -> Vec<LocationEntry> {
    let entry = |location| LocationEntry {
        name: catalog.location_name(location).to_owned(),
        country: catalog.country_code(catalog.location_country(location)).to_owned(),
        parent: catalog.location_parent(location).map(|parent| catalog.location_name(parent).to_owned()),
    };
    sorted(catalog.locations().map(entry))
}

fn flavors(catalog: &Catalog) -> Vec<FlavorEntry> {
    let entry = |flavor| FlavorEntry {
        r#type: catalog.flavor_kind(flavor).as_str().to_owned(),
        name: catalog.flavor_code(flavor).to_owned(),
        display_name: catalog.flavor_display_name(flavor).to_owned(),
        vendor: catalog.flavor_vendor(flavor).map(str::to_owned),
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
