//! One transition in the making: the moves that all commands are made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::id::Name;
use crate::lifecycle::effects::{Effect, Notice};
use crate::lifecycle::placements::{Answers, PlacementRequest, Purpose};
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{
    Capability, Event, Number, Place, Record, Role, Settings, Site, Slot, State, Status, Tombstone,
};
use crate::policy::Environment;
use crate::time::Moment;

/// How long a build may take, and how long a start.
pub const START_DEADLINE: Duration = Duration::from_secs(3600);

/// A state on its way to the next. It is thrown away where a command is refused, so a step may leave
/// it halfway.
pub(in crate::lifecycle) struct Step<'a> {
    pub(in crate::lifecycle) state: &'a mut State,
    pub(in crate::lifecycle) now: Moment,
    pub(in crate::lifecycle) answers: Answers<'a>,
    pub(in crate::lifecycle) effects: Vec<Effect>,
}

impl<'a> Step<'a> {
    pub(in crate::lifecycle) fn new(state: &'a mut State, now: Moment, answers: Answers<'a>) -> Self {
        Self { state, now, answers, effects: Vec::new() }
    }

    pub(in crate::lifecycle) fn id(&self, number: Number) -> String {
        self.state.id(number)
    }

    pub(in crate::lifecycle) fn record(&mut self, number: Number) -> Result<&mut Record, Refusal> {
        // Asked for its refusal: whoever is not live is not among the deployments.
        self.state.live(number)?;
        let unknown = || Refusal::new("L1", "there is no such deployment").next("name one that is listed");
        self.state.deployments.get_mut(&number).map(Arc::make_mut).ok_or_else(unknown)
    }

    pub(in crate::lifecycle) fn notify(&mut self, notice: Notice) {
        self.effects.push(Effect::Notify(notice));
    }

    /// Refuses what the role may not (L2).
    pub(in crate::lifecycle) fn must(&self, number: Number, capability: Capability, next: &str) -> Result<(), Refusal> {
        self.state.live(number)?;
        let role = self.state.role(number).unwrap_or(Role::Published);
        if role.may(capability) {
            return Ok(());
        }
        let reason = format!("`{}` is the {role} deployment, which cannot: {}", self.id(number), capability.as_str());
        Err(Refusal::new("L2", reason).next(next))
    }

    /// Moves a deployment on by the table, and keeps its account.
    pub(in crate::lifecycle) fn advance(&mut self, number: Number, event: Event) -> Result<Status, Refusal> {
        let now = self.now;
        let before = self.state.live(number)?.status;
        let Some(status) = before.after(event) else {
            let refusal = Refusal::new("L8", format!("`{}` is {before}: no `{event}` follows", self.id(number)));
            return Err(refusal.next(next_step(before)));
        };
        let record = self.record(number)?;
        record.status = status;
        match (record.using_since, status.consumes()) {
            (None, true) => record.using_since = Some(now),
            (Some(since), false) => {
                record.used = record.used.saturating_add(now.since(since));
                record.using_since = None;
            }
            _ => {}
        }
        if status != before && before == Status::Building {
            // The deadline was the build's.
            record.deadline = None;
        }
        if !status.is_starting() && status != Status::Updating && !record.moving && record.starting() == 0 {
            record.deadline = None;
        }
        Ok(status)
    }

    /// Asks for places; see [`Answers::places`].
    pub(in crate::lifecycle) fn place(
        &mut self,
        number: Number,
        governors: Vec<Name>,
        replicas: u32,
        settings: &Arc<Settings>,
        keep: Vec<Place>,
    ) -> Result<Vec<Place>, Refusal> {
        let settings = Arc::clone(settings);
        self.answers.places(PlacementRequest {
            deployment: number,
            governors,
            replicas,
            settings,
            keep,
            beside: Vec::new(),
            purpose: Purpose::Place,
        })
    }

    /// The same for more replicas, beside those that stand.
    pub(in crate::lifecycle) fn place_more(
        &mut self,
        number: Number,
        governors: Vec<Name>,
        replicas: u32,
        settings: &Arc<Settings>,
        keep: Vec<Place>,
    ) -> Result<Vec<Place>, Refusal> {
        let (settings, beside) = (Arc::clone(settings), self.record(number)?.standing());
        self.answers.places(PlacementRequest {
            deployment: number,
            governors,
            replicas,
            settings,
            keep,
            beside,
            purpose: Purpose::Place,
        })
    }

    /// Starts replicas at places in a new generation, beside those that there are.
    pub(in crate::lifecycle) fn start(&mut self, number: Number, places: Vec<Place>) -> Result<(), Refusal> {
        self.start_within(number, places, START_DEADLINE)
    }

    /// The same with another deadline.
    pub(in crate::lifecycle) fn start_within(
        &mut self,
        number: Number,
        places: Vec<Place>,
        deadline: Duration,
    ) -> Result<(), Refusal> {
        let at = self.now.after(deadline);
        let record = self.record(number)?;
        record.generation += 1;
        record.deadline = Some(at);
        let generation = record.generation;
        record.emptied.clear();
        record.sites.extend(places.iter().map(|place| Site::new(place.clone(), generation)));
        self.effects.push(Effect::Start { deployment: number, generation, places });
        self.effects.push(Effect::Timer { at, deployment: number, generation });
        Ok(())
    }

    /// Starts a deployment from nothing, under the policies of its governor.
    pub(in crate::lifecycle) fn start_anew(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let settings = Arc::clone(&record.settings);
        let wanted = record.wakes_with.take().map_or(0, |wanted| wanted.min(settings.most_replicas()));
        self.start_with(number, wanted.max(settings.replicas_at_start()))
    }

    /// Starts so many replicas of a deployment from nothing.
    pub(in crate::lifecycle) fn start_with(&mut self, number: Number, wanted: u32) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (governor, settings) = (record.governor.clone(), Arc::clone(&record.settings));
        let places = self.place(number, vec![governor], wanted, &settings, Vec::new())?;
        self.start(number, places)
    }

    /// Builds a deployment in a new generation; a build has a deadline as a start has (L17).
    pub(in crate::lifecycle) fn build(&mut self, number: Number) -> Result<(), Refusal> {
        let at = self.now.after(START_DEADLINE);
        let record = self.record(number)?;
        record.generation += 1;
        record.deadline = Some(at);
        let generation = record.generation;
        self.effects.push(Effect::Build { deployment: number, generation });
        self.effects.push(Effect::Timer { at, deployment: number, generation });
        Ok(())
    }

    /// Ends a build that is under way, if there is one.
    pub(in crate::lifecycle) fn stop_build(&mut self, number: Number) -> Result<(), Refusal> {
        if self.state.live(number)?.status == Status::Building {
            self.effects.push(Effect::StopBuild { deployment: number });
        }
        Ok(())
    }

    /// Stops the replicas that `leave` picks; all that is told of them is forgotten.
    pub(in crate::lifecycle) fn stop(&mut self, number: Number, leave: impl Fn(&Site) -> bool) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (left, kept) = std::mem::take(&mut record.sites).into_iter().partition(leave);
        record.sites = kept;
        let generation = record.generation;
        self.stopped(number, generation, left);
        Ok(())
    }

    /// Says that replicas are to stop, by the generation that they were started in.
    pub(in crate::lifecycle) fn stopped(&mut self, number: Number, generation: u64, sites: Vec<Site>) {
        let mut by_start: BTreeMap<u64, Vec<Place>> = BTreeMap::new();
        for site in sites {
            by_start.entry(site.generation).or_default().push(site.place);
        }
        let stop = |(started, places)| Effect::Stop { deployment: number, generation, started, places };
        self.effects.extend(by_start.into_iter().map(stop));
    }

    /// Stops all replicas and ends what was under way with them: what is still said of them comes too
    /// late.
    pub(in crate::lifecycle) fn stop_all(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        record.generation += 1;
        record.moving = false;
        record.replacing = 0;
        record.deadline = None;
        record.settings_before = None;
        record.emptied.clear();
        self.stop(number, |_| true)
    }

    /// Takes a deployment off the list and leaves a tombstone.
    pub(in crate::lifecycle) fn bury(&mut self, number: Number) -> Result<(), Refusal> {
        self.stop_build(number)?;
        self.stop_all(number)?;
        self.advance(number, Event::Delete)?;
        let now = self.now;
        let Some(record) = self.state.deployments.remove(&number) else { return Ok(()) };
        let used = record.used_by(now);
        let (name, version, created) = (record.name.clone(), record.version.clone(), record.created);
        self.notify(Notice::Deleted { deployment: number, name: name.clone() });
        self.state.tombstones.insert(number, Tombstone { name, version, created, deleted: now, used });
        for slot in self.state.slots.values_mut() {
            if slot.holder == Some(number) {
                slot.holder = None;
            }
            if slot.previous == Some(number) {
                slot.previous = None;
            }
        }
        self.state.slots.retain(|_, slot| *slot != Slot::default());
        Ok(())
    }

    /// A deployment that is new to the workload.
    pub(in crate::lifecycle) fn admit(&mut self, newcomer: Newcomer) -> Result<Number, Refusal> {
        let number = self.state.next_number();
        let name = match newcomer.name {
            Some(name) => name,
            None if newcomer.draft => self.named(Environment::DEVELOPMENT)?,
            None => self.named(&self.id(number))?,
        };
        self.free(&name, newcomer.draft, None)?;
        let record = Record {
            number,
            name,
            version: newcomer.version,
            draft: newcomer.draft,
            governor: newcomer.governor,
            status: newcomer.status,
            generation: 0,
            settings: newcomer.settings,
            settings_before: None,
            started_with: Vec::new(),
            sites: Vec::new(),
            emptied: Vec::new(),
            moving: false,
            replacing: 0,
            wakes_with: None,
            deadline: None,
            created: self.now,
            used: Duration::ZERO,
            using_since: Some(self.now),
        };
        self.state.next += 1;
        self.state.deployments.insert(number, Arc::new(record));
        Ok(number)
    }

    pub(in crate::lifecycle) fn named(&self, text: &str) -> Result<Name, Refusal> {
        Name::new(text).map_err(|error| {
            Refusal::new("L1", format!("`{text}` is no name: {error}")).next("give it a name of its own")
        })
    }

    /// Refuses a name that is taken, or that nobody could address (L1).
    pub(in crate::lifecycle) fn free(&self, name: &Name, draft: bool, own: Option<Number>) -> Result<(), Refusal> {
        if name.as_str().contains('/') {
            return Err(Refusal::new("L1", format!("the name `{name}` holds a `/`")).next("leave it out"));
        }
        if draft != (name.as_str() == Environment::DEVELOPMENT) {
            let reason = "the draft's name is `development`, and no other's".to_owned();
            return Err(Refusal::new("L1", reason).next("choose another name"));
        }
        match self.state.deployments.values().find(|other| other.name == *name && Some(other.number) != own) {
            Some(other) => {
                let reason = format!("`{}` is called `{name}` already", self.id(other.number));
                Err(Refusal::new("L1", reason).next("choose another name"))
            }
            None => Ok(()),
        }
    }
}

/// A deployment before it has a number.
pub(in crate::lifecycle) struct Newcomer {
    pub(in crate::lifecycle) name: Option<Name>,
    pub(in crate::lifecycle) version: Option<String>,
    pub(in crate::lifecycle) draft: bool,
    pub(in crate::lifecycle) governor: Name,
    pub(in crate::lifecycle) status: Status,
    pub(in crate::lifecycle) settings: Arc<Settings>,
}

/// What can be done about a deployment that is not where a command wants it.
pub(in crate::lifecycle) fn next_step(status: Status) -> &'static str {
    match status {
        Status::Inactive | Status::BuildStopped => "activate it first",
        Status::Deactivating => "wait until it is drained, and activate it",
        Status::BuildFailed | Status::DeployFailed | Status::Failed => "activate it to try again, or push another",
        Status::Building | Status::Deploying | Status::Loading | Status::WakingUp => "wait until it is active",
        Status::Updating => "wait until the update is done, or deactivate it",
        Status::ScaledToZero => "wake it first",
        Status::Unhealthy => "wait until it is healthy, or deactivate it",
        Status::Active => "nothing is missing: it is active",
        Status::Deleted => "push it as a new deployment",
    }
}
