//! Steps that make a value: select, filter, join, table, parse; and the branches of a switch.

use super::{Case, check};

#[test]
fn lists() {
    check(&[
        Case {
            name: "select: an object for each",
            steps: "a: { select: { from: $.trigger.people, each: { who: '{{item.name}}', n: $.trigger.two } } }\nout: { respond: '$.steps.a[0]' }",
            run: "succeeded",
            answer: r#"{"who": "Ann", "n": 2}"#,
        },
        Case {
            name: "select: a value for each",
            steps: "a: { select: { from: $.trigger.list, each: $.item } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: "[3, 1, 2]",
        },
        Case {
            name: "select: the item is that of the list, not of the loop around",
            steps: "l: { for_each: [loop], steps: { a: { select: { from: $.trigger.list, each: ['$.item', $.items.l] } }, s: { append: { seen: { a: $.steps.a } } } } }\nout: { respond: $.variables.seen }",
            run: "succeeded",
            answer: r#"[{"a": [[3, "loop"], [1, "loop"], [2, "loop"]]}]"#,
        },
        Case {
            name: "select: from null",
            steps: "a: { select: { from: $.trigger.none, each: 1 } }\nout: { after: { a: [failed] }, respond: '{{error.message}}' }",
            run: "succeeded",
            answer: r#""`from` must be a list, and is null""#,
        },
        Case {
            name: "select: one item that cannot be worked out fails all",
            steps: "a: { select: { from: $.trigger.people, each: $.item.city } }\nout: { after: { a: [failed] }, respond: $.error.code }",
            run: "succeeded",
            answer: r#""invalid_value""#,
        },
        Case {
            name: "filter: what the condition holds for",
            steps: "a: { filter: { from: $.trigger.list, where: { greater: [$.item, 1] } } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: "[3, 2]",
        },
        Case {
            name: "filter: nothing",
            steps: "a: { filter: { from: $.trigger.empty, where: { greater: [$.item, 1] } } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: "[]",
        },
        Case {
            name: "filter: a condition must be true or false",
            steps: "a: { filter: { from: $.trigger.list, where: $.item } }\nout: { after: { a: [failed] }, respond: 1 }",
            run: "succeeded",
            answer: "1",
        },
        Case {
            name: "filter: from an object",
            steps: "a: { filter: { from: $.trigger.record, where: { equals: [1, 1] } } }\nout: { after: { a: [failed] }, respond: '{{error.message}}' }",
            run: "succeeded",
            answer: r#""`from` must be a list, and is an object""#,
        },
        Case {
            name: "join",
            steps: "a: { join: { from: $.trigger.list, with: ', ' } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: r#""3, 1, 2""#,
        },
        Case {
            name: "join: nothing",
            steps: "a: { join: { from: $.trigger.empty, with: ', ' } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: r#""""#,
        },
        Case {
            name: "compose gives null where it is meant",
            steps: "a: { compose: { $literal: null } }\nb: { compose: \"@outputs('a')\" }\nout: { respond: [$.steps.b] }",
            run: "succeeded",
            answer: "[null]",
        },
    ]);
}

#[test]
fn tables() {
    check(&[
        Case {
            name: "csv: every key is a column, and what is special stands in quotes",
            steps: "a: { table: { from: $.trigger.people, format: csv } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: r#""name,age,city\r\nAnn,31,\r\n\"Bo, \"\"B\"\"\",,\r\n\"C\nD <&>\",,Oslo\r\n""#,
        },
        Case {
            name: "csv: columns as they are said",
            steps: "a: { table: { from: $.trigger.list, format: csv, columns: [{ header: No, value: $.item }, { header: '{{trigger.text}}', value: '{{item}}!' }] } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: r#""No,x\r\n3,3!\r\n1,1!\r\n2,2!\r\n""#,
        },
        Case {
            name: "csv: an empty list has no columns and no lines",
            steps: "a: { table: { from: $.trigger.empty, format: csv } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: r#""""#,
        },
        Case {
            name: "csv: an empty list with columns has their line",
            steps: "a: { table: { from: $.trigger.empty, format: csv, columns: [{ header: A, value: 1 }] } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: r#""A\r\n""#,
        },
        Case {
            name: "html: what it holds is escaped",
            steps: "a: { table: { from: $.trigger.people, format: html, columns: [{ header: '<n>', value: $.item.name }] } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: r#""<table><thead><tr><th>&lt;n&gt;</th></tr></thead><tbody><tr><td>Ann</td></tr><tr><td>Bo, &quot;B&quot;</td></tr><tr><td>C\nD &lt;&amp;&gt;</td></tr></tbody></table>""#,
        },
        Case {
            name: "items without keys need columns",
            steps: "a: { table: { from: $.trigger.list, format: csv } }\nout: { after: { a: [failed] }, respond: '{{error.message}}' }",
            run: "succeeded",
            answer: r#""item 1 of the table is not an object; say under `columns` what each column holds""#,
        },
    ]);
}

#[test]
fn json_is_parsed_and_held_against_its_schema() {
    check(&[
        Case {
            name: "a text is read",
            steps: "t: { compose: '[1, {\"a\": true}]' }\na: { parse: { content: $.steps.t } }\nout: { respond: '$.steps.a[1].a' }",
            run: "succeeded",
            answer: "true",
        },
        Case {
            name: "a value is taken as it is",
            steps: "a: { parse: { content: $.trigger.record, schema: { type: object, required: [a] } } }\nout: { respond: $.steps.a }",
            run: "succeeded",
            answer: r#"{"a": 1}"#,
        },
        Case {
            name: "what does not fit fails, and can be read all the same",
            steps: "a: { parse: { content: $.trigger.record, schema: { type: object, properties: { a: { type: string } } } } }\nout: { after: { a: [failed] }, respond: ['{{error.message}}', $.steps.a, \"@body('a')\", \"@outputs('a')?['body']?['a']\"] }",
            run: "succeeded",
            answer: r#"["the content does not fit the schema: `/a`: 1 is not of type \"string\"", {"a": 1}, {"a": 1}, 1]"#,
        },
        Case {
            name: "null",
            steps: "a: { parse: { content: $.trigger.none } }\nout: { after: { a: [failed] }, respond: '{{error.message}}' }",
            run: "succeeded",
            answer: r#""there is nothing to parse: the content is null""#,
        },
        Case {
            name: "a text that is no JSON",
            steps: "a: { parse: { content: $.trigger.text } }\nout: { after: { a: [failed] }, respond: $.error.code }",
            run: "succeeded",
            answer: r#""invalid_value""#,
        },
    ]);
}

#[test]
fn a_switch_takes_the_first_case_that_fits() {
    // The value, and the steps that ran.
    let cases = [
        ("two", "number"),
        ("text", "letter"),
        ("number", "other"),
        ("none", "other"),
        ("list", "other"),
        ("yes", "other"),
    ];
    for (value, expected) in cases {
        let steps = format!(
            "
s:
  switch: $.trigger.{value}
  cases:
    x: {{ steps: {{ a: {{ set: {{ text: letter }} }} }} }}
    digit: {{ is: '2', steps: {{ b: {{ set: {{ text: digit }} }} }} }}
    number: {{ is: 2, steps: {{ c: {{ set: {{ text: number }} }} }} }}
  default: {{ d: {{ set: {{ text: other }} }} }}
out: {{ respond: $.variables.text }}"
        );
        let run = super::run(&steps);
        assert_eq!(run.response().map(|answer| &*answer.value), Some(&expected.into()), "{value}");
    }
    check(&[
        Case {
            name: "no case fits and there is no default",
            steps: "s: { switch: $.trigger.text, cases: { y: { steps: { a: FAIL } } } }\nout: { respond: $.steps.s }",
            run: "succeeded",
            answer: "null",
        },
        Case {
            name: "the case that is taken decides",
            steps: "s: { switch: $.trigger.text, cases: { x: { steps: { a: FAIL } } }, default: { b: { compose: 1 } } }\nout: { after: { s: [failed] }, respond: ['{{error.step}}', $.steps.b] }",
            run: "succeeded",
            answer: r#"["a", null]"#,
        },
        Case {
            name: "a value that cannot be worked out fails the switch",
            steps: "s: { switch: $.trigger.nothing, cases: { x: { steps: { a: FAIL } } } }\nout: { after: { s: [failed] }, respond: '{{error.step}}' }",
            run: "succeeded",
            answer: r#""s""#,
        },
    ]);
}
