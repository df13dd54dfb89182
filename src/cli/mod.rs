//! The command line as a library function: arguments in, a report out.
//!
//! [`run`] parses arguments, loads manifests, asks the library one question and renders the answer;
//! the binary and the Python wheel's script are [`main`]. An answer is a [report](crate::report), which JSON and
//! YAML print as it is; tables and sentences are made from it at the very edge (`render`).
//!
//! Data goes to standard output, diagnostics to standard error. The exit status is 0 if all is well, 1
//! if the answer is no, 2 for bad input or usage. Responsible for what users type and read; it
//! decides nothing itself.
//!
//! ```
//! use siting::cli::{ExitStatus, Terminal, run};
//!
//! let (mut out, mut err) = (Vec::new(), Vec::new());
//! let args = ["siting", "catalog", "continents", "-o", "json"];
//! let status = run(args, &mut out, &mut err, Terminal::default());
//! assert_eq!(status, ExitStatus::YES);
//! assert!(String::from_utf8_lossy(&out).contains("South America"));
//! ```

mod args;
mod commands;
mod failure;
mod git;
mod progress;
mod render;
mod session;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use clap::Parser;

use self::args::Arguments;
use self::session::Session;

/// What a process ends with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExitStatus(pub u8);

impl ExitStatus {
    /// All is well.
    pub const YES: Self = Self(0);
    /// The answer is no: a deployment is refused, or something was found.
    pub const NO: Self = Self(1);
    /// Bad input or usage.
    pub const BAD: Self = Self(2);

    fn of(yes: bool) -> Self {
        if yes { Self::YES } else { Self::NO }
    }
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        status.0.into()
    }
}

/// What the streams can show; by default no colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Terminal {
    /// Whether standard output shows colours.
    pub out_colors: bool,
    /// Whether standard error shows colours.
    pub err_colors: bool,
    /// Whether a person watches this process's standard error, so that long work shows its progress.
    pub progress: bool,
}

impl Terminal {
    /// What this process's streams show: colours on a terminal only, and not where `NO_COLOR` or
    /// `TERM` rules them out.
    #[must_use]
    pub fn detect() -> Self {
        let colors = |choice| choice != anstream::ColorChoice::Never;
        Self {
            out_colors: colors(anstream::AutoStream::choice(&io::stdout())),
            err_colors: colors(anstream::AutoStream::choice(&io::stderr())),
            progress: io::stderr().is_terminal(),
        }
    }
}

/// Runs the command line on this process's streams. The first argument is the program's own name.
pub fn main(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitStatus {
    run(args, &mut anstream::stdout().lock(), &mut anstream::stderr().lock(), Terminal::detect())
}

/// Runs the command line on given streams; `-` among the paths is this process's standard input. The
/// first argument is the program's own name.
///
/// A reader that closes the pipe early (`| head`) is not an error; whatever else keeps the answer from being
/// written is bad input.
pub fn run(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> ExitStatus {
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let arguments = match Arguments::try_parse_from(&args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // The error shows what was given, so what was given has to be fit to be shown.
            let shown = args.iter().map(|given| render::one_line(&given.to_string_lossy()));
            let error = Arguments::try_parse_from(shown).err().unwrap_or(error);
            return usage(&error, out, err, terminal);
        }
    };
    let mut session = Session::new(&arguments.global, terminal);
    let status = session.run(&arguments.command);
    let written = deliver(err, &session.err).and(deliver(out, &session.out));
    match written {
        Ok(()) => status,
        Err(error) => {
            // Standard error may be what fails, so this is an attempt.
            let _ = deliver(err, &format!("error: the answer cannot be written: {error}\n"));
            ExitStatus::BAD
        }
    }
}

/// Help and the version are answers; whatever else clap says is about bad usage.
fn usage<'a>(error: &clap::Error, out: &'a mut dyn Write, err: &'a mut dyn Write, terminal: Terminal) -> ExitStatus {
    let (stream, colors, status) = match error.use_stderr() {
        true => (err, terminal.err_colors, ExitStatus::BAD),
        false => (out, terminal.out_colors, ExitStatus::YES),
    };
    let text = error.render();
    let text = if colors { text.ansi().to_string() } else { text.to_string() };
    if deliver(stream, &text).is_ok() { status } else { ExitStatus::BAD }
}

/// Writes all of a text; a closed pipe has read what it wanted.
fn deliver(stream: &mut dyn Write, text: &str) -> io::Result<()> {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
