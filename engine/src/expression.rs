//! Values in flows: literals, JSONPath, Handlebars; parsed once at load, evaluated often.
//!
//! A string says by its first characters which form it is ([`Form::of`]); an object with one of three keys
//! (`$literal`, `$path`, `$map`) is read so, and no other object is special. Parsing finds every mistake and
//! says what an expression reads, so the checker can prove that it is there; evaluation looks roots up in a
//! [`Scope`] and never copies more than the value that comes out.

mod computed;
mod condition;
pub mod function;
mod given;
mod operand;
mod parse;
mod path;
mod template;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

pub use computed::{Access, Computed, Content, FunctionCall, Key, Node, Piece, Start};
pub use condition::{Comparison, Condition};
pub use given::GivenScope;
pub use operand::{Kinds, Operand};
pub use parse::{Form, Forms};
pub use path::{Path, Segment};
pub use template::Template;

use crate::source::Route;

/// A value as it stands in a flow, understood.
#[derive(Debug, Clone)]
pub enum Expression {
    /// A value as it stands.
    Literal(Value),
    /// `$.steps.referral.id`: the value there, its type kept.
    Path(Path),
    /// `Deal {{steps.referral.name}}`: always text.
    Template(Template),
    /// `@concat('a', 'b')`, or `@{…}` inside a text: what the expression language works out.
    Computed(Computed),
    /// `{ $path: …, or: … }`: a default where nothing is found.
    Default {
        /// What is looked for.
        path: Path,
        /// What stands in for it.
        or: Box<Expression>,
    },
    /// `{ $map: opportunity, from: … }`: a mapping applied; without `from`, the fields that it reads.
    Mapped {
        /// The mapping, in one direction.
        mapping: Arc<dyn Transform>,
        /// The record to map.
        from: Option<Box<Expression>>,
    },
    /// A list of values.
    List(Vec<Expression>),
    /// An object of values.
    Object(IndexMap<String, Expression>),
    /// An object with keys that are worked out: `{ "@{…}": … }`.
    Keyed(Vec<KeyedEntry>),
}

/// An entry of an object some of whose keys are worked out.
#[derive(Debug, Clone)]
pub struct KeyedEntry {
    /// The key as it stands in the file.
    pub written: String,
    /// What it is worked out from.
    pub key: Expression,
    /// What stands there.
    pub value: Expression,
}

/// A mapping in one direction, as an expression uses it.
pub trait Transform: fmt::Debug + Send + Sync {
    /// The record made from another one.
    fn apply(&self, from: &Value, scope: &dyn Scope) -> Result<Value, ExpressionError>;
    /// The fields that the mapping reads of the other side's records.
    fn fields(&self) -> Value;
}

/// Where an evaluation finds its roots.
pub trait Scope {
    /// The value of a root; null for a step that was skipped. An error says why there is none.
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError>;

    /// The time that `utcNow()` gives: the start of the step.
    fn now(&self) -> Result<Timestamp, ExpressionError> {
        Err(ExpressionError::new("there is no time here"))
    }

    /// Bits that nobody can guess and that differ from one question to the next, for `guid()` and `rand()`. In a
    /// run they follow from its seed, so that a repeated evaluation gives the same.
    fn random(&self) -> Result<u128, ExpressionError> {
        Err(ExpressionError::new("there is no chance here"))
    }
}

/// What an expression reads: a root, and the first key below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What it starts from.
    pub root: Root,
    /// The first key below the root, where one is named.
    pub key: Option<String>,
    /// The way on from that key, as far as it is known before the run.
    pub below: Vec<Segment>,
    /// Whether nothing goes wrong where the value is missing: `?`, `coalesce` or `$path … or` stands around it.
    pub guarded: bool,
    /// The bytes of the text that read it, where they are known.
    pub part: Option<Range<usize>>,
}

/// What a path, a template or an expression starts from. Names are compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Root {
    /// `trigger`, `parameters`, `variables`, `item`, `from`, `to`, `changes`, `error`, or a side in a mapping.
    Named(String),
    /// `steps.NAME`: the step's value.
    Step(String),
    /// `items.LOOP`.
    Items(String),
    /// `outputs('NAME')`: the step's value in its envelope of status, headers and body, where it has one.
    Outputs(String),
    /// `actions('NAME')`: the step's record.
    Record(String),
    /// `result('NAME')`: the records of the steps in a scope or a loop.
    Result(String),
    /// `iterationIndexes('NAME')`: the number of the pass that a loop is in, from 0.
    Pass(String),
    /// `trigger()`: the trigger's record.
    TriggerRecord,
    /// `triggerOutputs()`: the event's headers and body.
    TriggerOutputs,
    /// `workflow()`: the flow and its run.
    Workflow,
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Root::Named(name) => f.write_str(name),
            Root::Step(name) => write!(f, "steps.{name}"),
            Root::Items(name) => write!(f, "items.{name}"),
            Root::Outputs(name) => write!(f, "outputs('{name}')"),
            Root::Record(name) => write!(f, "actions('{name}')"),
            Root::Result(name) => write!(f, "result('{name}')"),
            Root::Pass(name) => write!(f, "iterationIndexes('{name}')"),
            Root::TriggerRecord => f.write_str("trigger()"),
            Root::TriggerOutputs => f.write_str("triggerOutputs()"),
            Root::Workflow => f.write_str("workflow()"),
        }
    }
}

/// Why an expression could not be read, or gave no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// A lower-case fragment that quotes the expression.
    pub message: String,
    /// The way out, where one is known.
    pub help: Option<String>,
    /// The bytes of the text that are wrong, where they are known.
    pub part: Option<Range<usize>>,
}

impl ExpressionError {
    /// An error without a way out.
    pub fn new(message: impl Into<String>) -> ExpressionError {
        ExpressionError { message: message.into(), help: None, part: None }
    }

    /// Says which bytes of the text are wrong.
    #[must_use]
    pub fn at(mut self, part: Range<usize>) -> ExpressionError {
        self.part = Some(part);
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> ExpressionError {
        self.help = Some(help.into());
        self
    }
}

impl Expression {
    /// The value, or why there is none.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, ExpressionError> {
        match self {
            Expression::Literal(value) => Ok(value.clone()),
            Expression::Path(path) => path.evaluate(scope),
            Expression::Template(template) => template.render(scope).map(Value::String),
            Expression::Computed(computed) => computed.evaluate(scope).map(Operand::into_value),
            Expression::Default { path, or } => match path.evaluate_if_found(scope)? {
                Some(value) if !value.is_null() => Ok(value),
                _ => or.evaluate(scope),
            },
            Expression::Mapped { mapping, from: None } => Ok(mapping.fields()),
            Expression::Mapped { mapping, from: Some(from) } => mapping.apply(&from.operand(scope)?.into_json(), scope),
            Expression::List(items) => items.iter().map(|item| item.evaluate(scope)).collect(),
            Expression::Object(entries) => entries
                .iter()
                .map(|(key, entry)| Ok((key.clone(), entry.evaluate(scope)?)))
                .collect::<Result<Map<String, Value>, ExpressionError>>()
                .map(Value::Object),
            Expression::Keyed(entries) => keyed(entries, scope),
        }
    }

    /// The value, borrowed where somebody holds it, or why there is none.
    pub fn operand<'a>(&'a self, scope: &'a dyn Scope) -> Result<Operand<'a>, ExpressionError> {
        match self {
            Expression::Literal(value) => Ok(Operand::Borrowed(value)),
            Expression::Path(path) => path.operand(scope),
            Expression::Computed(computed) => computed.evaluate(scope),
            made => made.evaluate(scope).map(Operand::Owned),
        }
    }

    /// Everything that the expression reads, each with its place below `at`.
    pub fn reads(&self, at: &Route, found: &mut Vec<(Route, Read)>) {
        match self {
            Expression::Literal(_) => {}
            Expression::Path(path) => found.push((at.clone(), path.read())),
            Expression::Computed(computed) => found.extend(computed.reads().map(|read| (at.clone(), read))),
            Expression::Template(template) => found.extend(template.reads().map(|read| (at.clone(), read))),
            Expression::Default { path, or } => {
                found.push((at.key("$path"), Read { guarded: true, ..path.read() }));
                or.reads(&at.key("or"), found);
            }
            Expression::Mapped { from, .. } => {
                if let Some(from) = from {
                    from.reads(&at.key("from"), found);
                }
            }
            Expression::List(items) => {
                items.iter().enumerate().for_each(|(index, item)| item.reads(&at.index(index), found));
            }
            Expression::Object(entries) => entries.iter().for_each(|(key, entry)| entry.reads(&at.key(key), found)),
            Expression::Keyed(entries) => entries.iter().for_each(|KeyedEntry { written, key, value }| {
                key.reads(&at.key(written), found);
                value.reads(&at.key(written), found);
            }),
        }
    }

    /// The value of a literal: what the checker can compare with a type.
    pub fn literal(&self) -> Option<&Value> {
        match self {
            Expression::Literal(value) => Some(value),
            _ => None,
        }
    }
}

/// Two keys that come out alike are an error: one of the values would be lost.
fn keyed(entries: &[KeyedEntry], scope: &dyn Scope) -> Result<Value, ExpressionError> {
    let mut map = Map::new();
    for KeyedEntry { key, value, .. } in entries {
        let key = key.operand(scope)?.to_text().into_owned();
        if map.contains_key(&key) {
            return Err(ExpressionError::new(format!("two keys of an object are `{key}`")));
        }
        map.insert(key, value.evaluate(scope)?);
    }
    Ok(Value::Object(map))
}

/// A scope of named values only; for mappings, parameters and tests.
#[derive(Debug, Default)]
pub struct NamedValues<'a>(pub Vec<(&'a str, &'a Value)>);

impl Scope for NamedValues<'_> {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        let Root::Named(name) = root else {
            return Err(ExpressionError::new(format!("`{root}` cannot be read here")));
        };
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| Cow::Borrowed(*value))
            .ok_or_else(|| ExpressionError::new(format!("there is no `{name}` here")))
    }
}
