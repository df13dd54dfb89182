//! Scenarios: what happens to a workload, step by step, and what is expected of each step.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

#[cfg(feature = "manifest")]
mod document;
#[cfg(feature = "manifest")]
mod steps;

#[cfg(feature = "manifest")]
pub(super) use document::scenario;
#[cfg(feature = "schema")]
pub(super) use document::shape;

use super::spec::{AttachmentSpec, Metadata};
use crate::catalog::Catalog;
use crate::document::{Fields, Format, Item, Map, Rule, Seconds, Shape, Whole, Written, document, quoted, reads_words};
use crate::id::Name;
use crate::lifecycle::{Action, Change, Observation, Push, Role, Status};
use crate::origin::{Origin, Problem, ProblemCode, Sourced};
use crate::quantity::Milli;
use crate::time::Moment;

/// A scenario, as it was written.
#[derive(Clone, PartialEq, Debug)]
pub struct ScenarioSpec {
    /// Its name.
    pub metadata: Metadata,
    /// What it shows.
    pub description: Option<String>,
    /// The workload's type.
    pub resource_type: Sourced<String>,
    /// The workload's name.
    pub workload: Sourced<Name>,
    /// When it begins.
    pub start: Moment,
    /// Whether it runs on a fleet of unlimited capacity without policies, instead of the loaded one:
    /// for scenarios that are not about placement.
    pub unlimited: bool,
    /// The scripted host that builds, starts, stops, serves and reports; without one, the steps report all of that.
    pub host: Option<HostSpec>,
    /// The steps, in order.
    pub steps: Vec<StepSpec>,
}

document! {
    /// A scripted host, and how long its work takes.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct HostSpec "a scripted host" {
        /// How long a build takes, in seconds.
        #[key = "buildSeconds"]
        build: Duration as Seconds<0> = HostSpec::default().build,
        /// How long it takes until a replica is ready, in seconds.
        #[key = "startSeconds"]
        start: Duration as Seconds<0> = HostSpec::default().start,
        /// Interval at which it serves, scales and reports, in seconds, from 1.
        #[key = "tickSeconds"]
        tick: Duration as Seconds<1> = HostSpec::default().tick,
        /// How long a request waits for a replica before it is lost, in seconds.
        #[key = "queueSeconds"]
        patience: Duration as Seconds<0> = HostSpec::default().patience,
    }
}

impl Default for HostSpec {
    /// It builds for 30 seconds, a replica is ready after 20, it reports every 5, and a request waits for 60.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { build: seconds(30), start: seconds(20), tick: seconds(5), patience: seconds(60) }
    }
}

document! {
    /// The metrics that a version reports.
    #[derive(Clone, PartialEq, Debug)]
    pub struct ShownSpec "a change of metrics" {
        /// The version.
        version: String,
        /// Percent of its requests that fail; 0 at first.
        error_rate: Option<Milli>,
        /// Milliseconds until a request is answered; 100 at first.
        latency: Option<Milli>,
        /// The most requests a second that a replica answers with all its cpu, from 1; 100 at first. Further requests
        /// wait.
        #[key = "requestsPerReplica"]
        capacity: Option<u32> as Option<Whole<1>>,
        /// Whether its replicas become ready; they do at first.
        starts: Option<bool>,
        /// Custom metrics, by name.
        custom: Vec<(Name, Milli)> as Figures = Vec::new(),
    }
    check shows_something(starts);
    rule Rule::Some(SHOWN);
}

/// What a version can show.
const SHOWN: &[&str] = &["errorRate", "latency", "requestsPerReplica", "starts", "custom"];

fn shows_something(_: &Option<bool>, metrics: &Fields<'_>) -> Option<()> {
    if SHOWN.iter().any(|key| metrics.has(key)) {
        return Some(());
    }
    let help = "state one of them, such as `errorRate: 50`";
    metrics.problem(ProblemCode::MissingField, "this change of metrics changes nothing", Some(help));
    None
}

/// One step of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct StepSpec {
    /// How long after the start; that of the previous step if absent.
    pub at: Option<Duration>,
    /// What the step does.
    pub happening: Happening,
    /// What is expected afterwards.
    pub expect: ExpectSpec,
    /// Where it was written.
    pub origin: Origin,
}

/// What a step does. Deployments are named by name or id.
#[derive(Clone, PartialEq, Debug)]
pub enum Happening {
    /// A version is pushed.
    Push(PushSpec),
    /// Something else is asked of the workload.
    Do(Action<String>),
    /// Nothing but time passes.
    Wait,
    /// An endpoint gets this many requests a second from this step on.
    Traffic {
        /// The endpoint.
        endpoint: EndpointSpec,
        /// How many.
        per_second: u32,
        /// The country that they come from, by its code; nobody knows it, if absent (P18).
        from: Option<String>,
    },
    /// A version reports other metrics from this step on.
    Metrics(ShownSpec),
    /// Replicas fail and are restarted; those of a version that does not become ready stay failed.
    Fail {
        /// The deployment.
        deployment: String,
        /// How many.
        replicas: u32,
    },
    /// The host observes something about a deployment.
    Observe(Observation, String),
    /// The policies of an environment are replaced, and the violations are settled (L13).
    SetPolicies {
        /// The environment.
        environment: Sourced<String>,
        /// Its policies from now on.
        policies: Vec<AttachmentSpec>,
    },
}

/// An endpoint that is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EndpointSpec {
    /// The workload's own.
    Workload,
    /// The draft's.
    Draft,
    /// An environment's.
    Environment(Name),
    /// A deployment's, by name or id.
    Deployment(String),
}

impl EndpointSpec {
    /// An endpoint as scenarios write it: `workload`, `draft`, `environment/…` or `deployment/…`. `None` for
    /// anything else.
    ///
    /// ```
    /// use siting::manifest::scenario::EndpointSpec;
    /// assert_eq!(EndpointSpec::read("deployment/two"), Some(EndpointSpec::Deployment("two".to_owned())));
    /// assert_eq!(EndpointSpec::read("production"), None);
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text.split_once('/') {
            None if text == "workload" => Some(Self::Workload),
            None if text == "draft" => Some(Self::Draft),
            Some(("environment", name)) => Name::new(name).ok().map(Self::Environment),
            Some(("deployment", address)) if !address.is_empty() => Some(Self::Deployment(address.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for EndpointSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload => f.write_str("workload"),
            Self::Draft => f.write_str("draft"),
            Self::Environment(name) => write!(f, "environment/{name}"),
            Self::Deployment(address) => write!(f, "deployment/{address}"),
        }
    }
}

/// A version that a step pushes.
#[derive(Clone, PartialEq, Debug)]
pub struct PushSpec {
    /// The loaded deployment whose name, version, environment and settings it takes, where the push has
    /// none of its own.
    pub from: Option<Sourced<String>>,
    /// The push; its settings are still to be changed.
    pub push: Push,
    /// Settings that differ from those of `from`, or from the defaults.
    pub changes: Vec<Change>,
}

document! {
    /// What is expected after a step; what is not mentioned is not checked.
    #[derive(Clone, PartialEq, Debug, Default)]
    pub struct ExpectSpec "an expectation" {
        /// The expected refusal: the rule, and words of its reason. If absent, the step must be accepted.
        refused: Option<(String, Option<String>)> as Option<Refusal>,
        /// Statuses by deployment.
        status: Vec<(String, Status)> as ByName<Status> = Vec::new(),
        /// Roles by deployment.
        roles: Vec<(String, Role)> as ByName<Role> = Vec::new(),
        /// Governors by deployment.
        governors: Vec<(String, String)> as ByName<String> = Vec::new(),
        /// Where each endpoint (`workload`, `draft`, `environment/…` or `deployment/…`) leads: a deployment's name or
        /// the answer that is given instead.
        routes: Vec<(String, String)> as Routes = Vec::new(),
        /// The same for calls from a country, by its code; `unknown` are callers of whom nobody knows it.
        routes_from: Vec<(String, Vec<(String, String)>)> as RoutesFrom = Vec::new(),
        /// All effects, in order, as reports have them.
        effects: Option<Vec<String>>,
        /// Replicas by deployment and cluster.
        places: Vec<(String, BTreeMap<String, u32>)> as ByName<Counts> = Vec::new(),
        /// The deployments with replicas where they may not run.
        violations: Option<Vec<String>>,
        /// Replicas by deployment.
        replicas: Vec<(String, u32)> as ByName<u32> = Vec::new(),
        /// Why the last rollout was rolled back, by environment: words of the reason, or `no`.
        rolled_back: Vec<(String, String)> as ByName<String> = Vec::new(),
        /// The most requests since the start that may have had no route or waited too long.
        lost: Option<u64> as Option<u64>,
        /// The cluster to which requests are offloaded, by environment, as `oslo 30%`; or `no`.
        offloaded: Vec<(String, String)> as ByName<String> = Vec::new(),
    }
}

reads_words!(Status);
reads_words!(Role);

/// Values by name.
struct ByName<F>(std::marker::PhantomData<F>);

impl<T, F: Format<T>> Format<Vec<(String, T)>> for ByName<F> {
    fn read(item: Item<'_>) -> Option<Vec<(String, T)>> {
        let read = |(key, item): (Sourced<&str>, Item<'_>)| Some((key.value.to_owned(), F::read(item)?));
        Some(item.entries()?.filter_map(read).collect())
    }

    fn write(value: &Vec<(String, T)>) -> Written {
        Written::Map(value.iter().map(|(name, value)| (name.clone(), F::write(value))).collect())
    }

    fn shape() -> Shape {
        Shape::Map { of: Box::new(F::shape()), least: 0 }
    }
}

/// What calls get, by endpoint.
struct Routes;

impl Format<Vec<(String, String)>> for Routes {
    fn read(item: Item<'_>) -> Option<Vec<(String, String)>> {
        let read = |(key, item): (Sourced<&str>, Item<'_>)| {
            if EndpointSpec::read(key.value).is_none() {
                let problem = Problem::new(
                    ProblemCode::InvalidValue,
                    &key.origin,
                    format!("{} is not an endpoint", quoted(key.value)),
                );
                item.report(problem.help(endpoint_help(key.value)));
                return None;
            }
            Some((key.value.to_owned(), String::read(item)?))
        };
        Some(item.entries()?.filter_map(read).collect())
    }

    fn write(value: &Vec<(String, String)>) -> Written {
        <ByName<String>>::write(value)
    }

    fn shape() -> Shape {
        Shape::Keyed { keys: ENDPOINT, of: Box::new(<String as Format<String>>::shape()) }
    }
}

/// The caller of whom nobody knows the country.
const UNKNOWN_CALLER: &str = "unknown";

/// What calls get, by the country that they come from.
struct RoutesFrom;

impl Format<Vec<(String, Vec<(String, String)>)>> for RoutesFrom {
    fn read(item: Item<'_>) -> Option<Vec<(String, Vec<(String, String)>)>> {
        let read = |(key, item): (Sourced<&str>, Item<'_>)| {
            if key.value == UNKNOWN_CALLER {
                return Some((key.value.to_owned(), Routes::read(item)?));
            }
            let code = country_code(key.value);
            if code.is_none() {
                item.report(no_country(key.value, &key.origin).help("name a country by its code, or write `unknown`"));
            }
            Some((code?, Routes::read(item)?))
        };
        Some(item.entries()?.filter_map(read).collect())
    }

    fn write(value: &Vec<(String, Vec<(String, String)>)>) -> Written {
        <ByName<Routes>>::write(value)
    }

    fn shape() -> Shape {
        <ByName<Routes> as Format<Vec<(String, Vec<(String, String)>)>>>::shape()
    }
}

/// The country that calls come from.
#[cfg(feature = "manifest")]
struct CallerCountry;

#[cfg(feature = "manifest")]
impl Format<String> for CallerCountry {
    fn read(item: Item<'_>) -> Option<String> {
        let text = item.string()?;
        let code = country_code(&text);
        if code.is_none() {
            let help = "name a country by its code, such as `de`; leave it out where nobody knows it";
            item.report(no_country(&text, &item.origin()).help(help));
        }
        code
    }

    fn write(value: &String) -> Written {
        value.into()
    }

    fn shape() -> Shape {
        Shape::Text
    }
}

/// The code of a country by any of its names: countries are built in.
fn country_code(name: &str) -> Option<String> {
    let catalog = Catalog::builtin();
    catalog.country(name).map(|country| catalog.country_code(country).to_owned())
}

fn no_country(name: &str, origin: &Origin) -> Problem {
    Problem::new(ProblemCode::UnknownName, origin, format!("no country is called {}", quoted(name)))
}

/// What [`EndpointSpec::read`] reads.
const ENDPOINT: &str = "^(workload|draft|environment/.+|deployment/.+)$";

/// What is right instead of a word that is no endpoint.
fn endpoint_help(word: &str) -> String {
    if Name::new(word).is_ok() && !word.contains('/') {
        format!("write `environment/{word}`, `deployment/{word}`, `workload` or `draft`")
    } else {
        "write `workload`, `draft`, `environment/…` or `deployment/…`".to_owned()
    }
}

/// Replicas by cluster.
struct Counts;

impl Format<BTreeMap<String, u32>> for Counts {
    fn read(item: Item<'_>) -> Option<BTreeMap<String, u32>> {
        <ByName<u32>>::read(item).map(|counts| counts.into_iter().collect())
    }

    fn write(value: &BTreeMap<String, u32>) -> Written {
        Written::Map(value.iter().map(|(cluster, count)| (cluster.clone(), (*count).into())).collect())
    }

    fn shape() -> Shape {
        <ByName<u32> as Format<Vec<(String, u32)>>>::shape()
    }
}

/// Metrics by name.
struct Figures;

impl Format<Vec<(Name, Milli)>> for Figures {
    fn read(item: Item<'_>) -> Option<Vec<(Name, Milli)>> {
        let read = |(key, item): (Sourced<&str>, Item<'_>)| Some((Name::new(key.value).ok()?, Milli::read(item)?));
        item.entries()?.map(read).collect()
    }

    fn write(value: &Vec<(Name, Milli)>) -> Written {
        Written::Map(value.iter().map(|(name, figure)| (name.to_string(), Milli::write(figure))).collect())
    }

    fn shape() -> Shape {
        Shape::Map { of: Box::new(Milli::shape()), least: 0 }
    }
}

/// The name of a rule: a letter and a number.
struct RuleName;

impl Format<String> for RuleName {
    fn read(item: Item<'_>) -> Option<String> {
        let text = item.string()?;
        let mut characters = text.chars();
        let begins = characters.next().is_some_and(|first| first.is_ascii_uppercase());
        let number = characters.as_str();
        if begins && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(text);
        }
        let message = format!("{} is not the name of a rule", quoted(&text));
        let help = "write a letter and a number, such as `L6`; words of the reason go under `reason`";
        item.problem(ProblemCode::InvalidValue, message, help);
        None
    }

    fn write(value: &String) -> Written {
        value.into()
    }

    fn shape() -> Shape {
        Shape::Pattern("^[A-Z][0-9]+$")
    }
}

/// A rule, alone or with words of the reason.
struct Refusal;

document! {
    /// A refusal that is expected.
    struct Expected "an expected refusal" {
        /// The rule, such as `L6`.
        rule: String as RuleName,
        /// Words that the reason contains.
        reason: Option<String>,
    }
}

impl Format<(String, Option<String>)> for Refusal {
    fn read(item: Item<'_>) -> Option<(String, Option<String>)> {
        if item.is_object() {
            return Expected::read(item).map(|Expected { rule, reason }| (rule, reason));
        }
        Some((<RuleName as Format<String>>::read(item)?, None))
    }

    fn write((rule, reason): &(String, Option<String>)) -> Written {
        match reason {
            None => rule.into(),
            Some(_) => Map::default().with("rule", rule).maybe("reason", reason.as_ref()).into(),
        }
    }

    fn shape() -> Shape {
        Shape::Either(vec![RuleName::shape(), Expected::shape()])
    }
}
