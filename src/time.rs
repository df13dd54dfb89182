//! Moments. The crate has no clock: the host says what time it is.
//!
//! A [`Moment`] counts milliseconds from an epoch that the host chooses and keeps. Where documents state moments, such
//! as the end of an attachment, the epoch is that of Unix, and moments are written as RFC 3339 has them. Spans are
//! [`std::time::Duration`].

use std::fmt;
use std::str::FromStr;
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
    /// The last moment that text can say: RFC 3339 has four digits for a year. What stands in documents is no later.
    pub const LAST_WRITTEN: Self = Self(253_402_300_799_999);

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

const DAY: i64 = 24 * 60 * 60;

/// The moment as RFC 3339 writes it, in UTC, with the epoch of Unix: `2027-03-31T00:00:00Z`.
///
/// ```
/// use siting::time::Moment;
/// assert_eq!(Moment::from_millis(1_806_451_200_000).to_string(), "2027-03-31T00:00:00Z");
/// assert_eq!("2027-03-31T02:00:00.250+02:00".parse::<Moment>()?.to_string(), "2027-03-31T00:00:00.250Z");
/// # Ok::<(), siting::time::InvalidMoment>(())
/// ```
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1000, self.0 % 1000);
        let (day, second) = (seconds / DAY.unsigned_abs(), seconds % DAY.unsigned_abs());
        let (year, month, day) = civil(i64::try_from(day).unwrap_or(i64::MAX / 2));
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if millis > 0 {
            write!(f, ".{millis:03}")?;
        }
        f.write_str("Z")
    }
}

/// A text that is no moment: it has no date, time or UTC offset, or lies before 1970 or after 9999 by UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a moment must have a date, a time and a UTC offset, as in `2026-01-31T12:00:00Z`, from 1970 to 9999")]
#[non_exhaustive]
pub struct InvalidMoment;

impl FromStr for Moment {
    type Err = InvalidMoment;

    /// What RFC 3339 allows; what is finer than milliseconds is cut off.
    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        parsed(text).ok_or(InvalidMoment)
    }
}

fn parsed(text: &str) -> Option<Moment> {
    let (date, rest) = (text.get(..10)?, text.get(11..)?);
    if !matches!(text.get(10..11)?, "T" | "t" | " ") {
        return None;
    }
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    let at = rest.find(['Z', 'z', '+', '-'])?;
    let (time, offset) = rest.split_at_checked(at)?;
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(whole, ':', [2, 2, 2])?;
    if !(1..=days_in).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let east = match offset {
        "Z" | "z" => 0,
        _ => {
            let [hours, minutes] = numbers(offset.get(1..)?, ':', [2, 2])?;
            let of = (hours <= 23 && minutes <= 59).then_some(hours * 3600 + minutes * 60)?;
            if offset.starts_with('-') { -of } else { of }
        }
    };
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - east;
    // An offset can lead beyond the last year that is written.
    u64::try_from(seconds * 1000 + millis).ok().map(Moment).filter(|moment| *moment <= Moment::LAST_WRITTEN)
}

/// Numbers of so many digits each.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (found, digits) in found.iter_mut().zip(digits) {
        let part = parts.next()?;
        let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *found = plain.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(found)
}

/// Days since the start of 1970 of a date of the Gregorian calendar, after Howard Hinnant's `days_from_civil`: years
/// begin in March, so that the leap day ends one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day: the inverse of [`days`].
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, date)
}
