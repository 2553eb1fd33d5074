//! JSON from text, as the services read it: of a key that stands twice in an object the last one counts, and its
//! place too.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::expression::ExpressionError;

/// The value that a text writes.
pub(super) fn parse(text: &str) -> Result<Value, ExpressionError> {
    let read: Result<LastWins, _> = serde_json::from_str(text);
    read.map(|read| read.0).map_err(|error| {
        let problem = ExpressionError::new(format!("the text is not JSON: {error}"));
        if text.starts_with('\u{feff}') {
            return problem.help("the text starts with a byte order mark; `trimByteOrderMark` takes it off");
        }
        problem
    })
}

struct LastWins(Value);

impl<'de> Deserialize<'de> for LastWins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LastWins, D::Error> {
        deserializer.deserialize_any(Reader).map(LastWins)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(LastWins(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut all: Vec<(String, Value)> = Vec::new();
        while let Some((key, LastWins(value))) = entries.next_entry()? {
            all.push((key, value));
        }
        let mut later = HashSet::new();
        let last: Vec<bool> = all.iter().rev().map(|(key, _)| later.insert(key.as_str())).collect();
        let kept: Vec<bool> = last.into_iter().rev().collect();
        let entries = all.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(entry, _)| entry);
        Ok(Value::Object(entries.collect::<Map<_, _>>()))
    }
}
