//! One run of the command line: what was asked for, and what is to be printed.

use std::path::PathBuf;

use serde::Serialize;

use super::args::{self, Command, Global, Output};
use super::commands;
use super::failure::Failure;
use super::render::{Style, Texts, diagnostics};
use super::{ExitStatus, Terminal};
use crate::manifest::{self, Gathered, Source};
use crate::origin::Problem;
use crate::report::{ErrorReport, Include};
use crate::time::Moment;
use crate::workspace::{LoadOptions, Workspace, WorkspaceChange};

pub(super) struct Session {
    pub(super) output: Output,
    pub(super) quarantine: bool,
    /// The moment that was asked about.
    at: Option<Moment>,
    /// The machine's clock, for documents that state moments; one for all that are compared.
    clock: Moment,
    quiet: bool,
    /// Whether long work shows its progress.
    pub(super) progress: bool,
    pub(super) out_style: Style,
    err_style: Style,
    /// What a failure is to print instead of a report.
    pub(super) annotations: Option<String>,
    /// What is to go to standard output and standard error, in the end.
    pub(super) out: String,
    pub(super) err: String,
}

/// A workspace and the texts it was read from.
pub(super) struct Loaded {
    pub(super) workspace: Workspace,
    /// What it was before further documents were put, if there are any.
    pub(super) before: Option<Workspace>,
    pub(super) sources: Vec<Source>,
}

impl Session {
    pub(super) fn new(global: &Global, terminal: Terminal) -> Self {
        Self {
            output: global.output,
            quarantine: global.quarantine,
            at: global.at,
            clock: clock(),
            quiet: global.quiet,
            progress: terminal.progress && !global.quiet,
            out_style: Style::new(terminal.out_colors && !global.no_color),
            err_style: Style::new(terminal.err_colors && !global.no_color),
            annotations: None,
            out: String::new(),
            err: String::new(),
        }
    }

    /// What reports list in addition to the answer.
    pub(super) fn include(&self) -> Include {
        Include::NOTHING.quarantined(self.quarantine)
    }

    pub(super) fn run(&mut self, command: &Command) -> ExitStatus {
        if let Err(failure) = self.has_format(command).and_then(|()| self.has_a_moment(command)) {
            self.output = Output::Table;
            return self.fail(&failure);
        }
        let answer = match command {
            Command::Place(args) => commands::place(self, args),
            Command::Explain(args) => commands::explain(self, args),
            Command::Options(args) => commands::options(self, args),
            Command::Check(args) => commands::check(self, args),
            Command::Test(args) => commands::test(self, args),
            Command::Diff(args) => commands::diff(self, args),
            Command::Drill(args) => commands::drill(self, args),
            Command::Drain(args) => commands::drain(self, args),
            Command::Verify(args) => commands::verify(self, args),
            Command::Certify(args) => commands::certify(self, args),
            Command::Simulate(args) => commands::simulate(self, args),
            Command::Describe(args) => commands::describe(self, args),
            Command::Catalog(args) => commands::catalog(self, args),
            Command::Schema(args) => commands::schema(self, args),
        };
        answer.unwrap_or_else(|failure| self.fail(&failure))
    }

    /// Whether the command can print in the format that was asked for.
    fn has_format(&self, command: &Command) -> Result<(), Failure> {
        let has = match self.output {
            Output::Table | Output::Json | Output::Yaml => true,
            Output::Junit => matches!(command, Command::Test(_)),
            Output::Markdown => matches!(command, Command::Diff(_)),
        };
        if has {
            return Ok(());
        }
        let message = format!("this command has no output format `{}`", self.output.as_str());
        Err(Failure::invalid(message, "use `table`, `json` or `yaml`".to_owned()))
    }

    /// Whether the command asks anything of the moment that was given.
    fn has_a_moment(&self, command: &Command) -> Result<(), Failure> {
        let (what, help) = match command {
            Command::Catalog(_) | Command::Schema(_) => {
                ("nothing that it prints changes with time", "leave `--at` out")
            }
            Command::Simulate(_) | Command::Describe(args::Describe { after: Some(_), .. }) => {
                ("a scenario has a clock of its own", "state `start` in the scenario, and `at` in its steps")
            }
            _ => return Ok(()),
        };
        match self.at {
            Some(_) => Err(Failure::invalid(format!("this command has no `--at`: {what}"), help.to_owned())),
            None => Ok(()),
        }
    }

    /// Reads and resolves manifests; writes notices to standard error, and what was left
    /// out.
    pub(super) fn load(&mut self, paths: &[PathBuf]) -> Result<Loaded, Failure> {
        self.load_and_put(paths, &[])
    }

    /// The same, with further documents put as well.
    pub(super) fn load_and_put(&mut self, paths: &[PathBuf], what_if: &[PathBuf]) -> Result<Loaded, Failure> {
        let loaded = self.load_all(paths, what_if)?;
        self.list_quarantined(&loaded);
        Ok(loaded)
    }

    fn list_quarantined(&mut self, loaded: &Loaded) {
        if !self.quiet {
            let texts = Texts::new(&loaded.sources);
            let quarantined = loaded.workspace.quarantined();
            self.err.push_str(&diagnostics::quarantined(quarantined, &texts, self.err_style));
        }
    }

    /// The same, for who reports what was left out himself.
    pub(super) fn load_all(&mut self, paths: &[PathBuf], what_if: &[PathBuf]) -> Result<Loaded, Failure> {
        let is_input = |path: &PathBuf| path.as_os_str() == "-";
        if paths.iter().any(is_input) && what_if.iter().any(is_input) {
            let message = "standard input is read once, and stands among the paths and behind `--what-if`".to_owned();
            return Err(Failure::invalid(message, "write one of them to a file".to_owned()));
        }
        self.resolve(manifest::gather(paths), what_if)
    }

    /// As [`load`](Self::load), of texts that were gathered otherwise.
    pub(super) fn load_gathered(&mut self, gathered: Gathered) -> Result<Loaded, Failure> {
        let loaded = self.resolve(gathered, &[])?;
        self.list_quarantined(&loaded);
        Ok(loaded)
    }

    fn resolve(&mut self, gathered: Gathered, what_if: &[PathBuf]) -> Result<Loaded, Failure> {
        let options = LoadOptions { quarantine: self.quarantine };
        let mut loaded = match Workspace::from_gathered(&gathered, options) {
            Ok(workspace) => Loaded { workspace, before: None, sources: gathered.sources },
            Err(error) => return Err(Failure { problems: error.problems, sources: gathered.sources }),
        };
        let mut notices = loaded.workspace.specs().notices.clone();
        if !what_if.is_empty() {
            let gathered = manifest::gather(what_if);
            let mut reading = manifest::read(&gathered.sources);
            reading.problems.extend(gathered.problems);
            notices.extend(reading.specs.notices.iter().cloned().chain(reading.not_put()));
            loaded.sources.extend(gathered.sources);
            let at = self.at.unwrap_or(self.clock);
            loaded.workspace = match loaded.workspace.what_if(at, WorkspaceChange::new().put(reading)) {
                Ok(workspace) => {
                    loaded.before = Some(loaded.workspace);
                    workspace
                }
                Err(error) => return Err(Failure { problems: error.problems, sources: loaded.sources }),
            };
        }
        let states = |workspace: &Workspace| workspace.states_moments();
        let stated = states(&loaded.workspace) || loaded.before.as_ref().is_some_and(states);
        if let Some(at) = self.at.or(stated.then_some(self.clock)) {
            loaded.workspace = loaded.workspace.at(at);
            loaded.before = loaded.before.map(|before| before.at(at));
        }
        self.remark(notices, &loaded.sources);
        Ok(loaded)
    }

    /// Prints an answer: the report for programs, or what `text` makes of it for people.
    pub(super) fn answer<R: Serialize>(
        &mut self,
        report: &R,
        text: impl FnOnce(&R, Style) -> String,
    ) -> Result<(), Failure> {
        self.out = match self.output {
            Output::Table => text(report, self.out_style),
            Output::Json | Output::Yaml | Output::Junit | Output::Markdown => self.serialised(report)?,
        };
        Ok(())
    }

    fn serialised<R: Serialize>(&self, report: &R) -> Result<String, Failure> {
        let text = match self.output {
            Output::Yaml => yaml(report),
            Output::Json | Output::Table | Output::Junit | Output::Markdown => {
                serde_json::to_string_pretty(report).map(|text| text + "\n").map_err(|error| error.to_string())
            }
        };
        // Reports are plain data, so this cannot fail; if it does, the failure is reported.
        text.map_err(|error| Failure::invalid(error, "this is a bug in siting; please report it".to_owned()))
    }

    fn fail(&mut self, failure: &Failure) -> ExitStatus {
        if let Some(annotations) = self.annotations.take() {
            self.out = annotations;
        } else if self.output != Output::Table
            && let Ok(report) = self.serialised(&ErrorReport::new(&failure.problems))
        {
            self.out = report;
        }
        let texts = Texts::new(&failure.sources);
        self.err.push_str(&diagnostics::errors(&failure.problems, &texts, self.err_style));
        ExitStatus::BAD
    }

    /// Notices of a load.
    fn remark(&mut self, mut notices: Vec<Problem>, sources: &[Source]) {
        if self.quiet {
            return;
        }
        let texts = Texts::new(sources);
        notices.sort_by(|a, b| a.origin.cmp(&b.origin));
        let notices: Vec<_> = notices.iter().collect();
        self.err.push_str(&diagnostics::notices(&notices, &texts, self.err_style));
    }
}

fn clock() -> Moment {
    let passed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Moment::default().after(passed.unwrap_or_default())
}

/// Every text on one line, so that it can be searched for.
fn yaml<R: Serialize>(report: &R) -> Result<String, String> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(report, options).map_err(|error| error.to_string())
}
