#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::hash::{BuildHasher, RandomState};

use serde_json::json;

use super::*;

#[test]
fn filters_judge_a_record() {
    let cases: &[(&str, bool)] = &[
        ("status eq 'New'", true),
        ("status eq 'new'", false),
        ("status ne 'New'", false),
        ("status eq 'New' and value gt 10", true),
        ("status eq 'New' or value gt 10 and value gt 20", true),
        ("(status eq 'Old' or value gt 10) and open", true),
        ("not (status eq 'New')", false),
        ("not contains(name,'bour')", false),
        ("startswith(name,'Har') and endswith(name,'lot')", true),
        ("owner/country eq 'US'", true),
        ("owner/team/any(t:t/email eq 'a@b.example')", true),
        ("team/any(t:t/email eq 'a@b.example')", true),
        ("team/all(t:t/email eq 'a@b.example')", false),
        ("team/any(t:t/email eq 'a@b.example' and t/age ge 30)", true),
        ("team/any()", true),
        ("empty/any()", false),
        ("missing eq null", true),
        ("missing ne null", false),
        ("missing gt 3", false),
        ("quote eq 'it''s'", true),
        ("id eq 11111111-1111-4111-8111-11111111AAAA", true),
        ("id eq '11111111-1111-4111-8111-11111111aaaa'", true),
        ("changed ge 2024-05-31T10:20:30Z", true),
        ("changed gt 2024-05-31T10:20:30.5Z", false),
        ("day eq 2024-05-31", true),
        ("day lt 2024-06-01", true),
        ("status in ('Active','New')", true),
        ("value eq 12.50", true),
        ("value eq -1", false),
        ("name eq @wanted", true),
    ];
    let record = json!({
        "status": "New", "value": 12.5, "open": true, "name": "Harbour pilot", "missing": null,
        "owner": {"country": "US", "team": [{"email": "a@b.example"}]},
        "team": [{"email": "a@b.example", "age": 30}, {"email": "c@d.example", "age": 40}],
        "empty": [], "quote": "it's", "id": "11111111-1111-4111-8111-11111111aaaa",
        "changed": "2024-05-31T10:20:30.4000000Z", "day": "2024-05-31",
    });
    for (filter, expected) in cases {
        let aliases = Aliases::from([("@wanted".to_owned(), "'Harbour pilot'".to_owned())]);
        let expression = parse_filter(filter, &aliases).unwrap_or_else(|error| panic!("{filter}: {error}"));
        let record = JsonRecord(record.as_object().unwrap());
        assert_eq!(matches(&expression, &record, Case::Sensitive).unwrap(), *expected, "{filter}");
    }
}

#[test]
fn bad_filters_are_refused_with_a_position() {
    let cases = [
        ("", "position 0"),
        ("status eq", "an operand"),
        ("status eq 'New", "a closing quote"),
        ("(status eq 'New'", "`)`"),
        ("status 'New'", "an operator or the end"),
        ("team/any(t t/email)", "`:`"),
        ("a eq 12-34", "a number, a GUID or a date"),
        ("a eq #", "a name, a literal"),
    ];
    for (filter, part) in cases {
        let message = parse_filter(filter, &Aliases::new()).unwrap_err().to_string();
        assert!(message.contains(part), "{filter}: {message}");
    }
    let deep = format!("{}a{}", "(".repeat(1000), ")".repeat(1000));
    assert_eq!(parse_filter(&deep, &Aliases::new()), Err(ODataError::TooDeep(64)));
}

#[test]
fn values_of_different_types_have_one_order() {
    let values = [json!(null), json!(false), json!(true), json!(-1), json!(7.5), json!("10"), json!("a"), json!("B")];
    let seed = RandomState::new().hash_one(std::process::id());
    eprintln_seed(seed);
    let mut state = seed;
    let mut pick = || usize::try_from(next(&mut state) % values.len() as u64).unwrap();
    let picked: Vec<usize> = (0..300).map(|_| pick()).collect();
    let rows: Vec<_> = picked.iter().map(|place| json!({"x": values[*place]})).collect();
    let query = Query::parse(&[("$orderby".to_owned(), "x".to_owned())]).unwrap();
    let mut records: Vec<JsonRecord<'_>> = rows.iter().map(|row| JsonRecord(row.as_object().unwrap())).collect();
    sort(&mut records, &query.orders, Case::Ignored).unwrap();
    let mut expected = picked.clone();
    expected.sort_unstable();
    assert!(records.iter().map(|record| &record.0["x"]).eq(expected.iter().map(|place| &values[*place])));
}

#[test]
fn texts_are_alike_in_lower_case_as_a_whole() {
    let record = json!({"name": "ΓΙΩΡΓΟΣ"});
    for filter in ["name eq 'γιωργος'", "name in ('γιωργος')", "startswith(name,'γιωργος')", "name eq 'ΓΙΩΡΓΟΣ'"]
    {
        let expression = parse_filter(filter, &Aliases::new()).unwrap();
        assert!(matches(&expression, &JsonRecord(record.as_object().unwrap()), Case::Ignored).unwrap(), "{filter}");
    }
}

#[test]
fn nested_expands_are_read() {
    let pairs = [("$expand".to_owned(), "a($select=x,y;$filter=z eq '(,;';$expand=b),c".to_owned())];
    let query = Query::parse(&pairs).unwrap();
    let [a, c] = query.expand.as_slice() else { panic!("two expands: {query:?}") };
    assert_eq!((a.navigation.as_str(), c.navigation.as_str()), ("a", "c"));
    assert_eq!(a.query.select, ["x", "y"]);
    assert_eq!(a.query.expand[0].navigation, "b");
}

#[test]
fn no_input_makes_the_parser_panic() {
    let seed = RandomState::new().hash_one(std::process::id());
    eprintln_seed(seed);
    let parts = [
        "(",
        ")",
        "'",
        "''",
        "a",
        "any(",
        "all(",
        ":",
        "/",
        ",",
        " ",
        "eq",
        "not ",
        "and",
        "or",
        "in",
        "null",
        "-",
        "1",
        "é",
        "✔",
        "2024-01-01",
        "T",
        "$",
        ";",
        "=",
        "\u{0}",
        "a/any(t:t",
        "a.B(C=[",
        "]",
        "@p",
        "\"",
    ];
    let mut state = seed;
    for _ in 0..2000 {
        let mut text = String::new();
        for _ in 0..(next(&mut state) % 24) {
            let pick = usize::try_from(next(&mut state) % parts.len() as u64).unwrap();
            text.push_str(parts[pick]);
        }
        let record = json!({"a": [{"t": 1}]});
        if let Ok(expression) = parse_filter(&text, &Aliases::new()) {
            let _ = matches(&expression, &JsonRecord(record.as_object().unwrap()), Case::Ignored);
        }
        let _ = Query::parse(&[("$expand".to_owned(), text.clone()), ("$orderby".to_owned(), text)]);
    }
}

#[expect(clippy::print_stderr, reason = "a random test must show its seed")]
fn eprintln_seed(seed: u64) {
    eprintln!("seed {seed}");
}

/// Xorshift is random enough to scramble input.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
