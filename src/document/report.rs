//! The problems found so far: collected, so that all problems of a load are reported together.

use std::cell::{Cell, RefCell};

use crate::origin::Problem;

/// Collects problems up to a bound; what comes after it is only counted.
pub(crate) struct Report {
    problems: RefCell<Vec<Problem>>,
    left_out: Cell<usize>,
    limit: usize,
}

impl Report {
    /// A report of at most `limit` problems.
    pub(crate) fn new(limit: usize) -> Self {
        Self { problems: RefCell::default(), left_out: Cell::default(), limit }
    }

    /// Records `problem`.
    pub(crate) fn add(&self, problem: Problem) {
        self.add_with(|| problem);
    }

    /// Records a problem that is made only if there is room for it.
    pub(crate) fn add_with(&self, make: impl FnOnce() -> Problem) {
        if self.problems.borrow().len() < self.limit {
            let problem = make();
            self.problems.borrow_mut().push(problem);
        } else {
            self.left_out.set(self.left_out.get() + 1);
        }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// How many problems came after the bound.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out.get()
    }

    /// The problems by file, line and column, and a last one that counts those left out.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by(|a, b| a.origin.cmp(&b.origin));
        let left_out = self.left_out.get();
        if left_out > 0 {
            let origin = problems.last().map(|last| last.origin.clone()).unwrap_or_default();
            problems.push(Problem::left_out(left_out, &origin));
        }
        problems
    }
}
