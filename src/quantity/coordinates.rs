//! Where something stands on the earth, and how far it is from there to elsewhere.

use serde::{Serialize, Serializer};

use super::decimal;

/// The earth's mean radius in kilometres (IUGG).
const EARTH: f64 = 6371.0088;

/// Coordinates in millionths of a degree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Coordinates {
    latitude: i32,
    longitude: i32,
}

impl Coordinates {
    const DEGREE: i32 = 1_000_000;

    /// These millionths of a degree, if latitude is within ±90° and longitude within ±180°.
    #[must_use]
    pub fn from_micro_degrees(latitude: i32, longitude: i32) -> Option<Self> {
        let within = |value: i32, degrees: i32| value.unsigned_abs() <= (degrees * Self::DEGREE).unsigned_abs();
        (within(latitude, 90) && within(longitude, 180)).then_some(Self { latitude, longitude })
    }

    /// Latitude in millionths of a degree, north positive.
    #[must_use]
    pub fn latitude(self) -> i32 {
        self.latitude
    }

    /// Longitude in millionths of a degree, east positive.
    #[must_use]
    pub fn longitude(self) -> i32 {
        self.longitude
    }

    /// Reads one of the two numbers, with at most six decimals.
    #[must_use]
    pub fn micro_degrees(text: &str) -> Option<i32> {
        let (sign, number) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (digits, scale) = decimal(number)?;
        let micros = digits.checked_mul(1_000_000)?;
        if micros % scale != 0 {
            return None;
        }
        i32::try_from(micros / scale).ok().map(|micros| sign * micros)
    }

    /// How far it is to somewhere else in whole kilometres: the great-circle distance by the haversine formula on a
    /// sphere of the earth's mean radius, rounded to the nearest. The functions used are those of a portable library,
    /// so that every platform finds the same (D4).
    ///
    /// ```
    /// # use siting::quantity::Coordinates;
    /// let at = |latitude, longitude| Coordinates::from_micro_degrees(latitude, longitude).ok_or("on the earth");
    /// let (pole, equator) = (at(90_000_000, 0)?, at(0, 0)?);
    /// assert_eq!(pole.kilometres_to(equator), 10_008);
    /// # Ok::<(), &str>(())
    /// ```
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "half the earth's girth is 20,015 km")]
    #[must_use]
    pub fn kilometres_to(self, other: Self) -> u32 {
        let radians = |micros: i32| (f64::from(micros) / 1e6).to_radians();
        let half_sine = |from: i32, to: i32| {
            let sine = libm::sin((radians(to) - radians(from)) / 2.0);
            sine * sine
        };
        let parallel = libm::cos(radians(self.latitude)) * libm::cos(radians(other.latitude));
        let chord = half_sine(self.latitude, other.latitude) + parallel * half_sine(self.longitude, other.longitude);
        let distance = 2.0 * EARTH * libm::asin(libm::sqrt(chord.clamp(0.0, 1.0)));
        libm::round(distance) as u32
    }
}

impl Serialize for Coordinates {
    /// As manifests have it: a list of two decimal numbers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let degrees = |micros: i32| f64::from(micros) / f64::from(Self::DEGREE);
        [degrees(self.latitude), degrees(self.longitude)].serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D5: great-circle distances between airports, as the field's tables give them.
    #[test]
    fn d5_distances_are_those_of_the_tables() {
        let at = |latitude, longitude| Coordinates::from_micro_degrees(latitude, longitude).unwrap();
        let (paris, new_york) = (at(48_856_600, 2_352_200), at(40_712_800, -74_006_000));
        assert_eq!(paris.kilometres_to(paris), 0);
        // 5,837 km between the two cities' centres on a sphere.
        assert!((5835..=5839).contains(&paris.kilometres_to(new_york)), "{}", paris.kilometres_to(new_york));
        assert_eq!(paris.kilometres_to(new_york), new_york.kilometres_to(paris));
        // A quarter of the girth, and half of it: pi times the radius.
        assert_eq!(at(0, 0).kilometres_to(at(0, 90_000_000)), 10_008);
        assert_eq!(at(0, 0).kilometres_to(at(0, 180_000_000)), 20_015);
    }
}
