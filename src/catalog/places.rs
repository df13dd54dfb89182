//! Reading the names of places by rule (C7): providers, their regions, and the zones within these.

use std::borrow::Cow;
use std::sync::Arc;

use super::locations::{CALLED, LOCATIONS, PARTITIONS, ZONES, ZoneName};
use super::providers::PROVIDERS;
use super::spelling::is_number;
use super::{BUILTIN, Catalog, Point, additions, entry, folded};
use crate::id::{Atom, CountryId, Id, LocationId, ProviderId};

/// Where a provider's name of a region or zone leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// The location.
    pub location: LocationId,
    /// The zone within it, where the name is that of one.
    pub zone: Option<String>,
}

/// A provider, as it is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider<'a> {
    /// Its name.
    pub name: &'a str,
    /// Other names by which it is read.
    pub aliases: Vec<&'a str>,
    /// Its owner; nothing for one of the workspace's own.
    pub owner: Option<&'static str>,
    /// The country whose law its owner answers to, where that is certain or declared.
    pub jurisdiction: Option<CountryId>,
    /// The source; nothing for one of the workspace's own.
    pub source: Option<&'static str>,
}

impl Catalog {
    /// The name of a provider, read by any of its names; of one that is not known, the name itself in lower
    /// case (C7).
    ///
    /// ```
    /// # use siting::catalog::Catalog;
    /// let catalog = Catalog::builtin();
    /// assert_eq!(catalog.provider("Google"), "gcp");
    /// assert_eq!(catalog.provider("aws-us-gov"), "aws");
    /// assert_eq!(catalog.provider("OnPrem"), "onprem");
    /// ```
    #[must_use]
    pub fn provider<'a>(&'a self, text: &'a str) -> Cow<'a, str> {
        let text = folded(text);
        match BUILTIN.providers.get(&*text) {
            Some(&name) => name.into(),
            None => match self.added.provider_names.get(&*text) {
                Some(&provider) => Cow::Borrowed(self.provider_name(provider)),
                None => text,
            },
        }
    }

    /// Who runs what a provider has in a country: the partition of another company, where all that is known of it there
    /// is in that (P15); else the provider.
    ///
    /// ```
    /// # use siting::catalog::Catalog;
    /// let catalog = Catalog::builtin();
    /// let (china, france) = (catalog.country("cn").unwrap(), catalog.country("fr").unwrap());
    /// assert_eq!(catalog.operator("aws", china), "aws-cn");
    /// // Azure has regions of its own beside those of Bleu.
    /// assert_eq!(catalog.operator("azure", france), "azure");
    /// ```
    #[must_use]
    pub fn operator<'a>(&'a self, provider: &'a str, country: CountryId) -> Cow<'a, str> {
        let provider = self.provider(provider);
        let is_there = |of: &str| {
            let start = format!("{of}/");
            let first = LOCATIONS.partition_point(|row| row.name < start.as_str());
            let rows = LOCATIONS.iter().skip(first).take_while(|row| row.name.starts_with(&start));
            rows.map(|row| row.country).any(|code| code == self.country_code(country))
        };
        let parts = PARTITIONS.iter().filter(|(start, _)| start.split_once('/').is_some_and(|(of, _)| of == provider));
        let mut there = parts.map(|&(_, partition)| partition).filter(|partition| is_there(partition)).peekable();
        if there.peek().is_none() || is_there(&provider) { provider } else { there.next().map_or(provider, Into::into) }
    }

    /// The provider of a location.
    #[must_use]
    pub fn location_provider(&self, location: LocationId) -> &str {
        self.location_name(location).split_once('/').map_or("", |(provider, _)| provider)
    }

    /// Whether the built-in table knows the regions of a provider, so that a region missing there is unknown.
    #[must_use]
    pub fn knows_regions_of(&self, provider: &str) -> bool {
        let start = format!("{}/", self.provider(provider));
        let first = LOCATIONS.partition_point(|row| row.name < start.as_str());
        LOCATIONS.get(first).is_some_and(|row| row.name.starts_with(&start))
    }

    /// The known location of a name, matched exactly except for case, width and the names of providers (C7).
    /// A zone is not found by its region, nor the reverse.
    ///
    /// ```
    /// # use siting::catalog::Catalog;
    /// let catalog = Catalog::builtin();
    /// assert_eq!(catalog.location("Google/US-Central1"), catalog.location("gcp/us-central1"));
    /// assert_eq!(catalog.location("azure/West Europe"), catalog.location("azure/westeurope"));
    /// assert_eq!(catalog.location("aws/us-east-1a"), None);
    /// ```
    #[must_use]
    pub fn location(&self, text: &str) -> Option<LocationId> {
        let text = folded(text);
        self.location_of_name(&text).or_else(|| {
            let (provider, region) = text.split_once('/')?;
            self.region(&self.provider(provider), region)
        })
    }

    /// What a provider's name of a region, or of a zone within one, resolves to.
    ///
    /// ```
    /// # use siting::catalog::Catalog;
    /// let catalog = Catalog::builtin();
    /// let site = catalog.site("aws", "us-east-1a").ok_or("unknown")?;
    /// assert_eq!(catalog.location_name(site.location), "aws/us-east-1");
    /// assert_eq!(site.zone.as_deref(), Some("us-east-1a"));
    /// assert_eq!(catalog.site("aws", "us-esat-1"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn site(&self, provider: &str, region: &str) -> Option<Located> {
        let (provider, region) = (self.provider(provider), folded(region));
        if let Some(location) = self.region(&provider, &region) {
            return Some(Located { location, zone: None });
        }
        let names = ZONES.iter().find(|(known, _)| *known == provider)?.1;
        let location = names.iter().find_map(|&name| match name {
            ZoneName::AzId => self.of_az_id(&provider, &region),
            _ => self.region(&provider, name.region_of(&region)?),
        })?;
        Some(Located { location, zone: Some(region.into_owned()) })
    }

    /// The full name of a region of a provider, whatever the provider is called: that of the partition that it
    /// belongs to.
    #[must_use]
    pub fn full_name(&self, provider: &str, region: &str) -> String {
        let name = format!("{}/{}", self.provider(provider), folded(region));
        match PARTITIONS.iter().find(|(start, _)| name.starts_with(start)) {
            Some((_, partition)) => format!("{partition}/{}", folded(region)),
            None => name,
        }
    }

    /// A region by its name under a provider's own name, both folded.
    fn region(&self, provider: &str, region: &str) -> Option<LocationId> {
        let name = self.full_name(provider, region);
        let called = || CALLED.binary_search_by(|(known, _)| (*known).cmp(&name)).ok();
        let called = || self.location_of_name(CALLED.get(called()?)?.1);
        // Azure's console writes the names of its API in words.
        let in_words = || provider.starts_with("azure") && region.contains(' ');
        let joined = || in_words().then(|| self.full_name(provider, &region.replace(' ', "")));
        self.location_of_name(&name).or_else(called).or_else(|| self.location_of_name(&joined()?))
    }

    /// The region of an id such as `use1-az1`, in which AWS abbreviates the region.
    fn of_az_id(&self, provider: &str, id: &str) -> Option<LocationId> {
        let (abbreviated, number) = id.rsplit_once("-az")?;
        let part = |(start, partition): &(&'static str, &'static str)| {
            start.split_once('/').filter(|(of, _)| *of == provider).map(|_| *partition)
        };
        let runs: Vec<&str> = PARTITIONS.iter().filter_map(part).chain([provider]).collect();
        let is_meant = |location: &LocationId| {
            let named = self.location_name(*location).split_once('/');
            named.is_some_and(|(of, region)| runs.contains(&of) && abbreviation(region) == abbreviated)
        };
        if is_number(number) { self.locations().find(is_meant) } else { None }
    }

    /// The location of a full name.
    pub(super) fn location_of_name(&self, name: &str) -> Option<LocationId> {
        match LOCATIONS.binary_search_by(|row| row.name.cmp(name)) {
            Ok(index) => Some(LocationId::from_index(index)),
            Err(_) => self.added.location_ids.get(name).copied(),
        }
    }

    /// The parent region of a local or wavelength zone (C7).
    #[must_use]
    pub fn location_parent(&self, location: LocationId) -> Option<LocationId> {
        match LOCATIONS.get(location.index()) {
            Some(row) => self.location_of_name(row.parent),
            None => self.added_location(location).parent,
        }
    }

    /// The child locations of another, in the order of the catalog.
    #[must_use]
    pub fn hanging_under(&self, location: LocationId) -> &[LocationId] {
        self.trees().hanging.get(&location).map_or(&[], Vec::as_slice)
    }

    /// The up to three regions of a provider nearest to an unknown one, without the provider.
    #[must_use]
    pub fn nearest_regions(&self, provider: &str, region: &str) -> Vec<String> {
        let provider = self.provider(provider);
        let near = self.known_names().locations.find(&self.full_name(&provider, region)).into_iter();
        let named = near.filter_map(|location| self.location_name(location).split_once('/'));
        named.filter(|(of, _)| *of == provider).map(|(_, region)| region.to_owned()).collect()
    }

    /// The other names by which a built-in location is read, without the provider: `europe (frankfurt)`.
    pub fn location_aliases(&self, location: LocationId) -> impl Iterator<Item = &'static str> {
        let name = LOCATIONS.get(location.index()).map(|row| row.name);
        let called = CALLED.iter().filter(move |(_, of)| Some(*of) == name);
        called.filter_map(|(alias, _)| Some(alias.split_once('/')?.1))
    }

    /// The source for a built-in location; nothing for an added one.
    #[must_use]
    pub fn location_source(&self, location: LocationId) -> Option<&'static str> {
        LOCATIONS.get(location.index()).map(|row| row.source)
    }

    /// Every known provider: those of the table by name, then the workspace's own.
    pub fn providers(&self) -> impl Iterator<Item = Provider<'_>> {
        let built_in = PROVIDERS.iter().map(|row| Provider {
            name: row.name,
            aliases: row.aliases.to_vec(),
            owner: Some(row.owner),
            jurisdiction: self.jurisdiction(row.name),
            source: Some(row.source),
        });
        let added = self.added.providers.iter().map(|added| Provider {
            name: &added.name,
            aliases: added.aliases.iter().map(|alias| &**alias).collect(),
            owner: None,
            jurisdiction: added.jurisdiction,
            source: None,
        });
        built_in.chain(added)
    }

    /// Makes a provider known by its name alone; one that is known already stays as it is. Its atom is the last of
    /// its axis, and no other changes.
    pub fn bring_provider(&mut self, name: &str) -> ProviderId {
        if let Some(known) = self.provider_id(name) {
            return known;
        }
        let id = ProviderId::from_index(self.provider_ids().len());
        let name: Arc<str> = self.provider(name).into_owned().into();
        let added = self.change();
        added.provider_names.insert(Arc::clone(&name), id);
        added.providers.push(additions::Provider { name, aliases: Vec::new(), jurisdiction: None });
        id
    }

    /// Declares the country whose law the owner of a provider answers to, where none is known (P15); says whether it
    /// is so now. One that is known already stays as it is.
    pub fn declare_jurisdiction(&mut self, provider: ProviderId, country: CountryId) -> bool {
        let atom = self.provider_atom(provider);
        match self.law_of(atom) {
            Some(known) => known == country,
            None => {
                self.change().laws.insert(provider, country);
                true
            }
        }
    }

    /// The id of a provider, by any of its names (C7); none of one that is not known.
    ///
    /// ```
    /// # use siting::catalog::Catalog;
    /// let catalog = Catalog::builtin();
    /// assert_eq!(catalog.provider_id("Amazon"), catalog.provider_id("aws"));
    /// assert_eq!(catalog.provider_id("onprem"), None);
    /// ```
    #[must_use]
    pub fn provider_id(&self, text: &str) -> Option<ProviderId> {
        let text = folded(text);
        match BUILTIN.providers.get(&*text) {
            Some(name) => PROVIDERS.binary_search_by(|row| row.name.cmp(name)).ok().map(ProviderId::from_index),
            None => self.added.provider_names.get(&*text).copied(),
        }
    }

    /// Every known provider: those of the table by name, then the others in the order of adding.
    pub fn provider_ids(&self) -> impl ExactSizeIterator<Item = ProviderId> + use<> {
        (0..PROVIDERS.len() + self.added.providers.len()).map(ProviderId::from_index)
    }

    /// The name of a provider.
    #[must_use]
    pub fn provider_name(&self, provider: ProviderId) -> &str {
        match PROVIDERS.get(provider.index()) {
            Some(row) => row.name,
            None => &entry(&self.added.providers, provider.index().wrapping_sub(PROVIDERS.len())).name,
        }
    }

    /// How many atoms the axis of providers has: the rest of it, then one for each provider that is known.
    pub(super) fn provider_universe(&self) -> usize {
        self.provider_ids().len() + 1
    }

    /// The atom of a provider.
    #[must_use]
    pub fn provider_atom(&self, provider: ProviderId) -> Atom {
        Atom::from_index(provider.index() + 1)
    }

    /// The part of the axis that is no known provider (P7).
    #[must_use]
    pub fn rest_of_providers(&self) -> Atom {
        Atom::from_index(0)
    }

    /// The name of the provider that an atom of the axis is; none of the rest of the axis.
    #[must_use]
    pub fn provider_of(&self, atom: Atom) -> Option<&str> {
        atom.index().checked_sub(1).map(|provider| self.provider_name(ProviderId::from_index(provider)))
    }

    /// Where a provider stands on its axis, by any of its names. One that a scope was compiled before counts there as
    /// the rest of the axis (P15).
    #[must_use]
    pub fn provider_point(&self, name: &str) -> Point {
        let rest = self.rest_of_providers();
        Point { atom: self.provider_id(name).map_or(rest, |provider| self.provider_atom(provider)), rest }
    }

    /// The country whose law the owner of a provider answers to, by the provider's atom; none of the rest.
    pub(super) fn law_of(&self, atom: Atom) -> Option<CountryId> {
        let provider = atom.index().checked_sub(1)?;
        let stated = match PROVIDERS.get(provider) {
            Some(row) => self.country(row.jurisdiction),
            None => self.added.providers.get(provider - PROVIDERS.len())?.jurisdiction,
        };
        stated.or_else(|| self.added.laws.get(&ProviderId::from_index(provider)).copied())
    }

    /// The country whose law the owner of a provider answers to (P15), where it is known.
    ///
    /// ```
    /// # use siting::catalog::Catalog;
    /// let catalog = Catalog::builtin();
    /// assert_eq!(catalog.jurisdiction("amazon"), catalog.country("us"));
    /// assert_eq!(catalog.jurisdiction("aws-cn"), catalog.country("cn"));
    /// assert_eq!(catalog.jurisdiction("onprem"), None);
    /// ```
    #[must_use]
    pub fn jurisdiction(&self, provider: &str) -> Option<CountryId> {
        self.law_of(self.provider_atom(self.provider_id(provider)?))
    }
}

impl ZoneName {
    /// The region whose zone is named so, if it can be one.
    fn region_of(self, name: &str) -> Option<&str> {
        let numbered = |mark: &str| {
            let (region, number) = name.rsplit_once(mark)?;
            (number.len() <= 2 && is_number(number)).then_some(region)
        };
        let before_letter = || name.strip_suffix(|c: char| c.is_ascii_lowercase());
        match self {
            Self::Letter => before_letter().filter(|region| region.ends_with(|c: char| c.is_ascii_digit())),
            Self::DashLetter => before_letter()?.strip_suffix('-'),
            Self::DashNumber => numbered("-"),
            Self::DashAd => numbered("-ad-"),
            Self::DashDc => numbered("-dc"),
            Self::Number => {
                let region = name.trim_end_matches(|c: char| c.is_ascii_digit());
                let digits = name.len() - region.len();
                ((1..=2).contains(&digits) && region.ends_with(|c: char| c.is_ascii_lowercase())).then_some(region)
            }
            Self::AzId => None,
        }
    }
}

/// `us-east-1` as AWS abbreviates it in the ids of zones, `use1`; a local zone's city follows: `usw2-lax1`.
fn abbreviation(region: &str) -> String {
    let mut short = String::with_capacity(region.len());
    let mut numbered = false;
    for (place, part) in region.split('-').enumerate() {
        let is_direction = place > 0 && !numbered;
        let direction = match part {
            "north" => "n",
            "south" => "s",
            "east" => "e",
            "west" => "w",
            "central" => "c",
            "gov" => "g",
            "northeast" => "ne",
            "northwest" => "nw",
            "southeast" => "se",
            "southwest" => "sw",
            other => other,
        };
        if numbered && !is_number(part) {
            short.push('-');
        }
        short.push_str(if is_direction { direction } else { part });
        numbered |= is_number(part);
    }
    short
}
