//! Which of the candidates a deployment prefers (D5).

use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::mix::Mix;
use crate::document::{document, words};
use crate::id::{CountryId, LocationId, Name};
use crate::quantity::Coordinates;

/// What decides between candidates. Never between what is allowed and what is not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preferences {
    /// Compared in this order; ties are broken as if nothing were preferred.
    pub prefer: Vec<Preference>,
    /// How replicas spread over domains.
    pub spread: Option<Spread>,
}

impl Preferences {
    /// Whether some demands are expected, and the preference for packing leaves room for them.
    #[must_use]
    pub fn packs_for_a_mix(&self) -> bool {
        self.prefer.iter().any(|preference| matches!(preference, Preference::Packing(Some(_))))
    }
}

/// One thing to prefer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Preference {
    /// The lowest price of a replica, the unknown last.
    Price,
    /// The least left on the node, or, with an expected mix of demands, the least GPU capacity stranded for
    /// them.
    Packing(Option<Arc<Mix>>),
    /// The nearest.
    Near(Near),
    /// The highest weight of the entries that match.
    Favourites(Vec<Favourite>),
}

/// The country or point to be near.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Near {
    /// In the country, else on its continent, else anywhere.
    Country(CountryId),
    /// By whole kilometres along the great circle; clusters without coordinates come last.
    Coordinates(Coordinates),
}

/// A place that is preferred by some weight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Favourite {
    /// The place.
    pub site: Site,
    /// How strongly it is preferred; 0 is the same as not listed.
    pub weight: u32,
}

/// A place that can be a favourite.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Site {
    /// A cluster.
    Cluster(Name),
    /// A known location.
    Location(LocationId),
    /// All that a provider runs.
    Provider(Name),
}

document! {
    /// How replicas spread: as a constraint with `maxSkew`, as a preference without.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Spread "spread" {
        /// The domains to spread over.
        by: Domain,
        /// The most by which two domains that have a candidate may differ, in replicas.
        max_skew: Option<NonZeroU32>,
    }
}

words! {
    /// What replicas are spread over.
    pub enum Domain {
        /// Clusters.
        Cluster = "cluster",
        /// Locations; clusters of a country that state none count together.
        Location = "location",
        /// Zones, which are parts of locations. A cluster of none takes no replica where `maxSkew` is stated.
        Zone = "zone",
        /// Countries.
        Country = "country",
        /// Continents.
        Continent = "continent",
        /// Providers.
        Provider = "provider",
    }
}
