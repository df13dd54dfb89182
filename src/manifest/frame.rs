//! The frame of a document: `apiVersion`, `kind`, `metadata`, `spec`.

use super::Kind;
use super::beamlit::{model_deployment, policy};
use super::spec::{DeploymentSpec, Dialect, Metadata, PolicySpec, Specs};
#[cfg(feature = "schema")]
use crate::document::{FieldShape, RecordShape, Shape};
use crate::document::{Format, Item, Map, Record, Written};

/// Reads a native document. Its metadata is read with its spec, so that the problems of both come together.
pub(super) fn native<R: Record>(document: Item<'_>) -> Option<R> {
    read(document, R::read)
}

/// The same, with the spec read by a function.
pub(super) fn read<T>(document: Item<'_>, read: impl FnOnce(Item<'_>) -> Option<T>) -> Option<T> {
    let mut fields = document.object(NATIVE)?;
    fields.accept("apiVersion");
    fields.accept("kind");
    let (metadata, spec) = (fields.required("metadata"), fields.required("spec"));
    fields.finish();
    if !spec.is_some_and(Item::is_object) {
        metadata.and_then(Metadata::read);
    }
    read(spec?)
}

const NATIVE: &str = "a document";

/// All documents of a load, the workspace first.
pub(super) fn documents(specs: &Specs) -> Vec<Written> {
    fn each<R: Record>(kind: Kind, specs: &[R], metadata: fn(&R) -> &Metadata) -> impl Iterator<Item = Map> {
        specs.iter().map(move |spec| kind.document(Metadata::write(metadata(spec)), R::write(spec)))
    }
    let policies = specs.policies.iter().map(|spec| match &spec.dialect {
        Dialect::Native => Kind::Policy.document(Metadata::write(&spec.metadata), PolicySpec::write(spec)),
        Dialect::Beamlit(details) => policy::write(spec, details),
    });
    let deployments = specs.deployments.iter().map(|spec| match &spec.beamlit {
        None => Kind::Deployment.document(Metadata::write(&spec.metadata), DeploymentSpec::write(spec)),
        Some(original) => model_deployment::write(spec, original),
    });
    each(Kind::Workspace, specs.workspace.as_slice(), |spec| &spec.metadata)
        .chain(policies)
        .chain(each(Kind::Environment, &specs.environments, |spec| &spec.metadata))
        .chain(deployments)
        .chain(each(Kind::Cluster, &specs.clusters, |spec| &spec.metadata))
        .chain(each(Kind::Placement, &specs.running, |spec| &spec.metadata))
        .map(Written::Map)
        .collect()
}

impl Kind {
    /// A document of this kind.
    pub(super) fn document(self, metadata: Written, spec: Written) -> Map {
        Map::default()
            .with("apiVersion", self.api_version())
            .with("kind", self.kind())
            .with("metadata", metadata)
            .with("spec", spec)
    }

    /// The description of a document of this kind.
    #[cfg(feature = "schema")]
    pub(super) fn described(self, what: &'static str, metadata: Shape, spec: Shape) -> RecordShape {
        let mut document = RecordShape::new(what);
        let one = |word| Shape::Words(vec![word]);
        document
            .add(FieldShape::new("apiVersion", &["The API group and version."]).required(), one(self.api_version()));
        document.add(FieldShape::new("kind", &["The kind of document."]).required(), one(self.kind()));
        document.add(FieldShape::new("metadata", &["Its name and labels."]).required(), metadata);
        document.add(FieldShape::new("spec", &["The content of the document."]).required(), spec);
        document
    }

    /// The description of a native document.
    #[cfg(feature = "schema")]
    pub(super) fn described_natively(self, spec: Shape) -> RecordShape {
        self.described(NATIVE, Metadata::shape(), spec)
    }
}
