//! How many replicas are ready, lost, failed and starting, by place (L14).

use super::deployment::Record;
use super::place::Place;
use super::site::{Seen, Site};
use super::status::Status;

impl Record {
    /// Whether a site is one that a move or restart is bringing up.
    pub(in crate::lifecycle) fn is_coming(&self, site: &Site) -> bool {
        self.moving && site.generation == self.generation
    }

    /// How the replicas of a site are. Those on a lost cluster or node are lost, whatever was seen of them (W9).
    #[must_use]
    pub fn seen_at(&self, site: &Site) -> Seen {
        if site.is_lost() && self.is_up() {
            return Seen { lost: site.place.replicas, ..Seen::default() };
        }
        self.told_of(site)
    }

    fn is_up(&self) -> bool {
        self.status.is_starting() || self.status.serves() || self.status == Status::Unhealthy
    }

    /// What was seen of the replicas of a site.
    fn told_of(&self, site: &Site) -> Seen {
        let replicas = site.place.replicas;
        match site.seen {
            // What is told to stop is not asked about any more.
            _ if !self.is_up() => Seen::default(),
            Some(seen) => seen.of(replicas),
            None if self.is_coming(site) => Seen::default(),
            None if self.status.serves() => Seen { ready: replicas, ..Seen::default() },
            None if self.status == Status::Unhealthy => Seen { lost: replicas, ..Seen::default() },
            None => Seen::default(),
        }
    }

    /// How many replicas are ready, but for those that a move or restart is bringing up (L14).
    #[must_use]
    pub fn ready(&self) -> u32 {
        let here = self.sites.iter().filter(|site| !self.is_coming(site));
        here.map(|site| self.seen_at(site).ready).fold(0, u32::saturating_add)
    }

    /// The same, but for those at these places.
    pub(in crate::lifecycle) fn ready_but_at(&self, places: &[Place]) -> u32 {
        let here = self.sites.iter().filter(|site| !self.is_coming(site));
        let counted = here.filter(|site| !places.iter().any(|place| place.is_at(&site.place)));
        counted.map(|site| self.seen_at(site).ready).fold(0, u32::saturating_add)
    }

    /// How many replicas are starting beside others: none of one that starts, or is moved, as a whole.
    #[must_use]
    pub fn starting(&self) -> u32 {
        if self.status == Status::Deactivating {
            return 0;
        }
        let here = self.sites.iter().filter(|site| !self.is_coming(site) && site.seen.is_some());
        here.map(|site| self.seen_at(site).starting(site.place.replicas)).fold(0, u32::saturating_add)
    }

    /// How many replicas are lost beside ready ones.
    pub(in crate::lifecycle) fn lost(&self) -> u32 {
        if self.ready() == 0 {
            return 0;
        }
        let here = self.sites.iter().filter(|site| !self.is_coming(site));
        here.map(|site| self.seen_at(site).lost).fold(0, u32::saturating_add)
    }

    /// Whether a host told of its replicas place by place.
    #[must_use]
    pub fn is_seen_by_place(&self) -> bool {
        self.sites.iter().any(|site| site.seen.is_some_and(|seen| seen.sequence.is_some()))
    }

    /// How many replicas are on lost clusters or nodes and not being replaced (W9).
    #[must_use]
    pub fn displaced(&self) -> u32 {
        self.lost_with_clusters().saturating_sub(self.replacing)
    }

    /// How many replicas are on lost clusters or nodes.
    pub(in crate::lifecycle) fn lost_with_clusters(&self) -> u32 {
        let lost = self.sites.iter().filter(|site| site.is_lost()).map(|site| site.place.replicas);
        lost.fold(0, u32::saturating_add)
    }

    /// The site of a place and generation, on nodes that are there.
    pub(in crate::lifecycle) fn site(&self, place: &Place, generation: u64) -> Option<&Site> {
        self.sites.iter().find(|site| site.is_at(place, generation))
    }

    /// Notes of each site what the status says of it, before places begin to differ.
    pub(in crate::lifecycle) fn tell_places_apart(&mut self) {
        let seen: Vec<_> = self.sites.iter().map(|site| self.told_of(site)).collect();
        for (site, seen) in self.sites.iter_mut().zip(seen) {
            site.seen = Some(Seen { sequence: site.seen.and_then(|seen| seen.sequence), ..seen });
        }
    }

    /// The same of one that serves, or did: of what starts as a whole nothing is known by place.
    pub(in crate::lifecycle) fn tell_places_apart_if_serving(&mut self) {
        if self.is_up() && !self.status.is_starting() && !self.moving {
            self.tell_places_apart();
        }
    }

    /// All replicas are ready: only the numbers of the observations are left to tell.
    pub(in crate::lifecycle) fn all_ready(&mut self) {
        for site in &mut self.sites {
            let sequence = site.seen.and_then(|seen| seen.sequence);
            site.seen = sequence.map(|_| Seen { sequence, ready: site.place.replicas, lost: 0, failed: 0 });
        }
    }

    /// So many replicas are ready, wherever they are: for hosts that tell of sums. The others are starting.
    pub(in crate::lifecycle) fn so_many_ready(&mut self, ready: u32) {
        if ready >= self.running() {
            return self.all_ready();
        }
        if self.status.is_starting() || ready == self.ready() {
            return;
        }
        let mut left = ready;
        for site in self.sites.iter_mut().filter(|site| !site.is_lost()) {
            let here = left.min(site.place.replicas);
            left -= here;
            site.seen = Some(Seen { ready: here, ..Seen::default() });
        }
    }

    /// None of those that were ready answers well, or all of these do again; those that a move brings up are
    /// not meant. Where there were none, all do.
    pub(in crate::lifecycle) fn answer_well(&mut self, well: bool) {
        let (moving, generation) = (self.moving, self.generation);
        let here = |site: &&mut Site| !(moving && site.generation == generation);
        for site in self.sites.iter_mut().filter(here) {
            if let Some(seen) = &mut site.seen {
                let running = seen.ready.saturating_add(seen.lost);
                (seen.ready, seen.lost) = if well { (running, 0) } else { (0, running) };
            }
        }
        if well && self.ready() == 0 {
            for site in self.sites.iter_mut().filter(here) {
                let sequence = site.seen.and_then(|seen| seen.sequence);
                site.seen = Some(Seen { sequence, ready: site.place.replicas, lost: 0, failed: 0 });
            }
        }
    }

    /// Replicas that failed where a move is about to replace them anyway.
    pub(in crate::lifecycle) fn count_failed_as_lost(&mut self) {
        for seen in self.sites.iter_mut().filter_map(|site| site.seen.as_mut()) {
            seen.lost = seen.lost.saturating_add(std::mem::take(&mut seen.failed));
        }
    }

    /// Takes out sites without replicas, and remembers the last observation of each.
    pub(in crate::lifecycle) fn forget_empty(&mut self) {
        let (kept, empty) = std::mem::take(&mut self.sites).into_iter().partition(|site| site.place.replicas > 0);
        self.sites = kept;
        let empty: Vec<Site> = empty;
        self.emptied.extend(empty.into_iter().filter(|site| site.seen.is_some_and(|seen| seen.sequence.is_some())));
    }
}
