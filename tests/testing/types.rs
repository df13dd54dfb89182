//! What the testing room draws: every public type that can be made or fed in, each of them valid.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use arbitrary::{Arbitrary, Unstructured};
use siting::lifecycle::{Adopted, Journal, State};
use siting::manifest::spec::{Specs, WorkspaceSpec};
use siting::scaling::settings::Baseten;
use siting::testing::{Choices, Draw};
use siting::time::Moment;
use siting::workspace::{LoadOptions, Workspace};

/// What a type looks like when it is drawn so many times; it is drawn from no bytes at all as well.
fn shown<T>(draws: u64) -> BTreeSet<String>
where
    T: Draw + std::fmt::Debug + proptest::arbitrary::Arbitrary + for<'a> Arbitrary<'a>,
{
    <T as Arbitrary<'_>>::arbitrary(&mut Unstructured::new(&[])).unwrap();
    (0..draws).map(|seed| format!("{:?}", T::draw(&mut Choices::seeded(seed)))).collect()
}

/// What each type looks like.
macro_rules! shown {
    ($draws:expr => $($room:path: $($name:ty),+;)+) => {
        [$({
            #[allow(clippy::wildcard_imports, unused_imports, reason = "each block names the types of one room")]
            use $room::*;
            vec![$((concat!(stringify!($room), "::", stringify!($name)), shown::<$name>($draws))),+]
        }),+].concat()
    };
}

/// The types of which there are fewer.
fn fewer_than(least: usize, all: &[(&'static str, BTreeSet<String>)]) -> Vec<&'static str> {
    all.iter().filter(|(_, shown)| shown.len() < least).map(|(path, _)| *path).collect()
}

#[test]
fn types_are_drawn_by_all_traits() {
    let all = shown! { 100 =>
        siting::id: Name, KindId, OfferId, KindSetId, PlaceId, ClassId;
        siting::bitset: BitSet<siting::id::Atom>;
        siting::quantity: Bytes, Coordinates;
        siting::origin: Problem, Related, Sourced<siting::id::Name>;
        siting::catalog: Catalog, Choice, PerAxis<siting::id::Atom>, Point;
        siting::policy: AxisScope, Options, Policy, Restriction, Scope;
        siting::inventory: Class, Cluster, Fleet, Hardware, Index, Inventory, Kind, Node, Nodes, Offer, Pair,
            Place, Pool, Remainder, Request, Reservation, ReservationId, Share;
        siting::metrics: MetricSpec, Window;
        siting::scaling: Autoscaler, Decision, State;
        siting::scaling::behaviour: Behaviour, Change, Changes, Proposals;
        siting::scaling::hpa: Initialisation, Proposal, Replica;
        siting::scaling::kpa: Seen, State, Wanted;
        siting::scaling::settings: Baseten, Reading;
        siting::scaling::zero: Activity, Seen;
        siting::traffic: Backend, Balancer, Masks, Ring, Routing, Sessions, Side;
        siting::rollout: Action, Canary, Check, Peak, Rollout, Settings, Slack, Tally;
        siting::rollout::canary: Counts, Scale, Sides, Weight;
        siting::deployment: Needs, Demand, Deployment, Expected, Favourite, GpuNeed, Mix, Near, Offloading, OfGpus, Preference,
            Preferences, Resources, Site;
        siting::placement: Counts, Decision, PreferenceValue, PairExplanation, Placement, Rank, Reason, Refusal,
            UnknownLast<siting::quantity::Money>;
        siting::lifecycle: Adopted, Answer, Around, Callee, EditPlan, Effect, Entry, Field, Form, Journal, Notice,
            PlacementRequest, PlannedChange, Record, Rollback, Seen, Settings, Share, Site, Snapshot, State, Status,
            Tombstone, Transition, Weight;
        siting::manifest: Gathered, Reading, Source;
        siting::manifest::beamlit: ModelDeployment;
        siting::manifest::scenario: ExpectSpec, Happening, HostSpec, PushSpec, ScenarioSpec, ShownSpec, StepSpec;
        siting::manifest::spec: Allowed, BrokenCluster, ClusterSpec, DeploymentSpec, Dialect, ExpectedDemandSpec,
            FavouriteSpec, FlavorSpec, GroupSpec, LocationSpec, Metadata, OffloadingSpec, ProviderSpec;
        siting::workspace: Outcome, PolicyChange, Running, Workspace;
        siting::analysis: AxisDescription, Description, Finding, Obstacle, OptionCount, PlacementDescription, Remaining;
        siting::simulation: ScenarioReport, StepReport;
        siting::testing: CommandSequence, Series;
    };
    assert_eq!(fewer_than(10, &all), Vec::<&str>::new());
    // Of these there are not so many.
    let all = shown! { 100 =>
        siting::inventory: GpuRequest, Shape, Used;
        siting::placement: Culprit;
        siting::policy: PolicySet, Targets;
        siting::analysis: Question, Subject, WorkloadName;
        siting::manifest: ScenarioReading;
        siting::lifecycle: Snapshot;
        siting::traffic: Country, Mask, SiteId;
    };
    assert_eq!(fewer_than(2, &all), Vec::<&str>::new());
    let tables = shown! { 1000 =>
        siting::lifecycle: CapabilityRow, Field;
    };
    let rows: Vec<_> = tables.iter().map(|(_, shown)| shown.len()).collect();
    assert_eq!(rows, [siting::lifecycle::CAPABILITIES.len(), siting::lifecycle::Field::ALL.len()]);
}

#[test]
fn every_variant_is_drawn() {
    let all = shown! { 1000 =>
        siting::origin: ProblemCode;
        siting::catalog: Axis, Capacity, Choice, ChoiceKind, Continent, FlavorKind;
        siting::policy: Enforcement, State, Targets, Level, OnViolation, OnReplaced;
        siting::inventory: GpuRequest, Owner, Slice, SliceNeed;
        siting::metrics: Gauge, Metric, Quantile, Resource, Source, Target;
        siting::scaling: NoProposal;
        siting::scaling::hpa: NoFigure, Phase, Standing;
        siting::scaling::zero: Activity, LastReplica;
        siting::scaling::behaviour: Amount, Held, Select;
        siting::traffic: Algorithm, Bound, Cause, Destination, Why;
        siting::rollout: Action, Outcome, Pause, Phase, Reason, Span, Standing, Strategy, Threshold, Traffic, Verdict,
            WhenIdle;
        siting::rollout::canary: Scale;
        siting::deployment: Algorithm, Needs, Domain, Near, Preference, Site;
        siting::lifecycle: Action, Answer, Capability, Cause, Change, Class, Effect, Endpoint, Event, Favoured, Field,
            Form, Lacking, Notice, Observation, Preferring, Purpose, PushKind, Role, Status, PromotionStrategy;
        siting::placement: Code, PreferenceValue, UnknownLast<siting::quantity::Money>, Verdict;
        siting::analysis: Severity;
        siting::manifest: Kind;
        siting::manifest::scenario: Happening;
        siting::manifest::spec: Allowed, Dialect, GpuSpec, NearSpec, PoolsSpec, PreferenceSpec, SiteKind;
        siting::manifest::beamlit: Metric, PolicyRefType, Scheme, TargetType;
    };
    let (source, mut missing) = (Source::read(), Vec::new());
    let mut seen = BTreeSet::new();
    for (path, shown) in &all {
        let path = path.strip_prefix("siting::").unwrap().split('<').next().unwrap();
        let definition = source.definition(path);
        let words: BTreeSet<_> = shown.iter().map(|text| word(text)).collect();
        let never = source.variants(&definition).into_iter().filter(|variant| !words.contains(variant));
        missing.extend(never.map(|variant| format!("{path}::{variant}")));
        seen.insert(definition);
    }
    assert!(missing.is_empty(), "never drawn: {missing:?}");
    let unseen = listed()
        .into_iter()
        .map(|path| source.definition(&path))
        .find(|definition| !source.variants(definition).is_empty() && !seen.contains(definition));
    assert_eq!(unseen, None, "it has variants, and stands not in the list above");
}

#[test]
fn what_is_drawn_alone_is_taken_where_it_belongs() {
    for seed in 0..300 {
        let choices = &mut Choices::seeded(seed);
        let Adopted { name, .. } = Adopted::draw(choices);
        let mut life = State::new("model", "bert".parse().unwrap(), "production".parse().unwrap());
        let adopted = Adopted { name, ..Adopted::draw(choices) };
        life.adopt(Moment::default(), adopted).unwrap_or_else(|refusal| panic!("{seed}: {refusal}"));
        Journal::restore(Draw::draw(choices)).unwrap();
        Baseten::draw(choices).read().unwrap();
        let root = WorkspaceSpec {
            groups: vec![Draw::draw(choices)],
            locations: vec![Draw::draw(choices)],
            flavors: vec![Draw::draw(choices)],
            expected_demands: vec![Draw::draw(choices)],
            ..WorkspaceSpec::draw(choices)
        };
        let specs = Specs { workspace: Some(root.clone()), ..Specs::default() };
        Workspace::from_specs(specs, LoadOptions::default())
            .unwrap_or_else(|error| panic!("{seed}: {error}\n{root:#?}"));
    }
}

/// Public types that are not drawn, by the reason.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    (
        "errors: made where something is refused, and never fed in",
        &[
            "catalog::AddFlavorError",
            "catalog::AddGroupError",
            "catalog::AddLocationError",
            "catalog::AddAttributeError",
            "catalog::AddProviderError",
            "catalog::AddResourceTypeError",
            "deployment::InvalidMix",
            "id::InvalidName",
            "inventory::InvalidFleet",
            "inventory::RemoveClusterError",
            "inventory::ReserveError",
            "inventory::RestoreError",
            "inventory::UnknownReservation",
            "lifecycle::Refusal",
            "lifecycle::UnknownSchema",
            "manifest::InvalidMetric",
            "metrics::InvalidSpec",
            "inventory::InvalidSlice",
            "metrics::InvalidWindow",
            "metrics::InvalidMerge",
            "metrics::InvalidSample",
            "traffic::InvalidBackends",
            "traffic::InvalidCountry",
            "traffic::TooManySessions",
            "placement::CommitError",
            "policy::InvalidPolicy",
            "quantity::InvalidQuantity",
            "rollout::InvalidSpan",
            "rollout::InvalidSteps",
            "rollout::Refusal",
            "scaling::kpa::InvalidSettings",
            "scaling::manual::Automatic",
            "scaling::settings::InvalidSetting",
            "scaling::settings::Unsaid",
            "traffic::InvalidSplit",
            "traffic::NoRoute",
            "workspace::ChangeError",
            "workspace::EntryError",
            "workspace::InvalidEntry",
            "workspace::LookupError",
            "workspace::AttachError",
            "workspace::LoadError",
            "workspace::ReleaseError",
            "workspace::StateError",
            "workspace::TakeBackError",
            "workspace::RemoveEnvironmentError",
        ],
    ),
    (
        "borrowed: views of other values, which are drawn",
        &[
            "lifecycle::Load",
            "inventory::Allowed",
            "analysis::Diff",
            "placement::Ask",
            "placement::Movable",
            "placement::PlacedReplicas",
            "policy::Bundle",
            "rollout::Observation",
            "rollout::canary::Aborted",
            "rollout::canary::Routed",
            "scaling::Observed",
            "scaling::hpa::Figures",
            "scaling::settings::Beamlit",
            "traffic::Caller",
            "traffic::LocalSide",
            "workspace::Local",
        ],
    ),
    (
        "come out of functions, and only of some values: part of what is drawn, where that has them",
        &[
            "inventory::ClusterClass",
            "analysis::Affected",
            "analysis::Blocked",
            "analysis::CallerDescription",
            "analysis::Cause",
            "analysis::Causes",
            "analysis::Change",
            "analysis::Checked",
            "analysis::Silenced",
            "analysis::Compared",
            "analysis::Delta",
            "analysis::DeploymentDiff",
            "analysis::Drain",
            "analysis::DrainMove",
            "analysis::Drill",
            "analysis::Fate",
            "analysis::LeastLosses",
            "analysis::Loosened",
            "analysis::Loss",
            "analysis::LossResult",
            "analysis::LoosenedThing",
            "analysis::Meaning",
            "analysis::MustMove",
            "analysis::EndpointDescription",
            "analysis::CaseResult",
            "analysis::Coverage",
            "analysis::HistoryEntry",
            "inventory::NodeUse",
            "inventory::Resource",
            "manifest::spec::NodeUsedSpec",
            "placement::Admission",
            "placement::Condition",
            "placement::Figures",
            "placement::Limit",
            "placement::Limited",
            "policy::Limits",
            "placement::Short",
            "placement::Unmet",
            "policy::CallerCuts",
            "policy::Callers",
            "analysis::PolicyAt",
            "analysis::PolicyTestResult",
            "analysis::PolicyTestResults",
            "analysis::Tested",
            "catalog::Hardware",
            "catalog::Located",
            "catalog::Provider",
            "catalog::Slice",
            "catalog::Suggestion",
            "lifecycle::Promotion",
            "manifest::PolicyTestReading",
            "manifest::scenario::EndpointSpec",
            "manifest::spec::BlamedSpec",
            "manifest::spec::DeniedSpec",
            "manifest::spec::FindingSeverity",
            "manifest::spec::PolicyCaseSpec",
            "manifest::spec::PolicyTestSpec",
            "manifest::spec::RefusedBySpec",
            "manifest::spec::SiteSpec",
            "manifest::spec::TestedKind",
            "lifecycle::RolloutState",
            "lifecycle::Entries",
            "lifecycle::Slot",
            "lifecycle::StartedWith",
            "simulation::Difference",
            "simulation::Line",
            "simulation::Note",
            "simulation::Point",
            "simulation::Requests",
            "simulation::Series",
            "inventory::Displaced",
            "lifecycle::Desired",
            "lifecycle::DesiredDeployment",
            "lifecycle::DesiredRoute",
            "placement::DemandField",
            "analysis::MovePlan",
            "analysis::PlannedMove",
            "inventory::Takers",
            "policy::Note",
            "time::InvalidMoment",
            "workspace::NextChange",
            "workspace::LeftByDecisions",
            "placement::HeldRoom",
            "placement::Occupant",
            "placement::Remedies",
            "placement::RemedyBound",
            "placement::RemedyChange",
            "placement::RemedySet",
            "workspace::Applied",
            "workspace::AttachmentPoint",
            "workspace::AuditOutcome",
            "workspace::ChangeStep",
            "workspace::Changed",
            "workspace::DeploymentImpact",
            "workspace::Documents",
            "workspace::Fingerprints",
            "workspace::Impact",
            "workspace::LogEntry",
            "workspace::Preview",
            "workspace::WorkspaceChange",
            "workspace::LifeReservation",
            "workspace::WorkspaceState",
            "workspace::Offloaded",
            "workspace::Quarantined",
            "workspace::Loss",
            "workspace::Relief",
            "workspace::Remedy",
            "workspace::RunningViolation",
            "workspace::Violation",
        ],
    ),
];

#[test]
fn every_public_type_is_drawn_or_excepted() {
    let source = Source::read();
    let drawn: BTreeSet<_> = listed().into_iter().map(|path| source.definition(&path)).collect();
    let mut excepted = BTreeSet::new();
    for (reason, paths) in EXCEPTIONS {
        for path in *paths {
            let found = source.definition(path);
            assert!(!drawn.contains(&found), "`{path}` is drawn, and excepted all the same ({reason})");
            assert!(excepted.insert(found), "`{path}` is excepted twice");
        }
    }
    let all = source.all();
    assert!(all.len() > 300, "{}", all.len());
    let missing: Vec<_> = all.iter().filter(|found| !drawn.contains(*found) && !excepted.contains(*found)).collect();
    assert!(missing.is_empty(), "neither drawn (src/testing/implemented.rs) nor excepted here: {missing:?}");
}

/// The paths of the types in the lists of `arbitrary!` and `arbitrary_by!`, but for those of the testing room itself.
fn listed() -> Vec<String> {
    let text = fs::read_to_string(root().join("testing/implemented.rs")).unwrap();
    let lists = text.split("\narbitrary").skip(1).filter_map(|list| list.split_once("! {\n")?.1.split("\n}").next());
    let mut paths = Vec::new();
    for (room, names) in lists.flat_map(|list| list.split(';')).filter_map(|line| line.split_once(": ")) {
        let Some(room) = room.trim().strip_prefix("crate::") else { continue };
        let names = names.split(',').map(|name| word(name.trim()));
        paths.extend(names.map(|name| format!("{room}::{name}")));
    }
    paths
}

/// The word that a text begins with.
fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || "_$".contains(*c)).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The crate's text by module, such as `scaling::kpa`.
struct Source(BTreeMap<String, String>);

impl Source {
    /// All modules but the command line's, the testing room's own, and the reports, which are made from what is drawn.
    fn read() -> Self {
        let mut modules = BTreeMap::new();
        let mut folders = vec![root()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let inside = path.strip_prefix(root()).unwrap().with_extension("");
                    let module = inside.to_str().unwrap().replace(['/', '\\'], "::");
                    let module = module.strip_suffix("::mod").unwrap_or(&module).to_owned();
                    modules.insert(module, fs::read_to_string(&path).unwrap());
                }
            }
        }
        modules.retain(|module, _| {
            !["cli", "report", "testing", "bin"].contains(&module.split("::").next().unwrap_or_default())
        });
        Self(modules)
    }

    /// The public types that are defined in a module, those that a macro names there among them.
    fn types(&self, module: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let text = self.0.get(module).map(String::as_str).unwrap_or_default();
        for line in text.lines().map(str::trim_start) {
            let after = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
            match after.map(word) {
                // What the macro is called with: `Name;`, or `Name::` and more, each a line.
                Some(name) if name == "$name" => {
                    let called = text.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| {
                        let rest = line.trim_start_matches(|c: char| c.is_alphanumeric());
                        line.starts_with(char::is_uppercase) && (rest == ";" || rest.starts_with("::"))
                    });
                    found.extend(called.map(word));
                }
                Some(name) => drop(found.insert(name)),
                None => {}
            }
        }
        found
    }

    /// The variants of an enum; none of anything else, and of what a macro makes.
    fn variants(&self, (module, name): &(String, String)) -> Vec<String> {
        let lines = self.0.get(module).map(String::as_str).unwrap_or_default().lines();
        let begins = |line: &&str| line.strip_prefix("pub enum ").is_some_and(|rest| word(rest) == *name);
        let body = lines.skip_while(|line| !begins(line)).skip(1).take_while(|line| *line != "}");
        let ends =
            body.filter_map(|line| line.strip_prefix("    ")).filter(|line| line.starts_with(char::is_uppercase));
        ends.map(word).collect()
    }

    fn all(&self) -> BTreeSet<(String, String)> {
        let of =
            |module: &String| self.types(module).into_iter().map(|name| (module.clone(), name)).collect::<Vec<_>>();
        self.0.keys().flat_map(of).collect()
    }

    /// Where a public path leads to: the module that defines the type, maybe behind a `pub use`.
    fn definition(&self, path: &str) -> (String, String) {
        let (module, name) = path.rsplit_once("::").unwrap();
        if self.types(module).contains(name) {
            return (module.to_owned(), name.to_owned());
        }
        let text = self.0.get(module).unwrap_or_else(|| panic!("there is no module `{module}`, of `{path}`"));
        let uses = text.split("pub use ").skip(1).filter_map(|rest| rest.split_once(';')?.0.rsplit_once("::"));
        let names = |list: &str| list.trim_matches(['{', '}']).split(',').any(|one| one.trim() == name);
        let mut from = uses.filter(|(_, list)| names(list)).map(|(from, _)| match from.strip_prefix("super::") {
            Some(sibling) => format!("{}::{sibling}", module.rsplit_once("::").map_or("", |(parent, _)| parent)),
            None => format!("{module}::{from}"),
        });
        let from = from.next().unwrap_or_else(|| panic!("there is no public type `{path}`"));
        self.definition(&format!("{from}::{name}"))
    }
}
