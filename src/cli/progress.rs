//! How far long work is, on a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar on standard error for long work: it appears after a delay, and is cleared at the end.
pub(super) struct Progress {
    /// `None` if no bar is shown.
    bar: Option<ProgressBar>,
    began: Instant,
}

/// Work that is done sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

impl Progress {
    /// A bar for this many deployments; `watched` where standard error is a terminal and is to say more than
    /// errors.
    pub(super) fn new(watched: bool, deployments: usize) -> Self {
        let bar = || {
            let bar = ProgressBar::with_draw_target(Some(deployments as u64), ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} deployments decided, {eta} to go");
            style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
        };
        Self { bar: watched.then(bar), began: Instant::now() }
    }

    /// Records how many are decided.
    pub(super) fn reached(&self, decided: usize) {
        let Some(bar) = &self.bar else { return };
        if bar.is_hidden() && self.began.elapsed() > PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position(decided as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_where_nobody_watches_or_too_soon() {
        let unwatched = Progress::new(false, 3);
        unwatched.reached(1);
        assert!(unwatched.bar.is_none());
        let mut soon = Progress::new(true, 3);
        soon.began += Duration::from_secs(3600);
        soon.reached(2);
        let bar = soon.bar.as_ref().expect("it is watched");
        assert!(bar.is_hidden());
        assert_eq!((bar.position(), bar.length()), (2, Some(3)));
    }
}
