//! The claim on ready capacity (L15) against what the machine answered once: each of these answers breaks it, and the
//! present one does not.

use std::sync::Arc;

use serde_json::{Value, json};
use siting::deployment::Scaling;
use siting::lifecycle::{
    Action, Change, Number, Observation, PromotionStrategy, Push, PushKind, Settings, Sight, State,
};
use siting::rollout::{self, Canary, Rolling, Strategy, Traffic};

use crate::support::capacity::fell_too_low;
use crate::support::{Life, edit, granted, name, scaling};
use crate::walk_support::faults::tampered;

const ONE: Number = Number::new(1);
const TWO: Number = Number::new(2);

/// Ten replicas of version 1 hold production, with these settings.
fn ten(settings: Settings) -> Life {
    let mut life = Life::new();
    push(&mut life, PushKind::promoted(name("production")), settings);
    life.up("bert-1");
    if life.state().deployment(ONE).unwrap().settings.scales() {
        life.act(Action::Autoscale { deployment: ONE, replicas: 10 }).unwrap();
        life.see("bert-1", Observation::Ready).unwrap();
    }
    assert_eq!(life.state().deployment(ONE).unwrap().ready(), 10);
    life
}

fn push(life: &mut Life, kind: PushKind, settings: Settings) {
    life.act(Action::Push(Push { settings: Arc::new(settings), ..Push::new(kind, "v") })).unwrap();
}

fn by_load() -> Settings {
    Settings { scaling: Some(scaling(2, 20)), ..Settings::default() }
}

fn update(strategy: Strategy) -> Action {
    let by = Some(Box::new(PromotionStrategy::By(rollout::Settings::of(strategy))));
    Action::UpdateVersion {
        environment: name("production"),
        version: "w".to_owned(),
        name: None,
        on_replaced: None,
        by,
    }
}

fn seen(life: &Life, number: Number, observation: Observation) -> Action {
    let generation = life.state().deployment(number).unwrap().generation;
    Action::Observe { deployment: number, generation, observation }
}

/// Replicas of a deployment in what the machine answers.
fn replicas(state: &mut Value, number: u64, replicas: u32) {
    let sites = state["deployments"][number.to_string()]["sites"].as_array_mut().unwrap();
    sites.truncate(1);
    sites[0]["place"]["replicas"] = replicas.into();
}

/// Holds the present answer to an action against the claim, and an old one, made from it.
#[track_caller]
fn held(life: &Life, action: Action, old: impl FnOnce(&mut Value)) {
    let before = life.state().clone();
    let mut after = before.clone();
    after.apply(life.moment(), &granted(&before, life.moment(), action.clone())).unwrap();
    assert_eq!(fell_too_low(&before, &action, &after), None);
    let old: State = tampered(&after, old);
    let low = fell_too_low(&before, &action, &old).expect("the old answer breaks the claim");
    assert!(low.starts_with("L15"), "{low}");
}

#[test]
fn l15_a_canary_that_stops_eight_of_ten_as_it_starts_is_found() {
    let mut life = ten(Settings { replicas: Some(10), ..Settings::default() });
    life.act(update(Strategy::Canary(
        Canary::new(vec![rollout::Step::of(10)], Traffic::Routed { fewest: None }).unwrap(),
    )))
    .unwrap();
    let built = seen(&life, TWO, Observation::Built);
    held(&life, built, |after| replicas(after, 1, 2));
}

#[test]
fn l15_two_replicas_that_hold_production_after_seconds_are_found() {
    let mut life = ten(by_load());
    life.act(update(Strategy::Rolling(Rolling::default()))).unwrap();
    life.see("bert-2", Observation::Built).unwrap();
    let new = life.state().deployment(TWO).unwrap().running();
    let advance = Action::Advance { candidate: TWO, sight: Box::new(Sight { old: 10, new, ..Sight::default() }) };
    held(&life, advance, |after| {
        after["slots"]["production"] = json!({"holder": 2, "previous": 1, "promotion": null});
        after["deployments"]["1"]["sites"] = json!([]);
        after["deployments"]["1"]["status"] = "SCALED_TO_ZERO".into();
        after["deployments"]["2"]["status"] = "ACTIVE".into();
        replicas(after, 2, 2);
    });
}

#[test]
fn l15_a_copy_at_once_that_starts_at_its_least_number_is_found() {
    let mut life = ten(by_load());
    push(&mut life, PushKind::promoted(name("production")), by_load());
    life.see("bert-2", Observation::Built).unwrap();
    let ready = seen(&life, TWO, Observation::Ready);
    held(&life, ready, |after| replicas(after, 2, 2));
}

#[test]
fn l15_rolling_back_at_peak_to_two_replicas_is_found() {
    let mut life = ten(by_load());
    push(&mut life, PushKind::promoted(name("production")), by_load());
    life.up("bert-2");
    assert_eq!(life.environment("production"), "v");
    assert_eq!(life.state().holder("production").unwrap().number, TWO);
    life.act(Action::Autoscale { deployment: ONE, replicas: 2 }).unwrap();
    held(&life, Action::roll_back(name("production")), |after| {
        after["slots"]["production"] = json!({"holder": 1, "previous": 2, "promotion": null});
        after["deployments"]["1"]["moving"] = false.into();
        replicas(after, 1, 2);
    });
}

/// L16: the default number is nobody's word.
#[test]
fn l16_scaling_that_is_switched_off_and_stops_nine_of_ten_is_found() {
    let life = ten(by_load());
    let off = edit(ONE, Change::Scaling(Some(Scaling { enabled: false, ..scaling(2, 20) })));
    held(&life, off, |after| {
        after["deployments"]["1"]["settings"].as_object_mut().unwrap().remove("replicas");
        replicas(after, 1, 1);
    });
}
