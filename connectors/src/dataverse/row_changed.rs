//! The trigger `row_changed`: asks again and again which rows of a table changed.
//!
//! The service shows the time of a change in whole seconds, and a change becomes visible only when its
//! transaction ends. So each poll looks back over the last two minutes again, and remembers which versions
//! it has given (`cursor.rs`). 20000 rows are the most that one poll reads and a cursor remembers; more than that
//! within one second are an error.

use async_trait::async_trait;
use cosell_engine::connector::{
    CallError, CallErrorKind, CallKey, Incoming, Mode, Polled, Refusal, Trigger, TriggerEvent,
};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::api;
use super::fields::Selection;
use super::metadata::Table;
use super::service::{Dataverse, id_of};
use crate::Row;
use crate::connection::Connection;
use crate::cursor::{Cursor, Version};

/// How far each poll looks back behind the newest change that it knows: longer than a transaction takes.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);

/// The most rows that one poll reads.
const MOST_READ: usize = 20_000;

/// The column with the time of the last change, in seconds.
const MODIFIED: &str = "modifiedon";

/// Starts a run when a row is made or changed, by whomever: what this engine writes comes back too.
///
/// Deleted rows are not noticed, and several changes between two polls are one. A poll starts about 5000 runs
/// at most; where more than 20000 rows changed within one second, it ends with an error.
pub struct RowChanged(Connection<Dataverse>);

/// Which rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowChangedInput {
    /// The table's logical name, such as `opportunity`.
    pub table: String,
    /// An OData filter, such as `cosell_sync eq true`.
    #[serde(default)]
    pub filter: Option<String>,
    /// The columns that the event carries, as in `get_row`. All columns by default.
    #[serde(default)]
    pub fields: Vec<String>,
}

impl RowChanged {
    pub(super) fn new(connection: &Connection<Dataverse>) -> RowChanged {
        RowChanged(connection.clone())
    }
}

#[async_trait]
impl Trigger for RowChanged {
    const NAME: &'static str = "row_changed";
    const MODES: &'static [Mode] = &[Mode::Poll];
    type Input = RowChangedInput;
    type Output = Row;

    /// A poll asks for one flow's rows only, so all that it finds are wanted.
    fn wants(&self, _: &RowChangedInput, _: &TriggerEvent) -> bool {
        true
    }

    async fn receive(&self, _: &Incoming) -> Result<Option<TriggerEvent>, Refusal> {
        Err(Refusal::new(404, "`dataverse.row_changed` asks for changes; nothing is received here"))
    }

    async fn poll(&self, input: &RowChangedInput, cursor: Option<Value>) -> Result<Polled, CallError> {
        let dataverse = self.0.bound()?;
        let key = CallKey::new("poll", "dataverse.row_changed", Uuid::new_v4());
        let table = dataverse.table(&key, &input.table).await?;
        let Some(cursor) = cursor else {
            let start = Cursor::starting(dataverse.now(&key, &table).await?, OVERLAP);
            let there = dataverse.changed_since(&key, &table, input, &start).await?;
            let (_, next) = step(&table, &start, there)?;
            return Ok(Polled { events: Vec::new(), cursor: next.written()? });
        };
        let cursor = Cursor::read(cursor)?;
        let rows = dataverse.changed_since(&key, &table, input, &cursor).await?;
        let (events, next) = step(&table, &cursor, rows)?;
        Ok(Polled { events, cursor: next.written()? })
    }

    /// The service shows whole seconds, so that a poll reads from the beginning of that second.
    fn since(&self, time: Timestamp) -> Option<Value> {
        Cursor::since(time).written().ok()
    }
}

impl Dataverse {
    /// The service's time, as the newest row tells it, else as the answer does.
    async fn now(&self, key: &CallKey, table: &Table) -> Result<Timestamp, CallError> {
        let selection = Selection::of(table, &[MODIFIED.to_owned()])?;
        let order = format!("{MODIFIED} desc");
        let reply = self.send(key, api::list(table, None, Some(&order), &selection, 1)).await?;
        let (rows, _) = reply.list()?;
        let newest = rows.first().and_then(|row| row[MODIFIED].as_str()?.parse().ok());
        let date = || DateTimeParser::new().parse_timestamp(reply.header("date")?).ok();
        Ok(newest.or_else(date).unwrap_or_else(Timestamp::now))
    }

    async fn changed_since(
        &self,
        key: &CallKey,
        table: &Table,
        input: &RowChangedInput,
        cursor: &Cursor,
    ) -> Result<Vec<Map<String, Value>>, CallError> {
        let mut fields = input.fields.clone();
        if !fields.is_empty() {
            fields.extend([table.key.clone(), MODIFIED.to_owned()]);
        }
        let selection = self.selection(key, table, &fields).await?;
        let filter = filter(input.filter.as_deref(), cursor.since);
        // The id comes last so that the order is the same on every page.
        let order = format!("{MODIFIED},{}", table.key);
        let most = cursor.reads(MOST_READ);
        let request = api::list(table, Some(&filter), Some(&order), &selection, most);
        self.rows(key, request, &selection, most).await
    }
}

/// The events among the rows found, and the cursor after them.
fn step(
    table: &Table,
    cursor: &Cursor,
    rows: Vec<Map<String, Value>>,
) -> Result<(Vec<TriggerEvent>, Cursor), CallError> {
    let full = rows.len() >= cursor.reads(MOST_READ);
    let mut events = Vec::new();
    let mut changes: Vec<(Timestamp, Version)> = Vec::new();
    for row in rows {
        let id = id_of(table, &row)?.to_string();
        let version = row.get("@odata.etag").and_then(Value::as_str).unwrap_or_default().to_owned();
        let at = row.get(MODIFIED).and_then(Value::as_str).and_then(|text| text.parse().ok());
        let change = (id, version);
        if !cursor.has_seen(&change) {
            let content_key = format!("{}|{}|{}", table.name, change.0, change.1);
            events.push(TriggerEvent { body: Value::Object(row), content_key });
        }
        changes.push((at.unwrap_or(cursor.since), change));
    }
    if full && events.is_empty() {
        let message = format!(
            "more than {MOST_READ} `{}` rows changed at {}, and the poll cannot get past them; narrow its `filter`",
            table.name, cursor.since
        );
        return Err(CallError::new(CallErrorKind::Unexpected, message));
    }
    Ok((events, cursor.after(changes, OVERLAP, full)))
}

fn filter(wanted: Option<&str>, since: Timestamp) -> String {
    let changed = format!("{MODIFIED} ge {}", since.strftime("%Y-%m-%dT%H:%M:%SZ"));
    match wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) {
        Some(wanted) => format!("({wanted}) and {changed}"),
        None => changed,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::super::metadata::tests::opportunity;
    use super::*;

    fn row(id: usize, etag: &str, at: &str) -> Map<String, Value> {
        let id = format!("{id:032}").parse::<Uuid>().unwrap();
        let row = json!({ "opportunityid": id, "@odata.etag": etag, "modifiedon": at });
        row.as_object().unwrap().clone()
    }

    #[test]
    fn a_version_is_given_once() {
        let table = opportunity();
        let start = Cursor::starting("2026-01-01T10:00:01Z".parse().unwrap(), OVERLAP);
        let (events, cursor) = step(&table, &start, vec![row(1, "a", "2026-01-01T10:05:00Z")]).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(cursor.since.to_string(), "2026-01-01T10:03:00Z");
        // The same version again, a row that became visible late, a new version within the same second.
        let rows = vec![
            row(2, "b", "2026-01-01T10:03:01Z"),
            row(1, "a", "2026-01-01T10:05:00Z"),
            row(3, "c", "2026-01-01T10:05:00Z"),
        ];
        let (events, cursor) = step(&table, &cursor, rows).unwrap();
        let given: Vec<&str> = events.iter().map(|event| &event.content_key[event.content_key.len() - 1..]).collect();
        assert_eq!(given, ["b", "c"]);
        let (events, again) = step(&table, &cursor, Vec::new()).unwrap();
        assert_eq!((events.len(), again.since), (0, cursor.since));
    }

    /// Polls until nothing new is found, at a table of which `there` are all rows; gives the number of
    /// events of each poll.
    fn poll_all(there: &[Map<String, Value>]) -> Result<Vec<usize>, CallError> {
        let table = opportunity();
        let mut cursor = Cursor::starting("2026-01-01T10:00:00Z".parse().unwrap(), OVERLAP);
        let mut given = Vec::new();
        while given.last() != Some(&0) {
            let since = cursor.since.to_string();
            let later = there.iter().filter(|row| row[MODIFIED].as_str() >= Some(since.as_str()));
            let (events, next) = step(&table, &cursor, later.take(cursor.reads(MOST_READ)).cloned().collect())?;
            given.push(events.len());
            cursor = next;
        }
        Ok(given)
    }

    #[test]
    fn many_changes_at_once_do_not_stop_the_poll() {
        let rows = |count: usize, seconds: usize| -> Vec<Map<String, Value>> {
            let second = |index: usize| index * seconds / count;
            (0..count).map(|index| row(index, "a", &format!("2026-01-01T10:00:{:02}Z", second(index)))).collect()
        };
        assert_eq!(poll_all(&rows(7000, 1)).unwrap(), [5000, 2000, 0], "within one second");
        assert_eq!(poll_all(&rows(7000, 50)).unwrap(), [5000, 2000, 0], "within one overlap");
        assert_eq!(poll_all(&rows(4000, 50)).unwrap(), [4000, 0], "less than one poll reads");
        let error = poll_all(&rows(MOST_READ, 1)).unwrap_err();
        assert!(error.message.contains("cannot get past"), "{error}");
    }

    #[test]
    fn the_flows_filter_is_kept_apart() {
        let since = "2026-01-01T10:00:00.5Z".parse().unwrap();
        assert_eq!(
            filter(Some("a eq 1 or b eq 2"), since),
            "(a eq 1 or b eq 2) and modifiedon ge 2026-01-01T10:00:00Z"
        );
        assert_eq!(filter(Some(" "), since), "modifiedon ge 2026-01-01T10:00:00Z");
    }
}
