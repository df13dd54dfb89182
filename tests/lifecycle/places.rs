//! Replicas are seen one place at a time, and the fewest needed are stopped (L14).
#![cfg(feature = "manifest")]

use siting::deployment::Workload;
use siting::lifecycle::{
    Action, Change, Command, Effect, Journal, Notice, Number, Observation, Place, PlaceSeen, Placed, Purpose, PushKind,
    Status,
};
use siting::manifest::Source;
use siting::time::Moment;
use siting::workspace::{LoadOptions, Workspace};

use crate::support::{Life, edit, granted, name, place, refused};

pub(crate) fn seen(cluster: &str, sequence: u64, [ready, lost, failed]: [u32; 3]) -> PlaceSeen {
    PlaceSeen { cluster: name(cluster), pool: name("a"), flavor: "gpu:t4".into(), sequence, ready, lost, failed }
}

/// Four replicas of `bert-1`, all ready.
pub(crate) fn four() -> (Life, Number) {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.up("bert-1");
    life.act(Action::Scale { deployment: one, replicas: 4 }).unwrap();
    life.see("bert-1", Observation::Ready).unwrap();
    (life, one)
}

pub(crate) fn tell(life: &mut Life, deployment: Number, seen: PlaceSeen) -> Vec<Effect> {
    let generation = life.state().deployment(deployment).unwrap().generation;
    life.act(Action::ObservePlace { deployment, generation, seen }).unwrap()
}

fn ready(life: &Life, deployment: Number) -> (u32, u32) {
    let record = life.state().deployment(deployment).unwrap();
    (record.ready(), record.running())
}

fn stopped(effects: &[Effect]) -> Vec<Place> {
    let of = |effect: &Effect| if let Effect::Stop { places, .. } = effect { places.clone() } else { Vec::new() };
    effects.iter().flat_map(of).collect()
}

#[test]
fn l14_one_of_four_replicas_died_and_the_others_answer() {
    let (mut life, one) = four();
    tell(&mut life, one, seen("paris", 1, [3, 1, 0]));
    assert_eq!(ready(&life, one), (3, 4));
    assert_eq!((life.status("bert-1"), life.called("bert-1")), (Status::Active, "v1".to_owned()));
    // With the last one it is not well, and no call is led to it (R3); with the first that is back it is again.
    let effects = tell(&mut life, one, seen("paris", 2, [0, 4, 0]));
    assert_eq!(life.status("bert-1"), Status::Unhealthy);
    assert!(matches!(effects[..], [Effect::Unroute { .. }]));
    tell(&mut life, one, seen("paris", 3, [1, 3, 0]));
    assert_eq!((life.status("bert-1"), life.called("bert-1")), (Status::Active, "v1".to_owned()));
}

#[test]
fn l14_an_observation_with_an_equal_or_lower_number_changes_nothing() {
    let (mut life, one) = four();
    tell(&mut life, one, seen("paris", 7, [3, 1, 0]));
    let (before, logged) = (life.state().clone(), life.journal.entries().len());
    for sequence in [7, 6, 0] {
        assert_eq!(tell(&mut life, one, seen("paris", sequence, [0, 0, 4])), []);
    }
    // Nor does one of a place where nothing of it is.
    assert_eq!(tell(&mut life, one, seen("oslo", 9, [0, 0, 4])), []);
    assert_eq!((life.state(), life.journal.entries().len()), (&before, logged));
    // Nor one of a place that held replicas, after they were stopped and others started there.
    life.act(edit(one, Change::Replicas(Some(2)))).unwrap();
    let generation = before.deployment(one).unwrap().generation + 1;
    let early = Action::ObservePlace { deployment: one, generation, seen: seen("paris", 8, [2, 0, 0]) };
    refused(life.act(early), "L8", "no generation");
}

#[test]
fn l14_telling_again_what_is_so_is_no_refusal() {
    let (mut life, one) = four();
    let before = life.state().clone();
    for observation in [Observation::Ready, Observation::Healthy, Observation::Loading] {
        assert_eq!(life.see("bert-1", observation), Ok(Vec::new()));
    }
    assert_eq!(life.state(), &before);
    life.see("bert-1", Observation::Unhealthy).unwrap();
    assert_eq!(life.see("bert-1", Observation::Unhealthy), Ok(Vec::new()));
    life.see("bert-1", Observation::Ready).unwrap();
    assert_eq!((life.status("bert-1"), ready(&life, one)), (Status::Active, (4, 4)));
}

#[test]
fn l14_a_start_that_fails_beside_ready_replicas_takes_down_nothing_that_serves() {
    for by_place in [false, true] {
        let mut life = Life::new();
        let one = life.push(PushKind::Published, None, "v1");
        life.up("bert-1");
        let effects = life.act(Action::Scale { deployment: one, replicas: 3 }).unwrap();
        assert!(matches!(effects[..], [Effect::Start { .. }, Effect::Timer { .. }]), "a start has a deadline");
        assert_eq!(ready(&life, one), (1, 3));
        let effects = if by_place {
            tell(&mut life, one, seen("paris", 1, [1, 0, 2]))
        } else {
            life.see("bert-1", Observation::Failed).unwrap()
        };
        assert_eq!(stopped(&effects), [place("paris", 2)]);
        assert!(effects.contains(&Effect::Notify(Notice::Failed { deployment: one })));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Unroute { .. })));
        assert_eq!((life.status("bert-1"), ready(&life, one)), (Status::Active, (1, 1)));
        assert_eq!(life.state().deployment(one).unwrap().deadline, None);
        // It can be tried again.
        life.act(Action::Scale { deployment: one, replicas: 3 }).unwrap();
        life.see("bert-1", Observation::Ready).unwrap();
        assert_eq!(ready(&life, one), (3, 3));
    }
}

#[test]
fn l14_the_first_ready_replica_answers_and_the_others_go_on_starting() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.act(edit(one, Change::Replicas(Some(3)))).unwrap();
    life.see("bert-1", Observation::Built).unwrap();
    tell(&mut life, one, seen("paris", 1, [1, 0, 0]));
    assert_eq!((life.status("bert-1"), ready(&life, one)), (Status::Active, (1, 3)));
    assert!(life.state().deployment(one).unwrap().deadline.is_some(), "two are starting");
    tell(&mut life, one, seen("paris", 2, [2, 0, 1]));
    assert_eq!((life.status("bert-1"), ready(&life, one)), (Status::Active, (2, 2)));
    // Where all fail, the start has failed.
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.see("bert-1", Observation::Built).unwrap();
    tell(&mut life, one, seen("paris", 1, [0, 0, 1]));
    assert_eq!(life.status("bert-1"), Status::DeployFailed);
}

#[test]
fn l14_a_restart_ends_when_all_new_replicas_are_ready_and_fails_with_the_first() {
    for failed in [false, true] {
        let (mut life, one) = four();
        let resources = siting::lifecycle::Requirements { cpu: "1".parse().unwrap(), ..Default::default() };
        life.act(edit(one, Change::Resources(Some(resources)))).unwrap();
        assert_eq!(life.status("bert-1"), Status::Updating);
        tell(&mut life, one, seen("paris", 1, [3, 0, 0]));
        assert_eq!((life.status("bert-1"), ready(&life, one)), (Status::Updating, (4, 4)));
        let last = if failed { [3, 0, 1] } else { [4, 0, 0] };
        let effects = tell(&mut life, one, seen("paris", 2, last));
        assert_eq!(stopped(&effects), [place("paris", 4)]);
        assert_eq!((life.status("bert-1"), ready(&life, one)), (Status::Active, (4, 4)));
        assert_eq!(life.state().deployment(one).unwrap().settings.resources.is_some(), !failed);
    }
}

/// L14, L8: old and new replicas of a restart may be at one place, so an effect says which of them stop.
#[test]
fn l14_what_stops_is_told_by_the_generation_that_it_was_started_in() {
    for failed in [false, true] {
        let (mut life, one) = four();
        let old = life.state().deployment(one).unwrap().generation;
        let resources = siting::lifecycle::Requirements { cpu: "1".parse().unwrap(), ..Default::default() };
        life.act(edit(one, Change::Resources(Some(resources)))).unwrap();
        let seen = seen("paris", 1, if failed { [0, 0, 4] } else { [4, 0, 0] });
        let effects = tell(&mut life, one, seen);
        let started = effects.iter().find_map(|effect| match effect {
            Effect::Stop { started, .. } => Some(*started),
            _ => None,
        });
        assert_eq!(started, Some(if failed { old + 1 } else { old }));
    }
}

/// L14: a patch leaves the draft's replica where it is; what is told of that place is of the patch.
#[test]
fn l14_a_patch_is_seen_by_place() {
    for (told, then) in [([1, 0, 0], Status::Active), ([0, 0, 0], Status::Updating), ([0, 0, 1], Status::DeployFailed)]
    {
        let mut life = Life::new();
        let draft = life.push(PushKind::Draft, None, "v1");
        life.up("development");
        life.act(Action::Patch { version: None }).unwrap();
        tell(&mut life, draft, seen("paris", 1, told));
        assert_eq!(life.status("development"), then, "{told:?}");
    }
}

/// L14, R3: a candidate that lost all its replicas in a rollout is led nothing, and is not said to be active.
#[test]
fn l14_a_candidate_that_lost_all_its_replicas_is_not_well() {
    let (mut life, one) = four();
    life.act(Action::promote(one, name("production"))).unwrap();
    let two = life.state().next_number();
    life.act(Action::update_version(name("production"), "v2")).unwrap();
    life.see("bert-2", Observation::Built).unwrap();
    tell_all(&mut life, two, 1, true);
    for _ in 0..2 {
        let sight = siting::lifecycle::Sight { old: 4, ..Default::default() };
        life.act(Action::Advance { candidate: two, sight: Box::new(sight) }).unwrap();
    }
    assert!(life.environment("production").contains("v2"), "{}", life.environment("production"));
    tell_all(&mut life, two, 2, false);
    assert_eq!((life.status("bert-2"), life.environment("production")), (Status::Unhealthy, "v1".to_owned()));
    tell_all(&mut life, two, 3, true);
    assert_eq!(life.status("bert-2"), Status::Active);
    assert!(life.environment("production").contains("v2"));
}

/// Tells of every place of a deployment that all its replicas are ready, or lost.
pub(crate) fn tell_all(life: &mut Life, deployment: Number, sequence: u64, well: bool) {
    for site in life.state().deployment(deployment).unwrap().sites.clone() {
        let Place { cluster, pool, flavor, replicas } = site.place;
        let (ready, lost) = if well { (replicas, 0) } else { (0, replicas) };
        let seen = PlaceSeen { cluster, pool, flavor, sequence, ready, lost, failed: 0 };
        life.act(Action::ObservePlace { deployment, generation: site.generation, seen }).unwrap();
    }
}

/// L14, L15: at once, a candidate takes over as soon as it has as many ready replicas as the holder, and where
/// nobody holds the environment, with the first.
#[test]
fn l14_a_candidate_takes_over_once_it_carries_what_the_holder_did() {
    let mut life = Life::new();
    let one = life.push(Life::promoted("production"), None, "v1");
    life.act(edit(one, Change::Replicas(Some(3)))).unwrap();
    life.see("bert-1", Observation::Built).unwrap();
    assert_eq!(life.environment("production"), "404: no-holder");
    tell(&mut life, one, seen("paris", 1, [1, 0, 0]));
    assert_eq!(life.environment("production"), "v1");
    tell(&mut life, one, seen("paris", 2, [2, 0, 1]));
    assert_eq!(ready(&life, one), (2, 2));
    let two = life.push(Life::promoted("production"), None, "v2");
    life.act(edit(two, Change::Replicas(Some(4)))).unwrap();
    life.see("bert-2", Observation::Built).unwrap();
    for (sequence, ready, answers) in [(1, 1, "v1"), (2, 2, "v2"), (3, 4, "v2")] {
        tell(&mut life, two, seen("paris", sequence, [ready, 0, 0]));
        assert_eq!(life.environment("production"), answers, "{ready} ready");
    }
}

#[test]
fn l14_shrinking_stops_the_closed_then_the_not_ready_then_the_worst() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.act(edit(one, Change::Replicas(Some(6)))).unwrap();
    let generation = life.state().deployment(one).unwrap().generation;
    let built = Action::Observe { deployment: one, generation, observation: Observation::Built };
    let places = vec![place("paris", 2), place("oslo", 2), place("rome", 2)];
    let placements = vec![Placed::at(one, places)];
    life.journal.apply(life.moment(), Command { action: built, placements }).unwrap();
    life.see("bert-1", Observation::Ready).unwrap();
    tell(&mut life, one, seen("paris", 1, [1, 1, 0]));
    let ask = |life: &Life, replicas| {
        let action = Action::Scale { deployment: one, replicas };
        let asked = life.state().placements_needed(life.moment(), &action);
        assert!(matches!(&asked[..], [only] if only.purpose == Purpose::Shrink && only.replicas == replicas));
        action
    };
    // What an answer keeps, it has: nothing elsewhere, no other number, and no refusal.
    let answers = [
        (vec![place("bern", 2)], None, "keeps 2 replicas on cluster `bern`"),
        (vec![place("oslo", 3)], None, "keeps 3 replicas on cluster `oslo`"),
        (Vec::new(), Some("no room".to_owned()), "a refusal: no room"),
    ];
    for (places, refusal, words) in answers {
        let command =
            Command { action: ask(&life, 5), placements: vec![Placed { refusal, ..Placed::at(one, places) }] };
        refused(life.journal.apply(life.moment(), command), "L12", words);
    }
    // Rome is closed, and oslo better than paris: rome's two go first, then the lost one, then the worst.
    for (replicas, paris, gone) in
        [(5, 2, place("rome", 1)), (4, 2, place("rome", 1)), (3, 2, place("paris", 1)), (2, 1, place("paris", 1))]
    {
        let action = ask(&life, replicas);
        let places = vec![place("oslo", 2), place("paris", paris)];
        let command = Command { action, placements: vec![Placed::at(one, places)] };
        let effects = life.journal.apply(life.moment(), command).unwrap();
        assert_eq!(stopped(&effects), [gone]);
    }
    assert_eq!(ready(&life, one), (2, 2));
    // It takes nothing, so it needs no answer.
    let action = ask(&life, 1);
    assert_eq!(stopped(&life.journal.apply(life.moment(), action.into()).unwrap()), [place("oslo", 1)]);
}

fn workspace(paris: &str) -> (Workspace, Workload) {
    let cluster = |name: &str, country: &str, price: u32, state: &str| {
        format!(
            "apiVersion: siting.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {{provider: own, country: \
             {country}{state}, pools: [{{name: a, nodes: 1, cpuFlavor: x86, cpu: 4, memory: 8Gi, pricePerHour: \
             {price}}}]}}\n---\n"
        )
    };
    let clusters = cluster("paris", "fr", 1, paris) + &cluster("rome", "it", 5, "");
    let text = clusters
        + "apiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {name: bert-1}\nspec: {model: bert, replicas: 6, \
           resources: {cpu: 1, memory: 1Gi}}\n";
    let workspace = Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default()).unwrap();
    let bert = workspace.workload("model", &name("bert")).unwrap();
    (workspace, bert)
}

/// Six replicas, four of them in Paris, before and after something befalls Paris.
pub(crate) fn six_then(paris: &str) -> (Workspace, Workload) {
    let (mut before, bert) = workspace("");
    let push = before.push_of(before.find_deployment("bert-1").unwrap(), PushKind::promoted(name("production")));
    before.carry_out(Moment::default(), &bert, Action::Push(push.unwrap())).unwrap();
    for observation in [Observation::Built, Observation::Ready] {
        observe(&mut before, &bert, observation);
    }
    let written = before.life(&bert).unwrap().snapshot();
    let (mut after, bert) = workspace(paris);
    after.restore_life(&bert, Journal::restore(written).unwrap()).unwrap();
    assert_eq!(clusters(&after, &bert), [("paris".to_owned(), 4), ("rome".to_owned(), 2)]);
    (after, bert)
}

pub(crate) const ONE: Number = Number::new(1);

fn observe(workspace: &mut Workspace, bert: &Workload, observation: Observation) {
    let generation = workspace.life(bert).unwrap().state().deployment(ONE).unwrap().generation;
    workspace.carry_out(Moment::default(), bert, Action::Observe { deployment: ONE, generation, observation }).unwrap();
}

pub(crate) fn clusters(workspace: &Workspace, bert: &Workload) -> Vec<(String, u32)> {
    let record = workspace.life(bert).unwrap().state().deployment(ONE).unwrap();
    record.places().iter().map(|place| (place.cluster.to_string(), place.replicas)).collect()
}

#[test]
fn l14_the_replicas_on_the_good_cluster_stay() {
    for paris in [", healthy: false", ", cordoned: true"] {
        let (mut workspace, bert) = six_then(paris);
        // By hand and by an edit; the two in Rome stay.
        workspace.carry_out(Moment::default(), &bert, Action::Scale { deployment: ONE, replicas: 4 }).unwrap();
        assert_eq!(clusters(&workspace, &bert), [("paris".to_owned(), 2), ("rome".to_owned(), 2)]);
        workspace.carry_out(Moment::default(), &bert, edit(ONE, Change::Replicas(Some(3)))).unwrap();
        assert_eq!(clusters(&workspace, &bert), [("paris".to_owned(), 1), ("rome".to_owned(), 2)]);
        // What was given back is free: Rome takes two more.
        workspace.carry_out(Moment::default(), &bert, Action::Scale { deployment: ONE, replicas: 5 }).unwrap();
        assert_eq!(clusters(&workspace, &bert), [("paris".to_owned(), 1), ("rome".to_owned(), 4)]);
    }
}

#[test]
fn l14_of_open_clusters_the_worst_is_left_first() {
    let (mut workspace, bert) = six_then("");
    workspace.carry_out(Moment::default(), &bert, Action::Scale { deployment: ONE, replicas: 3 }).unwrap();
    // Rome is dearer (D5).
    assert_eq!(clusters(&workspace, &bert), [("paris".to_owned(), 3)]);
}

#[test]
fn l14_replicas_that_start_are_not_granted_a_second_time() {
    let (mut life, one) = four();
    let action = Action::Scale { deployment: one, replicas: 5 };
    let command = granted(life.state(), life.moment(), action);
    assert_eq!(command.placements.iter().map(|placed| placed.places.len()).sum::<usize>(), 1);
    life.journal.apply(life.moment(), command).unwrap();
    assert_eq!(ready(&life, one), (4, 5));
}

/// L14: what is closed stops first, even where it alone was ready: the deployment is not well then until the others are.
#[test]
fn l14_who_has_nothing_ready_left_is_not_said_to_be_active() {
    let mut life = Life::new();
    let one = life.push(PushKind::Published, None, "v1");
    life.act(edit(one, Change::Replicas(Some(2)))).unwrap();
    let generation = life.state().deployment(one).unwrap().generation;
    let built = Action::Observe { deployment: one, generation, observation: Observation::Built };
    let placements = vec![Placed::at(one, vec![place("rome", 1), place("oslo", 1)])];
    life.journal.apply(life.moment(), Command { action: built, placements }).unwrap();
    tell(&mut life, one, seen("rome", 1, [1, 0, 0]));
    assert_eq!(life.status("bert-1"), Status::Active);
    // Rome is closed.
    let action = Action::Scale { deployment: one, replicas: 1 };
    let placements = vec![Placed::at(one, vec![place("oslo", 1)])];
    let effects = life.journal.apply(life.moment(), Command { action, placements }).unwrap();
    assert_eq!(stopped(&effects), [place("rome", 1)]);
    assert_eq!((life.status("bert-1"), life.called("bert-1")), (Status::Unhealthy, "not ready: UNHEALTHY".to_owned()));
    tell(&mut life, one, seen("oslo", 1, [1, 0, 0]));
    assert_eq!((life.status("bert-1"), life.called("bert-1")), (Status::Active, "v1".to_owned()));
}
