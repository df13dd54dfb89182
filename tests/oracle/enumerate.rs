//! Every small world of a few universes: at most two continents, three countries and two flavors, one cluster for each
//! country and flavor, one deployment, and every set of options as a policy.

use super::judge::leaves_something;
use super::world::{Axis, Cluster, Deployment, Environment, Gpu, GpuNeed, Level, Opt, Policy, Pools, Resources, World};

const WORKSPACE: usize = 0;
const ENVIRONMENT: usize = 1;
const DEPLOYMENT: usize = 2;

/// Where two policies are attached: at two levels (P5), and both at one (P3).
const TWO_LEVELS: [(usize, usize); 3] =
    [(ENVIRONMENT, DEPLOYMENT), (WORKSPACE, ENVIRONMENT), (ENVIRONMENT, ENVIRONMENT)];

type Names = &'static [&'static str];
/// Kinds and names.
type Hardware = &'static [(&'static str, &'static str)];

/// Continents, and countries in them.
const LOCATIONS: [(Names, Names); 3] =
    [(&["na", "eu"], &["us", "ca", "fr"]), (&["na"], &["us", "ca", "mx"]), (&["na", "eu"], &["us", "fr"])];

/// Flavors, and beside them the whole kinds and families that cover some.
const FLAVORS: [(Hardware, Hardware); 4] = [
    (&[("cpu", "x86"), ("gpu", "t4")], &[("cpu", "any"), ("gpu", "any")]),
    (&[("cpu", "x86"), ("cpu", "arm")], &[("cpu", "any")]),
    (&[("gpu", "t4"), ("gpu", "l4")], &[("gpu", "any")]),
    (&[("gpu", "a100"), ("gpu", "a100-80gb")], &[]),
];

/// No demand, a demand without and one with a GPU.
const DEMANDS: [Option<u32>; 3] = [None, Some(0), Some(1)];

/// All of them, always in the same order.
pub fn worlds() -> impl Iterator<Item = World> {
    LOCATIONS.into_iter().flat_map(|locations| {
        FLAVORS.into_iter().flat_map(move |flavors| {
            DEMANDS.into_iter().flat_map(move |demand| Universe::new(locations, flavors, demand).worlds())
        })
    })
}

/// What the worlds have in common.
#[derive(Clone)]
struct Universe {
    /// The fleet and the deployment, without policies.
    bare: World,
    /// One policy for each set of options.
    plain: Vec<Policy>,
    /// One for each set of options and each exception to it that leaves something (P9).
    excepting: Vec<Policy>,
}

impl Universe {
    fn new(
        (continents, countries): (Names, Names),
        (flavors, wider): (Hardware, Hardware),
        demand: Option<u32>,
    ) -> Self {
        let resources = demand.map(|count| Resources {
            cpu_milli: 1000,
            memory: 1 << 30,
            gpu: Some(Gpu { alternatives: vec![GpuNeed { count, ..GpuNeed::default() }] }),
            ..Resources::default()
        });
        let deployment = Deployment {
            name: "d".to_owned(),
            workload_type: "model".to_owned(),
            workload: "m".to_owned(),
            replicas: 1,
            resources,
            ..Deployment::default()
        };
        let cluster = |country: &str, kind: &str, code: &str| Cluster {
            name: format!("{country}-{code}"),
            provider: "onprem".to_owned(),
            country: country.to_owned(),
            location: None,
            zone: None,
            coordinates: None,
            healthy: true,
            cordoned: false,
            observed_at: None,
            attributes: Vec::new(),
            pools: Pools::Short(vec![(kind.to_owned(), code.to_owned())]),
        };
        let clusters = countries
            .iter()
            .flat_map(|country| flavors.iter().map(move |(kind, code)| cluster(country, kind, code)))
            .collect();
        let bare = World { deployments: vec![deployment], clusters, ..World::default() };

        let option = |kind: &str, name: &str| Opt { kind: kind.to_owned(), name: name.to_owned() };
        let places: Vec<Opt> = continents
            .iter()
            .map(|name| option("continent", name))
            .chain(countries.iter().map(|name| option("country", name)))
            .collect();
        let hardware: Vec<Opt> = flavors.iter().chain(wider).map(|(kind, name)| option(kind, name)).collect();
        let mut plain = Vec::new();
        let mut excepting = Vec::new();
        for (axis, options) in [(Axis::Location, places), (Axis::Flavor, hardware)] {
            for options_allowed in subsets(&options) {
                let policy = Policy {
                    name: String::new(),
                    axis,
                    options: options_allowed,
                    except: Vec::new(),
                    targets: None,
                    callers: None,
                };
                excepting.extend(options.iter().map(|one| Policy { except: vec![one.clone()], ..policy.clone() }));
                plain.push(policy);
            }
        }
        excepting.retain(|policy| leaves_something(&bare, policy));
        Universe { bare, plain, excepting }
    }

    fn worlds(self) -> impl Iterator<Item = World> {
        let (other, plain, excepting) = (self.clone(), self.plain.len(), self.excepting.len());
        let pairs = (0..TWO_LEVELS.len() * plain * plain).filter_map(move |number| {
            let (first, second) = (number / plain % plain, number % plain);
            let (upper, lower) = TWO_LEVELS[number / (plain * plain)];
            // At one level the order of two policies makes no difference.
            if upper == lower && first >= second {
                return None;
            }
            Some(self.world(&[(upper, &self.plain[first]), (lower, &self.plain[second])]))
        });
        let singles = (0..3 * excepting).map(move |number| {
            let policy = &other.excepting[number % excepting];
            other.world(&[(number / excepting, policy)])
        });
        pairs.chain(singles)
    }

    /// The world with these policies, each attached at its level.
    fn world(&self, policies: &[(usize, &Policy)]) -> World {
        let mut world = self.bare.clone();
        let mut production = Level::default();
        for (number, (level, policy)) in policies.iter().enumerate() {
            let name = format!("p{number}");
            let attachments = match *level {
                WORKSPACE => &mut world.workspace.attachments,
                ENVIRONMENT => &mut production.attachments,
                _ => &mut world.deployments[0].attachments,
            };
            attachments.push((name.clone(), true));
            world.policies.push(Policy { name, ..(*policy).clone() });
        }
        world.environments.push(Environment { name: "production".to_owned(), level: production });
        world
    }
}

/// Every set of options but the empty one.
fn subsets(options: &[Opt]) -> Vec<Vec<Opt>> {
    let chosen = |bits: usize| {
        let member = |(number, option): (usize, &Opt)| (bits >> number & 1 == 1).then(|| option.clone());
        options.iter().enumerate().filter_map(member).collect()
    };
    (1..1 << options.len()).map(chosen).collect()
}
