//! Which sets of steps are remedies: the smaller sets first, and no set that holds another.

use std::collections::BTreeSet;

use super::step::{Field, Group, RemedyChange, Step};
use super::suppose::{Case, Values, written};
use super::ways::{Set, Ways, groups, union};
use super::{RemedyBound, RemedySet};
use crate::policy::Level;

/// The most sets that are kept of one size, and the most that are decided, in all.
const MOST_SETS: usize = 20_000;
const MOST_ASKED: usize = 20_000;
/// As many as are decided on whatever fleet.
const LEAST_ASKED: usize = 200;
/// The most decisions times pairs of the fleet: a refusal on a large fleet must not take long to tell.
const MOST_WORK: usize = 2_000_000;

/// The remedies, and whether there may be more.
pub(super) fn search(case: &Case<'_>, bound: RemedyBound) -> (Vec<RemedySet>, bool) {
    let forgotten: Set = (0..case.local.unresolved().len()).map(Step::Forget).collect();
    let most = bound.steps.min(RemedyBound::MOST_STEPS);
    let Some(most) = most.checked_sub(forgotten.len()) else { return (Vec::new(), false) };
    let groups = groups(case);
    let ways = Ways::of(case, &groups, most);
    let mut searching = Searching {
        case,
        groups: &groups,
        before: case.candidates(&groups, &[], &Vec::new()),
        optional: case.optional(),
        found: Vec::new(),
        forgotten,
        most_asked: (MOST_WORK / case.fleet().pairs().len().max(1)).clamp(LEAST_ASKED, MOST_ASKED),
        cut: false,
    };
    let mut closed: Vec<BTreeSet<Set>> = Vec::new();
    let smallest = usize::from(searching.forgotten.is_empty());
    for size in 0..=most {
        let unions = searching.unions(&closed, &ways, size);
        closed.push(unions);
        if size >= smallest {
            searching.try_all(&closed, size);
        }
        if searching.found.len() >= bound.sets && size < most {
            searching.cut = true;
            break;
        }
    }
    searching.finish(bound.sets)
}

struct Searching<'a> {
    case: &'a Case<'a>,
    groups: &'a [Group],
    /// By group: whether its clusters are candidates as things are.
    before: Vec<bool>,
    optional: Set,
    /// What every set begins with: policies that are not known cannot stay.
    forgotten: Set,
    found: Vec<(Set, RemedySet)>,
    /// The most that is decided.
    most_asked: usize,
    /// Whether something was left out.
    cut: bool,
}

impl Searching<'_> {
    /// All unions of ways of one size that hold no set that was found: `closed` has those of the smaller sizes.
    fn unions(&mut self, closed: &[BTreeSet<Set>], ways: &Ways, size: usize) -> BTreeSet<Set> {
        let mut all: BTreeSet<Set> = ways.of_size.get(size).cloned().unwrap_or_default();
        all.retain(|set| !self.holds_a_found_one(set));
        for smaller in closed.iter().skip(1) {
            for way in ways.of_size.iter().skip(1).take(size).flatten() {
                for set in smaller {
                    // Of two equally large sets each pair is looked at once.
                    let all_of = union(set, way);
                    if all_of.len() != size || self.holds_a_found_one(&all_of) {
                        continue;
                    }
                    if all.len() >= MOST_SETS {
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
    fn try_all(&mut self, closed: &[BTreeSet<Set>], size: usize) {
        for (smaller, sets) in closed.iter().enumerate().rev() {
            let further = chosen(&self.optional, size - smaller);
            for set in sets {
                for optional in &further {
                    let all = union(set, optional);
                    if all.len() != size || self.holds_a_found_one(&all) {
                        continue;
                    }
                    if self.case.asked() as usize >= self.most_asked {
                        self.cut = true;
                        return;
                    }
                    self.decide(all);
                }
            }
        }
    }

    fn decide(&mut self, steps: Set) {
        let all = union(&self.forgotten, &steps);
        let Some(values) = self.case.solve(&all) else { return };
        let after = self.case.candidates(self.groups, &all, &values);
        let opened = self.groups.iter().zip(self.before.iter().zip(&after)).filter(|(_, (was, is))| **is && !**was);
        let opens = opened.map(|(group, _)| group.clusters).sum();
        let changes: Vec<_> = all.iter().filter_map(|step| change(self.case, *step, &values)).collect();
        let owner = changes.iter().map(RemedyChange::level).min().unwrap_or(Level::Deployment);
        self.found.push((steps, RemedySet { changes, owner, opens }));
    }

    fn holds_a_found_one(&self, set: &Set) -> bool {
        self.found.iter().any(|(found, _)| found.iter().all(|step| set.contains(step)))
    }

    fn finish(mut self, most: usize) -> (Vec<RemedySet>, bool) {
        let catalog = self.case.fleet().catalog();
        let words =
            |set: &RemedySet| -> Vec<String> { set.changes.iter().map(|change| change.in_words(catalog)).collect() };
        self.found.sort_by_cached_key(|(_, set)| (set.changes.len(), set.opens, words(set)));
        let more = self.cut || self.found.len() > most;
        self.found.truncate(most);
        (self.found.into_iter().map(|(_, set)| set).collect(), more)
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
