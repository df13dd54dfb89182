//! Shares of the requests.

use super::backend::VersionId;

/// How requests are shared between versions, or between a local and a remote side: whole percentages
/// that sum to 100.
///
/// ```
/// use siting::traffic::{Split, VersionId};
/// let split = Split::new(vec![(VersionId(1), 90), (VersionId(2), 10)])?;
/// assert_eq!(split.choose(89, |_| true), Some(VersionId(1)));
/// assert_eq!(split.choose(90, |_| true), Some(VersionId(2)));
/// assert_eq!(split.choose(90, |version| version != VersionId(2)), Some(VersionId(1))); // it cannot serve
/// assert!(Split::new(vec![(VersionId(1), 90), (VersionId(2), 20)]).is_err());
/// # Ok::<(), siting::traffic::InvalidSplit>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Split(Vec<(VersionId, u8)>);

/// Percentages that do not sum to 100, or that name a version twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the percentages of a split must sum to 100, each version named once")]
pub struct InvalidSplit;

impl Split {
    /// These percentages.
    ///
    /// # Errors
    /// [`InvalidSplit`] if they do not sum to 100 or name a version twice.
    pub fn new(parts: Vec<(VersionId, u8)>) -> Result<Self, InvalidSplit> {
        let sum: u32 = parts.iter().map(|(_, percent)| u32::from(*percent)).sum();
        let twice =
            parts.iter().enumerate().any(|(at, (version, _))| parts.iter().take(at).any(|(other, _)| other == version));
        if sum == 100 && !twice { Ok(Self(parts)) } else { Err(InvalidSplit) }
    }

    /// Everything to one version.
    #[must_use]
    pub fn all(version: VersionId) -> Self {
        Self(vec![(version, 100)])
    }

    /// Each version's percentage.
    #[must_use]
    pub fn parts(&self) -> &[(VersionId, u8)] {
        &self.0
    }

    /// A version's percentage; 0 where it is not named.
    #[must_use]
    pub fn share(&self, version: VersionId) -> u8 {
        self.0.iter().find(|(other, _)| *other == version).map_or(0, |(_, percent)| *percent)
    }

    /// The version for a random number, of which the remainder counts. A version that cannot serve gives
    /// its share to the others, in proportion. `None` where no version with a share can serve: one without
    /// a share is never chosen.
    pub fn choose(&self, random: u64, serves: impl Fn(VersionId) -> bool) -> Option<VersionId> {
        let able = || self.0.iter().filter(|(version, percent)| *percent > 0 && serves(*version));
        let total: u64 = able().map(|(_, percent)| u64::from(*percent)).sum();
        let mut rest = random.checked_rem(total)?;
        able().find_map(|(version, percent)| {
            let share = u64::from(*percent);
            let found = rest < share;
            rest = rest.wrapping_sub(share);
            found.then_some(*version)
        })
    }
}
