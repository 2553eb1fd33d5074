//! What may happen to a row's state (behaviour 11).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::call::Asker;
use super::compute::complete;
use super::draft::Draft;
use super::hooks::Told;
use super::keys::Key;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::shelf::{Link, Row};
use super::tables::Table;

/// How an opportunity ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// `WinOpportunity`
    Won,
    /// `LoseOpportunity`
    Lost,
}

/// Completes and checks the state in `values`, which are the columns about to be written.
/// `before` is the row's state, or `None` for a new row.
pub(crate) fn settle(
    table: &Table,
    before: Option<(i64, i64)>,
    values: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let sent = |name: &str| values.get(name).and_then(Value::as_i64);
    let (old_state, old_status) = before.unwrap_or_else(|| first_state(table));
    let state = sent("statecode").unwrap_or(old_state);
    let statuses = table
        .states
        .iter()
        .find(|(known, _)| *known == state)
        .map(|(_, statuses)| *statuses)
        .ok_or_else(|| Refusal::argument(format!("{state} is not a valid state code on {}.", table.logical)))?;
    let default = if state == old_state { old_status } else { statuses.first().copied().unwrap_or_default() };
    let status = sent("statuscode").unwrap_or(default);
    if !statuses.contains(&status) {
        let message = format!("{status} is not a valid status code for state code {state} on {}.", table.logical);
        return Err(Refusal::argument(message));
    }
    // Only the two actions close an opportunity.
    if table.logical == "opportunity" && state != old_state && state != 0 {
        let message = "An opportunity is closed with WinOpportunity or LoseOpportunity, not by an update.";
        return Err(Refusal::argument(message));
    }
    if table.logical == "lead" && state != old_state && state != 0 && old_state != 0 {
        return Err(Refusal::argument("A closed lead is reopened before it is closed in another way."));
    }
    values.insert("statecode".to_owned(), json!(state));
    values.insert("statuscode".to_owned(), json!(status));
    Ok(())
}

/// A row's state as stored.
pub(crate) fn current(row: &Row) -> (i64, i64) {
    let number = |name: &str| row.values.get(name).and_then(Value::as_i64).unwrap_or_default();
    (number("statecode"), number("statuscode"))
}

fn first_state(table: &Table) -> (i64, i64) {
    let (state, statuses) = table.states.first().copied().unwrap_or((0, &[1]));
    (state, statuses.first().copied().unwrap_or(1))
}

impl Dataverse {
    /// Closes an open opportunity and leaves an `opportunityclose` behind.
    pub(crate) fn close(&mut self, outcome: Outcome, body: &Map<String, Value>, asker: &Asker) -> Result<(), Refusal> {
        let (state, statuses, default): (i64, &[i64], i64) = match outcome {
            Outcome::Won => (1, &[3], 3),
            Outcome::Lost => (2, &[4, 5], 4),
        };
        // -1 asks for the default.
        let status = match body.get("Status").and_then(Value::as_i64) {
            None => return Err(Refusal::payload("The parameter 'Status' is missing.")),
            Some(-1) => default,
            Some(status) => status,
        };
        if !statuses.contains(&status) {
            return Err(Refusal::argument(format!("{status} is not a valid status code for state code {state}.")));
        }
        let sent = body
            .get("OpportunityClose")
            .and_then(Value::as_object)
            .ok_or_else(|| Refusal::payload("The parameter 'OpportunityClose' is missing."))?;
        let mut opportunity = self.opportunity_to_close(sent)?;
        let mut activity = sent.clone();
        activity.insert("statecode".to_owned(), json!(1));
        activity.insert("statuscode".to_owned(), json!(2));
        self.create("opportunityclose", &activity, asker)?;
        opportunity.values.insert("statecode".to_owned(), json!(state));
        opportunity.values.insert("statuscode".to_owned(), json!(status));
        for (from, to) in [("actualrevenue", "actualvalue"), ("actualend", "actualclosedate")] {
            let stored = sent.get(from).cloned();
            let usual = if from == "actualrevenue" { opportunity.values.get("estimatedvalue").cloned() } else { None };
            if let Some(value) = stored.or(usual) {
                opportunity.values.insert(to.to_owned(), value);
            }
        }
        let id = opportunity.id.clone();
        let told = Told::of_row(&opportunity, &["statecode", "statuscode", "actualvalue", "actualclosedate"]);
        let table = Arc::clone(self.table("opportunity")?);
        let closed = complete(self, &table, opportunity, Draft::default());
        self.store("opportunity", closed, asker);
        let message = if outcome == Outcome::Won { "Win" } else { "Lose" };
        self.tell(message, "opportunity", &id, told.clone(), asker);
        self.tell("Update", "opportunity", &id, told, asker);
        Ok(())
    }

    fn opportunity_to_close(&self, sent: &Map<String, Value>) -> Result<Row, Refusal> {
        let bind = sent.get("opportunityid@odata.bind").and_then(Value::as_str);
        let bind = bind.ok_or_else(|| Refusal::payload("OpportunityClose does not name its opportunity."))?;
        let Link { table, id } = self.resolve(bind)?;
        let kind = self.table(&table)?;
        let row = self.find(kind, &Key::Id(id.clone()))?.ok_or_else(|| Refusal::no_row(&table, &id))?;
        if table != "opportunity" || current(row).0 != 0 {
            // Won to Lost and back goes through Open.
            return Err(Refusal::argument("The opportunity is already closed."));
        }
        Ok(row.clone())
    }
}
