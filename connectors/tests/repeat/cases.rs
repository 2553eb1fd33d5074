//! The calls that are repeated: at least one of every operation that writes.

use serde_json::{Value, json};

/// A call with what is made before it and what is read after it.
pub(crate) struct Case {
    pub(crate) title: &'static str,
    pub(crate) operation: &'static str,
    /// Operations with their inputs. `{"$": "/0/id"}` in an input is a part of what the first of these gave.
    pub(crate) before: Vec<(&'static str, Value)>,
    pub(crate) input: Value,
    /// Operations whose answers show what the services hold.
    pub(crate) after: Vec<(&'static str, Value)>,
}

pub(crate) fn all() -> Vec<Case> {
    [rows(), audits(), referrals(), registrations()].into_iter().flatten().collect()
}

pub(crate) fn rows() -> Vec<Case> {
    let id = json!({ "$": "/0/opportunityid" });
    let with_solution = json!({ "name": "Deal", "cosell_opportunity_solution": [{ "cosell_name": "old" }] });
    let linked = json!({ "name": "Old", "cosell_referralid": "r-1" });
    let upsert = json!({ "table": "opportunity", "key": { "cosell_referralid": "r-1" }, "row": {
        "name": "New", "cosell_opportunity_solution": [{ "cosell_name": "a" }], "statecode": 1 } });
    vec![
        Case {
            title: "a row with all it points to, which is won",
            operation: "dataverse.create_row",
            before: vec![],
            input: json!({ "table": "opportunity", "row": {
                "name": "Deal", "estimatedvalue": 10, "statecode": 1, "statuscode": 3,
                "parentaccountid": { "find": { "name": "Contoso" }, "missing": "create", "create": { "name": "Contoso" } },
                "cosell_opportunity_solution": [{ "cosell_name": "a" }, { "cosell_name": "a" }] } }),
            after: listed(&["account", "opportunity", "cosell_solution", "opportunityclose"]),
        },
        Case {
            title: "a version of a row, with what belongs to it",
            operation: "dataverse.update_row",
            before: vec![create(with_solution)],
            input: json!({ "table": "opportunity", "id": id, "if_match": { "$": "/0/@odata.etag" }, "row": {
                "name": "New", "estimatedvalue": 10, "statecode": 2,
                "parentaccountid": { "find": { "name": "Contoso" }, "missing": "create", "create": { "name": "Contoso" } },
                "cosell_opportunity_solution": [
                    { "cosell_name": "a" }, { "cosell_name": "a" }, { "cosell_name": "b" }] } }),
            after: listed(&["account", "opportunity", "cosell_solution", "opportunityclose"]),
        },
        Case {
            title: "a version of a row that is only closed",
            operation: "dataverse.update_row",
            before: vec![create(json!({ "name": "Deal" }))],
            input: json!({ "table": "opportunity", "id": id, "if_match": { "$": "/0/@odata.etag" },
                "row": { "statecode": 1 } }),
            after: listed(&["opportunity", "opportunityclose"]),
        },
        Case {
            title: "any version of a row, from lost to won",
            operation: "dataverse.update_row",
            before: vec![create(json!({ "name": "Deal", "statecode": 2 }))],
            input: json!({ "table": "opportunity", "id": id, "row": { "name": "New", "statecode": 1 } }),
            after: listed(&["opportunity", "opportunityclose"]),
        },
        Case {
            title: "a key that is new",
            operation: "dataverse.upsert_row",
            before: vec![],
            input: upsert.clone(),
            after: listed(&["opportunity", "cosell_solution", "opportunityclose"]),
        },
        Case {
            title: "a key that is there",
            operation: "dataverse.upsert_row",
            before: vec![create(linked)],
            input: upsert,
            after: listed(&["opportunity", "cosell_solution", "opportunityclose"]),
        },
    ]
}

pub(crate) fn audits() -> Vec<Case> {
    let input = json!({ "table": "opportunity", "by": [{ "name": "Deal" }], "column": "cosell_audit",
        "line": "all well", "mark": { "column": "description", "write": "✔ ", "marks": ["✔ ", "✖ "] } });
    let deal = || create(json!({ "name": "Deal", "description": "✖ text" }));
    let case = |title, before| Case {
        title,
        operation: "dataverse.append_audit",
        before,
        input: input.clone(),
        after: listed(&["opportunity"]),
    };
    vec![
        case("the first line", vec![deal()]),
        case("a line that says the same as another", vec![deal(), ("dataverse.append_audit", input.clone())]),
    ]
}

pub(crate) fn referrals() -> Vec<Case> {
    let create = ("partner_center.create_referral", json!({ "referral": deal() }));
    let (id, version) = (json!({ "$": "/0/id" }), json!({ "$": "/0/eTag" }));
    let after = vec![("partner_center.list_referrals", json!({}))];
    let update = |title, changes: Value| Case {
        title,
        operation: "partner_center.update_referral",
        before: vec![create.clone()],
        input: json!({ "id": id, "changes": changes, "if_match": version }),
        after: after.clone(),
    };
    vec![
        Case { title: "a deal", operation: create.0, before: vec![], input: create.1.clone(), after: after.clone() },
        Case {
            title: "Microsoft's copy",
            operation: "partner_center.invite_microsoft",
            before: vec![create.clone()],
            input: json!({ "referral": deal(), "engagement": { "$": "/0/engagementId" } }),
            after: after.clone(),
        },
        update(
            "fields of a deal",
            json!({ "team": [{ "firstName": "A", "lastName": "B", "email": "a@b.example" }],
            "details": { "dealValue": 5, "closingDateTime": "2030-01-02T00:00:00Z" } }),
        ),
        update("the end of a deal", json!({ "status": "Closed", "substatus": "Won" })),
    ]
}

pub(crate) fn registrations() -> Vec<Case> {
    let registration = json!({ "url": "http://127.0.0.1:9/in", "events": ["referral-created", "test-created"] });
    let register = ("events.register", registration.clone());
    let view = vec![("events.view_registration", json!({}))];
    // Two test events a minute are allowed: a second one can be had only where there was no other.
    let second = vec![("events.request_validation", json!({}))];
    let (signed, path) = ("Bearer sandbox-seller", "$EVENTS/webhooks/v1/registration");
    vec![
        Case {
            title: "the first registration",
            operation: register.0,
            before: vec![],
            input: registration,
            after: view.clone(),
        },
        Case {
            title: "another registration",
            operation: "events.update_registration",
            before: vec![register.clone()],
            input: json!({ "url": "http://127.0.0.1:9/other", "events": ["referral-updated"] }),
            after: view.clone(),
        },
        Case {
            title: "a test event",
            operation: "events.request_validation",
            before: vec![register.clone()],
            input: json!({}),
            after: second.clone(),
        },
        Case {
            title: "a PUT to an address",
            operation: "http.request",
            before: vec![register.clone()],
            input: json!({ "method": "PUT", "url": path, "headers": { "Authorization": signed },
                "body": { "WebhookUrl": "http://127.0.0.1:9/other", "WebhookEvents": ["referral-updated"] } }),
            after: view,
        },
        Case {
            title: "a POST to an address that knows a repeat",
            operation: "http.post",
            before: vec![register],
            input: json!({ "url": format!("{path}/validationEvents"),
                "headers": { "Authorization": signed, "Idempotency-Key": "k-1", "MS-RequestId": "k-1" } }),
            after: second,
        },
    ]
}

fn create(row: Value) -> (&'static str, Value) {
    ("dataverse.create_row", json!({ "table": "opportunity", "row": row }))
}

fn listed(tables: &[&str]) -> Vec<(&'static str, Value)> {
    tables.iter().map(|table| ("dataverse.list_rows", json!({ "table": table }))).collect()
}

fn deal() -> Value {
    json!({
        "name": "Harbour pilot", "type": "Shared", "externalReferenceId": "crm-1",
        "customerProfile": {
            "name": "Contoso Test", "address": { "country": "SE" },
            "team": [{ "firstName": "Test", "lastName": "Person", "phoneNumber": "5550100",
                "email": "test.person@contoso.example" }],
        },
        "consent": { "consentToContact": true, "consentToToShareInfoWithOthers": true },
        "details": { "dealValue": 1000.5, "currency": "SEK", "closingDateTime": "2030-01-01T00:00:00Z",
            "requirements": { "solutions": [{ "id": "SOL-1234-ABC" }] } },
        "team": [{ "firstName": "Sales", "lastName": "Person", "email": "sales@fabrikam.example" }],
        "inviteContext": { "assistanceRequestCode": "GeneralOrOther" },
    })
}
