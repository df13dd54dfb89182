//! What is still allowed, before anything is deployed (D10).

use std::sync::Arc;

use crate::bitset::BitSet;
use crate::catalog::{Axis, Catalog, Choice, PerAxis};
use crate::deployment::Demand;
use crate::id::{ClassId, ClusterId, EnvironmentId, Id, PairId, ResourceTypeId};
use crate::inventory::Class;
use crate::placement::{self, Ask, Limit, Limited, Reason, policy_reasons};
use crate::policy::{Bundle, Scope};
use crate::workspace::{LookupError, Workspace};

/// The values that remain of each axis, each with the number of its clusters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Remaining {
    /// What remains of each axis: by kind (of places continent, country, location, group), then by name or code.
    pub values: PerAxis<Vec<OptionCount>>,
    /// Why the policies leave nothing, whatever clusters there are; empty where they leave something.
    pub reasons: Vec<Reason>,
}

impl Remaining {
    /// Why nothing remains, in words; empty where something does.
    #[must_use]
    pub fn why_nothing(&self, workspace: &Workspace) -> Vec<String> {
        if !self.reasons.is_empty() {
            return self.reasons.iter().map(Reason::message).collect();
        }
        let why = if workspace.inventory().fleet().clusters().is_empty() {
            "no clusters were loaded"
        } else {
            "no healthy, uncordoned cluster satisfies the policies and the options chosen"
        };
        let nothing = self.values.iter().all(|(_, values)| values.is_empty());
        nothing.then(|| why.to_owned()).into_iter().collect()
    }
}

/// What [`options`] is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Where the deployment would go.
    pub environment: EnvironmentId,
    /// The workload's type.
    pub resource_type: ResourceTypeId,
    /// The places and hardware that are chosen already.
    pub given: Vec<Choice>,
}

impl Question {
    /// A question by names: an environment (the workspace's default where there is none), a workload type (`model`)
    /// and choices such as `gpu:t4`.
    ///
    /// # Errors
    /// [`LookupError`] where a name is not known.
    pub fn named(
        workspace: &Workspace,
        environment: Option<&str>,
        resource_type: Option<&str>,
        given: &[&str],
    ) -> Result<Self, LookupError> {
        let default = workspace.default_environment();
        Ok(Self {
            environment: environment.map_or(Ok(default), |name| workspace.find_environment(name))?,
            resource_type: workspace.find_resource_type(resource_type.unwrap_or("model"))?,
            given: given.iter().map(|text| workspace.find_choice(text)).collect::<Result<_, _>>()?,
        })
    }
}

/// A value that remains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionCount {
    /// The value.
    pub choice: Choice,
    /// Clusters on which a replica could run if it were chosen, from 1.
    pub clusters: usize,
    /// How many values of each axis would be left if it were chosen; of its own axis, those that overlap with it.
    pub leaves: PerAxis<usize>,
}

/// Which places and hardware remain for a workload type in an environment, after the choices
/// already made, with how many clusters each has (D10).
///
/// `given` acts as a deployment's own policies would: choices of one axis widen each other, those of
/// different axes narrow each other. Only open clusters count (I3), and a value behind which none
/// is left does not remain. An environment of another workspace contributes nothing.
#[must_use]
pub fn options(
    workspace: &Workspace,
    environment: EnvironmentId,
    resource_type: ResourceTypeId,
    given: &[Choice],
) -> Remaining {
    let bundle = workspace.environment(environment).map(|environment| environment.bundle()).unwrap_or_default();
    let levels = [workspace.bundle(), bundle, Bundle::default()];
    let scope = Arc::new(Scope::compile(workspace.policies(), levels, resource_type, workspace.now()));
    if scope.refuses_everything() {
        return Remaining { reasons: policy_reasons(&scope), ..Remaining::default() };
    }
    let limits = workspace.limits_in(environment);
    let left = Left::new(workspace, &scope, given, &limits);
    let catalog = workspace.catalog();
    let count = |choice: Choice| {
        let clusters = left.clusters(catalog, choice);
        (clusters > 0).then_some(OptionCount { choice, clusters, leaves: PerAxis::default() })
    };
    let key =
        |option: &OptionCount| (catalog.choice_kind(option.choice), catalog.choice_name(option.choice).to_owned());
    let mut values = PerAxis::from_fn(|axis| {
        let mut values: Vec<_> = catalog.choices_on(axis).into_iter().filter_map(count).collect();
        values.sort_by_key(key);
        values
    });
    // What two values leave together, by the classes behind both. O(values² × classes / 64).
    let behind = PerAxis::from_fn(|axis| {
        values.get(axis).iter().map(|option| left.behind(catalog, option.choice)).collect::<Vec<_>>()
    });
    for axis in Axis::ALL {
        for (option, own) in values.get_mut(axis).iter_mut().zip(behind.get(axis)) {
            let meets = |other: &&BitSet<ClassId>| !own.is_disjoint(other);
            option.leaves = PerAxis::from_fn(|axis| behind.get(axis).iter().filter(meets).count());
        }
    }
    Remaining { values, reasons: Vec::new() }
}

/// The classes that remain, each with its open clusters.
struct Left<'a> {
    classes: Vec<(&'a Class, Vec<ClusterId>)>,
    clusters: usize,
}

impl<'a> Left<'a> {
    fn new(workspace: &'a Workspace, scope: &'a Arc<Scope>, given: &[Choice], limits: &[Limit]) -> Self {
        let inventory = workspace.inventory();
        let (fleet, catalog) = (inventory.fleet(), workspace.catalog());
        // Choices of one axis widen each other, those of different axes narrow each other.
        let is_chosen = |class: &&Class| {
            class.points.iter().all(|(axis, point)| {
                let mut of_axis = given.iter().filter(|choice| choice.axis() == axis).peekable();
                let covers = |&choice: &Choice| point.is_some_and(|point| catalog.covers(choice, point.atom));
                of_axis.peek().is_none() || of_axis.any(covers)
            })
        };
        // Under a limit of price, a place of unknown price is no candidate (E4).
        let any = Demand::any_flavor();
        let is_priced = limits.iter().any(|limit| limit.of == Limited::Price);
        let priced = is_priced.then(|| placement::candidates(inventory, scope, &Ask::new(&any, 1).within(limits)));
        let has_price = |pair: &PairId| priced.as_ref().is_none_or(|priced| priced.contains(*pair));
        let open = |class: &'a Class| {
            let pairs = class.members.iter().filter(|pair| has_price(pair));
            let clusters = pairs.filter_map(|&id| fleet.pair(id)).map(|pair| pair.cluster);
            let mut open: Vec<_> = clusters.filter(|&id| inventory.takers().contain(id)).collect();
            open.dedup();
            (class, open)
        };
        let allowed = fleet.index().allowed(scope);
        Self { classes: allowed.classes().filter(is_chosen).map(open).collect(), clusters: fleet.clusters().len() }
    }

    /// The classes of a choice that have an open cluster.
    fn behind(&self, catalog: &Catalog, choice: Choice) -> BitSet<ClassId> {
        let is_behind = |(class, clusters): &(&Class, Vec<ClusterId>)| {
            !clusters.is_empty()
                && class.points.get(choice.axis()).is_some_and(|point| catalog.covers(choice, point.atom))
        };
        BitSet::of_items(&self.classes, |class| is_behind(class))
    }

    /// The number of open clusters of a choice.
    fn clusters(&self, catalog: &Catalog, choice: Choice) -> usize {
        let behind = self.classes.iter().filter(|(class, _)| {
            class.points.get(choice.axis()).is_some_and(|point| catalog.covers(choice, point.atom))
        });
        let ids = behind.flat_map(|(_, clusters)| clusters.iter().copied());
        BitSet::from_ids(self.clusters, ids.filter(|id| id.index() < self.clusters)).len()
    }
}
