//! The places and hardware that a drawn world uses: a few of each, so that policies, demands and
//! clusters meet often enough for every answer to occur.

use super::choices::{Choices, Draw};
use super::values::words;
use crate::catalog::{Axis, Capacity, Catalog, Choice, ChoiceKind, FlavorKind};
use crate::id::{CountryId, FlavorId, LocationId};
use crate::inventory::Fleet;
use crate::manifest::spec::ChoiceSpec;

/// The shape of a fleet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FleetShape {
    /// The regions of one of the large clouds.
    OneCloud,
    /// Regions of several clouds, each known to the catalog.
    ManyClouds,
    /// Many small sites in places of their own, some of them down.
    Edge,
    /// A few machines of one's own in one country, without prices; nothing is unlimited.
    AirGapped,
}

words! { FleetShape: ManyClouds OneCloud Edge AirGapped; }

/// GPUs that fleets have and models ask for, families and variants among them.
const GPUS: [&str; 9] = ["t4", "l4", "a100", "a100-80gb", "h100", "a100-40gb", "v100-16gb", "h100-80gb", "v100"];

/// The places and hardware that a world uses.
#[derive(Clone, Debug)]
pub(super) struct Selection<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) shape: FleetShape,
    pub(super) countries: Vec<CountryId>,
    /// Known locations in those countries.
    pub(super) locations: Vec<LocationId>,
    pub(super) cpus: Vec<FlavorId>,
    pub(super) gpus: Vec<FlavorId>,
}

impl<'c> Selection<'c> {
    pub(super) fn draw(choices: &mut Choices<'_>, catalog: &'c Catalog, shape: FleetShape) -> Self {
        let (countries, locations) = match shape {
            FleetShape::OneCloud | FleetShape::ManyClouds => {
                let one = (shape == FleetShape::OneCloud)
                    .then(|| choices.one_of("aws", ["azure", "gcp", "oci", "alicloud", "ibm"]));
                let provider = |at: LocationId| catalog.location_name(at).split_once('/').map(|(provider, _)| provider);
                let known = catalog.locations().filter(|&at| one.is_none() || provider(at) == one);
                let known: Vec<_> = known.collect();
                let favoured: Vec<_> =
                    choices.several(1, 5, |choices| choices.pick(&known).copied()).into_iter().flatten().collect();
                (favoured.iter().map(|&location| catalog.location_country(location)).collect(), favoured)
            }
            FleetShape::Edge => (countries(choices, catalog, 4), Vec::new()),
            FleetShape::AirGapped => (countries(choices, catalog, 1), Vec::new()),
        };
        let x86 = catalog.flavor(FlavorKind::Cpu, "x86");
        let arm = if choices.chance(30) { catalog.flavor(FlavorKind::Cpu, "arm") } else { None };
        let known: Vec<_> = GPUS.iter().filter_map(|code| catalog.flavor(FlavorKind::Gpu, code)).collect();
        let gpus = choices.several(1, 3, |choices| match choices.chance(10) {
            true => choices.pick(&gpus_of(catalog)).copied(),
            false => choices.pick(&known).copied(),
        });
        let gpus = gpus.into_iter().flatten().collect();
        Self { catalog, shape, countries, locations, cpus: x86.into_iter().chain(arm).collect(), gpus }
    }

    /// What a fleet has: its places and the hardware of its pools. Of an empty one, anything.
    pub(super) fn of_fleet(choices: &mut Choices<'_>, catalog: &'c Catalog, fleet: &Fleet) -> Self {
        let shape = FleetShape::draw(choices);
        if fleet.clusters().is_empty() {
            return Self::draw(choices, catalog, shape);
        }
        let (clusters, pools) = (fleet.clusters(), fleet.pools());
        Self {
            catalog,
            shape,
            countries: clusters.iter().map(|cluster| cluster.country).collect(),
            locations: clusters.iter().filter_map(|cluster| cluster.location).collect(),
            cpus: pools.iter().filter_map(|pool| pool.def.cpu_flavor).collect(),
            gpus: pools.iter().filter_map(|pool| pool.def.gpu_flavor).collect(),
        }
    }

    /// A country, mostly one of those favoured.
    pub(super) fn country(&self, choices: &mut Choices<'_>) -> Option<CountryId> {
        if choices.chance(15) {
            let all: Vec<_> = self.catalog.countries().collect();
            choices.pick(&all).copied()
        } else {
            choices.pick(&self.countries).copied()
        }
    }

    /// A flavor of a kind, mostly one of those favoured.
    pub(super) fn flavor(&self, choices: &mut Choices<'_>, kind: FlavorKind) -> Option<FlavorId> {
        let favoured = if kind == FlavorKind::Cpu { &self.cpus } else { &self.gpus };
        if choices.chance(10) {
            let all: Vec<_> =
                self.catalog.flavors().filter(|&flavor| self.catalog.flavor_kind(flavor) == kind).collect();
            choices.pick(&all).copied()
        } else {
            choices.pick(favoured).copied()
        }
    }

    /// A flavor's code.
    pub(super) fn code(&self, choices: &mut Choices<'_>, kind: FlavorKind) -> Option<String> {
        self.flavor(choices, kind).map(|flavor| self.catalog.flavor_code(flavor).to_owned())
    }

    /// An option of an axis.
    pub(super) fn option(&self, choices: &mut Choices<'_>, axis: Axis) -> Option<ChoiceSpec> {
        match axis {
            Axis::Location => self.place(choices),
            Axis::Flavor => self.hardware(choices),
            Axis::Provider => self.provider(choices),
            Axis::Capacity => Some(self.spec(Choice::Capacity(Capacity::draw(choices)))),
            Axis::Attribute => {
                let declared: Vec<_> = self.catalog.attributes().collect();
                let one = choices.pick(&declared).copied();
                one.map(|name| ChoiceSpec { kind: ChoiceKind::Attribute, name: name.to_owned() })
            }
        }
    }

    /// An option of a place: a country, or something that holds or is in one.
    pub(super) fn place(&self, choices: &mut Choices<'_>) -> Option<ChoiceSpec> {
        let country = self.country(choices)?;
        let choice = match choices.below(5) {
            0 => Choice::Country(country),
            1 => Choice::Continent(self.catalog.continent_of(country)),
            2 => {
                let holds = |group: &_| self.catalog.group_members(*group).contains(country);
                let groups: Vec<_> = self.catalog.groups().filter(holds).collect();
                choices.pick(&groups).map_or(Choice::Country(country), |&group| Choice::Group(group))
            }
            3 => {
                let inside = |location: &_| self.catalog.location_country(*location) == country;
                let locations: Vec<_> = self.catalog.locations().filter(inside).collect();
                choices.pick(&locations).map_or(Choice::Country(country), |&location| Choice::Location(location))
            }
            _ => choices.pick(&self.locations).map_or(Choice::Country(country), |&location| Choice::Location(location)),
        };
        Some(self.spec(choice))
    }

    /// An option of a provider: one of those of the places, or the law that it answers to.
    fn provider(&self, choices: &mut Choices<'_>) -> Option<ChoiceSpec> {
        let here: Vec<_> = self
            .locations
            .iter()
            .filter_map(|&at| self.catalog.provider_id(self.catalog.location_provider(at)))
            .collect();
        let all: Vec<_> = self.catalog.provider_ids().collect();
        let provider = *choices.pick(if here.is_empty() { &all } else { &here })?;
        let law = self.catalog.jurisdiction(self.catalog.provider_name(provider));
        Some(self.spec(match (choices.below(3), law, self.catalog.group("eu27")) {
            (1, Some(country), _) => Choice::LawOf(country),
            (2, _, Some(union)) => Choice::LawOfGroup(union),
            _ => Choice::Provider(provider),
        }))
    }

    /// An option of hardware: a code, its family, or the whole kind.
    pub(super) fn hardware(&self, choices: &mut Choices<'_>) -> Option<ChoiceSpec> {
        let kind = choices.one_of(FlavorKind::Gpu, [FlavorKind::Cpu]);
        let flavor = self.flavor(choices, kind)?;
        let family = self.catalog.flavor_family(flavor);
        let mut spec = self.spec(Choice::Flavor(match choices.below(4) {
            1 => family.unwrap_or(flavor),
            _ => flavor,
        }));
        if choices.chance(10) {
            "any".clone_into(&mut spec.name);
        }
        Some(spec)
    }

    fn spec(&self, choice: Choice) -> ChoiceSpec {
        ChoiceSpec { kind: self.catalog.choice_kind(choice), name: self.catalog.choice_name(choice).to_owned() }
    }
}

fn countries(choices: &mut Choices<'_>, catalog: &Catalog, most: u32) -> Vec<CountryId> {
    const USUAL: [&str; 12] = ["us", "fr", "de", "no", "in", "jp", "br", "ca", "za", "na", "sa", "as"];
    let usual: Vec<_> = USUAL.iter().filter_map(|code| catalog.country(code)).collect();
    choices.several(1, most, |choices| choices.pick(&usual).copied()).into_iter().flatten().collect()
}

fn gpus_of(catalog: &Catalog) -> Vec<FlavorId> {
    catalog.flavors().filter(|&flavor| catalog.flavor_kind(flavor) == FlavorKind::Gpu).collect()
}

impl Draw for ChoiceSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let catalog = Catalog::builtin();
        let selection = Selection::draw(choices, &catalog, FleetShape::ManyClouds);
        let axis = Axis::draw(choices);
        let drawn = selection.option(choices, axis);
        drawn.unwrap_or(Self { kind: ChoiceKind::Country, name: "us".to_owned() })
    }
}
