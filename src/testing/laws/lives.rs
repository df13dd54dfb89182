//! Laws of lives: refused commands change nothing, and a replayed history gives the same state (L12).

use super::super::lives::CommandSequence;
use super::{Broken, holds};
use crate::lifecycle::{Command, Journal, State};
use crate::time::Moment;

/// A platform under test that keeps the lifecycle of a workload.
///
/// ```
/// use siting::lifecycle::{Journal, State};
/// use siting::testing::laws::{self, Life};
/// use siting::testing::{Choices, CommandOptions};
///
/// let sequence = CommandOptions::default().draw(&mut Choices::seeded(3));
/// laws::of_lives(|origin: &State| Journal::new(origin.clone()), &sequence)?;
/// # Ok::<(), laws::Broken>(())
/// ```
pub trait Life {
    /// Carries out a command; whether it was accepted.
    fn apply(&mut self, now: Moment, command: &Command) -> bool;
    /// All that is kept of the workload, so that equal texts are equal states.
    fn state(&self) -> String;
}

impl Life for Journal {
    fn apply(&mut self, now: Moment, command: &Command) -> bool {
        self.apply(now, command.clone()).is_ok()
    }

    fn state(&self) -> String {
        // The history as well: what is refused is not logged.
        format!("{self:?}")
    }
}

/// Every law of lifecycles. A platform that refuses everything keeps them: check it with [`decides_like_the_rules`] as
/// well, where it has no rules of its own. `begin` makes a platform that has seen nothing but a state.
///
/// # Errors
/// The first law that is [`Broken`].
pub fn of_lives<L: Life>(begin: impl Fn(&State) -> L, sequence: &CommandSequence) -> Result<(), Broken> {
    refused_commands_change_nothing(&begin, sequence)?;
    replay_gives_the_same(&begin, sequence)
}

/// A refused command leaves the state as it was (L12).
///
/// # Errors
/// [`Broken`], where it does not.
pub fn refused_commands_change_nothing<L: Life>(
    begin: impl Fn(&State) -> L,
    sequence: &CommandSequence,
) -> Result<(), Broken> {
    let mut life = begin(&sequence.origin);
    for (now, command) in &sequence.commands {
        let before = life.state();
        let accepted = life.apply(*now, command);
        holds(accepted || before == life.state(), || {
            let verb = command.action.verb();
            Broken::new("refused_commands_change_nothing", verb, format!("it was refused but changed {before}"))
        })?;
    }
    Ok(())
}

/// The accepted commands, replayed from the same beginning, are accepted again and give
/// the same state (L12).
///
/// # Errors
/// [`Broken`], where they are not, or do not.
pub fn replay_gives_the_same<L: Life>(begin: impl Fn(&State) -> L, sequence: &CommandSequence) -> Result<(), Broken> {
    let law = "replay_gives_the_same";
    let (mut first, mut second) = (begin(&sequence.origin), begin(&sequence.origin));
    for (now, command) in &sequence.commands {
        if first.apply(*now, command) {
            holds(second.apply(*now, command), || {
                Broken::new(law, command.action.verb(), "it was accepted, but refused when replayed")
            })?;
        }
    }
    holds(first.state() == second.state(), || {
        Broken::new(law, "the whole history", format!("{} became {}", first.state(), second.state()))
    })
}

/// A command is accepted where this crate's rules accept it, and refused where they refuse it. Not among
/// [`of_lives`], since a platform may have further rules.
///
/// # Errors
/// [`Broken`], where it is not.
pub fn decides_like_the_rules<L: Life>(begin: impl Fn(&State) -> L, sequence: &CommandSequence) -> Result<(), Broken> {
    let (mut life, mut rules) = (begin(&sequence.origin), sequence.origin.clone());
    for (now, command) in &sequence.commands {
        let refusal = rules.apply(*now, command).err();
        holds(life.apply(*now, command) == refusal.is_none(), || {
            let shown = refusal.map_or_else(
                || "it was refused, but is legal".to_owned(),
                |refusal| format!("it was accepted, but is not legal: {refusal}"),
            );
            Broken::new("decides_like_the_rules", command.action.verb(), shown)
        })?;
    }
    Ok(())
}
