//! Numeric cases of other implementations' own tests, for the arithmetic of scaling (R4).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use siting::metrics::{MetricSpec, Resource, Source, Target};
use siting::quantity::Milli;
use siting::scaling::behaviour::{self, Amount, Behaviour, Changes, Limit, Proposals, Rules, Select};
use siting::scaling::hpa::{self, Figures, Initialisation, NoFigure, Phase, Replica, Sample, Tolerance};
use siting::scaling::{Bounds, kpa};
use siting::time::Moment;

/// Long after everything that a case speaks of.
const NOW: Moment = Moment::from_millis(10_000_000);

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}

fn ago(age: &Value) -> Moment {
    Moment::from_millis(NOW.as_millis() - age.as_u64().unwrap() * 1000)
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

/// The project's own cases.
fn own() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/scaling.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A file of the folder of further cases beside the project; `None`, with a word, where it is absent.
fn beside(file: &str) -> Option<Value> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors").join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: {} is absent", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("no list `{name}`"))
}

/// Runs every case of a list, and fails with all that fail.
fn all(cases: &[Value], run: impl Fn(&Value) -> Result<(), String>) {
    let failures: Vec<String> =
        cases.iter().filter_map(|case| run(case).err().map(|why| format!("{case}: {why}"))).collect();
    assert!(failures.is_empty(), "{} of {} fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
    println!("{} cases", cases.len());
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{found:?}, and not {wanted:?}")) }
}

// -- Proposals of the horizontal pod autoscaler ------------------------------------------------------

#[test]
fn r4_proposals_are_those_of_kubernetes() {
    all(list(&own(), "proposals"), proposal);
    let Some(cases) = beside("hpa_replica_calculator.json") else { return };
    let cases: Vec<Value> = list(&cases, "cases").iter().map(from_beside).collect();
    all(&cases, proposal);
}

/// A case of the folder beside, in the project's own layout: a letter for each replica.
fn from_beside(case: &Value) -> Value {
    let pods = list(case, "pods");
    let letter = |pod: &Value| match (pod["deleted"].as_bool(), pod["phase"].as_str().unwrap()) {
        (Some(true), _) => 'd',
        (_, "Pending") => 'p',
        (_, "Failed") => 'f',
        (_, "Succeeded") => 's',
        _ if pod["ready"] == false => 'u',
        _ => 'r',
    };
    let measured = if case["want_utilization"].is_null() { &case["want_usage"] } else { &case["want_utilization"] };
    json!({
        "name": case["id"], "kind": case["kind"], "current": case["current"], "target": case["target"],
        "pods": pods.iter().map(letter).collect::<String>(),
        "requests": pods.iter().map(|pod| pod["request_milli"].clone()).collect::<Vec<_>>(),
        "figures": case["metrics_milli"], "strange": case["metrics_belong_to_known_pods"] == false,
        "error": case["error"], "replicas": case["want"], "measured": measured,
    })
}

fn proposal(case: &Value) -> Result<(), String> {
    let figures: Vec<Milli> =
        list(case, "figures").iter().map(|figure| Milli::thousandths(figure.as_u64().unwrap())).collect();
    let strange = case["strange"] == true;
    let sample = |place: usize| {
        let value = *figures.get(place).filter(|_| !strange)?;
        Some(Sample { value, at: NOW, window: Duration::from_secs(60) })
    };
    let start = Moment::from_millis(0);
    let replica = |(place, letter): (usize, char)| Replica {
        phase: match letter {
            'p' => Phase::Pending,
            'f' => Phase::Failed,
            's' => Phase::Succeeded,
            _ => Phase::Running,
        },
        stopping: letter == 'd',
        started: Some(start),
        ready: Some((letter == 'r', start)),
        requested: case["requests"][place].as_u64().map(Milli::thousandths),
        sample: sample(place),
    };
    let letters = case["pods"].as_str().unwrap();
    let replicas: Vec<Replica> = letters.chars().enumerate().map(replica).collect();
    let strays = if strange { &figures[..] } else { figures.get(replicas.len()..).unwrap_or_default() };
    let kind = case["kind"].as_str().unwrap();
    let name = || "figure".parse().unwrap();
    let target = case["target"].as_u64().unwrap();
    let (source, target) = match kind {
        "resource_utilization" => (Source::Resource(Resource::Cpu), Target::Utilization(number(&case["target"]))),
        "resource_average" => (Source::Resource(Resource::Cpu), Target::AverageValue(Milli::thousandths(target))),
        "pods_average" => (Source::Pods(name()), Target::AverageValue(Milli::thousandths(target))),
        "object_value" => (Source::Object(name()), Target::Value(Milli::thousandths(target))),
        "object_average" => (Source::Object(name()), Target::AverageValue(Milli::thousandths(target))),
        "external_value" => (Source::External(name()), Target::Value(Milli::thousandths(target))),
        "external_average" => (Source::External(name()), Target::AverageValue(Milli::thousandths(target))),
        other => panic!("kind `{other}`"),
    };
    let spec = MetricSpec::new(source, target).unwrap();
    let seen = if spec.is_per_replica() {
        Figures::PerReplica { replicas: &replicas, strays }
    } else {
        Figures::Total { values: &figures, replicas: &replicas }
    };
    let current = number(&case["current"]);
    let permille = |place: usize| case["tolerance"][place].as_u64().map_or(100, |value| u16::try_from(value).unwrap());
    let tolerance = Tolerance { down: permille(0), up: permille(1) };
    let found = hpa::propose(&spec, current, seen, NOW, tolerance, &Initialisation::default());
    match (case["error"].as_str(), found) {
        (Some(error), Err(why)) => {
            let wanted = match error {
                "no_metrics" => vec![NoFigure::NoSamples, NoFigure::NoReplicas],
                "no_metrics_matched" => vec![NoFigure::NoneMatched],
                _ => vec![NoFigure::NoRequest],
            };
            if wanted.contains(&why) { Ok(()) } else { Err(format!("{why:?}")) }
        }
        (None, Ok(found)) => {
            same(found.replicas, number(&case["replicas"]))?;
            case["measured"].as_u64().map_or(Ok(()), |measured| same(found.measured, measured))
        }
        (_, found) => Err(format!("{found:?}")),
    }
}

// -- Rate limits and stabilisation -------------------------------------------------------------------

/// Rules in the project's layout, or as the folder beside has them.
fn rules(value: &Value) -> Option<Rules> {
    let limit = |limit: &Value| {
        let (kind, amount, period) = match limit.as_array() {
            Some(parts) => (&parts[0], &parts[1], &parts[2]),
            None => (&limit["type"], &limit["value"], &limit["period_seconds"]),
        };
        let amount = match kind.as_str().unwrap() {
            "Pods" => Amount::Replicas(number(amount)),
            _ => Amount::Percent(number(amount)),
        };
        Limit { amount, period: seconds(period) }
    };
    let select = match value["select"].as_str()? {
        "Max" => Select::Max,
        "Min" => Select::Min,
        _ => Select::Disabled,
    };
    let window = value.get("window").unwrap_or(&value["stabilization_window_seconds"]);
    let limits = value.get("limits").unwrap_or(&value["policies"]);
    Some(Rules { window: seconds(window), select, limits: limits.as_array().unwrap().iter().map(limit).collect() })
}

fn pairs(value: &Value, names: [&str; 2]) -> Vec<(u32, Moment)> {
    let pair = |entry: &Value| match entry.as_array() {
        Some(parts) => (number(&parts[0]), ago(&parts[1])),
        None => (number(&entry[names[0]]), ago(&entry[names[1]])),
    };
    value.as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn r4_rate_limits_are_those_of_kubernetes() {
    // Where a case states no rules, Kubernetes' own hold.
    let default = Behaviour::default();
    let names = ["from", "to", "up", "down", "grown", "shrunk", "replicas", "held"];
    all(list(&own(), "limits"), |case| limited(case, &default, names));
    let Some(cases) = beside("hpa_rate_limits.json") else { return };
    let names = ["current", "desired", "scale_up", "scale_down", "up_events", "down_events", "want", "want_reason"];
    all(list(&cases, "cases"), |case| limited(case, &default, names));
}

fn limited(case: &Value, default: &Behaviour, names: [&str; 8]) -> Result<(), String> {
    let [from, to, up, down, grown, shrunk, replicas, held] = names.map(|name| &case[name]);
    let behaviour = Behaviour {
        up: rules(up).unwrap_or_else(|| default.up.clone()),
        down: rules(down).unwrap_or_else(|| default.down.clone()),
    };
    let changes = |value| Changes::of(pairs(value, ["change", "age_seconds"]));
    let bounds = Bounds::new(number(&case["min"]), number(&case["max"])).unwrap();
    let found = behaviour::limit(NOW, number(from), number(to), bounds, &behaviour, &changes(grown), &changes(shrunk));
    same((found.0, format!("{:?}", found.1)), (number(replicas), held.as_str().unwrap().to_owned()))
}

#[test]
fn r4_stabilisation_is_that_of_kubernetes() {
    let own = own();
    all(list(&own, "stabilisation"), |case| {
        let windows = (seconds(&case["up"]), seconds(&case["down"]));
        stabilised(number(&case["from"]), &case["to"], &case["kept"], windows, &case["replicas"], &case["then"])
    });
    all(list(&own, "downscale_only"), |case| {
        downscale_only(&case["to"], &case["kept"], &case["replicas"], &case["then"])
    });
    let Some(cases) = beside("hpa_stabilisation.json") else { return };
    all(list(&cases, "cases"), |case| {
        let windows = (seconds(&case["up_window"]), seconds(&case["down_window"]));
        let (kept, wanted) = (&case["recommendations"], &case["want"]);
        stabilised(number(&case["current"]), &case["desired"], kept, windows, wanted, &case["want_log"])
    });
    all(list(&cases, "legacy_downscale_only_300s"), |case| {
        downscale_only(&case["desired"], &case["recommendations"], &case["want"], &case["want_log_len"])
    });
}

fn steadied(current: u32, to: &Value, kept: &Value, (up, down): (Duration, Duration)) -> (u32, Vec<u32>) {
    let immediate = Behaviour::immediate();
    let behaviour =
        Behaviour { up: Rules { window: up, ..immediate.up }, down: Rules { window: down, ..immediate.down } };
    let mut proposals = Proposals::of(pairs(kept, ["value", "age_seconds"]));
    let found = proposals.stabilise(NOW, current, number(to), &behaviour);
    (found, proposals.kept().iter().map(|(value, _)| *value).collect())
}

fn stabilised(
    current: u32,
    to: &Value,
    kept: &Value,
    windows: (Duration, Duration),
    wanted: &Value,
    then: &Value,
) -> Result<(), String> {
    let (found, log) = steadied(current, to, kept, windows);
    same(found, number(wanted))?;
    then.as_array().map_or(Ok(()), |then| same(log, then.iter().map(number).collect()))
}

/// The older rule, which steadies the way down only: a number that is not below the proposal.
fn downscale_only(to: &Value, kept: &Value, wanted: &Value, length: &Value) -> Result<(), String> {
    let (found, log) = steadied(u32::MAX, to, kept, (Duration::ZERO, Duration::from_secs(300)));
    same((found, log.len()), (number(wanted), number(length) as usize))
}

#[test]
fn r4_changes_are_kept_as_kubernetes_keeps_them() {
    all(list(&own(), "changes"), |case| change(case, ["by", "kept", "rules", "within_60", "then"]));
    let Some(cases) = beside("hpa_event_log.json") else { return };
    all(list(&cases, "cases"), |case| change(case, ["change", "previous", "rules", "want_change_60s", "want_log"]));
}

fn change(case: &Value, names: [&str; 5]) -> Result<(), String> {
    let [by, kept, stated, within, then] = names.map(|name| &case[name]);
    let mut changes = Changes::of(pairs(kept, ["change", "age_seconds"]));
    same(changes.within(NOW, Duration::from_secs(60)), number(within))?;
    // Without rules nothing is stored.
    if let Some(rules) = rules(stated) {
        changes.store(NOW, number(by), &rules);
    }
    let log: Vec<Value> = changes.kept().iter().map(|change| json!([change.by, change.outdated])).collect();
    same(&Value::Array(log), then)
}

// -- Concurrency and requests a second ---------------------------------------------------------------

#[test]
fn r4_requests_are_held_as_knative_holds_them() {
    all(list(&own(), "requests"), |case| {
        let ticks = list(case, "ticks").iter().map(|tick| tick.as_array().unwrap().clone()).collect();
        scenario(case, &case["panicking"][0], &case["panicking"][1], ticks)
    });
    let Some(cases) = beside("kpa_scenarios.json") else { return };
    all(list(&cases, "scenarios"), |case| {
        let names = [
            ("target", "target"),
            ("max_up", "up"),
            ("max_down", "down"),
            ("panic_threshold", "panic"),
            ("stable_window", "window"),
            ("activation_scale", "first"),
            ("reachable", "reachable"),
            ("scale_down_delay", "delay"),
            ("target_burst_capacity", "burst"),
            ("total_value_factor", "capacity_factor"),
        ];
        let mut own = json!({});
        for (theirs, ours) in names {
            own[ours] = case["spec"][theirs].clone();
        }
        let tick = |step: &Value| {
            let excess = ["want_excess_burst", "want_ebc", "want_excess"].iter().find_map(|name| step.get(name));
            let mut tick: Vec<Value> = ["t", "ready", "stable", "panic", "want"].map(|name| step[name].clone()).into();
            tick.push(excess.cloned().unwrap_or(Value::Null));
            tick
        };
        let ticks = list(case, "steps").iter().map(tick).collect();
        scenario(&own, &case["initial"]["panic_since"], &case["initial"]["max_panic"], ticks)
    });
}

fn scenario(case: &Value, since: &Value, most: &Value, ticks: Vec<Vec<Value>>) -> Result<(), String> {
    let at = |value: &Value| {
        let offset = value.as_i64().map_or_else(|| i64::from(value.as_f64() == Some(0.5)) * 500, |whole| whole * 1000);
        Moment::from_millis(NOW.as_millis().checked_add_signed(offset).unwrap())
    };
    let target = case["target"].as_f64().unwrap();
    let capacity = target * case["capacity_factor"].as_f64().unwrap_or(1.0);
    let mut settings = kpa::Settings::holding(target, capacity).unwrap();
    settings.max_up = case["up"].as_f64().unwrap();
    settings.max_down = case["down"].as_f64().unwrap();
    settings.panic_threshold = case["panic"].as_f64().unwrap();
    settings.stable_window = seconds(&case["window"]);
    settings.activation_scale = number(&case["first"]);
    settings.scale_down_delay = seconds(&case["delay"]);
    let burst = case["burst"].as_f64().unwrap();
    settings.burst = (burst >= 0.0).then_some(burst);
    let mut state = kpa::State::default();
    state.panic_since = (!since.is_null()).then(|| at(since));
    state.panic_most = most.as_u64().map_or(0, |_| number(most));
    for tick in ticks {
        let figure = |place: usize| tick[place].as_f64().unwrap();
        let seen = kpa::Seen {
            ready: number(&tick[1]),
            stable: figure(2),
            panic: figure(3),
            reachable: case["reachable"] == true,
        };
        let found = kpa::tick(&settings, &mut state, at(&tick[0]), &seen).ok_or("no answer")?;
        same(found.replicas, number(&tick[4])).map_err(|why| format!("at {}: {why}", tick[0]))?;
        if let Some(excess) = tick[5].as_i64() {
            same(found.excess_burst, excess)?;
        }
    }
    Ok(())
}
