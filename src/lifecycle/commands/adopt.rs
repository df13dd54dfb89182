//! Deployments that ran before anyone kept their life.

use std::sync::Arc;

use super::settings::sound;
use super::step::{Newcomer, Step};
use crate::id::Name;
use crate::lifecycle::placements::Answers;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Number, Place, Settings, Site, State, Status, replicas};
use crate::time::Moment;

/// A deployment whose replicas run already.
#[derive(Clone, PartialEq, Debug)]
pub struct Adopted {
    /// Its name.
    pub name: Name,
    /// The version that it runs.
    pub version: Option<String>,
    /// The environment whose policies bind it.
    pub governor: Name,
    /// Whether it holds that environment.
    pub holds: bool,
    /// Its settings.
    pub settings: Arc<Settings>,
    /// Where its replicas run: one at least.
    pub places: Vec<Place>,
}

impl State {
    /// Takes on a deployment that runs already: it is active from `now` on, under the next number.
    /// Its account begins now.
    ///
    /// ```
    /// use siting::lifecycle::{Adopted, Place, State, Status};
    /// use siting::time::Moment;
    ///
    /// let mut state = State::new("model", "bert".parse()?, "production".parse()?);
    /// let place = Place { cluster: "paris".parse()?, pool: "a".parse()?, flavor: "gpu:t4".into(), replicas: 2 };
    /// let number = state.adopt(Moment::default(), Adopted {
    ///     name: "v1".parse()?,
    ///     version: None,
    ///     governor: "production".parse()?,
    ///     holds: true,
    ///     settings: Default::default(),
    ///     places: vec![place],
    /// })?;
    /// assert_eq!(state.holder("production").map(|holder| holder.status), Some(Status::Active));
    /// assert_eq!(state.deployment(number).map(|bert| bert.replicas()), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A [`Refusal`], and nothing has changed: of a name that is taken or the draft's, of settings that
    /// contradict themselves, without replicas, or of an environment that is held or promoted to.
    pub fn adopt(&mut self, now: Moment, adopted: Adopted) -> Result<Number, Refusal> {
        let mut after = self.clone();
        let number = Step::new(&mut after, now, Answers::Given(Vec::new())).adopt(adopted)?;
        *self = after;
        Ok(number)
    }
}

impl Step<'_> {
    fn adopt(&mut self, adopted: Adopted) -> Result<Number, Refusal> {
        let Adopted { name, version, governor, holds, settings, places } = adopted;
        sound(&settings)?;
        if replicas(&places) == 0 {
            let reason = format!("no replica of `{name}` runs");
            return Err(Refusal::new("L8", reason).next("push it"));
        }
        let newcomer = Newcomer {
            name: Some(name),
            version,
            draft: false,
            governor: governor.clone(),
            status: Status::Active,
            settings,
        };
        let number = self.admit(newcomer)?;
        let record = self.record(number)?;
        record.generation = 1;
        record.sites = places.into_iter().map(|place| Site::new(place, 1)).collect();
        if holds {
            self.no_promotion(&governor)?;
            let slot = self.state.slots.entry(governor.clone()).or_default();
            if let Some(holder) = slot.holder.replace(number) {
                let reason = format!("`{}` holds `{governor}` already", self.id(holder));
                return Err(Refusal::new("E3", reason).next("promote the other once it is adopted"));
            }
        }
        Ok(number)
    }
}
