//! Reading the names of hardware by rule (C5, C6): product, memory, form; and labels of slices.
//!
//! A spelling is first looked up as it is, among codes and listed aliases. One that is not there is taken
//! apart: its words state a memory, a form, or nothing that the tree knows of (`Generation`, `NVLINK`);
//! those that are left name the product. What is meant are the highest nodes under that product that have
//! all that is stated, and nothing if none has: a name that contradicts the table is not read.

use smallvec::SmallVec;

use super::choice::FlavorKind;
use super::flavors::{BOARDS, EDITION_WORDS, EXACT, FLAVORS, FORM_WORDS, NAMED, SOLD_AS, SXM};
use super::spelling::{Spelling, gigabytes, is_count, is_number};
use super::{BUILTIN, Catalog};
use crate::id::{FlavorId, Id};

/// What a name of hardware means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hardware {
    /// The nodes that have all that the name states; several where it does not tell them apart.
    pub flavors: SmallVec<[FlavorId; 1]>,
    /// The part of a device, where the name is the label of one.
    pub slice: Option<Slice>,
}

/// What a label of a shared or partitioned device says of the part (C5).
///
/// ```
/// use siting::catalog::{Catalog, FlavorKind, Slice};
/// let catalog = Catalog::builtin();
/// let label = catalog.hardware(FlavorKind::Gpu, "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb").ok_or("unknown")?;
/// assert_eq!(label.slice, Some(Slice::Partition { profile: "1g.5gb".to_owned(), gigabytes: 5 }));
/// let shared = catalog.hardware(FlavorKind::Gpu, "Tesla-T4-SHARED").ok_or("unknown")?;
/// assert_eq!(shared.slice, Some(Slice::Shared)); // the label does not say how large the share is
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Slice {
    /// A share of a device whose size the label does not state.
    Shared,
    /// A hardware partition by its profile, such as `3g.40gb`.
    Partition {
        /// The profile, as NVIDIA writes it.
        profile: String,
        /// Its memory in GB, as the profile rounds it.
        gigabytes: u64,
    },
    /// A virtual GPU with part of the device's memory.
    Virtual {
        /// Its memory in GB.
        gigabytes: u64,
    },
}

impl Catalog {
    /// What a name of hardware means (C5); nothing if it is unknown or contradicts the table.
    ///
    /// ```
    /// use siting::catalog::{Catalog, FlavorKind};
    /// let catalog = Catalog::builtin();
    /// let codes = |text| {
    ///     let found = catalog.hardware(FlavorKind::Gpu, text).map(|found| found.flavors).unwrap_or_default();
    ///     found.iter().map(|&flavor| catalog.flavor_code(flavor).to_owned()).collect::<Vec<_>>()
    /// };
    /// assert_eq!(codes("NVIDIA H100 80GB HBM3"), ["h100-80gb-sxm"]);
    /// assert_eq!(codes("A100-PCIe"), ["a100-40gb-pcie", "a100-80gb-pcie"]);
    /// assert!(codes("T4 32GB").is_empty());
    /// ```
    #[must_use]
    pub fn hardware(&self, kind: FlavorKind, text: &str) -> Option<Hardware> {
        // Most names are codes as they are written.
        let code = BUILTIN.codes(kind).get(text).copied();
        let label = || EXACT.iter().find(|(label, _)| *label == text).filter(|_| kind == FlavorKind::Gpu);
        let exact = || label().and_then(|(_, code)| BUILTIN.codes(kind).get(code).copied());
        if let Some(flavor) = code.or_else(exact) {
            return Some(Hardware { flavors: SmallVec::from_slice(&[flavor]), slice: None });
        }
        let spelling = Spelling::read(text)?;
        let whole = |flavors| Hardware { flavors, slice: None };
        let found = self.nodes(kind, &spelling).map(whole).or_else(|| self.slice(kind, spelling.words.clone()))?;
        let vendor = found.flavors.first().and_then(|&flavor| self.flavor_vendor(flavor)).unwrap_or_default();
        spelling.agrees(kind, vendor).then_some(found)
    }

    /// The flavor that a name means on a pool (C5): where it means several, the lowest node above them.
    /// Nothing if there is none, or if the name is the label of a slice.
    ///
    /// ```
    /// # use siting::catalog::{Catalog, FlavorKind};
    /// let catalog = Catalog::builtin();
    /// let code = |text| catalog.flavor(FlavorKind::Gpu, text).map(|flavor| catalog.flavor_code(flavor));
    /// assert_eq!(code("NVIDIA Tesla T4"), Some("t4"));
    /// assert_eq!(code("A100-SXM"), Some("a100"));
    /// assert_eq!(code("Tesla V100"), Some("v100"));
    /// assert_eq!(code("nvidia-tesla-v100"), Some("v100-16gb")); // GKE's label, so spelt
    /// assert_eq!(code("AMD T4"), None);
    /// ```
    #[must_use]
    pub fn flavor(&self, kind: FlavorKind, text: &str) -> Option<FlavorId> {
        let found = self.hardware(kind, text).filter(|found| found.slice.is_none())?;
        self.above_all(&found.flavors)
    }

    /// Whether a name is the label of a part of a device.
    #[must_use]
    pub fn is_slice(&self, kind: FlavorKind, text: &str) -> bool {
        self.hardware(kind, text).is_some_and(|found| found.slice.is_some())
    }

    /// The lowest node that is each of these or is above it.
    #[must_use]
    pub fn above_all(&self, flavors: &[FlavorId]) -> Option<FlavorId> {
        let (&first, others) = flavors.split_first()?;
        let above = |node: &FlavorId| others.iter().all(|&other| self.is_under(other, *node));
        self.with_ancestors(first).find(above)
    }

    /// A node and those above it, from below.
    pub(super) fn with_ancestors(&self, flavor: FlavorId) -> impl Iterator<Item = FlavorId> {
        std::iter::successors(Some(flavor), |&node| self.flavor_parent(node))
    }

    /// Whether a node is another or lies under it.
    #[must_use]
    pub fn is_under(&self, flavor: FlavorId, node: FlavorId) -> bool {
        self.with_ancestors(flavor).any(|above| above == node)
    }

    /// What may be meant by a name of hardware that is not read: the product that its first words name, whatever
    /// the others state of it.
    pub(super) fn of_product(&self, text: &str) -> SmallVec<[FlavorId; 3]> {
        let Some(spelling) = Spelling::read(text) else { return SmallVec::new() };
        if spelling.key() == "rtx6000" {
            let codes = ["rtx6000", "rtx6000-ada", "rtxpro6000"];
            return codes.iter().filter_map(|code| BUILTIN.codes(FlavorKind::Gpu).get(code).copied()).collect();
        }
        let heads = (1..=spelling.words.len()).rev().filter_map(|count| spelling.words.get(..count));
        let known = heads.filter_map(|words| self.flavor_of_key(FlavorKind::Gpu, &words.concat()));
        known.take(1).collect()
    }

    /// The nodes of a name that is not the label of a slice.
    fn nodes(&self, kind: FlavorKind, spelling: &Spelling) -> Option<SmallVec<[FlavorId; 1]>> {
        let key = spelling.key();
        // `RTX 6000` in words may be any of three generations; the code is read as it is written.
        let vague = key == "rtx6000" && spelling.words.len() > 1;
        if let Some(flavor) = self.flavor_of_key(kind, &key).filter(|_| !vague) {
            return Some(SmallVec::from_slice(&[flavor]));
        }
        if kind != FlavorKind::Gpu || vague {
            return None;
        }
        let mut words = spelling.words.clone();
        if spelling.is_shape {
            words.drain(..2.min(words.len()));
            words.retain(|word| !word.strip_prefix('v').is_some_and(is_number));
        }
        Stated::read(words).nodes()
    }

    /// The nodes of a label of a shared or partitioned device, and its part.
    fn slice(&self, kind: FlavorKind, words: Vec<String>) -> Option<Hardware> {
        let (words, slice) = split_slice(words)?;
        let read = |words| self.nodes(kind, &Spelling::of_words(words));
        let board = |key: &str| BOARDS.iter().find(|(board, _)| *board == key).map(|(_, code)| *code);
        let flavors = match (&slice, board(&words.concat())) {
            (Slice::Virtual { .. }, Some(code)) => SmallVec::from_slice(&[BUILTIN.codes(kind).get(code).copied()?]),
            _ => read(words)?,
        };
        let within = |flavor: &FlavorId| match &slice {
            Slice::Shared => true,
            Slice::Partition { gigabytes, .. } | Slice::Virtual { gigabytes } => {
                largest(*flavor).is_none_or(|has| *gigabytes <= has)
            }
        };
        let flavors: SmallVec<[FlavorId; 1]> = flavors.into_iter().filter(within).collect();
        (!flavors.is_empty()).then_some(Hardware { flavors, slice: Some(slice) })
    }
}

/// What a spelling states, and the product that is left.
struct Stated {
    product: Vec<String>,
    memory: SmallVec<[u64; 1]>,
    forms: SmallVec<[&'static str; 1]>,
    sockets: SmallVec<[u8; 1]>,
}

impl Stated {
    fn read(words: Vec<String>) -> Self {
        let mut stated =
            Self { product: Vec::new(), memory: SmallVec::new(), forms: SmallVec::new(), sockets: SmallVec::new() };
        let is_board = words.concat().starts_with("rtxpro");
        let mut rest = words.as_slice();
        while let Some((word, behind)) = rest.split_first() {
            let phrase = FORM_WORDS.iter().find(|(phrase, _)| begins(rest, phrase));
            let edition = EDITION_WORDS.iter().find(|(short, _)| is_board && short == word);
            if stated.product.is_empty() {
                // A name never begins with a memory or a form.
                stated.product.push(word.clone());
                rest = behind;
            } else if let Some((phrase, form)) = phrase {
                stated.forms.push(form);
                rest = rest.get(phrase.len()..).unwrap_or_default();
            } else {
                match (edition, gigabytes(word)) {
                    (Some((_, form)), _) => stated.forms.push(form),
                    (None, Some(size)) => stated.memory.push(size),
                    (None, None) => stated.take(word, is_board),
                }
                rest = behind;
            }
        }
        stated
    }

    /// Takes a word that is neither a form nor a memory: a socket, an ignored word, or a part of the product.
    fn take(&mut self, word: &str, is_board: bool) {
        let socket = word.strip_prefix("sxm").and_then(|number| number.parse().ok());
        if let Some(socket) = socket {
            self.forms.push("sxm");
            self.sockets.push(socket);
        } else if !(SILENT.contains(&word) || is_count(word) || (is_board && word == "blackwell")) {
            self.product.push(word.to_owned());
        }
    }

    /// The highest nodes of the product that have all that is stated.
    fn nodes(mut self) -> Option<SmallVec<[FlavorId; 1]>> {
        let product = self.find_product()?;
        if !self.sockets.is_empty() {
            let root = ancestry(product).last()?;
            let (_, fitting) = SXM.iter().find(|(code, _)| *code == row(root).code)?;
            if !self.sockets.iter().all(|socket| fitting.contains(socket)) {
                return None;
            }
        }
        let has_all = |node: FlavorId| {
            self.memory.iter().all(|&size| has_memory(node, size))
                && self.forms.iter().all(|form| has_form(node, product, form))
        };
        let under = (0..FLAVORS.len()).map(FlavorId::from_index).filter(|&node| ancestry(node).any(|up| up == product));
        let mut found = SmallVec::new();
        for node in under {
            let highest = node == product || !ancestry(node).nth(1).is_some_and(&has_all);
            if highest && has_all(node) {
                found.push(node);
            }
        }
        (!found.is_empty()).then_some(found)
    }

    /// The node that the words left name, once the spellings of one name are made alike.
    fn find_product(&mut self) -> Option<FlavorId> {
        let known = |key: &str| BUILTIN.keys(FlavorKind::Gpu).get(key).copied();
        if self.product.first().is_some_and(|word| word.starts_with("tpu")) {
            // Slices of TPUs end in the number of chips.
            self.product.retain(|word| !["device", "podslice", "slice"].contains(&word.as_str()));
            if self.product.len() > 1 && self.product.last().is_some_and(|word| is_number(word)) {
                self.product.pop();
            }
        }
        let mut key = self.product.concat().replace("super", "s");
        if let Some(found) = known(&key) {
            return Some(found);
        }
        // A lone number that is a memory of the product: `V100-32`. `v5litepod-8` are eight chips.
        if let Some((last, before)) =
            self.product.split_last().filter(|(last, before)| is_number(last) && !before.is_empty())
            && let Some(found) = known(&before.concat())
        {
            let size = last.parse().ok()?;
            if row(found).vendor == "google" {
                return Some(found);
            }
            let sold = (0..FLAVORS.len()).map(FlavorId::from_index);
            if sold.filter(|&node| ancestry(node).any(|up| up == found)).any(|node| has_memory(node, size)) {
                self.memory.push(size);
                return Some(found);
            }
        }
        // `H100SXM5`, `A100PCIe`
        let glued = |key: &str| {
            let socket = key.trim_end_matches(|c: char| c.is_ascii_digit());
            let number = key.get(socket.len()..).and_then(|number| number.parse().ok());
            let (product, form) = ["pcie", "oam", "nvl"]
                .into_iter()
                .find_map(|form| Some((key.strip_suffix(form)?, form)))
                .or_else(|| Some((socket.strip_suffix("sxm")?, "sxm")))?;
            Some((product.to_owned(), form, number.filter(|_| form == "sxm")))
        };
        let (product, form, socket) = glued(&key)?;
        key = product;
        self.forms.push(form);
        self.sockets.extend(socket);
        known(&key)
    }
}

/// Words that do not distinguish nodes of the tree.
const SILENT: &[&str] = &[
    "accelerator",
    "core",
    "edition",
    "generation",
    "gpu",
    "graphics",
    "hbm2",
    "hbm2e",
    "hbm3",
    "hbm3e",
    "lc",
    "ls",
    "nvlink",
    "tensor",
    "vws",
];

/// Whether the words begin with a phrase.
fn begins(words: &[String], phrase: &[&str]) -> bool {
    words.get(..phrase.len()).is_some_and(|words| words.iter().zip(phrase).all(|(word, wanted)| word == wanted))
}

/// The row of a built-in flavor.
#[expect(clippy::indexing_slicing, reason = "invariant `ids-are-ours`: these ids are of the table")]
fn row(flavor: FlavorId) -> &'static super::flavors::Flavor {
    &FLAVORS[flavor.index()]
}

/// A built-in node and those above it, from below.
fn ancestry(flavor: FlavorId) -> impl Iterator<Item = FlavorId> {
    std::iter::successors(Some(flavor), |&node| BUILTIN.parents.get(node.index()).copied().flatten())
}

/// Whether a node, or one above it, has this memory, or is sold as having it.
fn has_memory(flavor: FlavorId, size: u64) -> bool {
    ancestry(flavor).any(|node| {
        let also = SOLD_AS.iter().find(|(code, _)| *code == row(node).code);
        (row(node).memory == size && size > 0) || also.is_some_and(|(_, sizes)| sizes.contains(&size))
    })
}

/// Whether a node, or one above it, has this form. One with a product name of its own matches only by that.
fn has_form(flavor: FlavorId, product: FlavorId, form: &str) -> bool {
    ancestry(flavor).any(|node| row(node).form == form && (node == product || !NAMED.contains(&row(node).code)))
}

/// The most memory of one device under a node in GiB, where it is known.
fn largest(flavor: FlavorId) -> Option<u64> {
    let under = FLAVORS.iter().enumerate().filter(|(_, row)| row.memory > 0);
    let under = under.filter(|&(index, _)| ancestry(FlavorId::from_index(index)).any(|up| up == flavor));
    under.map(|(_, row)| row.memory).max()
}

/// The words before the part of a device, and that part.
fn split_slice(mut words: Vec<String>) -> Option<(Vec<String>, Slice)> {
    if words.last().is_some_and(|word| word == "shared") {
        words.pop();
        // A partition that is also shared is still that partition.
        return Some(split_slice(words.clone()).unwrap_or((words, Slice::Shared)));
    }
    if let Some(found) = split_partition(&words) {
        return Some(found);
    }
    // `A10-24Q`, and of a partition `A100D-1-20C`: a size and the series.
    let last = words.pop()?;
    let number = last.strip_suffix(['q', 'b', 'a', 'c']).filter(|number| number.len() <= 3 && is_number(number))?;
    if words.len() > 1 && words.last().is_some_and(|word| word.len() == 1 && is_number(word)) {
        words.pop();
    }
    let gigabytes = number.parse().ok()?;
    (!words.is_empty()).then_some((words, Slice::Virtual { gigabytes }))
}

/// `MIG 1g.10gb`, with what may follow the profile.
fn split_partition(words: &[String]) -> Option<(Vec<String>, Slice)> {
    let slices = |word: &str| {
        let word = word.strip_prefix("mig").unwrap_or(word);
        word.strip_suffix('g').filter(|number| number.len() == 1 && is_number(number)).map(str::to_owned)
    };
    let place = words.iter().position(|word| slices(word).is_some())?;
    let part = words.get(place).and_then(|word| slices(word))?;
    let size = words.get(place + 1)?;
    let (size, extra) = match size.strip_suffix("me") {
        Some(size) => (size, "+me"),
        None => (size.as_str(), if words.get(place + 2).is_some_and(|word| word == "me") { "+me" } else { "" }),
    };
    let gigabytes = gigabytes(size)?;
    let behind = words.get(place + 2..).unwrap_or_default();
    if !behind.iter().all(|word| ["me", "all", "gfx"].contains(&word.as_str())) {
        return None;
    }
    let mut before = words.get(..place)?.to_vec();
    if before.last().is_some_and(|word| word == "mig") {
        before.pop();
    }
    let profile = format!("{part}g.{gigabytes}gb{extra}");
    (!before.is_empty()).then_some((before, Slice::Partition { profile, gigabytes }))
}
