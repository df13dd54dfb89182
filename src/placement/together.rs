//! All replicas in one domain (D5).

use std::collections::HashMap;

use super::allot::{Allotment, allot_among, ranked};
use super::feasible::Question;
use super::one_domain::OneDomain;
use super::spread::numbers;
use crate::deployment::Together;
use crate::id::{Id, PairId};

/// Places up to the wanted replicas on the candidates; all in one domain, where they are to stand together.
pub(super) fn allot(question: &Question<'_>, alternative: usize) -> Allotment {
    match question.together() {
        Some(together) => in_one_domain(question, alternative, together),
        None => allot_among(question, alternative, None),
    }
}

/// Replicas in the one domain, ranked by its best candidate, that has a place for all; else in the first of those that
/// have one for the most. Where replicas stand already, it is theirs.
///
/// O(candidates × log), and an allotment for each domain that may have room for more than those before it.
fn in_one_domain(question: &Question<'_>, alternative: usize, together: Together) -> Allotment {
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
        Allotment { one_domain, ..allot_among(question, alternative, Some(Vec::new())) }
    })
}

/// About how many replicas have room on some candidates: never fewer than there are, and at most `wanted`.
fn room(question: &Question<'_>, alternative: usize, candidates: &[PairId], wanted: u32) -> u32 {
    let pairs = candidates.iter().filter_map(|&id| question.fleet().pair(id));
    let room = |pair| question.room(pair, &question.feasible.request(alternative, pair), wanted);
    pairs.map(room).fold(0, u32::saturating_add).min(wanted)
}
