//! What runs there are, by what is asked for.
//!
//! Runs are read kind by kind, each from its newest down to the oldest of those found so far. So few rows are read
//! that are not wanted in the end, however many there are, and whatever is asked for together.

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::ready::{from_json, outcome, timestamp};
use super::{about, kinds, number};
use crate::run::RunId;
use crate::store::{RunQuery, RunSummary, StoreError};

/// What a list of runs is read from, newest first.
#[derive(Debug)]
enum Source {
    All,
    OfKind(i64),
    About { name: i64, kind: i64 },
    Resubmitting(String),
}

/// The runs that a query wants, the newest first.
pub(super) fn runs(db: &Connection, query: &RunQuery) -> Result<Vec<RunSummary>, StoreError> {
    let most = query.most.unwrap_or(usize::MAX);
    let mut numbers = query.since.map_or(i64::MIN, number::first)..query.until.map_or(i64::MAX, number::end);
    let mut found = BTreeMap::new();
    for source in sources(db, query)? {
        source.read(db, query, &numbers, &mut found)?;
        while found.len() > most {
            found.pop_first();
        }
        if let Some(oldest) = found.first_key_value().filter(|_| found.len() == most) {
            numbers.start = numbers.start.max(*oldest.0);
        }
    }
    Ok(found.into_values().rev().collect())
}

/// Where all that a query wants is found, with as little else as can be.
fn sources(db: &Connection, query: &RunQuery) -> Result<Vec<Source>, StoreError> {
    let kinds = kinds::wanted(db, query)?;
    Ok(match (&query.resubmits, &query.about, kinds) {
        (Some(run), ..) => vec![Source::Resubmitting(run.0.clone())],
        (None, Some(about), kinds) => {
            let kinds = kinds.map_or_else(|| kinds::all(db), Ok)?;
            let of_name = |name| kinds.iter().map(move |kind| Source::About { name, kind: *kind });
            about::numbers(db, about)?.into_iter().flat_map(of_name).collect()
        }
        (None, None, Some(kinds)) => kinds.into_iter().map(Source::OfKind).collect(),
        (None, None, None) => vec![Source::All],
    })
}

impl Source {
    /// Adds those that are wanted, as many as there may be.
    fn read(
        &self,
        db: &Connection,
        query: &RunQuery,
        numbers: &Range<i64>,
        found: &mut BTreeMap<i64, RunSummary>,
    ) -> Result<(), StoreError> {
        let mut left = query.most.unwrap_or(usize::MAX);
        let mut statement = db.prepare_cached(&self.sql())?;
        let range = [Value::from(numbers.start), Value::from(numbers.end)];
        let mut rows = statement.query(params_from_iter(range.into_iter().chain(self.parameters())))?;
        while left > 0
            && let Some(row) = rows.next()?
        {
            let run = summary(row)?;
            if query.wants(&run) {
                found.insert(row.get(0)?, run);
                left -= 1;
            }
        }
        Ok(())
    }

    fn sql(&self) -> String {
        let (from, which) = match self {
            Source::All => ("runs", "TRUE"),
            Source::OfKind(_) => ("runs INDEXED BY runs_of_kind", "runs.kind = ?3"),
            Source::About { .. } => {
                ("about AS named CROSS JOIN runs ON runs.number = named.run", "named.name = ?3 AND named.kind = ?4")
            }
            Source::Resubmitting(_) => ("runs INDEXED BY runs_resubmitting", "runs.resubmits = ?3"),
        };
        let number = if matches!(self, Source::About { .. }) { "named.run" } else { "runs.number" };
        format!(
            "SELECT runs.number, runs.id, flow, outcome, about, resubmits, started, sleeps_until, finished, error
             FROM {from} CROSS JOIN kinds ON kinds.id = runs.kind
             WHERE {which} AND {number} >= ?1 AND {number} < ?2 ORDER BY {number} DESC"
        )
    }

    fn parameters(&self) -> Vec<Value> {
        match self {
            Source::All => Vec::new(),
            Source::OfKind(kind) => vec![Value::from(*kind)],
            Source::About { name, kind } => vec![Value::from(*name), Value::from(*kind)],
            Source::Resubmitting(run) => vec![Value::from(run.clone())],
        }
    }
}

fn summary(row: &Row<'_>) -> Result<RunSummary, StoreError> {
    let name: String = row.get(3)?;
    let time = |column: usize| Ok::<_, StoreError>(row.get::<_, Option<i64>>(column)?.map(timestamp));
    let error: Option<String> = row.get(9)?;
    Ok(RunSummary {
        id: RunId(row.get(1)?),
        flow: row.get(2)?,
        outcome: if name.is_empty() { None } else { Some(outcome(&name)?) },
        about: about::names(&row.get::<_, String>(4)?),
        resubmits: row.get::<_, Option<String>>(5)?.map(RunId),
        started: timestamp(row.get(6)?),
        sleeps_until: time(7)?,
        finished: time(8)?,
        error: error.map(|error| from_json(error.as_bytes(), "the error of a run")).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// Whatever is asked for: a plan that scans or sorts would take longer with every run.
    #[test]
    fn no_list_of_runs_scans_or_sorts() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("migrations/1.sql")).unwrap();
        let resubmitting = Source::Resubmitting("r".to_owned());
        for source in [Source::All, Source::OfKind(1), Source::About { name: 1, kind: 1 }, resubmitting] {
            let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {}", source.sql())).unwrap();
            let range = [Value::from(0), Value::from(1)];
            let parameters = params_from_iter(range.into_iter().chain(source.parameters()));
            let steps = plan.query_map(parameters, |row| row.get(3)).unwrap();
            let steps: Vec<String> = steps.collect::<Result<_, _>>().unwrap();
            assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{source:?}: {steps:#?}");
        }
    }
}
