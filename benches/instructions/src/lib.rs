//! Nothing of its own: see `benches/guards.rs`.
