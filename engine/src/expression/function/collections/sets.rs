//! Lists and objects as sets. Items are the same when kind and value are the same; they are hashed, so that long
//! lists take no longer than their length.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::expression::function::Args;
use crate::expression::{ExpressionError, Kinds, Operand};

/// The values of a call, which are of one kind.
enum Sets<'s> {
    Lists(Vec<&'s [Value]>),
    Objects(Vec<&'s Map<String, Value>>),
}

impl<'s> Sets<'s> {
    fn of(args: &Args<'s, '_>) -> Result<Sets<'s>, ExpressionError> {
        match args.get(0).kind() {
            Kinds::LIST => (0..args.given()).map(|place| args.list(place)).collect::<Result<_, _>>().map(Sets::Lists),
            Kinds::OBJECT => {
                (0..args.given()).map(|place| args.object(place)).collect::<Result<_, _>>().map(Sets::Objects)
            }
            _ => Err(args.wrong(0, Kinds::LIST.or(Kinds::OBJECT))),
        }
    }
}

pub(super) fn union<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(match Sets::of(args)? {
        Sets::Lists(lists) => Operand::made(distinct(lists.into_iter().flatten())),
        Sets::Objects(objects) => Operand::made(copied(objects.into_iter().flatten())),
    })
}

pub(super) fn intersection<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(match Sets::of(args)? {
        Sets::Lists(lists) => {
            let mut lists = lists.into_iter();
            let first = lists.next().unwrap_or_default();
            let others: Vec<HashSet<&Value>> = lists.map(|list| list.iter().collect()).collect();
            Operand::made(distinct(first.iter().filter(|item| others.iter().all(|other| other.contains(item)))))
        }
        Sets::Objects(objects) => {
            let mut objects = objects.into_iter();
            let first = objects.next().into_iter().flatten();
            let others: Vec<_> = objects.collect();
            let shared = |(key, value): &(&String, &Value)| others.iter().all(|other| other.get(*key) == Some(*value));
            Operand::made(copied(first.filter(shared)))
        }
    })
}

/// Each item once, where it comes first.
fn distinct<'v>(items: impl Iterator<Item = &'v Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(*item)).cloned().collect()
}

fn copied<'v>(entries: impl Iterator<Item = (&'v String, &'v Value)>) -> Map<String, Value> {
    entries.map(|(key, value)| (key.clone(), value.clone())).collect()
}
