//! Where replicas are, by name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::Name;

/// Replicas of one pool and flavor, by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    /// The cluster.
    pub cluster: Name,
    /// The pool.
    pub pool: Name,
    /// The flavor, as `gpu:t4`.
    pub flavor: Arc<str>,
    /// How many replicas.
    pub replicas: u32,
}

impl Place {
    /// Whether both name the same pool and flavor, however many replicas.
    #[must_use]
    pub fn is_at(&self, other: &Self) -> bool {
        (&self.cluster, &self.pool, &self.flavor) == (&other.cluster, &other.pool, &other.flavor)
    }
}

/// How many replicas run at all of these places.
pub(in crate::lifecycle) fn replicas(places: &[Place]) -> u32 {
    places.iter().map(|place| place.replicas).fold(0, u32::saturating_add)
}

/// Whether two lists name the same places, in whatever order.
pub(in crate::lifecycle) fn same(a: &[Place], b: &[Place]) -> bool {
    let sorted = |places: &[Place]| {
        let mut places = places.to_vec();
        places.sort();
        places
    };
    sorted(a) == sorted(b)
}

/// The first so many replicas of some places, and the rest.
pub(in crate::lifecycle) fn split(places: &[Place], mut wanted: u32) -> (Vec<Place>, Vec<Place>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for place in places {
        let taken = wanted.min(place.replicas);
        wanted -= taken;
        let part = |replicas: u32| (replicas > 0).then(|| Place { replicas, ..place.clone() });
        first.extend(part(taken));
        rest.extend(part(place.replicas - taken));
    }
    debug_assert_eq!(replicas(&first) + replicas(&rest), replicas(places));
    (first, rest)
}
