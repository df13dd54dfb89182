//! How often a workspace has changed, when last, and under which keys (W3, W8).

#[cfg(feature = "manifest")]
use std::collections::BTreeSet;
#[cfg(feature = "manifest")]
use std::sync::LazyLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::change::{ChangeError, WorkspaceChange};
use super::recent::{Recent, Revision};
#[cfg(feature = "manifest")]
use crate::catalog::Catalog;
use crate::lifecycle::Refusal;
use crate::time::Moment;

/// So many revisions are remembered with their keys.
const REMEMBERED: usize = 10_000;
/// Time may pass by so much from one change to the next, unless the change says that it does.
const MOST_AT_ONCE: Duration = Duration::from_secs(24 * 60 * 60);

/// The revisions of a workspace.
///
/// Invariant `last-ones`: the remembered ones are the last, and the last of them has the present number.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Revisions {
    #[serde(rename = "revision")]
    pub(super) number: u64,
    /// The moment of the last change that had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<Moment>,
    #[serde(default, skip_serializing_if = "is_empty")]
    recent: Recent,
}

/// An idempotency key, what was accepted under it, and what was asked for.
pub(super) struct Named {
    pub(super) key: String,
    pub(super) content: String,
    pub(super) asked: Option<String>,
}

/// What is remembered of a key.
#[cfg(feature = "manifest")]
pub(super) struct Known<'a> {
    /// The revision that it came to be.
    pub(super) revision: u64,
    pub(super) content: &'a str,
    pub(super) asked: Option<&'a String>,
}

fn is_empty(recent: &Recent) -> bool {
    recent.len() == 0
}

impl Revisions {
    /// One more.
    pub(super) fn accept(&mut self, at: Option<Moment>, named: Option<Named>, subjects: Vec<String>) {
        let (key, asked) = named.map_or((None, None), |named| (Some((named.key, named.content)), named.asked));
        self.number = self.number.saturating_add(1);
        self.last = self.last.max(at);
        self.recent.push(Revision { key, asked, subjects }, REMEMBERED);
    }

    /// The same number and moment, with nothing remembered.
    pub(super) fn without_recent(&self) -> Self {
        Self { number: self.number, last: self.last, recent: Recent::default() }
    }

    /// The revision of a key, and what was accepted under it.
    #[cfg(feature = "manifest")]
    pub(super) fn known(&self, key: &str) -> Option<Known<'_>> {
        let (after, found) = self.recent.find(key)?;
        let revision = self.number.saturating_sub(u64::try_from(after).ok()?);
        Some(Known { revision, content: &found.key.as_ref()?.1, asked: found.asked.as_ref() })
    }

    /// The first revision after which all is remembered.
    #[cfg(feature = "manifest")]
    pub(super) fn oldest(&self) -> u64 {
        self.number.saturating_sub(u64::try_from(self.recent.len()).unwrap_or(u64::MAX))
    }

    /// What has changed after a revision, each named once.
    #[cfg(feature = "manifest")]
    pub(super) fn moved_since(&self, revision: u64) -> Vec<String> {
        let since = usize::try_from(self.number.saturating_sub(revision)).unwrap_or(usize::MAX);
        let skipped = self.recent.len().saturating_sub(since);
        let subjects = self.recent.iter().skip(skipped).flat_map(|revision| &revision.subjects);
        subjects.collect::<BTreeSet<_>>().into_iter().cloned().collect()
    }

    /// Whether they can be those of a workspace.
    #[cfg(feature = "manifest")]
    pub(super) fn is_sound(&self) -> bool {
        let keys: Vec<_> =
            self.recent.iter().filter_map(|revision| revision.key.as_ref()).map(|(key, _)| key).collect();
        let remembered = u64::try_from(self.recent.len()).unwrap_or(u64::MAX);
        self.recent.len() <= REMEMBERED
            && remembered <= self.number
            && keys.iter().collect::<BTreeSet<_>>().len() == keys.len()
    }
}

impl Workspace {
    /// How many changes have been accepted.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revisions.number
    }

    /// The moment of the last change that was accepted at one.
    #[must_use]
    pub fn last_moment(&self) -> Option<Moment> {
        self.revisions.last
    }

    /// Notes that something was accepted.
    pub(super) fn accepted(&mut self, at: Option<Moment>, subject: impl Into<String>) {
        self.accept(at, None, vec![subject.into()]);
    }

    /// Notes a revision. Its moment is that of questions from now on, unless they are asked of another.
    pub(super) fn accept(&mut self, at: Option<Moment>, named: Option<Named>, subjects: Vec<String>) {
        self.revisions.accept(at, named, subjects);
        self.look_at_clusters();
    }

    /// The moment at which a change counts: never before the last one (W8).
    pub(super) fn moment_of(&self, now: Moment) -> Moment {
        self.revisions.last.map_or(now, |last| last.max(now))
    }

    /// The same, where the change may be that much later.
    pub(super) fn moment(&self, now: Moment, change: &WorkspaceChange) -> Result<Moment, ChangeError> {
        match self.ahead(now) {
            Some(hours) if !change.jumps() => {
                let message = format!("the change is {hours} hours later than the last one");
                Err(ChangeError::refused(message, "correct the clock, or say that the change jumps ahead"))
            }
            _ => Ok(self.moment_of(now)),
        }
    }

    /// The same of a command that is carried out by itself.
    pub(super) fn moment_of_command(&self, now: Moment) -> Result<Moment, Refusal> {
        match self.ahead(now) {
            Some(hours) => {
                let reason = format!("the command is {hours} hours later than the last change");
                Err(Refusal::new("W8", reason).next("correct the clock, or say that the time has passed (`jump_to`)"))
            }
            None => Ok(self.moment_of(now)),
        }
    }

    /// By how many hours a moment is too far ahead of the last change, if it is.
    fn ahead(&self, now: Moment) -> Option<u64> {
        let passed = now.since(self.revisions.last?);
        (passed > MOST_AT_ONCE).then_some(passed.as_secs() / 3600)
    }

    /// Says that more than a day has passed since the last change, so that commands at that moment are accepted: a clock
    /// that is wrong is told from a quiet weekend by who knows (W8). Whether so much had passed; else nothing changes.
    ///
    /// ```
    /// use siting::lifecycle::{Action, Push, PushKind};
    /// use siting::time::Moment;
    /// use siting::workspace::Workspace;
    ///
    /// let mut workspace: Workspace = "".parse()?;
    /// let bert = workspace.workload("model", &"bert".parse()?).ok_or("no such type")?;
    /// let push = || Action::Push(Push::new(PushKind::Published, "v1"));
    /// workspace.carry_out(Moment::from_millis(0), &bert, push())?;
    /// let monday = Moment::from_millis(60 * 60 * 60 * 1000);
    /// assert_eq!(workspace.carry_out(monday, &bert, push()).unwrap_err().rule, "W8");
    /// assert!(workspace.jump_to(monday));
    /// workspace.carry_out(monday, &bert, push())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn jump_to(&mut self, now: Moment) -> bool {
        let jumps = self.ahead(now).is_some();
        if jumps {
            self.accepted(Some(now), "the clock");
        }
        jumps
    }
}

/// The fingerprint of the built-in tables: what is decided under others is decided anew (W3).
#[cfg(feature = "manifest")]
pub(super) fn tables() -> String {
    static TABLES: LazyLock<String> = LazyLock::new(|| fingerprint_of_catalog(&Catalog::builtin()));
    TABLES.clone()
}

/// The fingerprint of all names of a catalog, and of what they mean.
#[cfg(feature = "manifest")]
pub(super) fn fingerprint_of_catalog(catalog: &Catalog) -> String {
    let mut text = String::new();
    let mut line = |parts: &[&str]| {
        text.push_str(&parts.join("\t"));
        text.push('\n');
    };
    for country in catalog.countries() {
        let continent = catalog.continent_of(country);
        line(&["country", catalog.country_code(country), catalog.alpha3(country), continent.code()]);
    }
    for group in catalog.groups() {
        let members: Vec<_> = catalog.group_members(group).iter().map(|member| catalog.country_code(member)).collect();
        line(&["group", catalog.group_name(group), &members.join(" ")]);
    }
    for location in catalog.locations() {
        let country = catalog.country_code(catalog.location_country(location));
        let parent = catalog.location_parent(location).map_or("", |parent| catalog.location_name(parent));
        let aliases: Vec<_> = catalog.location_aliases(location).collect();
        line(&["location", catalog.location_name(location), country, parent, &aliases.join("\t")]);
    }
    for provider in catalog.providers() {
        let law = provider.jurisdiction.map_or("", |country| catalog.country_code(country));
        line(&["provider", provider.name, law, &provider.aliases.join("\t")]);
    }
    for flavor in catalog.flavors() {
        let kind = catalog.flavor_kind(flavor).as_str();
        let parent = catalog.flavor_parent(flavor).map_or("", |parent| catalog.flavor_code(parent));
        let memory = catalog.flavor_memory(flavor).map_or_else(String::new, |memory| memory.to_string());
        let aliases: Vec<_> = catalog.flavor_aliases(flavor).collect();
        line(&["flavor", kind, catalog.flavor_code(flavor), parent, &memory, &aliases.join("\t")]);
    }
    for resource_type in catalog.resource_types() {
        line(&["type", catalog.resource_type_name(resource_type)]);
    }
    fingerprint(text.as_bytes())
}

/// 128 bits that tell texts apart, shown in hexadecimal: FNV-1a. No defence against who looks for two alike.
#[cfg(feature = "manifest")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Mixed(u128);

#[cfg(feature = "manifest")]
impl Default for Mixed {
    /// Of nothing.
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

#[cfg(feature = "manifest")]
impl Mixed {
    /// Of what it is of, and of what follows.
    pub(super) fn and(self, bytes: &[u8]) -> Self {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        Self(bytes.iter().fold(self.0, |mixed, byte| (mixed ^ u128::from(*byte)).wrapping_mul(PRIME)))
    }
}

#[cfg(feature = "manifest")]
impl std::fmt::Display for Mixed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(feature = "manifest")]
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    Mixed::default().and(bytes).to_string()
}

#[cfg(all(test, feature = "manifest"))]
mod tests {
    use super::*;

    /// The published values of FNV-1a with 128 bits.
    #[test]
    fn fingerprints_are_those_of_the_standard() {
        assert_eq!(fingerprint(b""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(fingerprint(b"a"), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(fingerprint(b"foobar"), "343e1662793c64bf6f0d3597ba446f18");
    }

    /// W3: each thing that the tables say tells them from others.
    #[test]
    fn w3_other_tables_have_another_fingerprint() {
        let base = Catalog::builtin();
        let mut seen = BTreeSet::from([fingerprint_of_catalog(&base)]);
        let mut other = |change: &dyn Fn(&mut Catalog)| {
            let mut catalog = Catalog::builtin();
            change(&mut catalog);
            assert!(seen.insert(fingerprint_of_catalog(&catalog)));
        };
        let (de, fr) = (base.country("de").unwrap(), base.country("fr").unwrap());
        let parent = base.location("aws/eu-central-1").unwrap();
        other(&|catalog| assert!(catalog.add_location("acme/one", de).is_ok()));
        other(&|catalog| assert!(catalog.add_location("acme/one", fr).is_ok()));
        other(&|catalog| assert!(catalog.add_location_under("acme/one", de, Some(parent)).is_ok()));
        other(&|catalog| assert!(catalog.bring_provider("acme") != catalog.bring_provider("other")));
        other(&|catalog| assert!(catalog.add_provider("acme", &["other"], Some(de)).is_ok()));
        other(&|catalog| assert!(catalog.add_provider("acme", &["others"], Some(de)).is_ok()));
        other(&|catalog| assert!(catalog.add_provider("acme", &["other"], Some(fr)).is_ok()));
        other(&|catalog| assert!(catalog.add_resource_type("batch").is_ok()));
        let t4 = base.flavor(crate::catalog::FlavorKind::Gpu, "t4").unwrap();
        other(&|catalog| catalog.add_aliases(t4, &["tee-four"]).unwrap());
    }
}
