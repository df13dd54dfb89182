//! From files to a workspace.

use std::str::FromStr;

use super::names::Unsound;
use super::{LoadError, LoadOptions, Workspace};
use crate::manifest::{self, Gathered, Kind, Source};

impl Workspace {
    /// Reads manifests from files, directories and (`-`) standard input, and resolves them.
    ///
    /// # Errors
    /// [`LoadError`] with every problem of every file.
    pub fn load(paths: &[impl AsRef<std::path::Path>], options: LoadOptions) -> Result<Self, LoadError> {
        Self::from_gathered(&manifest::gather(paths), options)
    }

    /// Reads what [`gather`](manifest::gather) found, and resolves it. A caller that keeps the texts can show
    /// the lines that problems refer to.
    ///
    /// # Errors
    /// [`LoadError`] with every problem of every text, and those of gathering them.
    pub fn from_gathered(gathered: &Gathered, options: LoadOptions) -> Result<Self, LoadError> {
        Self::from_sources_with(&gathered.sources, gathered.problems.clone(), options)
    }

    /// Reads manifests from texts, and resolves them.
    ///
    /// ```
    /// use siting::manifest::Source;
    /// use siting::workspace::{LoadOptions, Workspace};
    ///
    /// let text = "
    /// apiVersion: siting.dev/v1
    /// kind: Deployment
    /// metadata: {name: bert-api-v1}
    /// spec: {model: bert}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Cluster
    /// metadata: {name: paris}
    /// spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
    /// ";
    /// let source = Source { name: "fleet.yaml".into(), text: text.to_owned() };
    /// let workspace = Workspace::from_sources(&[source], LoadOptions::default())?;
    /// assert!(workspace.place("bert/bert-api-v1")?.decision.is_placed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`LoadError`] with every problem of every text.
    pub fn from_sources(sources: &[Source], options: LoadOptions) -> Result<Self, LoadError> {
        Self::from_sources_with(sources, Vec::new(), options)
    }

    /// With problems that were met before the texts could be read.
    fn from_sources_with(
        sources: &[Source],
        mut problems: Vec<crate::origin::Problem>,
        options: LoadOptions,
    ) -> Result<Self, LoadError> {
        let reading = manifest::read(sources);
        problems.extend(reading.problems);
        if reading.left_out > 0 {
            // The one that counts the others: what is left out is counted again.
            problems.pop();
        }
        // What could be read is resolved even so: all problems of a load come together.
        match Self::resolve(reading.specs, unsound(reading.unread), options) {
            Ok(workspace) if problems.is_empty() => Ok(workspace),
            Ok(_) => Err(LoadError::new(problems, reading.left_out)),
            Err(found) => {
                problems.extend(found);
                Err(LoadError::new(problems, reading.left_out))
            }
        }
    }
}

/// As [`Workspace::from_sources`] reads one text, without options.
///
/// ```
/// use siting::Workspace;
///
/// let text = "apiVersion: siting.dev/v1\nkind: Deployment\nmetadata: {name: v1}\nspec: {model: bert}\n";
/// let workspace: Workspace = text.parse()?;
/// assert_eq!(workspace.deployments().len(), 1);
/// # Ok::<(), siting::LoadError>(())
/// ```
impl FromStr for Workspace {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        Self::from_sources(&[Source::new("<text>", text)], LoadOptions::default())
    }
}

pub(super) fn unsound(unread: Vec<(Kind, String)>) -> Unsound {
    let mut unsound = Unsound::default();
    for (kind, name) in unread {
        match kind {
            Kind::Policy | Kind::BeamlitPolicy => unsound.policies.insert(name),
            Kind::Environment => unsound.environments.insert(name),
            Kind::Deployment | Kind::ModelDeployment => unsound.deployments.insert(name),
            Kind::Workspace => {
                unsound.additions = true;
                continue;
            }
            _ => continue,
        };
    }
    unsound
}
