//! What runs things, and how it comes to do what should be done.

use std::collections::{BTreeMap, BTreeSet};

use siting::lifecycle::{Action, DesiredDeployment, Observation, Place};
use siting::workspace::WorkspaceChange;

use crate::error::Error;
use crate::planner::Planner;

/// Each deployment's percent of an endpoint's calls, by id.
pub type Shares = Vec<(String, u8)>;

/// What runs things: yours. Each call says what should be, may be repeated, and may be lost. Ids are whole:
/// `model/bert/bert-1`.
pub trait Platform: Send {
    /// Builds the image of a deployment, unless that is under way or done.
    fn build(&mut self, id: &str, deployment: &DesiredDeployment) -> impl Future<Output = ()> + Send;
    /// Lets a deployment have the replicas that it names, and no others.
    fn run(&mut self, id: &str, deployment: &DesiredDeployment) -> impl Future<Output = ()> + Send;
    /// Lets an endpoint lead there.
    fn route(&mut self, endpoint: &str, shares: Shares) -> impl Future<Output = ()> + Send;
    /// Stops all other deployments, and closes all other endpoints.
    fn keep_only(&mut self, ids: &BTreeSet<String>, endpoints: &BTreeSet<String>) -> impl Future<Output = ()> + Send;
    /// What has come of a deployment: that for which it waits, or that it failed; `None` for not yet.
    fn seen(&mut self, id: &str, deployment: &DesiredDeployment) -> impl Future<Output = Option<Observation>> + Send;
}

/// Brings about what should be, and tells what has come of it. Call it every second, and after a crash.
///
/// It goes by what should be alone, so no effect can be lost; each is brought about at least once.
pub async fn reconcile(planner: &Planner, platform: &mut impl Platform) -> Result<(), Error> {
    let workspace = planner.current().await?;
    let (mut ids, mut endpoints) = (BTreeSet::new(), BTreeSet::new());
    for (workload, desired) in workspace.desired() {
        let state = workspace.state_of(workload)?;
        let prefix = format!("{}/{}", state.resource_type(), workload.name);
        for deployment in &desired.deployments {
            let id = format!("{prefix}/{}", state.id(deployment.deployment));
            if deployment.build {
                platform.build(&id, deployment).await;
            }
            platform.run(&id, deployment).await;
            let late = deployment.deadline.is_some_and(|deadline| planner.now() >= deadline);
            let seen = platform.seen(&id, deployment).await.or(late.then_some(Observation::TimerFired));
            if let Some(observation) = seen {
                let generation = deployment.generation;
                let observed = Action::Observe { deployment: deployment.deployment, generation, observation };
                let change = WorkspaceChange::new().command(state.resource_type(), workload.name.clone(), observed);
                // Two planners that see the same of one revision tell it once.
                let key = format!("{id} {generation} {} {}", observation.as_str(), workspace.revision());
                planner.change(&key, |_| Ok(change.clone())).await?;
            }
            ids.insert(id);
        }
        for route in &desired.routes {
            let endpoint = format!("{prefix}/{}", state.endpoint_name(&route.endpoint));
            let shares = route.shares.iter().map(|share| (state.id(share.deployment), share.percent)).collect();
            platform.route(&endpoint, shares).await;
            endpoints.insert(endpoint);
        }
    }
    platform.keep_only(&ids, &endpoints).await;
    Ok(())
}

/// A platform that runs nothing and remembers what it would: for tests, and to try the API.
#[derive(Default)]
pub struct Pretend {
    pub built: BTreeSet<String>,
    pub running: BTreeMap<String, Vec<Place>>,
    pub routes: BTreeMap<String, Shares>,
}

impl Platform for Pretend {
    async fn build(&mut self, id: &str, _: &DesiredDeployment) {
        self.built.insert(id.to_owned());
    }

    async fn run(&mut self, id: &str, deployment: &DesiredDeployment) {
        self.running.insert(id.to_owned(), deployment.places.clone());
    }

    async fn route(&mut self, endpoint: &str, shares: Shares) {
        self.routes.insert(endpoint.to_owned(), shares);
    }

    async fn keep_only(&mut self, ids: &BTreeSet<String>, endpoints: &BTreeSet<String>) {
        self.running.retain(|id, _| ids.contains(id));
        self.routes.retain(|endpoint, _| endpoints.contains(endpoint));
    }

    async fn seen(&mut self, id: &str, deployment: &DesiredDeployment) -> Option<Observation> {
        let come = match deployment.awaits? {
            Observation::Built => self.built.contains(id),
            _ => self.running.get(id) == Some(&deployment.places),
        };
        deployment.awaits.filter(|_| come)
    }
}
