//! Filters (behaviour 9), their functions, and `$apply`.

use serde_json::{Value, json};

use super::{ACCOUNT, ID, ROOT, ask, started};
use crate::harness::{Harness, Host, case};

async fn with_leads() -> Harness {
    let harness = started().await;
    for (subject, employees, name) in
        [("Ada's deal", 3, "Ada"), ("50% off", 7, "Bob"), ("under_score", 12, "ada"), ("plain", 12, "Cy")]
    {
        let body = json!({"subject": subject, "numberofemployees": employees, "firstname": name});
        harness.json(Host::Dataverse, "POST", &format!("{ROOT}/leads"), body).await;
    }
    harness
}

#[tokio::test]
async fn d09_filters_are_those_that_are_documented() {
    let harness = with_leads().await;
    let year = jiff_year();
    let function = |name: &str, rest: &str| format!("Microsoft.Dynamics.CRM.{name}(PropertyName='createdon'{rest})");
    let cases: Vec<(String, usize)> = [
        ("firstname eq 'ADA'", 2),
        ("firstname ne 'ada'", 2),
        ("subject eq 'Ada''s deal'", 1),
        ("contains(subject,'DEAL')", 1),
        ("startswith(subject,'plain') or endswith(subject,'off')", 2),
        ("not startswith(subject,'plain')", 3),
        ("contains(subject,'5_%')", 1),
        ("startswith(subject,'a%deal')", 1),
        ("numberofemployees gt 3 and numberofemployees lt 12", 1),
        ("(numberofemployees eq 3 or numberofemployees eq 7) and firstname eq 'bob'", 1),
        ("companyname eq null", 4),
        ("createdon eq modifiedon", 4),
        ("Microsoft.Dynamics.CRM.In(PropertyName='numberofemployees',PropertyValues=['3','12'])", 3),
        ("Microsoft.Dynamics.CRM.In(PropertyName='firstname',PropertyValues=[\"Ada\",\"Cy\"])", 3),
        ("Microsoft.Dynamics.CRM.NotIn(PropertyName='firstname',PropertyValues=['Ada','Cy'])", 1),
        ("Microsoft.Dynamics.CRM.Between(PropertyName='numberofemployees',PropertyValues=['4','12'])", 3),
        ("Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid')", 4),
        ("Microsoft.Dynamics.CRM.NotEqualUserId(PropertyName='ownerid')", 0),
        ("owninguser/firstname eq 'Connector'", 4),
    ]
    .into_iter()
    .map(|(filter, count)| (filter.to_owned(), count))
    .chain([
        (function("Today", ""), 4),
        (function("Yesterday", ""), 0),
        (function("ThisYear", ""), 4),
        (function("LastXDays", ",PropertyValue=7"), 4),
        (function("LastXHours", ",PropertyValue=1"), 4),
        (function("NextXDays", ",PropertyValue=1"), 4),
        (function("OlderThanXMinutes", ",PropertyValue=5"), 0),
        (function("On", ",PropertyValue='2001-01-01'"), 0),
        (function("OnOrAfter", ",PropertyValue='2001-01-01'"), 4),
        (function("OnOrBefore", &format!(",PropertyValue='{}-12-31'", year - 1)), 0),
    ])
    .collect();
    for (filter, expected) in cases {
        let query = encoded(&filter);
        let (status, _, body) =
            ask(&harness, "GET", &format!("leads?$select=subject&$filter={query}"), &[], Value::Null).await;
        assert_eq!(status, 200, "{filter}: {body}");
        let found = serde_json::from_str::<Value>(&body).unwrap()["value"].as_array().unwrap().len();
        assert_eq!(found, expected, "{filter}: {body}");
    }
}

#[tokio::test]
async fn filters_outside_the_documented_ones_are_refused() {
    let harness = started().await;
    let filters = [
        ("firstname in ('a')", "'in' is not supported"),
        ("tolower(firstname) eq 'a'", ""),
        ("tolower(firstname)", "unknown function"),
        ("firstname eq 5", "Found operand types 'Edm.String' and 'Edm.Int32'"),
        ("numberofemployees eq '5'", "incompatible types"),
        ("_ownerid_value eq 'x'", "incompatible types"),
        ("contains(numberofemployees,'5')", "No function signature"),
        ("firstname", "must be a condition"),
        ("Microsoft.Dynamics.CRM.Nothing(PropertyName='firstname')", "unknown function"),
        ("Microsoft.Dynamics.CRM.In(PropertyName='nothing',PropertyValues=['1'])", "'nothing'"),
        ("Microsoft.Dynamics.CRM.In(PropertyName='firstname',PropertyValues=[])", "arguments"),
        ("Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=99999999999)", "arguments"),
        ("firstname eq @p1", "@p1"),
        ("nothing/any(n:n/a eq 1)", "'nothing'"),
    ];
    for (filter, part) in filters {
        let (status, _, body) =
            ask(&harness, "GET", &format!("leads?$filter={}", encoded(filter)), &[], Value::Null).await;
        assert_eq!(status, 400, "{filter}: {body}");
        assert!(body.contains("0x80060888") && body.contains(part), "{filter}: {body}");
    }
    let long = vec!["firstname eq 'a'"; 600].join(" or ");
    let (status, _, body) = ask(&harness, "GET", &format!("leads?$filter={}", encoded(&long)), &[], Value::Null).await;
    assert!(status == 400 && body.contains("500"), "{body}");
}

#[tokio::test]
async fn aliases_and_collections_are_followed() {
    let harness = started().await;
    let body = json!({
        "opportunityid": ID, "name": "Harbour", "customerid_account@odata.bind": format!("/accounts({ACCOUNT})"),
        "cosell_opportunity_solution": [{"cosell_name": "One"}, {"cosell_name": "Two"}],
    });
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/opportunities"), body).await;
    let list = |title, query: &str, parts| {
        case(title, "GET", format!("{ROOT}/opportunities?$select=name&{query}"), Value::Null, 200, parts)
    };
    let cases = vec![
        list("alias", "$filter=name eq @p1&@p1='harbour'", &["Harbour"]),
        list("any", "$filter=cosell_opportunity_solution/any(s:s/cosell_name eq 'two')", &["Harbour"]),
        list("all", "$filter=cosell_opportunity_solution/all(s:s/cosell_name eq 'two')", &["!Harbour"]),
        list(
            "one of them",
            "$filter=cosell_opportunity_solution/any(s:s/cosell_name eq 'x' or contains(s/cosell_name,'n'))",
            &["Harbour"],
        ),
        list("related", "$filter=parentaccountid/name eq null", &["Harbour"]),
        list("encoded", "%24filter=name+eq+%27harbour%27", &["Harbour"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn rows_are_grouped_and_summed_up() {
    let harness = with_leads().await;
    let apply = |title, text: &str, status, parts| {
        case(title, "GET", format!("{ROOT}/leads?$apply={}", encoded(text)), Value::Null, status, parts)
    };
    let cases = vec![
        apply(
            "grouped",
            "groupby((numberofemployees),aggregate($count as n))",
            200,
            &["{\"numberofemployees\":12,\"n\":2}"],
        ),
        apply(
            "filtered",
            "filter(firstname eq 'Bob')/groupby((firstname),aggregate($count as n))",
            200,
            &["[{\"firstname\":\"Bob\",\"n\":1}]"],
        ),
        apply(
            "sums",
            "aggregate(numberofemployees with sum as s,numberofemployees with max as m)",
            200,
            &["{\"s\":34,\"m\":12}"],
        ),
        apply("unknown", "aggregate(nothing with sum as s)", 400, &["'nothing'"]),
        apply("unreadable", "sum(x)", 400, &["$apply"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn rows_are_fetched_by_xml() {
    let harness = with_leads().await;
    let fetch = |title, inner: &str, status, parts| {
        let path = format!("{ROOT}/leads?fetchXml={}", encoded(inner));
        case(title, "GET", path, Value::Null, status, parts)
    };
    let cases = vec![
        fetch(
            "in order",
            "<fetch count='1' returntotalrecordcount='true'><entity name='lead'><attribute name='subject'/>\
             <attribute name='ownerid'/><order attribute='subject' descending='true'/></entity></fetch>",
            200,
            &["under_score", "!plain", "_ownerid_value", "totalrecordcount\":4", "fetchxmlpagingcookie"],
        ),
        fetch(
            "filtered",
            "<fetch><entity name='lead'><all-attributes/><filter type='or'><condition attribute='firstname' operator='eq' value='bob'/>\
             <filter><condition attribute='subject' operator='like' value='%deal'/><condition attribute='numberofemployees' operator='lt' value='4'/></filter>\
             </filter></entity></fetch>",
            200,
            &["50% off", "Ada's deal", "!plain"],
        ),
        fetch(
            "linked",
            "<fetch><entity name='lead'><attribute name='subject'/><filter><condition attribute='firstname' operator='in'><value>Cy</value><value>x</value></condition></filter>\
             <link-entity name='systemuser' from='systemuserid' to='createdby' alias='maker'><attribute name='firstname'/></link-entity></entity></fetch>",
            200,
            &["plain", "\"maker_x002e_firstname\":\"Connector\"", "!under_score"],
        ),
        fetch("none", "<fetch top='0'><entity name='lead'/></fetch>", 200, &["\"value\":[]"]),
        fetch(
            "unknown column",
            "<fetch><entity name='lead'><attribute name='nothing'/></entity></fetch>",
            400,
            &["'nothing'"],
        ),
        fetch("many conditions", &conditions(300), 200, &["plain"]),
        fetch("another table", "<fetch><entity name='account'/></fetch>", 400, &["not lead"]),
        fetch("unclosed", "<fetch><entity name='lead'>", 400, &["0x80040203"]),
        fetch(
            "distinct",
            "<fetch distinct='true'><entity name='lead'><attribute name='numberofemployees'/>\
             <order attribute='numberofemployees'/></entity></fetch>",
            200,
            &["\"numberofemployees\":3", "\"numberofemployees\":7", "\"numberofemployees\":12"],
        ),
        fetch(
            "summed up",
            "<fetch aggregate='true'><entity name='lead'><attribute name='numberofemployees' alias='sum' aggregate='sum'/>\
             <attribute name='numberofemployees' alias='least' aggregate='min'/>\
             <attribute name='numberofemployees' alias='most' aggregate='max'/>\
             <attribute name='numberofemployees' alias='mean' aggregate='avg'/>\
             <attribute name='leadid' alias='rows' aggregate='count'/>\
             <attribute name='companyname' alias='named' aggregate='countcolumn'/>\
             <attribute name='numberofemployees' alias='sizes' aggregate='countcolumn' distinct='true'/></entity></fetch>",
            200,
            &["[{\"sum\":34,\"least\":3,\"most\":12,\"mean\":8.5,\"rows\":4,\"named\":0,\"sizes\":3}]"],
        ),
        fetch(
            "grouped",
            "<fetch aggregate='true' top='2'><entity name='lead'><attribute name='numberofemployees' alias='size' groupby='true'/>\
             <attribute name='leadid' alias='n' aggregate='count'/><order alias='n' descending='true'/><order alias='size'/>\
             </entity></fetch>",
            200,
            &["[{\"size\":12,\"n\":2},{\"size\":3,\"n\":1}]"],
        ),
        fetch(
            "grouped by a part of a date",
            "<fetch aggregate='true'><entity name='lead'><attribute name='createdon' alias='year' groupby='true' dategrouping='year'/>\
             <attribute name='leadid' alias='n' aggregate='count'/></entity></fetch>",
            200,
            &["\"year\":20", "\"n\":4"],
        ),
        fetch(
            "no alias",
            "<fetch aggregate='true'><entity name='lead'><attribute name='leadid' aggregate='count'/></entity></fetch>",
            400,
            &["alias"],
        ),
        fetch(
            "no groups",
            "<fetch aggregate='true'><entity name='lead'><attribute name='leadid' alias='a'/></entity></fetch>",
            400,
            &["groups"],
        ),
        fetch(
            "not played",
            "<fetch><entity name='lead'><link-entity name='task' from='regardingobjectid' to='leadid'/></entity></fetch>",
            404,
            &["0x8006088a"],
        ),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn rows_are_shown_by_views() {
    let harness = with_leads().await;
    let many = conditions(501);
    let ask_for = "<fetch><entity name='lead'><attribute name='subject'/><filter>\
                   <condition attribute='firstname' operator='eq' value='Cy'/></filter></entity></fetch>";
    for (table, option) in [("savedqueries", "savedQuery"), ("userqueries", "userQuery")] {
        for (fetch, status, part) in [(ask_for, 200, "\"plain\""), (&many, 400, "500"), ("", 400, "no fetchxml")] {
            let view = json!({"name": "V", "returnedtypecode": "lead", "fetchxml": fetch});
            let made = ask(&harness, "POST", table, super::REPRESENTATION, view).await.2;
            let made: Value = serde_json::from_str(&made).unwrap();
            let key = format!("{}id", table.replace("ies", "y"));
            let path = format!("leads?{option}={}", made[&key].as_str().unwrap());
            let (answered, _, text) = ask(&harness, "GET", &path, &[], Value::Null).await;
            assert!(answered == status && text.contains(part), "{path}: {answered} {text}");
        }
        assert_eq!(ask(&harness, "GET", &format!("leads?{option}={ID}"), &[], Value::Null).await.0, 404);
    }
}

#[tokio::test]
async fn rows_are_selected_by_sql() {
    let harness = with_leads().await;
    let select = |title, statement: &str, status, parts| {
        case(title, "GET", format!("{ROOT}/leads?sql={}", encoded(statement)), Value::Null, status, parts)
    };
    let cases = vec![
        select(
            "in order",
            "SELECT TOP 1 subject, firstname FROM lead ORDER BY subject DESC",
            200,
            &["under_score", "!plain"],
        ),
        select(
            "filtered",
            "select subject from lead where numberofemployees >= 7 and (firstname = 'bob' or subject = 'Ada''s deal')",
            200,
            &["50% off", "!Ada's", "!plain"],
        ),
        select(
            "null",
            "SELECT * FROM lead WHERE companyname IS NULL AND firstname IS NOT NULL AND firstname <> 'ada'",
            200,
            &["plain", "50% off", "!Ada's"],
        ),
        select(
            "quoted",
            "SELECT subject FROM lead WHERE subject <> 'a is null b' AND firstname = 'Cy'",
            200,
            &["plain"],
        ),
        select(
            "quoted order",
            "SELECT subject FROM lead WHERE subject <> 'ORDER BY x' AND firstname = 'Cy'",
            200,
            &["plain"],
        ),
        select("like", "SELECT subject FROM lead WHERE subject LIKE '%deal'", 200, &["Ada's deal", "!plain"]),
        select("like one", "SELECT subject FROM lead WHERE firstname LIKE '_y'", 200, &["plain", "!under_score"]),
        select("not like", "SELECT subject FROM lead WHERE firstname NOT LIKE 'a%'", 200, &["plain", "!Ada"]),
        select("in", "SELECT subject FROM lead WHERE numberofemployees IN (3, 7)", 200, &["50% off", "!plain"]),
        select("not in", "SELECT subject FROM lead WHERE firstname NOT IN ('Ada', 'Bob')", 200, &["plain", "!50%"]),
        select(
            "between",
            "SELECT subject FROM lead WHERE numberofemployees BETWEEN 4 AND 11 AND NOT firstname = 'Cy'",
            200,
            &["50% off", "!plain", "!Ada"],
        ),
        select("in nothing", "SELECT subject FROM lead WHERE firstname IN ()", 400, &["0x80040203"]),
        select("like nothing", "SELECT subject FROM lead WHERE firstname LIKE", 400, &["0x80040203"]),
        select("unknown column", "SELECT nothing FROM lead", 400, &["'nothing'"]),
        select("another table", "SELECT name FROM account", 400, &["not of lead"]),
        select("not played", "SELECT subject FROM lead GROUP BY subject", 501, &["does not play"]),
        select("no statement", "DROP", 400, &["SELECT"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

/// A query with so many conditions, all of which every row passes.
fn conditions(number: usize) -> String {
    let condition = "<condition attribute='subject' operator='not-null'/>";
    format!(
        "<fetch><entity name='lead'><all-attributes/><filter>{}</filter></entity></fetch>",
        condition.repeat(number)
    )
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25")
        .replace(' ', "%20")
        .replace('#', "%23")
        .replace('"', "%22")
        .replace('[', "%5B")
        .replace(']', "%5D")
}

fn jiff_year() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    1970 + i64::try_from(since.as_secs()).unwrap() / 31_556_952
}
