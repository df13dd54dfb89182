//! Commands that lack an argument: what could be asked, once somebody says to what.

use serde::Serialize;

use super::action::Action;
use super::edit_plan::{Change, Edit};
use crate::id::Name;
use crate::lifecycle::state::{Number, Record, State};
use crate::time::Moment;

/// A command that the rules allow with some argument.
///
/// ```
/// use siting::lifecycle::{Form, Lacking, Push, PushKind, State};
/// use siting::time::Moment;
///
/// let mut state = State::new("model", "bert".parse()?, "production".parse()?);
/// state.apply(Moment::default(), &siting::lifecycle::Action::Push(Push::new(PushKind::Published, "v1")).into())?;
/// let forms = state.legal_forms(Moment::default());
/// let verbs: Vec<_> = forms.iter().map(Form::verb).collect();
/// assert_eq!(verbs, ["edit", "rename"]);
/// assert_eq!(forms[1].lacks(), Lacking::Name);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Form {
    /// [`Action::UpdateVersion`], to any version but the one that runs.
    UpdateVersion {
        /// The environment.
        environment: Name,
    },
    /// [`Action::Advance`], with what is seen of the rollout.
    Advance {
        /// The candidate that takes over.
        candidate: Number,
    },
    /// [`Action::Scale`], to another number of replicas that its role may have.
    Scale {
        /// The deployment.
        deployment: Number,
    },
    /// [`Action::Autoscale`], to another number of replicas within its bounds.
    Autoscale {
        /// The deployment.
        deployment: Number,
    },
    /// [`Action::Edit`], of what can be edited as it is: of what restarts, not everywhere.
    Edit {
        /// The deployment.
        deployment: Number,
    },
    /// [`Action::Rename`], to a name that is free.
    Rename {
        /// The deployment.
        deployment: Number,
    },
}

/// What a [`Form`] lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lacking {
    /// A version.
    Version,
    /// A number of replicas.
    Replicas,
    /// What is seen.
    Sight,
    /// Changes of settings.
    Changes,
    /// A name.
    Name,
}

impl Form {
    /// The word for it, as [`Action::verb`] has it.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::UpdateVersion { .. } => "updateVersion",
            Self::Advance { .. } => "advance",
            Self::Scale { .. } => "scale",
            Self::Autoscale { .. } => "autoscale",
            Self::Edit { .. } => "edit",
            Self::Rename { .. } => "rename",
        }
    }

    /// What it lacks.
    #[must_use]
    pub fn lacks(&self) -> Lacking {
        match self {
            Self::UpdateVersion { .. } => Lacking::Version,
            Self::Advance { .. } => Lacking::Sight,
            Self::Scale { .. } | Self::Autoscale { .. } => Lacking::Replicas,
            Self::Edit { .. } => Lacking::Changes,
            Self::Rename { .. } => Lacking::Name,
        }
    }
}

impl State {
    /// Every form of command that the rules allow now with some argument; beside
    /// [`legal_commands`](Self::legal_commands), which are complete.
    ///
    /// Costs a check for each environment, and eight at most for each deployment.
    #[must_use]
    pub fn legal_forms(&self, now: Moment) -> Vec<Form> {
        let updates = self.slots.keys().cloned().map(|environment| Form::UpdateVersion { environment });
        let on_one = self.deployments.keys().flat_map(|&deployment| {
            [
                Form::Advance { candidate: deployment },
                Form::Scale { deployment },
                Form::Autoscale { deployment },
                Form::Edit { deployment },
                Form::Rename { deployment },
            ]
        });
        let is_open = |action: &Action| self.check(now, action).is_ok() && !self.ignores(action);
        let legal = |form: &Form| self.filled(form).iter().any(is_open);
        updates.chain(on_one).filter(legal).collect()
    }

    /// The form with arguments all of which are refused only if every one is.
    fn filled(&self, form: &Form) -> Vec<Action> {
        match form {
            Form::UpdateVersion { environment } => {
                let runs = self.holder(environment.as_str()).and_then(|holder| holder.version.as_deref());
                let other = if runs == Some("next") { "other" } else { "next" };
                vec![Action::update_version(environment.clone(), other)]
            }
            &Form::Advance { candidate } => vec![Action::Advance { candidate, sight: Box::default() }],
            &Form::Scale { deployment } => {
                // To sleep, awake, where the replicas run that were wanted otherwise, and one more, which is all that a
                // rollout lets happen: nothing else is open to one to which all of these are closed.
                let running = self.deployment(deployment).map_or(0, Record::running);
                [0, 1, running, running.saturating_add(1)].map(|replicas| Action::Scale { deployment, replicas }).into()
            }
            &Form::Autoscale { deployment } => {
                let bounds = self.deployment(deployment).and_then(Record::autoscaler).map(|scaler| scaler.bounds);
                let ends = bounds.into_iter().flat_map(|bounds| [bounds.min(), bounds.max()]);
                ends.map(|replicas| Action::Autoscale { deployment, replicas }).collect()
            }
            &Form::Edit { deployment } => {
                let priority = self.deployment(deployment).map_or(0, |record| record.settings.priority);
                let change = Change::Priority(if priority == 0 { 1 } else { 0 });
                vec![Action::Edit { deployment, edit: Edit { changes: vec![change] } }]
            }
            &Form::Rename { deployment } => {
                // One of more names than there are deployments is free.
                let mut names = (0..=self.deployments.len()).filter_map(|n| Name::new(&format!("renamed-{n}")).ok());
                let taken = |name: &Name| self.deployments.values().any(|record| record.name == *name);
                let free = names.find(|name| !taken(name));
                free.into_iter().map(|name| Action::Rename { deployment, name }).collect()
            }
        }
    }
}
