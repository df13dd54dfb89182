//! Clusters that are lost and come back, and replicas in the place of those on them (W9).

use std::sync::Arc;

use super::step::Step;
use crate::id::Name;
use crate::lifecycle::placements::{PlacementRequest, Purpose};
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Number, Place, Site, State, Status, replicas};

impl State {
    /// Whether replicas are on a cluster that is known to be lost, or is not.
    pub(in crate::lifecycle) fn has_replicas_on(&self, cluster: &Name, lost: bool) -> bool {
        let there = |site: &Site| site.place.cluster == *cluster && site.lost_since.is_some() == lost;
        self.deployments().any(|record| record.sites.iter().any(there))
    }
}

impl Step<'_> {
    /// The deployments with replicas on a cluster that is known to be lost, or is not.
    fn on_cluster(&self, cluster: &Name, lost: bool) -> Vec<Number> {
        let there = |site: &Site| site.place.cluster == *cluster && site.lost_since.is_some() == lost;
        let deployments = self.state.deployments();
        deployments.filter(|record| record.sites.iter().any(there)).map(|record| record.number).collect()
    }

    pub(in crate::lifecycle) fn cluster_lost(&mut self, cluster: &Name) -> Result<(), Refusal> {
        let now = self.now;
        for number in self.on_cluster(cluster, false) {
            // Those that were to replace others and start there do not.
            let replacing = self.record(number)?.replacing;
            let stopped = self.stop_starting(number, replacing, Some(cluster))?;
            let record = self.record(number)?;
            record.replacing -= stopped;
            record.tell_places_apart_if_serving();
            for site in record.sites.iter_mut().filter(|site| site.place.cluster == *cluster) {
                site.lost_since = site.lost_since.or(Some(now));
            }
            let lost = |site: &Site| site.lost_since.is_some() && record.is_coming(site);
            if record.moving && record.sites.iter().any(lost) {
                // Where it was to move is lost.
                self.move_failed(number)?;
                continue;
            }
            self.follow_readiness(number)?;
            self.settled(number)?;
        }
        Ok(())
    }

    pub(in crate::lifecycle) fn cluster_back(&mut self, cluster: &Name) -> Result<(), Refusal> {
        for number in self.on_cluster(cluster, true) {
            let record = self.record(number)?;
            for site in record.sites.iter_mut().filter(|site| site.place.cluster == *cluster) {
                site.lost_since = None;
            }
            self.replace_no_more_than_is_lost(number)?;
            self.follow_readiness(number)?;
            self.settled(number)?;
        }
        Ok(())
    }

    /// What is back, or has stopped, needs no replacement.
    pub(in crate::lifecycle) fn replace_no_more_than_is_lost(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let spare = record.replacing.saturating_sub(record.lost_with_clusters());
        record.replacing -= spare;
        self.stop_starting(number, spare, None)?;
        Ok(())
    }

    /// Replicas in the place of those that are lost, as many as fit.
    pub(in crate::lifecycle) fn replace_lost(&mut self, number: Number) -> Result<(), Refusal> {
        let id = self.id(number);
        self.not_moving(number)?;
        self.not_to_be_replaced(number)?;
        let record = self.record(number)?;
        let (status, wanted, settings) = (record.status, record.displaced(), Arc::clone(&record.settings));
        if record.draft {
            // It has one replica at most.
            return Err(
                Refusal::new("L2", format!("`{id}` is the draft, which has at most one replica")).next("move it")
            );
        }
        if !matches!(status, Status::Active | Status::Unhealthy) {
            return Err(self.not_now(number));
        }
        if wanted == 0 {
            let reason = format!("`{id}` has no replicas on lost clusters that are not being replaced");
            return Err(Refusal::new("W9", reason).next("leave it"));
        }
        let (governors, keep, purpose) = (self.governors(number)?, Vec::new(), Purpose::Replace);
        let beside = self.record(number)?.standing();
        let request =
            PlacementRequest { deployment: number, governors, replicas: wanted, settings, keep, beside, purpose };
        let places = self.answers.places(request)?;
        let record = self.record(number)?;
        record.replacing = record.replacing.saturating_add(replicas(&places));
        self.grow(number, places)
    }

    /// Stops as many lost replicas as others are ready in their place.
    pub(in crate::lifecycle) fn replaced(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let mut done = record.replacing.saturating_sub(record.starting());
        if done == 0 || record.moving {
            return Ok(());
        }
        record.replacing -= done;
        let (generation, mut stopped) = (record.generation, Vec::new());
        for site in record.sites.iter_mut().rev().filter(|site| site.lost_since.is_some()) {
            take_off(site, &mut done, u32::MAX, &mut stopped);
        }
        record.forget_empty();
        self.stopped(number, generation, stopped);
        self.time_starts(number)
    }

    /// Stops up to so many of the replicas that are starting beside others, on one cluster or on any, the last placed
    /// first; how many.
    fn stop_starting(&mut self, number: Number, spare: u32, on: Option<&Name>) -> Result<u32, Refusal> {
        let mut left = spare;
        let record = self.record(number)?;
        let starting: Vec<u32> =
            record.sites.iter().map(|site| record.seen_at(site).starting(site.place.replicas)).collect();
        let (generation, mut stopped) = (record.generation, Vec::new());
        let meant = |site: &Site| site.seen.is_some() && on.is_none_or(|cluster| site.place.cluster == *cluster);
        for (site, starting) in record.sites.iter_mut().zip(starting).rev().filter(|(site, _)| meant(site)) {
            take_off(site, &mut left, starting, &mut stopped);
        }
        record.forget_empty();
        self.stopped(number, generation, stopped);
        Ok(spare - left)
    }
}

/// Takes up to `left` replicas off a site, and no more than `most`.
fn take_off(site: &mut Site, left: &mut u32, most: u32, stopped: &mut Vec<Site>) {
    let fewer = site.place.replicas.min(*left).min(most);
    if fewer > 0 {
        *left -= fewer;
        site.place.replicas -= fewer;
        if let Some(seen) = &mut site.seen {
            *seen = seen.of(site.place.replicas);
        }
        stopped.push(Site { place: Place { replicas: fewer, ..site.place.clone() }, ..site.clone() });
    }
}
