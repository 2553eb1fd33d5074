//! What is not to be shown: what a step says of itself, and what is made from it.

use serde_json::json;

use super::run;
use crate::fake;
use crate::outcomes::possible;

#[test]
fn what_is_secret_and_what_is_made_from_it_is_not_shown() {
    // The steps, and those whose value is hidden.
    let cases: &[(&str, &[&str])] = &[
        ("a: { compose: secret, secure: [outputs] }", &["a"]),
        ("a: { compose: secret, secure: [inputs] }", &["a"]),
        ("a: { call: fake.say, with: { value: secret }, secure: [inputs] }", &[]),
        (
            "a: { compose: s, secure: [outputs] }\nb: { compose: '{{steps.a}}' }\nc: { compose: $.steps.b }\nd: { compose: 1 }",
            &["a", "b", "c"],
        ),
        ("a: { compose: s, secure: [outputs] }\nb: { compose: \"@outputs('A')\" }", &["a", "b"]),
        ("a: { compose: s, secure: [outputs] }\nb: { compose: \"@actions('a')\" }", &["a", "b"]),
        (
            "a: { compose: s, secure: [outputs] }\nb: { set: { text: $.steps.a } }\nc: { compose: $.variables.text }",
            &["a", "b", "c"],
        ),
        (
            "a: { compose: s, secure: [outputs] }\nb: { set: { text: $.steps.a } }\nc: { compose: $.variables.n }",
            &["a", "b"],
        ),
        ("a: { compose: s, secure: [outputs] }\nb: { call: fake.say, with: { value: $.steps.a } }", &["a"]),
        (
            "a: { compose: [s], secure: [outputs] }\nl: { for_each: $.steps.a, steps: { b: { append: { seen: $.item } } } }\nc: { compose: $.variables.seen }",
            &["a", "c"],
        ),
        (
            "a: { compose: [s], secure: [outputs] }\nl: { for_each: $.steps.a, steps: { b: { append: { seen: $.items.l } } } }\nc: { compose: $.variables.seen }",
            &["a", "c"],
        ),
        (
            "l: { for_each: [1], steps: { a: { compose: s, secure: [outputs] } } }\nb: { compose: \"@result('l')\" }",
            &["b"],
        ),
        (
            "s: { scope: { t: { scope: { a: { compose: s, secure: [outputs] } } } } }\nb: { compose: \"@result('t')\" }",
            &["a", "b"],
        ),
        ("a: { compose: [s], secure: [outputs] }\nb: { select: { from: $.steps.a, each: $.item } }", &["a", "b"]),
        ("a: { compose: s, secure: [outputs] }\nb: { respond: $.steps.a }", &["a", "b"]),
        (
            "a: { compose: { name: s, value: 1 }, secure: [outputs] }\nb: { update_if_different: { map: deal, from: $.steps.a, read: { call: fake.read, with: { id: row } }, update: { call: fake.write, with: { row: $.changes } } } }",
            &["a", "b"],
        ),
        ("a: { call: fake.fail, secure: [inputs] }\nb: { after: { a: [failed] }, compose: $.error.message }", &["b"]),
        ("a: { call: fake.fail, secure: [inputs] }\nb: { after: { a: [failed] }, compose: $.error.step }", &[]),
        ("a: { call: fake.fail }\nb: { after: { a: [failed] }, compose: $.error.message }", &[]),
        (
            "a: { compose: s, secure: [outputs] }\nb: { compose: { \"@{outputs('a')}\": 1 } }\nc: { compose: 1 }",
            &["a", "b"],
        ),
    ];
    for (steps, hidden) in cases {
        let run = run(steps);
        let shown: Vec<String> = run
            .steps()
            .into_iter()
            .filter(|step| step.value == json!(cosell_engine::run::HIDDEN))
            .map(|step| step.step.name)
            .collect();
        assert_eq!(shown, *hidden, "{steps}");
    }
}

/// Whatever people see of a run, the secret is not in it.
#[test]
fn a_secret_is_nowhere_to_be_seen() {
    const SECRET: &str = "canary-7f3a";
    let steps = "
a: { compose: canary-7f3a, secure: [outputs] }
b: { set: { text: $.steps.a } }
c: { append: { text: $.variables.text } }
d: { append: { seen: { of: $.steps.a } } }
e: { switch: $.steps.a, cases: { b: { is: b, steps: { x: { compose: 1 } } } }, default: { y: { compose: '{{steps.a}}' } } }
f: { for_each: $.variables.seen, steps: { g: { compose: $.item.of } } }
h: { table: { from: $.variables.seen, format: csv } }
i: { compose: \"@int(outputs('a'))\" }
j: { after: { i: [failed] }, compose: '{{error.message}}' }
k: { after: { j: [succeeded] }, compose: \"@actions('i')\" }
l: { after: { k: [succeeded] }, call: fake.fail, with: { value: $.steps.a } }
m: { after: { l: ALWAYS }, compose: \"@outputs('l')\" }
n: { after: { m: [succeeded] }, compose: $.parameters }
o: { after: { n: [succeeded] }, terminate: { outcome: failed, code: '{{steps.a}}', message: '{{steps.j}}' } }";
    let mut run = super::started(steps);
    let mut now = jiff::Timestamp::UNIX_EPOCH;
    while run.ended().is_none() {
        for event in possible(&run, &mut now) {
            run.apply(&event).unwrap();
            let shown = serde_json::to_string(&event.shown(&run.plan().facts().usage)).unwrap();
            assert!(!shown.contains(SECRET), "{shown}");
        }
    }
    for step in run.steps() {
        assert!(!format!("{step:?}").contains(SECRET), "{step:?}");
    }
}

/// The error of a flow may quote what is hidden in it, wherever it is told.
#[test]
fn the_error_of_a_flow_with_secrets_is_hidden_where_it_is_run() {
    let child = |secure: &str| {
        format!(
            "flow: child\ntrigger: {{ child: {{}} }}\nsteps:\n  a: {{ compose: s{secure} }}\n  b: {{ compose: \"@int(outputs('a'))\" }}\n"
        )
    };
    for (secure, hidden) in [(", secure: [outputs]", true), ("", false)] {
        let mut files = fake::files(
            "flow: test\ntrigger: { manual: {} }\nsteps:\n  a: { run_flow: child }\n  b: { after: { a: [failed] }, compose: $.error.message }\n  c: { after: { b: [succeeded] }, compose: 1 }\n",
        );
        files.0.insert("child.yaml".to_owned(), child(secure));
        let pack = fake::pack_of(&files, &fake::Shared::default());
        let usage = &pack.flow("test").unwrap().plan.facts().usage;
        assert_eq!(usage.hides_error("a"), hidden);
        assert_eq!(usage.secure("b").outputs, hidden);
        assert!(!usage.secure("a").outputs, "what it answers is no secret");
        assert!(!usage.secure("c").outputs);
    }
}

/// A flow that is run by another one hides what it is given, and the other hides what it answers.
#[test]
fn what_is_secret_stays_so_from_flow_to_flow() {
    let middle = "flow: middle\ntrigger: { child: { inputs: { x: { type: text } } } }\nsteps:\n  m: { compose: $.trigger.x }\n  r: { run_flow: inner, with: { x: $.steps.m } }\n  out: { respond: $.steps.r }\n";
    let inner = "flow: inner\ntrigger: { child: { inputs: { x: { type: text } } } }\nsteps:\n  i: { compose: '{{trigger.x}}!' }\n  out: { respond: $.steps.i }\n";
    // What is hidden in the flow that begins, and whether anything is in the others.
    let cases: [(&str, &[&str], bool); 2] = [
        (
            "a: { compose: s, secure: [outputs] }\n  b: { run_flow: middle, with: { x: $.steps.a } }\n  c: { compose: $.steps.b }",
            &["a", "b", "c"],
            true,
        ),
        (
            "a: { compose: s, secure: [outputs] }\n  b: { run_flow: middle, with: { x: s } }\n  c: { compose: $.steps.b }",
            &["a"],
            false,
        ),
    ];
    for (steps, hidden, below) in cases {
        let mut files = fake::files(&format!("flow: test\ntrigger: {{ manual: {{}} }}\nsteps:\n  {steps}\n"));
        files.0.insert("inner.yaml".to_owned(), inner.to_owned());
        files.0.insert("middle.yaml".to_owned(), middle.to_owned());
        let pack = fake::pack_of(&files, &fake::Shared::default());
        let usage = |flow: &str, step: &str| pack.flow(flow).unwrap().plan.facts().usage.secure(step).outputs;
        let shown: Vec<&str> = ["a", "b", "c"].into_iter().filter(|step| usage("test", step)).collect();
        assert_eq!(shown, hidden, "{steps}");
        for (flow, step) in [("middle", "m"), ("middle", "r"), ("inner", "i"), ("inner", "out")] {
            assert_eq!(usage(flow, step), below, "{flow} {step}: {steps}");
        }
    }
}
