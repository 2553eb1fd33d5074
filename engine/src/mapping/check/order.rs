//! Nested mappings before those that use them.

use indexmap::IndexMap;
use serde_json::Value;

use crate::source::{Problem, Route};

use super::Draft;

/// The names in the order in which they can be checked. Mappings that lead back to themselves are problems
/// and left out, with all that use them.
pub(super) fn nested_first<'a>(drafts: &'a IndexMap<String, Draft>, problems: &mut Vec<Problem>) -> Vec<&'a str> {
    let mut ordered: Vec<&str> = Vec::new();
    let mut waiting: Vec<&str> = drafts.keys().map(String::as_str).collect();
    loop {
        let (ready, blocked): (Vec<&str>, Vec<&str>) = waiting
            .iter()
            .partition(|name| nested(&drafts[**name]).iter().all(|(_, inner)| !waiting.contains(&inner.as_str())));
        if ready.is_empty() {
            report_cycles(drafts, &blocked, problems);
            return ordered;
        }
        ordered.extend(ready);
        waiting = blocked;
    }
}

fn report_cycles(drafts: &IndexMap<String, Draft>, blocked: &[&str], problems: &mut Vec<Problem>) {
    for name in blocked {
        let draft = &drafts[*name];
        let back = nested(draft).into_iter().find(|(_, inner)| inner == name || reaches(drafts, inner, name));
        if let Some((at, inner)) = back {
            let problem = Problem::error(&draft.source, &at, format!("the mapping `{inner}` leads back to `{name}`"));
            problems.push(problem.help("a mapping cannot be part of itself; map the inner record with another one"));
        }
    }
}

fn reaches(drafts: &IndexMap<String, Draft>, start: &str, goal: &str) -> bool {
    let mut seen = vec![start.to_owned()];
    let mut next = 0;
    while let Some(draft) = seen.get(next).map(|name| drafts.get(name)) {
        next += 1;
        for (_, inner) in draft.map(nested).unwrap_or_default() {
            if inner == goal {
                return true;
            }
            if !seen.contains(&inner) {
                seen.push(inner);
            }
        }
    }
    false
}

/// The mappings that a draft uses, and where.
fn nested(draft: &Draft) -> Vec<(Route, String)> {
    let mut found = Vec::new();
    for (name, field) in draft.document.fields.iter().flatten() {
        let at = Route::root().key("fields").key(name);
        let lookups = field.0.iter().map(|(side, value)| (at.key(side).key("map"), value.get("map")));
        for (at, map) in std::iter::once((at.key("map"), field.0.get("map"))).chain(lookups) {
            found.extend(map.and_then(Value::as_str).map(|map| (at, map.to_owned())));
        }
    }
    found
}
