//! What manifests say, typed: names are still names, each with the place where it was written.
//!
//! One spec a document. They can be built in code as well; then their origins are empty. Two specs
//! are equal when they say the same, wherever it was written.

use indexmap::IndexMap;

use crate::catalog::{Axis, ChoiceKind, FlavorKind};
use crate::deployment::{LoadBalancer, Scaling, Spread, Variables};
use crate::id::Name;
use crate::origin::{Origin, Problem, Sourced};
use crate::policy::{Enforcement, OnReplaced, OnViolation};
use crate::quantity::{Bandwidth, Bytes, Coordinates, Cpu, GpuShare, Money};
use crate::rollout;
use crate::traffic;

use super::beamlit::{Metric, ModelDeployment, PolicyDetails};

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
    /// Clusters that could not be read: what is wrong with each. They fail the load unless it
    /// quarantines them (I6).
    pub broken_clusters: Vec<BrokenCluster>,
    /// What was read, but deserves a word: documents of other API groups that were skipped.
    pub notices: Vec<Problem>,
}

/// A cluster document that could not be read (I6).
#[derive(Clone, PartialEq, Debug)]
pub struct BrokenCluster {
    /// Its name, as far as it could be read.
    pub name: Option<String>,
    /// Where its document begins.
    pub origin: Origin,
    /// Its provider, as far as it could be read; so it is with what follows. A location that it
    /// brings is known all the same, so that nobody else fails by it.
    pub provider: Option<String>,
    /// Its region, without the provider.
    pub location: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// A document's `metadata`.
#[derive(Clone, PartialEq, Debug)]
pub struct Metadata {
    /// The name, unique among documents of the kind.
    pub name: Sourced<Name>,
    /// A name for people.
    pub display_name: Option<String>,
    /// Labels.
    pub labels: IndexMap<String, String>,
    /// Annotations.
    pub annotations: IndexMap<String, String>,
}

impl Metadata {
    /// A name and nothing else.
    #[must_use]
    pub fn named(name: Name) -> Self {
        Self { name: name.into(), display_name: None, labels: IndexMap::new(), annotations: IndexMap::new() }
    }
}

/// A policy (P1).
#[derive(Clone, PartialEq, Debug)]
pub struct PolicySpec {
    /// Its name and labels.
    pub metadata: Metadata,
    /// The type: which axis its options are of.
    pub axis: Axis,
    /// What it allows.
    pub options: Allowed,
    /// What is taken out of that.
    pub except: Vec<Sourced<ChoiceSpec>>,
    /// The workload types it applies to; `None` is every type.
    pub resource_types: Option<Vec<Sourced<String>>>,
    /// What it is for.
    pub description: Option<String>,
    /// Which format it was written in.
    pub dialect: Dialect,
}

/// What a policy allows, before its exceptions.
#[derive(Clone, PartialEq, Debug)]
pub enum Allowed {
    /// These options; never an empty list.
    Listed(Vec<Sourced<ChoiceSpec>>),
    /// Everything: the Beamlit format reads an unset flavor list so (P9).
    Everything,
}

/// The API group that a policy was written for.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Dialect {
    /// `siting.dev/v1`.
    #[default]
    Native,
    /// `authorization.beamlit.com/v1alpha1`, with what only that holds.
    Beamlit(Box<PolicyDetails>),
}

/// An option as a policy names it: `{type: country, name: us}`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ChoiceSpec {
    /// The kind of place or hardware.
    pub kind: ChoiceKind,
    /// The name, alias or `any`, as written.
    pub name: String,
}

/// A policy attached at some level (P12).
#[derive(Clone, PartialEq, Debug)]
pub struct AttachmentSpec {
    /// The policy's name.
    pub policy: Sourced<String>,
    /// Whether it binds or is only watched.
    pub enforcement: Enforcement,
    /// A policy that lives on a remote platform: a missing one refuses the deployment
    /// (`policy-unresolved`) instead of failing the load.
    pub remote: bool,
}

/// An environment (E1).
#[derive(Clone, PartialEq, Debug)]
pub struct EnvironmentSpec {
    /// Its name and labels.
    pub metadata: Metadata,
    /// The policies attached to it.
    pub policies: Vec<AttachmentSpec>,
    /// The axes that must be restricted here or above (P13).
    pub require: Vec<Sourced<Axis>>,
    /// What follows when a policy change makes running replicas illegal.
    pub on_violation: OnViolation,
    /// What becomes of a replaced holder; `None` is each command's own default.
    pub on_replaced: Option<OnReplaced>,
}

impl EnvironmentSpec {
    /// An environment without policies and requirements.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self {
            metadata: Metadata::named(name),
            policies: Vec::new(),
            require: Vec::new(),
            on_violation: OnViolation::default(),
            on_replaced: None,
        }
    }
}

/// The workspace: what holds for all environments, and what it adds to the catalog.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkspaceSpec {
    /// Its name and labels.
    pub metadata: Metadata,
    /// The policies attached to it.
    pub policies: Vec<AttachmentSpec>,
    /// The axes that must be restricted here (P13).
    pub require: Vec<Sourced<Axis>>,
    /// The environment of deployments that name none; `None` is `production` (E2).
    pub default_environment: Option<Sourced<String>>,
    /// The one currency of all prices, as ISO 4217 has it; `None` is `USD` (I5).
    pub currency: Option<String>,
    /// Workload types beside `model`, `function` and `agent`.
    pub resource_types: Vec<Sourced<Name>>,
    /// Named sets of countries (C4).
    pub groups: Vec<GroupSpec>,
    /// Locations beside the built-in ones (C7).
    pub locations: Vec<LocationSpec>,
    /// Hardware beside the built-in codes (C5).
    pub flavors: Vec<FlavorSpec>,
    /// Demands for which packing leaves room (D5).
    pub expected_demands: Vec<Sourced<ExpectedDemandSpec>>,
}

impl WorkspaceSpec {
    /// A workspace that imposes and adds nothing.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self {
            metadata: Metadata::named(name),
            policies: Vec::new(),
            require: Vec::new(),
            default_environment: None,
            currency: None,
            resource_types: Vec::new(),
            groups: Vec::new(),
            locations: Vec::new(),
            flavors: Vec::new(),
            expected_demands: Vec::new(),
        }
    }
}

/// A demand that the fleet is expected to meet.
#[derive(Clone, PartialEq, Debug)]
pub struct ExpectedDemandSpec {
    /// How often it is asked for beside the others, from 1.
    pub weight: u32,
    /// What one replica takes.
    pub resources: ResourcesSpec,
}

/// A named set of countries.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupSpec {
    /// Its name.
    pub name: Sourced<Name>,
    /// Its members' codes; never empty.
    pub countries: Vec<Sourced<String>>,
}

/// A location of the workspace's own.
#[derive(Clone, PartialEq, Debug)]
pub struct LocationSpec {
    /// `provider/region`.
    pub name: Sourced<String>,
    /// The country it lies in.
    pub country: Sourced<String>,
}

/// A hardware code of the workspace's own.
#[derive(Clone, PartialEq, Debug)]
pub struct FlavorSpec {
    /// Cpu or gpu.
    pub kind: FlavorKind,
    /// The code.
    pub name: Sourced<Name>,
    /// The node above it: a family or a variant (C6).
    pub parent: Option<Sourced<String>>,
    /// Other names it is read by.
    pub aliases: Vec<Sourced<Name>>,
    /// Memory of one device.
    pub memory: Option<Bytes>,
}

/// A deployment: one version of a workload with its settings.
#[derive(Clone, PartialEq, Debug)]
pub struct DeploymentSpec {
    /// Its name and labels; the name is unique among the workload's deployments.
    pub metadata: Metadata,
    /// The workload's type: `model`, `function`, `agent` or a registered one.
    pub resource_type: Sourced<String>,
    /// The workload's name.
    pub workload: Sourced<Name>,
    /// The version.
    pub version: Option<String>,
    /// The environment that governs it; `None` is the workspace's default (E2).
    pub environment: Option<Sourced<String>>,
    /// Policies of its own.
    pub policies: Vec<AttachmentSpec>,
    /// Higher is decided first.
    pub priority: i32,
    /// Replicas wanted where scaling is off; `None` is 1.
    pub replicas: Option<u32>,
    /// What one replica takes; `None` takes any flavor (D1).
    pub resources: Option<ResourcesSpec>,
    /// How it follows its load.
    pub scaling: Option<Scaling>,
    /// How its requests are spread.
    pub load_balancer: Option<LoadBalancer>,
    /// How it would like to replace another, and what it is judged by on the way.
    pub strategy: Option<rollout::Settings>,
    /// When its requests go to a remote side; a Beamlit document says so in its own fields.
    pub offloading: Option<OffloadingSpec>,
    /// Environment variables.
    pub env: Variables,
    /// Which of the candidates it would rather have.
    pub placement: Option<PreferencesSpec>,
    /// What it is for.
    pub description: Option<String>,
    /// The Beamlit document it was read from, with all its fields.
    pub beamlit: Option<Box<ModelDeployment>>,
}

impl DeploymentSpec {
    /// A deployment of a model with defaults for everything else.
    #[must_use]
    pub fn of_model(name: Name, model: Name) -> Self {
        Self {
            metadata: Metadata::named(name),
            resource_type: "model".to_owned().into(),
            workload: model.into(),
            version: None,
            environment: None,
            policies: Vec::new(),
            priority: 0,
            replicas: None,
            resources: None,
            scaling: None,
            load_balancer: None,
            strategy: None,
            offloading: None,
            env: Variables::new(),
            placement: None,
            description: None,
            beamlit: None,
        }
    }

    /// What tells it from all others of a workspace: the workload's type and name, and its own.
    ///
    /// ```
    /// use siting::manifest::spec::DeploymentSpec;
    /// let spec = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
    /// assert_eq!(spec.address(), "model/bert/bert-api-v1");
    /// # Ok::<(), siting::id::InvalidName>(())
    /// ```
    #[must_use]
    pub fn address(&self) -> String {
        let (workload, name) = (self.workload.as_str(), self.metadata.name.as_str());
        format!("{}/{workload}/{name}", self.resource_type.as_str())
    }

    /// How many replicas are wanted: the lower bound of enabled scaling, else `replicas`, else 1.
    #[must_use]
    pub fn wanted_replicas(&self) -> u32 {
        match self.scaling {
            Some(Scaling { enabled: true, min_replicas: Some(min), .. }) => min,
            _ => self.replicas.unwrap_or(1),
        }
    }
}

/// When requests go to a remote side (R6).
#[derive(Clone, PartialEq, Debug)]
pub struct OffloadingSpec {
    /// How many, and how long it takes to begin and to end.
    pub rule: traffic::Offloading,
    /// What is watched, as written.
    pub metrics: Vec<Metric>,
}

/// What one replica takes.
#[derive(Clone, PartialEq, Debug)]
pub struct ResourcesSpec {
    /// Cpu.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Bytes,
    /// Storage.
    pub storage: Option<Bytes>,
    /// Network bandwidth.
    pub bandwidth: Option<Bandwidth>,
    /// The host's cpu flavor, also of GPU work.
    pub cpu_type: Option<Sourced<String>>,
    /// GPUs; `None` needs a cpu flavor.
    pub gpu: Option<GpuSpec>,
}

/// GPUs that one replica takes.
#[derive(Clone, PartialEq, Debug)]
pub enum GpuSpec {
    /// One way to satisfy it.
    One(GpuNeedSpec),
    /// Several: the first under which all replicas fit is taken. Never empty.
    AnyOf(Vec<GpuNeedSpec>),
}

/// One way to satisfy a demand for GPUs.
#[derive(Clone, PartialEq, Debug)]
pub struct GpuNeedSpec {
    /// How many; 0 (alone) is no GPU.
    pub count: u32,
    /// Family or variant.
    pub code: Option<Sourced<String>>,
    /// The least memory of one GPU.
    pub memory: Option<Bytes>,
    /// A share of one GPU; the count is 1 then.
    pub share: Option<GpuShare>,
}

/// Which of the candidates a deployment would rather have (D5).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PreferencesSpec {
    /// Compared in this order.
    pub prefer: Vec<PreferenceSpec>,
    /// How replicas spread over domains.
    pub spread: Option<Spread>,
}

/// One thing to prefer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PreferenceSpec {
    /// The lowest price of a replica.
    Price,
    /// The least left on the node.
    Packing,
    /// The nearest.
    Near(NearSpec),
    /// The highest weight; never an empty list.
    Favourites(Vec<FavouriteSpec>),
}

/// What to be near to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NearSpec {
    /// A country.
    Country(Sourced<String>),
    /// A point.
    Coordinates(Coordinates),
}

/// A place that is preferred by some weight.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FavouriteSpec {
    /// What kind of place.
    pub kind: SiteKind,
    /// Its name; a location's is `provider/region`.
    pub name: Sourced<String>,
    /// How much, from 1.
    pub weight: u32,
}

/// A kind of place that can be a favourite.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SiteKind {
    /// A cluster.
    Cluster,
    /// A known location.
    Location,
    /// All that a provider runs.
    Provider,
}

impl SiteKind {
    /// The field that names such a place.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Location => "location",
            Self::Provider => "provider",
        }
    }
}

/// Replicas that run now (I4): a `Placement` document.
#[derive(Clone, PartialEq, Debug)]
pub struct RunningSpec {
    /// Its name and labels.
    pub metadata: Metadata,
    /// The deployment, as `workload/name`.
    pub deployment: Sourced<String>,
    /// The cluster.
    pub cluster: Sourced<String>,
    /// The pool.
    pub pool: Sourced<String>,
    /// How many, from 1.
    pub replicas: u32,
}

/// A cluster (I1).
#[derive(Clone, PartialEq, Debug)]
pub struct ClusterSpec {
    /// Its name and labels.
    pub metadata: Metadata,
    /// Who runs it; holds no `/`.
    pub provider: Sourced<Name>,
    /// The region, without the provider.
    pub location: Option<Sourced<String>>,
    /// The country; may be absent where the location is known (C7).
    pub country: Option<Sourced<String>>,
    /// Where it stands.
    pub coordinates: Option<Coordinates>,
    /// Whether it can run anything (I3).
    pub healthy: bool,
    /// Whether it is closed to new work (I3).
    pub cordoned: bool,
    /// What it has.
    pub pools: PoolsSpec,
}

/// What a cluster has: pools, or (the short form) just the flavors it serves without limit.
#[derive(Clone, PartialEq, Debug)]
pub enum PoolsSpec {
    /// Pools of nodes; never empty.
    Pools(Vec<PoolSpec>),
    /// One unlimited pool for each, of no shape; never empty.
    Flavors(Vec<Sourced<ChoiceSpec>>),
}

impl PoolsSpec {
    /// How many pools these are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Pools(pools) => pools.len(),
            Self::Flavors(flavors) => flavors.len(),
        }
    }
}

/// The most GPUs that one node has.
pub(crate) const MAX_GPUS: u32 = 1024;

/// A pool of equal nodes.
#[derive(Clone, PartialEq, Debug)]
pub struct PoolSpec {
    /// Its name, unique in the cluster.
    pub name: Sourced<Name>,
    /// How many nodes; `None` is unlimited.
    pub nodes: Option<u32>,
    /// The cpu flavor.
    pub cpu_flavor: Option<Sourced<String>>,
    /// Cpu of one node.
    pub cpu: Cpu,
    /// Memory of one node.
    pub memory: Bytes,
    /// Storage of one node; `None` limits nothing.
    pub storage: Option<Bytes>,
    /// Bandwidth of one node; `None` limits nothing.
    pub bandwidth: Option<Bandwidth>,
    /// GPUs of one node.
    pub gpu: Option<PoolGpuSpec>,
    /// Price of a node for an hour.
    pub price_per_hour: Option<Money>,
    /// Whether nodes can be taken back at any time.
    pub spot: bool,
    /// What is in use already, over all nodes.
    pub used: Sourced<UsedSpec>,
}

/// The GPUs of a pool's node.
#[derive(Clone, PartialEq, Debug)]
pub struct PoolGpuSpec {
    /// Family or variant.
    pub code: Sourced<String>,
    /// How many on one node, from 1 to 1,024.
    pub count: u32,
}

/// What of a pool is in use, over all nodes; filled from the first node on (I1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UsedSpec {
    /// Cpu.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Bytes,
    /// Storage.
    pub storage: Bytes,
    /// Bandwidth.
    pub bandwidth: Bandwidth,
    /// GPUs in thousandths.
    pub gpu_thousandths: u64,
}
