//! The solver against the oracle: an independent reading of the rules, over plain sets and strings.
//!
//! Candidates, verdict, placements, prices, codes, culprits, counts, scopes and audits must all agree
//! (D1–D6, D9, P3–P8, P12, P13, I1, I3, I5). A failure names the seed, which alone repeats it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests may fail loudly"
)]

#[expect(unreachable_pub, reason = "the oracle is written as if it were a crate of its own")]
mod oracle;

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use oracle::judge::{self, Verdict};
use oracle::world::{self, World};

use siting::catalog::{Axis, Catalog, ChoiceKind};
use siting::deployment::{Domain, Spread, Variables};
use siting::id::{ClusterId, DeploymentId, Id, Name, PairId};
use siting::inventory::Fleet;
use siting::manifest::spec::{
    Allowed, AttachmentSpec, ChoiceSpec, ClusterSpec, DeploymentSpec, Dialect, EnvironmentSpec, FavouriteSpec,
    GpuNeedSpec, GpuSpec, GroupSpec, LocationSpec, Metadata, NearSpec, PolicySpec, PoolGpuSpec, PoolSpec, PoolsSpec,
    PreferenceSpec, PreferencesSpec, ResourcesSpec, RunningSpec, SiteKind, Specs, UsedSpec, WorkspaceSpec,
};
use siting::placement::{Ask, Code, Decision, PairExplanation, ranking};
use siting::policy::{Enforcement, OnViolation};
use siting::quantity::{Bandwidth, Bytes, Coordinates, Cpu, GpuShare, Money};
use siting::workspace::{LoadOptions, Outcome, PlaceOptions, Workspace};

/// Worlds of up to 8 clusters in a normal run; `SITING_WORLDS` asks for more.
const SMALL: u64 = 100_000;
/// Worlds of up to 60 clusters in a normal run.
const LARGE: u64 = 2_000;

#[test]
fn the_oracle_agrees_on_small_random_worlds() {
    let asked = std::env::var("SITING_WORLDS").ok();
    let worlds = asked.map_or(SMALL, |worlds| worlds.parse().expect("SITING_WORLDS is a number"));
    compare_seeds(0..worlds, 8);
    println!("{worlds} random worlds compared");
}

#[test]
fn the_oracle_agrees_on_large_random_worlds() {
    compare_seeds(0..LARGE, 60);
}

#[test]
fn the_oracle_agrees_on_every_small_world() {
    let compared = oracle::enumerate::worlds().enumerate().map(|(number, world)| {
        compare(&world, false, &format!("enumerated world {number}"));
    });
    println!("{} enumerated worlds compared", compared.count());
}

fn compare_seeds(seeds: std::ops::Range<u64>, max_clusters: usize) {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get()) as u64;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let seeds = seeds.clone();
            scope.spawn(move || {
                for seed in seeds.filter(|seed| seed % threads == thread) {
                    compare(&oracle::random::world(seed, max_clusters), seed % 2 == 1, &format!("seed {seed}"));
                }
            });
        }
    });
}

/// With `partial`, deployments take as many replicas as fit.
fn compare(world: &World, partial: bool, what: &str) {
    let workspace = match Workspace::from_specs(specs(world), LoadOptions::default()) {
        Ok(workspace) => workspace,
        Err(error) => panic!("{what}: does not load: {error}\n{world:#?}"),
    };
    let ours: Vec<(String, Verdict)> = workspace
        .place_all_as(PlaceOptions { partial, optimize: 0 })
        .iter()
        .map(|outcome| said(&workspace, outcome))
        .collect();
    let expected = judge::decide_all(world, partial);
    for (ours, expected) in ours.iter().zip(&expected) {
        assert_eq!(ours, expected, "{what}: solver (left) and oracle (right) differ in\n{world:#?}");
    }
    assert_eq!(ours.len(), expected.len(), "{what}");
    for id in workspace.deployment_ids() {
        explanations_agree(&workspace, id, what);
    }
}

/// The first replica goes where all candidates, ranked one by one, are led by (D5).
fn the_best_is_taken_first(workspace: &Workspace, id: DeploymentId, decision: &Decision, what: &str) {
    let Some(taken) = decision.placements().first() else { return };
    if workspace.running().iter().any(|running| running.deployment == id) {
        // What it holds now is free for it in its own decision only.
        return;
    }
    let (deployment, scope) = (workspace.deployment(id).expect("its own"), workspace.scope(id).expect("its own"));
    let ask = Ask::new(&deployment.demand, deployment.replicas).preferring(&deployment.preferences);
    let ranks = ranking(workspace.inventory(), &scope, &ask, decision.alternative());
    assert_eq!(ranks.first().map(|rank| rank.pair), Some(taken.pair), "{what}: {ranks:#?}");
}

/// What is said of each cluster adds up to what is decided over all (D6).
fn explanations_agree(workspace: &Workspace, id: DeploymentId, what: &str) {
    let decision = workspace.place(id).expect("a deployment of the workspace").decision;
    the_best_is_taken_first(workspace, id, &decision, what);
    let clusters = (0..decision.fleet().clusters().len()).map(ClusterId::from_index);
    let pairs: Vec<PairExplanation> =
        clusters.flat_map(|cluster| workspace.explain_cluster(id, cluster).expect("a cluster")).collect();
    for pair in &pairs {
        assert_eq!(pair.candidate, decision.candidates().contains(pair.pair), "{what}: {pair:?}");
        assert!(pair.candidate || !pair.reasons.is_empty(), "{what}: {pair:?}");
    }
    for reason in decision.refusal().iter().flat_map(|refusal| &refusal.reasons) {
        let of_pairs = pairs.iter().flat_map(|pair| &pair.reasons).filter(|other| other.code == reason.code);
        let cited: BTreeSet<_> = of_pairs.flat_map(|other| &other.policies).collect();
        let is_policys = !matches!(reason.code, Code::NoClusters | Code::SpreadImpossible) && !pairs.is_empty();
        assert!(!is_policys || cited == reason.policies.iter().collect(), "{what}: {reason:?} against {cited:?}");
    }
}

/// An outcome in the oracle's words.
fn said(workspace: &Workspace, outcome: &Outcome) -> (String, Verdict) {
    let deployment = workspace.deployment(outcome.deployment).expect("a deployment of the workspace");
    let decision = &outcome.decision;
    let fleet = decision.fleet();
    let placements = decision.placements().iter().map(|placement| judge::Placement {
        candidate: candidate(fleet, placement.pair),
        replicas: placement.replicas,
        price: placement.price_per_hour.map(Money::get),
    });
    let refusal = decision.refusal().map(|refusal| judge::Refusal {
        wanted: refusal.wanted,
        fitting: refusal.fitting,
        clusters: refusal.clusters,
        reasons: refusal.reasons.iter().map(reason).collect(),
    });
    let audit = outcome.audit.iter().map(|audit| judge::Audit {
        policy: workspace.policies().get(audit.policy).expect("a policy").name().as_str().to_owned(),
        level: audit.level.as_str(),
        loses: audit.loses,
        gains: audit.gains,
        verdict: audit.verdict.as_str(),
    });
    let scope = decision.scope();
    let verdict = Verdict {
        verdict: decision.verdict().as_str(),
        candidates: decision.candidates().iter().map(|pair| candidate(fleet, pair)).collect(),
        placements: placements.collect(),
        refusal,
        scope: judge::Scope {
            location: scope.axis(Axis::Location).state().as_str(),
            flavor: scope.axis(Axis::Flavor).state().as_str(),
        },
        audit: audit.collect(),
    };
    (deployment.name.as_str().to_owned(), verdict)
}

fn reason(reason: &siting::placement::Reason) -> judge::Reason {
    judge::Reason {
        code: reason.code.as_str(),
        policies: reason.policies.iter().map(|c| (c.policy.as_str().to_owned(), c.level.as_str())).collect(),
        removed_alone: reason.counts.removed_alone,
        left_after: reason.counts.left_after,
    }
}

fn candidate(fleet: &Fleet, pair: PairId) -> judge::Candidate {
    let pair = fleet.pair(pair).expect("a pair of the fleet");
    let catalog: &Catalog = fleet.catalog();
    judge::Candidate {
        cluster: fleet.cluster(pair.cluster).expect("a cluster").name.as_str().to_owned(),
        pool: fleet.pool(pair.pool).expect("a pool").def.name.as_str().to_owned(),
        kind: catalog.flavor_kind(pair.flavor).as_str().to_owned(),
        code: catalog.flavor_code(pair.flavor).to_owned(),
    }
}

/// The world in the library's words.
fn specs(world: &World) -> Specs {
    Specs {
        workspace: Some(workspace(world)),
        policies: world.policies.iter().map(policy).collect(),
        environments: world.environments.iter().map(environment).collect(),
        deployments: world.deployments.iter().map(deployment).collect(),
        clusters: world.clusters.iter().map(cluster).collect(),
        running: world.running.iter().map(|running| self::running(world, running)).collect(),
        ..Specs::default()
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn workspace(world: &World) -> WorkspaceSpec {
    let group = |(group, countries): &(String, Vec<String>)| GroupSpec {
        name: name(group).into(),
        countries: countries.iter().map(|code| code.clone().into()).collect(),
    };
    let location = |(location, country): &(String, String)| LocationSpec {
        name: location.clone().into(),
        country: country.clone().into(),
    };
    WorkspaceSpec {
        metadata: Metadata::named(name("world")),
        policies: attachments(&world.workspace.attachments),
        require: require(&world.workspace),
        default_environment: None,
        currency: None,
        resource_types: Vec::new(),
        groups: world.groups.iter().map(group).collect(),
        locations: world.locations.iter().map(location).collect(),
        flavors: Vec::new(),
        expected_demands: Vec::new(),
    }
}

fn axis(axis: world::Axis) -> Axis {
    match axis {
        world::Axis::Location => Axis::Location,
        world::Axis::Flavor => Axis::Flavor,
    }
}

fn require(level: &world::Level) -> Vec<siting::origin::Sourced<Axis>> {
    level.require.iter().map(|&required| axis(required).into()).collect()
}

fn attachments(attachments: &[(String, bool)]) -> Vec<AttachmentSpec> {
    let attachment = |(policy, enforced): &(String, bool)| AttachmentSpec {
        policy: policy.clone().into(),
        enforcement: if *enforced { Enforcement::Enforce } else { Enforcement::Audit },
        remote: false,
    };
    attachments.iter().map(attachment).collect()
}

fn choice(opt: &world::Opt) -> siting::origin::Sourced<ChoiceSpec> {
    ChoiceSpec { kind: ChoiceKind::parse(&opt.kind).expect("a kind"), name: opt.name.clone() }.into()
}

fn policy(policy: &world::Policy) -> PolicySpec {
    PolicySpec {
        metadata: Metadata::named(name(&policy.name)),
        axis: axis(policy.axis),
        options: Allowed::Listed(policy.options.iter().map(choice).collect()),
        except: policy.except.iter().map(choice).collect(),
        resource_types: policy.targets.as_ref().map(|types| types.iter().map(|name| name.clone().into()).collect()),
        description: None,
        dialect: Dialect::default(),
    }
}

fn environment(environment: &world::Environment) -> EnvironmentSpec {
    EnvironmentSpec {
        metadata: Metadata::named(name(&environment.name)),
        policies: attachments(&environment.level.attachments),
        require: require(&environment.level),
        on_violation: OnViolation::default(),
        on_replaced: None,
    }
}

fn deployment(deployment: &world::Deployment) -> DeploymentSpec {
    let remote = deployment.remote_missing.iter().map(|policy| AttachmentSpec {
        policy: policy.clone().into(),
        enforcement: Enforcement::Enforce,
        remote: true,
    });
    DeploymentSpec {
        resource_type: deployment.workload_type.clone().into(),
        environment: deployment.environment.clone().map(Into::into),
        policies: attachments(&deployment.attachments).into_iter().chain(remote).collect(),
        priority: deployment.priority.try_into().expect("a priority"),
        replicas: Some(deployment.replicas),
        resources: deployment.resources.as_ref().map(resources),
        env: Variables::new(),
        placement: Some(preferences(&deployment.placement)),
        ..DeploymentSpec::of_model(name(&deployment.name), name(&deployment.workload))
    }
}

fn preferences(placement: &world::Placement) -> PreferencesSpec {
    let prefer = placement.prefer.iter().map(|preference| match preference {
        world::Preference::Price => PreferenceSpec::Price,
        world::Preference::Packing => PreferenceSpec::Packing,
        world::Preference::Near(world::Near::Country(code)) => {
            PreferenceSpec::Near(NearSpec::Country(code.clone().into()))
        }
        world::Preference::Near(world::Near::Coordinates { lat, lon }) => {
            PreferenceSpec::Near(NearSpec::Coordinates(point((*lat, *lon))))
        }
        world::Preference::Favourites(entries) => PreferenceSpec::Favourites(entries.iter().map(favourite).collect()),
    });
    let spread = placement.spread.as_ref().map(|spread| Spread {
        by: match spread.by {
            world::Domain::Cluster => Domain::Cluster,
            world::Domain::Location => Domain::Location,
            world::Domain::Country => Domain::Country,
            world::Domain::Continent => Domain::Continent,
            world::Domain::Provider => Domain::Provider,
        },
        max_skew: spread.max_skew.map(|most| NonZeroU32::new(most).expect("a skew of at least 1")),
    });
    PreferencesSpec { prefer: prefer.collect(), spread }
}

fn favourite((kind, name, weight): &(world::FavouriteKind, String, u32)) -> FavouriteSpec {
    let kind = match kind {
        world::FavouriteKind::Cluster => SiteKind::Cluster,
        world::FavouriteKind::Location => SiteKind::Location,
        world::FavouriteKind::Provider => SiteKind::Provider,
    };
    FavouriteSpec { kind, name: name.clone().into(), weight: *weight }
}

fn point((latitude, longitude): (i32, i32)) -> Coordinates {
    Coordinates::from_micro_degrees(latitude, longitude).expect("a point on the earth")
}

fn running(world: &World, running: &world::Running) -> RunningSpec {
    let address = |deployment: &&world::Deployment| format!("{}/{}", deployment.workload, deployment.name);
    let of = world.deployments.iter().find(|deployment| address(deployment) == running.deployment);
    let of = of.expect("a deployment of the world");
    RunningSpec {
        metadata: Metadata::named(name(&running.name)),
        deployment: format!("{}/{}", of.workload_type, running.deployment).into(),
        cluster: running.cluster.clone().into(),
        pool: running.pool.clone().into(),
        replicas: running.replicas,
    }
}

fn resources(resources: &world::Resources) -> ResourcesSpec {
    let need = |need: &world::GpuNeed| GpuNeedSpec {
        count: need.count,
        code: need.typ.clone().map(Into::into),
        memory: need.memory.map(Bytes::new),
        share: need.share_milli.map(|share| GpuShare::from_thousandths(share).expect("a share")),
    };
    ResourcesSpec {
        cpu: Cpu::milli_cores(resources.cpu_milli),
        memory: Bytes::new(resources.memory),
        storage: resources.storage.map(Bytes::new),
        bandwidth: resources.bandwidth.map(Bandwidth::bits_per_second),
        cpu_type: resources.cpu_type.clone().map(Into::into),
        gpu: resources.gpu.as_ref().map(|gpu| match gpu.alternatives.as_slice() {
            [only] => GpuSpec::One(need(only)),
            several => GpuSpec::AnyOf(several.iter().map(need).collect()),
        }),
    }
}

fn cluster(cluster: &world::Cluster) -> ClusterSpec {
    let region = |full: &String| full.split_once('/').expect("a provider and a region").1.to_owned().into();
    ClusterSpec {
        metadata: Metadata::named(name(&cluster.name)),
        provider: name(&cluster.provider).into(),
        location: cluster.location.as_ref().map(region),
        country: Some(cluster.country.clone().into()),
        coordinates: cluster.coordinates.map(point),
        healthy: cluster.healthy,
        cordoned: cluster.cordoned,
        pools: match &cluster.pools {
            world::Pools::Short(flavors) => {
                let flavor =
                    |(kind, name): &(String, String)| choice(&world::Opt { kind: kind.clone(), name: name.clone() });
                PoolsSpec::Flavors(flavors.iter().map(flavor).collect())
            }
            world::Pools::Full(pools) => PoolsSpec::Pools(pools.iter().map(pool).collect()),
        },
    }
}

fn pool(pool: &world::Pool) -> PoolSpec {
    let used = UsedSpec {
        cpu: Cpu::milli_cores(pool.used.cpu_milli),
        memory: Bytes::new(pool.used.memory),
        storage: Bytes::new(pool.used.storage),
        bandwidth: Bandwidth::bits_per_second(pool.used.bandwidth),
        gpu_thousandths: pool.used.gpu_milli,
    };
    PoolSpec {
        name: name(&pool.name).into(),
        nodes: pool.nodes.map(|count| count.try_into().expect("a number of nodes")),
        cpu_flavor: pool.cpu_flavor.clone().map(Into::into),
        cpu: Cpu::milli_cores(pool.cpu_milli),
        memory: Bytes::new(pool.memory),
        storage: pool.storage.map(Bytes::new),
        bandwidth: pool.bandwidth.map(Bandwidth::bits_per_second),
        gpu: pool.gpu.as_ref().map(|(code, count)| PoolGpuSpec { code: code.clone().into(), count: *count }),
        price_per_hour: pool.price_micro.map(Money::micros),
        spot: false,
        used: used.into(),
    }
}
