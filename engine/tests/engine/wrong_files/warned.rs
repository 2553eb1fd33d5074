//! Flows that can run and may not be meant so, and some that are as they should be.

use super::Case;

pub(super) const NEVER: &[Case] = &[
    ("a condition that never holds", "a: { if: false, then: { b: { compose: 1 } } }"),
    (
        "a comparison of literals",
        "a: { if: { equals: [1, 2] }, then: { b: { compose: 1 } }, else: { c: { compose: 1 } } }",
    ),
    (
        "a condition that always holds",
        "a: { if: { not: { empty: x } }, then: { b: { compose: 1 } }, else: { c: { compose: 1 } } }",
    ),
    (
        "a switch on a literal",
        "a: { switch: one, cases: { one: { steps: { b: { compose: 1 } } }, two: { steps: { c: { compose: 1 } } } } }",
    ),
    ("a loop over nothing", "a: { for_each: [], steps: { b: { compose: 1 } } }"),
    ("waiting for no outcome", "a: { call: fake.say }\nb: { compose: 1, after: { a: [] } }"),
    ("waiting for an outcome that stops all", "a: { call: fake.say }\nb: { compose: 1, after: { a: [cancelled] } }"),
    ("waiting for the end of the run", "a: { terminate: succeeded }\nb: { compose: 1 }"),
    ("handling what cannot fail", "a: { compose: 1 }\nb: { terminate: failed, after: { a: [failed] } }"),
    (
        "waiting for a success and a failure",
        "a: { call: fake.say }\nb: { call: fake.say, after: { a: [failed] } }\nc: { terminate: failed, after: { a: [succeeded], b: [succeeded] } }",
    ),
];

pub(super) const GUARDS: &[Case] = &[
    (
        "a step in a branch, read after it",
        "i: { if: { empty: $.trigger }, then: { a: { call: fake.say } } }\nb: { compose: $.steps.a.id }",
    ),
    (
        "a step in a branch, read by an expression",
        "i: { if: { empty: $.trigger }, then: { a: { call: fake.say } } }\nb: { compose: \"@body('a')['id']\" }",
    ),
    (
        "a step in a branch, read by a template",
        "i: { if: { empty: $.trigger }, then: { a: { call: fake.say } } }\nb: { compose: 'Deal {{steps.a.id}}' }",
    ),
    (
        "a step that failed, read by its handler",
        "a: { call: fake.say }\nb: { call: fake.say, with: { value: $.steps.a.id }, after: { a: [failed] } }\nc: { terminate: failed, after: [b] }",
    ),
    (
        "a step that may have been skipped",
        "a: { call: fake.say }\nb: { compose: $.steps.a.id, after: { a: [succeeded, skipped] } }",
    ),
    ("a failure that is hidden", "a: { call: fake.say }\nb: { call: fake.say, after: { a: [failed, timed_out] } }"),
    (
        "a failure that is hidden by what always runs",
        "a: { call: fake.say }\nb: { call: fake.say, after: { a: [succeeded, failed, timed_out] } }",
    ),
    ("a flow that gives no answer", "a: { run_flow: silent }\nb: { compose: $.steps.a.id }"),
];

pub(super) const LOOK_ALIKES: &[Case] = &[
    ("a path without its point", "a: { compose: $trigger.id }"),
    ("a path without its start", "a: { compose: trigger.id }"),
    ("a path in single braces", "a: { compose: 'Deal {trigger.id}' }"),
    ("a path as in a script", "a: { compose: 'Deal ${trigger.id}' }"),
    ("an expression without its start", "a: { compose: \"triggerBody()?['id']\" }"),
    ("an expression behind a blank", "a: { compose: \" @triggerBody()\" }"),
    ("a formula", "a: { compose: '=trigger.id' }"),
];

/// What is as it should be, and must not be warned of.
pub(super) const FINE: &[Case] = &[
    ("a status as text", "a: { respond: 1, status: '201' }"),
    ("a retry policy without an interval", "a: { call: fake.say, retry: { count: 3 } }"),
    (
        "texts",
        "a: { compose: [costs $5, 'a.b', steps, 'e = m', 'f(x)', '{id}', '#{id}', me@example.org, 'trigger. Or'] }",
    ),
    ("a literal that looks like a path", "a: { compose: { $literal: trigger.id } }"),
    (
        "a guarded read",
        "i: { if: { empty: $.trigger }, then: { a: { call: fake.say } } }\nb: { compose: \"@body('a')?['id']\" }",
    ),
    (
        "a default",
        "i: { if: { empty: $.trigger }, then: { a: { call: fake.say } } }\nb: { compose: { $path: $.steps.a.id, or: 1 } }",
    ),
    (
        "a read that a condition has asked about",
        "i: { if: { empty: $.trigger }, then: { a: { call: fake.say } } }\nb: { if: { not: { empty: $.steps.a } }, then: { c: { compose: $.steps.a.id } } }",
    ),
    (
        "a read in the same branch",
        "i: { if: { empty: $.trigger }, then: { a: { call: fake.say }, b: { compose: $.steps.a.id } } }",
    ),
    ("a read of a step in a scope", "s: { scope: { a: { call: fake.say } } }\nb: { compose: $.steps.a.id }"),
    (
        "a handler that fails in the end",
        "a: { call: fake.say }\nb: { call: fake.say, after: { a: [failed] } }\nc: { terminate: failed, after: [b] }\nd: { compose: $.steps.a.id }",
    ),
    (
        "a handler that fails in a scope",
        "a: { call: fake.say }\nb: { scope: { c: { terminate: failed } }, after: { a: [failed] } }",
    ),
    (
        "what always runs, beside what fails",
        "a: { call: fake.say }\nb: { call: fake.say, after: { a: [succeeded, failed] } }\nc: { call: fake.say, after: [a] }",
    ),
    (
        "a handler in a loop",
        "l: { for_each: [1], steps: { a: { call: fake.say }, b: { compose: 1, after: { a: [failed] } } } }",
    ),
    (
        "a join of two branches",
        "a: { call: fake.say }\nb: { compose: 1, after: [a] }\nc: { compose: 1, after: [a] }\nd: { compose: 1, after: [b, c] }",
    ),
];
