//! Distances in whole kilometres.

use crate::quantity::Coordinates;

/// The earth's mean radius in kilometres (IUGG).
const EARTH: f64 = 6371.0088;

/// The great-circle distance by the haversine formula, rounded to the nearest kilometre. The
/// functions used are those of a portable library, so that every platform finds the same (D4).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "half the earth's girth is 20,015 km")]
pub(super) fn kilometres(a: Coordinates, b: Coordinates) -> u32 {
    let radians = |micros: i32| (f64::from(micros) / 1e6).to_radians();
    let half_sine = |from: i32, to: i32| {
        let sine = libm::sin((radians(to) - radians(from)) / 2.0);
        sine * sine
    };
    let parallel = libm::cos(radians(a.latitude())) * libm::cos(radians(b.latitude()));
    let chord = half_sine(a.latitude(), b.latitude()) + parallel * half_sine(a.longitude(), b.longitude());
    let distance = 2.0 * EARTH * libm::asin(libm::sqrt(chord.clamp(0.0, 1.0)));
    libm::round(distance) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D5: great-circle distances between airports, as the field's tables give them.
    #[test]
    fn d5_distances_are_those_of_the_tables() {
        let at = |latitude, longitude| Coordinates::from_micro_degrees(latitude, longitude).unwrap();
        let (paris, new_york) = (at(48_856_600, 2_352_200), at(40_712_800, -74_006_000));
        assert_eq!(kilometres(paris, paris), 0);
        // 5,837 km between the two cities' centres on a sphere.
        assert!((5835..=5839).contains(&kilometres(paris, new_york)), "{}", kilometres(paris, new_york));
        assert_eq!(kilometres(paris, new_york), kilometres(new_york, paris));
        // A quarter of the girth, and half of it: pi times the radius.
        assert_eq!(kilometres(at(0, 0), at(0, 90_000_000)), 10_008);
        assert_eq!(kilometres(at(0, 0), at(0, 180_000_000)), 20_015);
    }
}
