//! Promotions whose replicas are seen one place at a time, on clusters that close and under policies that change (L14,
//! L15, L18).
#![cfg(feature = "manifest")]

use std::time::Duration;

use siting::lifecycle::{
    Action, Change, Number, Observation, Place, PlaceSeen, PromotionStrategy, PushKind, Sight, Status,
};
use siting::rollout::{self, BlueGreen, Rolling, Span, Strategy};
use siting::time::Moment;
use siting::workspace::Workspace;

use crate::places::{ONE, clusters, four, seen, six_then, tell, tell_all};
use crate::support::{Life, edit, name, place, scaling};

fn by(strategy: Strategy) -> Option<Box<PromotionStrategy>> {
    Some(Box::new(PromotionStrategy::By(rollout::Settings::of(strategy))))
}

fn update(strategy: Strategy) -> Action {
    let (environment, version) = (name("production"), "v2".to_owned());
    Action::UpdateVersion { environment, version, name: None, on_replaced: None, by: by(strategy) }
}

/// L14, R4: on a cluster that is closed, a deployment is scaled down by its load, is replaced step by step, and stands as
/// before after a cancel: shrinking takes nothing anew.
#[test]
fn l14_on_a_closed_cluster_everything_that_shrinks_goes_on() {
    for paris in [", healthy: false", ", cordoned: true"] {
        let (mut workspace, bert) = six_then(paris);
        let scaled = edit(ONE, Change::Scaling(Some(scaling(1, 8))));
        workspace.carry_out(Moment::default(), &bert, scaled).unwrap();
        let fewer = Action::Autoscale { deployment: ONE, replicas: 3 };
        workspace.carry_out(Moment::default(), &bert, fewer).unwrap();
        assert_eq!(clusters(&workspace, &bert), [("paris".to_owned(), 1), ("rome".to_owned(), 2)]);

        // In Rome there is room for two more. Of six, two may make way at a time; or none, until it is cancelled.
        for (count, cancels) in [(2, false), (0, true)] {
            let (mut workspace, bert) = six_then(paris);
            let act =
                |workspace: &mut Workspace, action| workspace.carry_out(Moment::default(), &bert, action).unwrap();
            let rolling = Rolling { surge: Span::Count(2), unavailable: Span::Count(count) };
            act(&mut workspace, update(Strategy::Rolling(rolling)));
            let two = Number::new(2);
            let built = Action::Observe { deployment: two, generation: 1, observation: Observation::Built };
            act(&mut workspace, built);
            for turn in 0..20 {
                if cancels && turn == 1 {
                    act(&mut workspace, Action::Cancel { environment: name("production") });
                }
                let running = |number| {
                    let state = workspace.life(&bert).unwrap().state();
                    state.deployment(number).map_or(0, |record| record.running())
                };
                let new = if cancels { 0 } else { running(two) };
                let sight = Sight { old: running(ONE), new, ..Default::default() };
                act(&mut workspace, Action::Advance { candidate: two, sight: Box::new(sight) });
            }
            let state = workspace.life(&bert).unwrap().state();
            let record = |number| state.deployment(number).unwrap();
            let promotion = state.slot("production").unwrap().promotion.is_some();
            if cancels {
                assert_eq!((promotion, record(ONE).status, record(ONE).running()), (false, Status::Active, 6));
            } else {
                // Those in Paris make way first; what is more than Rome holds waits.
                assert_eq!(clusters(&workspace, &bert), [("rome".to_owned(), 2)]);
                assert_eq!(record(two).running(), 2);
            }
        }
    }
}

/// L18: a candidate that ran before, and is seen by place, is led nothing where it may not be, and takes over nothing.
#[test]
fn l18_what_is_ready_where_it_may_not_be_is_led_nothing() {
    let (mut life, one) = four();
    life.act(Action::promote(one, name("production"))).unwrap();
    let two = life.push(PushKind::Published, None, "v2");
    life.act(edit(two, Change::Replicas(Some(4)))).unwrap();
    life.see("bert-2", Observation::Built).unwrap();
    tell(&mut life, two, seen("paris", 1, [4, 0, 0]));
    let at_once = BlueGreen { bake: Duration::ZERO, ..Default::default() };
    let promote = Action::Promote {
        deployment: two,
        environment: name("production"),
        name: None,
        on_replaced: None,
        force: false,
        by: by(Strategy::BlueGreen(at_once)),
    };
    life.act(promote).unwrap();
    let advance = |life: &mut Life, forbidden: Vec<Place>| {
        let sight = Sight { old: 4, new: 4, forbidden, ..Default::default() };
        life.act(Action::Advance { candidate: two, sight: Box::new(sight) }).unwrap();
    };
    for _ in 0..3 {
        advance(&mut life, vec![place("paris", 4)]);
        assert_eq!(life.environment("production"), "v1");
    }
    // The holder is lost: there is nobody left who may answer.
    tell(&mut life, one, seen("paris", 1, [0, 4, 0]));
    assert!(!life.environment("production").contains("v2"), "{}", life.environment("production"));
    tell(&mut life, one, seen("paris", 2, [4, 0, 0]));
    advance(&mut life, Vec::new());
    assert_eq!(life.environment("production"), "v2");
}

/// L15: where one side of a blue-green lost all its replicas the other answers, and goes on until as many are back.
#[test]
fn l15_a_side_that_comes_back_with_one_replica_does_not_take_over_from_more() {
    for switched in [false, true] {
        let (mut life, one) = four();
        life.act(Action::promote(one, name("production"))).unwrap();
        let window = Duration::from_secs(600);
        let bake = if switched { Duration::ZERO } else { window };
        life.act(update(Strategy::BlueGreen(BlueGreen { bake, rollback_window: window }))).unwrap();
        life.see("bert-2", Observation::Built).unwrap();
        let two = life.number("bert-2");
        tell_all(&mut life, one, 1, true);
        tell_all(&mut life, two, 1, true);
        let advance = |life: &mut Life| {
            let sight = Sight { old: 4, new: 4, ..Default::default() };
            life.act(Action::Advance { candidate: two, sight: Box::new(sight) }).unwrap();
        };
        advance(&mut life);
        advance(&mut life);
        let (answers, other, number) = if switched { ("v2", "v1", two) } else { ("v1", "v2", one) };
        assert_eq!(life.environment("production"), answers);
        let mut told = 2;
        let mut tell = |life: &mut Life, ready: u32| {
            let Place { cluster, pool, flavor, .. } = life.state().deployment(number).unwrap().places()[0].clone();
            let (lost, failed) = (4 - ready, 0);
            tell(life, number, PlaceSeen { cluster, pool, flavor, sequence: told, ready, lost, failed });
            told += 1;
        };
        tell(&mut life, 0);
        assert_eq!(life.environment("production"), other);
        tell(&mut life, 1);
        assert_eq!(life.environment("production"), other, "one of four does not take over from four");
        advance(&mut life);
        assert_eq!(life.environment("production"), other);
        tell(&mut life, 4);
        advance(&mut life);
        assert_eq!(life.environment("production"), answers);
    }
}
