//! The command line, as a binary.
fn main() {}
