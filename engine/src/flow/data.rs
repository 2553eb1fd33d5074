//! Data operations: steps that make a value from values, without a service and without a wait.

mod table;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jsonschema::Validator;
use serde_json::Value;

pub use table::{Column, Format, Table};

use crate::expression::{Condition, Expression, ExpressionError, Operand, Root, Scope};

/// A step that makes a value.
#[derive(Debug)]
pub enum DataOperation {
    /// Any value.
    Compose(Expression),
    /// A list made from another one.
    Select {
        /// The list.
        from: Expression,
        /// What becomes of each item.
        each: Expression,
    },
    /// The items for which a condition holds.
    Filter {
        /// The list.
        from: Expression,
        /// The condition.
        condition: Condition,
    },
    /// A text made of the items of a list.
    Join {
        /// The list.
        from: Expression,
        /// What stands between two items.
        with: Expression,
    },
    /// A table made from a list.
    Table(Table),
    /// JSON held against a schema.
    Parse {
        /// The JSON, or a text of it.
        content: Expression,
        /// What it must fit.
        schema: Arc<Validator>,
    },
}

/// Why a data operation gave no value, and the value all the same where there is one: what was parsed can be read
/// though it does not fit its schema.
#[derive(Debug)]
pub struct DataError {
    /// What is wrong. Boxed, since every value that is made has room for an error.
    pub error: Box<ExpressionError>,
    /// What could be read.
    pub value: Value,
}

impl From<ExpressionError> for DataError {
    fn from(error: ExpressionError) -> DataError {
        DataError { error: Box::new(error), value: Value::Null }
    }
}

impl DataOperation {
    /// The operation's key in a file.
    pub fn name(&self) -> &'static str {
        match self {
            DataOperation::Compose(_) => "compose",
            DataOperation::Select { .. } => "select",
            DataOperation::Filter { .. } => "filter",
            DataOperation::Join { .. } => "join",
            DataOperation::Table(_) => "table",
            DataOperation::Parse { .. } => "parse",
        }
    }

    /// The value.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, DataError> {
        match self {
            DataOperation::Compose(value) => Ok(value.evaluate(scope)?),
            DataOperation::Select { from, each } => {
                let from = from.operand(scope)?;
                let selected = list(&from)?.iter().map(|item| each.evaluate(&WithItem { item, around: scope }));
                Ok(Value::Array(selected.collect::<Result<_, _>>()?))
            }
            DataOperation::Filter { from, condition } => {
                let from = from.operand(scope)?;
                let mut kept = Vec::new();
                for item in list(&from)? {
                    if condition.holds(&WithItem { item, around: scope })? {
                        kept.push(item.clone());
                    }
                }
                Ok(Value::Array(kept))
            }
            DataOperation::Join { from, with } => {
                let (from, with) = (from.operand(scope)?, with.operand(scope)?);
                let texts: Vec<Cow<'_, str>> =
                    list(&from)?.iter().map(|item| text_of(&Operand::Borrowed(item)).into_owned().into()).collect();
                Ok(Value::from(texts.join(&text_of(&with))))
            }
            DataOperation::Table(table) => Ok(Value::from(table.write(scope)?)),
            DataOperation::Parse { content, schema } => parse(content.evaluate(scope)?, schema),
        }
    }
}

/// The list that an operation goes over.
fn list<'o>(from: &'o Operand<'_>) -> Result<&'o [Value], ExpressionError> {
    match from.json() {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(ExpressionError::new(format!("`from` must be a list, and is {}", from.kind()))),
    }
}

fn text_of<'o>(operand: &'o Operand<'_>) -> Cow<'o, str> {
    operand.to_text()
}

/// A text is read; null is nothing that could be parsed.
fn parse(content: Value, schema: &Validator) -> Result<Value, DataError> {
    let value = match content {
        Value::Null => return Err(ExpressionError::new("there is nothing to parse: the content is null").into()),
        Value::String(text) => serde_json::from_str(&text)
            .map_err(|error| ExpressionError::new(format!("the content is not JSON: {error}")))?,
        value => value,
    };
    let wrong: Vec<String> = schema
        .iter_errors(&value)
        .take(5)
        .map(|error| {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() { "the content".to_owned() } else { format!("`{place}`") };
            format!("{place}: {}", shortened(&error.to_string()))
        })
        .collect();
    if wrong.is_empty() {
        return Ok(value);
    }
    let error = ExpressionError::new(format!("the content does not fit the schema: {}", wrong.join("; ")));
    Err(DataError { error: Box::new(error), value })
}

/// The validator quotes what is wrong, whatever its size.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 200;
    if text.chars().count() <= LONGEST { text.to_owned() } else { text.chars().take(LONGEST).chain(['…']).collect() }
}

/// A scope in which `item` is the item that an operation is at.
pub(super) struct WithItem<'a> {
    pub(super) item: &'a Value,
    pub(super) around: &'a dyn Scope,
}

impl Scope for WithItem<'_> {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        match root {
            Root::Named(name) if name == "item" => Ok(Cow::Borrowed(self.item)),
            root => self.around.root(root),
        }
    }

    fn now(&self) -> Result<Timestamp, ExpressionError> {
        self.around.now()
    }

    fn random(&self) -> Result<u128, ExpressionError> {
        self.around.random()
    }
}
