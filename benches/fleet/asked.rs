//! A workspace with one deployment under two policies of its environment and two of its own, as a caller holds it.

use std::fmt::Write as _;

use siting::id::DeploymentId;
use siting::inventory::Inventory;
use siting::manifest::Source;
use siting::workspace::{LoadOptions, Workspace};

use super::question::{DEPLOYMENT, ENVIRONMENT, Statement};

/// One GPU of any code, with 4 cores and 16 GiB.
pub(crate) const ONE_GPU: &str = "{cpu: 4, memory: 16Gi, gpu: {count: 1}}";

/// Hosts of 4 TiB: nowhere.
pub(crate) const TOO_MUCH: &str = "{cpu: 4, memory: 4Ti, gpu: {count: 1, memory: 40Gi}}";

/// A workspace, and the deployment that questions are about.
pub(crate) struct Asked {
    pub(crate) workspace: Workspace,
    pub(crate) deployment: DeploymentId,
    /// Deployments of the same environment, with two policies of their own each.
    pub(crate) others: Vec<DeploymentId>,
}

impl Asked {
    /// Under the four policies, beside so many that do not concern it.
    pub(crate) fn governed(resources: &str, unrelated: usize) -> Self {
        Self::load(resources, unrelated, true)
    }

    /// Under no policy.
    pub(crate) fn free(resources: &str) -> Self {
        Self::load(resources, 0, false)
    }

    /// The same on another fleet.
    pub(crate) fn on(mut self, inventory: &Inventory) -> Self {
        self.workspace = self.workspace.over(inventory.clone());
        self
    }

    fn load(resources: &str, unrelated: usize, governed: bool) -> Self {
        let mut text = String::new();
        let statements = ENVIRONMENT.iter().chain(&DEPLOYMENT);
        statements.for_each(|statement| policy(&mut text, statement));
        for number in 0..unrelated {
            let option = if number % 2 == 0 {
                "locations: [{type: country, name: fr}]"
            } else {
                "flavors: [{type: gpu, name: t4}]"
            };
            let kind = if number % 2 == 0 { "location" } else { "flavor" };
            document(&mut text, "Policy", &format!("other-{number:07}"), &format!("type: {kind}, {option}"));
        }
        let names = |statements: &[Statement]| statements.iter().map(|it| it.name).collect::<Vec<_>>().join(", ");
        let (environment, own) = if governed { (names(&ENVIRONMENT), names(&DEPLOYMENT)) } else { Default::default() };
        document(&mut text, "Environment", "production", &format!("policies: [{environment}]"));
        document(&mut text, "Deployment", "asked", &format!("model: m, resources: {resources}, policies: [{own}]"));
        for number in (0..unrelated.saturating_sub(1)).step_by(2) {
            let own = format!("other-{number:07}, other-{:07}", number + 1);
            document(&mut text, "Deployment", &format!("d-{number:07}"), &format!("model: other, policies: [{own}]"));
        }
        let sources = [Source::new("asked.yaml", text)];
        let workspace = Workspace::from_sources(&sources, LoadOptions::default()).expect("sound manifests");
        let deployment = workspace.find_deployment("m/asked").expect("the deployment");
        let others = workspace.deployment_ids().filter(|id| *id != deployment).collect();
        Self { workspace, deployment, others }
    }
}

fn policy(text: &mut String, statement: &Statement) {
    let axis = statement.axis.as_str();
    let options = statement.options.iter().map(|(kind, name)| format!("{{type: {kind}, name: {name}}}"));
    let options = options.collect::<Vec<_>>().join(", ");
    document(text, "Policy", statement.name, &format!("type: {axis}, {axis}s: [{options}]"));
}

fn document(text: &mut String, kind: &str, name: &str, spec: &str) {
    let _ =
        writeln!(text, "---\napiVersion: siting.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}");
}
