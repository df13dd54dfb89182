//! Where requests may be answered, by the country that they come from (P18).

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number of a place where backends stand, which the host gives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SiteId(pub u32);

/// The code of the country that a request comes from, as ISO 3166-1 alpha-2 has it and as address databases tell it.
///
/// ```
/// use siting::traffic::Country;
/// assert_eq!("DE".parse::<Country>()?.to_string(), "de");
/// assert!("T1".parse::<Country>().is_err());
/// # Ok::<(), siting::traffic::InvalidCountry>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// A text that is no code of a country.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no code of a country: write its two letters, as `de`")]
pub struct InvalidCountry(String);

impl Country {
    /// How many codes of two letters there are.
    const CODES: usize = 26 * 26;

    /// The place of the code among all codes.
    fn index(self) -> usize {
        let [first, second] = self.0.map(|letter| usize::from(letter.wrapping_sub(b'a')));
        first * 26 + second
    }
}

impl FromStr for Country {
    type Err = InvalidCountry;

    fn from_str(text: &str) -> Result<Self, InvalidCountry> {
        match *text.as_bytes() {
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                Ok(Self([first.to_ascii_lowercase(), second.to_ascii_lowercase()]))
            }
            _ => Err(InvalidCountry(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = InvalidCountry;

    fn try_from(text: String) -> Result<Self, InvalidCountry> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&letter| write!(f, "{}", char::from(letter)))
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({self})")
    }
}

/// The places at which some callers may be answered.
///
/// ```
/// use siting::traffic::{Mask, SiteId};
/// let mask = Mask::only([SiteId(3), SiteId(1)]);
/// assert!(mask.admits(Some(SiteId(1))) && !mask.admits(Some(SiteId(2))) && !mask.admits(None));
/// assert!(Mask::everywhere().admits(None));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mask(Option<BTreeSet<SiteId>>);

impl Mask {
    /// Everywhere, also where nobody said which place it is.
    #[must_use]
    pub fn everywhere() -> Self {
        Self(None)
    }

    /// At these places alone; nowhere, if there are none.
    #[must_use]
    pub fn only(sites: impl IntoIterator<Item = SiteId>) -> Self {
        Self(Some(sites.into_iter().collect()))
    }

    /// Whether it cuts nothing.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.0.is_none()
    }

    /// Whether requests may be answered at a place; where it is not known which that is, only a mask that cuts nothing
    /// admits it.
    #[must_use]
    pub fn admits(&self, site: Option<SiteId>) -> bool {
        self.0.as_ref().is_none_or(|sites| site.is_some_and(|site| sites.contains(&site)))
    }
}

/// The masks of all callers of a deployment, by the country that they come from. A caller whose country nobody knows has
/// one of its own, which also holds for codes that no mask was given for.
///
/// ```
/// use siting::traffic::{Mask, Masks, SiteId};
/// let (european, anywhere) = (Mask::only([SiteId(0)]), Mask::everywhere());
/// let masks = Masks::new(european.clone()).with(european, ["de".parse()?, "fr".parse()?]).with(anywhere, ["us".parse()?]);
/// assert!(masks.of(Some("us".parse()?)).admits(Some(SiteId(1))));
/// assert!(!masks.of(Some("de".parse()?)).admits(Some(SiteId(1))));
/// assert!(!masks.of(None).admits(Some(SiteId(1))));
/// # Ok::<(), siting::traffic::InvalidCountry>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "KeptMasks", into = "KeptMasks")]
pub struct Masks {
    /// All masks that differ; the first is that of unknown callers.
    masks: Vec<Mask>,
    /// The place of each code's mask among them.
    by_code: Box<[u16]>,
}

/// Masks as they are kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeptMasks {
    unknown: Mask,
    of: Vec<(Mask, Vec<Country>)>,
}

impl Masks {
    /// Masks that cut nothing for anybody.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Mask::everywhere())
    }

    /// This mask for unknown callers, and for all whose country none is given for.
    #[must_use]
    pub fn new(unknown: Mask) -> Self {
        Self { masks: vec![unknown], by_code: vec![0; Country::CODES].into_boxed_slice() }
    }

    /// The same with a mask for callers from these countries.
    #[must_use]
    pub fn with(mut self, mask: Mask, countries: impl IntoIterator<Item = Country>) -> Self {
        let known = self.masks.iter().position(|known| *known == mask);
        let place = known.unwrap_or_else(|| {
            self.masks.push(mask);
            self.masks.len() - 1
        });
        // Invariant `masks-fit-u16`: there are no more masks than codes, and one of unknown callers.
        let place = u16::try_from(place).unwrap_or(0);
        for country in countries {
            if let Some(own) = self.by_code.get_mut(country.index()) {
                *own = place;
            }
        }
        self
    }

    /// The mask of a caller.
    #[must_use]
    pub fn of(&self, caller: Option<Country>) -> &Mask {
        self.at(self.place(caller))
    }

    /// Whether nobody is cut from anything.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.masks.iter().all(Mask::is_everywhere)
    }

    /// The place of a caller's mask among all that differ. O(1).
    #[inline]
    pub(super) fn place(&self, caller: Option<Country>) -> usize {
        let known = caller.and_then(|country| self.by_code.get(country.index()));
        known.map_or(0, |place| usize::from(*place))
    }

    /// The mask at a place; never none, as [`place`](Self::place) gives it.
    #[inline]
    pub(super) fn at(&self, place: usize) -> &Mask {
        static NOWHERE: Mask = Mask(Some(BTreeSet::new()));
        self.masks.get(place).unwrap_or(&NOWHERE)
    }

    /// How many masks differ.
    pub(super) fn len(&self) -> usize {
        self.masks.len()
    }
}

impl Default for Masks {
    fn default() -> Self {
        Self::none()
    }
}

impl From<Masks> for KeptMasks {
    fn from(masks: Masks) -> Self {
        let codes = || (b'a'..=b'z').flat_map(|first| (b'a'..=b'z').map(move |second| Country([first, second])));
        let own = |place: usize| -> Vec<Country> { codes().filter(|&code| masks.place(Some(code)) == place).collect() };
        let of = masks.masks.iter().enumerate().skip(1).map(|(place, mask)| (mask.clone(), own(place)));
        Self { of: of.filter(|(_, countries)| !countries.is_empty()).collect(), unknown: masks.at(0).clone() }
    }
}

impl TryFrom<KeptMasks> for Masks {
    type Error = &'static str;

    fn try_from(kept: KeptMasks) -> Result<Self, &'static str> {
        let mut seen = HashSet::new();
        if !kept.of.iter().flat_map(|(_, countries)| countries).all(|country| seen.insert(*country)) {
            return Err("a country has two masks");
        }
        Ok(kept.of.into_iter().fold(Self::new(kept.unknown), |masks, (mask, countries)| masks.with(mask, countries)))
    }
}
