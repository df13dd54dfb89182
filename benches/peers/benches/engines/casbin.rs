//! Casbin: the four policies as the matcher, clusters as requests.

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};

use super::place::{self, Place};
use super::{Engine, Loaded};

const ATTRIBUTES: &str = "continent, country, location, kind, code, family";

pub(crate) struct Casbin {
    enforcer: Enforcer,
    places: Vec<Place>,
}

impl Casbin {
    pub(crate) fn new(places: &[Place]) -> Self {
        let model = model(ATTRIBUTES, "name", &place::condition("r."));
        Self { enforcer: enforcer(&model, vec![vec!["ours".to_owned()]]), places: places.to_vec() }
    }
}

impl Engine for Casbin {
    fn allows(&mut self, cluster: usize) -> bool {
        let Place { continent, country, location, kind, code, family } = self.places.get(cluster).expect("a cluster");
        self.enforcer.enforce((continent, country, location, kind, code, family)).expect("an answer")
    }
}

/// A line for each deployment of the workspace, with its condition.
pub(crate) struct Many {
    enforcer: Enforcer,
    place: Place,
}

impl Many {
    pub(crate) fn new(place: &Place, unrelated: usize) -> Self {
        let model = model(
            &format!("deployment, {ATTRIBUTES}"),
            "deployment, rule",
            "r.deployment == p.deployment && eval(p.rule)",
        );
        let others = (0..unrelated).map(|number| vec![format!("other-{number}"), place::other("r.", number)]);
        let ours = vec!["ours".to_owned(), place::condition("r.")];
        Self { enforcer: enforcer(&model, others.chain([ours]).collect()), place: place.clone() }
    }
}

impl Loaded for Many {
    fn first_answer(&mut self) -> bool {
        let Place { continent, country, location, kind, code, family } = &self.place;
        self.enforcer.enforce(("ours", continent, country, location, kind, code, family)).expect("an answer")
    }
}

fn model(request: &str, policy: &str, matcher: &str) -> String {
    format!(
        "[request_definition]\nr = {request}\n[policy_definition]\np = {policy}\n\
         [policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = {matcher}\n"
    )
}

fn enforcer(model: &str, lines: Vec<Vec<String>>) -> Enforcer {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let model = DefaultModel::from_str(model).await.expect("a model");
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.expect("an enforcer");
        enforcer.add_policies(lines).await.expect("lines");
        enforcer
    })
}
