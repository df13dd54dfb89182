//! The report of `options`.

use serde::Serialize;

use super::{API_VERSION, ChoiceReport, Quarantine, quarantined};
use crate::analysis::{self, OptionCount};
use crate::workspace::Workspace;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct OptionsReport {
    api_version: &'static str,
    kind: &'static str,
    pub(in crate::cli) locations: Vec<OptionEntry>,
    pub(in crate::cli) flavors: Vec<OptionEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantined: Option<Vec<Quarantine>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct OptionEntry {
    pub(in crate::cli) r#type: &'static str,
    pub(in crate::cli) name: String,
    pub(in crate::cli) clusters: usize,
}

impl OptionsReport {
    pub(in crate::cli) fn new(workspace: &Workspace, found: &analysis::Remaining, quarantine: bool) -> Self {
        let entry = |option: &OptionCount| {
            let ChoiceReport { r#type, name } = ChoiceReport::new(workspace.catalog(), option.choice);
            OptionEntry { r#type, name, clusters: option.clusters }
        };
        Self {
            api_version: API_VERSION,
            kind: "OptionsReport",
            locations: found.locations.iter().map(entry).collect(),
            flavors: found.flavors.iter().map(entry).collect(),
            quarantined: quarantine.then(|| quarantined(workspace)),
        }
    }
}
