//! Clients that stay with their backend.

use std::collections::HashMap;
use std::time::Duration;

use super::backend::{BackendId, NoRoute, VersionId};
use super::balancer::{Balancer, Caller};
use super::split::Split;
use crate::time::Moment;

/// Sticky sessions: a client's requests go to the backend that answered its first, until the session
/// expires. When that backend can take no request, the client is bound anew: to another of the same
/// version while there is one, so that a canary does not change sides in the middle of a session. A backend that the
/// caller's mask does not admit takes none of its requests, whatever its session says (P18).
///
/// At most [`Sessions::MOST`] are kept at a time, or fewer by [`Sessions::at_most`], and keys of at most
/// [`Sessions::MOST_BYTES`] together. Beyond, a new client is answered without.
///
/// ```
/// use std::time::Duration;
/// use siting::time::Moment;
/// use siting::traffic::{Algorithm, Backend, BackendId, Balancer, Bound, Caller, Sessions, Split, VersionId};
///
/// let backends = (0..2).map(|id| Backend::new(BackendId(id), "10.0.0.1", 80)).collect();
/// let mut balancer = Balancer::new(Algorithm::RoundRobin, backends)?;
/// let mut sessions = Sessions::new(Duration::from_secs(600));
/// let (now, split) = (Moment::from_millis(0), Split::all(VersionId(0)));
/// let mut ask = |balancer: &mut Balancer| sessions.pick(balancer, &split, now, "ann", &Caller::default(), 0);
/// let (first, _) = ask(&mut balancer).unwrap();
/// assert_eq!(ask(&mut balancer), Ok((first, Bound::Kept)));
/// balancer.update(first, |backend| backend.ready = false);
/// let (second, bound) = ask(&mut balancer).unwrap();
/// assert!(second != first && bound == Bound::Anew);
/// # Ok::<(), siting::traffic::InvalidBackends>(())
/// ```
///
/// Their serialised form can be kept, and goes on elsewhere as these would; what contradicts itself is not read back.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// How long after a client's last request its session ends.
    pub(super) lifetime: Duration,
    pub(super) bound: HashMap<Box<str>, Session>,
    /// What their keys take together.
    pub(super) bytes: usize,
    /// How many are kept at most.
    pub(super) most: usize,
    /// Before which it is of no use to look for expired ones again.
    pub(super) full_until: Moment,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    pub(super) backend: BackendId,
    pub(super) version: VersionId,
    /// The last moment of the session.
    pub(super) until: Moment,
}

/// More sessions than can be kept at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{most} sessions are too many, at most {} are kept", Sessions::MOST)]
#[non_exhaustive]
pub struct TooManySessions {
    /// How many were asked for.
    pub most: usize,
}

/// How a client came to its backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// It had no session, or that had expired.
    New,
    /// By its session.
    Kept,
    /// Its session's backend could take no request.
    Anew,
}

impl Sessions {
    /// The most sessions that are kept.
    pub const MOST: usize = 1_000_000;

    /// The most bytes of the keys of all sessions.
    pub const MOST_BYTES: usize = 256 << 20;

    /// No sessions yet; each ends `lifetime` after its client's last request.
    #[must_use]
    pub fn new(lifetime: Duration) -> Self {
        Self { lifetime, bound: HashMap::new(), bytes: 0, most: Self::MOST, full_until: Moment::default() }
    }

    /// At most so many sessions at a time.
    ///
    /// # Errors
    /// [`TooManySessions`] above [`Sessions::MOST`].
    pub fn at_most(self, most: usize) -> Result<Self, TooManySessions> {
        if most > Self::MOST { Err(TooManySessions { most }) } else { Ok(Self { most, ..self }) }
    }

    /// How many are kept, expired ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bound.len()
    }

    /// Whether none are kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bound.is_empty()
    }

    /// Forgets those that have expired.
    pub fn expire(&mut self, now: Moment) {
        self.bound.retain(|_, session| session.until >= now);
        self.bytes = self.bound.keys().map(|key| key.len()).sum();
    }

    /// Chooses a backend for the client `key` and opens a connection to it. A new client's version is
    /// chosen by `split` and the `random` number. What `caller` says of a version is not looked at.
    ///
    /// # Errors
    /// [`NoRoute`] where no backend may be sent the request. The session is left as it was.
    pub fn pick(
        &mut self,
        balancer: &mut Balancer,
        split: &Split,
        now: Moment,
        key: &str,
        caller: &Caller<'_>,
        random: u64,
    ) -> Result<(BackendId, Bound), NoRoute> {
        let session = self.bound.get(key).copied().filter(|session| session.until >= now);
        // A version that lost its share, as one that was rolled back, lets go of its clients.
        let served = session.filter(|session| split.share(session.version) > 0);
        let kept = served.filter(|session| !caller.tried.contains(&session.backend));
        if let Some(session) = kept.filter(|session| balancer.reopen(now, session.backend, caller.country)) {
            self.bind(now, key, session.backend, session.version);
            return Ok((session.backend, Bound::Kept));
        }
        // The session's own version first; then whichever the split gives that can serve.
        let pinned =
            served.and_then(|session| balancer.pick(now, &Caller { version: Some(session.version), ..*caller }).ok());
        let backend = match pinned {
            Some(backend) => backend,
            None => {
                let chosen = split.choose(random, |version| balancer.serves(now, version, caller));
                let Some(version) = chosen else { return Err(balancer.no_route(now, caller.country, split)) };
                balancer.pick(now, &Caller { version: Some(version), ..*caller })?
            }
        };
        let version = balancer.version_of(backend).unwrap_or_default();
        self.bind(now, key, backend, version);
        Ok((backend, if session.is_some() { Bound::Anew } else { Bound::New }))
    }

    /// Whether one more can be kept; makes room where sessions have expired. It looks through all of them
    /// only when the first of them can have expired since it last looked.
    fn has_room(&mut self, now: Moment, bytes: usize) -> bool {
        let fits = |sessions: &Self| {
            sessions.bound.len() < sessions.most && sessions.bytes.saturating_add(bytes) <= Self::MOST_BYTES
        };
        if !fits(self) && now >= self.full_until {
            self.expire(now);
            let first = self.bound.values().map(|session| session.until).min();
            // Of those that expire in short order, several go at once.
            let soon = now.checked_add(self.lifetime / 16).unwrap_or(now);
            self.full_until = first.unwrap_or(now).max(soon);
        }
        fits(self)
    }

    fn bind(&mut self, now: Moment, key: &str, backend: BackendId, version: VersionId) {
        let until = now.checked_add(self.lifetime).unwrap_or(Moment::from_millis(u64::MAX));
        let session = Session { backend, version, until };
        match self.bound.get_mut(key) {
            Some(kept) => *kept = session,
            None => {
                if self.has_room(now, key.len()) {
                    self.bytes += key.len();
                    self.bound.insert(key.into(), session);
                }
            }
        }
    }
}
