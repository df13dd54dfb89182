//! What manifests say, typed: names are still names, each with the place where it was written.
//!
//! One spec a document. They can be built in code as well; then their origins are empty. Two specs
//! are equal when they say the same, wherever it was written.

mod cluster;
mod deployment;
mod environment;
mod known;
mod limits;
mod policy;
mod policy_test;
mod preferences;
mod resources;

pub(crate) use cluster::MAX_GPUS;
pub use cluster::{ClusterSpec, NodeUsedSpec, PoolGpuSpec, PoolSpec, PoolsSpec, RunningSpec, UsedSpec};
pub use deployment::{DeploymentSpec, OffloadingSpec};
#[cfg(feature = "manifest")]
pub(super) use deployment::{WorkloadName, WorkloadType};
pub use environment::{
    EnvironmentSpec, ExpectedDemandSpec, FindingSeverity, FlavorSpec, GroupSpec, LocationSpec, ProviderSpec,
    WorkspaceSpec,
};
pub use limits::LimitsSpec;
pub use policy::{Allowed, AttachmentSpec, ChoiceSpec, Dialect, PolicySpec};
#[cfg(feature = "manifest")]
pub(super) use policy::{Attached, PolicyType, by_type, choice, policy_type, write_choice};
pub use policy_test::{BlamedSpec, DeniedSpec, PolicyCaseSpec, PolicyTestSpec, RefusedBySpec, SiteSpec, TestedKind};
pub use preferences::{FavouriteSpec, NearSpec, PreferenceSpec, PreferencesSpec, SiteKind};
pub use resources::{GpuNeedSpec, GpuSpec, ResourcesSpec};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::document::{Field, FieldShape, Fields, Format, Lenient, Map, RecordShape, document};
use crate::id::Name;
use crate::origin::{Origin, Problem, Sourced};

/// All documents of a load.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Specs {
    /// The workspace, if one is described.
    pub workspace: Option<WorkspaceSpec>,
    /// Policies, native and Beamlit's.
    pub policies: Vec<PolicySpec>,
    /// Environments.
    pub environments: Vec<EnvironmentSpec>,
    /// Deployments, native and Beamlit's.
    pub deployments: Vec<DeploymentSpec>,
    /// Clusters.
    pub clusters: Vec<ClusterSpec>,
    /// What runs now.
    pub running: Vec<RunningSpec>,
    /// Clusters and pools that could not be read: with what is wrong with each. They fail the load unless it
    /// quarantines them (I6).
    pub broken_clusters: Vec<BrokenCluster>,
    /// Notices: documents of other API groups that were skipped.
    pub notices: Vec<Problem>,
}

/// A cluster document, or a pool of one, that could not be read (I6).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokenCluster {
    /// Its name, as far as it could be read.
    pub name: Option<String>,
    /// The pool that could not be read, where all the rest can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Where its document, or the pool, begins.
    pub origin: Origin,
    /// Its provider, as far as it could be read, like the following fields. A location that it
    /// brings is known all the same, so that no other document fails because of it.
    pub provider: Option<String>,
    /// Its region, without the provider.
    pub location: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

document! {
    /// A document's `metadata`.
    #[derive(Clone, PartialEq, Debug)]
    pub struct Metadata "metadata" {
        /// The name, unique among documents of the kind.
        name: Sourced<Name>,
        /// A display name.
        display_name: Option<String> as Option<Lenient<String>>,
        /// Labels.
        labels: IndexMap<String, String> as Lenient<IndexMap<String, String>> = IndexMap::new(),
        /// Annotations.
        annotations: IndexMap<String, String> as Lenient<IndexMap<String, String>> = IndexMap::new(),
    }
}

impl Metadata {
    /// A name and nothing else.
    #[must_use]
    pub fn named(name: Name) -> Self {
        Self { name: name.into(), display_name: None, labels: IndexMap::new(), annotations: IndexMap::new() }
    }
}

/// The metadata of the document that an object is the spec of. A missing one is reported by the document's reader.
struct OfDocument;

impl Field<Metadata> for OfDocument {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<Metadata> {
        Metadata::read(fields.of_document("metadata")?)
    }

    fn put(_: &Metadata, _: &'static str, map: Map) -> Map {
        map
    }

    fn describe(_: FieldShape, _: &mut RecordShape) {}
}
