//! Names and addresses from outside, to ids (C8, L1).

use std::collections::HashMap;

use smallvec::{SmallVec, smallvec};

use super::deployments::Deployments;
use super::{Workspace, names};
use crate::catalog::{Catalog, Choice, ChoiceKind, nearest};
use crate::deployment::{Deployment, Workload};
use crate::id::{ClusterId, DeploymentId, EnvironmentId, Id, Name, PolicyId, ResourceTypeId};
use crate::origin::{Origin, Problem, ProblemCode, listed};
use crate::policy::Environment;

/// A deployment, environment or policy as a caller refers to it: by id, or by name; a cluster by name.
///
/// An id is known in the workspace that gave it, and in clones of it, as long as the thing is there: anywhere else, and
/// afterwards, it is refused (W1). Ids of clusters and pools are of one inventory alone, so they are no references.
///
/// Methods that take one accept either. A deployment's name is its address: see
/// [`find_deployment`](Workspace::find_deployment).
///
/// ```
/// use siting::manifest::spec::{DeploymentSpec, Specs};
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let deployment = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
/// let specs = Specs { deployments: vec![deployment], ..Specs::default() };
/// let workspace = Workspace::from_specs(specs, LoadOptions::default())?;
///
/// let by_name = workspace.place("bert/bert-api-v1")?;
/// let by_id = workspace.place(workspace.find_deployment("bert-api-v1")?)?;
/// assert_eq!(by_name.deployment, by_id.deployment);
/// let error = workspace.place("bert-api-v2").unwrap_err();
/// assert_eq!(error.to_string(), "no deployment is called `bert-api-v2`; did you mean `bert-api-v1`?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Reference<I>: sealed::Sealed {
    /// The id that is referred to.
    ///
    /// # Errors
    /// [`LookupError`], if nothing in the workspace has this name or id.
    fn find_in(self, workspace: &Workspace) -> Result<I, LookupError>;
}

mod sealed {
    /// Kept here, so that methods may take more kinds of references later.
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for &String {}
}

/// References to one kind of thing: by id, where `known` says that the workspace has it, or by name.
macro_rules! references {
    ($($id:ident, $kind:literal, $find:ident, |$workspace:ident, $own:ident| $known:expr;)*) => {$(
        impl sealed::Sealed for $id {}

        impl Reference<$id> for $id {
            fn find_in(self, $workspace: &Workspace) -> Result<$id, LookupError> {
                let $own = self;
                if $known { Ok(self) } else { Err(LookupError::Foreign { kind: $kind, index: self.index() }) }
            }
        }

        impl Reference<$id> for &str {
            fn find_in(self, workspace: &Workspace) -> Result<$id, LookupError> {
                workspace.$find(self)
            }
        }

        impl Reference<$id> for &String {
            fn find_in(self, workspace: &Workspace) -> Result<$id, LookupError> {
                workspace.$find(self)
            }
        }
    )*};
}

references! {
    DeploymentId, "deployment", find_deployment, |workspace, id| workspace.deployment(id).is_some();
    EnvironmentId, "environment", find_environment, |workspace, id| workspace.environment(id).is_some();
    PolicyId, "policy", find_policy, |workspace, id| workspace.policies.get(id).is_some();
}

impl Reference<ClusterId> for &str {
    fn find_in(self, workspace: &Workspace) -> Result<ClusterId, LookupError> {
        workspace.find_cluster(self)
    }
}

impl Reference<ClusterId> for &String {
    fn find_in(self, workspace: &Workspace) -> Result<ClusterId, LookupError> {
        workspace.find_cluster(self)
    }
}

/// What is asked for by a name or an id is not there, or not one thing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// Nothing has this name.
    #[error("no {kind} is called `{name}`{}", names::did_you_mean(.near))]
    Unknown {
        /// What was asked for: `deployment`, `cluster`, `gpu flavor`.
        kind: String,
        /// The name.
        name: String,
        /// The nearest names there are.
        near: Vec<String>,
    },
    /// Several deployments have this address.
    #[error("several deployments are called `{address}`: {}", listed(.full, "and", names::LISTED))]
    Ambiguous {
        /// The address.
        address: String,
        /// Their full addresses.
        full: Vec<String>,
    },
    /// The cluster is invalid, and a load with quarantine left it out (I6).
    #[error("cluster `{cluster}` is invalid and was left out")]
    Quarantined {
        /// The cluster's name.
        cluster: String,
    },
    /// The text cannot be a name or a choice.
    #[error("{message}; {help}")]
    Malformed {
        /// What is wrong.
        message: String,
        /// How to correct it.
        help: String,
    },
    /// The id is of another workspace, or of something that was removed (W1).
    #[error("this workspace has no {kind} with the id {index}")]
    Foreign {
        /// What the id is of: `deployment`, `environment`, `policy`.
        kind: &'static str,
        /// The id as a number.
        index: usize,
    },
}

impl LookupError {
    fn unknown<'a>(kind: impl Into<String>, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Unknown { kind: kind.into(), name: name.to_owned(), near: nearest(name, known) }
    }

    /// Of an address that several deployments have.
    pub(super) fn ambiguous(workspace: &Workspace, address: &str, several: &[DeploymentId]) -> Self {
        let full = several.iter().filter_map(|&id| Some(full_address(&workspace.catalog, workspace.deployment(id)?)));
        Self::Ambiguous { address: address.to_owned(), full: full.collect() }
    }
}

/// The same as a problem with what the user typed: message and help apart.
impl From<LookupError> for Problem {
    fn from(error: LookupError) -> Self {
        let unknown = |message, near: &[String]| {
            let problem = Problem::new(ProblemCode::UnknownName, &Origin::default(), message);
            if near.is_empty() {
                problem
            } else {
                problem.help(format!("did you mean {}?", listed(near, "or", names::LISTED)))
            }
        };
        match error {
            LookupError::Unknown { kind, name, near } => unknown(format!("no {kind} is called `{name}`"), &near),
            LookupError::Ambiguous { address, full } => {
                unknown(format!("several deployments are called `{address}`"), &full)
            }
            LookupError::Malformed { message, help } => {
                Problem::new(ProblemCode::InvalidValue, &Origin::default(), message).help(help)
            }
            LookupError::Quarantined { .. } | LookupError::Foreign { .. } => unknown(error.to_string(), &[]),
        }
    }
}

impl Workspace {
    /// The deployment of an address: `name` where that is unique, `workload/name`, or
    /// `type/workload/name`. O(1).
    ///
    /// # Errors
    /// [`LookupError`] if there is none, or several.
    pub fn find_deployment(&self, address: &str) -> Result<DeploymentId, LookupError> {
        match self.addresses.find(address) {
            [id] => Ok(*id),
            [] => Err(LookupError::unknown("deployment", address, self.addresses.names())),
            several => Err(LookupError::ambiguous(self, address, several)),
        }
    }

    /// A deployment of this workspace.
    pub(crate) fn known_deployment(&self, id: DeploymentId) -> Result<&Deployment, LookupError> {
        self.deployment(id).ok_or(LookupError::Foreign { kind: "deployment", index: id.index() })
    }

    /// An environment of this workspace that has not been removed.
    pub(crate) fn known_environment(&self, id: EnvironmentId) -> Result<&Environment, LookupError> {
        self.environment(id).ok_or(LookupError::Foreign { kind: "environment", index: id.index() })
    }

    /// What a reference leads to.
    pub(super) fn found(
        &self,
        reference: impl Reference<DeploymentId>,
    ) -> Result<(DeploymentId, &Deployment), LookupError> {
        let id = reference.find_in(self)?;
        Ok((id, self.known_deployment(id)?))
    }

    /// The cluster of a name.
    ///
    /// # Errors
    /// [`LookupError`] if there is none, or it was left out (I6).
    pub fn find_cluster(&self, name: &str) -> Result<ClusterId, LookupError> {
        let fleet = self.inventory.fleet();
        if let Some(found) = fleet.find_cluster(name) {
            return Ok(found);
        }
        if self.quarantined.iter().any(|left_out| left_out.is_cluster(name)) {
            return Err(LookupError::Quarantined { cluster: name.to_owned() });
        }
        Err(LookupError::unknown("cluster", name, fleet.clusters().iter().map(|cluster| cluster.name.as_str())))
    }

    /// The environment of a name.
    ///
    /// # Errors
    /// [`LookupError`] if there is none.
    pub fn find_environment(&self, name: &str) -> Result<EnvironmentId, LookupError> {
        let known = || self.environments().map(|(_, environment)| environment.name.as_str());
        self.environments.find(name).ok_or_else(|| LookupError::unknown("environment", name, known()))
    }

    /// The policy of a name.
    ///
    /// # Errors
    /// [`LookupError`] if there is none.
    pub fn find_policy(&self, name: &str) -> Result<PolicyId, LookupError> {
        let known = || self.policies.iter().map(|(_, policy)| policy.name().as_str());
        self.policies.find(name).ok_or_else(|| LookupError::unknown("policy", name, known()))
    }

    /// The workload type of a name: `model`, `function`, `agent`, or one of the workspace's own.
    ///
    /// # Errors
    /// [`LookupError`] if there is none.
    pub fn find_resource_type(&self, name: &str) -> Result<ResourceTypeId, LookupError> {
        self.catalog.resource_type(name).ok_or_else(|| {
            let known: Vec<_> = self.catalog.resource_types().map(|id| self.catalog.resource_type_name(id)).collect();
            match LookupError::unknown("workload type", name, known.iter().copied()) {
                LookupError::Unknown { near, .. } if near.is_empty() => LookupError::Malformed {
                    message: format!("no workload type is called `{name}`"),
                    help: format!("the workload types are {}", known.join(", ")),
                },
                error => error,
            }
        })
    }

    /// The workload of a type and a name, whether or not anything of it is deployed.
    ///
    /// # Errors
    /// [`LookupError`] if there is no such type, or the name cannot be one.
    pub fn find_workload(&self, resource_type: &str, name: &str) -> Result<Workload, LookupError> {
        let resource_type = self.find_resource_type(resource_type)?;
        let name = Name::new(name).map_err(|error| LookupError::Malformed {
            message: error.to_string(),
            help: "a name is 1 to 253 printable characters without leading or trailing spaces".to_owned(),
        })?;
        Ok(Workload { resource_type, name })
    }

    /// The option of a text `kind:name`, such as `gpu:t4` or `location:aws/us-east-1`.
    ///
    /// # Errors
    /// [`LookupError`] if there is no such kind, or nothing of the kind has this name.
    pub fn find_choice(&self, text: &str) -> Result<Choice, LookupError> {
        let kinds = || ChoiceKind::ALL.map(ChoiceKind::as_str).join(", ");
        let Some((kind, name)) = text.split_once(':') else {
            let help = format!("write it as `kind:name`, such as `gpu:t4`; the kinds are {}", kinds());
            return Err(LookupError::Malformed { message: format!("`{text}` is no option"), help });
        };
        let Some(kind) = ChoiceKind::parse(kind) else {
            let message = format!("`{kind}` is no kind of option");
            return Err(LookupError::Malformed { message, help: format!("the kinds are {}", kinds()) });
        };
        let noun = if kind.flavor_kind().is_some() { format!("{kind} flavor") } else { kind.to_string() };
        let near = || self.catalog.nearest(kind, name);
        let unknown = || match (near(), self.catalog.why_unknown(kind, name)) {
            // Where no name is near, what is known instead says more.
            (near, Some(help)) if near.is_empty() => {
                LookupError::Malformed { message: format!("no {noun} is called `{name}`"), help }
            }
            (near, _) => LookupError::Unknown { kind: noun, name: name.to_owned(), near },
        };
        self.catalog.resolve(kind, name).ok_or_else(unknown)
    }
}

/// Every way in which deployments can be addressed.
#[derive(Debug, Default)]
pub(super) struct Addresses(HashMap<String, SmallVec<[DeploymentId; 1]>>);

impl Addresses {
    pub(super) fn of(catalog: &Catalog, deployments: &Deployments) -> Self {
        let mut found: HashMap<String, SmallVec<[DeploymentId; 1]>> =
            HashMap::with_capacity(deployments.ids.len().saturating_mul(3));
        for (id, deployment) in deployments.iter() {
            let (name, short) = (deployment.name.as_str().to_owned(), deployment.address());
            for address in [name, short, full_address(catalog, deployment)] {
                found.entry(address).and_modify(|ids| ids.push(id)).or_insert_with(|| smallvec![id]);
            }
        }
        Self(found)
    }

    /// The deployments of this address, in the order in which they are decided.
    pub(super) fn find(&self, address: &str) -> &[DeploymentId] {
        self.0.get(address).map(SmallVec::as_slice).unwrap_or_default()
    }

    /// What can be offered for an unknown address: those without a workload type, in their order.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> =
            self.0.keys().map(String::as_str).filter(|name| name.matches('/').count() < 2).collect();
        names.sort_unstable();
        names
    }
}

pub(super) fn full_address(catalog: &Catalog, deployment: &Deployment) -> String {
    format!("{}/{}", catalog.resource_type_name(deployment.workload.resource_type), deployment.address())
}
