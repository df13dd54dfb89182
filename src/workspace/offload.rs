//! Where requests go besides the local replicas, under the policies (R6, D9, P18).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{LookupError, Reference, Workspace};
use crate::deployment::{Deployment, Offloading, Workload};
use crate::id::{ClusterId, CountryId, DeploymentId, Id, PairId};
use crate::lifecycle::{Number, Record, Refusal};
use crate::metrics::{MetricSpec, Reading};
use crate::placement::{Ask, ranking};
use crate::policy::Scope;
use crate::time::Moment;
use crate::traffic::{Load, LocalSide, Remote, RemoteId, Routing, Side};

/// What is known of the local side.
#[derive(Clone, Copy, Default, Debug)]
pub struct Local<'a> {
    /// Whether a replica is ready.
    pub ready: bool,
    /// What was read for each metric that offloading watches, in their order; `None` where nothing was.
    pub readings: &'a [Option<Reading>],
    /// All requests, as [`LocalSide::requests`] says; needed where all of them are offloaded.
    pub requests: Option<u64>,
}

/// Where requests go, and the remote sides that there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offloaded {
    /// The percentages, and why; a remote side's number is that of its cluster.
    pub routing: Routing,
    /// The remote sides, best first: on each cluster its best pool and flavor.
    pub remotes: Vec<PairId>,
}

impl Workspace {
    /// Decides where a loaded deployment's requests go from `now` on; `side` holds the state from before.
    /// `None` for one that does not offload, or an id of another workspace.
    ///
    /// A remote side is every cluster on which its policies and demand leave a place with room and which does not
    /// run its replicas already; the best is ranked as a placement is (D5). One that is unhealthy or
    /// cordoned is not one.
    ///
    /// ```
    /// use siting::manifest::Source;
    /// use siting::traffic::{Side, Why};
    /// use siting::time::Moment;
    /// use siting::workspace::{LoadOptions, Local, Workspace};
    ///
    /// let text = "
    /// apiVersion: siting.dev/v1
    /// kind: Deployment
    /// metadata: {name: bert-1}
    /// spec: {model: bert, offloading: {percentage: 50}}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Cluster
    /// metadata: {name: paris}
    /// spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
    /// ";
    /// let source = Source { name: "fleet.yaml".into(), text: text.to_owned() };
    /// let workspace = Workspace::from_sources(&[source], LoadOptions::default())?;
    /// let (bert, mut side) = (workspace.find_deployment("bert-1")?, Side::default());
    /// let down = Local { ready: false, ..Local::default() };
    /// let offloaded = workspace.offload(bert, &mut side, Moment::default(), &down).ok_or("it offloads")?;
    /// assert_eq!((offloaded.routing.why, offloaded.routing.local), (Why::LocalDown, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn offload(
        &self,
        deployment: DeploymentId,
        side: &mut Side,
        now: Moment,
        local: &Local<'_>,
    ) -> Option<Offloaded> {
        let found = self.deployment(deployment)?;
        let offloading = self.spec_of(deployment)?.offloads()?;
        let here = self.running.iter().filter(|running| running.deployment == deployment);
        let here = here.filter_map(|running| self.cluster_of(running.pair)).collect();
        let scope = Arc::new(self.scope_of(found));
        Some(self.offloaded(found, &scope, &offloading, &here, side, now, local))
    }

    /// As [`offload`](Self::offload), for a live deployment: its settings, under the policies of its governor.
    ///
    /// # Errors
    /// [`Refusal`] where there is no such deployment, or its settings name what is not known.
    pub fn offload_live(
        &self,
        workload: &Workload,
        number: Number,
        side: &mut Side,
        now: Moment,
        local: &Local<'_>,
    ) -> Result<Option<Offloaded>, Refusal> {
        let state = self.state_of(workload)?;
        let record = state.deployment(number).ok_or_else(|| {
            Refusal::new("L1", format!("there is no deployment `{}`", state.id(number))).next("name one that is live")
        })?;
        let Some(offloading) = &record.settings.offloading else { return Ok(None) };
        let governor = std::slice::from_ref(&record.governor);
        let (scope, deployment) = self.governed(workload, governor, &record.settings, 0)?;
        let here = self.clusters_of(record);
        Ok(Some(self.offloaded(&deployment, &Arc::new(scope), offloading, &here, side, now, local)))
    }

    /// What [`offload`](Self::offload) decided for all, for requests from a country, or of a caller whose country nobody
    /// knows (P18): the remote sides are those at which they may be answered. `local` says whether the caller's mask leaves
    /// a ready local replica. Where it leaves nothing there is no route, and nothing goes elsewhere.
    ///
    /// # Errors
    /// [`LookupError`] for a deployment that the workspace does not have.
    pub fn offload_for(
        &self,
        deployment: impl Reference<DeploymentId>,
        offloaded: &Offloaded,
        caller: Option<CountryId>,
        local: bool,
    ) -> Result<Offloaded, LookupError> {
        let (id, found) = self.found(deployment)?;
        let here = self.running.iter().filter(|running| running.deployment == id);
        let here = here.filter_map(|running| self.cluster_of(running.pair)).collect();
        let scope = self.answer_scope(id, caller)?;
        Ok(self.offloaded_within(found, &scope, &here, offloaded, local))
    }

    /// As [`offload_for`](Self::offload_for), for a live deployment: its local replicas are those that were seen to be ready.
    ///
    /// # Errors
    /// As [`offload_live`](Self::offload_live).
    pub fn offload_live_for(
        &self,
        workload: &Workload,
        number: Number,
        offloaded: &Offloaded,
        caller: Option<CountryId>,
    ) -> Result<Offloaded, Refusal> {
        let state = self.state_of(workload)?;
        let record = state.deployment(number).ok_or_else(|| {
            Refusal::new("L1", format!("there is no deployment `{}`", state.id(number))).next("name one that is live")
        })?;
        let cuts = self.cuts_of_record(workload, &state, record)?;
        let governor = std::slice::from_ref(&record.governor);
        let (scope, deployment) = self.governed(workload, governor, &record.settings, 0)?;
        let scope = Arc::new(scope.both(cuts.of(caller)));
        let ready = record.sites.iter().filter(|site| record.seen_at(site).ready > 0);
        let local = ready.into_iter().any(|site| self.is_within(&cuts, caller, &site.place));
        Ok(self.offloaded_within(&deployment, &scope, &self.clusters_of(record), offloaded, local))
    }

    fn offloaded_within(
        &self,
        deployment: &Deployment,
        scope: &Arc<Scope>,
        here: &BTreeSet<ClusterId>,
        offloaded: &Offloaded,
        local: bool,
    ) -> Offloaded {
        let remotes = self.remotes(deployment, scope, here);
        let ranked: Vec<_> = remotes.iter().filter_map(|&pair| self.remote(pair)).collect();
        Offloaded { routing: offloaded.routing.for_caller(local, &ranked), remotes }
    }

    fn clusters_of(&self, record: &Record) -> BTreeSet<ClusterId> {
        record.sites.iter().filter_map(|site| self.cluster_of(self.pair(&site.place)?)).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "the one place where both ways meet")]
    fn offloaded(
        &self,
        deployment: &Deployment,
        scope: &Arc<Scope>,
        offloading: &Offloading,
        here: &BTreeSet<ClusterId>,
        side: &mut Side,
        now: Moment,
        local: &Local<'_>,
    ) -> Offloaded {
        let remotes = self.remotes(deployment, scope, here);
        let ranked: Vec<_> = remotes.iter().filter_map(|&pair| self.remote(pair)).collect();
        let reading = |place: usize| local.readings.get(place).copied().flatten();
        let loads = offloading.metrics.iter().enumerate();
        let load = |(place, spec): (usize, &MetricSpec)| Load {
            part: reading(place).and_then(|found| spec.load(&found)),
            relieved: spec.is_per_replica(),
        };
        let loads: Vec<_> = loads.map(load).collect();
        let seen = LocalSide { ready: local.ready, loads: &loads, requests: local.requests };
        let routing = side.step(&offloading.rule, now, &seen, &ranked);
        Offloaded { routing, remotes }
    }

    /// The best place on each cluster that is not `here`, best first.
    fn remotes(&self, deployment: &Deployment, scope: &Arc<Scope>, here: &BTreeSet<ClusterId>) -> Vec<PairId> {
        let ask = Ask::new(&deployment.demand, 1).preferring(&deployment.preferences);
        let mut seen = here.clone();
        // Those of the first alternative that has room.
        let alternatives = 0..ask.demand.alternatives();
        let mut rankings = alternatives.map(|alternative| ranking(&self.inventory, scope, &ask, alternative));
        let ranked = rankings.find(|ranks| !ranks.is_empty()).unwrap_or_default();
        let ranked = ranked.into_iter().map(|rank| rank.pair);
        ranked.filter(|&pair| self.cluster_of(pair).is_some_and(|cluster| seen.insert(cluster))).collect()
    }

    /// What the ranking leaves is healthy and allowed.
    fn remote(&self, pair: PairId) -> Option<Remote> {
        let id = u32::try_from(self.cluster_of(pair)?.index()).ok()?;
        Some(Remote { id: RemoteId(id), healthy: true, allowed: true })
    }

    fn cluster_of(&self, pair: PairId) -> Option<ClusterId> {
        self.inventory.fleet().pair(pair).map(|pair| pair.cluster)
    }
}
