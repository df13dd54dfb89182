//! A host that loses effects comes to what should be, from what should be alone (W7).

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use siting::deployment::Workload;
use siting::lifecycle::{Action, Desired, Effect, Endpoint, Number, Observation, Place, Push, PushKind, Weight};
use siting::manifest::read_str;
use siting::time::Moment;
use siting::workspace::{Workspace, WorkspaceState};

const FLEET: &str = "
apiVersion: siting.dev/v1
kind: Environment
metadata: {name: staging}
spec: {}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: berlin}
spec: {provider: onprem, country: de, pools: [{name: p, nodes: 6, cpuFlavor: x86, cpu: 10, memory: 64Gi}]}
---
apiVersion: siting.dev/v1
kind: Cluster
metadata: {name: paris}
spec: {provider: onprem, country: fr, pools: [{name: p, nodes: 6, cpuFlavor: x86, cpu: 10, memory: 64Gi}]}
";

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

    /// Brings about what should be, whatever is there.
    fn reconcile(&mut self, desired: &Desired) {
        *self = Self::default();
        for deployment in &desired.deployments {
            self.change(deployment.deployment, &deployment.places, u32::saturating_add);
            self.builds.extend(deployment.build.then_some(deployment.deployment));
        }
        self.routes.extend(desired.routes.iter().map(|route| (route.endpoint.clone(), route.shares.clone())));
    }
}

fn settings(cpu: u32, replicas: u32) -> siting::lifecycle::Settings {
    let spec = format!(
        "{{apiVersion: siting.dev/v1, kind: Deployment, metadata: {{name: x}}, spec: {{model: x, replicas: {replicas}, \
         resources: {{cpu: {cpu}, memory: 1Gi}}}}}}"
    );
    read_str("d", &spec).specs.deployments[0].settings()
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
    ]
}

fn action(workspace: &Workspace, life: &Workload, happens: Happens) -> Option<Action> {
    Some(match happens {
        Happens::Push(kind, cpu, replicas) => {
            Action::Push(Push { settings: settings(cpu, replicas).into(), ..Push::new(kind, "v1") })
        }
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
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// W7: a host that loses every second effect, and one that gets none at all, come by `desired` to what one has that
    /// lost nothing; after each step, and after a restart. Effects are read back as they were written.
    #[test]
    fn w7_a_host_that_loses_effects_comes_to_what_should_be(all in prop::collection::vec(happens(), 1..40)) {
        let mut workspace: Workspace = FLEET.parse().unwrap();
        let life = workspace.workload("model", &"x".parse().unwrap()).unwrap();
        let (mut whole, mut lossy, mut sent) = (Host::default(), Host::default(), 0_usize);
        for (now, happens) in (0..).zip(all) {
            let Some(action) = action(&workspace, &life, happens) else { continue };
            // What was built is no build any more, and what is drained is gone: the host says so.
            if let Action::Observe { deployment, .. } = &action {
                whole.builds.remove(deployment);
                lossy.builds.remove(deployment);
            }
            let kept = whole.clone();
            let Ok(effects) = workspace.carry_out(Moment::from_millis(now), &life, action) else {
                whole = kept;
                let desired = workspace.life(&life).map(|life| life.state().desired()).unwrap_or_default();
                whole.reconcile(&desired);
                continue;
            };
            for effect in &effects {
                let written = serde_json::to_string(effect).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Effect>(&written).unwrap(), effect);
                whole.carry_out(effect);
                sent += 1;
                if sent % 2 == 0 {
                    lossy.carry_out(effect);
                }
            }
            let restored = Workspace::restore(WorkspaceState::from_json(&workspace.state().to_json()).unwrap()).unwrap();
            for workspace in [&workspace, &restored] {
                let (_, desired) = workspace.desired().next().unwrap();
                let written = serde_json::to_string(&desired).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Desired>(&written).unwrap(), &desired);
                let mut late = Host::default();
                late.reconcile(&desired);
                lossy.reconcile(&desired);
                prop_assert_eq!(&late, &whole);
                prop_assert_eq!(&lossy, &whole);
            }
        }
    }
}
