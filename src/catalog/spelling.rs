//! How the spellings of hardware are read (C5).

use super::choice::FlavorKind;
use super::flavors::VENDOR_WORDS;

/// A spelling, reduced to what is compared: lower case, no separators, no words before the code.
pub(super) struct Spelling {
    /// What is compared.
    pub(super) key: String,
    vendors: Vec<&'static str>,
    kinds: Vec<FlavorKind>,
}

impl Spelling {
    /// Reads `text`; nothing if it has no words, or begins or ends with a separator.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.is_empty() || text.starts_with(SEPARATORS) || text.ends_with(SEPARATORS) {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let mut words = text.split(SEPARATORS).filter(|word| !word.is_empty()).peekable();
        let mut spelling = Self { key: String::with_capacity(text.len()), vendors: Vec::new(), kinds: Vec::new() };
        while let Some(word) = words.next() {
            let before_code = spelling.key.is_empty() && words.peek().is_some();
            if !(before_code && spelling.take_prefix(word)) {
                spelling.push(word);
            }
        }
        Some(spelling)
    }

    /// Whether the words before the code agree with what it is: `AMD T4` is nothing. Any vendor goes
    /// with a flavor that states none.
    pub(super) fn agrees(&self, kind: FlavorKind, vendor: &str) -> bool {
        self.kinds.iter().all(|&stated| stated == kind)
            && (vendor.is_empty() || self.vendors.iter().all(|&stated| stated == vendor))
    }

    /// Takes a word that says whose or what kind of hardware it is; whether it was one.
    fn take_prefix(&mut self, word: &str) -> bool {
        if let Some(kind) = FlavorKind::ALL.into_iter().find(|kind| kind.as_str() == word) {
            self.kinds.push(kind);
            return true;
        }
        let vendor = VENDOR_WORDS.iter().find(|(known, _)| *known == word);
        self.vendors.extend(vendor.map(|&(_, vendor)| vendor));
        vendor.is_some()
    }

    /// Appends a word of the code; `80g` and `80gib` are `80gb`.
    fn push(&mut self, word: &str) {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match word.strip_suffix("gib").or_else(|| word.strip_suffix('g').filter(|number| digits(number))) {
            Some(memory) => self.key.extend([memory, "gb"]),
            None => self.key.push_str(word),
        }
    }
}

/// Characters that separate words, and mean the same as none.
const SEPARATORS: [char; 3] = [' ', '-', '_'];
