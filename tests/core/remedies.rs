//! What a refusal offers (D7), in cases worked out by hand.

use siting::manifest::Source;
use siting::placement::{Remedies, RemedyBound};
use siting::policy::Level;
use siting::workspace::{LoadOptions, Workspace};

fn workspace(documents: &[&str]) -> Workspace {
    let with_head = |document: &&str| format!("apiVersion: siting.dev/v1\n{document}\n");
    let text = documents.iter().map(with_head).collect::<Vec<_>>().join("---\n");
    Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default()).unwrap()
}

fn told(workspace: &Workspace, remedies: &Remedies) -> Vec<(String, Level, usize)> {
    let words = |set: &siting::placement::RemedySet| {
        set.changes.iter().map(|change| change.in_words(workspace.catalog())).collect::<Vec<_>>().join(" + ")
    };
    remedies.sets.iter().map(|set| (words(set), set.owner, set.opens)).collect()
}

const PARIS: &str = "kind: Cluster\nmetadata: {name: paris}\nspec: {provider: own, country: fr, pools: [{name: rack, nodes: 2, \
    cpuFlavor: x86, cpu: 4, memory: 16Gi}]}";

/// D7: two levels exclude the one place that there is, so every remedy has a step for each of them.
#[test]
fn d7_a_set_has_a_step_for_each_level_and_is_marked_by_the_highest() {
    let workspace = workspace(&[
        PARIS,
        "kind: Policy\nmetadata: {name: us}\nspec: {type: location, locations: [{type: country, name: us}]}",
        "kind: Policy\nmetadata: {name: de}\nspec: {type: location, locations: [{type: country, name: de}]}",
        "kind: Environment\nmetadata: {name: production}\nspec: {policies: [us]}",
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, policies: [de]}",
    ]);
    let remedies = workspace.remedies("d", RemedyBound::default()).unwrap();
    let expected = [
        "detach `us` from environment `production` + detach `de` from the deployment",
        "detach `us` from environment `production` + let `de` allow country `fr`",
        "detach `de` from the deployment + let `us` allow country `fr`",
        "let `us` allow country `fr` + let `de` allow country `fr`",
    ];
    let mut told = told(&workspace, &remedies);
    told.sort();
    let mut expected: Vec<_> = expected.map(|words| (words.to_owned(), Level::Environment, 1)).into();
    expected.sort();
    assert_eq!(told, expected);
    assert!(!remedies.more && remedies.lower_priority.is_empty());
}

/// D7: for room, the least demand that fits, how many fit, and the least replicas of lower priority. Two nodes of 4 cpu;
/// one replica of `low` holds 3 of each, so that 1 is left on each for a demand of 2.
#[test]
fn d7_for_want_of_room_each_quantity_is_lowered_to_what_fits() {
    let workspace = workspace(&[
        PARIS,
        "kind: Deployment\nmetadata: {name: low}\nspec: {model: m, priority: -1, replicas: 2, resources: {cpu: 3, memory: 1Gi}}",
        "kind: Placement\nmetadata: {name: runs}\nspec: {deployment: m/low, cluster: paris, pool: rack, replicas: 2}",
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, replicas: 2, resources: {cpu: 2, memory: 1Gi}}",
    ]);
    let remedies = workspace.remedies("d", RemedyBound::default()).unwrap();
    assert_eq!(told(&workspace, &remedies), [("lower `resources.cpu` from 2 to 1".to_owned(), Level::Deployment, 0)]);
    // A node without it holds both.
    let [held] = &remedies.lower_priority[..] else { panic!("{remedies:?}") };
    assert_eq!((held.deployment.as_str(), held.priority, held.replicas), ("m/low", -1, 1));
    assert_eq!((held.cluster.as_str(), held.pool.as_str()), ("paris", "rack"));
    // D6: both of its replicas hold room, and without them both would fit: four of 2 cpu on two nodes of 4.
    assert_eq!(remedies.held.map(|held| (held.replicas, held.room)), Some((2, 2)));
    // Of equal priority it is nobody's room to give.
    let same = workspace.remedies("low", RemedyBound::default()).unwrap();
    assert_eq!(same, Remedies::default());
}

/// D6: what lower priorities hold of the room is told, also where it is not enough: two nodes of 4 hold four of 2 cpu,
/// five are wanted, and none fits beside what `low` holds.
#[test]
fn d6_what_lower_priorities_hold_is_told_where_it_is_not_enough() {
    let workspace = workspace(&[
        PARIS,
        "kind: Deployment\nmetadata: {name: low}\nspec: {model: m, priority: -1, replicas: 2, resources: {cpu: 3, memory: 1Gi}}",
        "kind: Placement\nmetadata: {name: runs}\nspec: {deployment: m/low, cluster: paris, pool: rack, replicas: 2}",
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, replicas: 5, resources: {cpu: 2, memory: 1Gi}}",
    ]);
    let remedies = workspace.remedies("d", RemedyBound::default()).unwrap();
    assert!(remedies.lower_priority.is_empty(), "{remedies:?}");
    assert_eq!(remedies.held.map(|held| (held.replicas, held.room)), Some((2, 4)));
}

/// D7: how many replicas fit is a remedy as well.
#[test]
fn d7_how_many_fit_is_a_remedy() {
    let workspace = workspace(&[
        PARIS,
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m, replicas: 5, resources: {cpu: 2, memory: 1Gi}}",
    ]);
    let remedies = workspace.remedies("d", RemedyBound::default()).unwrap();
    let told = told(&workspace, &remedies);
    // Five on two nodes of 4: three on one, of 4/3 each.
    assert_eq!(told[0], ("lower `replicas` from 5 to 4".to_owned(), Level::Deployment, 0));
    assert_eq!(told[1], ("lower `resources.cpu` from 2 to 1333m".to_owned(), Level::Deployment, 0));
    assert_eq!(told.len(), 2);
}

/// D7, in a life: a push that cannot be placed says what would give it a place.
#[test]
fn d7_a_push_that_cannot_be_placed_has_remedies_as_its_next_step() {
    use siting::lifecycle::{Action, Push, PushKind};
    use siting::time::Moment;

    let mut workspace = workspace(&[
        PARIS,
        "kind: Policy\nmetadata: {name: us}\nspec: {type: location, locations: [{type: country, name: us}]}",
        "kind: Environment\nmetadata: {name: production}\nspec: {policies: [us]}",
    ]);
    let workload = workspace.workload("model", &"bert".parse().unwrap()).unwrap();
    let push = Action::Push(Push::new(PushKind::Published, "v1"));
    let before = workspace.state_of(&workload).unwrap();
    let mut refusal = workspace.carry_out(Moment::default(), &workload, push).err();
    if refusal.is_none() {
        let built = Action::Observe {
            deployment: siting::lifecycle::Number::new(1),
            generation: 1,
            observation: siting::lifecycle::Observation::Built,
        };
        refusal = workspace.carry_out(Moment::default(), &workload, built).err();
    } else {
        assert_eq!(workspace.state_of(&workload).unwrap(), before);
    }
    let refusal = refusal.unwrap();
    assert_eq!(refusal.rule, "L12");
    let next = "detach `us` from environment `production` (which is the environment's to change), or let `us` allow country \
        `fr` (which is the environment's to change)";
    assert_eq!(refusal.next.as_deref(), Some(next));
}

/// D7, P18: what binds requests keeps no replica from a place, so no step touches it, and no set is larger for it.
#[test]
fn d7_policies_that_bind_requests_are_left_alone() {
    let workspace = workspace(&[
        PARIS,
        "kind: Policy\nmetadata: {name: us}\nspec: {type: location, locations: [{type: country, name: us}]}",
        "kind: Policy\nmetadata: {name: callers}\nspec: {type: location, locations: [{type: country, name: de}], callers: [{type: country, name: de}]}",
        "kind: Environment\nmetadata: {name: production}\nspec: {policies: [us, callers]}",
        "kind: Deployment\nmetadata: {name: d}\nspec: {model: m}",
    ]);
    let remedies = workspace.remedies("d", RemedyBound::default()).unwrap();
    let mut told: Vec<_> = told(&workspace, &remedies).into_iter().map(|(words, ..)| words).collect();
    told.sort();
    assert_eq!(told, ["detach `us` from environment `production`", "let `us` allow country `fr`"]);
}
