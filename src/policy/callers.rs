//! Policies that bind requests instead of deployments, by the country that a request comes from (P18).

use std::collections::HashMap;
use std::sync::Arc;

use super::{Bundle, Enforcement, PolicySet, Scope};
use crate::bitset::BitSet;
use crate::catalog::{Catalog, Choice};
use crate::id::{CountryId, Id, ResourceTypeId};
use crate::time::Moment;

/// Whose requests a policy binds: continents, countries and groups of countries (P18).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callers {
    stated: Vec<Choice>,
    countries: BitSet<CountryId>,
}

impl Callers {
    /// The callers of these places; `None` if there are none, or one is no continent, country or group.
    pub(super) fn new(catalog: &Catalog, stated: Vec<Choice>) -> Option<Self> {
        let is_known = |choice: &Choice| matches!(choice, Choice::Continent(_) | Choice::Country(_) | Choice::Group(_));
        if stated.is_empty() || !stated.iter().all(is_known) {
            return None;
        }
        let mut countries = BitSet::empty(catalog.countries().len());
        for &choice in &stated {
            countries.union_with(&Self::countries_of(catalog, choice));
        }
        Some(Self { stated, countries })
    }

    /// The countries of a place.
    #[must_use]
    pub fn countries_of(catalog: &Catalog, choice: Choice) -> BitSet<CountryId> {
        let atoms = catalog.atoms(choice);
        BitSet::from_ids(catalog.countries().len(), atoms.iter().map(|atom| catalog.country_of(atom)))
    }

    /// The places as they were stated.
    #[must_use]
    pub fn stated(&self) -> &[Choice] {
        &self.stated
    }

    /// All countries of which it binds the requests.
    #[must_use]
    pub fn countries(&self) -> &BitSet<CountryId> {
        &self.countries
    }

    /// Whether requests from a country are bound.
    #[must_use]
    pub fn include(&self, country: CountryId) -> bool {
        self.countries.contains(country)
    }
}

/// What the caller policies in force for a deployment cut from its scope, by the country that a request comes from
/// (P18). Each cut is a [`Scope`] of its own, made of the policies that bind the caller: what it restricts to nothing has
/// no route. Where a request may be answered is what the deployment's scope and the cut leave [both](Scope::both).
///
/// Invariants:
/// 1. `no-cut-is-freedom`: a caller whom no policy names is cut from nothing;
/// 2. `unknown-is-bound`: what an unknown caller's cut leaves, every other cut leaves as well.
#[derive(Clone, Debug)]
pub struct CallerCuts {
    /// The number of each country's cut; none where nobody is cut from anything.
    of_country: Vec<u32>,
    cuts: Vec<Arc<Scope>>,
    unknown: Arc<Scope>,
}

impl CallerCuts {
    /// The cuts of the three levels' policies, in the order of [`Level::ALL`](super::Level::ALL), for a workload of
    /// `resource_type`, at a moment.
    ///
    /// O(attached caller policies × countries); without any, O(attached policies).
    #[must_use]
    pub fn compile(
        catalog: &Catalog,
        policies: &Arc<PolicySet>,
        levels: [Bundle<'_>; 3],
        resource_type: ResourceTypeId,
        at: Option<Moment>,
    ) -> Self {
        let attached = levels.iter().flat_map(|bundle| bundle.attachments);
        let enforced = attached.filter(|attachment| attachment.enforcement == Enforcement::Enforce);
        let in_scope = enforced.filter_map(|attachment| policies.get(attachment.policy));
        let in_scope = in_scope.filter(|policy| policy.targets().include(resource_type));
        let binding: Vec<&Callers> = in_scope.filter_map(|policy| policy.callers()).collect();
        let cut = |caller| Arc::new(Scope::of_caller(policies, levels, resource_type, at, caller));
        let unknown = cut(None);
        if binding.is_empty() {
            return Self { of_country: Vec::new(), cuts: Vec::new(), unknown };
        }
        let (mut known, mut cuts) = (HashMap::new(), Vec::new());
        let of_country = catalog.countries().map(|country| {
            let bound: Vec<bool> = binding.iter().map(|callers| callers.include(country)).collect();
            *known.entry(bound).or_insert_with(|| {
                cuts.push(cut(Some(country)));
                u32::try_from(cuts.len() - 1).unwrap_or(u32::MAX)
            })
        });
        Self { of_country: of_country.collect(), cuts, unknown }
    }

    /// What is cut from requests from a country, or of a caller of whom it is not known.
    #[must_use]
    pub fn of(&self, caller: Option<CountryId>) -> &Arc<Scope> {
        let known = caller.and_then(|country| self.cuts.get(*self.of_country.get(country.index())? as usize));
        known.unwrap_or(&self.unknown)
    }

    /// Whether nobody is cut from anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cuts.iter().chain([&self.unknown]).all(|cut| !cut.restricts())
    }

    /// The countries that share a cut, by their cut: every country once, or none where nobody is cut from anything.
    pub fn groups(&self) -> impl Iterator<Item = (Vec<CountryId>, &Arc<Scope>)> {
        let countries = |number: usize| {
            let all = self.of_country.iter().enumerate();
            let own = all.filter(move |(_, own)| **own as usize == number);
            own.map(|(country, _)| CountryId::from_index(country)).collect::<Vec<_>>()
        };
        self.cuts.iter().enumerate().map(move |(number, cut)| (countries(number), cut))
    }

    /// What both cut: of a deployment that must satisfy two environments at once.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        match (self.of_country.is_empty(), other.of_country.is_empty()) {
            (true, _) => return other.clone(),
            (_, true) => return self.clone(),
            _ => {}
        }
        let (mut known, mut cuts) = (HashMap::new(), Vec::new());
        let pairs = self.of_country.iter().zip(&other.of_country).enumerate();
        let of_country = pairs.map(|(country, pair)| {
            *known.entry(pair).or_insert_with(|| {
                let country = Some(CountryId::from_index(country));
                cuts.push(Arc::new(Scope::clone(self.of(country)).both(other.of(country))));
                u32::try_from(cuts.len() - 1).unwrap_or(u32::MAX)
            })
        });
        let of_country = of_country.collect();
        let unknown = Arc::new(Scope::clone(&self.unknown).both(&other.unknown));
        Self { of_country, cuts, unknown }
    }
}
