//! All replicas in one domain (D5).

use std::collections::HashMap;

use super::allot::{Allotment, allot_among, ranked};
use super::feasible::Question;
use super::spread::numbers;
use crate::deployment::Together;
use crate::id::{ClusterId, Id, PairId};

/// The domain in which replicas stand together.
#[derive(Clone, Debug)]
pub(super) struct OneDomain {
    /// By cluster.
    of_cluster: Vec<Option<usize>>,
    chosen: Option<usize>,
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

/// Replicas in the one domain, ranked by its best candidate, that has a place for all; else in the first of those that
/// have one for the most. Where replicas stand already, it is theirs.
///
/// O(candidates × log), and an allotment for each domain that may have room for more than those before it.
pub(super) fn in_one_domain(question: &Question<'_>, alternative: usize, together: Together) -> Allotment {
    let (fleet, wanted) = (question.fleet(), question.ask.wanted());
    let of_cluster = numbers(fleet, together.by, true);
    let domain = |id: PairId| of_cluster.get(fleet.pair(id)?.cluster.index()).copied().flatten();
    let beside = question.ask.beside.iter().filter(|(_, replicas)| *replicas > 0).map(|(id, _)| domain(*id)).next();
    let mut members: HashMap<usize, Vec<PairId>> = HashMap::new();
    for id in question.feasible.candidates(alternative) {
        if let Some(domain) = domain(id).filter(|found| beside.is_none_or(|beside| beside == Some(*found))) {
            members.entry(domain).or_default().push(id);
        }
    }
    let mut best: Option<Allotment> = None;
    for rank in ranked(question, alternative) {
        // Each domain is looked at once, where its best candidate stands.
        let Some((domain, candidates)) = domain(rank.pair).and_then(|found| members.remove_entry(&found)) else {
            continue;
        };
        let most = best.as_ref().map_or(0, |best| best.fitting);
        if room(question, alternative, &candidates, wanted) <= most {
            continue;
        }
        let mut found = allot_among(question, alternative, Some(candidates));
        if best.is_none() || found.fitting > most {
            let all = found.fitting == wanted;
            found.one_domain = Some(OneDomain { of_cluster: of_cluster.clone(), chosen: Some(domain) });
            best = Some(found);
            if all {
                break;
            }
        }
    }
    best.unwrap_or_else(|| {
        let one_domain = Some(OneDomain { of_cluster, chosen: None });
        Allotment { alternative, one_domain, ..Allotment::default() }
    })
}

/// About how many replicas have room on some candidates: never fewer than there are, and at most `wanted`.
fn room(question: &Question<'_>, alternative: usize, candidates: &[PairId], wanted: u32) -> u32 {
    let pairs = candidates.iter().filter_map(|&id| question.fleet().pair(id));
    let room = |pair| question.room(pair, &question.feasible.request(alternative, pair), wanted);
    pairs.map(room).fold(0, u32::saturating_add).min(wanted)
}
