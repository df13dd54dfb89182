//! Several planners on one log, with crashes, lost and doubled appends, late observations and clocks that are wrong (W3).
//!
//! All of it follows from a seed: a failure names it, and the step.

use std::collections::BTreeMap;

use serde_json::Value;
use siting::inventory::{Owner, ReservationId};
use siting::lifecycle::{Action, Effect, Number, Observation};
use siting::manifest::Kind;
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{
    Applied, AttachmentPoint, ChangeStep, Changed, EntryError, LogEntry, Workspace, WorkspaceChange, WorkspaceState,
};

use super::support::{self, CLUSTERS, document, life, push, put, reserve, text};

const PLANNERS: usize = 3;
/// The most entries that the log holds before all planners begin anew from what is kept of one.
const LONGEST: usize = 400;

/// What a planner, a store or a kept state does wrong, in the second half of a run. Each must be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    /// A planner reads past an entry.
    ReadsPast,
    /// A planner that lost the race appends all the same.
    DoesNotRebase,
    /// After a crash there is what was kept before the last entries.
    RestoresTooOld,
    /// An entry claims more replicas than were decided.
    ClaimsMore,
    /// What is kept lacks a reservation.
    LosesAReservation,
    /// What is kept gives a life's reservation to another.
    ChangesAnOwner,
    /// What is kept lacks the last of a life's commands.
    LosesACommand,
    /// A planner carries out at another moment than the log says.
    ChangesAMoment,
}

impl Fault {
    const ALL: [Self; 8] = [
        Self::ReadsPast,
        Self::DoesNotRebase,
        Self::RestoresTooOld,
        Self::ClaimsMore,
        Self::LosesAReservation,
        Self::ChangesAnOwner,
        Self::LosesACommand,
        Self::ChangesAMoment,
    ];

    /// What is kept, spoilt.
    fn spoil_state(self, kept: &str) -> String {
        let mut state: Value = serde_json::from_str(kept).unwrap();
        let life = state["lives"].as_array_mut().unwrap().iter_mut().find(|life| life["held"][0].is_object());
        match (self, life) {
            (Self::LosesAReservation, _) => drop(state["reservations"].as_array_mut().unwrap().pop()),
            (Self::ChangesAnOwner, Some(life)) => life["held"][0]["reservation"]["owner"] = "model/x/x-77".into(),
            (Self::LosesACommand, Some(life)) => drop(life["journal"]["entries"].as_array_mut().unwrap().pop()),
            _ => {}
        }
        state.to_string()
    }

    /// An entry of the log, spoilt.
    fn spoil_entry(self, text: &str) -> String {
        let mut entry: Value = serde_json::from_str(text).unwrap();
        if self == Self::ChangesAMoment {
            entry["at"] = (entry["at"].as_u64().unwrap() + 1).into();
        }
        let place = entry.pointer_mut("/change/steps/0/decided/command/placements/0/places/0");
        if let (Self::ClaimsMore, Some(place)) = (self, place) {
            place["replicas"] = (place["replicas"].as_u64().unwrap() + 1).into();
        }
        entry.to_string()
    }
}

/// Numbers that follow from a seed: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// `least`, or up to `more - 1` more.
    fn few(&mut self, least: u32, more: u64) -> u32 {
        least + u32::try_from(self.below(more)).unwrap()
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

/// A planner: its workspace, and how far it has read the log.
struct Planner {
    workspace: Workspace,
    read: usize,
    clock: u64,
    /// What was kept of it some time ago.
    older: String,
}

/// What somebody wants: much of it is refused.
fn wish(random: &mut Random, workspace: &Workspace, now: Moment) -> WorkspaceChange {
    let cluster = random.one_of(&["berlin", "paris", "rome"]);
    let name = random.one_of(&["x", "y"]);
    let life = life(workspace, name);
    let command = |action| support::command(name, action);
    let numbers: Vec<Number> =
        workspace.life(&life).into_iter().flat_map(|life| life.state().deployments().map(|one| one.number)).collect();
    let number = match numbers.as_slice() {
        [] => Number::new(1),
        all => all[usize::try_from(random.below(all.len() as u64)).unwrap()],
    };
    match random.below(18) {
        0 => {
            let country = if cluster == "paris" { "fr" } else { "de" };
            put(&support::cluster(cluster, country, random.few(1, 4), random.few(4, 8)))
        }
        1 => WorkspaceChange::new().set_nodes(cluster, "p", random.few(1, 4)),
        2 => WorkspaceChange::new().remove(Kind::Cluster, cluster),
        3 => {
            let healthy = !random.one_in(3);
            WorkspaceChange::new().then(ChangeStep::SetHealthy { cluster: cluster.into(), healthy })
        }
        4 => {
            let at = AttachmentPoint::Environment("production".to_owned());
            match random.one_in(2) {
                true => WorkspaceChange::new().attach(at, "only-de", Enforcement::Enforce),
                false => WorkspaceChange::new().detach(at, "only-de"),
            }
        }
        5 => {
            let country = random.one_of(&["de", "fr"]);
            let spec = format!("{{type: location, locations: [{{type: country, name: {country}}}]}}");
            put(&document("Policy", "only-de", &spec))
        }
        6 => reserve(cluster, random.few(1, 6)),
        7 => {
            let held: Vec<ReservationId> = workspace.inventory().reservations().collect();
            let any = random.below(1 + held.len() as u64);
            let id = held.get(usize::try_from(any).unwrap()).copied().unwrap_or(ReservationId::new(any));
            WorkspaceChange::new().then(ChangeStep::Release(id))
        }
        8 => {
            let (cpu, replicas) = (random.few(1, 6), random.few(1, 3));
            push(name, cpu, replicas)
        }
        9 => command(Action::Scale { deployment: number, replicas: random.few(1, 4) }),
        10 if random.one_in(3) => command(Action::Deactivate(number)),
        11 if random.one_in(3) => command(Action::Delete(number)),
        12 => command(Action::Move(number)),
        // What settles a loss or a violation, where there is one.
        13 | 14 => {
            let losses = workspace.losses(now).into_iter().filter_map(|loss| Some((loss.action()?, loss.workload)));
            let violations = workspace.violations(now).into_iter();
            let violations = violations.filter_map(|violation| Some((violation.action()?, violation.workload)));
            let all: Vec<_> = losses.chain(violations).collect();
            match all.get(usize::try_from(random.below(all.len().max(1) as u64)).unwrap()) {
                Some((action, life)) => support::command(life.name.as_str(), action.clone()),
                None => command(Action::Replace(number)),
            }
        }
        _ => {
            // What is awaited; late, early or doubled at times.
            let desired = workspace.life(&life).map(|life| life.state().desired()).unwrap_or_default();
            let of = desired.deployments.iter().find(|one| one.deployment == number);
            let (generation, awaits) = of.map_or((1, None), |of| (of.generation, of.awaits));
            let generation = if random.one_in(8) { generation.saturating_sub(1) } else { generation };
            let observation = match awaits {
                Some(awaited) if !random.one_in(8) => awaited,
                _ => Observation::Ready,
            };
            command(Action::Observe { deployment: number, generation, observation })
        }
    }
}

/// Nothing is overbooked, and each reservation has its owner: what is kept comes back, and says the same. Each life is what
/// its log leads to.
fn sound(workspace: &Workspace, what: &str) {
    let written = text(workspace);
    let restored = Workspace::restore(WorkspaceState::from_json(&written).unwrap());
    let restored = restored.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(text(&restored), written, "{what}");
    let inventory = workspace.inventory();
    let mut of_lives: Vec<_> = workspace.reserved_by_lives().collect();
    of_lives.sort();
    let mut owned: Vec<_> = inventory.reservations().filter(|&id| inventory.owner(id) != Some(&Owner::Host)).collect();
    owned.sort();
    assert_eq!(owned, of_lives, "{what}: W5");
    for (_, journal) in workspace.lives() {
        assert_eq!(&journal.replay().unwrap(), journal.state(), "{what}: L12");
    }
}

/// Runs so many steps; returns how often each thing came about.
fn run(seed: u64, steps: u64, fault: Option<Fault>) -> BTreeMap<&'static str, u64> {
    let mut random = Random(seed | 1);
    let mut told: BTreeMap<&'static str, u64> = BTreeMap::new();
    let production = document("Environment", "production", "{}");
    let mut begun: Workspace = format!("{CLUSTERS}{production}").parse().unwrap();
    let mut log: Vec<String> = Vec::new();
    let begins =
        |workspace: &Workspace| Planner { workspace: workspace.clone(), read: 0, clock: 0, older: text(workspace) };
    let mut planners: Vec<Planner> = (0..PLANNERS).map(|_| begins(&begun)).collect();
    for step in 0..steps {
        let what = format!("seed {seed}, step {step}");
        let at = usize::try_from(random.below(PLANNERS as u64)).unwrap();
        let planner = &mut planners[at];
        // The last planner is at fault.
        let fault = fault.filter(|_| step > steps / 2 && at == PLANNERS - 1);
        let is = |one: Fault| fault == Some(one);
        // Clocks go on, stand still, and go back.
        planner.clock = match random.below(8) {
            0 => planner.clock.saturating_sub(random.below(10_000)),
            1 => planner.clock,
            _ => planner.clock + random.below(5_000),
        };
        if random.one_in(4) {
            if is(Fault::ReadsPast) && planner.read < log.len() {
                planner.read += 1;
            }
            catch_up(planner, &log, &mut told, &what);
        }
        if random.one_in(40) {
            // A crash: what was kept is all there is.
            let kept = text(&planner.workspace);
            let kept = match fault {
                Some(Fault::RestoresTooOld) => std::mem::take(&mut planner.older),
                Some(fault) => fault.spoil_state(&kept),
                None => kept,
            };
            planner.workspace = Workspace::restore(WorkspaceState::from_json(&kept).unwrap()).unwrap();
            planner.older = text(&planner.workspace);
            *told.entry("crashes").or_default() += 1;
        }
        let mut now = planner.clock;
        let mut change = wish(&mut random, &planner.workspace, Moment::from_millis(now));
        if random.one_in(50) {
            // A clock that jumps by days is refused, unless that is said.
            now += 200_000_000;
            if random.one_in(2) {
                change = change.allow_jump();
                *told.entry("jumps").or_default() += 1;
            }
        }
        let key = format!("{seed}-{step}");
        let prepared = planner.workspace.prepare(Moment::from_millis(now), &key, change);
        let mut entry = match prepared {
            Ok(Some(entry)) => entry,
            Ok(None) => continue,
            Err(_) => {
                *told.entry("refused").or_default() += 1;
                continue;
            }
        };
        // The store takes what follows its head; who lost the race catches up, and rebases or gives up.
        if planner.read < log.len() && !is(Fault::DoesNotRebase) {
            *told.entry("races").or_default() += 1;
            catch_up(planner, &log, &mut told, &what);
            match planner.workspace.rebase(&entry) {
                Ok(rebased) => entry = rebased,
                // Others have taken what it wants, or done it.
                Err(EntryError::Refused(_) | EntryError::Nothing) => {
                    *told.entry("given up").or_default() += 1;
                    continue;
                }
                Err(error) => panic!("{what}: {error}"),
            }
        }
        if random.one_in(12) {
            // The append is lost: nothing has happened.
            *told.entry("lost").or_default() += 1;
            continue;
        }
        let written = entry.to_json();
        match fault {
            Some(Fault::ClaimsMore) => log.push(Fault::ClaimsMore.spoil_entry(&written)),
            Some(Fault::ChangesAMoment) => {
                log.push(written);
                let other = LogEntry::from_json(&Fault::ChangesAMoment.spoil_entry(&entry.to_json())).unwrap();
                planner.workspace.apply(&other).unwrap();
                planner.read = log.len();
            }
            _ => log.push(written),
        }
        if random.one_in(12) {
            // The host was not sure, and appended it again.
            log.push(entry.to_json());
            *told.entry("doubled").or_default() += 1;
        }
        catch_up(planner, &log, &mut told, &what);
        if random.one_in(50) {
            sound(&planner.workspace, &what);
        }
        if log.len() > LONGEST {
            settle(&mut planners, &log, &mut told, &what);
            // A whole log from the start comes to what the planners have.
            let mut replayed = begins(&begun);
            catch_up(&mut replayed, &log, &mut told, &what);
            assert_eq!(replayed.workspace.state().to_json(), planners[0].workspace.state().to_json(), "{what}");
            // What has been is forgotten, but for a little; so what is kept does not grow.
            let mut compacted = replayed.workspace;
            let _ = compacted.change(compacted.last_moment().unwrap(), WorkspaceChange::new().compact(20)).unwrap();
            sound(&compacted, &what);
            for planner in &mut planners {
                planner.workspace = compacted.clone();
            }
            begun = compacted;
            log.clear();
            planners.iter_mut().for_each(|planner| planner.read = 0);
        }
    }
    let end = format!("seed {seed}, the end");
    settle(&mut planners, &log, &mut told, &end);
    desired_is_reached(planners.swap_remove(0).workspace, &end);
    told
}

fn catch_up(planner: &mut Planner, log: &[String], told: &mut BTreeMap<&'static str, u64>, what: &str) {
    for written in &log[planner.read..] {
        let entry = LogEntry::from_json(written).unwrap();
        match planner.workspace.apply(&entry) {
            Ok(Applied::Now(changed)) => {
                starts_are_allowed(&planner.workspace, entry.at(), &changed, what);
                *told.entry("applied").or_default() += 1;
            }
            Ok(_) => *told.entry("known").or_default() += 1,
            Err(error) => panic!("{what}: {error}"),
        }
    }
    planner.read = log.len();
}

/// Nothing is started where its policies do not let it run.
fn starts_are_allowed(workspace: &Workspace, now: Moment, changed: &Changed, what: &str) {
    let starts = changed.effects.iter().filter_map(|(life, effect)| match effect {
        Effect::Start { deployment, places, .. } => Some((life, *deployment, places)),
        _ => None,
    });
    for (life, number, places) in starts {
        let illegal = workspace.violations(now).into_iter();
        let illegal = illegal.filter(|found| found.workload == *life && found.deployment == number);
        let illegal: Vec<_> = illegal.flat_map(|found| found.places).collect();
        assert!(places.iter().all(|place| illegal.iter().all(|other| !other.is_at(place))), "{what}: {illegal:?}");
    }
}

/// When nothing goes wrong any more, what should be is reached: the host tells what is awaited, and nothing is left to await.
fn desired_is_reached(mut workspace: Workspace, what: &str) {
    let now = workspace.last_moment().unwrap_or_default();
    for _ in 0..10_000 {
        let desired: Vec<_> = workspace.desired().map(|(life, desired)| (life.clone(), desired)).collect();
        let mut awaited = desired.iter().flat_map(|(life, desired)| {
            desired.deployments.iter().filter_map(move |one| Some((life, one.deployment, one.generation, one.awaits?)))
        });
        let Some((life, deployment, generation, observation)) = awaited.next() else { return };
        let told = Action::Observe { deployment, generation, observation };
        if workspace.carry_out(now, life, told).is_err() {
            // What finds no room did not start.
            let failed = Action::Observe { deployment, generation, observation: Observation::Failed };
            workspace.carry_out(now, life, failed).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        }
    }
    panic!("{what}: something is awaited for ever");
}

/// All planners read the whole log, and have the same.
fn settle(planners: &mut [Planner], log: &[String], told: &mut BTreeMap<&'static str, u64>, what: &str) {
    planners.iter_mut().for_each(|planner| catch_up(planner, log, told, what));
    let states: Vec<_> = planners.iter().map(|planner| planner.workspace.state().to_json()).collect();
    assert!(states.windows(2).all(|pair| pair[0] == pair[1]), "{what}: the planners differ");
    sound(&planners[0].workspace, what);
}

/// W3: whatever goes wrong, planners that have read the same log have the same workspace, in which nothing is
/// overbooked.
#[test]
fn w3_planners_of_one_log_agree() {
    for seed in 1..4 {
        let told = run(seed, 300, None);
        for what in ["applied", "refused", "races", "lost", "doubled", "known"] {
            assert!(told.get(what).is_some_and(|count| *count > 0), "seed {seed} tries no {what}: {told:?}");
        }
    }
}

/// W3: what a planner, a store or a kept state does wrong is found.
#[test]
fn w3_planted_faults_are_found() {
    for fault in Fault::ALL {
        let found = (1..4).any(|seed| std::panic::catch_unwind(|| run(seed, 300, Some(fault))).is_err());
        assert!(found, "{fault:?} is not found");
    }
}

mod random {
    /// The same for long. `SITING_PLANNER_STEPS` says for how long.
    #[test]
    fn w3_planners_of_one_log_agree_for_long() {
        let steps = std::env::var("SITING_PLANNER_STEPS").ok().and_then(|steps| steps.parse().ok());
        let told = super::run(2026, steps.unwrap_or(5_000), None);
        println!("{told:?}");
    }
}
