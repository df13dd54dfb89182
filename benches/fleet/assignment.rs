//! Many deployments that compete for the cheap places of a fleet.
//!
//! Every node has 8 GPUs and every replica takes 1, 2, 4 or 8 of them, with less of the rest: so what
//! fits a pool by its number of GPUs fits its nodes, and an exact solver needs no more than one
//! variable for each (deployment, pool).

use siting::catalog::{Axis, Capacity, Catalog, ChoiceKind};
use siting::deployment::Demand;
use siting::id::{Id, LocationId};
use siting::inventory::{GpuRequest, Request};
use siting::manifest::spec::{
    Allowed, AttachmentSpec, ChoiceSpec, ClusterSpec, DeploymentSpec, Dialect, EnvironmentSpec, GpuNeedSpec, GpuSpec,
    Metadata, PolicySpec, PoolGpuSpec, PoolSpec, PoolsSpec, ResourcesSpec, Specs, UsedSpec,
};
use siting::policy::{Environment, OnLoss, OnViolation};
use siting::quantity::{Bytes, Cpu, Money};
use siting::workspace::{LoadOptions, Outcome, PlaceOptions, Workspace};

use super::random::Random;

const GIB: u64 = 1 << 30;
const CODES: [&str; 3] = ["t4", "a100-80gb", "h100-80gb"];
const CONTINENTS: [&str; 3] = ["eu", "na", "as"];

/// So many deployments on so many clusters; three quarters of the GPUs are wanted.
pub(crate) fn workspace(deployments: usize, clusters: usize) -> Workspace {
    let mut random = Random::new(7);
    let mut specs = Specs::default();
    specs.policies.push(policy("gpus", Axis::Flavor, vec![(ChoiceKind::Gpu, "any")]));
    for (number, first) in CONTINENTS.iter().enumerate() {
        let second = CONTINENTS.get((number + 1) % CONTINENTS.len()).unwrap_or(first);
        let (one, two) = ((ChoiceKind::Continent, *first), (ChoiceKind::Continent, *second));
        specs.policies.push(policy(&format!("one-{number}"), Axis::Location, vec![one]));
        specs.policies.push(policy(&format!("two-{number}"), Axis::Location, vec![one, two]));
    }
    specs.environments.push(EnvironmentSpec {
        metadata: metadata("production"),
        policies: vec![attached("gpus")],
        limits: None,
        require: Vec::new(),
        on_violation: OnViolation::default(),
        on_loss: OnLoss::default(),
        grace_seconds: Environment::GRACE,
        on_replaced: None,
    });
    let catalog = Catalog::builtin();
    specs.clusters = (0..clusters).map(|number| cluster(&catalog, &mut random, number)).collect();
    specs.deployments = (0..deployments).map(|number| deployment(&mut random, number)).collect();
    Workspace::from_specs(specs, LoadOptions::default()).expect("sound specs")
}

/// Places tried by the second pass that lowers cost.
pub(crate) const STEPS: u64 = 100_000;

/// All deployments in their order, then the second pass.
pub(crate) fn optimized(workspace: &Workspace) -> Vec<Outcome> {
    workspace.place_all_as(PlaceOptions { optimize: STEPS, ..PlaceOptions::default() })
}

/// What the placements cost an hour, in millionths; the number of deployments without a place.
pub(crate) fn cost(outcomes: &[Outcome]) -> (u64, usize) {
    let placements = outcomes.iter().flat_map(|outcome| outcome.decision.placements());
    let cost = placements.filter_map(|placement| placement.price_per_hour).map(Money::get).sum();
    (cost, outcomes.iter().filter(|outcome| !outcome.decision.is_placed()).count())
}

/// The cheapest placement as a mixed integer program in the format of CPLEX.
pub(crate) fn program(workspace: &Workspace) -> String {
    use std::fmt::Write as _;

    let fleet = workspace.inventory().fleet();
    let (mut objective, mut wanted, mut bounds, mut integers) =
        (String::new(), String::new(), String::new(), String::new());
    let mut room: Vec<String> = vec![String::new(); fleet.pools().len()];
    for outcome in workspace.deployment_ids().filter_map(|id| workspace.place(id).ok()) {
        let number = outcome.deployment.index();
        let deployment = workspace.deployment(outcome.deployment).expect("its own deployment");
        let request = lowered(&deployment.demand);
        let _ = writeln!(wanted, " d{number}:");
        for pair in outcome.decision.candidates().iter() {
            let pool = fleet.pair(pair).expect("a pair of the fleet").pool;
            let def = &fleet.pool(pool).expect("a pool of the fleet").def;
            let (shape, node) = (def.shape.as_ref().expect("a shape"), def.price.expect("a price"));
            let price = request.price(shape, node).expect("a replica fits an idle node").get();
            let column = format!("x{number}_{}", pair.index());
            let _ = writeln!(objective, " + {price} {column}");
            let _ = writeln!(wanted, " + {column}");
            let _ = writeln!(bounds, " 0 <= {column} <= {}", deployment.replicas);
            let _ = writeln!(integers, " {column}");
            if let Some(row) = room.get_mut(pool.index()) {
                let _ = writeln!(row, " + {} {column}", request.gpu.thousandths() / 1000);
            }
        }
        let _ = writeln!(wanted, " = {}", deployment.replicas);
    }
    let rooms = room.iter().enumerate().filter(|(_, row)| !row.is_empty()).map(|(pool, row)| {
        let def = fleet.pools().get(pool).map(|pool| &pool.def);
        let gpus = def.map_or(0, |def| u64::from(def.nodes.unwrap_or(0)) * 8);
        format!(" r{pool}:\n{row} <= {gpus}\n")
    });
    let rooms: String = rooms.collect();
    format!("Minimize\n obj:\n{objective}Subject To\n{wanted}{rooms}Bounds\n{bounds}General\n{integers}End\n")
}

/// What a replica takes.
fn lowered(demand: &Demand) -> Request {
    let Some(resources) = demand.resources() else { return Request::default() };
    let gpu = resources.gpus.first().map_or(GpuRequest::None, |need| GpuRequest::Whole(need.count));
    Request { cpu: resources.cpu, memory: resources.memory, gpu, ..Request::default() }
}

fn cluster(catalog: &Catalog, random: &mut Random, number: usize) -> ClusterSpec {
    // Somewhere on the continents that policies name.
    let location = loop {
        let location = LocationId::from_index(random.below(catalog.locations().len()));
        let continent = catalog.continent_of(catalog.location_country(location));
        if CONTINENTS.contains(&continent.code()) {
            break location;
        }
    };
    let code = random.below(CODES.len());
    let base = [3_000_000, 20_000_000, 40_000_000].get(code).copied().unwrap_or(1);
    let price = base * (70 + random.below(60) as u64) / 100;
    let pool = PoolSpec {
        name: "main".parse::<siting::id::Name>().expect("a name").into(),
        nodes: u32::try_from(1 + random.below(6)).ok(),
        cpu_flavor: Some("x86".to_owned().into()),
        cpu: Cpu::milli_cores(64_000),
        memory: Bytes::new(512 * GIB),
        storage: None,
        bandwidth: None,
        gpu: Some(PoolGpuSpec {
            code: CODES.get(code).copied().unwrap_or("t4").to_owned().into(),
            slice: None,
            memory: None,
            count: 8,
        }),
        price_per_hour: Some(Money::micros(price)),
        capacity: Capacity::OnDemand,
        attributes: Vec::new(),
        replicas_per_node: None,
        used: UsedSpec::default().into(),
        used_per_node: Vec::new(),
    };
    ClusterSpec {
        metadata: metadata(&format!("cluster-{number:05}")),
        provider: "onprem".parse::<siting::id::Name>().expect("a name").into(),
        location: None,
        country: Some(catalog.country_code(catalog.location_country(location)).to_owned().into()),
        zone: None,
        coordinates: None,
        healthy: true,
        cordoned: false,
        attributes: Vec::new(),
        observed_at: None,
        pools: PoolsSpec::Pools(vec![pool]),
    }
}

fn deployment(random: &mut Random, number: usize) -> DeploymentSpec {
    let count = 1 << random.below(4);
    let code = random.pick(&CODES).filter(|_| !number.is_multiple_of(3)).map(|&code| code.to_owned().into());
    let name = |text: String| text.parse::<siting::id::Name>().expect("a name");
    let (one, which) = (random.below(3) == 0, random.below(CONTINENTS.len()));
    let own = format!("{}-{which}", if one { "one" } else { "two" });
    DeploymentSpec {
        policies: vec![attached(&own)],
        replicas: u32::try_from(1 + random.below(10)).ok(),
        resources: Some(ResourcesSpec {
            cpu: Cpu::milli_cores(u64::from(count) * 2000),
            memory: Bytes::new(u64::from(count) * 16 * GIB),
            storage: None,
            bandwidth: None,
            cpu_type: None,
            gpu: Some(GpuSpec::One(GpuNeedSpec {
                count,
                types: code.into_iter().collect(),
                memory: None,
                share: None,
                slice: None,
            })),
        }),
        ..DeploymentSpec::of_model(name(format!("d-{number:05}")), name(format!("m-{number:05}")))
    }
}

fn policy(name: &str, axis: Axis, options: Vec<(ChoiceKind, &str)>) -> PolicySpec {
    let options = options.into_iter().map(|(kind, name)| ChoiceSpec::new(kind, name).into());
    PolicySpec {
        metadata: metadata(name),
        axis,
        options: Allowed::Listed(options.collect()),
        except: Vec::new(),
        resource_types: None,
        callers: None,
        description: None,
        dialect: Dialect::Native,
    }
}

fn attached(policy: &str) -> AttachmentSpec {
    AttachmentSpec::enforced(policy)
}

fn metadata(name: &str) -> Metadata {
    Metadata::named(name.parse().expect("a name"))
}
