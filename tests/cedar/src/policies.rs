//! Policies, requirements and demands as Cedar's policies.

use siting::catalog::Axis;
use siting::inventory::SliceNeed;
use siting::manifest::spec::{
    Allowed, AttachmentSpec, ChoiceSpec, DeploymentSpec, GpuNeedSpec, GpuSpec, PolicySpec, ResourcesSpec, Specs,
};
use siting::origin::Sourced;
use siting::policy::Enforcement;

/// What binds a deployment: one `permit` for its demand, and one `forbid` for each level and axis that somebody
/// restricts or requires.
pub fn of(world: &Specs, deployment: &DeploymentSpec) -> String {
    let workspace = world.workspace.as_ref();
    let default = workspace.and_then(|spec| spec.default_environment.as_ref()).filter(|_| deployment.beamlit.is_none());
    let governor = deployment.environment.as_ref().or(default).map_or("production", |name| name.as_str());
    let environment = world.environments.iter().find(|found| found.metadata.name.as_str() == governor);
    let levels = [
        (workspace.map_or(&[][..], |spec| &spec.policies), workspace.map_or(&[][..], |spec| &spec.require)),
        (environment.map_or(&[][..], |spec| &spec.policies), environment.map_or(&[][..], |spec| &spec.require)),
        (&deployment.policies[..], &[][..]),
    ];
    let mut text = permit(deployment.resources.as_ref());
    for axis in Axis::ALL {
        // P13: what is in force at the level that requires or above.
        let mut in_force = vec!["false".to_owned()];
        for (attachments, require) in levels {
            let policies: Vec<_> = attached(world, attachments).filter(|(policy, _)| policy.axis == axis).collect();
            in_force.extend(policies.iter().map(|(policy, _)| in_scope(policy)));
            if require.iter().any(|required| required.value == axis) {
                text += &format!("forbid(principal, action, resource) unless {{ {} }};\n", in_force.join(" || "));
            }
            if policies.is_empty() {
                continue;
            }
            let somebody: Vec<_> = policies.iter().map(|(policy, _)| in_scope(policy)).collect();
            // P16: what has ended allows nothing, and its level stays restricted.
            let standing = policies.iter().filter(|(_, has_ended)| !has_ended);
            let allowed = standing.map(|(policy, _)| format!("({} && {})", in_scope(policy), admits(policy)));
            let allowed: Vec<_> = allowed.chain(["false".to_owned()]).collect();
            text += &format!(
                "forbid(principal, action, resource) when {{ {} }} unless {{ {} }};\n",
                somebody.join(" || "),
                allowed.join(" || ")
            );
        }
    }
    let missing = |at: &&AttachmentSpec| at.remote && find(world, at).is_none();
    if deployment.policies.iter().any(|at| missing(&at)) {
        text += "forbid(principal, action, resource);\n";
    }
    text
}

fn find<'w>(world: &'w Specs, attachment: &AttachmentSpec) -> Option<&'w PolicySpec> {
    world.policies.iter().find(|policy| policy.metadata.name.as_str() == attachment.policy.as_str())
}

/// The enforced policies of a level that bind deployments, and whether each has ended: no moment is stated, and then
/// whatever has an end has ended (P16).
fn attached<'w>(world: &'w Specs, attachments: &'w [AttachmentSpec]) -> impl Iterator<Item = (&'w PolicySpec, bool)> {
    let enforced = attachments.iter().filter(|at| at.enforcement == Enforcement::Enforce);
    let found = enforced.filter_map(|at| Some((find(world, at)?, at.until.is_some())));
    found.filter(|(policy, _)| policy.callers.is_none())
}

/// Whether a policy applies to the workload's type.
fn in_scope(policy: &PolicySpec) -> String {
    match &policy.resource_types {
        None => "true".to_owned(),
        Some(types) => {
            let types: Vec<_> = types.iter().map(|name| format!("{:?}", name.value)).collect();
            format!("[{}].contains(principal.type)", types.join(", "))
        }
    }
}

fn admits(policy: &PolicySpec) -> String {
    let options = match &policy.options {
        Allowed::Everything => "true".to_owned(),
        Allowed::Listed(options) => any(options, false),
    };
    let except = if policy.except.is_empty() { String::new() } else { format!(" && !({})", any(&policy.except, true)) };
    format!("({options}){except}")
}

/// Whether one of the options means what is asked about; of exceptions, whether one takes it out.
fn any(options: &[Sourced<ChoiceSpec>], are_exceptions: bool) -> String {
    let option = |option: &Sourced<ChoiceSpec>| {
        if option.kind.axis() == Axis::Attribute {
            let names: Vec<_> = option.name.split('+').map(|name| format!("{name:?}")).collect();
            return format!("resource.bears.containsAll([{}])", names.join(", "));
        }
        let (attribute, kind) = match option.kind.axis() {
            Axis::Location => ("place", "Place"),
            Axis::Flavor => ("flavor", "Flavor"),
            Axis::Provider => ("provider", "Provider"),
            Axis::Capacity => ("capacity", "Capacity"),
            other => panic!("no entity stands for a value of the axis {other:?}"),
        };
        let takes_more = are_exceptions && matches!(option.kind.as_str(), "cpu" | "gpu" | "location" | "jurisdiction");
        let taken = if takes_more { "taken/" } else { "" };
        let id = format!("{taken}{}/{}", option.kind.as_str(), option.name);
        format!("resource.{attribute} in {kind}::{id:?}")
    };
    options.iter().map(option).collect::<Vec<_>>().join(" || ")
}

/// What is open, and satisfies one of the demand's alternatives as a whole (D1).
fn permit(resources: Option<&ResourcesSpec>) -> String {
    let condition = match resources {
        // I7: who says nothing of resources does not ask for slices.
        None => "!(resource.kind == \"gpu\" && resource has slice)".to_owned(),
        Some(resources) => {
            let needs: &[GpuNeedSpec] = match &resources.gpu {
                None => &[],
                Some(GpuSpec::One(need)) => std::slice::from_ref(need),
                Some(GpuSpec::AnyOf(needs)) => needs,
            };
            let needs: Vec<_> = needs.iter().filter(|need| need.count > 0).collect();
            let host = resources.cpu_type.as_ref().map_or_else(
                || "true".to_owned(),
                |code| format!("(resource has host && resource.host in Flavor::{:?})", format!("cpu/{}", code.value)),
            );
            let alternatives: Vec<_> = match needs.as_slice() {
                [] => vec!["resource.kind == \"cpu\"".to_owned()],
                needs => needs.iter().map(|need| satisfies(need)).collect(),
            };
            let amounts = [
                ("cpu", resources.cpu.get()),
                ("memory", resources.memory.get()),
                ("storage", resources.storage.map_or(0, |bytes| bytes.get())),
                ("bandwidth", resources.bandwidth.map_or(0, |bits| bits.get())),
            ];
            let amounts = amounts.map(|(name, amount)| at_least(name, amount)).join(" && ");
            format!("{host} && {amounts} && ({})", alternatives.join(" || "))
        }
    };
    format!("permit(principal, action, resource) when {{ resource.open && {condition} }};\n")
}

fn satisfies(need: &GpuNeedSpec) -> String {
    let thousandths = need.share.map_or(u64::from(need.count) * 1000, |share| u64::from(share.thousandths()));
    let types: Vec<_> = need
        .types
        .iter()
        .map(|code| format!("resource.flavor in Flavor::{:?}", format!("gpu/{}", code.value)))
        .collect();
    let types = if types.is_empty() { "true".to_owned() } else { types.join(" || ") };
    let memory = need.memory.map_or_else(
        || "true".to_owned(),
        |least| format!("(resource has gpuMemory && resource.gpuMemory >= {})", least.get()),
    );
    // I7: slices serve who asks for slices, and nobody else.
    let slice = match need.slice {
        None => "!(resource has slice)".to_owned(),
        Some(SliceNeed::Any) => "resource has slice".to_owned(),
        Some(SliceNeed::Of(slice)) => format!("(resource has slice && resource.slice == {:?})", slice.to_string()),
    };
    let gpus = at_least("gpus", thousandths);
    format!("(resource.kind == \"gpu\" && ({types}) && {memory} && {slice} && {gpus})")
}

/// Whether a node has an amount; one that states none limits nothing.
fn at_least(name: &str, amount: u64) -> String {
    format!("(!(resource has {name}) || resource.{name} >= {amount})")
}
