//! Remedies against brute force: every set of steps on every small world, decided by the oracle (D7).

use std::collections::{BTreeMap, BTreeSet};

use siting::placement::{RemedyBound, RemedyChange, RemedySet};
use siting::policy::Level;
use siting::workspace::Workspace;

use crate::comparison;
use crate::oracle::judge;
use crate::oracle::random::world;
use crate::oracle::world::{Axis, Deployment, Opt, Pools, Resources, Running, World};

const WORLDS: u64 = 1_000;

/// A step, in the oracle's words. Quantities are lowered to what the other steps of the set leave room for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Forget(String),
    Detach(&'static str, String),
    Add(String, String, String),
    Drop(String),
    Lower(String),
}

fn of_gpu(deployment: &Deployment, alternative: usize, field: &str) -> String {
    let all =
        deployment.resources.as_ref().and_then(|found| found.gpu.as_ref()).map_or(0, |gpu| gpu.alternatives.len());
    if all > 1 { format!("resources.gpu.anyOf[{alternative}].{field}") } else { format!("resources.gpu.{field}") }
}

fn environment(deployment: &Deployment) -> &str {
    deployment.environment.as_deref().unwrap_or("production")
}

/// What is attached at each level, enforced and in scope.
fn attached(world: &World, deployment: &Deployment) -> Vec<(&'static str, String)> {
    let of_environment = world.environments.iter().find(|found| found.name == environment(deployment));
    let levels = [
        ("workspace", Some(&world.workspace.attachments)),
        ("environment", of_environment.map(|found| &found.level.attachments)),
        ("deployment", Some(&deployment.attachments)),
    ];
    let in_scope = |name: &str| {
        let policy = world.policies.iter().find(|policy| policy.name == name).expect("a policy");
        policy.targets.as_ref().is_none_or(|targets| targets.contains(&deployment.workload_type))
    };
    let mut all = Vec::new();
    for (level, attachments) in levels {
        for (name, enforced) in attachments.into_iter().flatten() {
            let found = (level, name.clone());
            if *enforced && in_scope(name) && !all.contains(&found) {
                all.push(found);
            }
        }
    }
    all
}

/// The narrowest options by which what clusters have can be named, by axis.
pub(crate) fn named(world: &World) -> Vec<(Axis, Opt)> {
    let mut all: BTreeSet<(Axis, String, String)> = BTreeSet::new();
    for cluster in &world.clusters {
        all.insert((Axis::Location, "country".into(), cluster.country.clone()));
        if let Some(location) = &cluster.location {
            all.insert((Axis::Location, "location".into(), location.clone()));
        }
        all.insert((Axis::Provider, "provider".into(), cluster.provider.clone()));
        let (flavors, capacities): (Vec<(String, String)>, Vec<String>) = match &cluster.pools {
            Pools::Short(flavors) => (flavors.clone(), vec![String::new()]),
            Pools::Full(pools) => {
                let of = |pool: &crate::oracle::world::Pool| {
                    let cpu = pool.cpu_flavor.clone().map(|code| ("cpu".to_owned(), code));
                    let gpu = pool.gpu.clone().map(|(code, _)| ("gpu".to_owned(), code));
                    cpu.into_iter().chain(gpu).collect::<Vec<_>>()
                };
                (pools.iter().flat_map(of).collect(), pools.iter().map(|pool| pool.capacity.clone()).collect())
            }
        };
        // All that a pool bears together, and each of it (P15).
        let own: Vec<&[String]> = match &cluster.pools {
            Pools::Short(_) => vec![&[]],
            Pools::Full(pools) => pools.iter().map(|pool| &*pool.attributes).collect(),
        };
        for own in own {
            let borne: BTreeSet<&str> = cluster.attributes.iter().chain(own).map(String::as_str).collect();
            let together = Vec::from_iter(borne.iter().copied()).join("+");
            let options = borne.iter().map(|name| (*name).to_owned()).chain([together]);
            let options = options.filter(|name| !name.is_empty());
            all.extend(options.map(|name| (Axis::Attribute, "attribute".to_owned(), name)));
        }
        all.extend(flavors.into_iter().map(|(kind, code)| (Axis::Flavor, kind, code)));
        all.extend(capacities.into_iter().map(|name| {
            let name = if name.is_empty() { "on-demand".to_owned() } else { name };
            (Axis::Capacity, "capacity".to_owned(), name)
        }));
    }
    all.into_iter().map(|(axis, kind, name)| (axis, Opt { kind, name })).collect()
}

/// Every step that there is.
fn steps(world: &World, deployment: &Deployment) -> Vec<Step> {
    let mut all: BTreeSet<Step> = deployment.remote_missing.iter().cloned().map(Step::Forget).collect();
    let attached = attached(world, deployment);
    for (level, policy) in &attached {
        all.insert(Step::Detach(level, policy.clone()));
    }
    let policies: BTreeSet<&String> = attached.iter().map(|(_, policy)| policy).collect();
    for (axis, option) in named(world) {
        for policy in world.policies.iter().filter(|policy| policies.contains(&policy.name) && policy.axis == axis) {
            all.insert(Step::Add(policy.name.clone(), option.kind.clone(), option.name.clone()));
        }
    }
    if deployment.placement.spread.is_some_and(|spread| spread.max_skew.is_some()) {
        all.insert(Step::Drop("placement.spread.maxSkew".into()));
    }
    if deployment.placement.spread.is_some_and(|spread| spread.min_domains.is_some()) {
        all.insert(Step::Drop("placement.spread.minDomains".into()));
    }
    if deployment.placement.together.is_some() {
        all.insert(Step::Drop("placement.together".into()));
    }
    if deployment.max_price_micro.is_some() {
        all.insert(Step::Drop("maxPricePerHour".into()));
    }
    for path in quantities(deployment).into_keys() {
        all.insert(Step::Lower(path));
    }
    if let Some(resources) = &deployment.resources {
        if resources.cpu_type.is_some() {
            all.insert(Step::Drop("resources.cpuType".into()));
        }
        for (at, need) in resources.gpu.iter().flat_map(|gpu| gpu.alternatives.iter().enumerate()) {
            if !need.types.is_empty() {
                all.insert(Step::Drop(of_gpu(deployment, at, "type")));
            }
            if need.memory.is_some() {
                all.insert(Step::Drop(of_gpu(deployment, at, "memory")));
            }
        }
    }
    all.into_iter().collect()
}

/// Every quantity that can be lowered, and what it is.
fn quantities(deployment: &Deployment) -> BTreeMap<String, u64> {
    let mut all: BTreeMap<String, u64> = BTreeMap::from([("replicas".into(), deployment.replicas.into())]);
    let mut least_none: BTreeMap<String, u64> = BTreeMap::new();
    if let Some(resources) = &deployment.resources {
        all.insert("resources.cpu".into(), resources.cpu_milli);
        all.insert("resources.memory".into(), resources.memory);
        least_none.insert("resources.storage".into(), resources.storage.unwrap_or(0));
        least_none.insert("resources.bandwidth".into(), resources.bandwidth.unwrap_or(0));
        for (at, need) in resources.gpu.iter().flat_map(|gpu| gpu.alternatives.iter().enumerate()) {
            match need.share_milli {
                Some(share) => all.insert(of_gpu(deployment, at, "share"), share.into()),
                None => all.insert(of_gpu(deployment, at, "count"), need.count.into()),
            };
            if let Some(memory) = need.memory {
                all.insert(of_gpu(deployment, at, "memory"), memory);
            }
        }
    }
    all.retain(|_, value| *value > 1);
    least_none.retain(|_, value| *value > 0);
    all.extend(least_none);
    all
}

fn least(path: &str) -> u64 {
    u64::from(path != "resources.storage" && path != "resources.bandwidth")
}

/// The order in which several quantities are lowered: the first keeps the most.
fn rank(path: &str) -> (usize, String) {
    let order = ["replicas", "resources.cpu", "resources.memory", "resources.storage", "resources.bandwidth"];
    let gpu = ["count", "share", "memory"];
    let place = order.iter().position(|known| *known == path);
    let of_gpu = gpu.iter().position(|field| path.ends_with(&format!(".{field}")));
    (place.unwrap_or_else(|| order.len() + of_gpu.expect("a field of a gpu")), path.to_owned())
}

fn lower(deployment: &mut Deployment, path: &str, to: u64) {
    if path == "replicas" {
        deployment.replicas = to as u32;
        return;
    }
    let gpu = path.starts_with("resources.gpu");
    let at = path.split_once('[').map_or(0, |(_, rest)| rest[..1].parse::<usize>().expect("a number"));
    let resources = deployment.resources.as_mut().expect("resources");
    match path {
        "resources.cpu" => resources.cpu_milli = to,
        "resources.memory" => resources.memory = to,
        "resources.storage" => resources.storage = Some(to),
        "resources.bandwidth" => resources.bandwidth = Some(to),
        _ => {
            assert!(gpu, "{path}");
            let need = &mut resources.gpu.as_mut().expect("a gpu").alternatives[at];
            match path.rsplit_once('.').expect("a field").1 {
                "count" => need.count = to as u32,
                "share" => need.share_milli = Some(to as u32),
                "memory" => need.memory = Some(to),
                other => panic!("{other}"),
            }
        }
    }
}

/// A world with some steps taken, but for what is lowered.
fn supposed(world: &World, deployment: &Deployment, set: &[Step]) -> (World, Deployment) {
    let (mut world, mut deployment) = (world.clone(), deployment.clone());
    for step in set {
        match step {
            Step::Forget(name) => deployment.remote_missing.retain(|found| found != name),
            Step::Detach("workspace", policy) => world.workspace.attachments.retain(|(name, _)| name != policy),
            Step::Detach("environment", policy) => {
                let name = environment(&deployment).to_owned();
                let found = world.environments.iter_mut().filter(|found| found.name == name);
                found.for_each(|found| found.level.attachments.retain(|(name, _)| name != policy));
            }
            Step::Detach(_, policy) => deployment.attachments.retain(|(name, _)| name != policy),
            Step::Add(policy, kind, name) => {
                let found = world.policies.iter_mut().find(|found| found.name == *policy).expect("a policy");
                found.options.push(Opt { kind: kind.clone(), name: name.clone() });
            }
            Step::Drop(path) if path == "placement.spread.maxSkew" => {
                let spread = deployment.placement.spread.as_mut().expect("a spread");
                (spread.max_skew, spread.min_domains) = (None, None);
            }
            Step::Drop(path) if path == "placement.spread.minDomains" => {
                deployment.placement.spread.as_mut().expect("a spread").min_domains = None;
            }
            Step::Drop(path) if path == "placement.together" => deployment.placement.together = None,
            Step::Drop(path) if path == "maxPricePerHour" => deployment.max_price_micro = None,
            Step::Drop(path) => {
                let at = path.split_once('[').map_or(0, |(_, rest)| rest[..1].parse::<usize>().expect("a number"));
                let resources = deployment.resources.as_mut().expect("resources");
                let gpus = |resources: &mut Resources| resources.gpu.as_mut().expect("a gpu").alternatives.clone();
                match path.rsplit_once('.').expect("a field").1 {
                    "cpuType" => resources.cpu_type = None,
                    "type" => {
                        let mut all = gpus(resources);
                        all[at].types.clear();
                        resources.gpu.as_mut().expect("a gpu").alternatives = all;
                    }
                    "memory" => resources.gpu.as_mut().expect("a gpu").alternatives[at].memory = None,
                    other => panic!("{other}"),
                }
            }
            Step::Lower(_) => {}
        }
    }
    (world, deployment)
}

fn is_placed(world: &World, deployment: &Deployment) -> bool {
    judge::decide(world, deployment, &judge::Fleet::new(world), false).verdict == "placed"
}

/// How many of its replicas fit.
fn fitting(world: &World, deployment: &Deployment) -> u32 {
    let verdict = judge::decide(world, deployment, &judge::Fleet::new(world), false);
    verdict.refusal.map_or(deployment.replicas.max(1), |refusal| refusal.fitting)
}

/// Whether a set makes the deployment placeable, and what its quantities are lowered to.
fn solve(world: &World, deployment: &Deployment, set: &[Step]) -> Option<BTreeMap<String, u64>> {
    let (world, mut deployment) = supposed(world, deployment, set);
    let mut lowered: Vec<&String> = set
        .iter()
        .filter_map(|step| match step {
            Step::Lower(path) => Some(path),
            _ => None,
        })
        .collect();
    lowered.sort_by_key(|path| rank(path));
    let stated = quantities(&deployment);
    for path in &lowered {
        // A field that the set leaves out is not lowered as well.
        stated.get(*path)?;
        lower(&mut deployment, path, least(path));
    }
    if !is_placed(&world, &deployment) {
        return None;
    }
    let mut values = BTreeMap::new();
    for path in lowered {
        let (mut fits, mut too_much) = (least(path), stated[path]);
        while too_much - fits > 1 {
            let middle = fits + (too_much - fits) / 2;
            lower(&mut deployment, path, middle);
            if is_placed(&world, &deployment) {
                fits = middle;
            } else {
                too_much = middle;
            }
        }
        lower(&mut deployment, path, fits);
        values.insert(path.clone(), fits);
    }
    Some(values)
}

/// Whether some step of a set tightens: policies that allow an axis together at a level go together or not at all.
fn tightens(world: &World, deployment: &Deployment, set: &[Step]) -> bool {
    let axis_of = |name: &str| world.policies.iter().find(|policy| policy.name == name).expect("a policy").axis;
    let attached = attached(world, deployment);
    set.iter().any(|step| match step {
        Step::Detach(level, policy) => attached.iter().any(|(of, other)| {
            of == level && axis_of(other) == axis_of(policy) && !set.contains(&Step::Detach(of, other.clone()))
        }),
        _ => false,
    })
}

fn ours(world: &World, set: &RemedySet, workspace: &Workspace) -> (Vec<Step>, BTreeMap<String, String>) {
    let catalog = workspace.catalog();
    let mut lowered = BTreeMap::new();
    let mut steps: Vec<Step> = set
        .changes
        .iter()
        .map(|change| match change {
            RemedyChange::Detach { level: Level::Deployment, policy, .. }
                if !world.policies.iter().any(|known| known.name == policy.as_str()) =>
            {
                Step::Forget(policy.as_str().to_owned())
            }
            RemedyChange::Detach { level, policy, .. } => Step::Detach(level.as_str(), policy.as_str().to_owned()),
            RemedyChange::AddOption { policy, option, .. } => {
                let (kind, name) = (catalog.choice_kind(*option), catalog.choice_name(*option));
                Step::Add(policy.as_str().to_owned(), kind.as_str().to_owned(), name.to_owned())
            }
            RemedyChange::Drop { field } => Step::Drop(field.as_str().to_owned()),
            RemedyChange::Lower { field, to, .. } => {
                lowered.insert(field.as_str().to_owned(), to.clone());
                Step::Lower(field.as_str().to_owned())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    steps.sort();
    (steps, lowered)
}

fn opened(world: &World, deployment: &Deployment, set: &[Step], values: &BTreeMap<String, u64>) -> usize {
    let clusters = |world: &World, deployment: &Deployment| -> BTreeSet<String> {
        judge::candidates(world, deployment).into_iter().map(|candidate| candidate.cluster).collect()
    };
    let (then, mut changed) = supposed(world, deployment, set);
    values.iter().for_each(|(path, value)| lower(&mut changed, path, *value));
    clusters(&then, &changed).difference(&clusters(world, deployment)).count()
}

/// How many remedies there are, and how many of several steps.
fn compare(seed: u64) -> [usize; 3] {
    let world = world(seed, 3);
    let workspace = comparison::loaded(&world).expect("a valid world");
    let mut seen = [0, 0, 0];
    for deployment in &world.deployments {
        let all = steps(&world, deployment);
        if is_placed(&world, deployment) || all.len() > 14 {
            continue;
        }
        let address = format!("{}/{}/{}", deployment.workload_type, deployment.workload, deployment.name);
        let found = workspace.remedies(&address, RemedyBound::new(3, usize::MAX)).expect("a deployment");
        assert!(!found.more, "seed {seed}: {address} has more remedies than were looked for");
        let mut expected: Vec<(Vec<Step>, BTreeMap<String, u64>)> = Vec::new();
        for mask in 1_u32..1 << all.len() {
            if mask.count_ones() > 3 {
                continue;
            }
            let chosen = all.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
            let mut set: Vec<Step> = chosen.map(|(_, step)| step.clone()).collect();
            set.sort();
            if tightens(&world, deployment, &set) {
                continue;
            }
            if let Some(values) = solve(&world, deployment, &set) {
                expected.push((set, values));
            }
        }
        let is_minimal = |set: &Vec<Step>| {
            !expected.iter().any(|(other, _)| other.len() < set.len() && other.iter().all(|step| set.contains(step)))
        };
        let minimal: BTreeMap<_, _> = expected.iter().filter(|(set, _)| is_minimal(set)).cloned().collect();
        let listed: Vec<_> = found.sets.iter().map(|set| (ours(&world, set, &workspace), set)).collect();
        for ((set, lowered), remedy) in &listed {
            let Some(values) = minimal.get(set) else {
                panic!("seed {seed}: {address}: {set:?} is no minimal remedy\n{world:#?}")
            };
            let written: BTreeMap<String, String> =
                values.iter().map(|(path, to)| (path.clone(), write(path, *to))).collect();
            assert_eq!(*lowered, written, "seed {seed}: {address}: {set:?}\n{world:#?}");
            let opens = opened(&world, deployment, set, values);
            assert_eq!(remedy.opens, opens, "seed {seed}: {address}: {set:?}\n{world:#?}");
            assert_eq!(remedy.owner, owner(&world, set), "seed {seed}: {address}: {set:?}\n{world:#?}");
        }
        for set in minimal.keys() {
            let is_listed = listed.iter().any(|((listed, _), _)| listed == set);
            assert!(is_listed, "seed {seed}: {address}: {set:?} is missing\n{world:#?}");
        }
        // Fewer that are asked for are the first of these, though not all are decided.
        for count in [1, 3] {
            let few = workspace.remedies(&address, RemedyBound::new(3, count)).expect("a deployment");
            let first = found.sets.get(..count.min(found.sets.len())).expect("so many");
            assert_eq!(few.sets, first, "seed {seed}: {address}, the first {count}\n{world:#?}");
            assert!(few.more || found.sets.len() <= count, "seed {seed}: {address} has more than {count}");
        }
        let key = |set: &RemedySet| (set.changes.len(), set.opens);
        assert!(found.sets.is_sorted_by_key(key), "seed {seed}: {address} is not sorted");
        seen[0] += listed.len();
        seen[1] += listed.iter().filter(|((set, _), _)| set.len() > 1).count();
        seen[2] += usize::from(room(&world, deployment, &found, seed));
    }
    seen
}

fn write(path: &str, value: u64) -> String {
    use siting::quantity::{Bandwidth, Bytes, Cpu};
    match path.rsplit_once('.').map_or(path, |(_, field)| field) {
        "cpu" => Cpu::milli_cores(value).to_string(),
        "memory" | "storage" => Bytes::new(value).to_string(),
        "bandwidth" => Bandwidth::bits_per_second(value).to_string(),
        "share" => format!("0.{value:03}").trim_end_matches('0').to_owned(),
        _ => value.to_string(),
    }
}

/// Whose change a set is: the highest level of a step; a policy belongs to the highest level it is attached at.
fn owner(world: &World, set: &[Step]) -> Level {
    let has = |attachments: &[(String, bool)], policy: &str| attachments.iter().any(|(name, _)| name == policy);
    let of = |step: &Step| match step {
        Step::Detach("workspace", _) => Level::Workspace,
        Step::Detach("environment", _) => Level::Environment,
        Step::Add(policy, ..) if has(&world.workspace.attachments, policy) => Level::Workspace,
        Step::Add(policy, ..) if world.environments.iter().any(|found| has(&found.level.attachments, policy)) => {
            Level::Environment
        }
        _ => Level::Deployment,
    };
    set.iter().map(of).min().expect("a step")
}

/// The fewest replicas of lower priority, against every number of each.
fn room(world: &World, deployment: &Deployment, remedies: &siting::placement::Remedies, seed: u64) -> bool {
    let found = &remedies.lower_priority;
    // Whose replicas take which flavor of a pool, or what of it, documents do not say.
    let of = |running: &Running| {
        world.deployments.iter().find(|found| format!("{}/{}", found.workload, found.name) == running.deployment)
    };
    let lower: Vec<usize> = (0..world.running.len())
        .filter(|at| of(&world.running[*at]).is_some_and(|found| found.priority < deployment.priority))
        .collect();
    let spreads = deployment.placement.spread.is_some_and(|spread| spread.max_skew.is_some());
    if lower.is_empty() || spreads || deployment.placement.together.is_some() {
        assert!(found.is_empty(), "seed {seed}");
        return false;
    }
    let mut counts: Vec<Vec<u32>> = vec![Vec::new()];
    for at in &lower {
        let each = 0..=world.running[*at].replicas;
        counts = counts.iter().flat_map(|one| each.clone().map(|more| [one.clone(), vec![more]].concat())).collect();
    }
    let helps = |fewer: &Vec<u32>| {
        let mut without = world.clone();
        for (at, fewer) in lower.iter().zip(fewer) {
            without.running[*at].replicas -= fewer;
        }
        without.running.retain(|running| running.replicas > 0);
        is_placed(&without, deployment)
    };
    // D6: how many more would fit without all of them. Of several alternatives it is the one that gains most.
    let alternatives =
        deployment.resources.as_ref().and_then(|found| found.gpu.as_ref()).map_or(1, |gpu| gpu.alternatives.len());
    if alternatives == 1 {
        let mut without = world.clone();
        let mut at = 0..;
        without.running.retain(|_| !lower.contains(&at.next().expect("a number")));
        let more = fitting(&without, deployment) - fitting(world, deployment);
        assert_eq!(remedies.held.map_or(0, |held| held.room), more, "seed {seed}: {}\n{world:#?}", deployment.name);
    }
    let least = counts.iter().filter(|fewer| helps(fewer)).map(|fewer| fewer.iter().sum::<u32>()).min();
    let said: u32 = found.iter().map(|occupant| occupant.replicas).sum();
    let expected = least.unwrap_or(0);
    assert_eq!(said, expected, "seed {seed}: {} {found:?}\n{world:#?}", deployment.name);
    said > 0
}

#[test]
fn d7_remedies_are_minimal_and_complete() {
    let first: u64 = std::env::var("SITING_FIRST").map_or(0, |first| first.parse().expect("a number"));
    let part = |odd: u64| {
        let seen = (first..first + WORLDS).filter(|seed| seed % 2 == odd).map(compare);
        seen.fold([0, 0, 0], |[a, b, c], [d, e, f]| [a + d, b + e, c + f])
    };
    let [remedies, larger, room] = std::thread::scope(|scope| {
        let other = scope.spawn(|| part(1));
        let [a, b, c] = part(0);
        let [d, e, f] = other.join().expect("the other half");
        [a + d, b + e, c + f]
    });
    println!("{WORLDS} worlds: {remedies} remedies, {larger} of several steps, {room} by lower priorities");
    assert!(remedies > 750 && larger > 225, "{remedies} remedies, {larger} of several steps");
}
