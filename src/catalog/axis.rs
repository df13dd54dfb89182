//! The axes over which policies range (P15).
//!
//! Everything that depends on the number of axes is here. The algebra asks [`Axis::ALL`] and keeps
//! its values in a [`PerAxis`], so a third axis is a row here, its tree in the catalog, and where clusters and
//! pools are on it in the inventory.

use std::fmt;

use crate::document::reads_words;
use crate::id::Atom;

/// Declares the axes, a row each: the variant, and the words of it that manifests, refusals and tables use.
macro_rules! axes {
    ($($(#[doc = $doc:literal])+ $axis:ident {
        name: $name:literal, list: $list:literal, point: $point:literal,
        heading: $heading:literal, title: $title:literal, allowed: $allowed:literal,
    })+) => {
        /// What a policy restricts: where a workload runs, or on what.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Axis {
            $($(#[doc = $doc])+ $axis,)+
        }

        /// How many axes there are.
        const AXES: usize = [$(Axis::$axis),+].len();

        impl Axis {
            /// Every axis, in the order of [`index`](Self::index).
            pub const ALL: [Self; AXES] = [$(Self::$axis),+];

            /// The axis as manifests write it: `location` or `flavor`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$axis => $name,)+
                }
            }

            /// The field of a policy that lists options of the axis: `locations`.
            #[must_use]
            pub const fn list(self) -> &'static str {
                match self {
                    $(Self::$axis => $list,)+
                }
            }

            /// The title of a list of the axis's values: `Places`.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$axis => $title,)+
                }
            }

            /// What asks for the axis in a table: `Where`.
            #[must_use]
            pub const fn heading(self) -> &'static str {
                match self {
                    $(Self::$axis => $heading,)+
                }
            }

            /// What the field [`list`](Self::list) of a policy holds, as a doc comment.
            pub(crate) const fn allowed_doc(self) -> &'static [&'static str] {
                match self {
                    $(Self::$axis => &[$allowed],)+
                }
            }

            /// What a refusal says because policies of the axis exclude a point: `the place is not allowed`.
            #[must_use]
            pub const fn not_allowed_summary(self) -> &'static str {
                match self {
                    $(Self::$axis => concat!("the ", $point, " is not allowed"),)+
                }
            }

            /// The code of a refusal because policies of the axis exclude a point (D6): `location-not-allowed`.
            #[must_use]
            pub const fn not_allowed(self) -> &'static str {
                match self {
                    $(Self::$axis => concat!($name, "-not-allowed"),)+
                }
            }
        }
    };
}

axes! {
    /// Places: continent over country over location (C6).
    Location {
        name: "location", list: "locations", point: "place",
        heading: "Where", title: "Places",
        allowed: "The places that a location policy allows.",
    }
    /// Hardware: kind over family over variant (C6).
    Flavor {
        name: "flavor", list: "flavors", point: "flavor",
        heading: "On what", title: "Hardware",
        allowed: "The hardware that a flavor policy allows.",
    }
    /// Who runs it, and whose law its owner answers to.
    Provider {
        name: "provider", list: "providers", point: "provider",
        heading: "Run by", title: "Providers",
        allowed: "Who may run the clusters that a provider policy allows.",
    }
    /// How nodes are bought.
    Capacity {
        name: "capacity", list: "capacity", point: "capacity",
        heading: "Bought as", title: "Capacity",
        allowed: "How the nodes that a capacity policy allows are bought.",
    }
    /// What clusters and pools bear: names that the workspace declares.
    Attribute {
        name: "attribute", list: "attributes", point: "set of attributes",
        heading: "Bearing", title: "Attributes",
        allowed: "What a pool must bear, for an attribute policy to allow it: all of one entry.",
    }
}

impl Axis {
    /// Its place in [`ALL`](Self::ALL).
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// The position of something on an axis.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Point {
    /// The point itself.
    pub atom: Atom,
    /// What represents it in a scope that was compiled before the catalog knew it (P7): the rest of a country, or the
    /// point itself where there is nothing coarser.
    pub rest: Atom,
}

impl Point {
    /// A point that every scope knows.
    #[must_use]
    pub fn known(atom: Atom) -> Self {
        Self { atom, rest: atom }
    }
}

reads_words!(Axis);

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
/// assert_eq!(names.iter().map(|(_, name)| name.len()).sum::<usize>(), 39);
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
}
