//! Whose a reservation is (W5).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Whose a reservation is (W5). Nobody else gives it back.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Option<Written>", into = "Option<Written>")]
pub enum Owner {
    /// The host's own.
    #[default]
    Host,
    /// The host's own, for a deployment of the workspace, such as `model/bert/v1`: it counts where that is limited (E4).
    Committed(Arc<str>),
    /// One deployment's of one life, such as `model/bert/bert-1`.
    Deployment(Arc<str>),
}

/// How an owner stands in text: the address of a deployment of a life, or whom the host holds it for.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Deployment(Arc<str>),
    #[serde(rename_all = "camelCase")]
    Committed {
        committed_for: Arc<str>,
    },
}

impl Owner {
    pub(super) fn is_host(&self) -> bool {
        *self == Self::Host
    }

    /// Whether the host may give it back.
    #[must_use]
    pub fn is_the_hosts(&self) -> bool {
        !matches!(self, Self::Deployment(_))
    }
}

impl From<Option<Written>> for Owner {
    fn from(written: Option<Written>) -> Self {
        match written {
            None => Self::Host,
            Some(Written::Deployment(address)) => Self::Deployment(address),
            Some(Written::Committed { committed_for }) => Self::Committed(committed_for),
        }
    }
}

impl From<Owner> for Option<Written> {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Host => None,
            Owner::Committed(committed_for) => Some(Written::Committed { committed_for }),
            Owner::Deployment(address) => Some(Written::Deployment(address)),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("the host"),
            Self::Committed(address) => write!(f, "the host, for `{address}`"),
            Self::Deployment(address) => write!(f, "`{address}`"),
        }
    }
}
