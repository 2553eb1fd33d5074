//! The command `cosell`. Everything it does is in the library of the same name.

use std::process::ExitCode;

/// Runs make and drop many small values; this allocator serves them faster than most systems' own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    cosell::main().await
}
