//! Lifecycle settings from specs: settings by name, without the values of environment variables (L11).

use super::spec::{
    AttachmentSpec, DeploymentSpec, FavouriteSpec, GpuSpec, NearSpec, PreferenceSpec, PreferencesSpec, ResourcesSpec,
    SiteKind,
};
use crate::lifecycle::{
    Favoured, GpuRequirement, PolicyUse, Preferred, Preferring, RequestScaling, Requirements, Settings,
};

impl DeploymentSpec {
    /// Its settings, as they are kept through its lifecycle.
    ///
    /// ```
    /// use siting::manifest::spec::DeploymentSpec;
    /// let spec = DeploymentSpec::of_model("bert-api-v1".parse()?, "bert".parse()?);
    /// assert_eq!(spec.settings().replicas_at_start(), 1);
    /// # Ok::<(), siting::id::InvalidName>(())
    /// ```
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            display_name: self.metadata.display_name.clone(),
            description: self.description.clone(),
            labels: self.metadata.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            variables: self.env.keys().cloned().collect(),
            replicas: self.replicas,
            scaling: self.scaling,
            requests: RequestScaling::default(),
            load_balancer: self.load_balancer.clone(),
            priority: self.priority,
            placement: self.placement.as_ref().map(PreferencesSpec::preferred),
            resources: self.resources.as_ref().map(ResourcesSpec::requirements),
            max_price_per_hour: self.max_price_per_hour,
            policies: self.policies.iter().map(AttachmentSpec::used).collect(),
            strategy: self.strategy.clone(),
            offloading: self.offloads(),
        }
    }
}

impl AttachmentSpec {
    /// The attachment without its place in a text.
    #[must_use]
    pub fn used(&self) -> PolicyUse {
        PolicyUse { remote: self.remote, ..PolicyUse::new(&*self.policy.value, self.terms()) }
    }
}

impl ResourcesSpec {
    /// The resources without their places in a text.
    #[must_use]
    pub fn requirements(&self) -> Requirements {
        let needs = match &self.gpu {
            None => &[],
            Some(GpuSpec::One(need)) => std::slice::from_ref(need),
            Some(GpuSpec::AnyOf(needs)) => &**needs,
        };
        let gpu = needs.iter().filter(|need| need.count > 0).map(|need| GpuRequirement {
            count: need.count,
            types: need.types.iter().map(|name| name.value.clone()).collect(),
            memory: need.memory,
            share: need.share,
            slice: need.slice,
        });
        Requirements {
            cpu: self.cpu,
            memory: self.memory,
            storage: self.storage,
            bandwidth: self.bandwidth,
            cpu_type: self.cpu_type.as_ref().map(|name| name.value.clone()),
            gpu: gpu.collect(),
        }
    }
}

impl PreferencesSpec {
    /// The preferences without their places in a text.
    #[must_use]
    pub fn preferred(&self) -> Preferred {
        let favoured = |spec: &FavouriteSpec| {
            let name = spec.name.value.clone();
            match spec.kind {
                SiteKind::Cluster => Favoured::Cluster(name, spec.weight),
                SiteKind::Location => Favoured::Location(name, spec.weight),
                SiteKind::Provider => Favoured::Provider(name, spec.weight),
            }
        };
        let prefer = self.prefer.iter().map(|preference| match preference {
            PreferenceSpec::Price => Preferring::Price,
            PreferenceSpec::Packing => Preferring::Packing,
            PreferenceSpec::Near(NearSpec::Country(country)) => Preferring::NearCountry(country.value.clone()),
            PreferenceSpec::Near(NearSpec::Coordinates(at)) => Preferring::NearPoint(at.latitude(), at.longitude()),
            PreferenceSpec::Favourites(favourites) => Preferring::Favourites(favourites.iter().map(favoured).collect()),
        });
        Preferred { prefer: prefer.collect(), spread: self.spread, together: self.together }
    }
}

impl From<&Preferred> for PreferencesSpec {
    fn from(preferred: &Preferred) -> Self {
        let favourite = |favoured: &Favoured| {
            let (kind, name, weight) = match favoured {
                Favoured::Cluster(name, weight) => (SiteKind::Cluster, name, *weight),
                Favoured::Location(name, weight) => (SiteKind::Location, name, *weight),
                Favoured::Provider(name, weight) => (SiteKind::Provider, name, *weight),
            };
            FavouriteSpec { kind, name: name.clone().into(), weight }
        };
        let prefer = preferred.prefer.iter().filter_map(|preferring| {
            Some(match preferring {
                Preferring::Price => PreferenceSpec::Price,
                Preferring::Packing => PreferenceSpec::Packing,
                Preferring::NearCountry(code) => PreferenceSpec::Near(NearSpec::Country(code.clone().into())),
                Preferring::NearPoint(latitude, longitude) => {
                    let at = crate::quantity::Coordinates::from_micro_degrees(*latitude, *longitude)?;
                    PreferenceSpec::Near(NearSpec::Coordinates(at))
                }
                Preferring::Favourites(favourites) => {
                    PreferenceSpec::Favourites(favourites.iter().map(favourite).collect())
                }
            })
        });
        Self { prefer: prefer.collect(), spread: preferred.spread, together: preferred.together }
    }
}
