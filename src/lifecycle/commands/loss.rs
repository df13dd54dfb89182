//! Clusters and nodes that are lost and come back, and replicas in the place of those on them (W9).

use std::sync::Arc;

use super::step::Step;
use crate::id::Name;
use crate::lifecycle::placements::{PlacementRequest, Purpose};
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Number, Place, Record, Seen, Site, State, Status, replicas};
use crate::time::Moment;

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

    /// So many replicas at a place are on nodes that are gone: they are lost until these are back.
    pub(in crate::lifecycle) fn nodes_gone(
        &mut self,
        number: Number,
        generation: u64,
        at: &Place,
    ) -> Result<(), Refusal> {
        let (now, id) = (self.now, self.id(number));
        let record = self.record(number)?;
        if generation > record.generation {
            let reason = format!("`{id}` has no generation {generation} yet");
            return Err(Refusal::new("L8", reason).next("name the generation of the effect that was answered"));
        }
        record.tell_places_apart_if_serving();
        let (gone, before) = (record.gone_of(at, generation), record.gone_at(at, generation));
        if gone < before {
            record.have_nodes_back(at, generation, before - gone);
            self.replace_no_more_than_is_lost(number)?;
        } else {
            // What was to replace others and starts there does not; of what is known, that goes first.
            let more = gone - before;
            let starting = record.site(at, generation).map_or(0, |site| record.starting_at(site));
            let cut = more.min(starting).min(record.replacing);
            let stopped = record.stop_at(at, generation, cut);
            record.replacing -= cut;
            record.lose_nodes(at, generation, more - cut, now);
            record.forget_empty();
            let lost = |site: &Site| site.is_lost() && record.is_coming(site);
            let move_fails = record.moving && record.sites.iter().any(lost);
            let present = record.generation;
            self.stopped(number, present, stopped.into_iter().collect());
            if move_fails {
                return self.move_failed(number);
            }
        }
        self.follow_readiness(number)?;
        self.settled(number)
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
        if self.record(number)?.moving {
            // Of what is moved, all is replaced.
            return self.not_moving(number);
        }
        let in_rollout = self.state.is_in_rollout(number);
        let record = self.record(number)?;
        let (status, wanted, settings) = (record.status, record.displaced(), Arc::clone(&record.settings));
        if record.draft {
            // It has one replica at most.
            return Err(
                Refusal::new("L2", format!("`{id}` is the draft, which has at most one replica")).next("move it")
            );
        }
        let runs = matches!(status, Status::Active | Status::Unhealthy);
        if !runs && !(in_rollout && (status.is_starting() || status.serves())) {
            return Err(self.not_now(number));
        }
        if wanted == 0 {
            let reason = format!("`{id}` has no replicas on lost clusters or nodes that are not being replaced");
            return Err(Refusal::new("W9", reason).next("leave it"));
        }
        if status.is_starting() {
            // The rollout has others started when it goes on.
            self.stop(number, Site::is_lost)?;
            let size = self.record(number)?.size();
            self.takes_part_with(number, size);
            return Ok(());
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
        for site in record.sites.iter_mut().rev().filter(|site| site.is_lost()) {
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

impl Record {
    /// How many replicas of a place and generation are known to be on nodes that are gone.
    pub(in crate::lifecycle) fn gone_at(&self, place: &Place, generation: u64) -> u32 {
        let gone = |site: &&Site| site.gone_since.is_some() && site.generation == generation && site.place.is_at(place);
        self.sites.iter().filter(gone).map(|site| site.place.replicas).fold(0, u32::saturating_add)
    }

    /// How many would be, of as many as a host or workspace says: no more than there are.
    pub(in crate::lifecycle) fn gone_of(&self, place: &Place, generation: u64) -> u32 {
        let standing = self.site(place, generation).map_or(0, |site| site.place.replicas);
        place.replicas.min(standing.saturating_add(self.gone_at(place, generation)))
    }

    fn starting_at(&self, site: &Site) -> u32 {
        if site.seen.is_some() { self.seen_at(site).starting(site.place.replicas) } else { 0 }
    }

    /// Takes replicas off the standing ones of a place, those that are not ready first.
    fn stop_at(&mut self, place: &Place, generation: u64, fewer: u32) -> Option<Site> {
        let (mut left, mut stopped) = (fewer, Vec::new());
        let site = self.sites.iter_mut().find(|site| site.is_at(place, generation))?;
        take_off(site, &mut left, u32::MAX, &mut stopped);
        stopped.pop()
    }

    /// Tells some of the replicas of a place apart: their nodes are gone. Those that are ready stay as long as others can be
    /// meant.
    fn lose_nodes(&mut self, place: &Place, generation: u64, more: u32, now: Moment) {
        let Some(at) = self.sites.iter().position(|site| site.is_at(place, generation)).filter(|_| more > 0) else {
            return;
        };
        let gone = |site: &Site| site.gone_since.is_some() && site.generation == generation && site.place.is_at(place);
        let known = self.sites.iter().position(gone);
        let Some(site) = self.sites.get_mut(at) else { return };
        let more = more.min(site.place.replicas);
        if more == site.place.replicas && known.is_none() {
            site.gone_since = Some(now);
            return;
        }
        let lost = Site { gone_since: Some(now), ..site.part(more) };
        match known.and_then(|known| self.sites.get_mut(known)) {
            Some(known) => known.join(&lost),
            None => self.sites.insert(at + 1, lost),
        }
    }

    /// Some of the replicas of a place have their nodes again.
    fn have_nodes_back(&mut self, place: &Place, generation: u64, fewer: u32) {
        let gone = |site: &Site| site.gone_since.is_some() && site.generation == generation && site.place.is_at(place);
        let Some(at) = self.sites.iter().position(gone) else { return };
        let standing = self.sites.iter().position(|site| site.is_at(place, generation));
        let Some(site) = self.sites.get_mut(at) else { return };
        let fewer = fewer.min(site.place.replicas);
        if fewer == site.place.replicas && standing.is_none() {
            site.gone_since = None;
            return;
        }
        let back = Site { gone_since: None, ..site.part(fewer) };
        match standing.and_then(|standing| self.sites.get_mut(standing)) {
            Some(standing) => standing.join(&back),
            None => self.sites.insert(at, back),
        }
        self.forget_empty();
    }
}

impl Site {
    /// Parts with so many of its replicas: those that are ready stay as long as others can go.
    fn part(&mut self, fewer: u32) -> Self {
        let seen = self.seen;
        self.place.replicas = self.place.replicas.saturating_sub(fewer);
        self.seen = seen.map(|seen| seen.of(self.place.replicas));
        let rest = seen.zip(self.seen).map(|(seen, kept)| Seen {
            sequence: None,
            ready: seen.ready.saturating_sub(kept.ready),
            lost: seen.lost.saturating_sub(kept.lost),
            failed: seen.failed.saturating_sub(kept.failed),
        });
        Self { place: Place { replicas: fewer, ..self.place.clone() }, seen: rest, ..self.clone() }
    }

    /// Has the replicas of another as well.
    fn join(&mut self, other: &Self) {
        self.place.replicas = self.place.replicas.saturating_add(other.place.replicas);
        if self.seen.is_some() || other.seen.is_some() {
            let (own, more) = (self.seen.unwrap_or_default(), other.seen.unwrap_or_default());
            self.seen = Some(Seen {
                sequence: own.sequence.or(more.sequence),
                ready: own.ready.saturating_add(more.ready),
                lost: own.lost.saturating_add(more.lost),
                failed: own.failed.saturating_add(more.failed),
            });
        }
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
