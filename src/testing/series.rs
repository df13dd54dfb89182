//! Series of measurements, as rollouts and autoscalers meet them.

use std::time::Duration;

use super::choices::{Choices, Draw};
use super::values::words;
use crate::metrics::{Gauge, Window};
use crate::quantity::Milli;
use crate::time::Moment;

/// How a load goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Course {
    /// As it began.
    Steady,
    /// More and more.
    Rising,
    /// Less and less, down to nothing.
    Falling,
    /// Calm, but for a few moments.
    Spikes,
    /// Up and down like day and night.
    Waves,
    /// Nothing at all.
    Silent,
}

words! { Course: Steady Silent Rising Falling Spikes Waves; }

/// How series of measurements are: how many, how far apart, what course the load takes, how much fails.
///
/// ```
/// use std::time::Duration;
/// use siting::metrics::{Metric, Window};
/// use siting::testing::{Choices, Course, SeriesOptions};
///
/// let options = SeriesOptions { course: Some(Course::Steady), failing: 100, ..SeriesOptions::default() };
/// let series = options.draw(&mut Choices::seeded(1));
/// let mut window = Window::new(Duration::from_secs(60), 60)?;
/// let end = series.feed(&mut window);
/// let errors = window.summary(end).value(&Metric::ErrorRate).map_or(100, |percent| percent.get() / 1000);
/// assert_eq!(errors, 100); // percent
/// # Ok::<(), siting::metrics::InvalidWindow>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeriesOptions {
    /// How many measurements at most.
    pub most: u32,
    /// The time from one to the next.
    pub every: Duration,
    /// How the load goes on; `None` draws that as well.
    pub course: Option<Course>,
    /// Of a hundred requests, how many fail.
    pub failing: u8,
}

impl Default for SeriesOptions {
    /// Up to 60 measurements, a second apart, of which one request in twenty fails.
    fn default() -> Self {
        Self { most: 60, every: Duration::from_secs(1), course: None, failing: 5 }
    }
}

/// What was measured of a replica, in ascending order of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Series {
    /// Each measurement with its time.
    pub measured: Vec<(Moment, Measured)>,
}

/// What was measured at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measured {
    /// Requests that were answered: after how long, and whether they failed.
    pub requests: Vec<(Duration, bool)>,
    /// What gauges showed.
    pub gauges: Vec<(Gauge, Milli)>,
}

impl SeriesOptions {
    /// A series.
    #[must_use]
    pub fn draw(&self, choices: &mut Choices<'_>) -> Series {
        let course = self.course.unwrap_or_else(|| Course::draw(choices));
        let load = choices.between(1, 20);
        let mut now = Moment::from_millis(choices.up_to(1_000_000_000));
        let mut number = 0_u32;
        let measured = choices.several(0, self.most, |choices| {
            let level = level(course, load, number, self.most);
            (number, now) = (number + 1, now.after(self.every));
            (now, self.measured(choices, level))
        });
        Series { measured }
    }

    /// One measurement of a load of so many requests.
    fn measured(&self, choices: &mut Choices<'_>, level: u32) -> Measured {
        let request = |choices: &mut Choices<'_>| {
            (Duration::from_micros(choices.up_to(30_000_000)), choices.chance(self.failing))
        };
        let requests = (0..level).map(|_| request(choices)).collect();
        let percent = Milli::thousandths(u64::from(level) * 5000 + choices.up_to(4999));
        let gauges = vec![(Gauge::Cpu, percent), (Gauge::Concurrency, Milli::thousandths(u64::from(level) * 500))];
        Measured { requests, gauges }
    }
}

/// How many requests the n-th of so many measurements sees.
fn level(course: Course, load: u32, number: u32, most: u32) -> u32 {
    match course {
        Course::Steady => load,
        Course::Silent => 0,
        Course::Rising => load + load * number / most.max(1) * 3,
        Course::Falling => load * most.saturating_sub(number.saturating_mul(2)) / most.max(1),
        Course::Spikes => {
            if number % 10 == 9 {
                load * 5
            } else {
                1
            }
        }
        Course::Waves => load * (number % 20).abs_diff(10) / 10,
    }
}

impl Series {
    /// Tells a window all of it; the moment of the last measurement, or the first of all without any.
    pub fn feed(&self, window: &mut Window) -> Moment {
        for (now, measured) in &self.measured {
            for (latency, failed) in &measured.requests {
                window.request(*now, *latency, *failed);
            }
            for (gauge, value) in &measured.gauges {
                window.gauge(*now, gauge, *value);
            }
        }
        self.measured.last().map_or_else(Moment::default, |(now, _)| *now)
    }
}

impl Draw for Series {
    fn draw(choices: &mut Choices<'_>) -> Self {
        SeriesOptions::default().draw(choices)
    }
}

impl Draw for Window {
    /// A window of a minute that has seen a series.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let mut window = super::values::valid(choices, |choices| {
            Self::new(Duration::from_secs(60), choices.one_of(60, [6, 1])).ok()
        });
        Series::draw(choices).feed(&mut window);
        window
    }
}
