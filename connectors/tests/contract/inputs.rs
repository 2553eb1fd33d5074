//! A right input for every operation.

use serde_json::{Value, json};

const ID: &str = "11111111-1111-4111-8111-111111111111";

/// The input; `url` is where the service is, for those that are told an address.
pub(crate) fn right(operation: &str, url: &str) -> Value {
    match operation {
        "partner_center.get_referral" => json!({ "id": ID }),
        "partner_center.find_referral" => json!({ "external_reference_id": "crm-1" }),
        "partner_center.list_referrals"
        | "events.view_registration"
        | "events.list_events"
        | "events.request_validation" => json!({}),
        "partner_center.related_referrals" => json!({ "engagement": ID }),
        "partner_center.create_referral" => json!({ "referral": deal() }),
        "partner_center.invite_microsoft" => json!({ "referral": deal(), "engagement": ID }),
        "partner_center.update_referral" => {
            json!({ "id": ID, "changes": { "details": { "dealValue": 5 } }, "if_match": "\"v\"" })
        }
        "events.register" | "events.update_registration" => {
            json!({ "url": "https://here.example/in", "events": ["referral-created"] })
        }
        "events.validation_result" => json!({ "correlation_id": ID }),
        "dataverse.get_row" => json!({ "table": "opportunity", "id": ID }),
        "dataverse.find_row" => json!({ "table": "opportunity", "by": [{ "name": "Deal" }] }),
        "dataverse.list_rows" => json!({ "table": "opportunity" }),
        "dataverse.related_rows" => json!({ "table": "opportunity", "id": ID, "relation": "cosell_solutions" }),
        "dataverse.create_row" => json!({ "table": "opportunity", "row": { "name": "Deal" } }),
        "dataverse.update_row" => json!({ "table": "opportunity", "id": ID, "row": { "name": "Deal" } }),
        "dataverse.upsert_row" => {
            json!({ "table": "opportunity", "key": { "cosell_referralid": "r" }, "row": { "name": "Deal" } })
        }
        "dataverse.append_audit" => {
            json!({ "table": "opportunity", "by": [{ "name": "Deal" }], "column": "description", "line": "well" })
        }
        "http.get" => json!({ "url": format!("{url}/thing") }),
        "http.post" => json!({ "url": format!("{url}/thing"), "body": { "a": 1 } }),
        "http.request" => json!({ "url": format!("{url}/thing"), "method": "PUT", "body": { "a": 1 } }),
        // An operation that is new needs a line here.
        _ => Value::Null,
    }
}

fn deal() -> Value {
    json!({
        "name": "Harbour pilot", "type": "Shared", "externalReferenceId": "crm-1",
        "customerProfile": {
            "name": "Contoso", "address": { "country": "SE" },
            "team": [{ "firstName": "Test", "lastName": "Person", "email": "test@contoso.example" }],
        },
        "details": { "requirements": { "solutions": [{ "id": "SOL-1" }] } },
        "team": [{ "firstName": "Sales", "lastName": "Person", "email": "sales@fabrikam.example" }],
        "inviteContext": { "assistanceRequestCode": "GeneralOrOther" },
    })
}
