//! The command line, as a binary.
fn main() -> std::process::ExitCode {
    siting::cli::main(std::env::args_os()).into()
}
