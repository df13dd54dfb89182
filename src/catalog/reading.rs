//! Reading names into ids (C2, C5, C7), and what to offer for one that cannot be read (C8).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use super::axis::Axis;
use super::choice::{Capacity, Choice, ChoiceKind, Continent, FlavorKind};
use super::countries::{CALLED, COUNTRIES};
use super::spelling::Spelling;
use super::{BUILTIN, Catalog, RESOURCE_TYPES, folded};
use crate::document::{NearestNames, ranked};
use crate::id::{CountryId, FlavorId, GroupId, Id, LocationId, ProviderId, ResourceTypeId};

/// What a name means: mostly one node.
pub type Meaning = SmallVec<[Choice; 1]>;

/// The name that stands for a whole kind of flavor (C6).
pub(super) const ANY: &str = "any";

/// What is written for it.
const EVERYTHING: [&str; 3] = ["all", "*", "every"];

/// What groups are called that are named otherwise here.
const UNIONS: [(&str, &[&str]); 6] = [
    ("eu", &["eu27", "eea"]),
    ("european union", &["eu27", "eea"]),
    ("european economic area", &["eea"]),
    ("schengen", &["eea"]),
    ("gdpr", &["eea", "gdpr-adequate"]),
    ("adequate", &["gdpr-adequate"]),
];

impl Catalog {
    /// The country of an alpha-2 or alpha-3 code or of `uk`, read without regard to case (C2). A name
    /// is not a code: `Georgia` is not read (C9).
    ///
    /// ```
    /// # use siting::catalog::Catalog;
    /// let catalog = Catalog::builtin();
    /// let code = |text| catalog.country(text).map(|country| catalog.country_code(country));
    /// assert_eq!([code("USA"), code("uk"), code("No")], [Some("us"), Some("gb"), Some("no")]);
    /// assert_eq!(code("Georgia"), None);
    /// ```
    #[must_use]
    pub fn country(&self, text: &str) -> Option<CountryId> {
        match text.len() {
            2 if text.eq_ignore_ascii_case("uk") => alpha2("gb"),
            2 => alpha2(&text.to_ascii_lowercase()),
            3 => {
                let same = COUNTRIES.iter().position(|country| country.alpha3.eq_ignore_ascii_case(text));
                same.map(CountryId::from_index)
            }
            _ => None,
        }
    }

    /// The group of a name, read without regard to case (C4).
    #[must_use]
    pub fn group(&self, text: &str) -> Option<GroupId> {
        let text = folded(text);
        self.groups().find(|&group| self.group_name(group) == text)
    }

    /// The flavor of a reduced spelling.
    pub(super) fn flavor_of_key(&self, kind: FlavorKind, key: &str) -> Option<FlavorId> {
        BUILTIN.keys(kind).get(key).or_else(|| self.added.keys(kind).get(key)).copied()
    }

    /// The workload type of a name, matched exactly.
    #[must_use]
    pub fn resource_type(&self, text: &str) -> Option<ResourceTypeId> {
        let mut names = RESOURCE_TYPES.into_iter().chain(self.added.resource_types.iter().map(|name| &**name));
        names.position(|name| name == text).map(ResourceTypeId::from_index)
    }

    /// What an entry `{type: kind, name: text}` of a policy names (C1, C5, C6).
    ///
    /// ```
    /// # use siting::catalog::{Catalog, Choice, ChoiceKind, Continent, FlavorKind};
    /// let catalog = Catalog::builtin();
    /// // One code, two things (C9).
    /// assert_eq!(catalog.resolve(ChoiceKind::Continent, "na"), Some(Choice::Continent(Continent::Na)));
    /// assert_eq!(catalog.resolve(ChoiceKind::Country, "na"), catalog.country("nam").map(Choice::Country));
    /// assert_eq!(catalog.resolve(ChoiceKind::Gpu, "any"), Some(Choice::AnyFlavor(FlavorKind::Gpu)));
    /// ```
    #[must_use]
    pub fn resolve(&self, kind: ChoiceKind, text: &str) -> Option<Choice> {
        match self.choices(kind, text)[..] {
            [choice] => Some(choice),
            _ => None,
        }
    }

    /// As [`resolve`](Self::resolve), of a name that may mean several: hardware of which the name states too
    /// little to tell them apart is exactly these, and the label of a slice is what it is a slice of (C5).
    /// Empty if it is unknown.
    ///
    /// ```
    /// # use siting::catalog::{Catalog, ChoiceKind};
    /// let catalog = Catalog::builtin();
    /// let names = |text| {
    ///     let choices = catalog.choices(ChoiceKind::Gpu, text);
    ///     choices.iter().map(|&choice| catalog.choice_name(choice).to_owned()).collect::<Vec<_>>()
    /// };
    /// assert_eq!(names("A100-PCIe"), ["a100-40gb-pcie", "a100-80gb-pcie"]);
    /// assert_eq!(names("NVIDIA-L4-SHARED"), ["l4"]);
    /// ```
    #[must_use]
    pub fn choices(&self, kind: ChoiceKind, text: &str) -> Meaning {
        let flavors = |kind| {
            if text.eq_ignore_ascii_case(ANY) {
                return Meaning::from_slice(&[Choice::AnyFlavor(kind)]);
            }
            self.hardware(kind, text).into_iter().flat_map(|found| found.flavors).map(Choice::Flavor).collect()
        };
        let one = |choice: Option<Choice>| choice.into_iter().collect();
        match kind {
            ChoiceKind::Continent => one(Continent::from_code(text).map(Choice::Continent)),
            ChoiceKind::Country => one(self.country(text).map(Choice::Country)),
            ChoiceKind::Location => one(self.location(text).map(Choice::Location)),
            ChoiceKind::Group => one(self.group(text).map(Choice::Group)),
            ChoiceKind::Cpu => flavors(FlavorKind::Cpu),
            ChoiceKind::Gpu => flavors(FlavorKind::Gpu),
            ChoiceKind::Provider => one(self.provider_id(text).map(Choice::Provider)),
            ChoiceKind::Jurisdiction => {
                let country = self.country(text).map(Choice::LawOf);
                one(country.or_else(|| self.group(text).map(Choice::LawOfGroup)))
            }
            ChoiceKind::Capacity => one(capacity(text).map(Choice::Capacity)),
            ChoiceKind::Attribute => one(self.attribute_set(text).map(Choice::Bearing)),
        }
    }

    /// The up to three known names nearest to an unknown one, as a user can write them: of the same
    /// kind bare, of another as the whole entry (C8).
    ///
    /// ```
    /// # use siting::catalog::{Catalog, ChoiceKind};
    /// let catalog = Catalog::builtin();
    /// assert_eq!(catalog.nearest(ChoiceKind::Country, "Germany"), ["de"]);
    /// assert_eq!(catalog.nearest(ChoiceKind::Continent, "fr"), ["{type: country, name: fr}"]);
    /// assert_eq!(catalog.nearest(ChoiceKind::Group, "eu-27"), ["eu27"]);
    /// ```
    #[must_use]
    pub fn nearest(&self, kind: ChoiceKind, text: &str) -> Vec<String> {
        let near = self.suggestions(kind, text).into_iter();
        near.map(|near| if near.kind == kind { near.name } else { near.to_string() }).collect()
    }

    /// As [`nearest`](Self::nearest), with the kind of each.
    #[must_use]
    pub fn suggestions(&self, kind: ChoiceKind, text: &str) -> Vec<Suggestion> {
        let text = text.trim();
        let mut choices = self.called(kind, text);
        if choices.is_empty() {
            // What is called `EU` is mostly the Union, and no policy is to mean the continent by mistake (C4).
            if kind.axis() == Axis::Location {
                choices.extend(self.called(ChoiceKind::Group, text));
            }
            // A jurisdiction is spelt like the country or group that it is, which says more. In policies of providers and
            // of capacity, no place or hardware can stand.
            let is_own = |other: ChoiceKind| match kind.axis() {
                Axis::Location | Axis::Flavor => true,
                axis => other.axis() == axis,
            };
            let others = |&other: &ChoiceKind| other != kind && other != ChoiceKind::Jurisdiction && is_own(other);
            for other in ChoiceKind::ALL.into_iter().filter(others) {
                choices.extend(self.resolve(other, text));
                if matches!(other, ChoiceKind::Continent | ChoiceKind::Country) {
                    choices.extend(self.called(other, text));
                }
            }
            // A code of two letters resembles dozens of others.
            if choices.is_empty() || text.len() > 2 {
                choices.extend(self.resembling(kind, text));
            }
        }
        let mut near: Vec<Suggestion> = Vec::new();
        for choice in choices {
            let one = Suggestion { kind: self.choice_kind(choice), name: self.choice_name(choice).to_owned() };
            if near.len() < 3 && !near.contains(&one) {
                near.push(one);
            }
        }
        near
    }

    /// What is meant by a text that is right but for its form: a country's or continent's name, a
    /// region without its provider.
    fn called(&self, kind: ChoiceKind, text: &str) -> Vec<Choice> {
        let text = &*folded(text);
        match kind {
            ChoiceKind::Continent => {
                let called = |continent: &Continent| continent.name().to_lowercase() == text;
                Continent::ALL.into_iter().filter(called).map(Choice::Continent).collect()
            }
            ChoiceKind::Country => {
                let alias = CALLED.iter().filter(|(name, _)| *name == text).filter_map(|(_, code)| alpha2(code));
                let named = self.countries().filter(|&country| self.country_name(country).to_lowercase() == text);
                alias.chain(named).map(Choice::Country).collect()
            }
            ChoiceKind::Location => {
                // A zone cannot be named, its region can.
                let region = text.split_once('/').and_then(|(provider, region)| self.site(provider, region));
                if let Some(site) = region {
                    return vec![Choice::Location(site.location)];
                }
                let same = self.known_names().by_region.get(text).into_iter().flatten();
                same.copied().map(Choice::Location).collect()
            }
            ChoiceKind::Cpu | ChoiceKind::Gpu if EVERYTHING.contains(&text) => {
                kind.flavor_kind().map(Choice::AnyFlavor).into_iter().collect()
            }
            ChoiceKind::Cpu => Vec::new(),
            ChoiceKind::Gpu => self.of_product(text).into_iter().map(Choice::Flavor).collect(),
            ChoiceKind::Group => {
                let meant = UNIONS.iter().find(|(name, _)| *name == text).map_or(&[][..], |(_, groups)| groups);
                meant.iter().filter_map(|name| self.group(name)).map(Choice::Group).collect()
            }
            ChoiceKind::Jurisdiction => {
                let places =
                    [ChoiceKind::Country, ChoiceKind::Group].into_iter().flat_map(|kind| self.called(kind, text));
                laws(places.collect())
            }
            ChoiceKind::Provider | ChoiceKind::Capacity | ChoiceKind::Attribute => Vec::new(),
        }
    }

    /// What is spelt similarly.
    fn resembling(&self, kind: ChoiceKind, text: &str) -> Vec<Choice> {
        let known = self.known_names();
        match kind {
            ChoiceKind::Continent => {
                let names = |continent: Continent| [continent.code(), continent.name()].map(|name| (name, continent));
                ranked(text, Continent::ALL.into_iter().flat_map(names)).into_iter().map(Choice::Continent).collect()
            }
            ChoiceKind::Country => known.countries.find(text).into_iter().map(Choice::Country).collect(),
            ChoiceKind::Location => known.locations.find(text).into_iter().map(Choice::Location).collect(),
            ChoiceKind::Group => known.groups.find(text).into_iter().map(Choice::Group).collect(),
            ChoiceKind::Cpu | ChoiceKind::Gpu => {
                let Some(spelling) = Spelling::read(text) else { return Vec::new() };
                let names = if kind == ChoiceKind::Cpu { &known.cpus } else { &known.gpus };
                names.find(&spelling.key())
            }
            ChoiceKind::Provider => known.providers.find(text).into_iter().map(Choice::Provider).collect(),
            ChoiceKind::Jurisdiction => {
                let places = self.resembling(ChoiceKind::Country, text).into_iter();
                laws(places.chain(self.resembling(ChoiceKind::Group, text)).collect())
            }
            ChoiceKind::Capacity => {
                let names = Capacity::ALL.map(|capacity| (capacity.as_str(), capacity));
                ranked(text, names).into_iter().map(Choice::Capacity).collect()
            }
            ChoiceKind::Attribute => {
                let wrong = self.no_attribute(text).unwrap_or(text);
                let sets = self.attributes().filter_map(|name| Some((name, self.attribute_set(name)?)));
                ranked(wrong, sets).into_iter().map(Choice::Bearing).collect()
            }
        }
    }

    /// The names of this catalog, indexed on first use.
    pub(super) fn known_names(&self) -> &KnownNames {
        self.added.names.get_or_init(|| Arc::new(KnownNames::of(self)))
    }
}

/// All names of a catalog, indexed for many lookups of the nearest.
pub(super) struct KnownNames {
    countries: NearestNames<CountryId>,
    pub(super) locations: NearestNames<LocationId>,
    groups: NearestNames<GroupId>,
    providers: NearestNames<ProviderId>,
    cpus: NearestNames<Choice>,
    gpus: NearestNames<Choice>,
    /// By region alone.
    by_region: HashMap<String, Vec<LocationId>>,
}

impl KnownNames {
    fn of(catalog: &Catalog) -> Self {
        let named = |id: CountryId| [catalog.country_code(id), catalog.country_name(id)].map(|name| (name, id));
        let called = CALLED.iter().filter_map(|&(name, code)| Some((name, alpha2(code)?)));
        let hardware = |kind: FlavorKind| {
            let keys = BUILTIN.keys(kind).iter().chain(catalog.added.keys(kind));
            let keys = keys.map(|(key, &flavor)| (&**key, Choice::Flavor(flavor)));
            NearestNames::new(keys.chain([(ANY, Choice::AnyFlavor(kind))]))
        };
        let mut by_region: HashMap<String, Vec<LocationId>> = HashMap::new();
        for location in catalog.locations() {
            if let Some((_, region)) = catalog.location_name(location).split_once('/') {
                by_region.entry(region.to_owned()).or_default().push(location);
            }
        }
        Self {
            countries: NearestNames::new(catalog.countries().flat_map(named).chain(called)),
            locations: NearestNames::new(catalog.locations().map(|id| (catalog.location_name(id), id))),
            providers: NearestNames::new(catalog.provider_ids().zip(catalog.providers()).flat_map(|(id, provider)| {
                let names = provider.aliases.into_iter().chain([provider.name]);
                names.map(move |name| (name, id)).collect::<Vec<_>>()
            })),
            groups: NearestNames::new(catalog.groups().map(|id| (catalog.group_name(id), id))),
            cpus: hardware(FlavorKind::Cpu),
            gpus: hardware(FlavorKind::Gpu),
            by_region,
        }
    }
}

/// A known name that may have been meant, shown as an entry of a policy (C8).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Suggestion {
    /// What it is a name of.
    pub kind: ChoiceKind,
    /// The name.
    pub name: String,
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{type: {}, name: {}}}", self.kind, self.name)
    }
}

/// Countries and groups, as those whose law is meant.
fn laws(places: Vec<Choice>) -> Vec<Choice> {
    let law = |choice| match choice {
        Choice::Country(country) => Some(Choice::LawOf(country)),
        Choice::Group(group) => Some(Choice::LawOfGroup(group)),
        _ => None,
    };
    places.into_iter().filter_map(law).collect()
}

/// The way of buying nodes that is called so, read without regard to case.
fn capacity(text: &str) -> Option<Capacity> {
    let text = folded(text);
    Capacity::ALL.into_iter().find(|capacity| capacity.as_str() == text)
}

/// The country of an alpha-2 code in lower case.
pub(super) fn alpha2(code: &str) -> Option<CountryId> {
    let found = COUNTRIES.binary_search_by(|country| country.alpha2.cmp(code));
    found.ok().map(CountryId::from_index)
}
