//! The conditions that a demand sets hardware, and what it costs.

/// What a demand asks of hardware, and of its price (D1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Condition {
    /// Whether it is a cpu or a gpu flavor.
    Kind,
    /// The type of GPU.
    Type,
    /// The memory of one GPU.
    Memory,
    /// Whether it is a slice of a device, and which.
    Slice,
    /// The cpu type of the host.
    CpuType,
    /// What a replica costs an hour.
    Price,
}

impl Condition {
    /// The condition as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Type => "type",
            Self::Memory => "memory",
            Self::Slice => "slice",
            Self::CpuType => "cpuType",
            Self::Price => "price",
        }
    }

    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::CpuType => "cpu type",
            other => other.as_str(),
        }
    }
}
