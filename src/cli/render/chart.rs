//! Replicas and shares of the requests over time, as a chart of text.

use super::Style;
use crate::simulation::{Line, Point, Series};

/// Columns of a chart.
const WIDTH: u64 = 64;
/// From nothing to all, in eighths.
const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A chart of a series: for each deployment its ready replicas and its share of the requests; and below it what
/// was told, with its time.
pub(super) fn chart(series: &Series, style: Style) -> String {
    let lines: Vec<_> = series.deployments.iter().collect();
    let name = lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
    let most = lines.iter().flat_map(|line| &line.points).map(|point| point.replicas).max().unwrap_or(0).max(1);
    let mut text = String::new();
    for line in lines {
        let bar = |level: &dyn Fn(&Point) -> u64, full: u64| -> String {
            (0..WIDTH).map(|column| symbol(at(line, column, series.until).map_or(0, level), full)).collect()
        };
        let replicas = bar(&|point| point.ready.into(), most.into());
        let calls = bar(&|point| point.percent.into(), 100);
        let top = line.points.iter().map(|point| point.ready).max().unwrap_or(0);
        text.push_str(&format!("  {:name$}  replicas {top:>4}  {replicas}\n", line.name));
        text.push_str(&format!("  {:name$}  requests 100%  {}\n", "", style.good(&calls)));
    }
    let end = time(series.until);
    let gap = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(1 + end.len());
    text.push_str(&format!("  {:name$}                 0{:gap$}{end}\n", "", ""));
    for note in &series.notes {
        text.push_str(&format!("  {:>8}  {}\n", time(note.at), note.what));
    }
    text
}

/// What a deployment was at the end of a column.
fn at(line: &Line, column: u64, until: u64) -> Option<&Point> {
    let end = until.saturating_mul(column + 1) / WIDTH;
    line.points.iter().rev().find(|point| point.at <= end)
}

/// A level between nothing and all; what is not nothing shows.
fn symbol(level: u64, full: u64) -> char {
    let eighths = (level * 8).div_ceil(full.max(1)).min(8);
    usize::try_from(eighths).ok().and_then(|eighths| LEVELS.get(eighths)).copied().unwrap_or(' ')
}

/// A time after the start: `90s`, `12m`, `1h05m`.
fn time(millis: u64) -> String {
    let seconds = millis / 1000;
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest}s"),
        (0, minutes, 0) => format!("{minutes}m"),
        (0, minutes, rest) => format!("{minutes}m{rest:02}s"),
        (hours, minutes, 0) => format!("{hours}h{minutes:02}m"),
        (hours, minutes, rest) => format!("{hours}h{minutes:02}m{rest:02}s"),
    }
}
