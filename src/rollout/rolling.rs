//! The arithmetic of a rolling update.
//!
//! Source of the algorithms: `pkg/controller/deployment` of Kubernetes (`NewRSNewReplicas`,
//! `reconcileOldReplicaSets`).

use super::{Group, Slack};

/// The size of the new side: what room the surge leaves beside `total` replicas of both sides, up to
/// `desired`.
///
/// ```
/// use siting::rollout::rolling;
/// assert_eq!(rolling::grown(10, 2, 5, 0), 7); // five old ones, and a surge of two
/// ```
#[must_use]
pub fn grown(desired: u32, surge: u32, total: u32, new: u32) -> u32 {
    if new >= desired {
        return desired;
    }
    let room = desired.saturating_add(surge).saturating_sub(total);
    new + room.min(desired - new)
}

/// The sizes of the old sides, oldest first: unhealthy replicas go first, then as many as can be spared.
///
/// ```
/// use siting::rollout::{Group, Slack, rolling};
/// let slack = Slack { surge: 0, unavailable: 2 };
/// let old = [Group { replicas: 10, available: 8 }];
/// assert_eq!(rolling::shrunk(10, slack, &old, Group::default()), [8]);
/// ```
#[must_use]
pub fn shrunk(desired: u32, slack: Slack, old: &[Group], new: Group) -> Vec<u32> {
    let sizes: Vec<u32> = old.iter().map(|group| group.replicas).collect();
    let total = old.iter().fold(new.replicas, |sum, group| sum.saturating_add(group.replicas));
    let unready = new.replicas.saturating_sub(new.available);
    let spare = total.saturating_sub(slack.fewest(desired)).saturating_sub(unready);
    if spare == 0 {
        return sizes;
    }
    let left = without_unhealthy(old, spare);
    let available = old.iter().fold(new.available, |sum, group| sum.saturating_add(group.available));
    without_spare(desired, slack, available, &left)
}

/// The sizes of the sides after up to `most` of their unavailable replicas are removed, oldest side first.
#[must_use]
pub fn without_unhealthy(old: &[Group], most: u32) -> Vec<u32> {
    let mut left = most;
    let shrink = |group: &Group| {
        let removed = group.replicas.saturating_sub(group.available).min(left);
        left -= removed;
        group.replicas - removed
    };
    old.iter().map(shrink).collect()
}

/// The sizes after as many replicas are removed as are available beyond the fewest, oldest side first.
#[must_use]
pub fn without_spare(desired: u32, slack: Slack, available: u32, old: &[u32]) -> Vec<u32> {
    let mut left = available.saturating_sub(slack.fewest(desired));
    let shrink = |size: &u32| {
        let removed = (*size).min(left);
        left -= removed;
        size - removed
    };
    old.iter().map(shrink).collect()
}

/// Whether going back to a version `between` others lie after may skip every step: where fewer than
/// `window` versions were made strictly between it and the present one (Argo Rollouts).
#[must_use]
pub fn is_quick_return(between: u32, window: u32) -> bool {
    between < window
}
