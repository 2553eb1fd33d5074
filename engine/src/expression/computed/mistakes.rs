//! What is well formed and could still never work: found before a run, all at once.

use serde_json::Value;

use super::scanner::shortened;
use super::tree::{FunctionCall, Key, Node, Start};
use crate::expression::function::{self, Function};
use crate::expression::{ExpressionError, Kinds};
use crate::source::nearest;

/// The most mistakes that are told of one string.
pub(super) const MOST: usize = 20;

/// The longest name that is compared with the known ones, in bytes.
const LONGEST_NAME: usize = 64;

/// Functions that people and other languages know and this one has not, with what does their work here.
const INSTEAD: &[(&str, &str)] = &[
    ("abs", "`max(x, sub(0, x))` gives the absolute value"),
    ("average", "add the numbers up in a variable, and use `div`"),
    ("ceiling", "there is no rounding; `formatNumber` rounds to a text"),
    ("count", "`length` counts the items of a list"),
    ("dayOfWeekName", "`formatDateTime(time, 'dddd')` gives the name of the day"),
    ("exists", "`not(empty(value))`, with `?` before a property that may be missing"),
    ("filter", "a `filter` step keeps the items of a list that meet a condition"),
    ("flatten", "a `for_each` step that appends to a variable joins lists within a list"),
    ("floor", "`div` of two whole numbers rounds towards zero"),
    ("foreach", "a `for_each` step repeats steps for each item"),
    ("formatEpoch", "`addSeconds('1970-01-01T00:00:00Z', seconds)` gives the time"),
    ("getProperty", "write `object?['name']`"),
    ("isMatch", "there are no regular expressions; use `contains`, `startsWith` and `endsWith`"),
    ("isNull", "`equals(value, null)`"),
    ("jPath", "write a path value, `$.steps.NAME.field`, or use `xpath` on XML"),
    ("map", "a `select` step makes each item anew"),
    ("newGuid", "`guid()` gives a new identifier"),
    ("now", "`utcNow()` gives the time"),
    ("padLeft", "`formatNumber(number, '00000')` fills with zeros"),
    ("reduce", "a `for_each` step with a variable adds items up"),
    ("round", "`formatNumber(number, '0.00')` rounds to a text, and `float` makes it a number again"),
    ("select", "a `select` step makes each item anew"),
    ("sqrt", "no function gives a square root"),
    ("sum", "a `for_each` step that increments a variable adds items up"),
    ("switch", "`if` within `if`, or a `switch` step"),
    ("today", "`startOfDay(utcNow())`, or `formatDateTime(utcNow(), 'yyyy-MM-dd')`"),
    ("toString", "`string(value)`"),
    ("unique", "`union(list, list)` leaves each item once"),
    ("where", "a `filter` step keeps the items of a list that meet a condition"),
];

/// The mistakes in these expressions.
pub(super) fn of<'n>(nodes: impl Iterator<Item = &'n Node>) -> Vec<ExpressionError> {
    let mut found = Vec::new();
    nodes.for_each(|node| in_node(node, &mut found));
    found
}

/// The error that a function is given too many or too few values, where it is.
pub(in crate::expression) fn wrong_count(function: &Function, given: usize) -> Option<ExpressionError> {
    let takes = match function.arity() {
        (fewest, most) if given >= fewest && most.is_none_or(|most| given <= most) => return None,
        (0, Some(0)) => "no value".to_owned(),
        (1, Some(1)) => "1 value".to_owned(),
        (fewest, Some(most)) if fewest == most => format!("{most} values"),
        (fewest, Some(most)) if fewest + 1 == most => format!("{fewest} or {most} values"),
        (fewest, Some(most)) => format!("{fewest} to {most} values"),
        (1, None) => "1 value or more".to_owned(),
        (fewest, None) => format!("{fewest} values or more"),
    };
    let names: Vec<&str> = function.parameters.iter().map(|parameter| parameter.name).collect();
    let error = ExpressionError::new(format!("`{}` takes {takes}, and is given {given}", function.name));
    Some(error.help(format!("it is `{}({})`", function.name, names.join(", "))))
}

/// The error that a function does not take such a literal there, where it does not.
pub(in crate::expression) fn wrong_literal(
    function: &Function,
    place: usize,
    literal: &Value,
) -> Option<ExpressionError> {
    let given = Kinds::of(literal);
    let parameter = function.parameter(place)?;
    (!parameter.kinds.overlaps(given)).then(|| {
        let wanted = parameter.kinds;
        ExpressionError::new(format!("`{}` of `{}` must be {wanted}, and is {given}", parameter.name, function.name))
    })
}

/// The known name that is nearest to a mistyped one. Very long names are not compared: it would take long, and
/// nobody mistypes them.
pub(in crate::expression) fn near<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    nearest(name, known.into_iter().filter(|known| known.len() <= LONGEST_NAME))
}

fn in_node(node: &Node, found: &mut Vec<ExpressionError>) {
    if let Start::Call(call) = &node.start {
        in_call(node, call, found);
        call.values.iter().for_each(|value| in_node(value, found));
    }
    for access in &node.accesses {
        if let Key::Value(key) = &access.key {
            in_node(key, found);
        }
    }
}

fn in_call(node: &Node, call: &FunctionCall, found: &mut Vec<ExpressionError>) {
    if found.len() >= MOST {
        return;
    }
    let Some(function) = call.function else {
        let name = node.span.start..node.span.start + call.name.len();
        return found.push(unknown(&call.name).at(name));
    };
    found.extend(wrong_count(function, call.values.len()).map(|wrong| wrong.at(node.span.clone())));
    for (place, value) in call.values.iter().enumerate() {
        let wrong = value.literal().and_then(|literal| wrong_literal(function, place, literal));
        found.extend(wrong.map(|wrong| wrong.at(value.span.clone())));
    }
}

/// The error that no function has that name, with the one that may be meant.
fn unknown(name: &str) -> ExpressionError {
    let error = ExpressionError::new(format!("there is no function `{}`", shortened(name)));
    if let Some((_, instead)) = INSTEAD.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return error.help(*instead);
    }
    match near(name, function::all().map(|function| function.name)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`cosell explain` lists the functions"),
    }
}
