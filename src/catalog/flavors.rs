//! The table of hardware (C5, C6).

use super::choice::FlavorKind::{self, Cpu, Gpu};

/// One code: a family, a variant of one, or a code of no family.
pub(super) struct Flavor {
    pub(super) kind: FlavorKind,
    pub(super) code: &'static str,
    /// The code of the family, or nothing.
    pub(super) family: &'static str,
    pub(super) is_family: bool,
    /// A key of [`VENDOR_WORDS`], or nothing.
    pub(super) vendor: &'static str,
    pub(super) name: &'static str,
    /// Memory in GiB; 0 where it differs between variants or generations of boards, or is unknown.
    pub(super) memory: u64,
    /// Other spellings that mean this code, as clouds, Kubernetes labels and tools write them.
    pub(super) aliases: &'static [&'static str],
}

/// The words that stand for a vendor before a code, as in `NVIDIA Tesla T4` (C5), and whose they are.
pub(super) static VENDOR_WORDS: &[(&str, &str)] = &[
    ("amazon", "aws"),
    ("amd", "amd"),
    ("aws", "aws"),
    ("gcp", "google"),
    ("geforce", "nvidia"),
    ("google", "google"),
    ("grid", "nvidia"),
    ("habana", "intel"),
    ("instinct", "amd"),
    ("intel", "intel"),
    ("nvidia", "nvidia"),
    ("quadro", "nvidia"),
    ("qualcomm", "qualcomm"),
    ("radeon", "amd"),
    ("tesla", "nvidia"),
];

/// The only spellings that mean a variant without stating its memory (C5): labels of GKE's nodes. Any
/// other spelling of these words, in capitals or with other separators, means the family.
pub(super) static EXACT: &[(&str, &str)] = &[("nvidia-tesla-a100", "a100-40gb"), ("nvidia-tesla-v100", "v100-16gb")];

/// Accelerators and processors as of November 2026; sorted by kind, then code, by bytes.
///
/// Spellings are those of SkyPilot, gpuhunt, Karpenter, GKE, the labels of NVIDIA's GPU feature
/// discovery, RunPod, CoreWeave, Alibaba Cloud and the OpenB trace. Memory is that of one device, as
/// its vendor states it. Accelerators that are no GPU count as `gpu`.
#[rustfmt::skip]
pub(super) static FLAVORS: &[Flavor] = &[
    Flavor { kind: Cpu, code: "arm", family: "", is_family: false, vendor: "", name: "64-bit Arm", memory: 0, aliases: &["arm64", "aarch64"] },
    Flavor { kind: Cpu, code: "x86", family: "", is_family: false, vendor: "", name: "64-bit x86", memory: 0, aliases: &["x86_64", "amd64"] },
    Flavor { kind: Gpu, code: "a10", family: "", is_family: false, vendor: "nvidia", name: "A10", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "a100", family: "", is_family: true, vendor: "nvidia", name: "A100", memory: 0, aliases: &[] },
    Flavor { kind: Gpu, code: "a100-40gb", family: "a100", is_family: false, vendor: "nvidia", name: "A100 40GB", memory: 40, aliases: &["NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-PCIE-40GB", "A100-40GB-SXM", "A100-40GB-SXM4", "A100-40GB-PCIE", "A100-SXM-40GB"] },
    Flavor { kind: Gpu, code: "a100-80gb", family: "a100", is_family: false, vendor: "nvidia", name: "A100 80GB", memory: 80, aliases: &["A100-80GB-SXM", "NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe", "A100-80GB-SXM4", "A100-SXM-80GB", "A100-PCIE-80GB"] },
    Flavor { kind: Gpu, code: "a10g", family: "", is_family: false, vendor: "nvidia", name: "A10G", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "a16", family: "", is_family: false, vendor: "nvidia", name: "A16", memory: 16, aliases: &[] },
    Flavor { kind: Gpu, code: "a30", family: "", is_family: false, vendor: "nvidia", name: "A30", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "a40", family: "", is_family: false, vendor: "nvidia", name: "A40", memory: 48, aliases: &[] },
    Flavor { kind: Gpu, code: "a800", family: "", is_family: false, vendor: "nvidia", name: "A800 80GB", memory: 80, aliases: &["NVIDIA-A800-SXM4-80GB", "A800 80GB"] },
    Flavor { kind: Gpu, code: "ai100", family: "", is_family: false, vendor: "qualcomm", name: "Cloud AI 100", memory: 0, aliases: &["Cloud AI 100"] },
    Flavor { kind: Gpu, code: "b200", family: "", is_family: false, vendor: "nvidia", name: "B200", memory: 180, aliases: &["b200-8x"] },
    Flavor { kind: Gpu, code: "b300", family: "", is_family: false, vendor: "nvidia", name: "B300", memory: 270, aliases: &["NVIDIA-B300-SXM6-AC"] },
    Flavor { kind: Gpu, code: "gaudi", family: "", is_family: false, vendor: "intel", name: "Gaudi HL-205", memory: 32, aliases: &["Gaudi HL-205"] },
    Flavor { kind: Gpu, code: "gaudi2", family: "", is_family: false, vendor: "intel", name: "Gaudi 2 HL-225", memory: 96, aliases: &["Gaudi 2 HL-225"] },
    Flavor { kind: Gpu, code: "gaudi3", family: "", is_family: false, vendor: "intel", name: "Gaudi 3", memory: 128, aliases: &[] },
    Flavor { kind: Gpu, code: "gb200", family: "", is_family: false, vendor: "nvidia", name: "GB200 Grace Blackwell", memory: 186, aliases: &["GB200 Grace Blackwell"] },
    Flavor { kind: Gpu, code: "gh200", family: "", is_family: false, vendor: "nvidia", name: "GH200 Grace Hopper", memory: 96, aliases: &["NVIDIA-GH200-480GB", "NVIDIA-GH200-120GB", "GH200 Grace Hopper"] },
    Flavor { kind: Gpu, code: "h100", family: "", is_family: true, vendor: "nvidia", name: "H100", memory: 0, aliases: &[] },
    Flavor { kind: Gpu, code: "h100-80gb", family: "h100", is_family: false, vendor: "nvidia", name: "H100 80GB (PCIe/SXM)", memory: 80, aliases: &["H100-SXM", "H100-NVLINK", "H100-MEGA", "nvidia-h100-mega-80gb", "NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "H100_NVLINK_80GB", "H100-80GB-SXM", "H100-80GB-SXM5", "H100-80GB-PCIE", "H100-SXM5", "H100-SXM-80GB", "H100-SXM5-80GB", "H100-PCIE-80GB"] },
    Flavor { kind: Gpu, code: "h100-nvl", family: "h100", is_family: false, vendor: "nvidia", name: "H100 NVL", memory: 94, aliases: &["H100-NVL-94GB"] },
    Flavor { kind: Gpu, code: "h20", family: "", is_family: false, vendor: "nvidia", name: "H20", memory: 96, aliases: &[] },
    Flavor { kind: Gpu, code: "h200", family: "", is_family: true, vendor: "nvidia", name: "H200", memory: 0, aliases: &[] },
    Flavor { kind: Gpu, code: "h200-141gb", family: "h200", is_family: false, vendor: "nvidia", name: "H200", memory: 141, aliases: &["H200-SXM", "H200-SXM5", "H200-SXM-141GB", "H200-SXM5-141GB", "H200-141GB-HBM3e"] },
    Flavor { kind: Gpu, code: "h200-nvl", family: "h200", is_family: false, vendor: "nvidia", name: "H200 NVL", memory: 141, aliases: &["H200-NVL-141GB"] },
    Flavor { kind: Gpu, code: "h800", family: "", is_family: false, vendor: "nvidia", name: "H800", memory: 80, aliases: &[] },
    Flavor { kind: Gpu, code: "inferentia", family: "", is_family: false, vendor: "aws", name: "Inferentia", memory: 0, aliases: &[] },
    Flavor { kind: Gpu, code: "inferentia2", family: "", is_family: false, vendor: "aws", name: "Inferentia2", memory: 0, aliases: &[] },
    Flavor { kind: Gpu, code: "k520", family: "", is_family: false, vendor: "nvidia", name: "GRID K520", memory: 4, aliases: &[] },
    Flavor { kind: Gpu, code: "k80", family: "", is_family: false, vendor: "nvidia", name: "Tesla K80", memory: 12, aliases: &[] },
    Flavor { kind: Gpu, code: "l2", family: "", is_family: false, vendor: "nvidia", name: "L2", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "l20", family: "", is_family: false, vendor: "nvidia", name: "L20", memory: 48, aliases: &[] },
    Flavor { kind: Gpu, code: "l4", family: "", is_family: false, vendor: "nvidia", name: "L4", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "l40", family: "", is_family: false, vendor: "nvidia", name: "L40", memory: 48, aliases: &[] },
    Flavor { kind: Gpu, code: "l40s", family: "", is_family: false, vendor: "nvidia", name: "L40S", memory: 48, aliases: &[] },
    Flavor { kind: Gpu, code: "m60", family: "", is_family: false, vendor: "nvidia", name: "Tesla M60", memory: 8, aliases: &[] },
    Flavor { kind: Gpu, code: "mi100", family: "", is_family: false, vendor: "amd", name: "Instinct MI100", memory: 32, aliases: &[] },
    Flavor { kind: Gpu, code: "mi210", family: "", is_family: false, vendor: "amd", name: "Instinct MI210", memory: 64, aliases: &[] },
    Flavor { kind: Gpu, code: "mi25", family: "", is_family: false, vendor: "amd", name: "Radeon Instinct MI25", memory: 16, aliases: &[] },
    Flavor { kind: Gpu, code: "mi250", family: "", is_family: false, vendor: "amd", name: "Instinct MI250", memory: 128, aliases: &[] },
    Flavor { kind: Gpu, code: "mi250x", family: "", is_family: false, vendor: "amd", name: "Instinct MI250X", memory: 128, aliases: &[] },
    Flavor { kind: Gpu, code: "mi300a", family: "", is_family: false, vendor: "amd", name: "Instinct MI300A", memory: 128, aliases: &[] },
    Flavor { kind: Gpu, code: "mi300x", family: "", is_family: false, vendor: "amd", name: "Instinct MI300X", memory: 192, aliases: &["AMD Instinct MI300X OAM"] },
    Flavor { kind: Gpu, code: "mi308x", family: "", is_family: false, vendor: "amd", name: "Instinct MI308X", memory: 128, aliases: &[] },
    Flavor { kind: Gpu, code: "mi325x", family: "", is_family: false, vendor: "amd", name: "Instinct MI325X", memory: 256, aliases: &[] },
    Flavor { kind: Gpu, code: "mi350x", family: "", is_family: false, vendor: "amd", name: "Instinct MI350X", memory: 288, aliases: &[] },
    Flavor { kind: Gpu, code: "mi355x", family: "", is_family: false, vendor: "amd", name: "Instinct MI355X", memory: 288, aliases: &[] },
    Flavor { kind: Gpu, code: "p100", family: "", is_family: false, vendor: "nvidia", name: "Tesla P100", memory: 16, aliases: &[] },
    Flavor { kind: Gpu, code: "p4", family: "", is_family: false, vendor: "nvidia", name: "Tesla P4", memory: 8, aliases: &[] },
    Flavor { kind: Gpu, code: "p40", family: "", is_family: false, vendor: "nvidia", name: "Tesla P40", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx3060", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 3060", memory: 12, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx3070", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 3070", memory: 8, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx3080", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 3080", memory: 10, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx3090", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 3090", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx4000-ada", family: "", is_family: false, vendor: "nvidia", name: "RTX 4000 Ada Generation", memory: 20, aliases: &["NVIDIA-RTX-4000-Ada-Generation"] },
    Flavor { kind: Gpu, code: "rtx4060", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 4060", memory: 8, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx4070", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 4070", memory: 12, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx4090", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 4090", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx5060", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 5060", memory: 8, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx5070", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 5070", memory: 12, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx5090", family: "", is_family: false, vendor: "nvidia", name: "GeForce RTX 5090", memory: 32, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx5880-ada", family: "", is_family: false, vendor: "nvidia", name: "RTX 5880 Ada Generation", memory: 48, aliases: &["NVIDIA-RTX-5880-Ada-Generation"] },
    Flavor { kind: Gpu, code: "rtx6000", family: "", is_family: false, vendor: "nvidia", name: "Quadro RTX 6000", memory: 24, aliases: &[] },
    Flavor { kind: Gpu, code: "rtx6000-ada", family: "", is_family: false, vendor: "nvidia", name: "RTX 6000 Ada Generation", memory: 48, aliases: &["NVIDIA-RTX-6000-Ada-Generation"] },
    Flavor { kind: Gpu, code: "rtx8000", family: "", is_family: false, vendor: "nvidia", name: "Quadro RTX 8000", memory: 48, aliases: &[] },
    Flavor { kind: Gpu, code: "rtxa4000", family: "", is_family: false, vendor: "nvidia", name: "RTX A4000", memory: 16, aliases: &["A4000"] },
    Flavor { kind: Gpu, code: "rtxa4500", family: "", is_family: false, vendor: "nvidia", name: "RTX A4500", memory: 20, aliases: &["A4500"] },
    Flavor { kind: Gpu, code: "rtxa5000", family: "", is_family: false, vendor: "nvidia", name: "RTX A5000", memory: 24, aliases: &["A5000"] },
    Flavor { kind: Gpu, code: "rtxa6000", family: "", is_family: false, vendor: "nvidia", name: "RTX A6000", memory: 48, aliases: &["A6000"] },
    Flavor { kind: Gpu, code: "rtxpro4500", family: "", is_family: false, vendor: "nvidia", name: "RTX PRO 4500 Blackwell", memory: 32, aliases: &["NVIDIA-RTX-PRO-4500-Blackwell"] },
    Flavor { kind: Gpu, code: "rtxpro6000", family: "", is_family: false, vendor: "nvidia", name: "RTX PRO 6000 Blackwell", memory: 96, aliases: &["RTXPRO6000S", "RTXPRO6000WS", "rtx-pro-server-6000", "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", "NVIDIA-RTX-PRO-6000-Blackwell-Workstation-Edition", "RTX PRO 6000 Blackwell"] },
    Flavor { kind: Gpu, code: "t4", family: "", is_family: false, vendor: "nvidia", name: "Tesla T4", memory: 16, aliases: &[] },
    Flavor { kind: Gpu, code: "t4g", family: "", is_family: false, vendor: "nvidia", name: "T4G", memory: 16, aliases: &[] },
    Flavor { kind: Gpu, code: "tpu-v2", family: "", is_family: false, vendor: "google", name: "TPU v2", memory: 0, aliases: &["v2"] },
    Flavor { kind: Gpu, code: "tpu-v3", family: "", is_family: false, vendor: "google", name: "TPU v3", memory: 0, aliases: &["v3"] },
    Flavor { kind: Gpu, code: "tpu-v4", family: "", is_family: false, vendor: "google", name: "TPU v4", memory: 0, aliases: &["v4", "tpu-v4-podslice"] },
    Flavor { kind: Gpu, code: "tpu-v5e", family: "", is_family: false, vendor: "google", name: "TPU v5e", memory: 0, aliases: &["tpu-v5litepod", "v5litepod", "tpu-v5-lite-podslice", "tpu-v5-lite-device"] },
    Flavor { kind: Gpu, code: "tpu-v5p", family: "", is_family: false, vendor: "google", name: "TPU v5p", memory: 0, aliases: &["v5p", "tpu-v5p-slice"] },
    Flavor { kind: Gpu, code: "tpu-v6e", family: "", is_family: false, vendor: "google", name: "TPU v6e (Trillium)", memory: 0, aliases: &["v6e", "tpu-v6e-slice"] },
    Flavor { kind: Gpu, code: "trainium", family: "", is_family: false, vendor: "aws", name: "Trainium", memory: 0, aliases: &[] },
    Flavor { kind: Gpu, code: "trainium2", family: "", is_family: false, vendor: "aws", name: "Trainium2", memory: 0, aliases: &[] },
    Flavor { kind: Gpu, code: "v100", family: "", is_family: true, vendor: "nvidia", name: "Tesla V100", memory: 0, aliases: &[] },
    Flavor { kind: Gpu, code: "v100-16gb", family: "v100", is_family: false, vendor: "nvidia", name: "Tesla V100 16GB", memory: 16, aliases: &["V100M16", "Tesla V100-SXM2-16GB", "Tesla V100-PCIE-16GB", "V100-16GB-SXM2", "V100-16GB-PCIE"] },
    Flavor { kind: Gpu, code: "v100-32gb", family: "v100", is_family: false, vendor: "nvidia", name: "Tesla V100 32GB", memory: 32, aliases: &["V100M32", "Tesla V100-SXM2-32GB", "Tesla V100-SXM3-32GB", "Tesla V100-PCIE-32GB", "V100-32GB-SXM2", "V100-32GB-PCIE"] },
    Flavor { kind: Gpu, code: "v520", family: "", is_family: false, vendor: "amd", name: "Radeon Pro V520", memory: 8, aliases: &["Radeon Pro V520"] },
];
