//! The way down from a value: properties, items, null, and names with `/`.

use super::{Case, check};

#[test]
fn a_way_down_is_followed_as_the_service_does() {
    WAYS.iter().for_each(check);
}

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
