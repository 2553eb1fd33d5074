//! A lead that becomes an account, a contact and an opportunity.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Asker, Call};
use super::draft::{Draft, describe};
use super::keys::Key;
use super::refusal::Refusal;
use super::reply::Reply;
use super::rows::Dataverse;
use super::shelf::{Link, Row};
use super::states::{current, settle};

/// A column of the lead and the column of the new row that takes it over.
type Taken = &'static [(&'static str, &'static str)];

const ACCOUNT: Taken = &[
    ("companyname", "name"),
    ("emailaddress1", "emailaddress1"),
    ("telephone1", "telephone1"),
    ("websiteurl", "websiteurl"),
    ("address1_line1", "address1_line1"),
    ("address1_city", "address1_city"),
    ("address1_stateorprovince", "address1_stateorprovince"),
    ("address1_postalcode", "address1_postalcode"),
    ("address1_country", "address1_country"),
];

const CONTACT: Taken = &[
    ("firstname", "firstname"),
    ("lastname", "lastname"),
    ("emailaddress1", "emailaddress1"),
    ("telephone1", "telephone1"),
    ("mobilephone", "mobilephone"),
    ("jobtitle", "jobtitle"),
];

const OPPORTUNITY: Taken = &[
    ("subject", "name"),
    ("description", "description"),
    ("estimatedamount", "estimatedvalue"),
    ("estimatedclosedate", "estimatedclosedate"),
    ("budgetamount", "budgetamount"),
];

impl Dataverse {
    /// Qualifies a lead, and answers with the rows that were made.
    pub(crate) fn qualify(&mut self, call: &Call, key: &Key, asker: &Asker) -> Result<Reply, Refusal> {
        let table = Arc::clone(self.table("lead")?);
        let lead = self.find(&table, key)?.cloned().ok_or_else(|| Refusal::no_row("lead", &describe(key)))?;
        if current(&lead).0 != 0 {
            return Err(Refusal::argument("The lead is already closed."));
        }
        let body = call.object()?;
        let wants = |name: &str| body.get(name) == Some(&Value::Bool(true));
        let mut made = Vec::new();
        let mut links = Map::new();
        let mut bind = |name: &str, set: &str, id: &str| {
            links.insert(format!("{name}@odata.bind"), json!(format!("/{set}({id})")));
        };
        if wants("CreateAccount") {
            let id = self.create("account", &taken(&lead, ACCOUNT), asker)?;
            bind("customerid_account", "accounts", &id);
            bind("parentaccountid", "accounts", &id);
            made.push(("account", "accountid", id));
        }
        if wants("CreateContact") {
            let mut contact = taken(&lead, CONTACT);
            if let Some((_, _, account)) = made.first() {
                contact
                    .insert("parentcustomerid_account@odata.bind".to_owned(), json!(format!("/accounts({account})")));
            }
            let id = self.create("contact", &contact, asker)?;
            if made.is_empty() {
                bind("customerid_contact", "contacts", &id);
            }
            bind("parentcontactid", "contacts", &id);
            made.push(("contact", "contactid", id));
        }
        if wants("CreateOpportunity") {
            let mut opportunity = taken(&lead, OPPORTUNITY);
            opportunity.extend(links);
            opportunity.insert("originatingleadid@odata.bind".to_owned(), json!(format!("/leads({})", lead.id)));
            let id = self.create("opportunity", &opportunity, asker)?;
            made.push(("opportunity", "opportunityid", id));
        }
        let status = body.get("Status").and_then(Value::as_i64).filter(|status| *status != -1).unwrap_or(3);
        self.close_lead(&table, lead, status, &made, asker)?;
        let rows: Vec<Value> = made
            .iter()
            .map(|(table, key, id)| json!({"@odata.type": format!("#Microsoft.Dynamics.CRM.{table}"), (*key): id}))
            .collect();
        let context = format!("{}$metadata#Collection(Microsoft.Dynamics.CRM.crmbaseentity)", call.base);
        Ok(Reply::json(StatusCode::OK, json!({"@odata.context": context, "value": rows})))
    }

    fn close_lead(
        &mut self,
        table: &super::tables::Table,
        lead: Row,
        status: i64,
        made: &[(&str, &str, String)],
        asker: &Asker,
    ) -> Result<(), Refusal> {
        let mut draft = Draft { table: "lead".to_owned(), id: lead.id.clone(), ..Draft::default() };
        draft.values.insert("statecode".to_owned(), json!(1));
        draft.values.insert("statuscode".to_owned(), json!(status));
        settle(table, Some(current(&lead)), &mut draft.values)?;
        let columns = [
            ("account", "parentaccountid"),
            ("contact", "parentcontactid"),
            ("opportunity", "qualifyingopportunityid"),
        ];
        for (name, column) in columns {
            if let Some((_, _, id)) = made.iter().find(|(table, _, _)| *table == name) {
                draft.links.insert(column.to_owned(), Some(Link { table: name.to_owned(), id: id.clone() }));
            }
        }
        self.change(table, lead, draft, asker).map(drop)
    }
}

fn taken(lead: &Row, columns: Taken) -> Map<String, Value> {
    let value = |(from, to): &(&str, &str)| Some(((*to).to_owned(), lead.values.get(*from)?.clone()));
    columns.iter().filter_map(value).collect()
}
