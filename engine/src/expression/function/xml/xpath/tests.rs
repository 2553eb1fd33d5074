//! The rules of XPath 1.0, in tables.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::panic, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use super::super::read::read;
use super::super::tests::{call, text};
use super::evaluate;
use crate::expression::ExpressionError;

const SHOP: &str = "<shop xmlns:p='urn:p' xml:lang='en-GB'><!--note--><?go now?>\
    <item id='1' kind='a'><name>Gala</name><price>1.50</price></item>\
    <item id='2' kind='b'><name>Bosc</name><price>2</price></item>\
    <p:item id='3'><name>Navel</name><price>x</price></p:item>\
    <box>in<item id='4' kind='a'><name>Fuji</name></item><![CDATA[<&]]>out</box></shop>";

/// The answer; a node that is no text is its written text.
fn ask(xml: &str, path: &str) -> Result<Value, ExpressionError> {
    let document = read(xml).unwrap();
    let answer = evaluate(&document, path)?;
    let Value::Array(items) = answer else { return Ok(answer) };
    Ok(items.iter().map(|item| if item.is_object() { Value::String(text(item)) } else { item.clone() }).collect())
}

fn check(xml: &str, rows: &[(&str, Value)]) {
    for (path, expected) in rows {
        let answer = ask(xml, path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(answer, *expected, "{path}");
    }
}

#[test]
fn paths() {
    check(
        SHOP,
        &[
            ("/shop/item/@id", json!(["1", "2"])),
            ("//item/@id", json!(["1", "2", "4"])),
            ("/descendant::item[2]/@id", json!(["2"])),
            ("//item[1]/@id", json!(["1", "4"])),
            ("(//item)[1]/@id", json!(["1"])),
            ("(//item)[last()]/@id", json!(["4"])),
            ("//item[last()]/@id", json!(["2", "4"])),
            ("//item[position() > 1]/@id", json!(["2"])),
            ("//*[local-name() = 'item']/@id", json!(["1", "2", "3", "4"])),
            ("//*[namespace-uri() = 'urn:p']/@id", json!(["3"])),
            ("name(//*[@id = 3])", json!("p:item")),
            ("//name/text()", json!(["Gala", "Bosc", "Navel", "Fuji"])),
            ("//box/text()", json!(["in", "<&out"])),
            ("count(//box/node())", json!(3.0)),
            ("//name[. = 'Fuji']/../@id", json!(["4"])),
            ("//name[.='Fuji']/ancestor::*[1]/@id", json!(["4"])),
            ("name(//name[.='Fuji']/ancestor::*[2])", json!("box")),
            ("count(//name[.='Fuji']/ancestor::node())", json!(4.0)),
            ("//name[.='Fuji']/ancestor-or-self::*[last()]/@xml:lang", json!(["en-GB"])),
            ("//box/preceding-sibling::*[1]/@id", json!(["3"])),
            ("//box/preceding-sibling::*[position() < 3]/@id", json!(["2", "3"])),
            ("//item[@id=1]/following-sibling::*[1]/@id", json!(["2"])),
            ("//item[@id=2]/following::name/text()", json!(["Navel", "Fuji"])),
            ("//item[@id=2]/preceding::name/text()", json!(["Gala"])),
            ("//item[@id=4]/preceding::price[1]/text()", json!(["x"])),
            ("//item[2]/@kind/parent::item/@id", json!(["2"])),
            ("//item[2]/@kind/following::price[1]/text()", json!(["2"])),
            ("count(//@*)", json!(8.0)),
            ("count(//@*/..)", json!(5.0)),
            ("count(/shop/descendant-or-self::node())", json!(24.0)),
            ("//item[@kind='a'][2]", json!([])),
            (
                "//item[@id='2'] | //item[@id='1']/name | //item[@id='1']",
                json!([
                    "<item id=\"1\" kind=\"a\"><name>Gala</name><price>1.50</price></item>",
                    "<name>Gala</name>",
                    "<item id=\"2\" kind=\"b\"><name>Bosc</name><price>2</price></item>",
                ]),
            ),
            (
                "//*[@id=3]/name | //comment() | //processing-instruction('go')",
                json!(["<!--note-->", "<?go now?>", "<name>Navel</name>"]),
            ),
            ("//processing-instruction('other')", json!([])),
            (
                "//*[@id=3][name]",
                json!(["<p:item id=\"3\" xmlns:p=\"urn:p\"><name>Navel</name><price>x</price></p:item>",]),
            ),
            ("/shop/namespace::*", json!(["urn:p", "http://www.w3.org/XML/1998/namespace"])),
            ("/shop/namespace::p", json!(["urn:p"])),
            ("name(/shop/namespace::p/..)", json!("shop")),
            ("//item[lang('en')]/@id", json!(["1", "2", "4"])),
            ("//item[lang('de')]", json!([])),
            ("id('1')", json!([])),
            ("count(/)", json!(1.0)),
            ("/..", json!([])),
            ("//item [ @id = 2 ] / name / text( )", json!(["Bosc"])),
            ("child :: shop / child :: * [ 1 ] / attribute :: id", json!(["1"])),
            ("self::node()/shop/box/self::box/self::item", json!([])),
        ],
    );
    check(
        "<div><div/><mod>7</mod></div>",
        &[
            ("div/div", json!(["<div />"])),
            ("div/mod mod 4", json!(3.0)),
            ("div/mod div 2", json!(3.5)),
            ("div/* * 2", json!("NaN")),
            ("count(div/*) * 2", json!(4.0)),
        ],
    );
}

#[test]
fn numbers_texts_and_conditions() {
    check(
        "<r><n>1</n><n>2</n><n>3</n><e/><t> a  b </t></r>",
        &[
            ("1 + 2 * 3 - 4 div 2", json!(5.0)),
            ("-5 mod 2", json!(-1.0)),
            ("5 mod -2", json!(1.0)),
            ("1.5 mod 0.5", json!(0.0)),
            ("1 div 0", json!("Infinity")),
            ("-1 div 0", json!("-Infinity")),
            ("0 div 0", json!("NaN")),
            ("--1", json!(1.0)),
            ("string(1.0)", json!("1")),
            ("string(-0)", json!("0")),
            ("string(0.1 + 0.2)", json!("0.30000000000000004")),
            ("string(100000000000000000000000)", json!("100000000000000000000000")),
            ("string(1 div 3)", json!("0.3333333333333333")),
            ("string(.5)", json!("0.5")),
            ("number(' -1.5 ')", json!(-1.5)),
            ("number('+1')", json!("NaN")),
            ("number('1e3')", json!("NaN")),
            ("number('-')", json!("NaN")),
            ("number('')", json!("NaN")),
            ("number(true())", json!(1.0)),
            ("sum(//n)", json!(6.0)),
            ("sum(//none)", json!(0.0)),
            ("sum(//r)", json!("NaN")),
            ("floor(-1.5)", json!(-2.0)),
            ("ceiling(1.2)", json!(2.0)),
            ("round(2.5)", json!(3.0)),
            ("round(-2.5)", json!(-2.0)),
            ("round(0.49999999999999994)", json!(0.0)),
            ("substring('12345', 2, 3)", json!("234")),
            ("substring('12345', 1.5, 2.6)", json!("234")),
            ("substring('12345', 0, 3)", json!("12")),
            ("substring('12345', 0 div 0, 3)", json!("")),
            ("substring('12345', 1, 0 div 0)", json!("")),
            ("substring('12345', -42, 1 div 0)", json!("12345")),
            ("substring('12345', -1 div 0, 1 div 0)", json!("")),
            ("substring('größe', 3)", json!("öße")),
            ("substring-before('1999/04/01', '/')", json!("1999")),
            ("substring-after('1999/04/01', '/')", json!("04/01")),
            ("substring-after('a', '')", json!("a")),
            ("substring-before('a', 'x')", json!("")),
            ("string-length('größe')", json!(5.0)),
            ("normalize-space(//t)", json!("a b")),
            ("translate('bar', 'abc', 'AB')", json!("BAr")),
            ("translate('--aaa--', 'abc-', 'ABC')", json!("AAA")),
            ("concat('a', 1, true(), //n)", json!("a1true1")),
            ("contains('abc', '')", json!(true)),
            ("starts-with('abc', 'b')", json!(false)),
            ("string(//none)", json!("")),
            ("string(/)", json!("123 a  b ")),
            ("boolean('false')", json!(true)),
            ("boolean(0 div 0)", json!(false)),
            ("boolean(//none)", json!(false)),
            ("not(//e)", json!(false)),
            ("true() and //none", json!(false)),
            ("false() or 'x'", json!(true)),
            ("//n = 2", json!(true)),
            ("//n != 2", json!(true)),
            ("not(//n = 2)", json!(false)),
            ("//n > 2", json!(true)),
            ("2 > //n", json!(true)),
            ("3 < //n", json!(false)),
            ("//n = //n", json!(true)),
            ("//n[1] != //n[1]", json!(false)),
            ("//n != //n", json!(true)),
            ("//n < //n", json!(true)),
            ("//n[3] < //n", json!(false)),
            ("//n[3] <= //n", json!(true)),
            ("//none = //none", json!(false)),
            ("//none != 1", json!(false)),
            ("//none = false()", json!(true)),
            ("//e = ''", json!(true)),
            ("'1' = 1", json!(true)),
            ("'1.0' = '1'", json!(false)),
            ("true() = 'no'", json!(true)),
            ("1 < 2 < 3", json!(true)),
            ("3 > 2 > 1", json!(false)),
            ("1 = 1 = 1", json!(true)),
        ],
    );
}

#[test]
fn wrong_expressions_are_refused() {
    let rows = [
        "",
        " ",
        "/shop[",
        "/shop]",
        "//",
        "/shop/",
        "(1",
        "1 +",
        "a b",
        "1 2",
        "p:item",
        "p:*",
        "//p:item",
        "$x",
        "'a",
        "f()",
        "p:f()",
        "count()",
        "count(1)",
        "count(//a, //b)",
        "sum('1')",
        "1/a",
        "'a'[1]",
        "(1)[1]",
        "a | 1",
        "sideways::a",
        "a::b",
        "a!",
        "a#b",
        "text()text()",
        "key('a', 'b')()",
        "comment('x')",
        "@",
        "..a",
        "a:",
        "concat('a')",
        "last(1)",
        "/shop//",
        "[1]",
        "child::",
        "..[1]",
    ];
    for path in rows {
        assert!(ask(SHOP, path).is_err(), "{path}");
    }
    let help = ask(SHOP, "//p:item").unwrap_err().help.unwrap();
    assert_eq!(help, "write `*[local-name()='item']`, which finds it whatever its namespace");
}

#[test]
fn an_expression_can_neither_nest_nor_work_without_end() {
    let many = format!("<r>{}</r>", "<a><b/></a>".repeat(5_000));
    let rows = [
        ("is nested deeper", format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000))),
        ("is nested deeper", format!("{}1{}", "a[".repeat(3_000), "]".repeat(3_000))),
        ("is nested deeper", format!("{}1", "not(".repeat(3_000))),
        ("is longer", "a".repeat(20_000)),
        ("looks at more", "//*[count(//*[count(//*) > 1]) > 1]".to_owned()),
        ("looks at more", "//a[count(preceding::*) = count(following::*)]".to_owned()),
    ];
    for (why, path) in &rows {
        assert!(ask(&many, path).unwrap_err().message.contains(why), "{why}");
    }
    check(
        &many,
        &[
            ("count(//*//*//*)", json!(5000.0)),
            ("count(//a/preceding-sibling::a[1])", json!(4999.0)),
            ("//a = //b", json!(true)),
            ("count(//a/following-sibling::*[1][self::a])", json!(4999.0)),
        ],
    );
    let sum = ["1"; 4_000].join("+");
    check("<r/>", &[(&sum, json!(4000.0)), (&format!("{}1", "-".repeat(8_000)), json!(1.0))]);
}

#[test]
fn xpath_takes_xml_only() {
    let xml = call("xml", &[json!("<a>1</a>")]).unwrap();
    assert_eq!(call("xpath", &[xml.clone(), json!("/a/text()")]).unwrap(), json!(["1"]));
    let rows = [json!("<a/>"), json!(null), json!({"a": 1}), json!({"$content-type": "text/plain", "$content": ""})];
    for value in rows {
        assert!(call("xpath", &[value, json!("/a")]).is_err());
    }
    assert!(call("xpath", &[xml, json!(1)]).is_err());
}

/// Runs a property with a seed that is printed, so that a failure can be repeated by setting it.
fn run<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let given = std::env::var("COSELL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let config = Config { cases: 400, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(strategy, property);
    assert!(result.is_ok(), "with COSELL_TEST_SEED={seed}: {result:?}");
}

/// Texts made of some words.
fn texts_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(select(words), 0..16).prop_map(|words| words.concat())
}

#[test]
fn random_paths_never_panic() {
    let any = "[a-z0-9/\\[\\]()@*.:,|=<>!+$'\" -]{0,40}";
    let words = texts_of(&[
        "/",
        "//",
        "item",
        "*",
        "@",
        "[",
        "]",
        "(",
        ")",
        "1",
        "'a'",
        "=",
        "and",
        "div",
        "..",
        ".",
        "|",
        "-",
        ",",
        "ancestor::",
        "following::",
        "preceding::",
        "namespace::",
        "text()",
        "node()",
        "last()",
        "position()",
        "count(",
        "substring(",
        "concat(",
        "string(",
        "<",
    ]);
    run(&prop_oneof![any, words], |path| {
        drop(ask(SHOP, &path));
        Ok(())
    });
}

#[test]
fn random_xml_is_refused_or_written_as_it_reads() {
    let bodies = texts_of(&[
        "<a>",
        "</a>",
        "<b/>",
        "<p:c xmlns:p='u' p:d='1'>",
        "</p:c>",
        " ",
        "text",
        "&amp;",
        "&#10;",
        "<![CDATA[x]]>",
        "<!--c-->",
        "<?i d?>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a [<!ELEMENT a ANY>]>",
        "é",
        "]]>",
        "<",
        "&",
        "\"",
    ]);
    run(&bodies, |body| {
        for given in [body.clone(), format!("<r>{body}</r>")] {
            if let Ok(xml) = call("xml", &[json!(given)]) {
                prop_assert_eq!(call("xml", &[json!(text(&xml))]), Ok(xml.clone()));
                prop_assert!(super::super::to_json(&xml).is_ok());
            }
        }
        Ok(())
    });
}
