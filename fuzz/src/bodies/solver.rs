//! The solver against the oracle.

use crate::comparison::compare;
use crate::oracle::random::world_of_bytes;

/// On every world that bytes make, both decide the same.
pub fn solver(bytes: &[u8]) {
    let Some((&partial, bytes)) = bytes.split_first() else { return };
    compare(&world_of_bytes(bytes, 8), partial % 2 == 1, "a world of bytes");
}
