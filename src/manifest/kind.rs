//! The kinds of document and the API groups they belong to.

use std::fmt;

/// A kind of document that is read into a spec.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A policy of `siting.dev/v1`.
    Policy,
    /// An environment.
    Environment,
    /// The workspace.
    Workspace,
    /// A deployment.
    Deployment,
    /// A cluster.
    Cluster,
    /// Replicas that run now.
    Placement,
    /// Steps of a workload's lifecycle, and what is expected of each.
    Scenario,
    /// What policies must allow, deny and refuse.
    PolicyTest,
    /// A policy of `authorization.beamlit.com/v1alpha1`.
    BeamlitPolicy,
    /// A model deployment of `deployment.beamlit.com/v1alpha1`.
    ModelDeployment,
}

impl Kind {
    /// Every kind, the native ones first.
    pub const ALL: [Self; 10] = [
        Self::Policy,
        Self::Environment,
        Self::Workspace,
        Self::Deployment,
        Self::Cluster,
        Self::Placement,
        Self::Scenario,
        Self::PolicyTest,
        Self::BeamlitPolicy,
        Self::ModelDeployment,
    ];

    /// A name that no two kinds share; as [`kind`](Self::kind), but for `BeamlitPolicy`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeamlitPolicy => "BeamlitPolicy",
            _ => self.kind(),
        }
    }

    /// The kind of that name, in any case.
    ///
    /// ```
    /// use siting::manifest::Kind;
    /// assert_eq!(Kind::parse("policy"), Some(Kind::Policy));
    /// assert_eq!(Kind::parse("BeamlitPolicy"), Some(Kind::BeamlitPolicy));
    /// assert_eq!(Kind::parse("Polcy"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }

    /// The value of `apiVersion`.
    #[must_use]
    pub fn api_version(self) -> &'static str {
        match self {
            Self::Policy
            | Self::Environment
            | Self::Workspace
            | Self::Deployment
            | Self::Cluster
            | Self::Placement
            | Self::Scenario
            | Self::PolicyTest => "siting.dev/v1",
            Self::BeamlitPolicy => "authorization.beamlit.com/v1alpha1",
            Self::ModelDeployment => "deployment.beamlit.com/v1alpha1",
        }
    }

    /// Whether a null field of its documents counts as absent, as in Kubernetes.
    #[cfg(feature = "manifest")]
    pub(crate) fn null_is_absent(self) -> bool {
        matches!(self, Self::BeamlitPolicy | Self::ModelDeployment)
    }

    /// The value of `kind`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Policy | Self::BeamlitPolicy => "Policy",
            Self::Environment => "Environment",
            Self::Workspace => "Workspace",
            Self::Deployment => "Deployment",
            Self::Cluster => "Cluster",
            Self::Placement => "Placement",
            Self::Scenario => "Scenario",
            Self::PolicyTest => "PolicyTest",
            Self::ModelDeployment => "ModelDeployment",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
