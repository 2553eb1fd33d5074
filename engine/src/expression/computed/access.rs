//! The way down from a value: `a.b`, `a['b']`, `a?[0]`.
//!
//! An object gives the property of exactly that name, else the first whose name differs in case only. A name with
//! `/` that no property has is a way of several properties, each of them optional: the designer of Power Automate
//! writes `outputs('X')?['body/value']`. What is borrowed stays borrowed, and what was made is taken apart, so
//! nothing is copied.

use serde_json::{Map, Number, Value};

use super::scanner::shortened;
use crate::expression::{ExpressionError, Operand};

/// How many names of properties an error lists.
const LISTED: usize = 10;

/// What stands at a key. Nothing there is null where that is allowed, else an error.
pub(super) fn down<'a>(from: Operand<'a>, key: &Operand<'_>, optional: bool) -> Result<Operand<'a>, ExpressionError> {
    match (from.json(), key.json()) {
        (Some(Value::Null), _) if optional => Ok(Operand::NULL),
        (Some(Value::Null), _) => Err(nothing_above(key)),
        (Some(Value::Object(_)), Some(Value::String(name))) => to_property(from, name, optional),
        (Some(Value::Array(_)), Some(Value::Number(place))) if !place.is_f64() => to_item(from, place, optional),
        _ => Err(no_way(&from, key)),
    }
}

/// What stands at a name.
pub(super) fn named<'a>(from: Operand<'a>, name: &str, optional: bool) -> Result<Operand<'a>, ExpressionError> {
    match from.json() {
        Some(Value::Object(_)) => to_property(from, name, optional),
        _ => down(from, &Operand::made(name), optional),
    }
}

/// The property of that name, in any case; the value itself where it has none.
pub(super) fn property<'a>(from: Operand<'a>, name: &str) -> Result<Operand<'a>, Operand<'a>> {
    match from {
        Operand::Borrowed(Value::Object(map)) => find_property(map, name).map(Operand::Borrowed).ok_or(from),
        Operand::Owned(Value::Object(mut map)) => match find_mut(&mut map, name).map(Value::take) {
            Some(value) => Ok(Operand::Owned(value)),
            None => Err(Operand::Owned(Value::Object(map))),
        },
        other => Err(other),
    }
}

/// Whether two names are the same without regard to case.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    let upper = |name: &str| name.chars().flat_map(char::to_uppercase).collect::<String>();
    one.eq_ignore_ascii_case(other) || (!one.is_ascii() && !other.is_ascii() && upper(one) == upper(other))
}

fn to_property<'a>(from: Operand<'a>, name: &str, optional: bool) -> Result<Operand<'a>, ExpressionError> {
    match property(from, name) {
        Ok(value) => Ok(value),
        Err(from) if name.contains('/') => along(from, name),
        Err(_) if optional => Ok(Operand::NULL),
        Err(from) => Err(no_property(&from, name)),
    }
}

fn to_item<'a>(from: Operand<'a>, place: &Number, optional: bool) -> Result<Operand<'a>, ExpressionError> {
    let index = place.as_u64().and_then(|place| usize::try_from(place).ok()).unwrap_or(usize::MAX);
    let (item, length) = match from {
        Operand::Borrowed(Value::Array(list)) => (list.get(index).map(Operand::Borrowed), list.len()),
        Operand::Owned(Value::Array(mut list)) => {
            (list.get_mut(index).map(|item| Operand::Owned(item.take())), list.len())
        }
        _ => (None, 0),
    };
    match item {
        Some(item) => Ok(item),
        None if optional => Ok(Operand::NULL),
        None => Err(ExpressionError::new(format!("there is no item {place} in a list of {length}"))
            .help("items are counted from 0; where it may be missing, write `?[…]`")),
    }
}

/// The way of several properties that a name with `/` stands for.
fn along<'a>(from: Operand<'a>, way: &str) -> Result<Operand<'a>, ExpressionError> {
    way.split('/').try_fold(from, |value, name| match value.json() {
        Some(Value::Null) => Ok(Operand::NULL),
        Some(Value::Object(_)) => Ok(property(value, name).unwrap_or(Operand::NULL)),
        _ => Err(no_way(&value, &Operand::made(name))),
    })
}

/// The property of exactly that name, else the first whose name differs in case only.
pub(in crate::expression) fn find_property<'m>(map: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    map.get(name).or_else(|| map.iter().find(|(key, _)| same_name(key, name)).map(|(_, value)| value))
}

fn find_mut<'m>(map: &'m mut Map<String, Value>, name: &str) -> Option<&'m mut Value> {
    if map.contains_key(name) {
        return map.get_mut(name);
    }
    map.iter_mut().find(|(key, _)| same_name(key, name)).map(|(_, value)| value)
}

fn no_property(from: &Operand<'_>, name: &str) -> ExpressionError {
    let keys: Vec<&String> = from.json().and_then(Value::as_object).into_iter().flat_map(Map::keys).collect();
    let listed: Vec<String> = keys.iter().take(LISTED).map(|key| format!("`{}`", shortened(key))).collect();
    let has = match keys.len() {
        0 => "no property".to_owned(),
        count if count > LISTED => format!("{} and {} more", listed.join(", "), count - LISTED),
        _ => listed.join(", "),
    };
    ExpressionError::new(format!("there is no property `{}`; there is {has}", shortened(name)))
        .help("where it may be missing, write `?[…]`")
}

fn nothing_above(key: &Operand<'_>) -> ExpressionError {
    ExpressionError::new(format!("null has no {}", shown(key))).help("where it may be null, write `?[…]`")
}

fn no_way(from: &Operand<'_>, key: &Operand<'_>) -> ExpressionError {
    let error = ExpressionError::new(format!("{} has no {}", from.kind(), shown(key)));
    match from.json() {
        Some(Value::Object(_)) => error.help("the name of a property is a text"),
        Some(Value::Array(_)) => error.help("the place in a list is a whole number"),
        _ => error,
    }
}

/// A key in words.
fn shown(key: &Operand<'_>) -> String {
    match key.json() {
        Some(Value::String(name)) => format!("property `{}`", shortened(name)),
        Some(Value::Number(place)) => format!("item {place}"),
        _ => format!("item at {}", key.kind()),
    }
}
