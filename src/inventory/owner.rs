//! Whose a reservation is (W5).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Whose a reservation is (W5). Nobody else gives it back.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Option<Arc<str>>", into = "Option<Arc<str>>")]
pub enum Owner {
    /// The host's own.
    #[default]
    Host,
    /// One deployment's of one life, such as `model/bert/bert-1`.
    Deployment(Arc<str>),
}

impl Owner {
    pub(super) fn is_host(&self) -> bool {
        *self == Self::Host
    }
}

impl From<Option<Arc<str>>> for Owner {
    /// The deployment of this address, or the host.
    fn from(address: Option<Arc<str>>) -> Self {
        address.map_or(Self::Host, Self::Deployment)
    }
}

impl From<Owner> for Option<Arc<str>> {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Host => None,
            Owner::Deployment(address) => Some(address),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("the host"),
            Self::Deployment(address) => write!(f, "`{address}`"),
        }
    }
}
