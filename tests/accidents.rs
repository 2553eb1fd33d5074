//! What people do in the CRM without meaning it, and what does not come of it.

use serde_json::{Value, json};

use crate::harness::{deal, errors, pack_with, registered, rehearsal, rows};

/// The opportunity of a deal is gone, and somebody writes the deal's id into another opportunity.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_referral_id_changes_no_other_deal() {
    let rehearsal = rehearsal().await;
    let deal = rehearsal.people.create_deal(&deal("Harbour pilot")).await.unwrap();
    rehearsal.quiet().await.unwrap();
    let gone = rows(&rehearsal, "opportunities").await[0]["opportunityid"].as_str().unwrap().to_owned();
    rehearsal.people.crm(reqwest::Method::DELETE, &format!("opportunities({gone})"), None).await.unwrap();
    let other = rehearsal.people.create_opportunity().await.unwrap();
    rehearsal.quiet().await.unwrap();
    let change = json!({ "cosell_referralid": deal, "estimatedvalue": 1 });
    rehearsal.people.change_opportunity(&other, &change).await.unwrap();
    rehearsal.quiet().await.unwrap();
    assert_eq!(rehearsal.people.referral(&deal).await.unwrap()["details"]["dealValue"], 30_000);
    let errors = errors(rehearsal.engine.world()).await;
    assert!(!errors.is_empty() && errors.iter().all(|error| error.contains("as its `CRM ID`")), "{errors:?}");
    let told = rehearsal.people.opportunity(&other).await.unwrap()["cosell_audit"].clone();
    assert!(told.as_str().is_some_and(|told| told.contains("correct the referral's id")), "{told}");
    rehearsal.stop().await;
}

/// An opportunity that is on hold goes on, for a deal that nobody has accepted yet.
#[tokio::test(flavor = "multi_thread")]
async fn t24_leaving_on_hold_accepts_a_deal_only_where_the_pack_allows_it() {
    for allowed in [true, false] {
        let parameter = "accept_in_crm:\n    value: ";
        let (from, to) = (format!("{parameter}true"), format!("{parameter}{allowed}"));
        let rehearsal = registered(&pack_with(&[("pack.yaml", &from, &to)])).await;
        let mut offered = deal("Harbour pilot");
        offered["status"] = json!("New");
        let deal = rehearsal.people.create_deal(&offered).await.unwrap();
        rehearsal.quiet().await.unwrap();
        let opportunity = rows(&rehearsal, "opportunities").await[0].clone();
        assert_eq!(opportunity["statuscode"], 2, "{opportunity}");
        let id = opportunity["opportunityid"].as_str().unwrap();
        rehearsal.people.change_opportunity(id, &json!({ "statuscode": 1 })).await.unwrap();
        rehearsal.quiet().await.unwrap();
        let status: Value = rehearsal.people.referral(&deal).await.unwrap()["status"].clone();
        let errors = errors(rehearsal.engine.world()).await;
        assert_eq!(status, if allowed { "Active" } else { "New" }, "{errors:?}");
        assert_eq!(errors.iter().any(|error| error.contains("is not accepted yet")), !allowed, "{errors:?}");
        rehearsal.stop().await;
    }
}
