//! Tests of policies: what must be allowed, denied and refused (A4).

use super::policy::Attached;
use super::{AttachmentSpec, Metadata, OfDocument};
use crate::catalog::ChoiceKind;
use crate::document::{
    Fields, Format, Item, Nonempty, Reference, Rule, Shape, Written, document, quoted, suggestion, words,
};
use crate::id::Name;
use crate::origin::{ProblemCode, Sourced};
use crate::placement::{Code, Verdict};
use crate::policy::Level;

document! {
    /// Cases that policies must pass (A4).
    #[derive(Clone, PartialEq, Debug)]
    pub struct PolicyTestSpec "a policy test's spec" {
        /// Its name and labels.
        metadata: Metadata as OfDocument,
        /// What it is for.
        description: Option<String>,
        /// What is expected of the policies.
        cases: Vec<Sourced<PolicyCaseSpec>> as Nonempty<Sourced<PolicyCaseSpec>>,
    }
}

impl PolicyTestSpec {
    /// Cases under a name.
    #[must_use]
    pub fn new(name: Name, cases: Vec<Sourced<PolicyCaseSpec>>) -> Self {
        Self { metadata: Metadata::named(name), description: None, cases }
    }
}

document! {
    /// What is expected for one deployment, or for any of a type in an environment.
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct PolicyCaseSpec "a case" {
        /// What it shows.
        name: Option<String>,
        /// The deployment: `name`, `workload/name` or `type/workload/name`.
        deployment: Option<Sourced<String>> as Option<Sourced<Reference>>,
        /// The environment of a deployment that need not exist.
        environment: Option<Sourced<String>> as Option<Sourced<Reference>>,
        /// The workload type of such a deployment; `model` where absent.
        resource_type: Option<Sourced<String>> as Option<Sourced<Reference>>,
        /// Policies of its own that such a deployment has.
        policies: Vec<AttachmentSpec> as Vec<Attached> = Vec::new(),
        /// Options that the policies must allow whole, and clusters of which they must allow a pool.
        allowed: Vec<Sourced<SiteSpec>> as Nonempty<Sourced<SiteSpec>> = Vec::new(),
        /// Options of which the policies must allow nothing, and clusters of which they must allow no pool.
        denied: Vec<Sourced<DeniedSpec>> as Nonempty<Sourced<DeniedSpec>> = Vec::new(),
        /// What must be decided for it alone on the fleet as loaded.
        verdict: Option<Verdict> as Option<VerdictWord>,
        /// The reasons for which it must be refused then.
        refused_by: Vec<RefusedBySpec> as Nonempty<RefusedBy> = Vec::new(),
    }
    check is_about_one_thing(deployment, environment, resource_type, policies);
    check expects_something(allowed, denied, verdict, refused_by);
    rule Rule::One(vec!["deployment", "environment"]);
    rule Rule::Needs("resourceType", "environment");
    rule Rule::Needs("policies", "environment");
    rule Rule::Some(&["allowed", "denied", "verdict", "refusedBy"]);
}

words! {
    /// What an expectation of a policy test can be about.
    pub enum TestedKind {
        /// A continent.
        Continent = "continent",
        /// A country.
        Country = "country",
        /// A known location.
        Location = "location",
        /// A group of countries.
        Group = "group",
        /// A cpu flavor.
        Cpu = "cpu",
        /// A gpu flavor.
        Gpu = "gpu",
        /// A provider.
        Provider = "provider",
        /// The providers whose owners answer to a law.
        Jurisdiction = "jurisdiction",
        /// A way of buying nodes.
        Capacity = "capacity",
        /// What bears an attribute, or all of several with `+` between them.
        Attribute = "attribute",
        /// A cluster of the fleet.
        Cluster = "cluster",
    }
}

impl TestedKind {
    /// The kind of option; `None` for a cluster.
    #[must_use]
    pub fn choice(self) -> Option<ChoiceKind> {
        ChoiceKind::parse(self.as_str())
    }
}

document! {
    /// A place, hardware or a cluster that must be allowed.
    #[derive(Clone, PartialEq, Debug)]
    pub struct SiteSpec "an allowed entry" {
        /// What it is.
        #[key = "type"]
        kind: TestedKind,
        /// Its code or name.
        name: Sourced<String> as Sourced<Reference>,
    }
}

document! {
    /// A place, hardware or a cluster that must be denied.
    #[derive(Clone, PartialEq, Debug)]
    pub struct DeniedSpec "a denied entry" {
        /// What it is.
        #[key = "type"]
        kind: TestedKind,
        /// Its code or name.
        name: Sourced<String> as Sourced<Reference>,
        /// Policies each of which must be among those that exclude it.
        by: Vec<BlamedSpec> as Nonempty<Blamed> = Vec::new(),
    }
}

document! {
    /// A reason for which a deployment must be refused.
    #[derive(Clone, PartialEq, Debug)]
    pub struct RefusedBySpec "an expected reason" {
        /// The reason's code.
        code: Code as CodeWord,
        /// Policies each of which the reason must name.
        policies: Vec<BlamedSpec> as Nonempty<Blamed> = Vec::new(),
    }
}

document! {
    /// A policy that must be named as one that excludes.
    #[derive(Clone, PartialEq, Debug)]
    pub struct BlamedSpec "a policy of a case" {
        /// Its name.
        #[key = "name"]
        policy: Sourced<String> as Sourced<Reference>,
        /// Where it must be attached; anywhere where absent.
        level: Option<Level>,
    }
}

fn is_about_one_thing(
    deployment: &Option<Sourced<String>>,
    environment: &Option<Sourced<String>>,
    resource_type: &Option<Sourced<String>>,
    policies: &[AttachmentSpec],
    at: &Fields<'_>,
) -> Option<()> {
    const HELP: &str =
        "write `deployment: …` for one that is described, or `environment: …` for one that need not exist";
    match (deployment, environment) {
        (None, None) => at.refuse("deployment", ProblemCode::MissingField, "a case says not whom it is about", HELP),
        (Some(_), Some(_)) => {
            at.refuse("environment", ProblemCode::InvalidValue, "the deployment has an environment already", HELP)
        }
        (None, Some(_)) => Some(()),
        (Some(_), None) => match (resource_type, policies) {
            (None, []) => Some(()),
            (Some(_), _) => {
                at.refuse("resourceType", ProblemCode::InvalidValue, "the deployment has a type already", HELP)
            }
            (None, _) => {
                at.refuse("policies", ProblemCode::InvalidValue, "the deployment has policies of its own", HELP)
            }
        },
    }
}

fn expects_something(
    allowed: &[Sourced<SiteSpec>],
    denied: &[Sourced<DeniedSpec>],
    verdict: &Option<Verdict>,
    refused_by: &[RefusedBySpec],
    at: &Fields<'_>,
) -> Option<()> {
    if allowed.is_empty() && denied.is_empty() && verdict.is_none() && refused_by.is_empty() {
        let help = "write `allowed`, `denied`, `verdict` or `refusedBy`";
        return at.refuse("allowed", ProblemCode::MissingField, "a case expects nothing", help);
    }
    if *verdict == Some(Verdict::Placed) && !refused_by.is_empty() {
        let help = "leave out `refusedBy`, or write `verdict: refused`";
        return at.refuse("verdict", ProblemCode::InvalidValue, "what is placed is not refused", help);
    }
    Some(())
}

/// `placed` or `refused`: nothing is decided in part.
struct VerdictWord;

const VERDICTS: [(&str, Verdict); 2] = [("placed", Verdict::Placed), ("refused", Verdict::Refused)];

impl Format<Verdict> for VerdictWord {
    fn read(item: Item<'_>) -> Option<Verdict> {
        item.one_of(&VERDICTS)
    }

    fn write(value: &Verdict) -> Written {
        value.as_str().into()
    }

    fn shape() -> Shape {
        Shape::Words(VERDICTS.map(|(word, _)| word).to_vec())
    }
}

/// A code of the reasons for a refusal.
struct CodeWord;

impl Format<Code> for CodeWord {
    fn read(item: Item<'_>) -> Option<Code> {
        let text = item.text()?;
        let found = Code::all().find(|code| code.as_str() == text);
        if found.is_none() {
            let known: Vec<_> = Code::all().map(Code::as_str).collect();
            let message = format!("no reason is called {}", quoted(text));
            item.problem(ProblemCode::InvalidValue, message, suggestion(text, &known, "the reasons are"));
        }
        found
    }

    fn write(value: &Code) -> Written {
        value.as_str().into()
    }

    fn shape() -> Shape {
        Shape::Words(Code::all().map(Code::as_str).collect())
    }
}

/// A reason by its code alone, or with the policies that it must name.
struct RefusedBy;

impl Format<RefusedBySpec> for RefusedBy {
    fn read(item: Item<'_>) -> Option<RefusedBySpec> {
        if item.is_object() {
            return RefusedBySpec::read(item);
        }
        Some(RefusedBySpec { code: CodeWord::read(item)?, policies: Vec::new() })
    }

    fn write(value: &RefusedBySpec) -> Written {
        if value.policies.is_empty() { CodeWord::write(&value.code) } else { RefusedBySpec::write(value) }
    }

    fn shape() -> Shape {
        Shape::Either(vec![CodeWord::shape(), RefusedBySpec::shape()])
    }
}

/// A policy by its name alone, or with the level where it must be attached.
struct Blamed;

impl Format<BlamedSpec> for Blamed {
    fn read(item: Item<'_>) -> Option<BlamedSpec> {
        if item.is_object() {
            return BlamedSpec::read(item);
        }
        Some(BlamedSpec { policy: item.reference()?, level: None })
    }

    fn write(value: &BlamedSpec) -> Written {
        if value.level.is_none() { value.policy.as_str().into() } else { BlamedSpec::write(value) }
    }

    fn shape() -> Shape {
        Shape::Either(vec![Shape::Name, BlamedSpec::shape()])
    }
}
