//! How long it takes to list runs, by each thing that can be asked for.

use std::path::Path;
use std::time::Instant;

use cosell_engine::outcome::Outcome;
use cosell_engine::store::{RunQuery, SqliteStore, Store};
use jiff::{SignedDuration, Timestamp};

use crate::Failure;

/// Runs in a list.
const MOST: usize = 50;
/// How often each list is asked for.
const TIMES: usize = 5;

/// Asks for all lists as the command does, in a process that has read nothing of the store before: the longest time of
/// each, in milliseconds.
pub(super) async fn measure(file: &Path) -> Result<Vec<(&'static str, f64)>, Failure> {
    let store = SqliteStore::attach(file)?;
    let mut all = Vec::new();
    for (name, query) in queries() {
        let query = RunQuery { most: Some(MOST), ..query };
        let mut longest = 0_f64;
        for _ in 0..TIMES {
            let began = Instant::now();
            store.runs(&query).await?;
            longest = longest.max(began.elapsed().as_secs_f64() * 1e3);
        }
        all.push((name, longest));
    }
    Ok(all)
}

fn queries() -> Vec<(&'static str, RunQuery)> {
    let ago = |days: i64| Some(Timestamp::now() - SignedDuration::from_hours(days * 24));
    let name = |name: &str| Some(name.to_owned());
    let all = RunQuery::default();
    vec![
        ("all", all.clone()),
        ("flow", RunQuery { flow: name("referral-to-opportunity"), ..all.clone() }),
        ("flow that has none", RunQuery { flow: name("none"), ..all.clone() }),
        ("failed", RunQuery { outcome: Some(Outcome::Failed), ..all.clone() }),
        ("cancelled", RunQuery { outcome: Some(Outcome::Cancelled), ..all.clone() }),
        ("not ended", RunQuery { ended: Some(false), ..all.clone() }),
        ("code", RunQuery { code: name("unavailable"), ..all.clone() }),
        ("code that has none", RunQuery { code: name("none"), ..all.clone() }),
        ("about", RunQuery { about: name("deal/1"), ..all.clone() }),
        ("about, failed", RunQuery { about: name("10"), outcome: Some(Outcome::Failed), ..all.clone() }),
        ("since", RunQuery { since: ago(1), ..all.clone() }),
        ("until", RunQuery { until: ago(28), ..all.clone() }),
        ("failed until", RunQuery { until: ago(15), outcome: Some(Outcome::Failed), ..all.clone() }),
        ("code since, until", RunQuery { code: name("timed_out"), since: ago(20), until: ago(10), ..all.clone() }),
        ("resubmitted", RunQuery { resubmits: Some(cosell_engine::run::RunId("none".to_owned())), ..all }),
    ]
}
