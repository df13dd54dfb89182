//! Options that remain against deploying each value in thought, by the oracle (D10).

use std::collections::{BTreeMap, BTreeSet};

use siting::analysis::{Question, options};

use crate::comparison;
use crate::oracle::judge;
use crate::oracle::random::world;
use crate::oracle::world::{Axis, Deployment, Opt, Policy, Pools, World};
use crate::remedies::named;

const WORLDS: u64 = 200;

/// The values that a world names: what its clusters have, and what its policies allow; several attributes together are
/// no value that is listed.
fn values(world: &World) -> Vec<(Axis, Opt)> {
    let mut all = named(world);
    for policy in &world.policies {
        for option in &policy.options {
            if !all.iter().any(|(_, known)| known == option) {
                all.push((policy.axis, option.clone()));
            }
        }
    }
    all.retain(|(_, option)| !option.name.contains('+') && option.name != "any");
    all
}

/// The candidates of a deployment that demands nothing, under own policies that allow these options, a policy an axis.
fn candidates(
    world: &World,
    (environment, workload_type): (&str, &str),
    own: &[(Axis, Opt)],
) -> BTreeSet<judge::Candidate> {
    let mut asked = world.clone();
    let mut attachments = Vec::new();
    for axis in Axis::ALL {
        let options: Vec<Opt> = own.iter().filter(|(of, _)| *of == axis).map(|(_, option)| option.clone()).collect();
        if !options.is_empty() {
            let name = format!("asked-{axis:?}");
            attachments.push((name.clone(), true));
            asked.policies.push(Policy { name, axis, options, except: Vec::new(), targets: None, callers: None });
        }
    }
    let deployment = Deployment {
        name: "asked".to_owned(),
        workload_type: workload_type.to_owned(),
        workload: "asked".to_owned(),
        environment: Some(environment.to_owned()),
        attachments,
        ..Deployment::default()
    };
    judge::candidates(&asked, &deployment)
}

/// How many values were compared, and how many of them remain.
fn compare(seed: u64) -> [usize; 2] {
    let mut world = world(seed, 4);
    // What asks for nothing is not served by slices (I7), and options are of any demand.
    for cluster in &mut world.clusters {
        if let Pools::Full(pools) = &mut cluster.pools {
            pools.iter_mut().for_each(|pool| pool.slice = None);
        }
    }
    world.running.clear();
    let workspace = comparison::loaded(&world).expect("a valid world");
    let (values, mut told) = (values(&world), [0, 0]);
    let environments = world.environments.iter().map(|environment| environment.name.as_str());
    let environments: BTreeSet<&str> = environments.chain(["production"]).collect();
    let workload_type = world.deployments.first().map_or("model", |first| first.workload_type.as_str());
    // Nothing chosen, one thing, and two.
    let at = usize::try_from(seed).expect("small") % values.len().max(1);
    let chosen: Vec<_> = [values.get(at), values.get(at / 2)].into_iter().flatten().cloned().collect();
    for environment in environments {
        for given in (0..=chosen.len()).map(|count| &chosen[..count]) {
            let text = |option: &Opt| format!("{}:{}", option.kind, option.name);
            let texts: Vec<String> = given.iter().map(|(_, option)| text(option)).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let question = Question::named(&workspace, Some(environment), Some(workload_type), &texts);
            let question = question.unwrap_or_else(|error| panic!("seed {seed}: {texts:?}: {error}"));
            let found = options(&workspace, question.environment, question.resource_type, &question.given);
            let catalog = workspace.catalog();
            let ours: BTreeMap<String, usize> = found
                .values
                .iter()
                .flat_map(|(_, values)| values)
                .map(|value| {
                    let (kind, name) = (catalog.choice_kind(value.choice), catalog.choice_name(value.choice));
                    (format!("{kind}:{name}"), value.clusters)
                })
                .collect();
            let after_given = candidates(&world, (environment, workload_type), given);
            for (axis, option) in &values {
                let with = candidates(&world, (environment, workload_type), &[(*axis, option.clone())]);
                let clusters: BTreeSet<&str> =
                    with.intersection(&after_given).map(|one| one.cluster.as_str()).collect();
                let name = text(option);
                let remains = ours.get(&name).copied().unwrap_or(0);
                assert_eq!(remains, clusters.len(), "seed {seed}: {name} in {environment} after {texts:?}");
                told[0] += 1;
                told[1] += usize::from(remains > 0);
            }
        }
    }
    told
}

/// D10: a value remains, with as many clusters as a deployment that chose it could run on, and no other does.
#[test]
fn d10_options_are_what_deploying_each_would_find() {
    let told = (0..WORLDS).map(compare).fold([0, 0], |all, one| [all[0] + one[0], all[1] + one[1]]);
    assert!(told[1] > 1_000 && told[0] > told[1] + 1_000, "{told:?}");
}
