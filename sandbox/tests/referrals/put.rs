//! PUT, and what cannot be changed any more.

use serde_json::{Value, json};

use super::{PATH, share};
use crate::harness::{Harness, Host, referral};

struct Put<'a> {
    harness: &'a Harness,
    path: String,
    etag: String,
}

impl<'a> Put<'a> {
    fn new(harness: &'a Harness, deal: &Value) -> Put<'a> {
        let path = format!("{PATH}/{}", deal["id"].as_str().unwrap());
        Put { harness, path, etag: deal["eTag"].as_str().unwrap().to_owned() }
    }

    /// Sends a body with the ETag that is current, and keeps the next one.
    async fn send(&mut self, body: &Value) -> (u16, Value) {
        let headers = [("if-match", self.etag.as_str())];
        let answer = self.harness.send(Host::Referrals, "PUT", &self.path, &headers, body).await.unwrap();
        let status = answer.status().as_u16();
        let etag = answer.headers().get("etag").map(|value| value.to_str().unwrap().to_owned());
        self.etag = etag.unwrap_or_else(|| self.etag.clone());
        (status, answer.json().await.unwrap())
    }
}

/// Behaviours, method, headers and body, and the status and a part of the answer.
type Case<'a> = (&'a [&'a str], &'a str, &'a [(&'a str, &'a str)], &'a Value, u16, &'a str);

#[tokio::test]
async fn s13_an_etag_is_wanted_by_put_and_believed_by_both() {
    let harness = Harness::start().await;
    let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let notes = json!([{"op": "replace", "path": "/details/notes", "value": "x"}]);
    let stale = [("if-match", "\"old\"")].as_slice();
    let cases: [Case<'_>; 6] = [
        (&[], "PUT", &[], &referral(), 400, "invalidRequest"),
        (&[], "PUT", stale, &referral(), 412, "preconditionFailed"),
        (&[], "PATCH", stale, &notes, 412, "preconditionFailed"),
        (&[], "PATCH", &[], &notes, 204, ""),
        (&["missing_if_match_is_412"], "PUT", &[], &referral(), 412, "preconditionFailed"),
        (&["stale_is_resource_modified"], "PATCH", stale, &notes, 412, "resourceModified"),
    ];
    for (behaviours, method, headers, body, status, code) in cases {
        harness.turn(behaviours).await;
        let answer = harness.send(Host::Referrals, method, &path, headers, body).await.unwrap();
        assert_eq!(answer.status(), status, "{behaviours:?} {method} {headers:?}");
        assert!(answer.text().await.unwrap().contains(code));
    }
}

#[tokio::test]
async fn s14_every_write_changes_the_etag() {
    let harness = Harness::start().await;
    let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let mut put = Put::new(&harness, &made);
    let mut body = made.clone();
    body.as_object_mut().unwrap().shift_remove("links");
    body["details"]["notes"] = json!("written");
    let (status, after) = put.send(&body).await;
    assert_eq!((status, &after["details"]["notes"]), (200, &json!("written")), "{after}");
    assert_ne!(after["eTag"], made["eTag"]);
    assert_eq!(after["eTag"], put.etag, "the header says the same");
    assert!(put.etag.starts_with('"') && put.etag.ends_with('"'), "{}", put.etag);
    assert!(after["updatedDateTime"].as_str() > made["updatedDateTime"].as_str());
    assert_eq!((&after["id"], &after["engagementId"]), (&made["id"], &made["engagementId"]));
}

#[tokio::test]
async fn s15_put_refuses_links_and_may_be_gone() {
    let harness = Harness::start().await;
    let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let mut put = Put::new(&harness, &made);
    // The whole resource as it was read, which has links.
    assert_eq!(put.send(&made).await.0, 400);
    let mut without = made.clone();
    without.as_object_mut().unwrap().shift_remove("links");
    assert_eq!(put.send(&without).await.0, 200);
    harness.turn(&["put_takes_links"]).await;
    assert_eq!(put.send(&made).await.0, 200);
    harness.turn(&["put_gone"]).await;
    assert_eq!(put.send(&without).await.0, 405);
}

#[tokio::test]
async fn s16_what_is_read_only_after_creation_sharing_and_yes() {
    let harness = Harness::start().await;
    let (own, _) = share(&harness).await;
    let mut body = own.clone();
    body.as_object_mut().unwrap().shift_remove("links");
    let with = |path: &str, value: Value| {
        let mut body = body.clone();
        *body.pointer_mut(path).unwrap() = value;
        body
    };
    let mut put = Put::new(&harness, &own);
    let visible = "/consent/consentToShareReferralWithMicrosoftSellers";
    let help = "/inviteContext/assistanceRequestCode";
    let cases = [
        ("/customerProfile/name", json!("Other"), 400),
        ("/customerProfile/address/city", json!("Other"), 400),
        ("/customerProfile/ids", json!([{"profileType": "Duns", "id": "1"}]), 400),
        ("/consent/consentToToShareInfoWithOthers", json!(false), 400),
        ("/customerProfile/team", json!([]), 400),
        ("/inviteContext/notes", json!("more"), 400),
        ("/type", json!("Independent"), 400),
        ("/customerProfile/team", referral()["customerProfile"]["team"].clone(), 200),
        ("/details/notes", json!("more"), 200),
        ("/name", json!("Renamed"), 200),
        (help, json!("QuotesOrLicensing"), 200),
        (help, json!("GeneralOrOther"), 400),
        (help, json!("QuotesOrLicensing"), 200),
        (visible, json!(true), 400),
    ];
    for (path, value, status) in cases {
        let (got, answer) = put.send(&with(path, value.clone())).await;
        assert_eq!(got, status, "{path} {value}: {answer}");
    }
    let mut yes = with(visible, json!(true));
    *yes.pointer_mut(help).unwrap() = json!("QuotesOrLicensing");
    assert_eq!(put.send(&yes).await.0, 200);
    *yes.pointer_mut(visible).unwrap() = json!(false);
    assert_eq!(put.send(&yes).await.0, 400, "visibility cannot be taken back");
    let contact = json!([{"op": "replace", "path": "/customerProfile/team", "value": []}]);
    for (behaviours, status) in [(&[][..], 400), (&["frozen_ignored"], 204)] {
        harness.turn(behaviours).await;
        let answer = harness.send(Host::Referrals, "PATCH", &put.path, &[], &contact).await.unwrap();
        assert_eq!(answer.status(), status);
    }
    let read = harness.json(Host::Referrals, "GET", &put.path, Value::Null).await;
    assert_eq!(read["customerProfile"]["team"].as_array().unwrap().len(), 1);
}
