//! Bad input gets the documented error, and never a 500 or no answer at all.
//!
//! Requests are put together at random from parts that mean something. `COSELL_RANDOM_SECONDS` makes it go on for
//! longer, `COSELL_RANDOM_SEED` repeats a run.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ACCOUNT, ID, MISSING, started};
use crate::harness::{Harness, Host};

/// Requests of a usual run.
const REQUESTS: u32 = 600;

/// No request takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

const METHODS: [&str; 6] = ["GET", "GET", "GET", "POST", "PATCH", "DELETE"];

const PATHS: [&str; 30] = [
    "accounts",
    "opportunities",
    "leads",
    "contacts",
    "(",
    ")",
    "(x)",
    "()",
    "(name='a')",
    "(name='",
    "('')",
    "/",
    "/$count",
    "/$value",
    "/$ref",
    "/name",
    "/customerid_account",
    "/cosell_opportunity_solution",
    "/Microsoft.Dynamics.CRM.CreateMultiple",
    "/Microsoft.Dynamics.CRM.QualifyLead",
    "$metadata",
    "$batch",
    "EntityDefinitions",
    "(LogicalName='lead')",
    "/Attributes",
    "/Keys",
    "RelationshipDefinitions",
    "WhoAmI()",
    "%C3%A9",
    "%00",
];

const QUERIES: [&str; 44] = [
    "$filter=",
    "$select=",
    "$expand=",
    "$orderby=",
    "$top=",
    "$count=",
    "$apply=",
    "$skiptoken=",
    "$deltatoken=",
    "@p1=",
    "&",
    "name",
    "createdon",
    "statecode",
    "_ownerid_value",
    "ownerid",
    "cosell_opportunity_solution",
    "eq",
    "%20",
    "+",
    "'",
    "''",
    "(",
    ")",
    ",",
    ";",
    "/",
    "null",
    "1",
    "-1",
    "99999999999999999999",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "contains(",
    "any(x:x/name",
    "not",
    "and",
    "or",
    "desc",
    "Microsoft.Dynamics.CRM.In(",
    "PropertyName='name'",
    "PropertyValues=%5B'1'%5D",
    "groupby((name),aggregate($count as n))",
    "%FF",
];

const SQL: [&str; 24] = [
    "name",
    "*",
    "estimatedvalue",
    "createdon",
    "ownerid",
    "=",
    "<>",
    ">=",
    "'x'",
    "'",
    "1",
    "-1",
    "null",
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    ",",
    "LIKE",
    "IN",
    "BETWEEN",
    "IS NULL",
    "ORDER BY",
];

const ROOTS: [&str; 7] =
    ["", "aggregate='true'", "distinct='true'", "top='1'", "count='0' page='99'", "page='-1'", "x='"];

const ELEMENTS: [&str; 15] = [
    "<attribute name='name'/>",
    "<attribute name='estimatedvalue' alias='sum' aggregate='sum'/>",
    "<attribute name='createdon' alias='least' aggregate='min'/>",
    "<attribute name='ownerid' alias='owners' aggregate='countcolumn' distinct='true'/>",
    "<attribute name='createdon' alias='week' groupby='true' dategrouping='week'/>",
    "<attribute name='name' alias='sum' groupby='true'/>",
    "<attribute name='nothing' alias='a' aggregate='avg'/>",
    "<attribute/>",
    "<order attribute='name'/>",
    "<order alias='sum' descending='true'/>",
    "<filter><condition attribute='name' operator='like' value='%_x'/></filter>",
    "<filter type='or'><filter/><condition attribute='createdon' operator='last-x-days' value='x'/></filter>",
    "<link-entity name='account' from='accountid' to='customerid'><attribute name='name'/></link-entity>",
    "<link-entity name='systemuser' from='systemuserid' to='ownerid' link-type='outer'/>",
    "</entity>",
];

const HEADERS: [(&str, &str); 10] = [
    ("prefer", "return=representation"),
    ("prefer", "odata.maxpagesize=1"),
    ("prefer", "odata.maxpagesize=99999999999999999999999"),
    ("prefer", "odata.track-changes"),
    ("prefer", "odata.include-annotations=\"*"),
    ("if-match", "*"),
    ("if-none-match", "*"),
    ("if-match", "nonsense"),
    ("mscrm.suppressduplicatedetection", "false"),
    ("mscrmcallerid", "nobody"),
];

const NAMES: [&str; 22] = [
    "name",
    "subject",
    "estimatedvalue",
    "statecode",
    "statuscode",
    "opportunityid",
    "leadid",
    "customerid_account",
    "customerid_account@odata.bind",
    "ownerid@odata.bind",
    "cosell_opportunity_solution",
    "Targets",
    "@odata.type",
    "@odata.id",
    "value",
    "SchemaName",
    "KeyAttributes",
    "Attributes",
    "MaxLength",
    "Status",
    "OpportunityClose",
    "cosell_opportunity_solution@odata.bind",
];

#[tokio::test]
async fn d15_no_input_gets_a_500_or_no_answer() {
    let seed = std::env::var("COSELL_RANDOM_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut state: u64 = seed.unwrap_or_else(|| RandomState::new().hash_one(std::process::id()) | 1);
    show(state);
    let seconds = std::env::var("COSELL_RANDOM_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (begun, harness) = (Instant::now(), started().await);
    let body = json!({"opportunityid": ID, "name": "Harbour", "customerid_account@odata.bind": format!("accounts({ACCOUNT})")});
    harness.json(Host::Dataverse, "POST", "/api/data/v9.2/opportunities", body).await;
    let mut sent = 0;
    while seconds.map_or(sent < REQUESTS, |seconds: u64| begun.elapsed() < Duration::from_secs(seconds)) {
        sent += 1;
        if next(&mut state).is_multiple_of(8) {
            batch(&harness, &mut state).await;
        } else {
            one(&harness, &mut state).await;
        }
    }
    // It is well after all of that.
    assert_eq!(super::ask(&harness, "GET", "WhoAmI", &[], Value::Null).await.0, 200);
}

async fn one(harness: &Harness, state: &mut u64) {
    let method = pick(state, &METHODS);
    let address = if next(state).is_multiple_of(4) { question(state) } else { address(state) };
    let headers: Vec<(&str, &str)> = (0..next(state) % 3).map(|_| *pick(state, &HEADERS)).collect();
    let body = if *method == "GET" { Value::Null } else { value(state, 3) };
    let path = format!("/api/data/v9.2/{address}");
    let asked = harness.send(Host::Dataverse, method, &path, &headers, &body);
    let what = || format!("{method} {address} {headers:?} {body}");
    let answer = tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("no answer: {}", what()));
    // What no client can send is no request.
    let Ok(answer) = answer else { return };
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    assert!(status < 500 || status == 501, "{status} {text}: {}", what());
    if status >= 400 {
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {text}: {}", what()));
        assert!(body["error"]["code"].is_string(), "{text}: {}", what());
    }
}

async fn batch(harness: &Harness, state: &mut u64) {
    let pieces = [
        "--b",
        "--b--",
        "--c",
        "--c--",
        "\r\n",
        "\r\n",
        "\r\n\r\n",
        "Content-Type: application/http",
        "Content-ID: 1",
        "Content-Type: multipart/mixed; boundary=c",
        "GET leads HTTP/1.1",
        "POST leads HTTP/1.1",
        "PATCH $1 HTTP/1.1",
        "DELETE $2 HTTP/1.1",
        "{\"subject\":\"x\"}",
        "é",
        "\n",
        "POST $batch HTTP/1.1",
    ];
    let text: String = (0..next(state) % 40).map(|_| *pick(state, &pieces)).collect();
    let address = format!("{}/api/data/v9.2/$batch", harness.base(Host::Dataverse));
    let request = harness.client.post(address).bearer_auth(&harness.tokens[&Host::Dataverse]);
    let asked = request.header("content-type", "multipart/mixed; boundary=b").body(text.clone()).send();
    let answer = tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("no answer: {text}"));
    let status = answer.unwrap_or_else(|error| panic!("{error}: {text}")).status().as_u16();
    assert!(status < 500, "{status}: {text}");
}

fn address(state: &mut u64) -> String {
    let mut address = String::new();
    for _ in 0..=next(state) % 4 {
        address.push_str(pick::<&str>(state, &PATHS));
    }
    if next(state).is_multiple_of(3) {
        address = format!("opportunities({})", pick(state, &[ID, MISSING]));
    }
    address.push('?');
    for _ in 0..next(state) % 12 {
        address.push_str(pick::<&str>(state, &QUERIES));
    }
    address
}

/// A list asked for in another language than that of OData.
fn question(state: &mut u64) -> String {
    if next(state).is_multiple_of(2) {
        let words: Vec<&str> = (0..next(state) % 12).map(|_| *pick(state, &SQL)).collect();
        return format!("opportunities?sql=SELECT {} FROM opportunity WHERE {}", pick(state, &SQL), words.join(" "));
    }
    let elements: String = (0..next(state) % 8).map(|_| *pick(state, &ELEMENTS)).collect();
    let root = pick(state, &ROOTS);
    format!("opportunities?fetchXml=<fetch {root}><entity name='opportunity'>{elements}</entity></fetch>")
}

fn value(state: &mut u64, depth: u32) -> Value {
    match next(state) % if depth == 0 { 6 } else { 9 } {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(next(state) % 5),
        3 => json!(1.0e300),
        4 => json!(pick(
            state,
            &[
                "",
                "x",
                "/accounts(bbbbbbbb-0000-4000-8000-000000000001)",
                "accounts(",
                "2024-05-31",
                "Microsoft.Dynamics.CRM.lead",
                "new_Thing"
            ]
        )),
        5 => json!("x".repeat(usize::try_from(next(state) % 500).unwrap())),
        6 => (0..next(state) % 3).map(|_| value(state, depth - 1)).collect(),
        _ => {
            let members = (0..next(state) % 4).map(|_| ((*pick(state, &NAMES)).to_owned(), value(state, depth - 1)));
            Value::Object(members.collect())
        }
    }
}

fn pick<'a, T>(state: &mut u64, all: &'a [T]) -> &'a T {
    &all[usize::try_from(next(state) % all.len() as u64).unwrap()]
}

#[expect(clippy::print_stderr, reason = "a random test must show its seed")]
fn show(seed: u64) {
    eprintln!("seed {seed}");
}

/// Xorshift is random enough to scramble input.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
