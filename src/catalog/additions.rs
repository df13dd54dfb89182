//! What a workspace or a cluster adds to the built-in tables (C4, C5, C7).

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::attributes::AttributeSet;
use super::choice::FlavorKind;
use super::reading::KnownNames;
use super::trees::Trees;
use crate::bitset::BitSet;
use crate::id::{CountryId, FlavorId, GroupId, InvalidName, LocationId, ProviderId, ResourceTypeId};

/// Everything added; append-only.
#[derive(Clone, Default)]
pub(super) struct Additions {
    pub(super) locations: Vec<Location>,
    pub(super) location_ids: HashMap<Arc<str>, LocationId>,
    pub(super) providers: Vec<Provider>,
    /// Jurisdictions that are declared of providers of which none was known.
    pub(super) laws: HashMap<ProviderId, CountryId>,
    /// By every name of each.
    pub(super) provider_names: HashMap<Arc<str>, ProviderId>,
    pub(super) groups: Vec<Group>,
    pub(super) flavors: Vec<Flavor>,
    /// Further names of known flavors.
    pub(super) aliases: Vec<(FlavorId, Box<str>)>,
    /// By kind and spelling, reduced.
    pub(super) cpu_keys: HashMap<String, FlavorId>,
    pub(super) gpu_keys: HashMap<String, FlavorId>,
    pub(super) resource_types: Vec<Box<str>>,
    /// By number, from 0.
    pub(super) attributes: Vec<Box<str>>,
    /// By id, from 1: that of none is 0.
    pub(super) attribute_sets: Vec<AttributeSet>,
    /// The places of the sets in that list, by their members.
    pub(super) attribute_set_places: HashMap<u64, usize>,
    /// Derived from the catalog as it is; cleared by every addition.
    pub(super) trees: OnceLock<Arc<Trees>>,
    /// Cached like the trees.
    pub(super) names: OnceLock<Arc<KnownNames>>,
}

#[derive(Clone)]
pub(super) struct Location {
    pub(super) name: Arc<str>,
    pub(super) country: CountryId,
    pub(super) parent: Option<LocationId>,
}

#[derive(Clone)]
pub(super) struct Provider {
    pub(super) name: Arc<str>,
    pub(super) aliases: Vec<Arc<str>>,
    pub(super) jurisdiction: Option<CountryId>,
}

#[derive(Clone)]
pub(super) struct Group {
    pub(super) name: Box<str>,
    pub(super) members: BitSet<CountryId>,
}

#[derive(Clone)]
pub(super) struct Flavor {
    pub(super) kind: FlavorKind,
    pub(super) code: Box<str>,
    pub(super) parent: Option<FlavorId>,
    pub(super) aliases: Vec<Box<str>>,
    pub(super) memory: Option<u64>,
}

impl Additions {
    pub(super) fn keys(&self, kind: FlavorKind) -> &HashMap<String, FlavorId> {
        match kind {
            FlavorKind::Cpu => &self.cpu_keys,
            FlavorKind::Gpu => &self.gpu_keys,
        }
    }

    pub(super) fn keys_mut(&mut self, kind: FlavorKind) -> &mut HashMap<String, FlavorId> {
        match kind {
            FlavorKind::Cpu => &mut self.cpu_keys,
            FlavorKind::Gpu => &mut self.gpu_keys,
        }
    }
}

/// Why a location cannot be added (C7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddLocationError {
    /// It is not `provider/region`.
    #[error("a location's name must be `provider/region`, in printable characters without leading or trailing spaces")]
    Malformed,
    /// It is known, in another country.
    #[error("the location is known to be in another country")]
    Disagrees {
        /// The country it is known to be in.
        known: CountryId,
    },
    /// It is the name of a zone, which is a part of a location.
    #[error("this is the name of a zone, which is part of a location and not a location itself")]
    Zone {
        /// The location.
        of: LocationId,
    },
    /// It is known, with another parent region or none.
    #[error("the location is known, but that region is not its parent")]
    HangsElsewhere,
}

/// Why a provider cannot be added (C7, P15).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddProviderError {
    /// It cannot be the name of a provider.
    #[error(
        "`{text}` cannot name a provider: a name has printable characters, no `/`, and no leading or trailing spaces"
    )]
    Malformed {
        /// The name or alias.
        text: String,
    },
    /// A provider is known by it already.
    #[error("a provider is already known as `{text}`")]
    Known {
        /// The name or alias.
        text: String,
    },
}

/// Why a group cannot be added (C4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddGroupError {
    /// It cannot be a name.
    #[error(transparent)]
    Malformed(#[from] InvalidName),
    /// A group of this name already exists.
    #[error("a group of this name already exists")]
    Known(GroupId),
}

/// Why a flavor cannot be added (C5, C6).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddFlavorError {
    /// The code or an alias cannot be a name, or is `any`.
    #[error("`{text}` cannot name a flavor")]
    Malformed {
        /// The code or alias.
        text: String,
    },
    /// The code or an alias is already read as another flavor.
    #[error("`{text}` already means another flavor")]
    Known {
        /// The code or alias.
        text: String,
        /// What it means.
        by: FlavorId,
    },
    /// The given parent is of the other kind, or is a form, which cannot be a parent.
    #[error("a flavor's parent must be a family or variant of its own kind")]
    NotAParent(FlavorId),
}

/// Why a resource type cannot be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddResourceTypeError {
    /// It cannot be a name.
    #[error(transparent)]
    Malformed(#[from] InvalidName),
    /// It already exists.
    #[error("the resource type already exists")]
    Known(ResourceTypeId),
    /// It differs from a built-in one only in case or width.
    #[error("it differs from a built-in resource type only in case or width")]
    LooksLike(ResourceTypeId),
}
