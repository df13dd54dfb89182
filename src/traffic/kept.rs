//! Balancers and sessions as they are kept: written down, and read back with every bound checked.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::backend::{Backend, BackendId, VersionId};
use super::balancer::{Algorithm, Balancer, InvalidBackends};
use super::health::Checks;
use super::masks::Masks;
use super::sessions::{Session, Sessions};
use crate::time::Moment;

/// What a balancer holds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeptBalancer {
    algorithm: Algorithm,
    checks: Checks,
    backends: Vec<Backend>,
    /// The weight that counts of each backend, and how far its turn has come.
    turns: Vec<(i32, i32)>,
    /// Where callers may be answered; absent, nobody is cut from anything.
    #[serde(default, skip_serializing_if = "Masks::is_none")]
    masks: Masks,
}

/// What sessions hold.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeptSessions {
    lifetime: Duration,
    most: usize,
    full_until: Moment,
    /// By client: the backend, its version, and the last moment of the session.
    bound: Vec<(Box<str>, BackendId, VersionId, Moment)>,
}

/// Why something is no balancer that was kept.
#[derive(Debug, thiserror::Error)]
enum InvalidBalancer {
    #[error(transparent)]
    Backends(#[from] InvalidBackends),
    #[error("health checks take at least one result, and 1 to 100 percent of at least one request")]
    Checks,
    #[error("a balancer has a turn for each backend, which its weight bounds")]
    Turns,
}

/// Why something are no sessions that were kept.
#[derive(Debug, thiserror::Error)]
enum InvalidSessions {
    #[error("there are more sessions than are kept at a time")]
    TooMany,
    #[error("a client has two sessions")]
    Twice,
}

impl Serialize for Balancer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        KeptBalancer::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Balancer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(KeptBalancer::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Sessions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        KeptSessions::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sessions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(KeptSessions::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl From<Balancer> for KeptBalancer {
    fn from(mut balancer: Balancer) -> Self {
        balancer.settle();
        let turns = balancer.turns.iter().map(|turn| (turn.effective, turn.current)).collect();
        let Balancer { algorithm, checks, backends, masks, .. } = balancer;
        Self { algorithm, checks, backends, turns, masks }
    }
}

impl TryFrom<KeptBalancer> for Balancer {
    type Error = InvalidBalancer;

    fn try_from(kept: KeptBalancer) -> Result<Self, InvalidBalancer> {
        let KeptBalancer { algorithm, checks, backends, turns, masks } = kept;
        let counted = checks.requests.is_none_or(|rule| (1..=100).contains(&rule.percent) && rule.at_least > 0);
        if checks.unhealthy_after == 0 || checks.healthy_after == 0 || !counted {
            return Err(InvalidBalancer::Checks);
        }
        let mut balancer = Self::with_checks(algorithm, backends, checks)?;
        // A turn never goes further than all weights together.
        let most: i64 = balancer.turns.iter().map(|turn| i64::from(turn.weight)).sum();
        if turns.len() != balancer.turns.len() {
            return Err(InvalidBalancer::Turns);
        }
        for (turn, (effective, current)) in balancer.turns.iter_mut().zip(turns) {
            if !(0..=turn.weight).contains(&effective) || i64::from(current).abs() > most {
                return Err(InvalidBalancer::Turns);
            }
            (turn.effective, turn.current) = (effective, current);
        }
        balancer.bind(masks);
        Ok(balancer)
    }
}

impl From<Sessions> for KeptSessions {
    fn from(sessions: Sessions) -> Self {
        let Sessions { lifetime, bound, most, full_until, .. } = sessions;
        let one = |(key, session): (Box<str>, Session)| (key, session.backend, session.version, session.until);
        let mut bound: Vec<_> = bound.into_iter().map(one).collect();
        bound.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        Self { lifetime, most, full_until, bound }
    }
}

impl TryFrom<KeptSessions> for Sessions {
    type Error = InvalidSessions;

    fn try_from(kept: KeptSessions) -> Result<Self, InvalidSessions> {
        let KeptSessions { lifetime, most, full_until, bound } = kept;
        let (count, bytes) = (bound.len(), bound.iter().map(|(key, ..)| key.len()).sum());
        if most > Self::MOST || count > most || bytes > Self::MOST_BYTES {
            return Err(InvalidSessions::TooMany);
        }
        let one = |(key, backend, version, until)| (key, Session { backend, version, until });
        let bound: HashMap<Box<str>, Session> = bound.into_iter().map(one).collect();
        if bound.len() < count {
            return Err(InvalidSessions::Twice);
        }
        Ok(Self { lifetime, bound, bytes, most, full_until })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Caller, FailedRequests, Split};
    use super::*;

    fn back<T: Serialize + for<'a> Deserialize<'a>>(kept: &T) -> T {
        let text = serde_json::to_string(kept).expect("plain");
        let back: T = serde_json::from_str(&text).expect("as it was written");
        assert_eq!(serde_json::to_string(&back).expect("plain"), text);
        back
    }

    /// R5, R7: a balancer that was kept, and its sessions, choose as those do that were not, whatever comes.
    #[test]
    fn r5_balancers_and_sessions_that_were_kept_go_on_as_they_were() {
        let mut random = 7_u32;
        let mut chance = |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % below
        };
        let algorithms =
            [Algorithm::RoundRobin, Algorithm::LeastConnections, Algorithm::IpHash, Algorithm::ConsistentHash];
        for algorithm in algorithms {
            let backend = |id: u32| Backend {
                weight: 1 + id % 3,
                version: VersionId(id % 2),
                max_connections: (id == 4).then_some(2),
                ..Backend::new(BackendId(id), format!("10.0.0.{id}"), 80)
            };
            let requests = FailedRequests { at_least: 2, ..FailedRequests::default() };
            let checks = Checks { requests: Some(requests), ..Checks::default() };
            let all: Vec<Backend> = (0..5).map(backend).collect();
            let mut one = Balancer::with_checks(algorithm, all, checks).expect("light");
            let mut kept = Sessions::new(Duration::from_secs(5)).at_most(7).expect("few");
            let split = Split::new(vec![(VersionId(0), 60), (VersionId(1), 40)]).expect("all");
            for step in 0..600_u64 {
                let (mut other, mut again) = (back(&one), back(&kept));
                let now = Moment::from_millis(step * 97);
                for _ in 0..3 {
                    let key = chance(12).to_string();
                    let address = Some([10, 1, 2, u8::try_from(chance(200)).expect("small")].into());
                    let caller = Caller { address, key: key.as_bytes(), ..Caller::default() };
                    if chance(2) == 0 {
                        assert_eq!(one.pick(now, &caller), other.pick(now, &caller));
                    } else {
                        let number = u64::from(chance(1000));
                        let chosen = kept.pick(&mut one, &split, now, &key, &caller, number);
                        assert_eq!(chosen, again.pick(&mut other, &split, now, &key, &caller, number));
                    }
                    let (id, failed) = (BackendId(chance(5)), chance(3) == 0);
                    for balancer in [&mut one, &mut other] {
                        balancer.finished(now, id, failed);
                        balancer.checked(id, !failed);
                    }
                }
            }
        }
    }

    #[test]
    fn damaged_balancers_and_sessions_are_refused() {
        let balancer = Balancer::new(Algorithm::RoundRobin, vec![Backend::new(BackendId(1), "a", 80)]).expect("light");
        let text = serde_json::to_string(&balancer).expect("plain");
        let reads = |text: &str| serde_json::from_str::<Balancer>(text).is_ok();
        assert!(reads(&text));
        for (good, bad) in [
            (r#""turns":[[1,0]]"#, r#""turns":[]"#),
            (r#""turns":[[1,0]]"#, r#""turns":[[2,0]]"#),
            (r#""turns":[[1,0]]"#, r#""turns":[[1,-2]]"#),
            (r#""unhealthyAfter":3"#, r#""unhealthyAfter":0"#),
            (r#""weight":1"#, r#""weight":1000001"#),
            (r#""port""#, r#""part""#),
        ] {
            assert!(text.contains(good) && !reads(&text.replace(good, bad)), "{bad}");
        }
        let sessions = |most: usize, bound: &str| {
            let text =
                format!(r#"{{"lifetime":{{"secs":1,"nanos":0}},"most":{most},"fullUntil":0,"bound":[{bound}]}}"#);
            serde_json::from_str::<Sessions>(&text).is_ok()
        };
        assert!(sessions(2, r#"["a",0,0,5],["b",0,0,5]"#));
        assert!(!sessions(1, r#"["a",0,0,5],["b",0,0,5]"#));
        assert!(!sessions(2, r#"["a",0,0,5],["a",0,0,5]"#));
        assert!(!sessions(1_000_001, ""));
    }
}
