//! Why a name cannot be read, beside what lies near (C8): what would be right, in words.

use super::Catalog;
use super::choice::{Capacity, ChoiceKind, Continent};
use super::spelling::Spelling;
use crate::origin::listed;
use crate::quantity::Bytes;

/// The most names that are listed where all of a kind are.
const LISTED: usize = 10;

/// How clouds end the names of machines behind a point.
const SIZES: [&str; 6] = ["large", "metal", "medium", "small", "micro", "nano"];
/// What is in the names of machines.
const SERIES: [&str; 6] = ["-standard-", "-highgpu-", "-megagpu-", "-ultragpu-", "-highmem-", "-highcpu-"];
/// What such names begin with.
const BRANDS: [&str; 3] = ["standard_", "dgx", "hgx"];

impl Catalog {
    /// What would be right instead of a name that is not read, with the reason where there is one to tell. `None`
    /// where nothing is known of it.
    ///
    /// ```
    /// # use siting::catalog::{Catalog, ChoiceKind};
    /// let catalog = Catalog::builtin();
    /// let why = |kind, text| catalog.why_unknown(kind, text).unwrap();
    /// assert_eq!(why(ChoiceKind::Cpu, "intel"), "the cpu flavors are `arm` and `x86`; `any` is all of them");
    /// assert_eq!(why(ChoiceKind::Gpu, "p5.48xlarge"), "that is a machine; name the GPU that it has");
    /// assert_eq!(why(ChoiceKind::Gpu, "T4 32GB"), "did you mean `t4`? It has 16Gi");
    /// assert_eq!(why(ChoiceKind::Gpu, "H100 SXM4"), "did you mean `h100`? There is none with `sxm4`");
    /// ```
    #[must_use]
    pub fn why_unknown(&self, kind: ChoiceKind, text: &str) -> Option<String> {
        if kind == ChoiceKind::Gpu && is_machine(text) {
            return Some("that is a machine; name the GPU that it has".to_owned());
        }
        let near = self.nearest(kind, text);
        let did_you_mean = (!near.is_empty()).then(|| format!("did you mean {}?", listed(&near, "or", LISTED)));
        match kind {
            ChoiceKind::Gpu => did_you_mean.map(|meant| match self.contradiction(text) {
                Some(why) => format!("{meant} {why}"),
                None => meant,
            }),
            _ => did_you_mean.or_else(|| self.all_of(kind)),
        }
    }

    /// All names of a kind that has few.
    fn all_of(&self, kind: ChoiceKind) -> Option<String> {
        let (what, names, any): (_, Vec<_>, _) = match kind {
            ChoiceKind::Continent => ("continents", Continent::ALL.iter().map(|one| one.code()).collect(), ""),
            ChoiceKind::Group => ("groups", self.groups().map(|group| self.group_name(group)).collect(), ""),
            ChoiceKind::Cpu => {
                let ours = self.flavors().filter(|&flavor| Some(self.flavor_kind(flavor)) == kind.flavor_kind());
                ("cpu flavors", ours.map(|flavor| self.flavor_code(flavor)).collect(), "; `any` is all of them")
            }
            ChoiceKind::Capacity => ("ways of buying nodes", Capacity::ALL.map(Capacity::as_str).into(), ""),
            ChoiceKind::Attribute if self.attributes().next().is_none() => {
                return Some("declare it under the workspace's `attributes`".to_owned());
            }
            ChoiceKind::Attribute => ("declared attributes", self.attributes().collect(), ""),
            _ => return None,
        };
        let mut names = names;
        names.sort_unstable();
        Some(format!("the {what} are {}{any}", listed(&names, "and", LISTED)))
    }

    /// What a name of hardware states beside the product that is not so.
    fn contradiction(&self, text: &str) -> Option<String> {
        let spelling = Spelling::read(text)?;
        let [product] = self.of_product(text)[..] else { return None };
        let mut head = String::new();
        // The words behind those that name the product.
        let behind = spelling.words.iter().skip_while(|word| {
            head.push_str(word);
            self.flavor_of_key(self.flavor_kind(product), &head) != Some(product)
        });
        let behind: Vec<_> = behind.skip(1).collect();
        let [word] = behind[..] else { return None };
        let states_memory = word.strip_suffix("gb").is_some_and(|size| size.bytes().all(|byte| byte.is_ascii_digit()));
        if !states_memory {
            return Some(format!("There is none with `{word}`"));
        }
        self.flavor_memory(product).map(|memory| format!("It has {}", Bytes::new(memory)))
    }
}

/// Whether a text is the name of a machine, by its looks.
fn is_machine(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let sized = text.split_once('.').is_some_and(|(_, size)| SIZES.iter().any(|end| size.ends_with(end)));
    sized || SERIES.iter().any(|part| text.contains(part)) || BRANDS.iter().any(|brand| text.starts_with(brand))
}
