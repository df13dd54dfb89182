//! Where requests may be answered, by the country that they come from (P18).

use std::sync::Arc;

use super::{LookupError, Reference, Workspace};
use crate::bitset::BitSet;
use crate::deployment::{Deployment, Workload};
use crate::id::{ClusterId, CountryId, DeploymentId, Name, PairId};
use crate::lifecycle::{Answer, Endpoint, Number, Place, Record, Refusal, State};
use crate::policy::{Bundle, CallerCuts, Scope};
use crate::traffic::{Country, Mask, Masks, SiteId};

impl Workspace {
    /// The clusters on which a deployment's requests from a country may be answered, or those of a caller whose country
    /// nobody knows: where the policies let the deployment run, cut by those that bind the caller (P18).
    ///
    /// ```
    /// use siting::Workspace;
    ///
    /// let workspace: Workspace = "
    /// apiVersion: siting.dev/v1
    /// kind: Policy
    /// metadata: {name: europeans-in-europe}
    /// spec: {type: location, locations: [{type: group, name: eea}], callers: [{type: group, name: eea}]}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Deployment
    /// metadata: {name: v1}
    /// spec: {model: bert, policies: [europeans-in-europe]}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Cluster
    /// metadata: {name: virginia}
    /// spec: {provider: aws, location: us-east-1, flavors: [{type: gpu, name: t4}]}
    /// ".parse()?;
    /// let (de, us) = (workspace.catalog().country("de"), workspace.catalog().country("us"));
    /// assert_eq!(workspace.allowed("v1")?.len(), 1); // it binds no deployment
    /// assert_eq!(workspace.answerable("v1", us)?.len(), 1);
    /// assert_eq!(workspace.answerable("v1", de)?.len(), 0);
    /// assert_eq!(workspace.answerable("v1", None)?.len(), 0); // who may be from Europe
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// O(attached policies × atoms / 64 + places + kinds + clusters).
    ///
    /// # Errors
    /// [`LookupError`] for a deployment that the workspace does not have; so below.
    pub fn answerable(
        &self,
        deployment: impl Reference<DeploymentId>,
        caller: Option<CountryId>,
    ) -> Result<BitSet<ClusterId>, LookupError> {
        let scope = self.answer_scope(deployment, caller)?;
        Ok(self.inventory.fleet().index().allowed(&scope).clusters())
    }

    /// The same as pools and flavors.
    ///
    /// # Errors
    /// As [`answerable`](Self::answerable).
    pub fn answerable_pairs(
        &self,
        deployment: impl Reference<DeploymentId>,
        caller: Option<CountryId>,
    ) -> Result<BitSet<PairId>, LookupError> {
        let scope = self.answer_scope(deployment, caller)?;
        Ok(self.inventory.fleet().index().allowed(&scope).pairs())
    }

    /// The policies that say where a deployment's requests from a country may be answered: its own scope, and the policies
    /// that bind the caller.
    ///
    /// # Errors
    /// As [`answerable`](Self::answerable).
    pub fn answer_scope(
        &self,
        deployment: impl Reference<DeploymentId>,
        caller: Option<CountryId>,
    ) -> Result<Arc<Scope>, LookupError> {
        let (_, found) = self.found(deployment)?;
        Ok(Arc::new(self.scope_of(found).both(&self.cut_of(found, caller))))
    }

    /// What the caller policies in force for a deployment cut, by the country that a request comes from, for the
    /// [moment](Self::now) of questions.
    ///
    /// # Errors
    /// As [`answerable`](Self::answerable).
    pub fn caller_cuts(&self, deployment: impl Reference<DeploymentId>) -> Result<CallerCuts, LookupError> {
        Ok(self.cuts_of(self.found(deployment)?.1))
    }

    /// The same of a live deployment, under its governor; while it is promoted, under the target as well.
    ///
    /// # Errors
    /// [`Refusal`] where there is no such deployment, or its settings name what is not known.
    pub fn caller_cuts_live(&self, workload: &Workload, number: Number) -> Result<CallerCuts, Refusal> {
        let state = self.state_of(workload)?;
        let record = state.deployment(number).ok_or_else(|| {
            Refusal::new("L1", format!("there is no deployment `{}`", state.id(number))).next("name one that is live")
        })?;
        self.cuts_of_record(workload, &state, record)
    }

    /// The masks of all callers of a deployment, for the places where it has backends, each by the number that the host
    /// gives it: what a [`Balancer`](crate::traffic::Balancer) is [bound](crate::traffic::Balancer::bind) by. They hold what
    /// caller policies cut. The deployment's own scope is what [`Backend::allowed`](crate::traffic::Backend) says: replicas
    /// that run where it does not let them go on answering their own deployment's requests (R5), within the caller's mask.
    ///
    /// They hold until policies, attachments, clusters or the moment change: bind the balancer again then.
    ///
    /// O(attached caller policies × countries + cuts × places).
    ///
    /// # Errors
    /// As [`answerable`](Self::answerable).
    pub fn caller_masks(
        &self,
        deployment: impl Reference<DeploymentId>,
        sites: impl IntoIterator<Item = (SiteId, PairId)>,
    ) -> Result<Masks, LookupError> {
        let cuts = self.caller_cuts(deployment)?;
        let sites: Vec<_> = sites.into_iter().map(|(site, pair)| (site, Some(pair))).collect();
        Ok(self.masks(&cuts, &sites))
    }

    /// The same for a live deployment, and places by name; one that is not there any more is in no mask that cuts.
    ///
    /// # Errors
    /// As [`caller_cuts_live`](Self::caller_cuts_live).
    pub fn caller_masks_live<'p>(
        &self,
        workload: &Workload,
        number: Number,
        sites: impl IntoIterator<Item = (SiteId, &'p Place)>,
    ) -> Result<Masks, Refusal> {
        let cuts = self.caller_cuts_live(workload, number)?;
        let sites: Vec<_> = sites.into_iter().map(|(site, place)| (site, self.pair(place))).collect();
        Ok(self.masks(&cuts, &sites))
    }

    /// What a call of an endpoint gets that comes from a country: as [`State::route`] says it, where the caller may be
    /// answered (P18). Deployments without a ready replica there get nothing, and the others share it.
    ///
    /// # Errors
    /// [`Refusal`] where the settings of a deployment name what is not known.
    pub fn route(
        &self,
        workload: &Workload,
        endpoint: &Endpoint,
        caller: Option<CountryId>,
    ) -> Result<Answer, Refusal> {
        self.route_in(workload, &self.state_of(workload)?, endpoint, caller)
    }

    /// The same of a state of the workload.
    pub(crate) fn route_in(
        &self,
        workload: &Workload,
        state: &State,
        endpoint: &Endpoint,
        caller: Option<CountryId>,
    ) -> Result<Answer, Refusal> {
        if self.policies.iter().all(|(_, policy)| policy.callers().is_none()) {
            return Ok(state.route(endpoint));
        }
        let mut refused = None;
        let answer = state.route_within(endpoint, |record, place| {
            let within = self.cuts_of_record(workload, state, record).map(|cuts| self.is_within(&cuts, caller, place));
            within.unwrap_or_else(|refusal| {
                refused = Some(refusal);
                false
            })
        });
        refused.map_or(Ok(answer), Err)
    }

    /// Whether a place is within a caller's cut.
    pub(super) fn is_within(&self, cuts: &CallerCuts, caller: Option<CountryId>, place: &Place) -> bool {
        let cut = cuts.of(caller);
        let is_in = |pair| self.inventory.fleet().index().allowed(cut).contains(pair);
        !cut.restricts() || self.pair(place).is_some_and(is_in)
    }

    pub(super) fn cuts_of_record(
        &self,
        workload: &Workload,
        state: &State,
        record: &Record,
    ) -> Result<CallerCuts, Refusal> {
        let promoted_to = state
            .slots()
            .filter(|(_, slot)| slot.promotion.as_ref().is_some_and(|promotion| promotion.candidate == record.number));
        let mut cuts = self.cuts_under(workload, &record.governor, record)?;
        for (target, _) in promoted_to.filter(|(target, _)| **target != record.governor) {
            cuts = cuts.both(&self.cuts_under(workload, target, record)?);
        }
        Ok(cuts)
    }

    fn cuts_under(&self, workload: &Workload, governor: &Name, record: &Record) -> Result<CallerCuts, Refusal> {
        Ok(self.cuts_of(&self.resolved(workload, governor, &record.settings, 0)?))
    }

    fn cuts_of(&self, deployment: &Deployment) -> CallerCuts {
        let resource_type = deployment.workload.resource_type;
        CallerCuts::compile(&self.catalog, &self.policies, self.levels_of(deployment), resource_type, self.now())
    }

    fn cut_of(&self, deployment: &Deployment, caller: Option<CountryId>) -> Scope {
        let resource_type = deployment.workload.resource_type;
        Scope::of_caller(&self.policies, self.levels_of(deployment), resource_type, self.now(), caller)
    }

    /// What the three levels impose on a deployment.
    pub(super) fn levels_of<'a>(&'a self, deployment: &'a Deployment) -> [Bundle<'a>; 3] {
        let environment = self.environment(deployment.environment).map(|environment| environment.bundle());
        let own = Bundle { attachments: &deployment.attachments, require: &[] };
        [self.bundle(), environment.unwrap_or_default(), own]
    }

    fn masks(&self, cuts: &CallerCuts, sites: &[(SiteId, Option<PairId>)]) -> Masks {
        let mask = |cut: &Scope| {
            if !cut.restricts() {
                return Mask::everywhere();
            }
            let allowed = self.inventory.fleet().index().allowed(cut);
            let within = sites.iter().filter(|(_, pair)| pair.is_some_and(|pair| allowed.contains(pair)));
            Mask::only(within.map(|(site, _)| *site))
        };
        let codes = |countries: Vec<CountryId>| {
            // The alias by which address databases know the United Kingdom as well (C2).
            let alias = self.catalog.country(UK).filter(|country| countries.contains(country)).map(|_| UK);
            let codes = countries.iter().map(|&country| self.catalog.country_code(country)).chain(alias);
            codes.filter_map(|code| code.parse::<Country>().ok()).collect::<Vec<_>>()
        };
        let unknown = Masks::new(mask(cuts.of(None)));
        cuts.groups().fold(unknown, |masks, (countries, cut)| masks.with(mask(cut), codes(countries)))
    }
}

const UK: &str = "uk";
