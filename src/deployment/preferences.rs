//! Which of the candidates a deployment prefers (D5).

use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::mix::Mix;
use crate::document::{Fields, Rule, document, words};
use crate::id::{CountryId, LocationId, Name};
use crate::origin::ProblemCode;
use crate::quantity::Coordinates;

/// What decides between candidates. Never between what is allowed and what is not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preferences {
    /// Compared in this order; ties are broken as if nothing were preferred.
    pub prefer: Vec<Preference>,
    /// How replicas spread over domains.
    pub spread: Option<Spread>,
    /// The kind of domain of which one holds all replicas.
    pub together: Option<Together>,
}

impl Preferences {
    /// Whether only single candidates are ranked, and nothing is asked of all replicas taken together.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.spread.is_none() && self.together.is_none()
    }

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
    ///
    /// ```
    /// use siting::deployment::{Domain, Spread};
    ///
    /// let spread = Spread::new(Domain::Zone).within(1).over(3);
    /// assert_eq!(spread.min_domains.map(|least| least.get()), Some(3));
    /// ```
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Spread "spread" {
        /// The domains to spread over.
        by: Domain,
        /// The most by which two domains that have a candidate may differ, in replicas.
        max_skew: Option<NonZeroU32>,
        /// The fewest domains that hold a replica, as far as there are replicas; needs `maxSkew`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min_domains: Option<NonZeroU32>,
    }
    check has_a_skew(max_skew, min_domains);
    rule Rule::Needs("minDomains", "maxSkew");
}

fn has_a_skew(max_skew: &Option<NonZeroU32>, min_domains: &Option<NonZeroU32>, spread: &Fields<'_>) -> Option<()> {
    if min_domains.is_none() || max_skew.is_some() {
        return Some(());
    }
    let help = "add `maxSkew: 1`, or leave `minDomains` out";
    spread.refuse("minDomains", ProblemCode::MissingField, "`minDomains` needs `maxSkew`", help)
}

impl Spread {
    /// Over domains of a kind, as a preference.
    #[must_use]
    pub const fn new(by: Domain) -> Self {
        Self { by, max_skew: None, min_domains: None }
    }

    /// As a constraint: no two domains that have a candidate differ by more replicas than this. 0 is no constraint.
    #[must_use]
    pub const fn within(self, max_skew: u32) -> Self {
        Self { max_skew: NonZeroU32::new(max_skew), ..self }
    }

    /// With so many domains that hold a replica, where there are as many replicas.
    #[must_use]
    pub const fn over(self, min_domains: u32) -> Self {
        Self { min_domains: NonZeroU32::new(min_domains), ..self }
    }
}

document! {
    /// That all replicas stand in one domain.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Together "together" {
        /// The kind of domain.
        by: Domain,
    }
}

impl Together {
    /// In one domain of a kind.
    #[must_use]
    pub const fn new(by: Domain) -> Self {
        Self { by }
    }
}

words! {
    /// What replicas are spread over, or stand together in.
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
