//! A host for tests: it grants every placement, and brings deployments up when told.
#![allow(dead_code, reason = "each test file uses some of it")]

pub(crate) mod capacity;
pub(crate) mod host;

use siting::deployment::Scaling;
use siting::id::Name;
use siting::lifecycle::{
    Action, Answer, Change, Command, Edit, Effect, Endpoint, Journal, Number, Observation, Place, Placed,
    PlacementRequest, Push, PushKind, Refusal, Role, State, Status,
};
use siting::time::Moment;

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn place(cluster: &str, replicas: u32) -> Place {
    Place { cluster: name(cluster), pool: name("a"), flavor: "gpu:t4".into(), replicas }
}

#[track_caller]
pub(crate) fn refused(result: Result<Vec<Effect>, Refusal>, rule: &str, words: &str) {
    let refusal = result.unwrap_err();
    assert_eq!(refusal.rule, rule, "{refusal}");
    assert!(refusal.to_string().contains(words), "{refusal}");
}

pub(crate) fn scaling(min: u32, max: u32) -> Scaling {
    Scaling { enabled: true, min_replicas: Some(min), max_replicas: Some(max), ..Scaling::default() }
}

pub(crate) fn edit(deployment: Number, change: Change) -> Action {
    Action::Edit { deployment, edit: Edit { changes: vec![change] } }
}

/// Grants a request: the places there are, else all replicas in one place.
pub(crate) fn grant(request: &PlacementRequest, cluster: &str) -> Placed {
    let places = match (request.keep.is_empty(), request.replicas) {
        (true, 0) => Vec::new(),
        (true, replicas) => vec![place(cluster, replicas)],
        (false, _) => request.keep.clone(),
    };
    Placed::at(request.deployment, places)
}

/// An action with all placements it needs granted.
pub(crate) fn granted(state: &State, now: Moment, action: Action) -> Command {
    let placements = state.placements_needed(now, &action).iter().map(|request| grant(request, "paris")).collect();
    Command { action, placements }
}

/// One workload, `bert`, and a clock that ticks with every command.
pub(crate) struct Life {
    pub(crate) journal: Journal,
    pub(crate) now: u64,
}

impl Life {
    pub(crate) fn new() -> Self {
        Self { journal: Journal::new(State::new("model", name("bert"), name("production"))), now: 0 }
    }

    pub(crate) fn state(&self) -> &State {
        self.journal.state()
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment::from_millis(self.now)
    }

    pub(crate) fn act(&mut self, action: Action) -> Result<Vec<Effect>, Refusal> {
        self.now += 1000;
        let command = granted(self.state(), self.moment(), action);
        self.journal.apply(self.moment(), command)
    }

    pub(crate) fn number(&self, address: &str) -> Number {
        self.state().find(address).unwrap_or_else(|| panic!("no deployment {address}"))
    }

    pub(crate) fn see(&mut self, address: &str, observation: Observation) -> Result<Vec<Effect>, Refusal> {
        let deployment = self.number(address);
        let generation = self.state().deployment(deployment).map_or(0, |record| record.generation);
        self.act(Action::Observe { deployment, generation, observation })
    }

    /// Pushes a version under a name, and returns its number.
    pub(crate) fn push(&mut self, kind: PushKind, called: Option<&str>, version: &str) -> Number {
        let number = self.state().next_number();
        self.act(Action::Push(Push { name: called.map(name), ..Push::new(kind, version) })).unwrap();
        number
    }

    /// Brings a deployment up from wherever it is on the way.
    pub(crate) fn up(&mut self, address: &str) {
        if self.status(address) == Status::Building {
            self.see(address, Observation::Built).unwrap();
        }
        self.see(address, Observation::Ready).unwrap();
    }

    pub(crate) fn promoted(environment: &str) -> PushKind {
        PushKind::Promoted { environment: name(environment), on_replaced: None, by: None }
    }

    pub(crate) fn status(&self, address: &str) -> Status {
        self.state().deployment(self.number(address)).map_or(Status::Deleted, |record| record.status)
    }

    pub(crate) fn role(&self, address: &str) -> Role {
        self.state().role(self.number(address)).unwrap()
    }

    /// The version that a call gets, or what it gets instead.
    pub(crate) fn call(&self, endpoint: &Endpoint) -> String {
        match self.state().route(endpoint) {
            Answer::Routed(callee) => callee.version.unwrap(),
            Answer::Split(shares) => {
                let words =
                    shares.into_iter().map(|share| format!("{} {}%", share.callee.version.unwrap(), share.percent));
                words.collect::<Vec<_>>().join(", ")
            }
            Answer::WakeFirst(_) => "wake first".to_owned(),
            Answer::NotReady(callee) => format!("not ready: {}", callee.status),
            Answer::NotForCaller(callee) => format!("not for the caller: {}", callee.status),
            Answer::NotFound(cause) => format!("404: {}", cause.as_str()),
        }
    }

    pub(crate) fn environment(&self, environment: &str) -> String {
        self.call(&Endpoint::Environment(name(environment)))
    }

    pub(crate) fn called(&self, address: &str) -> String {
        self.call(&Endpoint::Deployment(self.number(address)))
    }
}
