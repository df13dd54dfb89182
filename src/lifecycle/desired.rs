//! What should be: replicas at each place, builds and routes (W7). Effects are the difference between two of these, so
//! a host that has lost some brings about what this says.

use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::lifecycle::commands::Observation;
use crate::lifecycle::effects::{Endpoint, Weight};
use crate::lifecycle::state::{Number, Place, Record, State, Status};
use crate::time::Moment;

/// What should be of a workload.
///
/// ```
/// use siting::lifecycle::{Action, Desired, Observation, Push, PushKind, State};
/// use siting::time::Moment;
///
/// let mut state = State::new("model", "bert".parse()?, "production".parse()?);
/// state.apply(Moment::default(), &Action::Push(Push::new(PushKind::Published, "v1")).into())?;
/// let desired = state.desired();
/// assert!(desired.deployments[0].build);
/// assert_eq!(desired.deployments[0].awaits, Some(Observation::Built));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Desired {
    /// Each live deployment, by number. Of any other nothing should be there.
    pub deployments: Vec<DesiredDeployment>,
    /// Each endpoint that leads somewhere. Any other leads nowhere.
    pub routes: Vec<DesiredRoute>,
}

/// What should be of a deployment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct DesiredDeployment {
    /// Its number.
    pub deployment: Number,
    /// Its name.
    pub name: Name,
    /// The version that it runs.
    pub version: Option<String>,
    /// Its generation, of which observations speak.
    pub generation: u64,
    /// Whether its image is being built.
    pub build: bool,
    /// The replicas that should be there, each place once, in order. No others should.
    pub places: Vec<Place>,
    /// What the host is to tell of this generation once it has come.
    pub awaits: Option<Observation>,
    /// When a start that is under way counts as failed: a timer that goes off then.
    pub deadline: Option<Moment>,
}

/// Where an endpoint should lead.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct DesiredRoute {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Each deployment's part of the calls: percentages that sum to 100.
    pub shares: Vec<Weight>,
}

impl State {
    /// What should be of the workload now.
    #[must_use]
    pub fn desired(&self) -> Desired {
        let routes = self.endpoints().into_iter().filter_map(|endpoint| {
            let shares = self.weights(&endpoint).into_vec();
            (!shares.is_empty()).then_some(DesiredRoute { endpoint, shares })
        });
        Desired { deployments: self.deployments().map(DesiredDeployment::of).collect(), routes: routes.collect() }
    }
}

impl DesiredDeployment {
    fn of(record: &Record) -> Self {
        Self {
            deployment: record.number,
            name: record.name.clone(),
            version: record.version.clone(),
            generation: record.generation,
            build: record.status == Status::Building,
            places: places(record),
            awaits: awaits(record),
            deadline: record.deadline,
        }
    }
}

/// The places of all replicas that are not told to stop.
fn places(record: &Record) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    if record.status == Status::Deactivating {
        return places;
    }
    for site in &record.sites {
        let same = |known: &&mut Place| Place { replicas: known.replicas, ..site.place.clone() } == **known;
        match places.iter_mut().find(same) {
            Some(known) => known.replicas = known.replicas.saturating_add(site.place.replicas),
            None => places.push(site.place.clone()),
        }
    }
    places.retain(|place| place.replicas > 0);
    places.sort();
    places
}

fn awaits(record: &Record) -> Option<Observation> {
    match record.status {
        Status::Building => Some(Observation::Built),
        Status::Deactivating => Some(Observation::Drained),
        _ if record.deadline.is_some() => Some(Observation::Ready),
        _ => None,
    }
}
