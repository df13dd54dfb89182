//! Attributes: names that a workspace declares, borne by clusters and pools (P15).
//!
//! A pool stands at one point of the axis: the set of all that it bears. An option of a policy is a set, too, and admits
//! every set that holds it. Sets are known once something bears them or asks for them; the set of none is the first.

use std::collections::BTreeSet;

use super::{Catalog, entry, folded};
use crate::bitset::BitSet;
use crate::id::{Atom, AttributeSetId, Id, InvalidName, Name};

/// What stands between the names of a set.
const AND: char = '+';

/// So many attributes have all their sets known from the start; of more, those that are borne or asked for.
const FEW: usize = 6;

/// A set of attributes, a bit for each.
#[derive(Clone)]
pub(super) struct AttributeSet {
    pub(super) members: u64,
    /// The names, sorted, with `+` between them.
    pub(super) name: Box<str>,
}

/// Why an attribute cannot be declared.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddAttributeError {
    /// It cannot be a name.
    #[error(transparent)]
    Malformed(#[from] InvalidName),
    /// It holds the sign that stands between the names of a set.
    #[error("an attribute's name cannot have a `+`, which stands between the names of several")]
    Plus,
    /// It is declared already, in whatever case.
    #[error("the attribute is declared already")]
    Known,
    /// There are too many.
    #[error("a workspace declares at most {} attributes", Catalog::MOST_ATTRIBUTES)]
    TooMany,
}

impl Catalog {
    /// The most attributes that a workspace declares.
    pub const MOST_ATTRIBUTES: usize = 64;

    /// The most different sets of attributes that clusters and pools bear and policies ask for: each is compared with each.
    pub const MOST_ATTRIBUTE_SETS: usize = 2048;

    /// Declares an attribute.
    ///
    /// ```
    /// use siting::catalog::{Catalog, ChoiceKind};
    /// let mut catalog = Catalog::builtin();
    /// catalog.add_attribute("hipaa")?;
    /// catalog.add_attribute("c5")?;
    /// let both = catalog.resolve(ChoiceKind::Attribute, "hipaa+c5").ok_or("unknown")?;
    /// assert_eq!(catalog.choice_name(both), "c5+hipaa");
    /// let c5 = catalog.resolve(ChoiceKind::Attribute, "c5").ok_or("unknown")?;
    /// assert!(catalog.atoms(both).is_subset(&catalog.atoms(c5)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AddAttributeError`].
    pub fn add_attribute(&mut self, name: &str) -> Result<(), AddAttributeError> {
        let name = Name::new(name)?;
        if name.as_str().contains(AND) {
            return Err(AddAttributeError::Plus);
        }
        if self.attributes().any(|known| folded(known) == folded(name.as_str())) {
            return Err(AddAttributeError::Known);
        }
        if self.added.attributes.len() >= Self::MOST_ATTRIBUTES {
            return Err(AddAttributeError::TooMany);
        }
        let added = self.change();
        let bit = 1 << added.attributes.len();
        added.attributes.push(name.as_str().into());
        let before: Vec<u64> = match added.attributes.len() <= FEW {
            true => added.attribute_sets.iter().map(|set| set.members).collect(),
            false => Vec::new(),
        };
        let _ = self.bring_set(bit);
        for members in before {
            let _ = self.bring_set(members | bit);
        }
        Ok(())
    }

    /// The declared attributes, in the order declared.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.added.attributes.iter().map(|name| &**name)
    }

    /// Makes the set of these attributes known; `None` if one of them is not declared, or if there are
    /// [too many sets](Self::MOST_ATTRIBUTE_SETS). The same again gives the same id.
    pub fn bring_attributes<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> Option<AttributeSetId> {
        let members = self.members(names)?;
        let is_full = self.added.attribute_sets.len() >= Self::MOST_ATTRIBUTE_SETS;
        if is_full { self.set_of(members) } else { Some(self.bring_set(members)) }
    }

    /// Makes known what any three of these sets bear together: what the three levels may ask for at once. Of very many,
    /// only all of all.
    pub(crate) fn bring_unions(&mut self, sets: &BTreeSet<AttributeSetId>) {
        const MANY: usize = 16;
        let own: Vec<u64> = sets.iter().map(|set| self.set_members(*set)).collect();
        if own.len() <= MANY {
            for one in &own {
                for other in &own {
                    for third in &own {
                        let _ = self.bring_set(one | other | third);
                    }
                }
            }
        }
        let all = (0..self.added.attributes.len()).fold(0, |all, at| all | 1_u64 << at);
        let _ = self.bring_set(all);
    }

    fn bring_set(&mut self, members: u64) -> AttributeSetId {
        if let Some(known) = self.set_of(members) {
            return known;
        }
        let name = self.named(members).into();
        let added = self.change();
        added.attribute_set_places.insert(members, added.attribute_sets.len());
        added.attribute_sets.push(AttributeSet { members, name });
        AttributeSetId::from_index(added.attribute_sets.len())
    }

    /// The known set of a text: one name, or several with `+` between them.
    #[must_use]
    pub fn attribute_set(&self, text: &str) -> Option<AttributeSetId> {
        self.set_of(self.members(text.split(AND).map(str::trim))?).filter(|_| !text.is_empty())
    }

    /// The known set of these attributes.
    pub(crate) fn attributes_named<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<AttributeSetId> {
        self.set_of(self.members(names)?)
    }

    /// The first name of a text that is no attribute.
    pub(super) fn no_attribute<'t>(&self, text: &'t str) -> Option<&'t str> {
        text.split(AND).map(str::trim).find(|name| !self.attributes().any(|known| folded(known) == folded(name)))
    }

    fn members<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<u64> {
        names.into_iter().try_fold(0, |members, name| {
            let at = self.attributes().position(|known| folded(known) == folded(name))?;
            Some(members | 1 << at)
        })
    }

    fn set_of(&self, members: u64) -> Option<AttributeSetId> {
        if members == 0 {
            return Some(AttributeSetId::default());
        }
        let at = self.added.attribute_set_places.get(&members)?;
        Some(AttributeSetId::from_index(at + 1))
    }

    fn set_members(&self, set: AttributeSetId) -> u64 {
        match set.index().checked_sub(1) {
            None => 0,
            Some(at) => entry::<AttributeSet>(&self.added.attribute_sets, at).members,
        }
    }

    fn named(&self, members: u64) -> String {
        let mut names: Vec<&str> =
            self.attributes().enumerate().filter(|(at, _)| members >> at & 1 == 1).map(|(_, name)| name).collect();
        names.sort_unstable();
        names.join(&AND.to_string())
    }

    /// The names of a set with `+` between them; empty for the set of none.
    #[must_use]
    pub fn attribute_set_name(&self, set: AttributeSetId) -> &str {
        match set.index().checked_sub(1) {
            None => "",
            Some(at) => &entry::<AttributeSet>(&self.added.attribute_sets, at).name,
        }
    }

    /// The atom of a set.
    #[must_use]
    pub fn attributes_atom(&self, set: AttributeSetId) -> Atom {
        Atom::from_index(set.index())
    }

    /// The set that an atom of the axis is.
    #[must_use]
    pub fn attributes_of(&self, atom: Atom) -> AttributeSetId {
        AttributeSetId::from_index(atom.index())
    }

    pub(super) fn attribute_universe(&self) -> usize {
        1 + self.added.attribute_sets.len()
    }

    /// The sets of one attribute each.
    pub(super) fn single_attributes(&self) -> impl Iterator<Item = AttributeSetId> {
        (0..self.added.attributes.len()).filter_map(|at| self.set_of(1 << at))
    }

    /// Whether a set holds another.
    #[must_use]
    pub fn bears(&self, set: AttributeSetId, asked: AttributeSetId) -> bool {
        let asked = self.set_members(asked);
        self.set_members(set) & asked == asked
    }

    /// The sets of one attribute each, of those that a set holds.
    pub(super) fn each_attribute(&self, set: AttributeSetId) -> impl Iterator<Item = AttributeSetId> {
        let members = self.set_members(set);
        (0..self.added.attributes.len()).filter(move |at| members >> at & 1 == 1).filter_map(|at| self.set_of(1 << at))
    }

    /// By set, the sets that hold it.
    pub(super) fn bearing(&self) -> Vec<BitSet<Atom>> {
        let universe = self.attribute_universe();
        let all = || (0..universe).map(AttributeSetId::from_index);
        let holding = |asked| all().filter(move |&set| self.bears(set, asked)).map(|set| self.attributes_atom(set));
        all().map(|asked| BitSet::from_ids(universe, holding(asked))).collect()
    }

    /// The least sets among some: those that hold no other of them.
    pub(crate) fn least_sets(&self, sets: &BitSet<Atom>) -> Vec<AttributeSetId> {
        let all: Vec<AttributeSetId> = sets.iter().map(|atom| self.attributes_of(atom)).collect();
        let is_least = |set: &AttributeSetId| !all.iter().any(|other| other != set && self.bears(*set, *other));
        all.iter().copied().filter(is_least).collect()
    }
}
