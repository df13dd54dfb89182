//! The table of built-in groups (C4).

/// A named set of countries.
pub(super) struct Group {
    pub(super) name: &'static str,
    /// What it is, as of when, by which source.
    pub(super) about: &'static str,
    /// Alpha-2 codes; each list is contained in the group's members.
    pub(super) members: &'static [&'static [&'static str]],
}

/// Sorted by name.
pub(super) static GROUPS: &[Group] = &[
    Group {
        name: "eea",
        about: "the European Economic Area: the European Union, Iceland, Liechtenstein, Norway \
                (EEA Agreement, Article 126; November 2026)",
        members: &[EU27, EEA_BESIDE_EU],
    },
    Group {
        name: "eu27",
        about: "the 27 member states of the European Union, without the territories that have their own country codes, \
                even those that belong to it: ax, and the outermost regions gf, gp, mf, mq, re, yt \
                (Treaty on European Union, Article 52, since 1 February 2020; November 2026)",
        members: &[EU27],
    },
    Group {
        name: "gdpr-adequate",
        about: "the European Economic Area and the countries with a full adequacy decision under Article 45 GDPR, \
                without the partial ones (United States, Canada) \
                (European Commission, list of adequacy decisions; August 2026)",
        members: &[EU27, EEA_BESIDE_EU, ADEQUATE],
    },
];

/// The member states of the European Union since the United Kingdom left on 1 February 2020.
///
/// States only. Their territories with codes of their own are left out, even those that belong to the
/// Union (`ax`; the outermost regions `gf`, `gp`, `mf`, `mq`, `re`, `yt`): a policy that means one has to name it.
///
/// Source: Treaty on European Union, Article 52, with the accession treaties up to Croatia's (2013);
/// looked at in November 2026.
static EU27: &[&str] = &[
    "at", "be", "bg", "cy", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hr", "hu", "ie", "it", "lt", "lu", "lv",
    "mt", "nl", "pl", "pt", "ro", "se", "si", "sk",
];

/// The states of the European Free Trade Association that take part in the European Economic Area;
/// Switzerland does not.
///
/// Source: Agreement on the European Economic Area, Article 126, with the enlargement agreements;
/// looked at in November 2026.
static EEA_BESIDE_EU: &[&str] = &["is", "li", "no"];

/// Countries and territories outside the European Economic Area with a full adequacy decision under
/// Article 45 GDPR: Andorra, Argentina, Brazil (Implementing Decision (EU) 2026/179 of 26 January
/// 2026), Switzerland, Faroe Islands, United Kingdom (renewed in December 2025), Guernsey, Israel, Isle
/// of Man, Jersey, Japan, Republic of Korea, New Zealand, Uruguay.
///
/// Left out because their decisions are partial: the **United States** (only organisations certified
/// under the Data Privacy Framework, Implementing Decision (EU) 2023/1795) and **Canada** (only
/// commercial organisations under PIPEDA, Decision 2002/2/EC). Left out because it is not a country: the
/// European Patent Organisation (July 2025). Japan's and Korea's decisions have sectoral edges too,
/// but are counted as full.
///
/// Source: the European Commission's list of adequacy decisions, as of August 2026.
static ADEQUATE: &[&str] = &["ad", "ar", "br", "ch", "fo", "gb", "gg", "il", "im", "je", "jp", "kr", "nz", "uy"];
