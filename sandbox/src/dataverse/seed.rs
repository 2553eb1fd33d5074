//! The rows that every organization has: itself, two users, currencies, and the messages that steps are registered
//! for.

use indexmap::IndexMap;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::Dataverse;
use super::shelf::{Link, Row};
use super::tables::id_of;
use crate::clock;

/// The organization's id.
pub(crate) const ORGANIZATION: &str = "55555555-5555-4555-8555-555555555555";

/// The organization's unique name.
pub(crate) const ORGANIZATION_NAME: &str = "sandbox";

/// The business unit that everyone belongs to.
pub(crate) const BUSINESS_UNIT: &str = "44444444-4444-4444-8444-444444444444";

/// How long delta tokens live, as long as nobody says otherwise.
pub(crate) const TOKEN_DAYS: i64 = 7;

/// The messages that a table can send.
pub(crate) const MESSAGES: [&str; 6] =
    ["Create", "Update", "Delete", "CreateMultiple", "UpdateMultiple", "UpsertMultiple"];

/// Puts the rows in.
pub(crate) fn fill(crm: &mut Dataverse) {
    let organization = json!({"name": ORGANIZATION_NAME, "expirechangetrackingindays": TOKEN_DAYS});
    add(crm, "organization", ORGANIZATION, organization);
    add(crm, "businessunit", BUSINESS_UNIT, json!({"name": ORGANIZATION_NAME}));
    crm.connector = user(crm, "Connector", "App", "connector@fabrikam.example");
    crm.seller = user(crm, "Sales", "Person", "sales@fabrikam.example");
    add(crm, "team", &id_of(&["team"]).to_string(), json!({"name": ORGANIZATION_NAME}));
    let currencies = [("USD", "US Dollar", "$", 1.0), ("EUR", "Euro", "€", 0.8), ("SEK", "Krona", "kr", 10.0)];
    for (code, name, symbol, rate) in currencies {
        let values = json!({
            "currencyname": name, "isocurrencycode": code, "currencysymbol": symbol, "exchangerate": rate,
        });
        add(crm, "transactioncurrency", &Uuid::new_v4().to_string(), values);
    }
    for message in MESSAGES.into_iter().chain(["QualifyLead", "Win", "Lose"]) {
        add(crm, "sdkmessage", &message_id(message), json!({"name": message}));
    }
    let tables: Vec<String> = crm.tables.keys().cloned().collect();
    for table in tables {
        add_message_filters(crm, &table);
    }
}

/// The messages of a new table.
pub(crate) fn add_message_filters(crm: &mut Dataverse, table: &str) {
    for message in MESSAGES {
        let id = id_of(&["sdkmessagefilter", table, message]).to_string();
        let values = json!({"primaryobjecttypecode": table, "secondaryobjecttypecode": "none"});
        let Some(mut row) = row(crm, &id, values) else { return };
        row.links.insert("sdkmessageid".to_owned(), Link { table: "sdkmessage".to_owned(), id: message_id(message) });
        crm.put("sdkmessagefilter", row);
    }
}

fn message_id(message: &str) -> String {
    id_of(&["sdkmessage", message]).to_string()
}

fn user(crm: &mut Dataverse, first: &str, last: &str, email: &str) -> String {
    let values = json!({
        "firstname": first, "lastname": last, "fullname": format!("{first} {last}"),
        "internalemailaddress": email, "domainname": email, "isdisabled": false,
        "azureactivedirectoryobjectid": Uuid::new_v4().to_string(),
    });
    let id = Uuid::new_v4().to_string();
    if let Some(mut row) = row(crm, &id, values) {
        let unit = Link { table: "businessunit".to_owned(), id: BUSINESS_UNIT.to_owned() };
        row.links.insert("businessunitid".to_owned(), unit);
        crm.put("systemuser", row);
    }
    id
}

fn add(crm: &mut Dataverse, table: &str, id: &str, values: Value) {
    if let Some(row) = row(crm, id, values) {
        crm.put(table, row);
    }
}

fn row(crm: &Dataverse, id: &str, values: Value) -> Option<Row> {
    let Value::Object(mut values) = values else { return None };
    let now = json!(clock::whole_seconds(crm.now()));
    values.insert("createdon".to_owned(), now.clone());
    values.insert("modifiedon".to_owned(), now);
    values.insert("statecode".to_owned(), json!(0));
    values.insert("statuscode".to_owned(), json!(1));
    Some(Row { id: id.to_owned(), values, links: IndexMap::new(), version: 0, born: 0 })
}
