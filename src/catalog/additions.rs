//! What a workspace or a cluster adds to the built-in tables (C4, C5, C7).

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::choice::FlavorKind;
use super::trees::Trees;
use crate::bitset::BitSet;
use crate::id::{CountryId, FlavorId, GroupId, InvalidName, LocationId, ResourceTypeId};

/// Everything added; append-only.
#[derive(Clone, Default)]
pub(super) struct Additions {
    pub(super) locations: Vec<Location>,
    pub(super) location_ids: HashMap<Arc<str>, LocationId>,
    pub(super) groups: Vec<Group>,
    pub(super) flavors: Vec<Flavor>,
    /// By kind and spelling, reduced.
    pub(super) cpu_keys: HashMap<String, FlavorId>,
    pub(super) gpu_keys: HashMap<String, FlavorId>,
    pub(super) resource_types: Vec<Box<str>>,
    /// Of the catalog as it is; forgotten with every addition.
    pub(super) trees: OnceLock<Arc<Trees>>,
}

#[derive(Clone)]
pub(super) struct Location {
    pub(super) name: Arc<str>,
    pub(super) country: CountryId,
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
    pub(super) family: Option<FlavorId>,
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
    /// What was given as family is none, or of the other kind.
    #[error("a variant's family is one of the families of its kind")]
    NotAFamily(FlavorId),
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
}
