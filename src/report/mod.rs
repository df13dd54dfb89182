//! Answers as values: what the command line prints with `-o json`, what the wheel hands out, what a host serves.
//!
//! A report holds names and numbers, no ids: it can be kept, sent, and read back by serde elsewhere. Each is made
//! from a workspace and what was asked of it, such as [`PlacementReport::new`] of
//! [`Outcome`](crate::workspace::Outcome)s. With the feature `schema`, `schema` gives the JSON Schema of all
//! reports.
//!
//! Names and order of fields and lists are fixed: tools rely on them. Later versions may add fields, so readers skip
//! what they do not know.
//!
//! ```
//! use siting::manifest::spec::{DeploymentSpec, Specs};
//! use siting::placement::Verdict;
//! use siting::report::{Include, PlacementReport};
//! use siting::workspace::{LoadOptions, Workspace};
//!
//! let deployment = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
//! let specs = Specs { deployments: vec![deployment], ..Specs::default() };
//! let workspace = Workspace::from_specs(specs, LoadOptions::default())?;
//!
//! let report = PlacementReport::new(&workspace, &workspace.place_all(), Include::NOTHING)?;
//! assert_eq!(report.deployments[0].verdict, Verdict::Refused);
//! # #[cfg(feature = "manifest")] {
//! let text = serde_json::to_string(&report)?;
//! assert_eq!(serde_json::from_str::<PlacementReport>(&text)?, report);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catalog;
#[cfg(feature = "manifest")]
mod certificate;
mod check;
mod description;
mod diff;
mod drill;
mod errors;
mod explanation;
mod figures;
mod fingerprints;
mod header;
mod names;
mod options;
mod placement;
mod plan;
mod policy_tests;
mod remedies;
#[cfg(feature = "schema")]
mod schema;
mod scope;
#[cfg(feature = "manifest")]
mod simulation;
#[cfg(feature = "manifest")]
mod verify;

pub use catalog::{
    CatalogReport, ContinentEntry, CountryEntry, FlavorEntry, GroupEntry, LocationEntry, ProviderEntry, Section,
};
#[cfg(feature = "manifest")]
pub use certificate::{
    BeyondReport, CertificateReport, CertifiedDeployment, CertifiedPolicy, FactsReport, LevelReport, PlaceReport,
    RunsReport,
};
pub use check::{CheckReport, FindingReport, NextChangeReport, SilencedReport, SubjectReport};
pub use description::DescriptionReport;
pub use diff::{CauseReport, ComparedReport, DeploymentDiffReport, DiffReport, MoveTarget, MustMoveReport};
pub use drill::{AffectedReport, BlockedReport, DrainReport, DrillReport, LeastLossesReport, LossReport, MoveReport};
pub use errors::{ErrorReport, ProblemReport, QuarantinedReport, RelatedReport};
pub use explanation::{Admission, ClusterExplanation, ExplanationReport, Objection, PoolExplanation};
pub use figures::{FiguresReport, HeldReport, LimitReport, ShortReport, UnmetReport};
pub use fingerprints::{FingerprintsReport, MadeReport, SideReport};
pub use header::{Include, Remedied};
pub use names::{CandidateReport, ChoiceName, ReasonReport};
pub use options::{LeavesReport, OptionReport, OptionsReport};
pub use placement::{AuditReport, DecisionReport, PlacedReport, PlacementReport, RefusalReport};
pub use plan::{MovePlanReport, NeedsReport, PlannedMoveReport};
pub use policy_tests::{CaseReport, CoverageReport, PolicyTestReport, PolicyTestsReport, TestedReport};
pub use remedies::{ChangeReport, HeldRoomReport, OccupantReport, RemedyReport};
#[cfg(feature = "schema")]
pub use schema::{kinds, schema};
pub use scope::{FlavorScope, LocationScope, ScopeReport};
#[cfg(feature = "manifest")]
pub use simulation::{ScenarioResult, SimulationReport, StepRefusal, StepResult};
#[cfg(feature = "manifest")]
pub use verify::{Evidence, RefutedReport, VerificationReport, VerifyError, verify, verify_diff, verify_with};

#[cfg(feature = "cli")]
pub(crate) use scope::Covered;
