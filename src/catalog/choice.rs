//! What a policy's entry names: a node of one of the trees (C1, C5, C6).

use std::fmt;

use super::axis::Axis;
use crate::document::{reads_words, words};
use crate::id::{AttributeSetId, CountryId, FlavorId, GroupId, LocationId, ProviderId};

/// One of the seven continents (C2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Continent {
    /// Africa.
    Af,
    /// Antarctica.
    An,
    /// Asia.
    As,
    /// Europe, which is not the European Union (C4).
    Eu,
    /// North America: M49's Americas without South America (C3).
    Na,
    /// Oceania.
    Oc,
    /// South America: M49's region 005 (C3).
    Sa,
}

impl Continent {
    /// Every continent, by code.
    pub const ALL: [Self; 7] = [Self::Af, Self::An, Self::As, Self::Eu, Self::Na, Self::Oc, Self::Sa];

    /// The code, in lower case.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Af => "af",
            Self::An => "an",
            Self::As => "as",
            Self::Eu => "eu",
            Self::Na => "na",
            Self::Oc => "oc",
            Self::Sa => "sa",
        }
    }

    /// The name in English.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Af => "Africa",
            Self::An => "Antarctica",
            Self::As => "Asia",
            Self::Eu => "Europe",
            Self::Na => "North America",
            Self::Oc => "Oceania",
            Self::Sa => "South America",
        }
    }

    /// The continent of a code, read without regard to case (C2).
    ///
    /// ```
    /// # use siting::catalog::Continent;
    /// assert_eq!(Continent::from_code("EU"), Some(Continent::Eu));
    /// assert_eq!(Continent::from_code("de"), None);
    /// ```
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|continent| continent.code().eq_ignore_ascii_case(code))
    }

    /// Its place in [`ALL`](Self::ALL).
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Continent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The kind of a flavor (C5). Accelerators that are not GPUs also count as `gpu`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FlavorKind {
    /// Processors.
    Cpu,
    /// GPUs and other accelerators.
    Gpu,
}

impl FlavorKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Cpu, Self::Gpu];

    /// The kind as manifests write it: `cpu` or `gpu`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

reads_words!(FlavorKind);

impl fmt::Display for FlavorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

words! {
    /// How the nodes of a pool are bought (P15).
    #[derive(PartialOrd, Ord, Default)]
    pub enum Capacity {
        /// At any time, for as long as they are wanted.
        #[default]
        OnDemand = "on-demand",
        /// Cheaper, and taken back at any time.
        Spot = "spot",
        /// Paid for ahead, whether they are used or not.
        Reserved = "reserved",
    }
}

/// A node of one of the trees: what an entry of a policy allows or takes out (C1, C6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Choice {
    /// All countries of a continent.
    Continent(Continent),
    /// A country, with all its locations.
    Country(CountryId),
    /// One known location.
    Location(LocationId),
    /// All countries of a group.
    Group(GroupId),
    /// All flavors of a kind, written `any`.
    AnyFlavor(FlavorKind),
    /// A flavor; if it is a family, with its variants.
    Flavor(FlavorId),
    /// A provider.
    Provider(ProviderId),
    /// The providers whose owners answer to the law of a country (P15).
    LawOf(CountryId),
    /// The providers whose owners answer to the law of a country of a group (P15).
    LawOfGroup(GroupId),
    /// Nodes that are bought in one way.
    Capacity(Capacity),
    /// What bears all attributes of a set.
    Bearing(AttributeSetId),
}

impl Choice {
    /// The axis on which it lies.
    #[must_use]
    pub fn axis(self) -> Axis {
        match self {
            Self::Continent(_) | Self::Country(_) | Self::Location(_) | Self::Group(_) => Axis::Location,
            Self::AnyFlavor(_) | Self::Flavor(_) => Axis::Flavor,
            Self::Provider(_) | Self::LawOf(_) | Self::LawOfGroup(_) => Axis::Provider,
            Self::Capacity(_) => Axis::Capacity,
            Self::Bearing(_) => Axis::Attribute,
        }
    }
}

/// The value of `type:` in a policy's entry (C1, C5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChoiceKind {
    /// `continent`
    Continent,
    /// `country`
    Country,
    /// `location`
    Location,
    /// `group`
    Group,
    /// `cpu`
    Cpu,
    /// `gpu`
    Gpu,
    /// `provider`
    Provider,
    /// `jurisdiction`: a country or group whose law owners of providers answer to.
    Jurisdiction,
    /// `capacity`
    Capacity,
    /// `attribute`: a name, or several with `+` between them, which manifests write as `allOf`.
    Attribute,
}

impl ChoiceKind {
    /// Every kind, axis by axis.
    pub const ALL: [Self; 10] = [
        Self::Continent,
        Self::Country,
        Self::Location,
        Self::Group,
        Self::Cpu,
        Self::Gpu,
        Self::Provider,
        Self::Jurisdiction,
        Self::Capacity,
        Self::Attribute,
    ];

    /// The kind as manifests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Continent => "continent",
            Self::Country => "country",
            Self::Location => "location",
            Self::Group => "group",
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Provider => "provider",
            Self::Jurisdiction => "jurisdiction",
            Self::Capacity => "capacity",
            Self::Attribute => "attribute",
        }
    }

    /// The kind that is written as `text`.
    ///
    /// ```
    /// # use siting::catalog::ChoiceKind;
    /// assert_eq!(ChoiceKind::parse("group"), Some(ChoiceKind::Group));
    /// assert_eq!(ChoiceKind::parse("region"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The axis on which choices of this kind lie.
    #[must_use]
    pub fn axis(self) -> Axis {
        match self {
            Self::Continent | Self::Country | Self::Location | Self::Group => Axis::Location,
            Self::Cpu | Self::Gpu => Axis::Flavor,
            Self::Provider | Self::Jurisdiction => Axis::Provider,
            Self::Capacity => Axis::Capacity,
            Self::Attribute => Axis::Attribute,
        }
    }

    /// The kind of flavor, for `cpu` and `gpu`.
    #[must_use]
    pub fn flavor_kind(self) -> Option<FlavorKind> {
        match self {
            Self::Cpu => Some(FlavorKind::Cpu),
            Self::Gpu => Some(FlavorKind::Gpu),
            Self::Continent
            | Self::Country
            | Self::Location
            | Self::Group
            | Self::Provider
            | Self::Jurisdiction
            | Self::Capacity
            | Self::Attribute => None,
        }
    }
}

impl From<FlavorKind> for ChoiceKind {
    fn from(kind: FlavorKind) -> Self {
        match kind {
            FlavorKind::Cpu => Self::Cpu,
            FlavorKind::Gpu => Self::Gpu,
        }
    }
}

impl fmt::Display for ChoiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
