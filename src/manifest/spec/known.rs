//! Names as the built-in catalog writes them: `USA` is read as `us`, and `NVIDIA-T4` as `t4`. So specs that say the
//! same are equal, and what is written back has one form. What the catalog does not know, or takes for several, stays
//! as it was written: it is for the workspace to resolve (C2, C5, C7).

use std::collections::BTreeSet;

use crate::catalog::{Catalog, ChoiceKind, FlavorKind};
use crate::document::{Format, Item, Shape, Written};

/// A name as the built-in catalog writes it. The label of a part of a device says more than the device, and is kept.
pub(in crate::manifest) fn canonical(kind: ChoiceKind, name: String) -> String {
    let catalog = Catalog::builtin();
    if kind == ChoiceKind::Attribute {
        // Several are one set, in whatever order they are named.
        return Vec::from_iter(name.split('+').collect::<BTreeSet<_>>()).join("+");
    }
    let is_slice = match kind {
        ChoiceKind::Gpu => catalog.is_slice(FlavorKind::Gpu, &name),
        _ => false,
    };
    match catalog.resolve(kind, &name).filter(|_| !is_slice) {
        Some(choice) => catalog.choice_name(choice).to_owned(),
        None => name,
    }
}

/// A format of names, each read as its catalog writes it.
macro_rules! names {
    ($($(#[doc = $doc:literal])* $name:ident $canonical:expr;)*) => {
        $(
            $(#[doc = $doc])*
            pub(in crate::manifest) struct $name;

            impl Format<String> for $name {
                fn read(item: Item<'_>) -> Option<String> {
                    item.reference().map(|name| $canonical(name.value))
                }

                fn write(value: &String) -> Written {
                    value.into()
                }

                fn shape() -> Shape {
                    Shape::Name
                }
            }
        )*
    };
}

names! {
    /// A country's code.
    Country |name| canonical(ChoiceKind::Country, name);
    /// A cpu flavor.
    CpuFlavor |name| canonical(ChoiceKind::Cpu, name);
    /// A gpu flavor.
    GpuFlavor |name| canonical(ChoiceKind::Gpu, name);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(kind: ChoiceKind, names: &[&str]) {
        for name in names {
            assert_eq!(canonical(kind, (*name).to_owned()), names[0], "{name}");
        }
    }

    /// C2, C4, C5, C7.
    #[test]
    fn spellings_of_one_name_are_read_as_its_code() {
        same(ChoiceKind::Country, &["us", "US", "USA", "usa"]);
        same(ChoiceKind::Country, &["gb", "UK", "GBR"]);
        same(ChoiceKind::Continent, &["eu", "EU"]);
        same(ChoiceKind::Group, &["eea", "EEA", "ＥＥＡ"]);
        same(ChoiceKind::Location, &["aws/us-east-1", "AWS/us-east-1"]);
        same(ChoiceKind::Gpu, &["t4", "NVIDIA-T4", "Tesla T4"]);
        same(ChoiceKind::Gpu, &["any", "ANY"]);
        same(ChoiceKind::Cpu, &["x86", "amd64", "CPU x86"]);
    }

    #[test]
    fn what_the_catalog_does_not_know_or_takes_for_several_stays_as_written() {
        for (kind, name) in [
            (ChoiceKind::Country, "Georgia"),
            (ChoiceKind::Gpu, "A100-PCIe"),
            (ChoiceKind::Gpu, "X-900"),
            (ChoiceKind::Gpu, "NVIDIA-L4-SHARED"),
            (ChoiceKind::Location, "onprem/Oslo-1"),
        ] {
            assert_eq!(canonical(kind, name.to_owned()), name);
        }
    }

    /// Whatever is read as a code is that code for good.
    #[test]
    fn every_code_is_its_own() {
        let catalog = Catalog::builtin();
        for flavor in catalog.flavors() {
            let kind = match catalog.flavor_kind(flavor) {
                FlavorKind::Cpu => ChoiceKind::Cpu,
                FlavorKind::Gpu => ChoiceKind::Gpu,
            };
            let code = catalog.flavor_code(flavor).to_owned();
            assert_eq!(canonical(kind, code.clone()), code);
        }
        for country in catalog.countries() {
            let code = catalog.country_code(country).to_owned();
            assert_eq!(canonical(ChoiceKind::Country, code.clone()), code);
        }
        for location in catalog.locations() {
            let name = catalog.location_name(location).to_owned();
            assert_eq!(canonical(ChoiceKind::Location, name.clone()), name);
        }
    }
}
