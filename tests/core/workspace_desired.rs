//! A host that loses effects comes to what should be, from what should be alone (W7).

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use siting::deployment::Workload;
use siting::lifecycle::{Action, Desired, Effect, Endpoint, Number, Observation, Place, PushKind, Weight};
use siting::workspace::Workspace;

use super::support::{cluster, document, life, moment, pushed, restored};

fn fleet() -> Workspace {
    let (berlin, paris) = (cluster("berlin", "de", 6, 10), cluster("paris", "fr", 6, 10));
    format!("{}{berlin}{paris}", document("Environment", "staging", "{graceSeconds: 1}")).parse().unwrap()
}

/// What a host has brought about of one workload.
#[derive(Clone, PartialEq, Debug, Default)]
struct Host {
    replicas: BTreeMap<(Number, Place), u32>,
    builds: BTreeSet<Number>,
    routes: BTreeMap<Endpoint, Vec<Weight>>,
}

impl Host {
    fn change(&mut self, number: Number, places: &[Place], by: impl Fn(u32, u32) -> u32) {
        for place in places {
            let count = self.replicas.entry((number, Place { replicas: 0, ..place.clone() })).or_default();
            *count = by(*count, place.replicas);
        }
        self.replicas.retain(|_, count| *count > 0);
    }

    fn carry_out(&mut self, effect: &Effect) {
        match effect {
            Effect::Start { deployment, places, .. } => self.change(*deployment, places, u32::saturating_add),
            Effect::Stop { deployment, places, .. } => self.change(*deployment, places, u32::saturating_sub),
            Effect::Build { deployment, .. } => drop(self.builds.insert(*deployment)),
            Effect::StopBuild { deployment } => drop(self.builds.remove(deployment)),
            Effect::Route { endpoint, deployment } => {
                let all = vec![Weight { deployment: *deployment, percent: 100 }];
                self.routes.insert(endpoint.clone(), all);
            }
            Effect::Split { endpoint, shares } => drop(self.routes.insert(endpoint.clone(), shares.clone())),
            Effect::Unroute { endpoint } => drop(self.routes.remove(endpoint)),
            _ => {}
        }
    }

    /// What should be, as a host has it that has brought it all about.
    fn of(desired: &Desired) -> Self {
        let mut host = Self::default();
        for deployment in &desired.deployments {
            host.change(deployment.deployment, &deployment.places, u32::saturating_add);
            host.builds.extend(deployment.build.then_some(deployment.deployment));
        }
        host.routes.extend(desired.routes.iter().map(|route| (route.endpoint.clone(), route.shares.clone())));
        host
    }

    /// Goes from what is to what should be, one thing after the other; how many it took.
    fn reconcile(&mut self, desired: &Desired) -> usize {
        let (wanted, mut done) = (Self::of(desired), 0);
        let mut act = |happens: bool| {
            done += usize::from(happens);
            happens
        };
        for (site, count) in &wanted.replicas {
            if act(self.replicas.get(site) != Some(count)) {
                self.replicas.insert(site.clone(), *count);
            }
        }
        self.replicas.retain(|site, _| !act(!wanted.replicas.contains_key(site)));
        for build in &wanted.builds {
            act(self.builds.insert(*build));
        }
        self.builds.retain(|build| !act(!wanted.builds.contains(build)));
        for (endpoint, shares) in &wanted.routes {
            act(self.routes.insert(endpoint.clone(), shares.clone()).as_ref() != Some(shares));
        }
        self.routes.retain(|endpoint, _| !act(!wanted.routes.contains_key(endpoint)));
        done
    }
}

/// What a user or the world does; which of it is legal depends.
#[derive(Clone, Debug)]
enum Happens {
    Push(PushKind, u32, u32),
    /// The host tells what is awaited, or that it failed.
    Told(Number, bool),
    Scale(Number, u32),
    Activate(Number),
    Deactivate(Number),
    Promote(Number, &'static str),
    Move(Number),
    Delete(Number),
    Patch,
    /// A cluster is lost, or back.
    Healthy(&'static str, bool),
    /// The grace is over.
    Settle,
}

fn happens() -> impl Strategy<Value = Happens> {
    let number = || (1..4_u64).prop_map(Number::new);
    prop_oneof![
        2 => (prop_oneof![Just(PushKind::Draft), Just(PushKind::Published)], 1..6_u32, 1..4_u32)
            .prop_map(|(kind, cpu, replicas)| Happens::Push(kind, cpu, replicas)),
        8 => (number(), prop::bool::weighted(0.85)).prop_map(|(number, well)| Happens::Told(number, well)),
        2 => (number(), 1..5_u32).prop_map(|(number, replicas)| Happens::Scale(number, replicas)),
        1 => number().prop_map(Happens::Activate),
        1 => number().prop_map(Happens::Deactivate),
        3 => (number(), prop_oneof![Just("production"), Just("staging")]).prop_map(|(number, to)| Happens::Promote(number, to)),
        1 => number().prop_map(Happens::Move),
        1 => number().prop_map(Happens::Delete),
        1 => Just(Happens::Patch),
        1 => (prop::sample::select(vec!["berlin", "paris"]), any::<bool>())
            .prop_map(|(cluster, healthy)| Happens::Healthy(cluster, healthy)),
        1 => Just(Happens::Settle),
    ]
}

fn action(workspace: &Workspace, life: &Workload, happens: Happens) -> Option<Action> {
    Some(match happens {
        Happens::Push(kind, cpu, replicas) => pushed(kind, cpu, replicas),
        Happens::Told(number, well) => {
            let desired = workspace.life(life)?.state().desired();
            let of = desired.deployments.iter().find(|of| of.deployment == number)?;
            let observation = if well { of.awaits? } else { Observation::Failed };
            Action::Observe { deployment: number, generation: of.generation, observation }
        }
        Happens::Scale(deployment, replicas) => Action::Scale { deployment, replicas },
        Happens::Activate(number) => Action::Activate(number),
        Happens::Deactivate(number) => Action::Deactivate(number),
        Happens::Promote(deployment, environment) => Action::Promote {
            deployment,
            environment: environment.parse().ok()?,
            name: None,
            on_replaced: None,
            force: true,
            by: None,
        },
        Happens::Move(number) => Action::Move(number),
        Happens::Delete(number) => Action::Delete(number),
        Happens::Patch => Action::Patch { version: None },
        Happens::Healthy(..) | Happens::Settle => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// W7: effects are the difference between what should be and what should have been: a host that gets them all has
    /// just that. One that loses every second, and one that crashed and has nothing, come to it by `desired` alone, also
    /// of a workspace that was restored; what was there already is left alone. Effects are read back as they were written.
    #[test]
    fn w7_a_host_that_loses_effects_comes_to_what_should_be(all in prop::collection::vec(happens(), 1..40)) {
        let mut workspace = fleet();
        let life = life(&workspace, "x");
        let (mut whole, mut lossy, mut sent) = (Host::default(), Host::default(), 0_usize);
        for (now, happens) in (0..).zip(all) {
            let now = moment(now * 1000);
            let mut seen = None;
            let effects = match happens {
                Happens::Healthy(cluster, healthy) => {
                    let told = workspace.set_healthy(cluster, healthy).unwrap();
                    told.into_iter().map(|(_, effect)| effect).collect()
                }
                Happens::Settle => {
                    let settled = workspace.settle_losses(now).into_iter();
                    settled.flat_map(|(_, done)| done.unwrap_or_default()).collect()
                }
                happens => {
                    let Some(action) = action(&workspace, &life, happens) else { continue };
                    if let Action::Observe { deployment, .. } = &action {
                        seen = Some(*deployment);
                    }
                    let Ok(effects) = workspace.carry_out(now, &life, action) else { continue };
                    effects
                }
            };
            if workspace.desired().next().is_none() {
                continue;
            }
            // What was built is no build any more: the host says so, and has it no longer.
            for host in [&mut whole, &mut lossy] {
                host.builds.retain(|build| Some(*build) != seen);
            }
            for effect in &effects {
                let written = serde_json::to_string(effect).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Effect>(&written).unwrap(), effect);
                whole.carry_out(effect);
                sent += 1;
                if sent % 2 == 0 {
                    lossy.carry_out(effect);
                }
            }
            for workspace in [&workspace, &restored(&workspace)] {
                let (_, desired) = workspace.desired().next().unwrap();
                let written = serde_json::to_string(&desired).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Desired>(&written).unwrap(), &desired);
                prop_assert_eq!(&whole, &Host::of(&desired));
                prop_assert_eq!(whole.clone().reconcile(&desired), 0);
                let mut crashed = Host::default();
                prop_assert_eq!(crashed.reconcile(&desired) > 0, crashed != Host::default());
                prop_assert_eq!(&crashed, &whole);
                let lost = lossy != whole;
                prop_assert_eq!(lossy.reconcile(&desired) > 0, lost);
                prop_assert_eq!(&lossy, &whole);
            }
        }
    }
}
