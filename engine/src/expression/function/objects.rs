//! Functions of objects. A key that is asked for is first looked for as it is written, then without regard to case.

use serde_json::{Map, Value};

use super::{Args, Call, Function, Group, Parameter, limit};
use crate::expression::{ExpressionError, Kinds, Operand};

const OBJECT: Parameter = Parameter::one("object", Kinds::OBJECT);
const PROPERTY: Parameter = Parameter::one("property", Kinds::TEXT);
const VALUE: Parameter = Parameter::one("value", Kinds::ANY);

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "coalesce",
        group: Group::Objects,
        parameters: &[Parameter::many("value", Kinds::ANY)],
        gives: Kinds::ANY,
        about: "Gives the first of its values that is not null, and null where all are. It stops there. An empty text, \
                list or object is not null.",
        examples: &[("coalesce(null, 'hello', int('x'))", "\"hello\""), ("coalesce(null, null)", "null")],
        call: Call::Coalesce,
    },
    Function {
        name: "addProperty",
        group: Group::Objects,
        parameters: &[OBJECT, PROPERTY, VALUE],
        gives: Kinds::OBJECT,
        about: "Gives an object with one more property at its end. A property that is there already, in whatever case, \
                is an error; `setProperty` replaces it.",
        examples: &[("addProperty(json('{\"a\":1}'), 'b', 2)", "{\"a\":1,\"b\":2}")],
        call: Call::Values(add_property),
    },
    Function {
        name: "setProperty",
        group: Group::Objects,
        parameters: &[OBJECT, PROPERTY, VALUE],
        gives: Kinds::OBJECT,
        about: "Gives an object in which a property has another value, or is added. It moves to the end, and keeps its \
                spelling where it differs from the given one in case only. Null instead of an object is an error.",
        examples: &[
            ("setProperty(json('{\"a\":1,\"b\":2}'), 'a', 3)", "{\"b\":2,\"a\":3}"),
            ("setProperty(json('{\"aB\":1}'), 'ab', 2)", "{\"aB\":2}"),
        ],
        call: Call::Values(set_property),
    },
    Function {
        name: "removeProperty",
        group: Group::Objects,
        parameters: &[OBJECT, PROPERTY],
        gives: Kinds::OBJECT,
        about: "Gives an object without a property, which is found in whatever case. Where there is none, nothing \
                changes.",
        examples: &[("removeProperty(json('{\"a\":1,\"b\":2}'), 'A')", "{\"b\":2}")],
        call: Call::Values(remove_property),
    },
    Function {
        name: "mergeObjects",
        group: Group::Objects,
        parameters: &[Parameter::one("first", Kinds::OBJECT), Parameter::one("second", Kinds::OBJECT)],
        gives: Kinds::OBJECT,
        about: "Gives one object with the properties of two. Of a property that both have, the second one's value \
                counts.",
        examples: &[("mergeObjects(json('{\"a\":1,\"b\":1}'), json('{\"b\":2}'))", "{\"a\":1,\"b\":2}")],
        call: Call::Values(merge_objects),
    },
];

/// The key as the object spells it: the same, else the first that differs in case only.
fn spelled(object: &Map<String, Value>, key: &str) -> Option<String> {
    if object.contains_key(key) {
        return Some(key.to_owned());
    }
    let folded = key.to_lowercase();
    object.keys().find(|known| known.to_lowercase() == folded).cloned()
}

fn add_property<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (object, key) = (args.object(0)?, args.text(1)?);
    if let Some(known) = spelled(object, key) {
        return Err(ExpressionError::new(format!("the object has a property {} already", limit::quoted(&known)))
            .help("`setProperty` replaces its value"));
    }
    let mut object = object.clone();
    object.insert(key.to_owned(), args.get(2).clone().into_value());
    Ok(Operand::made(object))
}

fn set_property<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let mut object = args.object(0)?.clone();
    let key = args.text(1)?;
    let key = spelled(&object, key).unwrap_or_else(|| key.to_owned());
    object.shift_remove(&key);
    object.insert(key, args.get(2).clone().into_value());
    Ok(Operand::made(object))
}

fn remove_property<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let object = args.object(0)?;
    let Some(key) = spelled(object, args.text(1)?) else {
        return Ok(args.get(0).clone());
    };
    let mut object = object.clone();
    object.shift_remove(&key);
    Ok(Operand::made(object))
}

fn merge_objects<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let mut merged = args.object(0)?.clone();
    let later = args.object(1)?.iter().map(|(key, value)| (key.clone(), value.clone()));
    merged.extend(later);
    Ok(Operand::made(merged))
}
