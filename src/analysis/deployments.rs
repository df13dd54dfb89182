//! Findings about deployments under the levels above them.

use std::collections::HashMap;

use super::finding::{Finding, Findings, Severity, Subject};
use super::levels::{self, Site};
use super::policies::standing;
use crate::bitset::BitSet;
use crate::catalog::{Axis, Catalog, ChoiceKind};
use crate::deployment::{Deployment, Spread};
use crate::id::{Atom, DeploymentId, PairId};
use crate::inventory::Cluster;
use crate::lifecycle::Place;
use crate::manifest::spec::{DeploymentSpec, FavouriteSpec, GpuSpec, PreferenceSpec, SiteKind};
use crate::origin::Origin;
use crate::policy::{Bundle, Enforcement, Level, Scope};
use crate::time::Moment;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    let specs: HashMap<_, _> = workspace.specs().deployments.iter().map(|spec| (key(spec), spec)).collect();
    let has_clusters = !workspace.inventory().fleet().clusters().is_empty();
    let standing = standing(workspace);
    let standing = standing.get(Axis::Flavor);
    runs_where_forbidden(workspace, findings);
    lives_where_forbidden(workspace, findings);
    for (id, deployment) in workspace.deployment_ids().zip(workspace.deployments()) {
        let resource_type = workspace.catalog().resource_type_name(deployment.workload.resource_type);
        let key = (resource_type, deployment.workload.name.as_str(), deployment.name.as_str());
        let (Ok(scope), Some(spec)) = (workspace.scope(id), specs.get(&key)) else { continue };
        let subject = Subject::new("Deployment", deployment.address());
        let site = Site::new(subject, &spec.policies, &deployment.origin);
        let bundle = Bundle { attachments: &deployment.attachments, require: &[] };
        levels::check_level(workspace, &site, bundle, findings);
        let about = About { workspace, deployment, scope: &scope, site: &site };
        about.refused(findings);
        about.without_effect(findings);
        spread_that_binds_nothing(deployment, spec, &site, findings);
        if has_clusters {
            without_cluster(workspace.catalog(), standing, &site, spec, findings);
            favourites_without_cluster(workspace, &site, spec, findings);
        }
    }
}

/// Replicas of lives that run where the policies do not let them (L13, W9).
fn lives_where_forbidden(workspace: &Workspace, findings: &mut Findings) {
    // What is there does not depend on the moment; what is done about it would.
    for violation in workspace.violations(Moment::default()) {
        let life = workspace.life(&violation.workload);
        let Some(record) = life.and_then(|life| life.state().deployment(violation.deployment)) else { continue };
        let address = format!("{}/{}", violation.workload.name, record.name);
        for Place { cluster, pool, flavor, replicas } in &violation.places {
            let subject = Subject::new("Deployment", &address);
            findings.push_with("runs-where-forbidden", &subject.clone(), || {
                let (noun, verb) = if *replicas == 1 { ("replica", "runs") } else { ("replicas", "run") };
                let message = format!(
                    "{replicas} {noun} of deployment `{address}` {verb} on `{cluster}`/`{pool}` ({}), which its policies \
                     do not allow",
                    flavor.replace(':', " "),
                );
                let origin = Origin::default();
                let finding = Finding::new("runs-where-forbidden", Severity::Error, subject, &origin).message(message);
                finding.help("settle the violations, or allow the place")
            });
        }
    }
}

/// Replicas that run, by what was loaded, where the policies do not let them (L13).
fn runs_where_forbidden(workspace: &Workspace, findings: &mut Findings) {
    let violations = workspace.running_violations();
    if violations.is_empty() {
        return;
    }
    let mut written = HashMap::new();
    for spec in &workspace.specs().running {
        if let Ok(id) = workspace.find_deployment(spec.deployment.as_str()) {
            written.insert((id, spec.cluster.as_str(), spec.pool.as_str()), &spec.cluster.origin);
        }
    }
    for violation in violations {
        let Some(deployment) = workspace.deployment(violation.deployment) else { continue };
        let address = deployment.address();
        for place in &violation.places {
            let key = (violation.deployment, place.cluster.as_str(), place.pool.as_str());
            let origin = written.get(&key).copied().unwrap_or(&deployment.origin);
            let subject = Subject::new("Deployment", &address);
            findings.push_with("runs-where-forbidden", &subject.clone(), || {
                let (noun, verb) = if place.replicas == 1 { ("replica", "runs") } else { ("replicas", "run") };
                let Place { cluster, pool, flavor, replicas } = place;
                let message = format!(
                    "{replicas} {noun} of deployment `{address}` {verb} on `{cluster}`/`{pool}` ({}), {}",
                    flavor.replace(':', " "),
                    forbidden_by(workspace, violation.deployment, place)
                );
                let finding = Finding::new("runs-where-forbidden", Severity::Error, subject, origin).message(message);
                finding.help("move the replicas, or allow the place")
            });
        }
    }
}

/// `` which policy `a` (environment) does not allow ``
fn forbidden_by(workspace: &Workspace, deployment: DeploymentId, place: &Place) -> String {
    let fleet = workspace.inventory().fleet();
    let is_there = |pair: PairId| {
        fleet
            .names(pair)
            .is_some_and(|(_, pool, code)| *pool == place.pool && place.flavor.ends_with(&format!(":{code}")))
    };
    let explained = workspace.find_cluster(place.cluster.as_str());
    let explained = explained.and_then(|cluster| workspace.explain_cluster_at(deployment, cluster)).unwrap_or_default();
    let reasons = explained.into_iter().find(|explained| is_there(explained.pair)).map(|explained| explained.reasons);
    let reasons: Vec<_> = reasons.into_iter().flatten().filter(|reason| reason.code.is_of_policies()).collect();
    if let Some(all) = reasons.iter().find(|reason| reason.code.fails_everything()) {
        return format!("and can run nowhere: {}", all.message());
    }
    let mut culprits: Vec<_> = reasons.iter().flat_map(|reason| &reason.policies).collect();
    culprits.sort();
    culprits.dedup();
    let named: Vec<_> = culprits.iter().map(|one| format!("`{}` ({})", one.policy, one.level)).collect();
    match named.split_last() {
        None => "which its policies do not allow".to_owned(),
        Some((only, [])) => format!("which policy {only} does not allow"),
        Some((last, rest)) => format!("which policies {} and {last} do not allow", rest.join(", ")),
    }
}

/// Known hardware that a deployment asks for and that no cluster has (C8).
fn without_cluster(
    catalog: &Catalog,
    standing: &BitSet<Atom>,
    site: &Site<'_>,
    spec: &DeploymentSpec,
    findings: &mut Findings,
) {
    let Some(resources) = &spec.resources else { return };
    let needs: &[_] = match &resources.gpu {
        None => &[],
        Some(GpuSpec::One(need)) => std::slice::from_ref(need),
        Some(GpuSpec::AnyOf(needs)) => needs,
    };
    let gpus = needs.iter().flat_map(|need| &need.types).map(|name| (ChoiceKind::Gpu, name));
    for (kind, name) in resources.cpu_type.iter().map(|name| (ChoiceKind::Cpu, name)).chain(gpus) {
        let choices = catalog.choices(kind, name);
        if !choices.is_empty() && choices.iter().all(|&choice| catalog.atoms(choice).is_disjoint(standing)) {
            let message =
                format!("deployment `{}` asks for {kind} `{}`, but no cluster has it", site.subject.name, name.value);
            findings.push(site.finding("no-cluster-behind", Severity::Warning, &name.origin, message));
        }
    }
}

/// Favourite locations and providers of which no cluster is (C8).
fn favourites_without_cluster(workspace: &Workspace, site: &Site<'_>, spec: &DeploymentSpec, findings: &mut Findings) {
    let fleet = workspace.inventory().fleet();
    let catalog = workspace.catalog();
    let preferences = spec.placement.iter().flat_map(|placement| &placement.prefer);
    let favourites = preferences.flat_map(|preference| match preference {
        PreferenceSpec::Favourites(favourites) => favourites.as_slice(),
        _ => &[],
    });
    for FavouriteSpec { kind, name, .. } in favourites {
        let has = |cluster: &Cluster| match kind {
            SiteKind::Provider => catalog.provider(name) == cluster.provider.as_str(),
            SiteKind::Location => cluster.location.is_some() && cluster.location == catalog.location(name),
            SiteKind::Cluster => true,
        };
        if !fleet.clusters().iter().any(has) {
            let (who, kind) = (&site.subject.name, kind.as_str());
            let message = format!("deployment `{who}` prefers the {kind} `{}`, but no cluster is there", name.value);
            findings.push(site.finding("no-cluster-behind", Severity::Warning, &name.origin, message));
        }
    }
}

/// A skew that no number of replicas can exceed, and what is to be spread of which there is but one (D5).
fn spread_that_binds_nothing(deployment: &Deployment, spec: &DeploymentSpec, site: &Site<'_>, findings: &mut Findings) {
    let held = |spread: &Spread| spread.min_domains.is_some_and(|least| least.get() > 1);
    let Some(spread) = deployment.preferences.spread.filter(|spread| !held(spread)) else { return };
    let scaled = spec.scaling.as_ref().filter(|scaling| scaling.enabled);
    let replicas = match scaled {
        None => Some(deployment.replicas),
        Some(scaling) => scaling.max_replicas.map(|most| most.max(deployment.replicas)),
    };
    let Some(replicas) = replicas.filter(|replicas| *replicas <= spread.max_skew.map_or(1, |most| most.get())) else {
        return;
    };
    let address = deployment.address();
    let (message, help) = match spread.max_skew {
        Some(most) => (
            format!(
                "the spread of deployment `{address}` binds nothing: of {replicas} replicas all may stand in one domain, \
                 by a `maxSkew` of {most}"
            ),
            "state a smaller `maxSkew`, or leave it out and spread by preference",
        ),
        None => (
            format!("the spread of deployment `{address}` decides nothing: it has no more than one replica"),
            "ask for more replicas, or leave it out",
        ),
    };
    let finding = site.finding("spread-without-effect", Severity::Warning, &deployment.origin, message);
    findings.push(finding.help(help));
}

/// What tells deployments apart: workload type, workload, name.
fn key(spec: &DeploymentSpec) -> (&str, &str, &str) {
    (&spec.resource_type, spec.workload.as_str(), spec.metadata.name.as_str())
}

struct About<'a> {
    workspace: &'a Workspace,
    deployment: &'a Deployment,
    scope: &'a std::sync::Arc<Scope>,
    site: &'a Site<'a>,
}

impl About<'_> {
    /// Policies that refuse the deployment whatever clusters there are (P7, P10, P13).
    fn refused(&self, findings: &mut Findings) {
        let address = self.deployment.address();
        for reason in crate::placement::policy_reasons(self.scope) {
            let (severity, verdict) = match reason.code {
                crate::placement::Code::PolicyUnresolved => {
                    (Severity::Warning, "cannot run until these policies are loaded")
                }
                _ => (Severity::Error, "can never run"),
            };
            let message = format!("deployment `{address}` {verdict}: {}", reason.message());
            findings.push(self.site.finding(reason.code.as_str(), severity, &self.deployment.origin, message));
        }
    }

    /// Own policies that do not apply, or that the levels above allow without effect.
    fn without_effect(&self, findings: &mut Findings) {
        let resource_type = self.deployment.workload.resource_type;
        let enforced = self.deployment.attachments.iter().filter(|a| a.enforcement == Enforcement::Enforce);
        for policy in enforced.filter_map(|attachment| self.workspace.policies().get(attachment.policy)) {
            let origin = self.site.attachment(policy);
            if !policy.targets().include(resource_type) {
                let kind = self.workspace.catalog().resource_type_name(resource_type);
                let message = format!(
                    "policy `{}` does not apply to workloads of type `{kind}`, so it has no effect here",
                    policy.name()
                );
                findings.push(self.site.finding("policy-out-of-scope", Severity::Warning, origin, message));
                continue;
            }
            let Some(above) = levels::above(self.scope, policy.axis(), Level::Deployment) else { continue };
            // What a policy that binds requests leaves is told by caller.
            if policy.callers().is_none() && policy.effect().is_disjoint(&above) {
                findings.push(levels::shadowed(self.site, policy, "the levels above leave"));
            }
        }
        for axis in Axis::ALL {
            let own = self.scope.axis(axis).restrictions().iter().find(|own| own.level == Level::Deployment);
            let above = levels::above(self.scope, axis, Level::Deployment);
            if let (Some(own), Some(above)) = (own, above)
                && above.is_subset(&own.allowed)
            {
                let message = format!("the deployment's own {axis} policies do not narrow what the levels above allow");
                let first = own.policies.iter().find_map(|&id| self.workspace.policies().get(id));
                let origin = first.map_or(self.site.origin, |policy| self.site.attachment(policy));
                findings.push(self.site.finding("policy-redundant", Severity::Info, origin, message));
            }
        }
    }
}
