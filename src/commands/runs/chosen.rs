//! Which run a person means by the beginning of its id.

use std::time::Duration;

use cosell_engine::run::{Event, RunId};
use cosell_engine::store::{RunQuery, RunSummary, Store};
use jiff::Timestamp;

use crate::failure::Failure;

/// The fewest characters of an id that say when the run began.
const SHORTEST: usize = 8;
/// How long before and after the time in its id a run may say that it began: one that waits for the disk is late.
const SLACK: Duration = Duration::from_secs(60);
/// The most runs that are named where several are meant.
const MOST_NAMED: usize = 5;

/// A run with its record.
pub(super) struct Found {
    /// As it stands in a list.
    pub(super) run: RunSummary,
    /// Its events.
    pub(super) record: Vec<Event>,
}

/// The run of that id, or the only one whose id begins so.
pub(super) async fn one(store: &dyn Store, text: &str) -> Result<Found, Failure> {
    let text = text.trim();
    if let Some(found) = exact(store, &RunId(text.to_owned())).await? {
        return Ok(found);
    }
    // A child has its parent's id and a place in its run.
    let (top, place) = text.split_at(text.find('/').unwrap_or(text.len()));
    let top = top.to_ascii_lowercase();
    let mut ids = beginning_with(store, &top).await?;
    let none = || Failure::Data(format!("there is no run `{text}`; `cosell runs list` shows those that are kept"));
    match (ids.pop(), ids.is_empty()) {
        (Some(id), true) => exact(store, &RunId(format!("{id}{place}"))).await?.ok_or_else(none),
        (None, _) => Err(none()),
        (Some(id), false) => {
            ids.push(id);
            let named: Vec<String> = ids.iter().take(MOST_NAMED).map(|id| format!("\n  {id}")).collect();
            Err(Failure::Usage(format!(
                "{} runs begin with `{top}`; write more of the id:{}",
                ids.len(),
                named.concat()
            )))
        }
    }
}

/// The run of that very id.
pub(super) async fn exact(store: &dyn Store, id: &RunId) -> Result<Option<Found>, Failure> {
    let record = store.record(id).await.map_err(Failure::world)?;
    let Some(Event::RunStarted { flow, at, .. }) = record.first() else { return Ok(None) };
    // Runs are asked for by their time, so this one is looked for among those of its moment.
    let slack = Duration::from_millis(1);
    let query = RunQuery {
        flow: Some(flow.clone()),
        since: at.checked_sub(slack).ok(),
        until: at.checked_add(slack).ok(),
        ..RunQuery::default()
    };
    let runs = store.runs(&query).await.map_err(Failure::world)?;
    Ok(runs.into_iter().find(|run| run.id == *id).map(|run| Found { run, record }))
}

/// The ids that begin so, of runs that are no children. An id begins with the time at which it was made, so only the
/// runs of that time are looked at.
async fn beginning_with(store: &dyn Store, text: &str) -> Result<Vec<RunId>, Failure> {
    if text.chars().count() < SHORTEST {
        let wrong = format!("`{text}` is not enough of an id; write its first {SHORTEST} characters, or more");
        return Err(Failure::Usage(wrong));
    }
    let Some((since, until)) = times(text) else { return Ok(Vec::new()) };
    let query =
        RunQuery { since: since.checked_sub(SLACK).ok(), until: until.checked_add(SLACK).ok(), ..RunQuery::default() };
    let runs = store.runs(&query).await.map_err(Failure::world)?;
    let ids = runs.into_iter().map(|run| run.id);
    Ok(ids.filter(|id| id.0.starts_with(text) && !id.0.contains('/')).collect())
}

/// The first and the last time at which ids were made that begin so: their first twelve digits are milliseconds.
fn times(text: &str) -> Option<(Timestamp, Timestamp)> {
    const DIGITS: usize = 12;
    let digits: String = text.chars().filter(|character| *character != '-').take(DIGITS).collect();
    let time = |filler: &str| {
        let padded = format!("{digits}{}", filler.repeat(DIGITS - digits.len().min(DIGITS)));
        Timestamp::from_millisecond(i64::from_str_radix(&padded, 16).ok()?).ok()
    };
    Some((time("0")?, time("f")?))
}

#[cfg(test)]
mod tests {
    use super::times;

    #[test]
    fn an_id_says_when_its_run_began() {
        let cases = [
            ("0198c5e2-7a3b-7c00", Some(("2025-08-20T05:10:10.747Z", "2025-08-20T05:10:10.747Z"))),
            ("0198c5e2", Some(("2025-08-20T05:09:39.456Z", "2025-08-20T05:10:44.991Z"))),
            ("nothing at all", None),
            ("ééééééééé", None),
        ];
        for (text, expected) in cases {
            let found = times(text).map(|(since, until)| (since.to_string(), until.to_string()));
            let expected = expected.map(|(since, until)| (since.to_owned(), until.to_owned()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
