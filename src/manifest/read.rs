//! From texts to specs: every document to its decoder, and what holds between documents.

use indexmap::IndexMap;

use super::decode;
use super::heading::{Heading, heading};
use super::kind::Kind;
use super::scenario::ScenarioSpec;
use super::source::Source;
use super::spec::{BrokenCluster, Specs, WorkspaceSpec};
use super::tree::documents;
use super::twins;
use crate::document::{Context, Item, Node, Report, Value};
use crate::origin::{Origin, Problem, ProblemCode};

/// The most problems that a load lists.
const MAX_PROBLEMS: usize = 1000;
/// The most problems that one cluster lists.
const MAX_CLUSTER_PROBLEMS: usize = 100;

/// What texts say, and what is wrong with them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reading {
    /// What could be read.
    pub specs: Specs,
    /// What is wrong, by file, line and column. At most a thousand are listed; a last one counts the
    /// rest. Those of clusters stand in [`Specs::broken_clusters`].
    pub problems: Vec<Problem>,
    /// How many more problems there are than are listed.
    pub left_out: usize,
    /// Documents that name themselves and could not be read. A reference to one of them is not
    /// unknown: what is wrong with it stands in the problems.
    pub unread: Vec<(Kind, String)>,
}

/// Reads all documents of all texts. What is wrong with one hides nothing of another.
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
        documents(source, &report, |document| {
            let context = Context { file: &source.name, report: &report, null_is_absent: false };
            loading.document(&document, context)
        });
    }
    twins::settle(&mut loading.specs, &report);
    loading.specs.notices.extend(loading.skipped.notice());
    let left_out = report.left_out();
    Reading { specs: loading.specs, problems: report.into_problems(), left_out, unread: loading.unread }
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

/// What scenarios say, and what is wrong with them.
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
    let report = Report::new(MAX_PROBLEMS);
    let mut scenarios = Vec::new();
    for source in sources {
        let context = Context { file: &source.name, report: &report, null_is_absent: false };
        documents(source, &report, |document| {
            let nodes = match &document.value {
                Value::List(nodes) => nodes.as_slice(),
                _ => std::slice::from_ref(&document),
            };
            for node in nodes.iter().filter(|node| !node.is_null()) {
                // What is wrong with other documents is for their reader to say.
                let silent = Report::new(0);
                let probe = Item::document(node, Context { report: &silent, ..context });
                if let Some(Heading::Ours(Kind::Scenario)) = heading(probe) {
                    scenarios.extend(decode::scenario(Item::document(node, context)));
                }
            }
        });
    }
    ScenarioReading { scenarios, problems: report.into_problems() }
}

fn second_workspace(second: &WorkspaceSpec, first: &WorkspaceSpec) -> Problem {
    let origin = |spec: &WorkspaceSpec| spec.metadata.name.origin.clone();
    Problem::new(ProblemCode::Duplicate, &origin(second), "there is more than one workspace")
        .help("describe at most one")
        .related(&origin(first), "first described here")
}

#[derive(Default)]
struct Loading {
    specs: Specs,
    unread: Vec<(Kind, String)>,
    skipped: Skipped,
}

impl Loading {
    /// Reads a document. A list is read as its elements: JSON has no other way to hold several.
    fn document(&mut self, node: &Node<'_>, context: Context<'_>) {
        match &node.value {
            _ if node.is_null() => {}
            Value::List(documents) => documents.iter().for_each(|document| self.one(document, context)),
            _ => self.one(node, context),
        }
    }

    fn one(&mut self, node: &Node<'_>, context: Context<'_>) {
        let document = Item::document(node, context);
        match heading(document) {
            // Read by `read_scenarios`.
            Some(Heading::Ours(Kind::Scenario)) => {}
            Some(Heading::Ours(Kind::Cluster)) => self.cluster(node, context),
            Some(Heading::Ours(kind)) => {
                let null_is_absent = matches!(kind, Kind::BeamlitPolicy | Kind::ModelDeployment);
                let document = Item::document(node, Context { null_is_absent, ..context });
                if self.decode(kind, document).is_none() {
                    self.unread.extend(document.name_within("metadata", "name").map(|name| (kind, name)));
                }
            }
            Some(Heading::Foreign(what)) => self.skipped.add(what, document),
            Some(Heading::ForOthers) | None => {}
        }
    }

    fn decode(&mut self, kind: Kind, document: Item<'_>) -> Option<()> {
        let specs = &mut self.specs;
        match kind {
            Kind::Policy => specs.policies.push(decode::policy(document)?),
            Kind::BeamlitPolicy => specs.policies.push(decode::beamlit_policy(document)?),
            Kind::Environment => specs.environments.push(decode::environment(document)?),
            Kind::Deployment => specs.deployments.push(decode::deployment(document)?),
            Kind::ModelDeployment => specs.deployments.push(decode::model_deployment(document)?),
            Kind::Cluster => specs.clusters.push(decode::cluster(document)?),
            Kind::Scenario => {}
            Kind::Placement => specs.running.push(decode::running(document)?),
            Kind::Workspace => {
                let workspace = decode::workspace(document)?;
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
        let problems = report.into_problems();
        self.specs.broken_clusters.push(BrokenCluster { name, origin, provider, location, country, problems });
    }
}

/// Documents of other API groups: how many of what, and where the first stands.
#[derive(Default)]
struct Skipped {
    counts: IndexMap<String, usize>,
    first: Option<Origin>,
}

impl Skipped {
    fn add(&mut self, what: String, document: Item<'_>) {
        self.first.get_or_insert_with(|| document.origin());
        *self.counts.entry(what).or_default() += 1;
    }

    fn notice(self) -> Option<Problem> {
        const LISTED: usize = 5;
        let count: usize = self.counts.values().sum();
        let mut kinds: Vec<&str> = self.counts.keys().map(String::as_str).take(LISTED).collect();
        if self.counts.len() > LISTED {
            kinds.push("…");
        }
        let documents =
            if count == 1 { "document of another API group was" } else { "documents of other API groups were" };
        let message = format!("{count} {documents} skipped: {}", kinds.join(", "));
        self.first.map(|origin| Problem::new(ProblemCode::UnknownKind, &origin, message))
    }
}
