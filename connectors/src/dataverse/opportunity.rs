//! What only holds for opportunities: how they are closed, and who computes their value.
//!
//! The service refuses to close an opportunity by an update. Two actions do it; between Won and Lost the
//! way leads over Open; and an update opens it again.

use cosell_engine::connector::{CallError, CallKey};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::api;
use super::fields::Selection;
use super::metadata::Table;
use super::service::Dataverse;

const OPEN: i64 = 0;
const WON: i64 = 1;
const LOST: i64 = 2;
const IN_PROGRESS: i64 = 1;

/// How an opportunity is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close {
    state: i64,
    status: i64,
}

impl Close {
    /// Takes the wish to close out of a row; the other columns stay.
    pub(super) fn take(table: &Table, body: &mut Map<String, Value>) -> Option<Close> {
        if table.name != "opportunity" {
            return None;
        }
        let state = body.get("statecode").and_then(whole);
        let status = body.get("statuscode").and_then(whole);
        let state = match (state, status) {
            (Some(state @ (WON | LOST)), _) => state,
            (None, Some(3)) => WON,
            (None, Some(4 | 5)) => LOST,
            _ => return None,
        };
        let usual = if state == WON { 3 } else { 4 };
        body.shift_remove("statecode");
        body.shift_remove("statuscode");
        Some(Close { state, status: status.unwrap_or(usual) })
    }

    /// Whether a row is closed in just that way.
    pub(super) fn is_done(self, row: &Map<String, Value>) -> bool {
        state_of(row) == Some(self.state) && row.get("statuscode").and_then(whole) == Some(self.status)
    }
}

/// A deal value that is written is one's own; while the service computes it, it would be ignored silently.
pub(super) fn own_revenue(table: &Table, body: &mut Map<String, Value>) {
    if table.name == "opportunity" && body.contains_key("estimatedvalue") {
        body.entry("isrevenuesystemcalculated").or_insert(Value::Bool(false));
    }
}

impl Dataverse {
    /// Closes an opportunity, unless it is closed in that way already; so a repeat does nothing.
    pub(super) async fn close(&self, key: &CallKey, table: &Table, id: Uuid, close: Close) -> Result<(), CallError> {
        let columns = ["statecode".to_owned(), "statuscode".to_owned()];
        let row = self.get(key, table, id, &Selection::of(table, &columns)?).await?;
        if close.is_done(&row) {
            return Ok(());
        }
        if state_of(&row).is_some_and(|state| state != OPEN) {
            self.send(key, api::update(table, id, open(), "*")).await?;
        }
        self.send(key, request(table, id, close)).await?;
        Ok(())
    }
}

fn open() -> Map<String, Value> {
    Map::from_iter([("statecode".to_owned(), json!(OPEN)), ("statuscode".to_owned(), json!(IN_PROGRESS))])
}

fn request(table: &Table, id: Uuid, close: Close) -> crate::client::Request {
    let (name, subject) = if close.state == WON { ("WinOpportunity", "Won") } else { ("LoseOpportunity", "Lost") };
    let body = json!({
        "Status": close.status,
        "OpportunityClose": { "subject": subject, "opportunityid@odata.bind": api::reference(table, id) },
    });
    api::action(name, format!("closing `{}` row `{id}` as {subject}", table.name), body)
}

fn state_of(row: &Map<String, Value>) -> Option<i64> {
    row.get("statecode").and_then(whole)
}

/// A whole number, also as text.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::super::metadata::tests::opportunity;
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn d14_closing_is_taken_out_of_a_row() {
        let won = |status| Some(Close { state: WON, status });
        let lost = |status| Some(Close { state: LOST, status });
        let cases = [
            (json!({ "statecode": 1, "statuscode": 3, "name": "a" }), won(3), json!({ "name": "a" })),
            (json!({ "statecode": 2 }), lost(4), json!({})),
            (json!({ "statuscode": "5" }), lost(5), json!({})),
            (json!({ "statecode": 0, "statuscode": 1 }), None, json!({ "statecode": 0, "statuscode": 1 })),
            (json!({ "statuscode": 2 }), None, json!({ "statuscode": 2 })),
            (json!({ "name": "a" }), None, json!({ "name": "a" })),
        ];
        for (row, expected, rest) in cases {
            let mut body = map(row.clone());
            assert_eq!(Close::take(&opportunity(), &mut body), expected, "{row}");
            assert_eq!(Value::Object(body), rest);
        }
    }

    #[test]
    fn d10_a_value_that_is_written_is_ones_own() {
        let cases = [
            (json!({ "estimatedvalue": 1 }), json!({ "estimatedvalue": 1, "isrevenuesystemcalculated": false })),
            (
                json!({ "estimatedvalue": 1, "isrevenuesystemcalculated": true }),
                json!({ "estimatedvalue": 1, "isrevenuesystemcalculated": true }),
            ),
            (json!({ "name": "a" }), json!({ "name": "a" })),
        ];
        for (row, expected) in cases {
            let mut body = map(row);
            own_revenue(&opportunity(), &mut body);
            assert_eq!(Value::Object(body), expected);
        }
    }

    #[test]
    fn the_action_names_the_row() {
        let id = Uuid::nil();
        let sent = request(&opportunity(), id, Close { state: LOST, status: 5 });
        assert_eq!(sent.target(), "/api/data/v9.2/LoseOpportunity");
        let bind = &sent.body().unwrap()["OpportunityClose"]["opportunityid@odata.bind"];
        assert_eq!(*bind, json!(format!("/opportunities({id})")));
    }
}
