//! How the spellings of hardware are taken apart (C5).

use super::choice::FlavorKind;
use super::flavors::{VENDOR_DOMAINS, VENDOR_WORDS};
use super::fold::folded;

/// A spelling in words: lower case, without separators and without the words before the product.
pub(super) struct Spelling {
    /// What the name is made of.
    pub(super) words: Vec<String>,
    /// Whether it is the name of a shape of machine, `BM.GPU.A10.4`.
    pub(super) is_shape: bool,
    vendors: Vec<&'static str>,
    kinds: Vec<FlavorKind>,
}

impl Spelling {
    /// Reads `text`; nothing if it has no words, or begins or ends with a separator.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.is_empty() || text.starts_with(OUTER) || text.ends_with(OUTER) {
            return None;
        }
        let text = folded(text);
        let (domain, text) = match text.split_once('/').filter(|(domain, _)| domain.contains('.')) {
            Some((domain, rest)) => (Some(VENDOR_DOMAINS.iter().find(|(known, _)| *known == domain)?.1), rest),
            None => (None, &*text),
        };
        let mut words: Vec<String> = Vec::new();
        for (place, part) in text.split(':').enumerate() {
            // After a colon, a number is how many (`A100:8`), and a size in GB is the memory.
            if !(place > 0 && is_number(part)) {
                words.extend(part.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(memory));
            }
        }
        join_memory(&mut words);
        let mut spelling = Self { vendors: domain.into_iter().collect(), ..Self::of_words(words) };
        spelling.take_shape();
        spelling.take_prefixes();
        (!spelling.words.is_empty()).then_some(spelling)
    }

    /// A spelling of these words alone.
    pub(super) fn of_words(words: Vec<String>) -> Self {
        Self { words, is_shape: false, vendors: Vec::new(), kinds: Vec::new() }
    }

    /// What is compared with the known names: all words as one.
    pub(super) fn key(&self) -> String {
        self.words.concat()
    }

    /// Whether the words before the product agree with what it is: `AMD T4` is not read. Any vendor goes
    /// with a flavor that states none.
    pub(super) fn agrees(&self, kind: FlavorKind, vendor: &str) -> bool {
        self.kinds.iter().all(|&stated| stated == kind)
            && (vendor.is_empty() || self.vendors.iter().all(|&stated| stated == vendor))
    }

    /// Oracle names its shapes `BM.GPU.<name>.<count>`. The first word stays, as a mark, until the whole has
    /// been compared.
    fn take_shape(&mut self) {
        let is = |place: usize, test: fn(&str) -> bool| self.words.get(place).is_some_and(|word| test(word));
        self.is_shape = is(0, |word| word == "bm" || word == "vm") && is(1, |word| word.starts_with("gpu"));
        if self.is_shape {
            if self.words.len() > 2 && self.words.last().is_some_and(|word| is_number(word)) {
                self.words.pop();
            }
            if let Some(first) = self.words.first_mut() {
                "bm".clone_into(first);
            }
        }
    }

    /// Takes the words before the product: whose and what kind of hardware it is, and how many (`8x`). At
    /// least one word stays.
    fn take_prefixes(&mut self) {
        while self.words.len() > 1 {
            let Some(word) = self.words.first() else { return };
            if let Some(&kind) = FlavorKind::ALL.iter().find(|kind| kind.as_str() == word) {
                self.kinds.push(kind);
            } else if let Some((_, vendor)) = VENDOR_WORDS.iter().find(|(known, _)| known == word) {
                self.vendors.push(vendor);
            } else if self.words.starts_with(&["data".to_owned(), "center".to_owned()]) {
                self.words.remove(0);
            } else if !is_count(word) {
                break;
            }
            self.words.remove(0);
        }
        if let Some(first) = self.words.first_mut() {
            // `8xH100`
            let digits = first.bytes().take_while(u8::is_ascii_digit).count();
            let rest = first.get(digits..).and_then(|rest| rest.strip_prefix('x'));
            if let Some(rest) = rest.filter(|rest| digits > 0 && !rest.is_empty()) {
                *first = rest.to_owned();
            }
            // Vast writes `Q_RTX_8000`.
            if *first == "q" && self.words.get(1).is_some_and(|word| word == "rtx") {
                self.words.splice(..1, ["quadro".to_owned()]);
            }
        }
    }
}

/// Characters that no name begins or ends with.
const OUTER: [char; 3] = [' ', '-', '_'];

/// Whether a word is a number.
pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a word says how many: `8x`.
pub(super) fn is_count(word: &str) -> bool {
    word.strip_suffix('x').is_some_and(|number| number.len() <= 3 && is_number(number))
}

/// The size that a word states in GB.
pub(super) fn gigabytes(word: &str) -> Option<u64> {
    word.strip_suffix("gb").filter(|number| is_number(number))?.parse().ok()
}

/// `80g` and `80gib` are `80gb`.
fn memory(word: &str) -> String {
    match word.strip_suffix("gib").or_else(|| word.strip_suffix('g')).filter(|number| is_number(number)) {
        Some(number) if number.len() > 1 || word.ends_with("gib") => format!("{number}gb"),
        _ => word.to_owned(),
    }
}

/// `80 gb` is one word.
fn join_memory(words: &mut Vec<String>) {
    let mut place = 1;
    while let Some(unit) = words.get(place) {
        let before = words.get(place - 1).filter(|number| is_number(number));
        match before.filter(|_| ["g", "gb", "gib"].contains(&unit.as_str())) {
            Some(number) => {
                let joined = format!("{number}gb");
                words.splice(place - 1..=place, [joined]);
            }
            None => place += 1,
        }
    }
}
