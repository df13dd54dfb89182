//! The catalog against what others say of the same places and hardware (C1–C9, P7, P15).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use siting::bitset::BitSet;
use siting::catalog::{
    AddFlavorError, AddGroupError, AddLocationError, AddResourceTypeError, Axis, Catalog, Choice, ChoiceKind,
    Continent, FlavorKind, nearest,
};
use siting::id::{Atom, CountryId, FlavorId, Id};

/// The rows of a file of real data by column; nothing, with a word, where it is not there.
fn rows(file: &str) -> Vec<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return Vec::new();
    };
    let mut lines = text.lines().map(fields);
    let header = lines.next().unwrap();
    lines.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

fn country(catalog: &Catalog, code: &str) -> CountryId {
    catalog.country(code).unwrap_or_else(|| panic!("{code}"))
}

fn gpu(catalog: &Catalog, text: &str) -> Option<String> {
    catalog.flavor(FlavorKind::Gpu, text).map(|flavor| catalog.flavor_code(flavor).to_owned())
}

fn codes(catalog: &Catalog, choice: Choice) -> Vec<&str> {
    catalog.atoms(choice).iter().map(|atom| catalog.flavor_code(catalog.flavor_of(atom))).collect()
}

// C2, C3: countries.

/// Where others put a country on another continent than we do: who, which, where, and why we differ.
const DIFFERENCES: &[(&str, &str, &str, &str)] = &[
    ("geonames", "bv", "an", SUBANTARCTIC),
    ("pycountry_convert", "bv", "an", SUBANTARCTIC),
    ("countries_list", "bv", "an", SUBANTARCTIC),
    ("keshvar", "bv", "an", SUBANTARCTIC),
    ("geonames", "gs", "an", SUBANTARCTIC),
    ("countries_list", "gs", "an", SUBANTARCTIC),
    ("keshvar", "gs", "an", SUBANTARCTIC),
    ("geonames", "hm", "an", SUBANTARCTIC),
    ("pycountry_convert", "hm", "an", SUBANTARCTIC),
    ("countries_list", "hm", "an", SUBANTARCTIC),
    ("keshvar", "hm", "an", SUBANTARCTIC),
    ("geonames", "tf", "an", SUBANTARCTIC),
    ("countries_list", "tf", "an", SUBANTARCTIC),
    ("geonames", "cc", "as", "off Java, but M49 counts Australia's territories to Oceania"),
    ("pycountry_convert", "cc", "as", "off Java, but M49 counts Australia's territories to Oceania"),
    ("countries_list", "cc", "as", "off Java, but M49 counts Australia's territories to Oceania"),
    ("keshvar", "cc", "as", "off Java, but M49 counts Australia's territories to Oceania"),
    ("pycountry_convert", "cx", "as", "off Java, but M49 counts Australia's territories to Oceania"),
    ("countries_list", "cx", "as", "off Java, but M49 counts Australia's territories to Oceania"),
    ("keshvar", "cx", "as", "off Java, but M49 counts Australia's territories to Oceania"),
    ("geonames", "cy", "eu", "a member of the European Union, but M49 has it in Western Asia"),
    ("countries_list", "cy", "eu", "a member of the European Union, but M49 has it in Western Asia"),
    ("geonames", "io", "as", "south of the Maldives, but M49 has it in Eastern Africa"),
    ("pycountry_convert", "io", "as", "south of the Maldives, but M49 has it in Eastern Africa"),
    ("countries_list", "io", "as", "south of the Maldives, but M49 has it in Eastern Africa"),
    ("keshvar", "io", "as", "south of the Maldives, but M49 has it in Eastern Africa"),
    ("countries_list", "ru", "as", "most of its area, but M49 has it in Eastern Europe"),
    ("geonames", "tl", "oc", "on the edge of both, M49 has it in South-eastern Asia"),
    ("countries_list", "tl", "oc", "on the edge of both, M49 has it in South-eastern Asia"),
    ("keshvar", "tr", "eu", "in both, M49 has it in Western Asia"),
];

const SUBANTARCTIC: &str = "an uninhabited island near Antarctica; M49 keeps that region for the continent itself";

#[test]
fn c3_differs_from_others_only_where_listed() {
    let catalog = Catalog::builtin();
    let mut found = BTreeSet::new();
    let mut sources = BTreeSet::from(["keshvar"]);
    let mut compare = |source: &'static str, code: &str, theirs: &str| {
        let ours = catalog.continent_of(country(&catalog, code)).code();
        if !theirs.is_empty() && ours != theirs {
            found.insert((source, code.to_owned(), theirs.to_owned()));
        }
    };
    for row in rows("country_continent.csv") {
        for source in ["geonames", "un_m49", "cldr", "pycountry_convert", "countries_list", "natural_earth_110m"] {
            sources.insert(source);
            compare(source, &row["alpha2"].to_lowercase(), &row[source].to_lowercase());
        }
    }
    for theirs in keshvar::CountryIterator::new() {
        let continent = match theirs.continent() {
            keshvar::Continent::Africa => "af",
            keshvar::Continent::Antarctica => "an",
            keshvar::Continent::Asia => "as",
            keshvar::Continent::Australia => "oc",
            keshvar::Continent::Europe => "eu",
            keshvar::Continent::NorthAmerica => "na",
            keshvar::Continent::SouthAmerica => "sa",
        };
        compare("keshvar", &theirs.alpha2().to_string().to_lowercase(), continent);
    }
    let listed = DIFFERENCES.iter().filter(|(source, ..)| sources.contains(source));
    let listed: BTreeSet<_> =
        listed.map(|&(source, code, theirs, _)| (source, code.to_owned(), theirs.to_owned())).collect();
    assert_eq!(listed.difference(&found).collect::<Vec<_>>(), [] as [&_; 0], "listed, but no longer differ");
    assert_eq!(found.difference(&listed).collect::<Vec<_>>(), [] as [&_; 0], "differ, but are not listed");
}

#[test]
fn c3_m49_has_no_region_for_three() {
    let catalog = Catalog::builtin();
    for (code, continent) in [("aq", Continent::An), ("xk", Continent::Eu), ("tw", Continent::As)] {
        assert_eq!(catalog.continent_of(country(&catalog, code)), continent, "{code}");
    }
}

#[test]
fn c2_all_countries_are_there_and_read_by_both_codes() {
    let catalog = Catalog::builtin();
    assert_eq!(catalog.countries().len(), 250);
    for row in rows("country_continent.csv") {
        let (alpha2, alpha3) = (&row["alpha2"], &row["alpha3"]);
        let id = country(&catalog, alpha2);
        assert_eq!(catalog.country(alpha3), Some(id), "{alpha3}");
        assert_eq!(catalog.country(&alpha3.to_lowercase()), Some(id), "{alpha3}");
        assert_eq!(catalog.country_code(id), alpha2.to_lowercase());
        assert_eq!(catalog.alpha3(id), alpha3.to_lowercase());
        // The file marks the one code that is not of ISO.
        assert_eq!(catalog.country_name(id), row["name"].trim_end_matches(" (user-assigned)"));
    }
    let theirs: BTreeSet<_> = keshvar::CountryIterator::new().map(|c| c.alpha2().to_string().to_lowercase()).collect();
    let ours: BTreeSet<_> = catalog.countries().map(|id| catalog.country_code(id).to_owned()).collect();
    assert_eq!(ours.difference(&theirs).collect::<Vec<_>>(), ["xk"]);
    assert_eq!(theirs.difference(&ours).count(), 0);
}

#[test]
fn c2_codes_ascend_and_case_does_not_matter() {
    let catalog = Catalog::builtin();
    assert!(catalog.countries().map(|id| catalog.country_code(id)).is_sorted_by(|a, b| a < b));
    for text in ["uk", "UK", "GB", "gbr", "Gbr"] {
        assert_eq!(catalog.country_code(country(&catalog, text)), "gb");
    }
    for text in ["", "u", "u-", "zz", "United Kingdom", "ük", "eu", "\u{212a}z"] {
        assert_eq!(catalog.country(text), None, "{text}");
    }
}

// C4: groups.

#[test]
fn c4_groups_hold_whom_they_should() {
    let catalog = Catalog::builtin();
    let members = |name: &str| catalog.group_members(catalog.group(name).unwrap());
    let has = |name: &str, code: &str| members(name).contains(country(&catalog, code));
    assert_eq!([members("eu27").len(), members("eea").len(), members("gdpr-adequate").len()], [27, 30, 44]);
    assert!(members("eu27").is_subset(members("eea")) && members("eea").is_subset(members("gdpr-adequate")));
    assert!(has("EU27", "cy") && !has("eu27", "no") && !has("eu27", "gb"));
    assert!(has("eea", "no") && !has("eea", "ch"));
    assert!(has("gdpr-adequate", "ch") && has("gdpr-adequate", "br"));
    assert!(!has("gdpr-adequate", "us") && !has("gdpr-adequate", "ca"), "partial decisions");
    let theirs = keshvar::CountryIterator::new().filter(keshvar::Country::eu_member);
    let theirs: BTreeSet<_> = theirs.map(|c| country(&catalog, &c.alpha2().to_string())).collect();
    let beside: Vec<_> = theirs.into_iter().filter(|&id| !members("eu27").contains(id)).collect();
    let beside: Vec<_> = beside.iter().map(|&id| catalog.country_code(id)).collect();
    // Territories of Finland and France with codes of their own; the group names states.
    assert_eq!(beside, ["ax", "gf", "gp", "mf", "mq", "re", "yt"]);
    assert!(catalog.groups().all(|group| catalog.group_about(group).is_some_and(|about| about.contains("20"))));
}

#[test]
fn c4_continent_eu_is_not_the_union() {
    let catalog = Catalog::builtin();
    let atoms = |kind, name| catalog.atoms(catalog.resolve(kind, name).unwrap());
    let (continent, union) = (atoms(ChoiceKind::Continent, "eu"), atoms(ChoiceKind::Group, "eu27"));
    assert!(!continent.is_subset(&union) && !union.is_subset(&continent), "Norway; Cyprus");
}

#[test]
fn c4_a_workspace_adds_groups_once() {
    let mut catalog = Catalog::builtin();
    let members: Vec<_> = ["se", "no", "dk", "fi", "is"].map(|code| country(&catalog, code)).into();
    let nordics = catalog.add_group("Nordics", members.clone()).unwrap();
    assert_eq!(catalog.group("nordics"), Some(nordics));
    assert_eq!(catalog.group_name(nordics), "nordics");
    assert_eq!(catalog.group_members(nordics).len(), 5);
    assert_eq!(catalog.add_group("nordics", members), Err(AddGroupError::Known(nordics)));
    assert_eq!(catalog.add_group("EEA", []), Err(AddGroupError::Known(catalog.group("eea").unwrap())));
    assert!(matches!(catalog.add_group(" ", []), Err(AddGroupError::Malformed(_))));
    let choice = Choice::Group(nordics);
    let atoms = catalog.atoms(choice);
    assert!((0..catalog.universe(Axis::Location)).map(Atom::from_index).all(|atom| {
        atoms.contains(atom) == ["se", "no", "dk", "fi", "is"].contains(&catalog.country_code(catalog.country_of(atom)))
    }));
    assert_eq!(Catalog::builtin().group("nordics"), None, "a clone that grew leaves the original alone");
}

// C7: locations.

#[test]
fn c7_every_region_is_known_in_its_country() {
    let catalog = Catalog::builtin();
    let mut names = BTreeSet::new();
    for row in rows("regions.csv").into_iter().chain(rows("regions_more.csv")) {
        let name = format!("{}/{}", row["provider"], row["region"]);
        if LEFT_OUT.contains(&&*name.to_lowercase()) {
            // Some are named as a zone of a region would be.
            let site = catalog.site(&row["provider"], &row["region"]);
            assert!(site.is_none_or(|site| site.zone.is_some()), "{name}");
            continue;
        }
        let site = catalog.site(&row["provider"], &row["region"]).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(catalog.location_country(site.location), country(&catalog, &row["country"]), "{name}");
        // What is a part of a region is named as its zone; a partition is a provider of its own.
        let parent = row.get("parent").or_else(|| row.get("parent_region")).map_or("", |parent| parent.as_str());
        match site.zone {
            Some(zone) => assert_eq!((zone, row["kind"].as_str()), (row["region"].to_lowercase(), "zone-of"), "{name}"),
            None => {
                let region = catalog.location_name(site.location).split_once('/').unwrap().1.to_owned();
                assert_eq!(region, row["region"].to_lowercase());
                let above = catalog.location_parent(site.location);
                let above = above.map_or("", |above| catalog.location_name(above).split_once('/').unwrap().1);
                assert!(parent.is_empty() || parent.to_lowercase() == above, "{name}");
                names.insert(catalog.location_name(site.location).to_owned());
            }
        }
    }
    // Three that names of regions know and no list of ours does.
    let more = ["aws/me-west-1", "aws/sa-west-1", "azure/germanycentral"];
    let ours: BTreeSet<_> = catalog.locations().map(|id| catalog.location_name(id).to_owned()).collect();
    let beside: Vec<_> = ours.difference(&names).filter(|name| !more.contains(&name.as_str())).collect();
    assert!(names.is_empty() || beside.is_empty(), "{beside:?}");
    assert!(catalog.locations().map(|id| catalog.location_name(id)).is_sorted_by(|a, b| a < b));
    assert!(catalog.locations().all(|id| catalog.location_source(id).is_some_and(|source| !source.is_empty())));
}

/// Rows of lists that rest on one automatic collection alone, and that no provider's list has; copies of other
/// names; regions that are closed.
const LEFT_OUT: &[&str] = &[
    "alicloud/ap-south-1",
    "alicloud/ap-southeast-2",
    "alicloud/eu-central-2",
    "alicloud/me-east-2",
    "azure/southeastasiastandard",
    "crusoe/us-central-1",
    "crusoe/us-east-1",
    "digitalocean/blr2",
    "digitalocean/blr3",
    "digitalocean/del1",
    "digitalocean/maa1",
    "digitalocean/sin1",
    "digitalocean/sin2",
    "digitalocean/sin3",
    "digitalocean/syd2",
    "digitalocean/syd3",
    "ibm/ap-north",
    "ibm/ca-central",
    "ibm/eu-fr2",
    "ibm/eu-it1",
    "ibm/kr-seo",
    "ibm/us-south-2",
    "ibm/us-south-3",
    "oci/us-sanjose-2",
    "shadeform/us-east-1",
    "vultr/par",
    "vultr/tel",
];

#[test]
fn c7_names_are_matched_exactly_and_zones_are_their_own() {
    let catalog = Catalog::builtin();
    for text in ["aws", "us-east-1", "aws/", "aws/us-east", "aws/us-east-1a", " aws/us-east-1", "aws/us_east_1"] {
        assert_eq!(catalog.location(text), None, "{text}");
    }
    let atom = |name| catalog.place(country(&catalog, "us"), catalog.location(name));
    let (region, zone) = (catalog.location("aws/us-east-1").unwrap(), atom("aws/us-east-1-scl-1"));
    assert!(!catalog.covers(Choice::Location(region), zone));
    assert_eq!(catalog.country_code(catalog.country_of(zone)), "cl");
    assert_eq!(catalog.choice_name(Choice::Location(region)), "aws/us-east-1");
}

#[test]
fn c7_locations_are_appended_and_move_nothing() {
    let builtin = Catalog::builtin();
    let mut catalog = builtin.clone();
    let (norway, sweden) = (country(&catalog, "no"), country(&catalog, "se"));
    let before = catalog.atoms(Choice::Country(norway));
    let oslo = catalog.add_location("OnPrem/Oslo-1", norway).unwrap();
    assert_eq!(catalog.location_name(oslo), "onprem/oslo-1");
    assert_eq!(catalog.add_location("onprem/oslo-1", norway), Ok(oslo));
    let disagrees = Err(AddLocationError::Disagrees { known: norway });
    assert_eq!(catalog.add_location("onprem/oslo-1", sweden), disagrees);
    assert_eq!(catalog.universe(Axis::Location), builtin.universe(Axis::Location) + 1);
    assert_eq!(catalog.place(norway, Some(oslo)).index(), builtin.universe(Axis::Location));
    let after = catalog.atoms(Choice::Country(norway));
    assert!(after.iter().eq(before.iter().chain([catalog.place(norway, Some(oslo))])));
    assert!(builtin.locations().all(|id| builtin.location_name(id) == catalog.location_name(id)));
    assert_eq!(builtin.location("onprem/oslo-1"), None);
    assert_eq!(builtin.atoms(Choice::Country(norway)), before);

    for malformed in ["", "oslo", "/oslo", "onprem/", "onprem/ oslo", "onprem /oslo", "on\tprem/oslo"] {
        assert_eq!(catalog.add_location(malformed, norway), Err(AddLocationError::Malformed), "{malformed}");
    }
    assert!(catalog.add_location("onprem/Oslo 2/Hall b", norway).is_ok(), "a region may hold spaces and slashes");
}

// C5: hardware.

#[test]
fn c5_every_alias_means_its_code() {
    let catalog = Catalog::builtin();
    let mut known = BTreeSet::new();
    // The older list knows no forms: its aliases mean the code or a node under it. The newer is right where both speak.
    for (file, parent) in [("accelerators.csv", "family"), ("accelerators_more.csv", "parent")] {
        for row in rows(file) {
            let code = row["code"].as_str();
            known.insert(code.to_owned());
            let id = catalog.flavor(FlavorKind::Gpu, code).unwrap();
            assert_eq!(catalog.flavor_code(id), code);
            assert_eq!(catalog.flavor_vendor(id), Some(row["vendor"].as_str()));
            for text in row["aliases"].split('|').filter_map(|alias| alias.split_once(':')).map(|(_, text)| text) {
                let read = catalog.flavor(FlavorKind::Gpu, text);
                let right = |read| if parent == "family" { catalog.is_under(read, id) } else { read == id };
                let excused = ALIASES_OF_LESS.contains(&text);
                assert!(
                    excused != read.is_some_and(right),
                    "{text} is {:?}",
                    read.map(|read| catalog.flavor_code(read))
                );
            }
            let above = catalog.flavor_parent(id).map_or("", |above| catalog.flavor_code(above));
            // H200 NVL is sold under the one memory size of the H200, so it is a form of it (C6).
            let expected = if code == "h200-nvl" { "h200-141gb" } else { row[parent].as_str() };
            assert!(above == expected || (expected.is_empty() && above.is_empty()), "{code} under {above}");
            assert!(catalog.flavor_source(id).is_some_and(|source| !source.is_empty()), "{code}");
        }
    }
    // Two that only labels name.
    known.extend(["mi440x", "mi455x"].map(str::to_owned));
    let ours = catalog.flavors().filter(|&id| catalog.flavor_kind(id) == FlavorKind::Gpu);
    let ours: BTreeSet<_> = ours.map(|id| catalog.flavor_code(id).to_owned()).collect();
    assert!(known.len() == 2 || known == ours);
}

/// Aliases that lists give to a node although they state less than it has, or name two: a form without the
/// memory, a link, a socket for which four are sold, one driver name of two cards.
const ALIASES_OF_LESS: &[&str] = &[
    "AMD Instinct MI250X/MI250",
    "BM.GPU.MI355X-v1.8",
    "BM.GPU.MI355X.8",
    "H100-NVLINK",
    "H100-SXM",
    "H100_SXM",
    "gpu-h100-sxm",
    "gpu_1x_a100_sxm4",
    "gpu_1x_h100_sxm5",
];

#[test]
fn c6_the_memory_of_a_node_is_the_least_under_it() {
    let catalog = Catalog::builtin();
    let gib = |code| catalog.flavor_memory(catalog.flavor(FlavorKind::Gpu, code).unwrap()).map(|bytes| bytes >> 30);
    for (code, memory) in [
        ("t4", 16),
        ("h100-80gb", 80),
        ("h100-80gb-sxm", 80),
        ("h100", 64),
        ("h200", 141),
        ("a100", 40),
        ("p100", 12),
        ("v100", 16),
        ("gh200", 96),
        ("rtx3080", 10),
        ("rtx3050", 6),
        ("ascend-910", 32),
        ("b300", 270),
    ] {
        assert_eq!(gib(code), Some(memory), "{code}");
    }
    assert_eq!(gib("rebellions-atom"), None, "nobody says");
    // What is added lowers what is above it; a form of no stated memory is of the variant's.
    let mut catalog = Catalog::builtin();
    let (a100, a100_80) = ("a100", "a100-80gb");
    let id = |catalog: &Catalog, code| catalog.flavor(FlavorKind::Gpu, code).unwrap();
    let (a100, a100_80) = (id(&catalog, a100), id(&catalog, a100_80));
    let none: &[&str] = &[];
    let form = catalog.add_flavor(FlavorKind::Gpu, "a100-80gb-edge", Some(a100_80), none, None).unwrap();
    assert_eq!(catalog.flavor_memory(form), Some(80 << 30));
    assert_eq!(catalog.flavor_memory(a100), Some(40 << 30));
    catalog.add_flavor(FlavorKind::Gpu, "a100-20gb", Some(a100), none, Some(20 << 30)).unwrap();
    assert_eq!(catalog.flavor_memory(a100), Some(20 << 30));
    assert_eq!(catalog.flavor_memory(a100_80), Some(80 << 30));
}

#[test]
fn c5_no_two_codes_claim_one_spelling() {
    let catalog = Catalog::builtin();
    for flavor in catalog.flavors() {
        let kind = catalog.flavor_kind(flavor);
        for text in catalog.flavor_aliases(flavor).chain([catalog.flavor_code(flavor)]) {
            assert_eq!(catalog.flavor(kind, text), Some(flavor), "{text}");
            // If another code claimed it too, it would be read as that one under some spelling.
            let exact = text.starts_with("nvidia-tesla-") || text == "rtx6000";
            for other in [text.to_uppercase(), text.replace('-', "_"), text.replace(['-', ' '], "")] {
                assert!(exact || catalog.flavor(kind, &other).is_none_or(|read| read == flavor), "{other}");
            }
        }
    }
    assert!(catalog.flavors().is_sorted_by_key(|id| (catalog.flavor_kind(id), catalog.flavor_code(id))));
}

#[test]
fn c5_spellings_of_hardware() {
    let catalog = Catalog::builtin();
    for (text, code) in [
        ("T4", "t4"),
        ("NVIDIA T4", "t4"),
        ("Tesla-T4", "t4"),
        ("nvidia_tesla_t4", "t4"),
        ("gpu t4", "t4"),
        ("T4g", "t4g"),
        ("Tesla V100", "v100"),
        ("NVIDIA Tesla V100", "v100"),
        ("Tesla-V100", "v100"),
        ("NVIDIA-Tesla-V100", "v100"),
        ("nvidia tesla v100", "v100"),
        ("nvidia-tesla-v100", "v100-16gb"),
        ("nvidia-tesla-a100", "a100-40gb"),
        ("Tesla-V100-SXM2-32GB", "v100-32gb-sxm"),
        ("A100 80 GiB", "a100-80gb"),
        ("a100_80g", "a100-80gb"),
        ("NVIDIA A100-PCIE-40GB", "a100-40gb-pcie"),
        ("NVIDIA H100 PCIe", "h100-80gb-pcie"),
        ("H100-NVL", "h100-nvl"),
        ("NVIDIA-H200", "h200"),
        ("GeForce RTX 4090", "rtx4090"),
        ("Quadro RTX 6000", "rtx6000"),
        ("RTX 6000 Ada Generation", "rtx6000-ada"),
        ("AMD Instinct MI300X", "mi300x"),
        ("Radeon Pro V520", "v520"),
        ("Intel Gaudi 2", "gaudi2"),
        ("Google TPU v5p", "tpu-v5p"),
        ("AWS Trainium2", "trainium2"),
    ] {
        assert_eq!(gpu(&catalog, text).as_deref(), Some(code), "{text}");
    }
    // Another vendor, another kind, nothing but a vendor.
    for text in ["AMD T4", "NVIDIA MI300X", "cpu t4", "x86", "nvidia", "Tesla", "", "-", " t4", "t4-", "t5"] {
        assert_eq!(gpu(&catalog, text), None, "{text}");
    }
    let cpu = |text| catalog.flavor(FlavorKind::Cpu, text).map(|flavor| catalog.flavor_code(flavor));
    for (text, code) in [
        ("x86", "x86"),
        ("CPU x86", "x86"),
        ("x86_64", "x86"),
        ("X86-64", "x86"),
        ("amd64", "x86"),
        ("Intel x86", "x86"),
        ("arm", "arm"),
        ("ARM64", "arm"),
        ("aarch64", "arm"),
    ] {
        assert_eq!(cpu(text), Some(code), "{text}");
    }
    assert_eq!(cpu("gpu x86"), None);
    assert_eq!(cpu("t4"), None);
}

#[test]
fn c5_a_workspace_adds_flavors_once() {
    let mut catalog = Catalog::builtin();
    let none: &[&str] = &[];
    let t4 = catalog.flavor(FlavorKind::Gpu, "t4").unwrap();
    let h100 = catalog.flavor(FlavorKind::Gpu, "h100").unwrap();
    let sxm = catalog.flavor(FlavorKind::Gpu, "h100-80gb-sxm").unwrap();
    let before = catalog.universe(Axis::Flavor);
    let x900 = catalog.add_flavor(FlavorKind::Gpu, "X900", None, &["X-900", "Nine Hundred"], Some(48 << 30)).unwrap();
    for text in ["x900", "x-900", "nine_hundred", "NVIDIA X900"] {
        assert_eq!(catalog.flavor(FlavorKind::Gpu, text), Some(x900), "{text}");
    }
    assert_eq!((catalog.flavor_code(x900), catalog.flavor_memory(x900)), ("x900", Some(48 << 30)));
    assert_eq!(catalog.flavor_atom(x900).index(), before);
    let known = |text: &str, by| Err(AddFlavorError::Known { text: text.to_owned(), by });
    assert_eq!(catalog.add_flavor(FlavorKind::Gpu, "Tesla T4", None, none, None), known("Tesla T4", t4));
    assert_eq!(catalog.add_flavor(FlavorKind::Gpu, "x901", None, &["x9-00"], None), known("x9-00", x900));
    assert_eq!(catalog.flavor(FlavorKind::Gpu, "x901"), None, "a refusal changes nothing");
    assert!(catalog.add_flavor(FlavorKind::Cpu, "x900", None, none, None).is_ok(), "a flavor is kind and code");
    let not_above = |parent| Err(AddFlavorError::NotAParent(parent));
    assert_eq!(catalog.add_flavor(FlavorKind::Gpu, "h100-mini", Some(sxm), none, None), not_above(sxm));
    assert_eq!(catalog.add_flavor(FlavorKind::Cpu, "h100-cpu", Some(h100), none, None), not_above(h100));
    // C6: what a rule reads is known as well as what stands in the table.
    assert_eq!(catalog.add_flavor(FlavorKind::Gpu, "H100-SXM5-80GB", None, none, None), known("H100-SXM5-80GB", sxm));
    // C5: a known code learns names, and none of another's.
    catalog.add_aliases(t4, &["Tesla-T4-OLD"]).unwrap();
    assert_eq!(catalog.flavor(FlavorKind::Gpu, "tesla t4 old"), Some(t4));
    assert_eq!(
        catalog.add_aliases(t4, &["H100 PCIe"]).map_err(|error| error.to_string()),
        Err("`H100 PCIe` already means another flavor".to_owned())
    );
    for malformed in ["", "any", "ANY", "gpu any", " x", "x\u{7}"] {
        let added = catalog.add_flavor(FlavorKind::Gpu, malformed, None, none, None);
        assert_eq!(added, Err(AddFlavorError::Malformed { text: malformed.to_owned() }));
    }
    let variant = catalog.add_flavor(FlavorKind::Gpu, "h100-48gb", Some(h100), none, Some(48 << 30)).unwrap();
    let form = catalog.add_flavor(FlavorKind::Gpu, "h100-48gb-oem", Some(variant), none, None).unwrap();
    for node in [variant, form] {
        assert!(catalog.covers(Choice::Flavor(h100), catalog.flavor_atom(node)));
    }
    assert_eq!(codes(&catalog, Choice::Flavor(variant)), ["h100-48gb", "h100-48gb-oem"]);
}

#[test]
fn resource_types_can_be_registered() {
    let mut catalog = Catalog::builtin();
    let names = |catalog: &Catalog| -> Vec<String> {
        catalog.resource_types().map(|id| catalog.resource_type_name(id).to_owned()).collect()
    };
    assert_eq!(names(&catalog), ["agent", "function", "model"]);
    let pipeline = catalog.add_resource_type("pipeline").unwrap();
    assert_eq!(catalog.resource_type("pipeline"), Some(pipeline));
    assert_eq!(catalog.add_resource_type("pipeline"), Err(AddResourceTypeError::Known(pipeline)));
    assert_eq!(names(&catalog), ["agent", "function", "model", "pipeline"]);
    assert_eq!(catalog.resource_type("Model"), None);
}

// C6, P7: the trees.

#[test]
fn c6_hardware_is_a_tree_of_families_variants_and_forms() {
    let catalog = Catalog::builtin();
    let under = |code| codes(&catalog, Choice::Flavor(catalog.flavor(FlavorKind::Gpu, code).unwrap()));
    assert_eq!(under("t4"), ["t4"]);
    assert_eq!(under("h100-80gb"), ["h100-80gb", "h100-80gb-pcie", "h100-80gb-sxm", "h100-cnx"]);
    assert_eq!(under("h200"), ["h200", "h200-141gb", "h200-141gb-sxm", "h200-nvl"]);
    for flavor in catalog.flavors() {
        let depth = std::iter::successors(Some(flavor), |&node| catalog.flavor_parent(node)).count();
        assert!((1..=3).contains(&depth), "{}", catalog.flavor_code(flavor));
        let root = std::iter::successors(Some(flavor), |&node| catalog.flavor_parent(node)).last();
        assert_eq!(catalog.flavor_family(flavor), root.filter(|&root| root != flavor));
        if let Some(parent) = catalog.flavor_parent(flavor) {
            assert_eq!(catalog.flavor_vendor(parent), catalog.flavor_vendor(flavor));
            assert_eq!(catalog.flavor_kind(parent), catalog.flavor_kind(flavor));
        }
    }
}

#[test]
fn c6_an_exception_takes_out_what_may_be_meant() {
    let catalog = Catalog::builtin();
    let out = |text| {
        let atoms = catalog.excepted(catalog.resolve(ChoiceKind::Gpu, text).unwrap());
        atoms.iter().map(|atom| catalog.flavor_code(catalog.flavor_of(atom))).collect::<Vec<_>>()
    };
    assert_eq!(out("a100-80gb"), ["a100", "a100-80gb", "a100-80gb-pcie", "a100-80gb-sxm", "a100x"]);
    assert_eq!(out("a100-80gb-sxm"), ["a100", "a100-80gb", "a100-80gb-sxm"]);
    assert_eq!(out("t4"), ["t4"]);
    // C7: of a region, the zones that hang under it, wherever they lie.
    let region = catalog.location("aws/us-east-1").unwrap();
    let zones = catalog.excepted(Choice::Location(region));
    let chile = catalog.location("aws/us-east-1-scl-1").unwrap();
    assert!(zones.contains(catalog.place(catalog.location_country(chile), Some(chile))));
    assert_eq!(zones.len(), 1 + catalog.hanging_under(region).len());
    assert_eq!(catalog.atoms(Choice::Location(region)).len(), 1, "allowing it allows none of them");
}

#[test]
fn c6_any_is_the_whole_kind() {
    let catalog = Catalog::builtin();
    let any = |kind| catalog.atoms(catalog.resolve(kind, "any").unwrap());
    let (cpu, gpu) = (any(ChoiceKind::Cpu), any(ChoiceKind::Gpu));
    assert_eq!(cpu.len(), 2);
    assert!(cpu.is_disjoint(&gpu) && cpu.union(&gpu).is_full());
}

/// Every node of both trees.
fn nodes(catalog: &Catalog) -> Vec<Choice> {
    let mut nodes: Vec<Choice> = Continent::ALL.into_iter().map(Choice::Continent).collect();
    nodes.extend(catalog.countries().map(Choice::Country));
    nodes.extend(catalog.locations().map(Choice::Location));
    nodes.extend(catalog.groups().map(Choice::Group));
    nodes.extend(FlavorKind::ALL.map(Choice::AnyFlavor));
    nodes.extend(catalog.flavors().map(Choice::Flavor));
    nodes
}

/// A partition is disjoint sets that together are everything.
fn assert_partition(parts: impl IntoIterator<Item = BitSet<Atom>>, universe: usize) {
    let mut all = BitSet::empty(universe);
    for part in parts {
        assert!(all.is_disjoint(&part));
        all.union_with(&part);
    }
    assert!(all.is_full());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// P7, P15: whatever was added, the trees are trees and both ways to ask agree.
    #[test]
    fn p7_nodes_partition_each_axis(
        places in prop::collection::vec((0usize..250, "[a-z]{1,3}"), 0..40),
        variants in prop::collection::btree_set("q[a-z]{3}", 0..6),
        members in prop::collection::btree_set(0usize..250, 0..30),
    ) {
        let mut catalog = Catalog::builtin();
        let builtin = catalog.clone();
        for (index, region) in &places {
            // A name may come twice, in two countries; the first one holds.
            let _ = catalog.add_location(&format!("onprem/{region}"), CountryId::from_index(*index));
        }
        let family = catalog.flavor(FlavorKind::Gpu, "a100");
        for code in &variants {
            catalog.add_flavor(FlavorKind::Gpu, code, family, &[] as &[&str], None).unwrap();
        }
        let group = catalog.add_group("some", members.iter().map(|&index| CountryId::from_index(index))).unwrap();

        let places = catalog.universe(Axis::Location);
        assert_partition(Continent::ALL.map(|continent| catalog.atoms(Choice::Continent(continent))), places);
        assert_partition(catalog.countries().map(|country| catalog.atoms(Choice::Country(country))), places);
        assert_partition(
            FlavorKind::ALL.map(|kind| catalog.atoms(Choice::AnyFlavor(kind))),
            catalog.universe(Axis::Flavor),
        );
        for country in catalog.countries() {
            let known = catalog.locations().filter(|&location| catalog.location_country(location) == country);
            let known = known.map(|location| catalog.place(country, Some(location)));
            let expected = BitSet::from_ids(places, known.chain([catalog.rest_of(country)]));
            prop_assert_eq!(catalog.atoms(Choice::Country(country)), expected);
        }
        prop_assert_eq!(catalog.group_members(group).len(), members.len());
        for choice in nodes(&catalog) {
            let universe = catalog.universe(choice.axis());
            let atoms = catalog.atoms(choice);
            prop_assert_eq!(atoms.universe(), universe);
            prop_assert!((0..universe).map(Atom::from_index).all(|a| atoms.contains(a) == catalog.covers(choice, a)));
            let mut added = BitSet::empty(universe);
            catalog.add_atoms(choice, &mut added);
            prop_assert_eq!(added, atoms);
            // What is written is read as the same.
            prop_assert_eq!(catalog.resolve(catalog.choice_kind(choice), catalog.choice_name(choice)), Some(choice));
        }
        // C7: nothing that was there has changed.
        for choice in nodes(&builtin) {
            let before = builtin.atoms(choice);
            let after = catalog.atoms(choice);
            let old = |atom: &Atom| atom.index() < builtin.universe(choice.axis());
            prop_assert!(after.iter().filter(old).eq(before.iter()));
        }
    }

    /// C8: no text stops the reader, and what is offered can be read.
    #[test]
    fn c8_what_is_offered_is_known(text in "\\PC{0,12}|[a-zA-Z]{1,4}[- _/]?[a-z0-9]{0,6}", kind in 0usize..6) {
        let catalog = Catalog::builtin();
        let kind = ChoiceKind::ALL[kind];
        let _ = catalog.resolve(kind, &text);
        let near = catalog.suggestions(kind, &text);
        prop_assert!(near.len() <= 3);
        for near in near {
            prop_assert!(catalog.resolve(near.kind, &near.name).is_some(), "{near}");
        }
    }
}

// C8, C9: what is not known, and what deceives.

#[test]
fn c8_suggestions_lead_to_what_was_meant() {
    let catalog = Catalog::builtin();
    let near = |kind, text| catalog.nearest(kind, text);
    assert_eq!(near(ChoiceKind::Country, "germany"), ["de"]);
    assert_eq!(near(ChoiceKind::Country, "United States"), ["us"]);
    assert_eq!(near(ChoiceKind::Country, "Germny"), ["de"]);
    assert_eq!(near(ChoiceKind::Country, "South Korea"), ["kr"]);
    assert_eq!(near(ChoiceKind::Country, "Europe"), ["{type: continent, name: eu}"]);
    assert_eq!(near(ChoiceKind::Country, "eea"), ["{type: group, name: eea}", "ee"]);
    assert_eq!(near(ChoiceKind::Continent, "fr"), ["{type: country, name: fr}"]);
    assert_eq!(near(ChoiceKind::Continent, "asia"), ["as"]);
    assert_eq!(near(ChoiceKind::Group, "eu-27"), ["eu27"]);
    assert_eq!(near(ChoiceKind::Location, "aws/us-eats-1").first().map(String::as_str), Some("aws/us-east-1"));
    assert!(near(ChoiceKind::Location, "us-east-1").contains(&"aws/us-east-1".to_owned()));
    assert_eq!(near(ChoiceKind::Gpu, "Tesla-P100-QUAD-16GB"), ["p100"], "the head comes before the tail");
    assert_eq!(near(ChoiceKind::Gpu, "T4 32GB"), ["t4"]);
    assert_eq!(near(ChoiceKind::Gpu, "RTX 6000"), ["rtx6000", "rtx6000-ada", "rtxpro6000"]);
    assert_eq!(near(ChoiceKind::Location, "aws/us-east-1a"), ["aws/us-east-1"]);
    assert_eq!(near(ChoiceKind::Gpu, "arm64"), ["{type: cpu, name: arm}"]);
    assert_eq!(near(ChoiceKind::Gpu, "zzzzzzzz"), [] as [&str; 0]);
    assert_eq!(nearest("Polices", ["policies", "require", "onViolation"]), ["policies"]);
}

#[test]
fn c9_codes_of_continents_and_countries_coincide() {
    let catalog = Catalog::builtin();
    for (code, name) in [("na", "Namibia"), ("af", "Afghanistan"), ("as", "American Samoa"), ("sa", "Saudi Arabia")] {
        let continent = catalog.resolve(ChoiceKind::Continent, code).unwrap();
        let country = catalog.resolve(ChoiceKind::Country, code).unwrap();
        assert_eq!(continent, Choice::Continent(Continent::from_code(code).unwrap()));
        assert!(matches!(country, Choice::Country(id) if catalog.country_name(id) == name));
        assert_ne!(catalog.atoms(continent), catalog.atoms(country));
    }
    // Namibia is not in North America, nor American Samoa in Asia, nor Saudi Arabia in South America.
    for code in ["na", "as", "sa"] {
        let continent = Choice::Continent(Continent::from_code(code).unwrap());
        assert!(!catalog.covers(continent, catalog.rest_of(country(&catalog, code))), "{code}");
    }
}

#[test]
fn c9_one_region_id_stands_in_different_countries() {
    let catalog = Catalog::builtin();
    for (name, code) in [
        ("aws/eu-west-1", "ie"),
        ("alicloud/eu-west-1", "gb"),
        ("aws/me-central-1", "ae"),
        ("alicloud/me-central-1", "sa"),
    ] {
        let location = catalog.location(name).unwrap();
        assert_eq!(catalog.country_code(catalog.location_country(location)), code, "{name}");
    }
    assert_eq!(catalog.location("eu-west-1"), None);
}

#[test]
fn c9_georgia_is_a_state_as_well() {
    let catalog = Catalog::builtin();
    for kind in ChoiceKind::ALL {
        assert_eq!(catalog.resolve(kind, "Georgia"), None);
    }
    assert_eq!(catalog.nearest(ChoiceKind::Country, "Georgia"), ["ge"]);
    let zone = catalog.location("runpod/us-ga-1").unwrap();
    assert_eq!(catalog.country_code(catalog.location_country(zone)), "us");
}

#[test]
fn c9_norway_is_a_text() {
    let catalog = Catalog::builtin();
    assert_eq!(catalog.country_name(country(&catalog, "NO")), "Norway");
    assert_eq!(catalog.country("false"), None);
}

#[test]
#[should_panic(expected = "index out of bounds")]
fn foreign_ids_are_a_mistake_in_the_program() {
    let _ = Catalog::builtin().flavor_code(FlavorId::from_index(100_000));
}
