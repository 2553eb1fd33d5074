//! The inputs that a flow is given by a person or by another flow.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::document::{InputDocument, InputKind};
use crate::source::nearest;

/// The inputs with their defaults, or everything that is wrong with them.
pub fn complete(declared: &IndexMap<String, InputDocument>, given: &Value) -> Result<Value, Vec<String>> {
    let nothing = Map::new();
    let given = match given {
        Value::Null => &nothing,
        Value::Object(given) => given,
        _ => return Err(vec!["inputs are a map from name to value".to_owned()]),
    };
    let mut wrong: Vec<String> = given
        .keys()
        .filter(|name| !declared.contains_key(*name))
        .map(|name| match nearest(name, declared.keys().map(String::as_str)) {
            Some(near) => format!("there is no input `{name}`; did you mean `{near}`?"),
            None => format!("there is no input `{name}`"),
        })
        .collect();
    let mut complete = Map::new();
    for (name, input) in declared {
        match given.get(name).or(input.default.as_ref()) {
            Some(value) => {
                wrong.extend(mistake(name, input, value));
                complete.insert(name.clone(), value.clone());
            }
            None => wrong.push(format!("the input `{name}` is needed")),
        }
    }
    if wrong.is_empty() { Ok(Value::Object(complete)) } else { Err(wrong) }
}

/// Why an input cannot have a value.
pub fn mistake(name: &str, input: &InputDocument, value: &Value) -> Option<String> {
    let (fits, wanted) = match input.kind {
        InputKind::Text => (value.is_string(), "text"),
        InputKind::Number => (value.is_number(), "a number"),
        InputKind::YesNo => (value.is_boolean(), "true or false"),
        InputKind::List => (value.is_array(), "a list"),
        InputKind::Record => (value.is_object(), "an object"),
    };
    if !fits {
        return Some(format!("the input `{name}` takes {wanted}"));
    }
    let allowed = input.one_of.as_ref()?;
    let single = std::slice::from_ref(value);
    let values = value.as_array().map_or(single, Vec::as_slice);
    let unknown = values.iter().find(|value| !allowed.contains(value))?;
    let allowed: Vec<String> =
        allowed.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
    Some(format!("the input `{name}` cannot be {unknown}; one of: {}", allowed.join(", ")))
}
