//! Values that can never be what their place takes, and keys that a part of a step does not have.

use super::Case;

/// Of the wrong kind in each run.
pub(super) const KINDS: &[Case] = &[
    ("a loop over an object", "a: { for_each: { b: 1 }, steps: { c: { compose: 1 } } }"),
    ("a loop over a template", "a: { for_each: 'all of {{trigger.n}}', steps: { c: { compose: 1 } } }"),
    ("a selection from text", "a: { select: { from: '{{trigger.n}}', each: 1 } }"),
    ("JSON that is null", "a: { parse: { content: null } }"),
    ("a number compared with text", "a: { if: { greater: [1, a] }, then: { b: { compose: 1 } } }"),
    ("the beginning of a number", "a: { if: { not: { starts_with: [12, 1] } }, then: { b: { compose: 1 } } }"),
    ("a status that no answer has", "a: { respond: 1, status: 302 }"),
    ("a status that is no number", "a: { respond: 1, status: fine }"),
    ("headers in a list", "a: { respond: 1, headers: [a] }"),
];

/// Keys within a part of a step.
pub(super) const KEYS: &[Case] = &[
    ("an unknown key of a selection", "a: { select: { from: [1], eech: 1 } }"),
    ("a missing key of a filter", "a: { filter: { from: [1] } }"),
    ("an unknown key of an ending", "a: { terminate: { outcome: failed, mesage: x } }"),
    ("a missing key of an ending", "a: { terminate: { code: x } }"),
    ("two mistakes in a retry policy", "a: { call: fake.say, retry: { count: 100, foo: 1 } }"),
];
