//! Text to specs and back: what is read, what is refused, what is written.
#![cfg(feature = "manifest")]
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests may fail loudly")]

mod hostile;
mod reading;
mod round_trip;
mod spoiled;
mod updates;
