//! Named checks: each says `ok NAME` or `not ok NAME: why`, on a line of its own. One that fails makes the program's
//! exit code 1, and the others still run.

use std::process::ExitCode;

/// What went wrong in a check.
pub(crate) type Problem = String;

/// Counts the checks that failed.
#[derive(Default)]
pub(crate) struct Report {
    failed: usize,
}

impl Report {
    /// Tells how one check ended.
    pub(crate) fn check(&mut self, name: &str, result: Result<(), Problem>) {
        match result {
            Ok(()) => println!("ok {name}"),
            Err(problem) => {
                let problem = problem.split_whitespace().collect::<Vec<_>>().join(" ");
                println!("not ok {name}: {problem}");
                self.failed += 1;
            }
        }
    }

    /// The exit code of the program.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Passes if two things are the same.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Problem> {
    if found == expected { Ok(()) } else { Err(format!("found {found:?} and not {expected:?}")) }
}
