//! What a deployment carries through its life, self-contained: names, never ids.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::preferences::Preferred;
use crate::deployment::{LoadBalancer, Offloading, Scaling};
use crate::inventory::SliceNeed;
use crate::policy::{Enforcement, Terms};
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare, Money, Percent};
use crate::rollout;
use crate::time::Moment;

/// A deployment's settings (L11). They stay readable whatever becomes of the catalog, so hardware and
/// policies are names here.
///
/// Of environment variables only the names are kept: their values are secrets, and stay with whoever
/// starts the process. So no snapshot, log, description or difference can hold one.
///
/// ```
/// use siting::lifecycle::Settings;
/// let settings = Settings { replicas: Some(3), ..Settings::default() };
/// assert_eq!(settings.replicas_at_start(), 3);
/// ```
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The names of its environment variables.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub variables: BTreeSet<String>,
    /// Replicas wanted where scaling is off; 1 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// How it follows its load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// How it follows its requests.
    pub requests: RequestScaling,
    /// How its requests are spread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<LoadBalancer>,
    /// Higher is decided first.
    pub priority: i32,
    /// Which places it would rather have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement: Option<Preferred>,
    /// What one replica takes; `None` takes any flavor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Requirements>,
    /// The most that one replica may cost an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_price_per_hour: Option<Money>,
    /// Policies of its own, which travel with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyUse>,
    /// How it would like to replace another (L7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<rollout::Settings>,
    /// When requests go to a remote side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offloading: Option<Offloading>,
}

/// How replicas follow requests in flight: Baseten's knobs, with its defaults.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RequestScaling {
    /// Seconds over which requests are averaged.
    pub window_seconds: u32,
    /// Seconds that a surplus replica stays without new traffic.
    pub scale_down_delay_seconds: u32,
    /// Requests in flight that one replica takes.
    pub concurrency_target: u32,
    /// Percent of that target at which replicas are added.
    pub target_utilization: Percent,
}

impl Default for RequestScaling {
    fn default() -> Self {
        let target_utilization = Percent::new(70).unwrap_or(Percent::FULL);
        Self { window_seconds: 60, scale_down_delay_seconds: 900, concurrency_target: 1, target_utilization }
    }
}

/// What one replica takes, hardware by name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requirements {
    /// Cpu.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Bytes,
    /// Storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Bytes>,
    /// Network bandwidth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// The host's cpu flavor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_type: Option<String>,
    /// The alternatives of a gpu demand; none is a demand for a cpu flavor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpu: Vec<GpuRequirement>,
}

/// One alternative of a gpu demand, hardware by name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuRequirement {
    /// How many, from 1.
    pub count: u32,
    /// Families or variants, any of which will do: a text, or a list of several.
    #[serde(default, rename = "type", skip_serializing_if = "Vec::is_empty", with = "one_or_several")]
    pub types: Vec<String>,
    /// The least memory of one GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bytes>,
    /// A share of one GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<GpuShare>,
    /// The slices that it asks for instead of whole GPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<SliceNeed>,
}

/// A text where there is one, a list where there are several.
mod one_or_several {
    use serde::de::{SeqAccess, Visitor};
    use serde::{Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        match texts {
            [only] => only.serialize(serializer),
            several => several.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = Vec<String>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(vec![text.to_owned()])
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(texts)
            }
        }

        deserializer.deserialize_any(Texts)
    }
}

/// A policy attached to a deployment, by name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyUse {
    /// The policy's name.
    pub name: String,
    /// Whether it binds or is only watched.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Whether it lives on a remote platform: a missing one refuses the deployment.
    #[serde(default)]
    pub remote: bool,
    /// From when on it allows nothing (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// Why it is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket that stands for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

impl PolicyUse {
    /// A policy on these terms.
    #[must_use]
    pub fn new(name: impl Into<String>, terms: impl Into<Terms>) -> Self {
        let Terms { enforcement, until, reason, ticket } = terms.into();
        Self { name: name.into(), enforcement, remote: false, until, reason, ticket }
    }

    /// Whether it is enforced, until when, and why.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let mut terms = Terms::from(self.enforcement);
        (terms.until, terms.reason, terms.ticket) = (self.until, self.reason.clone(), self.ticket.clone());
        terms
    }
}

impl Settings {
    /// The draft's bounds, and those of a copy of it where nothing stood before: from 0 to 1.
    #[must_use]
    pub fn standard_scaling() -> Scaling {
        Scaling { enabled: true, min_replicas: Some(0), max_replicas: Some(1), ..Scaling::default() }
    }

    /// Whether replicas follow the load.
    #[must_use]
    pub fn scales(&self) -> bool {
        self.scaling.is_some_and(|scaling| scaling.enabled)
    }

    /// The replicas to start with: one at least, for something to become ready.
    #[must_use]
    pub fn replicas_at_start(&self) -> u32 {
        match self.scaling {
            Some(Scaling { enabled: true, min_replicas, .. }) => min_replicas.unwrap_or(1).max(1),
            _ => self.replicas.unwrap_or(1).max(1),
        }
    }

    /// What `running` replicas should come to under these settings.
    #[must_use]
    pub fn replicas_for(&self, running: u32) -> u32 {
        match self.scaling {
            Some(Scaling { enabled: true, min_replicas, max_replicas, .. }) => {
                running.min(max_replicas.unwrap_or(u32::MAX)).max(min_replicas.unwrap_or(1)).max(1)
            }
            // What was never stated resizes nothing (L16).
            _ => self.replicas.unwrap_or(running),
        }
    }

    /// The most replicas that it may have: its upper bound where it scales, else any number.
    #[must_use]
    pub fn most_replicas(&self) -> u32 {
        match self.scaling {
            Some(Scaling { enabled: true, max_replicas, .. }) => max_replicas.unwrap_or(u32::MAX),
            _ => u32::MAX,
        }
    }

    /// The replicas to start with where it is to take over from so many (L15).
    #[must_use]
    pub fn replicas_to_replace(&self, holders: u32) -> u32 {
        match (self.scales(), self.replicas) {
            // A stated number holds in the end, and at once the end comes at once.
            (false, Some(stated)) => stated.max(1),
            _ => self.replicas_at_start().max(holders.min(self.most_replicas())),
        }
    }

    /// Whether it may go to zero replicas by itself.
    #[must_use]
    pub fn may_idle(&self) -> bool {
        match self.scaling {
            Some(Scaling { enabled: true, min_replicas, .. }) => min_replicas == Some(0),
            Some(Scaling { enabled: false, .. }) => false,
            None => true,
        }
    }

    /// Whether a draft can have them: at most one replica, and none when not in use (L2).
    #[must_use]
    pub fn suit_a_draft(&self) -> bool {
        let bounds = match self.scaling {
            None => true,
            Some(scaling) => scaling.enabled && scaling.min_replicas == Some(0) && scaling.max_replicas == Some(1),
        };
        bounds && self.replicas.unwrap_or(1) <= 1
    }

    /// The same with another's autoscaling settings.
    #[must_use]
    pub fn scaled_as(mut self, other: &Self) -> Self {
        (self.replicas, self.scaling, self.requests) = (other.replicas, other.scaling, other.requests);
        self
    }

    /// The same with the standard autoscaling settings.
    #[must_use]
    pub fn scaled_as_standard(mut self) -> Self {
        self.replicas = None;
        self.scaling = Some(Self::standard_scaling());
        self.requests = RequestScaling::default();
        self
    }
}
