//! What users type.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::time::Moment;

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
    /// The format of the answer
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: Output,
    /// Print only errors to standard error
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Print without colours
    #[arg(long, global = true)]
    pub(super) no_color: bool,
    /// Skip and list invalid clusters instead of failing
    #[arg(long, global = true)]
    pub(super) quarantine: bool,
    /// Answer as of this moment, such as `2026-12-01T00:00:00Z` [default: the clock, where a document states a moment]
    #[arg(long, global = true, value_name = "MOMENT")]
    pub(super) at: Option<Moment>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Output {
    #[default]
    Table,
    Json,
    Yaml,
    /// `test` only: JUnit's XML
    Junit,
    /// `diff` only: for a pull request
    Markdown,
}

impl Output {
    /// The format's name as it is typed.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Decide where deployments run
    Place(Place),
    /// Explain where a deployment may run, and why not elsewhere
    Explain(Explain),
    /// List the places and hardware that the policies allow, with the number of clusters for each
    Options(Options),
    /// Validate and lint manifests
    Check(Check),
    /// Run tests of policies, and show what of the policies they do not hold
    Test(Test),
    /// Compare two sets of manifests by meaning: what deployments gain and lose, what policies widen
    Diff(Diff),
    /// Show what losing clusters, locations, countries or providers would make impossible
    Drill(Drill),
    /// Plan moves that empty a cluster
    Drain(Drain),
    /// Check a decision, a report or a certificate against manifests
    Verify(Verify),
    /// Write a certificate that no deployment reaches beyond its policies
    Certify(Certify),
    /// Run scenarios of deployment lifecycles and compare the outcome with what they expect
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
pub(super) struct LoadAndPut {
    #[command(flatten)]
    pub(super) load: Load,
    /// Answer as if these documents were put as well: each replaces the one of its kind and name, or is a new one; can be
    /// repeated
    #[arg(long, value_name = "FILE")]
    pub(super) what_if: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    pub(super) load: LoadAndPut,
    /// Decide only this deployment, on the fleet as loaded: `name`, `workload/name` or `type/workload/name`
    #[arg(short, long, value_name = "NAME")]
    pub(super) deployment: Option<String>,
    /// Decide each deployment as if it were the only one
    #[arg(long)]
    pub(super) independent: bool,
    /// If not all replicas fit, place as many as do
    #[arg(long)]
    pub(super) partial: bool,
    /// After placing, try up to STEPS moves that lower the total cost
    #[arg(long, value_name = "STEPS", num_args = 0..=1, require_equals = true, default_missing_value = "100000",
          conflicts_with_all = ["independent", "deployment"])]
    pub(super) optimize: Option<u64>,
    /// With --optimize, leave moves out that save what they cost, an hour of running twice, only after more hours
    #[arg(long, value_name = "HOURS", requires = "optimize")]
    pub(super) payback: Option<u64>,
    /// List every candidate: each pool that could run a replica if it were empty
    #[arg(long)]
    pub(super) candidates: bool,
    /// Say of each place which policies admit it, level by level, and by which options
    #[arg(long)]
    pub(super) admitted_by: bool,
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    #[command(flatten)]
    pub(super) load: LoadAndPut,
    /// The deployment: `name`, `workload/name` or `type/workload/name`
    #[arg(short, long, value_name = "NAME")]
    pub(super) deployment: String,
    /// Explain each pool of this cluster
    #[arg(short, long, value_name = "CLUSTER")]
    pub(super) cluster: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    pub(super) load: LoadAndPut,
    /// The environment to deploy to [default: the workspace's]
    #[arg(short, long, value_name = "ENV")]
    pub(super) environment: Option<String>,
    /// The workload type [default: model]
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    pub(super) resource_type: Option<String>,
    /// An option already chosen, such as `gpu:t4` or `country:us`; can be repeated
    #[arg(long, value_name = "OPTION")]
    pub(super) given: Vec<String>,
    /// Say of each value how many of the others would be left if it were chosen
    #[arg(long)]
    pub(super) further: bool,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) load: LoadAndPut,
    /// Print for this CI system or code scanner instead of `--output`
    #[arg(long, value_enum, value_name = "CI")]
    pub(super) format: Option<Format>,
}

#[derive(Debug, Args)]
pub(super) struct Test {
    #[command(flatten)]
    pub(super) load: LoadAndPut,
    /// Exit with 1 if less than this percentage of what the policies say is covered
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) coverage_at_least: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The old manifests and the new; with `--git`: a revision, perhaps a second, and paths; with `--what-if`: the present
    /// ones
    #[arg(required = true, value_name = "OLD NEW", num_args = 1..)]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) sides: Sides,
    /// Exit with 1 if an environment or deployment is allowed more, or something binds less, instead of if a deployment
    /// loses all its places
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) forbid: Option<Forbidden>,
}

// What is compared, where it is not two paths. (A doc comment would be that of the command.)
#[derive(Debug, Args)]
pub(super) struct Sides {
    /// Compare a revision with a second one, or with the files as they are: `--git REV [REV] PATH…`
    #[arg(long)]
    pub(super) git: bool,
    /// Compare the manifests with what they would be if these documents were put: each replaces the one of its kind and
    /// name, or is a new one; can be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "git")]
    pub(super) what_if: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Drill {
    #[command(flatten)]
    pub(super) load: LoadAndPut,
    /// Lose this, such as `country:de`, `provider:aws`, `location:aws/us-east-1`, `zone:aws/us-east-1/us-east-1a` or
    /// `cluster:paris`; repeated, all at once
    /// [default: each by itself]
    #[arg(long, value_name = "WHAT")]
    pub(super) lose: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Drain {
    /// Manifests: files, directories, or `-` for standard input; and the cluster last
    #[arg(required = true, value_name = "PATH… CLUSTER", num_args = 1..)]
    pub(super) paths: Vec<PathBuf>,
    /// Answer as if these documents were put as well: each replaces the one of its kind and name, or is a new one; can be
    /// repeated
    #[arg(long, value_name = "FILE")]
    pub(super) what_if: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// What `-o json` printed, or `certify`; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(super) claim: PathBuf,
    /// Files or directories of manifests; `-` for standard input. For a diff: what it was made of, as for `diff`
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// For a diff of revisions: `--git REV [REV] PATH…`
    #[arg(long)]
    pub(super) git: bool,
    /// For a report that was made with these documents put; for a diff, what it compares with; can be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "git")]
    pub(super) what_if: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Certify {
    #[command(flatten)]
    pub(super) load: Load,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Forbidden {
    Widened,
}

#[derive(Debug, Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    pub(super) load: Load,
}

#[derive(Debug, Args)]
pub(super) struct Describe {
    #[command(flatten)]
    pub(super) load: LoadAndPut,
    /// The deployment: `name`, `workload/name` or `type/workload/name`
    #[arg(short, long, value_name = "NAME")]
    pub(super) deployment: String,
    /// Describe it as it is after this scenario
    #[arg(long, value_name = "SCENARIO")]
    pub(super) after: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    Github,
    Sarif,
}

#[derive(Debug, Args)]
pub(super) struct Catalog {
    /// The list to print: `continents`, `countries`, `groups`, `locations` or `flavors` [default: all of them]
    pub(super) section: Option<String>,
    /// List only entries with a name or alias in which a word begins with this text
    pub(super) word: Option<String>,
    /// List only locations of this provider
    #[arg(long, value_name = "PROVIDER")]
    pub(super) provider: Option<String>,
    /// List only locations in this country
    #[arg(long, value_name = "CODE")]
    pub(super) country: Option<String>,
    /// List only flavors of this vendor
    #[arg(long, value_name = "VENDOR", conflicts_with_all = ["provider", "country"])]
    pub(super) vendor: Option<String>,
    /// Also list what these manifests add; can be repeated
    #[arg(long, value_name = "PATH")]
    pub(super) from: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The kind of manifest, such as `Policy`, or of report [default: all of them]
    pub(super) kind: Option<String>,
    /// Print the schemas of reports (the output of `-o json`), not of manifests
    #[arg(long)]
    pub(super) reports: bool,
}
