//! Calls of the functions that there are, with values made by chance.

use cosell_engine::expression::function::{self, Function};
use cosell_engine::expression::{FunctionCall, Kinds, Node, Start};
use proptest::prelude::*;
use serde_json::Value;

use super::{literal, made};

/// Functions of the table, mostly with values that they take, often at the end of a range.
pub(super) fn known() -> impl Strategy<Value = Node> {
    let functions: Vec<&'static Function> = function::all().collect();
    prop::sample::select(functions).prop_flat_map(|function| {
        let (fewest, most) = function.arity();
        let values: Vec<_> = (0..most.unwrap_or(fewest + 2)).map(|place| value_for(function, place)).collect();
        (values, any::<prop::sample::Index>()).prop_map(move |(mut values, count)| {
            values.truncate(fewest + count.index(values.len() - fewest + 1));
            call(function.name, values)
        })
    })
}

/// A value that the function takes at this place, or now and then any other.
fn value_for(function: &Function, place: usize) -> impl Strategy<Value = Node> + use<> {
    let kinds = function.parameter(place).map_or(Kinds::ANY, |parameter| parameter.kinds);
    let takes = |kind: Kinds| if kinds.overlaps(kind) { 8 } else { 0 };
    let leaf = |value: Value| made(Start::Literal(value), Vec::new());
    prop_oneof![
        1 => literal().prop_map(leaf),
        takes(Kinds::INT) => prop::sample::select(INTS.to_vec()).prop_map(move |value| leaf(value.into())),
        takes(Kinds::FLOAT) => prop::sample::select(FLOATS.to_vec()).prop_map(move |value| leaf(value.into())),
        takes(Kinds::TEXT) => prop::sample::select(TEXTS.to_vec()).prop_map(move |value| leaf(value.into())),
        takes(Kinds::TEXT) => ".{0,6}".prop_map(move |value| leaf(value.into())),
        takes(Kinds::DECIMAL) => prop::sample::select(DECIMALS.to_vec())
            .prop_map(move |value| call("decimal", vec![leaf(value.into())])),
        takes(Kinds::LIST) => prop::sample::select(LISTS.to_vec())
            .prop_map(move |value| call("json", vec![leaf(value.into())])),
        takes(Kinds::OBJECT) => prop::sample::select(OBJECTS.to_vec())
            .prop_map(move |value| call("json", vec![leaf(value.into())])),
    ]
}

fn call(name: &str, values: Vec<Node>) -> Node {
    made(Start::Call(FunctionCall { name: name.to_owned(), function: None, values, root: None }), Vec::new())
}

const INTS: [i64; 9] = [0, 1, -1, 2, 7, 1000, 3_000_000_000, i64::MAX, i64::MIN];
const FLOATS: [f64; 6] = [0.5, -0.0, 1e15, 1e300, -1e300, 5e-324];
const DECIMALS: [&str; 4] = ["0", "1.50", "79228162514264337593543950335", "-0.0000000000000000000000000001"];
const LISTS: [&str; 4] = ["[]", "[1,2,1.5]", "[\"b\",\"a\",null]", "[[1],{\"a\":1},{\"a\":2}]"];
const OBJECTS: [&str; 5] = [
    "{}",
    "{\"a\":1,\"A\":[null]}",
    "{\"a\":{\"#text\":1,\"@b\":2}}",
    "{\"$content-type\":\"application/xml\",\"$content\":\"PGEvPg==\"}",
    "{\"$content-type\":\"text/plain;charset=utf-16\",\"$content\":\"AAD/\"}",
];
const TEXTS: [&str; 34] = [
    "",
    "a",
    "ab",
    "äß𝒳\u{301}",
    "7",
    "-1.5e3",
    "1,000.5",
    "true",
    "2018-03-15T13:00:00Z",
    "2018-02-29",
    "9999-12-31T23:59:59Z",
    "0001-01-01",
    "3/15/2018 1:00 PM",
    "yyyy-MM-dd",
    "o",
    "dddd, d 'x' MMMM",
    "PT1H",
    "UTC",
    "Pacific Standard Time",
    "Day",
    "Month",
    "C2",
    "#,##0.00;(0)",
    "de-DE",
    "<a><b>1</b></a>",
    "//b[last()]/text()",
    "sum(//b) div 0",
    "[1]",
    "{\"a\":[1]}",
    "YQ==",
    "data:text/plain;base64,YQ==",
    "https://a.example:8/b?c=d#e",
    "%C3%A4%",
    "B",
];
