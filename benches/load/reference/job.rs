//! The job itself: referral, opportunity, create or update or leave, audit.

use reqwest::Client;
use reqwest::header::{AUTHORIZATION, IF_MATCH};
use serde_json::{Map, Value, json};

use crate::Failure;

/// Columns of the opportunity and where their values stand in the referral; two more need more than that.
const FIELDS: [(&str, &str); 14] = [
    ("pc_referralid", "/id"),
    ("name", "/name"),
    ("pc_customername", "/customerProfile/name"),
    ("pc_customersize", "/customerProfile/size"),
    ("pc_address1_line1", "/customerProfile/address/addressLine1"),
    ("pc_address1_city", "/customerProfile/address/city"),
    ("pc_address1_postalcode", "/customerProfile/address/postalCode"),
    ("pc_address1_country", "/customerProfile/address/country"),
    ("pc_firstname", "/customerProfile/team/0/firstName"),
    ("pc_lastname", "/customerProfile/team/0/lastName"),
    ("emailaddress", "/customerProfile/team/0/email"),
    ("estimatedvalue", "/details/dealValue"),
    ("pc_currency", "/details/currency"),
    ("description", "/details/notes"),
];

/// A client of the back end.
pub(super) struct Job {
    http: Client,
    rows: String,
    notes: String,
}

impl Job {
    pub(super) fn new(back_end: String) -> Result<Job, Failure> {
        let http = Client::builder().no_proxy().tcp_nodelay(true).build()?;
        let api = format!("{back_end}/api/data/v9.2");
        Ok(Job { http, rows: format!("{api}/opportunities"), notes: format!("{api}/annotations") })
    }

    /// Does what an event asks for, and says what that was.
    pub(super) async fn run(&self, event: &str) -> Result<&'static str, Failure> {
        let event: Value = serde_json::from_str(event)?;
        let referral = self.get(text(&event, "/ResourceUri")?).await?;
        let id = text(&referral, "/id")?;
        let found = self.get(&format!("{}?$filter=pc_referralid%20eq%20'{id}'&$top=1", self.rows)).await?;
        let wanted = columns(&referral)?;
        let (result, row) = match found.pointer("/value/0") {
            None => ("created", text(&self.create(&wanted).await?, "/opportunityid")?.to_owned()),
            Some(row) => (self.update(&wanted, row).await?, text(row, "/opportunityid")?.to_owned()),
        };
        let note = json!({
            "subject": "Partner Center sync", "notetext": format!("{result} from referral {id}"),
            "objectid_opportunity@odata.bind": format!("/opportunities({row})"),
        });
        let request = self.http.post(&self.notes).header(AUTHORIZATION, "Bearer token").json(&note);
        request.send().await?.error_for_status()?;
        Ok(result)
    }

    async fn get(&self, url: &str) -> Result<Value, Failure> {
        let response = self.http.get(url).header(AUTHORIZATION, "Bearer token").send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    async fn create(&self, columns: &Map<String, Value>) -> Result<Value, Failure> {
        let request = self.http.post(&self.rows).header(AUTHORIZATION, "Bearer token");
        let response = request.header("prefer", "return=representation").json(columns).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    /// Writes the columns that differ, if there are any.
    async fn update(&self, wanted: &Map<String, Value>, row: &Value) -> Result<&'static str, Failure> {
        let differs = wanted.iter().filter(|(name, value)| row.get(name.as_str()) != Some(value));
        let differing: Map<String, Value> = differs.map(|(name, value)| (name.clone(), value.clone())).collect();
        if differing.is_empty() {
            return Ok("unchanged");
        }
        let url = format!("{}({})", self.rows, text(row, "/opportunityid")?);
        let request = self.http.patch(url).header(AUTHORIZATION, "Bearer token");
        let request = request.header(IF_MATCH, text(row, "/@odata.etag")?).json(&differing);
        request.send().await?.error_for_status()?;
        Ok("updated")
    }
}

/// The columns that a referral decides.
fn columns(referral: &Value) -> Result<Map<String, Value>, Failure> {
    let value = |path: &str| referral.pointer(path).cloned().unwrap_or_default();
    let mut columns: Map<String, Value> = FIELDS.iter().map(|(name, path)| ((*name).to_owned(), value(path))).collect();
    let closing = text(referral, "/details/closingDateTime")?;
    columns.insert("estimatedclosedate".to_owned(), json!(closing.get(..10)));
    let status = match (text(referral, "/status")?, text(referral, "/substatus")?) {
        ("New", _) => 1,
        ("Active", "Accepted") => 2,
        ("Active", _) => 3,
        ("Closed", "Won") => 4,
        _ => 5,
    };
    columns.insert("pc_status".to_owned(), json!(status));
    Ok(columns)
}

fn text<'a>(value: &'a Value, path: &str) -> Result<&'a str, Failure> {
    let text = value.pointer(path).and_then(Value::as_str);
    text.ok_or_else(|| format!("an answer has no text at `{path}`").into())
}
