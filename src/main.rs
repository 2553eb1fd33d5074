//! The command `cosell`. Everything it does is in the library of the same name.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cosell::main().await
}
