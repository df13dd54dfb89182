//! Both `Arbitrary` traits, for every type that can be drawn.

use super::choices::{Choices, Draw};

/// Both traits, by [`Draw`].
macro_rules! arbitrary {
    ($($room:path: $($name:ty),+;)+) => {$(const _: () = {
        #[allow(clippy::wildcard_imports, reason = "each block names the types of one room")]
        use $room::*;
        $(
        #[cfg(feature = "proptest")]
        impl proptest::arbitrary::Arbitrary for $name {
            type Parameters = ();
            type Strategy = super::DrawnType<$name>;

            fn arbitrary_with((): ()) -> super::DrawnType<$name> {
                super::drawn(<$name as Draw>::draw as fn(&mut Choices<'_>) -> $name)
            }
        }

        #[cfg(feature = "arbitrary")]
        impl<'a> arbitrary::Arbitrary<'a> for $name {
            fn arbitrary(bytes: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
                Ok(drawn_from(bytes))
            }
        }
        )+
    };)+};
}

/// What a fuzzer's bytes draw. When they are used up, every choice is the simplest.
#[cfg(feature = "arbitrary")]
pub(super) fn drawn_from<T: Draw>(bytes: &mut arbitrary::Unstructured<'_>) -> T {
    T::draw(&mut Choices::asked(|most| bytes.int_in_range(0..=most).unwrap_or(0)))
}

arbitrary! {
    crate::id: Name, Atom, ClusterId, CountryId, DeploymentId, EnvironmentId, FlavorId, GroupId, LocationId,
        PairId, PolicyId, PoolId, ResourceTypeId;
    crate::bitset: BitSet<crate::id::Atom>, BitSet<crate::id::PairId>;
    crate::quantity: Cpu, Bytes, Bandwidth, Money, Milli, GpuShare, Percent, Coordinates;
    crate::time: Moment;
    crate::origin: Origin;
    crate::catalog: Axis, Catalog, Choice, ChoiceKind, Continent, FlavorKind;
    crate::policy: Attachment, Enforcement, Environment, Policy, PolicySet, Scope, Level, OnViolation, OnReplaced;
    crate::inventory: ClusterDef, GpuRequest, Inventory, PoolDef, Request, Shape, Used;
    crate::metrics: Gauge, Metric, MetricSpec, Quantile, Reading, Resource, Source, Summary, Target, Window;
    crate::scaling: Bounds;
    crate::scaling::hpa: Phase, Replica, Sample, Tolerance;
    crate::scaling::zero: Settings;
    crate::scaling::behaviour: Amount, Behaviour, Limit, Rules, Select;
    crate::scaling::kpa: Settings;
    crate::traffic: Algorithm, Backend, BackendId, Checks, Health, Offloading, Remote, RemoteId, Split,
        VersionId;
    crate::rollout: BlueGreen, Canary, Check, Group, Rolling, Settings, Span, Step, Strategy, Threshold, Traffic;
    crate::deployment: Algorithm, Demand, Deployment, Domain, HealthCheck, LoadBalancer, Preferences, Scaling, Secret, Spread,
        Workload;
    crate::lifecycle: Action, Change, Command, Edit, Endpoint, Favoured, GpuRequirement, Journal, Number, Observation, Place,
        Placed, PolicyUse, Preferred, Preferring, Push, PushKind, RequestScaling, Requirements, Settings, Sight, State, Takeover;
    crate::placement: Decision;
    crate::workspace: LoadOptions, PlaceOptions, Workspace;
    crate::manifest::spec: AttachmentSpec, ChoiceSpec, ClusterSpec, DeploymentSpec, EnvironmentSpec,
        GpuNeedSpec, GpuSpec, NearSpec, PolicySpec, PoolGpuSpec, PoolSpec, PoolsSpec, PreferenceSpec,
        PreferencesSpec, ResourcesSpec, RunningSpec, SiteKind, Specs, UsedSpec, WorkspaceSpec;
    crate::manifest::beamlit: AuthConfig, LabelRequirement, LabelSelector, Metric, MetricIdentifier, MetricTarget,
        ModelDeployment, OauthConfig, ObjectReference, OffloadingBehavior, OffloadingConfig, PolicyDetails,
        PolicyRefType, PolicyReference, PolicyStatus, RemoteBackend, Scheme, ServerlessConfig, ServiceReference,
        Status, TargetType, TypedName;
    super: CommandSequence, Course, FleetShape, Series;
}
