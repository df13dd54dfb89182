//! Worlds encoded for Cedar: what may run where becomes a set of Cedar policies, pairs of pool and flavor become
//! resources, deployments principals. Cedar then says which pairs are candidates (D2).
//!
//! Of siting, only the facts of the catalog are used: which country is in which continent and groups, which variant
//! is of which family, what memory a GPU has. Union, intersection, targets, exceptions, requirements and demands are
//! all left to Cedar.

mod entities;
mod policies;

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Context, Decision, PolicySet, Request};
use siting::catalog::Catalog;
use siting::manifest::spec::{DeploymentSpec, Specs};

pub use entities::Resource;

/// The candidates of a deployment, as Cedar sees them: cluster, pool, flavor kind and code.
pub fn candidates(world: &Specs, catalog: &Catalog, deployment: &DeploymentSpec) -> BTreeSet<Resource> {
    let resources = entities::resources(world, catalog);
    let text = policies::of(world, deployment);
    let policies: PolicySet = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let entities = entities::all(&resources, catalog, deployment);
    let (authorizer, principal) = (Authorizer::new(), entities::principal());
    let allowed = resources.into_iter().enumerate().filter(|(number, _)| {
        let action = entities::uid("Action", "place");
        let resource = entities::uid("Pair", &number.to_string());
        let request = Request::new(principal.clone(), action, resource, Context::empty(), None).expect("a request");
        let response = authorizer.is_authorized(&request, &policies, &entities);
        let errors: Vec<_> = response.diagnostics().errors().map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{errors:?}\n{text}");
        response.decision() == Decision::Allow
    });
    allowed.map(|(_, resource)| resource).collect()
}
