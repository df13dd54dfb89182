//! F6: GPU allocation on the openb trace, by the protocol of the published figures.
//!
//! The workload is every pod of the list, and pods drawn from it at random with replacement until the
//! GPUs asked for come to 130 % of those there are, shuffled. Pods are placed one by one; one that
//! does not fit is dropped. The figures are the GPUs in use, in percent of all, at the moment when
//! those asked for so far come to 80, 90, 100 and 130 %.
//!
//! `cargo bench --bench openb` runs every scoring on ten seeds; `-- packing-mix fgd` runs those. `typed` among the
//! arguments lets a third of the pods name one or two models, drawn anew for each seed.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark may fail loudly")]
#![expect(clippy::cast_precision_loss, reason = "figures to read")]

mod fleet;

use std::sync::Arc;
use std::time::{Duration, Instant};

use fleet::fgd::{Fgd, Rounding};
use fleet::openb::{self, Openb, Pod};
use fleet::question::free_scope;
use fleet::random::Random;
use fleet::values::record;
use siting::deployment::{Preference, Preferences};
use siting::id::FlavorId;
use siting::inventory::Inventory;
use siting::placement::{Ask, decide};
use siting::policy::Scope;

const SEEDS: u64 = 10;

/// When to look, in percent of the GPUs asked for.
const MOMENTS: [u64; 4] = [80, 90, 100, 130];

/// How the node of a pod is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scoring {
    /// The ranking that holds where nothing is preferred.
    Default,
    /// The preference for packing.
    Packing,
    /// The preference for packing, told what pods are to be expected.
    Mix,
    /// The paper's rule, as it is stated.
    Fgd,
    /// The paper's rule, as its authors' simulator rounds it.
    FgdRounded,
}

impl Scoring {
    const ALL: [Self; 5] = [Self::Default, Self::Packing, Self::Mix, Self::Fgd, Self::FgdRounded];

    fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Packing => "packing",
            Self::Mix => "packing-mix",
            Self::Fgd => "fgd",
            Self::FgdRounded => "fgd-rounded",
        }
    }

    fn is_ours(self) -> bool {
        !matches!(self, Self::Fgd | Self::FgdRounded)
    }

    /// A cluster of its own. What a scoring may know before the first pod comes (the expected mix of
    /// demands, say) is made here, from the list of pods.
    fn scheduler(self, trace: &Openb) -> Scheduler {
        let prefer = match self {
            Self::Default => Vec::new(),
            Self::Packing => vec![Preference::Packing(None)],
            Self::Mix => vec![Preference::Packing(Some(Arc::new(trace.mix())))],
            Self::Fgd => return Scheduler::fgd(trace, Rounding::None),
            Self::FgdRounded => return Scheduler::fgd(trace, Rounding::Percent),
        };
        let (inventory, scope) = (trace.inventory.clone(), free_scope(&trace.inventory));
        Scheduler::Ours { inventory, scope, preferences: Preferences { prefer, ..Preferences::default() } }
    }
}

/// A cluster that pods come to.
enum Scheduler {
    Ours { inventory: Inventory, scope: Arc<Scope>, preferences: Preferences },
    Fgd { fgd: Fgd, models: Vec<Option<FlavorId>> },
}

impl Scheduler {
    fn fgd(trace: &Openb, rounding: Rounding) -> Self {
        Self::Fgd { fgd: trace.fgd(rounding), models: trace.models() }
    }

    /// Finds the best place for a pod and takes it; whether there was one.
    fn place(&mut self, pod: &Pod) -> bool {
        let (inventory, scope, preferences) = match self {
            Self::Ours { inventory, scope, preferences } => (inventory, scope, preferences),
            Self::Fgd { fgd, models } => return fgd.place(&pod.class(models)),
        };
        let ask = Ask::new(&pod.demand, 1).preferring(preferences);
        let decision = decide(inventory, scope, &ask);
        let Some(placement) = decision.placements().first() else { return false };
        inventory.reserve(placement.pair, &placement.request, 1).expect("it fits what it was decided on");
        true
    }
}

/// What one seed came to.
struct Run {
    /// In percent, by moment.
    allocated: [f64; MOMENTS.len()],
    placed: usize,
    dropped: usize,
    took: Duration,
}

fn main() {
    let Some(trace) = openb::load() else {
        println!("openb: the trace is not here (../shared/data); nothing to replay");
        return;
    };
    let mut asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let typed = asked.iter().any(|argument| argument == "typed");
    asked.retain(|argument| argument != "typed");
    let wanted = |scoring: &Scoring| asked.is_empty() || asked.iter().any(|name| name == scoring.name());
    let nodes: u32 = trace.inventory.fleet().pools().iter().filter_map(|pool| pool.def.nodes).sum();
    println!("openb: {nodes} nodes, {} GPUs, {} pods in the list, {SEEDS} seeds", trace.gpus / 1000, trace.pods.len());
    println!(
        "{:<22}{:>9}{:>9}{:>9}{:>9}{:>17}{:>14}",
        "GPUs in use (%) at", "80", "90", "100", "130", "least–most", "placements/s"
    );
    published();
    for scoring in Scoring::ALL.into_iter().filter(wanted) {
        let of_seed = |seed| if typed { run(scoring, &trace.typed(seed), seed) } else { run(scoring, &trace, seed) };
        let runs: Vec<Run> = (0..SEEDS).map(of_seed).collect();
        print(scoring, &runs, if typed { "openb-typed" } else { "openb" });
    }
}

/// The schedulers of the paper.
fn published() {
    let text = openb::data("openb_published_results.csv").unwrap_or_default();
    for row in openb::rows(&text) {
        let figure = |column| row.text(column).parse::<f64>().unwrap_or(f64::NAN);
        let columns = ["alloc_pct_at_80", "alloc_pct_at_90", "alloc_pct_at_100", "alloc_pct_at_130_mean"];
        let (least, most) = (figure("alloc_pct_at_130_min"), figure("alloc_pct_at_130_max"));
        line(row.text("policy"), columns.map(figure), least, most, "");
    }
}

fn print(scoring: Scoring, runs: &[Run], what: &str) {
    let mean = |moment: usize| {
        let all = runs.iter().filter_map(|run| run.allocated.get(moment));
        all.sum::<f64>() / runs.len() as f64
    };
    let means = [0, 1, 2, 3].map(mean);
    let last = || runs.iter().filter_map(|run| run.allocated.last().copied());
    let (least, most) = (last().fold(f64::INFINITY, f64::min), last().fold(0.0, f64::max));
    let took: f64 = runs.iter().map(|run| run.took.as_secs_f64()).sum();
    let placed: usize = runs.iter().map(|run| run.placed).sum();
    let dropped: usize = runs.iter().map(|run| run.dropped).sum();
    let rate = placed as f64 / took;
    let (who, name) = (if scoring.is_ours() { "siting" } else { "paper" }, scoring.name());
    line(&format!("{who}, {name}"), means, least, most, &format!("{rate:.0}"));
    println!("  {placed} pods placed and {dropped} dropped in {took:.2} s");
    for (moment, mean) in MOMENTS.into_iter().zip(means) {
        record(&format!("F6/allocation_at_{moment}/{who}-{name}/{what}"), mean, "percent");
    }
    record(&format!("F6/placements/{who}-{name}/{what}"), rate, "a second");
}

fn line(name: &str, at: [f64; MOMENTS.len()], least: f64, most: f64, rate: &str) {
    let at = at.map(|figure| format!("{figure:>9.2}")).concat();
    println!("{name:<22}{at}{:>17}{rate:>14}", format!("{least:.2}–{most:.2}"));
}

/// Replays one seed's workload.
fn run(scoring: Scoring, trace: &Openb, seed: u64) -> Run {
    let pods = workload(trace, seed);
    let mut scheduler = scoring.scheduler(trace);
    let mut run = Run { allocated: [0.0; MOMENTS.len()], placed: 0, dropped: 0, took: Duration::ZERO };
    let mut moments = MOMENTS.into_iter().zip(&mut run.allocated).peekable();
    let (mut asked, mut held) = (0, 0);
    let start = Instant::now();
    for pod in pods {
        asked += pod.gpu;
        if scheduler.place(pod) {
            held += pod.gpu;
            run.placed += 1;
        } else {
            run.dropped += 1;
        }
        while moments.next_if(|(percent, _)| asked * 100 >= trace.gpus * percent).is_some_and(|(_, allocated)| {
            *allocated = held as f64 * 100.0 / trace.gpus as f64;
            true
        }) {}
    }
    drop(moments);
    run.took = start.elapsed();
    run
}

/// Every pod once, then some of them again, in any order.
fn workload(trace: &Openb, seed: u64) -> Vec<&Pod> {
    let mut random = Random::new(0x5eed + seed);
    let mut pods: Vec<&Pod> = trace.pods.iter().collect();
    let mut asked: u64 = pods.iter().map(|pod| pod.gpu).sum();
    while asked * 100 < trace.gpus * 130 {
        let pod = random.pick(&trace.pods).expect("the list is not empty");
        asked += pod.gpu;
        pods.push(pod);
    }
    random.shuffle(&mut pods);
    pods
}
