//! Functions of lists, of texts taken as lists of characters, and of objects taken as sets: their rows and the
//! plain ones; `union` and `intersection` are in `sets`, `sort` in `sort`.

mod sets;
mod sort;

use serde_json::Value;

use super::strings::units;
use super::{Args, Call, Function, Group, Parameter, limit};
use crate::expression::{ExpressionError, Kinds, Operand};

const TEXT_OR_LIST: Kinds = Kinds::TEXT.or(Kinds::LIST);
const COLLECTION: Parameter = Parameter::one("collection", TEXT_OR_LIST);
const COUNT: Parameter = Parameter::one("count", Kinds::INT);
const SETS: &[Parameter] = &[
    Parameter::one("collection", Kinds::LIST.or(Kinds::OBJECT)),
    Parameter::many("others", Kinds::LIST.or(Kinds::OBJECT)),
];

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "contains",
        group: Group::Collections,
        parameters: &[
            Parameter::one("collection", TEXT_OR_LIST.or(Kinds::OBJECT)),
            Parameter::one("value", Kinds::ANY),
        ],
        gives: Kinds::BOOL,
        about: "Whether a text has another one in it, a list an item, or an object a key. Capital and small letters \
                differ, and so do `1` and `1.0`. Null instead of a collection is an error.",
        examples: &[
            ("contains('hello world', 'World')", "false"),
            ("contains(createArray(1, 2), 2)", "true"),
            ("contains(json('{\"a\":null}'), 'a')", "true"),
        ],
        call: Call::Values(contains),
    },
    Function {
        name: "empty",
        group: Group::Collections,
        parameters: &[Parameter::one("collection", TEXT_OR_LIST.or(Kinds::OBJECT).or(Kinds::NULL))],
        gives: Kinds::BOOL,
        about: "Whether a text, a list or an object has nothing in it. Null is empty; a number, true and false are \
                errors.",
        examples: &[("empty('')", "true"), ("empty(null)", "true"), ("empty(' ')", "false")],
        call: Call::Values(empty),
    },
    Function {
        name: "length",
        group: Group::Collections,
        parameters: &[COLLECTION],
        gives: Kinds::INT,
        about: "Counts the characters of a text, as UTF-16 has them, or the items of a list. Anything else, null and \
                objects too, is an error.",
        examples: &[("length('abcd')", "4"), ("length(createArray(0, 1))", "2")],
        call: Call::Values(length),
    },
    Function {
        name: "first",
        group: Group::Collections,
        parameters: &[COLLECTION],
        gives: Kinds::ANY,
        about: "Gives the first character of a text or the first item of a list. Of an empty text that is an empty \
                text, of an empty list null. Null is an error.",
        examples: &[("first('hello')", "\"h\""), ("first(json('[]'))", "null")],
        call: Call::Values(first),
    },
    Function {
        name: "last",
        group: Group::Collections,
        parameters: &[COLLECTION],
        gives: Kinds::ANY,
        about: "Gives the last character of a text or the last item of a list. Of an empty text that is an empty text, \
                of an empty list null. Null is an error.",
        examples: &[("last('abcd')", "\"d\""), ("last(createArray(0, 1))", "1")],
        call: Call::Values(last),
    },
    Function {
        name: "skip",
        group: Group::Collections,
        parameters: &[Parameter::one("collection", Kinds::LIST), COUNT],
        gives: Kinds::LIST,
        about: "Gives a list without its first items; an empty list where it has no more than that. A negative number \
                is an error.",
        examples: &[("skip(createArray(0, 1, 2, 3), 1)", "[1,2,3]")],
        call: Call::Values(skip),
    },
    Function {
        name: "take",
        group: Group::Collections,
        parameters: &[COLLECTION, COUNT],
        gives: TEXT_OR_LIST,
        about: "Gives the first characters of a text or the first items of a list; all where there are no more. A \
                negative number is an error.",
        examples: &[("take('abcde', 3)", "\"abc\""), ("take(createArray(0, 1), 5)", "[0,1]")],
        call: Call::Values(take),
    },
    Function {
        name: "join",
        group: Group::Collections,
        parameters: &[Parameter::one("collection", Kinds::LIST), Parameter::one("separator", Kinds::TEXT)],
        gives: Kinds::TEXT,
        about: "Puts the items of a list together as one text, with a separator between them. Items stand as in \
                `concat`. A text of more than 104,857,600 characters is an error.",
        examples: &[("join(createArray('a', null, true), '.')", "\"a..True\"")],
        call: Call::Values(join),
    },
    Function {
        name: "union",
        group: Group::Collections,
        parameters: SETS,
        gives: Kinds::LIST.or(Kinds::OBJECT),
        about: "Gives the items that are in any of the lists, each once, in the order in which they come; of objects, \
                the properties of all, the later one's value where several have one. Lists and objects do not mix.",
        examples: &[("union(createArray(1, 2, 3), createArray(1, 2, 10))", "[1,2,3,10]")],
        call: Call::Values(sets::union),
    },
    Function {
        name: "intersection",
        group: Group::Collections,
        parameters: SETS,
        gives: Kinds::LIST.or(Kinds::OBJECT),
        about: "Gives the items that are in all of the lists, each once, in the order of the first one; of objects, the \
                properties that all have with the same value. Lists and objects do not mix.",
        examples: &[("intersection(createArray(1, 2, 3), createArray(101, 2, 1))", "[1,2]")],
        call: Call::Values(sets::intersection),
    },
    Function {
        name: "chunk",
        group: Group::Collections,
        parameters: &[COLLECTION, Parameter::one("length", Kinds::INT)],
        gives: Kinds::LIST,
        about: "Cuts a text or a list into parts of one length; the last part may be shorter. A length below 1 is an \
                error.",
        examples: &[
            ("chunk('abcdefg', 3)", "[\"abc\",\"def\",\"g\"]"),
            ("chunk(createArray(1, 2, 3), 2)", "[[1,2],[3]]"),
        ],
        call: Call::Values(chunk),
    },
    Function {
        name: "sort",
        group: Group::Collections,
        parameters: &[Parameter::one("collection", Kinds::LIST), Parameter::optional("sortBy", Kinds::TEXT)],
        gives: Kinds::LIST,
        about: "Sorts numbers, texts (by the codes of their characters), or true and false; objects by the value of the \
                property that is named. Equal items keep their order. Items of several kinds are an error.",
        examples: &[("sort(createArray(2, 1, 0))", "[0,1,2]")],
        call: Call::Values(sort::sort),
    },
    Function {
        name: "reverse",
        group: Group::Collections,
        parameters: &[Parameter::one("collection", Kinds::LIST)],
        gives: Kinds::LIST,
        about: "Gives the items of a list from the last to the first. A text is an error.",
        examples: &[("reverse(createArray(0, 1, 2))", "[2,1,0]")],
        call: Call::Values(reverse),
    },
];

pub(in crate::expression) fn contains<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let found = match args.get(0).json() {
        Some(Value::String(text)) => text.contains(args.text(1)?),
        Some(Value::Array(items)) => args.get(1).json().is_some_and(|value| items.contains(value)),
        Some(Value::Object(entries)) => entries.contains_key(args.text(1)?),
        _ => return Err(args.wrong(0, TEXT_OR_LIST.or(Kinds::OBJECT))),
    };
    Ok(Operand::made(found))
}

fn empty<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let empty = match args.get(0).json() {
        Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(entries)) => entries.is_empty(),
        _ => return Err(args.wrong(0, TEXT_OR_LIST.or(Kinds::OBJECT))),
    };
    Ok(Operand::made(empty))
}

/// A text or a list.
enum Sequence<'s> {
    Text(&'s str),
    List(&'s [Value]),
}

fn sequence<'s>(args: &Args<'s, '_>) -> Result<Sequence<'s>, ExpressionError> {
    match args.get(0).json() {
        Some(Value::String(text)) => Ok(Sequence::Text(text)),
        Some(Value::Array(items)) => Ok(Sequence::List(items)),
        _ => Err(args.wrong(0, TEXT_OR_LIST)),
    }
}

fn length<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let length = match sequence(args)? {
        Sequence::Text(text) => units::length(text),
        Sequence::List(items) => items.len(),
    };
    Ok(Operand::made(u64::try_from(length).unwrap_or(u64::MAX)))
}

fn first<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    match sequence(args)? {
        Sequence::Text(text) => Ok(Operand::made(units::part(text, 0, 1))),
        Sequence::List(_) => Ok(args.part(0, |list| list.as_array()?.first()).unwrap_or(Operand::NULL)),
    }
}

fn last<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    match sequence(args)? {
        // The last unit is the last character, or the second half of its pair.
        Sequence::Text(text) => {
            let character = text.chars().next_back().map(String::from).unwrap_or_default();
            let end = units::length(&character).saturating_sub(1);
            Ok(Operand::made(units::part(&character, end, 1)))
        }
        Sequence::List(_) => Ok(args.part(0, |list| list.as_array()?.last()).unwrap_or(Operand::NULL)),
    }
}

fn skip<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (items, count) = (args.list(0)?, args.count(1)?);
    if count == 0 {
        return Ok(args.get(0).clone());
    }
    Ok(Operand::made(items.get(count..).unwrap_or_default().to_vec()))
}

fn take<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (sequence, count) = (sequence(args)?, args.count(1)?);
    match sequence {
        Sequence::Text(text) => Ok(Operand::made(units::part(text, 0, count))),
        Sequence::List(items) => match items.get(..count) {
            Some(taken) => Ok(Operand::made(taken.to_vec())),
            None => Ok(args.get(0).clone()),
        },
    }
}

fn join<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (items, separator) = (args.list(0)?, args.text(1)?);
    let mut joined = limit::Growing::default();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            joined.push(separator)?;
        }
        joined.push(&Operand::Borrowed(item).to_text())?;
    }
    Ok(joined.finish())
}

fn chunk<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (sequence, size) = (sequence(args)?, args.count(1)?);
    if size == 0 {
        return Err(ExpressionError::new("the length of a part must be `1` at least"));
    }
    let parts: Vec<Value> = match sequence {
        Sequence::Text(text) => {
            limit::list_length(units::length(text).div_ceil(size), limit::PARTS)?;
            units::parts(text, size).map(Value::from).collect()
        }
        Sequence::List(items) => items.chunks(size).map(|part| Value::from(part.to_vec())).collect(),
    };
    Ok(Operand::made(parts))
}

fn reverse<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(args.list(0)?.iter().rev().cloned().collect::<Vec<_>>()))
}
