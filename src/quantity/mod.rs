//! Exact quantities and money (I2): integers, parsed from the notations of the field.
//!
//! Nothing here passes through floating point. A text that says more than the type can hold, in
//! size or in digits, is refused with a word on what would be right.

mod coordinates;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use coordinates::Coordinates;

/// Why a text is not the quantity that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is not {what}: {reason}")]
pub struct InvalidQuantity {
    text: String,
    what: &'static str,
    reason: String,
    example: String,
}

impl InvalidQuantity {
    /// What would be right, such as ``write `16Gi` ``.
    #[must_use]
    pub fn help(&self) -> String {
        format!("write {}", self.example)
    }
}

/// One kind of quantity: what it is called, the units it is written in, and an example.
struct Notation {
    what: &'static str,
    /// Unit and the number of base steps in one of it. The empty unit, where allowed, is listed.
    units: &'static [(&'static str, u128)],
    /// Words that are no units of it, though written often: the factor that leaves a bare number, and what to know.
    foreign: &'static [(&'static str, u32, &'static str)],
    example: &'static str,
}

impl Notation {
    /// Reads `text` as a decimal number and a unit, exactly.
    fn parse(&self, text: &str) -> Result<u64, InvalidQuantity> {
        let refuse = |reason: String, example: Option<String>| InvalidQuantity {
            text: shortened(text),
            what: self.what,
            reason,
            example: example.unwrap_or_else(|| self.example.to_owned()),
        };
        if text.starts_with('-') {
            return Err(refuse("it is negative".to_owned(), None));
        }
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        let end = unsigned.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(unsigned.len());
        let (number, rest) = unsigned.split_at(end);
        let (power, unit) = exponent(rest).map_or((0, rest), |power| (power, ""));
        if let Some(fraction) = rest.strip_prefix(',') {
            let example = format!("a point: `{number}.{fraction}`");
            return Err(refuse("it has a comma".to_owned(), Some(example)));
        }
        let Some((digits, scale)) = decimal(number) else {
            let reason = if number.is_empty() {
                "it does not begin with a number"
            } else {
                "the number is malformed or too long"
            };
            return Err(refuse(reason.to_owned(), None));
        };
        if digits == 0 && unit.is_empty() {
            return Ok(0);
        }
        let too_large = || refuse("it is too large".to_owned(), None);
        let ten = 10_u128.checked_pow(power.unsigned_abs()).ok_or_else(too_large)?;
        let (up, down) = if power < 0 { (1, ten) } else { (ten, 1) };
        let (digits, scale) = digits.checked_mul(up).zip(scale.checked_mul(down)).ok_or_else(too_large)?;
        let Some(&(_, factor)) = self.units.iter().find(|(name, _)| *name == unit) else {
            let (reason, meant) = if unit.is_empty() {
                // A bare number is most likely one of base steps: `1e9` bytes are `1G`.
                let steps = if power == 0 || digits % scale != 0 { None } else { u64::try_from(digits / scale).ok() };
                ("it has no unit".to_owned(), steps.map(|steps| format!("`{}`", Written(self, steps))))
            } else {
                let nearest = || self.nearest_unit(unit).map(|unit| format!("`{number}{unit}`"));
                let meant = self.without_foreign(number, unit).or_else(nearest);
                (format!("`{}` is no unit of it", shortened(unit.trim())), meant)
            };
            return Err(refuse(reason, meant));
        };
        let steps = digits.checked_mul(factor).ok_or_else(too_large)?;
        if steps % scale != 0 {
            return Err(refuse("it has more digits than can be kept exactly".to_owned(), None));
        }
        u64::try_from(steps / scale).map_err(|_| too_large())
    }

    /// The unit that was most likely meant: the one that is spelt so but for case, a space or a `B` for bytes. Nothing
    /// where several are, such as `m` and `M`.
    fn nearest_unit(&self, unit: &str) -> Option<&'static str> {
        let unit = unit.trim();
        let alone = unit.strip_suffix(['b', 'B']).unwrap_or(unit);
        let like = |text: &str| {
            let mut same = self.units.iter().map(|&(name, _)| name).filter(|name| name.eq_ignore_ascii_case(text));
            same.next().filter(|name| !name.is_empty() && same.next().is_none())
        };
        // A `B` in front of others is bytes, which are no bits.
        let bytes_for_bits = unit.contains('B') && self.units.iter().any(|(name, _)| name.ends_with("bps"));
        if bytes_for_bits { None } else { like(unit).or_else(|| like(alone)) }
    }

    /// The bare number that is meant by one with a word that is no unit of it, and why.
    fn without_foreign(&self, number: &str, unit: &str) -> Option<String> {
        let word = unit.trim();
        let (_, factor, why) = self.foreign.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word))?;
        let (digits, scale) = decimal(number)?;
        let bare = match factor {
            1 => number.to_owned(),
            _ => Some(digits.checked_mul((*factor).into())?)
                .filter(|all| all % scale == 0)?
                .checked_div(scale)?
                .to_string(),
        };
        Some(format!("`{bare}`: {why}"))
    }

    /// Writes `steps` in the unit that takes the fewest characters; of equals, the first listed.
    fn write(&self, steps: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = self.units.iter().filter(|(_, factor)| u128::from(steps) % factor == 0);
        let texts = exact.map(|(unit, factor)| format!("{}{unit}", u128::from(steps) / factor));
        match texts.min_by_key(String::len) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{steps}"),
        }
    }
}

/// A number of steps in its notation.
struct Written<'a>(&'a Notation, u64);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(self.1, f)
    }
}

/// The power of ten that `e3` or `E-2` says; an `E` alone is a unit.
fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['e', 'E'])?;
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    let is_number = !unsigned.is_empty() && unsigned.len() <= 4 && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.strip_prefix('+').unwrap_or(digits).parse().ok() } else { None }
}

/// `12.50` as (1250, 100); `None` for anything that is not a plain decimal number of at most 30
/// characters. As in Kubernetes, the point may come first or last.
fn decimal(text: &str) -> Option<(u128, u128)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if (whole.is_empty() && fraction.is_empty()) || text.len() > 30 {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = whole
        .chars()
        .chain(fraction.chars())
        .try_fold(0_u128, |sum, c| sum.checked_mul(10)?.checked_add(u128::from(c.to_digit(10)?)))?;
    Some((digits, 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?))
}

/// A user's text, cut where it is too long to be read.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST { text.to_owned() } else { text.chars().take(LONGEST).chain(['…']).collect() }
}

const CPU: Notation = Notation {
    what: "a number of cpu cores",
    units: &[("", 1000), ("m", 1)],
    foreign: &[
        ("cores", 1, WITHOUT_UNIT),
        ("core", 1, WITHOUT_UNIT),
        ("cpus", 1, WITHOUT_UNIT),
        ("cpu", 1, WITHOUT_UNIT),
        ("vcpus", 1, WITHOUT_UNIT),
        ("vcpu", 1, WITHOUT_UNIT),
    ],
    example: "`4`, `1.5` or `500m`",
};

const WITHOUT_UNIT: &str = "cores are written without a unit";

const BYTES: Notation = Notation {
    what: "an amount of memory or storage",
    units: &[
        ("Ei", 1 << 60),
        ("Pi", 1 << 50),
        ("Ti", 1 << 40),
        ("Gi", 1 << 30),
        ("Mi", 1 << 20),
        ("Ki", 1 << 10),
        ("E", 1_000_000_000_000_000_000),
        ("P", 1_000_000_000_000_000),
        ("T", 1_000_000_000_000),
        ("G", 1_000_000_000),
        ("M", 1_000_000),
        ("k", 1_000),
        ("B", 1),
    ],
    foreign: &[],
    example: "`16Gi` or `16G`",
};

const BANDWIDTH: Notation = Notation {
    what: "a bandwidth",
    units: &[("Tbps", 1_000_000_000_000), ("Gbps", 1_000_000_000), ("Mbps", 1_000_000), ("kbps", 1_000), ("bps", 1)],
    foreign: &[],
    example: "`1Gbps` or `500Mbps`",
};

const SHARE: Notation = Notation {
    what: "a share of one GPU",
    units: &[("", 1000)],
    foreign: &[],
    example: "a number above 0 and up to 1, such as `0.25`",
};

const GPUS: Notation = Notation {
    what: "a number of GPUs",
    units: &[("", 1000), ("m", 1)],
    foreign: &[("gpus", 1, GPUS_WITHOUT_UNIT), ("gpu", 1, GPUS_WITHOUT_UNIT)],
    example: "`4`, `0.5` or `500m`",
};

const GPUS_WITHOUT_UNIT: &str = "GPUs are written without a unit";

const MONEY: Notation = Notation {
    what: "a price",
    units: &[("", 1_000_000)],
    foreign: &[],
    example: "a number with at most six decimals, such as `0.526`",
};

const FIGURE: Notation = Notation {
    what: "a measured figure",
    units: &[
        ("", 1_000),
        ("m", 1),
        ("k", 1_000_000),
        ("M", 1_000_000_000),
        ("G", 1_000_000_000_000),
        ("T", 1_000_000_000_000_000),
        ("P", 1_000_000_000_000_000_000),
        ("Ki", 1_000 << 10),
        ("Mi", 1_000 << 20),
        ("Gi", 1_000 << 30),
        ("Ti", 1_000 << 40),
        ("Pi", 1_000 << 50),
    ],
    foreign: &[
        ("ms", 1, IN_MILLISECONDS),
        ("milliseconds", 1, IN_MILLISECONDS),
        ("s", 1000, IN_MILLISECONDS),
        ("seconds", 1000, IN_MILLISECONDS),
        ("%", 1, IN_PERCENT),
        ("percent", 1, IN_PERCENT),
    ],
    example: "`100`, `2.5`, `500m` or `16Gi`",
};

const IN_MILLISECONDS: &str = "a latency is in milliseconds, without a unit";
const IN_PERCENT: &str = "a percentage is written without `%`";

/// The units that a quantity is written in, and the base steps in one of each; the empty unit is none.
pub(crate) trait Amount {
    const UNITS: &'static [(&'static str, u128)];
}

/// Declares a quantity: a `u64` of base steps with its notation.
macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident::$make:ident($steps:ident) by $notation:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
        pub struct $name(u64);

        impl $name {
            #[doc = concat!("From a number of base steps: ", stringify!($steps), ".")]
            #[must_use]
            pub const fn $make($steps: u64) -> Self {
                Self($steps)
            }

            /// The number of base steps.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidQuantity;
            fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
                $notation.parse(text).map(Self)
            }
        }

        impl Amount for $name {
            const UNITS: &'static [(&'static str, u128)] = $notation.units;
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

quantities! {
    /// CPU in milli-cores, written `4`, `1.5`, `500m`; read as Kubernetes reads it, `.5` and `1e3` too.
    ///
    /// ```
    /// use siting::quantity::Cpu;
    /// assert_eq!("1.5".parse(), Ok(Cpu::milli_cores(1500)));
    /// assert_eq!("500m".parse(), Ok(Cpu::milli_cores(500)));
    /// assert_eq!(Cpu::milli_cores(4000).to_string(), "4");
    /// assert!("0.0005".parse::<Cpu>().is_err()); // half a milli-core
    /// ```
    Cpu::milli_cores(milli_cores) by CPU;
    /// Memory or storage in bytes; a unit is required, but for `0`: `16Gi`, `16G`, `512B`.
    ///
    /// ```
    /// use siting::quantity::Bytes;
    /// assert_eq!("1.5Gi".parse(), Ok(Bytes::new(1_610_612_736)));
    /// assert_eq!(Bytes::new(16 << 30).to_string(), "16Gi");
    /// let error = "16Gib".parse::<Bytes>().unwrap_err();
    /// assert_eq!(error.to_string(), "`16Gib` is not an amount of memory or storage: `Gib` is no unit of it");
    /// assert_eq!(error.help(), "write `16Gi`");
    /// ```
    Bytes::new(bytes) by BYTES;
    /// Network bandwidth in bits per second: `1Gbps`, `500Mbps`.
    ///
    /// ```
    /// use siting::quantity::Bandwidth;
    /// assert_eq!("1Gbps".parse(), Ok(Bandwidth::bits_per_second(1_000_000_000)));
    /// ```
    Bandwidth::bits_per_second(bits) by BANDWIDTH;
    /// A measured figure, or the target of one, in thousandths of its unit; written as Kubernetes
    /// writes the targets of metrics: `100`, `2.5`, `500m`, `16Gi`.
    ///
    /// ```
    /// use siting::quantity::Milli;
    /// assert_eq!("2.5".parse(), Ok(Milli::thousandths(2500)));
    /// assert_eq!("2k".parse(), Ok(Milli::whole(2000)));
    /// assert_eq!(Milli::thousandths(2500).to_string(), "2500m");
    /// assert!("0.0005".parse::<Milli>().is_err());
    /// ```
    Milli::thousandths(thousandths) by FIGURE;
    /// GPUs held together, in thousandths of one: `4`, `0.5`, `500m` (E4).
    ///
    /// ```
    /// use siting::quantity::Gpus;
    /// assert_eq!("0.5".parse(), Ok(Gpus::thousandths(500)));
    /// assert_eq!(Gpus::thousandths(16_000).to_string(), "16");
    /// assert_eq!("16Gi".parse::<Gpus>().unwrap_err().help(), "write `4`, `0.5` or `500m`");
    /// ```
    Gpus::thousandths(thousandths) by GPUS;
    /// Money in millionths of the workspace's one currency (I5), written `0.526`.
    ///
    /// ```
    /// use siting::quantity::Money;
    /// assert_eq!("0.526".parse(), Ok(Money::micros(526_000)));
    /// assert_eq!(Money::micros(1_578_000).to_string(), "1.578");
    /// ```
    Money::micros(micros) by MONEY;
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        CPU.write(self.0, f)
    }
}

impl fmt::Display for Gpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        GPUS.write(self.0, f)
    }
}

impl fmt::Display for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FIGURE.write(self.0, f)
    }
}

impl Milli {
    /// This many whole units; the most that can be held where they are too many.
    #[must_use]
    pub const fn whole(units: u64) -> Self {
        Self(units.saturating_mul(1000))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BYTES.write(self.0, f)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BANDWIDTH.write(self.0, f)
    }
}

/// A decimal without trailing zeros.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_thousandths(self.0, 1_000_000, f)
    }
}

impl Money {
    /// This much `times` over, or `None` where it is more than can be held.
    #[must_use]
    pub fn checked_mul(self, times: u64) -> Option<Self> {
        self.0.checked_mul(times).map(Self)
    }
}

/// `steps` of which `one` make a whole, as a decimal without trailing zeros.
fn write_thousandths(steps: u64, one: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (whole, rest) = (steps / one, steps % one);
    if rest == 0 {
        return write!(f, "{whole}");
    }
    let width = one.ilog10() as usize;
    write!(f, "{whole}.{}", format!("{rest:0width$}").trim_end_matches('0'))
}

/// A share of one GPU in thousandths: above 0, up to 1.
///
/// ```
/// use siting::quantity::GpuShare;
/// assert_eq!("0.25".parse::<GpuShare>()?.thousandths(), 250);
/// assert!("1.5".parse::<GpuShare>().is_err());
/// # Ok::<(), siting::quantity::InvalidQuantity>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GpuShare(u32);

impl GpuShare {
    /// Thousandths in one whole GPU.
    pub const WHOLE: u32 = 1000;

    /// This many thousandths, if that is above 0 and at most a whole.
    #[must_use]
    pub fn from_thousandths(thousandths: u32) -> Option<Self> {
        (1..=Self::WHOLE).contains(&thousandths).then_some(Self(thousandths))
    }

    /// The number of thousandths.
    #[must_use]
    pub fn thousandths(self) -> u32 {
        self.0
    }
}

impl FromStr for GpuShare {
    type Err = InvalidQuantity;
    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let thousandths = SHARE.parse(text)?;
        u32::try_from(thousandths).ok().and_then(Self::from_thousandths).ok_or_else(|| InvalidQuantity {
            text: shortened(text),
            what: SHARE.what,
            reason: "it is outside its range".to_owned(),
            example: SHARE.example.to_owned(),
        })
    }
}

impl fmt::Display for GpuShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_thousandths(u64::from(self.0), u64::from(Self::WHOLE), f)
    }
}

impl<'de> Deserialize<'de> for GpuShare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for GpuShare {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A whole percentage from 1 to 100.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Percent(u8);

impl Percent {
    /// All of it.
    pub const FULL: Self = Self(100);

    /// `percent`, if it is from 1 to 100.
    #[must_use]
    pub fn new(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }

    /// The number, from 1 to 100.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = u8::deserialize(deserializer)?;
        Self::new(percent).ok_or_else(|| serde::de::Error::custom("a percentage is from 1 to 100"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn i2_nonsense_overflow_and_excess_digits_are_refused() {
        for bad in ["", "-1", "1e400", "1..5", "NaN", "0x10", "4 cores", "1,5", "0.0001", "99999999999999999999"] {
            assert!(bad.parse::<Cpu>().is_err(), "{bad}");
        }
        for bad in ["16", "16Gib", "16 Gi", "Gi", "-1Gi", "0.3B", "20000000000Gi", "1e3Gi"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
        for bad in ["1", "1Gb", "1GBps", "1Gi"] {
            assert!(bad.parse::<Bandwidth>().is_err(), "{bad}");
        }
        for bad in ["0", "1.001", "0.0005", "2"] {
            assert!(bad.parse::<GpuShare>().is_err(), "{bad}");
        }
        for bad in ["0.0000001", "-0.5", "$1", "1e400"] {
            assert!(bad.parse::<Money>().is_err(), "{bad}");
        }
    }

    /// I2: as Kubernetes reads them.
    #[test]
    fn i2_the_notations_of_kubernetes_are_read() {
        for (text, milli) in
            [(".5", 500), ("5.", 5000), ("+1", 1000), ("1e3", 1_000_000), ("1E+1", 10_000), ("25e-2", 250), ("0", 0)]
        {
            assert_eq!(text.parse(), Ok(Cpu(milli)), "{text}");
        }
        for text in ["0", "+0", "0.0", "0e9", "0Gi"] {
            assert_eq!(text.parse(), Ok(Bytes(0)), "{text}");
        }
        for bad in [".", "+", "e3", "1e", "1e1.5", "1e99999", "1e40", "1e-9", "--1", "+-1", "-0"] {
            assert!(bad.parse::<Cpu>().is_err(), "{bad}");
        }
        for bad in ["1e9", "1e3Gi", ".5B", "0.5B", "1"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
        assert_eq!("1e9".parse::<Bytes>().unwrap_err().help(), "write `1G`");
        assert_eq!("1E".parse(), Ok(Bytes(1_000_000_000_000_000_000)), "a unit, no exponent");
    }

    #[test]
    fn help_names_the_unit_that_was_meant() {
        let help = |text: &str| text.parse::<Bytes>().unwrap_err().help();
        assert_eq!(help("16GiB"), "write `16Gi`");
        assert_eq!(help("16gb"), "write `16G`");
        assert_eq!(help("16"), "write `16Gi` or `16G`");
        assert_eq!(help("16 Gi"), "write `16Gi`");
        assert_eq!("1Gbit".parse::<Bandwidth>().unwrap_err().help(), "write `1Gbps` or `500Mbps`");
        assert_eq!("1gbps".parse::<Bandwidth>().unwrap_err().help(), "write `1Gbps`");
        assert_eq!("1GBps".parse::<Bandwidth>().unwrap_err().help(), "write `1Gbps` or `500Mbps`", "no bits");
        assert_eq!("4 cores".parse::<Cpu>().unwrap_err().help(), "write `4`: cores are written without a unit");
        assert_eq!("1,5".parse::<Money>().unwrap_err().help(), "write a point: `1.5`");
    }

    /// I2: a figure knows thousandths (`m`) and millions (`M`), so neither is offered for the other, or for milliseconds.
    #[test]
    fn a_figure_has_no_unit_of_time_and_no_percent_sign() {
        let help = |text: &str| text.parse::<Milli>().unwrap_err().help();
        assert_eq!(help("250ms"), "write `250`: a latency is in milliseconds, without a unit");
        assert_eq!(help("1.5s"), "write `1500`: a latency is in milliseconds, without a unit");
        assert_eq!(help("5%"), "write `5`: a percentage is written without `%`");
        assert_eq!(help("80 percent"), "write `80`: a percentage is written without `%`");
        assert_eq!(help("16gi"), "write `16Gi`");
        assert_eq!(help("5min"), "write `100`, `2.5`, `500m` or `16Gi`");
    }

    #[test]
    fn coordinates_are_exact_and_in_range() {
        assert_eq!(Coordinates::micro_degrees("-77.4"), Some(-77_400_000));
        assert_eq!(Coordinates::micro_degrees("0.0000001"), None);
        assert!(Coordinates::from_micro_degrees(90_000_000, -180_000_000).is_some());
        assert!(Coordinates::from_micro_degrees(90_000_001, 0).is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(steps: u64) {
            prop_assert_eq!(Cpu(steps).to_string().parse(), Ok(Cpu(steps)));
            prop_assert_eq!(Bytes(steps).to_string().parse(), Ok(Bytes(steps)));
            prop_assert_eq!(Bandwidth(steps).to_string().parse(), Ok(Bandwidth(steps)));
            prop_assert_eq!(Money(steps).to_string().parse(), Ok(Money(steps)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = (text.parse::<Cpu>(), text.parse::<Bytes>(), text.parse::<Money>(), text.parse::<GpuShare>());
        }
    }
}
