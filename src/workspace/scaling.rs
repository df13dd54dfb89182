//! Autoscaling of live deployments: from what was measured to a command, or none (R4).

use super::Workspace;
use crate::deployment::Workload;
use crate::lifecycle::{Action, Effect, Load, Number, Refusal};
use crate::scaling;
use crate::time::Moment;

impl Workspace {
    /// Scales a live deployment as its load requires, within its bounds: decides its new replicas and carries
    /// the command out. No effects where the number stays, where nothing scales it, or where it takes part
    /// in a rollout. The host keeps the autoscaler's memory.
    ///
    /// Where there is no room for all that the load requires, or a limit leaves less (E4), it grows by as many as there is
    /// room for: a service at its peak is not left small because it cannot be as large as it should be. The next call asks
    /// for the rest, and is told what holds it back. O(log of the growth) decisions then.
    ///
    /// # Errors
    /// [`Refusal`], also where there is no room for one replica more. Then nothing has changed but the memory, and the
    /// next call asks again.
    pub fn autoscale(
        &mut self,
        now: Moment,
        workload: &Workload,
        deployment: Number,
        memory: &mut scaling::State,
        load: &Load<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let state = self.state_of(workload)?;
        let Some(action) = state.autoscale(now, deployment, memory, load) else { return Ok(Vec::new()) };
        let refused = match self.carry_out(now, workload, action.clone()) {
            Ok(effects) => return Ok(effects),
            Err(refusal) => refusal,
        };
        let (Action::Autoscale { replicas, .. }, Some(from)) = (action, state.scaled_from(deployment)) else {
            return Err(refused);
        };
        // The most that can be carried out, of more than there are and fewer than are wanted.
        let by = |replicas| Action::Autoscale { deployment, replicas };
        let (mut most, mut too_many) = (from, replicas);
        while too_many.saturating_sub(most) > 1 {
            let middle = most.midpoint(too_many);
            match self.clone().carry_out(now, workload, by(middle)) {
                Ok(_) => most = middle,
                Err(_) => too_many = middle,
            }
        }
        if most > from { self.carry_out(now, workload, by(most)) } else { Err(refused) }
    }
}
