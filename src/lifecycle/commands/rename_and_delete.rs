//! Renaming a deployment, deleting it or its workload (L1, L9).

use super::step::Step;
use crate::id::Name;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Capability, Number};

impl Step<'_> {
    pub(in crate::lifecycle) fn rename(&mut self, number: Number, name: &Name) -> Result<(), Refusal> {
        self.must(number, Capability::Rename, "push it published, under a name")?;
        if self.record(number)?.name == *name {
            return Err(Refusal::new("L8", format!("it is called `{name}` already")).next("choose another name"));
        }
        self.free(name, false, Some(number))?;
        self.record(number)?.name = name.clone();
        Ok(())
    }

    pub(in crate::lifecycle) fn delete(&mut self, number: Number) -> Result<(), Refusal> {
        let next = "promote another deployment to production first, or delete the workload";
        self.must(number, Capability::Delete, next).map_err(|refusal| Refusal { rule: "L9", ..refusal })?;
        if let Some(environment) = self.state.sought_by(number) {
            let reason = format!("`{}` is the candidate of a promotion to `{environment}`", self.id(number));
            return Err(Refusal::new("L9", reason).next("cancel the promotion first"));
        }
        self.bury(number)
    }

    pub(in crate::lifecycle) fn delete_workload(&mut self) -> Result<(), Refusal> {
        if self.state.deployments.is_empty() {
            return Err(Refusal::new("L8", format!("`{}` has no deployments", self.state.workload)).next("push one"));
        }
        let numbers: Vec<Number> = self.state.deployments.keys().copied().collect();
        self.state.slots.clear();
        numbers.into_iter().try_for_each(|number| self.bury(number))
    }
}
