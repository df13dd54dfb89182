//! What users type.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::Section;

/// Policy and placement: may this workload run there, where best, and why not.
#[derive(Debug, Parser)]
#[command(name = "siting", bin_name = "siting", version, propagate_version = true, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Args)]
pub(super) struct Global {
    /// How to print the answer: for people, or for programs
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: Output,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// No colours, also on a terminal
    #[arg(long, global = true)]
    pub(super) no_color: bool,
    /// Leave invalid clusters out, and list them, instead of failing
    #[arg(long, global = true)]
    pub(super) quarantine: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Output {
    #[default]
    Table,
    Json,
    Yaml,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Decide where deployments run
    Place(Place),
    /// Say why a deployment may run where it may, and why not elsewhere
    Explain(Explain),
    /// List what is still allowed before anything is deployed, with how many clusters behind each
    Options(Options),
    /// Validate manifests, and point out what is probably not meant
    Check(Check),
    /// Run scenarios of deployments' lives, and say where one goes another way than it tells
    Simulate(Simulate),
    /// Show every detail of one deployment
    Describe(Describe),
    /// List the known names of places and hardware
    Catalog(Catalog),
    /// Print the JSON Schema of manifests or of reports
    Schema(Schema),
}

#[derive(Debug, Args)]
pub(super) struct Load {
    /// Manifests: files, directories, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    pub(super) load: Load,
    /// Decide this one alone, on the fleet as loaded: `name`, `workload/name` or `type/workload/name`
    #[arg(short, long, value_name = "NAME")]
    pub(super) deployment: Option<String>,
    /// Decide each as if it were the only one
    #[arg(long)]
    pub(super) independent: bool,
    /// Place as many replicas as fit, where not all do
    #[arg(long)]
    pub(super) partial: bool,
    /// After all are placed, move replicas where all cost less together, trying at most so many places
    #[arg(long, value_name = "STEPS", num_args = 0..=1, require_equals = true, default_missing_value = "100000",
          conflicts_with_all = ["independent", "deployment"])]
    pub(super) optimize: Option<u64>,
    /// List every place that a replica could have
    #[arg(long)]
    pub(super) candidates: bool,
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    #[command(flatten)]
    pub(super) load: Load,
    /// The deployment: `name`, `workload/name` or `type/workload/name`
    #[arg(short, long, value_name = "NAME")]
    pub(super) deployment: String,
    /// Explain every pool of this cluster
    #[arg(short, long, value_name = "CLUSTER")]
    pub(super) cluster: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    pub(super) load: Load,
    /// The environment to deploy to [default: the workspace's]
    #[arg(short, long, value_name = "ENV")]
    pub(super) environment: Option<String>,
    /// The workload type [default: model]
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    pub(super) resource_type: Option<String>,
    /// What is chosen already, as `kind:name`, such as `gpu:t4` or `country:us`; can be repeated
    #[arg(long, value_name = "CHOICE")]
    pub(super) given: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) load: Load,
    /// Print annotations for a pipeline, whatever `--output` says
    #[arg(long, value_enum, value_name = "PIPELINE")]
    pub(super) format: Option<Format>,
}

#[derive(Debug, Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    pub(super) load: Load,
}

#[derive(Debug, Args)]
pub(super) struct Describe {
    #[command(flatten)]
    pub(super) load: Load,
    /// The deployment: `name`, `workload/name` or `type/workload/name`
    #[arg(short, long, value_name = "NAME")]
    pub(super) deployment: String,
    /// Describe it as this scenario leaves it, by name or id
    #[arg(long, value_name = "SCENARIO")]
    pub(super) after: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    Github,
}

#[derive(Debug, Args)]
pub(super) struct Catalog {
    /// What to list; everything, if left out
    #[arg(value_enum)]
    pub(super) section: Option<Section>,
    /// Only what has this in one of its names
    pub(super) word: Option<String>,
    /// Only locations of this provider
    #[arg(long, value_name = "PROVIDER")]
    pub(super) provider: Option<String>,
    /// Only locations in this country
    #[arg(long, value_name = "CODE")]
    pub(super) country: Option<String>,
    /// Only flavors of this vendor
    #[arg(long, value_name = "VENDOR", conflicts_with_all = ["provider", "country"])]
    pub(super) vendor: Option<String>,
    /// Manifests whose additions to list too; can be repeated
    #[arg(long, value_name = "PATH")]
    pub(super) from: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// A kind of manifest, such as `Policy`, or of report; all of them, if left out
    pub(super) kind: Option<String>,
    /// Print the JSON Schema of what commands answer with `-o json`
    #[arg(long)]
    pub(super) reports: bool,
}
