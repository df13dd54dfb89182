//! A host for tests of promotions under traffic: its replicas take time to start, and it counts what it serves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use siting::lifecycle::{
    Action, Effect, Endpoint, Notice, Number, Observation, PromotionStrategy, Push, PushKind, Refusal, Settings, Sight,
    Status,
};
use siting::metrics::{Metric, Summary};
use siting::policy::OnReplaced;
use siting::quantity::Milli;
use siting::rollout::{self, BlueGreen, Canary, Check, Rolling, Step, Strategy as By, Traffic};

use super::{Life, name};

pub(crate) const PRODUCTION: &str = "production";

/// A host that behaves: a replica is ready so many seconds after it was asked for, and gone at once when it
/// is told to stop. It counts what it serves.
pub(crate) struct Host {
    pub(crate) life: Life,
    /// Seconds until a replica is ready; never for the deployments in `stuck`.
    pub(crate) delay: u64,
    pub(crate) stuck: Vec<Number>,
    /// Percent of the candidate's requests that fail.
    pub(crate) errors: u64,
    /// Replicas by deployment: when each is ready.
    pub(crate) replicas: BTreeMap<Number, Vec<u64>>,
    /// Requests that each deployment has been sent, and those that nobody could take.
    pub(crate) sent: BTreeMap<Number, u64>,
    pub(crate) lost: u64,
    /// The fewest ready replicas of both sides, and the most asked for.
    pub(crate) fewest: usize,
    pub(crate) most: usize,
    pub(crate) notices: Vec<Notice>,
}

impl Host {
    /// So many replicas of version A hold production.
    pub(crate) fn new(replicas: u32) -> Self {
        Self::with(Settings { replicas: Some(replicas), ..Settings::default() })
    }

    /// Version A holds production with these settings.
    pub(crate) fn with(settings: Settings) -> Self {
        let mut host = Self {
            life: Life::new(),
            delay: 0,
            stuck: Vec::new(),
            errors: 0,
            replicas: BTreeMap::new(),
            sent: BTreeMap::new(),
            lost: 0,
            fewest: usize::MAX,
            most: 0,
            notices: Vec::new(),
        };
        let push = Push {
            settings: Arc::new(settings),
            name: Some(name("a")),
            ..Push::new(PushKind::promoted(name(PRODUCTION)), "A")
        };
        host.act(Action::Push(push)).unwrap();
        host.see("a", Observation::Built);
        host.see("a", Observation::Ready);
        host.wait(60);
        host.delay = 20;
        (host.fewest, host.most, host.sent, host.lost) = (usize::MAX, 0, BTreeMap::new(), 0);
        host
    }

    pub(crate) fn second(&self) -> u64 {
        self.life.now / 1000
    }

    pub(crate) fn act(&mut self, action: Action) -> Result<Vec<Effect>, Refusal> {
        let effects = self.life.act(action)?;
        for effect in &effects {
            match effect {
                Effect::Start { deployment, places, .. } => {
                    let ready = if self.stuck.contains(deployment) { u64::MAX } else { self.second() + self.delay };
                    let count = places.iter().map(|place| place.replicas as usize).sum();
                    self.replicas.entry(*deployment).or_default().extend(std::iter::repeat_n(ready, count));
                }
                Effect::Stop { deployment, places, .. } => {
                    let count: usize = places.iter().map(|place| place.replicas as usize).sum();
                    let own = self.replicas.entry(*deployment).or_default();
                    // Those that are not ready yet go first, as in Kubernetes.
                    own.sort_unstable();
                    own.truncate(own.len() - count);
                }
                Effect::Notify(notice) => self.notices.push(notice.clone()),
                _ => {}
            }
        }
        Ok(effects)
    }

    pub(crate) fn see(&mut self, address: &str, observation: Observation) {
        let deployment = self.life.number(address);
        let generation = self.life.state().deployment(deployment).unwrap().generation;
        self.act(Action::Observe { deployment, generation, observation }).unwrap();
    }

    pub(crate) fn ready(&self, number: Number) -> u32 {
        let now = self.second();
        let own = self.replicas.get(&number);
        own.map_or(0, |own| u32::try_from(own.iter().filter(|at| **at <= now).count()).unwrap())
    }

    pub(crate) fn candidate(&self) -> Option<Number> {
        let promotion = self.life.state().slot(PRODUCTION)?.promotion.as_ref()?;
        promotion.rollout.as_ref().map(|_| promotion.candidate)
    }

    pub(crate) fn holder(&self) -> String {
        self.life.state().holder(PRODUCTION).unwrap().name.to_string()
    }

    /// A hundred requests in a second, shared as the state says. They fail where nobody is ready.
    pub(crate) fn serve(&mut self) {
        let shares = self.life.state().route(&Endpoint::Environment(name(PRODUCTION))).shares();
        let sum: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
        assert!(sum == 100 || sum == 0, "{shares:?}");
        self.lost += u64::from(100 - sum);
        for share in shares {
            assert!(self.ready(share.deployment) > 0, "R3: nobody is ready in {share:?}");
            *self.sent.entry(share.deployment).or_default() += u64::from(share.percent);
        }
    }

    pub(crate) fn sight(&self, candidate: Number) -> Sight {
        let holder = self.life.state().holder(PRODUCTION).map(|record| record.number);
        let requests = self.sent.get(&candidate).copied().unwrap_or(0);
        let recent = requests.min(500);
        let summary = Summary { requests: recent, errors: recent * self.errors / 100, ..Summary::default() };
        let old = holder.map_or(0, |holder| self.ready(holder));
        Sight {
            old,
            new: self.ready(candidate),
            requests,
            summary: Some(summary),
            forbidden: Vec::new(),
            no_room: None,
        }
    }

    /// Lets seconds pass; every second requests come, and every other the rollout hears of it.
    pub(crate) fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.life.now += 1000;
            self.serve();
            if let Some(candidate) = self.candidate()
                && self.second().is_multiple_of(2)
            {
                let holder = self.life.state().holder(PRODUCTION).map(|record| record.number);
                let both = holder.into_iter().chain([candidate]);
                let ready: u32 = both.clone().map(|number| self.ready(number)).sum();
                let asked: usize = both.map(|number| self.replicas.get(&number).map_or(0, Vec::len)).sum();
                self.fewest = self.fewest.min(ready as usize);
                self.most = self.most.max(asked);
                let sight = Box::new(self.sight(candidate));
                self.life.now -= 1000;
                self.act(Action::Advance { candidate, sight }).unwrap();
            }
            self.drain();
        }
    }

    /// Says of everything that is stopping that it is gone.
    pub(crate) fn drain(&mut self) {
        let stopping = |record: &&siting::lifecycle::Record| record.status == Status::Deactivating;
        let gone: Vec<_> = self.life.state().deployments().filter(stopping).map(|record| record.name.clone()).collect();
        gone.iter().for_each(|name| self.see(name.as_str(), Observation::Drained));
    }

    /// Updates to version B by a strategy; its build is done.
    pub(crate) fn update(&mut self, settings: rollout::Settings, on_replaced: Option<OnReplaced>) {
        let update = Action::UpdateVersion {
            environment: name(PRODUCTION),
            version: "B".to_owned(),
            name: Some(name("b")),
            on_replaced,
            by: Some(Box::new(PromotionStrategy::By(settings))),
        };
        self.act(update).unwrap();
        self.see("b", Observation::Built);
    }

    pub(crate) fn pause(&mut self) -> Result<Vec<Effect>, Refusal> {
        self.act(Action::Pause { environment: name(PRODUCTION) })
    }
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn rolling() -> rollout::Settings {
    rollout::Settings::of(By::Rolling(Rolling::default()))
}

pub(crate) fn blue_green(bake: u64, window: u64) -> rollout::Settings {
    let options = BlueGreen { bake: seconds(bake), rollback_window: seconds(window) };
    rollout::Settings::of(By::BlueGreen(options))
}

pub(crate) fn canary(traffic: Traffic) -> rollout::Settings {
    let step = |weight| Step { weight, soak: seconds(30), requests: 100 };
    rollout::Settings::of(By::Canary(Canary::new([10, 50].map(step).to_vec(), traffic).unwrap()))
}

pub(crate) fn routed() -> rollout::Settings {
    canary(Traffic::Routed { fewest: None })
}

pub(crate) fn by_replicas() -> rollout::Settings {
    canary(Traffic::ByReplicas(Rolling::default()))
}

pub(crate) fn judged(settings: rollout::Settings) -> rollout::Settings {
    let check = Check { min_requests: 20, ..Check::at_most(Metric::ErrorRate, Milli::whole(1)) };
    rollout::Settings { checks: vec![Check { interval: seconds(4), ..check }], ..settings }
}

pub(crate) fn every() -> [rollout::Settings; 4] {
    [rolling(), blue_green(10, 30), routed(), by_replicas()]
}
