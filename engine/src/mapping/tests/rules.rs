//! What each key of a field does: one field, a source, a target, and what is written.

use serde_json::{Value, json};

use super::{after, compare, create, good, one_field, update};
use crate::mapping::SideIndex;

/// Field, source on the left, target on the right, and what an update writes to the right.
fn check(cases: &[(&str, Value, Value, Value)]) {
    for (field, source, target, expected) in cases {
        let directed = one_field(field).directed(SideIndex::Second);
        let written = update(&directed, source, target).unwrap();
        assert_eq!(&written, expected, "{field}: {source} over {target}");
        let settled = after(target, &written);
        assert_eq!(compare(&directed, source, &settled), Ok(vec![]), "{field}: {source} over {settled}");
    }
}

#[test]
fn missing_is_no_opinion_and_empty_clears_only_where_told() {
    let plain = "f: { left: a, right: b }";
    let clear = "f: { left: a, right: b, clear: true }";
    let lookup = "f: { left: a, right: { lookup: b, by: code }, clear: true }";
    check(&[
        (plain, json!({}), json!({"b": 1}), json!({})),
        (plain, json!({"a": null}), json!({"b": 1}), json!({})),
        (plain, json!({"a": ""}), json!({"b": 1}), json!({})),
        (plain, json!({"a": 2}), json!({}), json!({"b": 2})),
        (plain, json!({"a": false}), json!({"b": null}), json!({"b": false})),
        (clear, json!({}), json!({"b": 1}), json!({})),
        (clear, json!({"a": null}), json!({"b": 1}), json!({"b": null})),
        (clear, json!({"a": ""}), json!({"b": null}), json!({})),
        (lookup, json!({"a": null}), json!({"b": {"code": "X"}}), json!({"b": null})),
    ]);
}

#[test]
fn a_column_may_be_the_first_of_several() {
    let to_right = "f: { left: { first: [a.x, a.y] }, right: b }";
    let to_first = "f: { left: a, right: { first: [b.x, b.y] } }";
    check(&[
        (to_right, json!({"a": {"x": "", "y": "WA"}}), json!({"b": "CA"}), json!({"b": "WA"})),
        (to_right, json!({"a": {"x": "OR", "y": "WA"}}), json!({"b": "CA"}), json!({"b": "OR"})),
        (to_right, json!({"a": {"x": null}}), json!({"b": "CA"}), json!({})),
        (to_first, json!({"a": "WA"}), json!({"b": {"x": null, "y": "WA"}}), json!({})),
        (to_first, json!({"a": "CA"}), json!({"b": {"x": null, "y": "WA"}}), json!({"b": {"x": "CA"}})),
    ]);
}

#[test]
fn occasions_and_exceptions_say_when() {
    let zero = "f: { left: a, right: b, as: decimal, to_right: { unless: zero } }";
    let create_only = "f: { left: a, right: b, to_right: create }";
    let once = "f: { left: a, right: b, as: boolean, once_set: keep }";
    check(&[
        (zero, json!({"a": 0}), json!({"b": 5}), json!({})),
        (zero, json!({"a": "0.00"}), json!({"b": 5}), json!({})),
        (zero, json!({"a": 1}), json!({"b": 5}), json!({"b": 1})),
        (create_only, json!({"a": 1}), json!({"b": 5}), json!({})),
        ("f: { left: a, right: b, to_right: never }", json!({"a": 1}), json!({}), json!({})),
        (once, json!({"a": false}), json!({"b": true}), json!({})),
        (once, json!({"a": true}), json!({"b": false}), json!({"b": true})),
        ("f: { left: a, right: b, once_set: keep }", json!({"a": "x"}), json!({"b": "y"}), json!({})),
    ]);
    let made = create(&one_field(create_only).directed(SideIndex::Second), &json!({"a": 1}));
    assert_eq!(made, Ok(json!({"b": 1})));
    let updated = one_field("f: { left: a, right: b, to_right: [update] }").directed(SideIndex::Second);
    assert_eq!(create(&updated, &json!({"a": 1})), Ok(json!({})));
}

#[test]
fn values_go_by_the_first_row_that_fits() {
    let table = "f: { left: a, right: b, offset: 100, values: [{ left: Low, right: 0 }, { left: High, right: 1 }, \
                 { left: Top, right: 1, only: to_right }, { left: None, right: null }] }";
    let wild = "f: { left: a, right: b, values: [{ left: null, right: No }, { right: Yes }] }";
    check(&[
        (table, json!({"a": "High"}), json!({"b": 100}), json!({"b": 101})),
        (table, json!({"a": "High"}), json!({"b": "101"}), json!({})),
        (table, json!({"a": "Top"}), json!({"b": 101}), json!({})),
        (table, json!({"a": "None"}), json!({"b": 101}), json!({})),
        (table, json!({"a": null}), json!({"b": 101}), json!({})),
        (wild, json!({"a": null}), json!({"b": "Yes"}), json!({"b": "No"})),
        (wild, json!({"a": 7}), json!({"b": "No"}), json!({"b": "Yes"})),
        (wild, json!({}), json!({"b": "Yes"}), json!({})),
    ]);
    let error = compare(&one_field(table).directed(SideIndex::Second), &json!({"a": "Odd"}), &json!({})).unwrap_err();
    assert_eq!(error.reason, "the value `Odd` has no row in `values`");
    let back = update(&one_field(table).directed(SideIndex::First), &json!({"b": 101}), &json!({"a": "Low"}));
    assert_eq!(back, Ok(json!({"a": "High"})));
}

#[test]
fn a_constant_goes_one_way() {
    check(&[
        ("f: { right: b, value: true }", json!({}), json!({}), json!({"b": true})),
        ("f: { right: b, value: 'no. {{left.n}}' }", json!({"n": 4}), json!({"b": "no. 4"}), json!({})),
        ("f: { right: b, value: 'no. {{left.n}}' }", json!({"n": 5}), json!({"b": "no. 4"}), json!({"b": "no. 5"})),
        ("f: { right: b, value: { $literal: '{{x}}' } }", json!({}), json!({}), json!({"b": "{{x}}"})),
        ("f: { left: a, value: 1 }", json!({}), json!({}), json!({})),
    ]);
    let absent = one_field("f: { right: b, value: '{{left.n}}' }").directed(SideIndex::Second);
    let error = compare(&absent, &json!({}), &json!({})).unwrap_err();
    assert_eq!(error.reason, "the template `{{left.n}}` gives no text: `left.n` finds nothing");
}

#[test]
fn dates_are_written_as_the_target_takes_them() {
    let days = "f: { left: a, right: dueDateTime, as: date, zone: Asia/Kolkata }";
    check(&[
        (days, json!({"a": "2022-03-25"}), json!({"dueDateTime": "2022-03-24T18:30:00Z"}), json!({})),
        (days, json!({"a": "2022-03-26"}), json!({}), json!({"dueDateTime": "2022-03-25T18:30:00Z"})),
    ]);
    let error = compare(&one_field(days).directed(SideIndex::Second), &json!({"a": "soon"}), &json!({})).unwrap_err();
    assert_eq!(error.to_string(), "the mapping `test` cannot carry `f` over: `soon` is not a date");
}

const INNER: &str = "mapping: inner\nbetween: { row: dataverse.inner_right, item: dataverse.inner_left }\n\
                     fields: { id: { item: id, row: key }, name: { item: name, row: label } }\n";

fn with_inner(field: &str) -> crate::mapping::Directed {
    let text = format!(
        "mapping: test\nbetween: {{ left: partner_center.referral, right: dataverse.right }}\nfields: {{ {field} }}\n"
    );
    let inner = INNER.replace("dataverse.inner_left", "partner_center.solution");
    good(&[&text, &inner])["test"].directed(SideIndex::Second)
}

#[test]
fn lists_are_compared_as_sets() {
    let list = |absent: &str| {
        with_inner(&format!(
            "f: {{ left: details.requirements.solutions, right: rows, list: true, match: id, map: inner, absent: {absent} }}"
        ))
    };
    let source = |items: Value| json!({"details": {"requirements": {"solutions": items}}});
    let target = json!({"rows": [{"key": "A", "label": "one", "rowid": 1}, {"key": "B", "label": "two", "rowid": 2}]});
    let cases: &[(&str, Value, Value)] = &[
        (
            "remove",
            json!([{"id": "b", "name": "2"}, {"id": "A"}]),
            json!({"rows": [{"key": "A", "label": "one"}, {"key": "b", "label": "2"}]}),
        ),
        ("remove", json!([{"id": "B", "name": "two"}, {"id": "A"}]), json!({})),
        ("remove", json!([{"id": "b", "name": "two"}, {"id": "A"}]), json!({})),
        ("remove", json!([{"id": "B"}]), json!({"rows": [{"key": "B", "label": "two"}]})),
        ("keep", json!([{"id": "B"}]), json!({})),
        (
            "keep",
            json!([{"id": "C", "name": "new"}]),
            json!({"rows": [
            {"key": "A", "label": "one"}, {"key": "B", "label": "two"}, {"key": "C", "label": "new"}]}),
        ),
        ("keep", json!([]), json!({})),
        ("remove", json!([]), json!({"rows": []})),
        ("remove", json!(null), json!({})),
    ];
    for (absent, items, expected) in cases {
        let written = update(&list(absent), &source(items.clone()), &target);
        assert_eq!(written.as_ref(), Ok(expected), "{absent}: {items}");
    }
    let error = compare(&list("keep"), &source(json!("text")), &target).unwrap_err();
    assert_eq!(error.reason, "a list is expected, and there is `\"text\"`");
    let error = compare(&list("keep"), &source(json!(["text"])), &target).unwrap_err();
    assert_eq!((error.field.as_str(), error.reason.as_str()), ("f.id", "the item is not a record"));
}

#[test]
fn a_lookup_differs_when_it_means_another_record() {
    let lookup = with_inner(
        "f: { left: 'details.requirements.solutions[0]', right: { lookup: ref, by: key, map: inner, missing: create } }",
    );
    let source = |item: Value| json!({"details": {"requirements": {"solutions": [item]}}});
    let made = json!({"ref": {"find": {"key": "A"}, "missing": "create", "create": {"key": "A", "label": "one"}}});
    let cases: &[(Value, Value, Value)] = &[
        (json!({"id": "A", "name": "one"}), json!({"ref": {"key": "B"}}), made.clone()),
        (json!({"id": "A", "name": "one"}), json!({"ref": null}), made),
        (json!({"id": "A", "name": "one"}), json!({"ref": {"key": "A", "label": "other"}}), json!({})),
        (json!({"name": "one"}), json!({"ref": {"key": "A"}}), json!({})),
        (json!(null), json!({"ref": {"key": "A"}}), json!({})),
    ];
    for (item, target, expected) in cases {
        assert_eq!(update(&lookup, &source(item.clone()), target).as_ref(), Ok(expected), "{item} over {target}");
    }
}

#[test]
fn what_changes_is_told_before_and_after() {
    let directed = one_field("f: { title: Value, left: a.b, right: c.d }").directed(SideIndex::Second);
    let changes = compare(&directed, &json!({"a": {"b": 2}}), &json!({"c": {"d": 1}})).unwrap();
    let expected = json!([{"field": "f", "title": "Value", "target": ["c.d"], "before": 1, "after": 2}]);
    assert_eq!(serde_json::to_value(&changes).unwrap(), expected);
    let error = compare(&directed, &json!(null), &json!({})).unwrap_err();
    assert_eq!(error.to_string(), "the mapping `test` cannot carry `f` over: the left is not a record");
}

#[test]
fn a_record_is_told_by_another_one_that_has_every_field_be_it_null() {
    let list =
        "f: { left: details.requirements.solutions, right: rows, list: true, match: id, map: inner, absent: keep }";
    let nested = "f: { left: 'details.requirements.solutions[0]', right: { lookup: ref, by: key, map: inner, missing: create } }";
    let cases = [
        (one_field("f: { left: a, right: b.c }").directed(SideIndex::Second), "left out", json!({"a": 1}), false),
        (one_field("f: { left: a, right: b.c }").directed(SideIndex::Second), "null", json!({"b": null}), true),
        (one_field("f: { left: a, right: b.c }").directed(SideIndex::Second), "not all", json!({"b": {}}), false),
        (one_field("f: { left: a, right: b.c }").directed(SideIndex::Second), "all", json!({"b": {"c": null}}), true),
        (one_field("f: { left: a, right: b.c }").directed(SideIndex::Second), "other", json!({"b": "c"}), false),
        (one_field("f: { left: a, right: b }").directed(SideIndex::Second), "no record", json!(null), false),
        (one_field("f: { left: a, right: 'b[1].c' }").directed(SideIndex::Second), "no item", json!({"b": [1]}), true),
        (
            one_field("f: { left: a, right: { first: [b, c] } }").directed(SideIndex::Second),
            "first",
            json!({"b": 1}),
            false,
        ),
        (
            one_field("f: { left: a, right: { lookup: b, by: c } }").directed(SideIndex::Second),
            "id",
            json!({"_b": 1}),
            false,
        ),
        (
            one_field("f: { left: a, right: { lookup: b, by: c } }").directed(SideIndex::Second),
            "row",
            json!({"b": {}}),
            false,
        ),
        (with_inner(list), "an item lacks a field", json!({"rows": [{"key": "A", "label": "l"}, {"key": "B"}]}), false),
        (with_inner(list), "each item has all", json!({"rows": [{"key": "A", "label": null}]}), true),
        (with_inner(list), "no items", json!({"rows": []}), true),
        (with_inner(nested), "the other record lacks a field", json!({"ref": {"key": "A"}}), false),
        (with_inner(nested), "the other record has all", json!({"ref": {"key": "A", "label": null}}), true),
        (with_inner(nested), "none is referred to", json!({"ref": null}), true),
    ];
    for (directed, name, record, expected) in cases {
        assert_eq!(directed.is_told_by(&record), expected, "{name}: {record}");
    }
}
