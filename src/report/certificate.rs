//! A certificate that no deployment reaches beyond its policies, with what it takes to check it (A5).
//!
//! It states facts (places, and what the names that policies use mean), the policies and where they are attached, and
//! for each deployment the places that it reaches. Whoever reads it can work out the last from the others, with a program
//! of his own: `docs/check_certificate.py` is one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fingerprints::moment;
use super::header::{ApiVersion, kind};
use super::names::ChoiceName;
use super::{FingerprintsReport, MoveTarget};
use crate::catalog::{Catalog, Choice};
use crate::id::{AttributeSetId, FlavorId, Id, PairId};
use crate::inventory::Fleet;
use crate::policy::{Attachment, Bundle, Enforcement, Policy, Targets};
use crate::workspace::Workspace;

/// That no deployment reaches beyond its environment and workspace, and what it takes to check it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CertificateReport {
    api_version: ApiVersion,
    kind: kind::Certificate,
    /// What is claimed, in words.
    pub statement: String,
    /// The moment as of which it holds, where documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What it was made from.
    pub fingerprints: FingerprintsReport,
    /// What names mean that policies use.
    pub facts: FactsReport,
    /// Every pool by each of its flavors; deployments name them by their place in this list, from 0.
    pub places: Vec<PlaceReport>,
    /// The policies that are attached somewhere, by name.
    pub policies: Vec<CertifiedPolicy>,
    /// What the workspace imposes.
    pub workspace: LevelReport,
    /// What each environment imposes.
    pub environments: BTreeMap<String, LevelReport>,
    /// Every deployment, and the places that it reaches.
    pub deployments: Vec<CertifiedDeployment>,
    /// The fingerprint of all of this: FNV-1a with 128 bits of the canonical JSON, which has sorted keys and no spaces.
    pub seal: String,
}

/// What names mean.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FactsReport {
    /// The continent of each country that has a place.
    pub continents: BTreeMap<String, String>,
    /// The countries of each group that a policy names.
    pub groups: BTreeMap<String, Vec<String>>,
    /// The region that each location hangs under, which lies elsewhere.
    pub hanging: BTreeMap<String, String>,
    /// The node above each flavor, as `gpu:t4`.
    pub above: BTreeMap<String, String>,
    /// The country whose law the owner of each provider answers to, where one is known.
    pub jurisdictions: BTreeMap<String, String>,
}

/// Where replicas can run, and on what.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlaceReport {
    /// The cluster.
    pub cluster: String,
    /// The pool.
    pub pool: String,
    /// One of the pool's flavors.
    pub flavor: ChoiceName,
    /// The country.
    pub country: String,
    /// The known location; `None` is the rest of the country.
    pub location: Option<String>,
    /// Who runs it.
    pub provider: String,
    /// How its nodes are bought.
    pub capacity: String,
    /// What it bears; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
}

/// A policy as it is stated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CertifiedPolicy {
    /// Its name.
    pub name: String,
    /// What it restricts.
    pub r#type: String,
    /// Whether it allows everything (P9).
    pub everything: bool,
    /// What it allows.
    pub options: Vec<ChoiceName>,
    /// What it takes out of that.
    pub except: Vec<ChoiceName>,
    /// The workload types that it applies to; `None` is every type.
    pub resource_types: Option<Vec<String>>,
}

/// What a level imposes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LevelReport {
    /// The enforced policies, by name.
    pub policies: Vec<String>,
    /// Those of them that have ended: they allow nothing, and their level stays restricted (P16).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<String>,
    /// The types of which one must be in force here or above (P13).
    pub require: Vec<String>,
}

/// A deployment, and the places that it reaches.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CertifiedDeployment {
    /// The deployment as `type/workload/name`.
    pub deployment: String,
    /// The workload's type.
    pub workload_type: String,
    /// The environment that governs it.
    pub environment: String,
    /// Its own enforced policies.
    pub policies: Vec<String>,
    /// Those of them that have ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<String>,
    /// Policies that it names and that are not known: it reaches nothing then.
    pub unresolved: Vec<String>,
    /// The places that the policies leave it, ascending.
    pub reaches: Vec<usize>,
    /// Where its replicas run.
    pub runs: Vec<RunsReport>,
}

/// Replicas that run.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RunsReport {
    /// The place.
    pub place: usize,
    /// How many.
    pub replicas: u32,
}

/// Replicas that run where their policies do not let them, or on what was left out, of which nobody can say: nothing can
/// be certified then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BeyondReport {
    api_version: ApiVersion,
    kind: kind::BeyondReport,
    /// By deployment, as `type/workload/name`: where replicas run that may not, or that nobody can judge.
    pub beyond: BTreeMap<String, Vec<MoveTarget>>,
}

/// What is claimed.
const STATEMENT: &str = "no deployment reaches a place that its environment, its workspace or its own policies do not \
                         allow, and no replica runs at one";

impl CertificateReport {
    /// Of a workspace as it is. O(deployments × pairs).
    ///
    /// # Errors
    /// [`BeyondReport`], where replicas run that may not, or on what was left out.
    pub fn new(workspace: &Workspace) -> Result<Self, BeyondReport> {
        let deployments = deployments(workspace)?;
        let (catalog, fleet) = (workspace.catalog(), workspace.inventory().fleet());
        let policies = policies(workspace);
        let each =
            workspace.environments().map(|(_, found)| (found.name.to_string(), level(workspace, found.bundle())));
        let mut report = Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            statement: STATEMENT.to_owned(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::new(workspace),
            facts: FactsReport::new(catalog, fleet, &policies),
            places: (0..fleet.pairs().len()).filter_map(|at| PlaceReport::new(fleet, PairId::from_index(at))).collect(),
            policies: policies.iter().map(|policy| CertifiedPolicy::new(catalog, policy)).collect(),
            workspace: level(workspace, workspace.bundle()),
            environments: each.collect(),
            deployments,
            seal: String::new(),
        };
        report.seal = report.sealed();
        Ok(report)
    }

    /// The fingerprint of all but the seal.
    #[must_use]
    pub fn sealed(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("seal");
        }
        crate::workspace::of_text(&canonical(&value))
    }
}

/// JSON with sorted keys and no spaces.
fn canonical(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let text =
                |(key, value): (&&String, &&Value)| format!("{}:{}", Value::String((*key).clone()), canonical(value));
            format!("{{{}}}", sorted.iter().map(text).collect::<Vec<_>>().join(","))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// The policies that are attached somewhere and enforced, by name. Those that bind requests say nothing of where
/// deployments run (P18).
fn policies(workspace: &Workspace) -> Vec<&Policy> {
    let of_environments = workspace.environments().flat_map(|(_, found)| &found.attachments);
    let of_deployments = workspace.deployments().iter().flat_map(|found| &found.attachments);
    let all = workspace.bundle().attachments.iter().chain(of_environments).chain(of_deployments);
    let enforced = all.filter(|attachment| attachment.enforcement == Enforcement::Enforce);
    let ids: BTreeSet<_> = enforced.map(|attachment| attachment.policy).collect();
    let found = ids.into_iter().filter_map(|id| workspace.policies().get(id));
    let mut found: Vec<&Policy> = found.filter(|policy| policy.callers().is_none()).collect();
    found.sort_by_key(|policy| policy.name());
    found
}

fn names(workspace: &Workspace, attachments: &[Attachment]) -> Vec<String> {
    let enforced = attachments.iter().filter(|attachment| attachment.enforcement == Enforcement::Enforce);
    let policies = enforced.filter_map(|attachment| workspace.policies().get(attachment.policy));
    let names = policies.filter(|policy| policy.callers().is_none()).map(|policy| policy.name().to_string());
    names.collect::<BTreeSet<String>>().into_iter().collect()
}

/// The enforced policies of which no attachment of the level is in force any more.
fn ended(workspace: &Workspace, attachments: &[Attachment]) -> Vec<String> {
    let goes_on = |attachment: &&Attachment| !attachment.has_ended(workspace.now());
    let in_force: Vec<Attachment> = attachments.iter().filter(goes_on).cloned().collect();
    let in_force = names(workspace, &in_force);
    names(workspace, attachments).into_iter().filter(|name| !in_force.contains(name)).collect()
}

fn level(workspace: &Workspace, bundle: Bundle<'_>) -> LevelReport {
    let require = bundle.require.iter().map(|axis| axis.as_str().to_owned()).collect();
    let (policies, ended) = (names(workspace, bundle.attachments), ended(workspace, bundle.attachments));
    LevelReport { policies, ended, require }
}

fn deployments(workspace: &Workspace) -> Result<Vec<CertifiedDeployment>, BeyondReport> {
    let (catalog, fleet) = (workspace.catalog(), workspace.inventory().fleet());
    let (mut all, mut beyond) = (Vec::new(), BTreeMap::<String, Vec<MoveTarget>>::new());
    for id in workspace.deployment_ids() {
        let (Some(found), Ok(allowed)) = (workspace.deployment(id), workspace.allowed_pairs(id)) else { continue };
        let workload_type = catalog.resource_type_name(found.workload.resource_type);
        let deployment = format!("{workload_type}/{}", found.address());
        let mut runs: BTreeMap<usize, u32> = BTreeMap::new();
        for running in workspace.running().iter().filter(|running| running.deployment == id) {
            *runs.entry(running.pair.index()).or_default() += running.replicas;
            if !allowed.contains(running.pair)
                && let Some((cluster, pool, _)) = fleet.names(running.pair)
            {
                let (cluster, pool) = (cluster.to_string(), pool.to_string());
                let target = MoveTarget { cluster, pool, replicas: running.replicas };
                beyond.entry(deployment.clone()).or_default().push(target);
            }
        }
        let environment = workspace.environment(found.environment).map(|found| found.name.to_string());
        all.push(CertifiedDeployment {
            deployment,
            workload_type: workload_type.to_owned(),
            environment: environment.unwrap_or_default(),
            policies: names(workspace, &found.attachments),
            ended: ended(workspace, &found.attachments),
            unresolved: found.unresolved.iter().map(ToString::to_string).collect(),
            reaches: allowed.iter().map(Id::index).collect(),
            runs: runs.into_iter().map(|(place, replicas)| RunsReport { place, replicas }).collect(),
        });
    }
    for spec in workspace.running_on_left_out() {
        let found = workspace.find_deployment(spec.deployment.as_str()).ok().and_then(|id| workspace.deployment(id));
        let Some(found) = found else { continue };
        let deployment = format!("{}/{}", catalog.resource_type_name(found.workload.resource_type), found.address());
        let (cluster, pool) = (spec.cluster.value.clone(), spec.pool.value.clone());
        beyond.entry(deployment).or_default().push(MoveTarget { cluster, pool, replicas: spec.replicas });
    }
    if beyond.is_empty() {
        Ok(all)
    } else {
        Err(BeyondReport { api_version: ApiVersion::default(), kind: Default::default(), beyond })
    }
}

impl PlaceReport {
    fn new(fleet: &Fleet, id: PairId) -> Option<Self> {
        let catalog = fleet.catalog();
        let pair = fleet.pair(id)?;
        let (cluster, pool) = (fleet.cluster(pair.cluster)?, fleet.pool(pair.pool)?);
        Some(Self {
            cluster: cluster.name.to_string(),
            pool: pool.def.name.to_string(),
            flavor: ChoiceName::of_flavor(catalog, pair.flavor),
            country: catalog.country_code(cluster.country).to_owned(),
            location: cluster.location.map(|location| catalog.location_name(location).to_owned()),
            provider: cluster.provider.to_string(),
            capacity: pool.def.capacity.as_str().to_owned(),
            attributes: borne(catalog, pool.def.attributes),
        })
    }
}

fn borne(catalog: &Catalog, set: AttributeSetId) -> Vec<String> {
    let names = catalog.attribute_set_name(set).split('+').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

impl CertifiedPolicy {
    fn new(catalog: &Catalog, policy: &Policy) -> Self {
        let named = |choices: &[Choice]| choices.iter().map(|choice| ChoiceName::new(catalog, *choice)).collect();
        let types = match policy.targets() {
            Targets::All => None,
            Targets::Only(types) => Some(types.iter().map(|of| catalog.resource_type_name(*of).to_owned()).collect()),
        };
        let options = policy.options();
        Self {
            name: policy.name().to_string(),
            r#type: policy.axis().as_str().to_owned(),
            everything: options.everything,
            options: named(&options.allowed),
            except: named(&options.except),
            resource_types: types,
        }
    }
}

impl FactsReport {
    fn new(catalog: &Catalog, fleet: &Fleet, policies: &[&Policy]) -> Self {
        let mut facts = Self::default();
        for cluster in fleet.clusters() {
            let continent = catalog.continent_of(cluster.country).code();
            facts.continents.insert(catalog.country_code(cluster.country).to_owned(), continent.to_owned());
            let mut at = cluster.location;
            while let Some((here, parent)) = at.and_then(|here| Some((here, catalog.location_parent(here)?))) {
                let name = |location| catalog.location_name(location).to_owned();
                facts.hanging.insert(name(here), name(parent));
                at = Some(parent);
            }
            if let Some(country) = catalog.jurisdiction(cluster.provider.as_str()) {
                facts.jurisdictions.insert(cluster.provider.to_string(), catalog.country_code(country).to_owned());
            }
        }
        for pair in fleet.pairs() {
            facts.add_above(catalog, pair.flavor);
        }
        for choice in policies.iter().flat_map(|policy| policy.options().allowed.iter().chain(&policy.options().except))
        {
            match choice {
                Choice::Group(group) | Choice::LawOfGroup(group) => {
                    let members = catalog.group_members(*group);
                    let mut codes: Vec<String> =
                        members.iter().map(|country| catalog.country_code(country).to_owned()).collect();
                    codes.sort_unstable();
                    facts.groups.insert(catalog.group_name(*group).to_owned(), codes);
                }
                Choice::Flavor(flavor) => facts.add_above(catalog, *flavor),
                _ => {}
            }
        }
        facts
    }

    fn add_above(&mut self, catalog: &Catalog, flavor: FlavorId) {
        let name = |flavor| format!("{}:{}", catalog.flavor_kind(flavor).as_str(), catalog.flavor_code(flavor));
        let mut at = flavor;
        while let Some(parent) = catalog.flavor_parent(at) {
            self.above.insert(name(at), name(parent));
            at = parent;
        }
    }
}
