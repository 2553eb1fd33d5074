//! Lists: filters, order, selection, pages.

use serde_json::{Value, json};

use super::PATH;
use crate::harness::{Harness, Host, case, referral};

#[tokio::test]
async fn s04_lists_take_the_documented_options() {
    let harness = Harness::start().await;
    for (name, country, status) in [("one", "SE", "Active"), ("two", "US", "New"), ("three", "US", "Active")] {
        let deal = json!({"name": name, "country": country, "status": status});
        harness.json(Host::Admin, "POST", "/deals", deal).await;
    }
    let engagement = harness.json(Host::Referrals, "GET", PATH, Value::Null).await["value"][0]["engagementId"].clone();
    let own = format!("$filter=engagementId eq '{}'", engagement.as_str().unwrap());
    let cases = [
        ("$filter=status eq 'New' and qualification eq 'SalesQualified'", vec!["two"]),
        ("$filter=customerProfile/address/country eq 'US' and direction eq 'Incoming'", vec!["two", "three"]),
        ("$filter=(type eq 'Shared' and direction eq 'Incoming')&$top=2", vec!["one", "two"]),
        ("$filter=(direction eq 'Incoming' and substatus eq 'Pending')", vec!["two"]),
        ("$filter=status eq 'Active' and team/any(t:t/email eq 'sales@fabrikam.example')", vec!["one", "three"]),
        ("%24filter=status%20eq%20%27New%27", vec!["two"]),
        ("$filter=updatedDateTime ge 2020-01-01T00:00:00Z&$skip=2", vec!["three"]),
        ("$orderby=createdDateTime desc", vec!["three", "two", "one"]),
        ("$orderby=updatedDateTime desc&$select=id,name&$skip=1&$top=1", vec!["two"]),
        ("$expand=links", vec!["one", "two", "three"]),
        (&own, vec!["one"]),
    ];
    for (query, expected) in cases {
        let page = harness.json(Host::Referrals, "GET", &format!("{PATH}?{query}"), Value::Null).await;
        let names: Vec<&str> =
            page["value"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{query}");
    }
    let cases = vec![
        case("bad filter", "GET", format!("{PATH}?$filter=status eq"), Value::Null, 400, &["invalidRequest"]),
        case("unknown name", "GET", format!("{PATH}?$filter=nothing eq 1"), Value::Null, 400, &["`nothing`"]),
        case("bad token", "GET", format!("{PATH}?$skiptoken=x"), Value::Null, 400, &["$skiptoken"]),
        case("bad top", "GET", format!("{PATH}?$top=-1"), Value::Null, 400, &["$top"]),
        case("other order", "GET", format!("{PATH}?$orderby=name"), Value::Null, 400, &["$orderby does not take name"]),
    ];
    harness.check(Host::Referrals, cases).await;
    // The same where there is nothing to judge, or where the first half of a condition says enough.
    let empty = Harness::start().await;
    for query in [
        "$filter=nothing eq 1",
        "$filter=status eq 'Expired' and nothing eq 1",
        "$filter=details/nothing eq 1",
        "$filter=name/nothing eq 'x'",
        "$filter=team eq 'x'",
        "$filter=team/any(t:t/nothing eq 'x')",
        "$filter=name/any(t:t eq 'x')",
        "$filter=nonsense(name)",
        "$select=id,nothing",
    ] {
        for harness in [&harness, &empty] {
            let refused = harness.send(Host::Referrals, "GET", &format!("{PATH}?{query}"), &[], &Value::Null).await;
            assert_eq!(refused.unwrap().status(), 400, "{query}");
        }
    }
    for (query, count) in [
        ("$filter=customerProfile/ids/any(i:i/id eq 'x') or not(solutionPlay eq 'x')", 0),
        ("$filter=tolower(name) eq 'one' or contains(name,'w')&$top=1", 2),
        ("$skip=2", 3),
    ] {
        let page = harness.json(Host::Referrals, "GET", &format!("{PATH}?{query}&$count=true"), Value::Null).await;
        assert_eq!(page["@odata.count"], json!(count), "{query}: all that the filter finds, whatever is shown");
    }
    for (query, status) in [("", 400), ("?$orderby=createdDateTime", 200)] {
        harness.json(Host::Admin, "POST", "/behaviours", json!({"order_by_required": true})).await;
        let path = format!("{PATH}{query}");
        assert_eq!(harness.send(Host::Referrals, "GET", &path, &[], &Value::Null).await.unwrap().status(), status);
        harness.json(Host::Admin, "POST", "/behaviours", json!({"order_by_required": false})).await;
        assert_eq!(harness.send(Host::Referrals, "GET", &path, &[], &Value::Null).await.unwrap().status(), 200);
    }
    harness.turn(&["order_by_anything"]).await;
    let page = harness.json(Host::Referrals, "GET", &format!("{PATH}?$orderby=name&$select=name"), Value::Null).await;
    assert_eq!(page["value"], json!([{"name": "one"}, {"name": "three"}, {"name": "two"}]));
}

#[tokio::test]
async fn s05_pages_of_a_hundred_with_an_odd_link_or_a_sane_one() {
    let harness = Harness::start().await;
    for number in 0..105 {
        let mut body = referral();
        body["name"] = json!(format!("Deal {number:03}"));
        harness.json(Host::Referrals, "POST", PATH, body).await;
    }
    let first = format!("{PATH}?$filter=status eq 'Active'&$orderby=createdDateTime desc&$select=name&$count=true");
    for (behaviours, end, count) in
        [(&[][..], "/v1.0/referrals", 105), (&["sane_next_links", "count_of_page"], "/v1.0/engagements/referrals", 100)]
    {
        harness.turn(behaviours).await;
        let page = harness.json(Host::Referrals, "GET", &first, Value::Null).await;
        assert_eq!(page["value"].as_array().unwrap().len(), 100);
        assert_eq!((&page["value"][0], &page["@odata.count"]), (&json!({"name": "Deal 104"}), &json!(count)));
        let link = page["@odata.nextLink"].as_str().unwrap();
        let (address, token) = link.split_once('?').unwrap();
        assert_eq!(address, format!("{}{end}", harness.base(Host::Referrals)));
        let rest = harness.json(Host::Referrals, "GET", &format!("{PATH}?{token}"), Value::Null).await;
        assert_eq!(rest["value"].as_array().unwrap().len(), 5);
        assert_eq!(rest["value"][4], json!({"name": "Deal 000"}));
        assert!(rest.get("@odata.nextLink").is_none());
    }
}

#[tokio::test]
async fn any_column_can_order_a_list_whatever_is_in_it() {
    let harness = Harness::start().await;
    harness.json(Host::Admin, "POST", "/behaviours", json!({"order_by_anything": true})).await;
    for number in 0..60 {
        let mut deal = referral();
        let turn = number * 37 % 60;
        deal["details"]["incentiveLevel"] = if turn % 2 == 0 { json!(turn) } else { json!(format!("t{turn}")) };
        harness.json(Host::Referrals, "POST", PATH, deal).await;
    }
    let path = format!("{PATH}?$orderby=details/incentiveLevel&$top=60");
    let list = harness.json(Host::Referrals, "GET", &path, Value::Null).await;
    let levels = list["value"].as_array().unwrap().iter().map(|deal| &deal["details"]["incentiveLevel"]);
    let levels: Vec<&Value> = levels.collect();
    assert!(levels.is_sorted_by_key(|level| (level.is_string(), level.as_i64())), "{levels:?}");
}
