//! The moment of questions, and when an answer changes by the passing of time alone (P16, I8).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Workspace;
use crate::deployment::Deployment;
use crate::policy::{Attachment, Environment};
use crate::time::Moment;

/// What ends next, by time alone.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NextChange {
    /// When: from this moment on, answers may be others.
    pub at: Moment,
    /// What ends then, in words: attachments that end, clusters that become stale.
    pub what: Vec<String>,
}

impl Workspace {
    /// The workspace as questions at a moment see it: attachments that have ended allow nothing (P16), clusters that were
    /// observed too long before are stale (I8). A cheap snapshot, as any clone is. Without it, questions are asked as of
    /// the last accepted change, and where there was none, as if whatever ends with time had ended.
    ///
    /// ```
    /// use siting::time::Moment;
    /// use siting::Workspace;
    ///
    /// let workspace: Workspace = "
    /// apiVersion: siting.dev/v1
    /// kind: Policy
    /// metadata: {name: us-only}
    /// spec: {type: location, locations: [{type: country, name: us}]}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Deployment
    /// metadata: {name: v1}
    /// spec: {model: bert, policies: [{name: us-only, until: 2027-01-01T00:00:00Z}]}
    /// ".parse()?;
    /// let end: Moment = "2027-01-01T00:00:00Z".parse()?;
    /// let before = Moment::from_millis(end.as_millis() - 1);
    /// assert!(!workspace.at(before).scope("v1")?.refuses_everything());
    /// assert!(workspace.at(end).scope("v1")?.refuses_everything());
    /// assert_eq!(workspace.next_change(before).map(|next| next.at), Some(end));
    /// assert_eq!(workspace.next_change(end), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at(&self, moment: Moment) -> Self {
        let mut asked = self.clone();
        asked.set_asked_at(Some(moment));
        asked
    }

    /// The moment that questions are about: that of [`at`](Self::at), else of the last accepted change.
    #[must_use]
    pub fn now(&self) -> Option<Moment> {
        self.asked_at.or(self.last_moment())
    }

    /// The moment that a report names: that of [`at`](Self::at), and where documents state moments, that of questions.
    #[must_use]
    pub fn moment_told(&self) -> Option<Moment> {
        self.asked_at.or_else(|| self.now().filter(|_| self.states_moments()))
    }

    /// From now on, questions are about this moment.
    pub(crate) fn set_asked_at(&mut self, at: Option<Moment>) {
        self.asked_at = at;
        self.look_at_clusters();
    }

    /// Says which clusters are stale now (I8). O(1) where none has become so since.
    pub(super) fn look_at_clusters(&mut self) {
        let now = self.now();
        self.inventory.look(now);
    }

    /// Does something as of a moment; what comes after is about the moment that it was about before.
    pub(super) fn as_of<T>(&mut self, now: Moment, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.asked_at;
        self.set_asked_at(Some(now));
        let done = work(self);
        self.set_asked_at(before);
        done
    }

    /// The workspace as of a moment, which it mostly is about already.
    pub(super) fn seen_at(&self, now: Moment) -> Cow<'_, Self> {
        if self.now() == Some(now) { Cow::Borrowed(self) } else { Cow::Owned(self.at(now)) }
    }

    /// As [`at`](Self::at), where there is a moment.
    #[cfg(feature = "manifest")]
    pub(crate) fn seen_as_of(&self, at: Option<Moment>) -> Cow<'_, Self> {
        at.map_or(Cow::Borrowed(self), |at| Cow::Owned(self.at(at)))
    }

    /// Whether any document states a moment by which answers change with time.
    #[must_use]
    pub fn states_moments(&self) -> bool {
        self.ends().next().is_some() || self.inventory.ages()
    }

    /// What ends next after a moment, by time alone: an attachment, or the time for which what was observed of a cluster
    /// counts. Between `now` and then, no answer changes unless something else does. `None` where nothing will end.
    ///
    /// O(attachments + clusters).
    #[must_use]
    pub fn next_change(&self, now: Moment) -> Option<NextChange> {
        let mut all: BTreeMap<Moment, Vec<String>> = BTreeMap::new();
        for (at, what) in self.ends().chain(self.stale_from()).filter(|(at, _)| *at > now) {
            all.entry(at).or_default().push(what);
        }
        let (at, what) = all.pop_first()?;
        Some(NextChange { at, what })
    }

    /// When each attachment ends that does, and which it is.
    fn ends(&self) -> impl Iterator<Item = (Moment, String)> {
        let of_workspace = self.attachments.iter().map(|attached| (attached, "the workspace".to_owned()));
        let of_environments = self.environments().flat_map(|(_, environment): (_, &Environment)| {
            let name = format!("environment `{}`", environment.name);
            environment.attachments.iter().map(move |attached| (attached, name.clone()))
        });
        let of_deployments = self.deployments().iter().flat_map(|deployment: &Deployment| {
            let ends = deployment.attachments.iter().filter(|attached| attached.until.is_some());
            ends.map(|attached| (attached, format!("deployment `{}`", deployment.address())))
        });
        let of_lives = self.lives().flat_map(|(workload, life)| {
            life.state().deployments().flat_map(move |record| {
                let owner = format!("deployment `{}/{}`", workload.name, record.name);
                let policies = record.settings.policies.iter();
                policies.filter_map(move |used| Some((used.until?, end(&used.name, &owner))))
            })
        });
        let attached = of_workspace.chain(of_environments).chain(of_deployments);
        let named = attached.filter_map(|(attached, owner): (&Attachment, String)| {
            Some((attached.until?, end(self.policies.get(attached.policy)?.name().as_str(), &owner)))
        });
        named.chain(of_lives)
    }

    /// When each cluster becomes stale that was observed, and which it is. It still counts at its last moment.
    fn stale_from(&self) -> impl Iterator<Item = (Moment, String)> {
        let fleet = self.inventory.fleet();
        self.inventory
            .stale_from()
            .filter_map(|(cluster, at)| Some((at, format!("cluster `{}` becomes stale", fleet.cluster(cluster)?.name))))
    }
}

fn end(policy: &str, owner: &str) -> String {
    format!("`{policy}` ends at {owner}")
}
