//! Lifecycles that did not begin here: restored from a journal, or adopted from running replicas (I4, L12).

use std::sync::Arc;

use super::Workspace;
use super::holdings::{Claim, Holdings};
use crate::deployment::Workload;
use crate::id::{DeploymentId, EnvironmentId};
use crate::inventory::Inventory;
use crate::lifecycle::{Adopted, Journal, Number, Place, Record, Refusal, Site, State};
use crate::placement;
use crate::time::Moment;

impl Workspace {
    /// Replaces the present lifecycle by one that was saved. Its replicas take their
    /// capacity as they are, on whatever cluster they run, even if it is closed by now. `Placement`
    /// documents of this workload describe the same replicas, so they no longer count.
    ///
    /// ```
    /// use siting::lifecycle::Journal;
    /// use siting::manifest::spec::Specs;
    /// use siting::workspace::{LoadOptions, Workspace};
    ///
    /// let mut workspace = Workspace::from_specs(Specs::default(), LoadOptions::default())?;
    /// let bert = workspace.workload("model", &"bert".parse()?).ok_or("no such type")?;
    /// let written = Journal::new(workspace.state_of(&bert)?).snapshot();
    /// workspace.restore_life(&bert, Journal::restore(written)?)?;
    /// assert!(workspace.life(&bert).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A [`Refusal`], and nothing has changed: of another workload's lifecycle, or of the first replicas
    /// whose place is gone or has no room for them.
    pub fn restore_life(&mut self, workload: &Workload, journal: Journal) -> Result<(), Refusal> {
        let state = journal.state();
        let own = self.unborn(workload)?;
        if (state.resource_type(), state.workload()) != (own.resource_type(), own.workload()) {
            let reason = format!("this is the lifecycle of {} `{}`", state.resource_type(), state.workload());
            return Err(Refusal::new("L1", reason).next("restore it for that workload"));
        }
        if let Some(reason) = state.contradiction() {
            return Err(Refusal::new("W4", reason).next("restore it as it was written"));
        }
        // Time does not go back to before what it holds (W8).
        let last = journal.entries().next_back().map(|entry| entry.at);
        self.begin(workload, journal, last)
    }

    /// Begins a workload's lifecycle with its loaded deployments that run already (`kind: Placement`): each is
    /// active where its replicas are. Where only one of them runs under an environment, it holds it; of
    /// several, none does until one is promoted. Deployments that do not run have yet to be pushed.
    ///
    /// # Errors
    /// A [`Refusal`], and nothing has changed: for a workload that already has a lifecycle, for one nothing of which
    /// is known to run, or for a deployment that is not valid, such as one with the draft's name.
    pub fn adopt_life(&mut self, now: Moment, workload: &Workload) -> Result<Vec<Number>, Refusal> {
        let (now, name) = (self.moment_of_command(now)?, &workload.name);
        if self.life(workload).is_some() {
            return Err(Refusal::new("L1", format!("`{name}` already has a lifecycle")).next("push to it"));
        }
        let running = self.running_of(workload);
        if running.is_empty() {
            let reason = format!("no replicas of `{name}` are known to run");
            return Err(Refusal::new("I4", reason).next("declare its replicas with `kind: Placement`, or push it"));
        }
        let mut state = self.unborn(workload)?;
        let mut numbers = Vec::with_capacity(running.len());
        for &(deployment, environment) in &running {
            let alone = running.iter().filter(|(_, other)| *other == environment).count() == 1;
            if let Some(adopted) = self.adopted(deployment, environment, alone) {
                numbers.push(state.adopt(now, adopted)?);
            }
        }
        self.begin(workload, Journal::new(state), Some(now))?;
        Ok(numbers)
    }

    /// The loaded deployments of a workload that have replicas, and their environments.
    fn running_of(&self, workload: &Workload) -> Vec<(DeploymentId, EnvironmentId)> {
        let runs = |id: &DeploymentId| self.running.iter().any(|own| own.deployment == *id && own.replicas > 0);
        let of_this = self.deployment_ids().filter_map(|id| Some((id, self.deployment(id)?)));
        let of_this = of_this.filter(|(id, found)| found.workload == *workload && runs(id));
        of_this.map(|(id, found)| (id, found.environment)).collect()
    }

    fn adopted(&self, deployment: DeploymentId, environment: EnvironmentId, holds: bool) -> Option<Adopted> {
        let spec = self.spec_of(deployment)?;
        let mut places: Vec<Place> = Vec::new();
        for own in self.running.iter().filter(|own| own.deployment == deployment && own.replicas > 0) {
            let place = self.place_of(own.pair, own.replicas)?;
            let same = |other: &&mut Place| Place { replicas: place.replicas, ..(**other).clone() } == place;
            match places.iter_mut().find(same) {
                Some(there) => there.replicas = there.replicas.saturating_add(place.replicas),
                None => places.push(place),
            }
        }
        Some(Adopted {
            name: spec.metadata.name.value.clone(),
            version: spec.version.clone(),
            governor: self.environment(environment)?.name.clone(),
            holds,
            settings: Arc::new(spec.settings()),
            places,
        })
    }

    /// Installs a lifecycle, with all that its replicas take.
    fn begin(&mut self, workload: &Workload, journal: Journal, at: Option<Moment>) -> Result<(), Refusal> {
        let (mut inventory, mut holdings) = (self.inventory.clone(), self.lives.holdings.clone());
        holdings.forget(&mut inventory, workload)?;
        let superseded = |id: DeploymentId| self.deployment(id).is_some_and(|found| found.workload == *workload);
        let (gone, kept): (Vec<_>, Vec<_>) = self.running.iter().cloned().partition(|own| superseded(own.deployment));
        for own in gone {
            inventory.release(own.reservation).map_err(|error| Refusal::new("I4", error.to_string()))?;
        }
        self.hold(&mut inventory, &mut holdings, workload, journal.state())?;
        self.running = kept;
        self.unwrite_running(workload);
        (self.inventory, self.lives.holdings) = (inventory, holdings);
        self.lives.journals.insert(workload.clone(), journal);
        self.accepted(at, format!("{} `{}`", self.catalog.resource_type_name(workload.resource_type), workload.name));
        Ok(())
    }

    /// Reserves all that a state's replicas take.
    fn hold(
        &self,
        inventory: &mut Inventory,
        holdings: &mut Holdings,
        workload: &Workload,
        state: &State,
    ) -> Result<(), Refusal> {
        for record in state.deployments() {
            for site in &record.sites {
                let claim = self
                    .claim(workload, record, site)
                    .and_then(|claim| holdings.take(inventory, workload, state, record.number, site, claim));
                claim.map_err(|refusal| Refusal { reason: homeless(state, record, site, &refusal), ..refusal })?;
            }
        }
        Ok(())
    }

    /// What the replicas of a site take: under the settings that they were started with.
    fn claim(&self, workload: &Workload, record: &Record, site: &Site) -> Result<Claim, Refusal> {
        let place = &site.place;
        let gone =
            || Refusal::new("I4", format!("pool `{}` of cluster `{}` does not exist", place.pool, place.cluster));
        let pair = self.pair(place).ok_or_else(|| gone().next("load the cluster as it was"))?;
        let settings = record.settings_of(site.generation);
        let (_, deployment) = self.governed(workload, std::slice::from_ref(&record.governor), &settings, 0)?;
        Ok(Claim { pair, request: placement::request(self.inventory.fleet(), &deployment.demand, pair) })
    }
}

fn homeless(state: &State, record: &Record, site: &Site, refusal: &Refusal) -> String {
    let (replicas, cluster) = (site.place.replicas, &site.place.cluster);
    format!("{replicas} replicas of `{}` on `{cluster}`: {}", state.id(record.number), refusal.reason)
}
