//! Fragmentation gradient descent, by the paper: Weng et al., "Beware of Fragmentation: Scheduling
//! GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023. A rival to hold our own
//! packing against, on the same workloads.
//!
//! A node's fragmentation is what a pod drawn from the workload cannot use of its free GPUs, on average: all
//! of it where the pod does not fit the node, or takes no GPU; else what is free on GPUs that have less than
//! it takes of one. A pod goes where that grows least. The authors' simulator turns the growth into one of
//! a hundred scores, which makes ties of small differences; [`Rounding`] says which of the two is meant.
//!
//! Nodes of equal state are looked at once, and a state's scores are kept, or ten workloads would take
//! hours.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a pod takes: milli-cores, and so many GPUs, or thousandths of one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Class {
    pub(crate) cpu: u64,
    pub(crate) memory: u64,
    pub(crate) gpus: usize,
    /// Thousandths of each; 1000 is all of it.
    pub(crate) each: u16,
    /// The models of which any will do, a bit for each by its number; 0 is any at all.
    pub(crate) models: u64,
}

/// What is free on a node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Free {
    pub(crate) cpu: u64,
    pub(crate) memory: u64,
    /// Thousandths of each GPU, ascending.
    pub(crate) gpus: Vec<u16>,
    /// The number of their model.
    pub(crate) model: usize,
}

/// How exactly growth is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// As the paper states it.
    None,
    /// As the authors' simulator scores it: a sigmoid, in whole percent.
    Percent,
}

impl Free {
    fn total(&self) -> u64 {
        self.gpus.iter().map(|&free| u64::from(free)).sum()
    }

    fn fits(&self, class: &Class) -> bool {
        let enough = self.gpus.iter().filter(|&&free| free >= class.each).count();
        let right = class.models == 0 || class.models >> self.model & 1 == 1;
        right && self.cpu >= class.cpu && self.memory >= class.memory && enough >= class.gpus
    }

    /// All that can be left after a pod, by the GPU that a share is taken of.
    fn after(&self, class: &Class) -> Vec<Self> {
        let gpus = self.gpus.clone();
        let rest = Self { cpu: self.cpu - class.cpu, memory: self.memory - class.memory, gpus, model: self.model };
        if class.gpus != 1 {
            let whole = self.gpus.len() - class.gpus;
            let mut after = rest;
            after.gpus.iter_mut().skip(whole).for_each(|free| *free = 0);
            after.gpus.sort_unstable();
            return vec![after];
        }
        let mut left = BTreeSet::new();
        for (at, _) in self.gpus.iter().enumerate().filter(|(_, free)| **free >= class.each) {
            let mut after = rest.clone();
            if let Some(free) = after.gpus.get_mut(at) {
                *free -= class.each;
            }
            after.gpus.sort_unstable();
            left.insert(after);
        }
        left.into_iter().collect()
    }

    /// What a pod of a class cannot use.
    fn fragment(&self, class: &Class) -> u64 {
        if class.gpus == 0 || !self.fits(class) {
            return self.total();
        }
        self.gpus.iter().filter(|&&free| free < class.each).map(|&free| u64::from(free)).sum()
    }
}

/// A cluster that pods come to.
pub(crate) struct Fgd {
    workload: Vec<(Class, u64)>,
    weight: u64,
    rounding: Rounding,
    nodes: BTreeMap<Free, BTreeSet<usize>>,
    fragments: HashMap<Free, u64>,
    best: HashMap<(Free, Class), Option<(Score, Free)>>,
}

/// Less is better: growth, then what is left.
type Score = (i64, u64, u64, u64);

impl Fgd {
    pub(crate) fn new(nodes: impl IntoIterator<Item = Free>, workload: &[Class], rounding: Rounding) -> Self {
        let mut counts: BTreeMap<Class, u64> = BTreeMap::new();
        // As in the paper, pods are told apart by cpu and GPUs, and by the models that they name.
        workload.iter().for_each(|class| *counts.entry(Class { memory: 0, ..*class }).or_default() += 1);
        let mut by_state: BTreeMap<Free, BTreeSet<usize>> = BTreeMap::new();
        for (number, free) in nodes.into_iter().enumerate() {
            by_state.entry(free).or_default().insert(number);
        }
        Self {
            weight: counts.values().sum(),
            workload: counts.into_iter().collect(),
            rounding,
            nodes: by_state,
            fragments: HashMap::new(),
            best: HashMap::new(),
        }
    }

    /// Finds the best node for a pod and takes it; whether there was one.
    pub(crate) fn place(&mut self, class: &Class) -> bool {
        let states: Vec<Free> = self.nodes.keys().filter(|free| free.fits(class)).cloned().collect();
        let mut chosen: Option<(Score, usize, Free, Free)> = None;
        for before in states {
            let Some((score, after)) = self.score(&before, class) else { continue };
            let Some(&number) = self.nodes.get(&before).and_then(BTreeSet::first) else { continue };
            if chosen.as_ref().is_none_or(|best| (score, number) < (best.0, best.1)) {
                chosen = Some((score, number, before, after));
            }
        }
        let Some((_, number, before, after)) = chosen else { return false };
        if let Some(numbers) = self.nodes.get_mut(&before) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.nodes.remove(&before);
            }
        }
        self.nodes.entry(after).or_default().insert(number)
    }

    fn score(&mut self, before: &Free, class: &Class) -> Option<(Score, Free)> {
        let key = (before.clone(), *class);
        if let Some(known) = self.best.get(&key) {
            return known.clone();
        }
        let fragment = self.fragment(before);
        let scored = before.after(class).into_iter().map(|after| {
            let growth =
                i64::try_from(self.fragment(&after)).unwrap_or(i64::MAX) - i64::try_from(fragment).unwrap_or(i64::MAX);
            ((self.rounded(growth), after.total(), after.cpu, after.memory), after)
        });
        let best = scored.min();
        self.best.insert(key, best.clone());
        best
    }

    /// What the workload cannot use, times its weight.
    fn fragment(&mut self, free: &Free) -> u64 {
        if let Some(&known) = self.fragments.get(free) {
            return known;
        }
        let fragment = self.workload.iter().map(|(class, count)| count * free.fragment(class)).sum();
        self.fragments.insert(free.clone(), fragment);
        fragment
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "as the simulator does it")]
    fn rounded(&self, growth: i64) -> i64 {
        if self.rounding == Rounding::None {
            return growth;
        }
        let gpus = growth as f64 / self.weight as f64 / 1000.0;
        -((100.0 / (1.0 + gpus.exp())) as i64)
    }
}
