//! Commands of lifecycles.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use siting::lifecycle::{Endpoint, Journal, State};
use siting::testing::{CommandSequence, laws};
use siting::time::Moment;

/// Whatever is asked of a workload: its state is sound, a refused command leaves every byte of it, a replay
/// and a snapshot give the same.
pub fn lifecycle(bytes: &[u8]) {
    let Ok(sequence) = CommandSequence::arbitrary(&mut Unstructured::new(bytes)) else { return };
    let mut journal = Journal::new(sequence.origin.clone());
    for (now, command) in &sequence.commands {
        let before = serde_json::to_string(journal.state()).expect("a state serialises");
        if journal.apply(*now, command.clone()).is_err() {
            assert_eq!(serde_json::to_string(journal.state()).expect("a state serialises"), before, "{command:?}");
        }
        is_sound(journal.state());
    }
    let end = sequence.commands.last().map_or_else(Moment::default, |(now, _)| *now);
    for action in journal.state().legal_commands(end) {
        assert!(journal.state().check(end, &action).is_ok(), "{action:?}");
    }
    laws::of_lives(|origin: &State| Journal::new(origin.clone()), &sequence).expect("the laws of lives");
    let text = serde_json::to_string(&journal.snapshot()).expect("a snapshot serialises");
    assert_eq!(Journal::restore(serde_json::from_str(&text).expect("a snapshot")), Ok(journal));
}

/// The invariants that a state states.
fn is_sound(state: &State) {
    let drafts: Vec<_> = state.deployments().filter(|record| record.draft).collect();
    assert!(drafts.len() <= 1, "one-draft");
    assert!(drafts.iter().all(|draft| state.held_by(draft.number).is_none()), "one-draft");
    let holders: Vec<_> = state.slots().filter_map(|(_, slot)| slot.holder).collect();
    assert!(holders.iter().all(|holder| state.deployment(*holder).is_some()), "one-holder");
    assert_eq!(holders.iter().collect::<BTreeSet<_>>().len(), holders.len(), "one-holder");
    let candidates: Vec<_> = state.slots().filter_map(|(_, slot)| slot.promotion.as_ref()).collect();
    assert!(candidates.iter().all(|found| state.deployment(found.candidate).is_some()), "candidates-live");
    for record in state.deployments() {
        assert!(record.number < state.next_number(), "ids-once");
        assert!(state.tombstone(record.number).is_none(), "ids-once");
        assert!(!record.draft || record.replicas() <= 1, "one-replica");
        assert_eq!(record.draft, record.name.as_str() == "development", "names-once");
        let _ = state.route(&Endpoint::Deployment(record.number));
    }
    let names: BTreeSet<_> = state.deployments().map(|record| &record.name).collect();
    assert_eq!(names.len(), state.deployments().count(), "names-once");
}
