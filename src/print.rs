//! What people read: the one place that writes to the terminal.
//!
//! Colour goes away where the output is no terminal or `NO_COLOR` is set. A pipe that was closed is no
//! error of ours.

use std::io::{IsTerminal, Write};

use cosell_engine::source::Problems;

use crate::failure::Failure;

/// A line on standard output.
pub(crate) fn line(text: impl AsRef<str>) {
    let _ = writeln!(anstream::stdout(), "{}", text.as_ref());
}

/// A line on standard error: what is going on, beside what was asked for.
pub(crate) fn note(text: impl AsRef<str>) {
    let _ = writeln!(anstream::stderr(), "{}", text.as_ref());
}

/// A line in bold on standard output.
pub(crate) fn heading(text: impl AsRef<str>) {
    line(format!("\u{1b}[1m{}\u{1b}[0m", text.as_ref()));
}

/// A number of bytes in few characters.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes, 0);
    let mut rest = 0;
    while value >= 1000 && unit + 1 < UNITS.len() {
        (value, rest, unit) = (value / 1000, value % 1000 / 100, unit + 1);
    }
    if unit == 0 { format!("{value} bytes") } else { format!("{value}.{rest} {}", UNITS[unit]) }
}

/// Text as it stands on standard output.
pub(crate) fn text(text: impl AsRef<str>) {
    let _ = write!(anstream::stdout(), "{}", text.as_ref());
}

/// Standard output, for programs that read line by line.
pub(crate) fn out() -> impl Write {
    std::io::BufWriter::new(std::io::stdout().lock())
}

/// Problems with the lines that they stand in, on standard error.
pub(crate) fn problems(problems: &Problems) {
    let mut out = anstream::stderr();
    let colour = std::io::stderr().is_terminal();
    for problem in &problems.0 {
        let _ = writeln!(out, "{}\n", problem.render(colour));
    }
}

/// What went wrong, on standard error.
pub(crate) fn failure(failure: &Failure) {
    let mut out = anstream::stderr();
    match failure {
        Failure::Files(found) => {
            problems(found);
            let errors = found.errors();
            let warnings = match found.0.len() - errors {
                0 => String::new(),
                1 => ", and 1 warning".to_owned(),
                count => format!(", and {count} warnings"),
            };
            let _ = writeln!(out, "{errors} problem{} found{warnings}", if errors == 1 { "" } else { "s" });
        }
        other => {
            let _ = writeln!(out, "error: {other}");
        }
    }
}
