//! Templates in tables: what they print, what they read, which mistakes they have.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod random;

use serde_json::{Value, json};

use super::Template;
use crate::expression::computed::shortened;
use crate::expression::{GivenScope, NamedValues, Read, Root};

/// The roots of a step in a loop.
const ROOTS: [&str; 7] = ["trigger", "parameters", "variables", "steps", "items", "item", "error"];

fn scope() -> GivenScope {
    serde_json::from_value(json!({
        "triggerBody": {
            "name": "A & B <c>", "n": 3, "none": null, "flag": true, "price": 2.5, "a b": "s", "text": "x,y",
            "list": [{"q": 1}, {"q": 2}], "o": {"x": 1, "7": "seven"}, "createdAt": "2026-01-31T12:00:00Z",
            "rows": [{"length": 4, "first": "f", "item": "i", "utcNow": "then", "toUpper": "t", "log": "l", "q": "z"}],
        },
        "parameters": {"p": "P"},
        "variables": {"n": 7},
        "outputs": {"Get row": {"statusCode": 200, "body": {"id": 5}}, "Say": "it's"},
        "items": {"loop": "current"},
        "item": {"q": "outer"},
        "result": {"scope": [{"name": "a"}]},
        "now": "2018-04-15T13:00:00Z",
    }))
    .unwrap()
}

/// Runs cases: a template, and its text or what its error says.
fn check(cases: &[(&str, Result<&str, &str>)]) {
    let scope = scope();
    for (text, expected) in cases {
        let actual = Template::parse(text, &ROOTS).and_then(|template| template.render(&scope));
        match (actual, expected) {
            (Ok(actual), Ok(expected)) => assert_eq!(actual, *expected, "{text}"),
            (Err(error), Err(expected)) => assert_eq!(
                error.message.strip_prefix(&format!("the template `{}` ", shortened(text))).unwrap_or(&error.message),
                *expected,
                "{text}"
            ),
            (actual, _) => unreachable!("{text}: {actual:?} and not {expected:?}"),
        }
    }
}

#[test]
fn templates_are_strict_and_do_not_escape() {
    check(&[
        ("Deal {{trigger.name}}", Ok("Deal A & B <c>")),
        ("{{trigger.n}}/{{trigger.none}}.", Ok("3/.")),
        ("{{{trigger.name}}}{{trigger.flag}}{{trigger.price}}", Ok("A & B <c>true2.5")),
        ("{{trigger.[a b]}}", Ok("s")),
        ("{{trigger.list.[1].q}}{{trigger.list.[-1].q}}{{trigger.o.[7]}}", Ok("22seven")),
        ("{{this.trigger.n}}{{@root.trigger.n}}{{./trigger.n}}", Ok("333")),
        ("a {{~trigger.n~}} b{{! said }}c", Ok("a3bc")),
        ("\\{{trigger.n}}", Ok("{{trigger.n}}")),
        ("{{#if trigger.none}}yes{{else}}no{{/if}}", Ok("no")),
        ("{{#if trigger.none}}yes{{else if trigger.n}}n{{/if}}", Ok("n")),
        ("{{#each trigger.list as |row|}}{{row.q}},{{/each}}", Ok("1,2,")),
        ("{{#each trigger.list}}{{q}}{{../trigger.n}}{{@root.trigger.n}}{{@index}}{{/each}}", Ok("13302331")),
        ("{{#with trigger.o}}{{x}}{{/with}}{{#with trigger.none}}{{x}}{{else}}{{trigger.n}}{{/with}}", Ok("13")),
        ("{{#each trigger.rows}}{{item}}{{../item.q}}{{/each}}", Ok("iouter")),
        ("{{trigger.missing}}", Err("gives no text: `trigger.missing` finds nothing")),
        ("{{#if trigger.missing}}x{{/if}}", Err("gives no text: `trigger.missing` finds nothing")),
        ("{{trigger.o}}", Err("gives no text: `trigger.o` is an object, not text")),
        ("{{trigger.list}}", Err("gives no text: `trigger.list` is a list, not text")),
        ("{{#each trigger.list}}{{this}}{{/each}}", Err("gives no text: `this` is an object, not text")),
        ("{{#each trigger.list}}{{w}}{{/each}}", Err("gives no text: `w` finds nothing")),
        ("{{tigger.name}}", Err("reads `tigger.name`, which is not there")),
        ("{{this}}", Err("reads `this`, which is not there")),
        ("{{steps}}", Err("reads `steps`, which is not there")),
        ("{{@index}}", Err("`@index` stands in no `each`")),
        (
            "{{#each trigger.list}}{{../../x}}{{/each}}",
            Err("`../../x` goes up further than there are blocks around it"),
        ),
        ("{{> other}}", Err("uses a partial or a decorator, and there are none")),
        ("{{trigger.name", Err("opens `{{` or closes `}}` only")),
    ]);
}

#[test]
fn every_function_is_a_helper() {
    check(&[
        ("{{toUpper trigger.name}}", Ok("A & B <C>")),
        ("{{TOUPPER \"a\"}}{{toupper 'it\\'s'}}", Ok("AIT'S")),
        ("{{formatDateTime trigger.createdAt \"yyyy-MM-dd\"}}", Ok("2026-01-31")),
        ("{{concat (toUpper trigger.text) \"-\" (string trigger.n)}}", Ok("X,Y-3")),
        ("{{#if (equals trigger.n 3)}}three{{/if}}", Ok("three")),
        ("{{#each (split trigger.text \",\")}}[{{this}}]{{/each}}", Ok("[x][y]")),
        ("{{#each (split trigger.text \",\")}}{{toUpper this}}{{@index}}{{../trigger.n}}{{/each}}", Ok("X03Y13")),
        ("{{#each trigger.list as |row i|}}{{add row.q i}} {{/each}}", Ok("1 3 ")),
        ("{{(toUpper trigger.text)}}{{{toUpper trigger.text}}}", Ok("X,YX,Y")),
        ("{{add 1 2}} {{add 1 0.5}} {{equals 1 1}} {{coalesce null \"\"}}", Ok("3 1.5 True ")),
        ("{{string trigger.list}}", Ok("[{\"q\":1},{\"q\":2}]")),
        ("{{length (createArray 1 \"a\" true null)}}", Ok("4")),
        ("{{#with (first trigger.list)}}{{q}}{{/with}}", Ok("1")),
        ("{{lookup trigger.list 1}}", Err("gives no text: the value is an object, not text")),
        ("{{lookup trigger.o \"x\"}}{{len trigger.list}}{{#eq trigger.n 3}}y{{/eq}}", Ok("12y")),
        ("{{first trigger.list}}", Err("gives no text: what `first` gives is an object, not text")),
        ("{{toUpper trigger.n}}", Err("gives no text: `toUpper`: the first value must be text, and is a whole number")),
        ("{{toUpper 5}}", Err("`text` of `toUpper` must be text, and is a whole number")),
        ("{{toUpper}}", Err("`toUpper` takes 1 value, and is given 0")),
        ("{{(toUpper)}}", Err("`toUpper` takes 1 value, and is given 0")),
        ("{{concat (toUpper \"a\" \"b\")}}", Err("`toUpper` takes 1 value, and is given 2")),
        ("{{toUpper text=\"a\"}}", Err("`toUpper` takes no value with a name, such as `text=`")),
        ("{{touper trigger.n}}", Err("uses `touper`, which is no helper")),
        ("{{#toUpper \"a\"}}b{{/toUpper}}", Err("`toUpper` opens no block")),
        ("{{if trigger.n \"a\"}}", Err("`if` stands only before a block")),
        ("{{#if}}a{{/if}}", Err("`if` takes 1 value or more, and is given 0")),
        ("{{#each trigger.list}}{{toUpper w}}{{/each}}", Err("gives no text: `w` finds nothing")),
    ]);
    for (name, near) in [("touper", "did you mean `toUpper`?"), ("unles", "did you mean `unless`?")] {
        let error = Template::parse(&format!("{{{{{name} trigger.n}}}}"), &ROOTS).unwrap_err();
        assert_eq!(error.help.as_deref(), Some(near));
    }
}

#[test]
fn what_is_missing_is_null_for_coalesce_only() {
    check(&[
        ("{{coalesce trigger.missing \"x\"}}", Ok("x")),
        ("{{coalesce trigger.missing.too.deep trigger.n}}", Ok("3")),
        ("{{#each trigger.list}}{{coalesce w q}}{{/each}}", Ok("12")),
        (
            "{{coalesce trigger.missing \"x\"}}{{trigger.missing}}",
            Err("gives no text: `trigger.missing` finds nothing"),
        ),
        ("{{coalesce (toUpper trigger.missing) \"x\"}}", Err("gives no text: `trigger.missing` finds nothing")),
    ]);
}

#[test]
fn a_name_alone_in_a_block_is_a_field() {
    check(&[
        ("{{#each trigger.rows}}{{length}}{{first}}{{item}}{{toUpper}}{{log}}{{/each}}", Ok("4fitl")),
        ("{{#each trigger.rows}}{{length}}{{length \"ab\"}}{{toUpper first}}{{/each}}", Ok("42F")),
        ("{{#each trigger.rows}}{{./utcNow}} {{utcNow}}{{/each}}", Ok("then 2018-04-15T13:00:00.0000000Z")),
        ("{{#each trigger.rows}}{{string (item)}}{{/each}}", Ok("{\"q\":\"outer\"}")),
        ("{{#each trigger.rows as |guid|}}{{guid.q}}{{/each}}", Ok("z")),
        ("{{#each trigger.list as |utcNow|}}{{string utcNow}}{{/each}}", Ok("{\"q\":1}{\"q\":2}")),
        ("{{item.q}}{{#if trigger.n}}{{utcNow \"yyyy\"}}{{/if}}", Ok("outer2018")),
    ]);
}

#[test]
fn functions_that_read_the_run_become_reads() {
    check(&[
        ("{{variables \"n\"}}{{parameters 'p'}}{{items \"loop\"}}", Ok("7Pcurrent")),
        ("{{outputs \"Say\"}}", Ok("it's")),
        ("{{#with (body \"Get row\")}}{{id}}{{/with}}", Ok("5")),
        ("{{#each (result \"scope\")}}{{name}}{{/each}}{{length (result \"scope\")}}", Ok("a1")),
        ("{{#each trigger.list}}{{variables \"n\"}}{{/each}}", Ok("77")),
        ("{{#with triggerBody}}{{n}}{{/with}}", Err("reads `triggerBody`, which is not there")),
        ("{{#with (triggerBody)}}{{n}}{{/with}}", Ok("3")),
        ("{{triggerBody}}", Err("gives no text: `triggerBody` is an object, not text")),
        ("{{outputs trigger.name}}", Err("`outputs` in a template takes its name in quotes")),
        ("{{outputs 5}}", Err("`name` of `outputs` must be text, and is a whole number")),
        ("{{variables \"x\"}}", Err("gives no text: `variables('x')`: there is no variable `x`")),
    ]);
    let none = Template::parse("{{outputs \"Say\"}}", &["parameters"]).unwrap_err();
    assert_eq!(none.message, "`outputs` cannot be used here");
}

/// What is read: a root, the first key below it, and whether it may be missing.
type Expected = (Root, Option<&'static str>, bool);

#[test]
fn reads_are_exact() {
    let step = |name: &str| Root::Step(name.to_owned());
    let named = |name: &str| Root::Named(name.to_owned());
    let cases: &[(&str, &[Expected])] = &[
        ("plain", &[]),
        ("{{trigger.a.b}}{{trigger.a.b}}", &[(named("trigger"), Some("a"), false)]),
        (
            "{{toUpper (concat trigger.a steps.X.b)}}",
            &[(named("trigger"), Some("a"), false), (step("X"), Some("b"), false)],
        ),
        (
            "{{#each steps.X.rows}}{{trigger.a}}{{../variables.n}}{{/each}}",
            &[(step("X"), Some("rows"), false), (named("variables"), Some("n"), false)],
        ),
        (
            "{{#if trigger.a}}{{else if (equals steps.X.k 1)}}{{/if}}",
            &[(named("trigger"), Some("a"), false), (step("X"), Some("k"), false)],
        ),
        (
            "{{outputs \"X\"}}{{string (body \"Y\")}}",
            &[(Root::Outputs("X".to_owned()), None, false), (step("Y"), None, false)],
        ),
        ("{{coalesce trigger.a (body \"X\") \"b\"}}", &[(named("trigger"), Some("a"), true), (step("X"), None, true)]),
        ("{{parameters \"p\"}}", &[(named("parameters"), Some("p"), false)]),
        (
            "{{lookup trigger.o trigger.k}}{{#each trigger.l as |trigger|}}{{trigger.no}}{{/each}}",
            &[
                (named("trigger"), Some("o"), false),
                (named("trigger"), Some("k"), false),
                (named("trigger"), Some("l"), false),
            ],
        ),
    ];
    for (text, expected) in cases {
        let actual: Vec<Read> = Template::parse(text, &ROOTS).unwrap().reads().collect();
        let actual: Vec<_> = actual.iter().map(|read| (read.root.clone(), read.key.as_deref(), read.guarded)).collect();
        assert_eq!(actual, *expected, "{text}");
    }
}

#[test]
fn identifiers_differ_within_a_text() {
    let text = Template::parse("{{#each trigger.list}}{{guid}} {{/each}}{{rand 1 5}}", &ROOTS).unwrap();
    let text = text.render(&scope()).unwrap();
    let parts: Vec<&str> = text.split(' ').collect();
    assert_eq!(parts.len(), 3, "{text}");
    assert_ne!(parts[0], parts[1]);
    let nothing = Value::Null;
    let no_time = Template::parse("{{utcNow}}", &["x"]).unwrap().render(&NamedValues(vec![("x", &nothing)]));
    assert!(no_time.unwrap_err().message.ends_with("`utcNow`: there is no time here"));
}

#[test]
fn what_is_too_deep_is_an_error() {
    let deep = |count: usize, open: &str, close: &str| format!("{}{}", open.repeat(count), close.repeat(count));
    let cases = [
        (format!("{{{{{}1{}}}}}", "string (".repeat(2000), ")".repeat(2000)), false),
        (deep(2000, "{{#if trigger.n}}", "{{/if}}"), false),
        (format!("{{{{#if trigger.n}}}}{}{{{{/if}}}}", "{{else if trigger.n}}".repeat(2000)), false),
        (format!("{{{{string {}{}}}}}", "[".repeat(2000), "]".repeat(2000)), false),
        (deep(99, "{{#if trigger.n}}", "{{/if}}"), true),
        ("{{#if trigger.n}}a{{else if trigger.n}}b{{/if}}".repeat(300), true),
        ("(((".repeat(500) + "{{trigger.n}}", true),
    ];
    for (text, is_fine) in cases {
        assert_eq!(Template::parse(&text, &ROOTS).is_ok(), is_fine, "{}", &text[..40]);
    }
}
