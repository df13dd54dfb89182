//! What a workspace or a cluster adds to the built-in tables (C4, C5, C7).

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::choice::FlavorKind;
use super::reading::KnownNames;
use super::trees::Trees;
use crate::bitset::BitSet;
use crate::id::{CountryId, FlavorId, GroupId, InvalidName, LocationId, ResourceTypeId};

/// Everything added; append-only.
#[derive(Clone, Default)]
pub(super) struct Additions {
    pub(super) locations: Vec<Location>,
    pub(super) location_ids: HashMap<Arc<str>, LocationId>,
    pub(super) providers: Vec<Provider>,
    /// By every name of each.
    pub(super) provider_names: HashMap<Arc<str>, Arc<str>>,
    pub(super) groups: Vec<Group>,
    pub(super) flavors: Vec<Flavor>,
    /// Further names of known flavors.
    pub(super) aliases: Vec<(FlavorId, Box<str>)>,
    /// By kind and spelling, reduced.
    pub(super) cpu_keys: HashMap<String, FlavorId>,
    pub(super) gpu_keys: HashMap<String, FlavorId>,
    pub(super) resource_types: Vec<Box<str>>,
    /// Of the catalog as it is; forgotten with every addition.
    pub(super) trees: OnceLock<Arc<Trees>>,
    /// As the trees.
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
    #[error("a location is named `provider/region`, in printable characters without outer spaces")]
    Malformed,
    /// It is known, in another country.
    #[error("the location is known to be in another country")]
    Disagrees {
        /// The country it is known to be in.
        known: CountryId,
    },
    /// It is the name of a zone, which is a part of a location.
    #[error("the name is that of a zone, which is a part of a location and none of its own")]
    Zone {
        /// The location.
        of: LocationId,
    },
    /// It is known, under another region or none.
    #[error("the location is known and does not hang under that region")]
    HangsElsewhere,
}

/// Why a provider cannot be added (C7, P15).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddProviderError {
    /// It cannot be the name of a provider.
    #[error("`{text}` cannot name a provider: it has printable characters without outer spaces and no `/`")]
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
    /// A group of this name is there already.
    #[error("a group of this name is already known")]
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
    /// What was given as the node above is of the other kind, or a form, under which nothing stands.
    #[error("a flavor stands under a family or variant of its own kind")]
    NotAParent(FlavorId),
}

/// Why a resource type cannot be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddResourceTypeError {
    /// It cannot be a name.
    #[error(transparent)]
    Malformed(#[from] InvalidName),
    /// It is there already.
    #[error("the resource type is already known")]
    Known(ResourceTypeId),
    /// It differs from a built-in one only in case or width.
    #[error("it differs from a built-in resource type only in case or width")]
    LooksLike(ResourceTypeId),
}
