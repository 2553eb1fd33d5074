//! Lists: that the short ways to a page show what the long way would, and how much work they are.

use serde_json::{Value, json};

use super::{asker, empty};
use crate::dataverse::budget::Budget;
use crate::dataverse::call::{Call, Wants};
use crate::dataverse::fetch::fetch;
use crate::dataverse::filter::prepare;
use crate::dataverse::keys::Key;
use crate::dataverse::record::RowRecord;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::select::passes;
use crate::dataverse::write::Conditions;
use crate::odata::{Case, Query, decoded_pairs, sort};

/// Rows of the table, a few to each second.
const ROWS: usize = 60;

/// Rows of a table whose orders are kept.
const LONG: usize = 600;

/// A CRM in which rows were made and changed second by second.
fn crm() -> Dataverse {
    let (mut crm, clock) = empty();
    let asker = asker(&crm);
    let account = json!({"accountid": ACCOUNT, "name": "Contoso"});
    crm.create("account", account.as_object().unwrap(), &asker).unwrap();
    for number in 0..ROWS {
        clock.set_ahead(i64::try_from(number / 7).unwrap());
        let body = json!({
            "opportunityid": id(number), "name": format!("Deal {}", number % 11),
            "cosell_number": number, "cosell_sync": number % 20 == 0,
            "customerid_account@odata.bind": format!("/accounts({ACCOUNT})"),
            "budgetamount": if number % 20 == 0 { -0.0 } else { 1.0 },
        });
        crm.create("opportunity", body.as_object().unwrap(), &asker).unwrap();
    }
    let table = crm.table("opportunity").unwrap().clone();
    for number in (0..ROWS).step_by(4) {
        clock.set_ahead(100 + i64::try_from(number / 9).unwrap());
        let key = Key::Id(id(number));
        let body = json!({"estimatedvalue": number});
        crm.patch(&table, &key, body.as_object().unwrap(), &Conditions::default(), &asker).unwrap();
    }
    crm.finish();
    crm
}

const ACCOUNT: &str = "bbbbbbbb-0000-4000-8000-000000000001";

fn call(path: &str, raw: &str, page: Option<usize>) -> Call {
    let wants = Wants { page, ..Wants::default() };
    Call::new("GET", "http://crm/api/data/v9.2/", path, raw, wants, Vec::new()).unwrap()
}

/// The rows of all pages of a list, by following its links, and the counts that they tell.
fn paged(crm: &Dataverse, raw: &str, page: usize) -> (Vec<String>, Vec<Value>) {
    let (mut raw, mut ids, mut counts) = (raw.to_owned(), Vec::new(), Vec::new());
    loop {
        let answer = call("opportunities", &raw, Some(page)).list(crm, crm.table("opportunity").unwrap()).unwrap();
        let rows = answer["value"].as_array().unwrap();
        assert!(rows.len() <= page);
        ids.extend(rows.iter().map(|row| row["opportunityid"].as_str().unwrap().to_owned()));
        counts.extend(answer.get("@odata.count").cloned());
        let Some(link) = answer["@odata.nextLink"].as_str() else { return (ids, counts) };
        raw = link.split_once('?').unwrap().1.to_owned();
    }
}

/// The same by looking at every row and putting all of them in order.
fn plainly(crm: &Dataverse, raw: &str) -> Vec<String> {
    let table = crm.table("opportunity").unwrap();
    let query = Query::parse(&decoded_pairs(raw).unwrap()).unwrap();
    let filter = query.filter.map(|filter| prepare(crm, table, &filter).unwrap());
    let mut rows: Vec<RowRecord<'_>> = crm.rows("opportunity").map(|row| RowRecord { crm, table, row }).collect();
    rows.retain(|record| passes(*record, filter.as_ref()).unwrap());
    if let Some(first) = query.orders.first() {
        rows.sort_by_key(|record| record.row.version);
        if first.descending {
            rows.reverse();
        }
    }
    sort(&mut rows, &query.orders, Case::Ignored).unwrap();
    rows.into_iter().map(|record| record.row.id.clone()).collect()
}

#[test]
fn every_way_to_a_page_shows_the_same_rows_and_the_right_count() {
    let crm = crm();
    let today = format!("$filter=createdon eq {}", crm.now().to_zoned(jiff::tz::TimeZone::UTC).date());
    let filters = [
        "",
        &today,
        "$filter=budgetamount eq 0",
        "$filter=budgetamount eq -0.0",
        "$filter=cosell_sync eq true",
        "$filter=cosell_sync eq false",
        "$filter=statecode eq 0 and contains(name,'1')",
        "$filter=estimatedvalue ne null or cosell_number eq 7",
        "$filter=name eq 'nobody'",
    ];
    let orders = [
        "",
        "$orderby=modifiedon desc",
        "$orderby=modifiedon",
        "$orderby=createdon desc",
        "$orderby=modifiedon desc,name",
        "$orderby=name,createdon desc",
        "$orderby=estimatedvalue desc",
        "$orderby=customerid_account/name desc",
    ];
    for (filter, order) in filters.iter().flat_map(|filter| orders.map(|order| (filter, order))) {
        for page in [1, 7, ROWS, 500] {
            let raw = format!("{filter}&{order}&$count=true");
            let (shown, counts) = paged(&crm, &raw, page);
            let expected = plainly(&crm, &raw);
            assert_eq!(shown, expected, "{raw}, pages of {page}");
            assert!(counts.iter().all(|count| *count == json!(expected.len())), "{raw}, pages of {page}: {counts:?}");
            assert_eq!(paged(&crm, &format!("{filter}&{order}"), page).0, expected, "{raw} without a count");
        }
    }
}

#[test]
fn a_count_is_that_of_the_rows_that_a_list_shows_while_it_lags_behind() {
    let mut crm = crm();
    crm.past.set_lag(jiff::SignedDuration::from_hours(1));
    let (asker, table) = (asker(&crm), crm.table("opportunity").unwrap().clone());
    crm.create("opportunity", json!({"name": "New"}).as_object().unwrap(), &asker).unwrap();
    crm.delete(&table, &Key::Id(id(1)), &Conditions::default(), &asker).unwrap();
    let answer = call("opportunities", "$count=true&$select=name", None).list(&crm, &table).unwrap();
    assert_eq!((answer["value"].as_array().unwrap().len(), &answer["@odata.count"]), (ROWS, &json!(ROWS)));
    assert_eq!(call("opportunities/$count", "", None).count(&crm, &table).unwrap(), ROWS);
}

#[test]
fn an_order_that_is_kept_follows_every_write() {
    let (mut crm, _) = empty();
    let (asker, table) = (asker(&crm), crm.table("opportunity").unwrap().clone());
    let body = |number: usize| {
        let value = (!number.is_multiple_of(5)).then_some(number % 13);
        json!({"opportunityid": id(number), "name": format!("deal {}", number % 90), "estimatedvalue": value, "cosell_sync": number.is_multiple_of(2)})
    };
    let orders = [
        "name",
        "estimatedvalue desc",
        "cosell_sync",
        "opportunityid desc",
        "_customerid_value",
        "createdon",
        "name,estimatedvalue desc",
        "estimatedvalue desc,opportunityid",
    ];
    for number in 0..LONG {
        crm.create("opportunity", body(number).as_object().unwrap(), &asker).unwrap();
    }
    for order in orders {
        let query = Query::parse(&[("$orderby".to_owned(), order.to_owned())]).unwrap();
        crm.keep_in_order(&table, &query.orders[0]);
    }
    for number in (0..LONG).step_by(3) {
        let key = Key::Id(id(number));
        match number % 2 {
            0 => drop(crm.patch(&table, &key, body(number + 7).as_object().unwrap(), &Conditions::default(), &asker)),
            _ => crm.delete(&table, &key, &Conditions::default(), &asker).unwrap(),
        }
        let refused = crm.atomically(|crm| {
            crm.create("opportunity", body(LONG + number).as_object().unwrap(), &asker)?;
            crm.create("opportunity", json!({"nothing": 1}).as_object().unwrap(), &asker)
        });
        assert!(refused.is_err());
    }
    crm.finish();
    for order in orders {
        let raw = format!("$select=name&$orderby={order}&$top=20");
        crm.budget.renew();
        let answer = call("opportunities", &raw, None).list(&crm, &table).unwrap();
        assert!(crm.budget.spent() < 500, "{raw} took {}", crm.budget.spent());
        let shown: Vec<&str> =
            answer["value"].as_array().unwrap().iter().map(|row| row["opportunityid"].as_str().unwrap()).collect();
        assert_eq!(shown, plainly(&crm, &raw)[..20], "{raw}");
    }
}

fn id(number: usize) -> String {
    format!("aaaaaaaa-0000-4000-8000-{number:012}")
}

#[test]
fn a_page_takes_no_more_work_than_its_rows() {
    let crm = crm();
    let cases = [
        ("$select=name&$top=5", 40),
        ("$select=name&$orderby=modifiedon desc&$top=5", 40),
        ("$select=name&$orderby=createdon&$top=5", 40),
        ("$select=name&$filter=statecode eq 0&$orderby=modifiedon desc&$top=5", 50),
        ("$select=name&$filter=cosell_sync eq false&$top=5", 60),
        ("$select=name&$filter=cosell_sync eq true&$orderby=name", 60),
        ("$select=name&$filter=modifiedon gt 2199-01-01T00:00:00Z&$orderby=modifiedon", 10),
        ("$select=name&$count=true&$top=5", 40),
    ];
    for (raw, most) in cases {
        crm.budget.renew();
        call("opportunities", raw, None).list(&crm, crm.table("opportunity").unwrap()).unwrap();
        let spent = crm.budget.spent();
        assert!(spent <= most, "{raw} took {spent}");
    }
}

#[test]
fn a_page_of_changes_takes_no_more_work_than_its_rows() {
    let mut crm = crm();
    let wants = Wants { page: Some(2), changes: true, ..Wants::default() };
    let call = Call::new("GET", "http://crm/api/data/v9.2/", "opportunities", "$select=name", wants, Vec::new());
    let call = call.unwrap();
    crm.budget.renew();
    let page = call.changes(&crm, crm.table("opportunity").unwrap()).unwrap();
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    let spent = crm.budget.spent();
    assert!((3..20).contains(&spent), "{spent}");
    crm.budget.renew();
    let token = format!("0!{}", crm.now().to_zoned(jiff::tz::TimeZone::UTC).strftime("%m/%d/%Y %H:%M:%S"));
    let changes = crm.count_changes(crm.table("opportunity").unwrap(), &token).unwrap();
    assert_eq!((changes, crm.budget.spent()), (ROWS, ROWS), "what is walked is spent");
    crm.budget = Budget::of(0);
    crm.budget.spend(1);
    assert!(call.changes(&crm, crm.table("opportunity").unwrap()).is_err(), "nothing is left to spend");
}

#[test]
fn what_asks_too_much_is_throttled() {
    let mut crm = crm();
    crm.budget = Budget::of(5_000);
    let related = "opportunity_customer_accounts";
    let parent = "customerid_account";
    let cases = [
        ("accounts", format!("$expand={related}($expand={parent}($expand={related}))"), true),
        ("accounts", format!("$filter={related}/any(o:o/{parent}/{related}/any(p:p/name eq 'x'))"), true),
        ("accounts", format!("$filter={related}/all(o:o/{parent}/{related}/all(p:p/name ne 'x'))"), true),
        ("accounts", format!("$filter={related}/any(o:o/name eq 'x')"), false),
        ("accounts", format!("$expand={related}($select=name)"), false),
        ("opportunities", "$select=name".to_owned(), false),
    ];
    for (set, raw, throttled) in cases {
        let table = crm.table_of_set(set).unwrap();
        let answer = call(set, &raw, None).list(&crm, table);
        assert_eq!(answer.is_err(), throttled, "{raw}");
        if let Err(refusal) = answer {
            assert!(format!("{refusal:?}").contains("0x80048544"), "{refusal:?}");
        }
        crm.budget.renew();
    }
}

#[test]
fn groups_in_many_orders_are_throttled() {
    let mut crm = crm();
    crm.budget = Budget::of(5_000);
    let table = crm.table("opportunity").unwrap();
    for (orders, throttled) in [(1, false), (200, true)] {
        let answer = fetch(&crm, &call("opportunities", "", None), table, &groups_in_order(orders));
        assert_eq!(answer.is_err(), throttled, "{orders} orders");
        crm.budget.renew();
    }
}

/// The rows in groups of one, by so many orders.
fn groups_in_order(orders: usize) -> String {
    let orders = "<order alias='a'/>".repeat(orders);
    let group = "<attribute name='opportunityid' groupby='true' alias='a'/>";
    format!("<fetch aggregate='true'><entity name='opportunity'>{group}{orders}</entity></fetch>")
}

#[test]
fn all_parts_of_a_batch_share_what_a_request_may_ask() {
    let mut crm = crm();
    crm.budget = Budget::of(30_000);
    let part = "--b\r\nContent-Type: application/http\r\n\r\nGET opportunities HTTP/1.1\r\n\r\n\r\n";
    let body = format!("{}--b--\r\n", part.repeat(10)).into_bytes();
    let wants = Wants { content_type: "multipart/mixed;boundary=b".to_owned(), go_on: true, ..Wants::default() };
    let call = Call::new("POST", "http://crm/api/data/v9.2/", "$batch", "", wants, body).unwrap();
    let user = crm.connector.clone();
    let (_, answer) = crate::dataverse::batch::run(&mut crm, &call, &user).unwrap().body().unwrap();
    let (lists, refusals) = (answer.matches("\"value\":").count(), answer.matches("0x80048544").count());
    assert!(lists > 0 && refusals > 0 && lists + refusals == 10, "{lists} lists and {refusals} refusals");
}
