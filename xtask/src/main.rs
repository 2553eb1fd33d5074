//! The project's chores: `cargo xtask test`, `clients`, `schemas`, `bench` and `fuzz`.
//!
//! Every chore is a file; [`command`] starts what they need, in the project's folder. It is written with the
//! standard library alone, so that it is there a second after a clean checkout.

mod bench;
mod clients;
mod command;
mod fuzz;
mod needs;
mod schemas;
mod suite;

use std::process::ExitCode;

use command::Failure;

const USAGE: &str = "\
cargo xtask test                      run all tests, and look whether generated files are fresh
cargo xtask clients [NAME...]         run the checks of clients by others against the sandbox; needs Node.js and Python
cargo xtask schemas                   write schemas/ and docs/functions.md anew
cargo xtask bench [--quick] [--json]  measure the flow language, the main job and the load, in release; with both
                                      options the load at one setting only, and one line of JSON
cargo xtask fuzz [TARGET] [--seconds N]
                                      break the readers with texts made by chance; needs a C++ compiler too";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match chore(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => tell(&failure),
    }
}

fn chore(arguments: &[&str]) -> Result<(), Failure> {
    match arguments {
        ["test"] => suite::run(),
        ["clients", names @ ..] => suite::run_clients(names),
        ["schemas"] => schemas::write(),
        ["fuzz", options @ ..] => fuzz::fuzz(options),
        ["bench", options @ ..] => bench::bench(options),
        _ => Err(Failure { message: format!("no such chore; there are\n{USAGE}"), code: 2 }),
    }
}

#[expect(clippy::print_stderr, reason = "people read here what went wrong")]
fn tell(failure: &Failure) -> ExitCode {
    eprintln!("error: {}", failure.message);
    ExitCode::from(failure.code)
}
