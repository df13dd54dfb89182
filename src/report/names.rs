//! What several reports have in common: places and hardware, candidates, policies, reasons.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::FiguresReport;
use crate::analysis::PolicyAt;
use crate::catalog::{Catalog, Choice, FlavorKind};
use crate::id::{FlavorId, PairId};
use crate::inventory::Fleet;
use crate::placement::{Culprit, Reason};

/// An option of the catalog, such as the country `us` or the gpu `t4`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChoiceName {
    /// What kind of option it is: `continent`, `country`, `group`, `location`, `gpu`, `cpu`,
    /// `provider`, `jurisdiction`, `capacity` or `attribute`, whose name has `+` between several.
    pub r#type: String,
    /// Its code or name.
    pub name: String,
}

impl ChoiceName {
    pub(crate) fn new(catalog: &Catalog, choice: Choice) -> Self {
        Self { r#type: catalog.choice_kind(choice).as_str().to_owned(), name: catalog.choice_name(choice).to_owned() }
    }

    /// Whether it is hardware of this kind.
    #[must_use]
    pub fn is(&self, kind: FlavorKind) -> bool {
        self.r#type == kind.as_str()
    }

    pub(crate) fn of_flavor(catalog: &Catalog, flavor: FlavorId) -> Self {
        Self::new(catalog, Choice::Flavor(flavor))
    }
}

/// `gpu t4`
impl fmt::Display for ChoiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.r#type, self.name)
    }
}

/// Where a replica can run, and on what.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CandidateReport {
    /// The cluster.
    pub cluster: String,
    /// The pool.
    pub pool: String,
    /// The pool's flavor that it would run on.
    pub flavor: ChoiceName,
}

impl CandidateReport {
    /// `None` for an id of another fleet.
    pub(super) fn new(fleet: &Fleet, id: PairId) -> Option<Self> {
        let pair = fleet.pair(id)?;
        Some(Self {
            cluster: fleet.cluster(pair.cluster)?.name.as_str().to_owned(),
            pool: fleet.pool(pair.pool)?.def.name.as_str().to_owned(),
            flavor: ChoiceName::of_flavor(fleet.catalog(), pair.flavor),
        })
    }
}

/// The policies that exclude, and where each is attached.
pub(super) fn policies(culprits: &[Culprit]) -> Vec<PolicyAt> {
    culprits.iter().map(PolicyAt::from).collect()
}

/// A constraint that is not met, and how many clusters it removes (D6).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReasonReport {
    /// The constraint's name in kebab case, as [`Code`](crate::placement::Code) has it.
    pub code: String,
    /// The same in words: lower case, no final period.
    pub message: String,
    /// What can be done about it.
    #[serde(default)]
    pub next: String,
    /// The policies that exclude; empty where the constraint is not about policies.
    pub policies: Vec<PolicyAt>,
    /// What it is about, in figures; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<FiguresReport>,
    /// Clusters that it alone would leave without a place.
    pub removed_alone: usize,
    /// Clusters that still have a place after it and all before it.
    pub left_after: usize,
}

impl ReasonReport {
    pub(super) fn all(reasons: &[Reason]) -> Vec<Self> {
        reasons.iter().map(Self::from).collect()
    }
}

impl From<&Reason> for ReasonReport {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code.as_str().to_owned(),
            message: reason.message(),
            next: reason.next(),
            policies: policies(&reason.policies),
            figures: FiguresReport::new(reason),
            removed_alone: reason.counts.removed_alone,
            left_after: reason.counts.left_after,
        }
    }
}
