//! Findings about settings of deployments that decide nothing: beside their other settings, or on the clusters there are.
//!
//! What contradicts itself is a warning. What was switched off, gives way by a rule, or waits for other clusters is worth
//! a note.

use super::finding::{Findings, Severity};
use super::levels::Site;
use crate::deployment::{Domain, Spread};
use crate::id::Id;
use crate::inventory::{Cluster, Fleet};
use crate::manifest::spec::{DeploymentSpec, GpuSpec, NearSpec, OffloadingSpec, PreferenceSpec};
use crate::metrics::{MetricSpec, Resource, Source};
use crate::origin::listed;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    let fleet = workspace.inventory().fleet();
    let there = (!fleet.clusters().is_empty()).then(|| There::of(fleet));
    // Beamlit's documents have few settings of their own, which are read as names for others.
    for spec in workspace.specs().deployments.iter().filter(|spec| spec.beamlit.is_none()) {
        let site = Site::of_deployment(spec);
        let mut about = About { spec, site: &site, findings };
        about.scaling();
        about.load_balancer();
        about.offloading();
        if let Some(there) = &there {
            about.on_these_clusters(there);
        }
    }
}

struct About<'a, 'f> {
    spec: &'a DeploymentSpec,
    site: &'a Site<'a>,
    findings: &'f mut Findings,
}

/// Whether a setting is stated, by its key.
type Stated<'k> = &'k [(&'k str, bool)];

impl About<'_, '_> {
    fn say(&mut self, severity: Severity, what: &str, help: &str) {
        let message = format!("deployment `{}`: {what}", self.site.subject.name);
        let finding = self.site.finding("setting-without-effect", severity, self.site.origin, message);
        self.findings.push(finding.help(help));
    }

    /// Says that those that are stated decide nothing.
    fn say_of(&mut self, severity: Severity, stated: Stated<'_>, why: &str, help: &str) {
        let stated: Vec<_> = stated.iter().filter(|(_, stated)| *stated).map(|(key, _)| *key).collect();
        if !stated.is_empty() {
            let verb = if stated.len() == 1 { "decides" } else { "decide" };
            self.say(severity, &format!("{} {verb} nothing: {why}", listed(&stated, "and", usize::MAX)), help);
        }
    }

    /// R4: bounds and targets where nothing scales, and a number where something else gives it.
    fn scaling(&mut self) {
        let Some(scaling) = self.spec.scaling else { return };
        let targets = [
            ("targetCpuUtilization", scaling.target_cpu_utilization.is_some()),
            ("targetMemoryUtilization", scaling.target_memory_utilization.is_some()),
            ("targetGpuUtilization", scaling.target_gpu_utilization.is_some()),
        ];
        if !scaling.enabled {
            let bounds =
                [("minReplicas", scaling.min_replicas.is_some()), ("maxReplicas", scaling.max_replicas.is_some())];
            let stated: Vec<_> = bounds.into_iter().chain(targets).collect();
            return self.say_of(
                Severity::Info,
                &stated,
                "scaling is off",
                "switch scaling on, or leave out what it needs",
            );
        }
        let replicas = [("replicas", self.spec.replicas.is_some())];
        let help = "leave `replicas` out, or switch scaling off";
        self.say_of(Severity::Info, &replicas, "scaling is on, and begins with `minReplicas`", help);
        if scaling.min_replicas == scaling.max_replicas {
            let why = "`minReplicas` and `maxReplicas` are the same";
            self.say_of(Severity::Warning, &targets, why, "raise `maxReplicas`, or leave the targets out");
        } else if self.asks_for_no_gpu() && scaling.target_gpu_utilization.is_some() {
            let what = "nothing is measured for `targetGpuUtilization`: it demands no GPU";
            self.say(Severity::Warning, what, "demand a `gpu`, or leave the target out");
        }
    }

    fn load_balancer(&mut self) {
        let Some(balancer) = self.spec.load_balancer.as_ref().filter(|balancer| !balancer.enabled) else { return };
        let stated = [
            ("algorithm", balancer.algorithm.is_some()),
            ("healthCheck", balancer.health_check.is_some()),
            ("stickySessions", balancer.sticky_sessions),
        ];
        let help = "switch it on, or leave out what it needs";
        self.say_of(Severity::Info, &stated, "the load balancer is off", help);
    }

    /// R6: what says when requests are offloaded where none are for their load.
    fn offloading(&mut self) {
        let Some(OffloadingSpec { rule, metrics }) = &self.spec.offloading else { return };
        let (share, watched) = (rule.percentage() > 0, !metrics.is_empty());
        if !share || !watched {
            let stated = [
                ("percentage", share),
                ("metrics", watched),
                ("windowSeconds", rule.window != OffloadingSpec::WINDOW),
                ("releaseWindowSeconds", rule.release_window != rule.window),
                ("releasePercent", rule.release().is_some()),
            ];
            let why = if share { "no metric is watched" } else { "the percentage is 0" };
            let why = format!("{why}, so that requests go elsewhere only when no local replica is ready");
            let help = "state `metrics` and a `percentage` above 0; or `percentage: 0` alone";
            return self.say_of(Severity::Warning, &stated, &why, help);
        }
        let specs = metrics.iter().filter_map(|metric| metric.spec().ok());
        let by_gpu = |spec: &MetricSpec| matches!(spec.source(), Source::Resource(Resource::Gpu));
        if self.asks_for_no_gpu() && specs.into_iter().any(|spec| by_gpu(&spec)) {
            let what = "nothing is measured for the offloading metric `gpu`: it demands no GPU";
            self.say(Severity::Warning, what, "demand a `gpu`, or watch another metric");
        }
    }

    fn asks_for_no_gpu(&self) -> bool {
        self.spec.resources.as_ref().is_some_and(|resources| match &resources.gpu {
            None => true,
            Some(GpuSpec::One(need)) => need.count == 0,
            Some(GpuSpec::AnyOf(_)) => false,
        })
    }

    /// D1, D5: what nothing on the loaded clusters can be told apart by.
    fn on_these_clusters(&mut self, there: &There) {
        if let Some(resources) = &self.spec.resources {
            let stated = [
                ("storage", resources.storage.is_some() && !there.storage),
                ("bandwidth", resources.bandwidth.is_some() && !there.bandwidth),
            ];
            let help = "state it of the pools, or leave it out";
            self.say_of(Severity::Info, &stated, "no pool says how much of it a node has, which limits nothing", help);
        }
        let Some(placement) = &self.spec.placement else { return };
        for preference in &placement.prefer {
            let (key, why, help) = match preference {
                PreferenceSpec::Price if !there.prices => {
                    ("price", "no pool with a number of nodes has a price", "state `pricePerHour` of pools")
                }
                PreferenceSpec::Packing if !there.limited => {
                    ("packing", "the nodes of every pool are unlimited", "state how many `nodes` pools have")
                }
                PreferenceSpec::Near(NearSpec::Coordinates(_)) if !there.coordinates => {
                    ("near", "no cluster has coordinates", "state `coordinates` of clusters, or be near a `country`")
                }
                _ => continue,
            };
            self.say_of(Severity::Info, &[(key, true)], why, help);
        }
        if let Some(spread) = placement.spread.filter(|spread| there.are_one_domain(*spread)) {
            let why = match spread.by {
                Domain::Cluster => "there is one cluster".to_owned(),
                by => format!("all clusters stand in one {}", by.as_str()),
            };
            self.say_of(Severity::Info, &[("spread", true)], &why, "spread over something smaller, or leave it out");
        }
    }
}

/// What the loaded clusters can be told apart by.
struct There {
    prices: bool,
    limited: bool,
    coordinates: bool,
    storage: bool,
    bandwidth: bool,
    /// The kinds of domain of which there is one.
    one: Vec<Domain>,
    /// Whether each cluster has a zone: what has none is no place for a constraint by zone.
    zones: bool,
}

impl There {
    fn of(fleet: &Fleet) -> Self {
        let clusters = fleet.clusters();
        let limited = || fleet.pools().iter().filter(|pool| pool.def.shape.is_some() && pool.def.nodes.is_some());
        let shapes = || fleet.pools().iter().filter_map(|pool| pool.def.shape.as_ref());
        let is_one = |by: &Domain| {
            let mut domains = clusters.iter().map(|cluster| domain(fleet, cluster, *by));
            let first = domains.next();
            domains.all(|domain| Some(&domain) == first.as_ref())
        };
        Self {
            prices: limited().any(|pool| pool.def.price.is_some()),
            limited: limited().next().is_some(),
            coordinates: clusters.iter().any(|cluster| cluster.coordinates.is_some()),
            storage: shapes().any(|shape| shape.storage.is_some()),
            bandwidth: shapes().any(|shape| shape.bandwidth.is_some()),
            one: Domain::ALL.into_iter().filter(is_one).collect(),
            zones: clusters.iter().all(|cluster| cluster.zone.is_some()),
        }
    }

    fn are_one_domain(&self, spread: Spread) -> bool {
        let leaves_out = spread.by == Domain::Zone && spread.max_skew.is_some() && !self.zones;
        self.one.contains(&spread.by) && !leaves_out
    }
}

/// The domain that a cluster stands in: its number, or its number and name.
fn domain<'c>(fleet: &Fleet, cluster: &'c Cluster, by: Domain) -> (usize, &'c str) {
    let place = cluster.place.atom.index();
    match by {
        Domain::Cluster => (0, cluster.name.as_str()),
        Domain::Location => (place, ""),
        Domain::Zone => (place, cluster.zone.as_ref().map_or("", |zone| zone.as_str())),
        Domain::Country => (cluster.country.index(), ""),
        Domain::Continent => (fleet.catalog().continent_of(cluster.country).index(), ""),
        Domain::Provider => (0, cluster.provider.as_str()),
    }
}
