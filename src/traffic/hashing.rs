//! Hashes of clients: nginx's for addresses, and the ketama ring.

use std::net::IpAddr;

/// A ring of points, each leading to a backend: nginx's `hash … consistent`, which is ketama over
/// CRC-32. A backend has 160 points for each unit of weight.
///
/// Weights count as they are stated while their mean is at most 100 and they sum to at most 25,000, or to the
/// number of backends where that is more. Beyond, they are brought down in proportion, none to zero. So
/// memory follows the number of backends, and not what weights they are given.
///
/// Source of the algorithm: `ngx_http_upstream_hash_module` of nginx, and `pingora-ketama`.
///
/// ```
/// use siting::traffic::Ring;
/// let servers = [("10.0.0.1", 443, 1), ("10.0.0.2", 443, 1), ("10.0.0.3", 443, 1)];
/// let ring = Ring::new(servers);
/// let order: Vec<usize> = ring.candidates(b"/some/path").collect();
/// assert_eq!(order.len(), 3); // each server once, nearest first
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ring {
    /// Ascending by hash, no hash twice.
    points: Vec<(u32, u32)>,
    /// How many backends there are.
    backends: usize,
}

impl Ring {
    /// Points for each unit of weight.
    pub const POINTS: u32 = 160;

    /// A ring of (address, port, weight), in the order of the backends.
    #[must_use]
    pub fn new<'a>(backends: impl IntoIterator<Item = (&'a str, u16, u32)>) -> Self {
        let backends: Vec<_> = backends.into_iter().collect();
        let total: u64 = backends.iter().map(|(_, _, weight)| u64::from(*weight)).sum();
        let count = u64::try_from(backends.len()).unwrap_or(u64::MAX);
        let most = count.saturating_mul(100).min(count.max(25_000));
        // At most the stated weight, so that it fits.
        let counted = |weight: u32| match total <= most {
            true => weight,
            false => u32::try_from(u128::from(weight) * u128::from(most) / u128::from(total))
                .map_or(weight, |part| part.max(weight.min(1))),
        };
        let mut points = Vec::new();
        for (place, (address, port, weight)) in backends.iter().enumerate() {
            let mut base = crc32fast::Hasher::new();
            base.update(address.as_bytes());
            base.update(&[0]);
            base.update(port.to_string().as_bytes());
            let mut previous = 0_u32;
            for _ in 0..counted(*weight).saturating_mul(Self::POINTS) {
                let mut hasher = base.clone();
                hasher.update(&previous.to_le_bytes());
                previous = hasher.finalize();
                points.push((previous, u32::try_from(place).unwrap_or(u32::MAX)));
            }
        }
        // Stable: of equal points the backend that was listed first keeps its own.
        points.sort_by_key(|(hash, _)| *hash);
        points.dedup_by_key(|(hash, _)| *hash);
        Self { points, backends: backends.len() }
    }

    /// How many points it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether it has none, and leads nowhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The place of the backend that a key leads to.
    #[must_use]
    pub fn lookup(&self, key: &[u8]) -> Option<usize> {
        self.from(key).next()
    }

    /// The places of all backends in the order in which a key would try them.
    pub fn candidates(&self, key: &[u8]) -> impl Iterator<Item = usize> + use<'_> {
        let mut seen = vec![false; self.backends];
        self.from(key).filter(move |&place| match seen.get_mut(place) {
            Some(seen) => !std::mem::replace(seen, true),
            None => false,
        })
    }

    /// The backends of all points, from the key's on, once round.
    pub(super) fn from(&self, key: &[u8]) -> impl Iterator<Item = usize> + use<'_> {
        let hash = crc32fast::hash(key);
        let start = self.points.partition_point(|(point, _)| *point < hash);
        let (before, after) = self.points.split_at_checked(start).unwrap_or_default();
        after.iter().chain(before).map(|(_, place)| *place as usize)
    }
}

/// nginx's hash of an address: of the first three bytes of IPv4, of all of IPv6.
pub(super) struct IpHash {
    bytes: [u8; 16],
    length: usize,
    hash: u32,
}

impl IpHash {
    pub(super) fn new(address: IpAddr) -> Self {
        let (bytes, length) = match address {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                ([a, b, c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 3)
            }
            IpAddr::V6(address) => (address.octets(), 16),
        };
        Self { bytes, length, hash: 89 }
    }

    /// The next hash; each goes on from the one before.
    pub(super) fn next(&mut self) -> u32 {
        for byte in self.bytes.iter().take(self.length) {
            self.hash = (self.hash * 113 + u32::from(*byte)) % 6271;
        }
        self.hash
    }
}
