//! Names as clouds, Kubernetes and marketplaces write them (C5, C7), from lists of the field where they are there.

use std::path::Path;

use siting::catalog::{Catalog, Choice, ChoiceKind, FlavorKind, Slice};

/// The rows of a list; nothing, with a word, where it is not there.
fn rows(file: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return Vec::new();
    };
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn codes(catalog: &Catalog, text: &str) -> Vec<String> {
    let found = catalog.hardware(FlavorKind::Gpu, text).map(|found| found.flavors).unwrap_or_default();
    found.iter().map(|&flavor| catalog.flavor_code(flavor).to_owned()).collect()
}

#[test]
fn c5_every_certain_name_of_hardware_is_read() {
    let catalog = Catalog::builtin();
    let mut wrong = Vec::new();
    for row in rows("gpu_names.csv") {
        let [_, name, meant, certain, ..] = &row[..] else { continue };
        let found = catalog.hardware(FlavorKind::Gpu, name).map(|found| found.flavors).unwrap_or_default();
        let code = catalog.above_all(&found).map_or("none", |flavor| catalog.flavor_code(flavor));
        if certain == "yes" && code != meant {
            wrong.push(format!("{name} is {code}, not {meant}"));
        }
    }
    assert_eq!(wrong, [] as [&str; 0]);
}

/// C5: an architecture is no hardware; a name of three generations is none of them; what the table contradicts
/// is a mistake. What is not read on purpose stands in the guide.
#[test]
fn c5_what_is_no_name_is_not_guessed() {
    let catalog = Catalog::builtin();
    for text in [
        "Blackwell",
        "Hopper",
        "Ampere",
        "Ada",
        "RTX 6000",
        "NVIDIA RTX 4000",
        "RTX 5000",
        "TPU v5",
        "tpu-v4-lite-device",
        "T4 32GB",
        "T4-SXM",
        "A100 PCIe 96GB",
        "H100 SXM4",
        "H100-80GB-40GB",
        "A100-SXM-PCIE-40GB",
        "AMD A100",
        "AMD_Instinct_MI250X_MI250",
        "GeForce RTX 2080 with Max-Q Design",
        "Quadro T1000",
        "NVIDIA-A10-48Q",
        "NVIDIA-L4-MIG-1g.48gb",
        "nvidia.com/mig-1g.10gb",
        "MIG1g",
        "8x",
        "80GB",
        "SXM5",
    ] {
        assert_eq!(codes(&catalog, text), [] as [&str; 0], "{text}");
    }
}

/// C5: the lowest node that has all that is stated; several, where several have it.
#[test]
fn c5_a_name_means_no_more_than_it_states() {
    let catalog = Catalog::builtin();
    for (text, expected) in [
        ("H100", vec!["h100"]),
        ("H100 80GB", vec!["h100-80gb"]),
        ("H100-80", vec!["h100-80gb"]),
        ("H100 80GB HBM3", vec!["h100-80gb-sxm"]),
        ("H100SXM5", vec!["h100-64gb", "h100-80gb-sxm", "h100-94gb-sxm", "h100-96gb"]),
        ("H100 94GB", vec!["h100-94gb-sxm", "h100-nvl"]),
        ("A100_NVLINK", vec!["a100"]),
        ("8x A100 SXM4 40GB", vec!["a100-40gb-sxm"]),
        ("A100:80GB:8", vec!["a100-80gb"]),
        ("A100:8", vec!["a100"]),
        ("V100-SXM2", vec!["v100-16gb-sxm", "v100-32gb-sxm"]),
        ("V100 PCIe 32GB", vec!["v100-32gb-pcie"]),
        ("GH200 480GB", vec!["gh200-96gb"]),
        ("B200 192GB", vec!["b200"]),
        ("RTX PRO 6000 Blackwell Max-Q Workstation Edition", vec!["rtxpro6000-maxq"]),
        ("BM.GPU.H100.8", vec!["h100"]),
        ("BM.GPU4.8", vec!["a100-40gb"]),
        ("BM.GPU.GB200-v3.4", vec!["gb200"]),
        ("tpu-v6e-8", vec!["tpu-v6e"]),
        ("ＮＶＩＤＩＡ　Ｔ４", vec!["t4"]),
    ] {
        assert_eq!(codes(&catalog, text), expected, "{text}");
    }
    // On a pool, the lowest node above them.
    let on_pool = |text| catalog.flavor(FlavorKind::Gpu, text).map(|flavor| catalog.flavor_code(flavor));
    assert_eq!(on_pool("A100-SXM"), Some("a100"));
    // Of GKE's labels three mean more than they say, so spelt.
    for (text, code) in [
        ("nvidia-tesla-v100", "v100-16gb"),
        ("nvidia-tesla-a100", "a100-40gb"),
        ("nvidia-tesla-p100", "p100-16gb"),
        ("NVIDIA-Tesla-P100", "p100"),
        ("nvidia_tesla_a100", "a100"),
    ] {
        assert_eq!(on_pool(text), Some(code), "{text}");
    }
}

/// C5, I7: the labels of shared and partitioned devices.
#[test]
fn c5_labels_of_slices_say_whose_part_they_are() {
    let catalog = Catalog::builtin();
    let partition = |profile: &str, gigabytes| Slice::Partition { profile: profile.to_owned(), gigabytes };
    for (text, code, slice) in [
        ("NVIDIA-L4-SHARED", "l4", Slice::Shared),
        ("NVIDIA-A100-SXM4-80GB-MIG-3g.40gb", "a100-80gb-sxm", partition("3g.40gb", 40)),
        ("A100-PCIE-40GB-MIG-1g.5gbme", "a100-40gb-pcie", partition("1g.5gb+me", 5)),
        ("NVIDIA-A30-MIG-1g.6gb-SHARED", "a30", partition("1g.6gb", 6)),
        ("NVIDIA-A40-48Q", "a40", Slice::Virtual { gigabytes: 48 }),
        ("GRID A100X-20C", "a100-40gb-sxm", Slice::Virtual { gigabytes: 20 }),
        ("H100XM-3-40C", "h100-80gb-sxm", Slice::Virtual { gigabytes: 40 }),
        ("DC-4-96Q", "rtxpro6000-server", Slice::Virtual { gigabytes: 96 }),
    ] {
        let found = catalog.hardware(FlavorKind::Gpu, text).map(|found| found.slice);
        assert_eq!((codes(&catalog, text), found), (vec![code.to_owned()], Some(Some(slice))), "{text}");
        // A policy means the device, a pool none until it can hold slices.
        let meant = catalog.resolve(ChoiceKind::Gpu, text);
        assert_eq!(meant, catalog.flavor(FlavorKind::Gpu, code).map(Choice::Flavor), "{text}");
        assert_eq!(catalog.flavor(FlavorKind::Gpu, text), None, "{text}");
    }
}

#[test]
fn c7_every_real_name_of_a_place_is_read() {
    let catalog = Catalog::builtin();
    let mut wrong = Vec::new();
    for row in rows("region_names.csv") {
        let [name, country, real] = &row[..] else { continue };
        let site = name.split_once('/').and_then(|(provider, region)| catalog.site(provider, region));
        let found = site.map(|site| catalog.country_code(catalog.location_country(site.location)));
        if real == "yes" && found != Some(country) {
            wrong.push(format!("{name} is in {found:?}, not {country}"));
        }
        // What is not real is not read as what it resembles.
        if real == "no" && found.is_some() {
            wrong.push(format!("{name} is none"));
        }
    }
    assert_eq!(wrong, [] as [&str; 0]);
}

#[test]
fn c7_providers_regions_and_zones_have_several_names() {
    let catalog = Catalog::builtin();
    let site = |provider: &str, region: &str| {
        let site = catalog.site(provider, region)?;
        Some((catalog.location_name(site.location).to_owned(), site.zone))
    };
    let region = |name: &str| Some((name.to_owned(), None));
    let zone = |name: &str, zone: &str| Some((name.to_owned(), Some(zone.to_owned())));
    assert_eq!(site("Google", "us-central1"), region("gcp/us-central1"));
    assert_eq!(site("aws-us-gov", "us-gov-west-1"), region("aws/us-gov-west-1"));
    assert_eq!(site("aws", "cn-north-1"), region("aws-cn/cn-north-1"), "another company runs it");
    assert_eq!(site("azure", "West Europe"), region("azure/westeurope"));
    assert_eq!(site("aws", "Europe (Frankfurt)"), region("aws/eu-central-1"));
    assert_eq!(site("oci", "IAD"), region("oci/us-ashburn-1"));
    assert_eq!(site("ｃｏｒｅｗｅａｖｅ", "US-EAST-04A"), zone("coreweave/us-east-04", "us-east-04a"));
    assert_eq!(site("aws", "us-west-2-lax-1a"), zone("aws/us-west-2-lax-1", "us-west-2-lax-1a"));
    assert_eq!(site("aws", "usw2-lax1-az1"), zone("aws/us-west-2-lax-1", "usw2-lax1-az1"));
    assert_eq!(site("aws", "cnn1-az2"), zone("aws-cn/cn-north-1", "cnn1-az2"));
    assert_eq!(site("google-cloud", "europe-west3-b"), zone("gcp/europe-west3", "europe-west3-b"));
    assert_eq!(site("oci", "us-ashburn-1-AD-1"), zone("oci/us-ashburn-1", "us-ashburn-1-ad-1"));
    for (provider, name) in
        [("aws", "eu-wset-1"), ("aws", "us-east-1-a"), ("gcp", "us-central1a"), ("azure", "westus4")]
    {
        assert_eq!(site(provider, name), None, "{name}");
    }
    // P15: whose law an owner answers to, where that is certain.
    let law = |provider| catalog.jurisdiction(provider).map(|country| catalog.country_code(country));
    assert_eq!(
        [law("aws"), law("AWS-CN"), law("s3ns"), law("ovhcloud")],
        [Some("us"), Some("cn"), Some("fr"), Some("fr")]
    );
    assert_eq!([law("exoscale"), law("onprem")], [None, None]);
    let names: Vec<_> = catalog.providers().map(|provider| provider.name).collect();
    assert!(names.is_sorted());
    for provider in catalog.providers() {
        for name in provider.aliases.iter().chain([&provider.name]) {
            assert_eq!(catalog.provider(&name.to_uppercase()), provider.name, "two providers are called {name}");
        }
    }
}
