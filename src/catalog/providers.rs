//! The table of providers (C7, P15).

/// Who runs clusters.
pub(super) struct Provider {
    pub(super) name: &'static str,
    /// Other names by which it is known, in lower case.
    pub(super) aliases: &'static [&'static str],
    pub(super) owner: &'static str,
    /// The alpha-2 code of the country of its owner's seat, or nothing where that is not certain.
    pub(super) jurisdiction: &'static str,
    /// The source.
    pub(super) source: &'static str,
}

const fn provider(
    name: &'static str,
    aliases: &'static [&'static str],
    owner: &'static str,
    jurisdiction: &'static str,
    source: &'static str,
) -> Provider {
    Provider { name, aliases, owner, jurisdiction, source }
}

/// Providers of machines as of November 2026; sorted by name, by bytes.
///
/// A partition that another company runs is a provider of its own: `aws-cn`, `azure-china`, `bleu`, `delos`,
/// `s3ns`. One that its provider runs itself is another name for it: `aws-us-gov` is `aws`.
#[rustfmt::skip]
pub(super) static PROVIDERS: &[Provider] = &[
    provider("alicloud", &["aliyun", "alibaba", "alibaba_cloud", "aliyun_ecs"], "Alibaba Group", "cn", "sparecores-crawler 0.10.2"),
    provider("aruba", &["arubacloud", "aruba-cloud"], "Aruba S.p.A.", "it", "sovereignsky-site"),
    provider("aws", &["amazon", "aws-us-gov", "aws-iso", "aws-eusc", "ec2"], "Amazon.com", "us", "sparecores-crawler 0.10.2"),
    provider("aws-cn", &[], "Sinnet (Beijing) and NWCD (Ningxia)", "cn", "AWS China: terms of operation"),
    provider("azure", &["microsoft", "msazure", "azure_arm", "azure-gov", "azureusgovernmentcloud"], "Microsoft", "us", "sparecores-crawler 0.10.2"),
    provider("azure-china", &["azurechinacloud"], "21Vianet", "cn", "Microsoft: Azure in China is operated by 21Vianet"),
    provider("baidu", &["bce", "baiducloud"], "Baidu", "cn", "public lists of clouds"),
    provider("bleu", &["azurebleucloud"], "Orange and Capgemini", "fr", "public lists of clouds"),
    provider("cleura", &["citycloud", "city-network"], "Cleura", "se", "sovereignsky-site"),
    provider("cloudferro", &["creodias"], "CloudFerro", "pl", "public lists of clouds"),
    provider("coreweave", &["crwv"], "CoreWeave", "us", "public lists of clouds"),
    provider("crusoe", &["crusoecloud"], "Crusoe", "us", "public lists of clouds"),
    provider("cudo", &["cudocompute", "cudo-compute", "cudoventures"], "Cudo Ventures", "", "public lists of clouds"),
    provider("datacrunch", &["verda", "verda-cloud"], "Verda Cloud Oy", "fi", "PyPI verda 1.25.0 metadata"),
    provider("delos", &["deloscloud"], "SAP and Arvato", "de", "public lists of clouds"),
    provider("denvr", &["denvrdata", "denvr-dataworks"], "Denvr Dataworks", "ca", "public lists of clouds"),
    provider("digitalocean", &["do"], "DigitalOcean", "us", "skypilot 0.14.1 (do)"),
    provider("e2e", &["e2enetworks", "e2e-networks"], "E2E Networks", "in", "public lists of clouds"),
    provider("elastx", &[], "Elastx", "se", "sovereignsky-site"),
    provider("evroc", &[], "evroc", "", "public lists of clouds"),
    provider("exoscale", &["exo", "akenes"], "A1 Telekom Austria Group (A1 Digital)", "", "exoscale/terms eusa.markdown"),
    provider("fluidstack", &[], "Fluidstack", "", "public lists of clouds"),
    provider("gcp", &["google", "gce", "google-cloud"], "Alphabet", "us", "sparecores-crawler 0.10.2"),
    provider("gridscale", &[], "OVHcloud", "fr", "sovereignsky-site"),
    provider("hetzner", &["hcloud", "hetzner-cloud"], "Hetzner", "de", "sparecores-crawler 0.10.2"),
    provider("huawei", &["huaweicloud", "huawei_cloud", "myhuaweicloud"], "Huawei", "cn", "sovereignsky-site"),
    provider("hyperstack", &["nexgencloud", "nexgen", "infrahub"], "NexGen Cloud", "gb", "public lists of clouds"),
    provider("ibm", &["ibmcloud", "ibm-cloud", "softlayer", "ibm_cloud"], "IBM", "us", "cloud.ibm.com docs (ownership by name)"),
    provider("infomaniak", &[], "Infomaniak", "ch", "sovereignsky-site"),
    provider("ionos", &["ionoscloud", "profitbricks", "1and1"], "United Internet", "de", "sovereignsky-site"),
    provider("jarvislabs", &[], "JarvisLabs", "in", "gpuhunt 0.1.34 (india-* regions); seat by inference"),
    provider("kakao", &["kakaocloud", "kakao-i-cloud", "kakaoenterprise"], "Kakao", "kr", "public lists of clouds"),
    provider("lambda", &["lambdalabs", "lambda_cloud", "lambda-labs"], "Lambda", "us", "public lists of clouds"),
    provider("linode", &["akamai", "akamai_cloud", "akamai-connected-cloud"], "Akamai", "us", "public lists of clouds"),
    provider("nebius", &["nebius-ai"], "Nebius Group N.V.", "nl", "public lists of clouds"),
    provider("nscale", &[], "Nscale", "gb", "public lists of clouds"),
    provider("oci", &["oracle", "oraclecloud", "oracle-cloud"], "Oracle", "us", "sovereignsky-site"),
    provider("otc", &["opentelekomcloud", "open-telekom-cloud", "t-cloud-public"], "Deutsche Telekom (T-Systems)", "de", "sovereignsky-site"),
    provider("ovh", &["ovhcloud", "ovhus"], "OVHcloud (OVH Groupe)", "fr", "sparecores-crawler 0.10.2"),
    provider("paperspace", &[], "DigitalOcean", "us", "public lists of clouds"),
    provider("s3ns", &[], "Thales", "fr", "public lists of clouds"),
    provider("salad", &["saladcloud", "salad-technologies"], "Salad Technologies, Inc.", "us", "public lists of clouds"),
    provider("scaleway", &["scw", "online.net"], "iliad", "fr", "sovereignsky-site"),
    provider("seeweb", &["regolo"], "DHH (Dominion Hosting Holding)", "it", "public lists of clouds"),
    provider("selectel", &["vscale"], "Selectel", "ru", "PyPI vscaledriver (vds.selectel.ru)"),
    provider("shadeform", &[], "Shadeform", "us", "public lists of clouds"),
    provider("stackit", &["stackitcloud"], "Schwarz Group", "de", "sovereignsky-site"),
    provider("t-systems", &["tsystems"], "Deutsche Telekom", "de", "public lists of clouds"),
    provider("tencent", &["tencentcloud", "tencent_cloud", "qcloud"], "Tencent", "cn", "sovereignsky-site"),
    provider("tensordock", &[], "Lightning AI (via Voltage Park)", "us", "public lists of clouds"),
    provider("together", &["togetherai", "togethercomputer"], "Together AI", "us", "public lists of clouds"),
    provider("upcloud", &[], "UpCloud", "fi", "sparecores-crawler 0.10.2"),
    provider("voltagepark", &["voltage-park"], "Lightning AI", "us", "public lists of clouds"),
    provider("yandex", &["yandexcloud", "yandex-cloud"], "Yandex", "ru", "PyPI yandexcloud 0.413.0"),
    provider("yotta", &["yotta-data-services"], "Yotta Data Services (Hiranandani)", "in", "public lists of clouds"),
];
