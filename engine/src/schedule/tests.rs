//! Schedules as written, and when they fire.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod firing;
mod missed;
mod mistakes;
mod pace;

use jiff::Timestamp;

use super::Schedule;
use crate::document::{ScheduleDocument, read_shape};
use crate::source::{Route, Source};

fn document(yaml: &str) -> ScheduleDocument {
    let (source, problems) = Source::read("flow.yaml", yaml);
    let shaped = read_shape(&source, &Route::root(), source.value());
    assert!(problems.is_empty() && shaped.problems.is_empty(), "{yaml}");
    shaped.document.unwrap()
}

fn schedule(yaml: &str) -> Schedule {
    Schedule::check(&document(yaml), &Route::root()).unwrap_or_else(|mistakes| panic!("{yaml}: {mistakes:?}"))
}

/// A schedule fires at just these times after the first of them, which is not one of its own.
fn check(cases: &[(&str, &[&str])]) {
    for (yaml, times) in cases {
        let schedule = schedule(yaml);
        let mut after: Timestamp = times[0].parse().unwrap();
        for expected in &times[1..] {
            let next = schedule.next_after(after).map_or("never".to_owned(), |next| next.to_string());
            assert_eq!(next, *expected, "{yaml} after {after}");
            after = next.parse().unwrap_or(after);
        }
    }
}
