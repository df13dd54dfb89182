//! Random walks far beyond the bounds of the exhaustive one (L12): any number of deployments, four
//! environments, edits, renames, scaling, moves; placements that are sometimes refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::support::capacity::fell_too_low;
use crate::support::{name, place};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use siting::deployment::Scaling;
use siting::lifecycle::{
    Action, Change, Command, Edit, Form, Journal, Number, Observation, PlaceSeen, Placed, PromotionStrategy, Purpose,
    Push, PushKind, Record, Requirements, Settings, Sight, State, Status,
};
use siting::policy::OnReplaced;
use siting::rollout::{self, BlueGreen, Canary, Rolling, Step, Traffic};
use siting::time::Moment;

/// Something to try: which deployment and environments are meant depends on what there is.
#[derive(Clone, Debug)]
struct Attempt {
    verb: u8,
    which: Index,
    environment: usize,
    other: usize,
    number: u32,
    cluster: usize,
    refuse: bool,
}

const ENVIRONMENTS: [&str; 4] = ["production", "development", "staging", "pilot"];
const CLUSTERS: [&str; 3] = ["paris", "oslo", "rome"];

impl Attempt {
    fn strategy() -> impl Strategy<Value = Self> {
        let refuse = prop::bool::weighted(0.1);
        (0..40_u8, any::<Index>(), 0..4_usize, 0..4_usize, 0..5_u32, 0..3_usize, refuse).prop_map(
            |(verb, which, environment, other, number, cluster, refuse)| Self {
                verb,
                which,
                environment,
                other,
                number,
                cluster,
                refuse,
            },
        )
    }

    fn settings(&self) -> Settings {
        let scaling = Scaling {
            enabled: self.number.is_multiple_of(2),
            min_replicas: Some(self.number / 2),
            max_replicas: Some(self.number),
            ..Scaling::default()
        };
        let variables = BTreeSet::from(["TOKEN".to_owned()]);
        Settings {
            replicas: Some(self.number),
            scaling: (self.cluster > 0).then_some(scaling),
            variables,
            ..Settings::default()
        }
    }

    /// How the candidate takes over, if the command says so.
    fn by(&self) -> Option<Box<PromotionStrategy>> {
        let steps = vec![Step { soak: Duration::ZERO, requests: 0, ..Step::of(50) }];
        let strategy = match self.number {
            0 => return None,
            1 => return Some(Box::new(PromotionStrategy::AtOnce)),
            2 => rollout::Strategy::Rolling(Rolling::default()),
            3 => rollout::Strategy::BlueGreen(BlueGreen { bake: Duration::ZERO, rollback_window: Duration::ZERO }),
            _ => rollout::Strategy::Canary(Canary::new(steps, Traffic::Routed { fewest: None }).unwrap()),
        };
        Some(Box::new(PromotionStrategy::By(rollout::Settings::of(strategy))))
    }

    /// What a host may see of a rollout; mostly all that was asked for.
    fn sight(&self, state: &State, candidate: Number) -> Box<Sight> {
        let running = |number| state.deployment(number).map_or(0, |record| record.running());
        let holder = state.sought_by(candidate).and_then(|sought| state.holder(sought.as_str()));
        let missing = |running: u32| if self.other == 3 { running.min(self.number) } else { running };
        let no_room = self.refuse.then(|| "nowhere is allowed".to_owned());
        let (old, new) = (holder.map_or(0, |holder| running(holder.number)), missing(running(candidate)));
        Box::new(Sight { old, new, requests: 0, summary: None, forbidden: Vec::new(), no_room })
    }

    fn action(&self, state: &State) -> Action {
        let all: Vec<Number> = (1..state.next_number().get().max(2)).map(Number::new).collect();
        let deployment = *self.which.get(&all);
        let environment = name(ENVIRONMENTS[self.environment]);
        let other = name(ENVIRONMENTS[self.other]);
        let on_replaced = [None, Some(OnReplaced::ScaleToZero), Some(OnReplaced::Deactivate)][self.cluster];
        let generation = state
            .deployment(deployment)
            .map_or(0, |record| record.generation)
            .saturating_sub(u64::from(self.number == 4));
        let push = |kind, settings| Action::Push(Push { settings: Arc::new(settings), ..Push::new(kind, "v") });
        let edit = |change| Action::Edit { deployment, edit: Edit { changes: vec![change] } };
        match self.verb {
            0 => push(PushKind::Draft, Settings::default()),
            1 => push(PushKind::Published, self.settings()),
            2 => push(PushKind::Promoted { environment, on_replaced, by: self.by() }, self.settings()),
            3 => Action::Patch { version: Some("w".to_owned()) },
            4 => Action::Promote {
                deployment,
                environment,
                name: None,
                on_replaced,
                force: self.number == 1,
                by: self.by(),
            },
            5 => Action::Release { from: environment, to: other, name: None, on_replaced, by: self.by() },
            6 => {
                let version = format!("v{}", self.number);
                Action::UpdateVersion { environment, version, name: None, on_replaced, by: self.by() }
            }
            7 => Action::RollBack { environment, on_replaced, by: self.by() },
            8 => Action::Cancel { environment },
            9 => Action::Activate(deployment),
            10 => Action::Deactivate(deployment),
            11 => Action::Wake(deployment),
            12 => Action::Idle(deployment),
            13 => Action::Scale { deployment, replicas: self.number },
            14 => edit(Change::Scaling(self.settings().scaling)),
            15 => edit(Change::Resources(Some(Requirements {
                memory: format!("{}Gi", self.number + 1).parse().unwrap(),
                ..Requirements::default()
            }))),
            16 => Action::Rename { deployment, name: name(&format!("n{}", self.number)) },
            17 => Action::Move(deployment),
            18 if self.number == 0 => Action::Delete(deployment),
            19 if self.number == 0 && self.cluster == 0 => Action::DeleteWorkload,
            20 => edit(Change::Policies(Vec::new())),
            26..=32 => {
                let candidates = state.slots().filter_map(|(_, slot)| slot.promotion.as_ref());
                let candidate = candidates.map(|promotion| promotion.candidate).next().unwrap_or(deployment);
                Action::Advance { candidate, sight: self.sight(state, candidate) }
            }
            33 => Action::Pause { environment },
            34 => Action::Resume { environment },
            35 => Action::ForceForward { environment },
            36..=39 => self.seen_by_place(state, deployment),
            verb => {
                let common = [Observation::Built, Observation::Ready, Observation::Ready, Observation::Drained];
                let observation = if verb < 24 {
                    common[usize::from(verb % 4)]
                } else {
                    Observation::ALL[(self.other * 2 + usize::from(verb % 2)) % 8]
                };
                Action::Observe { deployment, generation, observation }
            }
        }
    }

    /// How the replicas at one place are, told twice in some cases.
    fn seen_by_place(&self, state: &State, deployment: Number) -> Action {
        let record = state.deployment(deployment);
        let site = record.and_then(|record| (!record.sites.is_empty()).then(|| self.which.get(&record.sites)));
        let place = site.map_or_else(|| place(CLUSTERS[self.cluster], 1), |site| site.place.clone());
        let last = site.and_then(|site| site.seen).and_then(|seen| seen.sequence).unwrap_or(0);
        let ready = if self.other == 3 { self.number.min(place.replicas) } else { place.replicas };
        let rest = place.replicas - ready;
        let seen = PlaceSeen {
            cluster: place.cluster,
            pool: place.pool,
            flavor: place.flavor,
            sequence: last + u64::from(self.number > 0),
            ready,
            lost: if self.environment == 1 { rest } else { 0 },
            failed: if self.environment == 2 { rest } else { 0 },
        };
        Action::ObservePlace { deployment, generation: site.map_or(0, |site| site.generation), seen }
    }

    fn command(&self, state: &State, now: Moment) -> Command {
        let action = self.action(state);
        let placed = |request: siting::lifecycle::PlacementRequest| {
            if request.purpose == Purpose::Shrink {
                // Nothing is taken; the first place is on an open cluster, or on a closed one.
                let places = request.keep.into_iter().skip(self.refuse.into()).collect();
                return Placed::at(request.deployment, places);
            }
            let refusal = self.refuse.then(|| "nowhere is allowed".to_owned());
            let places = match request.replicas {
                0 => Vec::new(),
                replicas => vec![place(CLUSTERS[self.cluster], replicas)],
            };
            Placed { refusal, ..Placed::at(request.deployment, places) }
        };
        let placements = state.placements_needed(now, &action).into_iter().map(placed).collect();
        Command { action, placements }
    }
}

/// Whatever is thinkable may be tried; the reference keeps no state.
struct Anything;

impl ReferenceStateMachine for Anything {
    type State = ();
    type Transition = Attempt;

    fn init_state() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn transitions((): &()) -> BoxedStrategy<Attempt> {
        Attempt::strategy().boxed()
    }

    fn apply((): (), _: &Attempt) {}
}

/// Whether it is a candidate amid a rollout, which may take its last replica from it.
fn replaces(state: &State, record: &Record) -> bool {
    state.rollout_by(record.number).is_some()
}

struct Host {
    journal: Journal,
    now: u64,
    given: BTreeSet<Number>,
}

impl StateMachineTest for Host {
    type SystemUnderTest = Self;
    type Reference = Anything;

    fn init_test((): &()) -> Self {
        let state = State::new("model", name("m"), name("production"));
        Self { journal: Journal::new(state), now: 0, given: BTreeSet::new() }
    }

    fn apply(mut host: Self, (): &(), attempt: Attempt) -> Self {
        host.now += 1_000;
        let now = Moment::from_millis(host.now);
        let earlier = host.journal.state().clone();
        let before = serde_json::to_string(&earlier).unwrap();
        let command = attempt.command(host.journal.state(), now);
        let checked = host.journal.state().check(now, &command.action);
        let next = host.journal.state().next_number();
        let result = host.journal.apply(now, command.clone());
        let state = host.journal.state();
        match result {
            Err(refusal) => {
                assert_eq!(serde_json::to_string(state).unwrap(), before, "a refusal leaves every byte");
                assert!(refusal.rule.starts_with(['L', 'R']) && !refusal.reason.is_empty());
                assert!(refusal.next.is_some(), "L2: a refusal names the next legal step: {refusal}");
                assert!(checked.is_err() || attempt.refuse || matches!(command.action, Action::Move(_)), "{refusal}");
            }
            Ok(_) => {
                if let Some(low) = fell_too_low(&earlier, &command.action, state) {
                    panic!("{low}\nafter {command:?}\nfrom {earlier:#?}\nto {state:#?}");
                }
                if let Action::Edit { deployment, edit } = &command.action {
                    let record = state.deployment(*deployment).expect("what is edited lives");
                    let left = edit.plan(&record.settings);
                    assert!(left.changes.is_empty(), "L15: an accepted edit is not lost: {left:?}");
                }
                assert_eq!(checked, Ok(()), "what check refuses is refused: {command:?}");
                if state.next_number() > next {
                    assert!(host.given.insert(next), "an id is given once");
                }
            }
        }
        host
    }

    fn check_invariants(host: &Self, (): &()) {
        let state = host.journal.state();
        if host.now.is_multiple_of(5_000) {
            forms_agree_with_checks(state, Moment::from_millis(host.now));
        }
        assert!(state.deployments().filter(|record| record.draft).count() <= 1);
        for (environment, slot) in state.slots() {
            let governed = |number| state.deployment(number).is_some_and(|record| record.governor == *environment);
            assert!(slot.holder.is_none_or(governed));
            assert!(slot.promotion.as_ref().is_none_or(|promotion| state.deployment(promotion.candidate).is_some()));
        }
        for record in state.deployments() {
            assert!(!record.draft || record.replicas() <= 1, "the draft has one replica");
            assert!(record.sites.iter().all(|site| site.place.replicas > 0));
            let replaced = record.status == Status::Updating && state.held_by(record.number).is_some();
            assert!(
                !record.status.serves() || record.running() > 0 || replaced || replaces(state, record),
                "{record:?}"
            );
            assert!(record.status.consumes() || record.sites.is_empty());
            assert!(state.tombstone(record.number).is_none());
        }
        for endpoint in state.endpoints() {
            let shares = state.route(&endpoint).shares();
            let sum: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
            assert!(sum == 100 || shares.is_empty(), "{endpoint:?} {shares:?}");
            let answers = |number| state.deployment(number).is_some_and(|record| record.running() > 0);
            assert!(shares.iter().all(|share| answers(share.deployment)), "R3: {endpoint:?} {shares:?}");
        }
    }

    fn teardown(host: Self, (): ()) {
        assert_eq!(&host.journal.replay().unwrap(), host.journal.state());
        let text = serde_json::to_string(&host.journal.snapshot()).unwrap();
        assert_eq!(Journal::restore(serde_json::from_str(&text).unwrap()), Ok(host.journal));
    }
}

/// A form is listed if, and only if, some argument is accepted.
fn forms_agree_with_checks(state: &State, now: Moment) {
    let listed = state.legal_forms(now);
    let agree = |form: Form, accepted: bool| assert_eq!(listed.contains(&form), accepted, "{form:?} of {state:#?}");
    let accepts = |action: &Action| state.check(now, action).is_ok();
    for environment in ENVIRONMENTS.map(name) {
        let update = Action::update_version(environment.clone(), "never seen");
        agree(Form::UpdateVersion { environment }, accepts(&update));
    }
    for record in state.deployments() {
        let deployment = record.number;
        let scale = |replicas| Action::Scale { deployment, replicas };
        let scaled = (0..7).chain([record.running()]).any(|replicas| accepts(&scale(replicas)));
        agree(Form::Scale { deployment }, scaled);
        let autoscaled = (0..7).any(|replicas| accepts(&Action::Autoscale { deployment, replicas }));
        agree(Form::Autoscale { deployment }, autoscaled);
        let advance = Action::Advance { candidate: deployment, sight: Box::default() };
        agree(Form::Advance { candidate: deployment }, accepts(&advance) && !state.ignores(&advance));
        let edit = Edit { changes: vec![Change::Description(Some(format!("at {now:?}")))] };
        agree(Form::Edit { deployment }, accepts(&Action::Edit { deployment, edit }));
        agree(Form::Rename { deployment }, accepts(&Action::Rename { deployment, name: name("never-seen") }));
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_lives_are_sound(sequential 1..120 => Host);
}
