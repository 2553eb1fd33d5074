//! Steps, loops and variables with names as they come from elsewhere: read in each form of a value.

use super::{Case, check};

#[test]
fn any_name_can_be_read_in_each_form() {
    check(&[
        Case {
            name: "a space and a slash",
            steps: "
'Get items/é': { compose: { v: 7 } }
out: { respond: [\"$.steps['Get items/é'].v\", \"{{steps.[Get items/é].v}}\", \"@outputs('get ITEMS/É')['v']\", \"@outputs('Get items/é')?['v']\"] }",
            run: "succeeded",
            answer: r#"[7, "7", 7, 7]"#,
        },
        Case {
            name: "quotes and brackets",
            steps: r#"
"it's [1]": { compose: 7 }
out: { respond: ["$.steps['it\\'s [1]']", "$.steps[\"it's [1]\"]", "@outputs('it''s [1]')"] }"#,
            run: "succeeded",
            answer: "[7, 7, 7]",
        },
        Case {
            name: "the loop of an item",
            steps: "
'For each': { for_each: $.trigger.list, steps: { s: { append: { seen: { a: \"$.items['For each']\", b: \"@items('For each')\", c: \"{{items.[For each]}}\" } } } } }
out: { respond: \"@first(variables('SEEN'))\" }",
            run: "succeeded",
            answer: r#"{"a": 3, "b": 3, "c": "3"}"#,
        },
        Case {
            name: "keys that are worked out",
            steps: "
out: { respond: { \"@{toUpper('a')}b\": 1, '@odata.type': 2, c: \"@{1}\", inner: { 'x@{triggerBody()?[''two'']}': $.trigger.two } } }",
            run: "succeeded",
            answer: r#"{"Ab": 1, "@odata.type": 2, "c": "1", "inner": {"x2": 2}}"#,
        },
        Case {
            name: "two keys that come out alike",
            steps: "
a: { compose: { a: 1, \"@{concat('a')}\": 2 } }
out: { after: { a: [failed] }, respond: $.error.message }",
            run: "succeeded",
            answer: r#""two keys of an object are `a`""#,
        },
        Case {
            name: "texts that only look like expressions",
            steps: "
out: { respond: { a: { $literal: \"@concat('x')\" }, b: '@@x', c: 'a@b', d: { $literal: { k: '{{x}}' } } } }",
            run: "succeeded",
            answer: r#"{"a": "@concat('x')", "b": "@x", "c": "a@b", "d": {"k": "{{x}}"}}"#,
        },
        Case {
            name: "a default for what is null or not there",
            steps: "
out: { respond: [{ $path: $.trigger.none, or: 1 }, { $path: $.trigger.nothing.at.all, or: 2 }, { $path: $.trigger.two, or: 3 }] }",
            run: "succeeded",
            answer: "[1, 2, 2]",
        },
        Case {
            name: "anchors of YAML",
            steps: "
a: { compose: &one { v: 1 } }
b: { compose: *one }
out: { respond: [$.steps.a, $.steps.b] }",
            run: "succeeded",
            answer: r#"[{"v": 1}, {"v": 1}]"#,
        },
    ]);
}
