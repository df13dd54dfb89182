//! Scenarios: a workload's story step by step, with names that the steps know of each other.
//!
//! Each could have been written as a document: spans are whole seconds, and what a document cannot say is
//! not there. Steps may be refused, as with real hosts; that is not an error of the scenario.

use std::time::Duration;

use super::choices::{Choices, Draw};
use super::policies::attachment;
use super::values::{name, text};
use crate::id::Name;
use crate::lifecycle::{Action, Change, Edit, Observation, PromotionStrategy, Push, PushKind, Role, Status};
use crate::manifest::scenario::{
    EndpointSpec, ExpectSpec, Happening, HostSpec, PushSpec, ScenarioSpec, ShownSpec, StepSpec,
};
use crate::manifest::spec::{AttachmentSpec, Metadata, OffloadingSpec};
use crate::origin::Origin;
use crate::policy::{Enforcement, OnReplaced};
use crate::quantity::Milli;
use crate::time::Moment;
#[cfg(feature = "manifest")]
use crate::{
    manifest::spec::Specs,
    simulation::{ScenarioReport, StepReport, simulate},
    workspace::{LoadOptions, Workspace},
};

/// What deployments of a story are called.
const DEPLOYMENTS: [&str; 3] = ["one", "two", "three"];

/// The beginning of the year 2100, in milliseconds.
const LATEST: u64 = 4_102_444_800_000;

impl Draw for ScenarioSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let host = choices.maybe(50, HostSpec::draw);
        let (mut at, mut told) = (Duration::ZERO, Told { hosted: host.is_some(), ..Told::default() });
        let steps = choices.several(1, 20, |choices| {
            let passed = choices.maybe(70, |choices| seconds(choices, 300));
            at += passed.unwrap_or_default();
            let happening = told.next(choices);
            let mut step = StepSpec { at: passed.map(|_| at), ..step(choices, happening) };
            if !told.hosted {
                // Nobody counts these.
                step.expect.lost = None;
                step.expect.offloaded.clear();
            }
            step
        });
        Self {
            metadata: Metadata::named(name(choices.one_of("story", ["first-push", "two sides", "é"]))),
            description: choices.maybe(10, text),
            resource_type: choices.one_of("model", ["function", "agent"]).to_owned().into(),
            workload: name(choices.one_of("bert", ["llama"])).into(),
            start: Moment::from_millis(choices.up_to(LATEST)),
            unlimited: !choices.chance(30),
            host,
            steps,
        }
    }
}

/// The state of a drawn scenario so far.
#[derive(Default)]
struct Told {
    /// Whether a scripted host builds, starts and measures; else the steps say all that.
    hosted: bool,
    /// What has been pushed.
    pushed: Vec<Name>,
    /// The observations that are due, the next one last.
    due: Vec<Happening>,
}

impl Told {
    /// The next step: mostly what is due, else scenarios would not advance.
    fn next(&mut self, choices: &mut Choices<'_>) -> Happening {
        let expected = if choices.chance(25) { None } else { self.due.pop() };
        // Nothing can be done before there is something.
        let begins = self.pushed.is_empty() && !choices.chance(5);
        let happening = match expected {
            Some(expected) => expected,
            None if begins => Happening::Push(push(choices)),
            None => happening(choices, self),
        };
        if let Happening::Push(PushSpec { push: Push { name: Some(name), .. }, .. }) = &happening {
            self.pushed.push(name.clone());
            if !self.hosted {
                let seen = |observation| Happening::Observe(observation, name.as_str().to_owned());
                self.due = vec![seen(Observation::Ready), seen(Observation::Built)];
            }
        }
        if let Happening::Do(Action::Deactivate(deployment)) = &happening
            && !self.hosted
        {
            self.due = vec![Happening::Observe(Observation::Drained, deployment.clone())];
        }
        happening
    }

    /// A deployment by its name, mostly one that was pushed; or by its id.
    fn deployment(&self, choices: &mut Choices<'_>) -> String {
        match choices.pick(&self.pushed) {
            Some(name) if !choices.chance(15) => name.as_str().to_owned(),
            _ if choices.chance(30) => format!("bert-{}", choices.between(1, 4)),
            _ => deployed(choices).as_str().to_owned(),
        }
    }
}

/// At most `most` whole seconds.
fn seconds(choices: &mut Choices<'_>, most: u32) -> Duration {
    Duration::from_secs(choices.between(0, most).into())
}

impl Draw for HostSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            build: seconds(choices, 120),
            start: seconds(choices, 120),
            tick: Duration::from_secs(choices.between(5, 60).into()),
            patience: seconds(choices, 120),
        }
    }
}

impl Draw for StepSpec {
    /// A step before a scripted host.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let happening = Happening::draw(choices);
        Self { at: choices.maybe(70, |choices| seconds(choices, 3600)), ..step(choices, happening) }
    }
}

fn step(choices: &mut Choices<'_>, happening: Happening) -> StepSpec {
    let expect = choices.maybe(20, ExpectSpec::draw).unwrap_or_default();
    StepSpec { at: None, happening, expect, origin: Origin::default() }
}

impl Draw for Happening {
    /// What a step may do with a scripted host.
    fn draw(choices: &mut Choices<'_>) -> Self {
        happening(choices, &Told { hosted: true, ..Told::default() })
    }
}

/// What a step does: traffic and failures only with a scripted host.
fn happening(choices: &mut Choices<'_>, told: &Told) -> Happening {
    let by_host = if told.hosted { 10 } else { 0 };
    match choices.below(40 + by_host) {
        0 | 1 => Happening::Wait,
        2..=6 => Happening::Push(push(choices)),
        7..=14 => Happening::Observe(Observation::draw(choices), told.deployment(choices)),
        15..=37 => Happening::Do(action(choices, told)),
        38 => Happening::SetPolicies {
            environment: environment(choices).as_str().to_owned().into(),
            policies: choices.several(0, 2, attached),
        },
        39 => Happening::Do(Action::DeleteWorkload),
        40..=45 => {
            let endpoint = match choices.below(10) {
                0 => EndpointSpec::Workload,
                1 => EndpointSpec::Draft,
                2 => EndpointSpec::Deployment(told.deployment(choices)),
                _ => EndpointSpec::Environment(environment(choices)),
            };
            let from = choices.maybe(20, |choices| choices.one_of("de", ["us", "jp"]).to_owned());
            Happening::Traffic { endpoint, per_second: choices.one_of(10, [0, 100, 1000]), from }
        }
        46..=48 => Happening::Metrics(ShownSpec::draw(choices)),
        _ => Happening::Fail { deployment: told.deployment(choices), replicas: choices.between(1, 5) },
    }
}

/// What is asked of what was pushed.
fn action(choices: &mut Choices<'_>, told: &Told) -> Action<String> {
    let on_replaced = |choices: &mut Choices<'_>| choices.maybe(30, OnReplaced::draw);
    match choices.below(23) {
        0..=5 => Action::Promote {
            deployment: told.deployment(choices),
            environment: environment(choices),
            name: copy(choices),
            on_replaced: on_replaced(choices),
            force: choices.chance(30),
            by: takeover(choices),
        },
        6 => Action::Release {
            from: environment(choices),
            to: environment(choices),
            name: copy(choices),
            on_replaced: on_replaced(choices),
            by: takeover(choices),
        },
        7 | 8 => Action::UpdateVersion {
            environment: environment(choices),
            version: version(choices),
            name: copy(choices),
            on_replaced: on_replaced(choices),
            by: takeover(choices),
        },
        9 | 10 => Action::RollBack {
            environment: environment(choices),
            on_replaced: on_replaced(choices),
            by: takeover(choices),
        },
        11 => Action::Cancel { environment: environment(choices) },
        12 => Action::Pause { environment: environment(choices) },
        13 => Action::Resume { environment: environment(choices) },
        14 => Action::ForceForward { environment: environment(choices) },
        15 | 16 => {
            let verbs: [fn(String) -> Action<String>; 6] =
                [Action::Activate, Action::Deactivate, Action::Wake, Action::Idle, Action::Move, Action::Delete];
            let [first, others @ ..] = verbs;
            choices.one_of(first, others)(told.deployment(choices))
        }
        17 => Action::Scale { deployment: told.deployment(choices), replicas: choices.below(6) },
        18..=20 => {
            Action::Edit { deployment: told.deployment(choices), edit: Edit { changes: changes(choices, true) } }
        }
        21 => Action::Rename { deployment: told.deployment(choices), name: deployed(choices) },
        _ => Action::Patch { version: choices.maybe(60, version) },
    }
}

fn deployed(choices: &mut Choices<'_>) -> Name {
    let [first, others @ ..] = DEPLOYMENTS;
    name(choices.one_of(first, others))
}

/// An environment: mostly one that every workspace has.
fn environment(choices: &mut Choices<'_>) -> Name {
    name(choices.one_of("production", ["production", "development", "staging"]))
}

fn copy(choices: &mut Choices<'_>) -> Option<Name> {
    choices.maybe(20, deployed)
}

fn version(choices: &mut Choices<'_>) -> String {
    choices.one_of("v1", ["v2", "v3"]).to_owned()
}

fn takeover(choices: &mut Choices<'_>) -> Option<Box<PromotionStrategy>> {
    choices.maybe(30, |choices| Box::new(PromotionStrategy::draw(choices)))
}

fn attached(choices: &mut Choices<'_>) -> AttachmentSpec {
    attachment(choices.one_of("p1", ["p2", "p3"]), Enforcement::draw(choices))
}

impl Draw for PushSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        push(choices)
    }
}

fn push(choices: &mut Choices<'_>) -> PushSpec {
    let kind = match choices.below(4) {
        0 | 1 => PushKind::Published,
        2 => PushKind::Draft,
        _ => PushKind::Promoted {
            environment: environment(choices),
            on_replaced: choices.maybe(30, OnReplaced::draw),
            by: takeover(choices),
        },
    };
    let (called, governor) = (choices.maybe(80, deployed), choices.maybe(20, environment));
    let push = Push { name: called, environment: governor, ..Push::new(kind, &version(choices)) };
    let from = choices.maybe(5, |choices| choices.one_of("bert/d1", ["d1"]).to_owned().into());
    PushSpec { from, push, changes: changes(choices, false) }
}

/// Up to two changes of different fields; an edit may also ask for what is refused.
fn changes(choices: &mut Choices<'_>, edits: bool) -> Vec<Change> {
    let mut drawn = choices.several(0, 2, |choices| match Change::draw(choices) {
        Change::Offloading(Some(_)) => Change::Offloading(Some(OffloadingSpec::draw(choices).offloading())),
        other => other,
    });
    let mut seen = std::collections::HashSet::new();
    drawn.retain(|change| is_written(change, edits) && seen.insert(std::mem::discriminant(change)));
    drawn
}

/// Whether a step can say it: documents set fields, and take none away.
fn is_written(change: &Change, edits: bool) -> bool {
    match change {
        Change::DisplayName(value) | Change::Description(value) => value.is_some(),
        Change::Variables { set, unset } => !(set.is_empty() && unset.is_empty()),
        Change::Replicas(value) => value.is_some(),
        Change::Scaling(value) => value.is_some(),
        Change::LoadBalancer(value) => value.is_some(),
        Change::Placement(value) => value.is_some(),
        Change::Resources(value) => value.is_some(),
        Change::MaxPricePerHour(value) => value.is_some(),
        Change::Strategy(value) => value.is_some(),
        Change::Offloading(value) => value.is_some(),
        Change::Policies(policies) => policies.iter().all(|policy| !policy.remote),
        Change::Requests(_) => false,
        Change::Labels(_) | Change::Priority(_) => true,
        Change::Name(_) | Change::Workload(_) | Change::Version(_) | Change::Environment(_) => edits,
    }
}

impl Draw for ShownSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let custom = choices.maybe(30, |choices| (name("queue"), Milli::thousandths(choices.up_to(1_000_000))));
        let shown = Self {
            version: version(choices),
            error_rate: choices.maybe(60, |choices| Milli::thousandths(choices.up_to(100_000))),
            latency: choices.maybe(40, |choices| Milli::whole(choices.one_of(100, [20, 500, 10_000]))),
            capacity: choices.maybe(40, |choices| choices.between(1, 200)),
            starts: choices.maybe(20, |choices| choices.chance(50)),
            custom: custom.into_iter().collect(),
        };
        let says_something = shown.error_rate.is_some() || shown.latency.is_some() || shown.capacity.is_some();
        // A change that changes nothing is none.
        let starts =
            if says_something || !shown.custom.is_empty() { shown.starts } else { shown.starts.or(Some(true)) };
        Self { starts, ..shown }
    }
}

impl Draw for ExpectSpec {
    /// One thing that may come true.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let none = Self::default();
        let whose = Told::default().deployment(choices);
        match choices.below(12) {
            0 => Self { status: vec![(whose, Status::draw(choices))], ..none },
            1 => Self { roles: vec![(whose, Role::draw(choices))], ..none },
            2 => Self { governors: vec![(whose, environment(choices).to_string())], ..none },
            3 if choices.chance(30) => {
                let from = choices.one_of("unknown", ["de", "us"]).to_owned();
                Self { routes_from: vec![(from, vec![("workload".to_owned(), whose)])], ..none }
            }
            3 => Self { routes: vec![("workload".to_owned(), whose)], ..none },
            4 => Self { effects: Some(choices.several(0, 2, text)), ..none },
            5 => {
                let places = [("anywhere".to_owned(), choices.between(1, 3))].into_iter().collect();
                Self { places: vec![(whose, places)], ..none }
            }
            6 => Self { violations: Some(vec![whose]), ..none },
            7 => Self { replicas: vec![(whose, choices.below(5))], ..none },
            8 => Self { rolled_back: vec![(environment(choices).to_string(), "no".to_owned())], ..none },
            9 => Self { lost: Some(choices.up_to(10_000)), ..none },
            10 => Self { offloaded: vec![(environment(choices).to_string(), "no".to_owned())], ..none },
            _ => {
                let words = choices.maybe(50, text);
                Self { refused: Some((choices.one_of("L8", ["L1", "L2"]).to_owned(), words)), ..none }
            }
        }
    }
}

#[cfg(feature = "manifest")]
impl Draw for ScenarioReport {
    /// What comes of a drawn scenario in a drawn world.
    fn draw(choices: &mut Choices<'_>) -> Self {
        super::values::valid(choices, |choices| {
            let workspace = Workspace::from_specs(Specs::draw(choices), LoadOptions::default()).ok()?;
            Some(simulate(&workspace, &ScenarioSpec::draw(choices)).ok()?.0)
        })
    }
}

#[cfg(feature = "manifest")]
impl Draw for StepReport {
    fn draw(choices: &mut Choices<'_>) -> Self {
        super::values::valid(choices, |choices| ScenarioReport::draw(choices).steps.pop())
    }
}
