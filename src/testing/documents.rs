//! Documents and their parts that no world is needed for.

use std::time::Duration;

use indexmap::IndexMap;

use super::choices::{Choices, Draw};
use super::values::{name, text, valid, words};
use crate::catalog::FlavorKind;
use crate::id::Name;
use crate::manifest::Kind;
use crate::manifest::beamlit::{Metric, PolicyDetails};
use crate::manifest::spec::{
    Allowed, BrokenCluster, ChoiceSpec, Dialect, ExpectedDemandSpec, FavouriteSpec, FlavorSpec, GpuSpec, GroupSpec,
    LocationSpec, Metadata, OffloadingSpec, ProviderSpec, ResourcesSpec, SiteKind,
};
#[cfg(feature = "manifest")]
use crate::manifest::{Gathered, Reading, ScenarioReading, Source, read, read_scenarios, spec::Specs, write_yaml};
use crate::origin::{Origin, Problem, Sourced};
use crate::quantity::Bytes;
use crate::traffic;

words! {
    Kind: Policy Environment Workspace Deployment Cluster Placement Scenario PolicyTest BeamlitPolicy ModelDeployment;
}

impl Draw for Metadata {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            name: Sourced::draw(choices),
            display_name: choices.maybe(20, text),
            labels: labels(choices),
            annotations: labels(choices),
        }
    }
}

fn labels(choices: &mut Choices<'_>) -> IndexMap<String, String> {
    let pairs = choices.several(0, 2, |choices| (choices.one_of("team", ["tier", "a/b"]).to_owned(), text(choices)));
    pairs.into_iter().collect()
}

impl Draw for Allowed {
    /// Options as a policy has them; not all need be of one axis.
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            3 => Self::Everything,
            _ => Self::Listed(choices.several(1, 3, Sourced::<ChoiceSpec>::draw)),
        }
    }
}

impl Draw for Dialect {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(2) {
            0 => Self::Native,
            _ => Self::Beamlit(Box::new(PolicyDetails::draw(choices))),
        }
    }
}

impl Draw for ExpectedDemandSpec {
    /// A demand without alternatives.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (weight, mut resources) = (choices.between(1, 10), ResourcesSpec::draw(choices));
        // Of alternatives, each is expected by itself.
        resources.gpu = resources.gpu.filter(|gpu| matches!(gpu, GpuSpec::One(_)));
        Self { weight, resources }
    }
}

impl Draw for GroupSpec {
    /// A group that the catalog does not know.
    fn draw(choices: &mut Choices<'_>) -> Self {
        const COUNTRIES: [&str; 7] = ["se", "no", "dk", "fi", "is", "fr", "us"];
        let mut countries = choices.some(&COUNTRIES, 4);
        if countries.is_empty() {
            countries.push("no");
        }
        Self {
            name: Sourced::from(name(choices.one_of("nordics", ["friends", "home"]))),
            countries: countries.into_iter().map(|code| code.to_owned().into()).collect(),
        }
    }
}

impl Draw for ProviderSpec {
    /// A provider that the catalog does not know.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let number = choices.below(10);
        let named = |text: &str| Sourced::<Name>::from(name(text));
        let aliases = choices.several(0, 1, |_| named(&format!("acme-cloud-{number}")));
        let jurisdiction = choices.maybe(50, |choices| choices.one_of("de", ["us", "NOR"]).to_owned().into());
        Self { name: named(&format!("acme{number}")), aliases, jurisdiction }
    }
}

impl Draw for LocationSpec {
    /// A location that the catalog does not know.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let country = choices.one_of("no", ["fr", "us", "jp"]);
        let region = format!("{}/{country}-{}", choices.one_of("onprem", ["edge"]), choices.below(10));
        let parent = choices.maybe(15, |choices| choices.one_of("aws/us-east-1", ["gcp/europe-west1"]).to_owned());
        Self { name: region.into(), country: country.to_owned().into(), parent: parent.map(Into::into) }
    }
}

impl Draw for FlavorSpec {
    /// A flavor that the catalog does not know.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let number = choices.below(10);
        let named = |text: &str| Sourced::<Name>::from(name(text));
        Self {
            kind: choices.one_of(FlavorKind::Gpu, [FlavorKind::Cpu]),
            name: named(&format!("x90{number}")),
            parent: None,
            aliases: choices.maybe(40, |_| named(&format!("X-90{number}-PCIe"))).into_iter().collect(),
            memory: choices.maybe(50, |choices| Bytes::new(choices.one_of(16, [48, 80]) << 30)),
        }
    }
}

impl Draw for FavouriteSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let kind = SiteKind::draw(choices);
        let called = match kind {
            SiteKind::Cluster => choices.one_of("a-1", ["b-1"]),
            SiteKind::Location => choices.one_of("aws/us-east-1", ["aws/eu-west-3"]),
            SiteKind::Provider => choices.one_of("aws", ["gcp"]),
        };
        Self { kind, name: called.to_owned().into(), weight: choices.one_of(1, [10, 100, 1000]) }
    }
}

impl Draw for OffloadingSpec {
    /// As a document can say it: in whole seconds and percents, with metrics that have a meaning.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let mut seconds = |most| Duration::from_secs(choices.between(0, most).into());
        let (window, release_window) = (seconds(600), seconds(600));
        let rule = valid(choices, |choices| {
            let (percentage, release) = (u8::try_from(choices.below(101)).ok()?, choices.between(1, 100) * 10);
            let rule = traffic::Offloading::new(percentage, window)?.releasing_after(release_window);
            if choices.chance(50) { rule.releasing_below(u16::try_from(release).ok()?) } else { Some(rule) }
        });
        let mut metrics = choices.several(0, 2, Metric::draw);
        metrics.retain(|metric| metric.spec().is_ok());
        Self { rule, metrics }
    }
}

impl Draw for BrokenCluster {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            name: choices.maybe(80, |choices| Name::draw(choices).as_str().to_owned()),
            pool: None,
            origin: Origin::draw(choices),
            provider: choices.maybe(50, |choices| choices.one_of("aws", ["onprem"]).to_owned()),
            location: choices.maybe(50, |choices| choices.one_of("us-east-1", ["oslo-1"]).to_owned()),
            country: choices.maybe(50, |choices| choices.one_of("us", ["no", "fr"]).to_owned()),
            problems: choices.several(1, 2, Problem::draw),
        }
    }
}

#[cfg(feature = "manifest")]
impl Draw for Source {
    /// The text of a small world, or, less often, some other text.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let text = if choices.chance(20) { text(choices) } else { write_yaml(&Specs::draw(choices)) };
        Self::new(choices.one_of("fleet.yaml", ["policies.yml", "é.json"]), text)
    }
}

#[cfg(feature = "manifest")]
impl Draw for Gathered {
    /// Two texts at most, all of which could be read.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { sources: choices.several(0, 2, Source::draw), problems: Vec::new() }
    }
}

#[cfg(feature = "manifest")]
impl Draw for Reading {
    fn draw(choices: &mut Choices<'_>) -> Self {
        read(&choices.several(0, 2, Source::draw))
    }
}

#[cfg(feature = "manifest")]
impl Draw for ScenarioReading {
    fn draw(choices: &mut Choices<'_>) -> Self {
        read_scenarios(&choices.several(0, 2, Source::draw))
    }
}
