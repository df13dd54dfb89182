//! Autoscaling of live deployments: from what was measured to a command, or none (R4).

use super::Workspace;
use crate::deployment::Workload;
use crate::lifecycle::{Effect, Load, Number, Refusal};
use crate::scaling;
use crate::time::Moment;

impl Workspace {
    /// Scales a live deployment as its load requires, within its bounds: decides its new replicas and carries
    /// the command out. No effects where the number stays, where nothing scales it, or where it takes part
    /// in a rollout. The host keeps the autoscaler's memory.
    ///
    /// # Errors
    /// [`Refusal`], also where there is no room for what the load requires. Then nothing has changed but the
    /// memory, and the next call asks again.
    pub fn autoscale(
        &mut self,
        now: Moment,
        workload: &Workload,
        deployment: Number,
        memory: &mut scaling::State,
        load: &Load<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        match self.state_of(workload)?.autoscale(now, deployment, memory, load) {
            Some(action) => self.carry_out(now, workload, action),
            None => Ok(Vec::new()),
        }
    }
}
