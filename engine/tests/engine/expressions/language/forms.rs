//! What a string is: an expression, a text with values, or a literal; and what is no form of the three.

use super::{Case, check};

#[test]
fn a_string_is_an_expression_a_text_with_values_or_a_literal() {
    FORMS.iter().for_each(check);
}

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
