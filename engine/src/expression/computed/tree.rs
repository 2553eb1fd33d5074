//! An expression as a tree, and its text made from the tree.
//!
//! A tree is never deeper than [`super::DEEPEST`], so whoever walks it may call itself. The way down from a value
//! (`.a['b']?.c`) is a list and no tree, because it may be long.

use std::fmt;
use std::ops::Range;

use serde_json::Value;

use crate::expression::Root;
use crate::expression::function::Function;

/// A value: what it starts from, and the way down from there.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it starts from.
    pub start: Start,
    /// The bytes of the start in the whole string value.
    pub span: Range<usize>,
    /// The way down, in order.
    pub accesses: Vec<Access>,
}

/// What a value starts from.
#[derive(Debug, Clone)]
pub enum Start {
    /// A text, a number, true, false or null.
    Literal(Value),
    /// A function with its values.
    Call(FunctionCall),
}

/// A function with its values.
#[derive(Debug, Clone)]
pub struct FunctionCall {
    /// The name as written.
    pub name: String,
    /// The function, where there is one of that name.
    pub function: Option<&'static Function>,
    /// Its values, in order.
    pub values: Vec<Node>,
    /// What it reads of the run, where that is known before the run.
    pub root: Option<Root>,
}

/// One step down: to a property of an object, or to an item of a list.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whether nothing there gives null: `?`.
    pub optional: bool,
    /// Which property or item.
    pub key: Key,
    /// Its bytes in the whole string value.
    pub span: Range<usize>,
}

/// Which property or item.
#[derive(Debug, Clone)]
pub enum Key {
    /// `.name`.
    Name(String),
    /// `['name']`, `[0]`, or what a function gives.
    Value(Node),
}

impl Node {
    /// The bytes of the whole value, with the way down.
    pub fn whole(&self) -> Range<usize> {
        self.span.start..self.accesses.last().map_or(self.span.end, |access| access.span.end)
    }

    /// The literal, where it is one and nothing goes down from it.
    pub fn literal(&self) -> Option<&Value> {
        match &self.start {
            Start::Literal(value) if self.accesses.is_empty() => Some(value),
            _ => None,
        }
    }
}

impl Key {
    /// The name, where it is known before the run.
    pub fn name(&self) -> Option<&str> {
        match self {
            Key::Name(name) => Some(name),
            Key::Value(node) => node.literal()?.as_str(),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start)?;
        if self.is_number_before_dot() {
            f.write_str(" ")?;
        }
        self.accesses.iter().try_for_each(|access| write!(f, "{access}"))
    }
}

impl Node {
    /// A point right after a number would belong to the number.
    fn is_number_before_dot(&self) -> bool {
        matches!(self.start, Start::Literal(Value::Number(_)))
            && self.accesses.first().is_some_and(|access| !access.optional && matches!(access.key, Key::Name(_)))
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Start::Literal(Value::String(text)) => write!(f, "'{}'", text.replace('\'', "''")),
            Start::Literal(value) => write!(f, "{value}"),
            Start::Call(call) => write!(f, "{call}"),
        }
    }
}

impl fmt::Display for FunctionCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (place, value) in self.values.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{value}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = if self.optional { "?" } else { "" };
        match &self.key {
            Key::Name(name) => write!(f, "{optional}.{name}"),
            Key::Value(value) => write!(f, "{optional}[{value}]"),
        }
    }
}
