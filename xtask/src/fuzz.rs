//! `cargo xtask fuzz`: texts made by chance, steered by what they reach, until one breaks something.
//!
//! The fuzzer is a library; its marks in the code are flags of the compiler, so nothing but a C++ compiler is needed.
//! What was found to reach something new is kept below `target/fuzz`, and so is a text that broke something.

use std::fs;
use std::process::Command;

use crate::command::{Failure, cargo, not_started, root, run};

/// The targets, each a program of `engine/fuzz`.
const TARGETS: [&str; 2] = ["yaml", "expressions"];

/// How long one target is tried where nothing is said.
const SECONDS: u32 = 600;

/// What makes the compiler put the fuzzer's marks in.
const FLAGS: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1 --cfg fuzzing";

/// Runs one target or all of them: `[TARGET] [--seconds N]`.
pub(crate) fn fuzz(arguments: &[&str]) -> Result<(), Failure> {
    let (targets, seconds) = read(arguments)?;
    let folder = root().join("target/fuzz");
    let corpus = folder.join("corpus");
    let built = folder.join("built");
    // With a target named, the flags are for the programs and not for what builds them.
    let host = host()?;
    let program = |name: &str| built.join(&host).join("release").join(name);
    let mut build = cargo(&["build", "--release", "--bins", "--manifest-path", "engine/fuzz/Cargo.toml"]);
    run(build.args(["--target", &host, "--target-dir"]).arg(&built).env("RUSTFLAGS", FLAGS))?;
    run(Command::new(program("seeds")).arg(&corpus).current_dir(root()))?;
    for target in targets {
        let found = corpus.join(target);
        let broken = folder.join("broken").join(target);
        fs::create_dir_all(&broken)
            .map_err(|error| Failure::new(format!("cannot make {}: {error}", broken.display())))?;
        run(Command::new(program(target))
            .arg(&found)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/", broken.display()))
            .args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192", "-print_final_stats=1", "-verbosity=1"])
            .current_dir(root()))?;
    }
    Ok(())
}

/// The machine that the compiler builds for.
fn host() -> Result<String, Failure> {
    let mut compiler = Command::new("rustc");
    let output = compiler.arg("-vV").output().map_err(|error| not_started(&compiler, &error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new("`rustc -vV` does not say for what it builds"))
}

fn read<'a>(arguments: &[&'a str]) -> Result<(Vec<&'a str>, u32), Failure> {
    let mut targets = Vec::new();
    let mut seconds = SECONDS;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match *argument {
            "--seconds" => {
                let number = rest.next().and_then(|number| number.parse().ok());
                seconds =
                    number.ok_or_else(|| Failure { message: "`--seconds` takes a number".to_owned(), code: 2 })?;
            }
            target if TARGETS.contains(&target) => targets.push(target),
            other => {
                let message = format!("there is no target `{other}`; there are {}", TARGETS.join(", "));
                return Err(Failure { message, code: 2 });
            }
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    Ok((targets, seconds))
}
