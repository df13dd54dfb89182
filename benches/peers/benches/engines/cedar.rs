//! Cedar: one `permit` with the four policies as its condition, clusters as entities.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};

use super::place::{self, Place};
use super::{Engine, Loaded};

pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

impl Cedar {
    pub(crate) fn new(places: &[Place]) -> Self {
        let text = format!("permit(principal, action, resource) when {{ {} }};", place::condition("resource."));
        Self {
            authorizer: Authorizer::new(),
            policies: text.parse().expect("a policy"),
            entities: entities(places),
            requests: (0..places.len()).map(request).collect(),
        }
    }
}

impl Engine for Cedar {
    fn allows(&mut self, cluster: usize) -> bool {
        let request = self.requests.get(cluster).expect("a cluster");
        self.authorizer.is_authorized(request, &self.policies, &self.entities).decision() == Decision::Allow
    }
}

/// One `permit` for each deployment of the workspace.
pub(crate) struct Many(Cedar);

impl Many {
    pub(crate) fn new(place: &Place, unrelated: usize) -> Self {
        let permit = |deployment: &str, condition: &str| {
            format!("permit(principal == Deployment::\"{deployment}\", action, resource) when {{ {condition} }};\n")
        };
        let others =
            (0..unrelated).map(|number| permit(&format!("other-{number}"), &place::other("resource.", number)));
        let ours = permit("ours", &place::condition("resource."));
        let text: String = others.chain([ours]).collect();
        Self(Cedar {
            authorizer: Authorizer::new(),
            policies: text.parse().expect("policies"),
            entities: entities(std::slice::from_ref(place)),
            requests: vec![request(0)],
        })
    }
}

impl Loaded for Many {
    fn first_answer(&mut self) -> bool {
        self.0.allows(0)
    }
}

fn entities(places: &[Place]) -> Entities {
    let entity = |(number, place): (usize, &Place)| {
        let attributes = place.attributes().into_iter();
        let attributes: HashMap<_, _> = attributes
            .map(|(name, value)| (name.to_owned(), RestrictedExpression::new_string(value.to_owned())))
            .collect();
        Entity::new(uid("Cluster", &number.to_string()), attributes, HashSet::new()).expect("an entity")
    };
    Entities::from_entities(places.iter().enumerate().map(entity), None).expect("entities")
}

fn request(number: usize) -> Request {
    let (principal, action) = (uid("Deployment", "ours"), uid("Action", "place"));
    Request::new(principal, action, uid("Cluster", &number.to_string()), Context::empty(), None).expect("a request")
}

fn uid(kind: &str, id: &str) -> EntityUid {
    format!("{kind}::\"{id}\"").parse().expect("an identifier")
}
