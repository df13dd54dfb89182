//! Parts of devices that pools offer as GPUs (I7).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalog;

/// A part of a device that a node offers as one GPU (I7).
///
/// ```
/// use siting::inventory::Slice;
/// let eighth: Slice = "1/8".parse()?;
/// assert_eq!(eighth.memory(Some(24 << 30)), Some(3 << 30));
/// let partition: Slice = "1g.5gb".parse()?;
/// assert_eq!(partition.memory(None), Some(5 << 30)); // its profile says it
/// # Ok::<(), siting::inventory::InvalidSlice>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Slice {
    /// A share of a device, in lowest terms.
    Share {
        /// So many parts, below the whole.
        parts: u16,
        /// Of so many, at most 1,000.
        of: u16,
    },
    /// A hardware partition by its profile, such as `3g.40gb` or `1g.10gb+me`.
    Profile {
        /// Slices of compute, 1 to 9.
        compute: u8,
        /// Its memory as the profile rounds it.
        gigabytes: u16,
        /// Whether it has the media engines.
        media: bool,
    },
    /// A virtual GPU with so much of the device's memory, by its label.
    Virtual {
        /// Its memory.
        gigabytes: u16,
    },
    /// A share whose size its label does not say.
    Shared,
}

/// Text that is no slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a slice is a share of a device such as `1/8`, or the profile of a partition such as `1g.5gb`")]
pub struct InvalidSlice;

impl Slice {
    /// A share of a device: `parts` of `of`; `None` unless it is above nothing, below the whole, and of at most 1,000.
    #[must_use]
    pub fn share(parts: u16, of: u16) -> Option<Self> {
        let divisor = common(parts, of);
        let sound = parts > 0 && parts < of && of <= 1000;
        sound.then(|| Self::Share { parts: parts / divisor, of: of / divisor })
    }

    /// What a label says of the part; `None` where its profile is of no known form.
    #[must_use]
    pub fn of_label(label: &catalog::Slice) -> Option<Self> {
        match label {
            catalog::Slice::Shared => Some(Self::Shared),
            catalog::Slice::Partition { profile, .. } => profile.parse().ok(),
            catalog::Slice::Virtual { gigabytes } => Some(Self::Virtual { gigabytes: u16::try_from(*gigabytes).ok()? }),
        }
    }

    /// Its memory in bytes, of a device with so much; `None` where that is not known.
    #[must_use]
    pub fn memory(self, device: Option<u64>) -> Option<u64> {
        match self {
            Self::Share { parts, of } => {
                let part = u128::from(device?) * u128::from(parts) / u128::from(of.max(1));
                u64::try_from(part).ok()
            }
            Self::Profile { gigabytes, .. } | Self::Virtual { gigabytes } => Some(u64::from(gigabytes) << 30),
            Self::Shared => None,
        }
    }
}

/// The greatest number that divides both; 1 for nothing.
fn common(one: u16, other: u16) -> u16 {
    let (mut one, mut other) = (one, other);
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one.max(1)
}

impl FromStr for Slice {
    type Err = InvalidSlice;

    fn from_str(text: &str) -> Result<Self, InvalidSlice> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| digits && !text.starts_with('0'))
        };
        if let Some((parts, of)) = text.split_once('/') {
            let share = number(parts).zip(number(of)).and_then(|(parts, of)| Self::share(parts, of));
            return share.ok_or(InvalidSlice);
        }
        let profile = || {
            let (compute, rest) = text.split_once("g.")?;
            let (size, media) = rest.strip_suffix("+me").map_or((rest, false), |size| (size, true));
            let compute = number(compute).filter(|&compute| compute <= 9)?;
            let gigabytes = number(size.strip_suffix("gb")?)?;
            Some(Self::Profile { compute: u8::try_from(compute).ok()?, gigabytes, media })
        };
        profile().ok_or(InvalidSlice)
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share { parts, of } => write!(f, "{parts}/{of}"),
            Self::Profile { compute, gigabytes, media } => {
                write!(f, "{compute}g.{gigabytes}gb{}", if *media { "+me" } else { "" })
            }
            Self::Virtual { gigabytes } => write!(f, "a virtual GPU of {gigabytes} GB"),
            Self::Shared => f.write_str("a share of no stated size"),
        }
    }
}

impl TryFrom<String> for Slice {
    type Error = InvalidSlice;

    fn try_from(text: String) -> Result<Self, InvalidSlice> {
        text.parse()
    }
}

impl From<Slice> for String {
    fn from(slice: Slice) -> Self {
        slice.to_string()
    }
}

/// Which slices a demand asks for (I7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SliceNeed {
    /// Any slice that has the memory demanded.
    Any,
    /// Just this one.
    Of(Slice),
}

impl SliceNeed {
    /// Whether a slice is one of these.
    #[must_use]
    pub fn admits(self, slice: Slice) -> bool {
        match self {
            Self::Any => true,
            Self::Of(wanted) => wanted == slice,
        }
    }
}

impl FromStr for SliceNeed {
    type Err = InvalidSlice;

    fn from_str(text: &str) -> Result<Self, InvalidSlice> {
        if text == "any" { Ok(Self::Any) } else { text.parse().map(Self::Of) }
    }
}

impl fmt::Display for SliceNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Of(slice) => slice.fmt(f),
        }
    }
}

impl TryFrom<String> for SliceNeed {
    type Error = InvalidSlice;

    fn try_from(text: String) -> Result<Self, InvalidSlice> {
        text.parse()
    }
}

impl From<SliceNeed> for String {
    fn from(need: SliceNeed) -> Self {
        need.to_string()
    }
}

/// What is known of a pool's GPUs beside their flavor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Devices {
    /// The part of a device that each of them is; `None` for whole devices.
    pub slice: Option<Slice>,
    /// The memory of each in bytes, where the pool states it or it follows from the slice.
    pub memory: Option<u64>,
}

impl Devices {
    /// Whole devices, or slices, of a flavor with so much memory; `stated` is what the pool says of each.
    #[must_use]
    pub fn new(slice: Option<Slice>, stated: Option<u64>, of_flavor: Option<u64>) -> Self {
        Self { slice, memory: stated.or_else(|| slice.and_then(|slice| slice.memory(of_flavor))) }
    }

    /// The memory of each, of a flavor with so much; `None` where it is not known.
    #[must_use]
    pub fn memory(self, of_flavor: Option<u64>) -> Option<u64> {
        self.memory.or(of_flavor.filter(|_| self.slice.is_none()))
    }
}
