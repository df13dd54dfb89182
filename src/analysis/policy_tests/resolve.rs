//! Cases with their names resolved, and every name that is not known (C8).

use crate::analysis::governed::Subject;
use crate::catalog::{Axis, Choice};
use crate::id::{ClusterId, DeploymentId, EnvironmentId, Name, PolicyId, ResourceTypeId};
use crate::manifest::spec::{BlamedSpec, DeniedSpec, PolicyCaseSpec, PolicyTestSpec, SiteSpec, TestedKind};
use crate::origin::{Origin, Problem, ProblemCode, Sourced};
use crate::placement::{Code, Verdict};
use crate::policy::{Attachment, Level};
use crate::workspace::{LoadError, LookupError, Workspace};

/// A test whose names are resolved.
pub(super) struct Test {
    pub(super) name: Name,
    pub(super) origin: Origin,
    pub(super) cases: Vec<Case>,
}

/// A case whose names are resolved.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) origin: Origin,
    about: About,
    pub(super) expected: Vec<Expectation>,
}

enum About {
    Deployment(DeploymentId),
    Supposed { environment: EnvironmentId, resource_type: ResourceTypeId, own: Vec<Attachment> },
}

/// One thing that is expected.
pub(super) enum Expectation {
    Allowed(Site),
    Denied(Site, Vec<Blamed>),
    Verdict(Verdict),
    RefusedBy(Code, Vec<Blamed>),
}

/// A place, hardware or a cluster, and how it is called.
pub(super) struct Site {
    pub(super) what: What,
    pub(super) shown: String,
}

/// What a site is.
#[derive(Clone, Copy)]
pub(super) enum What {
    Choice(Choice),
    Cluster(ClusterId),
}

impl Site {
    /// The axis on which it lies; `None` for a cluster, which lies on all.
    pub(super) fn axis(&self) -> Option<Axis> {
        match self.what {
            What::Choice(choice) => Some(choice.axis()),
            What::Cluster(_) => None,
        }
    }
}

/// A policy that must be among those that exclude.
pub(super) struct Blamed {
    pub(super) policy: PolicyId,
    pub(super) name: String,
    pub(super) level: Option<Level>,
}

impl Case {
    /// Whom it is about. `None` where the deployment is gone, which it is not as long as the workspace is the one that
    /// the case was resolved in.
    pub(super) fn subject<'a>(&'a self, workspace: &'a Workspace) -> Option<Subject<'a>> {
        match &self.about {
            About::Deployment(id) => Subject::deployment(workspace, *id),
            About::Supposed { environment, resource_type, own } => {
                Some(Subject { own, ..Subject::any(*environment, *resource_type) })
            }
        }
    }
}

/// The tests with their names resolved.
///
/// # Errors
/// Every name that is not known.
pub(super) fn tests(workspace: &Workspace, tests: &[PolicyTestSpec]) -> Result<Vec<Test>, LoadError> {
    let mut names = Names { workspace, problems: Vec::new() };
    let resolved: Vec<Test> = tests
        .iter()
        .map(|test| Test {
            name: test.metadata.name.value.clone(),
            origin: test.metadata.name.origin.clone(),
            cases: test.cases.iter().enumerate().filter_map(|(at, case)| names.case(at, case)).collect(),
        })
        .collect();
    if names.problems.is_empty() { Ok(resolved) } else { Err(LoadError::new(names.problems, 0)) }
}

struct Names<'w> {
    workspace: &'w Workspace,
    problems: Vec<Problem>,
}

impl Names<'_> {
    fn case(&mut self, at: usize, case: &Sourced<PolicyCaseSpec>) -> Option<Case> {
        let about = self.about(case);
        let mut expected = Vec::new();
        for entry in &case.allowed {
            let SiteSpec { kind, name } = &entry.value;
            expected.push(self.site(*kind, name).map(Expectation::Allowed));
        }
        for entry in &case.denied {
            let DeniedSpec { kind, name, by } = &entry.value;
            let (site, by) = (self.site(*kind, name), self.blamed(by));
            expected.push(site.zip(by).map(|(site, by)| Expectation::Denied(site, by)));
        }
        expected.extend(case.verdict.map(|verdict| Some(Expectation::Verdict(verdict))));
        for reason in &case.refused_by {
            expected.push(self.blamed(&reason.policies).map(|by| Expectation::RefusedBy(reason.code, by)));
        }
        let whom = case.deployment.as_ref().or(case.environment.as_ref()).map_or("", |name| name.as_str());
        let name = case.name.clone().unwrap_or_else(|| format!("case {}: {whom}", at + 1));
        let expected = expected.into_iter().collect::<Option<Vec<_>>>();
        Some(Case { name, origin: case.origin.clone(), about: about?, expected: expected? })
    }

    fn about(&mut self, case: &PolicyCaseSpec) -> Option<About> {
        let workspace = self.workspace;
        if let Some(address) = &case.deployment {
            return self.known(workspace.find_deployment(address), &address.origin).map(About::Deployment);
        }
        let environment = case.environment.as_ref().map_or(Some(workspace.default_environment()), |name| {
            self.known(workspace.find_environment(name), &name.origin)
        });
        let resource_type = match &case.resource_type {
            Some(name) => self.known(workspace.find_resource_type(name), &name.origin),
            None => self.known(workspace.find_resource_type("model"), &case_origin(case)),
        };
        let own = case.policies.iter().map(|attached| {
            let policy = self.known(workspace.find_policy(&attached.policy), &attached.policy.origin)?;
            Some(Attachment::new(policy, attached.terms()))
        });
        // All are looked up before the first unknown one ends it.
        let own: Vec<Option<Attachment>> = own.collect();
        Some(About::Supposed {
            environment: environment?,
            resource_type: resource_type?,
            own: own.into_iter().collect::<Option<_>>()?,
        })
    }

    fn site(&mut self, kind: TestedKind, name: &Sourced<String>) -> Option<Site> {
        let shown = format!("{kind} {}", name.value);
        let what = match kind.choice() {
            Some(kind) => {
                let found = self.workspace.find_choice(&format!("{kind}:{}", name.value));
                self.known(found, &name.origin).map(What::Choice)
            }
            None => self.known(self.workspace.find_cluster(name), &name.origin).map(What::Cluster),
        };
        let what = what?;
        if let What::Choice(choice) = what
            && self.workspace.catalog().atoms(choice).is_empty()
        {
            // Of nothing, all is allowed and all is denied.
            let message = format!("no known provider answers to the law of `{}`", name.value);
            let problem = Problem::new(ProblemCode::InvalidValue, &name.origin, message);
            self.problems.push(problem.help("declare one under the workspace's `providers`, or leave this out"));
            return None;
        }
        Some(Site { what, shown })
    }

    fn blamed(&mut self, policies: &[BlamedSpec]) -> Option<Vec<Blamed>> {
        let one = |blamed: &BlamedSpec| {
            let policy = self.known(self.workspace.find_policy(&blamed.policy), &blamed.policy.origin)?;
            Some(Blamed { policy, name: blamed.policy.value.clone(), level: blamed.level })
        };
        let all: Vec<Option<Blamed>> = policies.iter().map(one).collect();
        all.into_iter().collect()
    }

    fn known<T>(&mut self, found: Result<T, LookupError>, origin: &Origin) -> Option<T> {
        let problem = |error| Problem { origin: origin.clone(), ..Problem::from(error) };
        found.map_err(|error| self.problems.push(problem(error))).ok()
    }
}

/// Where a case stands, as far as one of its names says.
fn case_origin(case: &PolicyCaseSpec) -> Origin {
    case.environment.as_ref().map(|name| name.origin.clone()).unwrap_or_default()
}
