//! `cargo xtask test`: what is needed, all tests, clients by others, fresh generated files, and how long each took.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::time::Instant;

use crate::command::{Failure, cargo, ended, not_started};
use crate::{clients, needs, schemas};

/// How many tests had which result, over all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    ignored: usize,
}

/// Runs all parts. The first failure is what the chore ends with, but every part is run.
pub(crate) fn run() -> Result<(), Failure> {
    timed("what is needed", needs::check)?;
    let mut counts = Counts::default();
    let tests = timed("tests", || run_tests(&mut counts));
    let clients = timed("clients by others", || clients::run(&[], &mut counts));
    let fresh = timed("generated files are fresh", schemas::check);
    tell(&counts);
    tests.and(clients).and(fresh)
}

/// Runs the clients of these names, or all.
pub(crate) fn run_clients(names: &[&str]) -> Result<(), Failure> {
    let mut counts = Counts::default();
    let clients = timed("clients by others", || clients::run(names, &mut counts));
    tell(&counts);
    clients
}

/// Runs a part, and says how long it took.
#[expect(clippy::print_stdout, reason = "people read here how long it took")]
fn timed(part: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let began = Instant::now();
    let result = work();
    let state = if result.is_ok() { "" } else { ", failed" };
    println!("{part}: {:.1} s{state}", began.elapsed().as_secs_f64());
    result
}

#[expect(clippy::print_stdout, reason = "the result of the tests")]
fn tell(counts: &Counts) {
    if counts.ignored > 0 {
        println!("{} ignored", counts.ignored);
    }
    println!("{} passed, {} failed", counts.passed, counts.failed);
}

/// Runs cargo's tests to the end, also after one has failed, so that all are counted.
fn run_tests(counts: &mut Counts) -> Result<(), Failure> {
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(&command, &error))?;
    let unread = |error: std::io::Error| Failure::new(format!("cannot read what the tests say: {error}"));
    if let Some(output) = child.stdout.take() {
        *counts = pass_on(output, std::io::stdout().lock()).map_err(unread)?;
    }
    ended(&command, child.wait().map_err(unread)?)?;
    if counts.passed == 0 {
        return Err(Failure::new("no test was run, so nothing is known"));
    }
    Ok(())
}

/// Passes output on line by line, and counts the results in it.
fn pass_on(output: impl Read, mut to: impl Write) -> std::io::Result<Counts> {
    let mut counts = Counts::default();
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        counts.add(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(counts)
}

impl Counts {
    /// Adds a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`; others say nothing.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let numbers = result.split_once(". ").map_or("", |(_, numbers)| numbers);
        for part in numbers.split(';') {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::{Counts, pass_on};

    #[test]
    fn output_is_passed_on_and_counted() {
        check(b"", (0, 0, 0));
        check(b"running 2 tests\ntest a ... ok\n", (0, 0, 0));
        check(
            b"test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.51s\n",
            (12, 0, 1),
        );
        check(
            b"test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                \n\xff\n\
                test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            (5, 2, 0),
        );
        check(b"a line about the test result: ok. 9 passed; 9 failed\n", (0, 0, 0));
    }

    fn check(output: &[u8], (passed, failed, ignored): (usize, usize, usize)) {
        let mut passed_on = Vec::new();
        let counts = pass_on(output, &mut passed_on).unwrap();
        assert_eq!(counts, Counts { passed, failed, ignored });
        assert_eq!(passed_on, output);
    }
}
