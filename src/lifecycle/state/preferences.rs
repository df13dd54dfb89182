//! Which places a deployment would rather have, by name (D5).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::deployment::{Spread, Together};

/// Which places a deployment would rather have, and how its replicas spread.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preferred {
    /// Compared in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefer: Vec<Preferring>,
    /// How replicas spread over domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
    /// The kind of domain of which one holds all replicas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
}

/// One thing to prefer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Preferring {
    /// The lowest price.
    Price,
    /// The least left on the node.
    Packing,
    /// Near to a country.
    NearCountry(String),
    /// Near to a point: latitude and longitude in millionths of a degree.
    NearPoint(i32, i32),
    /// The highest weight.
    Favourites(Vec<Favoured>),
}

/// A favourite place and its weight.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Favoured {
    /// A cluster.
    Cluster(String, u32),
    /// A known location.
    Location(String, u32),
    /// All that a provider runs.
    Provider(String, u32),
}

impl fmt::Display for Preferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<_> = self.prefer.iter().map(ToString::to_string).collect();
        words.extend(self.spread.map(|spread| match spread.max_skew {
            Some(skew) => {
                let over = spread.min_domains.map(|least| format!(" over {least} or more")).unwrap_or_default();
                format!("spread by {}{over} with a skew of {skew} at most", spread.by.as_str())
            }
            None => format!("spread by {}", spread.by.as_str()),
        }));
        words.extend(self.together.map(|together| format!("together by {}", together.by.as_str())));
        f.write_str(&words.join(", "))
    }
}

impl fmt::Display for Preferring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Price => f.write_str("price"),
            Self::Packing => f.write_str("packing"),
            Self::NearCountry(country) => write!(f, "near {country}"),
            Self::NearPoint(latitude, longitude) => {
                let degrees = |millionths: &i32| f64::from(*millionths) / 1e6;
                write!(f, "near {}, {}", degrees(latitude), degrees(longitude))
            }
            Self::Favourites(favourites) => {
                let words: Vec<_> = favourites.iter().map(ToString::to_string).collect();
                f.write_str(&words.join(" or "))
            }
        }
    }
}

impl fmt::Display for Favoured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(name, weight) => write!(f, "cluster {name} by {weight}"),
            Self::Location(name, weight) => write!(f, "location {name} by {weight}"),
            Self::Provider(name, weight) => write!(f, "provider {name} by {weight}"),
        }
    }
}
