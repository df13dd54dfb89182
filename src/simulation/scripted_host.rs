//! The scripted host: it builds, starts and stops, serves requests, scales, and reports, all of it on the
//! scenario's clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Requests;
use super::host_replicas::Replicas;
use super::queue::Queue;
use super::series::{Point, Series};
use super::version_metrics::{Served, Shown};
use super::wording;
use crate::catalog::nearest;
use crate::deployment::Workload;
use crate::id::{CountryId, Name};
use crate::lifecycle::{Action, Answer, Effect, Endpoint, Load, Number, Observation, Refusal, Sight, State, Status};
use crate::manifest::scenario::{HostSpec, ShownSpec};
use crate::origin::listed;
use crate::scaling;
use crate::time::Moment;
use crate::traffic::{Side, Why};
use crate::workspace::{Local, Offloaded, Workspace};

/// A host that behaves, and what it has seen.
pub(super) struct Host {
    spec: HostSpec,
    workload: Workload,
    start: Moment,
    now: Moment,
    replicas: Replicas,
    /// Requests a second, by endpoint and the country that they come from.
    traffic: BTreeMap<(Endpoint, Caller), u32>,
    shown: BTreeMap<String, Shown>,
    /// The versions that there are, or will be.
    versions: BTreeSet<String>,
    served: BTreeMap<Number, Served>,
    /// Thousandths of requests that had no route, or waited for too long where nobody was awake.
    lost: u64,
    /// Requests that wait until their deployment is awake, by endpoint and country.
    waiting: BTreeMap<(Endpoint, Caller), Queue>,
    /// Timers that were asked for, with the generation that they are about.
    timers: BTreeSet<(Moment, Number, u64)>,
    /// Each deployment's line in the series.
    lines: BTreeMap<Number, usize>,
    memories: BTreeMap<Number, scaling::State>,
    sides: BTreeMap<Name, Side>,
    /// Where an environment's requests are offloaded to, and which part of them.
    pub(super) offloaded: BTreeMap<Name, (String, u8)>,
    /// Which part of an environment's requests from a country goes to remote sides (P18).
    remote: BTreeMap<(Name, Caller), u8>,
    /// The callers who have no route because of where they call from, by endpoint: here, or to a remote side.
    cut: BTreeSet<(Endpoint, Caller, bool)>,
    pub(super) series: Series,
}

/// The country that requests come from, where it is known.
type Caller = Option<CountryId>;

/// How long the last replicas that are stopped go on with what waits for them.
const GRACE: Duration = Duration::from_secs(30);

impl Host {
    pub(super) fn new(spec: HostSpec, workload: Workload, start: Moment, versions: BTreeSet<String>) -> Self {
        Self {
            spec,
            workload,
            start,
            now: start,
            replicas: Replicas::default(),
            traffic: BTreeMap::new(),
            shown: BTreeMap::new(),
            versions,
            served: BTreeMap::new(),
            lost: 0,
            waiting: BTreeMap::new(),
            timers: BTreeSet::new(),
            lines: BTreeMap::new(),
            memories: BTreeMap::new(),
            sides: BTreeMap::new(),
            offloaded: BTreeMap::new(),
            remote: BTreeMap::new(),
            cut: BTreeSet::new(),
            series: Series::default(),
        }
    }

    /// Requests so far that had no route, or waited for too long.
    pub(super) fn lost(&self) -> u64 {
        self.served.values().fold(self.lost, |lost, served| lost.saturating_add(served.timed_out)) / 1000
    }

    /// What became so far of the requests to each deployment that got any.
    pub(super) fn requests(&self, state: &State) -> Vec<Requests> {
        let called = self.served.iter().filter(|(_, served)| served.sent >= 1000);
        let requests = called.map(|(&number, served)| Requests {
            deployment: wording::named(state, number),
            sent: served.sent / 1000,
            failed: served.failed / 1000,
            timed_out: served.timed_out / 1000,
        });
        requests.collect()
    }

    pub(super) fn expect_traffic(&mut self, endpoint: Endpoint, from: Caller, per_second: u32) {
        self.traffic.insert((endpoint, from), per_second);
    }

    /// Lets a version show other metrics.
    pub(super) fn show(&mut self, spec: &ShownSpec) -> Result<(), Refusal> {
        if !self.versions.contains(&spec.version) {
            let near = nearest(&spec.version, self.versions.iter().map(String::as_str));
            let refusal = Refusal::new("C8", format!("no step pushes a version `{}`", spec.version));
            let near = if near.is_empty() { Vec::from_iter(self.versions.iter().cloned()) } else { near };
            return Err(refusal.next(format!("the versions are {}", listed(&near, "and", 10))));
        }
        self.shown.entry(spec.version.clone()).or_default().update(spec);
        Ok(())
    }

    /// Lets replicas break; they are ready again after the time of a start, if their version becomes ready.
    pub(super) fn fail(&mut self, state: &State, number: Number, replicas: u32) {
        self.replicas.fail(number, replicas, self.started(state, number));
    }

    /// When a replica is ready that is started now; `None` of a version that does not become ready.
    fn started(&self, state: &State, number: Number) -> Option<Moment> {
        self.shown(state, number).starts.then(|| self.now.after(self.spec.start))
    }

    /// Takes up what a command asks of the host.
    pub(super) fn take(&mut self, scene: &Workspace, now: Moment, effects: &[Effect]) {
        self.now = now;
        let Ok(state) = scene.state_of(&self.workload) else { return };
        for effect in effects {
            match effect {
                Effect::Build { deployment, .. } => self.replicas.build(*deployment, now.after(self.spec.build)),
                Effect::Start { deployment, generation, places } => {
                    self.replicas.start(*deployment, *generation, places, self.started(&state, *deployment));
                }
                Effect::Patch { deployment, generation } => {
                    self.replicas.patch(*deployment, *generation, self.started(&state, *deployment));
                }
                Effect::Stop { deployment, started, places, .. } => {
                    let before = self.replicas.ready(*deployment, now);
                    self.replicas.stop(*deployment, *started, places);
                    if before > 0 && self.replicas.ready(*deployment, now) == 0 {
                        let shown = self.shown(&state, *deployment);
                        let served = self.served.entry(*deployment).or_default();
                        served.work(now, GRACE, before, &shown, self.spec.patience);
                    }
                }
                Effect::Timer { at, deployment, generation } => {
                    self.timers.insert((*at, *deployment, *generation));
                }
                Effect::Notify(notice) => self.series.note(now.since(self.start), wording::news(&state, notice)),
                _ => {}
            }
        }
    }

    /// Lets time pass until `then`, a tick at a time.
    pub(super) fn run(&mut self, scene: &mut Workspace, then: Moment) {
        while self.now < then {
            let tick = self.spec.tick.max(Duration::from_millis(1));
            let next = self.now.after(tick).min(then);
            let passed = next.since(self.now);
            self.now = next;
            scene.set_asked_at(Some(next));
            self.fire(scene);
            self.report(scene);
            self.serve(scene, passed);
            self.judge(scene);
            self.scale(scene);
            self.offload(scene);
            self.note(scene);
        }
    }

    fn act(&mut self, scene: &mut Workspace, action: Action) {
        scene.jump_to(self.now);
        match scene.carry_out(self.now, &self.workload, action) {
            Ok(effects) => self.take(scene, self.now, &effects),
            Err(refusal) => self.refused(&refusal),
        }
    }

    /// What is refused is tried again at the next tick, and told once.
    fn refused(&mut self, refusal: &Refusal) {
        self.series.note(self.now.since(self.start), format!("the host is refused: {refusal}"));
    }

    /// Lets the timers go off that are due.
    fn fire(&mut self, scene: &mut Workspace) {
        while let Some(&(at, deployment, generation)) = self.timers.first()
            && at <= self.now
        {
            self.timers.pop_first();
            self.act(scene, Action::Observe { deployment, generation, observation: Observation::TimerFired });
        }
    }

    /// Says what has been built, what is gone, and how the replicas at each place are (L14).
    fn report(&mut self, scene: &mut Workspace) {
        let Ok(state) = scene.state_of(&self.workload) else { return };
        for record in state.deployments() {
            let (deployment, generation) = (record.number, record.generation);
            let seen = match record.status {
                Status::Building if self.replicas.is_built(deployment, self.now) => Observation::Built,
                Status::Deactivating => Observation::Drained,
                _ => {
                    for (generation, seen) in self.replicas.news(record, self.now) {
                        self.act(scene, Action::ObservePlace { deployment, generation, seen });
                    }
                    continue;
                }
            };
            self.act(scene, Action::Observe { deployment, generation, observation: seen });
        }
    }

    /// Sends the requests of the time that passed to whoever is to answer them.
    fn serve(&mut self, scene: &Workspace, passed: Duration) {
        let Ok(state) = scene.state_of(&self.workload) else { return };
        for ((endpoint, from), per_second) in self.traffic.clone() {
            // Thousandths of requests: so many a second, for so many milliseconds.
            let requests = u64::from(per_second).saturating_mul(millis(passed));
            let remote = match &endpoint {
                Endpoint::Environment(name) => self.remote.get(&(name.clone(), from)).copied().unwrap_or(0),
                _ => 0,
            };
            self.send(scene, &state, (endpoint, from), requests / 100 * u64::from(100 - remote));
        }
        for record in state.deployments() {
            let (ready, shown) = (self.replicas.ready(record.number, self.now), self.shown(&state, record.number));
            let served = self.served.entry(record.number).or_default();
            served.work(self.now, passed, ready, &shown, self.spec.patience);
            served.measure(self.now, passed, ready, &shown);
        }
        let gone = self.served.iter_mut().filter(|(number, _)| state.deployment(**number).is_none());
        gone.for_each(|(_, served)| served.give_up());
    }

    /// Sends requests from a country to an endpoint, and those that have waited there until somebody is awake.
    fn send(&mut self, scene: &Workspace, state: &State, (endpoint, from): (Endpoint, Caller), requests: u64) {
        let now = self.now;
        let Ok(answer) = scene.route_in(&self.workload, state, &endpoint, from) else {
            self.lost += requests;
            return;
        };
        let shares = answer.shares();
        self.tell(scene, state, (endpoint.clone(), from, false), matches!(answer, Answer::NotForCaller(_)));
        let waiting = self.waiting.entry((endpoint, from)).or_default();
        waiting.push(now, requests);
        if shares.is_empty() {
            let wakes = match &answer {
                Answer::WakeFirst(_) => true,
                Answer::NotReady(callee) => callee.status == Status::WakingUp,
                _ => false,
            };
            self.lost += waiting.expire(if wakes { self.spec.patience } else { Duration::ZERO }, now);
            return;
        }
        for (came, requests) in waiting.drain() {
            for share in &shares {
                let part = requests / 100 * u64::from(share.percent);
                self.served.entry(share.deployment).or_default().receive(came, part);
            }
        }
    }

    /// Notes that callers are cut from an endpoint, or are not any more.
    fn tell(&mut self, scene: &Workspace, state: &State, about: (Endpoint, Caller, bool), is_cut: bool) {
        let way = state.endpoint_name(&about.0);
        let callers = about.1.map_or("unknown callers".to_owned(), |country| {
            format!("callers from {}", scene.catalog().country_code(country))
        });
        if is_cut != self.cut.contains(&about) {
            let what = if is_cut { "have no route to" } else { "have a route again to" };
            self.series.note(self.now.since(self.start), format!("{callers} {what} {way}"));
            if is_cut {
                self.cut.insert(about)
            } else {
                self.cut.remove(&about)
            };
        }
    }

    /// Tells every rollout what is seen of it.
    fn judge(&mut self, scene: &mut Workspace) {
        let Ok(state) = scene.state_of(&self.workload) else { return };
        let candidates: Vec<_> =
            state.slots().filter_map(|(_, slot)| Some((slot.holder, slot.promotion.as_ref()?.candidate))).collect();
        for (holder, candidate) in candidates {
            if state.rollout_by(candidate).is_none() {
                continue;
            }
            let ready = |number| self.replicas.ready(number, self.now);
            let shown = self.shown(&state, candidate);
            let served = self.served.entry(candidate).or_default();
            let sight = Sight {
                old: holder.map_or(0, ready),
                new: self.replicas.ready(candidate, self.now),
                requests: served.answered / 1000,
                summary: Some(served.summary(self.now, &shown)),
                forbidden: Vec::new(),
                no_room: None,
            };
            self.act(scene, Action::Advance { candidate, sight: Box::new(sight) });
        }
    }

    /// Scales whatever scales by itself, and wakes what is called and does not.
    fn scale(&mut self, scene: &mut Workspace) {
        let Ok(state) = scene.state_of(&self.workload) else { return };
        for record in state.deployments() {
            let number = record.number;
            let waiting = record.status == Status::ScaledToZero && self.is_called(&state, number);
            if record.autoscaler().is_none() {
                if waiting {
                    self.act(scene, Action::Wake(number));
                }
                continue;
            }
            let Some(served) = self.served.get(&number) else { continue };
            let Some(window) = served.window() else { continue };
            let load = Load {
                ready: self.replicas.ready(number, self.now),
                window,
                waiting,
                buffered_since: served.quiet_since,
            };
            let memory = self.memories.entry(number).or_default();
            scene.jump_to(self.now);
            match scene.autoscale(self.now, &self.workload, number, memory, &load) {
                Ok(effects) => self.take(scene, self.now, &effects),
                Err(refusal) => self.refused(&refusal),
            }
        }
    }

    /// Whether some endpoint's requests wait for a deployment to wake.
    fn is_called(&self, state: &State, number: Number) -> bool {
        let called = self.traffic.iter().filter(|(_, per_second)| **per_second > 0).map(|((endpoint, _), _)| endpoint);
        called
            .into_iter()
            .any(|endpoint| matches!(state.route(endpoint), Answer::WakeFirst(callee) if callee.deployment == number))
    }

    /// Decides for each environment with traffic where its requests go.
    fn offload(&mut self, scene: &Workspace) {
        let Ok(state) = scene.state_of(&self.workload) else { return };
        for environment in self.environments() {
            let Some(holder) = state.holder(environment.as_str()) else { continue };
            let Some(offloading) = &holder.settings.offloading else { continue };
            let ready = self.replicas.ready(holder.number, self.now);
            let shown = self.shown(&state, holder.number);
            let served = self.served.entry(holder.number).or_default();
            let readings: Vec<_> = offloading.metrics.iter().map(|spec| served.reading(spec, ready, &shown)).collect();
            let requests = Some(self.requested(&environment));
            let side = self.sides.entry(environment.clone()).or_default();
            let local = Local { ready: ready > 0, readings: &readings, requests };
            let decided = scene.offload_live(&self.workload, holder.number, side, self.now, &local);
            let Ok(Some(offloaded)) = decided else { continue };
            for from in self.callers_of(&environment) {
                let bound = scene.offload_live_for(&self.workload, holder.number, &offloaded, from);
                let Ok(Offloaded { routing, .. }) = bound else { continue };
                let part = routing.remote.map_or(0, |(_, percent)| percent);
                self.remote.insert((environment.clone(), from), part);
                let is_cut = routing.why == Why::NoRoute && offloaded.routing.why != Why::NoRoute;
                self.tell(scene, &state, (Endpoint::Environment(environment.clone()), from, true), is_cut);
            }
            let fleet = scene.inventory().fleet();
            let named = offloaded.remotes.first().and_then(|pair| fleet.names(*pair));
            let before = self.offloaded.remove(&environment);
            if let (Some((_, percent)), Some((cluster, ..))) = (offloaded.routing.remote, named) {
                self.offloaded.insert(environment.clone(), (cluster.to_string(), percent));
            }
            if before != self.offloaded.get(&environment).cloned() {
                let words = offloading_in_words(&environment, self.offloaded.get(&environment), offloaded.routing.why);
                self.series.note(self.now.since(self.start), words);
            }
        }
    }

    /// All requests to an environment, in thousandths a second; those that are offloaded among them.
    fn requested(&self, environment: &Name) -> u64 {
        let called = self.traffic.iter().filter(|((endpoint, _), _)| is_of(endpoint, environment));
        called.map(|(_, per_second)| u64::from(*per_second) * 1000).sum()
    }

    /// The countries that requests to an environment come from.
    fn callers_of(&self, environment: &Name) -> Vec<Caller> {
        let called = self.traffic.keys().filter(|(endpoint, _)| is_of(endpoint, environment));
        called.map(|(_, from)| *from).collect()
    }

    /// The environments with traffic.
    fn environments(&self) -> Vec<Name> {
        let named = |(endpoint, _): &(Endpoint, Caller)| match endpoint {
            Endpoint::Environment(name) => Some(name.clone()),
            _ => None,
        };
        self.traffic.keys().filter_map(named).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Notes what there is for the chart.
    fn note(&mut self, scene: &Workspace) {
        let Ok(state) = scene.state_of(&self.workload) else { return };
        let endpoint = self.environments().into_iter().next().map_or(Endpoint::Workload, Endpoint::Environment);
        let shares = state.route(&endpoint).shares();
        for record in state.deployments() {
            let share = shares.iter().find(|share| share.deployment == record.number);
            let point = Point {
                at: millis(self.now.since(self.start)),
                replicas: record.running(),
                ready: self.replicas.ready(record.number, self.now),
                percent: share.map_or(0, |share| share.percent),
            };
            let line = self.lines.get(&record.number).copied();
            self.lines.insert(record.number, self.series.add(line, record.name.as_str(), point));
        }
    }

    /// What the version of a deployment shows.
    fn shown(&self, state: &State, number: Number) -> Shown {
        let version = state.deployment(number).and_then(|record| record.version.as_deref());
        version.and_then(|version| self.shown.get(version)).cloned().unwrap_or_default()
    }
}

fn is_of(endpoint: &Endpoint, environment: &Name) -> bool {
    matches!(endpoint, Endpoint::Environment(name) if name == environment)
}

fn offloading_in_words(environment: &Name, to: Option<&(String, u8)>, why: Why) -> String {
    match (to, why) {
        (Some((cluster, percent)), _) => format!("{percent}% of {environment} goes to {cluster}"),
        (None, Why::LoadedWithoutRemote) => format!("{environment} would be offloaded, and may go nowhere"),
        (None, Why::NoRoute) => format!("{environment} has no route"),
        (None, _) => format!("{environment} is served here again"),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
