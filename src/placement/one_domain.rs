//! The one domain in which replicas are to stand together (D5).

use super::feasible::Question;
use super::spread::numbers;
use crate::deployment::Together;
use crate::id::{ClusterId, Id, PairId};

/// The domain in which replicas stand together.
#[derive(Clone, Debug)]
pub(super) struct OneDomain {
    /// By cluster.
    pub(super) of_cluster: Vec<Option<usize>>,
    /// `None` where there is none with a place.
    pub(super) chosen: Option<usize>,
}

impl OneDomain {
    /// Whether a cluster stands in it.
    pub(super) fn has(&self, cluster: ClusterId) -> bool {
        let domain = self.of_cluster.get(cluster.index()).copied().flatten();
        domain.is_some() && domain == self.chosen
    }

    /// The domain of the first of some places; what stands elsewhere is apart from it.
    pub(super) fn of(question: &Question<'_>, together: Together, places: &[(PairId, u32)]) -> Self {
        let fleet = question.fleet();
        let of_cluster = numbers(fleet, together.by, true);
        let first = places.iter().filter(|(_, replicas)| *replicas > 0).find_map(|(id, _)| fleet.pair(*id));
        let chosen = first.and_then(|pair| of_cluster.get(pair.cluster.index()).copied().flatten());
        Self { of_cluster, chosen }
    }
}
