//! Moments. The crate has no clock: the host says what time it is.
//!
//! A [`Moment`] counts milliseconds from an epoch that the host chooses and keeps. Spans are
//! [`std::time::Duration`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since the host's epoch.
///
/// ```
/// use std::time::Duration;
/// use siting::time::Moment;
///
/// let start = Moment::from_millis(10_000);
/// let later = start.checked_add(Duration::from_secs(5)).unwrap();
/// assert_eq!(later.since(start), Duration::from_secs(5));
/// assert_eq!(start.since(later), Duration::ZERO); // never negative
/// assert!(later > start);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// The moment this many milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This moment and `span` more, in whole milliseconds; `None` beyond what can be counted.
    #[must_use]
    pub fn checked_add(self, span: Duration) -> Option<Self> {
        self.0.checked_add(u64::try_from(span.as_millis()).ok()?).map(Self)
    }

    /// The moment a span later; the last there is, where that is too far.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        self.checked_add(span).unwrap_or(Self(u64::MAX))
    }

    /// The time from `earlier` to this; zero where `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}
