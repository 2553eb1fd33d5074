//! When a flow starts by the clock, as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// When a flow starts by the clock: `cron`, or `every` with what belongs to it.
///
/// ```yaml
/// schedule: { cron: "30 2 * * *", zone: W. Europe Standard Time }
/// schedule: { every: 15 minutes }
/// schedule: { every: week, on: [monday, friday], at: ["08:00", "17:30"], zone: Europe/Berlin }
/// schedule: { every: month, on: [1, -1, second tuesday], at: ["06:00"] }
/// ```
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDocument {
    /// Minute, hour, day of the month, month, day of the week, such as `30 2 * * 1-5`; six fields begin with seconds.
    pub cron: Option<String>,
    /// How often: a number and a unit from second to year, such as `15 minutes`, `day` or `2 weeks`.
    pub every: Option<String>,
    /// The times of the day, such as `08:00`; with days, weeks and months. Without it: the time of `start`.
    pub at: Option<Vec<String>>,
    /// The days: `monday`; of a month `1`, `-1` for the last, `first monday`, `last friday`. Without it: every day,
    /// or the day of `start`.
    pub on: Option<Vec<DayDocument>>,
    /// Not before this time, such as `2026-01-01T08:00:00`, on a clock of the zone; intervals are counted from it.
    pub start: Option<String>,
    /// Not after this time.
    pub end: Option<String>,
    /// The zone whose clock counts, of Windows or IANA, such as `W. Europe Standard Time` or `Europe/Berlin`; else UTC.
    pub zone: Option<String>,
    /// What becomes of times at which the engine did not run: `once` (one run for all of them, which is so where nothing
    /// is said), `all` (a run for each, the last 1,000 at most) or `skip` (none).
    #[serde(default)]
    pub missed: MissedDocument,
}

/// What becomes of the times of a schedule at which the engine did not run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissedDocument {
    /// None has a run.
    Skip,
    /// One run for all of them.
    #[default]
    Once,
    /// Each has a run, the last 1,000 at most.
    All,
}

/// A day on which a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DayDocument {
    /// A day of the month; -1 is the last.
    OfMonth(i64),
    /// `monday`, `first monday`, `last friday`, `second last friday`.
    Named(String),
}
