//! The axes over which policies range (P15).
//!
//! Everything that knows how many axes there are stands here. The algebra asks [`Axis::ALL`] and keeps
//! its values in a [`PerAxis`], so a third axis touches this file and the trees of the catalog.

use std::fmt;

/// What a policy restricts: where a workload runs, or on what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Axis {
    /// Places: continent over country over location (C6).
    Location,
    /// Hardware: kind over family over variant (C6).
    Flavor,
}

impl Axis {
    /// Every axis, in the order of [`index`](Self::index).
    pub const ALL: [Self; AXES] = [Self::Location, Self::Flavor];

    /// The axis as manifests write it: `location` or `flavor`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::Flavor => "flavor",
        }
    }

    /// Its place in [`ALL`](Self::ALL).
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How many axes there are.
const AXES: usize = 2;

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value for each axis (P15).
///
/// ```
/// use siting::catalog::{Axis, PerAxis};
///
/// let names = PerAxis::from_fn(Axis::as_str);
/// assert_eq!(*names.get(Axis::Flavor), "flavor");
/// assert_eq!(names.map(|_, name| name.len()).iter().map(|(_, &len)| len).sum::<usize>(), 14);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PerAxis<T>([T; AXES]);

impl<T> PerAxis<T> {
    /// The value that `make` gives for each axis.
    pub fn from_fn(make: impl FnMut(Axis) -> T) -> Self {
        Self(Axis::ALL.map(make))
    }

    /// The value of `axis`.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "an axis is a place of `ALL`, and there is a value for each")]
    pub fn get(&self, axis: Axis) -> &T {
        &self.0[axis.index()]
    }

    /// The value of `axis`, to change it.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "as in `get`")]
    pub fn get_mut(&mut self, axis: Axis) -> &mut T {
        &mut self.0[axis.index()]
    }

    /// Each axis and its value.
    pub fn iter(&self) -> impl Iterator<Item = (Axis, &T)> {
        Axis::ALL.into_iter().zip(&self.0)
    }

    /// Other values, made from these.
    pub fn map<U>(self, mut make: impl FnMut(Axis, T) -> U) -> PerAxis<U> {
        let mut index = 0;
        PerAxis(self.0.map(|value| {
            let axis = Axis::ALL.get(index).copied().unwrap_or(Axis::Location);
            index += 1;
            make(axis, value)
        }))
    }
}
