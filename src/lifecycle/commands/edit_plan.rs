//! Edits: what each field's change entails, and the plan of a whole edit (L11).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::deployment::{LoadBalancer, Offloading, Scaling};
use crate::id::Name;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{PolicyUse, Preferred, RequestScaling, Requirements, Settings};
use crate::policy::Enforcement;
use crate::quantity::Money;
use crate::rollout;

/// Changes to a deployment's settings, to be made together or not at all.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Edit {
    /// The changes; of several to one field the last counts.
    pub changes: Vec<Change>,
}

/// One changed field, as it is to be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Change {
    /// A name for people.
    DisplayName(Option<String>),
    /// What it is for.
    Description(Option<String>),
    /// All labels.
    Labels(BTreeMap<String, String>),
    /// Environment variables, by name: their values go to whoever starts the process.
    Variables {
        /// Those that are new or have a new value.
        set: BTreeSet<String>,
        /// Those that are no more.
        unset: BTreeSet<String>,
    },
    /// Replicas where scaling is off.
    Replicas(Option<u32>),
    /// Scaling on or off, bounds and thresholds.
    Scaling(Option<Scaling>),
    /// How replicas follow requests.
    Requests(RequestScaling),
    /// Load balancer and health check.
    LoadBalancer(Option<LoadBalancer>),
    /// The priority.
    Priority(i32),
    /// Which places it would rather have; what runs stays where it is.
    Placement(Option<Preferred>),
    /// What one replica takes.
    Resources(Option<Requirements>),
    /// The most that one replica may cost an hour.
    MaxPricePerHour(Option<Money>),
    /// Its own policies.
    Policies(Vec<PolicyUse>),
    /// How it would like to replace another.
    Strategy(Option<rollout::Settings>),
    /// When requests go to a remote side.
    Offloading(Option<Offloading>),
    /// Its name, which only a rename changes.
    Name(Name),
    /// Its workload, which never changes.
    Workload(Name),
    /// Its version, which never changes: another version is another deployment.
    Version(String),
    /// The environment that governs it, which only a promotion changes.
    Environment(Name),
}

/// What the change of a field entails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It takes effect while it runs.
    Live,
    /// It takes effect while it runs, and its places are decided anew.
    Decided,
    /// It takes effect with new replicas.
    Restart,
    /// It cannot be edited; the text says what to do instead.
    Refused(&'static str),
}

/// Declares the fields: variant, name, what its change entails, and how it reads.
macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident $name:literal $class:expr, $text:expr;)+) => {
        /// A field of a deployment, as plans and descriptions speak of it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum Field { $($(#[$doc])* $field,)+ }

        impl Field {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$field,)+];

            /// The field's name for people.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$field => $name,)+ }
            }

            /// What its change entails (L11).
            #[must_use]
            pub fn class(self) -> Class {
                match self { $(Self::$field => $class,)+ }
            }

            fn text(self, settings: &Settings) -> String {
                let text: fn(&Settings) -> String = match self { $(Self::$field => $text,)+ };
                text(settings)
            }
        }
    };
}

fields! {
    /// A name for people.
    DisplayName "display name" Class::Live, |s| shown(s.display_name.as_ref());
    /// What it is for.
    Description "description" Class::Live, |s| shown(s.description.as_ref());
    /// Labels.
    Labels "labels" Class::Live, |s| joined(s.labels.iter().map(|(key, value)| format!("{key}={value}")));
    /// The names of environment variables.
    Variables "environment variables" Class::Live, |s| joined(s.variables.iter());
    /// Replicas where scaling is off.
    Replicas "replicas" Class::Live, |s| shown(s.replicas);
    /// Whether it scales.
    Scaling "scaling" Class::Live, |s| shown(s.scaling.map(|scaling| if scaling.enabled { "on" } else { "off" }));
    /// The fewest replicas.
    MinReplicas "min replicas" Class::Live, |s| shown(s.scaling.and_then(|scaling| scaling.min_replicas));
    /// The most replicas.
    MaxReplicas "max replicas" Class::Live, |s| shown(s.scaling.and_then(|scaling| scaling.max_replicas));
    /// The utilisations to hold.
    Thresholds "scaling thresholds" Class::Live, |s| thresholds(s);
    /// How replicas follow requests.
    Requests "request scaling" Class::Live, |s| requests(&s.requests);
    /// How its requests are spread.
    LoadBalancer "load balancer" Class::Live, |s| balancer(s);
    /// How its replicas are probed.
    HealthCheck "health check" Class::Live, |s| health_check(s);
    /// The priority.
    Priority "priority" Class::Live, |s| s.priority.to_string();
    /// Which places it would rather have.
    Placement "placement preferences" Class::Live, |s| shown(s.placement.as_ref());
    /// Cpu.
    Cpu "cpu" Class::Restart, |s| shown(s.resources.as_ref().map(|r| r.cpu));
    /// Memory.
    Memory "memory" Class::Restart, |s| shown(s.resources.as_ref().map(|r| r.memory));
    /// The host's cpu flavor.
    CpuType "cpu type" Class::Restart, |s| shown(s.resources.as_ref().and_then(|r| r.cpu_type.clone()));
    /// GPUs.
    Gpu "gpu" Class::Restart, |s| gpus(s);
    /// Storage.
    Storage "storage" Class::Restart, |s| shown(s.resources.as_ref().and_then(|r| r.storage));
    /// Network bandwidth.
    Bandwidth "bandwidth" Class::Restart, |s| shown(s.resources.as_ref().and_then(|r| r.bandwidth));
    /// The most that one replica may cost an hour.
    MaxPricePerHour "max price per hour" Class::Decided, |s| shown(s.max_price_per_hour);
    /// Its own policies.
    Policies "policies" Class::Decided, |s| policies(s);
    /// How it would like to replace another.
    Strategy "strategy" Class::Live, |s| shown(s.strategy.as_ref());
    /// When requests go to a remote side.
    Offloading "offloading" Class::Live, |s| shown(s.offloading.as_ref());
    /// Its name.
    Name "name" Class::Refused("rename it"), |_| String::new();
    /// Its workload.
    Workload "workload" Class::Refused("push it to the other workload"), |_| String::new();
    /// Its version.
    Version "version" Class::Refused("update the version of the environment it holds, or push the version"),
        |_| String::new();
    /// The environment that governs it.
    Environment "environment" Class::Refused("promote it to the environment"), |_| String::new();
}

/// What an edit would do, before anything changes.
///
/// ```
/// use siting::lifecycle::{Change, Class, Edit, Settings};
///
/// let edit = Edit { changes: vec![Change::Priority(5), Change::Version("v2".to_owned())] };
/// let plan = edit.plan(&Settings::default());
/// assert_eq!(plan.changes[0].class, Class::Live);
/// assert!(plan.refused().is_some() && !plan.restarts());
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EditPlan {
    /// Every field that would change, in the order of [`Field::ALL`].
    pub changes: Vec<PlannedChange>,
    #[serde(skip)]
    pub(in crate::lifecycle) after: Settings,
}

/// A field that an edit changes. Values of environment variables are not in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChange {
    /// The field.
    pub field: Field,
    /// What its change entails.
    pub class: Class,
    /// What it was.
    pub before: String,
    /// What it is to be.
    pub after: String,
}

impl EditPlan {
    /// Whether new replicas are needed.
    #[must_use]
    pub fn restarts(&self) -> bool {
        self.changes.iter().any(|change| change.class == Class::Restart)
    }

    /// Whether places are decided anew.
    #[must_use]
    pub fn decides(&self) -> bool {
        self.changes.iter().any(|change| change.class == Class::Decided)
    }

    /// The settings as they would be.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.after
    }

    /// Whether a field is among those that change.
    #[must_use]
    pub fn touches(&self, field: Field) -> bool {
        self.changes.iter().any(|change| change.field == field)
    }

    /// The first field that cannot be edited, if there is one: then nothing of the edit is made.
    #[must_use]
    pub fn refused(&self) -> Option<Refusal> {
        self.changes.iter().find_map(|change| match change.class {
            Class::Refused(instead) => {
                Some(Refusal::new("L11", format!("the {} cannot be edited", change.field.as_str())).next(instead))
            }
            _ => None,
        })
    }
}

impl Edit {
    /// The settings after all changes.
    fn applied(&self, settings: &Settings) -> Settings {
        let mut after = settings.clone();
        for change in self.changes.iter().cloned() {
            match change {
                Change::DisplayName(value) => after.display_name = value,
                Change::Description(value) => after.description = value,
                Change::Labels(value) => after.labels = value,
                Change::Variables { set, unset } => {
                    after.variables.extend(set);
                    after.variables.retain(|name| !unset.contains(name));
                }
                Change::Replicas(value) => after.replicas = value,
                Change::Scaling(value) => after.scaling = value,
                Change::Requests(value) => after.requests = value,
                Change::LoadBalancer(value) => after.load_balancer = value,
                Change::Priority(value) => after.priority = value,
                Change::Placement(value) => after.placement = value,
                Change::Resources(value) => after.resources = value,
                Change::MaxPricePerHour(value) => after.max_price_per_hour = value,
                Change::Policies(value) => after.policies = value,
                Change::Strategy(value) => after.strategy = value,
                Change::Offloading(value) => after.offloading = value,
                Change::Name(_) | Change::Workload(_) | Change::Version(_) | Change::Environment(_) => {}
            }
        }
        after
    }

    /// What the edit would do to these settings.
    #[must_use]
    pub fn plan(&self, settings: &Settings) -> EditPlan {
        let after = self.applied(settings);
        let mut changes = Vec::new();
        for &field in Field::ALL {
            let (old, new) = match self.refused_value(field) {
                Some(value) => (String::new(), value),
                None if field == Field::Variables => (String::new(), self.variables(settings)),
                None => (field.text(settings), field.text(&after)),
            };
            if old != new {
                changes.push(PlannedChange { field, class: field.class(), before: old, after: new });
            }
        }
        EditPlan { changes, after }
    }

    fn refused_value(&self, field: Field) -> Option<String> {
        self.changes.iter().find_map(|change| match (field, change) {
            (Field::Name, Change::Name(name))
            | (Field::Workload, Change::Workload(name))
            | (Field::Environment, Change::Environment(name)) => Some(name.to_string()),
            (Field::Version, Change::Version(version)) => Some(version.clone()),
            _ => None,
        })
    }

    /// Which variables are set and removed, without a word on their values.
    fn variables(&self, settings: &Settings) -> String {
        let mut words = Vec::new();
        for change in &self.changes {
            if let Change::Variables { set, unset } = change {
                words.extend(set.iter().map(|name| format!("{name} set")));
                let known = unset.iter().filter(|name| settings.variables.contains(*name));
                words.extend(known.map(|name| format!("{name} removed")));
            }
        }
        words.join(", ")
    }
}

impl Settings {
    /// Every field with what it holds, as people read it; variables by name only.
    pub fn described(&self) -> impl Iterator<Item = (Field, String)> + '_ {
        Field::ALL
            .iter()
            .filter(|field| !matches!(field.class(), Class::Refused(_)))
            // What scales by itself has the number that its load wants.
            .filter(|field| **field != Field::Replicas || !self.scales())
            .map(|&field| (field, field.text(self)))
    }
}

fn shown(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn joined(words: impl Iterator<Item = impl Display>) -> String {
    words.map(|word| word.to_string()).collect::<Vec<_>>().join(", ")
}

fn thresholds(settings: &Settings) -> String {
    let Some(scaling) = settings.scaling else { return String::new() };
    let targets = [
        ("cpu", scaling.target_cpu_utilization),
        ("memory", scaling.target_memory_utilization),
        ("gpu", scaling.target_gpu_utilization),
    ];
    joined(targets.iter().filter_map(|(name, target)| target.map(|target| format!("{name} {}%", target.get()))))
}

fn requests(requests: &RequestScaling) -> String {
    let RequestScaling { window_seconds, scale_down_delay_seconds, concurrency_target, target_utilization } = requests;
    format!(
        "{concurrency_target} in flight at {}%, over {window_seconds}s, down after {scale_down_delay_seconds}s",
        target_utilization.get()
    )
}

fn balancer(settings: &Settings) -> String {
    use crate::deployment::Algorithm;
    let Some(balancer) = &settings.load_balancer else { return String::new() };
    let algorithm = balancer.algorithm.map(|algorithm| match algorithm {
        Algorithm::RoundRobin => "round-robin",
        Algorithm::LeastConnections => "least-connections",
        Algorithm::IpHash => "ip-hash",
        Algorithm::ConsistentHash => "consistent-hash",
    });
    let state = if balancer.enabled { "on" } else { "off" };
    let sticky = balancer.sticky_sessions.then_some("sticky sessions");
    joined([Some(state), algorithm, sticky].into_iter().flatten())
}

fn health_check(settings: &Settings) -> String {
    let check = settings.load_balancer.as_ref().and_then(|balancer| balancer.health_check.as_ref());
    check.map_or_else(String::new, |check| format!("{} every {}s", check.path, check.interval_seconds))
}

fn gpus(settings: &Settings) -> String {
    let needs = settings.resources.iter().flat_map(|resources| &resources.gpu).map(|need| {
        let code = if need.types.is_empty() { "any".to_owned() } else { need.types.join("|") };
        let memory = need.memory.map(|memory| format!(" of {memory}")).unwrap_or_default();
        let share = need.share.map(|share| format!(" share {share}")).unwrap_or_default();
        let slice = need.slice.map(|slice| format!(" slice {slice}")).unwrap_or_default();
        format!("{} × {code}{memory}{share}{slice}", need.count)
    });
    needs.collect::<Vec<_>>().join(" or ")
}

fn policies(settings: &Settings) -> String {
    joined(settings.policies.iter().map(|policy| {
        let audited = (policy.enforcement == Enforcement::Audit).then(|| "audit".to_owned());
        let remote = policy.remote.then(|| "remote".to_owned());
        let until = policy.until.map(|until| format!("until {until}"));
        let stated = [audited, remote, until, policy.reason.clone(), policy.ticket.clone()];
        let said: Vec<_> = stated.into_iter().flatten().collect();
        if said.is_empty() { policy.name.clone() } else { format!("{} ({})", policy.name, said.join(", ")) }
    }))
}
