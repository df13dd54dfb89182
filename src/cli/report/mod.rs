//! Reports: what JSON and YAML print as it is, and tables are made from.
//!
//! Field names and orders are a face of the program: tools rely on them.

mod catalog;
mod check;
mod errors;
mod explanation;
mod options;
mod placement;
mod scope;

pub(super) use catalog::CatalogReport;
pub(super) use check::CheckReport;
pub(super) use errors::{ErrorEntry, ErrorReport, Quarantine, quarantined};
pub(super) use explanation::{ClusterExplanation, ExplanationReport};
pub(super) use options::{OptionEntry, OptionsReport};
pub(super) use placement::{DeploymentReport, PlacedReport, PlacementReport, RefusalReport};
pub(super) use scope::{Covered, ScopeReport};

use serde::Serialize;

use crate::catalog::{Catalog, Choice, FlavorKind};
use crate::id::{FlavorId, PairId};
use crate::inventory::Fleet;
use crate::placement::{Culprit, Reason};

/// What stands as `apiVersion` of every report.
pub(super) const API_VERSION: &str = "siting.dev/v1";

/// A node of one of the catalog's trees.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(super) struct ChoiceReport {
    r#type: &'static str,
    name: String,
}

impl ChoiceReport {
    pub(super) fn new(catalog: &Catalog, choice: Choice) -> Self {
        Self { r#type: catalog.choice_kind(choice).as_str(), name: catalog.choice_name(choice).to_owned() }
    }

    /// Whether it is hardware of this kind.
    pub(super) fn is(&self, kind: FlavorKind) -> bool {
        self.r#type == kind.as_str()
    }

    pub(super) fn of_flavor(catalog: &Catalog, flavor: FlavorId) -> Self {
        Self::new(catalog, Choice::Flavor(flavor))
    }
}

impl std::fmt::Display for ChoiceReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.r#type, self.name)
    }
}

/// Where a replica can run, and on what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct PairReport {
    pub(super) cluster: String,
    pub(super) pool: String,
    pub(super) flavor: ChoiceReport,
}

impl PairReport {
    /// `None` for an id of another fleet.
    pub(super) fn new(fleet: &Fleet, id: PairId) -> Option<Self> {
        let pair = fleet.pair(id)?;
        Some(Self {
            cluster: fleet.cluster(pair.cluster)?.name.as_str().to_owned(),
            pool: fleet.pool(pair.pool)?.def.name.as_str().to_owned(),
            flavor: ChoiceReport::of_flavor(fleet.catalog(), pair.flavor),
        })
    }
}

/// A policy that excludes, and where it is attached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct PolicyReport {
    pub(super) name: String,
    pub(super) level: &'static str,
}

impl PolicyReport {
    fn all(culprits: &[Culprit]) -> Vec<Self> {
        let one = |culprit: &Culprit| Self { name: culprit.policy.as_str().to_owned(), level: culprit.level.as_str() };
        culprits.iter().map(one).collect()
    }
}

/// A constraint that stands in the way, and what it takes away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReasonReport {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) policies: Vec<PolicyReport>,
    pub(super) removed_alone: usize,
    pub(super) left_after: usize,
}

impl ReasonReport {
    pub(super) fn all(reasons: &[Reason]) -> Vec<Self> {
        let one = |reason: &Reason| Self {
            code: reason.code.as_str(),
            message: reason.message(),
            policies: PolicyReport::all(&reason.policies),
            removed_alone: reason.counts.removed_alone,
            left_after: reason.counts.left_after,
        };
        reasons.iter().map(one).collect()
    }
}
