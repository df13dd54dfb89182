//! Which settings a command may give.

use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::Settings;

/// Refuses settings that contradict themselves.
pub(in crate::lifecycle) fn sound(settings: &Settings) -> Result<(), Refusal> {
    let Some(scaling) = settings.scaling.filter(|scaling| scaling.enabled) else { return Ok(()) };
    match (scaling.min_replicas, scaling.max_replicas) {
        (Some(min), Some(max)) if min > max => {
            Err(Refusal::new("L11", format!("{min} replicas at least are more than {max} at most"))
                .next("raise the upper bound or lower the other"))
        }
        (Some(_), Some(0)) => Err(Refusal::new("L11", "at most 0 replicas never answer").next("raise the upper bound")),
        (Some(_), Some(_)) => Ok(()),
        _ => Err(Refusal::new("L11", "enabled scaling needs both bounds").next("set the lower and the upper bound")),
    }
}
