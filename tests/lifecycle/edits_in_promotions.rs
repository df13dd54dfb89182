//! Edits and autoscaling of either side while a promotion is under way, by every strategy and at once (L11, L15): each
//! counts, or is refused with the next step; none is accepted and lost.

use std::collections::BTreeMap;

use siting::lifecycle::{Action, Change, Edit, Observation, PromotionStrategy, Record, Requirements, Settings, Status};
use siting::rollout;

use crate::support::host::{Host, PRODUCTION, every, judged};
use crate::support::{name, scaling};

/// The holder's replicas before.
const SIZE: u32 = 4;

/// How far a promotion is when something happens to one of its sides: what is built has 20 seconds until its first
/// replica is ready.
#[derive(Clone, Copy, PartialEq, Debug)]
enum When {
    Building,
    Starting,
    Halfway,
}

fn strategies() -> Vec<(String, Option<rollout::Settings>)> {
    let named = every().map(|settings| (settings.strategy.to_string(), Some(judged(settings))));
    [("at once".to_owned(), None)].into_iter().chain(named).collect()
}

/// A promotion to version B that has come so far.
fn under_way(settings: Settings, by: Option<&rollout::Settings>, when: When) -> Host {
    let mut host = Host::with(settings);
    if host.life.state().deployment(host.life.number("a")).unwrap().settings.scales() {
        host.act(Action::Autoscale { deployment: host.life.number("a"), replicas: SIZE }).unwrap();
        all_ready(&mut host);
    }
    host.delay = 0;
    host.wait(60);
    host.delay = 20;
    (host.fewest, host.lost) = (usize::MAX, 0);
    let update = Action::UpdateVersion {
        environment: name(PRODUCTION),
        version: "B".to_owned(),
        name: Some(name("b")),
        on_replaced: None,
        by: Some(Box::new(by.cloned().map_or(PromotionStrategy::AtOnce, PromotionStrategy::By))),
    };
    host.act(update).unwrap();
    if when != When::Building {
        host.see("b", Observation::Built);
        pass(&mut host, if when == When::Starting { 10 } else { 30 });
    }
    host
}

/// Says of everything all of whose replicas are up that it is ready, where no rollout tells of that.
fn all_ready(host: &mut Host) {
    let waits = |record: &&Record| {
        let comes = record.status.is_starting() || record.moving || record.starting() > 0;
        comes && !host.life.state().is_in_rollout(record.number) && host.ready(record.number) >= record.replicas()
    };
    let names: Vec<_> = host.life.state().deployments().filter(waits).map(|record| record.name.clone()).collect();
    names.iter().for_each(|name| host.see(name.as_str(), Observation::Ready));
}

/// Lets seconds pass, in which all that comes up is told of.
fn pass(host: &mut Host, seconds: u64) {
    for _ in 0..seconds {
        host.wait(1);
        all_ready(host);
    }
}

/// Lets the promotion come to its end.
fn finish(host: &mut Host, what: &str) {
    if host.life.status("b") == Status::Building {
        host.see("b", Observation::Built);
    }
    let is_over = |host: &Host| host.life.state().slot(PRODUCTION).unwrap().promotion.is_none();
    for _ in 0..200 {
        pass(host, 10);
        if is_over(host) {
            pass(host, 60);
            return;
        }
    }
    panic!("{what}: the promotion does not end");
}

/// Whether an action is accepted; a refusal names the next step and leaves every byte.
fn accepted(host: &mut Host, action: Action, what: &str) -> bool {
    let before = serde_json::to_string(host.life.state()).unwrap();
    let Err(refusal) = host.act(action) else { return true };
    assert!(refusal.next.is_some(), "{what}: {refusal}");
    assert_eq!(serde_json::to_string(host.life.state()).unwrap(), before, "{what}");
    false
}

/// Every strategy, moment and side.
fn each(mut tried: impl FnMut(&str, Option<&rollout::Settings>, When, &'static str)) {
    for (strategy, by) in strategies() {
        for when in [When::Building, When::Starting, When::Halfway] {
            // At once there is no half way: what is ready has taken over.
            if by.is_none() && when == When::Halfway {
                continue;
            }
            for side in ["a", "b"] {
                tried(&format!("{strategy}, {when:?}, {side}"), by.as_ref(), when, side);
            }
        }
    }
}

fn edit(host: &Host, side: &str, change: Change) -> Action {
    Action::Edit { deployment: host.life.number(side), edit: Edit { changes: vec![change] } }
}

/// L15: the last number that was stated for the environment, by an edit of either side, is there in the end. On the way
/// nobody serves with fewer ready replicas than the smaller of both numbers, less what may be unavailable.
#[test]
fn l15_a_number_that_is_stated_on_the_way_is_there_in_the_end() {
    each(|what, by, when, side| {
        for number in [2, 7] {
            for scaled in [false, true] {
                let what = format!("{what}, {number}, by hand: {scaled}");
                let mut host = under_way(Settings { replicas: Some(SIZE), ..Settings::default() }, by, when);
                let action = match scaled {
                    true => Action::Scale { deployment: host.life.number(side), replicas: number },
                    false => edit(&host, side, Change::Replicas(Some(number))),
                };
                // A number is a live edit (L11); only by hand is what has no replicas yet not scaled.
                let counts = accepted(&mut host, action, &what);
                let cannot = scaled && side == "b" && host.life.status("b") != Status::Active;
                assert!(counts || cannot, "{what}");
                finish(&mut host, &what);
                assert_eq!(host.holder(), "b", "{what}");
                assert_eq!(host.ready(host.life.number("b")), if counts { number } else { SIZE }, "{what}");
                let smaller = if counts { number.min(SIZE) } else { SIZE };
                let fewest = by.map_or(0, |by| by.strategy.fewest(smaller)) as usize;
                assert!(host.fewest >= fewest, "{what}: {} of {fewest}", host.fewest);
                assert_eq!(host.lost, 0, "{what}");
                assert_eq!(host.life.journal.replay().unwrap(), *host.life.state(), "{what}");
            }
        }
    });
}

/// L11, L15: what restarts either side is refused while a strategy replaces it, and else is there in the end; once the
/// promotion is over it is accepted.
#[test]
fn l15_an_edit_that_restarts_counts_or_waits_until_the_promotion_is_over() {
    let mut outcomes: BTreeMap<bool, u32> = BTreeMap::new();
    each(|what, by, when, side| {
        let mut host = under_way(Settings { replicas: Some(SIZE), ..Settings::default() }, by, when);
        let change = || Change::Resources(Some(Requirements { cpu: "1".parse().unwrap(), ..Requirements::default() }));
        let action = edit(&host, side, change());
        let counts = accepted(&mut host, action, what);
        *outcomes.entry(counts).or_default() += 1;
        finish(&mut host, what);
        assert_eq!((host.holder().as_str(), host.ready(host.life.number("b"))), ("b", SIZE), "{what}");
        assert_eq!(host.lost, 0, "{what}");
        let has_it = |host: &Host| {
            let record = host.life.state().deployment(host.life.number(side)).unwrap();
            record.settings.resources.is_some()
        };
        assert_eq!(has_it(&host), counts, "{what}");
        if !counts {
            let action = edit(&host, side, change());
            assert!(accepted(&mut host, action, what), "{what}: it is over");
            pass(&mut host, 60);
            assert!(has_it(&host), "{what}");
        }
    });
    assert!(outcomes[&true] > 0 && outcomes[&false] > 0, "{outcomes:?}");
}

/// L11, L15: what is live and no size is taken over by the side that is edited, and nothing of the promotion changes.
#[test]
fn l15_a_live_edit_of_either_side_counts() {
    each(|what, by, when, side| {
        let mut host = under_way(Settings { replicas: Some(SIZE), ..Settings::default() }, by, when);
        let action = edit(&host, side, Change::DisplayName(Some("shown".to_owned())));
        assert!(accepted(&mut host, action, what), "{what}");
        finish(&mut host, what);
        let record = host.life.state().deployment(host.life.number(side)).unwrap();
        assert_eq!(record.settings.display_name.as_deref(), Some("shown"), "{what}");
        assert_eq!((host.holder().as_str(), host.ready(host.life.number("b")), host.lost), ("b", SIZE, 0), "{what}");
    });
}

/// L15: edits of bounds, and of scaling on or off, reach the candidate that the promotion made.
#[test]
fn l15_bounds_that_are_edited_on_the_way_hold_in_the_end() {
    each(|what, by, when, side| {
        for (bounds, least, most) in [(scaling(6, 9), 6, 9), (scaling(1, 3), 1, 3)] {
            let what = format!("{what}, {least} to {most}");
            let mut host = under_way(Settings { scaling: Some(scaling(1, 9)), ..Settings::default() }, by, when);
            let action = edit(&host, side, Change::Scaling(Some(bounds)));
            let counts = accepted(&mut host, action, &what);
            finish(&mut host, &what);
            let b = host.life.state().deployment(host.life.number("b")).unwrap();
            assert!(counts, "{what}: bounds are a live edit");
            assert_eq!(b.settings.scaling, Some(bounds), "{what}");
            let expected = SIZE.clamp(least, most);
            assert_eq!((host.holder().as_str(), host.ready(b.number)), ("b", expected), "{what}");
            assert_eq!(host.lost, 0, "{what}");
        }
        // Off: the number that there is stays (L16).
        let mut host = under_way(Settings { scaling: Some(scaling(1, 9)), ..Settings::default() }, by, when);
        let off = siting::deployment::Scaling { enabled: false, ..scaling(1, 9) };
        let action = edit(&host, side, Change::Scaling(Some(off)));
        assert!(accepted(&mut host, action, what), "{what}");
        finish(&mut host, what);
        let b = host.life.state().deployment(host.life.number("b")).unwrap();
        assert_eq!((b.settings.scales(), host.ready(b.number), host.lost), (false, SIZE, 0), "{what}");
    });
}

/// L15: autoscaling of either side goes on upwards, and what it reached is there in the end; neither is scaled down
/// while a strategy replaces it.
#[test]
fn l15_autoscaling_of_either_side_goes_on() {
    let mut outcomes: BTreeMap<(&str, bool), u32> = BTreeMap::new();
    each(|what, by, when, side| {
        for wanted in [7, 2] {
            let what = format!("{what}, {wanted}");
            let mut host = under_way(Settings { scaling: Some(scaling(1, 9)), ..Settings::default() }, by, when);
            let number = host.life.number(side);
            let running = host.life.state().deployment(number).unwrap().running();
            let action = Action::Autoscale { deployment: number, replicas: wanted };
            let counts = accepted(&mut host, action, &what);
            *outcomes.entry((side, counts)).or_default() += 1;
            assert!(!counts || wanted > running || by.is_none() || when == When::Building, "{what}: scaled down");
            // Who holds follows its load upwards at any moment.
            assert!(counts || wanted < SIZE || side == "b", "{what}");
            finish(&mut host, &what);
            let b = host.life.number("b");
            assert_eq!(host.holder(), "b", "{what}");
            // At once it starts with the holder's number, and its own load says later that it needs fewer.
            let began_with = if when == When::Building { wanted } else { wanted.max(SIZE) };
            assert_eq!(host.ready(b), if counts { began_with } else { SIZE }, "{what}");
            assert_eq!(host.lost, 0, "{what}");
        }
    });
    assert!(outcomes.values().all(|count| *count > 0), "{outcomes:?}");
    assert!(outcomes.contains_key(&("b", true)), "{outcomes:?}");
}
