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

/// Both traits for what has options, which are the parameters of its strategy.
macro_rules! arbitrary_by {
    ($($room:path: $name:ident by $options:ty;)+) => {$(const _: () = {
        #[allow(clippy::wildcard_imports, reason = "a path that is given cannot be gone on with otherwise")]
        use $room::*;

        #[cfg(feature = "proptest")]
        impl proptest::arbitrary::Arbitrary for $name {
            type Parameters = $options;
            type Strategy = proptest::strategy::BoxedStrategy<Self>;

            fn arbitrary_with(options: $options) -> Self::Strategy {
                let strategy = super::drawn(move |choices: &mut Choices<'_>| options.draw(choices));
                proptest::strategy::Strategy::boxed(strategy)
            }
        }

        #[cfg(feature = "arbitrary")]
        impl<'a> arbitrary::Arbitrary<'a> for $name {
            fn arbitrary(bytes: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
                Ok(drawn_from(bytes))
            }
        }
    };)+};
}

/// What a fuzzer's bytes draw. When they are used up, every choice is the simplest.
#[cfg(feature = "arbitrary")]
pub(super) fn drawn_from<T: Draw>(bytes: &mut arbitrary::Unstructured<'_>) -> T {
    T::draw(&mut Choices::of_bytes(bytes))
}

arbitrary! {
    crate::id: Name, Atom, ClusterId, CountryId, DeploymentId, EnvironmentId, FlavorId, GroupId, KindId, LocationId,
        OfferId, ClassId, KindSetId, PairId, PlaceId, PolicyId, PoolId, ProviderId, ResourceTypeId, AttributeSetId;
    crate::bitset: BitSet<crate::id::Atom>, BitSet<crate::id::PairId>;
    crate::quantity: Cpu, Bytes, Bandwidth, Gpus, Money, Milli, GpuShare, Percent, Coordinates;
    crate::time: Moment;
    crate::origin: Origin, Problem, ProblemCode, Related, Sourced<crate::id::Name>;
    crate::catalog: Axis, Catalog, Capacity, Choice, ChoiceKind, Continent, FlavorKind, PerAxis<crate::id::Atom>, Point;
    crate::policy: Attachment, AxisScope, Enforcement, Environment, Options, Policy, PolicySet, Restriction, Scope,
        State, Targets, Terms, Level, OnViolation, OnLoss, OnReplaced;
    crate::inventory: Class, Cluster, ClusterDef, Devices, Fleet, GpuRequest, Hardware, Index, Inventory, Kind, Node,
        Nodes, Offer, Owner, Pair, Place, Pool, PoolDef, Remainder, Request, Reservation, ReservationId, Shape, Share, Slice,
        SliceNeed, Used;
    crate::metrics: Gauge, Metric, MetricSpec, Quantile, Reading, Resource, Source, Summary, Target, Window;
    crate::scaling: Autoscaler, Bounds, Decision, NoProposal, State;
    crate::scaling::hpa: Initialisation, NoFigure, Phase, Proposal, Replica, Sample, Standing, Tolerance;
    crate::scaling::zero: Activity, LastReplica, Seen, Settings;
    crate::scaling::behaviour: Amount, Behaviour, Change, Changes, Held, Limit, Proposals, Rules, Select;
    crate::scaling::kpa: Seen, Settings, State, Wanted;
    crate::scaling::settings: Baseten, Reading;
    crate::traffic: Algorithm, Backend, BackendId, Balancer, Bound, Cause, Checks, Country, Destination, FailedRequests, Health,
        Load, Mask, Masks, Offloading, Remote, RemoteId, Ring, Routing, Sessions, Side, SiteId, Split, VersionId, Why;
    crate::rollout: Action, BlueGreen, Canary, Check, Group, Outcome, Pause, Peak, Phase, Reason, Rolling, Rollout,
        Settings, Slack, Span, Standing, Step, Strategy, Tally, Threshold, Traffic, Verdict, WhenIdle;
    crate::rollout::canary: Counts, Scale, Sides, Weight;
    crate::deployment: Algorithm, Needs, Demand, Deployment, Domain, Expected, Favourite, GpuNeed, HealthCheck, LoadBalancer,
        Mix, Near, Offloading, OfGpus, Preference, Preferences, Resources, Scaling, Secret, Site, Spread, Together, Workload;
    crate::lifecycle: Action, Adopted, Answer, Around, Callee, Capability, CapabilityRow, Cause, Change, Class,
        Command, Edit, EditPlan, Effect, Endpoint, Entry, Event, Favoured, Field, Form, GpuRequirement, Journal,
        Lacking, Notice, Number, Observation, Place, PlaceSeen, Placed, PlacementRequest, PlannedChange, Purpose, PolicyUse, Preferred,
        Preferring, Push, PushKind, Record, RequestScaling, Requirements, Role, Rollback, Seen, Settings, Share, Sight,
        Site, Snapshot, State, Status, PromotionStrategy, Tombstone, Transition, Weight;
    crate::placement: Code, Counts, Culprit, Decision, PreferenceValue, PairExplanation, Placement, Rank, Reason, Refusal,
        UnknownLast<crate::quantity::Money>, Verdict;
    crate::workspace: LoadOptions, Outcome, PlaceOptions, PolicyChange, Running, Workspace;
    crate::analysis: AxisDescription, Description, Finding, Obstacle, OptionCount, PlacementDescription, Question, Remaining,
        Severity, Subject, WorkloadName;
    crate::manifest: Kind;
    crate::manifest::scenario: ExpectSpec, Happening, HostSpec, PushSpec, ScenarioSpec, ShownSpec, StepSpec;
    crate::manifest::spec: Allowed, AttachmentSpec, BrokenCluster, ChoiceSpec, ClusterSpec, DeploymentSpec, Dialect,
        EnvironmentSpec, ExpectedDemandSpec, FavouriteSpec, FlavorSpec, GpuNeedSpec, GpuSpec, GroupSpec, LimitsSpec, LocationSpec,
        Metadata, NearSpec, OffloadingSpec, PolicySpec, PoolGpuSpec, PoolSpec, PoolsSpec, PreferenceSpec, ProviderSpec,
        PreferencesSpec, ResourcesSpec, RunningSpec, SiteKind, UsedSpec, WorkspaceSpec;
    crate::manifest::beamlit: AuthConfig, LabelRequirement, LabelSelector, Metric, MetricIdentifier, MetricTarget,
        ModelDeployment, OauthConfig, ObjectReference, OffloadingBehavior, OffloadingConfig, PolicyDetails,
        PolicyRefType, PolicyReference, PolicyStatus, RemoteBackend, Scheme, ServerlessConfig, ServiceReference,
        Status, TargetType, TypedName;
    super: Course, FleetShape;
}

arbitrary_by! {
    crate::manifest::spec: Specs by super::WorldOptions;
    super: CommandSequence by super::CommandOptions;
    super: Series by super::SeriesOptions;
}

#[cfg(feature = "manifest")]
arbitrary! {
    crate::manifest: Gathered, Reading, ScenarioReading, Source;
    crate::simulation: ScenarioReport, StepReport;
}
