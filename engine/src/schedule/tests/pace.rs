//! What holds of every schedule: the next firing is later, and there is none before it.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::schedule;

const SCHEDULES: [&str; 8] = [
    "{ every: second, start: 0001-01-02 }",
    "{ every: 7 hours, start: 1900-01-01, zone: Europe/Berlin }",
    "{ every: day, start: 1900-01-01T02:30:00, zone: America/New_York }",
    "{ every: 3 weeks, on: [monday, sunday], at: ['02:30'], start: 1900-01-01, zone: America/New_York }",
    "{ every: month, on: [31, fifth friday], at: ['00:00', '23:59:59'], zone: Pacific/Apia }",
    "{ every: 4294967295 years, start: 0001-01-02 }",
    "{ every: month, start: 1900-01-31, zone: Australia/Lord_Howe }",
    "{ cron: '*/20 2,3 * * *', zone: Europe/Berlin }",
];

#[test]
fn the_next_firing_is_later_and_there_is_none_before_it() {
    let schedules = SCHEDULES.map(schedule);
    run(&(-50_000_000_000..253_000_000_000_i64, 0.0..0.99), |(second, part)| {
        let after = Timestamp::from_second(second).unwrap();
        for (schedule, yaml) in schedules.iter().zip(SCHEDULES) {
            let Some(next) = schedule.next_after(after) else { continue };
            prop_assert!(next > after, "{yaml} after {after}");
            let between = after + SignedDuration::from_secs_f64(next.duration_since(after).as_secs_f64() * part);
            prop_assert_eq!(schedule.next_after(between), Some(next), "{} after {} and {}", yaml, after, between);
        }
        Ok(())
    });
}

/// Runs a property with a seed that is printed, so that a failure can be repeated by setting it.
fn run<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let given = std::env::var("COSELL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let config = Config { cases: 300, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(strategy, property);
    assert!(result.is_ok(), "with COSELL_TEST_SEED={seed}: {result:?}");
}
