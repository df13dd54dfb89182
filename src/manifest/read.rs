//! From texts to specs: every document to its decoder, and the checks between documents.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::beamlit::{model_deployment, policy};
use super::frame::native;
use super::heading::{Heading, heading};
use super::kind::Kind;
use super::same::Shared;
use super::scenario::{Happening, ScenarioSpec, scenario};
use super::source::Source;
use super::spec::{BrokenCluster, PolicyTestSpec, Specs, WorkspaceSpec};
use super::tree::documents;
use super::twins;
use crate::document::{Context, Item, Node, Report, Value};
use crate::origin::{Origin, Problem, ProblemCode};

/// The most problems that a load lists.
const MAX_PROBLEMS: usize = 1000;
/// The most problems that one cluster lists.
const MAX_CLUSTER_PROBLEMS: usize = 100;

/// The specs read from texts, and the problems found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reading {
    /// What could be read.
    pub specs: Specs,
    /// What is wrong, by file, line and column. At most a thousand are listed; a last one counts the
    /// rest. Those of clusters are in [`Specs::broken_clusters`].
    pub problems: Vec<Problem>,
    /// How many more problems there are than are listed.
    pub left_out: usize,
    /// Documents that name themselves and could not be read. A reference to one of them is not
    /// unknown: what is wrong with it is among the problems.
    pub unread: Vec<(Kind, String)>,
    /// The scenarios and policy tests that stand among them: they have readers of their own.
    pub beside: Vec<(Kind, Origin)>,
}

impl Reading {
    /// A notice for each document that is no part of a workspace, for who wants to put it there.
    #[must_use]
    pub fn not_put(&self) -> Vec<Problem> {
        let notice = |(kind, origin): &(Kind, Origin)| {
            let message = format!("a `{kind}` is no part of a workspace, so it is not put");
            let reader = if *kind == Kind::PolicyTest { "test" } else { "simulate" };
            Problem::new(ProblemCode::UnknownKind, origin, message)
                .help(format!("`siting {reader}` reads it from a file"))
        };
        self.beside.iter().map(notice).collect()
    }
}

/// Reads all documents of all texts. A problem in one does not hide problems in another.
///
/// ```
/// use siting::manifest::{Source, read};
///
/// let reading = read(&[Source::new("policy.yaml", "
/// apiVersion: siting.dev/v1
/// kind: Policy
/// metadata: {name: nordic}
/// spec: {type: location, locations: [{type: country, name: NO}]}
/// ")]);
/// assert!(reading.problems.is_empty());
/// assert_eq!(reading.specs.policies[0].metadata.name.as_str(), "nordic");
/// ```
#[must_use]
pub fn read(sources: &[Source]) -> Reading {
    let mut loading = Loading::default();
    let report = Report::new(MAX_PROBLEMS);
    for source in sources {
        let context = Context { file: &source.name, report: &report, null_is_absent: false, document: None };
        documents(source, &report, |document| {
            each_document(&document, context, &mut |node, heading| loading.one(node, heading, context));
        });
    }
    twins::settle(&mut loading.specs, &report);
    loading.specs.notices.extend(loading.skipped.notice());
    let left_out = report.left_out();
    Reading {
        specs: loading.specs,
        problems: report.into_problems(),
        left_out,
        unread: loading.unread,
        beside: loading.beside,
    }
}

/// Reads the documents of one text.
///
/// ```
/// let reading = siting::manifest::read_str("fleet.yaml", "apiVersion: siting.dev/v1\nkind: Polcy\n");
/// assert_eq!(reading.problems[0].to_string(), "fleet.yaml:2:7: `siting.dev/v1` has no kind `Polcy`");
/// assert_eq!(reading.problems[0].help.as_deref(), Some("did you mean `Policy`?"));
/// ```
#[must_use]
pub fn read_str(name: &str, text: &str) -> Reading {
    read(&[Source::new(name, text)])
}

/// The scenarios read from texts, and the problems found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ScenarioReading {
    /// What could be read.
    pub scenarios: Vec<ScenarioSpec>,
    /// What is wrong, by file, line and column.
    pub problems: Vec<Problem>,
}

/// Reads the scenarios of all texts, and nothing else: [`read`] leaves out what this reads.
///
/// ```
/// use siting::manifest::{Source, read_scenarios};
///
/// let reading = read_scenarios(&[Source::new("story.yaml", "
/// apiVersion: siting.dev/v1
/// kind: Scenario
/// metadata: {name: first-push}
/// spec:
///   model: bert
///   fleet: unlimited
///   steps:
///     - push: {name: one, version: v1}
///       expect: {status: {one: BUILDING}}
/// ")]);
/// assert!(reading.problems.is_empty());
/// assert_eq!(reading.scenarios[0].steps.len(), 1);
/// ```
#[must_use]
pub fn read_scenarios(sources: &[Source]) -> ScenarioReading {
    let mut scenarios = Vec::new();
    let problems = read_only(Kind::Scenario, sources, |document| scenarios.extend(scenario(document)));
    ScenarioReading { scenarios, problems }
}

/// Reads one step of a scenario, as JSON without its moment: a command in the words that hosts and people send.
///
/// ```
/// use siting::lifecycle::Action;
/// use siting::manifest::read_step;
/// use siting::manifest::scenario::Happening;
///
/// let step = read_step("model", "bert", r#"{"scale": {"deployment": "one", "replicas": 3}}"#);
/// assert_eq!(step, Ok(Happening::Do(Action::Scale { deployment: "one".to_owned(), replicas: 3 })));
/// let wrong = read_step("model", "bert", r#"{"scael": {}}"#).unwrap_err();
/// assert!(wrong.iter().any(|problem| problem.help.as_deref() == Some("did you mean `scale`?")));
/// ```
///
/// # Errors
/// All that is wrong with it; never empty. The problems have no places: whoever wrote one line needs none.
pub fn read_step(resource_type: &str, workload: &str, text: &str) -> Result<Happening, Vec<Problem>> {
    let wrong = |message: String| vec![Problem::new(ProblemCode::InvalidSyntax, &Origin::default(), message)];
    let step: serde_json::Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let document = serde_json::json!({
        "apiVersion": "siting.dev/v1",
        "kind": "Scenario",
        "metadata": {"name": "step"},
        "spec": {"workload": {"type": resource_type, "name": workload}, "steps": [step]},
    });
    let ScenarioReading { scenarios, mut problems } = read_scenarios(&[Source::new("step", document.to_string())]);
    problems.iter_mut().for_each(|problem| problem.origin = Origin::default());
    let step = scenarios.into_iter().flat_map(|scenario| scenario.steps).next();
    match step {
        Some(step) if problems.is_empty() => Ok(step.happening),
        _ if problems.is_empty() => Err(wrong("nothing happens in this step".to_owned())),
        _ => Err(problems),
    }
}

/// What policy tests say, and what is wrong with them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PolicyTestReading {
    /// What could be read.
    pub tests: Vec<PolicyTestSpec>,
    /// What is wrong, by file, line and column.
    pub problems: Vec<Problem>,
}

/// Reads the policy tests of all texts, and nothing else: [`read`] leaves out what this reads.
///
/// ```
/// use siting::manifest::{Source, read_policy_tests};
///
/// let reading = read_policy_tests(&[Source::new("tests.yaml", "
/// apiVersion: siting.dev/v1
/// kind: PolicyTest
/// metadata: {name: gdpr}
/// spec:
///   cases:
///     - environment: production
///       denied: [{type: country, name: us}]
/// ")]);
/// assert!(reading.problems.is_empty());
/// assert_eq!(reading.tests[0].cases.len(), 1);
/// ```
#[must_use]
pub fn read_policy_tests(sources: &[Source]) -> PolicyTestReading {
    let mut tests = Vec::new();
    let mut problems =
        read_only(Kind::PolicyTest, sources, |document| tests.extend(native::<PolicyTestSpec>(document)));
    let named = |test: &PolicyTestSpec| (test.metadata.name.value.clone(), test.metadata.name.origin.clone());
    for (name, shared) in Shared::count(tests.iter().map(named)) {
        let second = shared.second.clone();
        problems.extend(second.and_then(|second| shared.problem(&format!("policy test `{name}`"), &second)));
    }
    problems.sort_by(|a, b| a.origin.cmp(&b.origin));
    PolicyTestReading { tests, problems }
}

/// Reads the documents of one kind. What is wrong with others is for their reader to say.
fn read_only(kind: Kind, sources: &[Source], mut each: impl FnMut(Item<'_>)) -> Vec<Problem> {
    let report = Report::new(MAX_PROBLEMS);
    for source in sources {
        let context = Context { file: &source.name, report: &report, null_is_absent: false, document: None };
        documents(source, &report, |document| {
            let silent = Report::new(0);
            let quiet = Context { report: &silent, ..context };
            each_document(&document, quiet, &mut |node, heading| {
                if matches!(heading, Heading::Ours(found) if found == kind) {
                    each(Item::document(node, context));
                }
            });
        });
    }
    report.into_problems()
}

fn second_workspace(second: &WorkspaceSpec, first: &WorkspaceSpec) -> Problem {
    let origin = |spec: &WorkspaceSpec| spec.metadata.name.origin.clone();
    Problem::new(ProblemCode::Duplicate, &origin(second), "there is more than one workspace")
        .help("define at most one")
        .related(&origin(first), "first defined here")
}

/// Calls `each` with every document in `node` whose heading can be read. A list is read as its elements: JSON has no
/// other way to hold several, and Kubernetes' `List` as its items.
fn each_document<'d>(node: &'d Node<'d>, context: Context<'d>, each: &mut impl FnMut(&'d Node<'d>, Heading)) {
    match &node.value {
        _ if node.is_null() => {}
        Value::List(documents) => documents.iter().for_each(|document| each_document(document, context, each)),
        _ => match heading(Item::document(node, context)) {
            Some(Heading::List) => {
                if let Some(items) = items(Item::document(node, context)) {
                    each_document(items, context, each);
                }
            }
            Some(heading) => each(node, heading),
            None => {}
        },
    }
}

/// What a `List` lists.
fn items<'d>(list: Item<'d>) -> Option<&'d Node<'d>> {
    let mut fields = list.object("a list of documents")?;
    for name in ["apiVersion", "kind", "metadata"] {
        fields.accept(name);
    }
    let items = fields.required("items");
    fields.finish();
    match items?.node {
        node @ Node { value: Value::List(_), .. } => Some(node),
        _ => items?.list(|_| Some(())).and(None),
    }
}

#[derive(Default)]
struct Loading {
    specs: Specs,
    unread: Vec<(Kind, String)>,
    beside: Vec<(Kind, Origin)>,
    skipped: Skipped,
}

impl Loading {
    fn one(&mut self, node: &Node<'_>, heading: Heading, context: Context<'_>) {
        match heading {
            // They are read by `read_scenarios` and `read_policy_tests`.
            Heading::Ours(kind @ (Kind::Scenario | Kind::PolicyTest)) => {
                self.beside.push((kind, Item::document(node, context).origin()));
            }
            Heading::List => {}
            Heading::Ours(Kind::Cluster) => self.cluster(node, context),
            Heading::Ours(kind) => {
                let document = Item::document(node, Context { null_is_absent: kind.null_is_absent(), ..context });
                if self.decode(kind, document).is_none() {
                    self.unread.extend(document.name_within("metadata", "name").map(|name| (kind, name)));
                }
            }
            Heading::Foreign(group) => self.skipped.add(group, Item::document(node, context)),
        }
    }

    fn decode(&mut self, kind: Kind, document: Item<'_>) -> Option<()> {
        let specs = &mut self.specs;
        match kind {
            Kind::Policy => specs.policies.push(native(document)?),
            Kind::BeamlitPolicy => specs.policies.push(policy::read(document)?),
            Kind::Environment => specs.environments.push(native(document)?),
            Kind::Deployment => specs.deployments.push(native(document)?),
            Kind::ModelDeployment => specs.deployments.push(model_deployment::read(document)?),
            Kind::Cluster => specs.clusters.push(native(document)?),
            Kind::Scenario | Kind::PolicyTest => {}
            Kind::Placement => specs.running.push(native(document)?),
            Kind::Workspace => {
                let workspace = native(document)?;
                match &specs.workspace {
                    None => specs.workspace = Some(workspace),
                    Some(first) => document.report(second_workspace(&workspace, first)),
                }
            }
        }
        Some(())
    }

    /// Reads a cluster. What is wrong with it is kept with it, so that it can be quarantined (I6).
    fn cluster(&mut self, node: &Node<'_>, context: Context<'_>) {
        let report = Report::new(MAX_CLUSTER_PROBLEMS);
        let document = Item::document(node, Context { report: &report, ..context });
        let read = self.decode(Kind::Cluster, document);
        let (name, origin) = (document.name_within("metadata", "name"), document.origin());
        if report.is_empty() {
            return;
        }
        if read.is_some() {
            self.specs.clusters.pop();
        }
        let [provider, location, country] =
            ["provider", "location", "country"].map(|field| document.name_within("spec", field));
        let whole =
            BrokenCluster { name, pool: None, origin, provider, location, country, problems: report.into_problems() };
        match self.sound_pools(node, context, &whole) {
            Some(pools) => self.specs.broken_clusters.extend(pools),
            None => self.specs.broken_clusters.push(whole),
        }
    }

    /// Reads a cluster without the pools that hold all that is wrong with it, and tells of these (I6).
    fn sound_pools(
        &mut self,
        node: &Node<'_>,
        context: Context<'_>,
        whole: &BrokenCluster,
    ) -> Option<Vec<BrokenCluster>> {
        whole.name.as_ref()?;
        let Value::List(pools) = &node.get("spec")?.get("pools")?.value else { return None };
        let begins = |pool: &Node<'_>| (pool.place.line, pool.place.column);
        if !pools.is_sorted_by(|a, b| begins(a) < begins(b)) {
            return None;
        }
        let mut faulty: BTreeMap<usize, Vec<Problem>> = BTreeMap::new();
        for problem in &whole.problems {
            let at = (problem.origin.line, problem.origin.column);
            let of = pools.partition_point(|pool| begins(pool) <= at).checked_sub(1)?;
            faulty.entry(of).or_default().push(problem.clone());
        }
        let kept = pools.iter().enumerate().filter(|(at, _)| !faulty.contains_key(at)).map(|(_, pool)| pool.clone());
        let rest =
            node.with("spec", node.get("spec")?.with("pools", Node { value: Value::List(kept.collect()), ..*node })?)?;
        let report = Report::new(1);
        self.decode(Kind::Cluster, Item::document(&rest, Context { report: &report, ..context }))?;
        let named = |(at, problems): (usize, Vec<Problem>)| {
            let pool = pools.get(at)?;
            let name = Item::document(pool, context).named("name")?;
            let is_alone = pools
                .iter()
                .filter(|other| Item::document(other, context).named("name").as_ref() == Some(&name))
                .count()
                == 1;
            is_alone.then(|| BrokenCluster {
                pool: Some(name),
                origin: pool.place.of(context.file),
                problems,
                ..whole.clone()
            })
        };
        let pools: Option<Vec<_>> = faulty.into_iter().map(named).collect();
        if !report.is_empty() || pools.is_none() {
            self.specs.clusters.pop();
            return None;
        }
        pools
    }
}

/// Documents of other API groups: how many of each, and the place of the first.
#[derive(Default)]
struct Skipped {
    counts: IndexMap<String, usize>,
    first: Option<Origin>,
}

impl Skipped {
    fn add(&mut self, group: String, document: Item<'_>) {
        self.first.get_or_insert_with(|| document.origin());
        *self.counts.entry(group).or_default() += 1;
    }

    fn notice(self) -> Option<Problem> {
        const LISTED: usize = 5;
        let count: usize = self.counts.values().sum();
        let mut groups: Vec<String> =
            self.counts.iter().take(LISTED).map(|(group, count)| format!("{count} of `{group}`")).collect();
        let left: usize = self.counts.values().skip(LISTED).sum();
        if left > 0 {
            groups.push(format!("{left} of {} more groups", self.counts.len() - LISTED));
        }
        let documents =
            if count == 1 { "document of another API group was" } else { "documents of other API groups were" };
        let message = format!("{count} {documents} skipped: {}", groups.join(", "));
        self.first.map(|origin| Problem::new(ProblemCode::UnknownKind, &origin, message))
    }
}
