//! Series of measurements, as rollouts and autoscalers meet them.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::choices::{Choices, Draw};
use super::values::words;
use crate::lifecycle::Load;
use crate::metrics::{Gauge, Window};
use crate::quantity::Milli;
use crate::time::Moment;

/// How a load develops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Course {
    /// As it began.
    Steady,
    /// More and more, up to four times what it began with.
    Rising,
    /// Less and less; nothing from the middle on.
    Falling,
    /// One request at a time, but for every tenth measurement.
    Spikes,
    /// Down to nothing and up again, every twenty measurements.
    Waves,
    /// Nothing at all: no request comes, and no gauge shows anything.
    Silent,
}

words! { Course: Steady Silent Rising Falling Spikes Waves; }

/// How series of measurements are: how many, how far apart, how the load develops, how much fails, how long
/// requests take, and what replicas report.
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
    /// How many measurements.
    pub measurements: RangeInclusive<u32>,
    /// The time from one to the next.
    pub every: Duration,
    /// How the load develops; `None` draws that as well.
    pub course: Option<Course>,
    /// Of a hundred requests, how many fail.
    pub failing: u8,
    /// How long a request takes as a rule: from half of this to one and a half of it, all equally likely. One in
    /// fifty takes ten times as long.
    pub latency: Duration,
    /// What is reported in addition to the requests. Each request of a measurement takes 5 % of the cpu, 4 % of the GPU
    /// and 1 % of the memory, of which 30 % are in use anyhow; the cpu is up to 5 % busier than that. The
    /// concurrency is what such requests of this latency come to, and a custom gauge shows their number.
    pub gauges: Vec<Gauge>,
}

impl Default for SeriesOptions {
    /// Up to 60 measurements, a second apart, of which one request in twenty fails and most take about half a
    /// second; all gauges but custom ones.
    fn default() -> Self {
        Self {
            measurements: 0..=60,
            every: Duration::from_secs(1),
            course: None,
            failing: 5,
            latency: Duration::from_millis(500),
            gauges: vec![Gauge::Cpu, Gauge::Memory, Gauge::Gpu, Gauge::Concurrency],
        }
    }
}

/// What was measured of a replica, in ascending order of time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Series {
    /// Each measurement with its time.
    pub measured: Vec<(Moment, Measured)>,
}

/// What was measured at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
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
        let [series] = self.side_by_side(choices, [self.failing]);
        series
    }

    /// Two series under one load, as a rollout sees them: the old version's, and the new one's, of whose requests
    /// `failing` of a hundred fail.
    ///
    /// ```
    /// use siting::testing::{Choices, Course, SeriesOptions};
    ///
    /// let options = SeriesOptions { failing: 0, course: Some(Course::Steady), ..SeriesOptions::default() };
    /// let (old, new) = options.draw_pair(&mut Choices::seeded(1), 100);
    /// for ((now, old), (then, new)) in old.measured.iter().zip(&new.measured) {
    ///     assert_eq!((now, old.requests.len()), (then, new.requests.len()));
    ///     assert!(old.requests.iter().all(|(_, failed)| !failed) && new.requests.iter().all(|(_, failed)| *failed));
    /// }
    /// ```
    #[must_use]
    pub fn draw_pair(&self, choices: &mut Choices<'_>, failing: u8) -> (Series, Series) {
        let [old, new] = self.side_by_side(choices, [self.failing, failing]);
        (old, new)
    }

    /// As many series as there are shares of failing requests, under one load.
    fn side_by_side<const N: usize>(&self, choices: &mut Choices<'_>, failing: [u8; N]) -> [Series; N] {
        let course = self.course.unwrap_or_else(|| Course::draw(choices));
        let load = choices.between(1, 20);
        let mut now = Moment::from_millis(choices.up_to(1_000_000_000));
        let (least, most) = (*self.measurements.start(), *self.measurements.end());
        let mut number = 0_u32;
        let mut series = [const { Series { measured: Vec::new() } }; N];
        choices.several(least, most, |choices| {
            let level = level(course, load, number, most.max(least));
            (number, now) = (number + 1, now.after(self.every));
            for (series, failing) in series.iter_mut().zip(failing) {
                series.measured.push((now, self.measured(choices, course, level, failing)));
            }
        });
        series
    }

    /// One measurement of a load of so many requests.
    fn measured(&self, choices: &mut Choices<'_>, course: Course, level: u32, failing: u8) -> Measured {
        if course == Course::Silent {
            return Measured::default();
        }
        let requests = (0..level).map(|_| (self.answered_after(choices), choices.chance(failing))).collect();
        let gauges = self.gauges.iter().map(|gauge| (gauge.clone(), self.shown(choices, gauge, level))).collect();
        Measured { requests, gauges }
    }

    fn answered_after(&self, choices: &mut Choices<'_>) -> Duration {
        let thousandths = choices.between(500, 1500) * if choices.chance(2) { 10 } else { 1 };
        self.latency.saturating_mul(thousandths) / 1000
    }

    fn shown(&self, choices: &mut Choices<'_>, gauge: &Gauge, level: u32) -> Milli {
        let level = u64::from(level);
        Milli::thousandths(match gauge {
            Gauge::Cpu => level * 5000 + choices.up_to(4999),
            Gauge::Memory => 30_000 + level * 1000,
            Gauge::Gpu => level * 4000,
            Gauge::Concurrency => {
                // Little's law: how many come in a time, times how long each takes.
                let (latency, every) = (self.latency.as_micros(), self.every.as_micros().max(1));
                u64::try_from((u128::from(level) * 1000).saturating_mul(latency) / every).unwrap_or(u64::MAX)
            }
            Gauge::Custom(_) => level * 1000,
        })
    }
}

/// How many requests the n-th of so many measurements sees.
fn level(course: Course, load: u32, number: u32, most: u32) -> u32 {
    // Of a load up to 20, so that nothing overflows.
    let share = |of: u32, whole: u32| u64::from(load) * u64::from(of) / u64::from(whole.max(1));
    let level = match course {
        Course::Steady => u64::from(load),
        Course::Silent => 0,
        Course::Rising => u64::from(load) + 3 * u64::from(load) * u64::from(number) / u64::from(most.max(2) - 1),
        Course::Falling => share(most.saturating_sub(number.saturating_mul(2)), most),
        Course::Spikes if number % 10 == 9 => 5 * u64::from(load),
        Course::Spikes => 1,
        Course::Waves => share((number % 20).abs_diff(10), 10),
    };
    u32::try_from(level).unwrap_or(u32::MAX)
}

impl Series {
    /// Tells a window all of it; the moment of the last measurement, or the first of all without any.
    pub fn feed(&self, window: &mut Window) -> Moment {
        self.measured.iter().for_each(|(now, measured)| measured.feed(*now, window));
        self.measured.last().map_or_else(Moment::default, |(now, _)| *now)
    }
}

impl Measured {
    /// Tells a window what was measured at a moment; what a window does not take is left out.
    pub fn feed(&self, now: Moment, window: &mut Window) {
        for (latency, failed) in &self.requests {
            window.request(now, *latency, *failed).unwrap_or_default();
        }
        for (gauge, value) in &self.gauges {
            window.gauge(now, gauge, *value).unwrap_or_default();
        }
    }

    /// What an autoscaler needs once a window has been fed: a request waits where there is one and no
    /// replica is ready.
    ///
    /// ```
    /// use std::time::Duration;
    /// use siting::deployment::Scaling;
    /// use siting::lifecycle::{Action, Adopted, Place, Settings, State};
    /// use siting::metrics::Window;
    /// use siting::testing::{Choices, Course, SeriesOptions};
    /// use siting::time::Moment;
    ///
    /// let scaling = Scaling { enabled: true, min_replicas: Some(1), max_replicas: Some(9), ..Scaling::default() };
    /// let place = Place { cluster: "paris".parse()?, pool: "a".parse()?, flavor: "gpu:t4".into(), replicas: 1 };
    /// let mut state = State::new("model", "bert".parse()?, "production".parse()?);
    /// let bert = state.adopt(Moment::default(), Adopted {
    ///     name: "v1".parse()?,
    ///     version: None,
    ///     governor: "production".parse()?,
    ///     holds: true,
    ///     settings: Settings { scaling: Some(scaling), ..Settings::default() }.into(),
    ///     places: vec![place],
    /// })?;
    ///
    /// // So many requests of half a second each that one replica, with one at a time, cannot answer them.
    /// let options = SeriesOptions { course: Some(Course::Rising), measurements: 60..=60, ..SeriesOptions::default() };
    /// let mut window = Window::new(Duration::from_secs(60), 60)?;
    /// let mut memory = siting::scaling::State::default();
    /// let mut wanted = 1;
    /// for (now, measured) in options.draw(&mut Choices::seeded(1)).measured {
    ///     measured.feed(now, &mut window);
    ///     if let Some(Action::Autoscale { replicas, .. }) =
    ///         state.autoscale(now, bert, &mut memory, &measured.load(&window, 1))
    ///     {
    ///         wanted = replicas; // a host applies the command
    ///     }
    /// }
    /// assert!(wanted > 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn load<'w>(&self, window: &'w Window, ready: u32) -> Load<'w> {
        Load { ready, window, waiting: ready == 0 && !self.requests.is_empty(), buffered_since: None }
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
