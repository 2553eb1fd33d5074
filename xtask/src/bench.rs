//! `cargo xtask bench`: the benchmarks of the package `cosell`, in release.

use crate::command::{Failure, cargo, run};

/// Those that measure one thing in one process, then the load, whose line of JSON is to stand last.
const ALL: [&str; 4] = ["language", "main_job", "sandbox", "load"];
/// What `--quick --json` measures: one line of JSON is wanted then, and within five minutes.
const QUICK_JSON: [&str; 1] = ["load"];

/// Runs them one after the other; `options` go to each.
pub(crate) fn bench(options: &[&str]) -> Result<(), Failure> {
    let quick_json = ["--quick", "--json"].iter().all(|option| options.contains(option));
    let names: &[&str] = if quick_json { &QUICK_JSON } else { &ALL };
    let mut arguments = vec!["bench", "--package", "cosell"];
    for name in names {
        arguments.extend(["--bench", name]);
    }
    arguments.push("--");
    run(cargo(&arguments).args(options))
}
