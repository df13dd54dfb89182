//! An independent oracle: the rules of policies and placement written a second time, from their text alone, over plain
//! sets and strings (D9). It shares nothing with the library; what both decide is compared.

pub mod callers;
pub mod enumerate;
pub mod judge;
mod limits;
pub mod random;
pub mod world;
