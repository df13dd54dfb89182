//! A document's `apiVersion` and `kind`: whether it is ours to read.

use super::kind::Kind;
use crate::document::{Fields, Item, quoted, suggestion};
use crate::origin::ProblemCode;

/// What a document's first two fields say.
pub(super) enum Heading {
    /// It is of this kind.
    Ours(Kind),
    /// It is a Kubernetes `List` of documents.
    List,
    /// It is of another API group.
    Foreign(String),
}

/// Reads the heading; nothing if it is unreadable or unknown, which is then reported.
pub(super) fn heading(document: Item<'_>) -> Option<Heading> {
    let mut fields = document.object("a document")?;
    let version = fields.nullable("apiVersion");
    let kind = fields.nullable("kind");
    for (field, name) in [(version, "apiVersion"), (kind, "kind")] {
        if field.is_none() {
            missing(&fields, document, name);
        }
    }
    let (version_item, kind_item) = (version?, kind?);
    let (version, kind) = (version_item.text(), kind_item.text());
    let (version, kind) = (version?, kind?);
    let group = version.split_once('/').map_or(version, |(group, _)| group);
    let ours: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| group_of(*kind) == group).collect();
    let Some(first) = ours.first() else {
        if version == "v1" && kind == "List" {
            return Some(Heading::List);
        }
        return foreign(version_item, kind_item, version, kind);
    };
    if first.api_version() != version {
        let message = format!("unknown version {}", quoted(version));
        version_item.problem(ProblemCode::UnknownVersion, message, format!("write `{}`", first.api_version()));
        return None;
    }
    if let Some(found) = ours.iter().find(|ours| ours.kind() == kind) {
        return Some(Heading::Ours(*found));
    }
    let names: Vec<&str> = ours.iter().map(|kind| kind.kind()).collect();
    let message = format!("`{version}` has no kind {}", quoted(kind));
    let help = if ANSWERS.contains(&kind) {
        "this is an answer that was printed, and no manifest: keep it out of these directories".to_owned()
    } else {
        suggestion(kind, &names, "its kinds are")
    };
    kind_item.problem(ProblemCode::UnknownKind, message, help);
    None
}

/// What `-o json` prints: it is easily kept beside the manifests that it is about.
const ANSWERS: [&str; 15] = [
    "BeyondReport",
    "Catalog",
    "Certificate",
    "CheckReport",
    "Description",
    "DiffReport",
    "DrainReport",
    "DrillReport",
    "ErrorReport",
    "Explanation",
    "OptionsReport",
    "PlacementReport",
    "PolicyTestsReport",
    "SimulationReport",
    "VerificationReport",
];

fn group_of(kind: Kind) -> &'static str {
    kind.api_version().split_once('/').map_or("", |(group, _)| group)
}

fn missing(fields: &Fields<'_>, document: Item<'_>, name: &str) {
    let message = match document.first_key() {
        Some(key) => format!("the document that begins with {} needs `{name}`", quoted(key)),
        None => format!("an empty document needs `{name}`"),
    };
    let help = "begin it with `apiVersion: siting.dev/v1` and its `kind`";
    fields.problem(ProblemCode::MissingField, message, Some(help));
}

/// A document of another group, unless the group is a misspelling of ours, or is not known to have a kind that is
/// named like one of ours: such a document would go unread, and its policies with it.
fn foreign(item: Item<'_>, kind_item: Item<'_>, version: &str, kind: &str) -> Option<Heading> {
    const SLIP: usize = 2;
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let meant = Kind::ALL.into_iter().find(|ours| {
        let own = group_of(*ours);
        group.len() <= own.len() * 2 && strsim::osa_distance(&group.to_lowercase(), own) <= SLIP
    });
    if let Some(meant) = meant {
        let message = format!("unknown API group {}", quoted(group));
        item.problem(ProblemCode::UnknownVersion, message, format!("did you mean `{}`?", meant.api_version()));
        return None;
    }
    let ours = || Kind::ALL.into_iter().find(|ours| ours.kind() == kind);
    let known = NAMESAKES.iter().any(|(name, groups)| *name == kind && groups.contains(&group));
    if let Some(own) = ours().filter(|_| !known) {
        let message = format!("{} is not known to have a kind `{kind}`", quoted(version));
        let help = format!("write `apiVersion: {}`, or keep documents of other tools elsewhere", own.api_version());
        kind_item.problem(ProblemCode::UnknownKind, message, help);
        return None;
    }
    let shown = if group.is_empty() { version } else { group };
    Some(Heading::Foreign(quoted(shown).trim_matches('`').to_owned()))
}

/// Kinds that are called as ours are, and the API groups that have them. Each group stands beside where its own
/// project declares it (looked at in November 2026).
const NAMESAKES: [(&str, &[&str]); 5] = [
    (
        "Deployment",
        &[
            "apps",       // kubernetes/api: apps/v1/types.go
            "extensions", // the same before Kubernetes 1.16: extensions/v1beta1/types.go
        ],
    ),
    (
        "Cluster",
        &[
            "anywhere.eks.amazonaws.com", // aws/eks-anywhere: config/crd/bases
            "apps.kubeblocks.io",         // apecloud/kubeblocks: config/crd/bases
            "cluster.karmada.io",         // karmada-io/karmada: charts/_crds
            "cluster.x-k8s.io",           // kubernetes-sigs/cluster-api: config/crd/bases
            "clusterregistry.k8s.io",     // kubernetes/cluster-registry, archived
            "ecs.aws.upbound.io",         // crossplane-contrib/provider-upjet-aws: package/crds; so the next
            "eks.aws.upbound.io",
            "fleet.cattle.io",        // rancher/fleet: charts/fleet-crd
            "management.cattle.io",   // rancher/rancher: pkg/apis/management.cattle.io/v3
            "postgresql.cnpg.io",     // cloudnative-pg/cloudnative-pg: config/crd/bases
            "provisioning.cattle.io", // rancher/rancher: pkg/apis/provisioning.cattle.io/v1
        ],
    ),
    (
        "Policy",
        &[
            "audit.k8s.io",                      // kubernetes/apiserver: pkg/apis/audit/v1/types.go
            "authentication.istio.io",           // istio/api before 1.8: authentication/v1alpha1/policy.proto
            "iam.aws.upbound.io",                // crossplane-contrib/provider-upjet-aws: package/crds
            "k8s.nginx.org",                     // nginx/kubernetes-ingress: config/crd/bases
            "kyverno.io",                        // kyverno/kyverno: config/crds/kyverno
            "policy.open-cluster-management.io", // open-cluster-management-io/governance-policy-propagator: deploy/crds
        ],
    ),
    (
        "Placement",
        &[
            "cluster.open-cluster-management.io", // open-cluster-management-io/api: cluster/v1beta1
            "scheduling.kcp.io",                  // kcp-dev/kcp: config/crds
        ],
    ),
    (
        "Workspace",
        &[
            "app.terraform.io",     // hashicorp/hcp-terraform-operator: config/crd/bases
            "auto.pulumi.com",      // pulumi/pulumi-kubernetes-operator: deploy/crds
            "kaito.sh",             // kaito-project/kaito: config/crd/bases
            "tenancy.kcp.io",       // kcp-dev/kcp: config/crds
            "tenant.kubesphere.io", // kubesphere/kubesphere: config/crds
        ],
    ),
];
