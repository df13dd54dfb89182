//! Names to ids, or a problem that quotes the name and offers the nearest (C8).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::catalog::{Catalog, Choice, ChoiceKind, FlavorKind, Meaning};
use crate::document::NearestNames;
use crate::id::{CountryId, FlavorId, ResourceTypeId};
use crate::manifest::spec::{AttachmentSpec, ChoiceSpec};
use crate::origin::{Problem, ProblemCode, Sourced, listed};
use crate::policy::{Attachment, PolicySet};

/// What to do instead of an end that cannot be written.
pub(super) const UNTIL: &str = "leave `until` out, or state a moment of a year up to 9999";
/// The most names that one problem lists.
pub(super) const LISTED: usize = 10;

/// What is wrong so far with the specs of a load.
#[derive(Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    /// Whether names that the workspace adds are unknown, since it cannot be read.
    additions_are_unknown: bool,
    known: HashMap<&'static str, (NearestNames<usize>, Vec<Arc<str>>)>,
}

impl Problems {
    /// None yet, where some documents have been found unsound already.
    pub(super) fn beside(unsound: &Unsound) -> Self {
        Self { additions_are_unknown: unsound.additions, ..Self::default() }
    }

    /// Records a problem.
    pub(super) fn push(&mut self, problem: Problem) {
        self.found.push(problem);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// Removes and returns those after the first `count`.
    pub(super) fn split_off(&mut self, count: usize) -> Vec<Problem> {
        self.found.split_off(count)
    }

    /// All of them.
    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.found
    }

    /// The names of `what` that lie nearest to an unknown one. What they are is asked once: it does not change
    /// while a load is resolved.
    pub(super) fn nearest<'a, I>(&mut self, what: &'static str, name: &str, known: impl FnOnce() -> I) -> Vec<String>
    where
        I: IntoIterator<Item = &'a str>,
    {
        let make = || {
            let names: Vec<Arc<str>> = known().into_iter().map(Arc::from).collect();
            let numbered = names.iter().enumerate().map(|(place, name)| (&**name, place));
            (NearestNames::new(numbered), names.clone())
        };
        let (index, names) = self.known.entry(what).or_insert_with(make);
        index.find(name).into_iter().filter_map(|place| names.get(place)).map(ToString::to_string).collect()
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.found.extend(problems);
    }
}

/// `; did you mean …?`, or nothing.
pub(super) fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", listed(near, "or", LISTED)) }
}

/// A problem about a name that resolves to nothing.
pub(super) fn unknown(what: &str, name: &Sourced<String>, near: &[String]) -> Problem {
    let problem = Problem::new(ProblemCode::UnknownName, &name.origin, format!("no {what} is called `{}`", name.value));
    if near.is_empty() { problem } else { problem.help(format!("did you mean {}?", listed(near, "or", LISTED))) }
}

/// What a policy entry names; nothing, and a problem, where it is unknown.
pub(super) fn choices(catalog: &Catalog, spec: &Sourced<ChoiceSpec>, problems: &mut Problems) -> Meaning {
    let found = catalog.choices(spec.kind, &spec.name);
    if found.is_empty() {
        unknown_choice(catalog, spec.kind, &spec.with(spec.name.clone()), problems);
    }
    found
}

/// The hardware that a demand names.
pub(super) fn demanded(catalog: &Catalog, name: &Sourced<String>, problems: &mut Problems) -> Meaning {
    let found = catalog.choices(ChoiceKind::Gpu, name);
    if found.is_empty() {
        unknown_choice(catalog, ChoiceKind::Gpu, name, problems);
    } else if catalog.is_slice(FlavorKind::Gpu, name) {
        problems.push(part_of_a_device(catalog, name, &found));
        return Meaning::new();
    }
    found
}

/// The hardware that a limit names.
pub(super) fn limited(catalog: &Catalog, name: &Sourced<String>, problems: &mut Problems) -> Meaning {
    let found = catalog.choices(ChoiceKind::Gpu, name);
    if found.is_empty() {
        unknown_choice(catalog, ChoiceKind::Gpu, name, problems);
    } else if catalog.is_slice(FlavorKind::Gpu, name) {
        let codes: Vec<_> = found.iter().map(|&choice| catalog.choice_name(choice)).collect();
        let message = format!("`{}` is the label of a part of a device", name.value);
        let help = format!("limit the whole device, {}: a part counts by its memory", listed(&codes, "or", LISTED));
        problems.push(Problem::new(ProblemCode::InvalidValue, &name.origin, message).help(help));
    }
    found
}

/// The hardware that a pool has: the lowest node that is certain (C5).
pub(super) fn on_pool(
    catalog: &Catalog,
    kind: FlavorKind,
    name: &Sourced<String>,
    problems: &mut Problems,
) -> Option<FlavorId> {
    let found = catalog.flavor(kind, name);
    if found.is_none() {
        match &catalog.choices(kind.into(), name)[..] {
            [] => unknown_choice(catalog, kind.into(), name, problems),
            [Choice::AnyFlavor(_), ..] => {
                let message = format!("`{}` is not hardware that a pool can have", name.value);
                let problem = Problem::new(ProblemCode::InvalidValue, &name.origin, message);
                problems.push(problem.help("use the code of the hardware that its nodes have"));
            }
            slices => problems.push(part_of_a_device(catalog, name, slices)),
        }
    }
    found
}

fn part_of_a_device(catalog: &Catalog, name: &Sourced<String>, of: &[Choice]) -> Problem {
    let codes: Vec<_> = of.iter().map(|&choice| catalog.choice_name(choice)).collect();
    let message = format!("`{}` is the label of a part of a device", name.value);
    let help = format!("name the whole device, {}, and say which part by `slice`", listed(&codes, "or", LISTED));
    Problem::new(ProblemCode::InvalidValue, &name.origin, message).help(help)
}

/// A place or a piece of hardware named by a bare word.
pub(super) fn bare(
    catalog: &Catalog,
    kind: ChoiceKind,
    name: &Sourced<String>,
    problems: &mut Problems,
) -> Option<Choice> {
    let found = catalog.resolve(kind, name);
    if found.is_none() {
        unknown_choice(catalog, kind, name, problems);
    }
    found
}

/// A country's code.
pub(super) fn country(catalog: &Catalog, code: &Sourced<String>, problems: &mut Problems) -> Option<CountryId> {
    let found = catalog.country(code);
    if found.is_none() {
        unknown_choice(catalog, ChoiceKind::Country, code, problems);
    }
    found
}

fn unknown_choice(catalog: &Catalog, kind: ChoiceKind, name: &Sourced<String>, problems: &mut Problems) {
    if problems.additions_are_unknown {
        return;
    }
    let what = match kind {
        ChoiceKind::Cpu => "cpu flavor",
        ChoiceKind::Gpu => "gpu flavor",
        place => place.as_str(),
    };
    let near = catalog.nearest(kind, name);
    let problem = unknown(what, name, &near);
    problems.push(match catalog.why_unknown(kind, name) {
        Some(why) => problem.help(why),
        None => problem,
    });
}

/// A workload type.
pub(super) fn resource_type(
    catalog: &Catalog,
    name: &Sourced<String>,
    problems: &mut Problems,
) -> Option<ResourceTypeId> {
    let found = catalog.resource_type(name);
    if found.is_none() && !problems.additions_are_unknown {
        let known: Vec<_> = catalog.resource_types().map(|id| catalog.resource_type_name(id)).collect();
        let near = problems.nearest("workload type", name, || known.iter().copied());
        let problem = unknown("workload type", name, &near);
        let help = format!("the workload types are {}", listed(&known, "and", LISTED));
        problems.push(if near.is_empty() { problem.help(help) } else { problem });
    }
    found
}

/// Documents that exist and are unsound. What is wrong with them is reported where they stand, so
/// a reference to one is no further problem.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Unsound {
    pub(super) policies: HashSet<String>,
    pub(super) environments: HashSet<String>,
    pub(super) deployments: HashSet<String>,
    /// Whether the workspace is unsound, and so what it adds to the catalog is unknown.
    pub(super) additions: bool,
}

/// The policies attached at one level. Missing remote ones are left to the caller.
pub(super) fn attachments(
    policies: &PolicySet,
    unsound: &Unsound,
    specs: &[AttachmentSpec],
    problems: &mut Problems,
) -> Vec<Attachment> {
    let mut found = Vec::with_capacity(specs.len());
    for spec in specs {
        // Specs that were built in code can hold what no text can (W4).
        if let Some(unwritten) = spec.terms().unwritten() {
            let message = format!("policy `{}`: {unwritten}", spec.policy.value);
            let problem = Problem::new(ProblemCode::InvalidValue, &spec.policy.origin, message);
            problems.push(problem.help(UNTIL));
        }
        match policies.find(&spec.policy) {
            Some(policy) => found.push(Attachment::new(policy, spec.terms())),
            None if spec.remote || unsound.policies.contains(&*spec.policy) => {}
            None => {
                let names = || policies.iter().map(|(_, policy)| policy.name().as_str());
                let near = problems.nearest("policy", &spec.policy, names);
                problems.push(unknown("policy", &spec.policy, &near));
            }
        }
    }
    found
}
