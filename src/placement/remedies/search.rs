//! Which sets of steps are remedies: the smaller sets first, and no set that holds another.

use std::collections::BTreeSet;

use super::opened::Opened;
use super::step::{Field, RemedyChange, Step};
use super::suppose::{Case, Values, written};
use super::ways::{Set, Ways, union};
use super::{RemedyBound, RemedySet};
use crate::policy::Level;

/// The most sets that are decided, in all.
const MOST_ASKED: usize = 20_000;
/// How many times as many are kept of one size.
const KEPT_BESIDE: usize = 5;
/// As many as are decided on whatever fleet.
const LEAST_ASKED: usize = 200;
/// The most decisions times pairs of the fleet: a refusal on a large fleet must not take long to tell.
const MOST_WORK: usize = 2_000_000;

/// The remedies, and whether there may be more.
pub(super) fn search(case: &Case<'_>, bound: RemedyBound) -> (Vec<RemedySet>, bool) {
    let forgotten: Set = (0..case.local.unresolved().len()).map(Step::Forget).collect();
    let most = bound.steps.min(RemedyBound::MOST_STEPS);
    let most = most.checked_sub(forgotten.len()).filter(|_| !case.misses_a_requirement());
    let Some(most) = most else { return (Vec::new(), false) };
    let mut ways = Ways::new(case, most);
    let mut searching = Searching {
        case,
        sets: bound.sets,
        opened: Opened::new(case),
        optional: case.optional(),
        found: Vec::new(),
        forgotten,
        most_asked: (MOST_WORK / case.fleet().pairs().len().max(1)).clamp(LEAST_ASKED, MOST_ASKED),
        cut: false,
    };
    let (mut of_size, mut closed): (Vec<BTreeSet<Set>>, Vec<BTreeSet<Set>>) = Default::default();
    let smallest = usize::from(searching.forgotten.is_empty());
    for size in 0..=most {
        of_size.push(ways.of_size(case, size, |set| searching.holds_a_found_one(set)));
        let unions = searching.unions(&closed, &of_size, size);
        closed.push(unions);
        if size >= smallest {
            searching.try_all(&closed, size);
        }
        if searching.found.len() >= bound.sets && size < most {
            searching.cut = true;
            break;
        }
    }
    searching.finish()
}

/// A set that is a remedy.
struct Found {
    steps: Set,
    values: Values,
    opens: usize,
}

struct Searching<'a> {
    case: &'a Case<'a>,
    /// How many sets are wanted.
    sets: usize,
    opened: Opened<'a>,
    optional: Set,
    /// What every set begins with: policies that are not known cannot stay.
    forgotten: Set,
    found: Vec<Found>,
    /// The most that is decided.
    most_asked: usize,
    /// Whether something was left out.
    cut: bool,
}

impl Searching<'_> {
    /// All unions of ways of one size that hold no set that was found: `closed` has those of the smaller sizes.
    fn unions(&mut self, closed: &[BTreeSet<Set>], of_size: &[BTreeSet<Set>], size: usize) -> BTreeSet<Set> {
        let mut all: BTreeSet<Set> = of_size.get(size).cloned().unwrap_or_default();
        for smaller in closed.iter().skip(1) {
            for way in of_size.iter().skip(1).take(size).flatten() {
                for set in smaller {
                    // Of two equally large sets each pair is looked at once.
                    let all_of = union(set, way);
                    if all_of.len() != size || self.holds_a_found_one(&all_of) {
                        continue;
                    }
                    if all.len() >= self.most_asked.saturating_mul(KEPT_BESIDE) {
                        self.cut = true;
                        return all;
                    }
                    all.insert(all_of);
                }
            }
        }
        all
    }

    /// Decides every union of ways of one size, and every smaller one with as many optional steps as are left.
    ///
    /// How many clusters a set opens is known before it is decided, but where a quantity is lowered to what fits. Those
    /// that open the fewest are decided first, and the others not at all once as many are found as are wanted.
    fn try_all(&mut self, closed: &[BTreeSet<Set>], size: usize) {
        let (mut lowering, mut others) = (BTreeSet::new(), Vec::new());
        for set in self.with_optional_steps(closed, size) {
            if set.iter().any(|step| matches!(step, Step::Lower(_))) {
                lowering.insert(set);
            } else {
                let opens = self.opened.count(&union(&self.forgotten, &set), &Vec::new());
                others.push((opens, set));
            }
        }
        let smaller = self.found.len();
        for set in lowering {
            if !self.decide(set) {
                return;
            }
        }
        others.sort_unstable();
        for (opens, set) in others {
            if self.found.len() > self.sets && self.is_beyond(opens, smaller) {
                self.cut = true;
                return;
            }
            if !self.decide(set) {
                return;
            }
        }
    }

    /// Whether a set of this size that opens so many clusters comes after all that are wanted, where so many smaller ones
    /// were found.
    fn is_beyond(&self, opens: usize, smaller: usize) -> bool {
        let mut of_size: Vec<usize> = self.found.iter().skip(smaller).map(|found| found.opens).collect();
        of_size.sort_unstable();
        let last = self.sets.checked_sub(smaller + 1).and_then(|at| of_size.get(at));
        last.is_some_and(|last| opens > *last)
    }

    /// The sets of one size that are to be decided, each once.
    fn with_optional_steps(&mut self, closed: &[BTreeSet<Set>], size: usize) -> BTreeSet<Set> {
        let mut all = BTreeSet::new();
        for (smaller, sets) in closed.iter().enumerate().rev() {
            let further = chosen(&self.optional, size - smaller);
            for set in sets {
                for optional in &further {
                    let set = union(set, optional);
                    if set.len() != size || self.holds_a_found_one(&set) {
                        continue;
                    }
                    if all.len() >= self.most_asked.saturating_mul(KEPT_BESIDE) {
                        self.cut = true;
                        return all;
                    }
                    all.insert(set);
                }
            }
        }
        all
    }

    /// Whether a further set may be decided.
    fn decide(&mut self, steps: Set) -> bool {
        if self.case.asked() as usize >= self.most_asked {
            self.cut = true;
            return false;
        }
        let all = union(&self.forgotten, &steps);
        if let Some(values) = self.case.solve(&all) {
            let opens = self.opened.count(&all, &values);
            self.found.push(Found { steps, values, opens });
        }
        true
    }

    fn holds_a_found_one(&self, set: &Set) -> bool {
        self.found.iter().any(|found| found.steps.iter().all(|step| set.contains(step)))
    }

    fn finish(self) -> (Vec<RemedySet>, bool) {
        let more = self.cut || self.found.len() > self.sets;
        let mut sets: Vec<RemedySet> = self.found.iter().map(|found| self.told(found)).collect();
        let catalog = self.case.fleet().catalog();
        let words =
            |set: &RemedySet| -> Vec<String> { set.changes.iter().map(|change| change.in_words(catalog)).collect() };
        sets.sort_by_cached_key(|set| (set.changes.len(), set.opens, words(set)));
        sets.truncate(self.sets);
        (sets, more)
    }

    /// A set by names.
    fn told(&self, found: &Found) -> RemedySet {
        let all = union(&self.forgotten, &found.steps);
        let changes: Vec<_> = all.iter().filter_map(|step| change(self.case, *step, &found.values)).collect();
        let owner = changes.iter().map(RemedyChange::level).min().unwrap_or(Level::Deployment);
        RemedySet { changes, owner, opens: found.opens }
    }
}

/// All ways to choose so many of some steps.
fn chosen(steps: &[Step], count: usize) -> Vec<Set> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let rest = steps.get(at + 1..).unwrap_or_default();
        for mut further in chosen(rest, count - 1) {
            further.insert(0, *step);
            all.push(further);
        }
    }
    all
}

/// A step by names. Every id of a step is one of the case, so each has its name.
fn change(case: &Case<'_>, step: Step, values: &Values) -> Option<RemedyChange> {
    let path = |field: Field| field.path(case.ask.demand.alternatives());
    Some(match step {
        Step::Forget(at) => {
            let policy = case.local.unresolved().get(at)?.clone();
            RemedyChange::Detach { level: Level::Deployment, environment: None, policy }
        }
        Step::Detach(level, environment, policy) => {
            let environment = (level == Level::Environment).then(|| case.local.environment(environment));
            let policy = case.local.name(policy)?.clone();
            RemedyChange::Detach { level, environment: environment.flatten().cloned(), policy }
        }
        Step::Add(policy, option) => {
            let level = case.local.highest(policy);
            RemedyChange::AddOption { level, policy: case.local.name(policy)?.clone(), option }
        }
        Step::Drop(field) => RemedyChange::Drop { field: path(field) },
        Step::Lower(field) => {
            let (_, to) = values.iter().find(|(lowered, _)| *lowered == field)?;
            let (from, to) = (written(field, case.stated(field)?), written(field, *to));
            RemedyChange::Lower { field: path(field), from, to }
        }
    })
}
