//! A count or a percentage of replicas.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::document::{Format, Item, Shape, Written, is_number};
use crate::origin::ProblemCode;

/// So many replicas, or so many percent of them.
///
/// ```
/// use siting::rollout::Span;
/// assert_eq!("25%".parse(), Ok(Span::Percent(25)));
/// assert!("25".parse::<Span>().is_err()); // a count is a number, not a text
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Span {
    /// So many.
    Count(u32),
    /// Percent of the replicas; may be over 100.
    Percent(u32),
}

/// A text that is no percentage.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no percentage: write one such as `25%`, or a count as a number")]
pub struct InvalidSpan(String);

impl FromStr for Span {
    type Err = InvalidSpan;
    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        let percent = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let percent = percent.and_then(|digits| digits.parse().ok());
        percent.map(Self::Percent).ok_or_else(|| InvalidSpan(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Span {
    fn of(self, replicas: u32, up: bool) -> u32 {
        let percent = match self {
            Self::Count(count) => return count,
            Self::Percent(percent) => percent,
        };
        let product = u64::from(replicas) * u64::from(percent);
        let part = if up { product.div_ceil(100) } else { product / 100 };
        u32::try_from(part).unwrap_or(u32::MAX)
    }
}

/// A count, or a text such as `25%` of at most `MOST` percent.
pub(super) struct Share<const MOST: u32>;

impl<const MOST: u32> Format<Span> for Share<MOST> {
    fn read(item: Item<'_>) -> Option<Span> {
        let text = item.text()?;
        if is_number(text) {
            return item.whole(0..=u32::MAX.into()).map(Span::Count);
        }
        match text.parse() {
            Ok(Span::Percent(percent)) if percent > MOST => {
                let message = format!("`{percent}%` is more than all replicas");
                item.problem(ProblemCode::OutOfRange, message, "write at most `100%`");
                None
            }
            Ok(span) => Some(span),
            Err(_) => {
                let help = "write a count such as `1`, or a percentage such as `25%`";
                item.problem(ProblemCode::InvalidValue, "this is neither a count nor a percentage", help);
                None
            }
        }
    }

    fn write(value: &Span) -> Written {
        match value {
            Span::Count(count) => (*count).into(),
            Span::Percent(_) => Written::text(value),
        }
    }

    fn shape() -> Shape {
        let percent = if MOST == 100 { "^0*([0-9]{1,2}|100)%$" } else { "^[0-9]+%$" };
        Shape::Either(vec![Shape::Whole { from: 0, to: u32::MAX.into() }, Shape::Pattern(percent)])
    }
}

/// How far a number of replicas may be exceeded and fallen short of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slack {
    /// Replicas beyond the number.
    pub surge: u32,
    /// Replicas that may be unavailable.
    pub unavailable: u32,
}

impl Slack {
    /// The spans of `replicas`: percentages of a surge are rounded up, of unavailability down. Where both
    /// come to nothing, one replica may be unavailable, since else nothing could ever move (Kubernetes'
    /// `ResolveFenceposts`).
    ///
    /// ```
    /// use siting::rollout::{Slack, Span};
    /// let slack = Slack::of(Span::Percent(25), Span::Percent(25), 10);
    /// assert_eq!((slack.surge, slack.unavailable), (3, 2));
    /// ```
    #[must_use]
    pub fn of(surge: Span, unavailable: Span, replicas: u32) -> Self {
        let slack = Self { surge: surge.of(replicas, true), unavailable: unavailable.of(replicas, false) };
        if slack.surge == 0 && slack.unavailable == 0 { Self { unavailable: 1, ..slack } } else { slack }
    }

    /// The fewest replicas of `desired` that must be available. No more can be unavailable than there are.
    #[must_use]
    pub fn fewest(self, desired: u32) -> u32 {
        desired.saturating_sub(self.unavailable)
    }
}
