//! Keys that are taken, and text that is too long for its column.

use serde_json::{Value, json};

use super::{ID, MISSING, ROOT, started};
use crate::harness::{Case, Host, case};

const TAKEN: &[&str] = &["0x80060892", "Entity Key cosell_referralid violated. A record with the same value"];

#[tokio::test]
async fn no_two_rows_share_a_key() {
    let harness = started().await;
    let set = format!("{ROOT}/opportunities");
    let create = |title, body, status, parts| case(title, "POST", set.clone(), body, status, parts);
    let patch =
        |title, key: &str, body, status, parts| case(title, "PATCH", format!("{set}({key})"), body, status, parts);
    let second_of_lead = json!({
        "subject": "L", "qualifyingopportunityid": {"name": "N", "cosell_referralid": "R-1"},
    });
    let twins = json!({
        "name": "T", "lead_qualifying_opportunity": [{"leadid": MISSING}, {"leadid": MISSING}],
    });
    let cases = vec![
        create("first", json!({"opportunityid": ID, "cosell_referralid": "R-1", "cosell_number": 7}), 204, &[]),
        create("primary key", json!({"opportunityid": ID}), 412, &["0x80040237", "Cannot insert duplicate key"]),
        create("twins in one body", twins, 412, &["0x80040237"]),
        create("same key", json!({"cosell_referralid": "R-1"}), 412, TAKEN),
        create("in other case", json!({"cosell_referralid": "r-1"}), 412, TAKEN),
        create("same number", json!({"cosell_number": 7}), 412, &["0x80060892", "cosell_number"]),
        case("nested", "POST", format!("{ROOT}/leads"), second_of_lead, 412, TAKEN),
        case("nothing is left of it", "GET", format!("{ROOT}/leads/$count"), Value::Null, 200, &["0"]),
        create("without", json!({"name": "B"}), 204, &[]),
        create("also without", json!({"name": "C", "cosell_referralid": null}), 204, &[]),
        create("another", json!({"opportunityid": MISSING, "cosell_referralid": "R-2"}), 204, &[]),
        patch("onto a taken one", MISSING, json!({"cosell_referralid": "R-1"}), 412, TAKEN),
        patch("its own again", MISSING, json!({"cosell_referralid": "R-2", "name": "D"}), 204, &[]),
        patch("by number", "cosell_number=7", json!({"name": "Seven"}), 204, &[]),
        patch("new by number", "cosell_number=8", json!({"name": "Eight"}), 204, &[]),
        case(
            "both are there",
            "GET",
            format!("{set}(cosell_number=8)"),
            Value::Null,
            200,
            &["\"cosell_number\":8,", "Eight"],
        ),
        create("longer than what is indexed", json!({"cosell_referralid": "x".repeat(301)}), 204, &[]),
        create("the same again", json!({"cosell_referralid": "X".repeat(301)}), 412, TAKEN),
        create("another of that length", json!({"cosell_referralid": "y".repeat(301)}), 204, &[]),
        patch("given up", ID, json!({"cosell_referralid": null}), 204, &[]),
        create("and taken over", json!({"cosell_referralid": "R-1"}), 204, &[]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn custom_columns_have_their_length() {
    let harness = started().await;
    let cases = [(20, 204, [].as_slice()), (21, 400, &["0x80044331", "'cosell_code'", "'20'"])];
    let cases = cases.map(|(length, status, parts)| {
        // Characters count, not bytes.
        let body = json!({"cosell_code": "é".repeat(length)});
        case("length", "POST", format!("{ROOT}/cosell_solutions"), body, status, parts)
    });
    harness.check(Host::Dataverse, Vec::<Case>::from(cases)).await;
}

#[tokio::test]
async fn definitions_list_keys_and_lengths() {
    let harness = started().await;
    let definition =
        |table: &str, expand: &str| format!("{ROOT}/EntityDefinitions(LogicalName='{table}')?$expand={expand}");
    let cases = vec![
        case(
            "keys",
            "GET",
            definition("opportunity", "Keys"),
            Value::Null,
            200,
            &["\"KeyAttributes\":[\"cosell_referralid\"]", "\"EntityKeyIndexStatus\":\"Active\""],
        ),
        case("no keys", "GET", definition("account", "Keys"), Value::Null, 200, &["\"Keys\":[]"]),
        case("length", "GET", definition("cosell_solution", "Attributes"), Value::Null, 200, &["\"MaxLength\":20"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}
