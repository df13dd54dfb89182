//! A policy and where it is attached, as descriptions and reports name it.

use serde::{Deserialize, Serialize};

use crate::placement::Culprit;
use crate::policy::Level;

/// A policy and where it is attached.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyAt {
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// When it ended there, where it has: it allows nothing since (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Why it is attached there, where that is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket that stands for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

impl From<&Culprit> for PolicyAt {
    fn from(culprit: &Culprit) -> Self {
        let note = culprit.note.as_ref();
        Self {
            name: culprit.policy.as_str().to_owned(),
            level: culprit.level,
            ended: culprit.ended.map(|until| until.to_string()),
            reason: note.and_then(|note| note.reason.clone()),
            ticket: note.and_then(|note| note.ticket.clone()),
        }
    }
}
