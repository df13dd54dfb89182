//! Several planners on one log, with crashes, lost and doubled appends, late observations and clocks that are wrong (W3).
//!
//! All of it follows from a seed: a failure names it, and the step.

use std::collections::BTreeMap;

use siting::inventory::{Owner, ReservationId};
use siting::lifecycle::{Action, Number, Observation};
use siting::manifest::Kind;
use siting::policy::Enforcement;
use siting::time::Moment;
use siting::workspace::{
    Applied, AttachmentPoint, ChangeStep, EntryError, LogEntry, Workspace, WorkspaceChange, WorkspaceState,
};

use super::support::{self, CLUSTERS, document, life, push, put, reserve};

const PLANNERS: usize = 3;
/// The most entries that the log holds before all planners begin anew from what is kept of one.
const LONGEST: usize = 400;

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
}

/// What somebody wants: much of it is refused.
fn wish(random: &mut Random, workspace: &Workspace) -> WorkspaceChange {
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
    match random.below(16) {
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

/// Nothing is overbooked, and each reservation has its owner: what is kept comes back, and says the same.
fn sound(workspace: &Workspace, what: &str) {
    let text = workspace.state().to_json();
    let restored = Workspace::restore(WorkspaceState::from_json(&text).unwrap());
    let restored = restored.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(restored.state().to_json(), text, "{what}");
    let inventory = workspace.inventory();
    let mut of_lives: Vec<_> = workspace.reserved_by_lives().collect();
    of_lives.sort();
    let mut owned: Vec<_> = inventory.reservations().filter(|&id| inventory.owner(id) != Some(&Owner::Host)).collect();
    owned.sort();
    assert_eq!(owned, of_lives, "{what}: W5");
}

/// Runs so many steps; returns how often each thing came about.
fn run(seed: u64, steps: u64) -> BTreeMap<&'static str, u64> {
    let mut random = Random(seed | 1);
    let mut told: BTreeMap<&'static str, u64> = BTreeMap::new();
    let production = document("Environment", "production", "{}");
    let mut begun: Workspace = format!("{CLUSTERS}{production}").parse().unwrap();
    let mut log: Vec<String> = Vec::new();
    let planner = |workspace: &Workspace| Planner { workspace: workspace.clone(), read: 0, clock: 0 };
    let mut planners: Vec<Planner> = (0..PLANNERS).map(|_| planner(&begun)).collect();
    for step in 0..steps {
        let what = format!("seed {seed}, step {step}");
        let at = usize::try_from(random.below(PLANNERS as u64)).unwrap();
        let planner = &mut planners[at];
        // Clocks go on, stand still, and go back.
        planner.clock = match random.below(8) {
            0 => planner.clock.saturating_sub(random.below(10_000)),
            1 => planner.clock,
            _ => planner.clock + random.below(5_000),
        };
        if random.one_in(4) {
            catch_up(planner, &log, &mut told, &what);
        }
        if random.one_in(40) {
            // A crash: what was kept is all there is.
            let kept = planner.workspace.state().to_json();
            planner.workspace = Workspace::restore(WorkspaceState::from_json(&kept).unwrap()).unwrap();
            *told.entry("crashes").or_default() += 1;
        }
        let change = wish(&mut random, &planner.workspace);
        let key = format!("{seed}-{step}");
        let prepared = planner.workspace.prepare(Moment::from_millis(planner.clock), &key, change);
        let mut entry = match prepared {
            Ok(Some(entry)) => entry,
            Ok(None) => continue,
            Err(_) => {
                *told.entry("refused").or_default() += 1;
                continue;
            }
        };
        // The store takes what follows its head; who lost the race catches up, and rebases or gives up.
        if planner.read < log.len() {
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
        log.push(entry.to_json());
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
            let mut replayed = Planner { workspace: begun.clone(), read: 0, clock: 0 };
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
    settle(&mut planners, &log, &mut told, &format!("seed {seed}, the end"));
    told
}

fn catch_up(planner: &mut Planner, log: &[String], told: &mut BTreeMap<&'static str, u64>, what: &str) {
    for text in &log[planner.read..] {
        let entry = LogEntry::from_json(text).unwrap();
        match planner.workspace.apply(&entry) {
            Ok(Applied::Now(_)) => *told.entry("applied").or_default() += 1,
            Ok(_) => *told.entry("known").or_default() += 1,
            Err(error) => panic!("{what}: {error}"),
        }
    }
    planner.read = log.len();
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
        let told = run(seed, 250);
        for what in ["applied", "refused", "races", "lost", "doubled", "known"] {
            assert!(told.get(what).is_some_and(|count| *count > 0), "seed {seed} tries no {what}: {told:?}");
        }
    }
}

mod random {
    /// The same for long. `SITING_PLANNER_STEPS` says for how long.
    #[test]
    fn w3_planners_of_one_log_agree_for_long() {
        let steps = std::env::var("SITING_PLANNER_STEPS").ok().and_then(|steps| steps.parse().ok());
        let told = super::run(2026, steps.unwrap_or(2_000));
        println!("{told:?}");
    }
}
