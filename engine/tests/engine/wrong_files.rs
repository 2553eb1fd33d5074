//! Files with mistakes: every problem at once, in its place, with the way out. What people read is kept in
//! `snapshots`, a page for each table of cases.

mod kinds;
mod warned;

use std::fmt::Write as _;

use cosell_engine::pack::PackFiles;
use cosell_engine::source::{Code, Problems};
use indexmap::IndexMap;

use crate::fake;
use kinds::{KEYS, KINDS};
use warned::{FINE, GUARDS, LOOK_ALIKES, NEVER};

/// A name and the steps of a flow.
type Case = (&'static str, &'static str);

const SHAPES: &[Case] = &[
    ("unknown key in a step", "a: { call: fake.say, wiht: { value: 1 } }"),
    ("unknown key that is near to nothing", "a: { call: fake.say, colour: red }"),
    ("text where a map belongs", "a: fake.say"),
    ("a number where a name belongs", "a: { call: 7 }"),
    ("a step of two kinds", "a: { call: fake.say, compose: 1 }"),
    ("a step of no kind", "a: { title: Nothing }"),
    ("a key of another kind", "a: { compose: 1, then: { b: { compose: 2 } } }"),
    ("a loop without steps", "a: { for_each: $.trigger.list }"),
    ("two steps of one name", "Say: { call: fake.say }\ns: { scope: { say: { call: fake.say } } }"),
    ("a key given twice", "a: { call: fake.say }\nb: { compose: 1 }\na: { compose: 2 }"),
    ("an outcome that is none", "a: { compose: 1 }\nb: { compose: 2, after: { a: [suceeded] } }"),
    ("ending a run as skipped", "a: { terminate: skipped }"),
    ("ending the run in a loop", "l: { for_each: [1], steps: { a: { terminate: failed } } }"),
    ("answering in a loop", "l: { for_each: [1], steps: { a: { respond: 1 } } }"),
];

const REFERENCES: &[Case] = &[
    ("unknown step in a path", "referral: { compose: 1 }\nb: { compose: $.steps.referal.id }"),
    ("unknown step in a template", "referral: { compose: 1 }\nb: { compose: '{{steps.referal.id}}' }"),
    (
        "unknown steps within a value",
        "referral: { compose: 1 }\nb: { compose: { id: $.steps.referal.id, or: [{ $path: $.steps.referral.x, or: $.steps.c }] } }",
    ),
    ("unknown step in `after`", "first: { compose: 1 }\nb: { compose: 2, after: [frist] }"),
    ("waiting for a step elsewhere", "s: { scope: { a: { compose: 1 } } }\nb: { compose: 2, after: [a] }"),
    (
        "a circle of three steps",
        "a: { compose: 1, after: [c] }\nb: { compose: 2, after: [a] }\nc: { compose: 3, after: [b] }",
    ),
    ("a step that waits for itself", "a: { compose: 1, after: [a] }"),
    ("reading a later step", "a: { compose: $.steps.b }\nb: { compose: 1 }"),
    ("reading a step that runs beside", "a: { compose: 1 }\nb: { compose: $.steps.a, after: [] }"),
    ("reading the step itself", "a: { compose: $.steps.a }"),
    (
        "reading a step in a loop from outside",
        "l: { for_each: [1], steps: { a: { compose: 1 } } }\nb: { compose: $.steps.a }",
    ),
    ("reading the item of another loop", "l: { for_each: [1], steps: { a: { compose: $.items.m } } }"),
    ("reading an item outside of a loop", "a: { compose: $.item }"),
    ("reading an error where none is handled", "a: { compose: 1 }\nb: { compose: $.error.message }"),
    ("an unknown root", "a: { compose: $.triger.id }"),
    ("an unknown root in a template", "a: { compose: '{{triger.id}}' }"),
    ("an unknown parameter", "a: { compose: $.parameters.limmit }"),
    ("an unknown parameter in a template", "a: { compose: 'at most {{parameters.limmit}}' }"),
    ("an unknown mapping", "a: { compose: { $map: del, from: $.trigger, to: right } }"),
    ("an unknown side of a mapping", "a: { compose: { $map: deal, from: $.trigger, to: up } }"),
    ("a mapping without a direction", "a: { compose: { $map: deal, from: $.trigger } }"),
];

const CALLS: &[Case] = &[
    ("unknown operation", "a: { call: fake.sya }"),
    ("unknown connector", "a: { call: nowhere.say }"),
    ("unknown input", "a: { call: fake.say, with: { valeu: 1 } }"),
    ("missing input", "a: { call: fake.read }"),
    ("missing input beside another one", "a: { call: fake.write, with: { id: x } }"),
    ("text where a number belongs", "a: { call: fake.wait, with: { seconds: soon } }"),
    ("a template where a number belongs", "a: { call: fake.wait, with: { seconds: '{{trigger.n}}' } }"),
    ("a list where text belongs", "a: { call: fake.read, with: { id: [x] } }"),
    ("many values where one is wanted", "a: { call: fake.read, with: { id: '$.trigger.list[*].id' } }"),
    ("an unknown flow", "a: { run_flow: childd }"),
    ("a flow that is nobody's child", "a: { run_flow: wrong }"),
    ("an unknown input of a flow", "a: { run_flow: child, with: { id: x, ammount: 1 } }"),
    ("a missing input of a flow", "a: { run_flow: child }"),
    (
        "an update through an unknown mapping",
        "a: { update_if_different: { map: del, from: $.trigger, read: { call: fake.read, with: { id: x } }, update: { call: fake.write, with: { row: $.changes } } } }",
    ),
    (
        "an update of a service that the mapping does not know",
        "a: { update_if_different: { map: deal, from: $.trigger, read: { call: third.read, with: { id: x } }, update: { call: third.write, with: { row: $.changes } } } }",
    ),
    (
        "an update that reads by writing",
        "a: { update_if_different: { map: deal, from: $.trigger, read: { call: fake.create, with: { row: {} } }, update: { call: fake.write, with: { id: x, row: $.changes } } } }",
    ),
    (
        "an update of what was read before, without a version",
        "a: { update_if_different: { map: deal, from: $.trigger, to: $.trigger.row, read: { call: fake.say }, update: { call: fake.write, with: { id: x, row: $.changes } } } }",
    ),
];

const VALUES: &[Case] = &[
    ("a path that is none", "a: { compose: $.trigger. }"),
    ("a path without a root", "a: { compose: '$[0]' }"),
    ("a template that is not closed", "a: { compose: 'Deal {{trigger.id' }"),
    ("a template with an unknown helper", "a: { compose: '{{shout trigger.id}}' }"),
    ("a path and a template at once", "a: { compose: '$.trigger.{{trigger.key}}' }"),
    ("an expression that does not end", "a: { compose: \"@body('a'\" }"),
    ("an expression in a text that does not end", "a: { compose: 'Deal @{triggerBody()' }"),
    ("a function that is none", "a: { compose: \"@coalesce_it(trigerBody())\" }"),
    ("a function that others have", "a: { compose: '@round(1.5)' }"),
    ("too few values for a function", "a: { compose: \"the @{variables()} of @{body('b', 'c')}\" }"),
    ("a literal that a function does not take", "a: { compose: \"@variables(2)\" }"),
    ("several mistakes in one expression", "a: { compose: \"@body(nobody(1), variables(2), trigger(3))\" }"),
    ("a mistake in a long expression", "a:\n  compose: >-\n    @body(\n    nobody(1))"),
    (
        "a step that an expression does not find",
        "other: { compose: 1 }\na: { compose: \"it is @{body('othr')?['id']}\" }",
    ),
    ("a variable that an expression does not find", "a: { compose: \"@variables('count')\" }"),
    ("an expression and a template at once", "a: { compose: '@{triggerBody()} of {{trigger.id}}' }"),
    ("an unknown special object", "a: { compose: { $concat: [a, b] } }"),
    ("a condition that is no map", "a: { if: 1, then: { b: { compose: 1 } } }"),
    ("an unknown comparison", "a: { if: { equal: [1, 1] }, then: { b: { compose: 1 } } }"),
    ("a comparison of one value", "a: { if: { equals: $.trigger.id }, then: { b: { compose: 1 } } }"),
];

#[test]
fn never() {
    insta::assert_snapshot!(page(NEVER));
}

#[test]
fn guards() {
    insta::assert_snapshot!(page(GUARDS));
}

#[test]
fn look_alikes() {
    insta::assert_snapshot!(page(LOOK_ALIKES));
}

#[test]
fn what_is_fine_is_not_warned_of() {
    for (name, steps) in FINE {
        let problems = problems_of(&with_children(steps), &IndexMap::new());
        assert!(problems.0.is_empty(), "{name}: {problems}");
    }
}

/// A flow with more than Power Automate allows of each kind, and the lines where that is told.
#[test]
fn limits_are_warnings() {
    let name = "n".repeat(81);
    let note = "x".repeat(257);
    let expression = format!("@coalesce('{}')", "x".repeat(8_192));
    let address = format!("https://example.org/{}", "x".repeat(16_384));
    let cases: String = (0..26).map(|case| format!("      c{case}: {{ steps: {{}} }}\n")).collect();
    let deep = (0..9)
        .rev()
        .fold("{ inner: { compose: 1 } }".to_owned(), |inner, depth| format!("{{ d{depth}: {{ scope: {inner} }} }}"));
    let variables: String = (0..251).map(|place| format!("  v{place}: {{ type: text }}\n")).collect();
    let actions: String = (0..250).map(|place| format!("  s{place}: {{ compose: 1 }}\n")).collect();
    let flow = format!(
        "flow: big\nnote: {note}\ntrigger: {{ manual: {{}} }}\nsteps:\n  {name}: {{ compose: 1 }}\n  e: {{ compose: \"{expression}\" }}\n  u: {{ call: fake.say, with: {{ value: {address} }} }}\n  deep: {{ scope: {deep} }}\n  t: {{ call: fake.say, timeout: 31 days, retry: {{ interval: 1 second }} }}\n  w:\n    switch: $.trigger\n    cases:\n{cases}{actions}variables:\n{variables}"
    );
    let problems = problems_of(&fake::files(&flow), &IndexMap::new());
    let lines: Vec<usize> =
        problems.0.iter().filter(|problem| problem.code() == Code::Limit).map(|problem| problem.place().1).collect();
    assert_eq!(lines, [2, 4, 5, 6, 7, 8, 9, 9, 12, 289], "{problems}");
    assert_eq!(
        problems.errors(),
        problems.0.iter().filter(|problem| problem.code() != Code::Limit).count(),
        "{problems}"
    );
    assert_eq!(problems.clone().strict(Code::Limit).errors(), problems.0.len());
}

#[test]
fn flows_that_run_each_other_in_a_circle_are_refused() {
    let flow = |name: &str, runs: &str| {
        format!("flow: {name}\ntrigger: {{ child: {{}} }}\nsteps:\n  s: {{ scope: {{ a: {{ run_flow: {runs} }} }} }}\n")
    };
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("one", "one")], "the flow `one` runs itself and would never end"),
        (&[("one", "two"), ("two", "one")], "the flows `one`, `two` run each other in a circle and would never end"),
    ];
    for (flows, expected) in cases {
        let mut files = fake::files(&flow(flows[0].0, flows[0].1));
        for (name, runs) in &flows[1..] {
            files.0.insert(format!("{name}.yaml"), flow(name, runs));
        }
        let connectors = fake::connectors(&fake::Shared::default());
        let problems = files.check("", &indexmap::IndexMap::new(), &connectors).err().unwrap_or_default().0;
        let messages: Vec<&str> = problems.iter().map(cosell_engine::source::Problem::message).collect();
        assert_eq!(messages, [*expected]);
    }
}

#[test]
fn shapes() {
    insta::assert_snapshot!(page(SHAPES));
}

#[test]
fn references() {
    insta::assert_snapshot!(page(REFERENCES));
}

#[test]
fn calls() {
    insta::assert_snapshot!(page(CALLS));
}

#[test]
fn values() {
    insta::assert_snapshot!(page(VALUES));
}

#[test]
fn kinds() {
    insta::assert_snapshot!(page(&[KINDS, KEYS].concat()));
}

#[test]
fn files() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("an empty folder", &[]),
        ("no pack.yaml", &[("flow.yaml", GOOD)]),
        ("neither flow nor mapping", &[("pack.yaml", PACK), ("notes.yaml", "title: Notes\n")]),
        ("an empty file", &[("pack.yaml", PACK), ("empty.yaml", "")]),
        ("a list", &[("pack.yaml", PACK), ("list.yaml", "- flow: a\n")]),
        ("text that does not parse", &[("pack.yaml", PACK), ("flow.yaml", "flow: a\nsteps: [\n")]),
        ("two documents in a file", &[("pack.yaml", PACK), ("flow.yaml", "flow: a\n---\nflow: b\n")]),
        ("a tab for indentation", &[("pack.yaml", PACK), ("flow.yaml", "flow: a\nsteps:\n\ta: 1\n")]),
        (
            "a template without quotes",
            &[
                ("pack.yaml", PACK),
                ("flow.yaml", "flow: a\ntrigger: { manual: {} }\nsteps:\n  a: { compose: {{trigger.id}} }\n"),
            ],
        ),
        (
            "a computed value without quotes",
            &[
                ("pack.yaml", PACK),
                ("flow.yaml", "flow: a\ntrigger: { manual: {} }\nsteps: { a: { compose: @add(1, 2) } }\n"),
            ],
        ),
        ("two flows of one name", &[("pack.yaml", PACK), ("a.yaml", GOOD), ("b.yaml", GOOD)]),
        (
            "two flows of names that differ in case",
            &[
                ("pack.yaml", PACK),
                ("a.yaml", GOOD),
                ("b.yaml", "flow: GOOD\ntrigger: { manual: {} }\nsteps: { a: { compose: 1 } }\n"),
            ],
        ),
        (
            "inputs that cannot be so",
            &[
                ("pack.yaml", PACK),
                (
                    "a.yaml",
                    "flow: a\ntrigger: { manual: { inputs: { n: { type: number, default: x }, t: { type: text, one_of: [a], default: b } } } }\nsteps: { a: { run_flow: b, with: { n: 5 } } }\n",
                ),
                (
                    "b.yaml",
                    "flow: b\ntrigger: { child: { inputs: { n: { type: text } } } }\nsteps: { a: { respond: 1 } }\n",
                ),
                (
                    "c.yaml",
                    "flow: c\ntrigger: { manual: { inputs: { n: { type: foo }, t: { type: text } } } }\nsteps: { a: { compose: $.trigger.t } }\n",
                ),
            ],
        ),
        (
            "changes that a variable cannot take",
            &[
                ("pack.yaml", PACK),
                (
                    "flow.yaml",
                    "flow: a\ntrigger: { manual: {} }\nvariables: { l: { type: list }, i: { type: integer }, t: { type: text } }\nsteps:\n  a: { append: { l: [1] } }\n  b: { append: { t: 5 } }\n  c: { increment: { i: 1.5 } }\n  d: { decrement: { i: '{{variables.t}}' } }\n",
                ),
            ],
        ),
        ("a flow without trigger and steps", &[("pack.yaml", PACK), ("flow.yaml", "flow: a\n")]),
        (
            "no step, and two triggers",
            &[("pack.yaml", PACK), ("flow.yaml", "flow: a\ntrigger: { manual: {}, child: {} }\nsteps: {}\n")],
        ),
        (
            "an unknown trigger, and a trigger that reads a step",
            &[
                ("pack.yaml", PACK),
                ("a.yaml", "flow: a\ntrigger: { webhook: fake.chagned }\nsteps: { a: { compose: 1 } }\n"),
                (
                    "b.yaml",
                    "flow: b\ntrigger: { poll: fake.changed, with: { kind: $.steps.a, sort: x }, key: { deal: $.item } }\nsteps: { a: { compose: 1 } }\n",
                ),
            ],
        ),
        (
            "an unknown connector and a parameter without a value",
            &[
                (
                    "pack.yaml",
                    "pack: p\nversion: 0.1.0\nconnections: { crm: { connector: fakes } }\nparameters: { limit: {} }\n",
                ),
                ("flow.yaml", GOOD),
            ],
        ),
        (
            "a mapping with a mistake does not hide what is wrong in a flow, nor add to it",
            &[
                ("pack.yaml", PACK),
                (
                    "mapping.yaml",
                    "mapping: deal\nbetween: { left: other.deal, right: fake.deal }\nfields: { name: { left: name, rihgt: title } }\n",
                ),
                (
                    "flow.yaml",
                    "flow: a\ntrigger: { manual: {} }\nsteps: { a: { compose: { $map: deal, from: $.trigger, to: right } }, b: { call: fake.sya } }\n",
                ),
            ],
        ),
    ];
    let mut page = String::new();
    for (name, files) in cases {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        entry(&mut page, name, &problems_of(&PackFiles(files), &IndexMap::new()));
    }
    insta::assert_snapshot!(page);
}

#[test]
fn settings_of_an_environment() {
    let mut settings = IndexMap::new();
    settings.insert("limit".to_owned(), "three".into());
    settings.insert("limmit".to_owned(), 3.into());
    let mut page = String::new();
    entry(&mut page, "another type, and an unknown name", &problems_of(&fake::files(GOOD), &settings));
    insta::assert_snapshot!(page);
}

/// Twenty mistakes of different kinds, and the lines where they are found in one pass.
#[test]
fn twenty_mistakes_are_twenty_problems() {
    let flow = "\
flow: wrong
trigger: { manual: {} }
colour: red
steps:
  a: { call: fake.sya }
  b: { call: fake.say, with: { valeu: 1 } }
  c: { call: fake.read }
  d: { compose: $.steps.nobody.id }
  e: { compose: $.steps.later }
  later: { compose: 1, titel: Later }
  f: { call: fake.say, compose: 1 }
  g: { title: Nothing }
  h: { compose: $.trigger. }
  i: { compose: '{{nowhere.id}}' }
  j: { compose: '@utcNou()' }
  k: { compose: $.error.message }
  l: { for_each: [1], steps: { inner: { terminate: failed } } }
  m: { compose: $.steps.inner }
  n: { compose: $.parameters.limmit }
  o: { compose: { $map: del, from: $.trigger, to: right } }
  p: { run_flow: nobody }
  q: { if: { equal: [1, 1] }, then: { r: { compose: 1 } } }
  A: { compose: 1 }
  s: { call: fake.wait, with: { seconds: '{{trigger.n}}' } }
  t: { compose: 1, after: [u] }
  u: { compose: 1, after: [t] }
";
    let expected = [
        (3, "unknown key `colour`"),
        (5, "there is no operation `fake.sya`"),
        (6, "`fake.say` has no input `valeu`"),
        (7, "`fake.read` needs `id`"),
        (8, "there is no step `nobody`"),
        (9, "`later` may not have ended when this is read"),
        (10, "unknown key `titel`"),
        (11, "`f` is of several kinds: call, compose"),
        (12, "what `g` does is missing"),
        (13, "`$.trigger.` is not a JSONPath"),
        (14, "the template `{{nowhere.id}}` reads `nowhere.id`, which is not there"),
        (15, "there is no function `utcNou`"),
        (16, "there is an `error` only in a step that handles one"),
        (17, "a run cannot be ended from within a loop"),
        (18, "`inner` stands in the loop `l` and has no single value outside of it"),
        (19, "the pack has no parameter `limmit`"),
        (20, "the pack has no mapping `del`"),
        (21, "there is no flow `nobody`"),
        (22, "unknown condition `equal`"),
        (23, "there are two steps of the name `a`"),
        (24, "a template gives text, and `fake.wait` wants a whole number here"),
        (25, "these steps wait for each other: `t` waits for `u`, `u` waits for `t`"),
    ];
    let problems = problems_of(&fake::files(flow), &IndexMap::new());
    let found: Vec<(usize, &str)> = problems.0.iter().map(|problem| (problem.place().1, problem.message())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_text_that_unfolds_or_nests_without_end_is_refused() {
    let mut laughs = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..20 {
        let inner = format!("*a{}, ", level - 1).repeat(9);
        let _ = writeln!(laughs, "a{level}: &a{level} [{}]", inner.trim_end_matches(", "));
    }
    let blocks: String = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let conditions = format!(
        "flow: a\ntrigger: {{ manual: {{}} }}\nsteps: {{ a: {{ if: {}{{ empty: 1 }}{}, then: {{ b: {{ compose: 1 }} }} }} }}\n",
        "{ not: ".repeat(200),
        " }".repeat(200)
    );
    let cases = [
        ("laughs", laughs),
        ("lists", "[".repeat(100_000)),
        ("maps", "{a: ".repeat(100_000)),
        ("blocks", blocks),
        ("conditions", conditions),
        ("anchors of themselves", "a: &a [*a]\n".to_owned()),
    ];
    for (name, text) in cases {
        let mut files = fake::files(GOOD);
        files.0.insert("bad.yaml".to_owned(), text);
        let problems = problems_of(&files, &IndexMap::new());
        assert_eq!(problems.0.len(), 1, "{name}: {problems}");
    }
}

const PACK: &str = "pack: p\nversion: 0.1.0\n";
const GOOD: &str = "flow: good\ntrigger: { manual: {} }\nsteps:\n  a: { compose: 1 }\n";
const CHILD: &str = "\
flow: child
trigger:
  child:
    inputs:
      id: { type: text }
      amount: { type: number, default: 1 }
steps:
  a: { respond: $.trigger.id }
";
const SILENT: &str = "flow: silent\ntrigger: { child: {} }\nsteps:\n  a: { compose: 1 }\n";

/// What people read about each case, one after the other.
fn page(cases: &[Case]) -> String {
    let mut page = String::new();
    for (name, steps) in cases {
        entry(&mut page, name, &problems_of(&with_children(steps), &IndexMap::new()));
    }
    page
}

/// A flow with these steps, and flows that it can run.
fn with_children(steps: &str) -> PackFiles {
    let steps: String = steps.lines().map(|line| format!("  {line}\n")).collect();
    let mut files = fake::files(&format!("flow: wrong\ntrigger: {{ manual: {{}} }}\nsteps:\n{steps}"));
    files.0.insert("child.yaml".to_owned(), CHILD.to_owned());
    files.0.insert("silent.yaml".to_owned(), SILENT.to_owned());
    files
}

fn entry(page: &mut String, name: &str, problems: &Problems) {
    let _ = writeln!(page, "## {name}\n");
    assert!(!problems.0.is_empty(), "{name}: nothing is wrong");
    for problem in &problems.0 {
        let _ = writeln!(page, "{}\n", problem.render(false));
    }
}

fn problems_of(files: &PackFiles, settings: &IndexMap<String, serde_json::Value>) -> Problems {
    let connectors = fake::connectors(&fake::Shared::default());
    match files.check("", settings, &connectors) {
        Ok(pack) => pack.warnings().clone(),
        Err(problems) => problems,
    }
}
