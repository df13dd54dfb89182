//! The names of places and hardware, and the trees they form.
//!
//! The central type is [`Catalog`]: built-in tables, and what a workspace and its clusters add to
//! them. It reads names and aliases into ids once, on input (C2, C5), says which atoms lie under a
//! node of a tree (C6, P7), and offers the nearest names for one that it does not know (C8).
//!
//! It answers for the rules C1–C9, for the atoms of P7 and the axes of P15. Its invariants:
//!
//! 1. `ids-are-ours`: an id is given only to the catalog that issued it, or to one that grew out of
//!    that one. Anything else is a mistake in the program, not in its input, and asserts.
//! 2. `append-only`: additions never change an id or an atom that was there before, so what was
//!    compiled stays true (C7).

mod additions;
mod attributes;
pub mod axis;
mod choice;
mod countries;
mod flavors;
mod fold;
mod groups;
mod hardware;
mod locations;
mod places;
mod providers;
mod reading;
mod spelling;
mod trees;
mod unknown;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

pub use crate::document::nearest;
pub use additions::{AddFlavorError, AddGroupError, AddLocationError, AddProviderError, AddResourceTypeError};
pub use attributes::AddAttributeError;
pub use axis::{Axis, PerAxis, Point};
pub use choice::{Capacity, Choice, ChoiceKind, Continent, FlavorKind};
pub use fold::folded;
pub use hardware::{Hardware, Slice};
pub use places::{Located, Provider};
pub use reading::{Meaning, Suggestion};

use additions::Additions;
use countries::COUNTRIES;
use flavors::FLAVORS;
use groups::GROUPS;
use locations::LOCATIONS;
use providers::PROVIDERS;
use spelling::Spelling;
use trees::Trees;

use crate::bitset::BitSet;
use crate::id::{Atom, AttributeSetId, CountryId, FlavorId, GroupId, Id, LocationId, Name, ProviderId, ResourceTypeId};

/// Known places, hardware and workload types. Cheap to clone: clones share what they have in common.
///
/// ```
/// use siting::catalog::{Catalog, Choice, ChoiceKind};
///
/// let mut catalog = Catalog::builtin();
/// let norway = catalog.country("NOR").ok_or("no such country")?;
/// let oslo = catalog.add_location("onprem/oslo-1", norway)?;
///
/// let europe = catalog.resolve(ChoiceKind::Continent, "eu").ok_or("no such continent")?;
/// assert!(catalog.covers(europe, catalog.place(norway, Some(oslo))));
/// assert!(catalog.atoms(Choice::Country(norway)).is_subset(&catalog.atoms(europe)));
/// assert_eq!(catalog.nearest(ChoiceKind::Country, "norway"), ["no"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Catalog {
    added: Arc<Additions>,
}

/// The built-in tables, with their names read.
struct Builtin {
    location_countries: Vec<CountryId>,
    /// By every name of each.
    providers: HashMap<&'static str, &'static str>,
    group_members: Vec<BitSet<CountryId>>,
    parents: Vec<Option<FlavorId>>,
    cpu_codes: HashMap<&'static str, FlavorId>,
    gpu_codes: HashMap<&'static str, FlavorId>,
    cpu_keys: HashMap<String, FlavorId>,
    gpu_keys: HashMap<String, FlavorId>,
}

static BUILTIN: LazyLock<Builtin> = LazyLock::new(Builtin::read);
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog { added: Arc::new(Additions::default()) });

/// How deep the tree of hardware is under a kind: family, variant, form (C6).
const DEEPEST: usize = 3;

/// The built-in workload types.
static RESOURCE_TYPES: [&str; 3] = ["agent", "function", "model"];

// Getters and additions.
impl Catalog {
    /// The built-in tables alone. O(1) after the first time.
    #[must_use]
    pub fn builtin() -> Self {
        CATALOG.clone()
    }

    /// Makes a location known (C7); the same again gives the same id. Case is not kept. The new atom
    /// is the last of its axis, and no other changes. O(1) where the catalog is not shared.
    ///
    /// ```
    /// # use siting::catalog::{AddLocationError, Catalog};
    /// let mut catalog = Catalog::builtin();
    /// let (ireland, britain) = (catalog.country("ie").unwrap(), catalog.country("gb").unwrap());
    /// assert_eq!(catalog.add_location("AWS/eu-west-1", ireland).ok(), catalog.location("aws/eu-west-1"));
    /// let wrong = catalog.add_location("aws/eu-west-1", britain);
    /// assert_eq!(wrong, Err(AddLocationError::Disagrees { known: ireland }));
    /// ```
    ///
    /// # Errors
    /// If the name is not `provider/region`, is that of a zone within a known location, or is known in another
    /// country.
    pub fn add_location(&mut self, name: &str, country: CountryId) -> Result<LocationId, AddLocationError> {
        self.add_location_under(name, country, None)
    }

    /// As [`add_location`](Self::add_location), for a zone that lies outside its parent region.
    ///
    /// # Errors
    /// Also if the location is known with another parent, or is the region itself.
    pub fn add_location_under(
        &mut self,
        name: &str,
        country: CountryId,
        parent: Option<LocationId>,
    ) -> Result<LocationId, AddLocationError> {
        let (provider, region) = name.split_once('/').ok_or(AddLocationError::Malformed)?;
        if Name::new(provider).is_err() || Name::new(region).is_err() {
            return Err(AddLocationError::Malformed);
        }
        if let Some(site) = self.site(provider, region) {
            let known = self.location_country(site.location);
            return match site.zone {
                Some(_) => Err(AddLocationError::Zone { of: site.location }),
                None if known != country => Err(AddLocationError::Disagrees { known }),
                None if parent.is_some() && parent != self.location_parent(site.location) => {
                    Err(AddLocationError::HangsElsewhere)
                }
                None => Ok(site.location),
            };
        }
        let location = LocationId::from_index(self.location_count());
        let name: Arc<str> = self.full_name(provider, region).into();
        let added = self.change();
        added.location_ids.insert(name.clone(), location);
        added.locations.push(additions::Location { name, country, parent });
        Ok(location)
    }

    /// Adds a provider with its other names, and the country whose law its owner answers to (P15).
    ///
    /// # Errors
    /// If a name cannot be one, holds a `/`, or is known.
    pub fn add_provider(
        &mut self,
        name: &str,
        aliases: &[impl AsRef<str>],
        jurisdiction: Option<CountryId>,
    ) -> Result<(), AddProviderError> {
        let mut names: Vec<Arc<str>> = Vec::with_capacity(aliases.len() + 1);
        for text in std::iter::once(name).chain(aliases.iter().map(AsRef::as_ref)) {
            let read: Arc<str> = folded(text).into();
            if Name::new(text).is_err() || text.contains('/') {
                return Err(AddProviderError::Malformed { text: text.to_owned() });
            }
            if BUILTIN.providers.contains_key(&*read) || self.added.provider_names.contains_key(&read) {
                return Err(AddProviderError::Known { text: text.to_owned() });
            }
            names.push(read);
        }
        let Some((name, aliases)) = names.split_first() else { return Ok(()) };
        let id = ProviderId::from_index(self.provider_ids().len());
        let added = self.change();
        added.provider_names.extend(names.iter().map(|read| (Arc::clone(read), id)));
        let (name, aliases) = (Arc::clone(name), aliases.to_vec());
        added.providers.push(additions::Provider { name, aliases, jurisdiction });
        Ok(())
    }

    /// Adds a group of countries (C4). Its name is kept in lower case.
    ///
    /// # Errors
    /// If the name cannot be one, or is known.
    pub fn add_group(
        &mut self,
        name: &str,
        members: impl IntoIterator<Item = CountryId>,
    ) -> Result<GroupId, AddGroupError> {
        let name = Name::new(&name.to_lowercase())?;
        if let Some(known) = self.group(name.as_str()) {
            return Err(AddGroupError::Known(known));
        }
        let group = GroupId::from_index(GROUPS.len() + self.added.groups.len());
        let members = BitSet::from_ids(COUNTRIES.len(), members);
        self.change().groups.push(additions::Group { name: name.as_str().into(), members });
        Ok(group)
    }

    /// Adds a flavor (C5): a family, or a node under a known one (C6), with its memory in bytes. Its code
    /// is kept in lower case. The new atom is the last of its axis. A form without a stated memory has that of
    /// the node above.
    ///
    /// ```
    /// # use siting::catalog::{Catalog, FlavorKind};
    /// let mut catalog = Catalog::builtin();
    /// let x900 = catalog.add_flavor(FlavorKind::Gpu, "x900", None, &["Nine Hundred"], Some(48 << 30))?;
    /// assert_eq!(catalog.flavor(FlavorKind::Gpu, "nine-hundred"), Some(x900));
    /// assert!(catalog.add_flavor(FlavorKind::Gpu, "NVIDIA T4", None, &[] as &[&str], None).is_err());
    /// # Ok::<(), siting::catalog::AddFlavorError>(())
    /// ```
    ///
    /// # Errors
    /// If the code or an alias cannot be a name or is read already, or the node above is of another kind or
    /// a form.
    pub fn add_flavor(
        &mut self,
        kind: FlavorKind,
        code: &str,
        parent: Option<FlavorId>,
        aliases: &[impl AsRef<str>],
        memory: Option<u64>,
    ) -> Result<FlavorId, AddFlavorError> {
        if let Some(parent) = parent
            && (self.flavor_kind(parent) != kind || self.with_ancestors(parent).count() >= DEEPEST)
        {
            return Err(AddFlavorError::NotAParent(parent));
        }
        let keys = self.new_keys(kind, aliases.iter().map(AsRef::as_ref).chain([code]))?;
        let flavor = FlavorId::from_index(self.flavor_universe());
        let added = self.change();
        added.keys_mut(kind).extend(keys.into_iter().map(|key| (key, flavor)));
        let aliases = aliases.iter().map(|alias| alias.as_ref().into()).collect();
        added.flavors.push(additions::Flavor { kind, code: folded(code).into(), parent, aliases, memory });
        Ok(flavor)
    }

    /// Adds aliases to a known flavor (C5).
    ///
    /// # Errors
    /// If an alias cannot be a name, or means another flavor.
    pub fn add_aliases(&mut self, flavor: FlavorId, aliases: &[impl AsRef<str>]) -> Result<(), AddFlavorError> {
        let kind = self.flavor_kind(flavor);
        let read = |text: &str| self.hardware(kind, text).is_some_and(|found| found.flavors[..] == [flavor]);
        let new: Vec<&str> = aliases.iter().map(AsRef::as_ref).filter(|text| !read(text)).collect();
        let keys = self.new_keys(kind, new.iter().copied())?;
        let added = self.change();
        added.keys_mut(kind).extend(keys.into_iter().map(|key| (key, flavor)));
        added.aliases.extend(new.into_iter().map(|text| (flavor, text.into())));
        Ok(())
    }

    /// The reduced spellings of names that mean nothing yet.
    fn new_keys<'a>(
        &self,
        kind: FlavorKind,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<String>, AddFlavorError> {
        let mut keys = Vec::new();
        for text in names {
            let malformed = || AddFlavorError::Malformed { text: text.to_owned() };
            let key = Spelling::read(text).ok_or_else(malformed)?.key();
            if Name::new(text).is_err() || key == reading::ANY {
                return Err(malformed());
            }
            let known = self.hardware(kind, text).and_then(|found| found.flavors.first().copied());
            if let Some(by) = known.or_else(|| self.flavor_of_key(kind, &key)) {
                return Err(AddFlavorError::Known { text: text.to_owned(), by });
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// Adds a workload type in addition to `agent`, `function` and `model`.
    ///
    /// # Errors
    /// If the name cannot be one, or is known.
    pub fn add_resource_type(&mut self, name: &str) -> Result<ResourceTypeId, AddResourceTypeError> {
        let name = Name::new(name)?;
        if let Some(known) = self.resource_type(name.as_str()) {
            return Err(AddResourceTypeError::Known(known));
        }
        if let Some(known) = RESOURCE_TYPES.iter().position(|known| *known == folded(name.as_str())) {
            return Err(AddResourceTypeError::LooksLike(ResourceTypeId::from_index(known)));
        }
        let id = ResourceTypeId::from_index(RESOURCE_TYPES.len() + self.added.resource_types.len());
        Arc::make_mut(&mut self.added).resource_types.push(name.as_str().into());
        Ok(id)
    }

    /// Gives the next id of a workload type to none: one that had it is gone.
    pub(crate) fn retire_resource_type(&mut self) {
        Arc::make_mut(&mut self.added).resource_types.push(Box::default());
    }

    /// The names of the workload types that were added, in the order of their ids; empty for a retired id.
    pub(crate) fn added_resource_types(&self) -> impl Iterator<Item = &str> {
        self.added.resource_types.iter().map(|name| &**name)
    }

    /// The additions, to change them.
    fn change(&mut self) -> &mut Additions {
        let added = Arc::make_mut(&mut self.added);
        added.trees.take();
        added.names.take();
        added
    }
}

// The trees (C6) as atoms (P7).
impl Catalog {
    /// How many atoms an axis has. On the location axis, the rest of each country comes first, then
    /// the known locations; on the flavor axis, each flavor is one, a family meaning what is known by
    /// the family alone.
    #[must_use]
    pub fn universe(&self, axis: Axis) -> usize {
        match axis {
            Axis::Location => self.location_universe(),
            Axis::Flavor => self.flavor_universe(),
            Axis::Provider => self.provider_universe(),
            Axis::Capacity => Capacity::ALL.len(),
            Axis::Attribute => self.attribute_universe(),
        }
    }

    pub(super) fn location_universe(&self) -> usize {
        COUNTRIES.len() + self.location_count()
    }

    pub(super) fn flavor_universe(&self) -> usize {
        FLAVORS.len() + self.added.flavors.len()
    }

    fn location_count(&self) -> usize {
        LOCATIONS.len() + self.added.locations.len()
    }

    /// What lies under a node: a set over its axis's [`universe`](Self::universe). O(universe / 64);
    /// the first time after an addition, the trees are derived again.
    ///
    /// ```
    /// # use siting::catalog::{Catalog, ChoiceKind};
    /// let catalog = Catalog::builtin();
    /// let h100 = catalog.resolve(ChoiceKind::Gpu, "h100").unwrap();
    /// let codes: Vec<_> = catalog.atoms(h100).iter().map(|a| catalog.flavor_code(catalog.flavor_of(a))).collect();
    /// assert!(codes.starts_with(&["h100"]) && codes.contains(&"h100-nvl"));
    /// ```
    #[must_use]
    pub fn atoms(&self, choice: Choice) -> BitSet<Atom> {
        match self.tree(choice) {
            Ok(atoms) => atoms.clone(),
            Err(atom) => BitSet::from_ids(self.universe(choice.axis()), [atom]),
        }
    }

    /// Adds what lies under a node to `set`, without allocating. Asserts that `set` is over this
    /// catalog's universe of the choice's axis.
    pub fn add_atoms(&self, choice: Choice, set: &mut BitSet<Atom>) {
        match self.tree(choice) {
            Ok(atoms) => set.union_with(atoms),
            Err(atom) => {
                set.insert(atom);
            }
        }
    }

    /// The atoms of a node, or the one atom that it is.
    fn tree(&self, choice: Choice) -> Result<&BitSet<Atom>, Atom> {
        let trees = self.trees();
        Ok(match choice {
            Choice::Continent(continent) => entry(&trees.continents, continent.index()),
            Choice::Country(country) => entry(&trees.countries, country.index()),
            Choice::Group(group) => entry(&trees.groups, group.index()),
            Choice::AnyFlavor(kind) => entry(&trees.kinds, kind as usize),
            Choice::Flavor(flavor) => entry(&trees.flavors, flavor.index()),
            Choice::Location(location) => return Err(atom_of(location)),
            Choice::Provider(provider) => return Err(self.provider_atom(provider)),
            Choice::LawOf(country) => entry(&trees.laws, country.index()),
            Choice::LawOfGroup(group) => entry(&trees.group_laws, group.index()),
            Choice::Capacity(capacity) => return Err(self.capacity_atom(capacity)),
            Choice::Bearing(set) => entry(&trees.bearing, set.index()),
        })
    }

    /// What an exception takes out (C6, C7): what lies under the node; of hardware, also what is known only by a
    /// node above it; of a region, also the zones that hang under it; of a jurisdiction, also the providers of which
    /// none is known.
    ///
    /// ```
    /// # use siting::catalog::{Catalog, ChoiceKind};
    /// let catalog = Catalog::builtin();
    /// let nvl = catalog.resolve(ChoiceKind::Gpu, "h100-nvl").unwrap();
    /// let codes: Vec<_> = catalog.excepted(nvl).iter().map(|a| catalog.flavor_code(catalog.flavor_of(a))).collect();
    /// assert_eq!(codes, ["h100", "h100-nvl"]); // a pool known as `h100` may be of this kind
    /// ```
    #[must_use]
    pub fn excepted(&self, choice: Choice) -> BitSet<Atom> {
        let mut atoms = self.atoms(choice);
        match choice {
            Choice::Flavor(flavor) => {
                for above in self.with_ancestors(flavor) {
                    atoms.insert(self.flavor_atom(above));
                }
            }
            Choice::Location(location) => {
                let mut under = vec![location];
                while let Some(location) = under.pop() {
                    atoms.insert(atom_of(location));
                    under.extend(self.hanging_under(location));
                }
            }
            // Who answers to nobody knows which law may answer to this one (P15).
            Choice::LawOf(_) | Choice::LawOfGroup(_) => atoms.union_with(&self.trees().lawless),
            Choice::Continent(_)
            | Choice::Country(_)
            | Choice::Group(_)
            | Choice::AnyFlavor(_)
            | Choice::Provider(_)
            | Choice::Capacity(_)
            | Choice::Bearing(_) => {}
        }
        atoms
    }

    fn trees(&self) -> &Trees {
        self.added.trees.get_or_init(|| Arc::new(Trees::of(self)))
    }

    /// Whether an atom of the choice's axis lies under it. O(1).
    #[must_use]
    pub fn covers(&self, choice: Choice, atom: Atom) -> bool {
        match choice {
            Choice::Continent(continent) => self.continent_of(self.country_of(atom)) == continent,
            Choice::Country(country) => self.country_of(atom) == country,
            Choice::Location(location) => atom == atom_of(location),
            Choice::Group(group) => self.group_members(group).contains(self.country_of(atom)),
            Choice::AnyFlavor(kind) => self.flavor_kind(self.flavor_of(atom)) == kind,
            Choice::Flavor(flavor) => self.is_under(self.flavor_of(atom), flavor),
            Choice::Provider(provider) => atom == self.provider_atom(provider),
            Choice::LawOf(country) => self.law_of(atom) == Some(country),
            Choice::LawOfGroup(group) => {
                self.law_of(atom).is_some_and(|country| self.group_members(group).contains(country))
            }
            Choice::Capacity(capacity) => atom == self.capacity_atom(capacity),
            Choice::Bearing(set) => self.bears(self.attributes_of(atom), set),
        }
    }

    /// The atom of a place: a known location, or in the rest of a country. A location's own
    /// country takes precedence.
    #[must_use]
    pub fn place(&self, country: CountryId, location: Option<LocationId>) -> Atom {
        location.map_or_else(|| self.rest_of(country), atom_of)
    }

    /// The part of a country that is not a known location (P7).
    #[must_use]
    pub fn rest_of(&self, country: CountryId) -> Atom {
        Atom::from_index(country.index())
    }

    /// The country of an atom of the location axis.
    #[must_use]
    pub fn country_of(&self, atom: Atom) -> CountryId {
        self.location_of(atom)
            .map_or_else(|| CountryId::from_index(atom.index()), |location| self.location_country(location))
    }

    /// The location that an atom of the location axis is; none for the rest of a country.
    #[must_use]
    pub fn location_of(&self, atom: Atom) -> Option<LocationId> {
        atom.index().checked_sub(COUNTRIES.len()).map(LocationId::from_index)
    }

    /// The atom of a flavor.
    #[must_use]
    pub fn flavor_atom(&self, flavor: FlavorId) -> Atom {
        Atom::from_index(flavor.index())
    }

    /// The atom of a way of buying nodes.
    #[must_use]
    pub fn capacity_atom(&self, capacity: Capacity) -> Atom {
        Atom::from_index(capacity as usize)
    }

    /// The way of buying nodes that an atom of its axis is.
    #[must_use]
    pub fn capacity_of(&self, atom: Atom) -> Capacity {
        Capacity::ALL.get(atom.index()).copied().unwrap_or_default()
    }

    /// The flavor of an atom of the flavor axis.
    #[must_use]
    pub fn flavor_of(&self, atom: Atom) -> FlavorId {
        FlavorId::from_index(atom.index())
    }

    /// The options that cover what stands at an atom and are the narrowest for something present: for a place its
    /// location, where it has one, and its country; for hardware its own code, and those above it that are present; for
    /// what bears attributes all of them together, and each. Empty where nothing names it.
    pub(crate) fn named_at(&self, axis: Axis, atom: Atom, present: &BitSet<Atom>) -> Vec<Choice> {
        match axis {
            Axis::Location => {
                let location = self.location_of(atom).map(Choice::Location);
                location.into_iter().chain([Choice::Country(self.country_of(atom))]).collect()
            }
            Axis::Flavor => {
                let own = self.flavor_of(atom);
                let above = std::iter::successors(self.flavor_parent(own), |flavor| self.flavor_parent(*flavor));
                let above = above.filter(|flavor| present.contains(self.flavor_atom(*flavor)));
                std::iter::once(own).chain(above).map(Choice::Flavor).collect()
            }
            Axis::Provider => {
                let provider = self.provider_of(atom).and_then(|name| self.provider_id(name));
                provider.map(Choice::Provider).into_iter().collect()
            }
            Axis::Capacity => vec![Choice::Capacity(self.capacity_of(atom))],
            Axis::Attribute => {
                let own = self.attributes_of(atom);
                let each = self.each_attribute(own).filter(|one| *one != own);
                let all = std::iter::once(own).filter(|own| *own != AttributeSetId::default());
                all.chain(each).map(Choice::Bearing).collect()
            }
        }
    }
}

// Writing back.
impl Catalog {
    /// The alpha-2 code of a country, in lower case (C2).
    #[must_use]
    pub fn country_code(&self, country: CountryId) -> &'static str {
        entry(COUNTRIES, country.index()).alpha2
    }

    /// The alpha-3 code of a country, in lower case.
    #[must_use]
    pub fn alpha3(&self, country: CountryId) -> &'static str {
        entry(COUNTRIES, country.index()).alpha3
    }

    /// The English short name of a country.
    #[must_use]
    pub fn country_name(&self, country: CountryId) -> &'static str {
        entry(COUNTRIES, country.index()).name
    }

    /// The continent of a country (C3).
    #[must_use]
    pub fn continent_of(&self, country: CountryId) -> Continent {
        entry(COUNTRIES, country.index()).continent
    }

    /// The name of a group.
    #[must_use]
    pub fn group_name(&self, group: GroupId) -> &str {
        match GROUPS.get(group.index()) {
            Some(group) => group.name,
            None => &self.added_group(group).name,
        }
    }

    /// The countries of a group (C4), over all [`countries`](Self::countries).
    #[must_use]
    pub fn group_members(&self, group: GroupId) -> &BitSet<CountryId> {
        match BUILTIN.group_members.get(group.index()) {
            Some(members) => members,
            None => &self.added_group(group).members,
        }
    }

    /// What a built-in group is, as of when, by which source (C4); nothing for an added one.
    #[must_use]
    pub fn group_about(&self, group: GroupId) -> Option<&'static str> {
        GROUPS.get(group.index()).map(|group| group.about)
    }

    fn added_group(&self, group: GroupId) -> &additions::Group {
        entry(&self.added.groups, group.index().wrapping_sub(GROUPS.len()))
    }

    /// The name of a location, `provider/region` in lower case (C7).
    #[must_use]
    pub fn location_name(&self, location: LocationId) -> &str {
        match LOCATIONS.get(location.index()) {
            Some(row) => row.name,
            None => &self.added_location(location).name,
        }
    }

    /// The country of a location (C7).
    #[must_use]
    pub fn location_country(&self, location: LocationId) -> CountryId {
        match BUILTIN.location_countries.get(location.index()) {
            Some(&country) => country,
            None => self.added_location(location).country,
        }
    }

    fn added_location(&self, location: LocationId) -> &additions::Location {
        entry(&self.added.locations, location.index().wrapping_sub(LOCATIONS.len()))
    }

    /// The code of a flavor (C5).
    #[must_use]
    pub fn flavor_code(&self, flavor: FlavorId) -> &str {
        match FLAVORS.get(flavor.index()) {
            Some(flavor) => flavor.code,
            None => &self.added_flavor(flavor).code,
        }
    }

    /// The kind of a flavor (C5).
    #[must_use]
    pub fn flavor_kind(&self, flavor: FlavorId) -> FlavorKind {
        match FLAVORS.get(flavor.index()) {
            Some(flavor) => flavor.kind,
            None => self.added_flavor(flavor).kind,
        }
    }

    /// The node above a variant or form (C6); nothing for a family.
    #[must_use]
    pub fn flavor_parent(&self, flavor: FlavorId) -> Option<FlavorId> {
        match BUILTIN.parents.get(flavor.index()) {
            Some(&parent) => parent,
            None => self.added_flavor(flavor).parent,
        }
    }

    /// The family of a variant or form (C6); nothing for a family.
    #[must_use]
    pub fn flavor_family(&self, flavor: FlavorId) -> Option<FlavorId> {
        self.with_ancestors(flavor).skip(1).last()
    }

    /// The memory in bytes that one device of this flavor has at least: the least of what lies under it
    /// (C6). Nothing where that of some node is not known.
    #[must_use]
    pub fn flavor_memory(&self, flavor: FlavorId) -> Option<u64> {
        self.trees().memory.get(flavor.index()).copied().flatten()
    }

    /// The memory that is stated of a node itself.
    pub(super) fn stated_memory(&self, flavor: FlavorId) -> Option<u64> {
        match FLAVORS.get(flavor.index()) {
            Some(flavor) => (flavor.memory > 0).then_some(flavor.memory << 30),
            None => self.added_flavor(flavor).memory,
        }
    }

    /// The source for a built-in flavor, with its date; nothing for an added one.
    #[must_use]
    pub fn flavor_source(&self, flavor: FlavorId) -> Option<&'static str> {
        FLAVORS.get(flavor.index()).map(|flavor| flavor.source)
    }

    /// The vendor of a flavor in lower case, where it has one.
    #[must_use]
    pub fn flavor_vendor(&self, flavor: FlavorId) -> Option<&'static str> {
        FLAVORS.get(flavor.index()).map(|flavor| flavor.vendor).filter(|vendor| !vendor.is_empty())
    }

    /// What a flavor is called by its vendor; the code for an added one.
    #[must_use]
    pub fn flavor_display_name(&self, flavor: FlavorId) -> &str {
        match FLAVORS.get(flavor.index()) {
            Some(flavor) => flavor.name,
            None => &self.added_flavor(flavor).code,
        }
    }

    /// Other spellings of a flavor (C5). Those that differ from the code or from each other only in
    /// case, separators or the vendor's name, or that state a memory or a form of the tree, are not listed,
    /// but read all the same.
    pub fn flavor_aliases(&self, flavor: FlavorId) -> impl Iterator<Item = &str> {
        let (builtin, added) = match FLAVORS.get(flavor.index()) {
            Some(flavor) => (flavor.aliases, None),
            None => (&[] as &[&str], Some(self.added_flavor(flavor))),
        };
        let exact = flavors::EXACT.iter().filter(move |(_, code)| *code == self.flavor_code(flavor));
        let added = added.into_iter().flat_map(|flavor| flavor.aliases.iter().map(|alias| &**alias));
        let taught = self.added.aliases.iter().filter(move |(of, _)| *of == flavor).map(|(_, alias)| &**alias);
        builtin.iter().copied().chain(exact.map(|&(label, _)| label)).chain(added).chain(taught)
    }

    fn added_flavor(&self, flavor: FlavorId) -> &additions::Flavor {
        entry(&self.added.flavors, flavor.index().wrapping_sub(FLAVORS.len()))
    }

    /// The name of a workload type.
    #[must_use]
    pub fn resource_type_name(&self, resource_type: ResourceTypeId) -> &str {
        let index = resource_type.index();
        match RESOURCE_TYPES.get(index) {
            Some(name) => name,
            None => entry::<Box<str>>(&self.added.resource_types, index.wrapping_sub(RESOURCE_TYPES.len())),
        }
    }

    /// What is written as `type:` for a choice.
    #[must_use]
    pub fn choice_kind(&self, choice: Choice) -> ChoiceKind {
        match choice {
            Choice::Continent(_) => ChoiceKind::Continent,
            Choice::Country(_) => ChoiceKind::Country,
            Choice::Location(_) => ChoiceKind::Location,
            Choice::Group(_) => ChoiceKind::Group,
            Choice::AnyFlavor(kind) => kind.into(),
            Choice::Flavor(flavor) => self.flavor_kind(flavor).into(),
            Choice::Provider(_) => ChoiceKind::Provider,
            Choice::LawOf(_) | Choice::LawOfGroup(_) => ChoiceKind::Jurisdiction,
            Choice::Capacity(_) => ChoiceKind::Capacity,
            Choice::Bearing(_) => ChoiceKind::Attribute,
        }
    }

    /// What is written as `name:` for a choice: its code, never an alias (C2, C5).
    #[must_use]
    pub fn choice_name(&self, choice: Choice) -> &str {
        match choice {
            Choice::Continent(continent) => continent.code(),
            Choice::Country(country) => self.country_code(country),
            Choice::Location(location) => self.location_name(location),
            Choice::Group(group) => self.group_name(group),
            Choice::AnyFlavor(_) => reading::ANY,
            Choice::Flavor(flavor) => self.flavor_code(flavor),
            Choice::Provider(provider) => self.provider_name(provider),
            Choice::LawOf(country) => self.country_code(country),
            Choice::LawOfGroup(group) => self.group_name(group),
            Choice::Capacity(capacity) => capacity.as_str(),
            Choice::Bearing(set) => self.attribute_set_name(set),
        }
    }
}

// Listings: what is built in sorted by name, then what was added, in the order of adding.
impl Catalog {
    /// Every country, by alpha-2 code.
    pub fn countries(&self) -> impl ExactSizeIterator<Item = CountryId> + use<> {
        (0..COUNTRIES.len()).map(CountryId::from_index)
    }

    /// Every group.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = GroupId> + use<> {
        (0..GROUPS.len() + self.added.groups.len()).map(GroupId::from_index)
    }

    /// Every known location.
    pub fn locations(&self) -> impl ExactSizeIterator<Item = LocationId> + use<> {
        (0..self.location_count()).map(LocationId::from_index)
    }

    /// Every flavor, processors first.
    pub fn flavors(&self) -> impl ExactSizeIterator<Item = FlavorId> + use<> {
        (0..self.flavor_universe()).map(FlavorId::from_index)
    }

    /// Every node of an axis that has a name of its own, in no particular order.
    #[must_use]
    pub fn choices_on(&self, axis: Axis) -> Vec<Choice> {
        match axis {
            Axis::Location => (Continent::ALL.into_iter().map(Choice::Continent))
                .chain(self.countries().map(Choice::Country))
                .chain(self.locations().map(Choice::Location))
                .chain(self.groups().map(Choice::Group))
                .collect(),
            Axis::Flavor => self.flavors().map(Choice::Flavor).collect(),
            Axis::Provider => (self.provider_ids().map(Choice::Provider))
                .chain(self.countries().map(Choice::LawOf))
                .chain(self.groups().map(Choice::LawOfGroup))
                .collect(),
            Axis::Capacity => Capacity::ALL.map(Choice::Capacity).into(),
            Axis::Attribute => self.single_attributes().map(Choice::Bearing).collect(),
        }
    }

    /// Every workload type.
    pub fn resource_types(&self) -> impl DoubleEndedIterator<Item = ResourceTypeId> + '_ {
        let ids = (0..RESOURCE_TYPES.len() + self.added.resource_types.len()).map(ResourceTypeId::from_index);
        ids.filter(|&id| !self.resource_type_name(id).is_empty())
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog")
            .field("groups", &self.groups().len())
            .field("locations", &self.location_count())
            .field("flavors", &self.flavor_universe())
            .finish_non_exhaustive()
    }
}

impl Builtin {
    fn read() -> Self {
        let country = |code: &str| reading::alpha2(code).into_iter();
        let location_countries = LOCATIONS.iter().flat_map(|row| country(row.country)).collect();
        let named =
            PROVIDERS.iter().flat_map(|row| row.aliases.iter().chain([&row.name]).map(|&name| (name, row.name)));
        let members = |group: &groups::Group| {
            let codes = group.members.iter().copied().flatten();
            BitSet::from_ids(COUNTRIES.len(), codes.flat_map(|code| country(code)))
        };
        let parent = |flavor: &flavors::Flavor| {
            let same = |other: &flavors::Flavor| other.kind == flavor.kind && other.code == flavor.parent;
            FLAVORS.iter().position(same).map(FlavorId::from_index)
        };
        let codes = |kind| {
            let of_kind = FLAVORS.iter().enumerate().filter(move |(_, flavor)| flavor.kind == kind);
            of_kind.map(|(index, flavor)| (flavor.code, FlavorId::from_index(index))).collect()
        };
        let keys = |kind| {
            let of_kind = FLAVORS.iter().enumerate().filter(move |(_, flavor)| flavor.kind == kind);
            let spelt = of_kind.flat_map(|(index, flavor)| {
                let spellings = flavor.aliases.iter().chain([&flavor.code]).filter_map(|text| Spelling::read(text));
                spellings.map(move |spelling| (spelling.key(), FlavorId::from_index(index)))
            });
            spelt.collect()
        };
        Self {
            location_countries,
            providers: named.collect(),
            group_members: GROUPS.iter().map(members).collect(),
            parents: FLAVORS.iter().map(parent).collect(),
            cpu_codes: codes(FlavorKind::Cpu),
            gpu_codes: codes(FlavorKind::Gpu),
            cpu_keys: keys(FlavorKind::Cpu),
            gpu_keys: keys(FlavorKind::Gpu),
        }
    }

    fn codes(&self, kind: FlavorKind) -> &HashMap<&'static str, FlavorId> {
        match kind {
            FlavorKind::Cpu => &self.cpu_codes,
            FlavorKind::Gpu => &self.gpu_codes,
        }
    }

    fn keys(&self, kind: FlavorKind) -> &HashMap<String, FlavorId> {
        match kind {
            FlavorKind::Cpu => &self.cpu_keys,
            FlavorKind::Gpu => &self.gpu_keys,
        }
    }
}

/// The atom of a location: after the rests of all countries.
fn atom_of(location: LocationId) -> Atom {
    Atom::from_index(COUNTRIES.len() + location.index())
}

/// The entry that an id stands for.
#[expect(clippy::indexing_slicing, reason = "invariant `ids-are-ours`")]
fn entry<T>(table: &[T], index: usize) -> &T {
    &table[index]
}
