//! The scenarios of the product.

use cosell::environment::Environment;
use cosell::rehearsal::Rehearsal;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{deal, errors, pack_with, registered, rehearsal, rows, runs};

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_of_partner_center_comes_to_the_crm_with_all_its_fields() {
    let rehearsal = rehearsal().await;
    let id = rehearsal.people.create_deal(&deal("Harbour pilot")).await.unwrap();
    rehearsal.quiet().await.unwrap();
    let found = rows(
        &rehearsal,
        "opportunities?$expand=transactioncurrencyid($select=isocurrencycode),parentaccountid($select=name),parentcontactid($select=emailaddress1),cosell_opportunity_microsoftsolution($select=cosell_solutionid)",
    )
    .await;
    assert_eq!(found.len(), 1);
    let expected = json!({
        "name": "✔ Harbour pilot", "estimatedvalue": 30_000, "description": "Met at the fair", "cosell_referralid": id,
        "cosell_sync": true, "statecode": 0, "statuscode": 1,
    });
    for (column, value) in expected.as_object().unwrap() {
        let actual = &found[0][column];
        assert!(same(actual, value), "{column}: {actual} is not {value}");
    }
    assert_eq!(found[0]["transactioncurrencyid"]["isocurrencycode"], "EUR");
    assert!(found[0]["parentaccountid"]["name"].is_string());
    assert!(found[0]["parentcontactid"]["emailaddress1"].is_string());
    assert!(found[0]["cosell_opportunity_microsoftsolution"][0]["cosell_solutionid"].is_string());
    assert!(found[0]["cosell_audit"].as_str().unwrap().ends_with("Partner Center Referral to CRM sync success."));
    let referral = rehearsal.people.referral(&id).await.unwrap();
    assert_eq!(referral["externalReferenceId"], found[0]["opportunityid"], "the CRM's id is written back");
    assert_eq!(errors(rehearsal.engine.world()).await, Vec::<String>::new());
    rehearsal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opportunity_of_the_crm_becomes_a_co_sell_deal() {
    let rehearsal = rehearsal().await;
    let id = rehearsal.people.create_opportunity().await.unwrap();
    rehearsal.quiet().await.unwrap();
    let opportunity = rehearsal.people.opportunity(&id).await.unwrap();
    assert_eq!(opportunity["name"], "✔ Warehouse renewal");
    let referral = rehearsal.people.referral(opportunity["cosell_referralid"].as_str().unwrap()).await.unwrap();
    let expected = [
        ("/type", json!("Shared")),
        ("/name", json!("Warehouse renewal")),
        ("/externalReferenceId", json!(id)),
        ("/customerProfile/address/country", json!("SE")),
        ("/consent/consentToShareReferralWithMicrosoftSellers", json!(true)),
        ("/details/requirements/solutions/0/id", json!("SOL-1234-ABC")),
        ("/details/closingDateTime", json!("2027-02-28T00:00:00Z")),
    ];
    for (pointer, value) in expected {
        assert_eq!(referral.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(rehearsal.people.count().await.unwrap(), (1, 2), "one opportunity, the deal and Microsoft's copy");
    assert_eq!(errors(rehearsal.engine.world()).await, Vec::<String>::new());
    rehearsal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_of_the_mapping_sends_the_deal_value_to_another_column() {
    let line = r#"opportunity: "{{parameters.msft_dealvaluefield}}""#;
    let opened = pack_with(&[("mappings/opportunity.yaml", line, "opportunity: actualvalue")]);
    let rehearsal = registered(&opened).await;
    rehearsal.people.create_deal(&deal("Harbour pilot")).await.unwrap();
    rehearsal.quiet().await.unwrap();
    let found = rows(&rehearsal, "opportunities?$select=actualvalue,estimatedvalue").await;
    assert!(same(&found[0]["actualvalue"], &json!(30_000)), "{found:?}");
    assert_eq!(found[0]["estimatedvalue"], Value::Null);
    rehearsal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_webhook_the_engine_asks_partner_center() {
    let mut environment = Environment::default();
    environment.engine.webhook = false;
    let rehearsal = Rehearsal::start(&pack_with(&[]), environment).await.unwrap();
    assert_eq!(rehearsal.endpoint(), None);
    let id = rehearsal.people.create_deal(&deal("Harbour pilot")).await.unwrap();
    until(&rehearsal, "the deal has arrived", async |rehearsal| rows(rehearsal, "opportunities").await.len() == 1)
        .await;
    rehearsal.people.change_deal(&id, &json!({ "dealValue": 31_000 })).await.unwrap();
    until(&rehearsal, "the change has arrived", async |rehearsal| {
        same(&rows(rehearsal, "opportunities").await[0]["estimatedvalue"], &json!(31_000))
    })
    .await;
    rehearsal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_closes_the_other_side_and_a_closed_deal_takes_nothing_more() {
    let rehearsal = rehearsal().await;
    let won = rehearsal.people.create_deal(&deal("Won there")).await.unwrap();
    let lost = rehearsal.people.create_deal(&deal("Lost here")).await.unwrap();
    rehearsal.quiet().await.unwrap();
    let of = async |referral: &str| {
        let query = format!("opportunities?$filter=cosell_referralid eq '{referral}'");
        rows(&rehearsal, &query).await.remove(0)
    };
    rehearsal.people.change_deal(&won, &json!({ "status": "Closed", "substatus": "Won" })).await.unwrap();
    let id = of(&lost).await["opportunityid"].as_str().unwrap().to_owned();
    let close = json!({ "Status": 4, "OpportunityClose": { "subject": "Lost", "opportunityid@odata.bind": format!("/opportunities({id})") } });
    rehearsal.people.crm(Method::POST, "LoseOpportunity", Some(&close)).await.unwrap();
    rehearsal.quiet().await.unwrap();
    let opportunity = of(&won).await;
    assert_eq!((&opportunity["statecode"], &opportunity["statuscode"]), (&json!(1), &json!(3)));
    let referral = rehearsal.people.referral(&lost).await.unwrap();
    assert_eq!((&referral["status"], &referral["substatus"]), (&json!("Closed"), &json!("Lost")));
    // What is changed in the CRM afterwards does not go to the closed deal, and is no failure.
    rehearsal.people.change_opportunity(&id, &json!({ "description": "afterwards" })).await.unwrap();
    rehearsal.quiet().await.unwrap();
    assert_eq!(rehearsal.people.referral(&lost).await.unwrap()["details"]["notes"], "Met at the fair");
    assert_eq!(errors(rehearsal.engine.world()).await, Vec::<String>::new());
    rehearsal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_never_takes_another_endpoint_over_by_itself() {
    let rehearsal = registered(&pack_with(&[])).await;
    let register = async |endpoint: &str, overwrite: bool| {
        let inputs = json!({ "endpoint": endpoint, "overwrite": overwrite });
        let run = rehearsal.engine.run_now("partner-center-webhook-registration", inputs).await.unwrap();
        run.ended().unwrap().error.clone().map(|error| error.code)
    };
    let ours = rehearsal.endpoint().unwrap();
    assert_eq!(register("https://other.example/events", false).await.as_deref(), Some("registered_elsewhere"));
    assert_eq!(register(&ours, false).await, None, "ours may be registered again");
    assert_eq!(register("https://other.example/events", true).await, None);
    assert_eq!(register(&ours, false).await.as_deref(), Some("registered_elsewhere"));
    rehearsal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_whose_opportunity_is_gone_is_reported_and_makes_no_new_one() {
    let rehearsal = rehearsal().await;
    let id = rehearsal.people.create_deal(&deal("Harbour pilot")).await.unwrap();
    rehearsal.quiet().await.unwrap();
    let opportunity = rows(&rehearsal, "opportunities").await.remove(0);
    let row = format!("opportunities({})", opportunity["opportunityid"].as_str().unwrap());
    rehearsal.people.crm(Method::DELETE, &row, None).await.unwrap();
    rehearsal.people.change_deal(&id, &json!({ "dealValue": 1 })).await.unwrap();
    rehearsal.quiet().await.unwrap();
    assert_eq!(rows(&rehearsal, "opportunities").await.len(), 0);
    let errors = errors(rehearsal.engine.world()).await;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("opportunity_missing"), "{errors:?}");
    rehearsal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_twice_has_one_run() {
    let rehearsal = rehearsal().await;
    rehearsal.people.admin(Method::POST, "deliveries", Some(&json!({ "duplicate": 2 }))).await.unwrap();
    rehearsal.people.create_deal(&deal("Harbour pilot")).await.unwrap();
    rehearsal.quiet().await.unwrap();
    assert_eq!(rows(&rehearsal, "opportunities").await.len(), 1);
    let runs = runs(rehearsal.engine.world()).await;
    let of_events = runs.iter().filter(|run| run.flow == "partner-center-to-dynamics365").count();
    assert!(of_events <= 2, "the create and the echo of the id written back: {of_events}");
    rehearsal.stop().await;
}

/// Equal as numbers where both are.
fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => (left - right).abs() < 1e-9,
        _ => left == right,
    }
}

async fn until(rehearsal: &Rehearsal, what: &str, holds: impl AsyncFn(&Rehearsal) -> bool) {
    for _ in 0..400 {
        if holds(rehearsal).await {
            return;
        }
        rehearsal.quiet().await.unwrap();
    }
    panic!("never: {what}");
}
