//! The oracle's worlds in the library's words.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::oracle::world::{self, Limited, World};

use siting::catalog::{Axis, Capacity, ChoiceKind};
use siting::deployment::{Domain, Spread, Together, Variables};
use siting::id::Name;
use siting::manifest::spec::{
    Allowed, AttachmentSpec, ChoiceSpec, ClusterSpec, DeploymentSpec, Dialect, EnvironmentSpec, FavouriteSpec,
    GpuNeedSpec, GpuSpec, GroupSpec, LimitsSpec, LocationSpec, Metadata, NearSpec, NodeUsedSpec, PolicySpec,
    PoolGpuSpec, PoolSpec, PoolsSpec, PreferenceSpec, PreferencesSpec, ResourcesSpec, RunningSpec, SiteKind, Specs,
    UsedSpec, WorkspaceSpec,
};
use siting::policy::{Enforcement, Environment, OnLoss, OnViolation};
use siting::quantity::{Bandwidth, Bytes, Coordinates, Cpu, GpuShare, Gpus, Money};
use siting::time::Moment;

/// The world in the library's words.
pub fn specs(world: &World) -> Specs {
    Specs {
        workspace: Some(workspace(world)),
        policies: world.policies.iter().map(policy).collect(),
        environments: world.environments.iter().map(|found| environment(world, found)).collect(),
        deployments: world.deployments.iter().map(|found| deployment(world, found)).collect(),
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
        parent: None,
    };
    WorkspaceSpec {
        metadata: Metadata::named(name("world")),
        policies: attachments(world, "workspace", &world.workspace.attachments),
        require: require(&world.workspace),
        limits: limits(world, None),
        default_environment: None,
        currency: None,
        resource_types: Vec::new(),
        groups: world.groups.iter().map(group).collect(),
        locations: world.locations.iter().map(location).collect(),
        flavors: Vec::new(),
        providers: Vec::new(),
        attributes: names(&world::ATTRIBUTES.map(str::to_owned)),
        expected_demands: Vec::new(),
        max_age: world.max_age.map(Duration::from_millis),
        severities: Vec::new(),
    }
}

fn names(all: &[String]) -> Vec<siting::origin::Sourced<Name>> {
    all.iter().map(|one| name(one).into()).collect()
}

fn axis(axis: world::Axis) -> Axis {
    match axis {
        world::Axis::Location => Axis::Location,
        world::Axis::Flavor => Axis::Flavor,
        world::Axis::Provider => Axis::Provider,
        world::Axis::Capacity => Axis::Capacity,
        world::Axis::Attribute => Axis::Attribute,
    }
}

fn require(level: &world::Level) -> Vec<siting::origin::Sourced<Axis>> {
    level.require.iter().map(|&required| axis(required).into()).collect()
}

/// What an environment, or the workspace, limits (E4).
fn limits(world: &World, environment: Option<&String>) -> Option<LimitsSpec> {
    let mut spec = LimitsSpec::default();
    for limit in world.limits.iter().filter(|limit| limit.environment.as_ref() == environment) {
        match &limit.of {
            Limited::Gpu => spec.gpu = Some(Gpus::thousandths(limit.most)),
            Limited::GpuType(code) => spec.gpus.push((code.clone().into(), Gpus::thousandths(limit.most))),
            Limited::Cpu => spec.cpu = Some(Cpu::milli_cores(limit.most)),
            Limited::Memory => spec.memory = Some(Bytes::new(limit.most)),
            Limited::Price => spec.price_per_hour = Some(Money::micros(limit.most)),
        }
    }
    Some(spec).filter(|spec| *spec != LimitsSpec::default())
}

fn attachments(world: &World, owner: &str, attachments: &[(String, bool)]) -> Vec<AttachmentSpec> {
    let until = |policy: &String| {
        let ends = world.ends.iter().find(|(whose, of, _)| whose == owner && of == policy)?;
        Some(Moment::from_millis(ends.2))
    };
    let attachment = |(policy, enforced): &(String, bool)| AttachmentSpec {
        policy: policy.clone().into(),
        enforcement: if *enforced { Enforcement::Enforce } else { Enforcement::Audit },
        until: until(policy),
        ..AttachmentSpec::enforced(policy.clone())
    };
    attachments.iter().map(attachment).collect()
}

fn choice(opt: &world::Opt) -> siting::origin::Sourced<ChoiceSpec> {
    ChoiceSpec::new(ChoiceKind::parse(&opt.kind).expect("a kind"), opt.name.as_str()).into()
}

fn policy(policy: &world::Policy) -> PolicySpec {
    PolicySpec {
        metadata: Metadata::named(name(&policy.name)),
        axis: axis(policy.axis),
        options: Allowed::Listed(policy.options.iter().map(choice).collect()),
        except: policy.except.iter().map(choice).collect(),
        resource_types: policy.targets.as_ref().map(|types| types.iter().map(|name| name.clone().into()).collect()),
        callers: policy.callers.as_ref().map(|callers| callers.iter().map(choice).collect()),
        description: None,
        dialect: Dialect::default(),
    }
}

fn environment(world: &World, environment: &world::Environment) -> EnvironmentSpec {
    EnvironmentSpec {
        metadata: Metadata::named(name(&environment.name)),
        policies: attachments(world, &format!("environment {}", environment.name), &environment.level.attachments),
        require: require(&environment.level),
        limits: limits(world, Some(&environment.name)),
        on_violation: OnViolation::default(),
        on_loss: OnLoss::default(),
        grace_seconds: Environment::GRACE,
        on_replaced: None,
    }
}

fn deployment(world: &World, deployment: &world::Deployment) -> DeploymentSpec {
    let remote = deployment
        .remote_missing
        .iter()
        .map(|policy| AttachmentSpec { remote: true, ..AttachmentSpec::enforced(policy.clone()) });
    let own = attachments(world, &format!("deployment {}", deployment.name), &deployment.attachments);
    DeploymentSpec {
        resource_type: deployment.workload_type.clone().into(),
        environment: deployment.environment.clone().map(Into::into),
        policies: own.into_iter().chain(remote).collect(),
        priority: deployment.priority.try_into().expect("a priority"),
        replicas: Some(deployment.replicas),
        resources: deployment.resources.as_ref().map(resources),
        max_price_per_hour: deployment.max_price_micro.map(Money::micros),
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
    let positive = |number: u32| NonZeroU32::new(number).expect("a number of at least 1");
    let spread = placement.spread.as_ref().map(|spread| Spread {
        by: domain(spread.by),
        max_skew: spread.max_skew.map(positive),
        min_domains: spread.min_domains.map(positive),
    });
    let together = placement.together.map(|by| Together::new(domain(by)));
    PreferencesSpec { prefer: prefer.collect(), spread, together }
}

fn domain(by: world::Domain) -> Domain {
    match by {
        world::Domain::Cluster => Domain::Cluster,
        world::Domain::Location => Domain::Location,
        world::Domain::Zone => Domain::Zone,
        world::Domain::Country => Domain::Country,
        world::Domain::Continent => Domain::Continent,
        world::Domain::Provider => Domain::Provider,
    }
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
        types: need.types.iter().map(|typ| typ.clone().into()).collect(),
        memory: need.memory.map(Bytes::new),
        slice: need.slice.as_ref().map(|slice| slice.parse().expect("a slice")),
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
        zone: cluster.zone.as_ref().map(|zone| name(zone).into()),
        coordinates: cluster.coordinates.map(point),
        healthy: cluster.healthy,
        cordoned: cluster.cordoned,
        attributes: names(&cluster.attributes),
        observed_at: cluster.observed_at.map(Moment::from_millis),
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
    PoolSpec {
        name: name(&pool.name).into(),
        attributes: names(&pool.attributes),
        nodes: pool.nodes.map(|count| count.try_into().expect("a number of nodes")),
        cpu_flavor: pool.cpu_flavor.clone().map(Into::into),
        cpu: Cpu::milli_cores(pool.cpu_milli),
        memory: Bytes::new(pool.memory),
        storage: pool.storage.map(Bytes::new),
        bandwidth: pool.bandwidth.map(Bandwidth::bits_per_second),
        gpu: pool.gpu.as_ref().map(|(code, count)| PoolGpuSpec {
            code: code.clone().into(),
            slice: pool.slice.as_ref().map(|slice| slice.parse().expect("a slice")),
            memory: None,
            count: *count,
        }),
        price_per_hour: pool.price_micro.map(Money::micros),
        capacity: Capacity::ALL.into_iter().find(|word| word.as_str() == pool.capacity).unwrap_or_default(),
        replicas_per_node: pool.replicas.map(|most| most.try_into().expect("a number of replicas")),
        used: used(&pool.used).into(),
        used_per_node: pool.used_per_node.iter().map(node_used).collect(),
    }
}

fn used(used: &world::Used) -> UsedSpec {
    UsedSpec {
        cpu: Cpu::milli_cores(used.cpu_milli),
        memory: Bytes::new(used.memory),
        storage: Bytes::new(used.storage),
        bandwidth: Bandwidth::bits_per_second(used.bandwidth),
        gpu_thousandths: used.gpu_milli,
    }
}

fn node_used((of_node, replicas): &(world::Used, u64)) -> siting::origin::Sourced<NodeUsedSpec> {
    NodeUsedSpec { used: used(of_node), replicas: (*replicas).try_into().expect("a number of replicas") }.into()
}
