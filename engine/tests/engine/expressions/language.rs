//! Our own tables: forms of strings, mistakes, ways down, laziness, functions of the run.

use cosell_engine::expression::{Computed, ExpressionError, GivenScope};
use serde_json::{Value, json};

/// An expression, and its value as JSON or its error: message, help and the part of the text.
type Case = (&'static str, Result<&'static str, &'static str>);

const FORMS: &[Case] = &[
    ("@'a'", Ok("\"a\"")),
    ("@", Ok("\"@\"")),
    ("@@{1}", Ok("\"@{1}\"")),
    ("@@f(", Ok("\"@f(\"")),
    ("@ \n 'a' \t", Ok("\"a\"")),
    ("@{1}", Ok("\"1\"")),
    ("@{'a'}@{'b'}", Ok("\"ab\"")),
    ("a @{'}'} b", Ok("\"a } b\"")),
    ("a @@{1} @{2}", Ok("\"a @{1} 2\"")),
    ("a @@@{1}", Ok("\"a @@{1}\"")),
    ("a @b @{1} @", Ok("\"a @b 1 @\"")),
    ("it@{null}is", Ok("\"itis\"")),
    ("@'it''s'", Ok("\"it's\"")),
    ("@''", Ok("\"\"")),
    ("@-5", Ok("-5")),
    ("@+5", Ok("5")),
    ("@1.", Ok("1.0")),
    ("@+.5", Ok("0.5")),
    ("@1E+2", Ok("100.0")),
    ("@-9223372036854775808", Ok("-9223372036854775808")),
    ("@null", Ok("null")),
    (
        "@'a",
        Err(
            "a text starts with `'` and has no closing `'` (a quote within a text is written twice: `'it''s'`) at `'a`",
        ),
    ),
    ("@9223372036854775808", Err("`9223372036854775808` is too big for a whole number at `9223372036854775808`")),
    ("@1e999", Err("`1e999` is too big for a number at `1e999`")),
    ("@1-2", Err("`1-2` is not a number at `1-2`")),
    ("@-", Err("`-` is not a number at `-`")),
    ("@+inf", Err("`+inf` is not a number at `+inf`")),
    (
        "@.5",
        Err(
            "expected a value, found `.` (a value is a text in single quotes, a number, `true`, `false`, `null`, or a function with `(` and `)`) at `.`",
        ),
    ),
    ("@True", Err("`True` is not a value (write `true`) at `True`")),
    (
        "@name",
        Err(
            "`name` is not a value (a text stands in single quotes, a function has its values in parentheses) at `name`",
        ),
    ),
    (
        "@triggerBody",
        Err(
            "`triggerBody` is not a value (a function has its values in parentheses: `triggerBody(…)`) at `triggerBody`",
        ),
    ),
    ("@\"a\"", Err("expected a value, found `\"a\"` (a text stands in single quotes: `'text'`) at `\"a\"`")),
    ("@f('a' 'b')", Err("expected `,` or `)` in `f(…)`, found `'` at `'`")),
    (
        "@f('a',)",
        Err(
            "expected a value, found `)` (a value is a text in single quotes, a number, `true`, `false`, `null`, or a function with `(` and `)`) at `)`",
        ),
    ),
    ("@f('a'", Err("expected `,` or `)` in `f(…)`, found the end at ``")),
    ("@item()?", Err("expected `.` or `[` after `?`, found the end at ``")),
    ("@item().", Err("expected the name of a property after `.`, found the end at ``")),
    ("@item()['a'", Err("expected `]`, found the end at ``")),
    (
        "@item() and more",
        Err(
            "expected the end of the expression, found `and` (a text with values in it has each of them in `@{…}`; a text that starts with `@` has it twice) at `and`",
        ),
    ),
    (
        "a @{item() b",
        Err("expected `}` at the end of `@{…}`, found `b` (a plain `@{` in a text is written `@@{`) at `b`"),
    ),
];

const WAYS: &[Case] = &[
    ("@triggerBody()['Name']", Ok("\"upper\"")),
    ("@triggerBody().name", Ok("\"lower\"")),
    ("@triggerBody()['NAME']", Ok("\"upper\"")),
    ("@triggerBody()?['missing']", Ok("null")),
    ("@triggerBody()?.missing?.deeper", Ok("null")),
    ("@triggerBody()['list'][1]", Ok("2")),
    ("@triggerBody()?['list']?[9]", Ok("null")),
    ("@triggerBody()?['list']?[-1]", Ok("null")),
    ("@triggerBody()['object/inner/value']", Ok("7")),
    ("@triggerBody()?['object/none/value']", Ok("null")),
    ("@triggerBody()?['a/b']", Ok("\"exact\"")),
    ("@triggerBody()?['nothing/at/all']", Ok("null")),
    ("@triggerOutputs()?['body/object']?['inner/value']", Ok("7")),
    ("@triggerBody()['äÖ']", Ok("\"umlauts\"")),
    ("@triggerBody()[triggerBody()['key']]", Ok("[1,2]")),
    ("@'a'?['b']", Err("`'a'?['b']`: text has no property `b` at `'a'?['b']`")),
    ("@5 .b", Err("`5 .b`: a whole number has no property `b` at `5 .b`")),
    (
        "@triggerBody()['none']['x']",
        Err(
            "`triggerBody()['none']['x']`: null has no property `x` (where it may be null, write `?[…]`) at `triggerBody()['none']['x']`",
        ),
    ),
    (
        "@triggerBody()['list']['x']",
        Err(
            "`triggerBody()['list']['x']`: a list has no property `x` (the place in a list is a whole number) at `triggerBody()['list']['x']`",
        ),
    ),
    (
        "@triggerBody()?['list']?['x']",
        Err(
            "`triggerBody()?['list']?['x']`: a list has no property `x` (the place in a list is a whole number) at `triggerBody()?['list']?['x']`",
        ),
    ),
    (
        "@triggerBody()['list'][2]['x']",
        Err(
            "`triggerBody()['list'][2]`: there is no item 2 in a list of 2 (items are counted from 0; where it may be missing, write `?[…]`) at `triggerBody()['list'][2]`",
        ),
    ),
    (
        "@triggerBody()['list'][1.0]",
        Err(
            "`triggerBody()['list'][1.0]`: a list has no item 1.0 (the place in a list is a whole number) at `triggerBody()['list'][1.0]`",
        ),
    ),
    (
        "@triggerBody()?[0]",
        Err("`triggerBody()?[0]`: an object has no item 0 (the name of a property is a text) at `triggerBody()?[0]`"),
    ),
    (
        "@triggerBody()['object']['x']",
        Err(
            "`triggerBody()['object']['x']`: there is no property `x`; there is `inner` (where it may be missing, write `?[…]`) at `triggerBody()['object']['x']`",
        ),
    ),
    (
        "@triggerBody()['many']['x']",
        Err(
            "`triggerBody()['many']['x']`: there is no property `x`; there is `k0`, `k1`, `k2`, `k3`, `k4`, `k5`, `k6`, `k7`, `k8`, `k9` and 2 more (where it may be missing, write `?[…]`) at `triggerBody()['many']['x']`",
        ),
    ),
    (
        "x @{triggerBody()['object'].x} y",
        Err(
            "`triggerBody()['object'].x`: there is no property `x`; there is `inner` (where it may be missing, write `?[…]`) at `triggerBody()['object'].x`",
        ),
    ),
];

const RUN: &[Case] = &[
    ("@parameters('ONE')", Ok("1")),
    (
        "@parameters('tow')",
        Err("`parameters('tow')`: there is no parameter `tow` (did you mean `Two`?) at `parameters('tow')`"),
    ),
    (
        "@parameters(triggerBody()['key'])",
        Err("`parameters(triggerBody()['key'])`: there is no parameter `list` at `parameters(triggerBody()['key'])`"),
    ),
    ("@variables('list')[0]", Ok("\"a\"")),
    ("@variables(1)", Err("`variables(1)`: a name must be text, and is a whole number at `variables(1)`")),
    ("@body('row')['id']", Ok("7")),
    ("@outputs('Row')?['statusCode']", Ok("200")),
    ("@body('Composed')", Ok("null")),
    ("@actionBody('Row')", Ok("{\"id\":7}")),
    ("@actions('Row')['outputs']['body/id']", Ok("7")),
    ("@body(triggerBody()['step'])['id']", Ok("7")),
    ("@outputs('Other')", Err("`outputs('Other')`: no `outputs('Other')` is given at `outputs('Other')`")),
    ("@items('loop')", Ok("3")),
    ("@item()", Ok("null")),
    ("@iterationIndexes('Loop')", Ok("4")),
    ("@trigger()['outputs']['body']['key']", Ok("\"list\"")),
    (
        "@listCallbackUrl()",
        Err(
            "`listCallbackUrl()`: there is an address to call back only within a webhook subscription at `listCallbackUrl()`",
        ),
    ),
    (
        "@appsetting('PATH')",
        Err(
            "`appsetting('PATH')`: a flow reads no settings of the machine (declare a parameter, and read it with `parameters('NAME')`) at `appsetting('PATH')`",
        ),
    ),
    ("@formDataValue('Form', 'k')", Ok("\"1\"")),
    ("@formDataValue('Form', 'none')", Ok("null")),
    (
        "@formDataValue('Form', 'twice')",
        Err(
            "`formDataValue('Form', 'twice')`: the form has 2 values of that key (`formDataMultiValues` and `triggerFormDataMultiValues` give them all) at `formDataValue('Form', 'twice')`",
        ),
    ),
    ("@formDataMultiValues('Form', 'twice')", Ok("[\"2\",\"3\"]")),
    ("@multipartBody('Parts', 1)['x']", Ok("1")),
    (
        "@multipartBody('Parts', 2)",
        Err(
            "`multipartBody('Parts', 2)`: there is no item 2 in a list of 2 (items are counted from 0; where it may be missing, write `?[…]`) at `multipartBody('Parts', 2)`",
        ),
    ),
    (
        "@triggerFormDataValue('k')",
        Err("`triggerFormDataValue('k')`: the body is no form at `triggerFormDataValue('k')`"),
    ),
    ("@triggerMultipartBody(0)", Err("`triggerMultipartBody(0)`: the body has no parts at `triggerMultipartBody(0)`")),
    ("@body()", Err("`body()`: `body` takes 1 value, and is given 0 (it is `body(name)`) at `body()`")),
    ("@nobody('X')", Err("`nobody('X')`: there is no function `nobody` at `nobody('X')`")),
];

const LAZY: &[Case] = &[
    ("@if(true, 1, body('none'))", Ok("1")),
    ("@if(false, body('none'), 2)", Ok("2")),
    (
        "@if(triggerBody()['one'], 1, 2)",
        Err("`triggerBody()['one']`: it must be true or false, and is a whole number at `triggerBody()['one']`"),
    ),
    ("@and(false, body('none'))", Ok("false")),
    ("@and(true, true)", Ok("true")),
    ("@and(true, body('none'))", Err("`body('none')`: no `outputs('none')` is given at `body('none')`")),
    ("@or(true, body('none'))", Ok("true")),
    ("@or(false, false)", Ok("false")),
    (
        "@or(false, triggerBody()['none'])",
        Err("`triggerBody()['none']`: it must be true or false, and is null at `triggerBody()['none']`"),
    ),
    ("@coalesce(null, triggerBody()['none'], '', body('none'))", Ok("\"\"")),
    ("@coalesce(null, null)", Ok("null")),
];

const MISTAKES: &[(&str, &[&str])] = &[
    ("@concat('a', 1)", &[]),
    ("@bdoy('X')", &["there is no function `bdoy` (did you mean `body`?) at `bdoy`"]),
    (
        "@{padLeft('1', 2)} @{substring()} @{body(1)}",
        &[
            "there is no function `padLeft` (`formatNumber(number, '00000')` fills with zeros) at `padLeft`",
            "`substring` takes 2 or 3 values, and is given 0 (it is `substring(text, start, length)`) at `substring()`",
            "`name` of `body` must be text, and is a whole number at `1`",
        ],
    ),
    (
        "@triggerBody(1)?[body()]",
        &[
            "`triggerBody` takes no value, and is given 1 (it is `triggerBody()`) at `triggerBody(1)`",
            "`body` takes 1 value, and is given 0 (it is `body(name)`) at `body()`",
        ],
    ),
];

#[test]
fn a_string_is_an_expression_a_text_with_values_or_a_literal() {
    FORMS.iter().for_each(check);
}

#[test]
fn a_way_down_is_followed_as_the_service_does() {
    WAYS.iter().for_each(check);
}

#[test]
fn functions_of_the_run_read_its_roots() {
    RUN.iter().for_each(check);
}

#[test]
fn what_needs_no_value_is_not_worked_out() {
    LAZY.iter().for_each(check);
}

#[test]
fn all_mistakes_are_told_with_their_parts() {
    for (text, expected) in MISTAKES {
        let mistakes: Vec<String> =
            Computed::parse(text).unwrap().mistakes().iter().map(|mistake| shown(mistake, text)).collect();
        assert_eq!(mistakes, *expected, "{text}");
    }
    let many = "@{nothing()}".repeat(1000);
    assert_eq!(Computed::parse(&many).unwrap().mistakes().len(), 20);
}

#[test]
fn depth_and_length_have_a_bound() {
    let nested = |depth: usize| format!("@{}1{}", "or(".repeat(depth), ")".repeat(depth));
    let keys = |depth: usize| format!("@{}1{}", "item()[".repeat(depth), "]".repeat(depth));
    let cases = [
        (nested(100), true),
        (nested(101), false),
        (nested(40_000), false),
        (keys(100), true),
        (keys(10_000), false),
        (format!("@item(){}", "?.a".repeat(40_000)), true),
        (format!("@item(){}", "[0]".repeat(40_000)), true),
        (format!("@{}", "'".repeat(131_071)), false),
        (format!("@'{}'", "ä".repeat(131_069)), true),
        (format!("@'{}'", "ä".repeat(131_070)), false),
        ("@@{".repeat(40_000), true),
        ("@{1}".repeat(32_000), true),
        (format!("@{}", "f(".repeat(60_000)), false),
        (format!("@{}(1)", "x".repeat(130_000)), true),
    ];
    for (text, good) in cases {
        let parsed = Computed::parse(&text);
        assert_eq!(parsed.is_ok(), good, "{}… {:?}", text.chars().take(20).collect::<String>(), parsed.err());
        if let Ok(computed) = parsed {
            let _ = (computed.mistakes(), computed.reads().count(), computed.evaluate(&scope()), computed.to_string());
        }
    }
}

fn check((text, expected): &Case) {
    let scope = scope();
    let computed = Computed::parse(text);
    let value = computed.as_ref().map_err(Clone::clone).and_then(|computed| computed.evaluate(&scope));
    let value = value.map(|value| value.into_value().to_string()).map_err(|error| shown(&error, text));
    assert_eq!(value, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
}

fn shown(error: &ExpressionError, text: &str) -> String {
    let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let part = error.part.clone().map(|part| format!(" at `{}`", &text[part])).unwrap_or_default();
    format!("{error}{help}{part}")
}

fn scope() -> GivenScope {
    let many: serde_json::Map<String, Value> = (0..12).map(|number| (format!("k{number}"), Value::Null)).collect();
    let given = json!({
        "parameters": { "one": 1, "Two": 2, "two": 22 },
        "variables": { "List": ["a", "b"] },
        "triggerBody": {
            "Name": "upper", "name": "lower", "list": [1, 2], "none": null, "one": 1, "key": "list", "step": "ROW",
            "object": { "inner": { "value": 7 } }, "a/b": "exact", "a": { "b": "way" }, "ÄÖ": "umlauts", "many": many
        },
        "outputs": {
            "Row": { "statusCode": 200, "body": { "id": 7 } },
            "Composed": "text",
            "Form": { "body": { "$formdata": [
                { "key": "k", "value": "1" }, { "key": "twice", "value": "2" }, { "key": "twice", "value": "3" }
            ] } },
            "Parts": { "body": { "$multipart": [{ "headers": {}, "body": "a" }, { "headers": {}, "body": { "x": 1 } }] } }
        },
        "item": null,
        "items": { "Loop": 3 },
        "iterationIndexes": { "Loop": 4 }
    });
    serde_json::from_value(given).unwrap()
}
