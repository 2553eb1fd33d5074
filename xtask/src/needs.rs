//! What must be on the machine before anything is built.

use std::process::{Command, Stdio};

use crate::command::{Failure, cargo};

/// Says what is needed, and fails naming what cannot be had.
#[expect(clippy::print_stdout, reason = "people read here what is needed")]
pub(crate) fn check() -> Result<(), Failure> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    println!("needs: cargo, and a C compiler for the cryptography (`{compiler}`; the variable CC names another)");
    let missing: Vec<String> = [
        ("cargo".to_owned(), cargo(&["--version"])),
        (format!("a C compiler (`{compiler}`)"), compiler_version(&compiler)),
    ]
    .into_iter()
    .filter_map(|(name, mut command)| if answers(&mut command) { None } else { Some(name) })
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("cannot get {}; install it, and look that PATH leads there", missing.join(" and "))))
}

/// CC may hold arguments too, or a program that starts the compiler: `ccache cc`.
fn compiler_version(compiler: &str) -> Command {
    let mut words = compiler.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("cc"));
    command.args(words).arg("--version").stdin(Stdio::null());
    command
}

fn answers(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
