//! Where the requests of one deployment are answered, by caller (P18).

use serde::{Deserialize, Serialize};

use super::policy_at::PolicyAt;
use crate::catalog::Axis;
use crate::placement::culprits_of;
use crate::policy::{CallerCuts, Scope};
use crate::workspace::Workspace;

/// Where requests from some countries are answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CallerDescription {
    /// The countries that they come from, by code; none for callers of whom nobody knows it.
    pub countries: Option<Vec<String>>,
    /// The policies that bind them, by level; none for callers who are answered wherever the deployment may run.
    pub policies: Vec<PolicyAt>,
    /// On how many clusters both the deployment's policies and these allow them to be answered.
    pub clusters: usize,
}

/// All callers that are told apart, where some policy binds any: by country, then those who are unknown.
pub(super) fn by_caller(workspace: &Workspace, scope: &Scope, cuts: &CallerCuts) -> Vec<CallerDescription> {
    if cuts.is_empty() {
        return Vec::new();
    }
    let catalog = workspace.catalog();
    let described = |countries: Option<Vec<String>>, cut: &Scope| {
        let both = scope.clone().both(cut);
        let restrictions = Axis::ALL.into_iter().flat_map(|axis| cut.axis(axis).restrictions());
        let policies = restrictions.flat_map(|restriction| culprits_of(cut, restriction));
        CallerDescription {
            countries,
            policies: policies.map(|culprit| PolicyAt::from(&culprit)).collect(),
            clusters: workspace.inventory().fleet().index().allowed(&both).clusters().len(),
        }
    };
    let of_countries = cuts.groups().map(|(countries, cut)| {
        let codes = countries.into_iter().map(|country| catalog.country_code(country).to_owned());
        described(Some(codes.collect()), cut)
    });
    of_countries.chain([described(None, cuts.of(None))]).collect()
}
