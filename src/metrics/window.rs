//! A sliding window over the observations of a replica.

use std::collections::VecDeque;
use std::time::Duration;

use super::tally::{MOST_GAUGES, Tally};
use super::{Gauge, Summary};
use crate::quantity::Milli;
use crate::time::Moment;

/// The recent observations of a replica, or of several whose windows were merged.
///
/// Time is cut into slots from the epoch on; what a slot holds leaves the window when the whole slot
/// has. Latencies are kept as HDR histograms with two significant digits: a quantile is at most 1 %
/// above the true one, and never below it.
///
/// ```
/// use std::time::Duration;
/// use siting::metrics::{Metric, Quantile, Window};
/// use siting::quantity::Milli;
/// use siting::time::Moment;
///
/// let mut window = Window::new(Duration::from_secs(60), 60)?;
/// for second in 0..60 {
///     window.request(Moment::from_millis(second * 1000), Duration::from_millis(20), second % 30 == 0)?;
/// }
/// let summary = window.summary(Moment::from_millis(59_999));
/// assert_eq!(summary.requests, 60);
/// assert_eq!(summary.value(&Metric::RequestRate), Some(Milli::whole(1)));
/// assert_eq!(summary.value(&Metric::ErrorRate), Some(Milli::thousandths(3_334))); // percent, rounded up
/// let median = summary.value(&Metric::Latency(Quantile::P50)).unwrap().get();
/// assert!((20_000..=20_200).contains(&median)); // microseconds
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Its serialised form can be kept, and goes on elsewhere as this one would; what contradicts itself is not read back.
#[derive(Clone, Debug)]
pub struct Window {
    /// The width of a slot, in milliseconds.
    pub(super) width: u64,
    /// How many slots the window spans.
    pub(super) slots: u64,
    /// Ascending by index, without gaps in meaning: an absent slot saw nothing.
    pub(super) tallies: VecDeque<(u64, Tally)>,
    /// When it was first told anything.
    pub(super) first: Option<Moment>,
    /// How many replicas it speaks of.
    pub(super) replicas: u32,
}

impl Window {
    /// The most slots of a window. Each holds a histogram of some 30 kB where latencies reach far.
    pub const MOST_SLOTS: u32 = 3600;

    /// The most gauges of a slot.
    pub const MOST_GAUGES: usize = MOST_GAUGES;

    /// The longest latency that is measured.
    pub const LONGEST: Duration = Duration::from_secs(86_400);

    /// An empty window of one replica: the last `span`, cut into `slots`.
    ///
    /// # Errors
    /// [`InvalidWindow`] if the span cannot be cut into that many slots of whole milliseconds, if either is
    /// zero, or if there are more than [`Window::MOST_SLOTS`].
    pub fn new(span: Duration, slots: u32) -> Result<Self, InvalidWindow> {
        let millis = u64::try_from(span.as_millis()).map_err(|_| InvalidWindow)?;
        let slots = u64::from(Some(slots).filter(|slots| *slots <= Self::MOST_SLOTS).ok_or(InvalidWindow)?);
        match millis.checked_rem(slots) {
            Some(0) if millis > 0 => {
                Ok(Self { width: millis / slots, slots, tallies: VecDeque::new(), first: None, replicas: 1 })
            }
            _ => Err(InvalidWindow),
        }
    }

    /// The time it spans.
    #[must_use]
    pub fn span(&self) -> Duration {
        Duration::from_millis(self.width * self.slots)
    }

    /// Notes a request answered at `now` after `latency`. One that is older than the window is left out.
    ///
    /// # Errors
    /// [`InvalidSample`] if the latency is above [`Window::LONGEST`]; nothing is noted then.
    pub fn request(&mut self, now: Moment, latency: Duration, failed: bool) -> Result<(), InvalidSample> {
        if latency > Self::LONGEST {
            return Err(InvalidSample::TooLong);
        }
        if let Some(tally) = self.slot(now) {
            tally.request(latency, failed);
        }
        Ok(())
    }

    /// Notes what a gauge showed at `now`. A figure that is older than the window is left out.
    ///
    /// # Errors
    /// [`InvalidSample`] if a slot would hold more than [`Window::MOST_GAUGES`]; nothing is noted then.
    pub fn gauge(&mut self, now: Moment, gauge: &Gauge, value: Milli) -> Result<(), InvalidSample> {
        if let Some(tally) = self.slot(now) {
            if !tally.has_room([gauge]) {
                return Err(InvalidSample::TooManyGauges);
            }
            tally.add(gauge, u128::from(value.get()), 1);
        }
        Ok(())
    }

    /// Takes in what another replica's window saw. The order of merging makes no difference.
    ///
    /// # Errors
    /// [`InvalidMerge`] if the other spans another time or is cut otherwise, or if a slot would hold more than
    /// [`Window::MOST_GAUGES`]; nothing is changed.
    pub fn merge(&mut self, other: &Self) -> Result<(), InvalidMerge> {
        if (self.width, self.slots) != (other.width, other.slots) {
            return Err(InvalidMerge::UnlikeWindows);
        }
        let room = |(index, tally): &(u64, Tally)| {
            let own = self.tallies.binary_search_by_key(index, |(own, _)| *own).ok();
            let own = own.and_then(|at| self.tallies.get(at));
            own.is_none_or(|(_, own)| own.has_room(tally.gauges.iter().map(|(gauge, ..)| gauge)))
        };
        if !other.tallies.iter().all(room) {
            return Err(InvalidMerge::TooManyGauges);
        }
        for (index, tally) in &other.tallies {
            if let Some(own) = self.slot_at(*index) {
                own.merge(tally);
            }
        }
        self.first = self.first.into_iter().chain(other.first).min();
        self.replicas = self.replicas.saturating_add(other.replicas);
        Ok(())
    }

    /// What the window says at `now`.
    #[must_use]
    pub fn summary(&self, now: Moment) -> Summary {
        self.summary_of(now, self.slots)
    }

    /// The summary of the last so many slots.
    fn summary_of(&self, now: Moment, slots: u64) -> Summary {
        let head = now.as_millis() / self.width;
        let inside = |index: u64| index <= head && head - index < slots;
        let tallies = self.tallies.iter().filter(|(index, _)| inside(*index)).map(|(_, tally)| tally);
        let span = self.width * slots;
        let seen = self.first.map(|first| now.as_millis().saturating_sub(first.as_millis()).saturating_add(1));
        // The slot at the head is not over yet.
        let covered = (slots - 1) * self.width + now.as_millis() % self.width + 1;
        let over = seen.map(|seen| seen.max(self.width).min(covered).min(span));
        Summary::of(tallies, over.map(Duration::from_millis), self.replicas)
    }

    /// What the last `span` of the window says at `now`, in whole slots, at least one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use siting::metrics::Window;
    /// use siting::time::Moment;
    ///
    /// let mut window = Window::new(Duration::from_secs(60), 60)?;
    /// window.request(Moment::from_millis(0), Duration::ZERO, false)?;
    /// let now = Moment::from_millis(30_000);
    /// assert_eq!(window.summary(now).requests, 1);
    /// assert_eq!(window.recent(now, Duration::from_secs(6)).requests, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn recent(&self, now: Moment, span: Duration) -> Summary {
        let wanted = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).div_ceil(self.width);
        self.summary_of(now, wanted.clamp(1, self.slots))
    }

    fn slot(&mut self, now: Moment) -> Option<&mut Tally> {
        self.first = Some(self.first.map_or(now, |first| first.min(now)));
        self.slot_at(now.as_millis() / self.width)
    }

    /// The slot of this index, made where it is missing; `None` where it has left the window.
    fn slot_at(&mut self, index: u64) -> Option<&mut Tally> {
        let newest = self.tallies.back().map_or(index, |(newest, _)| index.max(*newest));
        while self.tallies.front().is_some_and(|(oldest, _)| newest - oldest >= self.slots) {
            self.tallies.pop_front();
        }
        if newest - index >= self.slots {
            return None;
        }
        let at = self.tallies.partition_point(|(other, _)| *other < index);
        if self.tallies.get(at).is_none_or(|(other, _)| *other != index) {
            self.tallies.insert(at, (index, Tally::default()));
        }
        self.tallies.get_mut(at).map(|(_, tally)| tally)
    }
}

/// A window cannot be cut so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a window must be cut into 1 to {} slots of whole milliseconds", Window::MOST_SLOTS)]
pub struct InvalidWindow;

/// An observation that a window does not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSample {
    /// A latency above [`Window::LONGEST`].
    #[error("a latency is at most {} hours", Window::LONGEST.as_secs() / 3600)]
    TooLong,
    /// More gauges than [`Window::MOST_GAUGES`].
    #[error("a window holds at most {} gauges", Window::MOST_GAUGES)]
    TooManyGauges,
}

/// Two windows that cannot be merged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMerge {
    /// They span different times or are cut differently.
    #[error("the windows span different times or are cut differently")]
    UnlikeWindows,
    /// Together they hold more gauges than [`Window::MOST_GAUGES`].
    #[error("together the windows hold more than {} gauges", Window::MOST_GAUGES)]
    TooManyGauges,
}
